/// Rows of a depthwise convolution: strips of a few output columns go down the rows, so that the input lines
/// two outputs share are still in L1. The columns of a strip may be as far apart as taps are, so that dilated ones share
/// what they load, too.
#include "depthwise.h"
#include <string.h>

const dlc_depthwise_set *dlc_depthwise_set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_depthwise_set_avx512;
    case DLC_ISA_AVX2: return &dlc_depthwise_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_depthwise_set_neon;
#endif
    default: return &dlc_depthwise_set_portable;
    }
}

int64_t dlc_depthwise_outputs(int64_t ow) {
    return dlc_ceil_div(ow, 7) * 7 <= dlc_ceil_div(ow, 4) * 4 ? 7 : 4;
}

static int64_t divisor_of(int64_t a, int64_t b) { return b == 0 ? a : divisor_of(b, a % b); }

/// Loads of a tile's outputs, and those that it computes beyond the last, for each output along an axis, by the taps along the other.
static double loads_of(int64_t rows, int64_t taps, int64_t n, int64_t apart, int64_t phases) {
    const int64_t outputs = dlc_depthwise_outputs(dlc_ceil_div(n, apart)), each = outputs * apart;
    return (double)rows * (double)(2 * taps + 6 * phases) * (double)(dlc_ceil_div(n, each) * each) / (double)dlc_max(n, 1);
}

/// How outputs along an axis share what they read through rows of taps along it, and the loads.
static dlc_depthwise_plan shared_along(const dlc_conv *p, int axis, double *loads) {
    const int64_t taps = p->kernel[axis], stride = p->stride[axis], common = divisor_of(stride, p->dilation[axis]);
    const int64_t n = axis == 2 ? p->ow : p->oh, rows = p->kernel[axis == 2 ? 1 : 2], apart = p->dilation[axis] / common;
    dlc_depthwise_plan plan = {.apart = 1, .phases = taps, .step = stride};
    *loads = loads_of(rows, taps, n, 1, taps);
    if (stride / common >= taps) return plan; // they share nothing
    const double fewer = loads_of(rows, taps, n, apart, stride / common);
    if (fewer > *loads) return plan;
    *loads = fewer;
    return (dlc_depthwise_plan){.apart = apart, .phases = stride / common, .step = stride / common * p->dilation[axis]};
}

dlc_depthwise_plan dlc_depthwise_plan_of(const dlc_conv *p) {
    const int64_t size = p->kernel[1], group = p->c / p->groups, apart = p->dilation[2];
    const bool single = p->groups == p->c, even = p->c == p->oc && group <= 1 << DLC_DEPTHWISE_GROUPS && (group & (group - 1)) == 0;
    const bool square = p->kernel[0] == 1 && size == p->kernel[2] && (size == 3 || (single && (size == 5 || size == 7)));
    if (square && (single || even) && p->stride[2] <= 2 && (apart == 1 || (p->stride[2] == 1 && dlc_ceil_div(p->ow, apart) > 2)))
        return (dlc_depthwise_plan){.unrolled = true, .apart = apart, .phases = 1, .step = apart};
    double loads, turned = __builtin_inf();
    const dlc_depthwise_plan plan = shared_along(p, 2, &loads);
    dlc_depthwise_plan other = p->kernel[0] == 1 ? shared_along(p, 1, &turned) : plan;
    other.turned = true;
    return turned < loads ? other : plan;
}

/// Pointers of a phase.
static int64_t columns_of(const dlc_conv *p, dlc_depthwise_plan plan) {
    return plan.unrolled ? (p->tile_block - 1) * p->stride[2] + p->kernel[2] : p->tile_block - 1 + dlc_ceil_div(p->kernel[2], plan.phases);
}

int64_t dlc_depthwise_pointers(const dlc_conv *p, dlc_depthwise_plan plan) { return plan.phases * columns_of(p, plan); }

int64_t dlc_depthwise_rows_scratch_bytes(const dlc_conv *p, dlc_depthwise_plan plan, int64_t channels) {
    const int64_t most = dlc_max(channels, dlc_depthwise_inputs(p, channels));
    const int64_t pointers = p->kernel[0] * p->kernel[1] * dlc_depthwise_pointers(p, plan);
    return 2 * dlc_ceil_div(most, 16) * 64 + 8 * pointers + (int64_t)sizeof(dlc_depthwise_taps) * plan.phases;
}

bool dlc_depthwise_finishes(const dlc_epilogue *e, bool residual) {
    return (e->activation == DLC_ACT_NONE || e->activation == DLC_ACT_RELU || e->activation == DLC_ACT_CLIP) &&
           !(residual && e->residual_after_activation);
}

