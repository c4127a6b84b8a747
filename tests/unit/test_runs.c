/*
 * Runs on disk: what is read back is what was written, from any bucket to any other. Merging: sources of random terms
 * against a table of everything.
 */
#define _GNU_SOURCE /* mkdtemp */
#include "runs.h"

#include <fcntl.h>
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

enum { DICTIONARIES = XJ_CONTEXT_STRINGS + 1 };

static char folder[64];

static int setup(void **state)
{
    (void)state;
    return make_folder(folder);
}

static int teardown(void **state)
{
    (void)state;
    return remove_folder(folder);
}

/* A file without a name. */
static int temporary(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/run", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    return fd;
}

/* ---- terms ---- */

/* A term as it was written. */
typedef struct entry {
    int dictionary;
    uint32_t bucket, pair;
    uint8_t key[XJ_KEY_MAX];
    size_t n_key;
    bool has_codes;
    uint32_t *docs, *tfs, n;
    uint16_t *codes;
    size_t n_codes;
} entry;

typedef struct entries {
    entry *e;
    size_t n, cap;
} entries;

static entry *add(entries *l)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->e = realloc(l->e, l->cap * sizeof *l->e);
        assert_non_null(l->e);
    }
    entry *e = &l->e[l->n++];
    memset(e, 0, sizeof *e);
    return e;
}

static void release(entries *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->e[i].docs);
        free(l->e[i].tfs);
        free(l->e[i].codes);
    }
    free(l->e);
    memset(l, 0, sizeof *l);
}

static bool strings(int dictionary)
{
    return dictionary == XJ_STRINGS || dictionary == XJ_CONTEXT_STRINGS;
}

/* n postings with tfs up to tf_max, gaps up to gap_max. */
static void give_postings(entry *e, uint32_t n, uint32_t tf_max, uint32_t gap_max)
{
    e->docs = malloc(n * sizeof *e->docs);
    e->tfs = malloc(n * sizeof *e->tfs);
    assert_true(e->docs && e->tfs);
    e->n = n;
    for (uint32_t i = 0, next = 0; i < n; i++) {
        e->docs[i] = next + random_below(gap_max);
        next = e->docs[i] + 1;
        e->tfs[i] = 1 + random_below(tf_max);
        e->n_codes += e->tfs[i];
    }
    if (!e->has_codes)
        e->n_codes = 0;
    e->codes = malloc((e->n_codes + 1) * sizeof *e->codes);
    assert_non_null(e->codes);
    for (size_t i = 0; i < e->n_codes; i++)
        e->codes[i] = (uint16_t)random_below(1 << 16);
}

static void random_postings(entry *e)
{
    static const uint32_t lengths[] = {1, 1, 1, 2, 3, 127, 128, 129, 255, 256, 257, 700};
    give_postings(e, lengths[random_below(12)], random_below(4) ? 2 : 300, random_below(4) ? 3 : 100000);
}

/* Terms of a dictionary in ascending order: pairs in some of the buckets, at their first and last keys too. */
static void random_pairs(entries *l, int dictionary)
{
    enum { BUCKET_KEYS = 1 << (16 + XJI_BUCKET_BITS) };
    for (uint32_t b = 0; b < XJI_BUCKETS; b++) {
        if (random_below(b == 0 || b + 1 == XJI_BUCKETS ? 2 : 20))
            continue;
        uint32_t n = 1 + random_below(4), at = random_below(2) ? 0 : random_below(BUCKET_KEYS / 2);
        for (uint32_t i = 0; i < n && at < BUCKET_KEYS; i++) {
            entry *e = add(l);
            e->dictionary = dictionary;
            e->bucket = b;
            e->pair = b << (16 + XJI_BUCKET_BITS) | at;
            e->has_codes = random_below(2);
            random_postings(e);
            at = random_below(3) ? at + 1 + random_below(70000) : at < BUCKET_KEYS - 1 ? BUCKET_KEYS - 1 : BUCKET_KEYS;
        }
    }
}

