/// Transposed convolution to few channels, as at the end of a generator or for the gradient of an image: a panel of the product
/// would have a few columns of a vector's, so that vectors run along the inputs instead, as the weights do: [tap][output][input].
#include "convtranspose.h"

bool dlc_conv_transpose_is_narrow(dlc_isa isa, int64_t groups, int64_t inputs, int64_t outputs) {
    return groups == 1 && outputs >= 1 && outputs <= DLC_TRANSPOSED_NARROW && outputs * 4 <= dlc_lanes(isa) && inputs >= 16;
}

static void (*strip_of(dlc_isa isa))(const dlc_transposed_strip *) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return dlc_transposed_strip_avx512;
    case DLC_ISA_AVX2: return dlc_transposed_strip_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return dlc_transposed_strip_neon;
#endif
    default: return dlc_transposed_strip_portable;
    }
}

static void run_line(const dlc_call *call, int64_t line, dlc_transposed_strip *s, const float **x, const float **weights, int64_t *places) {
    const dlc_conv_transpose *p = call->params;
    const float *residual = call->buffers[DLC_CONV_RESIDUAL], *slope = call->buffers[DLC_CONV_SLOPE];
    const bool finishes = p->epilogue.activation != DLC_ACT_NONE || residual;
    // Few channels by themselves would leave most lanes of the activation empty.
    const bool dense = p->y_ld == p->oc && (!residual || p->residual_ld == p->oc) && p->epilogue.activation != DLC_ACT_PRELU;
    dlc_transposed_line at_line = dlc_transposed_line_of(p, line);
    dlc_transposed_class *a = at_line.classes;
    const float *image = (const float *)call->buffers[DLC_CONV_X] + at_line.n * p->d * p->h * p->w * p->x_ld;
    for (int64_t residue = 0; residue < p->stride[2]; residue++) {
        a[2] = dlc_transposed_class_of(p, 2, residue);
        for (int64_t at = 0, end; at < a[2].count; at = end) {
            end = dlc_transposed_taps(p, a, image, at_line.od, at_line.oh, at, x, places, &s->taps);
            for (int64_t i = 0; i < s->taps; i++) weights[i] = (const float *)call->buffers[DLC_CONV_WEIGHTS] + places[i] * p->oc * p->c;
            const int64_t pixel = line * p->ow + a[2].first + at * p->stride[2];
            s->pixels = end - at;
            s->y = (float *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld;
            strip_of(p->isa)(s);
            if (finishes && !dense)
                dlc_tiles(p->isa)->epilogue(p->epilogue, s->pixels, p->oc, s->y, s->y_step, residual ? residual + pixel * p->residual_ld : 0,
                                            p->stride[2] * p->residual_ld, slope);
        }
    }
    const int64_t first = line * p->ow * p->oc;
    if (finishes && dense)
        dlc_tiles(p->isa)->epilogue(p->epilogue, 1, p->ow * p->oc, (float *)call->buffers[DLC_CONV_Y] + first, 0, residual ? residual + first : 0, 0, 0);
}

static void run(const dlc_call *call) {
    const dlc_conv_transpose *p = call->params;
    const float **x = call->scratch, **weights = x + p->most_taps;
    dlc_transposed_strip strip = {
        .x = x, .weights = weights, .channels = p->c, .outputs = p->oc, .x_step = p->x_ld, .y_step = p->stride[2] * p->y_ld, .bias = call->buffers[DLC_CONV_BIAS],
    };
    const int64_t lines = p->n * p->od * p->oh;
    for (int64_t line = call->begin * lines / p->tasks; line < call->end * lines / p->tasks; line++)
        run_line(call, line, &strip, x, weights, (int64_t *)(weights + p->most_taps));
}

void dlc_conv_transpose_narrow_prepare(dlc_conv_transpose *p, dlc_launch *out) {
    p->most_taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    p->tasks = dlc_min(p->n * p->od * p->oh, 64);
    *out = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = 1, .scratch_bytes = 24 * p->most_taps,
    };
}
