/*
 * Terms and postings: what was handed over in plain arrays comes back from the segment by every way there is, at every
 * edge of the encoding: lengths of lists, gaps, frequencies, ends of pages and of parts, long keys.
 */
#include "xj/segment_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "../../common/src/segment_priv.h"

/* ---- terms in plain arrays ---- */

typedef struct list {
    uint32_t *docs, *tfs;
    uint16_t *codes; /* those of all postings, one after another */
    uint32_t n, cap;
    uint64_t cf;
    size_t codes_cap;
} list;

typedef struct term {
    uint32_t pair; /* key of a pair */
    uint8_t *key;  /* of a string */
    size_t n_key;
    list l;
} term;

/* The terms of one dictionary, in the order of their keys once they are sorted. */
typedef struct book {
    term *t;
    size_t n, cap;
} book;

static book books[XJI_DICTS];

static bool is_strings(int d)
{
    return d == XJ_STRINGS || d == XJ_CONTEXT_STRINGS;
}

static xj_field field_of(int d)
{
    return d >= XJ_CONTEXT_PAIRS ? XJ_CONTEXT : XJ_BODY;
}

static bool has_codes(int d, const term *t)
{
    return d == XJ_PAIRS ? (t->pair & 0xFFFF) < XJ_SECOND_SINGLE : d == XJ_STRINGS && t->key[0] == XJ_KEY_PAIR;
}

static void *grown(void *p, size_t n)
{
    p = realloc(p, n);
    assert_non_null(p);
    return p;
}

static term *add_term(int d)
{
    book *b = &books[d];
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 64;
        b->t = grown(b->t, b->cap * sizeof *b->t);
    }
    memset(&b->t[b->n], 0, sizeof *b->t);
    return &b->t[b->n++];
}

/* Valid until the next one is added. */
static list *add_pair(int d, uint32_t first, uint32_t second)
{
    term *t = add_term(d);
    t->pair = XJ_PAIR_KEY(first, second);
    return &t->l;
}

static list *add_string(int d, const void *key, size_t n)
{
    term *t = add_term(d);
    t->key = grown(NULL, n);
    memcpy(t->key, key, n);
    t->n_key = n;
    return &t->l;
}

static uint16_t code_of(uint32_t hi, uint32_t lo)
{
    return (uint16_t)((hi < XJ_CODE_FULL ? hi : XJ_CODE_FULL) << 8 | (lo < XJ_CODE_FULL ? lo : XJ_CODE_FULL));
}

static uint32_t random_number(void)
{
    return random_below(3) ? random_below(3) : random_below(2) ? 13 + random_below(5) : random_below(258);
}

static uint32_t random_step(void)
{
    return random_below(6) ? 1 : 1 + random_number();
}

/* A posting whose codes take a byte each: both units occur once more every time. */
static void put_narrow(list *l, uint32_t doc, uint32_t tf)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 4;
        l->docs = grown(l->docs, l->cap * sizeof *l->docs);
        l->tfs = grown(l->tfs, l->cap * sizeof *l->tfs);
    }
    if (l->codes_cap < l->cf + tf) {
        l->codes_cap = 2 * (size_t)(l->cf + tf);
        l->codes = grown(l->codes, l->codes_cap * sizeof *l->codes);
    }
    l->docs[l->n] = doc;
    l->tfs[l->n++] = tf;
    for (uint32_t i = 0; i < tf; i++)
        l->codes[l->cf++] = code_of(i, i + 1);
}

/* A posting with codes as the tokenizer makes them: occurrence numbers of two units, both ascending, or full. */
static void put(list *l, uint32_t doc, uint32_t tf)
{
    put_narrow(l, doc, tf);
    uint32_t hi = random_number(), lo = random_number();
    for (uint32_t i = 0; i < tf; i++) {
        l->codes[l->cf - tf + i] = code_of(hi, lo);
        hi += random_step();
        lo += random_step();
    }
}

/* n of n_docs numbers, each subset as likely as any other. */
static void put_random(list *l, uint32_t n, uint32_t n_docs)
{
    uint32_t left = n_docs;
    for (uint32_t doc = 0; l->n < n; doc++, left--) {
        static const uint32_t some[] = {1, 1, 1, 1, 1, 2, 2, 3, 4, 5, 17, 40};
        if (random_below(left) < n - l->n)
            put(l, doc, some[random_below(12)]);
    }
}

/* n in a row from `first` on, once in each: a byte a posting, and no noise. */
static void put_row(list *l, uint32_t first, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put(l, first + i, 1);
}

static void clear_books(void)
{
    for (int d = 0; d < XJI_DICTS; d++) {
        for (size_t i = 0; i < books[d].n; i++) {
            term *t = &books[d].t[i];
            free(t->key);
            free(t->l.docs);
            free(t->l.tfs);
            free(t->l.codes);
        }
        free(books[d].t);
        books[d] = (book){NULL, 0, 0};
    }
}

static int compare_keys(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    int c = memcmp(a, b, n < m ? n : m);
    return c ? c : (n > m) - (n < m);
}

static int compare_terms(const void *a, const void *b)
{
    const term *x = a, *y = b;
    if (x->key)
        return compare_keys(x->key, x->n_key, y->key, y->n_key);
    return (x->pair > y->pair) - (x->pair < y->pair);
}

/* Give each character that is rare among n_passages its list. */
static void add_character_lists(uint32_t n_passages)
{
    book *b = &books[XJ_PAIRS];
    uint32_t *tf = calloc(n_passages, sizeof *tf);
    assert_non_null(tf);
    size_t n = b->n;
    for (size_t i = 0; i < n;) {
        uint32_t first = b->t[i].pair >> 16;
        uint64_t df = 0;
        memset(tf, 0, n_passages * sizeof *tf);
        for (; i < n && b->t[i].pair >> 16 == first; i++) {
            const list *l = &b->t[i].l;
            for (uint32_t k = 0; k < l->n; k++) {
                df += tf[l->docs[k]] == 0;
                tf[l->docs[k]] += l->tfs[k];
            }
        }
        if (df * XJ_RARE_SHARE >= n_passages)
            continue;
        list *l = add_pair(XJ_PAIRS, first, XJ_SECOND_LIST);
        for (uint32_t doc = 0; doc < n_passages; doc++)
            if (tf[doc])
                put(l, doc, tf[doc]);
    }
    free(tf);
}

