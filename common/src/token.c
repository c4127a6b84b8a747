/*
 * Units of text. A CHAR or a BREAK is a unit as it stands. Where a word begins, the text is first spread out behind the
 * units, one entry for each visible folded code point, up to the first one that can be no part of a word; then it is read
 * from left to right and compacted in place: a unit never needs more entries than it consumes, so writing cannot
 * overtake reading.
 */
#include "xj/token.h"

#include <stdlib.h>
#include <string.h>

#include "fold_priv.h"
#include "xj/fold.h"
#include "xj/utf8.h"

/* While spread out, an entry holds: cp = folded code point, word_off = code point to keep (folded, or as
 * written with XJ_UNITS_EXACT_SCRIPT), kind = xj_class, first = last = index in the source. */

static xj_status reserve_units(xj_units *u, size_t n, xj_error *err)
{
    if (n <= u->cap)
        return XJ_OK;
    size_t cap = u->cap ? u->cap : 256;
    while (cap < n)
        cap += cap / 2;
    void *p = realloc(u->unit, cap * sizeof *u->unit);
    if (!p)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu units of text", n);
    u->unit = p;
    u->cap = cap;
    return XJ_OK;
}

static xj_status reserve_words(xj_units *u, size_t more, xj_error *err)
{
    size_t need = u->words_len + more;
    if (need <= u->words_cap)
        return XJ_OK;
    size_t cap = u->words_cap ? u->words_cap : 256;
    while (cap < need)
        cap += cap / 2;
    void *p = realloc(u->words, cap);
    if (!p)
        return xj_fail(err, XJ_ENOMEM, "no memory for %zu bytes of words", need);
    u->words = p;
    u->words_cap = cap;
    return XJ_OK;
}

static void put(xj_units *u, uint32_t folded, uint32_t kept, xj_class cls, size_t source)
{
    u->unit[u->n++] = (xj_unit){folded, (uint32_t)source, (uint32_t)source, kept, 0, (uint8_t)cls};
}

/* The entry of any value; one that is no code point is a BREAK and stays as it is. */
static uint32_t entry_of(uint32_t cp)
{
    return cp <= 0x10FFFF ? xji_fold_entry(cp) : XJI_FOLD_EXPANDS;
}

/* Spread out one code point that expands, or is none. */
static void put_expanded(xj_units *u, uint32_t cp, unsigned flags, size_t source)
{
    uint32_t out[XJ_FOLD_MAX];
    size_t m = xj_fold_expand(cp, out);
    bool exact = flags & XJ_UNITS_EXACT_SCRIPT;
    for (size_t k = 0; k < (exact ? 1 : m); k++) {
        xj_class cls = xj_class_of(out[k]);
        if (cls != XJ_CLASS_INVISIBLE)
            put(u, out[k], exact ? cp : out[k], cls, source);
    }
}

/* Characters that can stand inside a word or end it. */
static bool connects(uint32_t folded)
{
    return folded == '.' || folded == ',' || folded == '_' || folded == '+' || folded == '%' || folded == 0x2030;
}

/*
 * Spread out what can be parts of words from cp[*at] on, and one more visible character, which the rules for words may
 * look at. Sets *at to that character, *end to its entry; u->n is then behind it.
 */
static xj_status spread(xj_units *u, const uint32_t *cp, size_t n, size_t *at, size_t *end, unsigned flags, xj_error *err)
{
    size_t i = *at;
    for (; i < n; i++) {
        if (u->cap - u->n < XJ_FOLD_MAX + (n - i)) {
            xj_status st = reserve_units(u, u->n + XJ_FOLD_MAX + (n - i), err);
            if (st != XJ_OK)
                return st;
        }
        uint32_t entry = entry_of(cp[i]);
        if (entry & XJI_FOLD_EXPANDS) {
            put_expanded(u, cp[i], flags, i);
            continue;
        }
        xj_class cls = xji_fold_entry_class(entry);
        uint32_t folded = xji_fold_entry_cp(entry);
        if (cls == XJ_CLASS_INVISIBLE)
            continue;
        put(u, folded, flags & XJ_UNITS_EXACT_SCRIPT ? cp[i] : folded, cls, i);
        if (cls != XJ_CLASS_WORD && !connects(folded)) {
            *at = i;
            *end = u->n - 1;
            return XJ_OK;
        }
    }
    *at = n;
    *end = u->n;
    return XJ_OK;
}

