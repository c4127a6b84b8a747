/*
 * Running a query. Phrases, and all words of an AND, are met in all their lists at once and their passages scored as they
 * come; other expressions first list their passages, then score them; a bag scores every passage that holds any of its
 * tokens, window by window. All feed the same collector, with passages in ascending order where reports are counted.
 */
#include "xj/search.h"

#include <stdlib.h>
#include <string.h>

#include "bag.h"
#include "collect.h"
#include "near.h"
#include "tree.h"

enum { RELAX_POOL = 200, MANY_LISTED = 1024, SCRATCH_KEPT = 4 << 20 };

struct xj_searcher {
    xj_index *ix;
    xji_verifier verifier;
    xji_scratch scratch;
    xji_parts parts;
    xji_windows windows; /* made with the first bag */
};

typedef struct search {
    xj_searcher *own;
    xj_index *ix;
    const xj_query *q;
    const xj_search_options *o;
    xji_clock clock;
    xji_plan plan;
    bool planned;
    xji_collector collector;
    xji_collector relaxed; /* what --relax adds */
    uint64_t more;
} search;

static bool wants_scores(const search *s)
{
    return s->o->want == XJ_WANT_HITS || s->o->want == XJ_WANT_REPORTS;
}

static bool is_done(const search *s)
{
    return s->clock.expired || (s->o->want == XJ_WANT_ANY && s->collector.totals.passages > 0);
}

/* Before the first segment: what it takes from the scratch lasts to the end. */
static xj_status plan(search *s, xj_error *err)
{
    if (s->planned)
        return XJ_OK;
    xj_status st = xji_plan_make(&s->plan, s->ix, s->q, &s->own->parts, &s->own->scratch, &s->clock, err);
    s->planned = st == XJ_OK;
    return st;
}

/* Whether occurrences of phrase i count. */
static bool counts(const search *s, size_t i)
{
    return s->q->phrase[i].positive && !s->q->phrase[i].repeated;
}

static bool wants_occurrences(const search *s)
{
    return (s->o->totals & XJ_TOTAL_OCCURRENCES) || s->o->want == XJ_WANT_REPORTS;
}

/* ---- one segment ---- */

/* A segment being searched. */
typedef struct round {
    search *s;
    size_t seg_no;
    xj_segment *seg;
    xji_mark mark;
    xji_leaves leaves;
    xji_operands operands;
    xji_conjunction met;
    size_t *chain_of; /* by phrase: its chain in `met`, SIZE_MAX when it has none */
    size_t *arm_of;   /* by token: its arm in `met`, SIZE_MAX when it has none */
    xji_arm **arm;    /* by token: an arm of its own, made when it is wanted */
    size_t *at;       /* by phrase: place in its list */
} round;

static xj_status round_init(round *r, search *s, size_t seg_no, xj_error *err)
{
    size_t n_phrases = s->q->n_phrases, n_tokens = s->q->n_tokens;
    xji_scratch *scratch = &s->own->scratch;
    xj_segment *seg = xj_index_segment(s->ix, seg_no);
    const xj_term *terms = s->planned && n_tokens > 0 ? xji_plan_term(&s->plan, seg_no, 0) : NULL;
    r->s = s;
    r->seg_no = seg_no;
    r->seg = seg;
    r->mark = xji_scratch_mark(scratch);
    r->operands = (xji_operands){0};
    xji_conjunction_init(&r->met, s->q, seg, terms, &s->own->verifier, scratch, &s->clock);
    xj_status st = xji_leaves_init(&r->leaves, s->q, seg, &s->own->verifier, scratch, &s->clock, err);
    r->leaves.exactly = wants_occurrences(s);
    r->chain_of = xji_take(scratch, n_phrases, sizeof *r->chain_of);
    r->at = xji_take(scratch, n_phrases, sizeof *r->at);
    r->arm_of = xji_take(scratch, n_tokens, sizeof *r->arm_of);
    r->arm = xji_take_zero(scratch, n_tokens, sizeof *r->arm);
    if (st == XJ_OK && (!r->chain_of || !r->at || !r->arm_of || !r->arm))
        st = xj_fail(err, XJ_ENOMEM, "no memory for the query");
    if (st != XJ_OK)
        return st;
    for (size_t i = 0; i < n_phrases; i++) {
        r->chain_of[i] = SIZE_MAX;
        r->at[i] = 0;
    }
    for (size_t i = 0; i < n_tokens; i++)
        r->arm_of[i] = SIZE_MAX;
    return XJ_OK;
}

static void round_release(round *r)
{
    xji_conjunction_release(&r->met);
    xji_leaves_release(&r->leaves);
    xji_scratch_back(&r->s->own->scratch, r->mark);
}

/* The report of the last passage that was looked at. All zero: of none yet. */
typedef struct report_walk {
    uint32_t report;
    xj_report_row row;
} report_walk;

/* Go on to passage doc, which is not before the last one; *is_new: it is of another report. */
static xj_status walk_to(report_walk *w, xj_segment *seg, uint32_t doc, bool *is_new, xj_error *err)
{
    *is_new = doc - w->row.first_passage >= w->row.n_passages;
    return *is_new ? xj_segment_report_from(seg, w->report, doc, &w->report, &w->row, err) : XJ_OK;
}

/* ---- scores of a batch ---- */

