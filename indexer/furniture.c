/*
 * Portal furniture and metadata lines. A line is furniture when a grammar of portal elements covers it as a whole:
 * words of the table below, each with the value its kind may have, and separators between them. A word inside a
 * sentence is never looked at, because the sentence is not covered.
 *
 * Elements that could be words of a report (打印, 下载, 时间:) count only in the head of the document, before its first
 * prose, or in its tail, after its last. docs/STRUCTURE.md section 1 has the rules.
 */
#include "portal.h"

#include <stdlib.h>
#include <string.h>

enum {
    VALUE_MAX = 120,        /* a value on a line of its own */
    HEAD_MAX = 80,          /* lines looked at for a head or a tail */
    PROSE_MIN = 12,         /* a line with 。 and as long as this is prose, */
    PROSE_UNENDED_MIN = 40, /* or as this when it does not end like a sentence */
    PROSE_MAX =
        300, /* every line as long as this is; those of enactments (1998年…通过 2006年…修订) are long */
    INLINE_MIN = 200, /* a line that may hold a whole page */
    END_MAX = 400     /* buttons behind the last sentence */
};

/* A line of cell borders and rules only: table residue, or a rule (*rule). */
static bool is_residue(const xji_doc *d, uint32_t b, uint32_t e, bool *rule)
{
    bool bar = false;
    for (uint32_t i = b; i < e; i++) {
        uint32_t c = d->cp[i];
        if (xji_portal_is_bar(c))
            bar = true;
        else if (!(c == '-' || c == '=' || c == '_' || c == '*' || c == ':' || c == '+' ||
                   c == '~' || c == 0x2014 || c == 0x2015 || (c >= 0x2500 && c <= 0x257F) ||
                   xji_scan_is_space(c)))
            return false;
    }
    *rule = !bar;
    return bar || e - b >= 3;
}

/* Prose: it cannot stand in the head or the tail of a document. */
static bool is_prose(const xji_doc *d, uint32_t b, uint32_t e)
{
    if (e - b >= PROSE_MAX)
        return true;
    /* A short line that does not end like a sentence is a caption or a slogan. */
    bool ended = xji_scan_one_of(d, e - 1, U"。:;!?”)\"");
    uint32_t n_commas = 0;
    for (uint32_t i = b; i < e; i++) {
        if (d->cp[i] == 0x3002 || d->cp[i] == 0xFF61) /* 。 */
            return e - b >= (ended ? PROSE_MIN : PROSE_UNENDED_MIN);
        n_commas += d->cp[i] == ',' || d->cp[i] == 0xFF0C || d->cp[i] == ';' || d->cp[i] == 0xFF1B;
    }
    return e - b >= 60 && n_commas > 0;
}

/* Whether the line opens the outline; then it is below the head. */
static bool is_outline(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t value, words;
    if (d->markdown && xji_scan_match(d, b, e, U"##", false))
        return true;
    xji_rank rank = xji_outline_rank_at(d, b, e, true, &value, &words);
    return rank != XJI_RANK_NONE && rank != XJI_RANK_3 && rank != XJI_RANK_4;
}

static xj_status shave(xji_doc *d, xji_line *l, uint32_t b, uint32_t e, xji_aside_kind kind,
                       xj_error *err)
{
    xj_status st = XJ_OK;
    if (b > l->b)
        st = xji_asides_push(&d->shaved, l->b, b, kind, err);
    if (st == XJ_OK && e < l->e)
        st = xji_asides_push(&d->shaved, e, l->e, kind, err);
    l->b = b;
    l->e = e;
    return st;
}

/* "## 总则": the marker of a markdown heading goes, its rank stays. */
static xj_status shave_hashes(xji_doc *d, xji_line *l, xj_error *err)
{
    uint32_t i = l->b;
    while (i < l->e && d->cp[i] == '#')
        i++;
    uint32_t words = xji_scan_skip_space(d, i, l->e);
    if (i == l->b || i - l->b > 6 || words == i || words == l->e)
        return XJ_OK;
    l->hashes = (uint8_t)(i - l->b);
    return shave(d, l, words, l->e, XJI_ASIDE_FURNITURE, err);
}

