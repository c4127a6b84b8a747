/* Kernels of searching: every form against plain counting. Arrays are as long as what they hold, for sanitizers to see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "../../common/src/kernels_priv.h"

enum { N_MAX = 128 };

typedef size_t meet_fn(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met);
typedef size_t count_fn(const uint16_t *v, size_t n, uint16_t limit);
typedef size_t list_fn(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place);

/* The forms that this processor can run. */
static size_t meet_forms(meet_fn *form[3])
{
    size_t n = 0;
    form[n++] = xj_meet;
    form[n++] = xji_meet_plain;
#if XJI_CPU_X86
    if (xji_cpu_has_avx2())
        form[n++] = xji_meet_avx2;
#endif
    return n;
}

static size_t scan_forms(count_fn *count[3], list_fn *list[3])
{
    size_t n = 0;
    count[n] = xj_count_not_below;
    list[n++] = xj_list_not_below;
    count[n] = xji_count_not_below_plain;
    list[n++] = xji_list_not_below_plain;
#if XJI_CPU_X86
    if (xji_cpu_has_avx2()) {
        count[n] = xji_count_not_below_avx2;
        list[n++] = xji_list_not_below_avx2;
    }
#endif
    return n;
}

static void *exactly(const void *p, size_t n)
{
    void *q = malloc(n ? n : 1);
    assert_non_null(q);
    if (n > 0)
        memcpy(q, p, n);
    return q;
}

/* ---- xj_meet ---- */

/* By its description: each wanted number is looked for by itself. */
static size_t meet_by_reading(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met)
{
    size_t used = 0;
    met->n = 0;
    for (; used < n && wanted[used] <= docs[m - 1]; used++) {
        for (size_t i = 0; i < m; i++) {
            if (docs[i] == wanted[used]) {
                met->which[met->n] = (uint8_t)used;
                met->where[met->n++] = (uint8_t)i;
            }
        }
    }
    if (used > 0)
        for (*from = 0; docs[*from] < wanted[used - 1]; ++*from)
            ;
    return used;
}

static void check_meet(const uint32_t *w, size_t n, const uint32_t *d, size_t m, size_t from)
{
    meet_fn *form[3];
    size_t n_forms = meet_forms(form), want_from = from;
    uint32_t *wanted = exactly(w, n * sizeof *w), *docs = exactly(d, m * sizeof *d);
    xj_met want;
    size_t want_used = meet_by_reading(wanted, n, docs, m, &want_from, &want);
    for (size_t k = 0; k < n_forms; k++) {
        xj_met *met = malloc(sizeof *met);
        size_t at = from;
        assert_non_null(met);
        assert_int_equal(form[k](wanted, n, docs, m, &at, met), want_used);
        assert_int_equal(at, want_from);
        assert_int_equal(met->n, want.n);
        assert_memory_equal(met->which, want.which, want.n);
        assert_memory_equal(met->where, want.where, want.n);
        free(met);
    }
    free(wanted);
    free(docs);
}

/* n numbers, ascending, from `first` on, at most `last`: there must be as many. */
static void ascending(uint32_t *out, size_t n, uint32_t first, uint32_t last)
{
    uint64_t at = first;
    for (size_t i = 0; i < n; i++) {
        uint64_t room = (uint64_t)last - at - (n - 1 - i), gap = room / (n - i) + 1;
        at += random_below(gap > 40 && random_below(3) ? 40 : (uint32_t)(gap < UINT32_MAX ? gap : UINT32_MAX));
        out[i] = (uint32_t)at++;
    }
}

/* About as many numbers as asked for, from docs[from] on, some of them in docs. Returns how many. */
static size_t wanted_of(uint32_t *out, size_t n, const uint32_t *docs, size_t m, size_t from)
{
    uint64_t at = from > 0 ? (uint64_t)docs[from - 1] + 1 : random_below(2) ? docs[0] : 0;
    size_t k = 0, i = from;
    while (k < n && at <= UINT32_MAX - 1) {
        i += random_below(1 + (uint32_t)((m - from) / n));
        while (i < m && docs[i] < at)
            i++;
        if (i < m && random_below(2))
            at = docs[i];
        else
            at += random_below(5);
        if (at <= UINT32_MAX - 1)
            out[k++] = (uint32_t)at++;
    }
    return k;
}

