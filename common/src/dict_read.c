/*
 * Dictionaries. Each is a sequence of pages with ascending keys; an index in a RAW section holds the first key of each page
 * and the cursors at it. A page is parsed as a whole when it is first touched, and kept: a term is then two binary
 * searches away.
 */
#include <stdlib.h>

#include "segment_priv.h"
#include "xj/utf8.h"

/* Fewest bytes of an entry: key, df and passage of an inline pair. */
enum { ENTRY_MIN = 3 };

int xji_compare_keys(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
    size_t n = na < nb ? na : nb;
    int c = n ? memcmp(a, b, n) : 0;
    return c ? c : (na > nb) - (na < nb);
}

/* ---- index ---- */

xj_status xji_index_get(xj_segment *seg, int dictionary, uint32_t page, xji_index_entry *e, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint64_t at = (uint64_t)page * XJI_INDEX_ENTRY;
    const uint8_t *p;
    xj_status st = xji_raw(seg, d->index, at, XJI_INDEX_ENTRY, &p, err);
    if (st != XJ_OK)
        return st;
    e->key = xj_get_u32(p);
    e->ordinal = xj_get_u32(p + 4);
    e->at = (xji_list_place){xj_get_u32(p + 8), xj_get_u16(p + 12), xj_get_u16(p + 14), xj_get_u64(p + 16), xj_get_u32(p + 24)};
    return XJ_OK;
}

/* First key of a page of strings. */
static xj_status index_key(xj_segment *seg, int dictionary, uint32_t page, const uint8_t **key, size_t *n, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint64_t at = (uint64_t)page * XJI_INDEX_ENTRY, from, to = seg->sec[d->keys].length;
    const uint8_t *p;
    xj_status st = xji_raw(seg, d->index, at, 4, &p, err);
    if (st != XJ_OK)
        return st;
    from = xj_get_u32(p);
    if (page + 1 < d->n_pages) {
        st = xji_raw(seg, d->index, at + XJI_INDEX_ENTRY, 4, &p, err);
        if (st != XJ_OK)
            return st;
        to = xj_get_u32(p);
    }
    if (from >= to || to - from > XJ_KEY_MAX)
        return xji_corrupt(seg, seg->sec[d->index].offset + at, err, "a string key of impossible length");
    *n = (size_t)(to - from);
    return xji_raw(seg, d->keys, from, to - from, key, err);
}

