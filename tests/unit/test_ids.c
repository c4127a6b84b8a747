/* The set of report ids, compared with a list that is searched from one end to the other. */
#include "ids.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

static bool add(xji_ids *s, const char *id, size_t n)
{
    bool is_new = false;
    OK(xji_ids_add(s, id, n, &is_new, &err));
    return is_new;
}

static void test_ids__once_and_again(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n;
    } ids[] = {{"", 0}, {"\0", 1}, {"\0\0", 2}, {"a", 1}, {"a\0", 2}, {"a\0b", 3}, {"ab", 2}, {"报告", 6}, {"报", 3}, {"\xFF\xFE", 2}};
    xji_ids s = {0};
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
            assert_int_equal(add(&s, ids[i].s, ids[i].n), round == 0);
    assert_int_equal(s.n, sizeof ids / sizeof *ids);
    xji_ids_release(&s);
    assert_true(add(&s, "a", 1)); /* empty, and usable again */
    xji_ids_release(&s);
    xji_ids_release(&s);
}

/* Ids of few letters, so that they repeat, as many as make the table grow several times. */
static void test_ids__random(void **state)
{
    (void)state;
    enum { LETTERS = 3, LENGTH_MAX = 8, IDS = 9841 /* all of 0 to 8 letters */, TRIES = 30000 };
    static bool seen[IDS];
    xji_ids s = {0};
    size_t n_seen = 0;
    seed(20261122);
    memset(seen, 0, sizeof seen);
    for (int i = 0; i < TRIES; i++) {
        char id[LENGTH_MAX];
        size_t n = LENGTH_MAX - random_below(random_below(3) ? 2 : LENGTH_MAX + 1), number = 0;
        for (size_t k = 0; k < n; k++) {
            uint32_t letter = random_below(LETTERS);
            id[k] = (char)('a' + letter);
            number = number * LETTERS + letter + 1; /* bijective: no two ids have one number */
        }
        assert_true(number < IDS);
        assert_int_equal(add(&s, id, n), !seen[number]);
        n_seen += !seen[number];
        seen[number] = true;
    }
    assert_true(n_seen > 4096);
    assert_int_equal(s.n, n_seen);
    xji_ids_release(&s);
}

static void test_ids__long_ones(void **state)
{
    (void)state;
    static char id[5000];
    xji_ids s = {0};
    memset(id, 'x', sizeof id);
    for (size_t n = 4000; n <= sizeof id; n += 100)
        assert_true(add(&s, id, n));
    for (size_t n = 4000; n <= sizeof id; n += 100)
        assert_false(add(&s, id, n));
    id[0] = 'y';
    assert_true(add(&s, id, sizeof id));
    xji_ids_release(&s);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ids__once_and_again),
        cmocka_unit_test(test_ids__random),
        cmocka_unit_test(test_ids__long_ones),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
