/* xunju-index: builds and examines indexes. Options and messages; the work is in the modules beside it. */
#define _GNU_SOURCE /* getopt_long */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <unicode/uversion.h>
#include <zstd.h>

#include "build.h"
#include "doctor.h"
#include "limits.h"
#include "source.h"
#include "xj/analyser.h"
#include "xj/index.h"
#include "xj/utf8.h"

static const char usage_text[] =
    "usage: xunju-index COMMAND [OPTIONS] ...\n"
    "\n"
    "  build -o INDEX PATH...   make an index of files, folders and JSON Lines ('-' = JSON Lines on stdin)\n"
    "  info INDEX               what an index holds: reports, passages, terms, bytes of each section\n"
    "  check INDEX              verify every byte of an index; exit 3 and the place when it is damaged\n"
    "  doctor FILE...           show what reading, repair and segmentation make of a file, and why\n"
    "\n"
    "  xunju-index COMMAND --help tells more; --version prints versions.\n"
    "  To search an index: xunju-query INDEX QUERY\n";

static const char build_help[] =
    "usage: xunju-index build -o INDEX [OPTIONS] PATH... | -\n"
    "\n"
    "Reads reports and makes INDEX, a directory of its own. PATH is a file, or a folder that is searched\n"
    "for .txt, .md and .jsonl files (links in it are not followed); '-' reads JSON Lines on standard input.\n"
    "A report is known by its path below PATH. JSON Lines hold one report a line:\n"
    "  {\"id\":…,\"text\":…,\"title\":…,\"date\":…,\"agency\":…,\"path\":…, other strings and numbers}\n"
    "of which only text is required.\n"
    "\n"
    "Encodings are found out (UTF-8, UTF-16, GB18030, Big5, ...), damage of portals and converters is\n"
    "repaired, page furniture is set aside; 'xunju-index doctor FILE' shows what was done and why.\n"
    "\n"
    "  -o, --output INDEX    the index directory to make\n"
    "      --force           replace an index that is there; searches see the old one until the end\n"
    "      --memory SIZE     memory to use, as in 512M (default) or 2G\n"
    "      --threads N       threads to use (default: one for each processor)\n"
    "      --segment auto|none   cut reports into passages (default), or take each as one passage\n"
    "      --shard I/N       index only the reports whose id falls on shard I of N, 0 <= I < N\n"
    "      --strict          exit 4 when any input had to be left out\n"
    "      --report FILE     write a summary as JSON ('-' = standard output)\n"
    "  -q, --quiet           no progress, no summary; inputs left out are still named\n"
    "\n"
    "Exit status: 0 the index is committed; 2 wrong usage; 4 reading or writing failed, or --strict;\n"
    "5 a limit was reached; 6 out of memory; 7 another writer is at work on INDEX.\n"
    "Whatever fails, an index that was committed before stays as it was.\n";

static const char info_help[] =
    "usage: xunju-index info [--json] INDEX\n"
    "\n"
    "Prints what the index holds. With --json, one object: generation, reports, passages, characters, units,\n"
    "terms, postings, input_bytes, text_bytes, index_bytes, segments, sections {name: bytes}, versions.\n";

static const char check_help[] =
    "usage: xunju-index check INDEX\n"
    "\n"
    "Reads everything and verifies all checksums, the order of terms and postings, all records and counts.\n"
    "Exit status 0: sound; 3: damaged, each damage on a line of its own with file and byte.\n";

static const char doctor_help[] =
    "usage: xunju-index doctor [OPTIONS] FILE...\n"
    "\n"
    "Shows for each report: its encoding and how it was found out, title, agency, date and year and where they\n"
    "were found, every kind of repair with examples, what was set aside as page furniture, and the passages\n"
    "under their headings, with the bytes of the file they come from.\n"
    "\n"
    "      --all             list every single change, not five of each kind\n"
    "      --json            one JSON object a report, with the repaired text and all ranges\n"
    "      --segment auto|none   as for build\n"
    "      --color auto|always|never\n";

static void complain(const char *what)
{
    fputs("xunju-index: ", stderr);
    xji_print_escaped(stderr, what, strlen(what));
    fputc('\n', stderr);
}

static int fail(xj_status st, const xj_error *err)
{
    complain(err->message[0] ? err->message : xj_status_text(st));
    return xj_status_exit_code(st);
}

