/* Inside of an open segment, shared by the reader, the postings iterator and the checker. */
#ifndef XJI_SEGMENT_PRIV_H
#define XJI_SEGMENT_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include "format_priv.h"
#include "xj/segment.h"

/*
 * A section. Bytes are read into an arena reserved at its full size when they are first touched; a bit per
 * chunk (RAW) or page (stream sections) says which are there and verified. Bits are set under the segment's
 * lock after the bytes are in place and read without it.
 */
typedef struct xji_section_view {
    uint32_t type;
    uint32_t kind;
    uint64_t offset;
    uint64_t length;
    uint64_t checks_offset; /* RAW: file offset of one u64 for each chunk */
    uint64_t checks_sum;
    uint8_t *arena;
    size_t arena_size;
    uint64_t *checks; /* RAW: loaded with the first chunk */
    _Atomic(uint8_t) *loaded;
    uint64_t n_parts; /* chunks or pages */
} xji_section_view;

struct xj_segment {
    int fd;
    char name[64];
    char *path; /* directory and name, for messages */
    uint64_t size;
    uint64_t table_offset;
    xj_segment_stats stats;
    pthread_mutex_t lock;
    ZSTD_DCtx *dctx; /* used under the lock, for pages */
    uint8_t *packed; /* scratch for one compressed page, under the lock */
    size_t packed_cap;
    xji_section_view sec[XJI_SEC_END]; /* by type; type 0 = absent */
    size_t n_sections;
    uint32_t order[XJI_SEC_END]; /* types in file order */
};

const char *xji_section_name(uint32_t type);

/* n verified bytes at offset of a RAW section, valid while the segment is open. */
xj_status xji_raw(xj_segment *seg, uint32_t type, uint64_t offset, uint64_t n, const uint8_t **out,
                  xj_error *err);

/* n verified, decompressed bytes at a logical offset of a page stream (postings, adjacency). */
xj_status xji_stream(xj_segment *seg, uint32_t type, uint64_t offset, uint64_t n, const uint8_t **out,
                     uint64_t *available, xj_error *err);

/* Raw bytes of a page stream as a whole. */
xj_status xji_stream_length(xj_segment *seg, uint32_t type, uint64_t *length, xj_error *err);

/* A frame directory entry, verified and range-checked. */
typedef struct xji_frame {
    uint64_t offset; /* in the frames section */
    uint32_t packed;
    uint32_t raw;
    uint64_t sum;
} xji_frame;

xj_status xji_frame_get(xj_segment *seg, uint32_t frames, uint32_t dir, uint64_t i, xji_frame *f, xj_error *err);

/* Read frame i into packed (room for f->packed), verify it and decompress it to raw (room for f->raw). */
xj_status xji_frame_read(xj_segment *seg, uint32_t frames, uint64_t i, const xji_frame *f, ZSTD_DCtx *dctx,
                         uint8_t *packed, uint8_t *raw, xj_error *err);

/* Decode a block of n postings at a logical offset; previous = last passage of the block before, -1 at the start.
 * *used = bytes of the block. */
xj_status xji_block_decode(xj_segment *seg, uint64_t offset, uint32_t n, int64_t previous, uint32_t *docs,
                           uint32_t *tfs, uint64_t *used, xj_error *err);

xj_status xji_corrupt(const xj_segment *seg, uint64_t offset, xj_error *err, const char *what);

/* The directory section and record index of a store. */
uint32_t xji_store_frames(xj_store store);
uint32_t xji_store_dir(xj_store store);
uint32_t xji_store_index(xj_store store);

#endif
