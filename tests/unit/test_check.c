/*
 * What the check of a segment says of files whose checksums are right: passages, terms and records that contradict each
 * other. Segments are written with terms of our own, so that they may say what no indexer would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "../../common/src/impact_priv.h"

/* ---- segments of our own ---- */

/* A term: a pair, or a string when key is not empty. */
typedef struct term {
    const char *key;
    uint32_t first, second;
    uint32_t n;
    uint32_t docs[4], tfs[4];
    const uint16_t *codes;
} term;

static void put_part(xj_segment_writer *w, const xj_scale *scale, xj_dictionary dictionary, const term *terms, size_t n)
{
    xj_term_part *p;
    OK(xj_term_part_new(&p, dictionary, scale, &err));
    for (size_t i = 0; i < n; i++) {
        const term *t = &terms[i];
        const xj_term_postings postings = {t->docs, t->tfs, t->n, t->codes};
        if (dictionary == XJ_PAIRS && !t->key)
            OK(xj_term_part_pair(p, XJ_PAIR_KEY(t->first, t->second), &postings, &err));
        if (dictionary == XJ_STRINGS && t->key)
            OK(xj_term_part_string(p, t->key, strlen(t->key), &postings, &err));
    }
    OK(xj_term_part_finish(p, &err));
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
}

/* A segment of these texts in one section of one report, with these terms. */
static xj_segment *segment_of(const char *const *texts, size_t n_texts, const term *terms, size_t n_terms)
{
    const xj_scale *scale;
    xj_segment_writer *w = new_segment();
    maker m;
    maker_begin(&m, w);
    maker_section(&m, NULL, NULL, 0);
    for (size_t i = 0; i < n_texts; i++)
        maker_text(&m, texts[i], 0);
    maker_release(&m);
    put_bare_report(w, "r");
    OK(xj_segment_writer_scale(w, &scale, &err));
    put_part(w, scale, XJ_PAIRS, terms, n_terms);
    put_part(w, scale, XJ_STRINGS, terms, n_terms);
    return finish_segment(w);
}

static bool keep_first(void *ctx, const xj_error *e)
{
    xj_error *first = ctx;
    if (first->code == XJ_OK)
        *first = *e;
    return true;
}

/* The check finds this; NULL: nothing. */
static void expect(xj_segment *seg, const char *what, int line)
{
    xj_error first = XJ_ERROR_INIT;
    uint64_t n = 0;
    OK(xj_segment_check(seg, XJ_CHECK_ALL, keep_first, &first, &n, &err));
    if (what ? !strstr(first.message, what) || n == 0 : n != 0)
        fail_msg("line %d: %llu damages, the first one: %s", line, (unsigned long long)n, first.message);
    assert_true(n == 0 || (first.code == XJ_ECORRUPT && strstr(first.path, SEGMENT_NAME) && first.offset != XJ_NO_OFFSET));
    xj_segment_close(&seg);
}

#define EXPECT(seg, what) expect(seg, what, __LINE__)

/* ---- passages and their terms ---- */

static const char lengths_differ[] = "a passage whose terms do not add up to its length";

enum { JIA = 0x7532, YI = 0x4E59 };

static const char *const texts[] = {"甲乙", "甲乙甲乙", "a𠀀甲", "𠀀", "running a"};

static const uint16_t first_codes[] = {0, 0, 0x0101}; /* of a passage with one occurrence and one with two */
static const uint16_t swapped_codes[] = {0, 0x0101, 0};

/* What the texts have. A list of 甲 or 乙 is not due: both are common. */
static const term terms[] = {
    {NULL, YI, JIA, 1, {1}, {1}, first_codes},
    {NULL, YI, XJ_SECOND_SINGLE, 2, {0, 1}, {1, 1}, NULL},
    {NULL, JIA, YI, 2, {0, 1}, {1, 2}, first_codes},
    {NULL, JIA, XJ_SECOND_SINGLE, 1, {2}, {1}, NULL},
    {"c𠀀", 0, 0, 1, {3}, {1}, NULL},
    {"pa\x1F𠀀", 0, 0, 1, {2}, {1}, first_codes},
    {"prunning\x1F""a", 0, 0, 1, {4}, {1}, first_codes},
    {"p𠀀\x1F甲", 0, 0, 1, {2}, {1}, first_codes},
    {"srun", 0, 0, 1, {4}, {1}, NULL},
    {"wa", 0, 0, 2, {2, 4}, {1, 1}, NULL},
    {"wrunning", 0, 0, 1, {4}, {1}, NULL},
};

enum { N_TEXTS = sizeof texts / sizeof *texts, N_TERMS = sizeof terms / sizeof *terms };

