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
} context;

/// The taps of line classes `a` that lie in the image, for the outputs from `at` on of class a[2] in one line.
/// Returns how far these outputs have the same taps.
static int64_t gather_taps(context *l, const dlc_transposed_class a[3], int64_t n, int64_t od, int64_t oh, int64_t at) {
    const dlc_conv_transpose *p = l->p;
    const float *x = (const float *)l->call->buffers[DLC_CONV_X] + n * p->d * p->h * p->w * p->x_ld, *weights = l->call->buffers[DLC_CONV_WEIGHTS];
    int64_t end = a[2].count, taps = 0;
    for (int64_t d = 0; d < a[0].taps; d++)
        for (int64_t h = 0; h < a[1].taps; h++)
            for (int64_t w = 0; w < a[2].taps; w++) {
                const int64_t kd = a[0].first_tap + d * a[0].tap_step, kh = a[1].first_tap + h * a[1].tap_step, kw = a[2].first_tap + w * a[2].tap_step;
                // The divisions are exact within a class.
                const int64_t id = (od + p->pad[0] - kd * p->dilation[0]) / p->stride[0];
                const int64_t ih = (oh + p->pad[1] - kh * p->dilation[1]) / p->stride[1];
                const int64_t iw = (a[2].first + p->pad[2] - kw * p->dilation[2]) / p->stride[2];
                if ((uint64_t)id >= (uint64_t)p->d || (uint64_t)ih >= (uint64_t)p->h) continue;
                // Outputs -iw ..< w - iw have this tap.
                if (at < -iw) end = dlc_min(end, -iw);
                else if (at < p->w - iw) {
                    end = dlc_min(end, p->w - iw);
                    l->x[taps] = x + ((id * p->h + ih) * p->w + iw + at) * p->x_ld;
                    l->weights[taps++] = weights + ((kd * p->kernel[1] + kh) * p->kernel[2] + kw) * p->c;
                }
            }
    l->strip.taps = taps;
    return end;
}

static void run_line(context *l, int64_t line) {
    const dlc_conv_transpose *p = l->p;
    const float *residual = l->call->buffers[DLC_CONV_RESIDUAL], *slope = l->call->buffers[DLC_CONV_SLOPE];
    const int64_t oh = line % p->oh, od = line / p->oh % p->od, n = line / p->oh / p->od;
    dlc_transposed_class a[3] = {
        dlc_transposed_class_of(p, 0, ((od + p->pad[0]) % p->stride[0] + p->stride[0]) % p->stride[0]),
        dlc_transposed_class_of(p, 1, ((oh + p->pad[1]) % p->stride[1] + p->stride[1]) % p->stride[1]),
    };
    for (int64_t residue = 0; residue < p->stride[2]; residue++) {
        a[2] = dlc_transposed_class_of(p, 2, residue);
        for (int64_t at = 0, end; at < a[2].count; at = end) {
            end = gather_taps(l, a, n, od, oh, at);
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
    l.weights = l.x + p->most_taps;
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
    *out = (dlc_launch){.run = run, .tasks = p->tasks, .phases = 1, .scratch_bytes = 16 * p->most_taps};
}
