/* zstd level 3 over a file in independent 16 KB frames: what storing text in small pieces costs by itself.
 *
 * usage: frames FILE   prints {"cpu_seconds": …, "bytes": …, "input_bytes": …}
 *
 * One compression context is used again for all frames, as anyone who stores many would. Only compressing is timed; the file
 * has been read before. bench/build compiles this against the libzstd of the machine. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zstd.h>

enum { FRAME = 16384, LEVEL = 3 };

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return fprintf(stderr, "usage: frames FILE\n"), 2;
    size_t len = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(len + 1), *frame = malloc(ZSTD_compressBound(FRAME));
    ZSTD_CCtx *cctx = ZSTD_createCCtx();
    if (!text || !frame || !cctx || fread(text, 1, len, file) != len)
        return fprintf(stderr, "cannot read %s\n", argv[1]), 1;
    fclose(file);

    unsigned long long bytes = 0;
    double before = cpu_seconds();
    for (size_t at = 0; at < len; at += FRAME) {
        size_t part = len - at < FRAME ? len - at : FRAME;
        size_t n = ZSTD_compressCCtx(cctx, frame, ZSTD_compressBound(FRAME), text + at, part, LEVEL);
        if (ZSTD_isError(n))
            return fprintf(stderr, "%s\n", ZSTD_getErrorName(n)), 1;
        bytes += n;
    }
    printf("{\"cpu_seconds\": %.6f, \"bytes\": %llu, \"input_bytes\": %zu}\n", cpu_seconds() - before, bytes, len);
    ZSTD_freeCCtx(cctx);
    free(frame);
    free(text);
    return 0;
}
