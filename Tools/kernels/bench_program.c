/// Elementwise programs, on one thread, on data of second-level cache, third-level cache and memory.
#include "bench.h"
#include "dlc_program.h"

static float *memory[8];

/// `streams` tensors of the program's size are read, and one is written.
static void measure(const char *name, dlc_program p, int64_t streams) {
    dlc_launch launch;
    if (!dlc_program_prepare(dlc_host_isa(), &p, &launch)) { printf("%s: refused\n", name); return; }
    int64_t elements = 1;
    for (int d = 0; d < p.rank; ++d) elements *= p.shape[d];
    void *buffers[4] = { memory[0], memory[1], memory[2], memory[3] };
    buffers[p.operand_count] = memory[3];
    char shape[32];
    snprintf(shape, sizeof shape, "%lld K elements", (long long)elements >> 10);
    bench_row(name, shape, launch_time(&launch, &p, buffers, 0.03), (double)(elements * (p.instruction_count - 1 - p.operand_count)), 4.0 * (double)(streams * elements),
              4.0 * (double)elements);
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

/// dst = op(operands) over `n` elements of these types, in registers of `compute`.
static void typed(const char *name, dlc_op op, dlc_compute compute, dlc_type from, dlc_type to, int operands) {
    const int64_t n = 200704;
    dlc_program p = { .rank = 1, .operand_count = operands, .result_count = 1, .shape = { n },
        .operands = {{ .type = from, .strides = { 1 } }, { .type = from, .strides = { 1 } }}, .results = {{ .type = to, .strides = { 1 } }} };
    int k = 0;
    for (int t = 0; t < operands; ++t) p.instructions[k++] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = compute, .dst = (uint8_t)t, .tensor = (uint8_t)t };
    if (op != DLC_OP_LOAD) p.instructions[k++] = (dlc_instruction){ .op = op, .type = compute, .dst = 2, .b = 1 };
    if (op == DLC_OP_LOAD) p.instructions[0].dst = 2;
    if (compute == DLC_COMPUTE_I64 && to == DLC_I32) p.instructions[k++] = (dlc_instruction){ .op = DLC_OP_WRAP, .type = compute, .dst = 2, .a = 2, .narrow = to };
    p.instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = compute, .a = 2 };
    p.instruction_count = k;
    dlc_launch launch;
    if (!dlc_program_prepare(dlc_host_isa(), &p, &launch)) { printf("%s: refused\n", name); return; }
    void *buffers[] = { memory[0], memory[1], memory[3] };
    if (operands == 1) buffers[1] = memory[3];
    bench_row(name, "196 K elements", launch_time(&launch, &p, buffers, 0.03), (double)n, 4.0 * (double)(n * operands), 4.0 * (double)n);
}

/// A step of Adam over `n` weights, in place: gradient, moments and weights are read, the last three written.
static void adam(int64_t n) {
    dlc_program p = { .rank = 1, .operand_count = 4, .result_count = 3, .shape = { n },
        .operands = {{ .strides = { 1 } }, { .strides = { 1 } }, { .strides = { 1 } }, { .strides = { 1 } }},
        .results = {{ .strides = { 1 } }, { .strides = { 1 } }, { .strides = { 1 } }},
        .instructions = {
            { .op = DLC_OP_CONST, .dst = 8, .f0 = 0.9 }, { .op = DLC_OP_CONST, .dst = 9, .f0 = 0.1 }, { .op = DLC_OP_CONST, .dst = 10, .f0 = 0.999 },
            { .op = DLC_OP_CONST, .dst = 11, .f0 = 0.001 }, { .op = DLC_OP_CONST, .dst = 12, .f0 = 1e-8 },
            { .op = DLC_OP_LOAD }, { .op = DLC_OP_LOAD, .dst = 1, .tensor = 1 }, { .op = DLC_OP_LOAD, .dst = 2, .tensor = 2 }, { .op = DLC_OP_LOAD, .dst = 3, .tensor = 3 },
            { .op = DLC_OP_MUL, .dst = 1, .a = 1, .b = 8 }, { .op = DLC_OP_MUL, .dst = 4, .a = 0, .b = 9 }, { .op = DLC_OP_ADD, .dst = 1, .a = 1, .b = 4 },
            { .op = DLC_OP_MUL, .dst = 2, .a = 2, .b = 10 }, { .op = DLC_OP_MUL, .dst = 4, .a = 0, .b = 11 }, { .op = DLC_OP_MUL, .dst = 4, .a = 4, .b = 0 },
            { .op = DLC_OP_ADD, .dst = 2, .a = 2, .b = 4 }, { .op = DLC_OP_SQRT, .dst = 4, .a = 2 }, { .op = DLC_OP_ADD, .dst = 4, .a = 4, .b = 12 },
            { .op = DLC_OP_DIV, .dst = 4, .a = 1, .b = 4 }, { .op = DLC_OP_MUL, .dst = 4, .a = 4, .b = 11 }, { .op = DLC_OP_SUB, .dst = 3, .a = 3, .b = 4 },
            { .op = DLC_OP_STORE, .a = 1, .tensor = 0 }, { .op = DLC_OP_STORE, .a = 2, .tensor = 1 }, { .op = DLC_OP_STORE, .a = 3, .tensor = 2 }} };
    p.instruction_count = 24;
    dlc_launch launch;
    if (!dlc_program_prepare(dlc_host_isa(), &p, &launch)) { printf("adam: refused\n"); return; }
    void *buffers[] = { memory[0], memory[1], memory[2], memory[3], memory[1], memory[2], memory[3] };
    char shape[32];
    snprintf(shape, sizeof shape, "%lld K elements", (long long)n >> 10);
    bench_row("a step of Adam", shape, launch_time(&launch, &p, buffers, 0.05), 12.0 * (double)n, 16.0 * (double)n, 12.0 * (double)n);
}

