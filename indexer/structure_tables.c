/*
 * What the passes over a whole report look up: kinds of characters. A report is read once, to rows of bits, one row for
 * each question; most passes then go from bit to bit, because nearly all characters of a report are plain Han to them.
 */
#include "structure_priv.h"

#include <stdlib.h>

#if defined(__SSE2__) /* part of every x86-64 */
#include <emmintrin.h>
#endif

#include "portal.h"

enum { WORD = 64 };

uint8_t xji_kind_of(uint32_t c)
{
    return (uint8_t)((unsigned)(c == '\n') << XJI_KIND_LF | (unsigned)xji_scan_is_space(c) << XJI_KIND_SPACE |
                     (unsigned)(c == '\n' || xji_scan_is_stop(c)) << XJI_KIND_STOP |
                     (unsigned)xji_passages_may_end(c) << XJI_KIND_BREAK |
                     (unsigned)xji_outline_may_open(c) << XJI_KIND_OPEN |
                     (unsigned)xji_outline_ends_clause(c) << XJI_KIND_CLAUSE |
                     (unsigned)xji_passages_may_lead(c) << XJI_KIND_LEAD |
                     (unsigned)xji_outline_may_end(c) << XJI_KIND_END);
}

xj_status xji_structure_tables_new(xji_structure_tables **out, xj_error *err)
{
    xji_structure_tables *t = *out = malloc(sizeof *t);
    if (!t)
        return xj_fail(err, XJ_ENOMEM, "no memory for tables of characters");
    for (uint32_t c = 0; c < sizeof t->kind; c++) {
        t->fold[c] = xj_fold(c);
        t->kind[c] = xji_kind_of(c);
    }
    xji_portal_init(&t->vocabulary);
    return XJ_OK;
}

void xji_structure_tables_free(xji_structure_tables *tables)
{
    free(tables);
}

/* Bit k of the result is bit `kind` of kinds[k]. */
static uint64_t bits_of(const uint8_t kinds[WORD], unsigned kind)
{
    uint64_t bits = 0;
#if defined(__SSE2__)
    for (unsigned k = 0; k < WORD; k += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(kinds + k));
        /* No bit of one byte gets to the top of another: 7 - kind is less than 8. */
        bits |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_slli_epi16(v, 7 - (int)kind)) << k;
    }
#else
    for (unsigned k = 0; k < WORD; k++)
        bits |= (uint64_t)(kinds[k] >> kind & 1) << k;
#endif
    return bits;
}

xj_status xji_rows_make(xji_rows *rows, const xji_structure_tables *tables, const uint32_t *cp, uint32_t n, xj_error *err)
{
    enum { ROWS = 5 };
    size_t words = (size_t)n / WORD + 1;
    uint64_t *block = malloc(ROWS * words * sizeof *block);
    *rows = (xji_rows){NULL, NULL, NULL, NULL, NULL};
    if (!block)
        return xj_fail(err, XJ_ENOMEM, "no memory for a report of %lu characters", (unsigned long)n);
    *rows = (xji_rows){block, block + words, block + 2 * words, block + 3 * words, block + 4 * words};
    uint64_t before = 0; /* whether a number may stand behind the last character */
    for (size_t w = 0; w < words; w++) {
        const uint32_t *p = cp + w * WORD;
        size_t end = n - w * WORD < WORD ? n - w * WORD : WORD;
        uint8_t kinds[WORD] = {0};
        for (size_t k = 0; k < end; k++)
            kinds[k] = p[k] < sizeof tables->kind ? tables->kind[p[k]] : xji_kind_of(p[k]);
        rows->lf[w] = bits_of(kinds, XJI_KIND_LF);
        rows->stop[w] = bits_of(kinds, XJI_KIND_STOP);
        rows->space[w] = bits_of(kinds, XJI_KIND_SPACE);
        rows->breaking[w] = bits_of(kinds, XJI_KIND_BREAK);
        uint64_t behind = rows->space[w] | bits_of(kinds, XJI_KIND_CLAUSE);
        rows->opening[w] = bits_of(kinds, XJI_KIND_OPEN) & (behind << 1 | before);
        before = behind >> (WORD - 1);
    }
    return XJ_OK;
}

void xji_rows_release(xji_rows *rows)
{
    free(rows->lf);
    *rows = (xji_rows){NULL, NULL, NULL, NULL, NULL};
}

uint32_t xji_row_count(const uint64_t *row, uint32_t b, uint32_t e)
{
    if (b >= e)
        return 0;
    uint32_t n = 0, last = (e - 1) / WORD;
    for (uint32_t k = b / WORD; k <= last; k++) {
        uint64_t w = row[k];
        if (k == b / WORD)
            w &= UINT64_MAX << b % WORD;
        if (k == last)
            w &= UINT64_MAX >> (WORD - 1 - (e - 1) % WORD);
        for (; w; w &= w - 1)
            n++;
    }
    return n;
}
