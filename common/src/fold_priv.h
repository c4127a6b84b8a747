/**
 * Layout of the folding tables and the one lookup that gives fold and class together. Shared by
 * fold.c, the tokeniser and the generator (common/tools/gen_fold.c).
 *
 * An *entry* is the answer for one code point: bits 0-20 the folded code point, bits 24-26 its
 * xj_class, bit 31 set when the code point expands (the rest then describes the code point itself).
 *
 * Planes 0 and 1: a two-stage table. index[cp / 16] is a block of 16 slots in leaf; a slot is the
 * number of an alias. Aliases below XJI_FOLD_KEEP mean "stays as it is", or-ed with the code point;
 * each other alias is a complete entry, so that all characters with one representative share it.
 *
 * Planes 2 and 3, and the tags of plane 14: few characters fold there, so a bit per code point says
 * which ones do, and the count of the bits before it says where its alias is. A code point without
 * a bit is a Han character that stays as it is; a block with rank XJI_FOLD_VOID holds BREAK only.
 */
#ifndef XJ_FOLD_PRIV_H
#define XJ_FOLD_PRIV_H

#include <stdint.h>

#include "xj/fold.h"

enum {
    XJI_FOLD_BLOCK = 16,         /* slots in a block: the size that makes the least of all tables */
    XJI_FOLD_WORD = 64,          /* code points in a word of the bitmap */
    XJI_FOLD_LOW_END = 0x20000,  /* the two-stage table ends here */
    XJI_FOLD_HIGH_END = 0x32400, /* the bitmap ends here, after CJK Extension H */
    XJI_FOLD_TAG_FIRST = 0xE0000, /* tags and variation selectors, ... */
    XJI_FOLD_TAG_END = 0xE0200,   /* ... kept behind the blocks of planes 2 and 3 */
    XJI_FOLD_HIGH_BLOCKS =
        (XJI_FOLD_HIGH_END - XJI_FOLD_LOW_END + XJI_FOLD_TAG_END - XJI_FOLD_TAG_FIRST) /
        XJI_FOLD_WORD,
    XJI_FOLD_KEEP = 10, /* aliases 0-4: stays, class 0-4; 5-9: expands, class 0-4 */
    XJI_FOLD_CLASSES = 5,
    XJI_FOLD_VOID = 0xFFFF,
    XJI_FOLD_CLASS_SHIFT = 24,
    XJI_FOLD_CP_MASK = 0x1FFFFF
};
#define XJI_FOLD_EXPANDS 0x80000000u

#if defined(__GNUC__) /* reached without the indirection of an exported symbol */
#define XJI_FOLD_HIDDEN __attribute__((visibility("hidden")))
#else
#define XJI_FOLD_HIDDEN
#endif
XJI_FOLD_HIDDEN extern const uint16_t xji_fold_index[];
XJI_FOLD_HIDDEN extern const uint16_t xji_fold_leaf[];
XJI_FOLD_HIDDEN extern const uint32_t xji_fold_alias[];

/** The entry of a code point >= XJI_FOLD_LOW_END. */
XJI_FOLD_HIDDEN uint32_t xji_fold_entry_high(uint32_t cp);

/** The entry of any code point <= U+10FFFF (surrogates are BREAK and stay as they are). */
static inline uint32_t xji_fold_entry(uint32_t cp)
{
    if (cp >= XJI_FOLD_LOW_END)
        return xji_fold_entry_high(cp);
    uint32_t block = xji_fold_index[cp / XJI_FOLD_BLOCK];
    uint32_t slot = xji_fold_leaf[block * XJI_FOLD_BLOCK + cp % XJI_FOLD_BLOCK];
    return xji_fold_alias[slot] | (slot < XJI_FOLD_KEEP ? cp : 0);
}

static inline uint32_t xji_fold_entry_cp(uint32_t entry)
{
    return entry & XJI_FOLD_CP_MASK;
}

static inline xj_class xji_fold_entry_class(uint32_t entry)
{
    return (xj_class)(entry >> XJI_FOLD_CLASS_SHIFT & 7);
}

#endif
