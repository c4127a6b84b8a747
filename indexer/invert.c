#include "invert.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "grouper.h"
#include "parts.h"
#include "runs.h"
#include "xj/utf8.h"

/* A token of a pair is as in grouper.h. One of a word: 24 bits of the word's number, 24 of passage in the batch, 16 of adjacency
 * code. */
enum {
    PAIR_BITS = 16 + XJI_BUCKET_BITS,
    WORDS_MAX = 1 << 24,
    KEY_SHIFT = 40,
    NUMBER_SHIFT = 16,
    NUMBER_MASK = XJI_BATCH_PASSAGES - 1,
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS
};

_Static_assert(XJI_SINGLE == XJ_SECOND_SINGLE && (int)XJI_GROUPER_KEY_BITS == (int)PAIR_BITS &&
                   (int)XJI_GROUPER_KEY_SHIFT == (int)XJI_SECOND_SHIFT &&
                   XJI_GROUPER_PASSAGE_SHIFT == XJI_FIRST_SHIFT + XJI_BUCKET_BITS,
               "a pair as it comes tells its bucket where a token in the bucket tells its passage");

/* Chunks are aligned to their size, so that the place of the next token tells when one is full. */
enum { CHUNK_BYTES = 4096, CHUNK_TOKENS = CHUNK_BYTES / 8 - 1 };

/* Chunks come out of slabs, which take memory as far as they are used. */
enum { SLAB_CHUNKS = 256 };

/* However much others have taken: with less than this a batch would hardly hold a report. */
enum { MEMORY_MIN = 6 << 20 };

/* Bytes that a reader of a run reads ahead. */
enum { ROOM_MIN = 4096, ROOM_MAX = 1 << 16 };

typedef struct chunk {
    struct chunk *next;
    uint64_t token[CHUNK_TOKENS];
} chunk;

_Static_assert(sizeof(chunk) == CHUNK_BYTES, "the link takes the room of a token");

typedef struct slab {
    struct slab *next;
    chunk *chunks; /* SLAB_CHUNKS */
} slab;

typedef struct bucket {
    chunk *first, *last;
    size_t n_chunks;
} bucket;

/* Tokens of one field. */
typedef struct field {
    uint64_t *next[XJI_BUCKETS]; /* by bucket: where its next token goes, by itself to keep it in the cache; a multiple of
                                    CHUNK_BYTES when the last chunk is full, NULL when there is none */
    bucket bucket[XJI_BUCKETS];
    uint64_t *word;
    size_t n_words, word_cap;
    uint64_t total[XJI_BUCKETS]; /* pairs of all batches: they decide where parts begin */
} field;

static bool is_full(const uint64_t *next)
{
    return (uintptr_t)next % CHUNK_BYTES == 0;
}

/* Tokens in a chunk. */
static size_t n_in(const field *f, uint32_t number, const chunk *c)
{
    return c == f->bucket[number].last ? (size_t)(f->next[number] - c->token) : CHUNK_TOKENS;
}

static size_t n_tokens(const field *f, uint32_t number)
{
    const bucket *b = &f->bucket[number];
    return b->n_chunks ? (b->n_chunks - 1) * CHUNK_TOKENS + n_in(f, number, b->last) : 0;
}

struct xji_inverter {
    size_t memory;
    xj_index_writer *index;
    field field[2]; /* by xj_field */
    slab *slabs; /* chunks from `fresh` on were never used in the first one */
    chunk *fresh;
    chunk *free_chunks;
    size_t n_chunks; /* in use */
    uint32_t passage, section; /* first numbers of the batch */
    /* Distinct string keys of the batch: bytes, ends, and an open-addressed table of numbers + 1. */
    xj_buf keys;
    uint64_t *key_end;
    size_t n_keys, key_cap;
    uint32_t *table;
    size_t n_table;
    int fd; /* of the file with the runs, -1 when there are none */
    uint64_t file_end;
    xji_run *run;
    size_t n_runs, run_cap;
};

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory to invert a batch: use a smaller --memory");
}

