/*
 * Segment files: what the writer was given the reader returns; a file that is cut, changed, or well-sealed nonsense is
 * found at open, at use or by the check, and never does harm. Nonsense is made by taking a good file apart into its
 * sections, changing them and sealing the file again with right checksums.
 */
#include "xj/segment_write.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"
#include <zstd.h>

#include "../../common/src/format_priv.h"
#include "invert.h"
#include "tokens.h"
#include "xj/record.h"
#include "xj/utf8.h"

static char dir[64];
static int dir_fd = -1;

#define NAME "seg-1-0.xjs"

static int make_dir(void **state)
{
    (void)state;
    if (make_folder(dir) != 0)
        return -1;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY);
    return dir_fd < 0 ? -1 : 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlinkat(dir_fd, NAME, 0);
    close(dir_fd);
    return rmdir(dir); /* fails when a test left something behind */
}

/* ---- writing ---- */

static xj_segment_writer *begin(void)
{
    xj_segment_writer *w;
    uint32_t number;
    unlinkat(dir_fd, NAME, 0);
    OK(xj_segment_writer_open(&w, dir_fd, dir, NAME, &err));
    OK(xj_segment_writer_section(w, NULL, 0, &number, &err));
    assert_int_equal(number, 0);
    return w;
}

static xj_segment *finish(xj_segment_writer *w)
{
    xj_segment_seal seal;
    xj_segment *seg;
    OK(xj_segment_writer_finish(&w, &seal, &err));
    assert_null(w);
    OK(xj_segment_open(&seg, dir_fd, dir, NAME, seal.size, seal.header_sum, &err));
    return seg;
}

/* n passages without text, in one report. */
static void add_blank_passages(xj_segment_writer *w, uint32_t n)
{
    static const uint8_t blank[] = {0, 0, 0}; /* no text; a map that begins at 0, without entries */
    xj_report_meta meta = {.id = {"r", 1}};
    xj_buf b = XJ_BUF_INIT;
    for (uint32_t i = 0; i < n; i++)
        OK(xj_segment_writer_passage(w, 0, 0, blank, sizeof blank, 0, 0, &err));
    OK(xj_report_meta_put(&b, &meta, &err));
    OK(xj_segment_writer_report(w, "r", 1, 0, 0, b.data, b.n, &err));
    xj_buf_release(&b);
}

/* A segment of real passages: texts, two to a report, every second one under a heading. */
static xj_segment *build(const char *const *texts, uint32_t n)
{
    xj_segment_writer *w = begin();
    xji_tokenizer *tokenizer;
    xji_inverter *inverter;
    xji_tokens tokens = XJI_TOKENS_INIT;
    xj_units units = XJ_UNITS_INIT;
    xj_buf b = XJ_BUF_INIT;
    xj_heading_path path = {.n = 1, .heading = {{"一、总体情况", 18}}};
    uint32_t section;
    OK(xji_tokenizer_new(&tokenizer, &err));
    OK(xji_inverter_new(&inverter, &err));
    OK(xj_heading_path_put(&b, &path, &err));
    OK(xj_segment_writer_section(w, b.data, b.n, &section, &err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t cp[256], beg[256], length;
        uint8_t len[256];
        size_t n_cp = 0, bytes = strlen(texts[i]);
        for (size_t at = 0; at < bytes; n_cp++) {
            beg[n_cp] = (uint32_t)at;
            len[n_cp] = (uint8_t)xj_utf8_decode((const uint8_t *)texts[i] + at, bytes - at, &cp[n_cp], NULL);
            at += len[n_cp];
        }
        tokens.n_pairs = tokens.n_words = tokens.keys.n = 0;
        OK(xj_units_read(&units, cp, n_cp, 0, &err));
        OK(xji_tokenize(tokenizer, &units, &tokens, &length, &err));
        OK(xji_inverter_add(inverter, i, &tokens, 0, tokens.n_pairs, 0, tokens.n_words, &err));
        b.n = 0;
        OK(xj_passage_put(&b, XJ_ENC_UTF8, cp, beg, len, NULL, n_cp, &err));
        OK(xj_segment_writer_passage(w, i % 2 ? section : 0, length, b.data, b.n, n_cp, bytes, &err));
        if (i % 2 == 1 || i + 1 == n) {
            char id[16];
            int n_id = snprintf(id, sizeof id, "r%03u", 999 - i / 2);
            xj_report_meta meta = {.id = {id, (size_t)n_id}, .title = {"调研", 6}};
            b.n = 0;
            OK(xj_report_meta_put(&b, &meta, &err));
            OK(xj_segment_writer_report(w, id, (size_t)n_id, 2020 + i, bytes, b.data, b.n, &err));
        }
    }
    OK(xji_inverter_flush(inverter, w, &err));
    xji_inverter_free(inverter);
    xji_tokenizer_free(tokenizer);
    xji_tokens_release(&tokens);
    xj_units_release(&units);
    xj_buf_release(&b);
    return finish(w);
}

static const char *const small_texts[] = {"坚持新时代枫桥经验，5G网络。", "枫桥经验人人人人", "Communities run 5G.", "化解矛盾", "人"};
enum { N_SMALL = sizeof small_texts / sizeof *small_texts };

static xj_segment *build_small(void)
{
    return build(small_texts, N_SMALL);
}

/* 300 passages that all hold one pair, so that its list has three blocks. */
static xj_segment *build_long(void)
{
    static const char *texts[300];
    for (size_t i = 0; i < 300; i++)
        texts[i] = i % 7 ? "甲乙" : "甲乙甲乙";
    return build(texts, 300);
}

/* ---- using everything ---- */

static void note(xj_status st, const xj_error *e, xj_status *first)
{
    assert_true((st == XJ_OK) == (e->code == XJ_OK));
    if (st != XJ_OK) {
        assert_true(e->message[0] != '\0');
        if (*first == XJ_OK)
            *first = st;
    }
}

static bool walk_list(xj_segment *seg, const xj_term *term, uint64_t n_passages, xj_status *first)
{
    xj_postings it;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_postings_open(&it, seg, term, &e);
    int64_t last = -1;
    uint32_t n = 0;
    while (st == XJ_OK && it.doc != XJ_DOC_END) {
        assert_true((int64_t)it.doc > last && it.doc < n_passages);
        last = it.doc;
        n++;
        assert_true(n <= term->df);
        if (term->adjacency_at != UINT64_MAX) {
            const uint8_t *codes;
            xj_error e2 = XJ_ERROR_INIT;
            xj_status got = xj_postings_adjacency(&it, &codes, &e2);
            note(got, &e2, first);
            volatile uint8_t sum = 0;
            for (uint32_t k = 0; got == XJ_OK && k < it.tf; k++)
                sum = (uint8_t)(sum + codes[k]);
        }
        st = xj_postings_next(&it, &e);
    }
    note(st, &e, first);
    for (uint32_t target = 0; target < n_passages; target += 1 + (uint32_t)n_passages / 40) {
        xj_error_clear(&e);
        st = xj_postings_open(&it, seg, term, &e);
        if (st == XJ_OK)
            st = xj_postings_seek(&it, target, &e);
        note(st, &e, first);
        if (st == XJ_OK && it.doc != XJ_DOC_END)
            assert_true(it.doc >= target && it.doc < n_passages);
    }
    return st == XJ_OK;
}

/* Read all there is to read; the first status that is not XJ_OK, if any. */
static xj_status use(xj_segment *seg)
{
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    xj_status first = XJ_OK;
    xj_record r = XJ_RECORD_INIT;
    xj_passage_text text = XJ_PASSAGE_TEXT_INIT;
    xj_report_meta meta; /* not static: threads call this */
    xj_heading_path path;
    for (uint64_t i = 0; i < t->n_pairs + t->n_words && i < 5000; i++) {
        xj_term term;
        xj_error e = XJ_ERROR_INIT;
        xj_status st = xj_segment_term(seg, i, &term, &e);
        note(st, &e, &first);
        if (st == XJ_OK)
            walk_list(seg, &term, t->n_passages, &first);
    }
    static const struct {
        const char *key;
        size_t n;
    } keys[] = {{"w5g", 3}, {"srun", 4}, {"p", 1}, {"wzz", 3}, {"", 0}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        xj_term term;
        uint64_t lo, hi;
        xj_error e = XJ_ERROR_INIT;
        note(xj_segment_word(seg, (const uint8_t *)keys[i].key, keys[i].n, &term, &e), &e, &first);
        xj_error_clear(&e);
        note(xj_segment_word_range(seg, (const uint8_t *)keys[i].key, keys[i].n, &lo, &hi, &e), &e, &first);
    }
    static const uint32_t pairs[][2] = {{0x67AB, 0x6865}, {0x9A8C, 0}, {0x4EBA, 0x4EBA}, {1, 1}, {0x10FFFF, 0x10FFFF}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        xj_term term;
        uint64_t lo, hi;
        xj_error e = XJ_ERROR_INIT;
        note(xj_segment_pair(seg, pairs[i][0], pairs[i][1], &term, &e), &e, &first);
        xj_error_clear(&e);
        note(xj_segment_pair_range(seg, pairs[i][0], &lo, &hi, &e), &e, &first);
    }
    for (uint32_t i = 0; i < t->n_passages && i < 1000; i++) {
        xj_passage_row row;
        xj_error e = XJ_ERROR_INIT;
        note(xj_segment_passage(seg, i, &row, &e), &e, &first);
        xj_error_clear(&e);
        xj_status st = xj_segment_record(seg, XJ_STORE_TEXT, i, &r, &e);
        if (st == XJ_OK)
            st = xj_passage_text_parse(&text, r.data, r.n, XJ_ENC_UTF8, &e);
        note(st, &e, &first);
    }
    for (uint32_t i = 0; i < t->n_reports && i < 1000; i++) {
        xj_report_row row;
        xj_error e = XJ_ERROR_INIT;
        note(xj_segment_report(seg, i, &row, &e), &e, &first);
        xj_error_clear(&e);
        xj_status st = xj_segment_record(seg, XJ_STORE_REPORT, i, &r, &e);
        if (st == XJ_OK)
            st = xj_report_meta_parse(&meta, r.data, r.n, &e);
        note(st, &e, &first);
    }
    for (uint32_t i = 0; i < t->n_sections && i < 1000; i++) {
        xj_error e = XJ_ERROR_INIT;
        xj_status st = xj_segment_record(seg, XJ_STORE_HEADING, i, &r, &e);
        if (st == XJ_OK)
            st = xj_heading_path_parse(&path, r.data, r.n, &e);
        note(st, &e, &first);
    }
    xj_passage_text_release(&text);
    xj_record_release(&r);
    return first;
}

static uint64_t damages(xj_segment *seg, xj_check_depth depth)
{
    uint64_t n = 0;
    OK(xj_segment_check(seg, depth, NULL, NULL, &n, &err));
    return n;
}

static bool print_damage(void *ctx, const xj_error *e)
{
    (void)ctx;
    print_message("damage: %s\n", e->message);
    return true;
}

static void expect_sound(xj_segment *seg)
{
    uint64_t n;
    OK(xj_segment_check(seg, XJ_CHECK_ALL, print_damage, NULL, &n, &err));
    assert_int_equal(n, 0);
    assert_int_equal(use(seg), XJ_OK);
}

/* ---- the file as bytes ---- */

static void load_file(xj_buf *b)
{
    struct stat sb;
    int fd = openat(dir_fd, NAME, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &sb) == 0);
    b->n = 0;
    OK(xj_buf_reserve(b, (size_t)sb.st_size + 1, &err));
    assert_int_equal(read(fd, b->data, (size_t)sb.st_size), sb.st_size);
    b->n = (size_t)sb.st_size;
    close(fd);
}

