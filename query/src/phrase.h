/* Where a phrase occurs in a segment: exact lists of passages with their number of occurrences. */
#ifndef XJI_PHRASE_H
#define XJI_PHRASE_H

#include "query_priv.h"
#include "xj/record.h"

/* Deadline of a search, polled inside loops. */
typedef struct xji_clock {
    int64_t deadline_ns; /* 0 = none */
    uint32_t ticks;
    bool expired;
} xji_clock;

/* Whether time is up; asks the system only now and then. */
bool xji_clock_expired(xji_clock *c);

/* Passages, ascending, each with a count >= 1. Owned: zero-initialised, xji_list_release. */
typedef struct xji_list {
    uint32_t *doc;
    uint32_t *count;
    size_t n, cap;
} xji_list;

xj_status xji_list_put(xji_list *l, uint32_t doc, uint32_t count, xj_error *err);
void xji_list_release(xji_list *l);

/* Position of doc in l, or of the first greater one, from `from` on. */
size_t xji_list_seek(const xji_list *l, size_t from, uint32_t doc);

/* Reads passages again, to see whether and how often a phrase really occurs. Owned: zero-initialised, release. */
typedef struct xji_verifier {
    xj_record record;
    uint32_t *cp;
    size_t cap;
    xj_units units;
} xji_verifier;

/* Read the units of a passage's text. */
xj_status xji_verifier_load(xji_verifier *v, xj_segment *seg, uint32_t doc, unsigned flags, xj_error *err);
/* Occurrences of a phrase in the text loaded, as written when q asks for the exact script. Linear in the text. */
uint32_t xji_verifier_count(const xji_verifier *v, const xj_query *q, const xji_phrase *p);
void xji_verifier_release(xji_verifier *v);

/* All passages of the segment that hold the phrase. A clock that expires ends the list early. */
xj_status xji_phrase_list(const xj_query *q, const xji_phrase *p, xj_segment *seg, xji_verifier *v, xji_clock *clock,
                          xji_list *out, xj_error *err);

/* All passages that hold a character anywhere, with its occurrences. */
xj_status xji_char_list(xj_segment *seg, uint32_t cp, xji_clock *clock, xji_list *out, xj_error *err);

#endif
