/// One unit vector of a recurrent cell, forwards over known gates and backwards.
#include "rnn_gradient.h"

/// What every part of a gradient's phase needs to know.
typedef struct {
    const dlc_rnn *p;
    bool has_gates;
    rnn_gradient_layout l;
    void *const *buffers;
    float *shared, *scratch;
} rnn_back;

DLC_TARGET_BEGIN

static int64_t rnn_back_length(const rnn_back *t, int64_t b) {
    const int32_t *lengths = t->buffers[DLC_RNN_G_LENGTHS];
    if (!lengths) return t->p->steps;
    return lengths[b] < 0 ? 0 : lengths[b] < t->p->steps ? lengths[b] : t->p->steps;
}

/// The time of a step of sequence `b`, and the step of a time: beyond its length the same.
static int64_t rnn_back_time(const rnn_back *t, int64_t d, int64_t step, int64_t b) {
    int64_t length = rnn_back_length(t, b);
    return (t->p->direction == DLC_RNN_REVERSE || d == 1) && step < length ? length - 1 - step : step;
}

/// The offset of a row of a direction in y, and in the states.
static int64_t rnn_back_y(const rnn_back *t, int64_t d, int64_t time, int64_t b) {
    int64_t directions = t->l.forward.directions;
    return (t->p->batch_first ? (b * t->p->steps + time) * directions + d : (time * directions + d) * t->p->batch + b) * t->p->hidden;
}
static int64_t rnn_back_state(const rnn_back *t, int64_t d, int64_t b) {
    return (t->p->batch_first ? b * t->l.forward.directions + d : d * t->p->batch + b) * t->p->hidden;
}

static float *rnn_back_at(const rnn_back *t, int64_t d, int64_t section) { return t->shared + d * t->l.direction + section; }
static float *rnn_back_gates(const rnn_back *t, int64_t d, int64_t row) { return rnn_back_at(t, d, t->l.gates) + row * t->l.gates_ld; }
static float *rnn_back_h(const rnn_back *t, int64_t d, int64_t row) { return rnn_back_at(t, d, t->l.h) + row * t->l.h_ld; }
static float *rnn_back_cell(const rnn_back *t, int64_t d, int64_t step, int64_t b) {
    return rnn_back_at(t, d, t->l.cells) + (step * t->p->batch + b) * t->l.forward.units;
}

/// The derivative at x.
DLC_INLINE vf rnn_derivative(vf x, const dlc_rnn_activation *a) {
    const vf alpha = vf_set1(a->alpha), beta = vf_set1(a->beta), zero = vf_zero(), one = vf_set1(1);
    vf y;
    switch (a->function) {
    case DLC_RNN_SIGMOID: case DLC_RNN_SOFTPLUS:
        y = vsigmoid(x);
        return a->function == DLC_RNN_SOFTPLUS ? y : y * (one - y);
    case DLC_RNN_TANH: y = vtanh(x); return one - y * y;
    case DLC_RNN_RELU: return vf_select(x > 0.0f, one, zero);
    case DLC_RNN_AFFINE: return alpha;
    case DLC_RNN_LEAKY_RELU: return vf_select(x > 0.0f, one, alpha);
    case DLC_RNN_THRESHOLDED_RELU: return vf_select(x > alpha, one, zero);
    case DLC_RNN_SCALED_TANH: y = vtanh(beta * x); return alpha * beta * (one - y * y);
    case DLC_RNN_HARD_SIGMOID: y = vf_fma(alpha, x, beta); return vf_select((y > 0.0f) & (y < 1.0f), alpha, zero);
    case DLC_RNN_ELU: return vf_select(x > 0.0f, one, alpha * vexp(x));
    case DLC_RNN_SOFTSIGN: y = one + vf_abs(x); return one / (y * y);
    }
    return zero;
}

DLC_INLINE const dlc_rnn_activation *rnn_back_function(const rnn_back *t, int64_t d, int i) { return &t->p->activations[3 * d + i]; }

DLC_INLINE vf rnn_back_activated(const rnn_back *t, vf x, int64_t d, int i) {
    if (t->p->clipped) x = vf_min(vf_set1(t->p->clip), vf_max(vf_set1(-t->p->clip), x));
    return rnn_activate(x, rnn_back_function(t, d, i));
}

