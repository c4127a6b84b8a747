#define _DEFAULT_SOURCE /* d_type is not needed, dirfd is */
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"

/* A file to read: id is its path relative to the PATH argument. */
typedef struct item {
    char *id;
    char *file;
    uint64_t size;
    bool lines; /* JSON Lines */
    bool is_stdin;
    bool from_walk; /* not named by the user: links are not followed */
} item;

struct xji_source {
    item *item;
    size_t n, cap;
    size_t next;
    xji_skip_fn skip;
    void *ctx;
    uint64_t total, done;
    /* The JSON Lines stream being read; fd -1 = none */
    int fd;
    xj_buf buf; /* unread bytes are [at, buf.n) */
    size_t at;
    bool eof;
    uint64_t line;
    bool line_too_long; /* the rest of a line that was given up is being dropped */
};

const char xji_source_other_kind[] = "not a .txt, .md or .jsonl file";

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory to list the input files");
}

static char *join(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    bool slash = na > 0 && a[na - 1] != '/';
    char *s = malloc(na + slash + nb + 1);
    if (s) {
        memcpy(s, a, na);
        if (slash)
            s[na] = '/';
        memcpy(s + na + slash, b, nb + 1);
    }
    return s;
}

static char *copy(const char *s)
{
    size_t n = strlen(s) + 1;
    char *c = malloc(n);
    if (c)
        memcpy(c, s, n);
    return c;
}

static bool ends_with(const char *name, const char *ending)
{
    size_t n = strlen(name), k = strlen(ending);
    return n > k && strcasecmp(name + n - k, ending) == 0;
}

static bool is_lines(const char *name)
{
    return ends_with(name, ".jsonl") || ends_with(name, ".ndjson");
}

static bool is_text(const char *name)
{
    return ends_with(name, ".txt") || ends_with(name, ".text") || ends_with(name, ".md") || ends_with(name, ".markdown");
}

/* Takes ownership of id and file. */
static xj_status add_item(xji_source *s, char *id, char *file, uint64_t size, xj_error *err)
{
    if (s->n == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        void *p = realloc(s->item, cap * sizeof *s->item);
        if (p) {
            s->item = p;
            s->cap = cap;
        }
    }
    if (!id || !file || s->n == s->cap) {
        free(id);
        free(file);
        return no_memory(err);
    }
    s->item[s->n++] = (item){id, file, size, is_lines(file), false, false};
    s->total += size;
    return XJ_OK;
}

/* ---- walking ---- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void free_names(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* Names in a folder, sorted; *n_out of them. */
static xj_status list(const char *folder, char ***out, size_t *n_out, int *why, xj_error *err)
{
    *out = NULL;
    *n_out = 0;
    *why = 0;
    DIR *dir = opendir(folder);
    if (!dir) {
        *why = errno;
        return XJ_OK;
    }
    char **names = NULL;
    size_t n = 0, cap = 0;
    struct dirent *e;
    errno = 0;
    while ((e = readdir(dir))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (n == cap) {
            cap = cap ? cap * 2 : 64;
            char **p = realloc(names, cap * sizeof *names);
            if (!p) {
                free_names(names, n);
                closedir(dir);
                return no_memory(err);
            }
            names = p;
        }
        names[n] = copy(e->d_name);
        if (!names[n]) {
            free_names(names, n);
            closedir(dir);
            return no_memory(err);
        }
        n++;
        errno = 0;
    }
    *why = errno;
    closedir(dir);
    if (n > 0)
        qsort(names, n, sizeof *names, compare_names);
    *out = names;
    *n_out = n;
    return XJ_OK;
}

/* Folders to visit: paths relative to the root, last in first out. */
typedef struct stack {
    char **rel;
    size_t n, cap;
} stack;

static xj_status push(stack *k, char *rel, xj_error *err)
{
    if (k->n == k->cap) {
        size_t cap = k->cap ? k->cap * 2 : 64;
        char **p = realloc(k->rel, cap * sizeof *p);
        if (p) {
            k->rel = p;
            k->cap = cap;
        }
    }
    if (!rel || k->n == k->cap) {
        free(rel);
        return no_memory(err);
    }
    k->rel[k->n++] = rel;
    return XJ_OK;
}

static size_t depth_of(const char *rel)
{
    size_t n = 0;
    for (; *rel; rel++)
        n += *rel == '/';
    return n;
}

