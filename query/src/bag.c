#include "bag.h"

#include <stdlib.h>
#include <string.h>

#include "xj/kernels.h"

/* ---- windows ---- */

static bool make(void **p, size_t size)
{
    if (!*p)
        *p = malloc(size);
    return *p != NULL;
}

xj_status xji_windows_make(xji_windows *w, xji_window_use use, xj_error *err)
{
    void *score = w->score, *sum = w->sum, *place = w->place, *doc = w->doc, *exact = w->exact, *bits = w->bits;
    bool made = true;
    switch (use) {
    case XJI_FOR_BEST:
        made = make(&sum, XJI_WINDOW * sizeof *w->sum);
        made = make(&place, XJI_WINDOW * sizeof *w->place) && made;
        made = make(&doc, XJI_WINDOW * sizeof *w->doc) && made;
        made = make(&exact, XJI_WINDOW * sizeof *w->exact) && made;
        break;
    case XJI_FOR_SCORES:
        made = make(&score, XJI_SCORE_WINDOW * sizeof *w->score);
        break;
    case XJI_FOR_MEMBERS:
        made = make(&bits, XJI_WINDOW / 8);
        break;
    }
    *w = (xji_windows){score, sum, place, doc, exact, bits};
    return made ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to rank passages");
}

void xji_windows_release(xji_windows *w)
{
    free(w->score);
    free(w->sum);
    free(w->place);
    free(w->doc);
    free(w->exact);
    free(w->bits);
    *w = (xji_windows){0};
}

xj_status xji_bag_open(xji_bag *b, const xji_plan *plan, size_t seg_no, xji_windows *w, xji_scratch *scratch, xji_clock *clock,
                       xj_error *err)
{
    size_t n_tokens = plan->q->n_tokens;
    xj_status st = XJ_OK;
    *b = (xji_bag){.plan = plan, .seg_no = seg_no, .seg = xj_index_segment(plan->ix, seg_no), .clock = clock, .scratch = scratch, .w = w};
    b->token = xji_take(scratch, n_tokens, sizeof *b->token);
    for (size_t t = 0; b->token && t < n_tokens; t++)
        if (xji_plan_holds(plan, seg_no, t))
            b->token[b->n++] = (uint32_t)t;
    b->arm = xji_take(scratch, b->n, sizeof *b->arm);
    b->next = xji_take(scratch, b->n, sizeof *b->next);
    if (!b->token || !b->arm || !b->next)
        return xj_fail(err, XJ_ENOMEM, "no memory to rank passages");
    for (size_t k = 0; k < b->n && st == XJ_OK; k++) {
        xji_plan_arm(plan, seg_no, b->token[k], &b->arm[k]);
        st = xji_arm_next(&b->arm[k], 0, &b->next[k], err);
    }
    return st;
}

/* Where the next window begins. */
static uint32_t next_window(const xji_bag *b)
{
    uint32_t first = XJ_DOC_END;
    for (size_t t = 0; t < b->n; t++)
        if (b->next[t] < first)
            first = b->next[t];
    return b->clock->expired ? XJ_DOC_END : first;
}

static uint32_t end_of(const xji_bag *b, uint32_t base, uint32_t size)
{
    uint64_t n = xj_segment_stats_of(b->seg)->n_passages, end = (uint64_t)base + size;
    return (uint32_t)(end < n ? end : n);
}

/* What to do with a stretch of a token's list; length is that of passage base. */
typedef void add_fn(xji_bag *b, size_t token, const xji_span *s, uint32_t base, const uint8_t *length);

/* Do it to all of a token's list in [base, end). */
static xj_status add_token(xji_bag *b, size_t t, uint32_t base, uint32_t end, const uint8_t *length, add_fn *add, xj_error *err)
{
    xj_status st = b->next[t] < end ? xji_arm_next(&b->arm[t], b->next[t], &b->next[t], err) : XJ_OK;
    while (b->next[t] < end && st == XJ_OK && !xji_clock_expired(b->clock)) {
        uint32_t tfs[XJ_BLOCK];
        xji_span s;
        st = xji_arm_span(&b->arm[t], end, &s, tfs, err);
        if (st == XJ_OK) {
            add(b, t, &s, base, length);
            st = xji_arm_next(&b->arm[t], s.doc[s.n - 1] + 1, &b->next[t], err);
        }
    }
    return st;
}

