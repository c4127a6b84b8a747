#include "engine_oracle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/bm25.h"
#include "xj/fold.h"
#include "xj/length.h"
#include "xj/stem.h"
#include "xj/token.h"
#include "xj/utf8.h"

enum { NEAR_WITHIN = 24, NEAR_AMONG = 200, BONUS_MAX = 8, BARE_MAX = 8, TOKENS_MAX = PHRASES_MAX * PHRASE_CP_MAX };

const char *const sabotage_names[SABOTAGE_COUNT] = {"none",        "passage", "ulp",   "ties",   "tier",
                                                    "occurrences", "more",    "field", "explain"};

/*
 * A unit as one number: its kind above, its code point or the number of its word below. 0 is no unit and stands between
 * passages, so that no sequence goes across.
 */
enum { KIND_SHIFT = 28 };
#define UNIT(kind, value) (((uint32_t)(kind) + 1) << KIND_SHIFT | (uint32_t)(value))

static bool is_char(uint32_t unit)
{
    return unit >> KIND_SHIFT == XJ_UNIT_CHAR + 1;
}

static bool is_word(uint32_t unit)
{
    return unit >> KIND_SHIFT == XJ_UNIT_WORD + 1;
}

static bool is_break(uint32_t unit)
{
    return unit >> KIND_SHIFT == XJ_UNIT_BREAK + 1;
}

/* What the name of a term begins with; no word of a text does. */
enum { STEM = 1, WORD };

/* Strings by number. */
typedef struct names {
    char *bytes;
    size_t n_bytes, bytes_cap;
    struct name {
        size_t at, n;
    } *name;
    size_t n, cap;
    uint32_t *slot; /* number + 1, 0 = empty */
    size_t n_slots; /* power of two */
} names;

/* The units of all passages, one after another. */
typedef struct unit_layer {
    uint32_t *unit;
    uint32_t *passage; /* of each unit */
    size_t n, cap;
} unit_layer;

/* Passages that hold something, ascending, with how often. */
typedef struct list {
    uint32_t *doc, *tf;
    size_t n, cap;
} list;

typedef enum layer_kind { FOLDED, EXACT, TERMS, LAYERS } layer_kind;

/* A list that was counted before: sequences of one or two units come back from query to query. */
typedef struct known {
    bool used;
    layer_kind layer;
    uint32_t first, second;
    list list;
} known;

/* A phrase of the query in hand. */
typedef struct read_phrase {
    uint32_t folded[PHRASE_CP_MAX * XJ_FOLD_MAX], exact[PHRASE_CP_MAX * XJ_FOLD_MAX];
    size_t n, n_exact, n_text;
    bool repeated;   /* an equal one stands before it */
    double bonus;    /* 0 = none */
    uint32_t *count; /* by passage: occurrences */
    list list;
} read_phrase;

typedef struct token {
    layer_kind layer; /* FOLDED: one or two characters, TERMS: a word's stem */
    uint32_t first, second;
    double weight, idf;
    list list; /* borrowed */
} token;

typedef struct ranked {
    double score;
    uint32_t place; /* among all, by report id and passage: decides ties */
    uint32_t item;
    xj_tier tier;
} ranked;

struct oracle {
    const corpus *c;
    sabotage sabotage;
    names names;
    xj_units units;
    xj_stemmer *stemmer;
    unit_layer layer[LAYERS];
    size_t *first, *end; /* FOLDED units of each passage */
    uint32_t *length;    /* of each passage, as the index keeps it */
    double average;
    uint32_t *place, *report_place;
    known *known;
    size_t n_known, known_cap;
    /* the query in hand */
    const asked *a;
    size_t n_phrases, n_fields; /* that hold memory */
    xj_query_kind kind;
    read_phrase phrase[PHRASES_MAX];
    token token[TOKENS_MAX];
    size_t n_tokens;
    bool *fits[FIELDS_MAX]; /* by passage */
    double *score;          /* by passage */
    bool *held;             /* by passage: holds a token */
    bool *match;            /* by passage: satisfies the query; of a bag: holds any of its words in full */
    /* the answer */
    ranked *rank[2];
    uint64_t *report_passages, *report_occurrences;
    expected_hit *hit;
    size_t hit_cap;
};

static void *many(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size);
    assert_non_null(p);
    return p;
}

static void *more(void *p, size_t n, size_t *cap, size_t size)
{
    if (n <= *cap)
        return p;
    while (*cap < n)
        *cap = *cap ? *cap * 2 : 64;
    p = realloc(p, *cap * size);
    assert_non_null(p);
    return p;
}

/* ---- names ---- */

static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * UINT64_C(0x100000001B3);
    return h ^ h >> 29;
}

static uint32_t *slot_of(names *t, const char *s, size_t n)
{
    for (size_t i = hash_of(s, n) & (t->n_slots - 1);; i = (i + 1) & (t->n_slots - 1)) {
        uint32_t *slot = &t->slot[i];
        if (*slot == 0 || (t->name[*slot - 1].n == n && memcmp(t->bytes + t->name[*slot - 1].at, s, n) == 0))
            return slot;
    }
}

