/*
 * Text whose GBK bytes were read one byte late: every character of a run is the second byte of one character and the
 * first byte of the next. A run is looked at where there is a sign of damage; it is read again at the other byte, and
 * the two readings are compared as to how probable they are in this report (repair_model.c). What is clearly better is
 * put in its place. At both ends of a run one byte of a character is left; it is completed only where the
 * report itself leaves exactly one choice. docs/REPAIR.md explains the thresholds.
 *
 * Order of work: a cheap scan for signs; runs around them, judged by the prior alone; only when one of them may be
 * damaged the report is counted, without these runs, and they are judged again.
 */
#include "repair_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/ranges.h"

/* Natural logarithms of likelihood ratios. Measured on undamaged and on damaged text, docs/REPAIR.md. */
#define CERTAIN 16.0         /* the other reading is right */
#define CERTAIN_NO_SIGN 24.0 /* the same where no sign stands at either end */
#define CERTAIN_CHAIN 20.0   /* a chain of runs across lost characters is, all together ... */
#define CERTAIN_NEXT_TO 4.0  /* ... if each of them gives as much */
#define DOUBTFUL 9.0         /* worth telling, not worth acting */
#define DOUBTFUL_NO_SIGN 16.0
#define WORTH_COUNTING -6.0 /* by the prior alone: worth counting the report for */
#define CLEAR 6.0           /* a longer slipped part must beat a shorter one by this much */

/* What a start or an end costs: beside a sign, at the edge of a run, anywhere else. */
#define START_AT_SIGN 1.0
#define START_AT_EDGE 4.0
#define START_INSIDE 10.0
#define END_AT_SIGN 1.0
#define END_AT_EDGE 4.0
#define END_INSIDE 10.0

#define HALF_TRAIL 4.5 /* the byte left of the character before: one of about 90 */
#define HALF_LEAD 3.9  /* the byte left of the character after: one of about 50 */

/* Where bytes that make no character were dropped, the two bytes of a restored character may belong to two characters.
 * Such a false one is made of two first bytes, which gives any of 1,600 characters, or of a first byte and an ASCII
 * character, which gives any of 7,800. */
#define DROPPED 0.12
#define DROPPED_LEAST 0.02 /* for symbols: what was not dropped may have been changed */
#define FALSE_CHOICES 1600
#define FALSE_CHOICES_ASCII 7800
#define TRUE_SURE 20.0  /* so much more likely true than false: restored */
#define TRUE_LIKELY 1.0 /* so much more likely: a conjecture; less: lost */

#define STRONG 24.0 /* likelihood ratio of one neighbour alone that completes a half character */

enum {
    RUN_MIN = 2,     /* characters in a run */
    SHIFTED_MIN = 2, /* restored characters in a slipped part that is judged alone */
    SHIFTED_MIN_NO_SIGN = 4,
    DROPPED_TRAILS = 8, /* one second byte in so many makes no character with the next first byte */
    GAP_MAX = 4,        /* code points between the runs of a chain */
    PAIRS_MAX = 1024,
    LOST = 0xFFFD
};

/* A run of characters of two bytes, as far as they stand together. */
typedef struct run {
    uint32_t b, e;    /* code points */
    uint32_t at, end; /* the slipped part */
    bool sign_left;   /* a sign of damage stands at b - 1 */
    bool sign_right;  /* a sign of damage stands at e */
    bool orphan_left; /* what stands at b - 1 is left of pinyin whose character is damaged */
    const xji_gloss *orphan_right; /* such pinyin after the sign at e, or NULL */
    bool swallows;                 /* the last byte goes together with the ASCII character at e */
    bool suspicious;               /* by the prior alone */
    bool slipped;
    bool start_done; /* the character whose second byte begins it has been seen to */
    double gain;
} run;

/* One character to write. */
typedef struct restored {
    uint32_t cp, beg, end;
    uint8_t mark;
} restored;

typedef struct edit {
    uint32_t b, e;       /* code points replaced */
    size_t first, n_out; /* by out[first .. first + n_out) */
} edit;

/* A character and a reading it was seen with. */
typedef struct reading {
    xji_syllable syllable;
    uint32_t han;
} reading;

typedef struct slip {
    const xji_text *t;
    xji_gbk gbk;
    xji_model model;
    xji_glosses glosses;
    run *runs;
    size_t n_runs, cap_runs;
    edit *edits;
    size_t n_edits, cap_edits;
    restored *out;
    size_t n_out, cap_out;
    double dropped;    /* share of the pairs of bytes of slipped parts that left no trace */
    reading *readings; /* sorted, no two alike; NULL = not made yet */
    size_t n_readings;
} slip;

static xj_status grow(void **p, size_t *cap, size_t n, size_t size, xj_error *err)
{
    if (n < *cap)
        return XJ_OK;
    size_t more = *cap ? *cap * 2 : 64;
    void *q = realloc(*p, more * size);
    if (!q)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu places of damage", more);
    *p = q;
    *cap = more;
    return XJ_OK;
}

