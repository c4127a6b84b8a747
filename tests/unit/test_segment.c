/*
 * Segment files: what the writer was given the reader returns, from one thread and from many, and a file that is not
 * wanted is not left behind. Terms have test_terms.c, texts test_text_groups.c, damage test_segment_damage.c.
 */
#include "xj/segment_write.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "../../common/src/format_priv.h"
#include "xj/length.h"

/* ---- round trips ---- */

static void test_segment__empty(void **state)
{
    (void)state;
    xj_segment *seg = finish_segment(new_segment());
    const xj_segment_stats *t = xj_segment_stats_of(seg);
    assert_int_equal(t->n_passages + t->n_reports + t->n_sections, 0);
    assert_int_equal(t->n_pairs + t->n_words + t->n_context_pairs + t->n_context_words, 0);
    assert_int_equal(t->n_units + t->n_postings + t->n_occurrences + t->n_context_postings + t->n_characters, 0);
    xj_term term;
    xj_term_cursor c;
    for (int field = XJ_BODY; field <= XJ_CONTEXT; field++) {
        OK(xj_segment_pair(seg, (xj_field)field, 0x67AB, 0x6865, &term, &err));
        assert_int_equal(term.df, 0);
        OK(xj_segment_word(seg, (xj_field)field, (const uint8_t *)"wabc", 4, &term, &err));
        assert_int_equal(term.df, 0);
        OK(xj_term_cursor_pair(&c, seg, (xj_field)field, 0, &err));
        assert_true(c.done);
        OK(xj_term_cursor_next(&c, &err));
        assert_true(c.done);
        OK(xj_term_cursor_word(&c, seg, (xj_field)field, NULL, 0, &err));
        assert_true(c.done);
    }
    OK(xj_segment_character(seg, 0x67AB, &term, &err));
    assert_int_equal(term.df, 0);
    xj_postings it;
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_next(&it, &err));
    OK(xj_postings_seek(&it, 5, &err));
    assert_true(it.doc == XJ_DOC_END);
    xj_record r = XJ_RECORD_INIT;
    for (int store = 0; store < XJ_STORE_COUNT; store++)
        assert_int_equal(xj_segment_record(seg, (xj_store)store, 0, &r, NULL), XJ_ECORRUPT);
    xj_record_release(&r);
    expect_sound(seg);
    assert_string_equal(xj_segment_name(seg), SEGMENT_NAME);
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
    assert_int_equal(t->n_sections, N_SMALL);
    assert_int_equal(t->n_units, 12 + 8 + 3 + 4 + 1);
    expect_sound(seg);
    assert_int_equal(use_segment(seg), XJ_OK);
    xj_term term;
    xj_postings it;
    uint16_t codes[8];
    uint32_t n;
    OK(xj_segment_pair(seg, XJ_BODY, 0x4EBA, 0x4EBA, &term, &err)); /* 人人 */
    assert_int_equal(term.df, 1);
    assert_int_equal(term.cf, 3);
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(it.doc, 1);
    assert_int_equal(it.tf, 3);
    OK(xj_postings_codes(&it, codes, 8, &n, &err));
    assert_int_equal(n, 3);
    assert_true(codes[0] == 0x0001 && codes[1] == 0x0102 && codes[2] == 0x0203);
    OK(xj_postings_codes(&it, codes, 2, &n, &err)); /* no more than there is room for */
    assert_int_equal(n, 2);
    assert_true(codes[0] == 0x0001 && codes[1] == 0x0102);
    xj_report_row row;
    static const uint32_t ranks[] = {2, 1, 0}; /* ids r999, r998, r997 */
    for (uint32_t i = 0; i < 3; i++) {
        OK(xj_segment_report(seg, i, &row, &err));
        assert_int_equal(row.id_rank, ranks[i]);
        assert_int_equal(row.first_passage, 2 * i);
        assert_int_equal(row.n_passages, i == 2 ? 1 : 2);
        assert_int_equal(row.year, 2020 + (i == 2 ? 4 : 2 * i + 1));
    }
    uint64_t bytes = 0;
    assert_int_equal(xj_segment_n_sections(seg), XJI_SEC_END - 1);
    for (size_t i = 0; i < xj_segment_n_sections(seg); i++) {
        assert_true(strlen(xj_segment_section_name(seg, i)) > 0);
        bytes += xj_segment_section_bytes(seg, i);
    }
    xj_buf f = XJ_BUF_INIT;
    load_segment_file(&f);
    assert_true(bytes > 0 && bytes < f.n);
    assert_string_equal(xj_segment_section_name(seg, 99), "?");
    assert_int_equal(xj_segment_section_bytes(seg, 99), 0);
    xj_buf_release(&f);
    xj_segment_close(&seg);
}