static xj_status visit(xji_source *s, const char *root, const char *rel, stack *folders, xj_error *err)
{
    char *folder = *rel ? join(root, rel) : copy(root);
    char **names;
    size_t n;
    int why;
    if (!folder)
        return no_memory(err);
    xj_status st = list(folder, &names, &n, &why, err);
    if (st == XJ_OK && why)
        s->skip(s->ctx, folder, why == EACCES ? "the folder may not be read" : "the folder cannot be listed in full");
    /* From the last to the first, so that the stack hands the folders out in order. */
    for (size_t i = n; i-- > 0 && st == XJ_OK;) {
        char *child_rel = *rel ? join(rel, names[i]) : copy(names[i]);
        char *child = child_rel ? join(root, child_rel) : NULL;
        struct stat sb;
        if (!child) {
            free(child_rel);
            st = no_memory(err);
        } else if (lstat(child, &sb) != 0) {
            s->skip(s->ctx, child, "cannot be examined");
        } else if (S_ISDIR(sb.st_mode)) {
            if (depth_of(child_rel) >= XJI_WALK_DEPTH_MAX) {
                s->skip(s->ctx, child, "folders are nested too deep");
            } else {
                st = push(folders, child_rel, err);
                child_rel = NULL;
            }
        } else if (S_ISLNK(sb.st_mode)) {
            s->skip(s->ctx, child, "symbolic links in a folder are not followed");
        } else if (!S_ISREG(sb.st_mode)) {
            s->skip(s->ctx, child, "not a regular file");
        } else if (is_text(names[i]) || is_lines(names[i])) {
            st = add_item(s, child_rel, child, (uint64_t)sb.st_size, err);
            if (st == XJ_OK)
                s->item[s->n - 1].from_walk = true;
            child_rel = child = NULL;
        } else {
            s->skip(s->ctx, child, xji_source_other_kind);
        }
        free(child_rel);
        free(child);
    }
    free_names(names, n);
    free(folder);
    return st;
}

static int compare_items(const void *a, const void *b)
{
    return strcmp(((const item *)a)->id, ((const item *)b)->id);
}

static xj_status walk(xji_source *s, const char *root, xj_error *err)
{
    stack folders = {NULL, 0, 0};
    size_t first = s->n;
    xj_status st = push(&folders, copy(""), err);
    while (st == XJ_OK && folders.n > 0) {
        char *rel = folders.rel[--folders.n];
        st = visit(s, root, rel, &folders, err);
        free(rel);
    }
    free_names(folders.rel, folders.n);
    if (st == XJ_OK && s->n > first)
        qsort(s->item + first, s->n - first, sizeof *s->item, compare_items);
    return st;
}

static xj_status add_path(xji_source *s, const char *path, xj_error *err)
{
    struct stat sb;
    if (strcmp(path, "-") == 0) {
        xj_status st = add_item(s, copy("stdin"), copy("-"), 0, err);
        if (st == XJ_OK)
            s->item[s->n - 1].lines = s->item[s->n - 1].is_stdin = true;
        return st;
    }
    if (stat(path, &sb) != 0) {
        s->skip(s->ctx, path, errno == ENOENT ? "no such file or folder" : "cannot be examined");
        return XJ_OK;
    }
    if (S_ISDIR(sb.st_mode))
        return walk(s, path, err);
    if (!S_ISREG(sb.st_mode)) {
        s->skip(s->ctx, path, "not a regular file");
        return XJ_OK;
    }
    const char *slash = strrchr(path, '/');
    return add_item(s, copy(slash ? slash + 1 : path), copy(path), (uint64_t)sb.st_size, err);
}

xj_status xji_source_open(xji_source **out, char *const *paths, size_t n_paths, xji_skip_fn skip, void *ctx, xj_error *err)
{
    xji_source *s = *out = calloc(1, sizeof *s);
    if (!s)
        return no_memory(err);
    s->fd = -1;
    s->skip = skip;
    s->ctx = ctx;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < n_paths && st == XJ_OK; i++)
        st = add_path(s, paths[i], err);
    if (st != XJ_OK)
        xji_source_close(out);
    return st;
}

/* ---- JSON Lines ---- */

static const char *name_of(const item *it)
{
    return it->is_stdin ? "stdin" : it->file;
}

static xj_status refill(xji_source *s, const item *it, xj_error *err)
{
    if (s->at > 0) {
        memmove(s->buf.data, s->buf.data + s->at, s->buf.n - s->at);
        s->buf.n -= s->at;
        s->at = 0;
    }
    xj_status st = xj_buf_reserve(&s->buf, 1 << 18, err);
    if (st != XJ_OK)
        return st;
    ssize_t got;
    do
        got = read(s->fd, s->buf.data + s->buf.n, s->buf.cap - s->buf.n);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        s->skip(s->ctx, name_of(it), "reading failed; the lines after this point are missing");
        got = 0;
        s->buf.n = 0; /* the beginning of a line is no line */
        s->line_too_long = false;
    }
    if (got == 0)
        s->eof = true;
    s->buf.n += (size_t)got;
    s->done += (size_t)got;
    return XJ_OK;
}

static bool blank(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != ' ' && p[i] != '\t' && p[i] != '\r')
            return false;
    return true;
}

