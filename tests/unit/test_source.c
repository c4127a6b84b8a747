/*
 * PATH arguments to inputs: the walk, its order and what it leaves out, and JSON Lines under every kind of reading.
 * read() is this program's own, so that a test can shorten, interrupt or fail it.
 */
#define _GNU_SOURCE /* nftw, seteuid, syscall, mkdtemp */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "limits.h"

/* ---- faults of read() ---- */

static struct {
    size_t most;        /* bytes a call gives, 0 = as asked */
    int fail_at;        /* the call that fails, from 1 on; 0 = none */
    int code;           /* with this errno */
    int interrupt_each; /* every so many calls EINTR comes first, 0 = never */
    int calls;
} faults;

ssize_t read(int fd, void *buf, size_t n)
{
    faults.calls++;
    if (faults.interrupt_each && faults.calls % faults.interrupt_each == 0) {
        errno = EINTR;
        return -1;
    }
    if (faults.fail_at && faults.calls >= faults.fail_at) {
        errno = faults.code;
        return -1;
    }
    if (faults.most && n > faults.most)
        n = faults.most;
    return syscall(SYS_read, fd, buf, n);
}

/* ---- a folder for each test, and what came of it ---- */

enum { ENTRIES = 64, NAME = 5000 };

static char root[64];
static struct {
    char *origin, *reason;
    bool other_kind;
} skips[ENTRIES];
static size_t n_skips;
static xji_input inputs[ENTRIES];
static size_t n_inputs;

static void forget(void)
{
    for (size_t i = 0; i < n_skips; i++) {
        free(skips[i].origin);
        free(skips[i].reason);
    }
    for (size_t i = 0; i < n_inputs; i++)
        xji_input_release(&inputs[i]);
    n_skips = n_inputs = 0;
    memset(&faults, 0, sizeof faults);
}

static int setup(void **state)
{
    (void)state;
    alarm(60); /* a FIFO that is opened without care waits for ever */
    return make_folder(root) == 0 && chdir(root) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    forget();
    return chdir("/") || remove_folder(root);
}

