/*
 * Tokens to postings lists, read back from the segment they were written to and compared with a sort of all tokens; with
 * and without runs on disk, which change no byte.
 */
#define _GNU_SOURCE /* mkdtemp */
#include "invert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/record.h"
#include "xj/utf8.h"

/* ---- the naive inversion ---- */

enum { PAIR_KEY_BYTES = 9 };

/* One token with its term: field, then the key of a string or, behind 0, a pair of BMP characters as eight bytes
 * big-endian, so that facts of one first character stand together. */
typedef struct fact {
    size_t at; /* its key, in fact_keys */
    uint32_t n;
    uint32_t number, order; /* passage or section; order of arrival, to keep codes in text order */
    uint16_t code;
} fact;

static fact *facts;
static size_t n_facts, facts_cap;
static xj_buf fact_keys;

static const uint8_t *key_of(const fact *f)
{
    return fact_keys.data + f->at;
}

static void record(xj_field field, uint32_t number, const uint8_t *key, size_t n, uint16_t code)
{
    const uint8_t first = (uint8_t)field;
    if (n_facts == facts_cap) {
        facts_cap = facts_cap ? facts_cap * 2 : 4096;
        facts = realloc(facts, facts_cap * sizeof *facts);
        assert_non_null(facts);
    }
    facts[n_facts] = (fact){fact_keys.n, (uint32_t)n + 1, number, (uint32_t)n_facts, code};
    n_facts++;
    OK(xj_buf_put(&fact_keys, &first, 1, &err));
    OK(xj_buf_put(&fact_keys, key, n, &err));
}

static void forget_facts(void)
{
    n_facts = 0;
    fact_keys.n = 0;
}

static void record_pair(xj_field field, uint32_t number, xji_pair_token t)
{
    const uint32_t first = xji_pair_first(t), second = xji_pair_second(t);
    const bool single = second == XJI_SINGLE;
    uint8_t key[16] = {0};
    size_t n = 0;
    if (first > 0xFFFF || second > 0xFFFF) {
        key[n++] = single ? XJ_KEY_CHAR : XJ_KEY_PAIR;
        n += xj_utf8_encode(key + n, first);
        if (!single) {
            key[n++] = XJ_KEY_JOINT;
            n += xj_utf8_encode(key + n, second);
        }
    } else {
        n = PAIR_KEY_BYTES;
        for (int i = 0; i < 4; i++) {
            key[1 + i] = (uint8_t)(first >> (24 - 8 * i));
            key[5 + i] = (uint8_t)((single ? 0 : second) >> (24 - 8 * i));
        }
    }
    record(field, number, key, n, xji_pair_code(t));
}

static bool is_pair(const fact *f)
{
    return key_of(f)[1] == 0;
}

static uint32_t half(const fact *f, size_t at)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++)
        v = v << 8 | key_of(f)[at + i];
    return v;
}

static int same_term(const fact *a, const fact *b)
{
    return a->n == b->n && memcmp(key_of(a), key_of(b), a->n) == 0;
}

