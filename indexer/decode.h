/*
 * Bytes of a file to code points. A byte-order mark decides; else a file that is valid UTF-8 as a whole is
 * UTF-8; else ICU decodes each candidate and the plausibility of the result decides. ICU stays inside decode.c.
 */
#ifndef XJI_DECODE_H
#define XJI_DECODE_H

#include <stdbool.h>

#include "text.h"

typedef enum xji_decided_by {
    XJI_BY_BOM,      /* byte-order mark */
    XJI_BY_VALIDITY, /* valid UTF-8 as a whole (ASCII too) */
    XJI_BY_SCORE,    /* candidates scored */
    XJI_BY_CALLER    /* forced by the caller (JSON text is UTF-8) */
} xji_decided_by;

typedef struct xji_decode_info {
    xj_encoding encoding;
    xji_decided_by by;
    unsigned confidence; /* 0..100; 100 for a mark or validity */
    unsigned bom_bytes;  /* 0, 2, 3 or 4 */
    uint64_t ill_formed; /* U+FFFD produced */
} xji_decode_info;

/*
 * Decode bytes[0..n), n < 2^32, replacing what out held. Byte offsets count from bytes[0], the mark included.
 * Errors: XJ_EINPUT when the bytes are not text in any known encoding ("binary": the message says why), XJ_ENOMEM.
 */
xj_status xji_decode(xji_text *out, xji_decode_info *info, const uint8_t *bytes, size_t n,
                     xji_log *log, xj_error *err);

/* The same with the encoding given: ill-formed bytes become U+FFFD, nothing is refused. */
xj_status xji_decode_as(xji_text *out, xji_decode_info *info, xj_encoding enc, const uint8_t *bytes,
                        size_t n, xji_log *log, xj_error *err);

#endif
