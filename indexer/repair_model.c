/*
 * Probabilities for judging two readings of the same bytes. Both smoothings are Dirichlet's:
 *
 *   p(c)     = (n(c) + K prior(c)) / (N + K)              K = 500 characters
 *   p(c | b) = (n(b, c) + M p(c)) / (n(b) + M)            M = 50 characters
 *
 * with n counted on folded characters over the report without its suspicious places. A character that folding changes
 * has its p(c) multiplied by the share of such characters in the report, so that a report in Simplified characters does
 * not take Traditional ones for likely. The prior is that of report prose: everyday characters by rank, the others by
 * the part of GBK they stand in, punctuation by a short table.
 */
#include "repair_model.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/ucnv.h>

#include "xj/fold.h"

#define PRIOR_CHARS 500.0
#define PAIR_CHARS 50.0

/* Private characters stand for rare ones in many undamaged texts, so they are no evidence of damage. */
#define PRIVATE_P 5e-4

#define KANA_P 2e-5
#define IN_WORD_P 0.02 /* a kana after a kana, and the like; a character after itself */

/* Rare characters come in pairs of one radical, which stand close together in Unicode. */
#define SAME_RADICAL_P 3e-4
#define SAME_RADICAL_DISTANCE 0x60

enum { CP_BITS = 21 };

