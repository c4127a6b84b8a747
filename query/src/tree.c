#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

xj_status xji_leaves_find(xji_leaves *l, const xj_query *q, xj_segment *seg, xji_verifier *v, xji_clock *clock, xj_error *err)
{
    memset(l, 0, sizeof *l);
    l->q = q;
    l->seg = seg;
    l->verifier = v;
    l->clock = clock;
    l->report_record = l->heading_record = (xj_record)XJ_RECORD_INIT;
    l->list = calloc(q->n_phrases ? q->n_phrases : 1, sizeof *l->list);
    xj_status st = l->list ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for the query");
    for (size_t i = 0; i < q->n_phrases && st == XJ_OK; i++)
        if (q->phrase[i].units.n <= XJ_QUERY_PHRASE_MAX)
            st = xji_phrase_list(q, &q->phrase[i], seg, v, clock, &l->list[i], err);
    if (st != XJ_OK)
        xji_leaves_release(l);
    return st;
}

void xji_leaves_release(xji_leaves *l)
{
    if (l->list)
        for (size_t i = 0; i < l->q->n_phrases; i++)
            xji_list_release(&l->list[i]);
    free(l->list);
    l->list = NULL;
    xj_record_release(&l->report_record);
    xj_record_release(&l->heading_record);
}

/* ---- fields ---- */

static xj_status holds(xj_str text, const xj_units *wanted, xji_verifier *v, bool *yes, xj_error *err)
{
    *yes = false;
    if (!text.s)
        return XJ_OK;
    if (text.n + 1 > v->cap) {
        uint32_t *p = realloc(v->cp, (text.n + 1) * sizeof *p);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory to look at a field");
        v->cp = p;
        v->cap = text.n + 1;
    }
    size_t n = 0;
    for (size_t i = 0; i < text.n; n++)
        i += xj_utf8_decode((const uint8_t *)text.s + i, text.n - i, &v->cp[n], NULL);
    xj_status st = xj_units_read(&v->units, v->cp, n, XJ_UNITS_QUERY, err);
    *yes = st == XJ_OK && xj_units_find(&v->units, wanted, 0) != SIZE_MAX;
    return st;
}

/* Dates compare as text; an end such as 2024-05 takes in everything that begins with it. */
static bool date_fits(const xji_filter *f, xj_str date)
{
    if (!date.s)
        return false;
    size_t from = strlen(f->date_from), to = strlen(f->date_to);
    if (from && strncmp(date.s, f->date_from, from < date.n ? from : date.n) < 0)
        return false;
    if (from && date.n < from && strncmp(date.s, f->date_from, date.n) == 0 && !(to && to <= date.n))
        return false; /* a report dated 2024 is not known to lie after 2024-05 */
    if (to && strncmp(date.s, f->date_to, to < date.n ? to : date.n) > 0)
        return false;
    if (to && date.n < to && strncmp(date.s, f->date_to, date.n) == 0)
        return false;
    return true;
}

static xj_status fits_report(xji_leaves *l, const xji_filter *f, uint32_t report, const xj_report_row *row, bool *yes,
                             xj_error *err)
{
    xj_report_meta meta;
    *yes = false;
    if (f->field == XJI_FIELD_YEAR) {
        *yes = row->year != 0 && row->year >= f->year_from && row->year <= f->year_to;
        return XJ_OK;
    }
    xj_status st = xj_segment_record(l->seg, XJ_STORE_REPORT, report, &l->report_record, err);
    if (st == XJ_OK)
        st = xj_record_place(&l->report_record, xj_report_meta_parse(&meta, l->report_record.data, l->report_record.n, err), err);
    if (st != XJ_OK)
        return st;
    switch (f->field) {
    case XJI_FIELD_ID:
        *yes = strlen(f->value) == meta.id.n && memcmp(f->value, meta.id.s, meta.id.n) == 0;
        return XJ_OK;
    case XJI_FIELD_DATE:
        *yes = date_fits(f, meta.date);
        return XJ_OK;
    case XJI_FIELD_TITLE:
        return holds(meta.title, &f->units, l->verifier, yes, err);
    case XJI_FIELD_AGENCY:
        return holds(meta.agency, &f->units, l->verifier, yes, err);
    case XJI_FIELD_PATH:
        return holds(meta.path, &f->units, l->verifier, yes, err);
    default:
        return XJ_OK;
    }
}

