/*
 * Query text to expression. Recursive descent over three levels (words side by side, AND, OR); the depth is counted, so
 * that no input can exhaust the stack.
 */
#include "query_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/utf8.h"

typedef struct parser {
    xj_query *q;
    const uint32_t *cp;
    size_t n, at;
    unsigned depth;
    unsigned clauses;
    bool any_operator; /* AND OR NOT - ( ) or a field was seen */
    unsigned negations; /* NOTs around the place in hand */
    xj_error *err;
} parser;

/* ---- memory ---- */

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory for the query");
}

static bool grow(void **p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 8;
    void *q = realloc(*p, more * size);
    if (!q)
        return false;
    *p = q;
    *cap = more;
    return true;
}

static xj_status new_node(parser *p, xji_node_kind kind, uint32_t leaf, uint32_t *out)
{
    xj_query *q = p->q;
    if (!grow((void **)&q->node, q->n_nodes, &q->node_cap, sizeof *q->node))
        return no_memory(p->err);
    *out = (uint32_t)q->n_nodes;
    q->node[q->n_nodes++] = (xji_node){kind, leaf, XJI_NO_NODE, XJI_NO_NODE};
    return XJ_OK;
}

static char *to_utf8(const uint32_t *cp, size_t n)
{
    char *s = malloc(4 * n + 1);
    size_t used = 0;
    for (size_t i = 0; s && i < n; i++)
        used += xj_utf8_encode((uint8_t *)s + used, cp[i]);
    if (s)
        s[used] = '\0';
    return s;
}

/* ---- phrases ---- */

/* Asked for twice, a phrase still counts once. */
static void mark_repeated(xj_query *q)
{
    for (size_t i = 0; i < q->n_phrases; i++) {
        for (size_t k = 0; k < i && !q->phrase[i].repeated; k++) {
            const xj_units *a = &q->phrase[i].units, *b = &q->phrase[k].units;
            bool same = q->phrase[k].positive == q->phrase[i].positive && a->n == b->n && xj_units_find(a, b, 0) == 0;
            if (same && (q->flags & XJ_QUERY_EXACT_SCRIPT))
                same = q->phrase[i].exact.n == q->phrase[k].exact.n &&
                       xj_units_find(&q->phrase[i].exact, &q->phrase[k].exact, 0) == 0;
            q->phrase[i].repeated = same;
        }
    }
}

static xj_status count_clause(parser *p)
{
    if (++p->clauses > XJ_QUERY_CLAUSES_MAX)
        return xj_fail(p->err, XJ_EQUERY, "the query has more than %d words and phrases", XJ_QUERY_CLAUSES_MAX);
    return XJ_OK;
}

static void measure(xji_phrase *ph)
{
    ph->n_text = ph->n_pairs = 0;
    for (size_t i = 0; i < ph->units.n; i++) {
        if (ph->units.unit[i].kind == XJ_UNIT_BREAK)
            continue;
        ph->n_text++;
        if (i > 0 && ph->units.unit[i - 1].kind != XJ_UNIT_BREAK)
            ph->n_pairs++;
    }
    ph->earns_bonus = ph->n_text >= 2 && ph->n_text <= XJ_QUERY_BARE_MAX && ph->units.n == ph->n_text;
}

static xj_status find_borders(xji_phrase *ph, const xj_units *u, xj_error *err)
{
    ph->border = malloc((u->n ? u->n : 1) * sizeof *ph->border);
    if (!ph->border)
        return no_memory(err);
    ph->border[0] = 0;
    for (size_t i = 1, k = 0; i < u->n; i++) {
        while (k > 0 && !xj_units_equal(u, i, u, k))
            k = ph->border[k - 1];
        k += xj_units_equal(u, i, u, k);
        ph->border[i] = (uint32_t)k;
    }
    return XJ_OK;
}

