/// Gradients of recurrent layers: backpropagation through time (Werbos, 1990) in f32.
#ifndef DLC_RNN_GRADIENT_H
#define DLC_RNN_GRADIENT_H

#include "dlc_rnn.h"

/// The places of a gradient's buffers. Names and shapes are dlc_rnn's; a gradient has the shape of what it belongs to. All
/// that is marked may be null: an absent operand is zero (lengths: all steps), an absent result is not computed.
enum {
    DLC_RNN_G_X, DLC_RNN_G_W, DLC_RNN_G_R,        ///< weights as they are: W [D, gates·H, I], R [D, gates·H, H]
    DLC_RNN_G_BIAS, DLC_RNN_G_LENGTHS,            ///< may be null, as all up to the peepholes
    DLC_RNN_G_INITIAL_H, DLC_RNN_G_INITIAL_C, DLC_RNN_G_PEEPHOLES,
    DLC_RNN_G_Y,
    DLC_RNN_G_DY, DLC_RNN_G_DY_H, DLC_RNN_G_DY_C, ///< may be null
    DLC_RNN_G_GATES,                              ///< as the layer gave them, where `has_gates`
    DLC_RNN_G_DX, DLC_RNN_G_DW, DLC_RNN_G_DR,     ///< results; may be null, as all that follow
    DLC_RNN_G_DBIAS, DLC_RNN_G_DINITIAL_H, DLC_RNN_G_DINITIAL_C, DLC_RNN_G_DPEEPHOLES,
    DLC_RNN_G_STATUS,
    DLC_RNN_G_BUFFERS,
};

/// Gates that are not given come from X and Y without the recursion, in one product over all steps. Then each step backwards is a phase (of a GRU
/// with linear_before_reset 0: two) with a product of the gates' gradients and R; last come the gradients of X, W and R, one
/// product over all steps each, and sums over steps for the biases. Sums over steps and sequences have one order.
typedef struct {
    dlc_rnn rnn;
    bool has_gates;
    int64_t tasks; ///< set by prepare
} dlc_rnn_gradient;

/// Makes a step ready; false where a field has no meaning.
bool dlc_rnn_gradient_prepare(dlc_isa isa, dlc_rnn_gradient *gradient, dlc_launch *launch);

#endif
