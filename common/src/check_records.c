/* Do the records, and the tables of passages, sections and reports, make sense? */
#include <stdlib.h>

#include "check_priv.h"
#include "xj/length.h"
#include "xj/record.h"
#include "xj/token.h"
#include "xj/utf8.h"

typedef struct records {
    xji_checker *c;
    xj_record report, text, heading;
    xj_passage_text passage;
    xj_units units;
    uint32_t *by_rank; /* by_rank[r] = report + 1 of rank r; its id lies in ids from id_at[report] to id_at[report + 1] */
    size_t *id_at;
    xj_buf ids;
    uint64_t next_passage, next_section; /* of the next report */
    uint64_t n_units, n_characters, text_bytes;
} records;

/* The characters of a group have one rank each; groups follow each other. */
static xj_status check_groups(records *r, xj_error *err)
{
    xj_segment *seg = r->c->seg;
    uint8_t *seen = malloc(0x110000 / 8);
    xj_status st = seen ? XJ_OK : xji_no_memory(seg, err);
    uint64_t n_frames = seg->sec[XJI_SEC_TEXT].n_parts, previous = 0;
    for (uint64_t i = 0; i < seg->sec[XJI_SEC_TABLES].n_parts && st == XJ_OK && !r->c->stop; i++) {
        xj_error e = XJ_ERROR_INIT;
        const xji_group *g = NULL;
        const uint8_t *p;
        xj_status got = xji_raw(seg, XJI_SEC_TEXT_GROUPS, i * 4, 4, &p, &e);
        uint32_t frame = got == XJ_OK ? xj_get_u32(p) : 0;
        if (got == XJ_OK && (i == 0 ? frame != 0 : frame <= previous || frame >= n_frames))
            got = xji_corrupt(seg, seg->sec[XJI_SEC_TEXT_GROUPS].offset + i * 4, &e, "groups of texts out of order");
        previous = frame;
        if (got == XJ_OK)
            got = xji_group_of(seg, frame, &g, &e);
        memset(seen, 0, 0x110000 / 8);
        for (uint32_t k = 0; got == XJ_OK && k < g->n_ranks; k++) {
            uint32_t cp;
            xj_utf8_decode(g->rank[k].s, g->rank[k].n, &cp, NULL);
            if (seen[cp / 8] >> cp % 8 & 1)
                got = xji_corrupt(seg, seg->sec[XJI_SEC_TABLES].offset, &e, "a character of two ranks");
            seen[cp / 8] |= (uint8_t)(1u << cp % 8);
        }
        st = xji_check_judge(r->c, got, &e, err);
    }
    free(seen);
    return st;
}

static bool is_utf8(xj_str s)
{
    return xj_utf8_valid((const uint8_t *)s.s, s.n);
}

static xj_status check_heading(records *r, uint32_t section, xj_error *e)
{
    xj_heading_path path;
    xj_status st = xj_segment_record(r->c->seg, XJ_STORE_HEADING, section, &r->heading, e);
    if (st != XJ_OK)
        return st;
    st = xj_heading_path_parse(&path, r->heading.data, r->heading.n, e);
    for (size_t i = 0; i < path.n && st == XJ_OK; i++)
        if (!is_utf8(path.heading[i]))
            st = xj_fail(e, XJ_ECORRUPT, "a heading that is not UTF-8");
    return xj_record_place(&r->heading, st, e);
}

/* Sections follow each other, and their headings can be read. */
static xj_status check_sections(records *r, xj_error *err)
{
    xj_segment *seg = r->c->seg;
    uint64_t next = 0;
    xj_status st = XJ_OK;
    for (uint32_t s = 0; s < seg->stats.n_sections && st == XJ_OK && !r->c->stop; s++) {
        xj_error e = XJ_ERROR_INIT;
        uint32_t first, end;
        xj_status got = xj_segment_section(seg, s, &first, &end, &e);
        if (got == XJ_OK && first != next)
            got = xji_corrupt(seg, seg->sec[XJI_SEC_SECTIONS].offset + (uint64_t)s * 4, &e, "sections out of order");
        next = end;
        st = xji_check_judge(r->c, got, &e, err);
        if (st != XJ_OK)
            return st;
        st = xji_check_judge(r->c, check_heading(r, s, &e), &e, err);
    }
    return st;
}

static xj_status check_passage(records *r, uint32_t i, uint32_t report, xj_encoding encoding, xj_error *e)
{
    xj_segment *seg = r->c->seg;
    const uint8_t *code;
    xj_passage_row row;
    xj_status st = xj_segment_passage(seg, i, &row, e);
    if (st == XJ_OK)
        st = xji_raw(seg, XJI_SEC_LENGTHS, i, 1, &code, e);
    if (st == XJ_OK)
        st = xj_segment_record(seg, XJ_STORE_TEXT, i, &r->text, e);
    if (st == XJ_OK)
        st = xj_record_place(&r->text, xj_passage_text_parse(&r->passage, r->text.data, r->text.n, encoding, e), e);
    if (st == XJ_OK)
        st = xj_units_read(&r->units, r->passage.cp, r->passage.n, 0, e);
    if (st != XJ_OK)
        return st;
    uint32_t length = 0;
    for (size_t u = 0; u < r->units.n; u++)
        length += r->units.unit[u].kind != XJ_UNIT_BREAK;
    r->n_units += length;
    r->n_characters += r->passage.n;
    for (size_t k = 0; k < r->passage.n; k++)
        r->text_bytes += xj_utf8_len(r->passage.cp[k]);
    if (row.report != report || *code != xj_length_code(length))
        return xji_corrupt(seg, seg->sec[XJI_SEC_LENGTHS].offset + i, e, "a passage that does not fit its text");
    /* A wrong list is that of many passages: it does not keep the others of this report from being looked at. */
    return r->c->units[i] == length
               ? XJ_OK
               : xji_check_complain(r->c, XJI_SEC_LENGTHS, i, "a passage whose terms do not add up to its length", e);
}

