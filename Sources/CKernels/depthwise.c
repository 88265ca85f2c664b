/// Depthwise convolution: strips of a few output columns go down the image, so that the input rows two
/// outputs share are still in L1. A channel multiplier repeats the input's channels first.
#include "depthwise.h"
#include <string.h>

bool dlc_depthwise_supports(const dlc_conv *p) {
    // One channel for all outputs is a product, not a multiplier.
    return p->groups == p->c && (p->c > 1 || p->oc == 1) && p->c > 0 && p->oc > 0 && dlc_conv_taps(p) <= 4096;
}

int64_t dlc_depthwise_packed_floats(const dlc_conv *p) { return dlc_conv_taps(p) * p->oc; }

void dlc_depthwise_pack(const dlc_conv *p, const float *weights, float *out) {
    const int64_t taps = dlc_conv_taps(p);
    for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t o = 0; o < p->oc; o++) *out++ = weights[o * taps + tap];
}

static const dlc_depthwise_set *set_of(dlc_isa isa) {
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

/// Whether there is an unrolled tile: a square kernel of 3 or 5 at stride 1 or 2, undilated.
static bool is_unrolled(const dlc_conv *p) {
    return p->kernel[0] == 1 && p->kernel[1] == p->kernel[2] && (p->kernel[1] == 3 || p->kernel[1] == 5) &&
           p->stride[2] <= 2 && p->dilation[1] == 1 && p->dilation[2] == 1;
}

/// Pointers to the input pixels that outputs `ow ...` of a row read; zeros where they are outside.
static void fill_pointers(const dlc_conv *p, const float *image, int64_t ld, const float *zeros, int64_t od, int64_t oh,
                          int64_t ow, int64_t columns, int64_t step, const float **out) {
    const int64_t iw0 = ow * p->stride[2] - p->pad[2];
    const bool interior = iw0 >= 0 && iw0 + (columns - 1) * step < p->w;
    for (int64_t kd = 0; kd < p->kernel[0]; kd++)
        for (int64_t kh = 0; kh < p->kernel[1]; kh++, out += columns) {
            const int64_t id = od * p->stride[0] - p->pad[0] + kd * p->dilation[0];
            const int64_t ih = oh * p->stride[1] - p->pad[1] + kh * p->dilation[1];
            if ((uint64_t)id >= (uint64_t)p->d || (uint64_t)ih >= (uint64_t)p->h) {
                for (int64_t i = 0; i < columns; i++) out[i] = zeros;
                continue;
            }
            const float *line = image + (id * p->h + ih) * p->w * ld;
            if (interior) {
                for (int64_t i = 0; i < columns; i++) out[i] = line + (iw0 + i * step) * ld;
                continue;
            }
            for (int64_t i = 0; i < columns; i++) {
                const int64_t iw = iw0 + i * step;
                out[i] = (uint64_t)iw < (uint64_t)p->w ? line + iw * ld : zeros;
            }
        }
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

static void run(const dlc_call *call) {
    const dlc_conv *p = call->params;
    const bool repeated = p->oc != p->c, unrolled = is_unrolled(p);
    if (repeated && call->phase == 0) {
        repeat_channels(p, call);
        return;
    }
    const dlc_depthwise_set *set = set_of(p->isa);
    const dlc_activation kind = p->epilogue.activation;
    const float *residual = call->buffers[DLC_CONV_RESIDUAL], *bias = call->buffers[DLC_CONV_BIAS];
    const float *slope = call->buffers[DLC_CONV_SLOPE];
    const bool simple = (kind == DLC_ACT_NONE || kind == DLC_ACT_RELU || kind == DLC_ACT_CLIP) &&
                        !(residual && p->epilogue.residual_after_activation);
    float *zeros = call->scratch, *discarded = zeros + p->run;
    const float **pointers = (const float **)((char *)call->scratch + p->table_bytes);
    memset(zeros, 0, (size_t)p->run * sizeof(float));
    const int64_t ld = repeated ? p->oc : p->x_ld, outputs = unrolled ? p->tile_block : 1;
    const int64_t columns = unrolled ? (outputs - 1) * p->stride[2] + p->kernel[2] : p->kernel[2];
    float *y[DLC_DEPTHWISE_MOST_OUTPUTS];
    dlc_depthwise_tile t = {
        .x = pointers, .weights_row = p->oc, .taps = dlc_conv_taps(p), .y = y, .residual_row = p->residual_ld,
        .clamp = simple && kind != DLC_ACT_NONE,
        .lo = kind == DLC_ACT_CLIP ? p->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
    };
    const dlc_depthwise_kernel kernel =
        unrolled ? set->tile[p->kernel[1] == 5][p->stride[2] - 1][outputs == 7] : set->any;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t chunk = task % p->panel_groups, part = task / p->panel_groups % p->row_blocks;
        const int64_t slice = task / p->panel_groups / p->row_blocks, n = slice / p->od, od = slice % p->od;
        const int64_t channel = chunk * p->run;
        t.channels = dlc_min(p->run, p->oc - channel);
        t.weights = (const float *)call->buffers[DLC_CONV_WEIGHTS] + channel;
        t.bias = bias ? bias + channel : 0;
        const float *x = (const float *)(repeated ? call->shared : call->buffers[DLC_CONV_X]) + n * p->d * p->h * p->w * ld + channel;
        for (int64_t ow = 0; ow < p->ow; ow += outputs)
            for (int64_t oh = part * p->oh / p->row_blocks; oh < (part + 1) * p->oh / p->row_blocks; oh++) {
                const int64_t pixel = (slice * p->oh + oh) * p->ow + ow;
                fill_pointers(p, x, ld, zeros, od, oh, ow, columns, unrolled ? 1 : p->dilation[2], pointers);
                t.outputs = dlc_min(outputs, p->ow - ow);
                float *first = (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld + channel;
                for (int64_t i = 0; i < outputs; i++) y[i] = i < t.outputs ? first + i * p->y_ld : discarded;
                const float *r = residual ? residual + pixel * p->residual_ld + channel : 0;
                t.residual = simple ? r : 0;
                kernel(&t);
                if (!simple)
                    dlc_tiles(p->isa)->epilogue(p->epilogue, t.outputs, t.channels, first, p->y_ld, r, p->residual_ld,
                                                slope ? slope + channel : 0);
            }
    }
}

void dlc_depthwise_prepare(dlc_conv *p, dlc_launch *out) {
    const bool unrolled = is_unrolled(p);
    // Of 4 and 7 outputs at once, those that waste fewer.
    p->tile_block = dlc_ceil_div(p->ow, 7) * 7 <= dlc_ceil_div(p->ow, 4) * 4 ? 7 : 4;
    const int64_t columns = unrolled ? (p->tile_block - 1) * p->stride[2] + p->kernel[2] : p->kernel[2];
    const int64_t pointers = p->kernel[0] * p->kernel[1] * columns;
    // Channels at a time such that the window of a tile takes half of L1.
    const int64_t most = dlc_max(32, 6144 / pointers / 16 * 16), chunks = dlc_ceil_div(p->oc, most);
    p->run = dlc_min(p->oc, dlc_ceil_div(dlc_ceil_div(p->oc, chunks), 16) * 16);
    p->panel_groups = dlc_ceil_div(p->oc, p->run);
    const double work = (double)dlc_conv_pixels(p) * (double)p->oc * (double)dlc_conv_taps(p) / (2.0 * dlc_lanes(p->isa));
    const int64_t wanted = work < 20e3 ? 1 : 24, slices = p->n * p->od;
    p->row_blocks = dlc_max(1, dlc_min(p->oh, dlc_ceil_div(wanted, slices * p->panel_groups)));
    p->tasks = slices * p->row_blocks * p->panel_groups;
    p->table_bytes = dlc_ceil_div(8 * p->run, 64) * 64;
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = p->oc != p->c ? 2 : 1,
        .shared_bytes = p->oc != p->c ? 4 * p->n * p->d * p->h * p->w * p->oc : 0,
        .scratch_bytes = p->table_bytes + 8 * pointers,
    };
}
