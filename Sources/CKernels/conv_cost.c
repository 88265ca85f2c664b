/// Cycles of each algorithm of dlc_conv on one core, from the products it computes, how full its
/// vectors are, and the bytes it moves. The constants were fitted to Tools/kernels/bench_conv.c.
#include "conv.h"
#include "dlc_strassen.h"

/// Cycles of products of m × n × k: two vectors per cycle, lanes beyond column n idle.
static double product_cycles(dlc_isa isa, double m, double n, double k) {
    const double lanes = dlc_lanes(isa), vectors = (double)dlc_ceil_div((int64_t)n, (int64_t)lanes);
    const double narrow = vectors < 2 ? 1.35 : 1.06; // one vector wide, tiles are bound by loads
    return m * vectors * (k + 12) / 2 * narrow;
}

double dlc_conv_cost(dlc_isa isa, const dlc_conv *p, dlc_conv_algorithm algorithm) {
    if (!dlc_conv_supports(isa, p, algorithm)) return __builtin_inf();
    const double pixels = (double)dlc_conv_pixels(p), taps = (double)dlc_conv_taps(p), lanes = dlc_lanes(isa);
    const double c = (double)(p->c / p->groups), oc = (double)(p->oc / p->groups), groups = (double)p->groups;
    const double weights_bytes_per_cycle = 7; // from memory
    switch (algorithm) {
    case DLC_CONV_IGEMM: {
        const double compute = groups * product_cycles(isa, pixels, oc, taps * c) + pixels * taps * 3 * groups;
        const double memory = groups * taps * c * oc * 4 / weights_bytes_per_cycle;
        return compute > memory ? compute : memory;
    }
    case DLC_CONV_WINOGRAD_2: case DLC_CONV_WINOGRAD_4: {
        const int64_t tile = algorithm == DLC_CONV_WINOGRAD_4 ? 4 : 2;
        const double points = (double)((tile + 2) * (tile + 2));
        const double tiles = (double)(p->n * p->d * dlc_ceil_div(p->oh, tile) * dlc_ceil_div(p->ow, tile));
        const double in = (double)dlc_ceil_div(p->c, (int64_t)lanes), out = (double)dlc_ceil_div(p->oc, (int64_t)lanes);
        const double compute = points * product_cycles(isa, tiles, oc, c) + tiles * points * 5 * (in + out);
        // Few rows per product hide only half of the weights' way.
        return compute + 0.5 * points * c * oc * 4 / weights_bytes_per_cycle;
    }
    case DLC_CONV_DEPTHWISE: {
        const double vectors = (double)dlc_ceil_div(p->oc, (int64_t)lanes);
        const bool unrolled = p->kernel[0] == 1 && p->kernel[1] == p->kernel[2] && (p->kernel[1] == 3 || p->kernel[1] == 5) &&
                              p->stride[2] <= 2 && p->dilation[1] == 1 && p->dilation[2] == 1;
        return pixels * vectors * taps * (unrolled ? 1.4 : 3);
    }
    case DLC_CONV_STRASSEN:
        return dlc_conv_cost(isa, p, DLC_CONV_IGEMM) * dlc_strassen_share(isa, (int64_t)pixels, p->oc, p->c);
    case DLC_CONV_DIRECT:
        return pixels * oc * groups * taps * c * 4;
    }
    return __builtin_inf();
}
