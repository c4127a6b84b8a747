/*
 * The text on its way through the indexer: growing, and the log of what was changed in it.
 */
#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "xj/utf8.h"

enum { HAN = 0x67AB }; /* 枫, three bytes in UTF-8 */

/* Where the sanitizer is in, a refused allocation shall be NULL as everywhere. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_text__starts_empty(void **state)
{
    (void)state;
    xji_text t = XJI_TEXT_INIT;
    assert_int_equal(t.n, 0);
    assert_int_equal(xji_text_reserve(&t, 0, NULL), XJ_OK);
    assert_null(t.cp);
    xji_text_release(&t);
    xji_text_release(&t);
}

static void test_text__keeps_what_was_pushed(void **state)
{
    (void)state;
    enum { N = 100000 };
    xji_text t = XJI_TEXT_INIT;
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(xji_text_push(&t, i % 0xD800, i * 3, i % 5, i % 3, NULL), XJ_OK);
        assert_true(t.n <= t.cap);
    }
    assert_int_equal(t.n, N);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(t.cp[i], i % 0xD800);
        assert_int_equal(t.beg[i], i * 3);
        assert_int_equal(t.len[i], i % 5);
        assert_int_equal(t.mark[i], i % 3);
    }
    xji_text_release(&t);
    assert_null(t.cp);
    assert_int_equal(t.n, 0);
    assert_int_equal(t.cap, 0);
}

static void test_text__reserve_keeps_the_contents(void **state)
{
    (void)state;
    xji_text t = XJI_TEXT_INIT;
    for (uint32_t i = 0; i < 7; i++)
        assert_int_equal(xji_text_push(&t, HAN + i, i, 3, XJI_MARK_READ, NULL), XJ_OK);
    static const size_t wanted[] = {0, 7, 8, 1023, 1024, 1025, 1537, 100000};
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
        assert_int_equal(xji_text_reserve(&t, wanted[k], NULL), XJ_OK);
        assert_true(t.cap >= wanted[k]);
        assert_int_equal(t.n, 7);
        for (uint32_t i = 0; i < 7; i++)
            assert_int_equal(t.cp[i], HAN + i);
    }
    xji_text_release(&t);
}

static void test_text__too_much_to_reserve(void **state)
{
    (void)state;
    xji_text t = XJI_TEXT_INIT;
    xj_error err = XJ_ERROR_INIT;
    assert_int_equal(xji_text_push(&t, HAN, 0, 3, XJI_MARK_READ, NULL), XJ_OK);
    /* More than any address space has: the request is refused and the text stays as it was. */
    assert_int_equal(xji_text_reserve(&t, (size_t)1 << 55, &err), XJ_ENOMEM);
    assert_int_equal(err.code, XJ_ENOMEM);
    assert_int_equal(t.n, 1);
    assert_int_equal(t.cp[0], HAN);
    assert_int_equal(xji_text_push(&t, HAN + 1, 3, 3, XJI_MARK_READ, NULL), XJ_OK);
    xji_text_release(&t);
}

static void test_text__every_change_has_a_name(void **state)
{
    (void)state;
    for (int a = 0; a < XJI_CHANGE_COUNT; a++) {
        const char *key = xji_change_key((xji_change_kind)a);
        assert_true(strlen(key) > 1);
        assert_true(strlen(xji_change_text((xji_change_kind)a)) > 10);
        assert_int_equal(strspn(key, "abcdefghijklmnopqrstuvwxyz-"), strlen(key));
        for (int b = 0; b < a; b++)
            assert_string_not_equal(key, xji_change_key((xji_change_kind)b));
    }
    assert_string_equal(xji_change_key(XJI_CHANGE_COUNT), "?");
    assert_string_equal(xji_change_key((xji_change_kind)-1), "?");
    assert_string_equal(xji_change_text(XJI_CHANGE_COUNT), "?");
}

