/*
 * Decoding: offsets, ill-formed bytes and the choice of an encoding. Texts are encoded here, character by
 * character, so that every expected byte range comes from the encoder and not from the code under test.
 */
#include "decode.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unicode/ucnv.h>

#include "xj/utf8.h"

/* ---- encoding texts ---- */

/* A text in some encoding with what its decoding must give. */
typedef struct sample {
    uint8_t *bytes;
    size_t n_bytes;
    uint32_t *cp, *beg;
    uint8_t *len;
    size_t n;
    size_t left_out; /* characters that the encoding does not have */
} sample;

static const char *icu_name(xj_encoding enc)
{
    switch (enc) {
    case XJ_ENC_GB18030:
        return "gb18030";
    case XJ_ENC_BIG5:
        return "Big5-HKSCS";
    case XJ_ENC_EUCJP:
        return "EUC-JP";
    case XJ_ENC_SJIS:
        return "windows-31j";
    default:
        return NULL;
    }
}

static UConverter *open_converter(xj_encoding enc)
{
    const char *name = icu_name(enc);
    if (!name)
        return NULL;
    UErrorCode icu = U_ZERO_ERROR;
    UConverter *cnv = ucnv_open(name, &icu);
    assert_true(U_SUCCESS(icu));
    ucnv_setFromUCallBack(cnv, UCNV_FROM_U_CALLBACK_STOP, NULL, NULL, NULL, &icu);
    assert_true(U_SUCCESS(icu));
    return cnv;
}

/* Bytes of cp, 0 when the encoding has no such character. */
static size_t encode_one(uint8_t out[8], UConverter *cnv, xj_encoding enc, uint32_t cp)
{
    uint32_t unit[2] = {cp, 0};
    size_t units = 1;
    if (cp > 0xFFFF) {
        unit[0] = 0xD7C0 + (cp >> 10);
        unit[1] = 0xDC00 + (cp & 0x3FF);
        units = 2;
    }
    switch (enc) {
    case XJ_ENC_UTF8:
        return xj_utf8_encode(out, cp);
    case XJ_ENC_UTF16LE:
    case XJ_ENC_UTF16BE:
        for (size_t i = 0; i < units; i++) {
            out[2 * i + (enc == XJ_ENC_UTF16BE)] = (uint8_t)unit[i];
            out[2 * i + (enc == XJ_ENC_UTF16LE)] = (uint8_t)(unit[i] >> 8);
        }
        return 2 * units;
    case XJ_ENC_UTF32LE:
    case XJ_ENC_UTF32BE:
        for (size_t i = 0; i < 4; i++)
            out[enc == XJ_ENC_UTF32LE ? i : 3 - i] = (uint8_t)(cp >> 8 * i);
        return 4;
    default: {
        UChar u[2] = {(UChar)unit[0], (UChar)unit[1]};
        char bytes[8];
        UErrorCode icu = U_ZERO_ERROR;
        int32_t n = ucnv_fromUChars(cnv, bytes, sizeof bytes, u, (int32_t)units, &icu);
        if (U_FAILURE(icu) || n <= 0)
            return 0;
        memcpy(out, bytes, (size_t)n);
        return (size_t)n;
    }
    }
}

static void make_sample(sample *s, const uint32_t *cp, size_t n, xj_encoding enc, bool mark)
{
    *s = (sample){0};
    s->bytes = malloc(n * 4 + 4);
    s->cp = malloc((n + 1) * sizeof *s->cp);
    s->beg = malloc((n + 1) * sizeof *s->beg);
    s->len = malloc(n + 1);
    assert_true(s->bytes && s->cp && s->beg && s->len);
    UConverter *cnv = open_converter(enc);
    uint8_t b[8];
    if (mark) {
        s->n_bytes = encode_one(b, cnv, enc, 0xFEFF);
        memcpy(s->bytes, b, s->n_bytes);
    }
    for (size_t i = 0; i < n; i++) {
        size_t len = encode_one(b, cnv, enc, cp[i]);
        if (len == 0) {
            s->left_out++;
            continue;
        }
        memcpy(s->bytes + s->n_bytes, b, len);
        s->cp[s->n] = cp[i];
        s->beg[s->n] = (uint32_t)s->n_bytes;
        s->len[s->n++] = (uint8_t)len;
        s->n_bytes += len;
    }
    if (cnv)
        ucnv_close(cnv);
    /* No byte of room after the end, so that reading past it shows in a checked build. */
    uint8_t *exact = malloc(s->n_bytes ? s->n_bytes : 1);
    assert_non_null(exact);
    if (s->n_bytes > 0)
        memcpy(exact, s->bytes, s->n_bytes);
    free(s->bytes);
    s->bytes = exact;
}

static void free_sample(sample *s)
{
    free(s->bytes);
    free(s->cp);
    free(s->beg);
    free(s->len);
}

/* Code points of a UTF-8 literal; the caller frees. */
static uint32_t *points(const char *utf8, size_t len, size_t *n)
{
    uint32_t *cp = malloc((len + 1) * sizeof *cp);
    assert_non_null(cp);
    *n = 0;
    for (size_t i = 0; i < len;)
        i += xj_utf8_decode((const uint8_t *)utf8 + i, len - i, &cp[(*n)++], NULL);
    return cp;
}

static void make_sample_utf8(sample *s, const char *utf8, xj_encoding enc, bool mark)
{
    size_t n;
    uint32_t *cp = points(utf8, strlen(utf8), &n);
    make_sample(s, cp, n, enc, mark);
    free(cp);
}

/* ---- checks ---- */

static void check_ranges(const xji_text *t, size_t from, size_t n_bytes)
{
    size_t at = from;
    for (size_t i = 0; i < t->n; i++) {
        assert_true(t->cp[i] <= 0x10FFFF && (t->cp[i] & 0xFFFFF800) != 0xD800);
        assert_int_equal(t->beg[i], at);
        assert_true(t->len[i] >= 1);
        assert_int_equal(t->mark[i], XJI_MARK_READ);
        at += t->len[i];
    }
    assert_int_equal(at, n_bytes);
}

static void check_text(const xji_text *t, const sample *s)
{
    assert_int_equal(t->n, s->n);
    for (size_t i = 0; i < t->n; i++) {
        if (t->cp[i] != s->cp[i] || t->beg[i] != s->beg[i] || t->len[i] != s->len[i])
            fail_msg("character %zu: U+%04X at %u+%u, expected U+%04X at %u+%u", i, t->cp[i],
                     t->beg[i], t->len[i], s->cp[i], s->beg[i], s->len[i]);
    }
}

