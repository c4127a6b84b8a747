/*
 * A pool of threads: every job that is waited for runs once, whatever the order and however many threads there are; who
 * waits works.
 */
#include "xj/pool.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "testing.h"

enum { JOBS = 200, THREADS_MAX = 8 };

typedef struct task {
    xj_job job; /* first: a job is cast to its task */
    uint32_t number;
    uint64_t result;
    atomic_int runs;
    pthread_t thread;
} task;

static task tasks[JOBS];

static void work(xj_job *job)
{
    task *t = (task *)job;
    uint64_t x = t->number;
    for (uint32_t i = 0; i < t->number % 7 * 1000; i++)
        x = x * UINT64_C(6364136223846793005) + 1;
    t->result = x;
    t->thread = pthread_self();
    atomic_fetch_add(&t->runs, 1);
}

static uint64_t expected(uint32_t number)
{
    task t = {.number = number};
    work(&t.job);
    return t.result;
}

static void reset(void (*run)(xj_job *))
{
    memset(tasks, 0, sizeof tasks);
    for (uint32_t i = 0; i < JOBS; i++) {
        tasks[i].number = i;
        tasks[i].job.run = run;
    }
}

static void check_task(uint32_t i)
{
    assert_int_equal(tasks[i].runs, 1);
    assert_true(tasks[i].result == expected(i));
}

static int limit(void **state)
{
    (void)state;
    alarm(60); /* a pool that waits for ever is a failure too */
    return 0;
}

static void test_pool__jobs_run_once(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        assert_int_equal(xj_pool_n_threads(pool), n);
        reset(work);
        for (uint32_t i = 0; i < JOBS; i++)
            xj_pool_submit(pool, &tasks[i].job);
        for (uint32_t i = 0; i < JOBS; i++) {
            xj_pool_wait(pool, &tasks[i].job);
            assert_true(xj_pool_done(pool, &tasks[i].job));
            check_task(i);
            xj_pool_wait(pool, &tasks[i].job); /* waiting again is no different */
        }
        xj_pool_free(pool);
        for (uint32_t i = 0; i < JOBS; i++)
            assert_int_equal(tasks[i].runs, 1);
    }
}

/* Waiting backwards, and for some jobs only. */
static void test_pool__any_order_of_waiting(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        reset(work);
        for (uint32_t i = 0; i < JOBS; i++)
            xj_pool_submit(pool, &tasks[i].job);
        for (uint32_t i = JOBS; i-- > 0;) {
            xj_pool_wait(pool, &tasks[i].job);
            check_task(i);
        }
        reset(work);
        for (uint32_t i = 0; i < JOBS; i++)
            xj_pool_submit(pool, &tasks[i].job);
        for (uint32_t i = 0; i < JOBS; i += 3) {
            xj_pool_wait(pool, &tasks[i].job);
            check_task(i);
        }
        xj_pool_free(pool);
    }
}

/* A window of jobs, as the builder has: submit one, wait for the oldest. The same job again and again. */
static void test_pool__jobs_are_used_again(void **state)
{
    (void)state;
    enum { WINDOW = 5, ROUNDS = 2000 };
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        reset(work);
        for (uint32_t i = 0; i < ROUNDS; i++) {
            task *t = &tasks[i % WINDOW];
            if (i >= WINDOW) {
                xj_pool_wait(pool, &t->job);
                assert_int_equal(t->runs, 1);
                assert_true(t->result == expected(i - WINDOW));
            }
            *t = (task){.job = {.run = work}, .number = i};
            xj_pool_submit(pool, &t->job);
        }
        for (uint32_t i = 0; i < WINDOW; i++)
            xj_pool_wait(pool, &tasks[i].job);
        xj_pool_free(pool);
    }
}

static atomic_bool gate;
static atomic_int inside;

static void pass_gate(xj_job *job)
{
    (void)job;
    atomic_fetch_add(&inside, 1);
    while (!atomic_load(&gate))
        nanosleep(&(struct timespec){0, 100000}, NULL);
}

