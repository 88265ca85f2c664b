/// Depthwise convolutions, on one thread.
#include "bench_conv.h"

int main(void) {
    static const conv_layer layers[] = {
        {"MobileNet", 112, 32, 32, 3, 1, 32, DLC_ACT_CLIP},            {"MobileNet, stride 2", 112, 96, 96, 3, 2, 96, DLC_ACT_CLIP},
        {"MobileNet", 56, 144, 144, 3, 1, 144, DLC_ACT_CLIP},          {"MobileNet", 28, 192, 192, 3, 1, 192, DLC_ACT_CLIP},
        {"MobileNet", 14, 384, 384, 3, 1, 384, DLC_ACT_CLIP},          {"MobileNet", 7, 960, 960, 3, 1, 960, DLC_ACT_CLIP},
        {"EfficientNet 3x3", 14, 480, 480, 3, 1, 480, DLC_ACT_SILU},   {"EfficientNet 5x5", 28, 240, 240, 5, 1, 240, DLC_ACT_SILU},
        {"EfficientNet 5x5, stride 2", 56, 144, 144, 5, 2, 144, DLC_ACT_SILU}, {"EfficientNet 5x5", 7, 1152, 1152, 5, 1, 1152, DLC_ACT_SILU},
    };
    bench_header("depthwise convolutions");
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) bench_conv(&layers[i], DLC_CONV_DEPTHWISE);
}
