/// Transposed convolution of each channel by itself, line by line: neighbours of a class of outputs read neighbours of the input
/// through the same taps. Its gradient's counterpart is the strided depthwise convolution.
#include "convtranspose.h"
#include "depthwise.h"

/// What the lines of a call share.
typedef struct {
    const dlc_conv_transpose *p;
    const dlc_call *call;
    const dlc_depthwise_set *set;
    dlc_depthwise_strip strip;
    bool finishes;             ///< the strip does all of the epilogue
    const float **x, **weights;
    int64_t *places;
} context;

static void run_line(context *l, int64_t line) {
    const dlc_conv_transpose *p = l->p;
    const float *residual = l->call->buffers[DLC_CONV_RESIDUAL], *slope = l->call->buffers[DLC_CONV_SLOPE];
    dlc_transposed_line at_line = dlc_transposed_line_of(p, line);
    dlc_transposed_class *a = at_line.classes;
    for (int64_t residue = 0; residue < p->stride[2]; residue++) {
        a[2] = dlc_transposed_class_of(p, 2, residue);
        for (int64_t at = 0, end; at < a[2].count; at = end) {
            const float *image = (const float *)l->call->buffers[DLC_CONV_X] + at_line.n * p->d * p->h * p->w * p->x_ld;
            end = dlc_transposed_taps(p, a, image, at_line.od, at_line.oh, at, l->x, l->places, &l->strip.taps);
            for (int64_t i = 0; i < l->strip.taps; i++) l->weights[i] = (const float *)l->call->buffers[DLC_CONV_WEIGHTS] + l->places[i] * p->c;
            const int64_t pixel = line * p->ow + a[2].first + at * p->stride[2];
            const float *other = residual ? residual + pixel * p->residual_ld : 0;
            dlc_depthwise_strip *s = &l->strip;
            s->pixels = end - at;
            s->y = (float *)l->call->buffers[DLC_CONV_Y] + pixel * p->y_ld;
            s->residual = l->finishes ? other : 0;
            l->set->strip(s);
            if (!l->finishes)
                dlc_tiles(p->isa)->epilogue(p->epilogue, s->pixels, p->oc, s->y, s->y_step, other, s->residual_step, slope);
        }
    }
}

static void run(const dlc_call *call) {
    const dlc_conv_transpose *p = call->params;
    const dlc_activation kind = p->epilogue.activation;
    context l = {.p = p, .call = call, .set = dlc_depthwise_set_of(p->isa), .x = call->scratch};
    l.weights = l.x + p->most_taps, l.places = (int64_t *)(l.weights + p->most_taps);
    l.finishes = dlc_depthwise_finishes(&p->epilogue, call->buffers[DLC_CONV_RESIDUAL]);
    l.strip = (dlc_depthwise_strip){
        .x = l.x, .weights = l.weights, .channels = p->oc, .x_step = p->x_ld, .y_step = p->stride[2] * p->y_ld,
        .residual_step = p->stride[2] * p->residual_ld, .bias = call->buffers[DLC_CONV_BIAS],
        .clamp = l.finishes && kind != DLC_ACT_NONE, .lo = kind == DLC_ACT_CLIP ? p->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
    };
    const int64_t lines = p->n * p->od * p->oh;
    for (int64_t line = call->begin * lines / p->tasks; line < call->end * lines / p->tasks; line++) run_line(&l, line);
}

void dlc_conv_transpose_depthwise_prepare(dlc_conv_transpose *p, dlc_launch *out) {
    p->most_taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    p->tasks = dlc_min(p->n * p->od * p->oh, 64);
    *out = (dlc_launch){.run = run, .tasks = p->tasks, .phases = 1, .scratch_bytes = 24 * p->most_taps};
}
