/*
 * A ring of slots. `given` inputs were put in, `taken` results were taken out; slots in between are waiting, being worked
 * on, or done. Workers pick the oldest waiting slot; the caller takes the oldest slot when it is done.
 */
#include "crew.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 256 };

typedef enum slot_state { FREE, WAITING, WORKING, DONE } slot_state;

typedef struct slot {
    slot_state state;
    size_t charge; /* its share of in_flight: an estimate until the work is done */
    xji_result result;
} slot;

struct xji_crew {
    pthread_mutex_t lock;
    pthread_cond_t work; /* a slot is waiting, or stop */
    pthread_cond_t done; /* a slot is done */
    slot slots[SLOTS];
    uint64_t given, started, taken;
    size_t in_flight; /* bytes of inputs and results in the ring */
    size_t memory;
    xji_segmentation mode;
    bool stop;
    xji_analyst *own; /* for the caller's thread when there are no workers */
    unsigned n_workers;
    pthread_t *thread;
};

void xji_result_release(xji_result *r)
{
    xji_input_release(&r->input);
    xji_analysed_release(&r->analysed);
    memset(r, 0, sizeof *r);
}

static void work_on(xji_analyst *analyst, xji_segmentation mode, xji_result *r)
{
    r->error = (xj_error)XJ_ERROR_INIT;
    if (analyst)
        r->status = xji_analyse(analyst, &r->input, mode, &r->analysed, &r->error);
    else
        r->status = xj_fail(&r->error, XJ_ENOMEM, "no memory for a worker");
}

/* Analysing takes this many times the bytes of the input: text with its sources, tokens, records. */
enum { BYTES_PER_BYTE = 20 };

static void recharge(xji_crew *c, slot *s, size_t charge)
{
    c->in_flight -= s->charge;
    s->charge = charge;
    c->in_flight += charge;
}

static void *worker(void *arg)
{
    xji_crew *c = arg;
    xji_analyst *analyst;
    if (xji_analyst_new(&analyst, NULL) != XJ_OK)
        analyst = NULL; /* each of its slots then fails for lack of memory, in order */
    pthread_mutex_lock(&c->lock);
    for (;;) {
        while (!c->stop && c->started == c->given)
            pthread_cond_wait(&c->work, &c->lock);
        if (c->stop)
            break;
        slot *s = &c->slots[c->started++ % SLOTS];
        s->state = WORKING;
        pthread_mutex_unlock(&c->lock);
        work_on(analyst, c->mode, &s->result);
        pthread_mutex_lock(&c->lock);
        s->state = DONE;
        recharge(c, s, s->result.input.n_json + xji_analysed_bytes(&s->result.analysed));
        pthread_cond_signal(&c->done);
    }
    pthread_mutex_unlock(&c->lock);
    xji_analyst_free(analyst);
    return NULL;
}

xj_status xji_crew_start(xji_crew **out, unsigned n_workers, size_t memory, xji_segmentation mode, xj_error *err)
{
    xji_crew *c = *out = calloc(1, sizeof *c);
    if (!c)
        return xj_fail(err, XJ_ENOMEM, "no memory for the workers");
    xji_document_prepare();
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->work, NULL);
    pthread_cond_init(&c->done, NULL);
    c->memory = memory;
    c->mode = mode;
    xj_status st = XJ_OK;
    if (n_workers > 0 && !(c->thread = calloc(n_workers, sizeof *c->thread)))
        st = xj_fail(err, XJ_ENOMEM, "no memory for the workers");
    while (st == XJ_OK && c->n_workers < n_workers) {
        /* Fewer threads than asked for are no error: the result is the same. */
        if (pthread_create(&c->thread[c->n_workers], NULL, worker, c) != 0)
            break;
        c->n_workers++;
    }
    if (st == XJ_OK && c->n_workers == 0)
        st = xji_analyst_new(&c->own, err);
    if (st != XJ_OK)
        xji_crew_stop(out);
    return st;
}

bool xji_crew_has_room(xji_crew *c)
{
    pthread_mutex_lock(&c->lock);
    bool room = c->given - c->taken < SLOTS && (c->given == c->taken || c->in_flight < c->memory);
    pthread_mutex_unlock(&c->lock);
    return room;
}

void xji_crew_give(xji_crew *c, xji_input *in)
{
    pthread_mutex_lock(&c->lock);
    slot *s = &c->slots[c->given++ % SLOTS];
    memset(&s->result, 0, sizeof s->result);
    s->result.input = *in;
    s->state = WAITING;
    uint64_t bytes = in->json ? in->n_json : in->size;
    s->charge = 0;
    recharge(c, s, bytes > SIZE_MAX / 64 ? SIZE_MAX / 2 : (size_t)bytes * BYTES_PER_BYTE);
    pthread_cond_signal(&c->work);
    pthread_mutex_unlock(&c->lock);
    memset(in, 0, sizeof *in);
}

void xji_crew_take(xji_crew *c, xji_result *out, bool *any)
{
    *any = false;
    pthread_mutex_lock(&c->lock);
    if (c->taken < c->given) {
        slot *s = &c->slots[c->taken % SLOTS];
        if (c->own) {
            work_on(c->own, c->mode, &s->result);
            c->started++;
            s->state = DONE;
        }
        while (s->state != DONE)
            pthread_cond_wait(&c->done, &c->lock);
        recharge(c, s, 0);
        *out = s->result;
        s->state = FREE;
        c->taken++;
        *any = true;
    }
    pthread_mutex_unlock(&c->lock);
}

void xji_crew_stop(xji_crew **cp)
{
    xji_crew *c = cp ? *cp : NULL;
    if (!c)
        return;
    pthread_mutex_lock(&c->lock);
    c->stop = true;
    pthread_cond_broadcast(&c->work);
    pthread_mutex_unlock(&c->lock);
    for (unsigned i = 0; i < c->n_workers; i++)
        pthread_join(c->thread[i], NULL);
    for (; c->taken < c->given; c->taken++)
        xji_result_release(&c->slots[c->taken % SLOTS].result);
    xji_analyst_free(c->own);
    pthread_cond_destroy(&c->work);
    pthread_cond_destroy(&c->done);
    pthread_mutex_destroy(&c->lock);
    free(c->thread);
    free(c);
    *cp = NULL;
}
