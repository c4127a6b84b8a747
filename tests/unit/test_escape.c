/*
 * Escaping for terminal, TSV and JSON: what is unsafe never gets through, what is well-formed and harmless comes out as
 * it went in, and TSV can be undone byte by byte.
 */
#include "escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xj/utf8.h"

static char memory[65536];

typedef void (*escaper)(xji_out *o, const char *s, size_t n);

/* What an escaper makes of n bytes, NUL-terminated, valid until the next call. */
static const char *escaped(escaper f, const char *s, size_t n)
{
    xji_out o;
    xji_out_init(&o, -1, memory, sizeof memory - 1);
    f(&o, s, n);
    assert_int_equal(o.error, 0);
    memory[o.n] = '\0';
    return memory;
}

static void check(escaper f, const char *s, const char *expected)
{
    assert_string_equal(escaped(f, s, strlen(s)), expected);
}

static void test_escape__plain_shows_controls(void **state)
{
    (void)state;
    check(xji_escape_plain, "枫桥\x1B[31m经验\x07", "枫桥\\x1B[31m经验\\x07");
    check(xji_escape_plain, "a\tb\nc\rd\x7F", "a\\x09b\\x0Ac\\x0Dd\\x7F");
    check(xji_escape_plain, "\xC2\x85\xC2\x9B", "\\x85\\x9B"); /* C1 as UTF-8 */
    check(xji_escape_plain, "a\xE2\x80\xAE" "b\xE2\x81\xA6" "c", "a\\u202Eb\\u2066c");
    check(xji_escape_plain, "\xEF\xBB\xBF\xE2\x80\xA8\xC2\xAD", "\\uFEFF\\u2028\\xAD");
    check(xji_escape_plain, "\xF3\xA0\x80\x81", "\\u{E0001}");
    check(xji_escape_plain, "C:\\报告", "C:\\报告");
    assert_string_equal(escaped(xji_escape_plain, "a\0b", 3), "a\\x00b");
}

static void test_escape__plain_shows_ill_formed_bytes(void **state)
{
    (void)state;
    check(xji_escape_plain, "\xFF\xB7\xE3", "\\xFF\\xB7\\xE3");
    check(xji_escape_plain, "a\xE6\x9E", "a\\xE6\\x9E");
    check(xji_escape_plain, "\xED\xA0\x80", "\\xED\\xA0\\x80"); /* a surrogate */
}

static void test_escape__plain_keeps_text(void **state)
{
    (void)state;
    const char *text = "“枫桥经验”,１＋６＋Ｎ 𠀀邉󠄀 e\xCC\x81 😀　·";
    check(xji_escape_plain, text, text);
}

static void test_escape__tsv(void **state)
{
    (void)state;
    check(xji_escape_tsv, "a\tb\nc\rd\\e", "a\\tb\\nc\\rd\\\\e");
    check(xji_escape_tsv, "\x1B\x7F\xC2\x85\xE2\x80\xAE\xFF", "\\x1B\\x7F\\xC2\\x85\\xE2\\x80\\xAE\\xFF");
    check(xji_escape_tsv, "枫桥“经验” 😀", "枫桥“经验” 😀");
    assert_string_equal(escaped(xji_escape_tsv, "\0", 1), "\\x00");
    assert_string_equal(escaped(xji_escape_tsv, NULL, 0), "");
}

static void test_escape__json(void **state)
{
    (void)state;
    check(xji_escape_json, "a\"b\\c/", "\"a\\\"b\\\\c/\"");
    check(xji_escape_json, "\n\r\t\b\f\x1B\x7F", "\"\\n\\r\\t\\u0008\\u000C\\u001B\\u007F\"");
    check(xji_escape_json, "\xC2\x9B\xE2\x80\xA9\xE2\x80\xAE", "\"\\u009B\\u2029\\u202E\"");
    check(xji_escape_json, "\xF3\xA0\x80\x81", "\"\\uDB40\\uDC01\"");
    check(xji_escape_json, "\xFF枫\xE6\x9E", "\"\xEF\xBF\xBD枫\xEF\xBF\xBD\"");
    check(xji_escape_json, "枫桥😀", "\"枫桥😀\"");
    check(xji_escape_json, "", "\"\"");
}

/* Undo xji_escape_tsv in place; returns the bytes. */
static size_t unescape_tsv(char *s)
{
    char *out = s, *in = s;
    while (*in) {
        if (*in != '\\') {
            *out++ = *in++;
            continue;
        }
        char c = in[1];
        if (c == 'x') {
            char hex[3] = {in[2], in[3], '\0'};
            *out++ = (char)strtoul(hex, NULL, 16);
            in += 4;
        } else {
            *out++ = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : '\\';
            in += 2;
        }
    }
    return (size_t)(out - s);
}

