#include "grouper.h"

#include <stdlib.h>
#include <string.h>

enum { SLOT_BITS_MIN = 10, KEY_MASK = (1 << XJI_GROUPER_KEY_BITS) - 1 };

/* Digits of keys: two make one. */
enum { DIGIT_BITS = XJI_GROUPER_KEY_BITS / 2, DIGITS = 1 << DIGIT_BITS, FEW = 64 };

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory to sort the tokens of a batch: use a smaller --memory");
}

void xji_grouper_release(xji_grouper *g)
{
    free(g->slot);
    free(g->order);
    free(g->scratch);
    free(g->end);
    free(g->number);
    free(g->token);
    free(g->docs);
    free(g->tfs);
    free(g->codes);
    memset(g, 0, sizeof *g);
}

/* Nothing of the contents is kept, so nothing is moved. */
static xj_status reserve_tokens(xji_grouper *g, size_t n, xj_error *err)
{
    if (n <= g->cap)
        return XJ_OK;
    n += n / 4;
    free(g->number);
    free(g->token);
    g->number = malloc(n * sizeof *g->number);
    g->token = malloc(n * sizeof *g->token);
    g->cap = g->number && g->token ? n : 0;
    return g->cap ? XJ_OK : no_memory(err);
}

static xj_status reserve_postings(xji_grouper *g, size_t n, xj_error *err)
{
    if (n <= g->posting_cap)
        return XJ_OK;
    n += n / 4;
    free(g->docs);
    free(g->tfs);
    free(g->codes);
    g->docs = malloc(n * sizeof *g->docs);
    g->tfs = malloc(n * sizeof *g->tfs);
    g->codes = malloc(n * sizeof *g->codes);
    g->posting_cap = g->docs && g->tfs && g->codes ? n : 0;
    return g->posting_cap ? XJ_OK : no_memory(err);
}

/* What a slot holds of a key: never 0. */
static inline uint32_t tag(uint32_t key)
{
    return key | UINT32_C(1) << XJI_GROUPER_KEY_BITS;
}

/* Fibonacci hashing: characters that stand together in the tables of Unicode are spread. */
static inline size_t hash(uint32_t key, unsigned slot_bits)
{
    return (uint32_t)(tag(key) * UINT32_C(0x9E3779B1)) >> (32 - slot_bits);
}

/* The slot of a key, or the empty one that it would get. */
static inline size_t find(const uint64_t *slot, unsigned slot_bits, uint32_t key)
{
    const size_t mask = ((size_t)1 << slot_bits) - 1;
    size_t k = hash(key, slot_bits);
    while (slot[k] >> 32 != tag(key) && slot[k])
        k = (k + 1) & mask;
    return k;
}

static void put_slot(uint64_t *slot, unsigned slot_bits, uint64_t entry)
{
    uint32_t key = (uint32_t)(entry >> 32);
    slot[find(slot, slot_bits, key)] = (uint64_t)tag(key) << 32 | (uint32_t)entry;
}

/* Room for twice the keys; half of the slots at least stay empty. */
static xj_status grow_keys(xji_grouper *g, xj_error *err)
{
    unsigned bits = g->slot_bits ? g->slot_bits + 1 : SLOT_BITS_MIN;
    size_t cap = (size_t)1 << (bits - 1);
    uint32_t *end = realloc(g->end, cap * sizeof *end);
    if (end)
        g->end = end;
    uint64_t *order = end ? realloc(g->order, cap * sizeof *order) : NULL;
    if (order)
        g->order = order;
    uint64_t *scratch = order ? realloc(g->scratch, cap * sizeof *scratch) : NULL;
    if (scratch)
        g->scratch = scratch;
    uint64_t *slot = scratch ? calloc((size_t)1 << bits, sizeof *slot) : NULL;
    if (!slot)
        return no_memory(err);
    free(g->slot);
    g->slot = slot;
    g->slot_bits = bits;
    g->key_cap = cap;
    for (size_t i = 0; i < g->n_keys; i++)
        put_slot(slot, bits, g->order[i]);
    return XJ_OK;
}

