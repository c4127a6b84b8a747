/*
 * Units to tokens (docs/TEXT.md section 5), compared with a computation that looks back over the whole passage for every
 * unit.
 */
#include "tokens.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "xj/fold.h"
#include "xj/segment.h"
#include "xj/utf8.h"

/* ---- the naive computation ---- */

/* A token as the index would hold it: "kind bytes" and, for pairs, its code. */
typedef struct naive_token {
    char key[XJ_KEY_MAX + 2];
    size_t n;
    unsigned code;
} naive_token;

typedef struct naive_list {
    naive_token *token;
    size_t n, cap;
} naive_list;

static naive_token *add(naive_list *l)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->token = realloc(l->token, l->cap * sizeof *l->token);
        assert_non_null(l->token);
    }
    naive_token *t = &l->token[l->n++];
    memset(t, 0, sizeof *t);
    return t;
}

static void append(naive_token *t, const void *s, size_t n)
{
    assert_true(t->n + n <= sizeof t->key);
    memcpy(t->key + t->n, s, n);
    t->n += n;
}

static void append_unit(naive_token *t, const xj_units *u, size_t i)
{
    uint8_t bytes[4];
    if (u->unit[i].kind == XJ_UNIT_WORD)
        append(t, u->words + u->unit[i].word_off, u->unit[i].word_len);
    else
        append(t, bytes, xj_utf8_encode(bytes, u->unit[i].cp));
}

/* How many units before i equal it; 255 stands for 255 and more. */
static unsigned occurrence(const xj_units *u, size_t i)
{
    unsigned n = 0;
    for (size_t k = 0; k < i; k++)
        n += xj_units_equal(u, k, u, i);
    return n < XJ_CODE_FULL ? n : XJ_CODE_FULL;
}

static bool searchable(const xj_units *u, size_t i)
{
    return i < u->n && u->unit[i].kind != XJ_UNIT_BREAK;
}

/* Bigrams and singles as UTF-8 of their characters; words, stems and boundary pairs under their key. */
enum { BIGRAMS, WORDS, STEMS, BOUNDARIES, LISTS };

static uint32_t naive_tokens(const xj_units *u, naive_list out[LISTS])
{
    xj_stemmer *stemmer;
    uint32_t length = 0;
    assert_int_equal(xj_stemmer_new(&stemmer, NULL), XJ_OK);
    for (size_t i = 0; i < u->n; i++) {
        const xj_unit *unit = &u->unit[i];
        if (!searchable(u, i))
            continue;
        length++;
        if (unit->kind == XJ_UNIT_WORD) {
            naive_token *t = add(&out[WORDS]);
            append(t, "w", 1);
            append_unit(t, u, i);
            size_t n;
            const char *stem = xj_stemmer_stem(stemmer, u->words + unit->word_off, unit->word_len, &n);
            if (stem) {
                t = add(&out[STEMS]);
                append(t, "s", 1);
                append(t, stem, n);
            }
        }
        if (searchable(u, i + 1)) {
            bool both_chars = unit->kind == XJ_UNIT_CHAR && u->unit[i + 1].kind == XJ_UNIT_CHAR;
            naive_token *t = add(&out[both_chars ? BIGRAMS : BOUNDARIES]);
            if (!both_chars)
                append(t, "p", 1);
            append_unit(t, u, i);
            if (!both_chars)
                append(t, "\x1F", 1);
            append_unit(t, u, i + 1);
            t->code = occurrence(u, i) << 8 | occurrence(u, i + 1);
        }
        /* A single is every character that no character follows: at the end of its run, and before a word. */
        if (unit->kind == XJ_UNIT_CHAR && !(searchable(u, i + 1) && u->unit[i + 1].kind == XJ_UNIT_CHAR))
            append_unit(add(&out[BIGRAMS]), u, i);
    }
    xj_stemmer_free(stemmer);
    return length;
}

/* ---- comparing ---- */

