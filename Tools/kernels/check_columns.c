/// Windows added into images against the definition in double: every instruction set of the host, both types.
#include "harness.h"
#include "dlc_columns.h"

static int failures, cases;

static double get(dlc_type t, const void *p, int64_t i) { return t == DLC_F32 ? (double)((const float *)p)[i] : ((const double *)p)[i]; }

static void check(dlc_isa isa) {
    dlc_columns p = {.type = random_below(2) ? DLC_F32 : DLC_F64, .images = random_below(4)};
    const int rank = 1 + (int)random_below(3);
    int64_t taps = 1, windows = 1, places = 1;
    for (int axis = 0; axis < 3; axis++) {
        const bool is_used = axis >= 3 - rank;
        p.kernel[axis] = is_used ? 1 + random_below(4) : 1, p.stride[axis] = is_used ? 1 + random_below(3) : 1;
        p.dilation[axis] = is_used ? 1 + random_below(3) : 1, p.pad[axis] = is_used ? random_below(6) - 2 : 0;
        p.extent[axis] = is_used ? random_below(axis == 2 ? 60 : 8) : 1;
        // Mostly what a convolution reads, else any, so that taps fall outside on either side.
        const int64_t room = p.extent[axis] + 2 * p.pad[axis] - (p.kernel[axis] - 1) * p.dilation[axis] - 1;
        p.windows[axis] = is_used && random_below(4) == 0 ? random_below(70) : room < 0 ? 0 : room / p.stride[axis] + 1;
        if (axis < 2 && p.windows[axis] > 9) p.windows[axis] = 9;
        taps *= p.kernel[axis], windows *= p.windows[axis], places *= p.extent[axis];
    }
    const int64_t size = p.type == DLC_F32 ? 4 : 8, from = p.images * taps * windows, to = p.images * places;
    void *x = aligned(from * size), *y = aligned(to * size), *again = aligned(to * size);
    double *want = aligned(to * 8), *most = aligned(to * 8);
    for (int64_t i = 0; i < from; i++) {
        const float v = random_float();
        if (p.type == DLC_F32) ((float *)x)[i] = v;
        else ((double *)x)[i] = v;
    }
    for (int64_t i = 0; i < to; i++) want[i] = most[i] = 0;
    for (int64_t i = 0; i < from; i++) {
        int64_t place[3], tap[3], rest = i;
        for (int axis = 2; axis >= 0; axis--) place[axis] = rest % p.windows[axis], rest /= p.windows[axis];
        for (int axis = 2; axis >= 0; axis--) tap[axis] = rest % p.kernel[axis], rest /= p.kernel[axis];
        int64_t at = rest;
        bool inside = true;
        for (int axis = 0; axis < 3; axis++) {
            const int64_t k = place[axis] * p.stride[axis] + tap[axis] * p.dilation[axis] - p.pad[axis];
            inside = inside && k >= 0 && k < p.extent[axis];
            at = at * p.extent[axis] + k;
        }
        if (inside) want[at] += get(p.type, x, i), most[at] += fabs(get(p.type, x, i));
    }
    dlc_launch launch;
    cases++;
    if (!dlc_columns_prepare(isa, &p, &launch)) {
        failures++, printf("FAIL prepare\n");
        return;
    }
    void *buffers[] = {x, y};
    bool fine = launch_run(&launch, &p, buffers, 1);
    buffers[1] = again;
    fine = launch_run(&launch, &p, buffers, 1 + random_below(7)) && fine && memcmp(y, again, (size_t)(to * size)) == 0;
    if (!fine && failures++ < 10) printf("FAIL %s: workspace, or bits that depend on the split\n", isa_names[isa]);
    for (int64_t i = 0; i < to; i++) {
        if (fabs(get(p.type, y, i) - want[i]) <= most[i] * (p.type == DLC_F32 ? 1e-6 : 1e-14)) continue;
        if (failures++ < 10) printf("FAIL %s [%lld]: %g, expected %g\n", isa_names[isa], (long long)i, get(p.type, y, i), want[i]);
        break;
    }
    free(x), free(y), free(again), free(want), free(most);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++)
        if (dlc_host_has((dlc_isa)isa)) for (int i = 0; i < 2000 / CHECK_SHARE; i++) check((dlc_isa)isa);
    const dlc_columns wrong[] = {
        {.type = DLC_F16, .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}},
        {.type = DLC_F32, .kernel = {1, 0, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}},
        {.type = DLC_F32, .kernel = {1, 1, 1}, .stride = {1, 1, 0}, .dilation = {1, 1, 1}},
        {.type = DLC_F32, .images = -1, .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}},
    };
    for (int i = 0; i < 4; i++) {
        dlc_columns p = wrong[i];
        dlc_launch launch;
        if (dlc_columns_prepare(DLC_ISA_PORTABLE, &p, &launch)) failures++, printf("FAIL accepts wrong %d\n", i);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
