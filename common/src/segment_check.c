/*
 * Verification of a segment: first that every byte is what was written, then that what was written makes sense. The
 * second part reads through the same functions as a search does.
 */
#include <stdlib.h>

#include "check_priv.h"
#include "io_priv.h"

xj_status xji_check_judge(xji_checker *c, xj_status st, xj_error *e, xj_error *err)
{
    if (st == XJ_OK)
        return XJ_OK;
    if (st == XJ_ECORRUPT || st == XJ_EFORMAT || st == XJ_EVERSION) {
        c->n_damages++;
        if (c->report && !c->report(c->ctx, e))
            c->stop = true;
        xj_error_clear(e);
        return XJ_OK;
    }
    return xj_fail_at(err, st, e->path, e->offset, "%s", e->message);
}

xj_status xji_check_complain(xji_checker *c, uint32_t type, uint64_t at, const char *what, xj_error *err)
{
    xj_error e = XJ_ERROR_INIT;
    return xji_check_judge(c, xji_corrupt(c->seg, c->seg->sec[type].offset + at, &e, what), &e, err);
}

static xj_status check_raw_bytes(xji_checker *c, xji_section_view *s, xj_error *err)
{
    for (uint64_t at = 0; at < s->length && !c->stop; at += XJI_CHUNK) {
        uint64_t n = s->length - at < XJI_CHUNK ? s->length - at : XJI_CHUNK;
        const uint8_t *p;
        xj_error e = XJ_ERROR_INIT;
        xj_status st = xji_check_judge(c, xji_raw_load(c->seg, s, at, n, &p, &e), &e, err);
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

/* The bytes between the end of a section and the next multiple of 8 are zero. */
static xj_status check_padding(xji_checker *c, const xji_section_view *s, xj_error *err)
{
    uint64_t at = s->offset + s->length;
    size_t n = (size_t)((8 - at % 8) % 8);
    uint8_t bytes[8] = {0};
    xj_error e = XJ_ERROR_INIT;
    xj_status got = xji_read_at(c->seg->fd, bytes, n, at, c->seg->path, &e);
    for (size_t i = 0; i < n && got == XJ_OK; i++)
        if (bytes[i] != 0)
            got = xji_corrupt(c->seg, at + i, &e, "padding that is not zero");
    return xji_check_judge(c, got, &e, err);
}

/* Frames of a section are read many at once. */
enum { AHEAD = 1 << 18 };

/* Memory and tools of a walk over frames. */
typedef struct walk {
    uint8_t *packed, *raw;
    size_t packed_cap, raw_cap;
    uint8_t *ahead; /* AHEAD bytes; those of the section from `at` on, n of them */
    uint64_t at, n;
    ZSTD_DCtx *dctx;
} walk;

static bool grow(uint8_t **p, size_t *cap, uint64_t n)
{
    if (n <= *cap)
        return true;
    free(*p);
    *p = malloc((size_t)n);
    *cap = *p ? (size_t)n : 0;
    return *p != NULL;
}

/*
 * Whether a frame reads as it was written, told by what was read ahead. One that does not, or of a file that is cut short, is
 * read by itself then, and that tells what is the matter.
 */
static xj_status is_right(xj_segment *seg, uint32_t frames, const xji_frame *f, walk *w, bool *right, xj_error *e)
{
    const xji_section_view *s = &seg->sec[frames];
    *right = false;
    if (f->packed > AHEAD)
        return XJ_OK;
    if (f->offset < w->at || f->offset + f->packed > w->at + w->n) {
        w->at = f->offset;
        w->n = s->length - w->at < AHEAD ? s->length - w->at : AHEAD;
        xj_status st = xji_read_at(seg->fd, w->ahead, (size_t)w->n, s->offset + w->at, seg->path, e);
        if (st != XJ_OK)
            w->n = 0;
        if (st == XJ_ECORRUPT)
            xj_error_clear(e);
        if (st != XJ_OK)
            return st == XJ_ECORRUPT ? XJ_OK : st;
    }
    *right = xj_checksum(w->ahead + (f->offset - w->at), (size_t)f->packed, xji_place(frames, f->i)) == f->sum;
    return XJ_OK;
}

static xj_status check_frame(xj_segment *seg, uint32_t frames, uint64_t i, bool unpack, walk *w, xj_error *e)
{
    const xji_group *g = NULL;
    size_t raw_n;
    xji_frame f;
    xj_status st = xji_frame_get(seg, frames, i, &f, e);
    bool right = false;
    if (st == XJ_OK && !unpack)
        st = is_right(seg, frames, &f, w, &right, e);
    if (right)
        return XJ_OK;
    if (st == XJ_OK && !grow(&w->packed, &w->packed_cap, f.packed))
        st = xji_no_memory(seg, e);
    if (st == XJ_OK)
        st = xji_frame_read(seg, frames, &f, w->packed, e);
    if (st != XJ_OK || !unpack)
        return st;
    st = xji_frame_raw(seg, frames, &f, w->packed, &raw_n, e);
    if (st == XJ_OK && frames == XJI_SEC_TEXT)
        st = xji_group_of(seg, i, &g, e);
    if (st == XJ_OK && !grow(&w->raw, &w->raw_cap, raw_n))
        st = xji_no_memory(seg, e);
    if (st == XJ_OK)
        st = xji_frame_unpack(seg, frames, &f, w->dctx, g ? g->dictionary : NULL, w->packed, w->raw, raw_n, e);
    return st;
}

static xj_status check_frames(xji_checker *c, uint32_t frames, bool unpack, xj_error *err)
{
    walk w = {.ahead = malloc(AHEAD), .dctx = ZSTD_createDCtx()};
    xj_status st = w.dctx && w.ahead ? XJ_OK : xji_no_memory(c->seg, err);
    for (uint64_t i = 0; i < c->seg->sec[frames].n_parts && st == XJ_OK && !c->stop; i++) {
        xj_error e = XJ_ERROR_INIT;
        st = xji_check_judge(c, check_frame(c->seg, frames, i, unpack, &w, &e), &e, err);
    }
    free(w.packed);
    free(w.raw);
    free(w.ahead);
    ZSTD_freeDCtx(w.dctx);
    return st;
}

static xj_status check_bytes(xji_checker *c, bool unpack, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < c->seg->n_sections && st == XJ_OK && !c->stop; i++) {
        xji_section_view *s = c->seg->order[i];
        if (s->kind == XJI_KIND_RAW)
            st = check_raw_bytes(c, s, err);
        if (st == XJ_OK)
            st = check_padding(c, s, err);
    }
    for (uint32_t frames = XJI_SEC_TEXT; frames <= XJI_SEC_HEADING && st == XJ_OK && !c->stop; frames++) {
        uint64_t before = c->n_damages;
        st = check_frames(c, frames, false, err);
        /* Text needs its tables; the damage of one of those is told once, below. */
        if (st == XJ_OK && unpack && c->n_damages == before && frames != XJI_SEC_TEXT)
            st = check_frames(c, frames, true, err);
    }
    if (st == XJ_OK && unpack && c->n_damages == 0 && !c->stop)
        st = check_frames(c, XJI_SEC_TEXT, true, err);
    return st;
}

xj_status xj_segment_check(xj_segment *seg, xj_check_depth depth, xj_damage_fn report, void *ctx,
                           uint64_t *n_damages, xj_error *err)
{
    xji_checker c = {.seg = seg, .report = report, .ctx = ctx};
    xj_status st = check_bytes(&c, depth == XJ_CHECK_ALL, err);
    /* Meaning is judged only where the bytes are right: everything else would follow from the damage. */
    if (st == XJ_OK && depth == XJ_CHECK_ALL && c.n_damages == 0)
        st = xji_check_terms(&c, err);
    if (st == XJ_OK && depth == XJ_CHECK_ALL && c.n_damages == 0)
        st = xji_check_records(&c, err);
    free(c.units);
    *n_damages = c.n_damages;
    return st;
}
