/*
 * Do the dictionaries and the lists make sense? Dictionaries are walked page by page in the order of the file, and each list
 * is decoded. Cursors must lead from list to list without gaps, so that every byte of a page belongs to one. The lists of a
 * character's pairs are added up in an array over all passages and compared with its character list; those of all terms that
 * stand for units (docs/FORMAT.md, section 6) in another one, which is compared with the texts later.
 */
#include <stdlib.h>

#include "check_priv.h"
#include "impact_priv.h"
#include "xj/fold.h"
#include "xj/length.h"
#include "xj/utf8.h"

typedef struct terms {
    xji_checker *c;
    bool synced;       /* `at` is known: nothing before was damaged */
    xji_list_place at;    /* where the next list begins */
    uint64_t n_postings, n_occurrences, n_context_postings;
    double norm[256];  /* of impacts, by length code */
    /* the character in hand: occurrences by passage, and the passages that have some */
    uint64_t *count;
    uint32_t *touched;
    uint32_t n_touched;
    bool any;
    uint32_t character;
    xj_term list;      /* its character list; df 0: it has none */
    uint64_t damages;  /* before it */
} terms;

static xj_status corrupt(terms *t, int dictionary, uint32_t page, xj_error *e, const char *what)
{
    xj_segment *seg = t->c->seg;
    xji_frame f;
    if (xji_frame_get(seg, XJI_SEC_DICTIONARY, (uint64_t)seg->dictionary[dictionary].first_page + page, &f, NULL) == XJ_OK)
        return xji_frame_corrupt(seg, XJI_SEC_DICTIONARY, &f, e, what);
    return xji_corrupt(seg, seg->sec[XJI_SEC_DICTIONARY].offset, e, what);
}

/* ---- places ---- */

/* The page that `at` leaves is full: nothing in its regions is left over. */
static xj_status check_full_page(terms *t, const xji_list_place *at, xj_error *e)
{
    xj_segment *seg = t->c->seg;
    const uint8_t *p;
    size_t n;
    xji_frame f;
    xj_status st = xji_page(seg, XJI_SEC_POSTINGS, at->page, &p, &n, e);
    if (st != XJ_OK || (xj_get_u16(p) == at->header && n - 2 - xj_get_u16(p) == at->noise))
        return st;
    st = xji_frame_get(seg, XJI_SEC_POSTINGS, at->page, &f, e);
    if (st == XJ_OK)
        st = xji_frame_corrupt(seg, XJI_SEC_POSTINGS, &f, e, "a page of postings with bytes that belong to no list");
    return st;
}

/* The same for the codes. */
static xj_status check_full_codes(terms *t, uint64_t at, xj_error *e)
{
    xj_segment *seg = t->c->seg;
    const uint8_t *p;
    size_t n;
    xji_frame f;
    if (at % XJI_PAGE == 0)
        return XJ_OK;
    xj_status st = xji_page(seg, XJI_SEC_ADJACENCY, at / XJI_PAGE, &p, &n, e);
    if (st != XJ_OK || n == at % XJI_PAGE)
        return st;
    st = xji_frame_get(seg, XJI_SEC_ADJACENCY, at / XJI_PAGE, &f, e);
    return st == XJ_OK ? xji_frame_corrupt(seg, XJI_SEC_ADJACENCY, &f, e, "a page of codes that belong to no list") : st;
}

static bool is_written(const xji_list_place *at)
{
    return at->header != 0 || at->noise != 0;
}

static uint64_t next_code_page(const xji_list_place *at)
{
    return at->adjacency / XJI_PAGE + (at->adjacency % XJI_PAGE != 0);
}

