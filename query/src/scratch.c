#include "scratch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 64 << 10, ALIGN = 64 };

static uint8_t *bytes_of(xji_chunk *c)
{
    return (uint8_t *)c + ALIGN;
}

void *xji_take(xji_scratch *s, size_t n, size_t size)
{
    if (n > (SIZE_MAX / 4) / (size ? size : 1))
        return NULL;
    size_t wanted = (n * size + ALIGN) & ~(size_t)(ALIGN - 1); /* at least one byte, so that no two are at the same place */
    xji_chunk *c = s->current;
    while (c && c->size - c->used < wanted && c->next) {
        c = c->next;
        c->used = 0;
    }
    if (!c || c->size - c->used < wanted) {
        size_t room = wanted > CHUNK_BYTES - ALIGN ? wanted : CHUNK_BYTES - ALIGN;
        xji_chunk *more = aligned_alloc(ALIGN, ALIGN + room); /* both are multiples of ALIGN */
        if (!more)
            return NULL;
        *more = (xji_chunk){NULL, room, 0};
        if (c)
            c->next = more;
        else
            s->first = more;
        c = more;
    }
    s->current = c;
    c->used += wanted;
    return bytes_of(c) + c->used - wanted;
}

void *xji_take_zero(xji_scratch *s, size_t n, size_t size)
{
    void *p = xji_take(s, n, size);
    return p ? memset(p, 0, n * size) : NULL;
}

xji_mark xji_scratch_mark(const xji_scratch *s)
{
    return (xji_mark){s->current, s->current ? s->current->used : 0};
}

void xji_scratch_back(xji_scratch *s, xji_mark m)
{
    s->current = m.chunk ? m.chunk : s->first;
    if (s->current)
        s->current->used = m.used;
}

void xji_scratch_trim(xji_scratch *s, size_t most)
{
    xji_chunk **link = &s->first;
    size_t held = 0;
    while (*link) {
        xji_chunk *c = *link;
        held += c->size;
        if (held <= most) {
            link = &c->next;
            continue;
        }
        *link = c->next;
        free(c);
    }
    s->current = s->first;
    if (s->current)
        s->current->used = 0;
}

void xji_scratch_release(xji_scratch *s)
{
    for (xji_chunk *c = s->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *s = (xji_scratch){NULL, NULL};
}
