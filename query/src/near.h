/* Near hits of a phrase. */
#ifndef XJI_NEAR_H
#define XJI_NEAR_H

#include "verify.h"

/* Whether all distinct units of the phrase stand within XJI_NEAR_UNITS units of the passage. */
enum { XJI_NEAR_UNITS = 24 };
xj_status xji_is_near(xji_verifier *v, xj_segment *seg, uint32_t doc, const xj_units *phrase, bool *near, xj_error *err);

#endif
