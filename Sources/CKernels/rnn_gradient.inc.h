/// Gradients of recurrent layers for one instruction set: the phases of backpropagation through time.
#include "conv_weights.h"
#include "gather_index.h"
#include "rnn_gradient_cell.inc.h"
#include <string.h>

DLC_TARGET_BEGIN

enum { rnn_back_chunk = 96 };

/// Rows `row ..< row + some` of a matrix.
static void rnn_back_rows(const float *base, int64_t ld, int64_t row, int64_t some, const float **rows) {
    for (int64_t i = 0; i < some; i++) rows[i] = base + (row + i) * ld;
}

/// Units of the vector at `unit` that exist.
static int64_t rnn_back_lanes(int64_t unit, int64_t count) { return unit >= count ? 0 : dlc_lesser(count - unit, VL); }

/// A row of x and the state before a step, in the layer's order; zeros beyond a sequence's length.
static void rnn_back_copy(const rnn_back *t, int64_t d, int64_t row) {
    const dlc_rnn *p = t->p;
    const int64_t b = row % p->batch, step = row / p->batch, time = rnn_back_time(t, d, step, b);
    const float *y = t->buffers[DLC_RNN_G_Y], *initial = t->buffers[DLC_RNN_G_INITIAL_H];
    const float *x = (const float *)t->buffers[DLC_RNN_G_X] + (p->batch_first ? b * p->steps + time : time * p->batch + b) * p->input;
    float *to_x = rnn_back_at(t, d, t->l.x) + row * t->l.x_ld, *to_h = rnn_back_h(t, d, row);
    const bool live = step < rnn_back_length(t, b);
    const float *gates = t->buffers[DLC_RNN_G_GATES];
    if (live && t->has_gates) memcpy(rnn_back_gates(t, d, row), gates + (d * t->l.rows + row) * t->l.columns, (size_t)t->l.columns * sizeof(float));
    const float *h = step > 0 ? y + rnn_back_y(t, d, rnn_back_time(t, d, step - 1, b), b) : initial ? initial + rnn_back_state(t, d, b) : NULL;
    if (live) memcpy(to_x, x, (size_t)p->input * sizeof(float));
    else memset(to_x, 0, (size_t)p->input * sizeof(float));
    if (live && h) memcpy(to_h, h, (size_t)p->hidden * sizeof(float));
    else memset(to_h, 0, (size_t)p->hidden * sizeof(float));
}

/// The sums of a block of units before their functions, for rows `first ..< last`; without the reset state's part.
static void rnn_back_sums(const rnn_back *t, int64_t d, int64_t block, int64_t first, int64_t last) {
    const dlc_rnn *p = t->p;
    const rnn_layout *f = &t->l.forward;
    const bool apart = p->kind == DLC_RNN_GRU && p->linear_before_reset;
    const float *weights = rnn_back_at(t, d, t->l.weights), *small = weights + f->small + block * (f->gates + rnn_small_rows) * VL;
    const int64_t unit = block * VL, n = rnn_back_lanes(unit, p->hidden);
    const float *rows[RNN_MOST_ROWS];
    float of_x[RNN_MOST_ROWS * 4 * VL], of_h[RNN_MOST_ROWS * 4 * VL];
    for (int64_t row = first; row < last; row += RNN_MOST_ROWS) {
        const int64_t some = dlc_lesser(last - row, RNN_MOST_ROWS);
        rnn_back_rows(rnn_back_at(t, d, t->l.x), t->l.x_ld, row, some, rows);
        rnn_product(f->gates, some, p->input, rows, weights + f->w + block * f->gates * VL * p->input, DLC_PACK_PANELS, small, of_x, f->gates * VL);
        rnn_back_rows(rnn_back_at(t, d, t->l.h), t->l.h_ld, row, some, rows);
        rnn_product(f->gates1, some, p->hidden, rows, weights + f->r1 + block * f->gates1 * VL * p->hidden, DLC_PACK_PANELS, NULL, of_h, f->gates1 * VL);
        for (int64_t i = 0; i < some; i++) {
            float *z = rnn_back_gates(t, d, row + i) + unit;
            for (int64_t gate = 0; gate < f->gates; gate++) {
                vf sum = vf_load(of_x + (i * f->gates + gate) * VL);
                if (gate < f->gates1 && !(apart && gate == 2)) sum += vf_load(of_h + (i * f->gates1 + gate) * VL);
                vf_store_n(z + gate * p->hidden, sum, n);
            }
            if (apart) vf_store_n(z + 3 * p->hidden, vf_load(of_h + (i * f->gates1 + 2) * VL) + vf_load(small + 3 * VL), n);
        }
    }
}

