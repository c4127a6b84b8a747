#include "xj/pool.h"

#include <pthread.h>
#include <stdlib.h>

enum { IDLE, QUEUED, RUNNING, DONE };

struct xj_pool {
    pthread_mutex_t lock;
    pthread_cond_t work; /* a job is queued, or stop */
    pthread_cond_t done; /* a job ended */
    xj_job *first, **end; /* the queue */
    bool stop;
    unsigned n_threads; /* beside the caller's */
    pthread_t *thread;
};

/* Take the oldest job; the lock is held. */
static xj_job *take(xj_pool *p)
{
    xj_job *job = p->first;
    if (!job)
        return NULL;
    p->first = job->next;
    if (!p->first)
        p->end = &p->first;
    job->state = RUNNING;
    return job;
}

/* Run a job that was taken; the lock is held before and after. */
static void run(xj_pool *p, xj_job *job)
{
    pthread_mutex_unlock(&p->lock);
    job->run(job);
    pthread_mutex_lock(&p->lock);
    job->state = DONE;
    pthread_cond_broadcast(&p->done);
}

static void *worker(void *arg)
{
    xj_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->stop && !p->first)
            pthread_cond_wait(&p->work, &p->lock);
        if (p->stop)
            break;
        run(p, take(p));
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

xj_status xj_pool_new(xj_pool **out, unsigned n_threads, xj_error *err)
{
    xj_pool *p = *out = calloc(1, sizeof *p);
    if (!p || (n_threads > 1 && !(p->thread = calloc(n_threads - 1, sizeof *p->thread)))) {
        free(p);
        *out = NULL;
        return xj_fail(err, XJ_ENOMEM, "no memory for %u threads", n_threads);
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    p->end = &p->first;
    while (p->n_threads + 1 < n_threads && pthread_create(&p->thread[p->n_threads], NULL, worker, p) == 0)
        p->n_threads++;
    return XJ_OK;
}

void xj_pool_free(xj_pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++)
        pthread_join(p->thread[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p->thread);
    free(p);
}

unsigned xj_pool_n_threads(const xj_pool *p)
{
    return p ? p->n_threads + 1 : 1;
}

void xj_pool_submit(xj_pool *p, xj_job *job)
{
    if (!p || p->n_threads == 0) { /* nobody else would do it, and waiting results take memory */
        job->run(job);
        job->state = DONE;
        return;
    }
    pthread_mutex_lock(&p->lock);
    job->next = NULL;
    job->state = QUEUED;
    *p->end = job;
    p->end = &job->next;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

void xj_pool_wait(xj_pool *p, xj_job *job)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    while (job->state != DONE) {
        xj_job *other = take(p);
        if (other)
            run(p, other);
        else
            pthread_cond_wait(&p->done, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

bool xj_pool_done(xj_pool *p, const xj_job *job)
{
    if (!p)
        return true;
    pthread_mutex_lock(&p->lock);
    bool done = job->state == DONE;
    pthread_mutex_unlock(&p->lock);
    return done;
}
