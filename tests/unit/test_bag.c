/* Ranking by many tokens: windows of sums and bounds against the plain sum over all tokens, passage by passage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "search.h"

#include "../../query/src/bag.h"

enum { PASSAGES = 20000 };

static const char *const queries[] = {"甲乙", "甲乙丙丁戊己", "枫桥经验化解矛盾", "人人人人", "run 5G a b", "戊己", "甲乙 running 网络 枫桥经验 化解矛盾 人人",
                                      "不存在", "丙丁化解", "𠮷"};
enum { N_QUERIES = sizeof queries / sizeof *queries };

static xji_parts parts;
static xji_windows windows;

typedef struct made {
    xj_query *q;
    xj_segment *seg;
    xji_scratch scratch;
    xji_clock clock;
    xji_plan plan;
    xji_bag bag;
    double *score; /* by passage, by reading */
} made;

static void begin(made *m, const char *text)
{
    memset(m, 0, sizeof *m);
    OK(xj_query_parse(&m->q, text, strlen(text), XJ_QUERY_ANY, &err));
    m->seg = xj_index_segment(search_index, 0);
    OK(xji_plan_make(&m->plan, search_index, m->q, &parts, &m->scratch, &m->clock, &err));
    OK(xji_windows_make(&windows, XJI_FOR_BEST, &err));
    OK(xji_windows_make(&windows, XJI_FOR_SCORES, &err));
    OK(xji_windows_make(&windows, XJI_FOR_MEMBERS, &err));
    m->score = calloc(PASSAGES, sizeof *m->score);
    xj_postings *it = malloc(sizeof *it);
    assert_true(m->score && it);
    for (size_t t = 0; t < m->q->n_tokens; t++) {
        const xj_term *term = xji_plan_term(&m->plan, 0, t);
        const xji_list *l = &m->plan.chars[t];
        for (size_t i = 0; i < l->n; i++) {
            uint32_t length;
            OK(xj_segment_length(m->seg, l->doc[i], &length, &err));
            m->score[l->doc[i]] += m->plan.scale[t] * xj_bm25_tf(l->count[i], length, m->plan.average);
        }
        if (term->df == 0)
            continue;
        OK(xj_postings_open(it, m->seg, term, &err));
        while (it->doc != XJ_DOC_END) {
            uint32_t length;
            OK(xj_segment_length(m->seg, it->doc, &length, &err));
            m->score[it->doc] += m->plan.scale[t] * xj_bm25_tf(it->tf, length, m->plan.average);
            OK(xj_postings_next(it, &err));
        }
    }
    free(it);
    OK(xji_bag_open(&m->bag, &m->plan, 0, &windows, &m->scratch, &m->clock, &err));
}

static void end(made *m)
{
    xji_plan_release(&m->plan);
    xji_scratch_release(&m->scratch);
    xj_query_free(m->q);
    free(m->score);
}

static void test_bag__all_scores(void **state)
{
    (void)state;
    seed(90);
    make_search_index(1, PASSAGES);
    for (size_t i = 0; i < N_QUERIES; i++) {
        made m;
        uint32_t base, doc = 0;
        begin(&m, queries[i]);
        for (;;) {
            OK(xji_bag_scores(&m.bag, &base, &err));
            for (; doc < PASSAGES && doc < base; doc++)
                assert_true(m.score[doc] == 0.0);
            if (base == XJ_DOC_END)
                break;
            for (uint32_t k = 0; k < XJI_SCORE_WINDOW; k++)
                assert_true(windows.score[k] == (base + k < PASSAGES ? m.score[base + k] : 0.0));
            doc = base + XJI_SCORE_WINDOW;
        }
        end(&m);
    }
}

static void test_bag__members(void **state)
{
    (void)state;
    seed(91);
    make_search_index(1, PASSAGES);
    for (size_t i = 0; i < N_QUERIES; i++) {
        made m;
        uint32_t base;
        bool *seen = calloc(PASSAGES, sizeof *seen);
        assert_non_null(seen);
        begin(&m, queries[i]);
        for (;;) {
            OK(xji_bag_members(&m.bag, &base, &err));
            if (base == XJ_DOC_END)
                break;
            for (uint32_t k = 0; k < XJI_WINDOW; k++) {
                bool bit = windows.bits[k / 64] >> k % 64 & 1;
                assert_true(!bit || base + k < PASSAGES);
                if (bit)
                    seen[base + k] = true;
            }
        }
        for (uint32_t d = 0; d < PASSAGES; d++)
            assert_int_equal(seen[d], m.score[d] > 0.0);
        free(seen);
        end(&m);
    }
}

/* ---- the best ---- */

/* What a caller does: some passages are left out, some get a bonus. */
typedef struct hooked {
    uint8_t *what; /* by passage: 0 nothing, 1 left out, 2 a bonus */
    double bonus;
    uint32_t *seen; /* passages shown to the caller, in order */
    size_t n_seen;
} hooked;