static void check_alone(const sample *s, xj_encoding enc)
{
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    for (size_t i = 0; i < s->n; i++) {
        assert_int_equal(xji_decode_as(&t, &info, enc, s->bytes + s->beg[i], s->len[i], NULL, NULL),
                         XJ_OK);
        assert_int_equal(t.n, 1);
        assert_int_equal(t.cp[0], s->cp[i]);
    }
    xji_text_release(&t);
}

/* Decode and demand the encoding and every character; returns the info. */
static xji_decode_info check_detected(const sample *s, xj_encoding enc)
{
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_decode(&t, &info, s->bytes, s->n_bytes, NULL, &err);
    if (st != XJ_OK)
        fail_msg("expected %s: %s", xj_encoding_name(enc), err.message);
    assert_string_equal(xj_encoding_name(info.encoding), xj_encoding_name(enc));
    assert_true(info.confidence >= 1 && info.confidence <= 100);
    assert_int_equal(info.ill_formed, 0);
    check_text(&t, s);
    check_ranges(&t, info.bom_bytes, s->n_bytes);
    xji_text_release(&t);
    return info;
}

/* Bytes and what they must become. */
typedef struct expectation {
    const char *bytes;
    size_t n_bytes;
    uint32_t cp[12];
    uint8_t len[12];
} expectation;

#define BYTES(s) (s), sizeof(s) - 1

static void check_expectations(xj_encoding enc, const expectation *e, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint8_t *copy = malloc(e[k].n_bytes);
        assert_non_null(copy);
        memcpy(copy, e[k].bytes, e[k].n_bytes);
        xji_text t = XJI_TEXT_INIT;
        xji_decode_info info;
        xji_log log = XJI_LOG_INIT;
        log.keep_max = 100;
        assert_int_equal(xji_decode_as(&t, &info, enc, copy, e[k].n_bytes, &log, NULL), XJ_OK);
        assert_int_equal(info.by, XJI_BY_CALLER);
        check_ranges(&t, 0, e[k].n_bytes);
        size_t bad = 0;
        for (size_t i = 0; i < t.n; i++) {
            if (t.cp[i] != e[k].cp[i] || t.len[i] != e[k].len[i])
                fail_msg("%s case %zu, character %zu: U+%04X of %u bytes", xj_encoding_name(enc), k,
                         i, t.cp[i], t.len[i]);
            if (t.cp[i] == 0xFFFD) {
                assert_true(bad < log.n);
                assert_int_equal(log.change[bad].kind, XJI_CHANGE_ILL_FORMED);
                assert_int_equal(log.change[bad].beg, t.beg[i]);
                assert_int_equal(log.change[bad].end, t.beg[i] + t.len[i]);
                bad++;
            }
        }
        assert_int_equal(e[k].len[t.n], 0);
        assert_int_equal(info.ill_formed, bad);
        assert_int_equal(log.n, bad);
        assert_int_equal(log.count[XJI_CHANGE_ILL_FORMED], bad);
        xji_log_release(&log);
        xji_text_release(&t);
        free(copy);
    }
}

/* ---- UTF-8 ---- */

/* The table of the Unicode Standard, section 3.9, and its neighbours. */
static const expectation utf8_cases[] = {
    {BYTES("\x80"), {0xFFFD}, {1}},
    {BYTES("\xBF\x80"), {0xFFFD, 0xFFFD}, {1, 1}},
    {BYTES("\xC0\xAF"), {0xFFFD, 0xFFFD}, {1, 1}},
    {BYTES("\xC1\x80"), {0xFFFD, 0xFFFD}, {1, 1}},
    {BYTES("\xC2"), {0xFFFD}, {1}},
    {BYTES("\xC2\x41"), {0xFFFD, 0x41}, {1, 1}},
    {BYTES("\xE0\x80\x80"), {0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1}},
    {BYTES("\xE0\x9F\xBF"), {0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1}},
    {BYTES("\xE0\xA0\x80"), {0x800}, {3}},
    {BYTES("\xE4\xBD"), {0xFFFD}, {2}},
    {BYTES("\xE4\xBD\x41"), {0xFFFD, 0x41}, {2, 1}},
    {BYTES("\xE4\xE4\xBD\xA0"), {0xFFFD, 0x4F60}, {1, 3}},
    {BYTES("\xE4\xBD\xE4\xBD\xA0"), {0xFFFD, 0x4F60}, {2, 3}},
    {BYTES("\xED\x9F\xBF"), {0xD7FF}, {3}},
    {BYTES("\xED\xA0\x80"), {0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1}},
    {BYTES("\xED\xBF\xBF\x41"), {0xFFFD, 0xFFFD, 0xFFFD, 0x41}, {1, 1, 1, 1}},
    {BYTES("\xEE\x80\x80"), {0xE000}, {3}},
    {BYTES("\xEF\xBF\xBF"), {0xFFFF}, {3}},
    {BYTES("\xF0\x80\x80\x80"), {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1, 1}},
    {BYTES("\xF0\x90\x80\x80"), {0x10000}, {4}},
    {BYTES("\xF0\x9F\x98"), {0xFFFD}, {3}},
    {BYTES("\xF0\x9F\x98\x41"), {0xFFFD, 0x41}, {3, 1}},
    {BYTES("\xF4\x8F\xBF\xBF"), {0x10FFFF}, {4}},
    {BYTES("\xF4\x90\x80\x80"), {0xFFFD, 0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1, 1}},
    {BYTES("\xF5\x80"), {0xFFFD, 0xFFFD}, {1, 1}},
    {BYTES("\xFE\xFF"), {0xFFFD, 0xFFFD}, {1, 1}},
    {BYTES("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63"),
     {0x61, 0xFFFD, 0xFFFD, 0xFFFD, 0x62, 0xFFFD, 0x63},
     {1, 3, 2, 1, 1, 1, 1}},
};

enum { N_UTF8_CASES = sizeof utf8_cases / sizeof *utf8_cases };

static void test_decode__maximal_subparts_of_utf8(void **state)
{
    (void)state;
    check_expectations(XJ_ENC_UTF8, utf8_cases, N_UTF8_CASES);
}

