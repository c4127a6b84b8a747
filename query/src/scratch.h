/* Memory for one query, handed out without being given back piece by piece. */
#ifndef XJI_SCRATCH_H
#define XJI_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

typedef struct xji_chunk {
    struct xji_chunk *next;
    size_t size, used; /* bytes behind this header */
} xji_chunk;

/* Chunks of memory that stay from query to query. Zero-initialised; xji_scratch_release. Belongs to one thread. */
typedef struct xji_scratch {
    xji_chunk *first, *current;
} xji_scratch;

/* n times size bytes, aligned for anything, valid until the scratch goes back before them; NULL when there is no memory. None at all
 * have a place of their own, too. */
void *xji_take(xji_scratch *s, size_t n, size_t size);
/* The same, zero. */
void *xji_take_zero(xji_scratch *s, size_t n, size_t size);

/* Where the scratch stands, and going back there. */
typedef struct xji_mark {
    xji_chunk *chunk;
    size_t used;
} xji_mark;

xji_mark xji_scratch_mark(const xji_scratch *s);
void xji_scratch_back(xji_scratch *s, xji_mark m);

/* Go back to the beginning, and give chunks back that hold more than `most` bytes together. */
void xji_scratch_trim(xji_scratch *s, size_t most);

void xji_scratch_release(xji_scratch *s);

#endif