/* What the indexer made, put into the same lists. */
static void sort_out(const xji_tokens *t, size_t pair, size_t word, naive_list out[LISTS])
{
    for (size_t i = pair; i < t->n_pairs; i++) {
        uint8_t bytes[4];
        naive_token *token = add(&out[BIGRAMS]);
        append(token, bytes, xj_utf8_encode(bytes, xji_pair_first(t->pair[i])));
        if (xji_pair_second(t->pair[i]) != XJI_SINGLE)
            append(token, bytes, xj_utf8_encode(bytes, xji_pair_second(t->pair[i])));
        token->code = xji_pair_code(t->pair[i]);
    }
    for (size_t i = word; i < t->n_words; i++) {
        const xji_word_token *w = &t->word[i];
        assert_true(w->n >= 2 && (size_t)w->at + w->n <= t->keys.n);
        uint8_t kind = t->keys.data[w->at];
        assert_true(kind == XJ_KEY_WORD || kind == XJ_KEY_STEM || kind == XJ_KEY_PAIR);
        naive_token *token = add(&out[kind == XJ_KEY_WORD ? WORDS : kind == XJ_KEY_STEM ? STEMS : BOUNDARIES]);
        append(token, t->keys.data + w->at, w->n);
        token->code = w->code;
    }
}

static void release(naive_list lists[LISTS])
{
    for (int k = 0; k < LISTS; k++)
        free(lists[k].token);
    memset(lists, 0, LISTS * sizeof *lists);
}

static void check_units(xji_tokenizer *tokenizer, const xj_units *u, xji_tokens *t)
{
    size_t pair = t->n_pairs, word = t->n_words;
    uint32_t length = UINT32_MAX;
    naive_list want[LISTS] = {{0}}, got[LISTS] = {{0}};
    assert_int_equal(xji_tokenize(tokenizer, u, t, &length, NULL), XJ_OK);
    assert_int_equal(length, naive_tokens(u, want));
    sort_out(t, pair, word, got);
    for (int k = 0; k < LISTS; k++) {
        assert_int_equal(got[k].n, want[k].n);
        for (size_t i = 0; i < want[k].n; i++) {
            assert_int_equal(got[k].token[i].n, want[k].token[i].n);
            assert_memory_equal(got[k].token[i].key, want[k].token[i].key, want[k].token[i].n);
            assert_int_equal(got[k].token[i].code, want[k].token[i].code);
        }
    }
    release(want);
    release(got);
}

static void read_units(xj_units *u, const char *s)
{
    uint32_t cp[4096];
    size_t n = 0;
    for (size_t i = 0, len = strlen(s); i < len && n < 4096; n++)
        i += xj_utf8_decode((const uint8_t *)s + i, len - i, &cp[n], NULL);
    assert_int_equal(xj_units_read(u, cp, n, 0, NULL), XJ_OK);
}

/* ---- tests ---- */

typedef struct fixture {
    xji_tokenizer *tokenizer;
    xji_tokens t;
    xj_units u;
} fixture;

static int setup(void **state)
{
    static fixture f;
    f = (fixture){NULL, XJI_TOKENS_INIT, XJ_UNITS_INIT};
    *state = &f;
    return xji_tokenizer_new(&f.tokenizer, NULL) == XJ_OK ? 0 : -1;
}

static int teardown(void **state)
{
    fixture *f = *state;
    xji_tokens_release(&f->t);
    xji_tokens_release(&f->t);
    xj_units_release(&f->u);
    xji_tokenizer_free(f->tokenizer);
    xji_tokenizer_free(NULL);
    return 0;
}

static void tokenize(fixture *f, const char *s, uint32_t *length)
{
    read_units(&f->u, s);
    check_units(f->tokenizer, &f->u, &f->t);
    /* Once more for the length; the comparison above appended the tokens already. */
    xji_tokens again = XJI_TOKENS_INIT;
    assert_int_equal(xji_tokenize(f->tokenizer, &f->u, &again, length, NULL), XJ_OK);
    xji_tokens_release(&again);
}

static void assert_pair(const fixture *f, size_t i, uint32_t first, uint32_t second, unsigned code)
{
    assert_true(i < f->t.n_pairs);
    assert_int_equal(xji_pair_first(f->t.pair[i]), first);
    assert_int_equal(xji_pair_second(f->t.pair[i]), second);
    assert_int_equal(xji_pair_code(f->t.pair[i]), code);
}