/* Occurrences of a token in the passages of a batch. */
static xj_status batch_tfs(round *r, size_t token, const xji_batch *b, bool met, uint32_t *tf, xj_error *err)
{
    size_t arm = r->arm_of[token];
    if (met && arm != SIZE_MAX)
        return xji_conjunction_tfs(&r->met, arm, b, tf, err);
    if (!r->arm[token]) {
        r->arm[token] = xji_take(&r->s->own->scratch, 1, sizeof *r->arm[token]);
        if (!r->arm[token])
            return xj_fail(err, XJ_ENOMEM, "no memory for the query");
        xji_plan_arm(&r->s->plan, r->seg_no, token, r->arm[token]);
    }
    return xji_arm_tfs(r->arm[token], b->doc, b->n, tf, err);
}

/* Bonus of the phrases that have no chain, for those passages of the batch that hold them. */
static xj_status add_bonus(round *r, size_t phrase, const xji_batch *b, double *score, xj_error *err)
{
    const xji_list *l;
    xj_status st = xji_leaf(&r->leaves, phrase, &l, err);
    size_t at = st == XJ_OK && b->n > 0 ? xji_list_seek(l, 0, b->doc[0]) : 0;
    for (size_t i = 0; i < b->n && st == XJ_OK; i++) {
        at = xji_list_seek(l, at, b->doc[i]);
        if (at < l->n && l->doc[at] == b->doc[i])
            score[i] += r->s->plan.bonus[phrase];
    }
    return st;
}

static xj_status batch_scores(round *r, const xji_batch *b, bool met, double *score, xj_error *err)
{
    const xji_plan *p = &r->s->plan;
    uint8_t length[XJ_BLOCK];
    uint32_t tf[XJ_BLOCK];
    xj_status st = xj_segment_length_codes(r->seg, b->doc, b->n, length, err);
    memset(score, 0, b->n * sizeof *score);
    for (size_t t = 0; t < p->q->n_tokens && st == XJ_OK; t++) {
        st = batch_tfs(r, t, b, met, tf, err);
        for (size_t i = 0; i < b->n && st == XJ_OK; i++)
            if (tf[i] > 0)
                score[i] += xji_plan_part(p, t, tf[i], length[i]);
    }
    for (size_t k = 0; k < p->q->n_phrases && st == XJ_OK; k++) {
        if (p->bonus[k] == 0.0)
            continue;
        if (r->chain_of[k] == SIZE_MAX) {
            st = add_bonus(r, k, b, score, err);
            continue;
        }
        for (size_t i = 0; i < b->n; i++) /* what is met, or was, holds it */
            score[i] += p->bonus[k];
    }
    return st;
}

/* Occurrences in a passage of the phrases that have no chain. */
static xj_status listed_occurrences(round *r, uint32_t doc, uint64_t *n, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < r->s->q->n_phrases && st == XJ_OK; i++) {
        const xji_list *l;
        if (!counts(r->s, i) || r->chain_of[i] != SIZE_MAX)
            continue;
        st = xji_leaf(&r->leaves, i, &l, err);
        if (st != XJ_OK)
            return st;
        r->at[i] = xji_list_seek(l, r->at[i], doc);
        if (r->at[i] < l->n && l->doc[r->at[i]] == doc)
            *n += l->count[r->at[i]];
    }
    return st;
}

/* ---- met passages ---- */

/* Take what stands side by side under an AND as something all of whose lists are met. */
static xj_status meet(round *r, xj_error *err)
{
    const xj_query *q = r->s->q;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < r->operands.n_positive && st == XJ_OK && !r->met.empty; i++) {
        const xji_node *n = &q->node[r->operands.node[i]];
        if (n->kind == XJI_NODE_PHRASE) {
            st = xji_conjunction_phrase(&r->met, &q->phrase[n->leaf], &r->chain_of[n->leaf], err);
            continue;
        }
        xji_list *l = NULL;
        st = xji_conjunction_made(&r->met, &l, err);
        if (st == XJ_OK)
            st = xji_tree_eval(&r->leaves, r->operands.node[i], l, err);
        if (st == XJ_OK)
            st = xji_conjunction_list(&r->met, l, err);
    }
    for (size_t t = 0; t < q->n_tokens && st == XJ_OK && r->s->planned; t++)
        r->arm_of[t] = xji_conjunction_arm_of(&r->met, xji_plan_term(&r->s->plan, r->seg_no, t));
    return st;
}

/* Leave in the batch what holds all phrases that have chains; n[i] = their occurrences. score goes with its passage. */
static xj_status chained(round *r, xji_batch *b, uint64_t *n, double *score, xj_error *err)
{
    uint32_t count[XJ_BLOCK];
    xj_status st = XJ_OK;
    memset(n, 0, b->n * sizeof *n);
    for (size_t k = 0; k < r->s->q->n_phrases && b->n > 0 && st == XJ_OK; k++) {
        size_t left = 0;
        if (r->chain_of[k] == SIZE_MAX)
            continue;
        st = xji_conjunction_counts(&r->met, r->chain_of[k], b, wants_occurrences(r->s), count, err);
        for (size_t i = 0; i < b->n && st == XJ_OK; i++) {
            b->doc[left] = b->doc[i];
            b->slot[left] = b->slot[i];
            score[left] = score[i];
            n[left] = n[i] + (counts(r->s, k) ? count[i] : 0);
            left += count[i] > 0;
        }
        b->n = left;
    }
    return st;
}

