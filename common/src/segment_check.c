/*
 * Verification of a segment: first that every byte is what was written, then that what was written makes sense. The
 * second part reads through the same functions as a search does.
 */
#include <stdlib.h>

#include "io_priv.h"
#include "segment_priv.h"
#include "xj/record.h"
#include "xj/token.h"
#include "xj/utf8.h"

typedef struct checker {
    xj_segment *seg;
    xj_damage_fn report;
    void *ctx;
    uint64_t n_damages;
    bool stop;
} checker;

static void damage(checker *c, const xj_error *e)
{
    c->n_damages++;
    if (c->report && !c->report(c->ctx, e))
        c->stop = true;
}

/* A status that means damage is reported and swallowed; another one (memory, I/O) ends the check. */
static xj_status judge(checker *c, xj_status st, xj_error *e, xj_error *err)
{
    if (st == XJ_OK)
        return XJ_OK;
    if (st == XJ_ECORRUPT || st == XJ_EFORMAT || st == XJ_EVERSION) {
        damage(c, e);
        xj_error_clear(e);
        return XJ_OK;
    }
    return xj_fail_at(err, st, e->path, e->offset, "%s", e->message);
}

static xj_status complain(checker *c, uint32_t type, uint64_t at, const char *what, xj_error *err)
{
    xj_error e = XJ_ERROR_INIT;
    return judge(c, xji_corrupt(c->seg, c->seg->sec[type].offset + at, &e, what), &e, err);
}

/* ---- bytes ---- */

