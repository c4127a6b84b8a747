#include "tokens.h"

#include <stdlib.h>
#include <string.h>

#include "xj/fold.h"
#include "xj/segment.h"
#include "xj/utf8.h"

enum {
    CODE_POINTS = 0x110000,
    COUNT_MAX = XJ_CODE_FULL, /* occurrences counted: an adjacency code has a byte for each of two units */
    SLOTS_MIN = 64,
    KEY_MAX = 2 + 2 * 4 * XJ_WORD_MAX
};

/* Occurrences of words are few: an open-addressed table of the passage's words, cleared by stamp. */
typedef struct word_slot {
    uint32_t stamp;
    uint32_t at; /* the word, in the keys of the tokens */
    uint16_t n;
    uint8_t count;
} word_slot;

/* What xji_tokenizer.plain says of a code point that is no CHAR, or folds beyond the BMP. No CHAR is so small, and none is
 * XJI_SINGLE. */
enum { PLAIN_NOTHING, PLAIN_ASK, PLAIN_BREAK = XJI_SINGLE };

struct xji_tokenizer {
    uint16_t plain[0x10000]; /* of a code point of the BMP: folded, or PLAIN_* */
    uint8_t *count; /* by code point: occurrences in the passage in hand, up to COUNT_MAX; 0 between passages */
    uint32_t stamp; /* of the passage in hand; slots with another stamp are empty */
    word_slot *slot;
    size_t n_slots; /* power of two */
    size_t n_words; /* slots taken */
    xj_units units; /* a stretch of words */
    xj_stemmer *stemmer;
};

static void fill_plain(uint16_t plain[0x10000])
{
    for (uint32_t c = 0; c < 0x10000; c++) {
        uint32_t folded;
        xj_fold_many(&folded, &c, 1);
        uint32_t cls = folded >> XJ_FOLDED_CLASS_SHIFT, cp = folded & XJ_FOLDED_CP;
        plain[c] = cls == XJ_CLASS_BREAK                                ? PLAIN_BREAK
                   : cls == XJ_CLASS_SOFT || cls == XJ_CLASS_INVISIBLE  ? PLAIN_NOTHING
                   : cls == XJ_CLASS_CHAR && cp < 0x10000               ? (uint16_t)cp
                                                                        : PLAIN_ASK;
    }
}

xj_status xji_tokenizer_new(xji_tokenizer **out, xj_error *err)
{
    xji_tokenizer *t = *out = calloc(1, sizeof *t);
    if (t) {
        t->count = calloc(CODE_POINTS, sizeof *t->count);
        t->slot = calloc(SLOTS_MIN, sizeof *t->slot);
        t->n_slots = SLOTS_MIN;
        fill_plain(t->plain);
    }
    if (!t || !t->count || !t->slot || xj_stemmer_new(&t->stemmer, NULL) != XJ_OK) {
        xji_tokenizer_free(t);
        *out = NULL;
        return xj_fail(err, XJ_ENOMEM, "no memory for a tokenizer");
    }
    return XJ_OK;
}

void xji_tokenizer_free(xji_tokenizer *t)
{
    if (!t)
        return;
    free(t->count);
    free(t->slot);
    xj_units_release(&t->units);
    xj_stemmer_free(t->stemmer);
    free(t);
}

void xji_tokens_release(xji_tokens *t)
{
    free(t->pair);
    free(t->word);
    xj_buf_release(&t->keys);
    *t = (xji_tokens)XJI_TOKENS_INIT;
}

static xj_status no_memory(xj_error *err)
{
    return xj_fail(err, XJ_ENOMEM, "no memory for the tokens of a passage");
}

/* ---- counting ---- */

static void begin_passage(xji_tokenizer *t)
{
    t->n_words = 0;
    if (++t->stamp == 0) { /* after 2^32 passages old stamps could be mistaken for the new one */
        memset(t->slot, 0, t->n_slots * sizeof *t->slot);
        t->stamp = 1;
    }
}

/* Make counts 0 again: every CHAR is the first of one pair or single, but for the last one of a passage that failed. */
static void end_passage(xji_tokenizer *t, const xji_tokens *tokens, size_t from, uint32_t last_cp)
{
    uint8_t *restrict count = t->count;
    const xji_pair_token *restrict pair = tokens->pair;
    for (size_t i = from, n = tokens->n_pairs; i < n; i++)
        count[xji_pair_first(pair[i])] = 0;
    count[PLAIN_BREAK] = count[last_cp] = 0;
}

