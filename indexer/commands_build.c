/* xunju-index build: options, progress and summary; the work is in build.c. */
#define _GNU_SOURCE /* getopt_long */
#include "commands.h"

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "build.h"
#include "clock.h"
#include "limits.h"
#include "xj/utf8.h"

typedef struct build_view {
    xji_say_lang lang;
    bool quiet, progress;
    double started, shown;
    bool line_open; /* a progress line stands on the terminal */
    json_t *skipped;
} build_view;

static void clear_progress(build_view *v)
{
    if (v->line_open)
        fputs("\r\033[K", stderr);
    v->line_open = false;
}

/* A JSON string of any bytes: what is no UTF-8 becomes U+FFFD. */
static json_t *json_text(const char *s)
{
    json_t *value = json_string(s);
    size_t n = strlen(s), used = 0;
    char *text = value ? NULL : malloc(3 * n + 1);
    for (size_t i = 0; text && i < n;) {
        uint32_t cp;
        i += xj_utf8_decode((const uint8_t *)s + i, n - i, &cp, NULL);
        used += xj_utf8_encode((uint8_t *)text + used, cp);
    }
    if (text)
        value = json_stringn(text, used);
    free(text);
    return value ? value : json_null();
}

static void on_skip(void *ctx, const char *origin, const char *reason)
{
    build_view *v = ctx;
    clear_progress(v);
    fputs("xunju-index: ", stderr);
    xji_say(stderr, v->lang, XJI_SAY_LEFT_OUT, NULL);
    xji_command_name_reason(v->lang, origin, reason);
    if (v->skipped) {
        json_t *o = json_object();
        json_object_set_new(o, "input", origin ? json_text(origin) : json_null());
        json_object_set_new(o, "reason", json_text(reason));
        json_array_append_new(v->skipped, o);
    }
}

static void on_progress(void *ctx, uint64_t done, uint64_t total, uint64_t n_reports)
{
    build_view *v = ctx;
    double t = xji_seconds(CLOCK_MONOTONIC);
    if (!v->progress || t - v->shown < 0.2)
        return;
    v->shown = t;
    double elapsed = t - v->started, part = total ? (double)done / (double)total : 0.0;
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < (int)(part * WIDTH) ? '#' : '-';
    bar[WIDTH] = '\0';
    fputs("\r\033[K", stderr);
    char percent[8];
    snprintf(percent, sizeof percent, "%3.0f", part * 100);
    xji_say(stderr, v->lang, XJI_SAY_PROGRESS,
            XJI_ARGS(bar, percent, XJI_NUMBER(n_reports), XJI_NUMBER(elapsed > 0 ? (uint64_t)((double)n_reports / elapsed) : 0)));
    if (part > 0.01 && part < 1)
        xji_say(stderr, v->lang, XJI_SAY_TO_GO, XJI_ARGS(XJI_NUMBER((uint64_t)(elapsed / part - elapsed + 0.5))));
    fflush(stderr);
    v->line_open = true;
}

static json_t *counts_json(const uint64_t *count, size_t n, const char *(*name)(size_t))
{
    json_t *o = json_object();
    for (size_t i = 0; i < n; i++)
        if (count[i])
            json_object_set_new(o, name(i), json_integer((json_int_t)count[i]));
    return o;
}

static const char *change_name(size_t i)
{
    return xji_change_key((xji_change_kind)i);
}

static const char *encoding_name(size_t i)
{
    return xj_encoding_name((xj_encoding)i);
}

/* Null when the index cannot be read back, which the next command will say. */
static json_t *sections_json(const char *path)
{
    xj_index *ix;
    if (xj_index_open(&ix, path, NULL) != XJ_OK)
        return json_null();
    json_t *o = xji_command_sections(ix);
    xj_index_close(&ix);
    return o;
}

