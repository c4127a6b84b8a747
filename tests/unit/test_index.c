/*
 * An index directory: how it comes to be, who may write it, what a reader keeps, what a crash leaves behind, and a
 * manifest that is damaged or lies.
 */
#include "xj/index.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "../../common/src/format_priv.h"
#include "xj/analyser.h"
#include "xj/record.h"

static char top[64];  /* a directory for the test */
static char path[80]; /* of the index in it; not made yet */

static int make_dir(void **state)
{
    (void)state;
    if (make_folder(top) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/index", top);
    return 0;
}

static void remove_files(const char *where)
{
    DIR *d = opendir(where);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char name[512];
        snprintf(name, sizeof name, "%s/%s", where, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && remove(name) != 0) {
            remove_files(name);
            rmdir(name);
        }
    }
    if (d)
        closedir(d);
}

static int remove_dir(void **state)
{
    (void)state;
    remove_files(top);
    return rmdir(top);
}

/* The call fails with this status, says something, and names the file concerned. */
#define FAILS(want, call)                                 \
    do {                                                  \
        xj_error err = XJ_ERROR_INIT;                     \
        xj_status fails_st = (call);                      \
        if (fails_st != (want))                           \
            fail_msg("line %d: %s (%s) instead of %s", __LINE__, xj_status_name(fails_st), err.message, xj_status_name(want)); \
        assert_int_equal(err.code, want);                 \
        assert_true(err.message[0] != '\0' && err.path[0] != '\0'); \
    } while (0)

static size_t n_files(void)
{
    DIR *d = opendir(path);
    size_t n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    return n ? n - 2 : 0;
}

static bool exists(const char *name)
{
    char file[256];
    snprintf(file, sizeof file, "%s/%s", path, name);
    return access(file, F_OK) == 0;
}

static void put_file(const char *name, const void *s, size_t n)
{
    char file[256];
    snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *f = fopen(file, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t get_file(const char *name, uint8_t *s, size_t cap)
{
    char file[256];
    snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *f = fopen(file, "rb");
    assert_non_null(f);
    size_t n = fread(s, 1, cap, f);
    assert_true(n < cap);
    fclose(f);
    return n;
}

/* Add a segment of n blank passages in one report, which tells segments apart. */
static void add_segment(xj_index_writer *w, uint32_t n)
{
    xj_segment_writer *s;
    OK(xj_index_writer_begin(w, XJ_TEXT_DEFAULT, NULL, &s, &err));
    put_blank_passages(s, 1, n);
    OK(xj_index_writer_end(w, &s, &err));
    assert_null(s);
}

/* An index of segments with these numbers of passages. */
static void write_index(xj_index_existing existing, const uint32_t *passages, size_t n)
{
    xj_index_writer *w;
    OK(xj_index_writer_open(&w, path, existing, &err));
    for (size_t i = 0; i < n; i++)
        add_segment(w, passages[i]);
    assert_int_equal(xj_index_writer_bytes(w), 0);
    OK(xj_index_writer_commit(w, &err));
    assert_true(xj_index_writer_bytes(w) > 0);
    xj_index_writer_close(&w);
    assert_null(w);
}

static uint64_t n_passages(void)
{
    xj_index *ix;
    OK(xj_index_open(&ix, path, &err));
    uint64_t n = xj_index_stats(ix)->n_passages;
    xj_index_close(&ix);
    return n;
}

/* ---- making and replacing ---- */

static void test_index__create_and_read(void **state)
{
    (void)state;
    xj_index *ix;
    xj_index_writer *w;
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    add_segment(w, 3);
    add_segment(w, 5);
    OK(xj_index_writer_commit(w, &err));
    uint64_t bytes = xj_index_writer_bytes(w);
    xj_index_writer_close(&w);
    OK(xj_index_open(&ix, path, &err));
    assert_int_equal(xj_index_generation(ix), 1);
    assert_int_equal(xj_index_n_segments(ix), 2);
    assert_int_equal(xj_segment_stats_of(xj_index_segment(ix, 0))->n_passages, 3);
    assert_int_equal(xj_segment_stats_of(xj_index_segment(ix, 1))->n_passages, 5);
    assert_int_equal(xj_index_stats(ix)->n_passages, 8);
    assert_int_equal(xj_index_stats(ix)->n_reports, 2);
    assert_int_equal(xj_index_stats(ix)->input_bytes, 20);
    assert_int_equal(xj_index_bytes(ix), bytes);
    uint64_t sum = 0;
    DIR *d = opendir(path);
    struct dirent *e;
    while ((e = readdir(d))) {
        struct stat sb;
        assert_int_equal(fstatat(dirfd(d), e->d_name, &sb, 0), 0);
        if (S_ISREG(sb.st_mode))
            sum += (uint64_t)sb.st_size;
    }
    closedir(d);
    assert_int_equal(sum, bytes); /* the lock is empty */
    xj_index_close(&ix);
    assert_null(ix);
    xj_index_close(&ix);
    xj_index_close(NULL);
}

static void test_index__without_segments(void **state)
{
    (void)state;
    write_index(XJ_INDEX_REFUSE, NULL, 0);
    xj_index *ix;
    OK(xj_index_open(&ix, path, &err));
    assert_int_equal(xj_index_n_segments(ix), 0);
    assert_int_equal(xj_index_stats(ix)->n_passages, 0);
    xj_index_close(&ix);
}

static void test_index__path_may_end_in_slashes(void **state)
{
    (void)state;
    size_t n = strlen(path);
    strcat(path, "///");
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){1}, 1);
    assert_int_equal(n_passages(), 1);
    path[n] = '\0';
    assert_int_equal(n_passages(), 1);
}

