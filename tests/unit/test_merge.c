/*
 * Joining indexes: the bytes depend on the order of the reports alone, not on how they were grouped or on threads; what is
 * refused leaves nothing behind.
 */
#define _GNU_SOURCE /* nftw, mkdtemp */
#include "merge.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "build.h"
#include "limits.h"
#include "xj/record.h"

static char root[64];

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
    return remove_folder(root) ? -1 : st;
}

/* ---- indexes ---- */

static void on_skip(void *ctx, const char *origin, const char *reason)
{
    (void)ctx;
    fail_msg("%s: %s", origin, reason);
}

static void build_lines(const char *index, const char *lines)
{
    char path[] = "lines.jsonl", *paths[] = {path};
    xji_build_summary summary;
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(lines, f) >= 0);
    assert_int_equal(fclose(f), 0);
    const xji_build_options o = {.index_path = index, .paths = paths, .n_paths = 1, .memory = XJI_MEMORY_MIN, .threads = 1,
                                 .text_level = XJ_TEXT_DEFAULT, .n_shards = 1, .replace = true, .on_skip = on_skip};
    OK(xji_build(&o, &summary, &err));
}

/* A text of a small vocabulary with headings, words and characters beyond the BMP. */
static void random_text(xj_buf *out)
{
    static const char *const words[] = {"推广枫桥经验", "化解", "矛盾纠纷", "依法行政", "5G", "网络", "，", "。", "。\\n",
                                        "enabled ", "𠀀", "𪛖", "人人人人人人人人人人人人人人人人人人人人", "abc"};
    for (uint32_t n = random_below(random_below(5) ? 60 : 1000); n > 0; n--) {
        const char *w = words[random_below(sizeof words / sizeof *words)];
        if (random_below(50) == 0)
            w = random_below(2) ? "\\n一、工作情况\\n" : "\\n（二）问题\\n";
        OK(xj_buf_put(out, w, strlen(w), &err));
        if (random_below(10) == 0) {
            uint32_t c = 0x4E00 + random_below(3000);
            const char utf8[3] = {(char)(0xE0 | c >> 12), (char)(0x80 | (c >> 6 & 63)), (char)(0x80 | (c & 63))};
            OK(xj_buf_put(out, utf8, 3, &err));
        }
    }
}

static void build_random(const char *index, uint32_t n_reports)
{
    xj_buf lines = XJ_BUF_INIT;
    for (uint32_t i = 0; i < n_reports; i++) {
        char head[100];
        snprintf(head, sizeof head, "{\"id\":\"%s/%u\",\"title\":\"%u号报告\",\"year\":%u,\"text\":\"", index, i, i % 7, 2000 + i % 25);
        OK(xj_buf_put(&lines, head, strlen(head), &err));
        if (random_below(20)) /* some reports are empty */
            random_text(&lines);
        OK(xj_buf_put(&lines, "\"}\n", 3, &err));
    }
    OK(xj_buf_put(&lines, "", 1, &err));
    build_lines(index, (const char *)lines.data);
    xj_buf_release(&lines);
}

static xji_merge_summary summary;

static xj_status merge_with(const char *out, unsigned threads, bool replace, const char *const *inputs, size_t n, xj_error *err)
{
    char *list[8];
    for (size_t i = 0; i < n; i++)
        list[i] = (char *)(uintptr_t)inputs[i];
    const xji_merge_options o = {.index_path = out, .inputs = list, .n_inputs = n, .threads = threads, .replace = replace};
    return xji_merge_indexes(&o, &summary, err);
}

#define MERGE(out, threads, replace, err, ...)                      \
    merge_with(out, threads, replace, (const char *const[]){__VA_ARGS__}, \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), err)

static xj_index *open_index(const char *path)
{
    xj_index *ix;
    uint64_t damages = 1;
    OK(xj_index_open(&ix, path, &err));
    for (size_t i = 0; i < xj_index_n_segments(ix); i++) {
        OK(xj_segment_check(xj_index_segment(ix, i), XJ_CHECK_ALL, NULL, NULL, &damages, &err));
        assert_int_equal(damages, 0);
    }
    return ix;
}

static size_t slurp(const char *path, uint8_t **bytes)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    size_t n = (size_t)ftell(f);
    rewind(f);
    *bytes = malloc(n + 1);
    assert_non_null(*bytes);
    assert_int_equal(fread(*bytes, 1, n, f), n);
    fclose(f);
    return n;
}

static bool same_file(const char *a, const char *b)
{
    uint8_t *x, *y;
    size_t n = slurp(a, &x), m = slurp(b, &y);
    bool same = n == m && memcmp(x, y, n) == 0;
    free(x);
    free(y);
    return same;
}

static bool exists(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0;
}

