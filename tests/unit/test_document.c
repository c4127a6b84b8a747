/*
 * One report from its bytes to cut text: what a JSON line may say, what a file may be, and what happens to either under
 * faults. read() and the allocator are this program's own.
 */
#define _GNU_SOURCE /* nftw, seteuid, syscall, mkdtemp */
#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

#include "limits.h"
#include "xj/utf8.h"

/* ---- faults ---- */

static struct {
    size_t most; /* bytes a call gives, 0 = as asked */
    int fail_at; /* the call that fails with EIO, from 1 on; 0 = none */
    int interrupt_each;
    int calls;
    void (*meanwhile)(int call); /* what someone else does to the file before this call */
} faults;

ssize_t read(int fd, void *buf, size_t n)
{
    faults.calls++;
    if (faults.interrupt_each && faults.calls % faults.interrupt_each == 0) {
        errno = EINTR;
        return -1;
    }
    if (faults.fail_at && faults.calls >= faults.fail_at) {
        errno = EIO;
        return -1;
    }
    if (faults.meanwhile)
        faults.meanwhile(faults.calls);
    if (faults.most && n > faults.most)
        n = faults.most;
    return syscall(SYS_read, fd, buf, n);
}

/*
 * Allocations, of this program and of the libraries it uses. glibc lets a program replace them; with a sanitizer in the
 * program they are not ours to replace, and the tests that fail them are skipped.
 */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 1

static struct {
    bool armed;
    bool sticky;  /* all from there on fail */
    long calls;
    long fail_at; /* from 1 on; 0 = none */
} memory;

static bool refused(void)
{
    if (!memory.armed)
        return false;
    memory.calls++;
    if (!memory.fail_at || (memory.sticky ? memory.calls < memory.fail_at : memory.calls != memory.fail_at))
        return false;
    errno = ENOMEM;
    return true;
}

#define EXPORTED __attribute__((visibility("default")))

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

EXPORTED void *malloc(size_t n)
{
    return refused() ? NULL : __libc_malloc(n);
}

EXPORTED void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

EXPORTED void *realloc(void *p, size_t n)
{
    return refused() ? NULL : __libc_realloc(p, n);
}
#else
#define OWN_ALLOCATOR 0
#endif

/* ---- the document in hand ---- */

static char root[64];
static xji_document doc;
static xj_error error;
static xji_input input;

static int setup(void **state)
{
    (void)state;
    alarm(60);
    memset(&faults, 0, sizeof faults);
    xji_document_init(&doc, 10);
    return make_folder(root) == 0 && chdir(root) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    xji_document_release(&doc);
    return chdir("/") || remove_folder(root);
}

static xj_status load_json_n(const char *json, size_t n)
{
    /* A copy of its exact size, so that a byte read behind it is seen. */
    char *copy = malloc(n ? n : 1);
    assert_non_null(copy);
    memcpy(copy, json, n);
    input = (xji_input){.id = (char *)(uintptr_t)"in.jsonl:1", .path = (char *)(uintptr_t)"in.jsonl", .json = copy, .n_json = n,
                        .origin = (char *)(uintptr_t)"dir/in.jsonl:1"};
    xj_error_clear(&error);
    xj_status st = xji_document_load(&doc, &input, XJI_SEGMENT_AUTO, &error);
    free(copy);
    assert_int_equal(error.code, st);
    return st;
}

static xj_status load_json(const char *json)
{
    return load_json_n(json, strlen(json));
}

static xj_status load_file(const char *path)
{
    input = (xji_input){.id = (char *)(uintptr_t)"id", .path = (char *)(uintptr_t)"path", .file = (char *)(uintptr_t)path,
                        .origin = (char *)(uintptr_t)path};
    xj_error_clear(&error);
    xj_status st = xji_document_load(&doc, &input, XJI_SEGMENT_AUTO, &error);
    assert_int_equal(error.code, st);
    return st;
}

