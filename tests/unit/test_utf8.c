/*
 * UTF-8 against table 3-7 of the Unicode Standard, written out below row by row. A maximal subpart is the longest
 * beginning of a row of that table that stands at the place, or one byte when there is none.
 */
#include "xj/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Rows of table 3-7: the range of each byte. */
static const struct {
    size_t n;
    uint8_t lo[4], hi[4];
} rows[] = {
    {1, {0x00}, {0x7F}},
    {2, {0xC2, 0x80}, {0xDF, 0xBF}},
    {3, {0xE0, 0xA0, 0x80}, {0xE0, 0xBF, 0xBF}},
    {3, {0xE1, 0x80, 0x80}, {0xEC, 0xBF, 0xBF}},
    {3, {0xED, 0x80, 0x80}, {0xED, 0x9F, 0xBF}},
    {3, {0xEE, 0x80, 0x80}, {0xEF, 0xBF, 0xBF}},
    {4, {0xF0, 0x90, 0x80, 0x80}, {0xF0, 0xBF, 0xBF, 0xBF}},
    {4, {0xF1, 0x80, 0x80, 0x80}, {0xF3, 0xBF, 0xBF, 0xBF}},
    {4, {0xF4, 0x80, 0x80, 0x80}, {0xF4, 0x8F, 0xBF, 0xBF}},
};

/* What decoding s must give, by the table alone. */
static size_t expect(const uint8_t *s, size_t len, uint32_t *cp, bool *bad)
{
    size_t best = 1;
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        size_t k = 0;
        while (k < rows[r].n && k < len && s[k] >= rows[r].lo[k] && s[k] <= rows[r].hi[k])
            k++;
        if (k == rows[r].n) {
            static const uint8_t head[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
            *cp = s[0] & head[k];
            for (size_t i = 1; i < k; i++)
                *cp = *cp * 64 + (s[i] - 0x80u);
            *bad = false;
            return k;
        }
        if (k > best)
            best = k;
    }
    *cp = 0xFFFD;
    *bad = true;
    return best;
}

static void check(const uint8_t *s, size_t len)
{
    uint32_t cp = 0, want_cp;
    bool bad = false, want_bad;
    size_t want = expect(s, len, &want_cp, &want_bad), got = xj_utf8_decode(s, len, &cp, &bad);
    if (got != want || cp != want_cp || bad != want_bad)
        fail_msg("%02X %02X %02X %02X (%zu bytes): took %zu, U+%04X%s; expected %zu, U+%04X%s", s[0], len > 1 ? s[1] : 0,
                 len > 2 ? s[2] : 0, len > 3 ? s[3] : 0, len, got, (unsigned)cp, bad ? " bad" : "", want, (unsigned)want_cp,
                 want_bad ? " bad" : "");
}

static void test_utf8__one_and_two_bytes_exhaustively(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        uint8_t one[1] = {(uint8_t)a};
        check(one, 1);
        for (unsigned b = 0; b < 256; b++) {
            uint8_t two[2] = {(uint8_t)a, (uint8_t)b};
            check(two, 2);
        }
    }
}

static void test_utf8__three_bytes_exhaustively(void **state)
{
    (void)state;
    for (unsigned a = 0x80; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (unsigned c = 0; c < 256; c++) {
                uint8_t s[3] = {(uint8_t)a, (uint8_t)b, (uint8_t)c};
                check(s, 3);
            }
}

/* Every class of byte that table 3-7 tells apart, in all four places. */
static void test_utf8__four_bytes_at_the_edges(void **state)
{
    (void)state;
    static const uint8_t edge[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1,
                                   0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFB, 0xFC, 0xFE, 0xFF};
    enum { N = sizeof edge };
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++)
            for (size_t c = 0; c < N; c++)
                for (size_t d = 0; d < N; d++) {
                    uint8_t s[4] = {edge[a], edge[b], edge[c], edge[d]};
                    check(s, 4);
                }
    for (unsigned a = 0xF0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            uint8_t s[4] = {(uint8_t)a, (uint8_t)b, 0x80, 0xBF};
            check(s, 4);
        }
}

