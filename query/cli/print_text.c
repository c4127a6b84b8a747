/*
 * Text for people. On a terminal the passage is wrapped to its width and matches stand out; in a pipe the same lines
 * come without marks, one line a paragraph. Everything that came from a report goes through xji_escape_plain.
 *
 * Wrapping knows what Chinese typesetting forbids: a line does not begin with a closing mark nor end with an opening one.
 */
#include "printer.h"

#include <string.h>

#include "escape.h"
#include "xj/utf8.h"

static const char indent[] = "   ";

enum {
    INDENT = sizeof indent - 1,
    HEADING_COLUMNS = 60, /* of one heading of the section path; longer ones are elided */
    WRAP_MIN = 20         /* a narrower terminal is wrapped as if it had so many columns */
};

#define SGR_RESET "\033[0m"
#define SGR_BOLD "\033[1m"
#define SGR_DIM "\033[2m"
#define SGR_MATCH "\033[1;31m"
#define SGR_UNDERLINE "\033[4m"
#define SGR_SECTION "\033[36m"

static void color(xji_printer *p, const char *sgr)
{
    if (p->color)
        xji_out_str(p->out, sgr);
}

static void say(xji_printer *p, xji_msg id, const char *a, const char *b)
{
    xji_message(p->out, p->options->lang, id, a, b, NULL);
}

