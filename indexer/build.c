#include "build.h"

#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "invert.h"
#include "limits.h"
#include "source.h"
#include "xj/index.h"

/* Ids seen so far: an open-addressed table of offsets + 1 into the ids' bytes. */
typedef struct id_set {
    xj_buf bytes; /* NUL-terminated, back to back */
    uint64_t *slot;
    size_t n, n_slots;
} id_set;

typedef struct builder {
    const xji_build_options *o;
    xji_build_summary *sum;
    xj_index_writer *index;
    xj_segment_writer *segment; /* NULL between segments */
    xji_inverter *inverter;
    id_set ids;
    uint64_t n_elsewhere; /* inputs that fall on other shards */
} builder;

unsigned xji_shard_of(const char *id, unsigned n_shards)
{
    return (unsigned)((xj_checksum(id, strlen(id), 0) >> 32) * n_shards >> 32);
}

static void skip(void *ctx, const char *origin, const char *reason)
{
    builder *b = ctx;
    if (reason == xji_source_other_kind) {
        b->sum->n_other_kind++;
        return;
    }
    b->sum->n_skipped++;
    b->o->on_skip(b->o->ctx, origin, reason);
}

static xj_status ids_grow(id_set *s, xj_error *err)
{
    size_t n = s->n_slots ? s->n_slots * 2 : 1024;
    uint64_t *p = calloc(n, sizeof *p);
    if (!p)
        return xj_fail(err, XJ_ENOMEM, "no memory for the ids of the reports");
    for (size_t i = 0; i < s->n_slots; i++) {
        if (!s->slot[i])
            continue;
        const char *id = (const char *)s->bytes.data + s->slot[i] - 1;
        size_t k = (size_t)xj_checksum(id, strlen(id), 0) & (n - 1);
        while (p[k])
            k = (k + 1) & (n - 1);
        p[k] = s->slot[i];
    }
    free(s->slot);
    s->slot = p;
    s->n_slots = n;
    return XJ_OK;
}

/* Add an id; *is_new = false when it is there already. */
static xj_status ids_add(id_set *s, const char *id, bool *is_new, xj_error *err)
{
    xj_status st = s->n * 2 >= s->n_slots ? ids_grow(s, err) : XJ_OK;
    if (st != XJ_OK)
        return st;
    size_t n = strlen(id), k = (size_t)xj_checksum(id, n, 0) & (s->n_slots - 1);
    for (; s->slot[k]; k = (k + 1) & (s->n_slots - 1)) {
        if (strcmp((const char *)s->bytes.data + s->slot[k] - 1, id) == 0) {
            *is_new = false;
            return XJ_OK;
        }
    }
    *is_new = true;
    uint64_t at = s->bytes.n;
    st = xj_buf_put(&s->bytes, id, n + 1, err);
    if (st == XJ_OK) {
        s->slot[k] = at + 1;
        s->n++;
    }
    return st;
}

static xj_status begin_segment(builder *b, xj_error *err)
{
    uint32_t none;
    xj_status st = xj_index_writer_begin(b->index, &b->segment, err);
    if (st == XJ_OK)
        st = xj_segment_writer_section(b->segment, NULL, 0, &none, err);
    return st;
}

static xj_status end_segment(builder *b, xj_error *err)
{
    xj_status st = xji_inverter_flush(b->inverter, b->segment, err);
    if (st == XJ_OK)
        st = xj_index_writer_end(b->index, &b->segment, err);
    if (st == XJ_OK)
        b->sum->n_segments++;
    return st;
}

static xj_status add_report(builder *b, const xji_analysed *a, xj_error *err)
{
    xj_status st = XJ_OK;
    /* A segment holds as much as fits the memory; then the next one begins. */
    if (b->segment && (xji_inverter_bytes(b->inverter) + xj_segment_writer_memory(b->segment) > b->o->memory / 5 * 3 ||
                       xj_segment_writer_n_passages(b->segment) + a->n_passages > XJI_BATCH_PASSAGES))
        st = end_segment(b, err);
    if (st == XJ_OK && !b->segment)
        st = begin_segment(b, err);
    uint32_t first_section = 0;
    for (size_t i = 0; i < a->n_headings && st == XJ_OK; i++) {
        size_t from = i ? a->heading_end[i - 1] : 0;
        uint32_t number;
        st = xj_segment_writer_section(b->segment, a->headings.data + from, a->heading_end[i] - from, &number, err);
        if (i == 0)
            first_section = number;
    }
    size_t record = 0, pair = 0, word = 0;
    for (size_t i = 0; i < a->n_passages && st == XJ_OK; i++) {
        const xji_analysed_passage *p = &a->passage[i];
        uint32_t number = xj_segment_writer_n_passages(b->segment);
        st = xj_segment_writer_passage(b->segment, p->section ? first_section + p->section - 1 : 0, p->length,
                                       a->records.data + record, p->record_end - record, p->n_characters, p->text_bytes, err);
        if (st == XJ_OK)
            st = xji_inverter_add(b->inverter, number, &a->tokens, pair, p->pair_end, word, p->word_end, err);
        record = p->record_end;
        pair = p->pair_end;
        word = p->word_end;
        b->sum->n_characters += p->n_characters;
        b->sum->n_units += p->length;
    }
    if (st == XJ_OK)
        st = xj_segment_writer_report(b->segment, a->id, strlen(a->id), a->year, a->input_bytes, a->meta.data, a->meta.n, err);
    b->sum->n_reports++;
    b->sum->n_passages += a->n_passages;
    b->sum->input_bytes += a->input_bytes;
    b->sum->encodings[a->encoding]++;
    for (size_t i = 0; i < XJI_CHANGE_COUNT; i++)
        b->sum->changes[i] += a->changes[i];
    return st;
}