/* The same at every distance from runs that the fast paths take, with the whole cut at every byte. */
static void test_decode__utf8_fast_paths_equal_the_careful_decoder(void **state)
{
    (void)state;
    static const char *const fill[] = {"a", "\xE4\xB8\xAD", "\xC3\xA9", "\xF0\xA0\x80\x80"};
    xji_text t = XJI_TEXT_INIT;
    for (size_t k = 0; k < N_UTF8_CASES; k++) {
        for (size_t f = 0; f < 16 * 4; f++) {
            uint8_t whole[160];
            size_t n = 0, len = strlen(fill[f % 4]);
            for (size_t i = 0; i < f / 4; i++, n += len)
                memcpy(whole + n, fill[f % 4], len);
            memcpy(whole + n, utf8_cases[k].bytes, utf8_cases[k].n_bytes);
            n += utf8_cases[k].n_bytes;
            for (size_t i = 0; i < 5; i++, n += len)
                memcpy(whole + n, fill[f % 4], len);
            for (size_t cut = 0; cut <= n; cut++) {
                uint8_t *bytes = malloc(cut ? cut : 1);
                assert_non_null(bytes);
                memcpy(bytes, whole, cut);
                xji_decode_info info;
                assert_int_equal(xji_decode_as(&t, &info, XJ_ENC_UTF8, bytes, cut, NULL, NULL),
                                 XJ_OK);
                size_t at = 0, i = 0;
                while (at < cut) {
                    uint32_t cp;
                    size_t used = xj_utf8_decode(bytes + at, cut - at, &cp, NULL);
                    assert_true(i < t.n);
                    assert_int_equal(t.cp[i], cp);
                    assert_int_equal(t.beg[i], at);
                    assert_int_equal(t.len[i], used);
                    at += used;
                    i++;
                }
                assert_int_equal(i, t.n);
                free(bytes);
            }
        }
    }
    xji_text_release(&t);
}

/* ---- the other encodings ---- */

static void test_decode__ill_formed_utf16_and_utf32(void **state)
{
    (void)state;
    static const expectation le[] = {
        {BYTES("\x2D\x4E\x87"), {0x4E2D, 0xFFFD}, {2, 1}},
        {BYTES("\x00\xD8"), {0xFFFD}, {2}},
        {BYTES("\x00\xDC\x2D\x4E"), {0xFFFD, 0x4E2D}, {2, 2}},
        {BYTES("\x00\xD8\x2D\x4E"), {0xFFFD, 0x4E2D}, {2, 2}},
        {BYTES("\x00\xD8\x00\xD8\x00\xDC"), {0xFFFD, 0x10000}, {2, 4}},
        {BYTES("\x00\xD8\x00"), {0xFFFD, 0xFFFD}, {2, 1}},
        {BYTES("\xFF\xDB\xFF\xDF"), {0x10FFFF}, {4}},
    };
    static const expectation be[] = {
        {BYTES("\x4E\x2D\x4E"), {0x4E2D, 0xFFFD}, {2, 1}},
        {BYTES("\xD8\x40\xDC\x00"), {0x20000}, {4}},
        {BYTES("\xDC\x00\xD8\x40"), {0xFFFD, 0xFFFD}, {2, 2}},
    };
    static const expectation le32[] = {
        {BYTES("\x2D\x4E\x00\x00\x00\xD8\x00\x00"), {0x4E2D, 0xFFFD}, {4, 4}},
        {BYTES("\x00\x00\x11\x00"), {0xFFFD}, {4}},
        {BYTES("\xFF\xFF\x10\x00\x41\x00\x00"), {0x10FFFF, 0xFFFD}, {4, 3}},
    };
    static const expectation be32[] = {
        {BYTES("\x00\x00\x4E\x2D\xFF\x00\x00\x00"), {0x4E2D, 0xFFFD}, {4, 4}},
        {BYTES("\x00\x02\x00\x00\x00"), {0x20000, 0xFFFD}, {4, 1}},
    };
    check_expectations(XJ_ENC_UTF16LE, le, sizeof le / sizeof *le);
    check_expectations(XJ_ENC_UTF16BE, be, sizeof be / sizeof *be);
    check_expectations(XJ_ENC_UTF32LE, le32, sizeof le32 / sizeof *le32);
    check_expectations(XJ_ENC_UTF32BE, be32, sizeof be32 / sizeof *be32);
}

static void test_decode__ill_formed_multi_byte_keeps_ascii(void **state)
{
    (void)state;
    static const expectation gb[] = {
        {BYTES("\xD6\xD0\xB9\xFA"), {0x4E2D, 0x56FD}, {2, 2}},
        {BYTES("\xB0<p>"), {0xFFFD, '<', 'p', '>'}, {1, 1, 1, 1}},
        {BYTES("\xB0\n\xD6\xD0"), {0xFFFD, '\n', 0x4E2D}, {1, 1, 2}},
        {BYTES("\xB0\x7F"), {0xFFFD, 0x7F}, {1, 1}},
        {BYTES("\xFF\xB0"), {0xFFFD, 0xFFFD}, {1, 1}},
        {BYTES("\xB0\xFF\x41"), {0xFFFD, 0xFFFD, 0x41}, {1, 1, 1}},
        {BYTES("\x80\x41"), {0x20AC, 0x41}, {1, 1}},
        {BYTES("\x81\x30\x81\x30"), {0x80}, {4}},
        {BYTES("\x84\x31\xA4\x39"), {0xFFFF}, {4}},
        {BYTES("\x84\x31\xA5\x30"), {0xFFFD}, {4}},
        {BYTES("\x90\x30\x81\x30"), {0x10000}, {4}},
        {BYTES("\xE3\x32\x9A\x35"), {0x10FFFF}, {4}},
        {BYTES("\xE3\x32\x9A\x36"), {0xFFFD}, {4}},
        {BYTES("\xFE\x39\xFE\x39"), {0xFFFD}, {4}},
        {BYTES("\xB0"), {0xFFFD}, {1}},
        {BYTES("\xB0\x35"), {0xFFFD, '5'}, {1, 1}},
        {BYTES("\xB0\x35\xD6"), {0xFFFD, '5', 0xFFFD}, {1, 1, 1}},
        {BYTES("\xB0\x35\xC4\xEA"), {0xFFFD, '5', 0x5E74}, {1, 1, 2}},
        {BYTES("\xB0\x35\x35\x35"), {0xFFFD, '5', '5', '5'}, {1, 1, 1, 1}},
        {BYTES("\xFE\x59\xA6\xD9"), {0x9FB4, 0xFE10}, {2, 2}},
    };
    static const expectation big5[] = {
        {BYTES("\xA4\xA4\xB0\xEA"), {0x4E2D, 0x570B}, {2, 2}},
        {BYTES("\xA4<p>"), {0xFFFD, '<', 'p', '>'}, {1, 1, 1, 1}},
        {BYTES("\xA4\x80\x41"), {0xFFFD, 0xFFFD, 0x41}, {1, 1, 1}},
        {BYTES("\xA4\x90\xA4"), {0xFFFD, 0x28AE1}, {1, 2}},
        {BYTES("\xFF\x41\xA4"), {0xFFFD, 0x41, 0xFFFD}, {1, 1, 1}},
        {BYTES("\xF9\xD6\x95\xC7\xFA\x40"), {0x7881, 0x36D4, 0x20547}, {2, 2, 2}},
    };
    static const expectation sjis[] = {
        {BYTES("\x93\xFA\x96\x7B"), {0x65E5, 0x672C}, {2, 2}},
        {BYTES("\xB1\xB2\xB3"), {0xFF71, 0xFF72, 0xFF73}, {1, 1, 1}},
        {BYTES("\x93<"), {0xFFFD, '<'}, {1, 1}},
        {BYTES("\x82\x40"), {0xFFFD, '@'}, {1, 1}},
        {BYTES("\x5C\x93\xFD\xFF"), {'\\', 0xFFFD, 0xFFFD, 0xFFFD}, {1, 1, 1, 1}},
    };
    static const expectation eucjp[] = {
        {BYTES("\xC6\xFC\xCB\xDC"), {0x65E5, 0x672C}, {2, 2}},
        {BYTES("\x8E\xB1\x8F\xB0\xA1"), {0xFF71, 0x4E02}, {2, 3}},
        {BYTES("\xC6<"), {0xFFFD, '<'}, {1, 1}},
        {BYTES("\x8F\xB0<"), {0xFFFD, '<'}, {2, 1}},
        {BYTES("\x8E\xE0\x41"), {0xFFFD, 0x41}, {2, 1}},
        {BYTES("\x8F"), {0xFFFD}, {1}},
    };
    check_expectations(XJ_ENC_GB18030, gb, sizeof gb / sizeof *gb);
    check_expectations(XJ_ENC_BIG5, big5, sizeof big5 / sizeof *big5);
    check_expectations(XJ_ENC_SJIS, sjis, sizeof sjis / sizeof *sjis);
    check_expectations(XJ_ENC_EUCJP, eucjp, sizeof eucjp / sizeof *eucjp);
}

