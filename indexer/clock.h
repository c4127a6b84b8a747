/* Seconds of a clock, for progress and reports. */
#ifndef XJI_CLOCK_H
#define XJI_CLOCK_H

#include <time.h>

static inline double xji_seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

#endif