/* Leave in the batch what is not below the floor. */
static void drop_low(xji_batch *b, double *score, double floor)
{
    size_t left = 0;
    for (size_t i = 0; i < b->n; i++) {
        b->doc[left] = b->doc[i];
        b->slot[left] = b->slot[i];
        score[left] = score[i];
        left += score[i] >= floor;
    }
    b->n = left;
}

/* Let the conjunction pass over what cannot be among the best. */
static xj_status set_bounds(round *r, xji_bounds *bounds, xj_error *err)
{
    const xji_plan *p = &r->s->plan;
    double *scale = xji_take_zero(&r->s->own->scratch, r->met.n_arms, sizeof *scale);
    if (!scale)
        return xj_fail(err, XJ_ENOMEM, "no memory for the query");
    xji_plan_bounds(p, r->seg_no, bounds);
    for (size_t t = 0; t < p->q->n_tokens; t++) {
        if (r->arm_of[t] != SIZE_MAX)
            scale[r->arm_of[t]] += p->scale[t];
        else
            bounds->other += p->scale[t] * bounds->most;
    }
    for (size_t k = 0; k < p->q->n_phrases; k++)
        bounds->other += p->bonus[k];
    return xji_conjunction_bound(&r->met, bounds, scale, err);
}

/* A bound may be below a score by what rounding adds up to. */
static double floor_of(const xji_collector *c)
{
    return xji_collector_floor(c) * (1.0 - 1e-9);
}

/* Lists that are hardly longer than what is kept never come to a floor. */
static bool is_long(const round *r)
{
    uint32_t least = UINT32_MAX;
    for (size_t i = 0; i < r->met.n_arms; i++)
        least = r->met.arm[i]->df < least ? r->met.arm[i]->df : least;
    return least > r->s->collector.keep;
}

/* Score and collect a batch. */
static xj_status collect_batch(round *r, xji_batch *b, xj_error *err)
{
    search *s = r->s;
    double score[XJ_BLOCK];
    uint64_t n[XJ_BLOCK];
    xj_status st = XJ_OK;
    if (wants_scores(s)) {
        st = batch_scores(r, b, true, score, err);
        if (st == XJ_OK)
            drop_low(b, score, xji_collector_floor(&s->collector));
    } else {
        memset(score, 0, b->n * sizeof *score);
    }
    if (st == XJ_OK)
        st = chained(r, b, n, score, err);
    for (size_t i = 0; i < b->n && st == XJ_OK; i++) {
        if (wants_occurrences(s))
            st = listed_occurrences(r, b->doc[i], &n[i], err);
        if (st == XJ_OK)
            st = xji_collector_add(&s->collector, b->doc[i], score[i], XJ_TIER_EXACT, n[i], err);
    }
    return st;
}

/* The best of a single list: its blocks in the order of their bounds, until these are below the floor. */
static xj_status collect_ranked(round *r, const xji_bounds *bounds, xj_error *err)
{
    search *s = r->s;
    uint32_t *order;
    uint8_t *impact;
    size_t n;
    xji_batch b;
    xj_status st = xji_conjunction_ranked(&r->met, &order, &impact, &n, err);
    for (size_t i = 0; i < n && st == XJ_OK && !xji_clock_expired(&s->clock); i++) {
        double most = r->met.gain[0].scale * bounds->by_impact[impact[order[i]]] + bounds->other;
        if (most < floor_of(&s->collector))
            break;
        st = xji_conjunction_block(&r->met, order[i], &b, err);
        if (st == XJ_OK)
            st = collect_batch(r, &b, err);
    }
    return st;
}

/* Look at what promises most first. */
static xj_status collect_seeds(round *r, xj_error *err)
{
    uint32_t block[XJI_SEEDS];
    size_t n;
    xji_batch b;
    xj_status st = xji_conjunction_seeds(&r->met, block, &n, err);
    for (size_t i = 0; i < n && st == XJ_OK; i++) {
        r->met.floor = floor_of(&r->s->collector);
        st = xji_conjunction_seed(&r->met, block[i], &b, err);
        if (st == XJ_OK)
            st = collect_batch(r, &b, err);
    }
    return st == XJ_OK && n > 0 ? xji_conjunction_rewind(&r->met, err) : st;
}

/* Tokens that have no list among those that are met are looked up passage after passage: only in their order. */
static bool any_order(const round *r)
{
    for (size_t t = 0; t < r->s->q->n_tokens; t++)
        if (r->arm_of[t] == SIZE_MAX)
            return false;
    return true;
}

/* Score and collect what is met. */
static xj_status collect_met(round *r, xj_error *err)
{
    search *s = r->s;
    xji_batch b;
    xji_bounds bounds;
    bool bounded = wants_scores(s) && !s->collector.wanted && !s->collector.reports && !r->met.empty && is_long(r);
    xj_status st = bounded ? set_bounds(r, &bounds, err) : XJ_OK;
    if (st == XJ_OK && bounded && any_order(r)) {
        if (r->met.n_arms == 1 && !r->met.arm[0]->list)
            return collect_ranked(r, &bounds, err);
        st = collect_seeds(r, err);
    }
    while (st == XJ_OK && !is_done(s)) {
        r->met.floor = bounded ? floor_of(&s->collector) : 0.0;
        st = xji_conjunction_next(&r->met, 0, &b, err);
        if (st != XJ_OK || b.n == 0)
            break;
        st = collect_batch(r, &b, err);
    }
    return st;
}

