/*
 * The outline: numbers that open paragraphs become sections with headings, or stay list items.
 *
 * Pass one collects every number that could open a paragraph: at the start of a line, and inside a line behind a
 * sentence end or white space, because many reports have lost their line ends. Pass two decides about siblings
 * together (a row of items that end with a semicolon is a list, whatever its third item looks like). Pass three finds
 * where the headings end and builds the tree. Numbering errors do not matter: order and rank make the tree, values
 * only help to tell a number from prose. docs/STRUCTURE.md section 3 has the rules.
 */
#include "structure_priv.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"

enum {
    HEADING_MAX = 50,      /* a first sentence longer than this is no heading */
    HEADING_LINE_MAX = 60, /* a line without a final mark may be a little longer */
    HEADING_SHORT = 40,
    CLAUSE_MAX = 30,   /* of a first clause that stands in for a heading */
    SCAN_MAX = 240,    /* characters looked at for the end of a heading */
    PACKED_MIN = 300,  /* a line as long as this with numbers inside has lost its line ends */
    CONTENTS_MAX = 400 /* lines of a table of contents */
};

/* A number that could open a paragraph. */
typedef struct mark {
    uint32_t at;      /* first character of the number */
    uint32_t words;   /* first character behind it */
    uint32_t end;     /* of what it opens inside its line: the next mark or the end of the line */
    uint32_t heading; /* end of the heading */
    uint32_t value;
    uint32_t group; /* siblings */
    uint8_t rank;   /* xji_rank */
    uint8_t hashes; /* markdown rank, 0 = none */
    bool inside;    /* not at the start of its line */
    bool packed;    /* in a line that has lost its line ends */
    bool below;     /* something stands under it besides its own paragraph */
    bool more;      /* its paragraph goes on behind the heading */
    bool semicolon; /* its paragraph ends with one */
    bool stop;      /* its paragraph ends with another sentence mark */
    bool good;      /* reads like a heading */
    bool bare;      /* no words behind the number */
    bool named;     /* 附件, 名词解释: a heading by its word */
    bool circled;   /* in a circle: often the number of a footnote */
    bool nested;    /* stands under (一) or 1. */
} mark;

/* Siblings: same rank, same parent. */
typedef struct group {
    uint32_t n, n_semicolon, n_empty, n_good;
    bool in_article;
} group;

typedef struct marks {
    mark *at;
    size_t n, cap;
    group *group;
    size_t n_groups, cap_groups;
} marks;

/* ---- pass one: marks ---- */

bool xji_outline_may_open(uint32_t c)
{
    return c == '(' || c == 0xFF08 || c == 0x7B2C || xji_scan_digit(c) >= 0 ||
           xji_outline_is_numeral(c) || (c >= 0x2460 && c <= 0x249B) ||
           (c >= 0x3220 && c <= 0x3229);
}

bool xji_outline_ends_clause(uint32_t c)
{
    switch (c) {
    case 0x3002:
    case 0xFF61:
    case 0xFF01:
    case 0xFF1F:
    case 0xFF1B:
    case 0xFF1A:
    case '!':
    case '?':
    case ';':
    case ':':
    case 0x201D: /* ” */
    case 0x300D:
    case ')':
    case 0xFF09:
        return true;
    default:
        return false;
    }
}

/* Values last seen of each rank, to tell the next number of a row from prose. */
typedef struct seen {
    uint32_t last[XJI_RANK_COUNT];
} seen;

/* Whether a number at i, behind white space, follows a heading of a rank above at once: (二)健全机制 1.筑牢防火墙. */
static bool follows_heading(const xji_doc *d, const mark *above, uint32_t i, xji_rank rank)
{
    if (above->rank >= rank || i - above->at > HEADING_LINE_MAX)
        return false;
    for (uint32_t k = above->words; k < i; k++)
        if (xji_scan_one_of(d, k, U"。;!?"))
            return false;
    return true;
}

static bool may_stand_inside(const xji_doc *d, uint32_t i, uint32_t b, xji_rank rank,
                             uint32_t value, const seen *s, const mark *above)
{
    bool spaced = xji_scan_is_space(d->cp[i - 1]);
    uint32_t k = i;
    while (k > b && xji_scan_is_space(d->cp[k - 1]))
        k--;
    bool strong = k > b && xji_outline_ends_clause(d->cp[k - 1]);
    if (!strong && !spaced)
        return false;
    if (spaced && value == 1 && above && follows_heading(d, above, i, rank))
        return true; /* the passage begins with the heading above: no cut is needed here */
    if (rank <= XJI_RANK_SECTION || rank == XJI_RANK_ARTICLE) {
        if (!spaced)
            return false;
    } else if (!(strong && spaced)) {
        uint32_t last = s->last[rank];
        if (value != 1 && !(last && value >= last && value <= last + 2))
            return false;
        if (!strong && rank != XJI_RANK_2 && rank != XJI_RANK_4)
            return false;
    }
    return xji_scan_may_cut(d, i);
}

