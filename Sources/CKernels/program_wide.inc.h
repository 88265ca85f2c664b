// F64 and integer instructions on one tile, and the dispatch over compute types. What F64 has no vector function for, the C library has.
#include "isa/vmath_f64.inc.h"
#include "program.h"

#include <math.h>
#include <string.h>

// Loops over functions of the C library stay scalar.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"
DLC_TARGET_BEGIN

#define DLC_EACH1(expression) { DLC_LOOP { T x = a[i]; d[i] = (expression); } break; }
#define DLC_EACH2(expression) { DLC_LOOP { T x = a[i], y = b[i]; d[i] = (expression); } break; }
#define DLC_EACH3(expression) { DLC_LOOP { T x = a[i], y = b[i], z = c[i]; d[i] = (expression); } break; }

/// Operations that read the same for the three types but ask for their order, given the type's bounds `lo` and `hi` of a clip.
#define DLC_ORDER_CASES \
    case DLC_OP_RELU: DLC_EACH1(x < 0 ? 0 : x) \
    case DLC_OP_MIN: DLC_EACH2(x < y || x != x ? x : y) \
    case DLC_OP_MAX: DLC_EACH2(x > y || x != x ? x : y) \
    case DLC_OP_CLIP: DLC_EACH1(x > hi || (x < lo && lo > hi) ? hi : x < lo ? lo : x) \
    case DLC_OP_LT: DLC_EACH2(x < y) \
    case DLC_OP_LE: DLC_EACH2(x <= y) \
    case DLC_OP_GT: DLC_EACH2(x > y) \
    case DLC_OP_GE: DLC_EACH2(x >= y)

/// Operations that read the same for the three types.
#define DLC_COMMON_CASES \
    case DLC_OP_EQ: DLC_EACH2(x == y) \
    case DLC_OP_NE: DLC_EACH2(x != y) \
    case DLC_OP_AND: DLC_EACH2((x != 0) & (y != 0)) \
    case DLC_OP_OR: DLC_EACH2((x != 0) | (y != 0)) \
    case DLC_OP_XOR: DLC_EACH2((x != 0) ^ (y != 0)) \
    case DLC_OP_NOT: DLC_EACH1(x == 0) \
    case DLC_OP_WHERE: DLC_EACH3(x != 0 ? y : z)

static double DLC_NAME(floor_mod_f64)(double x, double y) {
    double r = fmod(x, y);
    return r == 0 ? copysign(0, y) : (r < 0) != (y < 0) ? r + y : r;
}

// Whole vectors where they lie, then what is left in memory that holds a vector.
#define DLC_WIDE1(expression) { \
        vd x; \
        int64_t i = 0; \
        for (; i + VL_F64 <= n; i += VL_F64) { x = vd_load(a + i); vd_store(d + i, (expression)); } \
        if (i < n) { \
            double rest[VL_F64] = {0}; \
            memcpy(rest, a + i, (size_t)(n - i) * sizeof(double)); \
            x = vd_load(rest); \
            vd_store(rest, (expression)); \
            memcpy(d + i, rest, (size_t)(n - i) * sizeof(double)); \
        } \
        break; \
    }