/* Title and headings of a section stand in dictionaries of their own, whose postings are sections. */
static void test_segment__context(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_term term;
    xj_postings it;
    uint16_t codes[4];
    uint32_t n = 7;
    OK(xj_segment_pair(seg, XJ_CONTEXT, 0x8C03, 0x7814, &term, &err)); /* 调研, in every title */
    assert_int_equal(term.df, N_SMALL);
    assert_int_equal(term.cf, N_SMALL);
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(xj_postings_codes(&it, codes, 4, &n, NULL), XJ_ECORRUPT);
    assert_int_equal(n, 0);
    OK(xj_segment_pair(seg, XJ_BODY, 0x8C03, 0x7814, &term, &err));
    assert_int_equal(term.df, 0);
    OK(xj_segment_word(seg, XJ_CONTEXT, (const uint8_t *)"w5g", 3, &term, &err)); /* in each heading */
    assert_int_equal(term.df, 2);
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(it.doc, 1);
    OK(xj_postings_next(&it, &err));
    assert_int_equal(it.doc, 3);
    OK(xj_segment_word(seg, XJ_BODY, (const uint8_t *)"w5g", 3, &term, &err));
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(it.doc, 0);
    xj_segment_close(&seg);
}

/* A rare character has a list of its own, a common one has none, nor has one that is not there. */
static void test_segment__characters(void **state)
{
    (void)state;
    xj_segment *seg = build_long();
    xj_term term;
    xj_postings it;
    OK(xj_segment_character(seg, 0x4E19, &term, &err)); /* 丙 */
    assert_int_equal(term.df, 2);
    OK(xj_postings_open(&it, seg, &term, &err));
    assert_int_equal(it.doc, 10);
    OK(xj_postings_next(&it, &err));
    assert_int_equal(it.doc, 200);
    static const uint32_t without[] = {0x7532, 0x4E59, 0x4EBA, 0, 0xFFFF, 0x20BB7};
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        OK(xj_segment_character(seg, without[i], &term, &err));
        assert_int_equal(term.df, 0);
    }
    expect_sound(seg);
    xj_segment_close(&seg);
}

static void test_segment__two_builds_give_the_same_bytes(void **state)
{
    (void)state;
    xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
    xj_segment *seg = build_small();
    xj_segment_close(&seg);
    load_segment_file(&a);
    seg = build_small();
    xj_segment_close(&seg);
    load_segment_file(&b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.data, b.data, a.n);
    xj_buf_release(&a);
    xj_buf_release(&b);
}

/* ---- tables ---- */

