/*
 * Reader of a segment file. Order of checks: size, magic, header checksum, version, table checksum, bounds, then each
 * section's own checksums when it is first touched.
 */
#include "segment_priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <errno.h>

#include "io_priv.h"
#include "xj/analyser.h"

const char *xji_section_name(uint32_t type)
{
    switch (type) {
#define XJI_SECTION_NAME(name, number, kind, text) \
    case name:                                     \
        return text;
        XJI_SECTION_LIST(XJI_SECTION_NAME)
#undef XJI_SECTION_NAME
    default:
        return "unknown section";
    }
}

static uint32_t section_kind(uint32_t type)
{
    switch (type) {
#define XJI_SECTION_KIND(name, number, kind, text) \
    case name:                                     \
        return XJI_KIND_##kind;
        XJI_SECTION_LIST(XJI_SECTION_KIND)
#undef XJI_SECTION_KIND
    default:
        return UINT32_MAX;
    }
}

xj_status xji_corrupt(const xj_segment *seg, uint64_t offset, xj_error *err, const char *what)
{
    return xj_fail_at(err, XJ_ECORRUPT, seg->path, offset, "'%s' is damaged at byte %llu: %s", seg->path,
                      (unsigned long long)offset, what);
}

static xj_status no_memory(const xj_segment *seg, xj_error *err)
{
    return xj_fail_at(err, XJ_ENOMEM, seg->path, XJ_NO_OFFSET, "no memory to read '%s'", seg->path);
}

/* ---- raw sections ---- */

static xj_status arena_open(xj_segment *seg, xji_section_view *s, uint64_t size, uint64_t n_parts,
                            xj_error *err)
{
    if (s->arena)
        return XJ_OK;
    s->loaded = calloc((size_t)n_parts + 1, sizeof *s->loaded);
    s->arena_size = (size_t)size;
    s->arena = s->loaded ? xji_reserve(s->arena_size) : NULL;
    if (!s->arena) {
        free((void *)s->loaded);
        s->loaded = NULL;
        return no_memory(seg, err);
    }
    s->n_parts = n_parts;
    return XJ_OK;
}

static xj_status load_checks(xj_segment *seg, xji_section_view *s, xj_error *err)
{
    if (s->checks)
        return XJ_OK;
    uint64_t n = (s->length + XJI_CHUNK - 1) / XJI_CHUNK;
    uint8_t *bytes = malloc((size_t)n * 8 + 1);
    if (!bytes)
        return no_memory(seg, err);
    xj_status st = xji_read_at(seg->fd, bytes, (size_t)n * 8, s->checks_offset, seg->path, err);
    if (st == XJ_OK && xj_checksum(bytes, (size_t)n * 8, xji_place(s->type, UINT32_MAX)) != s->checks_sum)
        st = xji_corrupt(seg, s->checks_offset, err, "bad checksum of a checksum list");
    if (st != XJ_OK) {
        free(bytes);
        return st;
    }
    uint64_t *checks = malloc((size_t)n * 8 + 1);
    if (!checks) {
        free(bytes);
        return no_memory(seg, err);
    }
    for (uint64_t i = 0; i < n; i++)
        checks[i] = xj_get_u64(bytes + i * 8);
    free(bytes);
    s->checks = checks;
    return XJ_OK;
}

/* Load chunks [a, b) that are missing; the lock is held. */
static xj_status load_chunks(xj_segment *seg, xji_section_view *s, uint64_t a, uint64_t b, xj_error *err)
{
    xj_status st = load_checks(seg, s, err);
    while (st == XJ_OK && a < b) {
        if (atomic_load_explicit(&s->loaded[a], memory_order_relaxed)) {
            a++;
            continue;
        }
        uint64_t stop = a + 1;
        while (stop < b && !atomic_load_explicit(&s->loaded[stop], memory_order_relaxed))
            stop++;
        uint64_t from = a * XJI_CHUNK;
        uint64_t to = stop * XJI_CHUNK < s->length ? stop * XJI_CHUNK : s->length;
        st = xji_read_at(seg->fd, s->arena + from, (size_t)(to - from), s->offset + from, seg->path, err);
        for (uint64_t c = a; c < stop && st == XJ_OK; c++) {
            uint64_t at = c * XJI_CHUNK;
            uint64_t n = s->length - at < XJI_CHUNK ? s->length - at : XJI_CHUNK;
            if (xj_checksum(s->arena + at, (size_t)n, xji_place(s->type, c)) != s->checks[c]) {
                st = xji_corrupt(seg, s->offset + at, err, xji_section_name(s->type));
                break;
            }
            atomic_store_explicit(&s->loaded[c], 1, memory_order_release);
        }
        a = stop;
    }
    return st;
}

