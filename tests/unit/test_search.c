/*
 * Searching against plain counting: a corpus is kept in memory as units, every expected answer is found by reading all of
 * it, and scores are computed from docs/RANKING.md without any of the engine's code. The same corpus is written as an
 * index of one segment and of several, which must not make a difference.
 */
#include "xj/search.h"

#include <dirent.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"
#include "xj/stem.h"

/* ---- the corpus ---- */

enum { CP_MAX = 700, REPORTS_MAX = 1200, SEGMENTS_MAX = 8 };

static const char *const headings[] = {NULL, "一、总体情况", "二、主要做法"};

typedef struct passage {
    uint32_t cp[CP_MAX];
    size_t n;
    xj_units units, exact;
    uint32_t report, section, length;
} passage;

typedef struct report {
    char id[24];
    const char *title, *agency, *date;
    uint32_t year;
    size_t first, n; /* passages */
} report;

typedef struct corpus {
    passage *p;
    size_t n, cap;
    report r[REPORTS_MAX];
    size_t n_reports;
    uint64_t n_units;
} corpus;

static corpus c;

static size_t decode(uint32_t *cp, const char *s)
{
    return decode_string(cp, CP_MAX, s);
}

static void corpus_clear(void)
{
    for (size_t i = 0; i < c.n; i++) {
        xj_units_release(&c.p[i].units);
        xj_units_release(&c.p[i].exact);
    }
    free(c.p);
    memset(&c, 0, sizeof c);
}

static report *add_report(const char *id)
{
    assert_true(c.n_reports < REPORTS_MAX);
    report *r = &c.r[c.n_reports++];
    memset(r, 0, sizeof *r);
    snprintf(r->id, sizeof r->id, "%s", id);
    r->first = c.n;
    return r;
}

/* A passage of the last report. */
static void add_passage(const uint32_t *cp, size_t n, uint32_t section)
{
    if (c.n == c.cap) {
        c.cap = c.cap ? c.cap * 2 : 64;
        c.p = realloc(c.p, c.cap * sizeof *c.p);
        assert_non_null(c.p);
    }
    passage *p = &c.p[c.n++];
    memset(p, 0, sizeof *p);
    memcpy(p->cp, cp, n * sizeof *cp);
    p->n = n;
    p->section = section;
    p->report = (uint32_t)c.n_reports - 1;
    c.r[p->report].n++;
    OK(xj_units_read(&p->units, cp, n, 0, &err));
    OK(xj_units_read(&p->exact, cp, n, XJ_UNITS_EXACT_SCRIPT, &err));
    for (size_t i = 0; i < p->units.n; i++)
        p->length += p->units.unit[i].kind != XJ_UNIT_BREAK;
    c.n_units += p->length;
}

static void add_text(const char *text)
{
    uint32_t cp[CP_MAX];
    add_passage(cp, decode(cp, text), 0);
}

static const char *const pieces[] = {"甲", "乙", "丙", "甲乙", "乙丙甲", "人", "人人", "枫", "楓", "桥", "枫桥经验", "楓橋經驗", "，", "。", " ", "“",
                                     "”", "\n", "a", "b", "5G", "５Ｇ", "run ", "running ", "runs ", "1,300", "2024年", "+", "㎡", "⑴", "(", "1.5%",
                                     "網絡", "网络", "𠮷", "𠮷甲𠮷", "枫𠮷a", "人人人人人人人人人人人人人人人人人人人人", "a a a a a a a a a a a a a a a a a a ", "甲乙甲乙甲乙甲乙甲乙甲乙甲乙甲乙甲乙甲乙甲乙"};
enum { PIECES = sizeof pieces / sizeof *pieces };

static size_t random_text(uint32_t *cp, size_t most, unsigned few)
{
    size_t n = 0, k = random_below((uint32_t)most);
    while (k-- > 0) {
        uint32_t piece[CP_MAX];
        size_t m = decode(piece, pieces[random_below(few)]);
        if (n + m >= CP_MAX)
            break;
        memcpy(cp + n, piece, m * sizeof *cp);
        n += m;
    }
    return n;
}

static void random_corpus(size_t n_reports)
{
    static const char *const titles[] = {"枫桥经验调研", "5G网络建设", NULL, "关于人的报告", ""};
    static const char *const agencies[] = {"政法委", NULL, "網信辦"};
    static const char *const dates[] = {"2024", "2024-05", "2024-05-31", NULL, "2023-12-01"};
    for (size_t i = 0; i < n_reports; i++) {
        char id[24];
        snprintf(id, sizeof id, "%c%u", 'a' + (int)random_below(3), random_below(1000000));
        for (size_t k = 0; k < c.n_reports; k++)
            if (strcmp(c.r[k].id, id) == 0)
                snprintf(id, sizeof id, "x%zu", i);
        report *r = add_report(id);
        r->title = titles[random_below(5)];
        r->agency = agencies[random_below(3)];
        r->date = dates[random_below(5)];
        r->year = random_below(4) ? 2021 + random_below(4) : 0;
        for (uint32_t k = 1 + random_below(5); k > 0; k--) {
            uint32_t cp[CP_MAX];
            unsigned few = random_below(3) ? PIECES : 6;
            add_passage(cp, random_text(cp, random_below(4) ? 12 : 40, few), random_below(3));
        }
    }
}

/* ---- the index ---- */

static char top[64];
static xj_index *ix;
static size_t base[SEGMENTS_MAX + 1]; /* passage of the corpus that each segment begins with */
static size_t report_base[SEGMENTS_MAX + 1];

/* Passages under one heading, or none, are a section of their report. */
static void write_report(maker *m, const report *r)
{
    xj_report_meta meta = {.id = {r->id, strlen(r->id)}, .path = {r->id, strlen(r->id)}};
    for (size_t k = r->first; k < r->first + r->n; k++) {
        const passage *p = &c.p[k];
        if (k == r->first || p->section != p[-1].section)
            maker_section(m, r->title, &headings[p->section], p->section > 0);
        assert_int_equal(maker_plain(m, p->cp, p->n, 0), p->length);
    }
    if (r->title)
        meta.title = (xj_str){r->title, strlen(r->title)};
    if (r->agency)
        meta.agency = (xj_str){r->agency, strlen(r->agency)};
    if (r->date)
        meta.date = (xj_str){r->date, strlen(r->date)};
    maker_report(m, &meta, r->year, 1);
}

static void write_segment(xj_index_writer *w, size_t from, size_t to)
{
    xj_segment_writer *s;
    maker m;
    OK(xj_index_writer_begin(w, XJ_TEXT_DEFAULT, NULL, &s, &err));
    maker_begin(&m, s);
    for (size_t i = from; i < to; i++)
        write_report(&m, &c.r[i]);
    maker_end(&m);
    OK(xj_index_writer_end(w, &s, &err));
}

/* Write the corpus as an index of n segments and open it as ix. */
static void open_index(size_t n)
{
    char path[80];
    xj_index_writer *w;
    xj_index_close(&ix);
    snprintf(path, sizeof path, "%s/index", top);
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    for (size_t i = 0; i < n; i++) {
        size_t from = c.n_reports * i / n, to = c.n_reports * (i + 1) / n;
        base[i] = from < c.n_reports ? c.r[from].first : c.n;
        report_base[i] = from;
        write_segment(w, from, to);
    }
    OK(xj_index_writer_commit(w, &err));
    xj_index_writer_close(&w);
    OK(xj_index_open(&ix, path, &err));
    assert_int_equal(xj_index_stats(ix)->n_passages, c.n);
    assert_int_equal(xj_index_stats(ix)->n_units, c.n_units);
}

static int make_dir(void **state)
{
    (void)state;
    return make_folder(top);
}

