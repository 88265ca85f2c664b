/// Winograd convolution: tiles of the input are transformed, multiplied with transformed weights as
/// independent products over the channels, one per point, and transformed back.
///
/// Images of many tiles are cut into blocks, each transformed by the task that multiplies it. Images of
/// few tiles are transformed in phase 0 for all tasks, which then share out the output channels.
#include "winograd.h"
#include <string.h>

enum { MOST_SIDE = 6 };

bool dlc_winograd_supports(const dlc_conv *p, int side) {
    const int64_t stride = dlc_winograd_step(side) / dlc_winograd_outputs(side);
    return p->groups == 1 && p->c > 0 && p->kernel[0] == 1 && p->kernel[1] == 3 && p->kernel[2] == 3 && p->d == p->od &&
           p->stride[0] == 1 && p->stride[1] == stride && p->stride[2] == stride && p->dilation[1] == 1 && p->dilation[2] == 1 &&
           p->pad[0] == 0;
}

/// Tiles a task works on at once: its transformed input and products, so that they stay in L2.
typedef struct {
    int side, tile, points;     ///< per line, outputs of a tile and points; points in all
    int64_t tiles;              ///< in all images
    int64_t step;               ///< floats between the points of the transformed input
    int64_t products_step;
    int64_t width;              ///< output channels of the widest panel
} layout;

static layout layout_of(const dlc_conv *p) {
    const int side = dlc_winograd_side(p->algorithm);
    const dlc_panels panels = dlc_panels_of(dlc_tiles(p->isa), p->c, p->oc);
    layout l = {.side = side, .tile = dlc_winograd_outputs(side), .points = side * side, .tiles = p->n * p->d * p->tiles_h * p->tiles_w};
    l.width = dlc_panel_vectors(&panels, 0) * panels.lanes;
    l.step = dlc_spread((p->shared_input ? l.tiles : p->tile_block) * p->c);
    l.products_step = dlc_spread(p->tile_block * l.width);
    return l;
}

static void transform_input(const dlc_conv *p, const layout *l, const dlc_winograd_set *set, const float *x, const float *zeros,
                            int64_t first, int64_t last, float *out) {
    const int side = l->side, step = dlc_winograd_step(side);
    const float *pixels[MOST_SIDE * MOST_SIDE];
    for (int64_t t = first; t < last; t++, out += p->c) {
        const int64_t column = t % p->tiles_w * step - p->pad[2], line = t / p->tiles_w % p->tiles_h * step - p->pad[1];
        const float *image = x + t / p->tiles_w / p->tiles_h * p->h * p->w * p->x_ld;
        for (int i = 0; i < side; i++)
            for (int j = 0; j < side; j++) {
                const int64_t ih = line + i, iw = column + j;
                const bool inside = (uint64_t)ih < (uint64_t)p->h && (uint64_t)iw < (uint64_t)p->w;
                pixels[i * side + j] = inside ? image + (ih * p->w + iw) * p->x_ld : zeros;
            }
        set->input[side - 4](pixels, p->c, out, l->step, DLC_WINOGRAD_AHEAD * step * p->x_ld);
    }
}

/// What the tasks of a call share.
typedef struct {
    const dlc_conv *p;
    const dlc_call *call;
    const dlc_winograd_set *set;
    layout l;
    dlc_panels panels;
    float *products;
    const float **rows;
} context;

/// Products and outputs of tiles `first ..< last` for one panel of output channels.
static void multiply(const context *x, const float *transformed, int64_t first, int64_t last, int64_t panel) {
    const dlc_conv *p = x->p;
    const layout *l = &x->l;
    const int64_t column = dlc_panel_column(&x->panels, panel), width = dlc_panel_vectors(&x->panels, panel) * x->panels.lanes;
    const int64_t size = dlc_packed_floats(&x->panels), channels = dlc_min(width, p->oc - column);
    const float *weights = x->call->buffers[DLC_CONV_WEIGHTS];
    dlc_block block = {
        .set = dlc_tiles(p->isa), .panels = x->panels, .a = x->rows, .rows = last - first, .taps = 1, .run = p->c,
        .depth_block = p->depth_block, .c_row = width, .alpha = 1,
    };
    block.panels.n = column + width; // products of whole vectors
    for (int i = 0; i < l->points; i++) {
        for (int64_t r = 0; r < block.rows; r++) x->rows[r] = transformed + i * l->step + r * p->c;
        block.b = weights + i * size;
        block.next = i + 1 < l->points ? block.b + size + column * p->c : 0;
        block.c = x->products + i * l->products_step - column;
        dlc_block_run(&block, panel, panel + 1);
    }
    const float *bias = x->call->buffers[DLC_CONV_BIAS], *residual = x->call->buffers[DLC_CONV_RESIDUAL];
    const float *slope = x->call->buffers[DLC_CONV_SLOPE];
    const dlc_activation kind = p->epilogue.activation;
    const bool simple = dlc_epilogue_is_simple(p->epilogue, residual);
    dlc_winograd_output o = {
        .step = l->products_step, .channels = channels, .y_pixel = p->y_ld, .y_line = p->ow * p->y_ld,
        .bias = bias ? bias + column : 0, .residual_pixel = p->residual_ld, .residual_line = p->ow * p->residual_ld,
        .lo = simple && kind == DLC_ACT_RELU ? 0 : simple && kind == DLC_ACT_CLIP ? p->epilogue.a : -__builtin_inff(),
        .hi = simple && kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
    };
    for (int64_t t = first; t < last; t++) {
        const int64_t ow = t % p->tiles_w * l->tile, oh = t / p->tiles_w % p->tiles_h * l->tile;
        const int64_t pixel = (t / p->tiles_w / p->tiles_h * p->oh + oh) * p->ow + ow;
        const float *r = residual ? residual + pixel * p->residual_ld + column : 0;
        o.products = x->products + (t - first) * width;
        o.y = (float *)x->call->buffers[DLC_CONV_Y] + pixel * p->y_ld + column;
        o.columns = dlc_min(l->tile, p->ow - ow);
        o.lines = dlc_min(l->tile, p->oh - oh);
        o.residual = simple ? r : 0;
        x->set->output[l->side - 4](&o);
        for (int64_t i = 0; !simple && i < o.lines; i++)
            block.set->epilogue(p->epilogue, o.columns, channels, o.y + i * o.y_line, p->y_ld, r ? r + i * o.residual_line : 0,
                                p->residual_ld, slope ? slope + column : 0);
    }
}

