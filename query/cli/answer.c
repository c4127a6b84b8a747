#include "answer.h"

#include <stdlib.h>
#include <time.h>

int64_t xji_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void xji_session_init(xji_session *s, const xji_options *options, xji_out *out)
{
    static const xji_form_ops *const forms[] = {
        [XJI_FORM_TEXT] = &xji_form_text, [XJI_FORM_JSON] = &xji_form_json, [XJI_FORM_TSV] = &xji_form_tsv};
    *s = (xji_session){.options = options, .results = XJ_RESULTS_INIT};
    s->printer.ops = forms[options->form];
    s->printer.options = options;
    s->printer.out = out;
    xj_view_init(&s->view);
}

xj_status xji_session_index(xji_session *s, xj_index *ix, xj_error *err)
{
    s->index = ix;
    return xj_searcher_new(&s->searcher, ix, err);
}

void xji_session_release(xji_session *s)
{
    xj_searcher_free(s->searcher);
    s->searcher = NULL;
    xj_results_release(&s->results);
    xj_view_release(&s->view);
    free(s->rows);
    s->rows = NULL;
    s->cap_rows = 0;
}

static xj_want want_of(const xji_options *o)
{
    if (o->count) /* with -q too: the exit status is that of the count */
        return XJ_WANT_COUNT;
    if (o->quiet)
        return XJ_WANT_ANY;
    return o->reports ? XJ_WANT_REPORTS : XJ_WANT_HITS;
}

/* Totals cost time: only those that will be seen. */
static unsigned totals_of(const xji_options *o, xj_want want)
{
    bool unseen = o->no_totals || (o->batch && o->form != XJI_FORM_JSON);
    return want != XJ_WANT_COUNT && unseen ? 0 : XJ_TOTAL_ALL;
}

static int64_t deadline_of(const xji_options *o)
{
    return o->timeout_ms ? xji_now_ns() + (int64_t)o->timeout_ms * 1000000 : 0;
}

/* A limit above what there is asks for memory in vain. */
static size_t at_most(uint64_t v, uint64_t most)
{
    return (size_t)(v < most ? v : most);
}

static xj_status explain(size_t *n, xji_session *s, const xj_query *q, const xj_hit *hit, xj_error *err)
{
    xj_status st = xj_explain(s->index, q, hit, s->rows, s->cap_rows, n, err);
    if (st != XJ_OK || *n <= s->cap_rows)
        return st;
    xj_explain_row *rows = realloc(s->rows, *n * sizeof *rows);
    if (!rows)
        return xj_fail(err, XJ_ENOMEM, "no memory to explain a score");
    s->rows = rows;
    s->cap_rows = *n;
    return xj_explain(s->index, q, hit, s->rows, s->cap_rows, n, err);
}

/* Print the passages found. Stops when the output is lost: nobody would see the rest. */
static xj_status print_hits(xji_answer *a, xji_session *s, const xj_query *q, xj_error *err)
{
    const xj_results *r = &s->results;
    xji_printer *p = &s->printer;
    bool in_exact = true;
    for (size_t i = 0; i < r->n_hits && !p->out->error; i++) {
        xji_shown_hit shown = {
            .rank = s->options->offset + i + 1, .hit = &r->hits[i], .view = &s->view, .partial = r->partial};
        xj_status st = xj_view_hit(&s->view, s->index, q, shown.hit, err);
        if (st == XJ_OK && s->options->explain) {
            st = explain(&shown.n_rows, s, q, shown.hit, err);
            shown.rows = s->rows;
        }
        if (st != XJ_OK)
            return st;
        if (s->options->relax && in_exact && a->kind == XJ_QUERY_PHRASE && shown.hit->tier != XJ_TIER_EXACT) {
            in_exact = false;
            p->ops->exact_ends(p);
        }
        p->ops->hit(p, &shown);
        a->n_printed++;
    }
    return XJ_OK;
}

static xj_status print_reports(xji_answer *a, xji_session *s, xj_error *err)
{
    const xj_results *r = &s->results;
    xji_printer *p = &s->printer;
    for (size_t i = 0; i < r->n_reports && !p->out->error; i++) {
        xji_shown_report shown = {s->options->offset + i + 1, &r->reports[i], &s->view, r->partial};
        xj_status st = xj_view_report(&s->view, s->index, shown.hit, err);
        if (st != XJ_OK)
            return st;
        p->ops->report(p, &shown);
        a->n_printed++;
    }
    return XJ_OK;
}

static xj_status find_any(xji_answer *a, xji_session *s, const xj_query *q, const xj_search_options *options, xj_error *err)
{
    xj_search_options search = *options;
    search.want = XJ_WANT_ANY;
    xj_status st = xj_searcher_run(&s->results, s->searcher, q, &search, err);
    a->found = st == XJ_OK && s->results.totals.passages > 0;
    return st;
}

xj_status xji_answer_query(xji_answer *a, xji_session *s, const xj_query *q, bool count_more, xj_error *err)
{
    const xji_options *o = s->options;
    const uint64_t n_passages = xj_index_stats(s->index)->n_passages;
    xj_search_options search = XJ_SEARCH_OPTIONS_INIT;
    search.want = want_of(o);
    search.totals = totals_of(o, search.want);
    search.limit = at_most(o->limit, n_passages);
    search.offset = at_most(o->offset, n_passages);
    search.relax = o->relax;
    search.count_more = count_more;
    search.deadline_ns = s->deadline_ns = deadline_of(o);

    *a = (xji_answer){.kind = xj_query_kind_of(q), .counted = search.totals != 0 && search.want != XJ_WANT_ANY};
    xj_status st = xj_searcher_run(&s->results, s->searcher, q, &search, err);
    if (st != XJ_OK)
        return st;
    const xj_results *r = &s->results;
    a->totals = r->totals;
    a->partial = r->partial;
    a->found = r->totals.passages > 0 || r->n_hits > 0 || r->n_reports > 0;
    if (!a->found && !a->counted && search.want != XJ_WANT_ANY && (search.limit == 0 || search.offset > 0))
        st = find_any(a, s, q, &search, err); /* there may be some that are not shown */
    if (st != XJ_OK)
        return st;
    switch (search.want) {
    case XJ_WANT_ANY:
        break;
    case XJ_WANT_COUNT:
        if (!s->options->quiet)
            s->printer.ops->counts(&s->printer, &r->totals, r->partial);
        break;
    case XJ_WANT_HITS:
        st = print_hits(a, s, q, err);
        break;
    case XJ_WANT_REPORTS:
        st = print_reports(a, s, err);
        break;
    }
    return st;
}

static uint64_t passages_of(xji_session *s, const char *text, size_t n, unsigned flags, xj_want want)
{
    xj_search_options search = XJ_SEARCH_OPTIONS_INIT;
    search.want = want;
    search.deadline_ns = s->deadline_ns;
    xj_query *q;
    uint64_t found = 0;
    if (xj_query_parse(&q, text, n, flags, NULL) == XJ_OK &&
        xj_searcher_run(&s->results, s->searcher, q, &search, NULL) == XJ_OK)
        found = s->results.totals.passages;
    xj_query_free(q);
    return found;
}

bool xji_would_find(xji_session *s, const char *text, size_t n, unsigned flags)
{
    return passages_of(s, text, n, flags, XJ_WANT_ANY) > 0;
}

uint64_t xji_would_list(xji_session *s, const char *text, size_t n, unsigned flags)
{
    return passages_of(s, text, n, flags, XJ_WANT_COUNT);
}
