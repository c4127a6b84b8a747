#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "xj/fold.h"
#include "xj/utf8.h"

enum { EXAMPLES = 5, EXCERPT = 60 };


/* ---- text for people ---- */

static bool is_bidi_control(uint32_t c)
{
    return c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static void print_cp(FILE *out, uint32_t c)
{
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
        fprintf(out, "\\x%02X", (unsigned)c);
    } else if (is_bidi_control(c) || xj_class_of(xj_fold(c)) == XJ_CLASS_INVISIBLE) {
        fprintf(out, "\\u{%04X}", (unsigned)c);
    } else {
        uint8_t bytes[4];
        fwrite(bytes, 1, xj_utf8_encode(bytes, c), out);
    }
}

void xji_print_escaped(FILE *out, const char *s, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c;
        bool bad;
        size_t k = xj_utf8_decode((const uint8_t *)s + i, n - i, &c, &bad);
        if (bad)
            for (size_t j = 0; j < k; j++)
                fprintf(out, "\\x%02X", (uint8_t)s[i + j]);
        else
            print_cp(out, c);
        i += k;
    }
}

static void print_string(FILE *out, const char *s)
{
    xji_print_escaped(out, s, strlen(s));
}

/* A range of the text on one line; with most > 0, at most that many characters. */
static void print_range(FILE *out, const xji_document *d, xji_range r, uint32_t most)
{
    uint32_t e = most && r.e - r.b > most ? r.b + most : r.e;
    for (uint32_t i = r.b; i < e; i++) {
        if (d->text.cp[i] == '\n')
            fputs(most ? " ⏎ " : "\n      ", out);
        else
            print_cp(out, d->text.cp[i]);
    }
    if (e < r.e)
        fputs(" …", out);
}

static const char *decided(const xji_decode_info *i)
{
    switch (i->by) {
    case XJI_BY_BOM:
        return "by its byte-order mark";
    case XJI_BY_VALIDITY:
        return "valid as a whole";
    case XJI_BY_SCORE:
        return "the most plausible reading";
    case XJI_BY_CALLER:
        return "JSON is UTF-8";
    }
    return "?";
}

static void print_field(FILE *out, const char *name, const char *value, const char *from)
{
    fprintf(out, "  %-8s ", name);
    if (!value) {
        fputs("unknown\n", out);
        return;
    }
    print_string(out, value);
    if (from)
        fprintf(out, "   (%s)", from);
    fputc('\n', out);
}

static void print_changes(FILE *out, const xji_document *d, bool all)
{
    uint64_t total = 0;
    for (int k = 0; k < XJI_CHANGE_COUNT; k++)
        total += d->log.count[k];
    fputs("Changes\n", out);
    if (total == 0)
        fputs("  none: the text is used as it stands\n", out);
    for (int k = 0; k < XJI_CHANGE_COUNT; k++) {
        if (d->log.count[k] == 0)
            continue;
        fprintf(out, "  %s ×%llu: %s\n", xji_change_key((xji_change_kind)k), (unsigned long long)d->log.count[k],
                xji_change_text((xji_change_kind)k));
        size_t shown = 0;
        for (size_t i = 0; i < d->log.n; i++) {
            const xji_change *c = &d->log.change[i];
            if (c->kind != (xji_change_kind)k)
                continue;
            if (!all && shown == EXAMPLES) {
                fputs("    … (--all shows every one)\n", out);
                break;
            }
            fprintf(out, "    bytes %u-%u  ", (unsigned)c->beg, (unsigned)c->end);
            print_string(out, c->before);
            fputs(" → ", out);
            if (c->after[0])
                print_string(out, c->after);
            else
                fputs("(nothing)", out);
            fputc('\n', out);
            shown++;
        }
    }
}

static void print_asides(FILE *out, const xji_document *d)
{
    const xji_structure *s = &d->structure;
    size_t n = 0;
    fputs("Set aside\n", out);
    for (size_t i = 0; i < s->n_asides; i++) {
        const xji_aside *a = &s->asides[i];
        if (a->kind == XJI_ASIDE_SPACE)
            continue;
        fprintf(out, "  %-9s ", xji_aside_key(a->kind));
        print_range(out, d, a->at, EXCERPT);
        fputc('\n', out);
        n++;
    }
    if (n == 0)
        fputs("  nothing\n", out);
}