/// A row of the reset state of a GRU of two stages; zeros beyond a sequence's length.
static void rnn_back_reset_row(const rnn_back *t, int64_t d, int64_t row) {
    const float *z = rnn_back_gates(t, d, row) + t->p->hidden, *h = rnn_back_h(t, d, row);
    float *reset = rnn_back_at(t, d, t->l.reset) + row * t->l.h_ld;
    if (row / t->p->batch >= rnn_back_length(t, row % t->p->batch)) {
        memset(reset, 0, (size_t)t->p->hidden * sizeof(float));
        return;
    }
    for (int64_t unit = 0; unit < t->p->hidden; unit += VL) {
        const int64_t n = rnn_back_lanes(unit, t->p->hidden);
        const vf r = vf_load_n(z + unit, n);
        vf_store_n(reset + unit, (t->has_gates ? rnn_back_value(t, r, d, 0) : rnn_back_activated(t, r, d, 0)) * vf_load_n(h + unit, n), n);
    }
}

/// Adds the reset state's part to the sums of the candidate.
static void rnn_back_candidate(const rnn_back *t, int64_t d, int64_t block, int64_t first, int64_t last) {
    const int64_t hidden = t->p->hidden, unit = block * VL, n = rnn_back_lanes(unit, hidden);
    const float *weights = rnn_back_at(t, d, t->l.weights) + t->l.forward.r2 + block * VL * hidden, *rows[RNN_MOST_ROWS];
    float products[RNN_MOST_ROWS * VL];
    for (int64_t row = first; row < last; row += RNN_MOST_ROWS) {
        const int64_t some = dlc_lesser(last - row, RNN_MOST_ROWS);
        rnn_back_rows(rnn_back_at(t, d, t->l.reset), t->l.h_ld, row, some, rows);
        rnn_product(1, some, hidden, rows, weights, DLC_PACK_PANELS, NULL, products, VL);
        for (int64_t i = 0; i < some; i++) {
            float *z = rnn_back_gates(t, d, row + i) + 2 * hidden + unit;
            vf_store_n(z, vf_load_n(z, n) + vf_load(products + i * VL), n);
        }
    }
}

/// Goes through all steps of a block of units, and lets the gradients of the last states in.
static void rnn_back_scan(const rnn_back *t, int64_t d, int64_t block) {
    const dlc_rnn *p = t->p;
    const int64_t unit = block * VL, n = rnn_back_lanes(unit, p->hidden), units = t->l.forward.units;
    const float *initial = t->buffers[DLC_RNN_G_INITIAL_C], *dh = t->buffers[DLC_RNN_G_DY_H], *dc = t->buffers[DLC_RNN_G_DY_C];
    for (int64_t b = 0; b < p->batch; b++) {
        // A sequence without steps ends with zeros, but for a GRU.
        const bool ends = rnn_back_length(t, b) > 0 || p->kind == DLC_RNN_GRU;
        const int64_t from = rnn_back_state(t, d, b) + unit;
        vf_store(rnn_back_at(t, d, t->l.dh) + b * units + unit, ends && dh ? vf_load_n(dh + from, n) : vf_zero());
        if (p->kind != DLC_RNN_LSTM) continue;
        vf_store(rnn_back_at(t, d, t->l.dc) + b * units + unit, ends && dc ? vf_load_n(dc + from, n) : vf_zero());
        vf_store(rnn_back_cell(t, d, 0, b) + unit, initial ? vf_load_n(initial + from, n) : vf_zero());
    }
    for (int64_t step = 0; step < p->steps; step++)
        for (int64_t b = 0; b < p->batch; b++) rnn_back_forward(t, d, step, b, unit, n);
}

