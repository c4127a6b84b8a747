#define ZDICT_STATIC_LINKING_ONLY /* one pass of the trainer with fixed parameters instead of a search for the best */
#include "text_priv.h"

#include <stdlib.h>
#include <zdict.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "xj/utf8.h"

enum {
    PLANE = 0x10000,
    SAMPLE = 4096,              /* bytes of one sample that the dictionary is trained on */
    SAMPLES_MAX = 128,          /* of them: 512 KiB spread over the group */
    DICTIONARY_MAX = 64 << 10, /* bytes */
    DICTIONARY_SHARE = 24,      /* a dictionary is this part of the coded text, so that it pays */
    DICTIONARY_MIN = 4096
};

/* How frames of text are compressed, by xj_text_level: level of Zstandard, raw bytes of a frame. Level 2 with a dictionary
 * takes two thirds of the time of level 3 for 1.02 of its size. */
static const struct {
    int level;
    size_t frame;
} text_level[] = {{1, XJI_TEXT_FRAME}, {2, XJI_TEXT_FRAME}, {15, 4 * XJI_TEXT_FRAME}};

/* A few reports are packed hard whatever is asked for: it takes no time, and there is little to compress them with. */
enum { FEW_BYTES = 512 << 10 };

static xj_text_level level_of(const xji_text_group *g)
{
    return g->text_bytes < FEW_BYTES ? XJ_TEXT_SMALL : g->level;
}

enum { TABLE_LEVEL = 6 };

typedef struct packer {
    xji_text_group *g;
    uint32_t *count;        /* by code point of the BMP */
    uint16_t *code;         /* stored code, its first byte low; XJI_RANK_ESCAPE: none */
    uint16_t ranked[XJI_RANKS];
    uint32_t n_ranks;
    xj_buf coded;           /* all records in stored form, each after its length */
    xj_buf coded_ends;      /* u64 each */
    uint8_t *dictionary;
    size_t n_dictionary;
    ZSTD_CCtx *cctx;
    ZSTD_CDict *cdict;
    uint32_t *cp, *beg; /* of the text in hand */
    uint8_t *len;
    size_t room;
    xj_error *err;
} packer;

static xj_status no_memory(packer *p)
{
    return xj_fail(p->err, XJ_ENOMEM, "no memory to pack a group of texts");
}

xj_status xji_text_group_add(xji_text_group *g, const void *record, size_t n, uint64_t text_bytes, xj_error *err)
{
    /* Room for the whole group, lest it be moved as it grows; memory is taken as far as it is used. */
    xj_status st = g->n_records ? XJ_OK : xj_buf_reserve(&g->records, XJI_TEXT_GROUP + XJI_TEXT_GROUP / 16, err);
    if (st == XJ_OK)
        st = xj_buf_put(&g->records, record, n, err);
    if (st == XJ_OK)
        st = xj_buf_u64(&g->ends, g->records.n, err);
    g->n_records++;
    g->text_bytes += text_bytes;
    return st;
}

/* A text record: its UTF-8 and what follows. */
typedef struct text_view {
    const uint8_t *s, *end; /* text */
    const uint8_t *rest, *rest_end;
} text_view;

static bool view_of(const xji_text_group *g, uint32_t i, text_view *v)
{
    uint64_t from = i ? xj_get_u64(g->ends.data + (size_t)(i - 1) * 8) : 0, to = xj_get_u64(g->ends.data + (size_t)i * 8);
    xj_rd r = xj_rd_of(g->records.data + from, (size_t)(to - from));
    uint64_t n = xj_rd_varint(&r);
    v->s = n <= to - from ? xj_rd_take(&r, (size_t)n) : NULL;
    if (!v->s)
        return false;
    v->end = v->rest = r.p;
    v->rest_end = r.end;
    return true;
}

