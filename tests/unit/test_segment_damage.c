/*
 * A segment file that is cut, changed, or well-sealed nonsense is found at open, at use or by the check, and never does
 * harm. Nonsense is made by taking a good file apart into its sections, its frames and the entries of its dictionaries,
 * changing them and sealing the file again with right checksums.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"
#include <zstd.h>

#include "../../common/src/format_priv.h"

/* ---- the file taken apart ---- */

enum { TYPES = XJI_SEC_OPTIONAL + 8 };

/* Sections of a file, to be changed and put together again. */
typedef struct image {
    xj_buf sec[TYPES];
    uint32_t order[2 * XJI_SECTIONS_MAX];
    uint32_t kind[TYPES];
    uint32_t n;
    uint8_t header[XJI_HEADER_SIZE];
} image;

static void image_release(image *m)
{
    for (size_t i = 0; i < TYPES; i++)
        xj_buf_release(&m->sec[i]);
}

static void image_load(image *m)
{
    xj_buf f = XJ_BUF_INIT;
    memset(m, 0, sizeof *m);
    load_segment_file(&f);
    memcpy(m->header, f.data, XJI_HEADER_SIZE);
    const uint8_t *table = f.data + xj_get_u64(f.data + 32);
    m->n = xj_get_u32(f.data + 48);
    for (uint32_t i = 0; i < m->n; i++) {
        const uint8_t *e = table + (size_t)i * XJI_ENTRY_SIZE;
        uint32_t type = xj_get_u32(e);
        m->order[i] = type;
        m->kind[type] = xj_get_u32(e + 4);
        OK(xj_buf_put(&m->sec[type], f.data + xj_get_u64(e + 8), (size_t)xj_get_u64(e + 16), &err));
    }
    xj_buf_release(&f);
}

static void pad(xj_buf *f)
{
    static const uint8_t zeros[8];
    OK(xj_buf_put(f, zeros, (8 - f->n % 8) % 8, &err));
}

/* Put the sections together with right checksums; the status of opening the result. */
static xj_status image_open(image *m, xj_segment **seg)
{
    xj_buf f = XJ_BUF_INIT, table = XJ_BUF_INIT;
    OK(xj_buf_put(&f, m->header, XJI_HEADER_SIZE, &err));
    for (uint32_t i = 0; i < m->n; i++) {
        uint32_t type = m->order[i];
        const xj_buf *s = &m->sec[type];
        uint8_t e[XJI_ENTRY_SIZE] = {0};
        xj_set_u32(e, type);
        xj_set_u32(e + 4, m->kind[type]);
        xj_set_u64(e + 8, f.n);
        xj_set_u64(e + 16, s->n);
        OK(xj_buf_put(&f, s->data, s->n, &err));
        pad(&f);
        if (m->kind[type] == XJI_KIND_RAW) {
            xj_buf checks = XJ_BUF_INIT;
            for (size_t k = 0; k < s->n; k += XJI_CHUNK)
                OK(xj_buf_u64(&checks, xj_checksum(s->data + k, s->n - k < XJI_CHUNK ? s->n - k : XJI_CHUNK,
                                                   xji_place(type, k / XJI_CHUNK)), &err));
            xj_set_u64(e + 24, f.n);
            xj_set_u64(e + 32, xj_checksum(checks.data, checks.n, xji_place(type, UINT32_MAX)));
            OK(xj_buf_put(&f, checks.data, checks.n, &err));
            xj_buf_release(&checks);
        }
        OK(xj_buf_put(&table, e, sizeof e, &err));
    }
    xj_set_u64(f.data + 24, f.n + table.n);
    xj_set_u64(f.data + 32, f.n);
    xj_set_u64(f.data + 40, xj_checksum(table.data, table.n, 1));
    xj_set_u32(f.data + 48, m->n);
    xj_set_u64(f.data + 56, xj_checksum(f.data, 56, 0));
    OK(xj_buf_put(&f, table.data, table.n, &err));
    store_segment_file(f.data, f.n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_segment_open(seg, segment_dir_fd, segment_dir, SEGMENT_NAME, f.n, xj_get_u64(f.data + 56), &e);
    assert_int_equal(st, e.code);
    assert_int_equal(st == XJ_OK, *seg != NULL);
    xj_buf_release(&f);
    xj_buf_release(&table);
    return st;
}

static uint8_t *at(image *m, uint32_t type, size_t offset)
{
    assert_true(offset < m->sec[type].n);
    return m->sec[type].data + offset;
}

/* ---- frames ---- */

static size_t n_frames(const image *m, uint32_t frames)
{
    return m->sec[XJI_SEC_DIRECTORY(frames)].n / XJI_FRAME_ENTRY;
}

/* Where frame i lies in its section. */
static size_t frame_at(const image *m, uint32_t frames, size_t i, size_t *size)
{
    const xj_buf *d = &m->sec[XJI_SEC_DIRECTORY(frames)];
    assert_true(i < n_frames(m, frames));
    uint64_t from = xj_get_u64(d->data + i * XJI_FRAME_ENTRY);
    *size = (i + 1 < n_frames(m, frames) ? xj_get_u64(d->data + (i + 1) * XJI_FRAME_ENTRY) : m->sec[frames].n) - from;
    return from;
}

static void frame_get(const image *m, uint32_t frames, size_t i, xj_buf *raw)
{
    size_t size, from = frame_at(m, frames, i, &size);
    const uint8_t *packed = m->sec[frames].data + from;
    unsigned long long n = ZSTD_getFrameContentSize(packed, size);
    assert_true(n < 1 << 24);
    raw->n = 0;
    OK(xj_buf_reserve(raw, (size_t)n + 1, &err));
    assert_int_equal(ZSTD_decompress(raw->data, (size_t)n, packed, size), n);
    raw->n = (size_t)n;
}

/* Replace frame i by these bytes as they are, with a right checksum. */
static void frame_put(image *m, uint32_t frames, size_t i, const void *packed, size_t n)
{
    size_t size, from = frame_at(m, frames, i, &size);
    xj_buf *s = &m->sec[frames], *d = &m->sec[XJI_SEC_DIRECTORY(frames)];
    OK(xj_buf_reserve(s, n, &err));
    memmove(s->data + from + n, s->data + from + size, s->n - from - size);
    memcpy(s->data + from, packed, n);
    s->n = s->n - size + n;
    for (size_t k = i + 1; k < n_frames(m, frames); k++)
        xj_set_u64(d->data + k * XJI_FRAME_ENTRY, xj_get_u64(d->data + k * XJI_FRAME_ENTRY) - size + n);
    xj_set_u64(d->data + i * XJI_FRAME_ENTRY + 8, xj_checksum(s->data + from, n, xji_place(frames, i)));
}

/* Replace what frame i holds. */
static void frame_set(image *m, uint32_t frames, size_t i, const void *raw, size_t n)
{
    size_t bound = ZSTD_compressBound(n);
    uint8_t *packed = malloc(bound);
    assert_non_null(packed);
    size_t size = ZSTD_compress(packed, bound, raw, n, 1);
    assert_false(ZSTD_isError(size));
    frame_put(m, frames, i, packed, size);
    free(packed);
}

/* ---- entries of dictionary pages ---- */

/* An entry of a page taken apart; which of the fields it has depends on its form and on df. */
typedef struct entry {
    uint64_t delta;                        /* pairs */
    uint64_t shared, more;                 /* strings */
    uint8_t suffix[2 * XJ_KEY_MAX];
    uint64_t df, form;
    uint64_t passage;                      /* form 2 */
    uint8_t code[3];                       /* as it is stored */
    size_t n_code;
    uint64_t over;                         /* the other forms: cf - df */
    uint64_t extra, noise;                 /* one block */
    uint8_t impact;                        /* several */
    uint64_t pages, header_end, noise_end;
    bool coded;                            /* the term has codes */
    uint64_t wide;                         /* code bytes - cf, but for form 2 */
} entry;

enum { ENTRIES_MAX = 1500 };

static entry entries[ENTRIES_MAX];
static size_t n_entries;

static bool is_strings(int dictionary)
{
    return dictionary == XJI_DICT_STRINGS || dictionary == XJI_DICT_CONTEXT_STRINGS;
}

static uint32_t index_of(int dictionary)
{
    static const uint32_t index[] = {XJI_SEC_PAIRS, XJI_SEC_STRINGS, XJI_SEC_CONTEXT_PAIRS, XJI_SEC_CONTEXT_STRINGS};
    return index[dictionary];
}

/* Frame of the first page of a dictionary. */
static size_t first_page(const image *m, int dictionary)
{
    size_t n = 0;
    for (int d = 0; d < dictionary; d++)
        n += m->sec[index_of(d)].n / XJI_INDEX_ENTRY;
    return n;
}

/* The key; *pair is the one before and then this one, *kind likewise the first byte of a string. */
static void read_head(xj_rd *r, int dictionary, entry *e, uint32_t *pair, uint8_t *kind)
{
    if (is_strings(dictionary)) {
        e->shared = xj_rd_varint(r);
        e->more = xj_rd_varint(r);
        const uint8_t *suffix = xj_rd_take(r, (size_t)e->more);
        assert_non_null(suffix);
        memcpy(e->suffix, suffix, (size_t)e->more);
        *kind = e->shared ? *kind : suffix[0];
        e->coded = dictionary == XJI_DICT_STRINGS && *kind == XJ_KEY_PAIR;
    } else {
        e->delta = xj_rd_varint(r);
        *pair += (uint32_t)e->delta;
        e->coded = dictionary == XJI_DICT_PAIRS && (*pair & 0xFFFF) < XJI_KEY_SINGLE;
    }
}

/* Take apart a page of a dictionary into entries. */
static void entries_get(image *m, int dictionary, size_t page)
{
    xj_buf raw = XJ_BUF_INIT;
    frame_get(m, XJI_SEC_DICTIONARY, first_page(m, dictionary) + page, &raw);
    uint32_t pair = xj_get_u32(at(m, index_of(dictionary), page * XJI_INDEX_ENTRY));
    uint8_t kind = 0;
    xj_rd r = xj_rd_of(raw.data, raw.n);
    memset(entries, 0, sizeof entries);
    for (n_entries = 0; xj_rd_left(&r) > 0; n_entries++) {
        assert_true(n_entries < ENTRIES_MAX);
        entry *e = &entries[n_entries];
        read_head(&r, dictionary, e, &pair, &kind);
        uint64_t v = xj_rd_varint(&r);
        e->df = v >> 2;
        e->form = v & 3;
        if (e->form == 2) {
            e->passage = xj_rd_varint(&r);
            if (e->coded) {
                uint8_t b = *xj_rd_take(&r, 1);
                e->code[0] = b;
                e->n_code = 1u + (b >> 4 == 15) + ((b & 15) == 15);
                for (size_t k = 1; k < e->n_code; k++)
                    e->code[k] = *xj_rd_take(&r, 1);
            }
            continue;
        }
        e->over = xj_rd_varint(&r);
        if (e->df <= XJ_BLOCK) {
            e->extra = xj_rd_varint(&r);
            e->noise = xj_rd_varint(&r);
        } else {
            e->impact = *xj_rd_take(&r, 1);
            e->pages = xj_rd_varint(&r);
            e->header_end = xj_rd_varint(&r);
            e->noise_end = xj_rd_varint(&r);
        }
        e->wide = e->coded ? xj_rd_varint(&r) : 0;
    }
    assert_false(r.bad);
    xj_buf_release(&raw);
}

/* Put the entries together as this page. */
static void entries_put(image *m, int dictionary, size_t page)
{
    xj_buf raw = XJ_BUF_INIT;
    for (size_t i = 0; i < n_entries; i++) {
        const entry *e = &entries[i];
        if (is_strings(dictionary)) {
            OK(xj_buf_varint(&raw, e->shared, &err));
            OK(xj_buf_varint(&raw, e->more, &err));
            OK(xj_buf_put(&raw, e->suffix, e->more < sizeof e->suffix ? (size_t)e->more : 1, &err));
        } else {
            OK(xj_buf_varint(&raw, e->delta, &err));
        }
        OK(xj_buf_varint(&raw, e->df << 2 | e->form, &err));
        if (e->form == 2) {
            OK(xj_buf_varint(&raw, e->passage, &err));
            OK(xj_buf_put(&raw, e->code, e->n_code, &err));
            continue;
        }
        OK(xj_buf_varint(&raw, e->over, &err));
        if (e->df <= XJ_BLOCK) {
            OK(xj_buf_varint(&raw, e->extra, &err));
            OK(xj_buf_varint(&raw, e->noise, &err));
        } else {
            OK(xj_buf_put(&raw, &e->impact, 1, &err));
            OK(xj_buf_varint(&raw, e->pages, &err));
            OK(xj_buf_varint(&raw, e->header_end, &err));
            OK(xj_buf_varint(&raw, e->noise_end, &err));
        }
        if (e->coded)
            OK(xj_buf_varint(&raw, e->wide, &err));
    }
    frame_set(m, XJI_SEC_DICTIONARY, first_page(m, dictionary) + page, raw.data, raw.n);
    xj_buf_release(&raw);
}

/* ---- samples ---- */

typedef void sample(image *m);

static void take(image *m, xj_segment *seg)
{
    xj_segment_close(&seg);
    image_load(m);
}

static void take_small(image *m)
{
    take(m, build_small());
}

static void take_long(image *m)
{
    take(m, build_long());
}

/* One passage with one list: 人人 seven times, a header byte and an extra byte. */
static void take_one(image *m)
{
    static const char *const texts[] = {"人人人人人人人人"};
    take(m, build_texts(texts, 1, 'r'));
}

enum { N_WIDE = 600 };

/* Every dictionary has several pages, all kinds of lists among them. */
static void take_wide(image *m)
{
    maker k;
    xj_segment_writer *w = new_segment();
    maker_begin(&k, w);
    for (uint32_t i = 0; i < N_WIDE; i++) {
        char heading[100];
        const char *const path[] = {heading};
        uint32_t cp[40];
        size_t n = (size_t)snprintf(heading, sizeof heading, "chapter%u about%u ", i % 150, i);
        for (uint32_t j = 0; j < 6; j++)
            n += xj_utf8_encode((uint8_t *)heading + n, 0x4E00 + (i * 13 + j * j * 7) % 500);
        heading[n] = '\0';
        maker_section(&k, NULL, path, 1);
        for (uint32_t j = 0; j < 40; j++)
            cp[j] = j % 10 == 9 ? 'a' + (i * 7 + j) % 26 : 0x4E00 + (i * 31 + j * j * 17) % 700;
        maker_plain(&k, cp, 40, 0);
    }
    xj_report_meta meta = {.id = {"r", 1}};
    maker_report(&k, &meta, 2024, 1);
    maker_end(&k);
    take(m, finish_segment(w));
}

/* ---- cut and changed bytes ---- */

static xj_status open_as(xj_segment **seg, uint64_t size, uint64_t sum, xj_error *e)
{
    return xj_segment_open(seg, segment_dir_fd, segment_dir, SEGMENT_NAME, size, sum, e);
}

static void test_segment_damage__every_truncation_is_refused(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_segment_file(&f);
    uint64_t sum = xj_get_u64(f.data + 56);
    int fd = openat(segment_dir_fd, SEGMENT_NAME, O_RDWR);
    assert_true(fd >= 0);
    for (size_t n = f.n; n-- > 0;) {
        xj_error e = XJ_ERROR_INIT;
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
        assert_int_equal(open_as(&seg, f.n, sum, &e), XJ_ECORRUPT);
        assert_null(seg);
        assert_string_not_equal(e.path, "");
        assert_int_not_equal(open_as(&seg, n, sum, NULL), XJ_OK); /* the manifest cut too */
        assert_null(seg);
    }
    close(fd);
    /* A byte more is as wrong as a byte less. */
    OK(xj_buf_put(&f, "", 1, &err));
    store_segment_file(f.data, f.n);
    assert_int_equal(open_as(&seg, f.n - 1, sum, NULL), XJ_ECORRUPT);
    assert_int_not_equal(open_as(&seg, f.n, sum, NULL), XJ_OK);
    xj_buf_release(&f);
}

/* A file that is cut while it is open: an error, not a signal. */
static void test_segment_damage__cut_while_open(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    int fd = openat(segment_dir_fd, SEGMENT_NAME, O_RDWR);
    assert_int_equal(ftruncate(fd, 100), 0);
    close(fd);
    assert_int_equal(use_segment(seg), XJ_ECORRUPT);
    uint64_t n = 0;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, &e), XJ_OK);
    assert_true(n > 0);
    xj_segment_close(&seg);
}