/* "text |": a line with one cell loses its borders. */
static xj_status shave_cell(xji_doc *d, xji_line *l, xj_error *err)
{
    uint32_t b = l->b, e = l->e;
    while (b < e && (xji_portal_is_bar(d->cp[b]) || xji_scan_is_space(d->cp[b])))
        b++;
    while (e > b && (xji_portal_is_bar(d->cp[e - 1]) || xji_scan_is_space(d->cp[e - 1])))
        e--;
    if (b == l->b && e == l->e)
        return XJ_OK;
    for (uint32_t i = b; i < e; i++)
        if (xji_portal_is_bar(d->cp[i]))
            return XJ_OK; /* a row of a table with content */
    return shave(d, l, b, e, XJI_ASIDE_TABLE, err);
}

static void keep_fields(xji_doc *d, const xji_cover *c, size_t line)
{
    for (size_t i = 0; i < c->n_found; i++) {
        const xji_found_field *f = &c->found[i];
        xji_field *slot = &d->field[f->e->field];
        if (slot->from && slot->at.e > slot->at.b)
            continue;
        slot->at = f->at;
        slot->from = f->e->from;
        slot->line = line;
    }
}

/* ---- the two zones ---- */

static void find_zones(xji_doc *d, const xji_vocabulary *v)
{
    xji_cover c;
    size_t i = 0;
    for (; i < d->n_lines && i < HEAD_MAX; i++) {
        const xji_line *l = &d->line[i];
        bool rule;
        if (is_residue(d, l->b, l->e, &rule) || xji_portal_cover(d, v, l->b, l->e, &c))
            continue;
        if (is_prose(d, l->b, l->e) || is_outline(d, l->b, l->e))
            break;
    }
    d->head = i;
    size_t k = d->n_lines;
    while (k > d->head && d->n_lines - k < HEAD_MAX) {
        const xji_line *l = &d->line[k - 1];
        bool rule;
        if (!is_residue(d, l->b, l->e, &rule) && !xji_portal_cover(d, v, l->b, l->e, &c) &&
            (is_prose(d, l->b, l->e) || is_outline(d, l->b, l->e)))
            break;
        k--;
    }
    d->tail = k;
}

/* A line that follows a key without value is its value, unless it looks like the next thing. */
static bool is_value_line(const xji_doc *d, const xji_cover *key, const xji_line *l)
{
    if (l->e - l->b > VALUE_MAX || xji_scan_find(d, l->b, l->e, U"。") != UINT32_MAX)
        return false;
    if (xji_portal_is_colon(d->cp[l->e - 1]))
        return false;
    const xji_element *el = key->found[key->n_found - 1].e;
    if (el->field == XJI_FIELD_TITLE)
        return true;
    /* The title, or its first line, after the empty last field of a form. */
    const xji_field *title = &d->field[XJI_FIELD_TITLE];
    if (title->from && title->at.e > title->at.b) {
        uint32_t n = title->at.e - title->at.b;
        uint32_t m = l->e - l->b < n ? l->e - l->b : n;
        uint32_t i = 0;
        while (i < m && d->cp[l->b + i] == d->cp[title->at.b + i])
            i++;
        if (i == m && m >= 4)
            return false;
    }
    return el->field != XJI_FIELD_OTHER ||
           !xji_scan_ends_with(d, l->b, l->e, U"报告 总结 意见 通知 办法 条例 规定 方案 决定");
}

/* The role of line i by its xji_cover; *faint when its neighbours have to confirm it. */
static uint8_t role_of(const xji_doc *d, const xji_cover *c, size_t i, bool *faint)
{
    bool head = i < d->head, tail = i >= d->tail;
    unsigned n_portal = c->n_button + c->n_strong + c->n_rest;
    *faint = false;
    if (c->attach)
        return XJI_ASIDE_FURNITURE;
    if (c->n_key > 0 && (head || tail)) {
        /* "日期:" and "来源:" may be words of a signature or a form; a value that reads proves them. */
        return XJI_ASIDE_METADATA;
    }
    if (c->n_date > 0 && n_portal + c->n_key + c->n_faint == 0)
        return head ? XJI_ASIDE_METADATA : XJI_LINE_BODY;
    if (c->n_key > 0)
        return XJI_LINE_BODY;
    if (c->n_date > 0)
        return head || tail ? XJI_ASIDE_METADATA : XJI_LINE_BODY;
    if (c->n_strong > 0 && c->n_rest == 0)
        return XJI_ASIDE_FURNITURE;
    if ((head || tail) && n_portal > 0)
        return XJI_ASIDE_FURNITURE;
    *faint = (head || tail) && c->n_faint > 0;
    return XJI_LINE_BODY;
}

