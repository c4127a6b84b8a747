#include "verify.h"

#include <stdlib.h>
#include <string.h>

#include "xj/utf8.h"

void xji_verifier_init(xji_verifier *v)
{
    memset(v, 0, sizeof *v);
    v->record = (xj_record)XJ_RECORD_INIT;
    v->record.cached = true;
}

void xji_verifier_release(xji_verifier *v)
{
    xj_record_release(&v->record);
    free(v->cp);
    xj_units_release(&v->units);
    memset(v, 0, sizeof *v);
}

xj_status xji_verifier_read(xji_verifier *v, const char *text, size_t n, unsigned flags, xj_error *err)
{
    const uint8_t *s = (const uint8_t *)text;
    size_t n_cp = 0;
    v->seg = NULL;
    if (n + 1 > v->cap) {
        uint32_t *p = realloc(v->cp, (n + 1) * sizeof *p);
        if (!p)
            return xj_fail(err, XJ_ENOMEM, "no memory for a text");
        v->cp = p;
        v->cap = n + 1;
    }
    for (size_t i = 0; i < n; n_cp++)
        i += xj_utf8_decode(s + i, n - i, &v->cp[n_cp], NULL);
    return xj_units_read(&v->units, v->cp, n_cp, flags, err);
}

xj_status xji_verifier_load(xji_verifier *v, xj_segment *seg, uint32_t doc, unsigned flags, xj_error *err)
{
    const char *text;
    size_t n;
    if (v->seg == seg && v->doc == doc && v->flags == flags)
        return XJ_OK;
    v->seg = NULL;
    xj_status st = xj_segment_text(seg, doc, &v->record, &text, &n, err);
    if (st == XJ_OK)
        st = xji_verifier_read(v, text, n, flags, err);
    if (st == XJ_OK) {
        v->seg = seg;
        v->doc = doc;
        v->flags = flags;
    }
    return st;
}

uint32_t xji_verifier_count(const xji_verifier *v, const xj_query *q, const xji_phrase *p)
{
    const xj_units *wanted = q->flags & XJ_QUERY_EXACT_SCRIPT ? &p->exact : &p->units;
    uint32_t n = 0;
    size_t k = 0; /* units of the phrase that end at the unit in hand */
    for (size_t i = 0; i < v->units.n; i++) {
        while (k > 0 && !xj_units_equal(&v->units, i, wanted, k))
            k = p->border[k - 1];
        k += xj_units_equal(&v->units, i, wanted, k);
        if (k == wanted->n) {
            n++;
            k = p->border[k - 1];
        }
    }
    return n;
}

xj_status xji_verify(xji_verifier *v, const xj_query *q, const xji_phrase *p, xj_segment *seg, uint32_t doc, uint32_t *count,
                     xj_error *err)
{
    bool exact = q->flags & XJ_QUERY_EXACT_SCRIPT;
    xj_status st = xji_verifier_load(v, seg, doc, exact ? XJ_UNITS_EXACT_SCRIPT : 0, err);
    *count = st == XJ_OK ? xji_verifier_count(v, q, p) : 0;
    return st;
}
