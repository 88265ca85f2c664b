/// Recurrent layers against a naive f64 version of the ONNX formulas, for every instruction set of the
/// host; with an argument, the times of one layer (T = 100, I = 256, H = 1024, batch 1).
#include "../../Sources/CKernels/float16.h"
#include "harness.h"
#include "dlc_layers.h"

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

typedef struct {
    const float *x, *w, *r, *b, *p;
    const int32_t *lengths;
    const float *h, *c;
    float *y, *y_h, *y_c;
} tensors;

/// One direction of one sequence.
static void naive(const dlc_rnn *n, const tensors *t, int64_t d, int64_t dirs, int64_t s) {
    int64_t H = n->hidden, I = n->input, T = n->steps, gates = n->kind == DLC_RNN_LSTM ? 4 : n->kind == DLC_RNN_GRU ? 3 : 1;
    int64_t length = t->lengths ? t->lengths[s] : T, state = (n->batch_first ? s * dirs + d : d * n->batch + s) * H;
    double *h = aligned(8 * H), *c = aligned(8 * H), *xw = aligned(8 * H * gates), *hr = aligned(8 * H * gates), *next = aligned(8 * H), *rh = aligned(8 * H);
    const dlc_rnn_activation *f = n->activations + 3 * d;
    bool reverse = d == 1 || n->direction == DLC_RNN_REVERSE;
    for (int64_t u = 0; u < H; u++) h[u] = t->h ? t->h[state + u] : 0, c[u] = t->c ? t->c[state + u] : 0;
#define CLIP(v) (n->clipped ? fmin(fmax(v, -(double)n->clip), (double)n->clip) : (v))
#define BIAS(g) (t->b ? t->b[(d * 2 * gates + (g)) * H + u] : 0)
#define PEEP(g) (t->p ? t->p[(d * 3 + (g)) * H + u] : 0)
#define RECURRENT(g, from) ({ double sum = 0; for (int64_t k = 0; k < H; k++) sum += (from)[k] * (double)t->r[((d * gates + (g)) * H + u) * H + k]; sum; })
    for (int64_t step = 0; step < T; step++) {
        int64_t time = reverse && step < length ? length - 1 - step : step;
        float *y = t->y + (n->batch_first ? (s * T + time) * dirs + d : (time * dirs + d) * n->batch + s) * H;
        for (int64_t u = 0; u < H; u++) y[u] = 0;
        if (step >= length) continue;
        const float *x = t->x + (n->batch_first ? s * T + time : time * n->batch + s) * I;
        for (int64_t g = 0; g < gates; g++) for (int64_t u = 0; u < H; u++) {
            double sum = 0;
            for (int64_t k = 0; k < I; k++) sum += (double)x[k] * (double)t->w[((d * gates + g) * H + u) * I + k];
            xw[g * H + u] = sum + (double)BIAS(g);
            hr[g * H + u] = RECURRENT(g, h) + (double)BIAS(gates + g);
        }
        if (n->kind == DLC_RNN_GRU) for (int64_t u = 0; u < H; u++) rh[u] = activate(f[0], CLIP(xw[H + u] + hr[H + u])) * h[u];
        for (int64_t u = 0; u < H; u++) {
            if (n->kind == DLC_RNN_PLAIN) {
                next[u] = activate(f[0], CLIP(xw[u] + hr[u]));
            } else if (n->kind == DLC_RNN_GRU) {
                double z = activate(f[0], CLIP(xw[u] + hr[u])), r = activate(f[0], CLIP(xw[H + u] + hr[H + u]));
                double inner = n->linear_before_reset ? r * hr[2 * H + u] : RECURRENT(2, rh) + (double)BIAS(5);
                next[u] = (1 - z) * activate(f[1], CLIP(xw[2 * H + u] + inner)) + z * h[u];
            } else {
                double i = activate(f[0], CLIP(xw[u] + hr[u] + (double)PEEP(0) * c[u]));
                double forget = n->input_forget ? 1 - i : activate(f[0], CLIP(xw[2 * H + u] + hr[2 * H + u] + (double)PEEP(2) * c[u]));
                double cell = forget * c[u] + i * activate(f[1], CLIP(xw[3 * H + u] + hr[3 * H + u]));
                double o = activate(f[0], CLIP(xw[H + u] + hr[H + u] + (double)PEEP(1) * cell));
                c[u] = cell;
                next[u] = o * activate(f[2], cell);
            }
        }
        for (int64_t u = 0; u < H; u++) h[u] = next[u], y[u] = (float)next[u];
    }
    if (length == 0 && n->kind != DLC_RNN_GRU) for (int64_t u = 0; u < H; u++) h[u] = c[u] = 0;
    for (int64_t u = 0; u < H; u++) t->y_h[state + u] = (float)h[u], t->y_c[state + u] = (float)c[u];
    free(h), free(c), free(xw), free(hr), free(next), free(rh);
}

static void compare(const char *what, const dlc_rnn *n, const float *got, const float *want, int64_t count) {
    for (int64_t i = 0; got && i < count; i++) {
        double error = fabs((double)got[i] - (double)want[i]) / fmax(1, fabs((double)want[i]));
        if (error > worst) worst = error;
        if (!(error < 2e-5) && failures++ < 10)
            printf("FAIL %s kind %d direction %d T %lld B %lld I %lld H %lld: [%lld] %g, expected %g\n", what, n->kind, n->direction, (long long)n->steps,
                   (long long)n->batch, (long long)n->input, (long long)n->hidden, (long long)i, (double)got[i], (double)want[i]);
    }
}