/* Make a phrase of the code points [b, e). One without any searchable unit is left out: *node = XJI_NO_NODE. */
static xj_status add_phrase(parser *p, size_t b, size_t e, bool quoted, uint32_t *node)
{
    xj_query *q = p->q;
    *node = XJI_NO_NODE;
    xj_status st = count_clause(p);
    if (st != XJ_OK)
        return st;
    if (!grow((void **)&q->phrase, q->n_phrases, &q->phrase_cap, sizeof *q->phrase))
        return no_memory(p->err);
    xji_phrase *ph = &q->phrase[q->n_phrases];
    memset(ph, 0, sizeof *ph);
    st = xj_units_read(&ph->units, p->cp + b, e - b, XJ_UNITS_QUERY, p->err);
    if (st != XJ_OK) {
        xj_units_release(&ph->units); /* the query does not own it yet */
        return st;
    }
    measure(ph);
    if (ph->n_text == 0) {
        xj_units_release(&ph->units);
        return XJ_OK;
    }
    ph->label = to_utf8(p->cp + b, e - b);
    ph->quoted = quoted;
    ph->positive = p->negations % 2 == 0;
    q->n_phrases++; /* from here on the query owns it */
    if (!ph->label)
        return no_memory(p->err);
    if (ph->units.n > XJ_QUERY_PHRASE_MAX && !(q->flags & XJ_QUERY_ANY))
        return xj_fail(p->err, XJ_EQUERY, "a phrase is longer than %d characters and words", XJ_QUERY_PHRASE_MAX);
    if (q->flags & XJ_QUERY_EXACT_SCRIPT)
        st = xj_units_read(&ph->exact, p->cp + b, e - b, XJ_UNITS_QUERY | XJ_UNITS_EXACT_SCRIPT, p->err);
    if (st == XJ_OK)
        st = find_borders(ph, q->flags & XJ_QUERY_EXACT_SCRIPT ? &ph->exact : &ph->units, p->err);
    if (st == XJ_OK)
        st = new_node(p, XJI_NODE_PHRASE, (uint32_t)q->n_phrases - 1, node);
    return st;
}

/* ---- fields ---- */

static const struct {
    const char *name;
    xji_field field;
} field_names[] = {{"title", XJI_FIELD_TITLE}, {"agency", XJI_FIELD_AGENCY}, {"section", XJI_FIELD_SECTION},
                   {"path", XJI_FIELD_PATH},   {"id", XJI_FIELD_ID},         {"year", XJI_FIELD_YEAR},
                   {"date", XJI_FIELD_DATE}};

/* Length of a "name:" at the place in hand, or 0. */
static size_t field_at(const parser *p, xji_field *field)
{
    for (size_t f = 0; f < sizeof field_names / sizeof *field_names; f++) {
        size_t k = 0;
        const char *name = field_names[f].name;
        while (name[k] && p->at + k < p->n && p->cp[p->at + k] == (uint32_t)name[k])
            k++;
        if (!name[k] && p->at + k < p->n && p->cp[p->at + k] == ':') {
            *field = field_names[f].field;
            return k + 1;
        }
    }
    return 0;
}

/* A value such as 2021, 2021..2025, ..2023, 2024-01.. is split at "..": both halves in ASCII, folded. */
static xj_status split_range(parser *p, size_t b, size_t e, char from[16], char to[16], bool *is_range)
{
    char text[40];
    size_t used = 0;
    for (size_t i = b; i < e; i++) {
        uint32_t c = xj_fold(p->cp[i]);
        if (c == 0 || c >= 128 || used + 1 >= sizeof text)
            return xj_fail(p->err, XJ_EQUERY, "a year or date is written 2024, 2024-05 or 2021..2025");
        text[used++] = (char)c;
    }
    text[used] = '\0';
    char *dots = strstr(text, "..");
    const char *second = dots ? dots + 2 : text;
    *is_range = dots != NULL;
    if (dots)
        *dots = '\0';
    if (strlen(text) >= 16 || strlen(second) >= 16)
        return xj_fail(p->err, XJ_EQUERY, "a year or date is written 2024, 2024-05 or 2021..2025");
    memcpy(from, text, strlen(text) + 1);
    memcpy(to, second, strlen(second) + 1);
    return XJ_OK;
}

static bool parse_year(const char *s, uint32_t *year)
{
    uint32_t v = 0;
    size_t n = strlen(s);
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        v = v * 10 + (uint32_t)(s[i] - '0');
    }
    *year = v;
    return n >= 1 && n <= 4;
}

