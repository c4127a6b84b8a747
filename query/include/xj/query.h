/**
 * The query language: from a line of text to a query that can be run against any index. A query is parsed once, is
 * immutable, and may be used by many threads.
 *
 *   枫桥经验            a bare word of at most 8 units is an exact phrase
 *   多元化解矛盾纠纷的机制有哪些   a longer one is a bag of bigrams, ranked
 *   枫桥经验 综治中心    several words are a bag; passages with all of them in full come first
 *   "化解矛盾,维护稳定"  an exact phrase, punctuation included
 *   A AND B, A OR B, NOT A, -A, ( )    operators; AND OR NOT in capitals, half-width
 *   title: agency: section: path: id: year: date:    fields; ranges as in year:2021..2025
 *
 * Operators bind in this order: words side by side, AND, OR. Among words side by side any may occur (all must with
 * XJ_QUERY_ALL), what is negated must not, and every field must fit.
 */
#ifndef XJ_QUERY_H
#define XJ_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_query xj_query;

/** How to read the text; or-ed together. LITERAL and ANY exclude each other and switch all operators off. */
enum {
    XJ_QUERY_LITERAL = 1,     /* the whole text is one exact phrase */
    XJ_QUERY_ANY = 2,         /* free text: every bigram and word is optional */
    XJ_QUERY_ALL = 4,         /* of words side by side, all must occur */
    XJ_QUERY_EXACT_SCRIPT = 8 /* phrases as written: no folding of script, width or case */
};

/** Limits; beyond them parsing fails with XJ_EQUERY and a message that names the limit. */
enum {
    XJ_QUERY_BYTES_MAX = 65536,
    XJ_QUERY_CLAUSES_MAX = 1024, /* words, phrases and fields */
    XJ_QUERY_DEPTH_MAX = 100,    /* nested parentheses and NOTs */
    XJ_QUERY_PHRASE_MAX = 1024,  /* units of one phrase; a longer word of free text (XJ_QUERY_ANY) is only ranked by its parts */
    XJ_QUERY_BARE_MAX = 8        /* units of a bare word that is still an exact phrase */
};

/** What a query came out as. */
typedef enum xj_query_kind {
    XJ_QUERY_PHRASE, /* one exact phrase */
    XJ_QUERY_BAG,    /* ranked words and bigrams */
    XJ_QUERY_TREE    /* operators or fields */
} xj_query_kind;

/**
 * Parse n bytes of UTF-8 (ill-formed bytes count as U+FFFD). *out is owned by the caller, NULL on failure.
 * Errors: XJ_EQUERY (empty, nothing searchable, only negative, unbalanced, beyond a limit), XJ_ENOMEM.
 */
XJ_API xj_status xj_query_parse(xj_query **out, const char *s, size_t n, unsigned flags, xj_error *err);

XJ_API void xj_query_free(xj_query *q);

XJ_API xj_query_kind xj_query_kind_of(const xj_query *q);

#ifdef __cplusplus
}
#endif
#endif
