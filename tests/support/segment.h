/*
 * Segments for unit tests: made of texts as the indexer makes them, or of blank passages and terms that a test writes
 * itself; and a reader that touches everything there is in one. Static, as testing.h; include it after that.
 */
#ifndef XJ_TESTING_SEGMENT_H
#define XJ_TESTING_SEGMENT_H

#include <fcntl.h>
#include <sys/stat.h>

#include "invert.h"
#include "tokens.h"
#include "xj/record.h"
#include "xj/segment_write.h"
#include "xj/utf8.h"

/* ---- a folder with one segment file ---- */

static TESTING_UNUSED char segment_dir[64];
static TESTING_UNUSED int segment_dir_fd = -1;

#define SEGMENT_NAME "seg-1-0.xjs"

static TESTING_UNUSED int make_segment_dir(void **state)
{
    (void)state;
    if (make_folder(segment_dir) != 0)
        return -1;
    segment_dir_fd = open(segment_dir, O_RDONLY | O_DIRECTORY);
    return segment_dir_fd < 0 ? -1 : 0;
}

static TESTING_UNUSED int remove_segment_dir(void **state)
{
    (void)state;
    unlinkat(segment_dir_fd, SEGMENT_NAME, 0);
    close(segment_dir_fd);
    return rmdir(segment_dir); /* fails when a test left something behind */
}

/* A writer of the file, which takes the place of one that is there. */
static TESTING_UNUSED xj_segment_writer *new_segment_of(xj_text_level level, xj_pool *pool)
{
    xj_segment_writer *w;
    unlinkat(segment_dir_fd, SEGMENT_NAME, 0);
    OK(xj_segment_writer_open(&w, segment_dir_fd, segment_dir, SEGMENT_NAME, level, pool, &err));
    return w;
}

static TESTING_UNUSED xj_segment_writer *new_segment(void)
{
    return new_segment_of(XJ_TEXT_DEFAULT, NULL);
}

static TESTING_UNUSED xj_segment *finish_segment(xj_segment_writer *w)
{
    xj_segment_seal seal;
    xj_segment *seg;
    OK(xj_segment_writer_finish(&w, &seal, &err));
    assert_null(w);
    OK(xj_segment_open(&seg, segment_dir_fd, segment_dir, SEGMENT_NAME, seal.size, seal.header_sum, &err));
    return seg;
}

/* The file as bytes. */
static TESTING_UNUSED void load_segment_file(xj_buf *b)
{
    struct stat sb;
    int fd = openat(segment_dir_fd, SEGMENT_NAME, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &sb) == 0);
    b->n = 0;
    OK(xj_buf_reserve(b, (size_t)sb.st_size + 1, &err));
    assert_int_equal(read(fd, b->data, (size_t)sb.st_size), sb.st_size);
    b->n = (size_t)sb.st_size;
    close(fd);
}

static TESTING_UNUSED void store_segment_file(const uint8_t *s, size_t n)
{
    int fd = openat(segment_dir_fd, SEGMENT_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s, n), (ssize_t)n);
    close(fd);
}

/* ---- passages without text ---- */

/* A report of this id and nothing else. */
static TESTING_UNUSED void put_bare_report(xj_segment_writer *w, const char *id)
{
    xj_report_meta meta = {.id = {id, strlen(id)}};
    xj_buf b = XJ_BUF_INIT;
    OK(xj_report_meta_put(&b, &meta, &err));
    OK(xj_segment_writer_report(w, id, strlen(id), 2024, 10, b.data, b.n, &err));
    xj_buf_release(&b);
}

/* One report of n_sections sections, each of so many blank passages. */
static TESTING_UNUSED void put_blank_passages(xj_segment_writer *w, uint32_t n_sections, uint32_t each)
{
    for (uint32_t s = 0; s < n_sections; s++) {
        OK(xj_segment_writer_section(w, NULL, 0, &err));
        for (uint32_t i = 0; i < each; i++) /* no text; a map that begins at 0, without entries */
            OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
    }
    put_bare_report(w, "r");
}

