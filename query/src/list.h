/* Lists of passages in memory, and the deadline of a search. */
#ifndef XJI_LIST_H
#define XJI_LIST_H

#include "query_priv.h"

/* Deadline of a search, polled inside loops. */
typedef struct xji_clock {
    int64_t deadline_ns; /* 0 = none */
    uint32_t ticks;
    bool expired;
} xji_clock;

/* Whether time is up. Asks the system: for loops whose turns take a microsecond or more. */
bool xji_clock_ask(xji_clock *c);

/* The same for loops with short turns: asks the system only now and then. */
static inline bool xji_clock_expired(xji_clock *c)
{
    if (c->deadline_ns == 0 || c->expired || (c->ticks++ & 255) != 0)
        return c->expired;
    return xji_clock_ask(c);
}

/* Passages, ascending, each with a count >= 1. Owned: zero-initialised, xji_list_release. */
typedef struct xji_list {
    uint32_t *doc;
    uint32_t *count;
    size_t n, cap;
} xji_list;

xj_status xji_list_put(xji_list *l, uint32_t doc, uint32_t count, xj_error *err);
void xji_list_release(xji_list *l);

/* Position of doc in l, or of the first greater one, from `from` on. */
size_t xji_list_seek(const xji_list *l, size_t from, uint32_t doc);

/*
 * The passages that hold a character anywhere: *term when the segment has a list of all of them, else (term->df 0) *out,
 * added up from the terms that begin with it.
 */
xj_status xji_list_of_character(xj_segment *seg, uint32_t cp, xji_clock *clock, xj_term *term, xji_list *out, xj_error *err);

#endif
