#include "document.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "limits.h"
#include "repair.h"
#include "xj/utf8.h"

void xji_input_release(xji_input *in)
{
    free(in->id);
    free(in->path);
    free(in->file);
    free(in->json);
    free(in->origin);
    memset(in, 0, sizeof *in);
}

void xji_document_init(xji_document *d, size_t keep_changes)
{
    memset(d, 0, sizeof *d);
    d->log.keep_max = keep_changes;
}

static void clear(xji_document *d)
{
    size_t keep = d->log.keep_max;
    char **const strings[] = {&d->json_id,     &d->json_path, &d->json_title,
                              &d->json_agency, &d->json_date, &d->json_number};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        free(*strings[i]);
        *strings[i] = NULL;
    }
    xji_structure_release(&d->structure);
    xji_log_release(&d->log);
    d->log.keep_max = keep;
    d->text.n = 0;
    d->bytes.n = 0;
    d->extra_bytes.n = 0;
    d->n_extra = 0;
    d->json_year = 0;
    d->input_bytes = 0;
}

void xji_document_release(xji_document *d)
{
    clear(d);
    xji_text_release(&d->text);
    xj_buf_release(&d->bytes);
    xj_buf_release(&d->extra_bytes);
    xji_structure_tables_free(d->tables);
    d->tables = NULL;
}

/* ---- files ---- */

static xj_status read_all(xji_document *d, int fd, const char *origin, xj_error *err)
{
    for (;;) {
        xj_status st = xj_buf_reserve(&d->bytes, 65536, err);
        if (st != XJ_OK)
            return st;
        size_t room = d->bytes.cap - d->bytes.n;
        ssize_t got = read(fd, d->bytes.data + d->bytes.n, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return xj_fail_at(err, XJ_EIO, origin, d->bytes.n, "reading failed: %s",
                              errno == EISDIR ? "it is a folder" : "input/output error");
        if (got == 0)
            return XJ_OK;
        d->bytes.n += (size_t)got;
        if (d->bytes.n > XJI_REPORT_BYTES_MAX)
            return xj_fail_at(err, XJ_EINPUT, origin, XJ_NO_OFFSET, "longer than %zu MiB, the most a single report may have",
                              XJI_REPORT_BYTES_MAX >> 20);
    }
}

/* Only regular files, and never waiting: a FIFO opened for reading would hang. The file is read, not mapped. */
static xj_status read_file(xji_document *d, const xji_input *in, xj_error *err)
{
    struct stat before, after;
    for (int attempt = 0;; attempt++) {
        int fd = open(in->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (in->no_follow ? O_NOFOLLOW : 0));
        if (fd < 0)
            return xj_fail_at(err, XJ_EIO, in->origin, XJ_NO_OFFSET, "cannot be opened: %s",
                              errno == ENOENT   ? "no such file"
                              : errno == EACCES ? "permission denied"
                              : errno == EMFILE ? "too many open files"
                              : errno == ELOOP  ? "symbolic links in a folder are not followed"
                                                : "input/output error");
        xj_status st = XJ_OK;
        d->bytes.n = 0;
        if (fstat(fd, &before) != 0)
            st = xj_fail_at(err, XJ_EIO, in->origin, XJ_NO_OFFSET, "cannot be examined");
        else if (!S_ISREG(before.st_mode))
            st = xj_fail_at(err, XJ_EINPUT, in->origin, XJ_NO_OFFSET, "not a regular file");
        if (st == XJ_OK)
            st = read_all(d, fd, in->origin, err);
        bool changed = st == XJ_OK && (fstat(fd, &after) != 0 || after.st_size != before.st_size ||
                                       after.st_mtim.tv_sec != before.st_mtim.tv_sec ||
                                       after.st_mtim.tv_nsec != before.st_mtim.tv_nsec);
        close(fd);
        /* A file that is being written is read once more; then what was read counts. */
        if (!changed || attempt == 1)
            return st;
    }
}

/* ---- JSON lines ---- */

static char *copy_string(const json_t *value)
{
    size_t n = json_string_length(value);
    char *s = malloc(n + 1);
    if (s) {
        memcpy(s, json_string_value(value), n);
        s[n] = '\0';
        for (size_t i = 0; i < n; i++)
            if (s[i] == '\0')
                s[i] = ' ';
    }
    return s;
}

/* A number as JSON would write it, with as many digits as it takes to read the same number back; owned by the caller. */
static char *number_text(const json_t *value)
{
    enum { ROOM = 40 };
    char *text = malloc(ROOM);
    if (!text)
        return NULL;
    double v = json_number_value(value);
    if (json_is_integer(value)) {
        snprintf(text, ROOM, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (v > -9007199254740992.0 && v < 9007199254740992.0 && v == (double)(json_int_t)v) {
        /* 2.0, or an integer that was read as a real number because another one in the line was too large */
        snprintf(text, ROOM, "%" JSON_INTEGER_FORMAT, (json_int_t)v);
    } else {
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, ROOM, "%.*g", digits, v);
            if (strtod(text, NULL) == v)
                break;
        }
    }
    return text;
}

static xj_status keep_extra(xji_document *d, const char *name, const json_t *value, xj_error *err)
{
    if (d->n_extra == XJ_EXTRA_MAX)
        return XJ_OK;
    bool is_number = json_is_number(value);
    char *number = is_number ? number_text(value) : NULL;
    const char *text = is_number ? number : json_string_value(value);
    size_t n = is_number ? (number ? strlen(number) : 0) : json_string_length(value);
    xj_status st = text ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory for a JSON field");
    size_t at = d->extra_bytes.n;
    if (st == XJ_OK)
        st = xj_buf_put(&d->extra_bytes, name, strlen(name), err);
    if (st == XJ_OK)
        st = xj_buf_put(&d->extra_bytes, text, n, err);
    if (st == XJ_OK) {
        d->extra[d->n_extra].name_at = at;
        d->extra[d->n_extra].name_n = strlen(name);
        d->extra[d->n_extra].value_at = at + strlen(name);
        d->extra[d->n_extra].value_n = n;
        d->extra[d->n_extra++].is_number = is_number;
    }
    free(number);
    return st;
}

/* The report year, as a number or four digits; anything else is a field like others. */
static bool take_year(xji_document *d, const json_t *value)
{
    long long year = 0;
    if (json_is_integer(value)) {
        year = json_integer_value(value);
    } else if (json_is_string(value) && json_string_length(value) == 4) {
        const char *s = json_string_value(value);
        for (int i = 0; i < 4 && year >= 0; i++)
            year = s[i] >= '0' && s[i] <= '9' ? year * 10 + (s[i] - '0') : -1;
    }
    if (year < 1000 || year > 2999)
        return false;
    d->json_year = (int)year;
    return true;
}

static xj_status take_fields(xji_document *d, const xji_input *in, json_t *object, xj_error *err)
{
    static const struct {
        const char *name;
        size_t member;
    } known[] = {{"id", offsetof(xji_document, json_id)},
                 {"path", offsetof(xji_document, json_path)},
                 {"title", offsetof(xji_document, json_title)},
                 {"agency", offsetof(xji_document, json_agency)},
                 {"date", offsetof(xji_document, json_date)},
                 {"number", offsetof(xji_document, json_number)}};
    const json_t *text = json_object_get(object, "text");
    if (!json_is_string(text))
        return xj_fail_at(err, XJ_EINPUT, in->origin, XJ_NO_OFFSET, "the object has no string \"text\"");
    xj_status st = xj_buf_put(&d->bytes, json_string_value(text), json_string_length(text), err);
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value) {
        if (st != XJ_OK)
            break;
        if (strcmp(name, "text") == 0 || !(json_is_string(value) || json_is_number(value)))
            continue;
        if (strcmp(name, "year") == 0 && take_year(d, value))
            continue;
        size_t k = 0;
        while (k < sizeof known / sizeof *known && strcmp(known[k].name, name) != 0)
            k++;
        if (k == sizeof known / sizeof *known) {
            st = keep_extra(d, name, value, err);
            continue;
        }
        char **member = (char **)(void *)((char *)d + known[k].member);
        *member = json_is_string(value) ? copy_string(value) : number_text(value);
        if (!*member)
            st = xj_fail(err, XJ_ENOMEM, "no memory for a JSON field");
        else if (**member == '\0') { /* an empty field says nothing */
            free(*member);
            *member = NULL;
        }
    }
    if (st == XJ_OK && d->json_id && strlen(d->json_id) > XJI_ID_MAX)
        st = xj_fail_at(err, XJ_EINPUT, in->origin, XJ_NO_OFFSET, "an id longer than %d bytes", XJI_ID_MAX);
    return st;
}

