/** What there is to say to people about an answer, on standard error: totals, and what would help. Not for batches. */
#ifndef XJI_NOTES_H
#define XJI_NOTES_H

#include "answer.h"

/** Notes about an answer that was printed; none with --quiet. Further searches are made only when nothing was found. */
void xji_notes(xji_session *s, const xji_answer *a);

/**
 * Say when a piece of the query looks like an operator or field but is read as text; whether there was one. Also for a
 * query that is wrong.
 */
bool xji_note_slip(const xji_options *o);

#endif