static bool is_digit(const xj_unit *e)
{
    return e->cp >= '0' && e->cp <= '9';
}

/* Number of decimal digits from s[i] on. */
static size_t digits_at(const xj_unit *s, size_t n, size_t i)
{
    size_t k = i;
    while (k < n && is_digit(&s[k]))
        k++;
    return k - i;
}

/* s[dot] is '.', a digit stands before it. A list number before a year ("1.2025年") does not join. */
static bool dot_joins(const xj_unit *s, size_t n, size_t dot)
{
    size_t digits = digits_at(s, n, dot + 1);
    if (digits == 0)
        return false;
    if (digits == 4 && dot + 5 < n && s[dot + 5].cp == 0x5E74 /* 年 */) {
        uint32_t a = s[dot + 1].cp, b = s[dot + 2].cp;
        if ((a == '1' && b == '9') || (a == '2' && b == '0'))
            return false;
    }
    return true;
}

/* End of the word that begins at s[i]. */
static size_t word_end(const xj_unit *s, size_t n, size_t i)
{
    size_t j = i;
    size_t group = i;         /* start of the digits that a ',' could end */
    bool group_open = true;   /* only digits since group, which begins the word or follows a joining ',' */
    bool after_comma = false; /* group follows a joining ',' */
    for (;;) {
        while (j < n && s[j].kind == XJ_CLASS_WORD) {
            if (!is_digit(&s[j]))
                group_open = false;
            j++;
        }
        if (j >= n)
            return j;
        uint32_t c = s[j].cp;
        bool word_follows = j + 1 < n && s[j + 1].kind == XJ_CLASS_WORD;
        bool digit_before = is_digit(&s[j - 1]);
        if ((c == '_' || c == '+') && word_follows) {
            group_open = false;
            j++;
        } else if (c == '.' && digit_before && dot_joins(s, n, j)) {
            group_open = false;
            j++;
        } else if (c == ',' && digit_before && group_open &&
                   (after_comma ? j - group == 3 : j - group <= 3) &&
                   digits_at(s, n, j + 1) == 3) {
            j++;
            group = j;
            after_comma = true;
        } else if ((c == '%' || c == 0x2030 /* ‰ */) && digit_before) {
            return j + 1;
        } else {
            return j;
        }
    }
}

/* Write the word s[i..end) as units of at most XJ_WORD_MAX code points at u->unit[*out]. */
static xj_status put_words(xj_units *u, size_t *out, size_t i, size_t end, xj_error *err)
{
    while (i < end) {
        size_t stop = end - i > XJ_WORD_MAX ? i + XJ_WORD_MAX : end;
        xj_status st = reserve_words(u, 4 * (stop - i), err);
        if (st != XJ_OK)
            return st;
        size_t begin = u->words_len;
        uint32_t first = u->unit[i].first, last = u->unit[stop - 1].last;
        for (; i < stop; i++)
            u->words_len += xj_utf8_encode((uint8_t *)u->words + u->words_len, u->unit[i].word_off);
        xj_unit *w = &u->unit[(*out)++];
        w->cp = 0;
        w->first = first;
        w->last = last;
        w->word_off = (uint32_t)begin;
        w->word_len = (uint16_t)(u->words_len - begin);
        w->kind = XJ_UNIT_WORD;
    }
    return XJ_OK;
}

static bool is_soft(xj_class cls, uint32_t folded, unsigned flags)
{
    return cls == XJ_CLASS_SOFT || (folded == '\n' && (flags & XJ_UNITS_QUERY));
}

