/* What there is to show of a hit: text, metadata, headings, and which characters match. */
#include <stdlib.h>
#include <string.h>

#include "query_priv.h"
#include "xj/search.h"
#include "xj/stem.h"
#include "xj/utf8.h"

struct xj_view_tools {
    xj_units units;
    xj_stemmer *stemmer;
    bool *covered; /* by unit */
    size_t covered_cap;
};

void xj_view_init(xj_view *v)
{
    memset(v, 0, sizeof *v);
    v->report_record = v->heading_record = v->text_record = (xj_record)XJ_RECORD_INIT;
    v->text_record.cached = true; /* what was searched is shown again and again */
}

void xj_view_release(xj_view *v)
{
    xj_passage_text_release(&v->text);
    xj_record_release(&v->report_record);
    xj_record_release(&v->heading_record);
    xj_record_release(&v->text_record);
    xj_buf_release(&v->buf);
    free(v->match);
    free(v->restored);
    if (v->tools) {
        xj_units_release(&v->tools->units);
        xj_stemmer_free(v->tools->stemmer);
        free(v->tools->covered);
        free(v->tools);
    }
    xj_view_init(v);
}

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory to show a hit");
}

static xj_status tools(xj_view *v, xj_error *err)
{
    if (!v->tools) {
        v->tools = calloc(1, sizeof *v->tools);
        if (!v->tools)
            return no_memory(err);
    }
    return v->tools->stemmer ? XJ_OK : xj_stemmer_new(&v->tools->stemmer, err);
}

static xj_status load_report(xj_view *v, xj_segment *seg, uint32_t report, uint32_t *first_passage, xj_error *err)
{
    xj_report_row row;
    xj_status st = xj_segment_report(seg, report, &row, err);
    if (st == XJ_OK)
        st = xj_segment_record(seg, XJ_STORE_REPORT, report, &v->report_record, err);
    if (st == XJ_OK)
        st = xj_record_place(&v->report_record, xj_report_meta_parse(&v->meta, v->report_record.data, v->report_record.n, err), err);
    if (st == XJ_OK) {
        v->year = row.year;
        v->n_passages = row.n_passages;
        *first_passage = row.first_passage;
    }
    return st;
}

/* ---- matches ---- */

static xj_status add_match(xj_view *v, size_t first_unit, size_t last_unit, xj_error *err)
{
    if (v->n_matches == v->match_cap) {
        size_t cap = v->match_cap ? v->match_cap * 2 : 8;
        void *p = realloc(v->match, cap * sizeof *v->match);
        if (!p)
            return no_memory(err);
        v->match = p;
        v->match_cap = cap;
    }
    const xj_unit *u = v->tools->units.unit;
    xj_match *m = &v->match[v->n_matches++];
    m->start = u[first_unit].first;
    m->end = u[last_unit].last + 1;
    m->source_first = v->text.beg[m->start];
    m->source_end = v->text.end[m->start];
    for (uint32_t i = m->start; i < m->end; i++) { /* restored characters share bytes with their neighbours */
        if (v->text.beg[i] < m->source_first)
            m->source_first = v->text.beg[i];
        if (v->text.end[i] > m->source_end)
            m->source_end = v->text.end[i];
    }
    return XJ_OK;
}

