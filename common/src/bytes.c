#include "xj/bytes.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

xj_status xj_buf_reserve(xj_buf *b, size_t more, xj_error *err)
{
    if (more <= b->cap - b->n)
        return XJ_OK;
    if (more > SIZE_MAX / 2 - b->n)
        return xj_fail(err, XJ_ENOMEM, "no memory for a buffer of %zu more bytes", more);
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->n < more)
        cap += cap / 2 + 1;
    uint8_t *p = realloc(b->data, cap);
    if (!p)
        return xj_fail(err, XJ_ENOMEM, "no memory for a buffer of %zu bytes", cap);
    b->data = p;
    b->cap = cap;
    return XJ_OK;
}

xj_status xj_buf_put(xj_buf *b, const void *s, size_t n, xj_error *err)
{
    xj_status st = xj_buf_reserve(b, n, err);
    if (st == XJ_OK && n > 0) {
        memcpy(b->data + b->n, s, n);
        b->n += n;
    }
    return st;
}

xj_status xj_buf_u32(xj_buf *b, uint32_t v, xj_error *err)
{
    uint8_t bytes[4];
    xj_set_u32(bytes, v);
    return xj_buf_put(b, bytes, sizeof bytes, err);
}

xj_status xj_buf_u64(xj_buf *b, uint64_t v, xj_error *err)
{
    uint8_t bytes[8];
    xj_set_u64(bytes, v);
    return xj_buf_put(b, bytes, sizeof bytes, err);
}

xj_status xj_buf_varint(xj_buf *b, uint64_t v, xj_error *err)
{
    uint8_t bytes[XJ_VARINT_MAX];
    return xj_buf_put(b, bytes, xj_varint_put(bytes, v), err);
}

void xj_buf_release(xj_buf *b)
{
    free(b->data);
    *b = (xj_buf)XJ_BUF_INIT;
}

uint64_t xj_rd_varint(xj_rd *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *p = xj_rd_take(r, 1);
        if (!p)
            return 0;
        if (shift == 63 && *p > 1)
            break;
        v |= (uint64_t)(*p & 0x7F) << shift;
        if (*p < 0x80)
            return v;
    }
    r->bad = true;
    return 0;
}

uint64_t xj_checksum(const void *s, size_t n, uint64_t place)
{
    return XXH3_64bits_withSeed(s, n, place);
}
