/**
 * Printing what was found: one interface, three forms (text for people, JSON, TSV).
 */
#ifndef XJI_PRINTER_H
#define XJI_PRINTER_H

#include "options.h"
#include "output.h"
#include "xj/search.h"

/** A printer belongs to one run; query changes from line to line of a batch. */
typedef struct xji_printer {
    const struct xji_form_ops *ops;
    const xji_options *options;
    xji_out *out;
    bool color;
    size_t width;      /* columns to wrap passages at, 0 = do not wrap */
    const char *query; /* the query of a batch being answered, NULL outside batches; need not be valid UTF-8 */
    size_t n_query;
} xji_printer;

/** A passage to print. */
typedef struct xji_shown_hit {
    uint64_t rank; /* from 1, the offset counts */
    const xj_hit *hit;
    const xj_view *view;
    const xj_explain_row *rows; /* of --explain, else NULL */
    size_t n_rows;
    bool partial; /* the search met its deadline */
} xji_shown_hit;

/** A report to print. */
typedef struct xji_shown_report {
    uint64_t rank;
    const xj_report_hit *hit;
    const xj_view *view;
    bool partial;
} xji_shown_report;

/** How a query ended. */
typedef struct xji_summary {
    const char *error; /* message, NULL = answered */
    uint64_t n_printed;
    const xj_totals *totals;
    bool counted; /* totals are exact */
    bool partial;
    uint64_t us; /* from the line read to the last hit printed */
} xji_summary;

/** What a form has to do. No function fails: the output remembers its own errors. */
typedef struct xji_form_ops {
    void (*begin)(xji_printer *p);      /* a query of a batch begins */
    void (*hit)(xji_printer *p, const xji_shown_hit *h);
    void (*exact_ends)(xji_printer *p); /* --relax: exact hits stand before, others after */
    void (*report)(xji_printer *p, const xji_shown_report *r);
    void (*counts)(xji_printer *p, const xj_totals *totals, bool partial); /* --count */
    void (*end)(xji_printer *p, const xji_summary *s);
} xji_form_ops;

extern const xji_form_ops xji_form_text;
extern const xji_form_ops xji_form_json;
extern const xji_form_ops xji_form_tsv;

/** Totals as --count prints them, without the end of the line; text and TSV. */
void xji_print_counts(xji_out *o, const xj_totals *totals);

#endif
