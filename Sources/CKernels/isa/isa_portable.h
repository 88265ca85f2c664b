/// Whatever the compiler's baseline has: 4 lanes, no fused multiply-add assumed.
#ifndef DLC_ISA_HEADER
#define DLC_ISA_HEADER

#define VL 4
#if defined(__aarch64__)
#define DLC_REGISTERS 32
#else
#define DLC_REGISTERS 16
#endif
#define DLC_SUFFIX _portable
#define DLC_THIS_ISA DLC_ISA_PORTABLE
#define DLC_HAS_HALF 0
#define DLC_HAS_SHUFFLE 0
#define DLC_TARGET_BEGIN
#define DLC_TARGET_END
#include "isa_common.h"

/// `a * b + c`; the product may be rounded on its own.
DLC_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
/// `a > b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_max(vf a, vf b) { return vf_select(a > b, a, b); }
/// `a < b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_min(vf a, vf b) { return vf_select(a < b, a, b); }
/// Lane `at[i]` of `a`, modulo the lanes, in lane i.
DLC_INLINE vf vf_permute(vf a, vi at) { return (vf){a[at[0] & 3], a[at[1] & 3], a[at[2] & 3], a[at[3] & 3]}; }
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
