/*
 * Tokens of a bucket to the postings of each of its keys. Tokens come in the order of their passages, so sorting them would
 * only bring those of one key together: they are told apart by a hash of the key, and only the distinct keys are sorted.
 */
#ifndef XJI_GROUPER_H
#define XJI_GROUPER_H

#include "xj/bytes.h"
#include "xj/segment_write.h"

/* A token in a bucket, from the lowest bit: 16 bits of adjacency code, 22 of the key (its bucket tells the others), 26 of the
 * passage in the batch, for which 24 are enough. */
enum {
    XJI_GROUPER_KEY_SHIFT = 16,
    XJI_GROUPER_KEY_BITS = 22,
    XJI_GROUPER_PASSAGE_SHIFT = XJI_GROUPER_KEY_SHIFT + XJI_GROUPER_KEY_BITS
};

/* One bucket after another. Zero-initialised, xji_grouper_release. */
typedef struct xji_grouper {
    uint64_t *slot; /* open-addressed: key, marked, << 32 | number; 0 = empty */
    unsigned slot_bits;
    uint64_t *order, *scratch; /* key << 32 | number; in the order in which keys turned up, and sorted once they are placed */
    uint32_t *end; /* by number: tokens so far; once placed, where those filled in end */
    size_t n_keys, key_cap;
    uint32_t *number; /* by token as they come: its key's */
    uint64_t *token;  /* by key */
    size_t n, n_filled, cap;
    uint32_t *docs, *tfs; /* of the key asked for */
    uint16_t *codes;
    size_t posting_cap;
} xji_grouper;

/* Begin a bucket of n tokens. */
xj_status xji_grouper_begin(xji_grouper *g, size_t n, xj_error *err);

/* First all tokens, in any pieces, are counted; keys are then placed; then the same tokens are filled in, in the same order. */
xj_status xji_grouper_count(xji_grouper *g, const uint64_t *token, size_t n, xj_error *err);
xj_status xji_grouper_place(xji_grouper *g, xj_error *err);
void xji_grouper_fill(xji_grouper *g, const uint64_t *token, size_t n);

/* The i-th smallest key and its postings, valid until the next call. base is added to passages. */
uint32_t xji_grouper_postings(xji_grouper *g, size_t i, uint32_t base, xj_term_postings *out);

void xji_grouper_release(xji_grouper *g);

#endif
