#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "ids.h"
#include "parts.h"
#include "xj/record.h"

/* A segment that is merged, and where its numbers begin in the new one. */
typedef struct input {
    const char *path; /* of its index */
    xj_segment *seg;
    uint32_t passage, section;
} input;

typedef struct merger {
    const xji_merge_options *o;
    xj_index **index; /* by input */
    input *in;
    size_t n;
    uint64_t weight[2][XJI_BUCKETS];
} merger;

/* ---- terms of a segment as a source ---- */

typedef struct segment_source {
    xji_term_source source; /* first */
    const input *in;
    int dictionary;
    uint32_t end; /* pairs: first character beyond the range */
    bool begun;
    xj_term_cursor cursor;
    xj_postings postings;
} segment_source;

static bool is_string(int dictionary)
{
    return dictionary == XJ_STRINGS || dictionary == XJ_CONTEXT_STRINGS;
}

static xj_field field_of(int dictionary)
{
    return dictionary < XJ_CONTEXT_PAIRS ? XJ_BODY : XJ_CONTEXT;
}

/* Lists of characters are made anew: which are rare depends on the whole. */
static xj_status skip_lists(segment_source *s, xj_error *err)
{
    xj_status st = XJ_OK;
    while (st == XJ_OK && !s->cursor.done && s->cursor.second == XJ_SECOND_LIST)
        st = xj_term_cursor_next(&s->cursor, err);
    return st;
}

static xj_status next(xji_term_source *source, xj_error *err)
{
    segment_source *s = (segment_source *)source;
    xj_status st = XJ_OK;
    if (s->begun)
        st = xj_term_cursor_next(&s->cursor, err);
    s->begun = true;
    if (st == XJ_OK && !is_string(s->dictionary))
        st = skip_lists(s, err);
    if (st != XJ_OK)
        return st;
    source->done = s->cursor.done || (!is_string(s->dictionary) && s->cursor.first >= s->end);
    if (source->done)
        return XJ_OK;
    if (is_string(s->dictionary)) {
        source->key = s->cursor.key;
        source->n_key = s->cursor.n;
    } else {
        uint32_t second = s->cursor.second ? s->cursor.second : XJ_SECOND_SINGLE;
        source->pair = XJ_PAIR_KEY(s->cursor.first, second);
    }
    return XJ_OK;
}

static xj_status take_codes(segment_source *s, xji_gather *out, xj_error *err)
{
    uint32_t n;
    xj_status st = xji_gather_reserve_codes(out, s->postings.tf, err);
    if (st == XJ_OK)
        st = xj_postings_codes(&s->postings, out->codes + out->n_codes, s->postings.tf, &n, err);
    out->n_codes += s->postings.tf;
    return st;
}

static xj_status take(xji_term_source *source, xji_gather *out, xj_error *err)
{
    segment_source *s = (segment_source *)source;
    const xj_term *term = &s->cursor.term;
    uint32_t base = field_of(s->dictionary) == XJ_BODY ? s->in->passage : s->in->section;
    xj_status st = xji_gather_reserve(out, term->df, err);
    if (st == XJ_OK)
        st = xj_postings_open(&s->postings, s->in->seg, term, err);
    while (st == XJ_OK && s->postings.doc != XJ_DOC_END) {
        out->docs[out->n] = base + s->postings.doc;
        out->tfs[out->n++] = s->postings.tf;
        if (term->has_codes)
            st = take_codes(s, out, err);
        if (st == XJ_OK)
            st = xj_postings_next(&s->postings, err);
    }
    return st;
}

static xj_status source_open(segment_source *s, const input *in, const xji_part_range *range, xj_error *err)
{
    memset(s, 0, sizeof *s);
    s->source.next = next;
    s->source.take = take;
    s->in = in;
    s->dictionary = range->dictionary;
    s->end = range->to << XJI_BUCKET_BITS;
    xj_field field = field_of(range->dictionary);
    return is_string(range->dictionary) ? xj_term_cursor_word(&s->cursor, in->seg, field, NULL, 0, err)
                                        : xj_term_cursor_pair(&s->cursor, in->seg, field, range->from << XJI_BUCKET_BITS, err);
}

static xj_status make_range(const void *ctx, const xji_part_range *range, xji_lists *l, xj_error *err)
{
    const merger *m = ctx;
    segment_source *sources = calloc(m->n ? m->n : 1, sizeof *sources);
    xji_term_source **p = calloc(m->n ? m->n : 1, sizeof *p);
    xj_status st = sources && p ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to merge %zu segments", m->n);
    for (size_t i = 0; i < m->n && st == XJ_OK; i++) {
        st = source_open(&sources[i], &m->in[i], range, err);
        p[i] = &sources[i].source;
    }
    if (st == XJ_OK)
        st = xji_merge(p, m->n, is_string(range->dictionary), l, err);
    free(sources);
    free(p);
    return st;
}

/* Tokens by bucket, as a build of the same reports would have counted them. */
static xj_status weigh(merger *m, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < m->n && st == XJ_OK; i++)
        for (int f = XJ_BODY; f <= XJ_CONTEXT && st == XJ_OK; f++) {
            xj_term_cursor c;
            for (st = xj_term_cursor_pair(&c, m->in[i].seg, (xj_field)f, 0, err); st == XJ_OK && !c.done;
                 st = xj_term_cursor_next(&c, err))
                if (c.second != XJ_SECOND_LIST)
                    m->weight[f][c.first >> XJI_BUCKET_BITS] += c.term.cf;
        }
    return st;
}

