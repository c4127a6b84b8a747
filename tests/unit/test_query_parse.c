/*
 * From query text to an expression: kinds, operators and how they bind, fields and ranges, every limit at its edge, and
 * messages that say what is wrong. Trees are shown as text: words as they were typed, quoted phrases in "", ! for NOT.
 */
#include "xj/query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../query/src/query_priv.h"
#include "xj/utf8.h"

static char shown[1 << 16];
static size_t shown_n;

static void show_text(const char *s)
{
    size_t n = strlen(s);
    assert_true(shown_n + n < sizeof shown);
    memcpy(shown + shown_n, s, n + 1);
    shown_n += n;
}

/* Words side by side are set off by a space. */
static void show_units(const xj_units *u)
{
    for (size_t i = 0; i < u->n; i++) {
        char one[4 * XJ_WORD_MAX + 2];
        const xj_unit *k = &u->unit[i];
        size_t n = 0;
        if (k->kind == XJ_UNIT_WORD) {
            if (i > 0 && u->unit[i - 1].kind == XJ_UNIT_WORD)
                one[n++] = ' ';
            memcpy(one + n, u->words + k->word_off, k->word_len);
            n += k->word_len;
        } else {
            n = xj_utf8_encode((uint8_t *)one, k->cp);
        }
        one[n] = '\0';
        show_text(one);
    }
}

static void show_node(const xj_query *q, uint32_t node)
{
    static const char *const fields[] = {"title", "agency", "section", "path", "id", "year", "date"};
    const xji_node *n = &q->node[node];
    char text[64];
    switch (n->kind) {
    case XJI_NODE_PHRASE: {
        const xji_phrase *p = &q->phrase[n->leaf];
        show_text(p->quoted ? "\"" : "");
        show_units(&p->units);
        show_text(p->quoted ? "\"" : "");
        break;
    }
    case XJI_NODE_FILTER: {
        const xji_filter *f = &q->filter[n->leaf];
        show_text(fields[f->field]);
        show_text(":");
        if (f->field == XJI_FIELD_YEAR) {
            snprintf(text, sizeof text, "%u..%u", (unsigned)f->year_from, (unsigned)f->year_to);
            show_text(text);
        } else if (f->field == XJI_FIELD_DATE) {
            show_text(f->date_from);
            show_text("..");
            show_text(f->date_to);
        } else if (f->field == XJI_FIELD_ID) {
            show_text(f->value);
        } else {
            show_units(&f->units);
        }
        break;
    }
    case XJI_NODE_NOT:
        show_text("!");
        show_node(q, n->child);
        break;
    case XJI_NODE_AND:
    case XJI_NODE_OR:
        show_text("(");
        for (uint32_t k = n->child; k != XJI_NO_NODE; k = q->node[k].next) {
            if (k != n->child)
                show_text(n->kind == XJI_NODE_AND ? " & " : " | ");
            show_node(q, k);
        }
        show_text(")");
        break;
    }
}

