/* The analyser's fingerprint: one value for one build, whoever asks and how often. */
#include "xj/analyser.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "xj/fold.h"

static void test_analyser__is_stable_and_not_zero(void **state)
{
    (void)state;
    uint64_t first = xj_analyser_fingerprint();
    assert_true(first != 0);
    for (int i = 0; i < 100; i++)
        assert_true(xj_analyser_fingerprint() == first);
}

static void test_analyser__is_more_than_the_tables(void **state)
{
    (void)state;
    assert_true(xj_analyser_fingerprint() != xj_fold_fingerprint());
}

static void *ask(void *out)
{
    *(uint64_t *)out = xj_analyser_fingerprint();
    return NULL;
}

static void test_analyser__is_the_same_in_every_thread(void **state)
{
    (void)state;
    pthread_t thread[8];
    uint64_t value[8] = {0};
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, ask, &value[i]), 0);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_join(thread[i], NULL), 0);
    for (size_t i = 0; i < 8; i++)
        assert_true(value[i] == xj_analyser_fingerprint());
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_analyser__is_stable_and_not_zero),
        cmocka_unit_test(test_analyser__is_more_than_the_tables),
        cmocka_unit_test(test_analyser__is_the_same_in_every_thread),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
