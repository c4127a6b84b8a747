/*
 * PATH arguments to a stream of inputs: files, folders walked in byte order of their relative paths, and JSON Lines files
 * read line by line.
 */
#ifndef XJI_SOURCE_H
#define XJI_SOURCE_H

#include "document.h"

typedef struct xji_source xji_source;

/* Told of everything that is left out: origin (may be NULL) and reason. Runs in the caller's thread. */
typedef void (*xji_skip_fn)(void *ctx, const char *origin, const char *reason);

/* The reason (this very pointer) for files in a folder that are of no kind that is read: many of them are no news. */
extern const char xji_source_other_kind[];

/* Prepare the arguments; "-" is JSON Lines on standard input. Folders are listed at once, files are not opened.
 * A PATH that does not exist is reported through skip like any other. */
xj_status xji_source_open(xji_source **out, char *const *paths, size_t n_paths, xji_skip_fn skip, void *ctx, xj_error *err);

/* The next input, owned by the caller, or *more = false. XJ_EIO when a JSON Lines stream cannot be read further is reported
 * through skip and the stream ends there. */
xj_status xji_source_next(xji_source *s, xji_input *in, bool *more, xj_error *err);

/* Files found, standard input included. */
size_t xji_source_n_files(const xji_source *s);

/* Bytes of all files found (0 for standard input) and bytes handed out so far, for a progress bar. */
uint64_t xji_source_bytes_total(const xji_source *s);
uint64_t xji_source_bytes_done(const xji_source *s);

void xji_source_close(xji_source **s);

#endif
