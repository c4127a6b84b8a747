#define _GNU_SOURCE /* O_TMPFILE */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "io_priv.h"

xj_status xji_open_temporary(int dir_fd, const char *name, int *fd, xj_error *err)
{
    *fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return XJ_OK;
    /* Not every file system knows files without a name. */
    *fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return xji_fail_errno(err, XJ_EIO, name, errno, "cannot create");
    unlinkat(dir_fd, name, 0);
    return XJ_OK;
}