/* Every sequence of two or four bytes: what ICU reads as one character is that character here, apart from the
 * 18 pairs that moved in GB 18030-2022; what it does not read never takes an ASCII byte with it. */
static void test_decode__pairs_equal_the_converters(void **state)
{
    (void)state;
    static const xj_encoding encs[] = {XJ_ENC_GB18030, XJ_ENC_BIG5, XJ_ENC_EUCJP, XJ_ENC_SJIS};
    for (size_t e = 0; e < 4; e++) {
        UConverter *cnv = open_converter(encs[e]);
        size_t moved = 0, compared = 0;
        for (unsigned lead = 0x81; lead <= 0xFE; lead++) {
            uint8_t row[256 * 3];
            uint32_t expect[256];
            size_t n = 0;
            for (unsigned trail = 0x40; trail <= 0xFE; trail++) {
                uint8_t pair[2] = {(uint8_t)lead, (uint8_t)trail};
                UChar u[8];
                UErrorCode icu = U_ZERO_ERROR;
                int32_t len = ucnv_toUChars(cnv, u, 8, (const char *)pair, 2, &icu);
                assert_true(U_SUCCESS(icu));
                expect[trail] = len == 1 && u[0] != 0xFFFD && u[0] != 0x1A ? u[0] : 0;
                if (len == 2 && U16_IS_LEAD(u[0]))
                    expect[trail] = (uint32_t)U16_GET_SUPPLEMENTARY(u[0], u[1]);
                if (encs[e] == XJ_ENC_EUCJP && lead == 0x8E && trail > 0xDF)
                    expect[trail] =
                        0; /* five signs that ICU has after the half-width kana, the standard not */
                row[n++] = pair[0];
                row[n++] = pair[1];
                row[n++] = '\n';
            }
            xji_text t = XJI_TEXT_INIT;
            xji_decode_info info;
            assert_int_equal(xji_decode_as(&t, &info, encs[e], row, n, NULL, NULL), XJ_OK);
            check_ranges(&t, 0, n);
            size_t i = 0;
            for (unsigned trail = 0x40; trail <= 0xFE; trail++) {
                if (expect[trail] && t.cp[i] != 0xFFFD && t.len[i] == 2) {
                    compared++;
                    if (t.cp[i] != expect[trail]) {
                        assert_int_equal(encs[e], XJ_ENC_GB18030);
                        assert_in_range(expect[trail], 0xE78D, 0xE864);
                        moved++;
                    }
                } else if (expect[trail]) {
                    fail_msg("%s %02X %02X is U+%04X", xj_encoding_name(encs[e]), lead, trail,
                             expect[trail]);
                }
                bool ascii_seen =
                    trail >= 0x80; /* a trail byte in ASCII is part of a character, or itself */
                for (; i < t.n && t.cp[i] != '\n'; i++)
                    ascii_seen = ascii_seen || t.cp[i] == trail || expect[trail];
                assert_true(ascii_seen);
                assert_true(i < t.n);
                i++;
            }
            xji_text_release(&t);
        }
        assert_int_equal(moved, encs[e] == XJ_ENC_GB18030 ? 18 : 0);
        assert_true(compared > 6000);
        ucnv_close(cnv);
    }
}

static void test_decode__every_scalar_in_gb18030_and_utf(void **state)
{
    (void)state;
    static const xj_encoding encs[] = {XJ_ENC_GB18030, XJ_ENC_UTF8,    XJ_ENC_UTF16LE,
                                       XJ_ENC_UTF16BE, XJ_ENC_UTF32LE, XJ_ENC_UTF32BE};
    enum { ALL = 0x110000 };
    uint32_t *cp = malloc(ALL * sizeof *cp);
    assert_non_null(cp);
    size_t n = 0;
    for (uint32_t c = 0; c < ALL; c++)
        if (c != 0xFFFD && (c < 0xD800 || (c > 0xDFFF && c < 0xE000) || c > 0xF8FF) &&
            (c < 0x9FB4 || c > 0x9FBB) && (c < 0xFE10 || c > 0xFE19))
            cp[n++] = c;
    for (size_t e = 0; e < sizeof encs / sizeof *encs; e++) {
        sample s;
        make_sample(&s, cp, n, encs[e], false);
        assert_int_equal(s.left_out, 0);
        xji_text t = XJI_TEXT_INIT;
        xji_decode_info info;
        assert_int_equal(xji_decode_as(&t, &info, encs[e], s.bytes, s.n_bytes, NULL, NULL), XJ_OK);
        assert_int_equal(info.ill_formed, 0);
        check_text(&t, &s);
        xji_text_release(&t);
        free_sample(&s);
    }
    free(cp);
}

