/// Convolution as an implicit product (Dukhan, arXiv:1907.02129): the sum runs over taps and channels,
/// and a table of pointers says for each tap and output pixel where its channels lie; taps outside of
/// the image point at zeros. Where many are, as with large dilations and in shallow volumes, tiles leave out the taps that
/// lie there for all of their pixels.
///
/// Over pairs of bfloat16 (DLC_CONV_PAIRS, DLC_CONV_SPLIT), phase 0 makes them of the whole input, each group's channels a run.
///
/// Convolutions with few channels have tiles of their own (conv_narrow.c) over the same packed weights.
#include "conv.h"
#include <string.h>

/// A group's channels, as floats or pairs, and its outputs.
typedef struct { const dlc_tile_set *set; dlc_panels panels; dlc_pair_run pairs; int64_t c, oc; } group_shape;

static bool is_paired(const dlc_conv *p) { return dlc_conv_parts(p->algorithm) > 0; }

static group_shape group_of(dlc_isa isa, const dlc_conv *p) {
    const int64_t c = p->c / p->groups;
    group_shape s = {.set = is_paired(p) ? dlc_part_tiles(isa, dlc_conv_parts(p->algorithm)) : dlc_tiles(isa), .pairs = dlc_pair_run_of(dlc_conv_parts(p->algorithm), c), .oc = p->oc / p->groups};
    s.c = is_paired(p) ? dlc_pair_floats(s.pairs) : c;
    s.panels = dlc_panels_of(s.set, dlc_conv_taps(p) * s.c, s.oc);
    return s;
}

/// Pixels of the input, and floats from one to the next where they are pairs.
static int64_t input_pixels(const dlc_conv *p) { return p->n * p->d * p->h * p->w; }
static int64_t paired_pixel(const dlc_conv *p, group_shape s) {
    // Off distances at which pixels share lines of the cache.
    const int64_t pixel = p->groups * s.c;
    return pixel % 128 == 0 ? pixel + 16 : pixel;
}

/// What stands for pixels outside of the image, as they are or as pairs.
static int64_t zero_floats(const dlc_conv *p) { return dlc_ceil_div(dlc_max(p->run, p->c / p->groups), 16) * 16; }

/// Phase 0 of pairs.
static void pair_input(const dlc_conv *p, group_shape s, const dlc_call *call) {
    const int64_t step = paired_pixel(p, s), c = p->c / p->groups;
    const int64_t first = call->begin * input_pixels(p) / p->tasks, last = call->end * input_pixels(p) / p->tasks;
    const float *x = (const float *)call->buffers[DLC_CONV_X] + first * p->x_ld;
    float *out = (float *)call->shared + first * step;
    for (int64_t g = 0; g < p->groups; g++) s.set->paired(s.pairs, last - first, c, x + g * c, p->x_ld, out + g * s.c, step);
}

/// Fills the table for output pixels `first ..< first + rows`, channels from `x` on, of pixels `x_ld` apart.
static void fill_table(const dlc_conv *p, const float *x, int64_t x_ld, const float *zeros, int64_t first, int64_t rows, const float **table) {
    int64_t ow = first % p->ow, oh = first / p->ow % p->oh, od = first / p->ow / p->oh % p->od, n = first / p->ow / p->oh / p->od;
    for (int64_t r = 0; r < rows; r++) {
        const float **slot = table + r;
        const int64_t iw0 = ow * p->stride[2] - p->pad[2];
        for (int64_t kd = 0; kd < p->kernel[0]; kd++) {
            const int64_t id = od * p->stride[0] - p->pad[0] + kd * p->dilation[0];
            for (int64_t kh = 0; kh < p->kernel[1]; kh++) {
                const int64_t ih = oh * p->stride[1] - p->pad[1] + kh * p->dilation[1];
                const bool inside = (uint64_t)id < (uint64_t)p->d && (uint64_t)ih < (uint64_t)p->h;
                const float *line = inside ? x + ((n * p->d + id) * p->h + ih) * p->w * x_ld : zeros;
                int64_t iw = iw0;
                for (int64_t i = 0; i < p->kernel[2]; i++, iw += p->dilation[2], slot += rows)
                    *slot = inside && (uint64_t)iw < (uint64_t)p->w ? line + iw * x_ld : zeros;
            }
        }
        if (++ow == p->ow) {
            ow = 0;
            if (++oh == p->oh) {
                oh = 0;
                if (++od == p->od) od = 0, n++;
            }
        }
    }
}

