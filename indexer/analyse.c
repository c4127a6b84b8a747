#include "analyse.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xj/utf8.h"

struct xji_analyst {
    xji_document doc;
    xji_tokenizer *tokenizer;
    xji_text passage; /* its text, where it is no single piece of the document's */
    xj_source_range *range;
    size_t range_cap;
    xj_buf utf8;
    uint32_t *cp; /* of a title or heading */
    size_t cp_cap;
};

xj_status xji_analyst_new(xji_analyst **out, xj_error *err)
{
    xji_analyst *a = *out = calloc(1, sizeof *a);
    if (!a)
        return xj_fail(err, XJ_ENOMEM, "no memory for a worker");
    xji_document_init(&a->doc, 0);
    xj_status st = xji_tokenizer_new(&a->tokenizer, err);
    if (st != XJ_OK) {
        xji_analyst_free(a);
        *out = NULL;
    }
    return st;
}

void xji_analyst_free(xji_analyst *a)
{
    if (!a)
        return;
    xji_document_release(&a->doc);
    xji_tokenizer_free(a->tokenizer);
    xji_text_release(&a->passage);
    free(a->range);
    xj_buf_release(&a->utf8);
    free(a->cp);
    free(a);
}

static xj_str str(const char *s)
{
    xj_str v = {s, s ? strlen(s) : 0};
    return v;
}

static xj_status put_meta(const xji_document *d, const xji_input *in, xji_analysed *out, xj_error *err)
{
    const xji_meta *m = &d->structure.meta;
    xj_report_meta meta = {0};
    meta.id = str(xji_document_id(d, in));
    meta.path = str(xji_document_path(d, in));
    meta.title = str(m->title);
    meta.agency = str(m->agency);
    meta.date = str(m->date);
    meta.number = str(m->number);
    meta.encoding = d->decoded.encoding;
    for (size_t i = 0; i < d->n_extra; i++) {
        const char *base = (const char *)d->extra_bytes.data;
        meta.extra[i].name = (xj_str){base + d->extra[i].name_at, d->extra[i].name_n};
        meta.extra[i].value = (xj_str){base + d->extra[i].value_at, d->extra[i].value_n};
        meta.extra[i].is_number = d->extra[i].is_number;
    }
    meta.n_extra = d->n_extra;
    return xj_report_meta_put(&out->meta, &meta, err);
}

/* Tokens of a title or heading, as the context's next range. */
static xj_status put_context(xji_analyst *a, const uint8_t *s, size_t n, xji_token_range *range, xji_analysed *out, xj_error *err)
{
    range->pair_from = out->context.n_pairs;
    range->word_from = out->context.n_words;
    if (n > a->cp_cap) {
        void *p = realloc(a->cp, n * sizeof *a->cp);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for the headings of a report");
        a->cp = p;
        a->cp_cap = n;
    }
    size_t n_cp = 0;
    for (size_t i = 0; i < n; n_cp++)
        i += xj_utf8_decode(s + i, n - i, &a->cp[n_cp], NULL);
    uint32_t length;
    xj_status st = xji_tokenize_text(a->tokenizer, a->cp, n_cp, &out->context, &length, err);
    range->pair_to = out->context.n_pairs;
    range->word_to = out->context.n_words;
    return st;
}

/* One record for each section of the report: its headings from the outermost to its own. */
static xj_status put_headings(xji_analyst *a, xji_analysed *out, xj_error *err)
{
    const xji_structure *s = &a->doc.structure;
    out->heading_end = malloc((s->n_sections ? s->n_sections : 1) * sizeof *out->heading_end);
    out->parent = malloc((s->n_sections ? s->n_sections : 1) * sizeof *out->parent);
    out->context_range = malloc((s->n_sections + 1) * sizeof *out->context_range);
    if (!out->heading_end || !out->parent || !out->context_range)
        return xj_fail(err, XJ_ENOMEM, "no memory for the headings of a report");
    const char *title = s->meta.title;
    xj_status titled = put_context(a, (const uint8_t *)title, title ? strlen(title) : 0, &out->context_range[0], out, err);
    if (titled != XJ_OK)
        return titled;
    for (size_t i = 0; i < s->n_sections; i++) {
        uint32_t chain[XJ_HEADINGS_MAX];
        size_t at[XJ_HEADINGS_MAX + 1], n = 0;
        for (uint32_t k = (uint32_t)i; k != XJI_NO_SECTION && n < XJ_HEADINGS_MAX; k = s->sections[k].parent)
            chain[n++] = k;
        xj_heading_path path = {0};
        a->utf8.n = 0;
        xj_status st = XJ_OK;
        for (size_t k = 0; k < n && st == XJ_OK; k++) {
            xji_range heading = s->sections[chain[n - 1 - k]].heading;
            if (heading.e - heading.b > XJI_HEADING_MAX)
                heading.e = heading.b + XJI_HEADING_MAX;
            at[k] = a->utf8.n;
            st = xji_document_utf8(&a->doc, heading, &a->utf8, err);
        }
        at[n] = a->utf8.n;
        for (size_t k = 0; k < n; k++)
            path.heading[k] = (xj_str){(const char *)a->utf8.data + at[k], at[k + 1] - at[k]};
        path.n = n;
        if (st == XJ_OK)
            st = xj_heading_path_put(&out->headings, &path, err);
        if (st == XJ_OK) /* its own heading is the innermost */
            st = put_context(a, a->utf8.data + at[n - 1], at[n] - at[n - 1], &out->context_range[i + 1], out, err);
        if (st != XJ_OK)
            return st;
        out->parent[i] = s->sections[i].parent == XJI_NO_SECTION ? 0 : s->sections[i].parent + 1;
        out->heading_end[out->n_headings++] = out->headings.n;
    }
    return XJ_OK;
}