/* ---- marks ---- */

static const char simplified[] =
    "关于推进法治政府建设情况的报告\n\n一、主要做法\n(一)加强组织领导。成立由镇长任组长的领导小组，"
    "全年召开专题会议6次，研究解决“执法难”问题12个；落实《行政复议法》，办理案件3起，群众满意率达98"
    ".5%。\n"
    "(二)坚持依法决策。对涉及群众切身利益的事项，认真听取各方面意见，做到公开、公平、公正。\n";

static const char traditional[] =
    "關於推動法治政府建設情形的報告\n\n一、主要作法\n(一)"
    "加強組織領導。由鄉長擔任召集人，全年召開專案會議6次，"
    "研究解決「執法難」問題12件；落實訴願制度，辦理案件3件，民眾滿意率達98.5%。\n"
    "(二)堅持依法決策。對於涉及民眾切身權益的事項，認真聽取各界意見，做到公開、公平、公正。\n";

static const char japanese[] = "行政手続きのオンライン化について\n\n本市では、市民の皆さまが窓口に"
                               "来なくても手続きができるように、"
                               "オンラインによる申請の受付を進めています。昨年度は12の手続きを追加"
                               "し、利用件数は3,500件となりました。"
                               "これからも分かりやすいサービスの提供に努めます。\n";

static void test_decode__marks_decide_and_are_not_text(void **state)
{
    (void)state;
    static const xj_encoding encs[] = {XJ_ENC_UTF8,    XJ_ENC_UTF16LE, XJ_ENC_UTF16BE,
                                       XJ_ENC_UTF32LE, XJ_ENC_UTF32BE, XJ_ENC_GB18030};
    static const unsigned mark_bytes[] = {3, 2, 2, 4, 4, 4};
    static const char *const texts[] = {simplified, "ascii only\n", "a", ""};
    for (size_t e = 0; e < sizeof encs / sizeof *encs; e++) {
        for (size_t k = 0; k < 4; k++) {
            sample s;
            make_sample_utf8(&s, texts[k], encs[e], true);
            xji_decode_info info = check_detected(&s, encs[e]);
            assert_int_equal(info.by, XJI_BY_BOM);
            assert_int_equal(info.bom_bytes, mark_bytes[e]);
            assert_int_equal(info.confidence, 100);
            free_sample(&s);
        }
    }
}

static void test_decode__a_mark_holds_over_ill_formed_text(void **state)
{
    (void)state;
    static const char bytes[] = "\xEF\xBB\xBF"
                                "a\xD6\xD0\xB9\xFA\0b";
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    assert_int_equal(xji_decode(&t, &info, (const uint8_t *)bytes, sizeof bytes - 1, NULL, NULL),
                     XJ_OK);
    assert_int_equal(info.encoding, XJ_ENC_UTF8);
    assert_int_equal(info.by, XJI_BY_BOM);
    assert_int_equal(info.ill_formed, 2); /* D6, FA; D0 B9 happens to be well-formed */
    assert_int_equal(t.n, 6);
    check_ranges(&t, 3, sizeof bytes - 1);
    xji_text_release(&t);
}

static void test_decode__a_forced_encoding_skips_only_its_own_mark(void **state)
{
    (void)state;
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    assert_int_equal(
        xji_decode_as(&t, &info, XJ_ENC_UTF8, (const uint8_t *)"\xEF\xBB\xBFx", 4, NULL, NULL),
        XJ_OK);
    assert_int_equal(info.bom_bytes, 3);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.beg[0], 3);
    assert_int_equal(
        xji_decode_as(&t, &info, XJ_ENC_UTF8, (const uint8_t *)"\xFF\xFEx", 3, NULL, NULL), XJ_OK);
    assert_int_equal(info.bom_bytes, 0);
    assert_int_equal(t.n, 3);
    assert_int_equal(info.ill_formed, 2);
    xji_text_release(&t);
}

/* ---- detection ---- */

static void test_decode__valid_utf8_wins(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "plain ASCII, nothing else\n", simplified, traditional,
                                        japanese};
    for (size_t k = 0; k < 5; k++) {
        sample s;
        make_sample_utf8(&s, texts[k], XJ_ENC_UTF8, false);
        xji_decode_info info = check_detected(&s, XJ_ENC_UTF8);
        assert_int_equal(info.by, XJI_BY_VALIDITY);
        assert_int_equal(info.confidence, 100);
        assert_int_equal(info.bom_bytes, 0);
        free_sample(&s);
    }
}

static void test_decode__every_encoding_of_prose(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        xj_encoding enc;
    } cases[] = {
        {simplified, XJ_ENC_GB18030},  {simplified, XJ_ENC_UTF16LE},  {simplified, XJ_ENC_UTF16BE},
        {traditional, XJ_ENC_GB18030}, {traditional, XJ_ENC_UTF16LE}, {traditional, XJ_ENC_UTF16BE},
        {traditional, XJ_ENC_BIG5},    {japanese, XJ_ENC_EUCJP},      {japanese, XJ_ENC_SJIS},
        {japanese, XJ_ENC_UTF16LE},    {japanese, XJ_ENC_UTF16BE},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sample s;
        make_sample_utf8(&s, cases[k].text, cases[k].enc, false);
        assert_int_equal(s.left_out, 0);
        xji_decode_info info = check_detected(&s, cases[k].enc);
        assert_int_equal(info.by, XJI_BY_SCORE);
        assert_true(info.confidence >= 90 && info.confidence <= 99);
        check_alone(&s, cases[k].enc);
        free_sample(&s);
    }
}

/* Each decodes in the other encoding without any error, into nonsense. */
static void test_decode__big5_and_gb18030_that_are_valid_in_each_other(void **state)
{
    (void)state;
    static const char gb_text[] = "我国行政复议机关依法受理公民申请，作出决定";
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    sample s;
    make_sample_utf8(&s, traditional, XJ_ENC_BIG5, false);
    assert_int_equal(xji_decode_as(&t, &info, XJ_ENC_GB18030, s.bytes, s.n_bytes, NULL, NULL),
                     XJ_OK);
    assert_int_equal(info.ill_formed, 0);
    check_detected(&s, XJ_ENC_BIG5);
    free_sample(&s);
    make_sample_utf8(&s, gb_text, XJ_ENC_GB18030, false);
    assert_int_equal(xji_decode_as(&t, &info, XJ_ENC_BIG5, s.bytes, s.n_bytes, NULL, NULL), XJ_OK);
    assert_int_equal(info.ill_formed, 0);
    check_detected(&s, XJ_ENC_GB18030);
    free_sample(&s);
    xji_text_release(&t);
}