static void assert_refused(xj_status st, xj_status wanted, const char *part)
{
    assert_int_equal(st, wanted);
    assert_string_equal(error.path, input.origin);
    assert_true(error.message[0] != '\0');
    if (!strstr(error.message, part))
        fail_msg("'%s' does not stand in '%s'", part, error.message);
}

static void assert_text(const char *expected)
{
    char got[4096];
    size_t n = 0;
    for (size_t i = 0; i < doc.text.n && n < sizeof got - 4; i++)
        n += xj_utf8_encode((uint8_t *)got + n, doc.text.cp[i]);
    got[n] = '\0';
    assert_string_equal(got, expected);
}

/* The value of a further field; NULL when it was not kept. */
static const char *extra(const char *name, bool *is_number)
{
    static char value[8192];
    for (size_t i = 0; i < doc.n_extra; i++) {
        const char *base = (const char *)doc.extra_bytes.data;
        if (doc.extra[i].name_n != strlen(name) || memcmp(base + doc.extra[i].name_at, name, strlen(name)) != 0)
            continue;
        assert_true(doc.extra[i].value_n < sizeof value);
        memcpy(value, base + doc.extra[i].value_at, doc.extra[i].value_n);
        value[doc.extra[i].value_n] = '\0';
        *is_number = doc.extra[i].is_number;
        return value;
    }
    return NULL;
}

static void assert_extra(const char *name, const char *value, bool is_number)
{
    bool number = !is_number;
    const char *got = extra(name, &number);
    if (!got)
        fail_msg("the field '%s' was not kept", name);
    assert_string_equal(got, value);
    assert_int_equal(number, is_number);
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

/* ---- fields ---- */

static void test_document__all_fields(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"note\":\"备注\",\"id\":\"r/1\",\"path\":\"目录/一.txt\",\"text\":\"推广枫桥经验。\",\"title\":\"某报告\","
                               "\"agency\":\"司法局\",\"date\":\"2025-01-16\",\"pages\":12}"),
                     XJ_OK);
    assert_text("推广枫桥经验。");
    assert_int_equal(doc.input_bytes, strlen("推广枫桥经验。"));
    assert_string_equal(xji_document_id(&doc, &input), "r/1");
    assert_string_equal(xji_document_path(&doc, &input), "目录/一.txt");
    assert_string_equal(doc.structure.meta.title, "某报告");
    assert_string_equal(doc.structure.meta.agency, "司法局");
    assert_string_equal(doc.structure.meta.date, "2025-01-16");
    assert_int_equal(doc.n_extra, 2);
    assert_extra("note", "备注", false);
    assert_extra("pages", "12", true);
    assert_int_equal(doc.decoded.encoding, XJ_ENC_UTF8);
    assert_int_equal(doc.decoded.by, XJI_BY_CALLER);
}

static void test_document__text_alone(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"text\":\"人\"}"), XJ_OK);
    assert_string_equal(xji_document_id(&doc, &input), "in.jsonl:1");
    assert_string_equal(xji_document_path(&doc, &input), "in.jsonl");
    assert_null(doc.json_title);
    assert_int_equal(doc.n_extra, 0);
}

static void test_document__other_types_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"id\":null,\"path\":[\"a\"],\"title\":{\"zh\":\"标题\"},\"agency\":true,\"date\":false,"
                               "\"text\":\"人\",\"list\":[1,2],\"object\":{\"a\":1},\"yes\":true,\"nothing\":null,\"kept\":\"\"}"),
                     XJ_OK);
    assert_string_equal(xji_document_id(&doc, &input), "in.jsonl:1");
    assert_string_equal(xji_document_path(&doc, &input), "in.jsonl");
    assert_null(doc.json_title);
    assert_null(doc.json_agency);
    assert_null(doc.json_date);
    assert_int_equal(doc.n_extra, 1);
    assert_extra("kept", "", false);
}

