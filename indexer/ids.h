/* A set of report ids. */
#ifndef XJI_IDS_H
#define XJI_IDS_H

#include <stdbool.h>

#include "xj/bytes.h"

/* Zero-initialised; xji_ids_release. An open-addressed table of offsets + 1 into the ids' bytes. */
typedef struct xji_ids {
    xj_buf bytes; /* lengths and ids, back to back */
    uint64_t *slot;
    size_t n, n_slots;
} xji_ids;

/* Add an id; *is_new = false when it is there already. */
xj_status xji_ids_add(xji_ids *s, const char *id, size_t n, bool *is_new, xj_error *err);
/* Memory it holds, in bytes. */
size_t xji_ids_bytes(const xji_ids *s);
void xji_ids_release(xji_ids *s);

#endif