/* Decimal digits of v in s. */
static const char *decimal(char s[21], uint64_t v)
{
    char *at = s + 20;
    *at = '\0';
    do {
        *--at = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    return at;
}

/* A record ends: an empty line after it, or NUL instead. */
static void end_record(xji_printer *p)
{
    xji_out_char(p->out, p->options->null ? '\0' : '\n');
}

/* ---- heading, metadata, section path, place ---- */

static xj_str base_name(xj_str path)
{
    for (size_t i = path.n; i > 0; i--)
        if (path.s[i - 1] == '/' && i < path.n)
            return (xj_str){path.s + i, path.n - i};
    return path;
}

static void put_str(xji_printer *p, xj_str s)
{
    xji_escape_plain(p->out, s.s, s.n);
}

/* What tells a report from all others: "path" of a file, "path#id" of a line of JSON Lines, "id" when that begins with
 * the path already. */
typedef struct xji_place {
    xj_str path, id; /* id.s NULL: the path alone */
} xji_place;

static xji_place place_of(const xj_report_meta *m)
{
    const xj_str path = m->path, id = m->id;
    bool begins = path.s && id.n >= path.n && memcmp(id.s, path.s, path.n) == 0;
    if (!path.s || (begins && (id.n == path.n || id.s[path.n] == ':')))
        return (xji_place){id, {NULL, 0}};
    return (xji_place){path, id};
}

static void put_place(xji_printer *p, xji_place place)
{
    put_str(p, place.path);
    if (place.id.s) {
        xji_out_char(p->out, '#');
        put_str(p, place.id);
    }
}

/* For programs, without escapes. */
static void put_raw_place(xji_printer *p, xji_place place)
{
    xji_out_put(p->out, place.path.s, place.path.n);
    if (place.id.s) {
        xji_out_char(p->out, '#');
        xji_out_put(p->out, place.id.s, place.id.n);
    }
}

static void title_line(xji_printer *p, uint64_t rank, const xj_report_meta *m)
{
    xji_out_u64(p->out, rank);
    xji_out_str(p->out, ". ");
    color(p, SGR_BOLD);
    if (m->title.s)
        put_str(p, m->title);
    else
        put_place(p, (xji_place){base_name(place_of(m).path), place_of(m).id});
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
}

/* Between the parts of a line; before the first one comes the indent. */
static void joint(xji_printer *p, bool *first, const char *s)
{
    xji_out_str(p->out, *first ? indent : s);
    *first = false;
}

/* A borrowed string as the NUL-terminated argument of a message; cut when longer. */
static const char *argument(char s[128], xj_str from)
{
    size_t n = from.n < 127 ? from.n : 127;
    memcpy(s, from.s, n);
    s[n] = '\0';
    return s;
}

/* agency · date · year · document number: what is known */
static void meta_line(xji_printer *p, const xj_view *v)
{
    const xj_report_meta *m = &v->meta;
    char s[128], number[21];
    bool first = true;
    if (!m->agency.s && !m->date.s && !v->year && !m->number.s)
        return;
    color(p, SGR_DIM);
    if (m->agency.s) {
        joint(p, &first, " · ");
        put_str(p, m->agency);
    }
    if (m->date.s) {
        joint(p, &first, " · ");
        say(p, XJI_MSG_DATE, argument(s, m->date), NULL);
    }
    if (v->year) {
        joint(p, &first, " · ");
        say(p, XJI_MSG_YEAR, decimal(number, v->year), NULL);
    }
    if (m->number.s) {
        joint(p, &first, " · ");
        put_str(p, m->number);
    }
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
}

static void section_line(xji_printer *p, const xj_heading_path *path)
{
    size_t most = HEADING_COLUMNS, used = 0;
    if (path->n == 0)
        return;
    if (p->width && most > p->width - INDENT - 2)
        most = p->width - INDENT - 2;
    color(p, SGR_SECTION);
    xji_out_str(p->out, indent);
    for (size_t i = 0; i < path->n; i++) {
        const xj_str h = path->heading[i];
        size_t all = xji_plain_columns(h.s, h.n);
        size_t columns = all < most ? all : most;
        if (i > 0 && p->width && used + 3 + columns > p->width - INDENT) {
            xji_out_char(p->out, '\n');
            xji_out_str(p->out, indent);
            xji_out_str(p->out, "› ");
            used = 2;
        } else if (i > 0) {
            xji_out_str(p->out, " › ");
            used += 3;
        }
        used += xji_escape_plain_elided(p->out, h.s, h.n, most);
    }
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
}

static void place_line(xji_printer *p, const xji_shown_hit *h)
{
    const xj_view *v = h->view;
    char a[21], b[21], score[40];
    xji_out num;
    xji_out_init(&num, -1, score, sizeof score - 1);
    xji_out_fixed(&num, h->hit->score, 2);
    score[num.n] = '\0';
    color(p, SGR_DIM);
    xji_out_str(p->out, indent);
    put_place(p, place_of(&v->meta));
    xji_out_str(p->out, "  ");
    say(p, XJI_MSG_PASSAGE, decimal(a, (uint64_t)v->passage + 1), decimal(b, v->n_passages));
    xji_out_str(p->out, "  ");
    say(p, XJI_MSG_BYTES, decimal(a, v->source_first), decimal(b, v->source_end));
    xji_out_str(p->out, "  ");
    say(p, XJI_MSG_SCORE, score, NULL);
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
}

/* ---- the passage ---- */

enum { LOOK_MATCH = 1, LOOK_RESTORED = 2 };

/* Walks over a passage from its first code point to its last and knows how each one looks. */
typedef struct xji_pen {
    xji_printer *p;
    const xj_view *v;
    size_t match;       /* first match that begins behind the current code point */
    uint32_t match_end; /* those before it reach to here */
    unsigned look;      /* what the terminal is set to */
} xji_pen;

static bool conjecture_ends(const xj_view *v, size_t i)
{
    const xj_passage_text *t = &v->text;
    return t->mark[i] == XJ_MARK_CONJECTURE && (i + 1 == t->n || t->mark[i + 1] != XJ_MARK_CONJECTURE);
}

static size_t columns_at(const xji_printer *p, const xj_view *v, size_t i)
{
    uint32_t cp = v->text.cp[i];
    size_t columns = cp == '\t' ? 1 : xji_plain_columns_cp(cp);
    return p->color && conjecture_ends(v, i) ? columns + 3 : columns;
}

static void set_look(xji_pen *pen, unsigned look)
{
    if (look == pen->look)
        return;
    if (pen->look)
        color(pen->p, SGR_RESET);
    if (look & LOOK_MATCH)
        color(pen->p, SGR_MATCH);
    if (look & LOOK_RESTORED)
        color(pen->p, SGR_UNDERLINE);
    pen->look = look;
}

static void put_code_point(xji_pen *pen, size_t i)
{
    const xj_view *v = pen->v;
    unsigned look = 0;
    for (; pen->match < v->n_matches && v->match[pen->match].start <= i; pen->match++)
        if (v->match[pen->match].end > pen->match_end)
            pen->match_end = v->match[pen->match].end;
    if (i < pen->match_end)
        look |= LOOK_MATCH;
    if (v->text.mark[i] != XJ_MARK_READ)
        look |= LOOK_RESTORED;
    set_look(pen, look);
    if (v->text.cp[i] == '\t')
        xji_out_char(pen->p->out, ' ');
    else
        xji_escape_plain_cp(pen->p->out, v->text.cp[i]);
    if (pen->p->color && conjecture_ends(v, i)) {
        set_look(pen, 0);
        xji_out_str(pen->p->out, SGR_DIM "[?]" SGR_RESET);
    }
}

static bool one_of(uint32_t cp, const uint32_t *set, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (set[i] == cp)
            return true;
    return false;
}

static bool is_closing(uint32_t cp)
{
    static const uint32_t closing[] = {
        '!',    '%',    ')',    ',',    '.',    ':',    ';',    '?',    ']',    '}',    0xB7,   0x2014, 0x2019,
        0x201D, 0x2026, 0x2030, 0x3001, 0x3002, 0x3009, 0x300B, 0x300D, 0x300F, 0x3011, 0x3015, 0x3017, 0xFF01,
        0xFF05, 0xFF09, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F, 0xFF3D, 0xFF5D, 0xFF5E,
    };
    return one_of(cp, closing, sizeof closing / sizeof *closing);
}

static bool is_opening(uint32_t cp)
{
    static const uint32_t opening[] = {
        '(',    '[',    '{',    0x2018, 0x201C, 0x3008, 0x300A, 0x300C, 0x300E, 0x3010, 0x3014, 0x3016, 0xFF08, 0xFF3B, 0xFF5B,
    };
    return one_of(cp, opening, sizeof opening / sizeof *opening);
}

/* Whether a line may end between two neighbours. */
static bool may_break(uint32_t before, uint32_t after)
{
    if (before == ' ' || after == ' ')
        return true;
    if (is_closing(after) || is_opening(before))
        return false;
    size_t columns = xji_plain_columns_cp(after); /* 0: it combines with the one before */
    return columns >= 2 || (columns == 1 && xji_plain_columns_cp(before) >= 2);
}

/* End of the line that begins at i: the last place in [i, end) that fits the width, at least one code point on. */
static size_t line_end(const xji_pen *pen, size_t i, size_t end)
{
    const uint32_t *cp = pen->v->text.cp;
    size_t width = pen->p->width - INDENT;
    size_t used = 0, good = i;
    for (size_t k = i; k < end; k++) {
        size_t more = columns_at(pen->p, pen->v, k);
        if (k > i && may_break(cp[k - 1], cp[k]))
            good = k;
        if (used + more > width && k > i && cp[k] != ' ')
            return good > i ? good : k;
        used += more;
    }
    return end;
}

/* The paragraph [i, end). */
static void put_paragraph(xji_pen *pen, size_t i, size_t end)
{
    const uint32_t *cp = pen->v->text.cp;
    while (i < end) {
        size_t stop = pen->p->width ? line_end(pen, i, end) : end;
        size_t last = stop; /* spaces at the end of a wrapped line are not shown */
        while (stop < end && last > i && cp[last - 1] == ' ')
            last--;
        xji_out_str(pen->p->out, indent);
        for (; i < last; i++)
            put_code_point(pen, i);
        set_look(pen, 0);
        xji_out_char(pen->p->out, '\n');
        i = stop;
    }
}

/* Whether the paragraph [i, end) is the text s, but for white space and punctuation at its end. */
static bool is_text(const xj_view *v, size_t i, size_t end, xj_str s)
{
    static const uint32_t trailing[] = {' ', '\t', 0x3000, ':', ';', ',', '.', 0x3002, 0xFF1A, 0xFF1B, 0xFF0C};
    const uint32_t *cp = v->text.cp;
    if (!s.s || s.n == 0)
        return false;
    for (size_t at = 0; at < s.n; i++) {
        uint32_t c;
        at += xj_utf8_decode((const uint8_t *)s.s + at, s.n - at, &c, NULL);
        if (i >= end || cp[i] != c)
            return false;
    }
    while (i < end && one_of(cp[i], trailing, sizeof trailing / sizeof *trailing))
        i++;
    return i == end;
}

/* A title or heading line at the beginning of a passage was shown above it already; with a match in it, it is shown again. */
static bool was_shown(const xj_view *v, size_t i, size_t end)
{
    for (size_t m = 0; m < v->n_matches; m++)
        if (v->match[m].start < end && v->match[m].end > i)
            return false;
    bool shown = is_text(v, i, end, v->meta.title);
    for (size_t h = 0; h < v->section.n && !shown; h++)
        shown = is_text(v, i, end, v->section.heading[h]);
    return shown;
}

static void put_passage(xji_printer *p, const xj_view *v)
{
    xji_pen pen = {p, v, 0, 0, 0};
    const uint32_t *cp = v->text.cp;
    size_t n = v->text.n;
    bool body = false; /* something but headings was seen */
    for (size_t i = 0, end; i < n; i = end + 1) {
        for (end = i; end < n && cp[end] != '\n'; end++)
            ;
        while (i < end && (cp[i] == ' ' || cp[i] == '\t' || cp[i] == 0x3000)) /* a paragraph's own indent */
            i++;
        if (i < end && !body && end < n && was_shown(v, i, end))
            continue;
        body = body || i < end;
        put_paragraph(&pen, i, end);
    }
}

/* ---- explanation ---- */

enum { N_NUMBERS = 6, NUMBER_WIDTH = 40 };

static void put_cell(xji_printer *p, const char *s, size_t width, bool right)
{
    size_t columns = xji_plain_columns(s, strlen(s));
    size_t pad = columns < width ? width - columns : 0;
    if (right)
        xji_out_spaces(p->out, pad);
    xji_escape_plain(p->out, s, strlen(s));
    if (!right)
        xji_out_spaces(p->out, pad);
}

static void format_fixed(char s[NUMBER_WIDTH], double v)
{
    xji_out o;
    xji_out_init(&o, -1, s, NUMBER_WIDTH - 1);
    xji_out_fixed(&o, v, 4);
    s[o.n] = '\0';
}

static void format_u64(char s[NUMBER_WIDTH], uint64_t v)
{
    char digits[21];
    const char *d = decimal(digits, v);
    memcpy(s, d, strlen(d) + 1);
}

static void format_row(char cell[N_NUMBERS][NUMBER_WIDTH], const xj_explain_row *r)
{
    if (r->is_phrase) {
        for (size_t i = 0; i < 3; i++)
            memcpy(cell[i], "-", 2);
    } else {
        format_u64(cell[0], r->df);
        format_u64(cell[1], r->tf);
        format_u64(cell[2], r->length);
    }
    format_fixed(cell[3], r->idf);
    format_fixed(cell[4], r->weight);
    format_fixed(cell[5], r->contribution);
}

static void widen(size_t *width, const char *s)
{
    size_t columns = xji_plain_columns(s, strlen(s));
    if (columns > *width)
        *width = columns;
}

/* A message without arguments in s. */
static const char *word(xji_printer *p, char s[64], xji_msg id)
{
    xji_out o;
    xji_out_init(&o, -1, s, 63);
    xji_message(&o, p->options->lang, id, NULL, NULL, NULL);
    s[o.n] = '\0';
    return s;
}

/* A table of the rows and their sum: term, df, tf, length, idf, weight, contribution. */
static void put_explain(xji_printer *p, const xj_explain_row *rows, size_t n)
{
    static const xji_msg heads[N_NUMBERS] = {XJI_MSG_COL_DF,  XJI_MSG_COL_TF,     XJI_MSG_COL_LENGTH,
                                             XJI_MSG_COL_IDF, XJI_MSG_COL_WEIGHT, XJI_MSG_COL_CONTRIBUTION};
    char s[64], cell[N_NUMBERS][NUMBER_WIDTH], total[NUMBER_WIDTH];
    size_t width[N_NUMBERS] = {0}, first = 0;
    double sum = 0;
    widen(&first, word(p, s, XJI_MSG_COL_TERM));
    widen(&first, word(p, s, XJI_MSG_COL_SUM));
    for (size_t k = 0; k < N_NUMBERS; k++)
        widen(&width[k], word(p, s, heads[k]));
    for (size_t i = 0; i < n; i++) {
        format_row(cell, &rows[i]);
        widen(&first, rows[i].term);
        for (size_t k = 0; k < N_NUMBERS; k++)
            widen(&width[k], cell[k]);
        sum += rows[i].contribution; /* in this order it is the score to the last bit */
    }
    format_fixed(total, sum);
    widen(&width[N_NUMBERS - 1], total);

    color(p, SGR_DIM);
    xji_out_str(p->out, indent);
    put_cell(p, word(p, s, XJI_MSG_COL_TERM), first, false);
    for (size_t k = 0; k < N_NUMBERS; k++) {
        xji_out_str(p->out, "  ");
        put_cell(p, word(p, s, heads[k]), width[k], true);
    }
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
    size_t all = first;
    for (size_t k = 0; k < N_NUMBERS; k++)
        all += 2 + width[k];
    for (size_t i = 0; i < n; i++) {
        format_row(cell, &rows[i]);
        xji_out_str(p->out, indent);
        put_cell(p, rows[i].term, first, false);
        for (size_t k = 0; k < N_NUMBERS; k++) {
            xji_out_str(p->out, "  ");
            put_cell(p, cell[k], width[k], true);
        }
        xji_out_char(p->out, '\n');
    }
    xji_out_str(p->out, indent);
    put_cell(p, word(p, s, XJI_MSG_COL_SUM), first, false);
    put_cell(p, total, all - first, true);
    xji_out_char(p->out, '\n');
}

/* ---- the form ---- */

static void text_begin(xji_printer *p)
{
    if (!p->query || p->options->count || p->options->null)
        return;
    xji_out_str(p->out, "# ");
    xji_escape_plain(p->out, p->query, p->n_query);
    xji_out_char(p->out, '\n');
}

static void text_hit(xji_printer *p, const xji_shown_hit *h)
{
    title_line(p, h->rank, &h->view->meta);
    meta_line(p, h->view);
    section_line(p, &h->view->section);
    put_passage(p, h->view);
    place_line(p, h);
    if (h->rows)
        put_explain(p, h->rows, h->n_rows);
    end_record(p);
}

static void text_exact_ends(xji_printer *p)
{
    if (p->options->null)
        return; /* what is read by programs holds records only */
    color(p, SGR_DIM);
    xji_out_str(p->out, "── ");
    say(p, XJI_MSG_EXACT_ENDS, NULL, NULL);
    xji_out_str(p->out, " ──");
    color(p, SGR_RESET);
    xji_out_str(p->out, "\n\n");
}

static void text_report(xji_printer *p, const xji_shown_report *r)
{
    const xj_report_meta *m = &r->view->meta;
    char a[21], b[21];
    if (p->options->null) {
        put_raw_place(p, place_of(m));
        xji_out_char(p->out, '\0');
        return;
    }
    if (m->title.s) {
        color(p, SGR_BOLD);
        put_str(p, m->title);
        color(p, SGR_RESET);
        xji_out_str(p->out, "  ");
    }
    if (m->agency.s || m->date.s) {
        xji_out_char(p->out, '(');
        put_str(p, m->agency);
        if (m->agency.s && m->date.s)
            xji_out_str(p->out, ", ");
        put_str(p, m->date);
        xji_out_str(p->out, ")  ");
    }
    put_place(p, place_of(m));
    xji_out_str(p->out, "  ");
    color(p, SGR_DIM);
    say(p, XJI_MSG_REPORT_COUNTS, decimal(a, r->hit->passages), decimal(b, r->hit->occurrences));
    color(p, SGR_RESET);
    xji_out_char(p->out, '\n');
}

static void text_counts(xji_printer *p, const xj_totals *totals, bool partial)
{
    xji_print_counts(p->out, totals);
    if (partial)
        xji_out_str(p->out, "\tpartial");
    end_record(p);
}

static void text_end(xji_printer *p, const xji_summary *s)
{
    bool batch = p->query != NULL;
    if (p->options->count) {
        if (batch && s->error) {
            xji_out_str(p->out, "error\t");
            xji_escape_tsv(p->out, s->error, strlen(s->error));
            end_record(p);
        }
        return;
    }
    if (p->options->null)
        return;
    if (batch && s->error) {
        say(p, XJI_MSG_ERROR, s->error, NULL);
        xji_out_char(p->out, '\n');
    }
    if (s->partial) {
        say(p, XJI_MSG_PARTIAL, NULL, NULL);
        xji_out_char(p->out, '\n');
    }
    if (batch && (s->error || s->partial || s->n_printed == 0 || p->options->reports))
        xji_out_char(p->out, '\n'); /* hits end in an empty line already */
}

const xji_form_ops xji_form_text = {text_begin, text_hit, text_exact_ends, text_report, text_counts, text_end};
