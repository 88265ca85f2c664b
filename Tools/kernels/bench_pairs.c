/// What products of bfloat16 gain: for each layer of network_convs.h milliseconds of the fastest algorithm in f32 and of
/// DLC_CONV_PAIRS and DLC_CONV_SPLIT, their ratios, and those that dlc_conv_cost predicts. Weights are out of the caches, as in a network.
#include "harness.h"
#include "network_convs.h"

enum { OTHER_BYTES = 32 << 20 };
static const dlc_conv_algorithm floats[] = {DLC_CONV_IGEMM, DLC_CONV_WINOGRAD_2, DLC_CONV_WINOGRAD_4, DLC_CONV_DEPTHWISE, DLC_CONV_STRASSEN, DLC_CONV_WINOGRAD_STRIDED};

int main(void) {
    const dlc_isa isa = dlc_host_isa();
    const dlc_processor processor = dlc_processor_host(isa);
    printf("bfloat16, %s, %s\n", isa_names[isa], processor.amx ? "with AMX" : processor.pairs ? "with the instruction for pairs" : "without an instruction");
    static const dlc_conv_algorithm ways[] = {DLC_CONV_PAIRS, DLC_CONV_SPLIT};
    double gain[2] = {0, 0}, chosen[2] = {0, 0}, fastest[2] = {0, 0};
    int count = 0;
    for (size_t i = 0; i < sizeof network_convs / sizeof *network_convs; i++) {
        const network_conv *l = &network_convs[i];
        dlc_conv p = conv_of(l, DLC_CONV_PAIRS);
        if (!dlc_conv_supports(isa, &p, DLC_CONV_PAIRS)) continue;
        double best = INFINITY, least = INFINITY;
        for (size_t a = 0; a < sizeof floats / sizeof *floats; a++) {
            dlc_conv q = conv_of(l, floats[a]);
            const double cost = dlc_conv_cost(&processor, isa, &q, floats[a]);
            if (!isfinite(cost)) continue;
            least = fmin(least, cost), best = fmin(best, dlc_conv_measure(isa, &q, l->residual, OTHER_BYTES, 0.01));
        }
        printf("%-12s %3lld² x %4lld -> %4lld k%lld s%lld  f32 %8.3f ms", l->network, (long long)l->size, (long long)l->c, (long long)l->oc,
               (long long)l->kernel, (long long)l->stride, best * 1e3);
        for (int w = 0; w < 2; w++) {
            dlc_conv q = conv_of(l, ways[w]);
            const double time = dlc_conv_measure(isa, &q, l->residual, OTHER_BYTES, 0.01), cost = dlc_conv_cost(&processor, isa, &q, ways[w]);
            printf("  %s %8.3f ms  %5.2f  predicted %5.2f", w == 0 ? "pairs" : "split", time * 1e3, best / time, least / cost);
            gain[w] += log(best / time), chosen[w] += l->times * (cost < least ? time : best), fastest[w] += l->times * fmin(time, best);
        }
        printf("\n");
        count++;
    }
    for (int w = 0; count > 0 && w < 2; w++)
        printf("%s, %d layers: %.2f times as fast in the mean; regret of the choice %.2f %%\n", w == 0 ? "pairs" : "split", count, exp(gain[w] / count),
               100 * (chosen[w] / fastest[w] - 1));
    return 0;
}