static xj_status check_raw_bytes(checker *c, uint32_t type, xj_error *err)
{
    xji_section_view *s = &c->seg->sec[type];
    for (uint64_t at = 0; at < s->length && !c->stop; at += XJI_CHUNK) {
        uint64_t n = s->length - at < XJI_CHUNK ? s->length - at : XJI_CHUNK;
        const uint8_t *p;
        xj_error e = XJ_ERROR_INIT;
        xj_status st = judge(c, xji_raw(c->seg, type, at, n, &p, &e), &e, err);
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

static xj_status check_frames(checker *c, uint32_t frames, uint32_t dir, bool decompress, xj_error *err)
{
    xji_section_view *s = &c->seg->sec[frames];
    uint64_t n = c->seg->sec[dir].length / XJI_FRAME_ENTRY, at = 0;
    uint8_t *packed = NULL, *raw = NULL;
    size_t packed_cap = 0, raw_cap = 0;
    xj_status st = XJ_OK;
    ZSTD_DCtx *dctx = ZSTD_createDCtx();
    if (!dctx)
        return xj_fail(err, XJ_ENOMEM, "no memory to check '%s'", c->seg->path);
    for (uint64_t i = 0; i < n && st == XJ_OK && !c->stop; i++) {
        xji_frame f;
        xj_error e = XJ_ERROR_INIT;
        xj_status got = xji_frame_get(c->seg, frames, dir, i, &f, &e);
        if (got == XJ_OK && f.offset != at)
            got = xji_corrupt(c->seg, s->offset + at, &e, "frames that do not follow each other");
        if (got == XJ_OK) {
            at = f.offset + f.packed;
            if (f.packed > packed_cap) {
                free(packed);
                packed = malloc(packed_cap = f.packed);
            }
            if (f.raw > raw_cap && decompress) {
                free(raw);
                raw = malloc(raw_cap = f.raw);
            }
            if ((f.packed && !packed) || (decompress && f.raw && !raw))
                got = xj_fail(&e, XJ_ENOMEM, "no memory to check '%s'", c->seg->path);
            else if (decompress)
                got = xji_frame_read(c->seg, frames, i, &f, dctx, packed, raw, &e);
            else {
                uint64_t place = s->offset + f.offset;
                got = xji_read_at(c->seg->fd, packed, f.packed, place, c->seg->path, &e);
                if (got == XJ_OK && xj_checksum(packed, f.packed, xji_place(frames, i)) != f.sum)
                    got = xji_corrupt(c->seg, place, &e, xji_section_name(frames));
            }
        }
        st = judge(c, got, &e, err);
    }
    if (st == XJ_OK && !c->stop && at != s->length)
        st = complain(c, frames, at, "bytes that belong to no frame", err);
    free(packed);
    free(raw);
    ZSTD_freeDCtx(dctx);
    return st;
}

/* The bytes between the end of a section and the next multiple of 8 are zero. */
static xj_status check_padding(checker *c, uint32_t type, xj_error *err)
{
    const xji_section_view *s = &c->seg->sec[type];
    uint64_t at = s->offset + s->length;
    size_t n = (size_t)((8 - at % 8) % 8);
    uint8_t bytes[8] = {0};
    xj_error e = XJ_ERROR_INIT;
    xj_status got = xji_read_at(c->seg->fd, bytes, n, at, c->seg->path, &e);
    for (size_t i = 0; i < n && got == XJ_OK; i++)
        if (bytes[i] != 0)
            got = xji_corrupt(c->seg, at + i, &e, "padding that is not zero");
    return judge(c, got, &e, err);
}

static xj_status check_bytes(checker *c, bool decompress, xj_error *err)
{
    static const uint32_t pairs[][2] = {{XJI_SEC_TEXT, XJI_SEC_TEXT_DIR},
                                        {XJI_SEC_POSTINGS, XJI_SEC_POSTINGS_DIR},
                                        {XJI_SEC_ADJACENCY, XJI_SEC_ADJACENCY_DIR},
                                        {XJI_SEC_REPORT, XJI_SEC_REPORT_DIR},
                                        {XJI_SEC_HEADING, XJI_SEC_HEADING_DIR}};
    xj_status st = XJ_OK;
    for (uint32_t type = 1; type < XJI_SEC_END && st == XJ_OK && !c->stop; type++) {
        if (c->seg->sec[type].kind == XJI_KIND_RAW)
            st = check_raw_bytes(c, type, err);
        if (st == XJ_OK)
            st = check_padding(c, type, err);
    }
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && st == XJ_OK && !c->stop; i++)
        st = check_frames(c, pairs[i][0], pairs[i][1], decompress, err);
    return st;
}

/* ---- meaning ---- */

static xj_status check_list(checker *c, uint64_t ordinal, uint64_t *postings_at, uint64_t *adjacency_at,
                            uint64_t *blocks, uint64_t *postings, uint64_t *occurrences, xj_error *err)
{
    xj_segment *seg = c->seg;
    xj_error e = XJ_ERROR_INIT;
    xj_term t;
    xj_postings it;
    xj_status got = xj_segment_term(seg, ordinal, &t, &e);
    uint64_t cf = 0, n = 0;
    if (got == XJ_OK && t.df <= XJ_BLOCK && t.first_block != 0)
        got = xji_corrupt(seg, seg->sec[XJI_SEC_TERMS].offset + ordinal * XJI_TERM_SIZE, &e,
                          "a short list with an entry in the block directory");
    if (got == XJ_OK && (t.postings_at != *postings_at || (t.adjacency_at != UINT64_MAX && t.adjacency_at != *adjacency_at) ||
                         (t.df > XJ_BLOCK && t.first_block != *blocks)))
        got = xji_corrupt(seg, seg->sec[XJI_SEC_TERMS].offset + ordinal * XJI_TERM_SIZE, &e,
                          "a term whose list does not follow the one before");
    if (got == XJ_OK)
        got = xj_postings_open(&it, seg, &t, &e);
    /* The iterator itself checks order, ranges and the block directory. */
    int64_t previous = -1;
    uint64_t at = t.postings_at, used;
    while (got == XJ_OK && it.doc != XJ_DOC_END) {
        if (it.i == 0) {
            uint32_t docs[XJ_BLOCK], tfs[XJ_BLOCK];
            if (t.df > XJ_BLOCK) {
                const uint8_t *p;
                uint64_t entry = (*blocks + it.block) * XJI_BLOCK_SIZE;
                got = xji_raw(seg, XJI_SEC_BLOCKS, entry, XJI_BLOCK_SIZE, &p, &e);
                if (got == XJ_OK && xj_get_u64(p + 4) != at)
                    got = xji_corrupt(seg, seg->sec[XJI_SEC_BLOCKS].offset + entry, &e, "a block at a wrong place");
            }
            if (got == XJ_OK)
                got = xji_block_decode(seg, at, it.n, previous, docs, tfs, &used, &e);
            if (got != XJ_OK)
                break;
            at += used;
            previous = docs[it.n - 1];
            if (t.adjacency_at != UINT64_MAX && it.adjacency_at != *adjacency_at + cf) {
                got = xji_corrupt(seg, seg->sec[XJI_SEC_BLOCKS].offset, &e, "a block with wrong adjacency offset");
                break;
            }
        }
        if (t.adjacency_at != UINT64_MAX) {
            const uint8_t *codes;
            got = xj_postings_adjacency(&it, &codes, &e);
        }
        cf += it.tf;
        n++;
        if (got == XJ_OK)
            got = xj_postings_next(&it, &e);
    }
    if (got == XJ_OK && (n != t.df || t.cf != (cf > UINT32_MAX ? UINT32_MAX : cf)))
        got = xji_corrupt(seg, seg->sec[XJI_SEC_TERMS].offset + ordinal * XJI_TERM_SIZE, &e,
                          "a term whose counts do not fit its list");
    *postings_at = at;
    if (t.adjacency_at != UINT64_MAX)
        *adjacency_at += cf;
    if (t.df > XJ_BLOCK)
        *blocks += t.df / XJ_BLOCK + (t.df % XJ_BLOCK != 0);
    *postings += n;
    *occurrences += cf;
    return judge(c, got, &e, err);
}

static xj_status check_terms(checker *c, xj_error *err)
{
    xj_segment *seg = c->seg;
    const xj_segment_stats *t = &seg->stats;
    uint64_t postings_at = 0, adjacency_at = 0, blocks = 0, postings = 0, occurrences = 0, previous = 0;
    const uint8_t *last = NULL;
    size_t last_n = 0;
    xj_status st = XJ_OK;
    for (uint64_t i = 0; i < t->n_pairs && st == XJ_OK && !c->stop; i++) {
        const uint8_t *p;
        xj_error e = XJ_ERROR_INIT;
        xj_status got = xji_raw(seg, XJI_SEC_PAIRS, i * 8, 8, &p, &e);
        if (got == XJ_OK && xj_get_u64(p) <= previous)
            got = xji_corrupt(seg, seg->sec[XJI_SEC_PAIRS].offset + i * 8, &e, "pair terms out of order");
        if (got == XJ_OK)
            previous = xj_get_u64(p);
        st = judge(c, got, &e, err);
    }
    for (uint64_t i = 0; i < t->n_words && st == XJ_OK && !c->stop; i++) {
        const uint8_t *p, *key = NULL;
        xj_error e = XJ_ERROR_INIT;
        uint32_t a = 0, b = 0;
        xj_status got = xji_raw(seg, XJI_SEC_WORD_OFFSETS, i * 4, 8, &p, &e);
        if (got == XJ_OK) {
            a = xj_get_u32(p);
            b = xj_get_u32(p + 4);
            if ((i == 0 && a != 0) || (i + 1 == t->n_words && b != seg->sec[XJI_SEC_WORD_BYTES].length))
                got = xji_corrupt(seg, seg->sec[XJI_SEC_WORD_OFFSETS].offset + i * 4, &e, "word terms that leave bytes over");
        }
        if (got == XJ_OK) {
            got = b > a && b - a <= XJ_KEY_MAX ? xji_raw(seg, XJI_SEC_WORD_BYTES, a, b - a, &key, &e)
                        : xji_corrupt(seg, seg->sec[XJI_SEC_WORD_OFFSETS].offset + i * 4, &e, "a word term of impossible length");
        }
        if (got == XJ_OK && last) {
            int order = memcmp(last, key, last_n < b - a ? last_n : b - a);
            if (order > 0 || (order == 0 && last_n >= b - a))
                got = xji_corrupt(seg, seg->sec[XJI_SEC_WORD_BYTES].offset + a, &e, "word terms out of order");
        }
        last = got == XJ_OK ? key : NULL;
        last_n = b - a;
        st = judge(c, got, &e, err);
    }
    for (uint64_t i = 0; i < t->n_pairs + t->n_words && st == XJ_OK && !c->stop; i++)
        st = check_list(c, i, &postings_at, &adjacency_at, &blocks, &postings, &occurrences, err);
    xj_error e = XJ_ERROR_INIT;
    uint64_t postings_end = 0, adjacency_end = 0;
    if (st == XJ_OK)
        st = judge(c, xji_stream_length(seg, XJI_SEC_POSTINGS, &postings_end, &e), &e, err);
    if (st == XJ_OK)
        st = judge(c, xji_stream_length(seg, XJI_SEC_ADJACENCY, &adjacency_end, &e), &e, err);
    if (st == XJ_OK && !c->stop && c->n_damages == 0 && (postings_at != postings_end || adjacency_at != adjacency_end))
        st = complain(c, XJI_SEC_POSTINGS, 0, "bytes that belong to no list", err);
    if (st == XJ_OK && !c->stop &&
        (postings != t->n_postings || occurrences != t->n_occurrences || blocks * XJI_BLOCK_SIZE != seg->sec[XJI_SEC_BLOCKS].length))
        st = complain(c, XJI_SEC_STATS, 0, "statistics that do not fit the postings", err);
    return st;
}

static xj_status check_records(checker *c, xj_error *err)
{
    xj_segment *seg = c->seg;
    const xj_segment_stats *t = &seg->stats;
    xj_record report_record = XJ_RECORD_INIT, text_record = XJ_RECORD_INIT, heading_record = XJ_RECORD_INIT;
    xj_passage_text text = XJ_PASSAGE_TEXT_INIT;
    xj_units units = XJ_UNITS_INIT;
    /* by_rank[r] = report + 1 of rank r; its id lies in ids from id_at[report] to id_at[report + 1] */
    uint32_t *by_rank = calloc((size_t)t->n_reports + 1, sizeof *by_rank);
    size_t *id_at = calloc((size_t)t->n_reports + 1, sizeof *id_at);
    xj_buf ids = XJ_BUF_INIT;
    uint64_t next = 0, n_units = 0, n_characters = 0, text_bytes = 0;
    xj_status st = by_rank && id_at ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to check '%s'", seg->path);
    for (uint32_t s = 0; s < t->n_sections && st == XJ_OK && !c->stop; s++) {
        xj_error e = XJ_ERROR_INIT;
        xj_heading_path path;
        xj_status got = xj_segment_record(seg, XJ_STORE_HEADING, s, &heading_record, &e);
        if (got == XJ_OK)
            got = xj_record_place(&heading_record, xj_heading_path_parse(&path, heading_record.data, heading_record.n, &e), &e);
        st = judge(c, got, &e, err);
    }
    for (uint32_t i = 0; i < t->n_reports && st == XJ_OK && !c->stop; i++) {
        xj_error e = XJ_ERROR_INIT;
        xj_report_row row = {0};
        xj_report_meta meta = {0};
        xj_status got = xj_segment_report(seg, i, &row, &e);
        if (got == XJ_OK && (row.first_passage != next || row.id_rank >= t->n_reports || by_rank[row.id_rank]))
            got = xji_corrupt(seg, seg->sec[XJI_SEC_REPORTS].offset + (uint64_t)i * XJI_REPORT_SIZE, &e,
                              "a report table out of order");
        if (got == XJ_OK) {
            by_rank[row.id_rank] = i + 1;
            next = (uint64_t)row.first_passage + row.n_passages;
            got = xj_segment_record(seg, XJ_STORE_REPORT, i, &report_record, &e);
        }
        if (got == XJ_OK)
            got = xj_record_place(&report_record, xj_report_meta_parse(&meta, report_record.data, report_record.n, &e), &e);
        if (got == XJ_OK)
            got = xj_buf_put(&ids, meta.id.s, meta.id.n, &e);
        id_at[i + 1] = ids.n;
        for (uint64_t p = row.first_passage; p < next && got == XJ_OK; p++) {
            xj_passage_row prow;
            got = xj_segment_passage(seg, (uint32_t)p, &prow, &e);
            if (got == XJ_OK)
                got = xj_segment_record(seg, XJ_STORE_TEXT, (uint32_t)p, &text_record, &e);
            if (got == XJ_OK)
                got = xj_record_place(&text_record, xj_passage_text_parse(&text, text_record.data, text_record.n, meta.encoding, &e), &e);
            if (got == XJ_OK)
                got = xj_units_read(&units, text.cp, text.n, 0, &e);
            uint32_t length = 0;
            for (size_t u = 0; u < units.n; u++)
                length += units.unit[u].kind != XJ_UNIT_BREAK;
            if (got == XJ_OK && (prow.report != i || prow.length != length))
                got = xji_corrupt(seg, seg->sec[XJI_SEC_PASSAGES].offset + p * XJI_PASSAGE_SIZE, &e,
                                  "a passage that does not fit its text");
            n_units += length;
            n_characters += text.n;
            for (size_t k = 0; k < text.n; k++)
                text_bytes += xj_utf8_len(text.cp[k]);
        }
        st = judge(c, got, &e, err);
    }
    if (st == XJ_OK && !c->stop && c->n_damages == 0 && (next != t->n_passages || n_units != t->n_units || n_characters != t->n_characters || text_bytes != t->text_bytes))
        st = complain(c, XJI_SEC_STATS, 0, "statistics that do not fit the passages", err);
    for (uint32_t r = 1; r < t->n_reports && st == XJ_OK && !c->stop && c->n_damages == 0; r++) {
        uint32_t a = by_rank[r - 1] - 1, b = by_rank[r] - 1;
        size_t na = id_at[a + 1] - id_at[a], nb = id_at[b + 1] - id_at[b];
        int order = memcmp(ids.data + id_at[a], ids.data + id_at[b], na < nb ? na : nb);
        if (order > 0 || (order == 0 && na >= nb))
            st = complain(c, XJI_SEC_REPORTS, (uint64_t)b * XJI_REPORT_SIZE, "report ids out of order or twice", err);
    }
    free(by_rank);
    free(id_at);
    xj_buf_release(&ids);
    xj_units_release(&units);
    xj_passage_text_release(&text);
    xj_record_release(&report_record);
    xj_record_release(&text_record);
    xj_record_release(&heading_record);
    return st;
}

xj_status xj_segment_check(xj_segment *seg, xj_check_depth depth, xj_damage_fn report, void *ctx,
                           uint64_t *n_damages, xj_error *err)
{
    checker c = {seg, report, ctx, 0, false};
    xj_status st = check_bytes(&c, depth == XJ_CHECK_ALL, err);
    /* Meaning is judged only where the bytes are right: everything else would follow from the damage. */
    if (st == XJ_OK && depth == XJ_CHECK_ALL && c.n_damages == 0)
        st = check_terms(&c, err);
    if (st == XJ_OK && depth == XJ_CHECK_ALL && c.n_damages == 0)
        st = check_records(&c, err);
    *n_damages = c.n_damages;
    return st;
}
