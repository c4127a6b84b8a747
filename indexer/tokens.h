/*
 * Units of a passage to index tokens (docs/TEXT.md section 5), the form in which workers hand them to the inverter.
 */
#ifndef XJI_TOKENS_H
#define XJI_TOKENS_H

#include <stdint.h>

#include "xj/bytes.h"
#include "xj/stem.h"
#include "xj/token.h"

/* Second of a single: a character that no character follows. */
#define XJI_SINGLE 0

/* A pair of characters or a single. */
typedef struct xji_pair_token {
    uint32_t first, second; /* folded code points; second = XJI_SINGLE for a single */
    uint16_t code;          /* adjacency code, 0 for a single */
} xji_pair_token;

/* A word, stem or boundary pair: key bytes [at, at + n) in the tokens' key buffer. */
typedef struct xji_word_token {
    uint32_t at;
    uint16_t n;
    uint16_t code;
} xji_word_token;

/* Tokens of one or more passages, one after another. */
typedef struct xji_tokens {
    xji_pair_token *pair;
    size_t n_pairs, pair_cap;
    xji_word_token *word;
    size_t n_words, word_cap;
    xj_buf keys;
} xji_tokens;

#define XJI_TOKENS_INIT {NULL, 0, 0, NULL, 0, 0, XJ_BUF_INIT}

/* Counts how often a unit has occurred in the passage; owns a counter for every code point. One thread. */
typedef struct xji_tokenizer xji_tokenizer;

xj_status xji_tokenizer_new(xji_tokenizer **out, xj_error *err);
void xji_tokenizer_free(xji_tokenizer *t);

/* Append the tokens of one passage; *length = its number of CHAR and WORD units. */
xj_status xji_tokenize(xji_tokenizer *t, const xj_units *units, xji_tokens *out, uint32_t *length, xj_error *err);

/* The same from the text of a passage, without the units in between: what xj_units_read and xji_tokenize give. */
xj_status xji_tokenize_text(xji_tokenizer *t, const uint32_t *cp, size_t n, xji_tokens *out, uint32_t *length,
                            xj_error *err);

/* Room for the tokens of passages of n characters in all, where most of these are Han: it only saves moving them. */
xj_status xji_tokens_reserve(xji_tokens *t, size_t n, xj_error *err);

void xji_tokens_release(xji_tokens *t);

#endif
