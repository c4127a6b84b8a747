#include "xj/encoding.h"

#include "xj/utf8.h"

const char *xj_encoding_name(xj_encoding enc)
{
    static const char *const names[XJ_ENC_COUNT] = {
#define XJ_ENCODING_ROW(name, number, text) [number] = text,
        XJ_ENCODING_LIST(XJ_ENCODING_ROW)
#undef XJ_ENCODING_ROW
    };
    return (int)enc >= 0 && enc < XJ_ENC_COUNT ? names[enc] : "?";
}

size_t xj_encoding_expected_len(xj_encoding enc, uint32_t cp)
{
    switch (enc) {
    case XJ_ENC_UTF8:
        return xj_utf8_len(cp);
    case XJ_ENC_UTF16LE:
    case XJ_ENC_UTF16BE:
        return cp < 0x10000 ? 2 : 4;
    case XJ_ENC_UTF32LE:
    case XJ_ENC_UTF32BE:
        return 4;
    default:
        return cp < 0x80 ? 1 : 2;
    }
}
