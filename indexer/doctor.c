#include "doctor.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

enum { EXAMPLES = 5, EXCERPT = 60 };

/* When to say that the encoding may be wrong: a confidence below this, or more than one ill-formed character in so many. Right
 * readings of whole reports are far above and have next to none. */
enum { DOUBT_CONFIDENCE = 60, DOUBT_ILL_FORMED = 100 };

/* ---- text for people ---- */

/* A range of the text on one line; with most > 0, at most that many characters. */
static void print_range(FILE *out, const xji_document *d, xji_range r, uint32_t most)
{
    uint32_t e = most && r.e - r.b > most ? r.b + most : r.e;
    for (uint32_t i = r.b; i < e; i++) {
        if (d->text.cp[i] == '\n')
            fputs(most ? " ⏎ " : "\n      ", out);
        else
            xji_print_character(out, d->text.cp[i]);
    }
    if (e < r.e)
        fputs(" …", out);
}

static void print_encoding(FILE *out, const xji_document *d, xji_say_lang lang)
{
    static const xji_say_id decided[] = {[XJI_BY_BOM] = XJI_SAY_BY_BOM,
                                         [XJI_BY_VALIDITY] = XJI_SAY_BY_VALIDITY,
                                         [XJI_BY_SCORE] = XJI_SAY_BY_SCORE,
                                         [XJI_BY_CALLER] = XJI_SAY_BY_CALLER};
    xji_say(out, lang, XJI_SAY_ENCODING, XJI_ARGS(xj_encoding_name(d->decoded.encoding)));
    xji_say(out, lang, decided[d->decoded.by], NULL);
    if (d->decoded.by == XJI_BY_SCORE)
        xji_say(out, lang, XJI_SAY_CONFIDENCE, XJI_ARGS(XJI_NUMBER(d->decoded.confidence)));
    xji_say(out, lang, XJI_SAY_SIZE, XJI_ARGS(XJI_NUMBER(d->input_bytes), XJI_NUMBER(d->text.n)));
}

/* What a person should not overlook: that there is nothing to index, or that the text may have been misread. */
static void print_notes(FILE *out, const xji_document *d, const xji_input *in, xji_say_lang lang)
{
    const xji_structure *s = &d->structure;
    bool only_space = true;
    for (size_t i = 0; i < s->n_asides; i++)
        only_space = only_space && s->asides[i].kind == XJI_ASIDE_SPACE;
    if (d->input_bytes == 0)
        xji_say(out, lang, in->json ? XJI_SAY_EMPTY_TEXT : XJI_SAY_EMPTY_FILE, NULL);
    else if (s->n_passages == 0)
        xji_say(out, lang, only_space ? XJI_SAY_ONLY_SPACE : XJI_SAY_NO_PASSAGES, NULL);
    if (d->decoded.by == XJI_BY_SCORE && d->decoded.confidence < DOUBT_CONFIDENCE)
        xji_say(out, lang, XJI_SAY_DOUBT_SCORE, XJI_ARGS(XJI_NUMBER(d->decoded.confidence)));
    if (d->decoded.ill_formed * DOUBT_ILL_FORMED > d->text.n)
        xji_say(out, lang, XJI_SAY_DOUBT_ILL_FORMED, XJI_ARGS(XJI_NUMBER(d->decoded.ill_formed), XJI_NUMBER(d->text.n)));
}

static void print_field(FILE *out, xji_say_lang lang, xji_say_id name, const char *value, const char *from)
{
    xji_say(out, lang, name, NULL);
    if (value)
        xji_print_string(out, value);
    else
        xji_say(out, lang, XJI_SAY_UNKNOWN, NULL);
    if (value && from) {
        xji_say(out, lang, XJI_SAY_FOUND_OPEN, NULL);
        xji_say_found_in(out, lang, from);
        xji_say(out, lang, XJI_SAY_FOUND_CLOSE, NULL);
    }
    fputc('\n', out);
}

static void print_change(FILE *out, const xji_change *c, xji_say_lang lang)
{
    xji_say(out, lang, XJI_SAY_BYTES, XJI_ARGS(XJI_NUMBER(c->beg), XJI_NUMBER(c->end)));
    xji_print_string(out, c->before);
    fputs(" → ", out);
    if (c->after[0])
        xji_print_string(out, c->after);
    else
        xji_say(out, lang, XJI_SAY_REMOVED, NULL);
    fputc('\n', out);
}

