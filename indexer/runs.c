#include "runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OUT_BLOCK = 1 << 19, TAKE = 64 };

/* ---- merging ---- */

static int compare(const xji_term_source *a, const xji_term_source *b, bool strings)
{
    if (!strings)
        return (a->pair > b->pair) - (a->pair < b->pair);
    int c = memcmp(a->key, b->key, a->n_key < b->n_key ? a->n_key : b->n_key);
    return c ? c : (a->n_key > b->n_key) - (a->n_key < b->n_key);
}

typedef struct heap {
    xji_term_source **sources;
    size_t *index; /* into sources, smallest key first, the earlier source among equals */
    size_t n;
    bool strings;
} heap;

static bool before(const heap *h, size_t a, size_t b)
{
    int c = compare(h->sources[a], h->sources[b], h->strings);
    return c ? c < 0 : a < b;
}

static void sift_down(heap *h, size_t i)
{
    for (;;) {
        size_t k = 2 * i + 1;
        if (k >= h->n)
            return;
        if (k + 1 < h->n && before(h, h->index[k + 1], h->index[k]))
            k++;
        if (before(h, h->index[i], h->index[k]))
            return;
        size_t t = h->index[i];
        h->index[i] = h->index[k];
        h->index[k] = t;
        i = k;
    }
}

static xj_status merge_term(heap *h, xji_gather *g, xji_lists *l, xj_error *err)
{
    uint8_t key[XJ_KEY_MAX];
    const xji_term_source *top = h->sources[h->index[0]];
    uint32_t pair = top->pair;
    size_t n_key = top->n_key;
    if (h->strings)
        memcpy(key, top->key, n_key);
    g->n = g->n_codes = 0;
    xj_status st = XJ_OK;
    while (st == XJ_OK && h->n > 0) {
        xji_term_source *s = h->sources[h->index[0]];
        if (h->strings ? s->n_key != n_key || memcmp(s->key, key, n_key) != 0 : s->pair != pair)
            break;
        st = s->take(s, g, err);
        if (st == XJ_OK)
            st = s->next(s, err);
        if (st == XJ_OK && s->done)
            h->index[0] = h->index[--h->n];
        sift_down(h, 0);
    }
    if (st == XJ_OK && g->n > UINT32_MAX)
        st = xj_fail(err, XJ_ELIMIT, "a term occurs in too many passages");
    const xj_term_postings t = {g->docs, g->tfs, (uint32_t)g->n, g->codes};
    if (st != XJ_OK || g->n == 0)
        return st;
    return h->strings ? xji_lists_string(l, key, n_key, &t, err) : xji_lists_pair(l, pair, &t, err);
}

xj_status xji_merge(xji_term_source **sources, size_t n, bool strings, xji_lists *l, xj_error *err)
{
    heap h = {sources, malloc((n ? n : 1) * sizeof *h.index), 0, strings};
    xji_gather g = {0};
    xj_status st = h.index ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to merge %zu runs", n);
    for (size_t i = 0; i < n && st == XJ_OK; i++) {
        st = sources[i]->next(sources[i], err);
        if (st == XJ_OK && !sources[i]->done)
            h.index[h.n++] = i;
    }
    for (size_t i = h.n / 2; i-- > 0 && st == XJ_OK;)
        sift_down(&h, i);
    while (st == XJ_OK && h.n > 0)
        st = merge_term(&h, &g, l, err);
    xji_gather_release(&g);
    free(h.index);
    return st;
}

/* ---- writing a run ---- */

static xj_status flush(xji_run_writer *w, xj_error *err)
{
    size_t done = 0;
    while (done < w->out.n) {
        ssize_t n = pwrite(w->run->fd, w->out.data + done, w->out.n - done, (off_t)(w->run->begin + w->written));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return xj_fail(err, XJ_EIO, "cannot write a temporary file beside the index: %s", strerror(errno));
        done += (size_t)n;
        w->written += (uint64_t)n;
    }
    w->out.n = 0;
    return XJ_OK;
}