xj_status xji_raw(xj_segment *seg, uint32_t type, uint64_t offset, uint64_t n, const uint8_t **out,
                  xj_error *err)
{
    xji_section_view *s = &seg->sec[type];
    *out = NULL;
    if (offset > s->length || n > s->length - offset)
        return xji_corrupt(seg, s->offset, err, "an entry points outside its section");
    uint64_t a = offset / XJI_CHUNK, b = (offset + n + XJI_CHUNK - 1) / XJI_CHUNK;
    bool there = s->arena != NULL;
    for (uint64_t c = a; c < b && there; c++)
        there = atomic_load_explicit(&s->loaded[c], memory_order_acquire);
    if (!there) {
        pthread_mutex_lock(&seg->lock);
        xj_status st = load_chunks(seg, s, a, b, err);
        pthread_mutex_unlock(&seg->lock);
        if (st != XJ_OK)
            return st;
    }
    *out = s->arena + offset;
    return XJ_OK;
}

/* ---- frames ---- */

xj_status xji_frame_get(xj_segment *seg, uint32_t frames, uint32_t dir, uint64_t i, xji_frame *f,
                        xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, dir, i * XJI_FRAME_ENTRY, XJI_FRAME_ENTRY, &p, err);
    if (st != XJ_OK)
        return st;
    f->offset = xj_get_u64(p);
    f->packed = xj_get_u32(p + 8);
    f->raw = xj_get_u32(p + 12);
    f->sum = xj_get_u64(p + 16);
    uint64_t length = seg->sec[frames].length;
    if (f->offset > length || f->packed > length - f->offset || f->raw > XJI_FRAME_RAW_MAX)
        return xji_corrupt(seg, seg->sec[dir].offset + i * XJI_FRAME_ENTRY, err, "a frame outside its section");
    return XJ_OK;
}

xj_status xji_frame_read(xj_segment *seg, uint32_t frames, uint64_t i, const xji_frame *f, ZSTD_DCtx *dctx,
                         uint8_t *packed, uint8_t *raw, xj_error *err)
{
    uint64_t at = seg->sec[frames].offset + f->offset;
    xj_status st = xji_read_at(seg->fd, packed, f->packed, at, seg->path, err);
    if (st != XJ_OK)
        return st;
    if (xj_checksum(packed, f->packed, xji_place(frames, i)) != f->sum)
        return xji_corrupt(seg, at, err, xji_section_name(frames));
    if (ZSTD_getFrameContentSize(packed, f->packed) != f->raw ||
        ZSTD_decompressDCtx(dctx, raw, f->raw, packed, f->packed) != f->raw)
        return xji_corrupt(seg, at, err, "a frame that does not decompress to its size");
    return XJ_OK;
}

static xj_status load_page(xj_segment *seg, xji_section_view *s, uint32_t dir, uint64_t page, xj_error *err)
{
    xji_frame f;
    /* xji_raw takes the lock, so the directory entry comes first. */
    xj_status st = xji_frame_get(seg, s->type, dir, page, &f, err);
    if (st != XJ_OK)
        return st;
    if (f.raw > XJI_PAGE || (f.raw < XJI_PAGE && page + 1 < s->n_parts) || f.packed > 2 * XJI_PAGE)
        return xji_corrupt(seg, s->offset + f.offset, err, "a page of a wrong size");
    pthread_mutex_lock(&seg->lock);
    if (!atomic_load_explicit(&s->loaded[page], memory_order_relaxed)) {
        st = xji_frame_read(seg, s->type, page, &f, seg->dctx, seg->packed, s->arena + page * XJI_PAGE, err);
        if (st == XJ_OK)
            atomic_store_explicit(&s->loaded[page], 1, memory_order_release);
    }
    pthread_mutex_unlock(&seg->lock);
    return st;
}

