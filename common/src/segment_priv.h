/* Inside of an open segment, shared by the reader, the postings iterator and the checker. */
#ifndef XJI_SEGMENT_PRIV_H
#define XJI_SEGMENT_PRIV_H

#include <pthread.h>
#include <stdatomic.h>
#include <zstd.h>

#include "format_priv.h"
#include "xj/postings.h"
#include "xj/segment.h"

/*
 * A section. Bytes are read into an arena, address space for all of it, when they are first touched; a flag for each
 * chunk (RAW) or page (postings, adjacency) says which are there and verified. Flags are set under the segment's
 * lock after the bytes are in place and read without it. Other sections of frames have no arena.
 */
typedef struct xji_section_view {
    uint32_t type;
    uint32_t kind;
    uint64_t offset;
    uint64_t length;
    uint64_t checks_offset; /* RAW: file offset of one u64 for each chunk */
    uint64_t checks_sum;
    uint8_t *checks;        /* RAW: loaded with the first chunk, a u64 for each */
    uint64_t n_parts;       /* chunks or frames */
    uint8_t *arena;
    size_t slot;            /* bytes of the arena for each part; 0: it has none */
    uint16_t *raw;          /* pages: bytes in them, set before their bit */
    _Atomic(uint8_t) *loaded;
    _Atomic(uint64_t) n_loaded; /* RAW: chunks that are there */
} xji_section_view;

/*
 * Arena bytes of a postings page: the decoder of a damaged block may look beyond the page by as many noise bits as
 * XJ_BLOCK postings can ask for, and by a word; it must not see the page of another thread there.
 */
/* Bytes of frames of texts that are kept: who lists all passages of a large index reads each once. */
enum { XJI_TEXTS_KEPT = 256 << 20 };

enum { XJI_POSTINGS_SLOT = XJI_PAGE + XJ_BLOCK * 31 / 8 + 16 };

/* One of the four dictionaries. */
typedef struct xji_dictionary {
    uint32_t index;      /* section with an entry for each page */
    uint32_t keys;       /* section with their keys; 0: pairs */
    uint32_t first_page; /* frame of its page 0 */
    uint32_t n_pages;
    uint32_t n_terms;
    uint32_t n_docs;     /* passages or sections */
    bool in_context;
} xji_dictionary;

/* Where the next list begins: cursors in a postings page, and in the streams. */
typedef struct xji_list_place {
    uint32_t page;
    uint16_t header;
    uint16_t noise;
    uint64_t adjacency;
    uint32_t block;
} xji_list_place;

/* A page of a dictionary, parsed. */
typedef struct xji_dict_page {
    struct xji_dict_page *next; /* of those that are kept */
    uint32_t n;
    uint32_t *key;      /* pairs: the keys; strings: where each key ends in bytes */
    uint8_t *bytes;     /* strings: the keys in full */
    xj_term *term;
    xji_list_place *after; /* for the checker: the cursors after each term; else NULL */
    xji_list_place end;    /* the cursors after the last term */
} xji_dict_page;

/* UTF-8 of a rank. */
typedef struct xji_rank {
    uint8_t s[4];
    uint32_t n; /* 1 to 4; 0: there is no such rank */
} xji_rank;

/* What the texts of a group are coded with. Address space of its own (xji_reserve): most have a fraction of all ranks, and
 * memory that nobody touches costs nothing. */
typedef struct xji_group {
    ZSTD_DDict *dictionary; /* NULL: none */
    uint8_t *table;         /* the text table, which the dictionary points into; NULL when there is no dictionary */
    size_t table_n;
    uint32_t n_ranks;
    xji_rank rank[XJI_RANKS];
} xji_group;

/* A frame of texts, kept: record first + i is raw[at[2 i] .. at[2 i + 1]), its length in front left out. */
typedef struct xji_text_frame {
    struct xji_text_frame *next; /* of those that are kept */
    uint32_t first, n;  /* records first .. first + n - 1 */
    uint32_t *at;       /* 2 n: where each begins and ends in raw */
    size_t raw_n;
    uint8_t *raw;
} xji_text_frame;