static void test_document__numbers_as_fields(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"id\":17,\"date\":2025,\"title\":3,\"agency\":-4,\"path\":5,\"text\":\"人\"}"), XJ_OK);
    assert_string_equal(xji_document_id(&doc, &input), "17");
    assert_string_equal(doc.json_date, "2025");
    assert_string_equal(doc.json_title, "3");
    assert_string_equal(doc.json_agency, "-4");
    assert_string_equal(xji_document_path(&doc, &input), "5");
}

static void test_document__empty_fields_say_nothing(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"id\":\"\",\"path\":\"\",\"title\":\"\",\"agency\":\"\",\"date\":\"\",\"text\":\"人\"}"), XJ_OK);
    assert_string_equal(xji_document_id(&doc, &input), "in.jsonl:1");
    assert_string_equal(xji_document_path(&doc, &input), "in.jsonl");
    assert_null(doc.json_title);
}

/* A number is kept as it was written. */
static void test_document__numbers_are_kept(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"text\":\"人\",\"a\":0,\"b\":-12,\"c\":9007199254740993,\"d\":9223372036854775807,\"e\":0.1,"
                               "\"f\":2.5,\"g\":99.99,\"h\":-0.001,\"i\":1300.75}"),
                     XJ_OK);
    assert_extra("a", "0", true);
    assert_extra("b", "-12", true);
    assert_extra("c", "9007199254740993", true);
    assert_extra("d", "9223372036854775807", true);
    assert_extra("e", "0.1", true);
    assert_extra("f", "2.5", true);
    assert_extra("g", "99.99", true);
    assert_extra("h", "-0.001", true);
    assert_extra("i", "1300.75", true);
}

/* A number that no machine type holds costs no report. */
static void test_document__huge_numbers(void **state)
{
    (void)state;
    static const char *const numbers[] = {"9223372036854775808", "-9223372036854775809", "123456789012345678901234567890",
                                          "1e300", "-1e300", "1e-400"};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        char json[256];
        snprintf(json, sizeof json, "{\"text\":\"推广枫桥经验\",\"n\":%s,\"m\":1}", numbers[i]);
        if (load_json(json) != XJ_OK)
            fail_msg("%s: %s", numbers[i], error.message);
        assert_text("推广枫桥经验");
        assert_extra("m", "1", true);
    }
}

static void test_document__the_last_of_equal_keys(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"text\":\"甲\",\"id\":\"1\",\"x\":\"a\",\"text\":\"乙\",\"id\":\"2\",\"x\":\"b\"}"), XJ_OK);
    assert_text("乙");
    assert_string_equal(xji_document_id(&doc, &input), "2");
    assert_int_equal(doc.n_extra, 1);
    assert_extra("x", "b", false);
}

static void test_document__more_fields_than_are_kept(void **state)
{
    (void)state;
    char json[8192] = "{\"text\":\"人\"";
    for (int i = 0; i < XJ_EXTRA_MAX + 10; i++)
        snprintf(json + strlen(json), sizeof json - strlen(json), ",\"f%d\":\"%d\"", i, i);
    strcat(json, ",\"title\":\"末\"}");
    assert_int_equal(load_json(json), XJ_OK);
    assert_int_equal(doc.n_extra, XJ_EXTRA_MAX);
    assert_extra("f0", "0", false);
    assert_extra("f63", "63", false);
    assert_string_equal(doc.json_title, "末");
}

static void test_document__ids(void **state)
{
    (void)state;
    char json[XJI_ID_MAX + 64];
    for (int n = XJI_ID_MAX - 1; n <= XJI_ID_MAX + 1; n++) {
        strcpy(json, "{\"text\":\"人\",\"id\":\"");
        size_t at = strlen(json);
        memset(json + at, 'i', (size_t)n);
        strcpy(json + at + n, "\"}");
        xj_status st = load_json(json);
        if (n <= XJI_ID_MAX) {
            assert_int_equal(st, XJ_OK);
            assert_int_equal(strlen(xji_document_id(&doc, &input)), n);
        } else {
            assert_refused(st, XJ_EINPUT, "id longer than 4096 bytes");
        }
    }
    assert_int_equal(load_json("{\"text\":\"人\",\"id\":\"a\\nb\\u001b[31m\"}"), XJ_OK);
    assert_string_equal(xji_document_id(&doc, &input), "a\nb\x1B[31m");
}