/* The character lists go: they are made again when the books are built again. */
static void drop_character_lists(void)
{
    book *b = &books[XJ_PAIRS];
    size_t kept = 0;
    for (size_t i = 0; i < b->n; i++) {
        if ((b->t[i].pair & 0xFFFF) == XJ_SECOND_LIST) {
            free(b->t[i].l.docs);
            free(b->t[i].l.tfs);
            free(b->t[i].l.codes);
        } else {
            b->t[kept++] = b->t[i];
        }
    }
    b->n = kept;
}

static void sort_books(void)
{
    for (int d = 0; d < XJI_DICTS; d++) {
        if (books[d].n > 0)
            qsort(books[d].t, books[d].n, sizeof *books[d].t, compare_terms);
        for (size_t i = 1; i < books[d].n; i++)
            assert_true(compare_terms(&books[d].t[i - 1], &books[d].t[i]) < 0);
    }
}

/* ---- writing ---- */

static void write_term(xj_term_part *p, const term *t)
{
    xj_term_postings postings = {t->l.docs, t->l.tfs, t->l.n, t->l.codes};
    if (t->key)
        OK(xj_term_part_string(p, t->key, t->n_key, &postings, &err));
    else
        OK(xj_term_part_pair(p, t->pair, &postings, &err));
}

static void write_part(xj_segment_writer *w, int d, size_t from, size_t to)
{
    const xj_scale *scale;
    xj_term_part *p;
    OK(xj_segment_writer_scale(w, &scale, &err));
    OK(xj_term_part_new(&p, (xj_dictionary)d, scale, &err));
    for (size_t i = from; i < to; i++)
        write_term(p, &books[d].t[i]);
    OK(xj_term_part_finish(p, &err));
    assert_int_equal(xj_term_part_n_terms(p), to - from);
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
}

/* All terms, in parts of `size` of them; 0: one part a dictionary. */
static void write_books(xj_segment_writer *w, size_t size)
{
    for (int d = 0; d < XJI_DICTS; d++) {
        size_t n = books[d].n, step = size ? size : n ? n : 1;
        for (size_t i = 0; i < n; i += step)
            write_part(w, d, i, n - i < step ? n : i + step);
    }
}

/* A segment of the books, whose terms are sorted here. */
static xj_segment *build_books(uint32_t n_sections, uint32_t each, size_t part_size)
{
    xj_segment_writer *w = new_segment();
    put_blank_passages(w, n_sections, each);
    sort_books();
    add_character_lists(n_sections * each);
    sort_books();
    write_books(w, part_size);
    return finish_segment(w);
}

/* ---- reading ---- */

/* First posting with doc >= target. */
static uint32_t list_find(const list *l, uint32_t target)
{
    uint32_t i = 0;
    while (i < l->n && l->docs[i] < target)
        i++;
    return i;
}

static void check_at(xj_postings *it, const list *l, uint32_t i)
{
    if (i >= l->n) {
        assert_true(it->doc == XJ_DOC_END);
        return;
    }
    assert_int_equal(it->doc, l->docs[i]);
    assert_int_equal(it->tf, l->tfs[i]);
}

static void check_codes(xj_postings *it, const list *l, uint32_t i, size_t at)
{
    enum { CAP = 1 << 16 };
    static uint16_t codes[CAP];
    uint32_t n = 0;
    OK(xj_postings_codes(it, codes, CAP, &n, &err));
    assert_int_equal(n, l->tfs[i] < CAP ? l->tfs[i] : CAP);
    assert_memory_equal(codes, l->codes + at, n * sizeof *codes);
    OK(xj_postings_codes(it, codes, 1, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(codes[0], l->codes[at]);
}

static void check_walk(xj_segment *seg, const xj_term *t, const list *l, bool codes)
{
    xj_postings it;
    size_t at = 0;
    OK(xj_postings_open(&it, seg, t, &err));
    for (uint32_t i = 0; i < l->n; i++) {
        check_at(&it, l, i);
        if (codes && i % 3 != 1) /* some are not asked for */
            check_codes(&it, l, i, at);
        at += l->tfs[i];
        OK(xj_postings_next(&it, &err));
    }
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_next(&it, &err));
    OK(xj_postings_seek(&it, 0, &err));
    assert_true(it.doc == XJ_DOC_END);
    if (!codes) {
        uint16_t code;
        uint32_t n = 7;
        OK(xj_postings_open(&it, seg, t, &err));
        assert_int_equal(xj_postings_codes(&it, &code, 1, &n, NULL), XJ_ECORRUPT);
        assert_int_equal(n, 0);
    }
}

static size_t code_at(const list *l, uint32_t i)
{
    size_t at = 0;
    while (i > 0)
        at += l->tfs[--i];
    return at;
}

/* From the beginning to each passage (or some of them), the one before and the one after. */
static void check_jumps(xj_segment *seg, const xj_term *t, const list *l, bool codes)
{
    xj_postings it;
    for (uint32_t i = 0; i < l->n; i += 1 + (l->n > 1000 ? random_below(l->n / 100) : 0)) {
        for (int d = -1; d <= 1; d++) {
            uint32_t target = l->docs[i] + (uint32_t)d;
            if (target == UINT32_MAX)
                continue;
            OK(xj_postings_open(&it, seg, t, &err));
            OK(xj_postings_seek(&it, target, &err));
            uint32_t want = list_find(l, target);
            check_at(&it, l, want);
            if (codes && want < l->n)
                check_codes(&it, l, want, code_at(l, want));
        }
    }
    OK(xj_postings_open(&it, seg, t, &err));
    OK(xj_postings_seek(&it, l->docs[l->n - 1] + 1, &err));
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_postings_open(&it, seg, t, &err));
    OK(xj_postings_seek(&it, XJ_DOC_END, &err));
    assert_true(it.doc == XJ_DOC_END);
}