/// Of the taps and outputs along an axis, the part that meets data, where `tile` neighbours must all miss it to be left out.
static double share_of(const dlc_conv *p, int axis, int64_t tile) {
    const int64_t out = axis == 0 ? p->od : axis == 1 ? p->oh : p->ow, in = axis == 0 ? p->d : axis == 1 ? p->h : p->w;
    double dead = 0;
    for (int64_t k = 0; k < p->kernel[axis]; k++) {
        const int64_t shift = p->pad[axis] - k * p->dilation[axis], stride = p->stride[axis];
        // Outputs before `first` read in front of the data, those from `end` on behind it.
        const int64_t first = shift <= 0 ? 0 : dlc_min(out, dlc_ceil_div(shift, stride));
        const int64_t end = in + shift <= 0 ? 0 : dlc_min(out, dlc_ceil_div(in + shift, stride));
        dead += end <= first ? (double)out : (double)(dlc_max(0, first - tile + 1) + dlc_max(0, out - end - tile + 1));
    }
    return 1 - dead / ((double)p->kernel[axis] * (double)out);
}

double dlc_conv_igemm_share(const dlc_conv *p) {
    if (p->c / p->groups < 16 || dlc_conv_taps(p) > 64 || dlc_conv_pixels(p) == 0) return 1;
    const double share = share_of(p, 0, 1) * share_of(p, 1, 1) * share_of(p, 2, 6);
    return share < 0.9 ? share : 1;
}

/// Whether a task brings its rows into memory of its own: pixels of one tap, which become pairs there, or for AMX, whose rows lie at one
/// distance, those of all taps.
static bool has_own_rows(const dlc_conv *p, group_shape s) {
    return is_paired(p) && (!p->shared_input || (p->taps > 1 && !p->skips && dlc_is_by_amx(s.set)));
}
static int64_t own_row(const dlc_conv *p) { return dlc_ceil_div(p->taps * p->run, 16) * 16 + 16; }

/// Fills them from the table, which holds their own addresses afterwards.
static void fill_rows(const dlc_conv *p, group_shape s, int64_t rows, const float **table, float *out) {
    for (int64_t r = 0; r < rows; r++, out += own_row(p)) {
        if (p->shared_input)
            for (int64_t tap = 0; tap < p->taps; tap++) memcpy(out + tap * p->run, table[tap * rows + r], (size_t)p->run * sizeof(float));
        else s.set->paired(s.pairs, 1, p->c / p->groups, table[r], 0, out, 0);
        table[r] = out;
    }
}

