/* Rows of bits over a text, against a look at each character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "structure_priv.h"
#include "testing.h"

enum { N_MAX = 700 };

static bool bit(const uint64_t *row, uint32_t i)
{
    return row[i / 64] >> i % 64 & 1;
}

static void check_row(const uint64_t *row, uint32_t n)
{
    for (unsigned k = 0; k < 40; k++) {
        uint32_t b = random_below(n + 1), e = b + random_below(n - b + 1), count = 0, first = e;
        for (uint32_t i = b; i < e; i++) {
            count += bit(row, i);
            first = bit(row, i) && first == e ? i : first;
        }
        assert_int_equal(xji_row_count(row, b, e), count);
        assert_int_equal(xji_row_next(row, b, e), first);
    }
}

static void test_structure_tables__rows_say_what_characters_are(void **state)
{
    static const uint32_t some[] = {'\n', ' ',    '.',    '1',    '(',    0x3002, 0xFF0C, 0x3000, 0x4E00, 0x7B2C,
                                    0x201D, 0xFF09, 0x2460, 0x300A, 0x2014, 'a',    0x20000, 0x1F600, 0xFFFD, 0x10FFFF};
    const uint32_t n_some = sizeof some / sizeof *some;
    xji_structure_tables *tables;
    (void)state;
    seed(1);
    OK(xji_structure_tables_new(&tables, &err));
    for (unsigned round = 0; round < 400; round++) {
        uint32_t cp[N_MAX], n = round < 200 ? round : random_below(N_MAX), density = 1 + random_below(20);
        for (uint32_t i = 0; i < n; i++)
            cp[i] = random_below(density) ? 0x4E01 + random_below(0x5000) : some[random_below(n_some)];
        xji_rows rows;
        OK(xji_rows_make(&rows, tables, cp, n, &err));
        for (uint32_t i = 0; i < n; i++) {
            bool behind = i > 0 && (xji_scan_is_space(cp[i - 1]) || xji_outline_ends_clause(cp[i - 1]));
            assert_int_equal(bit(rows.lf, i), cp[i] == '\n');
            assert_int_equal(bit(rows.stop, i), cp[i] == '\n' || xji_scan_is_stop(cp[i]));
            assert_int_equal(bit(rows.space, i), xji_scan_is_space(cp[i]));
            assert_int_equal(bit(rows.breaking, i), xji_passages_may_end(cp[i]));
            assert_int_equal(bit(rows.opening, i), behind && xji_outline_may_open(cp[i]));
        }
        check_row(rows.space, n);
        check_row(rows.breaking, n);
        xji_rows_release(&rows);
    }
    xji_structure_tables_free(tables);
}

static void test_structure_tables__tables_hold_every_character(void **state)
{
    xji_structure_tables *tables;
    (void)state;
    OK(xji_structure_tables_new(&tables, &err));
    xji_doc d = {.tables = tables};
    for (uint32_t c = 0; c < 0x110000; c++) {
        assert_int_equal(xji_scan_fold(&d, c), xj_fold(c));
        assert_int_equal(xji_scan_is_kind(&d, c, XJI_KIND_BREAK), xji_passages_may_end(c));
        /* What breaks a run by its class, and what ends sentences, stops the search for a cut. */
        if (c == '\n' || xji_scan_is_stop(c) || (xji_scan_is_break(c) && !xji_scan_is_han(c)))
            assert_true(xji_passages_may_end(c));
    }
    xji_structure_tables_free(tables);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_structure_tables__rows_say_what_characters_are),
        cmocka_unit_test(test_structure_tables__tables_hold_every_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