static int compare_matches(const void *a, const void *b)
{
    const xj_match *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

/* All occurrences of the positive phrases; whether each of them occurs. */
static xj_status match_phrases(xj_view *v, const xj_query *q, bool *any, xj_error *err)
{
    *any = false;
    xj_units *u = &v->tools->units;
    for (size_t i = 0; i < q->n_phrases; i++) {
        const xji_phrase *p = &q->phrase[i];
        const xj_units *wanted = q->flags & XJ_QUERY_EXACT_SCRIPT ? &p->exact : &p->units;
        if (!p->positive)
            continue;
        for (size_t at = xj_units_find(u, wanted, 0); at != SIZE_MAX; at = xj_units_find(u, wanted, at + 1)) {
            xj_status st = add_match(v, at, at + wanted->n - 1, err);
            if (st != XJ_OK)
                return st;
            *any = true;
        }
    }
    return XJ_OK;
}

static bool is_token(const xj_query *q, xj_view *v, size_t i, bool *covers_next)
{
    const xj_units *u = &v->tools->units;
    const xj_unit *a = &u->unit[i];
    *covers_next = false;
    uint8_t key[XJ_KEY_MAX], plain[XJ_KEY_MAX];
    size_t n = 0, n_plain = 0;
    if (a->kind == XJ_UNIT_WORD) {
        n = xji_word_key(v->tools->stemmer, u, i, key);
        plain[0] = XJ_KEY_WORD;
        memcpy(plain + 1, u->words + a->word_off, a->word_len);
        n_plain = (size_t)a->word_len + 1;
    }
    bool yes = false;
    for (size_t t = 0; t < q->n_tokens; t++) {
        const xji_token *k = &q->token[t];
        const uint8_t *wanted = q->keys.data + k->key_at;
        if (k->weight < 1.0 || (k->kind == XJI_TOKEN_STRING) != (a->kind == XJ_UNIT_WORD))
            continue;
        if (k->kind == XJI_TOKEN_STRING)
            yes = yes || (k->key_n == n && memcmp(wanted, key, n) == 0) ||
                  (k->key_n == n_plain && memcmp(wanted, plain, n_plain) == 0);
        else if (k->first == a->cp && k->kind == XJI_TOKEN_CHAR)
            yes = true;
        else if (k->first == a->cp && i + 1 < u->n && u->unit[i + 1].kind == XJ_UNIT_CHAR && u->unit[i + 1].cp == k->second)
            yes = *covers_next = true;
    }
    return yes;
}

/* A bag shows every stretch of text that its tokens cover. */
static xj_status match_tokens(xj_view *v, const xj_query *q, xj_error *err)
{
    struct xj_view_tools *t = v->tools;
    size_t n = t->units.n;
    if (n > t->covered_cap) {
        bool *p = realloc(t->covered, n * sizeof *p);
        if (!p)
            return no_memory(err);
        t->covered = p;
        t->covered_cap = n;
    }
    memset(t->covered, 0, n * sizeof *t->covered);
    for (size_t i = 0; i < n; i++) {
        bool next;
        if (t->units.unit[i].kind == XJ_UNIT_BREAK || !is_token(q, v, i, &next))
            continue;
        t->covered[i] = true;
        if (next)
            t->covered[i + 1] = true;
    }
    for (size_t i = 0; i < n; i++) {
        if (!t->covered[i])
            continue;
        size_t last = i;
        while (last + 1 < n && t->covered[last + 1])
            last++;
        xj_status st = add_match(v, i, last, err);
        if (st != XJ_OK)
            return st;
        i = last;
    }
    return XJ_OK;
}

static void drop_overlaps(xj_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_matches; i++) {
        xj_match *last = n ? &v->match[n - 1] : NULL;
        if (last && v->match[i].start == last->start && v->match[i].end == last->end)
            continue;
        v->match[n++] = v->match[i];
    }
    v->n_matches = n;
}

static xj_status find_matches(xj_view *v, const xj_query *q, xj_error *err)
{
    v->n_matches = 0;
    xj_status st = tools(v, err);
    if (st == XJ_OK)
        st = xj_units_read(&v->tools->units, v->text.cp, v->text.n,
                           q->flags & XJ_QUERY_EXACT_SCRIPT ? XJ_UNITS_EXACT_SCRIPT : 0, err);
    if (st != XJ_OK)
        return st;
    bool any = false;
    /* A bag marks its tokens; a relaxed hit of a phrase, which does not hold it, does so too. */
    if (q->kind != XJ_QUERY_BAG)
        st = match_phrases(v, q, &any, err);
    if (st == XJ_OK && !any && q->kind != XJ_QUERY_TREE) {
        /* Tokens are folded, whatever the phrases are. */
        if (q->flags & XJ_QUERY_EXACT_SCRIPT)
            st = xj_units_read(&v->tools->units, v->text.cp, v->text.n, 0, err);
        if (st == XJ_OK)
            st = match_tokens(v, q, err);
    }
    if (v->n_matches > 1) {
        qsort(v->match, v->n_matches, sizeof *v->match, compare_matches);
        drop_overlaps(v);
    }
    return st;
}

