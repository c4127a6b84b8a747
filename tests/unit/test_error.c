/* Status codes and error details: the list of codes is walked, and an xj_error keeps the first failure whole. */
#include "xj/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

typedef struct listed {
    xj_status status;
    const char *name;
    int exit_code;
    const char *text;
} listed;

static const listed list[] = {
#define LISTED(name, exit_code, text) {name, #name, exit_code, text},
    XJ_STATUS_LIST(LISTED)
#undef LISTED
};

static void test_error__every_status_has_its_texts(void **state)
{
    (void)state;
    assert_int_equal(sizeof list / sizeof *list, XJ_STATUS_COUNT);
    for (size_t i = 0; i < XJ_STATUS_COUNT; i++) {
        assert_int_equal(list[i].status, i);
        assert_string_equal(xj_status_name(list[i].status), list[i].name);
        assert_string_equal(xj_status_text(list[i].status), list[i].text);
        assert_int_equal(xj_status_exit_code(list[i].status), list[i].exit_code);
        assert_true(strlen(list[i].text) > 0);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(list[i].name, list[k].name);
            assert_string_not_equal(list[i].text, list[k].text);
        }
    }
}

static void test_error__only_ok_is_zero(void **state)
{
    (void)state;
    assert_int_equal(XJ_OK, 0);
    assert_int_equal(xj_status_exit_code(XJ_OK), 0);
    for (int i = 1; i < XJ_STATUS_COUNT; i++) /* 1 means "nothing found" and is no failure */
        assert_in_range(xj_status_exit_code((xj_status)i), 2, 7);
}

static void test_error__values_outside_the_list(void **state)
{
    (void)state;
    static const int outside[] = {-1, XJ_STATUS_COUNT, XJ_STATUS_COUNT + 1, 1000000, -1000000};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        assert_non_null(xj_status_name((xj_status)outside[i]));
        assert_non_null(xj_status_text((xj_status)outside[i]));
        assert_int_not_equal(xj_status_exit_code((xj_status)outside[i]), 0);
    }
}

static void test_error__fail_fills_and_returns_the_code(void **state)
{
    (void)state;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_fail(&e, XJ_EQUERY, "no '%s' in %d", "枫桥", 7), XJ_EQUERY);
    assert_int_equal(e.code, XJ_EQUERY);
    assert_string_equal(e.message, "no '枫桥' in 7");
    assert_string_equal(e.path, "");
    assert_true(e.offset == XJ_NO_OFFSET);
}

static void test_error__fail_at_keeps_path_and_offset(void **state)
{
    (void)state;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_fail_at(&e, XJ_ECORRUPT, "i/seg-1-0.xjs", 96, "bad %s", "sum"), XJ_ECORRUPT);
    assert_int_equal(e.code, XJ_ECORRUPT);
    assert_string_equal(e.path, "i/seg-1-0.xjs");
    assert_int_equal(e.offset, 96);
    assert_string_equal(e.message, "bad sum");
    xj_error_clear(&e);
    assert_int_equal(xj_fail_at(&e, XJ_EIO, NULL, 3, "x"), XJ_EIO);
    assert_string_equal(e.path, "");
    assert_int_equal(e.offset, 3);
}

static void test_error__the_first_one_wins(void **state)
{
    (void)state;
    xj_error e = XJ_ERROR_INIT;
    xj_fail_at(&e, XJ_EIO, "a", 1, "first");
    assert_int_equal(xj_fail(&e, XJ_ENOMEM, "second"), XJ_ENOMEM);
    assert_int_equal(xj_fail_at(&e, XJ_ELIMIT, "b", 2, "third"), XJ_ELIMIT);
    assert_int_equal(e.code, XJ_EIO);
    assert_string_equal(e.message, "first");
    assert_string_equal(e.path, "a");
    assert_int_equal(e.offset, 1);
}

static void test_error__clear_makes_it_fillable_again(void **state)
{
    (void)state;
    xj_error e = XJ_ERROR_INIT;
    xj_fail_at(&e, XJ_EIO, "a", 1, "first");
    xj_error_clear(&e);
    assert_int_equal(e.code, XJ_OK);
    assert_true(e.offset == XJ_NO_OFFSET);
    assert_string_equal(e.path, "");
    assert_string_equal(e.message, "");
    xj_fail(&e, XJ_EQUERY, "second");
    assert_string_equal(e.message, "second");
}

static void test_error__null_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(xj_fail(NULL, XJ_EUSAGE, "%s", "x"), XJ_EUSAGE);
    assert_int_equal(xj_fail_at(NULL, XJ_EBUSY, "p", 0, "x"), XJ_EBUSY);
    xj_error_clear(NULL);
}

static void test_error__long_texts_are_cut(void **state)
{
    (void)state;
    /* Bytes around the struct's strings must stay as they are: the sanitizers and the neighbours watch. */
    struct {
        char before[16];
        xj_error e;
        char after[16];
    } g = {.e = XJ_ERROR_INIT};
    memset(g.before, 'b', sizeof g.before);
    memset(g.after, 'a', sizeof g.after);
    for (size_t n = sizeof g.e.path - 2; n <= sizeof g.e.path + 2; n++) {
        char text[600];
        memset(text, 'x', n);
        text[n] = '\0';
        size_t kept = n < sizeof g.e.path ? n : sizeof g.e.path - 1;
        xj_error_clear(&g.e);
        xj_fail_at(&g.e, XJ_EIO, text, 0, "%s", text);
        assert_int_equal(strlen(g.e.path), kept);
        assert_int_equal(strlen(g.e.message), kept);
        assert_memory_equal(g.e.path, text, kept);
        assert_memory_equal(g.e.message, text, kept);
    }
    for (size_t i = 0; i < sizeof g.before; i++) {
        assert_int_equal(g.before[i], 'b');
        assert_int_equal(g.after[i], 'a');
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error__every_status_has_its_texts),
        cmocka_unit_test(test_error__only_ok_is_zero),
        cmocka_unit_test(test_error__values_outside_the_list),
        cmocka_unit_test(test_error__fail_fills_and_returns_the_code),
        cmocka_unit_test(test_error__fail_at_keeps_path_and_offset),
        cmocka_unit_test(test_error__the_first_one_wins),
        cmocka_unit_test(test_error__clear_makes_it_fillable_again),
        cmocka_unit_test(test_error__null_is_allowed),
        cmocka_unit_test(test_error__long_texts_are_cut),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
