#include "near.h"

#include <stdlib.h>

static bool stand_near(const xj_units *text, const xj_units *phrase, uint32_t *last_seen)
{
    size_t n = phrase->n;
    for (size_t k = 0; k < n; k++)
        last_seen[k] = UINT32_MAX;
    for (size_t i = 0; i < text->n; i++) {
        bool any = false;
        for (size_t k = 0; k < n; k++) {
            if (xj_units_equal(text, i, phrase, k)) {
                last_seen[k] = (uint32_t)i;
                any = true;
            }
        }
        if (!any)
            continue;
        uint32_t oldest = (uint32_t)i;
        bool complete = true;
        for (size_t k = 0; k < n && complete; k++) {
            if (phrase->unit[k].kind == XJ_UNIT_BREAK)
                continue;
            complete = last_seen[k] != UINT32_MAX;
            if (complete && last_seen[k] < oldest)
                oldest = last_seen[k];
        }
        if (complete && i - oldest < XJI_NEAR_UNITS)
            return true;
    }
    return false;
}

xj_status xji_is_near(xji_verifier *v, xj_segment *seg, uint32_t doc, const xj_units *phrase, bool *near, xj_error *err)
{
    uint32_t *last_seen = malloc(phrase->n * sizeof *last_seen);
    *near = false;
    xj_status st = last_seen ? xji_verifier_load(v, seg, doc, 0, err) : xj_fail(err, XJ_ENOMEM, "no memory for near passages");
    if (st == XJ_OK)
        *near = stand_near(&v->units, phrase, last_seen);
    free(last_seen);
    return st;
}
