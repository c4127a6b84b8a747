/*
 * What a segment keeps of what was read - decoded blocks, adjacency codes, texts - against the same read anew, before and
 * after it is given back; and the tables that are asked for many rows at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"
#include "../../common/src/segment_priv.h"
#include "xj/length.h"
#include "xj/postings.h"

/* ---- a segment with lists of every kind ---- */

enum { PASSAGES = 900, CODES = 512 };

/* n times a, then m times b. */
static void repeat(char *out, size_t cap, const char *a, uint32_t n, const char *b, uint32_t m)
{
    size_t used = 0;
    for (uint32_t i = 0; i < n + m; i++) {
        const char *s = i < n ? a : b;
        assert_true(used + strlen(s) < cap);
        memcpy(out + used, s, strlen(s));
        used += strlen(s);
    }
    out[used] = '\0';
}

/*
 * Lists of seven blocks with few and with more than 254 occurrences, with codes that are wide, full, and neither; lists of one
 * block, of one passage, and of words; and the same of headings.
 */
static xj_segment *build_lists(void)
{
    static const char *const headings[][2] = {{"甲乙情况", "5G网络"}, {"丙丁做法", "run run"}, {"甲乙丙丁", "其他"}};
    static char text[20000];
    maker m;
    xj_segment_writer *w = new_segment();
    maker_begin(&m, w);
    for (uint32_t i = 0; i < PASSAGES; i++) {
        uint32_t many = i % 97 == 5 ? 250 + random_below(400) : random_below(8);
        uint32_t before = i % 11 == 3 ? 14 + random_below(60) : i % 131 == 7 ? 240 + random_below(30) : random_below(3);
        maker_section(&m, i % 3 ? "甲乙调研" : NULL, headings[random_below(3)], random_below(3));
        repeat(text, sizeof text, "甲丙", before, "甲乙", many);
        maker_text(&m, text, 0);
        if (i % 5 == 4 || i + 1 == PASSAGES) {
            char id[16];
            int n = snprintf(id, sizeof id, "r%04u", i);
            maker_report(&m, &(xj_report_meta){.id = {id, (size_t)n}}, 2024, 1);
        }
    }
    maker_section(&m, NULL, NULL, 0);
    maker_text(&m, "孤品，run running 5G，𠮷人人𠮷", 0);
    maker_report(&m, &(xj_report_meta){.id = {"z", 1}}, 2024, 1);
    maker_end(&m);
    return finish_segment(w);
}

/* ---- lists that are kept ---- */

static void same_block(const xj_block *a, const xj_block *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->many, b->many);
    assert_int_equal(a->codes_at, b->codes_at);
    assert_memory_equal(a->doc, b->doc, sizeof a->doc);
    assert_memory_equal(a->tf, b->tf, sizeof a->tf);
    for (uint32_t i = a->n; i < XJ_BLOCK; i++)
        assert_int_equal(a->doc[i], XJ_DOC_END);
}

static void same_codes(const xj_block_codes *a, const xj_block_codes *b, uint32_t n)
{
    assert_int_equal(a->n_bytes, b->n_bytes);
    assert_memory_equal(a->from, b->from, n * sizeof *a->from);
    assert_memory_equal(a->first, b->first, n);
    if (a->n_bytes > 0)
        assert_memory_equal(a->bytes, b->bytes, a->n_bytes);
}

/* The codes of a posting in every way, and what its block says of the first. */
static void check_codes(xj_postings *plain, xj_postings *kept, uint32_t block, uint32_t i)
{
    uint16_t a[CODES], b[CODES], few[3];
    uint32_t na, nb, n_few, tf;
    const xj_block_codes *codes;
    OK(xj_postings_codes(plain, a, CODES, &na, &err));
    OK(xj_postings_tf(kept, block, i, &tf, &err));
    assert_int_equal(tf, plain->tf);
    assert_int_equal(na, tf < CODES ? tf : CODES);
    OK(xj_postings_codes_of(kept, block, i, tf, b, CODES, &nb, &err));
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na * sizeof *a);
    OK(xj_postings_codes_of(kept, block, i, tf, few, 3, &n_few, &err));
    assert_int_equal(n_few, tf < 3 ? tf : 3);
    assert_memory_equal(few, a, n_few * sizeof *a);
    OK(xj_postings_block_codes(kept, block, &codes, &err));
    uint32_t hi = a[0] >> 8, lo = a[0] & 255;
    assert_int_equal(codes->first[i], hi < 15 && lo < 15 ? hi << 4 | lo : XJ_CODE_WIDE);
}

