#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "xj/bm25.h"

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
        p->df[t] += term->df;
        break;
    case XJI_TOKEN_STRING:
        st = xj_segment_word(seg, XJ_BODY, p->q->keys.data + token->key_at, token->key_n, term, err);
        p->df[t] += term->df;
        break;
    case XJI_TOKEN_CHAR:
        st = xji_char_list(seg, token->first, clock, chars, err);
        p->df[t] += chars->n;
        break;
    }
    return st;
}

xj_status xji_plan_make(xji_plan *p, xj_index *ix, const xj_query *q, xji_clock *clock, xj_error *err)
{
    size_t n_seg = xj_index_n_segments(ix), n = q->n_tokens, cells = n_seg * n;
    const xj_segment_stats *stats = xj_index_stats(ix);
    memset(p, 0, sizeof *p);
    p->q = q;
    p->ix = ix;
    p->n_passages = stats->n_passages;
    p->average = stats->n_passages && stats->n_units ? (double)stats->n_units / (double)stats->n_passages : 1.0;
    p->df = calloc(n + 1, sizeof *p->df);
    p->idf = calloc(n + 1, sizeof *p->idf);
    p->bonus = calloc(q->n_phrases + 1, sizeof *p->bonus);
    p->term = calloc(cells + 1, sizeof *p->term);
    p->chars = calloc(cells + 1, sizeof *p->chars);
    xj_status st = p->df && p->idf && p->bonus && p->term && p->chars ? XJ_OK
                                                                     : xj_fail(err, XJ_ENOMEM, "no memory for the query");
    for (size_t s = 0; s < n_seg && st == XJ_OK; s++)
        for (size_t t = 0; t < n && st == XJ_OK; t++)
            st = look_up(p, s, t, clock, err);
    if (st != XJ_OK) {
        xji_plan_release(p);
        return st;
    }
    for (size_t t = 0; t < n; t++)
        p->idf[t] = xj_bm25_idf(p->n_passages, p->df[t]);
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
    free(p->df);
    free(p->idf);
    free(p->bonus);
    free(p->term);
    free(p->chars);
    memset(p, 0, sizeof *p);
}

double xji_plan_part(const xji_plan *p, size_t token, uint32_t tf, uint32_t length)
{
    return p->q->token[token].weight * p->idf[token] * xj_bm25_tf(tf, length, p->average);
}

static void from_list(xji_cursor *c)
{
    bool end = c->at >= c->list->n;
    c->doc = end ? XJ_DOC_END : c->list->doc[c->at];
    c->tf = end ? 0 : c->list->count[c->at];
}

static void from_postings(xji_cursor *c)
{
    c->doc = c->it.doc;
    c->tf = c->it.tf;
}

xj_status xji_cursor_open(xji_cursor *c, const xji_plan *p, size_t seg, size_t token, xj_error *err)
{
    c->list = NULL;
    c->at = 0;
    c->doc = XJ_DOC_END;
    c->tf = 0;
    if (p->q->token[token].kind == XJI_TOKEN_CHAR) {
        c->list = xji_plan_chars(p, seg, token);
        from_list(c);
        return XJ_OK;
    }
    xj_status st = xj_postings_open(&c->it, xj_index_segment(p->ix, seg), xji_plan_term(p, seg, token), err);
    if (st == XJ_OK)
        from_postings(c);
    return st;
}

xj_status xji_cursor_next(xji_cursor *c, xj_error *err)
{
    if (c->list) {
        c->at++;
        from_list(c);
        return XJ_OK;
    }
    xj_status st = xj_postings_next(&c->it, err);
    from_postings(c);
    return st;
}

xj_status xji_cursor_seek(xji_cursor *c, uint32_t doc, xj_error *err)
{
    if (c->doc >= doc)
        return XJ_OK;
    if (c->list) {
        c->at = xji_list_seek(c->list, c->at, doc);
        from_list(c);
        return XJ_OK;
    }
    xj_status st = xj_postings_seek(&c->it, doc, err);
    from_postings(c);
    return st;
}