static bool is_set_aside(const xji_doc *d, size_t i)
{
    return d->line[i].role == XJI_ASIDE_FURNITURE || d->line[i].role == XJI_ASIDE_METADATA;
}

static bool is_lone(const xji_doc *d, const xji_line *l)
{
    for (uint32_t i = l->b; i < l->e; i++)
        if (!xji_portal_is_separator(d->cp[i]) && xji_scan_digit(d->cp[i]) < 0)
            return false;
    return true;
}

static bool same_line(const xji_doc *d, const xji_line *a, const xji_line *b)
{
    return a->e - a->b == b->e - b->b &&
           memcmp(d->cp + a->b, d->cp + b->b, (a->e - a->b) * sizeof *d->cp) == 0;
}

/* Footer lines that no table can list: registration numbers of a web site. */
static bool is_footer(const xji_doc *d, const xji_line *l)
{
    return l->e - l->b <= VALUE_MAX && (xji_scan_find(d, l->b, l->e, U"ICP备") != UINT32_MAX ||
                                        xji_scan_find(d, l->b, l->e, U"公网安备") != UINT32_MAX);
}

/* "附件:" has nothing after it when the next line is furniture too, or there is none. */
static bool attachment_is_empty(const xji_doc *d, const xji_vocabulary *v, size_t i)
{
    xji_cover c;
    if (i + 1 == d->n_lines)
        return true;
    const xji_line *next = &d->line[i + 1];
    return i + 1 >= d->tail && xji_portal_cover(d, v, next->b, next->e, &c) && c.n_date == 0;
}

static xj_status find_roles(xji_doc *d, const xji_vocabulary *v, bool *faint, xj_error *err)
{
    xji_cover c, key;
    bool open = false, links = false, crumbs = false;
    memset(&key, 0, sizeof key);
    for (size_t i = 0; i < d->n_lines; i++) {
        xji_line *l = &d->line[i];
        bool rule, zone = i < d->head || i >= d->tail;
        if (is_residue(d, l->b, l->e, &rule)) {
            l->role = rule ? XJI_ASIDE_FURNITURE : XJI_ASIDE_TABLE;
            continue;
        }
        bool covered = xji_portal_cover(d, v, l->b, l->e, &c);
        bool bare_date = covered && c.n_date > 0 && c.n_date == c.n_found &&
                         c.n_faint + c.n_button + c.n_strong + c.n_rest == 0;
        if (covered && c.attach && !attachment_is_empty(d, v, i))
            covered = false;
        if (covered && !(open && bare_date)) {
            l->role = role_of(d, &c, i, &faint[i]);
            if (l->role == XJI_ASIDE_METADATA)
                keep_fields(d, &c, i);
            if (i >= d->tail && c.links)
                links = true;
            crumbs =
                (c.n_strong > 0 && xji_scan_one_of(d, l->e - 1, U":>")) || (crumbs && c.n_faint > 0);
            open = l->role == XJI_ASIDE_METADATA && c.open;
            if (open)
                key = c;
            if (l->role != XJI_LINE_BODY || faint[i])
                continue;
        } else if (open && is_value_line(d, &key, l)) {
            key.found[key.n_found - 1].at = (xji_range){l->b, l->e};
            key.found[0] = key.found[key.n_found - 1];
            key.n_found = 1;
            keep_fields(d, &key, i);
            l->role = XJI_ASIDE_METADATA;
        } else if (zone && is_lone(d, l)) {
            faint[i] = true;
        } else if (links && !is_prose(d, l->b, l->e)) {
            l->role = XJI_ASIDE_FURNITURE;
        } else if (i < d->head && crumbs && l->e - l->b <= 12) {
            /* "当前位置:", "首页", ">", "政务公开" on lines of their own, the last perhaps twice */
            l->role = XJI_ASIDE_FURNITURE;
            crumbs = i + 1 < d->head &&
                     (is_lone(d, &d->line[i + 1]) || same_line(d, l, &d->line[i + 1]));
            open = false;
            continue;
        } else if (i >= d->tail && is_footer(d, l)) {
            l->role = XJI_ASIDE_FURNITURE;
        } else if (xji_scan_match(d, l->b, l->e, U"<!--", false) &&
                   xji_scan_ends_with(d, l->b, l->e, U"-->")) {
            l->role = XJI_ASIDE_FURNITURE;
        }
        open = false;
        if (!faint[i])
            crumbs = false;
        if (l->role == XJI_LINE_BODY) {
            xj_status st =
                d->markdown && d->cp[l->b] == '#' ? shave_hashes(d, l, err) : shave_cell(d, l, err);
            if (st != XJ_OK)
                return st;
        }
    }
    /* A faint line is furniture beside furniture. */
    for (size_t i = 0; i < d->n_lines; i++)
        if (faint[i] && i > 0 && is_set_aside(d, i - 1))
            d->line[i].role = XJI_ASIDE_FURNITURE;
    for (size_t i = d->n_lines; i-- > 0;)
        if (faint[i] && i + 1 < d->n_lines && is_set_aside(d, i + 1))
            d->line[i].role = XJI_ASIDE_FURNITURE;
    return XJ_OK;
}