/* Onwards in small and large steps, with steps to the next and no-ops between. */
static void check_strides(xj_segment *seg, const xj_term *t, const list *l, bool codes)
{
    uint32_t span = l->docs[l->n - 1] + 1;
    for (int round = 0; round < 4; round++) {
        xj_postings it;
        uint32_t at = 0, stride = 1 + span / (round % 2 ? 1000 : 20);
        OK(xj_postings_open(&it, seg, t, &err));
        while (at < l->n) {
            if (random_below(4) == 0) {
                OK(xj_postings_next(&it, &err));
                at++;
            } else {
                uint32_t target = it.doc + random_below(stride);
                OK(xj_postings_seek(&it, target, &err));
                while (at < l->n && l->docs[at] < target)
                    at++;
            }
            check_at(&it, l, at);
            if (at >= l->n)
                break;
            if (codes && random_below(8) == 0)
                check_codes(&it, l, at, code_at(l, at));
            OK(xj_postings_seek(&it, random_below(it.doc + 1), &err)); /* at or before: stays */
            check_at(&it, l, at);
        }
    }
}

static void check_list(xj_segment *seg, const xj_term *t, const list *l, bool codes)
{
    assert_int_equal(t->df, l->n);
    assert_true(t->cf == l->cf);
    assert_int_equal(t->has_codes, codes);
    check_walk(seg, t, l, codes);
    check_jumps(seg, t, l, codes);
    check_strides(seg, t, l, codes);
}

static void look_up(xj_segment *seg, int d, const term *t, xj_term *out)
{
    uint32_t first = t->pair >> 16, second = t->pair & 0xFFFF;
    memset(out, 0xEE, sizeof *out);
    if (t->key)
        OK(xj_segment_word(seg, field_of(d), t->key, t->n_key, out, &err));
    else if (second == XJ_SECOND_LIST)
        OK(xj_segment_character(seg, first, out, &err));
    else
        OK(xj_segment_pair(seg, field_of(d), first, second == XJ_SECOND_SINGLE ? 0 : second, out, &err));
}

static void expect_key(const xj_term_cursor *c, const term *t)
{
    if (t->key) {
        assert_int_equal(c->n, t->n_key);
        assert_memory_equal(c->key, t->key, t->n_key);
    } else {
        uint32_t second = t->pair & 0xFFFF;
        assert_int_equal(c->first, t->pair >> 16);
        assert_int_equal(c->second, second == XJ_SECOND_SINGLE ? 0 : second);
    }
}

static void cursor_to(xj_term_cursor *c, xj_segment *seg, int d, const term *t)
{
    if (is_strings(d))
        OK(xj_term_cursor_word(c, seg, field_of(d), t ? t->key : NULL, t ? t->n_key : 0, &err));
    else
        OK(xj_term_cursor_pair(c, seg, field_of(d), t ? t->pair >> 16 : 0, &err));
}

/* Walking a dictionary and looking up its terms one by one come to the same. */
static void check_dictionary(xj_segment *seg, int d)
{
    xj_term_cursor c;
    cursor_to(&c, seg, d, NULL);
    for (size_t i = 0; i < books[d].n; i++) {
        const term *t = &books[d].t[i];
        xj_term by_key;
        assert_false(c.done);
        expect_key(&c, t);
        look_up(seg, d, t, &by_key);
        assert_true(by_key.df == c.term.df && by_key.cf == c.term.cf && by_key.page == c.term.page &&
                    by_key.header_at == c.term.header_at && by_key.passage == c.term.passage);
        check_list(seg, &c.term, &t->l, has_codes(d, t));
        OK(xj_term_cursor_next(&c, &err));
    }
    assert_true(c.done);
    OK(xj_term_cursor_next(&c, &err));
    assert_true(c.done);
}

static void check_books(xj_segment *seg)
{
    const xj_segment_stats *s = xj_segment_stats_of(seg);
    const uint64_t n_terms[] = {s->n_pairs, s->n_words, s->n_context_pairs, s->n_context_words};
    uint64_t postings[2] = {0, 0}, occurrences = 0;
    for (int d = 0; d < XJI_DICTS; d++) {
        assert_int_equal(n_terms[d], books[d].n);
        check_dictionary(seg, d);
        for (size_t i = 0; i < books[d].n; i++) {
            postings[field_of(d)] += books[d].t[i].l.n;
            occurrences += field_of(d) == XJ_BODY ? books[d].t[i].l.cf : 0;
        }
    }
    assert_true(s->n_postings == postings[XJ_BODY] && s->n_context_postings == postings[XJ_CONTEXT]);
    assert_true(s->n_occurrences == occurrences);
}

/* Build, check, read back, in one part and in several. */
static void round_trip(uint32_t n_sections, uint32_t each)
{
    static const size_t sizes[] = {0, 1, 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        xj_segment *seg = build_books(n_sections, each, sizes[i]);
        expect_sound_but_lengths(seg);
        check_books(seg);
        xj_segment_close(&seg);
        drop_character_lists();
    }
}

static int release_books(void **state)
{
    clear_books();
    return remove_segment_dir(state);
}

/* ---- tests ---- */

static void test_terms__lists_of_all_lengths(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 3, 127, 128, 129, 255, 256, 257, 384, 4094, 4095, 4096, 4097, 100000};
    enum { N = sizeof lengths / sizeof *lengths, SECTIONS = 110000, EACH = 2 };
    seed(11);
    for (uint32_t i = 0; i < N; i++) {
        char key[16];
        int n = snprintf(key, sizeof key, "w%02u", i);
        put_random(add_pair(XJ_PAIRS, 0x4E00 + i, 0x4E00), lengths[i], SECTIONS * EACH);
        put_random(add_pair(XJ_PAIRS, 0x4E00 + i, XJ_SECOND_SINGLE), lengths[N - 1 - i], SECTIONS * EACH);
        put_random(add_string(XJ_STRINGS, key, (size_t)n), lengths[i], SECTIONS * EACH);
        n = snprintf(key, sizeof key, "pw\x1F%02u", i);
        put_random(add_string(XJ_STRINGS, key, (size_t)n), lengths[i], SECTIONS * EACH);
        put_random(add_pair(XJ_CONTEXT_PAIRS, 0x4E00 + i, 0x4E00), lengths[i], SECTIONS);
        n = snprintf(key, sizeof key, "s%02u", i);
        put_random(add_string(XJ_CONTEXT_STRINGS, key, (size_t)n), lengths[i], SECTIONS);
    }
    xj_segment *seg = build_books(SECTIONS, EACH, 0);
    expect_sound_but_lengths(seg);
    check_books(seg);
    xj_segment_close(&seg);
}

