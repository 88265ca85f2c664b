/// Recurrent layers for one instruction set. A task is one vector of hidden units of one direction.
#include "rnn.h"
#include "rnn_product.inc.h"

DLC_TARGET_BEGIN

DLC_INLINE vf rnn_activate(vf x, const dlc_rnn_activation *a) {
    vf alpha = vf_set1(a->alpha), beta = vf_set1(a->beta), zero = vf_zero();
    switch (a->function) {
    case DLC_RNN_SIGMOID: return vsigmoid(x);
    case DLC_RNN_TANH: return vtanh(x);
    case DLC_RNN_RELU: return vf_max(zero, x);
    case DLC_RNN_AFFINE: return vf_fma(alpha, x, beta);
    case DLC_RNN_LEAKY_RELU: return vf_select(x < 0.0f, alpha * x, x);
    case DLC_RNN_THRESHOLDED_RELU: return vf_select(x > alpha, x, zero);
    case DLC_RNN_SCALED_TANH: return alpha * vtanh(beta * x);
    case DLC_RNN_HARD_SIGMOID: return vf_min(vf_set1(1.0f), vf_max(zero, vf_fma(alpha, x, beta)));
    case DLC_RNN_ELU: return vf_select(x < 0.0f, alpha * (vexp(x) - 1.0f), x);
    case DLC_RNN_SOFTSIGN: return x / (1.0f + vf_abs(x));
    case DLC_RNN_SOFTPLUS: return vf_max(zero, x) + vlog(1.0f + vexp(-vf_abs(x)));
    }
    return x;
}

/// What every part of a step needs to know about its task.
typedef struct {
    const dlc_rnn *p;
    rnn_layout l;
    void *const *buffers;
    const float *weights, *small;       ///< of this direction; of this block
    float *xw, *h[2], *c, *rh, *z;      ///< of this direction
    int64_t direction, block, lanes;    ///< lanes: units of this block that exist
    bool reverse;
} rnn_task;

static rnn_task rnn_task_of(const dlc_call *call, int64_t task) {
    const dlc_rnn *p = call->params;
    rnn_task t = { .p = p, .l = rnn_layout_of(p, VL), .buffers = call->buffers };
    t.direction = task / t.l.blocks;
    t.block = task % t.l.blocks;
    t.lanes = p->hidden - t.block * VL < VL ? p->hidden - t.block * VL : VL;
    t.reverse = p->direction == DLC_RNN_REVERSE || t.direction == 1;
    t.weights = (const float *)call->buffers[1] + t.direction * t.l.direction;
    t.small = t.weights + t.l.small + t.block * (t.l.gates + rnn_small_rows) * VL;
    float *shared = call->shared;
    int64_t at = t.direction * p->batch * t.l.units;
    t.xw = shared + t.direction * p->chunk * p->batch * t.l.xw_row;
    t.h[0] = shared + t.l.h + at;
    t.h[1] = t.h[0] + t.l.state;
    t.c = shared + t.l.c + at;
    t.rh = shared + t.l.rh + at;
    t.z = shared + t.l.z + at;
    return t;
}

static int64_t rnn_length(const rnn_task *t, int64_t b) {
    const int32_t *lengths = t->buffers[2];
    if (!lengths) return t->p->steps;
    return lengths[b] < 0 ? 0 : lengths[b] < t->p->steps ? lengths[b] : t->p->steps;
}

/// The time that sequence `b` is at in `step`; beyond its length the step itself.
static int64_t rnn_time(const rnn_task *t, int64_t step, int64_t b) {
    int64_t length = rnn_length(t, b);
    return t->reverse && step < length ? length - 1 - step : step;
}

/// The offset of this task's units in initial_h, initial_c, Y_h and Y_c.
static int64_t rnn_state_offset(const rnn_task *t, int64_t b) {
    const dlc_rnn *p = t->p;
    int64_t row = p->batch_first ? b * t->l.directions + t->direction : t->direction * p->batch + b;
    return row * p->hidden + t->block * VL;
}

/// A sequence without steps ends with zeros; that of a GRU, as ONNX Runtime has it, with what it began with.
static void rnn_finish(const rnn_task *t, int64_t b, vf h, vf c) {
    if (rnn_length(t, b) == 0 && t->p->kind != DLC_RNN_GRU) h = c = vf_zero();
    float *y_h = t->buffers[6], *y_c = t->buffers[7];
    if (y_h) vf_store_n(y_h + rnn_state_offset(t, b), h, t->lanes);
    if (y_c) vf_store_n(y_c + rnn_state_offset(t, b), c, t->lanes);
}