/// Batch norm's gradient through ReLU over [rows, channels], as `spell-training` leaves it: x and dy are read, and dx is written or
/// two sums by channel.
static void batch_norm(const char *name, int64_t rows, int64_t channels, bool sums) {
    dlc_program p = { .rank = 2, .operand_count = 6, .result_count = sums ? 2 : 1, .shape = { rows, channels },
        .operands = {{ .strides = { channels, 1 } }, { .strides = { channels, 1 } }, { .strides = { 0, 1 } }, { .strides = { 0, 1 } }, { .strides = { 0, 1 } }, { .strides = { 0, 1 } }},
        .results = {{ .strides = { sums ? 0 : channels, 1 } }, { .strides = { 0, 1 } }} };
    const dlc_instruction shared[] = {
        { .op = DLC_OP_LOAD }, { .op = DLC_OP_LOAD, .dst = 1, .tensor = 1 }, { .op = DLC_OP_LOAD, .dst = 2, .tensor = 2 }, { .op = DLC_OP_LOAD, .dst = 3, .tensor = 3 },
        { .op = DLC_OP_LOAD, .dst = 4, .tensor = 4 }, { .op = DLC_OP_CONST, .dst = 6 },
        { .op = DLC_OP_SUB, .dst = 7, .a = 0, .b = 2 }, { .op = DLC_OP_GT, .dst = 8, .a = 7, .b = 3 }, { .op = DLC_OP_WHERE, .dst = 8, .a = 8, .b = 1, .c = 6 }};
    const dlc_instruction summed[] = {
        { .op = DLC_OP_MUL, .dst = 7, .a = 7, .b = 8 }, { .op = DLC_OP_SUM, .a = 7 }, { .op = DLC_OP_SUM, .a = 8, .tensor = 1 }};
    const dlc_instruction written[] = {
        { .op = DLC_OP_LOAD, .dst = 5, .tensor = 5 }, { .op = DLC_OP_SUB, .dst = 8, .a = 8, .b = 4 }, { .op = DLC_OP_MUL, .dst = 7, .a = 7, .b = 5 },
        { .op = DLC_OP_SUB, .dst = 8, .a = 8, .b = 7 }, { .op = DLC_OP_MUL, .dst = 8, .a = 8, .b = 3 }, { .op = DLC_OP_STORE, .a = 8 }};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; ++i) p.instructions[p.instruction_count++] = shared[i];
    for (size_t i = 0; i < (sums ? sizeof summed : sizeof written) / sizeof *summed; ++i) p.instructions[p.instruction_count++] = sums ? summed[i] : written[i];
    dlc_launch launch;
    if (!dlc_program_prepare(dlc_host_isa(), &p, &launch)) { printf("%s: refused\n", name); return; }
    void *buffers[] = { memory[0], memory[1], memory[2], memory[4], memory[5], memory[6], memory[3], memory[7] };
    char shape[32];
    snprintf(shape, sizeof shape, "%lld x %lld", (long long)rows, (long long)channels);
    const double n = (double)(rows * channels);
    bench_row(name, shape, launch_time(&launch, &p, buffers, 0.05), (sums ? 6 : 7) * n, 8 * n, sums ? 0 : 4 * n);
}

