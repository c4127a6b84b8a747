/*
 * Reading characters for the structure of a report: literals compared after folding (so that Traditional and
 * full-width text reads like Simplified), numbers, dates, sentence ends. Nothing here allocates but xji_scan_copy.
 */
#include "structure_priv.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

enum { MARKS_MAX = 32 }; /* final and closing marks in a row that end one sentence */

bool xji_scan_is_break(uint32_t c)
{
    if (xji_scan_is_han(c) && c < 0xF900)
        return false;
    uint32_t out[XJ_FOLD_MAX];
    size_t n = xj_fold_expand(c, out);
    /* An expanded character breaks only where all it stands for does: (1) does, but not 1. between words. */
    return xj_class_of(out[0]) == XJ_CLASS_BREAK &&
           (n == 1 || xj_class_of(out[n - 1]) == XJ_CLASS_BREAK);
}

uint32_t xji_scan_match(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *literal, bool spaced)
{
    for (const uint32_t *want = literal; *want != 0; want++, b++) {
        if (spaced && want > literal)
            b = xji_scan_skip_space(d, b, e);
        if (b >= e || !xji_scan_is(d, b, *want))
            return 0;
    }
    return b;
}

uint32_t xji_scan_ends_with(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *list)
{
    uint32_t best = 0;
    while (*list != 0) {
        const uint32_t *word = list;
        while (*list != 0 && *list != ' ')
            list++;
        uint32_t n = (uint32_t)(list - word);
        while (*list == ' ')
            list++;
        if (n == 0 || n > e - b || n <= best)
            continue;
        uint32_t k = 0;
        while (k < n && xji_scan_is(d, e - 1 - k, word[n - 1 - k]))
            k++;
        if (k == n)
            best = n;
    }
    return best;
}

uint32_t xji_scan_find(const xji_doc *d, uint32_t b, uint32_t e, const uint32_t *literal)
{
    uint32_t first = xji_scan_fold(d, literal[0]);
    for (uint32_t i = b; i < e; i++)
        if (xji_scan_fold(d, d->cp[i]) == first && xji_scan_match(d, i, e, literal, false))
            return i;
    return UINT32_MAX;
}

bool xji_scan_one_of(const xji_doc *d, uint32_t i, const uint32_t *set)
{
    if (i >= d->n)
        return false;
    uint32_t folded = xji_scan_fold(d, d->cp[i]);
    for (; *set != 0; set++)
        if (folded == xji_scan_fold(d, *set))
            return true;
    return false;
}

uint32_t xji_scan_skip_space(const xji_doc *d, uint32_t b, uint32_t e)
{
    while (b < e && xji_scan_is_space(d->cp[b]))
        b++;
    return b;
}

uint32_t xji_scan_trim_end(const xji_doc *d, uint32_t b, uint32_t e)
{
    while (e > b && xji_scan_is_space(d->cp[e - 1]))
        e--;
    return e;
}

/* 0..9, 10, 100, or -1. */
static int han_digit(uint32_t c)
{
    switch (c) {
    case 0x3007: /* 〇 */
    case 0x25CB: /* ○ */
    case 0x96F6: /* 零 */
    case 0x25EF: /* ◯ */
        return 0;
    case 0x4E00:
        return 1;
    case 0x4E8C:
        return 2;
    case 0x4E09:
        return 3;
    case 0x56DB:
        return 4;
    case 0x4E94:
        return 5;
    case 0x516D:
        return 6;
    case 0x4E03:
        return 7;
    case 0x516B:
        return 8;
    case 0x4E5D:
        return 9;
    case 0x5341:
        return 10;
    case 0x767E:
        return 100;
    default:
        return -1;
    }
}

bool xji_scan_is_numeral(uint32_t c)
{
    return han_digit(c) >= 0;
}

uint32_t xji_scan_han_number(const xji_doc *d, uint32_t b, uint32_t e, uint32_t *value)
{
    uint32_t i = b, total = 0, unit = 0, row = 0;
    bool placed = false;
    for (; i < e && i - b < 9; i++) {
        int v = han_digit(d->cp[i]);
        if (v < 0)
            break;
        if (v >= 10) {
            placed = true;
            total += (unit ? unit : 1) * (uint32_t)v;
            unit = 0;
        } else {
            unit = (uint32_t)v;
            row = row * 10 + unit;
        }
    }
    if (i == b || i - b > 8)
        return 0;
    *value = placed ? total + unit : row;
    return i;
}

uint32_t xji_scan_number(const xji_doc *d, uint32_t b, uint32_t e, unsigned max, uint32_t *value)
{
    uint32_t i = b, v = 0;
    while (i < e && xji_scan_digit(d->cp[i]) >= 0) {
        if (i - b == max)
            return 0;
        v = v * 10 + (uint32_t)xji_scan_digit(d->cp[i]);
        i++;
    }
    if (i == b)
        return 0;
    *value = v;
    return i;
}

