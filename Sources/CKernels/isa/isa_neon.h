/// arm64 Advanced SIMD: 4 lanes, fused multiply-add.
#ifndef DLC_ISA_HEADER
#define DLC_ISA_HEADER
#include <arm_neon.h>

#define VL 4
#define DLC_REGISTERS 32
#define DLC_SUFFIX _neon
#define DLC_THIS_ISA DLC_ISA_NEON
#define DLC_HAS_HALF 1
#define DLC_HAS_SHUFFLE 1
#define DLC_TARGET_BEGIN
#define DLC_TARGET_END
#include "isa_common.h"

/// `a * b + c`, rounded once.
DLC_INLINE vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
/// `a > b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_max(vf a, vf b) { return vf_select(a > b, a, b); }
/// `a < b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_min(vf a, vf b) { return vf_select(a < b, a, b); }
/// Lane `at[i]` of `a`, modulo the lanes, in lane i.
DLC_INLINE vf vf_permute(vf a, vi at) { return (vf)vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)((at & 3) * 0x04040404 + 0x03020100)); }
/// Byte `at[i]` of `a` in byte i, 0 where that is 128 or more.
DLC_INLINE v16 v16_shuffle(v16 a, v16 at) { return (v16)vqtbl1q_u8((uint8x16_t)a, (uint8x16_t)at); }
DLC_INLINE vf vf_sqrt(vf a) { return __builtin_elementwise_sqrt(a); }
DLC_INLINE float vf_sum(vf a) { return (a[0] + a[2]) + (a[1] + a[3]); }
/// The first `n` lanes (0 ... VL) from memory, zero in the others.
DLC_INLINE vf vf_load_n(const float *p, int64_t n) {
    if (n >= VL) return vf_load(p);
    vf v = {0};
    if (n > 0) v[0] = p[0];
    if (n > 1) v[1] = p[1];
    if (n > 2) v[2] = p[2];
    return v;
}
/// Stores the first `n` lanes (0 ... VL) and leaves the memory of the others untouched.
DLC_INLINE void vf_store_n(float *p, vf v, int64_t n) {
    if (n >= VL) { vf_store(p, v); return; }
    if (n > 0) p[0] = v[0];
    if (n > 1) p[1] = v[1];
    if (n > 2) p[2] = v[2];
}
#endif
