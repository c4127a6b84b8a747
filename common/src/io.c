#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "io_priv.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* strerror is not thread-safe and strerror_r has two shapes; the GNU and POSIX forms both fill or return a text. */
static const char *reason(int code, char *buf, size_t n)
{
    if (strerror_r(code, buf, n) != 0)
        return "unknown error";
    return buf;
}

xj_status xji_fail_errno(xj_error *err, xj_status st, const char *path, int code, const char *what)
{
    char buf[128];
    return xj_fail_at(err, st, path, XJ_NO_OFFSET, "%s '%s': %s", what, path, reason(code, buf, sizeof buf));
}

xj_status xji_read_at(int fd, void *dst, size_t n, uint64_t offset, const char *name, xj_error *err)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(fd, (char *)dst + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            char buf[128];
            return xj_fail_at(err, XJ_EIO, name, offset + done, "cannot read '%s': %s", name,
                              reason(errno, buf, sizeof buf));
        }
        if (got == 0)
            return xj_fail_at(err, XJ_ECORRUPT, name, offset + done, "'%s' is cut short at byte %llu", name,
                              (unsigned long long)(offset + done));
        done += (size_t)got;
    }
    return XJ_OK;
}

xj_status xji_write_at(int fd, const void *src, size_t n, uint64_t offset, const char *name, xj_error *err)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(fd, (const char *)src + done, n - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            char buf[128];
            return xj_fail_at(err, XJ_EIO, name, offset + done, "cannot write '%s': %s", name,
                              put == 0 ? "no progress" : reason(errno, buf, sizeof buf));
        }
        done += (size_t)put;
    }
    return XJ_OK;
}

xj_status xji_sync(int fd, const char *name, xj_error *err)
{
    if (fsync(fd) == 0)
        return XJ_OK;
    char buf[128];
    return xj_fail_at(err, XJ_EIO, name, XJ_NO_OFFSET, "cannot bring '%s' safely to disk: %s", name,
                      reason(errno, buf, sizeof buf));
}

void *xji_reserve(size_t n)
{
    void *p = mmap(NULL, n ? n : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void xji_unreserve(void *p, size_t n)
{
    if (p)
        munmap(p, n ? n : 1);
}

void xji_forget(void *p, size_t n)
{
    /* Mapping it anew is the portable way. When the system refuses, zeros are all that matters. */
    if (mmap(p, n ? n : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
        memset(p, 0, n);
}
