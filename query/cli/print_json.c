/*
 * JSON Lines. Field names and their order are an interface that scripts rely on: new fields go to the end.
 */
#include "printer.h"

#include <math.h>
#include <string.h>

#include "escape.h"
#include "xj/encoding.h"

static void put_key(xji_out *o, const char *name)
{
    xji_out_str(o, ",\"");
    xji_out_str(o, name);
    xji_out_str(o, "\":");
}

static void put_number(xji_out *o, double v)
{
    if (isfinite(v))
        xji_out_double(o, v);
    else
        xji_out_str(o, "null");
}

static void put_bool(xji_out *o, bool v)
{
    xji_out_str(o, v ? "true" : "false");
}

static void put_str(xji_out *o, xj_str s)
{
    if (s.s)
        xji_escape_json(o, s.s, s.n);
    else
        xji_out_str(o, "null");
}

static void put_pair(xji_out *o, uint64_t a, uint64_t b, bool first)
{
    if (!first)
        xji_out_char(o, ',');
    xji_out_char(o, '[');
    xji_out_u64(o, a);
    xji_out_char(o, ',');
    xji_out_u64(o, b);
    xji_out_char(o, ']');
}

static void put_key_u64(xji_out *o, const char *name, uint64_t v)
{
    put_key(o, name);
    xji_out_u64(o, v);
}

static void put_key_str(xji_out *o, const char *name, xj_str s)
{
    put_key(o, name);
    put_str(o, s);
}

static void put_year(xji_out *o, uint32_t year)
{
    put_key(o, "year");
    if (year)
        xji_out_u64(o, year);
    else
        xji_out_str(o, "null");
}

static void put_query(xji_printer *p)
{
    if (!p->query)
        return;
    put_key(p->out, "query");
    xji_escape_json(p->out, p->query, p->n_query);
}

static void put_sections(xji_out *o, const xj_heading_path *path)
{
    put_key(o, "section");
    xji_out_char(o, '[');
    for (size_t i = 0; i < path->n; i++) {
        if (i)
            xji_out_char(o, ',');
        put_str(o, path->heading[i]);
    }
    xji_out_char(o, ']');
}

static void put_matches(xji_out *o, const xj_view *v)
{
    put_key(o, "matches");
    xji_out_char(o, '[');
    for (size_t i = 0; i < v->n_matches; i++)
        put_pair(o, v->match[i].start, v->match[i].end, i == 0);
    xji_out_char(o, ']');
    put_key(o, "match_sources");
    xji_out_char(o, '[');
    for (size_t i = 0; i < v->n_matches; i++)
        put_pair(o, v->match[i].source_first, v->match[i].source_end, i == 0);
    xji_out_char(o, ']');
    put_key(o, "source");
    put_pair(o, v->source_first, v->source_end, true);
}

static void put_restored(xji_out *o, const char *name, const xj_view *v, bool conjecture)
{
    bool first = true;
    put_key(o, name);
    xji_out_char(o, '[');
    for (size_t i = 0; i < v->n_restored; i++) {
        if (v->restored[i].conjecture != conjecture)
            continue;
        put_pair(o, v->restored[i].start, v->restored[i].end, first);
        first = false;
    }
    xji_out_char(o, ']');
}

static size_t digits(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i;
}

/* Whether s is a number by the grammar of JSON: an index may come from anywhere. */
static bool is_json_number(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-';
    size_t k = digits(s + i, n - i);
    if (k == 0 || (k > 1 && s[i] == '0'))
        return false;
    i += k;
    if (i < n && s[i] == '.') {
        k = digits(s + i + 1, n - i - 1);
        if (k == 0)
            return false;
        i += 1 + k;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        k = digits(s + i, n - i);
        if (k == 0)
            return false;
        i += k;
    }
    return i == n;
}

static void put_fields(xji_out *o, const xj_report_meta *m)
{
    put_key(o, "fields");
    xji_out_char(o, '{');
    for (size_t i = 0; i < m->n_extra; i++) {
        const xj_extra *x = &m->extra[i];
        if (i)
            xji_out_char(o, ',');
        xji_escape_json(o, x->name.s, x->name.n);
        xji_out_char(o, ':');
        if (x->is_number && is_json_number(x->value.s, x->value.n))
            xji_out_put(o, x->value.s, x->value.n);
        else
            put_str(o, x->value);
    }
    xji_out_char(o, '}');
}

static void put_explain(xji_out *o, const xj_explain_row *rows, size_t n)
{
    put_key(o, "explain");
    xji_out_char(o, '[');
    for (size_t i = 0; i < n; i++) {
        const xj_explain_row *r = &rows[i];
        xji_out_str(o, i ? ",{\"term\":" : "{\"term\":");
        xji_escape_json(o, r->term, strnlen(r->term, sizeof r->term));
        put_key(o, "df");
        if (r->is_phrase)
            xji_out_str(o, "null,\"tf\":null,\"length\":null,\"average\":null");
        else {
            xji_out_u64(o, r->df);
            put_key_u64(o, "tf", r->tf);
            put_key_u64(o, "length", r->length);
            put_key(o, "average");
            put_number(o, r->average);
        }
        put_key(o, "idf");
        put_number(o, r->idf);
        put_key(o, "weight");
        put_number(o, r->weight);
        put_key(o, "contribution");
        put_number(o, r->contribution);
        xji_out_char(o, '}');
    }
    xji_out_char(o, ']');
}

