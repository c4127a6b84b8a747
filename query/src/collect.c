#include "collect.h"

#include <stdlib.h>
#include <string.h>

void xji_collector_init(xji_collector *c, xj_index *ix, bool reports, unsigned wanted, size_t keep)
{
    memset(c, 0, sizeof *c);
    c->ix = ix;
    c->reports = reports;
    c->wanted = wanted;
    c->keep = keep;
}

void xji_collector_release(xji_collector *c)
{
    free(c->found);
    xj_buf_release(&c->ids);
    memset(c, 0, sizeof *c);
}

/* Whether a comes after b within one segment. */
static bool worse(const xji_found *a, const xji_found *b)
{
    if (a->score != b->score)
        return a->score < b->score;
    if (a->id_rank != b->id_rank)
        return a->id_rank > b->id_rank;
    return a->item > b->item;
}

static void sift_up(xji_found *heap, size_t i)
{
    while (i > 0) {
        size_t up = (i - 1) / 2;
        if (!worse(&heap[i], &heap[up]))
            return;
        xji_found t = heap[i];
        heap[i] = heap[up];
        heap[up] = t;
        i = up;
    }
}

static void sift_down(xji_found *heap, size_t n)
{
    for (size_t i = 0;;) {
        size_t k = 2 * i + 1;
        if (k >= n)
            return;
        if (k + 1 < n && worse(&heap[k + 1], &heap[k]))
            k++;
        if (!worse(&heap[k], &heap[i]))
            return;
        xji_found t = heap[i];
        heap[i] = heap[k];
        heap[k] = t;
        i = k;
    }
}

static xj_status keep(xji_collector *c, const xji_found *f, xj_error *err)
{
    size_t n = c->n - c->first;
    if (c->keep == 0)
        return XJ_OK;
    if (n == c->keep) {
        if (!worse(&c->found[c->first], f))
            return XJ_OK;
        c->found[c->first] = *f;
        sift_down(c->found + c->first, n);
        return XJ_OK;
    }
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 64;
        void *p = realloc(c->found, cap * sizeof *c->found);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for %zu hits", cap);
        c->found = p;
        c->cap = cap;
    }
    c->found[c->n++] = *f;
    sift_up(c->found + c->first, n);
    return XJ_OK;
}

void xji_collector_begin(xji_collector *c, uint32_t segment)
{
    c->segment = segment;
    c->first = c->n;
    c->open_report = false;
    c->any_report = false;
}

static xj_status close_report(xji_collector *c, xj_error *err)
{
    if (!c->open_report)
        return XJ_OK;
    c->open_report = false;
    return keep(c, &c->report, err);
}

/* Look up the report of a passage unless it is that of the passage before. */
static xj_status enter_report(xji_collector *c, uint32_t passage, bool *is_new, xj_error *err)
{
    uint32_t report;
    xj_report_row row;
    *is_new = !c->any_report || passage - c->last_row.first_passage >= c->last_row.n_passages;
    if (!*is_new)
        return XJ_OK;
    /* Where no report is counted, passages may come in any order. */
    uint32_t from = c->any_report && passage >= c->last_row.first_passage ? c->last_report : 0;
    xj_status st = xj_segment_report_from(xj_index_segment(c->ix, c->segment), from, passage, &report, &row, err);
    if (st != XJ_OK)
        return st;
    c->last_report = report;
    c->last_row = row;
    c->any_report = true;
    return XJ_OK;
}

static xj_status add_to_report(xji_collector *c, double score, xj_tier tier, uint64_t occurrences, bool is_new, xj_error *err)
{
    if (is_new) {
        xj_status st = close_report(c, err);
        if (st != XJ_OK)
            return st;
        c->report = (xji_found){
            .score = score, .segment = c->segment, .item = c->last_report, .id_rank = c->last_row.id_rank, .tier = (uint8_t)tier};
        c->open_report = true;
    }
    if (score > c->report.score)
        c->report.score = score;
    c->report.passages++;
    c->report.occurrences += occurrences;
    return XJ_OK;
}

