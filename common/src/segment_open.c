/*
 * Opening a segment file. Order of checks: size, magic, header checksum, version, table checksum, bounds, then each
 * section's own checksums when it is first touched.
 */
#include "segment_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
        return type >= XJI_SEC_OPTIONAL ? "optional section" : "unknown section";
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
        return type >= XJI_SEC_OPTIONAL && type <= XJI_SEC_OPTIONAL_LAST ? (uint32_t)XJI_KIND_RAW : UINT32_MAX;
    }
}

xj_status xji_corrupt(const xj_segment *seg, uint64_t offset, xj_error *err, const char *what)
{
    return xj_fail_at(err, XJ_ECORRUPT, seg->path, offset, "'%s' is damaged at byte %llu: %s", seg->path,
                      (unsigned long long)offset, what);
}

xj_status xji_no_memory(const xj_segment *seg, xj_error *err)
{
    return xj_fail_at(err, XJ_ENOMEM, seg->path, XJ_NO_OFFSET, "no memory to read '%s'", seg->path);
}

/* ---- section table ---- */

/* Where to keep a section of this type; NULL for one that is unknown or there already. */
static xji_section_view *place_of(xj_segment *seg, uint32_t type)
{
    if (type < XJI_SEC_OPTIONAL)
        return type > 0 && type < XJI_SEC_END && !seg->sec[type].type ? &seg->sec[type] : NULL;
    for (size_t i = 0; i < seg->n_optional; i++)
        if (seg->optional[i].type == type)
            return NULL;
    return &seg->optional[seg->n_optional++]; /* there are not more entries than places */
}

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
        xji_section_view *place = s.kind == section_kind(s.type) ? place_of(seg, s.type) : NULL;
        if (!place)
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
        *place = s;
        seg->order[seg->n_sections++] = place;
    }
    if (at != seg->table_offset)
        return xji_corrupt(seg, seg->table_offset, err, "bytes that belong to no section");
    for (uint32_t type = 1; type < XJI_SEC_END; type++)
        if (!seg->sec[type].type)
            return xji_corrupt(seg, seg->table_offset, err, "a missing section");
    return XJ_OK;
}

/* ---- memory ---- */

/* Hands out parts of the reservation, or only adds up how much they take (base NULL). */
typedef struct carver {
    uint8_t *base;
    uint64_t used;
} carver;

static void *carve(carver *c, uint64_t size, uint64_t align)
{
    c->used += (align - c->used % align) % align;
    void *p = c->base ? c->base + c->used : NULL;
    c->used += size;
    return p;
}

/* Flags stand together in front, so that an index that is hardly used touches few pages of memory. */
static void carve_all(xj_segment *seg, carver *c)
{
    uint64_t n_blocks = seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY;
    for (size_t i = 0; i < seg->n_sections; i++) {
        xji_section_view *s = seg->order[i];
        if (s->slot) {
            s->loaded = carve(c, s->n_parts, 1);
            s->raw = s->kind == XJI_KIND_FRAMES ? carve(c, s->n_parts * sizeof *s->raw, sizeof *s->raw) : NULL;
        }
    }
    seg->page = carve(c, seg->sec[XJI_SEC_DICTIONARY].n_parts * sizeof *seg->page, sizeof *seg->page);
    seg->group = carve(c, seg->sec[XJI_SEC_TABLES].n_parts * sizeof *seg->group, sizeof *seg->group);
    seg->text_frame = carve(c, seg->sec[XJI_SEC_TEXT].n_parts * sizeof *seg->text_frame, sizeof *seg->text_frame);
    seg->has_block = carve(c, n_blocks, 1);
    seg->has_codes = carve(c, n_blocks, 1);
    for (size_t i = 0; i < seg->n_sections; i++) {
        xji_section_view *s = seg->order[i];
        if (s->slot)
            s->arena = carve(c, s->n_parts * s->slot, 64);
    }
    seg->block = carve(c, n_blocks * sizeof *seg->block, 64);
    seg->codes = carve(c, n_blocks * sizeof *seg->codes, 64);
}

/* Memory is reserved at open (address space only), so that the fast paths need no lock. */
static xj_status reserve_memory(xj_segment *seg, xj_error *err)
{
    carver c = {NULL, 0};
    for (size_t i = 0; i < seg->n_sections; i++) {
        xji_section_view *s = seg->order[i];
        if (s->kind == XJI_KIND_RAW) {
            s->n_parts = (s->length + XJI_CHUNK - 1) / XJI_CHUNK;
            s->slot = XJI_CHUNK;
        } else {
            s->n_parts = seg->sec[XJI_SEC_DIRECTORY(s->type)].length / XJI_FRAME_ENTRY;
            s->slot = s->type == XJI_SEC_POSTINGS ? XJI_POSTINGS_SLOT : s->type == XJI_SEC_ADJACENCY ? XJI_PAGE : 0;
        }
    }
    carve_all(seg, &c);
    seg->memory_size = (size_t)c.used;
    seg->memory = c.used < SIZE_MAX ? xji_reserve(seg->memory_size) : NULL;
    if (!seg->memory)
        return xji_no_memory(seg, err);
    c = (carver){seg->memory, 0};
    carve_all(seg, &c);
    return XJ_OK;
}

