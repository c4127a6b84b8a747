/*
 * Codes of passage lengths: what a length comes back as is near it, and a longer passage never comes back as a shorter one.
 */
#include "xj/length.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

enum { LAST_STEP = (1 << 19) - (1 << 14) }; /* from here on lengths share the last code */

static void test_length__small_ones_are_exact(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 32; n++) {
        assert_int_equal(xj_length_code(n), n);
        assert_int_equal(xj_length_decode((uint8_t)n), n);
    }
}

static void test_length__codes_grow_with_the_length(void **state)
{
    (void)state;
    uint8_t last = 0;
    for (uint32_t n = 0; n <= 1 << 20; n++) {
        uint8_t code = xj_length_code(n);
        if (code != last && code != last + 1)
            fail_msg("length %u has code %u, the one before has %u", n, code, last);
        last = code;
    }
    assert_int_equal(last, 255);
    for (unsigned code = 1; code < 256; code++)
        assert_true(xj_length_decode((uint8_t)code) > xj_length_decode((uint8_t)(code - 1)));
}

static void test_length__within_one_in_thirty_two(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < LAST_STEP + (1 << 14); n++) {
        uint32_t back = xj_length_decode(xj_length_code(n)), off = back > n ? back - n : n - back;
        if ((uint64_t)off * 32 > n)
            fail_msg("length %u comes back as %u", n, back);
    }
}

/* What is decoded has the code that it was decoded from: scores agree before and after a merge. */
static void test_length__decoded_lengths_keep_their_code(void **state)
{
    (void)state;
    for (unsigned code = 0; code < 256; code++)
        assert_int_equal(xj_length_code(xj_length_decode((uint8_t)code)), code);
}

static void test_length__the_last_code(void **state)
{
    (void)state;
    assert_int_equal(xj_length_code(LAST_STEP - 1), 254);
    for (uint32_t n = LAST_STEP; n <= 1 << 20; n++)
        assert_int_equal(xj_length_code(n), 255);
}

static void test_length__greatest_lengths(void **state)
{
    (void)state;
    alarm(10); /* or it never ends */
    for (unsigned e = 20; e < 32; e++) {
        assert_int_equal(xj_length_code(UINT32_C(1) << e), 255);
        assert_int_equal(xj_length_code((UINT32_C(1) << e) - 1), 255);
    }
    assert_int_equal(xj_length_code(UINT32_MAX), 255);
    alarm(0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_length__small_ones_are_exact),
        cmocka_unit_test(test_length__codes_grow_with_the_length),
        cmocka_unit_test(test_length__within_one_in_thirty_two),
        cmocka_unit_test(test_length__decoded_lengths_keep_their_code),
        cmocka_unit_test(test_length__the_last_code),
        cmocka_unit_test(test_length__greatest_lengths),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
