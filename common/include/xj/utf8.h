/**
 * UTF-8 to code points and back (the Unicode Standard, table 3-7). Ill-formed input becomes U+FFFD,
 * one for each maximal subpart, as WHATWG and Unicode recommend; nothing is skipped.
 */
#ifndef XJ_UTF8_H
#define XJ_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Decode the code point at s[0..len), len >= 1. Returns the bytes it takes (1..4, never more than len);
 * *cp is U+FFFD and *bad true (bad may be NULL) for an ill-formed maximal subpart.
 */
XJ_API size_t xj_utf8_decode(const uint8_t *s, size_t len, uint32_t *cp, bool *bad);

/** Where decoded code points go: arrays of `room` entries. */
typedef struct xj_utf8_out {
    uint32_t *cp;
    uint32_t *beg; /* first byte of each */
    uint8_t *len;  /* its bytes */
    size_t room;
} xj_utf8_out;

/** Entries of room without which nothing is decoded; those behind the last code point may be written to. */
#define XJ_UTF8_SLACK 8

/**
 * Decode s[*at..n), n < 2^32, up to the first ill-formed byte or until fewer than XJ_UTF8_SLACK entries of out are left.
 * Sets *at behind what was decoded and returns the number of code points.
 */
XJ_API size_t xj_utf8_decode_many(const xj_utf8_out *out, const uint8_t *s, size_t n, size_t *at);

/** Bytes of cp in UTF-8 (1..4); surrogates and values above U+10FFFF count as U+FFFD (3). */
XJ_API size_t xj_utf8_len(uint32_t cp);

/** Write cp to out and return its bytes; surrogates and values above U+10FFFF are written as U+FFFD. */
XJ_API size_t xj_utf8_encode(uint8_t out[4], uint32_t cp);

/** Bytes of n code points: the sum of xj_utf8_len. */
XJ_API size_t xj_utf8_total(const uint32_t *cp, size_t n);

/** Write n code points as xj_utf8_encode does, one after another; out has room for xj_utf8_total. Returns the bytes written. */
XJ_API size_t xj_utf8_write(uint8_t *out, const uint32_t *cp, size_t n);

/** Whether s[0..len) is well-formed as a whole. */
XJ_API bool xj_utf8_valid(const uint8_t *s, size_t len);

#ifdef __cplusplus
}
#endif
#endif