static void widen(names *t)
{
    free(t->slot);
    t->n_slots = t->n_slots ? t->n_slots * 2 : 256;
    t->slot = many(t->n_slots, sizeof *t->slot);
    for (size_t i = 0; i < t->n; i++)
        *slot_of(t, t->bytes + t->name[i].at, t->name[i].n) = (uint32_t)i + 1;
}

/* The number of a string. */
static uint32_t number_of(names *t, const char *s, size_t n)
{
    if (2 * t->n >= t->n_slots)
        widen(t);
    uint32_t *slot = slot_of(t, s, n);
    if (*slot)
        return *slot - 1;
    t->bytes = more(t->bytes, t->n_bytes + n, &t->bytes_cap, 1);
    t->name = more(t->name, t->n + 1, &t->cap, sizeof *t->name);
    memcpy(t->bytes + t->n_bytes, s, n);
    t->name[t->n] = (struct name){t->n_bytes, n};
    t->n_bytes += n;
    *slot = (uint32_t)++t->n;
    return *slot - 1;
}

/* ---- units ---- */

static uint32_t unit_of(oracle *o, const xj_unit *u)
{
    if (u->kind != XJ_UNIT_WORD)
        return UNIT(u->kind, u->cp);
    return UNIT(u->kind, number_of(&o->names, o->units.words + u->word_off, u->word_len));
}

/* What a word is ranked by: its stem when it has one. A word and a stem of the same letters are different. */
static uint32_t term_of(oracle *o, const xj_unit *u)
{
    char key[4 * XJ_WORD_MAX + 1];
    size_t n;
    if (u->kind != XJ_UNIT_WORD)
        return 0;
    const char *word = o->units.words + u->word_off, *stem = xj_stemmer_stem(o->stemmer, word, u->word_len, &n);
    key[0] = stem ? STEM : WORD;
    n = stem ? n : u->word_len;
    memcpy(key + 1, stem ? stem : word, n);
    return UNIT(XJ_UNIT_WORD, number_of(&o->names, key, n + 1));
}

static void put_unit(unit_layer *l, uint32_t unit, uint32_t doc)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 4096;
        l->unit = realloc(l->unit, l->cap * sizeof *l->unit);
        l->passage = realloc(l->passage, l->cap * sizeof *l->passage);
        assert_true(l->unit && l->passage);
    }
    l->unit[l->n] = unit;
    l->passage[l->n++] = doc;
}

/* Read passage i into all layers; its length. */
static uint32_t read_passage(oracle *o, uint32_t i)
{
    const corpus_passage *p = &o->c->p[i];
    uint32_t length = 0;
    OK(xj_units_read(&o->units, o->c->cp + p->at, p->n, 0, &err));
    o->first[i] = o->layer[FOLDED].n;
    for (size_t k = 0; k < o->units.n; k++) {
        const xj_unit *u = &o->units.unit[k];
        put_unit(&o->layer[FOLDED], unit_of(o, u), i);
        put_unit(&o->layer[TERMS], term_of(o, u), i);
        length += u->kind != XJ_UNIT_BREAK;
    }
    o->end[i] = o->layer[FOLDED].n;
    OK(xj_units_read(&o->units, o->c->cp + p->at, p->n, XJ_UNITS_EXACT_SCRIPT, &err));
    for (size_t k = 0; k < o->units.n; k++)
        put_unit(&o->layer[EXACT], unit_of(o, &o->units.unit[k]), i);
    for (int l = 0; l < LAYERS; l++)
        put_unit(&o->layer[l], 0, i);
    return length;
}

static const corpus *sorted_corpus; /* qsort has no place for what to sort by */

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return strcmp(sorted_corpus->r[x].id, sorted_corpus->r[y].id);
}

/* Ranks of reports by the bytes of their ids, and of passages by report and number. */
static void find_places(oracle *o)
{
    const corpus *c = o->c;
    uint32_t *order = many(c->n_reports, sizeof *order), *first = many(c->n_reports + 1, sizeof *first), place = 0;
    for (size_t i = 0; i < c->n_reports; i++)
        order[i] = (uint32_t)i;
    for (size_t i = c->n; i > 0; i--)
        first[c->p[i - 1].report] = (uint32_t)i - 1;
    sorted_corpus = c;
    qsort(order, c->n_reports, sizeof *order, by_id);
    for (size_t i = 0; i < c->n_reports; i++) {
        o->report_place[order[i]] = (uint32_t)i;
        for (size_t k = first[order[i]]; k < c->n && c->p[k].report == order[i]; k++)
            o->place[k] = place++;
    }
    if (o->sabotage == SABOTAGE_TIES)
        for (size_t i = 0; i < c->n; i++)
            o->place[i] = place - o->place[i];
    free(order);
    free(first);
}

