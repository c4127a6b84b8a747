/**
 * Encodings a report can be stored in. Kept in the index so that a match can be mapped to
 * bytes of the source file.
 */
#ifndef XJ_ENCODING_H
#define XJ_ENCODING_H

#include <stddef.h>
#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Numbers are part of the index format: append only. */
#define XJ_ENCODING_LIST(X)      \
    X(XJ_ENC_UTF8, 0, "UTF-8")   \
    X(XJ_ENC_UTF16LE, 1, "UTF-16LE") \
    X(XJ_ENC_UTF16BE, 2, "UTF-16BE") \
    X(XJ_ENC_GB18030, 3, "GB18030")  \
    X(XJ_ENC_BIG5, 4, "Big5")        \
    X(XJ_ENC_EUCJP, 5, "EUC-JP")     \
    X(XJ_ENC_SJIS, 6, "Shift_JIS")   \
    X(XJ_ENC_UTF32LE, 7, "UTF-32LE") \
    X(XJ_ENC_UTF32BE, 8, "UTF-32BE")

typedef enum xj_encoding {
#define XJ_ENCODING_ENUM(name, number, text) name = number,
    XJ_ENCODING_LIST(XJ_ENCODING_ENUM)
#undef XJ_ENCODING_ENUM
        XJ_ENC_COUNT
} xj_encoding;

/** IANA-style name ("GB18030"); "?" for values outside the enum. Thread-safe. */
XJ_API const char *xj_encoding_name(xj_encoding enc);

/**
 * Bytes a code point is *expected* to take in an encoding: exact for UTF-8, UTF-16 and UTF-32; for the
 * multi-byte encodings 1 below U+0080 and 2 otherwise. Source maps store only where the truth differs.
 */
XJ_API size_t xj_encoding_expected_len(xj_encoding enc, uint32_t cp);

#ifdef __cplusplus
}
#endif
#endif