static void random_strings(entries *l, int dictionary)
{
    uint32_t n = random_below(60);
    for (uint32_t i = 0; i < n; i++) {
        entry *e = add(l);
        e->dictionary = dictionary;
        e->n_key = 1 + random_below(random_below(4) ? 8 : XJ_KEY_MAX);
        e->key[0] = (uint8_t)(1 + i);
        for (size_t k = 1; k < e->n_key; k++)
            e->key[k] = (uint8_t)random_below(256);
        e->has_codes = random_below(2);
        random_postings(e);
    }
}

/* ---- writing and reading back ---- */

static void write_run(xji_run *run, int fd, const entries *l)
{
    xji_run_writer w;
    uint64_t begin = (uint64_t)lseek(fd, 0, SEEK_END);
    OK(xji_run_begin(&w, run, fd, begin, &err));
    for (size_t i = 0; i < l->n; i++) {
        const entry *e = &l->e[i];
        const xj_term_postings t = {e->docs, e->tfs, e->n, e->codes};
        if (i == 0 || e->dictionary != e[-1].dictionary || e->bucket != e[-1].bucket)
            xji_run_place(&w, e->dictionary, e->bucket);
        if (strings(e->dictionary))
            OK(xji_run_string(&w, e->key, e->n_key, &t, e->has_codes, &err));
        else
            OK(xji_run_pair(&w, e->pair, &t, e->has_codes, &err));
    }
    OK(xji_run_end(&w, &err));
    assert_int_equal(run->fd, fd);
    assert_int_equal(begin + run->length, lseek(fd, 0, SEEK_END));
}

static void check_term(xji_term_source *s, const entry *e, uint32_t base)
{
    xji_gather g = {0};
    /* Postings are appended to what is there. */
    enum { BEFORE = 3 };
    OK(xji_gather_reserve(&g, BEFORE, &err));
    g.n = BEFORE;
    OK(xji_gather_reserve_codes(&g, BEFORE, &err));
    for (uint16_t i = 0; i < BEFORE; i++)
        g.codes[g.n_codes++] = (uint16_t)(1000 + i);
    if (strings(e->dictionary)) {
        assert_int_equal(s->n_key, e->n_key);
        assert_memory_equal(s->key, e->key, e->n_key);
    } else {
        assert_int_equal(s->pair, e->pair);
    }
    OK(s->take(s, &g, &err));
    assert_int_equal(g.n, BEFORE + e->n);
    for (uint32_t i = 0; i < e->n; i++) {
        assert_int_equal(g.docs[BEFORE + i], base + e->docs[i]);
        assert_int_equal(g.tfs[BEFORE + i], e->tfs[i]);
    }
    assert_int_equal(g.n_codes, BEFORE + e->n_codes);
    for (uint16_t i = 0; i < BEFORE; i++)
        assert_int_equal(g.codes[i], 1000 + i);
    if (e->n_codes > 0)
        assert_memory_equal(g.codes + BEFORE, e->codes, e->n_codes * sizeof *e->codes);
    xji_gather_release(&g);
}

/* Buckets [from, to) of a dictionary hold exactly the terms they were given, however much is read ahead. */
static void check_range(const xji_run *run, const entries *l, int dictionary, uint32_t from, uint32_t to)
{
    xji_run_reader r;
    OK(xji_run_reader_open(&r, run, dictionary, from, to, (size_t)1 << random_below(18), &err));
    uint32_t base = dictionary < XJ_CONTEXT_PAIRS ? run->passage : run->section;
    for (size_t i = 0; i < l->n; i++) {
        const entry *e = &l->e[i];
        if (e->dictionary != dictionary || e->bucket < from || e->bucket >= to)
            continue;
        OK(r.source.next(&r.source, &err));
        assert_false(r.source.done);
        check_term(&r.source, e, base);
    }
    OK(r.source.next(&r.source, &err));
    assert_true(r.source.done);
    xji_run_reader_release(&r);
}