uint32_t xji_scan_year(const xji_doc *d, uint32_t b, uint32_t e, int *year)
{
    uint32_t v = 0;
    uint32_t end = 0;
    if (b > 0 && xji_scan_digit(d->cp[b - 1]) >= 0)
        return 0;
    if (b < e && xji_scan_digit(d->cp[b]) >= 0) {
        end = xji_scan_number(d, b, e, 4, &v);
        if (end != b + 4)
            return 0;
    } else {
        /* Four digits one by one; O and 0 stand for 〇 in old typescripts. */
        for (end = b; end < e && end < b + 4; end++) {
            int h = han_digit(d->cp[end]);
            if (d->cp[end] == 'O' || d->cp[end] == 'o' || d->cp[end] == '0' || d->cp[end] == 0xFF2F)
                h = 0;
            if (h < 0 || h > 9)
                return 0;
            v = v * 10 + (uint32_t)h;
        }
        if (end != b + 4 || (end < e && han_digit(d->cp[end]) >= 0))
            return 0;
    }
    if (v < 1900 || v > 2100)
        return 0;
    *year = (int)v;
    return end;
}

/* A month or day: one or two digits or a Han number, at most max. */
static uint32_t part_of_date(const xji_doc *d, uint32_t b, uint32_t e, uint32_t max, int *out)
{
    uint32_t v = 0;
    uint32_t end = xji_scan_number(d, b, e, 2, &v);
    if (!end)
        end = xji_scan_han_number(d, b, e, &v);
    if (!end || v < 1 || v > max)
        return 0;
    *out = (int)v;
    return end;
}

/* " 16:25" or "T16:25:42" after a date; b when there is none. */
static uint32_t skip_time(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t i = b;
    if (i < e && d->cp[i] == 'T')
        i++;
    i = xji_scan_skip_space(d, i, e);
    uint32_t v;
    uint32_t h = xji_scan_number(d, i, e, 2, &v);
    bool named = h && xji_scan_one_of(d, h, U"时点"); /* 07时41分 */
    if (!h || h >= e || v > 24 || !(named || xji_scan_is(d, h, ':')))
        return b;
    uint32_t m = xji_scan_number(d, h + 1, e, 2, &v);
    if (!m || v > 59)
        return b;
    if (named)
        return m < e && xji_scan_is(d, m, 0x5206) ? m + 1 : m; /* 分 */
    if (xji_scan_is(d, m, ':') && m < e) {
        uint32_t s = xji_scan_number(d, m + 1, e, 2, &v);
        if (s)
            m = s;
    }
    return m;
}

uint32_t xji_scan_date_at(const xji_doc *d, uint32_t b, uint32_t e, xji_date *out)
{
    xji_date date = {0, 0, 0};
    uint32_t i = xji_scan_year(d, b, e, &date.year);
    if (!i)
        return 0;
    i = xji_scan_skip_space(d, i, e);
    bool named = xji_scan_is(d, i, 0x5E74); /* 年 */
    uint32_t mark = i < e ? xji_scan_fold(d, d->cp[i]) : 0;
    if (i >= e || (!named && mark != '-' && mark != '/' && mark != '.'))
        return 0;
    i = part_of_date(d, xji_scan_skip_space(d, i + 1, e), e, 12, &date.month);
    if (!i)
        return 0;
    uint32_t sep = xji_scan_skip_space(d, i, e);
    if (named ? xji_scan_is(d, sep, 0x6708) : (sep < e && xji_scan_fold(d, d->cp[sep]) == mark)) { /* 月 */
        uint32_t day = part_of_date(d, xji_scan_skip_space(d, sep + 1, e), e, 31, &date.day);
        if (named)
            i = sep + 1;
        else if (!day)
            return 0;
        uint32_t after = day ? xji_scan_skip_space(d, day, e) : 0;
        if (day && named && after < e &&
            (xji_scan_is(d, after, 0x65E5) || xji_scan_is(d, after, 0x53F7)))
            i = after + 1; /* 日, 号 */
        else if (day && !named)
            i = day;
        else
            date.day = 0;
    } else if (named || mark == '.') {
        return 0; /* "2025年3个" and "2025.1" are no dates */
    }
    i = skip_time(d, i, e);
    if (i < e && xji_scan_digit(d->cp[i]) >= 0)
        return 0;
    *out = date;
    return i;
}

/* White space and transparent marks say nothing about breaking. */
static bool is_transparent(uint32_t c)
{
    if (c == '\n')
        return false;
    xj_class k = xj_class_of(xj_fold(c));
    return k == XJ_CLASS_SOFT || k == XJ_CLASS_INVISIBLE;
}

bool xji_scan_may_cut(const xji_doc *d, uint32_t i)
{
    uint32_t k = i;
    while (k > 0 && is_transparent(d->cp[k - 1]))
        k--;
    if (k == 0 || xji_scan_is_break(d->cp[k - 1]))
        return true;
    k = i;
    while (k < d->n && is_transparent(d->cp[k]))
        k++;
    return k == d->n || xji_scan_is_break(d->cp[k]);
}