static int usage_error(const char *command, const char *what)
{
    complain(what);
    fprintf(stderr, "xunju-index %s --help shows how it is used\n", command);
    return 2;
}

/* Output that did not reach its place is never a success. */
static int finish(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("writing to standard output failed");
        return 4;
    }
    return status;
}

static bool help_wanted(int argc, char **argv, const char *text)
{
    if (argc < 2 || strcmp(argv[1], "--help") != 0)
        return false;
    fputs(text, stdout);
    return true;
}

/* ---- options ---- */

/* "64M", "2G", "100k", "1048576"; false when it is none or too large. */
static bool parse_size(const char *s, size_t *out)
{
    char *end;
    errno = 0;
    if (s[0] < '0' || s[0] > '9')
        return false;
    unsigned long long v = strtoull(s, &end, 10);
    unsigned shift = 0;
    if (*end == 'k' || *end == 'K')
        shift = 10;
    else if (*end == 'm' || *end == 'M')
        shift = 20;
    else if (*end == 'g' || *end == 'G')
        shift = 30;
    if (shift)
        end++;
    if (shift && (*end == 'b' || *end == 'B' || *end == 'i'))
        end += *end == 'i' && (end[1] == 'B' || end[1] == 'b') ? 2 : 1;
    if (errno || *end || v > (SIZE_MAX >> shift))
        return false;
    *out = (size_t)v << shift;
    return true;
}

static bool parse_number(const char *s, const char **rest, unsigned *out)
{
    char *end;
    if (s[0] < '0' || s[0] > '9')
        return false;
    errno = 0;
    unsigned long v = strtoul(s, &end, 10);
    if (errno || v > 1000000)
        return false;
    *out = (unsigned)v;
    *rest = end;
    return true;
}

static bool parse_segmentation(const char *s, xji_segmentation *out)
{
    if (strcmp(s, "auto") == 0)
        *out = XJI_SEGMENT_AUTO;
    else if (strcmp(s, "none") == 0)
        *out = XJI_SEGMENT_NONE;
    else
        return false;
    return true;
}

/* ---- build ---- */

typedef struct build_view {
    bool quiet, progress;
    double started, shown;
    bool line_open; /* a progress line stands on the terminal */
    json_t *skipped;
} build_view;

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

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
    fputs("xunju-index: left out: ", stderr);
    if (origin) {
        xji_print_escaped(stderr, origin, strlen(origin));
        fputs(": ", stderr);
    }
    xji_print_escaped(stderr, reason, strlen(reason));
    fputc('\n', stderr);
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
    double t = now(CLOCK_MONOTONIC);
    if (!v->progress || t - v->shown < 0.2)
        return;
    v->shown = t;
    double elapsed = t - v->started, part = total ? (double)done / (double)total : 0.0;
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++)
        bar[i] = i < (int)(part * WIDTH) ? '#' : '-';
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r\033[K[%s] %3.0f %%  %" PRIu64 " reports, %.0f a second", bar, part * 100, n_reports,
            elapsed > 0 ? (double)n_reports / elapsed : 0.0);
    if (part > 0.01 && part < 1)
        fprintf(stderr, ", %.0f s to go", elapsed / part - elapsed);
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

static int write_report(const char *path, const xji_build_summary *s, json_t *skipped, double wall, double cpu)
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
    json_object_set_new(o, "wall_seconds", json_real(wall));
    json_object_set_new(o, "cpu_seconds", json_real(cpu));
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
    fputs("xunju-index: the index is committed, but the report '", stderr);
    xji_print_escaped(stderr, path, strlen(path));
    fputs("' could not be written\n", stderr);
    return 4;
}

static void print_summary(const xji_build_summary *s, const char *index, double wall)
{
    fprintf(stderr, "indexed %" PRIu64 " report%s: %" PRIu64 " passages, %" PRIu64 " characters in %.2f s; ", s->n_reports,
            s->n_reports == 1 ? "" : "s", s->n_passages, s->n_characters, wall);
    xji_print_escaped(stderr, index, strlen(index));
    fprintf(stderr, " has %" PRIu64 " KiB\n", (s->index_bytes + 1023) / 1024);
    if (s->n_skipped)
        fprintf(stderr, "left out %" PRIu64 " input%s, named above\n", s->n_skipped, s->n_skipped == 1 ? "" : "s");
    if (s->n_other_kind)
        fprintf(stderr, "passed over %" PRIu64 " file%s that %s no .txt, .md or .jsonl\n", s->n_other_kind,
                s->n_other_kind == 1 ? "" : "s", s->n_other_kind == 1 ? "is" : "are");
}

