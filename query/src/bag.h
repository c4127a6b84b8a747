/*
 * Ranking by many tokens of which any may occur, window by window.
 *
 * The best passages of a window are found in two steps. First scores are added up as 16-bit numbers that are not below
 * them (rounded up, to a common scale), over all passages of the window at once. Then those whose sum can reach the floor, the
 * score of the worst passage that is kept, are scored exactly. Tokens that together cannot reach the floor in a window, by the
 * bounds of their blocks, are left out of the sums and looked up for the candidates instead, when that is cheaper (Turtle
 * and Flood, "Query evaluation: strategies and optimizations", 1995: MaxScore).
 */
#ifndef XJI_BAG_H
#define XJI_BAG_H

#include "plan.h"

enum {
    XJI_WINDOW = 1 << 16,      /* passages of a window of sums, 16 bits each */
    XJI_FIRST_WINDOW = 1 << 12, /* as long as there is no floor: it is worth knowing soon */
    XJI_SCORE_WINDOW = 1 << 14  /* of a window of exact scores; both stay in the cache */
};

/* Memory of windows, kept from query to query. Zero-initialised; xji_windows_release. */
typedef struct xji_windows {
    double *score;   /* XJI_SCORE_WINDOW */
    uint16_t *sum;   /* XJI_WINDOW, as all that follow */
    uint16_t *place;
    uint32_t *doc;
    double *exact;
    uint64_t *bits;  /* a bit each */
} xji_windows;

/* What windows are wanted for: xji_bag_best, _scores or _members. */
typedef enum xji_window_use { XJI_FOR_BEST, XJI_FOR_SCORES, XJI_FOR_MEMBERS } xji_window_use;

xj_status xji_windows_make(xji_windows *w, xji_window_use use, xj_error *err);
void xji_windows_release(xji_windows *w);

/* A token of a bag and what it gives in a window at most. */
typedef struct xji_bound {
    double most;
    uint32_t token;
} xji_bound;

/* Tokens that the segment does not hold are left out: "token" is a place in `token` in all that follows. */
typedef struct xji_bag {
    const xji_plan *plan;
    size_t seg_no;
    xj_segment *seg;
    xji_clock *clock;
    xji_scratch *scratch;
    xji_windows *w;
    size_t n;        /* tokens */
    uint32_t *token; /* their numbers in the query, ascending */
    xji_arm *arm;   /* by token */
    uint32_t *next; /* by token: no passage of its list that is not behind us is before this; XJ_DOC_END at the end */
    /* what follows is for the best alone; made when it is first wanted */
    xji_bounds bounds;
    float scale;       /* from scores to sums */
    float (*part)[256]; /* by tf - 1 and length code, as in xji_parts */
    xji_arm *probe;    /* by token: the same lists, for passages that are looked at one by one */
    uint32_t *at;      /* by token: the first block that may reach into the window */
    double *most;      /* by token: bound of what it gives in the window */
    uint32_t *blocks;  /* by token: blocks that reach into the window */
    uint32_t *order;   /* tokens by `most`, those that give least first */
    xji_bound *ranked; /* the same while they are sorted */
    uint32_t *tf;      /* by token: XJ_BLOCK occurrences */
} xji_bag;

/* clock may run out: the windows then end early. What the bag takes from the scratch must stay while it is used. */
xj_status xji_bag_open(xji_bag *b, const xji_plan *plan, size_t seg_no, xji_windows *w, xji_scratch *scratch, xji_clock *clock,
                       xj_error *err);

/*
 * The next window that holds any of the tokens: the scores of its passages to w->score, 0 for passages without any. *base: its
 * first passage, XJ_DOC_END after the last one. Phrases are left out.
 */
xj_status xji_bag_scores(xji_bag *b, uint32_t *base, xj_error *err);

/* The same for XJI_WINDOW passages, only which of them hold any: w->bits. */
xj_status xji_bag_members(xji_bag *b, uint32_t *base, xj_error *err);

/* What the caller does to a window. */
typedef struct xji_bag_hooks {
    void *ctx;
    double most; /* bound of what phrases add to a score */
    /* Change the sums of the passages in [base, end): add xji_bag_sum_of what a phrase gives, 0 for passages to leave out. */
    xj_status (*amend)(void *ctx, xji_bag *b, uint32_t base, uint32_t end, xj_error *err);
    /* NULL, or: look at all passages of the window that hold any token and are not left out, base + place[0..n). */
    xj_status (*see)(void *ctx, uint32_t base, const uint16_t *place, size_t n, xj_error *err);
} xji_bag_hooks;

/* A score as part of a sum: hardly more than it, never less. */
uint16_t xji_bag_sum_of(const xji_bag *b, double score);

/*
 * The candidates of the next window: passages w->doc[0..*n), ascending, with their scores, phrases left out, in w->exact. *base: its
 * first passage, XJ_DOC_END after the last one. Passages whose score is below floor may be missing, and so may those that are
 * not among the best `keep` of the window.
 */
xj_status xji_bag_best(xji_bag *b, double floor, size_t keep, const xji_bag_hooks *hooks, uint32_t *base, size_t *n,
                       xj_error *err);

#endif
