/*
 * The steps that find the structure of a report, in order: lines and their roles (furniture.c), title and metadata
 * (metadata.c), outline (outline.c), passages (passages.c); and the last one here, which takes out of every passage
 * what is set aside inside it, so that pieces and asides together are the whole text, each code point once.
 */
#include "structure.h"

#include <stdlib.h>
#include <string.h>

#include "structure_priv.h"

const char *xji_aside_key(xji_aside_kind kind)
{
    static const char *const keys[XJI_ASIDE_COUNT] = {
#define XJI_ASIDE_ROW(name, key, text) [name] = key,
        XJI_ASIDE_LIST(XJI_ASIDE_ROW)
#undef XJI_ASIDE_ROW
    };
    return (int)kind >= 0 && kind < XJI_ASIDE_COUNT ? keys[kind] : "?";
}

const char *xji_aside_text(xji_aside_kind kind)
{
    static const char *const texts[XJI_ASIDE_COUNT] = {
#define XJI_ASIDE_ROW(name, key, text) [name] = text,
        XJI_ASIDE_LIST(XJI_ASIDE_ROW)
#undef XJI_ASIDE_ROW
    };
    return (int)kind >= 0 && kind < XJI_ASIDE_COUNT ? texts[kind] : "?";
}

void *xji_grow(void *items, size_t n, size_t *cap, size_t size)
{
    size_t more = *cap > n ? *cap : n + n / 2 + 16;
    if (more > SIZE_MAX / size)
        return NULL;
    void *p = realloc(items, more * size);
    if (p)
        *cap = more;
    return p;
}

xj_status xji_asides_push(xji_asides *list, uint32_t b, uint32_t e, xji_aside_kind kind,
                          xj_error *err)
{
    if (b >= e)
        return XJ_OK;
    if (list->n == list->cap) {
        void *p = xji_grow(list->at, list->n, &list->cap, sizeof *list->at);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for text set aside");
        list->at = p;
    }
    list->at[list->n++] = (xji_aside){{b, e}, kind};
    return XJ_OK;
}

xj_status xji_asides_insert(xji_asides *list, uint32_t b, uint32_t e, xji_aside_kind kind,
                            xj_error *err)
{
    size_t n = list->n;
    xj_status st = xji_asides_push(list, b, e, kind, err);
    if (st != XJ_OK || list->n == n)
        return st;
    for (; n > 0 && list->at[n].at.b < list->at[n - 1].at.b; n--) {
        xji_aside t = list->at[n];
        list->at[n] = list->at[n - 1];
        list->at[n - 1] = t;
    }
    return XJ_OK;
}

static bool is_markdown(const char *path)
{
    size_t n = path ? strlen(path) : 0;
    return n > 3 && (strcmp(path + n - 3, ".md") == 0 || strcmp(path + n - 3, ".MD") == 0);
}

/* The lines with content. */
static xj_status split_lines(xji_doc *d, xj_error *err)
{
    size_t cap = 0;
    for (uint32_t b = 0; b < d->n;) {
        uint32_t e = xji_row_next(d->rows.lf, b, d->n);
        uint32_t from = xji_scan_skip_space(d, b, e);
        if (from < e) {
            if (d->n_lines == cap) {
                void *p = xji_grow(d->line, d->n_lines, &cap, sizeof *d->line);
                if (!p)
                    return xj_fail(err, XJ_ENOMEM, "no memory for %zu lines", d->n_lines);
                d->line = p;
            }
            d->line[d->n_lines++] =
                (xji_line){from, xji_scan_trim_end(d, from, e), XJI_LINE_BODY, 0};
        }
        b = e + 1;
    }
    return XJ_OK;
}

/* All that is set aside but blank space, in text order: whole lines with their line end, and shaved ends. */
static xj_status build_mask(xji_doc *d, xj_error *err)
{
    size_t s = 0;
    xj_status st = XJ_OK;
    for (size_t i = 0; i <= d->n_lines && st == XJ_OK; i++) {
        const xji_line *l = i < d->n_lines ? &d->line[i] : NULL;
        if (l && l->role >= XJI_ASIDE_COUNT)
            continue;
        uint32_t b = l ? l->b : d->n, e = l ? l->e : d->n;
        while (l && b > 0 && d->cp[b - 1] != '\n' && xji_scan_is_space(d->cp[b - 1]))
            b--;
        e = xji_row_next(d->rows.lf, e, d->n);
        e += e < d->n;
        for (; st == XJ_OK && s < d->shaved.n && d->shaved.at[s].at.b < (l ? l->b : b); s++)
            st = xji_asides_push(&d->mask, d->shaved.at[s].at.b, d->shaved.at[s].at.e,
                                 d->shaved.at[s].kind, err);
        /* The border of a cell before it may have been shaved off. */
        uint32_t last = d->mask.n ? d->mask.at[d->mask.n - 1].at.e : 0;
        if (l && st == XJ_OK)
            st = xji_asides_push(&d->mask, b > last ? b : last, e, (xji_aside_kind)l->role, err);
        while (l && s < d->shaved.n && d->shaved.at[s].at.b < e)
            s++;
    }
    return st;
}