static void assert_key(const fixture *f, size_t i, const char *key, size_t n, unsigned code)
{
    assert_true(i < f->t.n_words);
    assert_int_equal(f->t.word[i].n, n);
    assert_memory_equal(f->t.keys.data + f->t.word[i].at, key, n);
    assert_int_equal(f->t.word[i].code, code);
}

static void test_tokens__a_run_of_characters(void **state)
{
    fixture *f = *state;
    uint32_t length;
    tokenize(f, "枫桥经验，枫桥", &length);
    assert_int_equal(length, 6);
    assert_int_equal(f->t.n_pairs, 6);
    assert_int_equal(f->t.n_words, 0);
    uint32_t han[] = {xj_fold(0x67AB), xj_fold(0x6865), xj_fold(0x7ECF), xj_fold(0x9A8C)};
    assert_pair(f, 0, han[0], han[1], 0);
    assert_pair(f, 1, han[1], han[2], 0);
    assert_pair(f, 2, han[2], han[3], 0);
    assert_pair(f, 3, han[3], XJI_SINGLE, 0);
    assert_pair(f, 4, han[0], han[1], 0x0101);
    assert_pair(f, 5, han[1], XJI_SINGLE, 0);
}

static void test_tokens__words_stems_and_boundaries(void **state)
{
    fixture *f = *state;
    uint32_t length;
    tokenize(f, "5G网络 Enabled enabled", &length);
    assert_int_equal(length, 5);
    uint32_t net[] = {xj_fold(0x7F51), xj_fold(0x7EDC)};
    assert_int_equal(f->t.n_pairs, 2);
    assert_pair(f, 0, net[0], net[1], 0);
    assert_pair(f, 1, net[1], XJI_SINGLE, 0);
    /* 5g, its boundary with 网; 络 with enabled; enabled and its stem; enabled with enabled; once more */
    assert_int_equal(f->t.n_words, 8);
    assert_key(f, 0, "w5g", 3, 0);
    assert_key(f, 1, "p5g\x1F网", 7, 0);
    assert_key(f, 2, "p络\x1F" "enabled", 12, 0);
    assert_key(f, 3, "wenabled", 8, 0);
    assert_key(f, 4, "senabl", 6, 0);
    assert_key(f, 5, "penabled\x1F" "enabled", 16, 0x0001);
    assert_key(f, 6, "wenabled", 8, 0);
    assert_key(f, 7, "senabl", 6, 0);
}

/* Every occurrence of a character is the first of a pair or a single, whatever follows it. */
static void test_tokens__a_character_before_anything(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {"人", "人。", "人abc", "人 abc", "人5", "人\n民", "abc人abc", "人𠀀", "人）"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint32_t length;
        size_t n = f->t.n_pairs, found = 0;
        tokenize(f, texts[i], &length);
        for (; n < f->t.n_pairs; n++)
            found += xji_pair_first(f->t.pair[n]) == 0x4EBA;
        assert_int_equal(found, 1);
    }
}

/* Pairs with U+FFFE and U+FFFF are keys of another meaning; these are no characters, so no text makes such a pair. */
static void test_tokens__what_is_no_character_breaks(void **state)
{
    (void)state;
    assert_int_equal(xj_class_of(xj_fold(0xFFFE)), XJ_CLASS_BREAK);
    assert_int_equal(xj_class_of(xj_fold(0xFFFF)), XJ_CLASS_BREAK);
    for (uint32_t cp = 0; cp < 0x110000; cp++)
        assert_true(xj_fold(cp) < 0xFFFE || xj_fold(cp) > 0xFFFF || cp == xj_fold(cp));
}

static void test_tokens__nothing_to_search(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {"", " ", "。", "，。！？\n", "\n\n\n", "“”《》"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint32_t length;
        tokenize(f, texts[i], &length);
        assert_int_equal(length, 0);
        assert_int_equal(f->t.n_pairs, 0);
        assert_int_equal(f->t.n_words, 0);
    }
}

