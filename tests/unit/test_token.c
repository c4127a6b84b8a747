/* Units of text against docs/TEXT.md section 3: a case for every rule, then random text. */
#include "xj/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xj/fold.h"
#include "xj/utf8.h"

enum { MAX = 1024 };

static size_t decode(uint32_t *cp, const char *s)
{
    size_t n = 0, len = strlen(s);
    for (size_t i = 0; i < len; n++) {
        assert_true(n < MAX);
        i += xj_utf8_decode((const uint8_t *)s + i, len - i, &cp[n], NULL);
    }
    return n;
}

static void read_text(xj_units *u, const char *s, unsigned flags)
{
    uint32_t cp[MAX];
    assert_int_equal(xj_units_read(u, cp, decode(cp, s), flags, NULL), XJ_OK);
}

/* Units as text: characters as they are, words in <>, breaking characters behind a backslash, LF as \n. */
static const char *show(const xj_units *u)
{
    static char out[16 * MAX];
    size_t n = 0;
    for (size_t i = 0; i < u->n; i++) {
        const xj_unit *x = &u->unit[i];
        switch (x->kind) {
        case XJ_UNIT_WORD:
            out[n++] = '<';
            memcpy(out + n, u->words + x->word_off, x->word_len);
            n += x->word_len;
            out[n++] = '>';
            break;
        case XJ_UNIT_BREAK:
            out[n++] = '\\';
            if (x->cp == '\n') {
                out[n++] = 'n';
                break;
            }
            /* fall through */
        default:
            n += xj_utf8_encode((uint8_t *)out + n, x->cp);
        }
    }
    out[n] = '\0';
    return out;
}

static void check_flags(const char *text, const char *want, unsigned flags)
{
    xj_units u = XJ_UNITS_INIT;
    read_text(&u, text, flags);
    if (strcmp(show(&u), want) != 0)
        fail_msg("'%s' became '%s', not '%s'", text, show(&u), want);
    xj_units_release(&u);
}

static void check(const char *text, const char *want)
{
    check_flags(text, want, 0);
}

static void test_token__kinds(void **state)
{
    (void)state;
    check("", "");
    check("枫桥经验", "枫桥经验");
    check("、。", "\\、\\。");
    check("abc", "<abc>");
    check("a枫b", "<a>枫<b>");
    check("ひらガナ한글ㄅ々〇ー", "ひらガナ한글ㄅ々〇ー");
    check("𠮷野家", "𠮷野家");
    check("Ελλάς Москва", "<ελλάσ><москва>");
    check("a\tb\nc", "<a><b>\\n<c>");
    check("!@#", "\\!\\@\\#");
    check("\xEF\xBF\xBD", "\\\xEF\xBF\xBD"); /* U+FFFD breaks */
}

static void test_token__soft_characters_separate_words_only(void **state)
{
    (void)state;
    check("新时代“枫桥经验”", "新时代枫桥经验");
    check("新时代 枫桥　经验", "新时代枫桥经验");
    check("《报告》【一】〈二〉「三」『四』·五・六", "报告一二三四五六");
    check("hello   world", "<hello><world>");
    check("hello“world”", "<hello><world>");
    check("1 300", "<1><300>");
    check("99.“9", "<99>\\.<9>");
    check("5\xC2\xA0G", "<5><g>"); /* NBSP */
}

static void test_token__invisible_characters_are_not_there(void **state)
{
    (void)state;
    check("枫\xE2\x80\x8B桥", "枫桥"); /* U+200B */
    check("wo\xC2\xADrd", "<word>");   /* soft hyphen */
    check("1\xE2\x80\x8B,\xE2\x80\x8B" "3\xE2\x80\x8B" "00", "<1,300>");
    check("\xEF\xBB\xBF", "");
    check("a\xEF\xB8\x8F", "<a>"); /* variation selector */
}

static void test_token__folding(void **state)
{
    (void)state;
    check("楓橋經驗", "枫桥经验");
    check("ＡＢＣ１２３", "<abc123>");
    check("５Ｇ網絡", "<5g>网络");
    check("１，３００", "<1,300>");
    check("，", "\\,");
    check("ﾄｳｷｮｳ", "トウキョウ");
}

