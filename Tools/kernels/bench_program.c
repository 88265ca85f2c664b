// Measures elementwise programs of the host's strongest instruction set on one thread: nanoseconds per
// 1000 elements, and bytes read and written per second. Compiled with the files of Sources/CKernels.
#include "../../Sources/CKernels/include/dlc_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *memory[4];
static char *scratch;

static void measure(const char *name, dlc_program p, int64_t streams) {
    dlc_launch launch;
    if (!dlc_program_prepare(dlc_host_isa(), &p, &launch)) { printf("%s: refused\n", name); return; }
    int64_t elements = 1;
    for (int d = 0; d < p.rank; ++d) elements *= p.shape[d];
    void *buffers[4] = { memory[0], memory[1], memory[2], memory[3] };
    buffers[p.operand_count] = memory[3];
    double best = 1e9;
    for (int round = 0; round < 60; ++round) {
        double start = seconds();
        int repeats = elements < 100000 ? 20 : 1;
        for (int r = 0; r < repeats; ++r)
            launch.run(&(dlc_call){ .params = &p, .buffers = buffers, .scratch = scratch, .end = launch.tasks });
        double elapsed = (seconds() - start) / repeats;
        if (elapsed < best) best = elapsed;
    }
    printf("  %-34s %8ld elements %8.1f ns / 1000 %7.1f GB/s\n", name, (long)elements, best * 1e12 / (double)elements, 4e-9 * (double)(streams * elements) / best);
}

/// dst = op(operand 0) over `n` elements.
static dlc_program unary(dlc_op op, int64_t n) {
    return (dlc_program){ .rank = 1, .operand_count = 1, .result_count = 1, .instruction_count = 3, .shape = { n },
        .operands = {{ .strides = { 1 } }}, .results = {{ .strides = { 1 } }},
        .instructions = {{ .op = DLC_OP_LOAD }, { .op = op, .dst = 1, .f0 = 0.1, .f1 = 0.5 }, { .op = DLC_OP_STORE, .a = 1 }} };
}

/// operand 0 op operand 1 over [rows, columns]; operand 1 has these strides.
static dlc_program binary(dlc_op op, int64_t rows, int64_t columns, int64_t row_stride, int64_t column_stride) {
    return (dlc_program){ .rank = 2, .operand_count = 2, .result_count = 1, .instruction_count = 4, .shape = { rows, columns },
        .operands = {{ .strides = { columns, 1 } }, { .strides = { row_stride, column_stride } }}, .results = {{ .strides = { columns, 1 } }},
        .instructions = {{ .op = DLC_OP_LOAD }, { .op = DLC_OP_LOAD, .dst = 1, .tensor = 1 }, { .op = op, .dst = 2, .b = 1 }, { .op = DLC_OP_STORE, .a = 2 }} };
}

int main(void) {
    for (int i = 0; i < 4; ++i) {
        memory[i] = aligned_alloc(64, 16 << 20);
        for (int k = 0; k < 4 << 20; ++k) memory[i][k] = (float)(k % 1000) * 0.01f - 5;
    }
    scratch = aligned_alloc(64, 1 << 20);
    for (int64_t n = 16 << 10; n <= 4 << 20; n *= 16) {
        measure("relu", unary(DLC_OP_RELU, n), 2);
        measure("add", binary(DLC_OP_ADD, 1, n, 0, 1), 3);
        measure("add of a channel vector (64)", binary(DLC_OP_ADD, n / 64, 64, 0, 1), 2);
        measure("multiply by 3 channels", binary(DLC_OP_MUL, n / 4, 3, 0, 1), 2);
        measure("multiply by one per row of 49", binary(DLC_OP_MUL, n / 64, 49, 1, 0), 2);
        measure("multiply by one per row of 1024", binary(DLC_OP_MUL, n / 1024, 1024, 1, 0), 2);
        measure("add of a transposed matrix", binary(DLC_OP_ADD, n / 128, 128, 1, n / 128), 3);
        measure("exp", unary(DLC_OP_EXP, n), 2);
        measure("sigmoid", unary(DLC_OP_SIGMOID, n), 2);
        measure("gelu", unary(DLC_OP_GELU, n), 2);
        measure("hard_swish", unary(DLC_OP_HARD_SWISH, n), 2);
        measure("mish", unary(DLC_OP_MISH, n), 2);
        measure("sqrt", unary(DLC_OP_SQRT, n), 2);
        dlc_program p = unary(DLC_OP_RELU, n);
        p.results[0].type = DLC_F16;
        measure("relu to f16", p, 2);
        p = unary(DLC_OP_ABS, n);
        p.operands[0].type = DLC_U8;
        measure("u8 to f32", p, 1);
    }
}
