/// Recurrent layers, on one thread; their weights are read once for the inputs and once per step.
#include "bench.h"
#include "dlc_layers.h"

static void bench(const char *name, dlc_rnn_kind kind, int64_t steps, int64_t batch, int64_t input, int64_t hidden) {
    const dlc_isa isa = dlc_host_isa();
    const int64_t gates = kind == DLC_RNN_LSTM ? 4 : kind == DLC_RNN_GRU ? 3 : 1, rows = gates * hidden;
    const dlc_rnn_activation sigmoid = {DLC_RNN_SIGMOID, 0, 0}, tangent = {DLC_RNN_TANH, 0, 0};
    dlc_rnn p = {.kind = kind, .direction = DLC_RNN_FORWARD, .steps = steps, .batch = batch, .input = input, .hidden = hidden,
                 .activations = {kind == DLC_RNN_PLAIN ? tangent : sigmoid, tangent, tangent}};
    float *w = random_floats(rows * input), *r = random_floats(rows * hidden), *x = random_floats(steps * batch * input);
    for (int64_t i = 0; i < rows * hidden; i++) r[i] *= 0.03f;
    float *packed = aligned(dlc_rnn_packed_bytes(isa, &p)), *y = random_floats(steps * batch * hidden);
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld steps, %lld, %lld -> %lld", (long long)steps, (long long)batch, (long long)input, (long long)hidden);
    void *weights[] = {w, r, NULL, NULL, packed};
    if (dlc_rnn_pack_prepare(isa, &p, &launch) && launch_run(&launch, &p, weights, launch.tasks) && dlc_rnn_prepare(isa, &p, &launch)) {
        void *buffers[] = {x, packed, NULL, NULL, NULL, y, NULL, NULL, NULL};
        const double t = launch_time(&launch, &p, buffers, 0.2);
        const double arithmetic = 2.0 * (double)(rows * (input + hidden) * steps * batch) / machine()->flops;
        // Steps wait for each other: the weights come anew for each, from the cache that holds them.
        const double weights = 4.0 * (double)(rows * hidden);
        const double traffic = (double)steps * dlc_machine_seconds(machine(), weights, 0, weights);
        const double roof = arithmetic > traffic ? arithmetic : traffic;
        printf("%-28s %-28s %10.4f ms %7.1f GFLOP/s %7.1f GB/s %6.1f %% of %s\n", name, shape, t * 1e3, arithmetic * machine()->flops / t * 1e-9,
               (double)steps * weights / t * 1e-9, 100 * roof / t, arithmetic > traffic ? "peak" : "bandwidth");
    }
    free(w), free(r), free(x), free(packed), free(y);
}

int main(void) {
    bench_header("recurrent layers: steps, batch, input -> hidden");
    bench("LSTM of lstm_music", DLC_RNN_LSTM, 100, 1, 256, 1024);
    bench("LSTM", DLC_RNN_LSTM, 100, 1, 256, 512);
    bench("LSTM", DLC_RNN_LSTM, 100, 1, 128, 256);
    bench("LSTM", DLC_RNN_LSTM, 100, 1, 64, 128);
    bench("LSTM, batch", DLC_RNN_LSTM, 100, 16, 256, 512);
    bench("GRU", DLC_RNN_GRU, 100, 1, 256, 512);
    bench("plain", DLC_RNN_PLAIN, 100, 1, 256, 512);
}