/* Signs and rarities. */

/* First the signs, then characters that a slipped reading is full of and reports are not: Greek, Cyrillic, Roman numerals,
 * enclosed numbers and box drawing, kana and Bopomofo, private use. Where a text does use them, its own counts say so. */
static const xj_range triggers[] = {{'?', '?'},       {LOST, LOST},     {0x370, 0x52F},  {0x2160, 0x217F},
                                    {0x2460, 0x257F}, {0x3041, 0x312F}, {0xE000, 0xF8FF}};

enum { N_SIGNS = 2, N_TRIGGERS = sizeof triggers / sizeof *triggers };

static bool is_sign(uint32_t cp)
{
    return xj_ranges_hold(triggers, N_SIGNS, cp);
}

static bool is_private(uint32_t cp)
{
    return cp - 0xE000 < 0x1900;
}

/* First sign or rarity in [i, n), or n. */
static size_t next_trigger(const uint32_t *cp, size_t i, size_t n)
{
    return xj_ranges_find(cp, i, n, triggers, N_TRIGGERS, true);
}

/* Runs. */

static unsigned code_at(slip *s, size_t i)
{
    return s->t->mark[i] == XJI_MARK_READ ? xji_gbk_code(&s->gbk, s->t->cp[i]) : 0;
}

/* The gloss that ends at code point i, or begins at i; NULL = none. */
static const xji_gloss *gloss_at(const xji_glosses *g, size_t i, bool ends)
{
    size_t lo = 0, hi = g->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        size_t at = ends ? g->gloss[mid].e : g->gloss[mid].b;
        if (at == i)
            return &g->gloss[mid];
        if (at < i)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static const xji_gloss *orphan_at(const xji_glosses *g, size_t i, bool ends)
{
    const xji_gloss *x = gloss_at(g, i, ends);
    return x && x->kind == XJI_GLOSS_ORPHAN ? x : NULL;
}

/* Add the run that holds code point i, unless it is too short or the last one. */
static xj_status add_run(slip *s, size_t i, xj_error *err)
{
    const xji_text *t = s->t;
    if (s->n_runs && i < s->runs[s->n_runs - 1].e)
        return XJ_OK;
    size_t b = i, e = i;
    size_t floor = s->n_runs ? s->runs[s->n_runs - 1].e : 0;
    while (b > floor && code_at(s, b - 1))
        b--;
    while (e < t->n && code_at(s, e))
        e++;
    run r = {.b = (uint32_t)b, .e = (uint32_t)e};
    r.sign_left = b > 0 && is_sign(t->cp[b - 1]);
    r.sign_right = e < t->n && is_sign(t->cp[e]);
    r.orphan_left = orphan_at(&s->glosses, b, true) != NULL;
    r.orphan_right = r.sign_right ? orphan_at(&s->glosses, e + 1, false) : NULL;
    if (e > b && e < t->n && t->cp[e] >= 0x40 && t->cp[e] < 0x7F) {
        unsigned code = (code_at(s, e - 1) & 0xFF) << 8 | t->cp[e];
        r.swallows = xji_is_han(xji_gbk_char(&s->gbk, code));
    }
    if (e - b + r.swallows < RUN_MIN)
        return XJ_OK;
    xj_status st = grow((void **)&s->runs, &s->cap_runs, s->n_runs, sizeof *s->runs, err);
    if (st == XJ_OK)
        s->runs[s->n_runs++] = r;
    return st;
}

/* Runs around signs and rarities, in text order. */
static xj_status find_runs(slip *s, size_t trigger, xj_error *err)
{
    const xji_text *t = s->t;
    xj_status st = XJ_OK;
    for (size_t i = trigger; i < t->n && st == XJ_OK; i = next_trigger(t->cp, i + 1, t->n)) {
        if (!is_sign(t->cp[i])) {
            bool amid_han =
                (i > 0 && xji_is_han(t->cp[i - 1])) || (i + 1 < t->n && xji_is_han(t->cp[i + 1]));
            if (amid_han)
                st = add_run(s, i, err);
            continue;
        }
        if (i > 0 && code_at(s, i - 1))
            st = add_run(s, i - 1, err);
        const xji_gloss *orphan = orphan_at(&s->glosses, i + 1, false);
        size_t after = orphan ? orphan->e : i + 1;
        if (st == XJ_OK && after < t->n && code_at(s, after))
            st = add_run(s, after, err);
    }
    return st;
}

/* Judging. */

/* Code of the shifted character that begins with the second byte of code point i of run r; 0 = none. */
static unsigned shifted_code(slip *s, const run *r, size_t i)
{
    unsigned lead = code_at(s, i) & 0xFF;
    if (lead < 0x81 || (i + 1 == r->e && !r->swallows))
        return 0;
    return lead << 8 | (i + 1 < r->e ? code_at(s, i + 1) >> 8 : s->t->cp[i + 1]);
}

/* Character of such a code, 0 = none: a private one is no reading. */
static uint32_t shifted_char(slip *s, unsigned code)
{
    uint32_t c = xji_gbk_char(&s->gbk, code);
    return is_private(c) ? 0 : c;
}

/* Whether the second byte of code point i is an ASCII character of its own: reading late ends there by itself. */
static bool ends_itself(slip *s, size_t i)
{
    return (code_at(s, i) & 0xFF) < 0x80;
}

/* Code points of r that give a restored character each. */
static size_t n_shifted(const run *r)
{
    return r->end - r->at - 1;
}

static double log_p(const xji_model *m, uint32_t before, uint32_t cp, unsigned code)
{
    if (cp == 0)
        return -16; /* no character at all */
    return log(before ? xji_model_p_after(m, before, cp, code) : xji_model_p(m, cp, code));
}

/* What it costs that the slipped part of r begins at code point i. */
static double start_cost(const run *r, size_t i)
{
    if (i > r->b)
        return HALF_TRAIL + START_INSIDE;
    return HALF_TRAIL + (r->sign_left || r->orphan_left ? START_AT_SIGN : START_AT_EDGE);
}

/* The same for its last code point i. */
static double end_cost(slip *s, const run *r, size_t i)
{
    if (ends_itself(s, i))
        return END_AT_EDGE;
    if (i + 1 < r->e)
        return HALF_LEAD + END_INSIDE;
    return HALF_LEAD + (r->sign_right ? END_AT_SIGN : END_AT_EDGE);
}

/* Find the slipped part of r and what is gained by it: the best of all stretches, by one pass from the end of the run
 * to its beginning. A longer stretch must be clearly better than a shorter one, so that nothing uncertain is touched. */
static void judge(slip *s, run *r)
{
    const xji_model *m = &s->model;
    const xji_text *t = s->t;
    /* Shifted reading minus the one that stands, from code point i + 1 to the best end after it. */
    double after = 0;
    uint32_t after_end = 0;
    r->gain = -INFINITY;
    r->at = r->end = r->e;
    for (size_t i = r->e; i-- > r->b;) {
        unsigned code = shifted_code(s, r, i);
        uint32_t here = shifted_char(s, code);
        double stands = log_p(m, i > r->b ? t->cp[i - 1] : 0, t->cp[i], code_at(s, i));
        double rest = -end_cost(s, r, i), first = rest;
        uint32_t end = (uint32_t)i + 1;
        if (code && i + 1 == r->e) { /* the last byte takes the ASCII character after the run */
            after = -log_p(m, t->cp[i], t->cp[i + 1], 0);
            after_end = r->e + 1;
        }
        if (code) {
            uint32_t previous = i > r->b ? shifted_char(s, shifted_code(s, r, i - 1)) : 0;
            double on = after + log_p(m, previous, here, code);
            if (on > rest + CLEAR) {
                rest = on;
                first = after + log_p(m, 0, here, code);
                end = after_end;
            }
        }
        double gain = first - stands - start_cost(r, i);
        if (gain > r->gain + CLEAR) {
            r->gain = gain;
            r->at = (uint32_t)i;
            r->end = end;
        }
        after = rest - stands;
        after_end = end;
    }
    if (n_shifted(r) == 0)
        r->gain = -INFINITY; /* two half characters and nothing between: not to be judged */
}

/* Whether a sign of damage stands at either end of the slipped part of r. */
static bool has_sign(const run *r)
{
    return (r->at == r->b && (r->sign_left || r->orphan_left)) || (r->end == r->e && r->sign_right);
}

static bool is_certain(const run *r)
{
    return has_sign(r) ? r->gain > CERTAIN && n_shifted(r) >= SHIFTED_MIN
                       : r->gain > CERTAIN_NO_SIGN && n_shifted(r) >= SHIFTED_MIN_NO_SIGN;
}

/* Whether r is worth a word though not certain. */
static bool is_doubtful(const run *r)
{
    return r->suspicious && !r->slipped && n_shifted(r) >= SHIFTED_MIN &&
           r->gain > (has_sign(r) ? DOUBTFUL : DOUBTFUL_NO_SIGN);
}

/* Count the report without the suspicious runs and, where it is injected, without pinyin. */
static xj_status count_report(slip *s, xj_error *err)
{
    const xji_text *t = s->t;
    size_t r = 0, g = 0;
    uint32_t before = 0;
    for (size_t i = 0; i < t->n;) {
        while (r < s->n_runs && (s->runs[r].end <= i || !s->runs[r].suspicious))
            r++;
        while (g < s->glosses.n && s->glosses.gloss[g].b < i)
            g++;
        if (r < s->n_runs && i >= s->runs[r].at) {
            i = s->runs[r].end;
            before = 0;
        } else if (s->glosses.injected && g < s->glosses.n && s->glosses.gloss[g].b == i) {
            i = s->glosses.gloss[g].e;
        } else if (is_sign(t->cp[i]) || t->cp[i] == '\n' || t->cp[i] == 0) {
            before = 0;
            i++;
        } else {
            xj_status st = xji_model_count(&s->model, before, t->cp[i], err);
            if (st != XJ_OK)
                return st;
            before = t->cp[i++];
        }
    }
    return XJ_OK;
}

/* Whether the slipped parts of two runs have nothing but one sign between them. */
static bool is_split_by_sign(const run *a, const run *b)
{
    return a->sign_right && a->end == a->e && a->e + 1 == b->b && b->at == b->b;
}

/* Whether both runs are slipped from end to end, if at all, and stand together across a few lost characters. */
static bool is_chained(const run *a, const run *b)
{
    return a->sign_right && a->end == a->e && b->sign_left && b->at == b->b &&
           b->b - a->e <= GAP_MAX;
}

/* Runs that are too short to be certain alone are so together, when they stand in a chain across lost characters. */
static void accept_chains(slip *s)
{
    for (size_t i = 0, e; i < s->n_runs; i = e) {
        const run *r = s->runs;
        double gain = r[i].gain;
        size_t n = n_shifted(&r[i]);
        bool good = gain > CERTAIN_NEXT_TO;
        for (e = i + 1;
             good && e < s->n_runs && r[e].gain > CERTAIN_NEXT_TO && is_chained(&r[e - 1], &r[e]);
             e++) {
            gain += r[e].gain;
            n += n_shifted(&r[e]);
        }
        if (e > i + 1 && gain > CERTAIN_CHAIN && n >= SHIFTED_MIN)
            for (size_t k = i; k < e; k++)
                s->runs[k].slipped = true;
    }
}

/* How likely it is that two bytes which make no character were dropped without a trace between two characters of a
 * slipped part. Sites that inject pinyin do it. Another reader does not when it left a sign or a private character;
 * where there is none, one pair in eight making no character, it is the likelier the longer the slipped parts are. */
static double find_dropped(const slip *s)
{
    if (s->glosses.injected)
        return DROPPED;
    size_t n = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        const run *r = &s->runs[i];
        if (!r->slipped)
            continue;
        if (has_sign(r))
            return 0;
        n += n_shifted(r);
        for (size_t k = r->at; k < r->end && k < r->e; k++)
            if (is_private(s->t->cp[k]))
                return 0;
    }
    return DROPPED / (1 + pow(1 - DROPPED, (double)n));
}