DLC_APART void DLC_NAME(apply_f64)(const dlc_instruction *in, int64_t n, double *d, const double *a, const double *b, const double *c) {
    typedef double T;
    const double f0 = in->f0, f1 = in->f1, lo = f0, hi = f1;
    switch (in->op) {
    case DLC_OP_CONST: { DLC_LOOP d[i] = f0; break; }
    case DLC_OP_ADD: DLC_EACH2(x + y)
    case DLC_OP_SUB: DLC_EACH2(x - y)
    case DLC_OP_MUL: DLC_EACH2(x * y)
    case DLC_OP_DIV: DLC_EACH2(x / y)
    case DLC_OP_MOD:
        if (in->i0 != 0) DLC_EACH2(fmod(x, y))
        else DLC_EACH2(DLC_NAME(floor_mod_f64)(x, y))
    case DLC_OP_POW: DLC_EACH2(pow(x, y))
    case DLC_OP_NEG: DLC_EACH1(-x)
    case DLC_OP_ABS: DLC_EACH1(fabs(x))
    case DLC_OP_SIGN: DLC_EACH1(x > 0 ? 1 : x < 0 ? -1 : x)
    DLC_ORDER_CASES
    DLC_COMMON_CASES
    case DLC_OP_GATE: {
        const bool from = in->i0 & 1, to = in->i0 & 2;
        DLC_EACH2((!from || x > f0) && (!to || x < f1) ? y : 0)
    }
    case DLC_OP_CEIL: DLC_EACH1(ceil(x))
    case DLC_OP_FLOOR: DLC_EACH1(floor(x))
    case DLC_OP_ROUND: DLC_EACH1(rint(x))
    case DLC_OP_TRUNC: DLC_EACH1(trunc(x))
    case DLC_OP_SQRT: DLC_EACH1(sqrt(x))
    case DLC_OP_RSQRT: DLC_EACH1(1 / sqrt(x))
    case DLC_OP_RECIPROCAL: DLC_EACH1(1 / x)
    case DLC_OP_EXP: DLC_WIDE1(vd_exp(x))
    case DLC_OP_LOG: DLC_EACH1(log(x))
    case DLC_OP_SIN: DLC_EACH1(sin(x))
    case DLC_OP_COS: DLC_EACH1(cos(x))
    case DLC_OP_TAN: DLC_EACH1(tan(x))
    case DLC_OP_ASIN: DLC_EACH1(asin(x))
    case DLC_OP_ACOS: DLC_EACH1(acos(x))
    case DLC_OP_ATAN: DLC_EACH1(atan(x))
    case DLC_OP_SINH: DLC_EACH1(sinh(x))
    case DLC_OP_COSH: DLC_EACH1(cosh(x))
    case DLC_OP_TANH: DLC_WIDE1(vd_tanh(x))
    case DLC_OP_ASINH: DLC_EACH1(asinh(x))
    case DLC_OP_ACOSH: DLC_EACH1(acosh(x))
    case DLC_OP_ATANH: DLC_EACH1(atanh(x))
    case DLC_OP_ERF: DLC_EACH1(erf(x))
    case DLC_OP_SIGMOID: DLC_WIDE1(vd_sigmoid(x))
    case DLC_OP_HARD_SIGMOID: DLC_EACH1(f0 * x + f1 < 0 ? 0 : f0 * x + f1 > 1 ? 1 : f0 * x + f1)
    case DLC_OP_LEAKY_RELU: DLC_EACH1(x < 0 ? f0 * x : x)
    case DLC_OP_ELU: DLC_EACH1(x < 0 ? f0 * expm1(x) : x)
    case DLC_OP_SELU: DLC_EACH1(f1 * (x < 0 ? f0 * expm1(x) : x))
    case DLC_OP_CELU: DLC_EACH1(x < 0 ? f0 * expm1(x / f0) : x)
    case DLC_OP_SOFTPLUS: DLC_EACH1((x < 0 ? 0 : x) + log1p(exp(-fabs(x))))
    case DLC_OP_SOFTSIGN: DLC_EACH1(x / (1 + fabs(x)))
    case DLC_OP_THRESHOLDED_RELU: DLC_EACH1(x > f0 ? x : 0)
    case DLC_OP_GELU: DLC_EACH1(0.5 * x * erfc(x * -0.70710678118654752440))
    case DLC_OP_GELU_TANH: DLC_WIDE1(x / (1.0 + vd_exp(-2 * 0.79788456080286535588 * (x + 0.044715 * x * x * x))))
    case DLC_OP_HARD_SWISH: DLC_EACH1(x < -3 ? 0 * x : x > 3 ? x : x * (x / 6 + 0.5))
    case DLC_OP_MISH: DLC_EACH1(x * tanh((x < 0 ? 0 : x) + log1p(exp(-fabs(x)))))
    case DLC_OP_SILU: DLC_WIDE1(x / (1.0 + vd_exp(-x)))
    case DLC_OP_IS_NAN: DLC_EACH1(x != x)
    case DLC_OP_IS_INF: {
        double positive = in->i0 & 1 ? INFINITY : NAN, negative = in->i0 & 2 ? -INFINITY : NAN;
        DLC_EACH1((x == positive) | (x == negative))
    }
    default: break;
    }
}

