/*
 * Stored texts: coded by the ranks of their characters, in groups, with a dictionary of their own where that pays. None of
 * it shows: each record comes back as it was given, whatever the level, the threads and the order of reading.
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
#include "xj/token.h"

/* ---- the texts ---- */

/* Records as given to the writer, one after another. */
typedef struct texts {
    xj_buf bytes;
    size_t *end;
    uint32_t *length; /* in units */
    uint64_t *n_characters, *text_bytes;
    uint32_t n, cap;
} texts;

static texts all;

static void texts_clear(void)
{
    xj_buf_release(&all.bytes);
    free(all.end);
    free(all.length);
    free(all.n_characters);
    free(all.text_bytes);
    memset(&all, 0, sizeof all);
}

static void *grown(void *p, size_t n)
{
    p = realloc(p, n);
    assert_non_null(p);
    return p;
}

static void add_text(const uint32_t *cp, size_t n)
{
    xj_units units = XJ_UNITS_INIT;
    if (all.n == all.cap) {
        all.cap = all.cap ? 2 * all.cap : 64;
        all.end = grown(all.end, all.cap * sizeof *all.end);
        all.length = grown(all.length, all.cap * sizeof *all.length);
        all.n_characters = grown(all.n_characters, all.cap * sizeof *all.n_characters);
        all.text_bytes = grown(all.text_bytes, all.cap * sizeof *all.text_bytes);
    }
    uint32_t *beg = grown(NULL, (n + 1) * sizeof *beg), at = 7, i = all.n++;
    uint8_t *len = grown(NULL, n + 1);
    for (size_t k = 0; k < n; k++) {
        beg[k] = at;
        len[k] = (uint8_t)xj_utf8_len(cp[k]);
        at += len[k];
    }
    OK(xj_passage_put(&all.bytes, XJ_ENC_UTF8, cp, beg, len, NULL, n, &err));
    OK(xj_units_read(&units, cp, n, 0, &err));
    all.length[i] = 0;
    for (size_t u = 0; u < units.n; u++)
        all.length[i] += units.unit[u].kind != XJ_UNIT_BREAK;
    all.end[i] = all.bytes.n;
    all.n_characters[i] = n;
    all.text_bytes[i] = at - 7;
    xj_units_release(&units);
    free(beg);
    free(len);
}

static const uint8_t *record_of(uint32_t i, size_t *n)
{
    size_t from = i ? all.end[i - 1] : 0;
    *n = all.end[i] - from;
    return all.bytes.data + from;
}

/* The i-th of 63,456 different characters of the BMP, the most frequent scripts first. */
static uint32_t character(uint32_t i)
{
    uint32_t cp = 0x4E00 + i;
    cp += cp >= 0xD800 ? 0x800 : 0;
    return cp <= 0xFFFF ? cp : cp - 0x10000 + 0x20;
}

/* ---- writing and reading ---- */

static xj_segment *write_all(xj_text_level level, xj_pool *pool)
{
    xj_segment_writer *w = new_segment_of(level, pool);
    size_t n;
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    for (uint32_t i = 0; i < all.n; i++) {
        const uint8_t *record = record_of(i, &n);
        OK(xj_segment_writer_passage(w, all.length[i], record, n, all.n_characters[i], all.text_bytes[i], &err));
    }
    put_bare_report(w, "r");
    return finish_segment(w);
}

static void expect_record(xj_segment *seg, uint32_t at, uint32_t i, xj_record *r)
{
    size_t n;
    const uint8_t *want = record_of(i, &n);
    OK(xj_segment_record(seg, XJ_STORE_TEXT, at, r, &err));
    if (r->n != n || memcmp(r->data, want, n) != 0)
        fail_msg("record %u of %zu bytes is not what it was, of %zu", at, r->n, n);
}

