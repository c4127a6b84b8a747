/*
 * The command line: GNU rules, ranges, messages, and the option table itself.
 */
#include "options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xj/query.h"

enum { ARGUMENTS_MAX = 15 };

static xji_options options;
static xj_error error;

/* Parse the arguments, which end with NULL. */
static xj_status parse_in(xji_lang lang, const char *const *arguments)
{
    char program[] = "xunju-query";
    char *argv[ARGUMENTS_MAX + 2] = {program};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
    xji_options_release(&options);
    xj_error_clear(&error);
    return xji_options_parse(&options, argc, argv, lang, &error);
}

#define PARSE(...) parse_in(XJI_LANG_EN, (const char *const[]){__VA_ARGS__, NULL})

static void expect_usage(xj_status st, const char *part)
{
    assert_int_equal(st, XJ_EUSAGE);
    assert_int_equal(error.code, XJ_EUSAGE);
    if (!strstr(error.message, part))
        fail_msg("'%s' does not stand in '%s'", part, error.message);
}

static int teardown(void **state)
{
    (void)state;
    xji_options_release(&options);
    return 0;
}

static void test_options__defaults(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "枫桥"), XJ_OK);
    assert_string_equal(options.index, "idx");
    assert_string_equal(options.query, "枫桥");
    assert_int_equal(options.n_query, strlen("枫桥"));
    assert_int_equal(options.action, XJI_ACTION_SEARCH);
    assert_int_equal(options.limit, 10);
    assert_int_equal(options.offset, 0);
    assert_int_equal(options.timeout_ms, 0);
    assert_int_equal(options.flags, 0);
    assert_int_equal(options.form, XJI_FORM_TEXT);
    assert_int_equal(options.color, XJI_COLOR_AUTO);
    assert_false(options.relax || options.explain || options.count || options.reports || options.quiet || options.null ||
                 options.batch);
}

static void test_options__words_are_joined(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "枫桥", "", "经验  a"), XJ_OK);
    assert_string_equal(options.query, "枫桥  经验  a");
    assert_int_equal(options.n_query, strlen(options.query));
    assert_int_equal(PARSE("idx", ""), XJ_OK); /* whether a query can be empty is for its parser to say */
    assert_string_equal(options.query, "");
}

static void test_options__stand_anywhere(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "-l", "枫桥", "--json", "-n", "3"), XJ_OK);
    assert_true(options.reports);
    assert_int_equal(options.form, XJI_FORM_JSON);
    assert_int_equal(options.limit, 3);
    assert_string_equal(options.query, "枫桥");
}

static void test_options__two_dashes_end_options(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-c", "--", "idx", "-枫桥", "--json", "--"), XJ_OK);
    assert_true(options.count);
    assert_int_equal(options.form, XJI_FORM_TEXT);
    assert_string_equal(options.query, "-枫桥 --json --");
    assert_int_equal(PARSE("idx", "--", "-x"), XJ_OK);
    assert_string_equal(options.query, "-x");
    assert_int_equal(PARSE("-", "枫桥", "-"), XJ_OK); /* a single dash is an argument */
    assert_string_equal(options.index, "-");
    assert_string_equal(options.query, "枫桥 -");
}

static void test_options__values(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "q", "--limit=7", "--offset", "8", "--timeout=9"), XJ_OK);
    assert_int_equal(options.limit, 7);
    assert_int_equal(options.offset, 8);
    assert_int_equal(options.timeout_ms, 9);
    assert_int_equal(PARSE("idx", "q", "-n5"), XJ_OK);
    assert_int_equal(options.limit, 5);
    assert_int_equal(PARSE("idx", "q", "-ln", "6", "-n", "4"), XJ_OK); /* the last one counts */
    assert_int_equal(options.limit, 4);
    assert_true(options.reports);
    assert_int_equal(PARSE("idx", "q", "-lcq0F"), XJ_OK);
    assert_true(options.reports && options.count && options.quiet && options.null);
    assert_int_equal(options.flags, XJ_QUERY_LITERAL);
    assert_int_equal(PARSE("idx", "q", "--color", "always"), XJ_OK);
    assert_int_equal(options.color, XJI_COLOR_ALWAYS);
}

static void test_options__every_flag(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "q", "--all", "--exact-script", "--relax", "--explain", "--no-collapse", "--tsv"), XJ_OK);
    assert_int_equal(options.flags, XJ_QUERY_ALL | XJ_QUERY_EXACT_SCRIPT);
    assert_true(options.relax && options.explain);
    assert_int_equal(options.form, XJI_FORM_TSV);
    assert_int_equal(PARSE("idx", "q", "--any"), XJ_OK);
    assert_int_equal(options.flags, XJ_QUERY_ANY);
    assert_int_equal(PARSE("idx", "q", "--literal", "--count", "--reports", "--quiet", "--null"), XJ_OK);
    assert_int_equal(PARSE("--batch", "idx", "-"), XJ_OK);
    assert_true(options.batch);
}

