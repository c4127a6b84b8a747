/* Joining indexes that were built apart into one of a single segment. */
#ifndef XJI_MERGE_H
#define XJI_MERGE_H

#include <stdbool.h>
#include <stddef.h>

#include "xj/index.h"

typedef struct xji_merge_options {
    const char *index_path; /* the index to make; may be one of the inputs when it is replaced */
    char *const *inputs;
    size_t n_inputs;
    unsigned threads; /* >= 1 */
    bool replace;     /* an existing index may be replaced */
} xji_merge_options;

typedef struct xji_merge_summary {
    uint64_t n_reports, n_passages, n_characters, input_bytes, index_bytes;
} xji_merge_summary;

/*
 * Merge: reports of the first input come first. Texts are taken over as they are compressed, terms are merged. An id that two
 * inputs hold is XJ_EINPUT. XJ_OK = committed; the bytes depend on the inputs alone, not on the number of threads.
 */
xj_status xji_merge_indexes(const xji_merge_options *options, xji_merge_summary *summary, xj_error *err);

#endif
