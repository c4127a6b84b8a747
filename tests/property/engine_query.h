/*
 * Random queries for property.engine: what they ask for, as phrases, fields and an expression, and the text that says so in the
 * query language. The oracle answers the former, the engine parses the latter.
 */
#ifndef XJ_ENGINE_QUERY_H
#define XJ_ENGINE_QUERY_H

#include "engine_corpus.h"
#include "xj/query.h"

enum {
    PHRASES_MAX = 96,
    PHRASE_CP_MAX = 320,
    FIELDS_MAX = 64,
    PARTS_MAX = 400,
    OPERANDS_MAX = 8,
    QUERY_TEXT_MAX = 65536,
    VALUE_MAX = 64
};

typedef struct asked_phrase {
    uint32_t cp[PHRASE_CP_MAX];
    size_t n;
    bool quoted;   /* or the whole of a literal query */
    bool positive; /* under an even number of NOTs */
} asked_phrase;

typedef enum field_kind {
    FIELD_TITLE,
    FIELD_AGENCY,
    FIELD_SECTION,
    FIELD_PATH,
    FIELD_ID,
    FIELD_YEAR,
    FIELD_DATE,
    FIELD_COUNT
} field_kind;

typedef struct asked_field {
    field_kind kind;
    char value[VALUE_MAX]; /* title, agency, section, path: a phrase; id: all of it */
    uint32_t year_from, year_to;
    char date_from[12], date_to[12]; /* "" = open; both of one precision */
} asked_field;

typedef enum part_kind { PART_PHRASE, PART_FIELD, PART_AND, PART_OR, PART_NOT } part_kind;

/* A part of the expression. */
typedef struct part {
    part_kind kind;
    size_t leaf; /* PHRASE, FIELD: which */
    size_t n, operand[OPERANDS_MAX];
} part;

typedef struct asked {
    char text[QUERY_TEXT_MAX];
    size_t n_text;
    unsigned flags;
    bool operators;                   /* AND OR NOT - ( ) or a field stands in it */
    asked_phrase phrase[PHRASES_MAX]; /* in the order of the text; without those that hold nothing to search for */
    size_t n_phrases;
    asked_field field[FIELDS_MAX];
    size_t n_fields;
    part part[PARTS_MAX];
    size_t n_parts;
    size_t root; /* SIZE_MAX: nothing to search for */
} asked;

/* A query for texts such as the corpus has. */
void random_query(asked *a, const corpus *c, chance *r);

#endif
