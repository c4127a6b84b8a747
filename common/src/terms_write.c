#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_c_literalCompressionMode */
#include "terms_priv.h"

#include <stdlib.h>
#include <zstd.h>

#include "impact_priv.h"
#include "postings_write_priv.h"

/* ---- impacts ---- */

xj_status xji_scale_new(xj_scale **out, const uint8_t *lengths, uint32_t n_passages, uint64_t n_units, xj_error *err)
{
    xj_scale *s = *out = calloc(1, sizeof *s);
    if (!s)
        return xj_fail(err, XJ_ENOMEM, "no memory for the lengths of passages");
    s->lengths = lengths;
    s->n_passages = n_passages;
    xji_impact_norms(s->norm, n_units, n_passages);
    for (unsigned code = 0; code < 256; code++)
        for (uint32_t tf = 1; tf <= XJI_IMPACT_TFS; tf++)
            s->impact[tf - 1][code] = xji_impact(tf, s->norm[code]);
    return XJ_OK;
}

void xji_scale_free(xj_scale *s)
{
    free(s);
}

static uint8_t max_impact(const xj_scale *s, const uint32_t *docs, const uint32_t *tfs, uint32_t n)
{
    uint8_t most = 1;
    for (uint32_t i = 0; i < n; i++) {
        uint8_t code = s->lengths[docs[i]];
        uint8_t x = tfs[i] <= XJI_IMPACT_TFS ? s->impact[tfs[i] - 1][code] : xji_impact(tfs[i], s->norm[code]);
        if (x > most)
            most = x;
    }
    return most;
}

/* ---- compressed pages ---- */

static xj_status put_frame(xji_frames *f, const uint8_t *packed, size_t n, xj_error *err)
{
    if (ZSTD_isError(n))
        return xj_fail(err, XJ_ENOMEM, "cannot compress a page: %s", ZSTD_getErrorName(n));
    if (f->n == UINT32_MAX)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too many postings");
    xj_status st = xj_buf_put(&f->data, packed, n, err);
    if (st == XJ_OK)
        st = xj_buf_u32(&f->sizes, (uint32_t)n, err);
    f->n++;
    return st;
}

/*
 * A page of postings: its headers repeat and go through the entropy coder, the noise bits do not. Each gets a block of its
 * own in the frame, so that one does not spoil the statistics of the other.
 */
static xj_status close_postings(xj_term_part *p, xj_error *err)
{
    ZSTD_CCtx *c = p->page_cctx;
    uint32_t h = p->at.header, z = p->at.noise;
    if (h == 0)
        return XJ_OK;
    uint8_t raw[2 + XJI_PAGE];
    xj_set_u16(raw, (uint16_t)h);
    memcpy(raw + 2, p->header, h);
    ZSTD_outBuffer out = {p->packed, sizeof p->packed, 0};
    ZSTD_inBuffer headers = {raw, 2 + h, 0}, noise = {p->noise, z, 0};
    size_t left = ZSTD_CCtx_reset(c, ZSTD_reset_session_only);
    if (!ZSTD_isError(left))
        left = ZSTD_CCtx_setPledgedSrcSize(c, 2 + h + z);
    if (!ZSTD_isError(left) && z > 0)
        left = ZSTD_compressStream2(c, &out, &headers, ZSTD_e_flush);
    if (!ZSTD_isError(left))
        left = ZSTD_compressStream2(c, &out, z > 0 ? &noise : &headers, ZSTD_e_end);
    if (!ZSTD_isError(left) && left > 0)
        return xj_fail(err, XJ_ENOMEM, "a page grows when it is compressed");
    xj_status st = put_frame(&p->postings, p->packed, ZSTD_isError(left) ? left : out.pos, err);
    p->at.page++;
    p->at.header = p->at.noise = 0;
    return st;
}

static xj_status close_codes(xj_term_part *p, uint32_t n, xj_error *err)
{
    return put_frame(&p->adjacency, p->packed, ZSTD_compress2(p->page_cctx, p->packed, sizeof p->packed, p->codes, n), err);
}

static xj_status close_page(xj_term_part *p, xj_error *err)
{
    if (p->n_page == 0)
        return XJ_OK;
    xj_status st = put_frame(&p->pages, p->packed,
                             ZSTD_compress2(p->dictionary_cctx, p->packed, sizeof p->packed, p->page, p->n_page), err);
    p->n_page = 0;
    return st;
}

/* ---- lists ---- */

/* A block as it will stand in a page. */
typedef struct block {
    uint8_t header[XJ_BLOCK * (1 + XJ_VARINT_MAX)];
    uint8_t noise[XJ_VARINT_MAX + XJ_BLOCK * 4 + 8];
    uint32_t n_header, n_noise;
} block;

