/*
 * The answer that property.engine expects, computed from texts alone: every passage is read into units, every count is made by
 * looking at all of them, every order by comparing. Nothing here is clever on purpose, and nothing but the reading of text
 * (xj/token.h, xj/stem.h, xj/length.h) and the arithmetic of docs/RANKING.md (xj/bm25.h) is shared with the engine.
 */
#ifndef XJ_ENGINE_ORACLE_H
#define XJ_ENGINE_ORACLE_H

#include "engine_corpus.h"
#include "engine_query.h"
#include "xj/search.h"

/* Ways in which the oracle can be made wrong, to see that the comparison notices. */
typedef enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_PASSAGE,     /* one passage is not read */
    SABOTAGE_ULP,         /* scores are one bit too high */
    SABOTAGE_TIES,        /* equal scores come in the opposite order */
    SABOTAGE_TIER,        /* words of a bag need not all occur */
    SABOTAGE_OCCURRENCES, /* repeated phrases count again */
    SABOTAGE_MORE,        /* exact passages count as more, too */
    SABOTAGE_FIELD,       /* years are one off */
    SABOTAGE_EXPLAIN,     /* the tf that is shown is one off */
    SABOTAGE_COUNT
} sabotage;

extern const char *const sabotage_names[SABOTAGE_COUNT];

typedef struct oracle oracle;

oracle *oracle_new(const corpus *c, sabotage s);
void oracle_free(oracle *o);

/* Read a query; what the calls below answer is about it. *a must stay until then. */
void oracle_ask(oracle *o, const asked *a);

/* Whether there is nothing to search for in it, so that it is no query. */
bool oracle_refuses(const oracle *o);
xj_query_kind oracle_kind(const oracle *o);

/* A passage or report expected. */
typedef struct expected_hit {
    double score;
    uint32_t item;                  /* passage or report in the corpus */
    xj_tier tier;                   /* of a passage */
    uint64_t passages, occurrences; /* of a report */
} expected_hit;

/* What the totals of a search promise; where the API promises less, less is compared. */
typedef struct expected_totals {
    bool any_only; /* only whether there is a passage is known; totals.passages are the most */
    xj_totals totals;
} expected_totals;

typedef struct expected {
    expected_totals totals;
    const expected_hit *hit; /* best first, limit and offset applied; valid until the next answer */
    size_t n;
    uint64_t n_found; /* passages, whether their total was asked for or not */
} expected;

void oracle_answer(oracle *o, const xj_search_options *options, expected *out);

/* Rows of the explanation of a passage: at most cap are written, their number is returned. */
size_t oracle_explain(oracle *o, uint32_t doc, xj_explain_row *row, size_t cap);

#endif
