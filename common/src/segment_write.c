#define _GNU_SOURCE /* sync_file_range */
/*
 * Writer of a segment file. Frames of text stream to the file as their groups are packed, then postings pages as parts
 * arrive; other frames wait in spools, tables in memory. The header comes last: a file without one is no segment.
 */
#include "xj/segment_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "format_priv.h"
#include "io_priv.h"
#include "segment_write_priv.h"
#include "xj/analyser.h"
#include "xj/length.h"

enum { OUT_BLOCK = 1 << 18, SPOOL_BLOCK = 1 << 20, STORE_LEVEL = 3 };

/* Bytes after which the disk is told to begin, so that there is less to wait for in the end. */
enum { BEHIND = 4 << 20 };

static xj_status write_out(xj_segment_writer *w, const void *s, size_t n, xj_error *err)
{
    xj_status st = xji_write_at(w->fd, s, n, w->out_at, w->path, err);
    if (st != XJ_OK)
        return st;
    w->out_at += n;
#ifdef __linux__
    if (w->out_at - w->behind_at >= BEHIND) { /* a wish: where it is not granted the sync at the end does it all */
        sync_file_range(w->fd, (off_t)w->behind_at, (off_t)(w->out_at - w->behind_at), SYNC_FILE_RANGE_WRITE);
        w->behind_at = w->out_at;
    }
#endif
    return XJ_OK;
}

static xj_status flush_out(xj_segment_writer *w, xj_error *err)
{
    xj_status st = write_out(w, w->out.data, w->out.n, err);
    if (st == XJ_OK)
        w->out.n = 0;
    return st;
}

static xj_status emit(xj_segment_writer *w, const void *s, size_t n, xj_error *err)
{
    if (n < OUT_BLOCK) {
        xj_status st = xj_buf_put(&w->out, s, n, err);
        return st == XJ_OK && w->out.n >= OUT_BLOCK ? flush_out(w, err) : st;
    }
    /* What is large anyway is not copied. */
    xj_status st = flush_out(w, err);
    return st == XJ_OK ? write_out(w, s, n, err) : st;
}

static uint64_t file_end(const xj_segment_writer *w)
{
    return w->out_at + w->out.n;
}

static xj_status pad(xj_segment_writer *w, xj_error *err)
{
    static const uint8_t zeros[8];
    return emit(w, zeros, (size_t)((8 - file_end(w) % 8) % 8), err);
}

static xj_status add_entry(xj_segment_writer *w, uint32_t type, uint32_t kind, uint64_t offset, uint64_t length,
                           uint64_t checks_offset, uint64_t checks_sum, xj_error *err)
{
    uint8_t e[XJI_ENTRY_SIZE];
    xj_set_u32(e, type);
    xj_set_u32(e + 4, kind);
    xj_set_u64(e + 8, offset);
    xj_set_u64(e + 16, length);
    xj_set_u64(e + 24, checks_offset);
    xj_set_u64(e + 32, checks_sum);
    w->n_entries++;
    return xj_buf_put(&w->table, e, sizeof e, err);
}

/* ---- spools ---- */

xj_status xji_spool_put(xj_segment_writer *w, xji_spool *s, const void *p, size_t n, xj_error *err)
{
    xj_status st = xj_buf_put(&s->buf, p, n, err);
    if (st != XJ_OK || s->buf.n < SPOOL_BLOCK)
        return st;
    if (s->fd < 0) {
        char name[96];
        snprintf(name, sizeof name, "seg-spool-%s-%u.xjs", w->name, (unsigned)w->n_spools++);
        st = xji_open_temporary(w->dir_fd, name, &s->fd, err);
    }
    /* Whole blocks go to the file, so that what is read back begins and ends with chunks. */
    size_t whole = s->buf.n / OUT_BLOCK * OUT_BLOCK;
    if (st == XJ_OK)
        st = xji_write_at(s->fd, s->buf.data, whole, s->written, w->path, err);
    if (st == XJ_OK) {
        s->written += whole;
        s->buf.n -= whole;
        memmove(s->buf.data, s->buf.data + whole, s->buf.n);
    }
    return st;
}