/* Look for slipped runs. *any says whether one is worth an action or a word. */
static xj_status examine(slip *s, const xji_text *t, bool *any, xj_error *err)
{
    *s = (slip){.t = t, .glosses = XJI_GLOSSES_INIT, .gbk = XJI_GBK_INIT};
    *any = false;
    size_t trigger = next_trigger(t->cp, 0, t->n);
    if (trigger == t->n)
        return XJ_OK;
    xji_model_init(&s->model);
    xj_status st = xji_gbk_open(&s->gbk, err);
    if (st != XJ_OK || !s->gbk.converter)
        return st;
    st = xji_glosses_find(&s->glosses, t, true, err);
    if (st == XJ_OK)
        st = find_runs(s, trigger, err);
    if (st != XJ_OK)
        return st;
    for (size_t i = 0; i < s->n_runs; i++) {
        judge(s, &s->runs[i]);
        s->runs[i].suspicious = s->runs[i].gain > WORTH_COUNTING;
        *any |= s->runs[i].suspicious;
    }
    if (!*any)
        return XJ_OK;
    st = count_report(s, err);
    for (size_t i = 0; i < s->n_runs && st == XJ_OK; i++) {
        run *r = &s->runs[i];
        judge(s, r);
        r->slipped = r->suspicious && is_certain(r);
    }
    accept_chains(s);
    s->dropped = find_dropped(s);
    return st;
}

