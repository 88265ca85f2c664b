/// Quads of 8-bit integers multiplied and added: with the instruction for it where there is one, else as 16-bit pairs, whose
/// sums of two products have 24 bits. (`vpmaddubsw` adds in 16 bits and saturates: 2 · 255 · 127 is more than they hold.)
#include "gemm_integer.h"
#include <string.h>

// Half a panel: 16 columns of AVX-512 and 8 of the others.
#define INTEGER_HALF (VL == 4 ? 2 : 1)
#if defined(__aarch64__)
#include <arm_neon.h>
#endif

typedef uint32_t DLC_NAME(integer_lanes) __attribute__((vector_size(4 * VL)));

DLC_TARGET_BEGIN
// Sums wrap, so they are unsigned ones.
DLC_INLINE vi integer_add(vi a, vi b) { return (vi)((DLC_NAME(integer_lanes))a + (DLC_NAME(integer_lanes))b); }
DLC_INLINE vi integer_subtract_product(vi x, vi a, vi b) {
    return (vi)((DLC_NAME(integer_lanes))x - (DLC_NAME(integer_lanes))a * (DLC_NAME(integer_lanes))b);
}
typedef int8_t DLC_NAME(integer_bytes) __attribute__((vector_size(VL), aligned(1), may_alias));

/// Stores the first `n` of a vector of sums, n up to VL or more. `f` should be a local copy: bytes that are stored may be anything's.
DLC_INLINE void DLC_NAME(integer_store_scaled)(uint8_t *c, vi sum, int64_t n, const dlc_integer_finish *f, vf scale, vf bias) {
    if (f->type == DLC_I32) {
        if (n >= VL) vf_store((float *)c, (vf)sum);
        else vf_store_n((float *)c, (vf)sum, n);
        return;
    }
    vf y = vf_fma(__builtin_convertvector(sum, vf), scale, bias);
    if (f->type == DLC_F32) {
        y = vf_min(vf_set1(f->high), vf_max(vf_set1(f->low), y));
        if (n >= VL) vf_store((float *)c, y);
        else vf_store_n((float *)c, y, n);
        return;
    }
    // What is no number becomes the least.
    y = vf_min(vf_max(y, vf_set1(f->low)), vf_set1(f->high));
    // Numbers of less than 22 bits plus 3·2²² have their integer part in the lowest bits, rounded as sums are.
    const vi rounded = (vi)(y + vf_set1(12582912.0f)) - vi_set1(0x4b400000 - f->zero);
    const DLC_NAME(integer_bytes) bytes = __builtin_convertvector(rounded, DLC_NAME(integer_bytes));
    if (n >= VL) *(DLC_NAME(integer_bytes) *)c = bytes;
    else
        for (int i = 0; i < VL; i++)
            if (i < n) c[i] = (uint8_t)bytes[i];
}
DLC_INLINE void DLC_NAME(integer_store)(uint8_t *c, vi sum, int64_t n, const dlc_integer_finish *f, const float *scale, const float *bias) {
    DLC_NAME(integer_store_scaled)(c, sum, n, f, vf_load(scale), vf_load(bias));
}
DLC_INLINE vi integer_quad(const uint8_t *a) {
    int32_t quad;
    memcpy(&quad, a, 4);
    return vi_set1(quad);
}
DLC_TARGET_END

#if VL >= 8
#if VL == 16
#define INTEGER_VECTOR __m512i
#define INTEGER_(x) _mm512_##x
#define INTEGER_AND_(a, b) _mm512_and_si512(a, b)
#define INTEGER_ROWS_WIDE 12
#define INTEGER_DOT_(s, a, b) _mm512_dpbusd_epi32(s, a, b)
#else
#define INTEGER_VECTOR __m256i
#define INTEGER_(x) _mm256_##x
#define INTEGER_AND_(a, b) _mm256_and_si256(a, b)
#define INTEGER_ROWS_WIDE 4
#define INTEGER_DOT_(s, a, b) _mm256_dpbusd_avx_epi32(s, a, b)
#endif

// Bytes 0 and 2 of each quad as one vector of 16-bit numbers, 1 and 3 as the other.
DLC_TARGET_BEGIN
typedef struct { INTEGER_VECTOR even, odd; } DLC_NAME(integer_a);
typedef DLC_NAME(integer_a) DLC_NAME(integer_b);
DLC_INLINE DLC_NAME(integer_a) DLC_NAME(integer_ready_a)(const uint8_t *a) {
    const INTEGER_VECTOR quad = (INTEGER_VECTOR)integer_quad(a);
    return (DLC_NAME(integer_a)){INTEGER_AND_(quad, INTEGER_(set1_epi16)(255)), INTEGER_(srli_epi16)(quad, 8)};
}
DLC_INLINE DLC_NAME(integer_b) DLC_NAME(integer_ready_b)(const int8_t *b) {
    const INTEGER_VECTOR quads = (INTEGER_VECTOR)vf_load((const float *)b);
    return (DLC_NAME(integer_b)){INTEGER_(srai_epi16)(INTEGER_(slli_epi16)(quads, 8), 8), INTEGER_(srai_epi16)(quads, 8)};
}
DLC_INLINE vi DLC_NAME(integer_dot)(vi sum, DLC_NAME(integer_a) a, DLC_NAME(integer_b) b) {
    return integer_add(sum, integer_add((vi)INTEGER_(madd_epi16)(a.even, b.even), (vi)INTEGER_(madd_epi16)(a.odd, b.odd)));
}
#define INTEGER_NAME(x) DLC_NAME(x)
#define INTEGER_ROWS INTEGER_ROWS_WIDE
#define INTEGER_FLIPS 0
#include "gemm_integer_tile.inc.h"
DLC_TARGET_END