/* The code points of a text, in p->cp. Texts are well-formed UTF-8: they were encoded by this library. */
static xj_status decode(packer *p, const text_view *v, size_t *n)
{
    size_t bytes = (size_t)(v->end - v->s), at = 0;
    if (bytes + XJ_UTF8_SLACK > p->room) {
        free(p->cp);
        free(p->beg);
        free(p->len);
        p->room = 2 * bytes + 1024;
        p->cp = malloc(p->room * sizeof *p->cp);
        p->beg = malloc(p->room * sizeof *p->beg);
        p->len = malloc(p->room);
        if (!p->cp || !p->beg || !p->len)
            return no_memory(p);
    }
    const xj_utf8_out out = {p->cp, p->beg, p->len, p->room};
    *n = bytes <= UINT32_MAX - 1 ? xj_utf8_decode_many(&out, v->s, bytes, &at) : 0;
    return at == bytes ? XJ_OK : xj_fail(p->err, XJ_EUSAGE, "a text that is not well-formed");
}

static void count_characters(uint32_t *restrict count, const uint32_t *restrict cp, size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (cp[k] < PLANE)
            count[cp[k]]++;
}

static int by_count(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x < y) - (x > y);
}

/* Ranks: the most frequent first, the smaller code point first among equals. */
static xj_status rank(packer *p)
{
    const xji_text_group *g = p->g;
    /* Of a large group every fourth text will do: what occurs in the others alone is rare and escaped. */
    uint32_t every = g->text_bytes < XJI_TEXT_GROUP / 4 ? 1 : 4;
    for (uint32_t i = 0; i < g->n_records; i += every) {
        text_view v;
        size_t n_cp;
        if (!view_of(g, i, &v))
            return xj_fail(p->err, XJ_EUSAGE, "a text record that cannot be read");
        xj_status st = decode(p, &v, &n_cp);
        if (st != XJ_OK)
            return st;
        count_characters(p->count, p->cp, n_cp);
    }
    uint64_t *order = malloc(PLANE * sizeof *order);
    if (!order)
        return no_memory(p);
    size_t n = 0;
    for (uint32_t cp = 0; cp < PLANE; cp++)
        if (p->count[cp])
            order[n++] = (uint64_t)p->count[cp] << 16 | (PLANE - 1 - cp);
    qsort(order, n, sizeof *order, by_count);
    for (uint32_t cp = 0; cp < PLANE; cp++)
        p->code[cp] = XJI_RANK_ESCAPE;
    p->n_ranks = n < XJI_RANKS ? (uint32_t)n : XJI_RANKS;
    for (uint32_t i = 0; i < p->n_ranks; i++) {
        p->ranked[i] = (uint16_t)(PLANE - 1 - (order[i] & (PLANE - 1)));
        p->code[p->ranked[i]] = i < XJI_RANK_ONE ? (uint16_t)i
                                                 : (uint16_t)((i - XJI_RANK_ONE) % 256 << 8 | (XJI_RANK_ONE + (i - XJI_RANK_ONE) / 256));
    }
    free(order);
    return XJ_OK;
}

/* Stored codes of n characters; returns where they end. */
static uint8_t *recode(uint8_t *restrict out, const uint16_t *restrict codes, const uint32_t *restrict cp, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint32_t code = cp[k] < PLANE ? codes[cp[k]] : XJI_RANK_ESCAPE, first = code & 255;
        /* Codes of one and of two bytes alternate at random: both are written, and the step, which is made without a
         * comparison lest that become a branch, tells. */
        out[0] = (uint8_t)code;
        out[1] = (uint8_t)(code >> 8);
        out += 1 + ((first + 256 - XJI_RANK_ONE) >> 8);
        if (first == XJI_RANK_ESCAPE) {
            out[-1] = (uint8_t)cp[k];
            *out++ = (uint8_t)(cp[k] >> 8);
            *out++ = (uint8_t)(cp[k] >> 16);
        }
    }
    return out;
}