_Static_assert(XJ_BLOCK / XJI_BLOCK_GROUP <= 32, "xji_block.many has a bit for each group");

static void encode_block(block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t n, uint32_t next,
                         uint64_t code_bytes_before, bool with_codes)
{
    xji_block to = {.header = b->header, .noise = b->noise, .next = next};
    if (with_codes)
        to.noise += xj_varint_put(to.noise, code_bytes_before);
    xji_block_put(&to, docs, tfs, n);
    if (to.n_bits > 0)
        *to.noise++ = (uint8_t)to.bits;
    /* What is left of large tfs. They are rare, so groups without any are passed over. */
    for (uint32_t group = 0; to.many >> group != 0; group++) {
        uint32_t i = group * XJI_BLOCK_GROUP, end = n - i < XJI_BLOCK_GROUP ? n : i + XJI_BLOCK_GROUP;
        for (; (to.many >> group & 1) && i < end; i++)
            if (tfs[i] >= XJI_TF_MANY)
                to.header += xj_varint_put(to.header, tfs[i] - XJI_TF_MANY);
    }
    b->n_header = (uint32_t)(to.header - b->header);
    b->n_noise = (uint32_t)(to.noise - b->noise);
}

static xj_status put_block(xj_term_part *p, const block *b, xj_error *err)
{
    xj_status st = XJ_OK;
    if (2 + p->at.header + p->at.noise + b->n_header + b->n_noise > XJI_PAGE)
        st = close_postings(p, err);
    if (st != XJ_OK)
        return st;
    memcpy(p->header + p->at.header, b->header, b->n_header);
    memcpy(p->noise + p->at.noise, b->noise, b->n_noise);
    p->at.header += b->n_header;
    p->at.noise += b->n_noise;
    return XJ_OK;
}

static xj_status put_code_bytes(xj_term_part *p, const uint8_t *s, size_t n, xj_error *err)
{
    xj_status st = XJ_OK;
    while (n > 0 && st == XJ_OK) {
        size_t at = (size_t)(p->at.adjacency % XJI_PAGE), part = XJI_PAGE - at < n ? XJI_PAGE - at : n;
        memcpy(p->codes + at, s, part);
        p->at.adjacency += part;
        if (at + part == XJI_PAGE)
            st = close_codes(p, XJI_PAGE, err);
        s += part;
        n -= part;
    }
    return st;
}

/*
 * Codes of n postings; *bytes grows by what they take. After its first occurrence a posting's codes are stored as steps:
 * characters that belong together step together.
 */
static xj_status put_codes(xj_term_part *p, const uint16_t **codes, const uint32_t *tfs, uint32_t n, uint64_t *bytes, xj_error *err)
{
    uint8_t out[XJI_CODES_BYTES];
    uint16_t step[XJI_CODES_PIECE], before = 0;
    const uint16_t *c = *codes;
    uint64_t left = 0, first = 0; /* codes to come; of them, those before the first one of posting i */
    uint32_t i = 0;
    for (uint32_t k = 0; k < n; k++)
        left += tfs[k];
    xj_status st = XJ_OK;
    while (left > 0 && st == XJ_OK) {
        size_t part = left < XJI_CODES_PIECE ? (size_t)left : XJI_CODES_PIECE;
        memset(step, 0xFF, part * sizeof *step);
        for (; first < part; first += tfs[i++])
            step[first] = 0;
        first -= part;
        size_t used = xji_codes_put(out, c, step, before, part);
        c += part;
        before = c[-1];
        left -= part;
        *bytes += used;
        st = put_code_bytes(p, out, used, err);
    }
    *codes = c;
    return st;
}

/* ---- dictionary entries ---- */

static xj_status put_index(xj_term_part *p, const xji_cursors *at, const uint8_t *key, size_t n_key, uint32_t pair, xj_error *err)
{
    uint8_t e[XJI_INDEX_ENTRY];
    xj_set_u32(e, key ? (uint32_t)p->keys.n : pair);
    xj_set_u32(e + 4, p->n_terms);
    xj_set_u32(e + 8, at->page);
    xj_set_u16(e + 12, (uint16_t)at->header);
    xj_set_u16(e + 14, (uint16_t)at->noise);
    xj_set_u64(e + 16, at->adjacency);
    xj_set_u32(e + 24, at->block);
    xj_status st = key ? xj_buf_put(&p->keys, key, n_key, err) : XJ_OK;
    return st == XJ_OK ? xj_buf_put(&p->index, e, sizeof e, err) : st;
}

static size_t shared_prefix(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
    size_t k = 0;
    while (k < n && k < m && a[k] == b[k])
        k++;
    return k;
}

