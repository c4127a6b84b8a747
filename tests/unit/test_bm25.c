/* The ranking formula against values worked out by hand, and the shape that ranking relies on. */
#include "xj/bm25.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want)))
        fail_msg("%.17g instead of %.17g", got, want);
}

static void test_bm25__idf_by_hand(void **state)
{
    (void)state;
    near(xj_bm25_idf(10, 1), 1.9924301646902063);      /* ln(1 + 9.5/1.5) = ln(22/3) */
    near(xj_bm25_idf(1, 1), 0.28768207245178093);      /* ln(4/3) */
    near(xj_bm25_idf(3, 1), 0.98082925301172619);      /* ln(8/3) */
    near(xj_bm25_idf(100, 100), 0.0049627893421290139); /* ln(1 + 0.5/100.5) = ln(202/201) */
    near(xj_bm25_idf(0, 0), 0.69314718055994531);      /* ln 2 */
    near(xj_bm25_idf(7, 0), 2.7725887222397811);       /* ln 16 */
}

static void test_bm25__tf_by_hand(void **state)
{
    (void)state;
    assert_true(XJ_BM25_K1 == 0.9 && XJ_BM25_B == 0.6);
    near(xj_bm25_tf(1, 100, 100), 1.0);       /* 1.9 / (1 + 0.9) */
    near(xj_bm25_tf(2, 50, 100), 3.8 / 2.63); /* norm 0.4 + 0.3 = 0.7 */
    near(xj_bm25_tf(3, 200, 100), 5.7 / 4.44); /* norm 0.4 + 1.2 = 1.6 */
    near(xj_bm25_tf(1, 0, 1), 1.9 / 1.36);
    near(xj_bm25_tf(10, 1000, 10), 19.0 / 64.36);
}

static void test_bm25__idf_falls_with_df_and_stays_positive(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 10, 1000, 1000000, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        double last = xj_bm25_idf(sizes[i], 0);
        assert_true(last > 0);
        uint64_t step = sizes[i] / 500 + 1;
        for (uint64_t df = 1; df <= sizes[i]; df += step) {
            double v = xj_bm25_idf(sizes[i], df);
            assert_true(v > 0 && v < last);
            last = v;
        }
        assert_true(xj_bm25_idf(sizes[i], sizes[i]) > 0);
        assert_true(xj_bm25_idf(sizes[i] + 1, 1) > xj_bm25_idf(sizes[i], 1)); /* grows with the collection */
    }
}

static void test_bm25__tf_rises_saturates_and_falls_with_length(void **state)
{
    (void)state;
    for (uint64_t length = 1; length <= 4096; length *= 4) {
        double last = 0;
        for (uint64_t tf = 1; tf <= 300; tf++) {
            double v = xj_bm25_tf(tf, length, 64);
            assert_true(v > last);
            assert_true(v > 0 && v < XJ_BM25_K1 + 1.0);
            if (tf > 1)
                assert_true(xj_bm25_tf(tf + 1, length, 64) - v < v - last); /* each occurrence adds less */
            assert_true(xj_bm25_tf(tf, length + 1, 64) < v);
            assert_true(xj_bm25_tf(tf, length, 65) > v);
            last = v;
        }
    }
    assert_true(xj_bm25_tf(UINT32_MAX, 1, 1) < XJ_BM25_K1 + 1.0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bm25__idf_by_hand),
        cmocka_unit_test(test_bm25__tf_by_hand),
        cmocka_unit_test(test_bm25__idf_falls_with_df_and_stays_positive),
        cmocka_unit_test(test_bm25__tf_rises_saturates_and_falls_with_length),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
