/* Records of passages, reports and heading paths: round trips, every truncation, what a reader must refuse. */
#include "xj/record.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "xj/utf8.h"

/* A copy of exactly n bytes on the heap, so that a read behind the end is seen. */
static uint8_t *exact(const void *s, size_t n)
{
    uint8_t *p = malloc(n ? n : 1);
    assert_non_null(p);
    if (n)
        memcpy(p, s, n);
    return p;
}

/* ---- passages ---- */

static xj_status parse_passage(xj_passage_text *t, const uint8_t *s, size_t n, xj_encoding enc)
{
    uint8_t *copy = exact(s, n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_passage_text_parse(t, copy, n, enc, &e);
    assert_int_equal(e.code, st);
    if (st != XJ_OK) {
        assert_true(e.message[0] != '\0');
        assert_int_equal(t->n, 0);
    }
    free(copy);
    return st;
}

static const uint32_t text_cp[] = {0x65B0, 0x65F6, 0x4EE3, '5', 'G', 0x20BB7, 0x201C, 0x67AB, 0x6865, 0xFFFD, 0, '\n'};
enum { TEXT_N = sizeof text_cp / sizeof *text_cp };

static void put_text(xj_buf *b, xj_encoding enc, uint32_t *beg, uint8_t *len, uint8_t *mark)
{
    uint32_t at = 40;
    for (size_t i = 0; i < TEXT_N; i++) {
        beg[i] = at;
        len[i] = (uint8_t)xj_encoding_expected_len(enc, text_cp[i]);
        mark[i] = i == 4 ? XJ_MARK_RESTORED : i == 7 || i == 8 ? XJ_MARK_CONJECTURE : XJ_MARK_READ;
        at += len[i] + (i == 2 ? 3u : 0u);
    }
    b->n = 0;
    assert_int_equal(xj_passage_put(b, enc, text_cp, beg, len, mark, TEXT_N, NULL), XJ_OK);
}

static void test_record__passage_round_trip(void **state)
{
    (void)state;
    uint32_t beg[TEXT_N];
    uint8_t len[TEXT_N], mark[TEXT_N];
    xj_buf b = XJ_BUF_INIT;
    xj_passage_text t = XJ_PASSAGE_TEXT_INIT;
    for (int enc = 0; enc < XJ_ENC_COUNT; enc++) {
        put_text(&b, (xj_encoding)enc, beg, len, mark);
        assert_int_equal(parse_passage(&t, b.data, b.n, (xj_encoding)enc), XJ_OK);
        assert_int_equal(t.n, TEXT_N);
        for (size_t i = 0; i < TEXT_N; i++) {
            assert_true(t.cp[i] == text_cp[i]);
            assert_true(t.beg[i] == beg[i]);
            assert_true(t.end[i] == (uint64_t)beg[i] + len[i]);
            assert_int_equal(t.mark[i], mark[i]);
        }
    }
    xj_passage_text_release(&t);
    assert_null(t.cp);
    assert_int_equal(t.cap, 0);
    xj_buf_release(&b);
}

/* The record begins with the text itself: a length and UTF-8. */
static void test_record__passage_begins_with_its_utf8(void **state)
{
    (void)state;
    uint32_t beg[TEXT_N];
    uint8_t len[TEXT_N], mark[TEXT_N], utf8[4 * TEXT_N];
    size_t n = 0;
    xj_buf b = XJ_BUF_INIT;
    put_text(&b, XJ_ENC_GB18030, beg, len, mark);
    for (size_t i = 0; i < TEXT_N; i++)
        n += xj_utf8_encode(utf8 + n, text_cp[i]);
    xj_rd r = xj_rd_of(b.data, b.n);
    assert_int_equal(xj_rd_varint(&r), n);
    assert_memory_equal(r.p, utf8, n);
    xj_buf_release(&b);
}

static void test_record__passage_of_any_length(void **state)
{
    (void)state;
    enum { N = 20000 };
    uint32_t *cp = malloc(N * sizeof *cp), *beg = malloc(N * sizeof *beg);
    uint8_t *len = malloc(N);
    xj_buf b = XJ_BUF_INIT;
    xj_passage_text t = XJ_PASSAGE_TEXT_INIT;
    assert_true(cp && beg && len);
    for (uint32_t i = 0; i < N; i++) {
        cp[i] = 0x4E00 + i % 20000;
        beg[i] = i * 3;
        len[i] = 3;
    }
    static const size_t sizes[] = {0, 1, 2, 3, N, 0, 100};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        b.n = 0;
        assert_int_equal(xj_passage_put(&b, XJ_ENC_UTF8, cp, beg, len, NULL, sizes[i], NULL), XJ_OK);
        assert_int_equal(parse_passage(&t, b.data, b.n, XJ_ENC_UTF8), XJ_OK);
        assert_int_equal(t.n, sizes[i]);
        if (sizes[i])
            assert_memory_equal(t.cp, cp, sizes[i] * sizeof *cp);
    }
    xj_passage_text_release(&t);
    xj_buf_release(&b);
    free(cp);
    free(beg);
    free(len);
}

