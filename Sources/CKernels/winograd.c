/// Winograd convolution: tiles of the input are transformed, multiplied with transformed weights as
/// independent products over the channels, one per point, and transformed back.
///
/// Images of many tiles are cut into blocks, each transformed by the task that multiplies it. Images of
/// few tiles are transformed in phase 0 for all tasks, which then share out the output channels.
///
/// Groups are convolutions side by side, of channels that are neighbours: each has tasks of its own.
///
/// A depth of images is left as it is: the products of a plane's tiles sum over the taps along it, each of which reads the
/// transformed tiles of another plane.
#include "winograd.h"
#include <string.h>

enum { MOST_SIDE = 6 };

enum { MOST_PLANES = 32 };

/// Channels of a group: fewer leave a register tile, and the lanes of the transforms, mostly empty.
enum { LEAST_CHANNELS = 16 };

bool dlc_winograd_supports(const dlc_conv *p, int side) {
    const int64_t stride = dlc_winograd_step(side) / dlc_winograd_outputs(side);
    // What is transformed of a few places of an image is counted in 64 bits.
    if ((double)p->d * (double)p->c > 0x1p40) return false;
    const bool wide = p->groups == 1 || (p->c / p->groups >= LEAST_CHANNELS && p->oc / p->groups >= LEAST_CHANNELS);
    return wide && p->c > 0 && p->kernel[1] == 3 && p->kernel[2] == 3 && p->stride[1] == stride && p->stride[2] == stride &&
           p->dilation[1] == 1 && p->dilation[2] == 1;
}

/// Tiles a task works on at once: its transformed input and products, so that they stay in L2. Places are those of tiles in a
/// plane of any image; a block has some of them in a few planes.
typedef struct {
    int side, tile, points;     ///< per line, outputs of a tile and points; points in all
    int64_t taps;               ///< along the depth
    int64_t planes, out_planes; ///< of an image; one where every plane of x is an image by itself
    int64_t plane_blocks;       ///< blocks along an image's planes
    int64_t places;             ///< in all images
    int64_t step;               ///< floats between the points of the transformed input
    int64_t products_step;
    int64_t width;              ///< output channels of the widest panel
} layout;

static dlc_panels panels_of(const dlc_conv *p) { return dlc_panels_of(dlc_tiles(p->isa), p->kernel[0] * p->c, p->oc); }

/// Planes of x that `count` planes of y read at most.
static int64_t planes_read(const dlc_conv *p, int64_t count) {
    return dlc_min(p->d, (count - 1) * p->stride[0] + (p->kernel[0] - 1) * p->dilation[0] + 1);
}

/// But for what `tile_block` and `shared_input` decide.
static layout tiles_of(const dlc_conv *p) {
    const int side = dlc_winograd_side(p->algorithm);
    const bool apart = p->kernel[0] == 1 && p->stride[0] == 1 && p->pad[0] == 0 && p->d == p->od;
    layout l = {.side = side, .tile = dlc_winograd_outputs(side), .points = side * side, .taps = p->kernel[0]};
    l.planes = apart ? 1 : p->d, l.out_planes = apart ? 1 : p->od;
    l.plane_blocks = dlc_ceil_div(l.out_planes, MOST_PLANES);
    l.places = p->n * (apart ? p->d : 1) * p->tiles_h * p->tiles_w;
    return l;
}

static layout layout_of(const dlc_conv *p) {
    layout l = tiles_of(p);
    const dlc_panels panels = panels_of(p);
    const int64_t planes = dlc_ceil_div(l.out_planes, l.plane_blocks);
    l.width = dlc_panel_vectors(&panels, 0) * panels.lanes;
    l.step = dlc_spread((p->shared_input ? l.places * l.planes : p->tile_block / planes * planes_read(p, planes)) * p->c);
    l.products_step = dlc_spread(p->tile_block * l.width);
    return l;
}

/// Some of the tiles of planes of x, or of y: places `first ..< first + count` of planes from `plane` on, plane by plane.
typedef struct { int64_t first, count, plane, planes; } tile_range;

/// Tiles `begin ..< end` of a range.
static void transform_input(const dlc_conv *p, const layout *l, const dlc_winograd_set *set, const float *x, const float *zeros,
                            tile_range range, int64_t begin, int64_t end, float *out) {
    const int side = l->side, step = dlc_winograd_step(side);
    const float *pixels[MOST_SIDE * MOST_SIDE];
    for (int64_t i = begin; i < end; i++, out += p->c) {
        const int64_t t = range.first + i % range.count, plane = range.plane + i / range.count;
        const int64_t column = t % p->tiles_w * step - p->pad[2], line = t / p->tiles_w % p->tiles_h * step - p->pad[1];
        const float *image = x + (t / p->tiles_w / p->tiles_h * l->planes + plane) * p->h * p->w * p->x_ld;
        for (int i = 0; i < side; i++)
            for (int j = 0; j < side; j++) {
                const int64_t ih = line + i, iw = column + j;
                const bool inside = (uint64_t)ih < (uint64_t)p->h && (uint64_t)iw < (uint64_t)p->w;
                pixels[i * side + j] = inside ? image + (ih * p->w + iw) * p->x_ld : zeros;
            }
        set->input[side - 4](pixels, p->c, out, l->step, DLC_WINOGRAD_AHEAD * step * p->x_ld);
    }
}