static void test_token__underscore_joins_between_words(void **state)
{
    (void)state;
    check("running_well", "<running_well>");
    check("a_b_c", "<a_b_c>");
    check("_a", "\\_<a>");
    check("a_", "<a>\\_");
    check("a__b", "<a>\\_\\_<b>");
    check("1_2", "<1_2>");
    check("a_枫", "<a>\\_枫");
    check("a _b", "<a>\\_<b>");
    check("a_ b", "<a>\\_<b>");
}

static void test_token__dot_joins_between_digits(void **state)
{
    (void)state;
    check("3.14", "<3.14>");
    check("1.2.3", "<1.2.3>");
    check("v1.2", "<v1.2>");
    check("a.b", "<a>\\.<b>");
    check("1.a", "<1>\\.<a>");
    check("a.1", "<a>\\.<1>");
    check("1.", "<1>\\.");
    check(".5", "\\.<5>");
    check("1..5", "<1>\\.\\.<5>");
    check("1.5a", "<1.5a>");
    check("١.٢", "<١>\\.<٢>"); /* digits are 0-9 only */
}

static void test_token__dot_before_a_year_does_not_join(void **state)
{
    (void)state;
    check("1.2025年", "<1>\\.<2025>年");
    check("1.1999年", "<1>\\.<1999>年");
    check("12.2025年", "<12>\\.<2025>年");
    check("1.2025", "<1.2025>");
    check("1.2025月", "<1.2025>月");
    check("1.2125年", "<1.2125>年");
    check("1.1899年", "<1.1899>年");
    check("1.202年", "<1.202>年");
    check("1.20250年", "<1.20250>年");
    check("1.2025 年", "<1.2025>年"); /* followed by a space */
    check("1.2.2025年", "<1.2>\\.<2025>年");
    check("1.20\xE2\x80\x8B" "25年", "<1>\\.<2025>年");
}

static void test_token__comma_joins_groups_of_three(void **state)
{
    (void)state;
    check("1,300", "<1,300>");
    check("12,345,678", "<12,345,678>");
    check("123,456", "<123,456>");
    check("1234,567", "<1234>\\,<567>");
    check("1,30", "<1>\\,<30>");
    check("1,3000", "<1>\\,<3000>");
    check("1,300,40", "<1,300>\\,<40>");
    check("1,300,4000", "<1,300>\\,<4000>");
    check("a1,300", "<a1>\\,<300>");
    check("1a,300", "<1a>\\,<300>");
    check("1,300a", "<1,300a>");
    check("1,300a,400", "<1,300a>\\,<400>");
    check("1.5,300", "<1.5>\\,<300>");
    check("1,300.5", "<1,300.5>");
    check("1_2,300", "<1_2>\\,<300>");
    check("1+2,300", "<1+2>\\,<300>");
    check(",300", "\\,<300>");
    check("1,,300", "<1>\\,\\,<300>");
    check("1,300年", "<1,300>年");
    check("5%1,300", "<5%><1,300>");
    check("1, 300", "<1>\\,<300>");
}

static void test_token__plus_joins_between_words(void **state)
{
    (void)state;
    check("1+6+N", "<1+6+n>");
    check("１＋６＋Ｎ", "<1+6+n>");
    check("N+", "<n>\\+");
    check("C++", "<c>\\+\\+");
    check("+86", "\\+<86>");
    check("a+枫", "<a>\\+枫");
    check("5G+医疗", "<5g>\\+医疗");
    check("a++b", "<a>\\+\\+<b>");
}

static void test_token__percent_joins_and_ends(void **state)
{
    (void)state;
    check("99.99%", "<99.99%>");
    check("5‰", "<5‰>");
    check("5%a", "<5%><a>");
    check("5%%", "<5%>\\%");
    check("5%6%", "<5%><6%>");
    check("a%", "<a>\\%");
    check("%5", "\\%<5>");
    check("5％", "<5%>");
    check("1,300%", "<1,300%>");
    check("5%_a", "<5%>\\_<a>");
}