oracle *oracle_new(const corpus *c, sabotage s)
{
    oracle *o = many(1, sizeof *o);
    uint64_t n_units = 0;
    o->c = c;
    o->sabotage = s;
    OK(xj_stemmer_new(&o->stemmer, &err));
    o->first = many(c->n, sizeof *o->first);
    o->end = many(c->n, sizeof *o->end);
    o->length = many(c->n, sizeof *o->length);
    o->place = many(c->n, sizeof *o->place);
    o->report_place = many(c->n_reports, sizeof *o->report_place);
    o->score = many(c->n, sizeof *o->score);
    o->held = many(c->n, sizeof *o->held);
    o->match = many(c->n, sizeof *o->match);
    o->rank[0] = many(c->n, sizeof *o->rank[0]);
    o->rank[1] = many(c->n, sizeof *o->rank[1]);
    o->report_passages = many(c->n_reports, sizeof *o->report_passages);
    o->report_occurrences = many(c->n_reports, sizeof *o->report_occurrences);
    for (size_t i = 0; i < c->n; i++) {
        if (s == SABOTAGE_PASSAGE && i == c->n / 2)
            continue;
        uint32_t length = read_passage(o, (uint32_t)i);
        n_units += length;
        o->length[i] = xj_length_decode(xj_length_code(length));
    }
    o->average = n_units ? (double)n_units / (double)c->n : 1.0;
    find_places(o);
    return o;
}

static void list_release(list *l)
{
    free(l->doc);
    free(l->tf);
    *l = (list){0};
}

static void forget_query(oracle *o)
{
    for (size_t i = 0; i < o->n_phrases; i++) {
        list_release(&o->phrase[i].list);
        free(o->phrase[i].count);
    }
    for (size_t i = 0; i < o->n_fields; i++)
        free(o->fits[i]);
    o->n_phrases = o->n_fields = 0;
    o->a = NULL;
}

void oracle_free(oracle *o)
{
    forget_query(o);
    for (size_t i = 0; i < o->known_cap; i++)
        list_release(&o->known[i].list);
    for (int l = 0; l < LAYERS; l++) {
        free(o->layer[l].unit);
        free(o->layer[l].passage);
    }
    void *const parts[] = {o->names.bytes, o->names.name, o->names.slot,   o->first,           o->end,
                           o->length,      o->place,      o->report_place, o->score,           o->held,
                           o->match,       o->rank[0],    o->rank[1],      o->report_passages, o->report_occurrences,
                           o->hit,         o->known};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        free(parts[i]);
    xj_units_release(&o->units);
    xj_stemmer_free(o->stemmer);
    free(o);
}

/* ---- counting ---- */

/* Look for a sequence of units everywhere; overlapping occurrences all count. */
static void count_everywhere(list *out, const unit_layer *l, const uint32_t *unit, size_t n)
{
    out->n = 0;
    for (size_t i = 0; n > 0 && i + n <= l->n; i++) {
        size_t k = 0;
        while (k < n && l->unit[i + k] == unit[k])
            k++;
        if (k < n)
            continue;
        if (out->n > 0 && out->doc[out->n - 1] == l->passage[i]) {
            out->tf[out->n - 1]++;
            continue;
        }
        if (out->n == out->cap) {
            out->cap = out->cap ? out->cap * 2 : 16;
            out->doc = realloc(out->doc, out->cap * sizeof *out->doc);
            out->tf = realloc(out->tf, out->cap * sizeof *out->tf);
            assert_true(out->doc && out->tf);
        }
        out->doc[out->n] = l->passage[i];
        out->tf[out->n++] = 1;
    }
}

static known *known_place(oracle *o, layer_kind layer, uint32_t first, uint32_t second)
{
    uint64_t h = ((uint64_t)first << 32 | second) * UINT64_C(0x9E3779B97F4A7C15) + layer;
    for (size_t i = (h ^ h >> 31) & (o->known_cap - 1);; i = (i + 1) & (o->known_cap - 1)) {
        known *k = &o->known[i];
        if (!k->used || (k->layer == layer && k->first == first && k->second == second))
            return k;
    }
}

static void know_more(oracle *o)
{
    known *old = o->known;
    size_t n = o->known_cap;
    o->known_cap = n ? 2 * n : 256;
    o->known = many(o->known_cap, sizeof *o->known);
    for (size_t i = 0; i < n; i++)
        if (old[i].used)
            *known_place(o, old[i].layer, old[i].first, old[i].second) = old[i];
    free(old);
}

/* One unit (second 0) or two. The arrays of the list stay where they are. */
static list count_known(oracle *o, layer_kind layer, uint32_t first, uint32_t second)
{
    if (2 * o->n_known >= o->known_cap)
        know_more(o);
    known *k = known_place(o, layer, first, second);
    if (!k->used) {
        uint32_t unit[2] = {first, second};
        *k = (known){.used = true, .layer = layer, .first = first, .second = second};
        count_everywhere(&k->list, &o->layer[layer], unit, second ? 2 : 1);
        o->n_known++;
    }
    return k->list;
}

/* ---- the query ---- */