static uint32_t stream_dir(uint32_t type)
{
    return type == XJI_SEC_POSTINGS ? XJI_SEC_POSTINGS_DIR : XJI_SEC_ADJACENCY_DIR;
}

xj_status xji_stream_length(xj_segment *seg, uint32_t type, uint64_t *length, xj_error *err)
{
    const xji_section_view *s = &seg->sec[type];
    xji_frame last;
    *length = 0;
    if (s->n_parts == 0)
        return XJ_OK;
    xj_status st = xji_frame_get(seg, type, stream_dir(type), s->n_parts - 1, &last, err);
    if (st == XJ_OK)
        *length = (s->n_parts - 1) * XJI_PAGE + last.raw;
    return st;
}

xj_status xji_stream(xj_segment *seg, uint32_t type, uint64_t offset, uint64_t n, const uint8_t **out,
                     uint64_t *available, xj_error *err)
{
    xji_section_view *s = &seg->sec[type];
    uint32_t dir = stream_dir(type);
    uint64_t total = s->n_parts * XJI_PAGE;
    *out = NULL;
    if (s->n_parts > 0 && offset + n > total - XJI_PAGE) {
        xj_status st = xji_stream_length(seg, type, &total, err);
        if (st != XJ_OK)
            return st;
    }
    if (offset > total)
        return xji_corrupt(seg, s->offset, err, "a list outside its stream");
    if (n > total - offset)
        n = total - offset;
    for (uint64_t page = offset / XJI_PAGE; page * XJI_PAGE < offset + n; page++) {
        if (!atomic_load_explicit(&s->loaded[page], memory_order_acquire)) {
            xj_status st = load_page(seg, s, dir, page, err);
            if (st != XJ_OK)
                return st;
        }
    }
    *out = s->arena + offset;
    *available = n;
    return XJ_OK;
}

uint32_t xji_store_frames(xj_store store)
{
    return store == XJ_STORE_TEXT ? XJI_SEC_TEXT : store == XJ_STORE_REPORT ? XJI_SEC_REPORT : XJI_SEC_HEADING;
}

uint32_t xji_store_dir(xj_store store)
{
    return store == XJ_STORE_TEXT ? XJI_SEC_TEXT_DIR
         : store == XJ_STORE_REPORT ? XJI_SEC_REPORT_DIR : XJI_SEC_HEADING_DIR;
}

uint32_t xji_store_index(xj_store store)
{
    return store == XJ_STORE_TEXT ? XJI_SEC_TEXT_INDEX
         : store == XJ_STORE_REPORT ? XJI_SEC_REPORT_INDEX : XJI_SEC_HEADING_INDEX;
}

static bool grow(uint8_t **p, size_t *cap, size_t n)
{
    if (n <= *cap)
        return true;
    uint8_t *q = realloc(*p, n);
    if (!q)
        return false;
    *p = q;
    *cap = n;
    return true;
}

