/*
 * Lists of rare characters: there exactly when the pairs of a character stand in less than a twentieth of the passages, and
 * then the union of their postings.
 */
#define _GNU_SOURCE /* mkdtemp */
#include "lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/index.h"
#include "xj/record.h"

typedef struct place {
    char path[64];
    char index[80];
} place;

static int setup(void **state)
{
    static place p;
    *state = &p;
    if (make_folder(p.path) != 0)
        return -1;
    snprintf(p.index, sizeof p.index, "%s/ix", p.path);
    return 0;
}

static int teardown(void **state)
{
    place *p = *state;
    return remove_folder(p->path);
}

/* ---- a segment of lists ---- */

typedef struct segment {
    xj_index_writer *index;
    xj_segment_writer *w;
    const xj_scale *scale;
    uint32_t n_passages;
} segment;

/* n passages of one unit, each a section. */
static segment begin(const place *p, uint32_t n)
{
    segment s = {NULL, NULL, NULL, n};
    xj_buf text = XJ_BUF_INIT, meta = XJ_BUF_INIT;
    uint32_t cp = 'a', beg = 0;
    uint8_t len = 1;
    const xj_report_meta m = {.id = {"r", 1}, .encoding = XJ_ENC_UTF8};
    OK(xj_index_writer_open(&s.index, p->index, XJ_INDEX_REPLACE, &err));
    OK(xj_index_writer_begin(s.index, XJ_TEXT_FAST, NULL, &s.w, &err));
    OK(xj_passage_put(&text, XJ_ENC_UTF8, &cp, &beg, &len, NULL, 1, &err));
    OK(xj_report_meta_put(&meta, &m, &err));
    for (uint32_t i = 0; i < n; i++) {
        OK(xj_segment_writer_section(s.w, NULL, 0, &err));
        OK(xj_segment_writer_passage(s.w, 1, text.data, text.n, 1, 1, &err));
    }
    OK(xj_segment_writer_report(s.w, "r", 1, 0, 1, meta.data, meta.n, &err));
    OK(xj_segment_writer_scale(s.w, &s.scale, &err));
    xj_buf_release(&text);
    xj_buf_release(&meta);
    return s;
}

static void put_part(segment *s, xji_lists *l)
{
    OK(xji_lists_finish(l, &err));
    if (xj_term_part_n_terms(l->part) > 0)
        OK(xj_segment_writer_part(s->w, l->part, &err));
    xji_lists_release(l);
}

static xj_index *finish(const place *p, segment *s)
{
    xj_index *ix;
    uint64_t damages = 0, all;
    OK(xj_index_writer_end(s->index, &s->w, &err));
    OK(xj_index_writer_commit(s->index, &err));
    xj_index_writer_close(&s->index);
    OK(xj_index_open(&ix, p->index, &err));
    OK(xj_segment_check(xj_index_segment(ix, 0), XJ_CHECK_ALL, count_damage_but_lengths, &damages, &all, &err));
    assert_int_equal(damages, 0);
    return ix;
}

/* One posting of tf 1 in each passage from, from + step, ...: n of them. */
static void add_pair(xji_lists *l, uint32_t first, uint32_t second, uint32_t from, uint32_t step, uint32_t n)
{
    uint32_t *docs = malloc((n + 1) * sizeof *docs), *tfs = malloc((n + 1) * sizeof *tfs);
    uint16_t *codes = calloc(n + 1, sizeof *codes);
    assert_true(docs && tfs && codes);
    for (uint32_t i = 0; i < n; i++) {
        docs[i] = from + i * step;
        tfs[i] = 1;
    }
    const xj_term_postings t = {docs, tfs, n, codes};
    if (n > 0)
        OK(xji_lists_pair(l, XJ_PAIR_KEY(first, second), &t, &err));
    free(docs);
    free(tfs);
    free(codes);
}

static uint32_t list_df(xj_index *ix, uint32_t character)
{
    xj_term term;
    OK(xj_segment_character(xj_index_segment(ix, 0), character, &term, &err));
    return term.df;
}

/* ---- tests ---- */