static void store_file(const uint8_t *s, size_t n)
{
    int fd = openat(dir_fd, NAME, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s, n), (ssize_t)n);
    close(fd);
}

/* Sections of a file, to be changed and put together again. */
typedef struct image {
    xj_buf sec[XJI_SEC_END];
    uint32_t order[XJI_SEC_END];
    uint32_t kind[XJI_SEC_END];
    uint32_t n;
    uint8_t header[XJI_HEADER_SIZE];
} image;

static void image_release(image *m)
{
    for (size_t i = 0; i < XJI_SEC_END; i++)
        xj_buf_release(&m->sec[i]);
}

static void image_load(image *m)
{
    xj_buf f = XJ_BUF_INIT;
    memset(m, 0, sizeof *m);
    load_file(&f);
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

static uint32_t dir_of(uint32_t frames)
{
    switch (frames) {
    case XJI_SEC_TEXT:
        return XJI_SEC_TEXT_DIR;
    case XJI_SEC_POSTINGS:
        return XJI_SEC_POSTINGS_DIR;
    case XJI_SEC_ADJACENCY:
        return XJI_SEC_ADJACENCY_DIR;
    case XJI_SEC_REPORT:
        return XJI_SEC_REPORT_DIR;
    default:
        return XJI_SEC_HEADING_DIR;
    }
}

/* Frames of a section decompressed, one after another. */
static void unpack(const image *m, uint32_t frames, xj_buf *raw)
{
    const xj_buf *d = &m->sec[dir_of(frames)];
    raw->n = 0;
    for (size_t i = 0; i < d->n; i += XJI_FRAME_ENTRY) {
        uint32_t n = xj_get_u32(d->data + i + 12);
        OK(xj_buf_reserve(raw, n, &err));
        assert_int_equal(ZSTD_decompress(raw->data + raw->n, n, m->sec[frames].data + xj_get_u64(d->data + i),
                                         xj_get_u32(d->data + i + 8)), n);
        raw->n += n;
    }
}

/* Replace the frames of a section by raw, cut into frames of at most `page` bytes. */
static void pack(image *m, uint32_t frames, const uint8_t *raw, size_t n, size_t page)
{
    xj_buf *s = &m->sec[frames], *d = &m->sec[dir_of(frames)];
    s->n = d->n = 0;
    for (size_t i = 0; i < n; i += page) {
        size_t part = n - i < page ? n - i : page, bound = ZSTD_compressBound(part);
        uint8_t e[XJI_FRAME_ENTRY];
        OK(xj_buf_reserve(s, bound, &err));
        size_t packed = ZSTD_compress(s->data + s->n, bound, raw + i, part, 1);
        assert_false(ZSTD_isError(packed));
        xj_set_u64(e, s->n);
        xj_set_u32(e + 8, (uint32_t)packed);
        xj_set_u32(e + 12, (uint32_t)part);
        xj_set_u64(e + 16, xj_checksum(s->data + s->n, packed, xji_place(frames, d->n / XJI_FRAME_ENTRY)));
        OK(xj_buf_put(d, e, sizeof e, &err));
        s->n += packed;
    }
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
    store_file(f.data, f.n);
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_segment_open(seg, dir_fd, dir, NAME, f.n, xj_get_u64(f.data + 56), &e);
    assert_int_equal(st, e.code);
    assert_int_equal(st == XJ_OK, *seg != NULL);
    xj_buf_release(&f);
    xj_buf_release(&table);
    return st;
}

/* ---- round trips ---- */

static void test_segment__empty(void **state)
{
    (void)state;
    xj_segment *seg = finish(begin());
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    assert_int_equal(t->n_passages, 0);
    assert_int_equal(t->n_reports, 0);
    assert_int_equal(t->n_sections, 1);
    assert_int_equal(t->n_pairs + t->n_words + t->n_units + t->n_postings + t->n_occurrences, 0);
    xj_term term;
    uint64_t lo = 7, hi = 7;
    OK(xj_segment_pair(seg, 0x67AB, 0x6865, &term, &err));
    assert_int_equal(term.df, 0);
    OK(xj_segment_word(seg, (const uint8_t *)"wabc", 4, &term, &err));
    assert_int_equal(term.df, 0);
    OK(xj_segment_pair_range(seg, 0x67AB, &lo, &hi, &err));
    assert_true(lo == 0 && hi == 0);
    OK(xj_segment_word_range(seg, (const uint8_t *)"w", 1, &lo, &hi, &err));
    assert_true(lo == 0 && hi == 0);
    xj_postings it;
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_next(&it, &err));
    OK(xj_postings_seek(&it, 5, &err));
    assert_true(it.doc == XJ_DOC_END);
    xj_record r = XJ_RECORD_INIT;
    assert_int_equal(xj_segment_record(seg, XJ_STORE_TEXT, 0, &r, NULL), XJ_ECORRUPT);
    assert_int_equal(xj_segment_record(seg, XJ_STORE_REPORT, 0, &r, NULL), XJ_ECORRUPT);
    OK(xj_segment_record(seg, XJ_STORE_HEADING, 0, &r, &err));
    assert_int_equal(r.n, 0);
    xj_record_release(&r);
    expect_sound(seg);
    assert_string_equal(xj_segment_name(seg), NAME);
    xj_segment_close(&seg);
    assert_null(seg);
    xj_segment_close(&seg);
    xj_segment_close(NULL);
}

static void test_segment__real_text(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    assert_int_equal(t->n_passages, N_SMALL);
    assert_int_equal(t->n_reports, 3);
    assert_int_equal(t->n_sections, 2);
    assert_int_equal(t->n_units, 12 + 8 + 3 + 4 + 1);
    expect_sound(seg);
    xj_term term;
    xj_postings it;
    const uint8_t *codes;
    OK(xj_segment_pair(seg, 0x4EBA, 0x4EBA, &term, &err)); /* 人人 */
    assert_int_equal(term.df, 1);
    assert_int_equal(term.cf, 3);
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(it.doc, 1);
    assert_int_equal(it.tf, 3);
    OK(xj_postings_adjacency(&it, &codes, &err));
    assert_memory_equal(codes, "\x01\x12\x23", 3);
    xj_report_row row;
    static const uint32_t ranks[] = {2, 1, 0}; /* ids r999, r998, r997 */
    for (uint32_t i = 0; i < 3; i++) {
        OK(xj_segment_report(seg, i, &row, &err));
        assert_int_equal(row.id_rank, ranks[i]);
        assert_int_equal(row.first_passage, 2 * i);
        assert_int_equal(row.n_passages, i == 2 ? 1 : 2);
    }
    uint64_t bytes = 0;
    assert_int_equal(xj_segment_n_sections(seg), XJI_SEC_END - 1);
    for (size_t i = 0; i < xj_segment_n_sections(seg); i++) {
        assert_true(strlen(xj_segment_section_name(seg, i)) > 0);
        bytes += xj_segment_section_bytes(seg, i);
    }
    xj_buf f = XJ_BUF_INIT;
    load_file(&f);
    assert_true(bytes > 0 && bytes < f.n);
    assert_string_equal(xj_segment_section_name(seg, 99), "?");
    assert_int_equal(xj_segment_section_bytes(seg, 99), 0);
    xj_buf_release(&f);
    xj_segment_close(&seg);
}