/* Reports with and without passages, sections of one passage and of several, against the same in arrays. */
static void test_segment__tables(void **state)
{
    (void)state;
    static const uint32_t sections[] = {0, 2, 0, 0, 1, 3, 0}; /* of each report */
    static const uint32_t passages[] = {3, 1, 1, 2, 40, 1};   /* of each section */
    static const uint32_t lengths[] = {0, 1, 31, 32, 33, 64, 1000, 507904, 1 << 20, UINT32_MAX};
    enum { REPORTS = sizeof sections / sizeof *sections, LENGTHS = sizeof lengths / sizeof *lengths };
    xj_segment_writer *w = new_segment();
    uint32_t n_passages = 0, n_sections = 0;
    uint32_t report_of[64], section_of[64], first_of[64], end_of[64], first_passage[REPORTS + 1];
    for (uint32_t r = 0; r < REPORTS; r++) {
        char id[8];
        first_passage[r] = n_passages;
        for (uint32_t s = 0; s < sections[r]; s++, n_sections++) {
            assert_int_equal(xj_segment_writer_n_sections(w), n_sections);
            OK(xj_segment_writer_section(w, NULL, 0, &err));
            uint32_t first = n_passages;
            for (uint32_t i = 0; i < passages[n_sections]; i++, n_passages++) {
                assert_int_equal(xj_segment_writer_n_passages(w), n_passages);
                OK(xj_segment_writer_passage(w, lengths[n_passages % LENGTHS], "\0\0\0", 3, 0, 0, &err));
                report_of[n_passages] = r;
                section_of[n_passages] = n_sections;
                first_of[n_passages] = first;
                end_of[n_passages] = first + passages[n_sections];
            }
        }
        snprintf(id, sizeof id, "%c", (int)("dacbgfe"[r]));
        put_bare_report(w, id);
    }
    first_passage[REPORTS] = n_passages;
    assert_true(xj_segment_writer_memory(w) > 0);
    xj_segment *seg = finish_segment(w);
    assert_int_equal(xj_segment_stats_of(seg)->n_passages, n_passages);
    assert_int_equal(xj_segment_stats_of(seg)->n_sections, n_sections);
    assert_int_equal(xj_segment_stats_of(seg)->n_reports, REPORTS);
    assert_int_equal(xj_segment_stats_of(seg)->input_bytes, 10 * REPORTS);
    for (uint32_t i = 0; i < n_passages; i++) {
        xj_passage_row row;
        xj_report_row report;
        uint32_t number, first, end, length;
        OK(xj_segment_passage(seg, i, &row, &err));
        assert_int_equal(row.report, report_of[i]);
        assert_int_equal(row.section, section_of[i]);
        assert_int_equal(row.length, xj_length_decode(xj_length_code(lengths[i % LENGTHS])));
        OK(xj_segment_length(seg, i, &length, &err));
        assert_int_equal(length, row.length);
        OK(xj_segment_report_of(seg, i, &number, &report, &err));
        assert_int_equal(number, report_of[i]);
        assert_int_equal(report.first_passage, first_passage[number]);
        OK(xj_segment_section_of(seg, i, &number, &first, &end, &err));
        assert_int_equal(number, section_of[i]);
        assert_int_equal(first, first_of[i]);
        assert_int_equal(end, end_of[i]);
        OK(xj_segment_section(seg, number, &first, &end, &err));
        assert_int_equal(first, first_of[i]);
        assert_int_equal(end, end_of[i]);
    }
    for (uint32_t r = 0; r < REPORTS; r++) {
        xj_report_row row;
        OK(xj_segment_report(seg, r, &row, &err));
        assert_int_equal(row.first_passage, first_passage[r]);
        assert_int_equal(row.n_passages, first_passage[r + 1] - first_passage[r]);
        assert_int_equal(row.n_sections, sections[r]);
        assert_int_equal(row.id_rank, "dacbgfe"[r] - 'a');
    }
    xj_segment_close(&seg);
}

/* ---- record stores ---- */

static uint8_t record_byte(xj_store store, uint32_t i, size_t k)
{
    return (uint8_t)((k * 2654435761u >> 7) + i * 17 + (unsigned)store);
}

static void fill_record(uint8_t *bytes, size_t n, xj_store store, uint32_t i)
{
    for (size_t k = 0; k < n; k++)
        bytes[k] = record_byte(store, i, k);
}

static void test_segment__records_of_all_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 127, 128, 300, 0, 16383, 16384, 16385, 0, 5, 1 << 20, 3, 8000, 8000, 8000, 1};
    enum { N = sizeof sizes / sizeof *sizes };
    uint8_t *bytes = malloc(1 << 20);
    assert_non_null(bytes);
    xj_segment_writer *w = new_segment();
    for (uint32_t i = 0; i < N; i++) {
        fill_record(bytes, sizes[i], XJ_STORE_HEADING, i);
        OK(xj_segment_writer_section(w, bytes, sizes[i], &err));
        OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
        fill_record(bytes, sizes[i], XJ_STORE_REPORT, i);
        OK(xj_segment_writer_report(w, "r", 1, 0, 0, bytes, sizes[i], &err));
    }
    free(bytes);
    xj_segment *seg = finish_segment(w);
    assert_int_equal(damages_of(seg, XJ_CHECK_BYTES), 0);
    seed(12);
    xj_record r = XJ_RECORD_INIT; /* one for everything: it must notice what it holds */
    for (uint32_t round = 0; round < 5 * N; round++) {
        static const xj_store stores[] = {XJ_STORE_REPORT, XJ_STORE_HEADING};
        xj_store store = stores[round < 2 * N ? round / N : random_below(2)];
        uint32_t i = round < 2 * N ? round % N : random_below(N);
        OK(xj_segment_record(seg, store, i, &r, &err));
        assert_int_equal(r.n, sizes[i]);
        for (size_t k = 0; k < r.n; k++)
            if (r.data[k] != record_byte(store, i, k))
                fail_msg("store %d record %u differs at byte %zu", store, i, k);
    }
    xj_error e = XJ_ERROR_INIT;
    for (int store = 0; store < XJ_STORE_COUNT; store++) {
        assert_int_equal(xj_segment_record(seg, (xj_store)store, N, &r, &e), XJ_ECORRUPT);
        assert_null(r.data);
        assert_int_equal(r.n, 0);
        xj_error_clear(&e);
    }
    OK(xj_segment_record(seg, XJ_STORE_REPORT, 1, &r, &err)); /* usable again after a failure */
    assert_int_equal(r.n, 1);
    xj_record_release(&r);
    assert_null(r.raw);
    xj_segment_close(&seg);
}

