/* Tokens made from a text at once, against those made from its units; and the maps of text that stands so in its source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"
#include "tokens.h"

#include "xj/fold.h"
#include "xj/record.h"
#include "xj/utf8.h"

enum { N_MAX = 300 };

/* Han, Latin, digits, what joins words, what expands, SOFT and INVISIBLE, planes above the first. */
static const uint32_t some[] = {0x4E00, 0x570B, 0x56FD, 0x4EBA, 'a',    'B',    '1',    '9',    '0',     '.',     ',',    '_',   '+',
                                '%',    0x2030, ' ',    '\n',   0x300A, 0x3002, 0x33A1, 0x2474, 0x2488,  0x337F,  0x200B, 0xFF11, 0xFF0E,
                                0xFF21, 0x5E74, '-',    0xB7,   0xAD,   0x0301, 0x20000, 0x2F800, 0x1D400, 0x10FFFF, 0xFFFD, 0x30AB, 0x3220};

static size_t random_text(uint32_t *cp)
{
    const uint32_t n_some = sizeof some / sizeof *some;
    size_t n = random_below(N_MAX);
    uint32_t first = random_below(n_some), width = 1 + random_below(n_some), han = random_below(4);
    for (size_t i = 0; i < n; i++)
        cp[i] = random_below(4) < han ? 0x4E00 + random_below(20) : some[(first + random_below(width)) % n_some];
    return n;
}

static void check_tokens(const xji_tokens *a, const xji_tokens *b)
{
    assert_int_equal(a->n_pairs, b->n_pairs);
    for (size_t i = 0; i < a->n_pairs; i++) {
        assert_int_equal(xji_pair_first(a->pair[i]), xji_pair_first(b->pair[i]));
        assert_int_equal(xji_pair_second(a->pair[i]), xji_pair_second(b->pair[i]));
        assert_int_equal(xji_pair_code(a->pair[i]), xji_pair_code(b->pair[i]));
    }
    assert_int_equal(a->n_words, b->n_words);
    for (size_t i = 0; i < a->n_words; i++) {
        assert_int_equal(a->word[i].code, b->word[i].code);
        assert_int_equal(a->word[i].n, b->word[i].n);
        assert_memory_equal(a->keys.data + a->word[i].at, b->keys.data + b->word[i].at, a->word[i].n);
    }
}

static void test_tokens_text__equals_tokens_of_units(void **state)
{
    xji_tokenizer *one, *two;
    xj_units units = XJ_UNITS_INIT;
    (void)state;
    seed(42);
    OK(xji_tokenizer_new(&one, &err));
    OK(xji_tokenizer_new(&two, &err));
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t cp[N_MAX], length_one, length_two;
        size_t n = random_text(cp);
        xji_tokens a = XJI_TOKENS_INIT, b = XJI_TOKENS_INIT;
        OK(xj_units_read(&units, cp, n, 0, &err));
        OK(xji_tokenize(one, &units, &a, &length_one, &err));
        OK(xji_tokenize_text(two, cp, n, &b, &length_two, &err));
        assert_int_equal(length_one, length_two);
        check_tokens(&a, &b);
        xji_tokens_release(&a);
        xji_tokens_release(&b);
    }
    xj_units_release(&units);
    xji_tokenizer_free(one);
    xji_tokenizer_free(two);
}

/* Reading stretch by stretch gives the units of the whole text. */
static void test_tokens_text__words_are_read_by_stretches(void **state)
{
    xj_units whole = XJ_UNITS_INIT, part = XJ_UNITS_INIT;
    (void)state;
    seed(43);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t cp[N_MAX];
        unsigned flags = round % 2 ? XJ_UNITS_EXACT_SCRIPT : 0;
        size_t n = random_text(cp), k = 0;
        OK(xj_units_read(&whole, cp, n, flags, &err));
        for (size_t i = 0; i < n;) {
            uint32_t folded;
            xj_fold_many(&folded, &cp[i], 1);
            uint32_t cls = folded >> XJ_FOLDED_CLASS_SHIFT;
            if (cls == XJ_CLASS_WORD || folded & XJ_FOLDED_EXPANDS) {
                size_t from = i;
                OK(xj_units_read_words(&part, cp, n, &i, flags, &err));
                assert_true(i > from);
                for (size_t j = 0; j < part.n; j++, k++) {
                    assert_true(k < whole.n && xj_units_equal(&whole, k, &part, j));
                    assert_int_equal(whole.unit[k].first, part.unit[j].first);
                    assert_int_equal(whole.unit[k].last, part.unit[j].last);
                }
                continue;
            }
            assert_int_equal(folded & XJ_FOLDED_CP, xj_fold(cp[i]));
            if (cls == XJ_CLASS_CHAR || cls == XJ_CLASS_BREAK) {
                assert_true(k < whole.n);
                assert_int_equal(whole.unit[k].kind, cls == XJ_CLASS_CHAR ? XJ_UNIT_CHAR : XJ_UNIT_BREAK);
                assert_int_equal(whole.unit[k].cp, flags ? cp[i] : folded & XJ_FOLDED_CP);
                assert_int_equal(whole.unit[k++].first, i);
            }
            i++;
        }
        assert_int_equal(k, whole.n);
    }
    xj_units_release(&whole);
    xj_units_release(&part);
}

/* A passage that is ranges of its source has the record that its code points with their places give. */
static void test_tokens_text__records_of_ranges(void **state)
{
    (void)state;
    seed(44);
    for (unsigned round = 0; round < 5000; round++) {
        uint32_t cp[N_MAX], beg[N_MAX];
        uint8_t len[N_MAX], mark[N_MAX] = {0}, source[4 * N_MAX + 3];
        size_t n = random_text(cp), at = random_below(4), m = 0, n_ranges = 0;
        for (size_t i = 0; i < n; i++) {
            beg[i] = (uint32_t)at;
            len[i] = (uint8_t)xj_utf8_encode(source + at, cp[i]);
            at += len[i];
        }
        xj_source_range range[N_MAX];
        for (size_t i = 0; i < n;) {
            size_t e = i + 1 + random_below((uint32_t)(n - i));
            range[n_ranges++] = (xj_source_range){beg[i], beg[e - 1] + len[e - 1], (uint32_t)(e - i)};
            for (; i < e; i++, m++) {
                cp[m] = cp[i];
                beg[m] = beg[i];
                len[m] = len[i];
            }
            i += random_below(3);
        }
        xj_buf a = XJ_BUF_INIT, b = XJ_BUF_INIT;
        OK(xj_passage_put(&a, XJ_ENC_UTF8, cp, beg, len, mark, m, &err));
        OK(xj_passage_put_ranges(&b, source, range, n_ranges, &err));
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.data, b.data, a.n);
        xj_buf_release(&a);
        xj_buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens_text__equals_tokens_of_units),
        cmocka_unit_test(test_tokens_text__words_are_read_by_stretches),
        cmocka_unit_test(test_tokens_text__records_of_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
