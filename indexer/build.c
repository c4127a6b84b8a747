#include "build.h"

#include <string.h>

#include "clock.h"
#include "crew.h"
#include "ids.h"
#include "invert.h"
#include "limits.h"
#include "source.h"
#include "xj/index.h"

typedef struct builder {
    const xji_build_options *o;
    xji_build_summary *sum;
    xj_index_writer *index;
    xj_segment_writer *segment;
    xji_inverter *inverter;
    xji_ids ids;
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

/* The context of a section: the title, and the headings from its own up. */
static xj_status add_context(builder *b, const xji_analysed *a, uint32_t section, uint32_t number, xj_error *err)
{
    uint32_t i = section;
    for (;;) {
        const xji_token_range *r = &a->context_range[i];
        xj_status st = xji_inverter_add(b->inverter, XJ_CONTEXT, number, &a->context, r->pair_from, r->pair_to, r->word_from,
                                        r->word_to, err);
        if (st != XJ_OK || i == 0)
            return st;
        i = a->parent[i - 1];
    }
}

/* A section of the segment for each stretch of passages that have the same heading. */
static xj_status add_section(builder *b, const xji_analysed *a, uint32_t section, xj_error *err)
{
    size_t from = section > 1 ? a->heading_end[section - 2] : 0, to = section ? a->heading_end[section - 1] : 0;
    uint32_t number = xj_segment_writer_n_sections(b->segment);
    xj_status st = xj_segment_writer_section(b->segment, section ? a->headings.data + from : NULL, to - from, err);
    return st == XJ_OK ? add_context(b, a, section, number, err) : st;
}

static xj_status add_report(builder *b, const xji_analysed *a, xj_error *err)
{
    size_t taken = xj_segment_writer_memory(b->segment) + xji_ids_bytes(&b->ids);
    xj_status st = XJ_OK;
    size_t record = 0, pair = 0, word = 0;
    for (size_t i = 0; i < a->n_passages && st == XJ_OK; i++) {
        const xji_analysed_passage *p = &a->passage[i];
        uint32_t number = xj_segment_writer_n_passages(b->segment);
        st = xji_inverter_settle(b->inverter, number, xj_segment_writer_n_sections(b->segment), taken, err);
        if (st == XJ_OK && (i == 0 || p->section != a->passage[i - 1].section))
            st = add_section(b, a, p->section, err);
        if (st == XJ_OK)
            st = xj_segment_writer_passage(b->segment, p->length, a->records.data + record, p->record_end - record,
                                           p->n_characters, p->text_bytes, err);
        if (st == XJ_OK)
            st = xji_inverter_add(b->inverter, XJ_BODY, number, &a->tokens, pair, p->pair_end, word, p->word_end, err);
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

/* Why a report that was read cannot go into an index; NULL when it can. */
static const char *too_much(const xji_analysed *a)
{
    if (a->n_passages > XJI_REPORT_PASSAGES_MAX)
        return "more than eight million passages in one report";
    for (size_t i = 0, from = 0; i < a->n_passages; from = a->passage[i++].word_end)
        if (a->passage[i].word_end - from > XJI_PASSAGE_WORDS_MAX)
            return "more than eight million words in one passage";
    return NULL;
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
    const char *why_not = too_much(&r->analysed);
    if (why_not) {
        skip(b, r->input.origin, why_not);
        return XJ_OK;
    }
    xj_status st = xji_ids_add(&b->ids, r->analysed.id, strlen(r->analysed.id), &is_new, err);
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

/* What there is for tokens and tables: not for a group of texts being packed, results that wait, and the program itself. */
static size_t tokens_memory(size_t memory)
{
    return memory - ((size_t)28 << 20) - memory / 8;
}

static xj_status read_all(builder *b, xji_source *source, xj_pool *pool, xj_error *err)
{
    xji_crew *crew = NULL;
    xj_status st = xji_crew_start(&crew, pool, b->o->memory / 8, b->o->segmentation, err);
    if (st == XJ_OK)
        st = feed(b, source, crew, err);
    xji_crew_stop(&crew);
    /* An empty stream or shard is an empty index; nothing to read at all is a mistake, not a wish for one. */
    bool nothing = st == XJ_OK && b->sum->n_reports == 0 && b->n_elsewhere == 0;
    if (nothing && b->sum->n_skipped > 0)
        st = xj_fail(err, XJ_EINPUT, "no input could be indexed; nothing was committed");
    else if (nothing && xji_source_n_files(source) == 0)
        st = xj_fail(err, XJ_EINPUT, "no .txt, .md or .jsonl file was found; nothing was committed");
    return st;
}

static xj_status run(builder *b, xj_pool *pool, xj_error *err)
{
    xji_source *source = NULL;
    double began = xji_seconds(CLOCK_MONOTONIC);
    /* With little memory texts are packed in this thread, so that the next group does not fill meanwhile. */
    xj_pool *text_pool = b->o->memory >= XJI_MEMORY_AMPLE ? pool : NULL;
    xj_status st = xji_inverter_new(&b->inverter, tokens_memory(b->o->memory), b->index, err);
    if (st == XJ_OK)
        st = xji_source_open(&source, b->o->paths, b->o->n_paths, skip, b, err);
    if (st == XJ_OK)
        st = xj_index_writer_begin(b->index, b->o->text_level, text_pool, &b->segment, err);
    if (st == XJ_OK)
        st = read_all(b, source, pool, err);
    xji_source_close(&source);
    xji_ids_release(&b->ids); /* no more will come */
    double was_read = xji_seconds(CLOCK_MONOTONIC);
    if (b->sum->n_reports == 0)
        xj_segment_writer_abandon(&b->segment);
    if (st == XJ_OK && b->segment)
        st = xji_inverter_finish(b->inverter, b->segment, pool, err);
    double had_terms = xji_seconds(CLOCK_MONOTONIC);
    b->sum->n_runs = b->inverter ? xji_inverter_n_runs(b->inverter) : 0;
    b->sum->n_segments = b->segment != NULL;
    if (st == XJ_OK && b->segment)
        st = xj_index_writer_end(b->index, &b->segment, err);
    if (st == XJ_OK)
        st = xj_index_writer_commit(b->index, err);
    b->sum->index_bytes = xj_index_writer_bytes(b->index);
    b->sum->input_seconds = was_read - began;
    b->sum->terms_seconds = had_terms - was_read;
    b->sum->commit_seconds = xji_seconds(CLOCK_MONOTONIC) - had_terms;
    return st;
}

xj_status xji_build(const xji_build_options *options, xji_build_summary *summary, xj_error *err)
{
    builder b = {.o = options, .sum = summary};
    xj_pool *pool = NULL;
    memset(summary, 0, sizeof *summary);
    /* More threads than the memory has room for would only wait. */
    size_t most = 1 + options->memory / XJI_MEMORY_MIN;
    xj_status st = xj_index_writer_open(&b.index, options->index_path, options->replace ? XJ_INDEX_REPLACE : XJ_INDEX_REFUSE, err);
    if (st == XJ_OK)
        st = xj_pool_new(&pool, options->threads < most ? options->threads : (unsigned)most, err);
    if (st == XJ_OK)
        st = run(&b, pool, err);
    xj_segment_writer_abandon(&b.segment);
    xj_index_writer_close(&b.index);
    xji_inverter_free(b.inverter);
    xj_pool_free(pool);
    xji_ids_release(&b.ids);
    return st;
}