static int remove_dir(void **state)
{
    (void)state;
    char path[80], name[512];
    xj_index_close(&ix);
    corpus_clear();
    snprintf(path, sizeof path, "%s/index", top);
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

/* Passage of the corpus that a hit stands for. */
static size_t passage_of(const xj_hit *h)
{
    return base[h->segment] + h->passage;
}

static xj_query *parse(const char *s, unsigned flags)
{
    xj_query *q;
    xj_error e = XJ_ERROR_INIT;
    if (xj_query_parse(&q, s, strlen(s), flags, &e) != XJ_OK)
        fail_msg("'%s': %s", s, e.message);
    return q;
}

static void search(xj_results *out, const xj_query *q, xj_want want, size_t offset, size_t limit, bool relax)
{
    xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
    o.want = want;
    o.offset = offset;
    o.limit = limit;
    o.relax = relax;
    OK(xj_search(out, ix, q, &o, &err));
    assert_false(out->partial);
}

/* ---- plain counting ---- */

static uint32_t count_in(const xj_units *text, const xj_units *phrase)
{
    uint32_t n = 0;
    for (size_t i = 0; phrase->n > 0 && i + phrase->n <= text->n; i++) {
        size_t k = 0;
        while (k < phrase->n && xj_units_equal(text, i + k, phrase, k))
            k++;
        n += k == phrase->n;
    }
    return n;
}

static void read_query_units(xj_units *u, const char *s, unsigned flags)
{
    uint32_t cp[CP_MAX];
    OK(xj_units_read(u, cp, decode(cp, s), flags | XJ_UNITS_QUERY, &err));
}

static bool searchable(const xj_units *u)
{
    for (size_t i = 0; i < u->n; i++)
        if (u->unit[i].kind != XJ_UNIT_BREAK)
            return true;
    return false;
}

static void count_everywhere(const xj_units *phrase, bool exact, xj_totals *t)
{
    memset(t, 0, sizeof *t);
    uint32_t last = UINT32_MAX;
    for (size_t i = 0; i < c.n; i++) {
        uint32_t n = count_in(exact ? &c.p[i].exact : &c.p[i].units, phrase);
        if (n == 0)
            continue;
        t->occurrences += n;
        t->passages++;
        t->reports += c.p[i].report != last;
        last = c.p[i].report;
    }
}

static void same_totals(const char *what, const xj_totals *got, const xj_totals *want)
{
    if (got->occurrences != want->occurrences || got->passages != want->passages || got->reports != want->reports)
        fail_msg("'%s': %llu occurrences, %llu passages, %llu reports instead of %llu, %llu, %llu", what,
                 (unsigned long long)got->occurrences, (unsigned long long)got->passages, (unsigned long long)got->reports,
                 (unsigned long long)want->occurrences, (unsigned long long)want->passages, (unsigned long long)want->reports);
}

/* Count a text as one literal phrase, in the engine and by reading. */
static void check_count(const char *text, bool exact)
{
    xj_units u = XJ_UNITS_INIT;
    read_query_units(&u, text, exact ? XJ_UNITS_EXACT_SCRIPT : 0);
    if (searchable(&u)) {
        xj_query *q = parse(text, XJ_QUERY_LITERAL | (exact ? XJ_QUERY_EXACT_SCRIPT : 0));
        xj_results r = XJ_RESULTS_INIT;
        xj_totals want;
        count_everywhere(&u, exact, &want);
        search(&r, q, XJ_WANT_COUNT, 0, 10, false);
        same_totals(text, &r.totals, &want);
        assert_int_equal(r.n_hits, 0);
        xj_results_release(&r);
        xj_query_free(q);
    }
    xj_units_release(&u);
}

/* A piece of a random passage, or random text. */
static void random_phrase(char *out, size_t cap)
{
    uint32_t cp[CP_MAX];
    size_t n = 0, used = 0;
    const passage *p = &c.p[random_below((uint32_t)c.n)];
    if (random_below(4) && p->n > 0) {
        size_t from = random_below((uint32_t)p->n);
        n = 1 + random_below(random_below(5) ? 5 : 25);
        if (n > p->n - from)
            n = p->n - from;
        memcpy(cp, p->cp + from, n * sizeof *cp);
    } else {
        n = random_text(cp, 5, PIECES - 3);
    }
    for (size_t i = 0; i < n && used + 5 < cap; i++)
        used += xj_utf8_encode((uint8_t *)out + used, cp[i]);
    out[used] = '\0';
}

static void test_search__phrase_counts(void **state)
{
    (void)state;
    seed(31);
    for (int round = 0; round < 4; round++) {
        corpus_clear();
        random_corpus(30 + 60 * (size_t)round);
        open_index(1 + (size_t)round);
        for (size_t i = 0; i < xj_index_n_segments(ix); i++)
            expect_sound(xj_index_segment(ix, i));
        for (int i = 0; i < 500; i++) {
            char text[512];
            random_phrase(text, sizeof text);
            check_count(text, i % 4 == 0);
        }
        for (size_t i = 0; i < PIECES; i++) {
            check_count(pieces[i], false);
            check_count(pieces[i], true);
        }
    }
}

/* A text of n characters or words, each with one of its own, a break or a word behind it. */
static void add_repeated(size_t n)
{
    uint32_t cp[CP_MAX], words[CP_MAX];
    assert_true(2 * n < CP_MAX);
    for (size_t i = 0; i < n; i++)
        cp[i] = 0x4EBA;
    add_passage(cp, n, 0);
    cp[n] = 0x7532; /* and something behind the last one */
    add_passage(cp, n + 1, 0);
    for (size_t i = 0; i < n; i++) { /* each followed by another character */
        words[2 * i] = 0x4EBA;
        words[2 * i + 1] = 0x4E00 + (uint32_t)i;
    }
    add_passage(words, 2 * n, 0);
    for (size_t i = 0; i < n; i++) { /* breaks between */
        words[2 * i] = 0x4EBA;
        words[2 * i + 1] = i % 3 ? 0x3002 : 0x4EBA;
    }
    add_passage(words, 2 * n, 0);
    for (size_t i = 0; i < n; i++) { /* words */
        words[2 * i] = i % 5 ? 'a' : 'b';
        words[2 * i + 1] = ' ';
    }
    add_passage(words, 2 * n, 0);
}

static void check_repeated(size_t n)
{
    char text[CP_MAX * 3] = "", more[CP_MAX * 3 + 20];
    for (size_t i = 0; i < n; i++)
        strcat(text, "人");
    check_count(text, false);
    snprintf(more, sizeof more, "%s甲", text);
    check_count(more, false);
    snprintf(more, sizeof more, "%s。人", text);
    check_count(more, false);
    text[0] = '\0';
    for (size_t i = 1; i <= n; i++)
        strcat(text, i % 5 == 1 ? "b " : "a ");
    check_count(text, false);
    check_count(text + 2, false);
}

/* The same character over and over: adjacency codes get wider from the 16th on, and from the 256th on they do not tell. */
static void test_search__repeated_characters(void **state)
{
    (void)state;
    static const size_t numbers[] = {100, 200, 250, 253, 254, 255, 256, 257, 258, 259, 260, 300, 345};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    add_report("r");
    for (size_t n = 0; n <= 45; n++)
        add_repeated(n);
    for (size_t i = 0; i < NUMBERS; i++)
        add_repeated(numbers[i]);
    open_index(1);
    expect_sound(xj_index_segment(ix, 0));
    for (size_t n = 1; n <= 40; n++)
        check_repeated(n);
    for (size_t i = 0; i < NUMBERS; i++)
        check_repeated(numbers[i]);
    for (uint32_t i = 0; i < 345; i += i > 20 && i < 240 ? 20 : 1) {
        uint8_t cp[4] = {0};
        char pair[16];
        size_t n = xj_utf8_encode(cp, 0x4E00 + i);
        snprintf(pair, sizeof pair, "人%.*s", (int)n, (const char *)cp);
        check_count(pair, false);
        snprintf(pair, sizeof pair, "%.*s人", (int)n, (const char *)cp);
        check_count(pair, false);
        snprintf(pair, sizeof pair, "人%.*s人", (int)n, (const char *)cp);
        check_count(pair, false);
    }
}

static void test_search__examples_of_the_text_rules(void **state)
{
    (void)state;
    add_report("r");
    add_text("坚持新时代“枫桥经验”，化解矛盾。维护稳定5G+医疗");
    add_text("2024-2025年，共12345件，enabled");
    add_text("hello   world 5G 网络");
    add_text("N+ 与 C++，99.99%");
    open_index(1);
    static const struct {
        const char *text;
        uint64_t n;
    } rows[] = {{"新时代枫桥经验", 1}, {"经验化解", 0}, {"经验，化解", 1},   {"矛盾,维护", 0}, {"2345", 0}, {"led", 0}, {"2025年", 1},
                {"5G网络", 1},         {"hello world", 1}, {"helloworld", 0}, {"5G", 2},        {"N+", 1},   {"C++", 1}, {"99.99%", 1},
                {"99.99", 0},          {"矛", 1},          {"定", 1},         {"与", 1},        {"楓橋", 1}, {"５ｇ", 2}, {"年", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xj_query *q = parse(rows[i].text, XJ_QUERY_LITERAL);
        xj_results r = XJ_RESULTS_INIT;
        search(&r, q, XJ_WANT_COUNT, 0, 0, false);
        if (r.totals.occurrences != rows[i].n)
            fail_msg("'%s' occurs %llu times", rows[i].text, (unsigned long long)r.totals.occurrences);
        check_count(rows[i].text, false);
        xj_results_release(&r);
        xj_query_free(q);
    }
}

/* ---- boolean trees ---- */

typedef enum { WORD, BOTH, EITHER, WITHOUT, SIDE_BY_SIDE, FILTERED } shape;

typedef struct expr {
    shape shape;
    char text[96]; /* WORD: the phrase; FILTERED: the field */
    xj_units units;
    int filter;
    struct expr *a, *b;
} expr;

/* Fields with what fits them by plain looking. */
static const char *const filters[] = {"year:2022",     "year:2021..2022", "year:2023..", "year:..2022", "title:枫桥",  "title:5g",
                                      "agency:网信办", "section:做法",    "date:2024",   "date:2024-05..", "date:..2023", "id:none"};
enum { FILTERS = sizeof filters / sizeof *filters };

static bool fits(int f, const passage *p)
{
    const report *r = &c.r[p->report];
    const char *d = r->date;
    switch (f) {
    case 0:
        return r->year == 2022;
    case 1:
        return r->year == 2021 || r->year == 2022;
    case 2:
        return r->year >= 2023;
    case 3:
        return r->year != 0 && r->year <= 2022;
    case 4:
        return r->title && strcmp(r->title, "枫桥经验调研") == 0;
    case 5:
        return r->title && strcmp(r->title, "5G网络建设") == 0;
    case 6:
        return r->agency && strcmp(r->agency, "網信辦") == 0;
    case 7:
        return p->section == 2;
    case 8:
        return d && strncmp(d, "2024", 4) == 0;
    case 9:
        return d && strncmp(d, "2024-05", 7) == 0; /* a report dated 2024 may be older */
    case 10:
        return d && strncmp(d, "2023", 4) == 0;
    default:
        return false;
    }
}

static expr *random_expr(int depth)
{
    expr *e = calloc(1, sizeof *e);
    assert_non_null(e);
    e->shape = depth == 0 ? WORD : (shape)random_below(6);
    if (e->shape == WORD) {
        for (;;) {
            char *quote;
            random_phrase(e->text, 40);
            while ((quote = strpbrk(e->text, "\"\n")))
                *quote = ' ';
            read_query_units(&e->units, e->text, 0);
            if (searchable(&e->units))
                return e;
        }
    }
    e->a = random_expr(depth - 1);
    if (e->shape == FILTERED)
        e->filter = (int)random_below(FILTERS);
    else
        e->b = random_expr(depth - 1);
    return e;
}

static void free_expr(expr *e)
{
    if (!e)
        return;
    free_expr(e->a);
    free_expr(e->b);
    xj_units_release(&e->units);
    free(e);
}

static void write_expr(const expr *e, char *out, size_t cap)
{
    size_t n = strlen(out);
    assert_true(n + 200 < cap);
    if (e->shape == WORD) {
        sprintf(out + n, "\"%s\"", e->text);
        return;
    }
    strcat(out, "(");
    write_expr(e->a, out, cap);
    static const char *const between[] = {"", " AND ", " OR ", " NOT ", " ", " "};
    strcat(out, between[e->shape]);
    if (e->shape == FILTERED)
        strcat(out, filters[e->filter]);
    else
        write_expr(e->b, out, cap);
    strcat(out, ")");
}

static bool holds(const expr *e, const passage *p)
{
    switch (e->shape) {
    case WORD:
        return count_in(&p->units, &e->units) > 0;
    case BOTH:
        return holds(e->a, p) && holds(e->b, p);
    case EITHER:
    case SIDE_BY_SIDE:
        return holds(e->a, p) || holds(e->b, p);
    case WITHOUT:
        return holds(e->a, p) && !holds(e->b, p);
    default:
        return holds(e->a, p) && fits(e->filter, p);
    }
}

/* Positive phrases counted so far in the passage: an equal one counts once. */
static const xj_units *counted[64];
static size_t n_counted;

static uint64_t occurrences(const expr *e, const passage *p, bool positive)
{
    if (e->shape == WORD)
    {
        if (!positive)
            return 0;
        for (size_t i = 0; i < n_counted; i++)
            if (counted[i]->n == e->units.n && count_in(counted[i], &e->units) > 0)
                return 0;
        assert_true(n_counted < 64);
        counted[n_counted++] = &e->units;
        return count_in(&p->units, &e->units);
    }
    uint64_t n = occurrences(e->a, p, positive);
    return e->b ? n + occurrences(e->b, p, e->shape == WITHOUT ? !positive : positive) : n;
}

static void test_search__boolean_trees(void **state)
{
    (void)state;
    seed(32);
    for (size_t segments = 1; segments <= 3; segments += 2) {
        corpus_clear();
        random_corpus(80);
        open_index(segments);
        for (int i = 0; i < 500; i++) {
            char text[4096] = "";
            expr *e = random_expr(1 + (int)random_below(4));
            write_expr(e, text, sizeof text);
            xj_query *q = parse(text, 0);
            xj_results r = XJ_RESULTS_INIT;
            xj_totals want = {0};
            bool *expected = calloc(c.n, 1);
            assert_non_null(expected);
            uint32_t last = UINT32_MAX;
            for (size_t k = 0; k < c.n; k++) {
                if (!holds(e, &c.p[k]))
                    continue;
                expected[k] = true;
                n_counted = 0;
                want.occurrences += occurrences(e, &c.p[k], true);
                want.passages++;
                want.reports += c.p[k].report != last;
                last = c.p[k].report;
            }
            search(&r, q, XJ_WANT_HITS, 0, c.n + 10, false);
            same_totals(text, &r.totals, &want);
            assert_int_equal(r.n_hits, want.passages);
            for (size_t k = 0; k < r.n_hits; k++) {
                assert_true(expected[passage_of(&r.hits[k])]);
                expected[passage_of(&r.hits[k])] = false; /* each once */
                assert_int_equal(r.hits[k].tier, XJ_TIER_EXACT);
            }
            free(expected);
            xj_results_release(&r);
            xj_query_free(q);
            free_expr(e);
        }
    }
}

static void test_search__fields(void **state)
{
    (void)state;
    seed(33);
    random_corpus(120);
    open_index(2);
    for (int f = 0; f < FILTERS; f++) {
        xj_query *q = parse(filters[f], 0);
        xj_results r = XJ_RESULTS_INIT;
        uint64_t want = 0;
        for (size_t k = 0; k < c.n; k++)
            want += fits(f, &c.p[k]);
        search(&r, q, XJ_WANT_COUNT, 0, 10, false);
        if (r.totals.passages != want)
            fail_msg("%s: %llu passages instead of %llu", filters[f], (unsigned long long)r.totals.passages, (unsigned long long)want);
        assert_int_equal(r.totals.occurrences, 0);
        assert_true(want > 0 || f == FILTERS - 1);
        xj_results_release(&r);
        xj_query_free(q);
    }
    /* An id finds its report and no other. */
    for (size_t i = 0; i < c.n_reports; i += 7) {
        char text[64];
        xj_results r = XJ_RESULTS_INIT;
        snprintf(text, sizeof text, "id:%s", c.r[i].id);
        xj_query *q = parse(text, 0);
        search(&r, q, XJ_WANT_HITS, 0, 1000, false);
        assert_int_equal(r.n_hits, c.r[i].n);
        for (size_t k = 0; k < r.n_hits; k++) /* all score 0: in the order of the passages */
            assert_int_equal(passage_of(&r.hits[k]), c.r[i].first + k);
        xj_results_release(&r);
        xj_query_free(q);
    }
}

static void test_search__words_that_all_must_occur(void **state)
{
    (void)state;
    add_report("r");
    add_text("甲，乙");
    add_text("甲");
    add_text("乙");
    add_text("甲乙丙");
    open_index(1);
    static const struct {
        const char *text;
        unsigned flags;
        uint64_t n;
    } rows[] = {{"甲 乙", XJ_QUERY_ALL, 2}, {"甲 OR 乙", 0, 4}, {"甲 AND 乙", 0, 2}, {"甲 -乙", 0, 1}, {"甲 乙 -丙", XJ_QUERY_ALL, 1},
                {"(甲 乙) -丙", 0, 3},      {"甲 NOT (乙 NOT 丙)", 0, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xj_query *q = parse(rows[i].text, rows[i].flags);
        xj_results r = XJ_RESULTS_INIT;
        search(&r, q, XJ_WANT_COUNT, 0, 0, false);
        if (r.totals.passages != rows[i].n)
            fail_msg("'%s': %llu passages", rows[i].text, (unsigned long long)r.totals.passages);
        xj_results_release(&r);
        xj_query_free(q);
    }
}

/* ---- scores ---- */

/* A token of a query, as docs/RANKING.md has it, with its statistics. */
typedef struct token {
    enum { PAIR, LONE, TERM } kind;
    uint32_t first, second;
    char key[4 * XJ_WORD_MAX + 1]; /* stem behind 's', word behind 'w' */
    size_t n;
    double weight, idf;
    uint32_t *tf; /* by passage */
} token;

typedef struct ranking {
    token t[64];
    size_t n;
    xj_units phrase[8];
    size_t n_phrases;
    double bonus[8]; /* 0 = none */
} ranking;

static size_t word_key(xj_stemmer *s, const xj_units *u, size_t i, char *key)
{
    size_t n;
    const char *word = u->words + u->unit[i].word_off, *stem = xj_stemmer_stem(s, word, u->unit[i].word_len, &n);
    key[0] = stem ? 's' : 'w';
    memcpy(key + 1, stem ? stem : word, stem ? n : u->unit[i].word_len);
    return 1 + (stem ? n : u->unit[i].word_len);
}

static bool is_char(const xj_units *u, size_t i)
{
    return i < u->n && u->unit[i].kind == XJ_UNIT_CHAR;
}

static uint32_t token_tf(xj_stemmer *s, const token *t, const xj_units *u)
{
    uint32_t n = 0;
    for (size_t i = 0; i < u->n; i++) {
        char key[4 * XJ_WORD_MAX + 1];
        if (t->kind == PAIR)
            n += is_char(u, i) && is_char(u, i + 1) && u->unit[i].cp == t->first && u->unit[i + 1].cp == t->second;
        else if (t->kind == LONE)
            n += is_char(u, i) && u->unit[i].cp == t->first;
        else if (u->unit[i].kind == XJ_UNIT_WORD)
            n += word_key(s, u, i, key) == t->n && memcmp(key, t->key, t->n) == 0;
    }
    return n;
}

/* Add the token to k unless it is there; its number. */
static size_t add_token(ranking *k, xj_stemmer *s, const token *t)
{
    for (size_t i = 0; i < k->n; i++) {
        token *o = &k->t[i];
        if (o->kind == t->kind && o->first == t->first && o->second == t->second && o->n == t->n && memcmp(o->key, t->key, t->n) == 0) {
            o->weight += 1.0;
            return i;
        }
    }
    assert_true(k->n < sizeof k->t / sizeof *k->t);
    token *o = &k->t[k->n];
    *o = *t;
    o->weight = 1.0;
    o->tf = calloc(c.n, sizeof *o->tf);
    assert_non_null(o->tf);
    uint64_t df = 0;
    for (size_t p = 0; p < c.n; p++) {
        o->tf[p] = token_tf(s, t, &c.p[p].units);
        df += o->tf[p] > 0;
    }
    o->idf = log(1.0 + ((double)(c.n - df) + 0.5) / ((double)df + 0.5));
    return k->n++;
}

static void make_ranking(ranking *k, const char *const *phrases, size_t n)
{
    xj_stemmer *s;
    OK(xj_stemmer_new(&s, &err));
    memset(k, 0, sizeof *k);
    k->n_phrases = n;
    for (size_t p = 0; p < n; p++) {
        size_t place[64], places = 0, text_units = 0;
        xj_units *u = &k->phrase[p];
        read_query_units(u, phrases[p], 0);
        for (size_t i = 0; i < u->n; i++) {
            token t = {0};
            text_units += u->unit[i].kind != XJ_UNIT_BREAK;
            if (u->unit[i].kind == XJ_UNIT_WORD) {
                t.kind = TERM;
                t.n = word_key(s, u, i, t.key);
            } else if (is_char(u, i) && is_char(u, i + 1)) {
                t.kind = PAIR;
                t.first = u->unit[i].cp;
                t.second = u->unit[i + 1].cp;
            } else if (is_char(u, i) && !(i > 0 && is_char(u, i - 1))) {
                t.kind = LONE;
                t.first = u->unit[i].cp;
            } else {
                continue;
            }
            place[places++] = add_token(k, s, &t);
        }
        if (text_units >= 2 && text_units <= 8 && text_units == u->n)
            for (size_t i = 0; i < places; i++)
                k->bonus[p] += k->t[place[i]].idf;
    }
    xj_stemmer_free(s);
}

static void free_ranking(ranking *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->t[i].tf);
    for (size_t i = 0; i < k->n_phrases; i++)
        xj_units_release(&k->phrase[i]);
}

/* Lengths are kept in one byte: from 32 on as the middle of one of 16 equal steps between powers of two. */
static uint32_t kept_length(uint32_t n)
{
    uint32_t step = 1;
    while (n / step >= 32)
        step *= 2;
    return n / step * step + step / 2;
}

static double expected_score(const ranking *k, size_t passage_number)
{
    const passage *p = &c.p[passage_number];
    double average = (double)c.n_units / (double)c.n, score = 0;
    for (size_t i = 0; i < k->n; i++) {
        double tf = k->t[i].tf[passage_number];
        if (tf > 0)
            score += k->t[i].weight * k->t[i].idf * (tf * 1.9 / (tf + 0.9 * (0.4 + 0.6 * kept_length(p->length) / average)));
    }
    for (size_t i = 0; i < k->n_phrases; i++)
        if (k->bonus[i] > 0 && count_in(&p->units, &k->phrase[i]) > 0)
            score += k->bonus[i];
    return score;
}

static bool holds_any_token(const ranking *k, size_t p)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->t[i].tf[p] > 0)
            return true;
    return false;
}

