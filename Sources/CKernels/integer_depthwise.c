/// dlc_integer_depthwise: weights minus their zero points, then lines of pixels.
#include "gemm_integer.h"
#include "gemm_tile.h"

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

static void run(const dlc_call *call) {
    const dlc_integer_depthwise *g = call->params;
    if (call->phase == 0) {
        centre_weights(g, call);
        return;
    }
    const pixel_run pixel = pixel_of(g->isa);
    const int64_t outputs = g->channels * g->multiplier, size = dlc_integer_size(&g->finish);
    const float *scales = (const float *)((const uint8_t *)call->shared + weight_bytes(g));
    const uint8_t **xs = call->scratch;
    const int16_t **ws = (const int16_t **)(xs + g->kernel[0] * g->kernel[1] * g->kernel[2]);
    const void *zero = call->buffers[X_ZERO];
    dlc_integer_pixel p = {.x = xs, .w = ws, .channels = g->channels, .multiplier = g->multiplier, .x_signed = g->x_signed, .x_zero = zero ? read(zero, g->x_signed, 0) : 0,
                           .finish = &g->finish, .scale = scales, .bias = scales + outputs};
    for (int64_t line = call->begin; line < call->end; line++) {
        const int64_t oh = line % g->oh, od = line / g->oh % g->od, n = line / g->oh / g->od;
        const uint8_t *image = (const uint8_t *)call->buffers[X] + n * g->d * g->h * g->w * g->x_ld;
        uint8_t *y = (uint8_t *)call->buffers[Y] + size * line * g->ow * g->y_ld;
        for (int64_t ow = 0; ow < g->ow; ow++) {
            p.taps = 0, p.y = y + size * ow * g->y_ld;
            for (int64_t kd = 0, tap = 0; kd < g->kernel[0]; kd++)
                for (int64_t kh = 0; kh < g->kernel[1]; kh++)
                    for (int64_t kw = 0; kw < g->kernel[2]; kw++, tap++) {
                        const int64_t d = od * g->stride[0] + kd * g->dilation[0] - g->pad[0], h = oh * g->stride[1] + kh * g->dilation[1] - g->pad[1];
                        const int64_t w = ow * g->stride[2] + kw * g->dilation[2] - g->pad[2];
                        // Outside is the zero point, which adds nothing.
                        if (d < 0 || d >= g->d || h < 0 || h >= g->h || w < 0 || w >= g->w) continue;
                        xs[p.taps] = image + ((d * g->h + h) * g->w + w) * g->x_ld;
                        ws[p.taps++] = (const int16_t *)call->shared + tap * outputs;
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
    const bool empty = lines == 0 || g->ow == 0 || g->channels * g->multiplier == 0;
    g->tasks = empty ? 0 : (int64_t)lines;
    *out = (dlc_launch){
        .run = run, .tasks = g->tasks, .phases = 2, .shared_bytes = weight_bytes(g) + 8 * g->channels * g->multiplier,
        .scratch_bytes = 2 * taps * (int64_t)sizeof(void *),
    };
    return true;
}