/* A page of the dictionary begins with these cursors: those after the list before, or those of a new part next to it. */
static xj_status check_begin(terms *t, int dictionary, uint32_t page, const xji_list_place *next, xj_error *e)
{
    xji_list_place at = t->at;
    bool synced = t->synced;
    t->at = *next;
    t->synced = true;
    if (!synced || (next->page == at.page && next->header == at.header && next->noise == at.noise &&
                    next->adjacency == at.adjacency && next->block == at.block))
        return XJ_OK;
    if (!xji_place_follows(&at, next) || next->page != at.page + is_written(&at) ||
        next->adjacency != next_code_page(&at) * XJI_PAGE)
        return corrupt(t, dictionary, page, e, "a page of terms whose lists do not follow those before");
    xj_status st = is_written(&at) ? check_full_page(t, &at, e) : XJ_OK;
    return st == XJ_OK ? check_full_codes(t, at.adjacency, e) : st;
}

/* ---- lists ---- */

/* The codes of a posting make sense; *at goes behind them. */
static xj_status check_codes(terms *t, const xj_term *term, uint64_t *at, uint32_t tf, xj_error *e)
{
    enum { AT_ONCE = 1024 };
    xji_codes_rd r = {.first = true};
    uint64_t end = term->adjacency_at + term->code_bytes;
    for (uint32_t done = 0; done < tf;) {
        const uint8_t *stored;
        uint32_t n = tf - done < AT_ONCE ? tf - done : AT_ONCE;
        uint64_t bytes = end - *at < 3 * n ? end - *at : 3 * n;
        xj_status st = xji_codes(t->c->seg, *at, bytes, &stored, e);
        if (st != XJ_OK)
            return st;
        r.p = stored;
        r.end = stored + bytes;
        for (uint32_t i = 0; i < n; i++)
            (void)xji_codes_next(&r);
        if (r.bad)
            return xji_corrupt(t->c->seg, t->c->seg->sec[XJI_SEC_ADJACENCY].offset, e, "adjacency codes that make no sense");
        *at += (uint64_t)(r.p - stored);
        done += n;
    }
    return XJ_OK;
}

/* Occurrences that are units of a passage; while a character is in hand, its own. */
static void count_units(terms *t, uint32_t passage, uint32_t tf)
{
    uint32_t *units = &t->c->units[passage];
    *units = tf < UINT32_MAX - *units ? *units + tf : UINT32_MAX; /* no text is that long */
    if (!t->any)
        return;
    if (t->count[passage] == 0)
        t->touched[t->n_touched++] = passage;
    t->count[passage] += tf;
}

/* What is known of a list while its blocks are read. */
typedef struct list {
    const xj_term *term;
    bool counts;        /* its occurrences are units */
    xji_list_place at;     /* of the next block */
    uint64_t cf;        /* so far */
    uint64_t codes_at;  /* in the adjacency stream */
    int64_t previous;
    uint32_t max_impact;
} list;

/* Judge a decoded block posting by posting; its greatest impact. */
static xj_status check_block(terms *t, list *l, const uint32_t *docs, const uint32_t *tfs, uint32_t n, uint8_t *impact, xj_error *e)
{
    xj_segment *seg = t->c->seg;
    *impact = l->term->in_context ? 255 : 1;
    for (uint32_t i = 0; i < n; i++) {
        if (l->term->df > XJ_BLOCK && !l->term->in_context) {
            const uint8_t *code;
            xj_status st = xji_raw(seg, XJI_SEC_LENGTHS, docs[i], 1, &code, e);
            if (st != XJ_OK)
                return st;
            uint8_t mine = xji_impact(tfs[i], t->norm[*code]);
            *impact = mine > *impact ? mine : *impact;
        }
        if (l->term->has_codes) {
            xj_status st = check_codes(t, l->term, &l->codes_at, tfs[i], e);
            if (st != XJ_OK)
                return st;
        }
        if (l->counts)
            count_units(t, docs[i], tfs[i]);
        l->cf += tfs[i];
    }
    return XJ_OK;
}