static int compare_facts(const void *a, const void *b)
{
    const fact *x = a, *y = b;
    int c = memcmp(key_of(x), key_of(y), x->n < y->n ? x->n : y->n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    if (c == 0)
        c = (x->number > y->number) - (x->number < y->number);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

/* ---- an index to write to ---- */

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
    free(facts);
    facts = NULL;
    facts_cap = 0;
    forget_facts();
    xj_buf_release(&fact_keys);
    return remove_folder(p->path);
}

enum { PASSAGE_UNITS_MAX = 1000 };

/* A batch on its way into an index: passages of random lengths, some of them beginning sections. */
typedef struct batch {
    xj_index_writer *index;
    xj_segment_writer *segment;
    xji_inverter *inverter;
} batch;

static batch begin(const place *p, size_t memory)
{
    batch b = {NULL, NULL, NULL};
    OK(xj_index_writer_open(&b.index, p->index, XJ_INDEX_REPLACE, &err));
    OK(xj_index_writer_begin(b.index, XJ_TEXT_DEFAULT, NULL, &b.segment, &err));
    OK(xji_inverter_new(&b.inverter, memory, b.index, &err));
    return b;
}

/* The text is of the length that is told; else it has nothing to do with the tokens. */
static void write_passage(batch *b, bool begins_section, uint32_t length)
{
    static uint32_t cp[PASSAGE_UNITS_MAX], beg[PASSAGE_UNITS_MAX];
    static uint8_t len[PASSAGE_UNITS_MAX];
    xj_buf text = XJ_BUF_INIT;
    assert_true(length <= PASSAGE_UNITS_MAX);
    for (uint32_t i = 0; i < length; i++) {
        cp[i] = 0x4E00;
        beg[i] = 3 * i;
        len[i] = 3;
    }
    OK(xj_passage_put(&text, XJ_ENC_UTF8, cp, beg, len, NULL, length, &err));
    if (begins_section)
        OK(xj_segment_writer_section(b->segment, NULL, 0, &err));
    OK(xj_segment_writer_passage(b->segment, length, text.data, text.n, length, 3 * (uint64_t)length, &err));
    xj_buf_release(&text);
}

static void write_report(batch *b, const char *id)
{
    xj_buf record = XJ_BUF_INIT;
    xj_report_meta meta = {.id = {id, strlen(id)}, .encoding = XJ_ENC_UTF8};
    OK(xj_report_meta_put(&record, &meta, &err));
    OK(xj_segment_writer_report(b->segment, id, strlen(id), 0, 1, record.data, record.n, &err));
    xj_buf_release(&record);
}

/* Write everything and open it; *n_runs = runs there were. */
static xj_index *finish(const place *p, batch *b, unsigned n_threads, size_t *n_runs)
{
    xj_index *ix;
    xj_pool *pool = NULL;
    uint64_t damages = 0, all;
    if (n_threads > 0)
        OK(xj_pool_new(&pool, n_threads, &err));
    OK(xji_inverter_finish(b->inverter, b->segment, pool, &err));
    *n_runs = xji_inverter_n_runs(b->inverter);
    xji_inverter_free(b->inverter);
    OK(xj_index_writer_end(b->index, &b->segment, &err));
    OK(xj_index_writer_commit(b->index, &err));
    xj_index_writer_close(&b->index);
    xj_pool_free(pool);
    OK(xj_index_open(&ix, p->index, &err));
    assert_int_equal(xj_index_n_segments(ix), 1);
    OK(xj_segment_check(xj_index_segment(ix, 0), XJ_CHECK_ALL, count_damage_but_lengths, &damages, &all, &err));
    assert_int_equal(damages, 0);
    return ix;
}

/* ---- comparing ---- */

static bool has_codes(const fact *f)
{
    if (key_of(f)[0] == XJ_CONTEXT)
        return false;
    return is_pair(f) ? half(f, 6) != 0 : key_of(f)[1] == XJ_KEY_PAIR;
}

/* Statistics the facts lead to. */
typedef struct counts {
    uint64_t terms[2][2]; /* by field, by pair or string */
    uint64_t postings[2], occurrences;
} counts;

/* The segment's list of the term of facts [b, e), against them. */
static void check_list(xj_segment *seg, size_t b, size_t e, counts *c)
{
    xj_term term;
    xj_postings it;
    uint32_t df = 0;
    const fact *f = &facts[b];
    xj_field field = (xj_field)key_of(f)[0];
    if (is_pair(f))
        OK(xj_segment_pair(seg, field, half(f, 2), half(f, 6), &term, &err));
    else
        OK(xj_segment_word(seg, field, key_of(f) + 1, f->n - 1, &term, &err));
    for (size_t i = b; i < e; i++)
        df += i == b || facts[i].number != facts[i - 1].number;
    assert_int_equal(term.df, df);
    assert_int_equal(term.cf, e - b);
    assert_int_equal(term.has_codes, has_codes(f));
    OK(xj_postings_open(&it, seg, &term, &err));
    for (size_t i = b; i < e;) {
        size_t end = i;
        while (end < e && facts[end].number == facts[i].number)
            end++;
        assert_int_equal(it.doc, facts[i].number);
        assert_int_equal(it.tf, end - i);
        if (has_codes(f)) {
            uint16_t codes[512];
            uint32_t n;
            assert_true(end - i <= sizeof codes / sizeof *codes);
            OK(xj_postings_codes(&it, codes, sizeof codes / sizeof *codes, &n, &err));
            assert_int_equal(n, end - i);
            for (size_t k = i; k < end; k++)
                assert_int_equal(codes[k - i], facts[k].code);
        }
        OK(xj_postings_next(&it, &err));
        i = end;
    }
    assert_int_equal(it.doc, XJ_DOC_END);
    c->terms[field][is_pair(f) ? 0 : 1]++;
    c->postings[field] += df;
    c->occurrences += field == XJ_BODY ? e - b : 0;
}

/* The list of a character, whose pairs are facts [b, e): there exactly when it is rare, and then their union. */
static void check_character(xj_segment *seg, size_t b, size_t e, uint32_t n_passages, counts *c)
{
    uint32_t *tf = calloc(n_passages, sizeof *tf), df = 0;
    xj_term term;
    xj_postings it;
    assert_non_null(tf);
    for (size_t i = b; i < e; i++)
        df += tf[facts[i].number]++ == 0;
    OK(xj_segment_character(seg, half(&facts[b], 2), &term, &err));
    if ((uint64_t)df * 20 < n_passages) {
        assert_int_equal(term.df, df);
        assert_int_equal(term.cf, e - b);
        assert_false(term.has_codes);
        OK(xj_postings_open(&it, seg, &term, &err));
        for (uint32_t i = 0; i < n_passages; i++) {
            if (tf[i] == 0)
                continue;
            assert_int_equal(it.doc, i);
            assert_int_equal(it.tf, tf[i]);
            OK(xj_postings_next(&it, &err));
        }
        assert_int_equal(it.doc, XJ_DOC_END);
        c->terms[XJ_BODY][0]++;
        c->postings[XJ_BODY] += df;
        c->occurrences += e - b;
    } else {
        assert_int_equal(term.df, 0);
    }
    free(tf);
}

static void check_index(xj_index *ix)
{
    xj_segment *seg = xj_index_segment(ix, 0);
    const xj_segment_stats *stats = xj_segment_stats_of(seg);
    counts c = {0};
    if (n_facts > 0)
        qsort(facts, n_facts, sizeof *facts, compare_facts);
    for (size_t b = 0, e; b < n_facts; b = e) {
        for (e = b + 1; e < n_facts && same_term(&facts[b], &facts[e]); e++)
            ;
        check_list(seg, b, e, &c);
    }
    for (size_t b = 0, e; b < n_facts && key_of(&facts[b])[0] == XJ_BODY && is_pair(&facts[b]); b = e) {
        for (e = b + 1; e < n_facts && memcmp(key_of(&facts[b]), key_of(&facts[e]), 6) == 0; e++)
            ;
        check_character(seg, b, e, (uint32_t)stats->n_passages, &c);
    }
    assert_int_equal(stats->n_pairs, c.terms[XJ_BODY][0]);
    assert_int_equal(stats->n_words, c.terms[XJ_BODY][1]);
    assert_int_equal(stats->n_context_pairs, c.terms[XJ_CONTEXT][0]);
    assert_int_equal(stats->n_context_words, c.terms[XJ_CONTEXT][1]);
    assert_int_equal(stats->n_postings, c.postings[XJ_BODY]);
    assert_int_equal(stats->n_context_postings, c.postings[XJ_CONTEXT]);
    assert_int_equal(stats->n_occurrences, c.occurrences);
}

/* The bytes of the only segment. */
static uint8_t *segment_bytes(const place *p, xj_index *ix, size_t *n)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", p->index, xj_segment_name(xj_index_segment(ix, 0)));
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *n = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*n);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *n, f), *n);
    fclose(f);
    return bytes;
}