static void end_object(xji_printer *p)
{
    xji_out_str(p->out, "}\n");
}

static void json_begin(xji_printer *p)
{
    (void)p;
}

static void json_hit(xji_printer *p, const xji_shown_hit *h)
{
    static const char *const tiers[] = {"exact", "near", "partial"};
    xji_out *o = p->out;
    const xj_view *v = h->view;
    xji_out_str(o, "{\"rank\":");
    xji_out_u64(o, h->rank);
    put_key(o, "score");
    put_number(o, h->hit->score);
    put_key(o, "exact");
    put_bool(o, h->hit->tier == XJ_TIER_EXACT);
    put_key_str(o, "report", v->meta.id);
    put_key_str(o, "path", v->meta.path);
    put_key_str(o, "title", v->meta.title);
    put_key_str(o, "date", v->meta.date);
    put_year(o, v->year);
    put_key_str(o, "agency", v->meta.agency);
    put_sections(o, &v->section);
    put_key_u64(o, "passage", v->passage);
    put_key(o, "text");
    xji_escape_json(o, v->utf8, v->n_utf8);
    put_matches(o, v);
    put_key(o, "tier");
    xji_out_char(o, '"');
    xji_out_str(o, tiers[h->hit->tier]);
    xji_out_char(o, '"');
    put_restored(o, "restored", v, false);
    put_restored(o, "conjectures", v, true);
    const char *encoding = xj_encoding_name(v->meta.encoding);
    put_key(o, "encoding");
    xji_escape_json(o, encoding, strlen(encoding));
    put_key_str(o, "number", v->meta.number);
    put_fields(o, &v->meta);
    put_query(p);
    if (h->partial)
        xji_out_str(o, ",\"partial\":true");
    if (h->rows)
        put_explain(o, h->rows, h->n_rows);
    end_object(p);
}

static void json_exact_ends(xji_printer *p)
{
    (void)p; /* each hit says whether it is exact */
}

static void json_report(xji_printer *p, const xji_shown_report *r)
{
    xji_out *o = p->out;
    const xj_view *v = r->view;
    xji_out_str(o, "{\"rank\":");
    xji_out_u64(o, r->rank);
    put_key(o, "score");
    put_number(o, r->hit->score);
    put_key_str(o, "report", v->meta.id);
    put_key_str(o, "path", v->meta.path);
    put_key_str(o, "title", v->meta.title);
    put_key_str(o, "date", v->meta.date);
    put_year(o, v->year);
    put_key_str(o, "agency", v->meta.agency);
    put_key_u64(o, "passages", r->hit->passages);
    put_key_u64(o, "occurrences", r->hit->occurrences);
    put_query(p);
    if (r->partial)
        xji_out_str(o, ",\"partial\":true");
    end_object(p);
}

static void json_counts(xji_printer *p, const xj_totals *totals, bool partial)
{
    xji_out *o = p->out;
    if (p->query)
        return; /* in a batch the summary object says it */
    xji_out_str(o, "{\"occurrences\":");
    xji_out_u64(o, totals->occurrences);
    put_key_u64(o, "passages", totals->passages);
    put_key_u64(o, "reports", totals->reports);
    if (partial)
        xji_out_str(o, ",\"partial\":true");
    end_object(p);
}

/* A total, null where it is only a lower bound or was not asked for. */
static void put_total(xji_out *o, const char *name, uint64_t v, bool known)
{
    put_key(o, name);
    if (known)
        xji_out_u64(o, v);
    else
        xji_out_str(o, "null");
}

static void json_end(xji_printer *p, const xji_summary *s)
{
    xji_out *o = p->out;
    if (!p->query)
        return;
    xji_out_str(o, "{\"query\":");
    xji_escape_json(o, p->query, p->n_query);
    if (s->error) {
        put_key(o, "error");
        xji_escape_json(o, s->error, strlen(s->error));
    }
    xji_out_str(o, ",\"done\":true");
    put_key_u64(o, "hits", s->n_printed);
    put_total(o, "passages", s->totals->passages, s->counted);
    put_total(o, "reports", s->totals->reports, s->counted);
    put_key(o, "partial");
    put_bool(o, s->partial);
    put_key_u64(o, "us", s->us);
    if (!s->error)
        put_total(o, "occurrences", s->totals->occurrences, s->counted);
    end_object(p);
}

const xji_form_ops xji_form_json = {json_begin, json_hit, json_exact_ends, json_report, json_counts, json_end};