/* Gaps and frequencies at the borders of their symbols, as far as a segment has passages for them. */
static void test_terms__gaps_and_frequencies(void **state)
{
    (void)state;
    static const uint32_t gaps[] = {1, 2, 7, 8, 9, 10, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513,
                                    1023, 1024, 1025, 4095, 4096, 4097, 8192, 16383, 16384, 16385, 65535, 65536, 65537};
    static const uint32_t tfs[] = {1, 2, 3, 4, 5, 17, 131, 132, 255, 256, 1 << 14, 1 << 20};
    enum { GAPS = sizeof gaps / sizeof *gaps, TFS = sizeof tfs / sizeof *tfs, SECTIONS = 400, EACH = 1000 };
    seed(12);
    for (uint32_t i = 0; i < 2 * GAPS; i++) { /* each alone, at the beginning and behind another */
        list *l = add_pair(XJ_PAIRS, 0x4E00 + i / 8, 0x4E00 + i);
        if (i % 2)
            put(l, 0, 1);
        put(l, gaps[i / 2] - 1 + i % 2, i / 2 % 3 + 1);
    }
    list *all = add_pair(XJ_PAIRS, 0x5000, 0x5000), *back = add_string(XJ_STRINGS, "wb", 2);
    uint32_t doc = UINT32_MAX, other = UINT32_MAX;
    for (uint32_t i = 0; i < GAPS; i++) {
        put(all, doc += gaps[i], 1 + i % 5);
        put(back, other += gaps[GAPS - 1 - i], 1);
    }
    for (uint32_t i = 0; i < TFS; i++) {
        char key[8];
        int n = snprintf(key, sizeof key, "wf%02u", i);
        put(add_pair(XJ_PAIRS, 0x6000 + i, XJ_SECOND_SINGLE), i, tfs[i]);
        put(add_string(XJ_STRINGS, key, (size_t)n), SECTIONS * EACH - 1, tfs[TFS - 1 - i]);
        put(add_pair(XJ_CONTEXT_PAIRS, 0x6000, 0x6000 + i), SECTIONS - 1 - i, tfs[i]);
    }
    list *mixed = add_pair(XJ_PAIRS, 0x7000, 0x7000);
    for (uint32_t i = 0; i < 1000; i++)
        put(mixed, i * 399, tfs[random_below(TFS - 2)]);
    round_trip(SECTIONS, EACH);
}

static void test_terms__greatest_frequencies(void **state)
{
    (void)state;
    static const uint32_t docs[] = {0, 1, 63, 64, 1000, 1999}, tfs[] = {1, 2, 130, UINT32_MAX, UINT32_MAX - 1, 4};
    xj_segment_writer *w = new_segment();
    const xj_scale *scale;
    xj_term_part *p;
    xj_term t;
    xj_postings it;
    put_blank_passages(w, 2, 1000);
    OK(xj_segment_writer_scale(w, &scale, &err));
    OK(xj_term_part_new(&p, XJ_STRINGS, scale, &err));
    OK(xj_term_part_string(p, "wa", 2, &(xj_term_postings){docs, tfs, 6, NULL}, &err));
    OK(xj_term_part_string(p, "wb", 2, &(xj_term_postings){docs + 5, tfs + 4, 1, NULL}, &err));
    OK(xj_term_part_finish(p, &err));
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
    xj_segment *seg = finish_segment(w);
    expect_sound_but_lengths(seg);
    OK(xj_segment_word(seg, XJ_BODY, (const uint8_t *)"wa", 2, &t, &err));
    assert_true(t.cf == 1 + 2 + 130 + (uint64_t)UINT32_MAX + (UINT32_MAX - 1) + 4);
    OK(xj_postings_open(&it, seg, &t, &err));
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(it.doc, docs[i]);
        assert_true(it.tf == tfs[i]);
        OK(xj_postings_next(&it, &err));
    }
    assert_true(it.doc == XJ_DOC_END);
    OK(xj_segment_word(seg, XJ_BODY, (const uint8_t *)"wb", 2, &t, &err));
    OK(xj_postings_open(&it, seg, &t, &err));
    assert_int_equal(it.doc, 1999);
    assert_true(it.tf == UINT32_MAX - 1);
    xj_segment_close(&seg);
}

/*
 * Gaps up to 2^31: as many passages as they need cannot be made in a test, so that the segment is told by hand that it has
 * them. Impacts want lengths of passages, therefore long lists are those of the context.
 */
static void test_terms__greatest_gaps(void **state)
{
    (void)state;
    seed(13);
    for (uint32_t e = 3; e < 32; e++) {
        for (int d = -1; d <= 1; d++) {
            uint32_t gap = (UINT32_C(1) << e) + (uint32_t)d;
            list *l = add_pair(XJ_PAIRS, 0x4E00 + e, 0x4E01 + (uint32_t)d);
            put(l, gap - 1, 2);
            if (gap < UINT32_C(1) << 31)
                put(l, 2 * gap - 1, 3);
            l = add_pair(XJ_CONTEXT_PAIRS, 0x4E00 + e, 0x4E01 + (uint32_t)d);
            for (uint32_t i = 0; i < 300; i++) /* in the midst of a block, at its ends, between blocks */
                put(l, i < e * 9 ? i : gap - 1 + i, 1 + i % 5);
        }
    }
    put(add_pair(XJ_CONTEXT_PAIRS, 0x5000, 0x5000), UINT32_MAX - 2, 1);
    put(add_pair(XJ_CONTEXT_PAIRS, 0x5000, 0x5001), UINT32_MAX - 2, 2);
    xj_segment_writer *w = new_segment();
    put_blank_passages(w, 1, 1);
    sort_books();
    write_books(w, 0);
    xj_segment *seg = finish_segment(w);
    seg->stats.n_passages = seg->stats.n_sections = UINT32_MAX - 1;
    for (int d = 0; d < XJI_DICTS; d++)
        seg->dictionary[d].n_docs = UINT32_MAX - 1;
    check_books(seg);
    xj_segment_close(&seg);
}

/* ---- ends of pages ---- */

