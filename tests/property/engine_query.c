#include "engine_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/token.h"
#include "xj/utf8.h"

/* The query in hand: what random_query passes around. */
typedef struct writing {
    asked *a;
    const corpus *c;
    chance *r;
    unsigned negations;
} writing;

/* ---- text ---- */

static void say(writing *w, const char *s)
{
    size_t n = strlen(s);
    assert_true(w->a->n_text + n < QUERY_TEXT_MAX);
    memcpy(w->a->text + w->a->n_text, s, n + 1);
    w->a->n_text += n;
}

static void say_cp(writing *w, const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char utf8[5] = {0};
        xj_utf8_encode((uint8_t *)utf8, cp[i]);
        say(w, utf8);
    }
}

/* White space that ends a word of the query language (of what corpora hold). */
static bool is_space(uint32_t cp)
{
    return cp == ' ' || cp == '\n' || cp == 0x3000;
}

static size_t without_space(uint32_t *cp, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!is_space(cp[i]))
            cp[kept++] = cp[i];
    return kept;
}

/* Whether a phrase can stand without quotes and is then read as one word that is no operator and no field. */
static bool stands_bare(const uint32_t *cp, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is_space(cp[i]) || cp[i] == '"' || cp[i] == '(' || cp[i] == ')' || cp[i] == ':')
            return false;
    return n > 0 && cp[0] != '-';
}

static bool searchable(const uint32_t *cp, size_t n)
{
    xj_units u = XJ_UNITS_INIT;
    bool yes = false;
    OK(xj_units_read(&u, cp, n, XJ_UNITS_QUERY, &err));
    for (size_t i = 0; i < u.n; i++)
        yes = yes || u.unit[i].kind != XJ_UNIT_BREAK;
    xj_units_release(&u);
    return yes;
}

/* ---- phrases ---- */

/* A piece of some passage; in a big corpus often of one next to the edge of a window. */
static size_t cut(writing *w, uint32_t *out, size_t most)
{
    bool at_edge = w->c->edge && one_in(w->r, 3);
    const corpus_passage *p = &w->c->p[at_edge ? w->c->edge - 2 + below(w->r, 4) : below(w->r, (uint32_t)w->c->n)];
    if (p->n == 0)
        return 0;
    size_t from = below(w->r, (uint32_t)p->n), n = p->n - from < most ? p->n - from : most;
    memcpy(out, w->c->cp + p->at + from, n * sizeof *out);
    return n;
}

/* Mostly what people ask for; now and then more than they do, while the query is short. */
static size_t random_length(chance *r, bool is_short)
{
    static const uint8_t lengths[] = {1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 6, 6, 8, 10, 16};
    return is_short && one_in(r, 64) ? 17 + below(r, 130) : lengths[below(r, sizeof lengths)];
}

/* Mostly a piece of a passage; else pieces of two, a piece with a flaw, or characters at random. */
static size_t random_text(writing *w, uint32_t *out)
{
    uint32_t other[PHRASE_CP_MAX];
    size_t most = random_length(w->r, w->a->n_phrases < 4), n = cut(w, out, most);
    switch (below(w->r, 8)) {
    case 0:
        return n + cut(w, out + n, most);
    case 1:
        if (n > 0 && cut(w, other, 1) == 1)
            out[below(w->r, (uint32_t)n)] = other[0];
        return n;
    case 2:
        for (n = 0; n < most; n++)
            if (cut(w, out + n, 1) == 0)
                break;
        return n;
    default:
        return n;
    }
}

/* The same text as someone else may write it: folding makes them equal, an exact script does not. */
static void vary(writing *w, uint32_t *cp, size_t n)
{
    static const uint32_t other[][2] = {{0x67AB, 0x6953}, {0x6865, 0x6A4B}, {0x7ECF, 0x7D93}, {0x9A8C, 0x9A57},
                                        {0x7F51, 0x7DB2}, {0x7EDC, 0x7D61}, {0x9762, 0x9EB5}};
    for (size_t i = 0; i < n; i++) {
        if (cp[i] > 0x20 && cp[i] < 0x7F && one_in(w->r, 3))
            cp[i] += 0xFEE0;
        for (size_t k = 0; k < sizeof other / sizeof *other; k++)
            if (cp[i] == other[k][0] || cp[i] == other[k][1])
                cp[i] = other[k][below(w->r, 2)];
    }
}

