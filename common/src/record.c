#include "xj/record.h"

#include <stdlib.h>

#include "xj/utf8.h"

/* Tags of report fields; part of the format, append only. */
enum {
    TAG_ID = 1,
    TAG_PATH = 2,
    TAG_TITLE = 3,
    TAG_AGENCY = 4,
    TAG_DATE = 5,
    TAG_NUMBER = 6,
    TAG_ENCODING = 7,     /* one byte */
    TAG_EXTRA_STRING = 8, /* varint length of the name, name, value */
    TAG_EXTRA_NUMBER = 9
};

static xj_status damaged(xj_error *err, const char *what)
{
    return xj_fail(err, XJ_ECORRUPT, "%s", what);
}

xj_status xj_passage_put(xj_buf *out, xj_encoding enc, const uint32_t *cp, const uint32_t *beg, const uint8_t *len,
                         const uint8_t *mark, size_t n, xj_error *err)
{
    size_t bytes = xj_utf8_total(cp, n);
    xj_status st = xj_buf_varint(out, bytes, err);
    if (st == XJ_OK)
        st = xj_buf_reserve(out, bytes, err);
    if (st != XJ_OK)
        return st;
    out->n += xj_utf8_write(out->data + out->n, cp, n);
    return xj_srcmap_put(out, enc, cp, beg, len, mark, n, err);
}

xj_status xj_passage_put_ranges(xj_buf *out, const uint8_t *source, const xj_source_range *range, size_t n_ranges,
                                xj_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < n_ranges; i++)
        bytes += range[i].end - range[i].beg;
    xj_status st = xj_buf_reserve(out, XJ_VARINT_MAX + bytes, err);
    if (st != XJ_OK)
        return st;
    out->n += xj_varint_put(out->data + out->n, bytes);
    for (size_t i = 0; i < n_ranges; i++) {
        memcpy(out->data + out->n, source + range[i].beg, range[i].end - range[i].beg);
        out->n += range[i].end - range[i].beg;
    }
    return xj_srcmap_put_ranges(out, range, n_ranges, err);
}

static bool grow(void **p, size_t n, size_t size)
{
    void *q = realloc(*p, n * size);
    if (q)
        *p = q;
    return q != NULL;
}

static xj_status reserve(xj_passage_text *t, size_t n, xj_error *err)
{
    if (n <= t->cap)
        return XJ_OK;
    if (!grow((void **)&t->cp, n, sizeof *t->cp) || !grow((void **)&t->beg, n, sizeof *t->beg) ||
        !grow((void **)&t->end, n, sizeof *t->end) || !grow((void **)&t->mark, n, 1))
        return xj_fail(err, XJ_ENOMEM, "no memory for a passage of %zu characters", n);
    t->cap = n;
    return XJ_OK;
}

xj_status xj_passage_text_parse(xj_passage_text *t, const uint8_t *record, size_t n, xj_encoding enc, xj_error *err)
{
    xj_rd r = xj_rd_of(record, n);
    uint64_t bytes = xj_rd_varint(&r);
    const uint8_t *s = bytes <= n ? xj_rd_take(&r, (size_t)bytes) : NULL;
    t->n = 0;
    if (!s)
        return damaged(err, "a passage record that is cut short");
    xj_status st = reserve(t, (size_t)bytes + 1, err);
    if (st != XJ_OK)
        return st;
    size_t chars = 0;
    for (size_t i = 0; i < bytes; chars++) {
        bool bad;
        i += xj_utf8_decode(s + i, (size_t)bytes - i, &t->cp[chars], &bad);
        if (bad)
            return damaged(err, "a passage that is not UTF-8");
    }
    st = xj_srcmap_get(&r, enc, t->cp, chars, t->beg, t->end, t->mark, err);
    if (st == XJ_OK && xj_rd_left(&r) != 0)
        st = damaged(err, "a passage record with bytes left over");
    if (st == XJ_OK)
        t->n = chars;
    return st;
}

void xj_passage_text_release(xj_passage_text *t)
{
    free(t->cp);
    free(t->beg);
    free(t->end);
    free(t->mark);
    *t = (xj_passage_text)XJ_PASSAGE_TEXT_INIT;
}

static xj_status put_field(xj_buf *out, unsigned tag, xj_str v, xj_error *err)
{
    if (!v.s)
        return XJ_OK;
    xj_status st = xj_buf_varint(out, tag, err);
    if (st == XJ_OK)
        st = xj_buf_varint(out, v.n, err);
    if (st == XJ_OK)
        st = xj_buf_put(out, v.s, v.n, err);
    return st;
}

