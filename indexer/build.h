/*
 * Building an index: inputs through the crew into segments, then the commit. Prints nothing; what a person should hear goes
 * through a callback.
 */
#ifndef XJI_BUILD_H
#define XJI_BUILD_H

#include "structure.h"
#include "xj/segment_write.h"

typedef struct xji_build_options {
    const char *index_path;
    char *const *paths;
    size_t n_paths;
    size_t memory;     /* bytes, >= XJI_MEMORY_MIN */
    unsigned threads;  /* >= 1 */
    xji_segmentation segmentation;
    xj_text_level text_level;
    unsigned shard, n_shards; /* index only reports whose id hash falls on shard of n_shards; 0, 1 = all */
    bool replace;             /* an existing index may be replaced */
    /* Called in the caller's thread. origin NULL = the build as a whole. */
    void (*on_skip)(void *ctx, const char *origin, const char *reason);
    void (*on_progress)(void *ctx, uint64_t done_bytes, uint64_t total_bytes, uint64_t n_reports); /* may be NULL */
    void *ctx;
} xji_build_options;

typedef struct xji_build_summary {
    uint64_t n_reports;
    uint64_t n_skipped;    /* inputs that could not be indexed, each told through on_skip */
    uint64_t n_other_kind; /* files in folders that are of no kind that is read; not told one by one */
    uint64_t n_passages;
    uint64_t n_characters;
    uint64_t n_units;
    uint64_t input_bytes;
    uint64_t index_bytes;
    uint64_t n_segments;
    uint64_t n_runs; /* batches that went to disk for lack of memory */
    double input_seconds, terms_seconds, commit_seconds; /* elapsed: reading to last passage, terms, bringing to disk */
    uint64_t changes[XJI_CHANGE_COUNT];
    uint64_t encodings[XJ_ENC_COUNT];
} xji_build_summary;

/*
 * Build. XJ_OK = committed, also when inputs were skipped (see the summary). When no input at all could be indexed though
 * there were some, nothing is committed and the status is XJ_EINPUT. summary is filled as far as the build came.
 */
xj_status xji_build(const xji_build_options *options, xji_build_summary *summary, xj_error *err);

/* Shard of a report id, 0 .. n_shards - 1: upper half of XXH3-64 of the id, scaled. */
unsigned xji_shard_of(const char *id, unsigned n_shards);

#endif
