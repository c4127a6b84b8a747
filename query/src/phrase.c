/*
 * Phrases by adjacency chains. For each neighbouring pair of units the index holds a list; the lists are intersected from
 * the rarest on, and in each common passage the adjacency codes are chained: AB and BC stand side by side exactly when
 * AB's second occurrence number equals BC's first. Numbers end at XJ_CODE_FULL; a passage where that could matter, a phrase
 * with breaking characters, and one whose script must be exact are verified in the text.
 */
#include "phrase.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xj/fold.h"
#include "xj/utf8.h"

bool xji_clock_expired(xji_clock *c)
{
    if (c->deadline_ns == 0 || c->expired || (c->ticks++ & 1023) != 0)
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

/* ---- verification ---- */

xj_status xji_verifier_load(xji_verifier *v, xj_segment *seg, uint32_t doc, unsigned flags, xj_error *err)
{
    xj_status st = xj_segment_record(seg, XJ_STORE_TEXT, doc, &v->record, err);
    if (st != XJ_OK)
        return st;
    xj_rd r = xj_rd_of(v->record.data, v->record.n);
    uint64_t n = xj_rd_varint(&r);
    const uint8_t *s = n <= v->record.n ? xj_rd_take(&r, (size_t)n) : NULL;
    if (!s)
        return xj_record_place(&v->record, xj_fail(err, XJ_ECORRUPT, "a passage record that is cut short"), err);
    if (n + 1 > v->cap) {
        uint32_t *p = realloc(v->cp, (size_t)(n + 1) * sizeof *p);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for a passage");
        v->cp = p;
        v->cap = (size_t)n + 1;
    }
    size_t n_cp = 0;
    for (size_t i = 0; i < n; n_cp++)
        i += xj_utf8_decode(s + i, (size_t)n - i, &v->cp[n_cp], NULL);
    return xj_units_read(&v->units, v->cp, n_cp, flags, err);
}

uint32_t xji_verifier_count(const xji_verifier *v, const xj_query *q, const xji_phrase *p)
{
    const xj_units *wanted = q->flags & XJ_QUERY_EXACT_SCRIPT ? &p->exact : &p->units;
    uint32_t n = 0;
    size_t k = 0; /* units of the phrase that end at the unit in hand */
    for (size_t i = 0; i < v->units.n; i++) {
        while (k > 0 && !xj_units_equal(&v->units, i, wanted, k))
            k = p->border[k - 1];
        k += xj_units_equal(&v->units, i, wanted, k);
        if (k == wanted->n) {
            n++;
            k = p->border[k - 1];
        }
    }
    return n;
}

void xji_verifier_release(xji_verifier *v)
{
    xj_record_release(&v->record);
    free(v->cp);
    xj_units_release(&v->units);
    memset(v, 0, sizeof *v);
}

/* ---- lists of single units ---- */

static xj_status term_list(xj_segment *seg, const xj_term *term, xji_clock *clock, xji_list *out, xj_error *err)
{
    xj_postings it;
    xj_status st = xj_postings_open(&it, seg, term, err);
    while (st == XJ_OK && it.doc != XJ_DOC_END && !xji_clock_expired(clock)) {
        st = xji_list_put(out, it.doc, it.tf, err);
        if (st == XJ_OK)
            st = xj_postings_next(&it, err);
    }
    return st;
}

/* Add a term's postings to the occurrences by passage, which are made with the first. */
static xj_status add_term(xj_segment *seg, const xj_term *term, uint32_t **count, xj_error *err)
{
    uint64_t n_passages = xj_segment_stats_of(seg)->n_passages;
    xj_postings it;
    if (!*count && !(*count = calloc((size_t)n_passages, sizeof **count)))
        return xj_fail(err, XJ_ENOMEM, "no memory to count a character in %llu passages", (unsigned long long)n_passages);
    xj_status st = xj_postings_open(&it, seg, term, err);
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
    while (st == XJ_OK && !c.done && c.first == cp && !xji_clock_expired(clock)) {
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
    while (st == XJ_OK && !c.done && c.n > n && memcmp(c.key, key, n) == 0 && !xji_clock_expired(clock)) {
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

xj_status xji_char_list(xj_segment *seg, uint32_t cp, xji_clock *clock, xji_list *out, xj_error *err)
{
    xj_term term;
    uint32_t *count = NULL;
    uint64_t n_passages = xj_segment_stats_of(seg)->n_passages;
    xj_status st = xj_segment_character(seg, cp, &term, err);
    if (st == XJ_OK)
        st = add_far(seg, cp, clock, &count, err);
    if (st == XJ_OK && term.df > 0 && !count)
        return term_list(seg, &term, clock, out, err);
    /* A common character has no list of its own, but it is the first of exactly one token wherever it stands: a pair, or a
     * single when no character follows. */
    if (st == XJ_OK)
        st = term.df > 0 ? add_term(seg, &term, &count, err) : add_pairs(seg, cp, clock, &count, err);
    for (uint32_t d = 0; count && d < n_passages && st == XJ_OK; d++)
        if (count[d])
            st = xji_list_put(out, d, count[d], err);
    free(count);
    return st;
}

/* ---- chains ---- */

/* One neighbouring pair of units of the phrase. */
typedef struct link {
    xj_postings it;
} link;

static size_t unit_key(const xj_units *u, size_t i, uint8_t *out)
{
    if (u->unit[i].kind == XJ_UNIT_CHAR)
        return xj_utf8_encode(out, u->unit[i].cp);
    memcpy(out, u->words + u->unit[i].word_off, u->unit[i].word_len);
    return u->unit[i].word_len;
}

static xj_status pair_term(xj_segment *seg, const xj_units *u, size_t i, xj_term *term, xj_error *err)
{
    if (u->unit[i].kind == XJ_UNIT_CHAR && u->unit[i + 1].kind == XJ_UNIT_CHAR)
        return xj_segment_pair(seg, XJ_BODY, u->unit[i].cp, u->unit[i + 1].cp, term, err);
    uint8_t key[XJ_KEY_MAX + 16];
    size_t n = 0;
    key[n++] = XJ_KEY_PAIR;
    n += unit_key(u, i, key + n);
    key[n++] = XJ_KEY_JOINT;
    n += unit_key(u, i + 1, key + n);
    return xj_segment_word(seg, XJ_BODY, key, n, term, err);
}

/* Most occurrences of a pair in a passage that are chained; with more, some number of theirs is full. */
enum { CODES_MAX = XJ_CODE_FULL + 1 };

/*
 * Number of chains through the links' codes in the current passage; *unsure when full codes could make it wrong. Both halves
 * of a posting's codes ascend, so chains are joined like sorted lists.
 */
static xj_status count_chains(link *l, size_t n, uint32_t *count, bool *unsure, xj_error *err)
{
    uint8_t reach[CODES_MAX]; /* occurrences of the last unit at which a chain so far ends, ascending */
    uint16_t codes[CODES_MAX];
    uint32_t n_reach = 0, n_codes;
    *count = 0;
    *unsure = false;
    for (size_t i = 0; i < n; i++) {
        if (l[i].it.tf >= CODES_MAX) {
            *unsure = true;
            return XJ_OK;
        }
        xj_status st = xj_postings_codes(&l[i].it, codes, CODES_MAX, &n_codes, err);
        if (st != XJ_OK)
            return st;
        uint32_t last = codes[n_codes - 1], n_next = 0;
        if (last >> 8 == XJ_CODE_FULL || (last & 255) == XJ_CODE_FULL) {
            *unsure = true;
            return XJ_OK;
        }
        for (uint32_t k = 0, at = 0; k < n_codes; k++) {
            if (i > 0) {
                while (at < n_reach && reach[at] < codes[k] >> 8)
                    at++;
                if (at == n_reach)
                    break;
                if (reach[at] != codes[k] >> 8)
                    continue;
                at++;
            }
            reach[n_next++] = (uint8_t)codes[k]; /* never beyond what was read */
        }
        n_reach = n_next;
        if (n_reach == 0)
            return XJ_OK;
    }
    *count = n_reach;
    return XJ_OK;
}

static int by_df(const void *a, const void *b)
{
    uint32_t x = (*(link *const *)a)->it.term.df, y = (*(link *const *)b)->it.term.df;
    return (x > y) - (x < y);
}

/* Move all links to the first common passage at or after the first's; false when there is none. */
static xj_status align(link **order, size_t n, bool *found, xj_error *err)
{
    *found = false;
    for (;;) {
        uint32_t doc = order[0]->it.doc;
        size_t k = 1;
        if (doc == XJ_DOC_END)
            return XJ_OK;
        for (; k < n; k++) {
            xj_status st = xj_postings_seek(&order[k]->it, doc, err);
            if (st != XJ_OK)
                return st;
            if (order[k]->it.doc != doc)
                break;
        }
        if (k == n) {
            *found = true;
            return XJ_OK;
        }
        if (order[k]->it.doc == XJ_DOC_END)
            return XJ_OK;
        xj_status st = xj_postings_seek(&order[0]->it, order[k]->it.doc, err);
        if (st != XJ_OK)
            return st;
    }
}

static xj_status verify(xji_verifier *v, const xj_query *q, const xji_phrase *p, xj_segment *seg, uint32_t doc,
                        uint32_t *count, xj_error *err)
{
    bool exact = q->flags & XJ_QUERY_EXACT_SCRIPT;
    xj_status st = xji_verifier_load(v, seg, doc, exact ? XJ_UNITS_EXACT_SCRIPT : 0, err);
    *count = st == XJ_OK ? xji_verifier_count(v, q, p) : 0;
    return st;
}

static xj_status walk_links(const xj_query *q, const xji_phrase *p, xj_segment *seg, link *l, link **order, size_t n,
                            bool must_verify, xji_verifier *v, xji_clock *clock, xji_list *out, xj_error *err)
{
    for (;;) {
        bool found, unsure = must_verify;
        uint32_t count = 0;
        xj_status st = align(order, n, &found, err);
        if (st != XJ_OK || !found || xji_clock_expired(clock))
            return st;
        uint32_t doc = order[0]->it.doc;
        if (!unsure && n == 1)
            count = l[0].it.tf;
        else if (!unsure)
            st = count_chains(l, n, &count, &unsure, err);
        if (st == XJ_OK && unsure)
            st = verify(v, q, p, seg, doc, &count, err);
        if (st == XJ_OK && count > 0)
            st = xji_list_put(out, doc, count, err);
        if (st == XJ_OK)
            st = xj_postings_next(&order[0]->it, err);
        if (st != XJ_OK)
            return st;
    }
}

static xj_status pairs_list(const xj_query *q, const xji_phrase *p, xj_segment *seg, xji_verifier *v, xji_clock *clock,
                            xji_list *out, xj_error *err)
{
    const xj_units *u = &p->units;
    bool must_verify = p->n_pairs + 1 != u->n || (q->flags & XJ_QUERY_EXACT_SCRIPT);
    link *l = malloc(p->n_pairs * sizeof *l);
    link **order = malloc(p->n_pairs * sizeof(link *));
    xj_status st = l && order ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for a phrase");
    size_t n = 0;
    bool absent = false;
    for (size_t i = 0; i + 1 < u->n && st == XJ_OK && !absent; i++) {
        if (u->unit[i].kind == XJ_UNIT_BREAK || u->unit[i + 1].kind == XJ_UNIT_BREAK)
            continue;
        xj_term term;
        st = pair_term(seg, u, i, &term, err);
        absent = st == XJ_OK && term.df == 0;
        if (st == XJ_OK && !absent)
            st = xj_postings_open(&l[n].it, seg, &term, err);
        if (st == XJ_OK && !absent) {
            order[n] = &l[n];
            n++;
        }
    }
    if (st == XJ_OK && !absent) {
        qsort(order, n, sizeof(link *), by_df);
        st = walk_links(q, p, seg, l, order, n, must_verify, v, clock, out, err);
    }
    free(l);
    free(order);
    return st;
}

/* A phrase without pairs: single units, perhaps with breaking characters around and between them. */
static xj_status singles_list(const xj_query *q, const xji_phrase *p, xj_segment *seg, xji_verifier *v, xji_clock *clock,
                              xji_list *out, xj_error *err)
{
    const xj_units *u = &p->units;
    /* A word narrows more, and costs less, than a character. */
    size_t pick = SIZE_MAX;
    for (size_t i = 0; i < u->n; i++)
        if (u->unit[i].kind == XJ_UNIT_WORD || (u->unit[i].kind == XJ_UNIT_CHAR && pick == SIZE_MAX))
            if (pick == SIZE_MAX || u->unit[pick].kind != XJ_UNIT_WORD)
                pick = i;
    xji_list candidates = {0};
    xj_status st;
    if (u->unit[pick].kind == XJ_UNIT_CHAR) {
        st = xji_char_list(seg, u->unit[pick].cp, clock, &candidates, err);
    } else {
        uint8_t key[XJ_KEY_MAX];
        xj_term term;
        key[0] = XJ_KEY_WORD;
        size_t n = 1 + unit_key(u, pick, key + 1);
        st = xj_segment_word(seg, XJ_BODY, key, n, &term, err);
        if (st == XJ_OK)
            st = term_list(seg, &term, clock, &candidates, err);
    }
    if (st == XJ_OK && u->n == 1 && !(q->flags & XJ_QUERY_EXACT_SCRIPT)) {
        *out = candidates;
        return XJ_OK;
    }
    for (size_t i = 0; i < candidates.n && st == XJ_OK && !xji_clock_expired(clock); i++) {
        uint32_t count;
        st = verify(v, q, p, seg, candidates.doc[i], &count, err);
        if (st == XJ_OK && count > 0)
            st = xji_list_put(out, candidates.doc[i], count, err);
    }
    xji_list_release(&candidates);
    return st;
}

xj_status xji_phrase_list(const xj_query *q, const xji_phrase *p, xj_segment *seg, xji_verifier *v, xji_clock *clock,
                          xji_list *out, xj_error *err)
{
    return p->n_pairs > 0 ? pairs_list(q, p, seg, v, clock, out, err) : singles_list(q, p, seg, v, clock, out, err);
}
