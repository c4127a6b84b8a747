/*
 * What is shown of a hit: its text and metadata, which characters match, the source bytes they came from, and which ones
 * were restored. Passages come with source maps that have gaps, overlaps and marks.
 */
#include "xj/search.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

static char top[64], path[80];
static xj_index *ix;

/* An index in the making: one segment, its reports of one section each or more. */
static xj_index_writer *writer;
static xj_segment_writer *segment;
static maker make;
static bool in_section;
static uint32_t section; /* of the passages being added: 1 has headings, 0 none */

static void begin_index(void)
{
    OK(xj_index_writer_open(&writer, path, XJ_INDEX_REPLACE, &err));
    OK(xj_index_writer_begin(writer, XJ_TEXT_DEFAULT, NULL, &segment, &err));
    maker_begin(&make, segment);
    in_section = false;
}

static void enter_section(uint32_t number)
{
    static const char *const headings[] = {"一、总体情况", "（一）做法"};
    if (in_section && section == number)
        return;
    maker_section(&make, "枫桥经验调研", headings, number ? 2 : 0);
    section = number;
    in_section = true;
}

static void add_mapped(const uint32_t *cp, const uint32_t *beg, const uint8_t *len, const uint8_t *mark, size_t n, uint32_t number)
{
    enter_section(number);
    maker_passage(&make, cp, beg, len, mark, n);
}

/* A passage whose source is its own UTF-8, beginning at byte 1000. */
static void add_text(const char *text)
{
    enter_section(0);
    maker_text(&make, text, 1000);
}

static void end_report(const char *id, uint32_t year)
{
    xj_report_meta meta = {.id = {id, strlen(id)}, .title = {"枫桥经验调研", 18}};
    maker_report(&make, &meta, year, 1);
    in_section = false;
}

static void end_index(void)
{
    maker_end(&make);
    OK(xj_index_writer_end(writer, &segment, &err));
    OK(xj_index_writer_commit(writer, &err));
    xj_index_writer_close(&writer);
    OK(xj_index_open(&ix, path, &err));
}

