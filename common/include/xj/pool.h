/**
 * A pool of threads for jobs that belong together: who waits for a job works on what is queued meanwhile. The order of
 * results is the caller's: submit in order, wait in order.
 */
#ifndef XJ_POOL_H
#define XJ_POOL_H

#include <stdbool.h>

#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_pool xj_pool;

/** A piece of work, embedded in what it works on. run is set by the caller; the rest starts as zero and is the pool's. */
typedef struct xj_job {
    void (*run)(struct xj_job *job); /* keeps its result and its error itself; must not wait for other jobs */
    struct xj_job *next;
    int state;
} xj_job;

/**
 * n_threads >= 1 counts the one that submits and waits; fewer than asked for are no error. *out is owned by the caller,
 * NULL on failure. One thread only submits and waits.
 */
XJ_API xj_status xj_pool_new(xj_pool **out, unsigned n_threads, xj_error *err);

/** Let the jobs under way end, stop the threads and free. Jobs that nobody waited for may not have run. NULL is fine. */
XJ_API void xj_pool_free(xj_pool *pool);

/** Threads that work, the caller's included. A NULL pool has one. */
XJ_API unsigned xj_pool_n_threads(const xj_pool *pool);

/** Queue a job, which must stay in place until xj_pool_wait returned for it. */
XJ_API void xj_pool_submit(xj_pool *pool, xj_job *job);

/** Return when the job is done. It, or older jobs, may be run by the caller's thread. */
XJ_API void xj_pool_wait(xj_pool *pool, xj_job *job);

/** Whether a submitted job is done. */
XJ_API bool xj_pool_done(xj_pool *pool, const xj_job *job);

#ifdef __cplusplus
}
#endif
#endif
