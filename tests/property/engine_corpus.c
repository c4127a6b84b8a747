#include "engine_corpus.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"
#include "xj/fold.h"

const char *const shape_names[SHAPE_COUNT] = {"tiny", "zipf", "mixed", "equal", "long", "blocks", "big"};

const char *const corpus_titles[TITLES] = {NULL, "", "枫桥经验调研", "5G网络建设", "关于甲乙的报告", "《甲》 running 2024年"};
const char *const corpus_agencies[AGENCIES] = {NULL, "政法委", "網信辦", "甲县5G办"};
const char *const corpus_headings[HEADING_PATHS][HEADINGS_MAX] = {
    {NULL, NULL}, {"一、总体情况", NULL}, {"二、主要做法", "(一)枫桥经验"}, {"甲乙", "乙丙"}, {"甲乙", NULL}};

size_t code_points(uint32_t *cp, size_t cap, const char *s)
{
    return decode_string(cp, cap, s);
}

/* ---- passages and reports ---- */

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? *cap * 2 : 256;
    p = realloc(p, *cap * size);
    assert_non_null(p);
    return p;
}

static corpus_report *new_report(corpus *c)
{
    c->r = grown(c->r, c->n_reports, &c->report_cap, sizeof *c->r);
    memset(&c->r[c->n_reports], 0, sizeof *c->r);
    return &c->r[c->n_reports++];
}

static void put_passage(corpus *c, const uint32_t *cp, size_t n, uint32_t headings)
{
    c->p = grown(c->p, c->n, &c->cap, sizeof *c->p);
    c->p[c->n++] = (corpus_passage){c->n_cp, n, (uint32_t)c->n_reports - 1, headings};
    for (size_t i = 0; i < n; i++) {
        c->cp = grown(c->cp, c->n_cp, &c->cp_cap, sizeof *c->cp);
        c->cp[c->n_cp++] = cp[i];
    }
}

/* A report with an id of its own; ids are in no order, and one may be the beginning of another. */
static void random_report(corpus *c, chance *r)
{
    static const char *const starts[] = {"a", "b", "A", "报告", "\xFF", "ab"};
    size_t number = c->n_reports;
    corpus_report *out = new_report(c);
    unsigned digits = below(r, one_in(r, 2) ? 10 : 1000);
    const char *before = number > 0 ? out[-1].id : "";
    if (before[0] && strlen(before) < 16 && one_in(r, 3))
        snprintf(out->id, sizeof out->id, "%.16sx%zu", before, number);
    else
        snprintf(out->id, sizeof out->id, "%s%u.%zu", starts[below(r, 6)], digits, number);
    snprintf(out->path, sizeof out->path, "%s/a%u.txt", one_in(r, 3) ? "甲" : "乙县", (unsigned)number);
    out->title = below(r, TITLES);
    out->agency = below(r, AGENCIES);
    out->year = one_in(r, 5) ? 0 : 2019 + below(r, 7);
    unsigned year = 2022 + below(r, 4), month = 1 + below(r, 12), day = 1 + below(r, 28);
    switch (below(r, 4)) {
    case 0:
        break;
    case 1:
        snprintf(out->date, sizeof out->date, "%u", year);
        break;
    case 2:
        snprintf(out->date, sizeof out->date, "%u-%02u", year, month);
        break;
    default:
        snprintf(out->date, sizeof out->date, "%u-%02u-%02u", year, month, day);
    }
}

/* A passage of the report in hand or, once in per_report times, of a new one. */
static void random_passage(corpus *c, chance *r, const uint32_t *cp, size_t n, uint32_t per_report)
{
    bool first = c->n == 0 || one_in(r, per_report);
    if (first)
        random_report(c, r);
    put_passage(c, cp, n, first || one_in(r, 3) ? below(r, HEADING_PATHS) : c->p[c->n - 1].headings);
}

/* Cut at n - 1 places among the first `most` reports; segments of no report are left out. */
static void cut_into_segments(corpus *c, chance *r, uint32_t n, size_t most)
{
    uint32_t from[CORPUS_SEGMENTS] = {0};
    for (uint32_t i = 1; i < n; i++)
        from[i] = below(r, (uint32_t)most);
    for (size_t i = 0; i < c->n_reports; i++)
        for (uint32_t k = 1; k < n; k++)
            c->r[i].segment += i >= from[k];
}

