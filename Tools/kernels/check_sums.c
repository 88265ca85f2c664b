/// Sums of elementwise programs over all dimensions but the last, on every instruction set of the host.
#include "harness.h"
#include "dlc_program.h"

static int failures;
#define FAIL(...) (failures++, printf(__VA_ARGS__), printf("\n"))

/// Sums over all dimensions but the last, beside a stored result, against plain sums, and the same bits for any split of tasks.
static void check_sums(dlc_isa isa, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        static dlc_program p, prepared;
        memset(&p, 0, sizeof p);
        p.rank = 1 + (int32_t)random_below(4), p.operand_count = 2, p.result_count = 3;
        bool wide = random_below(4) == 0;
        dlc_compute type = wide ? DLC_COMPUTE_F64 : DLC_COMPUTE_F32;
        int64_t elements = 1;
        for (int d = 0; d < p.rank; ++d) {
            p.shape[d] = random_below(30) == 0 ? 0 : 1 + random_below((int64_t[]){ 3, 12, 40, 3000 }[random_below(4)]);
            if (elements * p.shape[d] > 60000) p.shape[d] = 1 + random_below(2);
            elements *= p.shape[d];
        }
        // Once more than caches hold, so that the next tile's memory is asked for ahead.
        if (round == 0) p.rank = 2, p.shape[0] = 26000, p.shape[1] = 67, elements = p.shape[0] * p.shape[1];
        int64_t inner = p.shape[p.rank - 1], rows = 1, stride = 1;
        for (int d = 0; d < p.rank - 1; ++d) rows *= p.shape[d];
        bool repeated = random_below(2); // the second operand is a row
        for (int d = p.rank - 1; d >= 0; --d) {
            p.operands[0].strides[d] = p.results[0].strides[d] = stride;
            p.operands[1].strides[d] = d == p.rank - 1 ? 1 : repeated ? 0 : stride;
            stride *= p.shape[d];
        }
        for (int t = 0; t < 2; ++t) p.operands[t].type = wide ? DLC_F64 : DLC_F32;
        for (int t = 0; t < 3; ++t) p.results[t].type = wide ? DLC_F64 : DLC_F32;
        p.results[1].strides[p.rank - 1] = p.results[2].strides[p.rank - 1] = 1;
        p.instructions[0] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = type };
        p.instructions[1] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = type, .dst = 1, .tensor = 1 };
        p.instructions[2] = (dlc_instruction){ .op = DLC_OP_SUM, .type = type, .a = 0, .tensor = 1 };
        p.instructions[3] = (dlc_instruction){ .op = DLC_OP_MUL, .type = type, .dst = 2, .a = 0, .b = 1 };
        p.instructions[4] = random_below(2) ? (dlc_instruction){ .op = DLC_OP_SUM, .type = type, .a = 2, .tensor = 2 }
                                            : (dlc_instruction){ .op = DLC_OP_SUM_PRODUCT, .type = type, .a = 0, .b = 1, .tensor = 2 };
        p.instructions[5] = (dlc_instruction){ .op = DLC_OP_STORE, .type = type, .a = 2, .tensor = 0 };
        p.instruction_count = 6;
        prepared = p;
        dlc_launch launch;
        if (!dlc_program_prepare(isa, &prepared, &launch)) { FAIL("prepare refuses sums"); continue; }
        int64_t width = wide ? 8 : 4, bytes = elements * width + 8;
        char *data[2] = { aligned(bytes), aligned(bytes + inner * width) }, *results[2][3];
        for (int64_t i = 0; i < elements; ++i) for (int t = 0; t < 2; ++t) {
            if (wide) ((double *)data[t])[i] = random_float();
            else ((float *)data[t])[i] = random_float();
        }
        for (int64_t i = 0; elements == 0 && i < inner; ++i) {
            if (wide) ((double *)data[1])[i] = 1;
            else ((float *)data[1])[i] = 1;
        }
        for (int m = 0; m < 2; ++m) {
            results[m][0] = aligned(bytes), results[m][1] = aligned(inner * width + 8), results[m][2] = aligned(inner * width + 8);
            void *buffers[] = { data[0], data[1], results[m][0], results[m][1], results[m][2] };
            if (!launch_run(&launch, &prepared, buffers, m == 0 ? 1 : 1 + random_below(7))) FAIL("a workspace overran");
        }
        for (int t = 1; t < 3; ++t) {
            if (memcmp(results[0][t], results[1][t], (size_t)(inner * width)) != 0) FAIL("sums depend on the split of tasks");
            for (int64_t c = 0; c < inner; ++c) {
                double sum = 0, found = wide ? ((double *)results[0][t])[c] : (double)((float *)results[0][t])[c];
                for (int64_t r = 0; r < rows; ++r) {
                    int64_t at = r * inner + c, other = repeated ? c : at;
                    double a = wide ? ((double *)data[0])[at] : (double)((float *)data[0])[at];
                    double b = wide ? ((double *)data[1])[other] : (double)((float *)data[1])[other];
                    sum += t == 1 ? a : a * b;
                }
                if (fabs(sum - found) > (wide ? 1e-12 : 1e-5) * (1 + sqrt((double)rows))) FAIL("column %ld: %g for %g", (long)c, found, sum);
            }
        }
        for (int t = 0; t < 2; ++t) { free(data[t]); for (int r = 0; r < 3; ++r) free(results[t][r]); }
    }
}

int main(void) {
    for (int isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; ++isa)
        if (dlc_host_has((dlc_isa)isa)) check_sums((dlc_isa)isa, 1000 / CHECK_SHARE);
    printf(failures ? "%d failures\n" : "all good\n", failures);
    return failures != 0;
}
