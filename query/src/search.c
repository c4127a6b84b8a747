/*
 * Running a query. Phrases and expressions first list their passages exactly, then score them; a bag scores every passage
 * that holds any of its tokens, window by window. Both feed the same collector with passages in ascending order.
 */
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "plan.h"
#include "xj/search.h"

enum { WINDOW = 1 << 16, NEAR_UNITS = 24, RELAX_POOL = 200 };

typedef struct search {
    xj_index *ix;
    const xj_query *q;
    const xj_search_options *o;
    xji_clock clock;
    xji_verifier verifier;
    xji_plan plan;
    bool planned;
    xji_collector collector;
    xji_collector relaxed; /* what --relax adds */
    uint64_t more;
    bool done; /* XJ_WANT_ANY has its answer */
} search;

static bool wants_scores(const search *s)
{
    return s->o->want == XJ_WANT_HITS || s->o->want == XJ_WANT_REPORTS;
}

static xj_status plan(search *s, xj_error *err)
{
    if (s->planned)
        return XJ_OK;
    xj_status st = xji_plan_make(&s->plan, s->ix, s->q, &s->clock, err);
    s->planned = st == XJ_OK;
    return st;
}

/* Occurrences of all positive phrases in a passage; *all = each of them occurs. at[i] follows phrase i's list. */
static uint64_t occurrences_in(const xji_leaves *l, size_t *at, uint32_t doc, bool *all)
{
    uint64_t n = 0;
    *all = true;
    for (size_t i = 0; i < l->q->n_phrases; i++) {
        if (!l->q->phrase[i].positive || l->q->phrase[i].repeated)
            continue;
        at[i] = xji_list_seek(&l->list[i], at[i], doc);
        if (at[i] < l->list[i].n && l->list[i].doc[at[i]] == doc)
            n += l->list[i].count[at[i]];
        else
            *all = false;
    }
    return n;
}

/* ---- listed passages ---- */

static xj_status score_listed(search *s, size_t seg_no, const xji_leaves *l, const xji_list *docs, double *score, xj_error *err)
{
    xj_segment *seg = xj_index_segment(s->ix, seg_no);
    memset(score, 0, docs->n * sizeof *score);
    xj_status st = plan(s, err);
    for (size_t t = 0; t < s->q->n_tokens && st == XJ_OK; t++) {
        xji_cursor c;
        st = xji_cursor_open(&c, &s->plan, seg_no, t, err);
        for (size_t i = 0; i < docs->n && st == XJ_OK && !xji_clock_expired(&s->clock); i++) {
            uint32_t length;
            st = xji_cursor_seek(&c, docs->doc[i], err);
            if (st != XJ_OK || c.doc == XJ_DOC_END)
                break;
            if (c.doc != docs->doc[i])
                continue;
            st = xj_segment_length(seg, c.doc, &length, err);
            if (st == XJ_OK)
                score[i] += xji_plan_part(&s->plan, t, c.tf, length);
        }
    }
    for (size_t p = 0; p < s->q->n_phrases && st == XJ_OK; p++) {
        size_t at = 0;
        if (s->plan.bonus[p] == 0.0)
            continue;
        for (size_t i = 0; i < docs->n; i++) {
            at = xji_list_seek(&l->list[p], at, docs->doc[i]);
            if (at < l->list[p].n && l->list[p].doc[at] == docs->doc[i])
                score[i] += s->plan.bonus[p];
        }
    }
    return st;
}

static xj_status collect_listed(search *s, size_t seg_no, const xji_leaves *l, const xji_list *docs, xj_error *err)
{
    double *score = malloc((docs->n ? docs->n : 1) * sizeof *score);
    size_t *at = calloc(s->q->n_phrases + 1, sizeof *at);
    xj_status st = score && at ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for %zu passages", docs->n);
    if (st == XJ_OK && wants_scores(s) && docs->n > 0)
        st = score_listed(s, seg_no, l, docs, score, err);
    else if (st == XJ_OK)
        memset(score, 0, docs->n * sizeof *score);
    for (size_t i = 0; i < docs->n && st == XJ_OK; i++) {
        bool all;
        uint64_t n = occurrences_in(l, at, docs->doc[i], &all);
        st = xji_collector_add(&s->collector, docs->doc[i], score[i], XJ_TIER_EXACT, n, err);
    }
    free(score);
    free(at);
    return st;
}

