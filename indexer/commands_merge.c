/* xunju-index merge: options and summary; the work is in merge.c. */
#define _GNU_SOURCE /* getopt_long */
#include <getopt.h>
#include <stdio.h>

#include "clock.h"
#include "commands.h"
#include "merge.h"

int xji_command_merge(xji_say_lang lang, int argc, char **argv)
{
    enum { FORCE = 256, THREADS, HELP };
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"force", no_argument, NULL, FORCE},
                                            {"threads", required_argument, NULL, THREADS},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, HELP},
                                            {NULL, 0, NULL, 0}};
    xji_merge_options o = {.threads = xji_processors()};
    bool quiet = false;
    int c;
    while ((c = getopt_long(argc, argv, "o:q", options, NULL)) != -1) {
        switch (c) {
        case 'o':
            o.index_path = optarg;
            break;
        case 'q':
            quiet = true;
            break;
        case FORCE:
            o.replace = true;
            break;
        case THREADS:
            if (!xji_parse_threads(optarg, &o.threads))
                return xji_command_misused(lang, "merge", XJI_SAY_BAD_THREADS);
            break;
        case HELP:
            fputs(xji_merge_help[lang], stdout);
            return 0;
        default:
            return xji_command_misused(lang, "merge", XJI_SAY_BAD_OPTION);
        }
    }
    if (!o.index_path || !*o.index_path)
        return xji_command_misused(lang, "merge", XJI_SAY_NO_MERGE_OUTPUT);
    if (optind == argc)
        return xji_command_misused(lang, "merge", XJI_SAY_NO_INDEXES);
    o.inputs = argv + optind;
    o.n_inputs = (size_t)(argc - optind);
    double started = xji_seconds(CLOCK_MONOTONIC);
    xji_merge_summary s;
    xj_error err = XJ_ERROR_INIT;
    xj_status st = xji_merge_indexes(&o, &s, &err);
    if (st != XJ_OK)
        return xji_command_fail(lang, st, &err);
    char seconds[32];
    snprintf(seconds, sizeof seconds, "%.2f", xji_seconds(CLOCK_MONOTONIC) - started);
    if (!quiet)
        xji_say(stderr, lang, XJI_SAY_MERGED,
                XJI_ARGS(XJI_NUMBER(s.n_reports), s.n_reports == 1 ? "" : "s", XJI_NUMBER(s.n_passages),
                         XJI_NUMBER(s.n_characters), seconds, o.index_path, XJI_NUMBER((s.index_bytes + 1023) / 1024)));
    return 0;
}
