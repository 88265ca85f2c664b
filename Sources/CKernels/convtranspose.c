/// Transposed convolution without scattering: outputs o with the same (o + pad) mod stride on every axis
/// use the same taps, so that each such class is an implicit product of its own (Shi et al.,
/// arXiv:1609.07009). Weights are packed class by class.
#include "convtranspose.h"
#include <string.h>

static int64_t extent_out(const dlc_conv_transpose *p, int axis) { return axis == 0 ? p->od : axis == 1 ? p->oh : p->ow; }

dlc_axis_taps dlc_axis_taps_of(int64_t kernel, int64_t stride, int64_t dilation, int64_t residue) {
    dlc_axis_taps t = {0};
    for (int64_t k = 0; k < kernel; k++) {
        const int64_t own = k * dilation % stride;
        t.before += own < residue;
        if (own != residue) continue;
        if (t.count == 0) t.first = k;
        else if (t.count == 1) t.step = k - t.first;
        t.count++;
    }
    return t;
}

dlc_transposed_class dlc_transposed_class_of(const dlc_conv_transpose *p, int axis, int64_t residue) {
    const int64_t stride = p->stride[axis], extent = extent_out(p, axis);
    dlc_transposed_class c = {
        .first = ((residue - p->pad[axis]) % stride + stride) % stride,
        .taps = dlc_axis_taps_of(p->kernel[axis], stride, p->dilation[axis], residue),
    };
    c.count = c.first < extent ? (extent - 1 - c.first) / stride + 1 : 0;
    return c;
}

/// The pixel along an axis that output `out` reads for tap `tap` of its class: the division is exact within one.
static int64_t pixel_of(const dlc_conv_transpose *p, const dlc_transposed_class a[3], int axis, int64_t out, int64_t tap) {
    return (out + p->pad[axis] - (a[axis].taps.first + tap * a[axis].taps.step) * p->dilation[axis]) / p->stride[axis];
}

int64_t dlc_transposed_taps(const dlc_conv_transpose *p, const dlc_transposed_class a[3], const float *x, int64_t od, int64_t oh, int64_t at,
                            const float **pixels, int64_t *places, int64_t *count) {
    int64_t end = a[2].count;
    *count = 0;
    for (int64_t d = 0; d < a[0].taps.count; d++)
        for (int64_t h = 0; h < a[1].taps.count; h++)
            for (int64_t w = 0; w < a[2].taps.count; w++) {
                const int64_t id = pixel_of(p, a, 0, od, d), ih = pixel_of(p, a, 1, oh, h), iw = pixel_of(p, a, 2, a[2].first, w);
                if ((uint64_t)id >= (uint64_t)p->d || (uint64_t)ih >= (uint64_t)p->h) continue;
                // Outputs -iw ..< w - iw have this tap.
                if (at < -iw) end = dlc_min(end, -iw);
                else if (at < p->w - iw) {
                    end = dlc_min(end, p->w - iw);
                    pixels[*count] = x + ((id * p->h + ih) * p->w + iw + at) * p->x_ld;
                    const int64_t kd = a[0].taps.first + d * a[0].taps.step, kh = a[1].taps.first + h * a[1].taps.step;
                    places[*count] = (kd * p->kernel[1] + kh) * p->kernel[2] + a[2].taps.first + w * a[2].taps.step;
                    *count += 1;
                }
            }
    return end;
}

static dlc_panels panels_of(dlc_isa isa, const dlc_conv_transpose *p, int64_t taps) {
    return dlc_panels_of(dlc_tiles(isa), taps * (p->c / p->groups), p->oc / p->groups);
}

int64_t dlc_conv_transpose_packed_bytes(dlc_isa isa, const dlc_conv_transpose *p) {
    if (p->type == DLC_F64) return 8 * p->c * (p->oc / p->groups) * p->kernel[0] * p->kernel[1] * p->kernel[2];
    const dlc_pack pack = dlc_conv_transpose_packing(p);
    return dlc_pack_bytes(isa, &pack);
}

