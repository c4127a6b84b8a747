/*
 * Passages that hold several terms, met block by block, against lists that are read passage by passage; and that bounds never
 * lose a passage that reaches the floor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "segment.h"

#include "search.h"

#include "../../query/src/plan.h"

enum { PASSAGES = 5000 };

static const char *const queries[] = {"甲乙", "甲乙丙", "甲乙甲乙", "枫桥经验", "人人", "人人人", "丙丁 甲乙", "戊 己", "甲乙 人人 run", "running 5G 甲乙",
                                      "甲乙丙 枫桥经验", "化解矛盾", "甲乙 戊", "甲 乙 丙 丁", "\"甲，乙\"", "不存在 甲乙", "𠮷 甲乙", "网络 甲乙"};
enum { N_QUERIES = sizeof queries / sizeof *queries };

/* A query whose phrases must all be met. */
typedef struct made {
    xj_query *q;
    xj_segment *seg;
    xji_verifier verifier;
    xji_scratch scratch;
    xji_clock clock;
    xji_plan plan;
    xji_conjunction c;
    size_t chain[16];
} made;

static xji_parts parts;

static void begin(made *m, const char *text)
{
    memset(m, 0, sizeof *m);
    OK(xj_query_parse(&m->q, text, strlen(text), XJ_QUERY_ALL, &err));
    m->seg = xj_index_segment(search_index, 0);
    xji_verifier_init(&m->verifier);
    OK(xji_plan_make(&m->plan, search_index, m->q, &parts, &m->scratch, &m->clock, &err));
    const xj_term *terms = m->q->n_tokens ? xji_plan_term(&m->plan, 0, 0) : NULL;
    xji_conjunction_init(&m->c, m->q, m->seg, terms, &m->verifier, &m->scratch, &m->clock);
    assert_true(m->q->n_phrases <= 16);
    for (size_t i = 0; i < m->q->n_phrases; i++)
        OK(xji_conjunction_phrase(&m->c, &m->q->phrase[i], &m->chain[i], &err));
}

static void end(made *m)
{
    xji_conjunction_release(&m->c);
    xji_plan_release(&m->plan);
    xji_verifier_release(&m->verifier);
    xji_scratch_release(&m->scratch);
    xj_query_free(m->q);
}

/* Occurrences by arm and passage, read one by one; count[arm * PASSAGES + doc]. */
static uint32_t *read_arms(const made *m)
{
    uint32_t *count = calloc((m->c.n_arms + 1) * PASSAGES, sizeof *count);
    xj_postings *it = malloc(sizeof *it);
    assert_true(count && it);
    for (size_t i = 0; i < m->c.n_arms; i++) {
        const xji_arm *a = m->c.arm[i];
        for (size_t k = 0; a->list && k < a->list->n; k++)
            count[i * PASSAGES + a->list->doc[k]] = a->list->count[k];
        if (a->list || a->df == 0)
            continue;
        OK(xj_postings_open(it, m->seg, &a->it.term, &err));
        while (it->doc != XJ_DOC_END) {
            count[i * PASSAGES + it->doc] = it->tf;
            OK(xj_postings_next(it, &err));
        }
    }
    free(it);
    return count;
}

static bool in_all(const made *m, const uint32_t *count, uint32_t doc)
{
    bool all = m->c.n_arms > 0 && !m->c.empty;
    for (size_t i = 0; i < m->c.n_arms; i++)
        all = all && count[i * PASSAGES + doc] > 0;
    return all;
}

static void check_batch(made *m, const xji_batch *b, const uint32_t *count)
{
    uint32_t tf[XJ_BLOCK], exact[XJ_BLOCK], any[XJ_BLOCK];
    for (size_t i = 0; i < m->c.n_arms; i++) {
        OK(xji_conjunction_tfs(&m->c, i, b, tf, &err));
        for (size_t k = 0; k < b->n; k++)
            assert_int_equal(tf[k], count[i * PASSAGES + b->doc[k]]);
    }
    for (size_t i = 0; i < m->q->n_phrases; i++) {
        OK(xji_conjunction_counts(&m->c, m->chain[i], b, true, exact, &err));
        OK(xji_conjunction_counts(&m->c, m->chain[i], b, false, any, &err));
        for (size_t k = 0; k < b->n; k++) {
            uint32_t want;
            OK(xji_verify(&m->verifier, m->q, &m->q->phrase[i], m->seg, b->doc[k], &want, &err));
            assert_int_equal(exact[k], want);
            assert_int_equal(any[k] > 0, want > 0);
        }
    }
}

