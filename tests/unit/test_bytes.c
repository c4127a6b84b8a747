/* Varints at every edge, the bounded reader, the growable buffer, zigzag, little-endian integers, the checksum. */
#include "xj/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <xxhash.h>

static size_t expected_size(uint64_t v)
{
    size_t n = 1;
    while (v >>= 7)
        n++;
    return n;
}

/* v as a varint has the least size, reads back, and every cut of it latches bad and yields 0. */
static void check_varint(uint64_t v)
{
    uint8_t bytes[XJ_VARINT_MAX];
    size_t n = xj_varint_put(bytes, v);
    assert_int_equal(n, expected_size(v));
    assert_in_range(n, 1, XJ_VARINT_MAX);
    for (size_t i = 0; i + 1 < n; i++)
        assert_true(bytes[i] & 0x80);
    assert_false(bytes[n - 1] & 0x80);
    xj_rd r = xj_rd_of(bytes, n);
    assert_true(xj_rd_varint(&r) == v);
    assert_false(r.bad);
    assert_int_equal(xj_rd_left(&r), 0);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *exact = malloc(cut ? cut : 1); /* so that a read behind the end is seen */
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        r = xj_rd_of(exact, cut);
        assert_true(xj_rd_varint(&r) == 0);
        assert_true(r.bad);
        assert_true(xj_rd_varint(&r) == 0);
        free(exact);
    }
    xj_buf b = XJ_BUF_INIT;
    assert_int_equal(xj_buf_varint(&b, v, NULL), XJ_OK);
    assert_int_equal(b.n, n);
    assert_memory_equal(b.data, bytes, n);
    xj_buf_release(&b);
}

static void test_bytes__varint_edges(void **state)
{
    (void)state;
    check_varint(0);
    check_varint(UINT64_MAX);
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t v = (uint64_t)1 << bit;
        check_varint(v - 1);
        check_varint(v);
        check_varint(v + 1);
        check_varint(~v);
        check_varint(0 - v);
    }
}

static void test_bytes__worked_example(void **state)
{
    (void)state;
    /* Docids 3, 7, 300 as gaps 3, 4, 293. */
    static const uint8_t want[] = {0x03, 0x04, 0xA5, 0x02};
    xj_buf b = XJ_BUF_INIT;
    assert_int_equal(xj_buf_varint(&b, 3, NULL), XJ_OK);
    assert_int_equal(xj_buf_varint(&b, 4, NULL), XJ_OK);
    assert_int_equal(xj_buf_varint(&b, 293, NULL), XJ_OK);
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    xj_buf_release(&b);
}

static void test_bytes__varint_too_long_is_refused(void **state)
{
    (void)state;
    uint8_t bytes[32];
    /* Ten bytes whose last holds more than one bit, and anything longer, is above 64 bits. */
    memset(bytes, 0xFF, sizeof bytes);
    for (unsigned last = 0; last < 256; last++) {
        bytes[9] = (uint8_t)last;
        xj_rd r = xj_rd_of(bytes, sizeof bytes);
        uint64_t v = xj_rd_varint(&r);
        if (last <= 1) {
            assert_false(r.bad);
            assert_true(v == (UINT64_MAX >> 1 | (uint64_t)last << 63));
            assert_int_equal(r.p - bytes, 10);
        } else {
            assert_true(r.bad);
            assert_true(v == 0);
        }
    }
    memset(bytes, 0x80, sizeof bytes);
    xj_rd r = xj_rd_of(bytes, sizeof bytes);
    assert_true(xj_rd_varint(&r) == 0);
    assert_true(r.bad);
    /* A needlessly long zero within ten bytes still has a value. */
    bytes[9] = 0;
    r = xj_rd_of(bytes, sizeof bytes);
    assert_true(xj_rd_varint(&r) == 0);
    assert_false(r.bad);
    assert_int_equal(r.p - bytes, 10);
}

static void test_bytes__zigzag(void **state)
{
    (void)state;
    static const int64_t values[] = {0, -1, 1, -2, 2, -3};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert_true(xj_zigzag(values[i]) == i);
        assert_true(xj_unzigzag(i) == values[i]);
    }
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX, INT64_MAX - 1, INT32_MIN, INT32_MAX, UINT32_MAX};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        assert_true(xj_unzigzag(xj_zigzag(edges[i])) == edges[i]);
    assert_true(xj_zigzag(INT64_MIN) == UINT64_MAX);
    assert_true(xj_zigzag(INT64_MAX) == UINT64_MAX - 1);
}

static void test_bytes__little_endian(void **state)
{
    (void)state;
    uint8_t b[8];
    static const uint8_t want[] = {0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x81};
    xj_set_u64(b, UINT64_C(0x8102030405060708));
    assert_memory_equal(b, want, 8);
    assert_true(xj_get_u64(b) == UINT64_C(0x8102030405060708));
    assert_true(xj_get_u32(b) == 0x05060708);
    assert_true(xj_get_u32(b + 4) == 0x81020304);
    assert_int_equal(xj_get_u16(b + 6), 0x8102);
    xj_set_u32(b, 0xFFFEFDFC);
    assert_true(xj_get_u32(b) == 0xFFFEFDFC);
    xj_set_u16(b, 0xABCD);
    assert_int_equal(b[0], 0xCD);
    assert_int_equal(b[1], 0xAB);
}