/* ---- pieces and asides ---- */

typedef struct writer {
    const xji_doc *d;
    xji_structure *out;
    xji_range *piece;
    size_t n, cap;
    xji_asides aside;
    size_t mask; /* next range of the mask */
    bool verbatim; /* blank lines stay */
    xj_error *err;
} writer;

/* Everything in [b, e) is set aside: ranges of the mask, and blank space between them. */
static xj_status write_gap(writer *w, uint32_t b, uint32_t e)
{
    const xji_asides *mask = &w->d->mask;
    xj_status st = XJ_OK;
    while (st == XJ_OK && w->mask < mask->n && mask->at[w->mask].at.b < e) {
        const xji_aside *a = &mask->at[w->mask++];
        st = xji_asides_push(&w->aside, b, a->at.b, XJI_ASIDE_SPACE, w->err);
        if (st == XJ_OK)
            st = xji_asides_push(&w->aside, a->at.b, a->at.e, a->kind, w->err);
        b = a->at.e;
    }
    return st == XJ_OK ? xji_asides_push(&w->aside, b, e, XJI_ASIDE_SPACE, w->err) : st;
}

static xj_status push_piece(writer *w, uint32_t b, uint32_t e)
{
    if (w->n == w->cap) {
        void *p = xji_grow(w->piece, w->n, &w->cap, sizeof *w->piece);
        if (!p)
            return xj_fail(w->err, XJ_ENOMEM, "no memory for pieces of passages");
        w->piece = p;
    }
    w->piece[w->n++] = (xji_range){b, e};
    return XJ_OK;
}

/* The text [b, e) of a passage, without blank lines in it. */
static xj_status write_piece(writer *w, uint32_t b, uint32_t e)
{
    const xji_doc *d = w->d;
    if (b >= e)
        return XJ_OK;
    if (xji_scan_skip_space(d, b, e) == e)
        return xji_asides_push(&w->aside, b, e, XJI_ASIDE_SPACE, w->err);
    uint32_t i = w->verbatim ? e : xji_row_next(d->rows.lf, b, e);
    while (i < e) {
        uint32_t text = xji_scan_skip_space(d, i + 1, e), blank = text;
        while (blank > i + 1 && d->cp[blank - 1] != '\n')
            blank--;
        if (blank > i + 1 && text < e) {
            xj_status st = push_piece(w, b, i + 1);
            if (st == XJ_OK)
                st = xji_asides_push(&w->aside, i + 1, blank, XJI_ASIDE_SPACE, w->err);
            if (st != XJ_OK)
                return st;
            b = blank;
        }
        i = xji_row_next(d->rows.lf, text, e);
    }
    return push_piece(w, b, e);
}

/* The passage [b, e) without what is set aside inside it. Blank space behind that goes too, when the piece before it
 * has kept its line end. */
static xj_status write_passage(writer *w, xji_passage *p, xji_range r)
{
    const xji_doc *d = w->d;
    xj_status st = XJ_OK;
    size_t first = w->n;
    while (st == XJ_OK && w->mask < d->mask.n && d->mask.at[w->mask].at.b < r.e) {
        const xji_aside *a = &d->mask.at[w->mask++];
        st = write_piece(w, r.b, a->at.b);
        if (st == XJ_OK)
            st = xji_asides_push(&w->aside, a->at.b, a->at.e, a->kind, w->err);
        r.b = a->at.e;
        if (w->n > first && d->cp[w->piece[w->n - 1].e - 1] == '\n') {
            uint32_t stop = w->mask < d->mask.n ? d->mask.at[w->mask].at.b : r.e;
            uint32_t next = xji_scan_skip_space(d, r.b, stop < r.e ? stop : r.e);
            if (st == XJ_OK)
                st = xji_asides_push(&w->aside, r.b, next, XJI_ASIDE_SPACE, w->err);
            r.b = next;
        }
    }
    if (st == XJ_OK)
        st = write_piece(w, r.b, r.e);
    p->first_piece = (uint32_t)first;
    p->n_pieces = (uint32_t)(w->n - first);
    return st;
}

