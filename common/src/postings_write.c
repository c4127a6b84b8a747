#include "postings_write_priv.h"

#include "xj/bytes.h"
#include "xj/segment.h"

/* Headers and noise bits; no branch depends on a gap or a tf, they are too various to be foreseen. */
void xji_block_put_plain(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t from, uint32_t n)
{
    uint8_t *h = b->header, *z = b->noise;
    uint64_t bits = b->bits;
    uint32_t n_bits = b->n_bits, next = b->next, many = b->many;
    for (uint32_t i = from; i < n; i++) {
        uint32_t gap = docs[i] - next, tf = tfs[i], t = tf < XJI_TF_MANY ? tf - 1 : XJI_TF_MANY - 1;
        uint32_t e = 31u - (uint32_t)__builtin_clz(gap | 7); /* 2 when gap < 8 */
        uint32_t far = 0 - (uint32_t)(e > 2), s = (gap & ~far) | ((5 + e) & far);
        next = docs[i] + 1;
        many |= (uint32_t)(tf >= XJI_TF_MANY) << i / XJI_BLOCK_GROUP;
        e &= far;
        bits |= (uint64_t)(gap & ((1u << e) - 1)) << n_bits;
        n_bits += e;
        xj_set_u64(z, bits);
        z += n_bits / 8;
        bits >>= n_bits & ~7u;
        n_bits &= 7;
        *h++ = (uint8_t)(s << 2 | t);
    }
    *b = (xji_block){h, z, bits, n_bits, next, many};
}

void xji_block_put(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t n)
{
    uint32_t i = 0;
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        i = xji_block_put_avx2(b, docs, tfs, n);
#endif
    xji_block_put_plain(b, docs, tfs, i, n);
}

/* A half of a code as it is stored: a nibble, 15 when a byte follows with the rest. */
static size_t put_code(uint8_t *out, unsigned hi, unsigned lo)
{
    size_t n = 1;
    out[0] = (uint8_t)((hi < 15 ? hi : 15) << 4 | (lo < 15 ? lo : 15));
    if (hi >= 15)
        out[n++] = (uint8_t)(hi - 15);
    if (lo >= 15)
        out[n++] = (uint8_t)(lo - 15);
    return n;
}

/* By how much a half exceeds the least that can follow the one before. */
static unsigned step_from(unsigned last, unsigned now)
{
    return last < XJ_CODE_FULL ? now - last - 1 : now - last;
}

size_t xji_codes_put_plain(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n)
{
    size_t used = 0;
    unsigned last = before;
    for (size_t i = 0; i < n; i++) {
        unsigned now = codes[i];
        used += step[i] ? put_code(out + used, step_from(last >> 8, now >> 8), step_from(last & 255, now & 255))
                        : put_code(out + used, now >> 8, now & 255);
        last = now;
    }
    return used;
}

size_t xji_codes_put(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n)
{
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        return xji_codes_put_avx2(out, codes, step, before, n);
#endif
    return xji_codes_put_plain(out, codes, step, before, n);
}
