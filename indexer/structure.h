/*
 * The shape of a report: what is portal furniture, what is the title, which headings stand where, and how the
 * text is cut into passages. Works on repaired text and only names ranges of it; it changes nothing.
 */
#ifndef XJI_STRUCTURE_H
#define XJI_STRUCTURE_H

#include <stdbool.h>

#include "text.h"

typedef struct xji_range {
    uint32_t b, e; /* code points [b, e) of the repaired text, b < e */
} xji_range;

#define XJI_NO_SECTION UINT32_MAX

/* A heading and everything below it until the next heading of its level or above. */
typedef struct xji_section {
    uint32_t parent;   /* index of the section above, XJI_NO_SECTION = top */
    uint8_t level;     /* 1 "一、"  2 "(一)"  3 "1."  4 "(1)"; markdown "#".."######" take the level of their rank */
    xji_range heading; /* its text: number and words, without final sentence punctuation or surrounding space */
} xji_section;

typedef struct xji_passage {
    uint32_t first_piece; /* pieces[first_piece .. first_piece + n_pieces): ranges in text order, joined as they stand */
    uint32_t n_pieces;    /* >= 1 */
    uint32_t section;     /* deepest section it stands under, XJI_NO_SECTION = none */
} xji_passage;

/* Why a range is in no passage. */
#define XJI_ASIDE_LIST(X)                                                        \
    X(XJI_ASIDE_SPACE, "space", "blank space between passages")                  \
    X(XJI_ASIDE_FURNITURE, "furniture", "portal buttons, crumbs and link lists") \
    X(XJI_ASIDE_METADATA, "metadata", "a line of fields: date, source, index number") \
    X(XJI_ASIDE_TABLE, "table", "empty table residue")                           \
    X(XJI_ASIDE_REPEAT, "repeat", "the title once more")

typedef enum xji_aside_kind {
#define XJI_ASIDE_ENUM(name, key, text) name,
    XJI_ASIDE_LIST(XJI_ASIDE_ENUM)
#undef XJI_ASIDE_ENUM
        XJI_ASIDE_COUNT
} xji_aside_kind;

const char *xji_aside_key(xji_aside_kind kind);
const char *xji_aside_text(xji_aside_kind kind);

typedef struct xji_aside {
    xji_range at;
    xji_aside_kind kind;
} xji_aside;

/* Metadata found or given. Strings are owned, UTF-8, NUL-terminated; NULL = unknown. */
typedef struct xji_meta {
    char *title;
    char *agency;
    char *date;   /* "YYYY-MM-DD", "YYYY-MM" or "YYYY"; publication date */
    char *number; /* document number such as 国发〔2019〕5号 */
    int year;     /* year the report is about, 0 = unknown */
    /* Where each was found, for doctor: static strings such as "first line", "portal field 发布机构", "given". NULL = unknown */
    const char *title_from;
    const char *agency_from;
    const char *date_from;
    const char *number_from;
    const char *year_from;
} xji_meta;

typedef struct xji_structure {
    xji_meta meta;
    xji_section *sections;
    size_t n_sections;
    xji_passage *passages; /* in text order */
    size_t n_passages;
    xji_range *pieces;
    size_t n_pieces;
    xji_aside *asides; /* in text order; pieces and asides together are [0, t->n), each code point once */
    size_t n_asides;
} xji_structure;

/* Fields that the caller already knows (JSON Lines); they win over what the text says. Borrowed, NULL = unknown. */
typedef struct xji_given {
    const char *title;
    const char *agency;
    const char *date;
    const char *number; /* document number */
    int year;           /* year the report is about, 0 = unknown */
} xji_given;

typedef enum xji_segmentation {
    XJI_SEGMENT_AUTO, /* by structure and sentences */
    XJI_SEGMENT_NONE  /* the whole text is one passage; nothing is set aside but the blank space around it */
} xji_segmentation;

/* A cut falls at these lengths (code points): whole sentences are packed up to TARGET, a sentence longer than MAX is
 * cut at commas, a run longer than RUN_MAX anywhere. */
enum { XJI_PASSAGE_TARGET = 250, XJI_PASSAGE_MAX = 300, XJI_RUN_MAX = 1200 };

/* What finding structure looks up: made once, then only read, by any number of threads. About 330 KB. */
typedef struct xji_structure_tables xji_structure_tables;

xj_status xji_structure_tables_new(xji_structure_tables **out, xj_error *err);
void xji_structure_tables_free(xji_structure_tables *tables);

/*
 * Find the structure of repaired text t. given may be NULL. path is the file name or NULL (its ".md" ending turns on
 * markdown headings "# "; nothing else is taken from it).
 * Errors: XJ_ENOMEM (out is then empty and released). An empty text gives no passages.
 */
xj_status xji_structure_find_with(xji_structure *out, const xji_structure_tables *tables, const xji_text *t,
                                  const xji_given *given, const char *path, xji_segmentation mode, xji_log *log,
                                  xj_error *err);

/* The same with tables of its own, for a single text. */
xj_status xji_structure_find(xji_structure *out, const xji_text *t, const xji_given *given,
                             const char *path, xji_segmentation mode, xji_log *log, xj_error *err);

void xji_structure_release(xji_structure *s);

#endif