static void test_token__everything_else_ends_the_word(void **state)
{
    (void)state;
    check("2021-2025", "<2021>\\-<2025>");
    check("2024-2025年", "<2024>\\-<2025>年");
    check("a/b:c", "<a>\\/<b>\\:<c>");
    check("it's", "<it><s>");
    check("user@host.cn", "<user>\\@<host>\\.<cn>");
}

static void test_token__expansions(void **state)
{
    (void)state;
    check("100㎡", "<100m2>");
    check("㍿", "株式会社");
    check("⑴总则", "\\(<1>\\)总则");
    check("⒍5", "<6.5>"); /* the folded text decides */
    check("⒍", "<6>\\.");
    check("①", "<1>");
    check("…", "\\…");
    xj_units u = XJ_UNITS_INIT;
    read_text(&u, "a㍿b", 0);
    assert_int_equal(u.n, 6);
    for (size_t i = 1; i <= 4; i++) { /* four characters that stand in one place */
        assert_int_equal(u.unit[i].first, 1);
        assert_int_equal(u.unit[i].last, 1);
    }
    assert_int_equal(u.unit[5].first, 2);
    xj_units_release(&u);
}

static void test_token__long_words_are_cut(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 63, 64, 65, 127, 128, 129, 640, 641};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t cp[MAX];
        size_t n = sizes[i];
        xj_units u = XJ_UNITS_INIT;
        for (size_t k = 0; k < n; k++)
            cp[k] = 0x10400 + 40; /* four bytes each, no case */
        assert_int_equal(xj_units_read(&u, cp, n, 0, NULL), XJ_OK);
        assert_int_equal(u.n, (n + XJ_WORD_MAX - 1) / XJ_WORD_MAX);
        for (size_t k = 0; k < u.n; k++) {
            size_t len = n - k * XJ_WORD_MAX < XJ_WORD_MAX ? n - k * XJ_WORD_MAX : XJ_WORD_MAX;
            assert_int_equal(u.unit[k].kind, XJ_UNIT_WORD);
            assert_int_equal(u.unit[k].word_len, 4 * len);
            assert_int_equal(u.unit[k].first, k * XJ_WORD_MAX);
            assert_int_equal(u.unit[k].last, k * XJ_WORD_MAX + len - 1);
        }
        xj_units_release(&u);
    }
    /* Connectors count, and a cut may fall on one. */
    uint32_t cp[66];
    for (size_t k = 0; k < 66; k++)
        cp[k] = k % 2 ? '_' : 'a';
    cp[65] = 'b';
    xj_units u = XJ_UNITS_INIT;
    assert_int_equal(xj_units_read(&u, cp, 66, 0, NULL), XJ_OK);
    assert_int_equal(u.n, 2);
    assert_int_equal(u.unit[0].word_len, 64);
    assert_int_equal(u.unit[1].word_len, 2);
    assert_memory_equal(u.words + u.unit[1].word_off, "ab", 2);
    xj_units_release(&u);
}

static void test_token__query_reads_lf_as_a_space(void **state)
{
    (void)state;
    check_flags("枫桥\n经验", "枫桥\\n经验", 0);
    check_flags("枫桥\n经验", "枫桥经验", XJ_UNITS_QUERY);
    check_flags("hello\nworld\n", "<hello><world>", XJ_UNITS_QUERY);
    check_flags("1\n,300", "<1>\\,<300>", XJ_UNITS_QUERY);
    check_flags("a，\n", "<a>\\,", XJ_UNITS_QUERY);
}

