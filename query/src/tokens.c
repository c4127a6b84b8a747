/* Scoring tokens of a query: the bigrams, words and lone characters of its positive phrases, each with its weight. */
#include <stdlib.h>
#include <string.h>

#include "query_priv.h"

static const double QUESTION_WEIGHT = 0.2;

size_t xji_word_key(xj_stemmer *stemmer, const xj_units *units, size_t i, uint8_t *out)
{
    const xj_unit *u = &units->unit[i];
    const char *word = units->words + u->word_off;
    size_t n = 0;
    const char *stem = xj_stemmer_stem(stemmer, word, u->word_len, &n);
    out[0] = stem ? XJ_KEY_STEM : XJ_KEY_WORD;
    if (!stem) {
        stem = word;
        n = u->word_len;
    }
    memcpy(out + 1, stem, n);
    return n + 1;
}

/* The token that begins at unit i: the pair with the next unit, a word (its key is not filled in), or a character that
 * stands alone. */
static bool kind_at(const xj_units *u, size_t i, xji_token *t)
{
    memset(t, 0, sizeof *t);
    if (u->unit[i].kind == XJ_UNIT_WORD) {
        t->kind = XJI_TOKEN_STRING;
        return true;
    }
    if (u->unit[i].kind != XJ_UNIT_CHAR)
        return false;
    bool char_after = i + 1 < u->n && u->unit[i + 1].kind == XJ_UNIT_CHAR;
    bool char_before = i > 0 && u->unit[i - 1].kind == XJ_UNIT_CHAR;
    t->first = u->unit[i].cp;
    if (char_after) {
        t->kind = XJI_TOKEN_PAIR;
        t->second = u->unit[i + 1].cp;
        return true;
    }
    t->kind = XJI_TOKEN_CHAR;
    return !char_before;
}

static bool same(const xj_query *q, const xji_token *a, const xji_token *b, const uint8_t *key)
{
    if (a->kind != b->kind || a->first != b->first || a->second != b->second || a->key_n != b->key_n)
        return false;
    return a->kind != XJI_TOKEN_STRING || memcmp(q->keys.data + a->key_at, key, a->key_n) == 0;
}

static size_t find(const xj_query *q, const xji_token *t, const uint8_t *key)
{
    size_t k = 0;
    while (k < q->n_tokens && !same(q, &q->token[k], t, key))
        k++;
    return k;
}

static xj_status add(xj_query *q, const xji_token *t, const uint8_t *key, double weight, uint32_t *number, xj_error *err)
{
    size_t k = find(q, t, key);
    *number = (uint32_t)k;
    if (k < q->n_tokens) {
        q->token[k].weight += weight;
        return XJ_OK;
    }
    if (q->n_tokens == q->token_cap) {
        size_t cap = q->token_cap ? q->token_cap * 2 : 16;
        void *p = realloc(q->token, cap * sizeof *q->token);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for the query");
        q->token = p;
        q->token_cap = cap;
    }
    xji_token *n = &q->token[q->n_tokens++];
    *n = *t;
    n->weight = weight;
    n->key_at = q->keys.n;
    return xj_buf_put(&q->keys, key, t->key_n, err);
}

static bool has_word(const xj_units *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->unit[i].kind == XJ_UNIT_WORD)
            return true;
    return false;
}

/* Mark the question words of a phrase; *any_other: something in it touches none. Memory for its tokens is made, too. */
static xj_status look_at(xj_query *q, xji_phrase *ph, bool **question, bool *any_other, xj_error *err)
{
    ph->token = malloc(ph->units.n * sizeof *ph->token);
    *question = calloc(ph->units.n + 1, sizeof **question); /* what follows the last unit is no question word */
    if (!ph->token || !*question)
        return xj_fail(err, XJ_ENOMEM, "no memory for the query");
    if (q->kind == XJ_QUERY_BAG && !ph->quoted)
        xji_question_words(&ph->units, *question);
    for (size_t i = 0; i < ph->units.n; i++) {
        xji_token t;
        if (!kind_at(&ph->units, i, &t))
            continue;
        *any_other = *any_other || !((*question)[i] || (t.kind == XJI_TOKEN_PAIR && (*question)[i + 1]));
    }
    return XJ_OK;
}

static xj_status add_phrase(xj_query *q, xji_phrase *ph, xj_stemmer *stemmer, const bool *question, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < ph->units.n && st == XJ_OK; i++) {
        uint8_t key[XJ_KEY_MAX];
        xji_token t;
        if (!kind_at(&ph->units, i, &t))
            continue;
        if (t.kind == XJI_TOKEN_STRING)
            t.key_n = xji_word_key(stemmer, &ph->units, i, key);
        bool touches = question[i] || (t.kind == XJI_TOKEN_PAIR && question[i + 1]);
        st = add(q, &t, key, touches ? QUESTION_WEIGHT : 1.0, &ph->token[ph->n_tokens++], err);
    }
    return st;
}

xj_status xji_query_make_tokens(xj_query *q, xj_error *err)
{
    xj_stemmer *stemmer = NULL;
    xj_status st = XJ_OK;
    bool any_other = false, any_word = false;
    bool **question = calloc(q->n_phrases + 1, sizeof *question);
    if (!question)
        return xj_fail(err, XJ_ENOMEM, "no memory for the query");
    for (size_t p = 0; p < q->n_phrases && st == XJ_OK; p++) {
        if (!q->phrase[p].positive)
            continue;
        st = look_at(q, &q->phrase[p], &question[p], &any_other, err);
        any_word = any_word || has_word(&q->phrase[p].units);
    }
    if (st == XJ_OK && any_word)
        st = xj_stemmer_new(&stemmer, err);
    for (size_t p = 0; p < q->n_phrases && st == XJ_OK; p++) {
        /* Where there is nothing but question words, they are what is asked for. */
        if (q->phrase[p].positive && !any_other)
            memset(question[p], 0, q->phrase[p].units.n * sizeof *question[p]);
        if (q->phrase[p].positive)
            st = add_phrase(q, &q->phrase[p], stemmer, question[p], err);
    }
    for (size_t p = 0; p < q->n_phrases; p++)
        free(question[p]);
    free(question);
    xj_stemmer_free(stemmer);
    return st;
}
