/// Products in f64 and wrapping integers: rows of C accumulated in cache, f64 through OpenBLAS where it is.
#include "gemm_typed.h"
#include "gemm_tile.h"
#include <math.h>

enum { A, B, BIAS, RESIDUAL, SLOPE, C };

double dlc_activate_f64(const dlc_epilogue *e, double x, double slope) {
    switch (e->activation) {
    case DLC_ACT_NONE: return x;
    case DLC_ACT_RELU: return 0 > x ? 0 : x;
    case DLC_ACT_CLIP: x = e->a > x ? e->a : x; return e->b < x ? e->b : x;
    case DLC_ACT_LEAKY_RELU: return x < 0 ? x * e->a : x;
    case DLC_ACT_PRELU: return x < 0 ? x * slope : x;
    case DLC_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case DLC_ACT_SILU: return x / (1 + exp(-x));
    case DLC_ACT_HARD_SWISH: return x * fmin(1, fmax(0, x / 6 + 0.5));
    case DLC_ACT_HARD_SIGMOID: x = e->a * x + e->b; return x != x ? x : fmin(1, fmax(0, x));
    case DLC_ACT_GELU: return 0.5 * x * (1 + erf(x * 0.70710678118654752));
    case DLC_ACT_GELU_TANH: return 0.5 * x * (1 + tanh(0.79788456080286536 * (x + 0.044715 * x * x * x)));
    case DLC_ACT_TANH: return tanh(x);
    case DLC_ACT_ELU: return x < 0 ? e->a * expm1(x) : x;
    }
    return x;
}

/// One row: c[0 ..< n] = a·B, column by column where B's columns are contiguous, else row by row. Elements are multiplied as
/// `W`, in which products of narrow integers do not overflow.
#define ROW(T, W, name)                                                                                     \
    static void row_##name(const dlc_gemm *g, const T *a, const T *b, T *c) {                               \
        if (g->b_row == 1 && g->b_column != 1) {                                                            \
            for (int64_t j = 0; j < g->n; j++) {                                                            \
                T sum = 0;                                                                                  \
                for (int64_t p = 0; p < g->k; p++) sum += (T)((W)a[p * g->a_column] * b[p + j * g->b_column]);    \
                c[j] = sum;                                                                                 \
            }                                                                                               \
            return;                                                                                         \
        }                                                                                                   \
        for (int64_t j = 0; j < g->n; j++) c[j] = 0;                                                        \
        for (int64_t p = 0; p < g->k; p++) {                                                                \
            const T scalar = a[p * g->a_column], *line = b + p * g->b_row;                                  \
            if (g->b_column == 1)                                                                           \
                for (int64_t j = 0; j < g->n; j++) c[j] += (T)((W)scalar * line[j]);                       \
            else                                                                                            \
                for (int64_t j = 0; j < g->n; j++) c[j] += (T)((W)scalar * line[j * g->b_column]);         \
        }                                                                                                   \
    }
ROW(double, double, f64)
ROW(uint8_t, uint32_t, u8)
ROW(uint16_t, uint32_t, u16)
ROW(uint32_t, uint32_t, u32)
ROW(uint64_t, uint64_t, u64)

/// The offsets of the four operands of matrix `index`.
typedef struct { int64_t a, b, c, residual; } offsets;

static offsets offsets_of(const dlc_gemm *g, int64_t index) {
    offsets o = {0};
    for (int i = 3; i >= 0; i--) {
        const int64_t at = index % g->batch[i];
        o.a += at * g->a_batch[i];
        o.b += at * g->b_batch[i];
        o.c += at * g->c_batch[i];
        o.residual += at * g->residual_batch[i];
        index /= g->batch[i];
    }
    return o;
}

static void finish_f64(const dlc_gemm *g, const dlc_call *call, double *c, const double *residual) {
    const double *bias = call->buffers[BIAS], *slope = call->buffers[SLOPE];
    for (int64_t j = 0; j < g->n; j++) {
        double x = g->alpha * c[j] + (bias ? bias[j] : 0);
        if (residual && !g->epilogue.residual_after_activation) x += residual[j];
        x = dlc_activate_f64(&g->epilogue, x, slope ? slope[j] : 0);
        if (residual && g->epilogue.residual_after_activation) x += residual[j];
        c[j] = x;
    }
}