/* Characters in one passage less than a twentieth, in a twentieth, and in one more; as one pair, as several that share no
 * passage, and as two that share all. */
static void test_lists__threshold(void **state)
{
    const place *p = *state;
    static const uint32_t sizes[] = {1, 19, 20, 21, 39, 40, 41, 60, 100, 255 * 20, 256 * 20 + 1, 2600};
    enum { FIRST = 0x5000 };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t n = sizes[i], twentieth = (n + 19) / 20; /* df * 20 >= n from here on */
        segment s = begin(p, n);
        xji_lists l = {0};
        OK(xji_lists_open(&l, XJ_PAIRS, s.scale, n, &err));
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t df = twentieth + k - 1, half, c = FIRST + 3 * k;
            df = df < n ? df : n;
            half = df / 2;
            add_pair(&l, c, 0x6000, 0, 1, df);
            add_pair(&l, c + 1, 0x6000, 0, 1, half);
            add_pair(&l, c + 1, 0x6001, n - (df - half), 1, df - half);
            add_pair(&l, c + 2, 0x6000, 0, 1, df);
            add_pair(&l, c + 2, XJ_SECOND_SINGLE, 0, 1, df);
        }
        put_part(&s, &l);
        xj_index *ix = finish(p, &s);
        uint64_t n_lists = 0, n_pairs = 0;
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t df = twentieth + k - 1, want;
            df = df < n ? df : n;
            want = (uint64_t)df * 20 < n ? df : 0;
            assert_int_equal(k == 0, df == 0 || want > 0); /* only the first is rare */
            for (uint32_t c = 0; c < 3; c++)
                assert_int_equal(list_df(ix, FIRST + 3 * k + c), want);
            n_lists += want > 0 ? 3 : 0;
            n_pairs += df == 0 ? 0 : 3 + (df / 2 > 0) + 1;
        }
        assert_int_equal(xj_segment_stats_of(xj_index_segment(ix, 0))->n_pairs, n_pairs + n_lists);
        xj_index_close(&ix);
    }
}

/* Pairs of a character in random passages, with random tfs; the sums by passage go to tf. */
static void add_random(xji_lists *l, uint32_t first, uint32_t n_passages, uint32_t *tf)
{
    uint32_t n_pairs = 1 + random_below(6), docs[600], tfs[600];
    static uint16_t codes[600 * 3];
    for (uint32_t k = 0; k < n_pairs; k++) {
        uint32_t n = 0, at = 0, sum = 0, cluster = random_below(2) ? 1 + random_below(3) : 1 + n_passages / 16;
        for (at = random_below(n_passages); at < n_passages && n < 600; at += 1 + random_below(cluster)) {
            docs[n] = at;
            tfs[n] = 1 + random_below(3);
            sum += tfs[n];
            tf[at] += tfs[n++];
            if (random_below(40) == 0)
                break;
        }
        for (uint32_t i = 0, c = 0; i < n; i++)
            for (uint32_t o = 0; o < tfs[i]; o++)
                codes[c++] = (uint16_t)(o << 8 | o);
        assert_true(sum <= sizeof codes / sizeof *codes);
        const xj_term_postings t = {docs, tfs, n, codes};
        OK(xji_lists_pair(l, XJ_PAIR_KEY(first, k + 1 < n_pairs ? 0x6000 + k : XJ_SECOND_SINGLE), &t, &err));
    }
}