static void test_segment_damage__every_changed_byte_is_found(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xFF};
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_segment_file(&f);
    uint64_t sum = xj_get_u64(f.data + 56);
    int fd = openat(segment_dir_fd, SEGMENT_NAME, O_RDWR);
    assert_true(fd >= 0);
    for (size_t i = 0; i < f.n; i++) {
        uint8_t b = f.data[i] ^ masks[i % 3];
        xj_error e = XJ_ERROR_INIT;
        assert_int_equal(pwrite(fd, &b, 1, (off_t)i), 1);
        xj_status st = open_as(&seg, f.n, sum, &e);
        if (st == XJ_OK) {
            xj_status used = use_segment(seg);
            assert_true(used == XJ_OK || used == XJ_ECORRUPT);
            if (damages_of(seg, XJ_CHECK_BYTES) == 0 || damages_of(seg, XJ_CHECK_ALL) == 0)
                fail_msg("byte %zu changed and nobody noticed", i);
            xj_segment_close(&seg);
        } else {
            assert_null(seg);
            assert_int_equal(st, e.code);
            assert_true(st == XJ_ECORRUPT || st == XJ_EFORMAT);
        }
        assert_int_equal(pwrite(fd, &f.data[i], 1, (off_t)i), 1);
    }
    close(fd);
    xj_buf_release(&f);
}

static bool stop_at_once(void *ctx, const xj_error *e)
{
    ++*(int *)ctx;
    assert_int_equal(e->code, XJ_ECORRUPT);
    assert_true(e->path[0] != '\0' && e->message[0] != '\0');
    return false;
}

static void test_segment_damage__check_reports_and_stops(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    int calls = 0;
    uint64_t n = 0;
    load_segment_file(&f);
    /* Two sections with a wrong byte each: the text frames follow the header, the report table stands at the end. */
    f.data[XJI_HEADER_SIZE] ^= 1;
    const uint8_t *last = f.data + f.n - XJI_ENTRY_SIZE;
    f.data[xj_get_u64(last + 8)] ^= 1;
    xj_segment_close(&seg);
    store_segment_file(f.data, f.n);
    OK(open_as(&seg, f.n, xj_get_u64(f.data + 56), &err));
    assert_int_equal(damages_of(seg, XJ_CHECK_BYTES), 2);
    OK(xj_segment_check(seg, XJ_CHECK_ALL, stop_at_once, &calls, &n, &err));
    assert_int_equal(calls, 1);
    assert_int_equal(n, 1);
    xj_segment_close(&seg);
    xj_buf_release(&f);
}

/* On failure every out-parameter is zero (section 3 of the style guide), and a cursor is done. */
static void test_segment_damage__failed_lookups_leave_zeros(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    load_segment_file(&f);
    const uint8_t *table = f.data + xj_get_u64(f.data + 32);
    for (uint32_t i = 0; i < xj_get_u32(f.data + 48); i++) {
        const uint8_t *e = table + (size_t)i * XJI_ENTRY_SIZE;
        static const uint32_t damaged[] = {XJI_SEC_PAIRS, XJI_SEC_STRINGS, XJI_SEC_CONTEXT_PAIRS, XJI_SEC_CONTEXT_STRINGS,
                                           XJI_SEC_LENGTHS, XJI_SEC_SECTIONS, XJI_SEC_REPORTS, XJI_SEC_TEXT_FIRSTS};
        for (size_t k = 0; k < sizeof damaged / sizeof *damaged; k++)
            if (xj_get_u32(e) == damaged[k])
                f.data[xj_get_u64(e + 8)] ^= 0x40;
    }
    xj_segment_close(&seg);
    store_segment_file(f.data, f.n);
    OK(open_as(&seg, f.n, xj_get_u64(f.data + 56), &err));
    for (int k = XJ_BODY; k <= XJ_CONTEXT; k++) {
        xj_field field = (xj_field)k;
        xj_term t;
        xj_term_cursor c;
        memset(&t, 0xEE, sizeof t);
        assert_int_equal(xj_segment_pair(seg, field, 0x4EBA, 0x4EBA, &t, NULL), XJ_ECORRUPT);
        assert_true(t.df == 0 && t.cf == 0);
        memset(&t, 0xEE, sizeof t);
        assert_int_equal(xj_segment_word(seg, field, (const uint8_t *)"w5g", 3, &t, NULL), XJ_ECORRUPT);
        assert_true(t.df == 0 && t.cf == 0);
        memset(&c, 0, sizeof c);
        assert_int_equal(xj_term_cursor_pair(&c, seg, field, 0x4EBA, NULL), XJ_ECORRUPT);
        assert_true(c.done);
        memset(&c, 0, sizeof c);
        assert_int_equal(xj_term_cursor_word(&c, seg, field, (const uint8_t *)"w", 1, NULL), XJ_ECORRUPT);
        assert_true(c.done);
    }
    xj_term t;
    memset(&t, 0xEE, sizeof t);
    assert_int_equal(xj_segment_character(seg, 0x4EBA, &t, NULL), XJ_ECORRUPT);
    assert_int_equal(t.df, 0);
    uint32_t a = 9, b = 9, d = 9;
    xj_passage_row passage = {9, 9, 9};
    xj_report_row report = {9, 9, 9, 9, 9, 9};
    assert_int_equal(xj_segment_passage(seg, 0, &passage, NULL), XJ_ECORRUPT);
    assert_true(passage.report == 0 && passage.section == 0 && passage.length == 0);
    assert_int_equal(xj_segment_length(seg, 0, &a, NULL), XJ_ECORRUPT);
    assert_int_equal(a, 0);
    a = 9;
    assert_int_equal(xj_segment_report(seg, 0, &report, NULL), XJ_ECORRUPT);
    assert_true(report.n_passages == 0 && report.year == 0);
    report.year = 9;
    assert_int_equal(xj_segment_report_of(seg, 0, &a, &report, NULL), XJ_ECORRUPT);
    assert_true(a == 0 && report.n_passages == 0 && report.year == 0);
    a = 9;
    assert_int_equal(xj_segment_section_of(seg, 0, &a, &b, &d, NULL), XJ_ECORRUPT);
    assert_true(a == 0 && b == 0 && d == 0);
    b = d = 9;
    assert_int_equal(xj_segment_section(seg, 0, &b, &d, NULL), XJ_ECORRUPT);
    assert_true(b == 0 && d == 0);
    xj_record r = XJ_RECORD_INIT;
    assert_int_equal(xj_segment_record(seg, XJ_STORE_TEXT, 0, &r, NULL), XJ_ECORRUPT);
    assert_true(r.data == NULL && r.n == 0);
    xj_record_release(&r);
    xj_segment_close(&seg);
    xj_buf_release(&f);
}

/* ---- nonsense with right checksums ---- */

/* Where nonsense must be found. Each of them may find it earlier still. */
enum { AT_OPEN = 1, AT_USE = 2, AT_CHECK = 4, NOWHERE = 8 };

/* What the process that judges says otherwise. */
enum { CHECK_FAILED = 64, TEST_FAILED = 128 };

static bool judging;

/* A test that fails in the judging process ends there. */
static int leave(void **state)
{
    if (judging)
        _exit(TEST_FAILED);
    return remove_segment_dir(state);
}

