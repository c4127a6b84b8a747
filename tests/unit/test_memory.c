/*
 * Every allocation of a search fails once: the search says XJ_ENOMEM and gives nothing, nothing leaks, and the same searcher
 * then answers as if nothing had been. The linker sends what the library allocates through this file (tests/CMakeLists.txt).
 */
#include <malloc.h>
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

/* ---- failing ---- */

static uint64_t n_allocated; /* since fail_at */
static uint64_t fails_at;    /* number of the allocation that fails, from 1; 0: none */

static bool fails(void)
{
    return ++n_allocated == fails_at;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__real_ZSTD_createDCtx(void);
void *__real_ZSTD_createDDict(const void *dictionary, size_t n);

void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void *__wrap_ZSTD_createDCtx(void);
void *__wrap_ZSTD_createDDict(const void *dictionary, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

/* Growing smaller never fails: what is done then is to go on with what there is. */
void *__wrap_realloc(void *p, size_t n)
{
    bool grows = !p || n > malloc_usable_size(p);
    return grows && fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}

void *__wrap_ZSTD_createDCtx(void)
{
    return fails() ? NULL : __real_ZSTD_createDCtx();
}

void *__wrap_ZSTD_createDDict(const void *dictionary, size_t n)
{
    return fails() ? NULL : __real_ZSTD_createDDict(dictionary, n);
}

static void fail_at(uint64_t number)
{
    n_allocated = 0;
    fails_at = number;
}

/* ---- searches ---- */

static const xj_want wants[] = {XJ_WANT_ANY, XJ_WANT_COUNT, XJ_WANT_HITS, XJ_WANT_REPORTS};

static void expect_nothing(const xj_results *r)
{
    assert_null(r->hits);
    assert_null(r->reports);
    assert_int_equal(r->n_hits + r->n_reports, 0);
    assert_int_equal(r->totals.passages + r->totals.occurrences + r->totals.reports + r->totals.more, 0);
    assert_false(r->partial);
}

/*
 * Fail allocation after allocation until a search makes fewer. What the index keeps is there already, or (cold) is given back
 * before each try. Returns how many there were.
 */
static uint64_t fail_each(xj_searcher *s, const xj_query *q, const xj_search_options *o, const xj_results *want, bool cold)
{
    for (uint64_t k = 1;; k++) {
        xj_results r = XJ_RESULTS_INIT;
        xj_error e = XJ_ERROR_INIT;
        xj_searcher *own = NULL;
        if (cold)
            xj_index_trim(search_index);
        fail_at(k);
        xj_status st = s ? XJ_OK : xj_searcher_new(&own, search_index, &e);
        if (st == XJ_OK)
            st = xj_searcher_run(&r, s ? s : own, q, o, &e);
        bool failed = n_allocated >= k;
        fail_at(0);
        if (failed) {
            assert_int_equal(st, XJ_ENOMEM);
            assert_int_equal(e.code, XJ_ENOMEM);
            assert_true(e.message[0] != '\0');
            expect_nothing(&r);
            if (s || own) {
                OK(xj_searcher_run(&r, s ? s : own, q, o, &err));
                assert_true(same_results(&r, want));
            }
        } else {
            assert_int_equal(st, XJ_OK);
            assert_true(same_results(&r, want));
        }
        xj_searcher_free(own);
        xj_results_release(&r);
        if (!failed)
            return k - 1;
    }
}

static void check_asked(const asked *a, bool cold)
{
    xj_query *q = parse_asked(a);
    for (size_t w = 0; w < sizeof wants / sizeof *wants; w++) {
        for (unsigned totals = 0; totals <= XJ_TOTAL_ALL; totals += XJ_TOTAL_ALL) {
            xj_results want = XJ_RESULTS_INIT;
            xj_searcher *s;
            xj_search_options o = options_of(a, wants[w], totals, 20);
            OK(xj_search(&want, search_index, q, &o, &err));
            uint64_t fresh = fail_each(NULL, q, &o, &want, cold);
            assert_true(fresh > 0);
            OK(xj_searcher_new(&s, search_index, &err));
            assert_true(fail_each(s, q, &o, &want, cold) < fresh); /* it has some of its memory by then */
            xj_searcher_free(s);
            xj_results_release(&want);
        }
    }
    xj_query_free(q);
}

static void test_memory__warm_searches(void **state)
{
    (void)state;
    seed(79);
    make_search_index(2, 400);
    for (size_t i = 0; i < N_ASKED; i++)
        check_asked(&search_asked[i], false);
}

static void test_memory__cold_searches(void **state)
{
    (void)state;
    seed(80);
    make_search_index(2, 150);
    for (size_t i = 0; i < N_ASKED; i++)
        check_asked(&search_asked[i], true);
}

/* ---- what else there is ---- */

static void test_memory__parsing(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ASKED; i++) {
        const asked *a = &search_asked[i];
        for (uint64_t k = 1;; k++) {
            xj_query *q = NULL;
            xj_error e = XJ_ERROR_INIT;
            fail_at(k);
            xj_status st = xj_query_parse(&q, a->text, strlen(a->text), a->flags, &e);
            bool failed = n_allocated >= k;
            fail_at(0);
            assert_int_equal(st, failed ? XJ_ENOMEM : XJ_OK);
            assert_int_equal(q == NULL, failed);
            xj_query_free(q);
            if (!failed)
                break;
        }
    }
}

/* Some hits of a query. */
static void some_hits(xj_results *r, const xj_query *q)
{
    xj_search_options o = XJ_SEARCH_OPTIONS_INIT;
    o.limit = 2;
    o.totals = 0;
    OK(xj_search(r, search_index, q, &o, &err));
}

static void test_memory__explaining(void **state)
{
    enum { ROWS = 64 };
    (void)state;
    seed(81);
    make_search_index(2, 150);
    for (size_t i = 0; i < N_ASKED; i++) {
        xj_query *q = parse_asked(&search_asked[i]);
        xj_results r = XJ_RESULTS_INIT;
        some_hits(&r, q);
        for (size_t h = 0; h < r.n_hits; h++) {
            for (uint64_t k = 1;; k++) {
                xj_explain_row row[ROWS];
                xj_error e = XJ_ERROR_INIT;
                size_t n = 99;
                if (h % 2)
                    xj_index_trim(search_index);
                fail_at(k);
                xj_status st = xj_explain(search_index, q, &r.hits[h], row, ROWS, &n, &e);
                bool failed = n_allocated >= k;
                fail_at(0);
                assert_int_equal(st, failed ? XJ_ENOMEM : XJ_OK);
                double sum = 0.0;
                for (size_t x = 0; x < n; x++)
                    sum += row[x].contribution;
                if (failed)
                    assert_int_equal(n, 0);
                else
                    assert_true(sum == r.hits[h].score);
                if (!failed)
                    break;
            }
        }
        xj_results_release(&r);
        xj_query_free(q);
    }
}

static void same_view(const xj_view *a, const xj_view *b)
{
    assert_int_equal(a->n_utf8, b->n_utf8);
    assert_memory_equal(a->utf8, b->utf8, a->n_utf8);
    assert_int_equal(a->n_matches, b->n_matches);
    for (size_t i = 0; i < a->n_matches; i++)
        assert_memory_equal(&a->match[i], &b->match[i], sizeof *a->match);
    assert_int_equal(a->meta.id.n, b->meta.id.n);
    assert_memory_equal(a->meta.id.s, b->meta.id.s, a->meta.id.n);
    assert_int_equal(a->section.n, b->section.n);
    assert_int_equal(a->passage, b->passage);
}

/* The same view after each failure, and a view of its own. */
static void check_view(const xj_query *q, const xj_hit *hit, xj_view *used, const xj_view *want, bool cold)
{
    for (uint64_t k = 1;; k++) {
        xj_view own;
        xj_view *v = used ? used : &own;
        xj_error e = XJ_ERROR_INIT;
        xj_view_init(&own);
        if (cold)
            xj_index_trim(search_index);
        fail_at(k);
        xj_status st = xj_view_hit(v, search_index, q, hit, &e);
        bool failed = n_allocated >= k;
        fail_at(0);
        assert_int_equal(st, failed ? XJ_ENOMEM : XJ_OK);
        if (failed)
            OK(xj_view_hit(v, search_index, q, hit, &err));
        same_view(v, want);
        xj_view_release(&own);
        if (!failed)
            return;
    }
}

static void test_memory__viewing(void **state)
{
    (void)state;
    seed(82);
    make_search_index(2, 150);
    for (size_t i = 0; i < N_ASKED; i++) {
        xj_query *q = parse_asked(&search_asked[i]);
        xj_results r = XJ_RESULTS_INIT;
        xj_view used, want;
        xj_view_init(&used);
        xj_view_init(&want);
        some_hits(&r, q);
        for (size_t h = 0; h < r.n_hits; h++) {
            OK(xj_view_hit(&want, search_index, q, &r.hits[h], &err));
            check_view(q, &r.hits[h], NULL, &want, h % 2);
            check_view(q, &r.hits[h], &used, &want, h % 2);
        }
        xj_view_release(&used);
        xj_view_release(&want);
        xj_results_release(&r);
        xj_query_free(q);
    }
}

static void test_memory__opening(void **state)
{
    (void)state;
    seed(83);
    make_search_index(3, 20);
    for (uint64_t k = 1;; k++) {
        xj_error e = XJ_ERROR_INIT;
        xj_index_close(&search_index);
        fail_at(k);
        xj_status st = xj_index_open(&search_index, search_path(), &e);
        bool failed = n_allocated >= k;
        fail_at(0);
        assert_int_equal(st, failed ? XJ_ENOMEM : XJ_OK);
        assert_int_equal(search_index == NULL, failed);
        if (!failed)
            break;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_search_dir, remove_search_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_memory__warm_searches), TEST(test_memory__cold_searches), TEST(test_memory__parsing),
        TEST(test_memory__explaining),    TEST(test_memory__viewing),       TEST(test_memory__opening),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
