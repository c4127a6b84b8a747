/*
 * Record stores: records in order in frames, each behind its length; `firsts` says which is the first of each frame. Texts
 * are coded and turned into UTF-8 one by one, only the one that is asked for.
 */
#include <stdlib.h>

#define ZSTD_DISABLE_DEPRECATE_WARNINGS
#define ZSTD_STATIC_LINKING_ONLY /* ZSTD_createDDict_byReference; the shared library has it too */
#include <zdict.h>
#include <zstd_errors.h>

#include "io_priv.h"
#include "segment_priv.h"

uint32_t xji_store_frames(xj_store store)
{
    return store == XJ_STORE_TEXT ? XJI_SEC_TEXT : store == XJ_STORE_REPORT ? XJI_SEC_REPORT : XJI_SEC_HEADING;
}

uint32_t xji_store_firsts(xj_store store)
{
    return store == XJ_STORE_TEXT     ? XJI_SEC_TEXT_FIRSTS
           : store == XJ_STORE_REPORT ? XJI_SEC_REPORT_FIRSTS
                                      : XJI_SEC_HEADING_FIRSTS;
}

uint64_t xji_store_records(const xj_segment *seg, xj_store store)
{
    return store == XJ_STORE_TEXT     ? seg->stats.n_passages
           : store == XJ_STORE_REPORT ? seg->stats.n_reports
                                      : seg->stats.n_sections;
}

/* ---- groups of texts ---- */

void xji_text_frame_free(xji_text_frame *f)
{
    if (!f)
        return;
    free(f->raw);
    free(f->at);
    free(f);
}

void xji_group_free(xji_group *g)
{
    if (!g)
        return;
    ZSTD_freeDDict(g->dictionary);
    free(g->table);
    xji_unreserve(g, sizeof *g);
}

/* Fill in a group from its table, which it owns. */
static xj_status parse_group(xj_segment *seg, const xji_frame *f, xji_group *g, xj_error *err)
{
    const uint8_t *dictionary;
    size_t n;
    const char *wrong = xji_group_parse(g, g->table, g->table_n, &dictionary, &n);
    if (wrong)
        return xji_frame_corrupt(seg, XJI_SEC_TABLES, f, err, wrong);
    if (!dictionary)
        return XJ_OK;
    g->dictionary = ZSTD_createDDict_byReference(dictionary, n);
    if (g->dictionary)
        return XJ_OK;
    /* It does not say why; ask someone who does. */
    size_t code = ZDICT_getDictHeaderSize(dictionary, n);
    if (ZDICT_isError(code) && ZSTD_getErrorCode(code) != ZSTD_error_memory_allocation)
        return xji_frame_corrupt(seg, XJI_SEC_TABLES, f, err, "a text table without a proper dictionary");
    return xji_no_memory(seg, err);
}

static xj_status load_group(xj_segment *seg, uint64_t i, xji_group **out, xj_error *err)
{
    xji_frame f;
    *out = NULL;
    xj_status st = xji_frame_get(seg, XJI_SEC_TABLES, i, &f, err);
    if (st != XJ_OK)
        return st;
    xji_group *g = xji_reserve(sizeof *g);
    uint8_t *packed = malloc((size_t)f.packed);
    ZSTD_DCtx *dctx = NULL;
    st = g && packed && xji_unpacker_take(seg, &dctx) ? XJ_OK : xji_no_memory(seg, err);
    if (st == XJ_OK)
        st = xji_frame_read(seg, XJI_SEC_TABLES, &f, packed, err);
    if (st == XJ_OK)
        st = xji_frame_raw(seg, XJI_SEC_TABLES, &f, packed, &g->table_n, err);
    if (st == XJ_OK && !(g->table = malloc(g->table_n)))
        st = xji_no_memory(seg, err);
    if (st == XJ_OK)
        st = xji_frame_unpack(seg, XJI_SEC_TABLES, &f, dctx, NULL, packed, g->table, g->table_n, err);
    xji_unpacker_give(seg, &dctx);
    ZSTD_freeDCtx(dctx);
    free(packed);
    if (st == XJ_OK)
        st = parse_group(seg, &f, g, err);
    if (st == XJ_OK)
        *out = g;
    else
        xji_group_free(g);
    return st;
}

