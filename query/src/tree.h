/* Boolean expressions and fields over one segment. */
#ifndef XJI_TREE_H
#define XJI_TREE_H

#include "phrase.h"

/* What a segment has for a query: the list of each phrase, and records for looking at fields. Zero-initialised, release. */
typedef struct xji_leaves {
    const xj_query *q;
    xj_segment *seg;
    xji_list *list;  /* one for each phrase */
    xji_verifier *verifier;
    xji_clock *clock;
    xj_record report_record, heading_record;
} xji_leaves;

/* Find all phrases of q in seg. */
xj_status xji_leaves_find(xji_leaves *l, const xj_query *q, xj_segment *seg, xji_verifier *v, xji_clock *clock, xj_error *err);
void xji_leaves_release(xji_leaves *l);

/* Passages that satisfy the node, ascending; counts in out are without meaning. */
xj_status xji_tree_eval(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err);

#endif