static void print_passages(FILE *out, const xji_document *d, const xji_doctor_options *o)
{
    const xji_structure *s = &d->structure;
    const char *dim = o->colour ? "\033[2m" : "", *bold = o->colour ? "\033[1m" : "", *off = o->colour ? "\033[0m" : "";
    uint32_t section = XJI_NO_SECTION;
    fprintf(out, "Passages: %zu\n", s->n_passages);
    for (size_t i = 0; i < s->n_passages; i++) {
        const xji_passage *p = &s->passages[i];
        if (p->section != section && p->section != XJI_NO_SECTION) {
            uint32_t chain[32], n = 0;
            for (uint32_t k = p->section; k != XJI_NO_SECTION && n < 32; k = s->sections[k].parent)
                chain[n++] = k;
            fputs("  ", out);
            for (uint32_t k = n; k-- > 0;) {
                fputs(bold, out);
                print_range(out, d, s->sections[chain[k]].heading, EXCERPT);
                fprintf(out, "%s%s", off, k ? " › " : "\n");
            }
        }
        section = p->section;
        uint32_t length = 0;
        for (uint32_t k = 0; k < p->n_pieces; k++)
            length += s->pieces[p->first_piece + k].e - s->pieces[p->first_piece + k].b;
        uint32_t b = s->pieces[p->first_piece].b, e = s->pieces[p->first_piece + p->n_pieces - 1].e - 1;
        fprintf(out, "    %s[%zu] %u characters, bytes %u-%u%s\n      ", dim, i, (unsigned)length, (unsigned)d->text.beg[b],
                (unsigned)(d->text.beg[e] + d->text.len[e]), off);
        for (uint32_t k = 0; k < p->n_pieces; k++)
            print_range(out, d, s->pieces[p->first_piece + k], 0);
        fputc('\n', out);
    }
}

static void print_people(FILE *out, const xji_document *d, const xji_input *in, const xji_doctor_options *o)
{
    const xji_meta *m = &d->structure.meta;
    char year[16];
    snprintf(year, sizeof year, "%d", m->year);
    print_string(out, in->origin);
    fputc('\n', out);
    fprintf(out, "  encoding %s, %s", xj_encoding_name(d->decoded.encoding), decided(&d->decoded));
    if (d->decoded.by == XJI_BY_SCORE)
        fprintf(out, " (confidence %u of 100)", d->decoded.confidence);
    fprintf(out, "; %llu bytes, %zu characters\n", (unsigned long long)d->input_bytes, d->text.n);
    print_field(out, "id", xji_document_id(d, in), NULL);
    print_field(out, "title", m->title, m->title_from);
    print_field(out, "agency", m->agency, m->agency_from);
    print_field(out, "date", m->date, m->date_from);
    print_field(out, "year", m->year ? year : NULL, m->year_from);
    print_field(out, "number", m->number, m->number_from);
    print_changes(out, d, o->all_changes);
    print_asides(out, d);
    print_passages(out, d, o);
}

/* ---- JSON ---- */

static json_t *json_text(const xji_document *d, const xji_range *r, size_t n)
{
    xj_buf b = XJ_BUF_INIT;
    json_t *value = NULL;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < n && st == XJ_OK; i++)
        st = xji_document_utf8(d, r[i], &b, NULL);
    if (st == XJ_OK)
        value = json_stringn(b.data ? (const char *)b.data : "", b.n);
    xj_buf_release(&b);
    return value;
}

static json_t *or_null(const char *s)
{
    json_t *v = s ? json_string(s) : NULL; /* NULL for invalid UTF-8 too */
    return v ? v : json_null();
}

static json_t *json_span(uint64_t b, uint64_t e)
{
    return json_pack("[I,I]", (json_int_t)b, (json_int_t)e);
}

static json_t *json_source(const xji_document *d, const xji_range *r, size_t n)
{
    uint64_t first = UINT64_MAX, end = 0;
    for (size_t k = 0; k < n; k++) {
        for (uint32_t i = r[k].b; i < r[k].e; i++) {
            if (d->text.beg[i] < first)
                first = d->text.beg[i];
            if ((uint64_t)d->text.beg[i] + d->text.len[i] > end)
                end = (uint64_t)d->text.beg[i] + d->text.len[i];
        }
    }
    return json_span(first, end);
}

