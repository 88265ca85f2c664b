/// dlc_integer_depthwise: weights minus their zero points, then lines of pixels.
#include "gemm_integer.h"
#include "gemm_tile.h"
#include <string.h>

enum { X, W, X_ZERO, W_ZERO, SCALE, BIAS, Y };
/// Taps of a pixel that are added at once.
enum { MOST_TAPS = 4096 };

typedef void (*pixel_run)(const dlc_integer_pixel *);

static pixel_run pixel_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return dlc_integer_pixel_avx512;
    case DLC_ISA_AVX2: return dlc_integer_pixel_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return dlc_integer_pixel_neon;
#endif
    default: return dlc_integer_pixel_portable;
    }
}

static int32_t read(const void *p, bool is_signed, int64_t i) { return is_signed ? ((const int8_t *)p)[i] : ((const uint8_t *)p)[i]; }

/// Scale and bias of each output stand behind the weights.
static int64_t weight_bytes(const dlc_integer_depthwise *g) {
    return dlc_ceil_div(2 * g->kernel[0] * g->kernel[1] * g->kernel[2] * g->channels * g->multiplier, 64) * 64;
}

/// Phase 0: [tap][output] in 16 bits.
static void centre_weights(const dlc_integer_depthwise *g, const dlc_call *call) {
    const int64_t outputs = g->channels * g->multiplier, all = g->kernel[0] * g->kernel[1] * g->kernel[2] * outputs;
    const void *w = call->buffers[W], *zeros = call->buffers[W_ZERO];
    int16_t *out = call->shared;
    const int64_t last = call->end * all / g->tasks;
    for (int64_t i = call->begin * all / g->tasks; i < last; i++)
        out[i] = (int16_t)(read(w, g->w_signed, i) - (zeros ? read(zeros, g->w_signed, g->w_zero_per_channel ? i % outputs : 0) : 0));
    float *scales = (float *)((uint8_t *)call->shared + weight_bytes(g)), *biases = scales + outputs;
    const float *scale = call->buffers[SCALE], *bias = call->buffers[BIAS];
    for (int64_t j = call->begin * outputs / g->tasks; j < call->end * outputs / g->tasks; j++) {
        scales[j] = scale ? scale[g->finish.scale_columns ? j : 0] : 0;
        biases[j] = bias ? bias[g->finish.bias_columns ? j : 0] : DLC_INTEGER_NO_BIAS;
    }
}

/// Blocks of channels that one instruction multiplies four taps of.
enum { BLOCK = 64 };

static bool in_blocks(const dlc_integer_depthwise *g, const dlc_call *call) { return g->in_blocks && !call->buffers[W_ZERO]; }
static int64_t taps_of(const dlc_integer_depthwise *g) { return g->kernel[0] * g->kernel[1] * g->kernel[2]; }
static int64_t blocks_of(const dlc_integer_depthwise *g) { return dlc_ceil_div(g->channels, BLOCK); }

/// How lines are convolved in blocks: slots of a column are the taps of all lines, or, where there is one line, four of its taps.
/// `height` lines of the result at once.
typedef struct { int64_t slots, quads, taps, dilation, shift, height; } line_layout;

static line_layout layout_of(const dlc_integer_depthwise *g) {
    const int64_t lines = g->kernel[0] * g->kernel[1];
    if (lines == 1) return (line_layout){4, 1, dlc_ceil_div(g->kernel[2], 4), 4 * g->dilation[2], g->dilation[2], 1};
    const int64_t quads = dlc_ceil_div(lines, 4), both = lines + g->stride[1];
    const bool pairs = g->kernel[0] == 1 && g->dilation[1] == 1 && g->oh > 1 && dlc_ceil_div(both, 4) == quads;
    return (line_layout){pairs ? both : lines, quads, g->kernel[2], g->dilation[2], 0, pairs ? 2 : 1};
}