static void test_segment__two_builds_give_the_same_bytes(void **state)
{
    (void)state;
    xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
    xj_segment *seg = build_small();
    xj_segment_close(&seg);
    load_file(&a);
    seg = build_small();
    xj_segment_close(&seg);
    load_file(&b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.data, b.data, a.n);
    xj_buf_release(&a);
    xj_buf_release(&b);
}

/* A list of n random postings with adjacency codes that name term, posting and occurrence. */
typedef struct list {
    uint32_t *docs, *tfs;
    uint8_t *codes;
    size_t *code_at; /* of each posting */
    uint32_t n;
    uint64_t cf;
} list;

static void list_make(list *l, uint32_t n, uint32_t n_passages, uint32_t term)
{
    l->n = n;
    l->cf = 0;
    l->docs = malloc(n * sizeof *l->docs);
    l->tfs = malloc(n * sizeof *l->tfs);
    l->code_at = malloc(n * sizeof *l->code_at);
    assert_true(l->docs && l->tfs && l->code_at);
    uint32_t left = n_passages, doc = 0;
    for (uint32_t i = 0; i < n;) { /* each subset is as likely as any other */
        if (random_below(left) < n - i) {
            static const uint32_t some[] = {1, 1, 1, 1, 1, 2, 2, 3, 17, 40};
            l->docs[i] = doc;
            l->tfs[i] = some[random_below(10)];
            l->code_at[i] = (size_t)l->cf;
            l->cf += l->tfs[i];
            i++;
        }
        left--;
        doc++;
    }
    l->codes = malloc((size_t)l->cf);
    assert_non_null(l->codes);
    for (size_t k = 0; k < l->cf; k++)
        l->codes[k] = (uint8_t)(k * 7 + term);
}

static void list_free(list *l)
{
    free(l->docs);
    free(l->tfs);
    free(l->codes);
    free(l->code_at);
}

/* First posting with doc >= target. */
static uint32_t list_find(const list *l, uint32_t target)
{
    uint32_t lo = 0, hi = l->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (l->docs[mid] < target)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void check_at(xj_postings *it, const list *l, uint32_t i, bool codes)
{
    if (i >= l->n) {
        assert_true(it->doc == XJ_DOC_END);
        return;
    }
    assert_int_equal(it->doc, l->docs[i]);
    assert_int_equal(it->tf, l->tfs[i]);
    if (codes) {
        const uint8_t *p;
        OK(xj_postings_adjacency(it, &p, &err));
        assert_memory_equal(p, l->codes + l->code_at[i], l->tfs[i]);
    }
}

static void check_seeks(xj_segment *seg, const xj_term *t, const list *l, uint32_t n_passages, bool codes)
{
    xj_postings it;
    uint32_t step = l->n > 1000 ? l->n / 400 : 1;
    /* From the beginning to each passage, the one before and the one after. */
    for (uint32_t i = 0; i < l->n; i += step) {
        for (int d = -1; d <= 1; d++) {
            uint32_t target = l->docs[i] + (uint32_t)d;
            if (target == UINT32_MAX)
                continue;
            OK(xj_postings_open(&it, seg, t, &err));
            OK(xj_postings_seek(&it, target, &err));
            check_at(&it, l, list_find(l, target), codes);
        }
    }
    OK(xj_postings_open(&it, seg, t, &err));
    OK(xj_postings_seek(&it, l->docs[l->n - 1] + 1, &err));
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_next(&it, &err));
    OK(xj_postings_seek(&it, 0, &err));
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_open(&it, seg, t, &err));
    OK(xj_postings_seek(&it, XJ_DOC_END, &err));
    assert_true(it.doc == XJ_DOC_END);
    /* Onwards in small and large steps, with steps to the next and no-ops between. */
    for (int round = 0; round < 6; round++) {
        uint32_t at = 0, stride = 1 + n_passages / (round % 2 ? 1000 : 20);
        OK(xj_postings_open(&it, seg, t, &err));
        while (at < l->n) {
            uint32_t target = it.doc + random_below(stride);
            if (random_below(4) == 0) {
                OK(xj_postings_next(&it, &err));
                at++;
            } else {
                OK(xj_postings_seek(&it, target, &err));
                at = list_find(l, target) > at ? list_find(l, target) : at;
            }
            check_at(&it, l, at, codes && random_below(8) == 0);
            if (at < l->n) {
                OK(xj_postings_seek(&it, random_below(it.doc + 1), &err)); /* at or before: stays */
                check_at(&it, l, at, false);
            }
        }
    }
}

static void test_segment__lists_of_all_lengths(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 127, 128, 129, 255, 256, 257, 100000};
    enum { N = sizeof lengths / sizeof *lengths, PASSAGES = 130000 };
    list l[N];
    seed(11);
    xj_segment_writer *w = begin();
    add_blank_passages(w, PASSAGES);
    assert_int_equal(xj_segment_writer_n_passages(w), PASSAGES);
    for (uint32_t i = 0; i < N; i++) {
        list_make(&l[i], lengths[i], PASSAGES, i);
        xj_term_postings p = {l[i].docs, l[i].tfs, l[i].n, l[i].codes};
        OK(xj_segment_writer_pair(w, 0x4E00 + i, 0x4E00, &p, &err));
    }
    for (uint32_t i = 0; i < N; i++) { /* and as words, without codes */
        char key[8];
        int n = snprintf(key, sizeof key, "w%u", i);
        xj_term_postings p = {l[i].docs, l[i].tfs, l[i].n, NULL};
        OK(xj_segment_writer_word(w, key, (size_t)n, &p, &err));
    }
    assert_true(xj_segment_writer_memory(w) > 0);
    xj_segment *seg = finish(w);
    for (uint32_t i = 0; i < 2 * N; i++) {
        xj_term t;
        xj_postings it;
        bool codes = i < N;
        const list *k = &l[i % N];
        OK(xj_segment_term(seg, i, &t, &err));
        assert_int_equal(t.df, k->n);
        assert_int_equal(t.cf, k->cf);
        assert_int_equal(t.adjacency_at != UINT64_MAX, codes);
        OK(xj_postings_open(&it, seg, &t, &err));
        for (uint32_t d = 0; d < k->n; d++) {
            check_at(&it, k, d, codes);
            OK(xj_postings_next(&it, &err));
        }
        assert_true(it.doc == XJ_DOC_END);
        check_seeks(seg, &t, k, PASSAGES, codes);
        if (!codes) {
            const uint8_t *p;
            OK(xj_postings_open(&it, seg, &t, &err));
            assert_int_equal(xj_postings_adjacency(&it, &p, NULL), XJ_ECORRUPT);
        }
    }
    assert_int_equal(damages(seg, XJ_CHECK_ALL), 0);
    xj_segment_close(&seg);
    for (uint32_t i = 0; i < N; i++)
        list_free(&l[i]);
}

static void test_segment__extreme_passages_and_frequencies(void **state)
{
    (void)state;
    enum { PASSAGES = 70000 };
    static const uint32_t docs[] = {0, 1, 63, 64, 16384 + 64, PASSAGES - 1};
    static const uint32_t tfs[] = {1, 2, 3, 130, UINT32_MAX, UINT32_MAX - 1};
    xj_segment_writer *w = begin();
    add_blank_passages(w, PASSAGES);
    xj_term_postings p = {docs, tfs, 6, NULL};
    OK(xj_segment_writer_pair(w, 0x10FFFF, 0, &p, &err));
    xj_term_postings last = {docs + 5, tfs + 5, 1, NULL}, zero = {docs, tfs, 1, NULL};
    OK(xj_segment_writer_word(w, "wa", 2, &last, &err));
    OK(xj_segment_writer_word(w, "wb", 2, &zero, &err));
    xj_segment *seg = finish(w);
    xj_term t;
    xj_postings it;
    OK(xj_segment_pair(seg, 0x10FFFF, 0, &t, &err));
    assert_int_equal(t.df, 6);
    assert_true(t.cf == UINT32_MAX); /* saturated */
    OK(xj_postings_open(&it, seg, &t, &err));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(it.doc, docs[i]);
        assert_true(it.tf == tfs[i]);
        OK(xj_postings_next(&it, &err));
    }
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_segment_word(seg, (const uint8_t *)"wa", 2, &t, &err));
    OK(xj_postings_open(&it, seg, &t, &err));
    assert_int_equal(it.doc, PASSAGES - 1);
    assert_true(it.tf == UINT32_MAX - 1);
    assert_int_equal(damages(seg, XJ_CHECK_ALL), 0);
    xj_segment_close(&seg);
}

/* ---- record stores ---- */

static uint8_t record_byte(xj_store store, uint32_t i, size_t k)
{
    return (uint8_t)((k * 2654435761u >> 7) + i * 17 + (unsigned)store);
}