xj_status xji_collector_add(xji_collector *c, uint32_t passage, double score, xj_tier tier, uint64_t occurrences, xj_error *err)
{
    bool is_new = false, collects = c->keep > 0;
    bool full = collects && !c->reports && c->n - c->first == c->keep && score < c->found[c->first].score;
    if (c->reports || (c->wanted & XJ_TOTAL_REPORTS) || (collects && !full)) {
        xj_status st = enter_report(c, passage, &is_new, err);
        if (st != XJ_OK)
            return st;
    }
    c->totals.passages++;
    c->totals.occurrences += occurrences;
    c->totals.reports += is_new;
    if (!collects || full)
        return XJ_OK;
    if (c->reports)
        return add_to_report(c, score, tier, occurrences, is_new, err);
    xji_found f = {.score = score, .segment = c->segment, .item = passage, .id_rank = c->last_row.id_rank, .tier = (uint8_t)tier};
    return keep(c, &f, err);
}

xj_status xji_collector_end(xji_collector *c, xj_error *err)
{
    return close_report(c, err);
}

/* ---- order over all segments ---- */

static xj_status load_ids(xji_collector *c, xj_error *err)
{
    xj_record record = XJ_RECORD_INIT;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < c->n && st == XJ_OK; i++) {
        xji_found *f = &c->found[i];
        xj_segment *seg = xj_index_segment(c->ix, f->segment);
        uint32_t report = f->item;
        xj_report_meta meta;
        if (!c->reports) {
            xj_report_row row;
            st = xj_segment_report_of(seg, f->item, &report, &row, err);
        }
        if (st == XJ_OK)
            st = xj_segment_record(seg, XJ_STORE_REPORT, report, &record, err);
        if (st == XJ_OK)
            st = xj_record_place(&record, xj_report_meta_parse(&meta, record.data, record.n, err), err);
        if (st == XJ_OK) {
            f->id_at = c->ids.n;
            f->id_n = meta.id.n;
            st = xj_buf_put(&c->ids, meta.id.s, meta.id.n, err);
        }
    }
    xj_record_release(&record);
    return st;
}

typedef struct order {
    const uint8_t *ids; /* NULL: one segment, ranks decide */
    bool by_tier;
} order;

static int compare(const xji_found *a, const xji_found *b, const order *o)
{
    if (o->by_tier && a->tier != b->tier)
        return a->tier < b->tier ? -1 : 1;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (o->ids) {
        int c = memcmp(o->ids + a->id_at, o->ids + b->id_at, a->id_n < b->id_n ? a->id_n : b->id_n);
        if (c == 0)
            c = (a->id_n > b->id_n) - (a->id_n < b->id_n);
        if (c)
            return c;
    } else if (a->id_rank != b->id_rank) {
        return a->id_rank < b->id_rank ? -1 : 1;
    }
    return (a->item > b->item) - (a->item < b->item);
}

/* Merge sort: qsort has no place for the order to compare by. */
static void sort(xji_found *a, xji_found *scratch, size_t n, const order *o)
{
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t from = 0; from < n; from += 2 * width) {
            size_t mid = from + width < n ? from + width : n, end = from + 2 * width < n ? from + 2 * width : n;
            size_t i = from, j = mid;
            for (size_t k = from; k < end; k++)
                scratch[k] = j == end || (i < mid && compare(&a[i], &a[j], o) <= 0) ? a[i++] : a[j++];
        }
        memcpy(a, scratch, n * sizeof *a);
    }
}

xj_status xji_collector_finish(xji_collector *c, bool by_tier, xj_error *err)
{
    if (c->n == 0)
        return XJ_OK;
    bool across = xj_index_n_segments(c->ix) > 1;
    xj_status st = across && c->ids.n == 0 ? load_ids(c, err) : XJ_OK;
    xji_found *scratch = malloc(c->n * sizeof *scratch);
    if (st == XJ_OK && !scratch)
        st = xj_fail(err, XJ_ENOMEM, "no memory to sort %zu hits", c->n);
    if (st == XJ_OK) {
        order o = {across ? c->ids.data : NULL, by_tier};
        sort(c->found, scratch, c->n, &o);
        if (c->n > c->keep)
            c->n = c->keep;
    }
    free(scratch);
    return st;
}
