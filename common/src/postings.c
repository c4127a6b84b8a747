/*
 * Postings iterator (docs/FORMAT.md). A block of n postings is n header bytes, symbol of the gap << 2 | tf, with the bits of
 * the gaps that their symbols leave open in another region of the page, the noise: all header bytes are read at once, and the
 * place of any gap's bits follows from additions only. Lists with df > XJ_BLOCK have one block directory entry a block,
 * so that seeking decodes no block it skips.
 */
#include "segment_priv.h"

enum { SYMBOLS = 37, GAP_EXACT = 8, TF_MORE = 3 };

/* Gap symbols: below 8 the gap - 1 itself, then one for each power of two with that many open bits. */
typedef struct symbol {
    uint32_t base;
    uint32_t bits;
} symbol;

#define POWER(e) {(uint32_t)1 << (e), (e)}
static const symbol symbols[64] = {
    {0, 0},    {1, 0},    {2, 0},    {3, 0},    {4, 0},    {5, 0},    {6, 0},    {7, 0},    POWER(3),  POWER(4),
    POWER(5),  POWER(6),  POWER(7),  POWER(8),  POWER(9),  POWER(10), POWER(11), POWER(12), POWER(13), POWER(14),
    POWER(15), POWER(16), POWER(17), POWER(18), POWER(19), POWER(20), POWER(21), POWER(22), POWER(23), POWER(24),
    POWER(25), POWER(26), POWER(27), POWER(28), POWER(29), POWER(30), POWER(31)};
#undef POWER

/*
 * The numbers of n postings from their header bytes and the bits at noise; returns the bits used. Reads up to 31 * n bits
 * and a word beyond noise, whatever the header bytes are; the page's slot in the arena has that much.
 */
static uint64_t decode_gaps(const uint8_t *restrict header, const uint8_t *restrict noise, uint32_t n, uint64_t *last,
                            uint32_t *restrict docs)
{
    uint64_t bit = 0, doc = *last;
    for (uint32_t i = 0; i < n; i++) {
        const symbol s = symbols[header[i] >> 2];
        uint64_t open = xj_get_u64(noise + bit / 8) >> bit % 8 & (((uint64_t)1 << s.bits) - 1);
        bit += s.bits;
        doc += s.base + open + 1;
        docs[i] = (uint32_t)doc;
    }
    *last = doc;
    return bit;
}

/* tf of n postings; whether all symbols are in range. *more = some tf is 4 or above. */
static bool decode_tfs(const uint8_t *restrict header, uint32_t n, uint32_t *restrict tfs, bool *more)
{
    uint32_t beyond = 0, escaped = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = header[i] & 3;
        beyond |= header[i] >= SYMBOLS << 2;
        escaped |= t == TF_MORE;
        tfs[i] = t + 1;
    }
    *more = escaped;
    return !beyond;
}

static xj_status damaged(xj_segment *seg, uint32_t page, xj_error *err, const char *what)
{
    xji_frame f;
    if (xji_frame_get(seg, XJI_SEC_POSTINGS, page, &f, NULL) == XJ_OK)
        return xji_frame_corrupt(seg, XJI_SEC_POSTINGS, &f, err, what);
    return xji_corrupt(seg, seg->sec[XJI_SEC_POSTINGS].offset, err, what);
}