xj_status xji_run_begin(xji_run_writer *w, xji_run *run, int fd, uint64_t begin, xj_error *err)
{
    memset(w, 0, sizeof *w);
    memset(run->at, 0, sizeof run->at);
    run->fd = fd;
    run->begin = begin;
    run->length = 0;
    w->run = run;
    return xj_buf_reserve(&w->out, OUT_BLOCK + OUT_BLOCK / 8, err);
}

/* Places that nothing was written for begin and end where the next one begins. */
static void fill(xji_run_writer *w, uint32_t place)
{
    while (w->place < place)
        w->run->at[++w->place] = (uint32_t)w->run->length;
}

void xji_run_place(xji_run_writer *w, int dictionary, uint32_t bucket)
{
    fill(w, xji_run_place_of(dictionary, bucket));
    w->pair = bucket << (16 + XJI_BUCKET_BITS);
}

static xj_status put_postings(xji_run_writer *w, const uint8_t *head, size_t n_head, const xj_term_postings *t, bool has_codes,
                              xj_error *err)
{
    size_t before = w->out.n;
    uint64_t n_codes = 0;
    uint32_t next = 0;
    xj_status st = xj_buf_reserve(&w->out, n_head + ((size_t)t->n + 1) * 2 * XJ_VARINT_MAX, err);
    if (st != XJ_OK)
        return st;
    memcpy(w->out.data + w->out.n, head, n_head);
    uint8_t *p = w->out.data + w->out.n + n_head;
    p += xj_varint_put(p, (uint64_t)t->n << 1 | has_codes);
    for (uint32_t i = 0; i < t->n; i++) {
        p += xj_varint_put(p, (uint64_t)(t->docs[i] - next) << 1 | (t->tfs[i] > 1));
        if (t->tfs[i] > 1)
            p += xj_varint_put(p, t->tfs[i] - 2);
        next = t->docs[i] + 1;
        n_codes += t->tfs[i];
    }
    w->out.n = (size_t)(p - w->out.data);
    if (has_codes)
        st = xj_buf_put(&w->out, t->adjacency, (size_t)n_codes * sizeof *t->adjacency, err);
    w->run->length += w->out.n - before;
    if (st == XJ_OK && w->out.n >= OUT_BLOCK)
        st = flush(w, err);
    return st;
}

xj_status xji_run_pair(xji_run_writer *w, uint32_t key, const xj_term_postings *t, bool has_codes, xj_error *err)
{
    uint8_t head[XJ_VARINT_MAX];
    size_t n = xj_varint_put(head, key - w->pair);
    w->pair = key;
    return put_postings(w, head, n, t, has_codes, err);
}

xj_status xji_run_string(xji_run_writer *w, const uint8_t *key, size_t n, const xj_term_postings *t, bool has_codes, xj_error *err)
{
    uint8_t head[XJ_VARINT_MAX + XJ_KEY_MAX];
    size_t k = xj_varint_put(head, n);
    memcpy(head + k, key, n);
    return put_postings(w, head, k + n, t, has_codes, err);
}

xj_status xji_run_end(xji_run_writer *w, xj_error *err)
{
    fill(w, XJI_RUN_PLACES);
    xj_status st = w->run->length <= UINT32_MAX ? flush(w, err) : xj_fail(err, XJ_ELIMIT, "a batch is too large: use a smaller --memory");
    xj_buf_release(&w->out);
    return st;
}

/* ---- reading a run ---- */

