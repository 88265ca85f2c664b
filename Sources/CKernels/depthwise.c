/// Convolutions with one channel a group, or few: how channels and rows are shared out. A channel multiplier repeats the
/// input's channels first.
#include "depthwise.h"
#include <string.h>

bool dlc_depthwise_supports(dlc_isa isa, const dlc_conv *p) {
    if (p->c <= 0 || p->oc <= 0 || dlc_conv_taps(p) > 4096) return false;
    // One channel for all outputs is a product, not a multiplier.
    if (p->groups == p->c) return p->c > 1 || p->oc == 1;
    return p->groups > 1 && p->c / p->groups <= dlc_lanes(isa) && p->oc / p->groups <= dlc_lanes(isa);
}

/// What more bytes than these are read and written of may lie in memory: where many share the last cache, a core has no more of it.
enum { CACHED_BYTES = 6 << 20 };

/// The first cache has one set for bytes that lie a multiple of this apart, with room for eight lines or a few more.
enum { SET_APART = 4096 };

/// Whether channels are multiplied: each input is repeated first.
static bool repeats(const dlc_conv *p) { return p->groups == p->c && p->oc != p->c; }

/// Whether the pixels of a tile's window push each other out of the first cache, as those of 1,024 channels do.
static bool copies_window(const dlc_conv *p) {
    const int64_t ld = repeats(p) ? p->oc : p->x_ld;
    return p->kernel[0] == 1 && p->dilation[1] == 1 && ld * 4 % SET_APART == 0;
}

/// Outputs of a vector: 16 at a time, or whole groups.
static int64_t vector_of(const dlc_conv *p) {
    const int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups;
    return p->groups == p->c ? 16 : dlc_lanes(p->isa) / dlc_max(inputs, outputs) * outputs;
}

/// The convolution whose rows are the columns of this one.
static dlc_conv turned(const dlc_conv *p) {
    dlc_conv q = *p;
    q.h = p->w, q.w = p->h, q.oh = p->ow, q.ow = p->oh;
    q.kernel[1] = p->kernel[2], q.stride[1] = p->stride[2], q.dilation[1] = p->dilation[2], q.pad[1] = p->pad[2];
    q.kernel[2] = p->kernel[1], q.stride[2] = p->stride[1], q.dilation[2] = p->dilation[1], q.pad[2] = p->pad[1];
    return q;
}

