/*
 * Postings iterator. A list is a sequence of blocks of at most XJ_BLOCK postings; a posting is
 *   varint (gap << 1 | more), gap = passage - previous passage (previous = -1 before the first), more = tf > 1
 *   varint tf - 2, only when more
 * Lists with df > XJ_BLOCK have one block directory entry a block (last passage and both stream offsets), so that
 * seeking decodes no block it skips.
 */
#include "segment_priv.h"

xj_status xji_block_decode(xj_segment *seg, uint64_t offset, uint32_t n, int64_t previous, uint32_t *docs,
                           uint32_t *tfs, uint64_t *used, xj_error *err)
{
    const uint8_t *p;
    uint64_t got;
    /* A posting takes 2 to 3 bytes nearly always; ask for that, and for the most there can be only when it was not enough. */
    const uint64_t wants[] = {(uint64_t)n * 3, (uint64_t)n * 2 * XJ_VARINT_MAX};
    for (size_t attempt = 0; attempt < 2; attempt++) {
        xj_status st = xji_stream(seg, XJI_SEC_POSTINGS, offset, wants[attempt], &p, &got, err);
        if (st != XJ_OK)
            return st;
        xj_rd r = xj_rd_of(p, (size_t)got);
        int64_t doc = previous;
        uint32_t i = 0;
        for (; i < n; i++) {
            uint64_t head = xj_rd_varint(&r);
            uint64_t more = head & 1 ? xj_rd_varint(&r) : 0;
            if (r.bad)
                break;
            if (head >> 1 == 0 || head >> 1 > UINT32_MAX || more > UINT32_MAX - 2 ||
                (uint64_t)(doc + (int64_t)(head >> 1)) >= seg->stats.n_passages)
                return xji_corrupt(seg, seg->sec[XJI_SEC_POSTINGS].offset, err, "postings out of order or range");
            doc += (int64_t)(head >> 1);
            docs[i] = (uint32_t)doc;
            tfs[i] = head & 1 ? (uint32_t)more + 2 : 1;
        }
        if (i == n) {
            *used = (uint64_t)(r.p - p);
            return XJ_OK;
        }
    }
    return xji_corrupt(seg, seg->sec[XJI_SEC_POSTINGS].offset, err, "postings that are cut short");
}

static xj_status block_entry(xj_postings *it, uint32_t block, uint32_t *last, uint64_t *postings_at,
                             uint64_t *adjacency_at, xj_error *err)
{
    const uint8_t *p;
    uint64_t at = ((uint64_t)it->term.first_block + block) * XJI_BLOCK_SIZE;
    xj_status st = xji_raw(it->seg, XJI_SEC_BLOCKS, at, XJI_BLOCK_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    *last = xj_get_u32(p);
    *postings_at = xj_get_u64(p + 4);
    *adjacency_at = xj_get_u64(p + 12);
    return XJ_OK;
}

static xj_status load_block(xj_postings *it, uint32_t block, xj_error *err)
{
    uint64_t at = it->term.postings_at, adjacency_at = it->term.adjacency_at, used;
    int64_t previous = -1;
    uint32_t last = 0;
    if (it->n_blocks > 1) {
        xj_status st = XJ_OK;
        if (block > 0) {
            st = block_entry(it, block - 1, &last, &at, &adjacency_at, err);
            previous = last;
        }
        if (st == XJ_OK)
            st = block_entry(it, block, &last, &at, &adjacency_at, err);
        if (st != XJ_OK)
            return st;
    }
    it->n = block + 1 < it->n_blocks ? XJ_BLOCK : it->term.df - block * XJ_BLOCK;
    it->block = block;
    it->i = 0;
    it->adjacency_at = adjacency_at;
    xj_status st = xji_block_decode(it->seg, at, it->n, previous, it->docs, it->tfs, &used, err);
    if (st != XJ_OK)
        return st;
    if (it->n_blocks > 1 && it->docs[it->n - 1] != last)
        return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_BLOCKS].offset, err,
                           "a block directory that does not fit its postings");
    it->doc = it->docs[0];
    it->tf = it->tfs[0];
    return XJ_OK;
}

static xj_status fail(xj_postings *it, xj_status st)
{
    it->doc = XJ_DOC_END;
    it->tf = 0;
    return st;
}

xj_status xj_postings_open(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err)
{
    it->seg = seg;
    it->term = *term;
    it->doc = XJ_DOC_END;
    it->tf = 0;
    it->i = it->n = it->block = 0;
    it->n_blocks = term->df / XJ_BLOCK + (term->df % XJ_BLOCK != 0);
    if (term->df == 0)
        return XJ_OK;
    xj_status st = load_block(it, 0, err);
    return st == XJ_OK ? XJ_OK : fail(it, st);
}

xj_status xj_postings_next(xj_postings *it, xj_error *err)
{
    if (it->doc == XJ_DOC_END)
        return XJ_OK;
    if (++it->i < it->n) {
        it->doc = it->docs[it->i];
        it->tf = it->tfs[it->i];
        return XJ_OK;
    }
    if (it->block + 1 == it->n_blocks)
        return fail(it, XJ_OK);
    xj_status st = load_block(it, it->block + 1, err);
    return st == XJ_OK ? XJ_OK : fail(it, st);
}

xj_status xj_postings_seek(xj_postings *it, uint32_t target, xj_error *err)
{
    if (it->doc >= target) /* XJ_DOC_END is the largest value */
        return XJ_OK;
    if (it->docs[it->n - 1] < target) {
        /* First block whose last passage is >= target: gallop from here, then halve. */
        uint32_t lo = it->block + 1, step = 1, hi;
        uint32_t last;
        uint64_t a, b;
        if (lo >= it->n_blocks)
            return fail(it, XJ_OK);
        for (hi = lo; hi < it->n_blocks; hi += step, step *= 2) {
            xj_status st = block_entry(it, hi, &last, &a, &b, err);
            if (st != XJ_OK)
                return fail(it, st);
            if (last >= target)
                break;
            lo = hi + 1;
        }
        if (hi > it->n_blocks)
            hi = it->n_blocks;
        while (lo < hi) {
            uint32_t mid = lo + (hi - lo) / 2;
            xj_status st = block_entry(it, mid, &last, &a, &b, err);
            if (st != XJ_OK)
                return fail(it, st);
            if (last < target)
                lo = mid + 1;
            else
                hi = mid;
        }
        if (lo >= it->n_blocks)
            return fail(it, XJ_OK);
        xj_status st = load_block(it, lo, err);
        if (st != XJ_OK)
            return fail(it, st);
    }
    uint32_t i = it->i;
    while (it->docs[i] < target)
        i++;
    it->i = i;
    it->doc = it->docs[i];
    it->tf = it->tfs[i];
    return XJ_OK;
}

xj_status xj_postings_adjacency(xj_postings *it, const uint8_t **codes, xj_error *err)
{
    uint64_t at = it->adjacency_at, got;
    if (it->term.adjacency_at == UINT64_MAX)
        return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_TERMS].offset, err, "a pair term without adjacency codes");
    for (uint32_t i = 0; i < it->i; i++)
        at += it->tfs[i];
    xj_status st = xji_stream(it->seg, XJI_SEC_ADJACENCY, at, it->tf, codes, &got, err);
    if (st == XJ_OK && got != it->tf)
        st = xji_corrupt(it->seg, it->seg->sec[XJI_SEC_ADJACENCY].offset, err, "adjacency codes that are cut short");
    return st;
}
