/// Gradients of weights against naive loops in f64: every instruction set of the host, random shapes with every tail, and the
/// same bits however tasks are split.
#include "harness.h"
#include "dlc_conv_weights.h"

static int failures, cases;
static double worst, worst_winograd;

static void check(dlc_isa isa, dlc_conv_weights p) {
    int64_t taps = p.kernel[0] * p.kernel[1] * p.kernel[2], inputs = p.c / p.groups, outputs = p.oc / p.groups;
    int64_t pixels = p.n * p.od * p.oh * p.ow, count = p.oc * inputs * taps;
    float *x = random_floats(p.n * p.d * p.h * p.w * p.c), *dy = random_floats(pixels * p.oc);
    float *result = aligned(4 * count), *again = aligned(4 * count);
    dlc_conv_weights prepared = p;
    dlc_launch launch;
    cases++;
    void *buffers[] = { x, dy, result };
    bool fine = dlc_conv_weights_prepare(isa, &prepared, &launch);
    if (fine) {
        memset(result, 0x55, (size_t)(4 * count));
        fine = launch_run(&launch, &prepared, buffers, 1);
        buffers[2] = again;
        memset(again, 0x55, (size_t)(4 * count));
        fine &= launch_run(&launch, &prepared, buffers, 1 + random_below(7));
        fine &= memcmp(result, again, (size_t)(4 * count)) == 0;
    }
    for (int64_t o = 0; fine && o < p.oc; o++) for (int64_t c = 0; c < inputs; c++) for (int64_t tap = 0; tap < taps; tap++) {
        int64_t kw = tap % p.kernel[2], kh = tap / p.kernel[2] % p.kernel[1], kd = tap / p.kernel[2] / p.kernel[1];
        double sum = 0;
        for (int64_t n = 0; n < p.n; n++) for (int64_t z = 0; z < p.od; z++) for (int64_t y = 0; y < p.oh; y++) for (int64_t w = 0; w < p.ow; w++) {
            int64_t iz = z * p.stride[0] + kd * p.dilation[0] - p.pad[0], iy = y * p.stride[1] + kh * p.dilation[1] - p.pad[1];
            int64_t ix = w * p.stride[2] + kw * p.dilation[2] - p.pad[2];
            if (iz < 0 || iz >= p.d || iy < 0 || iy >= p.h || ix < 0 || ix >= p.w) continue;
            sum += (double)x[(((n * p.d + iz) * p.h + iy) * p.w + ix) * p.c + o / outputs * inputs + c] *
                   (double)dy[(((n * p.od + z) * p.oh + y) * p.ow + w) * p.oc + o];
        }
        double error = fabs(sum - (double)result[(o * inputs + c) * taps + tap]) / (1 + sqrt((double)pixels));
        double *most = prepared.winograd ? &worst_winograd : &worst;
        if (error > *most) *most = error;
        if (!(error < (prepared.winograd ? 2e-5 : 2e-6))) fine = false;
    }
    if (!fine) {
        failures++;
        printf("isa %d: n %ld, %ldx%ldx%ld -> %ldx%ldx%ld, %ld -> %ld channels, %ld groups, kernel %ldx%ldx%ld, stride %ld, dilation %ld, pad %ld\n",
               isa, (long)p.n, (long)p.d, (long)p.h, (long)p.w, (long)p.od, (long)p.oh, (long)p.ow, (long)p.c, (long)p.oc, (long)p.groups,
               (long)p.kernel[0], (long)p.kernel[1], (long)p.kernel[2], (long)p.stride[2], (long)p.dilation[2], (long)p.pad[2]);
    }
    free(x), free(dy), free(result), free(again);
}

