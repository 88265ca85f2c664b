/// The rate of independent fused multiply-adds in registers, in GFLOP/s, for the strongest instruction set.
#ifndef DLC_BENCH_PEAK_H
#define DLC_BENCH_PEAK_H
#include "harness.h"
#if defined(__x86_64__)
/// Twelve independent chains hide the latency. In assembly: compilers move registers about otherwise.
#define FMA(r, i) "vfmadd231ps %%" r "mm14, %%" r "mm15, %%" r "mm" #i "\n"
#define FMAS(r) FMA(r, 0) FMA(r, 1) FMA(r, 2) FMA(r, 3) FMA(r, 4) FMA(r, 5) FMA(r, 6) FMA(r, 7) FMA(r, 8) FMA(r, 9) FMA(r, 10) FMA(r, 11)
#define CLOBBERED "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm14", "xmm15"
__attribute__((target("avx512f,avx512dq"))) static void fma_512(int64_t n) {
    __asm__ volatile("vzeroall\n1:\n" FMAS("z") "dec %0\njnz 1b\n" : "+r"(n) : : CLOBBERED, "xmm12", "xmm13", "cc");
}
__attribute__((target("avx2,fma"))) static void fma_256(int64_t n) {
    __asm__ volatile("vzeroall\n1:\n" FMAS("y") "dec %0\njnz 1b\n" : "+r"(n) : : CLOBBERED, "xmm12", "xmm13", "cc");
}
#endif

static inline double peak(void) {
    static double best = 0;
    if (best > 0) return best;
#if defined(__x86_64__)
    const bool wide = dlc_host_isa() == DLC_ISA_AVX512;
    for (int i = 0; i < 2000; i++) {
        const int64_t n = 10000;
        double t = seconds();
        if (wide) fma_512(n);
        else fma_256(n);
        double rate = 2.0 * 12 * (wide ? 16 : 8) * (double)n / (seconds() - t) * 1e-9;
        if (rate > best) best = rate;
    }
#else
    best = 1;
#endif
    return best;
}
#endif
