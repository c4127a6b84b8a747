/*
 * Runs: sorted postings of a batch that did not fit the memory, in a file without a name; and merging any sources of
 * sorted terms. The form of a run is private to one build.
 */
#ifndef XJI_RUNS_H
#define XJI_RUNS_H

#include "lists.h"

/* Terms in ascending order of their keys. Sources are merged in a given order: all postings of an earlier one come first. */
typedef struct xji_term_source {
    /* Step to the next term, or to the first; sets done, or the key. */
    xj_status (*next)(struct xji_term_source *s, xj_error *err);
    /* Append the postings of the current term, once, with their codes if the term has codes. */
    xj_status (*take)(struct xji_term_source *s, xji_gather *out, xj_error *err);
    bool done;
    uint32_t pair;      /* key of pairs */
    const uint8_t *key; /* of strings, valid until next */
    size_t n_key;
} xji_term_source;

/* Merge n sources into l; `strings`: their keys are bytes. */
xj_status xji_merge(xji_term_source **sources, size_t n, bool strings, xji_lists *l, xj_error *err);

/* Pairs are kept by ranges of their first character. */
enum { XJI_BUCKETS = 1024, XJI_BUCKET_BITS = 6 };

/* Places in a run: dictionaries one after another, pairs by bucket. */
enum {
    XJI_RUN_PAIRS = 0,
    XJI_RUN_STRINGS = XJI_RUN_PAIRS + XJI_BUCKETS,
    XJI_RUN_CONTEXT_PAIRS,
    XJI_RUN_CONTEXT_STRINGS = XJI_RUN_CONTEXT_PAIRS + XJI_BUCKETS,
    XJI_RUN_PLACES
};

static inline uint32_t xji_run_place_of(int dictionary, uint32_t bucket)
{
    static const uint32_t begin[] = {XJI_RUN_PAIRS, XJI_RUN_STRINGS, XJI_RUN_CONTEXT_PAIRS, XJI_RUN_CONTEXT_STRINGS};
    return begin[dictionary] + bucket;
}

/* Most bytes of tokens in a batch: its run then stays below 4 GiB. */
#define XJI_RUN_TOKEN_BYTES ((size_t)1 << 30)

/* A run on disk: what stands at places [a, b) is the bytes [begin + at[a], begin + at[b]) of the file. */
typedef struct xji_run {
    int fd;
    uint64_t begin, length;
    uint32_t at[XJI_RUN_PLACES + 1];
    uint32_t passage, section; /* added to all its postings */
} xji_run;

/* Writing one, at a place of a file that holds several. */
typedef struct xji_run_writer {
    xji_run *run;
    xj_buf out;
    uint64_t written;
    uint32_t place;
    uint32_t pair; /* last key of the bucket */
} xji_run_writer;

xj_status xji_run_begin(xji_run_writer *w, xji_run *run, int fd, uint64_t begin, xj_error *err);
/* Go on to a later place; nothing is written for what is skipped. */
void xji_run_place(xji_run_writer *w, int dictionary, uint32_t bucket);
xj_status xji_run_pair(xji_run_writer *w, uint32_t key, const xj_term_postings *t, bool has_codes, xj_error *err);
xj_status xji_run_string(xji_run_writer *w, const uint8_t *key, size_t n, const xj_term_postings *t, bool has_codes, xj_error *err);
xj_status xji_run_end(xji_run_writer *w, xj_error *err);

/* Reading a range of one. */
typedef struct xji_run_reader {
    xji_term_source source; /* first */
    const xji_run *run;
    int dictionary;
    uint32_t base;
    uint64_t at, end; /* in the file, of what is not in buf yet */
    size_t room;
    uint32_t pair;
    uint32_t bucket;
    uint64_t n_postings; /* of the current term, not taken yet */
    uint8_t key[XJ_KEY_MAX];
    xj_buf buf;
    size_t p; /* next byte in buf */
} xji_run_reader;

/* room: bytes to read ahead. */
xj_status xji_run_reader_open(xji_run_reader *r, const xji_run *run, int dictionary, uint32_t from, uint32_t to, size_t room,
                              xj_error *err);
void xji_run_reader_release(xji_run_reader *r);

#endif