static void test_kernels__meet_at_every_length_and_start(void **state)
{
    static const uint32_t firsts[] = {0, 1000, 0x7FFFFF80, UINT32_MAX - 1 - 400};
    (void)state;
    seed(61);
    for (size_t m = 1; m <= N_MAX; m++) {
        for (size_t from = 0; from < m; from++) {
            uint32_t docs[N_MAX], wanted[N_MAX], first = firsts[random_below(4)];
            uint32_t last = first > UINT32_MAX - 1000 ? UINT32_MAX - 1 : first + 200 + random_below(1000);
            ascending(docs, m, first, last);
            size_t n = wanted_of(wanted, 1 + random_below(N_MAX), docs, m, from);
            check_meet(wanted, n, docs, m, from);
        }
    }
}

static void test_kernels__meet_random_lists(void **state)
{
    (void)state;
    seed(62);
    for (unsigned round = 0; round < 100000; round++) {
        uint32_t docs[N_MAX], wanted[N_MAX];
        size_t m = 1 + random_below(N_MAX), n = random_below(N_MAX + 1);
        uint32_t last = round % 4 == 0 ? UINT32_MAX - 1 : 300 + random_below(round % 4 == 1 ? 100 : 1000000);
        uint32_t first = round % 4 == 0 ? UINT32_MAX - 500 : random_below(100);
        ascending(docs, m, first, last);
        size_t from = random_below((uint32_t)m);
        n = n > 0 ? wanted_of(wanted, n, docs, m, from) : 0;
        check_meet(wanted, n, docs, m, from);
    }
}

/* Lists that are the same, that have nothing in common, and that lie on one side of each other. */
static void test_kernels__meet_extremes(void **state)
{
    (void)state;
    for (size_t m = 1; m <= N_MAX; m++) {
        uint32_t docs[N_MAX], between[N_MAX], before[N_MAX], after[N_MAX], around[N_MAX];
        for (size_t i = 0; i < m; i++) {
            before[i] = (uint32_t)i;
            docs[i] = 1000 + 2 * (uint32_t)i;
            between[i] = docs[i] + 1;
            after[i] = UINT32_MAX - N_MAX + (uint32_t)i;
            around[i] = 0x80000000u - (uint32_t)m / 2 + (uint32_t)i;
        }
        for (size_t n = 0; n <= m; n++) {
            check_meet(docs, n, docs, m, 0);
            check_meet(between, n, docs, m, 0);
            check_meet(before, n, docs, m, 0);
            check_meet(after, n, docs, m, 0);
            check_meet(docs, n, after, m, 0);
            check_meet(around, n, around, m, 0);
            check_meet(after, n, after, m, 0);
        }
        check_meet(&docs[m - 1], 1, docs, m, m - 1);
        check_meet(&docs[m - 1], 1, docs, m, 0);
    }
}

