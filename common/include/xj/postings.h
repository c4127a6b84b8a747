/**
 * Postings lists: which passages (XJ_CONTEXT: sections) hold a term, how often, and with which adjacency codes.
 *
 * A list is a sequence of blocks of at most XJ_BLOCK postings. It can be walked posting by posting, or block by block by
 * who intersects lists. A list that is opened as cached keeps its blocks decoded in memory that belongs to the segment,
 * for everyone who reads the list again; xj_index_trim gives that memory back.
 *
 * Iterators belong to one thread; many threads may have iterators over the same list.
 */
#ifndef XJ_POSTINGS_H
#define XJ_POSTINGS_H

#include "xj/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An 8-bit tf that stands for this and more. */
#define XJ_TF_MANY 255
/** First code of a posting that does not fit two halves of 4 bits. */
#define XJ_CODE_WIDE 255

/** A block, decoded. */
typedef struct xj_block {
    uint32_t doc[XJ_BLOCK]; /* ascending; XJ_DOC_END from n on */
    uint8_t tf[XJ_BLOCK];   /* XJ_TF_MANY: so many or more, xj_postings_tf has the number */
    uint64_t codes_at;      /* place of its first adjacency code in the stream, when the term has codes */
    uint32_t n;             /* 1 to XJ_BLOCK */
    uint32_t many;          /* whether some tf is XJ_TF_MANY */
} xj_block;

/** Where the adjacency codes of the postings of a block are. */
typedef struct xj_block_codes {
    uint32_t from[XJ_BLOCK]; /* bytes from the block's first code to the first one of the posting */
    uint8_t first[XJ_BLOCK]; /* that code, first half << 4 | second half; XJ_CODE_WIDE when a half is above 14 */
    const uint8_t *bytes;    /* the first code of the block, borrowed from the segment */
    uint32_t n_bytes;
} xj_block_codes;

/** Iterator over the postings of one term, passage numbers ascending. Nothing to release. */
typedef struct xj_postings {
    xj_segment *seg;
    xj_term term;
    uint32_t doc;       /* current passage, XJ_DOC_END after the last */
    uint32_t tf;        /* occurrences in it */
    uint32_t i;         /* current posting in the block */
    uint32_t n;         /* postings in the block */
    uint32_t block;     /* number of the block in the list */
    uint32_t n_blocks;
    bool has_codes;     /* own_codes is that of the current block */
    xj_block *slots;    /* the blocks of a cached list by number; NULL: own is the current one */
    xj_block_codes *code_slots;
    xj_block own;
    xj_block_codes own_codes;
} xj_postings;

/** Stand on the first posting (or on XJ_DOC_END when df is 0). */
XJ_API xj_status xj_postings_open(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err);

/** The same; blocks of lists that have more than one are kept by the segment. */
XJ_API xj_status xj_postings_open_cached(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err);

/**
 * The same, but of a list of several blocks none is read: n is 0, and the iterator stands nowhere until xj_postings_load. For
 * whoever knows from the block directory where to begin.
 */
XJ_API xj_status xj_postings_open_unread(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err);

/** Step to the next posting. */
XJ_API xj_status xj_postings_next(xj_postings *it, xj_error *err);

/** Step to the first posting with doc >= target; a target at or before the current one is a no-op. */
XJ_API xj_status xj_postings_seek(xj_postings *it, uint32_t target, xj_error *err);

/**
 * Adjacency codes of the current posting, the first min(tf, cap) of them, to codes[0..*n): high byte = which occurrence
 * of the pair's first unit in the passage this is, low byte = the same for its second unit, both from 0 and at most
 * XJ_CODE_FULL. AB and BC stand next to each other exactly when AB's low byte equals BC's high byte and is below
 * XJ_CODE_FULL. Both bytes ascend from code to code. XJ_ECORRUPT when the term has none.
 */
XJ_API xj_status xj_postings_codes(xj_postings *it, uint16_t *codes, uint32_t cap, uint32_t *n, xj_error *err);

/* ---- block by block ---- */

/** The current block; valid until the iterator moves to another one, of a cached list until xj_index_trim. */
static inline const xj_block *xj_postings_block(const xj_postings *it)
{
    return it->slots ? &it->slots[it->block] : &it->own;
}

/** Block number `block` of the list, which was current before; of a cached list or one of a single block. */
static inline const xj_block *xj_postings_block_at(const xj_postings *it, uint32_t block)
{
    return it->slots ? &it->slots[block] : &it->own;
}

/** Make block number `block` < n_blocks the current one and stand on its first posting. */
XJ_API xj_status xj_postings_load(xj_postings *it, uint32_t block, xj_error *err);

/**
 * The first block from number `from` on whose last passage is >= target, n_blocks when there is none. Decodes nothing but the only
 * block of a short list, which was read when it was opened. A list of one block: `from` is 0 or 1.
 */
XJ_API xj_status xj_postings_find(const xj_postings *it, uint32_t from, uint32_t target, uint32_t *block, xj_error *err);

/** Last passage of a block, and a bound on the impact of its postings in 255ths (255 where none is kept). */
XJ_API xj_status xj_postings_bound(const xj_postings *it, uint32_t block, uint32_t *last, uint8_t *impact, xj_error *err);

/** Occurrences of posting i of a block that was current before, whatever its tf says. */
XJ_API xj_status xj_postings_tf(const xj_postings *it, uint32_t block, uint32_t i, uint32_t *tf, xj_error *err);

/** xj_postings_codes for posting i, of tf occurrences, of a block that was current before (xj_postings_block_at). */
XJ_API xj_status xj_postings_codes_of(xj_postings *it, uint32_t block, uint32_t i, uint32_t tf, uint16_t *codes, uint32_t cap,
                                      uint32_t *n, xj_error *err);

/** The codes of a block that was current before (xj_postings_block_at). Valid as the block. XJ_ECORRUPT when the term has none. */
XJ_API xj_status xj_postings_block_codes(xj_postings *it, uint32_t block, const xj_block_codes **codes, xj_error *err);

#ifdef __cplusplus
}
#endif
#endif