/* Seal the changed image and look at it in a process of its own: a crash or a loop fails this test, not the run. */
static void judge(image *m, const char *what, unsigned where)
{
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        xj_segment *seg;
        unsigned found = 0;
        judging = true;
        alarm(10);
        xj_status st = image_open(m, &seg);
        if (st != XJ_OK) {
            found = AT_OPEN | AT_USE | AT_CHECK;
        } else {
            if (use_segment(seg) != XJ_OK)
                found |= AT_USE;
            uint64_t n = 0;
            if (xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, NULL) != XJ_OK)
                found = CHECK_FAILED;
            if (n > 0)
                found |= AT_CHECK;
            xj_segment_close(&seg);
        }
        _exit((int)found);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    image_release(m);
    if (WIFSIGNALED(status))
        fail_msg("%s: killed by signal %d%s", what, WTERMSIG(status), WTERMSIG(status) == 14 ? " (it never ended)" : "");
    unsigned found = (unsigned)WEXITSTATUS(status);
    if (found == TEST_FAILED)
        fail_msg("%s: what was read makes no sense", what);
    if (where == NOWHERE ? found != 0 : (found & where) != where)
        fail_msg("%s: %sfound at%s%s%s%s", what, where == NOWHERE ? "" : "not ", (where ^ found) & AT_OPEN ? " open" : "",
                 (where ^ found) & AT_USE ? " use" : "", (where ^ found) & AT_CHECK ? " check" : "",
                 found & CHECK_FAILED ? " (the check failed)" : "");
}

/* Or what is found in a changed one would mean nothing. */
static void test_segment_damage__taken_apart_and_sealed_it_is_the_same(void **state)
{
    (void)state;
    sample *const samples[] = {take_one, take_small, take_long, take_wide};
    image m;
    xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
    xj_segment *seg;
    for (size_t s = 0; s < 4; s++) {
        samples[s](&m);
        load_segment_file(&a);
        assert_int_equal(image_open(&m, &seg), XJ_OK);
        load_segment_file(&b);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.data, b.data, a.n);
        xj_segment_close(&seg);
        for (uint32_t frames = XJI_SEC_TEXT; frames <= XJI_SEC_HEADING; frames++) {
            for (size_t i = 0; i < n_frames(&m, frames); i++) {
                frame_get(&m, frames, i, &a);
                frame_set(&m, frames, i, a.data, a.n);
            }
        }
        for (int d = 0; d < XJI_DICTS; d++) {
            size_t n = m.sec[index_of(d)].n / XJI_INDEX_ENTRY;
            assert_true(samples[s] != take_wide || n > 1);
            for (size_t i = 0; i < n; i++) {
                frame_get(&m, XJI_SEC_DICTIONARY, first_page(&m, d) + i, &a);
                entries_get(&m, d, i);
                entries_put(&m, d, i);
                frame_get(&m, XJI_SEC_DICTIONARY, first_page(&m, d) + i, &b);
                assert_int_equal(a.n, b.n);
                assert_memory_equal(a.data, b.data, a.n);
            }
        }
        assert_int_equal(image_open(&m, &seg), XJ_OK);
        expect_sound(seg);
        assert_int_equal(use_segment(seg), XJ_OK);
        xj_segment_close(&seg);
        image_release(&m);
    }
    xj_buf_release(&a);
    xj_buf_release(&b);
}

/* Change one number of a section by hand. */
static void patch(sample *from, uint32_t type, size_t offset, size_t n, uint64_t v, const char *what, unsigned where)
{
    image m;
    from(&m);
    assert_true(offset + n <= m.sec[type].n);
    for (size_t i = 0; i < n; i++)
        *at(&m, type, offset + i) = (uint8_t)(v >> 8 * i);
    judge(&m, what, where);
}

static void patch32(sample *from, uint32_t type, size_t offset, uint32_t v, const char *what, unsigned where)
{
    patch(from, type, offset, 4, v, what, where);
}

static void patch64(sample *from, uint32_t type, size_t offset, uint64_t v, const char *what, unsigned where)
{
    patch(from, type, offset, 8, v, what, where);
}

/* ---- postings ---- */

/* A postings page with its two regions apart. */
typedef struct page {
    uint8_t header[XJI_PAGE], noise[XJI_PAGE];
    size_t n_header, n_noise;
} page;

static void page_get(image *m, size_t i, page *p)
{
    xj_buf raw = XJ_BUF_INIT;
    frame_get(m, XJI_SEC_POSTINGS, i, &raw);
    p->n_header = xj_get_u16(raw.data);
    p->n_noise = raw.n - 2 - p->n_header;
    memcpy(p->header, raw.data + 2, p->n_header);
    memcpy(p->noise, raw.data + 2 + p->n_header, p->n_noise);
    xj_buf_release(&raw);
}

static void page_put(image *m, size_t i, const page *p)
{
    xj_buf raw = XJ_BUF_INIT;
    uint8_t h[2];
    xj_set_u16(h, (uint16_t)p->n_header);
    OK(xj_buf_put(&raw, h, 2, &err));
    OK(xj_buf_put(&raw, p->header, p->n_header, &err));
    OK(xj_buf_put(&raw, p->noise, p->n_noise, &err));
    frame_set(m, XJI_SEC_POSTINGS, i, raw.data, raw.n);
    xj_buf_release(&raw);
}

/* Header bytes at an offset of the first page, and noise bytes. */
static void patch_postings(sample *from, size_t offset, const char *header, size_t n, size_t noise_at, const char *noise,
                           size_t n_noise, const char *what, unsigned where)
{
    image m;
    page p;
    from(&m);
    page_get(&m, 0, &p);
    assert_true(offset + n <= p.n_header && noise_at + n_noise <= p.n_noise);
    memcpy(p.header + offset, header, n);
    memcpy(p.noise + noise_at, noise, n_noise);
    page_put(&m, 0, &p);
    judge(&m, what, where);
}

/* Cursors of 甲乙, the last term of the long sample, in the one postings page. */
static void long_list_at(size_t *header, size_t *noise, size_t *block)
{
    xj_segment *seg = build_long();
    xj_term t;
    OK(xj_segment_pair(seg, XJ_BODY, 0x7532, 0x4E59, &t, &err));
    assert_int_equal(t.df, N_LONG);
    assert_int_equal(t.page, 0);
    *header = t.header_at;
    *noise = t.noise_at;
    *block = t.first_block;
    xj_segment_close(&seg);
}

static void test_segment_damage__postings_out_of_order_or_range(void **state)
{
    (void)state;
    size_t header, noise, block;
    long_list_at(&header, &noise, &block);
    patch_postings(take_long, header, "\x94", 1, 0, "", 0, "a gap symbol that is not there", AT_USE | AT_CHECK);
    patch_postings(take_long, header, "\xFC", 1, 0, "", 0, "the greatest gap symbol", AT_USE | AT_CHECK);
    patch_postings(take_long, header, "\x90", 1, 0, "", 0, "a gap of 2^31", AT_USE | AT_CHECK);
    patch_postings(take_long, header, "\x90\x90\x90", 3, 0, "", 0, "gaps that add up to more than 2^32", AT_USE | AT_CHECK);
    patch_postings(take_long, header, "\x40", 1, 0, "", 0, "a gap beyond the passages", AT_USE | AT_CHECK);
    patch_postings(take_long, header + 127, "\x04", 1, 0, "", 0, "a gap beyond the block", AT_USE | AT_CHECK);
    patch_postings(take_long, header + 127, "\x20", 1, 0, "", 0, "a gap whose bits are another block's", AT_USE | AT_CHECK);
    /* The noise of the first block is the number of codes before it, 0, and nothing else. */
    patch_postings(take_long, 0, "", 0, noise, "\x01", 1, "codes before the first block", AT_CHECK);
    patch_postings(take_long, 0, "", 0, noise + 1, "\x00", 1, "no codes before the second block", AT_CHECK);
}

/* All bits of the noise belong to gaps, and those behind the last are 0. */
static void test_segment_damage__padding_of_postings(void **state)
{
    (void)state;
    static const char *texts[40];
    for (size_t i = 0; i < 40; i++)
        texts[i] = i == 3 || i == 20 ? "甲乙" : "丁";
    image m;
    page p;
    take(&m, build_texts(texts, 40, 'r'));
    page_get(&m, 0, &p);
    assert_true(p.n_noise > 0); /* gaps - 1 of 3 and 16: a symbol of 4 bits, all 0 */
    assert_int_equal(p.noise[0], 0);
    p.noise[0] = 0x80;
    page_put(&m, 0, &p);
    judge(&m, "a bit behind the last", AT_CHECK);
}

