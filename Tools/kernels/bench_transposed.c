/// Transposed convolutions of generators, U-Nets and masks, on one thread.
#include "bench.h"

typedef struct {
    const char *name;
    int64_t extent, c, oc, kernel, stride, pad, batch;
    dlc_activation activation;
} layer;

static void bench(const layer *l) {
    const dlc_isa isa = dlc_host_isa();
    const int64_t h = l->extent, k = l->kernel, s = l->stride, c = l->c, oc = l->oc, n = l->batch, oh = (h - 1) * s - 2 * l->pad + k;
    dlc_conv_transpose p = {.type = DLC_F32, .n = n, .d = 1, .h = h, .w = h, .c = c, .od = 1, .oh = oh, .ow = oh, .oc = oc, .groups = 1,
                            .kernel = {1, k, k}, .stride = {1, s, s}, .dilation = {1, 1, 1}, .pad = {0, l->pad, l->pad},
                            .x_ld = c, .y_ld = oc, .residual_ld = oc, .epilogue = {l->activation, false, 0, 0},
                            .narrow = dlc_conv_transpose_is_narrow(isa, 1, c, oc)};
    const int64_t weights = c * oc * k * k, bytes = dlc_conv_transpose_packed_bytes(isa, &p);
    float *x = random_floats(n * h * h * c), *w = random_floats(weights), *bias = random_floats(oc), *y = random_floats(n * oh * oh * oc);
    float *packed = aligned(bytes);
    dlc_pack_run(isa, dlc_conv_transpose_packing(&p), w, packed);
    void *buffers[] = {x, packed, bias, NULL, NULL, y};
    dlc_launch launch;
    char shape[80];
    snprintf(shape, sizeof shape, "%lldx%lldx%lldx%lld -> %lldx%lldx%lld", (long long)n, (long long)h, (long long)h,
             (long long)c, (long long)oh, (long long)oh, (long long)oc);
    if (dlc_conv_transpose_prepare(isa, &p, &launch)) {
        const bench_cost cost = {2.0 * (double)(n * h * h) * (double)weights, (double)bytes, 4.0 * (double)(n * h * h * c + oc),
                                 4.0 * (double)(n * oh * oh * oc)};
        bench_weights(l->name, shape, &launch, &p, buffers, cost);
    }
    free(x), free(w), free(bias), free(y), free(packed);
}

int main(void) {
    static const layer layers[] = {
        {"DCGAN 1", 4, 512, 256, 4, 2, 1, 1, DLC_ACT_RELU},   {"DCGAN 2", 8, 256, 128, 4, 2, 1, 1, DLC_ACT_RELU},
        {"DCGAN 3", 16, 128, 64, 4, 2, 1, 1, DLC_ACT_RELU},   {"DCGAN 4", 32, 64, 3, 4, 2, 1, 1, DLC_ACT_TANH},
        {"DCGAN 1 of 16", 4, 512, 256, 4, 2, 1, 16, DLC_ACT_RELU}, {"DCGAN 2 of 16", 8, 256, 128, 4, 2, 1, 16, DLC_ACT_RELU},
        {"U-Net 4", 16, 512, 256, 2, 2, 0, 1, DLC_ACT_NONE},  {"U-Net 3", 32, 256, 128, 2, 2, 0, 1, DLC_ACT_NONE},
        {"U-Net 2", 64, 128, 64, 2, 2, 0, 1, DLC_ACT_NONE},   {"U-Net 1", 128, 64, 32, 2, 2, 0, 1, DLC_ACT_NONE},
        {"Mask", 14, 256, 256, 2, 2, 0, 8, DLC_ACT_RELU},     {"3x3, stride 2", 14, 128, 64, 3, 2, 1, 1, DLC_ACT_RELU},
        {"5x5, stride 2", 14, 64, 32, 5, 2, 2, 1, DLC_ACT_RELU}, {"FCN, stride 32", 7, 21, 21, 64, 32, 16, 1, DLC_ACT_NONE},
    };
    bench_header("transposed convolutions");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench(&layers[i]);
}
