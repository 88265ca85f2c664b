/// What pairs of bfloat16 gain: for each layer of network_convs.h milliseconds of the fastest algorithm in f32 and of
/// DLC_CONV_PAIRS, their ratio, and the ratio that dlc_conv_cost predicts. Weights are out of the caches, as in a network.
#include "harness.h"
#include "network_convs.h"

enum { OTHER_BYTES = 32 << 20 };
static const dlc_conv_algorithm floats[] = {DLC_CONV_IGEMM, DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_DEPTHWISE, DLC_CONV_STRASSEN, DLC_CONV_WINOGRAD_STRIDED};

int main(void) {
    const dlc_isa isa = dlc_host_isa();
    const dlc_processor processor = dlc_processor_host(isa);
    printf("pairs of bfloat16, %s, %s\n", isa_names[isa], processor.pairs ? "with the instruction" : "without it");
    double gain = 0, chosen = 0, fastest = 0;
    int count = 0;
    for (size_t i = 0; i < sizeof network_convs / sizeof *network_convs; i++) {
        const network_conv *l = &network_convs[i];
        dlc_conv p = conv_of(l, DLC_CONV_PAIRS);
        if (!dlc_conv_supports(isa, &p, DLC_CONV_PAIRS)) continue;
        const double pairs = dlc_conv_measure(isa, &p, l->residual, OTHER_BYTES, 0.01), paired = dlc_conv_cost(&processor, isa, &p, DLC_CONV_PAIRS);
        double best = INFINITY, least = INFINITY;
        for (size_t a = 0; a < sizeof floats / sizeof *floats; a++) {
            dlc_conv q = conv_of(l, floats[a]);
            const double cost = dlc_conv_cost(&processor, isa, &q, floats[a]);
            if (!isfinite(cost)) continue;
            least = fmin(least, cost), best = fmin(best, dlc_conv_measure(isa, &q, l->residual, OTHER_BYTES, 0.01));
        }
        printf("%-12s %3lld² x %4lld -> %4lld k%lld s%lld  f32 %8.3f ms  pairs %8.3f ms  %5.2f  predicted %5.2f\n", l->network, (long long)l->size, (long long)l->c,
               (long long)l->oc, (long long)l->kernel, (long long)l->stride, best * 1e3, pairs * 1e3, best / pairs, least / paired);
        gain += log(best / pairs), count++;
        chosen += l->times * (paired < least ? pairs : best), fastest += l->times * fmin(pairs, best);
    }
    if (count > 0) printf("%d layers: %.2f times as fast in the mean; regret of the choice %.2f %%\n", count, exp(gain / count), 100 * (chosen / fastest - 1));
    return 0;
}