/* Lists before it end exactly at the end of a page, `short_by` bytes before it, or go beyond: w takes the rest. */
static void fill_page(uint32_t short_by)
{
    for (uint32_t i = 0; i < 31; i++) {
        char key[8];
        put_row(add_string(XJ_STRINGS, key, (size_t)snprintf(key, sizeof key, "wa%02u", i)), i % 8, 128);
    }
    put_row(add_string(XJ_STRINGS, "wb", 2), 5, XJI_PAGE - 2 - 31 * 128 - short_by);
    put_row(add_string(XJ_STRINGS, "wc", 2), 7, 2);
    put_row(add_string(XJ_STRINGS, "wd", 2), 9, 200);
    put(add_string(XJ_STRINGS, "we", 2), 100, 1);
    put(add_string(XJ_STRINGS, "wf", 2), 100, 2);
}

static xj_term term_of(xj_segment *seg, const char *key)
{
    xj_term t;
    OK(xj_segment_word(seg, XJ_BODY, (const uint8_t *)key, strlen(key), &t, &err));
    assert_true(t.df > 0);
    return t;
}

static void test_terms__lists_that_end_with_their_page(void **state)
{
    (void)state;
    for (uint32_t short_by = 0; short_by <= 4; short_by++) {
        fill_page(short_by);
        xj_segment *seg = build_books(20, 300, 0);
        xj_term b = term_of(seg, "wb"), c = term_of(seg, "wc"), f = term_of(seg, "wf");
        assert_int_equal(b.page, 0);
        assert_int_equal(c.page, short_by >= 2 ? 0 : 1);
        assert_int_equal(c.header_at, short_by >= 2 ? XJI_PAGE - 2 - short_by : 0);
        assert_int_equal(f.page, 1);
        xj_segment_close(&seg);
        round_trip(20, 300);
        clear_books();
    }
}

/* One long list fills a page, or all but some bytes of it; others begin with the next one. */
static void test_terms__long_lists_that_end_with_their_page(void **state)
{
    (void)state;
    for (uint32_t n = XJI_PAGE - 2 - 130; n <= XJI_PAGE + 130; n += n >= XJI_PAGE - 6 && n <= XJI_PAGE + 2 ? 1 : 62) {
        put_row(add_string(XJ_STRINGS, "wa", 2), 0, n);
        put_row(add_string(XJ_STRINGS, "wb", 2), 3, n);
        put_row(add_string(XJ_STRINGS, "wc", 2), 1, 3);
        put_row(add_string(XJ_STRINGS, "wd", 2), 1, 129);
        xj_segment *seg = build_books(20, 300, 0);
        xj_term b = term_of(seg, "wb");
        if (n == XJI_PAGE - 2)
            assert_true(b.page == 1 && b.header_at == 0);
        expect_sound_but_lengths(seg);
        check_books(seg);
        xj_segment_close(&seg);
        clear_books();
    }
}

/* The last list of a part ends with its page: the part that follows does not begin with an empty one. */
static void test_terms__parts_that_end_with_their_page(void **state)
{
    (void)state;
    for (uint32_t short_by = 0; short_by <= 1; short_by++) {
        put_row(add_string(XJ_STRINGS, "wa", 2), 0, XJI_PAGE - 2 - short_by);
        put_row(add_string(XJ_STRINGS, "wb", 2), 0, 5);
        put(add_string(XJ_STRINGS, "wc", 2), 0, 1); /* inline: its part has no postings */
        put(add_string(XJ_STRINGS, "wd", 2), 0, 1);
        put_row(add_string(XJ_STRINGS, "we", 2), 0, XJI_PAGE - 2 - short_by);
        put_row(add_string(XJ_CONTEXT_STRINGS, "wb", 2), 0, 5);
        round_trip(20, 300);
        clear_books();
    }
}

/* Codes run over the ends of their pages, and end with one. */
static void test_terms__codes_at_the_end_of_their_page(void **state)
{
    (void)state;
    seed(15);
    for (uint32_t n = XJI_PAGE - 2; n <= XJI_PAGE + 2; n++) {
        put_narrow(add_pair(XJ_PAIRS, 0x4E00, 0x4E00), 3, n);
        put(add_pair(XJ_PAIRS, 0x4E00, 0x4E01), 3, 2);
        put_row(add_pair(XJ_PAIRS, 0x4E01, 0x4E01), 0, 3000);
        put(add_pair(XJ_PAIRS, 0x4E02, 0x4E01), 7, 3 * XJI_PAGE);
        put(add_pair(XJ_PAIRS, 0x4E03, 0x4E01), 7, 2);
        put_narrow(add_string(XJ_STRINGS, "pa\x1F" "b", 4), 7, n);
        put(add_string(XJ_STRINGS, "pa\x1F" "c", 4), 7, 5);
        round_trip(20, 300);
        clear_books();
    }
}

/* Codes of one byte, two and three, at the border of each, first in their posting and later; alone, and around a page end. */
static void test_terms__wide_codes(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0, 1, 13, 14, 15, 16, 17, 28, 29, 30, 31, 32, 127, 128, 253, 254, 255};
    enum { EDGES = sizeof edges / sizeof *edges };
    uint32_t second = 0x4E00;
    seed(19);
    for (uint32_t a = 0; a < EDGES; a++) {
        for (uint32_t b = 0; b < EDGES; b++) {
            put(add_pair(XJ_PAIRS, 0x4E00, second), a, 1); /* inline */
            books[XJ_PAIRS].t[books[XJ_PAIRS].n - 1].l.codes[0] = code_of(edges[a], edges[b]);
            list *l = add_pair(XJ_PAIRS, 0x4E01, second++);
            for (uint32_t c = 0; c < EDGES; c++) { /* two codes, from one edge to another */
                put_narrow(l, 3 * c, 2);
                uint32_t hi = edges[c] > edges[a] ? edges[c] : edges[a] + 1, lo = edges[EDGES - 1 - c] > edges[b] ? edges[EDGES - 1 - c] : edges[b] + 1;
                l->codes[l->cf - 2] = code_of(edges[a], edges[b]);
                l->codes[l->cf - 1] = code_of(hi, lo);
            }
        }
    }
    round_trip(20, 50);
    clear_books();
    for (uint32_t before = XJI_PAGE - 5; before <= XJI_PAGE; before++) {
        put_narrow(add_pair(XJ_PAIRS, 0x4E00, 0x4E00), 3, before);
        list *l = add_pair(XJ_PAIRS, 0x4E00, 0x4E01);
        for (uint32_t i = 0; i < 300; i++) { /* three bytes each, and blocks of them */
            put_narrow(l, i, 2);
            l->codes[l->cf - 2] = code_of(200, 100);
            l->codes[l->cf - 1] = code_of(250, 200);
        }
        put(add_pair(XJ_PAIRS, 0x4E00, 0x4E02), 3, 700);
        put(add_pair(XJ_PAIRS, 0x4E00, 0x4E03), 3, 3);
        round_trip(20, 50);
        clear_books();
    }
}

