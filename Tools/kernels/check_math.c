/// Errors of the vector functions against the C library in double: thousands of arguments of every exponent
/// and sign, every lane, and special values. Compiled once per instruction set, which -DCHECK_ISA names.
#include "dlc_common.h"
#define TEXT(x) #x
#define HEADER_(set) TEXT(isa/isa_##set.h)
#define HEADER(set) HEADER_(set)
#include HEADER(CHECK_ISA)
#include "isa/vmath.inc.h"
#include "harness.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

/// The distance of `got` from `want` in units of the last place of `want`.
static double ulp(float got, double want) {
    if (isnan(want)) return isnan(got) ? 0 : INFINITY;
    if ((float)want == got) return 0;
    if (isinf((float)want) || isinf(got)) return INFINITY;
    float w = fabsf((float)want);
    return fabs(got - want) / fmax(nextafterf(w, INFINITY) - w, 0x1p-126 * 0x1p-23);
}

DLC_TARGET_BEGIN
#define WRAP(name) static void name##_n(const float *x, float *y) { vf_store(y, v##name(vf_load(x))); }
WRAP(exp) WRAP(log) WRAP(tanh) WRAP(erf) WRAP(sigmoid)
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
        87.33654f, 88.72283f, 88.72284f, 88.8f, -87.33655f, -103.97208f, -104.5f, -110, 0.625f, 0.62499994f, 4, 3.9999998f, 9.0109f, 0.70710678f, 1.41421354f,
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

int main(void) {
    static const function functions[] = {
        {"exp", exp_n, exp, 2, 0}, {"log", log_n, log, 2, 0}, {"tanh", tanh_n, tanh, 2, 0},
        {"erf", erf_n, erf, 3, 0}, {"sigmoid", sigmoid_n, sigmoid, 3, 0x1p-126},
    };
    if (!dlc_host_has(DLC_THIS_ISA)) return 0;
    printf("%d lanes\n", VL);
    int failures = 0;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) failures += check(&functions[i]);
    return failures != 0;
}
