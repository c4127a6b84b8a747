/**
 * Searches for the first code point in a few ranges, or outside of them: the cheap scans that tell text that needs work from
 * text that needs none. No state; thread-safe.
 */
#ifndef XJ_RANGES_H
#define XJ_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Code points [first, last], last < U+FFFF. */
typedef struct xj_range {
    uint16_t first, last;
} xj_range;

/** Most ranges in a set. */
#define XJ_RANGES_MAX 8

/** Whether cp is in one of the n_ranges ranges. */
static inline bool xj_ranges_hold(const xj_range *ranges, size_t n_ranges, uint32_t cp)
{
    bool in = false;
    for (size_t i = 0; i < n_ranges; i++)
        in |= cp - ranges[i].first <= (uint32_t)(ranges[i].last - ranges[i].first);
    return in;
}

/** First index in [from, n) whose code point is in one of the ranges (inside) or in none (not inside), or n. */
XJ_API size_t xj_ranges_find(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges, bool inside);

#ifdef __cplusplus
}
#endif
#endif