/*
 * jansson 2.14 does not see that its string buffer could not grow (lex_save in load.c): it then reads and writes beyond
 * it. So while a line is parsed and looked at, its memory comes from an arena of blocks: an allocation that fails does not
 * return but ends the parsing, and everything is freed at once at the end.
 */
typedef struct arena_block {
    struct arena_block *next;
    max_align_t data[];
} arena_block;

typedef struct parse_memory {
    jmp_buf out;
    arena_block *block;
    size_t used, room; /* bytes of the first block's data */
} parse_memory;

enum { ARENA_BLOCK = 32768 };

static _Thread_local parse_memory *parsing;

static void *parse_malloc(size_t n)
{
    parse_memory *m = parsing;
    if (!m)
        return malloc(n);
    if (n > SIZE_MAX / 2)
        longjmp(m->out, 1);
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    if (n > m->room - m->used) {
        size_t room = n > ARENA_BLOCK / 4 ? n : ARENA_BLOCK;
        arena_block *b = malloc(sizeof *b + room);
        if (!b)
            longjmp(m->out, 1);
        if (room == n && m->block) { /* a large one goes behind the block that is being filled */
            b->next = m->block->next;
            m->block->next = b;
            return b->data;
        }
        b->next = m->block;
        m->block = b;
        m->used = 0;
        m->room = room;
    }
    void *p = (char *)m->block->data + m->used;
    m->used += n;
    return p;
}