xj_status xj_segment_record(xj_segment *seg, xj_store store, uint32_t i, xj_record *r, xj_error *err)
{
    uint32_t frames = xji_store_frames(store), dir = xji_store_dir(store);
    const uint8_t *p;
    r->data = NULL;
    r->n = 0;
    xj_status st = xji_raw(seg, xji_store_index(store), (uint64_t)i * XJI_RECORD_SIZE, XJI_RECORD_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    uint32_t frame = xj_get_u32(p), at = xj_get_u32(p + 4);
    if (r->seg != seg || r->store != (int)store || r->frame != frame) {
        xji_frame f;
        r->seg = NULL;
        st = xji_frame_get(seg, frames, dir, frame, &f, err);
        if (st != XJ_OK)
            return st;
        if (!grow(&r->packed, &r->packed_cap, f.packed) || !grow(&r->raw, &r->raw_cap, f.raw ? f.raw : 1))
            return no_memory(seg, err);
        ZSTD_DCtx *dctx = ZSTD_createDCtx();
        if (!dctx)
            return no_memory(seg, err);
        st = xji_frame_read(seg, frames, frame, &f, dctx, r->packed, r->raw, err);
        ZSTD_freeDCtx(dctx);
        if (st != XJ_OK)
            return st;
        r->seg = seg;
        r->store = (int)store;
        r->frame = frame;
        r->raw_n = f.raw;
    }
    if (at > r->raw_n)
        return xji_corrupt(seg, seg->sec[frames].offset, err, "a record outside its frame");
    xj_rd rd = xj_rd_of(r->raw + at, r->raw_n - at);
    uint64_t n = xj_rd_varint(&rd);
    const uint8_t *data = xj_rd_take(&rd, n <= SIZE_MAX ? (size_t)n : SIZE_MAX);
    if (!data)
        return xji_corrupt(seg, seg->sec[frames].offset, err, "a record longer than its frame");
    r->data = data;
    r->n = (size_t)n;
    return XJ_OK;
}

xj_status xj_record_place(const xj_record *r, xj_status st, xj_error *err)
{
    xji_frame f;
    if (st != XJ_ECORRUPT || !err || err->path[0] || !r->seg)
        return st;
    uint32_t frames = xji_store_frames((xj_store)r->store);
    uint64_t at = r->seg->sec[frames].offset;
    if (xji_frame_get(r->seg, frames, xji_store_dir((xj_store)r->store), r->frame, &f, NULL) == XJ_OK)
        at += f.offset;
    char what[sizeof err->message];
    memcpy(what, err->message, sizeof what);
    xj_error_clear(err);
    return xji_corrupt(r->seg, at, err, what);
}

void xj_record_release(xj_record *r)
{
    free(r->raw);
    free(r->packed);
    *r = (xj_record)XJ_RECORD_INIT;
}

/* ---- dictionary and tables ---- */

static xj_status pair_at(xj_segment *seg, uint64_t i, uint64_t *key, xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, XJI_SEC_PAIRS, i * 8, 8, &p, err);
    if (st == XJ_OK)
        *key = xj_get_u64(p);
    return st;
}

