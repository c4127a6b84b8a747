#include "tokens.h"

#include <stdlib.h>
#include <string.h>

#include "xj/segment.h"
#include "xj/utf8.h"

enum { CODE_POINTS = 0x110000 };

/* Occurrences of words are few: an open-addressed table of the passage's words, cleared by stamp. */
typedef struct word_slot {
    uint32_t stamp;
    uint32_t unit; /* a unit with this word */
    uint32_t count;
} word_slot;

struct xji_tokenizer {
    uint32_t stamp; /* of the passage in hand; counts with another stamp are 0 */
    uint32_t *seen; /* by code point */
    uint32_t *count;
    word_slot *slot;
    size_t n_slots; /* power of two */
    uint32_t *occurrence; /* of each unit: how many equal units stand before it */
    size_t occurrence_cap;
    xj_stemmer *stemmer;
};

xj_status xji_tokenizer_new(xji_tokenizer **out, xj_error *err)
{
    xji_tokenizer *t = *out = calloc(1, sizeof *t);
    if (t) {
        t->seen = calloc(CODE_POINTS, sizeof *t->seen);
        t->count = calloc(CODE_POINTS, sizeof *t->count);
    }
    if (!t || !t->seen || !t->count || xj_stemmer_new(&t->stemmer, NULL) != XJ_OK) {
        xji_tokenizer_free(t);
        *out = NULL;
        return xj_fail(err, XJ_ENOMEM, "no memory for a tokenizer");
    }
    return XJ_OK;
}

void xji_tokenizer_free(xji_tokenizer *t)
{
    if (!t)
        return;
    free(t->seen);
    free(t->count);
    free(t->slot);
    free(t->occurrence);
    xj_stemmer_free(t->stemmer);
    free(t);
}

void xji_tokens_release(xji_tokens *t)
{
    free(t->pair);
    free(t->word);
    xj_buf_release(&t->keys);
    *t = (xji_tokens)XJI_TOKENS_INIT;
}

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory for the tokens of a passage");
}

static xj_status prepare(xji_tokenizer *t, const xj_units *units, xj_error *err)
{
    if (units->n > t->occurrence_cap) {
        uint32_t *p = realloc(t->occurrence, units->n * sizeof *p);
        if (!p)
            return no_memory(err);
        t->occurrence = p;
        t->occurrence_cap = units->n;
    }
    size_t n_words = 0;
    for (size_t i = 0; i < units->n; i++)
        n_words += units->unit[i].kind == XJ_UNIT_WORD;
    if (n_words * 2 > t->n_slots) {
        size_t n = t->n_slots ? t->n_slots : 64;
        while (n < n_words * 2)
            n *= 2;
        word_slot *p = calloc(n, sizeof *p);
        if (!p)
            return no_memory(err);
        free(t->slot);
        t->slot = p;
        t->n_slots = n;
    }
    if (++t->stamp == 0) { /* after 2^32 passages old stamps could be mistaken for the new one */
        memset(t->seen, 0, CODE_POINTS * sizeof *t->seen);
        if (t->slot)
            memset(t->slot, 0, t->n_slots * sizeof *t->slot);
        t->stamp = 1;
    }
    return XJ_OK;
}

static uint32_t count_word(xji_tokenizer *t, const xj_units *units, size_t i)
{
    const xj_unit *u = &units->unit[i];
    uint64_t h = xj_checksum(units->words + u->word_off, u->word_len, 0);
    for (size_t k = (size_t)h & (t->n_slots - 1);; k = (k + 1) & (t->n_slots - 1)) {
        word_slot *s = &t->slot[k];
        if (s->stamp != t->stamp) {
            *s = (word_slot){t->stamp, (uint32_t)i, 1};
            return 0;
        }
        if (xj_units_equal(units, s->unit, units, i))
            return s->count++;
    }
}

static void count_occurrences(xji_tokenizer *t, const xj_units *units)
{
    for (size_t i = 0; i < units->n; i++) {
        const xj_unit *u = &units->unit[i];
        if (u->kind == XJ_UNIT_CHAR) {
            if (t->seen[u->cp] != t->stamp) {
                t->seen[u->cp] = t->stamp;
                t->count[u->cp] = 0;
            }
            t->occurrence[i] = t->count[u->cp]++;
        } else if (u->kind == XJ_UNIT_WORD) {
            t->occurrence[i] = count_word(t, units, i);
        }
    }
}

static uint8_t nibble(uint32_t occurrence)
{
    return (uint8_t)(occurrence < 15 ? occurrence : 15);
}

