/*
 * Whole builds, looked at through the index they leave: what is in it, what is said to be left out, and that memory and
 * threads change no byte.
 */
#define _GNU_SOURCE /* nftw, mkdtemp */
#include "build.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "limits.h"
#include "tokens.h"
#include "xj/fold.h"
#include "xj/index.h"
#include "xj/record.h"
#include "xj/utf8.h"

/* ---- a folder for each test ---- */

static char root[64];

static void remove_tree(const char *path)
{
    remove_folder(path);
}

static int setup(void **state)
{
    (void)state;
    alarm(300);
    return make_folder(root) == 0 && chdir(root) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    int st = chdir("/");
    remove_tree(root);
    return st;
}

static void write_file(const char *path, const char *s)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(s, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool exists(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0;
}

/* ---- building ---- */

enum { SKIPS = 64 };

static struct {
    char origin[512], reason[512];
} skips[SKIPS];
static size_t n_skips;
static xji_build_summary summary;
static xj_error error;

static void on_skip(void *ctx, const char *origin, const char *reason)
{
    (void)ctx;
    assert_true(n_skips < SKIPS);
    snprintf(skips[n_skips].origin, sizeof skips->origin, "%s", origin ? origin : "");
    snprintf(skips[n_skips++].reason, sizeof skips->reason, "%s", reason);
}

static xji_build_options options_for(const char *index)
{
    return (xji_build_options){.index_path = index, .memory = XJI_MEMORY_DEFAULT, .threads = 1,
                               .segmentation = XJI_SEGMENT_NONE, .text_level = XJ_TEXT_DEFAULT, .n_shards = 1, .on_skip = on_skip};
}

static xj_status build_with(xji_build_options o, const char *const *paths, size_t n)
{
    char *list[8];
    for (size_t i = 0; i < n; i++)
        list[i] = (char *)(uintptr_t)paths[i];
    o.paths = list;
    o.n_paths = n;
    n_skips = 0;
    xj_error_clear(&error);
    xj_status st = xji_build(&o, &summary, &error);
    assert_int_equal(st, error.code);
    assert_int_equal(summary.n_skipped, n_skips);
    return st;
}

#define BUILD(o, ...) \
    build_with(o, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* ---- looking at an index ---- */

static xj_index *open_index(const char *path)
{
    xj_index *ix;
    assert_int_equal(xj_index_open(&ix, path, NULL), XJ_OK);
    for (size_t i = 0; i < xj_index_n_segments(ix); i++) {
        uint64_t damages = 1;
        assert_int_equal(xj_segment_check(xj_index_segment(ix, i), XJ_CHECK_ALL, NULL, NULL, &damages, NULL), XJ_OK);
        assert_int_equal(damages, 0);
    }
    return ix;
}

/* Ids of the reports in the order of the index, "id\n" each; freed by the caller. */
static char *ids_of(const char *path)
{
    xj_index *ix = open_index(path);
    xj_buf ids = XJ_BUF_INIT;
    xj_record record = XJ_RECORD_INIT;
    for (size_t s = 0; s < xj_index_n_segments(ix); s++) {
        xj_segment *seg = xj_index_segment(ix, s);
        for (uint32_t i = 0; i < xj_segment_stats_of(seg)->n_reports; i++) {
            xj_report_meta meta;
            assert_int_equal(xj_segment_record(seg, XJ_STORE_REPORT, i, &record, NULL), XJ_OK);
            assert_int_equal(xj_report_meta_parse(&meta, record.data, record.n, NULL), XJ_OK);
            assert_int_equal(xj_buf_put(&ids, meta.id.s, meta.id.n, NULL), XJ_OK);
            assert_int_equal(xj_buf_put(&ids, "\n", 1, NULL), XJ_OK);
        }
    }
    assert_int_equal(xj_buf_put(&ids, "", 1, NULL), XJ_OK);
    xj_record_release(&record);
    xj_index_close(&ix);
    return (char *)ids.data;
}

static void assert_ids(const char *path, const char *expected)
{
    char *ids = ids_of(path);
    assert_string_equal(ids, expected);
    free(ids);
}

static void assert_skip(size_t i, const char *origin, const char *part)
{
    assert_true(i < n_skips);
    assert_string_equal(skips[i].origin, origin);
    if (!strstr(skips[i].reason, part))
        fail_msg("'%s' does not stand in '%s'", part, skips[i].reason);
}

/* ---- small builds ---- */

static void test_build__files_and_lines(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    write_file("t/b.txt", "推广枫桥经验。");
    write_file("t/a.jsonl", "{\"text\":\"一\"}\n{\"id\":\"own\",\"text\":\"二\"}\n");
    write_file("t/c.pdf", "%PDF");
    write_file("t/empty.txt", "");
    assert_int_equal(BUILD(options_for("ix"), "t"), XJ_OK);
    assert_int_equal(n_skips, 0);
    assert_int_equal(summary.n_reports, 4);
    assert_int_equal(summary.n_other_kind, 1);
    assert_int_equal(summary.n_passages, 3);
    assert_int_equal(summary.n_characters, 9);
    assert_int_equal(summary.n_units, 8);
    assert_int_equal(summary.input_bytes, 27);
    assert_int_equal(summary.n_segments, 1);
    assert_int_equal(summary.encodings[XJ_ENC_UTF8], 4);
    assert_ids("ix", "a.jsonl:1\nown\nb.txt\nempty.txt\n");
    xj_index *ix = open_index("ix");
    assert_int_equal(xj_index_bytes(ix), summary.index_bytes);
    assert_int_equal(xj_index_generation(ix), 1);
    const xj_segment_stats *stats = xj_index_stats(ix);
    assert_int_equal(stats->n_reports, 4);
    assert_int_equal(stats->n_passages, 3);
    assert_int_equal(stats->n_characters, 9);
    assert_int_equal(stats->n_units, 8);
    assert_int_equal(stats->input_bytes, 27);
    xj_index_close(&ix);
}

static void test_build__duplicate_ids(void **state)
{
    (void)state;
    assert_int_equal(mkdir("a", 0777), 0);
    assert_int_equal(mkdir("b", 0777), 0);
    write_file("a/x.txt", "甲");
    write_file("b/x.txt", "乙乙");
    write_file("l.jsonl", "{\"id\":\"x.txt\",\"text\":\"丙\"}\n{\"id\":\"y\",\"text\":\"丁\"}\n{\"id\":\"y\",\"text\":\"戊\"}\n");
    assert_int_equal(BUILD(options_for("ix"), "a", "b", "l.jsonl", "a/x.txt"), XJ_OK);
    assert_int_equal(summary.n_reports, 2);
    assert_int_equal(summary.n_characters, 2); /* the first of each counts */
    assert_ids("ix", "x.txt\ny\n");
    assert_int_equal(n_skips, 4);
    assert_skip(0, "b/x.txt", "'x.txt'");
    assert_skip(1, "l.jsonl:1", "'x.txt'");
    assert_skip(2, "l.jsonl:3", "'y'");
    assert_skip(3, "a/x.txt", "'x.txt'");
}

static void test_build__many_ids(void **state)
{
    (void)state;
    FILE *f = fopen("l.jsonl", "w");
    assert_non_null(f);
    for (int i = 0; i < 5000; i++) /* the table grows several times; each of the last ones repeats an early one */
        fprintf(f, "{\"id\":\"%d\",\"text\":\"人\"}\n", i < 4980 ? i : (i - 4980) * 200);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(BUILD(options_for("ix"), "l.jsonl"), XJ_OK);
    assert_int_equal(summary.n_reports, 4980);
    assert_int_equal(n_skips, 20);
    assert_skip(19, "l.jsonl:5000", "'3800'");
}

static void test_build__what_is_left_out(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    assert_int_equal(mkfifo("t/fifo.txt", 0666), 0);
    assert_int_equal(symlink("good.txt", "t/link.txt"), 0);
    write_file("t/good.txt", "好");
    write_file("t/lines.jsonl", "{\"text\":\"一\"}\nnonsense\n{\"id\":\"z\"}\n{\"text\":\"四\"}\n");
    assert_int_equal(truncate("t/good.txt", 3), 0);
    write_file("t/zeros.txt", "");
    assert_int_equal(truncate("t/zeros.txt", 100), 0);
    assert_int_equal(BUILD(options_for("ix"), "t", "nowhere"), XJ_OK);
    assert_int_equal(summary.n_reports, 3);
    assert_ids("ix", "good.txt\nlines.jsonl:1\nlines.jsonl:4\n");
    assert_int_equal(n_skips, 6);
    static const char *const origins[] = {"t/fifo.txt", "t/link.txt", "t/lines.jsonl:2", "t/lines.jsonl:3", "t/zeros.txt", "nowhere"};
    for (size_t k = 0; k < 6; k++) {
        size_t times = 0;
        for (size_t i = 0; i < n_skips; i++)
            times += strcmp(skips[i].origin, origins[k]) == 0;
        assert_int_equal(times, 1);
    }
}

/* ---- the context ---- */

enum { SECTIONS_MAX = 4000, CONTEXT_TOKENS = 40000 };

/* Tokens of titles and headings by section, as the records tell them. */
static struct {
    uint32_t section, first, second; /* second 0: a single */
} context[CONTEXT_TOKENS];
static size_t n_context;

static void add_context(xji_tokenizer *tokenizer, uint32_t section, xj_str s)
{
    xji_tokens t = XJI_TOKENS_INIT;
    uint32_t *cp = malloc((s.n + 1) * sizeof *cp), length;
    size_t n = 0;
    assert_non_null(cp);
    for (size_t i = 0; i < s.n; n++)
        i += xj_utf8_decode((const uint8_t *)s.s + i, s.n - i, &cp[n], NULL);
    assert_int_equal(xji_tokenize_text(tokenizer, cp, n, &t, &length, NULL), XJ_OK);
    for (size_t i = 0; i < t.n_pairs; i++) {
        assert_true(n_context < CONTEXT_TOKENS);
        context[n_context].section = section;
        uint32_t second = xji_pair_second(t.pair[i]);
        context[n_context].first = xji_pair_first(t.pair[i]);
        context[n_context++].second = second == XJI_SINGLE ? 0 : second;
    }
    free(cp);
    xji_tokens_release(&t);
}

/* The title and all headings above, each by itself, for every section. */
static void read_context(xj_segment *seg)
{
    xji_tokenizer *tokenizer;
    xj_record r = XJ_RECORD_INIT;
    assert_int_equal(xji_tokenizer_new(&tokenizer, NULL), XJ_OK);
    n_context = 0;
    for (uint32_t i = 0; i < xj_segment_stats_of(seg)->n_reports; i++) {
        xj_report_row row;
        assert_int_equal(xj_segment_report(seg, i, &row, NULL), XJ_OK);
        for (uint32_t s = row.first_section; s < row.first_section + row.n_sections; s++) {
            xj_report_meta meta;
            xj_heading_path path;
            assert_int_equal(xj_segment_record(seg, XJ_STORE_REPORT, i, &r, NULL), XJ_OK);
            assert_int_equal(xj_report_meta_parse(&meta, r.data, r.n, NULL), XJ_OK);
            add_context(tokenizer, s, meta.title);
            assert_int_equal(xj_segment_record(seg, XJ_STORE_HEADING, s, &r, NULL), XJ_OK);
            assert_int_equal(xj_heading_path_parse(&path, r.data, r.n, NULL), XJ_OK);
            for (size_t k = 0; k < path.n; k++)
                add_context(tokenizer, s, path.heading[k]);
        }
    }
    xj_record_release(&r);
    xji_tokenizer_free(tokenizer);
}

static void test_build__context_of_sections(void **state)
{
    (void)state;
    write_file("a.jsonl", "{\"id\":\"a\",\"title\":\"某县工作报告\",\"text\":\"开头。\\n一、工作情况\\n（一）推进工作\\n1.化解纠纷\\n正文工作。\\n"
                          "2.依法行政\\n正文。\\n（二）存在问题\\n正文。\\n二、工作打算\\n正文。\"}\n"
                          "{\"id\":\"b\",\"text\":\"没有标题，也没有小标题。\"}\n");
    xji_build_options o = options_for("ix");
    o.segmentation = XJI_SEGMENT_AUTO;
    assert_int_equal(BUILD(o, "a.jsonl", XJ_SOURCE_DIR "/corpus/reports"), XJ_OK);
    xj_index *ix = open_index("ix");
    xj_segment *seg = xj_index_segment(ix, 0);
    uint64_t n_postings = 0, n_occurrences = 0, deepest = 0;
    read_context(seg);
    static uint32_t tf[SECTIONS_MAX];
    assert_true(xj_segment_stats_of(seg)->n_sections <= SECTIONS_MAX);
    xj_term_cursor c;
    assert_int_equal(xj_term_cursor_pair(&c, seg, XJ_CONTEXT, 0, NULL), XJ_OK);
    for (; !c.done; assert_int_equal(xj_term_cursor_next(&c, NULL), XJ_OK)) {
        xj_postings it;
        memset(tf, 0, sizeof tf);
        for (size_t i = 0; i < n_context; i++)
            if (context[i].first == c.first && context[i].second == c.second)
                tf[context[i].section]++;
        assert_int_equal(xj_postings_open(&it, seg, &c.term, NULL), XJ_OK);
        for (; it.doc != XJ_DOC_END; assert_int_equal(xj_postings_next(&it, NULL), XJ_OK)) {
            assert_int_equal(it.tf, tf[it.doc]);
            n_postings++;
            n_occurrences += it.tf;
            deepest = it.tf > deepest ? it.tf : deepest;
        }
    }
    assert_int_equal(n_occurrences, n_context); /* none is missing */
    assert_true(n_postings > 1000 && deepest > 2);
    xj_index_close(&ix);
}

/* ---- what commits nothing ---- */

static void test_build__nothing_indexable(void **state)
{
    (void)state;
    write_file("bad.jsonl", "nonsense\n");
    assert_int_equal(BUILD(options_for("ix"), "bad.jsonl", "nowhere.txt"), XJ_EINPUT);
    assert_int_equal(n_skips, 2);
    assert_false(exists("ix"));
    assert_int_equal(summary.index_bytes, 0);
    /* An index that is there stays. */
    write_file("good.txt", "好");
    assert_int_equal(BUILD(options_for("ix"), "good.txt"), XJ_OK);
    xji_build_options o = options_for("ix");
    o.replace = true;
    assert_int_equal(BUILD(o, "bad.jsonl"), XJ_EINPUT);
    assert_ids("ix", "good.txt\n");
    xj_index *ix = open_index("ix");
    assert_int_equal(xj_index_generation(ix), 1);
    xj_index_close(&ix);
}

/* No file at all is a mistake; files that hold no report are an empty index. */
static void test_build__nothing_at_all(void **state)
{
    (void)state;
    xji_build_options o = options_for("ix");
    assert_int_equal(mkdir("t", 0777), 0);
    for (int force = 0; force < 2; force++) {
        o.replace = force;
        assert_int_equal(BUILD(o, "t"), XJ_EINPUT);
        assert_false(exists("ix"));
    }
    write_file("t/a.pdf", "%PDF");
    assert_int_equal(BUILD(o, "t"), XJ_EINPUT);
    assert_int_equal(summary.n_other_kind, 1);
    assert_false(exists("ix"));
    write_file("t/empty.jsonl", "\n");
    assert_int_equal(BUILD(o, "t"), XJ_OK);
    assert_int_equal(summary.n_reports, 0);
    assert_int_equal(summary.n_segments, 0);
    xj_index *ix = open_index("ix");
    assert_int_equal(xj_index_n_segments(ix), 0);
    xj_index_close(&ix);
}

static void test_build__places_that_are_no_index(void **state)
{
    (void)state;
    write_file("good.txt", "好");
    assert_int_equal(mkdir("full", 0777), 0);
    write_file("full/notes.txt", "mine");
    xji_build_options o = options_for("full");
    for (int force = 0; force < 2; force++) {
        o.replace = force;
        o.index_path = "full";
        assert_int_equal(BUILD(o, "good.txt"), XJ_EUSAGE);
        assert_non_null(strstr(error.message, "other files"));
        assert_true(exists("full/notes.txt"));
        assert_false(exists("full/lock"));
        o.index_path = "good.txt";
        assert_int_equal(BUILD(o, "good.txt"), XJ_EUSAGE);
        o.index_path = "no/such/folder";
        assert_int_equal(BUILD(o, "good.txt"), XJ_EIO);
    }
    assert_true(exists("good.txt"));
    /* An empty folder will do, with a slash behind it too. */
    assert_int_equal(mkdir("empty", 0777), 0);
    o.index_path = "empty/";
    o.replace = false;
    assert_int_equal(BUILD(o, "good.txt"), XJ_OK);
    assert_ids("empty", "good.txt\n");
}

static void test_build__replace(void **state)
{
    (void)state;
    write_file("one.txt", "一");
    write_file("two.txt", "二");
    assert_int_equal(BUILD(options_for("ix"), "one.txt"), XJ_OK);
    assert_int_equal(BUILD(options_for("ix"), "two.txt"), XJ_EUSAGE);
    assert_non_null(strstr(error.message, "--force"));
    assert_ids("ix", "one.txt\n");
    assert_true(exists("ix/seg-1-0.xjs"));
    xj_index *old = open_index("ix");
    xji_build_options o = options_for("ix");
    o.replace = true;
    assert_int_equal(BUILD(o, "two.txt"), XJ_OK);
    assert_ids("ix", "two.txt\n");
    assert_false(exists("ix/seg-1-0.xjs"));
    /* Who had it open keeps what was there. */
    xj_record record = XJ_RECORD_INIT;
    assert_int_equal(xj_index_generation(old), 1);
    assert_int_equal(xj_segment_record(xj_index_segment(old, 0), XJ_STORE_REPORT, 0, &record, NULL), XJ_OK);
    xj_record_release(&record);
    xj_index_close(&old);
    xj_index *ix = open_index("ix");
    assert_int_equal(xj_index_generation(ix), 2);
    xj_index_close(&ix);
    /* A manifest that cannot be read is replaced as well. */
    assert_int_equal(truncate("ix/manifest", 20), 0);
    assert_int_equal(BUILD(options_for("ix"), "one.txt"), XJ_EUSAGE);
    assert_int_equal(BUILD(o, "one.txt"), XJ_OK);
    assert_ids("ix", "one.txt\n");
}

/* ---- shards ---- */

static void write_many(const char *path, int n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (int i = 0; i < n; i++)
        fprintf(f, "{\"id\":\"报告-%d\",\"text\":\"第%d号\"}\n", i, i);
    assert_int_equal(fclose(f), 0);
}

static void test_build__shard_numbers(void **state)
{
    (void)state;
    static const unsigned counts[] = {1, 2, 3, 7, 64, 1000000};
    for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
        unsigned hits[64] = {0};
        for (int i = 0; i < 6400; i++) {
            char id[32];
            snprintf(id, sizeof id, "%d.txt", i);
            unsigned shard = xji_shard_of(id, counts[k]);
            assert_true(shard < counts[k]);
            assert_int_equal(shard, xji_shard_of(id, counts[k]));
            if (counts[k] <= 64)
                hits[shard]++;
        }
        for (unsigned s = 0; counts[k] <= 64 && s < counts[k]; s++) /* none has less than half its share or more than twice */
            assert_in_range(hits[s], 3200 / counts[k], 12800 / counts[k]);
    }
    assert_int_equal(xji_shard_of("", 1), 0);
}

static void test_build__shards_partition_the_reports(void **state)
{
    (void)state;
    enum { SHARDS = 5, LINES = 150, FILES = 150 };
    unsigned char seen[LINES + FILES] = {0};
    uint64_t total = 0;
    write_many("lines.jsonl", LINES);
    assert_int_equal(mkdir("t", 0777), 0);
    for (int i = 0; i < FILES; i++) {
        char path[32];
        snprintf(path, sizeof path, "t/%03d.txt", i);
        write_file(path, "件");
    }
    for (unsigned shard = 0; shard < SHARDS; shard++) {
        char index[16];
        snprintf(index, sizeof index, "ix%u", shard);
        xji_build_options o = options_for(index);
        o.shard = shard;
        o.n_shards = SHARDS;
        o.threads = 1 + shard % 3;
        assert_int_equal(BUILD(o, "t", "lines.jsonl"), XJ_OK);
        assert_int_equal(n_skips, 0);
        total += summary.n_reports;
        char *ids = ids_of(index), *rest;
        for (char *id = strtok_r(ids, "\n", &rest); id; id = strtok_r(NULL, "\n", &rest)) {
            int number = strncmp(id, "报告-", strlen("报告-")) == 0 ? atoi(id + strlen("报告-")) : LINES + atoi(id);
            assert_int_equal(xji_shard_of(id, SHARDS), shard);
            assert_in_range(number, 0, LINES + FILES - 1);
            seen[number]++;
        }
        free(ids);
    }
    assert_int_equal(total, LINES + FILES);
    for (int i = 0; i < LINES + FILES; i++)
        assert_int_equal(seen[i], 1);
}

/* A shard that no report falls on is an empty index, also when something had to be left out. */
static void test_build__empty_shards(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    write_file("t/only.txt", "独");
    write_file("t/l.jsonl", "{\"id\":\"second\",\"text\":\"双\"}\n");
    assert_int_equal(symlink("only.txt", "t/link.txt"), 0);
    uint64_t total = 0;
    for (unsigned shard = 0; shard < 8; shard++) {
        char index[16];
        snprintf(index, sizeof index, "ix%u", shard);
        xji_build_options o = options_for(index);
        o.shard = shard;
        o.n_shards = 8;
        xj_status st = BUILD(o, "t");
        if (st != XJ_OK)
            fail_msg("shard %u: %s", shard, error.message);
        assert_int_equal(n_skips, 1);
        total += summary.n_reports;
    }
    assert_int_equal(total, 2);
}

/* ---- memory, threads, levels ---- */

/* Reports whose tokens alone are more than the least memory; fewer that are long to look at. */
enum { VOCABULARY = 120, MANY_REPORTS = 45000, FEW_REPORTS = 9000, REPORT_CHARS = 200 };

/* Random text of few characters, so that every pair has a long list. */
static void write_large(const char *path, int n_reports)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    seed(20260107);
    for (int i = 0; i < n_reports; i++) {
        fprintf(f, "{\"id\":\"%d\",\"text\":\"", i);
        for (int k = 0; k < REPORT_CHARS; k++) {
            uint32_t c = 0x4E00 + random_below(VOCABULARY);
            fprintf(f, "%c%c%c", 0xE0 | (int)(c >> 12), 0x80 | (int)(c >> 6 & 63), 0x80 | (int)(c & 63));
            if (random_below(30) == 0)
                fputs(" 12345 ", f);
        }
        fputs("\"}\n", f);
    }
    assert_int_equal(fclose(f), 0);
}

