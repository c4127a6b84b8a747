/**
 * Writing a segment (docs/FORMAT.md). Order of calls: open; reports, sections and passages in ascending order; then
 * terms in ascending order of their keys (pairs first, then words); finish. Nothing refers to the file
 * until a manifest names it, so it is written under its final name and removed when anything fails.
 * One writer belongs to one thread.
 */
#ifndef XJ_SEGMENT_WRITE_H
#define XJ_SEGMENT_WRITE_H

#include "xj/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_segment_writer xj_segment_writer;

/**
 * Create segment file `name` (must not exist) in the directory open as dir_fd; dir_path is for messages.
 * *out is owned by the caller, NULL on failure.
 */
XJ_API xj_status xj_segment_writer_open(xj_segment_writer **out, int dir_fd, const char *dir_path,
                                        const char *name, xj_error *err);

/** Append a heading path; *number is its section number. Section 0 must be added first, with an empty record. */
XJ_API xj_status xj_segment_writer_section(xj_segment_writer *w, const void *record, size_t n, uint32_t *number,
                                           xj_error *err);

/**
 * Append a passage of the report that xj_segment_writer_report will close. length in units, n_characters and
 * text_bytes for the statistics.
 */
XJ_API xj_status xj_segment_writer_passage(xj_segment_writer *w, uint32_t section, uint32_t length, const void *record,
                                           size_t n, uint64_t n_characters, uint64_t text_bytes, xj_error *err);

/** Close a report: all passages since the last report are its own. id is kept for the rank table. */
XJ_API xj_status xj_segment_writer_report(xj_segment_writer *w, const char *id, size_t n_id, uint32_t year,
                                          uint64_t input_bytes, const void *record, size_t n, xj_error *err);

/** Postings of one term, handed over in arrays. adjacency: sum of tfs codes, or NULL for terms without. */
typedef struct xj_term_postings {
    const uint32_t *docs; /* strictly increasing, below the number of passages */
    const uint32_t *tfs;  /* >= 1 */
    uint32_t n;           /* >= 1 */
    const uint8_t *adjacency;
} xj_term_postings;

/** Append a pair term (second == 0: end-of-run single). Keys must increase strictly. */
XJ_API xj_status xj_segment_writer_pair(xj_segment_writer *w, uint32_t first, uint32_t second,
                                        const xj_term_postings *postings, xj_error *err);

/** Append a string term after all pairs. Keys must increase strictly in byte order; n <= XJ_KEY_MAX. */
XJ_API xj_status xj_segment_writer_word(xj_segment_writer *w, const void *key, size_t n,
                                        const xj_term_postings *postings, xj_error *err);

/** Memory the writer holds for what is not in the file yet, in bytes. */
XJ_API size_t xj_segment_writer_memory(const xj_segment_writer *w);

/** Passages added so far. */
XJ_API uint32_t xj_segment_writer_n_passages(const xj_segment_writer *w);

/** What the manifest needs to know of a finished segment. */
typedef struct xj_segment_seal {
    uint64_t size;
    uint64_t header_sum;
} xj_segment_seal;

/** Write all tables and the header, bring the file to disk and close it. The writer is freed on success only. */
XJ_API xj_status xj_segment_writer_finish(xj_segment_writer **w, xj_segment_seal *seal, xj_error *err);

/** Give up: close and remove the file, free the writer, set *w to NULL. */
XJ_API void xj_segment_writer_abandon(xj_segment_writer **w);

#ifdef __cplusplus
}
#endif
#endif
