/*
 * A map is: varint source byte of the first code point; varint number of entries; entries
 *   varint (step << 2 | kind), step = code points since the previous entry's (0 = the same one), kind
 *     0 GAP   zigzag: bytes between the end of the code point before and the beginning of this one
 *     1 LEN   zigzag: actual minus expected length of this code point
 *     2 RESTORED, 3 CONJECTURE   varint: number of code points from this one on that bear the mark
 */
#include "xj/srcmap.h"

enum { ENTRY_GAP, ENTRY_LEN, ENTRY_RESTORED, ENTRY_CONJECTURE };

static xj_status entry(xj_buf *out, size_t *last, size_t at, unsigned kind, uint64_t value,
                       uint64_t *count, xj_error *err)
{
    xj_status st = xj_buf_varint(out, (uint64_t)(at - *last) << 2 | kind, err);
    if (st == XJ_OK)
        st = xj_buf_varint(out, value, err);
    *last = at;
    ++*count;
    return st;
}

/* Bytes of a code point in UTF-8, surrogates and what is no code point as U+FFFD. */
static inline uint32_t utf8_len(uint32_t cp)
{
    return 1 + (uint32_t)(cp >= 0x80) + (uint32_t)(cp >= 0x800) + (uint32_t)(cp - 0x10000 < 0x100000);
}

/*
 * First code point from i > 0 on that needs an entry, or n: of UTF-8 one that does not follow its neighbour without a gap,
 * has other bytes than it should, or a mark; of other encodings any. Many are looked at together, without branches, so
 * that it is done in wide registers.
 */
static size_t next_unexpected(xj_encoding enc, const uint32_t *cp, const uint32_t *beg, const uint8_t *len,
                              const uint8_t *mark, size_t i, size_t n)
{
    enum { LOOK = 16 };
    if (enc != XJ_ENC_UTF8)
        return i;
    for (; n - i >= LOOK; i += LOOK) {
        uint32_t bad = 0;
        for (size_t k = i; k < i + LOOK; k++)
            bad |= (len[k] ^ utf8_len(cp[k])) | (beg[k] ^ (beg[k - 1] + len[k - 1]));
        for (size_t k = i; mark && k < i + LOOK; k++)
            bad |= mark[k] ^ XJ_MARK_READ;
        if (bad)
            break;
    }
    while (i < n && len[i] == utf8_len(cp[i]) && beg[i] == beg[i - 1] + len[i - 1] &&
           (!mark || mark[i] == XJ_MARK_READ))
        i++;
    return i;
}

xj_status xj_srcmap_put(xj_buf *out, xj_encoding enc, const uint32_t *cp, const uint32_t *beg,
                        const uint8_t *len, const uint8_t *mark, size_t n, xj_error *err)
{
    xj_buf entries = XJ_BUF_INIT;
    uint64_t count = 0;
    size_t last = 0;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < n && st == XJ_OK; i = next_unexpected(enc, cp, beg, len, mark, i + 1, n)) {
        int64_t at = i ? (int64_t)beg[i - 1] + len[i - 1] : beg[0]; /* where it is expected */
        if ((int64_t)beg[i] != at)
            st = entry(&entries, &last, i, ENTRY_GAP, xj_zigzag((int64_t)beg[i] - at), &count, err);
        int64_t expected = (int64_t)xj_encoding_expected_len(enc, cp[i]);
        if (st == XJ_OK && len[i] != expected)
            st = entry(&entries, &last, i, ENTRY_LEN, xj_zigzag(len[i] - expected), &count, err);
        if (st == XJ_OK && mark && mark[i] != XJ_MARK_READ && (i == 0 || mark[i - 1] != mark[i])) {
            size_t run = 1;
            while (i + run < n && mark[i + run] == mark[i])
                run++;
            st = entry(&entries, &last, i,
                       mark[i] == XJ_MARK_RESTORED ? ENTRY_RESTORED : ENTRY_CONJECTURE, run, &count, err);
        }
    }
    if (st == XJ_OK)
        st = xj_buf_varint(out, n ? beg[0] : 0, err);
    if (st == XJ_OK)
        st = xj_buf_varint(out, count, err);
    if (st == XJ_OK)
        st = xj_buf_put(out, entries.data, entries.n, err);
    xj_buf_release(&entries);
    return st;
}

xj_status xj_srcmap_put_ranges(xj_buf *out, const xj_source_range *range, size_t n_ranges, xj_error *err)
{
    uint64_t count = 0;
    for (size_t i = 1; i < n_ranges; i++)
        count += range[i].beg != range[i - 1].end;
    xj_status st = xj_buf_reserve(out, (2 + 2 * (size_t)count) * XJ_VARINT_MAX, err);
    if (st != XJ_OK)
        return st;
    uint8_t *p = out->data + out->n;
    p += xj_varint_put(p, n_ranges ? range[0].beg : 0);
    p += xj_varint_put(p, count);
    uint64_t step = 0; /* code points since the last entry */
    for (size_t i = 1; i < n_ranges; i++) {
        step += range[i - 1].n;
        if (range[i].beg == range[i - 1].end)
            continue;
        p += xj_varint_put(p, step << 2 | ENTRY_GAP);
        p += xj_varint_put(p, xj_zigzag((int64_t)range[i].beg - range[i - 1].end));
        step = 0;
    }
    out->n = (size_t)(p - out->data);
    return XJ_OK;
}

static xj_status damaged(xj_error *err)
{
    return xj_fail(err, XJ_ECORRUPT, "a source map does not fit its text");
}

xj_status xj_srcmap_get(xj_rd *r, xj_encoding enc, const uint32_t *cp, size_t n, uint64_t *beg,
                        uint64_t *end, uint8_t *mark, xj_error *err)
{
    uint64_t at = xj_rd_varint(r);
    uint64_t count = xj_rd_varint(r);
    uint64_t next = UINT64_MAX; /* code point of the entry in hand */
    uint64_t kind = 0;
    uint64_t pos = 0;
    if (mark)
        memset(mark, XJ_MARK_READ, n);
    if (count > 0) {
        uint64_t head = xj_rd_varint(r);
        next = head >> 2;
        kind = head & 3;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t len = xj_encoding_expected_len(enc, cp[i]);
        while (count > 0 && next == i) {
            uint64_t value = xj_rd_varint(r);
            if (kind == ENTRY_GAP) {
                at += (uint64_t)xj_unzigzag(value);
            } else if (kind == ENTRY_LEN) {
                len += (uint64_t)xj_unzigzag(value);
            } else {
                if (value > n - i)
                    return damaged(err);
                if (mark)
                    memset(mark + i, kind == ENTRY_RESTORED ? XJ_MARK_RESTORED : XJ_MARK_CONJECTURE,
                           (size_t)value);
            }
            pos = next;
            if (--count > 0) {
                uint64_t head = xj_rd_varint(r);
                kind = head & 3;
                next = pos + (head >> 2);
                if (next < pos)
                    return damaged(err);
            }
            if (r->bad)
                return damaged(err);
        }
        if (at > UINT32_MAX || len > 255)
            return damaged(err);
        beg[i] = at;
        at += len;
        end[i] = at;
    }
    if (r->bad || count > 0)
        return damaged(err);
    return XJ_OK;
}