static const char *const question_words[] = {"是什么", "什么", "如何", "哪些", "多少", "吗"};

/* A phrase of any sort in out; its length. Repeats one that stands before now and then. */
static size_t some_text(writing *w, uint32_t *out)
{
    const asked *a = w->a;
    size_t n;
    if (a->n_phrases > 0 && one_in(w->r, 16)) {
        const asked_phrase *p = &a->phrase[below(w->r, (uint32_t)a->n_phrases)];
        n = p->n < 40 ? p->n : 40;
        memcpy(out, p->cp, n * sizeof *out);
        return n;
    }
    n = random_text(w, out);
    if (one_in(w->r, 10))
        vary(w, out, n);
    if (one_in(w->r, 64)) { /* a miss */
        out[n++] = 0x9F98;
    }
    return n;
}

static size_t note_part(writing *w, part_kind kind, size_t leaf)
{
    asked *a = w->a;
    assert_true(a->n_parts < PARTS_MAX);
    a->part[a->n_parts] = (part){.kind = kind, .leaf = leaf};
    return a->n_parts++;
}

/* Note a phrase that the text holds; SIZE_MAX when there is nothing to search for in it. */
static size_t note_phrase(writing *w, const uint32_t *cp, size_t n, bool quoted)
{
    asked *a = w->a;
    if (!searchable(cp, n))
        return SIZE_MAX;
    assert_true(a->n_phrases < PHRASES_MAX && n <= PHRASE_CP_MAX);
    asked_phrase *p = &a->phrase[a->n_phrases];
    memcpy(p->cp, cp, n * sizeof *cp);
    p->n = n;
    p->quoted = quoted;
    p->positive = w->negations % 2 == 0;
    return note_part(w, PART_PHRASE, a->n_phrases++);
}

/* Say a phrase, in quotes where it needs them or by chance. */
static size_t say_phrase(writing *w, uint32_t *cp, size_t n)
{
    bool quoted = !stands_bare(cp, n) || one_in(w->r, 8);
    for (size_t i = 0; i < n; i++)
        if (quoted && cp[i] == '"')
            cp[i] = ' ';
    say(w, quoted ? "\"" : "");
    say_cp(w, cp, n);
    say(w, quoted ? "\"" : "");
    return note_phrase(w, cp, n, quoted);
}

/* A phrase that can be searched for: trees want something behind each operator. */
static size_t say_searchable(writing *w)
{
    uint32_t cp[PHRASE_CP_MAX];
    size_t n = 0;
    for (int i = 0; i < 8 && !searchable(cp, n); i++)
        n = some_text(w, cp);
    if (!searchable(cp, n))
        n = code_points(cp, 2, "甲");
    return say_phrase(w, cp, n);
}

/* ---- fields ---- */

static void random_value(writing *w, asked_field *f)
{
    static const char *const values[] = {"枫桥", "楓橋經驗", "5g",  "报告", "网信办", "甲乙",   "甲", "无此",
                                         "做法", "running",  "run", "2024", "乙 丙",  "政法委", "a1", "乙县"};
    const corpus_report *r = &w->c->r[below(w->r, (uint32_t)w->c->n_reports)];
    const char *value = values[below(w->r, sizeof values / sizeof *values)];
    if (f->kind == FIELD_ID)
        value = one_in(w->r, 5) ? "none" : r->id;
    else if (f->kind == FIELD_PATH && one_in(w->r, 2))
        value = r->path;
    snprintf(f->value, sizeof f->value, "%s", value);
    /* Ids of no valid UTF-8 cannot be asked for. */
    if (!xj_utf8_valid((const uint8_t *)f->value, strlen(f->value)))
        snprintf(f->value, sizeof f->value, "none");
    say(w, "\"");
    say(w, f->value);
    say(w, "\"");
}

static void random_year(writing *w, asked_field *f)
{
    char text[40];
    uint32_t from = 2018 + below(w->r, 8), to = from + below(w->r, 3);
    unsigned form = below(w->r, 4);
    if (form == 0)
        snprintf(text, sizeof text, "%u", from);
    else if (form == 1)
        snprintf(text, sizeof text, "%u..%u", from, to);
    else
        snprintf(text, sizeof text, form == 2 ? "%u.." : "..%u", form == 2 ? from : to);
    f->year_from = form == 3 ? 0 : from;
    f->year_to = form == 0 ? from : form == 2 ? UINT32_MAX : to;
    say(w, text);
}