static void test_record__passage_every_truncation_is_damage(void **state)
{
    (void)state;
    uint32_t beg[TEXT_N];
    uint8_t len[TEXT_N], mark[TEXT_N];
    xj_buf b = XJ_BUF_INIT;
    xj_passage_text t = XJ_PASSAGE_TEXT_INIT;
    put_text(&b, XJ_ENC_UTF8, beg, len, mark);
    for (size_t cut = 0; cut < b.n; cut++)
        assert_int_equal(parse_passage(&t, b.data, cut, XJ_ENC_UTF8), XJ_ECORRUPT);
    assert_int_equal(xj_buf_put(&b, "", 1, NULL), XJ_OK); /* one byte too many */
    assert_int_equal(parse_passage(&t, b.data, b.n, XJ_ENC_UTF8), XJ_ECORRUPT);
    xj_passage_text_release(&t);
    xj_buf_release(&b);
}

static void test_record__passage_must_be_utf8(void **state)
{
    (void)state;
    static const char *const records[] = {"\x01\xFF\x00\x00", "\x03\xED\xA0\x80\x00\x00", "\x02\xE6\x9E\x00\x00",
                                          "\x04"
                                          "a\xC0\x80z\x00\x00"};
    static const size_t sizes[] = {4, 6, 5, 7};
    xj_passage_text t = XJ_PASSAGE_TEXT_INIT;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_int_equal(parse_passage(&t, (const uint8_t *)records[i], sizes[i], XJ_ENC_UTF8), XJ_ECORRUPT);
    /* Lengths beyond the record, up to the greatest. */
    static const uint8_t huge[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 'a', 0, 0};
    assert_int_equal(parse_passage(&t, huge, sizeof huge, XJ_ENC_UTF8), XJ_ECORRUPT);
    assert_int_equal(parse_passage(&t, huge + 4, sizeof huge - 4, XJ_ENC_UTF8), XJ_ECORRUPT);
    xj_passage_text_release(&t);
}

/* ---- reports ---- */

static xj_str str(const char *s)
{
    return (xj_str){s, s ? strlen(s) : 0};
}

static void same_str(xj_str a, xj_str b)
{
    assert_int_equal(a.s != NULL, b.s != NULL);
    assert_int_equal(a.n, b.n);
    if (a.n)
        assert_memory_equal(a.s, b.s, a.n);
}

static void same_meta(const xj_report_meta *a, const xj_report_meta *b)
{
    same_str(a->id, b->id);
    same_str(a->path, b->path);
    same_str(a->title, b->title);
    same_str(a->agency, b->agency);
    same_str(a->date, b->date);
    same_str(a->number, b->number);
    assert_int_equal(a->encoding, b->encoding);
    assert_int_equal(a->n_extra, b->n_extra);
    for (size_t i = 0; i < a->n_extra; i++) {
        same_str(a->extra[i].name, b->extra[i].name);
        same_str(a->extra[i].value, b->extra[i].value);
        assert_int_equal(a->extra[i].is_number, b->extra[i].is_number);
    }
}

