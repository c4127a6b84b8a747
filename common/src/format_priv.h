/*
 * Constants of the on-disk formats (docs/FORMAT.md). Writer and reader share these and nothing else.
 */
#ifndef XJI_FORMAT_PRIV_H
#define XJI_FORMAT_PRIV_H

#include <stdint.h>

#define XJI_MAGIC_SIZE 8
#define XJI_SEGMENT_MAGIC "\x89XJS\r\n\x1a\n"
#define XJI_MANIFEST_MAGIC "\x89XJM\r\n\x1a\n"

/* Version 0 is the layout before the format is frozen: it may change from release to release. */
enum { XJI_FORMAT_VERSION = 0 };

enum {
    XJI_HEADER_SIZE = 64,
    XJI_ENTRY_SIZE = 40,    /* section table entry */
    XJI_STATS_SIZE = 88,
    XJI_CHUNK = 4096,       /* raw sections are checksummed in chunks of this size */
    XJI_PAGE = 4096,        /* raw bytes of a page of the postings and adjacency streams */
    XJI_FRAME_TARGET = 16384, /* raw bytes after which a frame of a record store is closed */
    XJI_FRAME_ENTRY = 24,   /* frame directory entry */
    XJI_TERM_SIZE = 28,
    XJI_BLOCK_SIZE = 20,
    XJI_PASSAGE_SIZE = 12,
    XJI_REPORT_SIZE = 16,
    XJI_RECORD_SIZE = 8
};

/* A frame holds whole records: its raw size is bounded by the largest report that is accepted, plus its map. */
#define XJI_FRAME_RAW_MAX ((uint64_t)512 << 20)
#define XJI_SECTIONS_MAX 64
#define XJI_SEGMENTS_MAX 4096

/* Section types; docs/FORMAT.md has the order in the file. RAW sections carry chunk checksums; FRAMES sections are covered frame by frame by the
 * checksums in their directory section. */
#define XJI_SECTION_LIST(X)                              \
    X(XJI_SEC_STATS, 1, RAW, "statistics")               \
    X(XJI_SEC_TEXT, 2, FRAMES, "text frames")            \
    X(XJI_SEC_POSTINGS, 3, FRAMES, "postings pages")     \
    X(XJI_SEC_ADJACENCY, 4, FRAMES, "adjacency pages")   \
    X(XJI_SEC_REPORT, 5, FRAMES, "report frames")        \
    X(XJI_SEC_HEADING, 6, FRAMES, "heading frames")      \
    X(XJI_SEC_TEXT_DIR, 7, RAW, "text directory")        \
    X(XJI_SEC_POSTINGS_DIR, 8, RAW, "postings directory") \
    X(XJI_SEC_ADJACENCY_DIR, 9, RAW, "adjacency directory") \
    X(XJI_SEC_REPORT_DIR, 10, RAW, "report directory")   \
    X(XJI_SEC_HEADING_DIR, 11, RAW, "heading directory") \
    X(XJI_SEC_TEXT_INDEX, 12, RAW, "text records")       \
    X(XJI_SEC_REPORT_INDEX, 13, RAW, "report records")   \
    X(XJI_SEC_HEADING_INDEX, 14, RAW, "heading records") \
    X(XJI_SEC_PAIRS, 15, RAW, "pair terms")              \
    X(XJI_SEC_WORD_OFFSETS, 16, RAW, "word offsets")     \
    X(XJI_SEC_WORD_BYTES, 17, RAW, "word terms")         \
    X(XJI_SEC_TERMS, 18, RAW, "term infos")              \
    X(XJI_SEC_BLOCKS, 19, RAW, "block directory")        \
    X(XJI_SEC_PASSAGES, 20, RAW, "passage table")        \
    X(XJI_SEC_REPORTS, 21, RAW, "report table")

enum {
#define XJI_SECTION_ENUM(name, number, kind, text) name = number,
    XJI_SECTION_LIST(XJI_SECTION_ENUM)
#undef XJI_SECTION_ENUM
        XJI_SEC_END
};

enum { XJI_KIND_RAW = 0, XJI_KIND_FRAMES = 1 };

/* Place of a checksummed piece: section and number of the piece in it. */
static inline uint64_t xji_place(uint32_t section, uint64_t number)
{
    return (uint64_t)section << 48 ^ number;
}

/* Key of a pair term: first character in the upper half; second = 0 is the end-of-run single. */
static inline uint64_t xji_pair_key(uint32_t first, uint32_t second)
{
    return (uint64_t)first << 32 | second;
}

#endif
