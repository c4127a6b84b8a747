/*
 * Passages: the text under one heading, cut at sentence ends into pieces of about the same length.
 *
 * For a text of R characters k = R / TARGET passages are wanted, so the next one should have R / k; of the sentence
 * ends in reach the one is taken that is nearest to that, with a preference for ends of paragraphs and for places
 * where 一是, a list item or an article begins. R and k are computed anew after each cut, so what is left over spreads
 * evenly and no short rest remains. A passage looks at no more than REACH + MAX characters: linear time.
 */
#include "structure_priv.h"

#include "xj/fold.h"

enum {
    WHOLE_MAX = XJI_PASSAGE_MAX + XJI_PASSAGE_MAX / 10, /* not worth two passages */
    REACH = XJI_PASSAGE_MAX + XJI_PASSAGE_MAX * 3 / 10, /* longest passage of whole sentences */
    SHORT = 80,                                         /* shorter ones are avoided */
    CUTS_MAX = REACH + 2,
    RUN_SPACE = 200 /* a long run is cut at white space when there is some in its last characters */
};

typedef struct cut {
    uint32_t at;  /* the passage ends before this */
    uint32_t len; /* its characters, white space not counted */
    int cost;     /* what kind of place it is: small is good */
} cut;

typedef struct cuts {
    cut at[CUTS_MAX];
    size_t n;
} cuts;

typedef struct cutter {
    xji_doc *d;
    xji_structure *out;
    size_t cap; /* of out->passages */
    size_t cap_piece;
    size_t mask; /* first range set aside that ends behind the position */
    cuts ends;   /* sentence ends in reach */
    cuts commas; /* weaker places inside the sentence that is being read */
    xj_error *err;
} cutter;

/* The position itself, or the end of the range set aside that it lies in. *mask moves forward only. */
static uint32_t skip_aside(const xji_doc *d, uint32_t i, size_t *mask)
{
    while (*mask < d->mask.n && d->mask.at[*mask].at.e <= i)
        ++*mask;
    while (*mask < d->mask.n && d->mask.at[*mask].at.b <= i) {
        i = d->mask.at[*mask].at.e;
        ++*mask;
    }
    return i;
}

/* End of the stretch at i, which is not set aside itself, before the next range set aside or e. */
static uint32_t stretch_end(const xji_doc *d, uint32_t e, size_t mask)
{
    return mask < d->mask.n && d->mask.at[mask].at.b < e ? d->mask.at[mask].at.b : e;
}

/* First character in [i, e) that is neither white space nor set aside, or e. */
static uint32_t skip_blank(const xji_doc *d, uint32_t i, uint32_t e, size_t *mask)
{
    while (i < e) {
        uint32_t k = skip_aside(d, i, mask);
        if (k > i) {
            i = k;
            continue;
        }
        if (!xji_scan_is_space(d->cp[i]))
            return i;
        i++;
    }
    return e;
}

/* Whether other characters than white space stand in [b, e). */
static bool has_text(const xji_doc *d, uint32_t b, uint32_t e)
{
    return b < e && xji_row_count(d->rows.space, b, e) < e - b;
}

bool xji_passages_may_lead(uint32_t c)
{
    static const uint32_t leads[] = U"首其—第";
    for (const uint32_t *lead = leads; *lead != 0; lead++)
        if (xj_fold(c) == xj_fold(*lead))
            return true;
    return xji_outline_may_open(c) || xji_scan_is_numeral(c);
}

