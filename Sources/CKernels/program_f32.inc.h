// F32 instructions on one tile: arithmetic on vectors of the including instruction set.
#include "activation.inc.h"
#include "isa/vpower.inc.h"
#include "isa/vtrig.inc.h"
#include "program.h"

#include <math.h>

DLC_TARGET_BEGIN

DLC_INLINE vf DLC_NAME(truth)(vi mask) { return (vf)(mask & (vi)vf_set1(1.0f)); }
DLC_INLINE vf DLC_NAME(hard_sigmoid)(vf x, float alpha, float beta) {
    vf y = vf_fma(x, vf_set1(alpha), vf_set1(beta));
    y = vf_select(y < 0.0f, vf_zero(), y);
    return vf_select(y > 1.0f, vf_set1(1.0f), y);
}
/// exp(x) - 1 for x <= 0 without cancellation: 2t / (1 - t) with t = tanh(x / 2).
DLC_INLINE vf DLC_NAME(expm1_negative)(vf x) {
    vf t = vtanh(x * 0.5f);
    return (t + t) / (1.0f - t);
}
DLC_INLINE vf DLC_NAME(elu)(vf x, float alpha, float scale) {
    return scale * vf_select(x < 0.0f, alpha * DLC_NAME(expm1_negative)(vf_select(x < 0.0f, x, vf_zero())), x);
}
DLC_INLINE vf DLC_NAME(softplus)(vf x) {
    return vf_select(x < 0.0f, vf_zero(), x) + vlog1p(vexp(-vf_abs(x)));
}
/// x * tanh(softplus(x)) = x * m / (m + 2) with m = e^x (e^x + 2).
DLC_INLINE vf DLC_NAME(mish)(vf x) {
    vf e = vexp(vf_select(x > 20.0f, vf_set1(20.0f), x));
    vf m = e * (e + 2.0f);
    vf y = x * (m / (m + 2.0f));
    return vf_select(x > 20.0f, x, vf_select(x < -110.0f, x * 0.0f, y));
}

// Vector by vector: `n` is a multiple of VL, or memory goes on to the next.
#define DLC_MAP(read, expression) { \
        for (int64_t i = 0; i < n; i += VL) { read vf_store(d + i, (expression)); } \
        break; \
    }
#define DLC_MAP1(expression) DLC_MAP(vf x = vf_load(a + i);, expression)
#define DLC_MAP2(expression) DLC_MAP(vf x = vf_load(a + i); vf y = vf_load(b + i);, expression)
#define DLC_MAP3(expression) DLC_MAP(vf x = vf_load(a + i); vf y = vf_load(b + i); vf z = vf_load(c + i);, expression)
#define DLC_EACH1(expression) { for (int64_t i = 0; i < n; ++i) { float x = a[i]; d[i] = (expression); } break; }

/// Arithmetic with one number on a side.
DLC_INLINE void DLC_NAME(apply_single)(const dlc_instruction *in, int64_t n, float *d, const float *a, const float *b) {
    if (in->mode & DLC_MODE_SINGLE_A) {
        const vf x = vf_set1(a[0]);
        switch (in->op) {
        case DLC_OP_ADD: DLC_MAP(vf y = vf_load(b + i);, x + y)
        case DLC_OP_SUB: DLC_MAP(vf y = vf_load(b + i);, x - y)
        case DLC_OP_MUL: DLC_MAP(vf y = vf_load(b + i);, x * y)
        case DLC_OP_DIV: DLC_MAP(vf y = vf_load(b + i);, x / y)
        default: break;
        }
    } else {
        const vf y = vf_set1(b[0]);
        switch (in->op) {
        case DLC_OP_ADD: DLC_MAP1(x + y)
        case DLC_OP_SUB: DLC_MAP1(x - y)
        case DLC_OP_MUL: DLC_MAP1(x * y)
        case DLC_OP_DIV: DLC_MAP1(x / y)
        default: break;
        }
    }
}

/// The remainder with the sign of y.
DLC_INLINE vf DLC_NAME(floor_mod)(vf x, vf y) {
    const vf r = vfmod(x, y), moved = vf_select((r < 0.0f) ^ (y < 0.0f), r + y, r);
    return vf_select(r == 0.0f, vf_copysign(vf_zero(), y), moved);
}