/* A longer list is met batch by batch with another one, block by block, as lists of postings are. */
static void test_kernels__meet_in_steps(void **state)
{
    enum { LONG = 1000 };
    (void)state;
    seed(63);
    meet_fn *form[3];
    size_t n_forms = meet_forms(form);
    for (unsigned round = 0; round < 300; round++) {
        uint32_t a[LONG], b[LONG];
        size_t n = 1 + random_below(LONG), m = 1 + random_below(LONG), both = 0;
        ascending(a, n, random_below(100), 2000 + random_below(4000));
        ascending(b, m, random_below(100), 2000 + random_below(4000));
        for (size_t i = 0, j = 0; i < n; i++) {
            while (j < m && b[j] < a[i])
                j++;
            both += j < m && b[j] == a[i];
        }
        for (size_t k = 0; k < n_forms; k++) {
            size_t found = 0, at = 0, from = 0, steps = 0;
            for (size_t i = 0; i < n && at < m;) {
                size_t left = m - at < N_MAX ? m - at : N_MAX, batch = n - i < N_MAX ? n - i : N_MAX;
                if (b[at + left - 1] < a[i]) {
                    at += left;
                    from = 0;
                    continue;
                }
                xj_met met;
                size_t used = form[k](a + i, batch, b + at, left, &from, &met);
                assert_true(used > 0 && ++steps <= n);
                for (size_t x = 0; x < met.n; x++)
                    assert_int_equal(a[i + met.which[x]], b[at + met.where[x]]);
                found += met.n;
                i += used;
            }
            assert_int_equal(found, both);
        }
    }
}

/* ---- numbers not below a limit ---- */

static void check_scan(const uint16_t *v, size_t n, uint16_t limit)
{
    count_fn *count[3];
    list_fn *list[3];
    size_t n_forms = scan_forms(count, list), found = 0;
    uint16_t *want = malloc((n + 1) * sizeof *want);
    assert_non_null(want);
    for (size_t i = 0; i < n; i++)
        if (v[i] >= limit)
            want[found++] = (uint16_t)i;
    for (size_t k = 0; k < n_forms; k++) {
        uint16_t *place = malloc(n ? n * sizeof *place : 1); /* no more room than the header asks for */
        assert_non_null(place);
        assert_int_equal(count[k](v, n, limit), found);
        assert_int_equal(list[k](v, n, limit, place), found);
        assert_memory_equal(place, want, found * sizeof *want);
        free(place);
    }
    free(want);
}

static void fill_values(uint16_t *v, size_t n, unsigned kind)
{
    static const uint16_t some[] = {0, 1, 2, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF};
    for (size_t i = 0; i < n; i++)
        v[i] = kind == 0 ? (uint16_t)random_below(0x10000)
               : kind == 1 ? some[random_below(9)]
               : kind == 2 ? (uint16_t)(random_below(200) ? 0 : 0xFFFF)
                           : 0xFFFF;
}

static void test_kernels__not_below_at_every_length(void **state)
{
    static const uint16_t limits[] = {0, 1, 2, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF};
    (void)state;
    seed(64);
    for (size_t n = 0; n <= 200; n++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            for (size_t shift = 0; shift < 17; shift += kind ? 5 : 1) { /* not on a multiple of a register */
                uint16_t *v = malloc((n + shift + 1) * sizeof *v);
                assert_non_null(v);
                uint16_t *tail = v + shift + 1; /* ends where the memory does */
                fill_values(tail, n, kind);
                for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
                    check_scan(tail, n, limits[k]);
                check_scan(tail, n, (uint16_t)random_below(0x10000));
                free(v);
            }
        }
    }
}

static void test_kernels__not_below_in_whole_windows(void **state)
{
    static const size_t sizes[] = {4096, 8159, 8160, 8161, 8192, 65504, 65535, 65536};
    (void)state;
    seed(65);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint16_t *v = malloc(sizes[i] * sizeof *v);
        assert_non_null(v);
        for (unsigned kind = 0; kind < 4; kind++) {
            fill_values(v, sizes[i], kind);
            check_scan(v, sizes[i], 0); /* the most that can be counted */
            check_scan(v, sizes[i], 1);
            check_scan(v, sizes[i], 0x8000);
            check_scan(v, sizes[i], 0xFFFF);
        }
        free(v);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels__meet_at_every_length_and_start),
        cmocka_unit_test(test_kernels__meet_random_lists),
        cmocka_unit_test(test_kernels__meet_extremes),
        cmocka_unit_test(test_kernels__meet_in_steps),
        cmocka_unit_test(test_kernels__not_below_at_every_length),
        cmocka_unit_test(test_kernels__not_below_in_whole_windows),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