/* ---- texts ---- */

typedef struct alphabet {
    uint32_t cp[2000];
    uint32_t n;
    bool even; /* all characters alike; else by Zipf's law */
} alphabet;

static uint32_t draw(const alphabet *a, chance *r)
{
    if (a->even)
        return a->cp[below(r, a->n)];
    double u = (double)(chance_bits(r) >> 11) / (double)(UINT64_C(1) << 53);
    uint32_t k = (uint32_t)pow(a->n + 1.0, u) - 1;
    return a->cp[k < a->n ? k : a->n - 1];
}

/* Characters of question words stand in texts only as oracle and queries know them, so that none is met by chance. */
static bool asks(uint32_t cp)
{
    static const char letters[] = "什么时候样为凭是有请问想不没能怎办如何哪一些个里儿年位种家项部类几座国天月谁多少日次岁人条地"
                                  "事处否可长久高大远吗呢嘛吧";
    uint32_t letter[80];
    size_t n = code_points(letter, 80, letters);
    for (size_t i = 0; i < n; i++)
        if (xj_fold(letter[i]) == xj_fold(cp))
            return true;
    return false;
}

static void few_characters(alphabet *a, chance *r, uint32_t n)
{
    static const char *const far[] = {"𠮷", "𪚥"};
    uint32_t cp[32], n_cp = (uint32_t)code_points(cp, 32, "甲乙丙丁戊己庚辛枫桥经验");
    *a = (alphabet){.even = !one_in(r, 3)};
    uint32_t from = below(r, n_cp);
    for (; a->n < n; a->n++)
        a->cp[a->n] = cp[(from + a->n) % n_cp];
    if (one_in(r, 3))
        code_points(&a->cp[below(r, n)], 1, far[below(r, 2)]);
    if (one_in(r, 3))
        a->cp[a->n++] = one_in(r, 2) ? 0xFF0C : 'a';
}

static void many_characters(alphabet *a, chance *r, uint32_t n)
{
    *a = (alphabet){.n = 0};
    while (a->n < n) {
        uint32_t cp = 0x4E00 + below(r, 0x5000);
        if (!asks(cp))
            a->cp[a->n++] = cp;
    }
}

/* Text of n characters; every gap-th or so is a comma or a stop, 0 = none. */
static size_t text_of(uint32_t *out, const alphabet *a, chance *r, size_t n, uint32_t gap)
{
    for (size_t i = 0; i < n; i++)
        out[i] = gap && one_in(r, gap) ? (one_in(r, 2) ? 0xFF0C : 0x3002) : draw(a, r);
    return n;
}

/* One, two or three units over and over: adjacency codes grow from step to step. */
static size_t repeated(uint32_t *out, const alphabet *a, chance *r, size_t n)
{
    uint32_t cycle[3] = {draw(a, r), draw(a, r), draw(a, r)}, period = 1 + below(r, 3),
             flaw = one_in(r, 2) ? below(r, (uint32_t)n) : UINT32_MAX;
    for (size_t i = 0; i < n; i++)
        out[i] = i == flaw ? draw(a, r) : cycle[i % period];
    return n;
}

/* clang-format off */
static const char *const pieces[] = {
    "枫", "楓", "桥", "橋", "枫桥经验", "楓橋經驗", "枫桥", "经验", "甲", "乙", "丙", "甲乙", "乙丙甲", "网络", "網絡", "面", "麵",
    "，", "。", ",", "：", " ", "\n", "“", "”", "《", "》", "·", "　", "\u200b", "…", "a", "b", "5G", "５Ｇ", "run ", "running ", "runs",
    "RUN", "network ", "networks", "1,300", "2024年", "2021-2025", "+", "N+", "C++", "⑴", "㍿", "(", ")", "1.5%", "99.99%",
    "12345", "3.14", "x_y", "19", "𠮷", "𠮷甲𠮷", "枫𠮷a", "か\u3099", "ガ", "ー", "한국", "-", "什么", "是什么", "如何", "哪些", "多少",
    "e\u0301", "ﬁ", "2025.5年", "甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲甲", "a a a a a a a a a a a a a a a a a a ",
    "㎡", "⒍"}; /* the last two expand within a word */
/* clang-format on */
enum { EXPANDING = 2 };
enum { PIECES = sizeof pieces / sizeof *pieces };