static size_t slot_of(const xji_tokenizer *t, const xj_buf *keys, const uint8_t *word, size_t n)
{
    size_t k = (size_t)xj_checksum(word, n, 0) & (t->n_slots - 1);
    for (;; k = (k + 1) & (t->n_slots - 1)) {
        const word_slot *s = &t->slot[k];
        if (s->stamp != t->stamp || (s->n == n && memcmp(keys->data + s->at, word, n) == 0))
            return k;
    }
}

static xj_status grow_slots(xji_tokenizer *t, const xj_buf *keys, xj_error *err)
{
    word_slot *old = t->slot;
    size_t n_old = t->n_slots;
    word_slot *p = calloc(n_old * 2, sizeof *p);
    if (!p)
        return no_memory(err);
    t->slot = p;
    t->n_slots = n_old * 2;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].stamp == t->stamp)
            p[slot_of(t, keys, keys->data + old[i].at, old[i].n)] = old[i];
    free(old);
    return XJ_OK;
}

/* How many equal words stand before the word keys[at, at + n), at most COUNT_MAX. */
static xj_status count_word(xji_tokenizer *t, const xj_buf *keys, size_t at, size_t n, unsigned *count, xj_error *err)
{
    xj_status st = t->n_words * 2 >= t->n_slots ? grow_slots(t, keys, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    word_slot *s = &t->slot[slot_of(t, keys, keys->data + at, n)];
    if (s->stamp != t->stamp) {
        *s = (word_slot){t->stamp, (uint32_t)at, (uint16_t)n, 0};
        t->n_words++;
    }
    *count = s->count;
    s->count += s->count < COUNT_MAX;
    return XJ_OK;
}

/* ---- writing ---- */

static xj_status reserve_pairs(xji_tokens *out, size_t more, xj_error *err)
{
    if (more <= out->pair_cap - out->n_pairs)
        return XJ_OK;
    size_t cap = out->pair_cap ? out->pair_cap * 2 : 512;
    if (cap < out->n_pairs + more)
        cap = out->n_pairs + more;
    void *p = realloc(out->pair, cap * sizeof *out->pair);
    if (!p)
        return no_memory(err);
    out->pair = p;
    out->pair_cap = cap;
    return XJ_OK;
}

xj_status xji_tokens_reserve(xji_tokens *t, size_t n, xj_error *err)
{
    return reserve_pairs(t, n, err);
}

/* Room for what one unit makes in words and keys; its stem is not among them. */
static xj_status reserve_words(xji_tokens *out, xj_error *err)
{
    enum { MOST = 3 };
    if (out->word_cap - out->n_words < MOST) {
        size_t cap = out->word_cap ? out->word_cap * 2 : 128;
        void *p = realloc(out->word, cap * sizeof *out->word);
        if (!p)
            return no_memory(err);
        out->word = p;
        out->word_cap = cap;
    }
    if (out->keys.n > UINT32_MAX - MOST * KEY_MAX)
        return xj_fail(err, XJ_ELIMIT, "too many words in one report");
    return xj_buf_reserve(&out->keys, MOST * KEY_MAX, err);
}

static void put_bytes(xj_buf *keys, const void *s, size_t n)
{
    memcpy(keys->data + keys->n, s, n);
    keys->n += n;
}

/* A token whose key begins at `at` and was just written. */
static void put_word(xji_tokens *out, size_t at, uint16_t code)
{
    out->word[out->n_words++] = (xji_word_token){(uint32_t)at, (uint16_t)(out->keys.n - at), code};
}

/* ---- units ---- */

/* The unit before: what the next one is joined to. */
typedef struct joint {
    uint8_t kind;    /* xj_unit_kind; BREAK also at the beginning */
    uint32_t cp;     /* CHAR */
    size_t at, n;    /* WORD: its bytes in the keys */
    unsigned count;  /* equal units before it, at most COUNT_MAX */
    uint32_t length; /* CHAR and WORD units so far */
} joint;

static void put_joint(xj_buf *keys, const joint *j)
{
    if (j->kind == XJ_UNIT_WORD)
        put_bytes(keys, keys->data + j->at, j->n);
    else
        keys->n += xj_utf8_encode(keys->data + keys->n, j->cp);
}

/* Join a CHAR or WORD to the one before it, one of the two being a WORD. */
static void put_boundary(const joint *last, const joint *u, xji_tokens *out)
{
    xj_buf *keys = &out->keys;
    size_t at = keys->n;
    keys->data[keys->n++] = XJ_KEY_PAIR;
    put_joint(keys, last);
    keys->data[keys->n++] = XJ_KEY_JOINT;
    put_joint(keys, u);
    put_word(out, at, (uint16_t)(last->count << 8 | u->count));
}

static xj_status put_stem(xji_tokenizer *t, const char *word, size_t n, xji_tokens *out, xj_error *err)
{
    size_t at = out->keys.n, n_stem;
    const char *stem = xj_stemmer_stem(t->stemmer, word, n, &n_stem);
    xj_status st = stem ? xj_buf_reserve(&out->keys, 1 + n_stem, err) : XJ_OK;
    if (!stem || st != XJ_OK)
        return st;
    out->keys.data[out->keys.n++] = XJ_KEY_STEM;
    put_bytes(&out->keys, stem, n_stem);
    put_word(out, at, 0);
    return XJ_OK;
}

static unsigned count_character(xji_tokenizer *t, uint32_t cp)
{
    unsigned count = t->count[cp];
    t->count[cp] = (uint8_t)(count + (count < COUNT_MAX));
    return count;
}

static void put_pair(xji_tokens *out, uint32_t first, uint32_t second, unsigned code)
{
    out->pair[out->n_pairs++] = xji_pair_token_of(first, second, code);
}

/* The next unit; there is room for a character. */
static xj_status take_unit(xji_tokenizer *t, joint *last, const xj_unit *u, const char *words, xji_tokens *out, xj_error *err)
{
    joint now = {.kind = u->kind, .cp = u->cp, .length = last->length + (u->kind != XJ_UNIT_BREAK)};
    xj_status st = XJ_OK;
    if (last->kind == XJ_UNIT_CHAR && u->kind != XJ_UNIT_CHAR)
        put_pair(out, last->cp, XJI_SINGLE, 0);
    if (u->kind == XJ_UNIT_WORD) {
        /* The word's own term holds its bytes, so that term is written first; it is told behind the pair. */
        st = reserve_words(out, err);
        if (st != XJ_OK)
            return st;
        xj_buf *keys = &out->keys;
        size_t at = keys->n;
        keys->data[keys->n++] = XJ_KEY_WORD;
        put_bytes(keys, words + u->word_off, u->word_len);
        now.at = at + 1;
        now.n = u->word_len;
        st = count_word(t, keys, now.at, now.n, &now.count, err);
        if (st == XJ_OK && last->kind != XJ_UNIT_BREAK)
            put_boundary(last, &now, out);
        out->word[out->n_words++] = (xji_word_token){(uint32_t)at, (uint16_t)(1 + now.n), 0};
        if (st == XJ_OK)
            st = put_stem(t, words + u->word_off, u->word_len, out, err);
    } else if (u->kind == XJ_UNIT_CHAR) {
        now.count = count_character(t, u->cp);
        if (last->kind == XJ_UNIT_CHAR) {
            put_pair(out, last->cp, u->cp, last->count << 8 | now.count);
        } else if (last->kind == XJ_UNIT_WORD) {
            st = reserve_words(out, err);
            if (st == XJ_OK)
                put_boundary(last, &now, out);
        }
    }
    *last = now;
    return st;
}

/* The end of the text breaks, too. */
static void take_end(const joint *last, xji_tokens *out)
{
    if (last->kind == XJ_UNIT_CHAR)
        put_pair(out, last->cp, XJI_SINGLE, 0);
}

xj_status xji_tokenize(xji_tokenizer *t, const xj_units *units, xji_tokens *out, uint32_t *length, xj_error *err)
{
    joint last = {.kind = XJ_UNIT_BREAK};
    const size_t from = out->n_pairs;
    begin_passage(t);
    xj_status st = reserve_pairs(out, units->n, err);
    for (size_t i = 0; i < units->n && st == XJ_OK; i++)
        st = take_unit(t, &last, &units->unit[i], units->words, out, err);
    if (st == XJ_OK)
        take_end(&last, out);
    end_passage(t, out, from, last.cp);
    *length = last.length;
    return st;
}

/*
 * The characters from cp[i] on, up to one that has to be asked about; the unit before is no word and of the BMP. Nearly all of
 * a text goes through here, so there is one branch for each character that makes a unit: a BREAK is counted and joined like a
 * CHAR, to no effect. There is room for n - i pairs.
 */
static size_t take_plain(xji_tokenizer *t, joint *last, const uint32_t *restrict cp, size_t i, size_t n, xji_tokens *out)
{
    const uint16_t *restrict plain = t->plain;
    uint8_t *restrict counts = t->count;
    xji_pair_token *restrict pair = out->pair + out->n_pairs;
    enum { COUNT_SHIFT = 8 }; /* of the first one's, in a code */
    const uint64_t no_code = ~(uint64_t)0xFFFF;
    uint64_t first = (uint64_t)last->cp << XJI_FIRST_SHIFT | last->count << COUNT_SHIFT;
    const unsigned was_char = last->kind == XJ_UNIT_CHAR;
    size_t step = was_char; /* 1 when there is a CHAR before that makes a pair with what comes */
    for (; i < n; i++) {
        uint64_t c = cp[i] < 0x10000 ? plain[cp[i]] : PLAIN_ASK;
        if (c <= PLAIN_ASK) {
            if (c == PLAIN_NOTHING)
                continue;
            break;
        }
        uint64_t count = counts[c], is_char = c != PLAIN_BREAK, more = count + 1;
        counts[c] = (uint8_t)(more - (more >> 8)); /* up to COUNT_MAX */
        /* With a BREAK as its second, it ends the run with a single. */
        *pair = c << XJI_SECOND_SHIFT | ((first | count) & ((0 - is_char) | no_code));
        pair += step;
        step = is_char;
        first = c << XJI_FIRST_SHIFT | count << COUNT_SHIFT;
    }
    size_t n_new = (size_t)(pair - out->pair) - out->n_pairs;
    out->n_pairs += n_new;
    /* Of each pair the first is a new CHAR, but for what was there; the last CHAR has no pair yet. */
    uint32_t length = last->length + (uint32_t)(n_new + step - was_char);
    *last = (joint){.kind = step ? XJ_UNIT_CHAR : XJ_UNIT_BREAK,
                    .cp = (uint32_t)(first >> XJI_FIRST_SHIFT),
                    .count = (unsigned)(first >> COUNT_SHIFT & COUNT_MAX),
                    .length = length};
    return i;
}

_Static_assert((int)XJ_CLASS_BREAK == (int)XJ_UNIT_BREAK && (int)XJ_CLASS_CHAR == (int)XJ_UNIT_CHAR,
               "the class of a character that is a unit is the unit's kind");

xj_status xji_tokenize_text(xji_tokenizer *t, const uint32_t *cp, size_t n, xji_tokens *out, uint32_t *length, xj_error *err)
{
    joint last = {.kind = XJ_UNIT_BREAK};
    const size_t from = out->n_pairs;
    begin_passage(t);
    /* One more is written, though not counted, at the end of the text. */
    xj_status st = reserve_pairs(out, n + 1, err);
    for (size_t i = 0; i < n && st == XJ_OK;) {
        if (last.kind != XJ_UNIT_WORD && last.cp < 0x10000)
            i = take_plain(t, &last, cp, i, n, out);
        if (i == n)
            break;
        uint32_t folded;
        xj_fold_many(&folded, &cp[i], 1);
        uint32_t cls = folded >> XJ_FOLDED_CLASS_SHIFT;
        if (cls == XJ_CLASS_WORD || cls > XJ_CLASS_INVISIBLE) { /* a word; one that expands has a large class */
            st = xj_units_read_words(&t->units, cp, n, &i, 0, err);
            if (st == XJ_OK)
                st = reserve_pairs(out, t->units.n + (n - i) + 1, err);
            for (size_t k = 0; k < t->units.n && st == XJ_OK; k++)
                st = take_unit(t, &last, &t->units.unit[k], t->units.words, out, err);
        } else {
            xj_unit u = {.cp = folded & XJ_FOLDED_CP, .kind = (uint8_t)cls};
            if (cls == XJ_CLASS_CHAR || cls == XJ_CLASS_BREAK)
                st = take_unit(t, &last, &u, NULL, out, err);
            i++;
        }
    }
    if (st == XJ_OK)
        take_end(&last, out);
    end_passage(t, out, from, last.cp);
    *length = last.length;
    return st;
}
