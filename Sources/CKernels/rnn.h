/// How the weights and the workspace of a recurrent layer are laid out, for vectors of `lanes` units.
#ifndef DLC_RNN_INTERNAL_H
#define DLC_RNN_INTERNAL_H

#include "include/dlc_rnn.h"

/// Where element `at` of packed matrices lies.
static inline const void *rnn_element(dlc_pack_form form, const void *matrices, int64_t at) {
    return (const char *)matrices + at * (form == DLC_PACK_PANELS ? 4 : 2);
}

/// Packed weights of a direction: W [block][input][gates][lanes], R of the gates of the first stage
/// [block][hidden][gates1][lanes], R of the second stage alike, then per block: biases [gates][lanes],
/// the recurrent bias of the GRU candidate [lanes], peepholes [3][lanes]. A block is `lanes` units. Matrices may have
/// elements of 16 bits, which take half as many floats.
typedef struct {
    int64_t directions, blocks, lanes, units; ///< units: `hidden` rounded up to whole blocks
    int64_t gates, gates1, gates2;            ///< all; those of the first and of the second stage of a step
    int64_t stages;
    int64_t w, r1, r2;                        ///< offsets of the matrices in a direction, in elements
    int64_t small, direction;                 ///< offset of the rest and size of a direction, in floats
    // Workspace, in floats: products with X [direction][step in chunk][batch][block][gates][lanes], then
    // h [2][direction][batch][units], c, r⊙h and z [direction][batch][units].
    int64_t xw_row, state, h, c, rh, z, total;
} rnn_layout;

enum { rnn_small_rows = 4 }; // rows of `small` beside the biases: recurrent bias and three peepholes

static inline rnn_layout rnn_layout_of(const dlc_rnn *p, int64_t lanes) {
    rnn_layout l = { .lanes = lanes };
    bool two = p->kind == DLC_RNN_GRU && !p->linear_before_reset;
    l.directions = p->direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1;
    l.blocks = (p->hidden + lanes - 1) / lanes;
    l.units = l.blocks * lanes;
    l.gates = p->kind == DLC_RNN_LSTM ? 4 : p->kind == DLC_RNN_GRU ? 3 : 1;
    l.gates2 = two ? 1 : 0;
    l.gates1 = l.gates - l.gates2;
    l.stages = two ? 2 : 1;
    l.r1 = l.w + l.units * l.gates * p->input;
    l.r2 = l.r1 + l.units * l.gates1 * p->hidden;
    l.small = l.r2 + l.units * l.gates2 * p->hidden;
    if (p->form != DLC_PACK_PANELS) l.small /= 2; // whole vectors are an even number
    l.direction = l.small + l.units * (l.gates + rnn_small_rows);
    l.xw_row = l.units * l.gates;
    l.state = l.directions * p->batch * l.units;
    l.h = l.directions * p->chunk * p->batch * l.xw_row;
    l.c = l.h + 2 * l.state;
    l.rh = l.c + (p->kind == DLC_RNN_LSTM ? l.state : 0);
    l.z = l.rh + (two ? l.state : 0);
    l.total = l.z + (two ? l.state : 0);
    return l;
}

#endif