static void test_index__an_empty_directory_will_do(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0777), 0);
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){1}, 1);
    assert_int_equal(n_passages(), 1);
}

static void test_index__refuse_keeps_what_is_there(void **state)
{
    (void)state;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    size_t files = n_files();
    xj_index_writer *w = (xj_index_writer *)1;
    FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    assert_null(w);
    assert_int_equal(n_files(), files);
    assert_int_equal(n_passages(), 2);
}

static void test_index__replace(void **state)
{
    (void)state;
    for (uint32_t g = 1; g <= 4; g++) {
        xj_index *ix;
        write_index(XJ_INDEX_REPLACE, (const uint32_t[]){g, g}, 2);
        OK(xj_index_open(&ix, path, &err));
        assert_int_equal(xj_index_generation(ix), g);
        assert_int_equal(xj_index_stats(ix)->n_passages, 2 * g);
        xj_index_close(&ix);
        assert_int_equal(n_files(), 4); /* manifest, lock, two segments: those of before are gone */
    }
}

static void test_index__segment_names_are_never_used_again(void **state)
{
    (void)state;
    char names[6][64];
    size_t n = 0;
    for (int g = 0; g < 3; g++) {
        xj_index *ix;
        write_index(XJ_INDEX_REPLACE, (const uint32_t[]){1, 1}, 2);
        OK(xj_index_open(&ix, path, &err));
        for (size_t i = 0; i < 2; i++) {
            strcpy(names[n], xj_segment_name(xj_index_segment(ix, i)));
            for (size_t k = 0; k < n; k++)
                assert_string_not_equal(names[n], names[k]);
            n++;
        }
        xj_index_close(&ix);
    }
}

static void test_index__foreign_directories_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"notes.txt", ".hidden", "seg-1.txt", "segment.xjs", "manifest.bak", "lock2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        xj_index_writer *w;
        assert_int_equal(mkdir(path, 0777), 0);
        put_file(names[i], "mine", 4);
        FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
        assert_null(w);
        FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
        assert_int_equal(n_files(), 1); /* not even a lock was left */
        assert_true(exists(names[i]));
        remove_files(path);
        assert_int_equal(rmdir(path), 0);
    }
    /* An index into which something else was put is no place for a writer either. */
    xj_index_writer *w;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    put_file("notes.txt", "mine", 4);
    FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    assert_int_equal(n_passages(), 2);
}

static void test_index__paths_that_cannot_be(void **state)
{
    (void)state;
    xj_index_writer *w;
    xj_index *ix = (xj_index *)1;
    char deep[128];
    snprintf(deep, sizeof deep, "%s/none/index", top);
    FAILS(XJ_EIO, xj_index_writer_open(&w, deep, XJ_INDEX_REFUSE, &err));
    assert_null(w);
    FAILS(XJ_EIO, xj_index_open(&ix, deep, &err));
    assert_null(ix);
    FILE *f = fopen(path, "wb"); /* a file where the directory should be */
    assert_non_null(f);
    fclose(f);
    FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    FAILS(XJ_EFORMAT, xj_index_open(&ix, path, &err));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0777), 0);
    FAILS(XJ_EFORMAT, xj_index_open(&ix, path, &err)); /* empty: not an index */
    char manifest[128];
    snprintf(manifest, sizeof manifest, "%s/manifest", path);
    assert_int_equal(mkdir(manifest, 0777), 0);
    FAILS(XJ_EFORMAT, xj_index_open(&ix, path, &err));
    assert_null(ix);
}

