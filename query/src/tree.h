/* Boolean expressions and fields over one segment. */
#ifndef XJI_TREE_H
#define XJI_TREE_H

#include "conjunction.h"
#include "xj/record.h"

/* What a segment has for a query: lists of its phrases, made when they are wanted, and records for looking at fields. Owned:
 * xji_leaves_init, xji_leaves_release. */
typedef struct xji_leaves {
    const xj_query *q;
    xj_segment *seg;
    xji_list *list;  /* one for each phrase */
    bool *made;      /* whether it is there */
    bool exactly;    /* counts in lists are occurrences; else just above 0. Set by the caller */
    xji_verifier *verifier;
    xji_scratch *scratch;
    xji_clock *clock;
    xj_record report_record, heading_record;
} xji_leaves;

xj_status xji_leaves_init(xji_leaves *l, const xj_query *q, xj_segment *seg, xji_verifier *v, xji_scratch *scratch,
                          xji_clock *clock, xj_error *err);
void xji_leaves_release(xji_leaves *l);

/* All passages that hold a phrase, with its occurrences; borrowed from l. A clock that expires ends the list early. */
xj_status xji_leaf(xji_leaves *l, size_t phrase, const xji_list **out, xj_error *err);

/* The lists of all phrases that are not negated and not too long to be looked for. */
xj_status xji_leaves_find(xji_leaves *l, xj_error *err);

/* Passages that satisfy the node, ascending; counts in out are without meaning. */
xj_status xji_tree_eval(xji_leaves *l, uint32_t node, xji_list *out, xj_error *err);

/* An AND of many taken apart. */
typedef struct xji_operands {
    uint32_t *node; /* first what has passages of its own, then fields, then what only excludes; in the scratch */
    size_t n_positive, n_filters, n;
} xji_operands;

/* The operands of an AND, those of ANDs within it among them; of any other node itself. */
xj_status xji_operands_of(const xj_query *q, uint32_t node, xji_scratch *scratch, xji_operands *out, xj_error *err);

/* Leave in docs what fits the fields and is not excluded; counts stay with their passages. */
xj_status xji_tree_narrow(xji_leaves *l, const xji_operands *o, xji_list *docs, xj_error *err);

/*
 * The first passage from doc on that the years among the fields admit, XJ_DOC_END when there is none. *end: all passages up to it are
 * admitted as well.
 */
xj_status xji_tree_admit(xji_leaves *l, const xji_operands *o, uint32_t doc, uint32_t *first, uint32_t *end, xj_error *err);

#endif