static void read_units(oracle *o, read_phrase *p, const asked_phrase *a)
{
    p->n_text = 0;
    OK(xj_units_read(&o->units, a->cp, a->n, XJ_UNITS_QUERY | XJ_UNITS_EXACT_SCRIPT, &err));
    p->n_exact = o->units.n;
    for (size_t i = 0; i < o->units.n; i++)
        p->exact[i] = unit_of(o, &o->units.unit[i]);
    OK(xj_units_read(&o->units, a->cp, a->n, XJ_UNITS_QUERY, &err));
    p->n = o->units.n;
    for (size_t i = 0; i < o->units.n; i++) {
        p->folded[i] = unit_of(o, &o->units.unit[i]);
        p->n_text += !is_break(p->folded[i]);
    }
}

/* Where the phrase occurs: as it folds, or to the letter. */
static void find_phrase(oracle *o, read_phrase *p)
{
    bool exact = o->a->flags & XJ_QUERY_EXACT_SCRIPT;
    if (exact)
        count_everywhere(&p->list, &o->layer[EXACT], p->exact, p->n_exact);
    else
        count_everywhere(&p->list, &o->layer[FOLDED], p->folded, p->n);
    p->count = many(o->c->n, sizeof *p->count);
    for (size_t i = 0; i < p->list.n; i++)
        p->count[p->list.doc[i]] = p->list.tf[i];
}

static bool same_phrase(const oracle *o, size_t i, size_t k)
{
    const read_phrase *a = &o->phrase[i], *b = &o->phrase[k];
    bool same = a->n == b->n && memcmp(a->folded, b->folded, a->n * sizeof *a->folded) == 0;
    if (o->a->flags & XJ_QUERY_EXACT_SCRIPT)
        same = same && a->n_exact == b->n_exact && memcmp(a->exact, b->exact, a->n_exact * sizeof *a->exact) == 0;
    return same && o->a->phrase[i].positive == o->a->phrase[k].positive;
}

static xj_query_kind kind_of(const oracle *o)
{
    const asked *a = o->a;
    if (a->flags & XJ_QUERY_LITERAL)
        return XJ_QUERY_PHRASE;
    if (a->flags & XJ_QUERY_ANY)
        return XJ_QUERY_BAG;
    if (a->operators)
        return XJ_QUERY_TREE;
    if (a->n_phrases == 1)
        return a->phrase[0].quoted || o->phrase[0].n_text <= BARE_MAX ? XJ_QUERY_PHRASE : XJ_QUERY_BAG;
    return a->flags & XJ_QUERY_ALL ? XJ_QUERY_TREE : XJ_QUERY_BAG;
}

/* ---- tokens ---- */

/* The question words that corpora and queries can hold; the longest that fits is taken, from left to right. */
static const char *const question_words[] = {"为什么", "是什么", "怎么办", "什么", "怎么", "如何", "哪些", "哪年",
                                             "多少",   "为何",   "是何",   "何年", "哪",   "何",   "么",   "吗"};

static void mark_questions(const read_phrase *p, bool *flag)
{
    enum { WORDS = sizeof question_words / sizeof *question_words };
    static uint32_t unit[WORDS][8];
    static size_t length[WORDS];
    for (size_t w = 0; w < WORDS && length[w] == 0; w++) {
        length[w] = code_points(unit[w], 8, question_words[w]);
        for (size_t k = 0; k < length[w]; k++)
            unit[w][k] = UNIT(XJ_UNIT_CHAR, xj_fold(unit[w][k]));
    }
    memset(flag, 0, p->n * sizeof *flag);
    for (size_t i = 0; i < p->n;) {
        size_t best = 0;
        for (size_t w = 0; w < WORDS; w++)
            if (length[w] > best && length[w] <= p->n - i && memcmp(p->folded + i, unit[w], length[w] * sizeof **unit) == 0)
                best = length[w];
        for (size_t k = 0; k < best; k++)
            flag[i + k] = true;
        i += best ? best : 1;
    }
}

/* The token that stands at unit i: a pair of characters, the term of a word, or a character with none beside it. */
static bool token_at(const read_phrase *p, const uint32_t *term, size_t i, token *t)
{
    *t = (token){.layer = FOLDED, .first = p->folded[i]};
    if (is_word(p->folded[i])) {
        t->layer = TERMS;
        t->first = term[i];
        return true;
    }
    if (!is_char(p->folded[i]))
        return false;
    if (i + 1 < p->n && is_char(p->folded[i + 1])) {
        t->second = p->folded[i + 1];
        return true;
    }
    return i == 0 || !is_char(p->folded[i - 1]);
}

/* Add a token with its weight, or its weight to the token; its number. */
static size_t add_token(oracle *o, const token *t, double weight)
{
    size_t k = 0;
    while (k < o->n_tokens &&
           (o->token[k].layer != t->layer || o->token[k].first != t->first || o->token[k].second != t->second))
        k++;
    assert_true(k < TOKENS_MAX);
    if (k == o->n_tokens)
        o->token[o->n_tokens++] = *t;
    o->token[k].weight += weight;
    return k;
}

typedef struct place {
    size_t phrase;
    token token;
    bool asks; /* it touches a question word */
} place;

