/*
 * Writer of a segment file. Passage frames stream to the file as they fill, then postings pages as terms arrive; what
 * is smaller is kept in memory until finish. The header comes last: a file without one is no segment.
 */
#include "xj/segment_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "format_priv.h"
#include "io_priv.h"
#include "xj/analyser.h"

enum { OUT_BLOCK = 1 << 18, TEXT_LEVEL = 3, SMALL_LEVEL = 3, PAGE_LEVEL = 1 };

/* A section of frames on its way out: streamed to the file, or kept when another one streams. */
typedef struct frames {
    uint32_t type;
    bool streams;
    int level;
    uint64_t length; /* bytes of frames so far */
    uint32_t n;      /* frames so far */
    xj_buf raw;      /* the frame being filled */
    xj_buf kept;     /* frames, when not streamed */
    xj_buf dir;
    uint64_t raw_total; /* logical offset of the end of the stream */
} frames;

struct xj_segment_writer {
    int fd;
    int dir_fd;
    char name[64];
    char *path;
    ZSTD_CCtx *cctx;
    xj_buf packed;
    xj_buf out; /* bytes not yet written, at file offset out_at */
    uint64_t out_at;
    uint64_t section_at; /* file offset of the section being streamed */
    xj_buf table;
    uint32_t n_entries;
    int phase; /* sections must come in this order */
    frames text, report, heading, postings, adjacency;
    xj_buf text_index, report_index, heading_index;
    xj_buf pairs, word_offsets, word_bytes, terms, blocks;
    xj_buf passages, reports;
    uint32_t first_passage; /* of the report being filled */
    xj_segment_stats stats;
    xj_buf ids; /* ids of all reports, back to back, for the ranks */
    xj_buf id_ends;
};

enum { PHASE_TEXT, PHASE_TERMS, PHASE_DONE };

static xj_status flush_out(xj_segment_writer *w, xj_error *err)
{
    xj_status st = xji_write_at(w->fd, w->out.data, w->out.n, w->out_at, w->path, err);
    if (st == XJ_OK) {
        w->out_at += w->out.n;
        w->out.n = 0;
    }
    return st;
}

