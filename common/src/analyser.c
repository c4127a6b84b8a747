#include "xj/analyser.h"

#include "xj/bytes.h"
#include "xj/fold.h"
#include "xj/stem.h"
#include "xj/token.h"
#include "xj/utf8.h"

/* Raise when a rule of docs/TEXT.md changes in a way that the probe below does not show. */
enum { RULE_VERSION = 1 };

static const char probe[] = "坚持和发展新时代“枫桥经验”，楓橋經驗 5G网络、１＋６＋Ｎ 99.99% 2024-2025年 1,300件 1.2025年 C++ "
                            "ﾄｳｷｮｳ 서울 𠮷野家 ⼈⼤ Communities running_well ㎡ ㍿";

uint64_t xj_analyser_fingerprint(void)
{
    uint32_t cp[sizeof probe];
    size_t n = 0;
    for (size_t i = 0; i < sizeof probe - 1; n++)
        i += xj_utf8_decode((const uint8_t *)probe + i, sizeof probe - 1 - i, &cp[n], NULL);
    xj_units units = XJ_UNITS_INIT;
    xj_buf buf = XJ_BUF_INIT;
    xj_stemmer *stemmer;
    uint64_t print = 0;
    xj_status st = xj_stemmer_new(&stemmer, NULL);
    if (st == XJ_OK)
        st = xj_units_read(&units, cp, n, 0, NULL);
    if (st == XJ_OK)
        st = xj_buf_u64(&buf, xj_fold_fingerprint(), NULL);
    if (st == XJ_OK)
        st = xj_buf_u32(&buf, RULE_VERSION, NULL);
    for (size_t i = 0; i < units.n && st == XJ_OK; i++) {
        const xj_unit *u = &units.unit[i];
        st = xj_buf_u32(&buf, u->kind, NULL);
        if (st == XJ_OK)
            st = xj_buf_u32(&buf, u->cp, NULL);
        if (st == XJ_OK && u->kind == XJ_UNIT_WORD) {
            size_t len;
            const char *stem = xj_stemmer_stem(stemmer, units.words + u->word_off, u->word_len, &len);
            st = xj_buf_put(&buf, units.words + u->word_off, u->word_len, NULL);
            if (st == XJ_OK && stem)
                st = xj_buf_put(&buf, stem, len, NULL);
        }
    }
    if (st == XJ_OK)
        print = xj_checksum(buf.data, buf.n, 0);
    xj_stemmer_free(stemmer);
    xj_units_release(&units);
    xj_buf_release(&buf);
    return print;
}