/* Runs stand in a file one behind another. */
static void test_runs__round_trip(void **state)
{
    (void)state;
    enum { RUNS = 3 };
    static xji_run runs[RUNS];
    seed(20261122);
    for (int round = 0; round < 6; round++) {
        entries l[RUNS] = {{0}};
        int fd = temporary();
        for (int k = 0; k < RUNS; k++) {
            for (int d = 0; d < DICTIONARIES; d++) {
                if (random_below(5) == 0)
                    continue; /* a dictionary without terms */
                if (strings(d))
                    random_strings(&l[k], d);
                else
                    random_pairs(&l[k], d);
            }
            write_run(&runs[k], fd, &l[k]);
            runs[k].passage = round % 3 ? random_below(1u << 31) : 0;
            runs[k].section = round % 3 ? random_below(1u << 31) : 0;
        }
        for (int k = 0; k < RUNS; k++) {
            for (int d = 0; d < DICTIONARIES; d++) {
                check_range(&runs[k], &l[k], d, 0, strings(d) ? 1 : XJI_BUCKETS);
                for (int i = 0; i < 10 && !strings(d); i++) {
                    uint32_t from = random_below(XJI_BUCKETS);
                    check_range(&runs[k], &l[k], d, from, from + random_below(XJI_BUCKETS - from + 1));
                }
            }
            release(&l[k]);
        }
        close(fd);
    }
}

static void test_runs__nothing(void **state)
{
    (void)state;
    static xji_run run;
    const entries none = {0};
    int fd = temporary();
    write_run(&run, fd, &none);
    assert_int_equal(run.length, 0);
    for (int d = 0; d < DICTIONARIES; d++)
        check_range(&run, &none, d, 0, strings(d) ? 1 : XJI_BUCKETS);
    close(fd);
}

/* Lists and codes that are larger than what is read or written at a time; the greatest numbers. */
static void test_runs__large_terms(void **state)
{
    (void)state;
    static xji_run run;
    entries l = {0};
    seed(5);
    for (int d = 0; d < DICTIONARIES; d += 2) {
        static const struct {
            uint32_t n, tf_max, gap_max;
        } sizes[] = {{1, 2000000, 1}, {200000, 1, 1}, {100000, 30, 20000}, {1, 1, 1}, {70000, 3, 2}};
        for (uint32_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            entry *e = add(&l);
            e->dictionary = d;
            e->bucket = i / 2; /* a large term may be the first or the last of its bucket */
            e->pair = e->bucket << (16 + XJI_BUCKET_BITS) | i;
            e->has_codes = d == 0;
            give_postings(e, sizes[i].n, sizes[i].tf_max, sizes[i].gap_max);
        }
    }
    entry *e = add(&l); /* the last of all keys, passages and counts */
    e->dictionary = XJ_CONTEXT_PAIRS;
    e->bucket = XJI_BUCKETS - 1;
    e->pair = UINT32_MAX;
    give_postings(e, 2, 1, 1);
    e->docs[1] = UINT32_MAX - 1;
    e->tfs[1] = UINT32_MAX;
    write_run(&run, temporary(), &l);
    run.passage = run.section = 0;
    for (int d = 0; d < DICTIONARIES; d += 2) {
        check_range(&run, &l, d, 0, XJI_BUCKETS);
        check_range(&run, &l, d, 1, 2);
        check_range(&run, &l, d, 2, XJI_BUCKETS);
    }
    close(run.fd);
    release(&l);
}

