/* The forms of the kernels, for tests to compare. */
#ifndef XJI_KERNELS_PRIV_H
#define XJI_KERNELS_PRIV_H

#include "cpu_priv.h"
#include "xj/kernels.h"

size_t xji_meet_plain(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met);
size_t xji_count_not_below_plain(const uint16_t *v, size_t n, uint16_t limit);
size_t xji_list_not_below_plain(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place);

#if XJI_CPU_X86
size_t xji_meet_avx2(const uint32_t *wanted, size_t n, const uint32_t *docs, size_t m, size_t *from, xj_met *met);
size_t xji_count_not_below_avx2(const uint16_t *v, size_t n, uint16_t limit);
size_t xji_list_not_below_avx2(const uint16_t *v, size_t n, uint16_t limit, uint16_t *place);
#endif

#endif
