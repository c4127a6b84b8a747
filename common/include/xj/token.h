/**
 * Text to units (docs/TEXT.md section 3), the one reading of text that indexing, querying,
 * verification and highlighting share. No segmentation, no stop words, no ICU.
 */
#ifndef XJ_TOKEN_H
#define XJ_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum xj_unit_kind {
    XJ_UNIT_BREAK = 0, /* one breaking character */
    XJ_UNIT_CHAR,      /* one Han, kana, Hangul or Bopomofo character */
    XJ_UNIT_WORD       /* one Latin or digit word */
} xj_unit_kind;

/** A word longer than this many code points is cut into words of this length. */
#define XJ_WORD_MAX 64

/** One unit of text. Equality of units is equality of kind, cp and (for words) of the word's bytes. */
typedef struct xj_unit {
    uint32_t cp;       /* CHAR, BREAK: folded code point; WORD: 0 */
    uint32_t first;    /* index of the first source code point */
    uint32_t last;     /* index of the last source code point, inclusive, >= first */
    uint32_t word_off; /* WORD: offset of its folded UTF-8 in xj_units.words; else 0 */
    uint16_t word_len; /* WORD: bytes of that, 1..4 * XJ_WORD_MAX; else 0 */
    uint8_t kind;      /* xj_unit_kind */
} xj_unit;

/** The units of one text. Owned by the caller: XJ_UNITS_INIT, then xj_units_release. */
typedef struct xj_units {
    xj_unit *unit;
    size_t n;
    size_t cap;
    char *words; /* folded UTF-8 of all words, one after another, not NUL-terminated */
    size_t words_len;
    size_t words_cap;
} xj_units;

#define XJ_UNITS_INIT {NULL, 0, 0, NULL, 0, 0}

/** Reading options, or-ed together. */
enum {
    XJ_UNITS_QUERY = 1,       /* LF is white space, not a paragraph end */
    XJ_UNITS_EXACT_SCRIPT = 2 /* units hold unfolded code points; classes as after folding */
};

/**
 * Read text into units, replacing what out held (its memory is reused).
 * cp      n code points (U+FFFD for ill-formed input), n < 2^32
 * flags   XJ_UNITS_* or 0
 * Errors: XJ_ENOMEM; out is then empty but still valid. Thread-safe for distinct out.
 */
XJ_API xj_status xj_units_read(xj_units *out, const uint32_t *cp, size_t n, unsigned flags,
                               xj_error *err);

/**
 * Read the units from cp[*at] on, where a word begins or a code point expands, up to the next place where no word can go
 * on, and set *at to it. Reading text in such stretches, and each code point between them by its class alone (CHAR and
 * BREAK are a unit, SOFT and INVISIBLE none), gives the units of xj_units_read. Indices count from cp[0]. For flags without
 * XJ_UNITS_QUERY.
 */
XJ_API xj_status xj_units_read_words(xj_units *out, const uint32_t *cp, size_t n, size_t *at, unsigned flags,
                                     xj_error *err);

/** Free the contents; out is as after XJ_UNITS_INIT. */
XJ_API void xj_units_release(xj_units *units);

/** Whether unit i of a equals unit j of b. */
XJ_API bool xj_units_equal(const xj_units *a, size_t i, const xj_units *b, size_t j);

/**
 * First unit >= from at which the units of phrase occur in text one by one, or SIZE_MAX.
 * An empty phrase occurs nowhere. Overlapping occurrences: call again with the result + 1.
 */
XJ_API size_t xj_units_find(const xj_units *text, const xj_units *phrase, size_t from);

#ifdef __cplusplus
}
#endif
#endif
