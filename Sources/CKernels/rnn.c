/// Packing of recurrent weights, checks, and the choice of kernel.
#include "float16.h"
#include "rnn_gradient.h"
#include "gemm_tile.h"
#include "layers.h"

/// Bounds that keep every size below within 64 bits.
enum { rnn_most_units = 1 << 20 };

bool dlc_rnn_valid(const dlc_rnn *p) {
    if (p->kind > DLC_RNN_LSTM || p->direction > DLC_RNN_BIDIRECTIONAL) return false;
    if (p->form != DLC_PACK_PANELS && p->form != DLC_PACK_HALF && p->form != DLC_PACK_BFLOAT) return false;
    if (p->input < 0 || p->input > rnn_most_units || p->hidden < 1 || p->hidden > rnn_most_units) return false;
    for (int i = 0; i < 6; i++)
        if (p->activations[i].function > DLC_RNN_SOFTPLUS) return false;
    return true;
}

bool dlc_rnn_slopes_follow(const dlc_rnn *p) {
    const int count = p->kind == DLC_RNN_PLAIN ? 1 : 2;
    for (int d = 0; d < (p->direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1); d++)
        for (int i = 0; i < count; i++)
            if (p->activations[3 * d + i].function > DLC_RNN_TANH) return false;
    return !p->clipped;
}

int64_t dlc_rnn_gates_columns(const dlc_rnn *p) {
    return p->hidden * (p->kind == DLC_RNN_LSTM ? 4 : p->kind == DLC_RNN_PLAIN ? 1 : p->linear_before_reset ? 4 : 3);
}

int64_t dlc_rnn_packed_bytes(dlc_isa isa, const dlc_rnn *p) {
    if (!dlc_rnn_valid(p)) return 0;
    rnn_layout l = rnn_layout_of(p, dlc_lanes(isa));
    return l.directions * l.direction * 4;
}

/// Packs gates `first ..< first + gates` of a block of a matrix [gate][hidden][columns] as [columns][gates][lanes].
static void rnn_pack_matrix(const dlc_rnn *p, const rnn_layout *l, const float *matrix, int64_t columns, int64_t first, int64_t gates,
                            int64_t block, void *matrices, int64_t section, float *scratch) {
    const int64_t size = columns * gates * l->lanes;
    uint16_t *narrow = (uint16_t *)matrices + section + block * size;
    float *to = p->form == DLC_PACK_PANELS ? (float *)matrices + section + block * size : scratch;
    const int64_t unit = block * l->lanes, units = p->hidden - unit < l->lanes ? p->hidden - unit : l->lanes;
    for (int64_t gate = 0; gate < gates; gate++) {
        const float *from = matrix + ((first + gate) * p->hidden + unit) * columns;
        dlc_transpose_rows(from, columns, units, columns, to + gate * l->lanes, gates * l->lanes);
        for (int64_t k = 0; units < l->lanes && k < columns; k++)
            for (int64_t lane = units; lane < l->lanes; lane++) to[(k * gates + gate) * l->lanes + lane] = 0;
    }
    if (p->form == DLC_PACK_PANELS) return;
    for (int64_t i = 0; i < size; i++) narrow[i] = p->form == DLC_PACK_HALF ? dlc_half_of_float(to[i]) : dlc_bfloat_of_float(to[i]);
}

static void rnn_pack_biases(const dlc_rnn *p, const rnn_layout *l, const float *b, const float *peepholes, int64_t block, float *to) {
    const bool apart = p->kind == DLC_RNN_GRU && p->linear_before_reset;
    const int64_t hidden = p->hidden;
    to += block * (l->gates + rnn_small_rows) * l->lanes;
    for (int64_t row = 0; row < l->gates + rnn_small_rows; row++)
        for (int64_t lane = 0; lane < l->lanes; lane++, to++) {
            int64_t unit = block * l->lanes + lane;
            *to = 0;
            if (unit >= hidden) continue;
            bool candidate = apart && row == 2; // its two biases are added at different places
            if (row < l->gates && b)
                *to = b[row * hidden + unit] + (candidate ? 0 : b[(l->gates + row) * hidden + unit]);
            else if (row == l->gates && b && apart)
                *to = b[(l->gates + 2) * hidden + unit];
            else if (row > l->gates && peepholes)
                *to = peepholes[(row - l->gates - 1) * hidden + unit];
        }
}

