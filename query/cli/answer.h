/**
 * Answering one query: parse, search, print. Used for the query of the command line and for each line of a batch.
 */
#ifndef XJI_ANSWER_H
#define XJI_ANSWER_H

#include "options.h"
#include "printer.h"
#include "xj/index.h"
#include "xj/search.h"

/** What is kept from query to query: xji_session_init, then xji_session_release. */
typedef struct xji_session {
    const xji_options *options;
    xj_index *index; /* borrowed; set with xji_session_index before the first answer */
    xj_searcher *searcher;
    xji_printer printer;
    xj_results results;
    xj_view view;
    xj_explain_row *rows; /* owned */
    size_t cap_rows;
    int64_t deadline_ns; /* of the query in hand, its suggestions included; 0 = none */
} xji_session;

/** How a query was answered. */
typedef struct xji_answer {
    xj_query_kind kind;
    uint64_t n_printed;
    xj_totals totals;
    bool found;   /* anything, shown or not */
    bool counted; /* totals are there */
    bool partial; /* the deadline was met */
} xji_answer;

void xji_session_init(xji_session *s, const xji_options *options, xji_out *out);
void xji_session_release(xji_session *s);

/** The index to search; it must outlive the session. XJ_ENOMEM. */
xj_status xji_session_index(xji_session *s, xj_index *ix, xj_error *err);

/**
 * Search q and print what was found. count_more: also count what --relax
 * would add. On failure what was printed before stays printed.
 */
xj_status xji_answer_query(xji_answer *a, xji_session *s, const xj_query *q, bool count_more, xj_error *err);

/** Whether a text read in another way finds anything; false also when that cannot be told. */
bool xji_would_find(xji_session *s, const char *text, size_t n, unsigned flags);

/** How many passages it would find; 0 also when that cannot be told. */
uint64_t xji_would_list(xji_session *s, const char *text, size_t n, unsigned flags);

/** CLOCK_MONOTONIC in nanoseconds. */
int64_t xji_now_ns(void);

#endif