/* "", YYYY, YYYY-MM or YYYY-MM-DD, a day that there is. */
static bool date_shape(const char *s)
{
    static const char shape[] = "dddd-dd-dd";
    size_t n = strlen(s);
    if (n != 0 && n != 4 && n != 7 && n != 10)
        return false;
    for (size_t i = 0; i < n; i++)
        if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
            return false;
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = n ? atoi(s) : 0, month = n > 4 ? atoi(s + 5) : 1, day = n > 7 ? atoi(s + 8) : 1;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] && !(month == 2 && day == 29 && !leap);
}

static xj_status fill_range(parser *p, xji_filter *f, size_t b, size_t e)
{
    char from[16], to[16];
    bool is_range = false;
    xj_status st = split_range(p, b, e, from, to, &is_range);
    if (st != XJ_OK)
        return st;
    if (!*from && !*to)
        return xj_fail(p->err, XJ_EQUERY, "a year or date is missing; a range wants at least one end, as in year:2021..");
    if (f->field == XJI_FIELD_YEAR) {
        f->year_from = 0;
        f->year_to = UINT32_MAX;
        if ((*from && !parse_year(from, &f->year_from)) || (*to && !parse_year(to, &f->year_to)))
            return xj_fail(p->err, XJ_EQUERY, "year: wants a year or a range, as in year:2021..2025");
        if (f->year_from > f->year_to)
            return xj_fail(p->err, XJ_EQUERY, "year:%u..%u runs backwards", (unsigned)f->year_from, (unsigned)f->year_to);
        return XJ_OK;
    }
    if (!date_shape(from) || !date_shape(to))
        return xj_fail(p->err, XJ_EQUERY, "date: wants 2024, 2024-05, 2024-05-31 or a range of them");
    if (*from && *to && strncmp(from, to, strlen(from) < strlen(to) ? strlen(from) : strlen(to)) > 0)
        return xj_fail(p->err, XJ_EQUERY, "date:%s..%s runs backwards", from, to);
    memcpy(f->date_from, from, sizeof f->date_from);
    memcpy(f->date_to, to, sizeof f->date_to);
    return XJ_OK;
}

static xj_status add_filter(parser *p, xji_field field, size_t b, size_t e, uint32_t *node)
{
    xj_query *q = p->q;
    xj_status st = count_clause(p);
    if (st != XJ_OK)
        return st;
    if (!grow((void **)&q->filter, q->n_filters, &q->filter_cap, sizeof *q->filter))
        return no_memory(p->err);
    xji_filter *f = &q->filter[q->n_filters++];
    memset(f, 0, sizeof *f);
    f->field = field;
    if (field == XJI_FIELD_YEAR || field == XJI_FIELD_DATE) {
        st = fill_range(p, f, b, e);
    } else if (field == XJI_FIELD_ID) {
        f->value = to_utf8(p->cp + b, e - b);
        if (!f->value)
            st = no_memory(p->err);
    } else {
        st = xj_units_read(&f->units, p->cp + b, e - b, XJ_UNITS_QUERY, p->err);
        if (st == XJ_OK && f->units.n == 0)
            st = xj_fail(p->err, XJ_EQUERY, "a field has nothing searchable behind its colon");
    }
    if (st == XJ_OK)
        st = new_node(p, XJI_NODE_FILTER, (uint32_t)q->n_filters - 1, node);
    return st;
}

/* ---- grammar ---- */

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

static void skip_space(parser *p)
{
    while (p->at < p->n && is_space(p->cp[p->at]))
        p->at++;
}

/* Whether the operator word stands here, alone. */
static bool at_word(const parser *p, const char *word)
{
    size_t k = 0;
    while (word[k] && p->at + k < p->n && p->cp[p->at + k] == (uint32_t)word[k])
        k++;
    if (word[k])
        return false;
    size_t after = p->at + k;
    return after == p->n || is_space(p->cp[after]) || p->cp[after] == '(' || p->cp[after] == ')' || p->cp[after] == '"';
}

static xj_status parse_or(parser *p, uint32_t *out);
static xj_status parse_unary(parser *p, uint32_t *out);

static xj_status deeper(parser *p)
{
    if (++p->depth > XJ_QUERY_DEPTH_MAX)
        return xj_fail(p->err, XJ_EQUERY, "the query is nested deeper than %d levels", XJ_QUERY_DEPTH_MAX);
    return XJ_OK;
}

