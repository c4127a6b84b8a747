/* xunju-index doctor: options and inputs; what is printed comes from doctor.c. */
#define _GNU_SOURCE /* getopt_long */
#include "commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "source.h"

typedef struct doctor_view {
    xji_say_lang lang;
    uint64_t n_skipped;
} doctor_view;

static void doctor_skip(void *ctx, const char *origin, const char *reason)
{
    doctor_view *v = ctx;
    v->n_skipped++;
    fputs("xunju-index: ", stderr);
    xji_command_name_reason(v->lang, origin, reason);
}

int xji_command_doctor(xji_say_lang lang, int argc, char **argv)
{
    enum { ALL = 256, JSON, SEGMENT, COLOUR, HELP };
    static const struct option options[] = {{"all", no_argument, NULL, ALL},
                                            {"json", no_argument, NULL, JSON},
                                            {"segment", required_argument, NULL, SEGMENT},
                                            {"color", required_argument, NULL, COLOUR},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    xji_doctor_options o = {.lang = lang, .colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
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
            if (!xji_parse_segmentation(optarg, &o.segmentation))
                return xji_command_misused(lang, "doctor", XJI_SAY_BAD_SEGMENT);
            break;
        case COLOUR:
            if (strcmp(optarg, "always") == 0)
                o.colour = true;
            else if (strcmp(optarg, "never") == 0)
                o.colour = false;
            else if (strcmp(optarg, "auto") != 0)
                return xji_command_misused(lang, "doctor", XJI_SAY_BAD_COLOUR);
            break;
        case HELP:
            fputs(xji_doctor_help[lang], stdout);
            return 0;
        default:
            return xji_command_misused(lang, "doctor", XJI_SAY_BAD_OPTION);
        }
    }
    if (optind == argc)
        return xji_command_misused(lang, "doctor", XJI_SAY_NO_FILE);
    xji_source *source;
    doctor_view view = {lang, 0};
    xji_document doc;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_source_open(&source, argv + optind, (size_t)(argc - optind), doctor_skip, &view, &err);
    if (st != XJ_OK)
        return xji_command_fail(lang, st, &err);
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
        return xji_command_fail(lang, st, &err);
    return view.n_skipped ? 4 : 0;
}
