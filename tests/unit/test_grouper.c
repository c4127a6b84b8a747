/* Tokens grouped by key, against a stable sort of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "grouper.h"
#include "testing.h"

enum { KEYS = 1 << XJI_GROUPER_KEY_BITS, PIECE = 100 };

typedef struct naive {
    uint32_t key, passage, order;
    uint16_t code;
} naive;

static int by_key(const void *a, const void *b)
{
    const naive *x = a, *y = b;
    int c = (x->key > y->key) - (x->key < y->key);
    return c ? c : (x->order > y->order) - (x->order < y->order);
}

static uint64_t token_of(const naive *t)
{
    return (uint64_t)t->passage << XJI_GROUPER_PASSAGE_SHIFT | (uint64_t)t->key << XJI_GROUPER_KEY_SHIFT | t->code;
}

/* A bucket of n tokens of keys below `variety`, spread over all there can be. */
static void check_bucket(xji_grouper *g, size_t n, uint32_t variety, uint32_t base)
{
    naive *want = malloc((n + 1) * sizeof *want);
    uint64_t *token = malloc((n + 1) * sizeof *token);
    uint32_t passage = 0;
    assert_true(want && token);
    for (size_t i = 0; i < n; i++) {
        uint32_t key = random_below(3) ? random_below(variety) : (uint32_t)(random_below(variety) * UINT64_C(2654435761)) % KEYS;
        passage += random_below(4) == 0 ? random_below(random_below(50) ? 3 : 1 << 12) : 0;
        want[i] = (naive){key % KEYS, passage, (uint32_t)i, (uint16_t)random_below(0x10000)};
        token[i] = token_of(&want[i]);
    }
    OK(xji_grouper_begin(g, n, &err));
    for (size_t i = 0; i < n; i += PIECE)
        OK(xji_grouper_count(g, token + i, n - i < PIECE ? n - i : PIECE, &err));
    OK(xji_grouper_place(g, &err));
    for (size_t i = 0; i < n; i += PIECE)
        xji_grouper_fill(g, token + i, n - i < PIECE ? n - i : PIECE);
    if (n > 0)
        qsort(want, n, sizeof *want, by_key);
    size_t i = 0;
    for (size_t k = 0; k < g->n_keys; k++) {
        xj_term_postings t;
        assert_true(i < n);
        assert_int_equal(xji_grouper_postings(g, k, base, &t), want[i].key);
        const uint16_t *code = t.adjacency;
        for (uint32_t p = 0; p < t.n; p++) {
            assert_true(p == 0 || t.docs[p] > t.docs[p - 1]);
            assert_true(t.tfs[p] > 0);
            for (uint32_t f = 0; f < t.tfs[p]; f++, i++) {
                assert_true(i < n);
                assert_int_equal(want[i].passage + base, t.docs[p]);
                assert_int_equal(want[i].code, *code++);
            }
        }
        assert_true(i == n || want[i].key > want[i - 1].key);
    }
    assert_int_equal(i, n);
    free(want);
    free(token);
}

static void test_grouper__equals_a_sort(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 64, 511, 512, 5000, 40000};
    xji_grouper g = {0};
    (void)state;
    seed(7);
    for (unsigned round = 0; round < 300; round++) {
        size_t n = round < 9 ? sizes[round] : random_below(random_below(20) ? 2000 : 100000);
        uint32_t most = random_below(3) == 0 ? KEYS : random_below(3) == 0 ? 3000 : 60;
        check_bucket(&g, n, 1 + random_below(most), random_below(2) * 1000000);
    }
    xji_grouper_release(&g);
    xji_grouper_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grouper__equals_a_sort)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
