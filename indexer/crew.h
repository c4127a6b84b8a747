/*
 * Analysing inputs in the threads of a pool while the caller writes: inputs go in and results come out in the same order,
 * so that the index does not depend on the number of threads.
 */
#ifndef XJI_CREW_H
#define XJI_CREW_H

#include "analyse.h"
#include "xj/pool.h"

typedef struct xji_crew xji_crew;

/* A result: the input, and either what came of it or why not. Owned by the receiver: xji_result_release. */
typedef struct xji_result {
    xji_input input;
    xj_status status;
    xj_error error;
    xji_analysed analysed;
} xji_result;

void xji_result_release(xji_result *r);

/* memory bounds what waits between the threads, in bytes. The pool outlives the crew. */
xj_status xji_crew_start(xji_crew **out, xj_pool *pool, size_t memory, xji_segmentation mode, xj_error *err);

/* Whether another input may be given now. */
bool xji_crew_has_room(xji_crew *c);

/* Hand over an input (its ownership too); only when there is room. */
void xji_crew_give(xji_crew *c, xji_input *in);

/* Take the result of the oldest input, waiting for it; *any = false when no input is under way. */
void xji_crew_take(xji_crew *c, xji_result *out, bool *any);

/* Wait for what is under way and free everything. */
void xji_crew_stop(xji_crew **c);

#endif
