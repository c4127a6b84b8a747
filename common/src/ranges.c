#include "xj/ranges.h"

#include <assert.h>

#include "ranges_priv.h"

size_t xji_ranges_find_plain(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges, bool inside)
{
    size_t i = from;
    while (i < n && xj_ranges_hold(ranges, n_ranges, cp[i]) != inside)
        i++;
    return i;
}

size_t xj_ranges_find(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges, bool inside)
{
    assert(n_ranges <= XJ_RANGES_MAX);
    size_t i = from;
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        i = xji_ranges_skip_avx2(cp, from, n, ranges, n_ranges, inside);
#endif
    return xji_ranges_find_plain(cp, i, n, ranges, n_ranges, inside);
}
