#include "text.h"

#include <stdlib.h>
#include <string.h>

#include "xj/utf8.h"

xj_status xji_text_reserve(xji_text *t, size_t n, xj_error *err)
{
    if (n <= t->cap)
        return XJ_OK;
    size_t cap = t->cap ? t->cap : 1024;
    while (cap < n)
        cap += cap / 2;
    /* Each array is kept as soon as it has grown: a failure leaves a valid text of the old cap. */
    void *p = realloc(t->cp, cap * sizeof *t->cp);
    if (p)
        t->cp = p;
    void *q = p ? realloc(t->beg, cap * sizeof *t->beg) : NULL;
    if (q)
        t->beg = q;
    void *r = q ? realloc(t->len, cap) : NULL;
    if (r)
        t->len = r;
    void *s = r ? realloc(t->mark, cap) : NULL;
    if (s)
        t->mark = s;
    if (!s)
        return xj_fail(err, XJ_ENOMEM, "no memory for a text of %zu characters", n);
    t->cap = cap;
    return XJ_OK;
}

xj_status xji_text_push(xji_text *t, uint32_t cp, uint32_t beg, unsigned len, unsigned mark,
                        xj_error *err)
{
    if (t->n == t->cap) {
        xj_status st = xji_text_reserve(t, t->n + 1, err);
        if (st != XJ_OK)
            return st;
    }
    t->cp[t->n] = cp;
    t->beg[t->n] = beg;
    t->len[t->n] = (uint8_t)len;
    t->mark[t->n] = (uint8_t)mark;
    t->n++;
    t->as_source = false;
    return XJ_OK;
}

void xji_text_release(xji_text *t)
{
    free(t->cp);
    free(t->beg);
    free(t->len);
    free(t->mark);
    *t = (xji_text)XJI_TEXT_INIT;
}

const char *xji_change_key(xji_change_kind kind)
{
    static const char *const keys[XJI_CHANGE_COUNT] = {
#define XJI_CHANGE_ROW(name, key, text) [name] = key,
        XJI_CHANGE_LIST(XJI_CHANGE_ROW)
#undef XJI_CHANGE_ROW
    };
    return (int)kind >= 0 && kind < XJI_CHANGE_COUNT ? keys[kind] : "?";
}

const char *xji_change_text(xji_change_kind kind)
{
    static const char *const texts[XJI_CHANGE_COUNT] = {
#define XJI_CHANGE_ROW(name, key, text) [name] = text,
        XJI_CHANGE_LIST(XJI_CHANGE_ROW)
#undef XJI_CHANGE_ROW
    };
    return (int)kind >= 0 && kind < XJI_CHANGE_COUNT ? texts[kind] : "?";
}

static void excerpt(char out[64], const uint32_t *cp, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t bytes[4];
        size_t len = xj_utf8_encode(bytes, cp[i]);
        if (used + len >= 64)
            break;
        memcpy(out + used, bytes, len);
        used += len;
    }
    out[used] = '\0';
}

void xji_log_add(xji_log *log, xji_change_kind kind, uint32_t beg, uint32_t end,
                 const uint32_t *before, size_t n_before, const uint32_t *after, size_t n_after)
{
    if (!log)
        return;
    log->count[kind]++;
    if (log->n >= log->keep_max)
        return;
    if (log->n == log->cap) {
        size_t cap = log->cap ? log->cap * 2 : 64;
        xji_change *p = realloc(log->change, cap * sizeof *p);
        if (!p)
            return;
        log->change = p;
        log->cap = cap;
    }
    xji_change *c = &log->change[log->n++];
    c->kind = kind;
    c->beg = beg;
    c->end = end;
    excerpt(c->before, before, n_before);
    excerpt(c->after, after, n_after);
}

void xji_log_release(xji_log *log)
{
    free(log->change);
    *log = (xji_log)XJI_LOG_INIT;
}