/* ---- the lock ---- */

static void test_index__a_second_writer_is_told_to_wait(void **state)
{
    (void)state;
    xj_index_writer *first, *second = (xj_index_writer *)1;
    OK(xj_index_writer_open(&first, path, XJ_INDEX_REFUSE, &err));
    FAILS(XJ_EBUSY, xj_index_writer_open(&second, path, XJ_INDEX_REFUSE, &err));
    assert_null(second);
    FAILS(XJ_EBUSY, xj_index_writer_open(&second, path, XJ_INDEX_REPLACE, &err));
    add_segment(first, 2);
    FAILS(XJ_EBUSY, xj_index_writer_open(&second, path, XJ_INDEX_REPLACE, &err));
    OK(xj_index_writer_commit(first, &err));
    FAILS(XJ_EBUSY, xj_index_writer_open(&second, path, XJ_INDEX_REPLACE, &err)); /* until it is closed */
    xj_index_writer_close(&first);
    OK(xj_index_writer_open(&second, path, XJ_INDEX_REPLACE, &err));
    xj_index_writer_close(&second);
    assert_int_equal(n_passages(), 2);
}

static void test_index__readers_need_no_lock(void **state)
{
    (void)state;
    xj_index_writer *w;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    add_segment(w, 7);
    assert_int_equal(n_passages(), 2); /* the old one, until the commit */
    OK(xj_index_writer_commit(w, &err));
    assert_int_equal(n_passages(), 7);
    xj_index_writer_close(&w);
}

static void test_index__a_reader_keeps_its_generation(void **state)
{
    (void)state;
    xj_index *old, *now;
    xj_record r = XJ_RECORD_INIT;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){3}, 1);
    OK(xj_index_open(&old, path, &err));
    for (uint32_t g = 2; g < 5; g++) {
        write_index(XJ_INDEX_REPLACE, (const uint32_t[]){10 * g}, 1);
        assert_int_equal(xj_index_generation(old), 1);
        assert_int_equal(xj_index_stats(old)->n_passages, 3);
        /* Nothing of it was read before its file was removed; all of it can be read now. */
        xj_passage_row row;
        uint64_t n = 0;
        OK(xj_segment_passage(xj_index_segment(old, 0), 2, &row, &err));
        OK(xj_segment_record(xj_index_segment(old, 0), XJ_STORE_TEXT, 2, &r, &err));
        OK(xj_segment_check(xj_index_segment(old, 0), XJ_CHECK_ALL, NULL, NULL, &n, &err));
        assert_int_equal(n, 0);
        OK(xj_index_open(&now, path, &err));
        assert_int_equal(xj_index_generation(now), g);
        xj_index_close(&now);
    }
    xj_record_release(&r);
    xj_index_close(&old);
}

/* ---- what is left behind ---- */

static void test_index__an_abandoned_writer_leaves_nothing(void **state)
{
    (void)state;
    xj_index_writer *w;
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    xj_index_writer_close(&w);
    assert_int_not_equal(access(path, F_OK), 0); /* the directory it made is gone */
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    add_segment(w, 3);
    add_segment(w, 4);
    xj_index_writer_close(&w);
    assert_int_not_equal(access(path, F_OK), 0);
    /* A segment half written: its writer is abandoned first. */
    xj_segment_writer *s;
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    OK(xj_index_writer_begin(w, XJ_TEXT_DEFAULT, NULL, &s, &err));
    OK(xj_segment_writer_section(s, NULL, 0, &err));
    xj_segment_writer_abandon(&s);
    xj_index_writer_close(&w);
    assert_int_not_equal(access(path, F_OK), 0);
    /* A directory that was there stays. */
    assert_int_equal(mkdir(path, 0777), 0);
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    add_segment(w, 3);
    xj_index_writer_close(&w);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(n_files(), exists("lock")); /* a lock file at most */
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    xj_index_writer_close(&w);
    xj_index_writer_close(&w);
    xj_index_writer_close(NULL);
}

