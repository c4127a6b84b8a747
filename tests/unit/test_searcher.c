/*
 * Searchers: one that is used again and again, searchers in several threads at once, and an index whose memory was given
 * back must all answer as a fresh searcher of a fresh index; and totals are there exactly when they were asked for.
 */
#include <pthread.h>
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

/* What is wanted of a query, in every way. */
typedef struct way {
    xj_want want;
    unsigned totals;
    size_t limit;
} way;

static const way ways[] = {
    {XJ_WANT_ANY, XJ_TOTAL_ALL, 10},      {XJ_WANT_ANY, 0, 0},           {XJ_WANT_COUNT, XJ_TOTAL_ALL, 10},
    {XJ_WANT_COUNT, XJ_TOTAL_PASSAGES, 0}, {XJ_WANT_HITS, XJ_TOTAL_ALL, 10}, {XJ_WANT_HITS, 0, 10},
    {XJ_WANT_HITS, XJ_TOTAL_PASSAGES, 1},  {XJ_WANT_HITS, 0, 5000},       {XJ_WANT_REPORTS, XJ_TOTAL_ALL, 10},
    {XJ_WANT_REPORTS, 0, 3},
};
enum { N_WAYS = sizeof ways / sizeof *ways, N_CASES = N_ASKED * N_WAYS };

static void ask(xj_results *out, xj_searcher *s, size_t number)
{
    const asked *a = &search_asked[number / N_WAYS];
    const way *w = &ways[number % N_WAYS];
    xj_query *q = parse_asked(a);
    xj_search_options o = options_of(a, w->want, w->totals, w->limit);
    if (s)
        OK(xj_searcher_run(out, s, q, &o, &err));
    else
        OK(xj_search(out, search_index, q, &o, &err));
    xj_query_free(q);
}

/* All cases, each by a searcher of its own. */
static xj_results *answers(void)
{
    xj_results *r = calloc(N_CASES, sizeof *r);
    assert_non_null(r);
    for (size_t i = 0; i < N_CASES; i++)
        ask(&r[i], NULL, i);
    return r;
}

static void release_answers(xj_results *r)
{
    for (size_t i = 0; i < N_CASES; i++)
        xj_results_release(&r[i]);
    free(r);
}

static void expect_answer(const xj_results *got, const xj_results *all, size_t number)
{
    if (!same_results(got, &all[number]))
        fail_msg("'%s' in way %zu: %llu passages, %zu hits instead of %llu, %zu", search_asked[number / N_WAYS].text,
                 number % N_WAYS, (unsigned long long)got->totals.passages, got->n_hits,
                 (unsigned long long)all[number].totals.passages, all[number].n_hits);
}

static void test_searcher__used_again(void **state)
{
    (void)state;
    seed(73);
    make_search_index(2, 1500);
    xj_results *want = answers();
    xj_results r = XJ_RESULTS_INIT;
    xj_searcher *s;
    OK(xj_searcher_new(&s, search_index, &err));
    for (size_t i = 0; i < 6 * N_CASES; i++) {
        size_t k = i < N_CASES ? i : random_below(N_CASES);
        ask(&r, s, k);
        expect_answer(&r, want, k);
    }
    xj_searcher_free(s);
    xj_searcher_free(NULL);
    xj_results_release(&r);
    release_answers(want);
}

/* A search that met its deadline, and one that failed, leave nothing behind. */
static void test_searcher__used_after_a_deadline(void **state)
{
    (void)state;
    seed(74);
    make_search_index(2, 1500);
    xj_results *want = answers();
    xj_results r = XJ_RESULTS_INIT;
    xj_searcher *s;
    OK(xj_searcher_new(&s, search_index, &err));
    for (size_t i = 0; i < N_ASKED; i++) {
        for (unsigned w = XJ_WANT_ANY; w <= XJ_WANT_REPORTS; w++) {
            xj_query *q = parse_asked(&search_asked[i]);
            xj_search_options o = options_of(&search_asked[i], (xj_want)w, XJ_TOTAL_ALL, 10);
            o.deadline_ns = 1; /* long past */
            OK(xj_searcher_run(&r, s, q, &o, &err));
            xj_query_free(q);
            ask(&r, s, i * N_WAYS + w);
            expect_answer(&r, want, i * N_WAYS + w);
        }
    }
    xj_searcher_free(s);
    xj_results_release(&r);
    release_answers(want);
}

