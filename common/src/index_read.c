#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "manifest_priv.h"
#include "xj/index.h"

struct xj_index {
    uint64_t generation;
    size_t n;
    xj_segment **segment;
    xj_segment_stats stats;
    uint64_t bytes;
};

static void add_stats(xj_segment_stats *sum, const xj_segment_stats *s)
{
    sum->n_reports += s->n_reports;
    sum->n_passages += s->n_passages;
    sum->n_sections += s->n_sections;
    sum->n_pairs += s->n_pairs;
    sum->n_words += s->n_words;
    sum->n_context_pairs += s->n_context_pairs;
    sum->n_context_words += s->n_context_words;
    sum->n_units += s->n_units;
    sum->n_postings += s->n_postings;
    sum->n_occurrences += s->n_occurrences;
    sum->n_context_postings += s->n_context_postings;
    sum->n_characters += s->n_characters;
    sum->text_bytes += s->text_bytes;
    sum->input_bytes += s->input_bytes;
}

static xj_status open_generation(xj_index *ix, const xji_manifest *m, int dir_fd, const char *path, xj_error *err)
{
    ix->generation = m->generation;
    ix->bytes = m->bytes;
    ix->segment = calloc(m->n ? m->n : 1, sizeof(xj_segment *));
    if (!ix->segment)
        return xj_fail(err, XJ_ENOMEM, "no memory to open '%s'", path);
    for (uint32_t i = 0; i < m->n; i++) {
        const xji_manifest_segment *s = &m->segment[i];
        xj_status st = xj_segment_open(&ix->segment[i], dir_fd, path, s->name, s->size, s->header_sum, err);
        if (st != XJ_OK)
            return st;
        ix->n++;
        ix->bytes += s->size;
        add_stats(&ix->stats, xj_segment_stats_of(ix->segment[i]));
    }
    return XJ_OK;
}

static bool segment_vanished(const xji_manifest *m, int dir_fd)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (faccessat(dir_fd, m->segment[i].name, F_OK, 0) != 0 && errno == ENOENT)
            return true;
    return false;
}

xj_status xj_index_open(xj_index **out, const char *path, xj_error *err)
{
    *out = NULL;
    int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return xj_fail_at(err, errno == ENOTDIR ? XJ_EFORMAT : XJ_EIO, path, XJ_NO_OFFSET,
                          errno == ENOENT    ? "there is no index '%s'"
                          : errno == ENOTDIR ? "'%s' is not an index directory"
                                             : "cannot open the index directory '%s'",
                          path);
    xj_status st = XJ_OK;
    xj_index *ix = NULL;
    /* A writer may commit and remove a segment between our reading the manifest and opening the segment: then the
     * newer manifest is the one to read. */
    for (int attempt = 0; attempt < 10; attempt++) {
        xji_manifest m;
        xj_error e = XJ_ERROR_INIT;
        bool again = false;
        ix = calloc(1, sizeof *ix);
        if (!ix) {
            st = xj_fail(err, XJ_ENOMEM, "no memory for an index handle");
            break;
        }
        st = xji_manifest_read(&m, dir_fd, path, &e);
        if (st == XJ_OK) {
            st = open_generation(ix, &m, dir_fd, path, &e);
            again = st == XJ_ECORRUPT && segment_vanished(&m, dir_fd);
            xji_manifest_release(&m);
        }
        if (st == XJ_OK)
            break;
        xj_index_close(&ix);
        if (!again || attempt == 9) {
            if (err && err->code == XJ_OK)
                *err = e;
            break;
        }
    }
    close(dir_fd);
    *out = ix;
    return st;
}

void xj_index_close(xj_index **ix)
{
    if (!ix || !*ix)
        return;
    for (size_t i = 0; i < (*ix)->n; i++)
        xj_segment_close(&(*ix)->segment[i]);
    free((*ix)->segment);
    free(*ix);
    *ix = NULL;
}

unsigned xj_index_format_version(void)
{
    return XJI_FORMAT_VERSION;
}

uint64_t xj_index_generation(const xj_index *ix)
{
    return ix->generation;
}

size_t xj_index_n_segments(const xj_index *ix)
{
    return ix->n;
}

xj_segment *xj_index_segment(const xj_index *ix, size_t i)
{
    return ix->segment[i];
}

const xj_segment_stats *xj_index_stats(const xj_index *ix)
{
    return &ix->stats;
}

uint64_t xj_index_held(const xj_index *ix)
{
    uint64_t n = 0;
    for (size_t i = 0; i < ix->n; i++)
        n += xj_segment_held(ix->segment[i]);
    return n;
}

void xj_index_trim(xj_index *ix)
{
    for (size_t i = 0; i < ix->n; i++)
        xj_segment_trim(ix->segment[i]);
}

uint64_t xj_index_bytes(const xj_index *ix)
{
    return ix->bytes;
}
