/*
 * Portal elements, for furniture.c: the table of words (portal_words.c) and the grammar over it (portal.c).
 */
#ifndef XJI_PORTAL_H
#define XJI_PORTAL_H

#include "structure_priv.h"

/* What an element may have after it and how much it proves. */
typedef enum xji_element_kind {
    XJI_PORTAL_FAINT,  /* one character or a common word: needs a neighbour that is furniture */
    XJI_PORTAL_BUTTON, /* furniture in the head and the tail */
    XJI_PORTAL_STRONG, /* furniture anywhere, when the line holds nothing else */
    XJI_PORTAL_COUNT,  /* STRONG with a number: 浏览次数: 35 */
    XJI_PORTAL_NAME,   /* STRONG with a name up to the next white space: 责任编辑: 张三 */
    XJI_PORTAL_REST,   /* the rest of the line belongs to it; head and tail */
    XJI_PORTAL_BANNER, /* the same, and no report begins with it */
    XJI_PORTAL_CRUMBS, /* the rest of the line is a path with > in it: anywhere */
    XJI_PORTAL_LINKS,  /* opens a list of links to the end of the document: tail */
    XJI_PORTAL_ATTACH, /* "附件:" with nothing after it */
    XJI_PORTAL_KEY     /* a field and its value: metadata */
} xji_element_kind;

typedef struct xji_element {
    const uint32_t *word;
    uint8_t kind;     /* xji_element_kind */
    uint8_t field;    /* KEY: xji_field_kind */
    const char *from; /* KEY: "portal field 发布机构" */
} xji_element;

enum { XJI_FOUND_MAX = 16 };

typedef struct xji_found_field {
    const xji_element *e;
    xji_range at; /* the value, b == e when there is none */
} xji_found_field;

/* What covers a stretch of text. */
typedef struct xji_cover {
    unsigned n_faint, n_button, n_strong, n_rest, n_key, n_date;
    bool links, attach;
    bool open; /* the last key has no value: it may stand on the next line */
    size_t n_found;
    xji_found_field found[XJI_FOUND_MAX]; /* last, so that what comes before it can be cleared alone */
} xji_cover;

void xji_portal_init(xji_vocabulary *v);

/* The longest word of the table at b, *end behind it; NULL when there is none. */
const xji_element *xji_portal_word(const xji_doc *d, const xji_vocabulary *v, uint32_t b,
                                   uint32_t e, uint32_t *end);

/* Characters that may stand between elements, and two of them. */
bool xji_portal_is_separator(uint32_t c);
bool xji_portal_is_colon(uint32_t c);
bool xji_portal_is_bar(uint32_t c);

/* Whether portal elements cover [b, e) as a whole. */
bool xji_portal_cover(const xji_doc *d, const xji_vocabulary *v, uint32_t b, uint32_t e,
                      xji_cover *c);

/* Portal elements at b that end at white space inside a line, and what they prove: their end, b when there are none. */
uint32_t xji_portal_prefix(const xji_doc *d, const xji_vocabulary *v, uint32_t b, uint32_t e,
                           xji_cover *c);

/* Whether what was found inside a line cannot be the words of a report. */
bool xji_portal_proves(const xji_cover *c);

#endif
