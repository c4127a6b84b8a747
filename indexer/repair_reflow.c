/*
 * Hard-wrapped text: lines broken at a fixed width, wherever the sentence stands. Nearly no line is wider than
 * some width W, and lines that end without the end of a sentence are *full*: the first word of the next line would not
 * have fitted. Only where that holds are line breaks inside paragraphs joined; all other files keep every one
 * (docs/REPAIR.md).
 */
#include "repair_priv.h"

#include <stdlib.h>

#include "xj/fold.h"

enum {
    LF = 0x0A,
    LINES_MIN = 8, /* full lines in a file, at least */
    FULL_OF_TEN =
        3, /* of ten lines, at least; a paragraph's last line is not full, nor are headings */
    FULL_OF_TEN_OPEN =
        8,          /* of ten lines that end without a sentence end and might run on, at least */
    WIDTH_MIN = 32, /* columns: 16 Han; narrower columns are verse, tables or lists */
    WIDTH_MAX = 200,
    WIDER_ONE_IN = 50, /* lines wider than W, at most (titles, tables) */
    SLACK =
        4, /* columns a full line may lack: punctuation that must not begin the next line moves with a character */
    CHARACTERS_MIN = 20,  /* the same, where characters are counted */
    CHARACTERS_SLACK = 3,
    WORD_MAX = 24, /* columns of a word, at most; a longer one is broken by the writer */
    NUMBER_MAX = 8 /* characters of a heading number */
};

typedef struct line {
    uint32_t b, e;   /* code points without the LF */
    uint32_t width;  /* columns without white space at the end */
    uint32_t indent; /* columns of white space before it */
    uint32_t
        number; /* columns of an article number and the space after it, which may stand in the margin */
    bool blank;
    bool table;   /* a row of a table drawn with characters: counts for nothing */
    bool closed;  /* ends in sentence punctuation */
    bool starts;  /* begins a paragraph by its form: heading number, list mark, table */
    bool heading; /* numbered and without punctuation inside */
} line;

static bool is_space(uint32_t cp)
{
    return cp == ' ' || cp == '\t' || cp == 0xA0 || cp == 0x3000 || cp - 0x2000 < 0xB;
}

static uint32_t columns(uint32_t cp)
{
    return cp < 0x1100 || cp - 0x2000 < 0x10 || cp - 0xFF61 < 0x7C ? 1 : 2;
}

/* What lines are measured in. Most writers break at a width in columns; some programs count characters. */
typedef struct ruler {
    bool characters; /* every character counts 1 */
    uint32_t width_min;
    uint32_t slack;
} ruler;

static const ruler rulers[] = {{false, WIDTH_MIN, SLACK}, {true, CHARACTERS_MIN, CHARACTERS_SLACK}};

static uint32_t size_of(const ruler *r, uint32_t cp)
{
    return r->characters ? 1 : columns(cp);
}

static bool is_sentence_end(uint32_t cp)
{
    switch (cp) {
    case 0x3002:
    case '!':
    case 0xFF01:
    case '?':
    case 0xFF1F:
    case ';':
    case 0xFF1B:
    case ':':
    case 0xFF1A:
    case '.':
    case 0xFF0E:
    case 0x2026:
    case '|':
        return true;
    default:
        return false;
    }
}

static bool is_closing_mark(uint32_t cp)
{
    return cp == 0x201D || cp == 0x2019 || cp == 0x300D || cp == 0x300F || cp == 0x300B ||
           cp == 0x3009 || cp == ')' || cp == 0xFF09 || cp == '"' || cp == '\'' || cp == ']' ||
           cp == 0x3011 || cp == 0x3015;
}

/* Box drawing: a table made of characters. */
static bool is_box(uint32_t cp)
{
    return cp - 0x2500 < 0x80;
}

/* Whether a sentence ends at the end of [b, e): its mark may stand before closing quotes. */
static bool ends_sentence(const uint32_t *cp, size_t b, size_t e)
{
    while (e > b && is_closing_mark(cp[e - 1]))
        e--;
    return e == b || is_sentence_end(cp[e - 1]) || is_box(cp[e - 1]);
}

static bool is_han_number(uint32_t cp)
{
    static const uint16_t digits[] = {0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D,
                                      0x4E03, 0x516B, 0x4E5D, 0x5341, 0x767E, 0x3007};
    cp = xj_fold(cp); /* Kangxi radicals and full forms too */
    for (size_t i = 0; i < sizeof digits / sizeof *digits; i++)
        if (digits[i] == cp)
            return true;
    return false;
}

/* Chapter, section, article, book, part; Simplified and Traditional. */
static bool is_division(uint32_t cp)
{
    return cp == 0x7AE0 || cp == 0x8282 || cp == 0x7BC0 || cp == 0x6761 || cp == 0x689D ||
           cp == 0x7F16 || cp == 0x7DE8 || cp == 0x90E8;
}

