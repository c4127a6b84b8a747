/**
 * Postings and adjacency codes as the bytes of a page, in the ways there are; terms_write.c puts them where they belong
 * (docs/FORMAT.md, "Postings" and "Adjacency").
 */
#ifndef XJ_POSTINGS_WRITE_PRIV_H
#define XJ_POSTINGS_WRITE_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "cpu_priv.h"

/** A block in the making. Its buffers have room for all postings, and 8 bytes more for noise. */
typedef struct xji_block {
    uint8_t *header, *noise; /* where the next byte goes */
    uint64_t bits;           /* noise bits that make no byte yet */
    uint32_t n_bits;         /* of them, less than 8 */
    uint32_t next;           /* least docid that can follow */
    uint32_t many;           /* bit k: a tf of postings [8 k, 8 k + 8) does not fit its header */
} xji_block;

enum { XJI_BLOCK_GROUP = 8, XJI_TF_MANY = 4 };

/** Append postings [from, n) of a block of at most XJ_BLOCK; chooses the way. */
void xji_block_put(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t n);
void xji_block_put_plain(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t from, uint32_t n);

/** Most codes of one call, and the bytes that these take at most; some more are written over. */
enum { XJI_CODES_PIECE = 256, XJI_CODES_GROUP = 16, XJI_CODES_BYTES = 3 * XJI_CODES_PIECE + XJI_CODES_GROUP };

/**
 * n codes, at most XJI_CODES_PIECE, as stored: those with step[i] 0 as they are, those with step[i] 0xFFFF as steps from the
 * one before them (that of the first is `before`). Returns the number of bytes; out has room for XJI_CODES_BYTES.
 */
size_t xji_codes_put(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n);
size_t xji_codes_put_plain(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n);

#if XJI_CPU_X86
/** Groups of XJI_BLOCK_GROUP from the first on, up to one with a gap of 2^24 or more; returns how many postings. */
uint32_t xji_block_put_avx2(xji_block *b, const uint32_t *docs, const uint32_t *tfs, uint32_t n);
size_t xji_codes_put_avx2(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n);
#endif

#endif