/* The last page whose first key is not above key; n_pages when there is none. */
static xj_status string_page(xj_segment *seg, int dictionary, const uint8_t *key, size_t n, uint32_t *out, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint32_t lo = 0, hi = d->n_pages;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const uint8_t *k = NULL;
        size_t n_k = 0;
        xj_status st = index_key(seg, dictionary, mid, &k, &n_k, err);
        if (st != XJ_OK)
            return st;
        if (xji_compare_keys(k, n_k, key, n) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *out = lo ? lo - 1 : d->n_pages;
    return XJ_OK;
}

bool xji_place_follows(const xji_list_place *end, const xji_list_place *next)
{
    if (next->block != end->block)
        return false;
    if (next->page == end->page && next->header == end->header && next->noise == end->noise && next->adjacency == end->adjacency)
        return true;
    /* A new part: new pages of everything. */
    bool written = end->header != 0 || end->noise != 0;
    return next->header == 0 && next->noise == 0 && next->page >= end->page + (uint64_t)written &&
           next->adjacency % XJI_PAGE == 0 && next->adjacency >= end->adjacency;
}

/* ---- pages ---- */

/* A page being parsed. */
typedef struct parser {
    const xj_segment *seg;
    const xji_dictionary *d;
    xj_rd r;
    xji_list_place at;
    xji_dict_page *page;
    xj_buf bytes;       /* keys so far */
    uint64_t n_postings_pages, n_codes, n_blocks; /* how far cursors may go */
} parser;

/* Most numbers of a page take one byte. */
static inline uint64_t varint(xj_rd *r)
{
    return r->p < r->end && *r->p < 0x80 && !r->bad ? *r->p++ : xj_rd_varint(r);
}

/* A pair key; NULL, or what is wrong. */
static const char *read_pair(parser *p)
{
    uint64_t delta = varint(&p->r);
    uint32_t i = p->page->n, last = i ? p->page->key[i - 1] : p->page->key[0];
    if ((i == 0) != (delta == 0) || delta > UINT32_MAX - last)
        return "pair terms out of order";
    uint32_t key = last + (uint32_t)delta;
    if (p->d->in_context && (key & 0xFFFF) == XJI_KEY_CHARS)
        return "a character list in the context";
    p->page->key[i] = key;
    p->page->term[i].has_codes = !p->d->in_context && (key & 0xFFFF) < XJI_KEY_SINGLE;
    return NULL;
}

static const char *read_string(parser *p, xj_error *err, xj_status *st)
{
    uint64_t shared = varint(&p->r), more = varint(&p->r);
    const uint8_t *suffix = xj_rd_take(&p->r, more <= XJ_KEY_MAX ? (size_t)more : SIZE_MAX);
    uint32_t i = p->page->n;
    size_t from = i > 1 ? p->page->key[i - 2] : 0, last_n = p->bytes.n - from;
    if (!suffix || shared > last_n || shared + more == 0 || shared + more > XJ_KEY_MAX)
        return "a string key of impossible length";
    if (i > 0 && xji_compare_keys(p->bytes.data + from + shared, last_n - (size_t)shared, suffix, (size_t)more) >= 0)
        return "string terms out of order";
    *st = xj_buf_reserve(&p->bytes, (size_t)(shared + more), err);
    if (*st != XJ_OK)
        return NULL;
    memcpy(p->bytes.data + p->bytes.n, p->bytes.data + from, (size_t)shared);
    memcpy(p->bytes.data + p->bytes.n + shared, suffix, (size_t)more);
    p->page->term[i].has_codes = !p->d->in_context && p->bytes.data[p->bytes.n] == XJ_KEY_PAIR;
    p->bytes.n += (size_t)(shared + more);
    p->page->key[i] = (uint32_t)p->bytes.n;
    return NULL;
}

/* A list of one block or more, from the cursors on. */
static const char *read_list(parser *p, xj_term *t)
{
    uint64_t over = varint(&p->r);
    if (over > (uint64_t)t->df * (UINT32_MAX - 1))
        return "a term with an impossible number of occurrences";
    t->cf = t->df + over;
    if (t->cf == 1)
        return "a term with one occurrence that has a list";
    t->page = p->at.page;
    t->header_at = p->at.header;
    t->noise_at = p->at.noise;
    t->first_block = 0;
    t->max_impact = 255;
    uint64_t page = p->at.page, header, noise;
    if (t->df <= XJ_BLOCK) {
        uint64_t extra = varint(&p->r), bytes = varint(&p->r);
        header = p->at.header + t->df + (extra < XJI_PAGE ? extra : XJI_PAGE);
        noise = p->at.noise + (bytes < XJI_PAGE ? bytes : XJI_PAGE);
    } else {
        const uint8_t *impact = xj_rd_take(&p->r, 1);
        uint64_t pages = varint(&p->r), n_blocks = t->df / XJ_BLOCK + (t->df % XJ_BLOCK != 0);
        t->max_impact = impact ? *impact : 255;
        t->first_block = p->at.block;
        header = varint(&p->r);
        noise = varint(&p->r);
        if (pages >= p->n_postings_pages - page)
            return "a list outside its pages";
        page += pages;
        if (n_blocks > p->n_blocks - p->at.block)
            return "a list outside the block directory";
        p->at.block += (uint32_t)n_blocks;
    }
    if (header > XJI_PAGE - 2 || noise > XJI_PAGE - 2 - header)
        return "a list outside its page";
    p->at.page = (uint32_t)page;
    p->at.header = (uint16_t)header;
    p->at.noise = (uint16_t)noise;
    if (t->has_codes) {
        uint64_t wide = varint(&p->r);
        if (wide > 2 * t->cf)
            return "a list with an impossible number of wide codes";
        t->adjacency_at = p->at.adjacency;
        t->code_bytes = t->cf + wide;
        if (t->code_bytes > p->n_codes - p->at.adjacency)
            return "a list of adjacency codes outside their pages";
        p->at.adjacency += t->code_bytes;
    }
    return NULL;
}

static const char *read_term(parser *p, xj_term *t)
{
    uint64_t v = varint(&p->r), df = v >> 2;
    if (df == 0 || df > p->d->n_docs)
        return "a term with an impossible number of passages";
    t->df = (uint32_t)df;
    t->in_context = p->d->in_context;
    switch (v & 3) {
    case 2: {
        uint64_t passage = varint(&p->r);
        if (df != 1 || passage >= p->d->n_docs)
            return "a term whose only passage is not there";
        t->is_inline = true;
        t->passage = (uint32_t)passage;
        t->cf = 1;
        t->max_impact = 255;
        if (t->has_codes) {
            xji_codes_rd codes = {p->r.p, p->r.end, 0, 0, true, p->r.bad};
            t->code = xji_codes_next(&codes);
            p->r.p = codes.p;
            p->r.bad = codes.bad;
        }
        return NULL;
    }
    case 1:
        p->at.page++;
        p->at.header = p->at.noise = 0;
        break;
    case 0:
        break;
    default:
        return "a term of an unknown form";
    }
    if (p->at.page >= p->n_postings_pages)
        return "a list outside its pages";
    return read_list(p, t);
}

/* The entries of a page, to its end. NULL, or what is wrong with them. */
static const char *read_entries(parser *p, xj_error *err, xj_status *st)
{
    while (xj_rd_left(&p->r) > 0) {
        xj_term *t = &p->page->term[p->page->n];
        *t = (xj_term){0};
        const char *wrong = p->d->keys ? read_string(p, err, st) : read_pair(p);
        if (!wrong && *st == XJ_OK)
            wrong = read_term(p, t);
        if (wrong || *st != XJ_OK)
            return wrong;
        if (p->r.bad)
            return "a page of terms that is cut short";
        if (p->page->after)
            p->page->after[p->page->n] = p->at;
        p->page->n++;
    }
    return NULL;
}

/* What stands at the page's borders agrees with the index; NULL, or what is wrong. */
static xj_status check_borders(xj_segment *seg, int dictionary, uint32_t number, const parser *p, uint32_t ordinal,
                               const char **wrong, xj_error *err)
{
    const xji_dictionary *d = p->d;
    const xji_dict_page *page = p->page;
    const uint8_t *key = NULL, *next_key = NULL;
    size_t n = 0, next_n = 0;
    xji_index_entry next;
    xj_status st = XJ_OK;
    bool last = number + 1 == d->n_pages;
    if (d->keys)
        st = index_key(seg, dictionary, number, &key, &n, err);
    if (st == XJ_OK && d->keys && (page->key[0] != n || memcmp(key, p->bytes.data, n) != 0))
        *wrong = "a page of terms that begins with another one";
    if (st == XJ_OK && last && (uint64_t)ordinal + page->n != d->n_terms)
        *wrong = "a dictionary of another number of terms";
    if (st != XJ_OK || last || *wrong)
        return st;
    st = xji_index_get(seg, dictionary, number + 1, &next, err);
    if (st == XJ_OK && d->keys)
        st = index_key(seg, dictionary, number + 1, &next_key, &next_n, err);
    if (st != XJ_OK)
        return st;
    uint32_t from = page->n > 1 ? page->key[page->n - 2] : 0;
    if (d->keys ? xji_compare_keys(p->bytes.data + from, p->bytes.n - from, next_key, next_n) >= 0
                : page->key[page->n - 1] >= next.key)
        *wrong = "pages of terms out of order";
    else if (next.ordinal != ordinal + (uint64_t)page->n || !xji_place_follows(&p->at, &next.at))
        *wrong = "a page of terms that does not fit the next one";
    return XJ_OK;
}

/* Give back what the bound on the entries took too much; growing smaller does not fail in a way that matters. */
static void *trim(void *p, size_t size)
{
    void *q = realloc(p, size);
    return q ? q : p;
}

xj_status xji_dict_parse(xj_segment *seg, int dictionary, uint32_t page, bool with_after, xji_dict_page **out, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint8_t raw[XJI_PAGE];
    size_t n = 0;
    xji_index_entry e;
    xji_frame f;
    *out = NULL;
    xj_status st = xji_index_get(seg, dictionary, page, &e, err);
    if (st == XJ_OK)
        st = xji_frame_get(seg, XJI_SEC_DICTIONARY, (uint64_t)d->first_page + page, &f, err);
    if (st == XJ_OK)
        st = xji_page_read(seg, XJI_SEC_DICTIONARY, (uint64_t)d->first_page + page, raw, &n, err);
    if (st != XJ_OK)
        return st;
    size_t most = n / ENTRY_MIN + 1;
    xji_dict_page *p = calloc(1, sizeof *p);
    parser r = {.seg = seg,
                .d = d,
                .r = xj_rd_of(raw, n),
                .at = e.at,
                .page = p,
                .bytes = XJ_BUF_INIT,
                .n_postings_pages = seg->sec[XJI_SEC_POSTINGS].n_parts,
                .n_codes = seg->sec[XJI_SEC_ADJACENCY].n_parts * XJI_PAGE,
                .n_blocks = seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY};
    if (p) {
        /* Most of what the bound asks for is never touched; zeroing it would do so. */
        p->key = malloc(most * sizeof *p->key);
        p->term = malloc(most * sizeof *p->term);
        p->after = with_after ? calloc(most, sizeof *p->after) : NULL;
    }
    if (!p || !p->key || !p->term || (with_after && !p->after)) {
        xji_dict_page_free(p);
        return xji_no_memory(seg, err);
    }
    const char *wrong = NULL;
    p->key[0] = e.key;
    if (e.at.page > r.n_postings_pages || e.at.header > XJI_PAGE - 2 || e.at.noise > XJI_PAGE - 2 - e.at.header ||
        e.at.adjacency > r.n_codes || e.at.block > r.n_blocks)
        wrong = "cursors that are out of range";
    if (!wrong)
        wrong = read_entries(&r, err, &st);
    if (!wrong && st == XJ_OK)
        st = check_borders(seg, dictionary, page, &r, e.ordinal, &wrong, err);
    p->bytes = r.bytes.data;
    p->end = r.at;
    if (wrong)
        st = xji_frame_corrupt(seg, XJI_SEC_DICTIONARY, &f, err, wrong);
    if (st != XJ_OK) {
        xji_dict_page_free(p);
        return st;
    }
    p->key = trim(p->key, p->n * sizeof *p->key);
    p->term = trim(p->term, p->n * sizeof *p->term);
    *out = p;
    return XJ_OK;
}

void xji_dict_page_free(xji_dict_page *p)
{
    if (!p)
        return;
    free(p->key);
    free(p->bytes);
    free(p->term);
    free(p->after);
    free(p);
}

/* A parsed page, kept from the first touch on. */
static xj_status get_page(xj_segment *seg, int dictionary, uint32_t page, const xji_dict_page **out, xj_error *err)
{
    _Atomic(xji_dict_page *) *slot = &seg->page[seg->dictionary[dictionary].first_page + page];
    xji_dict_page *p = atomic_load_explicit(slot, memory_order_acquire), *seen = NULL;
    *out = NULL;
    if (!p) {
        xj_status st = xji_dict_parse(seg, dictionary, page, false, &p, err);
        if (st != XJ_OK)
            return st;
        if (!atomic_compare_exchange_strong_explicit(slot, &seen, p, memory_order_acq_rel, memory_order_acquire)) {
            xji_dict_page_free(p); /* another thread was faster */
            p = seen;
        } else {
            xji_hold(seg, p->n * (sizeof *p->key + sizeof *p->term));
            p->next = atomic_load_explicit(&seg->kept_pages, memory_order_relaxed);
            while (!atomic_compare_exchange_weak(&seg->kept_pages, &p->next, p)) {
            }
        }
    }
    *out = p;
    return XJ_OK;
}

/* ---- searching ---- */

/*
 * The first term not below a key: page and entry in it, n_pages at the end. *exact: it is the key itself. The page found in
 * the index may end before the key; then the first term of the next page is the answer.
 */
typedef struct place {
    const xji_dict_page *p; /* NULL at the end */
    uint32_t page, entry;
    bool exact;
} place;

static xj_status seek_pair(xj_segment *seg, int dictionary, uint32_t key, place *out, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint64_t page;
    *out = (place){NULL, 0, 0, false};
    if (d->n_pages == 0)
        return XJ_OK;
    xj_status st = xji_last_not_above(seg, d->index, XJI_INDEX_ENTRY, d->n_pages, key, &page, err);
    if (st == XJ_OK)
        st = get_page(seg, dictionary, page < d->n_pages ? (uint32_t)page : 0, &out->p, err);
    if (st != XJ_OK || page == d->n_pages)
        return st;
    uint32_t lo = 0, hi = out->p->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (out->p->key[mid] < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    out->page = (uint32_t)page;
    out->entry = lo;
    out->exact = lo < out->p->n && out->p->key[lo] == key;
    return XJ_OK;
}

static xj_status seek_string(xj_segment *seg, int dictionary, const uint8_t *key, size_t n, place *out, xj_error *err)
{
    const xji_dictionary *d = &seg->dictionary[dictionary];
    uint32_t page;
    *out = (place){NULL, 0, 0, false};
    if (d->n_pages == 0)
        return XJ_OK;
    xj_status st = string_page(seg, dictionary, key, n, &page, err);
    if (st == XJ_OK)
        st = get_page(seg, dictionary, page < d->n_pages ? page : 0, &out->p, err);
    if (st != XJ_OK || page == d->n_pages)
        return st;
    uint32_t lo = 0, hi = out->p->n;
    int order = 1; /* of entry hi and the key */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        size_t n_k;
        const uint8_t *k = xji_dict_key(out->p, mid, &n_k);
        int c = xji_compare_keys(k, n_k, key, n);
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
            order = c;
        }
    }
    out->page = page;
    out->entry = lo;
    out->exact = order == 0;
    return XJ_OK;
}