/* ---- taking over the reports of another segment ---- */

static void same_record(xj_segment *a, uint32_t i, xj_segment *b, uint32_t k, xj_store store)
{
    xj_record x = XJ_RECORD_INIT, y = XJ_RECORD_INIT;
    OK(xj_segment_record(a, store, i, &x, &err));
    OK(xj_segment_record(b, store, k, &y, &err));
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.data, y.data, x.n);
    xj_record_release(&x);
    xj_record_release(&y);
}

/* `from` stands in `in` from this passage, section and report on. */
static void expect_copy(xj_segment *from, xj_segment *in, uint32_t passage, uint32_t section, uint32_t report)
{
    const xj_segment_stats *t = xj_segment_stats_of(from);
    for (uint32_t i = 0; i < t->n_passages; i++) {
        xj_passage_row a, b;
        OK(xj_segment_passage(from, i, &a, &err));
        OK(xj_segment_passage(in, passage + i, &b, &err));
        assert_int_equal(b.length, a.length);
        assert_int_equal(b.section, section + a.section);
        assert_int_equal(b.report, report + a.report);
        same_record(from, i, in, passage + i, XJ_STORE_TEXT);
    }
    for (uint32_t i = 0; i < t->n_sections; i++)
        same_record(from, i, in, section + i, XJ_STORE_HEADING);
    for (uint32_t i = 0; i < t->n_reports; i++) {
        xj_report_row a, b;
        OK(xj_segment_report(from, i, &a, &err));
        OK(xj_segment_report(in, report + i, &b, &err));
        assert_int_equal(b.first_passage, passage + a.first_passage);
        assert_int_equal(b.n_passages, a.n_passages);
        assert_int_equal(b.n_sections, a.n_sections);
        assert_int_equal(b.year, a.year);
        same_record(from, i, in, report + i, XJ_STORE_REPORT);
    }
}

/* Ids in the order of their ranks ascend. */
static void expect_ranks(xj_segment *seg)
{
    const uint32_t n = (uint32_t)xj_segment_stats_of(seg)->n_reports;
    char(*ids)[16] = calloc(n, sizeof *ids);
    xj_record r = XJ_RECORD_INIT;
    assert_non_null(ids);
    for (uint32_t i = 0; i < n; i++) {
        xj_report_row row;
        xj_report_meta meta;
        OK(xj_segment_report(seg, i, &row, &err));
        OK(xj_segment_record(seg, XJ_STORE_REPORT, i, &r, &err));
        OK(xj_report_meta_parse(&meta, r.data, r.n, &err));
        assert_true(row.id_rank < n && meta.id.n > 0 && meta.id.n < sizeof *ids && !ids[row.id_rank][0]);
        memcpy(ids[row.id_rank], meta.id.s, meta.id.n);
    }
    for (uint32_t i = 1; i < n; i++)
        assert_true(strcmp(ids[i - 1], ids[i]) < 0);
    xj_record_release(&r);
    free(ids);
}