static xj_status add_tokens(xji_bag *b, const uint32_t *order, size_t from, size_t to, uint32_t base, uint32_t end,
                            const uint8_t *length, add_fn *add, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t k = from; k < to && st == XJ_OK && !b->clock->expired; k++)
        st = add_token(b, order ? order[k] : k, base, end, length, add, err);
    return st;
}

/* ---- all scores ---- */

static void add_scores(xji_bag *b, size_t token, const xji_span *s, uint32_t base, const uint8_t *length)
{
    for (size_t i = 0; i < s->n; i++) {
        uint32_t d = s->doc[i] - base;
        b->w->score[d] += xji_plan_part(b->plan, b->token[token], s->tf8 ? s->tf8[i] : s->tf[i], length[d]);
    }
}

xj_status xji_bag_scores(xji_bag *b, uint32_t *base, xj_error *err)
{
    const uint8_t *length;
    *base = next_window(b);
    if (*base == XJ_DOC_END)
        return XJ_OK;
    uint32_t end = end_of(b, *base, XJI_SCORE_WINDOW);
    memset(b->w->score, 0, XJI_SCORE_WINDOW * sizeof *b->w->score);
    xj_status st = xj_segment_lengths(b->seg, *base, end, &length, err);
    return st == XJ_OK ? add_tokens(b, NULL, 0, b->n, *base, end, length, add_scores, err) : st;
}

/* ---- membership ---- */

static void add_members(xji_bag *b, size_t token, const xji_span *s, uint32_t base, const uint8_t *length)
{
    (void)token;
    (void)length;
    for (size_t i = 0; i < s->n; i++)
        b->w->bits[(s->doc[i] - base) / 64] |= (uint64_t)1 << (s->doc[i] - base) % 64;
}

xj_status xji_bag_members(xji_bag *b, uint32_t *base, xj_error *err)
{
    *base = next_window(b);
    if (*base == XJ_DOC_END)
        return XJ_OK;
    memset(b->w->bits, 0, XJI_WINDOW / 8);
    return add_tokens(b, NULL, 0, b->n, *base, end_of(b, *base, XJI_WINDOW), NULL, add_members, err);
}

/* ---- the best alone ---- */

/* Sums hold 16 bits: all that can come together, each part rounded up, fits. */
static xj_status prepare(xji_bag *b, const xji_bag_hooks *hooks, xj_error *err)
{
    const xji_plan *p = b->plan;
    size_t n = b->n;
    b->part = xji_take(b->scratch, XJI_TF_ROWS, sizeof *b->part);
    b->probe = xji_take(b->scratch, n, sizeof *b->probe);
    b->at = xji_take_zero(b->scratch, n, sizeof *b->at);
    b->most = xji_take(b->scratch, n, sizeof *b->most);
    b->blocks = xji_take(b->scratch, n, sizeof *b->blocks);
    b->order = xji_take(b->scratch, n, sizeof *b->order);
    b->ranked = xji_take(b->scratch, n, sizeof *b->ranked);
    b->tf = xji_take(b->scratch, n, XJ_BLOCK * sizeof *b->tf);
    if (!b->part || !b->probe || !b->at || !b->most || !b->blocks || !b->order || !b->ranked || !b->tf)
        return xj_fail(err, XJ_ENOMEM, "no memory to rank passages");
    xji_plan_bounds(p, b->seg_no, &b->bounds);
    double most = hooks->most;
    for (size_t t = 0; t < n; t++) {
        xji_plan_arm(p, b->seg_no, b->token[t], &b->probe[t]);
        most += p->scale[b->token[t]] * b->bounds.most;
    }
    double room = 65535.0 - 2.0 * (double)(n + p->q->n_phrases) - 2.0;
    b->scale = (float)((room > 1.0 ? room : 1.0) / (most > 0.0 ? most : 1.0));
    for (size_t tf = 0; tf < XJI_TF_ROWS; tf++)
        for (size_t code = 0; code < 256; code++)
            b->part[tf][code] = (float)p->parts->part[tf][code];
    return XJ_OK;
}