static void test_options__cut_short(void **state)
{
    (void)state;
    assert_int_equal(PARSE("idx", "q", "--lim", "3", "--rel", "--js"), XJ_OK);
    assert_int_equal(options.limit, 3);
    assert_true(options.relax);
    assert_int_equal(options.form, XJI_FORM_JSON);
    expect_usage(PARSE("idx", "q", "--li", "3"), "ambiguous");
    expect_usage(PARSE("idx", "q", "--re"), "--relax");
    assert_int_equal(PARSE("idx", "q", "--al"), XJ_OK);
}

static void test_options__unknown(void **state)
{
    (void)state;
    expect_usage(PARSE("idx", "q", "--limt", "3"), "did you mean '--limit'");
    expect_usage(PARSE("idx", "q", "--colour=never"), "did you mean '--color'");
    expect_usage(PARSE("idx", "q", "--frobnicate"), "unknown option '--frobnicate'");
    assert_null(strstr(error.message, "did you mean"));
    expect_usage(PARSE("idx", "q", "-x"), "unknown option '-x'");
    expect_usage(PARSE("idx", "-枫桥"), "put -- before");
    expect_usage(PARSE("idx", "q", "--\x1B[31m"), "\\x1B[31m");
    assert_null(strchr(error.message, '\x1B'));
}

static void test_options__a_very_long_one(void **state)
{
    (void)state;
    char *s = malloc(100001);
    assert_non_null(s);
    memset(s, 'a', 100000);
    s[0] = s[1] = '-';
    s[100000] = '\0';
    assert_int_equal(PARSE("idx", "q", s), XJ_EUSAGE);
    assert_true(strlen(error.message) > 0);
    free(s);
}

static void test_options__numbers_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"-1",  "+1", "",     " 1",         "1 ",          "1k",  "0x10",
                                      "1.5", "一", "１",   "4294967296", "18446744073709551616",
                                      "99999999999999999999999999999999"};
    static const char *const names[] = {"--limit", "--offset", "--timeout", "--cache"};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
            expect_usage(PARSE("idx", "q", names[k], bad[i]), names[k]);
        assert_int_equal(PARSE("idx", "q", names[k], "0"), XJ_OK);
        assert_int_equal(PARSE("idx", "q", names[k], "4294967295"), XJ_OK);
    }
    expect_usage(PARSE("idx", "q", "-n-1"), "--limit");
    assert_int_equal(PARSE("idx", "q", "-n", "2147483648"), XJ_OK);
    assert_int_equal(options.limit, 2147483648u);
}

static void test_options__values_are_checked(void **state)
{
    (void)state;
    expect_usage(PARSE("idx", "q", "--limit"), "needs a value");
    expect_usage(PARSE("idx", "q", "-n"), "needs a value");
    expect_usage(PARSE("idx", "q", "--json=1"), "takes no value");
    expect_usage(PARSE("idx", "q", "--color", "maybe"), "--color");
}

static void test_options__what_excludes_each_other(void **state)
{
    (void)state;
    expect_usage(PARSE("idx", "q", "-F", "--any"), "exclude");
    expect_usage(PARSE("idx", "q", "--all", "--any"), "exclude");
    expect_usage(PARSE("idx", "q", "--json", "--tsv"), "exclude");
    expect_usage(PARSE("idx", "q", "--json", "-0"), "exclude");
    expect_usage(PARSE("idx", "q", "--explain", "-l"), "exclude");
    expect_usage(PARSE("idx", "q", "--explain", "-c"), "exclude");
    assert_int_equal(PARSE("idx", "q", "--json", "--json"), XJ_OK);
}

static void test_options__arguments_are_needed(void **state)
{
    (void)state;
    expect_usage(parse_in(XJI_LANG_EN, (const char *const[]){NULL}), "index");
    expect_usage(PARSE("idx"), "query");
    expect_usage(PARSE("--batch", "idx"), "'-'");
    expect_usage(PARSE("--batch", "idx", "枫桥"), "'-'");
    expect_usage(PARSE("--batch", "idx", "-", "枫桥"), "'-'");
    expect_usage(PARSE("idx", "-"), "--batch");
}

static void test_options__help_and_version_win(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--help", "--nonsense"), XJ_OK);
    assert_int_equal(options.action, XJI_ACTION_HELP);
    assert_int_equal(PARSE("-lh"), XJ_OK);
    assert_int_equal(options.action, XJI_ACTION_HELP);
    assert_int_equal(PARSE("idx", "q", "--version"), XJ_OK);
    assert_int_equal(options.action, XJI_ACTION_VERSION);
}

static void test_options__messages_in_chinese(void **state)
{
    (void)state;
    assert_int_equal(parse_in(XJI_LANG_ZH, (const char *const[]){"idx", "q", "--limt", NULL}), XJ_EUSAGE);
    assert_string_equal(error.message, "没有选项“--limt”，是否想用“--limit”？");
}

