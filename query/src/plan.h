/*
 * Statistics of a query over a whole index, and the one formula that search and explanation share:
 *   score = sum over tokens of weight * idf * bm25_tf(tf, length)  +  sum over phrases held of their bonus
 * added in the order of the tokens, then of the phrases, so that every way of computing it gives the same bits.
 */
#ifndef XJI_PLAN_H
#define XJI_PLAN_H

#include "tree.h"
#include "xj/search.h"

typedef struct xji_plan {
    const xj_query *q;
    xj_index *ix;
    uint64_t n_passages;
    double average; /* mean passage length in units */
    uint64_t *df;   /* by token, over all segments */
    double *idf;
    double *bonus;  /* by phrase: sum of the idf of its tokens; 0 = earns none */
    xj_term *term;  /* by segment, then token; df 0 = absent, CHAR tokens always 0 */
    xji_list *chars; /* by segment, then token: lists of CHAR tokens */
} xji_plan;

xj_status xji_plan_make(xji_plan *p, xj_index *ix, const xj_query *q, xji_clock *clock, xj_error *err);
void xji_plan_release(xji_plan *p);

static inline const xj_term *xji_plan_term(const xji_plan *p, size_t seg, size_t token)
{
    return &p->term[seg * p->q->n_tokens + token];
}

static inline const xji_list *xji_plan_chars(const xji_plan *p, size_t seg, size_t token)
{
    return &p->chars[seg * p->q->n_tokens + token];
}

/* Contribution of a token that occurs tf times in a passage of this length. */
double xji_plan_part(const xji_plan *p, size_t token, uint32_t tf, uint32_t length);

/* Walks one token's passages in a segment, whether they come from a postings list or from a list in memory. */
typedef struct xji_cursor {
    const xji_list *list; /* NULL: it */
    size_t at;
    xj_postings it;
    uint32_t doc, tf; /* XJ_DOC_END at the end */
} xji_cursor;

xj_status xji_cursor_open(xji_cursor *c, const xji_plan *p, size_t seg, size_t token, xj_error *err);
xj_status xji_cursor_next(xji_cursor *c, xj_error *err);
xj_status xji_cursor_seek(xji_cursor *c, uint32_t doc, xj_error *err);

#endif