static void test_segment__records_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 127, 128, 300, 0, 16383, 16384, 16385, 0, 5, 1 << 20, 3, 8000, 8000, 8000, 1};
    enum { N = sizeof sizes / sizeof *sizes };
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    xj_segment_writer *w = begin();
    for (uint32_t i = 0; i < N; i++) {
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = record_byte(XJ_STORE_TEXT, i, k);
        OK(xj_segment_writer_passage(w, 0, 0, bytes, sizes[i], 0, 0, &err));
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = record_byte(XJ_STORE_REPORT, i, k);
        OK(xj_segment_writer_report(w, "r", 1, 0, 0, bytes, sizes[i], &err));
        uint32_t number;
        for (size_t k = 0; k < sizes[i]; k++)
            bytes[k] = record_byte(XJ_STORE_HEADING, i, k);
        OK(xj_segment_writer_section(w, bytes, sizes[i], &number, &err));
        assert_int_equal(number, i + 1);
    }
    free(bytes);
    xj_segment *seg = finish(w);
    assert_int_equal(damages(seg, XJ_CHECK_BYTES), 0);
    seed(12);
    xj_record r = XJ_RECORD_INIT; /* one for everything: it must notice what it holds */
    for (uint32_t round = 0; round < 6 * N; round++) {
        xj_store store = (xj_store)(round < 3 * N ? round / N : random_below(3));
        uint32_t i = round < 3 * N ? round % N : random_below(N);
        OK(xj_segment_record(seg, store, i + (store == XJ_STORE_HEADING), &r, &err));
        assert_int_equal(r.n, sizes[i]);
        for (size_t k = 0; k < r.n; k++)
            if (r.data[k] != record_byte(store, i, k))
                fail_msg("store %d record %u differs at byte %zu", store, i, k);
    }
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_record(seg, XJ_STORE_TEXT, N, &r, &e), XJ_ECORRUPT);
    assert_null(r.data);
    assert_int_equal(r.n, 0);
    OK(xj_segment_record(seg, XJ_STORE_TEXT, 1, &r, &err)); /* usable again after a failure */
    assert_int_equal(r.n, 1);
    xj_record_release(&r);
    assert_null(r.raw);
    xj_segment_close(&seg);
}

/* ---- the dictionary ---- */

enum { KEYS = 3000 };

typedef struct key {
    uint8_t s[12];
    size_t n;
} key;

static int compare_keys(const void *a, const void *b)
{
    const key *x = a, *y = b;
    int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
    return c ? c : (x->n > y->n) - (x->n < y->n);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static key random_key(void)
{
    static const uint8_t alphabet[] = {'a', 'b', 0x1F, 0x7F, 0xE6, 0xFF, 0x00};
    key k = {{0}, 1 + random_below(7)};
    k.s[0] = (uint8_t)("psw"[random_below(3)]);
    for (size_t i = 1; i < k.n; i++)
        k.s[i] = alphabet[random_below(sizeof alphabet)];
    return k;
}

static uint64_t random_pair(void)
{
    uint32_t first = 1 + random_below(40), second = random_below(40);
    return xji_pair_key(first == 40 ? 0x10FFFF : first, second == 39 ? 0x10FFFF : second);
}

static void test_segment__dictionary(void **state)
{
    (void)state;
    static key keys[KEYS];
    static uint64_t pairs[KEYS];
    seed(13);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i] = random_key();
        pairs[i] = random_pair();
    }
    qsort(keys, KEYS, sizeof *keys, compare_keys);
    qsort(pairs, KEYS, sizeof *pairs, compare_u64);
    size_t n_keys = 0, n_pairs = 0;
    for (size_t i = 0; i < KEYS; i++) {
        if (i == 0 || compare_keys(&keys[i], &keys[n_keys - 1]) != 0)
            keys[n_keys++] = keys[i];
        if (i == 0 || pairs[i] != pairs[n_pairs - 1])
            pairs[n_pairs++] = pairs[i];
    }
    xj_segment_writer *w = begin();
    add_blank_passages(w, KEYS);
    const uint32_t one = 1;
    for (uint32_t i = 0; i < n_pairs; i++)
        OK(xj_segment_writer_pair(w, (uint32_t)(pairs[i] >> 32), (uint32_t)pairs[i],
                                  &(xj_term_postings){&i, &one, 1, (const uint8_t *)"\0"}, &err));
    for (uint32_t i = 0; i < n_keys; i++)
        OK(xj_segment_writer_word(w, keys[i].s, keys[i].n, &(xj_term_postings){&i, &one, 1, NULL}, &err));
    xj_segment *seg = finish(w);
    xj_term t, by_ordinal;
    xj_postings it;
    uint64_t lo, hi;
    assert_int_equal(damages(seg, XJ_CHECK_ALL), 0);
    for (uint32_t i = 0; i < n_pairs; i++) { /* the posting tells which term was found */
        OK(xj_segment_pair(seg, (uint32_t)(pairs[i] >> 32), (uint32_t)pairs[i], &t, &err));
        assert_int_equal(t.df, 1);
        OK(xj_postings_open(&it, seg, &t, &err));
        assert_int_equal(it.doc, i);
        OK(xj_segment_term(seg, i, &by_ordinal, &err));
        assert_memory_equal(&t, &by_ordinal, sizeof t);
    }
    for (uint32_t i = 0; i < n_keys; i++) {
        OK(xj_segment_word(seg, keys[i].s, keys[i].n, &t, &err));
        assert_int_equal(t.df, 1);
        OK(xj_postings_open(&it, seg, &t, &err));
        assert_int_equal(it.doc, i);
        OK(xj_segment_term(seg, n_pairs + i, &by_ordinal, &err));
        assert_memory_equal(&t, &by_ordinal, sizeof t);
    }
    for (int round = 0; round < 5000; round++) { /* present and absent ones, and ranges, against a scan */
        key k = random_key();
        bool there = bsearch(&k, keys, n_keys, sizeof k, compare_keys) != NULL;
        OK(xj_segment_word(seg, k.s, k.n, &t, &err));
        assert_int_equal(t.df, there);
        uint64_t want_lo = 0, want_hi;
        while (want_lo < n_keys && compare_keys(&keys[want_lo], &k) < 0)
            want_lo++;
        for (want_hi = want_lo; want_hi < n_keys && keys[want_hi].n >= k.n && memcmp(keys[want_hi].s, k.s, k.n) == 0;)
            want_hi++;
        OK(xj_segment_word_range(seg, k.s, k.n, &lo, &hi, &err));
        assert_int_equal(lo, n_pairs + want_lo);
        assert_int_equal(hi, n_pairs + want_hi);
        uint64_t p = random_pair();
        OK(xj_segment_pair(seg, (uint32_t)(p >> 32), (uint32_t)p, &t, &err));
        assert_int_equal(t.df, bsearch(&p, pairs, n_pairs, sizeof p, compare_u64) != NULL);
    }
    for (uint32_t first = 0; first < 60; first++) {
        uint32_t c = first == 59 ? 0x10FFFF : first;
        uint64_t want_lo = 0, want_hi;
        while (want_lo < n_pairs && pairs[want_lo] >> 32 < c)
            want_lo++;
        for (want_hi = want_lo; want_hi < n_pairs && pairs[want_hi] >> 32 == c;)
            want_hi++;
        OK(xj_segment_pair_range(seg, c, &lo, &hi, &err));
        assert_int_equal(lo, want_lo);
        assert_int_equal(hi, want_hi);
    }
    OK(xj_segment_word_range(seg, (const uint8_t *)"", 0, &lo, &hi, &err)); /* the empty prefix: all of them */
    assert_int_equal(lo, n_pairs);
    assert_int_equal(hi, n_pairs + n_keys);
    assert_int_equal(xj_segment_term(seg, n_pairs + n_keys, &t, NULL), XJ_ECORRUPT);
    assert_int_equal(t.df, 0);
    xj_segment_close(&seg);
}

static void test_segment__keys_of_greatest_length(void **state)
{
    (void)state;
    uint8_t long_key[XJ_KEY_MAX + 1];
    memset(long_key, 'x', sizeof long_key);
    long_key[0] = XJ_KEY_PAIR;
    xj_segment_writer *w = begin();
    add_blank_passages(w, 1);
    const uint32_t zero = 0, one = 1;
    xj_term_postings p = {&zero, &one, 1, NULL};
    OK(xj_segment_writer_word(w, long_key, XJ_KEY_MAX, &p, &err));
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_writer_word(w, long_key, XJ_KEY_MAX + 1, &p, &e), XJ_ELIMIT);
    xj_segment_writer_abandon(&w);
    w = begin();
    add_blank_passages(w, 1);
    OK(xj_segment_writer_word(w, long_key, XJ_KEY_MAX, &p, &err));
    xj_segment *seg = finish(w);
    xj_term t;
    OK(xj_segment_word(seg, long_key, XJ_KEY_MAX, &t, &err));
    assert_int_equal(t.df, 1);
    OK(xj_segment_word(seg, long_key, XJ_KEY_MAX - 1, &t, &err));
    assert_int_equal(t.df, 0);
    OK(xj_segment_word(seg, long_key, XJ_KEY_MAX + 1, &t, &err));
    assert_int_equal(t.df, 0);
    xj_segment_close(&seg);
}

/* ---- the writer's file ---- */

static void test_segment__writer_makes_only_new_files(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_segment_close(&seg);
    xj_segment_writer *w = (xj_segment_writer *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_writer_open(&w, dir_fd, dir, NAME, &e), XJ_EIO);
    assert_null(w);
    assert_int_equal(faccessat(dir_fd, NAME, F_OK, 0), 0); /* what stood there stays */
}

static void test_segment__abandoned_file_is_removed(void **state)
{
    (void)state;
    xj_segment_writer *w = begin();
    add_blank_passages(w, 10);
    assert_int_equal(faccessat(dir_fd, NAME, F_OK, 0), 0);
    xj_segment_writer_abandon(&w);
    assert_null(w);
    assert_int_not_equal(faccessat(dir_fd, NAME, F_OK, 0), 0);
    xj_segment_writer_abandon(&w);
    xj_segment_writer_abandon(NULL);
}