struct xj_segment {
    int fd;
    char name[64];
    char *path; /* directory and name, for messages */
    uint64_t size;
    uint64_t table_offset;
    xj_segment_stats stats;
    uint8_t *memory; /* one reservation: the arenas of all sections, decoded blocks, and all flags; zero: nothing is there */
    size_t memory_size;
    _Atomic(uint64_t) held; /* bytes of memory in use, there and elsewhere */
    pthread_mutex_t blocks_lock; /* for decoding blocks; may be held when `lock` is taken, never the other way round */
    xj_block *block;             /* by number in the block directory */
    xj_block_codes *codes;
    _Atomic(uint8_t) *has_block, *has_codes;
    _Atomic(ZSTD_DCtx *) unpacker; /* NULL while someone has it, and before the first has given one: xji_unpacker_take */
    pthread_mutex_t lock;
    ZSTD_DCtx *page_unpacker; /* used under the lock, for pages; else NULL, unless another one is in its place */
    xji_section_view sec[XJI_SEC_END]; /* by type */
    xji_section_view optional[XJI_SECTIONS_MAX];
    size_t n_optional;
    xji_section_view *order[XJI_SECTIONS_MAX]; /* in file order */
    size_t n_sections;
    xji_dictionary dictionary[XJI_DICTS];
    _Atomic(xji_dict_page *) kept_pages; /* the same as a list, so that closing need not look at all places */
    _Atomic(xji_text_frame *) kept_frames;
    _Atomic(uint64_t) texts_held; /* bytes of them; with texts_most no more are kept */
    uint64_t texts_most;
    _Atomic(xji_dict_page *) *page; /* by frame of the dictionary pages; NULL until touched */
    _Atomic(xji_group *) *group;    /* by number; NULL until touched */
    _Atomic(xji_text_frame *) *text_frame; /* by number; NULL until someone reads texts that are to be kept */
    uint8_t packed[XJI_PACKED_PAGE]; /* one page as stored, under the lock; last, for it is not made zero */
};

static inline void xji_hold(xj_segment *seg, uint64_t bytes)
{
    atomic_fetch_add_explicit(&seg->held, bytes, memory_order_relaxed);
}

const char *xji_section_name(uint32_t type);

xj_status xji_corrupt(const xj_segment *seg, uint64_t offset, xj_error *err, const char *what);
xj_status xji_no_memory(const xj_segment *seg, xj_error *err);

/* ---- RAW sections ---- */

xj_status xji_raw_load(xj_segment *seg, xji_section_view *s, uint64_t offset, uint64_t n, const uint8_t **out, xj_error *err);

static inline bool xji_is_loaded(const xji_section_view *s, uint64_t part)
{
    return atomic_load_explicit(&s->loaded[part], memory_order_acquire);
}

/* n verified bytes at offset of a RAW section, valid until xj_segment_trim. */
static inline xj_status xji_raw(xj_segment *seg, uint32_t type, uint64_t offset, uint64_t n, const uint8_t **out,
                                xj_error *err)
{
    xji_section_view *s = &seg->sec[type];
    if (n > 0 && n <= XJI_CHUNK && offset < s->length && n <= s->length - offset &&
        xji_is_loaded(s, offset / XJI_CHUNK) && xji_is_loaded(s, (offset + n - 1) / XJI_CHUNK)) {
        *out = s->arena + offset;
        return XJ_OK;
    }
    return xji_raw_load(seg, s, offset, n, out, err);
}

/* The last of n entries (of `stride` bytes, ascending by the u32 that they begin with) whose number is not above wanted; n
 * when there is none. */
xj_status xji_last_not_above(xj_segment *seg, uint32_t type, uint32_t stride, uint64_t n, uint32_t wanted, uint64_t *out,
                             xj_error *err);

/* ---- frames ---- */

/* A frame directory entry, verified and range-checked. */
typedef struct xji_frame {
    uint64_t i;
    uint64_t offset; /* in the frames section */
    uint64_t packed; /* bytes, 1 or more */
    uint64_t sum;
} xji_frame;