static dlc_depthwise_kernel kernel_of(const dlc_conv *p, dlc_depthwise_plan plan) {
    const dlc_depthwise_set *set = dlc_depthwise_set_of(p->isa);
    const int stride = (int)p->stride[2] - 1, wide = p->tile_block == 7;
    const int64_t group = p->c / p->groups;
    if (!plan.unrolled) return (group == 1 ? set->any : set->grouped)[wide];
    if (group == 1) return set->square[(p->kernel[1] - 3) / 2][stride][wide];
    return set->grouped_square[__builtin_ctzll((uint64_t)group) - 1][stride][wide];
}

static dlc_depthwise_tile tile_of(const dlc_depthwise_rows *b, const float *const *x, float *const *y, const dlc_depthwise_taps *taps) {
    const dlc_conv *p = b->conv;
    const dlc_activation kind = p->epilogue.activation;
    const int64_t inputs = p->c / p->groups, tap = inputs * p->oc;
    return (dlc_depthwise_tile){
        .x = x, .weights = b->weights, .weights_row = p->oc, .channels = b->channels, .y = y,
        .bias = b->bias, .residual_row = b->plan.apart * b->residual_ld,
        .lo = kind == DLC_ACT_CLIP ? p->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
        .rows = p->kernel[0] * p->kernel[1], .phases = b->plan.phases, .columns = columns_of(p, b->plan), .taps = taps,
        .row_step = b->plan.turned ? tap : p->kernel[2] * tap, .tap_step = b->plan.turned ? p->kernel[1] * tap : tap,
        .inputs = inputs, .group = p->oc / p->groups,
    };
}

/// A tile's outputs, `step` pixels apart, with what registers did not do to them.
static void run_tile(const dlc_depthwise_rows *b, dlc_depthwise_kernel kernel, dlc_depthwise_tile *t, int64_t step, const float *residual) {
    const dlc_epilogue e = b->conv->epilogue;
    const bool simple = dlc_depthwise_finishes(&e, residual);
    t->residual = simple ? residual : 0;
    t->clamp = simple && e.activation != DLC_ACT_NONE;
    kernel(t);
    if (!simple)
        dlc_tiles(b->conv->isa)->epilogue(e, t->outputs, t->channels, t->y[0], step * b->y_ld, residual, t->residual_row, b->slope);
}

/// Asks for `count` pixels, `step` floats apart, that lie `offset` floats behind one.
static void ask(const float *pixel, int64_t offset, int64_t count, int64_t step, int64_t channels) {
    const uintptr_t first = (uintptr_t)pixel + (uintptr_t)offset * sizeof(float);
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < channels; c += 16) __builtin_prefetch((const void *)(first + (uintptr_t)(i * step + c) * sizeof(float)), 0, 2);
}

/// Asks for what the tile computed after that at column `ow` of a row writes and for what it is the first to read: the same row of
/// the tile at column `next`, or of the first tile of the rows that come after these where `next` is no column. Tiles read short
/// runs of many lines, which the processor's own prefetching does not follow.
static void ask_ahead(const dlc_depthwise_rows *b, int64_t row, int64_t ow, int64_t next) {
    const dlc_conv *p = b->conv;
    const int64_t apart = b->plan.apart, outputs = p->tile_block, span = outputs * apart, to = next < p->ow ? next : 0;
    const int64_t x = next < p->ow ? 0 : b->next_x, y = next < p->ow ? 0 : b->next_y;
    const int64_t shared = next == ow + span ? dlc_max(0, p->kernel[2] - p->stride[2]) : 0; // columns
    const int64_t column = dlc_max(0, to * p->stride[2] - p->pad[2] + shared * apart);
    const int64_t columns = dlc_min(columns_of(p, b->plan) - shared, dlc_ceil_div(p->w - column, apart));
    // Lines that rows above have in common with this one.
    const int64_t above = row < p->dilation[1] ? 0 : dlc_max(0, p->kernel[1] - (p->dilation[1] > 1 ? 1 : p->stride[1]));
    for (int64_t kh = above; kh < p->kernel[1]; kh++) {
        const float *line = b->lines[kh * b->rows + row];
        if (line) ask(line, x + column * b->line_ld, columns, apart * b->line_ld, dlc_depthwise_inputs(p, b->channels));
    }
    ask(b->y + row * b->y_line, y + to * b->y_ld, dlc_min(outputs, dlc_ceil_div(p->ow - to, apart)), apart * b->y_ld, b->channels);
}

/// Copies what a tile reads of a line to its place in the window, and points there; but for pixels outside, which are zeros.
static void copy_line(const dlc_depthwise_rows *b, const float *zeros, int64_t place, const float **pixels) {
    const int64_t columns = dlc_depthwise_pointers(b->conv, b->plan), channels = dlc_depthwise_inputs(b->conv, b->channels);
    const int64_t apart = dlc_ceil_div(channels, 16) * 16;
    float *to = b->window + place * columns * apart;
    for (int64_t i = 0; i < columns; i++, to += apart) {
        if (pixels[i] == zeros) continue;
        memcpy(to, pixels[i], (size_t)channels * sizeof(float));
        pixels[i] = to;
    }
}