static float *scaled(int64_t n, float by) {
    float *p = random_floats(n);
    for (int64_t i = 0; i < n; i++) p[i] *= by;
    return p;
}

static void check(dlc_isa isa) {
    dlc_rnn n = { .kind = (dlc_rnn_kind)random_below(3), .direction = (dlc_rnn_direction)random_below(3), .batch_first = random_below(2),
                  .linear_before_reset = random_below(2), .input_forget = random_below(4) == 0, .clipped = random_below(3) == 0, .clip = 0.7f,
                  .steps = random_below(9), .batch = 1 + random_below(9), .input = 1 + random_below(40), .hidden = 1 + random_below(70) };
    if (random_below(20) == 0) n.steps = 60, n.batch = 30; // more than one chunk of products; smooth functions only
    if (n.steps == 60) n.hidden = 300, n.input = 3, n.kind = DLC_RNN_LSTM;
    for (int i = 0; i < 6; i++) {
        static const dlc_rnn_function usual[] = { DLC_RNN_SIGMOID, DLC_RNN_TANH, DLC_RNN_TANH };
        n.activations[i] = (dlc_rnn_activation){ n.steps == 60 || random_below(3) ? usual[i % 3] : (dlc_rnn_function)random_below(11), 0.3f, 0.4f };
    }
    int64_t D = n.direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1, gates = n.kind == DLC_RNN_LSTM ? 4 : n.kind == DLC_RNN_GRU ? 3 : 1;
    int64_t H = n.hidden, state = D * n.batch * H, all = n.steps * state;
    float scale = 1 / sqrtf((float)H);
    int32_t *lengths = aligned(4 * n.batch);
    for (int64_t b = 0; b < n.batch; b++) lengths[b] = (int32_t)random_below(n.steps + 1);
    tensors t = { random_floats(n.steps * n.batch * n.input), scaled(D * gates * H * n.input, scale), scaled(D * gates * H * H, scale),
                  random_below(2) ? scaled(D * 2 * gates * H, 0.3f) : NULL, random_below(2) ? scaled(D * 3 * H, 0.3f) : NULL,
                  random_below(2) ? lengths : NULL, random_below(2) ? random_floats(state) : NULL, random_below(2) ? random_floats(state) : NULL,
                  aligned(4 * all), aligned(4 * state), aligned(4 * state) };
    // Matrices of 16 bits hold just these weights.
    static const dlc_pack_form forms[] = { DLC_PACK_PANELS, DLC_PACK_PANELS, DLC_PACK_HALF, DLC_PACK_BFLOAT };
    n.form = forms[random_below(4)];
    for (int64_t i = 0; n.form != DLC_PACK_PANELS && i < D * gates * H * (n.input + H); i++) {
        float *weight = i < D * gates * H * n.input ? (float *)t.w + i : (float *)t.r + (i - D * gates * H * n.input);
        *weight = n.form == DLC_PACK_HALF ? dlc_float_of_half(dlc_half_of_float(*weight)) : dlc_float_of_bfloat(dlc_bfloat_of_float(*weight));
    }
    for (int64_t d = 0; d < D; d++) for (int64_t s = 0; s < n.batch; s++) naive(&n, &t, d, D, s);
    float *packed = aligned(dlc_rnn_packed_bytes(isa, &n));
    void *pack_buffers[] = { (void *)t.w, (void *)t.r, (void *)t.b, (void *)t.p, packed };
    dlc_launch pack;
    bool ok = dlc_rnn_pack_prepare(isa, &n, &pack) && launch_run(&pack, &n, pack_buffers, 1);
    void *buffers[10] = { (void *)t.x, packed, (void *)t.lengths, (void *)t.h, (void *)t.c, random_below(4) ? aligned(4 * all) : NULL,
                         aligned(4 * state), n.kind == DLC_RNN_LSTM ? aligned(4 * state) : NULL };
    dlc_launch launch;
    if (!ok || !dlc_rnn_prepare(isa, &n, &launch) || !launch_run(&launch, &n, buffers, 1)) failures++, printf("FAIL prepare or workspace\n");
    float *first = aligned(4 * state);
    memcpy(first, buffers[6], (size_t)(4 * state));
    launch_run(&launch, &n, buffers, 1 + random_below(3));
    if (memcmp(first, buffers[6], (size_t)(4 * state)) && failures++ < 10) printf("FAIL bits depend on the split\n");
    cases++;
    compare("Y", &n, buffers[5], t.y, all);
    compare("Y_h", &n, buffers[6], t.y_h, state);
    compare("Y_c", &n, buffers[7], t.y_c, state);
    for (int i = 5; i < 8; i++) free(buffers[i]);
    free((void *)t.x), free((void *)t.w), free((void *)t.r), free((void *)t.b), free((void *)t.p), free((void *)t.h), free((void *)t.c);
    free(t.y), free(t.y_h), free(t.y_c), free(packed), free(first), free(lengths);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 150 / CHECK_SHARE; i++) check((dlc_isa)isa);
        printf("%s: worst error %.2g\n", isa_names[isa], worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