/* ---- bags ---- */

/* What to do with the passages of a bag. */
typedef struct bag_sink {
    xji_collector *collector; /* NULL: only count */
    const xji_list *without;  /* passages to leave out, or NULL */
    const xji_list *without_reports; /* reports to leave out, or NULL */
    uint64_t n;               /* passages found */
} bag_sink;

static xj_status fill_window(search *s, size_t seg_no, xji_cursor *cursor, uint32_t base, double *acc, xj_error *err)
{
    xj_segment *seg = xj_index_segment(s->ix, seg_no);
    uint64_t end = (uint64_t)base + WINDOW;
    for (size_t t = 0; t < s->q->n_tokens; t++) {
        xji_cursor *c = &cursor[t];
        while (c->doc < end) {
            uint32_t length;
            xj_status st = xj_segment_length(seg, c->doc, &length, err);
            if (st != XJ_OK)
                return st;
            acc[c->doc - base] += xji_plan_part(&s->plan, t, c->tf, length);
            st = xji_cursor_next(c, err);
            if (st != XJ_OK)
                return st;
            if (xji_clock_expired(&s->clock))
                break;
        }
    }
    return XJ_OK;
}

static void add_bonuses(search *s, const xji_leaves *l, uint32_t base, double *acc)
{
    for (size_t p = 0; p < s->q->n_phrases; p++) {
        if (s->plan.bonus[p] == 0.0)
            continue;
        const xji_list *list = &l->list[p];
        for (size_t i = xji_list_seek(list, 0, base); i < list->n && list->doc[i] - base < WINDOW; i++)
            acc[list->doc[i] - base] += s->plan.bonus[p];
    }
}

/* The report of ascending passages: asked for again only when one lies beyond it. */
typedef struct report_walk {
    xj_segment *seg;
    bool known;
    uint32_t report;
    xj_report_row row;
} report_walk;

static xj_status walk_to(report_walk *w, uint32_t doc, xj_error *err)
{
    if (w->known && doc - w->row.first_passage < w->row.n_passages)
        return XJ_OK;
    xj_status st = xj_segment_report_of(w->seg, doc, &w->report, &w->row, err);
    w->known = st == XJ_OK;
    return st;
}

