/// The rate of independent fused multiply-adds in registers, in GFLOP/s, for the strongest instruction set.
#ifndef DLC_BENCH_PEAK_H
#define DLC_BENCH_PEAK_H
#include "harness.h"
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void fma_512(int64_t n, float *out) {
    typedef float v __attribute__((vector_size(64)));
    v s[16], x = {1.0f}, y = {0.5f};
    for (int i = 0; i < 16; i++) s[i] = x * (float)i;
    for (int64_t k = 0; k < n; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 16; i++) s[i] = __builtin_elementwise_fma(x, y, s[i]);
    }
    for (int i = 1; i < 16; i++) s[0] += s[i];
    *out = s[0][0];
}
__attribute__((target("avx2,fma"))) static void fma_256(int64_t n, float *out) {
    typedef float v __attribute__((vector_size(32)));
    v s[12], x = {1.0f}, y = {0.5f};
    for (int i = 0; i < 12; i++) s[i] = x * (float)i;
    for (int64_t k = 0; k < n; k++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < 12; i++) s[i] = __builtin_elementwise_fma(x, y, s[i]);
    }
    for (int i = 1; i < 12; i++) s[0] += s[i];
    *out = s[0][0];
}
#endif

static inline double peak(void) {
    static double best = 0;
    if (best > 0) return best;
#if defined(__x86_64__)
    const bool wide = dlc_host_isa() == DLC_ISA_AVX512;
    for (int i = 0; i < 20; i++) {
        float out;
        const int64_t n = 1000000;
        double t = seconds();
        if (wide) fma_512(n, &out);
        else fma_256(n, &out);
        t = seconds() - t;
        __asm__ volatile("" : : "r"(out));
        double rate = 2.0 * (wide ? 16 * 16 : 12 * 8) * (double)n / t * 1e-9;
        if (rate > best) best = rate;
    }
#else
    best = 1;
#endif
    return best;
}
#endif
