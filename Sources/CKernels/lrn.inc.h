/// Local response normalisation for one instruction set. A task is one pixel (channels last) or one
/// vector of pixels (channels first).
#include "include/dlc_lrn.h"
#include <math.h>

DLC_TARGET_BEGIN

/// x / base^beta.
DLC_INLINE vf lrn_divide(vf x, vf base, float beta) {
    vf root = vf_sqrt(base);
    if (beta == 0) return x; // whatever the base is, NaN too
    if (beta == 0.75f) return x / (root * vf_sqrt(root));
    if (beta == 0.5f) return x / root;
    if (beta == 1.0f) return x / base;
    return x * vexp(vlog(base) * -beta);
}

static void DLC_NAME(lrn_last_f32)(const dlc_call *call) {
    const dlc_lrn *p = call->params;
    int64_t channels = p->channels, taps = p->before + 1 + p->after;
    float *squares = call->scratch; // of channels -before ..< channels + after, with room for a vector
    for (int64_t i = 0; i < channels + p->before + p->after + VL; i++) squares[i] = 0;
    vf bias = vf_set1((float)p->bias), alpha = vf_set1((float)(p->alpha / (double)p->size));
    for (int64_t pixel = call->begin; pixel < call->end; pixel++) {
        const float *x = (const float *)call->buffers[0] + pixel * channels;
        float *y = (float *)call->buffers[1] + pixel * channels;
        for (int64_t c = 0; c < channels; c += VL) {
            int64_t n = channels - c < VL ? channels - c : VL;
            vf v = vf_load_n(x + c, n);
            vf_store_n(squares + p->before + c, v * v, n);
        }
        for (int64_t c = 0; c < channels; c += VL) {
            int64_t n = channels - c < VL ? channels - c : VL;
            vf sum = vf_zero();
            for (int64_t k = 0; k < taps; k++) sum += vf_load_n(squares + c + k, n);
            vf_store_n(y + c, lrn_divide(vf_load_n(x + c, n), vf_fma(sum, alpha, bias), (float)p->beta), n);
        }
    }
}

static void DLC_NAME(lrn_first_f32)(const dlc_call *call) {
    const dlc_lrn *p = call->params;
    int64_t blocks = (p->spatial + VL - 1) / VL;
    vf bias = vf_set1((float)p->bias), alpha = vf_set1((float)(p->alpha / (double)p->size));
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * VL, at = task / blocks * p->channels * p->spatial + first;
        int64_t n = p->spatial - first < VL ? p->spatial - first : VL;
        const float *x = (const float *)call->buffers[0] + at;
        float *y = (float *)call->buffers[1] + at;
        for (int64_t c = 0; c < p->channels; c++) {
            int64_t low = c - p->before < 0 ? 0 : c - p->before;
            int64_t high = c + p->after >= p->channels ? p->channels - 1 : c + p->after;
            vf sum = vf_zero();
            for (int64_t k = low; k <= high; k++) {
                vf v = vf_load_n(x + k * p->spatial, n);
                sum = vf_fma(v, v, sum);
            }
            vf value = vf_load_n(x + c * p->spatial, n);
            vf_store_n(y + c * p->spatial, lrn_divide(value, vf_fma(sum, alpha, bias), (float)p->beta), n);
        }
    }
}

static void DLC_NAME(lrn_f64)(const dlc_call *call) {
    const dlc_lrn *p = call->params;
    int64_t run = p->channels_last ? 1 : VL, blocks = (p->spatial + run - 1) / run;
    int64_t step_c = p->channels_last ? 1 : p->spatial, step_s = p->channels_last ? p->channels : 1;
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * run;
        for (int64_t s = first; s < first + run && s < p->spatial; s++) {
            int64_t at = task / blocks * p->channels * p->spatial + s * step_s;
            const double *x = (const double *)call->buffers[0] + at;
            double *y = (double *)call->buffers[1] + at;
            for (int64_t c = 0; c < p->channels; c++) {
                double sum = 0;
                for (int64_t k = c - p->before; k <= c + p->after; k++)
                    if (k >= 0 && k < p->channels) sum += x[k * step_c] * x[k * step_c];
                y[c * step_c] = x[c * step_c] / pow(p->bias + p->alpha / (double)p->size * sum, p->beta);
            }
        }
    }
}

DLC_TARGET_END
