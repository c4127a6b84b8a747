/*
 * Constants of the on-disk formats (docs/FORMAT.md). Writer and reader share these and nothing else.
 */
#ifndef XJI_FORMAT_PRIV_H
#define XJI_FORMAT_PRIV_H

#include <stdint.h>

#define XJI_MAGIC_SIZE 8
#define XJI_SEGMENT_MAGIC "\x89XJS\r\n\x1a\n"
#define XJI_MANIFEST_MAGIC "\x89XJM\r\n\x1a\n"

enum { XJI_FORMAT_VERSION = 1 };

enum {
    XJI_HEADER_SIZE = 64,
    XJI_ENTRY_SIZE = 40,   /* section table entry */
    XJI_STATS_SIZE = 112,
    XJI_CHUNK = 4096,      /* raw sections are checksummed in chunks of this size */
    XJI_PAGE = 4096,       /* most raw bytes of a page of postings, adjacency codes or dictionary */
    XJI_PACKED_PAGE = 8192, /* most bytes of a page as stored */
    XJI_TEXT_FRAME = 8192, /* raw bytes after which a frame of texts (coded characters) is closed */
    XJI_STORE_FRAME = 16384, /* the same for reports and headings */
    XJI_TEXT_GROUP = 8 << 20, /* UTF-8 bytes after which a group of texts is closed */
    XJI_FRAME_ENTRY = 16,  /* frame directory entry */
    XJI_INDEX_ENTRY = 28,  /* dictionary page */
    XJI_BLOCK_ENTRY = 10,
    XJI_REPORT_SIZE = 16
};

/* A frame holds whole records: its raw size is bounded by the largest report that is accepted, plus its map. */
#define XJI_FRAME_RAW_MAX ((uint64_t)512 << 20)
#define XJI_SECTIONS_MAX 64
#define XJI_SEGMENTS_MAX 4096

/* Section types from this one on are optional: a reader that does not know them ignores them. The place of a checksum has
 * room for 16 bits of type. */
#define XJI_SEC_OPTIONAL 64
#define XJI_SEC_OPTIONAL_LAST 65535

/* Section types; docs/FORMAT.md has the order in the file. RAW sections carry chunk checksums; FRAMES sections are
 * covered frame by frame by the checksums in their directory section, whose type is XJI_SEC_DIRECTORY(theirs). */
#define XJI_SECTION_LIST(X)                                        \
    X(XJI_SEC_STATS, 1, RAW, "statistics")                         \
    X(XJI_SEC_TEXT, 2, FRAMES, "text frames")                      \
    X(XJI_SEC_TABLES, 3, FRAMES, "text tables")                    \
    X(XJI_SEC_POSTINGS, 4, FRAMES, "postings pages")               \
    X(XJI_SEC_ADJACENCY, 5, FRAMES, "adjacency pages")             \
    X(XJI_SEC_DICTIONARY, 6, FRAMES, "dictionary pages")           \
    X(XJI_SEC_REPORT, 7, FRAMES, "report frames")                  \
    X(XJI_SEC_HEADING, 8, FRAMES, "heading frames")                \
    X(XJI_SEC_TEXT_DIR, 9, RAW, "text directory")                  \
    X(XJI_SEC_TABLES_DIR, 10, RAW, "table directory")              \
    X(XJI_SEC_POSTINGS_DIR, 11, RAW, "postings directory")         \
    X(XJI_SEC_ADJACENCY_DIR, 12, RAW, "adjacency directory")       \
    X(XJI_SEC_DICTIONARY_DIR, 13, RAW, "dictionary directory")     \
    X(XJI_SEC_REPORT_DIR, 14, RAW, "report directory")             \
    X(XJI_SEC_HEADING_DIR, 15, RAW, "heading directory")           \
    X(XJI_SEC_TEXT_FIRSTS, 16, RAW, "text firsts")                 \
    X(XJI_SEC_REPORT_FIRSTS, 17, RAW, "report firsts")             \
    X(XJI_SEC_HEADING_FIRSTS, 18, RAW, "heading firsts")           \
    X(XJI_SEC_TEXT_GROUPS, 19, RAW, "text groups")                 \
    X(XJI_SEC_PAIRS, 20, RAW, "pair index")                        \
    X(XJI_SEC_STRINGS, 21, RAW, "string index")                    \
    X(XJI_SEC_STRING_KEYS, 22, RAW, "string index keys")           \
    X(XJI_SEC_CONTEXT_PAIRS, 23, RAW, "context pair index")        \
    X(XJI_SEC_CONTEXT_STRINGS, 24, RAW, "context string index")    \
    X(XJI_SEC_CONTEXT_STRING_KEYS, 25, RAW, "context string index keys") \
    X(XJI_SEC_BLOCKS, 26, RAW, "block directory")                  \
    X(XJI_SEC_LENGTHS, 27, RAW, "passage lengths")                 \
    X(XJI_SEC_SECTIONS, 28, RAW, "sections")                       \
    X(XJI_SEC_REPORTS, 29, RAW, "reports")

enum {
#define XJI_SECTION_ENUM(name, number, kind, text) name = number,
    XJI_SECTION_LIST(XJI_SECTION_ENUM)
#undef XJI_SECTION_ENUM
        XJI_SEC_END
};

#define XJI_SEC_DIRECTORY(frames) ((frames) + 7)

/* The four dictionaries of a segment. */
enum { XJI_DICT_PAIRS, XJI_DICT_STRINGS, XJI_DICT_CONTEXT_PAIRS, XJI_DICT_CONTEXT_STRINGS, XJI_DICTS };

/* Second halves of pair keys that are no character. */
#define XJI_KEY_SINGLE 0xFFFEu /* occurrences of the first that no character follows */
#define XJI_KEY_CHARS 0xFFFFu  /* the terms above of the first added up; when it is in less than 1/XJI_RARE of the passages */
#define XJI_RARE 20

/* Character codes of stored text: ranks below XJI_RANK_ONE in one byte, below XJI_RANKS in two, others escaped. */
enum { XJI_RANK_ONE = 192, XJI_RANK_ESCAPE = 255, XJI_RANKS = XJI_RANK_ONE + (XJI_RANK_ESCAPE - XJI_RANK_ONE) * 256 };

enum { XJI_KIND_RAW = 0, XJI_KIND_FRAMES = 1 };

/* Place of a checksummed piece: section and number of the piece in it. */
static inline uint64_t xji_place(uint32_t section, uint64_t number)
{
    return (uint64_t)section << 48 ^ number;
}

static inline uint32_t xji_pair_key(uint32_t first, uint32_t second)
{
    return first << 16 | second;
}

#endif