/* ---- passages of text, with their terms ---- */

/* Decode at most cap code points of a string. */
static TESTING_UNUSED size_t decode_string(uint32_t *cp, size_t cap, const char *s)
{
    size_t n = 0, len = strlen(s);
    for (size_t i = 0; i < len; n++) {
        assert_true(n < cap);
        i += xj_utf8_decode((const uint8_t *)s + i, len - i, &cp[n], NULL);
    }
    return n;
}

/* A segment being made. The writer stays the caller's. */
typedef struct maker {
    xj_segment_writer *w;
    xji_tokenizer *tokenizer;
    xji_inverter *inverter;
    xji_tokens tokens;
    xj_units units;
    xj_buf record;
} maker;

static TESTING_UNUSED void maker_begin(maker *m, xj_segment_writer *w)
{
    *m = (maker){.w = w, .tokens = XJI_TOKENS_INIT, .units = XJ_UNITS_INIT, .record = XJ_BUF_INIT};
    OK(xji_tokenizer_new(&m->tokenizer, &err));
    OK(xji_inverter_new(&m->inverter, SIZE_MAX, NULL, &err)); /* nothing goes to disk */
}

/* Tokens of a text go to the inverter; its length in units. */
static TESTING_UNUSED uint32_t maker_invert(maker *m, xj_field field, uint32_t number, const uint32_t *cp, size_t n)
{
    uint32_t length;
    m->tokens.n_pairs = m->tokens.n_words = m->tokens.keys.n = 0;
    OK(xj_units_read(&m->units, cp, n, 0, &err));
    OK(xji_tokenize(m->tokenizer, &m->units, &m->tokens, &length, &err));
    OK(xji_inverter_add(m->inverter, field, number, &m->tokens, 0, m->tokens.n_pairs, 0, m->tokens.n_words, &err));
    return length;
}

/* Begin a section: the title of its report (may be NULL) and its n headings, outermost first. */
static TESTING_UNUSED void maker_section(maker *m, const char *title, const char *const *heading, size_t n)
{
    uint32_t cp[256], number = xj_segment_writer_n_sections(m->w);
    xj_heading_path path = {.n = n};
    m->record.n = 0;
    for (size_t i = 0; i < n; i++)
        path.heading[i] = (xj_str){heading[i], strlen(heading[i])};
    if (n > 0)
        OK(xj_heading_path_put(&m->record, &path, &err));
    OK(xj_segment_writer_section(m->w, m->record.data, m->record.n, &err));
    if (title)
        maker_invert(m, XJ_CONTEXT, number, cp, decode_string(cp, 256, title));
    for (size_t i = 0; i < n; i++)
        maker_invert(m, XJ_CONTEXT, number, cp, decode_string(cp, 256, heading[i]));
}

/* A passage with its source map; its length in units. mark may be NULL. */
static TESTING_UNUSED uint32_t maker_passage(maker *m, const uint32_t *cp, const uint32_t *beg, const uint8_t *len,
                                             const uint8_t *mark, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += xj_utf8_len(cp[i]);
    uint32_t length = maker_invert(m, XJ_BODY, xj_segment_writer_n_passages(m->w), cp, n);
    m->record.n = 0;
    OK(xj_passage_put(&m->record, XJ_ENC_UTF8, cp, beg, len, mark, n, &err));
    OK(xj_segment_writer_passage(m->w, length, m->record.data, m->record.n, n, bytes, &err));
    return length;
}

/* A passage whose source is its own UTF-8 from byte `from` on. */
static TESTING_UNUSED uint32_t maker_plain(maker *m, const uint32_t *cp, size_t n, uint32_t from)
{
    uint32_t *beg = malloc((n + 1) * sizeof *beg);
    uint8_t *len = malloc(n + 1);
    assert_true(beg && len);
    for (size_t i = 0; i < n; i++) {
        beg[i] = from;
        len[i] = (uint8_t)xj_utf8_len(cp[i]);
        from += len[i];
    }
    uint32_t length = maker_passage(m, cp, beg, len, NULL, n);
    free(beg);
    free(len);
    return length;
}

