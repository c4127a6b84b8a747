/**
 * What makes an index and a query understand text alike: a fingerprint of the tables, the rules and the stemmer.
 */
#ifndef XJ_ANALYSER_H
#define XJ_ANALYSER_H

#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Fingerprint of this build's analyser: XXH3-64 over the fold tables' fingerprint, the rule version and the units
 * and stems of a fixed probe text. Stored in every index; a reader with another one refuses, because it would miss
 * passages without any error. 0 only when there was no memory to compute it. Thread-safe.
 */
XJ_API uint64_t xj_analyser_fingerprint(void);

#ifdef __cplusplus
}
#endif
#endif
