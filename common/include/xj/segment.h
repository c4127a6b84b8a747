/**
 * Reading a segment: one immutable file of the index (docs/FORMAT.md). Nothing is parsed at open but the header and
 * the section table; everything else is read, checked and kept when it is first touched.
 *
 * Files are read with pread, never mapped: a file cut short by someone else gives an error, not a signal. Every
 * byte is verified against a checksum before it is used; a mismatch is XJ_ECORRUPT with the file and the byte.
 *
 * An open segment may be shared by many threads. Iterators and record buffers belong to one thread. What was read stays in
 * memory; xj_segment_trim gives it back.
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
    uint64_t n_sections;      /* heading paths; each has passages of its own */
    uint64_t n_pairs;         /* terms of two characters, singles and character lists */
    uint64_t n_words;         /* terms of words, stems and boundary pairs */
    uint64_t n_context_pairs; /* the same for the context (title and headings) */
    uint64_t n_context_words;
    uint64_t n_units;         /* sum of passage lengths in units */
    uint64_t n_postings;
    uint64_t n_occurrences;
    uint64_t n_context_postings;
    uint64_t n_characters;    /* code points of stored passage text */
    uint64_t text_bytes;      /* UTF-8 bytes of stored passage text */
    uint64_t input_bytes;     /* bytes of the reports as read */
} xj_segment_stats;

/** Where a term was found: in the text of passages, or in the title and the headings above them. */
typedef enum xj_field {
    XJ_BODY,   /* postings number passages */
    XJ_CONTEXT /* postings number sections; no adjacency codes */
} xj_field;

/** A term of the dictionary. df == 0: the segment does not hold it. Only df and cf are for callers. */
typedef struct xj_term {
    uint64_t cf;            /* occurrences in all */
    uint32_t df;            /* passages (XJ_CONTEXT: sections) that hold it */
    uint32_t page;          /* postings page of its first block */
    uint32_t first_block;   /* entry in the block directory when df > 128 */
    uint32_t passage;       /* the only posting when is_inline */
    uint64_t adjacency_at;  /* place in the adjacency stream, when has_codes and not is_inline */
    uint64_t code_bytes;    /* bytes there: cf, and one more for each half of a code that does not fit a nibble */
    uint16_t header_at;     /* cursors in the page */
    uint16_t noise_at;
    uint8_t max_impact;     /* bound of the impact of its postings, 255 = none is known */
    uint16_t code;          /* adjacency code when is_inline and has_codes */
    bool is_inline : 1;     /* its only posting, with tf 1, is all there is */
    bool has_codes : 1;
    bool in_context : 1;    /* postings number sections */
} xj_term;

/** Kinds of string terms; the first byte of their key. Part of the format. */
enum {
    XJ_KEY_CHAR = 'c', /* a character beyond the BMP that no character follows */
    XJ_KEY_WORD = 'w', /* a word as written (folded) */
    XJ_KEY_STEM = 's', /* English stem of a word, ranking only */
    XJ_KEY_PAIR = 'p'  /* two neighbouring units, one at least a word or a character beyond the BMP, joined by XJ_KEY_JOINT */
};
#define XJ_KEY_JOINT 0x1F
/** Most bytes of a string key: kind, two words of XJ_WORD_MAX code points, joint. */
#define XJ_KEY_MAX 514

typedef struct xj_passage_row {
    uint32_t report;
    uint32_t section; /* record in the headings store */
    uint32_t length;  /* units, to within 1/32 (xj/length.h) */
} xj_passage_row;