/* ---- the merge ---- */

static xj_status check_ids(const merger *m, xj_error *err)
{
    xji_ids ids = {0};
    xj_record r = XJ_RECORD_INIT;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < m->n && st == XJ_OK; i++) {
        uint64_t n = xj_segment_stats_of(m->in[i].seg)->n_reports;
        for (uint32_t k = 0; k < n && st == XJ_OK; k++) {
            xj_report_meta meta;
            bool is_new = true;
            st = xj_segment_record(m->in[i].seg, XJ_STORE_REPORT, k, &r, err);
            if (st == XJ_OK)
                st = xj_record_place(&r, xj_report_meta_parse(&meta, r.data, r.n, err), err);
            if (st == XJ_OK)
                st = xji_ids_add(&ids, meta.id.s, meta.id.n, &is_new, err);
            if (st == XJ_OK && !is_new)
                st = xj_fail(err, XJ_EINPUT, "'%s' holds a report with the id '%.*s', and so does an index before it; nothing was committed",
                             m->in[i].path, (int)(meta.id.n < 200 ? meta.id.n : 200), meta.id.s);
        }
    }
    xj_record_release(&r);
    xji_ids_release(&ids);
    return st;
}

static xj_status open_inputs(merger *m, xj_error *err)
{
    xj_status st = XJ_OK;
    m->index = calloc(m->o->n_inputs, sizeof *m->index);
    if (!m->index)
        return xj_fail(err, XJ_ENOMEM, "no memory to open %zu indexes", m->o->n_inputs);
    size_t n = 0;
    for (size_t i = 0; i < m->o->n_inputs && st == XJ_OK; i++) {
        st = xj_index_open(&m->index[i], m->o->inputs[i], err);
        if (st == XJ_OK)
            n += xj_index_n_segments(m->index[i]);
    }
    if (st == XJ_OK && !(m->in = calloc(n ? n : 1, sizeof *m->in)))
        st = xj_fail(err, XJ_ENOMEM, "no memory to merge %zu segments", n);
    uint64_t passage = 0, section = 0;
    for (size_t i = 0; i < m->o->n_inputs && st == XJ_OK; i++)
        for (size_t k = 0; k < xj_index_n_segments(m->index[i]); k++) {
            input *in = &m->in[m->n++];
            in->path = m->o->inputs[i];
            in->seg = xj_index_segment(m->index[i], k);
            in->passage = (uint32_t)passage; /* the writer refuses what goes beyond */
            in->section = (uint32_t)section;
            passage += xj_segment_stats_of(in->seg)->n_passages;
            section += xj_segment_stats_of(in->seg)->n_sections;
        }
    return st;
}

static xj_status write_segment(merger *m, xj_index_writer *out, xj_pool *pool, xj_error *err)
{
    xj_segment_writer *w;
    xj_status st = xj_index_writer_begin(out, XJ_TEXT_DEFAULT, pool, &w, err);
    for (size_t i = 0; i < m->n && st == XJ_OK; i++)
        st = xj_segment_writer_copy(w, m->in[i].seg, err);
    if (st == XJ_OK)
        st = weigh(m, err);
    const uint64_t *weights[] = {m->weight[XJ_BODY], m->weight[XJ_CONTEXT]};
    if (st == XJ_OK)
        st = xji_write_parts(w, pool, weights, make_range, m, err);
    if (st == XJ_OK)
        return xj_index_writer_end(out, &w, err);
    xj_segment_writer_abandon(&w);
    return st;
}

static xj_status run(merger *m, xj_index_writer *out, xj_pool *pool, xji_merge_summary *sum, xj_error *err)
{
    xj_status st = check_ids(m, err);
    for (size_t i = 0; i < m->n; i++) {
        const xj_segment_stats *t = xj_segment_stats_of(m->in[i].seg);
        sum->n_reports += t->n_reports;
        sum->n_passages += t->n_passages;
        sum->n_characters += t->n_characters;
        sum->input_bytes += t->input_bytes;
    }
    if (st == XJ_OK && sum->n_reports > 0)
        st = write_segment(m, out, pool, err);
    if (st == XJ_OK)
        st = xj_index_writer_commit(out, err);
    sum->index_bytes = xj_index_writer_bytes(out);
    return st;
}

xj_status xji_merge_indexes(const xji_merge_options *options, xji_merge_summary *summary, xj_error *err)
{
    merger m = {.o = options};
    xj_index_writer *out = NULL;
    xj_pool *pool = NULL;
    memset(summary, 0, sizeof *summary);
    xj_status st = open_inputs(&m, err);
    if (st == XJ_OK)
        st = xj_index_writer_open(&out, options->index_path, options->replace ? XJ_INDEX_REPLACE : XJ_INDEX_REFUSE, err);
    if (st == XJ_OK)
        st = xj_pool_new(&pool, options->threads, err);
    if (st == XJ_OK)
        st = run(&m, out, pool, summary, err);
    xj_index_writer_close(&out);
    xj_pool_free(pool);
    for (size_t i = 0; m.index && i < options->n_inputs; i++)
        xj_index_close(&m.index[i]);
    free(m.index);
    free(m.in);
    return st;
}