/// Pixels of a block.
static int64_t pixels_of(const dlc_integer_depthwise *g) {
    const bool lie_behind = g->x_ld == g->channels && g->y_ld == g->channels && g->stride[2] == 1;
    return lie_behind && g->channels <= BLOCK / 2 && BLOCK % g->channels == 0 ? BLOCK / g->channels : 1;
}

/// Of a block: its weights, then what its sums begin with, scales and biases.
static int64_t block_bytes(const dlc_integer_depthwise *g) {
    const line_layout layout = layout_of(g);
    return BLOCK * (4 * layout.quads * layout.taps * layout.height + 12);
}

/// Phase 0 with blocks.
static void pack_blocks(const dlc_integer_depthwise *g, const dlc_call *call) {
#if defined(__x86_64__)
    const line_layout layout = layout_of(g);
    const int64_t all = blocks_of(g), slots = 4 * layout.quads * layout.taps, pixels = pixels_of(g);
    const int32_t zero = (call->buffers[X_ZERO] ? read(call->buffers[X_ZERO], g->x_signed, 0) : 0) + (g->x_signed ? 128 : 0);
    const float *scale = call->buffers[SCALE], *bias = call->buffers[BIAS];
    int32_t *taps_of_slots = call->scratch;
    for (int64_t i = 0; i < layout.height * slots; i++) {
        // A slot is a line of the kernel's, for a second line of the result one a stride further on.
        const int64_t tap = i % slots / (4 * layout.quads), slot = i % (4 * layout.quads), line = slot - i / slots * g->stride[1];
        if (layout.shift) taps_of_slots[i] = 4 * tap + slot < g->kernel[2] ? (int32_t)(4 * tap + slot) : -1;
        else taps_of_slots[i] = line >= 0 && line < g->kernel[0] * g->kernel[1] ? (int32_t)(line * layout.taps + tap) : -1;
    }
    for (int64_t block = call->begin * all / g->tasks; block < call->end * all / g->tasks; block++) {
        const int64_t first = block * BLOCK, channels = dlc_min(BLOCK, g->channels - first);
        int8_t *weights = (int8_t *)call->shared + block * block_bytes(g);
        int32_t *sums = (int32_t *)(weights + BLOCK * slots * layout.height);
        for (int64_t line = 0; line < layout.height; line++)
            dlc_integer_line_pack_avx512_dot((const int8_t *)call->buffers[W] + first, g->channels, taps_of_slots + line * slots, slots,
                                             channels, pixels, zero, weights + line * BLOCK * slots, sums);
        float *scales = (float *)(sums + BLOCK), *biases = scales + BLOCK;
        for (int64_t i = 0; i < BLOCK; i++) scales[i] = 0, biases[i] = DLC_INTEGER_NO_BIAS;
        for (int64_t i = 0; i < BLOCK; i += 4) {
            const int64_t byte = i % 16 / 4 * 16 + i / 16 * 4, at = first + byte % channels, count = dlc_min(4, channels * pixels - byte);
            // Four neighbours, but where channels begin anew.
            for (int64_t j = 0; j < count; j++) {
                const int64_t channel = channels % 4 == 0 ? at + j : first + (byte + j) % channels;
                if (scale) scales[i + j] = scale[g->finish.scale_columns ? channel : 0];
                if (bias) biases[i + j] = bias[g->finish.bias_columns ? channel : 0];
            }
        }
    }
#else
    (void)g, (void)call;
#endif
}

/// Lines of the result that a task has.
static int64_t lines_of_task(const dlc_integer_depthwise *g) { return g->in_blocks ? layout_of(g).height : 1; }

static int64_t columns_of(const dlc_integer_depthwise *g) {
    const line_layout layout = layout_of(g);
    return dlc_integer_columns(pixels_of(g), layout.taps, g->stride[2], layout.dilation);
}

