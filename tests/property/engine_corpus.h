/*
 * Random corpora for property.engine: passages of few characters or many, long or short, alike or not, in reports, sections
 * and segments. A corpus follows from its shape and its seed alone; it is kept as text, which is all that the oracle reads.
 */
#ifndef XJ_ENGINE_CORPUS_H
#define XJ_ENGINE_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xj/index.h"

/* ---- chance ---- */

/* SplitMix64 (Steele, Lea, Flood 2014): any seed is as good as another, so seeds may be numbered. */
typedef struct chance {
    uint64_t state;
} chance;

static inline uint64_t chance_bits(chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

/* A number below n >= 1. */
static inline uint32_t below(chance *c, uint32_t n)
{
    return (uint32_t)((chance_bits(c) >> 32) * n >> 32);
}

/* Whether one of n cases is met. */
static inline bool one_in(chance *c, uint32_t n)
{
    return below(c, n) == 0;
}

/* The generator of item `number` of what `seed` numbers. */
static inline chance chance_of(uint64_t seed, uint64_t number)
{
    chance c = {seed * UINT64_C(0xD1342543DE82EF95) + number};
    c.state = chance_bits(&c);
    return c;
}

/* ---- corpora ---- */

typedef enum corpus_shape {
    SHAPE_TINY,   /* two to six characters: phrases overlap and repeat */
    SHAPE_ZIPF,   /* many characters, few of them frequent */
    SHAPE_MIXED,  /* words, digits, breaks, variants, characters beyond the BMP */
    SHAPE_EQUAL,  /* few texts, each many times: scores tie */
    SHAPE_LONG,   /* long passages: more than 255 occurrences of a pair */
    SHAPE_BLOCKS, /* thousands of passages: lists of several blocks */
    SHAPE_BIG,    /* more passages than fit a window of 65,536 */
    SHAPE_COUNT
} corpus_shape;

extern const char *const shape_names[SHAPE_COUNT];

enum { CORPUS_SEGMENTS = 3, WINDOW = 1 << 16, PASSAGE_MAX = 1500, HEADINGS_MAX = 2 };

/* What titles, agencies and headings are taken from; NULL: none. */
enum { TITLES = 6, AGENCIES = 4, HEADING_PATHS = 5 };
extern const char *const corpus_titles[TITLES];
extern const char *const corpus_agencies[AGENCIES];
extern const char *const corpus_headings[HEADING_PATHS][HEADINGS_MAX];

typedef struct corpus_passage {
    size_t at, n; /* code points in corpus.cp */
    uint32_t report;
    uint32_t headings; /* in corpus_headings */
} corpus_passage;

typedef struct corpus_report {
    char id[48];
    char path[48];
    char date[12]; /* "" = unknown */
    uint32_t title, agency;
    uint32_t year;    /* 0 = unknown */
    uint32_t segment; /* ascending */
} corpus_report;

typedef struct corpus {
    uint32_t *cp;
    size_t n_cp, cp_cap;
    corpus_passage *p; /* those of a report stand together */
    size_t n, cap;
    corpus_report *r; /* each has a passage */
    size_t n_reports, report_cap;
    xj_text_level level;
    bool expands; /* holds characters that expand within a word, such as U+33A1 to "m2" */
    size_t edge;  /* a big corpus: the passage with which the second window of its last segment begins; else 0 */
} corpus;

void corpus_make(corpus *c, corpus_shape s, uint64_t seed);
void corpus_release(corpus *c);

/* The same corpus without passages [from, to), and without the reports that have no other; there must be another passage. */
void corpus_without(corpus *out, const corpus *c, size_t from, size_t to);

/* A corpus written as an index. */
typedef struct written {
    xj_index *ix;
    size_t passage_base[CORPUS_SEGMENTS]; /* the first passage and report of each segment */
    size_t report_base[CORPUS_SEGMENTS];
} written;

/* Write the index into folder path, in place of one that is there. */
void corpus_write(written *w, const corpus *c, const char *path);

/* Decode a string into at most cap code points. */
size_t code_points(uint32_t *cp, size_t cap, const char *s);

#endif