/* While the other threads are held up, the one that waits does the rest itself. */
static void test_pool__who_waits_helps(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        task held[THREADS_MAX];
        memset(held, 0, sizeof held);
        atomic_store(&gate, false);
        atomic_store(&inside, 0);
        for (unsigned i = 0; i + 1 < n; i++) {
            held[i].job.run = pass_gate;
            xj_pool_submit(pool, &held[i].job);
        }
        while (atomic_load(&inside) < (int)n - 1) /* all others are in there */
            nanosleep(&(struct timespec){0, 100000}, NULL);
        reset(work);
        for (uint32_t i = 0; i < JOBS; i++)
            xj_pool_submit(pool, &tasks[i].job);
        assert_false(xj_pool_done(pool, &tasks[JOBS - 1].job));
        xj_pool_wait(pool, &tasks[JOBS - 1].job);
        for (uint32_t i = 0; i < JOBS; i++) { /* the oldest first */
            assert_true(xj_pool_done(pool, &tasks[i].job));
            check_task(i);
            assert_true(pthread_equal(tasks[i].thread, pthread_self()));
        }
        assert_false(xj_pool_done(pool, &held[0].job));
        atomic_store(&gate, true);
        for (unsigned i = 0; i + 1 < n; i++)
            xj_pool_wait(pool, &held[i].job);
        xj_pool_free(pool);
    }
}

/* Jobs run at the same time: each waits for all the others to have begun. */
static atomic_int begun;
static int together;

static void meet(xj_job *job)
{
    (void)job;
    atomic_fetch_add(&begun, 1);
    while (atomic_load(&begun) < together)
        nanosleep(&(struct timespec){0, 100000}, NULL);
}

static void test_pool__jobs_run_side_by_side(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        task party[THREADS_MAX];
        memset(party, 0, sizeof party);
        atomic_store(&begun, 0);
        together = (int)n;
        for (unsigned i = 0; i < n; i++) {
            party[i].job.run = meet;
            xj_pool_submit(pool, &party[i].job);
        }
        for (unsigned i = 0; i < n; i++)
            xj_pool_wait(pool, &party[i].job);
        assert_int_equal(atomic_load(&begun), n);
        xj_pool_free(pool);
    }
}

static void do_nothing(xj_job *job)
{
    (void)job;
}

static void test_pool__jobs_that_do_nothing(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        reset(do_nothing);
        for (int round = 0; round < 50; round++) {
            for (uint32_t i = 0; i < JOBS; i++)
                xj_pool_submit(pool, &tasks[i].job);
            for (uint32_t i = 0; i < JOBS; i++)
                xj_pool_wait(pool, &tasks[i].job);
        }
        xj_pool_free(pool);
    }
}

/* Jobs that nobody waited for: each ran once or not at all, and none runs once the pool is gone. */
static void test_pool__freed_with_jobs_left(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        for (int round = 0; round < 20; round++) {
            xj_pool *pool;
            OK(xj_pool_new(&pool, n, &err));
            reset(work);
            for (uint32_t i = 0; i < JOBS; i++)
                xj_pool_submit(pool, &tasks[i].job);
            if (round % 2)
                xj_pool_wait(pool, &tasks[7].job);
            xj_pool_free(pool);
            int runs[JOBS];
            for (uint32_t i = 0; i < JOBS; i++) {
                runs[i] = atomic_load(&tasks[i].runs);
                assert_true(runs[i] == 0 || runs[i] == 1);
                if (runs[i])
                    check_task(i);
            }
            if (round % 2)
                assert_int_equal(runs[7], 1);
            nanosleep(&(struct timespec){0, 200000}, NULL);
            for (uint32_t i = 0; i < JOBS; i++)
                assert_int_equal(atomic_load(&tasks[i].runs), runs[i]);
        }
    }
}

static void test_pool__unused_and_none(void **state)
{
    (void)state;
    for (unsigned n = 1; n <= THREADS_MAX; n++) {
        xj_pool *pool;
        OK(xj_pool_new(&pool, n, &err));
        xj_pool_free(pool);
    }
    xj_pool_free(NULL);
    assert_int_equal(xj_pool_n_threads(NULL), 1);
    reset(work);
    for (uint32_t i = 0; i < JOBS; i++) { /* without a pool the caller does it */
        xj_pool_submit(NULL, &tasks[i].job);
        assert_true(xj_pool_done(NULL, &tasks[i].job));
        xj_pool_wait(NULL, &tasks[i].job);
        check_task(i);
        assert_true(pthread_equal(tasks[i].thread, pthread_self()));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, limit)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pool__jobs_run_once),
        TEST(test_pool__any_order_of_waiting),
        TEST(test_pool__jobs_are_used_again),
        TEST(test_pool__who_waits_helps),
        TEST(test_pool__jobs_run_side_by_side),
        TEST(test_pool__jobs_that_do_nothing),
        TEST(test_pool__freed_with_jobs_left),
        TEST(test_pool__unused_and_none),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
