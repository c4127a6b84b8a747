/* Limits of the indexer, in one place; each has a test. */
#ifndef XJI_LIMITS_H
#define XJI_LIMITS_H

/* A file or JSON line beyond this is not read: it is skipped with a message. */
#define XJI_REPORT_BYTES_MAX ((size_t)64 << 20)

/* Characters of a heading that are kept in the paths of the passages below it; the text itself is not cut. */
#define XJI_HEADING_MAX 200

/* Bytes of a report id (a path can be this long). */
#define XJI_ID_MAX 4096

/* Passages of a report, and words, stems and boundary pairs of a passage: what one batch has room for. */
#define XJI_REPORT_PASSAGES_MAX ((size_t)8 << 20)
#define XJI_PASSAGE_WORDS_MAX ((size_t)8 << 20)

/* Depth of folders below a PATH argument. */
#define XJI_WALK_DEPTH_MAX 1000

/* Least --memory: a group of texts being packed, and some room for tokens. */
#define XJI_MEMORY_MIN ((size_t)64 << 20)
/* From here on texts are packed while others are read. */
#define XJI_MEMORY_AMPLE ((size_t)256 << 20)
#define XJI_MEMORY_DEFAULT ((size_t)512 << 20)

#endif
