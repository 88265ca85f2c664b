/// Depthwise convolutions, those of few channels a group, and dilated ones, on one thread.
#include "bench_conv.h"

int main(void) {
    static const conv_layer layers[] = {
        {"MobileNet", 112, 32, 32, 3, 1, 32, DLC_ACT_CLIP},            {"MobileNet, stride 2", 112, 96, 96, 3, 2, 96, DLC_ACT_CLIP},
        {"MobileNet", 56, 144, 144, 3, 1, 144, DLC_ACT_CLIP},          {"MobileNet", 28, 192, 192, 3, 1, 192, DLC_ACT_CLIP},
        {"MobileNet", 14, 384, 384, 3, 1, 384, DLC_ACT_CLIP},          {"MobileNet", 7, 960, 960, 3, 1, 960, DLC_ACT_CLIP},
        {"EfficientNet 3x3", 14, 480, 480, 3, 1, 480, DLC_ACT_SILU},   {"EfficientNet 5x5", 28, 240, 240, 5, 1, 240, DLC_ACT_SILU},
        {"EfficientNet 5x5, stride 2", 56, 144, 144, 5, 2, 144, DLC_ACT_SILU}, {"EfficientNet 5x5", 7, 1152, 1152, 5, 1, 1152, DLC_ACT_SILU},
        {"ConvNeXt 7x7", 56, 96, 96, 7, 1, 96, DLC_ACT_NONE},          {"ConvNeXt 7x7", 14, 384, 384, 7, 1, 384, DLC_ACT_NONE},
        {"MobileNet", 7, 1024, 1024, 3, 1, 1024, DLC_ACT_CLIP},        {"ConvNeXt 7x7", 14, 1024, 1024, 7, 1, 1024, DLC_ACT_NONE},
        {"DeepLab 5x5, dilated", 14, 960, 960, 5, 1, 960, DLC_ACT_HARD_SWISH, 2},
        {"ResNeXt, 32 x 4", 56, 128, 128, 3, 1, 32, DLC_ACT_RELU},     {"ResNeXt, 32 x 8, stride 2", 56, 256, 256, 3, 2, 32, DLC_ACT_RELU},
        {"ResNeXt, 32 x 8", 28, 256, 256, 3, 1, 32, DLC_ACT_RELU},     {"ResNeXt, 32 x 16", 14, 512, 512, 3, 1, 32, DLC_ACT_RELU},
        {"RegNet, 13 x 8", 28, 104, 104, 3, 1, 13, DLC_ACT_RELU},      {"RegNet, 55 x 8", 7, 440, 440, 3, 1, 55, DLC_ACT_RELU},
        {"RegNet, 6 x 8, batch 8", 112, 48, 48, 3, 2, 6, DLC_ACT_RELU, 0, 8}, {"RegNet, 13 x 8, batch 8", 56, 104, 104, 3, 2, 13, DLC_ACT_RELU, 0, 8},
        {"ResNeXt, 32 x 4, batch 8", 56, 128, 128, 3, 1, 32, DLC_ACT_RELU, 0, 8},
        {"ResNeXt, 32 x 8, batch 8", 56, 256, 256, 3, 2, 32, DLC_ACT_RELU, 0, 8}, {"ResNeXt, 32 x 8, batch 8", 28, 256, 256, 3, 1, 32, DLC_ACT_RELU, 0, 8},
        {"MobileNet, batch 8", 28, 192, 192, 3, 1, 192, DLC_ACT_CLIP, 0, 8}, {"MobileNet, batch 8", 14, 384, 384, 3, 1, 384, DLC_ACT_CLIP, 0, 8},
        {"DeepLab 5x5, dilated, batch 8", 33, 960, 960, 5, 1, 960, DLC_ACT_RELU, 2, 8},
        {"ConvNeXt 7x7, batch 8", 56, 96, 96, 7, 1, 96, DLC_ACT_NONE, 0, 8},
        {"MixNet 9x9", 28, 96, 96, 9, 1, 96, DLC_ACT_NONE},            {"MixNet 9x9, stride 2", 56, 96, 96, 9, 2, 96, DLC_ACT_NONE},
        {"RepLKNet 31x31", 28, 256, 256, 31, 1, 256, DLC_ACT_NONE},    {"ResNeXt 5x5, 32 x 4", 56, 128, 128, 5, 1, 32, DLC_ACT_RELU},
        {"groups of 3", 28, 192, 192, 3, 1, 64, DLC_ACT_RELU},         {"groups of 12", 28, 192, 192, 3, 1, 16, DLC_ACT_RELU},
        {"groups of 3, 1x1", 28, 192, 192, 1, 1, 64, DLC_ACT_RELU},    {"groups of 12, 1x1", 28, 192, 192, 1, 1, 16, DLC_ACT_RELU},
    };
    static const conv_layer products[] = {
        {"ResNeXt, 32 x 16", 14, 512, 512, 3, 1, 32, DLC_ACT_RELU},    {"ResNeXt, 32 x 32", 7, 1024, 1024, 3, 1, 32, DLC_ACT_RELU},
        {"DeepLab, dilation 12", 14, 960, 256, 3, 1, 1, DLC_ACT_RELU, 12},
    };
    bench_header("depthwise convolutions");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_DEPTHWISE);
    bench_header("implicit products");
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) bench_conv(&products[i], DLC_CONV_IGEMM);
}