/* List what is met, then look at fields and exclusions. Counts are occurrences of the phrases that have chains. */
static xj_status list_met(round *r, xji_list *out, xj_error *err)
{
    search *s = r->s;
    xji_batch b;
    double score[XJ_BLOCK];
    uint64_t n[XJ_BLOCK];
    uint32_t from = 0, end = 0;
    bool more = true;
    xj_status st = XJ_OK;
    memset(score, 0, sizeof score); /* nobody looks at them */
    while (more && st == XJ_OK && !s->clock.expired) {
        if (r->met.from >= end) {
            st = xji_tree_admit(&r->leaves, &r->operands, r->met.from, &from, &end, err);
            if (st != XJ_OK || from == XJ_DOC_END)
                break;
        }
        st = xji_conjunction_next(&r->met, from, &b, err);
        more = b.n > 0;
        if (st == XJ_OK)
            st = chained(r, &b, n, score, err);
        for (size_t i = 0; i < b.n && st == XJ_OK; i++)
            st = xji_list_put(out, b.doc[i], (uint32_t)(n[i] < UINT32_MAX ? n[i] : UINT32_MAX), err);
    }
    if (st == XJ_OK && !s->clock.expired)
        st = xji_tree_narrow(&r->leaves, &r->operands, out, err);
    return st;
}

/* ---- listed passages ---- */

/* counted: the counts are occurrences of the phrases that have chains. */
static xj_status collect_listed(round *r, const xji_list *docs, bool counted, xj_error *err)
{
    search *s = r->s;
    double score[XJ_BLOCK];
    bool scored = wants_scores(s), occurrences = wants_occurrences(s);
    xj_status st = XJ_OK;
    memset(score, 0, sizeof score);
    for (size_t from = 0; from < docs->n && st == XJ_OK && !is_done(s) && !xji_clock_ask(&s->clock); from += XJ_BLOCK) {
        xji_batch b = {.n = docs->n - from < XJ_BLOCK ? docs->n - from : XJ_BLOCK};
        memcpy(b.doc, docs->doc + from, b.n * sizeof *b.doc);
        if (scored)
            st = batch_scores(r, &b, false, score, err);
        for (size_t i = 0; i < b.n && st == XJ_OK; i++) {
            uint64_t n = counted ? docs->count[from + i] : 0;
            if (scored && score[i] < xji_collector_floor(&s->collector))
                continue;
            if (occurrences)
                st = listed_occurrences(r, b.doc[i], &n, err);
            if (st == XJ_OK)
                st = xji_collector_add(&s->collector, b.doc[i], score[i], XJ_TIER_EXACT, n, err);
        }
    }
    return st;
}

/* ---- bags ---- */

/* What to do with the passages of a bag. */
typedef struct bag_sink {
    xji_collector *collector;
    const xji_list *within;   /* the passages to take, or NULL: all. Scores of others are not looked at */
    const xji_list *without;  /* passages to leave out, or NULL */
    const xji_list *without_reports; /* reports to leave out, or NULL */
    size_t at;                /* place in `without` */
    report_walk walk;
    uint64_t n;               /* passages found */
} bag_sink;

static xj_status is_left_out(round *r, bag_sink *sink, uint32_t doc, bool *yes, xj_error *err)
{
    bool is_new;
    *yes = false;
    if (sink->without) {
        sink->at = xji_list_seek(sink->without, sink->at, doc);
        *yes = sink->at < sink->without->n && sink->without->doc[sink->at] == doc;
    }
    if (*yes || !sink->without_reports)
        return XJ_OK;
    xj_status st = walk_to(&sink->walk, r->seg, doc, &is_new, err);
    size_t k = xji_list_seek(sink->without_reports, 0, sink->walk.report);
    *yes = k < sink->without_reports->n && sink->without_reports->doc[k] == sink->walk.report;
    return st;
}

/* Occurrences of the positive phrases in a passage; *all = each of them occurs. */
static void occurrences_in(round *r, uint32_t doc, uint64_t *n, bool *all)
{
    *all = true;
    for (size_t i = 0; i < r->s->q->n_phrases; i++) {
        const xji_list *l = &r->leaves.list[i];
        if (!counts(r->s, i))
            continue;
        r->at[i] = xji_list_seek(l, r->at[i], doc);
        if (r->at[i] < l->n && l->doc[r->at[i]] == doc)
            *n += l->count[r->at[i]];
        else
            *all = false;
    }
}

/* Take a passage of a bag. */
static xj_status offer(round *r, uint32_t doc, double score, bag_sink *sink, xj_error *err)
{
    uint64_t n = 0;
    bool all;
    occurrences_in(r, doc, &n, &all);
    return xji_collector_add(sink->collector, doc, score, all || sink->within ? XJ_TIER_EXACT : XJ_TIER_PARTIAL, n, err);
}

/* The bonus of all phrases in the order of phrases: on top of a score, one after the other. */
static double with_bonus(const round *r, uint32_t doc, double score)
{
    for (size_t p = 0; p < r->s->q->n_phrases; p++) {
        const xji_list *list = &r->leaves.list[p];
        size_t at = r->s->plan.bonus[p] > 0.0 ? xji_list_seek(list, 0, doc) : list->n;
        if (at < list->n && list->doc[at] == doc)
            score += r->s->plan.bonus[p];
    }
    return score;
}

