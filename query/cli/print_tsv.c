/*
 * Tab-separated fields, one record a line (or ended by NUL), no header. What is unknown is empty.
 */
#include "printer.h"

#include <string.h>

#include "escape.h"

void xji_print_counts(xji_out *o, const xj_totals *totals)
{
    xji_out_u64(o, totals->occurrences);
    xji_out_char(o, '\t');
    xji_out_u64(o, totals->passages);
    xji_out_char(o, '\t');
    xji_out_u64(o, totals->reports);
}

static void end_record(xji_printer *p)
{
    xji_out_char(p->out, p->options->null ? '\0' : '\n');
}

/* A further field. */
static void put_str(xji_out *o, xj_str s)
{
    xji_out_char(o, '\t');
    xji_escape_tsv(o, s.s, s.n);
}

static void put_u64(xji_out *o, uint64_t v)
{
    xji_out_char(o, '\t');
    xji_out_u64(o, v);
}

static void put_year(xji_out *o, uint32_t year)
{
    xji_out_char(o, '\t');
    if (year)
        xji_out_u64(o, year);
}

static void put_query(xji_printer *p)
{
    if (!p->query)
        return;
    xji_escape_tsv(p->out, p->query, p->n_query);
    xji_out_char(p->out, '\t');
}

static void begin_record(xji_printer *p, uint64_t rank, double score)
{
    put_query(p);
    xji_out_u64(p->out, rank);
    xji_out_char(p->out, '\t');
    xji_out_double(p->out, score);
}

static void put_sections(xji_out *o, const xj_heading_path *path)
{
    xji_out_char(o, '\t');
    for (size_t i = 0; i < path->n; i++) {
        if (i)
            xji_out_str(o, " > ");
        xji_escape_tsv(o, path->heading[i].s, path->heading[i].n);
    }
}

/* One field: term=contribution, separated by "; ". */
static void put_explain(xji_out *o, const xj_explain_row *rows, size_t n)
{
    xji_out_char(o, '\t');
    for (size_t i = 0; i < n; i++) {
        if (i)
            xji_out_str(o, "; ");
        xji_escape_tsv(o, rows[i].term, strnlen(rows[i].term, sizeof rows[i].term));
        xji_out_char(o, '=');
        xji_out_double(o, rows[i].contribution);
    }
}

static void tsv_begin(xji_printer *p)
{
    (void)p;
}

static void tsv_hit(xji_printer *p, const xji_shown_hit *h)
{
    xji_out *o = p->out;
    const xj_view *v = h->view;
    begin_record(p, h->rank, h->hit->score);
    xji_out_str(o, h->hit->tier == XJ_TIER_EXACT ? "\t1" : "\t0");
    put_str(o, v->meta.id);
    put_str(o, v->meta.title);
    put_str(o, v->meta.date);
    put_year(o, v->year);
    put_str(o, v->meta.agency);
    put_sections(o, &v->section);
    put_u64(o, v->passage);
    put_str(o, (xj_str){v->utf8, v->n_utf8});
    if (h->rows)
        put_explain(o, h->rows, h->n_rows);
    end_record(p);
}

static void tsv_exact_ends(xji_printer *p)
{
    (void)p; /* each record says whether it is exact */
}

static void tsv_report(xji_printer *p, const xji_shown_report *r)
{
    xji_out *o = p->out;
    const xj_view *v = r->view;
    begin_record(p, r->rank, r->hit->score);
    put_str(o, v->meta.id);
    put_str(o, v->meta.path);
    put_str(o, v->meta.title);
    put_str(o, v->meta.date);
    put_year(o, v->year);
    put_str(o, v->meta.agency);
    put_u64(o, r->hit->passages);
    put_u64(o, r->hit->occurrences);
    end_record(p);
}

static void tsv_counts(xji_printer *p, const xj_totals *totals, bool partial)
{
    put_query(p);
    xji_print_counts(p->out, totals);
    if (partial)
        xji_out_str(p->out, "\tpartial");
    end_record(p);
}

static void tsv_end(xji_printer *p, const xji_summary *s)
{
    if (!p->query || !s->error)
        return;
    put_query(p);
    xji_out_str(p->out, "error\t");
    xji_escape_tsv(p->out, s->error, strlen(s->error));
    end_record(p);
}

const xji_form_ops xji_form_tsv = {tsv_begin, tsv_hit, tsv_exact_ends, tsv_report, tsv_counts, tsv_end};