/* All tokens of the positive phrases, in their order, as often as they stand there. */
static size_t list_places(oracle *o, place *out)
{
    size_t n = 0;
    for (size_t i = 0; i < o->a->n_phrases; i++) {
        const asked_phrase *a = &o->a->phrase[i];
        const read_phrase *p = &o->phrase[i];
        bool question[PHRASE_CP_MAX * XJ_FOLD_MAX] = {false};
        uint32_t term[PHRASE_CP_MAX * XJ_FOLD_MAX];
        if (!a->positive)
            continue;
        OK(xj_units_read(&o->units, a->cp, a->n, XJ_UNITS_QUERY, &err));
        for (size_t k = 0; k < o->units.n; k++)
            term[k] = term_of(o, &o->units.unit[k]);
        if (o->kind == XJ_QUERY_BAG && !a->quoted)
            mark_questions(p, question);
        for (size_t k = 0; k < p->n; k++) {
            place *at = &out[n];
            assert_true(n < TOKENS_MAX);
            if (!token_at(p, term, k, &at->token))
                continue;
            at->phrase = i;
            at->asks = question[k] || (at->token.second && question[k + 1]);
            n++;
        }
    }
    return n;
}

static void make_tokens(oracle *o)
{
    static place at[TOKENS_MAX];
    static size_t number[TOKENS_MAX];
    size_t n = list_places(o, at);
    bool all_ask = true;
    o->n_tokens = 0;
    for (size_t i = 0; i < n; i++)
        all_ask = all_ask && at[i].asks;
    for (size_t i = 0; i < n; i++)
        number[i] = add_token(o, &at[i].token, at[i].asks && !all_ask ? 0.2 : 1.0);
    for (size_t t = 0; t < o->n_tokens; t++) {
        token *x = &o->token[t];
        x->list = count_known(o, x->layer, x->first, x->second);
        x->idf = xj_bm25_idf(o->c->n, x->list.n);
    }
    for (size_t i = 0; i < n; i++) {
        read_phrase *p = &o->phrase[at[i].phrase];
        if (p->n_text >= 2 && p->n_text <= BONUS_MAX && p->n == p->n_text)
            p->bonus += o->token[number[i]].idf;
    }
}

/* ---- scores ---- */

static double part_of(const oracle *o, const token *t, uint32_t tf, uint32_t doc)
{
    return t->weight * t->idf * xj_bm25_tf(tf, o->length[doc], o->average);
}

static void score_everything(oracle *o)
{
    memset(o->score, 0, o->c->n * sizeof *o->score);
    memset(o->held, 0, o->c->n * sizeof *o->held);
    for (size_t t = 0; t < o->n_tokens; t++) {
        const list *l = &o->token[t].list;
        for (size_t i = 0; i < l->n; i++) {
            o->score[l->doc[i]] += part_of(o, &o->token[t], l->tf[i], l->doc[i]);
            o->held[l->doc[i]] = true;
        }
    }
    for (size_t p = 0; p < o->a->n_phrases; p++) {
        const list *l = &o->phrase[p].list;
        for (size_t i = 0; i < l->n && o->phrase[p].bonus > 0; i++)
            o->score[l->doc[i]] += o->phrase[p].bonus;
    }
    if (o->sabotage == SABOTAGE_ULP)
        for (size_t i = 0; i < o->c->n; i++)
            o->score[i] = nextafter(o->score[i], INFINITY);
}

/* ---- fields ---- */

/* Whether the value, read as a query, occurs in a text. */
static bool text_holds(oracle *o, const char *text, const char *value)
{
    uint32_t cp[256], unit[2][256];
    size_t n[2];
    if (!text)
        return false;
    for (int i = 0; i < 2; i++) {
        OK(xj_units_read(&o->units, cp, code_points(cp, 256, i ? value : text), XJ_UNITS_QUERY, &err));
        n[i] = o->units.n;
        for (size_t k = 0; k < n[i]; k++)
            unit[i][k] = unit_of(o, &o->units.unit[k]);
    }
    for (size_t i = 0; n[1] > 0 && i + n[1] <= n[0]; i++)
        if (memcmp(unit[0] + i, unit[1], n[1] * sizeof **unit) == 0)
            return true;
    return false;
}

/* A date fits when all days it may stand for do. */
static bool date_fits(const asked_field *f, const char *date)
{
    char text[3][12], *const earliest = text[0], *const from = text[1];
    if (!date[0])
        return false;
    snprintf(earliest, 12, "%s%s", date, &"0000-00-00"[strlen(date)]);
    snprintf(from, 12, "%s%s", f->date_from, &"0000-00-00"[strlen(f->date_from)]);
    if (strcmp(earliest, from) < 0)
        return false;
    char *const latest = text[0], *const to = text[1];
    snprintf(latest, 12, "%s%s", date, &"9999-99-99"[strlen(date)]);
    snprintf(to, 12, "%s%s", f->date_to, &"9999-99-99"[strlen(f->date_to)]);
    return strcmp(latest, to) <= 0;
}

