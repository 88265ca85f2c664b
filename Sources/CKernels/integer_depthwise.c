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
        biases[j] = bias ? bias[g->finish.bias_columns ? j : 0] : 0;
    }
}

/// Blocks of channels that one instruction multiplies four taps of.
enum { BLOCK = 64 };

static bool in_blocks(const dlc_integer_depthwise *g, const dlc_call *call) { return g->in_blocks && !call->buffers[W_ZERO]; }
static int64_t taps_of(const dlc_integer_depthwise *g) { return g->kernel[0] * g->kernel[1] * g->kernel[2]; }
static int64_t blocks_of(const dlc_integer_depthwise *g) { return dlc_ceil_div(g->channels, BLOCK); }

/// Of a block: its weights, then what its sums begin with, scales and biases.
static int64_t block_bytes(const dlc_integer_depthwise *g) { return BLOCK * (4 * dlc_ceil_div(taps_of(g), 4) + 12); }

/// Phase 0 with blocks.
static void pack_blocks(const dlc_integer_depthwise *g, const dlc_call *call) {
#if defined(__x86_64__)
    const int64_t all = blocks_of(g), quads = dlc_ceil_div(taps_of(g), 4);
    const int32_t zero = (call->buffers[X_ZERO] ? read(call->buffers[X_ZERO], g->x_signed, 0) : 0) + (g->x_signed ? 128 : 0);
    const float *scale = call->buffers[SCALE], *bias = call->buffers[BIAS];
    for (int64_t block = call->begin * all / g->tasks; block < call->end * all / g->tasks; block++) {
        const int64_t first = block * BLOCK, channels = dlc_min(BLOCK, g->channels - first);
        int8_t *weights = (int8_t *)call->shared + block * block_bytes(g);
        int32_t *sums = (int32_t *)(weights + 4 * BLOCK * quads);
        dlc_integer_block_pack_avx512_dot((const int8_t *)call->buffers[W] + first, g->channels, taps_of(g), channels, zero, weights, sums);
        float *scales = (float *)(sums + BLOCK), *biases = scales + BLOCK;
        for (int64_t i = 0; i < BLOCK; i++) {
            const int64_t channel = i % 16 / 4 * 16 + i / 16 * 4 + i % 4, at = first + channel;
            scales[i] = scale && channel < channels ? scale[g->finish.scale_columns ? at : 0] : 0;
            biases[i] = bias && channel < channels ? bias[g->finish.bias_columns ? at : 0] : 0;
        }
    }
#else
    (void)g, (void)call;
#endif
}

/// Where the taps of a pixel lie, in order. Those outside of the image are left out, or, where there are `zeros`, point there.
static int64_t find_taps(const dlc_integer_depthwise *g, const uint8_t *image, int64_t od, int64_t oh, int64_t ow, const uint8_t *zeros,
                         const uint8_t **xs, int64_t *places) {
    int64_t count = 0, tap = 0;
    for (int64_t kd = 0; kd < g->kernel[0]; kd++)
        for (int64_t kh = 0; kh < g->kernel[1]; kh++)
            for (int64_t kw = 0; kw < g->kernel[2]; kw++, tap++) {
                const int64_t d = od * g->stride[0] + kd * g->dilation[0] - g->pad[0], h = oh * g->stride[1] + kh * g->dilation[1] - g->pad[1];
                const int64_t w = ow * g->stride[2] + kw * g->dilation[2] - g->pad[2];
                const bool inside = d >= 0 && d < g->d && h >= 0 && h < g->h && w >= 0 && w < g->w;
                if (!inside && !zeros) continue;
                xs[count] = inside ? image + ((d * g->h + h) * g->w + w) * g->x_ld : zeros;
                places[count++] = tap;
            }
    return count;
}