static void test_searcher__totals_as_asked_for(void **state)
{
    (void)state;
    seed(75);
    make_search_index(2, 1500);
    for (size_t i = 0; i < N_ASKED; i++) {
        xj_query *q = parse_asked(&search_asked[i]);
        for (unsigned want = XJ_WANT_ANY; want <= XJ_WANT_REPORTS; want++) {
            xj_results all = XJ_RESULTS_INIT, r = XJ_RESULTS_INIT;
            xj_search_options o = options_of(&search_asked[i], (xj_want)want, XJ_TOTAL_ALL, 10);
            OK(xj_search(&all, search_index, q, &o, &err));
            for (unsigned totals = 0; totals <= XJ_TOTAL_ALL; totals++) {
                o.totals = totals;
                OK(xj_search(&r, search_index, q, &o, &err));
                unsigned given = want == XJ_WANT_ANY ? XJ_TOTAL_PASSAGES : totals;
                assert_int_equal(r.totals.passages, given & XJ_TOTAL_PASSAGES ? all.totals.passages : 0);
                assert_int_equal(r.totals.occurrences, given & XJ_TOTAL_OCCURRENCES ? all.totals.occurrences : 0);
                assert_int_equal(r.totals.reports, given & XJ_TOTAL_REPORTS ? all.totals.reports : 0);
                bool more = o.relax ? given & XJ_TOTAL_PASSAGES : o.count_more && want != XJ_WANT_ANY;
                if (want != XJ_WANT_ANY)
                    assert_int_equal(r.totals.more, more ? all.totals.more : 0);
                /* What is listed does not depend on what is counted. */
                all.totals = r.totals;
                assert_true(same_results(&r, &all));
                o.totals = XJ_TOTAL_ALL;
                OK(xj_search(&all, search_index, q, &o, &err));
            }
            xj_results_release(&all);
            xj_results_release(&r);
        }
        xj_query_free(q);
    }
}

static void test_searcher__any(void **state)
{
    (void)state;
    seed(76);
    make_search_index(3, 700);
    for (size_t i = 0; i < N_ASKED; i++) {
        xj_query *q = parse_asked(&search_asked[i]);
        xj_results any = XJ_RESULTS_INIT, hits = XJ_RESULTS_INIT;
        xj_search_options o = options_of(&search_asked[i], XJ_WANT_ANY, random_below(8), 10);
        OK(xj_search(&any, search_index, q, &o, &err));
        o = options_of(&search_asked[i], XJ_WANT_HITS, XJ_TOTAL_ALL, 10);
        OK(xj_search(&hits, search_index, q, &o, &err));
        assert_int_equal(any.totals.passages > 0, hits.totals.passages > 0);
        assert_true(any.totals.passages <= hits.totals.passages);
        assert_int_equal(any.totals.occurrences + any.totals.reports + any.n_hits + any.n_reports, 0);
        assert_null(any.hits);
        assert_null(any.reports);
        xj_results_release(&any);
        xj_results_release(&hits);
        xj_query_free(q);
    }
}

static void test_searcher__after_giving_memory_back(void **state)
{
    (void)state;
    seed(77);
    make_search_index(2, 1500);
    xj_results *want = answers();
    xj_results r = XJ_RESULTS_INIT;
    assert_true(xj_index_held(search_index) > 0);
    xj_searcher *s;
    OK(xj_searcher_new(&s, search_index, &err));
    for (size_t i = 0; i < 3 * N_CASES; i++) {
        size_t k = random_below(N_CASES);
        if (random_below(4) == 0) {
            xj_index_trim(search_index);
            assert_int_equal(xj_index_held(search_index), 0);
        }
        ask(&r, s, k);
        expect_answer(&r, want, k);
    }
    xj_searcher_free(s);
    xj_results_release(&r);
    release_answers(want);
}