typedef struct xj_report_row {
    uint32_t first_passage;
    uint32_t n_passages;
    uint32_t first_section;
    uint32_t n_sections;
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

/** Bytes of memory that hold what was read so far: pages, decoded blocks, tables, texts. */
XJ_API uint64_t xj_segment_held(const xj_segment *seg);

/**
 * Give back the memory of what was read so far; it is read again when it is wanted. No other call may be going on with this
 * segment, and all that was borrowed from it and every iterator become invalid, except records and statistics.
 */
XJ_API void xj_segment_trim(xj_segment *seg);

/** Statistics, valid while the segment is open. */
XJ_API const xj_segment_stats *xj_segment_stats_of(const xj_segment *seg);

/** File name in the index directory, valid while the segment is open. */
XJ_API const char *xj_segment_name(const xj_segment *seg);

/** Bytes of section i (0 .. xj_segment_n_sections - 1) and its name; for info and size benches. */
XJ_API size_t xj_segment_n_sections(const xj_segment *seg);
XJ_API const char *xj_segment_section_name(const xj_segment *seg, size_t i);
XJ_API uint64_t xj_segment_section_bytes(const xj_segment *seg, size_t i);

/**
 * Look up a pair of folded characters; second == 0 looks up the single of `first`: its occurrences that no character
 * follows. Any characters, those beyond the BMP too. *term has df 0 when absent.
 */
XJ_API xj_status xj_segment_pair(xj_segment *seg, xj_field field, uint32_t first, uint32_t second, xj_term *term,
                                 xj_error *err);

/**
 * The list of a character, stored for characters that the pair terms (singles among them) give to less than a twentieth of the
 * passages: where it is their first, which is everywhere except before a character beyond the BMP. *term has df 0 when there is
 * none: the character is absent, or common, or beyond the BMP; then its terms add up to it.
 */
XJ_API xj_status xj_segment_character(xj_segment *seg, uint32_t character, xj_term *term, xj_error *err);

/** Look up a string term by its key (kind byte first). *term has df 0 when absent. */
XJ_API xj_status xj_segment_word(xj_segment *seg, xj_field field, const uint8_t *key, size_t len, xj_term *term,
                                 xj_error *err);

/** Second half of the key of a character list. */
#define XJ_SECOND_LIST 0xFFFFu

/** Walks terms in the order of their keys. Plain value, nothing to release; belongs to one thread. */
typedef struct xj_term_cursor {
    xj_segment *seg;
    int dictionary;
    uint32_t page, entry; /* of the current term */
    bool done;            /* no term is left; the rest is then meaningless */
    uint32_t first;       /* pairs: characters; second = 0 for a single, XJ_SECOND_LIST for a character list */
    uint32_t second;
    const uint8_t *key;   /* strings: n bytes, valid until xj_segment_trim */
    size_t n;
    xj_term term;
} xj_term_cursor;

/** Stand on the first pair term of `first` or, when there is none, the first after it. */
XJ_API xj_status xj_term_cursor_pair(xj_term_cursor *c, xj_segment *seg, xj_field field, uint32_t first, xj_error *err);

/** Stand on the first string term whose key is not below key[0..n). */
XJ_API xj_status xj_term_cursor_word(xj_term_cursor *c, xj_segment *seg, xj_field field, const uint8_t *key, size_t n,
                                     xj_error *err);

/** Step to the next term of the same dictionary. */
XJ_API xj_status xj_term_cursor_next(xj_term_cursor *c, xj_error *err);

/** Rows of the passage and report tables. i must be < n_passages or n_reports. */
XJ_API xj_status xj_segment_passage(xj_segment *seg, uint32_t i, xj_passage_row *row, xj_error *err);
XJ_API xj_status xj_segment_report(xj_segment *seg, uint32_t i, xj_report_row *row, xj_error *err);

/** Length of passage i in units, to within 1/32: all that scoring wants of a passage, without searching. */
XJ_API xj_status xj_segment_length(xj_segment *seg, uint32_t i, uint32_t *length, xj_error *err);

/** Length codes (xj/length.h) of passages: of n ascending ones to code[0..n). */
XJ_API xj_status xj_segment_length_codes(xj_segment *seg, const uint32_t *passage, size_t n, uint8_t *code, xj_error *err);

/** Length codes of all passages in [first, end), which lie one after the other. Valid until xj_segment_trim. */
XJ_API xj_status xj_segment_lengths(xj_segment *seg, uint32_t first, uint32_t end, const uint8_t **code, xj_error *err);

/**
 * The report of a passage, and its row: whoever walks passages asks again only when one lies outside [first_passage,
 * first_passage + n_passages).
 */
XJ_API xj_status xj_segment_report_of(xj_segment *seg, uint32_t passage, uint32_t *report, xj_report_row *row, xj_error *err);

/** The same when it is known not to be before report `from`: near ones are found fastest. */
XJ_API xj_status xj_segment_report_from(xj_segment *seg, uint32_t from, uint32_t passage, uint32_t *report, xj_report_row *row,
                                        xj_error *err);

/** The section of a passage; it holds passages [*first, *end). */
XJ_API xj_status xj_segment_section_of(xj_segment *seg, uint32_t passage, uint32_t *section, uint32_t *first, uint32_t *end,
                                       xj_error *err);

/** Passages [*first, *end) of section i < n_sections. */
XJ_API xj_status xj_segment_section(xj_segment *seg, uint32_t i, uint32_t *first, uint32_t *end, xj_error *err);

/**
 * One decompressed frame, kept between calls so that neighbouring records decompress once, and records in ascending order are
 * found without looking at those before them. Owned by the caller: XJ_RECORD_INIT, then xj_record_release. Belongs to one
 * thread; the segment must outlive what is read from it.
 */
typedef struct xj_record {
    const uint8_t *data; /* the record, valid until the next xj_segment_record with this xj_record */
    size_t n;
    xj_segment *seg; /* frame held: segment, store and number */
    int store;
    uint32_t frame;
    uint32_t first, end; /* records [first, end) are in the frame */
    uint32_t next;       /* the one that begins at byte `at` of the frame */
    size_t at;
    uint8_t *raw; /* the frame */
    size_t raw_n;
    size_t raw_cap;
    uint8_t *packed; /* the same as stored */
    size_t packed_cap;
    uint8_t *text; /* a text record with its characters as UTF-8 */
    size_t text_cap;
    void *unpacker;    /* a decompressor, when that of the segment was lent to another */
    bool cached;       /* set by the caller: frames of texts are kept by the segment, 256 MiB of them, for whoever reads them again */
    bool own;          /* raw is the frame held */
} xj_record;

#define XJ_RECORD_INIT {NULL, 0, NULL, -1, 0, 0, 0, 0, 0, NULL, 0, 0, NULL, 0, NULL, 0, NULL, false, false}

/** Read record i of a store into r. */
XJ_API xj_status xj_segment_record(xj_segment *seg, xj_store store, uint32_t i, xj_record *r, xj_error *err);
XJ_API void xj_record_release(xj_record *r);

/** The text of a passage as UTF-8, without a NUL behind it; valid until the next call with this record. */
XJ_API xj_status xj_segment_text(xj_segment *seg, uint32_t passage, xj_record *r, const char **text, size_t *n, xj_error *err);

/**
 * A record that was read but makes no sense: when st is XJ_ECORRUPT and err does not name a place yet, name the file and the
 * byte of the record's frame. Returns st, so that callers write `st = xj_record_place(r, xj_..._parse(...), err)`.
 */
XJ_API xj_status xj_record_place(const xj_record *r, xj_status st, xj_error *err);

/** Most postings in a block. */
#define XJ_BLOCK 128
/** Value of an exhausted iterator; no passage has this number. */
#define XJ_DOC_END UINT32_MAX
/** Half of an adjacency code that is this great stands for this and more. */
#define XJ_CODE_FULL 255

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
