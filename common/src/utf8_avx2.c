/*
 * UTF-8 decoded eight characters at a time, for text in which most characters have three bytes or one. Eight groups of
 * three bytes are brought into eight 32-bit lanes and taken apart there; as many of them count as are well-formed
 * characters of three bytes, and what follows the first other one is looked at anew.
 */
#include "utf8_priv.h"

#if XJI_CPU_X86

#include <immintrin.h>

enum { LANES = 8 };
_Static_assert(LANES <= XJ_UTF8_SLACK && 12 + 16 == XJI_UTF8_AVX2_READ, "two registers of bytes, twelve apart");

/* How many of the eight groups of three bytes at s are characters, from the first on; their code points in *cp. */
XJI_TARGET_AVX2 static inline unsigned three_bytes(const uint8_t *s, __m256i *cp)
{
    const __m256i place = _mm256_setr_epi8(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1, /* four groups */
                                           2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1);
    __m256i v = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)s));
    v = _mm256_inserti128_si256(v, _mm_loadu_si128((const __m128i *)(const void *)(s + 12)), 1);
    v = _mm256_shuffle_epi8(v, place);
    __m256i form = _mm256_cmpeq_epi32(_mm256_and_si256(v, _mm256_set1_epi32(0xF0C0C0)), _mm256_set1_epi32(0xE08080));
    __m256i c = _mm256_or_si256(_mm256_or_si256(_mm256_and_si256(_mm256_srli_epi32(v, 4), _mm256_set1_epi32(0xF000)),
                                                _mm256_and_si256(_mm256_srli_epi32(v, 2), _mm256_set1_epi32(0x0FC0))),
                                _mm256_and_si256(v, _mm256_set1_epi32(0x3F)));
    __m256i top = _mm256_and_si256(c, _mm256_set1_epi32(0xF800));
    /* Below U+0800 there are shorter forms; U+D800 to U+DFFF are no characters. */
    __m256i no = _mm256_or_si256(_mm256_cmpeq_epi32(top, _mm256_setzero_si256()),
                                 _mm256_cmpeq_epi32(top, _mm256_set1_epi32(0xD800)));
    unsigned good = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_andnot_si256(no, form)));
    *cp = c;
    return (unsigned)__builtin_ctz(~good);
}

XJI_TARGET_AVX2 static inline void store(const xj_utf8_out *out, size_t m, __m256i cp, size_t beg, __m256i steps, uint64_t len)
{
    _mm256_storeu_si256((__m256i *)(void *)(out->cp + m), cp);
    _mm256_storeu_si256((__m256i *)(void *)(out->beg + m), _mm256_add_epi32(_mm256_set1_epi32((int)(uint32_t)beg), steps));
    _mm_storel_epi64((__m128i *)(void *)(out->len + m), _mm_set1_epi64x((long long)len));
}

XJI_TARGET_AVX2 size_t xji_utf8_decode_avx2(const xj_utf8_out *out, size_t m, const uint8_t *s, size_t n, size_t *at)
{
    const __m256i ones = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i threes = _mm256_setr_epi32(0, 3, 6, 9, 12, 15, 18, 21);
    size_t i = *at;
    while (n - i >= XJI_UTF8_AVX2_READ && out->room - m >= LANES) {
        __m256i cp;
        unsigned k = three_bytes(s + i, &cp);
        store(out, m, cp, i, threes, UINT64_C(0x0303030303030303)); /* those beyond k are written over */
        if (k == LANES) { /* most often: the processor need not wait for k to know where it goes on */
            m += LANES;
            i += 3 * LANES;
            continue;
        }
        if (k > 0) {
            m += k;
            i += 3 * (size_t)k;
            continue;
        }
        __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)(s + i));
        unsigned other = (unsigned)_mm_movemask_epi8(bytes) & 0xFF;
        k = (unsigned)__builtin_ctz(other | 1u << LANES);
        if (k == 0)
            break;
        store(out, m, _mm256_cvtepu8_epi32(bytes), i, ones, UINT64_C(0x0101010101010101));
        m += k;
        i += k;
    }
    *at = i;
    return m;
}

#else
typedef int xji_utf8_avx2_is_empty; /* a file of C holds something */
#endif
