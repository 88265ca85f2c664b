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

/// The first `n` of a vector of bytes.
DLC_INLINE DLC_NAME(integer_bytes) DLC_NAME(integer_load_bytes)(const uint8_t *p, int64_t n) {
#if VL == 16
    if (n >= VL) return *(const DLC_NAME(integer_bytes) *)p;
    return (DLC_NAME(integer_bytes))_mm_maskz_loadu_epi8((__mmask16)(n > 0 ? (1 << n) - 1 : 0), p);
#else
    DLC_NAME(integer_bytes) bytes = {0};
    if (n >= VL) bytes = *(const DLC_NAME(integer_bytes) *)p;
    else if (n > 0) memcpy(&bytes, p, (size_t)n);
    return bytes;
#endif
}
/// What addends are made of, as vectors.
typedef struct { vf low, high, places, scale, addend_scale; vi zero; uint8_t flip; } DLC_NAME(integer_addition);
DLC_INLINE DLC_NAME(integer_addition) DLC_NAME(integer_addition_of)(const dlc_integer_finish *f) {
    const uint8_t flip = f->addend_signed ? 128 : 0;
    // Rounding is as below; 0 is added where nothing rounds.
    return (DLC_NAME(integer_addition)){
        vf_set1(f->sum_low), vf_set1(f->sum_high), vf_set1(f->sum_rounds ? 12582912.0f : 0), vf_set1(f->sum_scale),
        vf_set1(f->addend_scale), vi_set1(f->addend_zero + flip), flip,
    };
}
/// y with a vector of addends, bytes or, where `second` is not null, those of columns; what is no number is the least that is
/// rounded. `plain` where y rounds and bytes are unsigned.
DLC_INLINE vf DLC_NAME(integer_add)(vf y, DLC_NAME(integer_bytes) addend, const float *second, const DLC_NAME(integer_addition) *s,
                                    const bool plain) {
    typedef uint8_t bytes __attribute__((vector_size(VL)));
    y = vf_min(vf_max(y, s->low), s->high);
#if VL == 16
    if (plain) y = (vf)_mm512_roundscale_ps((__m512)y, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    else
#endif
        y = y + s->places - s->places;
    if (second) return vf_fma(y, s->scale, vf_load(second));
    const bytes turned = plain ? (bytes)addend : (bytes)addend ^ s->flip;
    const vi centred = __builtin_convertvector(turned, vi) - s->zero;
    return vf_fma(y, s->scale, __builtin_convertvector(centred, vf) * s->addend_scale);
}
/// A vector of sums as numbers, before they are limited; both kinds of addends are null where there are none.
DLC_INLINE vf DLC_NAME(integer_scaled)(vi sum, const uint8_t *addend, const float *second, int64_t n, const dlc_integer_finish *f,
                                       vf scale, vf bias) {
    const vf y = vf_fma(__builtin_convertvector(sum, vf), scale, bias);
    if (!addend && !second) return y;
    const DLC_NAME(integer_addition) addition = DLC_NAME(integer_addition_of)(f);
    const DLC_NAME(integer_bytes) none = {0};
    return DLC_NAME(integer_add)(y, addend ? DLC_NAME(integer_load_bytes)(addend, n) : none, second, &addition, false);
}

/// Stores the first `n` of a vector of sums, n up to VL or more. `f` should be a local copy: bytes that are stored may be anything's.
DLC_INLINE void DLC_NAME(integer_store_scaled)(uint8_t *c, vi sum, const uint8_t *addend, const float *second, int64_t n,
                                               const dlc_integer_finish *f, vf scale, vf bias) {
    if (f->type == DLC_I32) {
        if (n >= VL) vf_store((float *)c, (vf)sum);
        else vf_store_n((float *)c, (vf)sum, n);
        return;
    }
    vf y = DLC_NAME(integer_scaled)(sum, addend, second, n, f, scale, bias);
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
    DLC_NAME(integer_store_scaled)(c, sum, 0, 0, n, f, vf_load(scale), vf_load(bias));
}
/// Stores sums, `[row][vector]`, one vector after another.
static __attribute__((noinline)) void DLC_NAME(integer_store_held)(const dlc_integer_tile *t, const vi *sums, int rows, int vectors) {
    const dlc_integer_finish finish = *t->finish;
    const int64_t size = dlc_integer_size(&finish);
    for (int v = 0; v < vectors && t->columns > VL * v; v++) {
        const vf scale = vf_load(t->scale + VL * v), bias = vf_load(t->bias + VL * v);
        for (int r = 0; r < rows; r++) {
            const uint8_t *addend = t->addend ? t->addend + r * t->addend_row + VL * v : 0;
            uint8_t *c = t->c + r * t->c_row + size * VL * v;
            const float *second = t->second ? t->second + VL * v : 0;
            DLC_NAME(integer_store_scaled)(c, sums[r * vectors + v], addend, second, t->columns - VL * v, &finish, scale, bias);
        }
    }
}
#if VL >= 8
#if VL == 16
#define INTEGER_VECTOR __m512i
#define INTEGER_(x) _mm512_##x
#define INTEGER_BITS_(x, a, b) _mm512_##x##_si512(a, b)
#else
#define INTEGER_VECTOR __m256i
#define INTEGER_(x) _mm256_##x
#define INTEGER_BITS_(x, a, b) _mm256_##x##_si256(a, b)
#endif
/// What bytes are limited by, as unsigned ones: where they are signed their highest bits are turned.
typedef struct { INTEGER_VECTOR zero, least, most, flip; } DLC_NAME(integer_limits);
DLC_INLINE DLC_NAME(integer_limits) DLC_NAME(integer_limits_of)(const dlc_integer_finish *f) {
    const int32_t flip = f->type == DLC_I8 ? 128 : 0, zero = f->zero + flip;
    return (DLC_NAME(integer_limits)){INTEGER_(set1_epi16)((short)zero), INTEGER_(set1_epi8)((char)((int32_t)f->low + zero)),
                                      INTEGER_(set1_epi8)((char)((int32_t)f->high + zero)), INTEGER_(set1_epi8)((char)flip)};
}
/// The nearest integer, halves to even. What is no number becomes the least, and so does what is too large.
DLC_INLINE vi DLC_NAME(integer_rounded)(vf y) {
#if VL == 16
    return (vi)_mm512_cvtps_epi32((__m512)y);
#else
    return (vi)_mm256_cvtps_epi32((__m256)y);
#endif
}
/// Four vectors of such as the bytes that are stored: in each part of 16 bytes four of every vector. `plain` where saturating
/// to u8 is all.
DLC_INLINE vi DLC_NAME(integer_saturate)(const vi y[4], const DLC_NAME(integer_limits) *l, const bool plain) {
    const INTEGER_VECTOR a = INTEGER_(packs_epi32)((INTEGER_VECTOR)y[0], (INTEGER_VECTOR)y[1]);
    const INTEGER_VECTOR b = INTEGER_(packs_epi32)((INTEGER_VECTOR)y[2], (INTEGER_VECTOR)y[3]);
    if (plain) return (vi)INTEGER_(packus_epi16)(a, b);
    const INTEGER_VECTOR bytes = INTEGER_(packus_epi16)(INTEGER_(adds_epi16)(a, l->zero), INTEGER_(adds_epi16)(b, l->zero));
    return (vi)INTEGER_BITS_(xor, INTEGER_(max_epu8)(INTEGER_(min_epu8)(bytes, l->most), l->least), l->flip);
}
/// Four such vectors as bytes, one behind another.
DLC_INLINE vi DLC_NAME(integer_pack)(const vi y[4], const DLC_NAME(integer_limits) *l, const bool plain) {
    const INTEGER_VECTOR bytes = (INTEGER_VECTOR)DLC_NAME(integer_saturate)(y, l, plain);
#if VL == 16
    return (vi)_mm512_permutexvar_epi32(_mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), bytes);
#else
    return (vi)_mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
#endif
}
/// Stores the first `n` bytes of vector `i` of four, or of `count` vectors from it on: 1, or 2 where i is even.
DLC_INLINE void DLC_NAME(integer_store_part)(uint8_t *c, vi packed, int i, int count, int64_t n) {
#if VL == 16
    if (count == 2) {
        const __m256i half = i == 0 ? _mm512_castsi512_si256((__m512i)packed) : _mm512_extracti64x4_epi64((__m512i)packed, 1);
        if (n >= 32) _mm256_storeu_si256((__m256i *)c, half);
        else if (n > 0) _mm256_mask_storeu_epi8(c, ((__mmask32)1 << n) - 1, half);
        return;
    }
    const __m128i part = i == 0   ? _mm512_castsi512_si128((__m512i)packed)
                         : i == 1 ? _mm512_extracti32x4_epi32((__m512i)packed, 1)
                         : i == 2 ? _mm512_extracti32x4_epi32((__m512i)packed, 2)
                                  : _mm512_extracti32x4_epi32((__m512i)packed, 3);
    if (n >= VL) _mm_storeu_si128((__m128i *)c, part);
    else if (n > 0) _mm_mask_storeu_epi8(c, (__mmask16)((1 << n) - 1), part);
#else
    const uint64_t __attribute__((vector_size(32))) parts = (const uint64_t __attribute__((vector_size(32))))packed;
    for (int j = 0; j < count; j++, c += VL, n -= VL) {
        const uint64_t part = parts[i + j];
        if (n >= VL) memcpy(c, &part, VL);
        else
            for (int64_t at = 0; at < n; at++) c[at] = (uint8_t)(part >> 8 * at);
    }
#endif
}
#endif
DLC_INLINE vi integer_quad(const uint8_t *a) {
    int32_t quad;
    memcpy(&quad, a, 4);
    return vi_set1(quad);
}
DLC_TARGET_END

#if VL >= 8
#if VL == 16
#define INTEGER_ROWS_WIDE 12
#define INTEGER_DOT_(s, a, b) _mm512_dpbusd_epi32(s, a, b)
#else
#define INTEGER_ROWS_WIDE 4
#define INTEGER_DOT_(s, a, b) _mm256_dpbusd_avx_epi32(s, a, b)
#endif

// Bytes 0 and 2 of each quad as one vector of 16-bit numbers, 1 and 3 as the other.
DLC_TARGET_BEGIN
typedef struct { INTEGER_VECTOR even, odd; } DLC_NAME(integer_a);
typedef DLC_NAME(integer_a) DLC_NAME(integer_b);
DLC_INLINE DLC_NAME(integer_a) DLC_NAME(integer_ready_a)(const uint8_t *a) {
    const INTEGER_VECTOR quad = (INTEGER_VECTOR)integer_quad(a);
    return (DLC_NAME(integer_a)){INTEGER_BITS_(and, quad, INTEGER_(set1_epi16)(255)), INTEGER_(srli_epi16)(quad, 8)};
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
