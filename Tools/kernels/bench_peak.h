/// The rate of independent fused multiply-adds in registers, in GFLOP/s, for the strongest instruction set.
#ifndef DLC_BENCH_PEAK_H
#define DLC_BENCH_PEAK_H
#include "bench.h"

static inline double peak(void) { return machine()->flops * 1e-9; }
#endif
