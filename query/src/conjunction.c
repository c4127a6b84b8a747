#include "conjunction.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "xj/kernels.h"
#include "xj/utf8.h"

/* ---- arms ---- */

void xji_arm_init(xji_arm *a, xj_segment *seg, const xj_term *term, const xji_list *list)
{
    a->list = list;
    a->at = a->from = 0;
    a->it.seg = seg;
    a->df = list ? (uint32_t)list->n : term->df;
    if (!list)
        a->it.term = *term;
    a->done = a->df == 0;
    a->opened = false;
    a->codes = NULL;
    a->codes_of = UINT32_MAX;
}

static xj_status open_arm(xji_arm *a, xj_error *err)
{
    a->opened = true;
    if (a->list || a->done)
        return XJ_OK;
    xj_term term = a->it.term;
    return xj_postings_open_unread(&a->it, a->it.seg, &term, err);
}

/* The passages of the block in hand; none before the first one of a long list is read. */
static const uint32_t *docs_of(const xji_arm *a, size_t *n)
{
    if (a->list) {
        *n = a->list->n - a->at < XJ_BLOCK ? a->list->n - a->at : XJ_BLOCK;
        return a->list->doc + a->at;
    }
    *n = a->it.n;
    return xj_postings_block(&a->it)->doc;
}

/* Make the block in hand one that ends at or after doc, and stand within it at or before the first passage from doc on. */
static xj_status reach(xji_arm *a, uint32_t doc, xj_error *err)
{
    size_t n;
    xj_status st = a->opened ? XJ_OK : open_arm(a, err);
    if (st != XJ_OK || a->done)
        return st;
    const uint32_t *docs = docs_of(a, &n);
    if (n > 0 && docs[n - 1] >= doc)
        return XJ_OK;
    a->from = 0;
    if (a->list) {
        a->at = xji_list_seek(a->list, a->at + n, doc);
        a->done = a->at >= a->list->n;
        return XJ_OK;
    }
    uint32_t block = a->it.n_blocks, first = n > 0 ? a->it.block + 1 : 0;
    if (first < a->it.n_blocks)
        st = xj_postings_find(&a->it, first, doc, &block, err);
    if (st == XJ_OK && block < a->it.n_blocks)
        return xj_postings_load(&a->it, block, err);
    a->done = true;
    return st;
}

/* Number in the list of entry i of the block in hand. */
static uint32_t place_of(const xji_arm *a, size_t i)
{
    return a->list ? (uint32_t)(a->at + i) : a->it.block * XJ_BLOCK + (uint32_t)i;
}

/* The first passage that may be left. */
static uint32_t next_of(const xji_arm *a)
{
    size_t n;
    if (a->done)
        return XJ_DOC_END;
    const uint32_t *docs = docs_of(a, &n);
    return n > 0 ? docs[a->from] : 0;
}

static xj_status tf_at(const xji_arm *a, uint32_t place, uint32_t *tf, xj_error *err)
{
    if (a->list) {
        *tf = a->list->count[place];
        return XJ_OK;
    }
    *tf = xj_postings_block_at(&a->it, place / XJ_BLOCK)->tf[place % XJ_BLOCK];
    return *tf < XJ_TF_MANY ? XJ_OK : xj_postings_tf(&a->it, place / XJ_BLOCK, place % XJ_BLOCK, tf, err);
}

xj_status xji_arm_tfs(xji_arm *a, const uint32_t *docs, size_t n, uint32_t *tf, xj_error *err)
{
    xj_met met;
    memset(tf, 0, n * sizeof *tf);
    for (size_t i = 0; i < n;) {
        size_t m;
        xj_status st = reach(a, docs[i], err);
        if (st != XJ_OK || a->done)
            return st;
        const uint32_t *have = docs_of(a, &m);
        size_t used = xj_meet(docs + i, n - i, have, m, &a->from, &met);
        for (size_t k = 0; k < met.n && st == XJ_OK; k++)
            st = tf_at(a, place_of(a, met.where[k]), &tf[i + met.which[k]], err);
        if (st != XJ_OK)
            return st;
        i += used;
    }
    return XJ_OK;
}

xj_status xji_arm_next(xji_arm *a, uint32_t doc, uint32_t *first, xj_error *err)
{
    size_t n;
    *first = XJ_DOC_END;
    xj_status st = reach(a, doc, err);
    if (st != XJ_OK || a->done)
        return st;
    const uint32_t *docs = docs_of(a, &n);
    while (docs[a->from] < doc)
        a->from++;
    *first = docs[a->from];
    return XJ_OK;
}

