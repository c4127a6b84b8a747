/*
 * What several unit tests need: library calls that must succeed, random numbers from a printed seed, and a folder of their
 * own. Static, so that a test program uses what it wants; include it after cmocka.h.
 */
#ifndef XJ_TESTING_H
#define XJ_TESTING_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xj/error.h"

#define TESTING_UNUSED __attribute__((unused))

static TESTING_UNUSED void ok_at(xj_status st, const xj_error *e, int line)
{
    if (st != XJ_OK)
        fail_msg("line %d: %s: %s", line, xj_status_name(st), e->message);
}

/* call is an expression that uses &err */
#define OK(call)                      \
    do {                              \
        xj_error err = XJ_ERROR_INIT; \
        xj_status ok_st = (call);     \
        ok_at(ok_st, &err, __LINE__); \
    } while (0)

/* Knuth's MMIX generator; its upper bits are good enough to choose by. */
static TESTING_UNUSED uint64_t random_state;

static TESTING_UNUSED uint32_t random_below(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_state >> 33) % n);
}

static TESTING_UNUSED void seed(uint64_t s)
{
    random_state = s;
    print_message("seed %llu\n", (unsigned long long)s);
}

static TESTING_UNUSED int remove_entry(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* For xj_segment_check: what it finds is added to *ctx, unless it is that terms which a test made up are not those of the
 * texts that it made up. */
static TESTING_UNUSED bool count_damage_but_lengths(void *ctx, const xj_error *e)
{
    if (!strstr(e->message, "a passage whose terms do not add up to its length")) {
        print_message("damage: %s\n", e->message);
        ++*(uint64_t *)ctx;
    }
    return true;
}

/* Make a folder below $TMPDIR (below /tmp when that is not set or too long) and write its path into root; 0 or -1, as
 * cmocka's set-up wants it. */
static TESTING_UNUSED int make_folder(char root[64])
{
    const char *parent = getenv("TMPDIR");
    bool usable = parent && *parent && strlen(parent) < 32;
    snprintf(root, 64, "%.31s/xunju-test-XXXXXX", usable ? parent : "/tmp");
    return mkdtemp(root) ? 0 : -1;
}

/* Remove a folder and everything in it. */
static TESTING_UNUSED int remove_folder(const char *root)
{
    return nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