static void test_index__an_abandoned_replacement_changes_nothing(void **state)
{
    (void)state;
    xj_index_writer *w;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2, 3}, 2);
    size_t files = n_files();
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    add_segment(w, 9);
    assert_int_equal(n_files(), files + 1);
    xj_index_writer_close(&w);
    assert_int_equal(n_files(), files);
    assert_int_equal(n_passages(), 5);
}

/* What a killed writer leaves goes with the next one; what belongs to the index stays. */
static void test_index__leftovers_are_removed(void **state)
{
    (void)state;
    xj_index_writer *w;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    put_file("seg-77-0.xjs", "rest", 4);
    put_file("seg-2-0.xjs", "rest", 4); /* the very name that comes next */
    put_file("manifest.tmp", "rest", 4);
    assert_int_equal(n_passages(), 2); /* readers do not mind */
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    assert_false(exists("seg-77-0.xjs"));
    assert_false(exists("manifest.tmp"));
    assert_int_equal(n_passages(), 2);
    add_segment(w, 4);
    OK(xj_index_writer_commit(w, &err));
    xj_index_writer_close(&w);
    assert_int_equal(n_passages(), 4);
    assert_int_equal(n_files(), 3);
    /* The same where no manifest was ever written. */
    remove_files(path);
    put_file("seg-1-0.xjs", "rest", 4);
    put_file("manifest.tmp", "rest", 4);
    put_file("lock", "", 0);
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){6}, 1);
    assert_int_equal(n_passages(), 6);
    assert_int_equal(n_files(), 3);
}

/* A writer killed at any moment leaves the old index, and the next writer carries on. */
static void test_index__a_killed_writer(void **state)
{
    (void)state;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    for (int when = 0; when < 3; when++) {
        fflush(stdout);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            xj_index_writer *w;
            xj_segment_writer *s;
            if (xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, NULL) != XJ_OK)
                _exit(1);
            if (when == 1 && xj_index_writer_begin(w, XJ_TEXT_DEFAULT, NULL, &s, NULL) != XJ_OK)
                _exit(2);
            if (when == 2)
                add_segment(w, 50);
            _exit(0); /* nothing is closed or removed */
        }
        int status;
        assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        assert_int_equal(n_passages(), 2);
    }
    write_index(XJ_INDEX_REPLACE, (const uint32_t[]){8}, 1);
    assert_int_equal(n_passages(), 8);
    assert_int_equal(n_files(), 3);
}

/* ---- manifests ---- */

enum { MANIFEST_CAP = 4096 };

/* Put a manifest in place; with `sealed` its last 8 bytes are made the right checksum first. */
static void put_manifest(uint8_t *s, size_t n, bool sealed)
{
    if (sealed)
        xj_set_u64(s + n - 8, xj_checksum(s, n - 8, 2));
    put_file("manifest", s, n);
}

static xj_status open_status(void)
{
    xj_index *ix = (xj_index *)1;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xj_index_open(&ix, path, &e);
    assert_int_equal(e.code, st);
    assert_int_equal(ix != NULL, st == XJ_OK);
    if (st != XJ_OK)
        assert_true(e.message[0] != '\0' && e.path[0] != '\0');
    xj_index_close(&ix);
    return st;
}

static void test_index__damaged_manifest(void **state)
{
    (void)state;
    uint8_t good[MANIFEST_CAP], bad[MANIFEST_CAP];
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2, 3}, 2);
    size_t n = get_file("manifest", good, sizeof good);
    for (size_t i = 0; i < n; i++) { /* any byte changed */
        memcpy(bad, good, n);
        bad[i] ^= (uint8_t)(1u << i % 8);
        put_manifest(bad, n, false);
        assert_int_equal(open_status(), i < XJI_MAGIC_SIZE ? XJ_EFORMAT : XJ_ECORRUPT);
    }
    for (size_t cut = 0; cut < n; cut++) { /* any number of bytes missing */
        put_manifest(good, cut, false);
        xj_status st = open_status();
        assert_true(st == XJ_ECORRUPT || st == XJ_EFORMAT);
    }
    memcpy(bad, good, n);
    bad[n] = 0;
    put_manifest(bad, n + 1, false);
    assert_int_equal(open_status(), XJ_ECORRUPT);
    put_manifest(good, n, false);
    assert_int_equal(open_status(), XJ_OK);
}