static void set_term(const place *at, xj_term *term)
{
    if (at->exact)
        *term = at->p->term[at->entry];
}

/* The key of a pair of which one character is beyond the BMP, or of a single beyond it: a string. */
static size_t far_key(uint32_t first, uint32_t second, uint8_t *key)
{
    size_t n = 0;
    key[n++] = second ? XJ_KEY_PAIR : XJ_KEY_CHAR;
    n += xj_utf8_encode(key + n, first);
    if (second) {
        key[n++] = XJ_KEY_JOINT;
        n += xj_utf8_encode(key + n, second);
    }
    return n;
}

xj_status xj_segment_pair(xj_segment *seg, xj_field field, uint32_t first, uint32_t second, xj_term *term, xj_error *err)
{
    place at;
    memset(term, 0, sizeof *term);
    if (first > 0xFFFF || second > 0xFFFF) {
        uint8_t key[16];
        size_t n = far_key(first, second, key);
        return xj_segment_word(seg, field, key, n, term, err);
    }
    if (second >= XJI_KEY_SINGLE) /* not characters; they have a meaning of their own here */
        return XJ_OK;
    xj_status st = seek_pair(seg, field == XJ_BODY ? XJI_DICT_PAIRS : XJI_DICT_CONTEXT_PAIRS,
                             xji_pair_key(first, second ? second : XJI_KEY_SINGLE), &at, err);
    if (st == XJ_OK)
        set_term(&at, term);
    return st;
}