/* Every passage with its score, for reports: their best passage decides, all of them count. */
static xj_status collect_all(round *r, xji_bag *bag, bag_sink *sink, xj_error *err)
{
    const double *score = r->s->own->windows.score;
    uint32_t base = 0;
    xj_status st = XJ_OK;
    while (st == XJ_OK && !is_done(r->s)) {
        st = xji_bag_scores(bag, &base, err);
        if (st != XJ_OK || base == XJ_DOC_END)
            break;
        for (uint32_t i = 0; i < XJI_SCORE_WINDOW && st == XJ_OK; i++) {
            bool out;
            if (score[i] == 0.0) /* contributions are positive: 0 = no token */
                continue;
            st = is_left_out(r, sink, base + i, &out, err);
            sink->n += !out;
            if (st == XJ_OK && !out)
                st = offer(r, base + i, with_bonus(r, base + i, score[i]), sink, err);
        }
    }
    return st;
}

/* ---- the best passages of a bag ---- */

typedef struct best {
    round *r;
    bag_sink *sink;
} best;

/* Set the sums of all passages but those listed to 0. w->doc is free at this time. */
static void keep_within(xji_windows *w, const xji_list *within, uint32_t base, uint32_t end)
{
    size_t from = xji_list_seek(within, 0, base), to = xji_list_seek(within, from, end);
    for (size_t i = from; i < to; i++)
        w->doc[i - from] = w->sum[within->doc[i] - base];
    memset(w->sum, 0, (end - base) * sizeof *w->sum);
    for (size_t i = from; i < to; i++)
        w->sum[within->doc[i] - base] = (uint16_t)w->doc[i - from];
}

/* Add bonuses to the sums of a window, then take out what is to be left out. */
static xj_status amend_window(void *ctx, xji_bag *bag, uint32_t base, uint32_t end, xj_error *err)
{
    const best *x = ctx;
    const round *r = x->r;
    uint16_t *sum = r->s->own->windows.sum;
    const xji_list *without = x->sink->without;
    (void)err;
    for (size_t p = 0; p < r->s->q->n_phrases; p++) {
        const xji_list *list = &r->leaves.list[p];
        if (r->s->plan.bonus[p] == 0.0)
            continue;
        uint16_t bonus = xji_bag_sum_of(bag, r->s->plan.bonus[p]);
        for (size_t i = xji_list_seek(list, 0, base); i < list->n && list->doc[i] < end; i++)
            sum[list->doc[i] - base] = (uint16_t)(sum[list->doc[i] - base] + bonus);
    }
    if (x->sink->within)
        keep_within(&r->s->own->windows, x->sink->within, base, end);
    for (size_t i = without ? xji_list_seek(without, 0, base) : 0; without && i < without->n && without->doc[i] < end; i++)
        sum[without->doc[i] - base] = 0;
    return XJ_OK;
}

/* Count passages and reports. */
static xj_status see_window(void *ctx, uint32_t base, const uint16_t *place, size_t n, xj_error *err)
{
    const best *x = ctx;
    bag_sink *sink = x->sink;
    xj_status st = XJ_OK;
    sink->n += n;
    sink->collector->totals.passages += n;
    for (size_t i = 0; (sink->collector->wanted & XJ_TOTAL_REPORTS) && i < n && st == XJ_OK; i++) {
        bool is_new;
        st = walk_to(&sink->walk, x->r->seg, base + place[i], &is_new, err);
        sink->collector->totals.reports += is_new;
    }
    return st;
}

/* The score of the worst of the best passages so far. */
static double floor_of_kept(const xji_collector *c)
{
    return c->n - c->first == c->keep ? c->found[c->first].score : 0.0;
}

static xj_status collect_best(round *r, xji_bag *bag, bag_sink *sink, xj_error *err)
{
    search *s = r->s;
    xji_collector *c = sink->collector;
    best x = {r, sink};
    xji_bag_hooks hooks = {&x, 0.0, amend_window, c->wanted ? see_window : NULL};
    xj_totals totals = c->totals;
    uint32_t base = 0;
    xj_status st = XJ_OK;
    for (size_t p = 0; p < s->q->n_phrases; p++) {
        const xji_list *l = &r->leaves.list[p];
        hooks.most += s->plan.bonus[p];
        for (size_t i = 0; i < l->n && counts(s, p) && wants_occurrences(s) && !sink->within; i++)
            totals.occurrences += l->count[i];
    }
    while (st == XJ_OK && base != XJ_DOC_END && !is_done(s)) {
        size_t n;
        st = xji_bag_best(bag, floor_of_kept(c), c->keep, &hooks, &base, &n, err);
        totals.passages = c->totals.passages;
        totals.reports = c->totals.reports;
        for (size_t i = 0; i < n && st == XJ_OK; i++)
            st = offer(r, s->own->windows.doc[i], with_bonus(r, s->own->windows.doc[i], s->own->windows.exact[i]), sink, err);
        c->totals = totals; /* passages that were seen, not those that were offered */
    }
    return st;
}

static uint64_t bits_set(uint64_t v)
{
    v -= v >> 1 & UINT64_C(0x5555555555555555);
    v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
    return ((v + (v >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F)) * UINT64_C(0x0101010101010101) >> 56;
}

/* Reports of the passages of a window of bits. */
static xj_status count_reports(round *r, uint32_t base, bag_sink *sink, xj_error *err)
{
    const uint64_t *bits = r->s->own->windows.bits;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < XJI_WINDOW / 64 && st == XJ_OK; i++) {
        for (uint64_t v = bits[i]; v && st == XJ_OK; v &= v - 1) {
            uint32_t doc = base + (uint32_t)i * 64 + (uint32_t)__builtin_ctzll(v);
            bool is_new;
            st = walk_to(&sink->walk, r->seg, doc, &is_new, err);
            sink->collector->totals.reports += is_new;
        }
    }
    return st;
}

