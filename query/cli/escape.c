#include "escape.h"

#include "xj/utf8.h"

typedef struct range {
    uint32_t first, last;
} range;

static bool within(uint32_t cp, const range *r, size_t n)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (cp > r[mid].last)
            lo = mid + 1;
        else if (cp < r[mid].first)
            hi = mid;
        else
            return true;
    }
    return false;
}

#define WITHIN(cp, table) within(cp, table, sizeof table / sizeof *table)

bool xji_is_unsafe(uint32_t cp)
{
    static const range unsafe[] = {
        {0x00, 0x1F},     {0x7F, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},     {0x180E, 0x180E},
        {0x200B, 0x200F}, {0x2028, 0x202E}, {0x2060, 0x206F}, {0xFEFF, 0xFEFF},   {0xFFF9, 0xFFFB},
        {0xFFFE, 0xFFFF}, {0x1D173, 0x1D17A}, {0xE0000, 0xE007F},
    };
    if (cp >= 0x20 && cp < 0x7F)
        return false;
    return WITHIN(cp, unsafe);
}

/* Columns of a character that is shown as it is. Ambiguous ones of Chinese text (quotes, dashes, dots, circled
 * numbers) count two: a terminal that draws them narrow leaves a gap, the opposite mistake would break the line. */
static size_t columns_of(uint32_t cp)
{
    static const range wide[] = {
        {0xB7, 0xB7},     {0x1100, 0x115F}, {0x2014, 0x2016}, {0x2018, 0x2019},   {0x201C, 0x201D},
        {0x2026, 0x2027}, {0x2030, 0x2030}, {0x203B, 0x203B}, {0x2103, 0x2103},   {0x2160, 0x217B},
        {0x2190, 0x2193}, {0x2460, 0x24FF}, {0x25A0, 0x25A1}, {0x25B2, 0x25B3},   {0x25C6, 0x25CF},
        {0x2605, 0x2606}, {0x2E80, 0x303E}, {0x3041, 0x4DBF}, {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
        {0xAC00, 0xD7A3}, {0xE000, 0xFAFF}, {0xFE10, 0xFE19}, {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
        {0xFFE0, 0xFFE6}, {0x1F200, 0x1F2FF}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
        {0x20000, 0x3FFFD},
    };
    static const range none[] = {
        {0x300, 0x36F}, {0x302A, 0x302D}, {0x3099, 0x309A}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F}, {0xE0100, 0xE01EF},
    };
    if (cp < 0xB7)
        return 1;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (cp >= none[i].first && cp <= none[i].last)
            return 0;
    return WITHIN(cp, wide) ? 2 : 1;
}

static void put_hex(xji_out *o, const char *before, uint32_t v, int digits)
{
    char s[8];
    for (int i = digits - 1; i >= 0; i--, v >>= 4)
        s[i] = "0123456789ABCDEF"[v & 15];
    xji_out_str(o, before);
    xji_out_put(o, s, (size_t)digits);
}

void xji_escape_plain_cp(xji_out *o, uint32_t cp)
{
    if (!xji_is_unsafe(cp)) {
        uint8_t s[4];
        xji_out_put(o, s, xj_utf8_encode(s, cp));
    } else if (cp < 0x100) {
        put_hex(o, "\\x", cp, 2);
    } else if (cp < 0x10000) {
        put_hex(o, "\\u", cp, 4);
    } else {
        put_hex(o, "\\u{", cp, 5);
        xji_out_char(o, '}');
    }
}

size_t xji_plain_columns_cp(uint32_t cp)
{
    if (!xji_is_unsafe(cp))
        return columns_of(cp);
    return cp < 0x100 ? 4 : cp < 0x10000 ? 6 : 9;
}

/* One character of s: its bytes, its code point, whether it is well-formed. n >= 1. */
static size_t next_of(const char *s, size_t n, uint32_t *cp, bool *bad)
{
    return xj_utf8_decode((const uint8_t *)s, n, cp, bad);
}

static void put_bytes_hex(xji_out *o, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_hex(o, "\\x", (uint8_t)s[i], 2);
}

/* Show the character of k bytes at s; returns its columns. o may be NULL: only count. */
static size_t plain_one(xji_out *o, const char *s, size_t k, uint32_t cp, bool bad)
{
    if (bad) {
        if (o)
            put_bytes_hex(o, s, k);
        return 4 * k;
    }
    if (o)
        xji_escape_plain_cp(o, cp);
    return xji_plain_columns_cp(cp);
}

void xji_escape_plain(xji_out *o, const char *s, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t cp;
        bool bad = false;
        k = next_of(s + i, n - i, &cp, &bad);
        plain_one(o, s + i, k, cp, bad);
    }
}

size_t xji_plain_columns(const char *s, size_t n)
{
    size_t columns = 0;
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t cp;
        bool bad = false;
        k = next_of(s + i, n - i, &cp, &bad);
        columns += plain_one(NULL, s + i, k, cp, bad);
    }
    return columns;
}

size_t xji_escape_plain_elided(xji_out *o, const char *s, size_t n, size_t columns)
{
    size_t all = xji_plain_columns(s, n);
    if (all <= columns) {
        xji_escape_plain(o, s, n);
        return all;
    }
    size_t used = 0;
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t cp;
        bool bad = false;
        k = next_of(s + i, n - i, &cp, &bad);
        size_t more = plain_one(NULL, s + i, k, cp, bad);
        if (used + more + 2 > columns) /* 2: the ellipsis */
            break;
        plain_one(o, s + i, k, cp, bad);
        used += more;
    }
    xji_out_str(o, "…");
    return used + 2;
}

void xji_escape_tsv(xji_out *o, const char *s, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t cp;
        bool bad = false;
        k = next_of(s + i, n - i, &cp, &bad);
        if (cp == '\t')
            xji_out_str(o, "\\t");
        else if (cp == '\n')
            xji_out_str(o, "\\n");
        else if (cp == '\r')
            xji_out_str(o, "\\r");
        else if (cp == '\\')
            xji_out_str(o, "\\\\");
        else if (bad || xji_is_unsafe(cp))
            put_bytes_hex(o, s + i, k);
        else
            xji_out_put(o, s + i, k);
    }
}

static void json_unsafe(xji_out *o, uint32_t cp)
{
    if (cp == '\n')
        xji_out_str(o, "\\n");
    else if (cp == '\t')
        xji_out_str(o, "\\t");
    else if (cp == '\r')
        xji_out_str(o, "\\r");
    else if (cp < 0x10000)
        put_hex(o, "\\u", cp, 4);
    else {
        put_hex(o, "\\u", 0xD7C0 + (cp >> 10), 4);
        put_hex(o, "\\u", 0xDC00 + (cp & 0x3FF), 4);
    }
}

void xji_escape_json(xji_out *o, const char *s, size_t n)
{
    xji_out_char(o, '"');
    for (size_t i = 0, k; i < n; i += k) {
        uint32_t cp;
        bool bad = false;
        k = next_of(s + i, n - i, &cp, &bad);
        if (bad)
            xji_out_str(o, "\xEF\xBF\xBD");
        else if (cp == '"' || cp == '\\') {
            xji_out_char(o, '\\');
            xji_out_char(o, (char)cp);
        } else if (xji_is_unsafe(cp))
            json_unsafe(o, cp);
        else
            xji_out_put(o, s + i, k);
    }
    xji_out_char(o, '"');
}