/* Postings of a pair with their codes, added to a checksum of everything. */
static uint64_t digest_pair(xj_segment *seg, uint32_t first, uint32_t second, uint64_t sum, uint64_t *n)
{
    xj_term term;
    xj_postings it;
    assert_int_equal(xj_segment_pair(seg, XJ_BODY, first, second, &term, NULL), XJ_OK);
    assert_int_equal(xj_postings_open(&it, seg, &term, NULL), XJ_OK);
    while (it.doc != XJ_DOC_END) {
        uint32_t posting[2] = {it.doc, it.tf}, n_codes;
        uint16_t codes[REPORT_CHARS];
        sum = xj_checksum(posting, sizeof posting, sum);
        if (second != 0) {
            assert_int_equal(xj_postings_codes(&it, codes, REPORT_CHARS, &n_codes, NULL), XJ_OK);
            assert_int_equal(n_codes, it.tf);
            sum = xj_checksum(codes, n_codes * sizeof *codes, sum);
        }
        ++*n;
        assert_int_equal(xj_postings_next(&it, NULL), XJ_OK);
    }
    return sum;
}

static uint64_t digest(const char *path)
{
    xj_index *ix = open_index(path);
    uint64_t sum = 0, n = 0;
    assert_int_equal(xj_index_n_segments(ix), 1);
    for (uint32_t a = 0; a < VOCABULARY; a++)
        for (uint32_t b = 0; b <= VOCABULARY; b++)
            sum = digest_pair(xj_index_segment(ix, 0), xj_fold(0x4E00 + a), b ? xj_fold(0x4E00 + b - 1) : 0, sum, &n);
    assert_true(n > 1000000);
    xj_index_close(&ix);
    return sum;
}

