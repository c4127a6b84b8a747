/*
 * A token is a 64-bit entry (42 bits of pair or the word's number, then 22 bits of passage) and an adjacency code beside
 * it. Passages arrive in order, so a stable least-significant-digit radix sort over the key bits alone leaves every
 * term's postings in passage order.
 */
#include "invert.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "xj/utf8.h"

enum { PASSAGE_BITS = 22, CHAR_BITS = 21, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Entries and codes, and room to sort them. */
typedef struct run {
    uint64_t *entry;
    uint8_t *code;
    size_t n, cap;
} run;

struct xji_inverter {
    run pairs, words;
    /* Distinct string keys of the batch: bytes, ends, and an open-addressed table of numbers + 1. */
    xj_buf keys;
    uint64_t *key_end;
    size_t n_keys, key_cap;
    uint32_t *table;
    size_t n_table;
    /* One list on its way to the writer. */
    uint32_t *docs, *tfs;
    size_t list_cap;
};

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory to invert a batch: use a smaller --memory");
}

xj_status xji_inverter_new(xji_inverter **out, xj_error *err)
{
    *out = calloc(1, sizeof **out);
    return *out ? XJ_OK : no_memory(err);
}

static void clear(xji_inverter *v)
{
    free(v->pairs.entry);
    free(v->pairs.code);
    free(v->words.entry);
    free(v->words.code);
    xj_buf_release(&v->keys);
    free(v->key_end);
    free(v->table);
    free(v->docs);
    free(v->tfs);
    *v = (xji_inverter){0};
}

void xji_inverter_free(xji_inverter *v)
{
    if (!v)
        return;
    clear(v);
    free(v);
}

static xj_status reserve(run *r, size_t more, xj_error *err)
{
    if (r->n + more <= r->cap)
        return XJ_OK;
    size_t cap = r->cap ? r->cap : 4096;
    while (cap < r->n + more)
        cap += cap / 2 + 1;
    void *e = realloc(r->entry, cap * sizeof *r->entry);
    if (e)
        r->entry = e;
    void *c = e ? realloc(r->code, cap) : NULL;
    if (c)
        r->code = c;
    if (!c)
        return no_memory(err);
    r->cap = cap;
    return XJ_OK;
}

static uint64_t key_begin(const xji_inverter *v, size_t number)
{
    return number ? v->key_end[number - 1] : 0;
}

static xj_status grow_table(xji_inverter *v, xj_error *err)
{
    size_t n = v->n_table ? v->n_table * 2 : 1024;
    uint32_t *p = calloc(n, sizeof *p);
    if (!p)
        return no_memory(err);
    for (size_t i = 0; i < v->n_keys; i++) {
        uint64_t b = key_begin(v, i);
        size_t k = (size_t)xj_checksum(v->keys.data + b, (size_t)(v->key_end[i] - b), 0) & (n - 1);
        while (p[k])
            k = (k + 1) & (n - 1);
        p[k] = (uint32_t)i + 1;
    }
    free(v->table);
    v->table = p;
    v->n_table = n;
    return XJ_OK;
}