/* ---- random tokens ---- */

enum { TOKENS_MAX = 64 };

static uint32_t random_character(uint32_t variety)
{
    static const uint32_t extremes[] = {0x80, 0x7FF, 0x800, 0xFFFD, 0x20000, 0x2A6D6};
    return random_below(20) ? 0x4E00 + random_below(variety) : extremes[random_below(6)];
}

static void random_pair(xji_tokens *t, uint32_t variety)
{
    uint32_t first = random_character(variety);
    t->pair[t->n_pairs++] = xji_pair_token_of(first, random_below(5) == 0 ? XJI_SINGLE : random_character(variety), 0);
}

/* n letters that follow from the number; few different beginnings, so that keys are prefixes of others. */
static size_t put_letters(uint8_t *key, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++) {
        key[i] = (uint8_t)('a' + number % 3 * 7);
        number /= 3;
    }
    return n;
}

static void random_word(xji_tokens *t, uint32_t variety)
{
    static const char kinds[] = {XJ_KEY_WORD, XJ_KEY_STEM, XJ_KEY_PAIR};
    uint8_t key[XJ_KEY_MAX];
    size_t length = 1 + random_below(random_below(50) ? 6 : XJ_KEY_MAX - 3), n = 1;
    uint32_t number = random_below(variety);
    key[0] = (uint8_t)kinds[random_below(3)];
    n += put_letters(key + n, length, number);
    if (key[0] == XJ_KEY_PAIR) {
        key[n++] = XJ_KEY_JOINT;
        n += put_letters(key + n, n + 2 < XJ_KEY_MAX ? 1 + number % 2 : 1, number / 5);
    }
    t->word[t->n_words++] = (xji_word_token){(uint32_t)t->keys.n, (uint16_t)n, 0};
    OK(xj_buf_put(&t->keys, key, n, &err));
}

