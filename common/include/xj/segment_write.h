/**
 * Writing a segment (docs/FORMAT.md). Order of calls: open; for each report its sections, each followed by its passages,
 * then the report; then the scale, and the parts of the dictionaries in ascending order; finish. Nothing refers to the
 * file until a manifest names it, so it is written under its final name and removed when anything fails.
 * One writer belongs to one thread; parts may be made in any.
 */
#ifndef XJ_SEGMENT_WRITE_H
#define XJ_SEGMENT_WRITE_H

#include "xj/pool.h"
#include "xj/segment.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_segment_writer xj_segment_writer;

/** How hard stored text is compressed. Answers do not depend on it. */
typedef enum xj_text_level { XJ_TEXT_FAST, XJ_TEXT_DEFAULT, XJ_TEXT_SMALL } xj_text_level;

/**
 * Create segment file `name` (must not exist) in the directory open as dir_fd; dir_path is for messages. Texts are
 * compressed by the threads of pool, which outlives the writer; NULL: by the caller's.
 * *out is owned by the caller, NULL on failure.
 */
XJ_API xj_status xj_segment_writer_open(xj_segment_writer **out, int dir_fd, const char *dir_path, const char *name,
                                        xj_text_level level, xj_pool *pool, xj_error *err);

/** Begin a section: the passages that follow have the heading path of this record (empty: none). It needs a passage. */
XJ_API xj_status xj_segment_writer_section(xj_segment_writer *w, const void *record, size_t n, xj_error *err);

/**
 * Append a passage to the last section. length in units, n_characters and text_bytes for the statistics.
 */
XJ_API xj_status xj_segment_writer_passage(xj_segment_writer *w, uint32_t length, const void *record, size_t n,
                                           uint64_t n_characters, uint64_t text_bytes, xj_error *err);

/** Close a report: all passages since the last report are its own. id is kept for the rank table. */
XJ_API xj_status xj_segment_writer_report(xj_segment_writer *w, const char *id, size_t n_id, uint32_t year,
                                          uint64_t input_bytes, const void *record, size_t n, xj_error *err);

/**
 * Append all reports of an open segment with their sections, passages and texts: as they are stored there, without
 * compressing anew. Only between reports. Their terms are the caller's to merge.
 */
XJ_API xj_status xj_segment_writer_copy(xj_segment_writer *w, xj_segment *seg, xj_error *err);

/** Passages and sections added so far. */
XJ_API uint32_t xj_segment_writer_n_passages(const xj_segment_writer *w);
XJ_API uint32_t xj_segment_writer_n_sections(const xj_segment_writer *w);

/** Memory that the tables take, which grow with the segment, in bytes; beside it a group of texts takes up to 24 MiB. */
XJ_API size_t xj_segment_writer_memory(const xj_segment_writer *w);

/** What the bounds of impacts are made with: lengths of passages. Read-only once made, shared by threads. */
typedef struct xj_scale xj_scale;

/** All passages are there: the scale for the parts that follow. Owned by the writer, valid until finish or abandon. */
XJ_API xj_status xj_segment_writer_scale(xj_segment_writer *w, const xj_scale **scale, xj_error *err);

/** The dictionaries of a segment. Part of the format. */
typedef enum xj_dictionary {
    XJ_PAIRS,           /* two characters, singles, character lists: keys are numbers */
    XJ_STRINGS,         /* words, stems, boundary pairs: keys are bytes */
    XJ_CONTEXT_PAIRS,   /* the same for titles and headings; postings number sections */
    XJ_CONTEXT_STRINGS
} xj_dictionary;

/** Key of a pair: two BMP characters, or one and XJ_SECOND_SINGLE or XJ_SECOND_LIST. */
#define XJ_PAIR_KEY(first, second) ((uint32_t)(first) << 16 | (uint32_t)(second))
#define XJ_SECOND_SINGLE 0xFFFEu /* occurrences that no character follows; lists are XJ_SECOND_LIST */
/** A character has a list when df * XJ_RARE_SHARE < passages of the segment. */
#define XJ_RARE_SHARE 20

/** Postings of one term, handed over in arrays. */
typedef struct xj_term_postings {
    const uint32_t *docs; /* strictly increasing, below the number of passages (context: sections) */
    const uint32_t *tfs;  /* >= 1 */
    uint32_t n;           /* >= 1 */
    const uint16_t *adjacency; /* a code an occurrence, as xj_postings_codes yields them; terms without: not read */
} xj_term_postings;

/** Terms of a range of keys, encoded. Belongs to one thread at a time. */
typedef struct xj_term_part xj_term_part;

XJ_API xj_status xj_term_part_new(xj_term_part **out, xj_dictionary dictionary, const xj_scale *scale, xj_error *err);

/** Append a term; keys must increase strictly (strings: in byte order, 1 to XJ_KEY_MAX bytes). */
XJ_API xj_status xj_term_part_pair(xj_term_part *p, uint32_t key, const xj_term_postings *postings, xj_error *err);
XJ_API xj_status xj_term_part_string(xj_term_part *p, const void *key, size_t n, const xj_term_postings *postings, xj_error *err);

/** No more terms follow. */
XJ_API xj_status xj_term_part_finish(xj_term_part *p, xj_error *err);

XJ_API uint32_t xj_term_part_n_terms(const xj_term_part *p);
XJ_API void xj_term_part_free(xj_term_part *p);

/**
 * Append a finished part. Parts come in the order of dictionaries and, within one, of keys. The part stays the caller's.
 * The bytes of the segment depend on where parts begin: cut them by keys, not by threads.
 */
XJ_API xj_status xj_segment_writer_part(xj_segment_writer *w, const xj_term_part *part, xj_error *err);

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
