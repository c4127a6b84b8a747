/* System calls with full loops and errors: the one place of libxunju that reads and writes files. */
#ifndef XJI_IO_PRIV_H
#define XJI_IO_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "xj/error.h"

/* Read exactly n bytes at offset; a file that ends before is XJ_ECORRUPT ("cut short"). name is for messages. */
xj_status xji_read_at(int fd, void *dst, size_t n, uint64_t offset, const char *name, xj_error *err);

/* Write all bytes; EINTR and short writes are carried on. */
xj_status xji_write_at(int fd, const void *src, size_t n, uint64_t offset, const char *name, xj_error *err);

/* A new file in the directory open as dir_fd that no name leads to: it is gone when *fd is closed. name is one that is free and
 * that a crash may leave behind. */
xj_status xji_open_temporary(int dir_fd, const char *name, int *fd, xj_error *err);

/* fsync; a failure is final for the file (its pages may be marked clean), so callers must give it up. */
xj_status xji_sync(int fd, const char *name, xj_error *err);

/* Record a failed system call: "<what> '<path>': <reason of code>". */
xj_status xji_fail_errno(xj_error *err, xj_status st, const char *path, int code, const char *what);

/* Reserve n bytes (at least 1) of zeroed memory that costs nothing until touched; NULL when there is none. */
void *xji_reserve(size_t n);
void xji_unreserve(void *p, size_t n);

/* Make reserved memory zero again and give it back to the system. */
void xji_forget(void *p, size_t n);

#endif
