/// Winograd's algorithm, on one thread; the speed is that of its own products, which are 36 in place of 144 for F(4×4)
/// 16 in place of 36 for F(2×2), and 25 in place of 36 for 2×2 outputs at stride 2.
#include "bench_conv.h"

int main(void) {
    static const conv_layer layers[] = {
        {"VGG 1.2", 224, 64, 64, 3, 1, 1, DLC_ACT_RELU},   {"VGG 2.2", 112, 128, 128, 3, 1, 1, DLC_ACT_RELU},
        {"VGG 3.2", 56, 256, 256, 3, 1, 1, DLC_ACT_RELU},  {"VGG 4.2", 28, 512, 512, 3, 1, 1, DLC_ACT_RELU},
        {"VGG 5", 14, 512, 512, 3, 1, 1, DLC_ACT_RELU},    {"ResNet 1", 56, 64, 64, 3, 1, 1, DLC_ACT_RELU},
        {"ResNet 2", 28, 128, 128, 3, 1, 1, DLC_ACT_RELU}, {"ResNet 3", 14, 256, 256, 3, 1, 1, DLC_ACT_RELU},
        {"ResNet 4", 7, 512, 512, 3, 1, 1, DLC_ACT_RELU},  {"DenseNet", 56, 128, 32, 3, 1, 1, DLC_ACT_NONE},
        {"DenseNet", 14, 128, 32, 3, 1, 1, DLC_ACT_NONE},  {"SqueezeNet", 55, 16, 64, 3, 1, 1, DLC_ACT_RELU},
        {"GoogLeNet", 28, 96, 128, 3, 1, 1, DLC_ACT_RELU}, {"U-Net", 256, 32, 32, 3, 1, 1, DLC_ACT_RELU},
        {"U-Net", 64, 128, 64, 3, 1, 1, DLC_ACT_RELU},
    };
    bench_header("Winograd F(4x4, 3x3)");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_WINOGRAD_4);
    bench_header("Winograd F(2x2, 3x3)");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_WINOGRAD_2);
    static const conv_layer strided[] = {
        {"ResNet-18 2", 56, 64, 128, 3, 2, 1, DLC_ACT_RELU},  {"ResNet 2", 56, 128, 128, 3, 2, 1, DLC_ACT_RELU},
        {"ResNet 3", 28, 256, 256, 3, 2, 1, DLC_ACT_RELU},    {"ResNet 4", 14, 512, 512, 3, 2, 1, DLC_ACT_RELU},
        {"ResNet-18 4", 14, 256, 512, 3, 2, 1, DLC_ACT_RELU},
    };
    bench_header("Winograd F(2x2, 3x3) at stride 2");
    for (size_t i = 0; i < sizeof strided / sizeof *strided; i++) bench_conv(&strided[i], DLC_CONV_WINOGRAD_STRIDED);
    bench_header("the same without");
    for (size_t i = 0; i < sizeof strided / sizeof *strided; i++) bench_conv(&strided[i], DLC_CONV_IGEMM);
}