/// Packs `rows` rows of a matrix, a group of columns of it, as [rows][wide][lanes].
static void rnn_back_pack(const float *matrix, int64_t rows, int64_t columns, int64_t wide, int64_t group, float *to) {
    to += group * rows * wide * VL;
    for (int64_t row = 0; row < rows; row++)
        for (int64_t v = 0; v < wide; v++, to += VL) {
            const int64_t column = (group * wide + v) * VL, n = rnn_back_lanes(column, columns);
            vf_store(to, n > 0 ? vf_load_n(matrix + row * columns + column, n) : vf_zero());
        }
}

/// What R brings back of the gates' gradients of rows `row ..< row + some` to a group of units: [some][wide][lanes].
static void rnn_back_product(const rnn_back *t, int64_t d, int64_t group, int64_t row, int64_t some, bool candidate, float *out) {
    const rnn_gradient_layout *l = &t->l;
    const int64_t width = l->wide_h * VL;
    const float *rows[RNN_MOST_ROWS];
    rnn_back_rows(rnn_back_gates(t, d, 0) + (candidate ? l->candidate : 0), l->gates_ld, row, some, rows);
    if (candidate) rnn_product(l->wide_h, some, l->rows2, rows, rnn_back_at(t, d, l->r2) + group * l->rows2 * width, DLC_PACK_PANELS, NULL, out, width);
    else rnn_product(l->wide_h, some, l->rows1, rows, rnn_back_at(t, d, l->r1) + group * l->rows1 * width, DLC_PACK_PANELS, NULL, out, width);
}

/// The same of all gates, but for the candidate of a GRU of two stages.
static void rnn_back_from_next(const rnn_back *t, int64_t d, int64_t group, int64_t row, int64_t some, float *out) {
    float more[RNN_MOST_ROWS * 4 * VL];
    rnn_back_product(t, d, group, row, some, false, out);
    if (t->l.rows2 == 0 || t->l.stages == 2) return;
    rnn_back_product(t, d, group, row, some, true, more);
    for (int64_t i = 0; i < some * t->l.wide_h * VL; i += VL) vf_store(out + i, vf_load(out + i) + vf_load(more + i));
}

static void rnn_back_step(const rnn_back *t, int64_t d, int64_t group, int64_t step, int64_t stage) {
    const dlc_rnn *p = t->p;
    float products[RNN_MOST_ROWS * 4 * VL];
    for (int64_t b = 0; b < p->batch; b += RNN_MOST_ROWS) {
        const int64_t some = dlc_lesser(p->batch - b, RNN_MOST_ROWS);
        const bool follows = stage == 1 || step + 1 < p->steps;
        if (stage == 1) rnn_back_product(t, d, group, step * p->batch + b, some, true, products);
        else if (follows) rnn_back_from_next(t, d, group, (step + 1) * p->batch + b, some, products);
        for (int64_t i = 0; i < some; i++)
            for (int64_t v = 0; v < t->l.wide_h; v++) {
                const int64_t unit = (group * t->l.wide_h + v) * VL, n = rnn_back_lanes(unit, p->hidden);
                if (n == 0) break;
                vf product = follows ? vf_load(products + (i * t->l.wide_h + v) * VL) : vf_zero();
                if (stage == 1) rnn_back_reset(t, d, step, b + i, unit, n, product);
                else rnn_back_backward(t, d, step, b + i, unit, n, product + vf_load(rnn_back_at(t, d, t->l.dh) + (b + i) * t->l.forward.units + unit));
            }
    }
}

