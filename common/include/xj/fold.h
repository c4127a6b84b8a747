/**
 * Folding: a code point to the representative of its class of width, case, compatibility and script
 * variants, and to its role in the text. Compiled tables, no ICU, no state; every function is
 * thread-safe, allocates nothing and cannot fail.
 *
 * The definition is docs/TEXT.md section 2. The tables are made by common/tools/gen_fold.c from the
 * Unicode Character Database, Unihan (kSimplifiedVariant, kTraditionalVariant, kZVariant) and ICU's
 * Traditional-Simplified transliterator.
 */
#ifndef XJ_FOLD_H
#define XJ_FOLD_H

#include <stddef.h>
#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Role of a folded code point; docs/TEXT.md section 2 lists the members. */
typedef enum xj_class {
    XJ_CLASS_BREAK = 0, /* breaks a run: punctuation, symbols, LF, unassigned */
    XJ_CLASS_CHAR,      /* Han, kana, Hangul, Bopomofo: a unit of its own */
    XJ_CLASS_WORD,      /* any other letter, mark or number: joins into words */
    XJ_CLASS_SOFT,      /* white space, quotes, title marks, middle dots: transparent */
    XJ_CLASS_INVISIBLE  /* zero-width and control characters: as if not there */
} xj_class;

/** Most code points one code point can expand to. */
#define XJ_FOLD_MAX 8

/**
 * Fold one code point that does not expand. cp may be any value; values above U+10FFFF and surrogates
 * are returned as they are. A code point that expands (xj_fold_expand gives more than one) is returned as it is.
 */
XJ_API uint32_t xj_fold(uint32_t cp);

/**
 * Fold one code point to the sequence it stands for: out[0..n), n in [1, XJ_FOLD_MAX] is returned.
 * n > 1 only for the compatibility characters of docs/TEXT.md section 2.1 (U+33A1 to "m2").
 */
XJ_API size_t xj_fold_expand(uint32_t cp, uint32_t out[XJ_FOLD_MAX]);

/** Class of a folded code point (pass what xj_fold or xj_fold_expand gave). */
XJ_API xj_class xj_class_of(uint32_t folded);

/**
 * Fold many code points at once, with their classes: out[i] holds the folded code point in XJ_FOLDED_CP and its xj_class in
 * the bits from XJ_FOLDED_CLASS_SHIFT up; with XJ_FOLDED_EXPANDS it holds no more than that cp[i] expands or is no code point.
 */
XJ_API void xj_fold_many(uint32_t *out, const uint32_t *cp, size_t n);

#define XJ_FOLDED_CP UINT32_C(0x1FFFFF)
#define XJ_FOLDED_EXPANDS UINT32_C(0x80000000)
#define XJ_FOLDED_CLASS_SHIFT 24

/**
 * Fingerprint of the compiled tables: XXH3-64 of their bytes, computed by the generator and
 * checked by a unit test. Part of the analyser fingerprint that every index stores.
 */
XJ_API uint64_t xj_fold_fingerprint(void);

#ifdef __cplusplus
}
#endif
#endif