xj_status xj_segment_character(xj_segment *seg, uint32_t character, xj_term *term, xj_error *err)
{
    place at;
    memset(term, 0, sizeof *term);
    if (character > 0xFFFF)
        return XJ_OK;
    xj_status st = seek_pair(seg, XJI_DICT_PAIRS, xji_pair_key(character, XJI_KEY_CHARS), &at, err);
    if (st == XJ_OK)
        set_term(&at, term);
    return st;
}

xj_status xj_segment_word(xj_segment *seg, xj_field field, const uint8_t *key, size_t len, xj_term *term, xj_error *err)
{
    place at;
    memset(term, 0, sizeof *term);
    xj_status st = seek_string(seg, field == XJ_BODY ? XJI_DICT_STRINGS : XJI_DICT_CONTEXT_STRINGS, key, len, &at, err);
    if (st == XJ_OK)
        set_term(&at, term);
    return st;
}

/* ---- cursors ---- */

/* Stand at entry c->entry of page c->page, or on the next page's first when the page has no such entry. */
static xj_status stand(xj_term_cursor *c, const xji_dict_page *p, xj_error *err)
{
    const xji_dictionary *d = &c->seg->dictionary[c->dictionary];
    if (!p || c->entry >= p->n) {
        c->done = p == NULL || ++c->page >= d->n_pages;
        c->entry = 0;
        if (c->done)
            return XJ_OK;
        xj_status st = get_page(c->seg, c->dictionary, c->page, &p, err);
        if (st != XJ_OK) {
            c->done = true;
            return st;
        }
    }
    c->term = p->term[c->entry];
    if (d->keys) {
        c->key = xji_dict_key(p, c->entry, &c->n);
    } else {
        uint32_t second = p->key[c->entry] & 0xFFFF;
        c->first = p->key[c->entry] >> 16;
        c->second = second == XJI_KEY_SINGLE ? 0 : second;
    }
    return XJ_OK;
}