/// The gradient of a group of inputs for rows of X `first ..< last`.
static void rnn_back_inputs(const rnn_back *t, int64_t group, int64_t first, int64_t last) {
    const dlc_rnn *p = t->p;
    const int64_t wide = t->l.wide_x, k = t->l.forward.gates * p->hidden;
    const float *rows[RNN_MOST_ROWS];
    float products[RNN_MOST_ROWS * 4 * VL];
    for (int64_t row = first; row < last; row += RNN_MOST_ROWS) {
        const int64_t some = dlc_lesser(last - row, RNN_MOST_ROWS);
        for (int64_t d = 0; d < t->l.forward.directions; d++) {
            for (int64_t i = 0; i < some; i++) {
                int64_t b = p->batch_first ? (row + i) / p->steps : (row + i) % p->batch, time = p->batch_first ? (row + i) % p->steps : (row + i) / p->batch;
                rows[i] = rnn_back_gates(t, d, rnn_back_time(t, d, time, b) * p->batch + b);
            }
            rnn_product(wide, some, k, rows, rnn_back_at(t, d, t->l.w) + group * k * wide * VL, DLC_PACK_PANELS, NULL, products, wide * VL);
            for (int64_t i = 0; i < some; i++)
                for (int64_t v = 0; v < wide; v++) {
                    const int64_t column = (group * wide + v) * VL, n = rnn_back_lanes(column, p->input);
                    if (n == 0) break;
                    float *dx = (float *)t->buffers[DLC_RNN_G_DX] + (row + i) * p->input + column;
                    vf sum = vf_load(products + (i * wide + v) * VL);
                    vf_store_n(dx, d == 0 ? sum : sum + vf_load_n(dx, n), n);
                }
        }
    }
}

/// Rows of a gradient of weights: the sum over steps and sequences of a[row] · b[column]. The stripe of a is copied to where
/// it is read again for all columns, since its own rows lie pages apart.
static void rnn_back_weights(const rnn_back *t, const float *a, int64_t first, int64_t last, const float *b, int64_t b_ld, int64_t columns, float *out) {
    const dlc_weights_functions *f = &DLC_NAME(dlc_weights_functions);
    const int64_t start = 0;
    if (t->l.rows == 0) memset(out + first * columns, 0, (size_t)((last - first) * columns) * sizeof(float));
    for (int64_t k = 0; k < t->l.rows; k += DLC_RNN_DEPTH) {
        const int64_t count = dlc_lesser(DLC_RNN_DEPTH, t->l.rows - k);
        for (int64_t i = 0; i < count; i++) memcpy(t->scratch + i * DLC_RNN_STRIPE, a + (k + i) * t->l.gates_ld + first, (size_t)(last - first) * sizeof(float));
        dlc_weights_tile tile = { .segments = 1, .a_start = &start, .b_start = &start, .counts = &count, .a_step = DLC_RNN_STRIPE, .b_step = b_ld, .sums_row = columns };
        for (int64_t column = 0; column < columns; column += f->most_vectors * VL) {
            const int64_t width = dlc_lesser(columns - column, f->most_vectors * VL), vectors = dlc_quotient_up(width, VL), rows = f->tile_rows[vectors - 1];
            const bool whole = width == vectors * VL;
            for (int64_t j = 0; j < vectors; j++) tile.column[j] = tile.place[j] = j * VL, tile.width[j] = dlc_lesser(width - j * VL, VL);
            tile.b = b + k * b_ld + column;
            for (int64_t row = first; k == 0 && row < last; row++) memset(out + row * columns + column, 0, (size_t)width * sizeof(float));
            for (int64_t row = first; row < last; row += rows) {
                tile.rows = dlc_lesser(rows, last - row);
                tile.a = t->scratch + row - first;
                for (int64_t i = 0; i < rows; i++) tile.offset[i] = i < tile.rows ? i : 0;
                tile.sums = out + row * columns + column;
                const bool dense = tile.rows == rows;
                (dense && whole ? f->whole_near : whole ? f->any_near : dense ? f->dense : f->any)[vectors - 1](&tile);
            }
        }
    }
}

