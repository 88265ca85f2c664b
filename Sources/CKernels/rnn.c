/// Packing of recurrent weights, checks, and the choice of kernel.
#include "rnn.h"
#include "layers.h"

/// Bounds that keep every size below within 64 bits.
enum { rnn_most_units = 1 << 20 };

static bool rnn_valid(const dlc_rnn *p) {
    if (p->kind > DLC_RNN_LSTM || p->direction > DLC_RNN_BIDIRECTIONAL) return false;
    if (p->input < 0 || p->input > rnn_most_units || p->hidden < 1 || p->hidden > rnn_most_units) return false;
    for (int i = 0; i < 6; i++)
        if (p->activations[i].function > DLC_RNN_SOFTPLUS) return false;
    return true;
}

int64_t dlc_rnn_packed_bytes(dlc_isa isa, const dlc_rnn *p) {
    if (!rnn_valid(p)) return 0;
    rnn_layout l = rnn_layout_of(p, dlc_lanes(isa));
    return l.directions * l.direction * 4;
}

/// Packs gates `first ..< first + gates` of a matrix [gate][hidden][columns] as [block][columns][gates][lanes].
static void rnn_pack_matrix(const dlc_rnn *p, const rnn_layout *l, const float *matrix, int64_t columns,
                            int64_t first, int64_t gates, float *to) {
    for (int64_t block = 0; block < l->blocks; block++)
        for (int64_t k = 0; k < columns; k++)
            for (int64_t gate = first; gate < first + gates; gate++)
                for (int64_t lane = 0; lane < l->lanes; lane++) {
                    int64_t unit = block * l->lanes + lane;
                    *to++ = unit < p->hidden ? matrix[(gate * p->hidden + unit) * columns + k] : 0;
                }
}

bool dlc_rnn_pack(dlc_isa isa, const dlc_rnn *p, const float *w, const float *r, const float *b, const float *peepholes,
                  float *packed) {
    if (!rnn_valid(p) || !w || !r || !packed) return false;
    rnn_layout l = rnn_layout_of(p, dlc_lanes(isa));
    int64_t hidden = p->hidden;
    bool apart = p->kind == DLC_RNN_GRU && p->linear_before_reset;
    for (int64_t d = 0; d < l.directions; d++, packed += l.direction) {
        const float *dw = w + d * l.gates * hidden * p->input, *dr = r + d * l.gates * hidden * hidden;
        const float *db = b ? b + d * 2 * l.gates * hidden : NULL, *dp = peepholes ? peepholes + d * 3 * hidden : NULL;
        rnn_pack_matrix(p, &l, dw, p->input, 0, l.gates, packed + l.w);
        rnn_pack_matrix(p, &l, dr, hidden, 0, l.gates1, packed + l.r1);
        rnn_pack_matrix(p, &l, dr, hidden, l.gates1, l.gates2, packed + l.r2);
        float *to = packed + l.small;
        for (int64_t block = 0; block < l.blocks; block++)
            for (int64_t row = 0; row < l.gates + rnn_small_rows; row++)
                for (int64_t lane = 0; lane < l.lanes; lane++, to++) {
                    int64_t unit = block * l.lanes + lane;
                    *to = 0;
                    if (unit >= hidden) continue;
                    bool candidate = apart && row == 2; // its two biases are added at different places
                    if (row < l.gates && db)
                        *to = db[row * hidden + unit] + (candidate ? 0 : db[(l.gates + row) * hidden + unit]);
                    else if (row == l.gates && db && apart)
                        *to = db[(l.gates + 2) * hidden + unit];
                    else if (row > l.gates && dp)
                        *to = dp[(row - l.gates - 1) * hidden + unit];
                }
    }
    return true;
}

bool dlc_rnn_pack_prepare(dlc_isa isa, dlc_rnn *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !rnn_valid(p)) return false;
    *launch = (dlc_launch){ .run = kernels->rnn_pack, .tasks = 1, .phases = 1 };
    return true;
}

bool dlc_rnn_prepare(dlc_isa isa, dlc_rnn *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !rnn_valid(p) || p->steps < 0 || p->steps > INT32_MAX / 4 || p->batch < 0 || p->batch > INT32_MAX) return false;
    // The products of a chunk should stay in cache, but be of enough rows to reuse the weights.
    enum { cached_floats = 1 << 20, fewest_rows = 24 };
    p->chunk = 1;
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
