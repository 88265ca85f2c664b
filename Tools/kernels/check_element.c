// Checks conversions and single elementwise operations of every instruction set of the host: conversions
// against the compiler's own types, operations against the C library in double, with the worst error of
// each. Compiled with the files of Sources/CKernels; exits with 1 on a failure.
#include "check_common.h"

// Conversions.

static bool same_float(float x, float y) { return memcmp(&x, &y, 4) == 0 || (x != x && y != y); }

static void check_halves(dlc_isa isa) {
    const dlc_tile_functions *f = dlc_tile_functions_of(isa);
    static uint16_t halves[65536];
    static float floats[65536];
    for (int i = 0; i < 65536; ++i) halves[i] = (uint16_t)i;
    f->load(DLC_F16, DLC_COMPUTE_F32, 65536, halves, floats);
    for (int i = 0; i < 65536; ++i) {
        int exponent = i >> 10 & 31, fraction = i & 1023;
        double magnitude = exponent == 31 ? (fraction ? NAN : INFINITY)
            : exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25);
        float expected = (float)(i & 0x8000 ? -magnitude : magnitude);
        if (!same_float(floats[i], expected)) FAIL("f16 %04x -> %g, not %g", i, floats[i], expected);
    }
    for (uint64_t base = 0; base < UINT64_C(1) << 32; base += UINT64_C(65536) * 251 * CHECK_SHARE) {
        for (uint32_t i = 0; i < 65536; ++i) {
            uint32_t bits = (uint32_t)base + i * 251;
            memcpy(&floats[i], &bits, 4);
        }
        f->store(DLC_COMPUTE_F32, DLC_F16, 65536, floats, halves);
        for (int i = 0; i < 65536; ++i) {
            _Float16 expected = (_Float16)floats[i], got;
            memcpy(&got, &halves[i], 2);
            if (memcmp(&got, &expected, 2) != 0 && !(got != got && expected != expected))
                FAIL("%s f32 %a -> f16 %04x", isa_names[isa], floats[i], halves[i]);
        }
        f->store(DLC_COMPUTE_F32, DLC_BF16, 65536, floats, halves);
        for (int i = 0; i < 65536; ++i) {
            // The nearest of the two neighbours, ties to the even one.
            float got, x = floats[i];
            uint32_t bits = (uint32_t)halves[i] << 16, low, high;
            memcpy(&got, &bits, 4);
            memcpy(&low, &x, 4);
            low &= 0xffff0000, high = low + 0x10000;
            float a, b;
            memcpy(&a, &low, 4), memcpy(&b, &high, 4);
            if (x != x) { if (got == got) FAIL("NaN -> bf16"); continue; }
            if (isinf(x)) { if (got != x) FAIL("inf -> bf16"); continue; }
            double down = fabs((double)x - a), up = isinf(b) ? ldexp(1, 128) - fabs((double)x) : fabs((double)b - x);
            float expected = down < up || (down == up && !(low & 0x10000)) ? a : b;
            if (!same_float(got, expected)) FAIL("%s f32 %a -> bf16 %a, not %a", isa_names[isa], x, got, expected);
        }
    }
    for (int i = 0; i < 500000 / CHECK_SHARE; ++i) {
        double x = ldexp((double)(int64_t)next_random(), (int)below(44) - 87);
        if (below(2)) x = (double)(float)ldexp(1024 + below(1024) + 0.5, (int)below(30) - 24) * (1 + (below(3) - 1) * 0x1p-52);
        uint16_t half;
        f->store(DLC_COMPUTE_F64, DLC_F16, 1, &x, &half);
        _Float16 expected = (_Float16)x;
        if (memcmp(&half, &expected, 2) != 0) FAIL("%s f64 %a -> f16 %04x", isa_names[isa], x, half);
    }
}

