/// Checks of a recurrent layer's gradient, its workspace and the choice of its kernel.
#include "rnn_gradient.h"

#include "gather_index.h"
#include "layers.h"

enum { least_tasks = 32, wide_blocks = 16 };

/// A distance of rows of an odd number of lines, so that columns do not meet in few sets of the cache.
static int64_t padded(int64_t columns) { return (dlc_quotient_up(columns, 16) | 1) * 16; }

/// Vectors of a group: as many as leave tasks enough.
static int64_t wide_of(int64_t blocks) { return blocks >= wide_blocks ? 4 : blocks >= wide_blocks / 2 ? 2 : 1; }

rnn_gradient_layout rnn_gradient_layout_of(const dlc_rnn *p, int64_t lanes) {
    rnn_gradient_layout l = { .forward = rnn_layout_of(p, lanes), .rows = p->steps * p->batch };
    const rnn_layout *f = &l.forward;
    const bool gru = p->kind == DLC_RNN_GRU, apart = gru && p->linear_before_reset;
    int64_t blocks_x = dlc_quotient_up(p->input, lanes);
    l.stages = f->stages;
    // Of x there are many rows to share out.
    l.wide_h = wide_of(f->blocks), l.wide_x = blocks_x >= 4 ? 4 : blocks_x >= 2 ? 2 : 1;
    l.groups_h = dlc_quotient_up(f->blocks, l.wide_h), l.groups_x = dlc_quotient_up(blocks_x, l.wide_x);
    l.rows1 = (gru ? 2 : f->gates) * p->hidden, l.rows2 = gru ? p->hidden : 0;
    l.candidate = (apart ? 3 : 2) * p->hidden;
    l.columns = dlc_rnn_gates_columns(p);
    l.gates_ld = padded(l.columns), l.x_ld = padded(p->input), l.h_ld = padded(p->hidden);
    int64_t units = l.groups_h * l.wide_h * lanes, inputs = l.groups_x * l.wide_x * lanes;
    l.r2 = l.r1 + units * l.rows1;
    l.w = l.r2 + units * l.rows2;
    int64_t back = l.w + inputs * f->gates * p->hidden;
    l.x = back > f->direction ? back : f->direction;
    l.h = l.x + l.rows * l.x_ld;
    l.gates = l.h + l.rows * l.h_ld;
    l.cells = l.gates + l.rows * l.gates_ld;
    l.reset = l.cells + (p->kind == DLC_RNN_LSTM ? (p->steps + 1) * p->batch * f->units : 0);
    l.dh = l.reset + (l.stages == 2 ? l.rows * l.h_ld : 0);
    l.dc = l.dh + p->batch * f->units;
    l.direction = dlc_quotient_up(l.dc + (p->kind == DLC_RNN_LSTM ? p->batch * f->units : 0), 16) * 16;
    l.total = f->directions * l.direction;
    return l;
}

int64_t dlc_rnn_gradient_before(const dlc_rnn_gradient *g) {
    const bool two = g->rnn.kind == DLC_RNN_GRU && !g->rnn.linear_before_reset;
    return g->has_gates ? (two ? 3 : 2) : two ? 5 : 3;
}

bool dlc_rnn_gradient_prepare(dlc_isa isa, dlc_rnn_gradient *g, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    dlc_rnn *p = &g->rnn;
    if (!kernels || !dlc_rnn_valid(p) || p->form != DLC_PACK_PANELS || p->steps < 0 || p->steps > INT32_MAX / 4 || p->batch < 0 || p->batch > INT32_MAX) return false;
    p->chunk = 1;
    // All offsets are below 20 times this.
    int64_t extents[] = { p->steps + 1, p->batch, 2 * (p->input + 8 * p->hidden + 64) }, floats;
    if (!dlc_product(extents, 3, &floats) || floats >= (int64_t)1 << 48) return false;
    rnn_gradient_layout l = rnn_gradient_layout_of(p, dlc_lanes(isa));
    p->keeps_values = dlc_rnn_slopes_follow(p);
    g->tasks = l.forward.directions * l.groups_h;
    if (g->tasks < least_tasks) g->tasks = least_tasks;
    *launch = (dlc_launch){
        .run = kernels->rnn_gradient_f32,
        .tasks = g->tasks,
        .phases = (int32_t)(dlc_rnn_gradient_before(g) + p->steps * l.stages + 1),
        .shared_bytes = l.total * 4,
        .scratch_bytes = DLC_RNN_STRIPE * DLC_RNN_DEPTH * 4,
    };
    return true;
}
