/* UTF-8 decoded many characters at a time, in every way there is, against one at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "../../common/src/utf8_priv.h"

enum { BYTES_MAX = 400, ROOM = BYTES_MAX + XJ_UTF8_SLACK };

typedef struct decoded {
    uint32_t cp[ROOM], beg[ROOM];
    uint8_t len[ROOM];
    size_t n, at;
} decoded;

/* One at a time, up to what is ill-formed. */
static void decode_singly(decoded *d, const uint8_t *s, size_t n)
{
    while (d->at < n) {
        uint32_t cp;
        bool bad;
        size_t len = xj_utf8_decode(s + d->at, n - d->at, &cp, &bad);
        if (bad)
            break;
        d->cp[d->n] = cp;
        d->beg[d->n] = (uint32_t)d->at;
        d->len[d->n++] = (uint8_t)len;
        d->at += len;
    }
}

/* What got holds are the first of want. */
static void check_prefix(const decoded *want, const decoded *got, size_t room)
{
    assert_true(got->n <= want->n && got->n <= room);
    assert_memory_equal(got->cp, want->cp, got->n * sizeof *got->cp);
    assert_memory_equal(got->beg, want->beg, got->n * sizeof *got->beg);
    assert_memory_equal(got->len, want->len, got->n);
    assert_int_equal(got->at, got->n < want->n ? want->beg[got->n] : want->at);
}

static void check(const uint8_t *text, size_t n, size_t from, size_t room)
{
    uint8_t *s = malloc(n ? n : 1); /* of its own, so that a byte read behind it is found */
    assert_non_null(s);
    memcpy(s, text, n);
    decoded want = {.at = from}, got = {.at = from};
    decode_singly(&want, s, n);
    xj_utf8_out out = {got.cp, got.beg, got.len, room};
    got.n = xj_utf8_decode_many(&out, s, n, &got.at);
    check_prefix(&want, &got, room);
    /* It stops at what is ill-formed, at the end or for lack of room. */
    assert_true(got.n == want.n || room - got.n < XJ_UTF8_SLACK);
    decoded plain = {.at = from};
    xj_utf8_out plain_out = {plain.cp, plain.beg, plain.len, room};
    plain.n = xji_utf8_decode_plain(&plain_out, 0, s, n, &plain.at);
    check_prefix(&want, &plain, room);
    assert_true(plain.n == want.n || room - plain.n < XJ_UTF8_SLACK);
#if XJI_CPU_X86
    if (xji_cpu_has_avx2()) {
        decoded wide = {.at = from};
        xj_utf8_out wide_out = {wide.cp, wide.beg, wide.len, room};
        wide.n = xji_utf8_decode_avx2(&wide_out, 0, s, n, &wide.at);
        check_prefix(&want, &wide, room);
    }
#endif
    free(s);
}

static size_t random_text(uint8_t *s, unsigned kind)
{
    static const uint32_t firsts[] = {0x20, 0x80, 0x7C0, 0x800, 0x4E00, 0xD780, 0xE000, 0xFF00, 0x10000, 0x10FF80};
    size_t n = 0, stop = random_below(BYTES_MAX - 4);
    while (n < stop) {
        uint32_t first = kind == 0 || random_below(8) > kind ? 0x4E00 : firsts[random_below(10)];
        n += xj_utf8_encode(s + n, first + random_below(0x80));
    }
    return n;
}

static void test_utf8_many__equals_one_at_a_time(void **state)
{
    (void)state;
    seed(20251122);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t s[BYTES_MAX];
        size_t n = random_text(s, round % 8);
        if (n > 0 && round % 3 == 0)
            s[random_below((uint32_t)n)] = (uint8_t)random_below(256);
        size_t room = round % 5 == 0 ? XJ_UTF8_SLACK + random_below(40) : ROOM;
        check(s, n, n > 0 ? random_below(4) % n : 0, room);
    }
}

static void test_utf8_many__totals_and_writes(void **state)
{
    (void)state;
    seed(7);
    static const uint32_t odd[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xD800, 0xDFFF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF, 0x110000, UINT32_MAX};
    for (unsigned round = 0; round < 2000; round++) {
        uint32_t cp[64];
        size_t n = random_below(64), total = 0;
        uint8_t want[256], got[256];
        for (size_t i = 0; i < n; i++) {
            cp[i] = random_below(3) ? 0x4E00 + random_below(0x5000) : odd[random_below(sizeof odd / sizeof *odd)];
            total += xj_utf8_encode(want + total, cp[i]);
        }
        assert_int_equal(xj_utf8_total(cp, n), total);
        assert_int_equal(xj_utf8_write(got, cp, n), total);
        assert_memory_equal(got, want, total);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_many__equals_one_at_a_time),
        cmocka_unit_test(test_utf8_many__totals_and_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