static void random_date(writing *w, asked_field *f)
{
    unsigned year = 2022 + below(w->r, 4), month = 1 + below(w->r, 12), form = below(w->r, 4);
    size_t exact_from = below(w->r, 3), exact_to = form == 0 ? exact_from : below(w->r, 3);
    static const size_t length[] = {4, 7, 10};
    char from[40], to[40];
    snprintf(from, sizeof from, "%u-%02u-%02u", year, month, 1 + below(w->r, 28));
    snprintf(to, sizeof to, "%u-12-31", year + below(w->r, 2));
    from[length[exact_from]] = to[length[exact_to]] = '\0';
    if (form != 3)
        memcpy(f->date_from, from, length[exact_from] + 1);
    if (form != 2)
        memcpy(f->date_to, form == 0 ? from : to, length[exact_to] + 1);
    say(w, f->date_from);
    say(w, form == 0 ? "" : "..");
    say(w, form == 0 ? "" : f->date_to);
}

static size_t say_field(writing *w)
{
    static const char *const names[FIELD_COUNT] = {"title:", "agency:", "section:", "path:", "id:", "year:", "date:"};
    asked *a = w->a;
    assert_true(a->n_fields < FIELDS_MAX);
    asked_field *f = &a->field[a->n_fields];
    *f = (asked_field){.kind = (field_kind)below(w->r, FIELD_COUNT)};
    a->operators = true;
    say(w, names[f->kind]);
    if (f->kind == FIELD_YEAR)
        random_year(w, f);
    else if (f->kind == FIELD_DATE)
        random_date(w, f);
    else
        random_value(w, f);
    return note_part(w, PART_FIELD, a->n_fields++);
}

/* ---- expressions ---- */

/* Operands under a new part; one alone stands for itself. */
static size_t combine(writing *w, part_kind kind, const size_t *operand, size_t n)
{
    if (n == 1)
        return operand[0];
    size_t k = note_part(w, kind, 0);
    assert_true(n <= OPERANDS_MAX);
    memcpy(w->a->part[k].operand, operand, n * sizeof *operand);
    w->a->part[k].n = n;
    return k;
}

static size_t say_or(writing *w, int depth);

/* Something to look for: no NOT. */
static size_t say_positive(writing *w, int depth)
{
    if (depth > 0 && one_in(w->r, 3) && w->a->n_phrases < PHRASES_MAX / 4 && w->a->n_fields < FIELDS_MAX / 4) {
        w->a->operators = true;
        say(w, "(");
        size_t k = say_or(w, depth - 1);
        say(w, ")");
        return k;
    }
    return one_in(w->r, 6) ? say_field(w) : say_searchable(w);
}

static size_t say_not(writing *w, int depth)
{
    w->a->operators = true;
    say(w, one_in(w->r, 2) ? "NOT " : "-");
    w->negations++;
    size_t operand = say_positive(w, depth), k = note_part(w, PART_NOT, 0);
    w->negations--;
    w->a->part[k].n = 1;
    w->a->part[k].operand[0] = operand;
    return k;
}

/* Words side by side: any of them, or all; none of the negated; each field. */
static size_t say_side_by_side(writing *w, int depth, bool may_only_exclude)
{
    size_t word[OPERANDS_MAX], must[OPERANDS_MAX], n_words = 0, n_must = 0;
    uint32_t n = 1 + (one_in(w->r, 2) ? below(w->r, 3) : 0), positive = may_only_exclude ? UINT32_MAX : below(w->r, n);
    for (uint32_t i = 0; i < n; i++) {
        say(w, i ? " " : "");
        size_t k = i == positive || !one_in(w->r, 3) ? say_positive(w, depth) : say_not(w, depth);
        part_kind kind = w->a->part[k].kind;
        if (kind == PART_NOT || kind == PART_FIELD)
            must[1 + n_must++] = k;
        else
            word[n_words++] = k;
    }
    if (n_words == 0)
        return combine(w, PART_AND, must + 1, n_must);
    must[0] = combine(w, w->a->flags & XJ_QUERY_ALL ? PART_AND : PART_OR, word, n_words);
    return combine(w, PART_AND, must, n_must + 1);
}

