/*
 * Stored text: character codes (docs/FORMAT.md). The characters of a group of texts are numbered by how frequent they are;
 * a number, the rank, takes a byte below XJI_RANK_ONE and two bytes above; what has no rank is escaped.
 */
#include <string.h>

#include "segment_priv.h"
#include "xj/utf8.h"

static bool is_scalar(uint64_t cp)
{
    return cp < 0xD800 || (cp > 0xDFFF && cp <= 0x10FFFF);
}

const char *xji_group_parse(xji_group *g, const uint8_t *table, size_t n, const uint8_t **dictionary, size_t *n_dictionary)
{
    xj_rd r = xj_rd_of(table, n);
    *dictionary = NULL;
    *n_dictionary = 0;
    uint64_t n_ranks = xj_rd_varint(&r);
    if (n_ranks > XJI_RANKS)
        return "more ranks of characters than there can be";
    for (uint32_t i = 0; i < n_ranks && !r.bad; i++) {
        uint64_t cp = xj_rd_varint(&r);
        if (!is_scalar(cp))
            return "a rank that is no character";
        g->rank[i].n = (uint32_t)xj_utf8_encode(g->rank[i].s, (uint32_t)cp);
    }
    uint64_t size = xj_rd_varint(&r);
    const uint8_t *p = xj_rd_take(&r, size <= n ? (size_t)size : SIZE_MAX);
    if (r.bad || xj_rd_left(&r) != 0)
        return "a text table that is cut short or too long";
    if (size > 0 && (size < 8 || xj_get_u32(p) != ZSTD_MAGIC_DICTIONARY))
        return "a text table without a proper dictionary";
    g->n_ranks = (uint32_t)n_ranks;
    *dictionary = size ? p : NULL;
    *n_dictionary = (size_t)size;
    return NULL;
}

/* Code of a byte and the one after it; two = it takes both. One byte or two cannot be foretold: no branch. */
static inline const xji_rank *rank_of(const xji_group *g, uint32_t byte, uint32_t next, uint32_t *two)
{
    *two = byte >= XJI_RANK_ONE;
    return &g->rank[byte + ((0u - *two) & ((byte - XJI_RANK_ONE) * 255 + next))];
}

size_t xji_text_decode(const xji_group *g, const uint8_t *codes, size_t n, uint8_t *out)
{
    const uint8_t *p = codes, *end = codes + n;
    uint8_t *to = out;
    uint32_t two;
    while (p < end) {
        if (end - p >= 8) { /* four codes from one load */
            uint64_t word = xj_get_u64(p);
            int k = 0;
            for (; k < 4 && (word & 255) != XJI_RANK_ESCAPE; k++) {
                const xji_rank *r = rank_of(g, word & 255, word >> 8 & 255, &two);
                memcpy(to, r->s, 4);
                to += r->n;
                p += 1 + two;
                word = word >> 8 >> 8 * two;
                if (r->n == 0)
                    return SIZE_MAX;
            }
            if (k > 0)
                continue;
        }
        if (*p == XJI_RANK_ESCAPE) {
            uint32_t cp = end - p < 4 ? UINT32_MAX : xj_get_u32(p) >> 8;
            if (!is_scalar(cp))
                return SIZE_MAX;
            to += xj_utf8_encode(to, cp);
            p += 4;
            continue;
        }
        const xji_rank *r = rank_of(g, *p, p + 1 < end ? p[1] : 0, &two);
        if (r->n == 0 || p + 1 + two > end)
            return SIZE_MAX;
        memcpy(to, r->s, 4);
        to += r->n;
        p += 1 + two;
    }
    return (size_t)(to - out);
}
