/// Convolutions with one channel a group, or few: how channels and rows are shared out. A channel multiplier repeats the
/// input's channels first.
#include "depthwise.h"
#include <string.h>

bool dlc_depthwise_supports(dlc_isa isa, const dlc_conv *p) {
    if (p->c <= 0 || p->oc <= 0 || dlc_conv_taps(p) > 4096) return false;
    // One channel for all outputs is a product, not a multiplier.
    if (p->groups == p->c) return p->c > 1 || p->oc == 1;
    const int64_t inputs = p->c / p->groups;
    return p->groups > 1 && p->c == p->oc && inputs <= dlc_lanes(isa) && inputs <= 1 << DLC_DEPTHWISE_GROUPS && (inputs & (inputs - 1)) == 0;
}

bool dlc_depthwise_is_unrolled(const dlc_conv *p) {
    const bool square = p->kernel[0] == 1 && p->kernel[1] == p->kernel[2], single = p->groups == p->c;
    const bool plain = p->dilation[1] == 1 && p->dilation[2] == 1;
    return square && (p->kernel[1] == 3 || (single && (p->kernel[1] == 5 || p->kernel[1] == 7))) &&
           p->stride[1] <= 2 && p->stride[2] <= 2 && (plain || (p->stride[2] == 1 && p->dilation[1] <= 1024));
}

/// What more bytes than these are read and written of may lie in memory: where many share the last cache, a core has no more of it.
enum { CACHED_BYTES = 6 << 20 };

/// The first cache has one set for bytes that lie a multiple of this apart, with room for eight lines or a few more.
enum { SET_APART = 4096 };

/// Whether the pixels of a tile's window push each other out of the first cache, as those of 1,024 channels do.
static bool copies_window(const dlc_conv *p) {
    const int64_t ld = p->oc != p->c ? p->oc : p->x_ld;
    return dlc_depthwise_is_unrolled(p) && p->dilation[1] == 1 && ld * 4 % SET_APART == 0;
}

/// Bytes of a task's window, or 0.
static int64_t window_bytes(const dlc_conv *p) {
    return copies_window(p) ? 4 * p->kernel[1] * dlc_depthwise_columns(p) * dlc_ceil_div(p->run, 16) * 16 : 0;
}

/// Phase 0 with a channel multiplier: every channel repeated.
static void repeat_channels(const dlc_conv *p, const dlc_call *call) {
    const int64_t pixels = p->n * p->d * p->h * p->w, times = p->oc / p->c;
    for (int64_t i = call->begin * pixels / p->tasks; i < call->end * pixels / p->tasks; i++) {
        const float *x = (const float *)call->buffers[DLC_CONV_X] + i * p->x_ld;
        float *out = (float *)call->shared + i * p->oc;
        for (int64_t c = 0; c < p->c; c++)
            for (int64_t j = 0; j < times; j++) *out++ = x[c];
    }
}

/// Where input channel `channel` of slice [image, output plane] begins, and whether its plane is inside for tap `kd`.
static const float *plane_at(const dlc_conv *p, const float *x, int64_t ld, int64_t slice, int64_t kd) {
    const int64_t id = slice % p->od * p->stride[0] - p->pad[0] + kd * p->dilation[0];
    return (uint64_t)id < (uint64_t)p->d ? x + (slice / p->od * p->d + id) * p->h * p->w * ld : 0;
}

