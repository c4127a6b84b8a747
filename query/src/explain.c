#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "xj/search.h"
#include "xj/utf8.h"

/* Copy UTF-8, cut at a code point. */
static void name_text(char *out, size_t cap, const char *prefix, const char *s, size_t n)
{
    size_t used = strlen(prefix);
    memcpy(out, prefix, used);
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        size_t k = xj_utf8_decode((const uint8_t *)s + i, n - i, &cp, NULL);
        if (used + k + 1 > cap)
            break;
        memcpy(out + used, s + i, k);
        used += k;
        i += k;
    }
    out[used] = '\0';
}

static void name_token(const xj_query *q, const xji_token *t, char *out, size_t cap)
{
    if (t->kind == XJI_TOKEN_STRING) {
        const char *key = (const char *)q->keys.data + t->key_at;
        name_text(out, cap, key[0] == XJ_KEY_STEM ? "stem " : "", key + 1, t->key_n - 1);
        return;
    }
    char text[8];
    size_t n = xj_utf8_encode((uint8_t *)text, t->first);
    if (t->kind == XJI_TOKEN_PAIR)
        n += xj_utf8_encode((uint8_t *)text + n, t->second);
    name_text(out, cap, "", text, n);
}

typedef struct rows {
    xj_explain_row *row;
    size_t cap, n;
} rows;

static void put(rows *r, const xj_explain_row *row)
{
    if (r->n < r->cap)
        r->row[r->n] = *row;
    r->n++;
}

static xj_status explain_tokens(const xji_plan *p, const xj_hit *hit, rows *out, xj_error *err)
{
    xji_arm *a = malloc(sizeof *a);
    uint8_t code;
    xj_status st = a ? XJ_OK : xj_fail(err, XJ_ENOMEM, "no memory to explain a score");
    if (st == XJ_OK)
        st = xj_segment_length_codes(xj_index_segment(p->ix, hit->segment), &hit->passage, 1, &code, err);
    for (size_t t = 0; t < p->q->n_tokens && st == XJ_OK; t++) {
        uint32_t tf;
        xji_plan_arm(p, hit->segment, t, a);
        st = xji_arm_tfs(a, &hit->passage, 1, &tf, err);
        if (st != XJ_OK || tf == 0)
            continue;
        xj_explain_row row = {.df = p->df[t], .tf = tf, .length = xj_length_decode(code), .average = p->average, .idf = p->idf[t],
                              .weight = p->q->token[t].weight, .contribution = xji_plan_part(p, t, tf, code)};
        name_token(p->q, &p->q->token[t], row.term, sizeof row.term);
        put(out, &row);
    }
    free(a);
    return st;
}

static xj_status explain_phrases(const xji_plan *p, const xj_hit *hit, xji_verifier *v, rows *out, xj_error *err)
{
    for (size_t i = 0; i < p->q->n_phrases; i++) {
        const xji_phrase *ph = &p->q->phrase[i];
        uint32_t count;
        if (p->bonus[i] == 0.0)
            continue;
        xj_status st = xji_verify(v, p->q, ph, xj_index_segment(p->ix, hit->segment), hit->passage, &count, err);
        if (st != XJ_OK)
            return st;
        xj_explain_row row = {.is_phrase = true, .idf = p->bonus[i], .weight = 1.0, .contribution = p->bonus[i]};
        name_text(row.term, sizeof row.term, "phrase ", ph->label, strlen(ph->label));
        if (count > 0)
            put(out, &row);
    }
    return XJ_OK;
}

xj_status xj_explain(xj_index *ix, const xj_query *q, const xj_hit *hit, xj_explain_row *row, size_t cap, size_t *n,
                     xj_error *err)
{
    xji_plan p;
    xji_clock clock = {0, 0, false};
    xji_verifier v;
    rows out = {row, cap, 0};
    xji_parts *parts = calloc(1, sizeof *parts);
    xji_scratch scratch = {NULL, NULL};
    *n = 0;
    if (!parts)
        return xj_fail(err, XJ_ENOMEM, "no memory to explain a score");
    xji_verifier_init(&v);
    xj_status st = xji_plan_make(&p, ix, q, parts, &scratch, &clock, err);
    if (st == XJ_OK) {
        st = explain_tokens(&p, hit, &out, err);
        if (st == XJ_OK)
            st = explain_phrases(&p, hit, &v, &out, err);
        xji_plan_release(&p);
    }
    if (st == XJ_OK)
        *n = out.n;
    xji_verifier_release(&v);
    xji_scratch_release(&scratch);
    free(parts);
    return st;
}
