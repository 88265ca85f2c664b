/// Gradients of weights at layers of networks that are trained: GFLOP/s of one thread.
#include "harness.h"
#include "dlc_conv_weights.h"

static void bench(const char *name, int64_t n, int64_t size, int64_t c, int64_t oc, int64_t kernel, int64_t stride, int64_t groups) {
    int64_t out = (size + stride - 1) / stride;
    dlc_conv_weights p = { .n = n, .d = 1, .h = size, .w = size, .od = 1, .oh = out, .ow = out, .c = c, .oc = oc, .groups = groups,
                           .kernel = { 1, kernel, kernel }, .stride = { 1, stride, stride }, .dilation = { 1, 1, 1 }, .pad = { 0, (kernel - 1) / 2, (kernel - 1) / 2 } };
    float *x = random_floats(n * size * size * c), *dy = random_floats(n * out * out * oc), *result = aligned(4 * oc * c / groups * kernel * kernel);
    void *buffers[] = { x, dy, result };
    dlc_launch launch;
    if (!dlc_conv_weights_prepare(dlc_host_isa(), &p, &launch)) { printf("%s: refused\n", name); return; }
    double best = 1e9, flops = 2.0 * (double)(n * out * out * oc * c / groups * kernel * kernel);
    for (int i = 0; i < 12; i++) {
        double start = seconds();
        launch_run(&launch, &p, buffers, 1);
        double time = seconds() - start;
        if (time < best) best = time;
    }
    printf("%-28s %8.3f ms %8.1f GFLOP/s\n", name, best * 1e3, flops / best * 1e-9);
    free(x), free(dy), free(result);
}

int main(void) {
    bench("lenet 1->6 5x5 28", 64, 28, 1, 6, 5, 1, 1);
    bench("lenet 6->16 5x5 14", 64, 14, 6, 16, 5, 1, 1);
    bench("resnet20 16 3x3 32", 64, 32, 16, 16, 3, 1, 1);
    bench("resnet20 32 3x3 16", 64, 16, 32, 32, 3, 1, 1);
    bench("resnet20 64 3x3 8", 64, 8, 64, 64, 3, 1, 1);
    bench("resnet18 3->64 7x7/2 224", 8, 224, 3, 64, 7, 2, 1);
    bench("resnet18 64 3x3 56", 8, 56, 64, 64, 3, 1, 1);
    bench("resnet18 128 3x3 28", 8, 28, 128, 128, 3, 1, 1);
    bench("resnet18 256 3x3 14", 8, 14, 256, 256, 3, 1, 1);
    bench("resnet18 512 3x3 7", 8, 7, 512, 512, 3, 1, 1);
    bench("resnet18 128->256 1x1/2", 8, 28, 128, 256, 1, 2, 1);
    bench("mobilenet 96->24 1x1 56", 8, 56, 96, 24, 1, 1, 1);
    bench("mobilenet 144 dw 3x3 56", 8, 56, 144, 144, 3, 1, 144);
    bench("mobilenet 384 dw 3x3 14", 8, 14, 384, 384, 3, 1, 384);
    bench("unet 128 3x3 64", 2, 64, 128, 128, 3, 1, 1);
    bench("unet 1024 3x3 16", 2, 16, 1024, 1024, 3, 1, 1);
    bench("unet 1024 3x3 8", 2, 8, 1024, 1024, 3, 1, 1);
    bench("unet 1024->512 3x3 16", 2, 16, 1024, 512, 3, 1, 1);
    bench("unet 128->64 3x3 128", 2, 128, 128, 64, 3, 1, 1);
    bench("unet 512 3x3 16", 2, 16, 512, 512, 3, 1, 1);
    bench("dcgan 64->128 4x4/2 32", 32, 32, 64, 128, 4, 2, 1);
    bench("dcgan 128->256 4x4/2 16", 32, 16, 128, 256, 4, 2, 1);
    bench("dcgan 256->512 4x4/2 8", 32, 8, 256, 512, 4, 2, 1);
    bench("vae 32->64 4x4/2 14", 64, 14, 32, 64, 4, 2, 1);
    return 0;
}
