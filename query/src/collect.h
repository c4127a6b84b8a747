/* The best hits of a search, and its totals, from a stream of passages in ascending order. */
#ifndef XJI_COLLECT_H
#define XJI_COLLECT_H

#include "xj/search.h"

/* A passage or a report found. */
typedef struct xji_found {
    double score;
    uint32_t segment;
    uint32_t item;    /* passage or report in the segment */
    uint32_t id_rank; /* of its report in the segment */
    uint8_t tier;
    uint64_t passages, occurrences; /* of a report */
    size_t id_at, id_n; /* its report id, once loaded for comparing across segments */
} xji_found;

typedef struct xji_collector {
    xj_index *ix;
    bool reports;       /* collect reports instead of passages */
    unsigned wanted;    /* XJ_TOTAL_* */
    size_t keep;        /* how many of the best to keep for each segment */
    xj_totals totals;
    uint32_t segment;   /* in hand */
    size_t first;       /* found[first ..] are of the segment in hand, as a heap with the worst on top */
    xji_found *found;
    size_t n, cap;
    bool open_report;   /* a report whose passages are coming in */
    xji_found report;
    bool any_report;    /* the report of the last passage, and its row */
    uint32_t last_report;
    xj_report_row last_row;
    xj_buf ids;
} xji_collector;

void xji_collector_init(xji_collector *c, xj_index *ix, bool reports, unsigned wanted, size_t keep);
void xji_collector_release(xji_collector *c);

/* Passages of a segment follow, ascending where reports are collected or counted. */
void xji_collector_begin(xji_collector *c, uint32_t segment);
xj_status xji_collector_add(xji_collector *c, uint32_t passage, double score, xj_tier tier, uint64_t occurrences, xj_error *err);

/* Passages with a lower score need not be added: they would not be kept, and no total counts them. */
static inline double xji_collector_floor(const xji_collector *c)
{
    bool full = c->keep > 0 && c->n - c->first == c->keep;
    return c->reports || c->wanted || !full ? 0.0 : c->found[c->first].score;
}

xj_status xji_collector_end(xji_collector *c, xj_error *err);

/* Sort everything kept, best first: by tier when by_tier, then score, then report id, then number. Keeps c->keep of them. */
xj_status xji_collector_finish(xji_collector *c, bool by_tier, xj_error *err);

#endif