enum { W, R, B, P, PACKED };

void dlc_rnn_pack_block(const dlc_rnn *p, int64_t lanes, void *const *buffers, int64_t d, int64_t block, float *scratch) {
    const rnn_layout l = rnn_layout_of(p, lanes);
    const int64_t hidden = p->hidden;
    const float *b = buffers[B], *peepholes = buffers[P], *r = (const float *)buffers[R] + d * l.gates * hidden * hidden;
    float *packed = (float *)buffers[PACKED] + d * l.direction;
    rnn_pack_matrix(p, &l, (const float *)buffers[W] + d * l.gates * hidden * p->input, p->input, 0, l.gates, block, packed, l.w, scratch);
    rnn_pack_matrix(p, &l, r, hidden, 0, l.gates1, block, packed, l.r1, scratch);
    rnn_pack_matrix(p, &l, r, hidden, l.gates1, l.gates2, block, packed, l.r2, scratch);
    rnn_pack_biases(p, &l, b ? b + d * 2 * l.gates * hidden : NULL, peepholes ? peepholes + d * 3 * hidden : NULL, block, packed + l.small);
}

/// A task packs a block of units of a direction.
static void rnn_pack(const dlc_call *call) {
    const dlc_rnn *p = call->params;
    const int64_t blocks = rnn_layout_of(p, p->lanes).blocks;
    for (int64_t task = call->begin; task < call->end; task++)
        dlc_rnn_pack_block(p, p->lanes, call->buffers, task / blocks, task % blocks, call->scratch);
}

bool dlc_rnn_pack_prepare(dlc_isa isa, dlc_rnn *p, dlc_launch *launch) {
    if (!dlc_rnn_valid(p)) return false;
    p->lanes = dlc_lanes(isa);
    const rnn_layout l = rnn_layout_of(p, p->lanes);
    const int64_t columns = p->input > p->hidden ? p->input : p->hidden;
    *launch = (dlc_launch){
        .run = rnn_pack, .tasks = l.directions * l.blocks, .phases = 1,
        .scratch_bytes = p->form == DLC_PACK_PANELS ? 0 : 4 * columns * l.gates * l.lanes,
    };
    return true;
}

bool dlc_rnn_prepare(dlc_isa isa, dlc_rnn *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !dlc_rnn_valid(p) || p->steps < 0 || p->steps > INT32_MAX / 4 || p->batch < 0 || p->batch > INT32_MAX) return false;
    // The products of a chunk should stay in cache, but be of enough rows to reuse the weights.
    enum { cached_floats = 1 << 20, fewest_rows = 24 };
    p->chunk = 1;
    p->keeps_values = dlc_rnn_slopes_follow(p);
    rnn_layout l = rnn_layout_of(p, dlc_lanes(isa));
    int64_t batch = p->batch > 0 ? p->batch : 1, step = l.directions * batch * l.xw_row;
    p->chunk = cached_floats / step;
    if (p->chunk < (fewest_rows + batch - 1) / batch) p->chunk = (fewest_rows + batch - 1) / batch;
    if (p->chunk > p->steps) p->chunk = p->steps > 0 ? p->steps : 1;
    l = rnn_layout_of(p, l.lanes);
    int64_t chunks = p->steps > 0 ? (p->steps + p->chunk - 1) / p->chunk : 1;
    *launch = (dlc_launch){
        .run = kernels->rnn_f32,
        .tasks = p->batch > 0 ? l.directions * l.blocks : 0,
        .phases = (int32_t)(chunks + p->steps * l.stages),
        .shared_bytes = l.total * 4,
    };
    return true;
}
