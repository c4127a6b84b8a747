/*
 * What the repair steps share: scans over code points, the closed list of everyday characters, pinyin readings, and
 * the forms of the steps that xji_repair itself needs (docs/REPAIR.md).
 */
#ifndef XJI_REPAIR_PRIV_H
#define XJI_REPAIR_PRIV_H

#include <stdbool.h>

#include "repair.h"

/* First index in [from, n) that holds a or b, or n. */
size_t xji_find_either(const uint32_t *cp, size_t from, size_t n, uint32_t a, uint32_t b);

/* A Han ideograph of any plane, or the zero U+3007. */
bool xji_is_han(uint32_t cp);

/* Move code points [from, end) to the place to <= from, with all that is known of them; returns the place after them. */
size_t xji_text_move(xji_text *t, size_t to, size_t from, size_t end);

/* Source bytes of [b, e), b < e: from the first byte of any to the last byte of any. */
void xji_text_span(const xji_text *t, size_t b, size_t e, uint32_t *beg, uint32_t *end);

/* Ranks of the everyday characters (the most frequent ones of modern Chinese, folded) in an open-addressing table:
 * key[slot] 0 = empty, rank 0 = most frequent. About 8 KB, made when a file has something to judge. */
enum { XJI_EVERYDAY_SLOTS = 2048 };
typedef struct xji_everyday {
    uint32_t key[XJI_EVERYDAY_SLOTS];
    uint16_t rank[XJI_EVERYDAY_SLOTS];
} xji_everyday;

void xji_everyday_init(xji_everyday *e);

/* Rank of a folded code point, -1 when it is not an everyday character. */
int xji_everyday_rank(const xji_everyday *e, uint32_t folded);

/* A pinyin syllable: a-z, v for u with diaeresis, E for e with circumflex; NUL-terminated and padded with NUL. */
enum { XJI_SYLLABLE_SIZE = 8 };
typedef struct xji_syllable {
    char letters[XJI_SYLLABLE_SIZE];
    uint8_t tone; /* 1..4, 0 = none */
} xji_syllable;

/* One piece of injected pinyin. */
typedef enum xji_gloss_kind {
    XJI_GLOSS_TONED,   /* "(jing)" with a tone mark after a Han character */
    XJI_GLOSS_NEUTRAL, /* without one, after a character that has this neutral reading */
    XJI_GLOSS_ORPHAN /* "jing)" with a tone mark after ? or U+FFFD: the character and its parenthesis are damaged */
} xji_gloss_kind;

typedef struct xji_gloss {
    uint32_t b, e; /* code points [b, e): parentheses included */
    uint32_t han;  /* the character it follows; ORPHAN: the sign it follows */
    xji_gloss_kind kind;
    xji_syllable syllable; /* the first reading */
} xji_gloss;

/* All glosses of a text in text order. Caller-owned: XJI_GLOSSES_INIT, then xji_glosses_release. */
typedef struct xji_glosses {
    xji_gloss *gloss;
    size_t n;
    size_t cap;
    bool injected; /* the file shows injected pinyin in quantity */
} xji_glosses;

#define XJI_GLOSSES_INIT                                                                           \
    {                                                                                              \
        NULL, 0, 0, false                                                                          \
    }

/* Find the glosses of t, replacing what out held; orphans in a file that is not injected only with orphans_alone.
 * XJ_ENOMEM leaves out empty. */
xj_status xji_glosses_find(xji_glosses *out, const xji_text *t, bool orphans_alone, xj_error *err);

void xji_glosses_release(xji_glosses *g);

/* The steps, telling whether the text changed. */
xj_status xji_pinyin_step(xji_text *t, bool *changed, xji_log *log, xj_error *err);
xj_status xji_reflow_step(xji_text *t, bool *changed, xji_log *log, xj_error *err);

/* Restoring what is certain and logging the damage that is left are two calls, so that repeated rounds of the first
 * do not log the same place twice. *damage of the first says whether there may be something for the second. */
xj_status xji_slip_step(xji_text *t, bool *changed, bool *damage, xji_log *log, xj_error *err);
xj_status xji_slip_report(xji_text *t, xji_log *log, xj_error *err);

#endif