/* Number a key that has no slot yet. */
static xj_status add_key(xji_grouper *g, uint32_t key, xj_error *err)
{
    xj_status st = g->n_keys == g->key_cap ? grow_keys(g, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    uint64_t entry = (uint64_t)key << 32 | g->n_keys;
    put_slot(g->slot, g->slot_bits, entry);
    g->end[g->n_keys] = 0;
    g->order[g->n_keys++] = entry;
    return XJ_OK;
}

static void empty_slots(xji_grouper *g)
{
    const size_t n = (size_t)1 << g->slot_bits, mask = n - 1;
    if (g->n_keys > n / 16) {
        memset(g->slot, 0, n * sizeof *g->slot);
        return;
    }
    /* Each run of full slots is emptied from the home of one of its keys on. */
    for (size_t i = 0; i < g->n_keys; i++)
        for (size_t k = hash((uint32_t)(g->order[i] >> 32), g->slot_bits); g->slot[k]; k = (k + 1) & mask)
            g->slot[k] = 0;
}

xj_status xji_grouper_begin(xji_grouper *g, size_t n, xj_error *err)
{
    if (n > UINT32_MAX)
        return no_memory(err);
    xj_status st = XJ_OK;
    if (g->slot)
        empty_slots(g);
    g->n_keys = g->n = g->n_filled = 0;
    if (!g->slot)
        st = grow_keys(g, err);
    return st == XJ_OK ? reserve_tokens(g, n, err) : st;
}

static inline uint32_t key_of(uint64_t token)
{
    return (uint32_t)(token >> XJI_GROUPER_KEY_SHIFT) & KEY_MASK;
}

/* Count tokens up to the first one with a new key; returns how many. */
static size_t count_known(xji_grouper *g, uint32_t *restrict number, const uint64_t *restrict token, size_t n)
{
    const uint64_t *restrict slot = g->slot;
    uint32_t *restrict end = g->end;
    const unsigned bits = g->slot_bits;
    for (size_t i = 0; i < n; i++) {
        uint64_t entry = slot[find(slot, bits, key_of(token[i]))];
        if (!entry)
            return i;
        number[i] = (uint32_t)entry;
        end[number[i]]++;
    }
    return n;
}

xj_status xji_grouper_count(xji_grouper *g, const uint64_t *token, size_t n, xj_error *err)
{
    uint32_t *restrict number = g->number + g->n;
    for (size_t i = 0; i < n;) {
        i += count_known(g, number + i, token + i, n - i);
        xj_status st = i < n ? add_key(g, key_of(token[i]), err) : XJ_OK;
        if (st != XJ_OK)
            return st;
    }
    g->n += n;
    return XJ_OK;
}

/* One digit of the keys, from order to scratch and the other way about. */
static void sort_digit(xji_grouper *g, unsigned shift)
{
    uint32_t count[DIGITS] = {0}, at = 0;
    for (size_t i = 0; i < g->n_keys; i++)
        count[g->order[i] >> shift & (DIGITS - 1)]++;
    for (size_t d = 0; d < DIGITS; d++) {
        uint32_t c = count[d];
        count[d] = at;
        at += c;
    }
    for (size_t i = 0; i < g->n_keys; i++)
        g->scratch[count[g->order[i] >> shift & (DIGITS - 1)]++] = g->order[i];
    uint64_t *t = g->order;
    g->order = g->scratch;
    g->scratch = t;
}

static void sort_keys(xji_grouper *g)
{
    if (g->n_keys > FEW) {
        sort_digit(g, 32);
        sort_digit(g, 32 + DIGIT_BITS);
        return;
    }
    for (size_t i = 1; i < g->n_keys; i++) {
        uint64_t v = g->order[i];
        size_t k = i;
        for (; k > 0 && g->order[k - 1] > v; k--)
            g->order[k] = g->order[k - 1];
        g->order[k] = v;
    }
}

xj_status xji_grouper_place(xji_grouper *g, xj_error *err)
{
    uint32_t at = 0, most = 0;
    sort_keys(g);
    for (size_t i = 0; i < g->n_keys; i++) {
        uint32_t *end = &g->end[(uint32_t)g->order[i]], n = *end;
        *end = at;
        at += n;
        most = n > most ? n : most;
    }
    return reserve_postings(g, most, err);
}

void xji_grouper_fill(xji_grouper *g, const uint64_t *token, size_t n)
{
    const uint32_t *restrict number = g->number + g->n_filled;
    uint32_t *restrict end = g->end;
    uint64_t *restrict to = g->token;
    for (size_t i = 0; i < n; i++)
        to[end[number[i]]++] = token[i];
    g->n_filled += n;
}

uint32_t xji_grouper_postings(xji_grouper *g, size_t i, uint32_t base, xj_term_postings *out)
{
    /* The tokens of a key begin where those of the one before end. */
    const uint32_t begin = i ? g->end[(uint32_t)g->order[i - 1]] : 0, n = g->end[(uint32_t)g->order[i]] - begin;
    const uint64_t *restrict token = g->token + begin;
    uint32_t *restrict docs = g->docs, *restrict tfs = g->tfs, n_docs = 0, tf = 0;
    uint16_t *restrict codes = g->codes;
    uint64_t last = UINT64_MAX;
    for (uint32_t k = 0; k < n; k++) {
        /* Whether a passage has the key once more is at random: no branch depends on it. */
        uint64_t passage = token[k] >> XJI_GROUPER_PASSAGE_SHIFT;
        uint32_t is_new = passage != last;
        n_docs += is_new;
        tf = (tf & (is_new - 1)) + 1;
        docs[n_docs - 1] = (uint32_t)passage + base;
        tfs[n_docs - 1] = tf;
        codes[k] = (uint16_t)token[k];
        last = passage;
    }
    *out = (xj_term_postings){docs, tfs, n_docs, codes};
    return (uint32_t)(g->order[i] >> 32);
}