/* ---- NUL and other characters ---- */

static void test_document__nul_is_a_space(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"text\":\"枫桥\\u0000经验\",\"id\":\"a\\u0000b\",\"title\":\"题\\u0000目\",\"x\":\"1\\u00002\"}"), XJ_OK);
    assert_text("枫桥 经验");
    assert_string_equal(xji_document_id(&doc, &input), "a b");
    assert_string_equal(doc.json_title, "题 目");
    bool is_number = true;
    assert_non_null(extra("x", &is_number));
    assert_int_equal(doc.extra[0].value_n, 3); /* no C string cut it */
    assert_refused(load_json_n("{\"text\":\"a\0b\"}", 14), XJ_EINPUT, "not valid JSON"); /* a raw one is no JSON */
}

static void test_document__escapes(void **state)
{
    (void)state;
    assert_int_equal(load_json("{\"text\":\"\\u67ab\\u6865 \\ud840\\udc00 \\/ \\\"\"}"), XJ_OK);
    assert_text("枫桥 \xF0\xA0\x80\x80 / \"");
}

static void test_document__mark_and_white_space(void **state)
{
    (void)state;
    static const char *const forms[] = {"\xEF\xBB\xBF{\"text\":\"人\"}", " \t{ \"text\" : \"人\" } ", "{\"text\":\"人\"}\r",
                                        "\xEF\xBB\xBF {\"text\":\"人\"}\r"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_int_equal(load_json(forms[i]), XJ_OK);
        assert_text("人");
    }
}

static void test_document__empty_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {"", " ", "\\n\\n", "\\u3000\\t", "\\u200b\\ufeff"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char json[64];
        snprintf(json, sizeof json, "{\"text\":\"%s\"}", texts[i]);
        assert_int_equal(load_json(json), XJ_OK);
        assert_int_equal(doc.structure.n_passages, 0);
    }
    assert_int_equal(load_json("{\"text\":\"。，！？\"}"), XJ_OK);
}

/* ---- what is no report ---- */

static void test_document__no_text(void **state)
{
    (void)state;
    static const char *const objects[] = {"{}", "{\"Text\":\"人\"}", "{\"text\":null}", "{\"text\":1}", "{\"text\":[\"人\"]}",
                                          "{\"text\":{\"text\":\"人\"}}"};
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        assert_refused(load_json(objects[i]), XJ_EINPUT, "no string \"text\"");
}

static void test_document__no_object(void **state)
{
    (void)state;
    static const char *const values[] = {"[]", "[{\"text\":\"人\"}]"};
    static const char *const others[] = {"\"text\"", "1", "null", "true"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_refused(load_json(values[i]), XJ_EINPUT, "not an object");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_refused(load_json(others[i]), XJ_EINPUT, "");
}

static void test_document__no_json(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "{", "}", "{\"text\":\"人\"", "{\"text\":\"人\"}}", "{\"text\":\"人\"}{}", "{text:\"人\"}",
                                        "{'text':'人'}", "{\"text\":\"人\",}", "枫桥经验", "{\"text\":\"\t\"}", "{\"text\":\"\\x\"}",
                                        "{\"text\":\"\xFF\"}", "{\"text\":\"\xE6\x9E\"}", "{\"text\":\"\xED\xA0\x80\"}",
                                        "{\"text\":\"\\ud800\"}", "{\"text\":\"人\",\"n\":01}", "{\"text\":\"人\",\"n\":NaN}",
                                        "{\"text\":\"人\",\"a\\u0000\":1}"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_refused(load_json(lines[i]), XJ_EINPUT, "not valid JSON");
        assert_null(strchr(error.message, '\n'));
    }
}

