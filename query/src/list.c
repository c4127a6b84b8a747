#include "list.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xj/fold.h"
#include "xj/utf8.h"

bool xji_clock_ask(xji_clock *c)
{
    if (c->deadline_ns == 0 || c->expired)
        return c->expired;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    c->expired = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec >= c->deadline_ns;
    return c->expired;
}

xj_status xji_list_put(xji_list *l, uint32_t doc, uint32_t count, xj_error *err)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 64;
        uint32_t *d = realloc(l->doc, cap * sizeof *d);
        if (d)
            l->doc = d;
        uint32_t *c = d ? realloc(l->count, cap * sizeof *c) : NULL;
        if (c)
            l->count = c;
        if (!c)
            return xj_fail(err, XJ_ENOMEM, "no memory for %zu passages", cap);
        l->cap = cap;
    }
    l->doc[l->n] = doc;
    l->count[l->n++] = count;
    return XJ_OK;
}

void xji_list_release(xji_list *l)
{
    free(l->doc);
    free(l->count);
    *l = (xji_list){0};
}

size_t xji_list_seek(const xji_list *l, size_t from, uint32_t doc)
{
    size_t step = 1, lo = from, hi = from;
    while (hi < l->n && l->doc[hi] < doc) {
        lo = hi + 1;
        hi += step;
        step *= 2;
    }
    if (hi > l->n)
        hi = l->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (l->doc[mid] < doc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* ---- characters ---- */

/* Add a term's postings to the occurrences by passage, which are made with the first. */
static xj_status add_term(xj_segment *seg, const xj_term *term, uint32_t **count, xj_error *err)
{
    uint64_t n_passages = xj_segment_stats_of(seg)->n_passages;
    xj_postings it;
    if (!*count && !(*count = calloc((size_t)n_passages, sizeof **count)))
        return xj_fail(err, XJ_ENOMEM, "no memory to count a character in %llu passages", (unsigned long long)n_passages);
    xj_status st = xj_postings_open_cached(&it, seg, term, err);
    while (st == XJ_OK && it.doc != XJ_DOC_END) {
        (*count)[it.doc] += it.tf;
        st = xj_postings_next(&it, err);
    }
    return st;
}

static xj_status add_pairs(xj_segment *seg, uint32_t cp, xji_clock *clock, uint32_t **count, xj_error *err)
{
    xj_term_cursor c;
    xj_status st = xj_term_cursor_pair(&c, seg, XJ_BODY, cp, err);
    while (st == XJ_OK && !c.done && c.first == cp && !xji_clock_ask(clock)) {
        if (c.second != XJ_SECOND_LIST)
            st = add_term(seg, &c.term, count, err);
        if (st == XJ_OK)
            st = xj_term_cursor_next(&c, err);
    }
    return st;
}

/* Pairs with a character beyond the BMP, and its single, are string terms. */
static xj_status add_far(xj_segment *seg, uint32_t cp, xji_clock *clock, uint32_t **count, xj_error *err)
{
    uint8_t key[8];
    size_t n = 0;
    xj_term_cursor c;
    xj_status st = XJ_OK;
    if (cp > 0xFFFF) {
        xj_term single;
        st = xj_segment_pair(seg, XJ_BODY, cp, 0, &single, err);
        if (st == XJ_OK && single.df > 0)
            st = add_term(seg, &single, count, err);
    }
    key[n++] = XJ_KEY_PAIR;
    n += xj_utf8_encode(key + n, cp);
    key[n++] = XJ_KEY_JOINT;
    key[n] = 0xF0; /* the first byte of what lies beyond */
    if (st == XJ_OK)
        st = xj_term_cursor_word(&c, seg, XJ_BODY, key, cp > 0xFFFF ? n : n + 1, err);
    while (st == XJ_OK && !c.done && c.n > n && memcmp(c.key, key, n) == 0 && !xji_clock_ask(clock)) {
        /* A word after the character leaves it a single, which was counted. */
        uint32_t second;
        size_t k = xj_utf8_decode(c.key + n, c.n - n, &second, NULL);
        if (k == c.n - n && xj_class_of(second) == XJ_CLASS_CHAR)
            st = add_term(seg, &c.term, count, err);
        if (st == XJ_OK)
            st = xj_term_cursor_next(&c, err);
    }
    return st;
}

xj_status xji_list_of_character(xj_segment *seg, uint32_t cp, xji_clock *clock, xj_term *term, xji_list *out, xj_error *err)
{
    uint32_t *count = NULL;
    uint64_t n_passages = xj_segment_stats_of(seg)->n_passages;
    xj_status st = xj_segment_character(seg, cp, term, err);
    if (st == XJ_OK)
        st = add_far(seg, cp, clock, &count, err);
    if (st == XJ_OK && term->df > 0 && !count)
        return XJ_OK;
    /* A common character has no list of its own, but it is the first of exactly one token wherever it stands: a pair, or a
     * single when no character follows. */
    if (st == XJ_OK)
        st = term->df > 0 ? add_term(seg, term, &count, err) : add_pairs(seg, cp, clock, &count, err);
    term->df = 0;
    for (uint32_t d = 0; count && d < n_passages && st == XJ_OK; d++)
        if (count[d])
            st = xji_list_put(out, d, count[d], err);
    free(count);
    return st;
}