static int make_dir(void **state)
{
    (void)state;
    if (make_folder(top) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/index", top);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    char name[512];
    xj_index_close(&ix);
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            remove(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
    return rmdir(top);
}

static xj_query *parse(const char *s, unsigned flags)
{
    xj_query *q;
    OK(xj_query_parse(&q, s, strlen(s), flags, &err));
    return q;
}

/* Matches as text: the passage with [ ] around each match; overlapping ones are shown one after another. */
static const char *marked(const xj_view *v)
{
    static char out[4096];
    size_t n = 0;
    bool overlap = false;
    for (size_t m = 1; m < v->n_matches; m++)
        overlap = overlap || v->match[m].start < v->match[m - 1].end;
    if (overlap) {
        for (size_t m = 0; m < v->n_matches; m++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%u-%u ", (unsigned)v->match[m].start, (unsigned)v->match[m].end);
        return out;
    }
    for (size_t i = 0, m = 0; i <= v->text.n; i++) {
        if (m < v->n_matches && v->match[m].end == i) {
            out[n++] = ']';
            m++;
        }
        if (m < v->n_matches && v->match[m].start == i)
            out[n++] = '[';
        if (i < v->text.n)
            n += xj_utf8_encode((uint8_t *)out + n, v->text.cp[i]);
    }
    out[n] = '\0';
    return out;
}

/* What holds of every view. */
static void check_view(const xj_view *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->text.n; i++) {
        uint8_t one[4];
        size_t k = xj_utf8_encode(one, v->text.cp[i]);
        assert_true(n + k <= v->n_utf8);
        assert_memory_equal(v->utf8 + n, one, k);
        n += k;
        assert_true(v->source_first <= v->text.beg[i] && v->text.end[i] <= v->source_end);
    }
    assert_int_equal(n, v->n_utf8);
    for (size_t m = 0; m < v->n_matches; m++) {
        const xj_match *a = &v->match[m];
        assert_true(a->start < a->end && a->end <= v->text.n);
        assert_true(a->source_first <= a->source_end);
        assert_true(v->source_first <= a->source_first && a->source_end <= v->source_end);
        for (uint32_t i = a->start; i < a->end; i++)
            assert_true(a->source_first <= v->text.beg[i] && v->text.end[i] <= a->source_end);
        if (m > 0) { /* ascending, each once */
            const xj_match *b = &v->match[m - 1];
            assert_true(b->start < a->start || (b->start == a->start && b->end < a->end));
        }
    }
    for (size_t r = 0; r < v->n_restored; r++) {
        assert_true(v->restored[r].start < v->restored[r].end && v->restored[r].end <= v->text.n);
        if (r > 0)
            assert_true(v->restored[r - 1].end <= v->restored[r].start);
    }
}

/* Show passage 0 of the segment for this query. */
static void expect_marked(const char *query, unsigned flags, const char *want)
{
    xj_query *q = parse(query, flags);
    xj_view v;
    xj_hit hit = {0, 0, 0, XJ_TIER_EXACT};
    xj_view_init(&v);
    OK(xj_view_hit(&v, ix, q, &hit, &err));
    check_view(&v);
    if (strcmp(marked(&v), want) != 0)
        fail_msg("'%s': '%s' instead of '%s'", query, marked(&v), want);
    xj_view_release(&v);
    xj_query_free(q);
}

static void one_text(const char *text)
{
    begin_index();
    add_text(text);
    end_report("r", 2024);
    end_index();
}

static void test_view__phrases(void **state)
{
    (void)state;
    one_text("坚持新时代“楓橋經驗”，用好枫桥 经验。5G网络");
    expect_marked("枫桥经验", 0, "坚持新时代“[楓橋經驗]”，用好[枫桥 经验]。5G网络");
    expect_marked("时代枫桥", 0, "坚持新[时代“楓橋]經驗”，用好枫桥 经验。5G网络");
    expect_marked("经验，用", 0, "坚持新时代“楓橋[經驗”，用]好枫桥 经验。5G网络");
    expect_marked("5G", 0, "坚持新时代“楓橋經驗”，用好枫桥 经验。[5G]网络");
    expect_marked("枫桥", XJ_QUERY_EXACT_SCRIPT, "坚持新时代“楓橋經驗”，用好[枫桥] 经验。5G网络");
    expect_marked("楓橋", XJ_QUERY_EXACT_SCRIPT, "坚持新时代“[楓橋]經驗”，用好枫桥 经验。5G网络");
    expect_marked("桥", 0, "坚持新时代“楓[橋]經驗”，用好枫[桥] 经验。5G网络");
}

static void test_view__overlapping_occurrences_all_stand_here(void **state)
{
    (void)state;
    one_text("人人人人");
    expect_marked("人人", 0, "0-2 1-3 2-4 ");
    expect_marked("人人人", 0, "0-3 1-4 ");
    expect_marked("人人人人", 0, "[人人人人]");
}

static void test_view__trees_mark_their_positive_phrases(void **state)
{
    (void)state;
    one_text("甲乙丙，丁戊己，庚");
    expect_marked("甲乙 AND 戊己", 0, "[甲乙]丙，丁[戊己]，庚");
    expect_marked("甲乙 OR 不存在", 0, "[甲乙]丙，丁戊己，庚");
    expect_marked("甲 -辛", 0, "[甲]乙丙，丁戊己，庚");
    expect_marked("庚 NOT (辛 NOT 甲)", 0, "[甲]乙丙，丁戊己，[庚]"); /* 甲 is under two NOTs */
    expect_marked("甲乙 AND 乙丙", 0, "0-2 1-3 ");
    expect_marked("甲乙 AND 甲", 0, "0-1 0-2 ");
    expect_marked("甲 AND 甲", 0, "[甲]乙丙，丁戊己，庚"); /* the same match once */
    expect_marked("year:2024", 0, "甲乙丙，丁戊己，庚");
    expect_marked("庚 year:2024", 0, "甲乙丙，丁戊己，[庚]");
}

static void test_view__bags_mark_what_their_tokens_cover(void **state)
{
    (void)state;
    one_text("枫桥经验交流，化解矛盾；Running 5G");
    expect_marked("枫桥经验 矛盾", 0, "[枫桥经验]交流，化解[矛盾]；Running 5G");
    expect_marked("枫桥 经验 交流", 0, "[枫桥经验交流]，化解矛盾；Running 5G"); /* stretches that touch are one */
    expect_marked("枫经验证 化", 0, "枫桥[经验]交流，[化]解矛盾；Running 5G");
    expect_marked("runs 5g", 0, "枫桥经验交流，化解矛盾；[Running 5G]"); /* words by their stem */
    expect_marked("枫桥", XJ_QUERY_ANY, "[枫桥]经验交流，化解矛盾；Running 5G");
    expect_marked("不存在 交流", 0, "枫桥经验[交流]，化解矛盾；Running 5G");
}

static void test_view__question_words_are_not_marked(void **state)
{
    (void)state;
    one_text("枫桥经验有哪些做法");
    expect_marked("枫桥经验的机制有哪些", 0, "[枫桥经验]有哪些做法");
    expect_marked("哪些", XJ_QUERY_ANY, "枫桥经验有[哪些]做法"); /* when nothing else is asked for */
    expect_marked("有哪些做法", 0, "枫桥经验[有哪些做法]");      /* an exact phrase */
}

/* A relaxed hit does not hold the phrase: what it holds of it is marked. */
static void test_view__relaxed_hits(void **state)
{
    (void)state;
    one_text("枫桥的好经验，人桥经");
    expect_marked("枫桥经验", 0, "[枫桥]的好[经验]，人[桥经]");
    expect_marked("枫桥经验", XJ_QUERY_LITERAL, "[枫桥]的好[经验]，人[桥经]");
    expect_marked("不存在", 0, "枫桥的好经验，人桥经");
}

/* Scoring reads folded text whatever the phrases want, so marks must find what was scored. */
static void test_view__exact_script_bags_and_relaxed_hits(void **state)
{
    (void)state;
    one_text("楓橋經驗，５Ｇ网络，ＲＵＮ");
    expect_marked("枫桥 综治", XJ_QUERY_EXACT_SCRIPT, "[楓橋]經驗，５Ｇ网络，ＲＵＮ");
    expect_marked("楓橋 綜治", XJ_QUERY_EXACT_SCRIPT, "[楓橋]經驗，５Ｇ网络，ＲＵＮ");
    expect_marked("5G 综治", XJ_QUERY_EXACT_SCRIPT, "楓橋經驗，[５Ｇ]网络，ＲＵＮ");
    expect_marked("枫桥人人", XJ_QUERY_EXACT_SCRIPT, "[楓橋]經驗，５Ｇ网络，ＲＵＮ"); /* relaxed */
}

static void test_view__without_a_query(void **state)
{
    (void)state;
    one_text("枫桥经验");
    xj_view v;
    xj_hit hit = {0, 0, 0, XJ_TIER_EXACT};
    xj_view_init(&v);
    OK(xj_view_hit(&v, ix, NULL, &hit, &err));
    check_view(&v);
    assert_int_equal(v.n_matches, 0);
    assert_int_equal(v.text.n, 4);
    xj_view_release(&v);
}

static void test_view__metadata_and_place(void **state)
{
    (void)state;
    uint32_t cp = 0x7532, beg = 5;
    uint8_t len = 3;
    begin_index();
    add_text("甲");
    end_report("r1", 2023);
    add_text("乙");
    add_text("");
    add_mapped(&cp, &beg, &len, NULL, 1, 1);
    end_report("r2", 0);
    end_index();
    xj_view v;
    xj_view_init(&v);
    for (int round = 0; round < 2; round++) { /* and again, with the memory of before */
        OK(xj_view_hit(&v, ix, NULL, &(xj_hit){0, 0, 0, XJ_TIER_EXACT}, &err));
        assert_int_equal(v.meta.id.n, 2);
        assert_memory_equal(v.meta.id.s, "r1", 2);
        assert_memory_equal(v.meta.title.s, "枫桥经验调研", 18);
        assert_int_equal(v.year, 2023);
        assert_int_equal(v.n_passages, 1);
        assert_int_equal(v.passage, 0);
        assert_int_equal(v.section.n, 0);
        OK(xj_view_hit(&v, ix, NULL, &(xj_hit){0, 0, 2, XJ_TIER_EXACT}, &err)); /* a passage without text */
        check_view(&v);
        assert_int_equal(v.text.n, 0);
        assert_int_equal(v.n_utf8, 0);
        assert_int_equal(v.source_first, v.source_end);
        OK(xj_view_hit(&v, ix, NULL, &(xj_hit){0, 0, 3, XJ_TIER_EXACT}, &err));
        assert_memory_equal(v.meta.id.s, "r2", 2);
        assert_int_equal(v.year, 0);
        assert_int_equal(v.n_passages, 3);
        assert_int_equal(v.passage, 2);
        assert_int_equal(v.section.n, 2);
        assert_memory_equal(v.section.heading[1].s, "（一）做法", 15);
        assert_int_equal(v.source_first, 5);
        assert_int_equal(v.source_end, 8);
        OK(xj_view_report(&v, ix, &(xj_report_hit){0, 0, 0, 1, 1}, &err));
        assert_memory_equal(v.meta.id.s, "r1", 2);
        assert_int_equal(v.n_matches + v.n_restored + v.section.n, 0);
    }
    xj_view_release(&v);
    assert_null(v.match);
    xj_view_release(&v);
}

static void expect_source(const char *query, uint64_t first, uint64_t end)
{
    xj_query *q = parse(query, 0);
    xj_view v;
    xj_view_init(&v);
    OK(xj_view_hit(&v, ix, q, &(xj_hit){0, 0, 0, XJ_TIER_EXACT}, &err));
    check_view(&v);
    assert_int_equal(v.n_matches, 1);
    assert_int_equal(v.match[0].source_first, first);
    assert_int_equal(v.match[0].source_end, end);
    xj_view_release(&v);
    xj_query_free(q);
}

static void test_view__source_ranges(void **state)
{
    (void)state;
    /* 甲乙丙丁戊己庚 with pinyin deleted behind 乙, 丁 and 戊 restored from the same bytes in reverse, 己 inserted. */
    static const uint32_t cp[] = {0x7532, 0x4E59, 0x4E19, 0x4E01, 0x620A, 0x5DF1, 0x5E9A};
    static const uint32_t beg[] = {10, 13, 30, 36, 34, 40, 40};
    static const uint8_t len[] = {3, 3, 3, 4, 4, 0, 3};
    begin_index();
    add_mapped(cp, beg, len, NULL, 7, 0);
    end_report("r", 2024);
    end_index();
    expect_source("甲乙", 10, 16);
    expect_source("乙丙", 13, 33); /* from the first byte to the last, what was deleted between included */
    expect_source("丁戊", 34, 40); /* the later character has the earlier bytes */
    expect_source("丁", 36, 40);
    expect_source("己", 40, 40); /* stands for no bytes */
    expect_source("戊己庚", 34, 43);
    expect_source("甲乙丙丁戊己庚", 10, 43);
}

static void test_view__restored_marks(void **state)
{
    (void)state;
    static const struct {
        uint8_t mark[6];
        size_t n;
        xj_restored want[4];
    } rows[] = {
        {{0, 0, 0, 0, 0, 0}, 0, {{0, 0, false}}},
        {{1, 1, 1, 1, 1, 1}, 1, {{0, 6, false}}},
        {{2, 2, 2, 2, 2, 2}, 1, {{0, 6, true}}},
        {{0, 1, 1, 0, 0, 2}, 2, {{1, 3, false}, {5, 6, true}}},
        {{1, 2, 0, 2, 1, 1}, 4, {{0, 1, false}, {1, 2, true}, {3, 4, true}, {4, 6, false}}},
    };
    enum { ROWS = sizeof rows / sizeof *rows };
    static const uint32_t cp[] = {0x7532, 0x4E59, 0x4E19, 0x4E01, 0x620A, 0x5DF1}, beg[] = {0, 3, 6, 9, 12, 15};
    static const uint8_t len[] = {3, 3, 3, 3, 3, 3};
    begin_index();
    for (size_t i = 0; i < ROWS; i++)
        add_mapped(cp, beg, len, rows[i].mark, 6, 0);
    end_report("r", 2024);
    end_index();
    xj_view v;
    xj_query *q = parse("甲乙", 0);
    xj_view_init(&v);
    for (uint32_t i = 0; i < ROWS; i++) {
        OK(xj_view_hit(&v, ix, q, &(xj_hit){0, 0, i, XJ_TIER_EXACT}, &err));
        check_view(&v);
        assert_int_equal(v.n_matches, 1);
        assert_int_equal(v.n_restored, rows[i].n);
        for (size_t k = 0; k < v.n_restored; k++) {
            assert_int_equal(v.restored[k].start, rows[i].want[k].start);
            assert_int_equal(v.restored[k].end, rows[i].want[k].end);
            assert_int_equal(v.restored[k].conjecture, rows[i].want[k].conjecture);
        }
    }
    xj_view_release(&v);
    xj_query_free(q);
}

/* Every hit of a search shows at least one match, and an exact hit as many as were counted. */
static void test_view__hits_show_their_matches(void **state)
{
    (void)state;
    static const char *const pieces[] = {"甲", "乙", "楓橋", "枫桥经验", "，", "。", " ", "“", "人人", "5G", "５Ｇ", "run ", "running ", "runs "};
    static const char *const queries[] = {"枫桥", "人", "人人", "甲乙", "枫桥 人人", "running 5G", "甲 AND 人", "乙枫桥", "5g甲", "甲，乙"};
    uint64_t x = 51;
    print_message("seed 51\n");
    begin_index();
    for (int i = 0; i < 150; i++) {
        char text[800] = "";
        for (int k = i % 20; k >= 0; k--) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            strcat(text, pieces[(x >> 33) % (sizeof pieces / sizeof *pieces)]);
        }
        add_text(text);
    }
    end_report("r", 2024);
    end_index();
    xj_view v;
    xj_results r = XJ_RESULTS_INIT;
    xj_view_init(&v);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        for (unsigned flags = 0; flags <= XJ_QUERY_EXACT_SCRIPT; flags += XJ_QUERY_EXACT_SCRIPT) {
            xj_query *q = parse(queries[i], flags);
            xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
            uint64_t matches = 0;
            o.limit = 1000;
            o.relax = true;
            OK(xj_search(&r, ix, q, &o, &err));
            assert_true(r.n_hits > 5);
            for (size_t h = 0; h < r.n_hits; h++) {
                OK(xj_view_hit(&v, ix, q, &r.hits[h], &err));
                check_view(&v);
                if (v.n_matches == 0)
                    fail_msg("'%s'%s: a hit that shows no match: '%.*s'", queries[i], flags ? " in exact script" : "", (int)v.n_utf8, v.utf8);
                if (r.hits[h].tier == XJ_TIER_EXACT)
                    matches += v.n_matches;
            }
            if (xj_query_kind_of(q) != XJ_QUERY_BAG)
                assert_int_equal(matches, r.totals.occurrences);
            xj_query_free(q);
        }
    }
    xj_results_release(&r);
    xj_view_release(&v);
}