static xj_status emit(xj_segment_writer *w, const void *s, size_t n, xj_error *err)
{
    xj_status st = xj_buf_put(&w->out, s, n, err);
    if (st == XJ_OK && w->out.n >= OUT_BLOCK)
        st = flush_out(w, err);
    return st;
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

/* ---- frames ---- */

static xj_status close_frame(xj_segment_writer *w, frames *f, xj_error *err)
{
    if (f->raw.n == 0)
        return XJ_OK;
    size_t bound = ZSTD_compressBound(f->raw.n);
    w->packed.n = 0;
    xj_status st = xj_buf_reserve(&w->packed, bound, err);
    if (st != XJ_OK)
        return st;
    size_t n = ZSTD_compressCCtx(w->cctx, w->packed.data, bound, f->raw.data, f->raw.n, f->level);
    if (ZSTD_isError(n))
        return xj_fail(err, XJ_ENOMEM, "cannot compress a frame: %s", ZSTD_getErrorName(n));
    if (f->n == UINT32_MAX || f->raw.n > XJI_FRAME_RAW_MAX)
        return xj_fail(err, XJ_ELIMIT, "a segment holds too much text");
    uint8_t e[XJI_FRAME_ENTRY];
    xj_set_u64(e, f->length);
    xj_set_u32(e + 8, (uint32_t)n);
    xj_set_u32(e + 12, (uint32_t)f->raw.n);
    xj_set_u64(e + 16, xj_checksum(w->packed.data, n, xji_place(f->type, f->n)));
    st = xj_buf_put(&f->dir, e, sizeof e, err);
    if (st == XJ_OK)
        st = f->streams ? emit(w, w->packed.data, n, err) : xj_buf_put(&f->kept, w->packed.data, n, err);
    f->length += n;
    f->n++;
    f->raw.n = 0;
    return st;
}

/* Append a record (its length first) and its place to index. */
static xj_status put_record(xj_segment_writer *w, frames *f, xj_buf *index, const void *record, size_t n,
                            xj_error *err)
{
    xj_status st = XJ_OK;
    if (f->raw.n > 0 && f->raw.n + n > XJI_FRAME_TARGET)
        st = close_frame(w, f, err);
    if (st == XJ_OK)
        st = xj_buf_u32(index, f->n, err);
    if (st == XJ_OK)
        st = xj_buf_u32(index, (uint32_t)f->raw.n, err);
    if (st == XJ_OK)
        st = xj_buf_varint(&f->raw, n, err);
    if (st == XJ_OK)
        st = xj_buf_put(&f->raw, record, n, err);
    return st;
}

/* Append bytes to a page stream. */
static xj_status put_stream(xj_segment_writer *w, frames *f, const uint8_t *s, size_t n, xj_error *err)
{
    xj_status st = XJ_OK;
    f->raw_total += n;
    while (n > 0 && st == XJ_OK) {
        size_t room = XJI_PAGE - f->raw.n, part = n < room ? n : room;
        st = xj_buf_put(&f->raw, s, part, err);
        s += part;
        n -= part;
        if (st == XJ_OK && f->raw.n == XJI_PAGE)
            st = close_frame(w, f, err);
    }
    return st;
}

/* The streamed section is complete. */
static xj_status end_streamed(xj_segment_writer *w, frames *f, xj_error *err)
{
    xj_status st = close_frame(w, f, err);
    if (st == XJ_OK)
        st = add_entry(w, f->type, XJI_KIND_FRAMES, w->section_at, f->length, 0, 0, err);
    if (st == XJ_OK)
        st = pad(w, err);
    w->section_at = file_end(w);
    return st;
}

static xj_status end_kept(xj_segment_writer *w, frames *f, xj_error *err)
{
    xj_status st = close_frame(w, f, err);
    if (st == XJ_OK)
        st = emit(w, f->kept.data, f->kept.n, err);
    if (st == XJ_OK)
        st = add_entry(w, f->type, XJI_KIND_FRAMES, w->section_at, f->length, 0, 0, err);
    if (st == XJ_OK)
        st = pad(w, err);
    w->section_at = file_end(w);
    return st;
}

static xj_status put_raw_section(xj_segment_writer *w, uint32_t type, const xj_buf *b, xj_error *err)
{
    uint64_t at = w->section_at;
    xj_buf checks = XJ_BUF_INIT;
    xj_status st = emit(w, b->data, b->n, err);
    if (st == XJ_OK)
        st = pad(w, err);
    for (size_t i = 0; i < b->n && st == XJ_OK; i += XJI_CHUNK) {
        size_t n = b->n - i < XJI_CHUNK ? b->n - i : XJI_CHUNK;
        st = xj_buf_u64(&checks, xj_checksum(b->data + i, n, xji_place(type, i / XJI_CHUNK)), err);
    }
    uint64_t checks_at = file_end(w);
    if (st == XJ_OK)
        st = emit(w, checks.data, checks.n, err);
    if (st == XJ_OK)
        st = add_entry(w, type, XJI_KIND_RAW, at, b->n, checks_at,
                       xj_checksum(checks.data, checks.n, xji_place(type, UINT32_MAX)), err);
    xj_buf_release(&checks);
    w->section_at = file_end(w);
    return st;
}

/* ---- reports, sections, passages ---- */

xj_status xj_segment_writer_section(xj_segment_writer *w, const void *record, size_t n, uint32_t *number,
                                    xj_error *err)
{
    *number = (uint32_t)w->stats.n_sections++;
    return put_record(w, &w->heading, &w->heading_index, record, n, err);
}

xj_status xj_segment_writer_passage(xj_segment_writer *w, uint32_t section, uint32_t length, const void *record,
                                    size_t n, uint64_t n_characters, uint64_t text_bytes, xj_error *err)
{
    uint8_t row[XJI_PASSAGE_SIZE];
    xj_set_u32(row, (uint32_t)w->stats.n_reports);
    xj_set_u32(row + 4, section);
    xj_set_u32(row + 8, length);
    xj_status st = xj_buf_put(&w->passages, row, sizeof row, err);
    if (st == XJ_OK)
        st = put_record(w, &w->text, &w->text_index, record, n, err);
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
    xj_set_u32(row, w->first_passage);
    xj_set_u32(row + 4, (uint32_t)w->stats.n_passages - w->first_passage);
    xj_set_u32(row + 8, 0); /* rank, filled in by finish */
    xj_set_u32(row + 12, year);
    w->first_passage = (uint32_t)w->stats.n_passages;
    w->stats.n_reports++;
    w->stats.input_bytes += input_bytes;
    xj_status st = xj_buf_put(&w->reports, row, sizeof row, err);
    if (st == XJ_OK)
        st = put_record(w, &w->report, &w->report_index, record, n, err);
    if (st == XJ_OK)
        st = xj_buf_put(&w->ids, id, n_id, err);
    if (st == XJ_OK)
        st = xj_buf_u64(&w->id_ends, w->ids.n, err);
    return st;
}

/* ---- terms ---- */

static xj_status begin_terms(xj_segment_writer *w, xj_error *err)
{
    if (w->phase != PHASE_TEXT)
        return XJ_OK;
    w->phase = PHASE_TERMS;
    return end_streamed(w, &w->text, err);
}

static xj_status put_postings(xj_segment_writer *w, const xj_term_postings *t, xj_error *err)
{
    uint8_t info[XJI_TERM_SIZE];
    uint64_t cf = 0;
    bool long_list = t->n > XJ_BLOCK;
    uint64_t first_block = w->blocks.n / XJI_BLOCK_SIZE;
    xj_set_u64(info, w->postings.raw_total);
    xj_set_u64(info + 8, t->adjacency ? w->adjacency.raw_total : UINT64_MAX);
    xj_status st = XJ_OK;
    int64_t previous = -1;
    const uint8_t *codes = t->adjacency;
    for (uint32_t i = 0; i < t->n && st == XJ_OK;) {
        uint32_t stop = t->n - i > XJ_BLOCK ? i + XJ_BLOCK : t->n;
        uint8_t bytes[XJ_BLOCK * 2 * XJ_VARINT_MAX];
        size_t used = 0;
        uint64_t n_codes = 0;
        if (long_list) {
            uint8_t e[XJI_BLOCK_SIZE];
            xj_set_u32(e, t->docs[stop - 1]);
            xj_set_u64(e + 4, w->postings.raw_total);
            xj_set_u64(e + 12, t->adjacency ? w->adjacency.raw_total : UINT64_MAX);
            st = xj_buf_put(&w->blocks, e, sizeof e, err);
        }
        for (; i < stop; i++) {
            uint32_t tf = t->tfs[i];
            used += xj_varint_put(bytes + used, (uint64_t)((int64_t)t->docs[i] - previous) << 1 | (tf > 1));
            if (tf > 1)
                used += xj_varint_put(bytes + used, tf - 2);
            previous = t->docs[i];
            n_codes += tf;
        }
        if (st == XJ_OK)
            st = put_stream(w, &w->postings, bytes, used, err);
        if (st == XJ_OK && codes) {
            st = put_stream(w, &w->adjacency, codes, (size_t)n_codes, err);
            codes += n_codes;
        }
        cf += n_codes;
    }
    w->stats.n_postings += t->n;
    w->stats.n_occurrences += cf;
    xj_set_u32(info + 16, t->n);
    xj_set_u32(info + 20, cf > UINT32_MAX ? UINT32_MAX : (uint32_t)cf);
    xj_set_u32(info + 24, long_list ? (uint32_t)first_block : 0);
    if (st == XJ_OK && first_block > UINT32_MAX)
        st = xj_fail(err, XJ_ELIMIT, "a segment holds too many postings");
    if (st == XJ_OK)
        st = xj_buf_put(&w->terms, info, sizeof info, err);
    return st;
}

xj_status xj_segment_writer_pair(xj_segment_writer *w, uint32_t first, uint32_t second,
                                 const xj_term_postings *postings, xj_error *err)
{
    xj_status st = begin_terms(w, err);
    if (st == XJ_OK)
        st = xj_buf_u64(&w->pairs, xji_pair_key(first, second), err);
    if (st == XJ_OK)
        st = put_postings(w, postings, err);
    w->stats.n_pairs++;
    return st;
}

xj_status xj_segment_writer_word(xj_segment_writer *w, const void *key, size_t n, const xj_term_postings *postings,
                                 xj_error *err)
{
    xj_status st = begin_terms(w, err);
    if (st == XJ_OK && (n > XJ_KEY_MAX || w->word_bytes.n > UINT32_MAX - n))
        st = xj_fail(err, XJ_ELIMIT, "a segment holds too many words");
    if (st == XJ_OK)
        st = xj_buf_u32(&w->word_offsets, (uint32_t)w->word_bytes.n, err);
    if (st == XJ_OK)
        st = xj_buf_put(&w->word_bytes, key, n, err);
    if (st == XJ_OK)
        st = put_postings(w, postings, err);
    w->stats.n_words++;
    return st;
}

/* ---- open, finish, abandon ---- */

static void frames_init(frames *f, uint32_t type, bool streams, int level)
{
    f->type = type;
    f->streams = streams;
    f->level = level;
}

xj_status xj_segment_writer_open(xj_segment_writer **out, int dir_fd, const char *dir_path, const char *name,
                                 xj_error *err)
{
    *out = NULL;
    xj_segment_writer *w = calloc(1, sizeof *w);
    if (!w)
        return xj_fail(err, XJ_ENOMEM, "no memory for a segment writer");
    w->fd = -1;
    w->dir_fd = dir_fd;
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
    frames_init(&w->text, XJI_SEC_TEXT, true, TEXT_LEVEL);
    frames_init(&w->postings, XJI_SEC_POSTINGS, true, PAGE_LEVEL);
    frames_init(&w->adjacency, XJI_SEC_ADJACENCY, false, PAGE_LEVEL);
    frames_init(&w->report, XJI_SEC_REPORT, false, SMALL_LEVEL);
    frames_init(&w->heading, XJI_SEC_HEADING, false, SMALL_LEVEL);
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
static xj_status fill_ranks(xj_segment_writer *w, xj_error *err)
{
    size_t n = (size_t)w->stats.n_reports;
    id_ref *refs = malloc((n ? n : 1) * sizeof *refs);
    if (!refs)
        return xj_fail(err, XJ_ENOMEM, "no memory to sort %zu report ids", n);
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        size_t end = (size_t)xj_get_u64(w->id_ends.data + i * 8);
        refs[i] = (id_ref){w->ids.data + from, end - from, (uint32_t)i};
        from = end;
    }
    qsort(refs, n, sizeof *refs, compare_ids);
    for (size_t i = 0; i < n; i++)
        xj_set_u32(w->reports.data + (size_t)refs[i].report * XJI_REPORT_SIZE + 8, (uint32_t)i);
    free(refs);
    return XJ_OK;
}

static xj_status stats_section(xj_segment_writer *w, xj_error *err)
{
    const xj_segment_stats *t = &w->stats;
    const uint64_t v[] = {t->n_reports, t->n_passages, t->n_sections,    t->n_pairs,      t->n_words,    t->n_units,
                          t->n_postings, t->n_occurrences, t->n_characters, t->text_bytes, t->input_bytes};
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

xj_status xj_segment_writer_finish(xj_segment_writer **wp, xj_segment_seal *seal, xj_error *err)
{
    xj_segment_writer *w = *wp;
    frames *const kept[] = {&w->adjacency, &w->report, &w->heading};
    xj_status st = begin_terms(w, err);
    w->phase = PHASE_DONE;
    if (st == XJ_OK)
        st = end_streamed(w, &w->postings, err);
    for (size_t i = 0; i < sizeof kept / sizeof *kept && st == XJ_OK; i++)
        st = end_kept(w, kept[i], err);
    if (st == XJ_OK)
        st = xj_buf_u32(&w->word_offsets, (uint32_t)w->word_bytes.n, err);
    if (st == XJ_OK)
        st = fill_ranks(w, err);
    if (st == XJ_OK)
        st = stats_section(w, err);
    const struct {
        uint32_t type;
        const xj_buf *b;
    } raw[] = {
        {XJI_SEC_TEXT_DIR, &w->text.dir},         {XJI_SEC_POSTINGS_DIR, &w->postings.dir},
        {XJI_SEC_ADJACENCY_DIR, &w->adjacency.dir}, {XJI_SEC_REPORT_DIR, &w->report.dir},
        {XJI_SEC_HEADING_DIR, &w->heading.dir},   {XJI_SEC_TEXT_INDEX, &w->text_index},
        {XJI_SEC_REPORT_INDEX, &w->report_index}, {XJI_SEC_HEADING_INDEX, &w->heading_index},
        {XJI_SEC_PAIRS, &w->pairs},               {XJI_SEC_WORD_OFFSETS, &w->word_offsets},
        {XJI_SEC_WORD_BYTES, &w->word_bytes},     {XJI_SEC_TERMS, &w->terms},
        {XJI_SEC_BLOCKS, &w->blocks},             {XJI_SEC_PASSAGES, &w->passages},
        {XJI_SEC_REPORTS, &w->reports},
    };
    for (size_t i = 0; i < sizeof raw / sizeof *raw && st == XJ_OK; i++)
        st = put_raw_section(w, raw[i].type, raw[i].b, err);
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
    const frames *const all[] = {&w->text, &w->report, &w->heading, &w->postings, &w->adjacency};
    const xj_buf *const bufs[] = {&w->text_index, &w->report_index, &w->heading_index, &w->pairs,   &w->word_offsets,
                                  &w->word_bytes, &w->terms,        &w->blocks,        &w->passages, &w->reports,
                                  &w->ids,        &w->id_ends};
    size_t n = w->out.cap + w->packed.cap;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        n += all[i]->raw.cap + all[i]->kept.cap + all[i]->dir.cap;
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        n += bufs[i]->cap;
    return n;
}

uint32_t xj_segment_writer_n_passages(const xj_segment_writer *w)
{
    return (uint32_t)w->stats.n_passages;
}

static void frames_release(frames *f)
{
    xj_buf_release(&f->raw);
    xj_buf_release(&f->kept);
    xj_buf_release(&f->dir);
}

void xj_segment_writer_abandon(xj_segment_writer **wp)
{
    xj_segment_writer *w = wp ? *wp : NULL;
    if (!w)
        return;
    if (w->fd >= 0)
        close(w->fd);
    if (w->name[0])
        unlinkat(w->dir_fd, w->name, 0);
    frames *const all[] = {&w->text, &w->report, &w->heading, &w->postings, &w->adjacency};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        frames_release(all[i]);
    xj_buf *const bufs[] = {&w->packed,     &w->out,       &w->table,    &w->text_index, &w->report_index, &w->heading_index,
                            &w->pairs,      &w->word_offsets, &w->word_bytes, &w->terms, &w->blocks,       &w->passages,
                            &w->reports,    &w->ids,       &w->id_ends};
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        xj_buf_release(bufs[i]);
    ZSTD_freeCCtx(w->cctx);
    free(w->path);
    free(w);
    *wp = NULL;
}