/// A gate's value and its slope, from what is kept of it: the value, or the sum before its function.
DLC_INLINE vf rnn_back_value(const rnn_back *t, vf kept, int64_t d, int i) { return t->p->keeps_values ? kept : rnn_back_activated(t, kept, d, i); }
DLC_INLINE vf rnn_back_slope(const rnn_back *t, vf kept, int64_t d, int i) {
    const dlc_rnn_activation *function = rnn_back_function(t, d, i);
    if (t->p->keeps_values) return function->function == DLC_RNN_TANH ? 1.0f - kept * kept : kept * (1.0f - kept);
    vf slope = rnn_derivative(kept, function);
    return t->p->clipped ? vf_select(vf_abs(kept) > t->p->clip, vf_zero(), slope) : slope;
}

DLC_INLINE vf rnn_back_peephole(const rnn_back *t, int64_t d, int i, int64_t unit, int64_t n) {
    const float *peepholes = t->buffers[DLC_RNN_G_PEEPHOLES];
    return peepholes ? vf_load_n(peepholes + (3 * d + i) * t->p->hidden + unit, n) : vf_zero();
}

/// Keeps what steps backwards read of a step's gates: sums become values, and (LSTM) cells follow; given gates are as they
/// shall be.
static void rnn_back_forward(const rnn_back *t, int64_t d, int64_t step, int64_t b, int64_t unit, int64_t n) {
    const dlc_rnn *p = t->p;
    const bool live = step < rnn_back_length(t, b);
    float *z = rnn_back_gates(t, d, step * p->batch + b) + unit;
    const int64_t hidden = p->hidden;
    if (p->kind == DLC_RNN_LSTM) {
        const float *cell = rnn_back_cell(t, d, step, b) + unit;
        const vf c = vf_load(cell);
        vf next = c;
        if (live && t->has_gates) {
            vf input = rnn_back_value(t, vf_load_n(z, n), d, 0), value = rnn_back_value(t, vf_load_n(z + 3 * hidden, n), d, 1);
            vf forget = p->input_forget ? 1.0f - input : rnn_back_value(t, vf_load_n(z + 2 * hidden, n), d, 0);
            next = vf_fma(forget, c, input * value);
        } else if (live) {
            vf i = vf_fma(rnn_back_peephole(t, d, 0, unit, n), c, vf_load_n(z, n));
            vf f = vf_fma(rnn_back_peephole(t, d, 2, unit, n), c, vf_load_n(z + 2 * hidden, n));
            vf o = vf_load_n(z + hidden, n), g = vf_load_n(z + 3 * hidden, n);
            vf input = rnn_back_activated(t, i, d, 0), forget = p->input_forget ? 1.0f - input : rnn_back_activated(t, f, d, 0);
            vf value = rnn_back_activated(t, g, d, 1);
            next = vf_fma(forget, c, input * value);
            o = vf_fma(rnn_back_peephole(t, d, 1, unit, n), next, o);
            vf_store_n(z, t->p->keeps_values ? input : i, n);
            vf_store_n(z + hidden, t->p->keeps_values ? rnn_back_activated(t, o, d, 0) : o, n);
            vf_store_n(z + 2 * hidden, t->p->keeps_values ? forget : f, n);
            vf_store_n(z + 3 * hidden, t->p->keeps_values ? value : g, n);
        }
        vf_store(rnn_back_cell(t, d, step + 1, b) + unit, next);
        return;
    }
    if (!live || t->has_gates) return;
    vf first = vf_load_n(z, n);
    if (t->p->keeps_values) vf_store_n(z, rnn_back_activated(t, first, d, 0), n);
    if (p->kind != DLC_RNN_GRU) return;
    vf r = vf_load_n(z + hidden, n), sum = vf_load_n(z + 2 * hidden, n), reset = rnn_back_activated(t, r, d, 0);
    if (p->linear_before_reset) sum = vf_fma(reset, vf_load_n(z + 3 * hidden, n), sum);
    if (t->p->keeps_values) vf_store_n(z + hidden, reset, n);
    vf_store_n(z + 2 * hidden, t->p->keeps_values ? rnn_back_activated(t, sum, d, 1) : sum, n);
}