static void test_decode__titles_of_six_to_ten_characters(void **state)
{
    (void)state;
    static const char *const hans[] = {"法治政府建设报告", "政府工作报告",     "关于印发规划的通知",
                                       "枫桥经验",         "乡村振兴实施方案", "2025年度工作总结",
                                       "信访工作条例"};
    static const char *const hant[] = {"政府工作報告",       "法治建設年度報告",
                                       "關於印發規劃的通知", "行政程序法施行細則",
                                       "楓橋經驗",           "鄉村振興實施方案"};
    sample s;
    for (size_t k = 0; k < sizeof hans / sizeof *hans; k++) {
        make_sample_utf8(&s, hans[k], XJ_ENC_GB18030, false);
        check_detected(&s, XJ_ENC_GB18030);
        free_sample(&s);
    }
    for (size_t k = 0; k < sizeof hant / sizeof *hant; k++) {
        make_sample_utf8(&s, hant[k], XJ_ENC_BIG5, false);
        check_detected(&s, XJ_ENC_BIG5);
        free_sample(&s);
    }
}

static void test_decode__damaged_utf8_stays_utf8(void **state)
{
    (void)state;
    size_t n_text = strlen(simplified);
    for (size_t step = 7; step < 120; step += 3) {
        uint8_t *bytes = malloc(n_text);
        assert_non_null(bytes);
        memcpy(bytes, simplified, n_text);
        size_t broken = 0;
        for (size_t i = step; i < n_text; i += step, broken++)
            bytes[i] = (uint8_t)(0xF8 + i % 8);
        xji_text t = XJI_TEXT_INIT;
        xji_decode_info info;
        xji_log log = XJI_LOG_INIT;
        assert_int_equal(xji_decode(&t, &info, bytes, n_text, &log, NULL), XJ_OK);
        assert_int_equal(info.encoding, XJ_ENC_UTF8);
        assert_int_equal(info.by, XJI_BY_SCORE);
        assert_true(info.ill_formed >= broken);
        assert_int_equal(log.count[XJI_CHANGE_ILL_FORMED], info.ill_formed);
        check_ranges(&t, 0, n_text);
        xji_text_release(&t);
        xji_log_release(&log);
        free(bytes);
    }
}

/* A character cut off at the end, and a byte that strayed into GB 18030. */
static void test_decode__a_damaged_file_keeps_its_encoding(void **state)
{
    (void)state;
    sample s;
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    make_sample_utf8(&s, simplified, XJ_ENC_GB18030, false);
    s.bytes[s.n_bytes - 1] = 0xD6;
    s.bytes[s.beg[20]] = 0xFF;
    assert_int_equal(xji_decode(&t, &info, s.bytes, s.n_bytes, NULL, NULL), XJ_OK);
    assert_int_equal(info.encoding, XJ_ENC_GB18030);
    assert_true(info.ill_formed >= 2);
    check_ranges(&t, 0, s.n_bytes);
    free_sample(&s);
    make_sample_utf8(&s, simplified, XJ_ENC_UTF16LE, false);
    assert_int_equal(xji_decode(&t, &info, s.bytes, s.n_bytes - 1, NULL, NULL), XJ_OK);
    assert_int_equal(info.encoding, XJ_ENC_UTF16LE);
    assert_int_equal(info.ill_formed, 1);
    assert_int_equal(t.cp[t.n - 1], 0xFFFD);
    assert_int_equal(t.len[t.n - 1], 1);
    free_sample(&s);
    xji_text_release(&t);
}

/* Bytes as they are, decoded; the encoding is demanded, ill-formed bytes are counted. */
static uint64_t ill_formed_in(const void *bytes, size_t n, xj_encoding enc)
{
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    xj_error err = XJ_ERROR_INIT;
    if (xji_decode(&t, &info, bytes, n, NULL, &err) != XJ_OK)
        fail_msg("%s", err.message);
    assert_string_equal(xj_encoding_name(info.encoding), xj_encoding_name(enc));
    check_ranges(&t, info.bom_bytes, n);
    xji_text_release(&t);
    return info.ill_formed;
}

/* Windows quotes and Latin-1 letters: U+FFFD each, and no letter after them is lost. */
static void test_decode__western_text_is_ascii_with_damage(void **state)
{
    (void)state;
    static const char english[] =
        "The company\x92s annual report said \x93it is fine\x94, and so on it goes.\n";
    static const char french[] =
        "Le gouvernement a pr\xE9sent\xE9 son rapport, accept\xE9 par tous.\n";
    assert_int_equal(ill_formed_in(english, sizeof english - 1, XJ_ENC_UTF8), 3);
    assert_int_equal(ill_formed_in(french, sizeof french - 1, XJ_ENC_UTF8), 3);
}

/* Lines of box drawing outnumber the text; found in real law texts. */
static void test_decode__tables_of_box_drawing(void **state)
{
    (void)state;
    static const char table[] =
        "第二條 在途期間之標準如下表：\r\n┌─────┬─────┬──┐\r\n│縣市別│日數  │備考│\r\n"
        "├─────┼─────┼──┤\r\n│臺北市│三    │    │\r\n├─────┼─────┼──┤\r\n"
        "│新北市│二日  │    │\r\n└─────┴─────┴──┘\r\n";
    sample s;
    make_sample_utf8(&s, table, XJ_ENC_GB18030, false);
    check_detected(&s, XJ_ENC_GB18030);
    free_sample(&s);
    make_sample_utf8(&s, table, XJ_ENC_BIG5, false);
    check_detected(&s, XJ_ENC_BIG5);
    free_sample(&s);
}

static void test_decode__minority_scripts(void **state)
{
    (void)state;
    static const char *const texts[] = {"བོད་རང་སྐྱོང་ལྗོངས་མི་དམངས་སྲིད་གཞུང་གི་ལས་དོན་སྙན་ཞུ།\n",
                                        "ھۆكۈمەت خىزمەت دوكلاتى يىللىق پىلان\n"};
    static const xj_encoding encs[] = {XJ_ENC_GB18030, XJ_ENC_UTF16LE, XJ_ENC_UTF16BE};
    for (size_t k = 0; k < 6; k++) {
        sample s;
        make_sample_utf8(&s, texts[k % 2], encs[k / 2], false);
        check_detected(&s, encs[k / 2]);
        free_sample(&s);
    }
}