xj_status xji_frame_get(xj_segment *seg, uint32_t frames, uint64_t i, xji_frame *f, xj_error *err);

/* Damage in a frame. */
xj_status xji_frame_corrupt(const xj_segment *seg, uint32_t frames, const xji_frame *f, xj_error *err, const char *what);

/* Read a frame to packed (room for f->packed) and verify its checksum. */
xj_status xji_frame_read(xj_segment *seg, uint32_t frames, const xji_frame *f, uint8_t *packed, xj_error *err);

/* Bytes of a frame once decompressed: 1 to what its section allows. */
xj_status xji_frame_raw(xj_segment *seg, uint32_t frames, const xji_frame *f, const uint8_t *packed, size_t *raw_n,
                        xj_error *err);

/*
 * A decompressor to use until it is given back, NULL when there is no memory. The segment lends out one: making another costs
 * more than a frame does. *own: where the caller keeps what could not be given back, because another one is in its place.
 */
ZSTD_DCtx *xji_unpacker_take(xj_segment *seg, ZSTD_DCtx **own);
void xji_unpacker_give(xj_segment *seg, ZSTD_DCtx **own);

/* Decompress a frame to raw (raw_n bytes). dictionary may be NULL. */
xj_status xji_frame_unpack(xj_segment *seg, uint32_t frames, const xji_frame *f, ZSTD_DCtx *dctx,
                           const ZSTD_DDict *dictionary, const uint8_t *packed, uint8_t *raw, size_t raw_n, xj_error *err);

/* Read, verify and decompress a page of any page section to raw (room for XJI_PAGE); takes the lock. */
xj_status xji_page_read(xj_segment *seg, uint32_t pages, uint64_t i, uint8_t *raw, size_t *raw_n, xj_error *err);

xj_status xji_page_load(xj_segment *seg, uint32_t pages, uint64_t i, xj_error *err);

/* Page i of the postings or the adjacency codes, valid until xj_segment_trim. */
static inline xj_status xji_page(xj_segment *seg, uint32_t pages, uint64_t i, const uint8_t **out, size_t *n, xj_error *err)
{
    const xji_section_view *s = &seg->sec[pages];
    if (i >= s->n_parts || !xji_is_loaded(s, i)) {
        xj_status st = xji_page_load(seg, pages, i, err);
        if (st != XJ_OK)
            return st;
    }
    *out = s->arena + i * s->slot;
    *n = s->raw[i];
    return XJ_OK;
}

/* n adjacency codes as stored, at an address of the stream; valid until xj_segment_trim. */
xj_status xji_codes(xj_segment *seg, uint64_t at, uint64_t n, const uint8_t **out, xj_error *err);

/* ---- records ---- */

/* The sections of a store, and its number of records. */
uint32_t xji_store_frames(xj_store store);
uint32_t xji_store_firsts(xj_store store);
uint64_t xji_store_records(const xj_segment *seg, xj_store store);

/* The group of text frame number `frame`, read and kept when it is first touched. */
xj_status xji_group_of(xj_segment *seg, uint64_t frame, const xji_group **out, xj_error *err);
void xji_group_free(xji_group *g);
void xji_text_frame_free(xji_text_frame *f);

/* Read the raw bytes of a text table into a group that is zero: NULL, or what is wrong with it. *dictionary is in the table;
 * n_dictionary 0: none. */
const char *xji_group_parse(xji_group *g, const uint8_t *table, size_t n, const uint8_t **dictionary, size_t *n_dictionary);

/* Most bytes of UTF-8 that n bytes of character codes stand for, with the room that decoding needs at the end. */
static inline size_t xji_text_room(size_t n)
{
    return 4 * n + 4;
}

/* Character codes to UTF-8 at out (xji_text_room(n) bytes); returns its bytes, SIZE_MAX for codes that make no sense. */
size_t xji_text_decode(const xji_group *g, const uint8_t *codes, size_t n, uint8_t *out);

/* ---- dictionaries ---- */

/* What the index of a dictionary says about one of its pages. */
typedef struct xji_index_entry {
    uint32_t key;     /* pairs: of its first term; strings: where that begins in the keys */
    uint32_t ordinal; /* of its first term */
    xji_list_place at;   /* before its first term */
} xji_index_entry;

