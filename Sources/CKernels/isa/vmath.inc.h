/// Elementary functions on vectors: argument reduction after Cody and Waite, minimax polynomials fitted
/// by Lawson-weighted least squares. Every function gives the right result at 0, ±∞ and NaN. Include
/// after isa_*.h. Bounds (checked by Tools/kernels/check_math.c) are in units in the last place.
#ifndef DLC_VMATH
#define DLC_VMATH

DLC_TARGET_BEGIN
/// eˣ⁻ⁿˡⁿ², where `whole` is the integer n near x/ln 2.
DLC_INLINE vf vexp_fraction(vf x, vf whole) {
    vf r = vf_fma(whole, vf_set1(-0.693145751953125f), x);
    r = vf_fma(whole, vf_set1(-1.428606765e-6f), r);
    vf p = vf_set1(1.395171901e-3f);
    p = vf_fma(p, r, vf_set1(8.369598153e-3f));
    p = vf_fma(p, r, vf_set1(4.166618726e-2f));
    p = vf_fma(p, r, vf_set1(1.666651289e-1f));
    p = vf_fma(p, r, vf_set1(5.000000101e-1f));
    return vf_fma(p, r * r, r) + 1.0f;
}

/// eˣ · 2ᵏ for k of -1 or 0; 2 ULP, down to the subnormals.
DLC_INLINE vf vexp_scaled(vf x, int k) {
    x = vf_min(vf_set1(90.0f), vf_max(vf_set1(-105.0f), x));
    // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
    const vf shifted = vf_fma(x, vf_set1(1.44269504f), vf_set1(12582912.0f)), p = vexp_fraction(x, shifted - 12582912.0f);
#if VL == 16
    return _mm512_scalef_ps(p, shifted - (12582912.0f - (float)k));
#else
    const vi n = (vi)shifted - (0x4b400000 - k);
    vi half = n >> 1; // in two steps, since 2ⁿ alone may overflow or be subnormal
    return p * (vf)((half + 127) << 23) * (vf)((n - half + 127) << 23);
#endif
}

/// eˣ; 2 ULP, down to the subnormals.
DLC_INLINE vf vexp(vf x) { return vexp_scaled(x, 0); }

/// eˣ for x of -87 ... 88; 2 ULP.
DLC_INLINE vf vexp_normal(vf x) {
    const vf shifted = vf_fma(x, vf_set1(1.44269504f), vf_set1(12582912.0f));
    return (vf)((vi)vexp_fraction(x, shifted - 12582912.0f) + ((vi)shifted << 23)); // n joins the exponent
}

/// The natural logarithm; 2 ULP. Negative numbers give NaN, zero -∞.
DLC_INLINE vf vlog(vf x) {
    vi subnormal = x < 1.17549435e-38f;
    vf m = vf_select(subnormal, x * 8388608.0f, x);
    vi bits = (vi)m;
    vi e = (bits - 0x3f3504f3) >> 23; // so that the mantissa lies in [√½, √2)
    vf f = (vf)(bits - (e << 23)) - 1.0f;
    vf n = __builtin_convertvector(e, vf) - vf_select(subnormal, vf_set1(23.0f), vf_zero());
    vf p = vf_set1(6.915149057e-2f);
    p = vf_fma(p, f, vf_set1(-1.178968555e-1f));
    p = vf_fma(p, f, vf_set1(1.187300963e-1f));
    p = vf_fma(p, f, vf_set1(-1.238437175e-1f));
    p = vf_fma(p, f, vf_set1(1.421865665e-1f));
    p = vf_fma(p, f, vf_set1(-1.666924941e-1f));
    p = vf_fma(p, f, vf_set1(2.000222663e-1f));
    p = vf_fma(p, f, vf_set1(-2.499998663e-1f));
    p = vf_fma(p, f, vf_set1(3.333331044e-1f));
    vf square = f * f;
    vf low = vf_fma(p * f, square, n * 1.428606765e-6f);
    vf y = vf_fma(vf_set1(-0.5f), square, low) + f;
    y = vf_fma(n, vf_set1(0.693145751953125f), y);
    y = vf_select(x == __builtin_inff(), x, y);
    y = vf_select(x == 0.0f, vf_set1(-__builtin_inff()), y);
    return vf_select((x < 0.0f) | (x != x), vf_set1(__builtin_nanf("")), y);
}

/// 1 / (1 + e⁻ˣ); 3 ULP where the result is normal, and subnormal or 0 below.
DLC_INLINE vf vsigmoid(vf x) { return 1.0f / (1.0f + vexp(-x)); }

/// The hyperbolic tangent; 2 ULP.
DLC_INLINE vf vtanh(vf x) {
    vf a = vf_abs(x), z = x * x;
    vf p = vf_set1(2.147541890e-3f);
    p = vf_fma(p, z, vf_set1(-8.182679865e-3f));
    p = vf_fma(p, z, vf_set1(2.170296981e-2f));
    p = vf_fma(p, z, vf_set1(-5.394720483e-2f));
    p = vf_fma(p, z, vf_set1(1.333320977e-1f));
    p = vf_fma(p, z, vf_set1(-3.333333091e-1f));
    vf small = vf_fma(p * z, x, x);
    const vf most = vf_min(a, vf_set1(10.0f)); // beyond, it is 1; NaN is 10
    vf large = 1.0f - 2.0f / (vexp_normal(most + most) + 1.0f);
    return vf_copysign(vf_select(a >= 0.625f, large, small), x); // of -0, which the sum makes 0, too
}

/// The error function; 3 ULP.
DLC_INLINE vf verf(vf x) {
    vf a = vf_abs(x), z = x * x;
    vf p = vf_set1(7.889122423e-5f);
    p = vf_fma(p, z, vf_set1(-8.020842137e-4f));
    p = vf_fma(p, z, vf_set1(5.189535434e-3f));
    p = vf_fma(p, z, vf_set1(-2.685444464e-2f));
    p = vf_fma(p, z, vf_set1(1.128360018e-1f));
    p = vf_fma(p, z, vf_set1(-3.761262714e-1f));
    p = vf_fma(p, z, vf_set1(1.128379166e+0f));
    vf t = vf_min(vf_set1(4.0f), a); // ln erfc(|x|) is a polynomial on [1, 4]; beyond, erf is 1
    vf q = vf_set1(1.879717005e-4f);
    q = vf_fma(q, t, vf_set1(-2.964006246e-3f));
    q = vf_fma(q, t, vf_set1(2.190647693e-2f));
    q = vf_fma(q, t, vf_set1(-1.032562045e-1f));
    q = vf_fma(q, t, vf_set1(-6.379649961e-1f));
    q = vf_fma(q, t, vf_set1(-1.127202279e+0f));
    q = vf_fma(q, t, vf_set1(-3.124692723e-4f));
    vf large = vf_copysign(1.0f - vexp_normal(q), x);
    return vf_select(a < 1.0f, p * x, vf_select(x != x, x, large));
}
DLC_TARGET_END
#endif