xj_status xji_inverter_new(xji_inverter **out, size_t memory, xj_index_writer *index, xj_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return no_memory(err);
    (*out)->memory = memory;
    (*out)->index = index;
    (*out)->fd = -1;
    return XJ_OK;
}

static void free_slabs(xji_inverter *v)
{
    while (v->slabs) {
        slab *s = v->slabs;
        v->slabs = s->next;
        free(s->chunks);
        free(s);
    }
    v->free_chunks = v->fresh = NULL;
    v->n_chunks = 0;
}

static void free_words(xji_inverter *v)
{
    for (int f = 0; f < 2; f++) {
        free(v->field[f].word);
        v->field[f].word = NULL;
        v->field[f].n_words = v->field[f].word_cap = 0;
    }
    xj_buf_release(&v->keys);
    free(v->key_end);
    free(v->table);
    v->key_end = NULL;
    v->table = NULL;
    v->n_keys = v->key_cap = v->n_table = 0;
}

void xji_inverter_free(xji_inverter *v)
{
    if (!v)
        return;
    free_slabs(v);
    free_words(v);
    if (v->fd >= 0)
        close(v->fd);
    free(v->run);
    free(v);
}

/* ---- adding tokens ---- */

static xj_status new_slab(xji_inverter *v, xj_error *err)
{
    slab *s = malloc(sizeof *s);
    chunk *c = s ? aligned_alloc(CHUNK_BYTES, SLAB_CHUNKS * sizeof *c) : NULL;
    if (!c) {
        free(s);
        return no_memory(err);
    }
    *s = (slab){v->slabs, c};
    v->slabs = s;
    v->fresh = c;
    return XJ_OK;
}

/* A chunk that is in no bucket. */
static xj_status take_chunk(xji_inverter *v, chunk **out, xj_error *err)
{
    if (v->free_chunks) {
        *out = v->free_chunks;
        v->free_chunks = v->free_chunks->next;
        return XJ_OK;
    }
    if (!v->slabs || v->fresh == v->slabs->chunks + SLAB_CHUNKS) {
        xj_status st = new_slab(v, err);
        if (st != XJ_OK)
            return st;
    }
    *out = v->fresh++;
    return XJ_OK;
}

