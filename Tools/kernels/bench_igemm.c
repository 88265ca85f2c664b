/// Convolutions as products over row pointers, on one thread: first layers, strides, small and grouped ones.
#include "bench_conv.h"

int main(void) {
    static const conv_layer layers[] = {
        {"ResNet first", 224, 3, 64, 7, 2, 1, DLC_ACT_RELU},   {"VGG first", 224, 3, 64, 3, 1, 1, DLC_ACT_RELU},
        {"MobileNet first", 224, 3, 32, 3, 2, 1, DLC_ACT_CLIP}, {"VGG 3.2", 56, 256, 256, 3, 1, 1, DLC_ACT_RELU},
        {"ResNet 2, stride 2", 56, 128, 128, 3, 2, 1, DLC_ACT_RELU}, {"ResNet 3, stride 2", 28, 256, 256, 3, 2, 1, DLC_ACT_RELU},
        {"ResNet 4, stride 2", 14, 512, 512, 3, 2, 1, DLC_ACT_RELU}, {"ResNet 3", 14, 256, 256, 3, 1, 1, DLC_ACT_RELU},
        {"ResNet 4", 7, 512, 512, 3, 1, 1, DLC_ACT_RELU},      {"DenseNet", 56, 128, 32, 3, 1, 1, DLC_ACT_NONE},
        {"DenseNet", 14, 128, 32, 3, 1, 1, DLC_ACT_NONE},      {"GoogLeNet 5x5", 28, 16, 32, 5, 1, 1, DLC_ACT_RELU},
        {"GoogLeNet 5x5", 14, 24, 64, 5, 1, 1, DLC_ACT_RELU},  {"ViT patches", 224, 3, 768, 16, 16, 1, DLC_ACT_NONE},
        {"ResNeXt groups", 56, 128, 128, 3, 1, 32, DLC_ACT_RELU},
    };
    bench_header("k x k convolutions");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_IGEMM);
}
