/// Gradients of recurrent layers against differences of a naive f64 version of the ONNX formulas, for every instruction
/// set of the host; the same bits however tasks are split.
#include "harness.h"
#include "dlc_rnn_gradient.h"

static int failures, cases;
static double worst;

static double activate(dlc_rnn_activation f, double x) {
    double a = (double)f.alpha, b = (double)f.beta;
    switch (f.function) {
    case DLC_RNN_SIGMOID: return 1 / (1 + exp(-x));
    case DLC_RNN_TANH: return tanh(x);
    case DLC_RNN_RELU: return fmax(x, 0);
    case DLC_RNN_AFFINE: return a * x + b;
    case DLC_RNN_LEAKY_RELU: return x < 0 ? a * x : x;
    case DLC_RNN_THRESHOLDED_RELU: return x > a ? x : 0;
    case DLC_RNN_SCALED_TANH: return a * tanh(b * x);
    case DLC_RNN_HARD_SIGMOID: return fmin(1, fmax(0, a * x + b));
    case DLC_RNN_ELU: return x < 0 ? a * (exp(x) - 1) : x;
    case DLC_RNN_SOFTSIGN: return x / (1 + fabs(x));
    case DLC_RNN_SOFTPLUS: return log(1 + exp(x));
    }
    return x;
}

enum { X, W, R, BIAS, PEEP, H0, C0, PARTS };

typedef struct {
    dlc_rnn n;
    int64_t directions, gates;
    const int32_t *lengths;
    int64_t counts[PARTS];
    double *part[PARTS];        ///< null where absent
    double *y, *dy, *dyh, *dyc; ///< gradients of results; null where absent
} layer;

/// One direction of one sequence; what it adds to the sum of results times their gradients.
static double sequence(const layer *t, int64_t d, int64_t s) {
    const dlc_rnn *n = &t->n;
    int64_t H = n->hidden, I = n->input, T = n->steps, gates = t->gates, length = t->lengths ? t->lengths[s] : T;
    int64_t state = (n->batch_first ? s * t->directions + d : d * n->batch + s) * H;
    double h[64], c[64], xw[256], hr[256], next[64], rh[64], sum = 0;
    const dlc_rnn_activation *f = n->activations + 3 * d;
    bool reverse = d == 1 || n->direction == DLC_RNN_REVERSE;
    for (int64_t u = 0; u < H; u++) h[u] = t->part[H0] ? t->part[H0][state + u] : 0, c[u] = t->part[C0] ? t->part[C0][state + u] : 0;
#define CLIP(v) (n->clipped ? fmin(fmax(v, -(double)n->clip), (double)n->clip) : (v))
#define BIAS_OF(g) (t->part[BIAS] ? t->part[BIAS][(d * 2 * gates + (g)) * H + u] : 0)
#define PEEP_OF(g) (t->part[PEEP] ? t->part[PEEP][(d * 3 + (g)) * H + u] : 0)
#define RECURRENT(g, from) ({ double r = 0; for (int64_t k = 0; k < H; k++) r += (from)[k] * t->part[R][((d * gates + (g)) * H + u) * H + k]; r; })
    for (int64_t step = 0; step < T; step++) {
        int64_t time = reverse && step < length ? length - 1 - step : step;
        int64_t row = (n->batch_first ? (s * T + time) * t->directions + d : (time * t->directions + d) * n->batch + s) * H;
        for (int64_t u = 0; u < H; u++) t->y[row + u] = 0;
        if (step >= length) continue;
        const double *x = t->part[X] + (n->batch_first ? s * T + time : time * n->batch + s) * I;
        for (int64_t g = 0; g < gates; g++) for (int64_t u = 0; u < H; u++) {
            double product = 0;
            for (int64_t k = 0; k < I; k++) product += x[k] * t->part[W][((d * gates + g) * H + u) * I + k];
            xw[g * H + u] = product + BIAS_OF(g);
            hr[g * H + u] = RECURRENT(g, h) + BIAS_OF(gates + g);
        }
        if (n->kind == DLC_RNN_GRU) for (int64_t u = 0; u < H; u++) rh[u] = activate(f[0], CLIP(xw[H + u] + hr[H + u])) * h[u];
        for (int64_t u = 0; u < H; u++) {
            if (n->kind == DLC_RNN_PLAIN) {
                next[u] = activate(f[0], CLIP(xw[u] + hr[u]));
            } else if (n->kind == DLC_RNN_GRU) {
                double z = activate(f[0], CLIP(xw[u] + hr[u])), r = activate(f[0], CLIP(xw[H + u] + hr[H + u]));
                double inner = n->linear_before_reset ? r * hr[2 * H + u] : RECURRENT(2, rh) + BIAS_OF(5);
                next[u] = (1 - z) * activate(f[1], CLIP(xw[2 * H + u] + inner)) + z * h[u];
            } else {
                double i = activate(f[0], CLIP(xw[u] + hr[u] + PEEP_OF(0) * c[u]));
                double forget = n->input_forget ? 1 - i : activate(f[0], CLIP(xw[2 * H + u] + hr[2 * H + u] + PEEP_OF(2) * c[u]));
                double cell = forget * c[u] + i * activate(f[1], CLIP(xw[3 * H + u] + hr[3 * H + u]));
                double o = activate(f[0], CLIP(xw[H + u] + hr[H + u] + PEEP_OF(1) * cell));
                c[u] = cell;
                next[u] = o * activate(f[2], cell);
            }
        }
        for (int64_t u = 0; u < H; u++) {
            h[u] = t->y[row + u] = next[u];
            if (t->dy) sum += next[u] * t->dy[row + u];
        }
    }
    if (length == 0 && n->kind != DLC_RNN_GRU) for (int64_t u = 0; u < H; u++) h[u] = c[u] = 0;
    for (int64_t u = 0; u < H; u++) sum += (t->dyh ? h[u] * t->dyh[state + u] : 0) + (t->dyc ? c[u] * t->dyc[state + u] : 0);
    return sum;
}