/// The planes of x that planes of y read.
static tile_range range_read(const dlc_conv *p, tile_range y) {
    const int64_t first = y.plane * p->stride[0] - p->pad[0];
    const int64_t last = first + (y.planes - 1) * p->stride[0] + (p->kernel[0] - 1) * p->dilation[0] + 1;
    const int64_t from = dlc_min(dlc_max(0, first), p->d), to = dlc_max(from, dlc_min(last, p->d));
    return (tile_range){y.first, y.count, from, to - from};
}

/// What a call computes with, group by group.
typedef struct {
    const dlc_conv *p;
    const dlc_call *call;
    const dlc_winograd_set *set;
    layout l;
    dlc_panels panels;
    float *products;
    const float *zeros;
    const float **rows;
} context;

/// The rows of a block's products, tap by tap, for the point whose transformed tiles are those of `x` from `transformed` on.
static void find_rows(const context *x, const float *transformed, tile_range from, tile_range y) {
    const dlc_conv *p = x->p;
    const float **row = x->rows;
    for (int64_t tap = 0; tap < x->l.taps; tap++)
        for (int64_t plane = y.plane; plane < y.plane + y.planes; plane++) {
            const int64_t at = plane * p->stride[0] + tap * p->dilation[0] - p->pad[0];
            const float *tile = at < 0 || at >= x->l.planes ? 0 : transformed + (at - from.plane) * from.count * p->c;
            for (int64_t i = 0; i < y.count; i++) *row++ = tile ? tile + (y.first - from.first + i) * p->c : x->zeros;
        }
}

