/*
 * The dictionaries of a segment in parts: ranges of keys that are made independently, by the threads of a pool, and
 * written in order. Where a part begins follows from the numbers of tokens alone.
 */
#ifndef XJI_PARTS_H
#define XJI_PARTS_H

#include "lists.h"
#include "runs.h"

typedef struct xji_part_range {
    int dictionary;    /* xj_dictionary */
    uint32_t from, to; /* buckets [from, to); strings: [0, 1) */
} xji_part_range;

/* Put all terms of a range into l. Called in any thread. */
typedef xj_status (*xji_make_part)(const void *ctx, const xji_part_range *range, xji_lists *l, xj_error *err);

/* weights: tokens by bucket, of the pairs of the text and of the context. */
xj_status xji_write_parts(xj_segment_writer *w, xj_pool *pool, const uint64_t *const weights[2], xji_make_part make,
                          const void *ctx, xj_error *err);

#endif