/* ---- keys ---- */

/* Pairs of three bytes an entry, the first of more: pages end behind each byte of the one that no longer fits. */
static void test_terms__dictionary_pages(void **state)
{
    (void)state;
    enum { SECTIONS = 30, EACH = 1000, N = 3000 };
    static const uint32_t firsts[] = {5, 200, 20000};
    for (size_t k = 0; k < 3; k++) {
        for (uint32_t i = 0; i < N; i++) {
            put(add_pair(XJ_CONTEXT_PAIRS, 0x4E00, 1 + i), i ? i % SECTIONS : 0, 1);
            put(add_pair(XJ_PAIRS, 0x4E00, 0x100 + i), i ? i % 100 : firsts[k], 1);
        }
        xj_segment *seg = build_books(SECTIONS, EACH, 0);
        assert_true(seg->dictionary[XJ_PAIRS].n_pages > 2 && seg->dictionary[XJ_CONTEXT_PAIRS].n_pages > 2);
        expect_sound_but_lengths(seg);
        check_books(seg);
        xj_segment_close(&seg);
        clear_books();
    }
}

/* Every size of the last entries of a page, by keys that grow. */
static void test_terms__string_pages(void **state)
{
    (void)state;
    char key[XJ_KEY_MAX];
    for (uint32_t pad = 0; pad < 20; pad++) {
        for (uint32_t i = 0; i < 500; i++) {
            int n = snprintf(key, sizeof key, "w%05u%.*s", i * 7919 % 100000, (int)(i ? 8 : pad), "abcdefghijklmnopqrstuvwxyz");
            put(add_string(XJ_STRINGS, key, (size_t)n), i, 1 + i % 2);
        }
        xj_segment *seg = build_books(10, 100, 0);
        assert_true(seg->dictionary[XJ_STRINGS].n_pages >= 2);
        expect_sound_but_lengths(seg);
        check_books(seg);
        xj_segment_close(&seg);
        clear_books();
    }
}

static void test_terms__long_keys_with_shared_beginnings(void **state)
{
    (void)state;
    uint8_t key[XJ_KEY_MAX + 1];
    memset(key, 'x', sizeof key);
    key[0] = XJ_KEY_PAIR;
    key[257] = XJ_KEY_JOINT;
    for (size_t n = 259; n <= XJ_KEY_MAX; n++) /* each the beginning of the next */
        put(add_string(XJ_STRINGS, key, n), (uint32_t)n, 1 + n % 3);
    for (size_t at = 258; at < XJ_KEY_MAX; at += 5) { /* and such that differ in one place */
        key[at] = 'y';
        put(add_string(XJ_STRINGS, key, XJ_KEY_MAX), (uint32_t)at, 1);
        key[at] = 'x';
    }
    key[0] = XJ_KEY_WORD;
    key[257] = 'x';
    for (size_t n = 2; n <= 257; n++)
        put(add_string(XJ_CONTEXT_STRINGS, key, n), (uint32_t)(n % 10), 1);
    round_trip(10, 100);
    /* Not a byte more, and not none. */
    xj_segment_writer *w = new_segment();
    const xj_scale *scale;
    xj_term_part *p;
    const uint32_t zero = 0, one = 1;
    const uint16_t code = 0;
    const xj_term_postings postings = {&zero, &one, 1, &code};
    put_blank_passages(w, 1, 1);
    OK(xj_segment_writer_scale(w, &scale, &err));
    OK(xj_term_part_new(&p, XJ_STRINGS, scale, &err));
    xj_error e = XJ_ERROR_INIT;
    assert_int_not_equal(xj_term_part_string(p, key, XJ_KEY_MAX + 1, &postings, &e), XJ_OK);
    assert_true(e.message[0] != '\0');
    assert_int_not_equal(xj_term_part_string(p, key, 0, &postings, NULL), XJ_OK);
    key[0] = XJ_KEY_PAIR;
    key[257] = XJ_KEY_JOINT;
    OK(xj_term_part_string(p, key, XJ_KEY_MAX, &postings, &err));
    OK(xj_term_part_finish(p, &err));
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
    xj_segment *seg = finish_segment(w);
    xj_term t;
    OK(xj_segment_word(seg, XJ_BODY, key, XJ_KEY_MAX, &t, &err));
    assert_int_equal(t.df, 1);
    OK(xj_segment_word(seg, XJ_BODY, key, XJ_KEY_MAX - 1, &t, &err));
    assert_int_equal(t.df, 0);
    OK(xj_segment_word(seg, XJ_BODY, key, XJ_KEY_MAX + 1, &t, &err));
    assert_int_equal(t.df, 0);
    xj_segment_close(&seg);
}

/* ---- looking up ---- */

static size_t random_unit(uint8_t *out)
{
    static const uint32_t alphabet[] = {'a', 'b', 0x7F, 0xE9, 0x6865, 0x20BB7, 0x10FFFD, 'z'};
    size_t n = 0;
    for (uint32_t k = 2 + random_below(3); k > 0; k--)
        n += xj_utf8_encode(out + n, alphabet[random_below(8)]);
    return n;
}

static size_t random_key(uint8_t *key)
{
    static const char kinds[] = {XJ_KEY_CHAR, XJ_KEY_PAIR, XJ_KEY_STEM, XJ_KEY_WORD};
    size_t n = 1;
    key[0] = (uint8_t)kinds[random_below(4)];
    if (key[0] == XJ_KEY_CHAR)
        return n + xj_utf8_encode(key + n, 0x20000 + random_below(500));
    n += random_unit(key + n);
    if (key[0] == XJ_KEY_PAIR) {
        key[n++] = XJ_KEY_JOINT;
        n += random_unit(key + n);
    }
    return n;
}

