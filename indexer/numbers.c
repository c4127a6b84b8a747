/*
 * Numbers that open paragraphs: 一、 (一) 1. (1) 第一章 第一条 in all their spellings, and what only looks like them
 * (一、二级, 1.5亿, 第三条第(一)项).
 */
#include "structure_priv.h"

#include "xj/fold.h"

enum {
    CHAPTER_LINE_MAX = 40
}; /* a chapter without white space behind its number is a short line */

bool xji_outline_is_numeral(uint32_t c)
{
    switch (c) {
    case 0x4E00:
    case 0x4E8C:
    case 0x4E09:
    case 0x56DB:
    case 0x4E94:
    case 0x516D:
    case 0x4E03:
    case 0x516B:
    case 0x4E5D:
    case 0x5341:
    case 0x767E:
        return true;
    default:
        return false;
    }
}

/* A year and 年 may follow the dot of a list number (1.2025年), another digit makes it a decimal. */
static bool is_decimal(const xji_doc *d, uint32_t i, uint32_t e)
{
    if (i >= e || xji_scan_digit(d->cp[i]) < 0)
        return false;
    int year;
    uint32_t end = xji_scan_year(d, i, e, &year);
    /* The character before a year is the dot, so that the test for digits before it passes. */
    return !(end && xji_scan_is(d, end, 0x5E74));
}

/* 一、二级 and 一、二、三 are rows of numbers, not the first item of a list. */
static bool is_row(const xji_doc *d, uint32_t i, uint32_t e)
{
    uint32_t value;
    uint32_t end = xji_scan_han_number(d, i, e, &value);
    return end && (end == e || xji_scan_one_of(d, end, U"、级号类档线期批届次等产到至,季审楼层"));
}

/* What follows the bracket when the number is cited and opens nothing: (一)项规定, (一)至(三), (二), . 项目 and 及时 are
 * words of a heading. */
static bool is_reference(const xji_doc *d, uint32_t i, uint32_t e)
{
    if (i >= e)
        return false;
    if (xji_scan_one_of(d, i, U",;。)"))
        return true;
    bool joined =
        xji_scan_one_of(d, i, U"至到或和及-—~(") || (i > 0 && xji_scan_is(d, i - 1, 0x3001));
    if (xji_scan_is(d, i, '('))
        return joined;
    uint32_t k = xji_scan_skip_space(d, i + 1, e);
    if (joined && k < e)
        return xji_scan_one_of(d, k, U"(第");
    return xji_scan_one_of(d, i, U"项款目条号") &&
           (k >= e || xji_scan_one_of(d, k, U"规的所、,。;和至中情之及或"));
}

static xji_rank rank_in_brackets(const xji_doc *d, uint32_t b, uint32_t e, uint32_t *value,
                                 uint32_t *words)
{
    uint32_t i = xji_scan_skip_space(d, b + 1, e);
    xji_rank rank = XJI_RANK_2;
    uint32_t end = xji_scan_han_number(d, i, e, value);
    if (!end) {
        end = xji_scan_number(d, i, e, 2, value);
        rank = XJI_RANK_4;
    }
    if (!end || *value == 0 || *value > 99)
        return XJI_RANK_NONE;
    end = xji_scan_skip_space(d, end, e);
    if (end >= e || !xji_scan_is(d, end, ')'))
        return XJI_RANK_NONE;
    end++;
    if (end < e && xji_scan_one_of(d, end, U"、."))
        end++;
    if (is_reference(d, end, e))
        return XJI_RANK_NONE;
    *words = end;
    return rank;
}