static double run(const layer *t) {
    double sum = 0;
    for (int64_t d = 0; d < t->directions; d++) for (int64_t s = 0; s < t->n.batch; s++) sum += sequence(t, d, s);
    return sum;
}

/// Numbers that f32 has.
static double *numbers(int64_t n, double by) {
    double *p = aligned(8 * n + 8);
    for (int64_t i = 0; i < n; i++) p[i] = (double)(float)((double)random_float() * by);
    return p;
}
static float *narrowed(const double *from, int64_t n) {
    if (!from) return NULL;
    float *p = aligned(4 * n + 4);
    for (int64_t i = 0; i < n; i++) p[i] = (float)from[i];
    return p;
}

/// The gates that the layer gives on the way forward.
static float *gates_of(dlc_isa isa, const dlc_rnn *rnn, void *const *b) {
    dlc_rnn n = *rnn;
    float *packed = aligned(dlc_rnn_packed_bytes(isa, &n));
    float *gates = aligned(4 * (n.direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1) * n.steps * n.batch * dlc_rnn_gates_columns(&n) + 4);
    void *pack[] = { b[DLC_RNN_G_W], b[DLC_RNN_G_R], b[DLC_RNN_G_BIAS], b[DLC_RNN_G_PEEPHOLES], packed };
    void *forward[10] = { b[DLC_RNN_G_X], packed, b[DLC_RNN_G_LENGTHS], b[DLC_RNN_G_INITIAL_H], b[DLC_RNN_G_INITIAL_C], NULL, NULL, NULL, gates };
    dlc_launch launch;
    if (!dlc_rnn_pack_prepare(isa, &n, &launch) || !launch_run(&launch, &n, pack, 1)) failures++;
    if (!dlc_rnn_prepare(isa, &n, &launch) || !launch_run(&launch, &n, forward, 1 + random_below(3))) failures++;
    free(packed);
    return gates;
}

