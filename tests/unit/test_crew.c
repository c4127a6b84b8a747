/*
 * The crew: results come in the order of the inputs and are the same whoever did the work.
 */
#define _GNU_SOURCE /* strdup */
#include "crew.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

/* ---- inputs ---- */

static xji_input make_input(const char *id, const char *json)
{
    xji_input in = {.id = strdup(id), .path = strdup("reports.jsonl"), .json = strdup(json), .n_json = strlen(json),
                    .origin = strdup(id)};
    assert_true(in.id && in.path && in.json && in.origin);
    return in;
}

/* Report number i: most are short, some long, some are no report at all. */
static xji_input numbered_input(uint32_t i)
{
    static const char *const words[] = {"推广枫桥经验", "化解矛盾纠纷", "依法行政", "5G网络", "，", "。", "\\n一、工作情况\\n", "enabled "};
    char id[32], *json = malloc(1 << 20);
    assert_non_null(json);
    snprintf(id, sizeof id, "reports.jsonl:%u", i);
    random_state = i * 77 + 1;
    if (i % 7 == 3) {
        sprintf(json, "{\"no\":\"text %u\"}", i);
    } else {
        int n = sprintf(json, "{\"id\":\"r%u\",\"title\":\"报告 %u\",\"year\":%u,\"text\":\"第%u号", i, i, 2000 + i % 30, i);
        for (uint32_t k = random_below(i % 50 == 0 ? 20000 : 60); k > 0; k--)
            n += sprintf(json + n, "%s", words[random_below(8)]);
        strcpy(json + n, "\"}");
    }
    xji_input in = make_input(id, json);
    free(json);
    return in;
}

/* ---- results as bytes ---- */

static void put(xj_buf *b, const void *s, size_t n)
{
    assert_int_equal(xj_buf_u64(b, n, NULL), XJ_OK);
    assert_int_equal(xj_buf_put(b, s, n, NULL), XJ_OK);
}

static void put_number(xj_buf *b, uint64_t n)
{
    assert_int_equal(xj_buf_u64(b, n, NULL), XJ_OK);
}

static void put_tokens(xj_buf *b, const xji_tokens *tokens)
{
    put_number(b, tokens->n_pairs);
    for (size_t i = 0; i < tokens->n_pairs; i++) {
        const xji_pair_token t = tokens->pair[i];
        const uint32_t fields[] = {xji_pair_first(t), xji_pair_second(t), xji_pair_code(t)};
        put(b, fields, sizeof fields);
    }
    for (size_t i = 0; i < tokens->n_words; i++) {
        put(b, tokens->keys.data + tokens->word[i].at, tokens->word[i].n);
        put_number(b, tokens->word[i].code);
    }
}

static void put_result(xj_buf *b, const xji_result *r)
{
    const xji_analysed *a = &r->analysed;
    put(b, r->input.origin, strlen(r->input.origin));
    put_number(b, r->status);
    put(b, r->error.message, strlen(r->error.message));
    if (r->status != XJ_OK)
        return;
    put(b, a->id, strlen(a->id));
    put_number(b, a->year);
    put_number(b, a->encoding);
    put_number(b, a->input_bytes);
    put(b, a->changes, sizeof a->changes);
    put(b, a->meta.data, a->meta.n);
    put(b, a->records.data, a->records.n);
    put(b, a->headings.data, a->headings.n);
    put(b, a->heading_end, a->n_headings * sizeof *a->heading_end);
    put_number(b, a->n_passages);
    for (size_t i = 0; i < a->n_passages; i++) {
        const xji_analysed_passage *p = &a->passage[i];
        const uint64_t fields[] = {p->section, p->length, p->n_characters, p->text_bytes, p->record_end, p->pair_end, p->word_end};
        put(b, fields, sizeof fields);
    }
    put_tokens(b, &a->tokens);
    put_tokens(b, &a->context);
    for (size_t i = 0; i <= a->n_headings; i++) {
        const xji_token_range *g = &a->context_range[i];
        const uint64_t fields[] = {g->pair_from, g->pair_to, g->word_from, g->word_to, i ? a->parent[i - 1] : 0};
        put(b, fields, sizeof fields);
    }
}

/* Give n inputs, a few at a time, and take all results in between; their bytes go to out. */
static void run(xji_crew *crew, uint32_t n, xj_buf *out)
{
    bool any = true;
    uint32_t given = 0, taken = 0;
    while (given < n || any) {
        while (given < n && xji_crew_has_room(crew)) {
            xji_input in = numbered_input(given++);
            xji_crew_give(crew, &in);
            assert_null(in.json); /* handed over */
        }
        xji_result r;
        xji_crew_take(crew, &r, &any);
        if (!any)
            continue;
        char origin[32];
        snprintf(origin, sizeof origin, "reports.jsonl:%u", taken);
        assert_string_equal(r.input.origin, origin);
        assert_int_equal(r.status, taken % 7 == 3 ? XJ_EINPUT : XJ_OK);
        assert_int_equal(r.error.code, r.status);
        if (r.status != XJ_OK)
            assert_null(r.analysed.id);
        taken++;
        put_result(out, &r);
        xji_result_release(&r);
        xji_result_release(&r);
    }
    assert_int_equal(taken, n);
}

/* A crew with a pool of its own; 0 threads: without one. */
typedef struct team {
    xj_pool *pool;
    xji_crew *crew;
} team;

static team start(unsigned threads, size_t memory, xji_segmentation mode)
{
    team t = {NULL, NULL};
    if (threads > 0)
        assert_int_equal(xj_pool_new(&t.pool, threads, NULL), XJ_OK);
    assert_int_equal(xji_crew_start(&t.crew, t.pool, memory, mode, NULL), XJ_OK);
    return t;
}