/// A step backwards: of `dh`, the gradient of h after it, to the gates' gradients in the place of the gates. What of it goes
/// to the state before the step by other ways than R is left in the gradients of h and c.
static void rnn_back_backward(const rnn_back *t, int64_t d, int64_t step, int64_t b, int64_t unit, int64_t n, vf dh) {
    const dlc_rnn *p = t->p;
    const int64_t hidden = p->hidden, state = b * t->l.forward.units + unit;
    float *z = rnn_back_gates(t, d, step * p->batch + b) + unit, *rest = rnn_back_at(t, d, t->l.dh) + state;
    const float *dy = t->buffers[DLC_RNN_G_DY];
    if (step >= rnn_back_length(t, b)) {
        vf_store(rest, dh);
        for (int64_t column = 0; column < t->l.columns; column += hidden) vf_store_n(z + column, vf_zero(), n);
        return;
    }
    if (dy) dh += vf_load_n(dy + rnn_back_y(t, d, rnn_back_time(t, d, step, b), b) + unit, n);
    const vf first = vf_load_n(z, n);
    if (p->kind == DLC_RNN_PLAIN) {
        vf_store_n(z, dh * rnn_back_slope(t, first, d, 0), n);
        vf_store(rest, vf_zero());
    } else if (p->kind == DLC_RNN_GRU) {
        const vf second = vf_load_n(z + hidden, n), third = vf_load_n(z + 2 * hidden, n);
        const vf update = rnn_back_value(t, first, d, 0), candidate = rnn_back_value(t, third, d, 1);
        const vf h = vf_load_n(rnn_back_h(t, d, step * p->batch + b) + unit, n);
        const vf dcandidate = dh * (1.0f - update) * rnn_back_slope(t, third, d, 1);
        vf_store_n(z, dh * (h - candidate) * rnn_back_slope(t, first, d, 0), n);
        if (p->linear_before_reset) {
            const vf brought = vf_load_n(z + 3 * hidden, n);
            vf_store_n(z + hidden, dcandidate * brought * rnn_back_slope(t, second, d, 0), n);
            vf_store_n(z + 3 * hidden, dcandidate * rnn_back_value(t, second, d, 0), n);
        }
        vf_store_n(z + 2 * hidden, dcandidate, n);
        vf_store(rest, dh * update);
    } else {
        float *dcell = rnn_back_at(t, d, t->l.dc) + state;
        const vf c = vf_load(rnn_back_cell(t, d, step, b) + unit), next = vf_load(rnn_back_cell(t, d, step + 1, b) + unit);
        const vf o = vf_load_n(z + hidden, n), f = vf_load_n(z + 2 * hidden, n), g = vf_load_n(z + 3 * hidden, n);
        const vf input = rnn_back_value(t, first, d, 0), value = rnn_back_value(t, g, d, 1);
        const vf forget = p->input_forget ? 1.0f - input : rnn_back_value(t, f, d, 0);
        const dlc_rnn_activation *shown = rnn_back_function(t, d, 2);
        const vf doutput = dh * rnn_activate(next, shown) * rnn_back_slope(t, o, d, 0);
        vf dnext = vf_fma(dh * rnn_back_value(t, o, d, 0), rnn_derivative(next, shown), vf_load(dcell));
        dnext = vf_fma(doutput, rnn_back_peephole(t, d, 1, unit, n), dnext);
        const vf dforget = p->input_forget ? vf_zero() : dnext * c * rnn_back_slope(t, f, d, 0);
        const vf dinput = dnext * (p->input_forget ? value - c : value) * rnn_back_slope(t, first, d, 0);
        vf dc = dnext * forget;
        dc = vf_fma(dinput, rnn_back_peephole(t, d, 0, unit, n), dc);
        vf_store(dcell, vf_fma(dforget, rnn_back_peephole(t, d, 2, unit, n), dc));
        vf_store_n(z, dinput, n);
        vf_store_n(z + hidden, doutput, n);
        vf_store_n(z + 2 * hidden, dforget, n);
        vf_store_n(z + 3 * hidden, dnext * input * rnn_back_slope(t, g, d, 1), n);
        vf_store(rest, vf_zero());
    }
}

/// The second stage of a GRU's step: `dreset`, the gradient of the reset state, goes to the reset gate and the state.
static void rnn_back_reset(const rnn_back *t, int64_t d, int64_t step, int64_t b, int64_t unit, int64_t n, vf dreset) {
    if (step >= rnn_back_length(t, b)) return;
    float *z = rnn_back_gates(t, d, step * t->p->batch + b) + t->p->hidden + unit;
    float *rest = rnn_back_at(t, d, t->l.dh) + b * t->l.forward.units + unit;
    const vf kept = vf_load_n(z, n), h = vf_load_n(rnn_back_h(t, d, step * t->p->batch + b) + unit, n);
    vf_store(rest, vf_fma(dreset, rnn_back_value(t, kept, d, 0), vf_load(rest)));
    vf_store_n(z, dreset * h * rnn_back_slope(t, kept, d, 0), n);
}

DLC_TARGET_END