static xj_status fits_section(xji_leaves *l, const xji_filter *f, uint32_t section, bool *yes, xj_error *err)
{
    xj_heading_path path;
    *yes = false;
    xj_status st = xj_segment_record(l->seg, XJ_STORE_HEADING, section, &l->heading_record, err);
    if (st == XJ_OK)
        st = xj_record_place(&l->heading_record, xj_heading_path_parse(&path, l->heading_record.data, l->heading_record.n, err), err);
    for (size_t i = 0; i < path.n && st == XJ_OK && !*yes; i++)
        st = holds(path.heading[i], &f->units, l->verifier, yes, err);
    return st;
}

/* Remembers the answer for the last report or section, passages [first, end): passages of one stand together. */
typedef struct tester {
    const xji_filter *f;
    uint32_t first, end;
    bool yes;
} tester;

static xj_status test(xji_leaves *l, tester *t, uint32_t doc, bool *yes, xj_error *err)
{
    uint32_t key;
    xj_status st = XJ_OK;
    if (doc < t->first || doc >= t->end) {
        t->first = t->end = 0;
        if (t->f->field == XJI_FIELD_SECTION) {
            uint32_t first, end;
            st = xj_segment_section_of(l->seg, doc, &key, &first, &end, err);
            if (st == XJ_OK)
                st = fits_section(l, t->f, key, &t->yes, err);
            if (st == XJ_OK) {
                t->first = first;
                t->end = end;
            }
        } else {
            xj_report_row row;
            st = xj_segment_report_of(l->seg, doc, &key, &row, err);
            if (st == XJ_OK)
                st = fits_report(l, t->f, key, &row, &t->yes, err);
            if (st == XJ_OK) {
                t->first = row.first_passage;
                t->end = row.first_passage + row.n_passages;
            }
        }
    }
    *yes = t->yes;
    return st;
}

/* ---- nodes ---- */

static xj_status list_filter(xji_leaves *l, const xji_filter *f, xji_list *out, xj_error *err)
{
    uint64_t n = xj_segment_stats_of(l->seg)->n_passages;
    tester t = {f, 0, 0, false};
    xj_status st = XJ_OK;
    for (uint32_t d = 0; d < n && st == XJ_OK && !xji_clock_expired(l->clock); d++) {
        bool yes;
        st = test(l, &t, d, &yes, err);
        if (st == XJ_OK && yes)
            st = xji_list_put(out, d, 1, err);
    }
    return st;
}

/* Keep in a what is also in b (keep) or what is not (!keep). */
static void intersect(xji_list *a, const xji_list *b, bool keep)
{
    size_t n = 0, j = 0;
    for (size_t i = 0; i < a->n; i++) {
        j = xji_list_seek(b, j, a->doc[i]);
        bool in = j < b->n && b->doc[j] == a->doc[i];
        if (in == keep)
            a->doc[n++] = a->doc[i];
    }
    a->n = n;
}

static xj_status apply_filter(xji_leaves *l, xji_list *a, const xji_filter *f, bool keep, xj_error *err)
{
    tester t = {f, 0, 0, false};
    size_t n = 0;
    for (size_t i = 0; i < a->n && !xji_clock_expired(l->clock); i++) {
        bool yes;
        xj_status st = test(l, &t, a->doc[i], &yes, err);
        if (st != XJ_OK)
            return st;
        if (yes == keep)
            a->doc[n++] = a->doc[i];
    }
    a->n = n;
    return XJ_OK;
}