static void test_token__exact_script(void **state)
{
    (void)state;
    unsigned exact = XJ_UNITS_EXACT_SCRIPT;
    check_flags("楓橋經驗", "楓橋經驗", exact);
    check_flags("ＡＢＣ　abc", "<ＡＢＣ><abc>", exact);
    check_flags("１，３００", "<１，３００>", exact); /* rules look at the folded text */
    check_flags("1.2025年", "<1>\\.<2025>年", exact);
    check_flags("㍿", "㍿", exact);                  /* one code point, with the class of the first it expands to */
    check_flags("100㎡", "<100㎡>", exact);
    check_flags("⑴", "\\⑴", exact);
    check_flags("，", "\\，", exact);
    check_flags("wo\xC2\xADrd", "<word>", exact);
    check_flags("a\nb", "<a><b>", exact | XJ_UNITS_QUERY);
    xj_units u = XJ_UNITS_INIT;
    read_text(&u, "㍿", exact);
    assert_int_equal(u.n, 1);
    assert_int_equal(u.unit[0].kind, XJ_UNIT_CHAR);
    xj_units_release(&u);
}

static void test_token__spans_and_offsets(void **state)
{
    (void)state;
    xj_units u = XJ_UNITS_INIT;
    read_text(&u, "“枫\xE2\x80\x8B桥” 1\xE2\x80\x8B.5。", 0); /* 0“ 1枫 2zw 3桥 4” 5sp 6:1 7zw 8. 9:5 10。 */
    assert_int_equal(u.n, 4);
    static const uint32_t want[][2] = {{1, 1}, {3, 3}, {6, 9}, {10, 10}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(u.unit[i].first, want[i][0]);
        assert_int_equal(u.unit[i].last, want[i][1]);
    }
    assert_int_equal(u.unit[2].cp, 0);
    assert_int_equal(u.unit[2].word_len, 3);
    assert_memory_equal(u.words + u.unit[2].word_off, "1.5", 3);
    assert_int_equal(u.unit[0].word_len, 0);
    assert_int_equal(u.unit[0].word_off, 0);
    xj_units_release(&u);
    assert_null(u.unit);
    assert_null(u.words);
}

static void test_token__memory_is_reused(void **state)
{
    (void)state;
    xj_units u = XJ_UNITS_INIT;
    read_text(&u, "hello 枫桥经验 world 1,300", 0);
    assert_int_equal(u.n, 7);
    read_text(&u, "a", 0);
    assert_string_equal(show(&u), "<a>");
    assert_int_equal(u.words_len, 1);
    read_text(&u, "", 0);
    assert_int_equal(u.n, 0);
    assert_int_equal(u.words_len, 0);
    xj_units_release(&u);
}

static void test_token__values_outside_unicode(void **state)
{
    (void)state;
    static const uint32_t cp[] = {0x6797, 0x110000, UINT32_MAX, 0xD800, 'a'};
    xj_units u = XJ_UNITS_INIT;
    for (unsigned flags = 0; flags < 4; flags++) {
        assert_int_equal(xj_units_read(&u, cp, 5, flags, NULL), XJ_OK);
        assert_int_equal(u.n, 5);
        for (size_t i = 1; i <= 3; i++)
            assert_int_equal(u.unit[i].kind, XJ_UNIT_BREAK);
    }
    xj_units_release(&u);
}

static void test_token__equality(void **state)
{
    (void)state;
    xj_units a = XJ_UNITS_INIT, b = XJ_UNITS_INIT;
    read_text(&a, "枫 abc abd ab ， 1", 0);
    read_text(&b, "楓 ABC ， １ 丨", 0);
    assert_true(xj_units_equal(&a, 0, &b, 0));
    assert_true(xj_units_equal(&a, 1, &b, 1));
    assert_true(xj_units_equal(&a, 4, &b, 2));
    assert_true(xj_units_equal(&a, 5, &b, 3));
    assert_false(xj_units_equal(&a, 2, &b, 1));
    assert_false(xj_units_equal(&a, 3, &b, 1));
    assert_false(xj_units_equal(&a, 0, &b, 4));
    assert_false(xj_units_equal(&a, 4, &b, 3));
    xj_units_release(&a);
    xj_units_release(&b);
}