static void check_find(const xj_postings *it, const uint32_t *last, uint32_t target)
{
    uint32_t want = 0, got;
    while (want < it->n_blocks && last[want] < target)
        want++;
    for (uint32_t from = 0; from <= it->n_blocks; from++) {
        OK(xj_postings_find(it, from, target, &got, &err));
        assert_int_equal(got, from > want ? from : want);
    }
}

/* What a block of a list says against a walk through the list. */
static void check_list(xj_segment *seg, const xj_term *term)
{
    enum { BLOCKS = (PASSAGES + 1) / XJ_BLOCK + 2 };
    uint32_t last[BLOCKS];
    xj_postings *walk = malloc(sizeof *walk), *plain = malloc(sizeof *plain), *kept = malloc(sizeof *kept);
    assert_true(walk && plain && kept);
    OK(xj_postings_open(walk, seg, term, &err));
    OK(xj_postings_open(plain, seg, term, &err));
    OK(xj_postings_open_cached(kept, seg, term, &err));
    assert_int_equal(kept->n_blocks, (term->df + XJ_BLOCK - 1) / XJ_BLOCK);
    assert_true(kept->n_blocks < BLOCKS);
    assert_null(plain->slots);
    assert_int_equal(kept->slots != NULL, kept->n_blocks > 1);
    for (uint32_t b = 0, impact_seen = 0; b < kept->n_blocks; b++) {
        uint8_t impact;
        OK(xj_postings_load(plain, b, &err));
        OK(xj_postings_load(kept, b, &err));
        same_block(xj_postings_block(plain), xj_postings_block(kept));
        assert_ptr_equal(xj_postings_block(kept), xj_postings_block_at(kept, b));
        OK(xj_postings_bound(kept, b, &last[b], &impact, &err));
        assert_int_equal(last[b], xj_postings_block(kept)->doc[kept->n - 1]);
        impact_seen = impact > impact_seen ? impact : impact_seen;
        if (b + 1 == kept->n_blocks)
            assert_int_equal(impact_seen, term->max_impact);
        if (term->has_codes) {
            const xj_block_codes *pc, *kc, *again;
            OK(xj_postings_block_codes(plain, b, &pc, &err));
            OK(xj_postings_block_codes(kept, b, &kc, &err));
            same_codes(pc, kc, kept->n);
            OK(xj_postings_block_codes(kept, b, &again, &err));
            assert_ptr_equal(again, kc);
        }
        for (uint32_t i = 0; i < plain->n; i++) {
            uint32_t tf;
            assert_int_equal(walk->doc, xj_postings_block(kept)->doc[i]);
            assert_int_equal(xj_postings_block(kept)->tf[i], walk->tf < XJ_TF_MANY ? walk->tf : XJ_TF_MANY);
            OK(xj_postings_tf(kept, b, i, &tf, &err));
            assert_int_equal(tf, walk->tf);
            OK(xj_postings_tf(plain, b, i, &tf, &err));
            assert_int_equal(tf, walk->tf);
            if (term->has_codes)
                check_codes(walk, kept, b, i);
            OK(xj_postings_next(walk, &err));
        }
    }
    assert_int_equal(walk->doc, XJ_DOC_END);
    for (uint32_t b = 0; b < kept->n_blocks; b++)
        for (uint32_t k = 0; k < 3; k++)
            check_find(kept, last, last[b] + k - (last[b] > 0));
    check_find(kept, last, XJ_DOC_END);
    /* Blocks that were current before stay, whatever is current now. */
    for (uint32_t k = 0; k < 20 && kept->n_blocks > 1; k++) {
        uint32_t a = random_below(kept->n_blocks), b = random_below(kept->n_blocks);
        OK(xj_postings_load(kept, a, &err));
        OK(xj_postings_load(plain, b, &err));
        same_block(xj_postings_block(plain), xj_postings_block_at(kept, b));
    }
    free(walk);
    free(plain);
    free(kept);
}

static void check_seeks(xj_segment *seg, const xj_term *term)
{
    xj_postings *plain = malloc(sizeof *plain), *kept = malloc(sizeof *kept);
    assert_true(plain && kept);
    for (unsigned round = 0; round < 5; round++) {
        OK(xj_postings_open(plain, seg, term, &err));
        OK(xj_postings_open_cached(kept, seg, term, &err));
        for (uint32_t target = 0; plain->doc != XJ_DOC_END; target += random_below(300)) {
            OK(xj_postings_seek(plain, target, &err));
            OK(xj_postings_seek(kept, target, &err));
            assert_int_equal(plain->doc, kept->doc);
            assert_int_equal(plain->tf, kept->tf);
            assert_true(plain->doc >= target);
        }
        assert_int_equal(kept->doc, XJ_DOC_END);
    }
    free(plain);
    free(kept);
}

