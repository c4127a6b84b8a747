#include "tree.h"

#include <string.h>

xj_status xji_leaves_init(xji_leaves *l, const xj_query *q, xj_segment *seg, xji_verifier *v, xji_scratch *scratch,
                          xji_clock *clock, xj_error *err)
{
    memset(l, 0, sizeof *l);
    l->q = q;
    l->seg = seg;
    l->verifier = v;
    l->scratch = scratch;
    l->clock = clock;
    l->report_record = l->heading_record = (xj_record)XJ_RECORD_INIT;
    l->list = xji_take_zero(scratch, q->n_phrases, sizeof *l->list);
    l->made = xji_take_zero(scratch, q->n_phrases, sizeof *l->made);
    return l->list && l->made ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for the query");
}

void xji_leaves_release(xji_leaves *l)
{
    if (l->list)
        for (size_t i = 0; i < l->q->n_phrases; i++)
            xji_list_release(&l->list[i]);
    l->list = NULL;
    l->made = NULL;
    xj_record_release(&l->report_record);
    xj_record_release(&l->heading_record);
}

static xj_status list_phrase(xji_leaves *l, const xji_phrase *p, xji_list *out, xj_error *err)
{
    xji_conjunction c;
    xji_batch b = {.n = 1};
    uint32_t count[XJ_BLOCK];
    size_t chain;
    xji_mark mark = xji_scratch_mark(l->scratch);
    xji_conjunction_init(&c, l->q, l->seg, NULL, l->verifier, l->scratch, l->clock);
    xj_status st = xji_conjunction_phrase(&c, p, &chain, err);
    while (st == XJ_OK && b.n > 0) {
        st = xji_conjunction_next(&c, 0, &b, err);
        if (st == XJ_OK)
            st = xji_conjunction_counts(&c, chain, &b, l->exactly, count, err);
        for (size_t i = 0; i < b.n && st == XJ_OK; i++)
            if (count[i] > 0)
                st = xji_list_put(out, b.doc[i], count[i], err);
    }
    xji_conjunction_release(&c);
    xji_scratch_back(l->scratch, mark);
    return st;
}

xj_status xji_leaf(xji_leaves *l, size_t phrase, const xji_list **out, xj_error *err)
{
    xj_status st = XJ_OK;
    if (!l->made[phrase] && l->q->phrase[phrase].units.n <= XJ_QUERY_PHRASE_MAX)
        st = list_phrase(l, &l->q->phrase[phrase], &l->list[phrase], err);
    l->made[phrase] = st == XJ_OK;
    *out = &l->list[phrase];
    return st;
}

xj_status xji_leaves_find(xji_leaves *l, xj_error *err)
{
    const xji_list *list;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < l->q->n_phrases && st == XJ_OK; i++)
        if (l->q->phrase[i].positive)
            st = xji_leaf(l, i, &list, err);
    return st;
}

/* ---- fields ---- */

static xj_status holds(xj_str text, const xj_units *wanted, xji_verifier *v, bool *yes, xj_error *err)
{
    *yes = false;
    if (!text.s)
        return XJ_OK;
    xj_status st = xji_verifier_read(v, text.s, text.n, XJ_UNITS_QUERY, err);
    *yes = st == XJ_OK && xj_units_find(&v->units, wanted, 0) != SIZE_MAX;
    return st;
}