static bool holds_all_phrases(const ranking *k, size_t p)
{
    for (size_t i = 0; i < k->n_phrases; i++)
        if (count_in(&c.p[p].units, &k->phrase[i]) == 0)
            return false;
    return true;
}

/* Best first; equal scores by report id, then passage. */
static void check_order(const xj_hit *h, size_t n, bool by_tier)
{
    for (size_t i = 1; i < n; i++) {
        const xj_hit *a = &h[i - 1], *b = &h[i];
        if (by_tier && a->tier != b->tier) {
            assert_true(a->tier < b->tier);
            continue;
        }
        if (a->score != b->score) {
            assert_true(a->score > b->score);
            continue;
        }
        int order = strcmp(c.r[c.p[passage_of(a)].report].id, c.r[c.p[passage_of(b)].report].id);
        assert_true(order <= 0);
        if (order == 0)
            assert_true(passage_of(a) < passage_of(b));
    }
}

static void check_explanation(const xj_query *q, const xj_hit *h)
{
    xj_explain_row row[80];
    size_t n = 0, again = 0;
    double sum = 0;
    OK(xj_explain(ix, q, h, row, 80, &n, &err));
    assert_true(n <= 80);
    for (size_t i = 0; i < n; i++) {
        sum += row[i].contribution;
        assert_true(row[i].term[0] != '\0' && row[i].contribution > 0);
        assert_true(xj_utf8_valid((const uint8_t *)row[i].term, strlen(row[i].term)));
        if (!row[i].is_phrase) {
            assert_true(row[i].tf >= 1 && row[i].df >= 1 && row[i].df <= c.n);
            assert_int_equal(row[i].length, kept_length(c.p[passage_of(h)].length));
            assert_true(row[i].average == (double)c.n_units / (double)c.n);
        }
    }
    if (sum != h->score) /* to the last bit */
        fail_msg("the explanation adds up to %.17g, the score is %.17g", sum, h->score);
    OK(xj_explain(ix, q, h, NULL, 0, &again, &err)); /* how many rows are needed */
    assert_int_equal(again, n);
}