/* What holds a field's value or not, by number: titles, agencies and headings are few. */
static bool report_fits(oracle *o, const asked_field *f, const corpus_report *r, const bool *pool)
{
    uint32_t year = r->year + (o->sabotage == SABOTAGE_FIELD);
    switch (f->kind) {
    case FIELD_TITLE:
        return pool[r->title];
    case FIELD_AGENCY:
        return pool[r->agency];
    case FIELD_PATH:
        return text_holds(o, r->path, f->value);
    case FIELD_ID:
        return strcmp(r->id, f->value) == 0;
    case FIELD_YEAR:
        return r->year != 0 && year >= f->year_from && year <= f->year_to;
    default:
        return date_fits(f, r->date);
    }
}

static void evaluate_field(oracle *o, size_t number)
{
    const asked_field *f = &o->a->field[number];
    bool pool[TITLES + AGENCIES + HEADING_PATHS] = {false}, *fits = many(o->c->n, sizeof *fits);
    o->fits[number] = fits;
    for (size_t i = 0; i < TITLES && f->kind == FIELD_TITLE; i++)
        pool[i] = text_holds(o, corpus_titles[i], f->value);
    for (size_t i = 0; i < AGENCIES && f->kind == FIELD_AGENCY; i++)
        pool[i] = text_holds(o, corpus_agencies[i], f->value);
    for (size_t i = 0; i < HEADING_PATHS && f->kind == FIELD_SECTION; i++)
        for (size_t k = 0; k < HEADINGS_MAX; k++)
            pool[i] = pool[i] || text_holds(o, corpus_headings[i][k], f->value);
    for (size_t i = 0; i < o->c->n; i++) {
        const corpus_passage *p = &o->c->p[i];
        if (f->kind == FIELD_SECTION)
            fits[i] = pool[p->headings];
        else
            fits[i] = i > 0 && p[-1].report == p->report ? fits[i - 1] : report_fits(o, f, &o->c->r[p->report], pool);
    }
}

/* ---- what satisfies the query ---- */

static bool satisfies(const oracle *o, size_t number, size_t doc)
{
    const part *p = &o->a->part[number];
    switch (p->kind) {
    case PART_PHRASE:
        return o->phrase[p->leaf].count[doc] > 0;
    case PART_FIELD:
        return o->fits[p->leaf][doc];
    case PART_NOT:
        return !satisfies(o, p->operand[0], doc);
    default:
        for (size_t i = 0; i < p->n; i++)
            if (satisfies(o, p->operand[i], doc) == (p->kind == PART_OR))
                return p->kind == PART_OR;
        return p->kind == PART_AND;
    }
}

void oracle_ask(oracle *o, const asked *a)
{
    forget_query(o);
    o->a = a;
    if (oracle_refuses(o))
        return;
    o->n_phrases = a->n_phrases;
    o->n_fields = a->n_fields;
    for (size_t i = 0; i < a->n_phrases; i++) {
        read_phrase *p = &o->phrase[i];
        read_units(o, p, &a->phrase[i]);
        p->bonus = 0;
        p->repeated = false;
        for (size_t k = 0; k < i; k++)
            p->repeated = p->repeated || same_phrase(o, i, k);
        find_phrase(o, p);
    }
    o->kind = kind_of(o);
    make_tokens(o);
    score_everything(o);
    for (size_t i = 0; i < a->n_fields; i++)
        evaluate_field(o, i);
    for (size_t i = 0; i < o->c->n; i++)
        o->match[i] = satisfies(o, a->root, i);
}

bool oracle_refuses(const oracle *o)
{
    return o->a->root == SIZE_MAX;
}

xj_query_kind oracle_kind(const oracle *o)
{
    return o->kind;
}

/* ---- answers ---- */

/* Occurrences of the positive phrases in a passage, equal ones once; *all = each of them occurs. */
static uint64_t occurrences_in(const oracle *o, size_t doc, bool *all)
{
    uint64_t n = 0;
    *all = true;
    for (size_t i = 0; i < o->a->n_phrases; i++) {
        if (!o->a->phrase[i].positive || (o->phrase[i].repeated && o->sabotage != SABOTAGE_OCCURRENCES))
            continue;
        n += o->phrase[i].count[doc];
        *all = *all && o->phrase[i].count[doc] > 0;
    }
    *all = *all || o->sabotage == SABOTAGE_TIER;
    return n;
}

/*
 * Which passages a search is about. What is said of counting stands here alone: a bag is listed with every passage that holds
 * any of it, and counted by those that hold a word of it in full, unless it is free text.
 */
static const bool *passages_wanted(const oracle *o, const xj_search_options *options)
{
    bool by_token = o->kind == XJ_QUERY_BAG && (options->want != XJ_WANT_COUNT || (o->a->flags & XJ_QUERY_ANY));
    return by_token ? o->held : o->match;
}

static bool better(const ranked *a, const ranked *b)
{
    if (a->tier != b->tier)
        return a->tier < b->tier;
    return a->score != b->score ? a->score > b->score : a->place < b->place;
}

static int by_rank(const void *a, const void *b)
{
    return better(a, b) ? -1 : better(b, a);
}