static void spool_release(xji_spool *s)
{
    if (s->fd >= 0)
        close(s->fd);
    xj_buf_release(&s->buf);
    *s = (xji_spool){.fd = -1};
}

/* All of it, in memory; the spool is empty then. */
static xj_status spool_load(xj_segment_writer *w, xji_spool *s, xj_buf *out, xj_error *err)
{
    xj_status st = xj_buf_reserve(out, (size_t)s->written + s->buf.n, err);
    if (st == XJ_OK && s->written > 0)
        st = xji_read_at(s->fd, out->data, (size_t)s->written, 0, w->path, err);
    if (st == XJ_OK) {
        out->n = (size_t)s->written;
        st = xj_buf_put(out, s->buf.data, s->buf.n, err);
    }
    spool_release(s);
    return st;
}

xj_status xji_put_id(xj_segment_writer *w, const char *id, size_t n, xj_error *err)
{
    uint8_t length[4];
    xj_set_u32(length, (uint32_t)n);
    xj_status st = xji_spool_put(w, &w->ids, length, sizeof length, err);
    return st == XJ_OK ? xji_spool_put(w, &w->ids, id, n, err) : st;
}

static uint64_t spool_length(const xji_spool *s)
{
    return s->written + s->buf.n;
}

/* ---- sections ---- */

xj_status xji_put_frame(xj_segment_writer *w, xji_section *f, const uint8_t *s, size_t n, xj_error *err)
{
    uint8_t e[XJI_FRAME_ENTRY];
    if (f->n == UINT32_MAX)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too much text");
    xj_set_u64(e, f->length);
    xj_set_u64(e + 8, xj_checksum(s, n, xji_place(f->type, f->n)));
    xj_status st = xj_buf_put(&f->dir, e, sizeof e, err);
    if (st == XJ_OK)
        st = f->streams ? emit(w, s, n, err) : xji_spool_put(w, &f->kept, s, n, err);
    f->length += n;
    f->n++;
    return st;
}

static xj_status put_frames(xj_segment_writer *w, xji_section *f, const xj_buf *data, const xj_buf *sizes, xj_error *err)
{
    xj_status st = XJ_OK;
    const uint8_t *p = data->data;
    for (size_t i = 0; i < sizes->n && st == XJ_OK; i += 4) {
        size_t n = xj_get_u32(sizes->data + i);
        st = xji_put_frame(w, f, p, n, err);
        p += n;
    }
    return st;
}

/* Where a RAW section begins, and the checksums of its chunks so far. */
typedef struct raw_section {
    uint32_t type;
    uint64_t at, length;
    xj_buf checks;
} raw_section;

/* The next bytes: a multiple of XJI_CHUNK but for the last ones. */
static xj_status put_raw(xj_segment_writer *w, raw_section *r, const uint8_t *s, size_t n, xj_error *err)
{
    xj_status st = emit(w, s, n, err);
    for (size_t i = 0; i < n && st == XJ_OK; i += XJI_CHUNK) {
        size_t part = n - i < XJI_CHUNK ? n - i : XJI_CHUNK;
        st = xj_buf_u64(&r->checks, xj_checksum(s + i, part, xji_place(r->type, (r->length + i) / XJI_CHUNK)), err);
    }
    r->length += n;
    return st;
}

static xj_status end_raw(xj_segment_writer *w, raw_section *r, xj_error *err)
{
    xj_status st = pad(w, err);
    uint64_t checks_at = file_end(w);
    if (st == XJ_OK)
        st = emit(w, r->checks.data, r->checks.n, err);
    if (st == XJ_OK)
        st = add_entry(w, r->type, XJI_KIND_RAW, r->at, r->length, checks_at,
                       xj_checksum(r->checks.data, r->checks.n, xji_place(r->type, UINT32_MAX)), err);
    w->section_at = file_end(w);
    return st;
}