/* Run a query of these words as the parser takes it, and compare with the formula. */
static void check_scores(const char *const *phrases, size_t n, const char *text, unsigned flags)
{
    ranking k;
    xj_results r = XJ_RESULTS_INIT;
    xj_query *q = parse(text, flags);
    make_ranking(&k, phrases, n);
    search(&r, q, XJ_WANT_HITS, 0, c.n + 1, false);
    bool bag = xj_query_kind_of(q) == XJ_QUERY_BAG;
    size_t want = 0;
    uint64_t occurs = 0;
    for (size_t p = 0; p < c.n; p++) {
        if (!(bag ? holds_any_token(&k, p) : holds_all_phrases(&k, p)))
            continue;
        want++;
        for (size_t i = 0; i < n; i++) {
            bool repeated = false; /* an equal phrase counts once */
            for (size_t j = 0; j < i; j++)
                repeated |= k.phrase[j].n == k.phrase[i].n && count_in(&k.phrase[j], &k.phrase[i]) > 0;
            occurs += repeated ? 0 : count_in(&c.p[p].units, &k.phrase[i]);
        }
    }
    if (r.n_hits != want || r.totals.passages != want || r.totals.occurrences != occurs)
        fail_msg("'%s': %zu hits, %llu passages, %llu occurrences instead of %zu and %llu", text, r.n_hits,
                 (unsigned long long)r.totals.passages, (unsigned long long)r.totals.occurrences, want, (unsigned long long)occurs);
    for (size_t i = 0; i < r.n_hits; i++) {
        size_t p = passage_of(&r.hits[i]);
        double score = expected_score(&k, p);
        if (!(fabs(r.hits[i].score - score) <= 1e-12 * score))
            fail_msg("'%s' in passage %zu: %.17g instead of %.17g", text, p, r.hits[i].score, score);
        assert_int_equal(r.hits[i].tier, holds_all_phrases(&k, p) ? XJ_TIER_EXACT : XJ_TIER_PARTIAL);
        check_explanation(q, &r.hits[i]);
    }
    check_order(r.hits, r.n_hits, false);
    xj_results_release(&r);
    xj_query_free(q);
    free_ranking(&k);
}

