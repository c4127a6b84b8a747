/*
 * One pass from left to right over the code points, with what the query parser knows of words: they begin behind white
 * space, quotation marks, parentheses and a minus that begins a word itself. "Folded" letters and marks are those that
 * xj_fold makes of them: half-width and lower-case.
 */
#include "slips.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/query.h"
#include "xj/token.h"
#include "xj/utf8.h"

/* The fields of the query language (xj/query.h) and what they are called when typed as one would say them. */
static const char *const field_names[] = {"title", "agency", "section", "path", "id", "year", "date"};
static const char *const field_words[] = {"标题", "题目", "机关", "单位", "部门", "章节", "路径",
                                          "编号", "文号", "年度", "年份", "日期", "时间"};

static const char *const field_lists[] = {
    [XJI_LANG_EN] = "title: agency: section: path: id: year: date:",
    [XJI_LANG_ZH] = "title:（标题）agency:（机关）section:（章节）path:（路径）id:（编号）year:（年度）date:（发布日期）",
};

enum {
    NAME_MAX_LETTERS = 16, /* a longer word before a colon is no attempt at a field */
    NAME_MAX_OTHERS = 6,   /* of them not ASCII: 发文机关, but hardly the beginning of a sentence */
    NESTED_MAX = XJ_QUERY_DEPTH_MAX
};

/* A query as code points. at[i] is the byte at which cp[i] begins; at[n] the length. */
typedef struct text {
    const char *s;
    uint32_t *cp, *at;
    size_t n;
} text;

const char *xji_field_list(xji_lang lang)
{
    return field_lists[lang];
}

void xji_slip_release(xji_slip *slip)
{
    free(slip->meant);
    *slip = (xji_slip)XJI_SLIP_INIT;
}

/* ---- characters ---- */

static void text_release(text *t)
{
    free(t->cp);
    free(t->at);
}

