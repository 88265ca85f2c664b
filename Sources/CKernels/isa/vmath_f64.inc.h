/// Elementary functions on vectors of VL / 2 f64, by the methods of vmath.inc.h. Include after isa_*.h.
#ifndef DLC_VMATH_F64
#define DLC_VMATH_F64

#define VL_F64 (VL / 2)
typedef double vd __attribute__((vector_size(4 * VL)));
typedef int64_t vl __attribute__((vector_size(4 * VL)));
typedef uint64_t vu __attribute__((vector_size(4 * VL)));
typedef double vd_unaligned __attribute__((vector_size(4 * VL), aligned(8), may_alias));

DLC_TARGET_BEGIN
DLC_INLINE vd vd_load(const double *p) { return *(const vd_unaligned *)p; }
DLC_INLINE void vd_store(double *p, vd v) { *(vd_unaligned *)p = v; }
DLC_INLINE vd vd_set1(double x) { return x - (vd){0}; }
/// Lane by lane `mask ? a : b`; `mask` is all ones or zero per lane, as comparisons give it.
DLC_INLINE vd vd_select(vl mask, vd a, vd b) { return (vd)(((vl)a & mask) | ((vl)b & ~mask)); }
DLC_INLINE vd vd_abs(vd a) { return (vd)((vl)a & INT64_MAX); }

/// eˣ⁻ⁿˡⁿ² - 1, where n is the integer near x/ln 2; with 1.5·2⁵² added, which leaves n in the low bits, it is `shifted`.
DLC_INLINE vd vd_exp_fraction(vd x, vd *shifted) {
    *shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52;
    const vd n = *shifted - 0x1.8p52;
    const vd r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;
    vd p = vd_set1(2.08277696521666108e-09);
    p = p * r + 2.51127766093843206e-08;
    p = p * r + 2.75575824861099599e-07;
    p = p * r + 2.75572325984302217e-06;
    p = p * r + 2.48015869185328159e-05;
    p = p * r + 1.98412698988087514e-04;
    p = p * r + 1.38888888891254602e-03;
    p = p * r + 8.33333333331598425e-03;
    p = p * r + 4.16666666666660537e-02;
    p = p * r + 1.66666666666666852e-01;
    p = p * r + 0.5;
    return r * r * p + r;
}

/// eˣ; 2 ULP, down to the subnormals.
DLC_INLINE vd vd_exp(vd x) {
    const vd y = vd_select(x > 710.0, vd_set1(710.0), vd_select(x < -746.0, vd_set1(-746.0), x)); // and NaN
    vd shifted;
    const vd p = vd_exp_fraction(y, &shifted) + 1.0;
    const vu n = (vu)shifted - (vu)vd_set1(0x1.8p52) + 2048, half = n >> 1; // in two steps, since 2ⁿ alone may overflow or be subnormal
    return p * (vd)((half - 1) << 52) * (vd)((n - half - 1) << 52);
}

/// 1 / (1 + e⁻ˣ); 3 ULP where the result is normal.
DLC_INLINE vd vd_sigmoid(vd x) { return 1.0 / (1.0 + vd_exp(-x)); }

/// The hyperbolic tangent, (e²ˣ - 1) / (e²ˣ + 1); 3 ULP.
DLC_INLINE vd vd_tanh(vd x) {
    const vd a = vd_abs(x);
    vd shifted;
    const vd q = vd_exp_fraction(vd_select(a < 20.0, a + a, vd_set1(40.0)), &shifted); // beyond, it is 1
    const vd power = (vd)(((vu)shifted - (vu)vd_set1(0x1.8p52) + 1023) << 52), t = power * q + (power - 1.0);
    const vd y = (vd)((vl)(t / (t + 2.0)) | ((vl)x & INT64_MIN));
    return vd_select(x != x, x, y);
}
DLC_TARGET_END
#endif
