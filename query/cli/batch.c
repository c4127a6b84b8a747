/*
 * Reading lines is done here rather than by stdio, so that each line is answered as soon as it has come, whatever more
 * the pipe will bring, and so that a line without an end costs no memory.
 */
#include "batch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xj/utf8.h"

enum {
    READ_BYTES = 65536,
    LINE_MAX_BYTES = XJ_QUERY_BYTES_MAX,
    ECHO_BYTES = 200 /* of a line that is too long, in its error */
};

typedef struct xji_batch_state {
    xji_session *session;
    bool flush_each; /* someone may be waiting for this answer before asking on */
    int exit_code;
    uint64_t line_number;
    char *line;
    size_t n;
    bool too_long; /* the line goes on behind what was kept of it */
} xji_batch_state;

/* The first failure decides; a deadline only when nothing else went wrong. */
static void remember(xji_batch_state *b, int code)
{
    if (b->exit_code == 0 || b->exit_code == 5)
        b->exit_code = code;
}

static uint64_t since_us(int64_t start)
{
    return (uint64_t)(xji_now_ns() - start) / 1000;
}

static void close_query(xji_batch_state *b, const xji_answer *a, const char *error, int64_t start)
{
    xji_printer *p = &b->session->printer;
    const xji_summary summary = {error, a->n_printed, &a->totals, a->counted && !a->partial, a->partial, since_us(start)};
    if (!b->session->options->quiet)
        p->ops->end(p, &summary);
}

/* The query cannot be run: its only output is the error. */
static void refuse(xji_batch_state *b, const xj_error *err, int64_t start)
{
    const xji_answer nothing = {.counted = true};
    char message[1200];
    xji_error_line(message, sizeof message, err);
    close_query(b, &nothing, message, start);
}

static void answer(xji_batch_state *b, const xj_query *q, int64_t start)
{
    xji_answer a;
    xj_error err = XJ_ERROR_INIT;
    char message[1200], number[24];
    xj_status st = xji_answer_query(&a, b->session, q, false, &err);
    if (st == XJ_OK) {
        if (a.partial)
            remember(b, xj_status_exit_code(XJ_ELIMIT));
        close_query(b, &a, NULL, start);
        return;
    }
    xji_error_line(message, sizeof message, &err);
    xji_out digits;
    xji_out_init(&digits, -1, number, sizeof number - 1);
    xji_out_u64(&digits, b->line_number);
    number[digits.n] = '\0';
    xji_complain(b->session->options->lang, XJI_MSG_LINE_FAILED, number, message, NULL);
    remember(b, xj_status_exit_code(st));
    a.totals = (xj_totals){0, 0, 0, 0};
    a.counted = true;
    close_query(b, &a, message, start);
}

/* Bytes of s that are whole characters, at most ECHO_BYTES. */
static size_t echo_len(const char *s, size_t n)
{
    size_t used = 0;
    while (used < n) {
        uint32_t cp;
        size_t k = xj_utf8_decode((const uint8_t *)s + used, n - used, &cp, NULL);
        if (used + k > ECHO_BYTES)
            break;
        used += k;
    }
    return used;
}

static void do_line(xji_batch_state *b)
{
    xji_printer *p = &b->session->printer;
    int64_t start = xji_now_ns();
    xj_error err = XJ_ERROR_INIT;
    xj_query *q = NULL;
    b->line_number++;
    if (!b->too_long && b->n > 0 && b->line[b->n - 1] == '\r')
        b->n--;
    if (b->n > LINE_MAX_BYTES)
        b->too_long = true;
    p->query = b->line;
    p->n_query = b->too_long ? echo_len(b->line, b->n) : b->n;
    if (!b->session->options->quiet)
        p->ops->begin(p);

    xj_status st;
    if (b->too_long)
        st = xj_fail(&err, XJ_EQUERY, "the line is longer than %d bytes", LINE_MAX_BYTES);
    else if (b->n > 0 && memchr(b->line, '\0', b->n))
        st = xj_fail(&err, XJ_EQUERY, "the line holds a NUL character");
    else
        st = xj_query_parse(&q, b->line, b->n, b->session->options->flags, &err);
    if (st == XJ_OK)
        answer(b, q, start);
    else {
        if (st != XJ_EQUERY)
            remember(b, xj_status_exit_code(st));
        refuse(b, &err, start);
    }
    xj_query_free(q);
    if (b->flush_each)
        xji_out_flush(p->out);
    if (xj_index_held(b->session->index) / 1048576 >= b->session->options->cache_mb)
        xj_index_trim(b->session->index);
    b->n = 0;
    b->too_long = false;
}

/* Keep a piece of the current line. One byte more than the limit is kept: it may be the CR of a line end. */
static void keep(xji_batch_state *b, const char *s, size_t n)
{
    size_t room = LINE_MAX_BYTES + 1 - b->n;
    if (n > room) {
        n = room;
        b->too_long = true;
    }
    memcpy(b->line + b->n, s, n);
    b->n += n;
}

static void take(xji_batch_state *b, const char *s, size_t n)
{
    const xji_out *out = b->session->printer.out;
    const char *end = s + n;
    while (s < end && !out->error) {
        const char *lf = memchr(s, '\n', (size_t)(end - s));
        keep(b, s, (size_t)((lf ? lf : end) - s));
        if (!lf)
            return;
        do_line(b);
        s = lf + 1;
    }
}

/* A byte-order mark in front of the first line is not part of the query. */
static size_t skip_mark(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

/* Whether a read failed only because the descriptor does not block and nothing had come yet; then waits. */
static bool wait_readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (errno != EAGAIN && errno != EWOULDBLOCK)
        return false;
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static void read_lines(xji_batch_state *b, int fd, char *buf)
{
    const xji_out *out = b->session->printer.out;
    bool first = true;
    while (!out->error) {
        ssize_t n = read(fd, buf, READ_BYTES);
        if (n < 0 && (errno == EINTR || wait_readable(fd)))
            continue;
        if (n < 0) {
            xji_complain(b->session->options->lang, XJI_MSG_READ_FAILED, strerror(errno), NULL, NULL);
            remember(b, xj_status_exit_code(XJ_EIO));
            return;
        }
        if (n == 0)
            break;
        size_t skip = first ? skip_mark(buf, (size_t)n) : 0;
        first = false;
        take(b, buf + skip, (size_t)n - skip);
    }
    if (!out->error && (b->n > 0 || b->too_long))
        do_line(b);
}

int xji_batch(xji_session *s, int fd)
{
    struct stat info;
    xji_batch_state b = {.session = s};
    /* The queries of a file are known beforehand: nobody waits for one answer to ask the next question. */
    b.flush_each = fstat(fd, &info) != 0 || !S_ISREG(info.st_mode);
    b.line = malloc(LINE_MAX_BYTES + 1);
    char *buf = malloc(READ_BYTES);
    if (b.line && buf)
        read_lines(&b, fd, buf);
    else {
        xji_complain(s->options->lang, XJI_MSG_NO_MEMORY, NULL, NULL, NULL);
        b.exit_code = xj_status_exit_code(XJ_ENOMEM);
    }
    free(b.line);
    free(buf);
    s->printer.query = NULL;
    s->printer.n_query = 0;
    return b.exit_code;
}