/* How far a number grows: mostly by little, sometimes beyond what a nibble, or a byte, holds. */
static unsigned some_steps(void)
{
    static const unsigned large[] = {14, 15, 16, 100, 254, 255, 256};
    return random_below(8) ? random_below(3) : large[random_below(7)];
}

static uint16_t code_after(const uint16_t *previous)
{
    unsigned high = some_steps(), low = some_steps();
    if (previous) {
        high += (*previous >> 8) + 1u;
        low += (*previous & 255) + 1u;
    }
    return (uint16_t)((high < XJ_CODE_FULL ? high : XJ_CODE_FULL) << 8 | (low < XJ_CODE_FULL ? low : XJ_CODE_FULL));
}

/* Codes as a text could have them: both halves grow from one occurrence of a term to the next, up to XJ_CODE_FULL. */
static void random_codes(xji_tokens *t)
{
    for (size_t i = 0; i < t->n_pairs; i++) {
        uint32_t first = xji_pair_first(t->pair[i]), second = xji_pair_second(t->pair[i]);
        uint16_t previous = 0;
        bool any = false;
        for (size_t k = 0; k < i; k++)
            if (xji_pair_first(t->pair[k]) == first && xji_pair_second(t->pair[k]) == second) {
                previous = xji_pair_code(t->pair[k]);
                any = true;
            }
        t->pair[i] = xji_pair_token_of(first, second, second == XJI_SINGLE ? 0 : code_after(any ? &previous : NULL));
    }
    for (size_t i = 0; i < t->n_words; i++) {
        const uint16_t *previous = NULL;
        for (size_t k = 0; k < i; k++)
            if (t->word[k].n == t->word[i].n && memcmp(t->keys.data + t->word[k].at, t->keys.data + t->word[i].at, t->word[i].n) == 0)
                previous = &t->word[k].code;
        t->word[i].code = t->keys.data[t->word[i].at] == XJ_KEY_PAIR ? code_after(previous) : 0;
    }
}

static void random_tokens(xji_tokens *t, size_t n_pairs, size_t n_words, uint32_t variety)
{
    t->n_pairs = t->n_words = t->keys.n = 0;
    for (size_t i = 0; i < n_pairs; i++)
        random_pair(t, variety);
    for (size_t i = 0; i < n_words; i++)
        random_word(t, variety);
    random_codes(t);
}

/* Add the tokens in two parts. */
static void add_tokens(xji_inverter *v, xj_field field, uint32_t number, const xji_tokens *t)
{
    size_t pair = t->n_pairs / 3, word = t->n_words / 2;
    for (size_t i = 0; i < t->n_pairs; i++)
        record_pair(field, number, t->pair[i]);
    for (size_t i = 0; i < t->n_words; i++)
        record(field, number, t->keys.data + t->word[i].at, t->word[i].n, t->word[i].code);
    OK(xji_inverter_add(v, field, number, t, 0, pair, 0, word, &err));
    OK(xji_inverter_add(v, field, number, t, pair, t->n_pairs, word, t->n_words, &err));
}

