#include "xj/kernels.h"

#include "kernels_priv.h"

size_t xji_meet_plain(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met)
{
    const uint32_t last = docs[m - 1];
    size_t i = *from, j = 0, found = 0;
    for (; j < n && wanted[j] <= last; j++) {
        while (docs[i] < wanted[j])
            i++;
        met->which[found] = (uint8_t)j; /* never beyond n: found <= j */
        met->where[found] = (uint8_t)i;
        found += docs[i] == wanted[j];
    }
    met->n = found;
    *from = i;
    return j;
}

size_t xj_meet(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met)
{
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        return xji_meet_avx2(wanted, n, docs, m, from, met);
#endif
    return xji_meet_plain(wanted, n, docs, m, from, met);
}

size_t xji_list_not_below_plain(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        place[found] = (uint16_t)i; /* never beyond n: found <= i */
        found += v[i] >= limit;
    }
    return found;
}

size_t xj_list_not_below(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place)
{
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        return xji_list_not_below_avx2(v, n, limit, place);
#endif
    return xji_list_not_below_plain(v, n, limit, place);
}

size_t xji_count_not_below_plain(const uint16_t *v, size_t n, uint16_t limit)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += v[i] >= limit;
    return found;
}

size_t xj_count_not_below(const uint16_t *v, size_t n, uint16_t limit)
{
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        return xji_count_not_below_avx2(v, n, limit);
#endif
    return xji_count_not_below_plain(v, n, limit);
}