static size_t slurp(const char *path, uint8_t **bytes)
{
    struct stat sb;
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &sb), 0);
    *bytes = malloc((size_t)sb.st_size + 1);
    assert_non_null(*bytes);
    assert_int_equal(read(fd, *bytes, (size_t)sb.st_size), sb.st_size);
    close(fd);
    return (size_t)sb.st_size;
}

static void assert_same_file(const char *a, const char *b)
{
    uint8_t *bytes_a, *bytes_b;
    size_t n = slurp(a, &bytes_a);
    assert_int_equal(slurp(b, &bytes_b), n);
    assert_memory_equal(bytes_a, bytes_b, n);
    free(bytes_a);
    free(bytes_b);
}

static void test_build__memory_and_threads_change_no_byte(void **state)
{
    (void)state;
    static const struct {
        size_t memory;
        unsigned threads;
    } runs[] = {{XJI_MEMORY_MIN, 1}, {XJI_MEMORY_MIN, 8}, {(size_t)100 << 20, 2}, {(size_t)1 << 30, 8}};
    write_large("large.jsonl", MANY_REPORTS);
    assert_int_equal(BUILD(options_for("ix"), "large.jsonl"), XJ_OK);
    const xji_build_summary whole = summary;
    assert_int_equal(whole.n_runs, 0);
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        xji_build_options o = options_for("other");
        o.memory = runs[i].memory;
        o.threads = runs[i].threads;
        o.replace = true;
        remove_tree("other");
        assert_int_equal(BUILD(o, "large.jsonl"), XJ_OK);
        assert_same_file("ix/seg-1-0.xjs", "other/seg-1-0.xjs");
        assert_same_file("ix/manifest", "other/manifest");
        if (runs[i].memory == XJI_MEMORY_MIN)
            assert_true(summary.n_runs > 1); /* the last one holds the rest */
        assert_int_equal(summary.n_segments, 1);
        assert_int_equal(summary.n_reports, whole.n_reports);
        assert_int_equal(summary.n_passages, whole.n_passages);
        assert_int_equal(summary.n_units, whole.n_units);
        assert_int_equal(summary.index_bytes, whole.index_bytes);
    }
    remove_tree("other");
}