static void test_decode__a_title_in_another_encoding_is_outvoted(void **state)
{
    (void)state;
    sample title, body;
    make_sample_utf8(&title, "关于推进法治政府建设情况的报告\n", XJ_ENC_GB18030, false);
    make_sample_utf8(&body, simplified, XJ_ENC_UTF8, false);
    size_t n = title.n_bytes + body.n_bytes;
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    memcpy(bytes, title.bytes, title.n_bytes);
    memcpy(bytes + title.n_bytes, body.bytes, body.n_bytes);
    assert_true(ill_formed_in(bytes, n, XJ_ENC_UTF8) > 10);
    free(bytes);
    free_sample(&title);
    free_sample(&body);
}

static void test_decode__chinese_after_much_ascii(void **state)
{
    (void)state;
    sample s;
    make_sample_utf8(&s, simplified, XJ_ENC_GB18030, false);
    size_t before = 2000001, n = before + s.n_bytes;
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    memset(bytes, 'x', before);
    memcpy(bytes + before, s.bytes, s.n_bytes);
    assert_int_equal(ill_formed_in(bytes, n, XJ_ENC_GB18030), 0);
    free(bytes);
    free_sample(&s);
}

/* ---- refusals ---- */

static void refuse(const void *bytes, size_t n, const char *message)
{
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    xj_error err = XJ_ERROR_INIT;
    assert_int_equal(xji_text_push(&t, 'x', 0, 1, 0, NULL), XJ_OK);
    assert_int_equal(xji_decode(&t, &info, bytes, n, NULL, &err), XJ_EINPUT);
    if (!strstr(err.message, message))
        fail_msg("message: %s", err.message);
    assert_int_equal(t.n, 0);
    xji_text_release(&t);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void test_decode__binary_is_refused(void **state)
{
    (void)state;
    static const char elf[64] = "\x7F"
                                "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0\x3E\0\x01\0\0\0\x40\x10";
    static const char png[] = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\x01\0\0\0\x01\0\x08\x06\0\0\0";
    refuse(elf, sizeof elf, "looks binary: NUL byte at offset 7");
    refuse(png, sizeof png - 1, "looks binary: NUL byte at offset 8");
    refuse("text with a\0NUL", 15, "looks binary: NUL byte at offset 11");
    refuse("\0", 1, "looks binary: NUL byte at offset 0");
    uint16_t small[500];
    for (size_t i = 0; i < 500; i++)
        small[i] = (uint16_t)(i % 100);
    refuse(small, sizeof small, "looks binary: NUL byte at offset 0");

    uint64_t seed = 20260101;
    uint8_t noise[4096];
    for (size_t i = 0; i < sizeof noise; i++)
        do
            noise[i] = (uint8_t)(next_random(&seed) >> 32);
        while (noise[i] == 0);
    refuse(noise, sizeof noise, "no known encoding fits");
    refuse("\xFF", 1, "no known encoding fits");
}

static void test_decode__nul_after_the_first_8_kib_is_text(void **state)
{
    (void)state;
    size_t n = 8200;
    uint8_t *bytes = malloc(n);
    assert_non_null(bytes);
    memset(bytes, 'a', n);
    bytes[8192] = 0;
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    assert_int_equal(xji_decode(&t, &info, bytes, n, NULL, NULL), XJ_OK);
    assert_int_equal(info.encoding, XJ_ENC_UTF8);
    assert_int_equal(t.n, n);
    assert_int_equal(t.cp[8192], 0);
    bytes[8191] = 0;
    assert_int_equal(xji_decode(&t, &info, bytes, n, NULL, NULL), XJ_EINPUT);
    xji_text_release(&t);
    free(bytes);
}

static void test_decode__ascii_in_utf16_without_mark_is_text(void **state)
{
    (void)state;
    static const char text[] = "annual report 2025, part 1\nno other characters here\n";
    sample s;
    make_sample_utf8(&s, text, XJ_ENC_UTF16LE, false);
    check_detected(&s, XJ_ENC_UTF16LE);
    free_sample(&s);
    make_sample_utf8(&s, text, XJ_ENC_UTF16BE, false);
    check_detected(&s, XJ_ENC_UTF16BE);
    free_sample(&s);
}

/* ---- random bytes ---- */

static void fill_random(uint8_t *bytes, size_t n, uint64_t *seed)
{
    static const uint8_t bases[] = {0x00, 0x20, 0x40, 0x80, 0xA1, 0xB0, 0xE4, 0xF0};
    unsigned kind = (unsigned)(next_random(seed) % 4);
    for (size_t i = 0; i < n; i++) {
        uint64_t r = next_random(seed) >> 16;
        bytes[i] = (uint8_t)r;
        if (kind == 1) /* no NUL, many high bytes */
            bytes[i] = (uint8_t)(bytes[i] | (r >> 8 & 3 ? 0x80 : 0x20));
        else if (kind == 2) /* bytes that begin or end something */
            bytes[i] = (uint8_t)(bases[r >> 8 & 7] + (r & 15));
        else if (kind == 3) /* well-formed, with a few bytes changed below */
            bytes[i] = (uint8_t)simplified[i % (sizeof simplified - 1)];
    }
    for (size_t k = 0; kind == 3 && n > 0 && k < 3; k++)
        bytes[next_random(seed) % n] = (uint8_t)next_random(seed);
}

static void test_decode__random_bytes_give_scalars_that_cover_them(void **state)
{
    (void)state;
    uint64_t seed = UINT64_C(0x9E3779B97F4A7C15);
    print_message("seed %llu\n", (unsigned long long)seed);
    xji_text t = XJI_TEXT_INIT;
    for (size_t round = 0; round < 100000; round++) {
        size_t n = next_random(&seed) % 80;
        uint8_t *bytes = malloc(n ? n : 1);
        assert_non_null(bytes);
        fill_random(bytes, n, &seed);
        xji_decode_info info;
        xj_encoding enc = (xj_encoding)(round % XJ_ENC_COUNT);
        assert_int_equal(xji_decode_as(&t, &info, enc, bytes, n, NULL, NULL), XJ_OK);
        check_ranges(&t, info.bom_bytes, n);
        if (round % 8 == 0) {
            xj_status st = xji_decode(&t, &info, bytes, n, NULL, NULL);
            assert_true(st == XJ_OK || st == XJ_EINPUT);
            if (st == XJ_OK)
                check_ranges(&t, info.bom_bytes, n);
            else
                assert_int_equal(t.n, 0);
        }
        free(bytes);
    }
    xji_text_release(&t);
}

/* ---- the five real reports ---- */

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long size = ftell(f);
    assert_true(size > 0);
    rewind(f);
    char *bytes = malloc((size_t)size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, f), (size_t)size);
    fclose(f);
    *n = (size_t)size;
    return bytes;
}

