/*
 * A group of texts on its way into a segment: characters recoded by rank, a Zstandard dictionary trained on the group,
 * frames compressed with it. Packing a group depends on nothing else, so it may run in any thread.
 */
#ifndef XJI_TEXT_PRIV_H
#define XJI_TEXT_PRIV_H

#include "format_priv.h"
#include "xj/bytes.h"
#include "xj/pool.h"
#include "xj/segment_write.h"

typedef struct xji_text_group {
    xj_job job; /* runs xji_text_group_pack */
    xj_text_level level;
    uint32_t first_record; /* number of the first record in the segment */
    uint32_t n_records;
    uint64_t text_bytes;
    xj_buf records; /* text records, back to back */
    xj_buf ends;    /* u64 each: where a record ends */
    /* what packing yields */
    xj_status status;
    xj_error error;
    xj_buf table;  /* frame of the rank table and the dictionary */
    xj_buf frames; /* frames of the texts, back to back */
    xj_buf sizes;  /* u32 each */
    xj_buf firsts; /* u32 each: number of a frame's first record */
} xji_text_group;

/* Append a record: varint n, n bytes of UTF-8, source map. */
xj_status xji_text_group_add(xji_text_group *g, const void *record, size_t n, uint64_t text_bytes, xj_error *err);

/* Pack; the result is in status, error and the buffers, and the records are freed. */
void xji_text_group_pack(xji_text_group *g);

void xji_text_group_release(xji_text_group *g);

#endif