static void test_index__manifest_of_another_version(void **state)
{
    (void)state;
    uint8_t good[MANIFEST_CAP], bad[MANIFEST_CAP];
    static const size_t bytes[] = {8, 9, 10, 11, 12, 15, 24, 31}; /* version, reserved, flags, fingerprint */
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    size_t n = get_file("manifest", good, sizeof good);
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        memcpy(bad, good, n);
        bad[bytes[i]] ^= 0x20;
        put_manifest(bad, n, true);
        assert_int_equal(open_status(), XJ_EVERSION);
    }
}

/* A manifest with one segment of this name, otherwise right. */
static void name_segment(const uint8_t *good, const char *name, size_t n_name)
{
    uint8_t bad[MANIFEST_CAP];
    size_t n = 36 + 16; /* head, size and header checksum of the first segment */
    memcpy(bad, good, n);
    n += xj_varint_put(bad + n, n_name);
    memcpy(bad + n, name, n_name);
    n += n_name + 8;
    put_manifest(bad, n, true);
}

static void test_index__segment_names_must_stay_in_the_directory(void **state)
{
    (void)state;
    uint8_t good[MANIFEST_CAP];
    char long_name[200];
    static const char *const names[] = {"../seg-1-0.xjs", "/seg-1-0.xjs", "seg-/../x.xjs", "seg-../../../etc/passwd.xjs",
                                        "./seg-1-0.xjs", "seg-1-0.xjs/", "seg-1-0", "seg-1-0.txt", "manifest", "lock", "", "seg-",
                                        ".xjs", "SEG-1-0.xjs", "seg-1 0.xjs", "seg-1\\0.xjs", "seg-枫桥.xjs"};
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    get_file("manifest", good, sizeof good);
    name_segment(good, "seg-1-0.xjs", 11);
    assert_int_equal(open_status(), XJ_OK);
    /* A true copy at the place such a name would lead to must not be opened. */
    uint8_t segment[MANIFEST_CAP * 4];
    size_t n = get_file("seg-1-0.xjs", segment, sizeof segment);
    char *kept = strdup(path);
    strcpy(path, top);
    put_file("seg-1-0.xjs", segment, n);
    strcpy(path, kept);
    free(kept);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        name_segment(good, names[i], strlen(names[i]));
        assert_int_equal(open_status(), XJ_ECORRUPT);
    }
    name_segment(good, "seg-1-0.xjs\0", 12);
    assert_int_equal(open_status(), XJ_ECORRUPT);
    memset(long_name, '1', sizeof long_name);
    memcpy(long_name, "seg-", 4);
    for (size_t len = 60; len < 70; len++) {
        memcpy(long_name + len - 4, ".xjs", 4);
        name_segment(good, long_name, len);
        assert_int_equal(open_status(), XJ_ECORRUPT); /* too long, or not there */
        memset(long_name + len - 4, '1', 4);
    }
    name_segment(good, "seg-9-9.xjs", 11);
    assert_int_equal(open_status(), XJ_ECORRUPT); /* not there */
}

static void test_index__manifest_with_wrong_counts(void **state)
{
    (void)state;
    uint8_t good[MANIFEST_CAP], bad[MANIFEST_CAP];
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2, 3}, 2);
    size_t n = get_file("manifest", good, sizeof good);
    static const uint32_t counts[] = {0, 1, 3, 4096, 4097, UINT32_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        memcpy(bad, good, n);
        xj_set_u32(bad + 32, counts[i]);
        put_manifest(bad, n, true);
        assert_int_equal(open_status(), XJ_ECORRUPT);
    }
    /* The size or the header checksum of a segment. */
    for (size_t i = 0; i < 16; i++) {
        memcpy(bad, good, n);
        bad[36 + i] ^= 1;
        put_manifest(bad, n, true);
        assert_int_equal(open_status(), XJ_ECORRUPT);
    }
    /* One segment twice. */
    size_t entry = (n - 36 - 8) / 2;
    memcpy(bad, good, n);
    memcpy(bad + 36 + entry, bad + 36, entry);
    put_manifest(bad, n, true);
    assert_int_equal(open_status(), XJ_ECORRUPT);
    /* Longer than any manifest may be. */
    uint8_t *huge = calloc(1, 300000);
    assert_non_null(huge);
    memcpy(huge, good, n);
    put_manifest(huge, 300000, true);
    assert_int_equal(open_status(), XJ_ECORRUPT);
    free(huge);
}

