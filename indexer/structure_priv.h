/*
 * Shared by the files that find the structure of a report (structure.c, scan.c, furniture.c, metadata.c, outline.c,
 * passages.c) and by nothing else.
 */
#ifndef XJI_STRUCTURE_PRIV_H
#define XJI_STRUCTURE_PRIV_H

#include "structure.h"

/* What a line is: one of xji_aside_kind (set aside), or body text. */
enum { XJI_LINE_BODY = XJI_ASIDE_COUNT, XJI_LINE_TITLE };

/* A line with content. Blank lines are not kept. b and e shrink when its ends are set aside. */
typedef struct xji_line {
    uint32_t b, e;  /* [b, e) without surrounding white space, b < e */
    uint8_t role;   /* XJI_LINE_* or xji_aside_kind */
    uint8_t hashes; /* rank of a markdown heading (its "## " is shaved off), 0 = none */
} xji_line;

/* What a portal field says. */
typedef enum xji_field_kind {
    XJI_FIELD_OTHER = 0, /* known, of no use: 索引号, 主题分类 */
    XJI_FIELD_TITLE,
    XJI_FIELD_AGENCY,    /* 发布机构, 发文机关 */
    XJI_FIELD_SOURCE,    /* 来源: an agency only when it ends like one */
    XJI_FIELD_PUBLISHED, /* 发布日期 */
    XJI_FIELD_MADE,      /* 成文日期, 生成日期 */
    XJI_FIELD_DATE_LINE, /* a date that stands alone */
    XJI_FIELD_NUMBER,    /* 发文字号 */
    XJI_FIELD_COUNT
} xji_field_kind;

typedef struct xji_field {
    xji_range at;     /* the value, b == e when there is none */
    const char *from; /* static, "portal field 发布机构" */
    size_t line;      /* line it stands in */
} xji_field;

/* Growable list of set-aside ranges. */
typedef struct xji_asides {
    xji_aside *at;
    size_t n;
    size_t cap;
} xji_asides;

typedef struct xji_doc {
    const xji_text *t;
    const uint32_t *cp;
    uint32_t n;
    bool markdown;
    xji_line *line;
    size_t n_lines;
    size_t head; /* lines [0, head) stand before the first prose line or numbered heading */
    size_t tail; /* lines [tail, n_lines) stand after the last one; head <= tail */
    xji_field field[XJI_FIELD_COUNT];
    size_t title; /* first line of the title, n_title lines; n_title == 0: none */
    size_t n_title;
    uint32_t title_end; /* body text before this belongs to the title, 0 = no title */
    uint32_t
        opening; /* where the text begins in a line that opens with title and fields, 0 = no such line */
    xji_asides shaved; /* ends of lines set aside, in text order */
    xji_asides mask;   /* all that is set aside but blank space, in text order */
    xji_log *log;
} xji_doc;

typedef struct xji_date {
    int year, month, day; /* month, day 0 = not given */
} xji_date;

/* ---- scan.c: reading characters ---- */

bool xji_scan_is_space(uint32_t c);
bool xji_scan_is_han(uint32_t c);
bool xji_scan_is_break(uint32_t c);

/* Decimal digit of any width, or -1. */
int xji_scan_digit(uint32_t c);

/* Whether code point i folds to the same representative as lit; false outside the text. */
bool xji_scan_is(const xji_doc *d, uint32_t i, uint32_t lit);

/* First code point of a literal, folded. */
uint32_t xji_scan_first(const char *literal);

/* End of the literal (UTF-8) that stands at b, or 0. White space inside the text is skipped when spaced. */
uint32_t xji_scan_match(const xji_doc *d, uint32_t b, uint32_t e, const char *literal, bool spaced);

/* Whether [b, e) ends with one of the literals of a space-separated list; its length in code points, or 0. */
uint32_t xji_scan_ends_with(const xji_doc *d, uint32_t b, uint32_t e, const char *list);

/* First occurrence of the literal in [b, e), or UINT32_MAX. */
uint32_t xji_scan_find(const xji_doc *d, uint32_t b, uint32_t e, const char *literal);

/* Whether a character of the UTF-8 set stands at i. */
bool xji_scan_one_of(const xji_doc *d, uint32_t i, const char *set);

uint32_t xji_scan_skip_space(const xji_doc *d, uint32_t b, uint32_t e);
uint32_t xji_scan_trim_end(const xji_doc *d, uint32_t b, uint32_t e);

/* A number in Han numerals at b (at most 8 of them): its end, or 0. */
uint32_t xji_scan_han_number(const xji_doc *d, uint32_t b, uint32_t e, uint32_t *value);