static uint32_t random_pair(void)
{
    uint32_t first = random_below(41), second = random_below(41);
    return XJ_PAIR_KEY(first == 40 ? 0xFFFF : 0x4E00 + first, second == 40 ? XJ_SECOND_SINGLE : second == 39 ? 0xFFFD : 0x4E00 + second);
}

static const term *find(int d, const term *wanted)
{
    return bsearch(wanted, books[d].t, books[d].n, sizeof *books[d].t, compare_terms);
}

/* Random terms of posting i each, so that the posting tells which one was found. */
static void random_terms(int d, uint32_t n, uint32_t n_docs)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t key[64];
        term wanted = {.pair = random_pair()};
        bool there = false;
        if (is_strings(d)) {
            wanted.key = key;
            wanted.n_key = random_key(key);
        }
        for (size_t k = 0; k < books[d].n && !there; k++)
            there = compare_terms(&books[d].t[k], &wanted) == 0;
        if (there)
            continue;
        list *l = wanted.key ? add_string(d, key, wanted.n_key) : add_pair(d, wanted.pair >> 16, wanted.pair & 0xFFFF);
        put(l, i % n_docs, 1 + random_below(2));
    }
}

/* A cursor stands on the first term not below what is asked for. */
static void check_cursor(xj_segment *seg, int d, const term *wanted)
{
    xj_term_cursor c;
    size_t at = 0;
    term from = *wanted;
    from.pair &= 0xFFFF0000; /* pairs are asked for by their first character */
    while (at < books[d].n && compare_terms(&books[d].t[at], &from) < 0)
        at++;
    cursor_to(&c, seg, d, wanted);
    for (int steps = 0; steps < 3; steps++, at++) {
        assert_int_equal(c.done, at >= books[d].n);
        if (c.done)
            break;
        expect_key(&c, &books[d].t[at]);
        assert_int_equal(c.term.df, books[d].t[at].l.n);
        OK(xj_term_cursor_next(&c, &err));
    }
}

static void test_terms__lookups_and_cursors(void **state)
{
    (void)state;
    seed(16);
    for (int d = 0; d < XJI_DICTS; d++)
        random_terms(d, 2500, 3000);
    for (size_t part = 0; part < 300; part += 217) {
        xj_segment *seg = build_books(3000, 1, part);
        expect_sound_but_lengths(seg);
        for (int d = 0; d < XJI_DICTS; d++) {
            assert_true(books[d].n > 500);
            check_dictionary(seg, d);
            for (int round = 0; round < 3000; round++) {
                uint8_t key[64];
                term wanted = {.pair = random_pair()};
                xj_term t;
                if (is_strings(d)) {
                    wanted.key = key;
                    wanted.n_key = random_key(key) - random_below(2);
                    wanted.n_key += wanted.n_key == 0;
                }
                const term *there = find(d, &wanted);
                look_up(seg, d, &wanted, &t);
                assert_int_equal(t.df, there ? there->l.n : 0);
                assert_true(t.cf == (there ? there->l.cf : 0));
                check_cursor(seg, d, &wanted);
            }
        }
        for (uint32_t first = 0; first <= 0xFFFF; first += first < 0x4D00 || first > 0x4F00 ? 251 : 1)
            check_cursor(seg, XJ_PAIRS, &(term){.pair = XJ_PAIR_KEY(first, 0)});
        xj_term_cursor c;
        OK(xj_term_cursor_pair(&c, seg, XJ_BODY, 0x10000, &err)); /* no pair begins there */
        assert_true(c.done);
        xj_segment_close(&seg);
        drop_character_lists();
    }
}

/* Pairs and singles of characters beyond the BMP are asked for like all others. */
static void test_terms__characters_beyond_the_bmp(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        uint32_t first, second;
    } rows[] = {{"c\xF0\xA0\xAE\xB7", 0x20BB7, 0},
                {"p\xE7\x94\xB2\x1F\xF0\xA0\xAE\xB7", 0x7532, 0x20BB7},
                {"p\xF0\xA0\xAE\xB7\x1F\xE7\x94\xB2", 0x20BB7, 0x7532},
                {"p\xF0\xA0\xAE\xB7\x1F\xF0\xA0\xAE\xB7", 0x20BB7, 0x20BB7}};
    enum { N = sizeof rows / sizeof *rows };
    seed(17);
    for (int d = XJ_STRINGS; d <= XJ_CONTEXT_STRINGS; d += 2)
        for (uint32_t i = 0; i < N; i++)
            put_random(add_string(d, rows[i].key, strlen(rows[i].key)), 5 + i, 40);
    xj_segment *seg = build_books(40, 1, 0);
    expect_sound_but_lengths(seg);
    check_books(seg);
    for (int field = XJ_BODY; field <= XJ_CONTEXT; field++) {
        xj_term t;
        for (uint32_t i = 0; i < N; i++) {
            OK(xj_segment_pair(seg, (xj_field)field, rows[i].first, rows[i].second, &t, &err));
            assert_int_equal(t.df, 5 + i);
            assert_int_equal(t.has_codes, field == XJ_BODY && rows[i].second != 0);
        }
        OK(xj_segment_pair(seg, (xj_field)field, 0x20BB8, 0, &t, &err));
        assert_int_equal(t.df, 0);
        /* The last two numbers of the BMP are no characters, whatever stands in their place in the keys. */
        OK(xj_segment_pair(seg, (xj_field)field, 0x7532, XJ_SECOND_SINGLE, &t, &err));
        assert_int_equal(t.df, 0);
        OK(xj_segment_pair(seg, (xj_field)field, 0x7532, XJ_SECOND_LIST, &t, &err));
        assert_int_equal(t.df, 0);
    }
    xj_segment_close(&seg);
}

/* ---- parts ---- */