/* Occurrences above 3 are stored less 4; the sum must not overflow. */
static void test_segment_damage__frequencies_that_overflow(void **state)
{
    (void)state;
    static const struct {
        uint64_t extra;
        const char *what;
    } rows[] = {{UINT32_MAX - 3, "a frequency of 2^32"}, {UINT64_MAX - 3, "a frequency of 2^64"}, {UINT64_MAX - 2, "a frequency of 2^64 + 1"},
                {UINT64_MAX, "the greatest number as a frequency"}, {UINT64_C(1) << 32, "a frequency of 2^32 + 4"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        image m;
        page p;
        take_one(&m);
        page_get(&m, 0, &p);
        assert_true(p.n_header == 2 && p.header[0] == 3 && p.header[1] == 3);
        size_t n = xj_varint_put(p.header + 1, rows[i].extra);
        p.n_header = 1 + n;
        page_put(&m, 0, &p);
        entries_get(&m, XJI_DICT_PAIRS, 0);
        assert_true(entries[0].df == 1 && entries[0].over == 6 && entries[0].extra == 1);
        entries[0].extra = n;
        entries[0].over = rows[i].extra + 3; /* what the overflow gives */
        entries_put(&m, XJI_DICT_PAIRS, 0);
        judge(&m, rows[i].what, AT_USE | AT_CHECK);
    }
}

static void test_segment_damage__overlong_varints(void **state)
{
    (void)state;
    size_t header, noise, block;
    long_list_at(&header, &noise, &block);
    patch_postings(take_long, 0, "", 0, noise, "\xFF\xFF\xFF", 3, "a number of codes that never ends", AT_USE | AT_CHECK);
    static const size_t lengths[] = {1, 2, 9, 10, 11, 12, 100, 4000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) { /* to the end of the page */
        image m;
        page p;
        take_one(&m);
        page_get(&m, 0, &p);
        memset(p.header + 1, 0xFF, lengths[i]);
        p.n_header = 1 + lengths[i];
        page_put(&m, 0, &p);
        entries_get(&m, XJI_DICT_PAIRS, 0);
        entries[0].extra = lengths[i];
        entries_put(&m, XJI_DICT_PAIRS, 0);
        judge(&m, "an overlong varint at the end of the page", AT_USE | AT_CHECK);
    }
}

/* Pages hold the lists and nothing else: codes that are cut off must not read as zeros. */
static void test_segment_damage__pages_that_end_early_or_late(void **state)
{
    (void)state;
    sample *const samples[] = {take_small, take_long};
    for (size_t s = 0; s < 2; s++) {
        image m;
        page p;
        xj_buf raw = XJ_BUF_INIT;
        samples[s](&m);
        frame_get(&m, XJI_SEC_ADJACENCY, 0, &raw);
        frame_set(&m, XJI_SEC_ADJACENCY, 0, raw.data, raw.n - 1);
        judge(&m, "codes cut by a byte", AT_USE | AT_CHECK);
        samples[s](&m);
        OK(xj_buf_put(&raw, "\x55", 1, &err));
        frame_set(&m, XJI_SEC_ADJACENCY, 0, raw.data, raw.n);
        judge(&m, "a byte behind the last codes", AT_CHECK);
        xj_buf_release(&raw);
        samples[s](&m);
        page_get(&m, 0, &p);
        p.n_header--;
        page_put(&m, 0, &p);
        judge(&m, "headers cut by a byte", AT_CHECK);
        samples[s](&m);
        p.n_header++;
        p.header[p.n_header++] = 0;
        page_put(&m, 0, &p);
        judge(&m, "a byte behind the last header", AT_CHECK);
        samples[s](&m);
        p.n_header--;
        p.noise[p.n_noise++] = 0;
        page_put(&m, 0, &p);
        judge(&m, "a byte behind the last noise", AT_CHECK);
        samples[s](&m);
        p.n_header = 1;
        p.n_noise = 0;
        page_put(&m, 0, &p);
        judge(&m, "a page of one byte", AT_USE | AT_CHECK);
        samples[s](&m);
        frame_set(&m, XJI_SEC_POSTINGS, 0, "\0", 1);
        judge(&m, "a page too short for its own header", AT_USE | AT_CHECK);
        samples[s](&m);
        frame_set(&m, XJI_SEC_POSTINGS, 0, "\xFF\xFF\0\0\0\0", 6);
        judge(&m, "a page with more headers than bytes", AT_USE | AT_CHECK);
    }
    image m;
    page p;
    size_t header, noise, block;
    long_list_at(&header, &noise, &block);
    take_long(&m);
    page_get(&m, 0, &p);
    p.n_noise--; /* the last block's number of codes */
    page_put(&m, 0, &p);
    judge(&m, "noise cut by a byte", AT_USE | AT_CHECK);
}

/*
 * The first code of a posting has two numbers, those that follow add to them; none may come out above 255. A nibble of 15
 * takes a byte more, and the dictionary says how many bytes a list takes.
 */
static void test_segment_damage__codes_out_of_range(void **state)
{
    (void)state;
    static const struct {
        const char *codes;
        size_t n;
        uint64_t wide;
        unsigned where;
        const char *what;
    } rows[] = {{"\x01\0\0\0\0\0\0", 7, 0, NOWHERE, "the codes as they are"},
                {"\xFF\xF0\xF0\0\0\0\0\0\0", 9, 2, NOWHERE, "numbers of 255"},
                {"\xFF\xF1\xF0\0\0\0\0\0\0", 9, 2, AT_USE | AT_CHECK, "a first number of 256"},
                {"\xFF\xF0\xF1\0\0\0\0\0\0", 9, 2, AT_USE | AT_CHECK, "a second number of 256"},
                {"\xFF\xFF\xFF\0\0\0\0\0\0", 9, 2, AT_USE | AT_CHECK, "the greatest numbers"},
                {"\xFF\xF0\xF0\x10\0\0\0\0\0", 9, 2, AT_USE | AT_CHECK, "a step beyond 255"},
                {"\xFF\xF0\xF0\0\0\0\0\0\x01", 9, 2, AT_USE | AT_CHECK, "a step of the second number beyond 255"},
                {"\x01\xF0\xEF\0\0\0\0\0", 8, 1, NOWHERE, "a step to 255"},
                {"\x01\xF0\xF0\0\0\0\0\0", 8, 1, AT_USE | AT_CHECK, "a step to 256"},
                {"\x01\x0F\xEE\0\0\0\0\0", 8, 1, NOWHERE, "a step of the second number to 255"},
                {"\x01\x0F\xEF\0\0\0\0\0", 8, 1, AT_USE | AT_CHECK, "a step of the second number to 256"},
                {"\x01\0\0\0\0\0\xF0", 7, 0, AT_USE | AT_CHECK, "a wide code cut short"},
                {"\x01\0\0\0\0\0\xFF\0", 8, 1, AT_USE | AT_CHECK, "a wider code cut short"},
                {"\x01\0\0\0\0\0\0\0", 8, 1, AT_CHECK, "a byte behind the last code"},
                {"\x01\0\0\0\0\0\0", 7, 1, AT_CHECK, "more bytes of codes than there are"},
                {"\x01\0\0\0\0\0\0", 7, 15, AT_USE | AT_CHECK, "more than three bytes a code"},
                {"\x01\0\0\0\0\0\0", 7, UINT64_MAX, AT_USE | AT_CHECK, "the greatest number of bytes"}};
    image m;
    xj_buf raw = XJ_BUF_INIT;
    take_one(&m);
    frame_get(&m, XJI_SEC_ADJACENCY, 0, &raw);
    image_release(&m);
    assert_int_equal(raw.n, 7);
    assert_memory_equal(raw.data, rows[0].codes, 7);
    xj_buf_release(&raw);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take_one(&m);
        frame_set(&m, XJI_SEC_ADJACENCY, 0, rows[i].codes, rows[i].n);
        entries_get(&m, XJI_DICT_PAIRS, 0);
        assert_true(entries[0].coded && entries[0].wide == 0);
        entries[0].wide = rows[i].wide;
        entries_put(&m, XJI_DICT_PAIRS, 0);
        judge(&m, rows[i].what, rows[i].where);
    }
}

static void test_segment_damage__block_directory_that_lies(void **state)
{
    (void)state;
    enum { LAST = 0, PAGE = 4, CURSORS = 6, IMPACT = 9 };
    size_t header, noise, first;
    long_list_at(&header, &noise, &first);
    for (size_t block = 0; block < 3; block++) {
        size_t b = (first + block) * XJI_BLOCK_ENTRY;
        patch32(take_long, XJI_SEC_BLOCKS, b + LAST, 5, "a last passage too small", AT_USE | AT_CHECK);
        patch32(take_long, XJI_SEC_BLOCKS, b + LAST, 299 - (uint32_t)(block == 2), "a last passage of another block", AT_USE | AT_CHECK);
        patch32(take_long, XJI_SEC_BLOCKS, b + LAST, UINT32_MAX, "the greatest last passage", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + PAGE, 2, 1, "a block of a page that is not there", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + PAGE, 2, UINT16_MAX, "a block of the greatest page", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + CURSORS, 3, 3 | 3 << 12, "a block elsewhere", AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + CURSORS, 3, 0xFFFFFF, "a block at the greatest cursors", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + CURSORS, 3, 0x000FFF, "a block whose headers are outside", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + CURSORS, 3, 0xFFF000, "a block whose noise is outside", AT_USE | AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + IMPACT, 1, 0, "an impact of 0", AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + IMPACT, 1, 1, "an impact too small", AT_CHECK);
        patch(take_long, XJI_SEC_BLOCKS, b + IMPACT, 1, 255, "an impact too large", AT_CHECK);
    }
}

/* ---- dictionaries ---- */

/* An entry of the first page of a dictionary, for a test to change; put it back with judge_entry. */
static entry *take_entry(sample *from, image *m, int dictionary, bool (*is_wanted)(const entry *e))
{
    from(m);
    entries_get(m, dictionary, 0);
    for (size_t i = 0; i < n_entries; i++)
        if (is_wanted(&entries[i]))
            return &entries[i];
    fail_msg("the sample has no such term");
    return NULL;
}

static void judge_entry(image *m, int dictionary, const char *what, unsigned where)
{
    entries_put(m, dictionary, 0);
    judge(m, what, where);
}

static bool is_inline(const entry *e)
{
    return e->form == 2;
}

static bool is_block(const entry *e)
{
    return e->form != 2 && e->df <= XJ_BLOCK;
}

static bool is_long(const entry *e)
{
    return e->df > XJ_BLOCK;
}

static bool is_coded_inline(const entry *e)
{
    return e->form == 2 && e->coded;
}

/* The code of an inline term stands in the dictionary, in the same form. */
static void test_segment_damage__inline_codes_out_of_range(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        size_t n;
        unsigned where;
    } rows[] = {{"\xEE", 1, NOWHERE}, {"\xF0\xF0", 2, NOWHERE}, {"\xFF\xF0\xF0", 3, NOWHERE}, {"\xF0\xF1", 2, AT_USE | AT_CHECK},
                {"\xFF\xF0\xF1", 3, AT_USE | AT_CHECK}, {"\xFF\xFF\xFF", 3, AT_USE | AT_CHECK}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        image m;
        entry *e = take_entry(take_small, &m, XJI_DICT_PAIRS, is_coded_inline);
        memcpy(e->code, rows[i].code, rows[i].n);
        e->n_code = rows[i].n;
        judge_entry(&m, XJI_DICT_PAIRS, "the code of an inline term", rows[i].where);
    }
    image m;
    take_small(&m); /* the last entry of the page */
    entries_get(&m, XJI_DICT_PAIRS, 0);
    while (!is_coded_inline(&entries[n_entries - 1])) {
        n_entries--;
        assert_true(n_entries > 0);
    }
    xj_set_u64(at(&m, XJI_SEC_STATS, 3 * 8), n_entries);
    entries[n_entries - 1].code[0] = 0xFF;
    judge_entry(&m, XJI_DICT_PAIRS, "the code of an inline term cut short", AT_USE | AT_CHECK);
}

static void test_segment_damage__terms_that_do_not_fit(void **state)
{
    (void)state;
    static const int dictionaries[] = {XJI_DICT_PAIRS, XJI_DICT_STRINGS, XJI_DICT_CONTEXT_PAIRS};
    image m;
    for (size_t i = 0; i < 3; i++) {
        int d = dictionaries[i];
        static const struct {
            uint64_t df;
            unsigned where;
            const char *what;
        } rows[] = {{0, AT_USE | AT_CHECK, "df 0"},
                    {N_SMALL + 1, AT_USE | AT_CHECK, "df above the number of passages"},
                    {UINT32_MAX, AT_USE | AT_CHECK, "the greatest df"},
                    {UINT64_MAX >> 2, AT_USE | AT_CHECK, "the greatest number as df"},
                    {3, AT_CHECK, "df larger than the list"}};
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            take_entry(take_small, &m, d, is_block)->df = rows[k].df;
            judge_entry(&m, d, rows[k].what, rows[k].where);
        }
        take_entry(take_small, &m, d, is_block)->over += 1;
        judge_entry(&m, d, "cf that is not the sum", AT_CHECK);
        take_entry(take_small, &m, d, is_block)->over = UINT64_MAX;
        judge_entry(&m, d, "the greatest cf", AT_USE | AT_CHECK);
        take_entry(take_small, &m, d, is_block)->extra += 1;
        judge_entry(&m, d, "a list that takes a header byte too many", AT_CHECK);
        take_entry(take_small, &m, d, is_block)->extra = UINT64_MAX;
        judge_entry(&m, d, "a list that takes all header bytes there can be", AT_USE | AT_CHECK);
        take_entry(take_small, &m, d, is_block)->noise += 1;
        judge_entry(&m, d, "a list that takes a noise byte too many", AT_CHECK);
        take_entry(take_small, &m, d, is_block)->noise = UINT64_MAX;
        judge_entry(&m, d, "a list that takes all noise bytes there can be", AT_USE | AT_CHECK);
        take_entry(take_small, &m, d, is_block)->form = 1;
        judge_entry(&m, d, "a list of another page", AT_CHECK);
        take_entry(take_small, &m, d, is_block)->form = 3;
        judge_entry(&m, d, "a term of an unknown form", AT_USE | AT_CHECK);
    }
    static const int singles[] = {XJI_DICT_PAIRS, XJI_DICT_STRINGS, XJI_DICT_CONTEXT_PAIRS};
    for (size_t i = 0; i < 3; i++) {
        int d = singles[i];
        sample *from = d == XJI_DICT_CONTEXT_PAIRS ? take_one : take_small;
        take_entry(from, &m, d, is_inline)->df = 2;
        judge_entry(&m, d, "an inline term of two passages", AT_USE | AT_CHECK);
        take_entry(from, &m, d, is_inline)->df = 0;
        judge_entry(&m, d, "an inline term of no passage", AT_USE | AT_CHECK);
        take_entry(from, &m, d, is_inline)->passage = N_SMALL;
        judge_entry(&m, d, "an inline term of a passage that is not there", AT_USE | AT_CHECK);
        take_entry(from, &m, d, is_inline)->passage = UINT64_MAX;
        judge_entry(&m, d, "an inline term of the greatest passage", AT_USE | AT_CHECK);
        take_entry(from, &m, d, is_inline)->passage = UINT64_C(1) << 32;
        judge_entry(&m, d, "an inline term of passage 2^32", AT_USE | AT_CHECK);
    }
}