/* How well a passage may begin at i. */
static int opening_cost(const xji_doc *d, uint32_t i, bool line_start)
{
    if (!xji_scan_is_kind(d, d->cp[i], XJI_KIND_LEAD))
        return 0;
    uint32_t value, words;
    uint32_t e = d->n - i > 64 ? i + 64 : d->n;
    xji_rank rank = xji_outline_rank_at(d, i, e, line_start, &value, &words);
    if (rank == XJI_RANK_ARTICLE)
        return -70;
    if (rank != XJI_RANK_NONE)
        return -50;
    uint32_t end = xji_scan_han_number(d, i, e, &value);
    if (end && end - i <= 2 && xji_scan_one_of(d, end, U"是要为"))
        return -50;
    if (xji_scan_match(d, i, e, U"首先", false) || xji_scan_match(d, i, e, U"其次", false) ||
        xji_scan_match(d, i, e, U"——", false))
        return -30;
    if (xji_scan_is(d, i, 0x7B2C)) { /* 第一, */
        end = xji_scan_han_number(d, i + 1, e, &value);
        if (end && xji_scan_one_of(d, end, U",、"))
            return -50;
    }
    return 0;
}

static void add_cut(cuts *c, uint32_t at, uint32_t len, int cost)
{
    if (len == 0 || len > REACH)
        return;
    if (c->n > 0 && c->at[c->n - 1].len == len) {
        c->at[c->n - 1].at = at;
        c->at[c->n - 1].cost = cost;
    } else if (c->n < CUTS_MAX) {
        c->at[c->n++] = (cut){at, len, cost};
    }
}

/* Price of ending a sentence at a comma; -1 where no cut may fall. */
static int comma_cost(const xji_doc *d, uint32_t i, uint32_t e)
{
    switch (d->cp[i]) {
    case ',':
    case 0xFF0C:
    case ':':
    case 0xFF1A:
        /* 1,300 is one word and 11:30 one time. */
        if (i + 1 < e && xji_scan_digit(d->cp[i + 1]) >= 0)
            return -1;
        return 30;
    case 0x3001: /* 、 */
        return 90;
    case '.':
    case '+':
    case '%':
    case '_':
    case 0x2030:
    case 0xFF0E:
    case 0xFF0B:
    case 0xFF05:
    case 0xFF3F:
    case '(':
    case '[':
    case 0xFF08:
        return -1; /* parts of words, and brackets that open */
    default:
        if (xji_scan_is_han(d->cp[i]) || (d->cp[i] < 0x80 && d->cp[i] > '@' && d->cp[i] != '|'))
            return -1;
        return xji_scan_is_break(d->cp[i]) &&
                       !(i + 1 < e && xj_class_of(xji_scan_fold(d, d->cp[i + 1])) == XJ_CLASS_WORD)
                   ? 150
                   : -1;
    }
}

bool xji_passages_may_end(uint32_t c)
{
    return c == '\n' || c == ',' || c == 0xFF0C || c == ':' || c == 0xFF1A || c == 0x3001 || xji_scan_is_stop(c) ||
           (!xji_scan_is_han(c) && xji_scan_is_break(c));
}

static void take_commas(cutter *c)
{
    for (size_t i = 0; i < c->commas.n; i++)
        add_cut(&c->ends, c->commas.at[i].at, c->commas.at[i].len, c->commas.at[i].cost);
    c->commas.n = 0;
}

static const cut *best_cut(const cuts *c, uint32_t left)
{
    uint32_t k = (left + XJI_PASSAGE_TARGET / 2) / XJI_PASSAGE_TARGET;
    int ideal = (int)(left / (k < 2 ? 2 : k));
    const cut *best = NULL;
    int price = 0;
    for (size_t i = 0; i < c->n; i++) {
        int len = (int)c->at[i].len;
        int rest = left - c->at[i].len > SHORT ? SHORT : (int)(left - c->at[i].len);
        int p = c->at[i].cost + (len > ideal ? len - ideal : ideal - len);
        p += len > XJI_PASSAGE_MAX ? 3 * (len - XJI_PASSAGE_MAX) : 0;
        p += len < SHORT ? 2 * (SHORT - len) : 0;
        p += 2 * (SHORT - rest);
        if (!best || p < price) {
            best = &c->at[i];
            price = p;
        }
    }
    return best;
}