int main(void) {
    for (int i = 0; i < 8; ++i) {
        memory[i] = aligned(32 << 20);
        for (int k = 0; k < 8 << 20; ++k) memory[i][k] = (float)(k % 1000) * 0.01f - 5;
    }
    bench_header("elementwise programs");
    typed("negate i32", DLC_OP_NEG, DLC_COMPUTE_I64, DLC_I32, DLC_I32, 1);
    typed("add i32", DLC_OP_ADD, DLC_COMPUTE_I64, DLC_I32, DLC_I32, 2);
    typed("divide i32", DLC_OP_DIV, DLC_COMPUTE_I64, DLC_I32, DLC_I32, 2);
    typed("not", DLC_OP_NOT, DLC_COMPUTE_I64, DLC_BOOL, DLC_BOOL, 1);
    typed("and", DLC_OP_AND, DLC_COMPUTE_I64, DLC_BOOL, DLC_BOOL, 2);
    typed("less", DLC_OP_LT, DLC_COMPUTE_F32, DLC_F32, DLC_BOOL, 2);
    typed("f32 to f16", DLC_OP_LOAD, DLC_COMPUTE_F32, DLC_F32, DLC_F16, 1);
    typed("f16 to f32", DLC_OP_LOAD, DLC_COMPUTE_F32, DLC_F16, DLC_F32, 1);
    typed("f64 to u8", DLC_OP_LOAD, DLC_COMPUTE_F64, DLC_F64, DLC_U8, 1);
    typed("f32 to u8", DLC_OP_LOAD, DLC_COMPUTE_F32, DLC_F32, DLC_U8, 1);
    typed("f32 to bool", DLC_OP_LOAD, DLC_COMPUTE_F32, DLC_F32, DLC_BOOL, 1);
    typed("u8 to f64", DLC_OP_LOAD, DLC_COMPUTE_F64, DLC_U8, DLC_F64, 1);
    typed("tanh f64", DLC_OP_TANH, DLC_COMPUTE_F64, DLC_F64, DLC_F64, 1);
    measure("outer product", (dlc_program){ .rank = 2, .operand_count = 2, .result_count = 1, .instruction_count = 4, .shape = { 512, 512 },
        .operands = {{ .strides = { 1, 0 } }, { .strides = { 0, 1 } }}, .results = {{ .strides = { 512, 1 } }},
        .instructions = {{ .op = DLC_OP_LOAD }, { .op = DLC_OP_LOAD, .dst = 1, .tensor = 1 }, { .op = DLC_OP_MUL, .dst = 2, .b = 1 }, { .op = DLC_OP_STORE, .a = 2 }} }, 0);
    measure("add of one per 3136", binary(DLC_OP_ADD, 64, 3136, 1, 0), 1);
    measure("add of one per 49", binary(DLC_OP_ADD, 512, 49, 1, 0), 1);
    measure("scale and shift of one per 3136", (dlc_program){ .rank = 2, .operand_count = 3, .result_count = 1, .instruction_count = 6, .shape = { 64, 3136 },
        .operands = {{ .strides = { 3136, 1 } }, { .strides = { 1, 0 } }, { .strides = { 1, 0 } }}, .results = {{ .strides = { 3136, 1 } }},
        .instructions = {{ .op = DLC_OP_LOAD }, { .op = DLC_OP_LOAD, .dst = 1, .tensor = 1 }, { .op = DLC_OP_MUL, .b = 1 },
            { .op = DLC_OP_LOAD, .dst = 1, .tensor = 2 }, { .op = DLC_OP_ADD, .dst = 1, .b = 1 }, { .op = DLC_OP_STORE, .a = 1 }} }, 1);
    measure("sine", unary(DLC_OP_SIN, 200704), 1);
    measure("tanh", unary(DLC_OP_TANH, 200704), 1);
    measure("exp", unary(DLC_OP_EXP, 200704), 1);
    measure("erf", unary(DLC_OP_ERF, 200704), 1);
    measure("relu", unary(DLC_OP_RELU, 200704), 1);
    measure("power", binary(DLC_OP_POW, 1, 200704, 0, 1), 2);
    measure("remainder", binary(DLC_OP_MOD, 1, 200704, 0, 1), 2);
    for (int64_t n = 32 << 10; n <= 8 << 20; n *= 16) {
        adam(n);
        for (int64_t channels = 16; channels <= 256; channels *= 4) {
            batch_norm("batch norm's sums", n / channels, channels, true);
            batch_norm("batch norm's gradient", n / channels, channels, false);
        }
    }
    for (int64_t n = 32 << 10; n <= 8 << 20; n *= 16) {
        measure("relu", unary(DLC_OP_RELU, n), 1);
        measure("add", binary(DLC_OP_ADD, 1, n, 0, 1), 2);
        measure("add of a channel vector (64)", binary(DLC_OP_ADD, n / 64, 64, 0, 1), 1);
        measure("multiply by 3 channels", binary(DLC_OP_MUL, n / 4, 3, 0, 1), 1);
        measure("multiply by one per 49", binary(DLC_OP_MUL, n / 64, 49, 1, 0), 1);
        measure("multiply by one per 1024", binary(DLC_OP_MUL, n / 1024, 1024, 1, 0), 1);
        measure("add of a transposed matrix", binary(DLC_OP_ADD, n / 128, 128, 1, n / 128), 2);
        measure("exp", unary(DLC_OP_EXP, n), 1);
        measure("sigmoid", unary(DLC_OP_SIGMOID, n), 1);
        measure("tanh", unary(DLC_OP_TANH, n), 1);
        measure("gelu", unary(DLC_OP_GELU, n), 1);
        measure("silu", unary(DLC_OP_SILU, n), 1);
        measure("hard_swish", unary(DLC_OP_HARD_SWISH, n), 1);
        measure("mish", unary(DLC_OP_MISH, n), 1);
        measure("sqrt", unary(DLC_OP_SQRT, n), 1);
    }
}