static void test_segment_damage__long_terms_that_do_not_fit(void **state)
{
    (void)state;
    image m;
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->df = 200;
    judge_entry(&m, XJI_DICT_PAIRS, "df of fewer blocks", AT_CHECK);
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->df -= 1;
    judge_entry(&m, XJI_DICT_PAIRS, "df smaller than a long list", AT_USE | AT_CHECK);
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->df = 5;
    judge_entry(&m, XJI_DICT_PAIRS, "df of a short list for a long one", AT_CHECK);
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->impact = 1;
    judge_entry(&m, XJI_DICT_PAIRS, "an impact too small", AT_CHECK);
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->impact = 255;
    judge_entry(&m, XJI_DICT_PAIRS, "an impact too large", AT_CHECK);
    static const uint64_t pages[] = {1, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->pages = pages[i];
        judge_entry(&m, XJI_DICT_PAIRS, "a list of too many pages", AT_USE | AT_CHECK);
    }
    static const uint64_t cursors[] = {XJI_PAGE - 1, XJI_PAGE, UINT16_MAX + 1, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < 5; i++) {
        take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->header_end = cursors[i];
        judge_entry(&m, XJI_DICT_PAIRS, "a list whose headers end outside", AT_USE | AT_CHECK);
        take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->noise_end = cursors[i];
        judge_entry(&m, XJI_DICT_PAIRS, "a list whose noise ends outside", AT_USE | AT_CHECK);
    }
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->header_end += 1;
    judge_entry(&m, XJI_DICT_PAIRS, "a list that ends elsewhere", AT_CHECK);
    take_entry(take_long, &m, XJI_DICT_PAIRS, is_long)->over += 1;
    judge_entry(&m, XJI_DICT_PAIRS, "cf of a long list that is not the sum", AT_CHECK);
    /* The last list is long as well: it claims codes that are not there. */
    take_long(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    assert_true(is_long(&entries[n_entries - 1]));
    entries[n_entries - 1].over += XJI_PAGE;
    judge_entry(&m, XJI_DICT_PAIRS, "more codes than there are", AT_USE | AT_CHECK);
    take_long(&m);
    m.sec[XJI_SEC_BLOCKS].n -= XJI_BLOCK_ENTRY;
    judge(&m, "a block directory an entry short", AT_USE | AT_CHECK);
    take_long(&m);
    OK(xj_buf_put(&m.sec[XJI_SEC_BLOCKS], "\0\0\0\0\0\0\0\0\0\0", XJI_BLOCK_ENTRY, &err));
    judge(&m, "a block directory with an entry of nobody", AT_CHECK);
}

static void test_segment_damage__pairs_out_of_order(void **state)
{
    (void)state;
    image m;
    take_small(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    entries[1].delta = 0;
    judge_entry(&m, XJI_DICT_PAIRS, "a pair twice", AT_USE | AT_CHECK);
    take_small(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    entries[1].delta = UINT32_MAX;
    judge_entry(&m, XJI_DICT_PAIRS, "a pair beyond 2^32", AT_USE | AT_CHECK);
    take_small(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    entries[1].delta = UINT64_MAX;
    judge_entry(&m, XJI_DICT_PAIRS, "a pair beyond 2^64", AT_USE | AT_CHECK);
    take_small(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    entries[0].delta = 1;
    judge_entry(&m, XJI_DICT_PAIRS, "a first pair that is not that of the index", AT_USE | AT_CHECK);
    take_small(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    n_entries--;
    judge_entry(&m, XJI_DICT_PAIRS, "a term missing", AT_USE | AT_CHECK);
}

/* Of a character that is rare, a list that agrees with its pairs; of no other, and none in the context. */
static void test_segment_damage__character_lists(void **state)
{
    (void)state;
    image m;
    take_long(&m);
    entries_get(&m, XJI_DICT_PAIRS, 0);
    assert_true(entries[1].delta == 1 && is_block(&entries[0]) && is_block(&entries[1])); /* 丙, single and list */
    entries[0].over += 1;
    entries[1].delta = 2;
    judge_entry(&m, XJI_DICT_PAIRS, "a single that counts one too many", AT_CHECK);
    take_long(&m);
    xj_set_u32(at(&m, XJI_SEC_PAIRS, 0), 0x4E19u << 16 | 0xFFFD);
    judge(&m, "a single for a list", AT_CHECK);
    take_small(&m);
    xj_set_u32(at(&m, XJI_SEC_CONTEXT_PAIRS, 0), xj_get_u32(at(&m, XJI_SEC_CONTEXT_PAIRS, 0)) | 0xFFFF);
    judge(&m, "a character list in the context", AT_USE | AT_CHECK);
}

/* The single of a character in n of 40 passages, and its list in n_list of them. */
static uint64_t damages_of_character(uint32_t n, uint32_t n_list)
{
    uint32_t docs[40], ones[40];
    const xj_scale *scale;
    xj_term_part *p;
    xj_segment_writer *w = new_segment();
    put_blank_passages(w, 1, 40);
    for (uint32_t i = 0; i < 40; i++) {
        docs[i] = i;
        ones[i] = 1;
    }
    OK(xj_segment_writer_scale(w, &scale, &err));
    OK(xj_term_part_new(&p, XJ_PAIRS, scale, &err));
    OK(xj_term_part_pair(p, XJ_PAIR_KEY(0x7532, XJ_SECOND_SINGLE), &(xj_term_postings){docs, ones, n, NULL}, &err));
    if (n_list > 0)
        OK(xj_term_part_pair(p, XJ_PAIR_KEY(0x7532, XJ_SECOND_LIST), &(xj_term_postings){docs, ones, n_list, NULL}, &err));
    OK(xj_term_part_finish(p, &err));
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
    xj_segment *seg = finish_segment(w);
    uint64_t damages = 0, all;
    OK(xj_segment_check(seg, XJ_CHECK_ALL, count_damage_but_lengths, &damages, &all, &err));
    xj_segment_close(&seg);
    return damages;
}

/* One passage of 40 is rare, two are not: less than one in 20 has a list, and no other. */
static void test_segment_damage__lists_of_rare_and_common_characters(void **state)
{
    (void)state;
    assert_int_equal(damages_of_character(1, 1), 0);
    assert_int_equal(damages_of_character(2, 0), 0);
    assert_int_equal(damages_of_character(40, 0), 0);
    assert_int_equal(damages_of_character(1, 0), 1);
    assert_int_equal(damages_of_character(2, 2), 1);
    assert_int_equal(damages_of_character(40, 40), 1);
    assert_int_equal(damages_of_character(1, 2), 1);
}

static void test_segment_damage__strings_that_lie(void **state)
{
    (void)state;
    image m;
    static const struct {
        size_t i;
        uint64_t shared, more;
        const char *what;
    } rows[] = {{1, 100, 1, "a prefix longer than the key before"},
                {1, UINT64_MAX, 1, "the longest prefix"},
                {1, 0, 0, "an empty key"},
                {1, 1, 0, "a key that is the beginning of the one before"},
                {1, 0, XJ_KEY_MAX + 1, "a key above the greatest length"},
                {1, 0, UINT64_MAX, "the longest key"},
                {1, UINT64_MAX, UINT64_MAX, "a sum that overflows"},
                {0, 1, 1, "a prefix of nothing"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take_small(&m);
        entries_get(&m, XJI_DICT_STRINGS, 0);
        entries[rows[i].i].shared = rows[i].shared;
        entries[rows[i].i].more = rows[i].more;
        judge_entry(&m, XJI_DICT_STRINGS, rows[i].what, AT_USE | AT_CHECK);
    }
    for (uint64_t n = XJ_KEY_MAX; n <= XJ_KEY_MAX + 1; n++) { /* nothing is wrong with it but its length */
        take_small(&m);
        entries_get(&m, XJI_DICT_STRINGS, 0);
        entry *last = &entries[n_entries - 1];
        last->shared = 1; /* w: it is a word, like the one before */
        last->more = n - 1;
        memset(last->suffix, 'z', (size_t)n);
        judge_entry(&m, XJI_DICT_STRINGS, "a key a byte above the greatest length", n > XJ_KEY_MAX ? AT_USE | AT_CHECK : NOWHERE);
    }
    take_small(&m);
    entries_get(&m, XJI_DICT_STRINGS, 0);
    entries[1] = entries[0];
    judge_entry(&m, XJI_DICT_STRINGS, "a string twice", AT_USE | AT_CHECK);
    take_small(&m);
    entries_get(&m, XJI_DICT_STRINGS, 0);
    entries[n_entries - 1].shared = 0;
    entries[n_entries - 1].more = 2;
    memcpy(entries[n_entries - 1].suffix, "a0", 2);
    judge_entry(&m, XJI_DICT_STRINGS, "strings out of order", AT_USE | AT_CHECK);
    static const char *const keys[] = {"x5g", "w", "w5\xFFg", "w5\x1Fg", "s\xE6\x9E", "zz"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) { /* readable, but no terms */
        take_small(&m);
        entries_get(&m, XJI_DICT_STRINGS, 0);
        n_entries = 1;
        entries[0].more = strlen(keys[i]);
        memcpy(entries[0].suffix, keys[i], strlen(keys[i]));
        m.sec[XJI_SEC_STRING_KEYS].n = 0;
        OK(xj_buf_put(&m.sec[XJI_SEC_STRING_KEYS], keys[i], strlen(keys[i]), &err));
        xj_set_u64(at(&m, XJI_SEC_STATS, 4 * 8), 1);
        judge_entry(&m, XJI_DICT_STRINGS, keys[i], AT_CHECK);
    }
    patch32(take_small, XJI_SEC_STRINGS, 0, 1, "a byte before the first key", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_STRINGS, 0, UINT32_MAX, "a key beyond its section", AT_USE | AT_CHECK);
    patch32(take_wide, XJI_SEC_STRINGS, XJI_INDEX_ENTRY, 0, "an empty key in the index", AT_USE | AT_CHECK);
    patch(take_small, XJI_SEC_STRING_KEYS, 0, 1, 0xFF, "another key in the index", AT_USE | AT_CHECK);
    take_small(&m);
    OK(xj_buf_put(&m.sec[XJI_SEC_STRING_KEYS], "xyz", 3, &err));
    judge(&m, "bytes behind the last key", AT_USE | AT_CHECK);
    take_small(&m);
    m.sec[XJI_SEC_STRING_KEYS].n--;
    judge(&m, "the last key cut", AT_USE | AT_CHECK);
}

/* What the index says of its pages: keys, ordinals and cursors fit together. */
static void test_segment_damage__indexes_that_lie(void **state)
{
    (void)state;
    enum { KEY = 0, ORDINAL = 4, PAGE = 8, HEADER = 12, NOISE = 14, ADJACENCY = 16, BLOCK = 24 };
    image m;
    take_wide(&m);
    size_t n[XJI_DICTS];
    for (int d = 0; d < XJI_DICTS; d++)
        n[d] = m.sec[index_of(d)].n / XJI_INDEX_ENTRY;
    image_release(&m);
    for (int d = 0; d < XJI_DICTS; d++) {
        uint32_t index = index_of(d);
        for (size_t page_number = 0; page_number < n[d]; page_number += n[d] - 1) {
            size_t e = page_number * XJI_INDEX_ENTRY;
            take_wide(&m);
            uint32_t ordinal = xj_get_u32(at(&m, index, e + ORDINAL)), header = xj_get_u16(at(&m, index, e + HEADER));
            uint64_t adjacency = xj_get_u64(at(&m, index, e + ADJACENCY));
            image_release(&m);
            patch32(take_wide, index, e + ORDINAL, ordinal + 1, "an ordinal too large", AT_CHECK);
            patch32(take_wide, index, e + ORDINAL, UINT32_MAX, "the greatest ordinal", AT_CHECK);
            patch32(take_wide, index, e + PAGE, UINT32_MAX, "lists of the greatest page", AT_USE | AT_CHECK);
            patch(take_wide, index, e + HEADER, 2, header + 1, "lists that begin later", AT_CHECK);
            patch(take_wide, index, e + HEADER, 2, UINT16_MAX, "lists at the greatest header", AT_USE | AT_CHECK);
            patch(take_wide, index, e + NOISE, 2, UINT16_MAX, "lists at the greatest noise", AT_USE | AT_CHECK);
            patch64(take_wide, index, e + ADJACENCY, UINT64_MAX, "codes at the greatest place", AT_USE | AT_CHECK);
            patch64(take_wide, index, e + ADJACENCY, adjacency + 1, "codes that begin later", AT_CHECK);
            patch32(take_wide, index, e + BLOCK, UINT32_MAX, "blocks at the greatest place", AT_USE | AT_CHECK);
            patch32(take_wide, index, e + BLOCK, 1, "blocks that begin later", AT_CHECK);
        }
    }
    take_wide(&m);
    uint32_t key = xj_get_u32(at(&m, XJI_SEC_PAIRS, XJI_INDEX_ENTRY)), first = xj_get_u32(at(&m, XJI_SEC_PAIRS, 0));
    image_release(&m);
    patch32(take_wide, XJI_SEC_PAIRS, XJI_INDEX_ENTRY, first, "pages that begin with one key", AT_USE | AT_CHECK);
    patch32(take_wide, XJI_SEC_PAIRS, 0, key, "pages of pairs out of order", AT_USE | AT_CHECK);
}

/* ---- frames ---- */

static void test_segment_damage__frames_that_lie(void **state)
{
    (void)state;
    enum { OFFSET = 0 };
    for (uint32_t frames = XJI_SEC_TEXT; frames <= XJI_SEC_HEADING; frames++) {
        uint32_t d = XJI_SEC_DIRECTORY(frames);
        patch64(take_small, d, OFFSET, 1, "a frame elsewhere", AT_USE | AT_CHECK);
        patch64(take_small, d, OFFSET, UINT64_MAX, "a frame at the greatest offset", AT_USE | AT_CHECK);
        image m;
        take_small(&m);
        OK(xj_buf_put(&m.sec[d], "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", XJI_FRAME_ENTRY, &err));
        judge(&m, "a frame that begins where another does", AT_USE | AT_CHECK);
        take_small(&m);
        OK(xj_buf_put(&m.sec[frames], "x", 1, &err));
        judge(&m, "a byte behind the last frame", AT_USE | AT_CHECK);
    }
    static const uint32_t several[] = {XJI_SEC_DICTIONARY, XJI_SEC_POSTINGS, XJI_SEC_ADJACENCY, XJI_SEC_TEXT, XJI_SEC_HEADING};
    for (size_t i = 0; i < sizeof several / sizeof *several; i++) {
        image m;
        uint32_t d = XJI_SEC_DIRECTORY(several[i]);
        take_wide(&m);
        assert_true(n_frames(&m, several[i]) > 1);
        size_t size, from = frame_at(&m, several[i], 1, &size), n = n_frames(&m, several[i]);
        image_release(&m);
        patch64(take_wide, d, XJI_FRAME_ENTRY, from - 1, "a frame that begins in the one before", AT_USE | AT_CHECK);
        patch64(take_wide, d, XJI_FRAME_ENTRY, 0, "an empty frame", AT_USE | AT_CHECK);
        patch64(take_wide, d, (n - 1) * XJI_FRAME_ENTRY, 0, "frames that run backwards", AT_USE | AT_CHECK);
        patch64(take_wide, d, (n - 1) * XJI_FRAME_ENTRY, UINT64_MAX, "frames that leave their section", AT_USE | AT_CHECK);
    }
}

/* A frame of n bytes, with or without its content size. */
static size_t make_frame(uint8_t *packed, size_t cap, size_t n, bool sized)
{
    uint8_t *raw = malloc(n + 1);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_true(raw && c);
    for (size_t i = 0; i < n; i++)
        raw[i] = (uint8_t)random_below(3);
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, sized);
    ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, 1);
    size_t size = ZSTD_compress2(c, packed, cap, raw, n);
    assert_false(ZSTD_isError(size));
    ZSTD_freeCCtx(c);
    free(raw);
    return size;
}

/* Frames that are no zstd, or not only, or of a size that must not be: the checksum is right, the content is not. */
static void test_segment_damage__frames_of_something_else(void **state)
{
    (void)state;
    uint8_t packed[20000];
    seed(21);
    for (uint32_t frames = XJI_SEC_TEXT; frames <= XJI_SEC_HEADING; frames++) {
        bool pages = frames >= XJI_SEC_POSTINGS && frames <= XJI_SEC_DICTIONARY;
        image m;
        size_t n, from;
        memset(packed, 0x41, sizeof packed);
        take_small(&m);
        frame_put(&m, frames, 0, packed, 30);
        judge(&m, "a frame that is not zstd", AT_USE | AT_CHECK);
        take_small(&m);
        from = frame_at(&m, frames, 0, &n);
        memcpy(packed, m.sec[frames].data + from, n);
        memcpy(packed + n, "tail", 4);
        frame_put(&m, frames, 0, packed, n + 4);
        judge(&m, "a frame with bytes behind it", AT_USE | AT_CHECK);
        take_small(&m);
        memcpy(packed + n, packed, n);
        frame_put(&m, frames, 0, packed, 2 * n);
        judge(&m, "a frame twice", AT_USE | AT_CHECK);
        take_small(&m);
        frame_put(&m, frames, 0, packed, n - 1);
        judge(&m, "a frame cut short", AT_USE | AT_CHECK);
        take_small(&m);
        packed[n - 1] ^= 0x10;
        packed[n / 2] ^= 0x10;
        frame_put(&m, frames, 0, packed, n);
        judge(&m, "a damaged frame", 0);
        take_small(&m);
        frame_put(&m, frames, 0, packed, make_frame(packed, sizeof packed, 0, true));
        judge(&m, "a frame of nothing", AT_USE | AT_CHECK);
        take_small(&m);
        frame_put(&m, frames, 0, packed, make_frame(packed, sizeof packed, 50, false));
        judge(&m, "a frame without its size", AT_USE | AT_CHECK);
        take_small(&m);
        frame_put(&m, frames, 0, "\x28\xB5\x2F\xFD\xE0\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00", 16);
        judge(&m, "a frame that claims 2^40 bytes", AT_USE | AT_CHECK);
        if (!pages)
            continue;
        take_small(&m);
        frame_put(&m, frames, 0, packed, make_frame(packed, sizeof packed, XJI_PAGE + 1, true));
        judge(&m, "a page one byte too large", AT_USE | AT_CHECK);
    }
}

/* A page as it is, stored in blocks of one byte each: right, but for the room that it takes. */
static void test_segment_damage__pages_stored_in_too_many_bytes(void **state)
{
    (void)state;
    static uint8_t packed[7 + 4 * XJI_PAGE] = "\x28\xB5\x2F\xFD\x60"; /* one segment, two bytes of content size */
    image m;
    xj_buf raw = XJ_BUF_INIT;
    take_wide(&m);
    frame_get(&m, XJI_SEC_DICTIONARY, 0, &raw);
    assert_true(raw.n <= XJI_PAGE && 7 + 4 * raw.n > XJI_PACKED_PAGE);
    xj_set_u16(packed + 5, (uint16_t)(raw.n - 256));
    for (size_t i = 0; i < raw.n; i++) {
        packed[7 + 4 * i] = 1 << 3 | (i + 1 == raw.n);
        packed[7 + 4 * i + 3] = raw.data[i];
    }
    frame_put(&m, XJI_SEC_DICTIONARY, 0, packed, 7 + 4 * raw.n);
    frame_get(&m, XJI_SEC_DICTIONARY, 0, &raw); /* it is a frame */
    xj_buf_release(&raw);
    judge(&m, "a page stored in too many bytes", AT_USE | AT_CHECK);
}

static void test_segment_damage__records_outside_their_frames(void **state)
{
    (void)state;
    static const uint32_t firsts[] = {XJI_SEC_TEXT_FIRSTS, XJI_SEC_REPORT_FIRSTS, XJI_SEC_HEADING_FIRSTS};
    static const uint32_t frames[] = {XJI_SEC_TEXT, XJI_SEC_REPORT, XJI_SEC_HEADING};
    for (size_t i = 0; i < 3; i++) {
        image m;
        xj_buf raw = XJ_BUF_INIT;
        patch32(take_small, firsts[i], 0, 1, "a record before the first", AT_USE | AT_CHECK);
        patch32(take_small, firsts[i], 0, UINT32_MAX, "the greatest record", AT_USE | AT_CHECK);
        take_small(&m);
        frame_get(&m, frames[i], 0, &raw);
        size_t n = raw.n;
        OK(xj_buf_put(&raw, "\0", 1, &err));
        frame_set(&m, frames[i], 0, raw.data, raw.n);
        judge(&m, "a record more than there are", AT_USE | AT_CHECK);
        take_small(&m);
        frame_set(&m, frames[i], 0, raw.data, n - 1);
        judge(&m, "the last record cut", AT_USE | AT_CHECK);
        /* A record that claims more bytes than its frame has: by one, and by as much as a varint can say. */
        take_small(&m);
        frame_set(&m, frames[i], 0, "\x03xy", 3);
        judge(&m, "a record longer than its frame", AT_USE | AT_CHECK);
        take_small(&m);
        frame_set(&m, frames[i], 0, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01zzz", 13);
        judge(&m, "a record of the greatest length", AT_USE | AT_CHECK);
        take_small(&m);
        frame_set(&m, frames[i], 0, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12);
        judge(&m, "a length that never ends", AT_USE | AT_CHECK);
        xj_buf_release(&raw);
    }
    /* Frames of which a later one does not begin later. */
    static const uint32_t some[] = {XJI_SEC_TEXT_FIRSTS, XJI_SEC_HEADING_FIRSTS};
    for (size_t i = 0; i < 2; i++) {
        patch32(take_wide, some[i], 4, 0, "frames of one first record", AT_USE | AT_CHECK);
        patch32(take_wide, some[i], 4, N_WIDE, "a frame behind the last record", AT_USE | AT_CHECK);
        patch32(take_wide, some[i], 4, 1, "a frame that begins with an earlier record", AT_USE | AT_CHECK);
        patch32(take_wide, some[i], 4, UINT32_MAX, "a frame at the greatest record", AT_USE | AT_CHECK);
    }
}

/* ---- texts ---- */

static void patch_table(const void *table, size_t n, const char *what, unsigned where)
{
    image m;
    take_small(&m);
    frame_set(&m, XJI_SEC_TABLES, 0, table, n);
    judge(&m, what, where);
}

/* The table of a group: ranks of characters, and a dictionary. */
static void test_segment_damage__text_tables_that_lie(void **state)
{
    (void)state;
    image m;
    xj_buf raw = XJ_BUF_INIT, changed = XJ_BUF_INIT;
    take_small(&m);
    frame_get(&m, XJI_SEC_TABLES, 0, &raw);
    assert_int_equal(n_frames(&m, XJI_SEC_TABLES), 1);
    image_release(&m);
    xj_rd r = xj_rd_of(raw.data, raw.n);
    uint64_t n_ranks = xj_rd_varint(&r);
    assert_true(n_ranks > 10 && n_ranks < 128);
    size_t first = (size_t)(r.p - raw.data);
    xj_rd_varint(&r);
    size_t second = (size_t)(r.p - raw.data);
    patch_table(raw.data, raw.n - 1, "a table cut short", AT_USE | AT_CHECK);
    patch_table(raw.data, 1, "a table without its ranks", AT_USE | AT_CHECK);
    patch_table("\0\0", 2, "a table without ranks", AT_USE | AT_CHECK);
    OK(xj_buf_put(&raw, "x", 1, &err));
    patch_table(raw.data, raw.n, "a table with a byte behind it", AT_USE | AT_CHECK);
    raw.n -= 2; /* the length of the dictionary, too */
    static const struct {
        const char *s;
        size_t n;
        const char *what;
    } dictionaries[] = {{"\x01x", 2, "a dictionary of a byte"},
                        {"\x08\x37\xA4\x30\xEC\0\0\0\0", 9, "a dictionary of a magic number"},
                        {"\x08rawbytes", 9, "a dictionary without a magic number"},
                        {"\xFF\xFF\xFF\xFF\x0Fx", 6, "a dictionary longer than the table"},
                        {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, "a dictionary of the greatest length"}};
    for (size_t i = 0; i < sizeof dictionaries / sizeof *dictionaries; i++) {
        changed.n = 0;
        OK(xj_buf_put(&changed, raw.data, raw.n, &err));
        OK(xj_buf_put(&changed, dictionaries[i].s, dictionaries[i].n, &err));
        patch_table(changed.data, changed.n, dictionaries[i].what, AT_USE | AT_CHECK);
    }
    static const uint64_t ranks[] = {XJI_RANKS + 1, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        changed.n = 0;
        OK(xj_buf_varint(&changed, ranks[i], &err));
        for (int k = 0; k < 17000; k++)
            OK(xj_buf_put(&changed, "A", 1, &err));
        OK(xj_buf_put(&changed, "\0", 1, &err));
        patch_table(changed.data, changed.n, "more ranks than there can be", AT_USE | AT_CHECK);
    }
    static const uint64_t characters[] = {0xD800, 0xDFFF, 0x110000, UINT32_MAX, UINT64_MAX, (UINT64_C(1) << 32) + 'A'};
    for (size_t i = 0; i < sizeof characters / sizeof *characters + 1; i++) {
        changed.n = 0;
        OK(xj_buf_put(&changed, raw.data, first, &err));
        if (i < sizeof characters / sizeof *characters)
            OK(xj_buf_varint(&changed, characters[i], &err));
        else /* the second once more */
            OK(xj_buf_put(&changed, raw.data + second, 3, &err));
        OK(xj_buf_put(&changed, raw.data + second, raw.n - second, &err));
        OK(xj_buf_put(&changed, "\0", 1, &err));
        bool last = i == sizeof characters / sizeof *characters;
        patch_table(changed.data, changed.n, last ? "a character of two ranks" : "a rank that is no character",
                    last ? AT_CHECK : AT_USE | AT_CHECK);
    }
    xj_buf_release(&raw);
    xj_buf_release(&changed);
    patch32(take_small, XJI_SEC_TEXT_GROUPS, 0, 1, "a frame before the first group", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_TEXT_GROUPS, 0, UINT32_MAX, "the greatest group", AT_USE | AT_CHECK);
}

/* Texts of the sample of one passage, 人 being the only rank. */
static void patch_text(const char *record, size_t n, const char *what, unsigned where)
{
    image m;
    xj_buf raw = XJ_BUF_INIT;
    take_one(&m);
    OK(xj_buf_varint(&raw, n, &err));
    OK(xj_buf_put(&raw, record, n, &err));
    frame_set(&m, XJI_SEC_TEXT, 0, raw.data, raw.n);
    xj_buf_release(&raw);
    judge(&m, what, where);
}

static void test_segment_damage__texts_that_lie(void **state)
{
    (void)state;
    image m;
    xj_buf raw = XJ_BUF_INIT;
    take_one(&m);
    frame_get(&m, XJI_SEC_TEXT, 0, &raw);
    image_release(&m);
    assert_true(raw.n > 10 && raw.data[1] == 8); /* 8 codes, each 0 */
    assert_memory_equal(raw.data + 2, "\0\0\0\0\0\0\0\0", 8);
    const char *map = (const char *)raw.data + 10;
    size_t n_map = raw.n - 10;
    static const struct {
        const char *codes;
        const char *what;
        unsigned where;
    } rows[] = {{"\0\0\0\0\0\0\0\0", "the text as it is", NOWHERE},
                {"\xFF\xBA\x4E\x00\xFF\xBA\x4E\x00", "a text of another length", AT_CHECK},
                {"\0\0\0\0\0\0\0\x01", "a rank that is not there", AT_USE | AT_CHECK},
                {"\0\0\0\0\0\0\xC0\x00", "a rank of two bytes that is not there", AT_USE | AT_CHECK},
                {"\0\0\0\0\0\0\xFE\xFF", "the greatest rank", AT_USE | AT_CHECK},
                {"\0\0\0\0\0\0\0\xC0", "a rank cut short", AT_USE | AT_CHECK},
                {"\0\0\0\0\0\0\0\xFF", "an escape without its character", AT_USE | AT_CHECK},
                {"\0\0\0\0\0\xFF\xBA\x4E", "an escape cut short", AT_USE | AT_CHECK},
                {"\0\0\0\0\xFF\x00\xD8\x00", "an escaped surrogate", AT_USE | AT_CHECK},
                {"\0\0\0\0\xFF\x00\x00\x11", "an escape beyond Unicode", AT_USE | AT_CHECK},
                {"\0\0\0\0\xFF\xFF\xFF\xFF", "the greatest escape", AT_USE | AT_CHECK}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char record[64] = {8};
        memcpy(record + 1, rows[i].codes, 8);
        memcpy(record + 9, map, n_map);
        patch_text(record, 9 + n_map, rows[i].what, rows[i].where);
    }
    patch_text("", 0, "an empty record", AT_USE | AT_CHECK);
    patch_text("\x08\0\0\0", 4, "a text longer than its record", AT_USE | AT_CHECK);
    patch_text("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\0\0", 12, "a text of the greatest length", AT_USE | AT_CHECK);
    patch_text("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 11, "a length of text that never ends", AT_USE | AT_CHECK);
    xj_buf_release(&raw);
}

/* ---- tables ---- */

static void test_segment_damage__tables_that_lie(void **state)
{
    (void)state;
    patch(take_small, XJI_SEC_LENGTHS, 0, 1, 1, "a passage with another length", AT_CHECK);
    patch(take_small, XJI_SEC_LENGTHS, 0, 1, 255, "a passage of the greatest length", AT_CHECK);
    patch32(take_small, XJI_SEC_SECTIONS, 0, 1, "a passage before the first section", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_SECTIONS, 4, 0, "a section without passages", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_SECTIONS, 4, N_SMALL, "a section behind the last passage", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_SECTIONS, 4, UINT32_MAX, "a section at the greatest passage", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_SECTIONS, 16, 1, "sections that run backwards", AT_USE | AT_CHECK);
    enum { PASSAGE = 0, SECTION = 4, RANK = 8, SECOND = XJI_REPORT_SIZE };
    patch32(take_small, XJI_SEC_REPORTS, PASSAGE, UINT32_MAX, "a report that begins at the greatest passage", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, PASSAGE, N_SMALL + 1, "a report that begins behind the last passage", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, PASSAGE, 1, "a report that begins late", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECOND + PASSAGE, 1, "a report with a passage of the one before", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECOND + PASSAGE, 0, "a report with all passages of the one before", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECOND + PASSAGE, UINT32_MAX, "a report without an end", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECTION, 1, "a report whose sections begin late", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECTION, UINT32_MAX, "a report that begins at the greatest section", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECOND + SECTION, 3, "a report with a section of the next", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, SECOND + SECTION, 0, "a report with all sections of the one before", AT_USE | AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, RANK, 0, "a rank twice", AT_CHECK);
    patch32(take_small, XJI_SEC_REPORTS, RANK, UINT32_MAX, "a rank that is not there", AT_USE | AT_CHECK);
    image m;
    take_small(&m);
    uint32_t rank = xj_get_u32(at(&m, XJI_SEC_REPORTS, RANK));
    xj_set_u32(at(&m, XJI_SEC_REPORTS, RANK), xj_get_u32(at(&m, XJI_SEC_REPORTS, SECOND + RANK)));
    xj_set_u32(at(&m, XJI_SEC_REPORTS, SECOND + RANK), rank);
    judge(&m, "ranks exchanged", AT_CHECK);
}

/* Statistics: the sizes of tables at open, the sums by the check. All but the bytes read can be counted again. */
static void test_segment_damage__statistics_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        unsigned where;
    } rows[] = {{"n_reports", AT_OPEN},       {"n_passages", AT_OPEN},    {"n_sections", AT_OPEN},
                {"n_pairs", AT_CHECK},        {"n_words", AT_CHECK},      {"n_context_pairs", AT_CHECK},
                {"n_context_words", AT_CHECK}, {"n_units", AT_CHECK},      {"n_postings", AT_CHECK},
                {"n_occurrences", AT_CHECK},  {"n_context_postings", AT_CHECK}, {"n_characters", AT_CHECK},
                {"text_bytes", AT_CHECK}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        image m;
        take_small(&m);
        uint64_t v = xj_get_u64(at(&m, XJI_SEC_STATS, i * 8));
        image_release(&m);
        patch64(take_small, XJI_SEC_STATS, i * 8, v + 1, rows[i].what, rows[i].where);
        patch64(take_small, XJI_SEC_STATS, i * 8, v - 1, rows[i].what, rows[i].where);
        patch64(take_small, XJI_SEC_STATS, i * 8, 0, rows[i].what, rows[i].where);
        patch64(take_small, XJI_SEC_STATS, i * 8, UINT64_MAX, rows[i].what, rows[i].where);
        patch64(take_small, XJI_SEC_STATS, i * 8, v + (UINT64_C(1) << 62), rows[i].what, rows[i].where);
        patch64(take_small, XJI_SEC_STATS, i * 8, v + (UINT64_C(1) << 32), rows[i].what, rows[i].where);
    }
}

/* ---- header and section table ---- */

static void expect_open(image *m, xj_status want, const char *what)
{
    xj_segment *seg;
    xj_status st = image_open(m, &seg);
    if (st != want)
        fail_msg("%s: %s instead of %s", what, xj_status_name(st), xj_status_name(want));
    xj_segment_close(&seg);
    image_release(m);
}

static void test_segment_damage__header_tells_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        size_t byte;
        xj_status want;
        const char *what;
    } rows[] = {
        {0, XJ_EFORMAT, "magic"},        {7, XJ_EFORMAT, "end of magic"}, {8, XJ_EVERSION, "version"},
        {10, XJ_EVERSION, "reserved"},   {12, XJ_EVERSION, "flags"},      {15, XJ_EVERSION, "high flags"},
        {16, XJ_EVERSION, "fingerprint"}, {23, XJ_EVERSION, "fingerprint"}, {52, XJ_ECORRUPT, "reserved at the end"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        image m;
        take_small(&m);
        m.header[rows[i].byte] ^= 0x40;
        expect_open(&m, rows[i].want, rows[i].what);
    }
    image m;
    take_small(&m);
    xj_set_u16(m.header + 8, 0); /* the version before */
    expect_open(&m, XJ_EVERSION, "version 0");
}

static void test_segment_damage__section_tables_that_lie(void **state)
{
    (void)state;
    image m;
    take_small(&m);
    m.n--;
    expect_open(&m, XJ_ECORRUPT, "a section missing");
    take_small(&m);
    m.n = 0;
    expect_open(&m, XJ_ECORRUPT, "no section");
    take_small(&m);
    m.order[1] = m.order[0];
    expect_open(&m, XJ_ECORRUPT, "a section twice");
    take_small(&m);
    m.order[m.n++] = m.order[3];
    expect_open(&m, XJ_ECORRUPT, "a section once more");
    take_small(&m);
    m.kind[XJI_SEC_TEXT] = XJI_KIND_RAW;
    expect_open(&m, XJ_ECORRUPT, "a section of another kind");
    take_small(&m);
    m.kind[XJI_SEC_PAIRS] = XJI_KIND_FRAMES;
    expect_open(&m, XJ_ECORRUPT, "a raw section as frames");
    take_small(&m);
    m.kind[XJI_SEC_PAIRS] = 7;
    expect_open(&m, XJ_ECORRUPT, "an unknown kind");
    static const uint32_t unknown[] = {XJI_SEC_END, 50, 63, 0};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        take_small(&m);
        m.order[m.n++] = unknown[i];
        expect_open(&m, XJ_ECORRUPT, "an unknown section");
    }
    static const uint32_t tables[] = {XJI_SEC_STATS, XJI_SEC_TEXT_DIR, XJI_SEC_TABLES_DIR, XJI_SEC_POSTINGS_DIR,
                                      XJI_SEC_ADJACENCY_DIR, XJI_SEC_DICTIONARY_DIR, XJI_SEC_REPORT_DIR,
                                      XJI_SEC_HEADING_DIR, XJI_SEC_TEXT_FIRSTS, XJI_SEC_REPORT_FIRSTS,
                                      XJI_SEC_HEADING_FIRSTS, XJI_SEC_TEXT_GROUPS, XJI_SEC_PAIRS, XJI_SEC_STRINGS,
                                      XJI_SEC_CONTEXT_PAIRS, XJI_SEC_CONTEXT_STRINGS, XJI_SEC_LENGTHS, XJI_SEC_SECTIONS,
                                      XJI_SEC_REPORTS};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        take_small(&m);
        m.sec[tables[i]].n--;
        expect_open(&m, XJ_ECORRUPT, "a table a byte short");
        take_small(&m);
        OK(xj_buf_put(&m.sec[tables[i]], "\0", 1, &err));
        expect_open(&m, XJ_ECORRUPT, "a table a byte too long");
        take_small(&m);
        m.sec[tables[i]].n = 0;
        expect_open(&m, XJ_ECORRUPT, "an empty table");
    }
    take_long(&m);
    m.sec[XJI_SEC_BLOCKS].n--;
    expect_open(&m, XJ_ECORRUPT, "a block directory a byte short");
}

/* Sections of types from 64 on may be added by later writers: this reader keeps away from them, but for their bytes. */
static void test_segment_damage__optional_sections(void **state)
{
    (void)state;
    image m;
    xj_segment *seg;
    xj_buf f = XJ_BUF_INIT;
    for (uint32_t type = XJI_SEC_OPTIONAL; type < XJI_SEC_OPTIONAL + 3; type++) {
        if (type == XJI_SEC_OPTIONAL)
            take_small(&m);
        OK(xj_buf_put(&m.sec[type], "something else", 14, &err));
        m.kind[type] = XJI_KIND_RAW;
        m.order[m.n++] = type;
        assert_int_equal(image_open(&m, &seg), XJ_OK);
        expect_sound(seg);
        assert_int_equal(use_segment(seg), XJ_OK);
        assert_int_equal(xj_segment_n_sections(seg), m.n);
        assert_int_equal(xj_segment_section_bytes(seg, m.n - 1), 14);
        xj_segment_close(&seg);
    }
    load_segment_file(&f);
    const uint8_t *table = f.data + xj_get_u64(f.data + 32);
    f.data[xj_get_u64(table + (size_t)(m.n - 1) * XJI_ENTRY_SIZE + 8) + 3] ^= 4;
    store_segment_file(f.data, f.n);
    OK(open_as(&seg, f.n, xj_get_u64(f.data + 56), &err));
    assert_int_equal(use_segment(seg), XJ_OK);
    assert_int_equal(damages_of(seg, XJ_CHECK_BYTES), 1);
    xj_segment_close(&seg);
    xj_buf_release(&f);
    m.kind[XJI_SEC_OPTIONAL] = XJI_KIND_FRAMES;
    expect_open(&m, XJ_ECORRUPT, "an optional section of frames");
    take_small(&m);
    m.order[m.n++] = XJI_SEC_OPTIONAL;
    m.order[m.n++] = XJI_SEC_OPTIONAL;
    expect_open(&m, XJ_ECORRUPT, "an optional section twice");
    take_small(&m);
    m.order[m.n - 1] = XJI_SEC_OPTIONAL;
    expect_open(&m, XJ_ECORRUPT, "an optional section in place of another");
    take_small(&m);
    while (m.n <= XJI_SECTIONS_MAX)
        m.order[m.n++] = XJI_SEC_OPTIONAL;
    expect_open(&m, XJ_ECORRUPT, "more sections than there can be");
}

/* Table entries by hand: offsets and lengths that overlap, leave gaps or leave the file. */
static void test_segment_damage__section_offsets_that_lie(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_segment_file(&f);
    uint64_t table_at = xj_get_u64(f.data + 32);
    size_t n = xj_get_u32(f.data + 48);
    static const size_t fields[] = {8, 16, 24};
    for (size_t i = 0; i < n * 3; i++) {
        uint8_t *e = f.data + table_at + i / 3 * XJI_ENTRY_SIZE, *field = e + fields[i % 3];
        if (i % 3 == 2 && xj_get_u32(e + 4) == XJI_KIND_FRAMES)
            continue; /* has no checks */
        uint64_t v = xj_get_u64(field);
        const uint64_t wrong[] = {v + 8, v - 8, 0, UINT64_MAX, UINT64_MAX - 7, f.n, f.n + 8, table_at, UINT64_C(1) << 63};
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            if (wrong[k] == v)
                continue;
            xj_set_u64(field, wrong[k]);
            xj_set_u64(f.data + 40, xj_checksum(f.data + table_at, n * XJI_ENTRY_SIZE, 1));
            xj_set_u64(f.data + 56, xj_checksum(f.data, 56, 0));
            store_segment_file(f.data, f.n);
            xj_status st = open_as(&seg, f.n, xj_get_u64(f.data + 56), NULL);
            if (st != XJ_ECORRUPT)
                fail_msg("entry %zu field %zu wrong value %zu: %s", i / 3, i % 3, k, xj_status_name(st));
        }
        xj_set_u64(field, v);
    }
    /* The place and size of the table itself. */
    static const size_t header[] = {24, 32, 48};
    for (size_t i = 0; i < 3; i++) {
        uint64_t v = xj_get_u64(f.data + header[i]);
        const uint64_t wrong[] = {0, 1, 8, v + 1, v - 1, v + 40, v - 40, f.n, UINT64_MAX, UINT32_MAX, 65, 64};
        for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
            if (wrong[k] == v)
                continue;
            xj_set_u64(f.data + header[i], wrong[k]);
            xj_set_u64(f.data + 40, xj_checksum(f.data + table_at, n * XJI_ENTRY_SIZE, 1));
            xj_set_u64(f.data + 56, xj_checksum(f.data, 56, 0));
            store_segment_file(f.data, f.n);
            assert_int_equal(open_as(&seg, f.n, xj_get_u64(f.data + 56), NULL), XJ_ECORRUPT);
        }
        xj_set_u64(f.data + header[i], v);
    }
    xj_buf_release(&f);
}