static xj_status encode_record(packer *p, uint32_t i)
{
    text_view v;
    if (!view_of(p->g, i, &v))
        return xj_fail(p->err, XJ_EUSAGE, "a text record that cannot be read");
    size_t n_text = (size_t)(v.end - v.s), n_rest = (size_t)(v.rest_end - v.rest), n_cp;
    /* A character takes at most four bytes, and no more than four times its UTF-8; lengths go before. */
    xj_status st = xj_buf_reserve(&p->coded, n_text * 4 + n_rest + 2 * XJ_VARINT_MAX + 1, p->err);
    if (st == XJ_OK)
        st = decode(p, &v, &n_cp);
    if (st != XJ_OK)
        return st;
    uint8_t *codes = p->coded.data + p->coded.n + 2 * XJ_VARINT_MAX;
    size_t n_codes = (size_t)(recode(codes, p->code, p->cp, n_cp) - codes);
    uint8_t head[2 * XJ_VARINT_MAX], inner[XJ_VARINT_MAX];
    size_t n_inner = xj_varint_put(inner, n_codes);
    size_t n_head = xj_varint_put(head, n_inner + n_codes + n_rest);
    memcpy(head + n_head, inner, n_inner);
    n_head += n_inner;
    uint8_t *to = p->coded.data + p->coded.n;
    memcpy(to, head, n_head);
    memmove(to + n_head, codes, n_codes);
    memcpy(to + n_head + n_codes, v.rest, n_rest);
    p->coded.n += n_head + n_codes + n_rest;
    return xj_buf_u64(&p->coded_ends, p->coded.n, p->err);
}

/* A small group goes without a dictionary: it would cost more than it saves. So does one that cannot be trained; but not for
 * lack of memory, the bytes of a segment do not depend on that. */
static xj_status train(packer *p)
{
    size_t capacity = p->coded.n / DICTIONARY_SHARE;
    if (capacity > DICTIONARY_MAX)
        capacity = DICTIONARY_MAX;
    if (capacity < DICTIONARY_MIN)
        return XJ_OK;
    size_t n = p->coded.n / SAMPLE < SAMPLES_MAX ? p->coded.n / SAMPLE : SAMPLES_MAX, step = p->coded.n / n;
    uint8_t *samples = malloc(n * SAMPLE);
    size_t *sizes = malloc(n * sizeof *sizes);
    p->dictionary = malloc(capacity);
    xj_status st = samples && sizes && p->dictionary ? XJ_OK : no_memory(p);
    if (st == XJ_OK) {
        for (size_t i = 0; i < n; i++) {
            sizes[i] = SAMPLE;
            memcpy(samples + i * SAMPLE, p->coded.data + i * step, SAMPLE);
        }
        ZDICT_fastCover_params_t t = {.k = 256, .d = 8, .f = 18, .steps = 1, .accel = 5, .zParams = {.compressionLevel = 3}};
        size_t got = ZDICT_trainFromBuffer_fastCover(p->dictionary, capacity, samples, sizes, (unsigned)n, t);
        p->n_dictionary = ZDICT_isError(got) ? 0 : got;
        if (ZDICT_isError(got) && ZSTD_getErrorCode(got) == ZSTD_error_memory_allocation)
            st = no_memory(p);
    }
    free(samples);
    free(sizes);
    return st;
}

static xj_status compress(packer *p, xj_buf *out, const uint8_t *s, size_t n, int level)
{
    size_t bound = ZSTD_compressBound(n);
    xj_status st = n <= XJI_FRAME_RAW_MAX ? xj_buf_reserve(out, bound, p->err)
                                          : xj_fail(p->err, XJ_ELIMIT, "a passage is too large to be stored");
    if (st != XJ_OK)
        return st;
    size_t got = p->cdict && level == 0 ? ZSTD_compress_usingCDict(p->cctx, out->data + out->n, bound, s, n, p->cdict)
                                        : ZSTD_compressCCtx(p->cctx, out->data + out->n, bound, s, n,
                                                            level ? level : text_level[level_of(p->g)].level);
    if (ZSTD_isError(got))
        return xj_fail(p->err, XJ_ENOMEM, "cannot compress a frame: %s", ZSTD_getErrorName(got));
    out->n += got;
    return XJ_OK;
}

