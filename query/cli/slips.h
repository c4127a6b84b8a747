/**
 * What was probably meant: pieces of a query that look like operators or fields but are read as text, and
 * punctuation that has to match. Nothing here changes a query; it only finds what to say about it.
 */
#ifndef XJI_SLIPS_H
#define XJI_SLIPS_H

#include <stdbool.h>
#include <stddef.h>

#include "messages.h"

enum { XJI_PIECE_BYTES = 96 };

/** What was found: the piece of the query in question, and the whole query as it should be written. */
typedef struct xji_slip {
    char piece[XJI_PIECE_BYTES]; /* NUL-terminated, cut at a character when longer */
    char *meant;                 /* owned, NUL-terminated; NULL when there is no such thing to say */
} xji_slip;

#define XJI_SLIP_INIT {"", NULL}

void xji_slip_release(xji_slip *slip);

/**
 * The first operator, parenthesis, quotation mark or field name that is full-width or in the wrong case, as in
 * "枫桥经验 ＡＮＤ 综治中心" or "year：2026"; meant has all of them mended. False: there is none, or no memory to look.
 */
bool xji_slip_of_operators(xji_slip *slip, const char *query, size_t n);

/** The first "word:" that stands where a field would but is none, as in "titel:报告"; piece is the word. */
bool xji_slip_of_field(xji_slip *slip, const char *query, size_t n);

/** One run with punctuation that would have to match, as in 枫桥经验、综治中心; meant has spaces instead. */
bool xji_slip_of_joint(xji_slip *slip, const char *query, size_t n);

/** The names of all fields, for people, as "title: agency: ...". */
const char *xji_field_list(xji_lang lang);

#endif