/* ---- threads ---- */

enum { THREADS = 4 };

typedef struct worker {
    pthread_t thread;
    pthread_barrier_t *begin;
    const xj_results *want;
    size_t first, step; /* which cases to ask, one after the other */
    size_t wrong;       /* the first case with another answer, SIZE_MAX: none */
} worker;

static void *work(void *p)
{
    worker *w = p;
    xj_results r = XJ_RESULTS_INIT;
    xj_searcher *s = NULL;
    xj_view v;
    xj_status st = xj_searcher_new(&s, search_index, NULL);
    xj_view_init(&v);
    w->wrong = SIZE_MAX;
    pthread_barrier_wait(w->begin);
    for (size_t i = 0, k = w->first; i < N_CASES && st == XJ_OK; i++, k = (k + w->step) % N_CASES) {
        const asked *a = &search_asked[k / N_WAYS];
        const way *y = &ways[k % N_WAYS];
        xj_query *q = NULL;
        xj_search_options o = options_of(a, y->want, y->totals, y->limit);
        st = xj_query_parse(&q, a->text, strlen(a->text), a->flags, NULL);
        if (st == XJ_OK)
            st = xj_searcher_run(&r, s, q, &o, NULL);
        if (st == XJ_OK && !same_results(&r, &w->want[k]) && w->wrong == SIZE_MAX)
            w->wrong = k;
        if (st == XJ_OK && r.n_hits > 0) {
            xj_explain_row row[8];
            size_t n;
            st = xj_view_hit(&v, search_index, q, &r.hits[r.n_hits / 2], NULL);
            if (st == XJ_OK)
                st = xj_explain(search_index, q, &r.hits[r.n_hits / 2], row, 8, &n, NULL);
        }
        xj_query_free(q);
    }
    if (st != XJ_OK)
        w->wrong = 0;
    xj_view_release(&v);
    xj_results_release(&r);
    xj_searcher_free(s);
    return NULL;
}

/* Nothing of the index is in memory when the threads begin; each asks everything, in an order of its own or in the same. */
static void test_searcher__in_threads(void **state)
{
    static const size_t steps[2][THREADS] = {{1, 1, 1, 1}, {1, 3, 11, 13}}; /* prime to the number of cases */
    (void)state;
    seed(78);
    make_search_index(2, 1000);
    xj_results *want = answers();
    for (unsigned round = 0; round < 4; round++) {
        worker w[THREADS];
        pthread_barrier_t begin;
        if (round % 2)
            xj_index_trim(search_index);
        else
            reopen_search_index();
        assert_int_equal(pthread_barrier_init(&begin, NULL, THREADS), 0);
        for (size_t i = 0; i < THREADS; i++) {
            w[i] = (worker){.begin = &begin, .want = want, .first = round < 2 ? 0 : i * 31, .step = steps[round / 2][i]};
            assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
        }
        for (size_t i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(w[i].thread, NULL), 0);
        pthread_barrier_destroy(&begin);
        for (size_t i = 0; i < THREADS; i++)
            if (w[i].wrong != SIZE_MAX)
                fail_msg("thread %zu: another answer to '%s' in way %zu", i, search_asked[w[i].wrong / N_WAYS].text,
                         w[i].wrong % N_WAYS);
    }
    release_answers(want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_search_dir, remove_search_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_searcher__used_again), TEST(test_searcher__used_after_a_deadline),
        TEST(test_searcher__totals_as_asked_for), TEST(test_searcher__any),
        TEST(test_searcher__after_giving_memory_back), TEST(test_searcher__in_threads),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