static size_t count(const char *text, const char *phrase)
{
    xj_units t = XJ_UNITS_INIT, p = XJ_UNITS_INIT;
    size_t n = 0;
    read_text(&t, text, 0);
    read_text(&p, phrase, XJ_UNITS_QUERY);
    for (size_t at = xj_units_find(&t, &p, 0); at != SIZE_MAX; at = xj_units_find(&t, &p, at + 1))
        n++;
    xj_units_release(&t);
    xj_units_release(&p);
    return n;
}

/* The examples of docs/TEXT.md section 4, and overlaps. */
static void test_token__find(void **state)
{
    (void)state;
    assert_int_equal(count("坚持新时代“枫桥经验”。", "新时代枫桥经验"), 1);
    assert_int_equal(count("新时代 枫桥经验", "新时代枫桥经验"), 1);
    assert_int_equal(count("新时代，枫桥经验", "新时代枫桥经验"), 0);
    assert_int_equal(count("化解矛盾，维护稳定", "化解矛盾，维护稳定"), 1);
    assert_int_equal(count("化解矛盾。维护稳定", "化解矛盾，维护稳定"), 0);
    assert_int_equal(count("12345", "2345"), 0);
    assert_int_equal(count("enabled", "led"), 0);
    assert_int_equal(count("2024-2025年", "2025年"), 1);
    assert_int_equal(count("5G 网络", "5G网络"), 1);
    assert_int_equal(count("hello   world", "hello world"), 1);
    assert_int_equal(count("helloworld", "hello world"), 0);
    assert_int_equal(count("5G+医疗", "5G"), 1);
    assert_int_equal(count("N+", "N+"), 1);
    assert_int_equal(count("", "枫"), 0);
    assert_int_equal(count("枫桥", ""), 0);
    assert_int_equal(count("枫", "枫桥"), 0);
    assert_int_equal(count("人人人人人", "人人"), 4);
    assert_int_equal(count("人人人人人", "人人人"), 3);
    assert_int_equal(count("ab ab ab", "ab ab"), 2);
    assert_int_equal(count("甲乙甲乙甲", "甲乙甲"), 2);
    assert_int_equal(count("甲。甲。甲", "甲。甲"), 2);
}

static void test_token__find_begins_where_it_is_told(void **state)
{
    (void)state;
    xj_units t = XJ_UNITS_INIT, p = XJ_UNITS_INIT, none = XJ_UNITS_INIT;
    read_text(&t, "人人人", 0);
    read_text(&p, "人人", 0);
    assert_int_equal(xj_units_find(&t, &p, 0), 0);
    assert_int_equal(xj_units_find(&t, &p, 1), 1);
    assert_true(xj_units_find(&t, &p, 2) == SIZE_MAX);
    assert_true(xj_units_find(&t, &p, 3) == SIZE_MAX);
    assert_true(xj_units_find(&t, &p, SIZE_MAX) == SIZE_MAX);
    assert_true(xj_units_find(&t, &none, 0) == SIZE_MAX);
    assert_true(xj_units_find(&none, &p, 0) == SIZE_MAX);
    assert_true(xj_units_find(&none, &none, 0) == SIZE_MAX);
    xj_units_release(&t);
    xj_units_release(&p);
}