static void test_segment__missing_file_and_links(void **state)
{
    (void)state;
    xj_segment *seg = (xj_segment *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_open(&seg, dir_fd, dir, "seg-9-9.xjs", 100, 1, &e), XJ_ECORRUPT);
    assert_null(seg);
    assert_true(e.message[0] != '\0');
    assert_int_equal(symlinkat("/dev/zero", dir_fd, NAME), 0);
    assert_int_not_equal(xj_segment_open(&seg, dir_fd, dir, NAME, 100, 1, NULL), XJ_OK);
    unlinkat(dir_fd, NAME, 0);
    assert_int_equal(mkdirat(dir_fd, NAME, 0777), 0);
    assert_int_not_equal(xj_segment_open(&seg, dir_fd, dir, NAME, 100, 1, NULL), XJ_OK);
    unlinkat(dir_fd, NAME, AT_REMOVEDIR);
}

/* ---- cut and changed bytes ---- */

static void test_segment__every_truncation_is_refused(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_file(&f);
    uint64_t sum = xj_get_u64(f.data + 56);
    int fd = openat(dir_fd, NAME, O_RDWR);
    assert_true(fd >= 0);
    for (size_t n = f.n; n-- > 0;) {
        xj_error e = XJ_ERROR_INIT;
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
        assert_int_equal(xj_segment_open(&seg, dir_fd, dir, NAME, f.n, sum, &e), XJ_ECORRUPT);
        assert_null(seg);
        assert_string_not_equal(e.path, "");
        assert_int_not_equal(xj_segment_open(&seg, dir_fd, dir, NAME, n, sum, NULL), XJ_OK); /* the manifest cut too */
        assert_null(seg);
    }
    close(fd);
    /* A byte more is as wrong as a byte less. */
    OK(xj_buf_put(&f, "", 1, &err));
    store_file(f.data, f.n);
    assert_int_equal(xj_segment_open(&seg, dir_fd, dir, NAME, f.n - 1, sum, NULL), XJ_ECORRUPT);
    assert_int_not_equal(xj_segment_open(&seg, dir_fd, dir, NAME, f.n, sum, NULL), XJ_OK);
    xj_buf_release(&f);
}

/* A file that is cut while it is open: an error, not a signal. */
static void test_segment__cut_while_open(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    int fd = openat(dir_fd, NAME, O_RDWR);
    assert_int_equal(ftruncate(fd, 100), 0);
    close(fd);
    assert_int_equal(use(seg), XJ_ECORRUPT);
    uint64_t n = 0;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, &e), XJ_OK);
    assert_true(n > 0);
    xj_segment_close(&seg);
}

static void test_segment__every_changed_byte_is_found(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xFF};
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_file(&f);
    uint64_t sum = xj_get_u64(f.data + 56);
    int fd = openat(dir_fd, NAME, O_RDWR);
    assert_true(fd >= 0);
    for (size_t i = 0; i < f.n; i++) {
        uint8_t b = f.data[i] ^ masks[i % 3];
        xj_error e = XJ_ERROR_INIT;
        assert_int_equal(pwrite(fd, &b, 1, (off_t)i), 1);
        xj_status st = xj_segment_open(&seg, dir_fd, dir, NAME, f.n, sum, &e);
        if (st == XJ_OK) {
            xj_status used = use(seg);
            assert_true(used == XJ_OK || used == XJ_ECORRUPT);
            if (damages(seg, XJ_CHECK_BYTES) == 0 || damages(seg, XJ_CHECK_ALL) == 0)
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

static void test_segment__check_reports_and_stops(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    int calls = 0;
    uint64_t n = 0;
    load_file(&f);
    /* Two sections with a wrong byte each: the text frames follow the header, the report table stands at the end. */
    f.data[XJI_HEADER_SIZE] ^= 1;
    const uint8_t *last = f.data + f.n - XJI_ENTRY_SIZE;
    f.data[xj_get_u64(last + 8)] ^= 1;
    xj_segment_close(&seg);
    store_file(f.data, f.n);
    OK(xj_segment_open(&seg, dir_fd, dir, NAME, f.n, xj_get_u64(f.data + 56), &err));
    assert_int_equal(damages(seg, XJ_CHECK_BYTES), 2);
    OK(xj_segment_check(seg, XJ_CHECK_ALL, stop_at_once, &calls, &n, &err));
    assert_int_equal(calls, 1);
    assert_int_equal(n, 1);
    xj_segment_close(&seg);
    xj_buf_release(&f);
}

/* On failure every out-parameter is zero (section 3 of the style guide). */
static void test_segment__failed_lookups_leave_zeros(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    load_file(&f);
    const uint8_t *table = f.data + xj_get_u64(f.data + 32);
    for (uint32_t i = 0; i < xj_get_u32(f.data + 48); i++) {
        const uint8_t *e = table + (size_t)i * XJI_ENTRY_SIZE;
        uint32_t type = xj_get_u32(e);
        if (type == XJI_SEC_PAIRS || type == XJI_SEC_WORD_OFFSETS)
            f.data[xj_get_u64(e + 8)] ^= 0x40;
    }
    xj_segment_close(&seg);
    store_file(f.data, f.n);
    OK(xj_segment_open(&seg, dir_fd, dir, NAME, f.n, xj_get_u64(f.data + 56), &err));
    uint64_t lo = 12345, hi = 12345;
    xj_term t;
    memset(&t, 0xEE, sizeof t);
    assert_int_equal(xj_segment_pair_range(seg, 0x4EBA, &lo, &hi, NULL), XJ_ECORRUPT);
    assert_int_equal(lo, 0);
    assert_int_equal(hi, 0);
    lo = hi = 12345;
    assert_int_equal(xj_segment_word_range(seg, (const uint8_t *)"w", 1, &lo, &hi, NULL), XJ_ECORRUPT);
    assert_int_equal(lo, 0);
    assert_int_equal(hi, 0);
    assert_int_equal(xj_segment_pair(seg, 0x4EBA, 0x4EBA, &t, NULL), XJ_ECORRUPT);
    assert_int_equal(t.df, 0);
    assert_int_equal(xj_segment_word(seg, (const uint8_t *)"w5g", 3, &t, NULL), XJ_ECORRUPT);
    assert_int_equal(t.df, 0);
    xj_segment_close(&seg);
    xj_buf_release(&f);
}

/* ---- nonsense with right checksums ---- */

/* Where nonsense must be found. Each of them may find it earlier still. */
enum { AT_OPEN = 1, AT_USE = 2, AT_CHECK = 4 };

/* Seal the changed image and look at it in a process of its own: a crash or a loop fails this test, not the run. */
static void judge(image *m, const char *what, unsigned where)
{
    fflush(stdout);
    fflush(stderr);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        xj_segment *seg;
        int found = 0;
        alarm(10);
        xj_status st = image_open(m, &seg);
        if (st != XJ_OK) {
            found = AT_OPEN | AT_USE | AT_CHECK;
        } else {
            if (use(seg) != XJ_OK)
                found |= AT_USE;
            uint64_t n = 0;
            if (xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, NULL) != XJ_OK)
                found = 64;
            if (n > 0)
                found |= AT_CHECK;
            xj_segment_close(&seg);
        }
        _exit(found);
    }
    int status = 0;
    assert_true(waitpid(child, &status, 0) == child);
    image_release(m);
    if (WIFSIGNALED(status))
        fail_msg("%s: killed by signal %d%s", what, WTERMSIG(status), WTERMSIG(status) == 14 ? " (it never ended)" : "");
    if ((WEXITSTATUS(status) & where) != where)
        fail_msg("%s: not found at%s%s%s", what, where & ~WEXITSTATUS(status) & AT_OPEN ? " open" : "",
                 where & ~WEXITSTATUS(status) & AT_USE ? " use" : "", where & ~WEXITSTATUS(status) & AT_CHECK ? " check" : "");
}

static void take_small(image *m)
{
    xj_segment *seg = build_small();
    xj_segment_close(&seg);
    image_load(m);
}

static void take_long(image *m)
{
    xj_segment *seg = build_long();
    xj_segment_close(&seg);
    image_load(m);
}

static uint8_t *at(image *m, uint32_t type, size_t offset)
{
    assert_true(offset < m->sec[type].n);
    return m->sec[type].data + offset;
}

static void test_segment__taken_apart_and_sealed_it_is_the_same(void **state)
{
    (void)state;
    image m;
    xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
    xj_segment *seg;
    take_long(&m);
    assert_int_equal(m.sec[XJI_SEC_BLOCKS].n, 6 * XJI_BLOCK_SIZE);
    assert_int_equal(image_open(&m, &seg), XJ_OK);
    expect_sound(seg); /* or what is found in a changed one would mean nothing */
    xj_segment_close(&seg);
    image_release(&m);
    take_small(&m);
    load_file(&a);
    assert_int_equal(image_open(&m, &seg), XJ_OK);
    load_file(&b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.data, b.data, a.n);
    xj_segment_close(&seg);
    unpack(&m, XJI_SEC_POSTINGS, &a);
    pack(&m, XJI_SEC_POSTINGS, a.data, a.n, XJI_PAGE);
    unpack(&m, XJI_SEC_ADJACENCY, &a);
    pack(&m, XJI_SEC_ADJACENCY, a.data, a.n, XJI_PAGE);
    assert_int_equal(image_open(&m, &seg), XJ_OK);
    expect_sound(seg);
    xj_segment_close(&seg);
    image_release(&m);
    xj_buf_release(&a);
    xj_buf_release(&b);
}