static void test_utf8__all_code_points_round_trip(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp < 0x110000; cp++) {
        uint8_t s[4];
        uint32_t back;
        bool bad;
        bool surrogate = cp >= 0xD800 && cp <= 0xDFFF;
        size_t n = xj_utf8_encode(s, cp), want = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
        if (n != want || xj_utf8_len(cp) != n || xj_utf8_decode(s, n, &back, &bad) != n || bad ||
            back != (surrogate ? 0xFFFD : cp) || !xj_utf8_valid(s, n))
            fail_msg("U+%04X does not round trip", (unsigned)cp);
        for (size_t cut = 1; cut < n; cut++) {
            size_t took = xj_utf8_decode(s, cut, &back, &bad);
            if (took != cut || !bad || back != 0xFFFD || xj_utf8_valid(s, cut))
                fail_msg("U+%04X cut to %zu bytes", (unsigned)cp, cut);
        }
    }
}

static void test_utf8__values_outside_unicode(void **state)
{
    (void)state;
    static const uint32_t outside[] = {0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0x110000, 0x1FFFFF, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        uint8_t s[4] = {0, 0, 0, 0x55};
        assert_int_equal(xj_utf8_len(outside[i]), 3);
        assert_int_equal(xj_utf8_encode(s, outside[i]), 3);
        assert_memory_equal(s, "\xEF\xBF\xBD\x55", 4);
    }
}

static void expect_parts(const char *s, size_t n, const size_t *parts, size_t n_parts)
{
    size_t at = 0;
    for (size_t i = 0; i < n_parts; i++) {
        uint32_t cp;
        bool bad;
        assert_true(at < n);
        size_t took = xj_utf8_decode((const uint8_t *)s + at, n - at, &cp, &bad);
        assert_int_equal(took, parts[i]);
        at += took;
    }
    assert_int_equal(at, n);
}

static void test_utf8__maximal_subparts(void **state)
{
    (void)state;
    /* Tables 3-8 to 3-11 of the Unicode Standard. */
    expect_parts("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 9, (const size_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 9);
    expect_parts("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 9, (const size_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 9);
    expect_parts("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 9, (const size_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1}, 9);
    expect_parts("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 9, (const size_t[]){2, 1, 3, 2, 1}, 5);
}

static void test_utf8__bad_may_be_null(void **state)
{
    (void)state;
    uint32_t cp;
    assert_int_equal(xj_utf8_decode((const uint8_t *)"\xFF", 1, &cp, NULL), 1);
    assert_true(cp == 0xFFFD);
    assert_int_equal(xj_utf8_decode((const uint8_t *)"A", 1, &cp, NULL), 1);
    assert_true(cp == 'A');
}

static void test_utf8__valid_as_a_whole(void **state)
{
    (void)state;
    assert_true(xj_utf8_valid((const uint8_t *)"", 0));
    const char *text = "枫桥经验 abc \xF0\xA0\xAE\xB7 \xEF\xBF\xBD";
    size_t n = strlen(text);
    assert_true(xj_utf8_valid((const uint8_t *)text, n));
    for (size_t i = 0; i < n; i++) {
        uint8_t copy[64];
        memcpy(copy, text, n);
        copy[i] = 0xFF;
        assert_false(xj_utf8_valid(copy, n));
    }
    assert_true(xj_utf8_valid((const uint8_t *)"a\0b", 3));
}

/* Random bytes: the parts cover everything once, each as the table says; seed fixed. */
static void test_utf8__random_bytes(void **state)
{
    (void)state;
    uint64_t x = 20240531;
    print_message("seed 20240531\n");
    enum { N = 1 << 16 };
    uint8_t *s = malloc(N);
    assert_non_null(s);
    for (size_t i = 0; i < N; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        s[i] = (uint8_t)(x >> 56);
        if (x >> 40 & 1) /* more continuation bytes than chance gives */
            s[i] = (uint8_t)(0x80 | (s[i] & 0x3F));
    }
    size_t at = 0;
    while (at < N) {
        uint32_t cp;
        check(s + at, N - at);
        at += xj_utf8_decode(s + at, N - at, &cp, NULL);
    }
    assert_int_equal(at, N);
    free(s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__one_and_two_bytes_exhaustively),
        cmocka_unit_test(test_utf8__three_bytes_exhaustively),
        cmocka_unit_test(test_utf8__four_bytes_at_the_edges),
        cmocka_unit_test(test_utf8__all_code_points_round_trip),
        cmocka_unit_test(test_utf8__values_outside_unicode),
        cmocka_unit_test(test_utf8__maximal_subparts),
        cmocka_unit_test(test_utf8__bad_may_be_null),
        cmocka_unit_test(test_utf8__valid_as_a_whole),
        cmocka_unit_test(test_utf8__random_bytes),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