/* Copy everything to the segment and forget it; raw (may be NULL) is the RAW section that it belongs to. */
static xj_status spool_drain(xj_segment_writer *w, xji_spool *s, raw_section *raw, xj_error *err)
{
    xj_status st = XJ_OK;
    if (s->fd >= 0) {
        w->packed.n = 0;
        st = xj_buf_reserve(&w->packed, OUT_BLOCK, err);
        for (uint64_t at = 0; at < s->written && st == XJ_OK;) {
            size_t n = s->written - at < OUT_BLOCK ? (size_t)(s->written - at) : OUT_BLOCK;
            st = xji_read_at(s->fd, w->packed.data, n, at, w->path, err);
            if (st == XJ_OK)
                st = raw ? put_raw(w, raw, w->packed.data, n, err) : emit(w, w->packed.data, n, err);
            at += n;
        }
    }
    if (st == XJ_OK)
        st = raw ? put_raw(w, raw, s->buf.data, s->buf.n, err) : emit(w, s->buf.data, s->buf.n, err);
    spool_release(s);
    return st;
}

static xj_status put_raw_section(xj_segment_writer *w, uint32_t type, const xj_buf *b, xj_error *err)
{
    raw_section r = {type, w->section_at, 0, XJ_BUF_INIT};
    xj_status st = put_raw(w, &r, b->data, b->n, err);
    if (st == XJ_OK)
        st = end_raw(w, &r, err);
    xj_buf_release(&r.checks);
    return st;
}

static xj_status put_raw_spool(xj_segment_writer *w, uint32_t type, xji_spool *s, xj_error *err)
{
    raw_section r = {type, w->section_at, 0, XJ_BUF_INIT};
    xj_status st = spool_drain(w, s, &r, err);
    if (st == XJ_OK)
        st = end_raw(w, &r, err);
    xj_buf_release(&r.checks);
    return st;
}

static xj_status end_section(xj_segment_writer *w, xji_section *f, xj_error *err)
{
    xj_status st = f->streams ? XJ_OK : spool_drain(w, &f->kept, NULL, err);
    if (st == XJ_OK)
        st = add_entry(w, f->type, XJI_KIND_FRAMES, w->section_at, f->length, 0, 0, err);
    if (st == XJ_OK)
        st = pad(w, err);
    w->section_at = file_end(w);
    return st;
}

/* ---- stores of reports and headings ---- */

static xj_status close_store_frame(xj_segment_writer *w, xji_store *s, xj_error *err)
{
    if (s->raw.n == 0)
        return XJ_OK;
    size_t bound = ZSTD_compressBound(s->raw.n);
    w->packed.n = 0;
    xj_status st = s->raw.n <= XJI_FRAME_RAW_MAX ? xj_buf_reserve(&w->packed, bound, err)
                                                 : xj_fail(err, XJ_ELIMIT, "a report's metadata is too large");
    if (st != XJ_OK)
        return st;
    size_t n = ZSTD_compressCCtx(w->cctx, w->packed.data, bound, s->raw.data, s->raw.n, STORE_LEVEL);
    if (ZSTD_isError(n))
        return xj_fail(err, XJ_ENOMEM, "cannot compress a frame: %s", ZSTD_getErrorName(n));
    s->raw.n = 0;
    return xji_put_frame(w, &s->frames, w->packed.data, n, err);
}

xj_status xji_put_record(xj_segment_writer *w, xji_store *s, const void *record, size_t n, xj_error *err)
{
    xj_status st = XJ_OK;
    if (s->raw.n > 0 && s->raw.n + n > XJI_STORE_FRAME)
        st = close_store_frame(w, s, err);
    if (st == XJ_OK && s->raw.n == 0)
        st = xj_buf_u32(&s->firsts, s->n_records, err);
    if (st == XJ_OK)
        st = xj_buf_varint(&s->raw, n, err);
    if (st == XJ_OK)
        st = xj_buf_put(&s->raw, record, n, err);
    s->n_records++;
    return st;
}

/* ---- texts ---- */

