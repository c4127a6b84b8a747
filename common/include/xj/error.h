/**
 * Status codes and error details. Every function of libxunju that can fail returns an
 * xj_status; the detail goes to an optional caller-owned xj_error.
 */
#ifndef XJ_ERROR_H
#define XJ_ERROR_H

#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One list makes the enum and its texts, so that they cannot drift apart. A code names what the
 * caller can do about it; the process exit status of the tools follows from it. */
#define XJ_STATUS_LIST(X)                                                  \
    X(XJ_OK, 0, "done")                                                    \
    X(XJ_ENOMEM, 6, "out of memory")                                       \
    X(XJ_EIO, 4, "reading or writing failed")                              \
    X(XJ_EINPUT, 4, "an input document cannot be used")                    \
    X(XJ_EFORMAT, 3, "not a xunju index")                                  \
    X(XJ_EVERSION, 3, "an index of another version")                       \
    X(XJ_ECORRUPT, 3, "the index is damaged")                              \
    X(XJ_EQUERY, 2, "the query cannot be understood")                      \
    X(XJ_EUSAGE, 2, "wrong usage")                                         \
    X(XJ_ELIMIT, 5, "a documented limit or the deadline was reached")      \
    X(XJ_EBUSY, 7, "another writer holds the index")

typedef enum xj_status {
#define XJ_STATUS_ENUM(name, exit_code, text) name,
    XJ_STATUS_LIST(XJ_STATUS_ENUM)
#undef XJ_STATUS_ENUM
        XJ_STATUS_COUNT
} xj_status;

#define XJ_NO_OFFSET UINT64_MAX

/**
 * Detail of a failure. Caller-owned, no heap inside; initialise with XJ_ERROR_INIT.
 * The first error wins: filling an xj_error that already holds one is a no-op.
 */
typedef struct xj_error {
    xj_status code;    /* XJ_OK = empty */
    uint64_t offset;   /* byte in the file named by path, XJ_NO_OFFSET = unknown */
    char path[512];    /* file concerned, "" = none; cut at the end when longer */
    char message[512]; /* one line, lower case, no full stop */
} xj_error;

#define XJ_ERROR_INIT {XJ_OK, XJ_NO_OFFSET, "", ""}

/** Short English text of a status; never NULL, also for values outside the enum. Thread-safe. */
XJ_API const char *xj_status_text(xj_status st);

/** Name of a status ("XJ_EIO"); never NULL. Thread-safe. */
XJ_API const char *xj_status_name(xj_status st);

/** Exit status of the command-line tools for a status (docs of the tools): 0, 2, 3, 4, 5, 6 or 7. */
XJ_API int xj_status_exit_code(xj_status st);

/** Empty an error so that it can be filled again. err may be NULL. */
XJ_API void xj_error_clear(xj_error *err);

/**
 * Record a failure and return its code, so that callers write `return xj_fail(err, XJ_EIO, ...)`.
 * err may be NULL; an err that already holds an error keeps it (the code given is returned all the same).
 */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
XJ_API xj_status xj_fail(xj_error *err, xj_status code, const char *format, ...);

/** xj_fail with a file and a byte offset (XJ_NO_OFFSET when there is none). path may be NULL. */
#if defined(__GNUC__)
__attribute__((format(printf, 5, 6)))
#endif
XJ_API xj_status xj_fail_at(xj_error *err, xj_status code, const char *path, uint64_t offset,
                            const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