/// A value of `type` at `p` as a long double, which holds all of them exactly.
static long double read_value(dlc_type type, const void *p, int64_t i) {
    switch (type) {
    case DLC_F32: return ((const float *)p)[i];
    case DLC_F64: return ((const double *)p)[i];
    case DLC_F16: return ((const _Float16 *)p)[i];
    case DLC_BF16: { float x; uint32_t bits = (uint32_t)((const uint16_t *)p)[i] << 16; memcpy(&x, &bits, 4); return x; }
    case DLC_I8: return ((const int8_t *)p)[i];
    case DLC_I16: return ((const int16_t *)p)[i];
    case DLC_I32: return ((const int32_t *)p)[i];
    case DLC_I64: return ((const int64_t *)p)[i];
    case DLC_U8: return ((const uint8_t *)p)[i];
    case DLC_U16: return ((const uint16_t *)p)[i];
    case DLC_U32: return ((const uint32_t *)p)[i];
    case DLC_U64: return ((const uint64_t *)p)[i];
    default: return ((const uint8_t *)p)[i] != 0;
    }
}

static void check_conversions(void) {
    static const int bits[] = { 0, 0, 0, 0, 7, 15, 31, 63, 8, 16, 32, 64, 1 };
    for (int from = 0; from <= DLC_BOOL; ++from) for (int to = 0; to <= DLC_BOOL; ++to) {
        enum { n = 3000 };
        static uint64_t src[n], dst[n + 1];
        for (int i = 0; i < n; ++i) src[i] = next_random() >> below(64);
        if (is_float(from)) {
            static double values[n];
            for (int i = 0; i < n; ++i) values[i] = ldexp((double)(int64_t)next_random(), (int)below(70) - 67);
            values[0] = NAN, values[1] = INFINITY, values[2] = -INFINITY, values[3] = -0.0, values[4] = 127.9, values[5] = -128.9;
            dlc_convert(DLC_F64, (dlc_type)from, values, src, n);
        }
        int64_t count = n - below(40);
        memset(dst, 0xa5, sizeof dst);
        dlc_convert((dlc_type)from, (dlc_type)to, src, dst, count);
        if (((uint8_t *)dst)[count * dlc_type_bytes((dlc_type)to)] != 0xa5) FAIL("convert %d -> %d writes past its end", from, to);
        for (int64_t i = 0; i < count; ++i) {
            long double x = read_value((dlc_type)from, src, i), y = read_value((dlc_type)to, dst, i), expected;
            if (to == DLC_BOOL) expected = x != 0;
            else if (to == DLC_F32) expected = (float)x;
            else if (to == DLC_F64) expected = (double)x;
            else if (to == DLC_F16) expected = is_float(from) ? (_Float16)(double)x : (_Float16)(float)x;
            else if (to == DLC_BF16) { if (x == x && fabsl(y - x) > fabsl(x) * 0x1p-8L && fabsl(x) < 1e38L && fabsl(x) > 1e-37L) FAIL("to bf16: %Lg from %Lg", y, x); continue; }
            else {
                // Floats become 32 or 64 bits first, where what does not fit is the most negative number.
                bool wide = to == DLC_I64 || to == DLC_U32 || to == DLC_U64;
                long double most = ldexpl(1, wide ? 63 : 31), t = truncl(x);
                if (is_float(from) && to == DLC_U64 && t >= most) t = t < 2 * most ? t : 0;
                else if (is_float(from) && !(t >= -most && t < most)) t = -most;
                __int128 whole = (__int128)t, modulus = (__int128)1 << (to <= DLC_I64 ? bits[to] + 1 : bits[to]);
                whole = ((whole % modulus) + modulus) % modulus;
                if (to <= DLC_I64 && whole >= modulus / 2) whole -= modulus;
                expected = (long double)whole;
            }
            if (y != expected && !(y != y && expected != expected)) FAIL("convert %d -> %d: %Lg -> %Lg, not %Lg", from, to, x, y, expected);
        }
    }
}

// Operations: one instruction on one tile, against double.

static double erf_gelu(double x) { return 0.5 * x * erfc(-x * M_SQRT1_2); }
static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double floor_mod(double x, double y) { double r = fmod(x, y); return r == 0 ? copysign(0, y) : (r < 0) != (y < 0) ? r + y : r; }
static double clamp01(double x) { return x < 0 ? 0 : x > 1 ? 1 : x; }