/* Whether the closing quote or bracket stays with the sentence before it. */
static bool is_closer(uint32_t c)
{
    switch (c) {
    case ')':
    case ']':
    case 0x2019: /* ’ */
    case 0x201D: /* ” */
    case 0x300B: /* 》 */
    case 0x300D: /* 」 */
    case 0x300F: /* 』 */
    case 0x3009: /* 〉 */
    case 0x3011: /* 】 */
    case 0x3015: /* 〕 */
    case 0xFF09: /* ） */
    case 0xFF3D: /* ］ */
    case 0xFE42:
    case 0xFE44:
    case 0x2E: /* "?." and "!." of careless typing */
        return true;
    default:
        return false;
    }
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c < 0x250);
}

/* A full stop ends a sentence of Latin text: a letter, a digit or a closing mark before it, and white space and a
 * capital (or the end of the line) after it. */
static bool is_latin_stop(const xji_doc *d, uint32_t i, uint32_t e)
{
    if (i == 0 || !(is_letter(d->cp[i - 1]) || is_closer(d->cp[i - 1]) || d->cp[i - 1] == '"'))
        return false;
    uint32_t k = i + 1;
    if (k < e && d->cp[k] == '"')
        k++;
    uint32_t s = xji_scan_skip_space(d, k, e);
    if (s == e)
        return true;
    return s > k && ((d->cp[s] >= 'A' && d->cp[s] <= 'Z') || xji_scan_is_han(d->cp[s]) ||
                     d->cp[s] == '"' || d->cp[s] == 0x201C);
}

/* A mark that ends a sentence wherever it stands, and a full stop that may be one of Latin text. */
static bool is_mark(uint32_t c)
{
    switch (c) {
    case 0x3002: /* 。 */
    case 0xFF61: /* ｡ */
    case 0xFF01: /* ！ */
    case 0xFF1F: /* ？ */
    case 0xFF1B: /* ； */
    case '!':
    case '?':
    case ';':
        return true;
    default:
        return false;
    }
}

static bool is_full_stop(uint32_t c)
{
    return c == '.' || c == 0xFF0E;
}

bool xji_scan_is_stop(uint32_t c)
{
    return is_mark(c) || is_full_stop(c);
}

uint32_t xji_scan_sentence_end(const xji_doc *d, uint32_t i, uint32_t e)
{
    uint32_t c = d->cp[i];
    if (!is_mark(c) && !(is_full_stop(c) && is_latin_stop(d, i, e)))
        return 0;
    uint32_t end = i + 1;
    while (end < e && end - i < MARKS_MAX && !xji_scan_is_han(d->cp[end]) &&
           (is_closer(d->cp[end]) || xji_scan_one_of(d, end, U"。!?;")))
        end++;
    /* A straight quote closes when it follows at once and something other than a letter comes next. */
    if (end < e && (d->cp[end] == '"' || d->cp[end] == 0xFF02) &&
        (end + 1 == e || xji_scan_is_space(d->cp[end + 1]) || xji_scan_is_break(d->cp[end + 1])))
        end++;
    return end;
}

char *xji_scan_copy_range(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t n_han = 0, n_gaps = 0;
    size_t bytes = 1;
    for (uint32_t i = b; i < e; i++) {
        bytes += xj_utf8_len(d->cp[i]);
        n_han += xji_scan_is_han(d->cp[i]);
        n_gaps += i > b && xji_scan_is_space(d->cp[i]) && !xji_scan_is_space(d->cp[i - 1]);
    }
    /* "政 府 工 作 报 告": spaces between (nearly) all characters are typography, not words. */
    bool spread = n_han >= 2 && n_gaps + 1 >= n_han;
    char *out = malloc(bytes);
    if (!out)
        return NULL;
    size_t n = 0;
    for (uint32_t i = b; i < e; i++)
        if (!(spread && xji_scan_is_space(d->cp[i])))
            n += xj_utf8_encode((uint8_t *)out + n, d->cp[i]);
    out[n] = '\0';
    return out;
}

uint32_t *xji_scan_decode(const char *s, size_t *n)
{
    size_t len = strlen(s);
    uint32_t *cp = malloc((len + 1) * sizeof *cp);
    if (!cp)
        return NULL;
    *n = 0;
    for (size_t i = 0; i < len;)
        i += xj_utf8_decode((const uint8_t *)s + i, len - i, &cp[(*n)++], NULL);
    return cp;
}

bool xji_scan_is_open(uint32_t c)
{
    return c == '(' || c == 0xFF08 || c == 0x3010 || c == '[' || c == 0x3014;
}

bool xji_scan_is_close(uint32_t c)
{
    return c == ')' || c == 0xFF09 || c == 0x3011 || c == ']' || c == 0x3015;
}