static bool text_read(text *t, const char *s, size_t n)
{
    *t = (text){s, malloc((n + 1) * sizeof *t->cp), malloc((n + 1) * sizeof *t->at), 0};
    if (!t->cp || !t->at) {
        text_release(t);
        return false;
    }
    size_t i = 0;
    for (; i < n; t->n++) {
        t->at[t->n] = (uint32_t)i;
        i += xj_utf8_decode((const uint8_t *)s + i, n - i, &t->cp[t->n], NULL);
    }
    t->at[t->n] = (uint32_t)i;
    return true;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static bool space_at(const text *t, size_t i)
{
    return i >= t->n || is_space(t->cp[i]);
}

static bool is_open(uint32_t c)
{
    return xj_fold(c) == '(';
}

static bool is_close(uint32_t c)
{
    return xj_fold(c) == ')';
}

static bool is_minus(uint32_t c)
{
    return xj_fold(c) == '-' || (c >= 0x2010 && c <= 0x2014) || c == 0x2212;
}

/* Whether a minus that negates could stand at i: a word behind it, no second dash. */
static bool minus_at(const text *t, size_t i)
{
    return is_minus(t->cp[i]) && !space_at(t, i + 1) && !is_minus(t->cp[i + 1]);
}

/* Length of the text at i that folds to the ASCII word s, 0 when it does not. */
static size_t folds_to(const text *t, size_t i, const char *s)
{
    size_t k = 0;
    while (s[k] && i + k < t->n && xj_fold(t->cp[i + k]) == (uint32_t)s[k])
        k++;
    return s[k] ? 0 : k;
}

static bool is_written(const text *t, size_t i, const char *s)
{
    size_t k = 0;
    while (s[k] && i + k < t->n && t->cp[i + k] == (uint32_t)s[k])
        k++;
    return !s[k];
}

/* The last quotation mark of the quoted text that begins at i; the end of the query when it is not closed. */
static size_t quoted_to(const text *t, size_t i)
{
    for (size_t k = i + 1; k < t->n; k++)
        if (t->cp[k] == '"')
            return k;
    return t->n;
}

static void name_piece(xji_slip *slip, const text *t, size_t first, size_t end)
{
    while (end > first && t->at[end] - t->at[first] >= XJI_PIECE_BYTES)
        end--;
    size_t n = t->at[end] - t->at[first];
    memcpy(slip->piece, t->s + t->at[first], n);
    slip->piece[n] = '\0';
}

/* ---- operators and fields that are none ---- */

/* What a piece of the query should be; ascending, not overlapping. */
typedef struct mend {
    size_t first, n;
    char as[12]; /* what it should be, NUL-terminated; "" = stays as it is */
    bool group;  /* a parenthesis around one word: an operator only where there are others */
} mend;

typedef struct scan {
    text t;
    mend *mend;
    size_t n_mends;
    struct {
        size_t mend, space; /* its mend, spaces before it */
        bool begins;        /* stands where a group can begin */
    } open[NESTED_MAX];
    size_t n_open;
    size_t n_deeper; /* open ones beyond NESTED_MAX, which are left alone */
    size_t n_spaces;
    size_t n_words;
    bool several;       /* words, so that operators make sense */
    bool any_operator;  /* one that is none counts too */
} scan;

static mend *add_mend(scan *s, size_t first, size_t n, const char *as)
{
    mend *m = &s->mend[s->n_mends++];
    *m = (mend){.first = first, .n = n};
    memcpy(m->as, as, strlen(as) + 1);
    return m;
}

/* An operator word at i, however it is written: its length, else 0. */
static size_t operator_at(scan *s, size_t i)
{
    static const char *const words[][2] = {{"and", "AND"}, {"or", "OR"}, {"not", "NOT"}};
    const text *t = &s->t;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
        size_t n = folds_to(t, i, words[w][0]);
        size_t behind = i + n;
        if (n == 0 || !(space_at(t, behind) || is_open(t->cp[behind]) || is_close(t->cp[behind]) || t->cp[behind] == '"'))
            continue;
        while (behind < t->n && is_space(t->cp[behind]))
            behind++;
        if (behind == t->n || (s->n_words == 0 && words[w][0][0] != 'n'))
            return 0; /* an operator wants something to work on */
        s->any_operator = true;
        if (!is_written(t, i, words[w][1]))
            add_mend(s, i, n, words[w][1]);
        return n;
    }
    return 0;
}

static size_t field_at(scan *s, size_t i)
{
    const text *t = &s->t;
    for (size_t f = 0; f < sizeof field_names / sizeof *field_names; f++) {
        char as[12];
        size_t n = strlen(field_names[f]);
        memcpy(as, field_names[f], n);
        memcpy(as + n, ":", 2);
        if (folds_to(t, i, as) == 0)
            continue;
        s->any_operator = true;
        if (!is_written(t, i, as))
            add_mend(s, i, n + 1, as);
        return n + 1;
    }
    return 0;
}

/* Parentheses are noted in pairs, half-width ones too; only a pair that could be a group is worth a word. */
static void open_at(scan *s, size_t i, bool begins)
{
    if (s->n_open == NESTED_MAX) {
        s->n_deeper++;
        return;
    }
    s->open[s->n_open].mend = s->n_mends;
    s->open[s->n_open].space = s->n_spaces;
    s->open[s->n_open++].begins = begins;
    add_mend(s, i, 1, "");
}

/* Whether what it closes began where a group can begin. */
static bool close_at(scan *s, size_t i)
{
    if (s->n_deeper > 0) {
        s->n_deeper--;
        return false;
    }
    if (s->n_open == 0)
        return false;
    s->n_open--;
    mend *opening = &s->mend[s->open[s->n_open].mend];
    if (!s->open[s->n_open].begins)
        return false;
    mend *closing = add_mend(s, i, 1, "");
    opening->group = closing->group = s->n_spaces == s->open[s->n_open].space;
    if (s->t.cp[opening->first] != '(')
        opening->as[0] = '(';
    if (s->t.cp[i] != ')')
        closing->as[0] = ')';
    return true;
}