xj_status xji_group_of(xj_segment *seg, uint64_t frame, const xji_group **out, xj_error *err)
{
    uint64_t i, n = seg->sec[XJI_SEC_TABLES].n_parts;
    *out = NULL;
    xj_status st = xji_last_not_above(seg, XJI_SEC_TEXT_GROUPS, 4, n, (uint32_t)frame, &i, err);
    if (st == XJ_OK && i == n)
        st = xji_corrupt(seg, seg->sec[XJI_SEC_TEXT_GROUPS].offset, err, "a text frame without a group");
    if (st != XJ_OK)
        return st;
    xji_group *g = atomic_load_explicit(&seg->group[i], memory_order_acquire);
    if (!g) {
        xji_group *seen = NULL;
        st = load_group(seg, i, &g, err);
        if (st != XJ_OK)
            return st;
        if (!atomic_compare_exchange_strong_explicit(&seg->group[i], &seen, g, memory_order_acq_rel, memory_order_acquire)) {
            xji_group_free(g); /* another thread was faster */
            g = seen;
        } else {
            xji_hold(seg, sizeof *g + g->table_n + (g->dictionary ? ZSTD_sizeof_DDict(g->dictionary) : 0));
        }
    }
    *out = g;
    return XJ_OK;
}

/* ---- records ---- */

static bool grow(uint8_t **p, size_t *cap, size_t n)
{
    if (n <= *cap)
        return true;
    uint8_t *q = realloc(*p, n);
    if (!q)
        return false;
    *p = q;
    *cap = n;
    return true;
}

/* The frame that holds record i. */
static xj_status find_frame(xj_segment *seg, xj_store store, uint32_t i, uint32_t *frame, uint32_t *first, uint32_t *end,
                            xj_error *err)
{
    uint32_t firsts = xji_store_firsts(store);
    uint64_t found, n = seg->sec[xji_store_frames(store)].n_parts, n_records = xji_store_records(seg, store);
    const uint8_t *p;
    if (i >= n_records)
        return xji_corrupt(seg, seg->sec[firsts].offset, err, "a record that is not there");
    xj_status st = xji_last_not_above(seg, firsts, 4, n, i, &found, err);
    if (st != XJ_OK)
        return st;
    if (found == n)
        return xji_corrupt(seg, seg->sec[firsts].offset, err, "a record without a frame");
    bool last = found + 1 == n;
    st = xji_raw(seg, firsts, found * 4, last ? 4 : 8, &p, err);
    if (st != XJ_OK)
        return st;
    *frame = (uint32_t)found;
    *first = xj_get_u32(p);
    *end = last ? (uint32_t)n_records : xj_get_u32(p + 4);
    if (i < *first || i >= *end || *end > n_records)
        return xji_corrupt(seg, seg->sec[firsts].offset + found * 4, err, "frames of records out of order");
    return XJ_OK;
}

/* Read and decompress the frame r->frame to r->raw. */
static xj_status load_frame(xj_segment *seg, xj_store store, xj_record *r, xj_error *err)
{
    uint32_t frames = xji_store_frames(store);
    const xji_group *g = NULL;
    xji_frame f;
    xj_status st = xji_frame_get(seg, frames, r->frame, &f, err);
    if (st == XJ_OK && store == XJ_STORE_TEXT)
        st = xji_group_of(seg, r->frame, &g, err);
    if (st != XJ_OK)
        return st;
    ZSTD_DCtx *dctx = r->unpacker;
    if (!grow(&r->packed, &r->packed_cap, (size_t)f.packed))
        return xji_no_memory(seg, err);
    st = xji_frame_read(seg, frames, &f, r->packed, err);
    if (st == XJ_OK)
        st = xji_frame_raw(seg, frames, &f, r->packed, &r->raw_n, err);
    if (st == XJ_OK && !grow(&r->raw, &r->raw_cap, r->raw_n))
        st = xji_no_memory(seg, err);
    if (st == XJ_OK && !xji_unpacker_take(seg, &dctx))
        st = xji_no_memory(seg, err);
    if (st == XJ_OK)
        st = xji_frame_unpack(seg, frames, &f, dctx, g ? g->dictionary : NULL, r->packed, r->raw, r->raw_n, err);
    xji_unpacker_give(seg, &dctx);
    r->unpacker = dctx;
    if (st != XJ_OK)
        return st;
    r->seg = seg;
    r->store = (int)store;
    r->next = r->first;
    r->at = 0;
    return XJ_OK;
}

