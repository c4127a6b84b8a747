#include "kernels_priv.h"

#if XJI_CPU_X86

#include <immintrin.h>

/* Numbers are compared in groups of eight that begin at multiples of eight; what is left over at the end one by one. */
XJI_TARGET_AVX2 size_t xji_meet_avx2(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met)
{
    const __m256i sign = _mm256_set1_epi32(INT32_MIN); /* comparisons are signed */
    const uint32_t last = docs[m - 1];
    const size_t whole = m - m % 8;
    size_t i = *from, group = i - i % 8, j = 0, found = 0;
    for (; j < n && wanted[j] <= last; j++) {
        const uint32_t w = wanted[j];
        while (group < whole && docs[group + 7] < w)
            group += 8;
        if (group < whole) {
            __m256i d = _mm256_loadu_si256((const __m256i *)(const void *)(docs + group));
            __m256i below = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(w ^ 0x80000000u)), _mm256_xor_si256(d, sign));
            i = group + (size_t)__builtin_popcount((unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(below)));
        } else {
            i = i < whole ? whole : i;
            while (docs[i] < w)
                i++;
        }
        met->which[found] = (uint8_t)j;
        met->where[found] = (uint8_t)i;
        found += docs[i] == w;
    }
    met->n = found;
    *from = i;
    return j;
}

/* Which of 16 numbers are not below the least: 16 bits set each. */
XJI_TARGET_AVX2 static inline __m256i not_below(const uint16_t *v, __m256i least)
{
    __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)v);
    return _mm256_cmpeq_epi16(_mm256_max_epu16(x, least), x);
}

XJI_TARGET_AVX2 size_t xji_list_not_below_avx2(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place)
{
    const __m256i least = _mm256_set1_epi16((short)limit);
    size_t found = 0, i = 0;
    for (; n - i >= 32; i += 32) {
        __m256i a = not_below(v + i, least), b = not_below(v + i + 16, least);
        if (_mm256_testz_si256(_mm256_or_si256(a, b), _mm256_or_si256(a, b)))
            continue;
        /* Packing works within halves of a register: put the quarters in order. */
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
        for (unsigned mask = (unsigned)_mm256_movemask_epi8(bytes); mask; mask &= mask - 1)
            place[found++] = (uint16_t)(i + (size_t)__builtin_ctz(mask));
    }
    for (; i < n; i++)
        if (v[i] >= limit)
            place[found++] = (uint16_t)i;
    return found;
}

/* Bytes are counted in 8 bits, which are emptied before they overflow. */
XJI_TARGET_AVX2 size_t xji_count_not_below_avx2(const uint16_t *v, size_t n, uint16_t limit)
{
    const __m256i least = _mm256_set1_epi16((short)limit), zero = _mm256_setzero_si256();
    __m256i sum = zero;
    size_t i = 0, found = 0;
    while (n - i >= 32) {
        __m256i many = zero;
        for (int k = 0; k < 255 && n - i >= 32; k++, i += 32)
            many = _mm256_sub_epi8(many, _mm256_packs_epi16(not_below(v + i, least), not_below(v + i + 16, least)));
        sum = _mm256_add_epi64(sum, _mm256_sad_epu8(many, zero));
    }
    uint64_t parts[4];
    _mm256_storeu_si256((__m256i *)(void *)parts, sum);
    for (; i < n; i++)
        found += v[i] >= limit;
    return found + (size_t)(parts[0] + parts[1] + parts[2] + parts[3]);
}

#else
typedef int xji_kernels_avx2_is_empty; /* a file of C holds something */
#endif