/* The first line of text holds crumbs, title and fields before the text: set them aside where they stand. */
static xj_status shave_page(xji_doc *d, const xji_vocabulary *v, xj_error *err)
{
    xji_cover c;
    size_t i = 0;
    while (i < d->n_lines && d->line[i].role != XJI_LINE_BODY)
        i++;
    if (i == d->n_lines || i != d->head || d->line[i].e - d->line[i].b < INLINE_MIN)
        return XJ_OK;
    xji_line *l = &d->line[i];
    uint32_t end = xji_portal_prefix(d, v, l->b, l->e, &c);
    xj_status st = XJ_OK;
    if (end > l->b && xji_portal_proves(&c)) {
        keep_fields(d, &c, i);
        uint32_t b = l->b;
        l->b = xji_scan_skip_space(d, end, l->e);
        st = xji_asides_insert(&d->shaved, b, end,
                               c.n_key + c.n_date ? XJI_ASIDE_METADATA : XJI_ASIDE_FURNITURE, err);
    }
    uint32_t words = l->b;
    while (words < l->e && words - l->b < 80 && !xji_scan_is_space(d->cp[words]))
        words++;
    uint32_t from = xji_scan_skip_space(d, words, l->e);
    if (st != XJ_OK || from == words)
        return st;
    end = xji_portal_prefix(d, v, from, l->e, &c);
    if (end > from && xji_portal_proves(&c)) {
        keep_fields(d, &c, i);
        d->opening = xji_scan_skip_space(d, end, l->e);
        st = xji_asides_insert(&d->shaved, from, end, XJI_ASIDE_METADATA, err);
    }
    return st;
}

/* The last line of text ends with buttons behind its last sentence. */
static xj_status shave_end(xji_doc *d, const xji_vocabulary *v, xj_error *err)
{
    xji_cover c;
    size_t i = d->n_lines;
    while (i > 0 && d->line[i - 1].role != XJI_LINE_BODY)
        i--;
    if (i == 0)
        return XJ_OK;
    xji_line *l = &d->line[i - 1];
    uint32_t e = l->e;
    while (e > l->b && l->e - e < END_MAX && d->cp[e - 1] != 0x3002) /* 。 */
        e--;
    if (e == l->b || e == l->e || d->cp[e - 1] != 0x3002)
        return XJ_OK;
    uint32_t b = xji_scan_skip_space(d, e, l->e);
    if (b == e || !xji_portal_cover(d, v, b, l->e, &c) ||
        !(c.attach || c.n_strong + c.n_rest + c.links > 0 || c.n_button > 1))
        return XJ_OK;
    xj_status st = xji_asides_insert(&d->shaved, b, l->e, XJI_ASIDE_FURNITURE, err);
    l->e = e;
    return st;
}

xj_status xji_furniture_find(xji_doc *d, xj_error *err)
{
    if (d->n_lines == 0)
        return XJ_OK;
    bool *faint = calloc(d->n_lines, sizeof *faint);
    if (!faint)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu lines", d->n_lines);
    const xji_vocabulary *v = &d->tables->vocabulary;
    find_zones(d, v);
    xj_status st = find_roles(d, v, faint, err);
    free(faint);
    if (st == XJ_OK)
        st = shave_page(d, v, err);
    return st == XJ_OK ? shave_end(d, v, err) : st;
}