static void test_search__scores_follow_the_formula(void **state)
{
    (void)state;
    static const char *const words[] = {"枫桥经验", "甲乙", "人", "人人人", "5G网络", "running", "乙丙甲", "网", "2024年", "甲乙甲乙丙人人人", "a", "楓橋"};
    enum { WORDS = sizeof words / sizeof *words };
    seed(34);
    random_corpus(120);
    for (size_t segments = 1; segments <= 4; segments += 3) {
        open_index(segments);
        for (size_t i = 0; i < WORDS; i++) {
            check_scores(&words[i], 1, words[i], 0);
            check_scores(&words[i], 1, words[i], XJ_QUERY_ANY);
            check_scores(&words[i], 1, words[i], XJ_QUERY_LITERAL);
            for (size_t k = 0; k < WORDS; k++) {
                char text[200];
                const char *const two[] = {words[i], words[k]};
                snprintf(text, sizeof text, "%s %s", words[i], words[k]);
                check_scores(two, 2, text, 0);
                check_scores(two, 2, text, XJ_QUERY_ALL);
            }
        }
        const char *const longer[] = {"甲乙丙甲人人人枫桥经验网络"}; /* longer than eight: a bag of its pairs, without a bonus */
        check_scores(longer, 1, longer[0], 0);
        const char *const mixed[] = {"甲，乙", "5G。枫"};
        check_scores(mixed, 2, "甲，乙 5G。枫", 0);
    }
}

static void test_search__question_words_weigh_a_fifth(void **state)
{
    (void)state;
    add_report("r");
    add_text("枫桥经验有哪些做法");
    add_text("枫桥经验");
    add_text("有哪些");
    add_text("无关");
    open_index(1);
    xj_query *q = parse("枫桥经验的做法有哪些", 0);
    xj_results r = XJ_RESULTS_INIT;
    xj_explain_row row[16];
    size_t n, little = 0;
    search(&r, q, XJ_WANT_HITS, 0, 10, false);
    assert_int_equal(r.n_hits, 3);
    assert_int_equal(passage_of(&r.hits[0]), 0);
    assert_int_equal(passage_of(&r.hits[2]), 2); /* question words alone come last */
    OK(xj_explain(ix, q, &r.hits[0], row, 16, &n, &err));
    for (size_t i = 0; i < n; i++) {
        bool question = strcmp(row[i].term, "有哪") == 0 || strcmp(row[i].term, "哪些") == 0;
        assert_true(row[i].weight == (question ? 0.2 : 1.0));
        little += question;
    }
    assert_int_equal(little, 2);
    for (size_t i = 0; i < 3; i++)
        check_explanation(q, &r.hits[i]);
    xj_results_release(&r);
    xj_query_free(q);
}

/* ---- lists, windows, segments ---- */

static const char *const queries[] = {"枫桥经验", "人", "甲乙", "甲乙 人人 5G网络", "running 网络", "甲 AND 乙", "甲乙丙甲乙丙人人人枫桥", "人人 -甲", "枫",
                                      "year:2022", "(甲 OR 5G) year:2021..2023"};
enum { QUERIES = sizeof queries / sizeof *queries };

static void same_hit(const xj_hit *a, const xj_hit *b)
{
    assert_int_equal(a->segment, b->segment);
    assert_int_equal(a->passage, b->passage);
    assert_int_equal(a->tier, b->tier);
    assert_true(a->score == b->score);
}

static void test_search__windows_agree_with_the_full_list(void **state)
{
    (void)state;
    static const size_t offsets[] = {0, 1, 2, 5, 17, 100, 1000000, SIZE_MAX}, limits[] = {0, 1, 2, 3, 10, 100, SIZE_MAX};
    seed(35);
    random_corpus(60);
    for (size_t segments = 1; segments <= 3; segments += 2) {
        open_index(segments);
        for (size_t i = 0; i < QUERIES; i++) {
            for (int relax = 0; relax < 2; relax++) {
                xj_query *q = parse(queries[i], 0);
                xj_results all = XJ_RESULTS_INIT, r = XJ_RESULTS_INIT;
                search(&all, q, XJ_WANT_HITS, 0, SIZE_MAX, relax);
                for (size_t o = 0; o < sizeof offsets / sizeof *offsets; o++) {
                    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
                        search(&r, q, XJ_WANT_HITS, offsets[o], limits[l], relax);
                        size_t left = offsets[o] < all.n_hits ? all.n_hits - offsets[o] : 0;
                        assert_int_equal(r.n_hits, left < limits[l] ? left : limits[l]);
                        for (size_t k = 0; k < r.n_hits; k++)
                            same_hit(&r.hits[k], &all.hits[offsets[o] + k]);
                        same_totals(queries[i], &r.totals, &all.totals);
                        assert_int_equal(r.totals.more, all.totals.more);
                    }
                }
                xj_results_release(&all);
                xj_results_release(&r);
                xj_query_free(q);
            }
        }
    }
}

static void test_search__segments_make_no_difference(void **state)
{
    (void)state;
    seed(36);
    random_corpus(90);
    for (size_t i = 0; i < QUERIES; i++) {
        for (int relax = 0; relax < 2; relax++) {
            xj_results one = XJ_RESULTS_INIT, many = XJ_RESULTS_INIT;
            xj_query *q = parse(queries[i], 0);
            open_index(1);
            search(&one, q, XJ_WANT_HITS, 0, 50, relax);
            for (size_t segments = 2; segments <= SEGMENTS_MAX; segments += 3) {
                open_index(segments);
                search(&many, q, XJ_WANT_HITS, 0, 50, relax);
                same_totals(queries[i], &many.totals, &one.totals);
                assert_int_equal(many.totals.more, one.totals.more);
                assert_int_equal(many.n_hits, one.n_hits);
                for (size_t k = 0; k < one.n_hits; k++) {
                    assert_int_equal(passage_of(&many.hits[k]), one.hits[k].passage);
                    assert_true(many.hits[k].score == one.hits[k].score);
                    assert_int_equal(many.hits[k].tier, one.hits[k].tier);
                }
            }
            xj_results_release(&one);
            xj_results_release(&many);
            xj_query_free(q);
        }
    }
}