static uint32_t check_lists(xj_segment *seg)
{
    uint32_t n_long = 0;
    for (int field = XJ_BODY; field <= XJ_CONTEXT; field++) {
        for (int strings = 0; strings < 2; strings++) {
            xj_term_cursor c;
            if (strings)
                OK(xj_term_cursor_word(&c, seg, (xj_field)field, NULL, 0, &err));
            else
                OK(xj_term_cursor_pair(&c, seg, (xj_field)field, 0, &err));
            while (!c.done) {
                check_list(seg, &c.term);
                check_seeks(seg, &c.term);
                n_long += c.term.df > XJ_BLOCK;
                OK(xj_term_cursor_next(&c, &err));
            }
        }
    }
    return n_long;
}

static void test_kept__lists(void **state)
{
    (void)state;
    seed(67);
    xj_segment *seg = build_lists();
    xj_term term;
    expect_sound(seg);
    OK(xj_segment_pair(seg, XJ_BODY, 0x7532, 0x4E59, &term, &err)); /* 甲乙: the list that has everything */
    assert_true(term.df > 5 * XJ_BLOCK && term.cf > 2000 && term.code_bytes > term.cf && !term.is_inline);
    OK(xj_segment_pair(seg, XJ_CONTEXT, 0x7532, 0x4E59, &term, &err));
    assert_true(term.df > 2 * XJ_BLOCK && term.in_context && !term.has_codes);
    OK(xj_segment_pair(seg, XJ_BODY, 0x5B64, 0x54C1, &term, &err)); /* 孤品 */
    assert_true(term.is_inline && term.has_codes && term.df == 1);
    assert_true(check_lists(seg) >= 4);
    assert_true(check_lists(seg) >= 4); /* all of it is there now */
    xj_segment_close(&seg);
}

/* A list without codes has none, in whatever way they are asked for. */
static void test_kept__no_codes(void **state)
{
    (void)state;
    seed(68);
    xj_segment *seg = build_lists();
    xj_term term;
    OK(xj_segment_pair(seg, XJ_CONTEXT, 0x7532, 0x4E59, &term, &err));
    xj_postings *it = malloc(sizeof *it);
    assert_non_null(it);
    for (unsigned kept = 0; kept < 2; kept++) {
        const xj_block_codes *codes;
        uint16_t code[4];
        uint32_t n = 9;
        OK(kept ? xj_postings_open_cached(it, seg, &term, &err) : xj_postings_open(it, seg, &term, &err));
        assert_int_equal(xj_postings_block_codes(it, 0, &codes, NULL), XJ_ECORRUPT);
        assert_null(codes);
        assert_int_equal(xj_postings_codes_of(it, 0, 0, 1, code, 4, &n, NULL), XJ_ECORRUPT);
        assert_int_equal(n, 0);
    }
    free(it);
    xj_segment_close(&seg);
}

/* An absent term is a list that is at its end. */
static void test_kept__absent_terms(void **state)
{
    (void)state;
    xj_segment *seg = build_small();
    xj_term term;
    OK(xj_segment_pair(seg, XJ_BODY, 0x7532, 0x7532, &term, &err));
    assert_int_equal(term.df, 0);
    xj_postings *it = malloc(sizeof *it);
    assert_non_null(it);
    for (unsigned kept = 0; kept < 2; kept++) {
        uint32_t block = 9;
        OK(kept ? xj_postings_open_cached(it, seg, &term, &err) : xj_postings_open(it, seg, &term, &err));
        assert_int_equal(it->doc, XJ_DOC_END);
        assert_int_equal(it->n_blocks, 0);
        OK(xj_postings_find(it, 0, 0, &block, &err));
        assert_int_equal(block, 0);
        OK(xj_postings_seek(it, 5, &err));
        OK(xj_postings_next(it, &err));
        assert_int_equal(it->doc, XJ_DOC_END);
    }
    free(it);
    xj_segment_close(&seg);
}

/* ---- texts ---- */

static void same_text(xj_segment *seg, uint32_t i, xj_record *plain, xj_record *kept)
{
    const char *a, *b;
    size_t na, nb;
    OK(xj_segment_text(seg, i, plain, &a, &na, &err));
    OK(xj_segment_text(seg, i, kept, &b, &nb, &err));
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    OK(xj_segment_record(seg, XJ_STORE_TEXT, i, plain, &err));
    OK(xj_segment_record(seg, XJ_STORE_TEXT, i, kept, &err));
    assert_int_equal(plain->n, kept->n);
    assert_memory_equal(plain->data, kept->data, plain->n);
    xj_rd r = xj_rd_of(plain->data, plain->n);
    assert_int_equal(xj_rd_varint(&r), na);
}