/* Number of a string key, a new one when it was not seen. */
static xj_status intern(xji_inverter *v, const uint8_t *key, size_t n, uint32_t *number, xj_error *err)
{
    xj_status st = v->n_keys * 2 >= v->n_table ? grow_table(v, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    size_t k = (size_t)xj_checksum(key, n, 0) & (v->n_table - 1);
    for (; v->table[k]; k = (k + 1) & (v->n_table - 1)) {
        uint32_t i = v->table[k] - 1;
        uint64_t b = key_begin(v, i);
        if (v->key_end[i] - b == n && memcmp(v->keys.data + b, key, n) == 0) {
            *number = i;
            return XJ_OK;
        }
    }
    if (v->n_keys == v->key_cap) {
        size_t cap = v->key_cap ? v->key_cap * 2 : 1024;
        void *p = realloc(v->key_end, cap * sizeof *v->key_end);
        if (!p)
            return no_memory(err);
        v->key_end = p;
        v->key_cap = cap;
    }
    st = xj_buf_put(&v->keys, key, n, err);
    if (st != XJ_OK)
        return st;
    v->table[k] = (uint32_t)v->n_keys + 1;
    v->key_end[v->n_keys] = v->keys.n;
    *number = (uint32_t)v->n_keys++;
    return XJ_OK;
}

xj_status xji_inverter_add(xji_inverter *v, uint32_t passage, const xji_tokens *t, size_t pair_from, size_t pair_to,
                           size_t word_from, size_t word_to, xj_error *err)
{
    assert(passage < XJI_BATCH_PASSAGES);
    xj_status st = reserve(&v->pairs, pair_to - pair_from, err);
    if (st == XJ_OK)
        st = reserve(&v->words, word_to - word_from, err);
    if (st != XJ_OK)
        return st;
    for (size_t i = pair_from; i < pair_to; i++) {
        const xji_pair_token *p = &t->pair[i];
        v->pairs.entry[v->pairs.n] = (uint64_t)p->first << (CHAR_BITS + PASSAGE_BITS) |
                                     (uint64_t)p->second << PASSAGE_BITS | passage;
        v->pairs.code[v->pairs.n++] = p->code;
    }
    for (size_t i = word_from; i < word_to; i++) {
        const xji_word_token *w = &t->word[i];
        uint32_t number = 0;
        st = intern(v, t->keys.data + w->at, w->n, &number, err);
        if (st != XJ_OK)
            return st;
        v->words.entry[v->words.n] = (uint64_t)number << PASSAGE_BITS | passage;
        v->words.code[v->words.n++] = w->code;
    }
    return XJ_OK;
}

size_t xji_inverter_bytes(const xji_inverter *v)
{
    size_t tokens = v->pairs.n > v->words.n ? v->pairs.n : v->words.n;
    return (v->pairs.n + v->words.n + tokens) * 9 + v->keys.n + v->n_keys * 8 + v->n_table * 4;
}

/* Stable radix sort of r by entry bits [from, to). */
static xj_status sort(run *r, unsigned from, unsigned to, xj_error *err)
{
    uint64_t *entry = malloc((r->n ? r->n : 1) * sizeof *entry);
    uint8_t *code = malloc(r->n ? r->n : 1);
    size_t *count = malloc(DIGITS * sizeof *count);
    xj_status st = entry && code && count ? XJ_OK : no_memory(err);
    for (unsigned shift = from; shift < to && st == XJ_OK; shift += DIGIT_BITS) {
        memset(count, 0, DIGITS * sizeof *count);
        for (size_t i = 0; i < r->n; i++)
            count[r->entry[i] >> shift & (DIGITS - 1)]++;
        size_t at = 0;
        for (size_t d = 0; d < DIGITS; d++) {
            size_t c = count[d];
            count[d] = at;
            at += c;
        }
        for (size_t i = 0; i < r->n; i++) {
            size_t to_at = count[r->entry[i] >> shift & (DIGITS - 1)]++;
            entry[to_at] = r->entry[i];
            code[to_at] = r->code[i];
        }
        uint64_t *e = r->entry;
        r->entry = entry;
        entry = e;
        uint8_t *c = r->code;
        r->code = code;
        code = c;
        r->cap = r->n ? r->n : 1; /* the exchanged arrays are that long */
    }
    free(entry);
    free(code);
    free(count);
    return st;
}

/* Gather the postings of r->entry[i..end), all of one term. */
static xj_status gather(xji_inverter *v, const run *r, size_t i, size_t end, xj_term_postings *out, xj_error *err)
{
    if (end - i > v->list_cap) {
        size_t cap = v->list_cap ? v->list_cap : 4096;
        while (cap < end - i)
            cap *= 2;
        uint32_t *d = realloc(v->docs, cap * sizeof *d);
        if (d)
            v->docs = d;
        uint32_t *t = d ? realloc(v->tfs, cap * sizeof *t) : NULL;
        if (t)
            v->tfs = t;
        if (!t)
            return no_memory(err);
        v->list_cap = cap;
    }
    uint32_t n = 0;
    for (; i < end; i++) {
        uint32_t doc = (uint32_t)(r->entry[i] & (XJI_BATCH_PASSAGES - 1));
        if (n > 0 && v->docs[n - 1] == doc) {
            v->tfs[n - 1]++;
        } else {
            v->docs[n] = doc;
            v->tfs[n++] = 1;
        }
    }
    out->docs = v->docs;
    out->tfs = v->tfs;
    out->n = n;
    return XJ_OK;
}

static size_t list_end(const run *r, size_t i)
{
    uint64_t key = r->entry[i] >> PASSAGE_BITS;
    while (i < r->n && r->entry[i] >> PASSAGE_BITS == key)
        i++;
    return i;
}

static xj_status flush_pairs(xji_inverter *v, xj_segment_writer *w, xj_error *err)
{
    run *r = &v->pairs;
    xj_status st = sort(r, PASSAGE_BITS, PASSAGE_BITS + 2 * CHAR_BITS, err);
    for (size_t i = 0; i < r->n && st == XJ_OK;) {
        size_t end = list_end(r, i);
        uint64_t key = r->entry[i] >> PASSAGE_BITS;
        uint32_t second = (uint32_t)(key & ((1u << CHAR_BITS) - 1));
        xj_term_postings p = {0};
        st = gather(v, r, i, end, &p, err);
        p.adjacency = second == XJI_SINGLE ? NULL : r->code + i;
        if (st == XJ_OK)
            st = xj_segment_writer_pair(w, (uint32_t)(key >> CHAR_BITS), second, &p, err);
        i = end;
    }
    return st;
}

typedef struct key_ref {
    const uint8_t *s;
    size_t n;
    uint32_t number;
} key_ref;

static int compare_keys(const void *a, const void *b)
{
    const key_ref *x = a, *y = b;
    int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

static xj_status flush_words(xji_inverter *v, xj_segment_writer *w, xj_error *err)
{
    run *r = &v->words;
    size_t n = v->n_keys;
    key_ref *refs = malloc((n ? n : 1) * sizeof *refs);
    uint32_t *rank = malloc((n ? n : 1) * sizeof *rank);
    xj_status st = refs && rank ? XJ_OK : no_memory(err);
    if (st == XJ_OK) {
        for (size_t i = 0; i < n; i++) {
            uint64_t b = key_begin(v, i);
            refs[i] = (key_ref){v->keys.data + b, (size_t)(v->key_end[i] - b), (uint32_t)i};
        }
        qsort(refs, n, sizeof *refs, compare_keys);
        for (size_t i = 0; i < n; i++)
            rank[refs[i].number] = (uint32_t)i;
        for (size_t i = 0; i < r->n; i++)
            r->entry[i] = (uint64_t)rank[r->entry[i] >> PASSAGE_BITS] << PASSAGE_BITS |
                          (r->entry[i] & (XJI_BATCH_PASSAGES - 1));
        unsigned bits = 1;
        while (n >> bits)
            bits++;
        st = sort(r, PASSAGE_BITS, PASSAGE_BITS + bits, err);
    }
    for (size_t i = 0; i < r->n && st == XJ_OK;) {
        size_t end = list_end(r, i);
        const key_ref *key = &refs[r->entry[i] >> PASSAGE_BITS];
        xj_term_postings p = {0};
        st = gather(v, r, i, end, &p, err);
        p.adjacency = key->s[0] == XJ_KEY_PAIR ? r->code + i : NULL;
        if (st == XJ_OK)
            st = xj_segment_writer_word(w, key->s, key->n, &p, err);
        i = end;
    }
    free(refs);
    free(rank);
    return st;
}

xj_status xji_inverter_flush(xji_inverter *v, xj_segment_writer *w, xj_error *err)
{
    xj_status st = flush_pairs(v, w, err);
    if (st == XJ_OK)
        st = flush_words(v, w, err);
    /* What one large report needed must not count against all later batches. */
    clear(v);
    return st;
}