static void test_text__log_counts_without_keeping(void **state)
{
    (void)state;
    xji_log log = XJI_LOG_INIT;
    const uint32_t cp = HAN;
    for (int i = 0; i < 1000; i++)
        xji_log_add(&log, XJI_CHANGE_PINYIN, 0, 1, &cp, 1, NULL, 0);
    xji_log_add(NULL, XJI_CHANGE_PINYIN, 0, 1, &cp, 1, NULL, 0);
    assert_int_equal(log.count[XJI_CHANGE_PINYIN], 1000);
    assert_int_equal(log.n, 0);
    assert_null(log.change);
    for (int k = 0; k < XJI_CHANGE_COUNT; k++)
        if (k != XJI_CHANGE_PINYIN)
            assert_int_equal(log.count[k], 0);
    xji_log_release(&log);
}

static void test_text__log_keeps_so_many(void **state)
{
    (void)state;
    xji_log log = XJI_LOG_INIT;
    log.keep_max = 130;
    for (uint32_t i = 0; i < 200; i++) {
        const uint32_t before = 'a' + i % 26, after = HAN + i;
        xji_log_add(&log, i % 2 ? XJI_CHANGE_SLIP : XJI_CHANGE_DAMAGE, i, i + 2, &before, 1, &after, 1);
    }
    assert_int_equal(log.n, 130);
    assert_int_equal(log.count[XJI_CHANGE_SLIP], 100);
    assert_int_equal(log.count[XJI_CHANGE_DAMAGE], 100);
    for (uint32_t i = 0; i < 130; i++) {
        const xji_change *c = &log.change[i];
        char before[2] = {(char)('a' + i % 26), '\0'};
        uint8_t after[5] = {0};
        xj_utf8_encode(after, HAN + i);
        assert_int_equal(c->kind, i % 2 ? XJI_CHANGE_SLIP : XJI_CHANGE_DAMAGE);
        assert_int_equal(c->beg, i);
        assert_int_equal(c->end, i + 2);
        assert_string_equal(c->before, before);
        assert_string_equal(c->after, (const char *)after);
    }
    xji_log_release(&log);
    assert_null(log.change);
    assert_int_equal(log.count[XJI_CHANGE_SLIP], 0);
    xji_log_release(&log);
}

/* An excerpt has whole characters only, whatever their lengths, and at most 63 bytes. */
static void test_text__excerpts_are_cut_at_characters(void **state)
{
    (void)state;
    static const uint32_t kinds[] = {'a', 0xE9, HAN, 0x20000};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (size_t ahead = 0; ahead < 4; ahead++) { /* ASCII characters in front move the cut */
            uint32_t cp[80];
            for (size_t i = 0; i < 80; i++)
                cp[i] = i < ahead ? 'x' : kinds[kind];
            for (size_t n = 0; n <= 80; n++) {
                xji_log log = XJI_LOG_INIT;
                log.keep_max = 1;
                xji_log_add(&log, XJI_CHANGE_CONTROL, 0, 1, cp, n, NULL, 0);
                assert_int_equal(log.n, 1);
                const char *s = log.change[0].before;
                size_t bytes = strlen(s), whole = 0;
                for (size_t i = 0; i < n; i++)
                    whole += xj_utf8_len(cp[i]);
                assert_true(bytes < sizeof log.change[0].before);
                assert_true(xj_utf8_valid((const uint8_t *)s, bytes));
                if (whole < sizeof log.change[0].before)
                    assert_int_equal(bytes, whole);
                else /* only a character that does not fit is left out */
                    assert_true(bytes + xj_utf8_len(kinds[kind]) >= sizeof log.change[0].before);
                assert_string_equal(log.change[0].after, "");
                xji_log_release(&log);
            }
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__starts_empty),
        cmocka_unit_test(test_text__keeps_what_was_pushed),
        cmocka_unit_test(test_text__reserve_keeps_the_contents),
        cmocka_unit_test(test_text__too_much_to_reserve),
        cmocka_unit_test(test_text__every_change_has_a_name),
        cmocka_unit_test(test_text__log_counts_without_keeping),
        cmocka_unit_test(test_text__log_keeps_so_many),
        cmocka_unit_test(test_text__excerpts_are_cut_at_characters),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
