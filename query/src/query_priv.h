/* Inside of a parsed query. */
#ifndef XJI_QUERY_PRIV_H
#define XJI_QUERY_PRIV_H

#include <stdint.h>

#include "xj/bytes.h"
#include "xj/query.h"
#include "xj/postings.h"
#include "xj/stem.h"
#include "xj/token.h"

/* A phrase the query asks for. */
typedef struct xji_phrase {
    xj_units units; /* folded */
    xj_units exact; /* as written; empty unless XJ_QUERY_EXACT_SCRIPT */
    char *label;    /* as typed, NUL-terminated */
    uint32_t n_text; /* CHAR and WORD units */
    uint32_t n_pairs; /* neighbouring text units with no BREAK between */
    uint32_t *border; /* of the units that are matched: longest proper border of each beginning (Knuth, Morris, Pratt) */
    uint32_t *token;  /* its scoring tokens, one for each place, as indices into xj_query.token; positive phrases only */
    size_t n_tokens;
    bool positive;   /* not under an odd number of NOTs */
    bool quoted;     /* in ASCII quotes, or the whole of a literal query */
    bool repeated;    /* an equal phrase stands before it: counted there */
    bool earns_bonus; /* one run of 2..8 units: a passage that holds it gets the idf of its bigrams once more */
} xji_phrase;

typedef enum xji_field {
    XJI_FIELD_TITLE,
    XJI_FIELD_AGENCY,
    XJI_FIELD_SECTION,
    XJI_FIELD_PATH,
    XJI_FIELD_ID,
    XJI_FIELD_YEAR,
    XJI_FIELD_DATE,
    XJI_FIELD_COUNT
} xji_field;

typedef struct xji_filter {
    xji_field field;
    xj_units units;     /* title, agency, section, path: a phrase that the field holds */
    char *value;        /* id: the whole id; NUL-terminated */
    uint32_t year_from; /* 0 = open */
    uint32_t year_to;   /* UINT32_MAX = open */
    char date_from[16]; /* "" = open; a beginning of YYYY-MM-DD */
    char date_to[16];
} xji_filter;

typedef enum xji_node_kind { XJI_NODE_PHRASE, XJI_NODE_FILTER, XJI_NODE_AND, XJI_NODE_OR, XJI_NODE_NOT } xji_node_kind;

#define XJI_NO_NODE UINT32_MAX

/* A node of the expression; nodes stand in one array and refer to each other by index. */
typedef struct xji_node {
    xji_node_kind kind;
    uint32_t leaf;  /* PHRASE, FILTER: which */
    uint32_t child; /* first operand of AND, OR, NOT */
    uint32_t next;  /* next operand of the node above */
} xji_node;

typedef enum xji_token_kind {
    XJI_TOKEN_PAIR,     /* two characters */
    XJI_TOKEN_CHAR,     /* one character, wherever it stands */
    XJI_TOKEN_STRING    /* word or stem: key */
} xji_token_kind;

/* What scoring looks up: bigrams, words and lone characters of the positive phrases, each once. */
typedef struct xji_token {
    xji_token_kind kind;
    uint32_t first, second;
    size_t key_at, key_n; /* STRING: key in xj_query.keys */
    double weight;        /* sum over its occurrences in the query of 0.2 for question words and 1 otherwise */
} xji_token;

struct xj_query {
    xj_query_kind kind;
    unsigned flags;
    xji_phrase *phrase;
    size_t n_phrases, phrase_cap;
    xji_filter *filter;
    size_t n_filters, filter_cap;
    xji_node *node;
    size_t n_nodes, node_cap;
    uint32_t root;
    xji_token *token;
    size_t n_tokens, token_cap;
    xj_buf keys;
};

/* Fill q->token from the positive phrases. */
xj_status xji_query_make_tokens(xj_query *q, xj_error *err);

/* Mark the units of a phrase that belong to question words (是什么, 哪些, 多少): flag[i] for unit i. */
void xji_question_words(const xj_units *units, bool *flag);

/* Key of a word's scoring term: its stem when it has one, else the word. XJ_KEY_MAX bytes in out; returns its length. */
size_t xji_word_key(xj_stemmer *stemmer, const xj_units *units, size_t i, uint8_t *out);

#endif