/* Decode block number k of a list: it follows the one before, its entry in the directory and its own bytes agree. */
static xj_status read_block(terms *t, list *l, uint32_t k, xj_error *e)
{
    xj_segment *seg = t->c->seg;
    const xj_term *term = l->term;
    bool many = term->df > XJ_BLOCK;
    uint32_t docs[XJ_BLOCK], tfs[XJ_BLOCK], left = term->df - k * XJ_BLOCK;
    uint8_t tf[XJ_BLOCK];
    uint64_t entry_at = seg->sec[XJI_SEC_BLOCKS].offset + ((uint64_t)term->first_block + k) * XJI_BLOCK_ENTRY;
    xji_block_entry entry = {0, 0, term->header_at, term->noise_at, 0};
    xji_block_end end;
    uint8_t impact;
    xj_status st = many ? xji_block_get(seg, term, k, &entry, e) : XJ_OK;
    if (st != XJ_OK)
        return st;
    uint64_t page = (uint64_t)term->page + entry.page;
    if (page != l->at.page || entry.header != l->at.header || entry.noise != l->at.noise) {
        if (page != (uint64_t)l->at.page + 1 || entry.header != 0 || entry.noise != 0)
            return xji_corrupt(seg, entry_at, e, "a block at a wrong place");
        st = check_full_page(t, &l->at, e);
        if (st != XJ_OK)
            return st;
    }
    xji_block b = {.page = (uint32_t)page,
                   .header = entry.header,
                   .noise = entry.noise,
                   .n = left < XJ_BLOCK ? left : XJ_BLOCK,
                   .previous = l->previous,
                   .n_docs = (uint32_t)(term->in_context ? seg->stats.n_sections : seg->stats.n_passages),
                   .counts_codes = many && term->has_codes};
    st = xji_block_decode(seg, &b, docs, tf, tfs, &end, e);
    if (st != XJ_OK)
        return st;
    uint64_t before = l->codes_at - term->adjacency_at;
    l->at.page = (uint32_t)page;
    l->at.header = (uint16_t)end.header;
    l->at.noise = (uint16_t)end.noise;
    l->previous = docs[b.n - 1];
    st = check_block(t, l, docs, tfs, b.n, &impact, e);
    if (st != XJ_OK)
        return st;
    if (!end.padded)
        return xji_corrupt(seg, seg->sec[XJI_SEC_POSTINGS].offset, e, "padding of postings that is not zero");
    if (b.counts_codes && end.codes_before != before)
        return xji_corrupt(seg, entry_at, e, "a block with a wrong number of bytes of codes before it");
    if (many && (entry.last != docs[b.n - 1] || entry.max_impact != impact))
        return xji_corrupt(seg, entry_at, e, "a block directory that does not fit its postings");
    l->max_impact = impact > l->max_impact ? impact : l->max_impact;
    return XJ_OK;
}

/* The list of term number i of a page. */
static xj_status check_list(terms *t, int dictionary, uint32_t page, const xji_dict_page *p, uint32_t i, bool counts, xj_error *e)
{
    const xj_term *term = &p->term[i];
    const xji_list_place *after = &p->after[i];
    list l = {.term = term, .counts = counts, .at = t->at, .previous = -1, .codes_at = term->adjacency_at};
    if (term->is_inline) {
        if (counts)
            count_units(t, term->passage, 1);
        return XJ_OK;
    }
    xj_status st = XJ_OK;
    if (term->page != t->at.page) { /* the next one: the parser saw to it */
        st = check_full_page(t, &t->at, e);
        l.at.page = term->page;
        l.at.header = l.at.noise = 0;
    }
    for (uint32_t k = 0; k * (uint64_t)XJ_BLOCK < term->df && st == XJ_OK; k++)
        st = read_block(t, &l, k, e);
    t->at = *after;
    if (st != XJ_OK)
        return st;
    if (l.cf != term->cf || (term->has_codes && l.codes_at - term->adjacency_at != term->code_bytes) || (term->df > XJ_BLOCK && l.max_impact != term->max_impact))
        return corrupt(t, dictionary, page, e, "a term whose counts do not fit its list");
    if (l.at.page != after->page || l.at.header != after->header || l.at.noise != after->noise)
        return corrupt(t, dictionary, page, e, "a term whose list ends at another place");
    return XJ_OK;
}

/* ---- characters ---- */

