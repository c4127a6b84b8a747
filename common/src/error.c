#include "xj/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int exit_code;
    const char *text;
} status_info[XJ_STATUS_COUNT] = {
#define XJ_STATUS_ROW(name, exit_code, text) [name] = {#name, exit_code, text},
    XJ_STATUS_LIST(XJ_STATUS_ROW)
#undef XJ_STATUS_ROW
};

static int in_range(xj_status st)
{
    return (int)st >= 0 && st < XJ_STATUS_COUNT;
}

const char *xj_status_text(xj_status st)
{
    return in_range(st) ? status_info[st].text : "unknown status";
}

const char *xj_status_name(xj_status st)
{
    return in_range(st) ? status_info[st].name : "XJ_?";
}

int xj_status_exit_code(xj_status st)
{
    return in_range(st) ? status_info[st].exit_code : 4;
}

void xj_error_clear(xj_error *err)
{
    if (!err)
        return;
    err->code = XJ_OK;
    err->offset = XJ_NO_OFFSET;
    err->path[0] = '\0';
    err->message[0] = '\0';
}

/* Take away the half character that cutting a text at n bytes may have left. */
static void trim(char *s, size_t n)
{
    size_t i = n;
    while (i > 0 && n - i < 3 && ((unsigned char)s[i - 1] & 0xC0) == 0x80)
        i--;
    if (i == 0 || (unsigned char)s[i - 1] < 0xC0)
        return;
    unsigned char lead = (unsigned char)s[i - 1];
    size_t wants = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (n - (i - 1) < wants)
        s[i - 1] = '\0';
}

static void fill(xj_error *err, xj_status code, const char *path, uint64_t offset,
                 const char *format, va_list args)
{
    if (!err || err->code != XJ_OK)
        return;
    err->code = code;
    err->offset = offset;
    err->path[0] = '\0';
    if (path) {
        size_t n = strlen(path);
        if (n >= sizeof err->path)
            n = sizeof err->path - 1;
        memcpy(err->path, path, n);
        err->path[n] = '\0';
    }
    int n = vsnprintf(err->message, sizeof err->message, format, args);
    if (n >= (int)sizeof err->message)
        trim(err->message, sizeof err->message - 1);
}

xj_status xj_fail(xj_error *err, xj_status code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, NULL, XJ_NO_OFFSET, format, args);
    va_end(args);
    return code;
}

xj_status xj_fail_at(xj_error *err, xj_status code, const char *path, uint64_t offset,
                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, code, path, offset, format, args);
    va_end(args);
    return code;
}
