/*
 * Folding and classes by compiled tables. fold_table.inc is made by common/tools/gen_fold.c;
 * fold_priv.h describes its layout.
 */
#include "xj/fold.h"

#include "fold_priv.h"

/* Code points that expand are in xji_fold_expand_cp, ascending. Their texts lie one after another
 * in xji_fold_texts, number i from xji_fold_expand_text[i] up to xji_fold_expand_text[i + 1]. */
#define XJI_FOLD_TABLE const
#define XJI_FOLD_LOCAL static const
#include "fold_table.inc"

enum { N_EXPAND = sizeof xji_fold_expand_cp / sizeof *xji_fold_expand_cp };

static unsigned bits_set(uint64_t v)
{
#if defined(__GNUC__)
    return (unsigned)__builtin_popcountll(v);
#else
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
#endif
}

static uint32_t keep(uint32_t cp, xj_class class)
{
    return cp | (uint32_t) class << XJI_FOLD_CLASS_SHIFT;
}

uint32_t xji_fold_entry_high(uint32_t cp)
{
    uint32_t at;
    if (cp < XJI_FOLD_HIGH_END)
        at = cp - XJI_FOLD_LOW_END;
    else if (cp >= XJI_FOLD_TAG_FIRST && cp < XJI_FOLD_TAG_END)
        at = cp - XJI_FOLD_TAG_FIRST + (XJI_FOLD_HIGH_END - XJI_FOLD_LOW_END);
    else
        return keep(cp, XJ_CLASS_BREAK);
    uint32_t block = at / XJI_FOLD_WORD;
    if (xji_fold_high_rank[block] == XJI_FOLD_VOID)
        return keep(cp, XJ_CLASS_BREAK);
    uint64_t bits = xji_fold_high_bits[block];
    uint64_t bit = UINT64_C(1) << at % XJI_FOLD_WORD;
    if (!(bits & bit))
        return keep(cp, XJ_CLASS_CHAR);
    uint32_t slot = xji_fold_high_slot[xji_fold_high_rank[block] + bits_set(bits & (bit - 1))];
    return xji_fold_alias[slot] | (slot < XJI_FOLD_KEEP ? cp : 0);
}

uint32_t xj_fold(uint32_t cp)
{
    return cp > 0x10FFFF ? cp : xji_fold_entry_cp(xji_fold_entry(cp));
}

size_t xj_fold_expand(uint32_t cp, uint32_t out[XJ_FOLD_MAX])
{
    uint32_t entry = cp > 0x10FFFF ? 0 : xji_fold_entry(cp);
    if (!(entry & XJI_FOLD_EXPANDS)) {
        out[0] = xj_fold(cp);
        return 1;
    }
    size_t lo = 0, hi = N_EXPAND - 1; /* cp is in the list: its entry says so */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (xji_fold_expand_cp[mid] < cp)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t n = 0;
    for (size_t i = xji_fold_expand_text[lo]; i < xji_fold_expand_text[lo + 1]; i++)
        out[n++] = xji_fold_texts[i];
    return n;
}

xj_class xj_class_of(uint32_t folded)
{
    return folded > 0x10FFFF ? XJ_CLASS_BREAK : xji_fold_entry_class(xji_fold_entry(folded));
}

_Static_assert(XJ_FOLDED_CP == XJI_FOLD_CP_MASK && XJ_FOLDED_EXPANDS == XJI_FOLD_EXPANDS &&
                   XJ_FOLDED_CLASS_SHIFT == XJI_FOLD_CLASS_SHIFT,
               "entries are handed out as they are");

void xj_fold_many(uint32_t *out, const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = cp[i] <= 0x10FFFF ? xji_fold_entry(cp[i]) : XJI_FOLD_EXPANDS;
}

uint64_t xj_fold_fingerprint(void)
{
    return XJI_FOLD_FINGERPRINT;
}
