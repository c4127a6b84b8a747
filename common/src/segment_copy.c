/*
 * Taking over what another segment stores of its reports: texts as they are compressed there, records and tables with
 * their numbers moved on. Terms are merged by the caller.
 */
#include <stdlib.h>

#include "segment_priv.h"
#include "segment_write_priv.h"
#include "xj/record.h"

static xj_status u32_at(xj_segment *seg, uint32_t type, uint64_t i, uint32_t *v, xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, type, i * 4, 4, &p, err);
    if (st == XJ_OK)
        *v = xj_get_u32(p);
    return st;
}

/* Copy frames of `type` to f under their new numbers. */
static xj_status copy_frames(xj_segment_writer *w, xji_section *f, xj_segment *seg, uint32_t type, xj_buf *packed, xj_error *err)
{
    uint64_t n = seg->sec[type].n_parts;
    xj_status st = XJ_OK;
    for (uint64_t i = 0; i < n && st == XJ_OK; i++) {
        xji_frame frame;
        st = xji_frame_get(seg, type, i, &frame, err);
        packed->n = 0;
        if (st == XJ_OK)
            st = xj_buf_reserve(packed, (size_t)frame.packed, err);
        if (st == XJ_OK)
            st = xji_frame_read(seg, type, &frame, packed->data, err);
        if (st == XJ_OK)
            st = xji_put_frame(w, f, packed->data, (size_t)frame.packed, err);
    }
    return st;
}

static xj_status copy_texts(xj_segment_writer *w, xj_segment *seg, uint32_t passage, xj_error *err)
{
    uint32_t frame = w->text.n, v;
    xj_buf packed = XJ_BUF_INIT;
    xj_status st = XJ_OK;
    for (uint64_t i = 0; i < seg->sec[XJI_SEC_TEXT_GROUPS].length / 4 && st == XJ_OK; i++) {
        st = u32_at(seg, XJI_SEC_TEXT_GROUPS, i, &v, err);
        if (st == XJ_OK)
            st = xj_buf_u32(&w->text_groups, frame + v, err);
    }
    for (uint64_t i = 0; i < seg->sec[XJI_SEC_TEXT_FIRSTS].length / 4 && st == XJ_OK; i++) {
        st = u32_at(seg, XJI_SEC_TEXT_FIRSTS, i, &v, err);
        if (st == XJ_OK)
            st = xj_buf_u32(&w->text_firsts, passage + v, err);
    }
    if (st == XJ_OK)
        st = copy_frames(w, &w->tables, seg, XJI_SEC_TABLES, &packed, err);
    if (st == XJ_OK)
        st = copy_frames(w, &w->text, seg, XJI_SEC_TEXT, &packed, err);
    xj_buf_release(&packed);
    return st;
}

static xj_status copy_lengths(xj_segment_writer *w, xj_segment *seg, xj_error *err)
{
    uint64_t length = seg->sec[XJI_SEC_LENGTHS].length;
    xj_status st = XJ_OK;
    for (uint64_t at = 0; at < length && st == XJ_OK; at += XJI_CHUNK) {
        const uint8_t *p;
        uint64_t n = length - at < XJI_CHUNK ? length - at : XJI_CHUNK;
        st = xji_raw(seg, XJI_SEC_LENGTHS, at, n, &p, err);
        if (st == XJ_OK)
            st = xj_buf_put(&w->lengths, p, (size_t)n, err);
    }
    return st;
}

static xj_status copy_sections(xj_segment_writer *w, xj_segment *seg, uint32_t passage, xj_error *err)
{
    xj_record r = XJ_RECORD_INIT;
    xj_status st = XJ_OK;
    for (uint32_t i = 0; i < seg->stats.n_sections && st == XJ_OK; i++) {
        uint32_t first = 0;
        st = u32_at(seg, XJI_SEC_SECTIONS, i, &first, err);
        uint8_t moved[4];
        xj_set_u32(moved, passage + first);
        if (st == XJ_OK)
            st = xji_spool_put(w, &w->sections, moved, sizeof moved, err);
        if (st == XJ_OK)
            st = xj_segment_record(seg, XJ_STORE_HEADING, i, &r, err);
        if (st == XJ_OK)
            st = xji_put_record(w, &w->heading, r.data, r.n, err);
    }
    xj_record_release(&r);
    return st;
}

static xj_status copy_reports(xj_segment_writer *w, xj_segment *seg, uint32_t passage, uint32_t section, xj_error *err)
{
    xj_record r = XJ_RECORD_INIT;
    xj_status st = XJ_OK;
    for (uint32_t i = 0; i < seg->stats.n_reports && st == XJ_OK; i++) {
        const uint8_t *p;
        xj_report_meta meta;
        uint8_t row[XJI_REPORT_SIZE];
        st = xji_raw(seg, XJI_SEC_REPORTS, (uint64_t)i * XJI_REPORT_SIZE, XJI_REPORT_SIZE, &p, err);
        if (st != XJ_OK)
            break;
        memcpy(row, p, sizeof row);
        xj_set_u32(row, passage + xj_get_u32(row));
        xj_set_u32(row + 4, section + xj_get_u32(row + 4));
        st = xji_spool_put(w, &w->reports, row, sizeof row, err);
        if (st == XJ_OK)
            st = xj_segment_record(seg, XJ_STORE_REPORT, i, &r, err);
        if (st == XJ_OK)
            st = xji_put_record(w, &w->report, r.data, r.n, err);
        if (st == XJ_OK)
            st = xj_record_place(&r, xj_report_meta_parse(&meta, r.data, r.n, err), err);
        if (st == XJ_OK)
            st = xji_put_id(w, meta.id.s, meta.id.n, err);
    }
    xj_record_release(&r);
    return st;
}

xj_status xj_segment_writer_copy(xj_segment_writer *w, xj_segment *seg, xj_error *err)
{
    const xj_segment_stats *t = &seg->stats;
    uint32_t passage = (uint32_t)w->stats.n_passages, section = (uint32_t)w->stats.n_sections;
    if (t->n_passages > UINT32_MAX - 1 - passage || t->n_sections > UINT32_MAX - 1 - section)
        return xj_fail(err, XJ_ELIMIT, "a segment holds at most %u passages", UINT32_MAX - 1);
    xj_status st = xji_close_texts(w, err);
    if (st == XJ_OK)
        st = copy_texts(w, seg, passage, err);
    if (st == XJ_OK)
        st = copy_lengths(w, seg, err);
    if (st == XJ_OK)
        st = copy_sections(w, seg, passage, err);
    if (st == XJ_OK)
        st = copy_reports(w, seg, passage, section, err);
    w->stats.n_reports += t->n_reports;
    w->stats.n_passages += t->n_passages;
    w->stats.n_sections += t->n_sections;
    w->stats.n_units += t->n_units;
    w->stats.n_characters += t->n_characters;
    w->stats.text_bytes += t->text_bytes;
    w->stats.input_bytes += t->input_bytes;
    w->report_passage = (uint32_t)w->stats.n_passages;
    w->report_section = (uint32_t)w->stats.n_sections;
    return st;
}
