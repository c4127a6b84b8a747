/* Searches for ranges, in every way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "../../common/src/ranges_priv.h"

enum { N_MAX = 200 };

static void test_ranges__find_the_first(void **state)
{
    static const uint32_t some[] = {0, 1, 0x7FFF, 0x8000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x18000, 0x10FFFF};
    (void)state;
    seed(5);
    for (unsigned round = 0; round < 20000; round++) {
        xj_range ranges[XJ_RANGES_MAX];
        size_t n_ranges = random_below(XJ_RANGES_MAX + 1), n = random_below(N_MAX), from = random_below((uint32_t)n + 1);
        for (size_t i = 0; i < n_ranges; i++) {
            ranges[i].first = (uint16_t)random_below(0xFFFF);
            ranges[i].last = (uint16_t)(ranges[i].first + random_below(0xFFFFu - ranges[i].first));
            if (round % 2)
                ranges[i].last = (uint16_t)(ranges[i].first + random_below(0xFFFFu - ranges[i].first) / 1000);
        }
        bool inside = round % 3 != 0;
        uint32_t *cp = malloc((n + 1) * sizeof *cp);
        assert_non_null(cp);
        /* Mostly what is passed over, so that hits are far apart. */
        for (size_t i = 0; i < n; i++) {
            for (unsigned tries = 0; tries < 40; tries++) {
                cp[i] = random_below(4) ? random_below(0x10000) : some[random_below(10)];
                if (xj_ranges_hold(ranges, n_ranges, cp[i]) != inside)
                    break;
            }
        }
        size_t want = from;
        for (; want < n; want++) {
            bool in = false;
            for (size_t k = 0; k < n_ranges; k++)
                in = in || (cp[want] >= ranges[k].first && cp[want] <= ranges[k].last);
            if (in == inside)
                break;
        }
        assert_int_equal(xj_ranges_find(cp, from, n, ranges, n_ranges, inside), want);
        assert_int_equal(xji_ranges_find_plain(cp, from, n, ranges, n_ranges, inside), want);
#if XJI_CPU_X86
        if (xji_cpu_has_avx2()) {
            size_t at = xji_ranges_skip_avx2(cp, from, n, ranges, n_ranges, inside);
            assert_true(at >= from && at <= want);
            assert_true(n - at < 32 || want - at < 32);
        }
#endif
        free(cp);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges__find_the_first)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
