/// Convolutions with few input channels, as the first layer of a network has: runs of one tap are too
/// short for the tiles of products. A task copies the lines that its output rows read, with their padding,
/// so that a row of taps is one run and windows of neighbouring pixels lie equally far apart.
#include "conv_narrow.h"
#include <string.h>

bool dlc_conv_narrow_supports(const dlc_conv *p) {
    // Copies out of proportion to the input do not pay.
    for (int i = 0; i < 3; i++) {
        const int64_t out = i == 0 ? p->od : i == 1 ? p->oh : p->ow, in = i == 0 ? p->d : i == 1 ? p->h : p->w;
        const double extent = (double)(out - 1) * (double)p->stride[i] + (double)(p->kernel[i] - 1) * (double)p->dilation[i] + 1;
        if (extent > 2.0 * (double)in + 64) return false;
    }
    return p->groups == 1 && p->c > 0 && p->c <= 8 && p->kernel[2] > 1 && p->dilation[2] == 1;
}

static const dlc_narrow_set *set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_narrow_set_avx512;
    case DLC_ISA_AVX2: return &dlc_narrow_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_narrow_set_neon;
#endif
    default: return &dlc_narrow_set_portable;
    }
}

/// Input lines that `rows` output rows read, per plane of the kernel.
static int64_t lines_of(const dlc_conv *p, int64_t rows) {
    return (rows - 1) * p->stride[1] + (p->kernel[1] - 1) * p->dilation[1] + 1;
}

/// One line of the padded copy: zeros where `iw` columns lie outside of the image.
static void copy_line(const dlc_conv *p, const float *x, float *out) {
    const int64_t first = dlc_min(dlc_max(p->pad[2], 0), p->padded_w);
    const int64_t end = dlc_max(first, dlc_min(p->w + p->pad[2], p->padded_w));
    memset(out, 0, (size_t)(first * p->c) * sizeof(float));
    if (p->x_ld == p->c) {
        memcpy(out + first * p->c, x + (first - p->pad[2]) * p->c, (size_t)((end - first) * p->c) * sizeof(float));
    } else {
        for (int64_t j = first; j < end; j++)
            memcpy(out + j * p->c, x + (j - p->pad[2]) * p->x_ld, (size_t)p->c * sizeof(float));
    }
    memset(out + end * p->c, 0, (size_t)((p->padded_w - end) * p->c) * sizeof(float));
}

