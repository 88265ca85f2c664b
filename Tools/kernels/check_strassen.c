/// dlc_strassen against naive products in double: every instruction set of the host, every tail, epilogue
/// and residual; and the same bits however tasks are split.
#include "harness.h"
#include "dlc_strassen.h"
#include "../../Sources/CKernels/gemm_typed.h"

static int failures, cases;
static double worst_of_all;

static void check(dlc_isa isa, int64_t m, int64_t n, int64_t k, dlc_epilogue e, bool bias, bool residual, int64_t slack) {
    const int64_t a_row = k + slack, c_row = n + slack, residual_row = n + 2 * slack, line = 1 + random_below(m), line_step = line * a_row + slack;
    dlc_strassen p = {.m = m, .n = n, .k = k, .a_row = a_row, .c_row = c_row, .residual_row = residual_row, .line = line,
                      .line_step = line_step, .alpha = 0.5f, .epilogue = e};
    float *a = random_floats(m * (a_row + slack)), *b = random_floats(k * n), *offsets = random_floats(n), *other = random_floats(m * residual_row);
    float *slope = random_floats(n), *c = aligned(4 * m * c_row), *again = aligned(4 * m * c_row);
    const bool by_columns = random_below(2);
    const int64_t b_row = by_columns ? 1 : n, b_column = by_columns ? k : 1;
    const dlc_pack pack = dlc_matrix_packing(DLC_PACK_STRASSEN, k, n, b_row, b_column);
    float *packed = aligned(dlc_pack_bytes(isa, &pack));
    dlc_pack_run(isa, pack, b, packed);
    memset(c, 0x77, (size_t)(4 * m * c_row)), memset(again, 0x77, (size_t)(4 * m * c_row));
    void *buffers[] = {a, packed, bias ? offsets : NULL, residual ? other : NULL, slope, c};
    dlc_launch launch;
    bool fine = dlc_strassen_prepare(isa, &p, &launch) && launch_run(&launch, &p, buffers, 1 + launch.tasks / 2);
    buffers[5] = again;
    fine = fine && launch_run(&launch, &p, buffers, 1) && memcmp(c, again, (size_t)(4 * m * c_row)) == 0;
    double worst = 0;
    for (int64_t i = 0; fine && i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t q = 0; q < k; q++) sum += (double)a[i / line * line_step + i % line * a_row + q] * (double)b[q * b_row + j * b_column];
            sum = 0.5 * sum + (bias ? offsets[j] : 0);
            const double r = residual ? other[i * residual_row + j] : 0;
            if (!e.residual_after_activation) sum += r;
            sum = dlc_activate_f64(&e, sum, slope[j]);
            if (e.residual_after_activation) sum += r;
            // The bound is that of a sum of k products of numbers up to 1.
            const double error = fabs(c[i * c_row + j] - sum) / (1 + sqrt((double)k));
            if (!(error <= worst)) worst = error;
        }
        for (int64_t j = n; j < c_row; j++) {
            uint32_t bits;
            memcpy(&bits, c + i * c_row + j, 4);
            if (bits != 0x77777777) fine = false;
        }
    }
    cases++;
    if (worst > worst_of_all) worst_of_all = worst;
    if (!fine || !(worst < 1e-6)) {
        failures++;
        printf("FAILED %s m %lld n %lld k %lld act %d after %d bias %d residual %d slack %lld error %g ran %d\n", isa_names[isa], (long long)m,
               (long long)n, (long long)k, e.activation, e.residual_after_activation, bias, residual, (long long)slack, worst, fine);
    }
    free(a), free(b), free(offsets), free(other), free(slope), free(c), free(again), free(packed);
}

int main(void) {
    static const int64_t rows[] = {2, 3, 7, 12, 25, 49, 128, 197}, products[] = {2, 6, 30, 32, 34, 128};
    static const int64_t columns[] = {17, 18, 31, 32, 33, 47, 64, 95, 127, 128, 129, 200};
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        for (size_t i = 0; i < sizeof rows / 8; i++)
            for (size_t j = 0; j < sizeof columns / 8; j++) {
                const int64_t k = products[random_below(sizeof products / 8)];
                dlc_epilogue e = {(dlc_activation)random_below(DLC_ACT_ELU + 1), random_below(2), 0.1f, 0.9f};
                check((dlc_isa)isa, rows[i], columns[j], k, e, random_below(2), random_below(2), random_below(2) * 5);
            }
        const dlc_epilogue none = {DLC_ACT_NONE, false, 0, 0};
        check((dlc_isa)isa, 400, 72, 64, none, true, false, 0);
        check((dlc_isa)isa, 1601, 66, 130, none, true, true, 3);
        check((dlc_isa)isa, 40, 64, 2100, none, false, false, 0);
        // What it does not support, and sizes that would overflow.
        dlc_launch launch;
        dlc_strassen odd = {.m = 8, .n = 64, .k = 7, .a_row = 7, .line = 8, .c_row = 64}, short_rows = {.m = 8, .n = 64, .k = 8, .a_row = 4, .line = 8, .c_row = 64};
        dlc_strassen huge = {.m = (int64_t)1 << 40, .n = 64, .k = 8, .a_row = 8, .line = 8, .c_row = 64};
        if (dlc_strassen_prepare((dlc_isa)isa, &odd, &launch) || dlc_strassen_prepare((dlc_isa)isa, &short_rows, &launch) ||
            dlc_strassen_prepare((dlc_isa)isa, &huge, &launch)) failures++, printf("FAILED: took what it does not support\n");
    }
    printf("strassen: %d cases, %d failures; worst error %.1e of the square root of k\n", cases, failures, worst_of_all);
    return failures != 0;
}
