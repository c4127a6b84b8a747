/*
 * Statistics of a query over a whole index, and the one formula that search and explanation share:
 *   score = sum over tokens of weight * idf * bm25_tf(tf, length)  +  sum over phrases held of their bonus
 * added in the order of the tokens, then of the phrases, so that every way of computing it gives the same bits.
 */
#ifndef XJI_PLAN_H
#define XJI_PLAN_H

#include "conjunction.h"
#include "xj/bm25.h"
#include "xj/length.h"
#include "xj/search.h"

/* bm25_tf of the commonest tfs, by length code; others are computed. */
enum { XJI_TF_ROWS = 8 };

typedef struct xji_parts {
    double average; /* mean passage length in units; 0: not filled yet */
    double part[XJI_TF_ROWS][256]; /* of tf - 1 */
} xji_parts;

typedef struct xji_plan {
    const xj_query *q;
    xj_index *ix;
    const xji_parts *parts;
    uint64_t n_passages;
    double average;
    uint64_t *df;   /* by token, over all segments */
    double *idf;
    double *scale;  /* weight * idf */
    double *bonus;  /* by phrase: sum of the idf of its tokens; 0 = earns none */
    xj_term *term;  /* by segment, then token; df 0 = absent, or a character whose passages are listed in memory */
    xji_list *chars; /* by segment, then token: these */
} xji_plan;

/* What the plan takes from the scratch must stay until its release. */
xj_status xji_plan_make(xji_plan *p, xj_index *ix, const xj_query *q, xji_parts *parts, xji_scratch *scratch, xji_clock *clock,
                        xj_error *err);
void xji_plan_release(xji_plan *p);

static inline const xj_term *xji_plan_term(const xji_plan *p, size_t seg, size_t token)
{
    return &p->term[seg * p->q->n_tokens + token];
}

/* Bounds of scores in a segment; `other` is left to the caller. */
void xji_plan_bounds(const xji_plan *p, size_t seg, xji_bounds *out);

/* Whether any passage of a segment holds a token. */
static inline bool xji_plan_holds(const xji_plan *p, size_t seg, size_t token)
{
    return xji_plan_term(p, seg, token)->df > 0 || p->chars[seg * p->q->n_tokens + token].n > 0;
}

/* The passages of a token in a segment. */
static inline void xji_plan_arm(const xji_plan *p, size_t seg, size_t token, xji_arm *a)
{
    const xj_term *t = xji_plan_term(p, seg, token);
    const xji_list *l = &p->chars[seg * p->q->n_tokens + token];
    xji_arm_init(a, xj_index_segment(p->ix, seg), t, t->df == 0 && l->n > 0 ? l : NULL);
}

/* Contribution of a token that occurs tf >= 1 times in a passage of this length code. */
static inline double xji_plan_part(const xji_plan *p, size_t token, uint32_t tf, uint8_t length)
{
    double x = tf <= XJI_TF_ROWS ? p->parts->part[tf - 1][length] : xj_bm25_tf(tf, xj_length_decode(length), p->average);
    return p->scale[token] * x;
}

#endif
