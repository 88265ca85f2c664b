/// AVX-512 F, BW, CD, DQ, VL: 16 lanes, masked tails.
#ifndef DLC_ISA_HEADER
#define DLC_ISA_HEADER
#include <immintrin.h>

#define VL 16
#define DLC_REGISTERS 32
#define DLC_SUFFIX _avx512
#define DLC_THIS_ISA DLC_ISA_AVX512
#define DLC_HAS_HALF 1
#define DLC_HAS_SHUFFLE 1
#define DLC_TARGET_BEGIN                                                                            \
    _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,f16c,bmi2\"))), apply_to = function)")
#define DLC_TARGET_END _Pragma("clang attribute pop")
#include "isa_common.h"

DLC_TARGET_BEGIN
/// `a * b + c`, rounded once.
DLC_INLINE vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
/// `a > b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_max(vf a, vf b) { return _mm512_max_ps(a, b); }
/// `a < b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_min(vf a, vf b) { return _mm512_min_ps(a, b); }
/// Lane `at[i]` of `a`, modulo the lanes, in lane i.
DLC_INLINE vf vf_permute(vf a, vi at) { return _mm512_permutexvar_ps((__m512i)at, a); }
/// Byte `at[i]` of `a` in byte i, 0 where that is 128 or more.
DLC_INLINE v16 v16_shuffle(v16 a, v16 at) { return (v16)_mm_shuffle_epi8((__m128i)a, (__m128i)at); }
DLC_INLINE vf vf_sqrt(vf a) { return _mm512_sqrt_ps(a); }
DLC_INLINE float vf_sum(vf a) { return _mm512_reduce_add_ps(a); }
DLC_INLINE __mmask16 vf_mask_(int64_t n) { return (__mmask16)_bzhi_u32(0xffffu, (unsigned)n); }
/// The first `n` lanes (0 ... VL) from memory, zero in the others.
DLC_INLINE vf vf_load_n(const float *p, int64_t n) { return _mm512_maskz_loadu_ps(vf_mask_(n), p); }
/// Stores the first `n` lanes (0 ... VL) and leaves the memory of the others untouched.
DLC_INLINE void vf_store_n(float *p, vf v, int64_t n) { _mm512_mask_storeu_ps(p, vf_mask_(n), v); }
DLC_TARGET_END
#endif