static xj_status take_group(xj_segment_writer *w, xj_error *err)
{
    xji_text_group *g = w->packing;
    if (!g)
        return XJ_OK;
    xj_pool_wait(w->pool, &g->job);
    w->packing = NULL;
    xj_status st = g->status;
    if (st != XJ_OK)
        st = xj_fail_at(err, st, w->path, XJ_NO_OFFSET, "%s", g->error.message);
    if (st == XJ_OK)
        st = xj_buf_u32(&w->text_groups, w->text.n, err);
    if (st == XJ_OK)
        st = xji_put_frame(w, &w->tables, g->table.data, g->table.n, err);
    if (st == XJ_OK)
        st = put_frames(w, &w->text, &g->frames, &g->sizes, err);
    if (st == XJ_OK)
        st = xj_buf_put(&w->text_firsts, g->firsts.data, g->firsts.n, err);
    xji_text_group_release(g);
    free(g);
    return st;
}

static void pack(xj_job *job)
{
    xji_text_group_pack((xji_text_group *)job); /* its first member */
}

static xj_status close_group(xj_segment_writer *w, xj_error *err)
{
    xj_status st = take_group(w, err);
    if (st == XJ_OK && w->group) {
        w->packing = w->group;
        w->group = NULL;
        w->packing->job.run = pack;
        xj_pool_submit(w->pool, &w->packing->job);
    }
    return st;
}

xj_status xji_close_texts(xj_segment_writer *w, xj_error *err)
{
    xj_status st = close_group(w, err);
    return st == XJ_OK ? take_group(w, err) : st;
}

static xj_status put_text(xj_segment_writer *w, const void *record, size_t n, uint64_t text_bytes, xj_error *err)
{
    if (!w->group) {
        w->group = calloc(1, sizeof *w->group);
        if (!w->group)
            return xj_fail(err, XJ_ENOMEM, "no memory for a group of texts");
        w->group->level = w->level;
        w->group->first_record = (uint32_t)w->stats.n_passages;
    }
    xj_status st = xji_text_group_add(w->group, record, n, text_bytes, err);
    if (st == XJ_OK && w->group->text_bytes >= XJI_TEXT_GROUP)
        st = close_group(w, err);
    return st;
}

/* ---- reports, sections, passages ---- */

xj_status xj_segment_writer_section(xj_segment_writer *w, const void *record, size_t n, xj_error *err)
{
    if (w->stats.n_sections >= UINT32_MAX - 1)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too many headings");
    uint8_t first[4];
    xj_set_u32(first, (uint32_t)w->stats.n_passages);
    xj_status st = xji_spool_put(w, &w->sections, first, sizeof first, err);
    w->stats.n_sections++;
    return st == XJ_OK ? xji_put_record(w, &w->heading, record, n, err) : st;
}

xj_status xj_segment_writer_passage(xj_segment_writer *w, uint32_t length, const void *record, size_t n,
                                    uint64_t n_characters, uint64_t text_bytes, xj_error *err)
{
    if (w->stats.n_passages >= UINT32_MAX - 1)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too many passages");
    uint8_t code = xj_length_code(length);
    xj_status st = xj_buf_put(&w->lengths, &code, 1, err);
    if (st == XJ_OK)
        st = put_text(w, record, n, text_bytes, err);
    w->stats.n_passages++;
    w->stats.n_units += length;
    w->stats.n_characters += n_characters;
    w->stats.text_bytes += text_bytes;
    return st;
}

xj_status xj_segment_writer_report(xj_segment_writer *w, const char *id, size_t n_id, uint32_t year,
                                   uint64_t input_bytes, const void *record, size_t n, xj_error *err)
{
    uint8_t row[XJI_REPORT_SIZE];
    xj_set_u32(row, w->report_passage);
    xj_set_u32(row + 4, w->report_section);
    xj_set_u32(row + 8, 0); /* rank, filled in by finish */
    xj_set_u32(row + 12, year);
    w->report_passage = (uint32_t)w->stats.n_passages;
    w->report_section = (uint32_t)w->stats.n_sections;
    w->stats.n_reports++;
    w->stats.input_bytes += input_bytes;
    xj_status st = xji_spool_put(w, &w->reports, row, sizeof row, err);
    if (st == XJ_OK)
        st = xji_put_record(w, &w->report, record, n, err);
    return st == XJ_OK ? xji_put_id(w, id, n_id, err) : st;
}

/* ---- terms ---- */