/* Units of the entries [begin, end); those up to n are there to be looked at. */
static xj_status compact(xj_units *u, size_t begin, size_t end, size_t n, unsigned flags, xj_error *err)
{
    size_t out = begin, i = begin;
    while (i < end) {
        const xj_unit *e = &u->unit[i];
        xj_class cls = (xj_class)e->kind;
        if (is_soft(cls, e->cp, flags)) {
            i++;
        } else if (cls == XJ_CLASS_WORD) {
            size_t stop = word_end(u->unit, n, i);
            xj_status st = put_words(u, &out, i, stop, err);
            if (st != XJ_OK)
                return st;
            i = stop;
        } else {
            uint8_t kind = cls == XJ_CLASS_CHAR ? XJ_UNIT_CHAR : XJ_UNIT_BREAK;
            u->unit[out++] = (xj_unit){e->word_off, e->first, e->last, 0, 0, kind};
            i++;
        }
    }
    u->n = out;
    return XJ_OK;
}

/* Units of a stretch of words, behind those that are there; *at is the first code point behind it. */
static xj_status add_words(xj_units *u, const uint32_t *cp, size_t n, size_t *at, unsigned flags, xj_error *err)
{
    size_t begin = u->n, end = u->n;
    xj_status st = spread(u, cp, n, at, &end, flags, err);
    return st == XJ_OK ? compact(u, begin, end, u->n, flags, err) : st;
}

xj_status xj_units_read_words(xj_units *out, const uint32_t *cp, size_t n, size_t *at, unsigned flags, xj_error *err)
{
    out->n = 0;
    out->words_len = 0;
    xj_status st = add_words(out, cp, n, at, flags, err);
    if (st != XJ_OK)
        out->n = out->words_len = 0;
    return st;
}

static xj_status read_units(xj_units *u, const uint32_t *cp, size_t n, unsigned flags, xj_error *err)
{
    xj_status st = reserve_units(u, n + XJ_FOLD_MAX, err);
    for (size_t i = 0; i < n && st == XJ_OK;) { /* room for XJ_FOLD_MAX + n - i more */
        uint32_t entry = entry_of(cp[i]);
        xj_class cls = xji_fold_entry_class(entry);
        if (entry & XJI_FOLD_EXPANDS || cls == XJ_CLASS_WORD) {
            st = add_words(u, cp, n, &i, flags, err);
            continue;
        }
        uint32_t folded = xji_fold_entry_cp(entry);
        if (cls == XJ_CLASS_CHAR || (cls == XJ_CLASS_BREAK && !is_soft(cls, folded, flags))) {
            uint32_t kept = flags & XJ_UNITS_EXACT_SCRIPT ? cp[i] : folded;
            u->unit[u->n++] = (xj_unit){
                kept, (uint32_t)i, (uint32_t)i, 0, 0, cls == XJ_CLASS_CHAR ? XJ_UNIT_CHAR : XJ_UNIT_BREAK};
        }
        i++;
    }
    return st;
}

xj_status xj_units_read(xj_units *out, const uint32_t *cp, size_t n, unsigned flags, xj_error *err)
{
    out->n = 0;
    out->words_len = 0;
    xj_status st = read_units(out, cp, n, flags, err);
    if (st != XJ_OK)
        out->n = out->words_len = 0;
    return st;
}

void xj_units_release(xj_units *units)
{
    free(units->unit);
    free(units->words);
    *units = (xj_units)XJ_UNITS_INIT;
}

bool xj_units_equal(const xj_units *a, size_t i, const xj_units *b, size_t j)
{
    const xj_unit *x = &a->unit[i], *y = &b->unit[j];
    if (x->kind != y->kind || x->cp != y->cp || x->word_len != y->word_len)
        return false;
    return x->word_len == 0 || memcmp(a->words + x->word_off, b->words + y->word_off, x->word_len) == 0;
}

size_t xj_units_find(const xj_units *text, const xj_units *phrase, size_t from)
{
    if (phrase->n == 0 || text->n < phrase->n)
        return SIZE_MAX;
    for (size_t i = from; i <= text->n - phrase->n; i++) {
        size_t k = 0;
        while (k < phrase->n && xj_units_equal(text, i + k, phrase, k))
            k++;
        if (k == phrase->n)
            return i;
    }
    return SIZE_MAX;
}
