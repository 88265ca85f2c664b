/// One level of Strassen's product. A task takes pairs of rows, one of the upper half of A and one of the
/// lower, and panels of columns of the left half of C; it computes the seven products of a panel into a
/// workspace in L2 and turns them into the four quadrants in one go.
#include "strassen.h"
#include <string.h>

enum { A, B, BIAS, RESIDUAL, SLOPE, C };
enum { PRODUCTS = DLC_STRASSEN_PRODUCTS, SUMS = 5, EPILOGUE_ROWS = 8 };

static const dlc_strassen_set *set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_strassen_set_avx512;
    case DLC_ISA_AVX2: return &dlc_strassen_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_strassen_set_neon;
#endif
    default: return &dlc_strassen_set_portable;
    }
}

/// Columns of the left quadrants: whole vectors.
static int64_t left_columns(dlc_isa isa, int64_t n) {
    const int64_t lanes = dlc_lanes(isa);
    return dlc_ceil_div(dlc_ceil_div(n, 2), lanes) * lanes;
}

dlc_panels dlc_strassen_panels(dlc_isa isa, int64_t n, int64_t k) { return dlc_panels_of(dlc_tiles(isa), k / 2, left_columns(isa, n)); }

bool dlc_strassen_supports(dlc_isa isa, int64_t m, int64_t n, int64_t k) {
    const int64_t most = (int64_t)1 << 31;
    return m >= 2 && k >= 2 && k % 2 == 0 && n > dlc_lanes(isa) && m <= most && n <= most && k <= most &&
           (double)k * (double)n < 0x1p44 && (double)m * (double)n < 0x1p46 && (double)m * (double)k < 0x1p46;
}

/// What the tasks of a call share.
typedef struct {
    const dlc_strassen *p;
    const dlc_call *call;
    dlc_panels panels;
    int64_t pairs, half;        ///< pairs of rows in all; products per sum
    int64_t sums_step;          ///< floats between the sums of A's quadrants
    int64_t products_step;
    const float *zeros;         ///< the lower row of a pair that has none
    float *products;
    const float **rows;         ///< [7][row_block]: the left operands' rows
} context;

static const float *upper(const context *x, int64_t row) {
    return (const float *)x->call->buffers[A] + row / x->p->line * x->p->line_step + row % x->p->line * x->p->a_row;
}
static const float *lower(const context *x, int64_t pair) {
    return pair + x->pairs < x->p->m ? upper(x, pair + x->pairs) : x->zeros;
}

static void add_quadrants(const context *x, int64_t first, int64_t last, float *out) {
    for (int64_t pair = first; pair < last; pair++, out += x->half)
        set_of(x->p->isa)->sums(upper(x, pair), lower(x, pair), x->half, out, x->sums_step);
}

static void point_at_rows(const context *x, int64_t first, int64_t rows, const float *sums) {
    static const int64_t sum_of[PRODUCTS] = {0, 1, -1, -1, 2, 3, 4};
    for (int i = 0; i < PRODUCTS; i++)
        for (int64_t r = 0; r < rows; r++)
            x->rows[i * rows + r] = i == 2 ? upper(x, first + r)
                                  : i == 3 ? lower(x, first + r) + x->half
                                           : sums + sum_of[i] * x->sums_step + r * x->half;
}

/// Fetches a part of a matrix's quadrants that the seven products end in, for rows `pair ..< last`.
static void fetch_quadrants(const context *x, const float *matrix, int64_t row_step, int64_t pair, int64_t last, int64_t column, int64_t width) {
    const int64_t line = 64 / (int64_t)sizeof(float);
    for (; pair < last; pair++)
        for (int64_t half = 0; half < 2; half++) {
            const float *row = matrix + (pair + half * x->pairs) * row_step + column;
            for (int64_t j = 0; j < width; j += line) {
                __builtin_prefetch(row + j, 0, 2);
                __builtin_prefetch(row + x->panels.n + j, 0, 2);
            }
        }
}

