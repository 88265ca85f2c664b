/// The transposed convolution in double, gathered output by output; weights [c, oc/groups, taps].
#include "convtranspose.h"
#include "gemm_typed.h"

/// The input coordinate that output o sees through tap k, or -1.
static int64_t source(const dlc_conv_transpose *p, int axis, int64_t o, int64_t k, int64_t extent) {
    const int64_t scaled = o + p->pad[axis] - k * p->dilation[axis];
    if (scaled < 0 || scaled % p->stride[axis] != 0) return -1;
    return scaled / p->stride[axis] < extent ? scaled / p->stride[axis] : -1;
}

static void pixel(const dlc_conv_transpose *p, const dlc_call *call, int64_t at) {
    const double *x = call->buffers[DLC_CONV_X], *weights = call->buffers[DLC_CONV_WEIGHTS], *bias = call->buffers[DLC_CONV_BIAS];
    const double *residual = call->buffers[DLC_CONV_RESIDUAL], *slope = call->buffers[DLC_CONV_SLOPE];
    double *y = (double *)call->buffers[DLC_CONV_Y] + at * p->y_ld;
    const int64_t c = p->c / p->groups, oc = p->oc / p->groups, taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    const int64_t ow = at % p->ow, oh = at / p->ow % p->oh, od = at / p->ow / p->oh % p->od, n = at / p->ow / p->oh / p->od;
    for (int64_t o = 0; o < p->oc; o++) y[o] = 0;
    for (int64_t tap = 0; tap < taps; tap++) {
        const int64_t id = source(p, 0, od, tap / p->kernel[2] / p->kernel[1], p->d);
        const int64_t ih = source(p, 1, oh, tap / p->kernel[2] % p->kernel[1], p->h);
        const int64_t iw = source(p, 2, ow, tap % p->kernel[2], p->w);
        if (id < 0 || ih < 0 || iw < 0) continue;
        const double *in = x + (((n * p->d + id) * p->h + ih) * p->w + iw) * p->x_ld;
        for (int64_t i = 0; i < p->c; i++)
            for (int64_t j = 0; j < oc; j++) y[i / c * oc + j] += in[i] * weights[(i * oc + j) * taps + tap];
    }
    for (int64_t o = 0; o < p->oc; o++) {
        const double other = residual ? residual[at * p->residual_ld + o] : 0;
        double sum = y[o] + (bias ? bias[o] : 0);
        if (!p->epilogue.residual_after_activation) sum += other;
        sum = dlc_activate_f64(&p->epilogue, sum, slope ? slope[o] : 0);
        y[o] = p->epilogue.residual_after_activation ? sum + other : sum;
    }
}

static void run(const dlc_call *call) {
    const dlc_conv_transpose *p = call->params;
    const int64_t pixels = p->n * p->od * p->oh * p->ow;
    for (int64_t i = call->begin * pixels / p->tasks; i < call->end * pixels / p->tasks; i++) pixel(p, call, i);
}

void dlc_conv_transpose_direct_prepare(dlc_conv_transpose *p, dlc_launch *out) {
    p->tasks = p->oc == 0 ? 0 : dlc_min(p->n * p->od * p->oh * p->ow, 64);
    *out = (dlc_launch){.run = run, .tasks = p->tasks, .phases = 1};
}
