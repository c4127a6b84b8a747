#include "output.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void xji_out_init(xji_out *o, int fd, char *buf, size_t cap)
{
    o->fd = fd;
    o->error = 0;
    o->buf = buf;
    o->n = 0;
    o->cap = cap;
}

/* Someone gave us a non-blocking descriptor: wait until it takes more. */
static bool wait_writable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

bool xji_out_flush(xji_out *o)
{
    size_t done = 0;
    if (o->n > 0 && o->fd < 0 && !o->error)
        o->error = EBADF;
    while (!o->error && done < o->n) {
        ssize_t n = write(o->fd, o->buf + done, o->n - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0)
            o->error = EIO;
        else if ((errno == EAGAIN || errno == EWOULDBLOCK) && wait_writable(o->fd))
            continue;
        else if (errno != EINTR)
            o->error = errno;
    }
    o->n = 0;
    return !o->error;
}

bool xji_out_finish(xji_out *o)
{
    xji_out_flush(o);
    if (o->fd >= 0 && close(o->fd) != 0 && errno != EINTR && !o->error)
        o->error = errno;
    o->fd = -1;
    return !o->error;
}

void xji_out_put(xji_out *o, const void *s, size_t n)
{
    const char *p = s;
    while (n > 0) {
        size_t take = o->cap - o->n < n ? o->cap - o->n : n;
        memcpy(o->buf + o->n, p, take);
        o->n += take;
        p += take;
        n -= take;
        if (o->n == o->cap && !xji_out_flush(o))
            return;
    }
}

void xji_out_str(xji_out *o, const char *s)
{
    xji_out_put(o, s, strlen(s));
}

void xji_out_char(xji_out *o, char c)
{
    xji_out_put(o, &c, 1);
}

void xji_out_u64(xji_out *o, uint64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    xji_out_put(o, digits + at, sizeof digits - at);
}

void xji_out_double(xji_out *o, double v)
{
    char s[32];
    snprintf(s, sizeof s, "%.10g", v);
    xji_out_str(o, s);
}

void xji_out_fixed(xji_out *o, double v, int decimals)
{
    char s[352]; /* DBL_MAX has 309 digits before the point */
    snprintf(s, sizeof s, "%.*f", decimals, v);
    xji_out_str(o, s);
}

void xji_out_spaces(xji_out *o, size_t n)
{
    static const char spaces[] = "                                ";
    for (; n > sizeof spaces - 1; n -= sizeof spaces - 1)
        xji_out_put(o, spaces, sizeof spaces - 1);
    xji_out_put(o, spaces, n);
}
