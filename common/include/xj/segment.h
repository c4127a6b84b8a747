/**
 * Reading a segment: one immutable file of the index (docs/FORMAT.md). Nothing is parsed at open but the header and
 * the section table; everything else is read, checked and kept when it is first touched.
 *
 * Files are read with pread, never mapped: a file cut short by someone else gives an error, not a signal. Every
 * byte is verified against a checksum before it is used; a mismatch is XJ_ECORRUPT with the file and the byte.
 *
 * An open segment may be shared by many threads. Iterators and record buffers belong to one thread.
 */
#ifndef XJ_SEGMENT_H
#define XJ_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/bytes.h"
#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_segment xj_segment;

/** What a segment holds. */
typedef struct xj_segment_stats {
    uint64_t n_reports;
    uint64_t n_passages;
    uint64_t n_sections;   /* heading paths, the empty one included */
    uint64_t n_pairs;      /* terms of pairs and single characters */
    uint64_t n_words;      /* terms of words, stems and boundary pairs */
    uint64_t n_units;      /* sum of passage lengths in units */
    uint64_t n_postings;
    uint64_t n_occurrences;
    uint64_t n_characters; /* code points of stored passage text */
    uint64_t text_bytes;   /* UTF-8 bytes of stored passage text */
    uint64_t input_bytes;  /* bytes of the reports as read */
} xj_segment_stats;

/** A term of the dictionary. df == 0: the segment does not hold it. */
typedef struct xj_term {
    uint32_t df;          /* passages that hold it */
    uint32_t cf;          /* occurrences in all, saturating at UINT32_MAX */
    uint32_t first_block; /* entry in the block directory when df > 128 */
    uint64_t postings_at; /* byte in the postings stream */
    uint64_t adjacency_at; /* byte in the adjacency stream, UINT64_MAX = the term has none */
} xj_term;

/** Kinds of string terms; the first byte of their key. Part of the format. */
enum {
    XJ_KEY_WORD = 'w', /* a word as written (folded) */
    XJ_KEY_STEM = 's', /* English stem of a word, ranking only */
    XJ_KEY_PAIR = 'p'  /* two neighbouring units of which one at least is a word, joined by XJ_KEY_JOINT */
};
#define XJ_KEY_JOINT 0x1F
/** Most bytes of a string key: kind, two words of XJ_WORD_MAX code points, joint. */
#define XJ_KEY_MAX 514

typedef struct xj_passage_row {
    uint32_t report;
    uint32_t section; /* record in the headings store; 0 = no heading above */
    uint32_t length;  /* units */
} xj_passage_row;

typedef struct xj_report_row {
    uint32_t first_passage;
    uint32_t n_passages;
    uint32_t id_rank; /* rank of its id among the segment's ids in byte order */
    uint32_t year;    /* report year, 0 = unknown */
} xj_report_row;

/** Record stores of a segment. */
typedef enum xj_store {
    XJ_STORE_TEXT,    /* one record a passage: text and source map */
    XJ_STORE_REPORT,  /* one record a report: metadata */
    XJ_STORE_HEADING, /* one record a section: heading path */
    XJ_STORE_COUNT
} xj_store;

/**
 * Open segment file `name` in the directory open as dir_fd (dir_path is used in messages only).
 * size and header_sum are what the manifest says; a file that differs is XJ_ECORRUPT.
 * *out is owned by the caller, NULL on failure.
 */
XJ_API xj_status xj_segment_open(xj_segment **out, int dir_fd, const char *dir_path, const char *name,
                                 uint64_t size, uint64_t header_sum, xj_error *err);

/** Close and set *seg to NULL. NULL and a pointer to NULL are fine. */
XJ_API void xj_segment_close(xj_segment **seg);

/** Statistics, valid while the segment is open. */
XJ_API const xj_segment_stats *xj_segment_stats_of(const xj_segment *seg);

/** File name in the index directory, valid while the segment is open. */
XJ_API const char *xj_segment_name(const xj_segment *seg);

/** Bytes of section i (0 .. xj_segment_n_sections - 1) and its name; for info and size benches. */
XJ_API size_t xj_segment_n_sections(const xj_segment *seg);
XJ_API const char *xj_segment_section_name(const xj_segment *seg, size_t i);
XJ_API uint64_t xj_segment_section_bytes(const xj_segment *seg, size_t i);

/**
 * Look up a pair of folded characters; second == 0 looks up the end-of-run single. *term has df 0 when absent.
 */
XJ_API xj_status xj_segment_pair(xj_segment *seg, uint32_t first, uint32_t second, xj_term *term,
                                 xj_error *err);

/** Ordinals [*lo, *hi) of all pair terms whose first character is `first`. */
XJ_API xj_status xj_segment_pair_range(xj_segment *seg, uint32_t first, uint64_t *lo, uint64_t *hi,
                                       xj_error *err);

