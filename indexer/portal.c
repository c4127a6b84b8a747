/*
 * The grammar of portal elements: whether words of the table, each with the value its kind may have, and separators
 * between them cover a stretch of text. A word inside a sentence is never furniture, because the sentence is not covered.
 */
#include "portal.h"

#include <stddef.h>
#include <string.h>

enum {
    LINE_MAX_COVERED = 400, /* longer lines are prose; portal table rows stay below */
    VALUE_MAX = 120,        /* characters of a field value */
    CRUMBS_MAX = 160,       /* of a whole path, */
    CRUMB_MAX = 20,         /* of one name in it */
    LINK_NAME_MAX = 24      /* of one name in a row of links */
};

/* Separators between elements. */
bool xji_portal_is_separator(uint32_t c)
{
    if (xji_scan_is_space(c))
        return true;
    switch (c) {
    case '|':
    case '>':
    case '<':
    case '/':
    case '\\':
    case '-':
    case '_':
    case '[':
    case ']':
    case '(':
    case ')':
    case ':':
    case ',':
    case '*':
    case '+':
    case 0xB7:   /* · */
    case 0xBB:   /* » */
    case 0x2014: /* — */
    case 0x2013:
    case 0x2022:
    case 0x203A: /* › */
    case 0x2191: /* ↑ */
    case 0x25B2:
    case 0x2500: /* ─ */
    case 0x3001: /* 、 */
    case 0x3010: /* 【 */
    case 0x3011:
    case 0x3014: /* 〔 */
    case 0x3015:
    case 0xFF08:
    case 0xFF09:
    case 0xFF0C:
    case 0xFF1A:
    case 0xFF1C:
    case 0xFF1E:
    case 0xFF3B:
    case 0xFF3D:
    case 0xFF5C:
        return true;
    default:
        return false;
    }
}

bool xji_portal_is_colon(uint32_t c)
{
    return c == ':' || c == 0xFF1A;
}

bool xji_portal_is_bar(uint32_t c)
{
    return c == '|' || c == 0xFF5C || c == 0x2502;
}

/* Whether a value ends before i: a cell border, or a word of the table that begins after white space or a bracket. */
static bool value_ends(const xji_doc *d, const xji_vocabulary *v, uint32_t i, uint32_t e)
{
    if (xji_portal_is_bar(d->cp[i]))
        return true;
    if (!xji_portal_is_separator(d->cp[i - 1]) || xji_portal_is_separator(d->cp[i]))
        return false;
    uint32_t end = i;
    const xji_element *el = xji_portal_word(d, v, i, e, &end);
    if (!el)
        return false;
    uint32_t after = xji_scan_skip_space(d, end, e);
    if (el->kind == XJI_PORTAL_KEY || el->kind == XJI_PORTAL_COUNT || el->kind == XJI_PORTAL_NAME ||
        el->kind == XJI_PORTAL_REST || el->kind == XJI_PORTAL_BANNER)
        return after < e && (xji_portal_is_colon(d->cp[after]) || xji_portal_is_bar(d->cp[after]));
    return end == e || xji_portal_is_separator(d->cp[end]);
}

/*
 * The value of a field whose word ends at b: after a colon or a cell border, up to the next xji_element. Returns its end,
 * 0 when this is no field (no colon, too long, a sentence).
 */
static uint32_t field_value(const xji_doc *d, const xji_vocabulary *v, uint32_t b, uint32_t e,
                            xji_range *at)
{
    uint32_t i = xji_scan_skip_space(d, b, e);
    *at = (xji_range){e, e};
    if (i == e)
        return e;
    /* "索引号 | 001": one border; "发布机构] 南汇街道": the bracket of the key. */
    if (d->cp[i] == ']' || d->cp[i] == 0x3011)
        i = xji_scan_skip_space(d, i + 1, e);
    bool cell = i < e && xji_portal_is_bar(d->cp[i]);
    if (i < e && !xji_portal_is_colon(d->cp[i]) && !cell)
        return 0;
    if (i < e)
        i = xji_scan_skip_space(d, i + 1, e);
    if (!cell && i < e && xji_portal_is_bar(d->cp[i])) {
        cell = true; /* "索引号: | 001" */
        i = xji_scan_skip_space(d, i + 1, e);
    }
    uint32_t from = i;
    while (i < e && !(i > b && value_ends(d, v, i, e))) {
        if (d->cp[i] == 0x3002 || i - from > VALUE_MAX) /* 。 */
            return 0;
        i++;
    }
    uint32_t to = i;
    while (to > from && (xji_scan_is_space(d->cp[to - 1]) || d->cp[to - 1] == '[' ||
                         d->cp[to - 1] == 0x3010 || d->cp[to - 1] == '<'))
        to--;
    if (to > from)
        *at = (xji_range){from, to};
    return i;
}