static void print_changes(FILE *out, const xji_document *d, const xji_doctor_options *o)
{
    uint64_t total = 0;
    for (int k = 0; k < XJI_CHANGE_COUNT; k++)
        total += d->log.count[k];
    xji_say(out, o->lang, XJI_SAY_CHANGES, NULL);
    if (total == 0)
        xji_say(out, o->lang, d->text.n ? XJI_SAY_NO_CHANGES : XJI_SAY_NOTHING_CHANGED, NULL);
    for (int k = 0; k < XJI_CHANGE_COUNT; k++) {
        xji_change_kind kind = (xji_change_kind)k;
        if (d->log.count[k] == 0)
            continue;
        xji_say(out, o->lang, XJI_SAY_CHANGE,
                XJI_ARGS(xji_say_change_name(o->lang, kind), XJI_NUMBER(d->log.count[k]), xji_say_change_text(o->lang, kind)));
        size_t shown = 0;
        for (size_t i = 0; i < d->log.n; i++) {
            if (d->log.change[i].kind != kind)
                continue;
            if (!o->all_changes && shown == EXAMPLES) {
                xji_say(out, o->lang, XJI_SAY_MORE, NULL);
                break;
            }
            print_change(out, &d->log.change[i], o->lang);
            shown++;
        }
    }
}

static void print_asides(FILE *out, const xji_document *d, xji_say_lang lang)
{
    const xji_structure *s = &d->structure;
    size_t n = 0;
    xji_say(out, lang, XJI_SAY_ASIDES, NULL);
    for (size_t i = 0; i < s->n_asides; i++) {
        const xji_aside *a = &s->asides[i];
        if (a->kind == XJI_ASIDE_SPACE)
            continue;
        /* English keys are padded to one width; the Chinese names have one. */
        fprintf(out, lang == XJI_SAY_ZH ? "  %s  " : "  %-9s ", xji_say_aside_name(lang, a->kind));
        print_range(out, d, a->at, EXCERPT);
        fputc('\n', out);
        n++;
    }
    if (n == 0)
        xji_say(out, lang, XJI_SAY_NOTHING, NULL);
}

static void print_passages(FILE *out, const xji_document *d, const xji_doctor_options *o)
{
    const xji_structure *s = &d->structure;
    const char *dim = o->colour ? "\033[2m" : "", *bold = o->colour ? "\033[1m" : "", *off = o->colour ? "\033[0m" : "";
    uint32_t section = XJI_NO_SECTION;
    xji_say(out, o->lang, XJI_SAY_PASSAGES, XJI_ARGS(XJI_NUMBER(s->n_passages)));
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
        fprintf(out, "    %s", dim);
        xji_say(out, o->lang, XJI_SAY_PASSAGE,
                XJI_ARGS(XJI_NUMBER(i), XJI_NUMBER(length), XJI_NUMBER(d->text.beg[b]),
                         XJI_NUMBER((uint64_t)d->text.beg[e] + d->text.len[e])));
        fprintf(out, "%s\n      ", off);
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
    xji_print_string(out, in->origin);
    fputc('\n', out);
    print_encoding(out, d, o->lang);
    print_notes(out, d, in, o->lang);
    print_field(out, o->lang, XJI_SAY_ID, xji_document_id(d, in), NULL);
    print_field(out, o->lang, XJI_SAY_TITLE, m->title, m->title_from);
    print_field(out, o->lang, XJI_SAY_AGENCY, m->agency, m->agency_from);
    print_field(out, o->lang, XJI_SAY_DATE, m->date, m->date_from);
    print_field(out, o->lang, XJI_SAY_YEAR, m->year ? year : NULL, m->year_from);
    print_field(out, o->lang, XJI_SAY_NUMBER, m->number, m->number_from);
    print_changes(out, d, o);
    print_asides(out, d, o->lang);
    print_passages(out, d, o);
}

/* ---- JSON ---- */

/* How the encoding was decided: stable names, in no language but English. */
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