/// Powers by a tile of equal exponents, as normalisation layers have them, need no logarithm.
static bool DLC_NAME(power_by_constant)(int64_t n, float *d, const float *a, const float *b) {
    float y = b[0];
    if (y != 2.0f && y != 3.0f && y != 1.0f && y != -1.0f && y != 0.5f) return false;
    for (int64_t i = 1; i < n; ++i) if (b[i] != y) return false;
    switch ((int)(y * 2)) {
    case 4: DLC_MAP1(x * x)
    case 6: DLC_MAP1(x * x * x)
    case 2: DLC_MAP1(x)
    case -2: DLC_MAP1(1.0f / x)
    default: DLC_MAP1(vf_select(x == -INFINITY, vf_set1(INFINITY), vf_sqrt(x + 0.0f)))
    }
    return true;
}

DLC_APART void DLC_NAME(apply_vectors)(const dlc_instruction *in, int64_t n, float *d, const float *a, const float *b, const float *c) {
    if (in->mode & (DLC_MODE_SINGLE_A | DLC_MODE_SINGLE_B)) return DLC_NAME(apply_single)(in, n, d, a, b);
    const float f0 = (float)in->f0, f1 = (float)in->f1;
    switch (in->op) {
    case DLC_OP_CONST: { for (int64_t i = 0; i < n; ++i) d[i] = f0; break; }
    case DLC_OP_ADD: DLC_MAP2(x + y)
    case DLC_OP_SUB: DLC_MAP2(x - y)
    case DLC_OP_MUL: DLC_MAP2(x * y)
    case DLC_OP_DIV: DLC_MAP2(x / y)
    case DLC_OP_MOD:
        if (in->i0 != 0) DLC_MAP2(vfmod(x, y))
        else DLC_MAP2(DLC_NAME(floor_mod)(x, y))
    case DLC_OP_POW:
        if (n > 0 && DLC_NAME(power_by_constant)(n, d, a, b)) break;
        DLC_MAP2(vpow(x, y))
    case DLC_OP_NEG: DLC_MAP1(-x)
    case DLC_OP_ABS: DLC_MAP1(vf_abs(x))
    case DLC_OP_SIGN: DLC_MAP1(vf_select(x > 0.0f, vf_set1(1.0f), vf_select(x < 0.0f, vf_set1(-1.0f), x)))
    case DLC_OP_RELU: DLC_MAP1(vf_select(x < 0.0f, vf_zero(), x))
    case DLC_OP_MIN: DLC_MAP2(vf_select((x < y) | (x != x), x, y))
    case DLC_OP_MAX: DLC_MAP2(vf_select((x > y) | (x != x), x, y))
    case DLC_OP_CLIP:
        // The upper bound wins where bounds cross, as in ONNX.
        DLC_MAP1(vf_select((x > f1) | ((x < f0) & (vf_set1(f0) > f1)), vf_set1(f1), vf_select(x < f0, vf_set1(f0), x)))
    case DLC_OP_EQ: DLC_MAP2(DLC_NAME(truth)(x == y))
    case DLC_OP_NE: DLC_MAP2(DLC_NAME(truth)(x != y))
    case DLC_OP_LT: DLC_MAP2(DLC_NAME(truth)(x < y))
    case DLC_OP_LE: DLC_MAP2(DLC_NAME(truth)(x <= y))
    case DLC_OP_GT: DLC_MAP2(DLC_NAME(truth)(x > y))
    case DLC_OP_GE: DLC_MAP2(DLC_NAME(truth)(x >= y))
    case DLC_OP_AND: DLC_MAP2(DLC_NAME(truth)((x != 0.0f) & (y != 0.0f)))
    case DLC_OP_OR: DLC_MAP2(DLC_NAME(truth)((x != 0.0f) | (y != 0.0f)))
    case DLC_OP_XOR: DLC_MAP2(DLC_NAME(truth)((x != 0.0f) ^ (y != 0.0f)))
    case DLC_OP_NOT: DLC_MAP1(DLC_NAME(truth)(x == 0.0f))
    case DLC_OP_WHERE: DLC_MAP3(vf_select(x != 0.0f, y, z))
    case DLC_OP_GATE:
        switch (in->i0 & 3) {
        case 1: DLC_MAP2(vf_select(x > f0, y, vf_zero()))
        case 2: DLC_MAP2(vf_select(x < f1, y, vf_zero()))
        case 3: DLC_MAP2(vf_select((x > f0) & (x < f1), y, vf_zero()))
        default: DLC_MAP(vf y = vf_load(b + i);, y)
        }
        break;
    case DLC_OP_CEIL: DLC_MAP1(__builtin_elementwise_ceil(x))
    case DLC_OP_FLOOR: DLC_MAP1(__builtin_elementwise_floor(x))
    case DLC_OP_ROUND: DLC_MAP1(__builtin_elementwise_rint(x))
    case DLC_OP_TRUNC: DLC_MAP1(__builtin_elementwise_trunc(x))
    case DLC_OP_SQRT: DLC_MAP1(vf_sqrt(x))
    case DLC_OP_RSQRT: DLC_MAP1(1.0f / vf_sqrt(x))
    case DLC_OP_RECIPROCAL: DLC_MAP1(1.0f / x)
    case DLC_OP_EXP: DLC_MAP1(vexp(x))
    case DLC_OP_LOG: DLC_MAP1(vlog(x))
    case DLC_OP_SIN: DLC_MAP1(vsin(x))
    case DLC_OP_COS: DLC_MAP1(vcos(x))
    case DLC_OP_TAN: DLC_MAP1(vtan(x))
    case DLC_OP_ASIN: DLC_MAP1(vasin(x))
    case DLC_OP_ACOS: DLC_MAP1(vacos(x))
    case DLC_OP_ATAN: DLC_MAP1(vatan(x))
    case DLC_OP_SINH: DLC_MAP1(vsinh(x))
    case DLC_OP_COSH: DLC_MAP1(vcosh(x))
    case DLC_OP_TANH: DLC_MAP1(vtanh(x))
    case DLC_OP_ASINH: DLC_MAP1(vasinh(x))
    case DLC_OP_ACOSH: DLC_MAP1(vacosh(x))
    case DLC_OP_ATANH: DLC_MAP1(vatanh(x))
    case DLC_OP_ERF: DLC_MAP1(verf(x))
    case DLC_OP_SIGMOID: DLC_MAP1(vsigmoid(x))
    case DLC_OP_HARD_SIGMOID: DLC_MAP1(DLC_NAME(hard_sigmoid)(x, f0, f1))
    case DLC_OP_LEAKY_RELU: DLC_MAP1(vf_select(x < 0.0f, f0 * x, x))
    case DLC_OP_ELU: DLC_MAP1(DLC_NAME(elu)(x, f0, 1.0f))
    case DLC_OP_SELU: DLC_MAP1(DLC_NAME(elu)(x, f0, f1))
    case DLC_OP_CELU:
        // Of a negative alpha the exponents are positive.
        if (f0 < 0) DLC_EACH1(x < 0 ? f0 * expm1f(x / f0) : x)
        DLC_MAP1(vf_select(x < 0.0f, f0 * DLC_NAME(expm1_negative)(vf_select(x < 0.0f, x / f0, vf_zero())), x))
    case DLC_OP_SOFTPLUS: DLC_MAP1(DLC_NAME(softplus)(x))
    case DLC_OP_SOFTSIGN: DLC_MAP1(x / (1.0f + vf_abs(x)))
    case DLC_OP_THRESHOLDED_RELU: DLC_MAP1(vf_select(x > f0, x, vf_zero()))
    case DLC_OP_GELU: DLC_MAP1(vgelu(x))
    case DLC_OP_GELU_TANH: DLC_MAP1(vgelu_tanh(x))
    case DLC_OP_HARD_SWISH: DLC_MAP1(x * DLC_NAME(hard_sigmoid)(x, 1.0f / 6.0f, 0.5f))
    case DLC_OP_MISH: DLC_MAP1(DLC_NAME(mish)(x))
    case DLC_OP_SILU: DLC_MAP1(vsilu(x))
    case DLC_OP_IS_NAN: DLC_MAP1(DLC_NAME(truth)(x != x))
    case DLC_OP_IS_INF: {
        float positive = in->i0 & 1 ? INFINITY : NAN, negative = in->i0 & 2 ? -INFINITY : NAN;
        DLC_MAP1(DLC_NAME(truth)((x == positive) | (x == negative)))
    }
    default: break;
    }
}

/// Whole vectors where they lie, then what is left in memory that holds a vector: one loop per operation in place of two.
static void DLC_NAME(apply_f32)(const dlc_instruction *in, int64_t n, float *d, const float *a, const float *b, const float *c) {
    const int64_t left = n % VL, whole = n - left;
    if (whole > 0) DLC_NAME(apply_vectors)(in, whole, d, a, b, c);
    if (left == 0) return;
    float x[VL], y[VL], z[VL];
    vf_store(x, !a ? vf_zero() : in->mode & DLC_MODE_SINGLE_A ? vf_set1(a[0]) : vf_load_n(a + whole, left));
    vf_store(y, !b ? vf_zero() : in->mode & DLC_MODE_SINGLE_B ? vf_set1(b[0]) : vf_load_n(b + whole, left));
    vf_store(z, c ? vf_load_n(c + whole, left) : vf_zero());
    DLC_NAME(apply_vectors)(in, left, x, x, y, z);
    vf_store_n(d + whole, vf_load(x), left);
}

#undef DLC_EACH1
DLC_TARGET_END