/* Random text from characters that the rules tell apart: what must hold of any reading. */
static void test_token__random_text(void **state)
{
    (void)state;
    static const uint32_t some[] = {0x67AB, 0x6865, 0x5E74, 0x4EBA, 'a', 'b', 'Z', '0', '1', '2', '9', '.', ',', '+', '_', '%',
                                    0x2030, ' ', 0x3000, 0x201C, 0x200B, 0xAD, '\n', 0x3002, 0xFF0C, 0x33A1, 0x337F, 0x2474,
                                    0x248D, 0x2460, 0x20BB7, 0xFF11, 0xFF21, 0xE9, 0x301, 0x110000, 0xFFFD, 0x2026, 0xFDFA};
    enum { SOME = sizeof some / sizeof *some };
    uint64_t x = 5;
    print_message("seed 5\n");
    xj_units u = XJ_UNITS_INIT;
    for (int round = 0; round < 30000; round++) {
        uint32_t cp[300];
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t n = (size_t)(x >> 33) % (round % 50 ? 16 : 300);
        unsigned flags = (unsigned)(x >> 60) & 3;
        unsigned few = x >> 59 & 1 ? SOME : 17;
        for (size_t i = 0; i < n; i++) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            cp[i] = some[(x >> 33) % few];
        }
        assert_int_equal(xj_units_read(&u, cp, n, flags, NULL), XJ_OK);
        size_t words = 0;
        for (size_t i = 0; i < u.n; i++) {
            const xj_unit *k = &u.unit[i];
            assert_true(k->first <= k->last && k->last < n);
            /* Units stand in order; only those of one expanded code point share it. */
            if (i > 0)
                assert_true(k->first >= u.unit[i - 1].last);
            if (k->kind == XJ_UNIT_WORD) {
                assert_int_equal(k->word_off, words);
                assert_in_range(k->word_len, 1, 4 * XJ_WORD_MAX);
                assert_true(xj_utf8_valid((const uint8_t *)u.words + k->word_off, k->word_len));
                assert_int_equal(k->cp, 0);
                words += k->word_len;
            } else {
                assert_in_range(k->kind, XJ_UNIT_BREAK, XJ_UNIT_CHAR);
                assert_int_equal(k->word_len, 0);
                assert_int_equal(k->last, k->first);
                if (!(flags & XJ_UNITS_EXACT_SCRIPT))
                    assert_int_equal(xj_class_of(k->cp), k->kind == XJ_UNIT_CHAR ? XJ_CLASS_CHAR : XJ_CLASS_BREAK);
                if (flags & XJ_UNITS_QUERY)
                    assert_true(k->cp != '\n');
            }
        }
        assert_int_equal(u.words_len, words);
        /* Every visible character lies in a unit. */
        size_t at = 0;
        for (size_t i = 0; i < n; i++) {
            uint32_t out[XJ_FOLD_MAX];
            xj_fold_expand(cp[i], out);
            xj_class cls = xj_class_of(out[0]);
            if (cls == XJ_CLASS_SOFT || cls == XJ_CLASS_INVISIBLE || (cp[i] == '\n' && (flags & XJ_UNITS_QUERY)))
                continue;
            while (at < u.n && u.unit[at].last < i)
                at++;
            if (at == u.n || u.unit[at].first > i)
                fail_msg("round %d: code point %zu (U+%04X) is in no unit", round, i, (unsigned)cp[i]);
        }
        /* The text occurs in itself. */
        if (u.n)
            assert_int_equal(xj_units_find(&u, &u, 0), 0);
    }
    xj_units_release(&u);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token__kinds),
        cmocka_unit_test(test_token__soft_characters_separate_words_only),
        cmocka_unit_test(test_token__invisible_characters_are_not_there),
        cmocka_unit_test(test_token__folding),
        cmocka_unit_test(test_token__underscore_joins_between_words),
        cmocka_unit_test(test_token__dot_joins_between_digits),
        cmocka_unit_test(test_token__dot_before_a_year_does_not_join),
        cmocka_unit_test(test_token__comma_joins_groups_of_three),
        cmocka_unit_test(test_token__plus_joins_between_words),
        cmocka_unit_test(test_token__percent_joins_and_ends),
        cmocka_unit_test(test_token__everything_else_ends_the_word),
        cmocka_unit_test(test_token__expansions),
        cmocka_unit_test(test_token__long_words_are_cut),
        cmocka_unit_test(test_token__query_reads_lf_as_a_space),
        cmocka_unit_test(test_token__exact_script),
        cmocka_unit_test(test_token__spans_and_offsets),
        cmocka_unit_test(test_token__memory_is_reused),
        cmocka_unit_test(test_token__values_outside_unicode),
        cmocka_unit_test(test_token__equality),
        cmocka_unit_test(test_token__find),
        cmocka_unit_test(test_token__find_begins_where_it_is_told),
        cmocka_unit_test(test_token__random_text),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
