/**
 * Inner loops of searching. Each has a plain form and one in wide registers that gives the same result, chosen at run time.
 * Pure functions over arrays; thread-safe.
 */
#ifndef XJ_KERNELS_H
#define XJ_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What xj_meet found. */
typedef struct xj_met {
    size_t n;           /* numbers found */
    uint8_t which[128]; /* their places in `wanted` */
    uint8_t where[128]; /* and in `docs` */
} xj_met;

/**
 * Which of the ascending numbers wanted[0..n) are among docs[0..m), ascending too, from docs[*from] on? Looks at those that
 * are not above the last of docs and returns how many these are; *from moves to the first of docs that is not below the
 * last of them. n, m are at most 128, m at least 1, *from < m, and no number before docs[*from] is wanted.
 */
XJ_API size_t xj_meet(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met);

/** How many of v[0..n) are >= limit. */
XJ_API size_t xj_count_not_below(const uint16_t *v, size_t n, uint16_t limit);

/** The places of those among v[0..n) that are >= limit, ascending, to place[0..n); returns their number. n is at most 65536. */
XJ_API size_t xj_list_not_below(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place);

#ifdef __cplusplus
}
#endif
#endif
