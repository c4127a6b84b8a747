#include "invert.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parts.h"
#include "runs.h"
#include "xj/utf8.h"

/* A token: 22 bits of a pair's key (its bucket has the others) or 24 of a word's number, 24 bits of passage in the batch, 16
 * bits of adjacency code. */
enum {
    PAIR_BITS = 16 + XJI_BUCKET_BITS,
    PAIR_MASK = (1 << PAIR_BITS) - 1,
    WORDS_MAX = 1 << 24,
    KEY_SHIFT = 40,
    NUMBER_SHIFT = 16,
    NUMBER_MASK = XJI_BATCH_PASSAGES - 1,
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS
};

enum { CHUNK_TOKENS = 511, SLAB_CHUNKS = 256 };

/* However much others have taken: with less than this a batch would hardly hold a report. */
enum { MEMORY_MIN = 6 << 20 };

/* Bytes that a reader of a run reads ahead. */
enum { ROOM_MIN = 4096, ROOM_MAX = 1 << 16 };

typedef struct chunk {
    struct chunk *next;
    uint64_t token[CHUNK_TOKENS];
} chunk;

typedef struct slab {
    struct slab *next;
    chunk chunks[SLAB_CHUNKS];
} slab;

typedef struct bucket {
    uint64_t *next, *end; /* in the last chunk */
    chunk *first, *last;
    size_t n_chunks;
} bucket;

static size_t n_tokens(const bucket *b)
{
    return b->n_chunks * CHUNK_TOKENS - (size_t)(b->end - b->next);
}

/* Tokens of one field. */
typedef struct field {
    bucket bucket[XJI_BUCKETS];
    uint64_t *word;
    size_t n_words, word_cap;
    uint64_t total[XJI_BUCKETS]; /* pairs of all batches: they decide where parts begin */
} field;

struct xji_inverter {
    size_t memory;
    xj_index_writer *index;
    field field[2]; /* by xj_field */
    slab *slabs;
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
        free(s);
    }
    v->free_chunks = NULL;
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
    if (!s)
        return no_memory(err);
    s->next = v->slabs;
    v->slabs = s;
    for (size_t i = 0; i < SLAB_CHUNKS; i++)
        s->chunks[i].next = i + 1 < SLAB_CHUNKS ? &s->chunks[i + 1] : NULL;
    v->free_chunks = s->chunks;
    return XJ_OK;
}

static xj_status new_chunk(xji_inverter *v, bucket *b, xj_error *err)
{
    if (!v->free_chunks) {
        xj_status st = new_slab(v, err);
        if (st != XJ_OK)
            return st;
    }
    chunk *c = v->free_chunks;
    v->free_chunks = c->next;
    v->n_chunks++;
    c->next = NULL;
    if (b->last)
        b->last->next = c;
    else
        b->first = c;
    b->last = c;
    b->next = c->token;
    b->end = c->token + CHUNK_TOKENS;
    b->n_chunks++;
    return XJ_OK;
}