static xj_status begin(xj_term_cursor *c, xj_segment *seg, int dictionary, const place *at, xj_status st, xj_error *err)
{
    memset(c, 0, sizeof *c);
    c->seg = seg;
    c->dictionary = dictionary;
    c->done = true;
    if (st != XJ_OK)
        return st;
    c->page = at->page;
    c->entry = at->entry;
    c->done = false;
    return stand(c, at->p, err);
}

xj_status xj_term_cursor_pair(xj_term_cursor *c, xj_segment *seg, xj_field field, uint32_t first, xj_error *err)
{
    int dictionary = field == XJ_BODY ? XJI_DICT_PAIRS : XJI_DICT_CONTEXT_PAIRS;
    place at = {NULL, 0, 0, false};
    /* No pair term begins beyond the BMP. */
    xj_status st = first > 0xFFFF ? XJ_OK : seek_pair(seg, dictionary, xji_pair_key(first, 0), &at, err);
    return begin(c, seg, dictionary, &at, st, err);
}

xj_status xj_term_cursor_word(xj_term_cursor *c, xj_segment *seg, xj_field field, const uint8_t *key, size_t n, xj_error *err)
{
    int dictionary = field == XJ_BODY ? XJI_DICT_STRINGS : XJI_DICT_CONTEXT_STRINGS;
    place at;
    xj_status st = seek_string(seg, dictionary, key, n, &at, err);
    return begin(c, seg, dictionary, &at, st, err);
}

xj_status xj_term_cursor_next(xj_term_cursor *c, xj_error *err)
{
    const xji_dict_page *p;
    if (c->done)
        return XJ_OK;
    xj_status st = get_page(c->seg, c->dictionary, c->page, &p, err);
    if (st != XJ_OK) {
        c->done = true;
        return st;
    }
    c->entry++;
    return stand(c, p, err);
}
