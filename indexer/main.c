/* xunju-index: builds and examines indexes. Finds the command; the commands are in commands*.c. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <unicode/uversion.h>
#include <zstd.h>

#include "commands.h"
#include "xj/index.h"

/* Output that did not reach its place is never a success. */
static int finish(xji_say_lang lang, int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        xji_complain(lang, XJI_SAY_STDOUT_FAILED, NULL);
        return 4;
    }
    return status;
}

static int run_version(void)
{
    printf("xunju-index %s (index format %u, zstd %s, ICU %s)\n", XUNJU_VERSION, xj_index_format_version(), ZSTD_versionString(),
           U_ICU_VERSION);
    return 0;
}

/*
 * A file opened later would take a descriptor 0-2 that was closed at start, and a stray message end in an index. /dev/null takes
 * it instead, opened the wrong way round: to read or write there fails, as it would have.
 */
static bool fill_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(xji_say_lang, int, char **);
    } commands[] = {{"build", xji_command_build}, {"merge", xji_command_merge}, {"info", xji_command_info}, {"check", xji_command_check},
                    {"doctor", xji_command_doctor}};
    xji_say_lang lang = xji_say_lang_of_environment();
    if (!fill_descriptors())
        return 4;
    signal(SIGXFSZ, SIG_IGN); /* a file size limit then shows as a failed write */
    setvbuf(stderr, NULL, _IOLBF, BUFSIZ); /* one write a line: lines of several processes do not mix */
    if (argc < 2) {
        fputs(xji_usage_text[lang], stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(xji_usage_text[lang], stdout);
        return finish(lang, 0);
    }
    if (strcmp(argv[1], "--version") == 0)
        return finish(lang, run_version());
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        opterr = 0; /* the commands speak for themselves */
        return finish(lang, commands[i].run(lang, argc - 1, argv + 1));
    }
    xji_complain(lang, XJI_SAY_NO_COMMAND, XJI_ARGS(argv[1]));
    return 2;
}
