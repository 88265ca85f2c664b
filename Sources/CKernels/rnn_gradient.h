/// How the workspace of a recurrent layer's gradient is laid out, for vectors of `lanes` units.
#ifndef DLC_RNN_GRADIENT_INTERNAL_H
#define DLC_RNN_GRADIENT_INTERNAL_H

#include "include/dlc_rnn_gradient.h"
#include "rnn.h"

/// Rows that are steps of sequences are in the order in which the layer goes through them: row = step · batch + sequence.
///
/// The gates' row of a direction holds the gates in the weights' order, [gates][hidden], of a GRU with linear_before_reset
/// then what the state brings to the candidate. Steps backwards put the gates' gradients in their place.
///
/// Groups are `wide` vectors of units, or of inputs: R and W are packed for products with gradients of gates as
/// [group][rows of gates][wide][lanes].
typedef struct {
    rnn_layout forward;
    int64_t rows;               ///< steps · batch
    int64_t stages;             ///< phases of a step backwards
    int64_t wide_h, wide_x, groups_h, groups_x;
    int64_t rows1, rows2;       ///< rows of R of the gates before a GRU's candidate (all of others), and of the candidate
    int64_t candidate;          ///< where the gradient that goes with `rows2` stands in a gates' row
    int64_t columns;            ///< of a gates' row that are used
    int64_t gates_ld, x_ld, h_ld;
    // Offsets in floats: weights packed as forward and then, in their place, for the way back; rows of x, of the states
    // before each step, of gates; cells [steps + 1][batch][units]; of a two-stage GRU the reset states; gradients of h and c.
    int64_t weights, r1, r2, w, x, h, gates, cells, reset, dh, dc, direction, total;
} rnn_gradient_layout;

/// Rows of weights that a task computes the gradients of, and steps and sequences that it adds up at a time.
enum { DLC_RNN_STRIPE = 48, DLC_RNN_DEPTH = 512 };

rnn_gradient_layout rnn_gradient_layout_of(const dlc_rnn *rnn, int64_t lanes);

/// Phases before the first step backwards: copies, sums of gates that are not given, of a GRU of two stages the reset state and
/// what follows from it, and last what turns round.
int64_t dlc_rnn_gradient_before(const dlc_rnn_gradient *gradient);

/// Packs block `block` of direction `d` as dlc_rnn_pack does; buffers are W, R, B, P and the packed weights.
/// Matrices of 16 bits need scratch for a block in f32.
void dlc_rnn_pack_block(const dlc_rnn *rnn, int64_t lanes, void *const *buffers, int64_t d, int64_t block, float *scratch);

/// Whether slopes of all gates follow from their values.
bool dlc_rnn_slopes_follow(const dlc_rnn *rnn);

/// Whether the layer's own fields have a meaning.
bool dlc_rnn_valid(const dlc_rnn *rnn);

#endif