static xj_status hold_frame(xj_segment *seg, xj_store store, uint32_t i, xj_record *r, xj_error *err)
{
    r->seg = NULL;
    r->own = false;
    xj_status st = find_frame(seg, store, i, &r->frame, &r->first, &r->end, err);
    if (st == XJ_OK)
        st = load_frame(seg, store, r, err);
    r->own = st == XJ_OK;
    return st;
}

/* Damage in the frame held. */
static xj_status damaged(const xj_record *r, xj_error *err, const char *what)
{
    return xj_record_place(r, xj_fail(err, XJ_ECORRUPT, "%s", what), err);
}

/* A text record as stored to one with UTF-8; both end with the source map. */
static xj_status decode_text(xj_record *r, const uint8_t *record, size_t n, xj_error *err)
{
    const xji_group *g;
    xj_rd rd = xj_rd_of(record, n);
    uint64_t n_codes = xj_rd_varint(&rd);
    const uint8_t *codes = xj_rd_take(&rd, n_codes <= n ? (size_t)n_codes : SIZE_MAX);
    if (!codes)
        return damaged(r, err, "a passage record that is cut short");
    xj_status st = xji_group_of(r->seg, r->frame, &g, err);
    if (st != XJ_OK)
        return st;
    size_t n_map = xj_rd_left(&rd);
    if (!grow(&r->text, &r->text_cap, XJ_VARINT_MAX + xji_text_room((size_t)n_codes) + n_map))
        return xji_no_memory(r->seg, err);
    /* The length is known last but stands first. */
    uint8_t *text = r->text + XJ_VARINT_MAX, length[XJ_VARINT_MAX];
    size_t bytes = xji_text_decode(g, codes, (size_t)n_codes, text);
    if (bytes == SIZE_MAX)
        return damaged(r, err, "a passage with characters that make no sense");
    size_t n_length = xj_varint_put(length, bytes);
    memcpy(text - n_length, length, n_length);
    memcpy(text + bytes, rd.p, n_map);
    r->data = text - n_length;
    r->n = n_length + bytes + n_map;
    return XJ_OK;
}

/* Find record i in the frame held, from the place of the last one on. */
static xj_status find_record(xj_record *r, uint32_t i, const uint8_t **data, size_t *n, xj_error *err)
{
    uint64_t size;
    if (i < r->next) {
        r->next = r->first;
        r->at = 0;
    }
    xj_rd rd = xj_rd_of(r->raw + r->at, r->raw_n - r->at);
    do {
        size = xj_rd_varint(&rd);
        *data = xj_rd_take(&rd, size <= r->raw_n ? (size_t)size : SIZE_MAX);
        if (!*data)
            return damaged(r, err, "a record longer than its frame");
        r->next++;
        r->at = (size_t)(rd.p - r->raw);
    } while (r->next <= i);
    if (i + 1 == r->end && xj_rd_left(&rd) != 0)
        return damaged(r, err, "a frame with bytes that belong to no record");
    *n = (size_t)size;
    return XJ_OK;
}

/* ---- texts that are kept ---- */

/* The frame in hand as one to keep: it takes r->raw over. */
static xj_status make_text_frame(xj_record *r, xji_text_frame **out, xj_error *err)
{
    uint32_t n = r->end - r->first;
    xji_text_frame *f = calloc(1, sizeof *f);
    uint32_t *at = f ? malloc((size_t)n * 2 * sizeof *at) : NULL;
    *out = NULL;
    if (!at) {
        free(f);
        return xji_no_memory(r->seg, err);
    }
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *data;
        size_t size;
        xj_status st = find_record(r, r->first + i, &data, &size, err);
        if (st != XJ_OK) {
            free(at);
            free(f);
            return st;
        }
        at[2 * i] = (uint32_t)(data - r->raw); /* a frame is below 512 MiB */
        at[2 * i + 1] = (uint32_t)(data - r->raw + size);
    }
    *f = (xji_text_frame){NULL, r->first, n, at, r->raw_n, r->raw};
    r->raw = NULL;
    r->raw_cap = 0;
    *out = f;
    return XJ_OK;
}