static void parse_free(void *p)
{
    if (!parsing)
        free(p);
}

static void use_parse_memory(void)
{
    json_set_alloc_funcs(parse_malloc, parse_free);
}

void xji_document_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_parse_memory);
}

static void end_parsing(parse_memory *m)
{
    parsing = NULL;
    while (m->block) {
        arena_block *next = m->block->next;
        free(m->block);
        m->block = next;
    }
    m->used = m->room = 0;
}

/* *object is NULL when s is no JSON; XJ_ENOMEM has nothing to do with s. */
static xj_status load_json(parse_memory *m, json_t **object, const char *s, size_t n, size_t flags, json_error_t *why)
{
    *object = NULL;
    parsing = m;
    if (setjmp(m->out) == 0) {
        *object = json_loadb(s, n, flags, why);
        return XJ_OK;
    }
    end_parsing(m);
    *object = NULL;
    return XJ_ENOMEM;
}

static xj_status parse_json(xji_document *d, const xji_input *in, xj_error *err)
{
    static _Thread_local parse_memory memory; /* not automatic: longjmp would leave it undefined */
    json_error_t why;
    const char *s = in->json;
    size_t n = in->n_json;
    if (n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        s += 3;
        n -= 3;
    }
    json_t *object;
    xji_document_prepare();
    xj_status st = load_json(&memory, &object, s, n, JSON_ALLOW_NUL, &why);
    /* An integer beyond 64 bits is read as a real number. */
    if (st == XJ_OK && !object && json_error_code(&why) == json_error_numeric_overflow) {
        end_parsing(&memory);
        st = load_json(&memory, &object, s, n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &why);
    }
    if (st != XJ_OK)
        st = xj_fail_at(err, st, in->origin, XJ_NO_OFFSET, "no memory to read a line of JSON");
    else if (!object)
        st = xj_fail_at(err, XJ_EINPUT, in->origin, XJ_NO_OFFSET, "not valid JSON: %s (column %d)", why.text, why.column);
    else if (!json_is_object(object))
        st = xj_fail_at(err, XJ_EINPUT, in->origin, XJ_NO_OFFSET, "a JSON value that is not an object");
    else
        st = take_fields(d, in, object, err);
    end_parsing(&memory); /* the object goes with it */
    return st;
}

xj_status xji_document_load(xji_document *d, const xji_input *in, xji_segmentation mode, xj_error *err)
{
    clear(d);
    xj_status st = in->json ? parse_json(d, in, err) : read_file(d, in, err);
    d->input_bytes = d->bytes.n;
    if (st == XJ_OK) {
        xj_error e = XJ_ERROR_INIT;
        st = in->json ? xji_decode_as(&d->text, &d->decoded, XJ_ENC_UTF8, d->bytes.data, d->bytes.n, &d->log, &e)
                      : xji_decode(&d->text, &d->decoded, d->bytes.data, d->bytes.n, &d->log, &e);
        if (st != XJ_OK)
            xj_fail_at(err, st, in->origin, e.offset, "%s", e.message);
    }
    if (st == XJ_OK)
        st = xji_repair(&d->text, &d->log, err);
    if (st == XJ_OK && !d->tables)
        st = xji_structure_tables_new(&d->tables, err);
    if (st == XJ_OK) {
        xji_given given = {d->json_title, d->json_agency, d->json_date, d->json_number, d->json_year};
        st = xji_structure_find_with(&d->structure, d->tables, &d->text, &given, in->file, mode, &d->log, err);
    }
    return st;
}

const char *xji_document_id(const xji_document *d, const xji_input *in)
{
    return d->json_id ? d->json_id : in->id;
}

const char *xji_document_path(const xji_document *d, const xji_input *in)
{
    return d->json_path ? d->json_path : in->path;
}

xj_status xji_document_passage(const xji_document *d, size_t passage, xji_text *out, xj_error *err)
{
    const xji_passage *p = &d->structure.passages[passage];
    out->n = 0;
    for (uint32_t k = 0; k < p->n_pieces; k++) {
        xji_range r = d->structure.pieces[p->first_piece + k];
        size_t n = r.e - r.b;
        xj_status st = xji_text_reserve(out, out->n + n, err);
        if (st != XJ_OK)
            return st;
        memcpy(out->cp + out->n, d->text.cp + r.b, n * sizeof *out->cp);
        memcpy(out->beg + out->n, d->text.beg + r.b, n * sizeof *out->beg);
        memcpy(out->len + out->n, d->text.len + r.b, n);
        memcpy(out->mark + out->n, d->text.mark + r.b, n);
        out->n += n;
    }
    return XJ_OK;
}

xj_status xji_document_utf8(const xji_document *d, xji_range at, xj_buf *out, xj_error *err)
{
    xj_status st = xj_buf_reserve(out, (size_t)(at.e - at.b) * 4, err);
    if (st != XJ_OK)
        return st;
    for (uint32_t i = at.b; i < at.e; i++)
        out->n += xj_utf8_encode(out->data + out->n, d->text.cp[i]);
    return XJ_OK;
}