static xj_status compare_list(terms *t, xj_error *e)
{
    xj_segment *seg = t->c->seg;
    bool rare = (uint64_t)t->n_touched * XJI_RARE < seg->stats.n_passages;
    xj_postings it;
    const char *wrong = NULL;
    if (rare != (t->list.df > 0))
        wrong = rare ? "a rare character without its list" : "a common character with a list";
    else if (rare && t->list.df != t->n_touched)
        wrong = "a character list that is not that of its pairs";
    xj_status st = wrong || !rare ? XJ_OK : xj_postings_open(&it, seg, &t->list, e);
    while (st == XJ_OK && !wrong && rare && it.doc != XJ_DOC_END) {
        if (t->count[it.doc] != it.tf)
            wrong = "a character list that is not that of its pairs";
        st = xj_postings_next(&it, e);
    }
    return wrong ? xji_corrupt(seg, seg->sec[XJI_SEC_DICTIONARY].offset, e, wrong) : st;
}

/* The character in hand is complete. */
static xj_status end_character(terms *t, xj_error *err)
{
    xj_error e = XJ_ERROR_INIT;
    if (!t->any)
        return XJ_OK;
    xj_status st = t->damages == t->c->n_damages ? compare_list(t, &e) : XJ_OK;
    for (uint32_t i = 0; i < t->n_touched; i++)
        t->count[t->touched[i]] = 0;
    t->n_touched = 0;
    t->any = false;
    return xji_check_judge(t->c, st, &e, err);
}

static xj_status begin_character(terms *t, uint32_t character, xj_error *err)
{
    if (t->any && t->character == character)
        return XJ_OK;
    xj_status st = end_character(t, err);
    t->any = true;
    t->character = character;
    t->list = (xj_term){0};
    t->damages = t->c->n_damages;
    return st;
}

/* ---- string keys ---- */

/* One unit of a key: a character or a word; *character = the character, 0 for a word. */
static bool read_unit(const uint8_t *s, size_t n, uint32_t *character)
{
    *character = 0;
    if (n == 0 || !xj_utf8_valid(s, n) || memchr(s, XJ_KEY_JOINT, n))
        return false;
    uint32_t cp;
    if (xj_utf8_decode(s, n, &cp, NULL) == n && xj_class_of(cp) == XJ_CLASS_CHAR)
        *character = cp;
    return true;
}

/* *counts: each occurrence is a unit, or the first of two that is counted by no other term. */
static bool key_makes_sense(const uint8_t *key, size_t n, bool *counts)
{
    uint32_t first, second;
    *counts = key[0] == XJ_KEY_WORD || key[0] == XJ_KEY_CHAR;
    const uint8_t *joint = memchr(key, XJ_KEY_JOINT, n);
    switch (key[0]) {
    case XJ_KEY_WORD:
    case XJ_KEY_STEM:
        return read_unit(key + 1, n - 1, &first);
    case XJ_KEY_CHAR:
        return read_unit(key + 1, n - 1, &first) && first > 0xFFFF;
    case XJ_KEY_PAIR:
        if (!joint || !read_unit(key + 1, (size_t)(joint - key) - 1, &first) ||
            !read_unit(joint + 1, n - (size_t)(joint - key) - 1, &second))
            return false;
        *counts = first && second;
        return !*counts || first > 0xFFFF || second > 0xFFFF; /* else it were a pair term */
    default:
        return false;
    }
}

/* ---- dictionaries ---- */