static void rnn_start(const rnn_task *t) {
    const float *h = t->buffers[3], *c = t->buffers[4];
    const int32_t *lengths = t->buffers[2];
    int32_t *status = t->buffers[9];
    bool lstm = t->p->kind == DLC_RNN_LSTM;
    for (int64_t b = 0; b < t->p->batch; b++) {
        if (status && lengths && t->direction == 0 && t->block == 0 && (lengths[b] < 0 || lengths[b] > t->p->steps)) *status = 1;
        int64_t at = b * t->l.units + t->block * VL, from = rnn_state_offset(t, b);
        vf first_h = h ? vf_load_n(h + from, t->lanes) : vf_zero();
        vf first_c = c ? vf_load_n(c + from, t->lanes) : vf_zero();
        vf_store(t->h[0] + at, first_h);
        if (lstm) vf_store(t->c + at, first_c);
        if (t->p->steps == 0) rnn_finish(t, b, first_h, first_c);
    }
}

/// The products of this block with the inputs of `count` steps from `first` on.
static void rnn_input_products(const rnn_task *t, int64_t first, int64_t count) {
    const dlc_rnn *p = t->p;
    const float *x = t->buffers[0], *rows[RNN_MOST_ROWS];
    int64_t step_t = p->batch_first ? p->input : p->batch * p->input;
    int64_t step_b = p->batch_first ? p->steps * p->input : p->input;
    int64_t total = count * p->batch, ld = t->l.xw_row, block = t->l.gates * VL;
    for (int64_t row = 0; row < total; row += RNN_MOST_ROWS) {
        int64_t some = total - row < RNN_MOST_ROWS ? total - row : RNN_MOST_ROWS;
        for (int64_t i = 0; i < some; i++) {
            int64_t b = (row + i) % p->batch, step = first + (row + i) / p->batch;
            rows[i] = x + rnn_time(t, step, b) * step_t + b * step_b;
        }
        rnn_product(t->l.gates, some, p->input, rows, rnn_element(p->form, t->weights, t->l.w + t->block * block * p->input), p->form,
                    t->small, t->xw + row * ld + t->block * block, ld);
    }
}

DLC_INLINE vf rnn_gate(const rnn_task *t, vf x, int activation) {
    const dlc_rnn *p = t->p;
    if (p->clipped) x = vf_min(vf_set1(p->clip), vf_max(vf_set1(-p->clip), x));
    return rnn_activate(x, &p->activations[t->direction * 3 + activation]);
}

/// Stores the new h of sequence `b`, or keeps the old one past its end.
static void rnn_store(const rnn_task *t, int64_t step, int64_t b, vf h, vf c) {
    const dlc_rnn *p = t->p;
    int64_t at = b * t->l.units + t->block * VL, time = rnn_time(t, step, b);
    float *y = t->buffers[5];
    vf shown = h;
    if (step >= rnn_length(t, b)) {
        h = vf_load(t->h[step & 1] + at);
        shown = vf_zero();
    }
    vf_store(t->h[~step & 1] + at, h);
    if (y) {
        int64_t row = p->batch_first ? (b * p->steps + time) * t->l.directions + t->direction
                                     : (time * t->l.directions + t->direction) * p->batch + b;
        vf_store_n(y + row * p->hidden + t->block * VL, shown, t->lanes);
    }
    if (step == p->steps - 1) rnn_finish(t, b, h, c);
}

/// Where the gates of a step are given for the gradient; null where they are not, or the sequence has ended.
static float *rnn_gates_of(const rnn_task *t, int64_t step, int64_t b) {
    const dlc_rnn *p = t->p;
    float *gates = t->buffers[8];
    if (!gates || step >= rnn_length(t, b)) return NULL;
    return gates + ((t->direction * p->steps + step) * p->batch + b) * dlc_rnn_gates_columns(p) + t->block * VL;
}

/// Gives a gate: its value, or the sum before its function.
DLC_INLINE void rnn_give(const rnn_task *t, float *gates, int64_t gate, vf sum, vf value) {
    if (gates) vf_store_n(gates + gate * t->p->hidden, t->p->keeps_values ? value : sum, t->lanes);
}

static void rnn_lstm(const rnn_task *t, int64_t step, int64_t b, const float *xw, const float *rec) {
    const float *peephole = t->small + (t->l.gates + 1) * VL;
    float *cell = t->c + b * t->l.units + t->block * VL;
    vf c = vf_load(cell);
    vf i = vf_load(xw) + vf_load(rec), o = vf_load(xw + VL) + vf_load(rec + VL);
    vf f = vf_load(xw + 2 * VL) + vf_load(rec + 2 * VL), g = vf_load(xw + 3 * VL) + vf_load(rec + 3 * VL);
    i = vf_fma(vf_load(peephole), c, i), f = vf_fma(vf_load(peephole + 2 * VL), c, f);
    vf input = rnn_gate(t, i, 0), forget = t->p->input_forget ? 1.0f - input : rnn_gate(t, f, 0), value = rnn_gate(t, g, 1);
    vf next = vf_fma(forget, c, input * value);
    o = vf_fma(vf_load(peephole + VL), next, o);
    vf output = rnn_gate(t, o, 0);
    float *gates = rnn_gates_of(t, step, b);
    rnn_give(t, gates, 0, i, input), rnn_give(t, gates, 1, o, output), rnn_give(t, gates, 2, f, forget), rnn_give(t, gates, 3, g, value);
    vf h = output * rnn_activate(next, &t->p->activations[t->direction * 3 + 2]);
    if (step >= rnn_length(t, b)) next = c;
    vf_store(cell, next);
    rnn_store(t, step, b, h, next);
}