static void write_bytes(const char *path, const void *s, size_t n)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(s, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void write_file(const char *path, const char *s)
{
    write_bytes(path, s, strlen(s));
}

static void on_skip(void *ctx, const char *origin, const char *reason)
{
    assert_ptr_equal(ctx, skips);
    assert_true(n_skips < ENTRIES);
    assert_non_null(reason);
    assert_null(strchr(reason, '\n'));
    skips[n_skips].origin = origin ? strdup(origin) : NULL;
    skips[n_skips].reason = strdup(reason);
    skips[n_skips++].other_kind = reason == xji_source_other_kind;
}

static xji_source *open_source(const char *const *paths, size_t n)
{
    xji_source *s;
    xj_error err = XJ_ERROR_INIT;
    char *list[8];
    for (size_t i = 0; i < n; i++)
        list[i] = (char *)(uintptr_t)paths[i];
    assert_int_equal(xji_source_open(&s, list, n, on_skip, skips, &err), XJ_OK);
    return s;
}

static void take_all(xji_source *s)
{
    bool more = true;
    while (more) {
        assert_true(n_inputs < ENTRIES);
        assert_int_equal(xji_source_next(s, &inputs[n_inputs], &more, NULL), XJ_OK);
        n_inputs += more;
    }
    /* The end stays the end. */
    xji_input in;
    assert_int_equal(xji_source_next(s, &in, &more, NULL), XJ_OK);
    assert_false(more);
}

static void read_paths(const char *const *paths, size_t n)
{
    forget();
    xji_source *s = open_source(paths, n);
    take_all(s);
    bool with_stdin = false;
    for (size_t i = 0; i < n; i++)
        with_stdin |= strcmp(paths[i], "-") == 0; /* whose size nobody knows */
    if (n_skips == 0 && !with_stdin)
        assert_int_equal(xji_source_bytes_done(s), xji_source_bytes_total(s));
    xji_source_close(&s);
    assert_null(s);
}

#define READ(...) read_paths((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char *reason_for(const char *origin)
{
    for (size_t i = 0; i < n_skips; i++)
        if (skips[i].origin && strcmp(skips[i].origin, origin) == 0)
            return skips[i].reason;
    fail_msg("nothing was said about '%s'", origin);
    return NULL;
}

static void assert_says(const char *origin, const char *part)
{
    const char *reason = reason_for(origin);
    if (!strstr(reason, part))
        fail_msg("'%s': '%s' does not stand in '%s'", origin, part, reason);
}

/* ---- the walk ---- */

static void test_source__byte_order_of_relative_paths(void **state)
{
    (void)state;
    static const char *const folders[] = {"t", "t/b", "t/b/é", "t/b.c", "t/枫", "t/empty"};
    static const char *const sorted[] = {"A.txt", "b!.txt", "b-.txt", "b.c/x.txt", "b.txt", "b/a.txt", "b/b.txt", "b/é/1.txt",
                                         "b0.txt", "bb.txt", "é.txt", "枫.txt", "枫/桥.txt", "\xFF.txt"};
    enum { N = sizeof sorted / sizeof *sorted };
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        assert_int_equal(mkdir(folders[i], 0777), 0);
    for (size_t i = 0; i < N; i++) { /* made in another order */
        char path[256];
        snprintf(path, sizeof path, "t/%s", sorted[(i * 5 + 3) % N]);
        write_file(path, "text");
    }
    static const char *const spellings[] = {"t", "t/", "./t", "t/."};
    for (size_t k = 0; k < sizeof spellings / sizeof *spellings; k++) {
        READ(spellings[k]);
        assert_int_equal(n_skips, 0);
        assert_int_equal(n_inputs, N);
        for (size_t i = 0; i < N; i++) {
            struct stat sb;
            assert_string_equal(inputs[i].id, sorted[i]);
            assert_string_equal(inputs[i].path, sorted[i]);
            assert_string_equal(inputs[i].origin, inputs[i].file);
            assert_null(inputs[i].json);
            assert_int_equal(stat(inputs[i].file, &sb), 0);
        }
    }
}

static void test_source__arguments_keep_their_order(void **state)
{
    (void)state;
    assert_int_equal(mkdir("z", 0777), 0);
    assert_int_equal(mkdir("a", 0777), 0);
    write_file("z/2.txt", "");
    write_file("z/1.txt", "");
    write_file("a/3.md", "");
    write_file("m.txt", "");
    READ("z", "m.txt", "a", "./z/2.txt", "m.txt");
    static const char *const ids[] = {"1.txt", "2.txt", "m.txt", "3.md", "2.txt", "m.txt"};
    assert_int_equal(n_inputs, 6);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(inputs[i].id, ids[i]);
}

static void test_source__kinds_of_files(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    static const char *const taken[] = {"t/a.txt", "t/b.TXT", "t/c.md", "t/d.Markdown", "t/e.text", "t/f.tar.txt"};
    static const char *const left[] = {"t/a.pdf", "t/b.docx", "t/txt", "t/c.txt~", "t/.txt", "t/d.html", "t/e.json"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        write_file(taken[i], "text");
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        write_file(left[i], "text");
    write_file("t/g.jsonl", "{}\n");
    write_file("t/h.NDJSON", "{}\n");
    READ("t");
    assert_int_equal(n_inputs, sizeof taken / sizeof *taken + 2);
    assert_int_equal(n_skips, sizeof left / sizeof *left);
    for (size_t i = 0; i < n_skips; i++)
        assert_true(skips[i].other_kind);
    /* A file that is named is taken whatever its name. */
    READ("t/a.pdf", "t/txt", "t/e.json");
    assert_int_equal(n_inputs, 3);
    assert_int_equal(n_skips, 0);
}

static void test_source__links(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    assert_int_equal(mkdir("outside", 0777), 0);
    write_file("outside/x.txt", "text");
    write_file("t/real.txt", "text");
    assert_int_equal(symlink("../outside/x.txt", "t/link.txt"), 0);
    assert_int_equal(symlink("../outside", "t/folder"), 0);
    assert_int_equal(symlink(".", "t/loop"), 0);
    assert_int_equal(symlink("nowhere", "t/dangling.txt"), 0);
    assert_int_equal(link("t/real.txt", "t/second.txt"), 0);
    READ("t");
    assert_int_equal(n_inputs, 2); /* a hard link is a file like any other */
    assert_string_equal(inputs[0].id, "real.txt");
    assert_string_equal(inputs[1].id, "second.txt");
    assert_int_equal(n_skips, 4);
    static const char *const links[] = {"t/link.txt", "t/folder", "t/loop", "t/dangling.txt"};
    for (size_t i = 0; i < 4; i++) {
        assert_says(links[i], "symbolic link");
        assert_false(skips[i].other_kind);
    }
    /* Named on the command line, a link is followed. */
    READ("t/link.txt", "t/folder", "t/dangling.txt");
    assert_int_equal(n_inputs, 2);
    assert_string_equal(inputs[0].id, "link.txt");
    assert_string_equal(inputs[1].id, "x.txt");
    assert_int_equal(n_skips, 1);
    assert_says("t/dangling.txt", "no such file");
}

static void test_source__fifos_sockets_devices(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    assert_int_equal(mkfifo("t/fifo.txt", 0666), 0);
    assert_int_equal(mkfifo("t/fifo.jsonl", 0666), 0);
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "t/socket.txt"};
    assert_true(s >= 0);
    assert_int_equal(bind(s, (struct sockaddr *)&address, sizeof address), 0);
    close(s);
    write_file("t/good.txt", "text");
    READ("t");
    assert_int_equal(n_inputs, 1);
    assert_int_equal(n_skips, 3);
    READ("t/fifo.txt", "t/fifo.jsonl", "t/socket.txt", "/dev/zero", "/dev/null");
    assert_int_equal(n_inputs, 0);
    assert_int_equal(n_skips, 5);
    for (size_t i = 0; i < n_skips; i++)
        assert_string_equal(skips[i].reason, "not a regular file");
}

static void test_source__folders_that_may_not_be_read(void **state)
{
    (void)state;
    assert_int_equal(chmod(root, 0755), 0);
    assert_int_equal(mkdir("t", 0755), 0);
    assert_int_equal(mkdir("t/closed", 0755), 0);
    assert_int_equal(mkdir("t/listed", 0755), 0);
    write_file("t/closed/a.txt", "text");
    write_file("t/listed/b.txt", "text");
    write_file("t/z.txt", "text");
    assert_int_equal(chmod("t/closed", 0), 0);
    assert_int_equal(chmod("t/listed", 0444), 0); /* names can be read, files cannot be looked at */
    bool is_root = geteuid() == 0;
    if (is_root)
        assert_int_equal(seteuid(65534), 0);
    READ("t");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod("t/closed", 0755), 0);
    assert_int_equal(chmod("t/listed", 0755), 0);
    assert_int_equal(n_inputs, 1);
    assert_string_equal(inputs[0].id, "z.txt");
    assert_int_equal(n_skips, 2);
    assert_says("t/closed", "may not be read");
    assert_says("t/listed/b.txt", "cannot be examined");
}