xj_status xji_arm_skip(xji_arm *a, uint32_t doc, uint32_t *first, xj_error *err)
{
    uint32_t block, last;
    uint8_t impact;
    *first = XJ_DOC_END;
    if (a->done)
        return XJ_OK;
    if (a->list || !a->opened || a->it.n_blocks == 1)
        return xji_arm_next(a, doc, first, err);
    xj_status st = xj_postings_find(&a->it, a->it.block, doc, &block, err);
    if (st != XJ_OK || block == a->it.n_blocks) {
        a->done = true;
        return st;
    }
    if (block == a->it.block)
        return xji_arm_next(a, doc, first, err);
    /* Somewhere in that block: not before the end of the one before it. */
    st = xj_postings_bound(&a->it, block - 1, &last, &impact, err);
    *first = last + 1 > doc ? last + 1 : doc;
    return st;
}

xj_status xji_arm_span(xji_arm *a, uint32_t end, xji_span *out, uint32_t *tfs, xj_error *err)
{
    size_t n, to;
    const uint32_t *docs = docs_of(a, &n);
    const xj_block *b = a->list ? NULL : xj_postings_block(&a->it);
    for (to = n; docs[to - 1] >= end; to--)
        ;
    *out = (xji_span){docs + a->from, b ? b->tf + a->from : NULL, b ? NULL : a->list->count + a->at + a->from, to - a->from};
    xj_status st = XJ_OK;
    if (b && b->many && tfs) {
        for (size_t i = a->from; i < to && st == XJ_OK; i++)
            st = tf_at(a, place_of(a, i), &tfs[i - a->from], err);
        out->tf8 = NULL;
        out->tf = tfs;
    }
    a->from = to - 1;
    return st;
}

/* Leave in the batch what stands in the arm's list. */
static xj_status narrow(xji_arm *a, xji_batch *b, xj_error *err)
{
    xj_met met;
    size_t left = 0;
    for (size_t i = 0; i < b->n;) {
        size_t m;
        xj_status st = reach(a, b->doc[i], err);
        if (st != XJ_OK)
            return st;
        if (a->done)
            break;
        const uint32_t *have = docs_of(a, &m);
        size_t used = xj_meet(b->doc + i, b->n - i, have, m, &a->from, &met);
        uint32_t base = place_of(a, 0);
        for (size_t k = 0; k < met.n; k++, left++) { /* left never passes i + which[k] */
            uint8_t slot = b->slot[i + met.which[k]];
            b->doc[left] = b->doc[i + met.which[k]];
            b->slot[left] = slot;
            a->place[slot] = base + met.where[k];
        }
        i += used;
    }
    b->n = left;
    return XJ_OK;
}

/* ---- making ---- */

void xji_conjunction_init(xji_conjunction *c, const xj_query *q, xj_segment *seg, const xj_term *terms, xji_verifier *v,
                          xji_scratch *scratch, xji_clock *clock)
{
    memset(c, 0, offsetof(xji_conjunction, length));
    c->q = q;
    c->seg = seg;
    c->terms = terms;
    c->verifier = v;
    c->scratch = scratch;
    c->clock = clock;
}

void xji_conjunction_release(xji_conjunction *c)
{
    for (size_t i = 0; i < c->n_made; i++)
        xji_list_release(c->made[i]);
    c->n_made = 0;
}

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory for the query");
}

/* Room for one more pointer or struct behind n of them. */
static bool grow(xji_scratch *s, void **p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 8;
    void *q = xji_take(s, more, size);
    if (!q)
        return false;
    if (n > 0)
        memcpy(q, *p, n * size);
    *p = q;
    *cap = more;
    return true;
}

static xj_status add_arm(xji_conjunction *c, const xj_term *term, const xji_list *list, uint32_t *number, xj_error *err)
{
    void *arms = c->arm;
    bool room = grow(c->scratch, &arms, c->n_arms, &c->arm_cap, sizeof *c->arm);
    c->arm = arms;
    xji_arm *a = room ? xji_take(c->scratch, 1, sizeof *a) : NULL;
    if (!a)
        return no_memory(err);
    xji_arm_init(a, c->seg, term, list);
    c->empty = c->empty || a->df == 0;
    *number = (uint32_t)c->n_arms;
    c->arm[c->n_arms++] = a;
    return XJ_OK;
}

/* One list has one place in the postings, or is one passage: that tells terms apart. */
static bool same_term(const xj_term *a, const xj_term *b)
{
    return a->df == b->df && a->is_inline == b->is_inline && a->has_codes == b->has_codes &&
           (a->is_inline ? a->passage == b->passage && a->code == b->code
                         : a->page == b->page && a->header_at == b->header_at && a->noise_at == b->noise_at);
}

/* Lists that come again later than that are met twice: queries with so many are rare, and must not take quadratic time. */
enum { LOOK_BACK = 64 };

size_t xji_conjunction_arm_of(const xji_conjunction *c, const xj_term *term)
{
    for (size_t i = 0; i < c->n_arms && i < LOOK_BACK && term->df > 0; i++)
        if (!c->arm[i]->list && same_term(&c->arm[i]->it.term, term))
            return i;
    return SIZE_MAX;
}