static dlc_cut cut_of(const dlc_conv *p) {
    return (dlc_cut){
        .row_blocks = p->row_blocks, .panel_groups = p->panel_groups, .merged_parts = p->merged_parts,
        .panels_outermost = p->panels_outermost,
    };
}

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params;
    const group_shape s = group_of(p->isa, p);
    if (p->shared_input && call->phase == 0) return pair_input(p, s, call);
    const int64_t x_ld = p->shared_input ? paired_pixel(p, s) : p->x_ld;
    float *zeros = (float *)((char *)call->scratch + p->table_bytes);
    memset(zeros, 0, (size_t)dlc_max(p->run, p->c / p->groups) * sizeof(float));
    const float **table = call->scratch;
    const float *x = p->shared_input ? call->shared : call->buffers[DLC_CONV_X];
    const float *weights = call->buffers[DLC_CONV_WEIGHTS], *bias = call->buffers[DLC_CONV_BIAS];
    const float *residual = call->buffers[DLC_CONV_RESIDUAL], *slope = call->buffers[DLC_CONV_SLOPE];
    dlc_block block = {
        .set = s.set, .panels = s.panels, .a = table, .taps = p->taps, .run = p->run, .pairs = s.pairs,
        .zeros = p->skips ? zeros : 0, .depth_block = p->depth_block, .c_row = p->y_ld, .alpha = 1, .epilogue = p->epilogue, .residual_row = p->residual_ld,
    };
    float *own = zeros + zero_floats(p);
    if (has_own_rows(p, s)) block.taps = 1, block.run = p->taps * p->run, block.pairs.units *= p->taps;
    const int64_t pixels = dlc_conv_pixels(p), unit = dlc_row_unit(s.set);
    const dlc_cut cut = cut_of(p);
    int64_t table_group = -1, table_first = -1, table_rows = -1;
    for (int64_t task = call->begin, count; task < call->end; task += count) {
        const dlc_stretch stretch = dlc_stretch_at(cut, p->groups, task, call->end);
        const int64_t g = cut.panels_outermost ? task / (p->row_blocks * p->panel_groups) : task / p->panel_groups % p->groups;
        count = stretch.parts * stretch.groups;
        const int64_t first = dlc_first_row(pixels, unit, stretch.part, p->row_blocks);
        block.rows = dlc_first_row(pixels, unit, stretch.part + stretch.parts, p->row_blocks) - first;
        if (g != table_group || first != table_first || block.rows != table_rows) {
            fill_table(p, x + g * (p->shared_input ? s.c : p->c / p->groups), x_ld, zeros, first, block.rows, table);
            if (has_own_rows(p, s)) fill_rows(p, s, block.rows, table, own);
            table_group = g, table_first = first, table_rows = block.rows;
        }
        block.b = weights + g * dlc_packed_floats(&s.panels);
        block.c = (float *)call->buffers[DLC_CONV_Y] + first * p->y_ld + g * s.oc;
        block.bias = bias ? bias + g * s.oc : 0;
        block.slope = slope ? slope + g * s.oc : 0;
        block.residual = residual ? residual + first * p->residual_ld + g * s.oc : 0;
        const int64_t last_group = stretch.group + stretch.groups;
        dlc_block_run(&block, stretch.group * s.panels.panels / p->panel_groups, last_group * s.panels.panels / p->panel_groups);
    }
}

void dlc_conv_igemm_prepare(dlc_conv *p, dlc_launch *out) {
    if (!is_paired(p) && dlc_conv_narrow_supports(p)) {
        dlc_conv_narrow_prepare(p, out);
        return;
    }
    const group_shape s = group_of(p->isa, p);
    const int64_t pixels = dlc_conv_pixels(p), depth = dlc_conv_taps(p) * s.c;
    p->taps = dlc_conv_taps(p);
    p->run = s.c;
    p->depth_block = 1024;
    p->skips = dlc_conv_igemm_share(p) < 1;
    // Tables stay in L1.
    const int64_t most = dlc_max(48, dlc_min(dlc_most_rows(s.set, depth, p->depth_block), 2048 / dlc_max(1, p->taps)));
    dlc_cut cut = dlc_split(s.set, p->groups, pixels, s.oc, depth, most);
    // As products do: rather blocks of pixels, each in one task, where the weights stay in the second cache.
    if (is_paired(p) && p->taps == 1 && depth * s.oc <= 128 * 1024) cut = dlc_cut_into_rows(cut, pixels, 64);
    // Taps that no pixel of a tile has are left out, so blocks of those stay the same for every number of threads.
    if (p->skips || is_paired(p)) cut.merged_parts = 1;
    p->row_blocks = cut.row_blocks, p->panel_groups = cut.panel_groups, p->merged_parts = cut.merged_parts;
    p->panels_outermost = cut.panels_outermost;
    p->row_block = dlc_min(pixels, cut.merged_parts * dlc_rows_of_block(pixels, dlc_row_unit(s.set), cut.row_blocks));
    // Pixels that one tap and few tasks read become pairs in those.
    p->shared_input = is_paired(p) && (p->taps > 1 || p->panel_groups > 1);
    p->tasks = p->groups * p->row_blocks * p->panel_groups;
    p->table_bytes = dlc_ceil_div(8 * p->taps * p->row_block, 64) * 64;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = p->shared_input ? 2 : 1,
        .shared_bytes = p->shared_input ? 4 * input_pixels(p) * paired_pixel(p, s) : 0,
        .scratch_bytes = p->table_bytes + 4 * zero_floats(p) + (has_own_rows(p, s) ? 4 * p->row_block * own_row(p) : 0),
    };
}
