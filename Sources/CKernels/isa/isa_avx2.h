/// x86-64-v3: AVX2, FMA, F16C; 8 lanes.
#ifndef DLC_ISA_HEADER
#define DLC_ISA_HEADER
#include <immintrin.h>

#define VL 8
#define DLC_REGISTERS 16
#define DLC_SUFFIX _avx2
#define DLC_THIS_ISA DLC_ISA_AVX2
#define DLC_HAS_HALF 1
#define DLC_HAS_SHUFFLE 1
#define DLC_TARGET_BEGIN                                                                            \
    _Pragma("clang attribute push(__attribute__((target(\"avx2,fma,f16c,bmi2\"))), apply_to = function)")
#define DLC_TARGET_END _Pragma("clang attribute pop")
#include "isa_common.h"

DLC_TARGET_BEGIN
/// `a * b + c`, rounded once.
DLC_INLINE vf vf_fma(vf a, vf b, vf c) { return __builtin_elementwise_fma(a, b, c); }
/// `a > b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_max(vf a, vf b) { return _mm256_max_ps(a, b); }
/// `a < b ? a : b`: where a lane of either is NaN, the lane of `b`.
DLC_INLINE vf vf_min(vf a, vf b) { return _mm256_min_ps(a, b); }
/// Lane `at[i]` of `a`, modulo the lanes, in lane i.
DLC_INLINE vf vf_permute(vf a, vi at) { return _mm256_permutevar8x32_ps(a, (__m256i)at); }
/// Byte `at[i]` of `a` in byte i, 0 where that is 128 or more.
DLC_INLINE v16 v16_shuffle(v16 a, v16 at) { return (v16)_mm_shuffle_epi8((__m128i)a, (__m128i)at); }
DLC_INLINE vf vf_sqrt(vf a) { return _mm256_sqrt_ps(a); }
DLC_INLINE float vf_sum(vf a) {
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return s[0] + s[1];
}
DLC_INLINE __m256i vf_mask_(int64_t n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
/// The first `n` lanes (0 ... VL) from memory, zero in the others.
DLC_INLINE vf vf_load_n(const float *p, int64_t n) { return n >= VL ? vf_load(p) : _mm256_maskload_ps(p, vf_mask_(n)); }
/// Stores the first `n` lanes (0 ... VL) and leaves the memory of the others untouched. Whole vectors take a branch
/// of their own, since masked stores are microcode on AMD's processors.
DLC_INLINE void vf_store_n(float *p, vf v, int64_t n) {
    if (n >= VL) vf_store(p, v);
    else _mm256_maskstore_ps(p, vf_mask_(n), v);
}
DLC_TARGET_END
#endif
