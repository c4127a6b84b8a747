/**
 * Bytes on disk: a growable output buffer, a bounded reader, varints, little-endian integers and the
 * checksum. Nothing here casts a file pointer to a wider type.
 *
 * Varint: base 128, low group first, high bit = more follows; at most 10 bytes (64 bits). A zigzag varint
 * maps 0, -1, 1, -2 to 0, 1, 2, 3 first.
 */
#ifndef XJ_BYTES_H
#define XJ_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Growable buffer, owned by the caller: XJ_BUF_INIT, then xj_buf_release. */
typedef struct xj_buf {
    uint8_t *data;
    size_t n;
    size_t cap;
} xj_buf;

#define XJ_BUF_INIT {NULL, 0, 0}

/** Room for more further bytes. XJ_ENOMEM leaves the buffer as it was. */
XJ_API xj_status xj_buf_reserve(xj_buf *b, size_t more, xj_error *err);

/** Append n bytes. s may be NULL when n is 0. */
XJ_API xj_status xj_buf_put(xj_buf *b, const void *s, size_t n, xj_error *err);

/** Append little-endian integers and varints. */
XJ_API xj_status xj_buf_u32(xj_buf *b, uint32_t v, xj_error *err);
XJ_API xj_status xj_buf_u64(xj_buf *b, uint64_t v, xj_error *err);
XJ_API xj_status xj_buf_varint(xj_buf *b, uint64_t v, xj_error *err);

/** Free the contents; b is as after XJ_BUF_INIT. */
XJ_API void xj_buf_release(xj_buf *b);

/** Most bytes a varint can take. */
#define XJ_VARINT_MAX 10

/** Write a varint to p (room for XJ_VARINT_MAX bytes) and return its bytes. */
static inline size_t xj_varint_put(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    return n;
}

static inline uint64_t xj_zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t xj_unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (0 - (v & 1)));
}

static inline uint16_t xj_get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t xj_get_u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t xj_get_u64(const uint8_t *p)
{
    return xj_get_u32(p) | (uint64_t)xj_get_u32(p + 4) << 32;
}

static inline void xj_set_u16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void xj_set_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline void xj_set_u64(uint8_t *p, uint64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

/**
 * Bounded reader over bytes [p, end). bad latches at the first short or malformed read; after that every read
 * yields 0, so a parser may read a whole record and test bad once.
 */
typedef struct xj_rd {
    const uint8_t *p;
    const uint8_t *end;
    bool bad;
} xj_rd;

static inline xj_rd xj_rd_of(const void *s, size_t n)
{
    xj_rd r = {(const uint8_t *)s, (const uint8_t *)s + n, false};
    return r;
}

static inline size_t xj_rd_left(const xj_rd *r)
{
    return (size_t)(r->end - r->p);
}

/** The next n bytes, or NULL (bad latched) when fewer are left. */
static inline const uint8_t *xj_rd_take(xj_rd *r, size_t n)
{
    if (r->bad || xj_rd_left(r) < n) {
        r->bad = true;
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

static inline uint16_t xj_rd_u16(xj_rd *r)
{
    const uint8_t *p = xj_rd_take(r, 2);
    return p ? xj_get_u16(p) : (uint16_t)0;
}

static inline uint32_t xj_rd_u32(xj_rd *r)
{
    const uint8_t *p = xj_rd_take(r, 4);
    return p ? xj_get_u32(p) : 0;
}

static inline uint64_t xj_rd_u64(xj_rd *r)
{
    const uint8_t *p = xj_rd_take(r, 8);
    return p ? xj_get_u64(p) : 0;
}

/** A varint; bad latches when it is cut, longer than 10 bytes or above 64 bits. */
XJ_API uint64_t xj_rd_varint(xj_rd *r);

/** Checksum of n bytes at a place: XXH3-64 with the place as seed, so that a block moved elsewhere fails too. */
XJ_API uint64_t xj_checksum(const void *s, size_t n, uint64_t place);

#ifdef __cplusplus
}
#endif
#endif