static void stop(team *t)
{
    xji_crew_stop(&t->crew);
    assert_null(t->crew);
    xj_pool_free(t->pool);
}

/* ---- tests ---- */

static void test_crew__any_number_of_threads_gives_the_same(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 1, 2, 3, 5, 17};
    static const size_t memories[] = {1, 100000, (size_t)64 << 20};
    xj_buf want = XJ_BUF_INIT;
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
            xj_buf got = XJ_BUF_INIT;
            team t = start(threads[i], memories[m], XJI_SEGMENT_AUTO);
            run(t.crew, 300, &got);
            stop(&t);
            if (!want.data) {
                want = got;
                continue;
            }
            assert_int_equal(got.n, want.n);
            assert_memory_equal(got.data, want.data, want.n);
            xj_buf_release(&got);
        }
    }
    xj_buf_release(&want);
}

static void test_crew__nothing_under_way(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads < 4; threads++) {
        xji_result r;
        bool any = true;
        team t = start(threads, 1000, XJI_SEGMENT_AUTO);
        assert_true(xji_crew_has_room(t.crew));
        xji_crew_take(t.crew, &r, &any);
        assert_false(any);
        stop(&t);
    }
    xji_crew *none = NULL;
    xji_crew_stop(&none);
    xji_crew_stop(NULL);
}

/* The ring has an end, and every place in it is used again. */
static void test_crew__room_for_so_many(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads < 4; threads += 2) {
        uint32_t given = 0, taken = 0, most = 0;
        team t = start(threads, (size_t)1 << 30, XJI_SEGMENT_AUTO);
        for (int round = 0; round < 3; round++) {
            while (xji_crew_has_room(t.crew)) {
                xji_input in = make_input("x", "{\"text\":\"人\"}");
                xji_crew_give(t.crew, &in);
                given++;
                assert_true(given - taken < 100000);
            }
            if (most == 0)
                most = given;
            assert_int_equal(given - taken, most);
            assert_int_equal(most > 1, threads > 1); /* a thread alone gains nothing from working ahead */
            for (uint32_t i = 0; i < most / 3 + (uint32_t)round && taken < given; i++) {
                xji_result r;
                bool any;
                xji_crew_take(t.crew, &r, &any);
                assert_true(any);
                taken++;
                xji_result_release(&r);
            }
        }
        stop(&t); /* with results that nobody took */
    }
}

/* With no memory to spare one input is under way at a time, but one is. */
static void test_crew__memory_bounds_what_waits(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads < 4; threads++) {
        team t = start(threads, 1, XJI_SEGMENT_AUTO);
        for (uint32_t i = 0; i < 20; i++) {
            xji_result r;
            bool any;
            assert_true(xji_crew_has_room(t.crew));
            xji_input in = numbered_input(i);
            xji_crew_give(t.crew, &in);
            assert_false(xji_crew_has_room(t.crew));
            xji_crew_take(t.crew, &r, &any);
            assert_true(any);
            xji_result_release(&r);
        }
        stop(&t);
    }
}

/* What was taken waits no longer: there is as much room as before. */
static void test_crew__room_comes_back(void **state)
{
    (void)state;
    uint32_t first = 0;
    team t = start(2, 20000, XJI_SEGMENT_AUTO);
    for (int round = 0; round < 20; round++) {
        uint32_t n = 0;
        bool any = true;
        for (; xji_crew_has_room(t.crew); n++) {
            xji_input in = make_input("x", "{\"text\":\"推广枫桥经验\"}");
            xji_crew_give(t.crew, &in);
        }
        if (round == 0)
            first = n;
        assert_int_equal(n, first);
        while (any) {
            xji_result r;
            xji_crew_take(t.crew, &r, &any);
            if (any)
                xji_result_release(&r);
        }
    }
    assert_in_range(first, 2, 200); /* the memory was the limit */
    stop(&t);
}

static void test_crew__stopped_with_work_under_way(void **state)
{
    (void)state;
    static const unsigned threads[] = {0, 1, 2, 5};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        for (uint32_t taken = 0; taken < 60; taken += 20) {
            team t = start(threads[i], (size_t)1 << 30, XJI_SEGMENT_AUTO);
            for (uint32_t k = 0; k < 200; k++) {
                xji_input in = numbered_input(k % 50); /* number 0 is a long one */
                xji_crew_give(t.crew, &in);
            }
            for (uint32_t k = 0; k < taken; k++) {
                xji_result r;
                bool any;
                xji_crew_take(t.crew, &r, &any);
                assert_true(any);
                xji_result_release(&r);
            }
            stop(&t);
        }
    }
}

static void test_crew__segmentation_is_passed_on(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads < 3; threads++) {
        size_t passages[2];
        for (int mode = 0; mode < 2; mode++) {
            xji_result r;
            bool any;
            team t = start(threads, 1000, mode ? XJI_SEGMENT_NONE : XJI_SEGMENT_AUTO);
            xji_input in = numbered_input(50);
            xji_crew_give(t.crew, &in);
            xji_crew_take(t.crew, &r, &any);
            assert_true(any);
            passages[mode] = r.analysed.n_passages;
            xji_result_release(&r);
            stop(&t);
        }
        assert_true(passages[0] > 1);
        assert_int_equal(passages[1], 1);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crew__any_number_of_threads_gives_the_same),
        cmocka_unit_test(test_crew__nothing_under_way),
        cmocka_unit_test(test_crew__room_for_so_many),
        cmocka_unit_test(test_crew__memory_bounds_what_waits),
        cmocka_unit_test(test_crew__room_comes_back),
        cmocka_unit_test(test_crew__stopped_with_work_under_way),
        cmocka_unit_test(test_crew__segmentation_is_passed_on),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
