/**
 * Buffered output with checked writes. Nothing is lost in silence: the first failed write latches, what follows is
 * dropped, and xji_out_flush says so.
 */
#ifndef XJI_OUTPUT_H
#define XJI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct xji_out {
    int fd;    /* -1: there is no file; flushing a filled buffer fails with EBADF */
    int error; /* errno of the first failed write, 0 = none */
    char *buf; /* borrowed from the caller of xji_out_init */
    size_t n;
    size_t cap;
} xji_out;

/** buf (cap >= 1 bytes) must outlive o. Nothing to release. */
void xji_out_init(xji_out *o, int fd, char *buf, size_t cap);

/** Append; the buffer is written out whenever it is full. */
void xji_out_put(xji_out *o, const void *s, size_t n);
void xji_out_str(xji_out *o, const char *s);
void xji_out_char(xji_out *o, char c);
void xji_out_u64(xji_out *o, uint64_t v);

/** A number as "%.10g" gives it. */
void xji_out_double(xji_out *o, double v);

/** A number with so many decimals. */
void xji_out_fixed(xji_out *o, double v, int decimals);

/** n spaces. */
void xji_out_spaces(xji_out *o, size_t n);

/** Write out what is buffered. False when anything since the init was lost. */
bool xji_out_flush(xji_out *o);

/** Flush and close the file: some file systems report a full disk only then. False when anything was lost. */
bool xji_out_finish(xji_out *o);

#endif