/* Bring the best k of a, sorted, to its beginning: places are distinct, so the order is total. */
static void sort_best(ranked *a, size_t n, size_t k)
{
    size_t from = 0, to = n;
    while (k < n && to > k && to - from > 32) { /* Hoare's selection: the best `from` stand before it, the others behind `to` */
        ranked pivot = a[from + (to - from) / 2];
        size_t i = from, j = to - 1;
        for (;;) {
            while (better(&a[i], &pivot))
                i++;
            while (better(&pivot, &a[j]))
                j--;
            if (i >= j)
                break;
            ranked t = a[i];
            a[i++] = a[j];
            a[j--] = t;
        }
        if (k <= i)
            to = i;
        else
            from = i;
    }
    qsort(a, to, sizeof *a, by_rank);
}

static bool report_has_match(const oracle *o, size_t doc)
{
    uint32_t report = o->c->p[doc].report;
    size_t first = doc;
    while (first > 0 && o->c->p[first - 1].report == report)
        first--;
    for (; first < o->c->n && o->c->p[first].report == report; first++)
        if (o->match[first])
            return true;
    return false;
}

/* Put a passage that was found into the ranking, or its report. */
static void rank_passage(oracle *o, ranked *out, size_t *n, bool reports, size_t doc, uint64_t occurrences, xj_tier tier)
{
    uint32_t report = o->c->p[doc].report;
    if (!reports) {
        out[(*n)++] = (ranked){o->score[doc], o->place[doc], (uint32_t)doc, tier};
        return;
    }
    if (*n == 0 || out[*n - 1].item != report) {
        out[(*n)++] = (ranked){o->score[doc], o->report_place[report], report, tier};
        o->report_passages[report] = o->report_occurrences[report] = 0;
    }
    if (o->score[doc] > out[*n - 1].score)
        out[*n - 1].score = o->score[doc];
    out[*n - 1].tier = XJ_TIER_EXACT; /* reports are ranked by score alone */
    o->report_passages[report]++;
    o->report_occurrences[report] += occurrences;
}

/* Passages that satisfy the query, and their totals. */
static size_t rank_found(oracle *o, const xj_search_options *options, xj_totals *t)
{
    const bool *wanted = passages_wanted(o, options);
    uint32_t last = UINT32_MAX;
    size_t n = 0;
    for (size_t i = 0; i < o->c->n; i++) {
        bool all;
        if (!wanted[i])
            continue;
        uint64_t occurrences = occurrences_in(o, i, &all);
        t->occurrences += occurrences;
        t->passages++;
        t->reports += o->c->p[i].report != last;
        last = o->c->p[i].report;
        rank_passage(o, o->rank[0], &n, options->want == XJ_WANT_REPORTS, i, occurrences, XJ_TIER_EXACT);
    }
    return n;
}

/* Passages that hold some of a phrase without being found: what relaxing adds. */
static size_t rank_more(oracle *o, const xj_search_options *options, xj_totals *t)
{
    bool reports = options->relax && options->want == XJ_WANT_REPORTS;
    size_t n = 0;
    if (o->kind != XJ_QUERY_PHRASE || !(options->relax || options->count_more))
        return 0;
    for (size_t i = 0; i < o->c->n; i++) {
        if (!o->held[i] || (o->match[i] && o->sabotage != SABOTAGE_MORE) || (reports && report_has_match(o, i)))
            continue;
        t->more++;
        rank_passage(o, o->rank[1], &n, reports, i, 0, XJ_TIER_EXACT);
    }
    return options->relax ? n : 0;
}

/* Whether some NEAR_WITHIN neighbouring units of the passage hold every character and word of the phrase. */
static bool is_near(const oracle *o, size_t doc)
{
    const read_phrase *p = &o->phrase[0];
    const uint32_t *unit = o->layer[FOLDED].unit;
    for (size_t i = o->first[doc]; i < o->end[doc]; i++) {
        size_t to = o->end[doc] - i < NEAR_WITHIN ? o->end[doc] : i + NEAR_WITHIN, k = 0;
        for (bool found = true; found && k < p->n; k += found) {
            found = is_break(p->folded[k]);
            for (size_t j = i; j < to && !found; j++)
                found = unit[j] == p->folded[k];
        }
        if (k == p->n)
            return true;
    }
    return false;
}

/* Tiers of what relaxing adds: near ones are looked for among the best only. */
static void sort_more(oracle *o, size_t n, size_t k)
{
    k = k < NEAR_AMONG ? NEAR_AMONG : k;
    k = k < n ? k : n;
    sort_best(o->rank[1], n, k);
    for (size_t i = 0; i < k; i++)
        o->rank[1][i].tier = i < NEAR_AMONG && is_near(o, o->rank[1][i].item) ? XJ_TIER_NEAR : XJ_TIER_PARTIAL;
    sort_best(o->rank[1], k, k);
}

static void put_hit(oracle *o, size_t n, const ranked *r, bool reports, bool found)
{
    expected_hit *h = &o->hit[n];
    bool all;
    *h = (expected_hit){.score = r->score, .item = r->item, .tier = r->tier};
    if (reports) {
        h->passages = o->report_passages[r->item];
        h->occurrences = o->report_occurrences[r->item];
    } else if (found && o->kind == XJ_QUERY_BAG) {
        occurrences_in(o, r->item, &all);
        h->tier = all ? XJ_TIER_EXACT : XJ_TIER_PARTIAL;
    }
}