/* Change one number of a section by hand. */
static void patch32(bool of_long, uint32_t type, size_t offset, uint32_t v, const char *what, unsigned where)
{
    image m;
    (of_long ? take_long : take_small)(&m);
    assert_true(offset + 4 <= m.sec[type].n);
    xj_set_u32(at(&m, type, offset), v);
    judge(&m, what, where);
}

static void patch64(bool of_long, uint32_t type, size_t offset, uint64_t v, const char *what, unsigned where)
{
    image m;
    (of_long ? take_long : take_small)(&m);
    assert_true(offset + 8 <= m.sec[type].n);
    xj_set_u64(at(&m, type, offset), v);
    judge(&m, what, where);
}

/* Replace bytes of the decompressed postings or adjacency. */
static void patch_stream(bool of_long, uint32_t type, size_t offset, const void *s, size_t n, const char *what, unsigned where)
{
    image m;
    xj_buf raw = XJ_BUF_INIT;
    (of_long ? take_long : take_small)(&m);
    unpack(&m, type, &raw);
    assert_true(offset + n <= raw.n);
    memcpy(raw.data + offset, s, n);
    pack(&m, type, raw.data, raw.n, XJI_PAGE);
    xj_buf_release(&raw);
    judge(&m, what, where);
}

static void test_segment__postings_out_of_order_or_range(void **state)
{
    (void)state;
    /* The list of 乙 at the end of a run comes first: 300 postings of a byte each, (gap << 1 | more). */
    patch_stream(true, XJI_SEC_POSTINGS, 2, "\x00", 1, "a gap of 0", AT_USE | AT_CHECK);
    patch_stream(true, XJI_SEC_POSTINGS, 2, "\xFE\x7F", 2, "a gap beyond the passages", AT_USE | AT_CHECK);
    patch_stream(true, XJI_SEC_POSTINGS, 0, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, "a gap of 2^62", AT_USE | AT_CHECK);
}

/* Frequencies are stored less 2; none may come out as 0, and none as 1 in a long way. */
static void test_segment__frequencies_that_overflow(void **state)
{
    (void)state;
    patch_stream(true, XJI_SEC_POSTINGS, 0, "\x03\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11, "a frequency of 2^64",
                 AT_USE | AT_CHECK);
    patch_stream(true, XJI_SEC_POSTINGS, 0, "\x03\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11, "a frequency of 2^64 + 1",
                 AT_USE | AT_CHECK);
    patch_stream(true, XJI_SEC_POSTINGS, 0, "\x03\xFE\xFF\xFF\xFF\x0F", 6, "a frequency of 2^32", AT_USE | AT_CHECK);
    /* With nothing else wrong: a segment of one posting whose counts say what the overflow gives. */
    for (uint32_t tf = 0; tf < 2; tf++) {
        static const char *const texts[] = {"人"};
        image m;
        uint8_t bytes[XJ_VARINT_MAX + 1] = {3};
        size_t n = 1 + xj_varint_put(bytes + 1, (uint64_t)tf - 2);
        xj_segment *seg = build(texts, 1);
        xj_segment_close(&seg);
        image_load(&m);
        pack(&m, XJI_SEC_POSTINGS, bytes, n, XJI_PAGE);
        xj_set_u32(at(&m, XJI_SEC_TERMS, 20), tf);
        xj_set_u64(at(&m, XJI_SEC_STATS, 7 * 8), tf);
        judge(&m, tf ? "a frequency of 1 by overflow" : "a frequency of 0 by overflow", AT_USE | AT_CHECK);
    }
}

static void test_segment__overlong_varint_in_a_list(void **state)
{
    (void)state;
    patch_stream(true, XJI_SEC_POSTINGS, 0, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12, "an overlong varint",
                 AT_USE | AT_CHECK);
}

/* A list near the end of the stream whose varints never end: there is nothing more to read, and that must be said. */
static void test_segment__overlong_varint_at_the_end_of_the_stream(void **state)
{
    (void)state;
    image m;
    xj_buf raw = XJ_BUF_INIT;
    take_long(&m);
    unpack(&m, XJI_SEC_POSTINGS, &raw);
    /* The last page ends with the stream; move the first term's list to 1,600 bytes before its end. */
    while (raw.n < XJI_PAGE)
        OK(xj_buf_put(&raw, "\xFF", 1, &err));
    memset(raw.data + XJI_PAGE - 1600, 0xFF, 1600);
    pack(&m, XJI_SEC_POSTINGS, raw.data, raw.n, XJI_PAGE);
    xj_set_u32(at(&m, XJI_SEC_TERMS, 16), 100); /* one block: no directory to look at */
    xj_set_u64(at(&m, XJI_SEC_TERMS, 0), XJI_PAGE - 1600);
    xj_buf_release(&raw);
    judge(&m, "an overlong varint at the end of the stream", AT_USE | AT_CHECK);
}

static void test_segment__terms_that_do_not_fit(void **state)
{
    (void)state;
    enum { POSTINGS_AT = 0, ADJACENCY_AT = 8, DF = 16, CF = 20, FIRST_BLOCK = 24 };
    image m;
    take_small(&m);
    uint32_t true_df = xj_get_u32(at(&m, XJI_SEC_TERMS, DF));
    image_release(&m);
    patch32(false, XJI_SEC_TERMS, DF, 0, "df 0", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_TERMS, DF, N_SMALL + 1, "df above the number of passages", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_TERMS, DF, UINT32_MAX, "the greatest df", AT_USE | AT_CHECK);
    for (uint32_t df = true_df + 1; df <= N_SMALL; df++)
        patch32(false, XJI_SEC_TERMS, DF, df, "df larger than the list", AT_CHECK);
    patch32(true, XJI_SEC_TERMS, DF, 299, "df smaller than a long list", AT_CHECK);
    patch32(true, XJI_SEC_TERMS, DF, 200, "df of fewer blocks", AT_USE | AT_CHECK);
    patch32(true, XJI_SEC_TERMS, DF, 5, "df of a short list for a long one", AT_CHECK);
    patch32(false, XJI_SEC_TERMS, CF, 77, "cf that is not the sum", AT_CHECK);
    patch32(true, XJI_SEC_TERMS, FIRST_BLOCK, 1, "another first block", AT_CHECK);
    patch32(true, XJI_SEC_TERMS, FIRST_BLOCK, UINT32_MAX, "a first block outside", AT_USE | AT_CHECK);
    patch64(false, XJI_SEC_TERMS, POSTINGS_AT, 1, "a list that begins late", AT_CHECK);
    patch64(false, XJI_SEC_TERMS, POSTINGS_AT, UINT64_MAX, "a list at the greatest offset", AT_USE | AT_CHECK);
    patch64(false, XJI_SEC_TERMS, POSTINGS_AT, XJI_PAGE, "a list at the end of the stream", AT_USE | AT_CHECK);
    patch64(false, XJI_SEC_TERMS, POSTINGS_AT, XJI_PAGE - 1, "a list in the last byte", AT_USE | AT_CHECK);
    patch64(false, XJI_SEC_TERMS, ADJACENCY_AT, 1, "codes that begin late", AT_CHECK);
    patch64(false, XJI_SEC_TERMS, ADJACENCY_AT, UINT64_MAX - 1, "codes at the greatest offset", AT_USE | AT_CHECK);
    patch64(false, XJI_SEC_TERMS, ADJACENCY_AT, XJI_PAGE, "codes at the end of the stream", AT_USE | AT_CHECK);
}

/* A search fails on a pair without codes, so a check must not call the segment sound. */
static void test_segment__pair_without_codes(void **state)
{
    (void)state;
    /* The term must be the last with codes, or the offsets of those behind it betray it. */
    image m;
    xj_segment *seg;
    take_small(&m);
    size_t last = SIZE_MAX;
    for (size_t i = 0; i < m.sec[XJI_SEC_TERMS].n; i += XJI_TERM_SIZE)
        if (xj_get_u64(at(&m, XJI_SEC_TERMS, i + 8)) != UINT64_MAX)
            last = i;
    assert_true(last != SIZE_MAX);
    xj_set_u64(at(&m, XJI_SEC_TERMS, last + 8), UINT64_MAX);
    assert_int_equal(image_open(&m, &seg), XJ_OK);
    xj_segment_close(&seg);
    judge(&m, "a boundary pair without codes", AT_CHECK);
}

/* Streams hold the lists and nothing else: codes that are cut off must not read as zeros. */
static void test_segment__streams_that_end_early_or_late(void **state)
{
    (void)state;
    static const uint32_t streams[] = {XJI_SEC_ADJACENCY, XJI_SEC_POSTINGS};
    for (size_t i = 0; i < 2; i++) {
        image m;
        xj_buf raw = XJ_BUF_INIT;
        take_small(&m);
        unpack(&m, streams[i], &raw);
        pack(&m, streams[i], raw.data, raw.n - 1, XJI_PAGE);
        judge(&m, i ? "postings cut by a byte" : "codes cut by a byte", AT_CHECK);
        take_small(&m);
        OK(xj_buf_put(&raw, "\x55", 1, &err));
        pack(&m, streams[i], raw.data, raw.n, XJI_PAGE);
        judge(&m, i ? "a byte behind the last list" : "a byte behind the last codes", AT_CHECK);
        xj_buf_release(&raw);
    }
}

