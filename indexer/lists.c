#include "lists.h"

#include <stdlib.h>
#include <string.h>

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory for the postings of a term: use a smaller --memory");
}

xj_status xji_gather_reserve(xji_gather *g, size_t more, xj_error *err)
{
    if (g->n + more <= g->cap)
        return XJ_OK;
    size_t cap = g->cap ? g->cap : 1024;
    while (cap < g->n + more)
        cap += cap / 2;
    uint32_t *d = realloc(g->docs, cap * sizeof *d);
    if (d)
        g->docs = d;
    uint32_t *t = d ? realloc(g->tfs, cap * sizeof *t) : NULL;
    if (t)
        g->tfs = t;
    if (!t)
        return no_memory(err);
    g->cap = cap;
    return XJ_OK;
}

xj_status xji_gather_reserve_codes(xji_gather *g, size_t more, xj_error *err)
{
    if (g->n_codes + more <= g->code_cap)
        return XJ_OK;
    size_t cap = g->code_cap ? g->code_cap : 1024;
    while (cap < g->n_codes + more)
        cap += cap / 2;
    uint16_t *c = realloc(g->codes, cap * sizeof *c);
    if (!c)
        return no_memory(err);
    g->codes = c;
    g->code_cap = cap;
    return XJ_OK;
}

void xji_gather_release(xji_gather *g)
{
    free(g->docs);
    free(g->tfs);
    free(g->codes);
    memset(g, 0, sizeof *g);
}

xj_status xji_lists_open(xji_lists *l, xj_dictionary dictionary, const xj_scale *scale, uint32_t n_passages, xj_error *err)
{
    l->n_passages = n_passages;
    l->characters = dictionary == XJ_PAIRS;
    if (l->characters && !(l->seen = calloc(n_passages / 64 + 1, sizeof *l->seen)))
        return no_memory(err);
    return xj_term_part_new(&l->part, dictionary, scale, err);
}

/* ---- rare characters ---- */

/* Sort by passage, keeping the order of equal ones: least significant digits first, as many as passages have. */
static void sort_entries(uint64_t **entry, uint64_t **scratch, size_t n, uint32_t n_passages)
{
    if (n < 48) {
        uint64_t *e = *entry;
        for (size_t i = 1; i < n; i++) {
            uint64_t v = e[i];
            size_t k = i;
            for (; k > 0 && e[k - 1] >> 32 > v >> 32; k--)
                e[k] = e[k - 1];
            e[k] = v;
        }
        return;
    }
    for (unsigned shift = 32; shift == 32 || n_passages >> (shift - 32); shift += 8) {
        size_t count[256] = {0}, at = 0;
        for (size_t i = 0; i < n; i++)
            count[(*entry)[i] >> shift & 255]++;
        for (size_t d = 0; d < 256; d++) {
            size_t c = count[d];
            count[d] = at;
            at += c;
        }
        for (size_t i = 0; i < n; i++)
            (*scratch)[count[(*entry)[i] >> shift & 255]++] = (*entry)[i];
        uint64_t *t = *entry;
        *entry = *scratch;
        *scratch = t;
        if (shift == 56)
            break;
    }
}

static void forget_character(xji_lists *l)
{
    for (size_t i = 0; i < l->n; i++)
        l->seen[(l->entry[i] >> 32) / 64] = 0;
    l->n = 0;
    l->n_seen = 0;
    l->common = false;
}

static xj_status close_character(xji_lists *l, xj_error *err)
{
    xj_status st = XJ_OK;
    if (l->n_seen > 0 && !l->common) {
        sort_entries(&l->entry, &l->scratch, l->n, l->n_passages);
        xji_gather *list = &l->character;
        st = xji_gather_reserve(list, l->n_seen, err);
        size_t n = 0;
        for (size_t i = 0; i < l->n && st == XJ_OK; i++) {
            uint32_t doc = (uint32_t)(l->entry[i] >> 32), tf = (uint32_t)l->entry[i];
            if (n > 0 && list->docs[n - 1] == doc) {
                list->tfs[n - 1] += tf;
            } else {
                list->docs[n] = doc;
                list->tfs[n++] = tf;
            }
        }
        const xj_term_postings t = {list->docs, list->tfs, (uint32_t)n, NULL};
        if (st == XJ_OK)
            st = xj_term_part_pair(l->part, XJ_PAIR_KEY(l->first, XJ_SECOND_LIST), &t, err);
    }
    forget_character(l);
    return st;
}

static xj_status add_to_character(xji_lists *l, const xj_term_postings *t, xj_error *err)
{
    if (l->common)
        return XJ_OK;
    if ((uint64_t)t->n * XJ_RARE_SHARE >= l->n_passages) { /* one of its terms is enough */
        forget_character(l);
        l->common = true;
        return XJ_OK;
    }
    if (l->n + t->n > l->cap) {
        size_t cap = l->cap ? l->cap : 1024;
        while (cap < l->n + t->n)
            cap *= 2;
        uint64_t *e = realloc(l->entry, cap * sizeof *e);
        if (e)
            l->entry = e;
        uint64_t *s = e ? realloc(l->scratch, cap * sizeof *s) : NULL;
        if (s)
            l->scratch = s;
        if (!s)
            return no_memory(err);
        l->cap = cap;
    }
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t doc = t->docs[i];
        l->entry[l->n++] = (uint64_t)doc << 32 | t->tfs[i];
        l->n_seen += (l->seen[doc / 64] >> (doc % 64) & 1) ^ 1;
        l->seen[doc / 64] |= (uint64_t)1 << (doc % 64);
    }
    if ((uint64_t)l->n_seen * XJ_RARE_SHARE >= l->n_passages) {
        forget_character(l);
        l->common = true;
    }
    return XJ_OK;
}

/* ---- terms ---- */

xj_status xji_lists_pair(xji_lists *l, uint32_t key, const xj_term_postings *postings, xj_error *err)
{
    xj_status st = XJ_OK;
    if (l->characters && key >> 16 != l->first) {
        st = close_character(l, err);
        l->first = key >> 16;
    }
    if (st == XJ_OK)
        st = xj_term_part_pair(l->part, key, postings, err);
    if (st == XJ_OK && l->characters)
        st = add_to_character(l, postings, err);
    return st;
}

xj_status xji_lists_string(xji_lists *l, const void *key, size_t n, const xj_term_postings *postings, xj_error *err)
{
    return xj_term_part_string(l->part, key, n, postings, err);
}

xj_status xji_lists_finish(xji_lists *l, xj_error *err)
{
    xj_status st = l->characters ? close_character(l, err) : XJ_OK;
    return st == XJ_OK ? xj_term_part_finish(l->part, err) : st;
}

void xji_lists_release(xji_lists *l)
{
    xj_term_part_free(l->part);
    xji_gather_release(&l->character);
    free(l->entry);
    free(l->scratch);
    free(l->seen);
    memset(l, 0, sizeof *l);
}
