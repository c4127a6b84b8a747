/* Stems: the English stemmer behind a narrow door, its borrowed result, its refusals. */
#include "xj/stem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int make(void **state)
{
    xj_stemmer *s;
    if (xj_stemmer_new(&s, NULL) != XJ_OK)
        return -1;
    *state = s;
    return 0;
}

static int drop(void **state)
{
    xj_stemmer_free(*state);
    return 0;
}

static void check(xj_stemmer *s, const char *word, const char *stem)
{
    size_t n = 999;
    const char *got = xj_stemmer_stem(s, word, strlen(word), &n);
    assert_non_null(got);
    if (n != strlen(stem) || memcmp(got, stem, n) != 0)
        fail_msg("'%s' became '%.*s', not '%s'", word, (int)n, got, stem);
}

static void refuse(xj_stemmer *s, const char *word, size_t len)
{
    size_t n = 999;
    assert_null(xj_stemmer_stem(s, word, len, &n));
    assert_int_equal(n, 0);
}

static void test_stem__porter2_examples(void **state)
{
    check(*state, "communities", "communiti");
    check(*state, "community", "communiti");
    check(*state, "running", "run");
    check(*state, "runs", "run");
    check(*state, "run", "run");
    check(*state, "generation", "generat");
    check(*state, "consistency", "consist");
    check(*state, "knightly", "knight");
}

static void test_stem__refuses_short_and_other_characters(void **state)
{
    refuse(*state, "", 0);
    refuse(*state, "a", 1);
    refuse(*state, "is", 2);
    refuse(*state, "running2", 8);
    refuse(*state, "Running", 7);
    refuse(*state, "c++", 3);
    refuse(*state, "caf\xC3\xA9s", 6);
    refuse(*state, "a_b_c", 5);
    refuse(*state, "枫桥", 6);
    refuse(*state, "run\0ning", 8);
    refuse(*state, "`ab", 3); /* next to 'a' */
    refuse(*state, "ab{", 3); /* next to 'z' */
}

static void test_stem__takes_the_length_given(void **state)
{
    size_t n;
    const char *got = xj_stemmer_stem(*state, "runsXYZ", 4, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(got, "run", 3);
}

static void test_stem__a_word_of_greatest_length(void **state)
{
    char word[64];
    memset(word, 'a', sizeof word);
    memcpy(word + 61, "ing", 3);
    size_t n;
    const char *got = xj_stemmer_stem(*state, word, sizeof word, &n);
    assert_non_null(got);
    assert_int_equal(n, 61);
    assert_memory_equal(got, word, 61);
}

static void test_stem__words_follow_each_other(void **state)
{
    for (int i = 0; i < 200; i++) {
        check(*state, "communities", "communiti");
        refuse(*state, "x1", 2);
        check(*state, "running", "run");
    }
}

static void test_stem__two_stemmers_do_not_mix(void **state)
{
    xj_stemmer *other;
    size_t n, m;
    assert_int_equal(xj_stemmer_new(&other, NULL), XJ_OK);
    const char *a = xj_stemmer_stem(*state, "communities", 11, &n);
    const char *b = xj_stemmer_stem(other, "running", 7, &m);
    assert_int_equal(n, 9);
    assert_memory_equal(a, "communiti", 9);
    assert_int_equal(m, 3);
    assert_memory_equal(b, "run", 3);
    xj_stemmer_free(other);
    xj_stemmer_free(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_stem__porter2_examples, make, drop),
        cmocka_unit_test_setup_teardown(test_stem__refuses_short_and_other_characters, make, drop),
        cmocka_unit_test_setup_teardown(test_stem__takes_the_length_given, make, drop),
        cmocka_unit_test_setup_teardown(test_stem__a_word_of_greatest_length, make, drop),
        cmocka_unit_test_setup_teardown(test_stem__words_follow_each_other, make, drop),
        cmocka_unit_test_setup_teardown(test_stem__two_stemmers_do_not_mix, make, drop),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