xj_status xji_index_get(xj_segment *seg, int dictionary, uint32_t page, xji_index_entry *e, xj_error *err);

/* Parse a page of a dictionary; *out is owned. with_after: fill in `after`. */
xj_status xji_dict_parse(xj_segment *seg, int dictionary, uint32_t page, bool with_after, xji_dict_page **out, xj_error *err);
void xji_dict_page_free(xji_dict_page *p);

/* Key of entry i of a page of strings. */
static inline const uint8_t *xji_dict_key(const xji_dict_page *p, uint32_t i, size_t *n)
{
    uint32_t from = i ? p->key[i - 1] : 0;
    *n = p->key[i] - from;
    return p->bytes + from;
}

int xji_compare_keys(const uint8_t *a, size_t na, const uint8_t *b, size_t nb);

/* Whether the cursors at `next` follow those at `end`: equal, or those of a new part. */
bool xji_place_follows(const xji_list_place *end, const xji_list_place *next);

/* ---- postings ---- */

/* Where a block lies, and what is known of it. */
typedef struct xji_block {
    uint32_t page, header, noise;
    uint32_t n;        /* postings, 1 to XJ_BLOCK */
    int64_t previous;  /* last number of the block before, -1 at the start */
    uint32_t n_docs;   /* numbers are below this */
    bool counts_codes; /* the noise begins with the number of bytes of codes before */
} xji_block;

/* What decoding found besides. */
typedef struct xji_block_end {
    uint32_t header, noise;     /* cursors after it */
    uint32_t headers, noises;   /* bytes in the regions of its page */
    uint64_t codes_before;
    bool padded;                /* the bits after the last are 0 */
} xji_block_end;

/* Decode a block to docs and tf (XJ_TF_MANY and more: XJ_TF_MANY); tfs: all of them, or NULL. XJ_BLOCK places each, of which
 * b->n are set. */
xj_status xji_block_decode(xj_segment *seg, const xji_block *b, uint32_t *docs, uint8_t *tf, uint32_t *tfs, xji_block_end *end,
                           xj_error *err);

/* An entry of the block directory. */
typedef struct xji_block_entry {
    uint32_t last; /* passage */
    uint32_t page; /* after the list's first */
    uint32_t header, noise;
    uint8_t max_impact;
} xji_block_entry;

xj_status xji_block_get(xj_segment *seg, const xj_term *term, uint32_t block, xji_block_entry *e, xj_error *err);

/* Where codes are read from, one posting after the other. */
typedef struct xji_codes_rd {
    const uint8_t *p, *end;
    uint32_t hi, lo; /* the last code of the posting */
    bool first;      /* the next code is the first of a posting */
    bool bad;        /* the codes end too early, or a number is above XJ_CODE_FULL */
} xji_codes_rd;

/*
 * The next code: two nibbles, and a byte for each that is 15 and more. The first code of a posting holds occurrence numbers,
 * the others what they exceed the least that is possible by.
 */
static inline uint16_t xji_codes_next(xji_codes_rd *r)
{
    if (r->p == r->end) {
        r->bad = true;
        return 0;
    }
    uint32_t b = *r->p++, h = b >> 4, l = b & 15;
    if (h == 15 || l == 15) {
        if ((size_t)(r->end - r->p) < (size_t)(h == 15) + (l == 15)) {
            r->bad = true;
            return 0;
        }
        if (h == 15)
            h += *r->p++;
        if (l == 15)
            l += *r->p++;
    }
    if (!r->first) {
        h += r->hi < XJ_CODE_FULL ? r->hi + 1 : XJ_CODE_FULL;
        l += r->lo < XJ_CODE_FULL ? r->lo + 1 : XJ_CODE_FULL;
    }
    r->first = false;
    r->bad |= h > XJ_CODE_FULL || l > XJ_CODE_FULL;
    r->hi = h;
    r->lo = l;
    return (uint16_t)(h << 8 | (l & 255));
}

#endif