/// `height` lines of the result with all their channels.
static void run_blocks(const dlc_integer_depthwise *g, const dlc_call *call, const uint8_t *image, int64_t od, int64_t oh, int64_t height,
                       int32_t x_zero, uint8_t *y) {
#if defined(__x86_64__)
    const line_layout layout = layout_of(g);
    const int64_t size = dlc_integer_size(&g->finish), slots = 4 * layout.quads;
    uint8_t *columns = call->scratch;
    const uint8_t **lines = (const uint8_t **)(columns + 256 * layout.quads * columns_of(g));
    int64_t *shifts = (int64_t *)(lines + slots);
    dlc_integer_line b = {
        .lines = lines, .shifts = shifts, .quads = layout.quads, .taps = layout.taps, .stride = g->stride[2], .dilation = layout.dilation,
        .first = -g->pad[2], .width = g->w, .x_ld = g->x_ld, .y_ld = g->y_ld, .outputs = g->ow, .pixels = pixels_of(g),
        .height = height, .y_line = g->ow * g->y_ld, .flip = g->x_signed ? 0x80 : 0, .outside = (uint8_t)x_zero, .columns = columns,
        .finish = &g->finish,
    };
    for (int64_t first = 0; first < g->channels; first += BLOCK) {
        for (int64_t slot = 0; slot < slots; slot++) {
            const int64_t line = layout.shift ? 0 : slot, kd = layout.height > 1 ? 0 : line / g->kernel[1], kh = line - kd * g->kernel[1];
            const int64_t d = od * g->stride[0] + kd * g->dilation[0] - g->pad[0], h = oh * g->stride[1] + kh * g->dilation[1] - g->pad[1];
            const bool inside = slot < layout.slots && d >= 0 && d < g->d && h >= 0 && h < g->h;
            lines[slot] = inside ? image + (d * g->h + h) * g->w * g->x_ld + first : 0;
            shifts[slot] = slot * layout.shift;
        }
        b.weights = (const int8_t *)call->shared + first / BLOCK * block_bytes(g);
        b.sums = (const int32_t *)(b.weights + 4 * BLOCK * layout.quads * layout.taps * layout.height);
        b.scale = (const float *)(b.sums + BLOCK), b.bias = b.scale + BLOCK;
        b.channels = dlc_min(BLOCK, g->channels - first);
        b.y = y + size * first;
        dlc_integer_line_avx512_dot(&b);
    }
#else
    (void)g, (void)call, (void)image, (void)od, (void)oh, (void)height, (void)x_zero, (void)y;
#endif
}

/// Where the taps of a pixel lie that are inside of the image, in order.
static int64_t find_taps(const dlc_integer_depthwise *g, const uint8_t *image, int64_t od, int64_t oh, int64_t ow, const uint8_t **xs, int64_t *places) {
    int64_t count = 0, tap = 0;
    for (int64_t kd = 0; kd < g->kernel[0]; kd++)
        for (int64_t kh = 0; kh < g->kernel[1]; kh++)
            for (int64_t kw = 0; kw < g->kernel[2]; kw++, tap++) {
                const int64_t d = od * g->stride[0] + kd * g->dilation[0] - g->pad[0], h = oh * g->stride[1] + kh * g->dilation[1] - g->pad[1];
                const int64_t w = ow * g->stride[2] + kw * g->dilation[2] - g->pad[2];
                if (d < 0 || d >= g->d || h < 0 || h >= g->h || w < 0 || w >= g->w) continue;
                xs[count] = image + ((d * g->h + h) * g->w + w) * g->x_ld;
                places[count++] = tap;
            }
    return count;
}