static void test_escape__random_bytes(void **state)
{
    (void)state;
    unsigned seed = 20251121;
    print_message("seed %u\n", seed);
    for (int round = 0; round < 20000; round++) {
        char s[24];
        size_t n = 0;
        while (n < sizeof s) {
            seed = seed * 1103515245 + 12345;
            unsigned r = seed >> 16;
            if (r % 3 == 0) {
                s[n++] = (char)(r >> 3);
                continue;
            }
            uint8_t u[4];
            uint32_t cp = (r >> 3) % 0x3000;
            if (n + xj_utf8_len(cp) > sizeof s)
                break;
            size_t k = xj_utf8_encode(u, cp);
            memcpy(s + n, u, k);
            n += k;
        }
        static const escaper all[] = {xji_escape_plain, xji_escape_tsv, xji_escape_json};
        for (size_t f = 0; f < 3; f++) {
            const char *t = escaped(all[f], s, n);
            size_t left = strlen(t);
            assert_true(xj_utf8_valid((const uint8_t *)t, left));
            for (size_t i = 0; i < left;) {
                uint32_t cp;
                i += xj_utf8_decode((const uint8_t *)t + i, left - i, &cp, NULL);
                assert_false(xji_is_unsafe(cp));
            }
        }
        escaped(xji_escape_tsv, s, n);
        assert_int_equal(unescape_tsv(memory), n);
        assert_memory_equal(memory, s, n);
    }
}

static void test_escape__columns(void **state)
{
    (void)state;
    assert_int_equal(xji_plain_columns("abc", 3), 3);
    assert_int_equal(xji_plain_columns("枫桥", 6), 4);
    assert_int_equal(xji_plain_columns("“,。", 7), 5);
    assert_int_equal(xji_plain_columns("e\xCC\x81", 3), 1);
    assert_int_equal(xji_plain_columns("\x1B\xFF", 2), 8);
    assert_int_equal(xji_plain_columns("\xE2\x80\xAE", 3), 6);
    assert_int_equal(xji_plain_columns("\xF0\xA0\x80\x80", 4), 2);
}

static void elided(const char *s, size_t columns, const char *expected)
{
    xji_out o;
    xji_out_init(&o, -1, memory, sizeof memory - 1);
    size_t used = xji_escape_plain_elided(&o, s, strlen(s), columns);
    memory[o.n] = '\0';
    assert_string_equal(memory, expected);
    assert_int_equal(used, xji_plain_columns(expected, strlen(expected)));
    assert_true(used <= columns);
}

static void test_escape__elided(void **state)
{
    (void)state;
    elided("枫桥经验", 8, "枫桥经验");
    elided("枫桥经验", 7, "枫桥…");
    elided("枫桥经验", 6, "枫桥…");
    elided("枫桥经验", 2, "…");
    elided("a\x1B" "b", 5, "a…");
    elided("", 5, "");
}

static void test_output__lost_bytes_latch(void **state)
{
    (void)state;
    char small[4];
    xji_out o;
    xji_out_init(&o, -1, small, sizeof small);
    assert_true(xji_out_flush(&o)); /* nothing to write, nothing lost */
    xji_out_str(&o, "abc");
    assert_int_equal(o.error, 0);
    xji_out_str(&o, "de");
    assert_int_not_equal(o.error, 0);
    assert_false(xji_out_flush(&o));
    assert_false(xji_out_finish(&o));
}

static void test_output__goes_through_a_small_buffer(void **state)
{
    (void)state;
    char small[3], back[64] = "";
    FILE *f = tmpfile();
    assert_non_null(f);
    xji_out o;
    xji_out_init(&o, fileno(f), small, sizeof small);
    xji_out_str(&o, "0123456789");
    xji_out_u64(&o, UINT64_MAX);
    xji_out_double(&o, 17.25);
    xji_out_fixed(&o, 1.0 / 3, 4);
    xji_out_spaces(&o, 5);
    assert_true(xji_out_flush(&o));
    rewind(f);
    assert_non_null(fgets(back, sizeof back, f));
    assert_string_equal(back, "01234567891844674407370955161517.250.3333     ");
    fclose(f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape__plain_shows_controls),
        cmocka_unit_test(test_escape__plain_shows_ill_formed_bytes),
        cmocka_unit_test(test_escape__plain_keeps_text),
        cmocka_unit_test(test_escape__tsv),
        cmocka_unit_test(test_escape__json),
        cmocka_unit_test(test_escape__random_bytes),
        cmocka_unit_test(test_escape__columns),
        cmocka_unit_test(test_escape__elided),
        cmocka_unit_test(test_output__lost_bytes_latch),
        cmocka_unit_test(test_output__goes_through_a_small_buffer),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