/* More than the score, in the scale of sums: products of floats are off by less than a hundredth. */
uint16_t xji_bag_sum_of(const xji_bag *b, double score)
{
    return (uint16_t)((float)score * b->scale + 1.02F);
}

static void add_sums(xji_bag *b, size_t token, const xji_span *s, uint32_t base, const uint8_t *length)
{
    const float scale = (float)b->plan->scale[b->token[token]] * b->scale;
    const float(*part)[256] = (const float(*)[256])b->part;
    uint16_t *restrict sum = b->w->sum;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t d = s->doc[i] - base, tf = s->tf8 ? s->tf8[i] : s->tf[i];
        float x = tf <= XJI_TF_ROWS ? part[tf - 1][length[d]] : (float)xj_bm25_tf(tf, xj_length_decode(length[d]), b->plan->average);
        sum[d] = (uint16_t)(sum[d] + (uint32_t)(scale * x + 1.02F));
    }
}

/* Bound what a token gives in [base, end). */
static xj_status bound_token(xji_bag *b, size_t t, uint32_t base, uint32_t end, xj_error *err)
{
    const xji_arm *a = &b->arm[t];
    uint8_t impact, most = 0;
    uint32_t last = 0;
    b->most[t] = 0.0;
    b->blocks[t] = 0;
    if (b->next[t] >= end)
        return XJ_OK;
    b->blocks[t] = 1;
    b->most[t] = b->plan->scale[b->token[t]] * b->bounds.most;
    if (a->list || a->it.term.df <= XJ_BLOCK)
        return XJ_OK;
    xj_status st = xj_postings_find(&a->it, b->at[t], base, &b->at[t], err);
    for (uint32_t k = b->at[t]; k < a->it.n_blocks && last < end - 1 && st == XJ_OK; k++) {
        st = xj_postings_bound(&a->it, k, &last, &impact, err);
        most = impact > most ? impact : most;
        b->blocks[t] = k - b->at[t] + 1;
    }
    b->most[t] = b->plan->scale[b->token[t]] * b->bounds.by_impact[most];
    return st;
}