/* A hit that is not there, and a file that is damaged: a status, and the view can be used again. */
static void test_view__failures(void **state)
{
    (void)state;
    one_text("枫桥经验");
    xj_view v;
    xj_error e = XJ_ERROR_INIT;
    xj_query *q = parse("枫桥", 0);
    xj_view_init(&v);
    assert_int_equal(xj_view_hit(&v, ix, q, &(xj_hit){0, 0, 1, XJ_TIER_EXACT}, &e), XJ_ECORRUPT);
    assert_true(e.message[0] != '\0');
    assert_int_equal(xj_view_report(&v, ix, &(xj_report_hit){0, 0, 1, 1, 1}, NULL), XJ_ECORRUPT);
    OK(xj_view_hit(&v, ix, q, &(xj_hit){0, 0, 0, XJ_TIER_EXACT}, &err));
    assert_int_equal(v.n_matches, 1);
    xj_view_release(&v);
    xj_query_free(q);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_view__phrases),
        TEST(test_view__overlapping_occurrences_all_stand_here),
        TEST(test_view__trees_mark_their_positive_phrases),
        TEST(test_view__bags_mark_what_their_tokens_cover),
        TEST(test_view__question_words_are_not_marked),
        TEST(test_view__relaxed_hits),
        TEST(test_view__exact_script_bags_and_relaxed_hits),
        TEST(test_view__without_a_query),
        TEST(test_view__metadata_and_place),
        TEST(test_view__source_ranges),
        TEST(test_view__restored_marks),
        TEST(test_view__hits_show_their_matches),
        TEST(test_view__failures),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