static xj_status unite(const xji_list *a, const xji_list *b, xji_list *out, xj_error *err)
{
    size_t i = 0, j = 0;
    xj_status st = XJ_OK;
    while (st == XJ_OK && (i < a->n || j < b->n)) {
        uint32_t x = i < a->n ? a->doc[i] : XJ_DOC_END, y = j < b->n ? b->doc[j] : XJ_DOC_END;
        st = xji_list_put(out, x < y ? x : y, 1, err);
        i += x <= y;
        j += y <= x;
    }
    return st;
}

static bool is_negative(const xj_query *q, uint32_t node)
{
    return q->node[node].kind == XJI_NODE_NOT;
}

static bool is_filter(const xj_query *q, uint32_t node)
{
    return q->node[node].kind == XJI_NODE_FILTER;
}

/* An AND all of whose operands are negative excludes without offering anything; the parser let it stand only under
 * an AND with something positive, so treat its operands as if they stood there. */
static bool only_excludes(const xj_query *q, uint32_t node)
{
    if (is_negative(q, node))
        return true;
    if (q->node[node].kind != XJI_NODE_AND)
        return false;
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE; k = q->node[k].next)
        if (!only_excludes(q, k))
            return false;
    return true;
}

static xj_status exclude(xji_leaves *l, xji_list *a, uint32_t node, xj_error *err)
{
    const xj_query *q = l->q;
    xj_status st = XJ_OK;
    if (!is_negative(q, node)) {
        for (uint32_t k = q->node[node].child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next)
            st = exclude(l, a, k, err);
        return st;
    }
    uint32_t operand = q->node[node].child;
    if (is_filter(q, operand))
        return apply_filter(l, a, &q->filter[q->node[operand].leaf], false, err);
    xji_list b = {0};
    st = xji_tree_eval(l, operand, &b, err);
    if (st == XJ_OK)
        intersect(a, &b, false);
    xji_list_release(&b);
    return st;
}

static xj_status eval_and(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err)
{
    const xj_query *q = l->q;
    bool first = true;
    xj_status st = XJ_OK;
    /* What can be listed narrows first; fields then look at what is left; exclusions come last. */
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next) {
        if (is_filter(q, k) || only_excludes(q, k))
            continue;
        if (first) {
            st = xji_tree_eval(l, k, out, err);
        } else {
            xji_list b = {0};
            st = xji_tree_eval(l, k, &b, err);
            if (st == XJ_OK)
                intersect(out, &b, true);
            xji_list_release(&b);
        }
        first = false;
    }
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next) {
        if (!is_filter(q, k))
            continue;
        const xji_filter *f = &q->filter[q->node[k].leaf];
        st = first ? list_filter(l, f, out, err) : apply_filter(l, out, f, true, err);
        first = false;
    }
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next)
        if (only_excludes(q, k))
            st = exclude(l, out, k, err);
    return st;
}

static xj_status copy_list(const xji_list *a, xji_list *out, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < a->n && st == XJ_OK; i++)
        st = xji_list_put(out, a->doc[i], 1, err);
    return st;
}

xj_status xji_tree_eval(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err)
{
    const xj_query *q = l->q;
    const xji_node *n = &q->node[node];
    xj_status st = XJ_OK;
    switch (n->kind) {
    case XJI_NODE_PHRASE:
        return copy_list(&l->list[n->leaf], out, err);
    case XJI_NODE_FILTER:
        return list_filter(l, &q->filter[n->leaf], out, err);
    case XJI_NODE_AND:
        return eval_and(l, node, out, err);
    case XJI_NODE_OR:
        for (uint32_t k = n->child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next) {
            xji_list a = {0}, both = {0};
            st = xji_tree_eval(l, k, &a, err);
            if (st == XJ_OK)
                st = unite(out, &a, &both, err);
            xji_list_release(&a);
            xji_list_release(out);
            *out = both;
        }
        return st;
    case XJI_NODE_NOT:
        break; /* the parser lets no NOT stand where a list is wanted */
    }
    return xj_fail(err, XJ_EQUERY, "the query only excludes; it wants something to look for as well");
}