xj_status xji_gbk_open(xji_gbk *g, xj_error *err)
{
    UErrorCode status = U_ZERO_ERROR;
    *g = (xji_gbk)XJI_GBK_INIT;
    g->converter = ucnv_open("GBK", &status);
    if (U_FAILURE(status)) {
        g->converter = NULL;
        return status == U_MEMORY_ALLOCATION_ERROR
                   ? xj_fail(err, XJ_ENOMEM, "no memory for the GBK converter")
                   : XJ_OK;
    }
    g->asked = calloc(2 * XJI_GBK_REMEMBERED, sizeof *g->asked);
    if (!g->asked) {
        xji_gbk_close(g);
        return xj_fail(err, XJ_ENOMEM, "no memory for the GBK codes");
    }
    /* What GBK does not have must fail, not become a question mark. */
    ucnv_setFromUCallBack(g->converter, UCNV_FROM_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
    ucnv_setToUCallBack(g->converter, UCNV_TO_U_CALLBACK_STOP, NULL, NULL, NULL, &status);
    return XJ_OK;
}

void xji_gbk_close(xji_gbk *g)
{
    if (g->converter)
        ucnv_close(g->converter);
    free(g->asked);
    *g = (xji_gbk)XJI_GBK_INIT;
}

static uint32_t *remembered(uint32_t *asked, uint32_t question)
{
    return &asked[question * 2654435761u >> 20];
}

unsigned xji_gbk_code(xji_gbk *g, uint32_t cp)
{
    if (cp < 0x80 || cp > 0xFFFF || cp - 0xD800 < 0x800)
        return 0;
    uint32_t *known = remembered(g->asked, cp);
    if (*known >> 16 != cp) {
        UChar c = (UChar)cp;
        char bytes[8];
        UErrorCode status = U_ZERO_ERROR;
        int32_t n = ucnv_fromUChars(g->converter, bytes, sizeof bytes, &c, 1, &status);
        unsigned code =
            U_SUCCESS(status) && n == 2 ? (unsigned)(uint8_t)bytes[0] << 8 | (uint8_t)bytes[1] : 0;
        *known = cp << 16 | code;
    }
    return *known & 0xFFFF;
}

uint32_t xji_gbk_char(xji_gbk *g, unsigned code)
{
    if (code < 0x8140 || code > 0xFFFF)
        return 0;
    uint32_t *known = remembered(g->asked + XJI_GBK_REMEMBERED, code);
    if (*known >> 16 != code) {
        char bytes[2] = {(char)(code >> 8), (char)(code & 0xFF)};
        UChar c[4];
        UErrorCode status = U_ZERO_ERROR;
        int32_t n = ucnv_toUChars(g->converter, c, 4, bytes, 2, &status);
        bool one = U_SUCCESS(status) && n == 1 && c[0] >= 0x80 && c[0] != 0xFFFD;
        *known = code << 16 | (one ? c[0] : 0u);
    }
    return *known & 0xFFFF;
}

static size_t tally_slot(const xji_tally *t, uint64_t key)
{
    size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (t->cap - 1);
    while (t->key[slot] && t->key[slot] != key)
        slot = (slot + 1) & (t->cap - 1);
    return slot;
}

static xj_status tally_grow(xji_tally *t, xj_error *err)
{
    xji_tally bigger = {NULL, NULL, t->n, t->cap ? t->cap * 2 : 4096};
    bigger.key = calloc(bigger.cap, sizeof *bigger.key);
    bigger.count = calloc(bigger.cap, sizeof *bigger.count);
    if (!bigger.key || !bigger.count) {
        free(bigger.key);
        free(bigger.count);
        return xj_fail(err, XJ_ENOMEM, "no memory to count %zu pairs of characters", bigger.cap);
    }
    for (size_t i = 0; i < t->cap; i++)
        if (t->key[i]) {
            size_t slot = tally_slot(&bigger, t->key[i]);
            bigger.key[slot] = t->key[i];
            bigger.count[slot] = t->count[i];
        }
    free(t->key);
    free(t->count);
    *t = bigger;
    return XJ_OK;
}

static xj_status tally_add(xji_tally *t, uint64_t key, xj_error *err)
{
    if (t->n * 2 >= t->cap) {
        xj_status st = tally_grow(t, err);
        if (st != XJ_OK)
            return st;
    }
    size_t slot = tally_slot(t, key);
    t->n += t->key[slot] == 0;
    t->key[slot] = key;
    t->count[slot]++;
    return XJ_OK;
}

static uint32_t tally_get(const xji_tally *t, uint64_t key)
{
    return t->cap ? t->count[tally_slot(t, key)] : 0;
}

void xji_model_init(xji_model *m)
{
    memset(m, 0, sizeof *m);
    xji_everyday_init(&m->everyday);
}

void xji_model_release(xji_model *m)
{
    free(m->tally.key);
    free(m->tally.count);
    m->tally = (xji_tally){NULL, NULL, 0, 0};
}

static uint64_t pair_key(uint32_t first, uint32_t second)
{
    return (uint64_t)first << CP_BITS | second;
}

xj_status xji_model_count(xji_model *m, uint32_t before, uint32_t cp, xj_error *err)
{
    uint32_t folded = xj_fold(cp);
    if (folded == 0)
        return XJ_OK; /* the key of a free slot */
    m->n_chars++;
    m->n_han += xji_is_han(cp);
    m->n_changed += xji_is_han(cp) && folded != cp;
    xj_status st = tally_add(&m->tally, folded, err);
    if (st == XJ_OK && before)
        st = tally_add(&m->tally, pair_key(xj_fold(before), folded), err);
    return st;
}

uint32_t xji_model_single(const xji_model *m, uint32_t cp)
{
    return tally_get(&m->tally, xj_fold(cp));
}

uint32_t xji_model_pair(const xji_model *m, uint32_t first, uint32_t second)
{
    return tally_get(&m->tally, pair_key(xj_fold(first), xj_fold(second)));
}

/* Share of Traditional and variant forms among the Han characters; a quarter while nothing is known. */
static double changed_share(const xji_model *m)
{
    return ((double)m->n_changed + 1) / ((double)m->n_han + 4);
}

bool xji_model_traditional(const xji_model *m)
{
    return m->n_changed * 8 > m->n_han;
}

/* Folded punctuation in report prose, per character of text. */
static double punctuation_prior(uint32_t folded)
{
    switch (folded) {
    case ',':
        return 0.045;
    case 0x3001: /* ideographic comma */
        return 0.03;
    case 0x3002: /* ideographic full stop */
        return 0.025;
    case 0x201C:
    case 0x201D:
    case '(':
    case ')':
        return 0.006;
    case ';':
    case ':':
        return 0.005;
    case 0x300A:
    case 0x300B:
        return 0.004;
    case 0x3000:
        return 0.003;
    case '%':
    case '!':
    case '?':
    case '.':
        return 0.001;
    case 0xB7:
    case 0x2014:
    case 0x2026:
    case 0x2018:
    case 0x2019:
    case 0x3010:
    case 0x3011:
    case 0x3014:
    case 0x3015:
    case 0x300C:
    case 0x300D:
        return 0.0004;
    default:
        return 0;
    }
}

/* The parts of GBK: level 1 are the common characters, level 2 the rare ones, the rest of the Han came later; what is
 * left are symbols and the private areas. Mass of each part that is not everyday, shared out evenly. */
static double prior(const xji_model *m, uint32_t folded, uint32_t cp, unsigned code)
{
    int rank = xji_everyday_rank(&m->everyday, folded);
    if (rank >= 0)
        return 0.17 / (rank + 10); /* sums to 0.78 */
    double p = punctuation_prior(folded);
    if (p > 0)
        return p;
    if (folded < 0x80)
        return folded - '0' < 10 ? 0.002 : 0.0003;
    unsigned lead = code >> 8, trail = code & 0xFF;
    if (xji_is_han(cp)) {
        if (trail >= 0xA1 && lead >= 0xB0 && lead <= 0xD7)
            return 0.05 / 2755;
        if (trail >= 0xA1 && lead >= 0xD8 && lead <= 0xF7)
            return 0.006 / 3008;
        return 0.002 / 15000;
    }
    if (cp - 0xE000 < 0x1900)
        return PRIVATE_P;
    return cp - 0x3041 < 0xBF ? KANA_P : 1e-6;
}

double xji_model_p(const xji_model *m, uint32_t cp, unsigned code)
{
    uint32_t folded = xj_fold(cp);
    double p = (tally_get(&m->tally, folded) + PRIOR_CHARS * prior(m, folded, cp, code)) /
               ((double)m->n_chars + PRIOR_CHARS);
    return folded != cp && xji_is_han(cp) ? p * changed_share(m) : p;
}

/* Scripts that come in words of several characters: after one of them the next is no surprise. 0 = none of them. */
static int word_script(uint32_t cp)
{
    if (cp - 0x3041 < 0xBF)
        return 1; /* kana */
    if (cp - 0x3105 < 0x2B)
        return 2; /* Bopomofo */
    if (cp - 0x391 < 0x39)
        return 3; /* Greek */
    if (cp - 0x401 < 0x51)
        return 4; /* Cyrillic */
    if (cp - 0x2500 < 0x80)
        return 5; /* box drawing */
    if (cp - 0xE000 < 0x1900)
        return 6; /* private */
    return 0;
}

double xji_model_p_after(const xji_model *m, uint32_t before, uint32_t cp, unsigned code)
{
    double p = (xji_model_pair(m, before, cp) + PAIR_CHARS * xji_model_p(m, cp, code)) /
               (xji_model_single(m, before) + PAIR_CHARS);
    int script = word_script(cp);
    if (cp == before || (script && script == word_script(before)))
        return p < IN_WORD_P ? IN_WORD_P : p;
    bool near = xji_is_han(cp) && xji_is_han(before) &&
                cp - before + SAME_RADICAL_DISTANCE < 2 * SAME_RADICAL_DISTANCE;
    return near && p < SAME_RADICAL_P ? SAME_RADICAL_P : p;
}
