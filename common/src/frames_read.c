/*
 * Sections of frames: the directory says where each frame lies and what its checksum is; a frame says its own raw size.
 * Pages of postings and adjacency codes stay decompressed in their arena once they were touched.
 */
#include <stdlib.h>

#include "io_priv.h"
#include "segment_priv.h"

static bool has_pages(uint32_t frames)
{
    return frames == XJI_SEC_POSTINGS || frames == XJI_SEC_ADJACENCY || frames == XJI_SEC_DICTIONARY;
}

xj_status xji_frame_corrupt(const xj_segment *seg, uint32_t frames, const xji_frame *f, xj_error *err, const char *what)
{
    return xji_corrupt(seg, seg->sec[frames].offset + f->offset, err, what);
}

xj_status xji_frame_get(xj_segment *seg, uint32_t frames, uint64_t i, xji_frame *f, xj_error *err)
{
    const xji_section_view *s = &seg->sec[frames];
    uint32_t directory = XJI_SEC_DIRECTORY(frames);
    const uint8_t *p;
    *f = (xji_frame){0};
    if (i >= s->n_parts)
        return xji_corrupt(seg, seg->sec[directory].offset, err, "a frame that is not there");
    bool last = i + 1 == s->n_parts;
    xj_status st = xji_raw(seg, directory, i * XJI_FRAME_ENTRY, last ? XJI_FRAME_ENTRY : XJI_FRAME_ENTRY + 8, &p, err);
    if (st != XJ_OK)
        return st;
    uint64_t end = last ? s->length : xj_get_u64(p + XJI_FRAME_ENTRY);
    *f = (xji_frame){.i = i, .offset = xj_get_u64(p), .sum = xj_get_u64(p + 8)};
    if (f->offset >= end || end > s->length || (i == 0 && f->offset != 0))
        return xji_corrupt(seg, seg->sec[directory].offset + i * XJI_FRAME_ENTRY, err, "a frame outside its section");
    f->packed = end - f->offset;
    if (has_pages(frames) && f->packed > XJI_PACKED_PAGE)
        return xji_frame_corrupt(seg, frames, f, err, "a page of a wrong size");
    return XJ_OK;
}

xj_status xji_frame_read(xj_segment *seg, uint32_t frames, const xji_frame *f, uint8_t *packed, xj_error *err)
{
    uint64_t at = seg->sec[frames].offset + f->offset;
    xj_status st = xji_read_at(seg->fd, packed, (size_t)f->packed, at, seg->path, err);
    if (st == XJ_OK && xj_checksum(packed, (size_t)f->packed, xji_place(frames, f->i)) != f->sum)
        st = xji_corrupt(seg, at, err, xji_section_name(frames));
    return st;
}

xj_status xji_frame_raw(xj_segment *seg, uint32_t frames, const xji_frame *f, const uint8_t *packed, size_t *raw_n, xj_error *err)
{
    unsigned long long n = ZSTD_getFrameContentSize(packed, (size_t)f->packed); /* unknown and malformed are huge */
    *raw_n = 0;
    if (n == 0 || n > (has_pages(frames) ? (uint64_t)XJI_PAGE : XJI_FRAME_RAW_MAX))
        return xji_frame_corrupt(seg, frames, f, err, has_pages(frames) ? "a page of a wrong size" : "a frame of a wrong size");
    *raw_n = (size_t)n;
    return XJ_OK;
}

ZSTD_DCtx *xji_unpacker_take(xj_segment *seg, ZSTD_DCtx **own)
{
    if (!*own)
        *own = atomic_exchange_explicit(&seg->unpacker, NULL, memory_order_acquire);
    if (!*own)
        *own = ZSTD_createDCtx();
    return *own;
}

void xji_unpacker_give(xj_segment *seg, ZSTD_DCtx **own)
{
    ZSTD_DCtx *none = NULL;
    if (*own && atomic_compare_exchange_strong_explicit(&seg->unpacker, &none, *own, memory_order_release, memory_order_relaxed))
        *own = NULL;
}