/* A term in one passage, once: it stands in the dictionary and takes no postings. */
static void test_terms__inline_terms(void **state)
{
    (void)state;
    seed(18);
    for (uint32_t i = 0; i < 3000; i++) {
        list *l = add_pair(XJ_PAIRS, 0x4E00 + i / 100, i % 100 ? 0x4E00 + i % 100 : XJ_SECOND_SINGLE);
        put(l, random_below(5000), 1);
        put(add_pair(XJ_CONTEXT_PAIRS, 0x4E00 + i / 100, 0x4E00 + i % 100), random_below(50), 1);
    }
    xj_segment *seg = build_books(50, 100, 0);
    expect_sound_but_lengths(seg);
    check_books(seg);
    xj_term t;
    OK(xj_segment_pair(seg, XJ_BODY, 0x4E00, 0x4E01, &t, &err));
    assert_true(t.is_inline && t.df == 1 && t.cf == 1);
    xj_segment_close(&seg);
}

/* Parts without terms leave no trace. */
static void test_terms__empty_parts(void **state)
{
    (void)state;
    xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
    for (int with = 0; with < 2; with++) {
        xj_segment_writer *w = new_segment();
        put_blank_passages(w, 1, 300);
        put_row(add_string(XJ_STRINGS, "wa", 2), 0, 200);
        put_row(add_string(XJ_STRINGS, "wb", 2), 0, 3);
        for (int d = 0; d < XJI_DICTS; d++) {
            if (with)
                write_part(w, d, 0, 0);
            for (size_t i = 0; i < books[d].n; i++) {
                write_part(w, d, i, i + 1);
                if (with)
                    write_part(w, d, 0, 0);
            }
        }
        xj_segment *seg = finish_segment(w);
        expect_sound_but_lengths(seg);
        check_books(seg);
        load_segment_file(with ? &b : &a);
        xj_segment_close(&seg);
        clear_books();
    }
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.data, b.data, a.n);
    xj_buf_release(&a);
    xj_buf_release(&b);
}

/* The bound of a list's impacts is that of its best posting: tf / (tf + 0.9 (0.4 + 0.6 length / mean)), rounded up. */
static void test_terms__impacts(void **state)
{
    (void)state;
    enum { N = 600 };
    static const uint32_t lengths[] = {3, 40, 100, 1000, 7};
    uint32_t docs[N], tfs[N];
    uint64_t units = 0;
    xj_segment_writer *w = new_segment();
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    for (uint32_t i = 0; i < N; i++) {
        OK(xj_segment_writer_passage(w, lengths[i % 5], "\0\0\0", 3, 0, 0, &err));
        units += lengths[i % 5];
        docs[i] = i;
        tfs[i] = i < 128 ? 1 : i < 256 ? 1 + i % 5 : i < 384 ? 20 : 100000;
    }
    put_bare_report(w, "r");
    const xj_scale *scale;
    xj_term_part *p;
    OK(xj_segment_writer_scale(w, &scale, &err));
    OK(xj_term_part_new(&p, XJ_STRINGS, scale, &err));
    for (uint32_t from = 0; from <= 256; from += 128) {
        char key[8];
        int n = snprintf(key, sizeof key, "w%03u", from);
        OK(xj_term_part_string(p, key, (size_t)n, &(xj_term_postings){docs + from, tfs + from, 200, NULL}, &err));
    }
    OK(xj_term_part_finish(p, &err));
    OK(xj_segment_writer_part(w, p, &err));
    xj_term_part_free(p);
    xj_segment *seg = finish_segment(w);
    for (uint32_t from = 0; from <= 256; from += 128) {
        char key[8];
        snprintf(key, sizeof key, "w%03u", from);
        xj_term t = term_of(seg, key);
        double best = 0;
        for (uint32_t i = from; i < from + 200; i++) {
            static const uint32_t kept[] = {3, 41, 102, 1008, 7}; /* lengths as they are kept */
            double mean = (double)units / N, x = tfs[i] / (tfs[i] + 0.9 * (0.4 + 0.6 * kept[i % 5] / mean));
            best = x > best ? x : best;
        }
        assert_true(t.max_impact >= 255 * best && t.max_impact < 255 * best + 1);
    }
    xj_segment_close(&seg);
}

/* ---- everything at random ---- */

static uint32_t random_length(uint32_t most)
{
    uint32_t n = 1 + random_below(4);
    while (n < most && random_below(3))
        n *= 2;
    return n < most ? 1 + random_below(n) : most;
}

static void test_terms__random_lists(void **state)
{
    (void)state;
    enum { SECTIONS = 5000, EACH = 2 };
    for (uint64_t s = 100; s < 112; s++) {
        seed(s);
        for (uint32_t i = 0; i < 120; i++) {
            char key[32];
            int n = snprintf(key, sizeof key, "%s%03u", i % 3 ? "w" : "pa\x1F", i);
            put_random(add_pair(XJ_PAIRS, 0x4E00 + i / 10, i % 10 ? 0x4E00 + i : XJ_SECOND_SINGLE), random_length(SECTIONS * EACH),
                       SECTIONS * EACH);
            put_random(add_string(XJ_STRINGS, key, (size_t)n), random_length(SECTIONS * EACH), SECTIONS * EACH);
            put_random(add_pair(XJ_CONTEXT_PAIRS, 0x4E00 + i / 10, 0x4E00 + i), random_length(SECTIONS), SECTIONS);
            put_random(add_string(XJ_CONTEXT_STRINGS, key, (size_t)n), random_length(SECTIONS), SECTIONS);
        }
        xj_segment *seg = build_books(SECTIONS, EACH, s % 3 * 11);
        expect_sound_but_lengths(seg);
        check_books(seg);
        xj_segment_close(&seg);
        clear_books();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_segment_dir, release_books)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_terms__lists_of_all_lengths),
        TEST(test_terms__gaps_and_frequencies),
        TEST(test_terms__greatest_frequencies),
        TEST(test_terms__greatest_gaps),
        TEST(test_terms__lists_that_end_with_their_page),
        TEST(test_terms__long_lists_that_end_with_their_page),
        TEST(test_terms__parts_that_end_with_their_page),
        TEST(test_terms__codes_at_the_end_of_their_page),
        TEST(test_terms__wide_codes),
        TEST(test_terms__dictionary_pages),
        TEST(test_terms__string_pages),
        TEST(test_terms__long_keys_with_shared_beginnings),
        TEST(test_terms__lookups_and_cursors),
        TEST(test_terms__characters_beyond_the_bmp),
        TEST(test_terms__inline_terms),
        TEST(test_terms__empty_parts),
        TEST(test_terms__impacts),
        TEST(test_terms__random_lists),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
