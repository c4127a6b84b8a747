#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

int xji_command_fail(xji_say_lang lang, xj_status st, const xj_error *err)
{
    fputs("xunju-index: ", stderr);
    xji_say_error(stderr, lang, st, err);
    fputc('\n', stderr);
    return xj_status_exit_code(st);
}

int xji_command_misused(xji_say_lang lang, const char *command, xji_say_id what)
{
    xji_complain(lang, what, NULL);
    xji_say(stderr, lang, XJI_SAY_SEE_HELP, XJI_ARGS(command));
    fputc('\n', stderr);
    return 2;
}

void xji_command_name_reason(xji_say_lang lang, const char *origin, const char *reason)
{
    if (origin)
        xji_say(stderr, lang, XJI_SAY_ORIGIN, XJI_ARGS(origin));
    xji_say_reason(stderr, lang, reason);
    fputc('\n', stderr);
}

bool xji_command_help_wanted(int argc, char **argv, const char *text)
{
    if (argc < 2 || strcmp(argv[1], "--help") != 0)
        return false;
    fputs(text, stdout);
    return true;
}

json_t *xji_command_sections(const xj_index *ix)
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

unsigned xji_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 64 ? 64 : (unsigned)n;
}

bool xji_parse_size(const char *s, size_t *out)
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

bool xji_parse_number(const char *s, const char **rest, unsigned *out)
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

bool xji_parse_threads(const char *s, unsigned *out)
{
    const char *rest;
    return xji_parse_number(s, &rest, out) && !*rest && *out >= 1 && *out <= 256;
}

bool xji_parse_segmentation(const char *s, xji_segmentation *out)
{
    if (strcmp(s, "auto") == 0)
        *out = XJI_SEGMENT_AUTO;
    else if (strcmp(s, "none") == 0)
        *out = XJI_SEGMENT_NONE;
    else
        return false;
    return true;
}
