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

xj_status xj_srcmap_put(xj_buf *out, xj_encoding enc, const uint32_t *cp, const uint32_t *beg,
                        const uint8_t *len, const uint8_t *mark, size_t n, xj_error *err)
{
    xj_buf entries = XJ_BUF_INIT;
    uint64_t count = 0;
    size_t last = 0;
    xj_status st = XJ_OK;
    int64_t at = n ? beg[0] : 0; /* where the next code point is expected */
    for (size_t i = 0; i < n && st == XJ_OK; i++) {
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
        at = (int64_t)beg[i] + len[i];
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
