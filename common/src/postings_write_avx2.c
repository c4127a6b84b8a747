/*
 * Postings in groups of eight and codes in groups of sixteen. Of postings, gaps become symbols and bits in wide registers, where
 * the bits of two of them are joined, and what is left to do one after another is to string four such pieces. Of codes,
 * both halves of all are stepped at once; a group in which one does not fit its nibble is written one by one.
 */
#include "postings_write_priv.h"

#if XJI_CPU_X86

#include <immintrin.h>
#include <string.h>

#include "xj/bytes.h"

XJI_TARGET_AVX2 static inline __m256i load(const void *p)
{
    return _mm256_loadu_si256((const __m256i *)p);
}

XJI_TARGET_AVX2 uint32_t xji_block_put_avx2(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t n)
{
    const __m256i one = _mm256_set1_epi32(1), low = _mm256_set1_epi64x(UINT32_MAX);
    __m256i before = _mm256_set1_epi32((int)(b->next - 1));
    uint8_t *h = b->header, *z = b->noise;
    uint64_t bits = b->bits;
    uint32_t n_bits = b->n_bits, i = 0;
    for (; n - i >= XJI_BLOCK_GROUP; i += XJI_BLOCK_GROUP) {
        __m256i d = load(docs + i), tf = load(tfs + i);
        __m256i last = _mm256_alignr_epi8(d, _mm256_permute2x128_si256(before, d, 0x21), 12); /* the docid before each */
        __m256i gap = _mm256_sub_epi32(_mm256_sub_epi32(d, last), one);
        if (!_mm256_testz_si256(gap, _mm256_set1_epi32((int)0xFF000000))) /* a float would round it */
            break;
        __m256i power = _mm256_castps_si256(_mm256_cvtepi32_ps(_mm256_or_si256(gap, _mm256_set1_epi32(7))));
        __m256i e = _mm256_sub_epi32(_mm256_srli_epi32(power, 23), _mm256_set1_epi32(127));
        __m256i far = _mm256_cmpgt_epi32(e, _mm256_set1_epi32(2));
        __m256i s = _mm256_blendv_epi8(gap, _mm256_add_epi32(e, _mm256_set1_epi32(5)), far);
        __m256i t = _mm256_sub_epi32(_mm256_min_epu32(tf, _mm256_set1_epi32(XJI_TF_MANY)), one);
        __m256i header = _mm256_or_si256(_mm256_slli_epi32(s, 2), t);
        __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(header), _mm256_extracti128_si256(header, 1));
        _mm_storel_epi64((__m128i *)(void *)h, _mm_packus_epi16(packed, packed));
        h += XJI_BLOCK_GROUP;
        __m256i is_many = _mm256_cmpeq_epi32(t, _mm256_set1_epi32(XJI_TF_MANY - 1));
        b->many |= (uint32_t)!_mm256_testz_si256(is_many, is_many) << i / XJI_BLOCK_GROUP;
        e = _mm256_and_si256(e, far);
        __m256i noise = _mm256_and_si256(gap, _mm256_sub_epi32(_mm256_sllv_epi32(one, e), one));
        __m256i e_even = _mm256_and_si256(e, low);
        uint64_t piece[4], size[4];
        _mm256_storeu_si256((__m256i *)(void *)piece,
                            _mm256_or_si256(_mm256_and_si256(noise, low), _mm256_sllv_epi64(_mm256_srli_epi64(noise, 32), e_even)));
        _mm256_storeu_si256((__m256i *)(void *)size, _mm256_add_epi64(e_even, _mm256_srli_epi64(e, 32)));
        for (unsigned k = 0; k < 4; k++) { /* up to 46 bits each */
            bits |= piece[k] << n_bits;
            n_bits += (uint32_t)size[k];
            xj_set_u64(z, bits);
            z += n_bits / 8;
            bits >>= n_bits & ~7u;
            n_bits &= 7;
        }
        before = d;
    }
    b->header = h;
    b->noise = z;
    b->bits = bits;
    b->n_bits = n_bits;
    if (i > 0)
        b->next = docs[i - 1] + 1;
    return i;
}

/* One by one: halves as stored, low before high. */
static inline size_t put_each(uint8_t *out, const uint8_t *half, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned lo = half[2 * i], hi = half[2 * i + 1];
        out[used++] = (uint8_t)((hi < 15 ? hi : 15) << 4 | (lo < 15 ? lo : 15));
        out[used] = (uint8_t)(hi - 15);
        used += hi >= 15;
        out[used] = (uint8_t)(lo - 15);
        used += lo >= 15;
    }
    return used;
}

XJI_TARGET_AVX2 size_t xji_codes_put_avx2(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n)
{
    const __m256i full = _mm256_set1_epi8(15);
    __m256i last = _mm256_set1_epi16((short)before);
    size_t used = 0;
    for (size_t i = 0; i < n; i += XJI_CODES_GROUP) {
        size_t part = n - i < XJI_CODES_GROUP ? n - i : XJI_CODES_GROUP;
        uint16_t end[2][XJI_CODES_GROUP];
        if (part < XJI_CODES_GROUP) { /* nothing is read beyond the last code */
            memset(end, 0, sizeof end);
            memcpy(end[0], codes + i, part * sizeof *codes);
            memcpy(end[1], step + i, part * sizeof *step);
        }
        __m256i now = load(part < XJI_CODES_GROUP ? end[0] : codes + i);
        __m256i is_step = load(part < XJI_CODES_GROUP ? end[1] : step + i);
        __m256i from = _mm256_alignr_epi8(now, _mm256_permute2x128_si256(last, now, 0x21), 14); /* the code before each */
        /* The least that can follow is one more, but XJ_CODE_FULL is followed by itself. */
        from = _mm256_and_si256(_mm256_adds_epu8(from, _mm256_set1_epi8(1)), is_step);
        __m256i half = _mm256_sub_epi8(now, from), nibble = _mm256_min_epu8(half, full);
        last = now;
        if (_mm256_movemask_epi8(_mm256_cmpeq_epi8(nibble, full))) {
            uint8_t halves[2 * XJI_CODES_GROUP];
            _mm256_storeu_si256((__m256i *)(void *)halves, half);
            used += put_each(out + used, halves, part);
            continue;
        }
        __m256i both = _mm256_and_si256(_mm256_or_si256(nibble, _mm256_srli_epi16(nibble, 4)), _mm256_set1_epi16(255));
        _mm_storeu_si128((__m128i *)(void *)(out + used),
                         _mm_packus_epi16(_mm256_castsi256_si128(both), _mm256_extracti128_si256(both, 1)));
        used += part;
    }
    return used;
}

#else
typedef int xji_postings_write_avx2_is_empty; /* a file of C holds something */
#endif
