/// Packing: an operand brought into the layout that a kernel reads it in.
///
/// A packing says which layout, and the extents that decide it; nothing in it depends on the images or rows that the
/// packed operand is multiplied with. Constants are packed when a plan is made, other operands by a step of it: both by
/// the same kernel, which runs for the layout of any instruction set on every processor and gives the same bits there.
#ifndef DLC_PACK_H
#define DLC_PACK_H

#include "dlc_common.h"

typedef enum : uint8_t {
    DLC_PACK_PANELS = 0,           ///< `dlc_gemm` with `b_packed`, and DLC_CONV_IGEMM: panels of whole vectors, [tap][input][width]
    DLC_PACK_STRASSEN = 1,         ///< `dlc_strassen`: per panel of the left half seven matrices of half the size
    DLC_PACK_WINOGRAD_2 = 2,       ///< DLC_CONV_WINOGRAD_2: panels for each of 4 × 4 points
    DLC_PACK_WINOGRAD_4 = 3,       ///< DLC_CONV_WINOGRAD_4: 6 × 6 points
    DLC_PACK_WINOGRAD_STRIDED = 4, ///< DLC_CONV_WINOGRAD_STRIDED: 5 × 5 points
    DLC_PACK_CHANNELS = 5,         ///< DLC_CONV_DEPTHWISE and depthwise `dlc_conv_transpose`: [tap][input][group and output]
    DLC_PACK_PHASES = 6,           ///< `dlc_conv_transpose`: panels for each class of outputs that use the same taps
    DLC_PACK_PAIRS = 12,           ///< kernels that multiply bfloat16: panels of [tap][pair of inputs][width], pairs as 4 bytes, the first lower
    DLC_PACK_SPLIT = 13,           ///< the same where every number is the sum of two (dlc_split_float): first and second parts in turns of some pairs
    DLC_PACK_TURNED = 11,          ///< narrow `dlc_conv_transpose`: [tap][output][input] of one group
    // Of one matrix, for `dlc_gemm`, in fewer bits (gemm_compact.h):
    DLC_PACK_HALF = 7,             ///< panels of 16-bit floats
    DLC_PACK_BFLOAT = 8,           ///< panels of bfloat16
    DLC_PACK_INT8 = 9,             ///< panels of 8-bit integers, a scale for every 32 weights of an output
    DLC_PACK_INT4 = 10,            ///< the same of 4-bit integers
} dlc_pack_form;

/// Points per side of Winograd's forms, else 0.
static inline int dlc_pack_side(dlc_pack_form form) {
    return form == DLC_PACK_WINOGRAD_2 ? 4 : form == DLC_PACK_WINOGRAD_4 ? 6 : form == DLC_PACK_WINOGRAD_STRIDED ? 5 : 0;
}

/// Numbers of bfloat16 that each becomes in forms of pairs, else 0.
static inline int dlc_pack_parts(dlc_pack_form form) { return form == DLC_PACK_PAIRS ? 1 : form == DLC_PACK_SPLIT ? 2 : 0; }

/// Weights in f32 of `groups` groups, [output][input][tap] at any distances, for a kernel. A matrix of k × n is one group of
/// n outputs and k inputs with one tap.
/// Buffers: the weights, the packed result.
typedef struct {
    dlc_pack_form form;
    int64_t groups, outputs, inputs;        ///< outputs and inputs of one group
    int64_t kernel[3];                      ///< taps along depth, height, width
    int64_t stride[3], dilation[3];         ///< PHASES: the transposed convolution's
    int64_t group_step, output_step, input_step, tap_step; ///< floats between neighbours of the weights

    // Set by dlc_pack_prepare.
    dlc_isa isa;
    int64_t input_block, input_blocks;      ///< inputs of a task
} dlc_pack;

/// Rows of a panel for each tap: inputs, or what bfloat16 takes in place of them.
int64_t dlc_pack_rows(dlc_pack_form form, int64_t inputs);

/// The size of the packed weights; negative where the packing makes no sense.
int64_t dlc_pack_bytes(dlc_isa isa, const dlc_pack *pack);

/// Checks the struct and settles how the work is split; false where the packing makes no sense.
bool dlc_pack_prepare(dlc_isa isa, dlc_pack *pack, dlc_launch *out);

/// All of it at once on this thread. False where the packing makes no sense or there is no memory.
bool dlc_pack_run(dlc_isa isa, dlc_pack pack, const float *weights, float *out);

/// What packing a matrix in few bits changes: the sums of squares of the weights and of the differences.
/// `pack` as it was packed, without its extents prepared. False where it makes no sense or there is no memory.
bool dlc_pack_noise(dlc_isa isa, dlc_pack pack, const float *weights, const void *packed, double *signal, double *noise);

/// Whether a matrix loses nothing but roundings in DLC_PACK_INT8 or INT4: every block's column is whole multiples of one number.
bool dlc_pack_is_exact(const dlc_pack *pack, const float *weights);

/// An estimate of the cycles on one core.
double dlc_pack_cost(dlc_isa isa, const dlc_pack *pack);

#endif