static inline xj_status put_pair(xji_inverter *v, field *f, uint32_t key, uint64_t rest, xj_error *err)
{
    bucket *b = &f->bucket[key >> PAIR_BITS];
    if (b->next == b->end) {
        xj_status st = new_chunk(v, b, err);
        if (st != XJ_OK)
            return st;
    }
    *b->next++ = (uint64_t)(key & PAIR_MASK) << KEY_SHIFT | rest;
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
static xj_status put_wide(xji_inverter *v, field *f, const xji_pair_token *t, uint64_t rest, xj_error *err)
{
    uint8_t key[16];
    size_t n = 0;
    key[n++] = t->second == XJI_SINGLE ? XJ_KEY_CHAR : XJ_KEY_PAIR;
    n += xj_utf8_encode(key + n, t->first);
    if (t->second != XJI_SINGLE) {
        key[n++] = XJ_KEY_JOINT;
        n += xj_utf8_encode(key + n, t->second);
    }
    return put_string(v, f, key, n, rest, err);
}

xj_status xji_inverter_add(xji_inverter *v, xj_field which, uint32_t number, const xji_tokens *t, size_t pair_from,
                           size_t pair_to, size_t word_from, size_t word_to, xj_error *err)
{
    field *f = &v->field[which];
    number -= which == XJ_BODY ? v->passage : v->section;
    assert(number < XJI_BATCH_PASSAGES);
    const uint64_t place = (uint64_t)number << NUMBER_SHIFT;
    xj_status st = XJ_OK;
    for (size_t i = pair_from; i < pair_to && st == XJ_OK; i++) {
        const xji_pair_token *p = &t->pair[i];
        uint32_t second = p->second == XJI_SINGLE ? XJ_SECOND_SINGLE : p->second;
        st = (p->first | second) < 0x10000 ? put_pair(v, f, XJ_PAIR_KEY(p->first, second), place | p->code, err)
                                           : put_wide(v, f, p, place | p->code, err);
    }
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

/* Room to sort tokens. */
typedef struct sorter {
    uint64_t *token, *other;
    size_t n, cap;
    uint32_t count[2][DIGITS];
    xji_gather gather;
} sorter;

/* Where lists go. */
typedef struct sink {
    xji_lists *lists;       /* into a part, or */
    xji_run_writer *run;    /* to disk */
} sink;

static xj_status sorter_reserve(sorter *s, size_t n, xj_error *err)
{
    if (n <= s->cap)
        return XJ_OK;
    free(s->token);
    free(s->other);
    s->token = malloc(n * sizeof *s->token);
    s->other = malloc(n * sizeof *s->other);
    s->cap = s->token && s->other ? n : 0;
    return s->cap ? XJ_OK : no_memory(err);
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
    uint32_t *count = s->count[0];
    for (unsigned shift = KEY_SHIFT; shift < KEY_SHIFT + bits; shift += DIGIT_BITS) {
        memset(count, 0, sizeof s->count[0]);
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

/* Sort the tokens of a bucket, which agree in all but 22 bits of their keys: two digits. */
static xj_status sort_bucket(sorter *s, const bucket *b, xj_error *err)
{
    enum { LOW = KEY_SHIFT, HIGH = KEY_SHIFT + DIGIT_BITS };
    size_t n = n_tokens(b);
    xj_status st = n <= UINT32_MAX ? sorter_reserve(s, n, err) : no_memory(err);
    s->n = n;
    if (st != XJ_OK || n == 0)
        return st;
    memset(s->count, 0, sizeof s->count);
    for (const chunk *c = b->first; c; c = c->next)
        for (size_t i = 0, k = c == b->last ? (size_t)(b->next - c->token) : CHUNK_TOKENS; i < k; i++) {
            s->count[0][digit(c->token[i], LOW)]++;
            s->count[1][digit(c->token[i], HIGH)]++;
        }
    to_places(s->count[0]);
    to_places(s->count[1]);
    for (const chunk *c = b->first; c; c = c->next)
        for (size_t i = 0, k = c == b->last ? (size_t)(b->next - c->token) : CHUNK_TOKENS; i < k; i++)
            s->other[s->count[0][digit(c->token[i], LOW)]++] = c->token[i];
    for (size_t i = 0; i < n; i++)
        s->token[s->count[1][digit(s->other[i], HIGH)]++] = s->other[i];
    return XJ_OK;
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

static xj_status put_bucket(sorter *s, const field *f, uint32_t number, uint32_t base, const sink *to, xj_error *err)
{
    xj_status st = sort_bucket(s, &f->bucket[number], err);
    if (st == XJ_OK)
        st = gather_room(s, err);
    for (size_t i = 0; i < s->n && st == XJ_OK;) {
        uint32_t key = number << PAIR_BITS | (uint32_t)(s->token[i] >> KEY_SHIFT);
        i = gather(s, i, base);
        const xj_term_postings t = {s->gather.docs, s->gather.tfs, (uint32_t)s->gather.n, s->gather.codes};
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
    xj_status st = s && refs && rank ? sorter_reserve(s, f->n_words ? f->n_words : 1, err) : no_memory(err);
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
        s->n = f->n_words;
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
        for (size_t i = 0; i < XJI_BUCKETS; i++)
            v->field[f].total[i] += n_tokens(&v->field[f].bucket[i]);
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
    sorter *s = calloc(1, sizeof *s);
    if (!s)
        st = no_memory(err);
    const sink to = {NULL, &w};
    for (int f = 0; f < 2; f++) {
        for (uint32_t i = 0; i < XJI_BUCKETS && st == XJ_OK; i++) {
            xji_run_place(&w, f == XJ_BODY ? XJ_PAIRS : XJ_CONTEXT_PAIRS, i);
            st = put_bucket(s, &v->field[f], i, 0, &to, err);
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
    if (s)
        sorter_release(s);
    free(s);
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
    sorter *s = calloc(1, sizeof *s);
    xj_status st = s ? XJ_OK : no_memory(err);
    for (uint32_t i = r->from; i < r->to && st == XJ_OK; i++)
        st = put_bucket(s, f, i, base, &to, err);
    if (s)
        sorter_release(s);
    free(s);
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