static xj_status emit(cutter *c, uint32_t b, uint32_t e, uint32_t section)
{
    xji_structure *out = c->out;
    if (out->n_passages == c->cap) {
        void *p = xji_grow(out->passages, out->n_passages, &c->cap, sizeof *out->passages);
        if (!p)
            return xj_fail(c->err, XJ_ENOMEM, "no memory for passages");
        out->passages = p;
    }
    if (out->n_pieces == c->cap_piece) {
        void *p = xji_grow(out->pieces, out->n_pieces, &c->cap_piece, sizeof *out->pieces);
        if (!p)
            return xj_fail(c->err, XJ_ENOMEM, "no memory for passages");
        out->pieces = p;
    }
    /* One range for now; what is set aside inside it is taken out at the end. */
    out->passages[out->n_passages++] = (xji_passage){(uint32_t)out->n_pieces, 1, section};
    out->pieces[out->n_pieces++] = (xji_range){b, e};
    return XJ_OK;
}

/* Where to cut a run that no breaking character breaks: [b, i) is its beginning. */
static uint32_t cut_long_run(cutter *c, uint32_t b, uint32_t i)
{
    xji_doc *d = c->d;
    uint32_t at = i;
    for (uint32_t k = i; k > b + 1 && i - k < RUN_SPACE; k--)
        if (xji_scan_is_space(d->cp[k - 1])) {
            at = k;
            break;
        }
    uint32_t beg = d->t->beg[at];
    xji_log_add(d->log, XJI_CHANGE_LONG_RUN, beg, beg, NULL, 0, NULL, 0);
    return at;
}

/* First LF or end of a sentence in [i, limit), or limit; *end behind the sentence's last mark, 0 for an LF. e: as for
 * xji_scan_sentence_end. */
static uint32_t next_stop(const xji_doc *d, uint32_t i, uint32_t limit, uint32_t e, uint32_t *end)
{
    for (; (i = xji_row_next(d->rows.stop, i, limit)) < limit; i++) {
        *end = xji_scan_sentence_end(d, i, e);
        if (*end || d->cp[i] == '\n')
            return i;
    }
    *end = 0;
    return limit;
}

/* What was read of a passage. */
typedef struct tally {
    uint32_t len;      /* characters, white space not counted */
    uint32_t sentence; /* of them, those before the sentence in hand */
    uint32_t run;      /* characters since the last breaking one, */
    uint32_t run_from; /* which stands before this */
    bool fresh;        /* no text since the heading */
} tally;

/* Pass over [i, to), where nothing but characters counts. */
static void pass_over(const xji_doc *d, tally *t, uint32_t i, uint32_t to, uint32_t body)
{
    t->len += to - i - xji_row_count(d->rows.space, i, to);
    t->run += to - i;
    if (t->fresh && to > body)
        t->fresh = !has_text(d, i > body ? i : body, to);
}

/*
 * First LF or end of a sentence from i on, when it is so near that nothing before it is a place to cut, not even a comma;
 * else stretch, the end of the text at hand. *end is behind the sentence's last mark, 0 for an LF.
 */
static uint32_t near_stop(const cutter *c, const tally *t, uint32_t i, uint32_t stretch, uint32_t e, uint32_t *end)
{
    uint32_t at = stretch, read = t->len - t->sentence;
    uint32_t room = read < XJI_PASSAGE_MAX ? XJI_PASSAGE_MAX - read : 0;
    if (room > 0 && t->run + room < XJI_RUN_MAX)
        at = next_stop(c->d, i, stretch - i > room ? i + room : stretch, e, end);
    bool near = at < stretch && at - i < room && (*end == 0 || *end - i <= room);
    if (near && (c->ends.n > 0 || t->len + (at - i) <= REACH))
        return at;
    *end = 0;
    return stretch;
}

/* The price of a passage that ends before next, in a block that ends at e. */
static int price_before(const xji_doc *d, uint32_t next, uint32_t e, bool line_start)
{
    return next < e ? opening_cost(d, next, line_start) : 0;
}

