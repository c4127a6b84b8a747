#define _GNU_SOURCE /* F_OFD_SETLK */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io_priv.h"
#include "manifest_priv.h"
#include "xj/index.h"

struct xj_index_writer {
    int dir_fd;
    int lock_fd;
    char *path;
    bool made_dir;
    bool is_first; /* there was no index: the name of the directory may not be on disk yet, whoever made it */
    bool locked;
    bool committed;
    xji_manifest old; /* n 0 when there was no index */
    xji_manifest new_;
    uint32_t cap;
    uint32_t n_named;
    uint64_t bytes;
    char segment_name[64]; /* of the segment being written */
};

static bool in_manifest(const xji_manifest *m, const char *name)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (strcmp(m->segment[i].name, name) == 0)
            return true;
    return false;
}

static bool is_segment_name(const char *name)
{
    size_t n = strlen(name), k = strlen(XJI_SEGMENT_SUFFIX);
    return strncmp(name, "seg-", 4) == 0 && n > k && strcmp(name + n - k, XJI_SEGMENT_SUFFIX) == 0;
}

/* Walk the directory. foreign (may be NULL) is set when a name is not one of an index; with `sweep`, segments that the
 * manifest `keep` does not name are removed. */
static xj_status walk(xj_index_writer *w, const xji_manifest *keep, bool sweep, bool *foreign, xj_error *err)
{
    int fd = openat(w->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return xji_fail_errno(err, XJ_EIO, w->path, errno, "cannot list the directory");
    }
    struct dirent *entry;
    while (errno = 0, (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, XJI_LOCK_NAME) == 0 ||
            strcmp(name, XJI_MANIFEST_NAME) == 0)
            continue;
        if (is_segment_name(name)) {
            if (sweep && !in_manifest(keep, name))
                unlinkat(w->dir_fd, name, 0);
        } else if (strcmp(name, XJI_MANIFEST_TEMPORARY) == 0) {
            if (sweep)
                unlinkat(w->dir_fd, name, 0);
        } else if (foreign) {
            *foreign = true;
        }
    }
    int why = errno; /* 0: the end of the directory */
    closedir(dir);
    return why ? xji_fail_errno(err, XJ_EIO, w->path, why, "cannot list the directory") : XJ_OK;
}

static xj_status open_directory(xj_index_writer *w, xj_error *err)
{
    if (mkdir(w->path, 0777) == 0)
        w->made_dir = true;
    else if (errno != EEXIST)
        return xj_fail_at(err, XJ_EIO, w->path, XJ_NO_OFFSET,
                          errno == ENOENT ? "cannot make the directory '%s': the folder above it does not exist"
                                          : "cannot make the directory '%s'",
                          w->path);
    w->dir_fd = open(w->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir_fd < 0)
        return xj_fail_at(err, errno == ENOTDIR ? XJ_EUSAGE : XJ_EIO, w->path, XJ_NO_OFFSET,
                          errno == ENOTDIR ? "'%s' is a file, an index is a directory" : "cannot open the directory '%s'",
                          w->path);
    return XJ_OK;
}

/* Whether the file that was locked is the one that the directory names: another writer may have given up meanwhile and
 * removed it. */
