#include "xj/utf8.h"

#include <string.h>

#include "utf8_priv.h"

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

static bool eight_ascii(const uint8_t *s)
{
    uint64_t v;
    memcpy(&v, s, sizeof v);
    return (v & UINT64_C(0x8080808080808080)) == 0;
}

static void put(const xj_utf8_out *out, size_t m, uint32_t cp, size_t beg, size_t len)
{
    out->cp[m] = cp;
    out->beg[m] = (uint32_t)beg;
    out->len[m] = (uint8_t)len;
}

/* Decode one code point of any kind; false when it is ill-formed. */
static bool take_one(const xj_utf8_out *out, size_t *m, const uint8_t *s, size_t n, size_t *at)
{
    uint32_t cp;
    bool bad;
    size_t len = xj_utf8_decode(s + *at, n - *at, &cp, &bad);
    if (bad)
        return false;
    put(out, (*m)++, cp, *at, len);
    *at += len;
    return true;
}

size_t xji_utf8_decode_plain(const xj_utf8_out *out, size_t m, const uint8_t *s, size_t n, size_t *at)
{
    size_t i = *at;
    while (i < n && out->room - m >= XJ_UTF8_SLACK) {
        /* Runs of ASCII by eight, of three-byte characters one by one; the rest goes to the careful decoder. */
        uint32_t w = n - i >= 8 ? (uint32_t)s[i] << 16 | (uint32_t)s[i + 1] << 8 | s[i + 2] : 0;
        uint32_t three = (w >> 4 & 0xF000) | (w >> 2 & 0x0FC0) | (w & 0x3F);
        if ((w & 0xF0C0C0) == 0xE08080 && three >= 0x800 && (three & 0xF800) != 0xD800) {
            put(out, m++, three, i, 3);
            i += 3;
        } else if (n - i >= 8 && eight_ascii(s + i)) {
            for (size_t k = 0; k < 8; k++)
                put(out, m + k, s[i + k], i + k, 1);
            m += 8;
            i += 8;
        } else if (!take_one(out, &m, s, n, &i)) {
            break;
        }
    }
    *at = i;
    return m;
}

size_t xj_utf8_decode_many(const xj_utf8_out *out, const uint8_t *s, size_t n, size_t *at)
{
    size_t m = 0;
#if XJI_CPU_X86
    bool more = xji_cpu_has_avx2();
    while (more) {
        m = xji_utf8_decode_avx2(out, m, s, n, at);
        /* Near the ends it is for the plain way to go on; anything else stopped at something rare. */
        more = n - *at >= XJI_UTF8_AVX2_READ && out->room - m >= XJ_UTF8_SLACK && take_one(out, &m, s, n, at);
    }
#endif
    return xji_utf8_decode_plain(out, m, s, n, at);
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

size_t xj_utf8_total(const uint32_t *cp, size_t n)
{
    size_t total = 0;
    /* Pieces short enough for sums of 32 bits, and no branches: this is done in wide registers. */
    enum { PIECE = 4096 };
    for (size_t b = 0; b < n; b += PIECE) {
        size_t e = n - b < PIECE ? n : b + PIECE;
        uint32_t more = 0;
        for (size_t i = b; i < e; i++)
            more += (uint32_t)(cp[i] >= 0x80) + (uint32_t)(cp[i] >= 0x800) + (uint32_t)(cp[i] - 0x10000 < 0x100000);
        total += (e - b) + more;
    }
    return total;
}

size_t xj_utf8_write(uint8_t *out, const uint32_t *cp, size_t n)
{
    uint8_t *p = out;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = cp[i];
        if (c - 0x800 < 0xD800 - 0x800 || c - 0xE000 < 0x2000) { /* nearly all of a Chinese text */
            p[0] = (uint8_t)(0xE0 | c >> 12);
            p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
            p[2] = (uint8_t)(0x80 | (c & 0x3F));
            p += 3;
        } else {
            p += xj_utf8_encode(p, c);
        }
    }
    return (size_t)(p - out);
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