/* The record of a report can be read. Ids and paths may be file names in any bytes; everything else is UTF-8. */
static xj_status check_meta(records *r, uint32_t report, xj_report_meta *meta, xj_error *e)
{
    xj_status st = xj_segment_record(r->c->seg, XJ_STORE_REPORT, report, &r->report, e);
    if (st != XJ_OK)
        return st;
    st = xj_report_meta_parse(meta, r->report.data, r->report.n, e);
    bool good = is_utf8(meta->title) && is_utf8(meta->agency) && is_utf8(meta->date) && is_utf8(meta->number);
    for (size_t i = 0; i < meta->n_extra && st == XJ_OK; i++)
        good = good && is_utf8(meta->extra[i].name) && is_utf8(meta->extra[i].value);
    if (st == XJ_OK && !good)
        st = xj_fail(e, XJ_ECORRUPT, "a report record that is not UTF-8");
    return xj_record_place(&r->report, st, e);
}

static xj_status check_report(records *r, uint32_t i, xj_error *e)
{
    xj_segment *seg = r->c->seg;
    uint64_t at = seg->sec[XJI_SEC_REPORTS].offset + (uint64_t)i * XJI_REPORT_SIZE;
    xj_report_row row = {0};
    xj_report_meta meta = {0};
    uint32_t first, end;
    xj_status st = xj_segment_report(seg, i, &row, e);
    if (st == XJ_OK && (row.first_passage != r->next_passage || row.first_section != r->next_section || r->by_rank[row.id_rank]))
        st = xji_corrupt(seg, at, e, "a report table out of order");
    r->next_passage = (uint64_t)row.first_passage + row.n_passages;
    r->next_section = (uint64_t)row.first_section + row.n_sections;
    if (st == XJ_OK && row.n_passages > 0) {
        /* A section lies in one report. */
        st = xj_segment_section(seg, row.first_section, &first, &end, e);
        if (st == XJ_OK && first != row.first_passage)
            st = xji_corrupt(seg, at, e, "a report that begins within a section");
    }
    if (st == XJ_OK) {
        r->by_rank[row.id_rank] = i + 1;
        st = check_meta(r, i, &meta, e);
    }
    if (st == XJ_OK)
        st = xj_buf_put(&r->ids, meta.id.s, meta.id.n, e);
    r->id_at[i + 1] = r->ids.n;
    for (uint64_t p = row.first_passage; p < r->next_passage && st == XJ_OK && !r->c->stop; p++)
        st = check_passage(r, (uint32_t)p, i, meta.encoding, e);
    return st;
}

/* Ranks follow the byte order of the ids. */
static xj_status check_ranks(records *r, xj_error *err)
{
    xj_status st = XJ_OK;
    for (uint32_t k = 1; k < r->c->seg->stats.n_reports && st == XJ_OK && !r->c->stop && r->c->n_damages == 0; k++) {
        uint32_t a = r->by_rank[k - 1] - 1, b = r->by_rank[k] - 1;
        if (xji_compare_keys(r->ids.data + r->id_at[a], r->id_at[a + 1] - r->id_at[a], r->ids.data + r->id_at[b],
                             r->id_at[b + 1] - r->id_at[b]) >= 0)
            st = xji_check_complain(r->c, XJI_SEC_REPORTS, (uint64_t)b * XJI_REPORT_SIZE, "report ids out of order or twice", err);
    }
    return st;
}

xj_status xji_check_records(xji_checker *c, xj_error *err)
{
    xj_segment *seg = c->seg;
    const xj_segment_stats *t = &seg->stats;
    records r = {.c = c,
                 .report = XJ_RECORD_INIT,
                 .text = XJ_RECORD_INIT,
                 .heading = XJ_RECORD_INIT,
                 .passage = XJ_PASSAGE_TEXT_INIT,
                 .units = XJ_UNITS_INIT,
                 .ids = XJ_BUF_INIT};
    r.by_rank = calloc((size_t)t->n_reports + 1, sizeof *r.by_rank);
    r.id_at = calloc((size_t)t->n_reports + 1, sizeof *r.id_at);
    xj_status st = r.by_rank && r.id_at ? XJ_OK : xji_no_memory(seg, err);
    if (st == XJ_OK)
        st = check_groups(&r, err);
    if (st == XJ_OK)
        st = check_sections(&r, err);
    for (uint32_t i = 0; i < t->n_reports && st == XJ_OK && !c->stop; i++) {
        xj_error e = XJ_ERROR_INIT;
        st = xji_check_judge(c, check_report(&r, i, &e), &e, err);
    }
    if (st == XJ_OK && !c->stop && c->n_damages == 0 &&
        (r.next_passage != t->n_passages || r.next_section != t->n_sections || r.n_units != t->n_units ||
         r.n_characters != t->n_characters || r.text_bytes != t->text_bytes))
        st = xji_check_complain(c, XJI_SEC_STATS, 0, "statistics that do not fit the passages", err);
    if (st == XJ_OK)
        st = check_ranks(&r, err);
    free(r.by_rank);
    free(r.id_at);
    xj_buf_release(&r.ids);
    xj_units_release(&r.units);
    xj_passage_text_release(&r.passage);
    xj_record_release(&r.report);
    xj_record_release(&r.text);
    xj_record_release(&r.heading);
    return st;
}