/* Names in the folder of an index, or 0 when there is none. */
static size_t n_files(const char *index)
{
    DIR *dir = opendir(index);
    size_t n = 0;
    if (!dir)
        return 0;
    for (struct dirent *e; (e = readdir(dir));)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* ---- what comes out ---- */

/* Ids, terms with their postings, years: all but how texts are stored. */
static void assert_same_contents(const char *a, const char *b)
{
    xj_index *x = open_index(a), *y = open_index(b);
    assert_int_equal(xj_index_n_segments(x), 1);
    assert_int_equal(xj_index_n_segments(y), 1);
    xj_segment *s = xj_index_segment(x, 0), *t = xj_index_segment(y, 0);
    assert_memory_equal(xj_segment_stats_of(s), xj_segment_stats_of(t), sizeof(xj_segment_stats));
    assert_true(xj_segment_stats_of(s)->n_sections < xj_segment_stats_of(s)->n_passages); /* else one could pass for the other */
    static const xj_store stores[] = {XJ_STORE_TEXT, XJ_STORE_REPORT, XJ_STORE_HEADING};
    const uint64_t sizes[] = {xj_segment_stats_of(s)->n_passages, xj_segment_stats_of(s)->n_reports, xj_segment_stats_of(s)->n_sections};
    xj_record p = XJ_RECORD_INIT, q = XJ_RECORD_INIT;
    for (size_t k = 0; k < 3; k++)
        for (uint32_t i = 0; i < sizes[k]; i++) {
            OK(xj_segment_record(s, stores[k], i, &p, &err));
            OK(xj_segment_record(t, stores[k], i, &q, &err));
            assert_int_equal(p.n, q.n);
            assert_memory_equal(p.data, q.data, p.n);
        }
    xj_record_release(&p);
    xj_record_release(&q);
    for (uint32_t i = 0; i < sizes[1]; i++) {
        xj_report_row r, o;
        OK(xj_segment_report(s, i, &r, &err));
        OK(xj_segment_report(t, i, &o, &err));
        assert_memory_equal(&r, &o, sizeof r);
    }
    /* Terms are encoded alike, whatever they come from; texts stay in the groups they came in. */
    size_t compared = 0;
    for (size_t i = 0; i < xj_segment_n_sections(s); i++) {
        const char *name = xj_segment_section_name(s, i);
        if (strncmp(name, "text", 4) == 0 || strncmp(name, "table", 5) == 0)
            continue;
        assert_string_equal(xj_segment_section_name(t, i), name);
        assert_int_equal(xj_segment_section_bytes(t, i), xj_segment_section_bytes(s, i));
        compared++;
    }
    assert_true(compared > 15);
    xj_index_close(&x);
    xj_index_close(&y);
}

static void assert_ids(const char *index, const char *want)
{
    char got[512] = "";
    xj_index *ix = open_index(index);
    xj_record r = XJ_RECORD_INIT;
    for (size_t s = 0; s < xj_index_n_segments(ix); s++)
        for (uint32_t i = 0; i < xj_segment_stats_of(xj_index_segment(ix, s))->n_reports; i++) {
            xj_report_meta meta;
            OK(xj_segment_record(xj_index_segment(ix, s), XJ_STORE_REPORT, i, &r, &err));
            OK(xj_report_meta_parse(&meta, r.data, r.n, &err));
            strncat(got, meta.id.s, meta.id.n);
            strcat(got, " ");
        }
    assert_string_equal(got, want);
    xj_record_release(&r);
    xj_index_close(&ix);
}

/* ---- tests ---- */

static void test_merge__grouping_and_threads_change_no_byte(void **state)
{
    (void)state;
    seed(20261122);
    for (int round = 0; round < 6; round++) {
        build_random("a", random_below(60));
        build_random("b", 1 + random_below(300));
        build_random("c", 1 + random_below(20));
        OK(MERGE("abc", 1, false, &err, "a", "b", "c"));
        const xji_merge_summary whole = summary;
        OK(MERGE("ab", 2, true, &err, "a", "b"));
        OK(MERGE("bc", 2, true, &err, "b", "c"));
        OK(MERGE("other", 3, false, &err, "ab", "c"));
        assert_true(same_file("abc/seg-1-0.xjs", "other/seg-1-0.xjs"));
        assert_true(same_file("abc/manifest", "other/manifest"));
        assert_memory_equal(&summary, &whole, sizeof whole);
        assert_int_equal(remove_folder("other"), 0);
        OK(MERGE("other", 8, false, &err, "a", "bc"));
        assert_true(same_file("abc/seg-1-0.xjs", "other/seg-1-0.xjs"));
        OK(MERGE("other", 8, true, &err, "a", "b", "c"));
        assert_true(same_file("abc/seg-1-0.xjs", "other/seg-2-0.xjs"));
        OK(MERGE("other", 2, true, &err, "c", "b", "a"));
        assert_false(same_file("abc/seg-1-0.xjs", "other/seg-3-0.xjs")); /* the order counts */
        assert_int_equal(remove_folder("abc") | remove_folder("other"), 0);
    }
}

static void test_merge__equals_a_build_of_all(void **state)
{
    (void)state;
    xj_buf lines = XJ_BUF_INIT;
    seed(2);
    for (int round = 0; round < 4; round++) {
        static const char *const names[] = {"a", "b", "c"};
        lines.n = 0;
        for (size_t i = 0; i < 3; i++) {
            uint8_t *bytes;
            build_random(names[i], 1 + random_below(i == 1 ? 400 : 30));
            size_t n = slurp("lines.jsonl", &bytes);
            OK(xj_buf_put(&lines, bytes, n, &err));
            free(bytes);
        }
        OK(xj_buf_put(&lines, "", 1, &err));
        build_lines("all", (const char *)lines.data);
        OK(MERGE("merged", 2, true, &err, "a", "b", "c"));
        assert_same_contents("merged", "all");
    }
    xj_buf_release(&lines);
}

static void test_merge__one_input(void **state)
{
    (void)state;
    seed(3);
    build_random("a", 100);
    OK(MERGE("m", 2, false, &err, "a"));
    assert_true(same_file("m/seg-1-0.xjs", "a/seg-1-0.xjs"));
    assert_true(same_file("m/manifest", "a/manifest"));
    /* Onto itself: a new generation of the same. */
    OK(MERGE("a", 1, true, &err, "a"));
    assert_true(same_file("m/seg-1-0.xjs", "a/seg-2-0.xjs"));
    assert_int_equal(n_files("a"), 3); /* manifest, lock, segment */
}

static void test_merge__summary_and_order(void **state)
{
    (void)state;
    build_lines("a", "{\"id\":\"z\",\"text\":\"甲\"}\n{\"id\":\"m\",\"text\":\"乙丙\"}\n");
    build_lines("b", "{\"id\":\"b\",\"text\":\"丁\"}\n{\"id\":\"y\",\"text\":\"\"}\n");
    OK(MERGE("m", 1, false, &err, "b", "a"));
    assert_ids("m", "b y z m ");
    assert_int_equal(summary.n_reports, 4);
    assert_int_equal(summary.n_passages, 3);
    assert_int_equal(summary.n_characters, 4);
    assert_int_equal(summary.input_bytes, 12);
    xj_index *ix = open_index("m");
    assert_int_equal(summary.index_bytes, xj_index_bytes(ix));
    assert_int_equal(xj_index_n_segments(ix), 1);
    assert_int_equal(xj_index_generation(ix), 1);
    /* Ranks of ids are those of the whole. */
    static const uint32_t ranks[] = {0, 2, 3, 1};
    for (uint32_t i = 0; i < 4; i++) {
        xj_report_row row;
        OK(xj_segment_report(xj_index_segment(ix, 0), i, &row, &err));
        assert_int_equal(row.id_rank, ranks[i]);
    }
    xj_index_close(&ix);
}

static void test_merge__empty_indexes(void **state)
{
    (void)state;
    build_lines("none", "\n");
    build_lines("empty", "{\"id\":\"e\",\"text\":\"\"}\n"); /* a report without passages */
    build_lines("a", "{\"id\":\"a\",\"text\":\"甲乙\"}\n");
    OK(MERGE("m", 2, true, &err, "none", "none"));
    assert_ids("m", "");
    assert_int_equal(summary.n_reports, 0);
    assert_int_equal(n_files("m"), 2);
    OK(MERGE("m", 2, true, &err, "empty"));
    assert_ids("m", "e ");
    OK(MERGE("m", 2, true, &err, "none", "a", "empty", "none"));
    assert_ids("m", "a e ");
    OK(MERGE("n", 2, true, &err, "a", "empty"));
    xj_index *ix = open_index("m");
    assert_int_equal(xj_segment_stats_of(xj_index_segment(ix, 0))->n_passages, 1);
    xj_index_close(&ix);
    assert_true(same_file("m/seg-3-0.xjs", "n/seg-1-0.xjs"));
    OK(MERGE("m", 2, true, &err, "empty", "a"));
    assert_ids("m", "e a ");
}

static void test_merge__the_same_id_twice(void **state)
{
    (void)state;
    build_lines("a", "{\"id\":\"一\",\"text\":\"甲\"}\n{\"id\":\"二\",\"text\":\"乙\"}\n");
    build_lines("b", "{\"id\":\"三\",\"text\":\"丙\"}\n{\"id\":\"二\",\"text\":\"丁\"}\n");
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(MERGE("m", 2, false, &e, "a", "b"), XJ_EINPUT);
    assert_non_null(strstr(e.message, "'二'"));
    assert_false(exists("m"));
    xj_error_clear(&e);
    assert_int_equal(MERGE("m", 1, false, &e, "a", "a"), XJ_EINPUT);
    assert_non_null(strstr(e.message, "'一'"));
    assert_false(exists("m"));
    /* An index that is there stays. */
    assert_int_equal(MERGE("a", 1, true, NULL, "a", "b"), XJ_EINPUT);
    assert_ids("a", "一 二 ");
    assert_int_equal(n_files("a"), 3);
    assert_ids("b", "三 二 ");
}

static void test_merge__inputs_that_are_none(void **state)
{
    (void)state;
    build_lines("a", "{\"id\":\"a\",\"text\":\"甲\"}\n");
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(MERGE("m", 1, false, NULL, "a", "nowhere"), XJ_EIO);
    assert_int_equal(MERGE("m", 1, false, NULL, "folder", "a"), XJ_EFORMAT);
    assert_int_equal(MERGE("m", 1, false, NULL, "a", "lines.jsonl"), XJ_EFORMAT);
    assert_false(exists("m"));
}

/* Wherever a byte of an input is turned: either it is told, or it is one that a merge does not need. */
static void test_merge__damaged_inputs(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t told = 0, tried = 0;
    seed(4);
    build_random("a", 30);
    build_random("b", 30);
    OK(MERGE("want", 2, false, &err, "a", "b"));
    size_t n = slurp("b/seg-1-0.xjs", &bytes);
    for (size_t i = 0; i < n; i += 1 + random_below(1 + (uint32_t)(n / 300)), tried++) {
        xj_error e = XJ_ERROR_INIT;
        FILE *f = fopen("b/seg-1-0.xjs", "r+b");
        assert_non_null(f);
        assert_int_equal(fseek(f, (long)i, SEEK_SET), 0);
        assert_true(fputc(bytes[i] ^ 1 << random_below(8), f) != EOF);
        assert_int_equal(fclose(f), 0);
        xj_status st = MERGE("m", 2, false, &e, "a", "b");
        if (st == XJ_OK) {
            assert_true(same_file("m/seg-1-0.xjs", "want/seg-1-0.xjs"));
            assert_int_equal(remove_folder("m"), 0);
        } else {
            assert_true(st == XJ_ECORRUPT || st == XJ_EFORMAT || st == XJ_EVERSION); /* all are exit status 3 */
            assert_non_null(strstr(e.message, "b/seg-1-0.xjs"));
            assert_false(exists("m"));
            told++;
        }
        f = fopen("b/seg-1-0.xjs", "wb");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, n, f), n);
        assert_int_equal(fclose(f), 0);
    }
    print_message("%zu of %zu told\n", told, tried);
    assert_true(tried > 200 && told * 10 > tried * 7);
    free(bytes);
}