/// Output rows `begin ..< end` of any kernel, pixel by pixel.
static void run_any(const dlc_depthwise_rows *rows, const float *x, int64_t slice, int64_t begin, int64_t end) {
    const dlc_conv *p = rows->conv;
    float *zeros = rows->scratch;
    const float **pointers = (const float **)(zeros + dlc_ceil_div(rows->channels, 16) * 16);
    memset(zeros, 0, (size_t)rows->channels * sizeof(float));
    for (int64_t oh = begin; oh < end; oh++)
        for (int64_t ow = 0; ow < p->ow; ow++) {
            int64_t tap = 0;
            for (int64_t kd = 0; kd < p->kernel[0]; kd++) {
                const float *plane = plane_at(p, x, rows->line_ld, slice, kd);
                for (int64_t kh = 0; kh < p->kernel[1]; kh++)
                    for (int64_t kw = 0; kw < p->kernel[2]; kw++) {
                        const int64_t ih = oh * p->stride[1] - p->pad[1] + kh * p->dilation[1];
                        const int64_t iw = ow * p->stride[2] - p->pad[2] + kw * p->dilation[2];
                        const bool inside = plane && (uint64_t)ih < (uint64_t)p->h && (uint64_t)iw < (uint64_t)p->w;
                        pointers[tap++] = inside ? plane + (ih * p->w + iw) * rows->line_ld : zeros;
                    }
            }
            dlc_depthwise_pixel(rows, pointers, (oh - begin) * p->ow + ow);
        }
}

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params;
    const bool repeated = p->oc != p->c, unrolled = dlc_depthwise_is_unrolled(p);
    if (repeated && call->phase == 0) {
        repeat_channels(p, call);
        return;
    }
    const float *x = repeated ? call->shared : call->buffers[DLC_CONV_X];
    const float *residual = call->buffers[DLC_CONV_RESIDUAL], *bias = call->buffers[DLC_CONV_BIAS];
    const float *slope = call->buffers[DLC_CONV_SLOPE];
    const float **lines = call->scratch;
    dlc_depthwise_rows rows = {
        .conv = p, .lines = lines, .line_ld = repeated ? p->oc : p->x_ld, .y_ld = p->y_ld, .y_line = p->ow * p->y_ld,
        .window = window_bytes(p) > 0 ? (float *)((char *)call->scratch + p->table_bytes) : 0,
        .scratch = (char *)call->scratch + p->table_bytes + window_bytes(p),
    };
    rows.ahead = 4 * (p->n * p->d * p->h * p->w * rows.line_ld + dlc_conv_pixels(p) * p->y_ld) > CACHED_BYTES;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t channel = task % p->panel_groups * p->run, part = task / p->panel_groups % p->row_blocks;
        const int64_t slice = task / p->panel_groups / p->row_blocks;
        const int64_t begin = part * p->oh / p->row_blocks, end = (part + 1) * p->oh / p->row_blocks;
        const int64_t pixel = (slice * p->oh + begin) * p->ow;
        rows.rows = end - begin;
        rows.channels = dlc_min(p->run, p->oc - channel);
        rows.weights = (const float *)call->buffers[DLC_CONV_WEIGHTS] + channel;
        rows.bias = bias ? bias + channel : 0;
        rows.slope = slope ? slope + channel : 0;
        const bool is_last = channel + p->run >= p->oc;
        rows.next_x = is_last ? rows.rows * p->stride[1] * p->w * rows.line_ld - channel : p->run;
        rows.next_y = is_last ? rows.rows * rows.y_line - channel : p->run;
        rows.residual = residual ? residual + pixel * p->residual_ld + channel : 0;
        rows.y = (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld + channel;
        if (!unrolled) {
            run_any(&rows, x + channel, slice, begin, end);
            continue;
        }
        const float *plane = plane_at(p, x + channel, rows.line_ld, slice, 0);
        for (int64_t i = 0; i < dlc_depthwise_lines(p, rows.rows); i++) {
            const int64_t ih = begin * p->stride[1] - p->pad[1] + i;
            lines[i] = plane && (uint64_t)ih < (uint64_t)p->h ? plane + ih * p->w * rows.line_ld : 0;
        }
        dlc_depthwise_rows_run(&rows);
    }
}

void dlc_depthwise_prepare(dlc_conv *p, dlc_launch *out) {
    const bool unrolled = dlc_depthwise_is_unrolled(p);
    p->tile_block = dlc_depthwise_outputs(dlc_ceil_div(p->ow, p->dilation[2]));
    const int64_t columns = unrolled ? dlc_depthwise_columns(p) : p->kernel[2];
    const int64_t pointers = p->kernel[0] * p->kernel[1] * columns, inputs = p->c / p->groups;
    // Channels at a time such that the window of a tile, and the weights where they are more, take half of L1.
    const int64_t floats = pointers + (inputs > 1 ? inputs * dlc_conv_taps(p) : 0);
    const int64_t most = dlc_max(32, 6144 / floats / 16 * 16), chunks = dlc_ceil_div(p->oc, most);
    p->run = dlc_min(p->oc, dlc_ceil_div(dlc_ceil_div(p->oc, chunks), 16) * 16);
    p->panel_groups = dlc_ceil_div(p->oc, p->run);
    const double work = (double)dlc_conv_pixels(p) * (double)p->oc * (double)dlc_conv_taps(p) * (double)inputs / (2.0 * dlc_lanes(p->isa));
    const int64_t wanted = work < 20e3 ? 1 : 24, slices = p->n * p->od;
    p->row_blocks = dlc_max(1, dlc_min(p->oh, dlc_ceil_div(wanted, slices * p->panel_groups)));
    p->tasks = slices * p->row_blocks * p->panel_groups;
    const int64_t rows = dlc_ceil_div(p->oh, p->row_blocks);
    p->table_bytes = unrolled ? dlc_ceil_div(8 * dlc_depthwise_lines(p, rows), 64) * 64 : 0;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = p->oc != p->c ? 2 : 1,
        .shared_bytes = p->oc != p->c ? 4 * p->n * p->d * p->h * p->w * p->oc : 0,
        .scratch_bytes = p->table_bytes + window_bytes(p) + dlc_depthwise_rows_scratch_bytes(p, p->run),
    };
}