/* A chain of folders "d" below t, made step by step because the whole path would soon be too long. */
static void make_chain(int depth, const char *text_at)
{
    assert_int_equal(mkdir("t", 0777), 0);
    int fd = open("t", O_RDONLY | O_DIRECTORY);
    for (int i = 1; i <= depth; i++) {
        assert_int_equal(mkdirat(fd, "d", 0777), 0);
        int next = openat(fd, "d", O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
        if (text_at[i]) {
            int file = openat(fd, "x.txt", O_WRONLY | O_CREAT, 0666);
            assert_true(file >= 0);
            close(file);
        }
    }
    close(fd);
}

static void test_source__depth(void **state)
{
    (void)state;
    enum { DEPTH = XJI_WALK_DEPTH_MAX };
    char text_at[DEPTH + 2] = {0};
    text_at[1] = text_at[DEPTH - 1] = text_at[DEPTH] = text_at[DEPTH + 1] = 1;
    make_chain(DEPTH + 1, text_at);
    READ("t");
    assert_int_equal(n_inputs, 3); /* in byte order: the deepest first, since d is less than x */
    assert_int_equal(strlen(inputs[0].id), 2 * DEPTH + strlen("x.txt"));
    assert_int_equal(strlen(inputs[1].id), 2 * (DEPTH - 1) + strlen("x.txt"));
    assert_string_equal(inputs[2].id, "d/x.txt");
    assert_int_equal(n_skips, 1);
    assert_string_equal(skips[0].reason, "folders are nested too deep");
    assert_int_equal(strlen(skips[0].origin), strlen("t") + 2 * (DEPTH + 1));
}

/* Paths longer than the system takes are left out with a word, and the rest is read. */
static void test_source__paths_too_long(void **state)
{
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    assert_int_equal(mkdir("t", 0777), 0);
    write_file("t/z.txt", "text");
    int fd = open("t", O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(mkdirat(fd, name, 0777), 0);
        int next = openat(fd, name, O_RDONLY | O_DIRECTORY);
        assert_true(next >= 0);
        close(fd);
        fd = next;
    }
    READ("t");
    assert_int_equal(n_inputs, 1);
    assert_int_equal(n_skips, 1);
    /* nftw could not remove it either */
    close(fd);
    for (int depth = 20; depth > 0; depth--) {
        fd = open("t", O_RDONLY | O_DIRECTORY);
        for (int i = 1; i < depth; i++) {
            int next = openat(fd, name, O_RDONLY | O_DIRECTORY);
            close(fd);
            fd = next;
        }
        assert_int_equal(unlinkat(fd, name, AT_REMOVEDIR), 0);
        close(fd);
    }
}

static void test_source__strange_names(void **state)
{
    (void)state;
    static const char *const names[] = {"\x01\x1B[31m.txt", "\t.txt", "\n.txt", " .txt", "-o.txt", "a\nb.txt",
                                        "\xE2\x80\xAE" "txt.txt", "\xED\xA0\x80.txt", "\xFF\xFE.txt"};
    enum { N = sizeof names / sizeof *names };
    char longest[256];
    memset(longest, 'l', 251);
    strcpy(longest + 251, ".txt");
    assert_int_equal(mkdir("t", 0777), 0);
    assert_int_equal(chdir("t"), 0);
    for (size_t i = 0; i < N; i++)
        write_file(names[i], "text");
    write_file(longest, "text");
    assert_int_equal(chdir(".."), 0);
    READ("t");
    assert_int_equal(n_skips, 0);
    assert_int_equal(n_inputs, N + 1);
    for (size_t i = 0; i < n_inputs; i++) {
        bool found = strcmp(inputs[i].id, longest) == 0;
        for (size_t k = 0; k < N; k++)
            found |= strcmp(inputs[i].id, names[k]) == 0;
        assert_true(found);
        assert_true(i == 0 || strcmp(inputs[i - 1].id, inputs[i].id) < 0);
    }
}

static void test_source__what_is_not_there(void **state)
{
    (void)state;
    write_file("file.txt", "text");
    READ("nothing.txt", "", "file.txt/inside", "file.txt");
    assert_int_equal(n_inputs, 1);
    assert_int_equal(n_skips, 3);
    assert_says("nothing.txt", "no such file");
    assert_says("", "no such file");
    assert_says("file.txt/inside", "cannot be examined");
}

/* ---- JSON Lines ---- */

static void assert_line(size_t i, const char *origin, const char *id, const char *json)
{
    assert_true(i < n_inputs);
    const xji_input *in = &inputs[i];
    assert_string_equal(in->origin, origin);
    assert_string_equal(in->id, id);
    assert_null(in->file);
    assert_non_null(in->json);
    size_t n = in->n_json;
    while (n > 0 && in->json[n - 1] == '\r') /* white space to JSON */
        n--;
    assert_int_equal(n, strlen(json));
    assert_memory_equal(in->json, json, n);
}

static void test_source__lines(void **state)
{
    (void)state;
    write_file("a.jsonl", "{\"text\":\"1\"}\n\n  \t\r\n{\"text\":\"4\"}\r\n[5]\n \n{\"text\":\"7\"}");
    READ("a.jsonl");
    assert_int_equal(n_skips, 0);
    assert_int_equal(n_inputs, 4);
    assert_line(0, "a.jsonl:1", "a.jsonl:1", "{\"text\":\"1\"}");
    assert_line(1, "a.jsonl:4", "a.jsonl:4", "{\"text\":\"4\"}");
    assert_line(2, "a.jsonl:5", "a.jsonl:5", "[5]");
    assert_line(3, "a.jsonl:7", "a.jsonl:7", "{\"text\":\"7\"}");
    assert_string_equal(inputs[0].path, "a.jsonl");
}

static void test_source__lines_of_a_walk(void **state)
{
    (void)state;
    assert_int_equal(mkdir("t", 0777), 0);
    assert_int_equal(mkdir("t/b", 0777), 0);
    write_file("t/b/x.jsonl", "1\n2\n");
    write_file("t/a.txt", "text");
    write_file("t/c.ndjson", "3");
    READ("t");
    assert_int_equal(n_inputs, 4);
    assert_string_equal(inputs[0].id, "a.txt");
    assert_line(1, "t/b/x.jsonl:1", "b/x.jsonl:1", "1");
    assert_line(2, "t/b/x.jsonl:2", "b/x.jsonl:2", "2");
    assert_line(3, "t/c.ndjson:1", "c.ndjson:1", "3");
}

static void test_source__files_without_lines(void **state)
{
    (void)state;
    static const char *const contents[] = {"", "\n", "\r\n", " \t \r", "\n\n\n", "\xEF\xBB\xBF", "\xEF\xBB\xBF\r\n"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_file("a.jsonl", contents[i]);
        READ("a.jsonl");
        assert_int_equal(n_inputs, 0);
        assert_int_equal(n_skips, 0);
    }
}

static void test_source__mark_before_the_first_line(void **state)
{
    (void)state;
    write_file("a.jsonl", "\xEF\xBB\xBF{\"text\":\"1\"}\n{\"text\":\"2\"}\n");
    READ("a.jsonl");
    assert_int_equal(n_inputs, 2); /* what reads the JSON takes the mark off */
    assert_line(1, "a.jsonl:2", "a.jsonl:2", "{\"text\":\"2\"}");
}

static void test_source__every_way_of_reading(void **state)
{
    (void)state;
    static const char text[] = "{\"text\":\"一\"}\n\n\r\n{\"text\":\"二\"}\r\n{}\n{\"text\":\"三\"}";
    write_file("a.jsonl", text);
    for (size_t most = 1; most <= sizeof text; most++) {
        READ("a.jsonl");
        forget();
        faults.most = most;
        faults.interrupt_each = (int)(most % 3) + 2;
        xji_source *s = open_source((const char *const[]){"a.jsonl"}, 1);
        take_all(s);
        xji_source_close(&s);
        assert_int_equal(n_skips, 0);
        assert_int_equal(n_inputs, 4);
        assert_line(0, "a.jsonl:1", "a.jsonl:1", "{\"text\":\"一\"}");
        assert_line(1, "a.jsonl:4", "a.jsonl:4", "{\"text\":\"二\"}");
        assert_line(2, "a.jsonl:5", "a.jsonl:5", "{}");
        assert_line(3, "a.jsonl:6", "a.jsonl:6", "{\"text\":\"三\"}");
    }
}

/* What was read before counts, one line says that more is missing, and the next file is read. */
static void test_source__read_errors(void **state)
{
    (void)state;
    write_file("a.jsonl", "{\"text\":\"1\"}\n{\"text\":\"2\"}\n{\"text\":\"3\"}\n");
    write_file("b.txt", "text");
    for (int at = 1; at <= 10; at++) {
        forget();
        xji_source *s = open_source((const char *const[]){"a.jsonl", "b.txt"}, 2);
        faults.most = 4;
        faults.fail_at = at;
        faults.code = EIO;
        take_all(s);
        xji_source_close(&s);
        size_t whole = (size_t)(at - 1) * 4 / 13;
        assert_int_equal(n_skips, 1);
        assert_says("a.jsonl", "reading failed");
        assert_int_equal(n_inputs, whole + 1); /* and no part of a line */
        assert_string_equal(inputs[whole].id, "b.txt");
    }
}

static void test_source__gone_before_they_are_read(void **state)
{
    (void)state;
    write_file("a.jsonl", "1\n");
    write_file("b.jsonl", "2\n");
    write_file("c.jsonl", "3\n");
    xji_source *s = open_source((const char *const[]){"a.jsonl", "b.jsonl", "c.jsonl"}, 3);
    assert_int_equal(unlink("a.jsonl"), 0);
    assert_int_equal(unlink("b.jsonl"), 0);
    assert_int_equal(mkfifo("b.jsonl", 0666), 0);
    take_all(s);
    xji_source_close(&s);
    assert_int_equal(n_inputs, 1);
    assert_string_equal(inputs[0].id, "c.jsonl:1");
    assert_int_equal(n_skips, 2);
    assert_says("a.jsonl", "cannot be opened");
    assert_says("b.jsonl", "cannot be opened");
}

/* ---- the cap ---- */

/* Lines of n bytes that are not blank (NUL bytes of a sparse file), then a short line. */
static void write_long_line(const char *path, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)n), 0);
    assert_int_equal(pwrite(fd, "\n{}\n", 4, (off_t)n), 4);
    close(fd);
}