static int write_report(xji_say_lang lang, const char *path, const char *index, const xji_build_summary *s, json_t *skipped, double wall, double cpu)
{
    json_t *o = json_object();
    json_object_set_new(o, "reports", json_integer((json_int_t)s->n_reports));
    json_object_set_new(o, "skipped", json_integer((json_int_t)s->n_skipped));
    json_object_set_new(o, "other_kind", json_integer((json_int_t)s->n_other_kind));
    json_object_set_new(o, "passages", json_integer((json_int_t)s->n_passages));
    json_object_set_new(o, "characters", json_integer((json_int_t)s->n_characters));
    json_object_set_new(o, "units", json_integer((json_int_t)s->n_units));
    json_object_set_new(o, "input_bytes", json_integer((json_int_t)s->input_bytes));
    json_object_set_new(o, "index_bytes", json_integer((json_int_t)s->index_bytes));
    json_object_set_new(o, "segments", json_integer((json_int_t)s->n_segments));
    json_object_set_new(o, "runs", json_integer((json_int_t)s->n_runs));
    json_object_set_new(o, "wall_seconds", json_real(wall));
    json_object_set_new(o, "cpu_seconds", json_real(cpu));
    json_t *stages = json_object();
    json_object_set_new(stages, "input", json_real(s->input_seconds));
    json_object_set_new(stages, "terms", json_real(s->terms_seconds));
    json_object_set_new(stages, "commit", json_real(s->commit_seconds));
    json_object_set_new(o, "stage_seconds", stages);
    json_object_set_new(o, "sections", sections_json(index));
    json_object_set_new(o, "encodings", counts_json(s->encodings, XJ_ENC_COUNT, encoding_name));
    json_object_set_new(o, "changes", counts_json(s->changes, XJI_CHANGE_COUNT, change_name));
    json_object_set(o, "skipped_inputs", skipped);
    char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(o);
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *f = !text ? NULL : to_stdout ? stdout : fopen(path, "we");
    bool ok = f && fputs(text, f) >= 0 && fputc('\n', f) >= 0;
    if (f && !to_stdout)
        ok = fclose(f) == 0 && ok;
    free(text);
    if (ok)
        return 0;
    xji_complain(lang, XJI_SAY_REPORT_FAILED, XJI_ARGS(path));
    return 4;
}

/* "pinyin 132, slip 2" behind the words of id; nothing when none of the kinds was met. */
static bool print_kinds(xji_say_lang lang, xji_say_id id, const xji_build_summary *s, const xji_change_kind *kind, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        if (s->changes[kind[i]] == 0)
            continue;
        xji_say(stderr, lang, any ? XJI_SAY_COMMA : id, NULL);
        xji_say(stderr, lang, XJI_SAY_KIND, XJI_ARGS(xji_say_change_name(lang, kind[i]), XJI_NUMBER(s->changes[kind[i]])));
        any = true;
    }
    return any;
}

/* One line on what was damaged, if anything was. Ends of lines, controls and wrapped lines are no damage. */
static void print_damage(xji_say_lang lang, const xji_build_summary *s)
{
    static const xji_change_kind repaired[] = {XJI_CHANGE_PINYIN, XJI_CHANGE_SLIP, XJI_CHANGE_CONJECTURE};
    static const xji_change_kind left[] = {XJI_CHANGE_ILL_FORMED, XJI_CHANGE_DAMAGE};
    uint64_t n_left = 0;
    for (size_t i = 0; i < sizeof left / sizeof *left; i++)
        n_left += s->changes[left[i]];
    bool any = print_kinds(lang, XJI_SAY_REPAIRED, s, repaired, sizeof repaired / sizeof *repaired);
    if (any && n_left)
        xji_say(stderr, lang, XJI_SAY_SEMICOLON, NULL);
    any = print_kinds(lang, XJI_SAY_LEFT_DAMAGED, s, left, sizeof left / sizeof *left) || any;
    if (any)
        xji_say(stderr, lang, XJI_SAY_DOCTOR_SHOWS, NULL);
}

static void print_summary(xji_say_lang lang, const xji_build_summary *s, const char *index, double wall)
{
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.2f", wall);
    xji_say(stderr, lang, XJI_SAY_INDEXED,
            XJI_ARGS(XJI_NUMBER(s->n_reports), s->n_reports == 1 ? "" : "s", XJI_NUMBER(s->n_passages),
                     XJI_NUMBER(s->n_characters), seconds, index, XJI_NUMBER((s->index_bytes + 1023) / 1024)));
    print_damage(lang, s);
    if (s->n_skipped)
        xji_say(stderr, lang, XJI_SAY_N_LEFT_OUT, XJI_ARGS(XJI_NUMBER(s->n_skipped), s->n_skipped == 1 ? "" : "s"));
    if (s->n_other_kind)
        xji_say(stderr, lang, XJI_SAY_OTHER_KIND,
                XJI_ARGS(XJI_NUMBER(s->n_other_kind), s->n_other_kind == 1 ? "" : "s", s->n_other_kind == 1 ? "is" : "are"));
}