/* Count the passages that hold any token, and their reports when these are wanted. */
static xj_status count_members(round *r, bag_sink *sink, xj_error *err)
{
    search *s = r->s;
    xj_searcher *own = s->own;
    xji_bag bag;
    uint32_t base = 0;
    xj_status st = xji_windows_make(&own->windows, XJI_FOR_MEMBERS, err);
    if (st == XJ_OK)
        st = xji_bag_open(&bag, &s->plan, r->seg_no, &own->windows, &own->scratch, &s->clock, err);
    while (st == XJ_OK && base != XJ_DOC_END && !s->clock.expired) {
        st = xji_bag_members(&bag, &base, err);
        for (size_t i = 0; i < XJI_WINDOW / 64 && st == XJ_OK && base != XJ_DOC_END; i++)
            sink->n += bits_set(own->windows.bits[i]);
        if (st == XJ_OK && base != XJ_DOC_END && sink->collector && (s->o->totals & XJ_TOTAL_REPORTS))
            st = count_reports(r, base, sink, err);
        if (sink->collector && s->o->want == XJ_WANT_ANY && sink->n > 0)
            break;
    }
    return st;
}

/* Totals of a bag alone. */
static xj_status count_bag(round *r, bag_sink *sink, xj_error *err)
{
    search *s = r->s;
    xj_totals *t = &s->collector.totals;
    xj_status st = count_members(r, sink, err);
    for (size_t p = 0; p < s->q->n_phrases && st == XJ_OK; p++) {
        const xji_list *l;
        if (!counts(s, p) || !wants_occurrences(s) || s->o->want == XJ_WANT_ANY)
            continue;
        st = xji_leaf(&r->leaves, p, &l, err);
        for (size_t i = 0; i < l->n && st == XJ_OK; i++)
            t->occurrences += l->count[i];
    }
    t->passages += sink->n;
    return st;
}

static xj_status collect_bag(round *r, bag_sink *sink, xj_error *err)
{
    search *s = r->s;
    xj_searcher *own = s->own;
    xji_bag bag;
    if (!wants_scores(s) && !sink->without)
        return count_bag(r, sink, err);
    /* Where nothing is kept, and where reports are, every passage is looked at by itself. */
    bool all = sink->collector->reports || sink->collector->keep == 0 || sink->without_reports;
    xj_status st = xji_windows_make(&own->windows, all ? XJI_FOR_SCORES : XJI_FOR_BEST, err);
    if (st == XJ_OK)
        st = xji_leaves_find(&r->leaves, err); /* those of the bag; of an expression they are there */
    if (st == XJ_OK)
        st = xji_bag_open(&bag, &s->plan, r->seg_no, &own->windows, &own->scratch, &s->clock, err);
    if (st != XJ_OK)
        return st;
    return all ? collect_all(r, &bag, sink, err) : collect_best(r, &bag, sink, err);
}

/* ---- one segment ---- */

/* Reports of ascending passages, each once. */
static xj_status reports_of(xj_segment *seg, const xji_list *docs, xji_list *out, xj_error *err)
{
    report_walk walk = {0};
    xj_status st = XJ_OK;
    for (size_t i = 0; i < docs->n && st == XJ_OK; i++) {
        bool is_new;
        st = walk_to(&walk, seg, docs->doc[i], &is_new, err);
        if (st == XJ_OK && is_new)
            st = xji_list_put(out, walk.report, 1, err);
    }
    return st;
}

static bool ranks_as_bag(const search *s)
{
    if (s->q->kind != XJ_QUERY_BAG)
        return false;
    /* Counting a bag counts the passages that hold its words in full, but for free text, where everything is optional. */
    return wants_scores(s) || s->o->want == XJ_WANT_ANY || (s->q->flags & XJ_QUERY_ANY);
}

/* What is under the root has lists, and nothing else has to be looked at. */
static bool streams(const round *r)
{
    return r->operands.n_positive == r->operands.n;
}

static xj_status search_expression(round *r, xj_error *err)
{
    search *s = r->s;
    xji_list docs = {0};
    xj_status st = xji_operands_of(s->q, s->q->root, &s->own->scratch, &r->operands, err);
    if (st != XJ_OK)
        return st;
    bool counted = r->operands.n_positive > 0 && s->q->node[s->q->root].kind != XJI_NODE_OR;
    if (counted)
        st = meet(r, err);
    if (st == XJ_OK && counted && streams(r))
        return collect_met(r, err);
    if (st == XJ_OK)
        st = counted ? list_met(r, &docs, err) : xji_tree_eval(&r->leaves, s->q->root, &docs, err);
    /* Lists cut short by the deadline may lack what a NOT excludes: then nothing of this segment is certain. */
    if (s->clock.expired)
        docs.n = 0;
    /*
     * Many passages are ranked faster by going through all lists than by looking each of them up. That finds those with tokens,
     * which is all of them when there are no fields.
     */
    bag_sink sink = {.collector = &s->collector, .within = &docs};
    bool many = docs.n >= MANY_LISTED && s->o->want == XJ_WANT_HITS && s->collector.keep > 0 && !wants_occurrences(s) &&
                s->q->n_filters == 0 && !(s->q->flags & XJ_QUERY_EXACT_SCRIPT);
    if (st == XJ_OK)
        st = many ? collect_bag(r, &sink, err) : collect_listed(r, &docs, counted, err);
    xji_list_release(&docs);
    return st;
}