static xj_status new_chunk(xji_inverter *v, field *f, uint32_t number, xj_error *err)
{
    bucket *b = &f->bucket[number];
    chunk *c;
    xj_status st = take_chunk(v, &c, err);
    if (st != XJ_OK)
        return st;
    v->n_chunks++;
    c->next = NULL;
    if (b->last)
        b->last->next = c;
    else
        b->first = c;
    b->last = c;
    b->n_chunks++;
    f->next[number] = c->token;
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
    if (v->n_keys == WORDS_MAX)
        return xj_fail(err, XJ_ELIMIT, "a passage holds more than sixteen million different words");
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

static xj_status put_string(xji_inverter *v, field *f, const uint8_t *key, size_t n, uint64_t rest, xj_error *err)
{
    uint32_t number = 0;
    xj_status st = intern(v, key, n, &number, err);
    if (st == XJ_OK && f->n_words == f->word_cap) {
        size_t cap = f->word_cap ? f->word_cap + f->word_cap / 2 : 4096;
        void *p = realloc(f->word, cap * sizeof *f->word);
        if (!p)
            return no_memory(err);
        f->word = p;
        f->word_cap = cap;
    }
    if (st == XJ_OK)
        f->word[f->n_words++] = (uint64_t)number << KEY_SHIFT | rest;
    return st;
}

/* Pairs beyond the BMP are rare; they are string terms. */
static xj_status put_wide(xji_inverter *v, field *f, xji_pair_token t, uint64_t place, xj_error *err)
{
    uint8_t key[16];
    size_t n = 0;
    bool single = xji_pair_second(t) == XJI_SINGLE;
    key[n++] = single ? XJ_KEY_CHAR : XJ_KEY_PAIR;
    n += xj_utf8_encode(key + n, xji_pair_first(t));
    if (!single) {
        key[n++] = XJ_KEY_JOINT;
        n += xj_utf8_encode(key + n, xji_pair_second(t));
    }
    return put_string(v, f, key, n, place | xji_pair_code(t), err);
}

/* The first token of a chunk. */
static xj_status put_first(xji_inverter *v, field *f, uint32_t number, uint64_t token, xj_error *err)
{
    xj_status st = new_chunk(v, f, number, err);
    if (st == XJ_OK)
        *f->next[number]++ = token;
    return st;
}

static xj_status put_pairs(xji_inverter *v, field *f, const xji_pair_token *pair, size_t n, uint64_t number, xj_error *err)
{
    const uint64_t mask = ((uint64_t)1 << XJI_GROUPER_PASSAGE_SHIFT) - 1, passage = number << XJI_GROUPER_PASSAGE_SHIFT;
    uint64_t **next = f->next;
    for (size_t i = 0; i < n; i++) {
        uint64_t b = pair[i] >> XJI_GROUPER_PASSAGE_SHIFT, token = (pair[i] & mask) | passage;
        if (b < XJI_BUCKETS && !is_full(next[b])) {
            *next[b]++ = token;
            continue;
        }
        xj_status st = b < XJI_BUCKETS ? put_first(v, f, (uint32_t)b, token, err)
                                       : put_wide(v, f, pair[i], number << NUMBER_SHIFT, err);
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

xj_status xji_inverter_add(xji_inverter *v, xj_field which, uint32_t number, const xji_tokens *t, size_t pair_from,
                           size_t pair_to, size_t word_from, size_t word_to, xj_error *err)
{
    field *f = &v->field[which];
    number -= which == XJ_BODY ? v->passage : v->section;
    assert(number < XJI_BATCH_PASSAGES);
    const uint64_t place = (uint64_t)number << NUMBER_SHIFT;
    xj_status st = pair_from < pair_to ? put_pairs(v, f, t->pair + pair_from, pair_to - pair_from, number, err) : XJ_OK;
    for (size_t i = word_from; i < word_to && st == XJ_OK; i++) {
        const xji_word_token *w = &t->word[i];
        st = put_string(v, f, t->keys.data + w->at, w->n, place | w->code, err);
    }
    return st;
}

size_t xji_inverter_bytes(const xji_inverter *v)
{
    size_t n = v->n_chunks * sizeof(chunk) + v->keys.cap + v->key_cap * sizeof *v->key_end + v->n_table * sizeof *v->table;
    for (int f = 0; f < 2; f++)
        n += 2 * v->field[f].n_words * sizeof *v->field[f].word;
    return n;
}

size_t xji_inverter_n_runs(const xji_inverter *v)
{
    return v->n_runs;
}

/* ---- lists of a batch ---- */

/* Room to sort tokens of words. */
typedef struct sorter {
    uint64_t *token, *other;
    size_t n;
    uint32_t count[DIGITS];
    xji_gather gather;
} sorter;

/* Where lists go. */
typedef struct sink {
    xji_lists *lists;       /* into a part, or */
    xji_run_writer *run;    /* to disk */
} sink;

static xj_status sorter_reserve(sorter *s, size_t n, xj_error *err)
{
    s->n = n;
    s->token = malloc((n ? n : 1) * sizeof *s->token);
    s->other = malloc((n ? n : 1) * sizeof *s->other);
    return s->token && s->other ? XJ_OK : no_memory(err);
}

static void sorter_release(sorter *s)
{
    free(s->token);
    free(s->other);
    xji_gather_release(&s->gather);
}

static void to_places(uint32_t *count)
{
    uint32_t at = 0;
    for (size_t d = 0; d < DIGITS; d++) {
        uint32_t c = count[d];
        count[d] = at;
        at += c;
    }
}

static inline size_t digit(uint64_t token, unsigned shift)
{
    return token >> shift & (DIGITS - 1);
}

/* Stable radix sort by the key bits [0, bits). */
static void sort(sorter *s, unsigned bits)
{
    uint32_t *count = s->count;
    for (unsigned shift = KEY_SHIFT; shift < KEY_SHIFT + bits; shift += DIGIT_BITS) {
        memset(count, 0, sizeof s->count);
        for (size_t i = 0; i < s->n; i++)
            count[digit(s->token[i], shift)]++;
        to_places(count);
        for (size_t i = 0; i < s->n; i++)
            s->other[count[digit(s->token[i], shift)]++] = s->token[i];
        uint64_t *t = s->token;
        s->token = s->other;
        s->other = t;
    }
}

/* Postings of the tokens from i on that have one key; returns where they end. */
static size_t gather(sorter *s, size_t i, uint32_t base)
{
    xji_gather *g = &s->gather;
    uint64_t key = s->token[i] >> KEY_SHIFT, last = UINT64_MAX;
    size_t n = 0, n_codes = 0;
    uint32_t *docs = g->docs, *tfs = g->tfs;
    uint16_t *codes = g->codes;
    for (; i < s->n && s->token[i] >> KEY_SHIFT == key; i++) {
        uint64_t place = s->token[i] >> NUMBER_SHIFT; /* key and passage */
        codes[n_codes++] = (uint16_t)s->token[i];
        if (place == last) {
            tfs[n - 1]++;
        } else {
            docs[n] = (uint32_t)(place & NUMBER_MASK) + base;
            tfs[n++] = 1;
            last = place;
        }
    }
    g->n = n;
    return i;
}

static xj_status gather_room(sorter *s, xj_error *err)
{
    s->gather.n = 0;
    xj_status st = xji_gather_reserve(&s->gather, s->n, err);
    s->gather.n_codes = 0;
    return st == XJ_OK ? xji_gather_reserve_codes(&s->gather, s->n, err) : st;
}

/* Chunks stand apart, so the processor does not foresee where a bucket goes on. */
static void foresee(const chunk *c)
{
#if defined(__GNUC__)
    for (size_t i = 0; c && i < 16 * 8; i += 8)
        __builtin_prefetch(&c->token[i]);
#else
    (void)c;
#endif
}

static xj_status put_bucket(xji_grouper *g, const field *f, uint32_t number, uint32_t base, const sink *to, xj_error *err)
{
    const chunk *first = f->bucket[number].first;
    if (!first)
        return XJ_OK;
    xj_status st = xji_grouper_begin(g, n_tokens(f, number), err);
    for (const chunk *c = first; c && st == XJ_OK; c = c->next) {
        foresee(c->next);
        st = xji_grouper_count(g, c->token, n_in(f, number, c), err);
    }
    if (st == XJ_OK)
        st = xji_grouper_place(g, err);
    if (st != XJ_OK)
        return st;
    for (const chunk *c = first; c; c = c->next) {
        foresee(c->next);
        xji_grouper_fill(g, c->token, n_in(f, number, c));
    }
    for (size_t i = 0; i < g->n_keys && st == XJ_OK; i++) {
        xj_term_postings t;
        uint32_t key = number << PAIR_BITS | xji_grouper_postings(g, i, base, &t);
        st = to->run ? xji_run_pair(to->run, key, &t, (key & 0xFFFF) < XJ_SECOND_SINGLE, err)
                     : xji_lists_pair(to->lists, key, &t, err);
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

static xj_status put_words(const xji_inverter *v, const field *f, uint32_t base, bool context, const sink *to, xj_error *err)
{
    sorter *s = calloc(1, sizeof *s);
    size_t n = v->n_keys;
    key_ref *refs = malloc((n ? n : 1) * sizeof *refs);
    uint32_t *rank = malloc((n ? n : 1) * sizeof *rank);
    xj_status st = s && refs && rank ? sorter_reserve(s, f->n_words, err) : no_memory(err);
    if (st == XJ_OK) {
        for (size_t i = 0; i < n; i++) {
            uint64_t b = key_begin(v, i);
            refs[i] = (key_ref){v->keys.data + b, (size_t)(v->key_end[i] - b), (uint32_t)i};
        }
        qsort(refs, n, sizeof *refs, compare_keys);
        for (size_t i = 0; i < n; i++)
            rank[refs[i].number] = (uint32_t)i;
        for (size_t i = 0; i < f->n_words; i++)
            s->token[i] = (uint64_t)rank[f->word[i] >> KEY_SHIFT] << KEY_SHIFT | (f->word[i] & (((uint64_t)1 << KEY_SHIFT) - 1));
        unsigned bits = 1;
        while (n >> bits)
            bits++;
        sort(s, bits);
        st = gather_room(s, err);
    }
    for (size_t i = 0; s && i < s->n && st == XJ_OK;) {
        const key_ref *key = &refs[s->token[i] >> KEY_SHIFT];
        i = gather(s, i, base);
        const xj_term_postings t = {s->gather.docs, s->gather.tfs, (uint32_t)s->gather.n, s->gather.codes};
        st = to->run ? xji_run_string(to->run, key->s, key->n, &t, !context && key->s[0] == XJ_KEY_PAIR, err)
                     : xji_lists_string(to->lists, key->s, key->n, &t, err);
    }
    if (s)
        sorter_release(s);
    free(s);
    free(refs);
    free(rank);
    return st;
}

/* ---- runs ---- */

static void count_totals(xji_inverter *v)
{
    for (int f = 0; f < 2; f++)
        for (uint32_t i = 0; i < XJI_BUCKETS; i++)
            v->field[f].total[i] += n_tokens(&v->field[f], i);
}

static void empty_buckets(xji_inverter *v)
{
    for (int f = 0; f < 2; f++)
        for (size_t i = 0; i < XJI_BUCKETS; i++) {
            bucket *b = &v->field[f].bucket[i];
            if (b->last) {
                b->last->next = v->free_chunks;
                v->free_chunks = b->first;
            }
            *b = (bucket){0};
            v->field[f].next[i] = NULL;
        }
    v->n_chunks = 0;
}

static xj_status spill(xji_inverter *v, xj_error *err)
{
    if (v->n_runs == v->run_cap) {
        size_t cap = v->run_cap + v->run_cap / 4 + 8;
        void *p = realloc(v->run, cap * sizeof *v->run);
        if (!p)
            return no_memory(err);
        v->run = p;
        v->run_cap = cap;
    }
    xj_status st = v->fd < 0 ? xj_index_writer_temporary(v->index, &v->fd, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    xji_run *run = &v->run[v->n_runs++];
    xji_run_writer w;
    st = xji_run_begin(&w, run, v->fd, v->file_end, err);
    run->passage = v->passage;
    run->section = v->section;
    xji_grouper g = {0};
    const sink to = {NULL, &w};
    for (int f = 0; f < 2; f++) {
        for (uint32_t i = 0; i < XJI_BUCKETS && st == XJ_OK; i++) {
            xji_run_place(&w, f == XJ_BODY ? XJ_PAIRS : XJ_CONTEXT_PAIRS, i);
            st = put_bucket(&g, &v->field[f], i, 0, &to, err);
        }
        if (st == XJ_OK) {
            xji_run_place(&w, f == XJ_BODY ? XJ_STRINGS : XJ_CONTEXT_STRINGS, 0);
            st = put_words(v, &v->field[f], 0, f == XJ_CONTEXT, &to, err);
        }
    }
    if (st == XJ_OK)
        st = xji_run_end(&w, err);
    v->file_end += run->length;
    xj_buf_release(&w.out);
    xji_grouper_release(&g);
    count_totals(v);
    empty_buckets(v);
    free_words(v);
    return st;
}

xj_status xji_inverter_settle(xji_inverter *v, uint32_t passage, uint32_t section, size_t taken, xj_error *err)
{
    taken += v->run_cap * sizeof *v->run;
    size_t own = taken + MEMORY_MIN < v->memory ? v->memory - taken : MEMORY_MIN;
    bool full = xji_inverter_bytes(v) > own || v->n_keys > WORDS_MAX / 2 || xji_inverter_bytes(v) > XJI_RUN_TOKEN_BYTES || passage - v->passage > XJI_BATCH_PASSAGES / 2;
    if (!full || passage == v->passage)
        return XJ_OK;
    xj_status st = spill(v, err);
    v->passage = passage;
    v->section = section;
    return st;
}

/* ---- parts ---- */

/* A range of keys of one dictionary. */
typedef struct range {
    const xji_inverter *v;
    int dictionary;
    uint32_t from, to; /* buckets */
} range;

static xj_status from_batch(const range *r, xji_lists *l, xj_error *err)
{
    const field *f = &r->v->field[r->dictionary >= XJ_CONTEXT_PAIRS];
    uint32_t base = r->dictionary >= XJ_CONTEXT_PAIRS ? r->v->section : r->v->passage;
    const sink to = {l, NULL};
    if (r->dictionary == XJ_STRINGS || r->dictionary == XJ_CONTEXT_STRINGS)
        return put_words(r->v, f, base, r->dictionary == XJ_CONTEXT_STRINGS, &to, err);
    xji_grouper g = {0};
    xj_status st = XJ_OK;
    for (uint32_t i = r->from; i < r->to && st == XJ_OK; i++)
        st = put_bucket(&g, f, i, base, &to, err);
    xji_grouper_release(&g);
    return st;
}

static xj_status from_runs(const range *r, xji_lists *l, xj_error *err)
{
    size_t n = r->v->n_runs, room = r->v->memory / 8 / n;
    room = room < ROOM_MIN ? ROOM_MIN : room > ROOM_MAX ? ROOM_MAX : room;
    xji_run_reader *readers = calloc(n, sizeof *readers);
    xji_term_source **sources = calloc(n, sizeof *sources);
    xj_status st = readers && sources ? XJ_OK : no_memory(err);
    for (size_t i = 0; i < n && st == XJ_OK; i++) {
        st = xji_run_reader_open(&readers[i], &r->v->run[i], r->dictionary, r->from, r->to, room, err);
        sources[i] = &readers[i].source;
    }
    if (st == XJ_OK)
        st = xji_merge(sources, n, r->dictionary == XJ_STRINGS || r->dictionary == XJ_CONTEXT_STRINGS, l, err);
    for (size_t i = 0; readers && i < n; i++)
        xji_run_reader_release(&readers[i]);
    free(readers);
    free(sources);
    return st;
}

static xj_status make_range(const void *ctx, const xji_part_range *place, xji_lists *l, xj_error *err)
{
    const range r = {ctx, place->dictionary, place->from, place->to};
    return r.v->n_runs ? from_runs(&r, l, err) : from_batch(&r, l, err);
}

xj_status xji_inverter_finish(xji_inverter *v, xj_segment_writer *w, xj_pool *pool, xj_error *err)
{
    xj_status st = XJ_OK;
    if (v->n_runs > 0) {
        st = spill(v, err);
        free_slabs(v);
    } else {
        count_totals(v);
    }
    const uint64_t *weights[] = {v->field[XJ_BODY].total, v->field[XJ_CONTEXT].total};
    if (st == XJ_OK)
        st = xji_write_parts(w, pool, weights, make_range, v, err);
    free_slabs(v);
    free_words(v);
    return st;
}
