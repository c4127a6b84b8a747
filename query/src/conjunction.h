/*
 * The passages of a segment that hold several terms, and in which their phrases really occur.
 *
 * Lists are arms. The rarest leads, block by block; what stands in the other lists, from the next rarest on, is left of each
 * of its blocks. Phrases are then chained through the adjacency codes: AB and BC stand side by side exactly when AB's second
 * occurrence number equals BC's first. Numbers end at XJ_CODE_FULL; a passage where that could matter, a phrase with
 * breaking characters, and one whose script must be exact are verified in the text.
 */
#ifndef XJI_CONJUNCTION_H
#define XJI_CONJUNCTION_H

#include "list.h"
#include "scratch.h"
#include "verify.h"

/* A list that passages have to be in. */
typedef struct xji_arm {
    const xji_list *list; /* NULL: it */
    size_t at;            /* place in list, of which a window of XJ_BLOCK is treated as a block */
    xj_postings it;
    uint32_t df;
    uint32_t number;      /* in its conjunction */
    size_t from;          /* place in the block */
    bool done;            /* no passage is left */
    bool opened;
    const xj_block_codes *codes; /* of block codes_of, or NULL */
    uint32_t codes_of;
    uint32_t place[XJ_BLOCK]; /* by slot of the batch: number of the posting in the list */
} xji_arm;

/* A list of a term, or one in memory (term NULL), which must stay. Reads nothing yet. */
void xji_arm_init(xji_arm *a, xj_segment *seg, const xj_term *term, const xji_list *list);

/* tf[i] = occurrences in docs[i], 0 when it is not in the list. docs ascend from call to call; at most XJ_BLOCK of them. */
xj_status xji_arm_tfs(xji_arm *a, const uint32_t *docs, size_t n, uint32_t *tf, xj_error *err);

/* The first passage of the list from doc on, XJ_DOC_END when there is none. doc ascends from call to call. */
xj_status xji_arm_next(xji_arm *a, uint32_t doc, uint32_t *first, xj_error *err);

/* The same without decoding what is passed over: *first may be before the passage, but not before doc. */
xj_status xji_arm_skip(xji_arm *a, uint32_t doc, uint32_t *first, xj_error *err);

/* A stretch of a list. */
typedef struct xji_span {
    const uint32_t *doc;
    const uint8_t *tf8; /* NULL: tf. Valid as the arm's block */
    const uint32_t *tf;
    size_t n;
} xji_span;

/*
 * The passages below end from where xji_arm_next found the last one on, as far as the block in hand goes: one at least,
 * when that one was below end. tfs: room for XJ_BLOCK of them, used when some do not fit 8 bits; NULL: they are not wanted.
 */
xj_status xji_arm_span(xji_arm *a, uint32_t end, xji_span *out, uint32_t *tfs, xj_error *err);

/* A phrase, by its neighbouring pairs or its only unit. */
typedef struct xji_chain {
    const xji_phrase *phrase;
    uint32_t *arm;  /* of each link; in the scratch */
    uint32_t n;     /* links */
    bool verify;    /* links do not suffice: look at the text */
} xji_chain;

/* What an arm can give to a score; for passing over passages that cannot be among the best. */
typedef struct xji_gain {
    double scale;    /* of the tokens that the arm stands for; their contribution is at most scale times a part */
    uint32_t at;     /* the first block that may reach into the stretch that the leading block spans */
    double most;     /* bound of what it gives there */
} xji_gain;

/* How scores are bounded. All is borrowed. */
typedef struct xji_bounds {
    const double (*part)[256]; /* by tf - 1 and length code, as in xji_parts */
    uint32_t n_rows;
    double most;               /* bound of every part */
    double by_impact[256];     /* bound of the parts of a block with this impact */
    double other;              /* bound of all that arms do not give */
} xji_bounds;

/* Most blocks that are looked at first. */
enum { XJI_SEEDS = 4 };

