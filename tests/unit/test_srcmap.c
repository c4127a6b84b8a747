/* Source maps: what is put comes back for any mixture of gaps, overlaps, lengths and marks; anything else is damage. */
#include "xj/srcmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "testing.h"

enum { MAX = 600 };

typedef struct sample {
    xj_encoding enc;
    size_t n;
    uint32_t cp[MAX];
    uint32_t beg[MAX];
    uint8_t len[MAX];
    uint8_t mark[MAX];
} sample;

/* The status of reading a copy of exactly n bytes, so that a read behind the end is seen. */
static xj_status get(const uint8_t *bytes, size_t n, const sample *s, uint64_t *beg, uint64_t *end, uint8_t *mark, size_t *left)
{
    uint8_t *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    if (n)
        memcpy(copy, bytes, n);
    xj_rd r = xj_rd_of(copy, n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_srcmap_get(&r, s->enc, s->cp, s->n, beg, end, mark, &e);
    assert_int_equal(e.code, st);
    if (st != XJ_OK)
        assert_true(e.message[0] != '\0');
    if (left)
        *left = xj_rd_left(&r);
    free(copy);
    return st;
}

static void put(xj_buf *b, const sample *s, bool marks)
{
    b->n = 0;
    assert_int_equal(xj_srcmap_put(b, s->enc, s->cp, s->beg, s->len, marks ? s->mark : NULL, s->n, NULL), XJ_OK);
}

static void check_round_trip(const sample *s)
{
    static uint64_t beg[MAX], end[MAX];
    static uint8_t mark[MAX];
    xj_buf b = XJ_BUF_INIT;
    size_t left;
    put(&b, s, true);
    memset(mark, 0xEE, sizeof mark);
    assert_int_equal(get(b.data, b.n, s, beg, end, mark, &left), XJ_OK);
    assert_int_equal(left, 0);
    for (size_t i = 0; i < s->n; i++) {
        if (beg[i] != s->beg[i] || end[i] != (uint64_t)s->beg[i] + s->len[i] || mark[i] != s->mark[i])
            fail_msg("code point %zu of %zu: [%llu, %llu) mark %u instead of [%u, %u) mark %u", i, s->n,
                     (unsigned long long)beg[i], (unsigned long long)end[i], mark[i], (unsigned)s->beg[i],
                     (unsigned)s->beg[i] + s->len[i], s->mark[i]);
    }
    /* Marks may be left out on either side. */
    assert_int_equal(get(b.data, b.n, s, beg, end, NULL, NULL), XJ_OK);
    put(&b, s, false);
    assert_int_equal(get(b.data, b.n, s, beg, end, mark, NULL), XJ_OK);
    for (size_t i = 0; i < s->n; i++) {
        assert_int_equal(mark[i], XJ_MARK_READ);
        assert_true(beg[i] == s->beg[i]);
    }
    /* Bytes behind the map are left to the caller. */
    assert_int_equal(xj_buf_put(&b, "tail", 4, NULL), XJ_OK);
    assert_int_equal(get(b.data, b.n, s, beg, end, mark, &left), XJ_OK);
    assert_int_equal(left, 4);
    xj_buf_release(&b);
}

/* Code points one after another as the encoding predicts. */
static void fill_plain(sample *s, xj_encoding enc, size_t n, uint32_t from)
{
    static const uint32_t some[] = {0x6797, 'a', 0x20BB7, 0xE9, 0xFFFD};
    memset(s, 0, sizeof *s);
    s->enc = enc;
    s->n = n;
    uint32_t at = from;
    for (size_t i = 0; i < n; i++) {
        s->cp[i] = some[i % 5];
        s->beg[i] = at;
        s->len[i] = (uint8_t)xj_encoding_expected_len(enc, s->cp[i]);
        at += s->len[i];
    }
}

static void test_srcmap__plain_text_needs_two_numbers(void **state)
{
    (void)state;
    static sample s;
    for (int enc = 0; enc < XJ_ENC_COUNT; enc++) {
        for (size_t n = 0; n <= 300; n += 1 + n / 3) {
            xj_buf b = XJ_BUF_INIT;
            fill_plain(&s, (xj_encoding)enc, n, 77);
            put(&b, &s, true);
            assert_int_equal(b.n, 2); /* 77 (or 0) and no entries */
            xj_buf_release(&b);
            check_round_trip(&s);
        }
    }
}

static void test_srcmap__gaps_overlaps_and_odd_lengths(void **state)
{
    (void)state;
    static sample s;
    fill_plain(&s, XJ_ENC_UTF8, 10, 1000);
    s.beg[3] += 5; /* a gap; what follows it overlaps */
    check_round_trip(&s);
    s.beg[7] = 0; /* back to the beginning of the file */
    check_round_trip(&s);
    s.beg[8] = s.beg[2]; /* the same bytes twice */
    s.len[8] = s.len[2];
    check_round_trip(&s);
    s.len[0] = 0; /* inserted: stands for no bytes */
    s.len[9] = 255;
    check_round_trip(&s);
    s.beg[9] = UINT32_MAX;
    check_round_trip(&s);
    s.beg[0] = UINT32_MAX;
    check_round_trip(&s);
}

static void test_srcmap__marks(void **state)
{
    (void)state;
    static sample s;
    fill_plain(&s, XJ_ENC_GB18030, 12, 5);
    /* All runs of two kinds next to each other, at both ends, of one code point and of all. */
    for (size_t from = 0; from < 12; from++) {
        for (size_t to = from + 1; to <= 12; to++) {
            memset(s.mark, XJ_MARK_READ, 12);
            memset(s.mark + from, XJ_MARK_RESTORED, to - from);
            check_round_trip(&s);
            memset(s.mark, XJ_MARK_CONJECTURE, 12);
            memset(s.mark + from, XJ_MARK_RESTORED, to - from);
            check_round_trip(&s);
        }
    }
}

static void fill_random(sample *s)
{
    s->enc = (xj_encoding)random_below(XJ_ENC_COUNT);
    s->n = random_below(40);
    uint32_t at = random_below(2) ? random_below(100) : random_below(UINT32_MAX);
    for (size_t i = 0; i < s->n; i++) {
        static const uint32_t tops[] = {0x80, 0x800, 0xFFFF, 0x10FFFF};
        s->cp[i] = random_below(tops[random_below(4)]);
        if (random_below(4) == 0)
            at = random_below(2) ? at + random_below(20) : random_below(UINT32_MAX);
        s->beg[i] = at;
        s->len[i] = (uint8_t)(random_below(4) ? xj_encoding_expected_len(s->enc, s->cp[i]) : random_below(256));
        s->mark[i] = (uint8_t)(random_below(3) ? (i ? s->mark[i - 1] : 0) : random_below(3));
        at = at > UINT32_MAX - s->len[i] ? 0 : at + s->len[i];
    }
}

static void test_srcmap__random_round_trips(void **state)
{
    (void)state;
    static sample s;
    seed(1);
    for (int i = 0; i < 3000; i++) {
        fill_random(&s);
        check_round_trip(&s);
    }
}

static void test_srcmap__every_truncation_is_damage(void **state)
{
    (void)state;
    static sample s;
    static uint64_t beg[MAX], end[MAX];
    static uint8_t mark[MAX];
    seed(2);
    for (int i = 0; i < 300; i++) {
        xj_buf b = XJ_BUF_INIT;
        fill_random(&s);
        put(&b, &s, true);
        for (size_t cut = 0; cut < b.n; cut++)
            assert_int_equal(get(b.data, cut, &s, beg, end, mark, NULL), XJ_ECORRUPT);
        xj_buf_release(&b);
    }
}

/* A map written by hand: first byte, number of entries, then (head, value) pairs. */
static void check_damaged(const sample *s, const uint64_t *v, size_t n)
{
    static uint64_t beg[MAX], end[MAX];
    static uint8_t mark[MAX];
    xj_buf b = XJ_BUF_INIT;
    for (size_t i = 0; i < n; i++)
        assert_int_equal(xj_buf_varint(&b, v[i], NULL), XJ_OK);
    assert_int_equal(get(b.data, b.n, s, beg, end, mark, NULL), XJ_ECORRUPT);
    xj_buf_release(&b);
}

#define HEAD(step, kind) ((uint64_t)(step) << 2 | (kind))
#define DAMAGED(...) check_damaged(&s, (const uint64_t[]){__VA_ARGS__}, sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

static void test_srcmap__malformed_maps_are_damage(void **state)
{
    (void)state;
    static sample s;
    enum { GAP, LEN, RESTORED, CONJECTURE };
    fill_plain(&s, XJ_ENC_UTF8, 4, 0);
    s.cp[0] = s.cp[1] = s.cp[2] = s.cp[3] = 0x6797;
    DAMAGED(0, 1, HEAD(4, GAP), 2);                       /* an entry behind the last code point */
    DAMAGED(0, 2, HEAD(1, GAP), 2, HEAD(3, GAP), 2);
    DAMAGED(0, 1, HEAD(UINT64_MAX >> 2, GAP), 2);
    DAMAGED(0, 2, HEAD(1, GAP), 2, HEAD(UINT64_MAX >> 2, GAP), 2);
    DAMAGED(0, 2, HEAD(0, GAP), 2);                       /* fewer entries than announced */
    DAMAGED(0, UINT64_MAX);
    DAMAGED(0, UINT64_MAX, HEAD(0, GAP), 0);
    DAMAGED((uint64_t)UINT32_MAX + 1, 0);                 /* beyond the largest source */
    DAMAGED(UINT64_MAX, 0);
    DAMAGED(UINT32_MAX, 0);                               /* so are the code points after the first */
    DAMAGED(0, 1, HEAD(0, GAP), xj_zigzag(-1));           /* before the first byte */
    DAMAGED(10, 1, HEAD(0, GAP), xj_zigzag(INT64_MIN));
    DAMAGED(0, 1, HEAD(2, GAP), xj_zigzag(INT64_MAX));
    DAMAGED(0, 1, HEAD(0, LEN), xj_zigzag(253));          /* 256 bytes */
    DAMAGED(0, 1, HEAD(0, LEN), xj_zigzag(-4));           /* -1 bytes */
    DAMAGED(0, 1, HEAD(0, LEN), xj_zigzag(INT64_MIN));
    DAMAGED(0, 1, HEAD(0, RESTORED), 5);                  /* longer than the text */
    DAMAGED(0, 1, HEAD(3, CONJECTURE), 2);
    DAMAGED(0, 1, HEAD(1, RESTORED), UINT64_MAX);
    s.n = 0;
    DAMAGED(0, 1, HEAD(0, GAP), 0);                       /* no code points, yet an entry */
}

/* Whatever the bytes are, the answer is a status, and what is accepted stays in range. */
static void test_srcmap__random_bytes_never_crash(void **state)
{
    (void)state;
    static sample s;
    static uint64_t beg[MAX], end[MAX];
    static uint8_t mark[MAX];
    seed(3);
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[24];
        size_t n = random_below(sizeof bytes + 1);
        fill_plain(&s, (xj_encoding)random_below(XJ_ENC_COUNT), random_below(9), 0);
        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)random_below(random_below(2) ? 256 : 16);
        if (get(bytes, n, &s, beg, end, mark, NULL) != XJ_OK)
            continue;
        for (size_t k = 0; k < s.n; k++) {
            assert_true(beg[k] <= UINT32_MAX && end[k] >= beg[k] && end[k] - beg[k] <= 255);
            assert_in_range(mark[k], XJ_MARK_READ, XJ_MARK_CONJECTURE);
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_srcmap__plain_text_needs_two_numbers),
        cmocka_unit_test(test_srcmap__gaps_overlaps_and_odd_lengths),
        cmocka_unit_test(test_srcmap__marks),
        cmocka_unit_test(test_srcmap__random_round_trips),
        cmocka_unit_test(test_srcmap__every_truncation_is_damage),
        cmocka_unit_test(test_srcmap__malformed_maps_are_damage),
        cmocka_unit_test(test_srcmap__random_bytes_never_crash),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