/* A text of which only code points are asked for. */
typedef struct code_points {
    const uint32_t *cp;
    size_t n;
} code_points;

/*
 * The record of a passage that stands so in the source, of which only code points have to be put together. Sets its text,
 * borrowed until the next passage.
 */
static xj_status put_source(xji_analyst *a, const xji_passage *p, xj_buf *out, uint32_t *n_bytes, code_points *text,
                            xj_error *err)
{
    const xji_text *t = &a->doc.text;
    const xji_range *piece = &a->doc.structure.pieces[p->first_piece];
    size_t n = 0;
    if (p->n_pieces > a->range_cap) {
        void *q = realloc(a->range, p->n_pieces * 2 * sizeof *a->range);
        if (!q)
            return xj_fail(err, XJ_ENOMEM, "no memory for a passage of %lu pieces", (unsigned long)p->n_pieces);
        a->range = q;
        a->range_cap = (size_t)p->n_pieces * 2;
    }
    *n_bytes = 0;
    for (uint32_t k = 0; k < p->n_pieces; k++) {
        xj_source_range *r = &a->range[k];
        *r = (xj_source_range){t->beg[piece[k].b], t->beg[piece[k].e - 1] + t->len[piece[k].e - 1], piece[k].e - piece[k].b};
        *n_bytes += r->end - r->beg;
        n += r->n;
    }
    *text = (code_points){t->cp + piece[0].b, n};
    xj_status st = p->n_pieces > 1 ? xji_text_reserve(&a->passage, n, err) : XJ_OK;
    if (st == XJ_OK && p->n_pieces > 1) {
        size_t at = 0;
        for (uint32_t k = 0; k < p->n_pieces; k++) {
            memcpy(a->passage.cp + at, t->cp + piece[k].b, a->range[k].n * sizeof *t->cp);
            at += a->range[k].n;
        }
        text->cp = a->passage.cp;
    }
    return st == XJ_OK ? xj_passage_put_ranges(out, a->doc.bytes.data, a->range, p->n_pieces, err) : st;
}

/* The record of any other passage. */
static xj_status put_repaired(xji_analyst *a, size_t i, xj_buf *out, uint32_t *n_bytes, code_points *text, xj_error *err)
{
    const xji_text *t = &a->passage;
    xj_status st = xji_document_passage(&a->doc, i, &a->passage, err);
    if (st != XJ_OK)
        return st;
    *text = (code_points){t->cp, t->n};
    *n_bytes = (uint32_t)xj_utf8_total(t->cp, t->n);
    return xj_passage_put(out, a->doc.decoded.encoding, t->cp, t->beg, t->len, t->mark, t->n, err);
}

static xj_status put_passage(xji_analyst *a, size_t i, xji_analysed *out, xj_error *err)
{
    const xji_passage *p = &a->doc.structure.passages[i];
    xji_analysed_passage *q = &out->passage[i];
    code_points text = {NULL, 0};
    xj_status st = a->doc.text.as_source ? put_source(a, p, &out->records, &q->text_bytes, &text, err)
                                         : put_repaired(a, i, &out->records, &q->text_bytes, &text, err);
    if (st == XJ_OK)
        st = xji_tokenize_text(a->tokenizer, text.cp, text.n, &out->tokens, &q->length, err);
    if (st != XJ_OK)
        return st;
    q->section = p->section == XJI_NO_SECTION ? 0 : p->section + 1;
    q->n_characters = (uint32_t)text.n;
    q->record_end = out->records.n;
    q->pair_end = out->tokens.n_pairs;
    q->word_end = out->tokens.n_words;
    return XJ_OK;
}

xj_status xji_analyse(xji_analyst *a, const xji_input *in, xji_segmentation mode, xji_analysed *out, xj_error *err)
{
    xj_status st = xji_document_load(&a->doc, in, mode, err);
    if (st == XJ_OK) {
        const char *id = xji_document_id(&a->doc, in);
        size_t n = strlen(id) + 1;
        size_t n_passages = a->doc.structure.n_passages;
        out->id = malloc(n);
        out->passage = calloc(n_passages ? n_passages : 1, sizeof *out->passage);
        if (!out->id || !out->passage)
            st = xj_fail(err, XJ_ENOMEM, "no memory for a report");
        else
            memcpy(out->id, id, n);
    }
    if (st == XJ_OK) {
        out->year = a->doc.structure.meta.year > 0 ? (uint32_t)a->doc.structure.meta.year : 0;
        out->encoding = a->doc.decoded.encoding;
        out->input_bytes = a->doc.input_bytes;
        memcpy(out->changes, a->doc.log.count, sizeof out->changes);
        st = put_meta(&a->doc, in, out, err);
    }
    if (st == XJ_OK)
        st = put_headings(a, out, err);
    if (st == XJ_OK)
        st = xji_tokens_reserve(&out->tokens, a->doc.text.n + 2, err);
    if (st == XJ_OK) /* beside the text, a record holds a few numbers */
        st = xj_buf_reserve(&out->records, a->doc.bytes.n + 16 * a->doc.structure.n_passages, err);
    for (size_t i = 0; st == XJ_OK && i < a->doc.structure.n_passages; i++) {
        st = put_passage(a, i, out, err);
        out->n_passages = i + 1;
    }
    if (st != XJ_OK)
        xji_analysed_release(out);
    return st;
}

void xji_analysed_release(xji_analysed *a)
{
    free(a->id);
    free(a->passage);
    free(a->heading_end);
    xj_buf_release(&a->meta);
    xj_buf_release(&a->records);
    xj_buf_release(&a->headings);
    xji_tokens_release(&a->tokens);
    xji_tokens_release(&a->context);
    free(a->context_range);
    free(a->parent);
    memset(a, 0, sizeof *a);
}