static void test_bytes__reader_stops_at_the_end(void **state)
{
    (void)state;
    /* Whatever is asked for at each place near the end: all of it or nothing, and never more again. */
    enum { N = 9 };
    uint8_t *bytes = malloc(N);
    assert_non_null(bytes);
    for (size_t i = 0; i < N; i++)
        bytes[i] = (uint8_t)(i + 1);
    for (size_t from = 0; from <= N; from++) {
        for (size_t n = 0; n <= N + 2; n++) {
            xj_rd r = xj_rd_of(bytes, N);
            assert_ptr_equal(xj_rd_take(&r, from), bytes);
            assert_int_equal(xj_rd_left(&r), N - from);
            const uint8_t *p = xj_rd_take(&r, n);
            if (n <= N - from) {
                assert_ptr_equal(p, bytes + from);
                assert_false(r.bad);
            } else {
                assert_null(p);
                assert_true(r.bad);
                assert_null(xj_rd_take(&r, 0)); /* latched */
                assert_int_equal(xj_rd_u16(&r), 0);
                assert_int_equal(xj_rd_u32(&r), 0);
                assert_true(xj_rd_u64(&r) == 0);
                assert_true(xj_rd_varint(&r) == 0);
            }
        }
        xj_rd r = xj_rd_of(bytes, N);
        xj_rd_take(&r, from);
        xj_rd a = r, b = r, c = r;
        uint64_t v16 = xj_rd_u16(&a), v32 = xj_rd_u32(&b), v64 = xj_rd_u64(&c);
        assert_int_equal(a.bad, N - from < 2);
        assert_int_equal(b.bad, N - from < 4);
        assert_int_equal(c.bad, N - from < 8);
        assert_true(v16 == (a.bad ? 0 : xj_get_u16(bytes + from)));
        assert_true(v32 == (b.bad ? 0 : xj_get_u32(bytes + from)));
        assert_true(v64 == (c.bad ? 0 : xj_get_u64(bytes + from)));
    }
    xj_rd r = xj_rd_of(bytes, N);
    assert_null(xj_rd_take(&r, SIZE_MAX));
    assert_true(r.bad);
    free(bytes);
}

static void test_bytes__buffer_grows(void **state)
{
    (void)state;
    xj_buf b = XJ_BUF_INIT;
    assert_int_equal(xj_buf_put(&b, NULL, 0, NULL), XJ_OK);
    assert_int_equal(b.n, 0);
    size_t total = 0;
    for (size_t n = 0; n < 3000; n = n * 3 / 2 + 1) {
        uint8_t piece[3000];
        for (size_t i = 0; i < n; i++)
            piece[i] = (uint8_t)((total + i) * 31);
        assert_int_equal(xj_buf_put(&b, piece, n, NULL), XJ_OK);
        total += n;
        assert_int_equal(b.n, total);
        assert_true(b.cap >= b.n);
    }
    for (size_t i = 0; i < total; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 31));
    size_t cap = b.cap;
    assert_int_equal(xj_buf_reserve(&b, cap - b.n, NULL), XJ_OK);
    assert_int_equal(b.cap, cap);
    assert_int_equal(xj_buf_reserve(&b, cap - b.n + 1, NULL), XJ_OK);
    assert_true(b.cap > cap);
    assert_int_equal(b.n, total);
    xj_buf_release(&b);
    assert_null(b.data);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.cap, 0);
    xj_buf_release(&b);
}

static void test_bytes__buffer_integers(void **state)
{
    (void)state;
    xj_buf b = XJ_BUF_INIT;
    assert_int_equal(xj_buf_u32(&b, 0x01020304, NULL), XJ_OK);
    assert_int_equal(xj_buf_u64(&b, UINT64_C(0x1122334455667788), NULL), XJ_OK);
    static const uint8_t want[] = {4, 3, 2, 1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
    assert_int_equal(b.n, sizeof want);
    assert_memory_equal(b.data, want, sizeof want);
    xj_buf_release(&b);
}

static void test_bytes__buffer_too_large_leaves_it_as_it_was(void **state)
{
    (void)state;
    xj_buf b = XJ_BUF_INIT;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_buf_put(&b, "abc", 3, NULL), XJ_OK);
    xj_buf before = b;
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 3, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        xj_error_clear(&e);
        assert_int_equal(xj_buf_reserve(&b, sizes[i], &e), XJ_ENOMEM);
        assert_int_equal(e.code, XJ_ENOMEM);
        assert_true(e.message[0] != '\0');
        assert_ptr_equal(b.data, before.data);
        assert_int_equal(b.n, before.n);
        assert_int_equal(b.cap, before.cap);
    }
    assert_memory_equal(b.data, "abc", 3);
    xj_buf_release(&b);
}

static void test_bytes__checksum(void **state)
{
    (void)state;
    static const char text[] = "枫桥经验";
    assert_true(xj_checksum(text, sizeof text, 7) == XXH3_64bits_withSeed(text, sizeof text, 7));
    assert_true(xj_checksum(text, sizeof text, 7) != xj_checksum(text, sizeof text, 8)); /* the place counts */
    assert_true(xj_checksum(text, sizeof text, 7) != xj_checksum(text, sizeof text - 1, 7));
    assert_true(xj_checksum(text, 0, 3) == xj_checksum(text + 1, 0, 3));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes__varint_edges),
        cmocka_unit_test(test_bytes__worked_example),
        cmocka_unit_test(test_bytes__varint_too_long_is_refused),
        cmocka_unit_test(test_bytes__zigzag),
        cmocka_unit_test(test_bytes__little_endian),
        cmocka_unit_test(test_bytes__reader_stops_at_the_end),
        cmocka_unit_test(test_bytes__buffer_grows),
        cmocka_unit_test(test_bytes__buffer_integers),
        cmocka_unit_test(test_bytes__buffer_too_large_leaves_it_as_it_was),
        cmocka_unit_test(test_bytes__checksum),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