static void test_search__reports_in_segments_make_no_difference(void **state)
{
    (void)state;
    seed(37);
    random_corpus(90);
    for (size_t i = 0; i < QUERIES; i++) {
        xj_results one = XJ_RESULTS_INIT, many = XJ_RESULTS_INIT;
        xj_query *q = parse(queries[i], 0);
        open_index(1);
        search(&one, q, XJ_WANT_REPORTS, 0, 20, false);
        open_index(5);
        search(&many, q, XJ_WANT_REPORTS, 0, 20, false);
        same_totals(queries[i], &many.totals, &one.totals);
        assert_int_equal(many.n_reports, one.n_reports);
        for (size_t k = 0; k < one.n_reports; k++) {
            assert_int_equal(report_base[many.reports[k].segment] + many.reports[k].report, one.reports[k].report);
            assert_true(many.reports[k].score == one.reports[k].score);
            assert_int_equal(many.reports[k].passages, one.reports[k].passages);
            assert_int_equal(many.reports[k].occurrences, one.reports[k].occurrences);
        }
        xj_results_release(&one);
        xj_results_release(&many);
        xj_query_free(q);
    }
}

static void test_search__ties_are_broken_by_report_id(void **state)
{
    (void)state;
    /* Ids in an order of their own, one the beginning of another, bytes above 0x7F; three equal passages each. */
    static const char *const ids[] = {"b", "a2", "报告", "a10", "a", "ab", "A", "a1", "\xFFz", "zz", "报", "a/1"};
    enum { IDS = sizeof ids / sizeof *ids };
    for (size_t i = 0; i < IDS; i++) {
        add_report(ids[i]);
        add_text("枫桥经验");
        add_text("枫桥经验");
        add_text("甲乙丙丁");
    }
    for (size_t segments = 1; segments <= 6; segments++) {
        open_index(segments);
        for (size_t limit = 1; limit <= 2 * IDS; limit++) {
            xj_query *q = parse("枫桥", 0);
            xj_results r = XJ_RESULTS_INIT;
            search(&r, q, XJ_WANT_HITS, 0, limit, false);
            assert_int_equal(r.n_hits, limit);
            for (size_t k = 0; k < limit; k++) {
                const char *id = c.r[c.p[passage_of(&r.hits[k])].report].id;
                size_t before = 0; /* ids that stand before this one */
                for (size_t j = 0; j < IDS; j++)
                    before += strcmp(ids[j], id) < 0;
                assert_int_equal(before, k / 2);
                assert_int_equal(passage_of(&r.hits[k]) % 3, k % 2);
            }
            search(&r, q, XJ_WANT_REPORTS, 0, limit, false);
            assert_int_equal(r.n_reports, limit < IDS ? limit : IDS);
            for (size_t k = 1; k < r.n_reports; k++)
                assert_true(strcmp(c.r[report_base[r.reports[k - 1].segment] + r.reports[k - 1].report].id,
                                   c.r[report_base[r.reports[k].segment] + r.reports[k].report].id) < 0);
            xj_results_release(&r);
            xj_query_free(q);
        }
    }
}

static void test_search__what_is_wanted_agrees(void **state)
{
    (void)state;
    seed(38);
    random_corpus(70);
    open_index(3);
    for (size_t i = 0; i < QUERIES + 60; i++) {
        char text[256];
        unsigned flags = i % 5 == 0 ? XJ_QUERY_ANY : i % 5 == 1 ? XJ_QUERY_ALL : 0;
        if (i < QUERIES) {
            strcpy(text, queries[i]);
            flags = 0;
        } else {
            static const char *const words[] = {"枫桥", "人人", "5G", "不存在", "甲乙", "runs", "桥经"};
            snprintf(text, sizeof text, "%s %s", words[random_below(7)], words[random_below(7)]);
        }
        xj_query *q = parse(text, flags);
        xj_results any = XJ_RESULTS_INIT, count = XJ_RESULTS_INIT, hits = XJ_RESULTS_INIT, reports = XJ_RESULTS_INIT;
        search(&any, q, XJ_WANT_ANY, 0, 10, false);
        search(&count, q, XJ_WANT_COUNT, 0, 10, false);
        search(&hits, q, XJ_WANT_HITS, 0, c.n, false);
        search(&reports, q, XJ_WANT_REPORTS, 0, c.n, false);
        assert_int_equal(any.n_hits + any.n_reports + count.n_hits + count.n_reports + hits.n_reports + reports.n_hits, 0);
        assert_int_equal(any.totals.passages > 0, hits.totals.passages > 0);
        assert_true(any.totals.passages <= hits.totals.passages);
        if (xj_query_kind_of(q) != XJ_QUERY_BAG || (flags & XJ_QUERY_ANY))
            same_totals(text, &hits.totals, &count.totals);
        else
            assert_true(hits.totals.passages >= count.totals.passages); /* listed as hits: that hold any of it */
        same_totals(text, &reports.totals, &hits.totals);
        assert_int_equal(hits.n_hits, hits.totals.passages);
        assert_int_equal(reports.n_reports, reports.totals.reports);
        /* Each report by its best passage, with its passages counted. */
        uint64_t passages = 0, occurs = 0;
        for (size_t k = 0; k < reports.n_reports; k++) {
            const xj_report_hit *r = &reports.reports[k];
            size_t number = report_base[r->segment] + r->report;
            double best = -1;
            uint64_t n = 0;
            for (size_t h = 0; h < hits.n_hits; h++) {
                if (c.p[passage_of(&hits.hits[h])].report != number)
                    continue;
                n++;
                if (hits.hits[h].score > best)
                    best = hits.hits[h].score;
            }
            assert_true(r->score == best);
            assert_int_equal(r->passages, n);
            passages += r->passages;
            occurs += r->occurrences;
            if (k > 0)
                assert_true(reports.reports[k - 1].score >= r->score);
        }
        assert_int_equal(passages, reports.totals.passages);
        assert_int_equal(occurs, reports.totals.occurrences);
        xj_results_release(&any);
        xj_results_release(&count);
        xj_results_release(&hits);
        xj_results_release(&reports);
        xj_query_free(q);
    }
}

/* A bag is counted by the passages that hold one of its words in full. */
static void test_search__counting_a_bag(void **state)
{
    (void)state;
    add_report("r");
    add_text("枫桥经验");
    add_text("枫桥");
    add_text("经验交流");
    add_text("经过");
    open_index(1);
    xj_query *q = parse("枫桥经验 交流", 0);
    xj_results r = XJ_RESULTS_INIT;
    search(&r, q, XJ_WANT_COUNT, 0, 0, false);
    assert_int_equal(r.totals.passages, 2);
    assert_int_equal(r.totals.occurrences, 2);
    search(&r, q, XJ_WANT_HITS, 0, 10, false);
    assert_int_equal(r.totals.passages, 3);
    xj_query_free(q);
    q = parse("枫桥经验 交流", XJ_QUERY_ANY);
    search(&r, q, XJ_WANT_COUNT, 0, 0, false);
    assert_int_equal(r.totals.passages, 3);
    xj_results_release(&r);
    xj_query_free(q);
}

/* ---- relaxed search ---- */

/* All units of the phrase but breaks stand within 24 units of the text. */
static bool is_near(const xj_units *text, const xj_units *phrase)
{
    for (size_t i = 0; i < text->n; i++) {
        bool all = true;
        for (size_t k = 0; k < phrase->n && all; k++) {
            bool found = phrase->unit[k].kind == XJ_UNIT_BREAK;
            for (size_t j = i; j < text->n && j < i + 24 && !found; j++)
                found = xj_units_equal(text, j, phrase, k);
            all = found;
        }
        if (all)
            return true;
    }
    return false;
}

