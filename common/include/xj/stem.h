/** English stems of Latin words, by libstemmer (Porter 2, snowballstem.org). For ranking only. */
#ifndef XJ_STEM_H
#define XJ_STEM_H

#include <stddef.h>

#include "xj/error.h"
#include "xj/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct xj_stemmer xj_stemmer;

/** A stemmer for one thread; *out is owned by the caller. XJ_ENOMEM. */
XJ_API xj_status xj_stemmer_new(xj_stemmer **out, xj_error *err);

/** Free a stemmer; NULL is fine. */
XJ_API void xj_stemmer_free(xj_stemmer *s);

/**
 * Stem of a folded word made of a-z only, or NULL (*n_out = 0) when the word has other characters, fewer than
 * three letters, or there is no memory. The result is borrowed until the next call on this stemmer.
 */
XJ_API const char *xj_stemmer_stem(xj_stemmer *s, const char *word, size_t n, size_t *n_out);

#ifdef __cplusplus
}
#endif
#endif