/* Parse a copy of the record and hand it to `check` while the copy lives. */
static xj_status parse_meta(const uint8_t *s, size_t n, const xj_report_meta *want)
{
    static xj_report_meta meta;
    uint8_t *copy = exact(s, n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_report_meta_parse(&meta, copy, n, &e);
    assert_int_equal(e.code, st);
    if (st == XJ_OK && want)
        same_meta(&meta, want);
    free(copy);
    return st;
}

static void fill_meta(xj_report_meta *m)
{
    memset(m, 0, sizeof *m);
    m->id = str("报告/2024/1.txt");
    m->path = str("a/\xB7\xE3.txt"); /* a file name need not be UTF-8 */
    m->title = str("枫桥经验调研报告");
    m->agency = str("政法委");
    m->date = str("2024-05-31");
    m->number = str("〔2024〕5号");
    m->encoding = XJ_ENC_GB18030;
    m->n_extra = 3;
    m->extra[0] = (xj_extra){str("区县"), str("诸暨"), false};
    m->extra[1] = (xj_extra){str("pages"), str("12.5e3"), true};
    m->extra[2] = (xj_extra){str("empty"), str(""), false};
}

static void test_record__report_round_trip(void **state)
{
    (void)state;
    static xj_report_meta m;
    xj_buf b = XJ_BUF_INIT;
    fill_meta(&m);
    for (int enc = 0; enc < XJ_ENC_COUNT; enc++) {
        b.n = 0;
        m.encoding = (xj_encoding)enc;
        assert_int_equal(xj_report_meta_put(&b, &m, NULL), XJ_OK);
        assert_int_equal(parse_meta(b.data, b.n, &m), XJ_OK);
    }
    /* Only an id, and an empty one at that. */
    memset(&m, 0, sizeof m);
    m.id = str("");
    b.n = 0;
    assert_int_equal(xj_report_meta_put(&b, &m, NULL), XJ_OK);
    assert_int_equal(parse_meta(b.data, b.n, &m), XJ_OK);
    /* Absent is not empty. */
    m.title = str("");
    b.n = 0;
    assert_int_equal(xj_report_meta_put(&b, &m, NULL), XJ_OK);
    assert_int_equal(parse_meta(b.data, b.n, &m), XJ_OK);
    xj_buf_release(&b);
}

static void test_record__report_with_all_fields_it_may_have(void **state)
{
    (void)state;
    static xj_report_meta m;
    static char names[XJ_EXTRA_MAX + 1][8], value[5000];
    xj_buf b = XJ_BUF_INIT;
    fill_meta(&m);
    memset(value, 'v', sizeof value);
    m.n_extra = XJ_EXTRA_MAX;
    for (size_t i = 0; i < XJ_EXTRA_MAX; i++) {
        names[i][0] = (char)('a' + i / 26);
        names[i][1] = (char)('a' + i % 26);
        m.extra[i] = (xj_extra){str(names[i]), {value, i * 70}, i % 2 == 1};
    }
    assert_int_equal(xj_report_meta_put(&b, &m, NULL), XJ_OK);
    assert_int_equal(parse_meta(b.data, b.n, &m), XJ_OK);
    /* One more extra field (tag 8, 2 bytes: a name of one byte). */
    static const uint8_t one_more[] = {8, 2, 1, 'x'};
    assert_int_equal(xj_buf_put(&b, one_more, sizeof one_more, NULL), XJ_OK);
    assert_int_equal(parse_meta(b.data, b.n, NULL), XJ_ECORRUPT);
    xj_buf_release(&b);
}

/* A record cut between two fields is a shorter record; cut anywhere else it is damage. */
static void test_record__report_every_truncation(void **state)
{
    (void)state;
    static xj_report_meta m;
    bool boundary[1024] = {false};
    xj_buf b = XJ_BUF_INIT;
    fill_meta(&m);
    assert_int_equal(xj_report_meta_put(&b, &m, NULL), XJ_OK);
    assert_true(b.n < sizeof boundary);
    xj_rd r = xj_rd_of(b.data, b.n);
    while (xj_rd_left(&r) > 0) {
        xj_rd_varint(&r);
        xj_rd_take(&r, (size_t)xj_rd_varint(&r));
        assert_false(r.bad);
        boundary[r.p - b.data] = true;
    }
    for (size_t cut = 0; cut < b.n; cut++)
        assert_int_equal(parse_meta(b.data, cut, NULL), boundary[cut] ? XJ_OK : XJ_ECORRUPT);
    xj_buf_release(&b);
}

static void refuse_meta(const char *record, size_t n)
{
    assert_int_equal(parse_meta((const uint8_t *)record, n, NULL), XJ_ECORRUPT);
}

static void test_record__report_refuses(void **state)
{
    (void)state;
    assert_int_equal(parse_meta((const uint8_t *)"\x01\x01" "a", 3, NULL), XJ_OK);
    refuse_meta("", 0);                                       /* no id */
    refuse_meta("\x03\x01t", 3);
    refuse_meta("\x01\x01" "a\x00\x01x", 6);                  /* tags that are not there */
    refuse_meta("\x01\x01" "a\x0A\x01x", 6);
    refuse_meta("\x01\x01" "a\x7F\x00", 5);
    refuse_meta("\x01\x01" "a\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x00", 14);
    refuse_meta("\x01\x01" "a\x07\x00", 5);                   /* an encoding of no or two bytes, an unknown one */
    refuse_meta("\x01\x01" "a\x07\x02\x00\x00", 7);
    refuse_meta("\x01\x01" "a\x07\x01\x09", 6);
    refuse_meta("\x01\x01" "a\x07\x01\xFF", 6);
    refuse_meta("\x01\x01" "a\x08\x00", 5);                   /* an extra field without or with too long a name */
    refuse_meta("\x01\x01" "a\x08\x02\x02x", 7);
    refuse_meta("\x01\x01" "a\x09\x0B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x", 16);
    refuse_meta("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01" "a", 12); /* lengths beyond the record */
    refuse_meta("\x01\x02" "a", 3);
}

/* ---- heading paths ---- */

static xj_status parse_path(const uint8_t *s, size_t n, const xj_heading_path *want)
{
    xj_heading_path path;
    uint8_t *copy = exact(s, n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_heading_path_parse(&path, copy, n, &e);
    assert_int_equal(e.code, st);
    if (st == XJ_OK && want) {
        assert_int_equal(path.n, want->n);
        for (size_t i = 0; i < path.n; i++)
            same_str(path.heading[i], want->heading[i]);
    }
    free(copy);
    return st;
}

static void test_record__heading_paths(void **state)
{
    (void)state;
    xj_heading_path path = {0};
    xj_buf b = XJ_BUF_INIT;
    char names[XJ_HEADINGS_MAX][200];
    for (size_t i = 0; i < XJ_HEADINGS_MAX; i++) {
        size_t n = i * 13;
        memset(names[i], 'h', n);
        path.heading[i] = (xj_str){names[i], n};
    }
    for (size_t depth = 0; depth <= XJ_HEADINGS_MAX; depth++) {
        b.n = 0;
        path.n = depth;
        assert_int_equal(xj_heading_path_put(&b, &path, NULL), XJ_OK);
        assert_int_equal(parse_path(b.data, b.n, &path), XJ_OK);
    }
    assert_int_equal(xj_buf_put(&b, "\x01x", 2, NULL), XJ_OK); /* one heading too many */
    assert_int_equal(parse_path(b.data, b.n, NULL), XJ_ECORRUPT);
    xj_buf_release(&b);
}

static void test_record__heading_path_every_truncation(void **state)
{
    (void)state;
    xj_heading_path path = {.n = 3, .heading = {{"一、总体情况", 18}, {"", 0}, {"（二）主要做法", 21}}};
    xj_buf b = XJ_BUF_INIT;
    assert_int_equal(xj_heading_path_put(&b, &path, NULL), XJ_OK);
    assert_int_equal(b.n, 19 + 1 + 22);
    for (size_t cut = 0; cut <= b.n; cut++)
        assert_int_equal(parse_path(b.data, cut, NULL), cut == 0 || cut == 19 || cut == 20 || cut == b.n ? XJ_OK : XJ_ECORRUPT);
    assert_int_equal(parse_path((const uint8_t *)"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x", 11, NULL), XJ_ECORRUPT);
    xj_buf_release(&b);
}

/* Random bytes give a status from every parser; seed fixed. */
static void test_record__random_bytes_never_crash(void **state)
{
    (void)state;
    uint64_t x = 4;
    print_message("seed 4\n");
    xj_passage_text t = XJ_PASSAGE_TEXT_INIT;
    for (int i = 0; i < 20000; i++) {
        uint8_t bytes[40];
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t n = (size_t)(x >> 33) % sizeof bytes;
        for (size_t k = 0; k < n; k++) {
            x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[k] = (uint8_t)((x >> 33) % (x >> 60 & 1 ? 256 : 12));
        }
        parse_passage(&t, bytes, n, (xj_encoding)(i % XJ_ENC_COUNT));
        parse_meta(bytes, n, NULL);
        parse_path(bytes, n, NULL);
    }
    xj_passage_text_release(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record__passage_round_trip),
        cmocka_unit_test(test_record__passage_begins_with_its_utf8),
        cmocka_unit_test(test_record__passage_of_any_length),
        cmocka_unit_test(test_record__passage_every_truncation_is_damage),
        cmocka_unit_test(test_record__passage_must_be_utf8),
        cmocka_unit_test(test_record__report_round_trip),
        cmocka_unit_test(test_record__report_with_all_fields_it_may_have),
        cmocka_unit_test(test_record__report_every_truncation),
        cmocka_unit_test(test_record__report_refuses),
        cmocka_unit_test(test_record__heading_paths),
        cmocka_unit_test(test_record__heading_path_every_truncation),
        cmocka_unit_test(test_record__random_bytes_never_crash),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