/* How texts are compressed decides on the size, and on nothing else. */
static void test_build__text_levels_change_no_term(void **state)
{
    (void)state;
    static const xj_text_level levels[] = {XJ_TEXT_FAST, XJ_TEXT_DEFAULT, XJ_TEXT_SMALL};
    uint64_t bytes[3], want = 0;
    write_large("large.jsonl", FEW_REPORTS);
    for (size_t i = 0; i < 3; i++) {
        xji_build_options o = options_for("ix");
        o.text_level = levels[i];
        o.replace = true;
        assert_int_equal(BUILD(o, "large.jsonl"), XJ_OK);
        bytes[i] = summary.index_bytes;
        uint64_t got = digest("ix");
        assert_true(i == 0 || got == want);
        want = got;
    }
    assert_true(bytes[0] >= bytes[1] && bytes[1] >= bytes[2] && bytes[0] > bytes[2]);
}

static void test_build__threads_change_no_byte(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    write_many("t/l.jsonl", 700);
    for (int i = 0; i < 100; i++) {
        char path[32], text[512];
        snprintf(path, sizeof path, "t/%d.txt", i);
        snprintf(text, sizeof text, "某县报告%d\n一、情况\n推广枫桥经验%d次,5G网络 enabled。\n二、问题\n人手不足。\n", i, i);
        write_file(path, text);
    }
    for (unsigned threads = 1; threads <= 9; threads += threads < 3 ? 1 : 3) {
        xji_build_options o = options_for(threads == 1 ? "first" : "ix");
        o.threads = threads;
        o.segmentation = XJI_SEGMENT_AUTO;
        remove_tree("ix");
        assert_int_equal(BUILD(o, "t"), XJ_OK);
        if (threads > 1)
            assert_same_file("ix/seg-1-0.xjs", "first/seg-1-0.xjs");
    }
}