static void run(const dlc_call *call) {
    const dlc_integer_depthwise *g = call->params;
    const bool blocks = in_blocks(g, call);
    if (call->phase == 0) {
        if (blocks) pack_blocks(g, call);
        else centre_weights(g, call);
        return;
    }
    const pixel_run pixel = pixel_of(g->isa);
    const int64_t outputs = g->channels * g->multiplier, size = dlc_integer_size(&g->finish), taps = taps_of(g);
    const float *scales = (const float *)((const uint8_t *)call->shared + weight_bytes(g));
    const uint8_t **xs = call->scratch;
    const int16_t **ws = (const int16_t **)(xs + taps);
    int64_t *places = (int64_t *)(ws + taps);
    const void *zero = call->buffers[X_ZERO];
    const int32_t x_zero = zero ? read(zero, g->x_signed, 0) : 0;
    dlc_integer_pixel p = {.x = xs, .w = ws, .channels = g->channels, .multiplier = g->multiplier, .x_signed = g->x_signed, .x_zero = x_zero,
                           .finish = &g->finish, .scale = scales, .bias = scales + outputs};
    // Pixels from `first` on and before `end` have all taps of their line inside.
    const int64_t reach = (g->kernel[2] - 1) * g->dilation[2] - g->pad[2];
    const int64_t first = g->pad[2] <= 0 ? 0 : dlc_ceil_div(g->pad[2], g->stride[2]);
    const int64_t end = g->w - reach <= 0 ? 0 : dlc_ceil_div(g->w - reach, g->stride[2]);
    const int64_t at_once = lines_of_task(g), parts = dlc_ceil_div(g->oh, at_once);
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t od = task / parts % g->od, n = task / parts / g->od;
        const int64_t from = task % parts * at_once, to = dlc_min(g->oh, from + at_once);
        const uint8_t *image = (const uint8_t *)call->buffers[X] + n * g->d * g->h * g->w * g->x_ld;
        uint8_t *y = (uint8_t *)call->buffers[Y] + size * ((n * g->od + od) * g->oh + from) * g->ow * g->y_ld;
        if (blocks) {
            run_blocks(g, call, image, od, from, to - from, x_zero, y);
            continue;
        }
        for (int64_t oh = from; oh < to; oh++, y += size * g->ow * g->y_ld)
            for (int64_t ow = 0; ow < g->ow; ow++) {
                p.y = y + size * ow * g->y_ld;
                if (ow > first && ow < end) {
                    // The same taps as the pixel before, a step further.
                    for (int64_t t = 0; t < p.taps; t++) xs[t] += g->stride[2] * g->x_ld;
                } else {
                    p.taps = find_taps(g, image, od, oh, ow, xs, places);
                    for (int64_t t = 0; t < p.taps; t++) ws[t] = (const int16_t *)call->shared + places[t] * outputs;
                }
                pixel(&p);
            }
    }
}

bool dlc_integer_depthwise_prepare(dlc_isa isa, dlc_integer_depthwise *g, dlc_launch *out) {
    const int64_t taps = g->kernel[0] * g->kernel[1] * g->kernel[2];
    if (taps < 1 || taps > MOST_TAPS || g->channels < 0 || g->multiplier < 0) return false;
    g->isa = isa;
    const double lines = (double)g->n * (double)g->od * (double)g->oh;
    if (lines < 0 || lines > 0x1p46 || (double)g->channels * (double)g->multiplier > 0x1p24) return false;
    g->in_blocks = dlc_integer_has_blocks(isa) && g->w_signed && g->multiplier == 1 && g->channels >= 16 && columns_of(g) <= 4096;
    const line_layout layout = layout_of(g);
    const bool empty = lines == 0 || g->ow == 0 || g->channels * g->multiplier == 0;
    g->tasks = empty ? 0 : g->n * g->od * dlc_ceil_div(g->oh, lines_of_task(g));
    const int64_t block_scratch = layout.quads * (256 * columns_of(g) + 64 + 16 * layout.taps * layout.height);
    *out = (dlc_launch){
        .run = run, .tasks = g->tasks, .phases = 2,
        .shared_bytes = dlc_max(weight_bytes(g) + 8 * g->channels * g->multiplier, g->in_blocks ? blocks_of(g) * block_bytes(g) : 0),
        .scratch_bytes = dlc_max(3 * taps * (int64_t)sizeof(void *), g->in_blocks ? block_scratch : 0),
    };
    return true;
}