/* The key as it stands after `last`, or as the first of a page. */
static size_t encode_key(const xj_term_part *p, bool first, const uint8_t *key, size_t n_key, uint32_t pair, uint8_t *out)
{
    if (!key)
        return xj_varint_put(out, first ? 0 : pair - p->pair);
    size_t shared = first ? 0 : shared_prefix(p->key, p->n_key, key, n_key);
    size_t n = xj_varint_put(out, shared);
    n += xj_varint_put(out + n, n_key - shared);
    memcpy(out + n, key + shared, n_key - shared);
    return n + n_key - shared;
}

static xj_status put_entry(xj_term_part *p, const xji_cursors *begin, const uint8_t *key, size_t n_key, uint32_t pair,
                           const uint8_t *rest, size_t n_rest, xj_error *err)
{
    uint8_t head[XJ_KEY_MAX + 2 * XJ_VARINT_MAX];
    size_t n = encode_key(p, p->n_page == 0, key, n_key, pair, head);
    xj_status st = XJ_OK;
    if (p->n_page + n + n_rest > XJI_PAGE) {
        st = close_page(p, err);
        n = encode_key(p, true, key, n_key, pair, head);
    }
    if (st == XJ_OK && p->n_page == 0)
        st = put_index(p, begin, key, n_key, pair, err);
    memcpy(p->page + p->n_page, head, n);
    memcpy(p->page + p->n_page + n, rest, n_rest);
    p->n_page += (uint32_t)(n + n_rest);
    p->pair = pair;
    if (key) {
        memcpy(p->key, key, n_key);
        p->n_key = n_key;
    }
    p->n_terms++;
    return st;
}

static xj_status put_list(xj_term_part *p, const xj_term_postings *t, uint64_t cf, bool has_codes, uint8_t *rest, size_t *n_rest,
                          xj_error *err)
{
    const xji_cursors begin = p->at;
    xji_cursors first = begin; /* where the first block stands */
    bool is_long = t->n > XJ_BLOCK;
    uint8_t most = 0;
    const uint16_t *codes = t->adjacency;
    uint64_t code_bytes = 0;
    uint32_t next = 0;
    block b;
    xj_status st = XJ_OK;
    for (uint32_t i = 0; i < t->n && st == XJ_OK; i += XJ_BLOCK) {
        uint32_t n = t->n - i < XJ_BLOCK ? t->n - i : XJ_BLOCK;
        const uint32_t *docs = t->docs + i, *tfs = t->tfs + i;
        encode_block(&b, docs, tfs, n, next, code_bytes, is_long && has_codes);
        st = put_block(p, &b, err);
        next = docs[n - 1] + 1;
        if (st == XJ_OK && has_codes)
            st = put_codes(p, &codes, tfs, n, &code_bytes, err);
        if (i == 0) {
            first = p->at;
            first.header -= b.n_header;
            first.noise -= b.n_noise;
        }
        if (!is_long)
            continue;
        if (p->at.page - first.page > UINT16_MAX)
            return xj_fail(err, XJ_ELIMIT, "a term occurs in too many passages of one segment");
        uint8_t e[XJI_BLOCK_ENTRY];
        uint32_t place = (p->at.header - b.n_header) | (p->at.noise - b.n_noise) << 12;
        xj_set_u32(e, docs[n - 1]);
        xj_set_u16(e + 4, (uint16_t)(p->at.page - first.page));
        e[6] = (uint8_t)place;
        e[7] = (uint8_t)(place >> 8);
        e[8] = (uint8_t)(place >> 16);
        e[9] = p->dictionary < XJI_DICT_CONTEXT_PAIRS ? max_impact(p->scale, docs, tfs, n) : 255;
        most = e[9] > most ? e[9] : most;
        if (st == XJ_OK)
            st = xj_buf_put(&p->blocks, e, sizeof e, err);
        p->at.block++;
    }
    size_t n = xj_varint_put(rest, (uint64_t)t->n << 2 | (first.page != begin.page));
    n += xj_varint_put(rest + n, cf - t->n);
    if (is_long) {
        rest[n++] = most;
        n += xj_varint_put(rest + n, p->at.page - first.page);
        n += xj_varint_put(rest + n, p->at.header);
        n += xj_varint_put(rest + n, p->at.noise);
    } else {
        n += xj_varint_put(rest + n, b.n_header - t->n);
        n += xj_varint_put(rest + n, b.n_noise);
    }
    if (has_codes)
        n += xj_varint_put(rest + n, code_bytes - cf);
    *n_rest = n;
    return st;
}