/* A sentence ends before at: its commas count no longer, unless it was long. */
static void end_sentence(cutter *c, tally *t, uint32_t at, int cost)
{
    if (t->len - t->sentence > XJI_PASSAGE_MAX)
        take_commas(c);
    c->commas.n = 0;
    add_cut(&c->ends, at, t->len, cost);
    t->sentence = t->len;
}

/*
 * The end of the passage that begins at p, in a block that ends at e with left characters from p on. No cut falls
 * before body.
 */
static uint32_t next_cut(cutter *c, uint32_t p, uint32_t body, uint32_t e, uint32_t left)
{
    xji_doc *d = c->d;
    size_t mask = c->mask;
    tally t = {.run_from = p, .fresh = true};
    uint32_t far = p; /* no stop before it is near */
    c->ends.n = c->commas.n = 0;
    for (uint32_t i = p; i < e;) {
        uint32_t k = skip_aside(d, i, &mask);
        if (k > i) {
            i = k;
            continue;
        }
        uint32_t stretch = stretch_end(d, e, mask), end = 0, at = stretch;
        if (i >= far && (at = near_stop(c, &t, i, stretch, e, &end)) == stretch)
            far = i + XJI_PASSAGE_MAX / 2;
        bool plain = false;
        if (at == stretch) { /* from one breaking character to the next */
            at = xji_row_next(d->rows.breaking, i, stretch);
            if (at - i > XJI_RUN_MAX - t.run)
                at = i + (XJI_RUN_MAX - t.run);
            plain = at > i;
            end = plain ? 0 : xji_scan_sentence_end(d, i, e);
        }
        if (at > i)
            pass_over(d, &t, i, at, body);
        i = at;
        uint32_t ch = plain ? 0 : d->cp[i];
        if (!plain && i >= body && !xji_scan_is_space(ch))
            t.fresh = false;
        size_t m = mask;
        if (plain) {
            /* counted */
        } else if (ch == '\n') {
            if (!t.fresh) {
                uint32_t next = skip_blank(d, i, e, &m);
                bool intro = i > p && xji_scan_is(d, i - 1, ':');
                end_sentence(c, &t, i, (intro ? 60 : -35) + price_before(d, next, e, true));
                /* Blank lines: the mask and the white space are behind us at once. */
                i = next;
                mask = m;
            } else {
                i++;
            }
            t.run = 0;
            t.run_from = i;
        } else if (end) {
            for (; i < end; i++)
                t.len += !xji_scan_is_space(d->cp[i]);
            t.run = 0;
            t.run_from = i;
            bool half = ch == ';' || ch == 0xFF1B;
            if (!t.fresh)
                end_sentence(c, &t, i, (half ? 20 : 0) + price_before(d, skip_blank(d, i, e, &m), e, false));
        } else {
            int cost = xji_scan_is_han(ch) ? -1 : comma_cost(d, i, e);
            bool breaks = cost >= 0 || (!xji_scan_is_han(ch) && xji_scan_is_break(ch));
            t.len += !xji_scan_is_space(ch);
            i++;
            t.run = breaks ? 0 : t.run + 1;
            t.run_from = breaks ? i : t.run_from;
            if (cost >= 0 && !t.fresh)
                add_cut(&c->commas, i, t.len, cost);
        }
        bool is_long = t.len - t.sentence > XJI_PASSAGE_MAX;
        if (t.len > REACH && (is_long || t.sentence == t.len)) {
            if (is_long)
                take_commas(c);
            if (c->ends.n > 0)
                break;
        }
        if (c->ends.n == 0 && t.len > REACH && t.run == 0 && !t.fresh && xji_scan_may_cut(d, i))
            return i;
        if (t.run >= XJI_RUN_MAX) {
            if (is_long)
                take_commas(c);
            if (c->ends.n > 0)
                break;
            return i < e ? cut_long_run(c, t.run_from, i) : e;
        }
    }
    const cut *best = best_cut(&c->ends, left);
    return best ? best->at : e;
}

