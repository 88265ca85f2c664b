/// Trigonometric and hyperbolic functions on vectors, and their inverses, as vmath.inc.h has the others: bounds are in units in the
/// last place, and 0, ±∞ and NaN give what they should.
#ifndef DLC_VTRIG
#define DLC_VTRIG
#include "vmath.inc.h"
#include "vmath_f64.inc.h"
#include <math.h>


DLC_TARGET_BEGIN
enum { vtrig_most = 1 << 22 }; ///< where multiples of π/2 are still exact enough

/// x less the multiple of π/2 next to it, by parts of π/2 of which multiples are exact; and the low bits of its number. For |x| up to
/// vtrig_most.
DLC_INLINE vf vtrig_reduce(vf x, vi *quadrant) {
    typedef float half_f __attribute__((vector_size(2 * VL)));
    typedef int32_t half_i __attribute__((vector_size(2 * VL)));
    union { vf all; half_f half[2]; } r = {x};
    union { vi all; half_i half[2]; } q;
    for (int i = 0; i < 2; ++i) {
        const vd wide = __builtin_convertvector(r.half[i], vd);
        const vd shifted = wide * 0x1.45f306dc9c883p-1 + 0x1.8p52, n = shifted - 0x1.8p52;
        q.half[i] = __builtin_convertvector((vl)shifted, half_i);
        r.half[i] = __builtin_convertvector((wide - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34, half_f);
    }
    *quadrant = q.all;
    return r.all;
}

/// The sine and cosine of |r| up to π/4.
DLC_INLINE vf vtrig_sine(vf r) {
    const vf z = r * r;
    vf p = vf_set1(-1.951495753e-4f);
    p = vf_fma(p, z, vf_set1(8.332158409e-3f));
    p = vf_fma(p, z, vf_set1(-1.666665457e-1f));
    return vf_fma(p * z, r, r);
}
DLC_INLINE vf vtrig_cosine(vf r) {
    const vf z = r * r;
    vf p = vf_set1(2.443278496e-5f);
    p = vf_fma(p, z, vf_set1(-1.388731306e-3f));
    p = vf_fma(p, z, vf_set1(4.166664562e-2f));
    return vf_fma(p * z, z, vf_fma(vf_set1(-0.5f), z, vf_set1(1.0f)));
}

/// y, but where |x| is too large for vtrig_reduce what the C library says.
DLC_INLINE vf vtrig_huge(vf x, vf y, float (*library)(float)) {
    const vi huge = vf_abs(x) > (float)vtrig_most;
    if (__builtin_reduce_or(huge))
        for (int i = 0; i < VL; ++i) if (huge[i]) y[i] = library(x[i]);
    return y;
}

/// The sine; 2 ULP.
DLC_INLINE vf vsin(vf x) {
    vi quadrant;
    const vf r = vtrig_reduce(x, &quadrant);
    const vf y = vf_select((quadrant & 1) == 0, vtrig_sine(r), vtrig_cosine(r));
    return vtrig_huge(x, vf_select(x == 0.0f, x, (vf)((vi)y ^ (quadrant & 2) << 30)), sinf);
}

/// The cosine; 2 ULP.
DLC_INLINE vf vcos(vf x) {
    vi quadrant;
    const vf r = vtrig_reduce(x, &quadrant);
    const vf y = vf_select((quadrant & 1) == 0, vtrig_cosine(r), vtrig_sine(r));
    return vtrig_huge(x, (vf)((vi)y ^ ((quadrant + 1) & 2) << 30), cosf);
}

/// The tangent; 1 ULP, or what the C library errs. In f64 up to the quotient, since near a pole a tangent multiplies what the one
/// before it has lost.
DLC_INLINE vf vtan(vf x) {
    typedef float half_f __attribute__((vector_size(2 * VL)));
    union { vf all; half_f half[2]; } y = {x};
    for (int i = 0; i < 2; ++i) {
        const vd wide = __builtin_convertvector(y.half[i], vd);
        const vd shifted = wide * 0x1.45f306dc9c883p-1 + 0x1.8p52, n = shifted - 0x1.8p52;
        const vd r = (wide - n * 0x1.921fb544p+0) - n * 0x1.0b4611a626331p-34, z = r * r;
        // Of the series what f32 sees of up to a quarter of a turn.
        const vd sine = r + r * z * (-1.0 / 6 + z * (1.0 / 120 + z * (-1.0 / 5040 + z * (1.0 / 362880))));
        const vd cosine = 1 + z * (-0.5 + z * (1.0 / 24 + z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800)))));
        const vl odd = ((vl)shifted & 1) != 0;
        y.half[i] = __builtin_convertvector(vd_select(odd, -cosine, sine) / vd_select(odd, sine, cosine), half_f);
    }
    return vtrig_huge(x, vf_select(x == 0.0f, x, y.all), tanf);
}