static void test_document__deep_nesting(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    char *json = malloc(DEPTH + 32);
    assert_non_null(json);
    size_t n = (size_t)sprintf(json, "{\"text\":\"\",\"a\":");
    memset(json + n, '[', DEPTH);
    assert_refused(load_json_n(json, n + DEPTH), XJ_EINPUT, "not valid JSON");
    free(json);
}

static void test_document__cut_at_every_byte(void **state)
{
    (void)state;
    static const char json[] = "{\"id\":\"1\",\"text\":\"枫桥\\u7ecf\\u9a8c\",\"n\":-1.5e3,\"list\":[true,null,{\"a\":\"b\"}]}";
    for (size_t n = 0; n < sizeof json - 1; n++)
        assert_int_equal(load_json_n(json, n), XJ_EINPUT);
    assert_int_equal(load_json(json), XJ_OK);
    assert_text("枫桥经验");
}

/* ---- files ---- */

static void test_document__files(void **state)
{
    (void)state;
    write_file("a.txt", "推广枫桥经验。");
    assert_int_equal(load_file("a.txt"), XJ_OK);
    assert_text("推广枫桥经验。");
    assert_int_equal(doc.input_bytes, 21);
    assert_string_equal(xji_document_id(&doc, &input), "id");
    assert_string_equal(xji_document_path(&doc, &input), "path");
    assert_int_equal(doc.structure.n_passages, 1);
}

static void test_document__files_with_nothing_in_them(void **state)
{
    (void)state;
    static const char *const contents[] = {"", " ", "\n", "\r\n\r\n", "\xE3\x80\x80\t\n", "\xEF\xBB\xBF", "\x0C"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        write_file("a.txt", contents[i]);
        assert_int_equal(load_file("a.txt"), XJ_OK);
        assert_int_equal(doc.structure.n_passages, 0);
        assert_int_equal(doc.input_bytes, strlen(contents[i]));
        assert_null(doc.structure.meta.title);
    }
    write_file("a.txt", "。。。\n！？\n");
    assert_int_equal(load_file("a.txt"), XJ_OK);
}

static void test_document__binary_files(void **state)
{
    (void)state;
    uint8_t bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * i * 7 >> 3);
    write_bytes("a.txt", bytes, sizeof bytes);
    assert_int_equal(load_file("a.txt"), XJ_EINPUT);
    assert_string_equal(error.path, "a.txt");
    memset(bytes, 0, sizeof bytes);
    write_bytes("a.txt", bytes, sizeof bytes);
    assert_refused(load_file("a.txt"), XJ_EINPUT, "binary");
    assert_int_equal(doc.text.n, 0);
}

static void test_document__longest_file(void **state)
{
    (void)state;
    write_file("a.txt", "");
    assert_int_equal(truncate("a.txt", (off_t)XJI_REPORT_BYTES_MAX + 1), 0);
    assert_refused(load_file("a.txt"), XJ_EINPUT, "longer than 64 MiB");
    assert_int_equal(truncate("a.txt", (off_t)XJI_REPORT_BYTES_MAX), 0);
    assert_refused(load_file("a.txt"), XJ_EINPUT, "binary"); /* all NUL, but not too long */
}

static void test_document__what_is_no_file(void **state)
{
    (void)state;
    assert_refused(load_file("nothing.txt"), XJ_EIO, "no such file");
    assert_refused(load_file("."), XJ_EINPUT, "not a regular file");
    assert_refused(load_file("/dev/zero"), XJ_EINPUT, "not a regular file");
    assert_int_equal(mkfifo("fifo.txt", 0666), 0);
    assert_refused(load_file("fifo.txt"), XJ_EINPUT, "not a regular file");
}

static void test_document__a_file_that_may_not_be_read(void **state)
{
    (void)state;
    bool is_root = geteuid() == 0;
    write_file("a.txt", "text");
    assert_int_equal(chmod("a.txt", 0), 0);
    assert_int_equal(chmod(root, 0755), 0);
    if (is_root)
        assert_int_equal(seteuid(65534), 0);
    xj_status st = load_file("a.txt");
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    assert_refused(st, XJ_EIO, "permission denied");
}