/// The lines for output rows from `oh` of slice `od` on: [kernel depth][lines][padded_w · c].
static void copy_lines(const dlc_conv *p, const float *image, int64_t od, int64_t oh, int64_t rows, float *out) {
    const int64_t lines = lines_of(p, rows);
    for (int64_t kd = 0; kd < p->kernel[0]; kd++)
        for (int64_t line = 0; line < lines; line++, out += p->padded_w * p->c) {
            const int64_t id = od * p->stride[0] - p->pad[0] + kd * p->dilation[0], ih = oh * p->stride[1] - p->pad[1] + line;
            if (id < 0 || id >= p->d || ih < 0 || ih >= p->h) memset(out, 0, (size_t)(p->padded_w * p->c) * sizeof(float));
            else copy_line(p, image + (id * p->h + ih) * p->w * p->x_ld, out);
        }
}

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params;
    const dlc_narrow_set *set = set_of(p->isa);
    const dlc_panels panels = dlc_panels_of(dlc_tiles(p->isa), dlc_conv_taps(p) * p->c, p->oc);
    const dlc_activation kind = p->epilogue.activation;
    const float *bias = call->buffers[DLC_CONV_BIAS], *residual = call->buffers[DLC_CONV_RESIDUAL];
    const float *slope = call->buffers[DLC_CONV_SLOPE];
    const bool simple = dlc_epilogue_is_simple(p->epilogue, residual);
    float *copy = (float *)((char *)call->scratch + p->table_bytes);
    const float **x = call->scratch;
    dlc_narrow_tile t = {
        .x = x, .lines = p->kernel[0] * p->kernel[1], .run = p->kernel[2] * p->c, .step = p->stride[2] * p->c,
        .y_pixel = p->y_ld, .residual_pixel = p->residual_ld,
        .lo = simple && kind == DLC_ACT_RELU ? 0 : simple && kind == DLC_ACT_CLIP ? p->epilogue.a : -__builtin_inff(),
        .hi = simple && kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
    };
    const int step = t.step == 3 ? 1 : t.step == 6 ? 2 : 0;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t part = task % p->row_blocks, slice = task / p->row_blocks, od = slice % p->od;
        const int64_t begin = part * p->oh / p->row_blocks, end = (part + 1) * p->oh / p->row_blocks, lines = lines_of(p, end - begin);
        copy_lines(p, (const float *)call->buffers[DLC_CONV_X] + slice / p->od * p->d * p->h * p->w * p->x_ld, od, begin, end - begin, copy);
        for (int64_t panel = 0; panel < panels.panels; panel++) {
            const int64_t vectors = dlc_panel_vectors(&panels, panel), column = dlc_panel_column(&panels, panel);
            const int64_t pixels = set->pixels[vectors - 1];
            t.columns = dlc_min(vectors * panels.lanes, p->oc - column);
            t.weights = (const float *)call->buffers[DLC_CONV_WEIGHTS] + column * panels.k;
            t.bias = bias ? bias + column : 0;
            for (int64_t oh = begin; oh < end; oh++) {
                for (int64_t i = 0; i < t.lines; i++) {
                    const int64_t line = i / p->kernel[1] * lines + (oh - begin) * p->stride[1] + i % p->kernel[1] * p->dilation[1];
                    x[i] = copy + line * p->padded_w * p->c;
                }
                for (int64_t ow = 0; ow < p->ow; ow += pixels) {
                    const int64_t pixel = (slice * p->oh + oh) * p->ow + ow;
                    const float *r = residual ? residual + pixel * p->residual_ld + column : 0;
                    t.pixels = dlc_min(pixels, p->ow - ow);
                    t.y = (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld + column;
                    t.residual = simple ? r : 0;
                    set->tile[vectors - 1][step](&t);
                    for (int64_t i = 0; i < t.lines; i++) x[i] += pixels * t.step;
                }
                if (simple) continue;
                const int64_t pixel = (slice * p->oh + oh) * p->ow;
                dlc_tiles(p->isa)->epilogue(p->epilogue, p->ow, t.columns, (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld + column, p->y_ld,
                                            residual ? residual + pixel * p->residual_ld + column : 0, p->residual_ld, slope ? slope + column : 0);
            }
        }
    }
}

void dlc_conv_narrow_prepare(dlc_conv *p, dlc_launch *out) {
    // Tiles read windows up to a whole tile's, so the last row of a copy is followed by that many floats.
    const int64_t slack = DLC_TILE_MOST_ROWS * p->stride[2] * p->c;
    p->padded_w = (p->ow - 1) * p->stride[2] + p->kernel[2];
    // Copies of about 64 KB, tasks in even numbers, and no smaller than the overhead of their shared lines allows.
    const int64_t fits = 16 * 1024 / (p->padded_w * p->c * p->kernel[0]), shared = (p->kernel[1] - 1) * p->dilation[1];
    const int64_t rows = dlc_max(1, dlc_max(dlc_ceil_div(shared, p->stride[1]), (fits - shared) / p->stride[1]));
    p->row_blocks = dlc_max(1, p->oh / rows);
    if (p->row_blocks % 2 != 0 && p->oh > 8) p->row_blocks += 1;
    p->tasks = p->n * p->od * p->row_blocks;
    p->table_bytes = dlc_ceil_div(8 * p->kernel[0] * p->kernel[1], 64) * 64;
    const int64_t lines = lines_of(p, dlc_ceil_div(p->oh, p->row_blocks)) * p->kernel[0];
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = 1,
        .scratch_bytes = p->table_bytes + 4 * (lines * p->padded_w * p->c + slack),
    };
}