xj_status xj_report_meta_put(xj_buf *out, const xj_report_meta *meta, xj_error *err)
{
    char encoding = (char)meta->encoding;
    const xj_str fields[] = {meta->id, meta->path, meta->title, meta->agency, meta->date, meta->number,
                             {&encoding, 1}};
    xj_status st = XJ_OK;
    for (unsigned i = 0; i < sizeof fields / sizeof *fields && st == XJ_OK; i++)
        st = put_field(out, TAG_ID + i, fields[i], err);
    for (size_t i = 0; i < meta->n_extra && st == XJ_OK; i++) {
        const xj_extra *x = &meta->extra[i];
        uint8_t head[XJ_VARINT_MAX];
        size_t n_head = xj_varint_put(head, x->name.n);
        st = xj_buf_varint(out, x->is_number ? TAG_EXTRA_NUMBER : TAG_EXTRA_STRING, err);
        if (st == XJ_OK)
            st = xj_buf_varint(out, n_head + x->name.n + x->value.n, err);
        if (st == XJ_OK)
            st = xj_buf_put(out, head, n_head, err);
        if (st == XJ_OK)
            st = xj_buf_put(out, x->name.s, x->name.n, err);
        if (st == XJ_OK)
            st = xj_buf_put(out, x->value.s, x->value.n, err);
    }
    return st;
}

static xj_str take_str(xj_rd *r, uint64_t n)
{
    xj_str v = {NULL, 0};
    if (n > SIZE_MAX) {
        r->bad = true;
        return v;
    }
    v.s = (const char *)xj_rd_take(r, (size_t)n);
    v.n = v.s ? (size_t)n : 0;
    return v;
}

xj_status xj_report_meta_parse(xj_report_meta *meta, const uint8_t *record, size_t n, xj_error *err)
{
    xj_rd r = xj_rd_of(record, n);
    memset(meta, 0, sizeof *meta);
    xj_str *const fixed[] = {NULL,         &meta->id,   &meta->path,  &meta->title,
                             &meta->agency, &meta->date, &meta->number};
    while (xj_rd_left(&r) > 0 && !r.bad) {
        uint64_t tag = xj_rd_varint(&r);
        xj_str v = take_str(&r, xj_rd_varint(&r));
        if (r.bad)
            break;
        if (tag >= TAG_ID && tag <= TAG_NUMBER) {
            *fixed[tag] = v;
        } else if (tag == TAG_ENCODING && v.n == 1 && (uint8_t)v.s[0] < XJ_ENC_COUNT) {
            meta->encoding = (xj_encoding)v.s[0];
        } else if ((tag == TAG_EXTRA_STRING || tag == TAG_EXTRA_NUMBER) && meta->n_extra < XJ_EXTRA_MAX) {
            xj_rd x = xj_rd_of(v.s, v.n);
            xj_extra *e = &meta->extra[meta->n_extra++];
            e->name = take_str(&x, xj_rd_varint(&x));
            e->value = take_str(&x, xj_rd_left(&x));
            e->is_number = tag == TAG_EXTRA_NUMBER;
            r.bad = x.bad;
        } else {
            r.bad = true;
        }
    }
    if (r.bad || !meta->id.s)
        return damaged(err, "a report record that cannot be read");
    return XJ_OK;
}

xj_status xj_heading_path_put(xj_buf *out, const xj_heading_path *path, xj_error *err)
{
    xj_status st = XJ_OK;
    for (size_t i = 0; i < path->n && st == XJ_OK; i++) {
        st = xj_buf_varint(out, path->heading[i].n, err);
        if (st == XJ_OK)
            st = xj_buf_put(out, path->heading[i].s, path->heading[i].n, err);
    }
    return st;
}

xj_status xj_heading_path_parse(xj_heading_path *path, const uint8_t *record, size_t n, xj_error *err)
{
    xj_rd r = xj_rd_of(record, n);
    path->n = 0;
    while (xj_rd_left(&r) > 0 && !r.bad) {
        xj_str v = take_str(&r, xj_rd_varint(&r));
        if (path->n == XJ_HEADINGS_MAX)
            r.bad = true;
        else if (!r.bad)
            path->heading[path->n++] = v;
    }
    return r.bad ? damaged(err, "a heading path that cannot be read") : XJ_OK;
}