dlc_pack dlc_conv_transpose_packing(const dlc_conv_transpose *p) {
    const int64_t taps = p->kernel[0] * p->kernel[1] * p->kernel[2], inputs = p->c / p->groups, outputs = p->oc / p->groups;
    return (dlc_pack){
        .form = p->depthwise ? DLC_PACK_CHANNELS : p->narrow ? DLC_PACK_TURNED : DLC_PACK_PHASES, .groups = p->groups, .outputs = outputs, .inputs = inputs,
        .kernel = {p->kernel[0], p->kernel[1], p->kernel[2]}, .stride = {p->stride[0], p->stride[1], p->stride[2]},
        .dilation = {p->dilation[0], p->dilation[1], p->dilation[2]}, .group_step = inputs * outputs * taps, .output_step = taps,
        .input_step = outputs * taps, .tap_step = 1,
    };
}

/// A piece of a line of a class: its image, its place, its first output of the class and how many there are, and the first one's pixel.
typedef struct { int64_t n, od, oh, from, count, pixel; } class_piece;

static class_piece piece_of(const dlc_conv_transpose *p, const dlc_transposed_class a[3], int64_t index) {
    const int64_t line = index / p->pieces, piece = index % p->pieces;
    class_piece l = {.n = line / a[1].count / a[0].count, .od = a[0].first + line / a[1].count % a[0].count * p->stride[0],
                     .oh = a[1].first + line % a[1].count * p->stride[1], .from = piece * a[2].count / p->pieces};
    l.count = (piece + 1) * a[2].count / p->pieces - l.from;
    l.pixel = ((l.n * p->od + l.od) * p->oh + l.oh) * p->ow + a[2].first + l.from * p->stride[2];
    return l;
}

/// Pointers [taps][count] for the outputs of one piece; those of a tap begin `step` after those of the one before.
static void fill_table(const dlc_conv_transpose *p, const dlc_transposed_class a[3], const class_piece *l, const float *image,
                       const float *zeros, const float **table, int64_t step) {
    for (int64_t d = 0; d < a[0].taps.count; d++)
        for (int64_t h = 0; h < a[1].taps.count; h++)
            for (int64_t w = 0; w < a[2].taps.count; w++, table += step) {
                const int64_t id = pixel_of(p, a, 0, l->od, d), ih = pixel_of(p, a, 1, l->oh, h);
                const int64_t iw = pixel_of(p, a, 2, a[2].first, w) + l->from;
                const bool inside = (uint64_t)id < (uint64_t)p->d && (uint64_t)ih < (uint64_t)p->h;
                for (int64_t r = 0; r < l->count; r++)
                    table[r] = inside && (uint64_t)(iw + r) < (uint64_t)p->w ? image + ((id * p->h + ih) * p->w + iw + r) * p->x_ld : zeros;
            }
}

/// Rows that a panel of weights meets at once: the most of several lines, those from which one is enough, and the most of a piece of one.
enum { MERGED_ROWS = 96, ENOUGH_ROWS = 24, PIECE_ROWS = 256 };

/// Lines of one class that are multiplied together, since one has so few pixels that tiles would wait for weights. Their
/// results lie apart, so they are computed side by side first; which a residual does not.
static int64_t merged_lines(int64_t pixels, int64_t lines, bool residual) {
    if (residual || lines == 0 || pixels == 0 || pixels >= ENOUGH_ROWS) return 1;
    return dlc_ceil_div(lines, dlc_ceil_div(lines, MERGED_ROWS / pixels));
}

/// Columns `column ..< column + columns` of computed lines, to where they belong.
static void spread_lines(const dlc_conv_transpose *p, const dlc_transposed_class a[3], int64_t first, int64_t lines, const float *from, int64_t row,
                         int64_t column, int64_t columns, float *y) {
    for (int64_t i = 0; i < lines; i++) {
        float *to = y + piece_of(p, a, first + i).pixel * p->y_ld + column;
        for (int64_t r = 0; r < a[2].count; r++)
            memcpy(to + r * p->stride[2] * p->y_ld, from + (i * a[2].count + r) * row + column, (size_t)columns * sizeof(float));
    }
}