/* ---- restored characters ---- */

static xj_status find_restored(xj_view *v, xj_error *err)
{
    v->n_restored = 0;
    for (size_t i = 0; i < v->text.n;) {
        uint8_t mark = v->text.mark[i];
        size_t end = i + 1;
        while (end < v->text.n && v->text.mark[end] == mark)
            end++;
        if (mark != XJ_MARK_READ) {
            if (v->n_restored == v->restored_cap) {
                size_t cap = v->restored_cap ? v->restored_cap * 2 : 4;
                void *p = realloc(v->restored, cap * sizeof *v->restored);
                if (!p)
                    return no_memory(err);
                v->restored = p;
                v->restored_cap = cap;
            }
            v->restored[v->n_restored++] = (xj_restored){(uint32_t)i, (uint32_t)end, mark == XJ_MARK_CONJECTURE};
        }
        i = end;
    }
    return XJ_OK;
}

static xj_status load_text(xj_view *v, xj_segment *seg, uint32_t passage, xj_error *err)
{
    xj_status st = xj_segment_record(seg, XJ_STORE_TEXT, passage, &v->text_record, err);
    if (st == XJ_OK)
        st = xj_record_place(&v->text_record, xj_passage_text_parse(&v->text, v->text_record.data, v->text_record.n, v->meta.encoding, err), err);
    if (st != XJ_OK)
        return st;
    /* The record begins with the text itself as UTF-8. */
    xj_rd r = xj_rd_of(v->text_record.data, v->text_record.n);
    v->n_utf8 = (size_t)xj_rd_varint(&r);
    v->utf8 = (const char *)r.p;
    v->source_first = v->text.n ? v->text.beg[0] : 0;
    v->source_end = v->source_first;
    for (size_t i = 0; i < v->text.n; i++) {
        if (v->text.beg[i] < v->source_first)
            v->source_first = v->text.beg[i];
        if (v->text.end[i] > v->source_end)
            v->source_end = v->text.end[i];
    }
    return find_restored(v, err);
}

xj_status xj_view_hit(xj_view *v, xj_index *ix, const xj_query *q, const xj_hit *hit, xj_error *err)
{
    xj_segment *seg = xj_index_segment(ix, hit->segment);
    xj_passage_row row;
    uint32_t first = 0;
    v->n_matches = v->n_restored = 0;
    v->section.n = 0;
    xj_status st = xj_segment_passage(seg, hit->passage, &row, err);
    if (st == XJ_OK)
        st = load_report(v, seg, row.report, &first, err);
    if (st == XJ_OK)
        st = xj_segment_record(seg, XJ_STORE_HEADING, row.section, &v->heading_record, err);
    if (st == XJ_OK)
        st = xj_record_place(&v->heading_record, xj_heading_path_parse(&v->section, v->heading_record.data, v->heading_record.n, err), err);
    if (st == XJ_OK)
        st = load_text(v, seg, hit->passage, err);
    if (st == XJ_OK && q)
        st = find_matches(v, q, err);
    v->passage = hit->passage - first;
    return st;
}

xj_status xj_view_report(xj_view *v, xj_index *ix, const xj_report_hit *hit, xj_error *err)
{
    uint32_t first;
    v->n_matches = v->n_restored = 0;
    v->section.n = 0;
    return load_report(v, xj_index_segment(ix, hit->segment), hit->report, &first, err);
}