/* Copies stand between reports of the writer's own; everything of them is as it was, but for its number. */
static void test_segment__copies(void **state)
{
    (void)state;
    xj_segment *small = build_small(), *large = build_long(), *none = finish_segment(new_segment());
    xj_segment_writer *w = new_segment();
    const uint64_t n_large = xj_segment_stats_of(large)->n_passages, r_large = xj_segment_stats_of(large)->n_reports;
    OK(xj_segment_writer_copy(w, none, &err));
    OK(xj_segment_writer_copy(w, large, &err));
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
    put_bare_report(w, "m");
    put_bare_report(w, "k");
    OK(xj_segment_writer_copy(w, small, &err));
    OK(xj_segment_writer_copy(w, none, &err));
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
    put_bare_report(w, "a");
    xj_segment *seg = finish_segment(w);
    const xj_segment_stats *t = xj_segment_stats_of(seg), *a = xj_segment_stats_of(large), *b = xj_segment_stats_of(small);
    assert_int_equal(t->n_passages, n_large + N_SMALL + 2);
    assert_int_equal(t->n_reports, r_large + 6);
    assert_int_equal(t->n_units, a->n_units + b->n_units);
    assert_int_equal(t->n_characters, a->n_characters + b->n_characters);
    assert_int_equal(t->text_bytes, a->text_bytes + b->text_bytes);
    assert_int_equal(t->input_bytes, a->input_bytes + b->input_bytes + 30);
    expect_copy(large, seg, 0, 0, 0);
    expect_copy(small, seg, (uint32_t)n_large + 1, (uint32_t)a->n_sections + 1, (uint32_t)r_large + 2);
    expect_sound_but_lengths(seg); /* there are no terms */
    expect_ranks(seg); /* a, k, l..., m, r... */
    xj_report_row row;
    OK(xj_segment_report(seg, (uint32_t)t->n_reports - 1, &row, &err));
    assert_int_equal(row.id_rank, 0);
    xj_segment_close(&seg);
    xj_segment_close(&small);
    xj_segment_close(&large);
    xj_segment_close(&none);
}

/* ---- the writer's file ---- */

static void test_segment__writer_makes_only_new_files(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_segment_close(&seg);
    xj_segment_writer *w = (xj_segment_writer *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_writer_open(&w, segment_dir_fd, segment_dir, SEGMENT_NAME, XJ_TEXT_FAST, NULL, &e), XJ_EIO);
    assert_null(w);
    assert_int_equal(faccessat(segment_dir_fd, SEGMENT_NAME, F_OK, 0), 0); /* what stood there stays */
}

static void test_segment__abandoned_file_is_removed(void **state)
{
    (void)state;
    xj_pool *pool;
    OK(xj_pool_new(&pool, 3, &err));
    for (int round = 0; round < 3; round++) {
        xj_segment_writer *w = new_segment_of(XJ_TEXT_DEFAULT, round == 2 ? pool : NULL);
        const xj_scale *scale;
        put_blank_passages(w, 1, 10);
        if (round > 0)
            OK(xj_segment_writer_scale(w, &scale, &err));
        assert_int_equal(faccessat(segment_dir_fd, SEGMENT_NAME, F_OK, 0), 0);
        xj_segment_writer_abandon(&w);
        assert_null(w);
        assert_int_not_equal(faccessat(segment_dir_fd, SEGMENT_NAME, F_OK, 0), 0);
        xj_segment_writer_abandon(&w);
    }
    xj_segment_writer_abandon(NULL);
    xj_pool_free(pool);
}

static void test_segment__missing_file_and_links(void **state)
{
    (void)state;
    xj_segment *seg = (xj_segment *)1;
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(xj_segment_open(&seg, segment_dir_fd, segment_dir, "seg-9-9.xjs", 100, 1, &e), XJ_ECORRUPT);
    assert_null(seg);
    assert_true(e.message[0] != '\0');
    assert_int_equal(symlinkat("/dev/zero", segment_dir_fd, SEGMENT_NAME), 0);
    assert_int_not_equal(xj_segment_open(&seg, segment_dir_fd, segment_dir, SEGMENT_NAME, 100, 1, NULL), XJ_OK);
    unlinkat(segment_dir_fd, SEGMENT_NAME, 0);
    assert_int_equal(mkdirat(segment_dir_fd, SEGMENT_NAME, 0777), 0);
    assert_int_not_equal(xj_segment_open(&seg, segment_dir_fd, segment_dir, SEGMENT_NAME, 100, 1, NULL), XJ_OK);
    unlinkat(segment_dir_fd, SEGMENT_NAME, AT_REMOVEDIR);
}

/* ---- threads ---- */

static void *use_in_thread(void *seg)
{
    for (int i = 0; i < 3; i++)
        if (use_segment(seg) != XJ_OK)
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_segment_dir, remove_segment_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_segment__empty),
        TEST(test_segment__real_text),
        TEST(test_segment__context),
        TEST(test_segment__characters),
        TEST(test_segment__two_builds_give_the_same_bytes),
        TEST(test_segment__tables),
        TEST(test_segment__records_of_all_sizes),
        TEST(test_segment__copies),
        TEST(test_segment__writer_makes_only_new_files),
        TEST(test_segment__abandoned_file_is_removed),
        TEST(test_segment__missing_file_and_links),
        TEST(test_segment__one_segment_for_many_threads),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