/* Number of a term by its key, or of a pair. */
static size_t number_of(const char *key, uint32_t first, uint32_t second)
{
    for (size_t i = 0; i < N_TERMS; i++)
        if (key ? terms[i].key && strcmp(terms[i].key, key) == 0
                : !terms[i].key && terms[i].first == first && terms[i].second == second)
            return i;
    fail_msg("no such term");
    return 0;
}

static void test_check__terms_of_the_texts(void **state)
{
    (void)state;
    EXPECT(segment_of(texts, N_TEXTS, terms, N_TERMS), NULL);
}

/* Other postings of the same df and cf: nothing but the passages tells. */
static void test_check__postings_of_other_passages(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint32_t first, second;
        uint32_t docs[2], tfs[2];
        const uint16_t *codes;
        const char *what; /* is found */
    } rows[] = {
        {NULL, JIA, YI, {0, 1}, {2, 1}, swapped_codes, lengths_differ},
        {NULL, JIA, YI, {1, 2}, {1, 2}, first_codes, lengths_differ},
        {NULL, YI, JIA, {0}, {1}, first_codes, lengths_differ},
        {NULL, YI, XJ_SECOND_SINGLE, {0, 2}, {1, 1}, NULL, lengths_differ},
        {"c𠀀", 0, 0, {0}, {1}, NULL, lengths_differ},
        {"p𠀀\x1F甲", 0, 0, {4}, {1}, first_codes, lengths_differ},
        {"wa", 0, 0, {2, 3}, {1, 1}, NULL, lengths_differ},
        {"wrunning", 0, 0, {3}, {1}, NULL, lengths_differ},
        /* these are no units of their own, the length says nothing of them */
        {"pa\x1F𠀀", 0, 0, {4}, {1}, first_codes, NULL},
        {"prunning\x1F""a", 0, 0, {0}, {1}, first_codes, NULL},
        {"srun", 0, 0, {0}, {1}, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        term changed[N_TERMS];
        memcpy(changed, terms, sizeof changed);
        term *t = &changed[number_of(rows[i].key, rows[i].first, rows[i].second)];
        memcpy(t->docs, rows[i].docs, sizeof rows[i].docs);
        memcpy(t->tfs, rows[i].tfs, sizeof rows[i].tfs);
        t->codes = rows[i].codes;
        print_message("row %zu\n", i);
        EXPECT(segment_of(texts, N_TEXTS, changed, N_TERMS), rows[i].what);
    }
}

/* Within the rounding of the length code a passage may not be off either. */
static void test_check__lengths_are_exact(void **state)
{
    (void)state;
    enum { N = 1000 };
    char text[N + 1];
    for (size_t i = 0; i < N; i++)
        text[i] = i % 2 ? ' ' : 'a';
    text[N] = '\0';
    const char *const two[] = {text, text};
    term t = {"wa", 0, 0, 2, {0, 1}, {N / 2, N / 2}, NULL};
    EXPECT(segment_of(two, 2, &t, 1), NULL);
    t.tfs[0]--;
    t.tfs[1]++;
    assert_int_equal(xj_length_code(N / 2 - 1), xj_length_code(N / 2 + 1));
    EXPECT(segment_of(two, 2, &t, 1), lengths_differ);
}

/* Occurrences that are right but for a multiple of 2^32. */
static void test_check__lengths_do_not_wrap(void **state)
{
    (void)state;
    static const char *const text[] = {"a b"};
    static const term right[] = {{"wa", 0, 0, 1, {0}, {1}, NULL}, {"wb", 0, 0, 1, {0}, {1}, NULL}};
    static const term wrong[] = {{"wa", 0, 0, 1, {0}, {UINT32_MAX}, NULL}, {"wb", 0, 0, 1, {0}, {3}, NULL}};
    EXPECT(segment_of(text, 1, right, 2), NULL);
    EXPECT(segment_of(text, 1, wrong, 2), lengths_differ);
}

/* Each passage is told of: a wrong list is that of many. */
static void test_check__each_passage_is_told(void **state)
{
    (void)state;
    static const char *const four[] = {"甲", "a", "甲乙甲", "，"};
    xj_segment *seg = segment_of(four, 4, NULL, 0);
    assert_int_equal(damages_of(seg, XJ_CHECK_ALL), 3);
    xj_segment_close(&seg);
}

/* A passage may lack all of its terms, too. */
static void test_check__passages_without_terms(void **state)
{
    (void)state;
    static const char *const text[] = {"，。"}, *const more[] = {"，。", "甲"};
    EXPECT(segment_of(text, 1, NULL, 0), NULL);
    EXPECT(segment_of(more, 2, NULL, 0), lengths_differ);
}

/* ---- what is UTF-8 ---- */

/* Cut short, a lone continuation, overlong, a surrogate, beyond Unicode, a byte of no encoding. */
static const char *const ill_formed[] = {"一\xE4\xB8", "\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xFF" "b"};