/// One stage of a GRU: all of it with `linear_before_reset`, else the gates z and r, then the candidate.
static void rnn_gru(const rnn_task *t, int64_t step, int64_t stage, int64_t b, const float *xw, const float *rec) {
    int64_t at = b * t->l.units + t->block * VL;
    vf old = vf_load(t->h[step & 1] + at), z, candidate;
    float *gates = rnn_gates_of(t, step, b);
    if (stage == 0) {
        vf z_sum = vf_load(xw) + vf_load(rec), r_sum = vf_load(xw + VL) + vf_load(rec + VL), r = rnn_gate(t, r_sum, 0);
        z = rnn_gate(t, z_sum, 0);
        rnn_give(t, gates, 0, z_sum, z), rnn_give(t, gates, 1, r_sum, r);
        if (!t->p->linear_before_reset) {
            vf_store(t->rh + at, r * old);
            vf_store(t->z + at, z);
            return;
        }
        vf brought = vf_load(rec + 2 * VL) + vf_load(t->small + 3 * VL);
        rnn_give(t, gates, 3, brought, brought);
        candidate = vf_fma(r, brought, vf_load(xw + 2 * VL));
    } else {
        z = vf_load(t->z + at);
        candidate = vf_load(xw + 2 * VL) + vf_load(rec);
    }
    vf value = rnn_gate(t, candidate, 1);
    rnn_give(t, gates, 2, candidate, value);
    rnn_store(t, step, b, vf_fma(z, old, (1.0f - z) * value), vf_zero());
}

static void rnn_plain(const rnn_task *t, int64_t step, int64_t b, const float *xw, const float *rec) {
    vf sum = vf_load(xw) + vf_load(rec), h = rnn_gate(t, sum, 0);
    rnn_give(t, rnn_gates_of(t, step, b), 0, sum, h);
    rnn_store(t, step, b, h, vf_zero());
}

/// One stage of one step for this task's units of every sequence.
static void rnn_step(const rnn_task *t, int64_t step, int64_t stage) {
    const dlc_rnn *p = t->p;
    int64_t gates = stage == 0 ? t->l.gates1 : t->l.gates2, units = t->l.units;
    const float *from = stage == 0 ? t->h[step & 1] : t->rh, *rows[RNN_MOST_ROWS];
    const void *weights = rnn_element(p->form, t->weights, (stage == 0 ? t->l.r1 : t->l.r2) + t->block * gates * VL * p->hidden);
    float products[RNN_MOST_ROWS * 4 * VL];
    for (int64_t b = 0; b < p->batch; b += RNN_MOST_ROWS) {
        int64_t some = p->batch - b < RNN_MOST_ROWS ? p->batch - b : RNN_MOST_ROWS;
        for (int64_t i = 0; i < some; i++) rows[i] = from + (b + i) * units;
        rnn_product(gates, some, p->hidden, rows, weights, p->form, NULL, products, gates * VL);
        for (int64_t i = 0; i < some; i++) {
            const float *xw = t->xw + (step % p->chunk * p->batch + b + i) * t->l.xw_row + t->block * t->l.gates * VL;
            const float *rec = products + i * gates * VL;
            switch (p->kind) {
            case DLC_RNN_LSTM: rnn_lstm(t, step, b + i, xw, rec); break;
            case DLC_RNN_GRU: rnn_gru(t, step, stage, b + i, xw, rec); break;
            case DLC_RNN_PLAIN: rnn_plain(t, step, b + i, xw, rec); break;
            }
        }
    }
}

static void DLC_NAME(rnn_f32)(const dlc_call *call) {
    const dlc_rnn *p = call->params;
    int64_t stages = rnn_layout_of(p, VL).stages, cycle = 1 + p->chunk * stages;
    int64_t first = call->phase / cycle * p->chunk, within = call->phase % cycle;
    int64_t count = p->steps - first < p->chunk ? p->steps - first : p->chunk;
    for (int64_t i = call->begin; i < call->end; i++) {
        // Every other phase goes backwards, to begin with the weights that are still in the cache.
        rnn_task t = rnn_task_of(call, call->phase & 1 ? call->begin + call->end - 1 - i : i);
        if (within > 0) {
            rnn_step(&t, first + (within - 1) / stages, (within - 1) % stages);
            continue;
        }
        if (first == 0) rnn_start(&t);
        rnn_input_products(&t, first, count);
    }
}

DLC_TARGET_END