static int by_bound(const void *a, const void *b)
{
    const xji_bound *x = a, *y = b;
    if (x->most != y->most)
        return x->most < y->most ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

/* Bound the tokens in a window and put them in order; *sum: of all bounds. */
static xj_status order_tokens(xji_bag *b, uint32_t base, uint32_t end, double *sum, xj_error *err)
{
    xj_status st = XJ_OK;
    *sum = 0.0;
    for (size_t t = 0; t < b->n && st == XJ_OK && !xji_clock_expired(b->clock); t++) {
        st = bound_token(b, t, base, end, err);
        b->ranked[t] = (xji_bound){b->most[t], (uint32_t)t};
        *sum += b->most[t];
    }
    if (st != XJ_OK || b->clock->expired)
        return st;
    qsort(b->ranked, b->n, sizeof *b->ranked, by_bound);
    for (size_t t = 0; t < b->n; t++)
        b->order[t] = b->ranked[t].token;
    return XJ_OK;
}

/*
 * Scores of candidates, of which the first n_rest tokens in order have not given anything yet: these are asked one after the
 * other, as long as the floor is in reach. What is left is scored exactly, in the order of the tokens.
 */
static xj_status score_candidates(xji_bag *b, size_t n_rest, double rest, double floor, uint32_t base, const uint8_t *length,
                                  xji_batch *c, double *score, xj_error *err)
{
    const xji_plan *p = b->plan;
    double partial[XJ_BLOCK];
    uint32_t found[XJ_BLOCK];
    xj_status st = XJ_OK;
    for (size_t i = 0; i < c->n; i++) {
        partial[i] = (double)b->w->sum[c->doc[i] - base] / (double)b->scale;
        c->slot[i] = (uint8_t)i; /* where its occurrences are */
    }
    for (size_t k = n_rest; k-- > 0 && c->n > 0 && st == XJ_OK;) {
        size_t t = b->order[k], left = 0;
        rest -= b->most[t];
        st = xji_arm_tfs(&b->probe[t], c->doc, c->n, found, err);
        for (size_t i = 0; i < c->n && st == XJ_OK; i++) {
            uint8_t slot = c->slot[i];
            b->tf[t * XJ_BLOCK + slot] = found[i];
            if (found[i] > 0)
                partial[slot] += xji_plan_part(p, b->token[t], found[i], length[c->doc[i] - base]);
            c->doc[left] = c->doc[i];
            c->slot[left] = slot;
            left += partial[slot] + rest >= floor;
        }
        c->n = left;
    }
    for (size_t k = n_rest; k < b->n && c->n > 0 && st == XJ_OK; k++) {
        size_t t = b->order[k];
        st = xji_arm_tfs(&b->probe[t], c->doc, c->n, found, err);
        for (size_t i = 0; i < c->n && st == XJ_OK; i++)
            b->tf[t * XJ_BLOCK + c->slot[i]] = found[i];
    }
    memset(score, 0, c->n * sizeof *score);
    for (size_t t = 0; t < b->n && st == XJ_OK; t++) {
        const uint32_t *tf = b->tf + t * XJ_BLOCK;
        for (size_t i = 0; i < c->n; i++)
            if (tf[c->slot[i]] > 0)
                score[i] += xji_plan_part(p, b->token[t], tf[c->slot[i]], length[c->doc[i] - base]);
    }
    return st;
}

/* Looking a token up for a passage costs as much as adding up some postings; to look whether that pays, as many. */
enum { LOOK_UP_COST = 4, SPARED_LEAST = 8192 };

/* Postings of the first n tokens in order in the window, about. */
static uint64_t postings_of(const xji_bag *b, size_t n)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += b->blocks[b->order[k]] * (uint64_t)XJ_BLOCK;
    return sum;
}

/* The least sum of a score that reaches the floor. */
static uint16_t limit_of(const xji_bag *b, double floor)
{
    double x = floor * (double)b->scale * (1.0 - 1e-6);
    return x < 2.0 ? 1 : x > 65535.0 ? 65535 : (uint16_t)x;
}

/* Of the passages listed, those not below the `keep`th greatest sum, or hardly below it: rounding moved it at most so far. */
static size_t best_sums(xji_bag *b, size_t n, size_t keep)
{
    enum { STEP = 64 };
    uint32_t many[65536 / STEP] = {0};
    size_t bucket = 65536 / STEP, above = 0, left = 0;
    const uint16_t *sum = b->w->sum;
    uint16_t *place = b->w->place;
    for (size_t i = 0; i < n; i++)
        many[sum[place[i]] / STEP]++;
    while (bucket > 0 && above < keep)
        above += many[--bucket];
    size_t off = 2 * (b->n + b->plan->q->n_phrases) + 2, limit = bucket * STEP > off ? bucket * STEP - off : 0;
    for (size_t i = 0; i < n; i++) {
        place[left] = place[i];
        left += sum[place[i]] >= limit;
    }
    return left;
}

/* One window being looked through. */
typedef struct window {
    uint32_t base, end;
    const uint8_t *length;
    double floor;
    size_t n_rest; /* tokens in order that were not added up */
    double rest;   /* what they give at most */
} window;

/* Add up the tokens of a window. Those that give least are left out when that spares enough. */
static xj_status add_window(xji_bag *b, window *w, const xji_bag_hooks *hooks, xj_error *err)
{
    size_t n_tokens = b->n, left_out = 0;
    double rest = 0.0;
    while (!hooks->see && left_out < n_tokens && rest + b->most[b->order[left_out]] < w->floor)
        rest += b->most[b->order[left_out++]];
    uint64_t spared = postings_of(b, left_out);
    if (spared * 2 < postings_of(b, n_tokens) || spared < SPARED_LEAST)
        left_out = 0;
    xj_status st = add_tokens(b, b->order, left_out, n_tokens, w->base, w->end, w->length, add_sums, err);
    if (st != XJ_OK || left_out == 0)
        return st;
    size_t n = xj_count_not_below(b->w->sum, w->end - w->base, limit_of(b, w->floor - hooks->most - rest));
    if (n * (uint64_t)LOOK_UP_COST * left_out > spared)
        return add_tokens(b, b->order, 0, left_out, w->base, w->end, w->length, add_sums, err);
    w->n_rest = left_out;
    w->rest = rest;
    return XJ_OK;
}

