/// Recurrent layers: ONNX RNN, GRU and LSTM in f32.
#ifndef DLC_RNN_H
#define DLC_RNN_H

#include "dlc_pack.h"

typedef enum : uint8_t { DLC_RNN_PLAIN = 0, DLC_RNN_GRU = 1, DLC_RNN_LSTM = 2 } dlc_rnn_kind;
typedef enum : uint8_t { DLC_RNN_FORWARD = 0, DLC_RNN_REVERSE = 1, DLC_RNN_BIDIRECTIONAL = 2 } dlc_rnn_direction;

/// The activations that ONNX lists for recurrent layers, by its formulas of alpha and beta.
typedef enum : uint8_t {
    DLC_RNN_SIGMOID = 0, DLC_RNN_TANH = 1, DLC_RNN_RELU = 2, DLC_RNN_AFFINE = 3, DLC_RNN_LEAKY_RELU = 4,
    DLC_RNN_THRESHOLDED_RELU = 5, DLC_RNN_SCALED_TANH = 6, DLC_RNN_HARD_SIGMOID = 7, DLC_RNN_ELU = 8,
    DLC_RNN_SOFTSIGN = 9, DLC_RNN_SOFTPLUS = 10,
} dlc_rnn_function;

typedef struct { dlc_rnn_function function; float alpha, beta; } dlc_rnn_activation;

/// A recurrent layer over `steps` steps. With D directions, I = input, H = hidden (ONNX names and
/// semantics; layout 0 shapes, layout 1 = `batch_first` in brackets):
///
/// Buffers: X [steps, batch, I] ([batch, steps, I]); weights packed by dlc_rnn_pack; sequence_lens
/// int32 [batch]; initial_h and initial_c [D, batch, H] ([batch, D, H]); results Y [steps, D, batch, H]
/// ([batch, steps, D, H]), Y_h and Y_c like initial_h; gates [D, steps, batch, columns]; status. All but X and the weights
/// may be null; the c's belong to LSTM. A sequence length outside of 0 ... steps is clamped and sets status to 1; steps
/// beyond a length give 0 in Y.
///
/// Gates are what the layer's gradient reads in place of computing them again (dlc_rnn_gates_columns a row, steps in the
/// layer's order): the values of the gates where slopes follow from them, else the sums before their functions; of a GRU with
/// linear_before_reset then what the state brings to the candidate. Rows beyond a sequence's length are not written.
///
/// The products with X come first, for as many steps as fit in cache; then each step is a phase (GRU
/// with linear_before_reset 0: two), in which a task finishes one vector of hidden units.
typedef struct {
    dlc_rnn_kind kind;
    dlc_rnn_direction direction;
    bool batch_first;                   ///< ONNX `layout` 1
    bool linear_before_reset;           ///< GRU
    bool input_forget;                  ///< LSTM: the forget gate is 1 - the input gate
    bool clipped;                       ///< gates are clipped to ±clip before their activation
    float clip;
    dlc_rnn_activation activations[6];  ///< f, g, h of the first direction, then of the second
    dlc_pack_form form;                 ///< of packed matrices: PANELS for f32, HALF or BFLOAT; gradients have PANELS
    int64_t steps, batch, input, hidden;

    int64_t chunk;                      ///< set by dlc_rnn_prepare: steps per product with X
    int64_t lanes;                      ///< set by dlc_rnn_pack_prepare
    bool keeps_values;                  ///< set by dlc_rnn_prepare: slopes of all gates follow from their values
} dlc_rnn;

/// Elements of a row of gates.
int64_t dlc_rnn_gates_columns(const dlc_rnn *rnn);

/// Bytes of the packed weights, which depend on kind, direction, form, input and hidden only; 0 where these
/// have no meaning.
int64_t dlc_rnn_packed_bytes(dlc_isa isa, const dlc_rnn *rnn);

/// Packs weights for dlc_rnn steps of `isa`, on any processor. Buffers: W [D, gates·H, I], R [D, gates·H, H], B [D, 2·gates·H]
/// and P [D, 3·H], all dense, of which B and P may be null; the packed result.
bool dlc_rnn_pack_prepare(dlc_isa isa, dlc_rnn *rnn, dlc_launch *launch);

/// Makes a step ready; false where a field has no meaning.
bool dlc_rnn_prepare(dlc_isa isa, dlc_rnn *rnn, dlc_launch *launch);

#endif