xj_status xj_segment_writer_scale(xj_segment_writer *w, const xj_scale **scale, xj_error *err)
{
    /* The last group of texts is packed while the first parts are made. */
    xj_status st = close_group(w, err);
    if (st == XJ_OK && !w->scale)
        st = xji_scale_new(&w->scale, w->lengths.data, (uint32_t)w->stats.n_passages, w->stats.n_units, err);
    *scale = w->scale;
    return st;
}

/* All frames of text: postings stand behind them. */
static xj_status end_text(xj_segment_writer *w, xj_error *err)
{
    if (w->text_done)
        return XJ_OK;
    w->text_done = true;
    xj_status st = xji_close_texts(w, err);
    return st == XJ_OK ? end_section(w, &w->text, err) : st;
}

/* Entries of a part count from its beginning; here they get their places in the segment. */
static xj_status put_index(xj_segment_writer *w, const xj_term_part *p, uint32_t page, uint64_t adjacency, uint32_t block,
                           xj_error *err)
{
    int d = p->dictionary;
    bool strings = d == XJI_DICT_STRINGS || d == XJI_DICT_CONTEXT_STRINGS;
    if (w->keys[d].n > UINT32_MAX - p->keys.n || w->n_terms[d] > UINT32_MAX - 1 - p->n_terms)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too many terms");
    uint32_t key_at = (uint32_t)w->keys[d].n;
    size_t from = w->index[d].n;
    xj_status st = xj_buf_put(&w->index[d], p->index.data, p->index.n, err);
    for (uint8_t *e = w->index[d].data + from; st == XJ_OK && e < w->index[d].data + w->index[d].n; e += XJI_INDEX_ENTRY) {
        if (strings)
            xj_set_u32(e, xj_get_u32(e) + key_at);
        xj_set_u32(e + 4, xj_get_u32(e + 4) + w->n_terms[d]);
        xj_set_u32(e + 8, xj_get_u32(e + 8) + page);
        xj_set_u64(e + 16, xj_get_u64(e + 16) + adjacency);
        xj_set_u32(e + 24, xj_get_u32(e + 24) + block);
    }
    return st == XJ_OK ? xj_buf_put(&w->keys[d], p->keys.data, p->keys.n, err) : st;
}

xj_status xj_segment_writer_part(xj_segment_writer *w, const xj_term_part *p, xj_error *err)
{
    xj_status st = end_text(w, err);
    uint64_t block = spool_length(&w->blocks) / XJI_BLOCK_ENTRY;
    if (st == XJ_OK && (block + p->at.block > UINT32_MAX || w->postings.n > UINT32_MAX - p->postings.n))
        st = xj_fail(err, XJ_ELIMIT, "a segment holds too many postings");
    if (st == XJ_OK)
        st = put_index(w, p, w->postings.n, (uint64_t)w->adjacency.n * XJI_PAGE, (uint32_t)block, err);
    if (st == XJ_OK)
        st = put_frames(w, &w->postings, &p->postings.data, &p->postings.sizes, err);
    if (st == XJ_OK)
        st = put_frames(w, &w->adjacency, &p->adjacency.data, &p->adjacency.sizes, err);
    if (st == XJ_OK)
        st = put_frames(w, &w->pages, &p->pages.data, &p->pages.sizes, err);
    if (st == XJ_OK)
        st = xji_spool_put(w, &w->blocks, p->blocks.data, p->blocks.n, err);
    w->n_terms[p->dictionary] += p->n_terms;
    if (p->dictionary < XJI_DICT_CONTEXT_PAIRS) {
        w->stats.n_postings += p->n_postings;
        w->stats.n_occurrences += p->n_occurrences;
    } else {
        w->stats.n_context_postings += p->n_postings;
    }
    return st;
}

/* ---- open, finish, abandon ---- */

static void section_init(xji_section *s, uint32_t type, bool streams)
{
    s->type = type;
    s->streams = streams;
    s->kept.fd = -1;
}

