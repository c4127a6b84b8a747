/*
 * Tokens to postings lists, read back from the segment they were written to and compared with a sort of all tokens.
 */
#define _GNU_SOURCE /* O_DIRECTORY, mkdtemp */
#include "invert.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/record.h"

/* ---- the naive inversion ---- */

/* One token with its term: a pair as eight bytes big-endian behind kind 0, so that byte order is term order. */
typedef struct fact {
    uint8_t key[XJ_KEY_MAX + 9];
    size_t n;
    uint32_t passage, order; /* order of arrival, to keep codes in text order */
    uint8_t code;
} fact;

static fact *facts;
static size_t n_facts, facts_cap;

static fact *new_fact(uint32_t passage, uint8_t code)
{
    if (n_facts == facts_cap) {
        facts_cap = facts_cap ? facts_cap * 2 : 4096;
        facts = realloc(facts, facts_cap * sizeof *facts);
        assert_non_null(facts);
    }
    fact *f = &facts[n_facts++];
    memset(f, 0, sizeof *f);
    f->passage = passage;
    f->order = (uint32_t)n_facts;
    f->code = code;
    return f;
}

static void record_pair(uint32_t passage, const xji_pair_token *p)
{
    fact *f = new_fact(passage, p->code);
    f->n = 9;
    for (int i = 0; i < 4; i++) {
        f->key[1 + i] = (uint8_t)(p->first >> (24 - 8 * i));
        f->key[5 + i] = (uint8_t)(p->second >> (24 - 8 * i));
    }
}

static void record_word(uint32_t passage, const uint8_t *key, size_t n, uint8_t code)
{
    fact *f = new_fact(passage, code);
    f->n = n;
    memcpy(f->key, key, n);
}

static int same_term(const fact *a, const fact *b)
{
    return a->n == b->n && memcmp(a->key, b->key, a->n) == 0;
}

