/**
 * What this processor can do beyond what the compiler was told. The one place that asks: code in wide registers stands
 * beside a plain twin that gives the same result, and is chosen here at run time. No state; asking costs next to nothing.
 */
#ifndef XJ_CPU_PRIV_H
#define XJ_CPU_PRIV_H

#include <stdbool.h>

#if defined(__x86_64__) && defined(__GNUC__)
#define XJI_CPU_X86 1
#if defined(__has_include)
#if __has_include(<sys/platform/x86.h>)
/* The C library has asked. The compiler's own way asks again at the start of every program, some 20 times, and each time
 * interrupts a virtual machine: 4 us on ours. */
#include <sys/platform/x86.h>
#endif
#endif
#define XJI_TARGET_AVX2 __attribute__((target("avx2")))
#else
#define XJI_CPU_X86 0
#endif

static inline bool xji_cpu_has_avx2(void)
{
#if XJI_CPU_X86 && defined(CPU_FEATURE_ACTIVE)
    return CPU_FEATURE_ACTIVE(AVX2);
#elif XJI_CPU_X86
    return __builtin_cpu_supports("avx2");
#else
    return false;
#endif
}

#endif
