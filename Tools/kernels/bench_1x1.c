/// Convolutions with 1 × 1 kernels, on one thread.
#include "bench_conv.h"

int main(void) {
    static const conv_layer layers[] = {
        {"ResNet 1.a", 56, 64, 64, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 1.c", 56, 64, 256, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 1.a'", 56, 256, 64, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 2.a", 56, 256, 128, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 2.c", 28, 128, 512, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 2 shortcut", 56, 256, 512, 1, 2, 1, DLC_ACT_NONE},
        {"ResNet 2.a'", 28, 512, 128, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 3.a", 28, 512, 256, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 3.c", 14, 256, 1024, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 3 shortcut", 28, 512, 1024, 1, 2, 1, DLC_ACT_NONE},
        {"ResNet 3.a'", 14, 1024, 256, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 4.a", 14, 1024, 512, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 4.c", 7, 512, 2048, 1, 1, 1, DLC_ACT_RELU},
        {"ResNet 4 shortcut", 14, 1024, 2048, 1, 2, 1, DLC_ACT_NONE},
        {"ResNet 4.a'", 7, 2048, 512, 1, 1, 1, DLC_ACT_RELU},
        {"MobileNet expand", 112, 16, 96, 1, 1, 1, DLC_ACT_CLIP},
        {"MobileNet expand", 56, 24, 144, 1, 1, 1, DLC_ACT_CLIP},
        {"MobileNet expand", 14, 64, 384, 1, 1, 1, DLC_ACT_CLIP},
        {"MobileNet expand", 7, 160, 960, 1, 1, 1, DLC_ACT_CLIP},
        {"MobileNet project", 112, 32, 16, 1, 1, 1, DLC_ACT_NONE},
        {"MobileNet project", 56, 96, 24, 1, 1, 1, DLC_ACT_NONE},
        {"MobileNet project", 28, 144, 32, 1, 1, 1, DLC_ACT_NONE},
        {"MobileNet project", 14, 384, 64, 1, 1, 1, DLC_ACT_NONE},
        {"MobileNet project", 7, 960, 160, 1, 1, 1, DLC_ACT_NONE},
        {"MobileNet last", 7, 320, 1280, 1, 1, 1, DLC_ACT_CLIP},
        {"EfficientNet expand, SiLU", 28, 40, 240, 1, 1, 1, DLC_ACT_SILU},
        {"EfficientNet expand, SiLU", 14, 80, 480, 1, 1, 1, DLC_ACT_SILU},
        {"SqueezeNet squeeze", 55, 128, 16, 1, 1, 1, DLC_ACT_RELU},
        {"SqueezeNet expand", 55, 16, 64, 1, 1, 1, DLC_ACT_RELU},
        {"SqueezeNet last", 13, 512, 1000, 1, 1, 1, DLC_ACT_RELU},
        {"DenseNet", 56, 128, 128, 1, 1, 1, DLC_ACT_RELU},
        {"DenseNet", 28, 320, 128, 1, 1, 1, DLC_ACT_RELU},
        {"DenseNet", 14, 704, 128, 1, 1, 1, DLC_ACT_RELU},
        {"GoogLeNet", 28, 192, 64, 1, 1, 1, DLC_ACT_RELU},
        {"GoogLeNet", 14, 512, 24, 1, 1, 1, DLC_ACT_RELU},
    };
    bench_header("1 x 1 convolutions");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_IGEMM);
}