static void test_source__longest_line(void **state)
{
    (void)state;
    write_long_line("a.jsonl", XJI_REPORT_BYTES_MAX);
    READ("a.jsonl");
    assert_int_equal(n_skips, 0);
    assert_int_equal(n_inputs, 2);
    assert_int_equal(inputs[0].n_json, XJI_REPORT_BYTES_MAX);
    assert_line(1, "a.jsonl:2", "a.jsonl:2", "{}");
}

static void test_source__a_line_over_the_cap(void **state)
{
    (void)state;
    static const size_t beyond[] = {1, 1000, 1 << 20, 3 << 20};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        write_long_line("a.jsonl", XJI_REPORT_BYTES_MAX + beyond[i]);
        READ("a.jsonl");
        assert_int_equal(n_skips, 1);
        assert_string_equal(skips[0].origin, "a.jsonl");
        assert_non_null(strstr(skips[0].reason, "line 1 is longer than 64 MiB"));
        assert_int_equal(n_inputs, 1);
        assert_line(0, "a.jsonl:2", "a.jsonl:2", "{}");
    }
}

static void test_source__a_last_line_over_the_cap(void **state)
{
    (void)state;
    write_long_line("a.jsonl", 2 * XJI_REPORT_BYTES_MAX);
    assert_int_equal(truncate("a.jsonl", (off_t)(2 * XJI_REPORT_BYTES_MAX)), 0);
    READ("a.jsonl");
    assert_int_equal(n_inputs, 0);
    assert_int_equal(n_skips, 1);
    assert_says("a.jsonl", "longer than 64 MiB");
}