static xji_rank rank_of_ordinal(const xji_doc *d, uint32_t b, uint32_t e, bool line_start,
                                uint32_t *value, uint32_t *words)
{
    uint32_t i = xji_scan_skip_space(d, b + 1, e);
    uint32_t end = xji_scan_han_number(d, i, e, value);
    if (!end)
        end = xji_scan_number(d, i, e, 4, value);
    if (!end)
        return XJI_RANK_NONE;
    i = xji_scan_skip_space(d, end, e);
    xji_rank rank = XJI_RANK_NONE;
    if (xji_scan_match(d, i, e, U"部分", false)) {
        rank = XJI_RANK_PART;
        i++;
    } else if (xji_scan_one_of(d, i, U"编篇")) {
        rank = XJI_RANK_PART;
    } else if (xji_scan_is(d, i, 0x7AE0)) { /* 章 */
        rank = XJI_RANK_CHAPTER;
    } else if (xji_scan_is(d, i, 0x8282)) { /* 节 */
        rank = XJI_RANK_SECTION;
    } else if (xji_scan_is(d, i, 0x6761)) { /* 条 */
        rank = XJI_RANK_ARTICLE;
    }
    if (rank == XJI_RANK_NONE || i >= e)
        return XJI_RANK_NONE;
    i++;
    if (rank == XJI_RANK_ARTICLE && i < e && xji_scan_is(d, i, 0x4E4B)) { /* 第十条之一 */
        uint32_t v;
        uint32_t after = xji_scan_han_number(d, i + 1, e, &v);
        i = after ? after : i;
    }
    *words = i;
    if (i == e || xji_scan_is_space(d->cp[i]))
        return rank;
    if (!line_start || xji_scan_one_of(d, i, U"第、至和或及的所规款项中,;。"))
        return XJI_RANK_NONE;
    if (rank == XJI_RANK_ARTICLE)
        return rank;
    /* A chapter without a space behind its number is a short line. */
    if (e - b > CHAPTER_LINE_MAX)
        return XJI_RANK_NONE;
    for (uint32_t k = i; k < e; k++)
        if (xji_scan_one_of(d, k, U"。;,"))
            return XJI_RANK_NONE;
    return rank;
}

static xji_rank rank_of_digits(const xji_doc *d, uint32_t b, uint32_t e, bool line_start,
                               uint32_t *value, uint32_t *words)
{
    uint32_t end = xji_scan_number(d, b, e, 2, value);
    if (!end || *value == 0 || end >= e)
        return XJI_RANK_NONE;
    uint32_t sign = xji_scan_fold(d, d->cp[end]);
    if (sign == ')' && line_start) {
        *words = end + 1;
        return XJI_RANK_4;
    }
    if ((sign != '.' && sign != 0x3001) || is_decimal(d, end + 1, e)) /* 、 */
        return XJI_RANK_NONE;
    *words = end + 1;
    if (*words < e && (xji_scan_one_of(d, *words, U".、,;。%") ||
                       (!line_start && d->cp[*words] < 0x80 && d->cp[*words] != ' ')))
        return XJI_RANK_NONE;
    return XJI_RANK_3;
}

xji_rank xji_outline_rank_at(const xji_doc *d, uint32_t b, uint32_t e, bool line_start,
                             uint32_t *value, uint32_t *words)
{
    if (b >= e)
        return XJI_RANK_NONE;
    uint32_t c = d->cp[b];
    *value = 0;
    *words = b + 1;
    if (c == '(' || c == 0xFF08)
        return rank_in_brackets(d, b, e, value, words);
    if (c == 0x7B2C) /* 第 */
        return rank_of_ordinal(d, b, e, line_start, value, words);
    if (xji_scan_digit(c) >= 0)
        return rank_of_digits(d, b, e, line_start, value, words);
    if (c >= 0x2460 && c <= 0x2473) { /* circled 1..20 */
        *value = c - 0x245F;
        return XJI_RANK_4;
    }
    if (c >= 0x2474 && c <= 0x2487) { /* (1)..(20) in one character */
        *value = c - 0x2473;
        return XJI_RANK_4;
    }
    if (c >= 0x2488 && c <= 0x249B) { /* 1...20. in one character */
        *value = c - 0x2487;
        return XJI_RANK_3;
    }
    if (c >= 0x3220 && c <= 0x3229) { /* (一)..(十) in one character */
        *value = c - 0x321F;
        return XJI_RANK_2;
    }
    if (!xji_outline_is_numeral(c))
        return XJI_RANK_NONE;
    uint32_t end = xji_scan_han_number(d, b, e, value);
    end = end ? xji_scan_skip_space(d, end, e) : e;
    if (end >= e || *value == 0 || *value > 99)
        return XJI_RANK_NONE;
    bool dot = line_start && (d->cp[end] == '.' || d->cp[end] == 0xFF0E);
    if ((d->cp[end] != 0x3001 && !dot) || is_row(d, end + 1, e)) /* 、 */
        return XJI_RANK_NONE;
    *words = end + 1;
    return XJI_RANK_1;
}