static TESTING_UNUSED uint32_t maker_text(maker *m, const char *text, uint32_t from)
{
    size_t cap = strlen(text) + 1;
    uint32_t *cp = malloc(cap * sizeof *cp);
    assert_non_null(cp);
    uint32_t length = maker_plain(m, cp, decode_string(cp, cap, text), from);
    free(cp);
    return length;
}

/* End the report: all passages since the last one are its own. */
static TESTING_UNUSED void maker_report(maker *m, const xj_report_meta *meta, uint32_t year, uint64_t input_bytes)
{
    m->record.n = 0;
    OK(xj_report_meta_put(&m->record, meta, &err));
    OK(xj_segment_writer_report(m->w, meta->id.s, meta->id.n, year, input_bytes, m->record.data, m->record.n, &err));
}

/* Free what the maker has; its terms are not written. */
static TESTING_UNUSED void maker_release(maker *m)
{
    xji_inverter_free(m->inverter);
    xji_tokenizer_free(m->tokenizer);
    xji_tokens_release(&m->tokens);
    xj_units_release(&m->units);
    xj_buf_release(&m->record);
}

/* Write the terms, free what the maker has. */
static TESTING_UNUSED void maker_end(maker *m)
{
    OK(xji_inverter_finish(m->inverter, m->w, NULL, &err));
    maker_release(m);
}

/* A segment of n texts, two to a report, each a section of its own, every second one under a heading. Ids descend. */
static TESTING_UNUSED xj_segment *build_texts(const char *const *texts, uint32_t n, char id_letter)
{
    static const char *const heading[] = {"一、5G情况"};
    maker m;
    xj_segment_writer *w = new_segment();
    maker_begin(&m, w);
    for (uint32_t i = 0; i < n; i++) {
        maker_section(&m, "调研", heading, i % 2);
        maker_text(&m, texts[i], 0);
        if (i % 2 == 1 || i + 1 == n) {
            char id[16];
            int n_id = snprintf(id, sizeof id, "%c%03u", id_letter, 999 - i / 2);
            xj_report_meta meta = {.id = {id, (size_t)n_id}, .title = {"调研", 6}};
            maker_report(&m, &meta, 2020 + i, strlen(texts[i]));
        }
    }
    maker_end(&m);
    return finish_segment(w);
}

static TESTING_UNUSED const char *const small_texts[] = {"坚持新时代枫桥经验，5G网络。", "枫桥经验人人人人", "Communities run 5G.", "化解矛盾", "人"};
enum { N_SMALL = sizeof small_texts / sizeof *small_texts };

static TESTING_UNUSED xj_segment *build_small(void)
{
    return build_texts(small_texts, N_SMALL, 'r');
}

enum { N_LONG = 300 };

/* 300 passages that all hold one pair, so that its list has three blocks; two hold a rare character, which has a list. */
static TESTING_UNUSED xj_segment *build_long(void)
{
    static const char *texts[N_LONG];
    for (size_t i = 0; i < N_LONG; i++)
        texts[i] = i % 7 ? "甲乙" : "甲乙甲乙";
    texts[10] = texts[200] = "甲乙丙";
    return build_texts(texts, N_LONG, 'l');
}

/* ---- using everything ---- */

static TESTING_UNUSED void note_status(xj_status st, const xj_error *e, xj_status *first)
{
    assert_true((st == XJ_OK) == (e->code == XJ_OK));
    if (st != XJ_OK) {
        assert_true(e->message[0] != '\0');
        if (*first == XJ_OK)
            *first = st;
    }
}

static TESTING_UNUSED void use_codes(xj_postings *it, xj_status *first)
{
    enum { CAP = 64 };
    uint16_t codes[CAP];
    uint32_t n = 99;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_postings_codes(it, codes, CAP, &n, &e);
    note_status(st, &e, first);
    assert_int_equal(n, st != XJ_OK ? 0 : it->tf < CAP ? it->tf : CAP);
    for (uint32_t k = 1; k < n; k++) {
        uint32_t hi = codes[k] >> 8, lo = codes[k] & 255;
        assert_true(hi > codes[k - 1] >> 8 || hi == XJ_CODE_FULL);
        assert_true(lo > (codes[k - 1] & 255u) || lo == XJ_CODE_FULL);
    }
}

