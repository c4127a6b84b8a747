/**
 * Text of others on its way out: one escaper for each medium. What could steer a terminal, reorder a line or hide
 * itself is *unsafe*: C0 and C1 controls, DEL, bidirectional controls, line and paragraph separators, zero-width and
 * tag characters, the byte-order mark. No medium lets it through as it is.
 *
 * Text need not be well-formed UTF-8: file names are bytes.
 */
#ifndef XJI_ESCAPE_H
#define XJI_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "output.h"

bool xji_is_unsafe(uint32_t cp);

/**
 * For people (terminal, pipe, stderr): controls and ill-formed bytes as \x1B, other unsafe characters as \u202E or
 * \u{E0001}. The backslash itself stays as it is.
 */
void xji_escape_plain(xji_out *o, const char *s, size_t n);
void xji_escape_plain_cp(xji_out *o, uint32_t cp);

/** Columns of a terminal that xji_escape_plain takes: East Asian wide and ambiguous characters count two. */
size_t xji_plain_columns(const char *s, size_t n);
size_t xji_plain_columns_cp(uint32_t cp);

/**
 * As xji_escape_plain, in at most so many columns (at least 2): what is longer ends in an ellipsis. Returns the
 * columns taken.
 */
size_t xji_escape_plain_elided(xji_out *o, const char *s, size_t n, size_t columns);

/** For a TSV field: \t \n \r \\, and each byte of what is unsafe or ill-formed as \xNN, so that all can be undone. */
void xji_escape_tsv(xji_out *o, const char *s, size_t n);

/** For JSON: the string with its quotes. Unsafe characters as \u, ill-formed bytes as U+FFFD. */
void xji_escape_json(xji_out *o, const char *s, size_t n);

#endif