static xj_status push_mark(marks *m, const mark *one, xj_error *err)
{
    if (m->n == m->cap) {
        void *p = xji_grow(m->at, m->n, &m->cap, sizeof *m->at);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for an outline of %zu numbers", m->n);
        m->at = p;
    }
    m->at[m->n++] = *one;
    return XJ_OK;
}

static void note(seen *s, xji_rank rank, uint32_t value)
{
    s->last[rank] = value;
    if (rank <= XJI_RANK_4)
        for (int r = rank + 1; r <= XJI_RANK_4; r++)
            s->last[r] = 0;
}

/* A line that names a part of the document without a number: 附件2, 名词解释. */
static bool is_annex(const xji_doc *d, uint32_t b, uint32_t e)
{
    uint32_t value;
    if (e - b > 8)
        return false;
    uint32_t i = xji_scan_match(d, b, e, U"附件", true);
    if (!i)
        i = xji_scan_match(d, b, e, U"附录", true);
    if (i) {
        i = xji_scan_skip_space(d, i, e);
        uint32_t end = xji_scan_number(d, i, e, 2, &value);
        if (!end)
            end = xji_scan_han_number(d, i, e, &value);
        i = end ? end : i;
    } else {
        i = xji_scan_match(d, b, e, U"名词解释", true);
    }
    return i == e;
}

static xj_status marks_of_line(const xji_doc *d, const xji_line *l, marks *m, seen *s,
                               xj_error *err)
{
    size_t first = m->n;
    bool spaces = false;
    /* Behind the start of a line only a number that stands behind white space or the end of a clause can open anything. */
    for (uint32_t i = l->b; i < l->e; i = xji_row_next(d->rows.opening, i, l->e)) {
        mark one;
        memset(&one, 0, sizeof one);
        bool start = i == l->b;
        xji_rank rank = XJI_RANK_NONE;
        if (start && l->hashes) {
            rank = XJI_RANK_CHAPTER;
            one.hashes = l->hashes;
            one.words = i;
        } else if (start && is_annex(d, l->b, l->e)) {
            rank = XJI_RANK_1;
            one.named = true;
            one.value = 1;
            one.words = l->e;
        } else if (xji_outline_may_open(d->cp[i])) {
            rank = xji_outline_rank_at(d, i, l->e, start, &one.value, &one.words);
            const mark *above = m->n > first ? &m->at[m->n - 1] : NULL;
            if (rank != XJI_RANK_NONE && !start &&
                !may_stand_inside(d, i, l->b, rank, one.value, s, above))
                rank = XJI_RANK_NONE;
        }
        if (rank == XJI_RANK_NONE) {
            i++;
            continue;
        }
        one.at = i;
        one.rank = (uint8_t)rank;
        one.circled = d->cp[i] >= 0x2460 && d->cp[i] <= 0x2473;
        one.inside = !start;
        one.end = l->e;
        spaces = spaces || (!start && xji_scan_is_space(d->cp[i - 1]));
        if (!one.hashes)
            note(s, rank, one.value);
        if (m->n > first)
            m->at[m->n - 1].end = xji_scan_trim_end(d, m->at[m->n - 1].at, i);
        xj_status st = push_mark(m, &one, err);
        if (st != XJ_OK)
            return st;
        i = one.words > i ? one.words : i + 1;
        if (one.hashes || one.named)
            break;
    }
    for (size_t k = first; k < m->n; k++)
        m->at[k].packed = spaces && l->e - l->b >= PACKED_MIN;
    return XJ_OK;
}

/* Whether the line is the first entry of a table of contents once more: same words, without dots and page number. */
static bool same_entry(const xji_doc *d, const xji_line *a, const xji_line *b)
{
    uint32_t i = a->b, k = b->b;
    for (;;) {
        i = xji_scan_skip_space(d, i, a->e);
        k = xji_scan_skip_space(d, k, b->e);
        if (k == b->e)
            return i == a->e || xji_scan_one_of(d, i, U".…·") || xji_scan_digit(d->cp[i]) >= 0;
        if (i == a->e || xji_scan_fold(d, d->cp[i]) != xji_scan_fold(d, d->cp[k]))
            return false;
        i++;
        k++;
    }
}

