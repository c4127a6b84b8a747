/*
 * RAW sections: chunks of XJI_CHUNK bytes, each read and compared with its checksum when it is first touched, and kept in
 * the section's arena.
 */
#include <stdlib.h>

#include "io_priv.h"
#include "segment_priv.h"

static xj_status load_checks(xj_segment *seg, xji_section_view *s, xj_error *err)
{
    if (s->checks)
        return XJ_OK;
    uint64_t n = (s->length + XJI_CHUNK - 1) / XJI_CHUNK;
    uint8_t *bytes = malloc((size_t)n * 8 + 1);
    if (!bytes)
        return xji_no_memory(seg, err);
    xj_status st = xji_read_at(seg->fd, bytes, (size_t)n * 8, s->checks_offset, seg->path, err);
    if (st == XJ_OK && xj_checksum(bytes, (size_t)n * 8, xji_place(s->type, UINT32_MAX)) != s->checks_sum)
        st = xji_corrupt(seg, s->checks_offset, err, "bad checksum of a checksum list");
    if (st != XJ_OK) {
        free(bytes);
        return st;
    }
    s->checks = bytes;
    return XJ_OK;
}

/* Most chunks that are read before anyone asked for them. */
enum { AHEAD_MAX = 8 };

/*
 * Where to stop reading at: chunks that follow a few others are on the way of someone who walks the section; the more of
 * them there are, the more are read ahead. A binary search, which ends among neighbours, does not get there.
 */
static uint64_t read_ahead(const xji_section_view *s, uint64_t a, uint64_t stop)
{
    uint64_t n = 0;
    while (n < AHEAD_MAX && n < a && atomic_load_explicit(&s->loaded[a - n - 1], memory_order_relaxed))
        n++;
    for (uint64_t more = n > 1 ? n : 0; more > 0 && stop < s->n_parts; more--) {
        if (atomic_load_explicit(&s->loaded[stop], memory_order_relaxed))
            break;
        stop++;
    }
    return stop;
}

/* Load chunks [a, b) that are missing; the lock is held. */
static xj_status load_chunks(xj_segment *seg, xji_section_view *s, uint64_t a, uint64_t b, xj_error *err)
{
    xj_status st = load_checks(seg, s, err);
    while (st == XJ_OK && a < b) {
        if (atomic_load_explicit(&s->loaded[a], memory_order_relaxed)) {
            a++;
            continue;
        }
        uint64_t stop = a + 1;
        while (stop < b && !atomic_load_explicit(&s->loaded[stop], memory_order_relaxed))
            stop++;
        if (stop == b)
            stop = read_ahead(s, a, stop);
        uint64_t from = a * XJI_CHUNK;
        uint64_t to = stop * XJI_CHUNK < s->length ? stop * XJI_CHUNK : s->length;
        st = xji_read_at(seg->fd, s->arena + from, (size_t)(to - from), s->offset + from, seg->path, err);
        for (uint64_t c = a; c < stop && st == XJ_OK; c++) {
            uint64_t at = c * XJI_CHUNK;
            uint64_t n = s->length - at < XJI_CHUNK ? s->length - at : XJI_CHUNK;
            if (xj_checksum(s->arena + at, (size_t)n, xji_place(s->type, c)) != xj_get_u64(s->checks + c * 8)) {
                st = xji_corrupt(seg, s->offset + at, err, xji_section_name(s->type));
                break;
            }
            atomic_store_explicit(&s->loaded[c], 1, memory_order_release);
            atomic_fetch_add_explicit(&s->n_loaded, 1, memory_order_release);
            xji_hold(seg, XJI_CHUNK);
        }
        a = stop;
    }
    return st;
}

xj_status xji_raw_load(xj_segment *seg, xji_section_view *s, uint64_t offset, uint64_t n, const uint8_t **out, xj_error *err)
{
    *out = NULL;
    if (offset > s->length || n > s->length - offset)
        return xji_corrupt(seg, s->offset, err, "an entry points outside its section");
    uint64_t a = offset / XJI_CHUNK, b = (offset + n + XJI_CHUNK - 1) / XJI_CHUNK;
    bool there = true;
    for (uint64_t c = a; c < b && there && n > 0; c++)
        there = xji_is_loaded(s, c);
    if (!there) {
        pthread_mutex_lock(&seg->lock);
        xj_status st = load_chunks(seg, s, a, b, err);
        pthread_mutex_unlock(&seg->lock);
        if (st != XJ_OK)
            return st;
    }
    *out = s->arena + offset;
    return XJ_OK;
}

/* The same over entries that are all in memory. */
static uint64_t search_table(const uint8_t *table, uint32_t stride, uint64_t n, uint32_t wanted)
{
    uint64_t lo = 0;
    for (uint64_t left = n; left > 0;) {
        uint64_t half = left / 2;
        bool above = xj_get_u32(table + (lo + half) * stride) > wanted;
        lo = above ? lo : lo + half + 1;
        left = above ? half : left - half - 1;
    }
    return lo ? lo - 1 : n;
}

xj_status xji_last_not_above(xj_segment *seg, uint32_t type, uint32_t stride, uint64_t n, uint32_t wanted, uint64_t *out,
                             xj_error *err)
{
    const xji_section_view *s = &seg->sec[type];
    uint64_t lo = 0, hi = n; /* below lo: not above; from hi on: above */
    if (n <= s->length / stride && atomic_load_explicit(&s->n_loaded, memory_order_acquire) == s->n_parts) {
        *out = search_table(s->arena, stride, n, wanted);
        return XJ_OK;
    }
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        const uint8_t *p;
        xj_status st = xji_raw(seg, type, mid * stride, 4, &p, err);
        if (st != XJ_OK)
            return st;
        if (xj_get_u32(p) <= wanted)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = lo ? lo - 1 : n;
    return XJ_OK;
}
