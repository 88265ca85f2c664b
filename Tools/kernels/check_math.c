/// Errors of the vector functions against the libm functions in double, over a sweep of all floats.
/// Compiled once per instruction set with -DISA_HEADER.
#include "dlc_common.h"
#include ISA_HEADER
#include "isa/vmath.inc.h"
#include <math.h>
#include <stdio.h>

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

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

static int check(const char *name, void (*f)(const float *, float *), double (*g)(double), double bound, float skip_below) {
    double worst = 0;
    float at = 0;
    for (uint64_t bits = 0; bits < (1ull << 32); bits += 97) {
        float x[VL], y[VL];
        for (int i = 0; i < VL; i++) {
            uint32_t b = (uint32_t)bits;
            __builtin_memcpy(&x[i], &b, 4);
        }
        f(x, y);
        double want = g(x[0]), e = fabs(want) < skip_below ? 0 : ulp(y[0], want);
        if (!(e <= worst)) worst = e, at = x[0];
    }
    static const float special[] = {0, -0.0f, INFINITY, -INFINITY, NAN, 1, -1, 1e-45f, 88.8f, -104.5f};
    for (int k = 0; k < 10; k++) {
        float x[VL], y[VL];
        for (int i = 0; i < VL; i++) x[i] = special[k];
        f(x, y);
        double want = g(special[k]), e = fabs(want) < skip_below ? 0 : ulp(y[VL - 1], want);
        if (!(e <= worst)) worst = e, at = special[k];
    }
    printf("  %-8s %6.2f ULP at %g%s\n", name, worst, at, worst <= bound ? "" : "  FAILED");
    return worst <= bound ? 0 : 1;
}

int main(void) {
    if (!dlc_host_has(DLC_THIS_ISA)) return 0;
    printf("%d lanes\n", VL);
    return check("exp", exp_n, exp, 2, 0) | check("log", log_n, log, 2, 0) |
           check("tanh", tanh_n, tanh, 4, 0) | check("erf", erf_n, erf, 3, 0) |
           check("sigmoid", sigmoid_n, sigmoid, 4, 1.2e-38f);
}
