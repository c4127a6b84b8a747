/* xunju-index info and check: what an index holds, and whether it is sound. */
#include "commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <unicode/uversion.h>
#include <zstd.h>

#include "xj/analyser.h"
#include "xj/index.h"

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

static void print_info(xji_say_lang lang, const xj_index *ix)
{
    const xj_segment_stats *t = xj_index_stats(ix);
    size_t n_segments = xj_index_n_segments(ix);
    char text[64];
    xji_say(stdout, lang, XJI_SAY_INFO_REPORTS, XJI_ARGS(XJI_NUMBER(t->n_reports)));
    xji_say(stdout, lang, XJI_SAY_INFO_PASSAGES, XJI_ARGS(XJI_NUMBER(t->n_passages)));
    xji_say(stdout, lang, XJI_SAY_INFO_CHARACTERS, XJI_ARGS(XJI_NUMBER(t->n_characters), XJI_NUMBER(t->text_bytes)));
    xji_say(stdout, lang, XJI_SAY_INFO_TERMS, XJI_ARGS(XJI_NUMBER(t->n_pairs), XJI_NUMBER(t->n_words)));
    xji_say(stdout, lang, XJI_SAY_INFO_POSTINGS, XJI_ARGS(XJI_NUMBER(t->n_postings), XJI_NUMBER(t->n_occurrences)));
    xji_say(stdout, lang, XJI_SAY_INFO_INPUT, XJI_ARGS(XJI_NUMBER(t->input_bytes)));
    xji_say(stdout, lang, XJI_SAY_INFO_INDEX, XJI_ARGS(XJI_NUMBER(xj_index_bytes(ix))));
    if (t->text_bytes) {
        snprintf(text, sizeof text, "%.1f", 100.0 * (double)xj_index_bytes(ix) / (double)t->text_bytes);
        xji_say(stdout, lang, XJI_SAY_INFO_SHARE, XJI_ARGS(text));
    }
    xji_say(stdout, lang, XJI_SAY_INFO_GENERATION,
            XJI_ARGS(XJI_NUMBER(xj_index_generation(ix)), XJI_NUMBER(n_segments), n_segments == 1 ? "" : "s"));
    json_t *sections = sections_json(ix);
    const char *name;
    json_t *bytes;
    json_object_foreach(sections, name, bytes) {
        snprintf(text, sizeof text, "%-25.32s %12" JSON_INTEGER_FORMAT, name, json_integer_value(bytes));
        xji_say(stdout, lang, XJI_SAY_INFO_SECTION, XJI_ARGS(text));
    }
    json_decref(sections);
    snprintf(text, sizeof text, "%016" PRIx64, xj_analyser_fingerprint());
    xji_say(stdout, lang, XJI_SAY_INFO_FORMAT, XJI_ARGS(XJI_NUMBER(xj_index_format_version()), text, ZSTD_versionString()));
}

int xji_command_info(xji_say_lang lang, int argc, char **argv)
{
    bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
    if (xji_command_help_wanted(argc, argv, xji_info_help[lang]))
        return 0;
    if (argc != 2 + json || (argv[1 + json][0] == '-' && argv[1 + json][1]))
        return xji_command_misused(lang, "info", XJI_SAY_ONE_INDEX);
    xj_index *ix;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xj_index_open(&ix, argv[1 + json], &err);
    if (st != XJ_OK)
        return xji_command_fail(lang, st, &err);
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
        print_info(lang, ix);
    }
    xj_index_close(&ix);
    return st == XJ_OK ? 0 : xji_command_fail(lang, st, &err);
}

/* ---- check ---- */

static bool print_damage(void *ctx, const xj_error *damage)
{
    const xji_say_lang *lang = ctx;
    xji_say_reason(stdout, *lang, damage->message);
    putchar('\n');
    return true;
}

int xji_command_check(xji_say_lang lang, int argc, char **argv)
{
    if (xji_command_help_wanted(argc, argv, xji_check_help[lang]))
        return 0;
    if (argc != 2 || (argv[1][0] == '-' && argv[1][1]))
        return xji_command_misused(lang, "check", XJI_SAY_ONE_INDEX);
    xj_index *ix;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xj_index_open(&ix, argv[1], &err);
    if (st != XJ_OK)
        return xji_command_fail(lang, st, &err);
    uint64_t total = 0;
    for (size_t i = 0; i < xj_index_n_segments(ix) && st == XJ_OK; i++) {
        uint64_t n = 0;
        st = xj_segment_check(xj_index_segment(ix, i), XJ_CHECK_ALL, print_damage, &lang, &n, &err);
        total += n;
    }
    xj_index_close(&ix);
    if (st != XJ_OK)
        return xji_command_fail(lang, st, &err);
    if (total > 0) {
        xji_complain(lang, XJI_SAY_DAMAGE_FOUND, XJI_ARGS(XJI_NUMBER(total), total == 1 ? "" : "s"));
        return 3;
    }
    xji_say(stdout, lang, XJI_SAY_SOUND, NULL);
    return 0;
}
