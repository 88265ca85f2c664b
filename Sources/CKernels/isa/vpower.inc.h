/// Remainders and powers of f32 by way of f64, in which they are exact or nearly so. Include after isa_*.h.
#ifndef DLC_VPOWER
#define DLC_VPOWER
#include "vmath_f64.inc.h"
#include <math.h>

DLC_TARGET_BEGIN
typedef float vpower_half __attribute__((vector_size(2 * VL)));
typedef union { vf all; vpower_half half[2]; } vpower_halves;

/// `y`, but where `slow` what the C library says.
DLC_INLINE vf vpower_slow(vi slow, vf a, vf b, vf y, float (*library)(float, float)) {
    if (__builtin_reduce_or(slow))
        for (int i = 0; i < VL; ++i) if (slow[i]) y[i] = library(a[i], b[i]);
    return y;
}

/// The remainder of a / b with the sign of a, which is exact: quotients of f32 below 2²⁴ that are no integers are further from one than
/// f64 rounds.
DLC_INLINE vf vfmod(vf a, vf b) {
    vpower_halves x = {a}, y = {b}, r, quotient;
    for (int i = 0; i < 2; ++i) {
        const vd wide = __builtin_convertvector(x.half[i], vd), divisor = __builtin_convertvector(y.half[i], vd);
        const vd q = __builtin_elementwise_trunc(wide / divisor);
        quotient.half[i] = __builtin_convertvector(q, vpower_half);
        r.half[i] = __builtin_convertvector(wide - q * divisor, vpower_half);
    }
    const vi fast = (vf_abs(quotient.all) < 0x1p24f) & (vf_abs(b) < INFINITY);
    return vpower_slow(~fast, a, b, vf_copysign(r.all, a), fmodf);
}

/// aᵇ; 1 ULP.
DLC_INLINE vf vpow(vf a, vf b) {
    vpower_halves x = {vf_abs(a)}, y = {b}, power;
    for (int i = 0; i < 2; ++i) {
        const vd wide = __builtin_convertvector(x.half[i], vd);
        // 1024 more than the exponent of what brings the mantissa to [√½, √2); the logarithm is that of (1 + s) / (1 - s).
        const vu exponent = ((vu)wide - 0x3fe6a09e00000000 + (UINT64_C(1024) << 52)) >> 52;
        const vd e = (vd)(exponent | 0x4330000000000000) - (0x1p52 + 1024);
        const vd m = (vd)((vu)wide - ((exponent - 1024) << 52));
        const vd s = (m - 1.0) / (m + 1.0), z = s * s;
        vd p = vd_set1(1.0 / 13);
        p = p * z + 1.0 / 11;
        p = p * z + 1.0 / 9;
        p = p * z + 1.0 / 7;
        p = p * z + 1.0 / 5;
        p = p * z + 1.0 / 3;
        const vd log = e * 0x1.62e42fefa39efp-1 + (2.0 * s + 2.0 * s * z * p);
        power.half[i] = __builtin_convertvector(vd_exp(__builtin_convertvector(y.half[i], vd) * log), vpower_half);
    }
    const vf half = b * 0.5f;
    const vi whole = __builtin_elementwise_rint(b) == b, odd = whole & (__builtin_elementwise_rint(half) != half), negative = a < 0.0f;
    const vf signed_power = (vf)((vi)power.all ^ (negative & odd & INT32_MIN));
    const vi fast = (vf_abs(a) < INFINITY) & (a != 0.0f) & (vf_abs(b) < INFINITY);
    return vpower_slow(~fast, a, b, vf_select(negative & ~whole, vf_set1(NAN), signed_power), powf);
}
DLC_TARGET_END
#endif