/// A block of pieces of one class: panels outermost, so that each is read once for all of them.
static void run_class(const dlc_conv_transpose *p, const dlc_call *call, const dlc_transposed_class a[3], int64_t g, const float *weights,
                      int64_t first_piece, int64_t last_piece, int64_t panel_group) {
    const int64_t c = p->c / p->groups, oc = p->oc / p->groups, taps = a[0].taps.count * a[1].taps.count * a[2].taps.count;
    float *zeros = call->scratch, *merged = zeros + dlc_ceil_div(c, 16) * 16;
    const float **table = (const float **)(merged + dlc_ceil_div(p->merged_floats, 16) * 16);
    const float *bias = call->buffers[DLC_CONV_BIAS], *slope = call->buffers[DLC_CONV_SLOPE], *residual = call->buffers[DLC_CONV_RESIDUAL];
    float *y = (float *)call->buffers[DLC_CONV_Y] + g * oc;
    dlc_block block = {
        .set = dlc_tiles(p->isa), .panels = panels_of(p->isa, p, taps), .taps = taps, .run = c,
        .depth_block = 1024, .b = weights, .alpha = 1, .epilogue = p->epilogue,
        .bias = bias ? bias + g * oc : 0, .slope = slope ? slope + g * oc : 0, .residual_row = p->residual_ld * p->stride[2],
    };
    const int64_t at_once = merged_lines(a[2].count, last_piece - first_piece, residual || p->merged_floats == 0);
    const int64_t first_panel = panel_group * block.panels.panels / p->panel_groups;
    const int64_t last_panel = (panel_group + 1) * block.panels.panels / p->panel_groups;
    for (int64_t panel = first_panel; panel < last_panel; panel++) {
        const float **pointers = table;
        for (int64_t index = first_piece; index < last_piece; index += at_once, pointers += taps * block.rows) {
            const int64_t lines = dlc_min(at_once, last_piece - index);
            const class_piece first = piece_of(p, a, index);
            block.rows = lines * first.count;
            block.a = pointers;
            for (int64_t i = 0; panel == first_panel && i < lines; i++) {
                const class_piece l = piece_of(p, a, index + i);
                const float *image = (const float *)call->buffers[DLC_CONV_X] + l.n * p->d * p->h * p->w * p->x_ld + g * c;
                fill_table(p, a, &l, image, zeros, pointers + i * l.count, block.rows);
            }
            block.c = at_once > 1 ? merged : y + first.pixel * p->y_ld;
            block.c_row = at_once > 1 ? oc : p->y_ld * p->stride[2];
            block.residual = residual ? residual + first.pixel * p->residual_ld + g * oc : 0;
            dlc_block_run(&block, panel, panel + 1);
            if (at_once == 1) continue;
            const int64_t column = dlc_panel_column(&block.panels, panel), end = dlc_min(oc, column + dlc_panel_vectors(&block.panels, panel) * block.panels.lanes);
            spread_lines(p, a, index, lines, merged, oc, column, end - column, y);
        }
    }
}

/// Where the packed weights of a group's class begin.
static const float *class_weights(const dlc_conv_transpose *p, const float *weights, const dlc_transposed_class a[3], int64_t g) {
    const dlc_axis_taps classes[3] = {a[0].taps, a[1].taps, a[2].taps};
    const int64_t taps = g * p->kernel[0] * p->kernel[1] * p->kernel[2] + dlc_taps_before(p->kernel, classes);
    const dlc_panels panels = panels_of(p->isa, p, 1);
    return weights + taps * dlc_packed_floats(&panels);
}

/// The last digit of a number whose last digit counts to `base`, which is cut off.
static int64_t next_digit(int64_t *number, int64_t base) {
    const int64_t digit = *number % base;
    *number /= base;
    return digit;
}

static void run(const dlc_call *call) {
    const dlc_conv_transpose *p = call->params;
    memset(call->scratch, 0, (size_t)(p->c / p->groups) * sizeof(float));
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t rest = task;
        const int64_t group = next_digit(&rest, p->panel_groups);
        // Classes whose pixels alternate in a line follow one another, while it is near.
        const int64_t rw = next_digit(&rest, p->stride[2]), part = next_digit(&rest, p->line_blocks);
        const int64_t rh = next_digit(&rest, p->stride[1]), rd = next_digit(&rest, p->stride[0]), g = rest;
        const dlc_transposed_class a[3] = {
            dlc_transposed_class_of(p, 0, rd), dlc_transposed_class_of(p, 1, rh), dlc_transposed_class_of(p, 2, rw),
        };
        const int64_t pieces = p->n * a[0].count * a[1].count * p->pieces;
        run_class(p, call, a, g, class_weights(p, call->buffers[DLC_CONV_WEIGHTS], a, g), part * pieces / p->line_blocks,
                  (part + 1) * pieces / p->line_blocks, group);
    }
}

