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

/** Bytes of cp in UTF-8 (1..4); surrogates and values above U+10FFFF count as U+FFFD (3). */
XJ_API size_t xj_utf8_len(uint32_t cp);

/** Write cp to out and return its bytes; surrogates and values above U+10FFFF are written as U+FFFD. */
XJ_API size_t xj_utf8_encode(uint8_t out[4], uint32_t cp);

/** Whether s[0..len) is well-formed as a whole. */
XJ_API bool xj_utf8_valid(const uint8_t *s, size_t len);

#ifdef __cplusplus
}
#endif
#endif