static dlc_conv_weights random_case(void) {
    dlc_conv_weights p = { .n = 1 + random_below(3) };
    int rank = 1 + (int)random_below(3);
    int64_t own[3] = { 1, 1, 1 }, out[3] = { 1, 1, 1 };
    for (int i = 0; i < 3; i++) {
        p.kernel[i] = p.stride[i] = p.dilation[i] = 1;
        if (i < 3 - rank) continue;
        p.kernel[i] = 1 + random_below(4), p.stride[i] = 1 + random_below(3), p.dilation[i] = 1 + random_below(2);
        int64_t reach = (p.kernel[i] - 1) * p.dilation[i] + 1;
        p.pad[i] = random_below(3) == 0 ? 0 : random_below(reach + 2) - 1;
        own[i] = 1 + reach + random_below(rank == 1 ? 300 : 9);
        // The window may leave input over, or reach into padding behind it.
        int64_t room = own[i] + p.pad[i] + random_below(2) * random_below(reach + 1);
        out[i] = (room - reach) / p.stride[i] + 1;
    }
    p.d = own[0], p.h = own[1], p.w = own[2], p.od = out[0], p.oh = out[1], p.ow = out[2];
    int64_t kind = random_below(5);
    p.groups = kind == 0 ? 1 + random_below(40) : kind == 1 ? 1 + random_below(4) : 1;
    p.c = p.groups * (kind == 0 ? 1 : 1 + random_below(random_below(2) ? 6 : 90));
    p.oc = p.groups * (kind == 0 ? 1 : 1 + random_below(random_below(2) ? 20 : 90));
    return p;
}

/// 3 × 3 windows at stride 1 with enough channels for Winograd's domain.
static dlc_conv_weights winograd_case(int64_t n, int64_t h, int64_t w, int64_t c, int64_t oc, int64_t pad) {
    return (dlc_conv_weights){ .n = n, .d = 1, .h = h, .w = w, .od = 1, .oh = h + 2 * pad - 2, .ow = w + 2 * pad - 2, .c = c, .oc = oc, .groups = 1,
                               .kernel = { 1, 3, 3 }, .stride = { 1, 1, 1 }, .dilation = { 1, 1, 1 }, .pad = { 0, pad, pad } };
}

/// 4 × 4 windows at stride 2.
static dlc_conv_weights strided_case(int64_t n, int64_t oh, int64_t ow, int64_t c, int64_t oc, int64_t pad) {
    return (dlc_conv_weights){ .n = n, .d = 1, .h = 2 * oh + 2 - 2 * pad + random_below(2), .w = 2 * ow + 2 - 2 * pad, .od = 1, .oh = oh, .ow = ow, .c = c, .oc = oc, .groups = 1,
                               .kernel = { 1, 4, 4 }, .stride = { 1, 2, 2 }, .dilation = { 1, 1, 1 }, .pad = { 0, pad, pad } };
}

static void check_winograd(dlc_isa isa, dlc_conv_weights p) {
    dlc_conv_weights prepared = p;
    dlc_launch launch;
    if (!dlc_conv_weights_prepare(isa, &prepared, &launch) || !prepared.winograd) failures++, printf("isa %d: %ld -> %ld channels are not in Winograd's domain\n", isa, (long)p.c, (long)p.oc);
    check(isa, p);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        for (int i = 0; i < 400 / CHECK_SHARE; i++) check((dlc_isa)isa, random_case());
        for (int i = 0; i < 30 / CHECK_SHARE; i++)
            check((dlc_isa)isa, winograd_case(1 + random_below(3), 3 + random_below(20), 3 + random_below(20), 16 + random_below(90), 16 + random_below(90), random_below(4)));
        for (int i = 0; i < 30 / CHECK_SHARE; i++)
            check((dlc_isa)isa, strided_case(1 + random_below(3), 2 + random_below(10), 2 + random_below(10), 16 + random_below(60), 16 + random_below(60), random_below(3)));
        check_winograd((dlc_isa)isa, strided_case(CHECK_SHARE == 1 ? 2 : 1, 28, 27, 50, 60, 1));
        check_winograd((dlc_isa)isa, strided_case(4, 8, 12, 120, 130, 1));
        // Chunks of tiles, and rows of weights with sums of their own.
        check_winograd((dlc_isa)isa, winograd_case(CHECK_SHARE == 1 ? 2 : 1, 58, 57, 60, 70, 1));
        check_winograd((dlc_isa)isa, winograd_case(2, 12, 13, 190, 200, 1));
        dlc_conv_weights empty = { .n = 0, .d = 1, .h = 3, .w = 3, .od = 1, .oh = 3, .ow = 3, .c = 2, .oc = 3, .groups = 1,
                                   .kernel = { 1, 1, 1 }, .stride = { 1, 1, 1 }, .dilation = { 1, 1, 1 } };
        check((dlc_isa)isa, empty);
    }
    printf("%d cases, %d failures, worst %.2g of the root of the number of pixels, in Winograd's domain %.2g\n", cases, failures, worst, worst_winograd);
    return failures > 0;
}
