#include "xj/utf8.h"

size_t xj_utf8_decode(const uint8_t *s, size_t len, uint32_t *cp, bool *bad)
{
    uint32_t c = s[0];
    if (bad)
        *bad = false;
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    /* need: continuation bytes; lo..hi: range of the first of them (Unicode Standard, table 3-7),
     * which excludes overlong forms, surrogates and values above U+10FFFF. */
    size_t need = 0;
    uint8_t lo = 0x80, hi = 0xBF;
    if (c >= 0xC2 && c <= 0xDF) {
        need = 1;
        c &= 0x1F;
    } else if (c >= 0xE0 && c <= 0xEF) {
        need = 2;
        if (c == 0xE0)
            lo = 0xA0;
        if (c == 0xED)
            hi = 0x9F;
        c &= 0x0F;
    } else if (c >= 0xF0 && c <= 0xF4) {
        need = 3;
        if (c == 0xF0)
            lo = 0x90;
        if (c == 0xF4)
            hi = 0x8F;
        c &= 0x07;
    }
    size_t used = 1;
    while (need > 0 && used < len && s[used] >= lo && s[used] <= hi) {
        c = c << 6 | (s[used] & 0x3F);
        used++;
        need--;
        lo = 0x80;
        hi = 0xBF;
        if (need == 0) {
            *cp = c;
            return used;
        }
    }
    *cp = 0xFFFD;
    if (bad)
        *bad = true;
    return used;
}

static uint32_t scalar(uint32_t cp)
{
    return cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF) ? 0xFFFD : cp;
}

size_t xj_utf8_len(uint32_t cp)
{
    cp = scalar(cp);
    return cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
}

size_t xj_utf8_encode(uint8_t out[4], uint32_t cp)
{
    cp = scalar(cp);
    if (cp < 0x80) {
        out[0] = (uint8_t)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (uint8_t)(0xC0 | cp >> 6);
        out[1] = (uint8_t)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (uint8_t)(0xE0 | cp >> 12);
        out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | cp >> 18);
    out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (cp & 0x3F));
    return 4;
}

bool xj_utf8_valid(const uint8_t *s, size_t len)
{
    size_t i = 0;
    while (i < len) {
        if (s[i] < 0x80) {
            i++;
            continue;
        }
        uint32_t cp;
        bool bad;
        i += xj_utf8_decode(s + i, len - i, &cp, &bad);
        if (bad)
            return false;
    }
    return true;
}