/* [*b, *e) of a quoted text; stands on the opening quote. */
static xj_status quoted(parser *p, size_t *b, size_t *e)
{
    *b = ++p->at;
    while (p->at < p->n && p->cp[p->at] != '"')
        p->at++;
    if (p->at == p->n)
        return xj_fail(p->err, XJ_EQUERY, "a quotation mark is not closed");
    *e = p->at++;
    return XJ_OK;
}

/* [*b, *e) of a word: up to white space, a quotation mark, or a parenthesis that the word did not open itself. */
static void bare(parser *p, size_t *b, size_t *e)
{
    unsigned open = 0;
    *b = p->at;
    for (; p->at < p->n; p->at++) {
        uint32_t c = p->cp[p->at];
        if (is_space(c) || c == '"' || (c == ')' && open == 0))
            break;
        if (c == '(')
            open++;
        if (c == ')')
            open--;
    }
    *e = p->at;
}

static xj_status parse_not(parser *p, uint32_t *out)
{
    uint32_t operand = XJI_NO_NODE;
    xj_status st = deeper(p);
    p->any_operator = true;
    p->negations++;
    skip_space(p);
    if (st == XJ_OK && (p->at == p->n || p->cp[p->at] == ')' || at_word(p, "AND") || at_word(p, "OR")))
        st = xj_fail(p->err, XJ_EQUERY, "NOT has nothing behind it");
    if (st == XJ_OK)
        st = parse_unary(p, &operand);
    p->negations--;
    p->depth--;
    if (st != XJ_OK || operand == XJI_NO_NODE) {
        *out = XJI_NO_NODE;
        return st;
    }
    st = new_node(p, XJI_NODE_NOT, 0, out);
    if (st == XJ_OK)
        p->q->node[*out].child = operand;
    return st;
}

static xj_status parse_unary(parser *p, uint32_t *out)
{
    size_t b = 0, e = 0;
    xji_field field;
    *out = XJI_NO_NODE;
    uint32_t c = p->cp[p->at];
    if (c == '(') {
        xj_status st = deeper(p);
        p->any_operator = true;
        p->at++;
        if (st == XJ_OK)
            st = parse_or(p, out);
        if (st == XJ_OK && (p->at == p->n || p->cp[p->at] != ')'))
            st = xj_fail(p->err, XJ_EQUERY, "a parenthesis is not closed");
        p->at++;
        p->depth--;
        return st;
    }
    if (at_word(p, "NOT")) {
        p->at += 3;
        return parse_not(p, out);
    }
    if (c == '-' && p->at + 1 < p->n && !is_space(p->cp[p->at + 1])) {
        p->at++;
        return parse_not(p, out);
    }
    size_t name = field_at(p, &field);
    if (name > 0) {
        p->at += name;
        p->any_operator = true;
        if (p->at < p->n && p->cp[p->at] == '"') {
            xj_status st = quoted(p, &b, &e);
            return st == XJ_OK ? add_filter(p, field, b, e, out) : st;
        }
        bare(p, &b, &e);
        if (b == e)
            return xj_fail(p->err, XJ_EQUERY, "a field has nothing behind its colon");
        return add_filter(p, field, b, e, out);
    }
    if (c == '"') {
        xj_status st = quoted(p, &b, &e);
        return st == XJ_OK ? add_phrase(p, b, e, true, out) : st;
    }
    bare(p, &b, &e);
    return add_phrase(p, b, e, false, out);
}

/* Chain of operands under a new node of `kind`; a single operand stands for itself. */
typedef struct operands {
    uint32_t first, last, n;
} operands;

static void append(parser *p, operands *o, uint32_t node)
{
    if (node == XJI_NO_NODE)
        return;
    if (o->n++ == 0)
        o->first = node;
    else
        p->q->node[o->last].next = node;
    o->last = node;
}

static xj_status combine(parser *p, xji_node_kind kind, const operands *o, uint32_t *out)
{
    *out = o->n == 0 ? XJI_NO_NODE : o->first;
    if (o->n < 2)
        return XJ_OK;
    xj_status st = new_node(p, kind, 0, out);
    if (st == XJ_OK)
        p->q->node[*out].child = o->first;
    return st;
}