static void test_search__relaxed_tiers(void **state)
{
    (void)state;
    static const char *const phrases[] = {"枫桥经验", "甲乙丙", "5G网络", "人人甲", "乙丙甲乙", "网络5G枫桥", "running", "不存在", "人", "甲，乙"};
    seed(39);
    random_corpus(60); /* fewer passages than are looked at for nearness */
    assert_true(c.n < 200);
    for (size_t segments = 1; segments <= 3; segments += 2) {
        open_index(segments);
        for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
            ranking k;
            xj_results strict = XJ_RESULTS_INIT, r = XJ_RESULTS_INIT;
            xj_query *q = parse(phrases[i], 0);
            assert_int_equal(xj_query_kind_of(q), XJ_QUERY_PHRASE);
            make_ranking(&k, &phrases[i], 1);
            search(&strict, q, XJ_WANT_HITS, 0, c.n, false);
            search(&r, q, XJ_WANT_HITS, 0, c.n, true);
            same_totals(phrases[i], &r.totals, &strict.totals);
            size_t near = 0, partial = 0;
            for (size_t p = 0; p < c.n; p++) {
                if (holds_all_phrases(&k, p) || !holds_any_token(&k, p))
                    continue;
                if (is_near(&c.p[p].units, &k.phrase[0]))
                    near++;
                else
                    partial++;
            }
            assert_int_equal(r.n_hits, strict.n_hits + near + partial);
            assert_int_equal(r.totals.more, near + partial);
            for (size_t h = 0; h < r.n_hits; h++) {
                size_t p = passage_of(&r.hits[h]);
                xj_tier tier = h < strict.n_hits ? XJ_TIER_EXACT : h < strict.n_hits + near ? XJ_TIER_NEAR : XJ_TIER_PARTIAL;
                assert_int_equal(r.hits[h].tier, tier);
                if (tier == XJ_TIER_EXACT)
                    same_hit(&r.hits[h], &strict.hits[h]);
                else
                    assert_int_equal(is_near(&c.p[p].units, &k.phrase[0]), tier == XJ_TIER_NEAR);
                assert_true(fabs(r.hits[h].score - expected_score(&k, p)) <= 1e-12 * expected_score(&k, p));
                check_explanation(q, &r.hits[h]);
            }
            check_order(r.hits, r.n_hits, true);
            /* What it would add can be counted without it. */
            xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
            o.count_more = true;
            OK(xj_search(&strict, ix, q, &o, &err));
            assert_int_equal(strict.totals.more, near + partial);
            xj_results_release(&strict);
            xj_results_release(&r);
            xj_query_free(q);
            free_ranking(&k);
        }
    }
}

static void test_search__relax_has_no_effect_on_other_queries(void **state)
{
    (void)state;
    static const char *const others[] = {"枫桥 人人", "甲 AND 乙", "甲乙丙甲乙丙人人人枫桥", "甲 -乙"};
    seed(40);
    random_corpus(40);
    open_index(2);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        xj_results a = XJ_RESULTS_INIT, b = XJ_RESULTS_INIT;
        xj_query *q = parse(others[i], 0);
        search(&a, q, XJ_WANT_HITS, 0, c.n, false);
        search(&b, q, XJ_WANT_HITS, 0, c.n, true);
        assert_int_equal(a.n_hits, b.n_hits);
        assert_int_equal(b.totals.more, 0);
        for (size_t k = 0; k < a.n_hits; k++)
            same_hit(&a.hits[k], &b.hits[k]);
        xj_results_release(&a);
        xj_results_release(&b);
        xj_query_free(q);
    }
}

/* 500 passages with one pair of the phrase, longer and so scored lower the later they stand. One in 50 holds its other
 * characters near by, which earns nothing. */
static void far_and_near(void)
{
    for (uint32_t i = 0; i < 500; i++) {
        char id[24];
        uint32_t cp[CP_MAX];
        size_t n = decode(cp, i % 50 == 7 ? "枫桥，经，验" : "枫桥");
        for (; n < 10 + i / 2; n++)
            cp[n] = 0x4E00 + (i * 7 + (uint32_t)n * 13) % 500;
        snprintf(id, sizeof id, "r%03u", i);
        add_report(id);
        add_passage(cp, n, 0);
    }
}

/* Near passages are looked for among the 200 best (docs/RANKING.md), whatever part of the list is asked for. */
static void test_search__near_among_the_two_hundred_best(void **state)
{
    (void)state;
    far_and_near();
    open_index(1);
    xj_query *q = parse("枫桥经验", 0);
    xj_results by_score = XJ_RESULTS_INIT, r = XJ_RESULTS_INIT;
    ranking k;
    const char *const phrases[] = {"枫桥经验"};
    make_ranking(&k, phrases, 1);
    /* The order by score alone is that of the same words as free text. */
    xj_query *free_text = parse("枫桥经验", XJ_QUERY_ANY);
    search(&by_score, free_text, XJ_WANT_HITS, 0, c.n, false);
    size_t near = 0;
    for (size_t i = 0; i < 200; i++)
        near += is_near(&c.p[by_score.hits[i].passage].units, &k.phrase[0]);
    assert_true(near > 2 && near < 20);
    static const size_t limits[] = {1, 10, 100, 500};
    for (size_t i = 0; i < 4; i++) {
        search(&r, q, XJ_WANT_HITS, 0, limits[i], true);
        assert_int_equal(r.totals.more, c.n);
        assert_int_equal(r.n_hits, limits[i]);
        for (size_t h = 0; h < r.n_hits; h++)
            assert_int_equal(r.hits[h].tier, h < near ? XJ_TIER_NEAR : XJ_TIER_PARTIAL);
    }
    xj_results_release(&by_score);
    xj_results_release(&r);
    xj_query_free(free_text);
    xj_query_free(q);
    free_ranking(&k);
}

/* Paging through a long relaxed list shows every passage once. */
static void test_search__relaxed_pages_fit_together(void **state)
{
    (void)state;
    far_and_near();
    open_index(1);
    xj_query *q = parse("枫桥经验", 0);
    xj_results all = XJ_RESULTS_INIT, r = XJ_RESULTS_INIT;
    search(&all, q, XJ_WANT_HITS, 0, c.n, true);
    assert_int_equal(all.n_hits, c.n);
    for (size_t from = 0; from < c.n; from += 20) {
        search(&r, q, XJ_WANT_HITS, from, 20, true);
        assert_int_equal(r.n_hits, 20);
        for (size_t k = 0; k < 20; k++)
            same_hit(&r.hits[k], &all.hits[from + k]);
    }
    xj_results_release(&all);
    xj_results_release(&r);
    xj_query_free(q);
}

/* A report that holds the phrase in one passage and some of it in another is still one report. */
static void test_search__relaxed_reports_are_listed_once(void **state)
{
    (void)state;
    add_report("r1");
    add_text("枫桥经验");
    add_text("枫桥");
    add_report("r2");
    add_text("经验");
    for (size_t segments = 1; segments <= 2; segments++) {
        open_index(segments);
        xj_query *q = parse("枫桥经验", 0);
        xj_results r = XJ_RESULTS_INIT;
        search(&r, q, XJ_WANT_REPORTS, 0, 10, true);
        for (size_t i = 0; i < r.n_reports; i++)
            for (size_t k = 0; k < i; k++)
                if (r.reports[i].segment == r.reports[k].segment && r.reports[i].report == r.reports[k].report)
                    fail_msg("report %u of segment %u is listed twice", (unsigned)r.reports[i].report, (unsigned)r.reports[i].segment);
        assert_int_equal(r.n_reports, 2);
        assert_int_equal(report_base[r.reports[0].segment] + r.reports[0].report, 0);
        xj_results_release(&r);
        xj_query_free(q);
    }
}

/* ---- deadlines ---- */