/// Bytes of a task's window, or 0: groups may read more channels than they make.
static int64_t window_bytes(const dlc_conv *p, dlc_depthwise_plan plan) {
    const int64_t read = dlc_depthwise_inputs(p, p->run);
    return copies_window(p) ? 4 * p->kernel[1] * dlc_depthwise_pointers(p, plan) * dlc_ceil_div(read, 16) * 16 : 0;
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

/// Where plane `kd` of what slice [image, output plane] reads begins; null outside of the image.
static const float *plane_at(const dlc_conv *p, const float *x, int64_t ld, int64_t slice, int64_t kd) {
    const int64_t id = slice % p->od * p->stride[0] - p->pad[0] + kd * p->dilation[0];
    return (uint64_t)id < (uint64_t)p->d ? x + (slice / p->od * p->d + id) * p->h * p->w * ld : 0;
}

static void run(const dlc_call *call) {
    const dlc_conv *conv = call->params;
    const bool repeated = repeats(conv);
    if (repeated && call->phase == 0) {
        repeat_channels(conv, call);
        return;
    }
    const dlc_depthwise_plan plan = dlc_depthwise_plan_of(conv);
    const dlc_conv other = turned(conv), *p = plan.turned ? &other : conv;
    const int64_t outputs = repeated ? 1 : p->oc / p->groups, inputs = repeated ? 1 : p->c / p->groups; // of a group
    const float *x = repeated ? call->shared : call->buffers[DLC_CONV_X];
    const float *residual = call->buffers[DLC_CONV_RESIDUAL], *bias = call->buffers[DLC_CONV_BIAS];
    const float *slope = call->buffers[DLC_CONV_SLOPE];
    const float **lines = call->scratch;
    const int64_t window = window_bytes(p, plan), ld = repeated ? p->oc : p->x_ld, line = conv->ow;
    dlc_depthwise_rows rows = {
        .conv = p, .plan = plan, .lines = lines, .line_ld = plan.turned ? conv->w * ld : ld,
        .y_ld = plan.turned ? line * p->y_ld : p->y_ld, .y_line = plan.turned ? p->y_ld : line * p->y_ld,
        .residual_ld = plan.turned ? line * p->residual_ld : p->residual_ld,
        .residual_line = plan.turned ? p->residual_ld : line * p->residual_ld,
        .window = window > 0 ? (float *)((char *)call->scratch + p->table_bytes) : 0,
        .scratch = (char *)call->scratch + p->table_bytes + window,
    };
    rows.ahead = plan.unrolled && 4 * (p->n * p->d * p->h * p->w * ld + dlc_conv_pixels(p) * p->y_ld) > CACHED_BYTES;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t channel = task % p->panel_groups * p->run, from = channel / outputs * inputs;
        const int64_t part = task / p->panel_groups % p->row_blocks, slice = task / p->panel_groups / p->row_blocks;
        const int64_t begin = part * p->oh / p->row_blocks, end = (part + 1) * p->oh / p->row_blocks, pixel = slice * p->oh * p->ow;
        rows.rows = end - begin;
        rows.channels = dlc_min(p->run, p->oc - channel);
        rows.weights = (const float *)call->buffers[DLC_CONV_WEIGHTS] + channel;
        rows.bias = bias ? bias + channel : 0;
        rows.slope = slope ? slope + channel : 0;
        const bool is_last = channel + p->run >= p->oc;
        rows.next_x = is_last ? rows.rows * p->stride[1] * p->w * ld - from : p->run / outputs * inputs;
        rows.next_y = is_last ? rows.rows * rows.y_line - channel : p->run;
        rows.residual = residual ? residual + pixel * p->residual_ld + begin * rows.residual_line + channel : 0;
        rows.y = (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld + begin * rows.y_line + channel;
        const int64_t x_line = plan.turned ? ld : p->w * ld;
        const float **out = lines;
        for (int64_t kd = 0; kd < p->kernel[0]; kd++) {
            const float *plane = plane_at(p, x + from, ld, slice, kd);
            for (int64_t kh = 0; kh < p->kernel[1]; kh++)
                for (int64_t oh = begin; oh < end; oh++) {
                    const int64_t ih = oh * p->stride[1] - p->pad[1] + kh * p->dilation[1];
                    *out++ = plane && (uint64_t)ih < (uint64_t)p->h ? plane + ih * x_line : 0;
                }
        }
        dlc_depthwise_rows_run(&rows);
    }
}

void dlc_depthwise_prepare(dlc_conv *conv, dlc_launch *out) {
    const dlc_depthwise_plan plan = dlc_depthwise_plan_of(conv);
    dlc_conv p = plan.turned ? turned(conv) : *conv;
    p.tile_block = dlc_depthwise_outputs(dlc_ceil_div(p.ow, plan.apart));
    const int64_t pointers = p.kernel[0] * p.kernel[1] * dlc_depthwise_pointers(&p, plan), inputs = p.c / p.groups;
    // Channels at a time such that the window of a tile, and the weights where they are more, take half of L1; whole groups.
    const int64_t floats = pointers + (inputs > 1 ? inputs * dlc_conv_taps(&p) : 0), unit = vector_of(&p);
    const int64_t most = dlc_max(32, 6144 / floats / 16 * 16), chunks = dlc_ceil_div(p.oc, most);
    p.run = dlc_min(p.oc, dlc_ceil_div(dlc_ceil_div(p.oc, chunks), unit) * unit);
    p.panel_groups = dlc_ceil_div(p.oc, p.run);
    const double work = (double)dlc_conv_pixels(&p) * (double)p.oc * (double)dlc_conv_taps(&p) * (double)inputs / (2.0 * dlc_lanes(p.isa));
    const int64_t wanted = work < 2e3 ? 1 : work < 20e3 ? 4 : 24, slices = p.n * p.od;
    p.row_blocks = dlc_max(1, dlc_min(p.oh, dlc_ceil_div(wanted, slices * p.panel_groups)));
    p.tasks = slices * p.row_blocks * p.panel_groups;
    p.table_bytes = dlc_ceil_div(8 * p.kernel[0] * p.kernel[1] * dlc_ceil_div(p.oh, p.row_blocks), 64) * 64;
    *out = (dlc_launch){
        .run = run, .tasks = p.tasks, .phases = repeats(&p) ? 2 : 1,
        .shared_bytes = repeats(&p) ? 4 * p.n * p.d * p.h * p.w * p.oc : 0,
        .scratch_bytes = p.table_bytes + window_bytes(&p, plan) + dlc_depthwise_rows_scratch_bytes(&p, plan, p.run),
    };
    *conv = plan.turned ? turned(&p) : p;
}