/* A disk without room, and a file that lost its end. */
static void test_runs__bad_files(void **state)
{
    (void)state;
    static xji_run run;
    enum { CODES_MANY = 1 << 20 };
    static uint16_t codes[CODES_MANY];
    xji_run_writer w;
    xji_run_reader r;
    uint32_t doc = 0, tf = CODES_MANY;
    const xj_term_postings t = {&doc, &tf, 1, codes};
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    OK(xji_run_begin(&w, &run, full, 0, &err));
    xji_run_place(&w, XJ_PAIRS, 0);
    assert_int_equal(xji_run_pair(&w, 1, &t, true, NULL), XJ_EIO); /* more than is kept before it is written */
    xj_buf_release(&w.out);
    tf = 1;
    OK(xji_run_begin(&w, &run, full, 0, &err));
    xji_run_place(&w, XJ_PAIRS, 0);
    OK(xji_run_pair(&w, 1, &t, true, &err));
    assert_int_equal(xji_run_end(&w, NULL), XJ_EIO);
    close(full);
    tf = CODES_MANY;
    for (int cut = 0; cut < 2; cut++) {
        OK(xji_run_begin(&w, &run, temporary(), 0, &err));
        xji_run_place(&w, XJ_PAIRS, 0);
        OK(xji_run_pair(&w, 1, &t, true, &err));
        OK(xji_run_end(&w, &err));
        run.passage = run.section = 0;
        assert_int_equal(ftruncate(run.fd, cut ? 1000 : 0), 0);
        OK(xji_run_reader_open(&r, &run, XJ_PAIRS, 0, XJI_BUCKETS, 4096, &err));
        xj_error e = XJ_ERROR_INIT;
        assert_int_equal(r.source.next(&r.source, &e), XJ_EIO);
        assert_non_null(strstr(e.message, "temporary file"));
        xji_run_reader_release(&r);
        close(run.fd);
    }
}

/* Places in a run have 32 bits. */
static void test_runs__longest(void **state)
{
    (void)state;
    static xji_run run;
    for (int k = 0; k < 2; k++) {
        xji_run_writer w;
        OK(xji_run_begin(&w, &run, temporary(), 0, &err));
        run.length = (uint64_t)UINT32_MAX + (uint64_t)k; /* as though so much had been written */
        assert_int_equal(xji_run_end(&w, NULL), k ? XJ_ELIMIT : XJ_OK);
        close(run.fd);
    }
}

/* ---- merging ---- */

enum { PAIRS = 30, WORDS = 30, TERMS = PAIRS + WORDS, SOURCES_MAX = 17, DOCS_EACH = 50, CODES = 2 };

/* What each source says of each term in each of its passages: its tf, 0 to 2. */
static uint8_t said[SOURCES_MAX][TERMS][DOCS_EACH];

static void term_key(uint32_t term, uint8_t key[XJ_KEY_MAX], size_t *n)
{
    /* Ascending in the term; many keys are prefixes of the next. */
    key[0] = XJ_KEY_WORD;
    key[1] = (uint8_t)('a' + term / 5);
    *n = 2 + term % 5;
    memset(key + 2, 'a', term % 5);
}

typedef struct table_source {
    xji_term_source source; /* first */
    uint32_t number, term, end;
    bool begun, fails, taken;
    uint8_t key[XJ_KEY_MAX];
} table_source;

static bool says_nothing(const table_source *t)
{
    for (uint32_t i = 0; i < DOCS_EACH; i++)
        if (said[t->number][t->term][i])
            return false;
    return true;
}

static xj_status table_next(xji_term_source *s, xj_error *err)
{
    table_source *t = (table_source *)s;
    assert_true(!t->begun || t->taken); /* a term that was told is taken, once */
    assert_false(s->done);
    t->term += t->begun;
    t->begun = true;
    t->taken = false;
    while (t->term < t->end && says_nothing(t))
        t->term++;
    if (t->fails && t->term > t->end / 2)
        return xj_fail(err, XJ_EIO, "as was wished");
    s->done = t->term == t->end;
    s->pair = XJ_PAIR_KEY(0x5000 + t->term, 0x6000);
    s->key = t->key;
    if (t->term >= PAIRS)
        term_key(t->term - PAIRS, t->key, &s->n_key);
    return XJ_OK;
}