const dlc_winograd_set *dlc_winograd_set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_winograd_set_avx512;
    case DLC_ISA_AVX2: return &dlc_winograd_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_winograd_set_neon;
#endif
    default: return &dlc_winograd_set_portable;
    }
}

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params;
    const bool shared = p->shared_input;
    context x = {.p = p, .call = call, .set = dlc_winograd_set_of(p->isa), .l = layout_of(p)};
    x.panels = dlc_panels_of(dlc_tiles(p->isa), p->c, p->oc);
    // Scratch: zeros, products, row pointers, and the transformed input unless it is shared.
    float *zeros = call->scratch;
    x.products = zeros + dlc_ceil_div(p->c, 16) * 16;
    x.rows = (const float **)(x.products + x.l.points * x.l.products_step);
    float *own = (float *)(x.rows + dlc_ceil_div(p->tile_block, 8) * 8);
    memset(zeros, 0, (size_t)p->c * sizeof(float));
    const float *input = call->buffers[DLC_CONV_X];
    if (shared && call->phase == 0) {
        const int64_t first = call->begin * x.l.tiles / p->tasks, last = call->end * x.l.tiles / p->tasks;
        transform_input(p, &x.l, x.set, input, zeros, first, last, (float *)call->shared + first * p->c);
        return;
    }
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t part = task / p->panel_groups, group = task % p->panel_groups;
        const int64_t first = part * x.l.tiles / p->row_blocks, last = (part + 1) * x.l.tiles / p->row_blocks;
        if (!shared) transform_input(p, &x.l, x.set, input, zeros, first, last, own);
        const float *transformed = shared ? (const float *)call->shared + first * p->c : own;
        for (int64_t panel = group * x.panels.panels / p->panel_groups; panel < (group + 1) * x.panels.panels / p->panel_groups; panel++)
            multiply(&x, transformed, first, last, panel);
    }
}

void dlc_winograd_prepare(dlc_conv *p, dlc_launch *out) {
    const dlc_panels panels = dlc_panels_of(dlc_tiles(p->isa), p->c, p->oc);
    const int side = dlc_winograd_side(p->algorithm), tile = dlc_winograd_outputs(side);
    const int64_t points = side * side;
    p->tiles_h = dlc_ceil_div(p->oh, tile);
    p->tiles_w = dlc_ceil_div(p->ow, tile);
    const int64_t tiles = p->n * p->d * p->tiles_h * p->tiles_w;
    p->depth_block = 1024;
    // About 1 MB of transformed input and products, in blocks of whole register tiles; or all tiles at once where they
    // are few and the weights, which every block reads, would not stay in L2 between blocks.
    const int64_t fits = 256 * 1024 / (points * (p->c + 64));
    const bool heavy = tiles <= 96 && 4 * points * dlc_packed_floats(&panels) > 4 << 20;
    const int64_t most = heavy ? tiles : dlc_max(24, dlc_min(96, fits)) / 6 * 6;
    p->row_blocks = dlc_ceil_div(tiles, most);
    // Threads take equal numbers of tasks: an odd one would leave one of two threads waiting.
    if (p->row_blocks % 2 != 0 && (p->row_blocks > 1 || panels.panels % 2 != 0) && tiles > 11) p->row_blocks += 1;
    const bool shared = p->row_blocks < 8;
    p->shared_input = shared;
    p->panel_groups = shared ? dlc_min(panels.panels, dlc_ceil_div(16, p->row_blocks)) : 1;
    p->tile_block = dlc_ceil_div(tiles, p->row_blocks);
    p->tasks = p->row_blocks * p->panel_groups;
    const layout l = layout_of(p);
    const int64_t floats = dlc_ceil_div(p->c, 16) * 16 + points * l.products_step + dlc_ceil_div(p->tile_block, 8) * 16;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = shared ? 2 : 1,
        .shared_bytes = shared ? 4 * points * l.step : 0,
        .scratch_bytes = 4 * (floats + (shared ? 0 : points * l.step)),
    };
}