/* Line after a table of contents that begins at line i ("目录"), or i when there is none. */
static size_t skip_contents(const xji_doc *d, size_t i)
{
    const xji_line *l = &d->line[i];
    uint32_t end = xji_scan_match(d, l->b, l->e, U"目录", true);
    if (!end)
        end = xji_scan_match(d, l->b, l->e, U"目次", true);
    if (end != l->e || i + 2 >= d->n_lines)
        return i;
    for (size_t k = i + 2; k < d->n_lines && k < i + CONTENTS_MAX; k++)
        if (same_entry(d, &d->line[i + 1], &d->line[k]))
            return k;
    return i;
}

static xj_status collect(const xji_doc *d, marks *m, xj_error *err)
{
    seen s;
    memset(&s, 0, sizeof s);
    size_t resume = 0;
    for (size_t i = 0; i < d->n_lines; i++) {
        const xji_line *l = &d->line[i];
        size_t after = l->role == XJI_LINE_BODY && l->e - l->b <= 6 ? skip_contents(d, i) : i;
        if (after > resume)
            resume = after;
        if (i < resume || l->role != XJI_LINE_BODY)
            continue;
        size_t n = m->n;
        xj_status st = marks_of_line(d, l, m, &s, err);
        if (st != XJ_OK)
            return st;
        /* Text before the first number of a line, and lines without numbers, stand under the mark before. */
        if (n > 0 && (m->n == n || m->at[n].at > l->b))
            m->at[n - 1].below = true;
    }
    for (size_t i = 0; i + 1 < m->n; i++)
        if (m->at[i + 1].rank > m->at[i].rank ||
            (m->at[i].hashes && m->at[i + 1].hashes > m->at[i].hashes) ||
            (m->at[i].hashes && !m->at[i + 1].hashes))
            m->at[i].below = true;
    return XJ_OK;
}

/* ---- where a heading ends ---- */

/* "一是" that opens a list, not the end of 统一是. */
static bool opens_first(const xji_doc *d, uint32_t i, uint32_t e)
{
    return d->cp[i] == 0x4E00 && i + 1 < e && xji_scan_one_of(d, i + 1, U"是要") &&
           !xji_scan_one_of(d, i - 1, U"统唯同专单第之十万逐合");
}

static uint32_t trim_heading(const xji_doc *d, uint32_t b, uint32_t e)
{
    while (e > b && (xji_scan_is_space(d->cp[e - 1]) || xji_scan_one_of(d, e - 1, U"。:;,、!?.")))
        e--;
    return e;
}

/* First places in [words, end) where a heading may end; end where there is none. */
typedef struct ends {
    uint32_t first;    /* before 一是 */
    uint32_t sentence; /* at the first sentence mark */
    uint32_t comma, colon, space;
    bool semicolon; /* the sentence mark is one */
    bool cut;       /* the text was too long to look at */
} ends;

bool xji_outline_may_end(uint32_t c)
{
    return c == 0x4E00 || c == 0x300A || c == 0x300B || c == '(' || c == ')' || c == 0xFF08 || c == 0xFF09 || c == ',' ||
           c == 0xFF0C || c == ':' || c == 0xFF1A || xji_scan_is_stop(c) || xji_scan_is_space(c);
}

static ends find_ends(const xji_doc *d, const mark *m)
{
    uint32_t e = m->end, depth = 0;
    ends at = {e, e, e, e, e, false, false};
    uint32_t from = xji_scan_skip_space(d, m->words, e);
    uint32_t limit = e - from > SCAN_MAX ? from + SCAN_MAX : e;
    at.cut = limit < e;
    for (uint32_t i = from; i < limit; i++) {
        uint32_t c = d->cp[i];
        if (!xji_scan_is_kind(d, c, XJI_KIND_END))
            continue;
        if (c == 0x300A || c == '(' || c == 0xFF08) { /* 《 */
            depth++;
        } else if (c == 0x300B || c == ')' || c == 0xFF09) {
            depth -= depth > 0;
        } else if (depth > 0) {
            continue;
        } else if (i > from + 1 && opens_first(d, i, e)) {
            at.first = i;
            return at;
        } else if (xji_scan_sentence_end(d, i, e)) {
            at.sentence = i;
            at.semicolon = c == ';' || c == 0xFF1B;
            return at;
        } else if (c == ',' || c == 0xFF0C) {
            at.comma = at.comma == e ? i : at.comma;
        } else if (c == ':' || c == 0xFF1A) {
            at.colon = at.colon == e ? i : at.colon;
        } else if (xji_scan_is_space(c) && i >= from + 2) {
            at.space = at.space == e ? i : at.space;
        }
    }
    return at;
}