xj_status xji_block_decode(xj_segment *seg, const xji_block *b, uint32_t *docs, uint32_t *tfs, xji_block_end *end,
                           xj_error *err)
{
    const uint8_t *page;
    size_t raw_n;
    xj_status st = xji_page(seg, XJI_SEC_POSTINGS, b->page, &page, &raw_n, err);
    if (st != XJ_OK)
        return st;
    uint32_t headers = xj_get_u16(page), noises = (uint32_t)raw_n - 2 - headers; /* not below 0: seen to when it was loaded */
    if (b->header > headers || b->n > headers - b->header || b->noise > noises)
        return damaged(seg, b->page, err, "a block of postings outside its page");
    const uint8_t *header = page + 2 + b->header, *noise = page + 2 + headers + b->noise;
    const uint8_t *noise_end = page + raw_n;
    end->codes_before = 0;
    if (b->counts_codes) {
        xj_rd r = xj_rd_of(noise, (size_t)(noise_end - noise));
        end->codes_before = xj_rd_varint(&r);
        if (r.bad)
            return damaged(seg, b->page, err, "postings that are cut short");
        noise = r.p;
    }
    uint64_t last = (uint64_t)b->previous; /* -1 wraps round, and back with the first gap */
    uint64_t bits = decode_gaps(header, noise, b->n, &last, docs);
    bool more, known = decode_tfs(header, b->n, tfs, &more);
    if (!known || last >= b->n_docs)
        return damaged(seg, b->page, err, "postings out of order or range");
    xj_rd extras = xj_rd_of(header + b->n, headers - b->header - b->n);
    for (uint32_t i = 0; i < b->n && more; i++) {
        if (tfs[i] != TF_MORE + 1)
            continue;
        uint64_t above = xj_rd_varint(&extras);
        if (extras.bad || above > UINT32_MAX - (TF_MORE + 1))
            return damaged(seg, b->page, err, "postings with an impossible number of occurrences");
        tfs[i] += (uint32_t)above;
    }
    uint64_t bytes = (bits + 7) / 8;
    if (bytes > (uint64_t)(noise_end - noise))
        return damaged(seg, b->page, err, "postings that are cut short");
    end->header = (uint32_t)(extras.p - page) - 2;
    end->noise = (uint32_t)(noise - page) - 2 - headers + (uint32_t)bytes;
    end->headers = headers;
    end->noises = noises;
    end->padded = bits % 8 == 0 || noise[bytes - 1] >> bits % 8 == 0;
    return XJ_OK;
}

xj_status xji_block_get(xj_segment *seg, const xj_term *term, uint32_t block, xji_block_entry *e, xj_error *err)
{
    const uint8_t *p;
    uint64_t at = ((uint64_t)term->first_block + block) * XJI_BLOCK_ENTRY;
    xj_status st = xji_raw(seg, XJI_SEC_BLOCKS, at, XJI_BLOCK_ENTRY, &p, err);
    if (st != XJ_OK)
        return st;
    *e = (xji_block_entry){xj_get_u32(p), xj_get_u16(p + 4), (uint32_t)p[6] | (p[7] & 15u) << 8, p[7] >> 4 | (uint32_t)p[8] << 4,
                           p[9]};
    return XJ_OK;
}

static xj_status load_block(xj_postings *it, uint32_t block, xj_error *err)
{
    const xj_term *t = &it->term;
    xji_block b = {.page = t->page, .header = t->header_at, .noise = t->noise_at, .previous = -1};
    xji_block_entry e = {0};
    xji_block_end end;
    b.n_docs = (uint32_t)(t->in_context ? it->seg->stats.n_sections : it->seg->stats.n_passages);
    b.n = block + 1 < it->n_blocks ? XJ_BLOCK : t->df - block * XJ_BLOCK;
    if (it->n_blocks > 1) {
        xj_status st = XJ_OK;
        if (block > 0) {
            st = xji_block_get(it->seg, t, block - 1, &e, err);
            b.previous = e.last;
        }
        if (st == XJ_OK)
            st = xji_block_get(it->seg, t, block, &e, err);
        if (st != XJ_OK)
            return st;
        b.page += e.page;
        b.header = e.header;
        b.noise = e.noise;
        b.counts_codes = t->has_codes;
    }
    it->n = b.n;
    it->block = block;
    it->i = 0;
    xj_status st = xji_block_decode(it->seg, &b, it->docs, it->tfs, &end, err);
    if (st != XJ_OK)
        return st;
    if (it->n_blocks > 1 && (it->docs[it->n - 1] != e.last || end.codes_before > t->code_bytes))
        return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_BLOCKS].offset + ((uint64_t)t->first_block + block) * XJI_BLOCK_ENTRY, err,
                           "a block directory that does not fit its postings");
    it->code_i = 0;
    it->code_at = t->adjacency_at + end.codes_before;
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
    if (term->is_inline) {
        it->n = 1;
        it->code_i = 0;
        it->doc = it->docs[0] = term->passage;
        it->tf = it->tfs[0] = 1;
        return XJ_OK;
    }
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

