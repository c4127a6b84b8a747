/* The manifest of an index: which segment files make up its generation. */
#ifndef XJI_MANIFEST_PRIV_H
#define XJI_MANIFEST_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "format_priv.h"
#include "xj/error.h"

#define XJI_MANIFEST_NAME "manifest"
#define XJI_MANIFEST_TEMPORARY "manifest.tmp"
#define XJI_LOCK_NAME "lock"
#define XJI_SEGMENT_SUFFIX ".xjs"
#define XJI_MANIFEST_MAX 262144

typedef struct xji_manifest_segment {
    char name[64];
    uint64_t size;
    uint64_t header_sum;
} xji_manifest_segment;

typedef struct xji_manifest {
    uint64_t generation;
    uint32_t n;
    xji_manifest_segment *segment; /* owned */
    uint64_t bytes;                /* of the manifest file */
} xji_manifest;

/* Read and check the manifest in the directory open as dir_fd. XJ_EFORMAT when there is none. After a failure m is empty but
 * for the generation, which stays when the checksum was right. */
xj_status xji_manifest_read(xji_manifest *m, int dir_fd, const char *dir_path, xj_error *err);

/* Write it under a temporary name, sync, rename, sync the directory: the commit. */
xj_status xji_manifest_commit(xji_manifest *m, int dir_fd, const char *dir_path, xj_error *err);

void xji_manifest_release(xji_manifest *m);

#endif
