/// Errors of the vector functions against the C library in double: thousands of arguments of every exponent
/// and sign, every lane, and special values. Compiled once per instruction set, which -DCHECK_ISA names.
#include "dlc_common.h"
#define TEXT(x) #x
#define HEADER_(set) TEXT(isa/isa_##set.h)
#define HEADER(set) HEADER_(set)
#include HEADER(CHECK_ISA)
#include "isa/vtrig.inc.h"
#include "harness.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// The distance of `got` from `want` in units of the last place of `want`.
static double ulp(float got, double want) {
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if ((float)want == got) return signbit(got) == signbit(want) ? 0 : INFINITY;
    if (isinf((float)want) || isinf(got)) return INFINITY;
    float w = fabsf((float)want);
    return fabs(got - want) / fmax(nextafterf(w, INFINITY) - w, 0x1p-126 * 0x1p-23);
}

/// The same for f64.
static double ulp_f64(double got, long double want) {
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if ((double)want == got) return signbit(got) == signbit(want) ? 0 : INFINITY;
    if (isinf((double)want) || isinf(got)) return INFINITY;
    double w = fabs((double)want);
    return (double)fabsl(got - want) / fmax(nextafter(w, INFINITY) - w, 0x1p-1074);
}

DLC_TARGET_BEGIN
#define WRAP(name) static void name##_n(const float *x, float *y) { vf_store(y, v##name(vf_load(x))); }
WRAP(exp) WRAP(log) WRAP(tanh) WRAP(erf) WRAP(sigmoid)
WRAP(sin) WRAP(cos) WRAP(tan) WRAP(asin) WRAP(acos) WRAP(atan) WRAP(sinh) WRAP(cosh) WRAP(asinh) WRAP(acosh) WRAP(atanh)
#define WRAP_F64(name) static void name##_f64_n(const double *x, double *y) { vd_store(y, vd_##name(vd_load(x))); }
WRAP_F64(exp) WRAP_F64(tanh) WRAP_F64(sigmoid)
DLC_TARGET_END

typedef struct {
    const char *name;
    void (*vector)(const float *, float *);
    double (*exact)(double);
    double bound;     ///< in units of the last place, as the function's comment says
    double smallest;  ///< results below it are not held to the bound
} function;

static double worst;
static float worst_at;

static void compare(const function *f, const float *x) {
    float y[VL];
    f->vector(x, y);
    for (int i = 0; i < VL; i++) {
        double want = f->exact(x[i]), e = ulp(y[i], want);
        if (fabs(want) < f->smallest) e = fabsf(y[i]) <= 2 * f->smallest ? 0 : INFINITY;
        if (!(e <= worst)) worst = e, worst_at = x[i];
    }
}

static int check(const function *f) {
    static const float special[] = {
        0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 1e-45f, -1e-45f, 1.17549421e-38f, 1.17549435e-38f, 3.40282347e38f, -3.40282347e38f,
        87.33654f, 88.72283f, 88.72284f, 88.8f, -87.33655f, -103.97208f, -104.5f, -110, 0.625f, 0.62499994f, 4, 3.9999998f, 9.0109f, 10, 10.000001f, 89.0f, 89.41598f, 89.4161f, 0.5f, 0.50000006f, 0.99999994f, 1.00000012f,
        1.57079637f, 3.14159274f, 4194304, 4194304.5f, 1073741824, 1073741952, 0.70710678f, 1.41421354f,
    };
    worst = 0;
    for (uint32_t exponent = 0; exponent < 512; exponent++) // and sign
        for (int round = 0; round < 16384 / CHECK_SHARE; round += VL) {
            float x[VL];
            for (int i = 0; i < VL; i++) {
                // The ends of the exponent's range first, then anything in it.
                uint32_t mantissa = round ? (uint32_t)random_bits() & 0x7fffff : i % 2 ? 0x7fffffu - (uint32_t)i : (uint32_t)i;
                uint32_t bits = exponent << 23 | mantissa;
                memcpy(&x[i], &bits, 4);
            }
            compare(f, x);
        }
    for (size_t k = 0; k < sizeof special / sizeof *special; k++) {
        float x[VL];
        for (int i = 0; i < VL; i++) x[i] = special[k];
        compare(f, x);
    }
    printf("  %-8s %6.2f ULP at %g, at most %g%s\n", f->name, worst, worst_at, f->bound, worst <= f->bound ? "" : "  FAILED");
    return worst <= f->bound ? 0 : 1;
}