/** Look up a string term by its key (kind byte first). *term has df 0 when absent. */
XJ_API xj_status xj_segment_word(xj_segment *seg, const uint8_t *key, size_t len, xj_term *term,
                                 xj_error *err);

/** Ordinals [*lo, *hi), counted from n_pairs, of all string terms whose key begins with prefix. */
XJ_API xj_status xj_segment_word_range(xj_segment *seg, const uint8_t *prefix, size_t len, uint64_t *lo,
                                       uint64_t *hi, xj_error *err);

/** The term with an ordinal < n_pairs + n_words. */
XJ_API xj_status xj_segment_term(xj_segment *seg, uint64_t ordinal, xj_term *term, xj_error *err);

/** Rows of the passage and report tables. i must be < n_passages or n_reports. */
XJ_API xj_status xj_segment_passage(xj_segment *seg, uint32_t i, xj_passage_row *row, xj_error *err);
XJ_API xj_status xj_segment_report(xj_segment *seg, uint32_t i, xj_report_row *row, xj_error *err);

/**
 * One decompressed frame, kept between calls so that neighbouring records decompress once. Owned by the caller:
 * XJ_RECORD_INIT, then xj_record_release. Belongs to one thread.
 */
typedef struct xj_record {
    const uint8_t *data; /* the record, valid until the next xj_segment_record with this xj_record */
    size_t n;
    xj_segment *seg; /* frame held: segment, store and number */
    int store;
    uint32_t frame;
    uint8_t *raw;
    size_t raw_n;
    size_t raw_cap;
    uint8_t *packed;
    size_t packed_cap;
} xj_record;

#define XJ_RECORD_INIT {NULL, 0, NULL, -1, 0, NULL, 0, 0, NULL, 0}

/** Read record i of a store into r. */
XJ_API xj_status xj_segment_record(xj_segment *seg, xj_store store, uint32_t i, xj_record *r, xj_error *err);
XJ_API void xj_record_release(xj_record *r);

/**
 * A record that was read but makes no sense: when st is XJ_ECORRUPT and err does not name a place yet, name the file and the
 * byte of the record's frame. Returns st, so that callers write `st = xj_record_place(r, xj_..._parse(...), err)`.
 */
XJ_API xj_status xj_record_place(const xj_record *r, xj_status st, xj_error *err);

/** Most postings in a block. */
#define XJ_BLOCK 128
/** Value of an exhausted iterator; no passage has this number. */
#define XJ_DOC_END UINT32_MAX

/** Iterator over the postings of one term, passage numbers ascending. Plain value, nothing to release. */
typedef struct xj_postings {
    xj_segment *seg;
    xj_term term;
    uint32_t doc;       /* current passage, XJ_DOC_END after the last */
    uint32_t tf;        /* occurrences in it */
    uint32_t i;         /* current posting in the block */
    uint32_t n;         /* postings in the block */
    uint32_t block;     /* number of the block in the list */
    uint32_t n_blocks;
    uint64_t adjacency_at; /* byte of the block's first adjacency code */
    uint32_t docs[XJ_BLOCK];
    uint32_t tfs[XJ_BLOCK];
} xj_postings;

/** Stand on the first posting (or on XJ_DOC_END when df is 0). */
XJ_API xj_status xj_postings_open(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err);

/** Step to the next posting. */
XJ_API xj_status xj_postings_next(xj_postings *it, xj_error *err);

/** Step to the first posting with doc >= target; a target at or before the current one is a no-op. */
XJ_API xj_status xj_postings_seek(xj_postings *it, uint32_t target, xj_error *err);

/**
 * Adjacency codes of the current posting, tf bytes: high nibble = which occurrence of the pair's first unit in the
 * passage this is, low nibble = the same for its second unit, both from 0 and saturating at 15. AB and BC stand next
 * to each other exactly when AB's low nibble equals BC's high nibble and is below 15.
 * *codes is valid as long as the segment is open. XJ_ECORRUPT when the term has none.
 */
XJ_API xj_status xj_postings_adjacency(xj_postings *it, const uint8_t **codes, xj_error *err);

/** Called by xj_segment_check for each damage; returning false stops the check. */
typedef bool (*xj_damage_fn)(void *ctx, const xj_error *damage);

/** How deep a check goes. */
typedef enum xj_check_depth {
    XJ_CHECK_BYTES, /* every checksum and all padding: is this what was written? */
    XJ_CHECK_ALL    /* also order of terms and postings, ranges, counts, records: does it make sense? */
} xj_check_depth;

/**
 * Verify a segment. Damage goes to report (may be NULL), *n_damages counts it; the check goes on after damage where
 * it can. Returns XJ_OK when the check was carried out, whatever it found.
 */
XJ_API xj_status xj_segment_check(xj_segment *seg, xj_check_depth depth, xj_damage_fn report, void *ctx,
                                  uint64_t *n_damages, xj_error *err);

#ifdef __cplusplus
}
#endif
#endif