static xj_status make_line(const xji_source *s, const item *it, const uint8_t *line, size_t n, xji_input *in, xj_error *err)
{
    char number[32];
    snprintf(number, sizeof number, ":%llu", (unsigned long long)s->line);
    in->json = malloc(n + 1);
    in->path = it->is_stdin ? NULL : copy(it->id);
    size_t n_id = strlen(it->id), n_file = strlen(it->file), n_number = strlen(number);
    in->id = malloc(n_id + n_number + 1);
    in->origin = malloc(n_file + n_number + 7);
    if (!in->json || !in->id || !in->origin || (!in->path && !it->is_stdin)) {
        xji_input_release(in);
        return no_memory(err);
    }
    memcpy(in->json, line, n);
    in->n_json = n;
    memcpy(in->id, it->id, n_id);
    memcpy(in->id + n_id, number, n_number + 1);
    snprintf(in->origin, n_file + n_number + 7, "%s%s", name_of(it), number);
    return XJ_OK;
}

/* The next line that is not blank; *found = false at the end of the stream. */
static xj_status next_line(xji_source *s, const item *it, xji_input *in, bool *found, xj_error *err)
{
    *found = false;
    for (size_t searched = 0;;) {
        uint8_t *from = s->buf.data ? s->buf.data + s->at : NULL;
        size_t left = s->buf.n - s->at;
        uint8_t *lf = left > searched ? memchr(from + searched, '\n', left - searched) : NULL;
        if (!lf && !s->eof) {
            searched = left;
            if (left > XJI_REPORT_BYTES_MAX) { /* drop what is there and go on to the end of the line */
                s->line_too_long = true;
                s->at = s->buf.n;
                searched = 0;
            }
            xj_status st = refill(s, it, err);
            if (st != XJ_OK)
                return st;
            continue;
        }
        if (!lf && left == 0 && !s->line_too_long)
            return XJ_OK;
        size_t n = lf ? (size_t)(lf - from) : left;
        s->at += n + (lf != NULL);
        s->line++;
        searched = 0;
        if (s->line == 1 && n >= 3 && memcmp(from, "\xEF\xBB\xBF", 3) == 0) { /* a byte-order mark */
            from += 3;
            n -= 3;
        }
        if (s->line_too_long || n > XJI_REPORT_BYTES_MAX) {
            char reason[96];
            s->line_too_long = false;
            snprintf(reason, sizeof reason, "line %llu is longer than %zu MiB", (unsigned long long)s->line,
                     XJI_REPORT_BYTES_MAX >> 20);
            s->skip(s->ctx, name_of(it), reason);
            if (!lf)
                return XJ_OK;
            continue;
        }
        if (blank(from, n)) {
            if (!lf)
                return XJ_OK;
            continue;
        }
        *found = true;
        return make_line(s, it, from, n, in, err);
    }
}

static bool open_lines(xji_source *s, const item *it)
{
    s->fd = it->is_stdin ? STDIN_FILENO
                         : open(it->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (it->from_walk ? O_NOFOLLOW : 0));
    struct stat sb;
    if (s->fd >= 0 && !it->is_stdin && (fstat(s->fd, &sb) != 0 || !S_ISREG(sb.st_mode))) {
        close(s->fd);
        s->fd = -1;
    }
    s->buf.n = s->at = 0;
    s->eof = s->line_too_long = false;
    s->line = 0;
    return s->fd >= 0;
}

xj_status xji_source_next(xji_source *s, xji_input *in, bool *more, xj_error *err)
{
    memset(in, 0, sizeof *in);
    *more = false;
    while (s->next < s->n) {
        const item *it = &s->item[s->next];
        if (it->lines) {
            if (s->fd < 0 && !open_lines(s, it)) {
                s->skip(s->ctx, name_of(it), "cannot be opened");
                s->next++;
                continue;
            }
            bool found;
            xj_status st = next_line(s, it, in, &found, err);
            if (st != XJ_OK)
                return st;
            if (found) {
                *more = true;
                return XJ_OK;
            }
            if (!it->is_stdin)
                close(s->fd);
            s->fd = -1;
            s->next++;
            continue;
        }
        s->next++;
        s->done += it->size;
        in->no_follow = it->from_walk;
        in->size = it->size;
        in->id = copy(it->id);
        in->path = copy(it->id);
        in->file = copy(it->file);
        in->origin = copy(it->file);
        if (!in->id || !in->path || !in->file || !in->origin) {
            xji_input_release(in);
            return no_memory(err);
        }
        *more = true;
        return XJ_OK;
    }
    return XJ_OK;
}

size_t xji_source_n_files(const xji_source *s)
{
    return s->n;
}

uint64_t xji_source_bytes_total(const xji_source *s)
{
    return s->total;
}

uint64_t xji_source_bytes_done(const xji_source *s)
{
    return s->done;
}

void xji_source_close(xji_source **sp)
{
    xji_source *s = sp ? *sp : NULL;
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->item[i].id);
        free(s->item[i].file);
    }
    free(s->item);
    if (s->fd > STDERR_FILENO)
        close(s->fd);
    xj_buf_release(&s->buf);
    free(s);
    *sp = NULL;
}