static void tokens_init(xji_tokens *t)
{
    *t = (xji_tokens)XJI_TOKENS_INIT;
    t->pair = malloc(TOKENS_MAX * sizeof *t->pair);
    t->word = malloc(TOKENS_MAX * sizeof *t->word);
    assert_true(t->pair && t->word);
}

/*
 * A token in each bucket of both fields, and a word: with the chunks that these take, tokens take more than the least that an
 * inverter has room for, so that it writes a run when it is next asked to settle if its memory is little.
 */
static void add_tokens_everywhere(xji_inverter *v, uint32_t passage, uint32_t section)
{
    enum { BUCKETS = 1024 };
    static xji_pair_token pair[BUCKETS];
    static uint8_t key[] = {XJ_KEY_WORD, 'e'};
    xji_word_token word = {0, sizeof key, 0};
    xji_tokens t = {pair, BUCKETS, BUCKETS, &word, 1, 1, {key, sizeof key, sizeof key}};
    for (uint32_t i = 0; i < BUCKETS; i++)
        pair[i] = xji_pair_token_of(i + 1 < BUCKETS ? i << 6 | (1 + random_below(63)) : 0xFFFD, 0x4E00 + random_below(3), 0);
    add_tokens(v, XJ_BODY, passage, &t);
    add_tokens(v, XJ_CONTEXT, section, &t);
}

/* Reports of random tokens; what the seed says is written, whatever the memory. Room is made between reports only. */
static void fill(batch *b, uint64_t state, xji_tokens *t)
{
    random_state = state;
    uint32_t n_reports = 1 + random_below(20), variety = 1 + random_below(random_below(3) ? 2000 : 5), passage = 0, section = 0;
    for (uint32_t r = 0; r < n_reports; r++) {
        char id[16];
        uint32_t n = random_below(8) ? random_below(25) : 0; /* some reports have no passages */
        OK(xji_inverter_settle(b->inverter, passage, section, 0, &err));
        if (random_below(2)) {
            write_passage(b, true, 1 + random_below(300));
            add_tokens_everywhere(b->inverter, passage++, section++);
        }
        for (uint32_t i = 0; i < n; i++, passage++) {
            bool begins = i == 0 || random_below(4) == 0;
            write_passage(b, begins, 1 + random_below(300));
            if (begins) {
                random_tokens(t, random_below(8), random_below(4), variety);
                add_tokens(b->inverter, XJ_CONTEXT, section++, t);
            }
            if (random_below(4)) { /* some passages have no tokens */
                random_tokens(t, random_below(TOKENS_MAX), random_below(TOKENS_MAX / 2), variety);
                add_tokens(b->inverter, XJ_BODY, passage, t);
            }
        }
        snprintf(id, sizeof id, "%u", r);
        write_report(b, id);
    }
}

/* ---- tests ---- */

static void test_invert__random(void **state)
{
    const place *p = *state;
    static const size_t memories[] = {SIZE_MAX, 20 << 20, 1};
    static const unsigned threads[] = {0, 3, 2};
    xji_tokens t;
    size_t most_runs = 0;
    seed(20260106);
    tokens_init(&t);
    for (int round = 0; round < 25; round++) {
        uint64_t start = random_state + (uint64_t)round;
        uint8_t *want = NULL;
        size_t n_want = 0;
        for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
            size_t n_runs, n;
            forget_facts();
            batch b = begin(p, memories[m]);
            fill(&b, start, &t);
            xj_index *ix = finish(p, &b, threads[m], &n_runs);
            check_index(ix);
            uint8_t *bytes = segment_bytes(p, ix, &n);
            if (!want) {
                assert_int_equal(n_runs, 0);
                want = bytes;
                n_want = n;
            } else {
                most_runs = n_runs > most_runs ? n_runs : most_runs;
                assert_int_equal(n, n_want);
                assert_memory_equal(bytes, want, n);
                free(bytes);
            }
            xj_index_close(&ix);
        }
        free(want);
    }
    assert_true(most_runs > 5); /* else this tests less than it says */
    xji_tokens_release(&t);
}