static void test_merge__places_that_are_taken(void **state)
{
    (void)state;
    build_lines("a", "{\"id\":\"a\",\"text\":\"甲\"}\n");
    build_lines("b", "{\"id\":\"b\",\"text\":\"乙\"}\n");
    build_lines("m", "{\"id\":\"old\",\"text\":\"丙\"}\n");
    xj_error e = XJ_ERROR_INIT;
    assert_int_equal(MERGE("m", 1, false, &e, "a", "b"), XJ_EUSAGE);
    assert_non_null(strstr(e.message, "--force"));
    assert_ids("m", "old ");
    assert_int_equal(MERGE("a", 1, false, NULL, "a", "b"), XJ_EUSAGE);
    assert_ids("a", "a ");
    OK(MERGE("m", 1, true, &err, "a", "b"));
    assert_ids("m", "a b ");
    /* The output may be an input, in any place, under any name. */
    OK(MERGE("m/", 2, true, &err, "./m"));
    assert_ids("m", "a b ");
    OK(MERGE("b", 2, true, &err, "b", "a"));
    assert_ids("b", "b a ");
    assert_int_equal(n_files("b"), 3);
    assert_ids("a", "a ");
    assert_int_equal(mkdir("full", 0777), 0);
    FILE *f = fopen("full/notes.txt", "w");
    assert_non_null(f);
    fclose(f);
    for (int force = 0; force < 2; force++) {
        assert_int_equal(MERGE("full", 1, force, NULL, "a"), XJ_EUSAGE);
        assert_int_equal(n_files("full"), 1);
        assert_int_equal(MERGE("no/such/folder", 1, force, NULL, "a"), XJ_EIO);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_merge__grouping_and_threads_change_no_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__equals_a_build_of_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__one_input, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__summary_and_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__empty_indexes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__the_same_id_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__inputs_that_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__damaged_inputs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merge__places_that_are_taken, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