static void test_segment__block_directory_that_lies(void **state)
{
    (void)state;
    enum { LAST = 0, POSTINGS_AT = 4, ADJACENCY_AT = 12 };
    for (size_t block = 0; block < 3; block++) {
        size_t b = (3 + block) * XJI_BLOCK_SIZE; /* of 甲乙; the first three are of 乙 at the end of a run, without codes */
        patch32(true, XJI_SEC_BLOCKS, b + LAST, 5, "a last passage too small", AT_USE | AT_CHECK);
        patch32(true, XJI_SEC_BLOCKS, b + LAST, 299 - (uint32_t)(block == 2), "a last passage of another block", AT_USE | AT_CHECK);
        patch32(true, XJI_SEC_BLOCKS, b + LAST, UINT32_MAX, "the greatest last passage", AT_USE | AT_CHECK);
        patch64(true, XJI_SEC_BLOCKS, b + POSTINGS_AT, 3, "a block elsewhere", AT_CHECK);
        patch32(true, XJI_SEC_BLOCKS, block * XJI_BLOCK_SIZE + LAST, 5, "a last passage of a list without codes", AT_USE | AT_CHECK);
        patch64(true, XJI_SEC_BLOCKS, b + POSTINGS_AT, UINT64_MAX, "a block at the greatest offset", AT_USE | AT_CHECK);
        patch64(true, XJI_SEC_BLOCKS, b + POSTINGS_AT, XJI_PAGE - 5, "a block at the end of the stream", AT_USE | AT_CHECK);
        patch64(true, XJI_SEC_BLOCKS, b + ADJACENCY_AT, 3, "codes of a block elsewhere", AT_CHECK);
        patch64(true, XJI_SEC_BLOCKS, b + ADJACENCY_AT, UINT64_MAX - 2, "codes of a block at the greatest offset", AT_USE | AT_CHECK);
    }
}

static void test_segment__frames_that_lie(void **state)
{
    (void)state;
    static const uint32_t all[] = {XJI_SEC_TEXT, XJI_SEC_POSTINGS, XJI_SEC_ADJACENCY, XJI_SEC_REPORT, XJI_SEC_HEADING};
    enum { OFFSET = 0, PACKED = 8, RAW = 12 };
    for (size_t i = 0; i < 5; i++) {
        uint32_t d = dir_of(all[i]);
        image m;
        take_small(&m);
        uint32_t raw = xj_get_u32(at(&m, d, RAW));
        image_release(&m);
        patch32(false, d, RAW, raw + 1, "a raw size one too large", AT_USE | AT_CHECK);
        patch32(false, d, RAW, raw - 1, "a raw size one too small", AT_USE | AT_CHECK);
        patch32(false, d, RAW, 0, "a raw size of 0", AT_USE | AT_CHECK);
        patch32(false, d, RAW, (uint32_t)XJI_FRAME_RAW_MAX, "the greatest raw size", AT_USE | AT_CHECK);
        patch32(false, d, RAW, (uint32_t)XJI_FRAME_RAW_MAX + 1, "a raw size above the limit", AT_USE | AT_CHECK);
        patch32(false, d, RAW, UINT32_MAX, "the greatest number as raw size", AT_USE | AT_CHECK);
        patch32(false, d, PACKED, 0, "an empty frame", AT_USE | AT_CHECK);
        patch32(false, d, PACKED, UINT32_MAX, "a frame longer than its section", AT_USE | AT_CHECK);
        patch64(false, d, OFFSET, 1, "a frame elsewhere", AT_USE | AT_CHECK);
        patch64(false, d, OFFSET, UINT64_MAX, "a frame at the greatest offset", AT_USE | AT_CHECK);
    }
}

/* Frames that are no zstd, or not only: the directory's checksum is right, the content is not. */
static void test_segment__frames_of_something_else(void **state)
{
    (void)state;
    static const uint32_t all[] = {XJI_SEC_TEXT, XJI_SEC_POSTINGS, XJI_SEC_ADJACENCY, XJI_SEC_REPORT, XJI_SEC_HEADING};
    for (size_t i = 0; i < 5; i++) {
        for (int kind = 0; kind < 3; kind++) {
            image m;
            take_small(&m);
            xj_buf *s = &m.sec[all[i]], *d = &m.sec[dir_of(all[i])];
            if (kind == 0) {
                memset(s->data, 0x41, s->n);
            } else if (kind == 1) {
                s->data[s->n - 1] ^= 0x10;
                s->data[s->n / 2] ^= 0x10;
            } else {
                OK(xj_buf_put(s, "tail", 4, &err));
                xj_set_u32(d->data + 8, (uint32_t)s->n);
            }
            xj_set_u64(d->data + 16, xj_checksum(s->data, s->n, xji_place(all[i], 0)));
            judge(&m, kind == 0 ? "a frame that is not zstd" : kind == 1 ? "a damaged frame" : "a frame with bytes behind it",
                  kind == 1 ? 0 : AT_USE | AT_CHECK);
        }
    }
}

static void test_segment__records_outside_their_frames(void **state)
{
    (void)state;
    static const uint32_t all[] = {XJI_SEC_TEXT_INDEX, XJI_SEC_REPORT_INDEX, XJI_SEC_HEADING_INDEX};
    static const uint32_t frames[] = {XJI_SEC_TEXT, XJI_SEC_REPORT, XJI_SEC_HEADING};
    for (size_t i = 0; i < 3; i++) {
        image m;
        xj_buf raw = XJ_BUF_INIT;
        patch32(false, all[i], 0, 1, "a frame that is not there", AT_USE | AT_CHECK);
        patch32(false, all[i], 0, UINT32_MAX, "the greatest frame", AT_USE | AT_CHECK);
        patch32(false, all[i], 4, UINT32_MAX, "a record at the greatest offset", AT_USE | AT_CHECK);
        take_small(&m);
        unpack(&m, frames[i], &raw);
        image_release(&m);
        patch32(false, all[i], 4, (uint32_t)raw.n, "a record at the end of its frame", AT_USE | AT_CHECK);
        patch32(false, all[i], 4, (uint32_t)raw.n + 1, "a record behind its frame", AT_USE | AT_CHECK);
        /* A record that claims more bytes than its frame has: by one, and by as much as a varint can say. */
        take_small(&m);
        xj_set_u32(at(&m, all[i], 4), (uint32_t)raw.n);
        OK(xj_buf_put(&raw, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10, &err));
        pack(&m, frames[i], raw.data, raw.n, 1 << 20);
        judge(&m, "a record of the greatest length", AT_USE | AT_CHECK);
        take_small(&m);
        raw.n -= 10;
        xj_set_u32(at(&m, all[i], 4), (uint32_t)raw.n);
        OK(xj_buf_put(&raw, "\x03xy", 3, &err));
        pack(&m, frames[i], raw.data, raw.n, 1 << 20);
        judge(&m, "a record longer than its frame", AT_USE | AT_CHECK);
        xj_buf_release(&raw);
    }
}

static void test_segment__dictionary_that_lies(void **state)
{
    (void)state;
    image m;
    take_small(&m);
    uint64_t first = xj_get_u64(at(&m, XJI_SEC_PAIRS, 0)), second = xj_get_u64(at(&m, XJI_SEC_PAIRS, 8));
    xj_set_u64(at(&m, XJI_SEC_PAIRS, 0), second);
    xj_set_u64(at(&m, XJI_SEC_PAIRS, 8), first);
    judge(&m, "pairs out of order", AT_CHECK);
    patch64(false, XJI_SEC_PAIRS, 8, first, "a pair twice", AT_CHECK);
    patch32(false, XJI_SEC_WORD_OFFSETS, 4, UINT32_MAX, "a word beyond its section", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_WORD_OFFSETS, 4, 0, "an empty word", AT_CHECK);
    patch32(false, XJI_SEC_WORD_OFFSETS, 0, 1, "a byte before the first word", AT_CHECK);
    take_small(&m);
    xj_set_u32(at(&m, XJI_SEC_WORD_OFFSETS, 8), 0);
    judge(&m, "words that run backwards", AT_USE | AT_CHECK);
    take_small(&m);
    m.sec[XJI_SEC_WORD_BYTES].data[0] = 0xFF;
    judge(&m, "words out of order", AT_CHECK);
    take_small(&m);
    OK(xj_buf_put(&m.sec[XJI_SEC_WORD_BYTES], "xyz", 3, &err));
    judge(&m, "bytes behind the last word", AT_CHECK);
    /* A key longer than any that the writer makes. */
    take_small(&m);
    static const uint8_t more[1000] = {0};
    size_t n = m.sec[XJI_SEC_WORD_OFFSETS].n;
    OK(xj_buf_put(&m.sec[XJI_SEC_WORD_BYTES], more, sizeof more, &err));
    xj_set_u32(at(&m, XJI_SEC_WORD_OFFSETS, n - 4), (uint32_t)m.sec[XJI_SEC_WORD_BYTES].n);
    judge(&m, "a word of more than the greatest length", AT_CHECK);
}

static void test_segment__tables_that_lie(void **state)
{
    (void)state;
    enum { REPORT = 0, SECTION = 4, LENGTH = 8 };
    patch32(false, XJI_SEC_PASSAGES, REPORT, 3, "a passage of a report that is not there", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_PASSAGES, REPORT, 1, "a passage of another report", AT_CHECK);
    patch32(false, XJI_SEC_PASSAGES, SECTION, 2, "a passage of a section that is not there", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_PASSAGES, LENGTH, 1, "a passage with another length", AT_CHECK);
    enum { FIRST = 0, N = 4, RANK = 8 };
    patch32(false, XJI_SEC_REPORTS, FIRST, UINT32_MAX, "a report that begins at the greatest passage", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, FIRST, N_SMALL + 1, "a report that begins behind the last passage", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, FIRST, 1, "a report that begins late", AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, N, N_SMALL + 1, "a report with too many passages", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, N, UINT32_MAX, "a report with the most passages", AT_USE | AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, N, 1, "a report with too few passages", AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, RANK, 0, "a rank twice", AT_CHECK);
    patch32(false, XJI_SEC_REPORTS, RANK, UINT32_MAX, "a rank that is not there", AT_CHECK);
}

