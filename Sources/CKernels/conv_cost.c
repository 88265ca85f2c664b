/// Cycles of each algorithm of dlc_conv on one core: a sum over what it does, of counts that follow from the
/// shape and prices per unit.
///
///   products      whole vectors of multiply-adds at the processor's rate, a little slower than that rate; panels
///                 of one vector wait for the loads of the other operand
///   panels        the first rows of a panel of weights come late; tiles of Winograd's many short products
///                 are begun, finished and stored
///   pointers      igemm: the table, an entry per pixel and tap; depthwise: an entry per pixel that a tile loads
///   transforms    Winograd: vectors of every point of every tile, of the input and of the products
///   weights       bytes, where they come from memory more slowly than so few rows multiply them
///   images        bytes of input and result, where they do not fit into L2 together
///   activation    vectors of the result, for functions that are not applied in registers
///
/// The prices are least squares of relative errors over all layers of Tools/kernels/network_convs.h, measured with
/// weights out of the caches on a Zen 4, with AVX-512 (one multiply-add of 16 lanes per cycle) and with AVX2 (two of
/// 8 lanes). `Tools/kernels/run bench choice` prints for each layer how far the estimate is off, and what the choice by
/// these estimates loses against the best. Look there before and after a price is changed.
#include "conv.h"
#include "depthwise.h"
#include "dlc_strassen.h"
#include "winograd.h"

/// Products of m × k × n whose operand of k × n is packed in panels.
typedef struct {
    double multiply;           ///< cycles of the multiply-adds
    double tiles, panels;      ///< counts
} products;

/// With the m rows cut into `parts` blocks.
static products products_of(const dlc_processor *processor, dlc_isa isa, double parts, double m, int64_t n, double k) {
    const dlc_tile_set *set = dlc_tiles(isa);
    const dlc_panels panels = dlc_panels_of(set, 1, n);
    const double slow = set->lanes == 16 ? 1.02 : 1.13;
    const double narrow = processor->fma < 2 ? 1 : set->lanes == 16 ? 1.35 : 2;
    products sum = {.panels = (double)panels.panels};
    for (int wide = 0; wide < 2; wide++) {
        const int64_t count = wide ? panels.wider : panels.panels - panels.wider, vectors = panels.narrow + wide;
        if (count <= 0 || vectors < 1) continue;
        sum.multiply += (double)count * m * (double)vectors * k / processor->fma * (vectors == 1 ? narrow : slow);
        sum.tiles += (double)count * parts * __builtin_ceil(__builtin_ceil(m / parts) / set->rows[vectors - 1]);
    }
    return sum;
}

/// What the bytes of weights take beyond the products that they are used in: from memory where they would fill half
/// of the last cache, so that other layers' have displaced them, else from that cache. Narrow panels ask for fewer
/// bytes of memory at once.
static double late_weights(const dlc_processor *processor, dlc_isa isa, double bytes, double multiply) {
    const double rate = bytes < processor->l3 / 2 ? 8.5 : dlc_lanes(isa) == 16 ? 8 : 5.8, late = bytes / rate - multiply;
    return late > 0 ? late : 0;
}

/// - inputs: floats of a group's channels, or pairs.
static double igemm_cycles(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p, int64_t inputs) {
    const double groups = (double)p->groups, pixels = (double)dlc_conv_pixels(p), taps = (double)dlc_conv_taps(p);
    const double depth = taps * (double)inputs;
    const products x = products_of(processor, isa, 1, pixels, p->oc / p->groups, depth);
    const double pointers = p->groups == 1 && p->c <= 8 ? 0 : groups * pixels * taps; // few channels are read without a table
    return groups * (x.multiply * dlc_conv_igemm_share(p) + 250 * x.panels + late_weights(processor, isa, 4 * depth * (double)(p->oc / p->groups), x.multiply)) + 8 * pointers;
}

/// Tiles of AMX: 16 pixels by 16 outputs over a unit of pairs take 16 cycles where nothing else asks for the unit, and up to four times as
/// many on machines whose cores are held back when they use it (seen on a shared one of 2023's generation); the price is between. Copies
/// of windows, and what is stored of the sums.
static double amx_cycles(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p, dlc_pair_run run) {
    const double groups = (double)p->groups, pixels = (double)dlc_conv_pixels(p), taps = (double)dlc_conv_taps(p);
    const int64_t outputs = p->oc / p->groups;
    const double vectors = __builtin_ceil((double)outputs / 16), panels = (double)dlc_panels_of(dlc_part_tiles(isa, 1), 1, outputs).panels;
    const double products = run.parts == 1 ? 1 : 3, depth = taps * (double)dlc_pair_floats(run);
    const double multiply = __builtin_ceil(pixels / 16) * taps * (double)run.units * vectors * (30 * products + 10);
    const double finish = 8 * pixels * vectors, copies = taps > 1 ? pixels * depth / 8 : 0;
    const double late = late_weights(processor, isa, 4 * depth * (double)outputs, multiply);
    return groups * (multiply + finish + copies + 250 * panels + late + 8 * pixels * taps);
}