static void test_index__missing_segment(void **state)
{
    (void)state;
    char file[128];
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2, 3}, 2);
    snprintf(file, sizeof file, "%s/seg-1-1.xjs", path);
    assert_int_equal(unlink(file), 0);
    assert_int_equal(open_status(), XJ_ECORRUPT);
    assert_int_equal(symlink("seg-1-0.xjs", file), 0);
    assert_int_not_equal(open_status(), XJ_OK);
}

/* Segments of two indexes exchanged: each file is sound, the index is not. */
static void test_index__segment_of_another_index(void **state)
{
    (void)state;
    uint8_t one[MANIFEST_CAP * 4], two[MANIFEST_CAP * 4];
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2, 3}, 2);
    size_t n1 = get_file("seg-1-0.xjs", one, sizeof one), n2 = get_file("seg-1-1.xjs", two, sizeof two);
    put_file("seg-1-0.xjs", two, n2);
    put_file("seg-1-1.xjs", one, n1);
    assert_int_equal(open_status(), XJ_ECORRUPT);
}

/* A damaged index can be replaced, not extended by accident. */
static void test_index__a_damaged_index_can_be_replaced(void **state)
{
    (void)state;
    uint8_t bad[MANIFEST_CAP];
    xj_index_writer *w;
    xj_index *ix;
    write_index(XJ_INDEX_REFUSE, (const uint32_t[]){2}, 1);
    write_index(XJ_INDEX_REPLACE, (const uint32_t[]){3}, 1);
    size_t n = get_file("manifest", bad, sizeof bad);
    bad[20] ^= 1;
    put_manifest(bad, n, false);
    FAILS(XJ_EUSAGE, xj_index_writer_open(&w, path, XJ_INDEX_REFUSE, &err));
    OK(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, &err));
    assert_true(exists("seg-2-0.xjs")); /* until a good manifest is in place */
    add_segment(w, 5);
    OK(xj_index_writer_commit(w, &err));
    xj_index_writer_close(&w);
    assert_int_equal(n_passages(), 5);
    assert_int_equal(n_files(), 3);
    /* One of other text rules as well, and its generation is counted on. */
    n = get_file("manifest", bad, sizeof bad);
    bad[24] ^= 1;
    xj_set_u64(bad + 16, 41);
    put_manifest(bad, n, true);
    assert_int_equal(open_status(), XJ_EVERSION);
    write_index(XJ_INDEX_REPLACE, (const uint32_t[]){6}, 1);
    OK(xj_index_open(&ix, path, &err));
    assert_int_equal(xj_index_generation(ix), 42);
    assert_int_equal(xj_index_stats(ix)->n_passages, 6);
    xj_index_close(&ix);
}

static void test_index__errors_may_be_ignored(void **state)
{
    (void)state;
    xj_index *ix;
    xj_index_writer *w;
    assert_int_equal(xj_index_open(&ix, path, NULL), XJ_EIO);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(xj_index_open(&ix, path, NULL), XJ_EFORMAT);
    put_file("x", "", 0);
    assert_int_equal(xj_index_writer_open(&w, path, XJ_INDEX_REPLACE, NULL), XJ_EUSAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_index__create_and_read),
        TEST(test_index__without_segments),
        TEST(test_index__path_may_end_in_slashes),
        TEST(test_index__an_empty_directory_will_do),
        TEST(test_index__refuse_keeps_what_is_there),
        TEST(test_index__replace),
        TEST(test_index__segment_names_are_never_used_again),
        TEST(test_index__foreign_directories_are_refused),
        TEST(test_index__paths_that_cannot_be),
        TEST(test_index__a_second_writer_is_told_to_wait),
        TEST(test_index__readers_need_no_lock),
        TEST(test_index__a_reader_keeps_its_generation),
        TEST(test_index__an_abandoned_writer_leaves_nothing),
        TEST(test_index__an_abandoned_replacement_changes_nothing),
        TEST(test_index__leftovers_are_removed),
        TEST(test_index__a_killed_writer),
        TEST(test_index__damaged_manifest),
        TEST(test_index__manifest_of_another_version),
        TEST(test_index__segment_names_must_stay_in_the_directory),
        TEST(test_index__manifest_with_wrong_counts),
        TEST(test_index__missing_segment),
        TEST(test_index__segment_of_another_index),
        TEST(test_index__a_damaged_index_can_be_replaced),
        TEST(test_index__errors_may_be_ignored),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