/* ---- statistics ---- */

static bool frames_agree(const xj_segment *seg, uint32_t frames)
{
    const xji_section_view *s = &seg->sec[frames];
    return seg->sec[XJI_SEC_DIRECTORY(frames)].length % XJI_FRAME_ENTRY == 0 && s->n_parts < UINT32_MAX &&
           (s->n_parts == 0) == (s->length == 0);
}

static bool store_agrees(const xj_segment *seg, xj_store store)
{
    uint64_t n_frames = seg->sec[xji_store_frames(store)].n_parts, n = xji_store_records(seg, store);
    return seg->sec[xji_store_firsts(store)].length == n_frames * 4 && n_frames <= n && (n_frames == 0) == (n == 0);
}

/* Fill in seg->dictionary; whether their pages add up. */
static bool set_dictionaries(xj_segment *seg)
{
    const xj_segment_stats *t = &seg->stats;
    static const struct {
        uint32_t index, keys;
    } sections[XJI_DICTS] = {[XJI_DICT_PAIRS] = {XJI_SEC_PAIRS, 0},
                             [XJI_DICT_STRINGS] = {XJI_SEC_STRINGS, XJI_SEC_STRING_KEYS},
                             [XJI_DICT_CONTEXT_PAIRS] = {XJI_SEC_CONTEXT_PAIRS, 0},
                             [XJI_DICT_CONTEXT_STRINGS] = {XJI_SEC_CONTEXT_STRINGS, XJI_SEC_CONTEXT_STRING_KEYS}};
    const uint64_t n_terms[XJI_DICTS] = {t->n_pairs, t->n_words, t->n_context_pairs, t->n_context_words};
    uint64_t page = 0;
    for (int i = 0; i < XJI_DICTS; i++) {
        const xji_section_view *index = &seg->sec[sections[i].index];
        uint64_t n = index->length / XJI_INDEX_ENTRY;
        bool in_context = i >= XJI_DICT_CONTEXT_PAIRS;
        if (index->length % XJI_INDEX_ENTRY != 0 || n > n_terms[i] || (n == 0) != (n_terms[i] == 0) ||
            (sections[i].keys && seg->sec[sections[i].keys].length > UINT32_MAX) || page + n >= UINT32_MAX)
            return false;
        seg->dictionary[i] = (xji_dictionary){.index = sections[i].index,
                                              .keys = sections[i].keys,
                                              .first_page = (uint32_t)page,
                                              .n_pages = (uint32_t)n,
                                              .n_terms = (uint32_t)n_terms[i],
                                              .n_docs = (uint32_t)(in_context ? t->n_sections : t->n_passages),
                                              .in_context = in_context};
        page += n;
    }
    return page == seg->sec[XJI_SEC_DICTIONARY].n_parts;
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
    t->n_context_pairs = xj_rd_u64(&r);
    t->n_context_words = xj_rd_u64(&r);
    t->n_units = xj_rd_u64(&r);
    t->n_postings = xj_rd_u64(&r);
    t->n_occurrences = xj_rd_u64(&r);
    t->n_context_postings = xj_rd_u64(&r);
    t->n_characters = xj_rd_u64(&r);
    t->text_bytes = xj_rd_u64(&r);
    t->input_bytes = xj_rd_u64(&r);
    const xji_section_view *s = seg->sec;
    /* Every count agrees with the length of its table, so that later code may trust the counts. */
    bool agrees = s[XJI_SEC_STATS].length == XJI_STATS_SIZE && t->n_passages < UINT32_MAX && t->n_reports < UINT32_MAX &&
                  t->n_sections <= t->n_passages && t->n_pairs < UINT32_MAX && t->n_words < UINT32_MAX &&
                  t->n_context_pairs < UINT32_MAX && t->n_context_words < UINT32_MAX &&
                  (t->n_passages == 0 || (t->n_reports > 0 && t->n_sections > 0)) &&
                  s[XJI_SEC_LENGTHS].length == t->n_passages && s[XJI_SEC_SECTIONS].length == t->n_sections * 4 &&
                  s[XJI_SEC_REPORTS].length == t->n_reports * XJI_REPORT_SIZE &&
                  s[XJI_SEC_TEXT_GROUPS].length == s[XJI_SEC_TABLES].n_parts * 4 &&
                  (s[XJI_SEC_TABLES].n_parts == 0) == (s[XJI_SEC_TEXT].n_parts == 0) &&
                  s[XJI_SEC_BLOCKS].length % XJI_BLOCK_ENTRY == 0 && s[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY < UINT32_MAX;
    for (uint32_t frames = XJI_SEC_TEXT; frames <= XJI_SEC_HEADING && agrees; frames++)
        agrees = frames_agree(seg, frames);
    for (int store = 0; store < XJ_STORE_COUNT && agrees; store++)
        agrees = store_agrees(seg, (xj_store)store);
    agrees = agrees && set_dictionaries(seg);
    return agrees ? XJ_OK : xji_corrupt(seg, s[XJI_SEC_STATS].offset, err, "counts that do not fit the tables");
}

/* ---- open and close ---- */

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
    uint64_t fingerprint = xj_analyser_fingerprint();
    if (fingerprint == 0)
        return xj_fail(err, XJ_ENOMEM, "no memory to compute the analyser fingerprint");
    if (xj_get_u64(h + 16) != fingerprint)
        return xj_fail_at(err, XJ_EVERSION, seg->path, 16,
                          "'%s' was analysed by other text rules than this program has: build the index again or use "
                          "the program that made it",
                          seg->path);
    st = parse_table(seg, table, n, err);
    if (st == XJ_OK)
        st = reserve_memory(seg, err);
    if (st == XJ_OK)
        st = parse_stats(seg, err);
    return st;
}

