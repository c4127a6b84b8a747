/**
 * Source maps: from a code point of a passage's text to the bytes of the source file it came from. Only where the
 * truth differs from what the encoding predicts is stored, so that clean UTF-8 needs one number a passage.
 */
#ifndef XJ_SRCMAP_H
#define XJ_SRCMAP_H

#include "xj/bytes.h"
#include "xj/encoding.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a code point of the text came to be. */
typedef enum xj_mark {
    XJ_MARK_READ = 0,
    XJ_MARK_RESTORED = 1,   /* repaired with certainty */
    XJ_MARK_CONJECTURE = 2  /* restored from part of its bytes and its neighbours */
} xj_mark;

/**
 * Append the map of n code points to out (docs/FORMAT.md, "source map"). beg and len are source bytes of each
 * code point, mark (may be NULL) its xj_mark.
 */
XJ_API xj_status xj_srcmap_put(xj_buf *out, xj_encoding enc, const uint32_t *cp, const uint32_t *beg,
                               const uint8_t *len, const uint8_t *mark, size_t n, xj_error *err);

/** Code points that stand in the source as they are: n of them, all together the bytes [beg, end). */
typedef struct xj_source_range {
    uint32_t beg, end;
    uint32_t n;
} xj_source_range;

/** Append the map of UTF-8 text that is these ranges of its source, one after another. */
XJ_API xj_status xj_srcmap_put_ranges(xj_buf *out, const xj_source_range *range, size_t n_ranges, xj_error *err);

/**
 * Read a map back: beg[i], end[i] for the n code points cp of the text, and mark[i] (may be NULL).
 * Errors: XJ_ECORRUPT when the map does not fit n or its bytes are malformed. Reads r to the end of the map.
 */
XJ_API xj_status xj_srcmap_get(xj_rd *r, xj_encoding enc, const uint32_t *cp, size_t n, uint64_t *beg,
                               uint64_t *end, uint8_t *mark, xj_error *err);

#ifdef __cplusplus
}
#endif
#endif