/// Integer powers by squaring, wrapping; negative exponents give what 1 / x^-y truncates to.
static int64_t DLC_NAME(integer_power)(int64_t x, int64_t y) {
    if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
    uint64_t result = 1, square = (uint64_t)x;
    for (; y > 0; y >>= 1, square *= square) if (y & 1) result *= square;
    return (int64_t)result;
}

static uint64_t DLC_NAME(natural_power)(uint64_t x, uint64_t y) {
    uint64_t result = 1;
    for (; y > 0; y >>= 1, x *= x) if (y & 1) result *= x;
    return result;
}

static int64_t DLC_NAME(integer_mod)(int64_t x, int64_t y, bool sign_of_dividend) {
    if (y == 0 || y == -1) return 0;
    int64_t r = x % y;
    return !sign_of_dividend && r != 0 && (r < 0) != (y < 0) ? r + y : r;
}

#define DLC_INTEGER_CASES \
    case DLC_OP_BIT_AND: DLC_EACH2(x & y) \
    case DLC_OP_BIT_OR: DLC_EACH2(x | y) \
    case DLC_OP_BIT_XOR: DLC_EACH2(x ^ y) \
    case DLC_OP_BIT_NOT: DLC_EACH1(~x) \
    case DLC_OP_ADD: DLC_EACH2((T)((uint64_t)x + (uint64_t)y)) \
    case DLC_OP_SUB: DLC_EACH2((T)((uint64_t)x - (uint64_t)y)) \
    case DLC_OP_MUL: DLC_EACH2((T)((uint64_t)x * (uint64_t)y)) \
    case DLC_OP_NEG: DLC_EACH1((T)(0 - (uint64_t)x)) \
    case DLC_OP_SHL: DLC_EACH2((uint64_t)y > 63 ? 0 : (T)((uint64_t)x << ((uint64_t)y & 63)))

DLC_APART void DLC_NAME(apply_i64)(const dlc_instruction *in, int64_t n, int64_t *d, const int64_t *a, const int64_t *b, const int64_t *c) {
    typedef int64_t T;
    const int64_t lo = in->i0, hi = in->i1;
    switch (in->op) {
    case DLC_OP_CONST: { DLC_LOOP d[i] = in->i0; break; }
    DLC_ORDER_CASES
    DLC_COMMON_CASES
    DLC_INTEGER_CASES
    case DLC_OP_DIV: DLC_EACH2(y == 0 ? 0 : y == -1 ? (T)(0 - (uint64_t)x) : x / y)
    case DLC_OP_MOD: DLC_EACH2(DLC_NAME(integer_mod)(x, y, in->i0 != 0))
    case DLC_OP_POW: DLC_EACH2(DLC_NAME(integer_power)(x, y))
    case DLC_OP_ABS: DLC_EACH1(x < 0 ? (T)(0 - (uint64_t)x) : x)
    case DLC_OP_SIGN: DLC_EACH1((x > 0) - (x < 0))
    case DLC_OP_SHR: DLC_EACH2(x >> ((uint64_t)y > 63 ? 63 : y))
    default: break;
    }
}

DLC_APART void DLC_NAME(apply_u64)(const dlc_instruction *in, int64_t n, uint64_t *d, const uint64_t *a, const uint64_t *b, const uint64_t *c) {
    typedef uint64_t T;
    const uint64_t lo = (uint64_t)in->i0, hi = (uint64_t)in->i1;
    switch (in->op) {
    DLC_ORDER_CASES
    case DLC_OP_DIV: DLC_EACH2(y == 0 ? 0 : x / y)
    case DLC_OP_MOD: DLC_EACH2(y == 0 ? 0 : x % y)
    case DLC_OP_POW: DLC_EACH2(DLC_NAME(natural_power)(x, y))
    case DLC_OP_ABS: DLC_EACH1(x)
    case DLC_OP_SIGN: DLC_EACH1(x != 0)
    case DLC_OP_SHR: DLC_EACH2(y > 63 ? 0 : x >> (y & 63))
    // The bits of what is left do not depend on the sign.
    default: DLC_NAME(apply_i64)(in, n, (int64_t *)d, (const int64_t *)a, (const int64_t *)b, (const int64_t *)c);
    }
}

#define DLC_SATURATED(x, low, high) ((x) < (low) ? (low) : (x) > (high) ? (high) : (x))