static bool is_valid(const dlc_conv_transpose *p) {
    const int64_t most = (int64_t)1 << 31;
    const int64_t extents[] = {p->n, p->d, p->h, p->w, p->od, p->oh, p->ow, p->c, p->oc};
    for (int i = 0; i < 9; i++)
        if (extents[i] < 0 || extents[i] > most) return false;
    for (int i = 0; i < 3; i++)
        if (p->kernel[i] < 1 || p->kernel[i] > 4096 || p->stride[i] < 1 || p->stride[i] > 4096 || p->dilation[i] < 1 ||
            p->dilation[i] > most || p->pad[i] < -most || p->pad[i] > most) return false;
    if (p->groups < 1 || p->c % p->groups != 0 || p->oc % p->groups != 0) return false;
    if (p->depthwise && (p->narrow || p->groups != p->c || p->groups != p->oc)) return false;
    if (p->narrow && (p->type != DLC_F32 || !dlc_conv_transpose_is_narrow(p->isa, p->groups, p->c, p->oc))) return false;
    if (p->x_ld < p->c || p->x_ld > most || p->y_ld < p->oc || p->y_ld > most || p->residual_ld < 0 || p->residual_ld > most) return false;
    const double limit = 0x1p46, taps = (double)p->kernel[0] * (double)p->kernel[1] * (double)p->kernel[2];
    return (double)p->n * (double)p->d * (double)p->h * (double)p->w * (double)p->x_ld < limit &&
           (double)p->n * (double)p->od * (double)p->oh * (double)p->ow * (double)(p->y_ld > p->residual_ld ? p->y_ld : p->residual_ld) < limit &&
           taps < 0x1p20 && taps * (double)p->c * (double)p->oc < limit && p->stride[0] * p->stride[1] * p->stride[2] <= 1 << 16;
}

bool dlc_conv_transpose_prepare(dlc_isa isa, dlc_conv_transpose *p, dlc_launch *out) {
    p->isa = isa;
    if (!is_valid(p) || (p->type != DLC_F32 && p->type != DLC_F64)) return false;
    const int64_t pixels = p->n * p->od * p->oh * p->ow;
    if (p->type == DLC_F64 || pixels == 0 || p->oc == 0) {
        dlc_conv_transpose_direct_prepare(p, out);
        return true;
    }
    if (p->depthwise) {
        dlc_conv_transpose_depthwise_prepare(p, out);
        return true;
    }
    if (p->narrow) {
        dlc_conv_transpose_narrow_prepare(p, out);
        return true;
    }
    p->most_taps = 1;
    for (int i = 0; i < 3; i++) {
        int64_t most = 0;
        for (int64_t r = 0; r < p->stride[i]; r++) most = dlc_max(most, dlc_transposed_class_of(p, i, r).taps.count);
        p->most_taps *= most;
    }
    const int64_t classes = p->stride[0] * p->stride[1] * p->stride[2];
    const int64_t line = dlc_ceil_div(p->ow, p->stride[2]);
    const int64_t lines = p->n * dlc_ceil_div(p->od, p->stride[0]) * dlc_ceil_div(p->oh, p->stride[1]); // of a class, at most
    const int64_t oc = p->oc / p->groups, depth = p->most_taps * (p->c / p->groups);
    const dlc_cut cut = dlc_split(dlc_tiles(isa), p->groups * classes, lines * line, oc, depth, PIECE_ROWS);
    p->panel_groups = cut.panel_groups;
    p->pieces = dlc_ceil_div(line, PIECE_ROWS);
    p->line_blocks = dlc_max(1, dlc_min(cut.row_blocks, lines * p->pieces));
    p->most_pixels = dlc_ceil_div(lines * p->pieces, p->line_blocks) * dlc_ceil_div(line, p->pieces);
    p->tasks = p->groups * classes * p->line_blocks * p->panel_groups;
    p->merged_floats = line < ENOUGH_ROWS && lines > 1 ? MERGED_ROWS * oc : 0;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = 1,
        .scratch_bytes = 4 * (dlc_ceil_div(p->c / p->groups, 16) + dlc_ceil_div(p->merged_floats, 16)) * 16 + 8 * p->most_taps * p->most_pixels,
    };
    return true;
}
