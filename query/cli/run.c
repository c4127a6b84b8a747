/*
 * From the command line to the exit status. Results go to standard output through one checked buffer; whatever else there
 * is to say goes to standard error. No stdio, no locale: a cold start costs what the query costs.
 */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "answer.h"
#include "batch.h"
#include "notes.h"

enum {
    EXIT_FOUND = 0,
    EXIT_NOTHING = 1,
    OUT_BYTES = 65536,
    WIDTH_MIN = 20,
    WIDTH_MAX = 1000
};

/* ---- the world outside ---- */

/*
 * Put /dev/null where one of the descriptors 0-2 is closed, so that no file we open gets its number. Returns the set of
 * those that were closed, bit i for descriptor i.
 */
static unsigned fill_descriptors(void)
{
    unsigned closed = 0;
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            closed |= 1u << fd;
            if (open("/dev/null", O_RDWR) < 0)
                break;
        }
    return closed;
}

static bool wants_color(const xji_options *o)
{
    if (o->form != XJI_FORM_TEXT || o->null)
        return false;
    if (o->color != XJI_COLOR_AUTO)
        return o->color == XJI_COLOR_ALWAYS;
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return isatty(1) && !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

/* Columns given by a decimal number, 0 when it is none. */
static size_t columns_of(const char *s)
{
    size_t v = 0;
    if (!s || !*s)
        return 0;
    for (; *s >= '0' && *s <= '9' && v <= WIDTH_MAX; s++)
        v = v * 10 + (size_t)(*s - '0');
    return *s ? 0 : v;
}

/* Columns of the terminal that standard output is, 0 when it is none. */
static size_t terminal_width(void)
{
    struct winsize size;
    if (!isatty(1))
        return 0;
    size_t columns = columns_of(getenv("COLUMNS"));
    if (columns == 0 && ioctl(1, TIOCGWINSZ, &size) == 0)
        columns = size.ws_col;
    if (columns == 0)
        columns = 80;
    return columns < WIDTH_MIN ? WIDTH_MIN : columns > WIDTH_MAX ? WIDTH_MAX : columns;
}

/* ---- the program ---- */

static int answer_one(xji_session *s, const xj_query *q)
{
    const xji_options *o = s->options;
    xji_out *out = s->printer.out;
    xj_error err = XJ_ERROR_INIT;
    xji_answer a;
    /* Counting what --relax would add costs time: only where it will be said, to people. */
    bool count_more = o->form == XJI_FORM_TEXT && !o->null && !o->no_totals && !o->relax && !o->quiet && !o->count && !o->reports && xj_query_kind_of(q) == XJ_QUERY_PHRASE;
    xj_status st = xji_answer_query(&a, s, q, count_more, &err);
    if (st != XJ_OK) {
        xji_out_flush(out); /* what was found before stands before the complaint */
        xji_complain_error(o->lang, &err);
        return xj_status_exit_code(st);
    }
    const xji_summary summary = {NULL, a.n_printed, &a.totals, a.counted && !a.partial, a.partial, 0};
    if (!o->quiet)
        s->printer.ops->end(&s->printer, &summary);
    if (xji_out_flush(out)) /* else the failure is all there is to say */
        xji_notes(s, &a);
    if (a.partial)
        return xj_status_exit_code(XJ_ELIMIT);
    return a.found ? EXIT_FOUND : EXIT_NOTHING;
}

static bool is_directory(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* What to say when there is nothing at the path that could be an index; XJI_MSG_COUNT when there is. */
static xji_msg missing_index(const char *path)
{
    static const char manifest[] = "/manifest"; /* docs/FORMAT.md: every index has one */
    size_t n = strlen(path);
    if (access(path, F_OK) != 0)
        return errno == ENOENT || errno == ENOTDIR ? XJI_MSG_NO_INDEX_THERE : XJI_MSG_COUNT;
    if (!is_directory(path))
        return XJI_MSG_INDEX_IS_FILE;
    char *file = malloc(n + sizeof manifest);
    if (!file)
        return XJI_MSG_COUNT;
    memcpy(file, path, n);
    memcpy(file + n, manifest, sizeof manifest);
    bool missing = access(file, F_OK) != 0 && errno == ENOENT;
    free(file);
    return missing ? XJI_MSG_NO_MANIFEST : XJI_MSG_COUNT;
}

static void complain_of_index(const xji_options *o, const xj_error *err)
{
    xji_msg id = err->code == XJ_EIO || err->code == XJ_EFORMAT ? missing_index(o->index) : XJI_MSG_COUNT;
    if (id == XJI_MSG_COUNT)
        xji_complain_error(o->lang, err);
    else
        xji_complain(o->lang, id, o->index, NULL, NULL);
}

/* Open the index, answer. The query is parsed first: a wrong one is told without touching the index. */
static int search(const xji_options *o, xji_out *out, bool stdin_closed)
{
    xj_error err = XJ_ERROR_INIT;
    xj_query *q = NULL;
    xj_index *ix = NULL;
    int code;
    if (o->batch && stdin_closed) {
        xji_complain(o->lang, XJI_MSG_READ_FAILED, strerror(EBADF), NULL, NULL);
        return xj_status_exit_code(XJ_EIO);
    }
    xj_status st = o->batch ? XJ_OK : xj_query_parse(&q, o->query, o->n_query, o->flags, &err);
    bool is_query = st == XJ_OK;
    if (is_query)
        st = xj_index_open(&ix, o->index, &err);
    if (st == XJ_OK) {
        xji_session s;
        xji_session_init(&s, o, out);
        s.printer.color = wants_color(o);
        s.printer.width = o->form == XJI_FORM_TEXT && !o->null ? terminal_width() : 0;
        st = xji_session_index(&s, ix, &err);
        code = xj_status_exit_code(st);
        if (st == XJ_OK)
            code = o->batch ? xji_batch(&s, 0) : answer_one(&s, q);
        else
            xji_complain_error(o->lang, &err);
        xji_session_release(&s);
    } else {
        if (is_query)
            complain_of_index(o, &err);
        else
            xji_complain_error(o->lang, &err);
        if (!is_directory(o->index) && is_directory(o->query))
            xji_note(o->lang, XJI_MSG_SWAPPED, o->query, NULL, NULL);
        else if (st == XJ_EQUERY)
            xji_note_slip(o);
        code = xj_status_exit_code(st);
    }
    xj_index_close(&ix);
    xj_query_free(q);
    return code;
}

static void put_version(xji_out *out)
{
    xji_out_str(out, "xunju-query " XUNJU_VERSION " (index format ");
    xji_out_u64(out, xj_index_format_version());
    xji_out_str(out, ")\n");
}

int xji_query_main(int argc, char **argv)
{
    unsigned closed = fill_descriptors();
    const xji_lang lang = xji_lang_of_environment();
    xji_options options;
    xji_out out;
    xj_error err = XJ_ERROR_INIT;
    char *buf = malloc(OUT_BYTES);
    if (!buf) {
        xji_complain(lang, XJI_MSG_NO_MEMORY, NULL, NULL, NULL);
        return xj_status_exit_code(XJ_ENOMEM);
    }
    xji_out_init(&out, closed & 2u ? -1 : 1, buf, OUT_BYTES);

    int code = EXIT_FOUND;
    xj_status st = xji_options_parse(&options, argc, argv, lang, &err);
    if (st != XJ_OK) {
        xji_complain_error(lang, &err);
        code = xj_status_exit_code(st);
    } else if (options.action == XJI_ACTION_HELP)
        xji_help(&out, lang);
    else if (options.action == XJI_ACTION_VERSION)
        put_version(&out);
    else
        code = search(&options, &out, closed & 1u);
    xji_options_release(&options);

    if (!xji_out_finish(&out)) {
        xji_complain(lang, XJI_MSG_WRITE_FAILED, strerror(out.error), NULL, NULL);
        code = xj_status_exit_code(XJ_EIO);
    }
    free(buf);
    return code;
}