static void test_options__language_of_environment(void **state)
{
    (void)state;
    static const struct {
        const char *lc_all, *lc_messages, *lang;
        xji_lang expected;
    } cases[] = {
        {NULL, NULL, NULL, XJI_LANG_EN},          {NULL, NULL, "zh_CN.UTF-8", XJI_LANG_ZH},
        {"", "", "zh_TW", XJI_LANG_ZH},           {"C", NULL, "zh_CN.UTF-8", XJI_LANG_EN},
        {NULL, "zh_CN", "en_US", XJI_LANG_ZH},    {"zh_CN.UTF-8", "en_US", "en_US", XJI_LANG_ZH},
        {NULL, "en_US.UTF-8", "zh", XJI_LANG_EN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
        const char *const values[] = {cases[i].lc_all, cases[i].lc_messages, cases[i].lang};
        for (size_t k = 0; k < 3; k++)
            assert_int_equal(values[k] ? setenv(names[k], values[k], 1) : unsetenv(names[k]), 0);
        assert_int_equal(xji_lang_of_environment(), cases[i].expected);
    }
}

/* Names are unique, and so are letters; every option is in the help of both languages. */
static void test_options__table_and_help(void **state)
{
    (void)state;
    static char text[65536];
    size_t n;
    const xji_option *table = xji_option_table(&n);
    for (int lang = 0; lang < 2; lang++) {
        xji_out o;
        xji_out_init(&o, -1, text, sizeof text - 1);
        xji_help(&o, (xji_lang)lang);
        assert_int_equal(o.error, 0);
        text[o.n] = '\0';
        for (size_t i = 0; i < n; i++) {
            char name[64];
            snprintf(name, sizeof name, "--%s%s%s", table[i].name, table[i].value ? " " : "",
                     table[i].value ? table[i].value : "");
            assert_non_null(strstr(text, name));
            assert_non_null(table[i].help[lang]);
        }
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(table[i].name, table[k].name);
            assert_true(table[i].letter == 0 || table[i].letter != table[k].letter);
        }
}

/* Both texts of a message hold the same placeholders. */
static void test_messages__placeholders_agree(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
#define ROW(id, en, zh) {en, zh},
        XJI_MESSAGE_LIST(ROW)
#undef ROW
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        for (char c = '1'; c <= '9'; c++) {
            char mark[] = {'%', c, '\0'};
            assert_int_equal(strstr(texts[i][0], mark) != NULL, strstr(texts[i][1], mark) != NULL);
            assert_true(c <= '3' || !strstr(texts[i][0], mark));
        }
}

static void test_messages__every_status_has_words(void **state)
{
    (void)state;
    for (int st = 0; st < XJ_STATUS_COUNT; st++) {
        assert_string_equal(xji_status_words(XJI_LANG_EN, (xj_status)st), xj_status_text((xj_status)st));
        assert_string_not_equal(xji_status_words(XJI_LANG_ZH, (xj_status)st), xj_status_text((xj_status)st));
    }
}

static void test_messages__error_line(void **state)
{
    (void)state;
    char line[1200];
    xj_error e = XJ_ERROR_INIT;
    xj_fail_at(&e, XJ_ECORRUPT, "i/1.seg", 96, "bad checksum");
    xji_error_line(line, sizeof line, &e);
    assert_string_equal(line, "i/1.seg: bad checksum at byte 96");
    xj_error_clear(&e);
    xj_fail_at(&e, XJ_ECORRUPT, "i/1.seg", 96, "cannot open 'i/1.seg': bad checksum at byte 96");
    xji_error_line(line, sizeof line, &e);
    assert_string_equal(line, "cannot open 'i/1.seg': bad checksum at byte 96");
    xj_error_clear(&e);
    e.code = XJ_EIO;
    xji_error_line(line, sizeof line, &e);
    assert_string_equal(line, xj_status_text(XJ_EIO));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_options__defaults, teardown),
        cmocka_unit_test_teardown(test_options__words_are_joined, teardown),
        cmocka_unit_test_teardown(test_options__stand_anywhere, teardown),
        cmocka_unit_test_teardown(test_options__two_dashes_end_options, teardown),
        cmocka_unit_test_teardown(test_options__values, teardown),
        cmocka_unit_test_teardown(test_options__every_flag, teardown),
        cmocka_unit_test_teardown(test_options__cut_short, teardown),
        cmocka_unit_test_teardown(test_options__unknown, teardown),
        cmocka_unit_test_teardown(test_options__a_very_long_one, teardown),
        cmocka_unit_test_teardown(test_options__numbers_are_checked, teardown),
        cmocka_unit_test_teardown(test_options__values_are_checked, teardown),
        cmocka_unit_test_teardown(test_options__what_excludes_each_other, teardown),
        cmocka_unit_test_teardown(test_options__arguments_are_needed, teardown),
        cmocka_unit_test_teardown(test_options__help_and_version_win, teardown),
        cmocka_unit_test_teardown(test_options__messages_in_chinese, teardown),
        cmocka_unit_test(test_options__language_of_environment),
        cmocka_unit_test(test_options__table_and_help),
        cmocka_unit_test(test_messages__placeholders_agree),
        cmocka_unit_test(test_messages__every_status_has_words),
        cmocka_unit_test(test_messages__error_line),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
