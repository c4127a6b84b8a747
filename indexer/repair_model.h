/*
 * How plausible a reading is: GBK codes through ICU, a prior for Chinese report prose, and the counts of the report
 * itself. Used by repair_slip.c only; docs/REPAIR.md gives the arithmetic.
 */
#ifndef XJI_REPAIR_MODEL_H
#define XJI_REPAIR_MODEL_H

#include "repair_priv.h"

/* GBK codes of characters and back, asked of ICU one by one; the last answers are remembered. Opened only when a text
 * has something to judge. The converter belongs to one thread. */
enum { XJI_GBK_REMEMBERED = 4096 };
typedef struct xji_gbk {
    void *converter; /* UConverter; ICU types stay inside repair_model.c */
    uint32_t *
        asked; /* [2 * XJI_GBK_REMEMBERED] question << 16 | answer, by hash; the second half for codes */
} xji_gbk;

#define XJI_GBK_INIT                                                                               \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }

/* XJ_ENOMEM; converter stays NULL without an error when this ICU was built without GBK. */
xj_status xji_gbk_open(xji_gbk *g, xj_error *err);
void xji_gbk_close(xji_gbk *g);

/* Two-byte code of cp, 0 = it has none. */
unsigned xji_gbk_code(xji_gbk *g, uint32_t cp);

/* Character of a two-byte code, 0 = there is none. */
uint32_t xji_gbk_char(xji_gbk *g, unsigned code);

/* Counts of single characters and of pairs, folded; open addressing. */
typedef struct xji_tally {
    uint64_t *key; /* 0 = free, else first << 21 | second (first 0 = a single character) */
    uint32_t *count;
    size_t n;
    size_t cap; /* 0 or a power of two, more than n */
} xji_tally;

typedef struct xji_model {
    xji_everyday everyday;
    xji_tally tally;
    uint64_t n_chars;
    uint64_t n_han;
    uint64_t n_changed; /* Han that folding changes: Traditional and variant forms */
} xji_model;

/* A model that knows no report yet: the prior alone decides. */
void xji_model_init(xji_model *m);
void xji_model_release(xji_model *m);

/* Count cp, and the pair before cp when before is not 0. */
xj_status xji_model_count(xji_model *m, uint32_t before, uint32_t cp, xj_error *err);

/* How often cp stands in the report, folded. */
uint32_t xji_model_single(const xji_model *m, uint32_t cp);

/* How often the pair stands in the report, folded. */
uint32_t xji_model_pair(const xji_model *m, uint32_t first, uint32_t second);

/* Probability of cp; the same given the character before it. code = its GBK code or 0. */
double xji_model_p(const xji_model *m, uint32_t cp, unsigned code);
double xji_model_p_after(const xji_model *m, uint32_t before, uint32_t cp, unsigned code);

/* Whether the report is written in Traditional characters. */
bool xji_model_traditional(const xji_model *m);

#endif