/* The frame of passage i as kept by the segment; NULL when it is not and there is no room for more. */
static xj_status kept_frame(xj_segment *seg, uint32_t i, xj_record *r, const xji_text_frame **out, xj_error *err)
{
    *out = NULL;
    r->own = false;
    if (r->seg != seg || r->store != XJ_STORE_TEXT || i < r->first || i >= r->end) {
        r->seg = NULL;
        xj_status st = find_frame(seg, XJ_STORE_TEXT, i, &r->frame, &r->first, &r->end, err);
        if (st != XJ_OK)
            return st;
    }
    _Atomic(xji_text_frame *) *slot = &seg->text_frame[r->frame];
    xji_text_frame *f = atomic_load_explicit(slot, memory_order_acquire), *seen = NULL;
    if (!f && atomic_load_explicit(&seg->texts_held, memory_order_relaxed) >= seg->texts_most) {
        r->seg = NULL;
        return XJ_OK;
    }
    if (!f) {
        xj_status st = load_frame(seg, XJ_STORE_TEXT, r, err);
        if (st == XJ_OK)
            st = make_text_frame(r, &f, err);
        if (st != XJ_OK) {
            r->seg = NULL;
            return st;
        }
        if (atomic_compare_exchange_strong_explicit(slot, &seen, f, memory_order_acq_rel, memory_order_acquire)) {
            uint64_t bytes = sizeof *f + f->raw_n + (uint64_t)f->n * 2 * sizeof *f->at;
            xji_hold(seg, bytes);
            atomic_fetch_add_explicit(&seg->texts_held, bytes, memory_order_relaxed);
            f->next = atomic_load_explicit(&seg->kept_frames, memory_order_relaxed);
            while (!atomic_compare_exchange_weak(&seg->kept_frames, &f->next, f)) {
            }
        } else {
            xji_text_frame_free(f); /* another thread was faster */
            f = seen;
        }
    }
    r->seg = seg;
    r->store = XJ_STORE_TEXT;
    *out = f;
    return XJ_OK;
}

xj_status xj_segment_record(xj_segment *seg, xj_store store, uint32_t i, xj_record *r, xj_error *err)
{
    bool held = r->own && r->seg == seg && r->store == (int)store && i >= r->first && i < r->end;
    if (held && r->data && r->next == i + 1)
        return XJ_OK; /* once more */
    r->data = NULL;
    r->n = 0;
    if (r->cached && store == XJ_STORE_TEXT && !held) {
        const xji_text_frame *f;
        xj_status st = kept_frame(seg, i, r, &f, err);
        if (st != XJ_OK)
            return st;
        const uint32_t *at = f ? &f->at[2 * (size_t)(i - f->first)] : NULL;
        if (f)
            return decode_text(r, f->raw + at[0], at[1] - at[0], err);
    }
    if (!held) {
        xj_status st = hold_frame(seg, store, i, r, err);
        if (st != XJ_OK)
            return st;
    }
    const uint8_t *data;
    size_t n;
    xj_status st = find_record(r, i, &data, &n, err);
    if (st != XJ_OK)
        return st;
    if (store == XJ_STORE_TEXT)
        return decode_text(r, data, n, err);
    r->data = data;
    r->n = n;
    return XJ_OK;
}

xj_status xj_segment_text(xj_segment *seg, uint32_t passage, xj_record *r, const char **text, size_t *n, xj_error *err)
{
    *text = NULL;
    *n = 0;
    xj_status st = xj_segment_record(seg, XJ_STORE_TEXT, passage, r, err);
    if (st != XJ_OK)
        return st;
    xj_rd rd = xj_rd_of(r->data, r->n);
    *n = (size_t)xj_rd_varint(&rd); /* written by decode_text */
    *text = (const char *)rd.p;
    return XJ_OK;
}

xj_status xj_record_place(const xj_record *r, xj_status st, xj_error *err)
{
    xji_frame f;
    if (st != XJ_ECORRUPT || !err || err->path[0] || !r->seg)
        return st;
    uint32_t frames = xji_store_frames((xj_store)r->store);
    uint64_t at = r->seg->sec[frames].offset;
    if (xji_frame_get(r->seg, frames, r->frame, &f, NULL) == XJ_OK)
        at += f.offset;
    char what[sizeof err->message];
    memcpy(what, err->message, sizeof what);
    xj_error_clear(err);
    return xji_corrupt(r->seg, at, err, what);
}

void xj_record_release(xj_record *r)
{
    free(r->raw);
    free(r->packed);
    free(r->text);
    ZSTD_freeDCtx(r->unpacker);
    *r = (xj_record)XJ_RECORD_INIT;
}
