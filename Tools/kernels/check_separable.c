/// dlc_separable against its stages one by one (dlc_conv's definition), on every instruction set of the host,
/// over random shapes; and the same bits however tasks are split.
#include "harness.h"
#include "dlc_separable.h"

static dlc_conv stage(int64_t n, int64_t h, int64_t w, int64_t c, int64_t x_ld, int64_t oh, int64_t ow, int64_t oc, int64_t y_ld, int64_t groups, dlc_epilogue epilogue) {
    return (dlc_conv){.type = DLC_F32, .algorithm = DLC_CONV_DIRECT, .n = n, .d = 1, .h = h, .w = w, .c = c, .od = 1, .oh = oh, .ow = ow, .oc = oc,
                      .groups = groups, .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}, .x_ld = x_ld, .y_ld = y_ld,
                      .residual_ld = y_ld, .epilogue = epilogue};
}

static float *pack(dlc_isa isa, dlc_conv p, dlc_conv_algorithm algorithm, const float *weights) {
    p.algorithm = algorithm;
    float *packed = aligned(dlc_conv_packed_bytes(isa, &p));
    pack_conv(isa, &p, weights, packed);
    return packed;
}

static bool run_stage(dlc_isa isa, dlc_conv p, const float *x, const float *weights, const float *bias, const float *residual, float *y) {
    void *buffers[] = {(void *)x, (void *)weights, (void *)bias, (void *)residual, NULL, y};
    dlc_launch launch;
    return dlc_conv_prepare(isa, &p, &launch) && launch_run(&launch, &p, buffers, launch.tasks);
}

static dlc_epilogue random_epilogue(void) {
    const dlc_activation kinds[] = {DLC_ACT_NONE, DLC_ACT_RELU, DLC_ACT_CLIP, DLC_ACT_SILU, DLC_ACT_HARD_SWISH};
    return (dlc_epilogue){kinds[random_below(5)], random_below(2), -0.5f, 0.75f};
}

/// The error relative to the largest result, or infinity where something else went wrong.
static double check(dlc_isa isa) {
    dlc_separable p = {.n = random_below(3), .h = 1 + random_below(30), .w = 1 + random_below(30), .c = 1 + random_below(40)};
    p.expands = random_below(3), p.projects = !p.expands || random_below(2);
    p.middle = p.expands ? 1 + random_below(150) : p.c, p.oc = p.projects ? 1 + random_below(90) : p.middle;
    p.kernel = 3 + 2 * random_below(2);
    for (int i = 0; i < 2; i++) p.stride[i] = 1 + random_below(2), p.pad[i] = random_below(p.kernel) - (random_below(8) == 0);
    p.oh = 1 + random_below(1 + (p.h + 2 * p.kernel) / p.stride[0]), p.ow = 1 + random_below(1 + (p.w + 2 * p.kernel) / p.stride[1]);
    p.x_ld = p.c + random_below(2) * 3, p.y_ld = p.residual_ld = p.oc + random_below(2) * 5;
    p.expand = random_epilogue(), p.depthwise = random_epilogue(), p.project = random_epilogue();
    const bool biases = random_below(3), residual = random_below(2);

    const int64_t in = p.n * p.h * p.w, out = p.n * p.oh * p.ow;
    dlc_conv a = stage(p.n, p.h, p.w, p.c, p.x_ld, p.h, p.w, p.middle, p.middle, 1, p.expand);
    dlc_conv b = stage(p.n, p.h, p.w, p.middle, p.expands ? p.middle : p.x_ld, p.oh, p.ow, p.middle, p.projects ? p.middle : p.y_ld, p.middle, p.depthwise);
    for (int i = 0; i < 2; i++) b.kernel[1 + i] = p.kernel, b.stride[1 + i] = p.stride[i], b.pad[1 + i] = p.pad[i];
    dlc_conv c = stage(p.n, p.oh, p.ow, p.middle, p.middle, p.oh, p.ow, p.oc, p.y_ld, 1, p.project);
    float *x = random_floats(in * p.x_ld), *wa = random_floats(p.middle * p.c), *wb = random_floats(p.middle * p.kernel * p.kernel), *wc = random_floats(p.oc * p.middle);
    float *bias = random_floats(p.middle + p.oc), *other = random_floats(out * p.y_ld);
    float *ya = random_floats(in * p.middle), *yb = random_floats(out * (p.middle + p.y_ld)), *want = random_floats(out * p.y_ld), *y = random_floats(out * p.y_ld), *again = random_floats(out * p.y_ld);
    memcpy(y, want, (size_t)(out * p.y_ld) * 4), memcpy(again, want, (size_t)(out * p.y_ld) * 4);
    bool fine = true;
    if (p.expands) fine = run_stage(isa, a, x, wa, biases ? bias : NULL, NULL, ya);
    fine = fine && run_stage(isa, b, p.expands ? ya : x, wb, biases ? bias : NULL, residual && !p.projects ? other : NULL, p.projects ? yb : want);
    if (p.projects) fine = fine && run_stage(isa, c, yb, wc, biases ? bias : NULL, residual ? other : NULL, want);

    float *pa = pack(isa, a, DLC_CONV_IGEMM, wa), *pb = pack(isa, b, DLC_CONV_DEPTHWISE, wb), *pc = pack(isa, c, DLC_CONV_IGEMM, wc);
    void *buffers[] = {x, pa, biases ? bias : NULL, pb, biases ? bias : NULL, pc, biases ? bias : NULL, residual ? other : NULL, y};
    dlc_launch launch;
    fine = fine && dlc_separable_prepare(isa, &p, &launch) && launch_run(&launch, &p, buffers, launch.tasks);
    buffers[8] = again;
    fine = fine && launch_run(&launch, &p, buffers, 1) && memcmp(y, again, (size_t)(out * p.y_ld) * 4) == 0;
    double worst = 0, largest = 1;
    for (int64_t i = 0; i < out * p.y_ld; i++) {
        worst = fmax(worst, fabs((double)y[i] - (double)want[i]));
        largest = fmax(largest, fabs((double)want[i]));
        if (y[i] != y[i]) fine = false;
        if (i % p.y_ld >= p.oc && y[i] != want[i]) fine = false; // beyond the channels
    }
    free(x), free(wa), free(wb), free(wc), free(bias), free(other), free(ya), free(yb), free(want), free(y), free(again), free(pa), free(pb), free(pc);
    if (fine && worst / largest < 4e-5) return worst / largest;
    printf("FAILED %s error %g ran %d: n %lld, %lld x %lld x %lld -> %lld -> %lld x %lld x %lld, kernel %lld, stride %lld %lld, pad %lld %lld, expands %d, projects %d\n",
           isa_names[isa], worst / largest, fine, (long long)p.n, (long long)p.h, (long long)p.w, (long long)p.c, (long long)p.middle, (long long)p.oh, (long long)p.ow,
           (long long)p.oc, (long long)p.kernel, (long long)p.stride[0], (long long)p.stride[1], (long long)p.pad[0], (long long)p.pad[1], p.expands, p.projects);
    return INFINITY;
}

int main(void) {
    int cases = 0, failures = 0;
    double worst = 0;
    for (dlc_isa isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        for (int i = 0; i < 400; i++, cases++) {
            const double error = check(isa);
            if (error == INFINITY) failures++;
            else worst = fmax(worst, error);
        }
    }
    printf("separable: %d cases, %d failures; worst error %.1e of the largest result\n", cases, failures, worst);
    return failures != 0;
}