xj_status xji_frame_unpack(xj_segment *seg, uint32_t frames, const xji_frame *f, ZSTD_DCtx *dctx,
                           const ZSTD_DDict *dictionary, const uint8_t *packed, uint8_t *raw, size_t raw_n, xj_error *err)
{
    size_t n = (size_t)f->packed, got;
    if (ZSTD_findFrameCompressedSize(packed, n) != n)
        return xji_frame_corrupt(seg, frames, f, err, "more than a frame, or less");
    if (dictionary)
        got = ZSTD_decompress_usingDDict(dctx, raw, raw_n, packed, n, dictionary);
    else
        got = ZSTD_decompressDCtx(dctx, raw, raw_n, packed, n);
    if (got != raw_n) /* errors are huge numbers */
        return xji_frame_corrupt(seg, frames, f, err, "a frame that does not decompress to its size");
    return XJ_OK;
}

/* The lock is held; f was read without it, for the directory takes it. */
static xj_status read_page(xj_segment *seg, uint32_t pages, const xji_frame *f, uint8_t *raw, size_t *raw_n, xj_error *err)
{
    xj_status st = xji_frame_read(seg, pages, f, seg->packed, err);
    if (st == XJ_OK)
        st = xji_frame_raw(seg, pages, f, seg->packed, raw_n, err);
    if (st == XJ_OK && !xji_unpacker_take(seg, &seg->page_unpacker))
        st = xji_no_memory(seg, err);
    if (st == XJ_OK)
        st = xji_frame_unpack(seg, pages, f, seg->page_unpacker, NULL, seg->packed, raw, *raw_n, err);
    xji_unpacker_give(seg, &seg->page_unpacker);
    return st;
}

xj_status xji_page_read(xj_segment *seg, uint32_t pages, uint64_t i, uint8_t *raw, size_t *raw_n, xj_error *err)
{
    xji_frame f;
    xj_status st = xji_frame_get(seg, pages, i, &f, err);
    if (st != XJ_OK)
        return st;
    pthread_mutex_lock(&seg->lock);
    st = read_page(seg, pages, &f, raw, raw_n, err);
    pthread_mutex_unlock(&seg->lock);
    return st;
}

xj_status xji_page_load(xj_segment *seg, uint32_t pages, uint64_t i, xj_error *err)
{
    xji_section_view *s = &seg->sec[pages];
    xji_frame f;
    xj_status st = xji_frame_get(seg, pages, i, &f, err);
    if (st != XJ_OK)
        return st;
    pthread_mutex_lock(&seg->lock);
    if (!atomic_load_explicit(&s->loaded[i], memory_order_relaxed)) {
        uint8_t *raw = s->arena + i * s->slot;
        size_t n;
        st = read_page(seg, pages, &f, raw, &n, err);
        if (st == XJ_OK && pages == XJI_SEC_POSTINGS && (n < 2 || xj_get_u16(raw) > n - 2))
            st = xji_frame_corrupt(seg, pages, &f, err, "a page of postings that is cut short");
        if (st == XJ_OK) {
            s->raw[i] = (uint16_t)n;
            atomic_store_explicit(&s->loaded[i], 1, memory_order_release);
            xji_hold(seg, s->slot);
        }
    }
    pthread_mutex_unlock(&seg->lock);
    return st;
}

xj_status xji_codes(xj_segment *seg, uint64_t at, uint64_t n, const uint8_t **out, xj_error *err)
{
    const xji_section_view *s = &seg->sec[XJI_SEC_ADJACENCY];
    uint64_t total = s->n_parts * XJI_PAGE;
    *out = NULL;
    if (at > total || n > total - at)
        return xji_corrupt(seg, s->offset, err, "adjacency codes outside their pages");
    for (uint64_t page = at / XJI_PAGE; page * XJI_PAGE < at + n; page++) {
        const uint8_t *p;
        size_t size;
        xj_status st = xji_page(seg, XJI_SEC_ADJACENCY, page, &p, &size, err);
        if (st != XJ_OK)
            return st;
        uint64_t end = at + n - page * XJI_PAGE;
        if (size < (end < XJI_PAGE ? end : XJI_PAGE))
            return xji_corrupt(seg, s->offset, err, "adjacency codes that are cut short");
    }
    *out = s->arena + at;
    return XJ_OK;
}
