#include "analyse.h"

#include <stdlib.h>
#include <string.h>

#include "limits.h"
#include "xj/utf8.h"

struct xji_analyst {
    xji_document doc;
    xji_tokenizer *tokenizer;
    xji_text passage;
    xj_units units;
    xj_buf utf8;
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
    xj_units_release(&a->units);
    xj_buf_release(&a->utf8);
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

/* One record for each section of the report: its headings from the outermost to its own. */
static xj_status put_headings(xji_analyst *a, xji_analysed *out, xj_error *err)
{
    const xji_structure *s = &a->doc.structure;
    out->heading_end = malloc((s->n_sections ? s->n_sections : 1) * sizeof *out->heading_end);
    if (!out->heading_end)
        return xj_fail(err, XJ_ENOMEM, "no memory for the headings of a report");
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
        if (st != XJ_OK)
            return st;
        out->heading_end[out->n_headings++] = out->headings.n;
    }
    return XJ_OK;
}

static xj_status put_passage(xji_analyst *a, size_t i, xji_analysed *out, xj_error *err)
{
    const xji_passage *p = &a->doc.structure.passages[i];
    xji_analysed_passage *q = &out->passage[i];
    xji_text *t = &a->passage;
    xj_status st = xji_document_passage(&a->doc, i, t, err);
    if (st == XJ_OK)
        st = xj_passage_put(&out->records, a->doc.decoded.encoding, t->cp, t->beg, t->len, t->mark, t->n, err);
    if (st == XJ_OK)
        st = xj_units_read(&a->units, t->cp, t->n, 0, err);
    if (st == XJ_OK)
        st = xji_tokenize(a->tokenizer, &a->units, &out->tokens, &q->length, err);
    if (st != XJ_OK)
        return st;
    q->section = p->section == XJI_NO_SECTION ? 0 : p->section + 1;
    q->n_characters = (uint32_t)t->n;
    q->text_bytes = 0;
    for (size_t k = 0; k < t->n; k++)
        q->text_bytes += (uint32_t)xj_utf8_len(t->cp[k]);
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
    for (size_t i = 0; st == XJ_OK && i < a->doc.structure.n_passages; i++) {
        st = put_passage(a, i, out, err);
        out->n_passages = i + 1;
    }
    if (st != XJ_OK)
        xji_analysed_release(out);
    return st;
}

size_t xji_analysed_bytes(const xji_analysed *a)
{
    return a->meta.cap + a->records.cap + a->headings.cap + a->tokens.pair_cap * sizeof(xji_pair_token) +
           a->tokens.word_cap * sizeof(xji_word_token) + a->tokens.keys.cap + a->n_passages * sizeof *a->passage;
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
    memset(a, 0, sizeof *a);
}