static unsigned processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

static int run_build(int argc, char **argv)
{
    enum { FORCE = 256, MEMORY, THREADS, SEGMENT, SHARD, STRICT, REPORT, HELP };
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},    {"force", no_argument, NULL, FORCE},
        {"memory", required_argument, NULL, MEMORY}, {"threads", required_argument, NULL, THREADS},
        {"segment", required_argument, NULL, SEGMENT}, {"shard", required_argument, NULL, SHARD},
        {"strict", no_argument, NULL, STRICT},       {"report", required_argument, NULL, REPORT},
        {"quiet", no_argument, NULL, 'q'},           {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0}};
    build_view view = {.progress = isatty(STDERR_FILENO)};
    xji_build_options o = {.memory = XJI_MEMORY_DEFAULT, .threads = processors(), .n_shards = 1, .on_skip = on_skip,
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
            if (!parse_size(optarg, &o.memory) || o.memory < XJI_MEMORY_MIN)
                return usage_error("build", "--memory wants a size of at least 32M, as in 512M or 2G");
            break;
        case THREADS:
            if (!parse_number(optarg, &rest, &o.threads) || *rest || o.threads < 1 || o.threads > 256)
                return usage_error("build", "--threads wants a number from 1 to 256");
            break;
        case SEGMENT:
            if (!parse_segmentation(optarg, &o.segmentation))
                return usage_error("build", "--segment wants auto or none");
            break;
        case SHARD:
            if (!parse_number(optarg, &rest, &o.shard) || *rest != '/' || !parse_number(rest + 1, &rest, &o.n_shards) || *rest ||
                o.shard >= o.n_shards)
                return usage_error("build", "--shard wants I/N with 0 <= I < N, as in 0/4");
            break;
        case STRICT:
            strict = true;
            break;
        case REPORT:
            report = optarg;
            break;
        case HELP:
            fputs(build_help, stdout);
            return 0;
        default:
            return usage_error("build", "an option that is not known, or without its value");
        }
    }
    if (!o.index_path || !*o.index_path)
        return usage_error("build", "-o INDEX is missing: the directory of the index to make");
    if (optind == argc)
        return usage_error("build", "no PATH was given: name files or folders, or '-' for JSON Lines on standard input");
    o.paths = argv + optind;
    o.n_paths = (size_t)(argc - optind);
    view.started = now(CLOCK_MONOTONIC);
    view.skipped = report ? json_array() : NULL;
    xji_build_summary summary;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_build(&o, &summary, &err);
    double wall = now(CLOCK_MONOTONIC) - view.started;
    int code = 0;
    clear_progress(&view);
    if (st != XJ_OK) {
        code = fail(st, &err);
    } else {
        if (!view.quiet)
            print_summary(&summary, o.index_path, wall);
        if (report)
            code = write_report(report, &summary, view.skipped, wall, now(CLOCK_PROCESS_CPUTIME_ID));
        if (code == 0 && strict && summary.n_skipped > 0)
            code = 4;
    }
    json_decref(view.skipped);
    return code;
}

/* ---- info ---- */

static json_t *versions_json(void)
{
    char print[32];
    snprintf(print, sizeof print, "%016" PRIx64, xj_analyser_fingerprint());
    return json_pack("{s:s,s:i,s:s,s:s,s:s}", "xunju", XUNJU_VERSION, "format", (int)xj_index_format_version(), "analyser", print, "zstd",
                     ZSTD_versionString(), "icu", U_ICU_VERSION);
}

/* Sums of section sizes by name over all segments, in file order. */
static json_t *sections_json(const xj_index *ix)
{
    json_t *o = json_object();
    for (size_t s = 0; s < xj_index_n_segments(ix); s++) {
        const xj_segment *seg = xj_index_segment(ix, s);
        for (size_t i = 0; i < xj_segment_n_sections(seg); i++) {
            const char *name = xj_segment_section_name(seg, i);
            json_int_t before = json_integer_value(json_object_get(o, name));
            json_object_set_new(o, name, json_integer(before + (json_int_t)xj_segment_section_bytes(seg, i)));
        }
    }
    return o;
}

