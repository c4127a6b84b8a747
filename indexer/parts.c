#include "parts.h"

#include <stdlib.h>
#include <string.h>

/* Tokens of a part: enough that the ends of its pages do not matter, few enough to keep all threads busy. */
enum { PART_TOKENS = 1 << 20 };

typedef struct part {
    xj_job job; /* first */
    xji_part_range range;
    xji_make_part make;
    const void *ctx;
    const xj_scale *scale;
    uint32_t n_passages;
    xj_term_part *result;
    xj_status status;
    xj_error error;
} part;

static void run(xj_job *job)
{
    part *p = (part *)job;
    xji_lists l = {0};
    p->error = (xj_error)XJ_ERROR_INIT;
    p->status = xji_lists_open(&l, (xj_dictionary)p->range.dictionary, p->scale, p->n_passages, &p->error);
    if (p->status == XJ_OK)
        p->status = p->make(p->ctx, &p->range, &l, &p->error);
    if (p->status == XJ_OK)
        p->status = xji_lists_finish(&l, &p->error);
    if (p->status == XJ_OK) {
        p->result = l.part;
        l.part = NULL;
    }
    xji_lists_release(&l);
}

static size_t plan(xji_part_range *out, const uint64_t *const weights[2])
{
    size_t n = 0;
    for (int d = XJ_PAIRS; d <= XJ_CONTEXT_STRINGS; d++) {
        if (d == XJ_STRINGS || d == XJ_CONTEXT_STRINGS) {
            out[n++] = (xji_part_range){d, 0, 1};
            continue;
        }
        const uint64_t *weight = weights[d == XJ_CONTEXT_PAIRS];
        uint64_t sum = 0;
        uint32_t from = 0;
        for (uint32_t i = 0; i < XJI_BUCKETS; i++) {
            sum += weight[i];
            if (sum >= PART_TOKENS || i + 1 == XJI_BUCKETS) {
                out[n++] = (xji_part_range){d, from, i + 1};
                from = i + 1;
                sum = 0;
            }
        }
    }
    return n;
}

/* Take the oldest part and write it. */
static xj_status take(xj_segment_writer *w, xj_pool *pool, part *p, xj_error *err)
{
    xj_pool_wait(pool, &p->job);
    xj_status st = p->status;
    if (st != XJ_OK)
        st = xj_fail_at(err, st, p->error.path, p->error.offset, "%s", p->error.message);
    else if (xj_term_part_n_terms(p->result) > 0)
        st = xj_segment_writer_part(w, p->result, err);
    xj_term_part_free(p->result);
    p->result = NULL;
    return st;
}

xj_status xji_write_parts(xj_segment_writer *w, xj_pool *pool, const uint64_t *const weights[2], xji_make_part make,
                          const void *ctx, xj_error *err)
{
    const xj_scale *scale;
    xj_status st = xj_segment_writer_scale(w, &scale, err);
    if (st != XJ_OK)
        return st;
    part *parts = calloc(2 * XJI_BUCKETS + 2, sizeof *parts);
    xji_part_range *ranges = calloc(2 * XJI_BUCKETS + 2, sizeof *ranges);
    size_t n = 0, given = 0, taken = 0, ahead = xj_pool_n_threads(pool);
    if (parts && ranges)
        n = plan(ranges, weights);
    else
        st = xj_fail(err, XJ_ENOMEM, "no memory to write the terms");
    while (taken < given || (given < n && st == XJ_OK)) {
        while (given < n && given - taken < ahead && st == XJ_OK) {
            part *p = &parts[given];
            p->job.run = run;
            p->range = ranges[given++];
            p->make = make;
            p->ctx = ctx;
            p->scale = scale;
            p->n_passages = xj_segment_writer_n_passages(w);
            xj_pool_submit(pool, &p->job);
        }
        part *p = &parts[taken++];
        if (st == XJ_OK) {
            st = take(w, pool, p, err);
        } else {
            xj_pool_wait(pool, &p->job);
            xj_term_part_free(p->result);
        }
    }
    free(parts);
    free(ranges);
    return st;
}
