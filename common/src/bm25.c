#include "xj/bm25.h"

#include <math.h>

double xj_bm25_idf(uint64_t n, uint64_t df)
{
    double rest = n > df ? (double)(n - df) : 0.0;
    return log(1.0 + (rest + 0.5) / ((double)df + 0.5));
}

double xj_bm25_tf(uint64_t tf, uint64_t length, double average)
{
    double norm = 1.0 - XJ_BM25_B + XJ_BM25_B * (double)length / average;
    return (double)tf * (XJ_BM25_K1 + 1.0) / ((double)tf + XJ_BM25_K1 * norm);
}
