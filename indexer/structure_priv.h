/*
 * Shared by the files that find the structure of a report (structure.c, scan.c, furniture.c, metadata.c, outline.c,
 * passages.c) and by nothing else.
 */
#ifndef XJI_STRUCTURE_PRIV_H
#define XJI_STRUCTURE_PRIV_H

#include "structure.h"

#include "xj/fold.h"

/* Kinds of characters that whole passes look for, as bits of xji_structure_tables.kind. */
enum {
    XJI_KIND_LF,     /* the end of a paragraph */
    XJI_KIND_STOP,   /* a sentence may end here; LF too */
    XJI_KIND_SPACE,  /* white space, LF too */
    XJI_KIND_BREAK,  /* a breaking character that is no Han (LF too): runs of text end here, sentences may */
    XJI_KIND_OPEN,   /* a number that opens a paragraph may begin with it */
    XJI_KIND_CLAUSE, /* such a number may stand behind it, as behind white space */
    /* The rest are in no row; characters are asked for them one by one. */
    XJI_KIND_LEAD, /* a passage had better begin with it than with others: the first character of 一是, 首先, 第一条 */
    XJI_KIND_END   /* the search for the end of a heading looks at it */
};

/* Bit i of a row says whether code point i is of a kind; 64 to a word. Opening: OPEN behind SPACE or CLAUSE. */
typedef struct xji_rows {
    uint64_t *lf, *stop, *space, *breaking, *opening;
} xji_rows;

/* Folded first characters of the words of the portal table, to find the words that can begin with a character: first of
 * them + 1 by its low byte, then each by the one before it; 0 = no more. Words keep the order of the table. */
enum { XJI_PORTAL_WORDS = 320, XJI_PORTAL_HEADS = 256 };
typedef struct xji_vocabulary {
    uint32_t first[XJI_PORTAL_WORDS];
    uint16_t head[XJI_PORTAL_HEADS];
    uint16_t next[XJI_PORTAL_WORDS];
} xji_vocabulary;

struct xji_structure_tables {
    uint32_t fold[0x10000]; /* xj_fold of the BMP */
    uint8_t kind[0x10000]; /* of each code point of the BMP: bits 1 << XJI_KIND_* */
    xji_vocabulary vocabulary;
};

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
    const xji_structure_tables *tables;
    xji_rows rows; /* of a whole report; a title or date read by itself has none */
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

/* Bits 1 << XJI_KIND_* of any code point, the long way (structure_tables.c). */
uint8_t xji_kind_of(uint32_t c);

/* ---- scan.c: reading characters ---- */

/* White_Space of Unicode. */
static inline bool xji_scan_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    return c <= 0x3000 && (c == 0x85 || c == 0xA0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200A) ||
                           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x1680);
}

static inline bool xji_scan_is_han(uint32_t c)
{
    return (c >= 0x4E00 && c <= 0x9FFF) || c == 0x3007 || (c >= 0x3400 && c <= 0x4DBF) ||
           (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x20000 && c <= 0x3FFFF);
}

bool xji_scan_is_break(uint32_t c);

/* Decimal digit of any width, or -1. */
static inline int xji_scan_digit(uint32_t c)
{
    return c - '0' < 10 ? (int)(c - '0') : c - 0xFF10 < 10 ? (int)(c - 0xFF10) : -1;
}

/* Number of the lowest bit that is set; w != 0. */
static inline uint32_t xji_scan_low_bit(uint64_t w)
{
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(w);
#else
    uint32_t n = 0;
    for (; !(w & 1); w >>= 1)
        n++;
    return n;
#endif
}

/* First bit of a row that is set in [b, e), or e. */
static inline uint32_t xji_row_next(const uint64_t *row, uint32_t b, uint32_t e)
{
    if (b >= e)
        return e;
    uint32_t k = b / 64, last = (e - 1) / 64;
    uint64_t w = row[k] & UINT64_MAX << b % 64;
    while (w == 0 && k < last)
        w = row[++k];
    if (w == 0)
        return e;
    uint32_t at = k * 64 + xji_scan_low_bit(w);
    return at < e ? at : e;
}

/* Number of bits of a row that are set in [b, e): made for rows with few. */
uint32_t xji_row_count(const uint64_t *row, uint32_t b, uint32_t e);

/* xj_fold by the tables at hand. */
static inline uint32_t xji_scan_fold(const xji_doc *d, uint32_t c)
{
    return c < 0x10000 ? d->tables->fold[c] : xj_fold(c);
}

/* Whether a character is of a kind. */
static inline bool xji_scan_is_kind(const xji_doc *d, uint32_t c, unsigned kind)
{
    return (c < sizeof d->tables->kind ? d->tables->kind[c] : xji_kind_of(c)) >> kind & 1;
}

/* Whether code point i folds to the same representative as lit; false outside the text. */
static inline bool xji_scan_is(const xji_doc *d, uint32_t i, uint32_t lit)
{
    return i < d->n && xji_scan_fold(d, d->cp[i]) == xji_scan_fold(d, lit);
}

/*
 * Literals, lists and sets are U"..." strings.
 */

/* End of the literal that stands at b, or 0. White space inside the text is skipped when spaced. */
uint32_t xji_scan_match(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *literal, bool spaced);

/* Whether [b, e) ends with one of the literals of a space-separated list; its length in code points, or 0. */
uint32_t xji_scan_ends_with(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *list);

/* First occurrence of the literal in [b, e), or UINT32_MAX. */
uint32_t xji_scan_find(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *literal);

/* Whether a character of the set stands at i. */
bool xji_scan_one_of(const xji_doc *d, uint32_t i, const uint32_t *set);

uint32_t xji_scan_skip_space(const xji_doc *d, uint32_t b, uint32_t e);
uint32_t xji_scan_trim_end(const xji_doc *d, uint32_t b, uint32_t e);

/* Whether c is a Han numeral, zero included. */
bool xji_scan_is_numeral(uint32_t c);

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

/* Whether a sentence may end at c. */
bool xji_scan_is_stop(uint32_t c);

/* ---- structure_tables.c ---- */

/* The rows of a text; owned, released by xji_rows_release. */
xj_status xji_rows_make(xji_rows *rows, const xji_structure_tables *tables, const uint32_t *cp, uint32_t n, xj_error *err);
void xji_rows_release(xji_rows *rows);

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
xj_status xji_metadata_given(xji_meta *meta, const xji_structure_tables *tables, const xji_given *given, xj_error *err);

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

/* Whether a number may begin with c; whether one may stand inside a line behind c. */
bool xji_outline_may_open(uint32_t c);
bool xji_outline_ends_clause(uint32_t c);

/* Whether the search for the end of a heading looks at c. */
bool xji_outline_may_end(uint32_t c);

xj_status xji_outline_find(xji_doc *d, xji_structure *out, xj_error *err);

/* ---- passages.c ---- */

/* Whether a sentence may end or be cut at c, or a run of text ends there; whether a passage had better begin with it. */
bool xji_passages_may_end(uint32_t c);
bool xji_passages_may_lead(uint32_t c);

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
