#include "xj/stem.h"

#include <stdlib.h>

#include <libstemmer.h>

struct xj_stemmer {
    struct sb_stemmer *sb;
};

xj_status xj_stemmer_new(xj_stemmer **out, xj_error *err)
{
    *out = malloc(sizeof **out);
    if (*out) {
        (*out)->sb = sb_stemmer_new("english", "UTF_8");
        if ((*out)->sb)
            return XJ_OK;
        free(*out);
        *out = NULL;
    }
    return xj_fail(err, XJ_ENOMEM, "no memory for a stemmer");
}

void xj_stemmer_free(xj_stemmer *s)
{
    if (!s)
        return;
    sb_stemmer_delete(s->sb);
    free(s);
}

const char *xj_stemmer_stem(xj_stemmer *s, const char *word, size_t n, size_t *n_out)
{
    *n_out = 0;
    if (n < 3)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (word[i] < 'a' || word[i] > 'z')
            return NULL;
    const sb_symbol *stem = sb_stemmer_stem(s->sb, (const sb_symbol *)word, (int)n);
    if (!stem)
        return NULL;
    *n_out = (size_t)sb_stemmer_length(s->sb);
    return (const char *)stem;
}
