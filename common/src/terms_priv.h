/*
 * Terms on their way into a segment. A part is a range of keys of one dictionary, encoded by itself: dictionary pages,
 * postings pages, adjacency pages and block directory, with places counted from the part's own beginning. Parts may be
 * made in any thread and in any order; the segment writer puts them one after another (segment_write.c).
 */
#ifndef XJI_TERMS_PRIV_H
#define XJI_TERMS_PRIV_H

#include "format_priv.h"
#include "xj/segment_write.h"

enum { XJI_IMPACT_TFS = 16 };

/* What impacts are made with: the lengths of all passages of the segment and their mean. */
struct xj_scale {
    const uint8_t *lengths; /* a length code a passage */
    uint32_t n_passages;
    /* impact bytes of tf 1 to XJI_IMPACT_TFS by length code; larger tfs are worked out */
    uint8_t impact[XJI_IMPACT_TFS][256];
    double norm[256]; /* by length code */
};

/* lengths stays the caller's and must outlive the scale. */
xj_status xji_scale_new(xj_scale **out, const uint8_t *lengths, uint32_t n_passages, uint64_t n_units, xj_error *err);
void xji_scale_free(xj_scale *s);

/* Compressed pages of one kind, back to back. */
typedef struct xji_frames {
    xj_buf data;
    xj_buf sizes; /* u32 each */
    uint32_t n;
} xji_frames;

typedef struct xji_cursors {
    uint32_t page;
    uint32_t header, noise;
    uint64_t adjacency;
    uint32_t block;
} xji_cursors;

struct xj_term_part {
    int dictionary;
    const xj_scale *scale;
    void *page_cctx; /* ZSTD_CCtx */
    void *dictionary_cctx;
    xji_frames postings, adjacency, pages;
    xj_buf index;  /* an entry a dictionary page, u32 key (pairs) or offset in keys (strings) first */
    xj_buf keys;   /* strings: first key of each page */
    xj_buf blocks; /* entries of the block directory */
    uint32_t n_terms;
    uint64_t n_postings, n_occurrences;
    xji_cursors at;
    /* pages in hand; the counts are at.header, at.noise, at.adjacency mod XJI_PAGE */
    uint8_t header[XJI_PAGE], noise[XJI_PAGE], codes[XJI_PAGE], page[XJI_PAGE];
    uint32_t n_page;
    uint8_t key[XJ_KEY_MAX]; /* the last one of strings */
    size_t n_key;
    uint32_t pair;
    uint8_t packed[XJI_PACKED_PAGE];
};

#endif