/* Characters of [b, e) that are neither white space nor set aside; *last behind the last of them. */
static uint32_t measure(const xji_doc *d, uint32_t b, uint32_t e, size_t mask, uint32_t *last)
{
    uint32_t len = 0;
    *last = b;
    for (uint32_t i = b; i < e;) {
        uint32_t k = skip_aside(d, i, &mask);
        if (k > i) {
            i = k;
            continue;
        }
        uint32_t stop = stretch_end(d, e, mask), end = xji_scan_trim_end(d, i, stop);
        if (end > i) {
            len += end - i - xji_row_count(d->rows.space, i, end);
            *last = end;
        }
        i = stop;
    }
    return len;
}

/* Whether more than RUN_MAX characters of [b, e), those set aside not counted, stand together without a breaking one. */
static bool has_long_run(const xji_doc *d, uint32_t b, uint32_t e, size_t mask)
{
    uint32_t run = 0;
    if (e - b <= XJI_RUN_MAX)
        return false;
    for (uint32_t i = b; i < e;) {
        uint32_t k = skip_aside(d, i, &mask);
        if (k > i) {
            i = k;
            continue;
        }
        uint32_t stop = stretch_end(d, e, mask);
        while (i < stop) {
            uint32_t at = xji_row_next(d->rows.breaking, i, stop);
            run += at - i;
            if (run > XJI_RUN_MAX)
                return true;
            run = at < stop ? 0 : run;
            i = at < stop ? at + 1 : stop;
        }
    }
    return false;
}

/* Cut [b, e); its heading ends at body. */
static xj_status cut_block(cutter *c, uint32_t b, uint32_t body, uint32_t e, uint32_t section)
{
    xji_doc *d = c->d;
    uint32_t last;
    uint32_t p = skip_blank(d, b, e, &c->mask);
    uint32_t left = measure(d, p, e, c->mask, &last);
    bool long_run = left > 0 && has_long_run(d, p, e, c->mask);
    while (left > 0) {
        uint32_t at = last;
        if (left > WHOLE_MAX || long_run)
            at = next_cut(c, p, body, last, left);
        if (at >= last) {
            at = last;
        }
        uint32_t end;
        uint32_t len = measure(d, p, at, c->mask, &end);
        xj_status st = emit(c, p, end, section);
        if (st != XJ_OK)
            return st;
        left -= len;
        p = skip_blank(d, at, last, &c->mask);
    }
    return XJ_OK;
}

/* Whether nothing but blanks and final marks stands in [b, e). */
static bool is_empty(const xji_doc *d, uint32_t b, uint32_t e, size_t mask)
{
    for (uint32_t i = b;;) {
        i = skip_blank(d, i, e, &mask);
        if (i >= e)
            return true;
        if (!xji_scan_one_of(d, i, U"。:;,、.!"))
            return false;
        i++;
    }
}

xj_status xji_passages_cut(xji_doc *d, xji_structure *out, xj_error *err)
{
    cutter c;
    c.d = d;
    c.out = out;
    c.cap = c.cap_piece = 0;
    c.mask = 0;
    c.err = err;
    size_t n = out->n_sections, i = 0;
    uint32_t begin = 0, body = d->title_end;
    uint32_t section = XJI_NO_SECTION;
    for (;;) {
        /* Headings that stand directly above one another begin one passage; so does one before which no cut may fall. */
        while (i < n &&
               (((section == XJI_NO_SECTION ? i == 0 : out->sections[i].parent == section) &&
                 is_empty(d, body, out->sections[i].heading.b, c.mask)) ||
                !xji_scan_may_cut(d, out->sections[i].heading.b))) {
            section = (uint32_t)i;
            body = out->sections[i].heading.e;
            i++;
        }
        uint32_t end = i < n ? out->sections[i].heading.b : d->n;
        xj_status st = cut_block(&c, begin, body, end, section);
        if (st != XJ_OK || i == n)
            return st;
        begin = end;
        section = (uint32_t)i;
        body = out->sections[i].heading.e;
        i++;
    }
}
