/*
 * The commands of xunju-index: options in, messages and exit status out. Only these and main.c print. What they share is here
 * too: reading option values, complaining, help.
 */
#ifndef XJI_COMMANDS_H
#define XJI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "messages.h"
#include "xj/index.h"

/* Run a command; argv[0] is its name. Returns the exit status. */
int xji_command_build(xji_say_lang lang, int argc, char **argv);
int xji_command_merge(xji_say_lang lang, int argc, char **argv);
int xji_command_info(xji_say_lang lang, int argc, char **argv);
int xji_command_check(xji_say_lang lang, int argc, char **argv);
int xji_command_doctor(xji_say_lang lang, int argc, char **argv);

/* Help, by language. */
extern const char *const xji_usage_text[];
extern const char *const xji_build_help[];
extern const char *const xji_merge_help[];
extern const char *const xji_info_help[];
extern const char *const xji_check_help[];
extern const char *const xji_doctor_help[];

/* Say what failed; the exit status for it. */
int xji_command_fail(xji_say_lang lang, xj_status st, const xj_error *err);

/* Say what is wrong with the use of a command; the exit status for it. */
int xji_command_misused(xji_say_lang lang, const char *command, xji_say_id what);

/* Print "origin: reason" and end the line on standard error; origin may be NULL. */
void xji_command_name_reason(xji_say_lang lang, const char *origin, const char *reason);

/* When the first argument is --help: print the text and return true. */
bool xji_command_help_wanted(int argc, char **argv, const char *text);

/* Bytes of each section of an index by name, in file order, as a JSON object. */
struct json_t *xji_command_sections(const xj_index *ix);

/* Processors to use, at least 1. */
unsigned xji_processors(void);

/* Values of options; false when they are none. Sizes: "64M", "2G", "100k", "1048576". */
bool xji_parse_size(const char *s, size_t *out);
bool xji_parse_number(const char *s, const char **rest, unsigned *out);
bool xji_parse_threads(const char *s, unsigned *out); /* 1 to 256 */
bool xji_parse_segmentation(const char *s, xji_segmentation *out);

#endif