static bool in_shard(const builder *b, const char *id)
{
    return b->o->n_shards <= 1 || xji_shard_of(id, b->o->n_shards) == b->o->shard;
}

static xj_status take_result(builder *b, const xji_result *r, xj_error *err)
{
    bool is_new;
    if (r->status == XJ_ENOMEM)
        return xj_fail_at(err, XJ_ENOMEM, r->input.origin, XJ_NO_OFFSET, "%s: %s", r->input.origin, r->error.message);
    if (r->status != XJ_OK) {
        skip(b, r->input.origin, r->error.message);
        return XJ_OK;
    }
    if (!in_shard(b, r->analysed.id)) {
        b->n_elsewhere++;
        return XJ_OK;
    }
    if (r->analysed.n_passages > XJI_BATCH_PASSAGES) {
        skip(b, r->input.origin, "more than four million passages in one report");
        return XJ_OK;
    }
    xj_status st = ids_add(&b->ids, r->analysed.id, &is_new, err);
    if (st == XJ_OK && !is_new) {
        xj_error why = XJ_ERROR_INIT;
        xj_fail(&why, XJ_EINPUT, "a report with the id '%s' was there before (ids are paths below the PATH given: name the folder above both)", r->analysed.id);
        skip(b, r->input.origin, why.message);
        return XJ_OK;
    }
    return st == XJ_OK ? add_report(b, &r->analysed, err) : st;
}

static xj_status feed(builder *b, xji_source *source, xji_crew *crew, xj_error *err)
{
    bool more = true, any = true;
    xj_status st = XJ_OK;
    while (st == XJ_OK && (more || any)) {
        while (st == XJ_OK && more && xji_crew_has_room(crew)) {
            xji_input in;
            st = xji_source_next(source, &in, &more, err);
            if (st != XJ_OK || !more)
                break;
            /* The id of a file is known before it is read. */
            if (!in.json && !in_shard(b, in.id)) {
                b->n_elsewhere++;
                xji_input_release(&in);
            } else {
                xji_crew_give(crew, &in);
            }
        }
        if (st != XJ_OK)
            break;
        xji_result r;
        xji_crew_take(crew, &r, &any);
        if (!any)
            continue;
        st = take_result(b, &r, err);
        xji_result_release(&r);
        if (b->o->on_progress)
            b->o->on_progress(b->o->ctx, xji_source_bytes_done(source), xji_source_bytes_total(source), b->sum->n_reports);
    }
    return st;
}

static xj_status run(builder *b, xj_error *err)
{
    xji_source *source = NULL;
    xji_crew *crew = NULL;
    xj_status st = xji_inverter_new(&b->inverter, err);
    if (st == XJ_OK)
        st = xji_source_open(&source, b->o->paths, b->o->n_paths, skip, b, err);
    /* This thread writes; the others analyse, as many of them as the memory allows for their buffers. */
    size_t most = b->o->memory / XJI_MEMORY_MIN;
    unsigned workers = b->o->threads - 1 < most ? b->o->threads - 1 : (unsigned)most;
    if (st == XJ_OK)
        st = xji_crew_start(&crew, workers, b->o->memory / 8, b->o->segmentation, err);
    if (st == XJ_OK)
        st = feed(b, source, crew, err);
    xji_crew_stop(&crew);
    /* An empty stream or shard is an empty index; nothing to read at all is a mistake, not a wish for one. */
    bool nothing = st == XJ_OK && b->sum->n_reports == 0 && b->n_elsewhere == 0;
    if (nothing && b->sum->n_skipped > 0)
        st = xj_fail(err, XJ_EINPUT, "no input could be indexed; nothing was committed");
    else if (nothing && xji_source_n_files(source) == 0)
        st = xj_fail(err, XJ_EINPUT, "no .txt, .md or .jsonl file was found; nothing was committed");
    xji_source_close(&source);
    if (st == XJ_OK && b->segment)
        st = end_segment(b, err);
    if (st == XJ_OK)
        st = xj_index_writer_commit(b->index, err);
    b->sum->index_bytes = xj_index_writer_bytes(b->index);
    return st;
}

xj_status xji_build(const xji_build_options *options, xji_build_summary *summary, xj_error *err)
{
    builder b = {.o = options, .sum = summary};
    memset(summary, 0, sizeof *summary);
    xj_status st = xj_index_writer_open(&b.index, options->index_path, options->replace ? XJ_INDEX_REPLACE : XJ_INDEX_REFUSE, err);
    if (st == XJ_OK)
        st = run(&b, err);
    xj_segment_writer_abandon(&b.segment);
    xj_index_writer_close(&b.index);
    xji_inverter_free(b.inverter);
    xj_buf_release(&b.ids.bytes);
    free(b.ids.slot);
    return st;
}
