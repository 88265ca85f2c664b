/// Packing of weights on one thread: cycles would be misleading on processors that change their clock, so nanoseconds, per
/// packed float, beside the bytes that are written.
#include "harness.h"

static void bench(const char *name, dlc_pack p) {
    const dlc_isa isa = dlc_host_isa();
    const int64_t bytes = dlc_pack_bytes(isa, &p), taps = p.kernel[0] * p.kernel[1] * p.kernel[2];
    float *w = random_floats(p.groups * p.outputs * p.inputs * taps), *out = aligned(bytes);
    void *buffers[] = {w, out};
    dlc_launch launch;
    if (!dlc_pack_prepare(isa, &p, &launch)) return;
    const double time = launch_time(&launch, &p, buffers, 0.5);
    printf("%-28s %9.1f us  %6.3f ns per float  %6.2f GB/s\n", name, time * 1e6, time * 1e9 / (double)(bytes / 4), (double)bytes / time * 1e-9);
    free(w), free(out);
}

static dlc_pack conv(dlc_conv_algorithm algorithm, int64_t c, int64_t oc, int64_t kernel) {
    const dlc_conv p = {.type = DLC_F32, .algorithm = algorithm, .c = c, .oc = oc, .groups = 1, .kernel = {1, kernel, kernel}};
    return dlc_conv_packing(&p);
}

int main(void) {
    bench("64 to 64, 3x3", conv(DLC_CONV_IGEMM, 64, 64, 3));
    bench("512 to 512, 3x3", conv(DLC_CONV_IGEMM, 512, 512, 3));
    bench("64 to 64, F(2x2)", conv(DLC_CONV_WINOGRAD_2, 64, 64, 3));
    bench("64 to 64, F(4x4)", conv(DLC_CONV_WINOGRAD_4, 64, 64, 3));
    bench("512 to 512, F(4x4)", conv(DLC_CONV_WINOGRAD_4, 512, 512, 3));
    bench("128 to 256, stride 2", conv(DLC_CONV_WINOGRAD_STRIDED, 128, 256, 3));
    bench("768 x 768", dlc_matrix_packing(DLC_PACK_PANELS, 768, 768, 768, 1));
    bench("768 x 768, transposed", dlc_matrix_packing(DLC_PACK_PANELS, 768, 768, 1, 768));
    bench("768 x 768, Strassen", dlc_matrix_packing(DLC_PACK_STRASSEN, 768, 768, 768, 1));
    dlc_pack turned = conv(DLC_CONV_IGEMM, 64, 64, 3);
    turned.output_step = 9, turned.input_step = 64 * 9;
    bench("64 to 64, 3x3, exchanged", turned);
    dlc_pack channels = conv(DLC_CONV_DEPTHWISE, 256, 256, 3);
    channels.groups = 256, channels.inputs = channels.outputs = 1, channels.group_step = channels.output_step = 9;
    bench("256 channels, 3x3", channels);
    const dlc_conv_transpose up = {.type = DLC_F32, .c = 256, .oc = 128, .groups = 1, .kernel = {1, 4, 4}, .stride = {1, 2, 2}, .dilation = {1, 1, 1}};
    bench("256 to 128, 4x4, transposed", dlc_conv_transpose_packing(&up));
    return 0;
}