/* ---- any byte ---- */

/* Open, use and check: whatever it says, it must say so. */
static bool survives(image *m)
{
    xj_segment *seg;
    uint64_t n;
    if (image_open(m, &seg) != XJ_OK)
        return false;
    use_segment(seg);
    assert_int_equal(xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, NULL), XJ_OK);
    xj_segment_close(&seg);
    return true;
}

static uint8_t random_byte(void)
{
    static const uint8_t some[] = {0x00, 0xFF, 0x80, 0x7F, 0x01};
    return random_below(2) ? some[random_below(5)] : (uint8_t)random_below(256);
}

static uint64_t change_raw(image *m, uint32_t type, uint32_t step)
{
    uint64_t opened = 0;
    for (size_t i = random_below(step); i < m->sec[type].n; i += 1 + random_below(2 * step - 1)) {
        uint8_t *p = m->sec[type].data + i, was = *p;
        *p = random_byte();
        opened += survives(m);
        *p = was;
    }
    return opened;
}

/* Bytes of what the frames hold. */
static uint64_t change_frames(image *m, uint32_t frames, uint32_t step)
{
    uint64_t opened = 0;
    xj_buf raw = XJ_BUF_INIT, packed = XJ_BUF_INIT;
    for (size_t f = 0; f < n_frames(m, frames); f++) {
        size_t size, from = frame_at(m, frames, f, &size);
        packed.n = 0;
        OK(xj_buf_put(&packed, m->sec[frames].data + from, size, &err));
        frame_get(m, frames, f, &raw);
        for (size_t i = random_below(step); i < raw.n; i += 1 + random_below(2 * step - 1)) {
            uint8_t was = raw.data[i];
            raw.data[i] = random_byte();
            frame_set(m, frames, f, raw.data, raw.n);
            opened += survives(m);
            raw.data[i] = was;
        }
        frame_put(m, frames, f, packed.data, packed.n);
    }
    xj_buf_release(&raw);
    xj_buf_release(&packed);
    return opened;
}