static TESTING_UNUSED void use_list(xj_segment *seg, const xj_term *term, uint64_t n_docs, xj_status *first)
{
    xj_postings it;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_postings_open(&it, seg, term, &e);
    int64_t last = -1;
    uint32_t n = 0;
    while (st == XJ_OK && it.doc != XJ_DOC_END) {
        assert_true((int64_t)it.doc > last && it.doc < n_docs && it.tf >= 1);
        last = it.doc;
        n++;
        assert_true(n <= term->df);
        if (term->has_codes)
            use_codes(&it, first);
        st = xj_postings_next(&it, &e);
    }
    note_status(st, &e, first);
    assert_true(st != XJ_OK || n == term->df);
    for (uint64_t target = 0; target < n_docs; target += 1 + n_docs / 40) {
        xj_error_clear(&e);
        st = xj_postings_open(&it, seg, term, &e);
        if (st == XJ_OK)
            st = xj_postings_seek(&it, (uint32_t)target, &e);
        note_status(st, &e, first);
        if (st == XJ_OK && it.doc != XJ_DOC_END)
            assert_true(it.doc >= target && it.doc < n_docs);
    }
}

static TESTING_UNUSED void use_terms(xj_segment *seg, xj_field field, xj_status *first)
{
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    uint64_t n_docs = field == XJ_BODY ? t->n_passages : t->n_sections;
    for (int strings = 0; strings < 2; strings++) {
        xj_term_cursor c;
        xj_error e = XJ_ERROR_INIT;
        xj_status st = strings ? xj_term_cursor_word(&c, seg, field, NULL, 0, &e) : xj_term_cursor_pair(&c, seg, field, 0, &e);
        for (int i = 0; st == XJ_OK && !c.done && i < 5000; i++) {
            use_list(seg, &c.term, n_docs, first);
            st = xj_term_cursor_next(&c, &e);
        }
        note_status(st, &e, first);
    }
}

static TESTING_UNUSED void use_look_ups(xj_segment *seg, xj_field field, xj_status *first)
{
    static const char *const keys[] = {"w5g", "srun", "p", "wzz", ""};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const uint8_t *key = (const uint8_t *)keys[i];
        size_t n = strlen(keys[i]);
        xj_term term;
        xj_term_cursor c;
        xj_error e = XJ_ERROR_INIT;
        note_status(xj_segment_word(seg, field, key, n, &term, &e), &e, first);
        xj_error_clear(&e);
        note_status(xj_term_cursor_word(&c, seg, field, key, n, &e), &e, first);
    }
    static const uint32_t pairs[][2] = {{0x67AB, 0x6865}, {0x9A8C, 0}, {0x4EBA, 0x4EBA}, {1, 1}, {0x10FFFF, 0x10FFFF}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        xj_term term;
        xj_term_cursor c;
        xj_error e = XJ_ERROR_INIT;
        note_status(xj_segment_pair(seg, field, pairs[i][0], pairs[i][1], &term, &e), &e, first);
        xj_error_clear(&e);
        note_status(xj_term_cursor_pair(&c, seg, field, pairs[i][0], &e), &e, first);
        xj_error_clear(&e);
        note_status(xj_segment_character(seg, pairs[i][0], &term, &e), &e, first);
    }
}