static void slip_release(slip *s)
{
    xji_gbk_close(&s->gbk);
    xji_model_release(&s->model);
    xji_glosses_release(&s->glosses);
    free(s->runs);
    free(s->edits);
    free(s->out);
    free(s->readings);
}

/* Restoring. */

static xj_status put(slip *s, uint32_t cp, size_t b, size_t e, unsigned mark, xj_error *err)
{
    xj_status st = grow((void **)&s->out, &s->cap_out, s->n_out, sizeof *s->out, err);
    if (st != XJ_OK)
        return st;
    restored *x = &s->out[s->n_out++];
    *x = (restored){.cp = cp, .mark = (uint8_t)mark};
    xji_text_span(s->t, b, e, &x->beg, &x->end);
    return XJ_OK;
}

/* A Han character, and not a Traditional form in a Simplified report. */
static bool is_candidate(const slip *s, uint32_t c)
{
    return xji_is_han(c) && (xj_fold(c) == c || xji_model_traditional(&s->model));
}

/* Of two forms of one character, prefer the one in the script of the report. */
static bool is_likelier_form(const slip *s, uint32_t c)
{
    return xji_model_traditional(&s->model) == (xj_fold(c) != c);
}

/* How much more likely the character that stands beside a neighbour k of its n times is the right one than one that was
 * never seen there: k / n against a share of 1 / (n + 50) of one in fifty with the given byte. */
