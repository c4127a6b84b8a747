/*
 * Postings lists on their way into a part of a segment's dictionary. Lists are gathered from several places in order, and
 * beside the terms that come in, the lists of rare characters are made here.
 */
#ifndef XJI_LISTS_H
#define XJI_LISTS_H

#include "xj/bytes.h"
#include "xj/segment_write.h"

/* One list being gathered. */
typedef struct xji_gather {
    uint32_t *docs, *tfs;
    size_t n, cap;
    uint16_t *codes;
    size_t n_codes, code_cap;
} xji_gather;

/* Room for n more postings at docs[n], tfs[n]. */
xj_status xji_gather_reserve(xji_gather *g, size_t more, xj_error *err);
/* Room for n more codes at codes[n_codes]. */
xj_status xji_gather_reserve_codes(xji_gather *g, size_t more, xj_error *err);
void xji_gather_release(xji_gather *g);

/* Terms of a range of keys. All pairs of one first character go into one of these. Zero-initialised, xji_lists_release. */
typedef struct xji_lists {
    xj_term_part *part;
    xji_gather character; /* its list when it is done */
    uint32_t n_passages;
    bool characters; /* make lists of rare characters */
    uint32_t first;  /* character in hand */
    bool common;     /* it occurs in too many passages to get a list */
    uint64_t *entry, *scratch; /* postings of its terms: passage << 32 | tf */
    size_t n, cap;
    uint64_t *seen; /* a bit a passage */
    uint32_t n_seen;
} xji_lists;

xj_status xji_lists_open(xji_lists *l, xj_dictionary dictionary, const xj_scale *scale, uint32_t n_passages, xj_error *err);

/* Add a term: as xj_term_part_pair, xj_term_part_string. */
xj_status xji_lists_pair(xji_lists *l, uint32_t key, const xj_term_postings *postings, xj_error *err);
xj_status xji_lists_string(xji_lists *l, const void *key, size_t n, const xj_term_postings *postings, xj_error *err);

/* The part is complete; it is the caller's to take from l->part (set it to NULL then). */
xj_status xji_lists_finish(xji_lists *l, xj_error *err);
void xji_lists_release(xji_lists *l);

#endif