static void print_info(const xj_index *ix)
{
    const xj_segment_stats *t = xj_index_stats(ix);
    printf("reports      %" PRIu64 "\n", t->n_reports);
    printf("passages     %" PRIu64 "\n", t->n_passages);
    printf("characters   %" PRIu64 " (%" PRIu64 " bytes as UTF-8)\n", t->n_characters, t->text_bytes);
    printf("terms        %" PRIu64 " pairs and characters, %" PRIu64 " words\n", t->n_pairs, t->n_words);
    printf("postings     %" PRIu64 ", %" PRIu64 " occurrences\n", t->n_postings, t->n_occurrences);
    printf("input        %" PRIu64 " bytes\n", t->input_bytes);
    printf("index        %" PRIu64 " bytes", xj_index_bytes(ix));
    if (t->text_bytes)
        printf(" (%.1f %% of the text)", 100.0 * (double)xj_index_bytes(ix) / (double)t->text_bytes);
    printf("\ngeneration   %" PRIu64 ", %zu segment%s\n", xj_index_generation(ix), xj_index_n_segments(ix),
           xj_index_n_segments(ix) == 1 ? "" : "s");
    json_t *sections = sections_json(ix);
    const char *name;
    json_t *bytes;
    json_object_foreach(sections, name, bytes)
        printf("  %-20s %12" JSON_INTEGER_FORMAT " bytes\n", name, json_integer_value(bytes));
    json_decref(sections);
    printf("format       %u, analyser %016" PRIx64 ", zstd %s\n", xj_index_format_version(), xj_analyser_fingerprint(),
           ZSTD_versionString());
}

static int run_info(int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (help_wanted(argc, argv, info_help))
        return 0;
    if (argc != 2 + json || (argv[1 + json][0] == '-' && argv[1 + json][1]))
        return usage_error("info", "one INDEX is wanted");
    xj_index *ix;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xj_index_open(&ix, argv[1 + json], &err);
    if (st != XJ_OK)
        return fail(st, &err);
    if (json) {
        const xj_segment_stats *t = xj_index_stats(ix);
        json_t *o = json_pack(
            "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:o}", "generation", (json_int_t)xj_index_generation(ix), "reports",
            (json_int_t)t->n_reports, "passages", (json_int_t)t->n_passages, "characters", (json_int_t)t->n_characters, "units",
            (json_int_t)t->n_units, "terms", (json_int_t)(t->n_pairs + t->n_words), "postings", (json_int_t)t->n_postings,
            "occurrences", (json_int_t)t->n_occurrences, "text_bytes", (json_int_t)t->text_bytes, "input_bytes",
            (json_int_t)t->input_bytes, "index_bytes", (json_int_t)xj_index_bytes(ix), "segments",
            (json_int_t)xj_index_n_segments(ix), "sections", sections_json(ix), "versions", versions_json());
        char *text = json_dumps(o, JSON_INDENT(2));
        json_decref(o);
        puts(text ? text : "");
        if (!text)
            st = XJ_ENOMEM;
        free(text);
    } else {
        print_info(ix);
    }
    xj_index_close(&ix);
    return st == XJ_OK ? 0 : fail(st, &err);
}

/* ---- check ---- */

static bool print_damage(void *ctx, const xj_error *damage)
{
    (void)ctx;
    xji_print_escaped(stdout, damage->message, strlen(damage->message));
    putchar('\n');
    return true;
}

static int run_check(int argc, char **argv)
{
    if (help_wanted(argc, argv, check_help))
        return 0;
    if (argc != 2 || (argv[1][0] == '-' && argv[1][1]))
        return usage_error("check", "one INDEX is wanted");
    xj_index *ix;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xj_index_open(&ix, argv[1], &err);
    if (st != XJ_OK)
        return fail(st, &err);
    uint64_t total = 0;
    for (size_t i = 0; i < xj_index_n_segments(ix) && st == XJ_OK; i++) {
        uint64_t n = 0;
        st = xj_segment_check(xj_index_segment(ix, i), XJ_CHECK_ALL, print_damage, NULL, &n, &err);
        total += n;
    }
    xj_index_close(&ix);
    if (st != XJ_OK)
        return fail(st, &err);
    if (total > 0) {
        fprintf(stderr, "xunju-index: %" PRIu64 " damage%s found; build the index again from its reports\n", total, total == 1 ? "" : "s");
        return 3;
    }
    puts("the index is sound");
    return 0;
}

/* ---- doctor ---- */

typedef struct doctor_view {
    uint64_t n_skipped;
} doctor_view;

