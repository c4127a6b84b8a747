/* The parts of a check of a segment: bytes, terms, records. */
#ifndef XJI_CHECK_PRIV_H
#define XJI_CHECK_PRIV_H

#include "segment_priv.h"

typedef struct xji_checker {
    xj_segment *seg;
    xj_damage_fn report;
    void *ctx;
    uint64_t n_damages;
    bool stop;
    uint32_t *units; /* of each passage, as its terms have it; owned. Set by xji_check_terms, read by xji_check_records */
} xji_checker;

/* A status that means damage is reported and swallowed; another one (memory, I/O) ends the check. Empties e. */
xj_status xji_check_judge(xji_checker *c, xj_status st, xj_error *e, xj_error *err);

/* Report damage at a byte of a section. */
xj_status xji_check_complain(xji_checker *c, uint32_t type, uint64_t at, const char *what, xj_error *err);

/* What the bytes say; they are known to be those that were written. */
xj_status xji_check_terms(xji_checker *c, xj_error *err);
xj_status xji_check_records(xji_checker *c, xj_error *err);

#endif