static xj_segment *build_many_texts(char texts[][200], uint32_t n)
{
    static const char *pointers[4000];
    for (uint32_t i = 0; i < n; i++) {
        repeat(texts[i], 200, "人民", 1 + random_below(9), i % 3 ? "枫桥经验" : "Community ", random_below(8));
        pointers[i] = texts[i];
    }
    return build_texts(pointers, n, 't');
}

static void test_kept__texts(void **state)
{
    enum { N = 3000 };
    (void)state;
    seed(69);
    char(*texts)[200] = malloc(N * sizeof *texts);
    assert_non_null(texts);
    xj_segment *seg = build_many_texts(texts, N);
    xj_record plain = XJ_RECORD_INIT, kept = XJ_RECORD_INIT;
    kept.cached = true;
    for (uint32_t i = 0; i < 3 * N; i++) {
        uint32_t k = i < N ? i : random_below(N);
        const char *s;
        size_t n;
        OK(xj_segment_text(seg, k, &kept, &s, &n, &err));
        assert_int_equal(n, strlen(texts[k]));
        assert_memory_equal(s, texts[k], n);
        same_text(seg, k, &plain, &kept);
        if (i % 700 == 699) /* the segment forgets its frames; the records do not mind */
            xj_segment_trim(seg);
        if (i % 100 == 0) /* sometimes there is no room for more of them */
            seg->texts_most = random_below(3) ? XJI_TEXTS_KEPT : random_below(40000);
        if (i % 50 == 0) { /* other stores in between, which are never kept */
            OK(xj_segment_record(seg, XJ_STORE_HEADING, k, &kept, &err));
            OK(xj_segment_record(seg, XJ_STORE_HEADING, k, &plain, &err));
            assert_int_equal(plain.n, kept.n);
            assert_memory_equal(plain.data, kept.data, plain.n);
        }
    }
    assert_int_equal(xj_segment_record(seg, XJ_STORE_TEXT, N, &kept, NULL), XJ_ECORRUPT);
    assert_null(kept.data);
    OK(xj_segment_record(seg, XJ_STORE_TEXT, N - 1, &kept, &err));
    xj_record_release(&plain);
    xj_record_release(&kept);
    xj_segment_close(&seg);
    free(texts);
}

static void test_kept__no_room_for_texts(void **state)
{
    enum { N = 3000 };
    (void)state;
    seed(71);
    char(*texts)[200] = malloc(N * sizeof *texts);
    assert_non_null(texts);
    xj_segment *seg = build_many_texts(texts, N);
    xj_record r = XJ_RECORD_INIT;
    r.cached = true;
    seg->texts_most = 20000;
    for (uint32_t i = 0; i < N; i++) {
        const char *s;
        size_t n;
        OK(xj_segment_text(seg, i, &r, &s, &n, &err));
        assert_memory_equal(s, texts[i], n);
    }
    uint64_t held = atomic_load(&seg->texts_held);
    assert_in_range(held, 20000, 80000); /* the frame that reaches the limit is the last; they take some 32 KiB */
    xj_segment_trim(seg);
    assert_int_equal(atomic_load(&seg->texts_held), 0);
    xj_record_release(&r);
    xj_segment_close(&seg);
    free(texts);
}

/* ---- giving memory back ---- */

static void test_kept__trim(void **state)
{
    (void)state;
    seed(70);
    xj_segment *seg = build_lists();
    uint64_t first = 0;
    for (unsigned round = 0; round < 4; round++) {
        assert_int_equal(use_segment(seg), XJ_OK);
        check_lists(seg);
        xj_record r = XJ_RECORD_INIT;
        r.cached = true;
        for (uint32_t i = 0; i < PASSAGES; i += 10)
            OK(xj_segment_record(seg, XJ_STORE_TEXT, i, &r, &err));
        xj_record_release(&r);
        uint64_t held = xj_segment_held(seg);
        assert_true(held > 100000);
        if (round == 0)
            first = held;
        if (round > 1) /* all but what opening read */
            assert_true(held <= first);
        xj_segment_trim(seg);
        assert_int_equal(xj_segment_held(seg), 0);
        xj_segment_trim(seg);
        assert_int_equal(xj_segment_held(seg), 0);
        assert_int_equal(xj_segment_stats_of(seg)->n_passages, PASSAGES + 1);
    }
    expect_sound(seg);
    xj_segment_trim(seg);
    xj_segment_close(&seg);
}

/* ---- tables ---- */