/* The texts stand from passage `from` on: in order, in reverse, at random, twice, and with a record of its own each. */
static void expect_records(xj_segment *seg, uint32_t from)
{
    xj_record r = XJ_RECORD_INIT;
    for (uint32_t i = 0; i < all.n; i++)
        expect_record(seg, from + i, i, &r);
    for (uint32_t i = all.n < 2000 ? all.n : 2000; i-- > 0;)
        expect_record(seg, from + i, i, &r);
    for (uint32_t k = 0; k < 500; k++) {
        uint32_t i = random_below(all.n);
        xj_record own = XJ_RECORD_INIT;
        expect_record(seg, from + i, i, &r);
        expect_record(seg, from + i, i, &r);
        if (k < 20)
            expect_record(seg, from + i, i, &own);
        xj_record_release(&own);
    }
    xj_record_release(&r);
}

static uint64_t section_bytes(const xj_segment *seg, const char *name)
{
    for (size_t i = 0; i < xj_segment_n_sections(seg); i++)
        if (strcmp(xj_segment_section_name(seg, i), name) == 0)
            return xj_segment_section_bytes(seg, i);
    fail_msg("there is no section '%s'", name);
    return 0;
}

static uint64_t n_groups(const xj_segment *seg)
{
    return section_bytes(seg, "text groups") / 4;
}

static const xj_text_level levels[] = {XJ_TEXT_FAST, XJ_TEXT_DEFAULT, XJ_TEXT_SMALL};

/* All levels, without threads and with some. */
static void round_trip(void)
{
    for (size_t k = 0; k < 3; k++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, 3, &err));
        for (int threads = 0; threads < 2; threads++) {
            xj_segment *seg = write_all(levels[k], threads ? pool : NULL);
            expect_sound_but_lengths(seg);
            expect_records(seg, 0);
            xj_segment_close(&seg);
        }
        xj_pool_free(pool);
    }
}

static int setup(void **state)
{
    print_message("seed 61\n");
    random_state = 61;
    return make_segment_dir(state);
}

static int teardown(void **state)
{
    texts_clear();
    return remove_segment_dir(state);
}

/* ---- tests ---- */

static void test_text_groups__empty_texts(void **state)
{
    (void)state;
    add_text(NULL, 0);
    round_trip();
    for (int i = 0; i < 20000; i++) /* more than a frame of them */
        add_text(NULL, 0);
    round_trip();
    add_text((const uint32_t[]){'a'}, 1);
    add_text(NULL, 0);
    round_trip();
}

/* As many different characters as there are codes of one byte, of two, and more than that. */
static void test_text_groups__numbers_of_characters(void **state)
{
    (void)state;
    static const uint32_t numbers[] = {1, 2, 191, 192, 193, 194, 447, 448, 449, 16063, 16064, 16319, 16320, 16321, 16322, 20000, 63000};
    static uint32_t cp[63000];
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) {
        uint32_t n = numbers[k];
        for (uint32_t i = 0; i < n; i++)
            cp[i] = character(i);
        add_text(cp, n);
        add_text(cp, n / 2 + 1); /* some are more frequent */
        for (uint32_t i = 0; i < n; i += 10) /* in records of their own, which have codes of all kinds at their ends */
            add_text(cp + i, n - i < 10 ? n - i : 10);
        for (uint32_t i = n > 30 ? n - 30 : 0; i < n; i++)
            add_text(cp + i, 1);
        xj_segment *seg = write_all(XJ_TEXT_DEFAULT, NULL);
        expect_sound_but_lengths(seg);
        expect_records(seg, 0);
        xj_segment_close(&seg);
        if (n < 500)
            round_trip();
        texts_clear();
    }
}