/* Lists of every length around the block size, of one occurrence and of many. */
static void block_lengths(const place *p, size_t memory)
{
    static const uint32_t lengths[] = {1, 2, XJ_BLOCK - 1, XJ_BLOCK, XJ_BLOCK + 1, 2 * XJ_BLOCK, 2 * XJ_BLOCK + 1, 1000};
    enum { N = sizeof lengths / sizeof *lengths, PASSAGES = 1000, MOST = 270 };
    size_t n_runs;
    batch b = begin(p, memory);
    for (uint32_t passage = 0; passage < PASSAGES; passage++) {
        char id[16];
        OK(xji_inverter_settle(b.inverter, passage, passage, 0, &err));
        write_passage(&b, true, 1 + passage);
        if (passage % 100 == 17)
            add_tokens_everywhere(b.inverter, passage, passage);
        for (uint32_t k = 0; k < N; k++) {
            /* The last lengths[k] passages hold the term, each as often as its number says. */
            if (passage < PASSAGES - lengths[k])
                continue;
            static xji_pair_token pair[MOST];
            static uint8_t keys[MOST * 4];
            static xji_word_token word[MOST];
            size_t n = 1 + passage % MOST;
            for (uint32_t i = 0; i < n; i++) {
                uint32_t high = i + passage % 3, low = i + k;
                high = high < XJ_CODE_FULL ? high : XJ_CODE_FULL;
                low = low < XJ_CODE_FULL ? low : XJ_CODE_FULL;
                pair[i] = xji_pair_token_of(0x5000 + k, 0x6000, (unsigned)(high << 8 | low));
                memcpy(keys + 4 * i, (const uint8_t[]){XJ_KEY_PAIR, 'a', XJ_KEY_JOINT, (uint8_t)('a' + k)}, 4);
                word[i] = (xji_word_token){4 * i, 4, (uint16_t)(low << 8 | high)};
            }
            xji_tokens t = {pair, n, n, word, n, n, {keys, 4 * n, sizeof keys}};
            add_tokens(b.inverter, XJ_BODY, passage, &t);
            add_tokens(b.inverter, XJ_CONTEXT, passage, &t);
        }
        snprintf(id, sizeof id, "%u", passage);
        write_report(&b, id);
    }
    xj_index *ix = finish(p, &b, 2, &n_runs);
    assert_int_equal(n_runs > 8, memory == 1);
    assert_int_equal(n_runs > 0, memory == 1);
    check_index(ix);
    xj_index_close(&ix);
}

static void test_invert__block_lengths(void **state)
{
    block_lengths(*state, SIZE_MAX);
    forget_facts();
    block_lengths(*state, 1);
}

static void test_invert__nothing(void **state)
{
    const place *p = *state;
    for (uint32_t n = 0; n < 3; n++) {
        size_t n_runs;
        batch b = begin(p, 1);
        for (uint32_t i = 0; i < n; i++)
            write_passage(&b, i == 0, 1);
        write_report(&b, "r");
        OK(xji_inverter_settle(b.inverter, n, n > 0, 0, &err));
        xj_index *ix = finish(p, &b, 1, &n_runs);
        assert_int_equal(n_runs, 0);
        check_index(ix);
        xj_index_close(&ix);
    }
    xji_inverter_free(NULL);
}