static xj_status put_term(xj_term_part *p, const uint8_t *key, size_t n_key, uint32_t pair, const xj_term_postings *t, xj_error *err)
{
    uint8_t rest[8 * XJ_VARINT_MAX];
    size_t n = 0;
    const xji_cursors begin = p->at;
    bool has_codes = p->dictionary == XJI_DICT_PAIRS     ? (pair & 0xFFFF) < XJI_KEY_SINGLE
                     : p->dictionary == XJI_DICT_STRINGS ? key[0] == XJ_KEY_PAIR
                                                         : false;
    uint64_t cf = 0;
    for (uint32_t i = 0; i < t->n; i++)
        cf += t->tfs[i];
    xj_status st = XJ_OK;
    if (t->n == 1 && cf == 1) {
        n = xj_varint_put(rest, 1 << 2 | 2);
        n += xj_varint_put(rest + n, t->docs[0]);
        if (has_codes)
            n += xji_codes_put_plain(rest + n, t->adjacency, (const uint16_t[]){0}, 0, 1);
    } else {
        st = put_list(p, t, cf, has_codes, rest, &n, err);
    }
    if (st == XJ_OK)
        st = put_entry(p, &begin, key, n_key, pair, rest, n, err);
    p->n_postings += t->n;
    p->n_occurrences += cf;
    return st;
}

xj_status xj_term_part_pair(xj_term_part *p, uint32_t key, const xj_term_postings *postings, xj_error *err)
{
    return put_term(p, NULL, 0, key, postings, err);
}

xj_status xj_term_part_string(xj_term_part *p, const void *key, size_t n, const xj_term_postings *postings, xj_error *err)
{
    if (n == 0 || n > XJ_KEY_MAX)
        return xj_fail(err, XJ_EUSAGE, "a term of %zu bytes", n);
    return put_term(p, key, n, 0, postings, err);
}

/* ---- parts ---- */

/*
 * Postings want an entropy coder and no search for matches: there are none (docs/FORMAT.md). Of the "fast" strategy with a
 * step of TARGET bytes hardly any search is left, but it then skips the coder too unless told otherwise; libzstd calls
 * that parameter experimental, and does without it where it has gone.
 */
static bool set_page_parameters(ZSTD_CCtx *c)
{
    enum { TARGET = 1000 };
    static const struct {
        ZSTD_cParameter p;
        int v;
    } set[] = {{ZSTD_c_compressionLevel, 1}, {ZSTD_c_strategy, ZSTD_fast}, {ZSTD_c_windowLog, 12}, {ZSTD_c_hashLog, 6},
               {ZSTD_c_minMatch, 7},         {ZSTD_c_targetLength, 0}};
    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (ZSTD_isError(ZSTD_CCtx_setParameter(c, set[i].p, set[i].v)))
            return false;
    if (!ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_literalCompressionMode, ZSTD_lcm_huffman)))
        return !ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_targetLength, TARGET));
    return true;
}

xj_status xj_term_part_new(xj_term_part **out, xj_dictionary dictionary, const xj_scale *scale, xj_error *err)
{
    xj_term_part *p = *out = calloc(1, sizeof *p);
    if (p) {
        p->dictionary = dictionary;
        p->scale = scale;
        p->page_cctx = ZSTD_createCCtx();
        p->dictionary_cctx = ZSTD_createCCtx();
    }
    if (!p || !p->page_cctx || !p->dictionary_cctx || !set_page_parameters(p->page_cctx) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(p->dictionary_cctx, ZSTD_c_compressionLevel, 3))) {
        xj_term_part_free(p);
        *out = NULL;
        return xj_fail(err, XJ_ENOMEM, "no memory for the terms of a segment");
    }
    return XJ_OK;
}

xj_status xj_term_part_finish(xj_term_part *p, xj_error *err)
{
    uint32_t n_codes = (uint32_t)(p->at.adjacency % XJI_PAGE);
    xj_status st = close_page(p, err);
    if (st == XJ_OK)
        st = close_postings(p, err);
    if (st == XJ_OK && n_codes > 0)
        st = close_codes(p, n_codes, err);
    ZSTD_freeCCtx(p->page_cctx);
    ZSTD_freeCCtx(p->dictionary_cctx);
    p->page_cctx = p->dictionary_cctx = NULL;
    return st;
}

uint32_t xj_term_part_n_terms(const xj_term_part *p)
{
    return p->n_terms;
}

static void release_frames(xji_frames *f)
{
    xj_buf_release(&f->data);
    xj_buf_release(&f->sizes);
}

void xj_term_part_free(xj_term_part *p)
{
    if (!p)
        return;
    ZSTD_freeCCtx(p->page_cctx);
    ZSTD_freeCCtx(p->dictionary_cctx);
    release_frames(&p->postings);
    release_frames(&p->adjacency);
    release_frames(&p->pages);
    xj_buf_release(&p->index);
    xj_buf_release(&p->keys);
    xj_buf_release(&p->blocks);
    free(p);
}