/* The exact hits of a phrase, then what shares some of its tokens. */
static xj_status search_relaxed(round *r, xj_error *err)
{
    search *s = r->s;
    const xji_list *exact;
    xji_list reports = {0};
    bool by_report = s->o->want == XJ_WANT_REPORTS;
    xj_status st = xji_leaf(&r->leaves, 0, &exact, err);
    if (st == XJ_OK)
        st = collect_listed(r, exact, false, err);
    if (st == XJ_OK)
        st = xji_collector_end(&s->collector, err);
    if (st != XJ_OK || is_done(s))
        return st;
    /* A report with an exact passage stands among the exact ones already. */
    if (by_report)
        st = reports_of(r->seg, exact, &reports, err);
    bag_sink sink = {.collector = &s->relaxed, .without = exact, .without_reports = by_report ? &reports : NULL};
    xji_collector_begin(&s->relaxed, (uint32_t)r->seg_no);
    if (st == XJ_OK)
        st = collect_bag(r, &sink, err);
    xji_list_release(&reports);
    if (st == XJ_OK)
        st = xji_collector_end(&s->relaxed, err);
    s->more += sink.n;
    return st;
}

static xj_status search_segment(search *s, size_t seg_no, xj_error *err)
{
    round r;
    xj_status st = round_init(&r, s, seg_no, err);
    xji_collector_begin(&s->collector, (uint32_t)seg_no);
    if (st != XJ_OK) {
        /* nothing to search with */
    } else if (s->q->kind == XJ_QUERY_PHRASE && s->o->relax) {
        st = search_relaxed(&r, err);
    } else if (ranks_as_bag(s)) {
        bag_sink sink = {.collector = &s->collector};
        st = collect_bag(&r, &sink, err);
    } else {
        st = search_expression(&r, err);
    }
    if (st == XJ_OK)
        st = xji_collector_end(&s->collector, err);
    round_release(&r);
    return st;
}

/*
 * Count what --relax would add: passages with any of the tokens, among which are all exact ones. The answer is complete
 * already: a deadline met here only leaves the number unknown.
 */
static xj_status count_more(search *s, xj_error *err)
{
    bool expired = s->clock.expired;
    uint64_t members = 0;
    xj_status st = plan(s, err);
    for (size_t i = 0; i < xj_index_n_segments(s->ix) && st == XJ_OK && !s->clock.expired; i++) {
        round r;
        st = round_init(&r, s, i, err);
        bag_sink sink = {.collector = NULL};
        if (st == XJ_OK)
            st = count_members(&r, &sink, err);
        members += sink.n;
        round_release(&r);
    }
    uint64_t exact = s->collector.totals.passages; /* all of them members, unless the index is forged */
    s->more = (s->clock.expired && !expired) || members < exact ? 0 : members - exact;
    s->clock.expired = expired;
    return st;
}

/* ---- the whole ---- */

/* Near hits stand before partial ones, among the best only, so that the order does not depend on how much of the list is
 * asked for. */
static xj_status find_near(search *s, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < s->relaxed.n && i < RELAX_POOL && st == XJ_OK; i++) {
        xji_found *f = &s->relaxed.found[i];
        bool near;
        st = xji_is_near(&s->own->verifier, xj_index_segment(s->ix, f->segment), f->item, &s->q->phrase[0].units, &near, err);
        f->tier = near ? XJ_TIER_NEAR : XJ_TIER_PARTIAL;
    }
    return st;
}

/* The dictionary knows how many passages hold a single pair or word, and how often. */
static xj_status count_by_term(search *s, bool *answered, xj_error *err)
{
    const xji_phrase *p = &s->q->phrase[0];
    xj_status st = XJ_OK;
    bool counts_only = s->o->want == XJ_WANT_ANY || (s->o->want == XJ_WANT_COUNT && !(s->o->totals & XJ_TOTAL_REPORTS));
    *answered = s->q->kind == XJ_QUERY_PHRASE && counts_only && !s->o->count_more && !s->o->relax &&
                !(s->q->flags & XJ_QUERY_EXACT_SCRIPT) && p->units.n == p->n_text &&
                (p->n_text == 2 || (p->n_text == 1 && p->units.unit[0].kind == XJ_UNIT_WORD));
    for (size_t i = 0; i < xj_index_n_segments(s->ix) && *answered && st == XJ_OK; i++) {
        xj_term term;
        st = xji_phrase_term(xj_index_segment(s->ix, i), p, &term, err);
        s->collector.totals.passages += term.df;
        s->collector.totals.occurrences += term.df > 0 ? term.cf : 0;
    }
    return st;
}

static xj_status hand_over(xj_results *out, const search *s, xj_error *err)
{
    const xji_collector *parts[] = {&s->collector, &s->relaxed};
    size_t total = s->collector.n + s->relaxed.n;
    size_t from = s->o->offset < total ? s->o->offset : total;
    size_t n = total - from < s->o->limit ? total - from : s->o->limit;
    bool reports = s->o->want == XJ_WANT_REPORTS;
    if (n == 0)
        return XJ_OK;
    if (reports)
        out->reports = malloc(n * sizeof *out->reports);
    else
        out->hits = malloc(n * sizeof *out->hits);
    if (!out->reports && !out->hits)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu hits", n);
    for (size_t i = 0; i < n; i++) {
        size_t k = from + i;
        const xji_found *f = k < parts[0]->n ? &parts[0]->found[k] : &parts[1]->found[k - parts[0]->n];
        if (reports)
            out->reports[out->n_reports++] = (xj_report_hit){f->score, f->segment, f->item, f->passages, f->occurrences};
        else
            out->hits[out->n_hits++] = (xj_hit){f->score, f->segment, f->item, (xj_tier)f->tier};
    }
    return XJ_OK;
}