static bool is_digit(uint32_t cp)
{
    return cp - '0' < 10 || cp - 0xFF10 < 10;
}

/* Whether [b, e) begins like a heading or a list item: "number stop", "(number)", "chapter or article number" with
 * space after it, an enclosed number, a list mark, a table bar, a markdown heading. */
static bool begins_item(const ruler *r, const uint32_t *cp, size_t b, size_t e, uint32_t *number)
{
    *number = 0;
    uint32_t c = cp[b];
    if (c == '#' || c == '|' || c == '>' || is_box(c) || c == 0x2022 || c == 0x25CF ||
        c == 0x25A0 || c == 0x25C6 || c - 0x2460 < 0x40)
        return true;
    if ((c == '-' || c == '*' || c == '+') && b + 1 < e && is_space(cp[b + 1]))
        return true;
    bool bracket = c == '(' || c == 0xFF08, ordinal = c == 0x7B2C;
    size_t i = b + (bracket || ordinal);
    while (ordinal && i < e && is_space(cp[i]))
        i++;
    size_t digits = i;
    bool han = i < e && is_han_number(cp[i]);
    while (i < e && i - digits < NUMBER_MAX && (han ? is_han_number(cp[i]) : is_digit(cp[i])))
        i++;
    bool numbered = i > digits;
    while (ordinal && i < e && is_space(cp[i]))
        i++;
    if (!numbered || i == e)
        return false;
    c = cp[i];
    uint32_t next = i + 1 < e ? cp[i + 1] : LF;
    if (ordinal) {
        bool division = is_division(c) && (next == LF || is_space(next));
        for (size_t k = b; division && k < e && (k <= i || is_space(cp[k])); k++)
            *number += size_of(r, cp[k]);
        return division;
    }
    if (bracket)
        return c == ')' || c == 0xFF09;
    if (c == 0x3001 || c == ')' || c == 0xFF09)
        return true;
    return (c == '.' || c == 0xFF0E) && !is_digit(next);
}

static bool has_punctuation(const uint32_t *cp, size_t b, size_t e)
{
    for (size_t i = b; i < e; i++)
        if (cp[i] == ',' || cp[i] == 0xFF0C || cp[i] == ';' || cp[i] == 0xFF1B || cp[i] == 0x3002)
            return true;
    return false;
}

static void measure(const ruler *r, line *l, const uint32_t *cp)
{
    size_t b = l->b, e = l->e;
    while (b < e && is_space(cp[b]))
        l->indent += size_of(r, cp[b++]);
    while (e > b && is_space(cp[e - 1]))
        e--;
    l->blank = b == e;
    if (l->blank)
        return;
    l->width = l->indent;
    for (size_t i = b; i < e; i++)
        l->width += size_of(r, cp[i]);
    l->table = cp[b] == '|' || is_box(cp[b]);
    l->closed = ends_sentence(cp, b, e);
    l->starts = begins_item(r, cp, b, e, &l->number);
    l->heading = l->starts && !has_punctuation(cp, b, e);
}

/* Columns of the first word of a line: one Han character, or a word up to the next space. */
static uint32_t first_word(const ruler *r, const line *l, const uint32_t *cp)
{
    size_t i = l->b;
    while (i < l->e && is_space(cp[i]))
        i++;
    uint32_t width = size_of(r, cp[i]);
    if (columns(cp[i]) > 1)
        return width;
    for (i++; i < l->e && columns(cp[i]) == 1 && !is_space(cp[i]) && width < WORD_MAX; i++)
        width++;
    return width + 1; /* and the space before it */
}

/* A cheap look at the ends of the lines: most texts are told from hard-wrapped ones by it. Counts the lines. */
static bool may_be_wrapped(const xji_text *t, size_t *n_lines)
{
    size_t lines = 0, text_lines = 0, open = 0;
    for (size_t b = 0; b <= t->n;) {
        size_t e = xji_find_either(t->cp, b, t->n, LF, LF);
        lines++;
        if (e > b) {
            text_lines++;
            open += e + 1 < t->n && t->cp[e + 1] != LF && !ends_sentence(t->cp, b, e);
        }
        b = e + 1;
    }
    *n_lines = lines;
    return open >= LINES_MIN && open * 10 >= text_lines * FULL_OF_TEN;
}

static void split_lines(const ruler *r, const xji_text *t, line *lines)
{
    size_t n = 0;
    for (size_t b = 0; b <= t->n;) {
        size_t e = xji_find_either(t->cp, b, t->n, LF, LF);
        lines[n] = (line){.b = (uint32_t)b, .e = (uint32_t)e};
        measure(r, &lines[n++], t->cp);
        b = e + 1;
    }
}