/* Statistics: the sizes of tables at open, the sums by the check. All but the bytes read can be counted again. */
static void test_segment__statistics_that_lie(void **state)
{
    (void)state;
    static const struct {
        size_t number;
        const char *what;
        unsigned where;
    } rows[] = {
        {0, "n_reports", AT_OPEN},   {1, "n_passages", AT_OPEN},      {2, "n_sections", AT_OPEN}, {3, "n_pairs", AT_OPEN},
        {4, "n_words", AT_OPEN},     {5, "n_units", AT_CHECK},        {6, "n_postings", AT_CHECK}, {7, "n_occurrences", AT_CHECK},
        {8, "n_characters", AT_CHECK}, {9, "text_bytes", AT_CHECK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        image m;
        take_small(&m);
        uint64_t v = xj_get_u64(at(&m, XJI_SEC_STATS, rows[i].number * 8));
        image_release(&m);
        patch64(false, XJI_SEC_STATS, rows[i].number * 8, v + 1, rows[i].what, rows[i].where);
        patch64(false, XJI_SEC_STATS, rows[i].number * 8, UINT64_MAX, rows[i].what, rows[i].where);
        patch64(false, XJI_SEC_STATS, rows[i].number * 8, v + (UINT64_C(1) << 62), rows[i].what, rows[i].where);
    }
}

static void expect_open(image *m, xj_status want, const char *what)
{
    xj_segment *seg;
    xj_status st = image_open(m, &seg);
    if (st != want)
        fail_msg("%s: %s instead of %s", what, xj_status_name(st), xj_status_name(want));
    xj_segment_close(&seg);
    image_release(m);
}

static void test_segment__header_tells_what_is_wrong(void **state)
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
}

static void test_segment__section_tables_that_lie(void **state)
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
    m.kind[XJI_SEC_TEXT] = XJI_KIND_RAW;
    expect_open(&m, XJ_ECORRUPT, "a section of another kind");
    take_small(&m);
    m.kind[XJI_SEC_PAIRS] = XJI_KIND_FRAMES;
    expect_open(&m, XJ_ECORRUPT, "a raw section as frames");
    take_small(&m);
    m.kind[XJI_SEC_PAIRS] = 7;
    expect_open(&m, XJ_ECORRUPT, "an unknown kind");
    static const uint32_t raw[] = {XJI_SEC_STATS, XJI_SEC_PAIRS, XJI_SEC_WORD_OFFSETS, XJI_SEC_TERMS, XJI_SEC_PASSAGES,
                                   XJI_SEC_REPORTS, XJI_SEC_TEXT_INDEX, XJI_SEC_REPORT_INDEX, XJI_SEC_HEADING_INDEX,
                                   XJI_SEC_TEXT_DIR, XJI_SEC_POSTINGS_DIR, XJI_SEC_ADJACENCY_DIR, XJI_SEC_REPORT_DIR,
                                   XJI_SEC_HEADING_DIR};
    for (size_t i = 0; i < sizeof raw / sizeof *raw; i++) {
        take_small(&m);
        m.sec[raw[i]].n--;
        expect_open(&m, XJ_ECORRUPT, "a table a byte short");
        take_small(&m);
        m.sec[raw[i]].n = 0;
        if (raw[i] < XJI_SEC_TEXT_DIR || raw[i] > XJI_SEC_HEADING_DIR) /* no frames may be right */
            expect_open(&m, XJ_ECORRUPT, "an empty table");
        else
            judge(&m, "an empty frame directory", AT_CHECK);
    }
    take_long(&m);
    m.sec[XJI_SEC_BLOCKS].n--;
    expect_open(&m, XJ_ECORRUPT, "a block directory a byte short");
}

/* Table entries by hand: offsets and lengths that overlap, leave gaps or leave the file. */
static void test_segment__section_offsets_that_lie(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_buf f = XJ_BUF_INIT;
    xj_segment_close(&seg);
    load_file(&f);
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
            store_file(f.data, f.n);
            xj_status st = xj_segment_open(&seg, dir_fd, dir, NAME, f.n, xj_get_u64(f.data + 56), NULL);
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
            store_file(f.data, f.n);
            assert_int_equal(xj_segment_open(&seg, dir_fd, dir, NAME, f.n, xj_get_u64(f.data + 56), NULL), XJ_ECORRUPT);
        }
        xj_set_u64(f.data + header[i], v);
    }
    xj_buf_release(&f);
}

/* Any byte of any section, and of what its frames hold, changed under right checksums: no crash and no loop. */
static void test_segment__any_changed_byte_under_right_checksums(void **state)
{
    (void)state;
    image m;
    xj_buf raw = XJ_BUF_INIT;
    uint64_t opened = 0, n;
    alarm(300); /* a loop that never ends is a failure too */
    take_small(&m);
    seed(14);
    for (uint32_t type = 1; type < XJI_SEC_END; type++) {
        xj_buf *s = &m.sec[type];
        bool frames = m.kind[type] == XJI_KIND_FRAMES;
        xj_buf kept = XJ_BUF_INIT, kept_dir = XJ_BUF_INIT;
        if (frames) {
            unpack(&m, type, &raw);
            OK(xj_buf_put(&kept, s->data, s->n, &err));
            OK(xj_buf_put(&kept_dir, m.sec[dir_of(type)].data, m.sec[dir_of(type)].n, &err));
        }
        size_t size = frames ? raw.n : s->n;
        for (size_t i = 0; i < size; i++) {
            uint8_t *p = (frames ? raw.data : s->data) + i, was = *p;
            static const uint8_t some[] = {0x00, 0xFF, 0x80, 0x7F, 0x01};
            *p = random_below(2) ? some[random_below(5)] : (uint8_t)random_below(256);
            if (frames)
                pack(&m, type, raw.data, raw.n, XJI_PAGE);
            xj_segment *seg;
            if (image_open(&m, &seg) == XJ_OK) {
                opened++;
                use(seg);
                assert_int_equal(xj_segment_check(seg, XJ_CHECK_ALL, NULL, NULL, &n, NULL), XJ_OK);
                xj_segment_close(&seg);
            }
            *p = was;
        }
        if (frames) {
            s->n = m.sec[dir_of(type)].n = 0;
            OK(xj_buf_put(s, kept.data, kept.n, &err));
            OK(xj_buf_put(&m.sec[dir_of(type)], kept_dir.data, kept_dir.n, &err));
        }
        xj_buf_release(&kept);
        xj_buf_release(&kept_dir);
    }
    alarm(0);
    assert_true(opened > 100);
    image_release(&m);
    xj_buf_release(&raw);
}

/* ---- threads ---- */

static void *use_in_thread(void *seg)
{
    for (int i = 0; i < 3; i++)
        if (use(seg) != XJ_OK)
            return seg;
    return NULL;
}

static void test_segment__one_segment_for_many_threads(void **state)
{
    (void)state;
    for (int round = 0; round < 5; round++) { /* each begins with nothing loaded */
        pthread_t thread[8];
        xj_segment *seg = round % 2 ? build_long() : build_small();
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&thread[i], NULL, use_in_thread, seg), 0);
        for (size_t i = 0; i < 8; i++) {
            void *failed;
            assert_int_equal(pthread_join(thread[i], &failed), 0);
            assert_null(failed);
        }
        xj_segment_close(&seg);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_segment__empty),
        TEST(test_segment__real_text),
        TEST(test_segment__two_builds_give_the_same_bytes),
        TEST(test_segment__lists_of_all_lengths),
        TEST(test_segment__extreme_passages_and_frequencies),
        TEST(test_segment__records_of_all_sizes),
        TEST(test_segment__dictionary),
        TEST(test_segment__keys_of_greatest_length),
        TEST(test_segment__writer_makes_only_new_files),
        TEST(test_segment__abandoned_file_is_removed),
        TEST(test_segment__missing_file_and_links),
        TEST(test_segment__every_truncation_is_refused),
        TEST(test_segment__cut_while_open),
        TEST(test_segment__every_changed_byte_is_found),
        TEST(test_segment__check_reports_and_stops),
        TEST(test_segment__failed_lookups_leave_zeros),
        TEST(test_segment__taken_apart_and_sealed_it_is_the_same),
        TEST(test_segment__postings_out_of_order_or_range),
        TEST(test_segment__frequencies_that_overflow),
        TEST(test_segment__overlong_varint_in_a_list),
        TEST(test_segment__overlong_varint_at_the_end_of_the_stream),
        TEST(test_segment__terms_that_do_not_fit),
        TEST(test_segment__pair_without_codes),
        TEST(test_segment__streams_that_end_early_or_late),
        TEST(test_segment__block_directory_that_lies),
        TEST(test_segment__frames_that_lie),
        TEST(test_segment__frames_of_something_else),
        TEST(test_segment__records_outside_their_frames),
        TEST(test_segment__dictionary_that_lies),
        TEST(test_segment__tables_that_lie),
        TEST(test_segment__statistics_that_lie),
        TEST(test_segment__header_tells_what_is_wrong),
        TEST(test_segment__section_tables_that_lie),
        TEST(test_segment__section_offsets_that_lie),
        TEST(test_segment__any_changed_byte_under_right_checksums),
        TEST(test_segment__one_segment_for_many_threads),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