typedef struct xji_conjunction {
    const xj_query *q;
    xj_segment *seg;
    xji_verifier *verifier;
    xji_clock *clock;
    xji_scratch *scratch;  /* all memory but that of lists */
    const xj_term *terms;  /* by token, of this segment; NULL: not known */
    xji_arm **arm;     /* in the order of coming */
    uint32_t *order;   /* by df */
    size_t n_arms, arm_cap;
    xji_chain *chain;
    size_t n_chains, chain_cap;
    xji_list **made;   /* lists made for characters; owned */
    size_t n_made, made_cap;
    uint32_t from;     /* passages below are behind us */
    bool empty;        /* some list is: there are no such passages */
    bool started;
    /* bounds; not used while floor is 0 */
    const xji_bounds *bounds;
    xji_gain *gain;    /* by arm */
    double floor;      /* passages whose score is below are passed over */
    uint32_t seen[XJI_SEEDS]; /* blocks of the leading list that were looked at before the others */
    size_t n_seen;
    uint8_t length[XJ_BLOCK];  /* by slot: length code */
    double partial[XJ_BLOCK];  /* by slot: bound of what the arms met so far give */
} xji_conjunction;

/* Passages of one block of the leading list that stand in all lists. */
typedef struct xji_batch {
    size_t n;                /* 0: the end */
    uint32_t doc[XJ_BLOCK];
    uint8_t slot[XJ_BLOCK];  /* where arms have their place */
} xji_batch;

/* terms: of all tokens of q in this segment, or NULL. What the conjunction takes from the scratch must stay until its release. */
void xji_conjunction_init(xji_conjunction *c, const xj_query *q, xj_segment *seg, const xj_term *terms, xji_verifier *v,
                          xji_scratch *scratch, xji_clock *clock);
void xji_conjunction_release(xji_conjunction *c);

/* Pass over what scores below c->floor; scale[i]: that of the tokens of arm i, which may be given once all arms are there. */
xj_status xji_conjunction_bound(xji_conjunction *c, const xji_bounds *bounds, const double *scale, xj_error *err);

/* Passages must hold a phrase; *chain is its number. */
xj_status xji_conjunction_phrase(xji_conjunction *c, const xji_phrase *p, size_t *chain, xj_error *err);

/* A list that lives as long as the conjunction, to be filled by the caller. */
xj_status xji_conjunction_made(xji_conjunction *c, xji_list **out, xj_error *err);

/* Passages must be in a list, which must stay. */
xj_status xji_conjunction_list(xji_conjunction *c, const xji_list *l, xj_error *err);

/* The term of a phrase of two units that are text, or of one word. */
xj_status xji_phrase_term(xj_segment *seg, const xji_phrase *p, xj_term *term, xj_error *err);

/* Number of the arm of a pair or word, SIZE_MAX when there is none. */
size_t xji_conjunction_arm_of(const xji_conjunction *c, const xj_term *term);

/*
 * The next passages that stand in all lists, from passage `from` on; phrases are not looked at yet. While c->floor is above 0,
 * passages whose score is certainly below it may be left out.
 */
xj_status xji_conjunction_next(xji_conjunction *c, uint32_t from, xji_batch *out, xj_error *err);

/*
 * The blocks of the leading list that promise the highest scores, up to XJI_SEEDS of them in ascending order: looked at first they
 * give a floor that spares much of the rest. 0 where the list is short. With bounds only.
 */
xj_status xji_conjunction_seeds(xji_conjunction *c, uint32_t *block, size_t *n, xj_error *err);

/* What stands in all lists of such a block or, when there is nothing, of a later one, which is passed over from then on. */
xj_status xji_conjunction_seed(xji_conjunction *c, uint32_t block, xji_batch *out, xj_error *err);

/* Begin again with the first passage; what was looked at is passed over. */
xj_status xji_conjunction_rewind(xji_conjunction *c, xj_error *err);

/*
 * For a conjunction of one list: its blocks, best bound first, and their bounds in 255ths. XJ_ENOMEM.
 * *order is in the scratch; *impact too.
 */
xj_status xji_conjunction_ranked(xji_conjunction *c, uint32_t **order, uint8_t **impact, size_t *n, xj_error *err);

/* All of one block of the only list. */
xj_status xji_conjunction_block(xji_conjunction *c, uint32_t block, xji_batch *out, xj_error *err);

/* Occurrences of an arm's term in the passages of the batch. */
xj_status xji_conjunction_tfs(const xji_conjunction *c, size_t arm, const xji_batch *b, uint32_t *tf, xj_error *err);

/*
 * Occurrences of a phrase in the passages of the batch; a clock that expires leaves the last ones 0. Not `exactly`: any number
 * above 0 will do where it occurs.
 */
xj_status xji_conjunction_counts(xji_conjunction *c, size_t chain, const xji_batch *b, bool exactly, uint32_t *count,
                                 xj_error *err);

#endif
