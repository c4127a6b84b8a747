/*
 * A ring of slots: `given` inputs were put in, `taken` results were taken out. Analysing needs tools that are dear to make;
 * there are as many as were ever needed at once.
 */
#include "crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256 };

/* Analysing takes this many times the bytes of the input: text with its sources, tokens, records. */
enum { BYTES_PER_BYTE = 20 };

typedef struct slot {
    xj_job job; /* first */
    xji_crew *crew;
    size_t charge; /* its share of in_flight: an estimate */
    xji_result result;
} slot;

typedef struct tools {
    struct tools *next;
    xji_analyst *analyst;
} tools;

struct xji_crew {
    xj_pool *pool;
    slot slots[SLOTS];
    uint64_t given, taken;
    size_t in_flight; /* bytes of inputs and results in the ring; changed by the caller's thread only */
    size_t memory;
    xji_segmentation mode;
    pthread_mutex_t lock; /* of free_tools */
    tools *free_tools;
};

void xji_result_release(xji_result *r)
{
    xji_input_release(&r->input);
    xji_analysed_release(&r->analysed);
    memset(r, 0, sizeof *r);
}

static tools *take_tools(xji_crew *c)
{
    pthread_mutex_lock(&c->lock);
    tools *t = c->free_tools;
    if (t)
        c->free_tools = t->next;
    pthread_mutex_unlock(&c->lock);
    if (t)
        return t;
    t = calloc(1, sizeof *t);
    if (t && xji_analyst_new(&t->analyst, NULL) == XJ_OK)
        return t;
    free(t);
    return NULL;
}

static void give_back(xji_crew *c, tools *t)
{
    pthread_mutex_lock(&c->lock);
    t->next = c->free_tools;
    c->free_tools = t;
    pthread_mutex_unlock(&c->lock);
}

static void work(xj_job *job)
{
    slot *s = (slot *)job;
    xji_result *r = &s->result;
    r->error = (xj_error)XJ_ERROR_INIT;
    tools *t = take_tools(s->crew);
    if (!t) {
        r->status = xj_fail(&r->error, XJ_ENOMEM, "no memory for a worker");
        return;
    }
    r->status = xji_analyse(t->analyst, &r->input, s->crew->mode, &r->analysed, &r->error);
    give_back(s->crew, t);
}

xj_status xji_crew_start(xji_crew **out, xj_pool *pool, size_t memory, xji_segmentation mode, xj_error *err)
{
    xji_crew *c = *out = calloc(1, sizeof *c);
    if (!c)
        return xj_fail(err, XJ_ENOMEM, "no memory for the workers");
    xji_document_prepare();
    pthread_mutex_init(&c->lock, NULL);
    c->pool = pool;
    c->memory = memory;
    c->mode = mode;
    return XJ_OK;
}

bool xji_crew_has_room(xji_crew *c)
{
    uint64_t under_way = c->given - c->taken;
    if (under_way == 0)
        return true;
    /* A thread alone gains nothing from working ahead. */
    return xj_pool_n_threads(c->pool) > 1 && under_way < SLOTS && c->in_flight < c->memory;
}

void xji_crew_give(xji_crew *c, xji_input *in)
{
    slot *s = &c->slots[c->given++ % SLOTS];
    memset(s, 0, sizeof *s);
    s->job.run = work;
    s->crew = c;
    s->result.input = *in;
    uint64_t bytes = in->json ? in->n_json : in->size;
    s->charge = bytes > SIZE_MAX / 64 ? SIZE_MAX / 64 : (size_t)bytes * BYTES_PER_BYTE;
    c->in_flight += s->charge;
    memset(in, 0, sizeof *in);
    xj_pool_submit(c->pool, &s->job);
}

void xji_crew_take(xji_crew *c, xji_result *out, bool *any)
{
    *any = c->taken < c->given;
    if (!*any)
        return;
    slot *s = &c->slots[c->taken++ % SLOTS];
    xj_pool_wait(c->pool, &s->job);
    c->in_flight -= s->charge;
    *out = s->result;
}

void xji_crew_stop(xji_crew **cp)
{
    xji_crew *c = cp ? *cp : NULL;
    if (!c)
        return;
    for (; c->taken < c->given; c->taken++) {
        slot *s = &c->slots[c->taken % SLOTS];
        xj_pool_wait(c->pool, &s->job);
        xji_result_release(&s->result);
    }
    while (c->free_tools) {
        tools *t = c->free_tools;
        c->free_tools = t->next;
        xji_analyst_free(t->analyst);
        free(t);
    }
    pthread_mutex_destroy(&c->lock);
    free(c);
    *cp = NULL;
}