/* Text of n_pieces of the n pieces from `from` on. */
static size_t text_of_pieces(const corpus *c, uint32_t *out, chance *r, size_t n_pieces, uint32_t from, uint32_t n)
{
    size_t used = 0;
    while (n_pieces-- > 0 && used + 64 < PASSAGE_MAX)
        used += code_points(out + used, 64, pieces[(from + below(r, n)) % (PIECES - (c->expands ? 0 : EXPANDING))]);
    return used;
}

/* ---- shapes ---- */

static void make_tiny(corpus *c, chance *r)
{
    alphabet a;
    uint32_t cp[PASSAGE_MAX], n = 20 + below(r, 230), per_report = 1 + below(r, 6), most = one_in(r, 3) ? 8 : 60;
    few_characters(&a, r, 2 + below(r, 5));
    while (c->n < n) {
        size_t len = 1 + below(r, most);
        bool plain = !one_in(r, 12);
        random_passage(c, r, cp,
                       plain ? text_of(cp, &a, r, len, 15)
                             : repeated(cp, &a, r, one_in(r, 6) ? 250 + below(r, 300) : 10 + below(r, 30)),
                       per_report);
    }
}

static void make_zipf(corpus *c, chance *r)
{
    alphabet a;
    uint32_t cp[PASSAGE_MAX], n = 60 + below(r, 400), per_report = 1 + below(r, 8);
    many_characters(&a, r, 20 + below(r, one_in(r, 2) ? 100 : 1500));
    while (c->n < n) {
        if (c->n > 0 && one_in(r, 8)) { /* what was said before */
            const corpus_passage *p = &c->p[below(r, (uint32_t)c->n)];
            memcpy(cp, c->cp + p->at, p->n * sizeof *cp);
            random_passage(c, r, cp, p->n, per_report);
        } else {
            random_passage(c, r, cp, text_of(cp, &a, r, 1 + below(r, 80), 12), per_report);
        }
    }
}

static void make_mixed(corpus *c, chance *r)
{
    uint32_t cp[PASSAGE_MAX], n = 20 + below(r, 250), per_report = 1 + below(r, 6);
    uint32_t from = below(r, PIECES), few = one_in(r, 2) ? PIECES : 8 + below(r, 20);
    while (c->n < n)
        random_passage(c, r, cp, text_of_pieces(c, cp, r, 1 + below(r, one_in(r, 4) ? 60 : 14), from, few), per_report);
}

static void make_equal(corpus *c, chance *r)
{
    enum { KINDS = 6 };
    static uint32_t text[KINDS][PASSAGE_MAX];
    size_t length[KINDS];
    alphabet a;
    uint32_t kinds = 1 + below(r, KINDS), n = 20 + below(r, 400), per_report = 1 + below(r, 4);
    few_characters(&a, r, 3 + below(r, 4));
    for (uint32_t i = 0; i < kinds; i++)
        length[i] = one_in(r, 3) ? text_of_pieces(c, text[i], r, 1 + below(r, 8), 0, PIECES)
                                 : text_of(text[i], &a, r, 1 + below(r, 12), 8);
    while (c->n < n) {
        uint32_t k = below(r, kinds);
        random_passage(c, r, text[k], length[k], per_report);
    }
}

static void make_long(corpus *c, chance *r)
{
    alphabet a;
    uint32_t cp[PASSAGE_MAX], n = 5 + below(r, 30), per_report = 1 + below(r, 4), gap = one_in(r, 2) ? 0 : 30;
    few_characters(&a, r, 2 + below(r, 2));
    if (one_in(r, 3))
        a.cp[a.n++] = ' ';
    while (c->n < n) {
        size_t len = one_in(r, 2) ? 245 + below(r, 20) : 30 + below(r, 900);
        random_passage(c, r, cp, one_in(r, 3) ? repeated(cp, &a, r, len) : text_of(cp, &a, r, len, gap), per_report);
    }
}

static void make_short_passages(corpus *c, chance *r, uint32_t n, uint32_t characters, uint32_t most)
{
    alphabet a;
    uint32_t cp[PASSAGE_MAX], per_report = 2 + below(r, 10);
    many_characters(&a, r, characters);
    code_points(&a.cp[below(r, 4)], 1, "𠮷");
    a.cp[4 + below(r, 4)] = 'a';
    while (c->n < n) {
        size_t len = text_of(cp, &a, r, 1 + below(r, most), 10);
        if (one_in(r, 16) && len + 128 < PASSAGE_MAX)
            len += text_of_pieces(c, cp + len, r, 1 + below(r, 2), 0, PIECES);
        random_passage(c, r, cp, len, per_report);
    }
}