/* Any byte of any section, and of what its frames hold, changed under right checksums: no crash and no loop. */
static void test_segment_damage__any_changed_byte_under_right_checksums(void **state)
{
    (void)state;
    image m;
    uint64_t opened = 0;
    alarm(600); /* a loop that never ends is a failure too */
    seed(14);
    for (int round = 0; round < 2; round++) {
        (round ? take_long : take_small)(&m);
        uint32_t step = round ? 23 : 1; /* of the larger one some bytes */
        for (uint32_t type = 1; type < XJI_SEC_END; type++)
            opened += m.kind[type] == XJI_KIND_FRAMES ? change_frames(&m, type, step) : change_raw(&m, type, step);
        image_release(&m);
    }
    alarm(0);
    assert_true(opened > 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_segment_dir, leave)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_segment_damage__every_truncation_is_refused),
        TEST(test_segment_damage__cut_while_open),
        TEST(test_segment_damage__every_changed_byte_is_found),
        TEST(test_segment_damage__check_reports_and_stops),
        TEST(test_segment_damage__failed_lookups_leave_zeros),
        TEST(test_segment_damage__taken_apart_and_sealed_it_is_the_same),
        TEST(test_segment_damage__postings_out_of_order_or_range),
        TEST(test_segment_damage__padding_of_postings),
        TEST(test_segment_damage__frequencies_that_overflow),
        TEST(test_segment_damage__overlong_varints),
        TEST(test_segment_damage__pages_that_end_early_or_late),
        TEST(test_segment_damage__codes_out_of_range),
        TEST(test_segment_damage__block_directory_that_lies),
        TEST(test_segment_damage__inline_codes_out_of_range),
        TEST(test_segment_damage__terms_that_do_not_fit),
        TEST(test_segment_damage__long_terms_that_do_not_fit),
        TEST(test_segment_damage__pairs_out_of_order),
        TEST(test_segment_damage__character_lists),
        TEST(test_segment_damage__lists_of_rare_and_common_characters),
        TEST(test_segment_damage__strings_that_lie),
        TEST(test_segment_damage__indexes_that_lie),
        TEST(test_segment_damage__frames_that_lie),
        TEST(test_segment_damage__frames_of_something_else),
        TEST(test_segment_damage__pages_stored_in_too_many_bytes),
        TEST(test_segment_damage__records_outside_their_frames),
        TEST(test_segment_damage__text_tables_that_lie),
        TEST(test_segment_damage__texts_that_lie),
        TEST(test_segment_damage__tables_that_lie),
        TEST(test_segment_damage__statistics_that_lie),
        TEST(test_segment_damage__header_tells_what_is_wrong),
        TEST(test_segment_damage__section_tables_that_lie),
        TEST(test_segment_damage__optional_sections),
        TEST(test_segment_damage__section_offsets_that_lie),
        TEST(test_segment_damage__any_changed_byte_under_right_checksums),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
