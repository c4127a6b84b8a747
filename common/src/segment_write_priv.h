/* Inside of a segment being written, shared by the writer and the copier. */
#ifndef XJI_SEGMENT_WRITE_PRIV_H
#define XJI_SEGMENT_WRITE_PRIV_H

#include <zstd.h>

#include "terms_priv.h"
#include "text_priv.h"
#include "xj/segment_write.h"

/* Bytes that wait for the end: in memory, when they are many in a file without a name. */
typedef struct xji_spool {
    xj_buf buf;
    int fd; /* -1: not needed yet */
    uint64_t written;
} xji_spool;

/* A FRAMES section and its directory. The one that streams has its bytes in the file. */
typedef struct xji_section {
    uint32_t type;
    bool streams;
    uint64_t length; /* bytes of frames so far */
    uint32_t n;      /* frames so far */
    xj_buf dir;
    xji_spool kept;
} xji_section;

/* Records on their way into a section. */
typedef struct xji_store {
    xji_section frames;
    xj_buf raw; /* the frame being filled */
    xj_buf firsts;
    uint32_t n_records;
} xji_store;

struct xj_segment_writer {
    int fd;
    int dir_fd;
    char name[64];
    char *path;
    xj_text_level level;
    xj_pool *pool;
    ZSTD_CCtx *cctx;
    xj_buf packed;
    xj_buf out; /* bytes not yet written, at file offset out_at */
    uint64_t out_at;
    uint64_t behind_at;  /* the disk was told of what is before */
    uint64_t section_at; /* file offset of the section being streamed */
    xj_buf table;
    uint32_t n_entries;
    uint32_t n_spools;
    xji_text_group *group;   /* being filled */
    xji_text_group *packing; /* submitted */
    bool text_done;
    int dictionary; /* of the last part */
    xji_section text, tables, postings, adjacency, pages;
    xji_store report, heading;
    xj_buf text_firsts, text_groups;
    xj_buf index[XJI_DICTS], keys[XJI_DICTS], lengths;
    xji_spool blocks, sections, reports;
    uint32_t n_terms[XJI_DICTS];
    uint32_t report_passage, report_section; /* first ones of the report being filled */
    xj_scale *scale;
    xj_segment_stats stats;
    xji_spool ids; /* of all reports, for the ranks: u32 of the length, then the id */
};

/* Append a frame to a section. */
xj_status xji_put_frame(xj_segment_writer *w, xji_section *f, const uint8_t *s, size_t n, xj_error *err);

/* Append bytes to a spool. */
xj_status xji_spool_put(xj_segment_writer *w, xji_spool *s, const void *p, size_t n, xj_error *err);
xj_status xji_put_id(xj_segment_writer *w, const char *id, size_t n, xj_error *err);

/* Append a record to a store. */
xj_status xji_put_record(xj_segment_writer *w, xji_store *s, const void *record, size_t n, xj_error *err);

/* Finish the group of texts in hand, so that what follows is another one. */
xj_status xji_close_texts(xj_segment_writer *w, xj_error *err);

#endif