/// All channels of a pixel.
static void run_blocks(const dlc_integer_depthwise *g, const dlc_call *call, const uint8_t **xs, int64_t quads, uint8_t *y) {
#if defined(__x86_64__)
    const int64_t size = dlc_integer_size(&g->finish);
    dlc_integer_block b = {.x = xs, .quads = quads, .flip = g->x_signed ? 0x80 : 0, .finish = &g->finish};
    for (int64_t first = 0; first < g->channels; first += BLOCK) {
        b.weights = (const int8_t *)call->shared + first / BLOCK * block_bytes(g);
        b.sums = (const int32_t *)(b.weights + 4 * BLOCK * quads);
        b.scale = (const float *)(b.sums + BLOCK), b.bias = b.scale + BLOCK;
        b.channels = dlc_min(BLOCK, g->channels - first);
        b.first = first;
        b.y = y + size * first;
        dlc_integer_block_avx512_dot(&b);
    }
#else
    (void)g, (void)call, (void)xs, (void)quads, (void)y;
#endif
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
    const int64_t outputs = g->channels * g->multiplier, size = dlc_integer_size(&g->finish), taps = taps_of(g), slots = dlc_ceil_div(taps, 4) * 4;
    const float *scales = (const float *)((const uint8_t *)call->shared + weight_bytes(g));
    const uint8_t **xs = call->scratch;
    const int16_t **ws = (const int16_t **)(xs + slots);
    int64_t *places = (int64_t *)(ws + slots);
    uint8_t *zeros = (uint8_t *)(places + slots);
    const void *zero = call->buffers[X_ZERO];
    const int32_t x_zero = zero ? read(zero, g->x_signed, 0) : 0;
    if (blocks) memset(zeros, x_zero, (size_t)g->channels);
    for (int64_t i = taps; blocks && i < slots; i++) xs[i] = zeros; // of weights that are 0
    dlc_integer_pixel p = {.x = xs, .w = ws, .channels = g->channels, .multiplier = g->multiplier, .x_signed = g->x_signed, .x_zero = x_zero,
                           .finish = &g->finish, .scale = scales, .bias = scales + outputs};
    // Pixels from `first` on and before `end` have all taps of their line inside.
    const int64_t reach = (g->kernel[2] - 1) * g->dilation[2] - g->pad[2];
    const int64_t first = g->pad[2] <= 0 ? 0 : dlc_ceil_div(g->pad[2], g->stride[2]);
    const int64_t end = g->w - reach <= 0 ? 0 : dlc_ceil_div(g->w - reach, g->stride[2]);
    for (int64_t line = call->begin; line < call->end; line++) {
        const int64_t oh = line % g->oh, od = line / g->oh % g->od, n = line / g->oh / g->od;
        const uint8_t *image = (const uint8_t *)call->buffers[X] + n * g->d * g->h * g->w * g->x_ld;
        uint8_t *y = (uint8_t *)call->buffers[Y] + size * line * g->ow * g->y_ld;
        for (int64_t ow = 0; ow < g->ow; ow++) {
            p.y = y + size * ow * g->y_ld;
            if (ow > first && ow < end) {
                // The same taps as the pixel before, a step further.
                for (int64_t t = 0; t < p.taps; t++) xs[t] += xs[t] == zeros ? 0 : g->stride[2] * g->x_ld;
            } else {
                p.taps = find_taps(g, image, od, oh, ow, blocks ? zeros : 0, xs, places);
                for (int64_t t = 0; !blocks && t < p.taps; t++) ws[t] = (const int16_t *)call->shared + places[t] * outputs;
            }
            if (blocks) run_blocks(g, call, xs, slots / 4, p.y);
            else pixel(&p);
        }
    }
}

bool dlc_integer_depthwise_prepare(dlc_isa isa, dlc_integer_depthwise *g, dlc_launch *out) {
    const int64_t taps = g->kernel[0] * g->kernel[1] * g->kernel[2];
    if (taps < 1 || taps > MOST_TAPS || g->channels < 0 || g->multiplier < 0) return false;
    g->isa = isa;
    const double lines = (double)g->n * (double)g->od * (double)g->oh;
    if (lines < 0 || lines > 0x1p46 || (double)g->channels * (double)g->multiplier > 0x1p24) return false;
    g->in_blocks = dlc_integer_has_blocks(isa) && g->w_signed && g->multiplier == 1 && g->channels >= 16;
    const bool empty = lines == 0 || g->ow == 0 || g->channels * g->multiplier == 0;
    g->tasks = empty ? 0 : (int64_t)lines;
    *out = (dlc_launch){
        .run = run, .tasks = g->tasks, .phases = 2,
        .shared_bytes = dlc_max(weight_bytes(g) + 8 * g->channels * g->multiplier, g->in_blocks ? blocks_of(g) * block_bytes(g) : 0),
        .scratch_bytes = 3 * dlc_ceil_div(taps, 4) * 4 * (int64_t)sizeof(void *) + (g->in_blocks ? g->channels : 0),
    };
    return true;
}
