/*
 * Postings iterator (docs/FORMAT.md). A block of n postings is n header bytes, symbol of the gap << 2 | tf, with the bits of
 * the gaps that their symbols leave open in another region of the page, the noise: all header bytes are read at once, and the
 * place of any gap's bits follows from additions only. Lists with df > XJ_BLOCK have one block directory entry a block,
 * so that seeking decodes no block it skips.
 *
 * Blocks of cached lists are decoded to a place of their own in the segment's reservation; a flag says that they are there.
 */
#include "xj/postings.h"

#include <string.h>

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
static bool decode_tfs(const uint8_t *restrict header, uint32_t n, uint8_t *restrict tf, bool *more)
{
    uint8_t beyond = 0, escaped = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t t = header[i] & 3;
        beyond |= header[i] >= SYMBOLS << 2;
        escaped |= t == TF_MORE;
        tf[i] = (uint8_t)(t + 1);
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

xj_status xji_block_decode(xj_segment *seg, const xji_block *b, uint32_t *docs, uint8_t *tf, uint32_t *tfs, xji_block_end *end,
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
    bool more, known = decode_tfs(header, b->n, tf, &more);
    if (!known || last >= b->n_docs)
        return damaged(seg, b->page, err, "postings out of order or range");
    for (uint32_t i = 0; i < b->n && tfs; i++)
        tfs[i] = tf[i];
    xj_rd extras = xj_rd_of(header + b->n, headers - b->header - b->n);
    for (uint32_t i = 0; i < b->n && more; i++) {
        if (tf[i] != TF_MORE + 1)
            continue;
        uint64_t above = xj_rd_varint(&extras);
        if (extras.bad || above > UINT32_MAX - (TF_MORE + 1))
            return damaged(seg, b->page, err, "postings with an impossible number of occurrences");
        tf[i] = (uint8_t)(above < XJ_TF_MANY - (TF_MORE + 1) ? TF_MORE + 1 + above : XJ_TF_MANY);
        if (tfs)
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
    /* Whoever skips by the directory counts on from here. */
    if (e->last == XJ_DOC_END)
        return xji_corrupt(seg, seg->sec[XJI_SEC_BLOCKS].offset + at, err, "a block directory entry that is out of range");
    return XJ_OK;
}

/* Where block number `block` of the list lies. *e: its entry in the directory, when the list has more than one block. */
static xj_status place_block(const xj_postings *it, uint32_t block, xji_block *b, xji_block_entry *e, xj_error *err)
{
    const xj_term *t = &it->term;
    *e = (xji_block_entry){0};
    *b = (xji_block){.page = t->page, .header = t->header_at, .noise = t->noise_at, .previous = -1};
    b->n_docs = (uint32_t)(t->in_context ? it->seg->stats.n_sections : it->seg->stats.n_passages);
    b->n = block + 1 < it->n_blocks ? XJ_BLOCK : t->df - block * XJ_BLOCK;
    if (it->n_blocks == 1)
        return XJ_OK;
    xj_status st = XJ_OK;
    if (block > 0) {
        st = xji_block_get(it->seg, t, block - 1, e, err);
        b->previous = e->last;
    }
    if (st == XJ_OK)
        st = xji_block_get(it->seg, t, block, e, err);
    b->page += e->page;
    b->header = e->header;
    b->noise = e->noise;
    b->counts_codes = t->has_codes;
    return st;
}

/* Decode block number `block` of the list to out, and all its tfs when they are wanted. */
static xj_status decode(const xj_postings *it, uint32_t block, xj_block *out, uint32_t *tfs, xj_error *err)
{
    const xj_term *t = &it->term;
    xji_block b;
    xji_block_entry e;
    xji_block_end end;
    if (t->is_inline) {
        out->doc[0] = t->passage;
        out->tf[0] = 1;
        out->n = b.n = 1;
        out->codes_at = 0;
        if (tfs)
            tfs[0] = 1;
    } else {
        xj_status st = place_block(it, block, &b, &e, err);
        if (st == XJ_OK)
            st = xji_block_decode(it->seg, &b, out->doc, out->tf, tfs, &end, err);
        if (st != XJ_OK)
            return st;
        if (it->n_blocks > 1 && (out->doc[b.n - 1] != e.last || end.codes_before > t->code_bytes))
            return xji_corrupt(it->seg,
                               it->seg->sec[XJI_SEC_BLOCKS].offset + ((uint64_t)t->first_block + block) * XJI_BLOCK_ENTRY, err,
                               "a block directory that does not fit its postings");
        out->codes_at = t->adjacency_at + end.codes_before;
        out->n = b.n;
    }
    out->many = memchr(out->tf, XJ_TF_MANY, b.n) != NULL;
    for (uint32_t i = b.n; i < XJ_BLOCK; i++) {
        out->doc[i] = XJ_DOC_END;
        out->tf[i] = 0;
    }
    return XJ_OK;
}

/* Decode a block of a cached list to where it is kept. */
static xj_status keep_block(xj_postings *it, uint32_t block, xj_error *err)
{
    xj_segment *seg = it->seg;
    _Atomic(uint8_t) *has = &seg->has_block[it->term.first_block + (uint64_t)block];
    if (atomic_load_explicit(has, memory_order_acquire))
        return XJ_OK;
    xj_status st = XJ_OK;
    pthread_mutex_lock(&seg->blocks_lock);
    if (!atomic_load_explicit(has, memory_order_relaxed)) {
        st = decode(it, block, &it->slots[block], NULL, err);
        if (st == XJ_OK) {
            xji_hold(seg, sizeof(xj_block));
            atomic_store_explicit(has, 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&seg->blocks_lock);
    return st;
}

static xj_status fail(xj_postings *it, xj_status st)
{
    it->doc = XJ_DOC_END;
    it->tf = 0;
    return st;
}

/* Stand on posting i of the current block. */
static xj_status stand(xj_postings *it, uint32_t i, xj_error *err)
{
    const xj_block *b = xj_postings_block(it);
    it->i = i;
    it->doc = b->doc[i];
    it->tf = b->tf[i];
    if (it->tf < XJ_TF_MANY)
        return XJ_OK;
    xj_status st = xj_postings_tf(it, it->block, i, &it->tf, err);
    return st == XJ_OK ? XJ_OK : fail(it, st);
}

xj_status xj_postings_load(xj_postings *it, uint32_t block, xj_error *err)
{
    xj_status st = it->slots ? keep_block(it, block, err) : decode(it, block, &it->own, NULL, err);
    if (st != XJ_OK)
        return fail(it, st);
    it->block = block;
    it->has_codes = false;
    it->n = xj_postings_block(it)->n;
    return stand(it, 0, err);
}

static void set_list(xj_postings *it, xj_segment *seg, const xj_term *term, bool cached)
{
    it->seg = seg;
    it->term = *term;
    it->i = it->n = it->block = 0;
    it->n_blocks = term->df / XJ_BLOCK + (term->df % XJ_BLOCK != 0);
    it->slots = cached && it->n_blocks > 1 ? seg->block + term->first_block : NULL;
    it->code_slots = it->slots ? seg->codes + term->first_block : NULL;
    it->has_codes = false;
    (void)fail(it, XJ_OK);
}

static xj_status open_list(xj_postings *it, xj_segment *seg, const xj_term *term, bool cached, xj_error *err)
{
    set_list(it, seg, term, cached);
    return term->df > 0 ? xj_postings_load(it, 0, err) : XJ_OK;
}

xj_status xj_postings_open(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err)
{
    return open_list(it, seg, term, false, err);
}

xj_status xj_postings_open_cached(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err)
{
    return open_list(it, seg, term, true, err);
}

xj_status xj_postings_open_unread(xj_postings *it, xj_segment *seg, const xj_term *term, xj_error *err)
{
    set_list(it, seg, term, true);
    return it->n_blocks == 1 ? xj_postings_load(it, 0, err) : XJ_OK;
}

xj_status xj_postings_next(xj_postings *it, xj_error *err)
{
    if (it->doc == XJ_DOC_END)
        return XJ_OK;
    if (it->i + 1 < it->n)
        return stand(it, it->i + 1, err);
    if (it->block + 1 == it->n_blocks)
        return fail(it, XJ_OK);
    return xj_postings_load(it, it->block + 1, err);
}

/* Gallop, then halve. */
xj_status xj_postings_find(const xj_postings *it, uint32_t from, uint32_t target, uint32_t *block, xj_error *err)
{
    uint64_t step = 1, hi;
    uint32_t lo = from;
    xji_block_entry e;
    if (it->n_blocks <= 1) {
        *block = from < it->n_blocks && it->own.doc[it->own.n - 1] >= target ? 0 : it->n_blocks;
        return XJ_OK;
    }
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
    *block = lo;
    return XJ_OK;
}

xj_status xj_postings_bound(const xj_postings *it, uint32_t block, uint32_t *last, uint8_t *impact, xj_error *err)
{
    if (it->n_blocks <= 1) {
        *last = it->own.doc[it->own.n - 1];
        *impact = 255;
        return XJ_OK;
    }
    xji_block_entry e = {0};
    xj_status st = xji_block_get(it->seg, &it->term, block, &e, err);
    *last = e.last;
    *impact = e.max_impact;
    return st;
}

xj_status xj_postings_seek(xj_postings *it, uint32_t target, xj_error *err)
{
    if (it->doc >= target) /* XJ_DOC_END is the largest value */
        return XJ_OK;
    uint32_t i = it->i;
    if (xj_postings_block(it)->doc[it->n - 1] < target) {
        uint32_t block = it->n_blocks;
        xj_status st = it->block + 1 < it->n_blocks ? xj_postings_find(it, it->block + 1, target, &block, err) : XJ_OK;
        if (st != XJ_OK || block == it->n_blocks)
            return fail(it, st);
        st = xj_postings_load(it, block, err);
        if (st != XJ_OK)
            return st;
        i = 0;
    }
    const xj_block *b = xj_postings_block(it);
    while (b->doc[i] < target)
        i++;
    return stand(it, i, err);
}

xj_status xj_postings_tf(const xj_postings *it, uint32_t block, uint32_t i, uint32_t *tf, xj_error *err)
{
    const xj_block *b = xj_postings_block_at(it, block);
    *tf = b->tf[i];
    if (*tf < XJ_TF_MANY)
        return XJ_OK;
    uint32_t tfs[XJ_BLOCK];
    xj_block again;
    xj_status st = decode(it, block, &again, tfs, err);
    if (st == XJ_OK)
        *tf = tfs[i];
    return st;
}

/* ---- adjacency codes ---- */

/* Whether some nibble of eight codes is 15: none of them is wide otherwise. */
static bool any_wide(const uint8_t *p)
{
    uint64_t x = xj_get_u64(p);
    return (x & x >> 1 & x >> 2 & x >> 3 & UINT64_C(0x1111111111111111)) != 0;
}

/* Pass n codes from p on; NULL when there are not as many. */
static const uint8_t *pass_codes(const uint8_t *p, const uint8_t *end, uint64_t n, bool wide)
{
    if (!wide)
        return n <= (uint64_t)(end - p) ? p + n : NULL;
    while (n > 0) {
        if (n >= 8 && end - p >= 8 && !any_wide(p)) {
            p += 8;
            n -= 8;
            continue;
        }
        if (p == end)
            return NULL;
        ptrdiff_t size = 1 + (*p >> 4 == 15) + ((*p & 15) == 15);
        if (size > end - p)
            return NULL;
        p += size;
        n--;
    }
    return p;
}

static xj_status bad_codes(const xj_postings *it, xj_error *err)
{
    return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_ADJACENCY].offset, err, "adjacency codes that make no sense");
}

/* Fill in where the codes of a block are. */
static xj_status locate_codes(const xj_postings *it, uint32_t block, xj_block_codes *out, xj_error *err)
{
    const xj_term *t = &it->term;
    const xj_block *b = xj_postings_block_at(it, block);
    if (t->is_inline) {
        uint8_t hi = (uint8_t)(t->code >> 8), lo = (uint8_t)t->code;
        out->from[0] = out->n_bytes = 0;
        out->bytes = NULL;
        out->first[0] = hi < 15 && lo < 15 ? (uint8_t)(hi << 4 | lo) : XJ_CODE_WIDE;
        return XJ_OK;
    }
    uint32_t tfs[XJ_BLOCK];
    xj_block again;
    xj_status st = b->many ? decode(it, block, &again, tfs, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    /* Nowhere more than three bytes each. */
    bool wide = t->code_bytes != t->cf;
    uint64_t most = 0, left = t->adjacency_at + t->code_bytes - b->codes_at;
    for (uint32_t i = 0; i < b->n; i++)
        most += b->many ? tfs[i] : b->tf[i];
    most = wide ? 3 * most : most;
    most = most < left ? most : left;
    if (most > UINT32_MAX)
        return bad_codes(it, err);
    st = xji_codes(it->seg, b->codes_at, most, &out->bytes, err);
    if (st != XJ_OK)
        return st;
    const uint8_t *p = out->bytes, *end = p + most;
    for (uint32_t i = 0; i < b->n; i++) {
        uint8_t first = p && p < end ? *p : 0;
        out->from[i] = (uint32_t)(p - out->bytes);
        out->first[i] = first >> 4 == 15 || (first & 15) == 15 ? XJ_CODE_WIDE : first;
        p = pass_codes(p, end, b->many ? tfs[i] : b->tf[i], wide);
        if (!p)
            return bad_codes(it, err);
    }
    out->n_bytes = (uint32_t)(p - out->bytes);
    return XJ_OK;
}

static xj_status keep_codes(xj_postings *it, uint32_t block, xj_error *err)
{
    xj_segment *seg = it->seg;
    _Atomic(uint8_t) *has = &seg->has_codes[it->term.first_block + (uint64_t)block];
    if (atomic_load_explicit(has, memory_order_acquire))
        return XJ_OK;
    xj_status st = XJ_OK;
    pthread_mutex_lock(&seg->blocks_lock);
    if (!atomic_load_explicit(has, memory_order_relaxed)) {
        st = locate_codes(it, block, &it->code_slots[block], err);
        if (st == XJ_OK) {
            xji_hold(seg, sizeof(xj_block_codes));
            atomic_store_explicit(has, 1, memory_order_release);
        }
    }
    pthread_mutex_unlock(&seg->blocks_lock);
    return st;
}

xj_status xj_postings_block_codes(xj_postings *it, uint32_t block, const xj_block_codes **codes, xj_error *err)
{
    xj_status st = XJ_OK;
    *codes = NULL;
    if (!it->term.has_codes)
        return xji_corrupt(it->seg, it->seg->sec[XJI_SEC_ADJACENCY].offset, err, "a pair term without adjacency codes");
    if (it->code_slots) {
        st = keep_codes(it, block, err);
        *codes = st == XJ_OK ? &it->code_slots[block] : NULL;
        return st;
    }
    if (!it->has_codes)
        st = locate_codes(it, block, &it->own_codes, err);
    it->has_codes = st == XJ_OK;
    *codes = it->has_codes ? &it->own_codes : NULL;
    return st;
}

xj_status xj_postings_codes_of(xj_postings *it, uint32_t block, uint32_t i, uint32_t tf, uint16_t *codes, uint32_t cap,
                               uint32_t *n, xj_error *err)
{
    uint32_t wanted = tf < cap ? tf : cap;
    const xj_block_codes *c;
    *n = 0;
    xj_status st = xj_postings_block_codes(it, block, &c, err);
    if (st != XJ_OK)
        return st;
    if (it->term.is_inline) {
        codes[0] = it->term.code;
        *n = wanted;
        return XJ_OK;
    }
    xji_codes_rd r = {c->bytes + c->from[i], c->bytes + c->n_bytes, 0, 0, true, false};
    for (uint32_t k = 0; k < wanted; k++)
        codes[k] = xji_codes_next(&r);
    if (r.bad)
        return bad_codes(it, err);
    *n = wanted;
    return XJ_OK;
}

xj_status xj_postings_codes(xj_postings *it, uint16_t *codes, uint32_t cap, uint32_t *n, xj_error *err)
{
    return xj_postings_codes_of(it, it->block, it->i, it->tf, codes, cap, n, err);
}