/* All of them, and from any passage on. */
static void test_conjunction__what_is_in_all_lists(void **state)
{
    (void)state;
    seed(88);
    make_search_index(1, PASSAGES);
    for (size_t i = 0; i < N_QUERIES; i++) {
        for (unsigned leap = 0; leap < 3; leap++) {
            made m;
            xji_batch b;
            begin(&m, queries[i]);
            uint32_t *count = read_arms(&m), doc = 0, from = 0;
            for (;;) {
                if (leap > 0 && random_below(2))
                    from = doc + random_below(leap == 1 ? 100 : 2000);
                doc = doc > from ? doc : from;
                OK(xji_conjunction_next(&m.c, from, &b, &err));
                if (b.n == 0)
                    break;
                for (size_t k = 0; k < b.n; k++, doc++) {
                    while (doc < b.doc[k])
                        assert_false(in_all(&m, count, doc++));
                    assert_int_equal(doc, b.doc[k]);
                    assert_true(in_all(&m, count, doc));
                }
                check_batch(&m, &b, count);
            }
            for (; doc < PASSAGES; doc++)
                assert_false(in_all(&m, count, doc));
            OK(xji_conjunction_next(&m.c, 0, &b, &err)); /* the end stays the end */
            assert_int_equal(b.n, 0);
            free(count);
            end(&m);
        }
    }
}

/* The score of each passage that is in all lists, all phrases taken to occur; else 0. */
static double *score_all(made *m, const uint32_t *count, double *most)
{
    double *score = calloc(PASSAGES, sizeof *score);
    xji_arm *a = malloc(sizeof *a);
    assert_true(score && a);
    *most = 0.0;
    for (size_t t = 0; t < m->q->n_tokens; t++) {
        xji_plan_arm(&m->plan, 0, t, a);
        for (uint32_t d = 0; d < PASSAGES; d++) {
            uint32_t tf, length;
            uint8_t code;
            OK(xji_arm_tfs(a, &d, 1, &tf, &err));
            OK(xj_segment_length_codes(m->seg, &d, 1, &code, &err));
            OK(xj_segment_length(m->seg, d, &length, &err));
            if (tf > 0)
                assert_true(xji_plan_part(&m->plan, t, tf, code) == m->plan.scale[t] * xj_bm25_tf(tf, length, m->plan.average));
            score[d] += tf > 0 ? xji_plan_part(&m->plan, t, tf, code) : 0.0;
        }
    }
    for (uint32_t d = 0; d < PASSAGES; d++) {
        for (size_t k = 0; k < m->q->n_phrases; k++)
            score[d] += m->plan.bonus[k];
        if (!in_all(m, count, d))
            score[d] = 0.0;
        *most = score[d] > *most ? score[d] : *most;
    }
    free(a);
    return score;
}

static void set_bounds(made *m, xji_bounds *bounds)
{
    double scale[64] = {0.0};
    assert_true(m->c.n_arms <= 64);
    xji_plan_bounds(&m->plan, 0, bounds);
    for (size_t t = 0; t < m->q->n_tokens; t++) {
        size_t arm = xji_conjunction_arm_of(&m->c, xji_plan_term(&m->plan, 0, t));
        if (arm != SIZE_MAX)
            scale[arm] += m->plan.scale[t];
        else
            bounds->other += m->plan.scale[t] * bounds->most;
    }
    for (size_t k = 0; k < m->q->n_phrases; k++)
        bounds->other += m->plan.bonus[k];
    OK(xji_conjunction_bound(&m->c, bounds, scale, &err));
}

/* Floors that stay, and floors that rise as they do while the best are collected. */
static void test_conjunction__bounds_lose_nothing(void **state)
{
    (void)state;
    seed(89);
    make_search_index(1, PASSAGES);
    uint64_t passed_over = 0;
    for (size_t i = 0; i < N_QUERIES; i++) {
        for (unsigned round = 0; round < 12; round++) {
            made m;
            xji_batch b;
            xji_bounds bounds;
            double most, floor;
            begin(&m, queries[i]);
            uint32_t *count = read_arms(&m), doc = 0;
            double *score = score_all(&m, count, &most);
            if (!m.c.empty)
                set_bounds(&m, &bounds);
            floor = m.c.empty ? 0.0 : round == 0 ? most : most * random_below(1000) / 1000.0;
            for (;;) {
                m.c.floor = floor * (1.0 - 1e-9);
                OK(xji_conjunction_next(&m.c, 0, &b, &err));
                uint32_t to = b.n > 0 ? b.doc[b.n - 1] + 1 : PASSAGES;
                size_t k = 0;
                for (; doc < to; doc++) {
                    if (k < b.n && b.doc[k] == doc) {
                        assert_true(in_all(&m, count, doc));
                        k++;
                    } else {
                        assert_true(score[doc] < floor || score[doc] == 0.0);
                        passed_over += score[doc] > 0.0;
                    }
                }
                assert_int_equal(k, b.n);
                if (b.n == 0)
                    break;
                check_batch(&m, &b, count);
                if (round % 3 == 2 && !m.c.empty && floor < most) /* not above the best: what a collector would have */
                    floor += (most - floor) * random_below(100) / 400.0;
            }
            free(score);
            free(count);
            end(&m);
        }
    }
    assert_true(passed_over > 10000); /* or nothing was tested */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_search_dir, remove_search_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_conjunction__what_is_in_all_lists),
        TEST(test_conjunction__bounds_lose_nothing),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