static void scan_operators(scan *s)
{
    const text *t = &s->t;
    bool begins = true; /* a word would begin here */
    for (size_t i = 0, n; i < t->n; i += n) {
        uint32_t c = t->cp[i];
        n = 1;
        if (is_space(c)) {
            s->n_spaces++;
            begins = true;
        } else if (c == '"') {
            n = quoted_to(t, i) + 1 - i;
            begins = true;
            s->n_words++;
        } else if (is_open(c)) {
            open_at(s, i, begins);
        } else if (is_close(c)) {
            begins = close_at(s, i);
        } else if (begins && minus_at(t, i)) {
            if (c != '-' && s->several)
                add_mend(s, i, 1, "-");
            s->any_operator = s->any_operator || s->several;
        } else if (begins && (n = operator_at(s, i)) == 0) {
            size_t name = field_at(s, i);
            n = name > 0 ? name : 1;
            s->n_words++;
            begins = false;
        }
    }
}

/* Full-width quotation marks in pairs; they are white space to the query language. */
static bool quotes_paired(const text *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += t->cp[i] == 0xFF02;
    return n > 0 && n % 2 == 0;
}

/* Write the query with its mends; the first of them is the piece. */
static bool apply(xji_slip *slip, const scan *s)
{
    const text *t = &s->t;
    bool quotes = quotes_paired(t), any = false;
    char *out = slip->meant = malloc(t->at[t->n] + 1); /* a mend is never longer than what it replaces */
    if (!out)
        return false;
    for (size_t i = 0, m = 0; i < t->n;) {
        while (m < s->n_mends && (s->mend[m].first < i || !s->mend[m].as[0] || (s->mend[m].group && !s->any_operator)))
            m++;
        bool here = m < s->n_mends && s->mend[m].first == i;
        bool quote = !here && quotes && t->cp[i] == 0xFF02;
        size_t n = here ? s->mend[m].n : 1;
        if (!any && (here || quote)) {
            name_piece(slip, t, i, i + n);
            any = true;
        }
        const char *as = here ? s->mend[m].as : quote ? "\"" : t->s + t->at[i];
        size_t n_as = here || quote ? strlen(as) : t->at[i + 1] - t->at[i];
        memcpy(out, as, n_as);
        out += n_as;
        i += n;
    }
    *out = '\0';
    return any;
}

/* Whether white space stands between two words. */
static bool has_several_words(const text *t)
{
    size_t i = 0, end = t->n;
    while (i < end && is_space(t->cp[i]))
        i++;
    while (end > i && is_space(t->cp[end - 1]))
        end--;
    while (i < end && !is_space(t->cp[i]))
        i++;
    return i < end;
}

bool xji_slip_of_operators(xji_slip *slip, const char *query, size_t n)
{
    scan s = {.n_mends = 0};
    bool found = false;
    *slip = (xji_slip)XJI_SLIP_INIT;
    if (!text_read(&s.t, query, n))
        return false;
    s.several = has_several_words(&s.t);
    s.mend = malloc((s.t.n + 1) * sizeof *s.mend); /* each takes at least one character */
    if (s.mend) {
        scan_operators(&s);
        found = apply(slip, &s);
    }
    free(s.mend);
    text_release(&s.t);
    if (!found)
        xji_slip_release(slip);
    return found;
}

/* ---- fields that there are not ---- */

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_part(uint32_t c)
{
    xj_class class = xj_class_of(xj_fold(c));
    return class == XJ_CLASS_CHAR || class == XJ_CLASS_WORD || c == '_';
}

/* Whether [i, end) is one of the words for a field. */
static bool is_field_word(const text *t, size_t i, size_t end)
{
    size_t n = t->at[end] - t->at[i];
    for (size_t w = 0; w < sizeof field_words / sizeof *field_words; w++)
        if (strlen(field_words[w]) == n && memcmp(t->s + t->at[i], field_words[w], n) == 0)
            return true;
    return false;
}