#define INTEGER_NAME(x) DLC_PASTE(DLC_NAME(x), _dot)
#define INTEGER_FLIPS 0
#if VL == 16
#define INTEGER_ROWS 12
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2"))), apply_to = function)
#else
#define INTEGER_ROWS 6
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,bmi2,avxvnni"))), apply_to = function)
#endif
typedef vi INTEGER_NAME(integer_a);
typedef vi INTEGER_NAME(integer_b);
DLC_INLINE vi INTEGER_NAME(integer_ready_a)(const uint8_t *a) { return integer_quad(a); }
DLC_INLINE vi INTEGER_NAME(integer_ready_b)(const int8_t *b) { return (vi)vf_load((const float *)b); }
DLC_INLINE vi INTEGER_NAME(integer_dot)(vi sum, vi a, vi b) { return (vi)INTEGER_DOT_((INTEGER_VECTOR)sum, (INTEGER_VECTOR)a, (INTEGER_VECTOR)b); }
#include "gemm_integer_tile.inc.h"
DLC_TARGET_END

#elif defined(__aarch64__) && DLC_HAS_HALF
// s8 times s8: two products of −128 by −128 make 2¹⁵, which 16 bits do not hold, so pairs are added in 32.
typedef int8x16_t DLC_NAME(integer_a);
typedef int8x16_t DLC_NAME(integer_b);
DLC_INLINE int8x16_t DLC_NAME(integer_ready_a)(const uint8_t *a) { return vreinterpretq_s8_s32((int32x4_t)integer_quad(a)); }
DLC_INLINE int8x16_t DLC_NAME(integer_ready_b)(const int8_t *b) { return vld1q_s8(b); }
DLC_INLINE vi DLC_NAME(integer_dot)(vi sum, int8x16_t a, int8x16_t b) {
    const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b))), high = vpaddlq_s16(vmull_high_s8(a, b));
    return integer_add(sum, (vi)vpaddq_s32(low, high));
}
#define INTEGER_NAME(x) DLC_NAME(x)
#define INTEGER_ROWS 4
#define INTEGER_FLIPS 0x80
#include "gemm_integer_tile.inc.h"

#define INTEGER_NAME(x) DLC_PASTE(DLC_NAME(x), _dot)
#define INTEGER_ROWS 6
#define INTEGER_FLIPS 0x80
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
typedef int8x16_t INTEGER_NAME(integer_a);
typedef int8x16_t INTEGER_NAME(integer_b);
DLC_INLINE int8x16_t INTEGER_NAME(integer_ready_a)(const uint8_t *a) { return vreinterpretq_s8_s32((int32x4_t)integer_quad(a)); }
DLC_INLINE int8x16_t INTEGER_NAME(integer_ready_b)(const int8_t *b) { return vld1q_s8(b); }
DLC_INLINE vi INTEGER_NAME(integer_dot)(vi sum, int8x16_t a, int8x16_t b) { return (vi)vdotq_s32((int32x4_t)sum, b, a); }
#include "gemm_integer_tile.inc.h"
#pragma clang attribute pop

#else
// A lane's four products in a loop: the compiler's vectors serve whatever baseline there is.
typedef int32_t DLC_NAME(integer_a);
typedef const int8_t *DLC_NAME(integer_b);
DLC_INLINE int32_t DLC_NAME(integer_ready_a)(const uint8_t *a) {
    int32_t quad;
    memcpy(&quad, a, 4);
    return quad;
}
DLC_INLINE const int8_t *DLC_NAME(integer_ready_b)(const int8_t *b) { return b; }
DLC_INLINE vi DLC_NAME(integer_dot)(vi sum, int32_t quad, const int8_t *b) {
    const uint32_t q = (uint32_t)quad;
    const int32_t a0 = q & 255, a1 = q >> 8 & 255, a2 = q >> 16 & 255, a3 = q >> 24;
    vi x;
    for (int i = 0; i < VL; i++) x[i] = a0 * b[4 * i] + a1 * b[4 * i + 1] + a2 * b[4 * i + 2] + a3 * b[4 * i + 3];
    return integer_add(sum, x);
}
#define INTEGER_NAME(x) DLC_NAME(x)
#define INTEGER_ROWS 4
#define INTEGER_FLIPS 0
#include "gemm_integer_tile.inc.h"
#endif
