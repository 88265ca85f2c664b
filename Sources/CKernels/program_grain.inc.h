/// Numbers of 8 bits as quantized tensors have them, in one walk over a tile: `scale` f0, zero point f1, limits i0 and i1.
#include "program.h"

DLC_TARGET_BEGIN
typedef uint8_t DLC_NAME(grain_bytes) __attribute__((vector_size(VL), aligned(1), may_alias));

/// Whether a lane of a comparison holds.
DLC_INLINE bool DLC_NAME(any_lane)(vi mask) {
#if VL == 16
    return _mm512_movepi32_mask((__m512i)mask) != 0;
#elif VL == 8
    return _mm256_movemask_ps((__m256)mask) != 0;
#else
    return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

/// clip(round(x / scale) + zero), 0 for what is no number, of four vectors. A product with 1 / scale rounds as the quotient does
/// but near the middle between integers, where there is a division; what is too large for that saturates in either way.
DLC_INLINE void DLC_NAME(quantize)(const dlc_instruction *in, vf x[4]) {
    const float scale = (float)in->f0, inverse = 1.0f / scale;
    vf rounded[4];
    vi near = {0};
    for (int i = 0; i < 4; ++i) {
        const vf q = x[i] * inverse;
        rounded[i] = __builtin_elementwise_rint(q);
        near |= vf_abs(q - rounded[i]) > 0.5f - 0x1p-12f;
    }
    if (DLC_NAME(any_lane)(near))
        for (int i = 0; i < 4; ++i) rounded[i] = __builtin_elementwise_rint(x[i] / scale);
    for (int i = 0; i < 4; ++i) {
        const vf u = rounded[i] + (float)in->f1;
        x[i] = vf_select(u == u, vf_min(vf_max(u, vf_set1((float)in->i0)), vf_set1((float)in->i1)), vf_zero());
    }
}

#if VL >= 8
/// The integers next to the quotients of four vectors, as above; false where there is a division to do, or what is no number.
DLC_INLINE bool DLC_NAME(near_quotients)(const dlc_instruction *in, const vf x[4], vi rounded[4]) {
    const float inverse = 1.0f / (float)in->f0;
    vi near = {0};
    for (int i = 0; i < 4; ++i) {
        const vf q = x[i] * inverse;
        rounded[i] = DLC_NAME(integer_rounded)(q);
        near |= ~(vf_abs(q - __builtin_convertvector(rounded[i], vf)) <= 0.5f - 0x1p-12f);
    }
    return !DLC_NAME(any_lane)(near);
}
#endif

/// (x - zero) · scale of a vector of bytes.
DLC_INLINE vf DLC_NAME(dequantized)(const dlc_instruction *in, bool is_signed, DLC_NAME(grain_bytes) bytes) {
    const uint8_t flip = is_signed ? 0x80 : 0;
    const vf x = __builtin_convertvector(__builtin_convertvector(bytes ^ flip, vi) - vi_set1(flip), vf);
    return (x - (float)in->f1) * (float)in->f0;
}

static void DLC_NAME(load_grain)(const dlc_instruction *in, bool is_signed, int64_t n, const uint8_t *src, float *d) {
    int64_t i = 0;
    for (; i + VL <= n; i += VL) vf_store(d + i, DLC_NAME(dequantized)(in, is_signed, *(const DLC_NAME(grain_bytes) *)(src + i)));
    if (i == n) return;
    DLC_NAME(grain_bytes) few = {0};
    memcpy(&few, src + i, (size_t)(n - i));
    vf_store_n(d + i, DLC_NAME(dequantized)(in, is_signed, few), n - i);
}

/// The first `n` of four vectors.
DLC_INLINE void DLC_NAME(load_four)(vf x[4], const float *a, int64_t n) {
    for (int i = 0; i < 4; ++i) x[i] = n >= 4 * VL ? vf_load(a + VL * i) : n > VL * i ? vf_load_n(a + VL * i, n - VL * i < VL ? n - VL * i : VL) : vf_zero();
}

static void DLC_NAME(store_grain)(const dlc_instruction *in, int64_t n, const float *a, uint8_t *d) {
#if VL >= 8
    const int32_t zero = (int32_t)in->f1;
    const dlc_integer_finish finish = {
        .type = in->i0 < 0 ? DLC_I8 : DLC_U8, .low = (float)(in->i0 - zero), .high = (float)(in->i1 - zero), .zero = zero,
    };
    const DLC_NAME(integer_limits) limits = DLC_NAME(integer_limits_of)(&finish);
    const bool is_whole = (double)zero == in->f1;
#endif
    for (int64_t i = 0; i < n; i += 4 * VL) {
        vf x[4];
        DLC_NAME(load_four)(x, a + i, n - i);
#if VL >= 8
        vi near[4];
        if (is_whole && n - i >= 4 * VL && DLC_NAME(near_quotients)(in, x, near)) {
            const vf packed = (vf)DLC_NAME(integer_pack)(near, &limits, false);
            memcpy(d + i, &packed, sizeof packed);
            continue;
        }
#endif
        DLC_NAME(quantize)(in, x);
        DLC_NAME(grain_bytes) bytes[4];
        // Plus 3·2²², integers are in the lowest bits.
        for (int k = 0; k < 4; ++k) bytes[k] = __builtin_convertvector((vi)(x[k] + 12582912.0f), DLC_NAME(grain_bytes));
        memcpy(d + i, bytes, n - i >= 4 * VL ? 4 * VL : (size_t)(n - i));
    }
}

static void DLC_NAME(round_grain)(const dlc_instruction *in, int64_t n, const float *a, float *d) {
#if VL >= 8
    const int32_t zero = (int32_t)in->f1, low = (int32_t)in->i0 - zero, high = (int32_t)in->i1 - zero;
    const bool is_whole = (double)zero == in->f1;
#endif
    for (int64_t i = 0; i < n; i += 4 * VL) {
        vf x[4];
        DLC_NAME(load_four)(x, a + i, n - i);
#if VL >= 8
        vi near[4];
        if (is_whole && n - i >= 4 * VL && DLC_NAME(near_quotients)(in, x, near)) {
            for (int k = 0; k < 4; ++k) {
                const vi limited = __builtin_elementwise_min(__builtin_elementwise_max(near[k], vi_set1(low)), vi_set1(high));
                vf_store(d + i + VL * k, __builtin_convertvector(limited, vf) * (float)in->f0);
            }
            continue;
        }
#endif
        DLC_NAME(quantize)(in, x);
        for (int k = 0; k < 4; ++k) x[k] = (x[k] - (float)in->f1) * (float)in->f0;
        if (n - i >= 4 * VL)
            for (int k = 0; k < 4; ++k) vf_store(d + i + VL * k, x[k]);
        else memcpy(d + i, x, (size_t)(n - i) * sizeof *d);
    }
}
DLC_TARGET_END