/* Whether [b, e) is a row of names between white space, none of them a sentence. */
static bool names_only(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t length = 0;
    for (uint32_t i = b; i < e; i++) {
        length = xji_portal_is_separator(d->cp[i]) ? 0 : length + 1;
        if (length > LINK_NAME_MAX || xji_scan_one_of(d, i, U"。,;?!"))
            return false;
    }
    return true;
}

static bool add_element(const xji_doc *d, const xji_vocabulary *v, const xji_element *el,
                        uint32_t *pos, uint32_t e, xji_cover *c)
{
    uint32_t after = xji_scan_skip_space(d, *pos, e);
    bool ended =
        after == e || xji_portal_is_separator(d->cp[*pos]) || xji_portal_is_separator(d->cp[after]);
    bool colon = after < e && xji_portal_is_colon(d->cp[after]);
    switch ((xji_element_kind)el->kind) {
    case XJI_PORTAL_FAINT:
        c->n_faint++;
        return true;
    case XJI_PORTAL_BUTTON:
        c->n_button++;
        return true;
    case XJI_PORTAL_STRONG:
        c->n_strong++;
        return true;
    case XJI_PORTAL_LINKS:
        c->links = true;
        c->n_button++;
        /* "相关链接 县政府部门网站 乡镇网站": names of links on the same line */
        if (ended && after < e && names_only(d, after + colon, e)) {
            c->n_strong++;
            *pos = e;
        }
        return true;
    case XJI_PORTAL_COUNT:
        c->n_strong++;
        *pos = xji_scan_skip_space(d, after + colon, e);
        while (*pos < e &&
               (xji_scan_digit(d->cp[*pos]) >= 0 || xji_scan_one_of(d, *pos, U"次人+万")))
            ++*pos;
        return colon || ended;
    case XJI_PORTAL_NAME:
        if (!colon)
            return false;
        c->n_strong++;
        *pos = xji_scan_skip_space(d, after + 1, e);
        for (uint32_t from = *pos; *pos < e && !xji_portal_is_separator(d->cp[*pos]); ++*pos)
            if (*pos - from > 12)
                return false;
        return true;
    case XJI_PORTAL_REST:
    case XJI_PORTAL_BANNER:
        c->n_rest++;
        if (xji_scan_find(d, *pos, e, U"。") != UINT32_MAX ||
            !(ended || xji_scan_one_of(d, after, U"©")))
            return false;
        *pos = e;
        return true;
    case XJI_PORTAL_CRUMBS:
        if (e - *pos > CRUMBS_MAX || xji_scan_find(d, *pos, e, U"。") != UINT32_MAX)
            return false;
        if (after < e && !colon && !xji_scan_one_of(d, after, U">»›/|-\\"))
            return false;
        c->n_faint += after == e;
        c->n_strong += after < e;
        *pos = e;
        return true;
    case XJI_PORTAL_ATTACH:
        c->attach = true;
        *pos = e;
        return after == e || (after + 1 == e && colon);
    case XJI_PORTAL_KEY: {
        xji_found_field f = {el, {e, e}};
        uint32_t end = field_value(d, v, *pos, e, &f.at);
        if (!end || (after == e && e - *pos > 0))
            return false;
        c->n_key++;
        c->open = f.at.b == f.at.e && end == e && colon;
        if (c->n_found < XJI_FOUND_MAX)
            c->found[c->n_found++] = f;
        *pos = end;
        /* A key without colon or border is a word that stands alone: a cell of some table. */
        return colon || after < e;
    }
    }
    return false;
}

/* Whether portal elements cover the line [b, e) as a whole. */
bool xji_portal_cover(const xji_doc *d, const xji_vocabulary *v, uint32_t b, uint32_t e,
                      xji_cover *c)
{
    memset(c, 0, offsetof(xji_cover, found));
    if (e - b > LINE_MAX_COVERED)
        return false;
    uint32_t pos = b;
    while (pos < e) {
        if (xji_portal_is_separator(d->cp[pos]) && xji_scan_match(d, pos, e, U"-->", false) == 0) {
            pos++;
            continue;
        }
        xji_date date;
        uint32_t end = pos;
        const xji_element *el = xji_portal_word(d, v, pos, e, &end);
        if (el) {
            pos = end;
            c->open = false;
            if (!add_element(d, v, el, &pos, e, c))
                return false;
        } else if ((end = xji_scan_date_at(d, pos, e, &date)) != 0) {
            if (c->n_found < XJI_FOUND_MAX && date.day) {
                static const xji_element date_line = {U"", XJI_PORTAL_KEY, XJI_FIELD_DATE_LINE,
                                                      "date line"};
                c->found[c->n_found++] = (xji_found_field){&date_line, {pos, end}};
            }
            c->n_date++;
            pos = end;
        } else {
            return false;
        }
    }
    return c->n_faint + c->n_button + c->n_strong + c->n_rest + c->n_key + c->n_date > 0 ||
           c->attach;
}