/// Points at what a tile's outputs read of a line, the first of which reads from column `first` on; at zeros outside of the line.
static void point_at_line(const dlc_depthwise_rows *b, const float *line, const float *zeros, int64_t first, const float **out) {
    const dlc_conv *p = b->conv;
    const int64_t columns = columns_of(p, b->plan), step = b->plan.step, ld = b->line_ld;
    for (int64_t phase = 0; phase < b->plan.phases; phase++, first += p->dilation[2], out += columns) {
        const bool interior = first >= 0 && first + (columns - 1) * step < p->w;
        for (int64_t i = 0; i < columns; i++)
            out[i] = interior || (uint64_t)(first + i * step) < (uint64_t)p->w ? line + (first + i * step) * ld : zeros;
    }
}

/// The taps of each phase through which some of a tile's outputs read the image, where the first reads from column `first` on.
static void find_taps(const dlc_depthwise_rows *b, int64_t first, int64_t outputs, dlc_depthwise_taps *taps) {
    const dlc_conv *p = b->conv;
    const int64_t phases = b->plan.phases, apart = phases * p->dilation[2], last = (outputs - 1) * b->plan.apart * p->stride[2];
    for (int64_t phase = 0; phase < phases; phase++, first += p->dilation[2]) {
        const int64_t count = dlc_ceil_div(p->kernel[2] - phase, phases), left = -first - last, right = p->w - first;
        const int64_t begin = left <= 0 ? 0 : dlc_min(count, dlc_ceil_div(left, apart));
        const int64_t end = right <= 0 ? 0 : dlc_min(count, dlc_ceil_div(right, apart));
        taps[phase] = (dlc_depthwise_taps){begin, dlc_max(0, end - begin)};
    }
}

void dlc_depthwise_rows_run(const dlc_depthwise_rows *b) {
    const dlc_conv *p = b->conv;
    const int64_t outputs = p->tile_block, columns = dlc_depthwise_pointers(p, b->plan), apart = b->plan.apart;
    const int64_t inputs = dlc_depthwise_inputs(p, b->channels), most = dlc_ceil_div(dlc_max(inputs, b->channels), 16) * 16;
    float *zeros = b->scratch, *discarded = zeros + most;
    const float **pointers = (const float **)(discarded + most);
    dlc_depthwise_taps *taps = (dlc_depthwise_taps *)(pointers + p->kernel[0] * p->kernel[1] * columns);
    memset(zeros, 0, (size_t)inputs * sizeof(float));
    float *y[DLC_DEPTHWISE_MOST_OUTPUTS];
    dlc_depthwise_tile t = tile_of(b, pointers, y, taps);
    const dlc_depthwise_kernel kernel = kernel_of(p, b->plan);
    // Lines that the row before has read, too, keep their pointers.
    const int64_t common = t.rows > p->kernel[1] || p->dilation[1] > 1 ? 0 : dlc_max(0, p->kernel[1] - p->stride[1]);
    // Every `apart`-th column from `first` on; tile by tile.
    for (int64_t first = 0; first < dlc_min(apart, p->ow); first++)
        for (int64_t ow = first; ow < p->ow; ow += outputs * apart) {
            const int64_t iw0 = ow * p->stride[2] - p->pad[2];
            const int64_t next = ow + outputs * apart < p->ow ? ow + outputs * apart : first + 1 < apart ? first + 1 : p->ow;
            t.outputs = dlc_min(outputs, dlc_ceil_div(p->ow - ow, apart));
            if (!b->plan.unrolled) find_taps(b, iw0, t.outputs, taps);
            for (int64_t row = 0; row < b->rows; row++) {
                const int64_t kept = row == 0 ? 0 : common;
                memmove(pointers, pointers + (p->kernel[1] - kept) * columns, (size_t)(kept * columns) * sizeof *pointers);
                for (int64_t k = kept; k < t.rows; k++) {
                    const float *line = b->lines[k * b->rows + row], **out = pointers + k * columns;
                    if (line) point_at_line(b, line, zeros, iw0, out);
                    else if (b->plan.unrolled) for (int64_t i = 0; i < columns; i++) out[i] = zeros;
                    else *out = 0;
                    if (line && b->window) copy_line(b, zeros, (row * p->stride[1] + k) % t.rows, out);
                }
                float *result = b->y + row * b->y_line + ow * b->y_ld;
                for (int64_t i = 0; i < outputs; i++) y[i] = i < t.outputs ? result + i * apart * b->y_ld : discarded;
                if (b->ahead) ask_ahead(b, row, ow, next);
                run_tile(b, kernel, &t, apart, b->residual ? b->residual + row * b->residual_line + ow * b->residual_ld : 0);
            }
        }
}
