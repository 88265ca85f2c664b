/// The gated activations of the epilogue against the formulas in double, over a sweep of all floats: a product
/// of depth 0 applies them to its residual.
#include "dlc_compute.h"
#include "check_common.h"

static double silu(double x) { return x / (1 + exp(-x)); }
static double gelu(double x) { return 0.5 * x * erfc(-x * 0.70710678118654752); }
static double gelu_tanh(double x) { return x / (1 + exp(-2 * 0.79788456080286536 * (x + 0.044715 * x * x * x))); }

enum { COLUMNS = 1024 };
static float x[COLUMNS], y[COLUMNS];

static void apply(dlc_isa isa, dlc_activation kind) {
    dlc_gemm gemm = {.m = 1, .n = COLUMNS, .batch = {1, 1, 1, 1}, .a_row = 1, .a_column = 1, .b_row = COLUMNS, .b_column = 1,
                     .c_row = COLUMNS, .residual_row = COLUMNS, .alpha = 1, .epilogue = {.activation = kind}};
    dlc_launch launch;
    if (!dlc_gemm_prepare(isa, &gemm, &launch)) {
        FAIL("%s: not prepared", isa_names[isa]);
        return;
    }
    float *none = y;
    void *buffers[] = {none, none, 0, x, 0, y};
    void *shared = calloc(1, (size_t)launch.shared_bytes + 64), *scratch = calloc(1, (size_t)launch.scratch_bytes + 64);
    for (int32_t phase = 0; phase < launch.phases; phase++)
        launch.run(&(dlc_call){.params = &gemm, .buffers = buffers, .shared = shared, .scratch = scratch, .end = launch.tasks, .phase = phase});
    free(shared), free(scratch);
}

/// Errors in units of 2⁻²⁴·|x|.
static void check(dlc_isa isa, const char *name, dlc_activation kind, double (*f)(double)) {
    double worst = 0;
    float at = 0;
    for (uint64_t bits = 0; bits < (1ull << 32);) {
        for (int i = 0; i < COLUMNS; i++, bits += 1009) {
            uint32_t b = (uint32_t)bits;
            memcpy(&x[i], &b, 4);
        }
        apply(isa, kind);
        for (int i = 0; i < COLUMNS; i++) {
            if (isnan(x[i]) || isinf(x[i])) continue;
            double e = fabs(y[i] - f(x[i])) / fmax(fabs((double)x[i]) * 0x1p-24, 0x1p-149);
            if (!(e <= worst)) worst = e, at = x[i];
        }
    }
    printf("  %-8s %-9s %5.2f at %g\n", isa_names[isa], name, worst, at);
    if (!(worst <= 3)) FAIL("%s %s: error %g at %g", isa_names[isa], name, worst, at);
    memset(x, 0, sizeof x);
    x[0] = INFINITY, x[1] = -INFINITY, x[2] = NAN, x[3] = -0.0f;
    apply(isa, kind);
    if (!isinf(y[0]) || y[0] < 0) FAIL("%s %s(inf) = %g", isa_names[isa], name, y[0]);
    if (!isnan(y[1])) FAIL("%s %s(-inf) = %g", isa_names[isa], name, y[1]);
    if (!isnan(y[2])) FAIL("%s %s(nan) = %g", isa_names[isa], name, y[2]);
    if (y[3] != 0 || y[4] != 0) FAIL("%s %s(0) = %g, %g", isa_names[isa], name, y[3], y[4]);
}

int main(void) {
    for (dlc_isa isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        check(isa, "silu", DLC_ACT_SILU, silu);
        check(isa, "gelu", DLC_ACT_GELU, gelu);
        check(isa, "gelu_tanh", DLC_ACT_GELU_TANH, gelu_tanh);
    }
    printf("%d failures\n", failures);
    return failures != 0;
}