typedef struct {
    const char *name;
    void (*vector)(const double *, double *);
    long double (*exact)(long double);
    double bound, smallest;
} function_f64;

static long double sigmoid_l(long double x) { return 1 / (1 + expl(-x)); }

static int check_f64(const function_f64 *f) {
    static const double special[] = { 0, -0.0, INFINITY, -INFINITY, NAN, 5e-324, -5e-324, 0x1p-1022, 709.7827, 709.7828, 710, -708.4, -745.1, -745.2, -746, 20, -20, 19.99 };
    double most = 0, at = 0;
    for (int round = 0; round < 4096 * 128 / CHECK_SHARE; round++) {
        double x[VL_F64], y[VL_F64];
        for (int i = 0; i < VL_F64; i++) {
            // Most between 2^-30 and 2^12, some anywhere.
            const uint64_t bits = random_bits(), exponent = round % 4 ? 1023 - 30 + random_bits() % 42 : random_bits() % 2048;
            const uint64_t all = (bits & 0x800fffffffffffff) | exponent << 52;
            memcpy(&x[i], &all, 8);
            if (round < 64) x[i] = special[(size_t)(round * VL_F64 + i) % (sizeof special / sizeof *special)];
        }
        f->vector(x, y);
        for (int i = 0; i < VL_F64; i++) {
            const long double want = f->exact(x[i]);
            double e = ulp_f64(y[i], want);
            if (fabsl(want) < f->smallest) e = fabs(y[i]) <= 2 * f->smallest ? 0 : INFINITY;
            if (!(e <= most)) most = e, at = x[i];
        }
    }
    printf("  %-8s %6.2f ULP in f64 at %g, at most %g%s\n", f->name, most, at, f->bound, most <= f->bound ? "" : "  FAILED");
    return most <= f->bound ? 0 : 1;
}

int main(void) {
    static const function_f64 functions_f64[] = {
        {"exp", exp_f64_n, expl, 2, 0}, {"tanh", tanh_f64_n, tanhl, 3, 0}, {"sigmoid", sigmoid_f64_n, sigmoid_l, 3, 0x1p-1022},
    };
    static const function functions[] = {
        {"exp", exp_n, exp, 2, 0}, {"log", log_n, log, 2, 0}, {"tanh", tanh_n, tanh, 2, 0},
        {"erf", erf_n, erf, 3, 0}, {"sigmoid", sigmoid_n, sigmoid, 3, 0x1p-126},
        {"sin", sin_n, sin, 2, 0}, {"cos", cos_n, cos, 2, 0}, {"tan", tan_n, tan, 2, 0},
        {"asin", asin_n, asin, 3, 0}, {"acos", acos_n, acos, 3, 0}, {"atan", atan_n, atan, 3, 0},
        {"sinh", sinh_n, sinh, 4, 0}, {"cosh", cosh_n, cosh, 3, 0},
        {"asinh", asinh_n, asinh, 4, 0}, {"acosh", acosh_n, acosh, 4, 0}, {"atanh", atanh_n, atanh, 4, 0},
    };
    if (!dlc_host_has(DLC_THIS_ISA)) return 0;
    printf("%d lanes\n", VL);
    int failures = 0;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) failures += check(&functions[i]);
    for (size_t i = 0; i < sizeof functions_f64 / sizeof *functions_f64; i++) failures += check_f64(&functions_f64[i]);
    return failures != 0;
}