static bool lock_is_named(const xj_index_writer *w)
{
    struct stat locked, named;
    return fstat(w->lock_fd, &locked) == 0 && fstatat(w->dir_fd, XJI_LOCK_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static xj_status take_lock(xj_index_writer *w, xj_error *err)
{
    w->lock_fd = openat(w->dir_fd, XJI_LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (w->lock_fd < 0)
        return xji_fail_errno(err, XJ_EIO, w->path, errno, "cannot create the lock file in");
    /* An open-file-description lock dies with the process and is not lost when another descriptor is closed. */
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(w->lock_fd, F_OFD_SETLK, &lock) == 0) {
        w->locked = lock_is_named(w);
        return w->locked ? XJ_OK
                         : xj_fail_at(err, XJ_EBUSY, w->path, XJ_NO_OFFSET,
                                      "another writer was at work on '%s'; try again", w->path);
    }
    if (errno == EAGAIN || errno == EACCES)
        return xj_fail_at(err, XJ_EBUSY, w->path, XJ_NO_OFFSET, "another writer is at work on '%s'; try again when it is done",
                          w->path);
    return xj_fail_at(err, XJ_EIO, w->path, XJ_NO_OFFSET, "cannot lock '%s' (does its file system know locks?)", w->path);
}

static xj_status look_around(xj_index_writer *w, xj_index_existing existing, xj_error *err)
{
    xj_error e = XJ_ERROR_INIT;
    xj_status st = xji_manifest_read(&w->old, w->dir_fd, w->path, &e);
    bool is_index = faccessat(w->dir_fd, XJI_MANIFEST_NAME, F_OK, 0) == 0;
    bool foreign = false;
    w->is_first = !is_index;
    if (is_index && existing == XJ_INDEX_REFUSE)
        return xj_fail_at(err, XJ_EUSAGE, w->path, XJ_NO_OFFSET, "'%s' holds an index already; --force replaces it", w->path);
    if (st != XJ_OK && st != XJ_EFORMAT && st != XJ_ECORRUPT && st != XJ_EVERSION)
        return xj_fail_at(err, st, e.path, e.offset, "%s", e.message);
    /* A damaged or outdated index may be replaced too; its segments then count as unnamed and go with the commit. */
    st = walk(w, &w->old, false, &foreign, err);
    if (st == XJ_OK && foreign)
        st = xj_fail_at(err, XJ_EUSAGE, w->path, XJ_NO_OFFSET,
                        "'%s' holds other files; an index wants a directory of its own", w->path);
    /* Segments that no manifest names were left by a crash. When the old manifest is unreadable they stay until the
     * commit has put a good one in place. */
    if (st == XJ_OK && (!is_index || w->old.n > 0))
        st = walk(w, &w->old, true, NULL, err);
    return st;
}

xj_status xj_index_writer_open(xj_index_writer **out, const char *path, xj_index_existing existing, xj_error *err)
{
    *out = NULL;
    xj_index_writer *w = calloc(1, sizeof *w);
    if (!w)
        return xj_fail(err, XJ_ENOMEM, "no memory for an index writer");
    w->dir_fd = w->lock_fd = -1;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    w->path = malloc(n + 1);
    xj_status st = XJ_OK;
    if (!w->path) {
        st = xj_fail(err, XJ_ENOMEM, "no memory for an index writer");
    } else {
        memcpy(w->path, path, n);
        w->path[n] = '\0';
        st = open_directory(w, err);
    }
    if (st == XJ_OK) {
        /* Nothing is written into a directory that is not ours, not even the lock. */
        bool foreign = false;
        st = walk(w, &w->old, false, &foreign, err);
        if (st == XJ_OK && foreign)
            st = xj_fail_at(err, XJ_EUSAGE, w->path, XJ_NO_OFFSET,
                            "'%s' holds other files; an index wants a directory of its own", w->path);
    }
    if (st == XJ_OK)
        st = take_lock(w, err);
    if (st == XJ_OK)
        st = look_around(w, existing, err);
    if (st == XJ_OK)
        w->new_.generation = w->old.generation + 1;
    if (st != XJ_OK)
        xj_index_writer_close(&w);
    *out = w;
    return st;
}

xj_status xj_index_writer_begin(xj_index_writer *w, xj_text_level level, xj_pool *pool, xj_segment_writer **segment, xj_error *err)
{
    if (w->new_.n == XJI_SEGMENTS_MAX) {
        *segment = NULL;
        return xj_fail(err, XJ_ELIMIT, "the index would have more than %d segments: merge some of them first",
                       XJI_SEGMENTS_MAX);
    }
    /* A name left by an index whose manifest could not be read may be taken: then the next number is tried. */
    do {
        snprintf(w->segment_name, sizeof w->segment_name, "seg-%llu-%u%s", (unsigned long long)w->new_.generation,
                 (unsigned)w->n_named++, XJI_SEGMENT_SUFFIX);
    } while (faccessat(w->dir_fd, w->segment_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    return xj_segment_writer_open(segment, w->dir_fd, w->path, w->segment_name, level, pool, err);
}

xj_status xj_index_writer_temporary(xj_index_writer *w, int *fd, xj_error *err)
{
    char name[64];
    do {
        snprintf(name, sizeof name, "seg-temporary-%u%s", (unsigned)w->n_named++, XJI_SEGMENT_SUFFIX);
    } while (faccessat(w->dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    return xji_open_temporary(w->dir_fd, name, fd, err);
}

static xj_status verify(xj_index_writer *w, const xj_segment_seal *seal, xj_error *err)
{
    xj_segment *seg;
    uint64_t n_damages = 0;
    xj_status st = xj_segment_open(&seg, w->dir_fd, w->path, w->segment_name, seal->size, seal->header_sum, err);
    if (st == XJ_OK)
        st = xj_segment_check(seg, XJ_CHECK_BYTES, NULL, NULL, &n_damages, err);
    xj_segment_close(&seg);
    if (st == XJ_OK && n_damages > 0)
        st = xj_fail_at(err, XJ_EIO, w->path, XJ_NO_OFFSET, "'%s/%s' does not read back as it was written", w->path,
                        w->segment_name);
    return st;
}

xj_status xj_index_writer_end(xj_index_writer *w, xj_segment_writer **segment, xj_error *err)
{
    xj_segment_seal seal;
    xj_status st = XJ_OK;
    if (w->new_.n == w->cap) {
        uint32_t cap = w->cap ? w->cap * 2 : 8;
        void *p = realloc(w->new_.segment, cap * sizeof *w->new_.segment);
        if (p) {
            w->new_.segment = p;
            w->cap = cap;
        } else {
            st = xj_fail(err, XJ_ENOMEM, "no memory for the manifest of '%s'", w->path);
        }
    }
    if (st == XJ_OK)
        st = xj_segment_writer_finish(segment, &seal, err);
    if (st != XJ_OK) {
        xj_segment_writer_abandon(segment);
        return st;
    }
    st = verify(w, &seal, err);
    if (st != XJ_OK) {
        unlinkat(w->dir_fd, w->segment_name, 0);
        return st;
    }
    xji_manifest_segment *s = &w->new_.segment[w->new_.n++];
    memset(s, 0, sizeof *s);
    memcpy(s->name, w->segment_name, sizeof s->name);
    s->size = seal.size;
    s->header_sum = seal.header_sum;
    return XJ_OK;
}

static xj_status sync_parent(const xj_index_writer *w, xj_error *err)
{
    int fd = openat(w->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return XJ_OK; /* a parent that may not be read: its own business, and POSIX offers nothing else */
    xj_status st = xji_sync(fd, w->path, err);
    close(fd);
    return st;
}

xj_status xj_index_writer_commit(xj_index_writer *w, xj_error *err)
{
    xj_status st = w->is_first ? sync_parent(w, err) : XJ_OK;
    if (st == XJ_OK)
        st = xji_manifest_commit(&w->new_, w->dir_fd, w->path, err);
    /* Even when the disk did not confirm it, the new manifest may be in place: its segments must stay. */
    if (st == XJ_OK || w->new_.bytes > 0) {
        w->committed = true;
        w->bytes = w->new_.bytes;
        for (uint32_t i = 0; i < w->new_.n; i++)
            w->bytes += w->new_.segment[i].size;
    }
    if (st == XJ_OK)
        walk(w, &w->new_, true, NULL, NULL); /* what cannot be removed now goes with the next writer */
    return st;
}

uint64_t xj_index_writer_bytes(const xj_index_writer *w)
{
    return w->committed ? w->bytes : 0;
}

void xj_index_writer_close(xj_index_writer **wp)
{
    xj_index_writer *w = wp ? *wp : NULL;
    if (!w)
        return;
    /* Only who held the lock may clean up: without it everything here belongs to another writer. */
    if (!w->committed && w->locked) {
        for (uint32_t i = 0; i < w->new_.n; i++)
            unlinkat(w->dir_fd, w->new_.segment[i].name, 0);
        if (w->made_dir)
            unlinkat(w->dir_fd, XJI_LOCK_NAME, 0);
    }
    bool removable = w->locked || w->lock_fd < 0;
    if (w->lock_fd >= 0)
        close(w->lock_fd); /* releases the lock */
    if (w->dir_fd >= 0)
        close(w->dir_fd);
    if (!w->committed && w->made_dir && removable)
        rmdir(w->path);
    xji_manifest_release(&w->old);
    xji_manifest_release(&w->new_);
    free(w->path);
    free(w);
    *wp = NULL;
}