static void multiply(const context *x, int64_t first, int64_t rows, int64_t panel, bool last_panel) {
    const dlc_strassen *p = x->p;
    const int64_t vectors = dlc_panel_vectors(&x->panels, panel), width = vectors * x->panels.lanes;
    const int64_t column = dlc_panel_column(&x->panels, panel), size = x->half * width;
    dlc_block block = {
        .set = dlc_tiles(p->isa), .rows = rows, .taps = 1, .run = x->half, .depth_block = 1024, .c_row = width, .alpha = 1,
        .panels = {.n = width, .k = x->half, .panels = 1, .narrow = vectors, .lanes = x->panels.lanes},
    };
    const float *weights = (const float *)x->call->buffers[B] + PRODUCTS * x->half * column;
    const float *bias = x->call->buffers[BIAS], *residual = x->call->buffers[RESIDUAL], *slope = x->call->buffers[SLOPE];
    for (int i = 0; i < PRODUCTS; i++) {
        // What the products end in arrives meanwhile, a part with each.
        const int64_t from = first + i * rows / PRODUCTS, to = first + (i + 1) * rows / PRODUCTS;
        fetch_quadrants(x, x->call->buffers[C], p->c_row, from, to, column, width);
        if (residual) fetch_quadrants(x, residual, p->residual_row, from, to, column, width);
        block.a = x->rows + i * rows;
        block.b = weights + i * size;
        block.next = i + 1 < PRODUCTS || !last_panel ? block.b + size : 0;
        block.c = x->products + i * x->products_step;
        dlc_block_run(&block, 0, 1);
    }

    const dlc_activation kind = p->epilogue.activation;
    const bool simple = dlc_epilogue_is_simple(p->epilogue, residual);
    const int64_t right = dlc_max(0, dlc_min(width, p->n - x->panels.n - column));
    dlc_strassen_output o = {
        .step = x->products_step, .width = width, .right_columns = right, .c_row = p->c_row, .right = x->panels.n, .alpha = p->alpha,
        .lo = simple && kind == DLC_ACT_RELU ? 0 : simple && kind == DLC_ACT_CLIP ? p->epilogue.a : -__builtin_inff(),
        .hi = simple && kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
        .bias = bias ? bias + column : 0, .residual_row = p->residual_row,
    };
    // A few rows at a time, which the epilogue finds in L1.
    for (int64_t done = 0; done < rows; done += EPILOGUE_ROWS) {
        const int64_t pair = first + done;
        o.rows = dlc_min(EPILOGUE_ROWS, rows - done);
        o.bottom_rows = dlc_min(o.rows, p->m - x->pairs - pair);
        o.products = x->products + done * width;
        o.top = (float *)x->call->buffers[C] + pair * p->c_row + column;
        o.bottom = o.top + x->pairs * p->c_row;
        const float *above = residual ? residual + pair * p->residual_row + column : 0;
        const float *below = residual ? above + x->pairs * p->residual_row : 0;
        if (simple) o.residual_top = above, o.residual_bottom = below;
        set_of(p->isa)->combine(&o);
        if (simple) continue;
        for (int side = 0; side < 2; side++) {
            const int64_t columns = side == 0 ? width : right, shift = side * o.right;
            const float *factors = slope ? slope + column + shift : 0;
            block.set->epilogue(p->epilogue, o.rows, columns, o.top + shift, p->c_row, above ? above + shift : 0, p->residual_row, factors);
            block.set->epilogue(p->epilogue, o.bottom_rows, columns, o.bottom + shift, p->c_row, below ? below + shift : 0,
                                p->residual_row, factors);
        }
    }
}

static context context_of(const dlc_strassen *p) {
    context x = {.p = p, .panels = dlc_strassen_panels(p->isa, p->n, p->k), .pairs = dlc_ceil_div(p->m, 2), .half = p->k / 2};
    x.sums_step = dlc_spread((p->shared_sums ? x.pairs : p->row_block) * x.half);
    x.products_step = dlc_spread(p->row_block * dlc_panel_vectors(&x.panels, 0) * x.panels.lanes);
    return x;
}

