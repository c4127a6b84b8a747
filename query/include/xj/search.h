/**
 * Searching an index: counts, ranked passages, ranked reports, and why a passage scored as it did.
 *
 * One index and one query may be searched from many threads at once; searchers, results and views belong to one thread.
 */
#ifndef XJ_SEARCH_H
#define XJ_SEARCH_H

#include "xj/index.h"
#include "xj/query.h"
#include "xj/record.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How near a hit is to the query. */
typedef enum xj_tier {
    XJ_TIER_EXACT,  /* satisfies the query: holds the phrase, all words of a bag, the boolean expression */
    XJ_TIER_NEAR,   /* --relax: all units of the phrase within 24 units */
    XJ_TIER_PARTIAL /* some of the bigrams or words */
} xj_tier;

/** A passage found. */
typedef struct xj_hit {
    double score;
    uint32_t segment;
    uint32_t passage; /* in the segment */
    xj_tier tier;
} xj_hit;

/** A report found. */
typedef struct xj_report_hit {
    double score; /* of its best passage */
    uint32_t segment;
    uint32_t report; /* in the segment */
    uint64_t passages;
    uint64_t occurrences;
} xj_report_hit;

/** What the caller wants to know; less is faster. */
typedef enum xj_want {
    XJ_WANT_ANY,     /* is there a hit at all? totals.passages is 0 or at least 1 */
    XJ_WANT_COUNT,   /* totals */
    XJ_WANT_HITS,    /* passages and totals */
    XJ_WANT_REPORTS  /* reports and totals */
} xj_want;

/** Totals that can be asked for; or-ed together. Each costs time: without any, the best hits alone are looked for. */
enum {
    XJ_TOTAL_PASSAGES = 1,
    XJ_TOTAL_OCCURRENCES = 2,
    XJ_TOTAL_REPORTS = 4,
    XJ_TOTAL_ALL = 7
};

typedef struct xj_search_options {
    xj_want want;
    unsigned totals; /* XJ_TOTAL_*: which totals to fill in, others are 0. XJ_WANT_ANY fills in passages only */
    size_t limit;  /* hits to return, after offset */
    size_t offset; /* hits to leave out before them */
    bool relax;    /* a phrase query: append near, then partial passages; others: no effect */
    bool count_more; /* a phrase query without relax: count what relax would add */
    int64_t deadline_ns; /* CLOCK_MONOTONIC time at which to stop, 0 = none; noticed within a few milliseconds */
} xj_search_options;

#define XJ_SEARCH_OPTIONS_INIT {XJ_WANT_HITS, XJ_TOTAL_ALL, 10, 0, false, false, 0}

/** Exact totals of a search, whatever its limit, as far as they were asked for. */
typedef struct xj_totals {
    uint64_t occurrences; /* of the positive phrases, in the passages counted; overlapping ones all count */
    uint64_t passages;    /* that satisfy the query; a bag listed as hits: that hold any of it */
    uint64_t reports;
    uint64_t more;        /* count_more, or relax with XJ_TOTAL_PASSAGES: further passages that hold some of the phrase; else 0 */
} xj_totals;

/** Owned by the caller: XJ_RESULTS_INIT, then xj_results_release; may be used again and again. */
typedef struct xj_results {
    xj_hit *hits; /* best first; equal scores by report id, then passage */
    size_t n_hits;
    xj_report_hit *reports;
    size_t n_reports;
    xj_totals totals;
    bool partial; /* the deadline came first; totals are lower bounds */
} xj_results;

#define XJ_RESULTS_INIT {NULL, 0, NULL, 0, {0, 0, 0, 0}, false}

/** The memory that searching takes, used again from query to query. Belongs to one thread; the index must outlive it. */
typedef struct xj_searcher xj_searcher;

/** *out is owned by the caller, NULL on failure (XJ_ENOMEM). */
XJ_API xj_status xj_searcher_new(xj_searcher **out, xj_index *ix, xj_error *err);
XJ_API void xj_searcher_free(xj_searcher *s);

/**
 * Run a query. XJ_OK with no hits is not an error; XJ_OK with out->partial is a search that met its deadline.
 * Errors: XJ_ECORRUPT, XJ_EIO, XJ_ENOMEM; out is then empty.
 */
XJ_API xj_status xj_searcher_run(xj_results *out, xj_searcher *s, const xj_query *q, const xj_search_options *options,
                                 xj_error *err);

/** The same with a searcher made for this one query. */
XJ_API xj_status xj_search(xj_results *out, xj_index *ix, const xj_query *q, const xj_search_options *options, xj_error *err);
XJ_API void xj_results_release(xj_results *r);

/** Code points [start, end) of a passage's text that match, and source bytes [first, end) of it. */
typedef struct xj_match {
    uint32_t start, end;
    uint64_t source_first, source_end;
} xj_match;

/** Code points [start, end) that repair restored. */
typedef struct xj_restored {
    uint32_t start, end;
    bool conjecture; /* from part of its bytes and its neighbours, not certain */
} xj_restored;

/** Everything to show of a passage or report. Borrowed members are valid until the next load with the same view. */
typedef struct xj_view {
    xj_report_meta meta;
    uint32_t year;        /* 0 = unknown */
    uint32_t n_passages;  /* of the report */
    /* of a passage only: */
    xj_heading_path section;
    uint32_t passage;     /* its number in the report, from 0 */
    xj_passage_text text; /* code points, sources, marks */
    const char *utf8;     /* the text as UTF-8 */
    size_t n_utf8;
    xj_match *match; /* ascending, not overlapping in a bag; overlapping occurrences of a phrase all stand here */
    size_t n_matches;
    xj_restored *restored;
    size_t n_restored;
    uint64_t source_first, source_end; /* bytes of the source file from the first to the last character */
    /* memory; leave alone */
    xj_record report_record, heading_record, text_record;
    xj_buf buf;
    size_t match_cap, restored_cap;
    struct xj_view_tools *tools;
} xj_view;

/** Make a view ready (all zero but for its records). Release with xj_view_release. */
XJ_API void xj_view_init(xj_view *v);
XJ_API void xj_view_release(xj_view *v);

/** Load a hit with its text and matches. q may be NULL: no matches then. */
XJ_API xj_status xj_view_hit(xj_view *v, xj_index *ix, const xj_query *q, const xj_hit *hit, xj_error *err);

/** Load the metadata of a report hit. */
XJ_API xj_status xj_view_report(xj_view *v, xj_index *ix, const xj_report_hit *hit, xj_error *err);

/** One line of an explanation. The contributions of all lines add up to the hit's score. */
typedef struct xj_explain_row {
    char term[96];     /* readable: "枫桥", "5g", "phrase 枫桥经验"; UTF-8, NUL-terminated, cut when longer */
    bool is_phrase;    /* the phrase bonus: df, tf, length have no meaning */
    uint64_t df;       /* passages of the whole index that hold it */
    uint64_t tf;       /* occurrences in this passage */
    uint64_t length;   /* of the passage, in units */
    double average;    /* mean length over the index */
    double idf;
    double weight;     /* question-word weight times occurrences in the query */
    double contribution;
} xj_explain_row;

/**
 * Explain a hit of a query: rows is filled with up to cap rows, *n = rows needed. The sum of the contributions, added in
 * this order, equals hit->score to the last bit.
 */
XJ_API xj_status xj_explain(xj_index *ix, const xj_query *q, const xj_hit *hit, xj_explain_row *rows, size_t cap, size_t *n,
                            xj_error *err);

#ifdef __cplusplus
}
#endif
#endif