void corpus_make(corpus *c, corpus_shape s, uint64_t seed_of_corpus)
{
    chance r = {seed_of_corpus};
    static void (*const small[])(corpus *, chance *) = {make_tiny, make_zipf, make_mixed, make_equal, make_long};
    memset(c, 0, sizeof *c);
    c->level = (xj_text_level)below(&r, 3);
    c->expands = one_in(&r, 3);
    if (s == SHAPE_BIG)
        make_short_passages(c, &r, 70000 + below(&r, 5000), 60 + below(&r, 200), 11);
    else if (s == SHAPE_BLOCKS)
        make_short_passages(c, &r, 800 + below(&r, 2500), 8 + below(&r, one_in(&r, 2) ? 12 : 60), 14);
    else
        small[s](c, &r);
    /* Of a big corpus, one segment stays big. */
    size_t most = s == SHAPE_BIG ? c->n_reports / 64 + 1 : c->n_reports;
    cut_into_segments(c, &r, one_in(&r, 2) ? 1 : 2 + below(&r, CORPUS_SEGMENTS - 1), most);
    if (s == SHAPE_BIG) {
        while (c->r[c->p[c->edge].report].segment != c->r[c->n_reports - 1].segment)
            c->edge++;
        c->edge += WINDOW;
    }
}

void corpus_release(corpus *c)
{
    free(c->cp);
    free(c->p);
    free(c->r);
    memset(c, 0, sizeof *c);
}

void corpus_without(corpus *out, const corpus *c, size_t from, size_t to)
{
    uint32_t last = UINT32_MAX;
    memset(out, 0, sizeof *out);
    out->level = c->level;
    for (size_t i = 0; i < c->n; i++) {
        const corpus_passage *p = &c->p[i];
        if (i >= from && i < to)
            continue;
        if (p->report != last)
            *new_report(out) = c->r[p->report];
        last = p->report;
        put_passage(out, c->cp + p->at, p->n, p->headings);
    }
}

/* ---- the index ---- */

static xj_str string(const char *s)
{
    return (xj_str){s, s ? strlen(s) : 0};
}

/* The passages of report i, the first of which is passage k; returns the passage behind them. */
static size_t write_report(maker *m, const corpus *c, size_t i, size_t k)
{
    const corpus_report *r = &c->r[i];
    xj_report_meta meta = {.id = string(r->id),
                           .path = string(r->path),
                           .title = string(corpus_titles[r->title]),
                           .agency = string(corpus_agencies[r->agency])};
    if (r->date[0])
        meta.date = string(r->date);
    for (size_t first = k; k < c->n && c->p[k].report == i; k++) {
        const corpus_passage *p = &c->p[k];
        const char *const *path = corpus_headings[p->headings];
        if (k == first || p->headings != p[-1].headings)
            maker_section(m, corpus_titles[r->title], path, (path[0] != NULL) + (path[1] != NULL));
        maker_plain(m, c->cp + p->at, p->n, 0);
    }
    maker_report(m, &meta, r->year, 1);
    return k;
}

void corpus_write(written *w, const corpus *c, const char *path)
{
    xj_index_writer *index;
    size_t n_segments = 0, k = 0;
    memset(w, 0, sizeof *w);
    OK(xj_index_writer_open(&index, path, XJ_INDEX_REPLACE, &err));
    for (size_t i = 0; i < c->n_reports;) {
        xj_segment_writer *s;
        maker m;
        uint32_t number = c->r[i].segment;
        w->passage_base[n_segments] = k;
        w->report_base[n_segments++] = i;
        OK(xj_index_writer_begin(index, c->level, NULL, &s, &err));
        maker_begin(&m, s);
        for (; i < c->n_reports && c->r[i].segment == number; i++)
            k = write_report(&m, c, i, k);
        maker_end(&m);
        OK(xj_index_writer_end(index, &s, &err));
    }
    OK(xj_index_writer_commit(index, &err));
    xj_index_writer_close(&index);
    OK(xj_index_open(&w->ix, path, &err));
    assert_int_equal(xj_index_stats(w->ix)->n_passages, c->n);
}