static void test_lists__union_of_the_pairs(void **state)
{
    const place *p = *state;
    static const uint32_t sizes[] = {1, 50, 256, 1000, 65537, 70000};
    enum { CHARACTERS = 60 };
    uint32_t n_lists = 0, n_none = 0;
    seed(20261122);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t n = sizes[i], *tf = calloc((size_t)n * CHARACTERS, sizeof *tf);
        assert_non_null(tf);
        segment s = begin(p, n);
        xji_lists l = {0};
        OK(xji_lists_open(&l, XJ_PAIRS, s.scale, n, &err));
        for (uint32_t c = 0; c < CHARACTERS; c++)
            add_random(&l, 0x5000 + c, n, tf + (size_t)c * n);
        put_part(&s, &l);
        xj_index *ix = finish(p, &s);
        for (uint32_t c = 0; c < CHARACTERS; c++) {
            xj_term term;
            xj_postings it;
            const uint32_t *mine = tf + (size_t)c * n;
            uint32_t df = 0;
            for (uint32_t k = 0; k < n; k++)
                df += mine[k] > 0;
            OK(xj_segment_character(xj_index_segment(ix, 0), 0x5000 + c, &term, &err));
            assert_int_equal(term.df, (uint64_t)df * 20 < n ? df : 0);
            *(term.df ? &n_lists : &n_none) += 1;
            OK(xj_postings_open(&it, xj_index_segment(ix, 0), &term, &err));
            for (uint32_t k = 0; k < n && term.df > 0; k++) {
                if (mine[k] == 0)
                    continue;
                assert_int_equal(it.doc, k);
                assert_int_equal(it.tf, mine[k]);
                OK(xj_postings_next(&it, &err));
            }
            assert_int_equal(it.doc, XJ_DOC_END);
        }
        xj_index_close(&ix);
        free(tf);
    }
    assert_true(n_lists > 50 && n_none > 50);
}

/* The context and strings have none; parts of a dictionary have those of their own characters. */
static void test_lists__only_of_pairs_of_the_text(void **state)
{
    const place *p = *state;
    enum { PASSAGES = 100 };
    segment s = begin(p, PASSAGES);
    for (uint32_t part = 0; part < 2; part++) {
        xji_lists l = {0};
        OK(xji_lists_open(&l, XJ_PAIRS, s.scale, PASSAGES, &err));
        add_pair(&l, 0x5000 + part, 0x6000, 7 + part, 1, 1);
        add_pair(&l, 0x5000 + part, 0x6001, 7 + part, 1, 2);
        put_part(&s, &l);
    }
    xji_lists l = {0};
    uint32_t doc = 3, tf = 1;
    const xj_term_postings one = {&doc, &tf, 1, NULL};
    OK(xji_lists_open(&l, XJ_STRINGS, s.scale, PASSAGES, &err));
    OK(xji_lists_string(&l, "wa", 2, &one, &err));
    put_part(&s, &l);
    OK(xji_lists_open(&l, XJ_CONTEXT_PAIRS, s.scale, PASSAGES, &err));
    add_pair(&l, 0x5000, 0x6000, 3, 1, 1);
    put_part(&s, &l);
    OK(xji_lists_open(&l, XJ_CONTEXT_STRINGS, s.scale, PASSAGES, &err));
    put_part(&s, &l); /* nothing */
    xj_index *ix = finish(p, &s);
    const xj_segment_stats *stats = xj_segment_stats_of(xj_index_segment(ix, 0));
    assert_int_equal(stats->n_pairs, 2 * 2 + 2);
    assert_int_equal(stats->n_words, 1);
    assert_int_equal(stats->n_context_pairs, 1);
    assert_int_equal(stats->n_context_words, 0);
    assert_int_equal(list_df(ix, 0x5000), 2);
    assert_int_equal(list_df(ix, 0x5001), 2);
    xj_index_close(&ix);
}

static void test_lists__room_for_postings(void **state)
{
    (void)state;
    xji_gather g = {0};
    for (uint32_t i = 0; i < 100000; i += 1 + i / 3) {
        OK(xji_gather_reserve(&g, 1 + i / 3, &err));
        assert_true(g.cap >= g.n + 1 + i / 3);
        for (uint32_t k = 0; k < 1 + i / 3; k++) {
            g.docs[g.n] = (uint32_t)g.n;
            g.tfs[g.n] = 1;
            g.n++;
        }
    }
    for (size_t i = 0; i < g.n; i++)
        assert_int_equal(g.docs[i], i);
    xji_gather_release(&g);
    assert_null(g.docs);
    xji_gather_release(&g);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lists__threshold, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists__union_of_the_pairs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lists__only_of_pairs_of_the_text, setup, teardown),
        cmocka_unit_test(test_lists__room_for_postings),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
