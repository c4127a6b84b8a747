/** The ways to search for ranges; xj_ranges_find chooses. */
#ifndef XJ_RANGES_PRIV_H
#define XJ_RANGES_PRIV_H

#include "cpu_priv.h"
#include "xj/ranges.h"

/** As xj_ranges_find, on any processor. */
size_t xji_ranges_find_plain(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges, bool inside);

#if XJI_CPU_X86
/** An index from which on xj_ranges_find finds the same: that of the first block with a hit, or near n. */
size_t xji_ranges_skip_avx2(const uint32_t *cp, size_t from, size_t n, const xj_range *ranges, size_t n_ranges, bool inside);
#endif

#endif