void dlc_strassen_run(const dlc_call *call) {
    const dlc_strassen *p = call->params;
    context x = context_of(p);
    x.call = call;
    // Scratch: zeros, products, pointers, and the sums unless they are shared.
    float *zeros = call->scratch;
    memset(zeros, 0, (size_t)p->k * sizeof(float));
    x.zeros = zeros;
    x.products = zeros + dlc_ceil_div(p->k, 16) * 16;
    x.rows = (const float **)(x.products + PRODUCTS * x.products_step);
    float *own = (float *)(x.rows + dlc_ceil_div(PRODUCTS * p->row_block, 8) * 8);
    if (p->shared_sums && call->phase == 0) {
        const int64_t first = call->begin * x.pairs / p->tasks, last = call->end * x.pairs / p->tasks;
        add_quadrants(&x, first, last, (float *)call->shared + first * x.half);
        return;
    }
    int64_t current = -1;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t part = task % p->row_blocks, group = task / p->row_blocks;
        const int64_t first = part * x.pairs / p->row_blocks, rows = (part + 1) * x.pairs / p->row_blocks - first;
        if (part != current) {
            if (!p->shared_sums) add_quadrants(&x, first, first + rows, own);
            point_at_rows(&x, first, rows, p->shared_sums ? (const float *)call->shared + first * x.half : own);
            current = part;
        }
        const int64_t last = (group + 1) * x.panels.panels / p->panel_groups;
        for (int64_t panel = group * x.panels.panels / p->panel_groups; panel < last; panel++)
            multiply(&x, first, rows, panel, panel + 1 == x.panels.panels);
    }
}

double dlc_strassen_share(dlc_isa isa, int64_t m, int64_t n, int64_t k) {
    if (!dlc_strassen_supports(isa, m, n, k)) return __builtin_inf();
    // Columns without a partner are multiplied by padding and rounded unlike the others; a classifier's equal scores stay equal.
    if (2 * left_columns(isa, n) != n) return __builtin_inf();
    // Seven eighths, and the additions: those of A cost as much as a few columns of C, those of C as a few of k.
    const double share = 0.885 + 6 / (double)n + 8.2 / (double)k;
    // Fewer rows than these wait for the weights, of which there are more.
    return m < 48 ? share * 48 / (double)m : share;
}

bool dlc_strassen_prepare(dlc_isa isa, dlc_strassen *p, dlc_launch *out) {
    const int64_t most = (int64_t)1 << 31;
    if (!dlc_strassen_supports(isa, p->m, p->n, p->k) || p->a_row < p->k || p->a_row > most ||
        p->line < 1 || p->line_step < 0 || (double)p->line_step * (double)p->m > 0x1p46 || p->c_row < p->n || p->c_row > most ||
        p->residual_row < 0 || p->residual_row > most) return false;
    p->isa = isa;
    const int64_t pairs = dlc_ceil_div(p->m, 2), panels = dlc_strassen_panels(isa, p->n, p->k).panels;
    // Panels that stay in L2 serve few rows at a time, whose products and results then stay there too; of larger ones
    // every block is a way to memory.
    const int64_t resident = 1024 * 1024 / 4 / (SUMS * dlc_min(p->k / 2, 1024));
    p->row_blocks = dlc_ceil_div(pairs, p->k <= 256 ? 28 : dlc_max(48, dlc_min(96, resident)));
    p->shared_sums = p->row_blocks < 8;
    p->panel_groups = p->shared_sums ? dlc_min(panels, dlc_ceil_div(16, p->row_blocks)) : 1;
    // Threads take equal numbers of tasks: an odd one would leave one of two threads waiting.
    if (p->row_blocks * p->panel_groups % 2 != 0 && pairs > 24) p->row_blocks += 1;
    p->row_block = dlc_ceil_div(pairs, p->row_blocks);
    p->tasks = p->row_blocks * p->panel_groups;
    const context x = context_of(p);
    const int64_t floats = dlc_ceil_div(p->k, 16) * 16 + PRODUCTS * x.products_step + 2 * dlc_ceil_div(PRODUCTS * p->row_block, 8) * 8;
    *out = (dlc_launch){
        .run = dlc_strassen_run, .tasks = p->tasks, .phases = p->shared_sums ? 2 : 1,
        .shared_bytes = p->shared_sums ? 4 * SUMS * x.sums_step : 0,
        .scratch_bytes = 4 * (floats + (p->shared_sums ? 0 : SUMS * x.sums_step)),
    };
    return true;
}
