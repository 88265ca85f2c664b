/// Every algorithm of dlc_conv on the layers of well-known networks, on one thread: milliseconds,
/// GFLOP/s of the direct definition, and cycles beside what dlc_conv_cost says (at the clock that the peak implies).
#include "harness.h"
#include "bench_peak.h"

static double clock_rate;

static void bench(const char *name, int64_t h, int64_t c, int64_t oc, int64_t kernel, int64_t stride, int64_t groups, dlc_activation act) {
    static const char *const names[] = {"igemm", "F(2,3)", "F(4,3)", "depthwise", "direct"};
    const dlc_isa isa = dlc_host_isa();
    const int64_t pad = kernel / 2, oh = (h + 2 * pad - kernel) / stride + 1;
    printf("%-26s %3lld x %3lld %4lld -> %4lld k%lld s%lld  ", name, (long long)h, (long long)h, (long long)c, (long long)oc, (long long)kernel, (long long)stride);
    for (int a = 0; a < DLC_CONV_DIRECT; a++) {
        dlc_conv p = {.type = DLC_F32, .algorithm = a, .n = 1, .d = 1, .h = h, .w = h, .c = c, .od = 1, .oh = oh, .ow = oh, .oc = oc, .groups = groups,
                      .kernel = {1, kernel, kernel}, .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .pad = {0, pad, pad},
                      .x_ld = c, .y_ld = oc, .residual_ld = oc, .epilogue = {act, false, 0, 6}};
        if (!dlc_conv_supports(isa, &p, a) || (groups > 32 && a == DLC_CONV_IGEMM)) continue;
        float *x = random_floats(h * h * c), *w = random_floats(oc * (c / groups) * kernel * kernel), *bias = random_floats(oc), *y = random_floats(oh * oh * oc);
        float *packed = aligned(dlc_conv_packed_bytes(isa, &p));
        dlc_conv_pack(isa, &p, w, packed);
        void *buffers[] = {x, packed, bias, NULL, NULL, y};
        dlc_launch launch;
        if (dlc_conv_prepare(isa, &p, &launch)) {
            double t = launch_time(&launch, &p, buffers, 0.08), flops = 2.0 * (double)(oh * oh * oc * (c / groups) * kernel * kernel);
            printf(" %s %.3f ms %.0f GFLOP/s, %.0f of %.0f kcycles", names[a], t * 1e3, flops / t * 1e-9, t * clock_rate * 1e-3, dlc_conv_cost(isa, &p, a) * 1e-3);
        }
        free(x), free(w), free(bias), free(y), free(packed);
    }
    printf("\n");
}

int main(void) {
    clock_rate = peak() * 1e9 / (4.0 * dlc_lanes(dlc_host_isa()));
    printf("peak %.1f GFLOP/s, %.2f GHz\n", peak(), clock_rate * 1e-9);
    bench("ResNet first", 224, 3, 64, 7, 2, 1, DLC_ACT_RELU);
    bench("VGG first", 224, 3, 64, 3, 1, 1, DLC_ACT_RELU);
    bench("MobileNet first", 224, 3, 32, 3, 2, 1, DLC_ACT_CLIP);
    bench("VGG 1.2", 224, 64, 64, 3, 1, 1, DLC_ACT_RELU);
    bench("VGG 2.2", 112, 128, 128, 3, 1, 1, DLC_ACT_RELU);
    bench("VGG 3.2", 56, 256, 256, 3, 1, 1, DLC_ACT_RELU);
    bench("VGG 4.2", 28, 512, 512, 3, 1, 1, DLC_ACT_RELU);
    bench("VGG 5", 14, 512, 512, 3, 1, 1, DLC_ACT_RELU);
    bench("ResNet 3x3", 56, 64, 64, 3, 1, 1, DLC_ACT_RELU);
    bench("ResNet 3x3", 28, 128, 128, 3, 1, 1, DLC_ACT_RELU);
    bench("ResNet 3x3", 14, 256, 256, 3, 1, 1, DLC_ACT_RELU);
    bench("ResNet 3x3", 7, 512, 512, 3, 1, 1, DLC_ACT_RELU);
    bench("ResNet 3x3 s2", 56, 128, 128, 3, 2, 1, DLC_ACT_RELU);
    bench("ResNet 1x1", 56, 64, 256, 1, 1, 1, DLC_ACT_RELU);
    bench("ResNet 1x1", 14, 1024, 256, 1, 1, 1, DLC_ACT_RELU);
    bench("ResNet 1x1 s2", 14, 1024, 2048, 1, 2, 1, DLC_ACT_NONE);
    bench("DenseNet 3x3", 56, 128, 32, 3, 1, 1, DLC_ACT_NONE);
    bench("DenseNet 3x3", 14, 128, 32, 3, 1, 1, DLC_ACT_NONE);
    bench("DenseNet 1x1", 14, 700, 128, 1, 1, 1, DLC_ACT_RELU);
    bench("UNet", 128, 32, 32, 3, 1, 1, DLC_ACT_RELU);
    bench("UNet", 64, 128, 64, 3, 1, 1, DLC_ACT_RELU);
    bench("MobileNet 1x1", 112, 16, 96, 1, 1, 1, DLC_ACT_CLIP);
    bench("MobileNet 1x1", 112, 32, 16, 1, 1, 1, DLC_ACT_NONE);
    bench("MobileNet 1x1", 7, 320, 1280, 1, 1, 1, DLC_ACT_CLIP);
    bench("EfficientNet 1x1 SiLU", 14, 80, 480, 1, 1, 1, DLC_ACT_SILU);
    bench("MobileNet dw", 112, 32, 32, 3, 1, 32, DLC_ACT_CLIP);
    bench("MobileNet dw s2", 112, 96, 96, 3, 2, 96, DLC_ACT_CLIP);
    bench("MobileNet dw", 56, 144, 144, 3, 1, 144, DLC_ACT_CLIP);
    bench("MobileNet dw", 14, 384, 384, 3, 1, 384, DLC_ACT_CLIP);
    bench("MobileNet dw", 7, 960, 960, 3, 1, 960, DLC_ACT_CLIP);
    bench("EfficientNet dw 5x5", 28, 240, 240, 5, 1, 240, DLC_ACT_SILU);
    bench("EfficientNet dw 5x5 s2", 56, 144, 144, 5, 2, 144, DLC_ACT_SILU);
    bench("ResNeXt groups", 56, 128, 128, 3, 1, 32, DLC_ACT_RELU);
}