/* Score the n candidates of a window, at b->w->place, exactly; *out of them are left. */
static xj_status score_window(xji_bag *b, const window *w, size_t n, size_t *out, xj_error *err)
{
    xj_status st = XJ_OK;
    *out = 0;
    for (size_t i = 0; i < n && st == XJ_OK && !xji_clock_ask(b->clock);) {
        xji_batch c = {.n = 0};
        double score[XJ_BLOCK];
        for (; i < n && c.n < XJ_BLOCK; i++)
            c.doc[c.n++] = w->base + b->w->place[i];
        st = score_candidates(b, w->n_rest, w->rest, w->floor, w->base, w->length, &c, score, err);
        for (size_t k = 0; k < c.n && st == XJ_OK; k++) {
            b->w->doc[*out] = c.doc[k];
            b->w->exact[(*out)++] = score[k];
        }
    }
    return st;
}

static xj_status best_of_window(xji_bag *b, window *w, size_t keep, const xji_bag_hooks *hooks, size_t *out, xj_error *err)
{
    size_t n = w->end - w->base;
    uint16_t *place = b->w->place;
    memset(b->w->sum, 0, n * sizeof *b->w->sum);
    xj_status st = xj_segment_lengths(b->seg, w->base, w->end, &w->length, err);
    if (st == XJ_OK)
        st = add_window(b, w, hooks, err);
    if (st == XJ_OK)
        st = hooks->amend(hooks->ctx, b, w->base, w->end, err);
    if (st != XJ_OK)
        return st;
    uint16_t limit = limit_of(b, w->floor - w->rest);
    if (hooks->see) {
        n = xj_list_not_below(b->w->sum, n, 1, place);
        st = hooks->see(hooks->ctx, w->base, place, n, err);
        size_t left = 0;
        for (size_t i = 0; i < n; i++) {
            place[left] = place[i];
            left += b->w->sum[place[i]] >= limit;
        }
        n = left;
    } else {
        n = xj_list_not_below(b->w->sum, n, limit, place);
    }
    if (w->n_rest == 0 && n > keep)
        n = best_sums(b, n, keep);
    return st == XJ_OK ? score_window(b, w, n, out, err) : st;
}

xj_status xji_bag_best(xji_bag *b, double floor, size_t keep, const xji_bag_hooks *hooks, uint32_t *base, size_t *n,
                       xj_error *err)
{
    xj_status st = b->probe ? XJ_OK : prepare(b, hooks, err);
    window w = {.floor = floor * (1.0 - 1e-9)}; /* sums of bounds are rounded */
    *n = 0;
    for (;;) {
        double sum;
        uint32_t size = floor > 0.0 || hooks->see ? XJI_WINDOW : XJI_FIRST_WINDOW;
        w.base = *base = next_window(b);
        if (st != XJ_OK || w.base == XJ_DOC_END)
            return st;
        w.end = end_of(b, w.base, size);
        w.n_rest = 0;
        w.rest = 0.0;
        st = order_tokens(b, w.base, w.end, &sum, err);
        bool wanted = hooks->see || sum + hooks->most >= w.floor;
        if (st == XJ_OK && b->clock->expired)
            return st;
        if (st == XJ_OK && wanted)
            st = best_of_window(b, &w, keep, hooks, n, err);
        /* What was not added up is passed over; where it goes on is asked when it is wanted. */
        for (size_t t = 0; t < b->n && st == XJ_OK; t++)
            if (b->next[t] < w.end)
                st = xji_arm_skip(&b->arm[t], w.end, &b->next[t], err);
        if (st != XJ_OK || *n > 0 || wanted || b->clock->expired)
            return st;
    }
}