static void check(dlc_isa isa) {
    layer t = { .n = { .kind = (dlc_rnn_kind)random_below(3), .direction = (dlc_rnn_direction)random_below(3), .batch_first = random_below(2),
                       .linear_before_reset = random_below(2), .input_forget = random_below(4) == 0, .clipped = random_below(4) == 0, .clip = 0.7f,
                       .steps = random_below(7), .batch = random_below(12) ? 1 + random_below(8) : 0, .input = random_below(12) ? 1 + random_below(40) : 0,
                       .hidden = 1 + random_below(random_below(2) ? 10 : 60) } };
    dlc_rnn *n = &t.n;
    // Smooth functions; kinks are as rare as a step of the differences is small.
    bool usual = random_below(2);
    for (int i = 0; i < 6; i++) {
        static const dlc_rnn_function standard[] = { DLC_RNN_SIGMOID, DLC_RNN_TANH, DLC_RNN_TANH };
        n->activations[i] = (dlc_rnn_activation){ usual ? standard[i % 3] : (dlc_rnn_function)random_below(11), 0.3f, 0.4f };
        if (n->activations[i].function == DLC_RNN_THRESHOLDED_RELU) n->activations[i].function = DLC_RNN_SOFTSIGN;
    }
    t.directions = n->direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1;
    t.gates = n->kind == DLC_RNN_LSTM ? 4 : n->kind == DLC_RNN_GRU ? 3 : 1;
    const bool lstm = n->kind == DLC_RNN_LSTM;
    int64_t D = t.directions, H = n->hidden, state = D * n->batch * H, all = n->steps * state;
    const int64_t counts[PARTS] = { n->steps * n->batch * n->input, D * t.gates * H * n->input, D * t.gates * H * H, D * 2 * t.gates * H, D * 3 * H, state, state };
    const double scale = 1 / sqrt((double)H), by[PARTS] = { 1, scale, scale, 0.3, 0.3, 1, 1 };
    for (int i = 0; i < PARTS; i++) {
        t.counts[i] = counts[i];
        bool there = i <= R || random_below(3);
        if ((i == PEEP || i == C0) && !lstm) there = false;
        // Else every gate would begin at 0, a kink of some functions, where the gradient of all together has no slopes to compare with.
        if (i == BIAS && n->input == 0) there = true;
        t.part[i] = there ? numbers(counts[i], by[i]) : NULL;
    }
    int32_t *lengths = aligned(4 * n->batch + 4);
    for (int64_t b = 0; b < n->batch; b++) lengths[b] = (int32_t)random_below(n->steps + 1);
    t.lengths = random_below(2) ? lengths : NULL;
    t.y = aligned(8 * all + 8);
    t.dy = random_below(4) ? numbers(all, 1) : NULL, t.dyh = random_below(3) ? numbers(state, 1) : NULL;
    t.dyc = lstm && random_below(3) ? numbers(state, 1) : NULL;
    run(&t);
    static const int result[PARTS] = { DLC_RNN_G_DX, DLC_RNN_G_DW, DLC_RNN_G_DR, DLC_RNN_G_DBIAS, DLC_RNN_G_DPEEPHOLES, DLC_RNN_G_DINITIAL_H, DLC_RNN_G_DINITIAL_C };
    static const int operand[PARTS] = { DLC_RNN_G_X, DLC_RNN_G_W, DLC_RNN_G_R, DLC_RNN_G_BIAS, DLC_RNN_G_PEEPHOLES, DLC_RNN_G_INITIAL_H, DLC_RNN_G_INITIAL_C };
    int32_t status = 0;
    void *buffers[DLC_RNN_G_BUFFERS] = { [DLC_RNN_G_LENGTHS] = (void *)t.lengths, [DLC_RNN_G_Y] = narrowed(t.y, all), [DLC_RNN_G_DY] = narrowed(t.dy, all),
                                         [DLC_RNN_G_DY_H] = narrowed(t.dyh, state), [DLC_RNN_G_DY_C] = narrowed(t.dyc, state), [DLC_RNN_G_STATUS] = &status };
    float *again[PARTS] = { NULL };
    for (int i = 0; i < PARTS; i++) {
        buffers[operand[i]] = narrowed(t.part[i], counts[i]);
        if (((i == PEEP || i == C0) && !lstm) || random_below(8) == 0) continue;
        buffers[result[i]] = aligned(4 * counts[i] + 4), again[i] = aligned(4 * counts[i] + 4);
        memset(buffers[result[i]], 0x55, (size_t)(4 * counts[i]));
    }
    dlc_rnn_gradient g = { .rnn = *n, .has_gates = random_below(2) };
    dlc_launch launch;
    cases++;
    if (g.has_gates) buffers[DLC_RNN_G_GATES] = gates_of(isa, n, buffers);
    bool fine = dlc_rnn_gradient_prepare(isa, &g, &launch) && launch_run(&launch, &g, buffers, 1) && status == 0;
    if (!fine) printf("refused, or a workspace overran\n");
    void *split[DLC_RNN_G_BUFFERS];
    memcpy(split, buffers, sizeof split);
    for (int i = 0; i < PARTS; i++) split[result[i]] = again[i];
    if (fine) launch_run(&launch, &g, split, 1 + random_below(40));
    for (int i = 0; fine && i < PARTS; i++) {
        const float *got = buffers[result[i]];
        if (!got) continue;
        if (memcmp(got, again[i], (size_t)(4 * counts[i]))) fine = false, printf("part %d: bits depend on the split\n", i);
        for (int k = 0; k < 6 && counts[i] > 0; k++) {
            const int64_t at = random_below(counts[i]);
            if (!t.part[i]) { // differentiated at zero, as what is absent is
                t.part[i] = aligned(8 * counts[i]);
                memset(t.part[i], 0, (size_t)(8 * counts[i]));
            }
            const double kept = t.part[i][at], step = 1e-6;
            const double here = run(&t);
            t.part[i][at] = kept + step;
            const double above = (run(&t) - here) / step;
            t.part[i][at] = kept - step;
            const double below = (here - run(&t)) / step;
            t.part[i][at] = kept;
            // Cells that are 0 stand at a kink of some functions: any slope between those of its sides is right.
            const double want = fmin(fmax((double)got[at], fmin(above, below)), fmax(above, below));
            const double error = fabs((double)got[at] - want) / fmax(1, fabs(want));
            if (error > worst) worst = error;
            if (!(error < 1e-4)) fine = false, printf("part %d: [%ld] is %g, expected %g\n", i, (long)at, (double)got[at], want);
        }
    }
    if (!fine) {
        failures++;
        printf("isa %d: kind %d, direction %d, linear %d, clipped %d, functions %d %d %d, T %ld, B %ld, I %ld, H %ld\n", isa, n->kind, n->direction,
               n->linear_before_reset, n->clipped, n->activations[0].function, n->activations[1].function, n->activations[2].function, (long)n->steps, (long)n->batch, (long)n->input, (long)H);
    }
    buffers[DLC_RNN_G_LENGTHS] = buffers[DLC_RNN_G_STATUS] = NULL;
    for (int i = 0; i < DLC_RNN_G_BUFFERS; i++) free(buffers[i]);
    for (int i = 0; i < PARTS; i++) free(again[i]), free(t.part[i]);
    free(lengths), free(t.y), free(t.dy), free(t.dyh), free(t.dyc);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 200 / CHECK_SHARE; i++) check((dlc_isa)isa);
        printf("%s: worst error %.2g\n", isa_names[isa], worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