static xj_status add_term(xji_conjunction *c, const xj_term *term, uint32_t *number, xj_error *err)
{
    size_t k = xji_conjunction_arm_of(c, term);
    if (k == SIZE_MAX)
        return add_arm(c, term, NULL, number, err);
    *number = (uint32_t)k;
    return XJ_OK;
}

xj_status xji_conjunction_list(xji_conjunction *c, const xji_list *l, xj_error *err)
{
    uint32_t number;
    return add_arm(c, NULL, l, &number, err);
}

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

static xj_status word_term(xj_segment *seg, const xj_units *u, size_t i, xj_term *term, xj_error *err)
{
    uint8_t key[XJ_KEY_MAX];
    key[0] = XJ_KEY_WORD;
    size_t n = 1 + unit_key(u, i, key + 1);
    return xj_segment_word(seg, XJ_BODY, key, n, term, err);
}

xj_status xji_conjunction_made(xji_conjunction *c, xji_list **out, xj_error *err)
{
    void *made = c->made;
    bool room = grow(c->scratch, &made, c->n_made, &c->made_cap, sizeof *c->made);
    c->made = made;
    *out = room ? xji_take_zero(c->scratch, 1, sizeof **out) : NULL;
    if (!*out)
        return no_memory(err);
    c->made[c->n_made++] = *out;
    return XJ_OK;
}

static xj_status add_character(xji_conjunction *c, uint32_t cp, uint32_t *number, xj_error *err)
{
    xji_list *l;
    xj_term term;
    xj_status st = xji_conjunction_made(c, &l, err);
    if (st == XJ_OK)
        st = xji_list_of_character(c->seg, cp, c->clock, &term, l, err);
    if (st != XJ_OK)
        return st;
    return term.df > 0 ? add_term(c, &term, number, err) : add_arm(c, NULL, l, number, err);
}

/* A phrase without pairs: single units, perhaps with breaking characters around and between them. */
static xj_status add_single(xji_conjunction *c, const xj_units *u, uint32_t *number, xj_error *err)
{
    /* A word narrows more, and costs less, than a character. */
    size_t pick = SIZE_MAX;
    for (size_t i = 0; i < u->n; i++)
        if (u->unit[i].kind == XJ_UNIT_WORD || (u->unit[i].kind == XJ_UNIT_CHAR && pick == SIZE_MAX))
            if (pick == SIZE_MAX || u->unit[pick].kind != XJ_UNIT_WORD)
                pick = i;
    if (u->unit[pick].kind == XJ_UNIT_CHAR)
        return add_character(c, u->unit[pick].cp, number, err);
    xj_term term;
    xj_status st = word_term(c->seg, u, pick, &term, err);
    return st == XJ_OK ? add_term(c, &term, number, err) : st;
}

xj_status xji_phrase_term(xj_segment *seg, const xji_phrase *p, xj_term *term, xj_error *err)
{
    return p->n_text == 2 ? pair_term(seg, &p->units, 0, term, err) : word_term(seg, &p->units, 0, term, err);
}

/* The term of the pair at unit i, which is pair number k of the phrase. */
static xj_status find_pair(xji_conjunction *c, const xji_phrase *p, size_t i, size_t k, xj_term *term, xj_error *err)
{
    const xj_units *u = &p->units;
    /* In a phrase of characters alone every pair is a token: it was looked up. */
    if (c->terms && p->n_tokens == p->n_pairs && c->q->token[p->token[k]].kind == XJI_TOKEN_PAIR &&
        u->unit[i].kind == XJ_UNIT_CHAR && c->q->token[p->token[k]].first == u->unit[i].cp &&
        c->q->token[p->token[k]].second == u->unit[i + 1].cp) {
        *term = c->terms[p->token[k]];
        return XJ_OK;
    }
    return pair_term(c->seg, u, i, term, err);
}

/*
 * What a phrase with breaking characters asks for besides its pairs: characters that no character follows, which the index has as
 * singles, and words that stand alone. *any: there is one.
 */
static xj_status add_ends(xji_conjunction *c, const xj_units *u, bool *any, xj_error *err)
{
    for (size_t i = 0; i < u->n && !c->empty; i++) {
        bool ends = i + 1 < u->n && u->unit[i + 1].kind == XJ_UNIT_BREAK;
        bool begins = i == 0 || u->unit[i - 1].kind == XJ_UNIT_BREAK;
        bool is_word = u->unit[i].kind == XJ_UNIT_WORD;
        xj_term term;
        uint32_t number;
        xj_status st;
        if (u->unit[i].kind == XJ_UNIT_CHAR && ends)
            st = xj_segment_pair(c->seg, XJ_BODY, u->unit[i].cp, 0, &term, err);
        else if (is_word && begins && (ends || i + 1 == u->n))
            st = word_term(c->seg, u, i, &term, err);
        else
            continue;
        if (st == XJ_OK)
            st = add_term(c, &term, &number, err);
        if (st != XJ_OK)
            return st;
        *any = true;
    }
    return XJ_OK;
}