static xj_status write_all(const xji_doc *d, xji_structure *out, bool verbatim, xj_error *err)
{
    writer w;
    memset(&w, 0, sizeof w);
    w.verbatim = verbatim;
    w.d = d;
    w.out = out;
    w.err = err;
    uint32_t at = 0;
    xj_status st = XJ_OK;
    for (size_t i = 0; i < out->n_passages && st == XJ_OK; i++) {
        xji_range r = out->pieces[out->passages[i].first_piece];
        st = write_gap(&w, at, r.b);
        if (st == XJ_OK)
            st = write_passage(&w, &out->passages[i], r);
        at = r.e;
    }
    if (st == XJ_OK)
        st = write_gap(&w, at, d->n);
    free(out->pieces);
    out->pieces = w.piece;
    out->n_pieces = w.n;
    out->asides = w.aside.at;
    out->n_asides = w.aside.n;
    return st;
}

/* XJI_SEGMENT_NONE: one passage without the blank space around it. */
static xj_status one_passage(const xji_doc *d, xji_structure *out, xj_error *err)
{
    uint32_t b = xji_scan_skip_space(d, 0, d->n);
    uint32_t e = xji_scan_trim_end(d, b, d->n);
    if (b < e) {
        out->passages = malloc(sizeof *out->passages);
        out->pieces = malloc(sizeof *out->pieces);
        if (!out->passages || !out->pieces)
            return xj_fail(err, XJ_ENOMEM, "no memory for a passage");
        out->passages[out->n_passages++] = (xji_passage){0, 1, XJI_NO_SECTION};
        out->pieces[out->n_pieces++] = (xji_range){b, e};
    }
    return write_all(d, out, true, err);
}

xj_status xji_structure_find_with(xji_structure *out, const xji_structure_tables *tables, const xji_text *t,
                                  const xji_given *given, const char *path, xji_segmentation mode, xji_log *log,
                                  xj_error *err)
{
    xji_doc d;
    memset(out, 0, sizeof *out);
    memset(&d, 0, sizeof d);
    d.t = t;
    d.cp = t->cp;
    d.n = (uint32_t)t->n;
    d.markdown = is_markdown(path);
    d.log = log;
    d.tables = tables;
    xj_status st;
    if (mode == XJI_SEGMENT_NONE) {
        st = xji_metadata_given(&out->meta, tables, given, err);
        if (st == XJ_OK)
            st = one_passage(&d, out, err);
    } else {
        st = xji_rows_make(&d.rows, tables, d.cp, d.n, err);
        if (st == XJ_OK)
            st = split_lines(&d, err);
        if (st == XJ_OK)
            st = xji_furniture_find(&d, err);
        if (st == XJ_OK)
            st = xji_metadata_find(&d, &out->meta, given, err);
        if (st == XJ_OK)
            st = xji_outline_find(&d, out, err);
        if (st == XJ_OK)
            st = build_mask(&d, err);
        if (st == XJ_OK)
            st = xji_passages_cut(&d, out, err);
        if (st == XJ_OK)
            st = write_all(&d, out, false, err);
    }
    xji_rows_release(&d.rows);
    free(d.line);
    free(d.shaved.at);
    free(d.mask.at);
    if (st != XJ_OK)
        xji_structure_release(out);
    return st;
}

xj_status xji_structure_find(xji_structure *out, const xji_text *t, const xji_given *given, const char *path,
                             xji_segmentation mode, xji_log *log, xj_error *err)
{
    xji_structure_tables *tables;
    memset(out, 0, sizeof *out);
    xj_status st = xji_structure_tables_new(&tables, err);
    if (st == XJ_OK)
        st = xji_structure_find_with(out, tables, t, given, path, mode, log, err);
    xji_structure_tables_free(tables);
    return st;
}

void xji_structure_release(xji_structure *s)
{
    free(s->meta.title);
    free(s->meta.agency);
    free(s->meta.date);
    free(s->meta.number);
    free(s->sections);
    free(s->passages);
    free(s->pieces);
    free(s->asides);
    memset(s, 0, sizeof *s);
}