/*
 * What xj/search.h promises of totals, here and in passages_wanted alone. Those that were not asked for are 0; that further
 * passages exist is counted whenever relaxing or counting them is asked for. Of XJ_WANT_ANY it is known only whether there is one.
 */
static void keep_promised(expected_totals *e, const xj_search_options *options)
{
    xj_totals *t = &e->totals;
    e->any_only = options->want == XJ_WANT_ANY;
    if (e->any_only)
        return;
    if (options->relax && !(options->totals & XJ_TOTAL_PASSAGES))
        t->more = 0;
    t->passages = options->totals & XJ_TOTAL_PASSAGES ? t->passages : 0;
    t->occurrences = options->totals & XJ_TOTAL_OCCURRENCES ? t->occurrences : 0;
    t->reports = options->totals & XJ_TOTAL_REPORTS ? t->reports : 0;
}

void oracle_answer(oracle *o, const xj_search_options *options, expected *out)
{
    bool lists = options->want == XJ_WANT_HITS || options->want == XJ_WANT_REPORTS, reports = options->want == XJ_WANT_REPORTS;
    memset(out, 0, sizeof *out);
    size_t n_found = rank_found(o, options, &out->totals.totals), n_more = rank_more(o, options, &out->totals.totals);
    out->n_found = out->totals.totals.passages;
    keep_promised(&out->totals, options);
    if (!lists)
        return;
    size_t n = n_found + n_more, from = options->offset < n ? options->offset : n;
    size_t to = options->limit < n - from ? from + options->limit : n;
    sort_best(o->rank[0], n_found, to < n_found ? to : n_found);
    if (to > n_found && reports)
        sort_best(o->rank[1], n_more, to - n_found);
    else if (to > n_found)
        sort_more(o, n_more, to - n_found);
    o->hit = more(o->hit, to - from, &o->hit_cap, sizeof *o->hit);
    for (size_t i = from; i < to; i++)
        put_hit(o, i - from, i < n_found ? &o->rank[0][i] : &o->rank[1][i - n_found], reports, i < n_found);
    out->hit = o->hit;
    out->n = to - from;
}

/* ---- explanations ---- */

static uint32_t tf_in(const list *l, uint32_t doc)
{
    for (size_t i = 0; i < l->n && l->doc[i] <= doc; i++)
        if (l->doc[i] == doc)
            return l->tf[i];
    return 0;
}

/* Copy what fits of a text into a term's name, in whole code points. */
static void name_it(char *name, const char *prefix, const char *s, size_t n)
{
    size_t room = sizeof((xj_explain_row *)0)->term - 1 - strlen(prefix);
    while (n > room) /* give up one code point more */
        do
            n--;
        while (n > 0 && ((uint8_t)s[n] & 0xC0) == 0x80);
    sprintf(name, "%s%.*s", prefix, (int)n, s);
}

static void name_token(const oracle *o, const token *t, char *name)
{
    char text[16] = "";
    if (t->layer == TERMS) {
        const struct name *of = &o->names.name[t->first & ((1u << KIND_SHIFT) - 1)];
        const char *s = o->names.bytes + of->at;
        name_it(name, s[0] == STEM ? "stem " : "", s + 1, of->n - 1);
        return;
    }
    size_t n = xj_utf8_encode((uint8_t *)text, t->first & ((1u << KIND_SHIFT) - 1));
    if (t->second)
        n += xj_utf8_encode((uint8_t *)text + n, t->second & ((1u << KIND_SHIFT) - 1));
    name_it(name, "", text, n);
}

static void name_phrase(const asked_phrase *p, char *name)
{
    char text[4 * PHRASE_CP_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += xj_utf8_encode((uint8_t *)text + n, p->cp[i]);
    name_it(name, "phrase ", text, n);
}

size_t oracle_explain(oracle *o, uint32_t doc, xj_explain_row *row, size_t cap)
{
    size_t n = 0;
    for (size_t i = 0; i < o->n_tokens; i++) {
        const token *t = &o->token[i];
        uint32_t tf = tf_in(&t->list, doc);
        if (tf == 0 || n++ >= cap)
            continue;
        row[n - 1] = (xj_explain_row){.df = t->list.n,
                                      .tf = tf + (o->sabotage == SABOTAGE_EXPLAIN),
                                      .length = o->length[doc],
                                      .average = o->average,
                                      .idf = t->idf,
                                      .weight = t->weight,
                                      .contribution = part_of(o, t, tf, doc)};
        name_token(o, t, row[n - 1].term);
    }
    for (size_t i = 0; i < o->a->n_phrases; i++) {
        const read_phrase *p = &o->phrase[i];
        if (!(p->bonus > 0 && p->count[doc] > 0) || n++ >= cap)
            continue;
        row[n - 1] = (xj_explain_row){.is_phrase = true, .idf = p->bonus, .weight = 1.0, .contribution = p->bonus};
        name_phrase(&o->a->phrase[i], row[n - 1].term);
    }
    return n;
}