/// Products and outputs of tiles of y for one panel of output channels, from the transformed ones of x.
static void multiply(const context *x, const float *transformed, tile_range from, tile_range y, int64_t panel) {
    const dlc_conv *p = x->p;
    const layout *l = &x->l;
    const int64_t column = dlc_panel_column(&x->panels, panel), width = dlc_panel_vectors(&x->panels, panel) * x->panels.lanes;
    const int64_t size = dlc_packed_floats(&x->panels), channels = dlc_min(width, p->oc - column);
    const float *weights = x->call->buffers[DLC_CONV_WEIGHTS];
    dlc_block block = {
        .set = dlc_tiles(p->isa), .panels = x->panels, .a = x->rows, .rows = y.count * y.planes, .taps = l->taps, .run = p->c,
        .zeros = l->taps > 1 ? x->zeros : 0, .depth_block = p->depth_block, .c_row = width, .alpha = 1,
    };
    block.panels.n = column + width; // products of whole vectors
    for (int i = 0; i < l->points; i++) {
        find_rows(x, transformed + i * l->step, from, y);
        block.b = weights + i * size;
        block.next = i + 1 < l->points ? block.b + size + column * l->taps * p->c : 0;
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
    for (int64_t row = 0; row < block.rows; row++) {
        const int64_t t = y.first + row % y.count, plane = y.plane + row / y.count;
        const int64_t ow = t % p->tiles_w * l->tile, oh = t / p->tiles_w % p->tiles_h * l->tile;
        const int64_t pixel = ((t / p->tiles_w / p->tiles_h * l->out_planes + plane) * p->oh + oh) * p->ow + ow;
        const float *r = residual ? residual + pixel * p->residual_ld + column : 0;
        o.products = x->products + row * width;
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

/// A group by itself.
static dlc_conv group_of(const dlc_conv *p) {
    dlc_conv group = *p;
    group.c /= p->groups, group.oc /= p->groups, group.tasks /= p->groups, group.groups = 1;
    return group;
}

/// Tasks of one group.
static void run_group(context *x) {
    const dlc_conv *p = x->p;
    const dlc_call *call = x->call;
    const bool shared = p->shared_input;
    // Scratch: zeros, products, row pointers, and the transformed input unless it is shared.
    float *zeros = call->scratch;
    x->products = zeros + dlc_ceil_div(p->c, 16) * 16;
    x->rows = (const float **)(x->products + x->l.points * x->l.products_step);
    float *own = (float *)(x->rows + dlc_ceil_div(p->tile_block * x->l.taps, 8) * 8);
    memset(zeros, 0, (size_t)p->c * sizeof(float));
    x->zeros = zeros;
    const float *input = call->buffers[DLC_CONV_X];
    const tile_range all = {0, x->l.places, 0, x->l.planes};
    if (shared && call->phase == 0) {
        const int64_t tiles = all.count * all.planes, first = call->begin * tiles / p->tasks, last = call->end * tiles / p->tasks;
        transform_input(p, &x->l, x->set, input, zeros, all, first, last, (float *)call->shared + first * p->c);
        return;
    }
    const int64_t place_blocks = p->row_blocks / x->l.plane_blocks, panels = x->panels.panels;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t block = task / p->panel_groups, group = task % p->panel_groups;
        const int64_t part = block / x->l.plane_blocks, depth = block % x->l.plane_blocks;
        tile_range y = {.first = part * x->l.places / place_blocks, .plane = depth * x->l.out_planes / x->l.plane_blocks};
        y.count = (part + 1) * x->l.places / place_blocks - y.first;
        y.planes = (depth + 1) * x->l.out_planes / x->l.plane_blocks - y.plane;
        const tile_range from = shared ? all : range_read(p, y);
        if (!shared) transform_input(p, &x->l, x->set, input, zeros, from, 0, from.count * from.planes, own);
        const float *transformed = shared ? call->shared : own;
        for (int64_t panel = group * panels / p->panel_groups; panel < (group + 1) * panels / p->panel_groups; panel++)
            multiply(x, transformed, from, y, panel);
    }
}

static float *beyond(float *buffer, int64_t floats) { return buffer ? buffer + floats : 0; }

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params, group = group_of(p);
    context x = {.p = &group, .set = dlc_winograd_set_of(p->isa), .l = layout_of(&group), .panels = panels_of(&group)};
    // Floats of a group in each buffer: those of outputs but in x and the weights.
    int64_t steps[] = {group.oc, group.oc, group.oc, group.oc, group.oc, group.oc};
    steps[DLC_CONV_X] = group.c, steps[DLC_CONV_WEIGHTS] = x.l.points * dlc_packed_floats(&x.panels);
    for (int64_t g = call->begin / group.tasks; g * group.tasks < call->end; g++) {
        void *buffers[DLC_CONV_Y + 1];
        for (int i = 0; i <= DLC_CONV_Y; i++) buffers[i] = beyond(call->buffers[i], g * steps[i]);
        dlc_call part = *call;
        part.buffers = buffers, part.shared = beyond(call->shared, g * x.l.points * x.l.step);
        part.begin = dlc_max(0, call->begin - g * group.tasks), part.end = dlc_min(group.tasks, call->end - g * group.tasks);
        x.call = &part;
        run_group(&x);
    }
}

static void prepare_group(dlc_conv *p, dlc_launch *out) {
    const dlc_panels panels = panels_of(p);
    const int tile = dlc_winograd_outputs(dlc_winograd_side(p->algorithm));
    p->tiles_h = dlc_ceil_div(p->oh, tile);
    p->tiles_w = dlc_ceil_div(p->ow, tile);
    layout l = tiles_of(p);
    // Blocks of places have all planes of a block of those.
    const int64_t planes = dlc_ceil_div(l.out_planes, l.plane_blocks), tiles = l.places * planes;
    p->depth_block = 1024;
    // About 1 MB of transformed input and products, in blocks of whole register tiles; or all tiles at once where they
    // are few and the weights, which every block reads, would not stay in L2 between blocks.
    const int64_t fits = 256 * 1024 / (l.points * (p->c * planes_read(p, planes) / planes + 64));
    const bool heavy = tiles <= 96 && 4 * l.points * dlc_packed_floats(&panels) > 4 << 20;
    const int64_t most = heavy ? tiles : dlc_max(24, dlc_min(96, fits)) / 6 * 6;
    int64_t place_blocks = dlc_min(l.places, dlc_ceil_div(tiles, most));
    // Threads take equal numbers of tasks: an odd one would leave one of two threads waiting.
    const int64_t blocks = place_blocks * l.plane_blocks;
    if (blocks % 2 != 0 && (blocks > 1 || panels.panels % 2 != 0) && tiles > 11 && place_blocks < l.places) place_blocks += 1;
    p->row_blocks = place_blocks * l.plane_blocks;
    const bool shared = p->row_blocks < 8;
    p->shared_input = shared;
    p->panel_groups = shared ? dlc_min(panels.panels, dlc_ceil_div(16, p->row_blocks)) : 1;
    p->tile_block = dlc_ceil_div(l.places, place_blocks) * planes;
    p->tasks = p->row_blocks * p->panel_groups;
    l = layout_of(p);
    const int64_t floats = dlc_ceil_div(p->c, 16) * 16 + l.points * l.products_step + dlc_ceil_div(p->tile_block * l.taps, 8) * 16;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = shared ? 2 : 1,
        .shared_bytes = shared ? 4 * l.points * l.step : 0,
        .scratch_bytes = 4 * (floats + (shared ? 0 : l.points * l.step)),
    };
}

void dlc_winograd_prepare(dlc_conv *p, dlc_launch *out) {
    const int64_t c = p->c, oc = p->oc, groups = p->groups;
    *p = group_of(p);
    prepare_group(p, out);
    p->c = c, p->oc = oc, p->groups = groups, p->tasks *= groups;
    out->tasks = p->tasks, out->shared_bytes *= groups;
}
