/// A row per convolution of square images, kernels and strides, padded as networks pad them.
#ifndef DLC_BENCH_CONV_H
#define DLC_BENCH_CONV_H
#include "bench.h"

typedef struct {
    const char *name;
    int64_t extent, c, oc, kernel, stride, groups;
    dlc_activation activation;
    int64_t dilation; ///< 0 for none
    int64_t batch;    ///< 0 for one image
} conv_layer;

/// Winograd is rated by its own products, side² per tile of m² outputs, and not by those of the definition.
static inline double conv_operations(const dlc_conv *p) {
    const int64_t m = p->algorithm == DLC_CONV_WINOGRAD_4 ? 4 : p->algorithm == DLC_CONV_WINOGRAD_2 || p->algorithm == DLC_CONV_WINOGRAD_STRIDED ? 2 : 0;
    const int64_t side = p->algorithm == DLC_CONV_WINOGRAD_STRIDED ? 5 : m + 2;
    const double pairs = 2.0 * (double)(p->oc * (p->c / p->groups));
    if (m == 0) return pairs * (double)(p->n * p->oh * p->ow * p->kernel[1] * p->kernel[2]);
    return pairs * (double)(p->n * ((p->oh + m - 1) / m) * ((p->ow + m - 1) / m) * side * side);
}

/// Measures a layer with an algorithm, where it can compute it.
static inline void bench_conv(const conv_layer *layer, dlc_conv_algorithm algorithm) {
    const dlc_isa isa = dlc_host_isa();
    const int64_t h = layer->extent, k = layer->kernel, s = layer->stride, c = layer->c, oc = layer->oc;
    const int64_t n = layer->batch ? layer->batch : 1, d = layer->dilation ? layer->dilation : 1, pad = k / 2 * d, oh = (h + 2 * pad - (k - 1) * d - 1) / s + 1;
    dlc_conv p = {.type = DLC_F32, .algorithm = algorithm, .n = n, .d = 1, .h = h, .w = h, .c = c, .od = 1, .oh = oh, .ow = oh, .oc = oc,
                  .groups = layer->groups, .kernel = {1, k, k}, .stride = {1, s, s}, .dilation = {1, d, d}, .pad = {0, pad, pad},
                  .x_ld = c, .y_ld = oc, .residual_ld = oc, .epilogue = {layer->activation, false, 0, 6}};
    if (!dlc_conv_supports(isa, &p, algorithm)) return;
    const int64_t weights = oc * (c / layer->groups) * k * k, bytes = dlc_conv_packed_bytes(isa, &p);
    float *x = random_floats(n * h * h * c), *w = random_floats(weights), *bias = random_floats(oc), *y = random_floats(n * oh * oh * oc), *packed = aligned(bytes);
    pack_conv(isa, &p, w, packed);
    void *buffers[] = {x, packed, bias, NULL, NULL, y};
    dlc_launch launch;
    char shape[80];
    snprintf(shape, sizeof shape, "%lldx%lldx%lldx%lld -> %lldx%lldx%lld", (long long)n, (long long)h, (long long)h, (long long)c, (long long)oh, (long long)oh, (long long)oc);
    if (dlc_conv_prepare(isa, &p, &launch)) {
        const bench_cost cost = {conv_operations(&p), (double)bytes, 4.0 * (double)(n * h * h * c + oc), 4.0 * (double)(n * oh * oh * oc)};
        bench_weights(layer->name, shape, &launch, &p, buffers, cost);
    }
    free(x), free(w), free(bias), free(y), free(packed);
}
#endif