static xj_status amend(void *ctx, xji_bag *b, uint32_t base, uint32_t end_at, xj_error *err)
{
    hooked *h = ctx;
    (void)err;
    for (uint32_t d = base; d < end_at; d++) {
        if (h->what[d] == 1)
            windows.sum[d - base] = 0;
        if (h->what[d] == 2)
            windows.sum[d - base] = (uint16_t)(windows.sum[d - base] + xji_bag_sum_of(b, h->bonus));
    }
    return XJ_OK;
}

static xj_status see(void *ctx, uint32_t base, const uint16_t *place, size_t n, xj_error *err)
{
    hooked *h = ctx;
    (void)err;
    for (size_t i = 0; i < n; i++)
        h->seen[h->n_seen++] = base + place[i];
    return XJ_OK;
}

static int descending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x < *y) - (*x > *y);
}

/* What the caller scores a passage with; below 0: it is left out. */
static double final_of(const made *m, const hooked *h, uint32_t d)
{
    return h->what[d] == 1 || m->score[d] == 0.0 ? -1.0 : m->score[d] + (h->what[d] == 2 ? h->bonus : 0.0);
}

/* Passages [from, to) of one window, of which n were candidates. */
static void check_window(const made *m, const hooked *h, uint32_t from, uint32_t to, double floor, size_t keep, size_t n)
{
    static double sorted[PASSAGES];
    size_t n_all = 0, k = 0;
    for (uint32_t d = from; d < to; d++)
        if (final_of(m, h, d) >= 0.0)
            sorted[n_all++] = final_of(m, h, d);
    qsort(sorted, n_all, sizeof *sorted, descending);
    double least = n_all >= keep && keep > 0 ? sorted[keep - 1] : 0.0;
    for (uint32_t d = from; d < to; d++) {
        double final = final_of(m, h, d);
        if (k < n && windows.doc[k] == d) {
            assert_true(final >= 0.0);
            assert_true(windows.exact[k] == m->score[d]);
            k++;
        } else {
            assert_true(final < floor || final < least);
        }
    }
    assert_int_equal(k, n); /* they ascend, and all are in the window */
}

static void check_best(const char *text, unsigned round, uint64_t *left_out)
{
    made m;
    hooked h = {.what = calloc(PASSAGES, 1), .seen = malloc(PASSAGES * sizeof *h.seen)};
    double most = 0.0, floor = 0.0;
    size_t keep = 1 + random_below(random_below(2) ? 10 : 3000);
    bool shown = round % 4 == 3, hooks_do = round % 2;
    uint32_t base = 0, doc = 0;
    begin(&m, text);
    assert_true(h.what && h.seen);
    for (uint32_t d = 0; d < PASSAGES; d++)
        most = m.score[d] > most ? m.score[d] : most;
    h.bonus = hooks_do ? most / (1 + random_below(4)) : 0.0;
    for (uint32_t d = 0; d < PASSAGES && hooks_do; d++) /* only what holds a token holds a phrase */
        h.what[d] = m.score[d] > 0.0 ? (uint8_t)random_below(3) : 0;
    xji_bag_hooks hooks = {&h, h.bonus, amend, shown ? see : NULL};
    if (round % 3)
        floor = (most + h.bonus) * random_below(1001) / 1000.0;
    for (;;) {
        size_t n;
        OK(xji_bag_best(&m.bag, floor, keep, &hooks, &base, &n, &err));
        uint32_t size = floor > 0.0 || shown ? XJI_WINDOW : XJI_FIRST_WINDOW;
        uint32_t from = base == XJ_DOC_END ? PASSAGES : base;
        uint32_t to = size < PASSAGES && from < PASSAGES - size ? from + size : PASSAGES;
        for (; doc < from; doc++) /* windows that were passed over as a whole */
            assert_true(final_of(&m, &h, doc) < floor || final_of(&m, &h, doc) < 0.0);
        if (base == XJ_DOC_END)
            break;
        check_window(&m, &h, from, to, floor, keep, n);
        for (uint32_t d = from; d < to; d++)
            *left_out += m.score[d] > 0.0;
        *left_out -= n;
        doc = to;
        if (round % 3 == 0) /* as a collector that fills up */
            floor = random_below(2) ? (most + h.bonus) * random_below(1001) / 1000.0 : floor;
    }
    for (uint32_t d = 0, k = 0; d < PASSAGES && shown; d++) {
        bool there = k < h.n_seen && h.seen[k] == d;
        assert_int_equal(there, final_of(&m, &h, d) >= 0.0);
        k += there;
    }
    free(h.what);
    free(h.seen);
    end(&m);
}

static void test_bag__the_best(void **state)
{
    (void)state;
    seed(92);
    make_search_index(1, PASSAGES);
    uint64_t left_out = 0;
    for (size_t i = 0; i < N_QUERIES; i++)
        for (unsigned round = 0; round < 24; round++)
            check_best(queries[i], round, &left_out);
    assert_true(left_out > 100000); /* or nothing was tested */
}

static int release_windows(void **state)
{
    (void)state;
    xji_windows_release(&windows);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_search_dir, remove_search_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_bag__all_scores),
        TEST(test_bag__members),
        TEST(test_bag__the_best),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, release_windows);
}