static xj_status check_page(terms *t, int dictionary, uint32_t page, xj_error *err)
{
    xj_segment *seg = t->c->seg;
    const xji_dictionary *d = &seg->dictionary[dictionary];
    xj_error e = XJ_ERROR_INIT;
    xji_index_entry entry;
    xji_dict_page *p = NULL;
    xj_status st = xji_index_get(seg, dictionary, page, &entry, &e);
    if (st == XJ_OK && page == 0 && (entry.ordinal != 0 || (d->keys && entry.key != 0)))
        st = corrupt(t, dictionary, page, &e, "a dictionary that does not begin at its beginning");
    if (st == XJ_OK)
        st = xji_dict_parse(seg, dictionary, page, true, &p, &e);
    if (st == XJ_OK)
        st = check_begin(t, dictionary, page, &entry.at, &e);
    st = xji_check_judge(t->c, st, &e, err);
    t->synced = t->synced && p;
    for (uint32_t i = 0; p && i < p->n && st == XJ_OK && !t->c->stop; i++) {
        bool counts = false;
        if (d->keys) {
            size_t n;
            const uint8_t *key = xji_dict_key(p, i, &n);
            if (!key_makes_sense(key, n, &counts))
                st = xji_check_judge(t->c, corrupt(t, dictionary, page, &e, "a string key that makes no sense"), &e, err);
            counts = counts && !d->in_context;
        } else if (dictionary == XJI_DICT_PAIRS) {
            st = begin_character(t, p->key[i] >> 16, err);
            counts = (p->key[i] & 0xFFFF) != XJI_KEY_CHARS;
            if (!counts)
                t->list = p->term[i];
        }
        if (st == XJ_OK)
            st = xji_check_judge(t->c, check_list(t, dictionary, page, p, i, counts, &e), &e, err);
        *(d->in_context ? &t->n_context_postings : &t->n_postings) += p->term[i].df;
        t->n_occurrences += d->in_context ? 0 : p->term[i].cf;
    }
    xji_dict_page_free(p);
    return st;
}

/* Lists and codes fill their pages to the end, and the counts add up. */
static xj_status check_end(terms *t, xj_error *err)
{
    xj_segment *seg = t->c->seg;
    const xj_segment_stats *s = &seg->stats;
    xj_error e = XJ_ERROR_INIT;
    xj_status st = is_written(&t->at) ? check_full_page(t, &t->at, &e) : XJ_OK;
    if (st == XJ_OK)
        st = check_full_codes(t, t->at.adjacency, &e);
    if (st == XJ_OK && (t->at.page + (uint64_t)is_written(&t->at) != seg->sec[XJI_SEC_POSTINGS].n_parts ||
                        next_code_page(&t->at) != seg->sec[XJI_SEC_ADJACENCY].n_parts))
        st = xji_corrupt(seg, seg->sec[XJI_SEC_POSTINGS].offset, &e, "pages that belong to no list");
    if (st == XJ_OK && (t->n_postings != s->n_postings || t->n_occurrences != s->n_occurrences ||
                        t->n_context_postings != s->n_context_postings ||
                        t->at.block != seg->sec[XJI_SEC_BLOCKS].length / XJI_BLOCK_ENTRY))
        st = xji_corrupt(seg, seg->sec[XJI_SEC_STATS].offset, &e, "statistics that do not fit the postings");
    return xji_check_judge(t->c, st, &e, err);
}

xj_status xji_check_terms(xji_checker *c, xj_error *err)
{
    xj_segment *seg = c->seg;
    terms t = {.c = c, .synced = true};
    t.count = calloc((size_t)seg->stats.n_passages + 1, sizeof *t.count);
    t.touched = calloc((size_t)seg->stats.n_passages + 1, sizeof *t.touched);
    c->units = calloc((size_t)seg->stats.n_passages + 1, sizeof *c->units);
    xj_status st = t.count && t.touched && c->units ? XJ_OK : xji_no_memory(seg, err);
    xji_impact_norms(t.norm, seg->stats.n_units, seg->stats.n_passages);
    for (int d = 0; d < XJI_DICTS && st == XJ_OK && !c->stop; d++) {
        for (uint32_t page = 0; page < seg->dictionary[d].n_pages && st == XJ_OK && !c->stop; page++)
            st = check_page(&t, d, page, err);
        if (d == XJI_DICT_PAIRS && st == XJ_OK && !c->stop)
            st = end_character(&t, err);
    }
    if (st == XJ_OK && !c->stop && c->n_damages == 0)
        st = check_end(&t, err);
    free(t.count);
    free(t.touched);
    return st;
}