/* At least n more bytes in buf, or all there are. */
static xj_status want(xji_run_reader *r, size_t n, xj_error *err)
{
    if (r->buf.n - r->p >= n || r->at == r->end)
        return XJ_OK;
    memmove(r->buf.data, r->buf.data + r->p, r->buf.n - r->p);
    r->buf.n -= r->p;
    r->p = 0;
    size_t more = n > r->room ? n : r->room;
    if (more > r->end - r->at)
        more = (size_t)(r->end - r->at);
    xj_status st = xj_buf_reserve(&r->buf, more, err);
    while (st == XJ_OK && more > 0) {
        ssize_t got = pread(r->run->fd, r->buf.data + r->buf.n, more, (off_t)r->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return xj_fail(err, XJ_EIO, "cannot read back a temporary file beside the index");
        r->buf.n += (size_t)got;
        r->at += (size_t)got;
        more -= (size_t)got;
    }
    return st;
}

static uint64_t varint(xji_run_reader *r)
{
    uint64_t v = 0;
    for (unsigned shift = 0; r->p < r->buf.n; shift += 7) {
        uint8_t b = r->buf.data[r->p++];
        v |= (uint64_t)(b & 127) << shift;
        if (b < 128)
            break;
    }
    return v;
}

static xj_status run_next(xji_term_source *s, xj_error *err)
{
    xji_run_reader *r = (xji_run_reader *)s;
    xj_status st = want(r, XJ_KEY_MAX + 2 * XJ_VARINT_MAX, err);
    if (st != XJ_OK)
        return st;
    if (r->p == r->buf.n) {
        s->done = true;
        return XJ_OK;
    }
    if (r->dictionary == XJ_PAIRS || r->dictionary == XJ_CONTEXT_PAIRS) {
        /* A bucket's keys count from its own first one. */
        uint64_t here = r->at - (r->buf.n - r->p) - r->run->begin;
        while (here >= r->run->at[xji_run_place_of(r->dictionary, r->bucket) + 1])
            r->pair = ++r->bucket << (16 + XJI_BUCKET_BITS);
        r->pair += (uint32_t)varint(r);
        s->pair = r->pair;
    } else {
        s->n_key = (size_t)varint(r);
        memcpy(r->key, r->buf.data + r->p, s->n_key);
        s->key = r->key;
        r->p += s->n_key;
    }
    r->n_postings = varint(r);
    return XJ_OK;
}

static xj_status run_take(xji_term_source *s, xji_gather *out, xj_error *err)
{
    xji_run_reader *r = (xji_run_reader *)s;
    bool has_codes = r->n_postings & 1;
    uint64_t left = r->n_postings >> 1, n_codes = 0;
    uint32_t next = r->base;
    xj_status st = xji_gather_reserve(out, (size_t)left, err);
    while (st == XJ_OK && left > 0) {
        st = want(r, TAKE * 2 * XJ_VARINT_MAX, err);
        for (unsigned i = 0; i < TAKE && left > 0 && st == XJ_OK; i++, left--) {
            uint64_t head = varint(r);
            uint32_t tf = head & 1 ? (uint32_t)varint(r) + 2 : 1;
            out->docs[out->n] = next + (uint32_t)(head >> 1);
            next = out->docs[out->n] + 1;
            out->tfs[out->n++] = tf;
            n_codes += tf;
        }
    }
    if (st == XJ_OK && has_codes)
        st = xji_gather_reserve_codes(out, (size_t)n_codes, err);
    while (st == XJ_OK && has_codes && n_codes > 0) {
        st = want(r, sizeof *out->codes, err);
        size_t n = (r->buf.n - r->p) / sizeof *out->codes;
        if (n > n_codes)
            n = (size_t)n_codes;
        if (st == XJ_OK && n == 0)
            return xj_fail(err, XJ_EIO, "cannot read back a temporary file beside the index");
        memcpy(out->codes + out->n_codes, r->buf.data + r->p, n * sizeof *out->codes);
        out->n_codes += n;
        r->p += n * sizeof *out->codes;
        n_codes -= n;
    }
    return st;
}

xj_status xji_run_reader_open(xji_run_reader *r, const xji_run *run, int dictionary, uint32_t from, uint32_t to, size_t room,
                              xj_error *err)
{
    memset(r, 0, sizeof *r);
    r->source.next = run_next;
    r->source.take = run_take;
    r->run = run;
    r->dictionary = dictionary;
    r->base = dictionary < XJ_CONTEXT_PAIRS ? run->passage : run->section;
    r->bucket = from;
    r->pair = from << (16 + XJI_BUCKET_BITS);
    r->at = run->begin + run->at[xji_run_place_of(dictionary, from)];
    r->end = run->begin + run->at[xji_run_place_of(dictionary, to)];
    r->room = room;
    uint64_t all = r->end - r->at, most = room + TAKE * 2 * XJ_VARINT_MAX;
    return xj_buf_reserve(&r->buf, all < most ? (size_t)all + 1 : (size_t)most, err);
}

void xji_run_reader_release(xji_run_reader *r)
{
    xj_buf_release(&r->buf);
}