static bool is_strong(const xji_model *m, uint32_t neighbour, uint32_t k)
{
    double n = xji_model_single(m, neighbour);
    return k >= 2 && k * (n + 50) >= STRONG * n;
}

/* Whether pairs seen l and r times on the two sides (0 with no neighbour there) are enough to go by. */
static bool is_enough(const xji_model *m, uint32_t left, uint32_t l, uint32_t right, uint32_t r)
{
    bool strong = (left && is_strong(m, left, l)) || (right && is_strong(m, right, r));
    return left && right ? l && r && (strong || (l > 1 && r > 1)) : strong;
}

/* Of the characters with a given first or second byte, the one that stands between left and right in this report
 * (0 = nothing to go by on that side); 0 = none, more than one, or not seen often enough. */
static uint32_t complete(slip *s, unsigned byte, bool is_lead, uint32_t left, uint32_t right)
{
    uint32_t found = 0, found_l = 0, found_r = 0;
    if (!left && !right)
        return 0;
    for (unsigned other = 0x40; other < 0xFF; other++) {
        uint32_t c = xji_gbk_char(&s->gbk, is_lead ? byte << 8 | other : other << 8 | byte);
        if (!is_candidate(s, c))
            continue;
        uint32_t l = left ? xji_model_pair(&s->model, left, c) : 0;
        uint32_t r = right ? xji_model_pair(&s->model, c, right) : 0;
        if ((left && !l) || (right && !r))
            continue;
        if (found && xj_fold(c) != xj_fold(found))
            return 0;
        if (!found || is_likelier_form(s, c))
            found = c;
        found_l = l;
        found_r = r;
    }
    return found && is_enough(&s->model, left, found_l, right, found_r) ? found : 0;
}

/* The character with the given first byte before known, the two bytes between having been dropped: so they
 * make no character, which leaves one in ten. 0 = none, more than one, or not seen often enough. */
static uint32_t complete_dropped(slip *s, unsigned lead, uint32_t known)
{
    unsigned known_lead = xji_gbk_code(&s->gbk, known) >> 8;
    uint32_t found = 0, seen = 0;
    for (unsigned trail = 0x40; trail < 0xFF; trail++) {
        uint32_t c = xji_gbk_char(&s->gbk, lead << 8 | trail);
        uint32_t between = xji_gbk_char(&s->gbk, trail << 8 | known_lead);
        if (!is_candidate(s, c) || (between && !is_private(between)))
            continue;
        uint32_t n = xji_model_pair(&s->model, c, known);
        if (!n)
            continue;
        if (found && xj_fold(c) != xj_fold(found))
            return 0;
        if (!found || is_likelier_form(s, c))
            found = c;
        seen = n;
    }
    return found && is_strong(&s->model, known, seen * DROPPED_TRAILS) ? found : 0;
}

static int by_reading(const void *a, const void *b)
{
    const reading *x = a, *y = b;
    int order = memcmp(x->syllable.letters, y->syllable.letters, XJI_SYLLABLE_SIZE);
    if (order == 0)
        order = x->syllable.tone - y->syllable.tone;
    return order ? order : (x->han > y->han) - (x->han < y->han);
}

/* The characters of this report with the readings they were seen with, each once. */
static xj_status list_readings(slip *s, xj_error *err)
{
    s->readings = malloc((s->glosses.n + 1) * sizeof *s->readings);
    if (!s->readings)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu readings", s->glosses.n);
    size_t n = 0;
    for (size_t i = 0; i < s->glosses.n; i++)
        if (s->glosses.gloss[i].kind != XJI_GLOSS_ORPHAN)
            s->readings[n++] = (reading){s->glosses.gloss[i].syllable, s->glosses.gloss[i].han};
    if (n)
        qsort(s->readings, n, sizeof *s->readings, by_reading);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || by_reading(&s->readings[i], &s->readings[i - 1]) != 0)
            s->readings[s->n_readings++] = s->readings[i];
    return XJ_OK;
}