/* Words side by side: any of the positive ones, none of the negated, all of the fields. */
static xj_status parse_side_by_side(parser *p, uint32_t *out)
{
    operands words = {0, 0, 0}, must = {0, 0, 0};
    xj_status st = XJ_OK;
    *out = XJI_NO_NODE;
    for (;;) {
        skip_space(p);
        if (p->at == p->n || p->cp[p->at] == ')' || at_word(p, "AND") || at_word(p, "OR"))
            break;
        uint32_t node = XJI_NO_NODE;
        st = parse_unary(p, &node);
        if (st != XJ_OK)
            return st;
        if (node == XJI_NO_NODE)
            continue;
        xji_node_kind kind = p->q->node[node].kind;
        append(p, kind == XJI_NODE_NOT || kind == XJI_NODE_FILTER ? &must : &words, node);
    }
    uint32_t any;
    st = combine(p, p->q->flags & XJ_QUERY_ALL ? XJI_NODE_AND : XJI_NODE_OR, &words, &any);
    if (st != XJ_OK)
        return st;
    operands all = {0, 0, 0};
    append(p, &all, any);
    for (uint32_t k = must.n ? must.first : XJI_NO_NODE; k != XJI_NO_NODE;) {
        uint32_t next = p->q->node[k].next;
        p->q->node[k].next = XJI_NO_NODE;
        append(p, &all, k);
        k = next;
    }
    return combine(p, XJI_NODE_AND, &all, out);
}

static xj_status parse_and(parser *p, uint32_t *out)
{
    operands o = {0, 0, 0};
    for (;;) {
        uint32_t node = XJI_NO_NODE;
        xj_status st = parse_side_by_side(p, &node);
        if (st != XJ_OK)
            return st;
        append(p, &o, node);
        bool more = p->at < p->n && at_word(p, "AND");
        if (node == XJI_NO_NODE && (more || o.n > 0))
            return xj_fail(p->err, XJ_EQUERY, "AND wants something searchable on both sides");
        if (!more)
            break;
        p->any_operator = true;
        p->at += 3;
    }
    return combine(p, XJI_NODE_AND, &o, out);
}

static xj_status parse_or(parser *p, uint32_t *out)
{
    operands o = {0, 0, 0};
    for (bool after_or = false;; after_or = true) {
        uint32_t node = XJI_NO_NODE;
        xj_status st = parse_and(p, &node);
        if (st != XJ_OK)
            return st;
        if (after_or && node == XJI_NO_NODE)
            return xj_fail(p->err, XJ_EQUERY, "OR has nothing behind it");
        append(p, &o, node);
        if (p->at == p->n || !at_word(p, "OR"))
            break;
        if (node == XJI_NO_NODE)
            return xj_fail(p->err, XJ_EQUERY, "OR has nothing searchable before it");
        p->any_operator = true;
        p->at += 2;
    }
    return combine(p, XJI_NODE_OR, &o, out);
}

/* A node is positive when some passage set can be listed for it: it does not only exclude. */
static bool is_positive(const xj_query *q, uint32_t node)
{
    const xji_node *n = &q->node[node];
    bool some = false, all = true;
    switch (n->kind) {
    case XJI_NODE_PHRASE:
    case XJI_NODE_FILTER:
        return true;
    case XJI_NODE_NOT:
        return false;
    case XJI_NODE_AND:
    case XJI_NODE_OR:
        for (uint32_t k = n->child; k != XJI_NO_NODE; k = q->node[k].next) {
            bool yes = is_positive(q, k);
            some = some || yes;
            all = all && yes;
        }
        return n->kind == XJI_NODE_AND ? some : all;
    }
    return false;
}

/* Everything under a NOT must be listable too, so that NOT NOT and NOT (NOT a OR b) have a meaning. */
static bool operands_listable(const xj_query *q)
{
    for (size_t i = 0; i < q->n_nodes; i++) {
        const xji_node *n = &q->node[i];
        if (n->kind == XJI_NODE_NOT && !is_positive(q, n->child))
            return false;
        if (n->kind == XJI_NODE_OR && !is_positive(q, (uint32_t)i))
            return false;
    }
    return true;
}