/* ---- progress ---- */

static struct {
    uint64_t done, total, reports, calls;
} progress;

static void on_progress(void *ctx, uint64_t done, uint64_t total, uint64_t n_reports)
{
    assert_ptr_equal(ctx, &progress);
    assert_true(done >= progress.done && done <= total);
    assert_true(n_reports >= progress.reports);
    progress.done = done;
    progress.total = total;
    progress.reports = n_reports;
    progress.calls++;
}

static void test_build__progress(void **state)
{
    (void)state;
    write_many("l.jsonl", 500);
    write_file("a.txt", "好");
    xji_build_options o = options_for("ix");
    memset(&progress, 0, sizeof progress);
    o.on_progress = on_progress;
    o.ctx = &progress;
    o.threads = 3;
    assert_int_equal(BUILD(o, "l.jsonl", "a.txt"), XJ_OK);
    assert_int_equal(progress.calls, 501);
    assert_int_equal(progress.reports, 501);
    assert_int_equal(progress.done, progress.total);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_build__files_and_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__duplicate_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__many_ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__what_is_left_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__context_of_sections, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__nothing_indexable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__nothing_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__places_that_are_no_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__replace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__shard_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__shards_partition_the_reports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__empty_shards, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__memory_and_threads_change_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__text_levels_change_no_term, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__threads_change_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_build__progress, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
