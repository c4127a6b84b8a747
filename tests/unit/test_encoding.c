/* Names and predicted lengths of encodings; their numbers are part of the index format. */
#include "xj/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "xj/utf8.h"

static void test_encoding__numbers_and_names(void **state)
{
    (void)state;
    static const struct {
        xj_encoding enc;
        int number;
        const char *name;
    } list[] = {
#define LISTED(name, number, text) {name, number, text},
        XJ_ENCODING_LIST(LISTED)
#undef LISTED
    };
    assert_int_equal(sizeof list / sizeof *list, XJ_ENC_COUNT);
    for (size_t i = 0; i < XJ_ENC_COUNT; i++) {
        assert_int_equal(list[i].enc, i);
        assert_int_equal(list[i].number, i);
        assert_string_equal(xj_encoding_name(list[i].enc), list[i].name);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(list[i].name, list[k].name);
    }
    assert_string_equal(xj_encoding_name(XJ_ENC_COUNT), "?");
    assert_string_equal(xj_encoding_name((xj_encoding)-1), "?");
    assert_string_equal(xj_encoding_name((xj_encoding)255), "?");
}

/* Indexes written by earlier versions hold these numbers. */
static void test_encoding__numbers_are_frozen(void **state)
{
    (void)state;
    assert_int_equal(XJ_ENC_UTF8, 0);
    assert_int_equal(XJ_ENC_UTF16LE, 1);
    assert_int_equal(XJ_ENC_UTF16BE, 2);
    assert_int_equal(XJ_ENC_GB18030, 3);
    assert_int_equal(XJ_ENC_BIG5, 4);
    assert_int_equal(XJ_ENC_EUCJP, 5);
    assert_int_equal(XJ_ENC_SJIS, 6);
    assert_int_equal(XJ_ENC_UTF32LE, 7);
    assert_int_equal(XJ_ENC_UTF32BE, 8);
}

static void test_encoding__expected_lengths(void **state)
{
    (void)state;
    static const uint32_t cps[] = {0, 0x41, 0x7F, 0x80, 0x7FF, 0x800, 0x6797, 0xFFFD, 0xFFFF, 0x10000, 0x20BB7, 0x10FFFF};
    for (size_t i = 0; i < sizeof cps / sizeof *cps; i++) {
        uint32_t c = cps[i];
        assert_int_equal(xj_encoding_expected_len(XJ_ENC_UTF8, c), xj_utf8_len(c));
        assert_int_equal(xj_encoding_expected_len(XJ_ENC_UTF16LE, c), c < 0x10000 ? 2 : 4);
        assert_int_equal(xj_encoding_expected_len(XJ_ENC_UTF16BE, c), c < 0x10000 ? 2 : 4);
        assert_int_equal(xj_encoding_expected_len(XJ_ENC_UTF32LE, c), 4);
        assert_int_equal(xj_encoding_expected_len(XJ_ENC_UTF32BE, c), 4);
        static const xj_encoding multi_byte[] = {XJ_ENC_GB18030, XJ_ENC_BIG5, XJ_ENC_EUCJP, XJ_ENC_SJIS};
        for (size_t k = 0; k < sizeof multi_byte / sizeof *multi_byte; k++)
            assert_int_equal(xj_encoding_expected_len(multi_byte[k], c), c < 0x80 ? 1 : 2);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encoding__numbers_and_names),
        cmocka_unit_test(test_encoding__numbers_are_frozen),
        cmocka_unit_test(test_encoding__expected_lengths),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