static double expected_op(dlc_op op, double x, double y, double z, double f0, double f1) {
    switch (op) {
    case DLC_OP_ADD: return x + y; case DLC_OP_SUB: return x - y; case DLC_OP_MUL: return x * y; case DLC_OP_DIV: return x / y;
    case DLC_OP_MOD: return floor_mod(x, y); case DLC_OP_POW: return pow(x, y); case DLC_OP_NEG: return -x;
    case DLC_OP_ABS: return fabs(x); case DLC_OP_SIGN: return x > 0 ? 1 : x < 0 ? -1 : x; case DLC_OP_RELU: return x < 0 ? 0 : x;
    case DLC_OP_MIN: return x != x ? x : y != y ? y : fmin(x, y); case DLC_OP_MAX: return x != x ? x : y != y ? y : fmax(x, y);
    case DLC_OP_CLIP: return x != x ? x : fmin(fmax(x, f0), f1);
    case DLC_OP_EQ: return x == y; case DLC_OP_NE: return x != y; case DLC_OP_LT: return x < y; case DLC_OP_LE: return x <= y;
    case DLC_OP_GT: return x > y; case DLC_OP_GE: return x >= y; case DLC_OP_AND: return x && y; case DLC_OP_OR: return x || y;
    case DLC_OP_XOR: return !x != !y; case DLC_OP_NOT: return !x; case DLC_OP_WHERE: return x != 0 ? y : z;
    case DLC_OP_CEIL: return ceil(x); case DLC_OP_FLOOR: return floor(x); case DLC_OP_ROUND: return nearbyint(x); case DLC_OP_TRUNC: return trunc(x);
    case DLC_OP_SQRT: return sqrt(x); case DLC_OP_RSQRT: return 1 / sqrt(x); case DLC_OP_RECIPROCAL: return 1 / x;
    case DLC_OP_EXP: return exp(x); case DLC_OP_LOG: return log(x); case DLC_OP_SIN: return sin(x); case DLC_OP_COS: return cos(x);
    case DLC_OP_TAN: return tan(x); case DLC_OP_ASIN: return asin(x); case DLC_OP_ACOS: return acos(x); case DLC_OP_ATAN: return atan(x);
    case DLC_OP_SINH: return sinh(x); case DLC_OP_COSH: return cosh(x); case DLC_OP_TANH: return tanh(x); case DLC_OP_ASINH: return asinh(x);
    case DLC_OP_ACOSH: return acosh(x); case DLC_OP_ATANH: return atanh(x); case DLC_OP_ERF: return erf(x); case DLC_OP_SIGMOID: return sigmoid(x);
    case DLC_OP_HARD_SIGMOID: return x != x ? x : clamp01(f0 * x + f1); case DLC_OP_LEAKY_RELU: return x < 0 ? f0 * x : x;
    case DLC_OP_ELU: return x > 0 ? x : f0 * expm1(x); case DLC_OP_SELU: return f1 * (x > 0 ? x : f0 * expm1(x));
    case DLC_OP_CELU: return x > 0 ? x : f0 * expm1(x / f0); case DLC_OP_SOFTPLUS: return x != x ? x : softplus(x); case DLC_OP_SOFTSIGN: return x / (1 + fabs(x));
    case DLC_OP_THRESHOLDED_RELU: return x > f0 ? x : 0; case DLC_OP_GELU: return erf_gelu(x);
    case DLC_OP_GELU_TANH: return x * sigmoid(2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)); case DLC_OP_HARD_SWISH: return x * clamp01(x / 6 + 0.5);
    case DLC_OP_MISH: return x * tanh(softplus(x)); case DLC_OP_SILU: return x * sigmoid(x);
    case DLC_OP_IS_NAN: return x != x; case DLC_OP_IS_INF: return x == INFINITY;
    default: return NAN;
    }
}

static const char *float_names[] = {
    "sqrt", "rsqrt", "reciprocal", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "erf", "sigmoid", "hard_sigmoid", "leaky_relu", "elu", "selu", "celu", "softplus", "softsign", "thresholded_relu", "gelu", "gelu_tanh",
    "hard_swish", "mish", "silu", "is_nan", "is_inf" };