static xj_status put_pair(xji_tokens *out, uint32_t first, uint32_t second, uint8_t code, xj_error *err)
{
    if (out->n_pairs == out->pair_cap) {
        size_t cap = out->pair_cap ? out->pair_cap * 2 : 512;
        void *p = realloc(out->pair, cap * sizeof *out->pair);
        if (!p)
            return no_memory(err);
        out->pair = p;
        out->pair_cap = cap;
    }
    out->pair[out->n_pairs++] = (xji_pair_token){first, second, code};
    return XJ_OK;
}

/* The key was appended to out->keys from `at` on. */
static xj_status put_word(xji_tokens *out, size_t at, uint8_t code, xj_error *err)
{
    if (out->n_words == out->word_cap) {
        size_t cap = out->word_cap ? out->word_cap * 2 : 128;
        void *p = realloc(out->word, cap * sizeof *out->word);
        if (!p)
            return no_memory(err);
        out->word = p;
        out->word_cap = cap;
    }
    if (out->keys.n > UINT32_MAX)
        return xj_fail(err, XJ_ELIMIT, "too many words in one report");
    out->word[out->n_words++] = (xji_word_token){(uint32_t)at, (uint16_t)(out->keys.n - at), code};
    return XJ_OK;
}

static xj_status put_unit(xj_buf *keys, const xj_units *units, size_t i, xj_error *err)
{
    const xj_unit *u = &units->unit[i];
    if (u->kind == XJ_UNIT_WORD)
        return xj_buf_put(keys, units->words + u->word_off, u->word_len, err);
    uint8_t bytes[4];
    return xj_buf_put(keys, bytes, xj_utf8_encode(bytes, u->cp), err);
}

static xj_status put_kind(xj_buf *keys, uint8_t kind, xj_error *err)
{
    return xj_buf_put(keys, &kind, 1, err);
}

static xj_status word_terms(xji_tokenizer *t, const xj_units *units, size_t i, xji_tokens *out, xj_error *err)
{
    const xj_unit *u = &units->unit[i];
    size_t at = out->keys.n, n_stem;
    xj_status st = put_kind(&out->keys, XJ_KEY_WORD, err);
    if (st == XJ_OK)
        st = put_unit(&out->keys, units, i, err);
    if (st == XJ_OK)
        st = put_word(out, at, 0, err);
    const char *stem = xj_stemmer_stem(t->stemmer, units->words + u->word_off, u->word_len, &n_stem);
    if (st != XJ_OK || !stem)
        return st;
    at = out->keys.n;
    st = put_kind(&out->keys, XJ_KEY_STEM, err);
    if (st == XJ_OK)
        st = xj_buf_put(&out->keys, stem, n_stem, err);
    if (st == XJ_OK)
        st = put_word(out, at, 0, err);
    return st;
}

static xj_status boundary_pair(xji_tokenizer *t, const xj_units *units, size_t i, xji_tokens *out, xj_error *err)
{
    size_t at = out->keys.n;
    xj_status st = put_kind(&out->keys, XJ_KEY_PAIR, err);
    if (st == XJ_OK)
        st = put_unit(&out->keys, units, i, err);
    if (st == XJ_OK)
        st = put_kind(&out->keys, XJ_KEY_JOINT, err);
    if (st == XJ_OK)
        st = put_unit(&out->keys, units, i + 1, err);
    if (st == XJ_OK)
        st = put_word(out, at, (uint8_t)(nibble(t->occurrence[i]) << 4 | nibble(t->occurrence[i + 1])), err);
    return st;
}

xj_status xji_tokenize(xji_tokenizer *t, const xj_units *units, xji_tokens *out, uint32_t *length, xj_error *err)
{
    xj_status st = prepare(t, units, err);
    if (st != XJ_OK)
        return st;
    count_occurrences(t, units);
    uint32_t n = 0;
    for (size_t i = 0; i < units->n && st == XJ_OK; i++) {
        const xj_unit *u = &units->unit[i];
        if (u->kind == XJ_UNIT_BREAK)
            continue;
        n++;
        if (u->kind == XJ_UNIT_WORD)
            st = word_terms(t, units, i, out, err);
        bool run_goes_on = i + 1 < units->n && units->unit[i + 1].kind != XJ_UNIT_BREAK;
        if (st != XJ_OK)
            break;
        if (!run_goes_on) {
            if (u->kind == XJ_UNIT_CHAR)
                st = put_pair(out, u->cp, XJI_SINGLE, 0, err);
        } else if (u->kind == XJ_UNIT_CHAR && units->unit[i + 1].kind == XJ_UNIT_CHAR) {
            st = put_pair(out, u->cp, units->unit[i + 1].cp,
                          (uint8_t)(nibble(t->occurrence[i]) << 4 | nibble(t->occurrence[i + 1])), err);
        } else {
            st = boundary_pair(t, units, i, out, err);
        }
    }
    *length = n;
    return st;
}
