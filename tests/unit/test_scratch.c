/* The memory of a query: alignment, going back, requests of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "../../query/src/scratch.h"

static size_t n_chunks(const xji_scratch *s)
{
    size_t n = 0;
    for (const xji_chunk *c = s->first; c; c = c->next)
        n++;
    return n;
}

static void test_scratch__empty(void **state)
{
    (void)state;
    xji_scratch s = {NULL, NULL};
    xji_mark m = xji_scratch_mark(&s);
    xji_scratch_back(&s, m);
    xji_scratch_release(&s);
    /* A mark of an empty scratch leads back to its beginning. */
    uint8_t *a = xji_take(&s, 1, 100);
    assert_non_null(a);
    xji_scratch_back(&s, m);
    assert_ptr_equal(xji_take(&s, 1, 100), a);
    xji_scratch_release(&s);
    assert_null(s.first);
    xji_scratch_release(&s);
}

static void test_scratch__sizes_of_nothing_have_places_of_their_own(void **state)
{
    (void)state;
    xji_scratch s = {NULL, NULL};
    void *p[4] = {xji_take(&s, 0, 8), xji_take(&s, 8, 0), xji_take_zero(&s, 0, 0), xji_take(&s, 1, 1)};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(p[i]);
        for (size_t k = 0; k < i; k++)
            assert_ptr_not_equal(p[i], p[k]);
    }
    xji_scratch_release(&s);
}

/* Whatever was taken since the last mark is whole, and nothing overlaps. */
static void test_scratch__random_takes_and_marks(void **state)
{
    enum { TAKES = 400, DEPTH = 20 };
    (void)state;
    seed(66);
    xji_scratch s = {NULL, NULL};
    for (unsigned round = 0; round < 300; round++) {
        struct {
            uint8_t *p, fill;
            size_t n;
        } taken[TAKES];
        struct {
            xji_mark m;
            size_t n;
        } mark[DEPTH];
        size_t n = 0, depth = 0;
        for (unsigned step = 0; step < 300; step++) {
            uint32_t what = random_below(10);
            if (what == 0 && depth < DEPTH) {
                mark[depth].m = xji_scratch_mark(&s);
                mark[depth++].n = n;
            } else if (what == 1 && depth > 0) {
                xji_scratch_back(&s, mark[--depth].m);
                n = mark[depth].n;
            } else if (n < TAKES) {
                bool zero = random_below(2);
                size_t size = random_below(random_below(20) ? 3000 : 200000);
                uint8_t *p = zero ? xji_take_zero(&s, size, 1) : xji_take(&s, 1, size);
                assert_non_null(p);
                assert_int_equal((uintptr_t)p % 64, 0);
                for (size_t i = 0; i < size && zero; i++)
                    assert_int_equal(p[i], 0);
                taken[n].p = p;
                taken[n].n = size;
                taken[n].fill = (uint8_t)random_below(256);
                memset(p, taken[n].fill, size);
                n++;
            }
        }
        for (size_t i = 0; i < n; i++)
            for (size_t k = 0; k < taken[i].n; k++)
                assert_int_equal(taken[i].p[k], taken[i].fill);
        xji_scratch_back(&s, (xji_mark){NULL, 0});
    }
    xji_scratch_release(&s);
}

/* A query that is run again takes no more memory than the first time. */
static void test_scratch__memory_is_used_again(void **state)
{
    (void)state;
    xji_scratch s = {NULL, NULL};
    size_t before = 0;
    for (unsigned round = 0; round < 50; round++) {
        for (size_t i = 0; i < 100; i++) {
            xji_mark m = xji_scratch_mark(&s);
            assert_non_null(xji_take(&s, 500 + i * 1000, 1));
            assert_non_null(xji_take(&s, 70, 1000));
            if (i % 3)
                xji_scratch_back(&s, m);
        }
        if (round == 0)
            before = n_chunks(&s);
        assert_int_equal(n_chunks(&s), before);
        xji_scratch_back(&s, (xji_mark){NULL, 0});
    }
    xji_scratch_release(&s);
}

/* More than there can be: NULL, and everything is as it was. */
static void test_scratch__impossible_sizes(void **state)
{
    static const size_t impossible[][2] = {
        {SIZE_MAX, 1}, {1, SIZE_MAX}, {SIZE_MAX, SIZE_MAX}, {SIZE_MAX / 2, 2}, {(size_t)1 << 33, (size_t)1 << 33}, {SIZE_MAX / 4, 4}};
    (void)state;
    xji_scratch s = {NULL, NULL};
    assert_null(xji_take(&s, SIZE_MAX, 8));
    assert_null(s.first);
    uint8_t *p = xji_take(&s, 10, 10);
    assert_non_null(p);
    memset(p, 0x5A, 100);
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        assert_null(xji_take(&s, impossible[i][0], impossible[i][1]));
        assert_null(xji_take_zero(&s, impossible[i][0], impossible[i][1]));
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(p[i], 0x5A);
    assert_ptr_not_equal(xji_take(&s, 10, 10), p);
    xji_scratch_release(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scratch__empty),
        cmocka_unit_test(test_scratch__sizes_of_nothing_have_places_of_their_own),
        cmocka_unit_test(test_scratch__random_takes_and_marks),
        cmocka_unit_test(test_scratch__memory_is_used_again),
        cmocka_unit_test(test_scratch__impossible_sizes),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