xj_status xj_segment_open(xj_segment **out, int dir_fd, const char *dir_path, const char *name, uint64_t size,
                          uint64_t header_sum, xj_error *err)
{
    *out = NULL;
    xj_segment *seg = malloc(sizeof *seg);
    if (!seg)
        return xj_fail(err, XJ_ENOMEM, "no memory for a segment handle");
    memset(seg, 0, offsetof(xj_segment, packed));
    seg->fd = -1;
    pthread_mutex_init(&seg->lock, NULL);
    pthread_mutex_init(&seg->blocks_lock, NULL);
    seg->texts_most = XJI_TEXTS_KEPT;
    size_t n_path = strlen(dir_path) + strlen(name) + 2;
    seg->path = malloc(n_path);
    xj_status st = XJ_OK;
    if (!seg->path || strlen(name) >= sizeof seg->name)
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

/* What the reservation only points to. */
static void free_parts(xj_segment *s)
{
    for (xji_dict_page *p = atomic_load_explicit(&s->kept_pages, memory_order_relaxed), *next; p; p = next) {
        next = p->next;
        xji_dict_page_free(p);
    }
    for (uint64_t i = 0; s->memory && i < s->sec[XJI_SEC_TABLES].n_parts; i++)
        xji_group_free(atomic_load_explicit(&s->group[i], memory_order_relaxed));
    for (xji_text_frame *f = atomic_load_explicit(&s->kept_frames, memory_order_relaxed), *next; f; f = next) {
        next = f->next;
        xji_text_frame_free(f);
    }
    atomic_store_explicit(&s->kept_pages, NULL, memory_order_relaxed);
    atomic_store_explicit(&s->kept_frames, NULL, memory_order_relaxed);
}

uint64_t xj_segment_held(const xj_segment *seg)
{
    return atomic_load_explicit(&((xj_segment *)seg)->held, memory_order_relaxed);
}

void xj_segment_trim(xj_segment *seg)
{
    free_parts(seg);
    xji_forget(seg->memory, seg->memory_size);
    for (size_t i = 0; i < seg->n_sections; i++)
        atomic_store_explicit(&seg->order[i]->n_loaded, 0, memory_order_relaxed);
    atomic_store_explicit(&seg->held, 0, memory_order_relaxed);
    atomic_store_explicit(&seg->texts_held, 0, memory_order_relaxed);
}

void xj_segment_close(xj_segment **seg)
{
    if (!seg || !*seg)
        return;
    xj_segment *s = *seg;
    free_parts(s);
    xji_unreserve(s->memory, s->memory_size);
    for (size_t i = 0; i < s->n_sections; i++)
        free(s->order[i]->checks);
    if (s->fd >= 0)
        close(s->fd);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->blocks_lock);
    ZSTD_freeDCtx(s->page_unpacker);
    ZSTD_freeDCtx(atomic_load_explicit(&s->unpacker, memory_order_relaxed));
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
    return i < seg->n_sections ? xji_section_name(seg->order[i]->type) : "?";
}

uint64_t xj_segment_section_bytes(const xj_segment *seg, size_t i)
{
    return i < seg->n_sections ? seg->order[i]->length : 0;
}