static xj_status table_take(xji_term_source *s, xji_gather *out, xj_error *err)
{
    table_source *t = (table_source *)s;
    assert_false(t->taken);
    t->taken = true;
    xj_status st = xji_gather_reserve(out, DOCS_EACH, err);
    for (uint32_t i = 0; i < DOCS_EACH && st == XJ_OK; i++) {
        uint8_t tf = said[t->number][t->term][i];
        if (tf == 0)
            continue;
        out->docs[out->n] = t->number * DOCS_EACH + i;
        out->tfs[out->n++] = tf;
        if (t->term >= PAIRS)
            continue;
        st = xji_gather_reserve_codes(out, tf, err);
        for (uint8_t k = 0; k < tf && st == XJ_OK; k++)
            out->codes[out->n_codes++] = (uint16_t)(k << 8 | (k + t->number * 14));
    }
    return st;
}

static xj_index *merge_tables(uint32_t n_sources, const char *index)
{
    xj_index_writer *ix;
    xj_segment_writer *w;
    const xj_scale *scale;
    xj_index *out;
    xj_buf text = XJ_BUF_INIT, meta = XJ_BUF_INIT;
    uint32_t cp = 'a', beg = 0, n_passages = n_sources ? n_sources * DOCS_EACH : 1;
    uint8_t len = 1;
    const xj_report_meta m = {.id = {"r", 1}, .encoding = XJ_ENC_UTF8};
    OK(xj_index_writer_open(&ix, index, XJ_INDEX_REPLACE, &err));
    OK(xj_index_writer_begin(ix, XJ_TEXT_FAST, NULL, &w, &err));
    OK(xj_passage_put(&text, XJ_ENC_UTF8, &cp, &beg, &len, NULL, 1, &err));
    OK(xj_report_meta_put(&meta, &m, &err));
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    for (uint32_t i = 0; i < n_passages; i++)
        OK(xj_segment_writer_passage(w, 1, text.data, text.n, 1, 1, &err));
    OK(xj_segment_writer_report(w, "r", 1, 0, 1, meta.data, meta.n, &err));
    OK(xj_segment_writer_scale(w, &scale, &err));
    for (int d = XJ_PAIRS; d <= XJ_STRINGS; d++) {
        table_source sources[SOURCES_MAX];
        xji_term_source *p[SOURCES_MAX];
        xji_lists l = {0};
        memset(sources, 0, sizeof sources);
        for (uint32_t i = 0; i < n_sources; i++) {
            table_source *t = &sources[i];
            t->source.next = table_next;
            t->source.take = table_take;
            t->number = i;
            t->term = d == XJ_PAIRS ? 0 : PAIRS;
            t->end = d == XJ_PAIRS ? PAIRS : TERMS;
            p[i] = &t->source;
        }
        OK(xji_lists_open(&l, (xj_dictionary)d, scale, n_passages, &err));
        OK(xji_merge(p, n_sources, d == XJ_STRINGS, &l, &err));
        OK(xji_lists_finish(&l, &err));
        if (xj_term_part_n_terms(l.part) > 0)
            OK(xj_segment_writer_part(w, l.part, &err));
        xji_lists_release(&l);
    }
    OK(xj_index_writer_end(ix, &w, &err));
    OK(xj_index_writer_commit(ix, &err));
    xj_index_writer_close(&ix);
    xj_buf_release(&text);
    xj_buf_release(&meta);
    OK(xj_index_open(&out, index, &err));
    return out;
}

