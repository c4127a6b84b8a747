/* The tables of passages, sections and reports. */
#include "segment_priv.h"
#include "xj/length.h"

xj_status xj_segment_length(xj_segment *seg, uint32_t i, uint32_t *length, xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, XJI_SEC_LENGTHS, i, 1, &p, err);
    *length = st == XJ_OK ? xj_length_decode(*p) : 0;
    return st;
}

xj_status xj_segment_lengths(xj_segment *seg, uint32_t first, uint32_t end, const uint8_t **code, xj_error *err)
{
    *code = NULL;
    return xji_raw_load(seg, &seg->sec[XJI_SEC_LENGTHS], first, end - first, code, err);
}

xj_status xj_segment_length_codes(xj_segment *seg, const uint32_t *passage, size_t n, uint8_t *code, xj_error *err)
{
    const uint8_t *p, *all = seg->sec[XJI_SEC_LENGTHS].arena;
    uint64_t chunk = UINT64_MAX;
    for (size_t i = 0; i < n; i++) {
        if (passage[i] / XJI_CHUNK != chunk) {
            xj_status st = xji_raw(seg, XJI_SEC_LENGTHS, passage[i], 1, &p, err);
            if (st != XJ_OK)
                return st;
            chunk = passage[i] / XJI_CHUNK;
        }
        code[i] = all[passage[i]];
    }
    return XJ_OK;
}

xj_status xj_segment_section(xj_segment *seg, uint32_t i, uint32_t *first, uint32_t *end, xj_error *err)
{
    const uint8_t *p;
    bool last = i + 1 == seg->stats.n_sections;
    *first = *end = 0;
    xj_status st = xji_raw(seg, XJI_SEC_SECTIONS, (uint64_t)i * 4, last ? 4 : 8, &p, err);
    if (st != XJ_OK)
        return st;
    uint32_t a = xj_get_u32(p), b = last ? (uint32_t)seg->stats.n_passages : xj_get_u32(p + 4);
    if (a >= b || b > seg->stats.n_passages)
        return xji_corrupt(seg, seg->sec[XJI_SEC_SECTIONS].offset + (uint64_t)i * 4, err, "a section whose passages are not there");
    *first = a;
    *end = b;
    return XJ_OK;
}

xj_status xj_segment_section_of(xj_segment *seg, uint32_t passage, uint32_t *section, uint32_t *first, uint32_t *end,
                                xj_error *err)
{
    uint64_t i, n = seg->stats.n_sections;
    *section = *first = *end = 0;
    xj_status st = xji_last_not_above(seg, XJI_SEC_SECTIONS, 4, n, passage, &i, err);
    if (st == XJ_OK && i < n) {
        st = xj_segment_section(seg, (uint32_t)i, first, end, err);
        *section = (uint32_t)i;
    }
    if (st == XJ_OK && (passage < *first || passage >= *end)) {
        *section = *first = *end = 0;
        st = xji_corrupt(seg, seg->sec[XJI_SEC_SECTIONS].offset, err, "a passage without a section");
    }
    return st;
}

xj_status xj_segment_report(xj_segment *seg, uint32_t i, xj_report_row *row, xj_error *err)
{
    const uint8_t *p;
    const xj_segment_stats *t = &seg->stats;
    uint64_t at = (uint64_t)i * XJI_REPORT_SIZE;
    bool last = i + 1 == t->n_reports;
    memset(row, 0, sizeof *row);
    xj_status st = xji_raw(seg, XJI_SEC_REPORTS, at, last ? XJI_REPORT_SIZE : XJI_REPORT_SIZE + 8, &p, err);
    if (st != XJ_OK)
        return st;
    uint32_t passage = xj_get_u32(p), section = xj_get_u32(p + 4), rank = xj_get_u32(p + 8);
    uint32_t passage_end = last ? (uint32_t)t->n_passages : xj_get_u32(p + XJI_REPORT_SIZE);
    uint32_t section_end = last ? (uint32_t)t->n_sections : xj_get_u32(p + XJI_REPORT_SIZE + 4);
    if (passage > passage_end || passage_end > t->n_passages || section > section_end || section_end > t->n_sections ||
        (passage == passage_end) != (section == section_end) || rank >= t->n_reports)
        return xji_corrupt(seg, seg->sec[XJI_SEC_REPORTS].offset + at, err, "a report whose passages are not there");
    *row = (xj_report_row){passage, passage_end - passage, section, section_end - section, rank, xj_get_u32(p + 12)};
    return XJ_OK;
}