/* A number of at most max digits at b: its end, or 0. A longer row of digits is none. */
uint32_t xji_scan_number(const xji_doc *d, uint32_t b, uint32_t e, unsigned max, uint32_t *value);

/* A year 1900..2100 at b, in digits or Han numerals, without 年: its end, or 0. */
uint32_t xji_scan_year(const xji_doc *d, uint32_t b, uint32_t e, int *year);

/* A date with at least a month at b, and a time of day after it: its end, or 0. */
uint32_t xji_scan_date_at(const xji_doc *d, uint32_t b, uint32_t e, xji_date *out);

/* Whether a cut before i is next to a breaking character (or at an end of the text). */
bool xji_scan_may_cut(const xji_doc *d, uint32_t i);

/* End of a sentence whose last mark is at i, closing quotes and brackets included, or 0 when none ends there.
 * e: end of the line. */
uint32_t xji_scan_sentence_end(const xji_doc *d, uint32_t i, uint32_t e);

/* Copy of [b, e) as UTF-8; with a title whose characters are set apart by spaces, without them. NULL = no memory. */
char *xji_scan_copy_range(const xji_doc *d, uint32_t b, uint32_t e);

/* Code points of a string, *n of them; owned by the caller. NULL = no memory. */
uint32_t *xji_scan_decode(const char *s, size_t *n);

/* Brackets of any width but those of book titles. */
bool xji_scan_is_open(uint32_t c);
bool xji_scan_is_close(uint32_t c);

/* ---- furniture.c ---- */

/* Find head and tail, give every line its role, collect fields and shaved ends. */
xj_status xji_furniture_find(xji_doc *d, xj_error *err);

/* ---- title.c ---- */

/* Find the title, unless meta has one, and the lines of the head that hold it. */
xj_status xji_title_find(xji_doc *d, xji_meta *meta, xj_error *err);

/* Lines of the head that are this title: the first is the title, others are repeats. */
xj_status xji_title_match(xji_doc *d, const char *title, xj_error *err);

/* ---- metadata.c ---- */

/* Whether [b, e) ends like the name of an agency and is more than that ending. */
bool xji_metadata_is_agency_like(const xji_doc *d, uint32_t b, uint32_t e);

/* A line that is nothing but a document number; its range. */
bool xji_metadata_is_number_line(const xji_doc *d, uint32_t b, uint32_t e, xji_range *at);

/* Title lines, repeats, and the metadata strings. */
xj_status xji_metadata_find(xji_doc *d, xji_meta *meta, const xji_given *given, xj_error *err);

/* Metadata that was given, nothing else. */
xj_status xji_metadata_given(xji_meta *meta, const xji_given *given, xj_error *err);

/* ---- numbers.c ---- */

/* Kinds of numbers that open a paragraph, from above to below. */
typedef enum xji_rank {
    XJI_RANK_NONE = 0,
    XJI_RANK_PART,    /* 第一编, 第一部分 */
    XJI_RANK_CHAPTER, /* 第一章 */
    XJI_RANK_SECTION, /* 第一节 */
    XJI_RANK_1,       /* 一、 */
    XJI_RANK_2,       /* (一) */
    XJI_RANK_3,       /* 1. */
    XJI_RANK_4,       /* (1) */
    XJI_RANK_ARTICLE, /* 第一条 */
    XJI_RANK_COUNT
} xji_rank;

/* The number at b: its rank, its value and where the words after it begin. line_start: b begins a line. */
xji_rank xji_outline_rank_at(const xji_doc *d, uint32_t b, uint32_t e, bool line_start,
                             uint32_t *value, uint32_t *words);

bool xji_outline_is_numeral(uint32_t c);

/* ---- outline.c ---- */

xj_status xji_outline_find(xji_doc *d, xji_structure *out, xj_error *err);

/* ---- passages.c ---- */

xj_status xji_passages_cut(xji_doc *d, xji_structure *out, xj_error *err);

/* ---- structure.c ---- */

xj_status xji_asides_push(xji_asides *list, uint32_t b, uint32_t e, xji_aside_kind kind,
                          xj_error *err);

/* The same for a range that may belong anywhere in the list. */
xj_status xji_asides_insert(xji_asides *list, uint32_t b, uint32_t e, xji_aside_kind kind,
                            xj_error *err);

/* Room for one more of n items of the given size; doubles. NULL = no memory, the old block stays. */
void *xji_grow(void *items, size_t n, size_t *cap, size_t size);

#endif