static size_t add_capped(size_t a, size_t b, uint64_t cap)
{
    uint64_t sum = a > UINT64_MAX - b ? UINT64_MAX : (uint64_t)a + b;
    return (size_t)(sum < cap ? sum : cap);
}

static unsigned totals_of(const xj_search_options *o)
{
    unsigned totals = o->totals & XJ_TOTAL_ALL;
    /* What relaxing adds is what is beyond the passages counted. */
    return o->want == XJ_WANT_ANY ? XJ_TOTAL_PASSAGES : o->count_more ? totals | XJ_TOTAL_PASSAGES : totals;
}

/* The totals that were asked for; others are not complete. */
static xj_totals asked_for(const search *s)
{
    const xj_search_options *o = s->o;
    unsigned wanted = o->want == XJ_WANT_ANY ? XJ_TOTAL_PASSAGES : o->totals;
    const xj_totals *t = &s->collector.totals;
    return (xj_totals){wanted & XJ_TOTAL_OCCURRENCES ? t->occurrences : 0, wanted & XJ_TOTAL_PASSAGES ? t->passages : 0,
                       wanted & XJ_TOTAL_REPORTS ? t->reports : 0, !o->relax || (wanted & XJ_TOTAL_PASSAGES) ? s->more : 0};
}

/* Search, with everything found left in s. */
static xj_status run(search *s, xj_error *err)
{
    const xj_search_options *o = s->o;
    bool answered = xji_clock_ask(&s->clock);
    xj_status st = answered ? XJ_OK : count_by_term(s, &answered, err);
    if (st != XJ_OK || answered)
        return st;
    if (wants_scores(s) || ranks_as_bag(s) || s->o->relax)
        st = plan(s, err);
    for (size_t i = 0; i < xj_index_n_segments(s->ix) && st == XJ_OK && !is_done(s) && !xji_clock_ask(&s->clock); i++)
        st = search_segment(s, i, err);
    if (st == XJ_OK && o->count_more && !o->relax && s->q->kind == XJ_QUERY_PHRASE && !s->clock.expired)
        st = count_more(s, err);
    if (st == XJ_OK)
        st = xji_collector_finish(&s->collector, false, err);
    if (st == XJ_OK)
        st = xji_collector_finish(&s->relaxed, false, err);
    if (st == XJ_OK && s->relaxed.n > 0 && o->want == XJ_WANT_HITS) {
        st = find_near(s, err);
        if (st == XJ_OK)
            st = xji_collector_finish(&s->relaxed, true, err);
    }
    return st;
}

xj_status xj_searcher_run(xj_results *out, xj_searcher *own, const xj_query *q, const xj_search_options *options, xj_error *err)
{
    search s = {.own = own, .ix = own->ix, .q = q, .o = options};
    uint64_t n_passages = xj_index_stats(s.ix)->n_passages;
    size_t keep = wants_scores(&s) ? add_capped(options->offset, options->limit, n_passages) : 0;
    size_t pool = options->relax && keep ? (keep > RELAX_POOL ? keep : RELAX_POOL) : 0;
    unsigned totals = totals_of(options);
    xj_results_release(out);
    s.clock.deadline_ns = options->deadline_ns;
    xji_collector_init(&s.collector, s.ix, options->want == XJ_WANT_REPORTS, totals, keep);
    xji_collector_init(&s.relaxed, s.ix, options->want == XJ_WANT_REPORTS, totals, pool);
    xj_status st = run(&s, err);
    if (st == XJ_OK)
        st = hand_over(out, &s, err);
    if (st == XJ_OK) {
        out->totals = asked_for(&s);
        out->partial = s.clock.expired;
    } else {
        xj_results_release(out);
    }
    if (s.planned)
        xji_plan_release(&s.plan);
    xji_scratch_trim(&own->scratch, SCRATCH_KEPT);
    xji_collector_release(&s.collector);
    xji_collector_release(&s.relaxed);
    return st;
}

xj_status xj_searcher_new(xj_searcher **out, xj_index *ix, xj_error *err)
{
    xj_searcher *s = *out = calloc(1, sizeof *s);
    if (!s)
        return xj_fail(err, XJ_ENOMEM, "no memory for a searcher");
    s->ix = ix;
    xji_verifier_init(&s->verifier);
    return XJ_OK;
}

void xj_searcher_free(xj_searcher *s)
{
    if (!s)
        return;
    xji_verifier_release(&s->verifier);
    xji_scratch_release(&s->scratch);
    xji_windows_release(&s->windows);
    free(s);
}

xj_status xj_search(xj_results *out, xj_index *ix, const xj_query *q, const xj_search_options *options, xj_error *err)
{
    xj_searcher *s;
    xj_status st = xj_searcher_new(&s, ix, err);
    if (st == XJ_OK)
        st = xj_searcher_run(out, s, q, options, err);
    else
        xj_results_release(out);
    xj_searcher_free(s);
    return st;
}

void xj_results_release(xj_results *r)
{
    free(r->hits);
    free(r->reports);
    *r = (xj_results)XJ_RESULTS_INIT;
}
