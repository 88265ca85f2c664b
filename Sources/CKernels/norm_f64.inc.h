/// Layer, RMS, group and Lp normalisation in f64, element by element.
#include "include/dlc_norm.h"
#include <math.h>

DLC_TARGET_BEGIN

static void DLC_NAME(norm_f64)(const dlc_call *call) {
    const dlc_norm *p = call->params;
    const double *scale = call->buffers[1], *bias = call->buffers[2];
    float *means = call->buffers[4], *inv_stds = call->buffers[5];
    for (int64_t row = call->begin; row < call->end; row++) {
        const double *x = (const double *)call->buffers[0] + row * p->n;
        double *y = (double *)call->buffers[3] + row * p->n;
        double mean = 0, variance = 0, n = (double)p->n;
        for (int64_t i = 0; i < p->n; i++) mean += x[i];
        mean = p->kind == DLC_NORM_RMS ? 0 : mean / n;
        for (int64_t i = 0; i < p->n; i++) variance += (x[i] - mean) * (x[i] - mean);
        double inv_std = 1 / sqrt(variance / n + p->epsilon);
        for (int64_t i = 0; i < p->n; i++)
            y[i] = (x[i] - mean) * inv_std * (scale ? scale[i] : 1) + (bias ? bias[i] : -0.0);
        if (means) means[row] = (float)mean;
        if (inv_stds) inv_stds[row] = (float)inv_std;
    }
}

static void DLC_NAME(group_norm_f64)(const dlc_call *call) {
    const dlc_group_norm *p = call->params;
    const double *scale = call->buffers[1], *bias = call->buffers[2];
    int64_t size = p->channels / p->groups;
    int64_t step_c = p->channels_last ? 1 : p->spatial, step_s = p->channels_last ? p->channels : 1;
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t channel = task % p->groups * size, at = task / p->groups * p->channels * p->spatial + channel * step_c;
        const double *x = (const double *)call->buffers[0] + at;
        double *y = (double *)call->buffers[3] + at, mean = 0, variance = 0, n = (double)(size * p->spatial);
        for (int64_t c = 0; c < size; c++)
            for (int64_t s = 0; s < p->spatial; s++) mean += x[c * step_c + s * step_s];
        mean /= n;
        for (int64_t c = 0; c < size; c++)
            for (int64_t s = 0; s < p->spatial; s++) {
                double d = x[c * step_c + s * step_s] - mean;
                variance += d * d;
            }
        double inv_std = 1 / sqrt(variance / n + p->epsilon);
        for (int64_t c = 0; c < size; c++) {
            double a = inv_std * (scale ? scale[channel + c] : 1), b = bias ? bias[channel + c] : -0.0;
            for (int64_t s = 0; s < p->spatial; s++)
                y[c * step_c + s * step_s] = (x[c * step_c + s * step_s] - mean) * a + b;
        }
    }
}

static void DLC_NAME(lp_norm_f64)(const dlc_call *call) {
    const dlc_lp_norm *p = call->params;
    int64_t blocks = (p->inner + VL - 1) / VL;
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * VL;
        for (int64_t i = first; i < first + VL && i < p->inner; i++) {
            int64_t at = task / blocks * p->axis * p->inner + i;
            const double *x = (const double *)call->buffers[0] + at;
            double *y = (double *)call->buffers[1] + at, norm = 0;
            for (int64_t k = 0; k < p->axis; k++) {
                double v = x[k * p->inner];
                norm += p->p == 1 ? fabs(v) : v * v;
            }
            if (p->p == 2) norm = sqrt(norm);
            for (int64_t k = 0; k < p->axis; k++) y[k * p->inner] = norm == 0 ? 0 : x[k * p->inner] / norm;
        }
    }
}

DLC_TARGET_END