static bool is_syllable_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0x1DC);
}

/* Without injected pinyin, and without lines that hold a '?', which were damaged. Returns the new length. */
static size_t without_damage(uint32_t *cp, size_t n)
{
    size_t out = 0, line = 0;
    bool damaged = false;
    for (size_t i = 0; i < n; i++) {
        if (cp[i] == '(') {
            size_t j = i + 1;
            while (j < n && is_syllable_letter(cp[j]))
                j++;
            if (j > i + 1 && j < n && cp[j] == ')') {
                i = j;
                continue;
            }
        }
        damaged = damaged || cp[i] == '?';
        cp[out++] = cp[i];
        if (cp[i] == '\n') {
            if (damaged)
                out = line;
            line = out;
            damaged = false;
        }
    }
    return out;
}

static void check_report(uint32_t *cp, size_t n, bool is_traditional)
{
    static const struct {
        xj_encoding enc;
        bool mark;
    } forms[] = {
        {XJ_ENC_UTF8, false},    {XJ_ENC_UTF8, true},    {XJ_ENC_GB18030, false},
        {XJ_ENC_UTF16LE, false}, {XJ_ENC_UTF16LE, true}, {XJ_ENC_UTF16BE, false},
        {XJ_ENC_UTF16BE, true},  {XJ_ENC_UTF32LE, true},
    };
    sample s;
    for (size_t k = 0; k < sizeof forms / sizeof *forms; k++) {
        make_sample(&s, cp, n, forms[k].enc, forms[k].mark);
        assert_int_equal(s.left_out, 0);
        xji_decode_info info = check_detected(&s, forms[k].enc);
        assert_true(info.confidence >= 95);
        check_alone(&s, forms[k].enc);
        free_sample(&s);
    }
    if (is_traditional) {
        n = without_damage(cp, n);
        make_sample(&s, cp, n, XJ_ENC_BIG5, false);
        assert_true(s.n > 2000 && s.left_out * 100 < n);
        assert_true(check_detected(&s, XJ_ENC_BIG5).confidence >= 95);
        check_alone(&s, XJ_ENC_BIG5);
        free_sample(&s);
    }
}

static void test_decode__real_reports_in_other_encodings(void **state)
{
    (void)state;
    const char *seeds = XJ_SEEDS;
    DIR *dir = *seeds ? opendir(seeds) : NULL;
    if (!dir) {
        print_message("skipped: no seed reports\n");
        skip();
        return;
    }
    size_t reports = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        size_t len = strlen(e->d_name);
        if (len < 4 || strcmp(e->d_name + len - 4, ".txt") != 0)
            continue;
        char path[4096];
        assert_in_range(snprintf(path, sizeof path, "%s/%s", seeds, e->d_name), 1, sizeof path - 1);
        size_t n_bytes, n;
        char *bytes = read_file(path, &n_bytes);
        uint32_t *cp = points(bytes, n_bytes, &n);
        check_report(cp, n, strncmp(e->d_name, "001", 3) == 0);
        free(cp);
        free(bytes);
        reports++;
    }
    closedir(dir);
    assert_int_equal(reports, 5);
}

/* ---- results that replace earlier ones ---- */

static void test_decode__results_replace_what_was_there(void **state)
{
    (void)state;
    xji_text t = XJI_TEXT_INIT;
    xji_decode_info info;
    assert_int_equal(
        xji_decode(&t, &info, (const uint8_t *)simplified, sizeof simplified - 1, NULL, NULL),
        XJ_OK);
    assert_int_equal(xji_decode(&t, &info, (const uint8_t *)"ab", 2, NULL, NULL), XJ_OK);
    assert_int_equal(t.n, 2);
    assert_int_equal(xji_decode(&t, &info, NULL, 0, NULL, NULL), XJ_OK);
    assert_int_equal(t.n, 0);
    assert_int_equal(info.encoding, XJ_ENC_UTF8);
    assert_int_equal(xji_decode_as(&t, &info, XJ_ENC_BIG5, NULL, 0, NULL, NULL), XJ_OK);
    assert_int_equal(t.n, 0);
    xji_text_release(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__maximal_subparts_of_utf8),
        cmocka_unit_test(test_decode__utf8_fast_paths_equal_the_careful_decoder),
        cmocka_unit_test(test_decode__ill_formed_utf16_and_utf32),
        cmocka_unit_test(test_decode__ill_formed_multi_byte_keeps_ascii),
        cmocka_unit_test(test_decode__pairs_equal_the_converters),
        cmocka_unit_test(test_decode__every_scalar_in_gb18030_and_utf),
        cmocka_unit_test(test_decode__marks_decide_and_are_not_text),
        cmocka_unit_test(test_decode__a_mark_holds_over_ill_formed_text),
        cmocka_unit_test(test_decode__a_forced_encoding_skips_only_its_own_mark),
        cmocka_unit_test(test_decode__valid_utf8_wins),
        cmocka_unit_test(test_decode__every_encoding_of_prose),
        cmocka_unit_test(test_decode__big5_and_gb18030_that_are_valid_in_each_other),
        cmocka_unit_test(test_decode__titles_of_six_to_ten_characters),
        cmocka_unit_test(test_decode__damaged_utf8_stays_utf8),
        cmocka_unit_test(test_decode__a_damaged_file_keeps_its_encoding),
        cmocka_unit_test(test_decode__western_text_is_ascii_with_damage),
        cmocka_unit_test(test_decode__tables_of_box_drawing),
        cmocka_unit_test(test_decode__minority_scripts),
        cmocka_unit_test(test_decode__a_title_in_another_encoding_is_outvoted),
        cmocka_unit_test(test_decode__chinese_after_much_ascii),
        cmocka_unit_test(test_decode__binary_is_refused),
        cmocka_unit_test(test_decode__nul_after_the_first_8_kib_is_text),
        cmocka_unit_test(test_decode__ascii_in_utf16_without_mark_is_text),
        cmocka_unit_test(test_decode__random_bytes_give_scalars_that_cover_them),
        cmocka_unit_test(test_decode__real_reports_in_other_encodings),
        cmocka_unit_test(test_decode__results_replace_what_was_there),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