/* ---- standard input ---- */

static int saved_stdin;

static void put_on_stdin(const char *path)
{
    saved_stdin = dup(0);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(dup2(fd, 0), 0);
    close(fd);
}

static void restore_stdin(void)
{
    if (saved_stdin >= 0)
        dup2(saved_stdin, 0);
    else
        close(0);
    close(saved_stdin);
}

static void test_source__standard_input(void **state)
{
    (void)state;
    write_file("in", "{\"text\":\"1\"}\n\n{\"text\":\"3\"}");
    write_file("a.txt", "text");
    put_on_stdin("in");
    READ("a.txt", "-", "a.txt");
    restore_stdin();
    assert_int_equal(n_skips, 0);
    assert_int_equal(n_inputs, 4);
    assert_string_equal(inputs[0].id, "a.txt");
    assert_line(1, "stdin:1", "stdin:1", "{\"text\":\"1\"}");
    assert_line(2, "stdin:3", "stdin:3", "{\"text\":\"3\"}");
    assert_null(inputs[1].path);
    assert_string_equal(inputs[3].id, "a.txt");
}

/* Messages about it name it as those about its lines do. */
static void test_source__standard_input_that_fails(void **state)
{
    (void)state;
    write_file("in", "{\"text\":\"1\"}\n");
    put_on_stdin("in");
    xji_source *s = open_source((const char *const[]){"-"}, 1);
    faults.fail_at = 2;
    faults.code = EIO;
    take_all(s);
    xji_source_close(&s);
    restore_stdin();
    assert_int_equal(n_inputs, 1);
    assert_int_equal(n_skips, 1);
    assert_says("stdin", "reading failed");
}