/* ---- a page on one line ---- */

/* End of "当前位置: 首页 > 政务公开 > 正文" at b: names joined by >. */
static uint32_t skip_crumbs(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t i = xji_scan_skip_space(d, b, e);
    if (i < e && xji_portal_is_colon(d->cp[i]))
        i = xji_scan_skip_space(d, i + 1, e);
    for (;;) {
        uint32_t from = i;
        while (i < e && !xji_scan_is_space(d->cp[i]) && !xji_scan_one_of(d, i, U">»›")) {
            if (i - from > CRUMB_MAX || xji_scan_one_of(d, i, U"。,;"))
                return b;
            i++;
        }
        uint32_t next = xji_scan_skip_space(d, i, e);
        if (next == e || !xji_scan_one_of(d, next, U">»›"))
            return i;
        while (next < e && (xji_scan_one_of(d, next, U">»›") || xji_scan_is_space(d->cp[next])))
            next++;
        i = next;
    }
}

/* Portal elements at b that end at white space inside a line, and what they prove; b when there are none. */
uint32_t xji_portal_prefix(const xji_doc *d, const xji_vocabulary *v, uint32_t b, uint32_t e,
                           xji_cover *c)
{
    uint32_t pos = b, end_of_last = b;
    memset(c, 0, offsetof(xji_cover, found));
    for (;;) {
        while (pos < e && xji_portal_is_separator(d->cp[pos]))
            pos++;
        if (pos == e)
            return b;
        uint32_t end = pos;
        xji_date date;
        const xji_element *el = xji_portal_word(d, v, pos, e, &end);
        uint32_t after = el ? xji_scan_skip_space(d, end, e) : e;
        bool colon = after < e && xji_portal_is_colon(d->cp[after]);
        if (el && el->kind == XJI_PORTAL_KEY && colon) {
            xji_found_field f = {el, {0, 0}};
            f.at.b = xji_scan_skip_space(d, after + 1, e);
            f.at.e = xji_scan_date_at(d, f.at.b, e, &date);
            if (!f.at.e)
                for (f.at.e = f.at.b; f.at.e < e && !xji_portal_is_separator(d->cp[f.at.e]);
                     f.at.e++)
                    if (f.at.e - f.at.b > 40 || xji_scan_one_of(d, f.at.e, U"。;,"))
                        return end_of_last;
            c->n_key++;
            if (c->n_found < XJI_FOUND_MAX)
                c->found[c->n_found++] = f;
            pos = f.at.e;
        } else if (el && el->kind == XJI_PORTAL_CRUMBS &&
                   (colon || xji_scan_one_of(d, after, U">"))) {
            pos = skip_crumbs(d, end, e);
            c->n_strong += 2;
            if (pos == end)
                return end_of_last;
        } else if (el && (el->kind == XJI_PORTAL_BANNER || el->kind == XJI_PORTAL_COUNT) && colon) {
            pos = after + 1; /* "热搜:", "分享:": what follows is the title or the text */
            while (el->kind == XJI_PORTAL_COUNT && pos < e &&
                   (xji_scan_digit(d->cp[pos]) >= 0 || d->cp[pos] == ' '))
                pos++;
            c->n_strong += el->kind == XJI_PORTAL_BANNER ? 2 : 1;
        } else if (el &&
                   (el->kind == XJI_PORTAL_BUTTON || el->kind == XJI_PORTAL_STRONG ||
                    el->kind == XJI_PORTAL_FAINT) &&
                   xji_portal_is_separator(d->cp[end])) {
            pos = end;
            c->n_button++;
        } else if (!el && (end = xji_scan_date_at(d, pos, e, &date)) != 0 && date.day &&
                   xji_scan_is_space(d->cp[end])) {
            static const xji_element date_line = {U"", XJI_PORTAL_KEY, XJI_FIELD_DATE_LINE,
                                                  "date line"};
            if (c->n_found < XJI_FOUND_MAX)
                c->found[c->n_found++] = (xji_found_field){&date_line, {pos, end}};
            c->n_date++;
            pos = end;
        } else {
            return end_of_last;
        }
        /* Empty cells behind it: "| | | |". */
        for (uint32_t k = pos;
             k < e && (xji_portal_is_bar(d->cp[k]) || xji_scan_is_space(d->cp[k])); k++)
            pos = xji_portal_is_bar(d->cp[k]) ? k + 1 : pos;
        if (pos >= e)
            return b;
        end_of_last = pos;
    }
}

bool xji_portal_proves(const xji_cover *c)
{
    return c->n_key + c->n_date + c->n_strong + c->n_button >= 2 && c->n_key + c->n_strong > 0;
}