static int compare_facts(const void *a, const void *b)
{
    const fact *x = a, *y = b;
    int c = memcmp(x->key, y->key, x->n < y->n ? x->n : y->n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    if (c == 0)
        c = (x->passage > y->passage) - (x->passage < y->passage);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* ---- a segment to write to ---- */

typedef struct place {
    char path[64];
    int dir;
} place;

static int setup(void **state)
{
    static place p;
    if (make_folder(p.path) != 0)
        return -1;
    p.dir = open(p.path, O_RDONLY | O_DIRECTORY);
    *state = &p;
    return p.dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    place *p = *state;
    unlinkat(p->dir, "segment", 0);
    close(p->dir);
    rmdir(p->path);
    free(facts);
    facts = NULL;
    n_facts = facts_cap = 0;
    return 0;
}

static xj_segment_writer *begin(const place *p, uint32_t n_passages)
{
    xj_segment_writer *w;
    xj_buf record = XJ_BUF_INIT;
    uint32_t number, cp = 'a', beg = 0;
    uint8_t len = 1;
    unlinkat(p->dir, "segment", 0);
    assert_int_equal(xj_segment_writer_open(&w, p->dir, p->path, "segment", NULL), XJ_OK);
    assert_int_equal(xj_segment_writer_section(w, NULL, 0, &number, NULL), XJ_OK);
    assert_int_equal(xj_passage_put(&record, XJ_ENC_UTF8, &cp, &beg, &len, NULL, 1, NULL), XJ_OK);
    for (uint32_t i = 0; i < n_passages; i++)
        assert_int_equal(xj_segment_writer_passage(w, 0, 1, record.data, record.n, 1, 1, NULL), XJ_OK);
    xj_report_meta meta = {.id = {"r", 1}, .encoding = XJ_ENC_UTF8};
    record.n = 0;
    assert_int_equal(xj_report_meta_put(&record, &meta, NULL), XJ_OK);
    assert_int_equal(xj_segment_writer_report(w, "r", 1, 0, 1, record.data, record.n, NULL), XJ_OK);
    xj_buf_release(&record);
    return w;
}

static xj_segment *finish(const place *p, xj_segment_writer *w)
{
    xj_segment *seg;
    xj_segment_seal seal;
    uint64_t damages = 1;
    assert_int_equal(xj_segment_writer_finish(&w, &seal, NULL), XJ_OK);
    assert_int_equal(xj_segment_open(&seg, p->dir, p->path, "segment", seal.size, seal.header_sum, NULL), XJ_OK);
    assert_int_equal(xj_segment_check(seg, XJ_CHECK_BYTES, NULL, NULL, &damages, NULL), XJ_OK);
    assert_int_equal(damages, 0);
    return seg;
}

static void find_term(xj_segment *seg, const fact *f, xj_term *term)
{
    if (f->key[0] == 0) {
        uint32_t first = 0, second = 0;
        for (int i = 0; i < 4; i++) {
            first = first << 8 | f->key[1 + i];
            second = second << 8 | f->key[5 + i];
        }
        assert_int_equal(xj_segment_pair(seg, first, second, term, NULL), XJ_OK);
    } else {
        assert_int_equal(xj_segment_word(seg, f->key, f->n, term, NULL), XJ_OK);
    }
}

static bool has_codes(const fact *f)
{
    static const uint8_t single[4] = {0};
    return f->key[0] == 0 ? memcmp(f->key + 5, single, 4) != 0 : f->key[0] == XJ_KEY_PAIR;
}

/* The segment's list of the term of facts [b, e), against them. */
static void check_list(xj_segment *seg, size_t b, size_t e)
{
    xj_term term;
    xj_postings it;
    uint32_t df = 0;
    find_term(seg, &facts[b], &term);
    for (size_t i = b; i < e; i++)
        df += i == b || facts[i].passage != facts[i - 1].passage;
    assert_int_equal(term.df, df);
    assert_int_equal(term.cf, e - b);
    assert_int_equal(xj_postings_open(&it, seg, &term, NULL), XJ_OK);
    for (size_t i = b; i < e;) {
        size_t end = i;
        while (end < e && facts[end].passage == facts[i].passage)
            end++;
        assert_int_equal(it.doc, facts[i].passage);
        assert_int_equal(it.tf, end - i);
        const uint8_t *codes = NULL;
        if (has_codes(&facts[b]))
            assert_int_equal(xj_postings_adjacency(&it, &codes, NULL), XJ_OK);
        for (size_t k = i; codes && k < end; k++)
            assert_int_equal(codes[k - i], facts[k].code);
        assert_int_equal(xj_postings_next(&it, NULL), XJ_OK);
        i = end;
    }
    assert_int_equal(it.doc, XJ_DOC_END);
}

static void check_segment(const place *p, xj_segment_writer *w)
{
    xj_segment *seg = finish(p, w);
    uint64_t n_pairs = 0, n_words = 0;
    if (n_facts > 0)
        qsort(facts, n_facts, sizeof *facts, compare_facts);
    for (size_t b = 0, e; b < n_facts; b = e) {
        for (e = b + 1; e < n_facts && same_term(&facts[b], &facts[e]); e++)
            ;
        *(facts[b].key[0] == 0 ? &n_pairs : &n_words) += 1;
        check_list(seg, b, e);
    }
    const xj_segment_stats *stats = xj_segment_stats_of(seg);
    assert_int_equal(stats->n_pairs, n_pairs);
    assert_int_equal(stats->n_words, n_words);
    assert_int_equal(stats->n_occurrences, n_facts);
    xj_segment_close(&seg);
    n_facts = 0;
}

/* ---- random tokens ---- */

static void random_pair(xji_tokens *t, uint32_t variety)
{
    static const uint32_t extremes[] = {1, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
    xji_pair_token *p = &t->pair[t->n_pairs++];
    p->first = random_below(20) ? 0x4E00 + random_below(variety) : extremes[random_below(6)];
    p->second = random_below(5) == 0 ? XJI_SINGLE : random_below(20) ? 0x4E00 + random_below(variety) : extremes[random_below(6)];
    p->code = p->second == XJI_SINGLE ? 0 : (uint8_t)random_below(256);
}

static void random_word(xji_tokens *t, uint32_t variety)
{
    static const char kinds[] = {XJ_KEY_WORD, XJ_KEY_STEM, XJ_KEY_PAIR};
    uint8_t key[XJ_KEY_MAX];
    size_t n = 2 + random_below(random_below(50) ? 6 : XJ_KEY_MAX - 2);
    uint32_t number = random_below(variety);
    key[0] = (uint8_t)kinds[random_below(3)];
    for (size_t i = 1; i < n; i++) { /* few different beginnings, so that keys are prefixes of others */
        key[i] = (uint8_t)(0x60 + number % 3 * 70);
        number /= 3;
    }
    t->word[t->n_words++] = (xji_word_token){(uint32_t)t->keys.n, (uint16_t)n,
                                             key[0] == XJ_KEY_PAIR ? (uint8_t)random_below(256) : (uint8_t)0};
    assert_int_equal(xj_buf_put(&t->keys, key, n, NULL), XJ_OK);
}

enum { TOKENS_MAX = 64 };

/* Tokens of one passage, added in one or two parts. */
static void add_passage(xji_inverter *v, xji_tokens *t, uint32_t passage, size_t n_pairs, size_t n_words, uint32_t variety)
{
    t->n_pairs = t->n_words = 0;
    t->keys.n = 0;
    for (size_t i = 0; i < n_pairs; i++) {
        random_pair(t, variety);
        record_pair(passage, &t->pair[i]);
    }
    for (size_t i = 0; i < n_words; i++) {
        random_word(t, variety);
        record_word(passage, t->keys.data + t->word[i].at, t->word[i].n, t->word[i].code);
    }
    size_t pair = n_pairs / 3, word = n_words / 2;
    assert_int_equal(xji_inverter_add(v, passage, t, 0, pair, 0, word, NULL), XJ_OK);
    assert_int_equal(xji_inverter_add(v, passage, t, pair, n_pairs, word, n_words, NULL), XJ_OK);
}

static void tokens_init(xji_tokens *t)
{
    *t = (xji_tokens)XJI_TOKENS_INIT;
    t->pair = malloc(TOKENS_MAX * sizeof *t->pair);
    t->word = malloc(TOKENS_MAX * sizeof *t->word);
    assert_true(t->pair && t->word);
}

static void test_invert__random(void **state)
{
    const place *p = *state;
    xji_inverter *v;
    xji_tokens t;
    seed(20260106);
    tokens_init(&t);
    assert_int_equal(xji_inverter_new(&v, NULL), XJ_OK);
    /* One inverter for all segments: nothing of a batch may be left in the next one. */
    for (int round = 0; round < 30; round++) {
        uint32_t n_passages = 1 + random_below(500), variety = 1 + random_below(round % 3 ? 2000 : 5);
        for (uint32_t i = 0; i < n_passages; i++)
            if (random_below(4)) /* some passages have no tokens */
                add_passage(v, &t, i, random_below(TOKENS_MAX), random_below(TOKENS_MAX / 2), variety);
        xj_segment_writer *w = begin(p, n_passages);
        assert_int_equal(xji_inverter_flush(v, w, NULL), XJ_OK);
        check_segment(p, w);
    }
    xji_inverter_free(v);
    xji_tokens_release(&t);
}

/* Lists of every length around the block size, of one occurrence and of many. */
static void test_invert__block_lengths(void **state)
{
    const place *p = *state;
    static const uint32_t lengths[] = {1, 2, XJ_BLOCK - 1, XJ_BLOCK, XJ_BLOCK + 1, 2 * XJ_BLOCK, 2 * XJ_BLOCK + 1, 1000};
    enum { N = sizeof lengths / sizeof *lengths, PASSAGES = 1000 };
    xji_inverter *v;
    assert_int_equal(xji_inverter_new(&v, NULL), XJ_OK);
    for (uint32_t passage = 0; passage < PASSAGES; passage++) {
        for (uint32_t k = 0; k < N; k++) {
            /* The last lengths[k] passages hold the term, each as often as its number says. */
            if (passage < PASSAGES - lengths[k])
                continue;
            xji_pair_token pair[9];
            uint8_t keys[9 * 3];
            xji_word_token word[9];
            size_t n = 1 + passage % 9;
            for (size_t i = 0; i < n; i++) {
                pair[i] = (xji_pair_token){0x5000 + k, 0x6000, (uint8_t)(passage + i)};
                memcpy(keys + 3 * i, (const uint8_t[]){XJ_KEY_PAIR, 'a', (uint8_t)('a' + k)}, 3);
                word[i] = (xji_word_token){(uint32_t)(3 * i), 3, (uint8_t)(passage * 7 + i)};
                record_pair(passage, &pair[i]);
                record_word(passage, keys + 3 * i, 3, word[i].code);
            }
            xji_tokens t = {pair, n, n, word, n, n, {keys, 3 * n, sizeof keys}};
            assert_int_equal(xji_inverter_add(v, passage, &t, 0, n, 0, n, NULL), XJ_OK);
        }
    }
    xj_segment_writer *w = begin(p, PASSAGES);
    assert_int_equal(xji_inverter_flush(v, w, NULL), XJ_OK);
    check_segment(p, w);
    xji_inverter_free(v);
}

static void test_invert__nothing(void **state)
{
    const place *p = *state;
    xji_inverter *v;
    assert_int_equal(xji_inverter_new(&v, NULL), XJ_OK);
    for (int i = 0; i < 2; i++) {
        xj_segment_writer *w = begin(p, 3);
        assert_int_equal(xji_inverter_flush(v, w, NULL), XJ_OK);
        check_segment(p, w);
    }
    xji_inverter_free(v);
    xji_inverter_free(NULL);
}

/* What it says it needs grows with the tokens and covers what they take. */
static void test_invert__tells_its_memory(void **state)
{
    (void)state;
    xji_inverter *v;
    xji_tokens t;
    tokens_init(&t);
    seed(7);
    assert_int_equal(xji_inverter_new(&v, NULL), XJ_OK);
    size_t before = xji_inverter_bytes(v);
    for (uint32_t i = 0; i < 2000; i++) {
        add_passage(v, &t, i, 40, 20, 3000);
        size_t now = xji_inverter_bytes(v);
        assert_true(now >= before);
        assert_true(now >= (size_t)(i + 1) * (40 + 20) * 9);
        before = now;
    }
    n_facts = 0;
    xji_inverter_free(v);
    xji_tokens_release(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_invert__random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__block_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__tells_its_memory, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
