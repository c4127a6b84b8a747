/**
 * An index: a directory with immutable segment files and a manifest that names them. The manifest is replaced by
 * rename, which is the commit: a reader sees the old generation or the new one, never a mixture, and needs no lock.
 */
#ifndef XJ_INDEX_H
#define XJ_INDEX_H

#include "xj/postings.h"
#include "xj/segment.h"
#include "xj/segment_write.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_index xj_index;

/**
 * Open the index in directory path. *out is owned by the caller, NULL on failure. Errors: XJ_EIO (no such
 * directory, unreadable), XJ_EFORMAT (no manifest: not an index), XJ_EVERSION, XJ_ECORRUPT, XJ_ENOMEM.
 * The handle keeps its generation for as long as it is open, whatever writers do. Thread-safe for searching.
 */
XJ_API xj_status xj_index_open(xj_index **out, const char *path, xj_error *err);

/** Close and set *ix to NULL. NULL and a pointer to NULL are fine. */
XJ_API void xj_index_close(xj_index **ix);

/** Version of the index format that this library writes and reads. */
XJ_API unsigned xj_index_format_version(void);

/** Generation number, growing by one with each commit. */
XJ_API uint64_t xj_index_generation(const xj_index *ix);

/** Segments, valid while the index is open; i < xj_index_n_segments. */
XJ_API size_t xj_index_n_segments(const xj_index *ix);
XJ_API xj_segment *xj_index_segment(const xj_index *ix, size_t i);

/** Sum of the statistics of all segments (n_sections, n_pairs and n_words count a term once in each segment). */
XJ_API const xj_segment_stats *xj_index_stats(const xj_index *ix);

/** Bytes of memory that hold what was read so far (xj_segment_held), of all segments. */
XJ_API uint64_t xj_index_held(const xj_index *ix);

/**
 * Give that memory back (xj_segment_trim): for processes that answer many queries, between two of them. No other call may be
 * going on with this index.
 */
XJ_API void xj_index_trim(xj_index *ix);

/** Bytes of all files of this generation, the manifest included. */
XJ_API uint64_t xj_index_bytes(const xj_index *ix);

/** Writer of an index: holds its lock from open to close. Belongs to one thread. */
typedef struct xj_index_writer xj_index_writer;

/** What to do when the directory holds an index already. */
typedef enum xj_index_existing {
    XJ_INDEX_REFUSE, /* XJ_EUSAGE */
    XJ_INDEX_REPLACE /* readers keep the old one until the commit, which then removes its files */
} xj_index_existing;

/**
 * Take the lock of the index directory path, making the directory when there is none. A directory that is neither
 * empty nor an index is XJ_EUSAGE whatever `existing` says; a lock held by another writer is XJ_EBUSY at once.
 */
XJ_API xj_status xj_index_writer_open(xj_index_writer **out, const char *path, xj_index_existing existing,
                                      xj_error *err);

/** Begin a new segment under a name that was never used; level and pool as in xj_segment_writer_open. */
XJ_API xj_status xj_index_writer_begin(xj_index_writer *w, xj_text_level level, xj_pool *pool, xj_segment_writer **segment,
                                       xj_error *err);

/** A file in the index directory that no name leads to; it is gone when *fd is closed, by the caller. */
XJ_API xj_status xj_index_writer_temporary(xj_index_writer *w, int *fd, xj_error *err);

/**
 * Finish a segment: write it out, bring it to disk, open it again and verify every checksum. It joins the index with the
 * commit. *segment is freed, on failure too.
 */
XJ_API xj_status xj_index_writer_end(xj_index_writer *w, xj_segment_writer **segment, xj_error *err);

/**
 * Commit: the index now consists of the segments ended since open. XJ_OK only after everything is safely on disk; files
 * of the generation before are then removed.
 */
XJ_API xj_status xj_index_writer_commit(xj_index_writer *w, xj_error *err);

/** Bytes of the committed generation, 0 before the commit. */
XJ_API uint64_t xj_index_writer_bytes(const xj_index_writer *w);

/**
 * Release the lock, free and set *w to NULL. Without a commit everything written is removed, and so is the directory when
 * open made it.
 */
XJ_API void xj_index_writer_close(xj_index_writer **w);

#ifdef __cplusplus
}
#endif
#endif