/* ---- files under way ---- */

static void test_document__every_way_of_reading(void **state)
{
    (void)state;
    write_file("a.txt", "推广“枫桥经验”。\r\n");
    for (size_t most = 1; most < 40; most++) {
        faults.most = most;
        faults.interrupt_each = 2 + (int)(most % 3);
        faults.calls = 0;
        assert_int_equal(load_file("a.txt"), XJ_OK);
        assert_text("推广“枫桥经验”。\n");
    }
}

static void test_document__read_errors(void **state)
{
    (void)state;
    write_file("a.txt", "推广枫桥经验。");
    faults.most = 3;
    for (faults.fail_at = 1; faults.fail_at <= 8; faults.fail_at++) {
        faults.calls = 0;
        assert_refused(load_file("a.txt"), XJ_EIO, "reading failed");
        assert_int_equal(doc.structure.n_passages, 0);
    }
}

static void append(const char *s)
{
    FILE *f = fopen("a.txt", "a");
    assert_non_null(f);
    assert_true(fputs(s, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void grow_once(int call)
{
    if (call == 2)
        append("后半。");
}

static void grow_always(int call)
{
    if (call % 2 == 0 && call < 100)
        append("又");
}

static void shrink_once(int call)
{
    if (call == 2)
        assert_int_equal(truncate("a.txt", 6), 0);
}

static void set_time(const char *path, time_t seconds, long nanoseconds)
{
    const struct timespec times[2] = {{seconds, nanoseconds}, {seconds, nanoseconds}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* The last bytes change after the first were read; size and second stay. */
static void change_within_a_second(int call)
{
    if (call != 2)
        return;
    int fd = open("a.txt", O_WRONLY);
    assert_int_equal(pwrite(fd, "乙乙", 6, 0), 6);
    close(fd);
    set_time("a.txt", 1700000000, 2);
}

/* A file that changes under the reader is read once more; what came then counts. */
static void test_document__changed_while_read(void **state)
{
    (void)state;
    static const struct {
        void (*meanwhile)(int call);
        const char *text;
    } cases[] = {{grow_once, "前半。后半。"}, {shrink_once, "前半"}, {change_within_a_second, "乙乙。"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memset(&faults, 0, sizeof faults);
        write_file("a.txt", "前半。");
        set_time("a.txt", 1700000000, 1);
        faults.most = 3;
        faults.meanwhile = cases[i].meanwhile;
        assert_int_equal(load_file("a.txt"), XJ_OK);
        assert_text(cases[i].text);
    }
}

static void test_document__never_at_rest(void **state)
{
    (void)state;
    write_file("a.txt", "始");
    faults.most = 1;
    faults.meanwhile = grow_always;
    assert_int_equal(load_file("a.txt"), XJ_OK); /* and it ends */
    assert_true(doc.text.n >= 2);
    assert_int_equal(doc.text.cp[0], 0x59CB);
}

/* ---- no memory ---- */

#if OWN_ALLOCATOR
enum { REFUSED, SAME, OTHER, STATUS };

/* In a process of its own: load with an allocation failing, and say what came of it. */
static int load_without_memory(const char *json, const char *path, const xji_text *want, long fail_at, bool sticky)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        memory.calls = 0;
        memory.fail_at = fail_at;
        memory.sticky = sticky;
        memory.armed = true;
        input = (xji_input){.id = (char *)(uintptr_t)"id", .path = (char *)(uintptr_t)"path", .file = (char *)(uintptr_t)path,
                            .json = (char *)(uintptr_t)json, .n_json = json ? strlen(json) : 0, .origin = (char *)(uintptr_t)"origin"};
        xj_error_clear(&error);
        xj_status st = xji_document_load(&doc, &input, XJI_SEGMENT_AUTO, &error);
        memory.armed = false;
        if (st == XJ_ENOMEM)
            _exit(REFUSED);
        if (st != XJ_OK) {
            print_error("allocation %ld%s: %s: %s\n", fail_at, sticky ? " and all behind it" : "", xj_status_name(st), error.message);
            fflush(stderr);
            _exit(STATUS);
        }
        _exit(doc.text.n == want->n && memcmp(doc.text.cp, want->cp, want->n * sizeof *want->cp) == 0 ? SAME : OTHER);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        fail_msg("allocation %ld%s: signal %d", fail_at, sticky ? " and all behind it" : "", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static void fail_each_allocation(const char *json, const char *path)
{
    /* Once without a fault, for the text and the number of allocations. */
    memory.calls = memory.fail_at = 0;
    memory.armed = true;
    xj_status st = json ? load_json(json) : load_file(path);
    memory.armed = false;
    assert_int_equal(st, XJ_OK);
    long total = memory.calls, refusals = 0;
    xji_text want = doc.text;
    doc.text = (xji_text)XJI_TEXT_INIT;
    xji_document_release(&doc);
    xji_document_init(&doc, 10);
    assert_true(total > 3);
    for (int sticky = 0; sticky < 2; sticky++) {
        for (long at = 1; at <= total; at += 1 + at / 200) {
            int outcome = load_without_memory(json, path, &want, at, sticky);
            if (outcome != REFUSED && outcome != SAME)
                fail_msg("allocation %ld%s of %ld: %s", at, sticky ? " and all behind it" : "", total,
                         outcome == OTHER ? "another text" : "blamed on the input");
            refusals += outcome == REFUSED;
        }
    }
    assert_true(refusals > 3);
    xji_text_release(&want);
}
#endif

/* Every allocation fails, once or with all behind it: never a word against the input, never another text. */
static void test_document__no_memory_for_json(void **state)
{
    (void)state;
#if OWN_ALLOCATOR
    fail_each_allocation("{\"id\":\"1\",\"title\":\"标题\",\"text\":\"推广枫桥经验\",\"n\":12,\"r\":2.5,\"x\":\"1\",\"list\":[true,{\"a\":\"b\"}]}",
                         NULL);
#else
    skip();
#endif
}

static void test_document__no_memory_for_a_long_line(void **state)
{
    (void)state;
#if OWN_ALLOCATOR
    enum { N = 20000 };
    char *json = calloc(1, N * 3 + 64);
    assert_non_null(json);
    strcpy(json, "{\"text\":\"");
    for (size_t i = 0, n = strlen(json); i < N; i++)
        memcpy(json + n + 3 * i, i % 7 == 6 ? "。" : "枫", 3);
    strcat(json, "\"}");
    fail_each_allocation(json, NULL);
    free(json);
#else
    skip();
#endif
}

static void test_document__no_memory_for_files(void **state)
{
    (void)state;
#if OWN_ALLOCATOR
    /* 推广枫桥经验，依法行政。 */
    static const char gb[] = "\xCD\xC6\xB9\xE3\xB7\xE3\xC7\xC5\xBE\xAD\xD1\xE9\xA3\xAC\xD2\xC0\xB7\xA8\xD0\xD0\xD5\xFE\xA1\xA3\n";
    char text[4096] = "某县年度报告\n一、主要做法\n";
    for (int i = 0; i < 30; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "第%d项：推广“枫桥经验”(jīng yàn)%d件。\r\n", i, i * 7);
    write_file("utf8.txt", text);
    text[0] = '\0';
    for (int i = 0; i < 40; i++)
        strcat(text, gb);
    write_file("gb.txt", text);
    fail_each_allocation(NULL, "utf8.txt");
    assert_int_equal(load_file("gb.txt"), XJ_OK);
    assert_int_equal(doc.decoded.encoding, XJ_ENC_GB18030);
    fail_each_allocation(NULL, "gb.txt");
#else
    skip();
#endif
}

/* ---- one document for many ---- */

static void test_document__nothing_is_left_of_the_one_before(void **state)
{
    (void)state;
    write_file("good.txt", "一、枫桥经验\n推广枫桥经验。\n");
    write_bytes("bad.txt", "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(load_json("{\"id\":\"1\",\"path\":\"p\",\"title\":\"t\",\"agency\":\"a\",\"date\":\"2024\",\"text\":\"\\u200b人\",\"x\":1}"), XJ_OK);
    assert_true(doc.log.count[XJI_CHANGE_INVISIBLE] > 0);
    assert_int_equal(load_file("good.txt"), XJ_OK);
    assert_null(doc.json_id);
    assert_null(doc.json_path);
    assert_null(doc.json_title);
    assert_null(doc.structure.meta.agency);
    assert_int_equal(doc.n_extra, 0);
    assert_int_equal(doc.log.count[XJI_CHANGE_INVISIBLE], 0);
    assert_int_equal(doc.log.n, 0);
    assert_int_equal(doc.log.keep_max, 10);
    assert_true(doc.structure.n_sections > 0);
    assert_int_equal(load_file("bad.txt"), XJ_EINPUT);
    assert_int_equal(doc.structure.n_sections, 0);
    assert_int_equal(doc.structure.n_passages, 0);
    assert_int_equal(load_json("{\"text\":\"人\"}"), XJ_OK);
    assert_text("人");
    assert_string_equal(xji_document_id(&doc, &input), "in.jsonl:1");
}

/* Passages give back the text they are cut from, and its bytes are those of the file. */
static void test_document__passages_and_their_bytes(void **state)
{
    (void)state;
    char text[32768] = "\xEF\xBB\xBF某县年度报告\r\n一、主要做法\r\n";
    for (int i = 0; i < 60; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "第%d项：推广“枫桥经验”，化解矛盾纠纷%d件。", i, i * 7);
    strcat(text, "\r\n二、存在问题\r\n人手不足。\r\n");
    write_file("a.txt", text);
    assert_int_equal(load_file("a.txt"), XJ_OK);
    assert_true(doc.structure.n_passages > 3);
    xji_text passage = XJI_TEXT_INIT;
    xj_buf utf8 = XJ_BUF_INIT;
    for (size_t i = 0; i < doc.structure.n_passages; i++) {
        const xji_passage *p = &doc.structure.passages[i];
        size_t at = 0;
        assert_int_equal(xji_document_passage(&doc, i, &passage, NULL), XJ_OK);
        for (uint32_t k = 0; k < p->n_pieces; k++) {
            xji_range r = doc.structure.pieces[p->first_piece + k];
            utf8.n = 0;
            assert_int_equal(xji_document_utf8(&doc, r, &utf8, NULL), XJ_OK);
            size_t n = 0;
            for (uint32_t c = r.b; c < r.e; c++, at++) {
                assert_int_equal(passage.cp[at], doc.text.cp[c]);
                assert_int_equal(passage.beg[at], doc.text.beg[c]);
                assert_int_equal(passage.len[at], doc.text.len[c]);
                assert_int_equal(passage.mark[at], doc.text.mark[c]);
                if (passage.cp[at] != '\n')
                    assert_memory_equal(utf8.data + n, text + passage.beg[at], passage.len[at]);
                n += xj_utf8_len(passage.cp[at]);
            }
            assert_int_equal(n, utf8.n);
        }
        assert_int_equal(at, passage.n);
    }
    xji_text_release(&passage);
    xj_buf_release(&utf8);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_document__all_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__text_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__other_types_are_ignored, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__numbers_as_fields, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__empty_fields_say_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__numbers_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__huge_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__the_last_of_equal_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__more_fields_than_are_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__ids, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__nul_is_a_space, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__mark_and_white_space, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__empty_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_text, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_object, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__deep_nesting, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__cut_at_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__files_with_nothing_in_them, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__binary_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__longest_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__what_is_no_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__a_file_that_may_not_be_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__every_way_of_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__read_errors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__changed_while_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__never_at_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_memory_for_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_memory_for_a_long_line, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__no_memory_for_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__nothing_is_left_of_the_one_before, setup, teardown),
        cmocka_unit_test_setup_teardown(test_document__passages_and_their_bytes, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