/// The arcsine of x up to ½, of which `z` is the square.
DLC_INLINE vf vtrig_arcsine(vf x, vf z) {
    vf p = vf_set1(4.217822840e-2f);
    p = vf_fma(p, z, vf_set1(2.417295244e-2f));
    p = vf_fma(p, z, vf_set1(4.547160703e-2f));
    p = vf_fma(p, z, vf_set1(7.495288672e-2f));
    p = vf_fma(p, z, vf_set1(1.666675268e-1f));
    return vf_fma(p * z, x, x);
}

static const float vtrig_right = 1.57079637f, vtrig_right_low = -4.37113883e-8f; ///< π/2, and what it lacks

/// The arcsine; 3 ULP. Beyond ½ by half the angle.
DLC_INLINE vf vasin(vf x) {
    const vf a = vf_abs(x);
    const vi beyond = a > 0.5f;
    const vf z = vf_select(beyond, (1.0f - a) * 0.5f, a * a);
    const vf y = vtrig_arcsine(vf_select(beyond, vf_sqrt(z), a), z);
    return vf_copysign(vf_select(beyond, vtrig_right - (2.0f * y - vtrig_right_low), y), x);
}

/// The arccosine; 3 ULP.
DLC_INLINE vf vacos(vf x) {
    const vf a = vf_abs(x);
    const vi beyond = a > 0.5f;
    const vf z = vf_select(beyond, (1.0f - a) * 0.5f, a * a);
    const vf y = vtrig_arcsine(vf_select(beyond, vf_sqrt(z), x), z), twice = y + y;
    const vf far = vf_select(x < 0.0f, 2 * vtrig_right - (twice - 2 * vtrig_right_low), twice);
    return vf_select(beyond, far, vtrig_right - (y - vtrig_right_low));
}

/// The arctangent; 3 ULP.
DLC_INLINE vf vatan(vf x) {
    const vf a = vf_abs(x);
    const vi beyond = a > 1.0f;
    const vf t = vf_select(beyond, -1.0f / a, a), z = t * t;
    vf p = vf_set1(-1.793620309e-3f);
    p = vf_fma(p, z, vf_set1(1.091459955e-2f));
    p = vf_fma(p, z, vf_set1(-3.117783446e-2f));
    p = vf_fma(p, z, vf_set1(5.795758230e-2f));
    p = vf_fma(p, z, vf_set1(-8.403449682e-2f));
    p = vf_fma(p, z, vf_set1(1.095218556e-1f));
    p = vf_fma(p, z, vf_set1(-1.426424164e-1f));
    p = vf_fma(p, z, vf_set1(1.999854828e-1f));
    p = vf_fma(p, z, vf_set1(-3.333329909e-1f));
    const vf y = vf_fma(p * z, t, t);
    return vf_copysign(vf_select(beyond, (y + vtrig_right_low) + vtrig_right, y), x);
}

/// The hyperbolic sine; 4 ULP.
DLC_INLINE vf vsinh(vf x) {
    const vf a = vf_abs(x), z = x * x, half = vexp_scaled(a, -1);
    vf p = vf_set1(2.817012625e-6f);
    p = vf_fma(p, z, vf_set1(1.983614957e-4f));
    p = vf_fma(p, z, vf_set1(8.333350108e-3f));
    p = vf_fma(p, z, vf_set1(1.666666650e-1f));
    return vf_select(a < 1.0f, vf_fma(p * z, x, x), vf_copysign(half - 0.25f / half, x));
}

/// The hyperbolic cosine; 3 ULP.
DLC_INLINE vf vcosh(vf x) {
    const vf half = vexp_scaled(vf_abs(x), -1);
    return half + 0.25f / half;
}

/// log(1 + u) for u of -1 and more, finite or not; 3 ULP. The second term is what rounding 1 + u lost.
DLC_INLINE vf vlog1p(vf u) {
    const vf w = 1.0f + u;
    return vlog(w) - vf_select(w < INFINITY, ((w - 1.0f) - u) / w, vf_zero());
}

/// The inverse hyperbolic sine; 4 ULP.
DLC_INLINE vf vasinh(vf x) {
    const vf a = vf_abs(x), z = a * a;
    const vi large = a > 0x1p30f;
    const vf u = vf_select(large, a, a + z / (1.0f + vf_sqrt(z + 1.0f)));
    return vf_copysign(vlog1p(u) + vf_select(large, vf_set1(0.693147182f), vf_zero()), x);
}

/// The inverse hyperbolic cosine; 4 ULP.
DLC_INLINE vf vacosh(vf x) {
    const vf t = x - 1.0f;
    const vi large = x > 0x1p30f;
    const vf y = vlog1p(vf_select(large, x, t + vf_sqrt(t * (t + 2.0f)))) + vf_select(large, vf_set1(0.693147182f), vf_zero());
    return vf_select(x < 1.0f, vf_set1(NAN), y);
}

/// The inverse hyperbolic tangent; 4 ULP.
DLC_INLINE vf vatanh(vf x) {
    const vf a = vf_abs(x);
    const vf y = 0.5f * vlog1p((a + a) / (1.0f - a));
    return vf_copysign(vf_select(a > 1.0f, vf_set1(NAN), y), x);
}
DLC_TARGET_END
#endif