/* The more frequent a character is the lower is its rank; the smaller code point comes first among equals. */
static void test_text_groups__ranks(void **state)
{
    (void)state;
    enum { N = 600 };
    uint32_t cp[N], order[N];
    for (uint32_t i = 0; i < N; i++) /* each once, every third once more, the last two often */
        cp[i] = character(i);
    add_text(cp, N);
    for (uint32_t i = 0; i < N; i += 3)
        add_text(cp + i, 1);
    for (uint32_t i = 0; i < 2000; i++)
        add_text(cp + N - 1 - i % 2, 1 + i % 2); /* the last oftener than the one before */
    uint32_t n = 0;
    order[n++] = character(N - 1);
    order[n++] = character(N - 2);
    for (uint32_t i = 0; i < N; i += 3)
        order[n++] = character(i);
    for (uint32_t i = 0; i < N - 2; i++)
        if (i % 3)
            order[n++] = character(i);
    assert_int_equal(n, N);
    xj_segment *seg = write_all(XJ_TEXT_DEFAULT, NULL);
    expect_records(seg, 0);
    const xji_group *g = atomic_load(&seg->group[0]);
    assert_int_equal(g->n_ranks, N);
    for (uint32_t i = 0; i < N; i++) {
        uint32_t got;
        xj_utf8_decode(g->rank[i].s, g->rank[i].n, &got, NULL);
        assert_int_equal(got, order[i]);
    }
    xj_segment_close(&seg);
}

static void test_text_groups__characters_of_all_planes(void **state)
{
    (void)state;
    static const uint32_t edges[] = {0x20,   0x7E,   0x7F,    0x80,    0x7FF,   0x800,   0xFFF,    0x1000,   0xD7FF,  0xE000, 0xFFFD,
                                     0xFFFE, 0xFFFF, 0x10000, 0x1FFFF, 0x20000, 0x20BB7, 0x2FFFF, 0x10FFFF, 0x4E00, 0x1};
    enum { EDGES = sizeof edges / sizeof *edges };
    for (size_t i = 0; i < EDGES; i++) {
        add_text(&edges[i], 1);
        add_text(edges, i + 1);
    }
    for (int k = 0; k < 300; k++) {
        uint32_t cp[100], n = random_below(100);
        for (uint32_t i = 0; i < n; i++)
            cp[i] = random_below(3) ? 0x4E00 + random_below(3000) : random_below(2) ? edges[random_below(EDGES)] : 0x10000 + random_below(0x100000);
        add_text(cp, n);
    }
    round_trip();
    texts_clear();
    uint32_t far[500]; /* nothing has a rank */
    for (uint32_t i = 0; i < 500; i++)
        far[i] = 0x20000 + i;
    for (uint32_t i = 0; i < 500; i += 7)
        add_text(far, i);
    round_trip();
}

/* Texts about as large as a frame of theirs, alone and in company, and much larger ones. */
static void test_text_groups__texts_and_frames(void **state)
{
    (void)state;
    enum { FRAME = XJI_TEXT_FRAME, MOST = 300000 };
    static const uint32_t sizes[] = {FRAME - 20, FRAME - 12, FRAME - 11, FRAME - 10, FRAME - 9, FRAME - 8, FRAME - 7, FRAME - 6, FRAME - 5, FRAME - 4,
                                     FRAME - 3,  FRAME - 2,  FRAME - 1,  FRAME,      FRAME + 1, 2 * FRAME, 4 * FRAME - 6, 4 * FRAME, 100000, MOST};
    uint32_t *cp = grown(NULL, MOST * sizeof *cp);
    for (uint32_t i = 0; i < MOST; i++)
        cp[i] = 0x4E00 + random_below(150); /* a byte each */
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        add_text(cp, sizes[k]);
        if (k % 3 == 0)
            add_text(cp, 3);
        if (k % 4 == 0)
            add_text(NULL, 0);
    }
    for (uint32_t n = 1; n < 3000; n += 13) /* frames filled by many */
        add_text(cp, n % 700);
    free(cp);
    round_trip();
}

/* Text in which characters are as frequent as in a language, and stretches come again. */
static void add_prose(uint32_t n, uint32_t alphabet)
{
    static uint32_t cp[4000];
    assert_true(n <= 4000);
    for (uint32_t i = 0; i < n;) {
        uint32_t word = random_below(random_below(3000) + 1), k = 2 + word % 5;
        for (uint32_t j = 0; j < k && i < n; j++)
            cp[i++] = 0x4E00 + alphabet + word * (j + 3) % (40 + word);
    }
    add_text(cp, n);
}

