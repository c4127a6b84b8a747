/** BM25: statistics to score, pure arithmetic. Allocates nothing, cannot fail, thread-safe. */
#ifndef XJ_BM25_H
#define XJ_BM25_H

#include <stdint.h>

#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Parameters, measured on fourteen Chinese collections (docs/RANKING.md). */
#define XJ_BM25_K1 0.9
#define XJ_BM25_B 0.6

/**
 * Inverse document frequency: ln(1 + (N - df + 0.5) / (df + 0.5)).
 * n passages in all, df of them hold the term, df <= n. Returns a value > 0.
 * Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with the +1 inside
 * the logarithm that keeps it positive.
 */
XJ_API double xj_bm25_idf(uint64_t n, uint64_t df);

/**
 * Saturated term frequency: tf * (k1 + 1) / (tf + k1 * (1 - b + b * length / average)).
 * tf >= 1; length in units, average > 0 = mean length over all segments. Returns a value in (0, k1 + 1).
 */
XJ_API double xj_bm25_tf(uint64_t tf, uint64_t length, double average);

#ifdef __cplusplus
}
#endif
#endif
