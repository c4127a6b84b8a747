/** The ways to decode UTF-8; xj_utf8_decode_many chooses. */
#ifndef XJ_UTF8_PRIV_H
#define XJ_UTF8_PRIV_H

#include "cpu_priv.h"
#include "xj/utf8.h"

/** As xj_utf8_decode_many on any processor, with m code points in out already; returns how many there are then. */
size_t xji_utf8_decode_plain(const xj_utf8_out *out, size_t m, const uint8_t *s, size_t n, size_t *at);

#if XJI_CPU_X86
enum { XJI_UTF8_AVX2_READ = 28 };

/** The same with AVX2; stops also when fewer than XJI_UTF8_AVX2_READ bytes are left and before whatever is rare. */
size_t xji_utf8_decode_avx2(const xj_utf8_out *out, size_t m, const uint8_t *s, size_t n, size_t *at);
#endif

#endif