/// The input is rounded first, pixel by pixel, a quarter of a vector a cycle. Without the instruction, pairs are taken apart again to be
/// multiplied.
static double paired_cycles(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p, dlc_conv_algorithm algorithm) {
    const int parts = dlc_conv_parts(algorithm);
    const dlc_pair_run run = dlc_pair_run_of(parts, p->c / p->groups);
    const double pixels = (double)(p->n * p->d * p->h * p->w), inputs = pixels * (double)p->c, bytes = 4 * inputs;
    const double rounded = 30 * pixels * (double)p->groups + 4 * parts * inputs / dlc_lanes(isa) + (bytes > processor->l2 / 2 ? 0.2 * bytes : 0);
    if (processor->amx) return amx_cycles(processor, isa, p, run) + rounded;
    return igemm_cycles(processor, isa, p, dlc_pair_floats(run)) * (processor->pairs ? 1 : 3) + rounded;
}

static double winograd_cycles(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p, int side) {
    const int64_t tile = dlc_winograd_outputs(side), inputs = p->c / p->groups, outputs = p->oc / p->groups;
    const double lanes = dlc_lanes(isa), points = (double)(side * side);
    const double in = __builtin_ceil((double)inputs / lanes), out = __builtin_ceil((double)outputs / lanes);
    const double places = (double)(p->n * dlc_ceil_div(p->oh, tile) * dlc_ceil_div(p->ow, tile)), tiles = places * (double)p->od;
    const double depth = (double)p->kernel[0] * (double)inputs;
    const products x = products_of(processor, isa, __builtin_ceil(tiles / 48), tiles, outputs, depth);
    // The larger tile's points lie in more places than the first-level cache has ways.
    const double multiply = points * x.multiply * (tile == 4 ? 1.1 : 1.03);
    const double transforms = places * (double)p->d * (tile == 4 ? 6.5 : 4.2) * in + tiles * (tile == 4 ? 4.5 : 5.2) * out;
    // At stride 2 there are few tiles to the points, and more than twice the weights.
    const double few = side == 5 ? 1.08 : 1;
    const double cycles = few * (multiply + points * (100 * x.tiles + 250 * x.panels) + points * transforms / processor->fma) +
                          late_weights(processor, isa, 4 * points * depth * (double)outputs, multiply);
    return (double)p->groups * cycles + 3000;
}

static double depthwise_cycles(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p) {
    const int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups;
    const double pixels = (double)dlc_conv_pixels(p), taps = (double)dlc_conv_taps(p);
    const dlc_depthwise_plan plan = dlc_depthwise_plan_of(p);
    if (inputs > 1) { // a multiply-add for each tap and input, and a permutation for each but what outputs share
        const double vectors = __builtin_ceil((double)p->groups / (double)(dlc_lanes(isa) / dlc_max(inputs, outputs)));
        return pixels * (vectors * taps * (double)inputs * 1.6 / processor->fma + 4 * taps + 5 * vectors / processor->fma);
    }
    // Outputs of a tile share what they load.
    const double vectors = __builtin_ceil((double)p->oc / dlc_lanes(isa)), width = (double)p->kernel[plan.turned ? 1 : 2];
    const double some = 6, step = plan.unrolled ? (double)p->stride[2] : (double)plan.phases;
    const double loads = pixels / some * taps / width * ((some - 1) * step + width);
    return loads * (4 * vectors / processor->fma + 4) + 5 * pixels * vectors / processor->fma;
}

double dlc_conv_cost(const dlc_processor *processor, dlc_isa isa, const dlc_conv *p, dlc_conv_algorithm algorithm) {
    if (!dlc_conv_supports(isa, p, algorithm)) return __builtin_inf();
    const double pixels = (double)dlc_conv_pixels(p), results = pixels * (double)p->oc;
    const dlc_activation kind = p->epilogue.activation;
    const bool simple = kind == DLC_ACT_NONE || kind == DLC_ACT_RELU || kind == DLC_ACT_CLIP;
    const double images = 4 * ((double)(p->n * p->d * p->h * p->w) * (double)p->c + results);
    const double common = (simple ? 0 : 21 * results / dlc_lanes(isa)) + (images > processor->l2 ? 0.1 * images : 0);
    switch (algorithm) {
    case DLC_CONV_IGEMM: return igemm_cycles(processor, isa, p, p->c / p->groups) + common;
    case DLC_CONV_SPLIT:
        if (!processor->amx) break; // three times the products
        return paired_cycles(processor, isa, p, algorithm) + common;
    case DLC_CONV_PAIRS: return paired_cycles(processor, isa, p, algorithm) + common;
    case DLC_CONV_STRASSEN: return 1.07 * igemm_cycles(processor, isa, p, p->c / p->groups) * dlc_strassen_share(isa, (int64_t)pixels, p->oc, p->c) + common;
    case DLC_CONV_WINOGRAD_2: case DLC_CONV_WINOGRAD_4: case DLC_CONV_WINOGRAD_STRIDED:
        return winograd_cycles(processor, isa, p, dlc_winograd_side(algorithm)) + common;
    case DLC_CONV_DEPTHWISE: return depthwise_cycles(processor, isa, p) + common;
    case DLC_CONV_DIRECT: return results * (double)dlc_conv_taps(p) * (double)(p->c / p->groups) * 4;
    }
    return __builtin_inf();
}