static void doctor_skip(void *ctx, const char *origin, const char *reason)
{
    doctor_view *v = ctx;
    v->n_skipped++;
    fputs("xunju-index: ", stderr);
    if (origin) {
        xji_print_escaped(stderr, origin, strlen(origin));
        fputs(": ", stderr);
    }
    xji_print_escaped(stderr, reason, strlen(reason));
    fputc('\n', stderr);
}

static int run_doctor(int argc, char **argv)
{
    enum { ALL = 256, JSON, SEGMENT, COLOUR, HELP };
    static const struct option options[] = {{"all", no_argument, NULL, ALL},
                                            {"json", no_argument, NULL, JSON},
                                            {"segment", required_argument, NULL, SEGMENT},
                                            {"color", required_argument, NULL, COLOUR},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    xji_doctor_options o = {.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    int c;
    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case ALL:
            o.all_changes = true;
            break;
        case JSON:
            o.json = true;
            break;
        case SEGMENT:
            if (!parse_segmentation(optarg, &o.segmentation))
                return usage_error("doctor", "--segment wants auto or none");
            break;
        case COLOUR:
            if (strcmp(optarg, "always") == 0)
                o.colour = true;
            else if (strcmp(optarg, "never") == 0)
                o.colour = false;
            else if (strcmp(optarg, "auto") != 0)
                return usage_error("doctor", "--color wants auto, always or never");
            break;
        case HELP:
            fputs(doctor_help, stdout);
            return 0;
        default:
            return usage_error("doctor", "an option that is not known, or without its value");
        }
    }
    if (optind == argc)
        return usage_error("doctor", "no FILE was given");
    xji_source *source;
    doctor_view view = {0};
    xji_document doc;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_source_open(&source, argv + optind, (size_t)(argc - optind), doctor_skip, &view, &err);
    if (st != XJ_OK)
        return fail(st, &err);
    xji_document_init(&doc, XJI_DOCTOR_CHANGES);
    bool more = true, first = true;
    while (st == XJ_OK && more) {
        xji_input in;
        st = xji_source_next(source, &in, &more, &err);
        if (st != XJ_OK || !more)
            break;
        xj_error why = XJ_ERROR_INIT;
        xj_status loaded = xji_document_load(&doc, &in, o.segmentation, &why);
        if (loaded == XJ_ENOMEM) {
            st = xj_fail(&err, loaded, "%s", why.message);
        } else if (loaded != XJ_OK) {
            doctor_skip(&view, in.origin, why.message);
        } else {
            if (!first && !o.json)
                putchar('\n');
            first = false;
            st = xji_doctor_print(stdout, &doc, &in, &o, &err);
        }
        xji_input_release(&in);
    }
    xji_document_release(&doc);
    xji_source_close(&source);
    if (st != XJ_OK)
        return fail(st, &err);
    return view.n_skipped ? 4 : 0;
}

static int run_version(void)
{
    printf("xunju-index %s (index format %u, zstd %s, ICU %s)\n", XUNJU_VERSION, xj_index_format_version(), ZSTD_versionString(),
           U_ICU_VERSION);
    return 0;
}

/* A stray write to a descriptor 0-2 that was closed at start could end in an index file that was opened as such. */
static bool fill_descriptors(void)
{
    for (;;) {
        int fd = open("/dev/null", O_RDWR);
        if (fd < 0)
            return false;
        if (fd > 2) {
            close(fd);
            return true;
        }
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int, char **);
    } commands[] = {{"build", run_build}, {"info", run_info}, {"check", run_check}, {"doctor", run_doctor}};
    bool stdout_closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
    if (!fill_descriptors())
        return 4;
    signal(SIGXFSZ, SIG_IGN); /* a file size limit then shows as a failed write */
    if (argc < 2) {
        fputs(usage_text, stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(usage_text, stdout);
        return finish(0);
    }
    if (strcmp(argv[1], "--version") == 0)
        return finish(run_version());
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        opterr = 0;
        int status = finish(commands[i].run(argc - 1, argv + 1));
        if (status == 0 && stdout_closed && commands[i].run != run_build) {
            complain("standard output is closed");
            return 4;
        }
        return status;
    }
    fputs("xunju-index: there is no command '", stderr);
    xji_print_escaped(stderr, argv[1], strlen(argv[1]));
    fputs("'; build, info, check and doctor are what it can do\n", stderr);
    return 2;
}