/// The sum over rows of up to four vectors of a gates' row.
static void rnn_back_bias(const rnn_back *t, int64_t d, int64_t column, int64_t count, float *out) {
    vf sum[4] = { vf_zero(), vf_zero(), vf_zero(), vf_zero() };
    for (int64_t row = 0; row < t->l.rows; row++)
        for (int v = 0; v * VL < count; v++) sum[v] += vf_load_n(rnn_back_gates(t, d, row) + column + v * VL, dlc_lesser(count - v * VL, VL));
    for (int v = 0; v * VL < count; v++) vf_store_n(out + v * VL, sum[v], dlc_lesser(count - v * VL, VL));
}

/// The biases of units from `unit` on of a gate, those of the input and those of the state.
static void rnn_back_biases(const rnn_back *t, int64_t d, int64_t gate, int64_t unit) {
    const int64_t hidden = t->p->hidden, count = dlc_lesser(hidden - unit, 4 * VL), gates = t->l.forward.gates;
    float *out = (float *)t->buffers[DLC_RNN_G_DBIAS] + (2 * d * gates + gate) * hidden + unit;
    rnn_back_bias(t, d, gate * hidden + unit, count, out);
    if (t->p->kind == DLC_RNN_GRU && gate == 2) rnn_back_bias(t, d, t->l.candidate + unit, count, out + gates * hidden);
    else memcpy(out + gates * hidden, out, (size_t)count * sizeof(float));
}

static void rnn_back_peepholes(const rnn_back *t, int64_t d, int64_t block) {
    const dlc_rnn *p = t->p;
    const int64_t unit = block * VL, n = rnn_back_lanes(unit, p->hidden);
    vf sum[3] = { vf_zero(), vf_zero(), vf_zero() };
    for (int64_t step = 0; step < p->steps; step++)
        for (int64_t b = 0; b < p->batch; b++) {
            if (step >= rnn_back_length(t, b)) continue;
            const float *z = rnn_back_gates(t, d, step * p->batch + b) + unit;
            for (int64_t i = 0; i < 3; i++)
                sum[i] = vf_fma(vf_load_n(z + i * p->hidden, n), vf_load(rnn_back_cell(t, d, step + (i == 1), b) + unit), sum[i]);
        }
    for (int64_t i = 0; i < 3; i++) vf_store_n((float *)t->buffers[DLC_RNN_G_DPEEPHOLES] + (3 * d + i) * p->hidden + unit, sum[i], n);
}

/// The gradients of the states before the first step.
static void rnn_back_states(const rnn_back *t, int64_t d, int64_t group) {
    const dlc_rnn *p = t->p;
    float *dh = t->buffers[DLC_RNN_G_DINITIAL_H], *dc = t->buffers[DLC_RNN_G_DINITIAL_C], products[RNN_MOST_ROWS * 4 * VL];
    for (int64_t b = 0; b < p->batch; b += RNN_MOST_ROWS) {
        const int64_t some = dlc_lesser(p->batch - b, RNN_MOST_ROWS);
        if (dh && p->steps > 0) rnn_back_from_next(t, d, group, b, some, products);
        for (int64_t i = 0; i < some; i++)
            for (int64_t v = 0; v < t->l.wide_h; v++) {
                const int64_t unit = (group * t->l.wide_h + v) * VL, n = rnn_back_lanes(unit, p->hidden);
                if (n == 0) break;
                const int64_t from = (b + i) * t->l.forward.units + unit, to = rnn_back_state(t, d, b + i) + unit;
                vf rest = vf_load(rnn_back_at(t, d, t->l.dh) + from);
                if (dh) vf_store_n(dh + to, p->steps > 0 ? rest + vf_load(products + (i * t->l.wide_h + v) * VL) : rest, n);
                if (dc && p->kind == DLC_RNN_LSTM) vf_store_n(dc + to, vf_load(rnn_back_at(t, d, t->l.dc) + from), n);
            }
    }
}

DLC_TARGET_END

#include "rnn_gradient_phases.inc.h"