/// Of 32 bits; quotients of such integers are exact in f64 once they are truncated.
DLC_APART void DLC_NAME(apply_i32)(const dlc_instruction *in, int64_t n, int32_t *d, const int32_t *a, const int32_t *b, const int32_t *c) {
    typedef int32_t T;
    const int32_t lo = (int32_t)DLC_SATURATED(in->i0, INT32_MIN, INT32_MAX), hi = (int32_t)DLC_SATURATED(in->i1, INT32_MIN, INT32_MAX);
    switch (in->op) {
    case DLC_OP_CONST: { DLC_LOOP d[i] = (T)in->i0; break; }
    DLC_ORDER_CASES
    DLC_COMMON_CASES
    DLC_INTEGER_CASES
    case DLC_OP_DIV: DLC_EACH2(y == 0 ? 0 : y == -1 ? (T)(0 - (uint32_t)x) : (T)((double)x / (double)y))
    case DLC_OP_MOD: DLC_EACH2((T)DLC_NAME(integer_mod)(x, y, in->i0 != 0))
    case DLC_OP_ABS: DLC_EACH1(x < 0 ? (T)(0 - (uint32_t)x) : x)
    case DLC_OP_SIGN: DLC_EACH1((x > 0) - (x < 0))
    default: break;
    }
}

DLC_APART void DLC_NAME(apply_u8)(const dlc_instruction *in, int64_t n, uint8_t *d, const uint8_t *a, const uint8_t *b, const uint8_t *c) {
    typedef uint8_t T;
    const uint8_t lo = (uint8_t)DLC_SATURATED(in->i0, 0, UINT8_MAX), hi = (uint8_t)DLC_SATURATED(in->i1, 0, UINT8_MAX);
    switch (in->op) {
    case DLC_OP_CONST: { DLC_LOOP d[i] = (T)in->i0; break; }
    DLC_ORDER_CASES
    DLC_COMMON_CASES
    DLC_INTEGER_CASES
    case DLC_OP_DIV: DLC_EACH2(y == 0 ? 0 : x / y)
    case DLC_OP_MOD: DLC_EACH2(y == 0 ? 0 : x % y)
    case DLC_OP_ABS: DLC_EACH1(x)
    case DLC_OP_SIGN: DLC_EACH1(x != 0)
    default: break;
    }
}

static void DLC_NAME(apply)(const dlc_instruction *in, int64_t n, void *d, const void *a, const void *b, const void *c) {
    switch ((int)in->type) {
    case DLC_COMPUTE_F32: DLC_NAME(apply_f32)(in, n, d, a, b, c); break;
    case DLC_COMPUTE_F64: DLC_NAME(apply_f64)(in, n, d, a, b, c); break;
    case DLC_COMPUTE_I64: DLC_NAME(apply_i64)(in, n, d, a, b, c); break;
    case DLC_COMPUTE_U64: DLC_NAME(apply_u64)(in, n, d, a, b, c); break;
    case DLC_COMPUTE_I32: DLC_NAME(apply_i32)(in, n, d, a, b, c); break;
    case DLC_COMPUTE_U8: DLC_NAME(apply_u8)(in, n, d, a, b, c); break;
    }
}

static void DLC_NAME(add_rows)(dlc_compute type, int64_t rows, int64_t n, const void *a, const void *b, void *sums) {
#define ADD_ROWS(T) { \
        const T *source = a, *factor = b; \
        T *restrict sum = sums; \
        for (int64_t r = 0; r < rows && !b; ++r, source += n) \
            for (int64_t i = 0; i < n; ++i) sum[i] += source[i]; \
        for (int64_t r = 0; r < rows && b; ++r, source += n, factor += n) \
            for (int64_t i = 0; i < n; ++i) sum[i] += source[i] * factor[i]; \
    }
    if (type == DLC_COMPUTE_F32) ADD_ROWS(float)
    else ADD_ROWS(double)
#undef ADD_ROWS
}
DLC_TARGET_END

const dlc_tile_functions DLC_NAME(dlc_tile_functions) = {
    .load = DLC_NAME(load), .store = DLC_NAME(store), .apply = DLC_NAME(apply), .add_rows = DLC_NAME(add_rows), .look_up = DLC_NAME(look_up),
    .load_grain = DLC_NAME(load_grain), .store_grain = DLC_NAME(store_grain), .round_grain = DLC_NAME(round_grain),
};
#pragma clang diagnostic pop