xj_status xji_conjunction_phrase(xji_conjunction *c, const xji_phrase *p, size_t *chain, xj_error *err)
{
    const xj_units *u = &p->units;
    void *chains = c->chain;
    bool room = grow(c->scratch, &chains, c->n_chains, &c->chain_cap, sizeof *c->chain);
    c->chain = chains;
    if (!room)
        return no_memory(err);
    xji_chain *l = &c->chain[c->n_chains];
    *l = (xji_chain){.phrase = p, .verify = (c->q->flags & XJ_QUERY_EXACT_SCRIPT) || p->n_pairs + 1 != u->n};
    l->arm = xji_take(c->scratch, p->n_pairs + 1, sizeof *l->arm);
    if (!l->arm)
        return no_memory(err);
    *chain = c->n_chains++;
    bool any = false;
    xj_status st = l->verify ? add_ends(c, u, &any, err) : XJ_OK;
    if (st != XJ_OK || (p->n_pairs == 0 && any))
        return st;
    if (p->n_pairs == 0) {
        l->n = 1;
        return add_single(c, u, &l->arm[0], err);
    }
    for (size_t i = 0; i + 1 < u->n && !c->empty; i++) {
        xj_term term;
        if (u->unit[i].kind == XJ_UNIT_BREAK || u->unit[i + 1].kind == XJ_UNIT_BREAK)
            continue;
        st = find_pair(c, p, i, l->n, &term, err);
        if (st == XJ_OK)
            st = add_term(c, &term, &l->arm[l->n], err);
        if (st != XJ_OK)
            return st;
        l->n++;
    }
    return XJ_OK;
}

/* ---- bounds ---- */

xj_status xji_conjunction_bound(xji_conjunction *c, const xji_bounds *bounds, const double *scale, xj_error *err)
{
    c->bounds = bounds;
    c->gain = xji_take_zero(c->scratch, c->n_arms, sizeof *c->gain);
    if (!c->gain)
        return no_memory(err);
    for (size_t i = 0; i < c->n_arms; i++)
        c->gain[i].scale = scale[i];
    return XJ_OK;
}

/* Sets the bound of what arm i gives to passages in [first, last]. first does not descend from call to call. */
static xj_status bound_arm(xji_conjunction *c, size_t i, uint32_t first, uint32_t last, xj_error *err)
{
    xji_gain *g = &c->gain[i];
    const xji_arm *a = c->arm[i];
    uint8_t impact = 0, most = 0;
    uint32_t end = 0;
    if (a->list || a->it.term.df <= XJ_BLOCK) {
        g->most = g->scale * c->bounds->most;
        return XJ_OK;
    }
    xj_status st = xj_postings_find(&a->it, g->at, first, &g->at, err);
    for (uint32_t k = g->at; k < a->it.n_blocks && end < last && st == XJ_OK; k++) {
        st = xj_postings_bound(&a->it, k, &end, &impact, err);
        most = impact > most ? impact : most;
    }
    g->most = g->scale * c->bounds->by_impact[most];
    return st;
}

/* Bound of the part of a posting. */
static double part_of(const xji_bounds *b, uint32_t tf, uint8_t length)
{
    return tf <= b->n_rows ? b->part[tf - 1][length] : b->most;
}

/* Leave in the batch what can still reach the floor when the arms not met yet give `rest`. */
static void drop_low(xji_conjunction *c, xji_batch *b, double rest)
{
    size_t left = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->doc[left] = b->doc[i];
        b->slot[left] = b->slot[i];
        left += c->partial[b->slot[i]] + rest >= c->floor;
    }
    b->n = left;
}

/* Add what arm number `arm`, which is met, gives to the passages of the batch. */
static xj_status add_partial(xji_conjunction *c, size_t arm, const xji_batch *b, xj_error *err)
{
    uint32_t tf[XJ_BLOCK];
    xj_status st = xji_conjunction_tfs(c, arm, b, tf, err);
    for (size_t i = 0; i < b->n && st == XJ_OK; i++)
        c->partial[b->slot[i]] += c->gain[arm].scale * part_of(c->bounds, tf[i], c->length[b->slot[i]]);
    return st;
}

/* ---- passages ---- */