static bool blas_fits(const dlc_gemm *g) {
    const bool a = g->a_column == 1 ? g->a_row >= g->k : g->a_row == 1 && g->a_column >= g->m;
    const bool b = g->b_column == 1 ? g->b_row >= g->n : g->b_row == 1 && g->b_column >= g->k;
    const int64_t most = 0x7fffffff;
    return a && b && g->k > 0 && g->a_row > 0 && g->b_row > 0 && g->c_row >= g->n && g->a_row <= most &&
           g->a_column <= most && g->b_row <= most && g->b_column <= most && g->c_row <= most;
}

static void run_f64(const dlc_call *call) {
    const dlc_gemm *g = call->params;
    const dlc_dgemm blas = blas_fits(g) && (double)g->m * (double)g->n * (double)g->k > 4096 ? dlc_openblas_dgemm() : 0;
    for (int64_t task = call->begin; task < call->end; task++) {
        const offsets o = offsets_of(g, task / g->row_blocks);
        const int64_t part = task % g->row_blocks;
        const int64_t first = part * g->m / g->row_blocks, last = (part + 1) * g->m / g->row_blocks;
        const double *a = (const double *)call->buffers[A] + o.a + first * g->a_row;
        const double *b = (const double *)call->buffers[B] + o.b;
        double *c = (double *)call->buffers[C] + o.c + first * g->c_row;
        const double *residual = call->buffers[RESIDUAL];
        if (residual) residual += o.residual + first * g->residual_row;
        if (blas)
            blas(last - first, g->n, g->k, a, g->a_column == 1 ? g->a_row : g->a_column, g->a_column != 1, b,
                 g->b_column == 1 ? g->b_row : g->b_column, g->b_column != 1, c, g->c_row);
        for (int64_t r = 0; r < last - first; r++) {
            if (!blas) row_f64(g, a + r * g->a_row, b, c + r * g->c_row);
            finish_f64(g, call, c + r * g->c_row, residual ? residual + r * g->residual_row : 0);
        }
    }
}

/// Signed products are computed as unsigned ones: the same bits, and wrapping is defined.
#define RUN_INTEGER(T, name)                                                                                \
    static void run_##name(const dlc_call *call) {                                                          \
        const dlc_gemm *g = call->params;                                                                   \
        const T *bias = call->buffers[BIAS];                                                                \
        for (int64_t task = call->begin; task < call->end; task++) {                                        \
            const offsets o = offsets_of(g, task / g->row_blocks);                                          \
            const int64_t part = task % g->row_blocks;                                                      \
            for (int64_t r = part * g->m / g->row_blocks; r < (part + 1) * g->m / g->row_blocks; r++) {     \
                T *c = (T *)call->buffers[C] + o.c + r * g->c_row;                                          \
                const T *residual = call->buffers[RESIDUAL];                                                \
                row_##name(g, (const T *)call->buffers[A] + o.a + r * g->a_row,                             \
                           (const T *)call->buffers[B] + o.b, c);                                           \
                for (int64_t j = 0; j < g->n; j++)                                                          \
                    c[j] += (bias ? bias[j] : 0) + (residual ? residual[o.residual + r * g->residual_row + j] : 0); \
            }                                                                                               \
        }                                                                                                   \
    }
RUN_INTEGER(uint8_t, u8)
RUN_INTEGER(uint16_t, u16)
RUN_INTEGER(uint32_t, u32)
RUN_INTEGER(uint64_t, u64)

bool dlc_gemm_typed_prepare(dlc_gemm *g, dlc_launch *out) {
    dlc_kernel run;
    switch (g->type) {
    case DLC_F64: run = run_f64; break;
    case DLC_I8: case DLC_U8: run = run_u8; break;
    case DLC_I16: case DLC_U16: run = run_u16; break;
    case DLC_I32: case DLC_U32: run = run_u32; break;
    case DLC_I64: case DLC_U64: run = run_u64; break;
    default: return false;
    }
    if (g->b_packed || g->scales_a) return false;
    if (g->type != DLC_F64 && (g->alpha != 1 || g->epilogue.activation != DLC_ACT_NONE)) return false;
    g->row_blocks = dlc_max(1, dlc_min(16, g->m / 8));
    g->tasks = g->m == 0 || g->n == 0 ? 0 : g->matrices * g->row_blocks;
    *out = (dlc_launch){.run = run, .tasks = g->tasks, .phases = 1};
    return true;
}