xj_status xj_segment_writer_open(xj_segment_writer **out, int dir_fd, const char *dir_path, const char *name,
                                 xj_text_level level, xj_pool *pool, xj_error *err)
{
    *out = NULL;
    xj_segment_writer *w = calloc(1, sizeof *w);
    if (!w)
        return xj_fail(err, XJ_ENOMEM, "no memory for a segment writer");
    w->fd = -1;
    w->dir_fd = dir_fd;
    w->level = level;
    w->pool = pool;
    w->blocks.fd = w->sections.fd = w->reports.fd = w->ids.fd = -1;
    section_init(&w->text, XJI_SEC_TEXT, true);
    section_init(&w->tables, XJI_SEC_TABLES, false);
    section_init(&w->postings, XJI_SEC_POSTINGS, true);
    section_init(&w->adjacency, XJI_SEC_ADJACENCY, false);
    section_init(&w->pages, XJI_SEC_DICTIONARY, false);
    section_init(&w->report.frames, XJI_SEC_REPORT, false);
    section_init(&w->heading.frames, XJI_SEC_HEADING, false);
    size_t n_dir = strlen(dir_path), n_name = strlen(name);
    w->path = malloc(n_dir + n_name + 2);
    w->cctx = ZSTD_createCCtx();
    if (!w->path || !w->cctx || n_name >= sizeof w->name) {
        xj_segment_writer_abandon(&w);
        return xj_fail(err, XJ_ENOMEM, "no memory for a segment writer");
    }
    memcpy(w->path, dir_path, n_dir);
    w->path[n_dir] = '/';
    memcpy(w->path + n_dir + 1, name, n_name + 1);
    w->fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (w->fd < 0) {
        xj_status st = xji_fail_errno(err, XJ_EIO, w->path, errno, "cannot create");
        xj_segment_writer_abandon(&w);
        return st;
    }
    memcpy(w->name, name, n_name + 1);
    w->out_at = w->section_at = XJI_HEADER_SIZE;
    *out = w;
    return XJ_OK;
}

typedef struct id_ref {
    const uint8_t *s;
    size_t n;
    uint32_t report;
} id_ref;

static int compare_ids(const void *a, const void *b)
{
    const id_ref *x = a, *y = b;
    int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);
    if (c == 0)
        c = (x->n > y->n) - (x->n < y->n);
    return c ? c : (x->report > y->report) - (x->report < y->report);
}

/* Ties in ranking are broken by report id; the rank spares comparing strings. */
static xj_status fill_ranks(xj_segment_writer *w, xj_buf *reports, xj_error *err)
{
    size_t n = (size_t)w->stats.n_reports, from = 0;
    xj_buf ids = XJ_BUF_INIT;
    id_ref *refs = malloc((n ? n : 1) * sizeof *refs);
    xj_status st = refs ? spool_load(w, &w->ids, &ids, err) : xj_fail(err, XJ_ENOMEM, "no memory to sort %zu report ids", n);
    for (size_t i = 0; i < n && st == XJ_OK; i++) {
        size_t n_id = xj_get_u32(ids.data + from);
        refs[i] = (id_ref){ids.data + from + 4, n_id, (uint32_t)i};
        from += 4 + n_id;
    }
    if (st == XJ_OK)
        qsort(refs, n, sizeof *refs, compare_ids);
    for (size_t i = 0; i < n && st == XJ_OK; i++)
        xj_set_u32(reports->data + (size_t)refs[i].report * XJI_REPORT_SIZE + 8, (uint32_t)i);
    free(refs);
    xj_buf_release(&ids);
    return st;
}

static xj_status stats_section(xj_segment_writer *w, xj_error *err)
{
    const xj_segment_stats *t = &w->stats;
    const uint64_t v[] = {t->n_reports,
                          t->n_passages,
                          t->n_sections,
                          w->n_terms[XJI_DICT_PAIRS],
                          w->n_terms[XJI_DICT_STRINGS],
                          w->n_terms[XJI_DICT_CONTEXT_PAIRS],
                          w->n_terms[XJI_DICT_CONTEXT_STRINGS],
                          t->n_units,
                          t->n_postings,
                          t->n_occurrences,
                          t->n_context_postings,
                          t->n_characters,
                          t->text_bytes,
                          t->input_bytes};
    xj_buf b = XJ_BUF_INIT;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < sizeof v / sizeof *v && st == XJ_OK; i++)
        st = xj_buf_u64(&b, v[i], err);
    if (st == XJ_OK)
        st = put_raw_section(w, XJI_SEC_STATS, &b, err);
    xj_buf_release(&b);
    return st;
}