static xj_query *parse_n(const char *s, size_t n, unsigned flags, xj_status want)
{
    /* Exactly n bytes on the heap, so that a read behind the end is seen. */
    char *copy = malloc(n ? n : 1);
    xj_query *q = (xj_query *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_non_null(copy);
    if (n)
        memcpy(copy, s, n);
    xj_status st = xj_query_parse(&q, copy, n, flags, &e);
    free(copy); /* a query borrows nothing */
    if (st != want)
        fail_msg("'%.*s': %s (%s) instead of %s", n < 200 ? (int)n : 200, s, xj_status_name(st), e.message, xj_status_name(want));
    assert_int_equal(e.code, st);
    if (st != XJ_OK) {
        assert_null(q);
        assert_true(e.message[0] != '\0');
        assert_null(strchr(e.message, '\n'));
    }
    return q;
}

static void check_flags(const char *s, unsigned flags, xj_query_kind kind, const char *want)
{
    xj_query *q = parse_n(s, strlen(s), flags, XJ_OK);
    shown_n = 0;
    show_node(q, q->root);
    if (strcmp(shown, want) != 0)
        fail_msg("'%s' became '%s', not '%s'", s, shown, want);
    if (xj_query_kind_of(q) != kind)
        fail_msg("'%s' is of kind %d, not %d", s, xj_query_kind_of(q), kind);
    xj_query_free(q);
}

static void check(const char *s, xj_query_kind kind, const char *want)
{
    check_flags(s, 0, kind, want);
}

/* The query is refused, and the message holds this. */
static void refuse_flags(const char *s, unsigned flags, const char *message)
{
    xj_query *q = (xj_query *)1;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_query_parse(&q, s, strlen(s), flags, &e);
    if (st != XJ_EQUERY)
        fail_msg("'%s': %s instead of XJ_EQUERY", s, xj_status_name(st));
    assert_null(q);
    if (!strstr(e.message, message))
        fail_msg("'%s': '%s' does not say '%s'", s, e.message, message);
    assert_int_equal(xj_query_parse(&q, s, strlen(s), flags, NULL), XJ_EQUERY);
}

static void refuse(const char *s, const char *message)
{
    refuse_flags(s, 0, message);
}

/* ---- kinds ---- */

static void test_query_parse__one_bare_word(void **state)
{
    (void)state;
    check("枫桥经验", XJ_QUERY_PHRASE, "枫桥经验");
    check("枫", XJ_QUERY_PHRASE, "枫");
    check("5G网络", XJ_QUERY_PHRASE, "5g网络");
    check("  枫桥　\n", XJ_QUERY_PHRASE, "枫桥");
    check("楓橋經驗", XJ_QUERY_PHRASE, "枫桥经验");
    check("一二三四五六七八", XJ_QUERY_PHRASE, "一二三四五六七八"); /* 8 units */
    check("一二三四五六七八九", XJ_QUERY_BAG, "一二三四五六七八九");
    check("一二三四，五六七八", XJ_QUERY_PHRASE, "一二三四,五六七八"); /* breaks are no units of text */
    check("5G+1二三四五六七", XJ_QUERY_PHRASE, "5g+1二三四五六七");
    check("多元化解矛盾纠纷的机制有哪些", XJ_QUERY_BAG, "多元化解矛盾纠纷的机制有哪些");
    check("C++", XJ_QUERY_PHRASE, "c++");
}

static void test_query_parse__quoted_phrase(void **state)
{
    (void)state;
    check("\"化解矛盾,维护稳定\"", XJ_QUERY_PHRASE, "\"化解矛盾,维护稳定\"");
    check("\"一二三四五六七八九十\"", XJ_QUERY_PHRASE, "\"一二三四五六七八九十\"");
    check("\"hello   world\"", XJ_QUERY_PHRASE, "\"hello world\"");
    check("\"AND\"", XJ_QUERY_PHRASE, "\"and\"");
    check("\"title:x\"", XJ_QUERY_PHRASE, "\"title:x\"");
    check("“枫桥经验”", XJ_QUERY_PHRASE, "枫桥经验"); /* Chinese quotation marks are no syntax */
}

static void test_query_parse__several_words(void **state)
{
    (void)state;
    check("枫桥经验 综治中心", XJ_QUERY_BAG, "(枫桥经验 | 综治中心)");
    check("枫桥　综治\t中心", XJ_QUERY_BAG, "(枫桥 | 综治 | 中心)");
    check("\"枫桥\" \"综治\"", XJ_QUERY_BAG, "(\"枫桥\" | \"综治\")");
    check("枫桥\"综治\"中心", XJ_QUERY_BAG, "(枫桥 | \"综治\" | 中心)");
    check("枫桥 ， 。", XJ_QUERY_PHRASE, "枫桥"); /* what cannot be searched is left out */
    check("，枫桥 “”", XJ_QUERY_PHRASE, ",枫桥");
    check_flags("枫桥 综治", XJ_QUERY_ALL, XJ_QUERY_TREE, "(枫桥 & 综治)");
    check_flags("枫桥", XJ_QUERY_ALL, XJ_QUERY_PHRASE, "枫桥");
}

static void test_query_parse__literal(void **state)
{
    (void)state;
    unsigned f = XJ_QUERY_LITERAL;
    check_flags("枫桥 AND 综治", f, XJ_QUERY_PHRASE, "\"枫桥and综治\"");
    check_flags("\"枫桥\"", f, XJ_QUERY_PHRASE, "\"枫桥\""); /* quotation marks are transparent, as in any text */
    check_flags("(a", f, XJ_QUERY_PHRASE, "\"(a\"");
    check_flags("title:x", f, XJ_QUERY_PHRASE, "\"title:x\"");
    check_flags("-a OR", f, XJ_QUERY_PHRASE, "\"-a or\"");
    check_flags("一二三四五六七八九十一二", f, XJ_QUERY_PHRASE, "\"一二三四五六七八九十一二\"");
}

static void test_query_parse__any(void **state)
{
    (void)state;
    unsigned f = XJ_QUERY_ANY;
    check_flags("枫桥", f, XJ_QUERY_BAG, "枫桥");
    check_flags("枫桥 AND 综治", f, XJ_QUERY_BAG, "(枫桥 | and | 综治)");
    check_flags("-枫桥 (综治 title:x", f, XJ_QUERY_BAG, "(-枫桥 | (综治 | title:x)");
    check_flags("， 枫桥 。", f, XJ_QUERY_BAG, "枫桥");
}

static void test_query_parse__literal_and_any_exclude_each_other(void **state)
{
    (void)state;
    xj_query *q = parse_n("a", 1, XJ_QUERY_LITERAL | XJ_QUERY_ANY, XJ_EUSAGE);
    assert_null(q);
}

/* ---- operators ---- */

static void test_query_parse__operators(void **state)
{
    (void)state;
    check("a AND b", XJ_QUERY_TREE, "(a & b)");
    check("a AND b AND c", XJ_QUERY_TREE, "(a & b & c)");
    check("a OR b", XJ_QUERY_TREE, "(a | b)");
    check("a OR b OR c", XJ_QUERY_TREE, "(a | b | c)");
    check("a NOT b", XJ_QUERY_TREE, "(a & !b)");
    check("a -b", XJ_QUERY_TREE, "(a & !b)");
    check("a AND NOT b", XJ_QUERY_TREE, "(a & !b)");
    check("NOT b AND a", XJ_QUERY_TREE, "(!b & a)");
    check("-b a", XJ_QUERY_TREE, "(a & !b)");
    check("a NOT \"b c\"", XJ_QUERY_TREE, "(a & !\"b c\")");
    check("a -\"b c\"", XJ_QUERY_TREE, "(a & !\"b c\")");
    check("(a)", XJ_QUERY_TREE, "a");
    check("((a) b)", XJ_QUERY_TREE, "(a | b)");
    check("a ()", XJ_QUERY_TREE, "a");
}

static void test_query_parse__words_bind_before_and_before_or(void **state)
{
    (void)state;
    check("a b AND c d", XJ_QUERY_TREE, "((a | b) & (c | d))");
    check("a AND b OR c AND d", XJ_QUERY_TREE, "((a & b) | (c & d))");
    check("a OR b AND c", XJ_QUERY_TREE, "(a | (b & c))");
    check("a b OR c d", XJ_QUERY_TREE, "((a | b) | (c | d))");
    check("a b NOT c AND d", XJ_QUERY_TREE, "(((a | b) & !c) & d)");
    check("a b -c", XJ_QUERY_TREE, "((a | b) & !c)");
    check("a -b c -d", XJ_QUERY_TREE, "((a | c) & !b & !d)");
    check_flags("a b AND c", XJ_QUERY_ALL, XJ_QUERY_TREE, "((a & b) & c)");
    check_flags("a b OR c", XJ_QUERY_ALL, XJ_QUERY_TREE, "((a & b) | c)");
}

static void test_query_parse__parentheses(void **state)
{
    (void)state;
    check("(a OR b) AND c", XJ_QUERY_TREE, "((a | b) & c)");
    check("a AND (b OR c)", XJ_QUERY_TREE, "(a & (b | c))");
    check("a NOT (b OR c)", XJ_QUERY_TREE, "(a & !(b | c))");
    check("a -(b c)", XJ_QUERY_TREE, "(a & !(b | c))");
    check("a NOT (b NOT c)", XJ_QUERY_TREE, "(a & !(b & !c))");
    check("(a)(b)", XJ_QUERY_TREE, "(a | b)");
    check("a AND (NOT b AND NOT c)", XJ_QUERY_TREE, "(a & (!b & !c))");
    check("f(x)", XJ_QUERY_PHRASE, "f(x)"); /* a word may hold what it opened itself */
    check("(f(x))", XJ_QUERY_TREE, "f(x)");
    check("总则（一）", XJ_QUERY_PHRASE, "总则(一)"); /* full-width ones are text */
}

static void test_query_parse__operators_are_words_of_their_own(void **state)
{
    (void)state;
    check("and or not", XJ_QUERY_BAG, "(and | or | not)");
    check("ANDy", XJ_QUERY_PHRASE, "andy");
    check("a ORb", XJ_QUERY_BAG, "(a | orb)");
    check("ＡＮＤ", XJ_QUERY_PHRASE, "and"); /* half-width ones only */
    check("a-b", XJ_QUERY_PHRASE, "a-b");
    check("2021-2025", XJ_QUERY_PHRASE, "2021-2025");
    check("a - b", XJ_QUERY_BAG, "(a | b)");
    check("a AND(b)", XJ_QUERY_TREE, "(a & b)");
    check("(a)AND b", XJ_QUERY_TREE, "(a & b)");
    check("a AND\"b\"", XJ_QUERY_TREE, "(a & \"b\")");
    check("a\nAND\tb", XJ_QUERY_TREE, "(a & b)");
    check("枫桥AND综治", XJ_QUERY_PHRASE, "枫桥and综治");
}

/* Which phrases count as asked for: those not under an odd number of NOTs. */
static void test_query_parse__positive_phrases(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *positive; /* + or - for each phrase */
    } rows[] = {{"a", "+"}, {"a NOT b", "+-"}, {"a -(b c)", "+--"}, {"a NOT (b NOT c)", "+-+"}, {"-b a", "-+"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xj_query *q = parse_n(rows[i].text, strlen(rows[i].text), 0, XJ_OK);
        assert_int_equal(q->n_phrases, strlen(rows[i].positive));
        for (size_t k = 0; k < q->n_phrases; k++)
            assert_int_equal(q->phrase[k].positive, rows[i].positive[k] == '+');
        xj_query_free(q);
    }
}

static void test_query_parse__operators_that_lack_something(void **state)
{
    (void)state;
    refuse("a AND", "AND");
    refuse("AND a", "AND");
    refuse("AND", "AND");
    refuse("a AND AND b", "AND");
    refuse("a AND ，", "AND");
    refuse("(a AND) b", "AND");
    refuse("a OR", "OR");
    refuse("OR a", "OR");
    refuse("a OR OR b", "OR");
    refuse("a OR AND b", "AND");
    refuse("NOT", "NOT");
    refuse("a NOT", "NOT");
    refuse("a NOT  ", "NOT");
}

/* The right side of an OR may lack nothing either, wherever it ends. */
static void test_query_parse__or_with_nothing_behind_it(void **state)
{
    (void)state;
    refuse("(a OR ) b", "OR");
    refuse("(a OR)", "OR");
    refuse("a OR ，", "OR");
    refuse("a OR ()", "OR");
    refuse("a (b OR)", "OR");
}

/* An operator cannot be what NOT excludes. */
static void test_query_parse__not_before_an_operator(void **state)
{
    (void)state;
    refuse("a NOT AND b", "NOT");
    refuse("a NOT OR b", "NOT");
    refuse("a NOT )", "");
}

static void test_query_parse__unbalanced(void **state)
{
    (void)state;
    refuse("(a", "parenthesis");
    refuse("a)", "parenthesis");
    refuse("((a)", "parenthesis");
    refuse("(a))", "parenthesis");
    refuse(")", "parenthesis");
    refuse("(", "parenthesis");
    refuse("a (", "parenthesis");
    refuse("\"a", "quotation mark");
    refuse("a\"", "quotation mark");
    refuse("\"", "quotation mark");
    refuse("a \"b\" \"c", "quotation mark");
    refuse("title:\"a", "quotation mark");
    refuse("-\"a", "quotation mark");
}

static void test_query_parse__only_negative(void **state)
{
    (void)state;
    static const char *const texts[] = {"NOT a", "-a", "-a -b", "NOT a AND NOT b", "(NOT a)", "a OR NOT b", "a OR -b", "NOT a OR b",
                                        "-title:a", "NOT year:2024", "a OR (NOT b AND NOT c)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        refuse(texts[i], "exclude");
}

static void test_query_parse__nothing_to_search_for(void **state)
{
    (void)state;
    refuse("", "empty");
    refuse("   ", "empty");
    refuse("\n\t　", "empty");
    refuse("，。", "nothing that can be searched");
    refuse("“”", "nothing that can be searched");
    refuse("\"\"", "nothing that can be searched");
    refuse("\"，\"", "nothing that can be searched");
    refuse("()", "nothing that can be searched");
    refuse("!!! ???", "nothing that can be searched");
    refuse("\xFF\xFE", "nothing that can be searched");
    refuse_flags("", XJ_QUERY_LITERAL, "empty");
    refuse_flags(" ", XJ_QUERY_ANY, "empty");
    refuse_flags("，", XJ_QUERY_LITERAL, "nothing that can be searched");
    refuse_flags("， 。", XJ_QUERY_ANY, "nothing that can be searched");
}

/* ---- fields ---- */

static void test_query_parse__fields(void **state)
{
    (void)state;
    check("title:枫桥", XJ_QUERY_TREE, "title:枫桥");
    check("title:\"枫桥 经验\"", XJ_QUERY_TREE, "title:枫桥经验");
    check("agency:政法委 枫桥", XJ_QUERY_TREE, "(枫桥 & agency:政法委)");
    check("枫桥 综治 section:做法", XJ_QUERY_TREE, "((枫桥 | 综治) & section:做法)");
    check("path:a/b.txt", XJ_QUERY_TREE, "path:a/b.txt");
    check("id:报告/1.txt", XJ_QUERY_TREE, "id:报告/1.txt");
    check("id:\"a b\"", XJ_QUERY_TREE, "id:a b");
    check("枫桥 -title:经验", XJ_QUERY_TREE, "(枫桥 & !title:经验)");
    check("枫桥 NOT year:2024", XJ_QUERY_TREE, "(枫桥 & !year:2024..2024)");
    check("title:a title:b", XJ_QUERY_TREE, "(title:a & title:b)"); /* every field must fit */
    check("title:a OR title:b", XJ_QUERY_TREE, "(title:a | title:b)");
    check("(title:a) b", XJ_QUERY_TREE, "(b & title:a)");
    check("Title:a", XJ_QUERY_PHRASE, "title:a"); /* lower case, half-width: else it is text */
    check("title：a", XJ_QUERY_PHRASE, "title:a");
    check("other:a", XJ_QUERY_PHRASE, "other:a");
    check("a:title:b", XJ_QUERY_PHRASE, "a:title:b");
}

static void test_query_parse__fields_that_lack_something(void **state)
{
    (void)state;
    refuse("title: a", "colon");
    refuse("title:\"\"", "field");
    refuse("a title:)", "");
    refuse("section:“”", "field");
}

static void test_query_parse__years(void **state)
{
    (void)state;
    check("year:2024", XJ_QUERY_TREE, "year:2024..2024");
    check("year:2021..2025", XJ_QUERY_TREE, "year:2021..2025");
    check("year:2021..", XJ_QUERY_TREE, "year:2021..4294967295");
    check("year:..2025", XJ_QUERY_TREE, "year:0..2025");
    check("year:\"2024\"", XJ_QUERY_TREE, "year:2024..2024");
    check("year:２０２４．．２０２５", XJ_QUERY_TREE, "year:2024..2025");
    check("year:9", XJ_QUERY_TREE, "year:9..9");
    static const char *const bad[] = {"year:x", "year:20245", "year:..", "year:2024...2025", "year:2021..2022..2023",
                                      "year:-5", "year:2024-05", "year:2024.", "year:二〇二四", "year:2024,2025", "year:+1",
                                      "year:1.5", "year:99999999999999999999", "year:0000000000000000000000000000000000000000",
                                      "year:123456789012345678..123456789012345678", "year:\" 2024\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], "year");
}

static void test_query_parse__dates(void **state)
{
    (void)state;
    check("date:2024", XJ_QUERY_TREE, "date:2024..2024");
    check("date:2024-05", XJ_QUERY_TREE, "date:2024-05..2024-05");
    check("date:2024-05-31", XJ_QUERY_TREE, "date:2024-05-31..2024-05-31");
    check("date:2024-01..2024-06-30", XJ_QUERY_TREE, "date:2024-01..2024-06-30");
    check("date:2024..", XJ_QUERY_TREE, "date:2024..");
    check("date:..2024-05", XJ_QUERY_TREE, "date:..2024-05");
    static const char *const bad[] = {"date:202", "date:2024-5", "date:2024/05", "date:2024-05-311", "date:x", "date:2024-",
                                      "date:2024-05-", "date:-05", "date:20240531", "date:2024年", "date:2024-05-31T00",
                                      "date:2024-05-31..2024-06-3"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], "date");
    refuse("date:..", "range");
}

/* No year is not every year. */
static void test_query_parse__empty_years_and_dates(void **state)
{
    (void)state;
    refuse("year:\"\"", "year");
    refuse("date:\"\"", "date");
    refuse("枫桥 year:\"\"", "year");
}

/* A NUL is a character like others, not the end of a value. */
static void test_query_parse__nul_does_not_end_a_value(void **state)
{
    (void)state;
    parse_n("year:2024\0x", 11, 0, XJ_EQUERY);
    parse_n("date:2024\0x", 11, 0, XJ_EQUERY);
    parse_n("\0", 1, 0, XJ_EQUERY);
    xj_query *q = parse_n("a\0b", 3, 0, XJ_OK);
    xj_query_free(q);
}

/* ---- limits ---- */

static void test_query_parse__bytes(void **state)
{
    (void)state;
    char *s = malloc(XJ_QUERY_BYTES_MAX + 1);
    assert_non_null(s);
    memset(s, ' ', XJ_QUERY_BYTES_MAX + 1);
    memcpy(s, "枫桥", 6);
    for (size_t n = XJ_QUERY_BYTES_MAX - 1; n <= XJ_QUERY_BYTES_MAX; n++)
        xj_query_free(parse_n(s, n, 0, XJ_OK));
    xj_query *q = (xj_query *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_query_parse(&q, s, XJ_QUERY_BYTES_MAX + 1, 0, &e), XJ_EQUERY);
    assert_null(q);
    assert_non_null(strstr(e.message, "65536"));
    free(s);
}

/* n times `piece`, then `end`. */
static char *repeat(const char *begin, const char *piece, size_t n, const char *end)
{
    size_t k = strlen(piece), b = strlen(begin);
    char *s = malloc(b + n * k + strlen(end) + 1);
    assert_non_null(s);
    memcpy(s, begin, b);
    for (size_t i = 0; i < n; i++)
        memcpy(s + b + i * k, piece, k);
    strcpy(s + b + n * k, end);
    return s;
}

static void check_limit(const char *begin, const char *piece, const char *end, size_t max, size_t around, unsigned flags,
                        const char *message)
{
    for (size_t n = max - 1; n <= max; n++) {
        char *s = repeat(begin, piece, n - around, end);
        xj_query_free(parse_n(s, strlen(s), flags, XJ_OK));
        free(s);
    }
    char *s = repeat(begin, piece, max + 1 - around, end);
    refuse_flags(s, flags, message);
    free(s);
}

static void test_query_parse__clauses(void **state)
{
    (void)state;
    check_limit("", "a ", "", XJ_QUERY_CLAUSES_MAX, 0, 0, "1024");
    check_limit("", "\"a\"", "", XJ_QUERY_CLAUSES_MAX, 0, 0, "1024");
    check_limit("", "title:a ", "", XJ_QUERY_CLAUSES_MAX, 0, 0, "1024");
    check_limit("a", " -b", "", XJ_QUERY_CLAUSES_MAX, 1, 0, "1024");
    check_limit("a", " AND b", "", XJ_QUERY_CLAUSES_MAX, 1, 0, "1024");
    check_limit("a", " OR year:2024", "", XJ_QUERY_CLAUSES_MAX, 1, 0, "1024");
    check_limit("", "a ", "", XJ_QUERY_CLAUSES_MAX, 0, XJ_QUERY_ANY, "1024");
    check_limit("", "a ", "", XJ_QUERY_CLAUSES_MAX, 0, XJ_QUERY_ALL, "1024");
}

static void test_query_parse__depth(void **state)
{
    (void)state;
    for (size_t n = XJ_QUERY_DEPTH_MAX - 1; n <= XJ_QUERY_DEPTH_MAX + 1; n++) {
        char *open = repeat("", "(", n, "a"), *s = repeat(open, ")", n, "");
        if (n <= XJ_QUERY_DEPTH_MAX)
            xj_query_free(parse_n(s, strlen(s), 0, XJ_OK));
        else
            refuse(s, "100");
        free(open);
        free(s);
        /* a NOT (b NOT (b ... a: each level takes a NOT and a parenthesis. */
        size_t levels = n / 2;
        open = repeat("a", " NOT (b", levels, "");
        s = repeat(open, ")", levels, "");
        if (2 * levels <= XJ_QUERY_DEPTH_MAX)
            xj_query_free(parse_n(s, strlen(s), 0, XJ_OK));
        free(open);
        free(s);
    }
    char *open = repeat("a", " NOT (b", 51, ""), *s = repeat(open, ")", 51, "");
    refuse(s, "100");
    free(open);
    free(s);
    /* What is closed counts no more. */
    s = repeat("", "(a) ", 1000, "");
    xj_query_free(parse_n(s, strlen(s), 0, XJ_OK));
    free(s);
    /* As deep as a query can be long: refused, and without using up the stack. */
    s = repeat("", "(", XJ_QUERY_BYTES_MAX, "");
    refuse(s, "100");
    free(s);
    s = repeat("", "NOT ", XJ_QUERY_BYTES_MAX / 4, "");
    refuse(s, "100");
    free(s);
    s = repeat("", "-", XJ_QUERY_BYTES_MAX, "");
    refuse(s, "100");
    free(s);
}

static void test_query_parse__phrase_units(void **state)
{
    (void)state;
    check_limit("", "人", "", XJ_QUERY_PHRASE_MAX, 0, 0, "1024");
    check_limit("\"", "a ", "\"", XJ_QUERY_PHRASE_MAX, 0, 0, "1024");
    check_limit("\"a", "，", "\"", XJ_QUERY_PHRASE_MAX, 1, 0, "1024"); /* breaks count */
    check_limit("", "人", "", XJ_QUERY_PHRASE_MAX, 0, XJ_QUERY_LITERAL, "1024");
    check_limit("", "人", "", XJ_QUERY_PHRASE_MAX, 0, XJ_QUERY_EXACT_SCRIPT, "1024");
    /* Free text may be longer: its parts are ranked. */
    char *s = repeat("", "人", XJ_QUERY_PHRASE_MAX * 2, "");
    xj_query_free(parse_n(s, strlen(s), XJ_QUERY_ANY, XJ_OK));
    free(s);
}

/* ---- tokens ---- */

static void test_query_parse__tokens(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned flags;
        size_t n;
    } rows[] = {
        {"枫桥经验", 0, 3},          /* three pairs */
        {"枫", 0, 1},                /* a lone character */
        {"枫，桥", 0, 2},            /* two lone ones */
        {"枫桥，经验", 0, 2},
        {"5G网络", 0, 2},            /* a word and a pair */
        {"网5G络", 0, 3},            /* a word and two lone characters */
        {"人人人人", 0, 1},          /* one pair, three times */
        {"running runs", 0, 1},      /* one stem, twice */
        {"枫桥 枫桥经验", 0, 3},
        {"枫桥 NOT 经验", 0, 1},     /* what is excluded is not scored */
        {"枫桥 title:经验", 0, 1},
        {"title:经验", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xj_query *q = parse_n(rows[i].text, strlen(rows[i].text), rows[i].flags, XJ_OK);
        if (q->n_tokens != rows[i].n)
            fail_msg("'%s' has %zu tokens, not %zu", rows[i].text, q->n_tokens, rows[i].n);
        xj_query_free(q);
    }
    xj_query *q = parse_n("人人人人", 12, 0, XJ_OK);
    assert_true(q->token[0].weight == 3.0);
    xj_query_free(q);
}

static void test_query_parse__question_words_weigh_little(void **state)
{
    (void)state;
    xj_query *q = parse_n("枫桥经验的机制有哪些", 30, 0, XJ_OK); /* a bag of 9 pairs */
    assert_int_equal(xj_query_kind_of(q), XJ_QUERY_BAG);
    assert_int_equal(q->n_tokens, 9);
    for (size_t t = 0; t < 9; t++)
        assert_true(q->token[t].weight == (t < 7 ? 1.0 : 0.2)); /* 有哪 and 哪些 touch 哪些 */
    xj_query_free(q);
    q = parse_n("哪些", 6, XJ_QUERY_ANY, XJ_OK); /* nothing else is asked for */
    assert_true(q->token[0].weight == 1.0);
    xj_query_free(q);
    q = parse_n("\"枫桥有哪些\" 经验", 25, 0, XJ_OK); /* quoted words mean what they say */
    for (size_t t = 0; t < q->n_tokens; t++)
        assert_true(q->token[t].weight == 1.0);
    xj_query_free(q);
}

/* ---- garbage ---- */

static void test_query_parse__random_garbage(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "枫", "枫桥经验", " ", "　", "\"", "(", ")", "-", "NOT ", "AND ", "OR ", " NOT", " AND", " OR",
                                         "title:", "year:", "id:", "date:", "section:", "2021", "..", ",", "，", "\xFF", "\xE6\x9E", "\n",
                                         "5G", "+", "：", ":", "2024-05", "哪些", "㍿", "\xF0\xA0\xAE\xB7"};
    enum { PIECES = sizeof pieces / sizeof *pieces };
    uint64_t x = 21;
    print_message("seed 21\n");
    size_t good = 0;
    for (int round = 0; round < 60000; round++) {
        char text[512];
        size_t n = 0;
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t k = (size_t)(x >> 33) % 14;
        unsigned flags = (unsigned)(x >> 58) & 15;
        if ((flags & XJ_QUERY_LITERAL) && (flags & XJ_QUERY_ANY))
            flags &= ~(unsigned)XJ_QUERY_ANY;
        if (round % 4 == 3)
            flags = 0;
        while (k-- > 0) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            if (round % 10 == 0) { /* mere bytes */
                text[n++] = (char)(x >> 50);
                continue;
            }
            const char *p = pieces[(x >> 33) % PIECES];
            memcpy(text + n, p, strlen(p));
            n += strlen(p);
        }
        char *copy = malloc(n ? n : 1);
        assert_non_null(copy);
        memcpy(copy, text, n);
        xj_query *q = (xj_query *)1;
        xj_error e = XJ_ERROR_INIT;
        xj_status st = xj_query_parse(&q, copy, n, flags, &e);
        free(copy);
        if (st == XJ_OK) {
            good++;
            assert_in_range(xj_query_kind_of(q), XJ_QUERY_PHRASE, XJ_QUERY_TREE);
            assert_true(q->root < q->n_nodes);
            shown_n = 0;
            show_node(q, q->root); /* the tree is finite and whole */
            xj_query_free(q);
        } else {
            assert_int_equal(st, XJ_EQUERY);
            assert_int_equal(e.code, XJ_EQUERY);
            assert_true(e.message[0] != '\0');
            assert_null(q);
        }
    }
    assert_true(good > 5000);
    xj_query_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_parse__one_bare_word),
        cmocka_unit_test(test_query_parse__quoted_phrase),
        cmocka_unit_test(test_query_parse__several_words),
        cmocka_unit_test(test_query_parse__literal),
        cmocka_unit_test(test_query_parse__any),
        cmocka_unit_test(test_query_parse__literal_and_any_exclude_each_other),
        cmocka_unit_test(test_query_parse__operators),
        cmocka_unit_test(test_query_parse__words_bind_before_and_before_or),
        cmocka_unit_test(test_query_parse__parentheses),
        cmocka_unit_test(test_query_parse__operators_are_words_of_their_own),
        cmocka_unit_test(test_query_parse__positive_phrases),
        cmocka_unit_test(test_query_parse__operators_that_lack_something),
        cmocka_unit_test(test_query_parse__or_with_nothing_behind_it),
        cmocka_unit_test(test_query_parse__not_before_an_operator),
        cmocka_unit_test(test_query_parse__unbalanced),
        cmocka_unit_test(test_query_parse__only_negative),
        cmocka_unit_test(test_query_parse__nothing_to_search_for),
        cmocka_unit_test(test_query_parse__fields),
        cmocka_unit_test(test_query_parse__fields_that_lack_something),
        cmocka_unit_test(test_query_parse__years),
        cmocka_unit_test(test_query_parse__dates),
        cmocka_unit_test(test_query_parse__empty_years_and_dates),
        cmocka_unit_test(test_query_parse__nul_does_not_end_a_value),
        cmocka_unit_test(test_query_parse__bytes),
        cmocka_unit_test(test_query_parse__clauses),
        cmocka_unit_test(test_query_parse__depth),
        cmocka_unit_test(test_query_parse__phrase_units),
        cmocka_unit_test(test_query_parse__tokens),
        cmocka_unit_test(test_query_parse__question_words_weigh_little),
        cmocka_unit_test(test_query_parse__random_garbage),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