/* A dictionary is made where there is text enough, and then the tables are larger. */
static void test_text_groups__with_and_without_a_dictionary(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++)
        add_prose(1000, 0);
    xj_segment *seg = write_all(XJ_TEXT_DEFAULT, NULL);
    uint64_t small = section_bytes(seg, "text tables");
    xj_segment_close(&seg);
    round_trip();
    for (int i = 0; i < 1500; i++)
        add_prose(200 + random_below(600), 0);
    seg = write_all(XJ_TEXT_DEFAULT, NULL);
    assert_int_equal(n_groups(seg), 1);
    assert_true(section_bytes(seg, "text tables") > small + 4000);
    xj_segment_close(&seg);
    round_trip();
}

/* Nothing can be learnt from what is all the same, or all different: whether a dictionary comes of it or not. */
static void test_text_groups__texts_that_teach_nothing(void **state)
{
    (void)state;
    static uint32_t cp[5000];
    for (int kind = 0; kind < 3; kind++) {
        for (int k = 0; k < 60; k++) {
            for (uint32_t i = 0; i < 5000; i++)
                cp[i] = kind == 0 ? 0x4E00 : kind == 1 ? character(random_below(60000)) : 0x4E00 + i % 2;
            add_text(cp, 5000);
        }
        round_trip();
        texts_clear();
    }
}

/* A group ends with the text that reaches 16 MiB; each has its own ranks. */
static void test_text_groups__groups_of_real_size(void **state)
{
    (void)state;
    uint64_t bytes = 0;
    uint32_t last = 0;
    while (bytes < XJI_TEXT_GROUP) {
        add_prose(4000, 0);
        bytes += all.text_bytes[last++];
    }
    xj_segment *seg = write_all(XJ_TEXT_FAST, NULL);
    assert_int_equal(n_groups(seg), 1); /* reached with the last one */
    xj_segment_close(&seg);
    add_prose(10, 5000);
    for (int i = 0; i < 100; i++)
        add_prose(3000, 5000);
    seg = write_all(XJ_TEXT_FAST, NULL);
    assert_int_equal(n_groups(seg), 2);
    expect_sound_but_lengths(seg);
    expect_records(seg, 0);
    xj_segment_close(&seg);
}

/* Groups of one text, of two, of three: the size of a text is what the writer is told. */
static void make_small_groups(uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t cp[300], k = 1 + random_below(300);
        for (uint32_t j = 0; j < k; j++)
            cp[j] = 0x4E00 + i * 37 + random_below(250);
        add_text(cp, i % 5 ? k : 0);
        all.text_bytes[i] = XJI_TEXT_GROUP >> i % 3;
    }
}

static void test_text_groups__many_groups(void **state)
{
    (void)state;
    make_small_groups(100);
    uint64_t want = 0, sum = 0;
    for (uint32_t i = 0; i < all.n; i++) {
        sum += all.text_bytes[i];
        if (sum >= XJI_TEXT_GROUP || i + 1 == all.n) {
            want++;
            sum = 0;
        }
    }
    xj_buf first = XJ_BUF_INIT, again = XJ_BUF_INIT;
    for (unsigned n = 0; n <= 8; n++) { /* the same bytes by any number of threads */
        xj_pool *pool = NULL;
        if (n > 0)
            OK(xj_pool_new(&pool, n, &err));
        xj_segment *seg = write_all(XJ_TEXT_DEFAULT, pool);
        xj_pool_free(pool);
        assert_int_equal(n_groups(seg), want);
        assert_int_equal(damages_of(seg, XJ_CHECK_BYTES), 0);
        expect_records(seg, 0);
        load_segment_file(n ? &again : &first);
        assert_true(n == 0 || (again.n == first.n && memcmp(again.data, first.data, first.n) == 0));
        xj_segment_close(&seg);
    }
    xj_buf_release(&first);
    xj_buf_release(&again);
}

