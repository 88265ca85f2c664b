/// How good the choice of algorithms is: for each layer of network_convs.h and each algorithm milliseconds, and
/// what dlc_conv_cost predicted over what was measured, at the clock that a large product shows; `<` marks the
/// algorithm that is chosen, `*` the fastest where that is another. Weights are out of the caches, as in a network.
///
/// The last lines count the predictions within 20 % and give the regret: the time of what is chosen over the time
/// of what is fastest, layers counted as often as they occur.
#include "harness.h"
#include "network_convs.h"

enum { OTHER_BYTES = 32 << 20, ALGORITHMS = 6 };

static const dlc_conv_algorithm algorithms[ALGORITHMS] = {DLC_CONV_IGEMM, DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_DEPTHWISE, DLC_CONV_STRASSEN, DLC_CONV_WINOGRAD_STRIDED};
static const char *const names[ALGORITHMS] = {"igemm", "F(2x2)", "F(4x4)", "depthwise", "Strassen", "F(2x2)/2"};

typedef struct { int predictions, close; double chosen, fastest; } tally;

/// Seconds per predicted cycle, from what is predicted most surely: long products.
static double seconds_per_cycle(dlc_isa isa, const dlc_processor *processor) {
    const network_conv layer = {"", 28, 256, 512, 3, 2, 1, DLC_ACT_RELU, false, 1};
    dlc_conv p = conv_of(&layer, DLC_CONV_IGEMM);
    double best = INFINITY;
    for (int i = 0; i < 10; i++) best = fmin(best, dlc_conv_measure(isa, &p, false, OTHER_BYTES, 0.1));
    return best / dlc_conv_cost(processor, isa, &p, p.algorithm);
}

static void bench(dlc_isa isa, const dlc_processor *processor, double cycle, const network_conv *l, tally *sum) {
    double measured[ALGORITHMS], predicted[ALGORITHMS];
    int chosen = -1, fastest = -1;
    for (int a = 0; a < ALGORITHMS; a++) {
        dlc_conv p = conv_of(l, algorithms[a]);
        predicted[a] = dlc_conv_cost(processor, isa, &p, p.algorithm) * cycle;
        measured[a] = isfinite(predicted[a]) && predicted[a] < 0.1 ? dlc_conv_measure(isa, &p, l->residual, OTHER_BYTES, 0.01) : INFINITY;
        if (isfinite(measured[a]) && (chosen < 0 || predicted[a] < predicted[chosen])) chosen = a;
        if (isfinite(measured[a]) && (fastest < 0 || measured[a] < measured[fastest])) fastest = a;
    }
    if (chosen < 0) return;
    printf("%-12s %3lld² x %4lld -> %4lld k%lld s%lld", l->network, (long long)l->size, (long long)l->c, (long long)l->oc, (long long)l->kernel, (long long)l->stride);
    for (int a = 0; a < ALGORITHMS; a++) {
        if (!isfinite(measured[a])) continue;
        const double ratio = predicted[a] / measured[a];
        sum->predictions++;
        sum->close += ratio > 0.8 && ratio < 1.2;
        printf("  %s %8.3f ms %4.2f%s", names[a], measured[a] * 1e3, ratio, a == chosen ? " <" : a == fastest ? " *" : "  ");
    }
    printf("\n");
    sum->chosen += l->times * measured[chosen];
    sum->fastest += l->times * measured[fastest];
}

int main(void) {
    for (int isa = DLC_ISA_AVX2; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        const dlc_processor processor = dlc_processor_host((dlc_isa)isa);
        const double cycle = seconds_per_cycle((dlc_isa)isa, &processor);
        printf("choice of algorithms, %s: %g multiply-adds per cycle, %.2f GHz\n", isa_names[isa], processor.fma, 1e-9 / cycle);
        tally sum = {0};
        for (size_t i = 0; i < sizeof network_convs / sizeof *network_convs; i++)
            bench((dlc_isa)isa, &processor, cycle, &network_convs[i], &sum);
        printf("%d of %d predictions within 20 %%, regret %.2f %%\n", sum.close, sum.predictions, 100 * (sum.chosen / sum.fastest - 1));
    }
}
