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
#include <unistd.h>

#include "answer.h"
#include "batch.h"

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

/* ---- notes about the answer ---- */

static const char *decimal(char s[24], uint64_t v)
{
    xji_out o;
    xji_out_init(&o, -1, s, 23);
    xji_out_u64(&o, v);
    s[o.n] = '\0';
    return s;
}

static xji_msg totals_message(const xji_answer *a)
{
    if (a->partial)
        return XJI_MSG_TOTALS_PARTIAL;
    if (a->totals.passages == 0)
        return XJI_MSG_NO_EXACT; /* --relax found others */
    return a->totals.occurrences > 0 ? XJI_MSG_TOTALS : XJI_MSG_TOTALS_BAG; /* a long run has no phrase to count */
}

/* Totals, and which part of them was shown when that is not all. */
static void note_totals(const xji_options *o, const xji_answer *a)
{
    char buf[1024], n[3][24];
    const xj_totals *t = &a->totals;
    uint64_t all = o->reports ? t->reports : t->passages;
    xji_out out;
    xji_out_init(&out, 2, buf, sizeof buf);
    xji_message(&out, o->lang, totals_message(a), decimal(n[0], t->occurrences), decimal(n[1], t->passages),
                decimal(n[2], t->reports));
    if (a->n_printed == 0 && !a->partial)
        xji_message(&out, o->lang, XJI_MSG_SHOWN_NONE, NULL, NULL, NULL);
    else if (a->n_printed > 0 && a->n_printed < all)
        xji_message(&out, o->lang, o->reports ? XJI_MSG_SHOWN_REPORTS : XJI_MSG_SHOWN_PASSAGES,
                    decimal(n[0], o->offset + 1), decimal(n[1], o->offset + a->n_printed), NULL);
    xji_out_char(&out, '\n');
    xji_out_flush(&out);
}

/* Nothing was found: say what would help, and only what would. */
static void note_nothing(xji_session *s, const xji_answer *a)
{
    const xji_options *o = s->options;
    char n[24];
    xji_note(o->lang, XJI_MSG_NOTHING, NULL, NULL, NULL);
    if ((o->flags & XJ_QUERY_EXACT_SCRIPT) &&
        xji_would_find(s, o->query, o->n_query, o->flags & ~(unsigned)XJ_QUERY_EXACT_SCRIPT))
        xji_note(o->lang, XJI_MSG_TRY_FOLDING, NULL, NULL, NULL);
    if (a->totals.more > 0)
        xji_note(o->lang, XJI_MSG_TRY_RELAX, decimal(n, a->totals.more), NULL, NULL);
    else if (!(o->flags & XJ_QUERY_ANY) &&
             xji_would_find(s, o->query, o->n_query,
                            (o->flags & ~(unsigned)(XJ_QUERY_LITERAL | XJ_QUERY_ALL)) | XJ_QUERY_ANY))
        xji_note(o->lang, XJI_MSG_TRY_ANY, NULL, NULL, NULL);
}

static void notes(xji_session *s, const xji_answer *a)
{
    const xji_options *o = s->options;
    char n[24];
    if (o->quiet)
        return;
    if (a->found && !o->count)
        note_totals(o, a);
    if (a->found && !o->relax && a->totals.more > 0)
        xji_note(o->lang, XJI_MSG_MORE, decimal(n, a->totals.more), NULL, NULL);
    /* The text form says so itself, where the hits end. */
    if (a->partial && (o->form != XJI_FORM_TEXT || o->count || o->null))
        xji_note(o->lang, XJI_MSG_PARTIAL, NULL, NULL, NULL);
    if (!a->found && !a->partial)
        note_nothing(s, a);
}

/* ---- the program ---- */

static int answer_one(xji_session *s, const xj_query *q)
{
    const xji_options *o = s->options;
    xji_out *out = s->printer.out;
    xj_error err = XJ_ERROR_INIT;
    xji_answer a;
    /* Counting what --relax would add costs time: only where it will be said. */
    bool count_more = !o->relax && !o->quiet && !o->count && !o->reports && xj_query_kind_of(q) == XJ_QUERY_PHRASE;
    xj_status st = xji_answer_query(&a, s, q, count_more, &err);
    if (st != XJ_OK) {
        xji_out_flush(out); /* what was found before stands before the complaint */
        xji_complain_error(o->lang, &err);
        return xj_status_exit_code(st);
    }
    const xji_summary summary = {NULL, a.n_printed, &a.totals, a.partial, 0};
    if (!o->quiet)
        s->printer.ops->end(&s->printer, &summary);
    if (xji_out_flush(out)) /* else the failure is all there is to say */
        notes(s, &a);
    if (a.partial)
        return xj_status_exit_code(XJ_ELIMIT);
    return a.found ? EXIT_FOUND : EXIT_NOTHING;
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
    if (st == XJ_OK)
        st = xj_index_open(&ix, o->index, &err);
    if (st == XJ_OK) {
        xji_session s;
        xji_session_init(&s, o, out);
        s.index = ix;
        s.printer.color = wants_color(o);
        s.printer.width = o->form == XJI_FORM_TEXT && !o->null ? terminal_width() : 0;
        code = o->batch ? xji_batch(&s, 0) : answer_one(&s, q);
        xji_session_release(&s);
    } else {
        xji_complain_error(o->lang, &err);
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