static bool is_field_name(const text *t, size_t i, size_t end)
{
    for (size_t f = 0; f < sizeof field_names / sizeof *field_names; f++)
        if (folds_to(t, i, field_names[f]) == end - i)
            return true;
    return false;
}

/* A word at i that is followed by a colon and no field, no time or ratio (9:30) and no address (http://, C:\): its end. */
static size_t other_field_at(const text *t, size_t i)
{
    size_t end = i, others = 0;
    for (; end < t->n && is_name_part(t->cp[end]); end++)
        others += t->cp[end] >= 128;
    if (end == i || end - i > NAME_MAX_LETTERS || others > NAME_MAX_OTHERS || end + 1 >= t->n || is_field_name(t, i, end))
        return 0;
    uint32_t colon = t->cp[end], next = t->cp[end + 1];
    if (colon != ':' && !(xj_fold(colon) == ':' && is_field_word(t, i, end)))
        return 0; /* a full-width colon is punctuation behind any other word */
    if (next == '/' || next == '\\' || (is_digit(t->cp[end - 1]) && is_digit(next)))
        return 0;
    return end;
}

bool xji_slip_of_field(xji_slip *slip, const char *query, size_t n)
{
    text t;
    bool begins = true;
    *slip = (xji_slip)XJI_SLIP_INIT;
    if (!text_read(&t, query, n))
        return false;
    for (size_t i = 0; i < t.n && !slip->piece[0]; i++) {
        uint32_t c = t.cp[i];
        if (c == '"') {
            i = quoted_to(&t, i);
            begins = true;
            continue;
        }
        if (begins && is_name_part(c)) {
            size_t end = other_field_at(&t, i);
            name_piece(slip, &t, i, end > i ? end : i);
        }
        begins = is_space(c) || (begins && (is_open(c) || is_minus(c)));
    }
    text_release(&t);
    return slip->piece[0] != '\0';
}

/* ---- punctuation that has to match ---- */

/* Write t with a space for each run of breaking characters, none at the ends; false when there is none or nothing else. */
static bool write_apart(char *out, const text *t, const xj_units *units)
{
    bool any = false, word = false, gap = false;
    size_t u = 0;
    for (size_t i = 0; i < t->n; i++) {
        bool breaks = false, joins = false; /* one character may stand for several units: ⑴ */
        while (u < units->n && units->unit[u].last < i)
            u++;
        for (size_t k = u; k < units->n && units->unit[k].first <= i; k++) {
            breaks = breaks || units->unit[k].kind == XJ_UNIT_BREAK;
            joins = joins || units->unit[k].kind != XJ_UNIT_BREAK;
        }
        if (breaks && !joins) {
            any = gap = true;
            continue;
        }
        if (gap && word)
            *out++ = ' ';
        gap = false;
        word = word || joins;
        memcpy(out, t->s + t->at[i], t->at[i + 1] - t->at[i]);
        out += t->at[i + 1] - t->at[i];
    }
    *out = '\0';
    return any && word;
}

bool xji_slip_of_joint(xji_slip *slip, const char *query, size_t n)
{
    text t;
    xj_units units = XJ_UNITS_INIT;
    bool found = false;
    *slip = (xji_slip)XJI_SLIP_INIT;
    if (memchr(query, '"', n) || !text_read(&t, query, n))
        return false;
    slip->meant = malloc(n + 1); /* a space is never longer than what it stands for */
    if (slip->meant && !has_several_words(&t) && xj_units_read(&units, t.cp, t.n, XJ_UNITS_QUERY, NULL) == XJ_OK)
        found = write_apart(slip->meant, &t, &units);
    xj_units_release(&units);
    text_release(&t);
    if (!found)
        xji_slip_release(slip);
    return found;
}