static size_t say_and(writing *w, int depth)
{
    size_t operand[OPERANDS_MAX];
    uint32_t n = 1 + (one_in(w->r, 2) ? below(w->r, 2) : 0), positive = below(w->r, n);
    for (uint32_t i = 0; i < n; i++) {
        say(w, i ? " AND " : "");
        w->a->operators = w->a->operators || i > 0;
        operand[i] = say_side_by_side(w, depth, i != positive);
    }
    return combine(w, PART_AND, operand, n);
}

static size_t say_or(writing *w, int depth)
{
    size_t operand[OPERANDS_MAX];
    uint32_t n = 1 + (one_in(w->r, 2) ? below(w->r, 3) : 0);
    for (uint32_t i = 0; i < n; i++) {
        say(w, i ? " OR " : "");
        w->a->operators = w->a->operators || i > 0;
        operand[i] = say_and(w, depth);
    }
    return combine(w, PART_OR, operand, n);
}

/* ---- queries ---- */

/* One phrase, as a word or in quotes; a long word is free text. */
static void say_one(writing *w)
{
    uint32_t cp[PHRASE_CP_MAX];
    size_t n = some_text(w, cp);
    w->a->root = say_phrase(w, cp, n);
}

static void say_literal(writing *w)
{
    uint32_t cp[PHRASE_CP_MAX];
    size_t n = some_text(w, cp);
    w->a->flags |= XJ_QUERY_LITERAL;
    say_cp(w, cp, n);
    w->a->root = note_phrase(w, cp, n, true);
}

static size_t combine_words(writing *w, const size_t *word, size_t n)
{
    return n == 0 ? SIZE_MAX
                  : combine(w, w->a->flags & XJ_QUERY_ALL && !(w->a->flags & XJ_QUERY_ANY) ? PART_AND : PART_OR, word, n);
}

/* A text with a question word somewhere, now and then. */
static size_t question_text(writing *w, uint32_t *cp)
{
    size_t n = 0;
    if (one_in(w->r, 6))
        n = code_points(cp, 8, question_words[below(w->r, 6)]);
    if (n == 0 || !one_in(w->r, 4))
        n += random_text(w, cp + n);
    if (n + 8 < PHRASE_CP_MAX && one_in(w->r, 4))
        n += code_points(cp + n, 8, question_words[below(w->r, 6)]);
    return n;
}

static void say_bag(writing *w)
{
    uint32_t cp[PHRASE_CP_MAX];
    size_t word[OPERANDS_MAX], n_words = 0;
    for (uint32_t n = 2 + below(w->r, one_in(w->r, 4) ? 6 : 3); n > 0; n--) {
        size_t len = one_in(w->r, 3) ? question_text(w, cp) : some_text(w, cp);
        size_t k = say_phrase(w, cp, len);
        say(w, " ");
        if (k != SIZE_MAX)
            word[n_words++] = k;
    }
    w->a->root = combine_words(w, word, n_words);
}

/* Free text: no operators, no quotes. */
static void say_free(writing *w)
{
    uint32_t cp[PHRASE_CP_MAX];
    size_t word[OPERANDS_MAX], n_words = 0;
    w->a->flags |= XJ_QUERY_ANY;
    for (uint32_t n = 1 + below(w->r, 3); n > 0; n--) {
        size_t len = without_space(cp, question_text(w, cp)), k = len ? note_phrase(w, cp, len, false) : SIZE_MAX;
        say_cp(w, cp, len);
        say(w, " ");
        if (k != SIZE_MAX)
            word[n_words++] = k;
    }
    w->a->root = combine_words(w, word, n_words);
}

void random_query(asked *a, const corpus *c, chance *r)
{
    writing w = {a, c, r, 0};
    a->n_text = a->n_phrases = a->n_fields = a->n_parts = 0;
    a->text[0] = '\0';
    a->flags = one_in(r, 6) ? XJ_QUERY_ALL : 0u;
    /* To the letter means reading every candidate: with many passages that is slow and no different. Where characters expand
     * within words, a text can have a phrase to the letter that it does not have folded, which the engine cannot find. */
    if (!c->expands && one_in(r, c->n > 10000 ? 60 : 6))
        a->flags |= XJ_QUERY_EXACT_SCRIPT;
    a->operators = false;
    switch (below(r, 8)) {
    case 0:
    case 1:
        say_one(&w);
        break;
    case 2:
        say_literal(&w);
        break;
    case 3:
    case 4:
        say_bag(&w);
        break;
    case 5:
        say_free(&w);
        break;
    default:
        a->root = say_or(&w, 2);
    }
}