static TESTING_UNUSED void use_passage(xj_segment *seg, uint32_t i, xj_record *r, xj_passage_text *text, xj_status *first)
{
    xj_passage_row row;
    xj_report_row report;
    uint32_t length, number, from, to;
    xj_error e = XJ_ERROR_INIT;
    note_status(xj_segment_passage(seg, i, &row, &e), &e, first);
    xj_error_clear(&e);
    note_status(xj_segment_length(seg, i, &length, &e), &e, first);
    xj_error_clear(&e);
    note_status(xj_segment_report_of(seg, i, &number, &report, &e), &e, first);
    xj_error_clear(&e);
    note_status(xj_segment_section_of(seg, i, &number, &from, &to, &e), &e, first);
    xj_error_clear(&e);
    xj_status st = xj_segment_record(seg, XJ_STORE_TEXT, i, r, &e);
    if (st == XJ_OK)
        st = xj_record_place(r, xj_passage_text_parse(text, r->data, r->n, XJ_ENC_UTF8, &e), &e);
    note_status(st, &e, first);
}

static TESTING_UNUSED void use_report(xj_segment *seg, uint32_t i, xj_record *r, xj_status *first)
{
    xj_report_meta meta; /* not static: threads call this */
    xj_report_row row;
    xj_error e = XJ_ERROR_INIT;
    note_status(xj_segment_report(seg, i, &row, &e), &e, first);
    xj_error_clear(&e);
    xj_status st = xj_segment_record(seg, XJ_STORE_REPORT, i, r, &e);
    if (st == XJ_OK)
        st = xj_record_place(r, xj_report_meta_parse(&meta, r->data, r->n, &e), &e);
    note_status(st, &e, first);
}

static TESTING_UNUSED void use_section(xj_segment *seg, uint32_t i, xj_record *r, xj_status *first)
{
    xj_heading_path path;
    uint32_t from, to;
    xj_error e = XJ_ERROR_INIT;
    note_status(xj_segment_section(seg, i, &from, &to, &e), &e, first);
    xj_error_clear(&e);
    xj_status st = xj_segment_record(seg, XJ_STORE_HEADING, i, r, &e);
    if (st == XJ_OK)
        st = xj_record_place(r, xj_heading_path_parse(&path, r->data, r->n, &e), &e);
    note_status(st, &e, first);
}

/* Read all there is to read; the first status that is not XJ_OK, if any. */
static TESTING_UNUSED xj_status use_segment(xj_segment *seg)
{
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    xj_status first = XJ_OK;
    xj_record r = XJ_RECORD_INIT;
    xj_passage_text text = XJ_PASSAGE_TEXT_INIT;
    for (int field = XJ_BODY; field <= XJ_CONTEXT; field++) {
        use_terms(seg, (xj_field)field, &first);
        use_look_ups(seg, (xj_field)field, &first);
    }
    for (uint32_t i = 0; i < t->n_passages && i < 1000; i++)
        use_passage(seg, i, &r, &text, &first);
    for (uint32_t i = 0; i < t->n_reports && i < 1000; i++)
        use_report(seg, i, &r, &first);
    for (uint32_t i = 0; i < t->n_sections && i < 1000; i++)
        use_section(seg, i, &r, &first);
    xj_passage_text_release(&text);
    xj_record_release(&r);
    return first;
}

static TESTING_UNUSED bool print_damage(void *ctx, const xj_error *e)
{
    (void)ctx;
    print_message("damage: %s\n", e->message);
    return true;
}

/* Damages that a check finds. */
static TESTING_UNUSED uint64_t damages_of(xj_segment *seg, xj_check_depth depth)
{
    uint64_t n = 0;
    OK(xj_segment_check(seg, depth, NULL, NULL, &n, &err));
    return n;
}

/* A check finds nothing in a segment but that its terms, which a test made up, are not those of its texts. */
static TESTING_UNUSED void expect_sound_but_lengths(xj_segment *seg)
{
    uint64_t n = 0, all;
    OK(xj_segment_check(seg, XJ_CHECK_ALL, count_damage_but_lengths, &n, &all, &err));
    assert_int_equal(n, 0);
}

/* A check finds nothing, and says what it found when it does. */
static TESTING_UNUSED void expect_sound(xj_segment *seg)
{
    uint64_t n = 0;
    OK(xj_segment_check(seg, XJ_CHECK_ALL, print_damage, NULL, &n, &err));
    assert_int_equal(n, 0);
}

#endif