/* Judge a mark by itself: where its heading would end and whether it reads like one. */
static void judge(const xji_doc *d, mark *m)
{
    uint32_t e = m->end;
    m->bare = !m->named && !m->hashes && xji_scan_skip_space(d, m->words, e) == e;
    if (m->named) {
        m->heading = e;
        m->good = true;
        return;
    }
    if (m->rank <= XJI_RANK_SECTION || m->rank == XJI_RANK_ARTICLE) {
        uint32_t stop = e;
        /* In a line without line ends a chapter's name ends at white space (总　则 does not). */
        for (uint32_t i = m->words + 3; m->inside || m->packed ? i < e : false; i++)
            if (xji_scan_is_space(d->cp[i]) && i - m->words > 4) {
                stop = i;
                break;
            }
        m->heading = trim_heading(d, m->at, stop);
        m->good = true;
        m->more = stop < e;
        return;
    }
    ends at = find_ends(d, m);
    uint32_t stop = at.first < at.sentence ? at.first : at.sentence;
    uint32_t past = stop == at.sentence && stop < e ? xji_scan_sentence_end(d, stop, e) : stop;
    bool by_sentence = stop < e;
    m->more = at.cut || xji_scan_skip_space(d, past, e) < e;
    m->semicolon = e > m->words && xji_scan_is(d, e - 1, ';');
    m->stop = e > m->words && !m->semicolon && xji_scan_one_of(d, e - 1, U"。!?");
    uint32_t clause = at.comma < at.colon ? at.comma : at.colon;
    if (at.colon < stop && at.colon < at.comma && at.colon + 1 < e) {
        stop = at.colon;
        m->more = true;
    }
    /* White space ends a heading where it has taken the place of line ends; elsewhere only when a sentence follows it. */
    bool gap = m->packed ? at.space - m->at <= HEADING_LINE_MAX
                         : at.space < at.comma && (stop - m->at > HEADING_SHORT || at.comma < stop);
    if (at.space < stop && gap) {
        stop = at.space;
        m->more = true;
    }
    if (!m->more) {
        uint32_t max = by_sentence ? HEADING_SHORT : HEADING_LINE_MAX;
        bool whole = (!by_sentence || m->below) && stop - m->at <= max;
        if (!whole && clause < stop)
            stop = clause;
    } else if (stop - m->at > HEADING_MAX && clause < stop) {
        stop = clause;
    }
    if (m->rank >= XJI_RANK_3) {
        if (m->more)
            m->good = stop - m->at <= HEADING_MAX && !at.semicolon &&
                      (stop != clause || stop - m->at <= CLAUSE_MAX || stop == at.colon);
        else
            m->good = m->below && !m->semicolon && stop - m->at <= HEADING_SHORT && stop != clause;
    } else {
        m->good = true;
        if (stop - m->at > HEADING_LINE_MAX)
            stop = m->at + HEADING_LINE_MAX;
    }
    m->heading = trim_heading(d, m->at, stop);
    if (m->heading <= m->words)
        m->heading = m->words;
}

/* ---- pass two: siblings ---- */

static xj_status new_group(marks *m, bool in_article, xj_error *err)
{
    if (m->n_groups == m->cap_groups) {
        void *p = xji_grow(m->group, m->n_groups, &m->cap_groups, sizeof *m->group);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for an outline");
        m->group = p;
    }
    m->group[m->n_groups] = (group){0, 0, 0, 0, in_article};
    m->n_groups++;
    return XJ_OK;
}

