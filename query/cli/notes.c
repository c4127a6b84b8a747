#include "notes.h"

#include <string.h>

#include "slips.h"

enum { SHOWN_QUERY_BYTES = 600 }; /* a longer query is not written out again */

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

/* A field that there is not, else punctuation that has to match. */
static void note_reading(xji_session *s, const xji_answer *a)
{
    const xji_options *o = s->options;
    xji_slip slip;
    if (o->flags & (XJ_QUERY_LITERAL | XJ_QUERY_ANY))
        return;
    if (xji_slip_of_field(&slip, o->query, o->n_query))
        xji_note(o->lang, XJI_MSG_NO_FIELD, slip.piece, xji_field_list(o->lang), NULL);
    else if (a->kind != XJ_QUERY_TREE && o->n_query <= SHOWN_QUERY_BYTES &&
             xji_slip_of_joint(&slip, o->query, o->n_query) && xji_would_find(s, slip.meant, strlen(slip.meant), o->flags))
        xji_note(o->lang, XJI_MSG_TRY_APART, slip.meant, NULL, NULL);
    xji_slip_release(&slip);
}

/* Free text that was not found as it stands, but in parts. */
static void note_parts(xji_session *s, const xji_answer *a)
{
    const xji_options *o = s->options;
    const unsigned any = (o->flags & ~(unsigned)(XJ_QUERY_LITERAL | XJ_QUERY_ALL)) | XJ_QUERY_ANY;
    char n[24];
    if (a->totals.more > 0)
        xji_note(o->lang, XJI_MSG_TRY_RELAX, decimal(n, a->totals.more), NULL, NULL);
    else if (!(o->flags & XJ_QUERY_ANY) && xji_would_find(s, o->query, o->n_query, any)) {
        if (o->count && a->kind == XJ_QUERY_BAG)
            xji_note(o->lang, XJI_MSG_COUNTED_EXACTLY, decimal(n, xji_would_list(s, o->query, o->n_query, any)), NULL, NULL);
        else
            xji_note(o->lang, XJI_MSG_TRY_ANY, NULL, NULL, NULL);
    }
}

/* Nothing was found: say what would help, and only what would. */
static void note_help(xji_session *s, const xji_answer *a, bool slip)
{
    const xji_options *o = s->options;
    if ((o->flags & XJ_QUERY_EXACT_SCRIPT) &&
        xji_would_find(s, o->query, o->n_query, o->flags & ~(unsigned)XJ_QUERY_EXACT_SCRIPT))
        xji_note(o->lang, XJI_MSG_TRY_FOLDING, NULL, NULL, NULL);
    if (!slip) /* that says already how to write it */
        note_reading(s, a);
    note_parts(s, a);
}

bool xji_note_slip(const xji_options *o)
{
    xji_slip slip;
    bool found = !o->quiet && !o->batch && !(o->flags & (XJ_QUERY_LITERAL | XJ_QUERY_ANY)) &&
                 xji_slip_of_operators(&slip, o->query, o->n_query);
    if (found) {
        bool is_long = strlen(slip.meant) > SHOWN_QUERY_BYTES;
        xji_note(o->lang, is_long ? XJI_MSG_SLIP_LONG : XJI_MSG_SLIP, slip.piece, slip.meant, NULL);
        xji_slip_release(&slip);
    }
    return found;
}

void xji_notes(xji_session *s, const xji_answer *a)
{
    const xji_options *o = s->options;
    char n[24];
    if (o->quiet)
        return;
    bool nothing = !a->found && !a->partial;
    if (nothing)
        xji_note(o->lang, XJI_MSG_NOTHING, NULL, NULL, NULL);
    else if (a->found && !o->count && a->counted)
        note_totals(o, a);
    bool slip = xji_note_slip(o);
    if (a->found && !o->relax && a->totals.more > 0)
        xji_note(o->lang, XJI_MSG_MORE, decimal(n, a->totals.more), NULL, NULL);
    /* The text form says so itself, where the hits end. */
    if (a->partial && (o->form != XJI_FORM_TEXT || o->count || o->null))
        xji_note(o->lang, XJI_MSG_PARTIAL, NULL, NULL, NULL);
    if (nothing)
        note_help(s, a, slip);
}