static void check_deadline(void)
{
    static const char *const texts[] = {"甲", "甲乙", "甲乙 人", "甲 AND 乙", "甲乙丙甲乙丙人人人枫桥", "year:2022", "甲，乙", "甲 -乙", "甲 -year:2021"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        for (int want = XJ_WANT_ANY; want <= XJ_WANT_REPORTS; want++) {
            xj_query *q = parse(texts[i], 0);
            xj_results r = XJ_RESULTS_INIT, whole = XJ_RESULTS_INIT;
            xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
            o.want = (xj_want)want;
            search(&whole, q, o.want, 0, 10, false);
            o.deadline_ns = 1;
            OK(xj_search(&r, ix, q, &o, &err));
            /* That there is nothing may be known at once, and the dictionary knows at once that there is a pair. */
            bool known = whole.totals.passages == 0 || (want == XJ_WANT_ANY && strcmp(texts[i], "甲乙") == 0);
            if (!r.partial && !known)
                fail_msg("'%s' wanting %d: a deadline long past and not partial", texts[i], want);
            if (want != XJ_WANT_ANY)
                assert_true(r.totals.passages <= whole.totals.passages && r.totals.occurrences <= whole.totals.occurrences &&
                            r.totals.reports <= whole.totals.reports);
            o.deadline_ns = INT64_MAX; /* and one that never comes */
            OK(xj_search(&r, ix, q, &o, &err));
            assert_false(r.partial);
            same_totals(texts[i], &r.totals, &whole.totals);
            xj_results_release(&r);
            xj_results_release(&whole);
            xj_query_free(q);
        }
    }
}

static void many_passages(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char id[24];
        if (i % 5 == 0) {
            snprintf(id, sizeof id, "r%05zu", i);
            add_report(id)->year = 2022;
        }
        add_text(i % 3 ? "甲乙丙人人，甲，乙" : "甲，乙甲乙");
    }
}

static void test_search__deadline_past_in_a_large_index(void **state)
{
    (void)state;
    many_passages(5000);
    open_index(1);
    check_deadline();
}

/* Whenever the deadline comes, totals are lower bounds: what a NOT would exclude must not be counted for want of time. */
static void test_search__totals_are_lower_bounds_at_any_deadline(void **state)
{
    (void)state;
    static const char *const texts[] = {"人人 -甲乙", "甲乙 NOT (丙 OR 人人)", "甲乙 -year:2022", "甲乙 AND NOT (甲乙 AND NOT 丙人)", "甲乙", "甲 丙"};
    many_passages(5000);
    open_index(2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        xj_query *q = parse(texts[i], 0);
        xj_results r = XJ_RESULTS_INIT, whole = XJ_RESULTS_INIT;
        xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
        search(&whole, q, XJ_WANT_HITS, 0, 10, false);
        for (int64_t wait = 0; wait < 60; wait++) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            o.deadline_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + wait * 20000;
            OK(xj_search(&r, ix, q, &o, &err));
            if (r.totals.passages > whole.totals.passages || r.totals.occurrences > whole.totals.occurrences ||
                r.totals.reports > whole.totals.reports)
                fail_msg("'%s' cut short has %llu passages, in full %llu", texts[i], (unsigned long long)r.totals.passages,
                         (unsigned long long)whole.totals.passages);
            if (!r.partial)
                same_totals(texts[i], &r.totals, &whole.totals);
        }
        xj_results_release(&r);
        xj_results_release(&whole);
        xj_query_free(q);
    }
}

static void test_search__deadline_past_in_a_small_index(void **state)
{
    (void)state;
    many_passages(10);
    open_index(1);
    check_deadline();
}

/* ---- other ---- */

static void test_search__empty_indexes(void **state)
{
    (void)state;
    for (size_t segments = 0; segments <= 2; segments++) {
        corpus_clear();
        if (segments == 2) {
            add_report("r"); /* a report without a passage */
            add_report("s");
        }
        open_index(segments);
        for (size_t i = 0; i < QUERIES; i++) {
            for (int want = XJ_WANT_ANY; want <= XJ_WANT_REPORTS; want++) {
                xj_query *q = parse(queries[i], 0);
                xj_results r = XJ_RESULTS_INIT;
                search(&r, q, (xj_want)want, 0, 10, true);
                assert_int_equal(r.n_hits + r.n_reports, 0);
                assert_int_equal(r.totals.passages + r.totals.occurrences + r.totals.reports + r.totals.more, 0);
                xj_results_release(&r);
                xj_query_free(q);
            }
        }
    }
}

static void test_search__results_are_reused(void **state)
{
    (void)state;
    seed(41);
    random_corpus(20);
    open_index(1);
    xj_results r = XJ_RESULTS_INIT;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < QUERIES; i++) {
            xj_query *q = parse(queries[i], 0);
            search(&r, q, (xj_want)(i % 4), 0, 10, false);
            xj_query_free(q);
        }
    }
    xj_results_release(&r);
    assert_null(r.hits);
    assert_null(r.reports);
    assert_int_equal(r.n_hits, 0);
    xj_results_release(&r);
}

/* Damage that is met while searching: a status, and nothing in the results. */
static void test_search__damage_leaves_no_results(void **state)
{
    (void)state;
    many_passages(100);
    open_index(1);
    char path[160];
    snprintf(path, sizeof path, "%s/index/%s", top, xj_segment_name(xj_index_segment(ix, 0)));
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    long size = ftell(f);
    rewind(f);
    for (long i = 0; i < size; i++)
        fputc(0x55, f);
    fclose(f);
    for (size_t i = 0; i < QUERIES; i++) {
        for (int want = XJ_WANT_ANY; want <= XJ_WANT_REPORTS; want++) {
            xj_query *q = parse(queries[i], 0);
            xj_results r = XJ_RESULTS_INIT;
            xj_error e = XJ_ERROR_INIT;
            xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
            o.want = (xj_want)want;
            assert_int_equal(xj_search(&r, ix, q, &o, &e), XJ_ECORRUPT);
            assert_int_equal(e.code, XJ_ECORRUPT);
            assert_int_equal(r.n_hits + r.n_reports, 0);
            assert_null(r.hits);
            assert_null(r.reports);
            assert_int_equal(r.totals.passages, 0);
            xj_results_release(&r);
            xj_query_free(q);
        }
    }
}

typedef struct job {
    const xj_query *q;
    uint64_t passages;
    bool failed;
} job;

static void *search_in_thread(void *p)
{
    job *j = p;
    xj_results r = XJ_RESULTS_INIT;
    xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
    for (int i = 0; i < 10; i++)
        j->failed = j->failed || xj_search(&r, ix, j->q, &o, NULL) != XJ_OK || r.totals.passages != j->passages;
    xj_results_release(&r);
    return NULL;
}

static void test_search__one_index_and_query_for_many_threads(void **state)
{
    (void)state;
    seed(42);
    random_corpus(60);
    for (size_t i = 0; i < QUERIES; i++) {
        pthread_t thread[6];
        job j[6];
        xj_query *q = parse(queries[i], 0);
        xj_results r = XJ_RESULTS_INIT;
        open_index(2);
        search(&r, q, XJ_WANT_HITS, 0, 10, false);
        uint64_t passages = r.totals.passages;
        open_index(2); /* nothing of it is loaded yet */
        for (size_t k = 0; k < 6; k++) {
            j[k] = (job){q, passages, false};
            assert_int_equal(pthread_create(&thread[k], NULL, search_in_thread, &j[k]), 0);
        }
        for (size_t k = 0; k < 6; k++) {
            assert_int_equal(pthread_join(thread[k], NULL), 0);
            assert_false(j[k].failed);
        }
        xj_results_release(&r);
        xj_query_free(q);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_search__phrase_counts),
        TEST(test_search__repeated_characters),
        TEST(test_search__examples_of_the_text_rules),
        TEST(test_search__boolean_trees),
        TEST(test_search__fields),
        TEST(test_search__words_that_all_must_occur),
        TEST(test_search__scores_follow_the_formula),
        TEST(test_search__question_words_weigh_a_fifth),
        TEST(test_search__windows_agree_with_the_full_list),
        TEST(test_search__segments_make_no_difference),
        TEST(test_search__reports_in_segments_make_no_difference),
        TEST(test_search__ties_are_broken_by_report_id),
        TEST(test_search__what_is_wanted_agrees),
        TEST(test_search__counting_a_bag),
        TEST(test_search__relaxed_tiers),
        TEST(test_search__relax_has_no_effect_on_other_queries),
        TEST(test_search__near_among_the_two_hundred_best),
        TEST(test_search__relaxed_pages_fit_together),
        TEST(test_search__relaxed_reports_are_listed_once),
        TEST(test_search__deadline_past_in_a_large_index),
        TEST(test_search__deadline_past_in_a_small_index),
        TEST(test_search__totals_are_lower_bounds_at_any_deadline),
        TEST(test_search__empty_indexes),
        TEST(test_search__results_are_reused),
        TEST(test_search__damage_leaves_no_results),
        TEST(test_search__one_index_and_query_for_many_threads),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
