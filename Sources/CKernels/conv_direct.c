/// The convolution as its definition reads, for any shape, in f32 and f64: weights [oc, c/groups, taps].
#include "conv.h"
#include "gemm_typed.h"

/// One output pixel: sums in double, channel by channel of a group.
#define PIXEL(T, name)                                                                                       \
    static void pixel_##name(const dlc_conv *p, const dlc_call *call, int64_t pixel) {                       \
        const T *x = call->buffers[DLC_CONV_X], *weights = call->buffers[DLC_CONV_WEIGHTS];                  \
        const T *bias = call->buffers[DLC_CONV_BIAS], *residual = call->buffers[DLC_CONV_RESIDUAL];          \
        const T *slope = call->buffers[DLC_CONV_SLOPE];                                                      \
        T *y = (T *)call->buffers[DLC_CONV_Y] + pixel * p->y_ld;                                             \
        const int64_t c = p->c / p->groups, oc = p->oc / p->groups, taps = dlc_conv_taps(p);                 \
        const int64_t ow = pixel % p->ow, oh = pixel / p->ow % p->oh, od = pixel / p->ow / p->oh % p->od;    \
        const int64_t n = pixel / p->ow / p->oh / p->od;                                                     \
        for (int64_t o = 0; o < p->oc; o++) {                                                                \
            double sum = 0;                                                                                  \
            int64_t tap = 0;                                                                                 \
            for (int64_t kd = 0; kd < p->kernel[0]; kd++)                                                    \
                for (int64_t kh = 0; kh < p->kernel[1]; kh++)                                                \
                    for (int64_t kw = 0; kw < p->kernel[2]; kw++, tap++) {                                   \
                        const int64_t id = od * p->stride[0] - p->pad[0] + kd * p->dilation[0];              \
                        const int64_t ih = oh * p->stride[1] - p->pad[1] + kh * p->dilation[1];              \
                        const int64_t iw = ow * p->stride[2] - p->pad[2] + kw * p->dilation[2];              \
                        if (id < 0 || id >= p->d || ih < 0 || ih >= p->h || iw < 0 || iw >= p->w) continue;  \
                        const T *in = x + (((n * p->d + id) * p->h + ih) * p->w + iw) * p->x_ld + o / oc * c; \
                        const T *w = weights + o * c * taps + tap;                                           \
                        for (int64_t i = 0; i < c; i++) sum += (double)in[i] * (double)w[i * taps];          \
                    }                                                                                        \
            sum += bias ? bias[o] : 0;                                                                       \
            const double other = residual ? residual[pixel * p->residual_ld + o] : 0;                        \
            if (!p->epilogue.residual_after_activation) sum += other;                                        \
            sum = dlc_activate_f64(&p->epilogue, sum, slope ? slope[o] : 0);                                 \
            if (p->epilogue.residual_after_activation) sum += other;                                         \
            y[o] = (T)sum;                                                                                   \
        }                                                                                                    \
    }                                                                                                        \
    static void run_##name(const dlc_call *call) {                                                           \
        const dlc_conv *p = call->params;                                                                    \
        const int64_t pixels = dlc_conv_pixels(p);                                                           \
        for (int64_t i = call->begin * pixels / p->tasks; i < call->end * pixels / p->tasks; i++)            \
            pixel_##name(p, call, i);                                                                        \
    }
PIXEL(float, f32)
PIXEL(double, f64)

void dlc_conv_direct_prepare(dlc_conv *p, dlc_launch *out) {
    p->tasks = dlc_min(dlc_conv_pixels(p), 64);
    *out = (dlc_launch){.run = p->type == DLC_F64 ? run_f64 : run_f32, .tasks = p->tasks, .phases = 1};
}
