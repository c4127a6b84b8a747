/*
 * Line ends, control characters and invisible characters. One pass that compacts the text in place; what comes
 * before the first character to change is only looked at. Which characters are invisible is decided by the
 * folding tables (docs/TEXT.md section 2), so that repair and matching can never disagree.
 */
#include "repair_priv.h"

#include "xj/fold.h"
#include "xj/ranges.h"

enum { LF = 0x0A, CR = 0x0D };

/* Kinds of line ends that become LF; each kind is shown once to keep doctor readable, and counted always. */
enum { END_CRLF, END_CR, END_NEL, END_LS, END_PS, END_VT, END_FF, END_KINDS };

/* Nothing to do for these, whatever the folding tables say: Han, ASCII print, CJK punctuation, kana, full-width
 * forms. They are nearly all of a Chinese text; everything else takes the slow look. */
static const xj_range clean[] = {{0x4E00, 0x9FFF}, {0x20, 0x7E},     {0x3000, 0x30FF},
                                 {LF, LF},         {0xFF01, 0xFF5E}, {0x2010, 0x2027}};

enum { N_CLEAN = sizeof clean / sizeof *clean };

static int line_end(const xji_text *t, size_t i)
{
    switch (t->cp[i]) {
    case CR:
        return i + 1 < t->n && t->cp[i + 1] == LF ? END_CRLF : END_CR;
    case 0x85:
        return END_NEL;
    case 0x2028:
        return END_LS;
    case 0x2029:
        return END_PS;
    case 0x0B:
        return END_VT;
    case 0x0C:
        return END_FF;
    default:
        return -1;
    }
}

static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
}

static bool is_invisible(uint32_t cp)
{
    return !xj_ranges_hold(clean, N_CLEAN, cp) && cp != '\t' && xj_class_of(xj_fold(cp)) == XJ_CLASS_INVISIBLE;
}

/* Delete the run of characters of one kind that begins at i: one entry in the log, each character counted. */
static size_t drop_run(const xji_text *t, size_t i, xji_log *log)
{
    bool control = is_control(t->cp[i]);
    xji_change_kind kind = control ? XJI_CHANGE_CONTROL : XJI_CHANGE_INVISIBLE;
    size_t e = i + 1;
    while (e < t->n && t->cp[e] != 0 && line_end(t, e) < 0 && is_invisible(t->cp[e]) &&
           is_control(t->cp[e]) == control)
        e++;
    uint32_t beg, end;
    xji_text_span(t, i, e, &beg, &end);
    xji_log_add(log, kind, beg, end, t->cp + i, e - i, NULL, 0);
    if (log)
        log->count[kind] += e - i - 1;
    return e;
}

static void log_line_end(const xji_text *t, size_t i, size_t e, bool *seen, xji_log *log)
{
    static const uint32_t lf = LF;
    uint32_t beg, end;
    xji_text_span(t, i, e, &beg, &end);
    if (!*seen)
        xji_log_add(log, XJI_CHANGE_LINE_END, beg, end, t->cp + i, e - i, &lf, 1);
    else if (log)
        log->count[XJI_CHANGE_LINE_END]++;
    *seen = true;
}

xj_status xji_repair_clean(xji_text *t, xji_log *log, xj_error *err)
{
    (void)err; /* nothing is allocated */
    bool seen[END_KINDS] = {false};
    size_t w = 0;
    for (size_t i = 0; i < t->n;) {
        size_t e = xj_ranges_find(t->cp, i, t->n, clean, N_CLEAN, false);
        w = xji_text_move(t, w, i, e);
        i = e;
        if (i == t->n)
            break;
        int kind = line_end(t, i);
        if (kind >= 0) {
            e = i + (kind == END_CRLF ? 2 : 1);
            uint32_t beg, end;
            xji_text_span(t, i, e, &beg, &end);
            log_line_end(t, i, e, &seen[kind], log);
            xji_text_move(t, w, i, i + 1);
            t->cp[w] = LF;
            t->len[w++] = (uint8_t)(end - beg);
            t->as_source = false;
            i = e;
        } else if (t->cp[i] == 0) {
            static const uint32_t space = ' ';
            xji_log_add(log, XJI_CHANGE_CONTROL, t->beg[i], t->beg[i] + t->len[i], t->cp + i, 1,
                        &space, 1);
            w = xji_text_move(t, w, i, i + 1);
            t->cp[w - 1] = ' ';
            t->as_source = false;
            i++;
        } else if (is_invisible(t->cp[i])) {
            i = drop_run(t, i, log);
        } else {
            w = xji_text_move(t, w, i, i + 1);
            i++;
        }
    }
    t->n = w;
    return XJ_OK;
}