static void check_operations(dlc_isa isa, bool print) {
    const dlc_tile_functions *f = dlc_tile_functions_of(isa);
    enum { n = 1021 };
    for (dlc_op op = DLC_OP_ADD; op <= DLC_OP_GATE; ++op) {
        if (op >= DLC_OP_BIT_AND && op < DLC_OP_GATE) continue;
        dlc_instruction in = { .op = op, .type = DLC_COMPUTE_F32, .f0 = 0.75, .f1 = 1.5, .i0 = 1 };
        if (op == DLC_OP_MOD) in.i0 = 0;
        double worst = 0, worst_wide = 0, at = 0;
        for (int round = 0; round < (CHECK_SHARE > 1 ? 36 : 120); ++round) {
            if (op == DLC_OP_GATE) in.i0 = 1 + round % 3;
            if (op == DLC_OP_MOD) in.i0 = round % 2;
            static float a[n], b[n], c[n], d[n];
            static double wide[4][n];
            for (int i = 0; i < n; ++i) {
                float scale = ldexpf(1, (int)below(round % 4 == 0 ? 40 : 9) - (round % 4 == 0 ? 33 : 4));
                a[i] = (float)(int32_t)next_random() * 0x1p-31f * scale * 4;
                b[i] = (float)(int32_t)next_random() * 0x1p-31f * 8, c[i] = (float)below(9);
                if (op <= DLC_OP_WHERE && op >= DLC_OP_EQ && below(2)) a[i] = (float)below(3), b[i] = (float)below(3);
                if (op == DLC_OP_POW && round % 2) a[i] = fabsf(a[i]), b[i] = (float[]){ 2, 3, -1, 0.5f, 1, 2.5f }[round / 2 % 6];
            }
            if (round % 3 == 0) a[0] = NAN, a[1] = INFINITY, a[2] = -INFINITY, a[3] = 0, a[4] = -0.0f, a[5] = 0.5f, a[6] = 2.5f, a[7] = 1e-40f;
            if ((op == DLC_OP_POW || op == DLC_OP_MOD) && round % 3 == 1) { // every special number by every other
                static const float special[] = { NAN, INFINITY, -INFINITY, 0, -0.0f, 1, -1, 2, -3, 0.5f, -0.5f, 1e-40f, -1e-40f, 3e38f, -3e38f, 16777217, 1e-30f };
                enum { count = sizeof special / sizeof *special };
                for (int i = 0; i < count * count; ++i) a[i] = special[i / count], b[i] = special[i % count];
            }
            for (int i = 0; i < n; ++i) wide[0][i] = a[i], wide[1][i] = b[i], wide[2][i] = c[i];
            int64_t count = n - below(70);
            for (int i = 0; i < n; ++i) d[i] = 77;
            f->apply(&in, count, d, a, b, c);
            in.type = DLC_COMPUTE_F64;
            f->apply(&in, count, wide[3], wide[0], wide[1], wide[2]);
            in.type = DLC_COMPUTE_F32;
            if (count < n && d[count] != 77) FAIL("op %d writes past its end", op);
            for (int64_t i = 0; i < count; ++i) {
                double e = expected_op(op, a[i], b[i], c[i], 0.75, 1.5), got = d[i];
                if (op == DLC_OP_GATE) e = (!(in.i0 & 1) || a[i] > 0.75) && (!(in.i0 & 2) || a[i] < 1.5) ? b[i] : 0;
                if (op == DLC_OP_MOD && in.i0) e = fmod(a[i], b[i]);
                bool special = e != e || isinf(e) || isinf((float)e) || isinf(a[i]) || a[i] != a[i];
                // Silu and its kin of -inf may be 0 or NaN: the limit, or 0 times infinity.
                bool limit = isinf(a[i]) && (op == DLC_OP_SILU || op == DLC_OP_GELU || op == DLC_OP_GELU_TANH || op == DLC_OP_MISH || op == DLC_OP_HARD_SWISH || op == DLC_OP_SOFTSIGN || op == DLC_OP_SIGN);
                if (special && !limit && !same_float(d[i], (float)e) && !(d[i] == 0 && e == 0) && !(isinf((float)e) && d[i] > 3.4e38f)) FAIL("%s op %d of %g %g: %g, not %g", isa_names[isa], op, a[i], b[i], got, e);
                if (special) continue;
                // In places of the result, or of 2^-126, or for functions built as x * g(x), of x * 2^-24.
                double unit = fmax(ldexp(1, ilogb(fmax(fabs(e), 0x1p-126)) - 23), 0x1p-149);
                if (op == DLC_OP_GELU || op == DLC_OP_MOD || op == DLC_OP_HARD_SIGMOID || op == DLC_OP_HARD_SWISH) unit = fmax(unit, fabs(a[i]) * 0x1p-24);
                if (op == DLC_OP_SIGMOID || op == DLC_OP_SILU || op == DLC_OP_GELU_TANH || op == DLC_OP_MISH) unit = fmax(unit, fmax(1, fabs(a[i])) * 0x1p-126);
                double error = fabs(got - e) / unit;
                if (error > worst) worst = error, at = a[i];
                double wide_error = fabs(wide[3][i] - e) / fmax(fabs(e), 1e-300);
                if (wide_error > worst_wide) worst_wide = wide_error;
            }
        }
        bool identical = op == DLC_OP_GATE || (op != DLC_OP_POW && (op <= DLC_OP_WHERE || op <= DLC_OP_TRUNC));
        // Far out in its tail, gelu_tanh is as sensitive as e^x is to its argument.
        double limit = identical ? 0.5001 : op == DLC_OP_GELU_TANH ? 200 : 6;
        if (print && !identical) printf("  %-16s %5.2f ULP in f32 (at %g)\n", op == DLC_OP_POW ? "pow" : float_names[op - DLC_OP_SQRT], worst, at);
        if (worst > limit) FAIL("%s op %d: %g ULP at %g", isa_names[isa], op, worst, at);
        if (worst_wide > 1e-12) FAIL("%s op %d in f64: relative error %g", isa_names[isa], op, worst_wide);
    }
}