/* What it says it needs covers what the tokens take; what is beyond its memory leaves it, what others take counted. */
static void test_invert__tells_its_memory(void **state)
{
    const place *p = *state;
    enum { TOKENS = 60000, STEPS = 100, LEAST = 6 << 20, TABLES = 1 << 20 };
    static const struct {
        size_t memory, taken;
    } cases[] = {{SIZE_MAX, 0}, {16 << 20, 0}, {30 << 20, 10 << 20}, {16 << 20, 12 << 20}, {1, 0}, {1, 1 << 30}};
    static xji_pair_token pair[TOKENS];
    const xji_tokens t = {pair, TOKENS, TOKENS, NULL, 0, 0, XJ_BUF_INIT};
    for (size_t i = 0; i < TOKENS; i++)
        pair[i] = xji_pair_token_of(0x4E00 + (uint32_t)i % 1000, 0x5000, 0);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        size_t runs = 0, taken = cases[c].taken, own = cases[c].memory > taken + LEAST ? cases[c].memory - taken : LEAST;
        batch b = begin(p, cases[c].memory);
        size_t before = xji_inverter_bytes(b.inverter);
        assert_int_equal(before, 0);
        for (uint32_t i = 0; i < STEPS; i++) {
            OK(xji_inverter_settle(b.inverter, i, i, taken, &err));
            size_t settled = xji_inverter_bytes(b.inverter);
            assert_true(settled <= own);
            if (xji_inverter_n_runs(b.inverter) > runs) {
                assert_int_equal(xji_inverter_n_runs(b.inverter), ++runs);
                assert_true(before > own - TABLES); /* tables of the runs count as well */
                assert_int_equal(settled, 0);
            } else {
                assert_int_equal(settled, before);
            }
            OK(xji_inverter_add(b.inverter, XJ_BODY, i, &t, 0, TOKENS, 0, 0, &err));
            before = xji_inverter_bytes(b.inverter);
            assert_true(before >= settled + TOKENS * sizeof(uint64_t) / 2);
            if (c == 0)
                assert_true(before >= (size_t)(i + 1) * TOKENS * sizeof(uint64_t));
        }
        assert_int_equal(runs > 1, c > 0);
        xji_inverter_free(b.inverter); /* with runs that nobody read */
        xj_segment_writer_abandon(&b.segment);
        xj_index_writer_close(&b.index);
    }
}

/* Words and their keys count, too. */
static void test_invert__words_take_memory(void **state)
{
    const place *p = *state;
    enum { WORDS = 40000 };
    batch b = begin(p, SIZE_MAX);
    size_t before = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        uint8_t key[20];
        xji_word_token word = {0, sizeof key, 0};
        const xji_tokens t = {NULL, 0, 0, &word, 1, 1, {key, sizeof key, sizeof key}};
        snprintf((char *)key, sizeof key, "w%018u", i);
        OK(xji_inverter_add(b.inverter, XJ_BODY, 0, &t, 0, 0, 0, 1, &err));
        assert_true(xji_inverter_bytes(b.inverter) >= before);
        before = xji_inverter_bytes(b.inverter);
        assert_true(before >= (i + 1) * (sizeof key + sizeof(uint64_t)));
    }
    xji_inverter_free(b.inverter);
    xj_segment_writer_abandon(&b.segment);
    xj_index_writer_close(&b.index);
}

/* Numbers of passages in a batch have 24 bits. */
static void test_invert__a_batch_ends_before_its_numbers(void **state)
{
    const place *p = *state;
    xji_pair_token pair = xji_pair_token_of(0x4E00, 0x4E8C, 0);
    xji_tokens t = {&pair, 1, 1, NULL, 0, 0, XJ_BUF_INIT};
    const uint32_t half_batch = XJI_BATCH_PASSAGES / 2;
    batch b = begin(p, SIZE_MAX);
    add_tokens(b.inverter, XJ_BODY, 0, &t);
    OK(xji_inverter_settle(b.inverter, half_batch, 1, 0, &err));
    assert_int_equal(xji_inverter_n_runs(b.inverter), 0);
    /* A report of as many passages as one may have. */
    add_tokens(b.inverter, XJ_BODY, 2 * half_batch - 1, &t);
    OK(xji_inverter_settle(b.inverter, 2 * half_batch, 2, 0, &err));
    assert_int_equal(xji_inverter_n_runs(b.inverter), 1);
    add_tokens(b.inverter, XJ_BODY, 4 * half_batch - 1, &t);
    OK(xji_inverter_settle(b.inverter, 4 * half_batch, 3, 0, &err));
    assert_int_equal(xji_inverter_n_runs(b.inverter), 2);
    xji_inverter_free(b.inverter);
    xj_segment_writer_abandon(&b.segment);
    xj_index_writer_close(&b.index);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_invert__random, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__block_lengths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__tells_its_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__words_take_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_invert__a_batch_ends_before_its_numbers, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
