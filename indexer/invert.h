/*
 * Inversion: tokens in passage order to postings lists in key order. Tokens are dropped into buckets by their first
 * character; a bucket is sorted when its lists are wanted. What does not fit the memory goes to disk in sorted runs, which
 * are merged in the end: the lists do not depend on where a run ended.
 */
#ifndef XJI_INVERT_H
#define XJI_INVERT_H

#include "tokens.h"
#include "xj/index.h"
#include "xj/pool.h"

typedef struct xji_inverter xji_inverter;

/* Most passages between two runs: the number of a passage shares 64 bits with a pair and a code. */
#define XJI_BATCH_PASSAGES (1u << 24)

/* memory: bytes that tokens may take before they go to disk; files are made in the directory of index. */
xj_status xji_inverter_new(xji_inverter **out, size_t memory, xj_index_writer *index, xj_error *err);
void xji_inverter_free(xji_inverter *v);

/* Tokens [pair_from, pair_to) and [word_from, word_to) of t are those of a passage (XJ_BODY) or of the context of a section
 * (XJ_CONTEXT), whose numbers must not decrease. */
xj_status xji_inverter_add(xji_inverter *v, xj_field field, uint32_t number, const xji_tokens *t, size_t pair_from,
                           size_t pair_to, size_t word_from, size_t word_to, xj_error *err);

/* A good moment to make room, between passages: passage and section are the next numbers, taken is how much of the memory
 * others hold by now. */
xj_status xji_inverter_settle(xji_inverter *v, uint32_t passage, uint32_t section, size_t taken, xj_error *err);

/* Memory it holds, in bytes. */
size_t xji_inverter_bytes(const xji_inverter *v);
/* Runs written so far. */
size_t xji_inverter_n_runs(const xji_inverter *v);

/* Write all lists to w. The inverter is of no further use. */
xj_status xji_inverter_finish(xji_inverter *v, xj_segment_writer *w, xj_pool *pool, xj_error *err);

#endif
