/*
 * Ranges looked for in blocks of 32 code points. These are packed into 16 bits each, those above U+FFFF as U+FFFF, which is
 * in no range either; their order in the registers does not matter, because only the block of the hit is told.
 */
#include "ranges_priv.h"

#if XJI_CPU_X86

#include <immintrin.h>

enum { BLOCK = 32 };

XJI_TARGET_AVX2 static inline __m256i pack_16(const uint32_t *cp)
{
    return _mm256_packus_epi32(_mm256_loadu_si256((const __m256i *)(const void *)cp),
                               _mm256_loadu_si256((const __m256i *)(const void *)(cp + 8)));
}

XJI_TARGET_AVX2 size_t xji_ranges_skip_avx2(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges,
                                            bool inside)
{
    __m256i first[XJ_RANGES_MAX], size[XJ_RANGES_MAX];
    const __m256i wanted = _mm256_set1_epi16(inside ? -1 : 0);
    size_t i = from;
    for (size_t k = 0; k < n_ranges; k++) {
        first[k] = _mm256_set1_epi16((short)ranges[k].first);
        size[k] = _mm256_set1_epi16((short)(ranges[k].last - ranges[k].first));
    }
    for (; n - i >= BLOCK; i += BLOCK) {
        const __m256i a = pack_16(cp + i), b = pack_16(cp + i + BLOCK / 2);
        __m256i in_a = _mm256_setzero_si256(), in_b = in_a;
        for (size_t k = 0; k < n_ranges; k++) { /* x is in the range when x - first <= size, without sign */
            __m256i x = _mm256_sub_epi16(a, first[k]), y = _mm256_sub_epi16(b, first[k]);
            in_a = _mm256_or_si256(in_a, _mm256_cmpeq_epi16(_mm256_min_epu16(x, size[k]), x));
            in_b = _mm256_or_si256(in_b, _mm256_cmpeq_epi16(_mm256_min_epu16(y, size[k]), y));
        }
        __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi16(in_a, wanted), _mm256_cmpeq_epi16(in_b, wanted));
        if (_mm256_movemask_epi8(hit))
            break;
    }
    return i;
}

#else
typedef int xji_ranges_avx2_is_empty; /* a file of C holds something */
#endif
