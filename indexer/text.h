/*
 * A document on its way through the indexer: code points, each with the source bytes it came from.
 * Repair steps edit it in place; the source ranges make every edit traceable.
 */
#ifndef XJI_TEXT_H
#define XJI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/encoding.h"
#include "xj/error.h"

/* How a code point came to be. */
enum {
    XJI_MARK_READ = 0,      /* stands so in the source */
    XJI_MARK_RESTORED = 1,  /* repaired with certainty (slipped bytes read at the right place) */
    XJI_MARK_CONJECTURE = 2 /* restored from part of its bytes and its neighbours */
};

/* Invariant: n <= cap; arrays are parallel. beg is not always increasing: restored characters of
 * slipped text share source bytes with their neighbours. */
typedef struct xji_text {
    uint32_t *cp;  /* scalar values, U+FFFD for ill-formed input */
    uint32_t *beg; /* first source byte */
    uint8_t *len;  /* source bytes covered; 0 = inserted, stands for nothing in the source */
    uint8_t *mark; /* XJI_MARK_* */
    size_t n;
    size_t cap;
    bool as_source; /* the bytes from the first code point's to the last one's are well-formed UTF-8 and just this text */
} xji_text;

#define XJI_TEXT_INIT {NULL, NULL, NULL, NULL, 0, 0, false}

/* Room for n code points in all. XJ_ENOMEM leaves the text as it was. */
xj_status xji_text_reserve(xji_text *t, size_t n, xj_error *err);

/* Append one code point; reserves. */
xj_status xji_text_push(xji_text *t, uint32_t cp, uint32_t beg, unsigned len, unsigned mark,
                        xj_error *err);

void xji_text_release(xji_text *t);

/* What a repair or a cut did, for doctor and for the counts of a build. */
#define XJI_CHANGE_LIST(X)                                                              \
    X(XJI_CHANGE_ILL_FORMED, "ill-formed", "bytes that are no character became U+FFFD") \
    X(XJI_CHANGE_LINE_END, "line-end", "CR LF, CR or another line end became LF")       \
    X(XJI_CHANGE_CONTROL, "control", "control characters were deleted")                 \
    X(XJI_CHANGE_INVISIBLE, "invisible", "zero-width and other invisible characters were deleted") \
    X(XJI_CHANGE_PINYIN, "pinyin", "pinyin injected after a character was deleted")     \
    X(XJI_CHANGE_SLIP, "slip", "text slipped by one byte was restored")                 \
    X(XJI_CHANGE_CONJECTURE, "conjecture", "a half-lost character was restored by conjecture") \
    X(XJI_CHANGE_DAMAGE, "damage", "damaged text was left as it is")                    \
    X(XJI_CHANGE_REFLOW, "reflow", "a line break inside a paragraph was joined")        \
    X(XJI_CHANGE_LONG_RUN, "long-run", "a run over 1,200 characters was cut")

typedef enum xji_change_kind {
#define XJI_CHANGE_ENUM(name, key, text) name,
    XJI_CHANGE_LIST(XJI_CHANGE_ENUM)
#undef XJI_CHANGE_ENUM
        XJI_CHANGE_COUNT
} xji_change_kind;

/* Name used in doctor output and reports ("pinyin") and its explanation; never NULL. */
const char *xji_change_key(xji_change_kind kind);
const char *xji_change_text(xji_change_kind kind);

typedef struct xji_change {
    xji_change_kind kind;
    uint32_t beg, end; /* source bytes concerned */
    char before[64];   /* UTF-8, cut at a code point when longer, "" = nothing */
    char after[64];
} xji_change;

/* Counts always; single changes only up to keep_max (0 for builds, more for doctor). */
typedef struct xji_log {
    uint64_t count[XJI_CHANGE_COUNT];
    size_t keep_max;
    xji_change *change;
    size_t n;
    size_t cap;
} xji_log;

#define XJI_LOG_INIT {{0}, 0, NULL, 0, 0}

/* Count one change and keep it when there is room. before/after: code points, may be NULL with n 0.
 * Losing a kept change for lack of memory is not an error: counts stay right. log may be NULL. */
void xji_log_add(xji_log *log, xji_change_kind kind, uint32_t beg, uint32_t end,
                 const uint32_t *before, size_t n_before, const uint32_t *after, size_t n_after);

void xji_log_release(xji_log *log);

#endif