static xj_status find_siblings(marks *m, xj_error *err)
{
    uint32_t open[XJI_RANK_COUNT]; /* group + 1, 0 = none */
    uint32_t last[XJI_RANK_COUNT];
    memset(open, 0, sizeof open);
    memset(last, 0, sizeof last);
    bool article = false;
    for (size_t i = 0; i < m->n; i++) {
        mark *k = &m->at[i];
        int rank = k->rank;
        if (rank == XJI_RANK_ARTICLE) {
            article = true;
            for (int r = XJI_RANK_2; r <= XJI_RANK_4; r++)
                open[r] = 0;
            continue;
        }
        bool restart = k->value == 1 || k->hashes;
        k->nested = open[XJI_RANK_2] || open[XJI_RANK_3];
        if (rank == XJI_RANK_1 && open[rank] && !restart && !m->group[open[rank] - 1].in_article)
            article = false; /* 二、 goes on after articles that 一、 quotes */
        if (rank <= XJI_RANK_SECTION || k->named)
            article = false;
        if (!open[rank] || (restart && !(last[rank] == 1 && rank != XJI_RANK_1))) {
            xj_status st = new_group(m, article, err);
            if (st != XJ_OK)
                return st;
            open[rank] = (uint32_t)m->n_groups;
        }
        for (int r = rank + 1; r <= XJI_RANK_4; r++)
            open[r] = 0;
        last[rank] = k->value;
        k->group = open[rank] - 1;
        group *g = &m->group[k->group];
        g->n++;
        g->n_semicolon += k->semicolon;
        g->n_empty += !k->below && !k->more && !k->stop && !k->semicolon;
        g->n_good += k->good;
    }
    return XJ_OK;
}

static bool is_section(const marks *m, const mark *k)
{
    if (k->rank == XJI_RANK_ARTICLE)
        return false;
    const group *g = &m->group[k->group];
    if (k->hashes || k->named)
        return true;
    if (k->bare || (k->circled && !k->nested))
        return false;
    if (g->n_empty >= 2 && g->n_empty * 2 > g->n)
        return false; /* bare entries: a list, or a table of contents */
    if (k->rank <= XJI_RANK_SECTION)
        return true;
    if (g->in_article || (g->n_semicolon > 0 && g->n_semicolon * 2 + 1 >= g->n))
        return false;
    if (k->rank <= XJI_RANK_2)
        return true;
    return g->n_good * 2 >= g->n && k->heading - k->at <= HEADING_LINE_MAX;
}

/* ---- pass three: the tree ---- */

static xj_status build(const marks *m, xji_structure *out, xj_error *err)
{
    uint8_t level_of[XJI_RANK_COUNT] = {0};
    size_t n = 0;
    uint8_t hashes = 0;
    bool present[XJI_RANK_COUNT] = {false};
    for (size_t i = 0; i < m->n; i++) {
        if (!is_section(m, &m->at[i]))
            continue;
        n++;
        if (m->at[i].hashes)
            hashes = m->at[i].hashes > hashes ? m->at[i].hashes : hashes;
        else
            present[m->at[i].rank] = true;
    }
    if (n == 0)
        return XJ_OK;
    /* Markdown ranks above, then those of 编, 章, 节 that occur, then 一、 (一) 1. (1). */
    uint8_t level = hashes;
    for (int r = XJI_RANK_PART; r <= XJI_RANK_SECTION; r++)
        if (present[r])
            level_of[r] = ++level;
    for (int r = XJI_RANK_1; r <= XJI_RANK_4; r++)
        level_of[r] = ++level;
    if (n >= XJI_NO_SECTION)
        return xj_fail(err, XJ_ELIMIT, "too many sections");
    out->sections = malloc(n * sizeof *out->sections);
    if (!out->sections)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu sections", n);
    uint32_t path[UINT8_MAX + 1]; /* open sections, outermost first */
    size_t depth = 0;
    for (size_t i = 0; i < m->n; i++) {
        const mark *k = &m->at[i];
        if (!is_section(m, k))
            continue;
        uint8_t own = k->hashes ? k->hashes : level_of[k->rank];
        while (depth > 0 && out->sections[path[depth - 1]].level >= own)
            depth--;
        xji_section *s = &out->sections[out->n_sections];
        s->parent = depth ? path[depth - 1] : XJI_NO_SECTION;
        s->level = own;
        s->heading = (xji_range){k->at, k->heading};
        path[depth++] = (uint32_t)out->n_sections++;
    }
    return XJ_OK;
}

xj_status xji_outline_find(xji_doc *d, xji_structure *out, xj_error *err)
{
    marks m;
    memset(&m, 0, sizeof m);
    xj_status st = collect(d, &m, err);
    /* An annex stands beside the chapters, where there are any. */
    bool chapters = false;
    for (size_t i = 0; i < m.n; i++)
        chapters = chapters || m.at[i].rank <= XJI_RANK_SECTION;
    for (size_t i = 0; i < m.n && chapters; i++)
        if (m.at[i].named)
            m.at[i].rank = XJI_RANK_PART;
    for (size_t i = 0; st == XJ_OK && i < m.n; i++)
        judge(d, &m.at[i]);
    if (st == XJ_OK)
        st = find_siblings(&m, err);
    if (st == XJ_OK)
        st = build(&m, out, err);
    free(m.at);
    free(m.group);
    return st;
}
