/*
 * In-memory inversion of a batch of passages: tokens in passage order to postings lists in key order, by radix sort.
 */
#ifndef XJI_INVERT_H
#define XJI_INVERT_H

#include "tokens.h"
#include "xj/segment_write.h"

typedef struct xji_inverter xji_inverter;

/* Most passages of one batch: their number shares a 64-bit sort key with the pair of characters. */
#define XJI_BATCH_PASSAGES (1u << 22)

xj_status xji_inverter_new(xji_inverter **out, xj_error *err);
void xji_inverter_free(xji_inverter *v);

/* Add the tokens [pair_from, pair_to) and [word_from, word_to) of t as those of passage number `passage`; numbers must not
 * decrease and stay below XJI_BATCH_PASSAGES. */
xj_status xji_inverter_add(xji_inverter *v, uint32_t passage, const xji_tokens *t, size_t pair_from, size_t pair_to,
                           size_t word_from, size_t word_to, xj_error *err);

/* Bytes that inverting the batch will need at its peak. */
size_t xji_inverter_bytes(const xji_inverter *v);

/* Write all lists to w in key order and empty the inverter for the next batch. */
xj_status xji_inverter_flush(xji_inverter *v, xj_segment_writer *w, xj_error *err);

#endif