static xj_status write_header(xj_segment_writer *w, xj_segment_seal *seal, xj_error *err)
{
    uint64_t table_at = file_end(w), size = table_at + w->table.n;
    uint64_t table_sum = xj_checksum(w->table.data, w->table.n, 1);
    xj_status st = emit(w, w->table.data, w->table.n, err);
    if (st == XJ_OK)
        st = flush_out(w, err);
    if (st != XJ_OK)
        return st;
    uint64_t fingerprint = xj_analyser_fingerprint();
    if (fingerprint == 0)
        return xj_fail(err, XJ_ENOMEM, "no memory to compute the analyser fingerprint");
    uint8_t h[XJI_HEADER_SIZE] = {0};
    memcpy(h, XJI_SEGMENT_MAGIC, XJI_MAGIC_SIZE);
    xj_set_u16(h + 8, XJI_FORMAT_VERSION);
    xj_set_u64(h + 16, fingerprint);
    xj_set_u64(h + 24, size);
    xj_set_u64(h + 32, table_at);
    xj_set_u64(h + 40, table_sum);
    xj_set_u32(h + 48, w->n_entries);
    seal->header_sum = xj_checksum(h, 56, 0);
    seal->size = size;
    xj_set_u64(h + 56, seal->header_sum);
    return xji_write_at(w->fd, h, sizeof h, 0, w->path, err);
}

static xj_status write_raw_sections(xj_segment_writer *w, xj_error *err)
{
    const struct {
        uint32_t type;
        const xj_buf *b;
    } raw[] = {
        {XJI_SEC_TEXT_DIR, &w->text.dir},
        {XJI_SEC_TABLES_DIR, &w->tables.dir},
        {XJI_SEC_POSTINGS_DIR, &w->postings.dir},
        {XJI_SEC_ADJACENCY_DIR, &w->adjacency.dir},
        {XJI_SEC_DICTIONARY_DIR, &w->pages.dir},
        {XJI_SEC_REPORT_DIR, &w->report.frames.dir},
        {XJI_SEC_HEADING_DIR, &w->heading.frames.dir},
        {XJI_SEC_TEXT_FIRSTS, &w->text_firsts},
        {XJI_SEC_REPORT_FIRSTS, &w->report.firsts},
        {XJI_SEC_HEADING_FIRSTS, &w->heading.firsts},
        {XJI_SEC_TEXT_GROUPS, &w->text_groups},
        {XJI_SEC_PAIRS, &w->index[XJI_DICT_PAIRS]},
        {XJI_SEC_STRINGS, &w->index[XJI_DICT_STRINGS]},
        {XJI_SEC_STRING_KEYS, &w->keys[XJI_DICT_STRINGS]},
        {XJI_SEC_CONTEXT_PAIRS, &w->index[XJI_DICT_CONTEXT_PAIRS]},
        {XJI_SEC_CONTEXT_STRINGS, &w->index[XJI_DICT_CONTEXT_STRINGS]},
        {XJI_SEC_CONTEXT_STRING_KEYS, &w->keys[XJI_DICT_CONTEXT_STRINGS]},
        {XJI_SEC_LENGTHS, &w->lengths},
    };
    xj_status st = stats_section(w, err);
    if (st == XJ_OK)
        st = put_raw_spool(w, XJI_SEC_BLOCKS, &w->blocks, err);
    for (size_t i = 0; i < sizeof raw / sizeof *raw && st == XJ_OK; i++)
        st = put_raw_section(w, raw[i].type, raw[i].b, err);
    if (st == XJ_OK)
        st = put_raw_spool(w, XJI_SEC_SECTIONS, &w->sections, err);
    xj_buf reports = XJ_BUF_INIT;
    if (st == XJ_OK)
        st = spool_load(w, &w->reports, &reports, err);
    if (st == XJ_OK)
        st = fill_ranks(w, &reports, err);
    if (st == XJ_OK)
        st = put_raw_section(w, XJI_SEC_REPORTS, &reports, err);
    xj_buf_release(&reports);
    return st;
}

