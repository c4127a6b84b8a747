#include "ids.h"

#include <stdlib.h>
#include <string.h>

/* The id that begins at a place: u32 of its length, then its bytes. */
static const uint8_t *id_at(const xji_ids *s, uint64_t at, size_t *n)
{
    *n = xj_get_u32(s->bytes.data + at);
    return s->bytes.data + at + 4;
}

static xj_status grow(xji_ids *s, xj_error *err)
{
    size_t n = s->n_slots ? s->n_slots * 2 : 1024;
    uint64_t *p = calloc(n, sizeof *p);
    if (!p)
        return xj_fail(err, XJ_ENOMEM, "no memory for the ids of the reports");
    for (size_t i = 0; i < s->n_slots; i++) {
        if (!s->slot[i])
            continue;
        size_t n_id;
        const uint8_t *id = id_at(s, s->slot[i] - 1, &n_id);
        size_t k = (size_t)xj_checksum(id, n_id, 0) & (n - 1);
        while (p[k])
            k = (k + 1) & (n - 1);
        p[k] = s->slot[i];
    }
    free(s->slot);
    s->slot = p;
    s->n_slots = n;
    return XJ_OK;
}

xj_status xji_ids_add(xji_ids *s, const char *id, size_t n, bool *is_new, xj_error *err)
{
    xj_status st = s->n * 2 >= s->n_slots ? grow(s, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    size_t k = (size_t)xj_checksum(id, n, 0) & (s->n_slots - 1);
    for (; s->slot[k]; k = (k + 1) & (s->n_slots - 1)) {
        size_t n_other;
        const uint8_t *other = id_at(s, s->slot[k] - 1, &n_other);
        if (n == n_other && memcmp(other, id, n) == 0) {
            *is_new = false;
            return XJ_OK;
        }
    }
    *is_new = true;
    uint64_t at = s->bytes.n;
    st = xj_buf_u32(&s->bytes, (uint32_t)n, err);
    if (st == XJ_OK)
        st = xj_buf_put(&s->bytes, id, n, err);
    if (st == XJ_OK) {
        s->slot[k] = at + 1;
        s->n++;
    }
    return st;
}

size_t xji_ids_bytes(const xji_ids *s)
{
    return s->bytes.cap + s->n_slots * sizeof *s->slot;
}

void xji_ids_release(xji_ids *s)
{
    xj_buf_release(&s->bytes);
    free(s->slot);
    *s = (xji_ids){0};
}
