/**
 * The records of a segment's stores: what a passage, a report and a heading path look like as bytes
 * (docs/FORMAT.md), and as values.
 */
#ifndef XJ_RECORD_H
#define XJ_RECORD_H

#include "xj/bytes.h"
#include "xj/encoding.h"
#include "xj/srcmap.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Text of a passage with the source of each code point. Owned: XJ_PASSAGE_TEXT_INIT, xj_passage_text_release. */
typedef struct xj_passage_text {
    uint32_t *cp;  /* n code points */
    uint64_t *beg; /* source bytes [beg, end) of each */
    uint64_t *end;
    uint8_t *mark; /* xj_mark of each */
    size_t n;
    size_t cap;
} xj_passage_text;

#define XJ_PASSAGE_TEXT_INIT {NULL, NULL, NULL, NULL, 0, 0}

/** Append the record of a passage: its text as UTF-8 and its source map. mark may be NULL. */
XJ_API xj_status xj_passage_put(xj_buf *out, xj_encoding enc, const uint32_t *cp, const uint32_t *beg,
                                const uint8_t *len, const uint8_t *mark, size_t n, xj_error *err);

/**
 * The same for a passage that stands in a UTF-8 source as it is: it is these ranges of source, one after another. The
 * bytes are not looked at.
 */
XJ_API xj_status xj_passage_put_ranges(xj_buf *out, const uint8_t *source, const xj_source_range *range, size_t n_ranges,
                                       xj_error *err);

/** Read a passage record back, reusing t's memory. enc is the report's. XJ_ECORRUPT, XJ_ENOMEM. */
XJ_API xj_status xj_passage_text_parse(xj_passage_text *t, const uint8_t *record, size_t n, xj_encoding enc,
                                       xj_error *err);
XJ_API void xj_passage_text_release(xj_passage_text *t);

/** A borrowed string: not NUL-terminated; s NULL = absent. */
typedef struct xj_str {
    const char *s;
    size_t n;
} xj_str;

/** Most metadata fields a report can carry beside the fixed ones. */
#define XJ_EXTRA_MAX 64

/** A field from JSON Lines that has no meaning of its own here. */
typedef struct xj_extra {
    xj_str name;
    xj_str value; /* the string, or a number as written in JSON */
    bool is_number;
} xj_extra;

/** Metadata of a report. Strings borrow from the record (valid UTF-8 but for ids and paths, which are file names). */
typedef struct xj_report_meta {
    xj_str id;
    xj_str path;
    xj_str title;
    xj_str agency;
    xj_str date;
    xj_str number;
    xj_encoding encoding;
    size_t n_extra;
    xj_extra extra[XJ_EXTRA_MAX];
} xj_report_meta;

XJ_API xj_status xj_report_meta_put(xj_buf *out, const xj_report_meta *meta, xj_error *err);
XJ_API xj_status xj_report_meta_parse(xj_report_meta *meta, const uint8_t *record, size_t n, xj_error *err);

/** Deepest heading path that is stored. */
#define XJ_HEADINGS_MAX 16

/** Headings above a passage, outermost first. Strings borrow from the record. */
typedef struct xj_heading_path {
    size_t n;
    xj_str heading[XJ_HEADINGS_MAX];
} xj_heading_path;

XJ_API xj_status xj_heading_path_put(xj_buf *out, const xj_heading_path *path, xj_error *err);
XJ_API xj_status xj_heading_path_parse(xj_heading_path *path, const uint8_t *record, size_t n, xj_error *err);

#ifdef __cplusplus
}
#endif
#endif