/* First pair term with a key >= key. */
static xj_status pair_lower_bound(xj_segment *seg, uint64_t key, uint64_t *out, xj_error *err)
{
    uint64_t lo = 0, hi = seg->stats.n_pairs;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2, k;
        xj_status st = pair_at(seg, mid, &k, err);
        if (st != XJ_OK)
            return st;
        if (k < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = lo;
    return XJ_OK;
}

xj_status xj_segment_term(xj_segment *seg, uint64_t ordinal, xj_term *term, xj_error *err)
{
    const uint8_t *p;
    memset(term, 0, sizeof *term);
    xj_status st = xji_raw(seg, XJI_SEC_TERMS, ordinal * XJI_TERM_SIZE, XJI_TERM_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    term->postings_at = xj_get_u64(p);
    term->adjacency_at = xj_get_u64(p + 8);
    term->df = xj_get_u32(p + 16);
    term->cf = xj_get_u32(p + 20);
    term->first_block = xj_get_u32(p + 24);
    if (term->df == 0 || term->df > seg->stats.n_passages) {
        memset(term, 0, sizeof *term);
        return xji_corrupt(seg, seg->sec[XJI_SEC_TERMS].offset + ordinal * XJI_TERM_SIZE, err,
                           "a term with an impossible number of passages");
    }
    return XJ_OK;
}

xj_status xj_segment_pair(xj_segment *seg, uint32_t first, uint32_t second, xj_term *term, xj_error *err)
{
    uint64_t key = xji_pair_key(first, second), i, found;
    memset(term, 0, sizeof *term);
    xj_status st = pair_lower_bound(seg, key, &i, err);
    if (st != XJ_OK || i == seg->stats.n_pairs)
        return st;
    st = pair_at(seg, i, &found, err);
    if (st != XJ_OK || found != key)
        return st;
    return xj_segment_term(seg, i, term, err);
}

xj_status xj_segment_pair_range(xj_segment *seg, uint32_t first, uint64_t *lo, uint64_t *hi, xj_error *err)
{
    *lo = *hi = 0;
    xj_status st = pair_lower_bound(seg, xji_pair_key(first, 0), lo, err);
    if (st == XJ_OK)
        st = pair_lower_bound(seg, xji_pair_key(first + 1, 0), hi, err);
    if (st != XJ_OK)
        *lo = *hi = 0;
    return st;
}

static xj_status word_at(xj_segment *seg, uint64_t i, const uint8_t **key, size_t *len, xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, XJI_SEC_WORD_OFFSETS, i * 4, 8, &p, err);
    if (st != XJ_OK)
        return st;
    uint32_t a = xj_get_u32(p), b = xj_get_u32(p + 4);
    if (b < a || b - a > XJ_KEY_MAX)
        return xji_corrupt(seg, seg->sec[XJI_SEC_WORD_OFFSETS].offset + i * 4, err, "a word of impossible length");
    *len = b - a;
    return xji_raw(seg, XJI_SEC_WORD_BYTES, a, b - a, key, err);
}

static int compare_keys(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
    int c = memcmp(a, b, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

/* First string term whose key is >= key, or, with after_prefix, the first beyond all keys that begin with it. */
static xj_status word_lower_bound(xj_segment *seg, const uint8_t *key, size_t len, bool after_prefix,
                                  uint64_t *out, xj_error *err)
{
    uint64_t lo = 0, hi = seg->stats.n_words;
    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        const uint8_t *k = NULL;
        size_t n = 0;
        xj_status st = word_at(seg, mid, &k, &n, err);
        if (st != XJ_OK)
            return st;
        int c = after_prefix ? compare_keys(k, n < len ? n : len, key, len) : compare_keys(k, n, key, len);
        if (after_prefix ? c <= 0 : c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = lo;
    return XJ_OK;
}

xj_status xj_segment_word(xj_segment *seg, const uint8_t *key, size_t len, xj_term *term, xj_error *err)
{
    uint64_t i;
    memset(term, 0, sizeof *term);
    xj_status st = word_lower_bound(seg, key, len, false, &i, err);
    if (st != XJ_OK || i == seg->stats.n_words)
        return st;
    const uint8_t *k = NULL;
    size_t n = 0;
    st = word_at(seg, i, &k, &n, err);
    if (st != XJ_OK || n != len || memcmp(k, key, len) != 0)
        return st;
    return xj_segment_term(seg, seg->stats.n_pairs + i, term, err);
}

xj_status xj_segment_word_range(xj_segment *seg, const uint8_t *prefix, size_t len, uint64_t *lo, uint64_t *hi,
                                xj_error *err)
{
    uint64_t from = 0, to = 0;
    xj_status st = word_lower_bound(seg, prefix, len, false, &from, err);
    if (st == XJ_OK)
        st = word_lower_bound(seg, prefix, len, true, &to, err);
    *lo = st == XJ_OK ? seg->stats.n_pairs + from : 0;
    *hi = st == XJ_OK ? seg->stats.n_pairs + to : 0;
    return st;
}

xj_status xj_segment_passage(xj_segment *seg, uint32_t i, xj_passage_row *row, xj_error *err)
{
    const uint8_t *p;
    memset(row, 0, sizeof *row);
    xj_status st = xji_raw(seg, XJI_SEC_PASSAGES, (uint64_t)i * XJI_PASSAGE_SIZE, XJI_PASSAGE_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    row->report = xj_get_u32(p);
    row->section = xj_get_u32(p + 4);
    row->length = xj_get_u32(p + 8);
    if (row->report >= seg->stats.n_reports || row->section >= seg->stats.n_sections)
        return xji_corrupt(seg, seg->sec[XJI_SEC_PASSAGES].offset + (uint64_t)i * XJI_PASSAGE_SIZE, err,
                           "a passage of a report or section that is not there");
    return XJ_OK;
}

xj_status xj_segment_report(xj_segment *seg, uint32_t i, xj_report_row *row, xj_error *err)
{
    const uint8_t *p;
    memset(row, 0, sizeof *row);
    xj_status st = xji_raw(seg, XJI_SEC_REPORTS, (uint64_t)i * XJI_REPORT_SIZE, XJI_REPORT_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    row->first_passage = xj_get_u32(p);
    row->n_passages = xj_get_u32(p + 4);
    row->id_rank = xj_get_u32(p + 8);
    row->year = xj_get_u32(p + 12);
    if (row->first_passage > seg->stats.n_passages || row->n_passages > seg->stats.n_passages - row->first_passage)
        return xji_corrupt(seg, seg->sec[XJI_SEC_REPORTS].offset + (uint64_t)i * XJI_REPORT_SIZE, err,
                           "a report whose passages are not there");
    return XJ_OK;
}

/* ---- open and close ---- */

static xj_status parse_table(xj_segment *seg, const uint8_t *table, uint32_t n, xj_error *err)
{
    xj_rd r = xj_rd_of(table, (size_t)n * XJI_ENTRY_SIZE);
    uint64_t at = XJI_HEADER_SIZE; /* sections follow each other, each on a multiple of 8 */
    for (uint32_t i = 0; i < n; i++) {
        xji_section_view s = {0};
        s.type = xj_rd_u32(&r);
        s.kind = xj_rd_u32(&r);
        s.offset = xj_rd_u64(&r);
        s.length = xj_rd_u64(&r);
        s.checks_offset = xj_rd_u64(&r);
        s.checks_sum = xj_rd_u64(&r);
        if (s.type == 0 || s.type >= XJI_SEC_END || s.kind != section_kind(s.type) || seg->sec[s.type].type)
            return xji_corrupt(seg, seg->table_offset, err, "an unknown or repeated section");
        if (s.offset != at || s.length > seg->table_offset - at)
            return xji_corrupt(seg, seg->table_offset, err, "sections that overlap or leave the file");
        at = s.offset + s.length;
        at += (8 - at % 8) % 8;
        if (s.kind == XJI_KIND_FRAMES && (s.checks_offset != 0 || s.checks_sum != 0))
            return xji_corrupt(seg, seg->table_offset, err, "reserved fields that are not zero");
        if (s.kind == XJI_KIND_RAW) {
            uint64_t checks = (s.length + XJI_CHUNK - 1) / XJI_CHUNK * 8;
            if (s.checks_offset != at || at > seg->table_offset || checks > seg->table_offset - at)
                return xji_corrupt(seg, seg->table_offset, err, "a checksum list outside the file");
            at += checks;
        }
        if (at > seg->table_offset)
            return xji_corrupt(seg, seg->table_offset, err, "sections that leave the file");
        seg->sec[s.type] = s;
        seg->order[seg->n_sections++] = s.type;
    }
    if (at != seg->table_offset)
        return xji_corrupt(seg, seg->table_offset, err, "bytes that belong to no section");
    for (uint32_t type = 1; type < XJI_SEC_END; type++)
        if (!seg->sec[type].type)
            return xji_corrupt(seg, seg->table_offset, err, "a missing section");
    return XJ_OK;
}

/* Arenas of raw sections and streams are reserved at open (address space only), so that the fast paths need no lock. */
static xj_status reserve_arenas(xj_segment *seg, xj_error *err)
{
    for (uint32_t type = 1; type < XJI_SEC_END; type++) {
        xji_section_view *s = &seg->sec[type];
        xj_status st = XJ_OK;
        if (s->kind == XJI_KIND_RAW)
            st = arena_open(seg, s, s->length, (s->length + XJI_CHUNK - 1) / XJI_CHUNK, err);
        else if (type == XJI_SEC_POSTINGS || type == XJI_SEC_ADJACENCY) {
            uint64_t pages = seg->sec[stream_dir(type)].length / XJI_FRAME_ENTRY;
            st = arena_open(seg, s, pages * XJI_PAGE, pages, err);
        }
        if (st != XJ_OK)
            return st;
    }
    return XJ_OK;
}

static xj_status parse_stats(xj_segment *seg, xj_error *err)
{
    const uint8_t *p;
    xj_status st = xji_raw(seg, XJI_SEC_STATS, 0, XJI_STATS_SIZE, &p, err);
    if (st != XJ_OK)
        return st;
    xj_rd r = xj_rd_of(p, XJI_STATS_SIZE);
    xj_segment_stats *t = &seg->stats;
    t->n_reports = xj_rd_u64(&r);
    t->n_passages = xj_rd_u64(&r);
    t->n_sections = xj_rd_u64(&r);
    t->n_pairs = xj_rd_u64(&r);
    t->n_words = xj_rd_u64(&r);
    t->n_units = xj_rd_u64(&r);
    t->n_postings = xj_rd_u64(&r);
    t->n_occurrences = xj_rd_u64(&r);
    t->n_characters = xj_rd_u64(&r);
    t->text_bytes = xj_rd_u64(&r);
    t->input_bytes = xj_rd_u64(&r);
    const xji_section_view *s = seg->sec;
    /* Every count agrees with the length of its table, so that later code may trust the counts. */
    bool agrees = s[XJI_SEC_STATS].length == XJI_STATS_SIZE && t->n_passages < UINT32_MAX &&
                  t->n_reports < UINT32_MAX && t->n_sections < UINT32_MAX && t->n_pairs < UINT32_MAX &&
                  t->n_words < UINT32_MAX && s[XJI_SEC_PASSAGES].length == t->n_passages * XJI_PASSAGE_SIZE &&
                  s[XJI_SEC_TEXT_INDEX].length == t->n_passages * XJI_RECORD_SIZE &&
                  s[XJI_SEC_REPORTS].length == t->n_reports * XJI_REPORT_SIZE &&
                  s[XJI_SEC_REPORT_INDEX].length == t->n_reports * XJI_RECORD_SIZE &&
                  s[XJI_SEC_HEADING_INDEX].length == t->n_sections * XJI_RECORD_SIZE &&
                  s[XJI_SEC_PAIRS].length == t->n_pairs * 8 &&
                  s[XJI_SEC_WORD_OFFSETS].length == (t->n_words + 1) * 4 &&
                  s[XJI_SEC_TERMS].length == (t->n_pairs + t->n_words) * XJI_TERM_SIZE &&
                  s[XJI_SEC_BLOCKS].length % XJI_BLOCK_SIZE == 0;
    for (uint32_t dir = XJI_SEC_TEXT_DIR; dir <= XJI_SEC_HEADING_DIR && agrees; dir++)
        agrees = s[dir].length % XJI_FRAME_ENTRY == 0;
    return agrees ? XJ_OK : xji_corrupt(seg, s[XJI_SEC_STATS].offset, err, "counts that do not fit the tables");
}

static xj_status parse(xj_segment *seg, uint64_t size, uint64_t header_sum, xj_error *err)
{
    struct stat sb;
    if (fstat(seg->fd, &sb) != 0)
        return xji_fail_errno(err, XJ_EIO, seg->path, errno, "cannot examine");
    if ((uint64_t)sb.st_size != size || size < XJI_HEADER_SIZE)
        return xj_fail_at(err, XJ_ECORRUPT, seg->path, XJ_NO_OFFSET,
                          "'%s' has %llu bytes where the manifest says %llu", seg->path,
                          (unsigned long long)sb.st_size, (unsigned long long)size);
    uint8_t h[XJI_HEADER_SIZE];
    xj_status st = xji_read_at(seg->fd, h, sizeof h, 0, seg->path, err);
    if (st != XJ_OK)
        return st;
    if (memcmp(h, XJI_SEGMENT_MAGIC, XJI_MAGIC_SIZE) != 0)
        return xj_fail_at(err, XJ_EFORMAT, seg->path, 0, "'%s' is not a segment of a xunju index", seg->path);
    if (xj_get_u64(h + 56) != xj_checksum(h, 56, 0) || xj_get_u64(h + 56) != header_sum)
        return xji_corrupt(seg, 0, err, "bad checksum of the header");
    if (xj_get_u16(h + 8) == XJI_FORMAT_VERSION && (xj_get_u16(h + 10) != 0 || xj_get_u32(h + 12) != 0))
        return xj_fail_at(err, XJ_EVERSION, seg->path, 10,
                          "'%s' uses features of format version %d that this program does not know: use the program that "
                          "made it",
                          seg->path, XJI_FORMAT_VERSION);
    if (xj_get_u16(h + 8) != XJI_FORMAT_VERSION)
        return xj_fail_at(err, XJ_EVERSION, seg->path, 8,
                          "'%s' has format version %u, this program reads version %d: build the index again or "
                          "use the program that made it",
                          seg->path, xj_get_u16(h + 8), XJI_FORMAT_VERSION);
    seg->size = size;
    seg->table_offset = xj_get_u64(h + 32);
    uint32_t n = xj_get_u32(h + 48);
    if (xj_get_u64(h + 24) != size || xj_get_u32(h + 52) != 0 || n > XJI_SECTIONS_MAX ||
        seg->table_offset < XJI_HEADER_SIZE || seg->table_offset > size || size - seg->table_offset != (uint64_t)n * XJI_ENTRY_SIZE)
        return xji_corrupt(seg, 24, err, "a section table outside the file");
    uint8_t table[XJI_SECTIONS_MAX * XJI_ENTRY_SIZE];
    st = xji_read_at(seg->fd, table, (size_t)n * XJI_ENTRY_SIZE, seg->table_offset, seg->path, err);
    if (st != XJ_OK)
        return st;
    if (xj_checksum(table, (size_t)n * XJI_ENTRY_SIZE, 1) != xj_get_u64(h + 40))
        return xji_corrupt(seg, seg->table_offset, err, "bad checksum of the section table");
    if (xj_get_u64(h + 16) != xj_analyser_fingerprint())
        return xj_fail_at(err, XJ_EVERSION, seg->path, 16,
                          "'%s' was analysed by other text rules than this program has: build the index again or use "
                          "the program that made it",
                          seg->path);
    st = parse_table(seg, table, n, err);
    if (st == XJ_OK)
        st = reserve_arenas(seg, err);
    if (st == XJ_OK)
        st = parse_stats(seg, err);
    return st;
}

xj_status xj_segment_open(xj_segment **out, int dir_fd, const char *dir_path, const char *name, uint64_t size,
                          uint64_t header_sum, xj_error *err)
{
    *out = NULL;
    xj_segment *seg = calloc(1, sizeof *seg);
    if (!seg)
        return xj_fail(err, XJ_ENOMEM, "no memory for a segment handle");
    seg->fd = -1;
    pthread_mutex_init(&seg->lock, NULL);
    size_t n_path = strlen(dir_path) + strlen(name) + 2;
    seg->path = malloc(n_path);
    seg->packed_cap = 2 * XJI_PAGE;
    seg->packed = malloc(seg->packed_cap);
    seg->dctx = ZSTD_createDCtx();
    xj_status st = XJ_OK;
    if (!seg->path || !seg->packed || !seg->dctx || strlen(name) >= sizeof seg->name)
        st = xj_fail(err, XJ_ENOMEM, "no memory for a segment handle");
    if (st == XJ_OK) {
        memcpy(seg->name, name, strlen(name) + 1);
        memcpy(seg->path, dir_path, strlen(dir_path));
        seg->path[strlen(dir_path)] = '/';
        memcpy(seg->path + strlen(dir_path) + 1, name, strlen(name) + 1);
        seg->fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (seg->fd < 0)
            st = errno == ENOENT
                     ? xj_fail_at(err, XJ_ECORRUPT, seg->path, XJ_NO_OFFSET, "segment '%s' is missing", seg->path)
                     : xji_fail_errno(err, XJ_EIO, seg->path, errno, "cannot open segment");
    }
    if (st == XJ_OK)
        st = parse(seg, size, header_sum, err);
    if (st != XJ_OK) {
        xj_segment_close(&seg);
        return st;
    }
    *out = seg;
    return XJ_OK;
}

void xj_segment_close(xj_segment **seg)
{
    if (!seg || !*seg)
        return;
    xj_segment *s = *seg;
    for (uint32_t type = 1; type < XJI_SEC_END; type++) {
        xji_unreserve(s->sec[type].arena, s->sec[type].arena_size);
        free((void *)s->sec[type].loaded);
        free(s->sec[type].checks);
    }
    if (s->fd >= 0)
        close(s->fd);
    pthread_mutex_destroy(&s->lock);
    ZSTD_freeDCtx(s->dctx);
    free(s->packed);
    free(s->path);
    free(s);
    *seg = NULL;
}

const xj_segment_stats *xj_segment_stats_of(const xj_segment *seg)
{
    return &seg->stats;
}

const char *xj_segment_name(const xj_segment *seg)
{
    return seg->name;
}

size_t xj_segment_n_sections(const xj_segment *seg)
{
    return seg->n_sections;
}

const char *xj_segment_section_name(const xj_segment *seg, size_t i)
{
    return i < seg->n_sections ? xji_section_name(seg->order[i]) : "?";
}

uint64_t xj_segment_section_bytes(const xj_segment *seg, size_t i)
{
    return i < seg->n_sections ? seg->sec[seg->order[i]].length : 0;
}