/* First entry of s->readings that is not before key. */
static size_t find_reading(const slip *s, const reading *key)
{
    size_t lo = 0, hi = s->n_readings;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_reading(&s->readings[mid], key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* What stood before orphaned pinyin, from the first byte that is left of it. Either the character of the pinyin: the
 * one with this byte that was seen with this reading. Or, when the two bytes after the first made no
 * character and were dropped, the character before it as well: the one pair of this report whose first has the
 * byte and whose second was seen with this reading. Returns the number of characters, 0 = none or not clear. */
static size_t complete_orphan(slip *s, unsigned lead, const xji_gloss *orphan, uint32_t found[2])
{
    uint32_t own = 0, pair[2] = {0, 0};
    bool many_own = false, many_pairs = false;
    reading key = {orphan->syllable, 0};
    for (size_t i = find_reading(s, &key); i < s->n_readings; i++) {
        key.han = s->readings[i].han;
        if (by_reading(&s->readings[i], &key) != 0)
            break; /* another reading */
        if (xji_gbk_code(&s->gbk, key.han) >> 8 == lead) {
            many_own |= own != 0;
            own = key.han;
        }
        uint32_t c = complete_dropped(s, lead, key.han);
        if (c) {
            many_pairs |= pair[0] != 0;
            pair[0] = c;
            pair[1] = key.han;
        }
    }
    if (own && !many_own) {
        found[0] = own;
        return 1;
    }
    if (own || !pair[0] || many_pairs)
        return 0;
    memcpy(found, pair, sizeof pair);
    return 2;
}

/* Add to list the Han characters with the given byte that stand beside neighbour in this report. */
static size_t list_beside(slip *s, unsigned byte, bool is_lead, uint32_t neighbour,
                          uint32_t list[0x100])
{
    size_t n = 0;
    for (unsigned other = 0x40; other < 0xFF; other++) {
        uint32_t c = xji_gbk_char(&s->gbk, is_lead ? byte << 8 | other : other << 8 | byte);
        if (is_candidate(s, c) &&
            (!neighbour || (is_lead ? xji_model_pair(&s->model, neighbour, c)
                                    : xji_model_pair(&s->model, c, neighbour))))
            list[n++] = c;
    }
    return n;
}

/* Two characters of which a first and a second byte are left: the one pair that stands in this report between left
 * and right (0 = nothing to go by on that side). */
static bool complete_both(slip *s, unsigned lead, unsigned trail, uint32_t left, uint32_t right,
                          uint32_t pair[2])
{
    uint32_t first[0x100], second[0x100];
    if (!left && !right)
        return false;
    size_t n_first = list_beside(s, lead, true, left, first);
    size_t n_second = list_beside(s, trail, false, right, second);
    if (n_first * n_second > PAIRS_MAX)
        return false; /* never one choice only */
    bool found = false;
    uint32_t often = 0;
    for (size_t i = 0; i < n_first; i++)
        for (size_t j = 0; j < n_second; j++) {
            uint32_t m = xji_model_pair(&s->model, first[i], second[j]);
            if (!m)
                continue;
            if (found)
                return false;
            often = m;
            pair[0] = first[i];
            pair[1] = second[j];
            found = true;
        }
    if (!found || often < (left && right ? 2 : 3))
        return false;
    return (left && right) || (left ? xji_model_pair(&s->model, left, pair[0])
                                    : xji_model_pair(&s->model, pair[1], right)) > 1;
}

static uint32_t han_or_none(uint32_t cp)
{
    return xji_is_han(cp) ? cp : 0;
}

/* The character before code point i in the reading without pinyin; 0 = no Han there. */
static uint32_t before(const slip *s, size_t i)
{
    for (const xji_gloss *g; s->glosses.injected && (g = gloss_at(&s->glosses, i, true)) != NULL;)
        i = g->b;
    return i > 0 ? han_or_none(s->t->cp[i - 1]) : 0;
}

static void log_conjecture(const slip *s, size_t b, size_t e, const uint32_t *after, size_t n,
                           xji_log *log)
{
    uint32_t beg, end;
    xji_text_span(s->t, b, e, &beg, &end);
    xji_log_add(log, XJI_CHANGE_CONJECTURE, beg, end, s->t->cp + b, e - b, after, n);
}

static void log_damage(const xji_text *t, size_t b, size_t e, xji_log *log)
{
    uint32_t beg, end;
    xji_text_span(t, b, e, &beg, &end);
    xji_log_add(log, XJI_CHANGE_DAMAGE, beg, end, t->cp + b, e - b, t->cp + b, e - b);
}

/* The character whose second byte begins run r. */
static xj_status restore_start(slip *s, const run *r, edit *x, uint32_t right, xji_log *log,
                               xj_error *err)
{
    if (r->start_done)
        return XJ_OK;
    bool sign = r->at == r->b && r->sign_left;
    uint32_t left = 0;
    if (sign)
        left = before(s, r->b - 1);
    else if (r->at > r->b)
        left = han_or_none(s->t->cp[r->at - 1]);
    size_t b = r->at - sign;
    uint32_t c = 0;
    if (!r->orphan_left || r->at > r->b)
        c = complete(s, code_at(s, r->at) >> 8, false, left, han_or_none(right));
    if (!c) {
        if (!r->orphan_left)
            log_damage(s->t, b, r->at + 1, log);
        return XJ_OK;
    }
    log_conjecture(s, b, r->at + 1, &c, 1, log);
    x->b = (uint32_t)b;
    return put(s, c, b, r->at + 1, XJI_MARK_CONJECTURE, err);
}

/* The two characters that lost a byte each to the sign between run r and the slipped run next. */
static xj_status restore_between(slip *s, const run *r, run *next, edit *x, uint32_t left,
                                 xji_log *log, xj_error *err)
{
    uint32_t pair[2];
    uint32_t right = shifted_char(s, shifted_code(s, next, next->b));
    next->start_done = true;
    if (!complete_both(s, code_at(s, r->e - 1) & 0xFF, code_at(s, next->b) >> 8, han_or_none(left),
                       han_or_none(right), pair)) {
        log_damage(s->t, r->e - 1, next->b + 1, log);
        return XJ_OK;
    }
    log_conjecture(s, r->e - 1, next->b + 1, pair, 2, log);
    x->e = next->b;
    xj_status st = put(s, pair[0], r->e - 1, next->b, XJI_MARK_CONJECTURE, err);
    return st == XJ_OK ? put(s, pair[1], r->e, next->b + 1, XJI_MARK_CONJECTURE, err) : st;
}

/* What stood before orphaned pinyin after run r. */
static xj_status restore_orphan(slip *s, const run *r, edit *x, xji_log *log, xj_error *err)
{
    xj_status st = s->readings ? XJ_OK : list_readings(s, err);
    if (st != XJ_OK)
        return st;
    uint32_t found[2];
    size_t n = complete_orphan(s, code_at(s, r->e - 1) & 0xFF, r->orphan_right, found);
    if (n == 0)
        return XJ_OK; /* what is left of the pinyin is logged with the pinyin */
    x->e = r->orphan_right->e;
    log_conjecture(s, r->e - 1, x->e, found, n, log);
    st = put(s, found[0], r->e - 1, n == 1 ? x->e : r->e + 1, XJI_MARK_CONJECTURE, err);
    return st == XJ_OK && n == 2 ? put(s, found[1], r->e, x->e, XJI_MARK_CONJECTURE, err) : st;
}

/* What the last byte of the slipped part of r is part of; left is the character before it. */
static xj_status restore_end(slip *s, run *r, edit *x, uint32_t left, xji_log *log, xj_error *err)
{
    const xji_text *t = s->t;
    if (r->end > r->e)
        return XJ_OK; /* it went together with an ASCII character */
    size_t last = r->end - 1;
    unsigned lead = code_at(s, last) & 0xFF;
    if (ends_itself(s, last))
        return put(s, lead, last, r->end, XJI_MARK_RESTORED, err);
    run *next = r + 1 < s->runs + s->n_runs ? r + 1 : NULL;
    if (next && next->slipped && is_split_by_sign(r, next))
        return restore_between(s, r, next, x, left, log, err);
    bool at_edge = r->end == r->e;
    if (at_edge && r->orphan_right)
        return restore_orphan(s, r, x, log, err);
    /* What stands after a sign need not follow the half character: a sign may stand for more than its second byte. */
    uint32_t right = at_edge ? 0 : han_or_none(t->cp[r->end]);
    size_t e = r->end + (at_edge && r->sign_right);
    uint32_t c = complete(s, lead, true, han_or_none(left), right);
    if (!c) {
        log_damage(t, last, e, log);
        return XJ_OK;
    }
    log_conjecture(s, last, e, &c, 1, log);
    x->e = (uint32_t)e;
    return put(s, c, last, e, XJI_MARK_CONJECTURE, err);
}

/* How a character of the other reading counts, from how likely it is to be true and how likely to be false. */
static unsigned certainty(const slip *s, uint32_t prev, uint32_t c, unsigned code, uint32_t next,
                          unsigned next_code)
{
    if (s->dropped <= 0 && xji_is_han(c))
        return XJI_MARK_RESTORED;
    double dropped = s->dropped > DROPPED_LEAST ? s->dropped : DROPPED_LEAST;
    const xji_model *m = &s->model;
    double p = prev ? xji_model_p_after(m, prev, c, code) : xji_model_p(m, c, code);
    if (next)
        p *= xji_model_p_after(m, c, next, next_code) / xji_model_p(m, next, next_code);
    double choices = (code & 0xFF) < 0x80 ? FALSE_CHOICES_ASCII : FALSE_CHOICES;
    double ratio = p * (1 - dropped) / dropped * choices;
    return ratio > TRUE_SURE ? XJI_MARK_RESTORED : ratio > TRUE_LIKELY ? XJI_MARK_CONJECTURE : LOST;
}

/* The characters that lie whole in the slipped part of r; *prev = the last of them, 0 = lost. */
static xj_status restore_middle(slip *s, const run *r, uint32_t *prev, xji_log *log, xj_error *err)
{
    xj_status st = XJ_OK;
    *prev = 0;
    for (size_t i = r->at; i + 1 < r->end && st == XJ_OK; i++) {
        unsigned code = shifted_code(s, r, i);
        unsigned next_code = i + 2 < r->end ? shifted_code(s, r, i + 1) : 0;
        uint32_t c = shifted_char(s, code), next = shifted_char(s, next_code);
        unsigned mark = c ? certainty(s, *prev, c, code, next, next_code) : LOST;
        if (mark == LOST) {
            c = LOST;
            mark = XJI_MARK_CONJECTURE;
            log_damage(s->t, i, i + 2, log);
        } else if (mark == XJI_MARK_CONJECTURE) {
            log_conjecture(s, i, i + 2, &c, 1, log);
        }
        st = put(s, c, i, i + 2, mark, err);
        *prev = c == LOST ? 0 : c;
    }
    return st;
}

/* Log that the slipped part of r reads as the characters from out[first] on. */
static void log_slip(const slip *s, const run *r, size_t first, xji_log *log)
{
    uint32_t text[32], beg, end; /* longer than any excerpt */
    size_t n = 0;
    for (size_t i = first; i < s->n_out && n < 32; i++)
        text[n++] = s->out[i].cp;
    xji_text_span(s->t, r->at, r->end, &beg, &end);
    xji_log_add(log, XJI_CHANGE_SLIP, beg, end, s->t->cp + r->at, r->end - r->at, text, n);
}

static xj_status restore_run(slip *s, run *r, xji_log *log, xj_error *err)
{
    xj_status st = grow((void **)&s->edits, &s->cap_edits, s->n_edits, sizeof *s->edits, err);
    if (st != XJ_OK)
        return st;
    edit *x = &s->edits[s->n_edits++];
    *x = (edit){.b = r->at, .e = r->end, .first = s->n_out};
    uint32_t first = shifted_char(s, shifted_code(s, r, r->at)), last = 0;
    st = restore_start(s, r, x, first, log, err);
    size_t middle = s->n_out;
    if (st == XJ_OK)
        st = restore_middle(s, r, &last, log, err);
    if (st == XJ_OK) {
        log_slip(s, r, middle, log);
        st = restore_end(s, r, x, last, log, err);
    }
    x->n_out = s->n_out - x->first;
    return st;
}

/* Put the edits into the text. */
static xj_status apply(xji_text *t, const slip *s, xj_error *err)
{
    xji_text u = XJI_TEXT_INIT;
    xj_status st = xji_text_reserve(&u, t->n + s->n_out, err);
    size_t i = 0;
    for (size_t k = 0; k <= s->n_edits && st == XJ_OK; k++) {
        size_t stop = k < s->n_edits ? s->edits[k].b : t->n;
        for (; i < stop; i++)
            st = xji_text_push(&u, t->cp[i], t->beg[i], t->len[i], t->mark[i], err);
        if (k == s->n_edits)
            break;
        for (size_t j = 0; j < s->edits[k].n_out; j++) {
            const restored *x = &s->out[s->edits[k].first + j];
            st = xji_text_push(&u, x->cp, x->beg, x->end - x->beg, x->mark, err);
        }
        i = s->edits[k].e;
    }
    if (st != XJ_OK) {
        xji_text_release(&u);
        return st;
    }
    xji_text_release(t);
    *t = u;
    return XJ_OK;
}

xj_status xji_slip_step(xji_text *t, bool *changed, bool *damage, xji_log *log, xj_error *err)
{
    slip s;
    *changed = false;
    xj_status st = examine(&s, t, damage, err);
    for (size_t i = 0; i < s.n_runs && st == XJ_OK; i++)
        if (s.runs[i].slipped)
            st = restore_run(&s, &s.runs[i], log, err);
    if (st == XJ_OK && s.n_edits) {
        st = apply(t, &s, err);
        *changed = st == XJ_OK;
    }
    for (size_t i = 0; i < s.glosses.n && !*damage; i++)
        *damage = s.glosses.gloss[i].kind == XJI_GLOSS_ORPHAN;
    slip_release(&s);
    return st;
}

xj_status xji_slip_report(xji_text *t, xji_log *log, xj_error *err)
{
    slip s;
    bool any;
    xj_status st = examine(&s, t, &any, err);
    for (size_t i = 0; i < s.n_runs && st == XJ_OK; i++)
        if (is_doubtful(&s.runs[i]))
            log_damage(t, s.runs[i].at, s.runs[i].end, log);
    for (size_t i = 0; i < s.glosses.n && st == XJ_OK; i++)
        if (s.glosses.gloss[i].kind == XJI_GLOSS_ORPHAN)
            log_damage(t, s.glosses.gloss[i].b - 1, s.glosses.gloss[i].e, log);
    slip_release(&s);
    return st;
}