/* Compare two dates, what is missing at their ends filled up. */
static int compare_dates(const char *a, size_t n_a, const char *b, size_t n_b, const char *fill)
{
    for (size_t i = 0; fill[i]; i++) {
        char x = i < n_a ? a[i] : fill[i], y = i < n_b ? b[i] : fill[i];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

/* A date fits when all days that it may stand for do: one of 2024 is not known to lie after 2024-05. */
static bool date_fits(const xji_filter *f, xj_str date)
{
    size_t from = strlen(f->date_from), to = strlen(f->date_to);
    return date.s && (from == 0 || compare_dates(date.s, date.n, f->date_from, from, "0000-00-00") >= 0) &&
           (to == 0 || compare_dates(date.s, date.n, f->date_to, to, "9999-99-99") <= 0);
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

/* Keep in a what is also in b (keep) or what is not (!keep). Counts of a stay with their passages. */
static void intersect(xji_list *a, const xji_list *b, bool keep)
{
    size_t n = 0, j = 0;
    for (size_t i = 0; i < a->n; i++) {
        j = xji_list_seek(b, j, a->doc[i]);
        bool in = j < b->n && b->doc[j] == a->doc[i];
        if (in == keep) {
            a->doc[n] = a->doc[i];
            a->count[n++] = a->count[i];
        }
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
        if (yes == keep) {
            a->doc[n] = a->doc[i];
            a->count[n++] = a->count[i];
        }
    }
    a->n = n;
    return XJ_OK;
}

/* Passages of many lists, each once: a bit for every passage of the segment. */
static xj_status unite(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err)
{
    const xj_query *q = l->q;
    uint64_t n = xj_segment_stats_of(l->seg)->n_passages;
    xji_mark mark = xji_scratch_mark(l->scratch);
    uint64_t *bits = xji_take_zero(l->scratch, (size_t)(n / 64 + 1), sizeof *bits);
    xj_status st = bits ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for the passages of an OR");
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE && st == XJ_OK; k = q->node[k].next) {
        xji_list made = {0};
        const xji_list *a = &made;
        st = q->node[k].kind == XJI_NODE_PHRASE ? xji_leaf(l, q->node[k].leaf, &a, err) : xji_tree_eval(l, k, &made, err);
        for (size_t i = 0; i < a->n && st == XJ_OK; i++)
            bits[a->doc[i] / 64] |= (uint64_t)1 << a->doc[i] % 64;
        xji_list_release(&made);
    }
    for (uint64_t i = 0; i <= n / 64 && st == XJ_OK; i++)
        for (uint64_t v = bits[i]; v && st == XJ_OK; v &= v - 1)
            st = xji_list_put(out, (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(v), 1, err);
    xji_scratch_back(l->scratch, mark);
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

/* ---- AND ---- */

static size_t count_operands(const xj_query *q, uint32_t node)
{
    size_t n = 0;
    if (q->node[node].kind != XJI_NODE_AND || only_excludes(q, node))
        return 1;
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE; k = q->node[k].next)
        n += count_operands(q, k);
    return n;
}

typedef enum part { PART_POSITIVE, PART_FILTER, PART_EXCLUDES } part;

static part part_of(const xj_query *q, uint32_t node)
{
    return only_excludes(q, node) ? PART_EXCLUDES : is_filter(q, node) ? PART_FILTER : PART_POSITIVE;
}

static void put_operands(const xj_query *q, uint32_t node, part wanted, xji_operands *out)
{
    if (q->node[node].kind != XJI_NODE_AND || only_excludes(q, node)) {
        if (part_of(q, node) == wanted)
            out->node[out->n++] = node;
        return;
    }
    for (uint32_t k = q->node[node].child; k != XJI_NO_NODE; k = q->node[k].next)
        put_operands(q, k, wanted, out);
}

xj_status xji_operands_of(const xj_query *q, uint32_t node, xji_scratch *scratch, xji_operands *out, xj_error *err)
{
    *out = (xji_operands){.node = xji_take(scratch, count_operands(q, node), sizeof *out->node)};
    if (!out->node)
        return xj_fail(err, XJ_ENOMEM, "no memory for the query");
    put_operands(q, node, PART_POSITIVE, out);
    out->n_positive = out->n;
    put_operands(q, node, PART_FILTER, out);
    out->n_filters = out->n - out->n_positive;
    put_operands(q, node, PART_EXCLUDES, out);
    return XJ_OK;
}

xj_status xji_tree_narrow(xji_leaves *l, const xji_operands *o, xji_list *docs, xj_error *err)
{
    const xj_query *q = l->q;
    xj_status st = XJ_OK;
    for (size_t i = o->n_positive; i < o->n && st == XJ_OK; i++)
        st = i < o->n_positive + o->n_filters ? apply_filter(l, docs, &q->filter[q->node[o->node[i]].leaf], true, err)
                                              : exclude(l, docs, o->node[i], err);
    return st;
}

xj_status xji_tree_admit(xji_leaves *l, const xji_operands *o, uint32_t doc, uint32_t *first, uint32_t *end, xj_error *err)
{
    const xj_query *q = l->q;
    uint64_t n = xj_segment_stats_of(l->seg)->n_passages;
    bool any = false;
    for (size_t i = o->n_positive; i < o->n_positive + o->n_filters && !any; i++)
        any = q->filter[q->node[o->node[i]].leaf].field == XJI_FIELD_YEAR;
    *first = doc;
    *end = XJ_DOC_END;
    for (uint32_t report = 0; any && doc < n && !xji_clock_expired(l->clock);) {
        xj_report_row row;
        bool yes = true;
        xj_status st = xj_segment_report_from(l->seg, report, doc, &report, &row, err);
        for (size_t i = o->n_positive; i < o->n_positive + o->n_filters && yes && st == XJ_OK; i++) {
            const xji_filter *f = &q->filter[q->node[o->node[i]].leaf];
            if (f->field == XJI_FIELD_YEAR)
                st = fits_report(l, f, report, &row, &yes, err);
        }
        if (st != XJ_OK)
            return st;
        *first = doc;
        *end = row.first_passage + row.n_passages;
        if (yes)
            return XJ_OK;
        doc = *end;
        *first = XJ_DOC_END;
    }
    if (any && doc >= n)
        *first = XJ_DOC_END;
    return XJ_OK;
}

static xj_status eval_and(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err)
{
    const xj_query *q = l->q;
    xji_operands o;
    xj_status st = xji_operands_of(q, node, l->scratch, &o, err);
    /* What can be listed narrows first; fields then look at what is left; exclusions come last. */
    for (size_t i = 0; i < o.n_positive && st == XJ_OK; i++) {
        xji_list b = {0};
        st = xji_tree_eval(l, o.node[i], i == 0 ? out : &b, err);
        if (st == XJ_OK && i > 0)
            intersect(out, &b, true);
        xji_list_release(&b);
    }
    if (st == XJ_OK && o.n_positive == 0)
        st = list_filter(l, &q->filter[q->node[o.node[0]].leaf], out, err);
    if (st == XJ_OK)
        st = xji_tree_narrow(l, &o, out, err);
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
    case XJI_NODE_PHRASE: {
        const xji_list *list;
        st = xji_leaf(l, n->leaf, &list, err);
        return st == XJ_OK ? copy_list(list, out, err) : st;
    }
    case XJI_NODE_FILTER:
        return list_filter(l, &q->filter[n->leaf], out, err);
    case XJI_NODE_AND:
        return eval_and(l, node, out, err);
    case XJI_NODE_OR:
        return unite(l, node, out, err);
    case XJI_NODE_NOT:
        break; /* the parser lets no NOT stand where a list is wanted */
    }
    return xj_fail(err, XJ_EQUERY, "the query only excludes; it wants something to look for as well");
}