static xj_status drain_window(const xji_leaves *l, uint32_t base, const double *acc, size_t *at, size_t *left_out,
                              bag_sink *sink, xj_error *err)
{
    report_walk walk = {.seg = l->seg};
    for (uint32_t i = 0; i < WINDOW; i++) {
        if (acc[i] == 0.0) /* contributions are positive: 0 = no token */
            continue;
        uint32_t doc = base + i;
        if (sink->without) {
            *left_out = xji_list_seek(sink->without, *left_out, doc);
            if (*left_out < sink->without->n && sink->without->doc[*left_out] == doc)
                continue;
        }
        if (sink->without_reports) {
            xj_status st = walk_to(&walk, doc, err);
            if (st != XJ_OK)
                return st;
            size_t k = xji_list_seek(sink->without_reports, 0, walk.report);
            if (k < sink->without_reports->n && sink->without_reports->doc[k] == walk.report)
                continue;
        }
        sink->n++;
        if (!sink->collector)
            continue;
        bool all;
        uint64_t n = occurrences_in(l, at, doc, &all);
        xj_status st = xji_collector_add(sink->collector, doc, acc[i], all ? XJ_TIER_EXACT : XJ_TIER_PARTIAL, n, err);
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

static xj_status score_bag(search *s, size_t seg_no, const xji_leaves *l, bag_sink *sink, xj_error *err)
{
    size_t n = s->q->n_tokens, left_out = 0;
    xj_status st = plan(s, err);
    if (st != XJ_OK)
        return st;
    xji_cursor *cursor = malloc((n ? n : 1) * sizeof *cursor);
    double *acc = malloc(WINDOW * sizeof *acc);
    size_t *at = calloc(s->q->n_phrases + 1, sizeof *at);
    st = cursor && acc && at ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to rank passages");
    for (size_t t = 0; t < n && st == XJ_OK; t++)
        st = xji_cursor_open(&cursor[t], &s->plan, seg_no, t, err);
    while (st == XJ_OK && !s->clock.expired) {
        uint32_t first = XJ_DOC_END;
        for (size_t t = 0; t < n; t++)
            if (cursor[t].doc < first)
                first = cursor[t].doc;
        if (first == XJ_DOC_END)
            break;
        uint32_t base = first - first % WINDOW;
        memset(acc, 0, WINDOW * sizeof *acc);
        st = fill_window(s, seg_no, cursor, base, acc, err);
        if (st == XJ_OK)
            add_bonuses(s, l, base, acc);
        if (st == XJ_OK)
            st = drain_window(l, base, acc, at, &left_out, sink, err);
    }
    free(cursor);
    free(acc);
    free(at);
    return st;
}

/* ---- one segment ---- */

/* Reports of ascending passages, each once. */
static xj_status reports_of(xj_segment *seg, const xji_list *docs, xji_list *out, xj_error *err)
{
    report_walk walk = {.seg = seg};
    xj_status st = XJ_OK;
    for (size_t i = 0; i < docs->n && st == XJ_OK; i++) {
        st = walk_to(&walk, docs->doc[i], err);
        if (st == XJ_OK && (out->n == 0 || out->doc[out->n - 1] != walk.report))
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

static xj_status search_segment(search *s, size_t seg_no, xj_error *err)
{
    xj_segment *seg = xj_index_segment(s->ix, seg_no);
    xji_leaves leaves;
    xji_list docs = {0};
    xj_status st = xji_leaves_find(&leaves, s->q, seg, &s->verifier, &s->clock, err);
    if (st != XJ_OK)
        return st;
    xji_collector_begin(&s->collector, (uint32_t)seg_no);
    if (ranks_as_bag(s)) {
        bag_sink sink = {&s->collector, NULL, NULL, 0};
        st = score_bag(s, seg_no, &leaves, &sink, err);
    } else {
        st = xji_tree_eval(&leaves, s->q->root, &docs, err);
        /* Lists cut short by the deadline may lack what a NOT excludes: then nothing of this segment is certain. */
        if (s->clock.expired && s->q->kind == XJ_QUERY_TREE)
            docs.n = 0;
        if (st == XJ_OK)
            st = collect_listed(s, seg_no, &leaves, &docs, err);
    }
    if (st == XJ_OK)
        st = xji_collector_end(&s->collector, err);
    if (st == XJ_OK && !s->clock.expired && s->q->kind == XJ_QUERY_PHRASE && s->o->relax) {
        /* A report with an exact passage stands among the exact ones already. */
        xji_list reports = {0};
        bool by_report = s->o->want == XJ_WANT_REPORTS;
        if (by_report)
            st = reports_of(seg, &docs, &reports, err);
        bag_sink sink = {&s->relaxed, &docs, by_report ? &reports : NULL, 0};
        xji_collector_begin(&s->relaxed, (uint32_t)seg_no);
        if (st == XJ_OK)
            st = score_bag(s, seg_no, &leaves, &sink, err);
        xji_list_release(&reports);
        if (st == XJ_OK)
            st = xji_collector_end(&s->relaxed, err);
        s->more += sink.n;
    }
    s->done = s->o->want == XJ_WANT_ANY && s->collector.totals.passages > 0;
    xji_list_release(&docs);
    xji_leaves_release(&leaves);
    return st;
}

/* Count what --relax would add. The answer is complete already: a deadline met here only leaves the number unknown. */
static xj_status count_more(search *s, xj_error *err)
{
    bool expired = s->clock.expired;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < xj_index_n_segments(s->ix) && st == XJ_OK && !s->clock.expired; i++) {
        xji_leaves leaves;
        st = xji_leaves_find(&leaves, s->q, xj_index_segment(s->ix, i), &s->verifier, &s->clock, err);
        if (st != XJ_OK)
            break;
        bag_sink sink = {NULL, &leaves.list[0], NULL, 0};
        st = score_bag(s, i, &leaves, &sink, err);
        s->more += sink.n;
        xji_leaves_release(&leaves);
    }
    if (s->clock.expired && !expired)
        s->more = 0;
    s->clock.expired = expired;
    return st;
}

/* ---- relaxed hits ---- */

/* Whether all distinct units of the phrase stand within NEAR_UNITS units of the text. */
static bool is_near(const xj_units *text, const xj_units *phrase, uint32_t *last_seen)
{
    size_t n = phrase->n;
    for (size_t k = 0; k < n; k++)
        last_seen[k] = UINT32_MAX;
    for (size_t i = 0; i < text->n; i++) {
        bool any = false;
        for (size_t k = 0; k < n; k++) {
            if (xj_units_equal(text, i, phrase, k)) {
                last_seen[k] = (uint32_t)i;
                any = true;
            }
        }
        if (!any)
            continue;
        uint32_t oldest = (uint32_t)i;
        bool complete = true;
        for (size_t k = 0; k < n && complete; k++) {
            if (phrase->unit[k].kind == XJ_UNIT_BREAK)
                continue;
            complete = last_seen[k] != UINT32_MAX;
            if (complete && last_seen[k] < oldest)
                oldest = last_seen[k];
        }
        if (complete && i - oldest < NEAR_UNITS)
            return true;
    }
    return false;
}

static xj_status find_near(search *s, xj_error *err)
{
    const xj_units *phrase = &s->q->phrase[0].units;
    uint32_t *last_seen = malloc(phrase->n * sizeof *last_seen);
    xj_status st = last_seen ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for near passages");
    /* Only among the best, so that the order does not depend on how much of the list is asked for. */
    for (size_t i = 0; i < s->relaxed.n && i < RELAX_POOL && st == XJ_OK; i++) {
        xji_found *f = &s->relaxed.found[i];
        st = xji_verifier_load(&s->verifier, xj_index_segment(s->ix, f->segment), f->item, 0, err);
        if (st == XJ_OK)
            f->tier = is_near(&s->verifier.units, phrase, last_seen) ? XJ_TIER_NEAR : XJ_TIER_PARTIAL;
    }
    free(last_seen);
    return st;
}

/* ---- the whole ---- */

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

xj_status xj_search(xj_results *out, xj_index *ix, const xj_query *q, const xj_search_options *options, xj_error *err)
{
    search s = {.ix = ix, .q = q, .o = options};
    uint64_t n_passages = xj_index_stats(ix)->n_passages;
    size_t keep = wants_scores(&s) ? add_capped(options->offset, options->limit, n_passages) : 0;
    size_t pool = options->relax && keep ? (keep > RELAX_POOL ? keep : RELAX_POOL) : 0;
    xj_results_release(out);
    s.clock.deadline_ns = options->deadline_ns;
    s.verifier.record = (xj_record)XJ_RECORD_INIT;
    xji_collector_init(&s.collector, ix, options->want == XJ_WANT_REPORTS, keep);
    xji_collector_init(&s.relaxed, ix, options->want == XJ_WANT_REPORTS, pool);
    xj_status st = XJ_OK;
    for (size_t i = 0; i < xj_index_n_segments(ix) && st == XJ_OK && !s.done && !xji_clock_expired(&s.clock); i++)
        st = search_segment(&s, i, err);
    if (st == XJ_OK && options->count_more && !options->relax && q->kind == XJ_QUERY_PHRASE && !s.clock.expired)
        st = count_more(&s, err);
    if (st == XJ_OK)
        st = xji_collector_finish(&s.collector, false, err);
    if (st == XJ_OK)
        st = xji_collector_finish(&s.relaxed, false, err);
    if (st == XJ_OK && s.relaxed.n > 0 && options->want == XJ_WANT_HITS) {
        st = find_near(&s, err);
        if (st == XJ_OK)
            st = xji_collector_finish(&s.relaxed, true, err);
    }
    if (st == XJ_OK)
        st = hand_over(out, &s, err);
    if (st == XJ_OK) {
        out->totals = s.collector.totals;
        out->totals.more = s.more;
        out->partial = s.clock.expired;
    } else {
        xj_results_release(out);
    }
    if (s.planned)
        xji_plan_release(&s.plan);
    xji_collector_release(&s.collector);
    xji_collector_release(&s.relaxed);
    xji_verifier_release(&s.verifier);
    return st;
}

void xj_results_release(xj_results *r)
{
    free(r->hits);
    free(r->reports);
    *r = (xj_results)XJ_RESULTS_INIT;
}