/* The width that all but a few lines keep to, 0 = there is none in the range of hard wraps. */
static uint32_t common_width(const ruler *r, const line *lines, size_t n)
{
    size_t of_width[WIDTH_MAX + 2] = {0};
    size_t text_lines = 0, wider = 0;
    for (size_t i = 0; i < n; i++)
        if (!lines[i].blank && !lines[i].table) {
            text_lines++;
            uint32_t width = lines[i].width - lines[i].number;
            of_width[width > WIDTH_MAX ? WIDTH_MAX + 1 : width]++;
        }
    size_t allowed = text_lines / WIDER_ONE_IN;
    if (allowed == 0 && text_lines > 2 * LINES_MIN)
        allowed = 1;
    for (uint32_t w = WIDTH_MAX + 1; w >= r->width_min; w--) {
        wider += of_width[w];
        if (wider > allowed)
            return w > WIDTH_MAX ? 0 : w;
    }
    return 0;
}

/* Whether line l might run on in the next one, going by all but its width. A line indented more than the one before
 * begins a paragraph, unless it hangs from a list item. */
static bool is_open(const line *l)
{
    const line *next = l + 1;
    return !l->blank && !next->blank && !l->closed && !l->heading && !next->starts &&
           (next->indent <= l->indent || l->starts);
}

static bool runs_on(const ruler *r, const line *l, const uint32_t *cp, uint32_t width)
{
    if (!is_open(l))
        return false;
    uint32_t need = first_word(r, l + 1, cp) + r->slack, least = width > need ? width - need : 0, without = l->width - l->number;
    return (l->width > least && l->width <= width) || (without > least && without <= width);
}

/* What stands for the line break at lf inside a paragraph: nothing between characters and punctuation, else a space. */
static size_t joint(const xji_text *t, size_t lf, uint32_t out[1])
{
    xj_class left = xj_class_of(xj_fold(t->cp[lf - 1])),
             right = xj_class_of(xj_fold(t->cp[lf + 1]));
    out[0] = ' ';
    return (left == XJ_CLASS_CHAR || left == XJ_CLASS_BREAK) &&
                   (right == XJ_CLASS_CHAR || right == XJ_CLASS_BREAK)
               ? 0
               : 1;
}

/* Join the lines that run on, compacting the text in place. */
static bool join(const ruler *r, xji_text *t, const line *lines, size_t n, uint32_t width, xji_log *log)
{
    size_t w = 0;
    bool changed = false;
    for (size_t i = 0; i < n; i++) {
        w = xji_text_move(t, w, lines[i].b, lines[i].e);
        size_t lf = lines[i].e;
        if (i + 1 == n)
            break;
        if (!runs_on(r, &lines[i], t->cp, width)) {
            w = xji_text_move(t, w, lf, lf + 1);
            continue;
        }
        uint32_t with[1];
        size_t n_with = joint(t, lf, with);
        xji_log_add(log, XJI_CHANGE_REFLOW, t->beg[lf], t->beg[lf] + t->len[lf], t->cp + lf, 1,
                    with, n_with);
        changed = true;
        if (n_with) {
            w = xji_text_move(t, w, lf, lf + 1);
            t->cp[w - 1] = with[0];
            t->as_source = false;
        }
    }
    t->n = w;
    return changed;
}

static bool is_wrapped(const ruler *r, const line *lines, size_t n, const uint32_t *cp, uint32_t width)
{
    size_t text_lines = 0, open = 0, full = 0;
    for (size_t i = 0; i < n; i++) {
        text_lines += !lines[i].blank && !lines[i].table;
        open += i + 1 < n && is_open(&lines[i]);
        full += i + 1 < n && runs_on(r, &lines[i], cp, width);
    }
    return full >= LINES_MIN && full * 10 >= text_lines * FULL_OF_TEN &&
           full * 10 >= open * FULL_OF_TEN_OPEN;
}

xj_status xji_reflow_step(xji_text *t, bool *changed, xji_log *log, xj_error *err)
{
    size_t n = 0;
    *changed = false;
    if (!may_be_wrapped(t, &n))
        return XJ_OK;
    line *lines = malloc(n * sizeof *lines);
    if (!lines)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu lines", n);
    for (size_t k = 0; k < sizeof rulers / sizeof *rulers && !*changed; k++) {
        const ruler *r = &rulers[k];
        split_lines(r, t, lines);
        uint32_t width = common_width(r, lines, n);
        if (width && is_wrapped(r, lines, n, t->cp, width))
            *changed = join(r, t, lines, n, width, log);
    }
    free(lines);
    return XJ_OK;
}
