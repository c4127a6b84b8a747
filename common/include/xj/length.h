/** Lengths of passages as the index keeps them: one byte each. Pure arithmetic, thread-safe. */
#ifndef XJ_LENGTH_H
#define XJ_LENGTH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Code of a length in units: exact below 32, then 16 steps an octave (within 1/32 of the length), all lengths from
 * 2^19 - 2^14 on share the last code. Codes grow with the length.
 */
static inline uint8_t xj_length_code(uint32_t n)
{
    if (n < 32)
        return (uint8_t)n;
    unsigned e = 5;
    while (e < 31 && n >> (e + 1))
        e++;
    unsigned code = 32 + (e - 5) * 16 + ((n >> (e - 4)) & 15);
    return (uint8_t)(code < 255 ? code : 255);
}

/** The length that a code stands for: the middle of its step. Scores are made with this one. */
static inline uint32_t xj_length_decode(uint8_t code)
{
    if (code < 32)
        return code;
    unsigned e = (code - 32u) / 16 + 5, m = (code - 32u) % 16;
    return ((16 + m) << (e - 4)) + (1u << (e - 4)) / 2;
}

#ifdef __cplusplus
}
#endif
#endif