static void test_kept__length_codes(void **state)
{
    enum { N = 9000, CHUNK = 4096 };
    (void)state;
    seed(71);
    xj_segment_writer *w = new_segment();
    uint32_t *length = malloc(N * sizeof *length);
    assert_non_null(length);
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    for (uint32_t i = 0; i < N; i++) {
        length[i] = random_below(random_below(2) ? 40 : 100000);
        OK(xj_segment_writer_passage(w, length[i], "\0\0\0", 3, 0, 0, &err));
    }
    put_bare_report(w, "r");
    xj_segment *seg = finish_segment(w);
    for (unsigned round = 0; round < 400; round++) {
        uint32_t passage[XJ_BLOCK], n = 0;
        uint8_t code[XJ_BLOCK];
        const uint8_t *all;
        for (uint32_t p = random_below(200); n < XJ_BLOCK && p < N; p += 1 + random_below(round % 2 ? 3 : 300))
            passage[n++] = p;
        OK(xj_segment_length_codes(seg, passage, n, code, &err));
        for (uint32_t i = 0; i < n; i++) {
            uint32_t one;
            assert_int_equal(code[i], xj_length_code(length[passage[i]]));
            OK(xj_segment_length(seg, passage[i], &one, &err));
            assert_int_equal(one, xj_length_decode(code[i]));
        }
        uint32_t from = round % 3 ? random_below(N) : CHUNK - 1 + random_below(3), to = from + random_below(N - from + 1);
        OK(xj_segment_lengths(seg, from, to, &all, &err));
        for (uint32_t i = from; i < to; i++)
            assert_int_equal(all[i - from], xj_length_code(length[i]));
        if (round % 50 == 49)
            xj_segment_trim(seg);
    }
    const uint8_t *all;
    uint32_t beyond[] = {N - 1, N};
    uint8_t code[2];
    assert_int_equal(xj_segment_lengths(seg, 0, N + 1, &all, NULL), XJ_ECORRUPT);
    assert_null(all);
    xj_segment_trim(seg);
    assert_int_equal(xj_segment_length_codes(seg, beyond + 1, 1, code, NULL), XJ_ECORRUPT);
    xj_segment_close(&seg);
    free(length);
}

/* From every report at or before the one that is looked for; reports without passages among them. */
static void test_kept__report_from(void **state)
{
    enum { REPORTS = 60 };
    (void)state;
    seed(72);
    xj_segment_writer *w = new_segment();
    uint32_t first[REPORTS + 1] = {0};
    for (uint32_t r = 0; r < REPORTS; r++) {
        char id[8];
        uint32_t n = r % 9 < 3 ? 0 : 1 + random_below(6);
        for (uint32_t i = 0; i < n; i++) {
            if (i % 3 == 0)
                OK(xj_segment_writer_section(w, NULL, 0, &err));
            OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
        }
        snprintf(id, sizeof id, "r%02u", r);
        put_bare_report(w, id);
        first[r + 1] = first[r] + n;
    }
    xj_segment *seg = finish_segment(w);
    for (unsigned round = 0; round < 2; round++) {
        for (uint32_t r = 0; r < REPORTS; r++) {
            for (uint32_t p = first[r]; p < first[r + 1]; p++) {
                for (uint32_t from = 0; from <= r; from++) {
                    uint32_t report = 99;
                    xj_report_row row;
                    if (round == 0 && random_below(8) == 0)
                        xj_segment_trim(seg); /* with only some of the table in memory, and with all of it */
                    OK(xj_segment_report_from(seg, from, p, &report, &row, &err));
                    assert_int_equal(report, r);
                    assert_int_equal(row.first_passage, first[r]);
                    assert_int_equal(row.n_passages, first[r + 1] - first[r]);
                }
            }
        }
    }
    for (uint32_t from = 0; from < REPORTS + 3; from++) {
        uint32_t report;
        xj_report_row row;
        assert_int_equal(xj_segment_report_from(seg, from, first[REPORTS], &report, &row, NULL), XJ_ECORRUPT);
        assert_int_equal(xj_segment_report_from(seg, from, XJ_DOC_END, &report, &row, NULL), XJ_ECORRUPT);
        assert_int_equal(report + row.n_passages, 0);
    }
    xj_segment_close(&seg);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_segment_dir, remove_segment_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_kept__lists), TEST(test_kept__no_codes),     TEST(test_kept__absent_terms), TEST(test_kept__texts),
        TEST(test_kept__lists), TEST(test_kept__no_codes),     TEST(test_kept__absent_terms), TEST(test_kept__no_room_for_texts),
        TEST(test_kept__trim),  TEST(test_kept__length_codes), TEST(test_kept__report_from),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