xj_status xj_segment_writer_finish(xj_segment_writer **wp, xj_segment_seal *seal, xj_error *err)
{
    xj_segment_writer *w = *wp;
    xj_status st = end_text(w, err);
    if (st == XJ_OK)
        st = close_store_frame(w, &w->report, err);
    if (st == XJ_OK)
        st = close_store_frame(w, &w->heading, err);
    xji_section *const frames[] = {&w->postings, &w->adjacency, &w->pages, &w->tables, &w->report.frames, &w->heading.frames};
    for (size_t i = 0; i < sizeof frames / sizeof *frames && st == XJ_OK; i++)
        st = end_section(w, frames[i], err);
    if (st == XJ_OK)
        st = write_raw_sections(w, err);
    if (st == XJ_OK)
        st = write_header(w, seal, err);
    if (st == XJ_OK)
        st = xji_sync(w->fd, w->path, err);
    if (st == XJ_OK) {
        int fd = w->fd;
        w->fd = -1;
        if (close(fd) != 0)
            st = xji_fail_errno(err, XJ_EIO, w->path, errno, "cannot close");
    }
    if (st == XJ_OK) {
        w->name[0] = '\0'; /* abandon keeps the file */
        xj_segment_writer_abandon(wp);
    }
    return st;
}

size_t xj_segment_writer_memory(const xj_segment_writer *w)
{
    size_t n = w->out.cap + w->packed.cap + w->blocks.buf.cap + w->lengths.cap + w->sections.buf.cap + w->reports.buf.cap +
               w->ids.buf.cap + w->report.raw.cap + w->heading.raw.cap + w->text_firsts.cap;
    const xji_section *const all[] = {&w->text,  &w->tables,        &w->postings,      &w->adjacency,
                                  &w->pages, &w->report.frames, &w->heading.frames};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        n += all[i]->dir.cap + all[i]->kept.buf.cap;
    for (int d = 0; d < XJI_DICTS; d++)
        n += w->index[d].cap + w->keys[d].cap;
    return n;
}

uint32_t xj_segment_writer_n_passages(const xj_segment_writer *w)
{
    return (uint32_t)w->stats.n_passages;
}

uint32_t xj_segment_writer_n_sections(const xj_segment_writer *w)
{
    return (uint32_t)w->stats.n_sections;
}

static void section_release(xji_section *s)
{
    xj_buf_release(&s->dir);
    spool_release(&s->kept);
}

static void store_release(xji_store *s)
{
    section_release(&s->frames);
    xj_buf_release(&s->raw);
    xj_buf_release(&s->firsts);
}

void xj_segment_writer_abandon(xj_segment_writer **wp)
{
    xj_segment_writer *w = wp ? *wp : NULL;
    if (!w)
        return;
    if (w->packing) {
        xj_pool_wait(w->pool, &w->packing->job);
        xji_text_group_release(w->packing);
        free(w->packing);
    }
    if (w->group) {
        xji_text_group_release(w->group);
        free(w->group);
    }
    if (w->fd >= 0)
        close(w->fd);
    if (w->name[0])
        unlinkat(w->dir_fd, w->name, 0);
    xji_section *const all[] = {&w->text, &w->tables, &w->postings, &w->adjacency, &w->pages};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        section_release(all[i]);
    xji_spool *const spools[] = {&w->blocks, &w->sections, &w->reports, &w->ids};
    for (size_t i = 0; i < sizeof spools / sizeof *spools; i++)
        spool_release(spools[i]);
    store_release(&w->report);
    store_release(&w->heading);
    xj_buf *const bufs[] = {&w->packed, &w->out, &w->table, &w->text_firsts, &w->text_groups, &w->lengths};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        xj_buf_release(bufs[i]);
    for (int d = 0; d < XJI_DICTS; d++) {
        xj_buf_release(&w->index[d]);
        xj_buf_release(&w->keys[d]);
    }
    xji_scale_free(w->scale);
    ZSTD_freeCCtx(w->cctx);
    free(w->path);
    free(w);
    *wp = NULL;
}