static void check_merged(xj_segment *seg, uint32_t n_sources, uint32_t term)
{
    xj_term found;
    xj_postings it;
    uint8_t key[XJ_KEY_MAX];
    size_t n;
    uint32_t df = 0;
    term_key(term % PAIRS, key, &n);
    if (term < PAIRS)
        OK(xj_segment_pair(seg, XJ_BODY, 0x5000 + term, 0x6000, &found, &err));
    else
        OK(xj_segment_word(seg, XJ_BODY, key, n, &found, &err));
    for (uint32_t s = 0; s < n_sources; s++)
        for (uint32_t i = 0; i < DOCS_EACH; i++)
            df += said[s][term][i] > 0;
    assert_int_equal(found.df, df);
    OK(xj_postings_open(&it, seg, &found, &err));
    for (uint32_t k = 0; k < n_sources * DOCS_EACH; k++) {
        uint32_t s = k / DOCS_EACH;
        uint8_t tf = said[s][term][k % DOCS_EACH];
        uint16_t codes[CODES];
        uint32_t n_codes;
        if (tf == 0)
            continue;
        assert_int_equal(it.doc, k);
        assert_int_equal(it.tf, tf);
        if (term < PAIRS) {
            OK(xj_postings_codes(&it, codes, CODES, &n_codes, &err));
            assert_int_equal(n_codes, tf);
            for (uint32_t c = 0; c < tf; c++)
                assert_int_equal(codes[c], c << 8 | (c + s * 14));
        }
        OK(xj_postings_next(&it, &err));
    }
    assert_int_equal(it.doc, XJ_DOC_END);
}

static void test_runs__merge(void **state)
{
    (void)state;
    char index[80];
    snprintf(index, sizeof index, "%s/ix", folder);
    seed(6);
    for (uint32_t n_sources = 0; n_sources <= SOURCES_MAX; n_sources++) {
        for (uint32_t s = 0; s < SOURCES_MAX; s++) {
            /* Some sources hold everything, some little, some nothing. */
            uint32_t rarity = 1 + random_below(3) * random_below(40);
            for (uint32_t t = 0; t < TERMS; t++) {
                bool any = random_below(5) && rarity < 60;
                for (uint32_t i = 0; i < DOCS_EACH; i++)
                    said[s][t][i] = any && random_below(rarity) == 0 ? (uint8_t)(1 + random_below(2)) : 0;
            }
        }
        xj_index *ix = merge_tables(n_sources, index);
        xj_segment *seg = xj_index_segment(ix, 0);
        uint64_t damages = 1;
        OK(xj_segment_check(seg, XJ_CHECK_BYTES, NULL, NULL, &damages, &err));
        assert_int_equal(damages, 0);
        for (uint32_t t = 0; t < TERMS; t++)
            check_merged(seg, n_sources, t);
        xj_index_close(&ix);
    }
}

/* A source that fails ends the merge. */
static void test_runs__a_source_fails(void **state)
{
    (void)state;
    memset(said, 1, sizeof said);
    for (uint32_t which = 0; which < 3; which++) {
        table_source sources[3];
        xji_term_source *p[3];
        xj_index_writer *ix;
        xj_segment_writer *w;
        xji_lists l = {0};
        xj_error e = XJ_ERROR_INIT;
        char index[80];
        const xj_scale *scale;
        snprintf(index, sizeof index, "%s/fails", folder);
        memset(sources, 0, sizeof sources);
        for (uint32_t i = 0; i < 3; i++) {
            sources[i] = (table_source){.source = {.next = table_next, .take = table_take}, .number = i, .end = PAIRS, .fails = i == which};
            p[i] = &sources[i].source;
        }
        OK(xj_index_writer_open(&ix, index, XJ_INDEX_REPLACE, &err));
        OK(xj_index_writer_begin(ix, XJ_TEXT_FAST, NULL, &w, &err));
        OK(xj_segment_writer_scale(w, &scale, &err));
        OK(xji_lists_open(&l, XJ_CONTEXT_PAIRS, scale, 0, &err));
        assert_int_equal(xji_merge(p, 3, false, &l, &e), XJ_EIO);
        assert_string_equal(e.message, "as was wished");
        xji_lists_release(&l);
        xj_segment_writer_abandon(&w);
        xj_index_writer_close(&ix);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_runs__round_trip, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__large_terms, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__bad_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__longest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__merge, setup, teardown),
        cmocka_unit_test_setup_teardown(test_runs__a_source_fails, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