static xj_status parse_free(parser *p)
{
    xj_query *q = p->q;
    if (q->flags & XJ_QUERY_LITERAL) {
        q->kind = XJ_QUERY_PHRASE;
        return add_phrase(p, 0, p->n, true, &q->root);
    }
    /* --any: every white-space separated piece is a word of the bag. */
    operands o = {0, 0, 0};
    q->kind = XJ_QUERY_BAG;
    xj_status st = XJ_OK;
    while (st == XJ_OK) {
        skip_space(p);
        if (p->at == p->n)
            break;
        size_t b = p->at;
        while (p->at < p->n && !is_space(p->cp[p->at]))
            p->at++;
        uint32_t node = XJI_NO_NODE;
        st = add_phrase(p, b, p->at, false, &node);
        if (st == XJ_OK)
            append(p, &o, node);
    }
    return st == XJ_OK ? combine(p, XJI_NODE_OR, &o, &q->root) : st;
}

static xj_status parse_language(parser *p)
{
    xj_query *q = p->q;
    xj_status st = parse_or(p, &q->root);
    if (st == XJ_OK && p->at < p->n)
        st = xj_fail(p->err, XJ_EQUERY, "a closing parenthesis has no opening one");
    if (st != XJ_OK || q->root == XJI_NO_NODE)
        return st;
    if (p->any_operator)
        q->kind = XJ_QUERY_TREE;
    else if (q->n_phrases == 1)
        q->kind = q->phrase[0].quoted || q->phrase[0].n_text <= XJ_QUERY_BARE_MAX ? XJ_QUERY_PHRASE : XJ_QUERY_BAG;
    else
        q->kind = q->flags & XJ_QUERY_ALL ? XJ_QUERY_TREE : XJ_QUERY_BAG;
    if (!is_positive(q, q->root) || !operands_listable(q))
        return xj_fail(p->err, XJ_EQUERY, q->n_nodes > 2 && is_positive(q, q->root)
                                              ? "NOT stands alone under OR or NOT; write A NOT B"
                                              : "the query only excludes; it wants something to look for as well");
    return XJ_OK;
}

xj_status xj_query_parse(xj_query **out, const char *s, size_t n, unsigned flags, xj_error *err)
{
    *out = NULL;
    if (n > XJ_QUERY_BYTES_MAX)
        return xj_fail(err, XJ_EQUERY, "the query is longer than %d bytes", XJ_QUERY_BYTES_MAX);
    if ((flags & XJ_QUERY_LITERAL) && (flags & XJ_QUERY_ANY))
        return xj_fail(err, XJ_EUSAGE, "a query is either literal or free text, not both");
    xj_query *q = calloc(1, sizeof *q);
    uint32_t *cp = malloc((n + 1) * sizeof *cp);
    if (!q || !cp) {
        free(q);
        free(cp);
        return no_memory(err);
    }
    size_t n_cp = 0;
    for (size_t i = 0; i < n; n_cp++)
        i += xj_utf8_decode((const uint8_t *)s + i, n - i, &cp[n_cp], NULL);
    q->flags = flags;
    q->root = XJI_NO_NODE;
    parser p = {.q = q, .cp = cp, .n = n_cp, .err = err};
    xj_status st = flags & (XJ_QUERY_LITERAL | XJ_QUERY_ANY) ? parse_free(&p) : parse_language(&p);
    if (st == XJ_OK && q->root == XJI_NO_NODE) {
        p.at = 0;
        skip_space(&p);
        st = xj_fail(err, XJ_EQUERY, p.at == n_cp ? "the query is empty" : "the query holds nothing that can be searched for");
    }
    if (st == XJ_OK) {
        mark_repeated(q);
        st = xji_query_make_tokens(q, err);
    }
    free(cp);
    if (st != XJ_OK) {
        xj_query_free(q);
        return st;
    }
    *out = q;
    return XJ_OK;
}

void xj_query_free(xj_query *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_phrases; i++) {
        xj_units_release(&q->phrase[i].units);
        xj_units_release(&q->phrase[i].exact);
        free(q->phrase[i].label);
        free(q->phrase[i].token);
        free(q->phrase[i].border);
    }
    for (size_t i = 0; i < q->n_filters; i++) {
        xj_units_release(&q->filter[i].units);
        free(q->filter[i].value);
    }
    free(q->phrase);
    free(q->filter);
    free(q->node);
    free(q->token);
    xj_buf_release(&q->keys);
    free(q);
}

xj_query_kind xj_query_kind_of(const xj_query *q)
{
    return q->kind;
}