static json_t *json_headings(const xji_document *d, uint32_t section)
{
    json_t *list = json_array();
    const xji_structure *s = &d->structure;
    for (uint32_t k = section; k != XJI_NO_SECTION; k = s->sections[k].parent)
        json_array_insert_new(list, 0, json_text(d, &s->sections[k].heading, 1));
    return list;
}

static json_t *json_pieces(const xji_range *r, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_span(r[i].b, r[i].e));
    return list;
}

static json_t *json_document(const xji_document *d, const xji_input *in)
{
    const xji_structure *s = &d->structure;
    const xji_meta *m = &s->meta;
    json_t *o = json_object(), *changes = json_object(), *list = json_array(), *passages = json_array(), *asides = json_array();
    json_t *from = json_object();
    json_object_set_new(o, "file", or_null(in->origin));
    json_object_set_new(o, "id", or_null(xji_document_id(d, in)));
    json_object_set_new(o, "encoding", json_string(xj_encoding_name(d->decoded.encoding)));
    json_object_set_new(o, "decided", json_string(decided(&d->decoded)));
    json_object_set_new(o, "confidence", json_integer(d->decoded.confidence));
    json_object_set_new(o, "input_bytes", json_integer((json_int_t)d->input_bytes));
    json_object_set_new(o, "characters", json_integer((json_int_t)d->text.n));
    json_object_set_new(o, "title", or_null(m->title));
    json_object_set_new(o, "agency", or_null(m->agency));
    json_object_set_new(o, "date", or_null(m->date));
    json_object_set_new(o, "year", m->year ? json_integer(m->year) : json_null());
    json_object_set_new(o, "number", or_null(m->number));
    json_object_set_new(from, "title", or_null(m->title_from));
    json_object_set_new(from, "agency", or_null(m->agency_from));
    json_object_set_new(from, "date", or_null(m->date_from));
    json_object_set_new(from, "year", or_null(m->year_from));
    json_object_set_new(from, "number", or_null(m->number_from));
    json_object_set_new(o, "found_in", from);
    for (int k = 0; k < XJI_CHANGE_COUNT; k++)
        if (d->log.count[k])
            json_object_set_new(changes, xji_change_key((xji_change_kind)k), json_integer((json_int_t)d->log.count[k]));
    for (size_t i = 0; i < d->log.n; i++) {
        const xji_change *c = &d->log.change[i];
        json_array_append_new(list, json_pack("{s:s,s:o,s:s,s:s}", "kind", xji_change_key(c->kind), "source",
                                              json_span(c->beg, c->end), "before", c->before, "after", c->after));
    }
    json_object_set_new(o, "changes", changes);
    json_object_set_new(o, "change_list", list);
    for (size_t i = 0; i < s->n_passages; i++) {
        const xji_passage *p = &s->passages[i];
        const xji_range *r = s->pieces + p->first_piece;
        json_array_append_new(passages, json_pack("{s:o,s:o,s:o,s:o}", "section", json_headings(d, p->section), "pieces",
                                                  json_pieces(r, p->n_pieces), "source", json_source(d, r, p->n_pieces), "text",
                                                  json_text(d, r, p->n_pieces)));
    }
    json_object_set_new(o, "passages", passages);
    for (size_t i = 0; i < s->n_asides; i++) {
        const xji_aside *a = &s->asides[i];
        json_array_append_new(asides, json_pack("{s:s,s:o,s:o,s:o}", "kind", xji_aside_key(a->kind), "pieces",
                                                json_pieces(&a->at, 1), "source", json_source(d, &a->at, 1), "text",
                                                json_text(d, &a->at, 1)));
    }
    json_object_set_new(o, "asides", asides);
    xji_range whole = {0, (uint32_t)d->text.n};
    json_object_set_new(o, "repaired_text", json_text(d, &whole, 1));
    return o;
}

xj_status xji_doctor_print(FILE *out, const xji_document *d, const xji_input *in, const xji_doctor_options *o, xj_error *err)
{
    if (!o->json) {
        print_people(out, d, in, o);
        return XJ_OK;
    }
    json_t *value = json_document(d, in);
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (!text)
        return xj_fail(err, XJ_ENOMEM, "no memory to describe '%s'", in->origin);
    fputs(text, out);
    fputc('\n', out);
    free(text);
    return XJ_OK;
}
