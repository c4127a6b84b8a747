/*
 * One input to everything a segment needs to know of it: records and tokens. Runs in worker threads; what it yields does
 * not depend on which worker ran it or when.
 */
#ifndef XJI_ANALYSE_H
#define XJI_ANALYSE_H

#include "document.h"
#include "tokens.h"

typedef struct xji_analysed_passage {
    uint32_t section; /* section i + 1 of the report, 0 = no heading above */
    uint32_t length;  /* units */
    uint32_t n_characters;
    uint32_t text_bytes;
    size_t record_end; /* its record ends here in records; it begins where the one before ends */
    size_t pair_end, word_end; /* likewise its tokens */
} xji_analysed_passage;

/* Tokens [pair_from, pair_to) and [word_from, word_to). */
typedef struct xji_token_range {
    size_t pair_from, pair_to, word_from, word_to;
} xji_token_range;

/* Owned: zero-initialised, xji_analysed_release. */
typedef struct xji_analysed {
    char *id;
    uint32_t year;
    xj_encoding encoding;
    uint64_t input_bytes;
    uint64_t changes[XJI_CHANGE_COUNT];
    xj_buf meta;
    xj_buf records;
    xji_analysed_passage *passage;
    size_t n_passages;
    xj_buf headings; /* heading path records, back to back */
    size_t *heading_end;
    size_t n_headings; /* section i + 1 has record i and the context ranges of itself and those above */
    xji_tokens tokens;
    /* The context: tokens of the title (range 0) and of the heading of section i + 1 alone (range i + 1). */
    xji_tokens context;
    xji_token_range *context_range;
    uint32_t *parent; /* of section i + 1: 0 = none, else the section above */
} xji_analysed;

/* Tools of one worker thread. */
typedef struct xji_analyst xji_analyst;

xj_status xji_analyst_new(xji_analyst **out, xj_error *err);
void xji_analyst_free(xji_analyst *a);

/* Analyse one input into out (which must be zeroed). Errors as xji_document_load; out is then released. */
xj_status xji_analyse(xji_analyst *a, const xji_input *in, xji_segmentation mode, xji_analysed *out, xj_error *err);

void xji_analysed_release(xji_analysed *a);

#endif