static xj_status put_table(packer *p)
{
    xj_buf raw = XJ_BUF_INIT;
    xj_status st = xj_buf_varint(&raw, p->n_ranks, p->err);
    for (uint32_t i = 0; i < p->n_ranks && st == XJ_OK; i++)
        st = xj_buf_varint(&raw, p->ranked[i], p->err);
    if (st == XJ_OK)
        st = xj_buf_varint(&raw, p->n_dictionary, p->err);
    if (st == XJ_OK)
        st = xj_buf_put(&raw, p->dictionary, p->n_dictionary, p->err);
    if (st == XJ_OK)
        st = compress(p, &p->g->table, raw.data, raw.n, TABLE_LEVEL);
    xj_buf_release(&raw);
    return st;
}

static xj_status put_frames(packer *p)
{
    xji_text_group *g = p->g;
    xj_status st = XJ_OK;
    uint64_t from = 0;
    for (uint32_t i = 0; i < g->n_records && st == XJ_OK;) {
        uint32_t first = i;
        uint64_t to = xj_get_u64(p->coded_ends.data + (size_t)i++ * 8);
        while (i < g->n_records && xj_get_u64(p->coded_ends.data + (size_t)i * 8) - from <= text_level[level_of(g)].frame)
            to = xj_get_u64(p->coded_ends.data + (size_t)i++ * 8);
        size_t before = g->frames.n;
        st = compress(p, &g->frames, p->coded.data + from, (size_t)(to - from), 0);
        if (st == XJ_OK && g->frames.n - before > UINT32_MAX)
            st = xj_fail(p->err, XJ_ELIMIT, "a passage is too large to be stored");
        if (st == XJ_OK)
            st = xj_buf_u32(&g->sizes, (uint32_t)(g->frames.n - before), p->err);
        if (st == XJ_OK)
            st = xj_buf_u32(&g->firsts, g->first_record + first, p->err);
        from = to;
    }
    return st;
}

static xj_status pack(packer *p)
{
    p->count = calloc(PLANE, sizeof *p->count);
    p->code = malloc(PLANE * sizeof *p->code);
    p->cctx = ZSTD_createCCtx();
    xj_status st = p->count && p->code && p->cctx ? rank(p) : no_memory(p);
    if (st == XJ_OK) /* about what they take: three bytes of UTF-8 become less than two */
        st = xj_buf_reserve(&p->coded, p->g->records.n / 3 * 2, p->err);
    for (uint32_t i = 0; i < p->g->n_records && st == XJ_OK; i++)
        st = encode_record(p, i);
    xj_buf_release(&p->g->records);
    if (st == XJ_OK)
        st = train(p);
    if (st == XJ_OK && p->n_dictionary > 0 &&
        !(p->cdict = ZSTD_createCDict(p->dictionary, p->n_dictionary, text_level[level_of(p->g)].level)))
        st = no_memory(p);
    if (st == XJ_OK)
        st = put_table(p);
    if (st == XJ_OK)
        st = put_frames(p);
    return st;
}

void xji_text_group_pack(xji_text_group *g)
{
    g->error = (xj_error)XJ_ERROR_INIT;
    packer *p = calloc(1, sizeof *p);
    if (!p) {
        g->status = xj_fail(&g->error, XJ_ENOMEM, "no memory to pack a group of texts");
        return;
    }
    p->g = g;
    p->err = &g->error;
    g->status = pack(p);
    free(p->count);
    free(p->code);
    free(p->cp);
    free(p->beg);
    free(p->len);
    free(p->dictionary);
    xj_buf_release(&p->coded);
    xj_buf_release(&p->coded_ends);
    ZSTD_freeCCtx(p->cctx);
    ZSTD_freeCDict(p->cdict);
    free(p);
}

void xji_text_group_release(xji_text_group *g)
{
    xj_buf *const all[] = {&g->records, &g->ends, &g->table, &g->frames, &g->sizes, &g->firsts};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        xj_buf_release(all[i]);
}