enum { N_ILL = sizeof ill_formed / sizeof *ill_formed };

static xj_segment *segment_with(const xj_heading_path *path, const xj_report_meta *meta)
{
    xj_segment_writer *w = new_segment();
    xj_buf b = XJ_BUF_INIT;
    OK(xj_heading_path_put(&b, path, &err));
    OK(xj_segment_writer_section(w, b.data, b.n, &err));
    OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
    b.n = 0;
    OK(xj_report_meta_put(&b, meta, &err));
    OK(xj_segment_writer_report(w, meta->id.s, meta->id.n, 0, 1, b.data, b.n, &err));
    xj_buf_release(&b);
    return finish_segment(w);
}

static xj_str str(const char *s)
{
    return (xj_str){s, strlen(s)};
}

static void test_check__headings_are_utf8(void **state)
{
    (void)state;
    static const xj_report_meta meta = {.id = {"r", 1}};
    xj_heading_path path = {.n = 3, .heading = {str("一、"), {"", 0}, str("𠀀")}};
    EXPECT(segment_with(&path, &meta), NULL);
    for (size_t i = 0; i < N_ILL; i++)
        for (size_t k = 0; k < 3; k++) {
            xj_heading_path bad = path;
            bad.heading[k] = str(ill_formed[i]);
            EXPECT(segment_with(&bad, &meta), "a heading that is not UTF-8");
        }
}

static void test_check__records_of_reports_are_utf8(void **state)
{
    (void)state;
    static const xj_heading_path path = {.n = 0};
    xj_report_meta meta = {.id = str("r"), .path = str("r.txt"), .title = str("报告"), .agency = str("县"), .date = str("2024"),
                           .number = str("1"), .n_extra = 2};
    meta.extra[0] = (xj_extra){str("名"), str("值"), false};
    meta.extra[1] = (xj_extra){str("page"), str("7"), true};
    EXPECT(segment_with(&path, &meta), NULL);
    for (size_t i = 0; i < N_ILL; i++) {
        xj_report_meta changed = meta;
        xj_str *const anything[] = {&changed.id, &changed.path}; /* names of files */
        xj_str *const text[] = {&changed.title, &changed.agency, &changed.date, &changed.number, &changed.extra[0].name,
                                &changed.extra[0].value, &changed.extra[1].name, &changed.extra[1].value};
        for (size_t k = 0; k < sizeof anything / sizeof *anything; k++)
            *anything[k] = str(ill_formed[i]);
        EXPECT(segment_with(&path, &changed), NULL);
        for (size_t k = 0; k < sizeof text / sizeof *text; k++) {
            xj_str good = *text[k];
            *text[k] = str(ill_formed[i]);
            EXPECT(segment_with(&path, &changed), "a report record that is not UTF-8");
            *text[k] = good;
        }
    }
}

/* ---- impacts ---- */

/* An impact is a bound of the score, as close as a byte can be, and grows with tf. */
static void test_check__impacts_bound_scores(void **state)
{
    (void)state;
    static const uint32_t tfs[] = {1, 2, 3, 15, 16, 17, 100, 65536, UINT32_MAX};
    static const uint64_t units[] = {0, 1, 300, 100000, UINT64_C(1) << 40};
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        double norm[256];
        xji_impact_norms(norm, units[u], 300);
        for (unsigned code = 0; code < 256; code++) {
            uint8_t last = 1;
            for (size_t i = 0; i < sizeof tfs / sizeof *tfs; i++) {
                uint8_t x = xji_impact(tfs[i], norm[code]);
                double score = tfs[i] / (tfs[i] + norm[code]);
                assert_true(x >= last && x >= 255 * score && (x == 1 || x - 1 < 255 * score));
                last = x;
            }
            assert_true(code == 0 || norm[code] > norm[code - 1]);
        }
    }
    double norm[256];
    xji_impact_norms(norm, 0, 0);
    assert_true(norm[1] > 0.9 * (1 - 0.6 + 0.6) - 1e-12 && norm[1] < 0.9 * (1 - 0.6 + 0.6) + 1e-12); /* a mean of 1 */
    assert_int_equal(xji_impact(1, 1e9), 1);
    assert_int_equal(xji_impact(UINT32_MAX, norm[0]), 255);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check__terms_of_the_texts),
        cmocka_unit_test(test_check__postings_of_other_passages),
        cmocka_unit_test(test_check__lengths_are_exact),
        cmocka_unit_test(test_check__lengths_do_not_wrap),
        cmocka_unit_test(test_check__each_passage_is_told),
        cmocka_unit_test(test_check__passages_without_terms),
        cmocka_unit_test(test_check__headings_are_utf8),
        cmocka_unit_test(test_check__records_of_reports_are_utf8),
        cmocka_unit_test(test_check__impacts_bound_scores),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, make_segment_dir, remove_segment_dir);
}