xj_status xj_segment_report_of(xj_segment *seg, uint32_t passage, uint32_t *report, xj_report_row *row, xj_error *err)
{
    return xj_segment_report_from(seg, 0, passage, report, row, err);
}

/* Reports that are looked at one by one before the table is halved. */
enum { STEPS = 8 };

xj_status xj_segment_report_from(xj_segment *seg, uint32_t from, uint32_t passage, uint32_t *report, xj_report_row *row,
                                 xj_error *err)
{
    uint64_t i = from, n = seg->stats.n_reports;
    const uint8_t *p;
    xj_status st = XJ_OK;
    *report = 0;
    memset(row, 0, sizeof *row);
    /* Reports without passages begin where the next one does, so that the last one to begin is the one that has them. */
    uint64_t stop = from + (uint64_t)STEPS;
    for (; from > 0 && i < stop && i + 1 < n && st == XJ_OK; i++) {
        st = xji_raw(seg, XJI_SEC_REPORTS, (i + 1) * XJI_REPORT_SIZE, 4, &p, err);
        if (st == XJ_OK && xj_get_u32(p) > passage)
            break;
    }
    if (st == XJ_OK && (from == 0 || i == stop))
        st = xji_last_not_above(seg, XJI_SEC_REPORTS, XJI_REPORT_SIZE, n, passage, &i, err);
    if (st == XJ_OK && i < n)
        st = xj_segment_report(seg, (uint32_t)i, row, err);
    if (st != XJ_OK)
        return st;
    if (passage < row->first_passage || passage - row->first_passage >= row->n_passages) {
        memset(row, 0, sizeof *row);
        return xji_corrupt(seg, seg->sec[XJI_SEC_REPORTS].offset, err, "a passage without a report");
    }
    *report = (uint32_t)i;
    return XJ_OK;
}

/* The section of a passage, among those of its report: they lie together, where a search of all would look far and wide. */
static xj_status section_in_report(xj_segment *seg, const xj_report_row *report, uint32_t passage, uint32_t *section, xj_error *err)
{
    uint64_t lo = report->first_section, hi = lo + report->n_sections; /* a row was checked: they are there */
    uint32_t first = 0, end = 0;
    const uint8_t *p;
    xj_status st = XJ_OK;
    *section = 0;
    while (hi - lo > 1 && st == XJ_OK) {
        uint64_t mid = lo + (hi - lo) / 2;
        st = xji_raw(seg, XJI_SEC_SECTIONS, mid * 4, 4, &p, err);
        if (st == XJ_OK && xj_get_u32(p) <= passage)
            lo = mid;
        else
            hi = mid;
    }
    if (st == XJ_OK)
        st = xj_segment_section(seg, (uint32_t)lo, &first, &end, err);
    if (st == XJ_OK && (passage < first || passage >= end))
        st = xji_corrupt(seg, seg->sec[XJI_SEC_SECTIONS].offset + lo * 4, err, "a section of another report");
    if (st == XJ_OK)
        *section = (uint32_t)lo;
    return st;
}

xj_status xj_segment_passage(xj_segment *seg, uint32_t i, xj_passage_row *row, xj_error *err)
{
    xj_report_row report;
    memset(row, 0, sizeof *row);
    xj_status st = xj_segment_length(seg, i, &row->length, err);
    if (st == XJ_OK)
        st = xj_segment_report_of(seg, i, &row->report, &report, err);
    if (st == XJ_OK)
        st = section_in_report(seg, &report, i, &row->section, err);
    if (st != XJ_OK)
        memset(row, 0, sizeof *row);
    return st;
}
