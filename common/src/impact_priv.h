/*
 * Impacts (docs/FORMAT.md, section 9.5). Writer and checker must come to the same byte: each operation is rounded by itself,
 * in this order.
 */
#ifndef XJI_IMPACT_PRIV_H
#define XJI_IMPACT_PRIV_H

#include <math.h>
#include <stdint.h>

#include "xj/bm25.h"
#include "xj/length.h"

/* The norms of BM25, k1 (1 - b + b L / mean), of all length codes. */
static inline void xji_impact_norms(double norm[256], uint64_t n_units, uint64_t n_passages)
{
    double mean = n_units && n_passages ? (double)n_units / (double)n_passages : 1.0;
    for (unsigned code = 0; code < 256; code++)
        norm[code] = XJ_BM25_K1 * (1.0 - XJ_BM25_B + XJ_BM25_B * (double)xj_length_decode((uint8_t)code) / mean);
}

/* tf / (tf + norm), the score of a posting as a part of the greatest there can be, in 255ths. */
static inline uint8_t xji_impact(uint32_t tf, double norm)
{
    double x = ceil(255.0 * (tf / (tf + norm)));
    return x < 1.0 ? (uint8_t)1 : x > 255.0 ? (uint8_t)255 : (uint8_t)x;
}

#endif
