/// Gated activations x·g(x) on vectors. The gate of -|x| is computed, which is small and never overflows:
/// x·g(x) = max(x, 0) - |x|·g(-|x|), right at 0, ∞ and NaN, NaN at -∞ as the product is, within 3·2⁻²⁴·|x| (checked by
/// Tools/kernels/check_activation.c). Include after isa_*.h.
#ifndef DLC_ACTIVATION
#define DLC_ACTIVATION

DLC_TARGET_BEGIN
/// max(x, 0), but NaN at -∞, where 0 · ∞ is.
DLC_INLINE vf gated_part(vf x) { return vf_fma(vf_min(vf_zero(), x), vf_zero(), vf_max(vf_zero(), x)); }

/// max(x, 0) - a / (1 + eᵘ) for u in [0, 87], where eᵘ is normal.
DLC_INLINE vf gated_by_sigmoid(vf x, vf a, vf u) {
    vf shifted = vf_fma(u, vf_set1(1.44269504f), vf_set1(12582912.0f)); // as in vexp
    vf whole = shifted - 12582912.0f;
    vf r = vf_fma(whole, vf_set1(-0.693145751953125f), u);
    r = vf_fma(whole, vf_set1(-1.428606765e-6f), r);
    vf p = vf_set1(8.290296051e-3f);
    p = vf_fma(p, r, vf_set1(4.189803180e-2f));
    p = vf_fma(p, r, vf_set1(1.666763705e-1f));
    p = vf_fma(p, r, vf_set1(4.999914878e-1f));
    p = vf_fma(p, r, vf_set1(9.999997068e-1f));
    p = vf_fma(p, r, vf_set1(1));
    vf power = (vf)((vi)p + ((vi)shifted << 23));
    return gated_part(x) - a / (1.0f + power);
}

/// x·sigmoid(x).
DLC_INLINE vf vsilu(vf x) {
    vf a = vf_min(vf_set1(87), vf_abs(x));
    return gated_by_sigmoid(x, a, a);
}

/// ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
DLC_INLINE vf vgelu_tanh(vf x) {
    vf a = vf_min(vf_set1(9.98f), vf_abs(x));
    return gated_by_sigmoid(x, a, a * vf_fma(a * a, vf_set1(0.0713548163f), vf_set1(1.5957691216f)));
}

/// ½·x·(1 + erf(x/√2)): the base-2 logarithm of ½·erfc(|x|/√2) is close to a polynomial.
DLC_INLINE vf vgelu(vf x) {
    vf a = vf_min(vf_set1(8), vf_abs(x));
    vf q = vf_set1(8.858403671e-6f);
    q = vf_fma(q, a, vf_set1(-5.769702190e-5f));
    q = vf_fma(q, a, vf_set1(-4.069801867e-4f));
    q = vf_fma(q, a, vf_set1(7.363124950e-3f));
    q = vf_fma(q, a, vf_set1(-5.266660670e-2f));
    q = vf_fma(q, a, vf_set1(-4.591643235e-1f));
    q = vf_fma(q, a, vf_set1(-1.151108839f));
    q = vf_fma(q, a, vf_set1(-1));
    vf shifted = q + 12582912.0f;
    vf r = q - (shifted - 12582912.0f);
    vf p = vf_set1(1.326472737e-3f);
    p = vf_fma(p, r, vf_set1(9.671512967e-3f));
    p = vf_fma(p, r, vf_set1(5.550733746e-2f));
    p = vf_fma(p, r, vf_set1(2.402224208e-1f));
    p = vf_fma(p, r, vf_set1(6.931469776e-1f));
    p = vf_fma(p, r, vf_set1(1));
    vf gate = (vf)((vi)p + ((vi)shifted << 23));
    return vf_fma(-a, gate, gated_part(x));
}
DLC_TARGET_END
#endif