static bool parse_text_level(const char *s, xj_text_level *level)
{
    static const char *const name[] = {"fast", "default", "small"};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (strcmp(s, name[i]) == 0) {
            *level = (xj_text_level)i;
            return true;
        }
    return false;
}

int xji_command_build(xji_say_lang lang, int argc, char **argv)
{
    enum { FORCE = 256, MEMORY, THREADS, SEGMENT, SHARD, STRICT, REPORT, TEXT_LEVEL, HELP };
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},    {"force", no_argument, NULL, FORCE},
        {"memory", required_argument, NULL, MEMORY}, {"threads", required_argument, NULL, THREADS},
        {"segment", required_argument, NULL, SEGMENT}, {"shard", required_argument, NULL, SHARD},
        {"strict", no_argument, NULL, STRICT},       {"report", required_argument, NULL, REPORT},
        {"text-level", required_argument, NULL, TEXT_LEVEL},
        {"quiet", no_argument, NULL, 'q'},           {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0}};
    build_view view = {.lang = lang, .progress = isatty(STDERR_FILENO)};
    xji_build_options o = {.memory = XJI_MEMORY_DEFAULT, .threads = xji_processors(), .text_level = XJ_TEXT_DEFAULT, .n_shards = 1, .on_skip = on_skip,
                           .on_progress = on_progress, .ctx = &view};
    const char *report = NULL, *rest;
    bool strict = false;
    int c;
    while ((c = getopt_long(argc, argv, "o:q", options, NULL)) != -1) {
        switch (c) {
        case 'o':
            o.index_path = optarg;
            break;
        case 'q':
            view.quiet = true;
            view.progress = false;
            break;
        case FORCE:
            o.replace = true;
            break;
        case MEMORY:
            if (!xji_parse_size(optarg, &o.memory) || o.memory < XJI_MEMORY_MIN)
                return xji_command_misused(lang, "build", XJI_SAY_BAD_MEMORY);
            break;
        case THREADS:
            if (!xji_parse_threads(optarg, &o.threads))
                return xji_command_misused(lang, "build", XJI_SAY_BAD_THREADS);
            break;
        case SEGMENT:
            if (!xji_parse_segmentation(optarg, &o.segmentation))
                return xji_command_misused(lang, "build", XJI_SAY_BAD_SEGMENT);
            break;
        case TEXT_LEVEL:
            if (!parse_text_level(optarg, &o.text_level))
                return xji_command_misused(lang, "build", XJI_SAY_BAD_TEXT_LEVEL);
            break;
        case SHARD:
            if (!xji_parse_number(optarg, &rest, &o.shard) || *rest != '/' ||
                !xji_parse_number(rest + 1, &rest, &o.n_shards) || *rest || o.shard >= o.n_shards)
                return xji_command_misused(lang, "build", XJI_SAY_BAD_SHARD);
            break;
        case STRICT:
            strict = true;
            break;
        case REPORT:
            report = optarg;
            break;
        case HELP:
            fputs(xji_build_help[lang], stdout);
            return 0;
        default:
            return xji_command_misused(lang, "build", XJI_SAY_BAD_OPTION);
        }
    }
    if (!o.index_path || !*o.index_path)
        return xji_command_misused(lang, "build", XJI_SAY_NO_OUTPUT);
    if (optind == argc)
        return xji_command_misused(lang, "build", XJI_SAY_NO_PATH);
    o.paths = argv + optind;
    o.n_paths = (size_t)(argc - optind);
    /* What is freed goes back at once where memory is short; otherwise that would only cost time. */
    if (o.memory < XJI_MEMORY_AMPLE)
        mallopt(M_MMAP_THRESHOLD, 1 << 19);
    view.started = xji_seconds(CLOCK_MONOTONIC);
    view.skipped = report ? json_array() : NULL;
    xji_build_summary summary;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_build(&o, &summary, &err);
    double wall = xji_seconds(CLOCK_MONOTONIC) - view.started;
    int code = 0;
    clear_progress(&view);
    if (st != XJ_OK) {
        code = xji_command_fail(lang, st, &err);
    } else {
        if (!view.quiet)
            print_summary(lang, &summary, o.index_path, wall);
        if (report)
            code = write_report(lang, report, o.index_path, &summary, view.skipped, wall, xji_seconds(CLOCK_PROCESS_CPUTIME_ID));
        if (code == 0 && strict && summary.n_skipped > 0)
            code = 4;
    }
    json_decref(view.skipped);
    return code;
}
