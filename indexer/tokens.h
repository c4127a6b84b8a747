/*
 * Units of a passage to index tokens (docs/TEXT.md section 5), the form in which workers hand them to the inverter.
 */
#ifndef XJI_TOKENS_H
#define XJI_TOKENS_H

#include <stdint.h>

#include "xj/bytes.h"
#include "xj/stem.h"
#include "xj/token.h"

/* Second of a single, a character that no character follows: as in its key. It is no character itself. */
#define XJI_SINGLE 0xFFFE

/*
 * A pair of characters or a single, in the 64 bits that it has from the tokenizer to the postings lists. From the lowest bit:
 * the adjacency code (16 bits, 0 for a single), the second and the first character. Of the BMP, where nearly all are,
 * characters have 16 bits each, and what is above them is the passage's (invert.c); else 21 each below XJI_PAIR_WIDE.
 */
typedef uint64_t xji_pair_token;

#define XJI_PAIR_WIDE ((uint64_t)1 << 63)
enum { XJI_SECOND_SHIFT = 16, XJI_FIRST_SHIFT = 32, XJI_FIRST_SHIFT_WIDE = 37, XJI_WIDE_MASK = (1 << 21) - 1 };

/* first, second: folded code points; second = XJI_SINGLE for a single */
static inline xji_pair_token xji_pair_token_of(uint32_t first, uint32_t second, unsigned code)
{
    bool wide = (first | second) > 0xFFFF;
    return (wide ? XJI_PAIR_WIDE : 0) | (uint64_t)first << (wide ? XJI_FIRST_SHIFT_WIDE : XJI_FIRST_SHIFT) |
           (uint64_t)second << XJI_SECOND_SHIFT | code;
}

static inline uint32_t xji_pair_first(xji_pair_token t)
{
    return (uint32_t)(t & XJI_PAIR_WIDE ? t >> XJI_FIRST_SHIFT_WIDE & XJI_WIDE_MASK : t >> XJI_FIRST_SHIFT & 0xFFFF);
}

static inline uint32_t xji_pair_second(xji_pair_token t)
{
    return (uint32_t)(t >> XJI_SECOND_SHIFT & (t & XJI_PAIR_WIDE ? XJI_WIDE_MASK : 0xFFFF));
}

static inline uint16_t xji_pair_code(xji_pair_token t)
{
    return (uint16_t)t;
}

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