static void test_tokens__codes_saturate(void **state)
{
    fixture *f = *state;
    static char text[8192];
    text[0] = '\0';
    for (int i = 0; i < 400; i++)
        strcat(text, i % 3 ? "人民 ab " : "人");
    uint32_t length;
    tokenize(f, text, &length);
    unsigned highest = 0;
    for (size_t i = 0; i < f->t.n_pairs; i++)
        if (xji_pair_code(f->t.pair[i]) > highest)
            highest = xji_pair_code(f->t.pair[i]);
    assert_int_equal(highest, 0xFFFF);
}

/* Counts begin anew in every passage, and the tokens of a passage follow those of the one before. */
static void test_tokens__passages_are_apart(void **state)
{
    fixture *f = *state;
    uint32_t length;
    for (int i = 0; i < 5; i++) {
        size_t pairs = f->t.n_pairs, words = f->t.n_words;
        tokenize(f, "枫桥枫桥abc枫桥", &length);
        assert_int_equal(length, 7);
        assert_int_equal(f->t.n_pairs - pairs, 6);
        assert_int_equal(f->t.n_words - words, 4);
        assert_int_equal(xji_pair_code(f->t.pair[pairs]), 0);
        assert_int_equal(xji_pair_code(f->t.pair[pairs + 2]), 0x0101);
        assert_pair(f, pairs + 3, xj_fold(0x6865), XJI_SINGLE, 0); /* before abc */
        assert_int_equal(xji_pair_code(f->t.pair[pairs + 4]), 0x0202);
    }
}

static void test_tokens__longest_words(void **state)
{
    fixture *f = *state;
    uint32_t cp[4 * XJ_WORD_MAX];
    for (size_t i = 0; i < 4 * XJ_WORD_MAX; i++)
        cp[i] = 0x10400 + 0x28 + (uint32_t)(i % 7); /* Deseret small letters: four bytes each */
    assert_int_equal(xj_units_read(&f->u, cp, 4 * XJ_WORD_MAX, 0, NULL), XJ_OK);
    assert_int_equal(f->u.n, 4);
    check_units(f->tokenizer, &f->u, &f->t);
    size_t longest = 0;
    for (size_t i = 0; i < f->t.n_words; i++)
        if (f->t.word[i].n > longest)
            longest = f->t.word[i].n;
    assert_int_equal(longest, XJ_KEY_MAX);
}

/* Few different units, so that they repeat and codes saturate; many, so that the table of words grows. */
static uint32_t random_cp(uint32_t variety)
{
    static const uint32_t breaks[] = {0xFF0C, 0x3002, '\n', '-', '!'}, soft[] = {' ', 0x201C, 0x300B, 0x3000};
    switch (random_below(12)) {
    case 0:
        return breaks[random_below(5)];
    case 1:
        return soft[random_below(4)];
    case 2:
    case 3:
        return 'a' + random_below(variety < 26 ? variety : 26);
    case 4:
        return '0' + random_below(variety < 10 ? variety : 10);
    case 5:
        return 0x20000 + random_below(variety); /* CJK Extension B */
    case 6:
        return 0x3042 + random_below(variety < 64 ? variety : 64);
    default:
        return 0x4E00 + random_below(variety);
    }
}

static void test_tokens__random(void **state)
{
    fixture *f = *state;
    seed(20260105);
    for (int round = 0; round < 400; round++) {
        uint32_t cp[600], variety = 1 + random_below(round % 2 ? 4 : 3000);
        size_t n = random_below(600);
        for (size_t i = 0; i < n; i++)
            cp[i] = random_cp(variety);
        assert_int_equal(xj_units_read(&f->u, cp, n, 0, NULL), XJ_OK);
        check_units(f->tokenizer, &f->u, &f->t);
        if (round % 20 == 0)
            xji_tokens_release(&f->t);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tokens__a_run_of_characters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__words_stems_and_boundaries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__a_character_before_anything, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__what_is_no_character_breaks, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__nothing_to_search, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__codes_saturate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__passages_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__longest_words, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tokens__random, setup, teardown),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