static int by_df(const void *a, const void *b)
{
    const xji_arm *x = *(xji_arm *const *)a, *y = *(xji_arm *const *)b;
    if (x->df != y->df)
        return x->df < y->df ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static xj_status start(xji_conjunction *c, xj_error *err)
{
    c->order = xji_take(c->scratch, c->n_arms, sizeof *c->order);
    xji_arm **sorted = xji_take(c->scratch, c->n_arms, sizeof *sorted);
    if (!c->order || !sorted)
        return no_memory(err);
    for (size_t i = 0; i < c->n_arms; i++) {
        sorted[i] = c->arm[i];
        sorted[i]->number = (uint32_t)i;
    }
    qsort(sorted, c->n_arms, sizeof *sorted, by_df);
    for (size_t i = 0; i < c->n_arms; i++)
        c->order[i] = sorted[i]->number;
    c->started = true;
    for (size_t i = 0; i < c->n_arms && !c->empty; i++) {
        xj_status st = open_arm(c->arm[i], err);
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

xj_status xji_conjunction_rewind(xji_conjunction *c, xj_error *err)
{
    xj_status st = XJ_OK;
    c->from = 0;
    for (size_t i = 0; i < c->n_arms && c->started && !c->empty && st == XJ_OK; i++) {
        xji_arm *a = c->arm[i];
        a->at = a->from = 0;
        a->done = false;
        if (c->gain)
            c->gain[i].at = 0;
        st = open_arm(a, err);
    }
    return st;
}

static bool was_seen(const xji_conjunction *c, uint32_t block)
{
    for (size_t i = 0; i < c->n_seen; i++)
        if (c->seen[i] == block)
            return true;
    return false;
}

/*
 * Pass over blocks of the leading list that are below the floor as a whole: what its block and those of the other lists in the
 * same stretch give at most. *rest: bound of all but the leading list.
 */
static xj_status skip_low(xji_conjunction *c, double *rest, xj_error *err)
{
    size_t first = c->order[0];
    const xji_arm *a = c->arm[first];
    uint32_t block = a->it.block;
    while (!a->done && c->from != XJ_DOC_END && !xji_clock_expired(c->clock)) {
        uint32_t begin = c->from, last;
        uint8_t impact;
        if (a->list || a->it.n_blocks == 1) {
            size_t n;
            const uint32_t *docs = docs_of(a, &n);
            last = a->list ? a->list->doc[a->list->n - 1] : docs[n - 1];
            c->gain[first].most = c->gain[first].scale * c->bounds->most;
        } else {
            xj_status st = xj_postings_find(&a->it, block, c->from, &block, err);
            if (st != XJ_OK || block == a->it.n_blocks)
                return st;
            st = xj_postings_bound(&a->it, block, &last, &impact, err);
            if (st != XJ_OK)
                return st;
            c->gain[first].most = c->gain[first].scale * c->bounds->by_impact[impact];
        }
        if (was_seen(c, block)) {
            c->from = last + 1;
            continue;
        }
        *rest = c->bounds->other;
        for (size_t k = 1; k < c->n_arms; k++) {
            xj_status st = bound_arm(c, c->order[k], begin, last, err);
            if (st != XJ_OK)
                return st;
            *rest += c->gain[c->order[k]].most;
        }
        if (c->gain[first].most + *rest >= c->floor)
            return XJ_OK;
        c->from = last + 1;
        if (a->list || a->it.n_blocks == 1)
            c->from = XJ_DOC_END;
    }
    return XJ_OK;
}

/* What is left of the leading list's block in hand from passage c->from on. */
static xj_status lead(xji_conjunction *c, xji_arm *a, xji_batch *b, xj_error *err)
{
    size_t n;
    b->n = 0;
    xj_status st = reach(a, c->from, err);
    if (st != XJ_OK || a->done)
        return st;
    const uint32_t *docs = docs_of(a, &n);
    size_t i = a->from;
    while (docs[i] < c->from)
        i++;
    uint32_t base = place_of(a, i);
    b->n = n - i;
    memcpy(b->doc, docs + i, b->n * sizeof *b->doc);
    for (size_t slot = 0; slot < b->n; slot++) {
        b->slot[slot] = (uint8_t)slot;
        a->place[slot] = base + (uint32_t)slot;
    }
    a->from = n - 1;
    return XJ_OK;
}

/* The next passages of the leading list, those left out that cannot reach the floor. *rest: bound of what the others give. */
static xj_status lead_bounded(xji_conjunction *c, xji_batch *b, double *rest, xj_error *err)
{
    size_t first = c->order[0];
    b->n = 0;
    xj_status st = skip_low(c, rest, err);
    if (st != XJ_OK || c->from == XJ_DOC_END)
        return st;
    st = lead(c, c->arm[first], b, err);
    if (st != XJ_OK || b->n == 0)
        return st;
    c->from = b->doc[b->n - 1] + 1;
    st = xj_segment_length_codes(c->seg, b->doc, b->n, c->length, err);
    memset(c->partial, 0, b->n * sizeof *c->partial);
    if (st == XJ_OK)
        st = add_partial(c, first, b, err);
    drop_low(c, b, *rest);
    return st;
}

xj_status xji_conjunction_next(xji_conjunction *c, uint32_t from, xji_batch *out, xj_error *err)
{
    out->n = 0;
    if (c->n_arms == 0 || c->empty)
        return XJ_OK;
    xj_status st = c->started ? XJ_OK : start(c, err);
    if (from > c->from)
        c->from = from;
    while (st == XJ_OK && out->n == 0 && c->from != XJ_DOC_END && !xji_clock_expired(c->clock)) {
        bool bounded = c->bounds != NULL;
        xji_arm *first = c->arm[c->order[0]];
        double rest = 0.0;
        st = bounded ? lead_bounded(c, out, &rest, err) : lead(c, first, out, err);
        if (st != XJ_OK || first->done)
            break;
        if (!bounded)
            c->from = out->doc[out->n - 1] + 1;
        for (size_t k = 1; k < c->n_arms && out->n > 0 && st == XJ_OK; k++) {
            xji_arm *a = c->arm[c->order[k]];
            st = narrow(a, out, err);
            if (st == XJ_OK && bounded && k + 1 < c->n_arms) {
                rest -= c->gain[c->order[k]].most;
                st = add_partial(c, c->order[k], out, err);
                drop_low(c, out, rest);
            }
            /* No passage before the one where this list stands can be in all of them. */
            if (st == XJ_OK && next_of(a) > c->from)
                c->from = next_of(a);
        }
    }
    if (st != XJ_OK)
        out->n = 0;
    return st;
}

/* tf of the passages of the batch as their blocks have it. Loads of different passages do not wait for each other. */
static void raw_tfs(const xji_arm *a, const xji_batch *b, uint32_t *tf, bool *many)
{
    uint32_t full = 0;
    for (size_t i = 0; i < b->n; i++) {
        uint32_t place = a->place[b->slot[i]];
        tf[i] = xj_postings_block_at(&a->it, place / XJ_BLOCK)->tf[place % XJ_BLOCK];
        full |= tf[i] == XJ_TF_MANY;
    }
    *many = full;
}

/* Lists of fewer blocks are gone through in order. */
enum { SEEDS_WORTH = 12 };

xj_status xji_conjunction_seeds(xji_conjunction *c, uint32_t *block, size_t *n, xj_error *err)
{
    uint8_t impact[XJI_SEEDS], this;
    uint32_t last;
    *n = 0;
    xj_status st = c->started || c->empty ? XJ_OK : start(c, err);
    if (st != XJ_OK || c->empty || c->n_arms == 0)
        return st;
    const xji_arm *a = c->arm[c->order[0]];
    if (a->list || a->it.n_blocks < SEEDS_WORTH)
        return XJ_OK;
    for (uint32_t i = 0; i < a->it.n_blocks && st == XJ_OK; i++) {
        st = xj_postings_bound(&a->it, i, &last, &this, err);
        size_t k = *n < XJI_SEEDS ? *n : XJI_SEEDS;
        if (k == XJI_SEEDS && this <= impact[k - 1])
            continue;
        k -= k == XJI_SEEDS;
        for (; k > 0 && impact[k - 1] < this; k--) {
            impact[k] = impact[k - 1];
            block[k] = block[k - 1];
        }
        impact[k] = this;
        block[k] = i;
        *n += *n < XJI_SEEDS;
    }
    for (size_t i = 1; i < *n; i++) { /* in the order of passages */
        uint32_t b = block[i];
        size_t k = i;
        for (; k > 0 && block[k - 1] > b; k--)
            block[k] = block[k - 1];
        block[k] = b;
    }
    return st;
}

xj_status xji_conjunction_seed(xji_conjunction *c, uint32_t block, xji_batch *out, xj_error *err)
{
    xji_arm *a = c->arm[c->order[0]];
    uint32_t last = 0;
    uint8_t impact;
    xj_status st = block > 0 ? xj_postings_bound(&a->it, block - 1, &last, &impact, err) : XJ_OK;
    out->n = 0;
    if (st != XJ_OK || was_seen(c, block) || (block > 0 && last + 1 < c->from))
        return st;
    st = xji_conjunction_next(c, block > 0 ? last + 1 : 0, out, err);
    if (out->n > 0)
        c->seen[c->n_seen++] = a->it.block;
    return st;
}

xj_status xji_conjunction_ranked(xji_conjunction *c, uint32_t **order, uint8_t **impact, size_t *n, xj_error *err)
{
    uint32_t first[257] = {0}, last;
    xj_status st = c->started ? XJ_OK : start(c, err);
    const xji_arm *a = c->arm[0];
    *n = a->it.n_blocks;
    *order = xji_take(c->scratch, *n, sizeof **order);
    *impact = xji_take(c->scratch, *n, sizeof **impact);
    if (st == XJ_OK && (!*order || !*impact))
        return no_memory(err);
    for (uint32_t i = 0; i < *n && st == XJ_OK; i++) {
        st = xj_postings_bound(&a->it, i, &last, &(*impact)[i], err);
        first[256 - (*impact)[i]]++; /* greater ones come first */
    }
    for (size_t i = 1; i < 257; i++)
        first[i] += first[i - 1];
    for (uint32_t i = 0; i < *n && st == XJ_OK; i++)
        (*order)[first[255 - (*impact)[i]]++] = i;
    return st;
}

xj_status xji_conjunction_block(xji_conjunction *c, uint32_t block, xji_batch *out, xj_error *err)
{
    xji_arm *a = c->arm[0];
    out->n = 0;
    xj_status st = xj_postings_load(&a->it, block, err);
    if (st != XJ_OK)
        return st;
    a->from = 0;
    c->from = 0;
    return lead(c, a, out, err);
}

xj_status xji_conjunction_tfs(const xji_conjunction *c, size_t arm, const xji_batch *b, uint32_t *tf, xj_error *err)
{
    const xji_arm *a = c->arm[arm];
    bool many = a->list != NULL;
    xj_status st = XJ_OK;
    if (!many)
        raw_tfs(a, b, tf, &many);
    for (size_t i = 0; i < b->n && many && st == XJ_OK; i++)
        st = tf_at(a, a->place[b->slot[i]], &tf[i], err);
    return st;
}

/* ---- chains ---- */

/* Most occurrences of a pair in a passage that are chained; with more, some number of theirs is full. */
enum { CODES_MAX = XJ_CODE_FULL + 1 };

static xj_status codes_of(xji_arm *a, uint32_t block, const xj_block_codes **codes, xj_error *err)
{
    xj_status st = XJ_OK;
    if (!a->codes || a->codes_of != block)
        st = xj_postings_block_codes(&a->it, block, &a->codes, err);
    a->codes_of = block;
    *codes = a->codes;
    return st;
}

/*
 * The ends of the chains through an arm's codes of one posting, from those before. An end is a set bit: an occurrence of the last
 * unit. False when a number is wide or above 63: nothing is known then.
 */
static bool join_codes(const xj_block_codes *codes, uint32_t k, uint32_t tf, uint64_t *ends)
{
    uint32_t hi = codes->first[k] >> 4, lo = codes->first[k] & 15;
    if (codes->first[k] == XJ_CODE_WIDE)
        return false;
    uint64_t next = (*ends >> hi & 1) << lo;
    for (uint32_t t = 1; t < tf; t++) { /* the other codes hold what they exceed the least that is possible by */
        uint8_t code = codes->bytes[codes->from[k] + t];
        hi += (uint32_t)(code >> 4) + 1;
        lo += (code & 15u) + 1;
        if (code >> 4 == 15 || (code & 15) == 15 || hi > 63 || lo > 63)
            return false;
        next |= (*ends >> hi & 1) << lo;
    }
    *ends = next;
    return true;
}

/* The same for all passages of a batch; ends of passages of which nothing is known are lost, and slow[i] set. */
static xj_status join_arm(xji_arm *a, const xji_batch *b, uint64_t *ends, bool *slow, xj_error *err)
{
    for (size_t i = 0; i < b->n; i++) {
        uint32_t place = a->place[b->slot[i]], block = place / XJ_BLOCK, k = place % XJ_BLOCK;
        const xj_block_codes *codes = a->codes;
        if (!codes || a->codes_of != block) {
            xj_status st = codes_of(a, block, &codes, err);
            if (st != XJ_OK)
                return st;
        }
        uint32_t tf = xj_postings_block_at(&a->it, block)->tf[k];
        if (!join_codes(codes, k, tf, &ends[i]))
            slow[i] = true;
    }
    return XJ_OK;
}

static uint32_t bits_set(uint64_t v)
{
    uint32_t n = 0;
    for (; v; v &= v - 1) /* hardly ever more than two */
        n++;
    return n;
}

/*
 * Whether the first occurrences of all pairs join, passage by passage: most often the phrase is what they first occur in. Sets
 * count to 1 where they do, 0 where nothing is known; returns how many are not known.
 */
static xj_status join_firsts(xji_conjunction *c, const xji_chain *l, const xji_batch *b, uint32_t *count, size_t *unknown,
                             xj_error *err)
{
    uint8_t end[XJ_BLOCK], joined[XJ_BLOCK];
    for (uint32_t i = 0; i < l->n; i++) {
        xji_arm *a = c->arm[l->arm[i]];
        for (size_t k = 0; k < b->n; k++) {
            uint32_t place = a->place[b->slot[k]];
            const xj_block_codes *codes = a->codes;
            if (!codes || a->codes_of != place / XJ_BLOCK) {
                xj_status st = codes_of(a, place / XJ_BLOCK, &codes, err);
                if (st != XJ_OK)
                    return st;
            }
            uint8_t code = codes->first[place % XJ_BLOCK];
            uint8_t fits = (uint8_t)((i == 0 || code >> 4 == end[k]) & (code != XJ_CODE_WIDE));
            joined[k] = i == 0 ? fits : joined[k] & fits;
            end[k] = code & 15;
        }
    }
    *unknown = 0;
    for (size_t k = 0; k < b->n; k++) {
        count[k] = joined[k];
        *unknown += !joined[k];
    }
    return XJ_OK;
}

/*
 * Number of chains through the codes of a passage; *unsure when full codes could make it wrong. Both halves of a posting's
 * codes ascend, so chains are joined like sorted lists.
 */
static xj_status join(xji_conjunction *c, const xji_chain *l, uint8_t slot, uint32_t *count, bool *unsure, xj_error *err)
{
    uint8_t reached[CODES_MAX]; /* occurrences of the last unit at which a chain so far ends, ascending */
    uint16_t codes[CODES_MAX];
    uint32_t n_reached = 0, n_codes;
    for (uint32_t i = 0; i < l->n; i++) {
        xji_arm *a = c->arm[l->arm[i]];
        uint32_t place = a->place[slot], tf;
        xj_status st = tf_at(a, place, &tf, err);
        if (st == XJ_OK && tf >= CODES_MAX) {
            *unsure = true;
            return XJ_OK;
        }
        if (st == XJ_OK)
            st = xj_postings_codes_of(&a->it, place / XJ_BLOCK, place % XJ_BLOCK, tf, codes, CODES_MAX, &n_codes, err);
        if (st != XJ_OK)
            return st;
        uint32_t last = codes[n_codes - 1], n_next = 0;
        if (last >> 8 == XJ_CODE_FULL || (last & 255) == XJ_CODE_FULL) {
            *unsure = true;
            return XJ_OK;
        }
        for (uint32_t k = 0, at = 0; k < n_codes; k++) {
            if (i > 0) {
                while (at < n_reached && reached[at] < codes[k] >> 8)
                    at++;
                if (at == n_reached)
                    break;
                if (reached[at] != codes[k] >> 8)
                    continue;
                at++;
            }
            reached[n_next++] = (uint8_t)codes[k]; /* never beyond what was read */
        }
        n_reached = n_next;
        if (n_reached == 0)
            return XJ_OK;
    }
    *count = n_reached;
    return XJ_OK;
}

static xj_status join_all(xji_conjunction *c, const xji_chain *l, const xji_batch *b, uint32_t *count, xj_error *err)
{
    uint64_t ends[XJ_BLOCK];
    bool slow[XJ_BLOCK] = {false};
    xj_status st = XJ_OK;
    memset(ends, 0xFF, b->n * sizeof *ends);
    for (uint32_t i = 0; i < l->n && st == XJ_OK; i++)
        st = join_arm(c->arm[l->arm[i]], b, ends, slow, err);
    for (size_t i = 0; i < b->n && st == XJ_OK; i++) {
        bool unsure = false;
        count[i] = slow[i] ? 0 : bits_set(ends[i]);
        if (slow[i])
            st = join(c, l, b->slot[i], &count[i], &unsure, err);
        if (st == XJ_OK && unsure && !xji_clock_ask(c->clock))
            st = xji_verify(c->verifier, c->q, l->phrase, c->seg, b->doc[i], &count[i], err);
    }
    return st;
}

/* Whether the phrase occurs: all codes are looked at only where the first ones do not tell. */
static xj_status join_any(xji_conjunction *c, const xji_chain *l, const xji_batch *b, uint32_t *count, xj_error *err)
{
    xji_batch rest;
    uint32_t more[XJ_BLOCK];
    uint8_t from[XJ_BLOCK];
    size_t unknown;
    xj_status st = join_firsts(c, l, b, count, &unknown, err);
    if (st != XJ_OK || unknown == 0)
        return st;
    rest.n = 0;
    for (size_t i = 0; i < b->n; i++) {
        rest.doc[rest.n] = b->doc[i];
        rest.slot[rest.n] = b->slot[i];
        from[rest.n] = (uint8_t)i;
        rest.n += count[i] == 0;
    }
    st = join_all(c, l, &rest, more, err);
    for (size_t i = 0; i < rest.n && st == XJ_OK; i++)
        count[from[i]] = more[i];
    return st;
}

xj_status xji_conjunction_counts(xji_conjunction *c, size_t chain, const xji_batch *b, bool exactly, uint32_t *count,
                                 xj_error *err)
{
    const xji_chain *l = &c->chain[chain];
    xj_status st = XJ_OK;
    if (!l->verify && l->n == 1)
        return xji_conjunction_tfs(c, l->arm[0], b, count, err);
    if (!l->verify)
        return exactly ? join_all(c, l, b, count, err) : join_any(c, l, b, count, err);
    for (size_t i = 0; i < b->n && st == XJ_OK; i++) {
        count[i] = 0;
        if (!xji_clock_ask(c->clock))
            st = xji_verify(c->verifier, c->q, l->phrase, c->seg, b->doc[i], &count[i], err);
    }
    return st;
}
