#include "manifest_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_priv.h"
#include "xj/analyser.h"
#include "xj/bytes.h"

enum { HEAD_SIZE = 36 };

static xj_status damaged(const char *dir_path, uint64_t at, const char *what, xj_error *err)
{
    return xj_fail_at(err, XJ_ECORRUPT, dir_path, at, "the manifest of '%s' is damaged: %s", dir_path, what);
}

/* A name that stays in its directory: ours all have the form seg-....xjs. */
static bool plain_name(const uint8_t *s, size_t n)
{
    size_t suffix = strlen(XJI_SEGMENT_SUFFIX);
    if (n < 5 + suffix || n >= sizeof((xji_manifest_segment *)0)->name || memcmp(s, "seg-", 4) != 0 ||
        memcmp(s + n - suffix, XJI_SEGMENT_SUFFIX, suffix) != 0)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-' || s[i] == '.'))
            return false;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static xj_status check_names(const xji_manifest *m, const char *dir_path, xj_error *err)
{
    const char **name = malloc((m->n ? m->n : 1) * sizeof *name);
    bool twice = false;
    if (!name)
        return xj_fail(err, XJ_ENOMEM, "no memory for the manifest of '%s'", dir_path);
    for (uint32_t i = 0; i < m->n; i++)
        name[i] = m->segment[i].name;
    qsort(name, m->n, sizeof *name, compare_names);
    for (uint32_t i = 1; i < m->n && !twice; i++)
        twice = strcmp(name[i - 1], name[i]) == 0;
    free(name);
    return twice ? damaged(dir_path, HEAD_SIZE, "a segment that is named twice", err) : XJ_OK;
}

static xj_status parse(xji_manifest *m, const uint8_t *bytes, size_t n, const char *dir_path, xj_error *err)
{
    if (n < HEAD_SIZE + 8 || memcmp(bytes, XJI_MANIFEST_MAGIC, XJI_MAGIC_SIZE) != 0)
        return xj_fail_at(err, XJ_EFORMAT, dir_path, 0, "'%s' has a manifest that is not one of a xunju index", dir_path);
    if (xj_checksum(bytes, n - 8, 2) != xj_get_u64(bytes + n - 8))
        return damaged(dir_path, n - 8, "bad checksum", err);
    xj_rd r = xj_rd_of(bytes + XJI_MAGIC_SIZE, n - XJI_MAGIC_SIZE - 8);
    unsigned version = xj_rd_u16(&r), reserved = xj_rd_u16(&r);
    uint32_t flags = xj_rd_u32(&r);
    if (version == XJI_FORMAT_VERSION && (reserved != 0 || flags != 0))
        return xj_fail_at(err, XJ_EVERSION, dir_path, 10,
                          "'%s' uses features of format version %u that this program does not know: use the program that made it",
                          dir_path, version);
    if (version != XJI_FORMAT_VERSION)
        return xj_fail_at(err, XJ_EVERSION, dir_path, 8,
                          "'%s' has format version %u, this program reads version %d: build the index again or use the "
                          "program that made it",
                          dir_path, version, XJI_FORMAT_VERSION);
    m->generation = xj_rd_u64(&r);
    uint64_t fingerprint = xj_rd_u64(&r);
    uint32_t count = xj_rd_u32(&r);
    uint64_t own = xj_analyser_fingerprint();
    if (own == 0)
        return xj_fail(err, XJ_ENOMEM, "no memory to compute the analyser fingerprint");
    if (fingerprint != own)
        return xj_fail_at(err, XJ_EVERSION, dir_path, 24,
                          "'%s' was analysed by other text rules than this program has: build the index again or use the "
                          "program that made it",
                          dir_path);
    if (count > XJI_SEGMENTS_MAX)
        return damaged(dir_path, 32, "too many segments", err);
    m->segment = calloc(count ? count : 1, sizeof *m->segment);
    if (!m->segment)
        return xj_fail(err, XJ_ENOMEM, "no memory for the manifest of '%s'", dir_path);
    for (uint32_t i = 0; i < count; i++) {
        xji_manifest_segment *s = &m->segment[i];
        s->size = xj_rd_u64(&r);
        s->header_sum = xj_rd_u64(&r);
        uint64_t len = xj_rd_varint(&r);
        const uint8_t *name = len < sizeof s->name ? xj_rd_take(&r, (size_t)len) : NULL;
        if (!name || !plain_name(name, (size_t)len))
            return damaged(dir_path, HEAD_SIZE, "an impossible segment name", err);
        memcpy(s->name, name, (size_t)len);
    }
    if (r.bad || xj_rd_left(&r) != 0)
        return damaged(dir_path, HEAD_SIZE, "its length does not fit", err);
    m->n = count;
    m->bytes = n;
    return check_names(m, dir_path, err);
}

xj_status xji_manifest_read(xji_manifest *m, int dir_fd, const char *dir_path, xj_error *err)
{
    *m = (xji_manifest){0};
    int fd = openat(dir_fd, XJI_MANIFEST_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return xj_fail_at(err, XJ_EFORMAT, dir_path, XJ_NO_OFFSET, "'%s' holds no xunju index (it has no manifest)", dir_path);
    if (fd < 0)
        return xji_fail_errno(err, XJ_EIO, dir_path, errno, "cannot open the manifest of");
    struct stat sb;
    xj_status st = XJ_OK;
    uint8_t *bytes = NULL;
    if (fstat(fd, &sb) != 0 || !S_ISREG(sb.st_mode))
        st = xj_fail_at(err, XJ_EFORMAT, dir_path, XJ_NO_OFFSET, "the manifest of '%s' is not a file", dir_path);
    else if (sb.st_size > XJI_MANIFEST_MAX)
        st = damaged(dir_path, 0, "too long", err);
    if (st == XJ_OK && !(bytes = malloc((size_t)sb.st_size + 1)))
        st = xj_fail(err, XJ_ENOMEM, "no memory for the manifest of '%s'", dir_path);
    if (st == XJ_OK)
        st = xji_read_at(fd, bytes, (size_t)sb.st_size, 0, dir_path, err);
    if (st == XJ_OK)
        st = parse(m, bytes, (size_t)sb.st_size, dir_path, err);
    close(fd);
    free(bytes);
    if (st != XJ_OK) {
        uint64_t generation = m->generation; /* a writer that replaces the index counts on from it */
        xji_manifest_release(m);
        m->generation = generation;
    }
    return st;
}

static xj_status compose(const xji_manifest *m, xj_buf *b, xj_error *err)
{
    uint64_t fingerprint = xj_analyser_fingerprint();
    uint8_t head[HEAD_SIZE] = {0};
    if (fingerprint == 0)
        return xj_fail(err, XJ_ENOMEM, "no memory to compute the analyser fingerprint");
    memcpy(head, XJI_MANIFEST_MAGIC, XJI_MAGIC_SIZE);
    xj_set_u16(head + 8, XJI_FORMAT_VERSION);
    xj_set_u64(head + 16, m->generation);
    xj_set_u64(head + 24, fingerprint);
    xj_set_u32(head + 32, m->n);
    xj_status st = xj_buf_put(b, head, sizeof head, err);
    for (uint32_t i = 0; i < m->n && st == XJ_OK; i++) {
        const xji_manifest_segment *s = &m->segment[i];
        st = xj_buf_u64(b, s->size, err);
        if (st == XJ_OK)
            st = xj_buf_u64(b, s->header_sum, err);
        if (st == XJ_OK)
            st = xj_buf_varint(b, strlen(s->name), err);
        if (st == XJ_OK)
            st = xj_buf_put(b, s->name, strlen(s->name), err);
    }
    if (st == XJ_OK && b->n + 8 > XJI_MANIFEST_MAX)
        st = xj_fail(err, XJ_ELIMIT, "the index would have too many segments: merge some of them first");
    if (st == XJ_OK)
        st = xj_buf_u64(b, xj_checksum(b->data, b->n, 2), err);
    return st;
}

static xj_status write_temporary(const xj_buf *b, int dir_fd, const char *dir_path, xj_error *err)
{
    unlinkat(dir_fd, XJI_MANIFEST_TEMPORARY, 0); /* left by a crash; nothing refers to it */
    int fd = openat(dir_fd, XJI_MANIFEST_TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return xji_fail_errno(err, XJ_EIO, dir_path, errno, "cannot create the new manifest of");
    xj_status st = xji_write_at(fd, b->data, b->n, 0, dir_path, err);
    if (st == XJ_OK)
        st = xji_sync(fd, dir_path, err);
    if (close(fd) != 0 && st == XJ_OK)
        st = xji_fail_errno(err, XJ_EIO, dir_path, errno, "cannot close the new manifest of");
    return st;
}

xj_status xji_manifest_commit(xji_manifest *m, int dir_fd, const char *dir_path, xj_error *err)
{
    xj_buf b = XJ_BUF_INIT;
    xj_status st = compose(m, &b, err);
    /* The names of the segments must be durable before the manifest that lists them. */
    if (st == XJ_OK)
        st = xji_sync(dir_fd, dir_path, err);
    if (st == XJ_OK)
        st = write_temporary(&b, dir_fd, dir_path, err);
    if (st == XJ_OK && renameat(dir_fd, XJI_MANIFEST_TEMPORARY, dir_fd, XJI_MANIFEST_NAME) != 0)
        st = xji_fail_errno(err, XJ_EIO, dir_path, errno, "cannot put in place the new manifest of");
    if (st != XJ_OK) {
        unlinkat(dir_fd, XJI_MANIFEST_TEMPORARY, 0);
    } else if (fsync(dir_fd) != 0) {
        st = xj_fail_at(err, XJ_EIO, dir_path, XJ_NO_OFFSET,
                        "'%s' is committed but the disk did not confirm it; the command can be run again", dir_path);
        m->bytes = b.n;
    } else {
        m->bytes = b.n;
    }
    xj_buf_release(&b);
    return st;
}

void xji_manifest_release(xji_manifest *m)
{
    free(m->segment);
    *m = (xji_manifest){0};
}