static void check_integers(dlc_isa isa) {
    const dlc_tile_functions *f = dlc_tile_functions_of(isa);
    static const int64_t edge[] = { 0, 1, -1, 2, -2, 3, 7, -7, 63, 64, 65, INT64_MAX, INT64_MIN, 100 };
    enum { n = sizeof edge / 8 };
    for (int type = DLC_COMPUTE_I64; type <= DLC_COMPUTE_U64; ++type) for (int fmod_flag = 0; fmod_flag < 2; ++fmod_flag) {
        static const dlc_op ops[] = { DLC_OP_DIV, DLC_OP_MOD, DLC_OP_POW, DLC_OP_SHL, DLC_OP_SHR, DLC_OP_MUL, DLC_OP_MAX, DLC_OP_LT };
        for (int o = 0; o < 8; ++o) for (int shift = 0; shift < n; ++shift) {
            int64_t a[n], b[n], d[n];
            for (int i = 0; i < n; ++i) a[i] = edge[i], b[i] = edge[(i + shift) % n];
            dlc_instruction in = { .op = ops[o], .type = (dlc_compute)type, .i0 = fmod_flag };
            f->apply(&in, n, d, a, b, NULL);
            bool u = type == DLC_COMPUTE_U64;
            for (int i = 0; i < n; ++i) {
                __int128 x = u ? (__int128)(uint64_t)a[i] : a[i], y = u ? (__int128)(uint64_t)b[i] : b[i], e = 0;
                switch (ops[o]) {
                case DLC_OP_DIV: e = y == 0 ? 0 : x / y; break;
                case DLC_OP_MOD: e = y == 0 ? 0 : x % y; if (!fmod_flag && e != 0 && (e < 0) != (y < 0)) e += y; break;
                case DLC_OP_SHL: e = y < 0 || y > 63 ? 0 : (__int128)((uint64_t)x << y); break;
                case DLC_OP_SHR: e = y < 0 || y > 63 ? (x < 0 ? -1 : 0) : x >> y; break;
                case DLC_OP_MUL: e = (__int128)((uint64_t)x * (uint64_t)y); break;
                case DLC_OP_MAX: e = x > y ? x : y; break;
                case DLC_OP_LT: e = x < y; break;
                default: if (y < 0 || y > 100) continue; e = 1; for (int k = 0; k < y; ++k) e = (__int128)((uint64_t)e * (uint64_t)x);
                }
                if (d[i] != (int64_t)e) FAIL("%s op %d of %ld %ld: %ld", isa_names[isa], ops[o], (long)a[i], (long)b[i], (long)d[i]);
            }
        }
    }
}

int main(void) {
    check_conversions();
    for (int isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; ++isa) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        printf("%s\n", isa_names[isa]);
        check_halves((dlc_isa)isa);
        check_operations((dlc_isa)isa, (dlc_isa)isa == dlc_host_isa());
        check_integers((dlc_isa)isa);
    }
    printf(failures ? "%d failures\n" : "all good\n", failures);
    return failures != 0;
}