/* ---- what it holds ---- */

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (!dir)
        return 0;
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void test_source__closed_half_way(void **state)
{
    (void)state;
    write_file("a.jsonl", "1\n2\n3\n");
    write_file("b.jsonl", "4\n");
    size_t before = open_descriptors();
    for (int taken = 0; taken < 5; taken++) {
        forget();
        xji_source *s = open_source((const char *const[]){"a.jsonl", "b.jsonl"}, 2);
        for (int i = 0; i < taken; i++) {
            bool more;
            assert_int_equal(xji_source_next(s, &inputs[n_inputs++], &more, NULL), XJ_OK);
            assert_int_equal(more, i < 4);
        }
        xji_source_close(&s);
        assert_int_equal(open_descriptors(), before);
    }
    xji_source *none = NULL;
    xji_source_close(&none);
    xji_source_close(NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_source__byte_order_of_relative_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__arguments_keep_their_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__kinds_of_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__links, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__fifos_sockets_devices, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__folders_that_may_not_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__depth, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__paths_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__strange_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__what_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__lines_of_a_walk, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__files_without_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__mark_before_the_first_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__every_way_of_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__read_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__gone_before_they_are_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__longest_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__a_line_over_the_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__a_last_line_over_the_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__standard_input, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__standard_input_that_fails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_source__closed_half_way, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