/* First block from `lo` on whose last passage is >= target, n_blocks when there is none: gallop, then halve. */
static xj_status find_block(const xj_postings *it, uint32_t lo, uint32_t target, uint32_t *out, xj_error *err)
{
    uint64_t step = 1, hi;
    xji_block_entry e;
    for (hi = lo; hi < it->n_blocks; hi += step, step *= 2) {
        xj_status st = xji_block_get(it->seg, &it->term, (uint32_t)hi, &e, err);
        if (st != XJ_OK)
            return st;
        if (e.last >= target)
            break;
        lo = (uint32_t)hi + 1;
    }
    if (hi > it->n_blocks)
        hi = it->n_blocks;
    while (lo < hi) {
        uint32_t mid = lo + ((uint32_t)hi - lo) / 2;
        xj_status st = xji_block_get(it->seg, &it->term, mid, &e, err);
        if (st != XJ_OK)
            return st;
        if (e.last < target)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = lo;
    return XJ_OK;
}

xj_status xj_postings_seek(xj_postings *it, uint32_t target, xj_error *err)
{
    if (it->doc >= target) /* XJ_DOC_END is the largest value */
        return XJ_OK;
    if (it->docs[it->n - 1] < target) {
        uint32_t block;
        if (it->block + 1 >= it->n_blocks)
            return fail(it, XJ_OK);
        xj_status st = find_block(it, it->block + 1, target, &block, err);
        if (st == XJ_OK && block == it->n_blocks)
            return fail(it, XJ_OK);
        if (st == XJ_OK)
            st = load_block(it, block, err);
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

/* Whether some nibble of eight codes is 15: none of them is wide otherwise. */
static bool any_wide(const uint8_t *p)
{
    uint64_t x = xj_get_u64(p);
    return (x & x >> 1 & x >> 2 & x >> 3 & UINT64_C(0x1111111111111111)) != 0;
}

/* Pass the codes of the postings before the current one; in a list without wide codes that is adding up. */
static xj_status pass_codes(const xj_postings *it, xji_codes_rd *r)
{
    uint64_t n = 0;
    for (uint32_t i = it->code_i; i < it->i; i++)
        n += it->tfs[i];
    if (it->term.code_bytes == it->term.cf) {
        if (n > (uint64_t)(r->end - r->p))
            return XJ_ECORRUPT;
        r->p += n;
        return XJ_OK;
    }
    while (n > 0 && !r->bad) {
        if (n >= 8 && r->end - r->p >= 8 && !any_wide(r->p)) {
            r->p += 8;
            n -= 8;
            continue;
        }
        r->first = true;
        (void)xji_codes_next(r);
        n--;
    }
    return r->bad ? XJ_ECORRUPT : XJ_OK;
}

static xj_status bad_codes(const xj_postings *it, xj_error *err)
{
    return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_ADJACENCY].offset, err, "adjacency codes that make no sense");
}

xj_status xj_postings_codes(xj_postings *it, uint16_t *codes, uint32_t cap, uint32_t *n, xj_error *err)
{
    uint32_t wanted = it->tf < cap ? it->tf : cap;
    *n = 0;
    if (!it->term.has_codes)
        return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_ADJACENCY].offset, err, "a pair term without adjacency codes");
    if (it->term.is_inline) {
        codes[0] = it->term.code;
        *n = wanted;
        return XJ_OK;
    }
    /* Codes of the block from the posting asked for before on: nowhere more than three bytes each. */
    uint64_t most = 0, left = it->term.adjacency_at + it->term.code_bytes - it->code_at;
    for (uint32_t i = it->code_i; i <= it->i; i++)
        most += it->tfs[i];
    most = it->term.code_bytes == it->term.cf ? most : 3 * most;
    const uint8_t *p;
    xj_status st = xji_codes(it->seg, it->code_at, most < left ? most : left, &p, err);
    if (st != XJ_OK)
        return st;
    xji_codes_rd r = {p, p + (most < left ? most : left), 0, 0, true, false};
    if (pass_codes(it, &r) != XJ_OK)
        return bad_codes(it, err);
    it->code_at += (uint64_t)(r.p - p);
    it->code_i = it->i;
    r.first = true;
    for (uint32_t k = 0; k < wanted; k++)
        codes[k] = xji_codes_next(&r);
    if (r.bad)
        return bad_codes(it, err);
    *n = wanted;
    return XJ_OK;
}