/* A group that reaches its size to the byte is full, one that lacks a byte is not. */
static void test_text_groups__full_to_the_byte(void **state)
{
    (void)state;
    for (uint64_t lacks = 0; lacks < 2; lacks++) {
        for (uint32_t i = 0; i < 3; i++) {
            add_text((const uint32_t[]){'a'}, 1);
            all.text_bytes[i] = i < 2 ? XJI_TEXT_GROUP / 2 - (i == 1 ? lacks : 0) : 0;
        }
        xj_segment *seg = write_all(XJ_TEXT_DEFAULT, NULL);
        assert_int_equal(n_groups(seg), lacks ? 1 : 2);
        expect_records(seg, 0);
        xj_segment_close(&seg);
        texts_clear();
    }
}

static void test_text_groups__copied_groups(void **state)
{
    (void)state;
    make_small_groups(40);
    xj_segment *from = write_all(XJ_TEXT_SMALL, NULL);
    xj_segment_writer *w = new_segment();
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err)); /* a group that is not full */
    put_bare_report(w, "a");
    OK(xj_segment_writer_copy(w, from, &err));
    OK(xj_segment_writer_copy(w, from, &err));
    OK(xj_segment_writer_section(w, NULL, 0, &err));
    OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
    put_bare_report(w, "b");
    xj_segment *seg = finish_segment(w);
    assert_int_equal(n_groups(seg), 2 * n_groups(from) + 2);
    assert_int_equal(damages_of(seg, XJ_CHECK_BYTES), 0);
    expect_records(seg, 1);
    expect_records(seg, 1 + all.n);
    xj_segment_close(&seg);
    xj_segment_close(&from);
}

/* How hard texts are compressed shows in the size alone. */
static void test_text_groups__levels(void **state)
{
    (void)state;
    uint64_t size[3];
    for (int i = 0; i < 1000; i++)
        add_prose(700, 0);
    for (size_t k = 0; k < 3; k++) {
        xj_segment *seg = write_all(levels[k], NULL);
        size[k] = section_bytes(seg, "text frames");
        expect_records(seg, 0);
        xj_segment_close(&seg);
    }
    assert_true(size[XJ_TEXT_SMALL] < size[XJ_TEXT_DEFAULT] && size[XJ_TEXT_DEFAULT] <= size[XJ_TEXT_FAST]);
}

/* A record that is none is refused, at the latest when its group is packed. */
static void test_text_groups__records_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        size_t n;
    } rows[] = {{"", 0}, {"\x05" "ab", 3}, {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}, {"\x80", 1}, {"\x02\xE6\x9E" "\0\0", 5}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int threads = 0; threads < 2; threads++) {
            xj_pool *pool = NULL;
            if (threads)
                OK(xj_pool_new(&pool, 2, &err));
            xj_segment_writer *w = new_segment_of(XJ_TEXT_DEFAULT, pool);
            xj_segment_seal seal;
            xj_error e = XJ_ERROR_INIT;
            OK(xj_segment_writer_section(w, NULL, 0, &err));
            OK(xj_segment_writer_passage(w, 0, "\0\0\0", 3, 0, 0, &err));
            xj_status st = xj_segment_writer_passage(w, 0, rows[i].s, rows[i].n, 0, 0, &e);
            if (st == XJ_OK) {
                put_bare_report(w, "r");
                st = xj_segment_writer_finish(&w, &seal, &e);
            }
            assert_int_equal(st, XJ_EUSAGE);
            assert_true(e.message[0] != '\0');
            assert_non_null(w);
            xj_segment_writer_abandon(&w);
            xj_pool_free(pool);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_text_groups__empty_texts),
        TEST(test_text_groups__numbers_of_characters),
        TEST(test_text_groups__ranks),
        TEST(test_text_groups__characters_of_all_planes),
        TEST(test_text_groups__texts_and_frames),
        TEST(test_text_groups__with_and_without_a_dictionary),
        TEST(test_text_groups__texts_that_teach_nothing),
        TEST(test_text_groups__groups_of_real_size),
        TEST(test_text_groups__many_groups),
        TEST(test_text_groups__full_to_the_byte),
        TEST(test_text_groups__copied_groups),
        TEST(test_text_groups__levels),
        TEST(test_text_groups__records_that_cannot_be_read),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
