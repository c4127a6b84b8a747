/**
 * The command line of xunju-query. One table says what options there are; parsing, --help and everything else that
 * lists options (man page, completion) come from it.
 */
#ifndef XJI_OPTIONS_H
#define XJI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"
#include "output.h"
#include "xj/error.h"

typedef enum xji_form {
    XJI_FORM_TEXT,
    XJI_FORM_JSON,
    XJI_FORM_TSV
} xji_form;

typedef enum xji_color {
    XJI_COLOR_AUTO,
    XJI_COLOR_ALWAYS,
    XJI_COLOR_NEVER
} xji_color;

/** What the command line asks for. */
typedef enum xji_action {
    XJI_ACTION_SEARCH,
    XJI_ACTION_HELP,
    XJI_ACTION_VERSION
} xji_action;

typedef struct xji_options {
    xji_action action;
    xji_lang lang;
    uint64_t limit;
    uint64_t offset;
    uint64_t timeout_ms; /* 0 = none */
    uint64_t cache_mb;   /* memory of the index that a batch keeps, 0 = nothing */
    unsigned flags;      /* XJ_QUERY_..., of xj/query.h */
    xji_form form;
    xji_color color;
    bool relax;
    bool explain;
    bool count;
    bool reports;
    bool quiet;
    bool no_totals;      /* the best hits alone are looked for */
    bool null;           /* records end with NUL */
    bool batch;
    const char *index;   /* borrowed from argv */
    char *query;         /* owned: the QUERY arguments joined by spaces, NUL-terminated */
    size_t n_query;
} xji_options;

/** One option of the table. */
typedef struct xji_option {
    const char *name;    /* long name without dashes */
    char letter;         /* short name, 0 = none */
    int id;              /* xji_option_id, private to options.c */
    const char *value;   /* what its value is called in the help, NULL = takes none */
    const char *help[2]; /* by xji_lang; lines separated by LF */
} xji_option;

/** The table; *n is its length. */
const xji_option *xji_option_table(size_t *n);

/**
 * Read a command line as GNU getopt_long does: options after arguments too, long names cut short as long as they are
 * clear, -- ends them. --help and --version win over what follows them. XJ_EUSAGE with a message in lang, XJ_ENOMEM.
 * *o is released by xji_options_release, also after a failure.
 */
xj_status xji_options_parse(xji_options *o, int argc, char *const *argv, xji_lang lang, xj_error *err);
void xji_options_release(xji_options *o);

/** All that --help prints. */
void xji_help(xji_out *o, xji_lang lang);

#endif
