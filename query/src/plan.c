#include "plan.h"

#include <string.h>

static xj_status look_up(xji_plan *p, size_t s, size_t t, xji_clock *clock, xj_error *err)
{
    const xji_token *token = &p->q->token[t];
    xj_segment *seg = xj_index_segment(p->ix, s);
    xj_term *term = &p->term[s * p->q->n_tokens + t];
    xji_list *chars = &p->chars[s * p->q->n_tokens + t];
    xj_status st = XJ_OK;
    switch (token->kind) {
    case XJI_TOKEN_PAIR:
        st = xj_segment_pair(seg, XJ_BODY, token->first, token->second, term, err);
        break;
    case XJI_TOKEN_STRING:
        st = xj_segment_word(seg, XJ_BODY, p->q->keys.data + token->key_at, token->key_n, term, err);
        break;
    case XJI_TOKEN_CHAR:
        st = xji_list_of_character(seg, token->first, clock, term, chars, err);
        break;
    }
    p->df[t] += st == XJ_OK ? term->df + chars->n : 0;
    return st;
}

static void fill(xji_parts *parts, double average)
{
    if (parts->average == average)
        return;
    for (uint32_t tf = 1; tf <= XJI_TF_ROWS; tf++)
        for (unsigned code = 0; code < 256; code++)
            parts->part[tf - 1][code] = xj_bm25_tf(tf, xj_length_decode((uint8_t)code), average);
    parts->average = average;
}

xj_status xji_plan_make(xji_plan *p, xj_index *ix, const xj_query *q, xji_parts *parts, xji_scratch *scratch, xji_clock *clock,
                        xj_error *err)
{
    size_t n_seg = xj_index_n_segments(ix), n = q->n_tokens, cells = n_seg * n;
    const xj_segment_stats *stats = xj_index_stats(ix);
    memset(p, 0, sizeof *p);
    p->q = q;
    p->ix = ix;
    p->parts = parts;
    p->n_passages = stats->n_passages;
    p->average = stats->n_passages && stats->n_units ? (double)stats->n_units / (double)stats->n_passages : 1.0;
    p->df = xji_take_zero(scratch, n, sizeof *p->df);
    p->idf = xji_take_zero(scratch, n, sizeof *p->idf);
    p->scale = xji_take_zero(scratch, n, sizeof *p->scale);
    p->bonus = xji_take_zero(scratch, q->n_phrases, sizeof *p->bonus);
    p->term = xji_take_zero(scratch, cells, sizeof *p->term);
    p->chars = xji_take_zero(scratch, cells, sizeof *p->chars);
    xj_status st = p->df && p->idf && p->scale && p->bonus && p->term && p->chars
                       ? XJ_OK
                       : xj_fail(err, XJ_ENOMEM, "no memory for the query");
    for (size_t s = 0; s < n_seg && st == XJ_OK; s++)
        for (size_t t = 0; t < n && st == XJ_OK; t++)
            st = look_up(p, s, t, clock, err);
    if (st != XJ_OK) {
        xji_plan_release(p);
        return st;
    }
    fill(parts, p->average);
    for (size_t t = 0; t < n; t++) {
        p->idf[t] = xj_bm25_idf(p->n_passages, p->df[t]);
        p->scale[t] = q->token[t].weight * p->idf[t];
    }
    for (size_t i = 0; i < q->n_phrases; i++)
        if (q->phrase[i].earns_bonus && q->phrase[i].positive)
            for (size_t k = 0; k < q->phrase[i].n_tokens; k++)
                p->bonus[i] += p->idf[q->phrase[i].token[k]];
    return XJ_OK;
}

void xji_plan_release(xji_plan *p)
{
    if (p->chars)
        for (size_t i = 0; i < xj_index_n_segments(p->ix) * p->q->n_tokens; i++)
            xji_list_release(&p->chars[i]);
    memset(p, 0, sizeof *p);
}

void xji_plan_bounds(const xji_plan *p, size_t seg, xji_bounds *out)
{
    const xj_segment_stats *t = xj_segment_stats_of(xj_index_segment(p->ix, seg));
    double own = t->n_passages && t->n_units ? (double)t->n_units / (double)t->n_passages : 1.0;
    /*
     * An impact i says tf / (tf + norm) <= i / 255 with the norm of the segment's own mean length. Where the mean of the whole
     * index is r times smaller, norms are not below r times those, so that norm / tf >= r (255 / i - 1).
     */
    double r = own < p->average ? own / p->average : 1.0;
    out->part = p->parts->part;
    out->n_rows = XJI_TF_ROWS;
    out->most = XJ_BM25_K1 + 1.0;
    out->by_impact[0] = 0.0;
    for (int i = 1; i < 256; i++)
        out->by_impact[i] = out->most / (1.0 + r * (255.0 / i - 1.0));
    out->other = 0.0;
}
