/* Reading passages again, to see whether and how often a phrase really occurs. */
#ifndef XJI_VERIFY_H
#define XJI_VERIFY_H

#include "query_priv.h"

/* The units of one text at a time. Owned: xji_verifier_init, xji_verifier_release. */
typedef struct xji_verifier {
    xj_record record;
    uint32_t *cp;
    size_t cap;
    xj_units units;
    xj_segment *seg; /* the passage whose units are held; NULL: none */
    uint32_t doc;
    unsigned flags;
} xji_verifier;

void xji_verifier_init(xji_verifier *v);
void xji_verifier_release(xji_verifier *v);

/* Read the units of a passage's text. */
xj_status xji_verifier_load(xji_verifier *v, xj_segment *seg, uint32_t doc, unsigned flags, xj_error *err);

/* Read the units of some other text. */
xj_status xji_verifier_read(xji_verifier *v, const char *text, size_t n, unsigned flags, xj_error *err);

/* Occurrences of a phrase in the text loaded, as written when q asks for the exact script. Linear in the text. */
uint32_t xji_verifier_count(const xji_verifier *v, const xj_query *q, const xji_phrase *p);

/* Load a passage as the query asks for, and count. */
xj_status xji_verify(xji_verifier *v, const xj_query *q, const xji_phrase *p, xj_segment *seg, uint32_t doc, uint32_t *count,
                     xj_error *err);

#endif
