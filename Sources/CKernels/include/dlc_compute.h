/// Products and convolutions: the kernels that decide how long a network takes.
///
/// Every prepared step reads its operands through `dlc_call.buffers`; each struct says in which order.
/// Leading dimensions and strides count elements. f32 results are sums of fused products in a fixed
/// order: the same bits for any number of threads.
#ifndef DLC_COMPUTE_H
#define DLC_COMPUTE_H

#include "dlc_common.h"
#include "dlc_pack.h"
#include "dlc_processor.h"

typedef enum : uint8_t {
    DLC_ACT_NONE = 0,
    DLC_ACT_RELU = 1,          ///< max(x, 0)
    DLC_ACT_CLIP = 2,          ///< min(max(x, a), b)
    DLC_ACT_LEAKY_RELU = 3,    ///< x < 0 ? a·x : x
    DLC_ACT_PRELU = 4,         ///< x < 0 ? slope[column]·x : x
    DLC_ACT_SIGMOID = 5,
    DLC_ACT_SILU = 6,          ///< x·sigmoid(x)
    DLC_ACT_HARD_SWISH = 7,    ///< x·clip(x/6 + ½, 0, 1)
    DLC_ACT_HARD_SIGMOID = 8,  ///< clip(a·x + b, 0, 1)
    DLC_ACT_GELU = 9,          ///< ½·x·(1 + erf(x/√2))
    DLC_ACT_GELU_TANH = 10,    ///< ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
    DLC_ACT_TANH = 11,
    DLC_ACT_ELU = 12,          ///< x < 0 ? a·(eˣ − 1) : x
} dlc_activation;

/// What happens to a finished sum before it is stored: `activation(sum + bias + residual)`, or
/// `activation(sum + bias) + residual`. Bias, residual and slope are there when their buffers are.
/// The residual must not overlap the result.
typedef struct {
    dlc_activation activation;
    bool residual_after_activation;
    double a, b;               ///< parameters of the activation
} dlc_epilogue;

/// C[b] = epilogue(alpha · A[b]·B[b]), A of m × k, B of k × n, C of m × n, over up to four batch
/// dimensions. Buffers: A, B, bias[n], residual, slope[n], C; bias, residual and slope may be null.
/// m, n or k may be zero (k = 0: the sums are zero).
///
/// With `scales_a` (F32 only, a_column 1) column j of A is first made A·scale[j] + shift[j], and at least 0 with
/// `relu_a`; two more buffers hold scale[k] and shift[k], which may be null.
typedef struct {
    dlc_type type;             ///< F32, F64 or an integer type; integers wrap and take no epilogue but bias and residual
    bool b_packed;             ///< B was packed by `dlc_matrix_packing` for the same instruction set (F32 only)
    dlc_pack_form b_form;      ///< how: DLC_PACK_PANELS, or one matrix in few bits; with PAIRS and SPLIT A becomes bfloat16 too (a_column 1)
    bool scales_a, relu_a;
    int64_t m, n, k;
    int64_t batch[4];          ///< extents, outermost first; 1 where unused
    int64_t a_batch[4], b_batch[4], c_batch[4], residual_batch[4]; ///< 0 repeats; packed matrices lie `dlc_gemm_packed_bytes / 4` apart
    int64_t scale_batch[4];    ///< of `scale`; a shift is the same for all batches
    int64_t a_row, a_column;   ///< strides of A; for F32 one of them is 1
    int64_t b_row, b_column;   ///< strides of B where it is not packed; for F32 one of them is 1
    int64_t c_row, residual_row;
    float alpha;
    dlc_epilogue epilogue;

    // Set by dlc_gemm_prepare.
    dlc_isa isa;
    bool a_copied, b_copied;   ///< phase 0 brings the operand into the layout (or the state) that the tiles read
    int64_t matrices, a_matrices, b_matrices;
    bool panels_outermost;     ///< a task's neighbours have other rows, rather than other panels
    int64_t row_block, row_blocks, panel_groups, depth_block, tasks;
    int64_t merged_parts;      ///< neighbouring parts of the rows that are one block, at most
} dlc_gemm;

/// The size of a packed k × n matrix: whole panels of vectors, zero beyond column n.
int64_t dlc_gemm_packed_bytes(dlc_isa isa, int64_t k, int64_t n);

/// How B of k × n at these strides is packed: as DLC_PACK_PANELS for `dlc_gemm` with `b_packed`, as DLC_PACK_STRASSEN for
/// `dlc_strassen`.
dlc_pack dlc_matrix_packing(dlc_pack_form form, int64_t k, int64_t n, int64_t row_stride, int64_t column_stride);

/// Checks the struct and settles how the work is split. False where the kernel cannot do it: a
/// negative extent, an F32 operand whose strides are both other than 1, a type without a kernel.
bool dlc_gemm_prepare(dlc_isa isa, dlc_gemm *gemm, dlc_launch *out);

/// C = epilogue(alpha · A·B) in seven products of quadrants; see dlc_strassen.h.
/// Buffers: those of `dlc_gemm`, with B packed as DLC_PACK_STRASSEN.
typedef struct {
    int64_t m, n, k;
    int64_t a_row, c_row, residual_row; ///< from row to row; columns are neighbours
    int64_t line, line_step;   ///< rows of A in a line, and from line to line, as a strided convolution reads them
    float alpha;
    dlc_epilogue epilogue;

    // Set by dlc_strassen_prepare.
    dlc_isa isa;
    int64_t row_block, row_blocks, panel_groups, tasks;
    bool shared_sums;          ///< phase 0 adds A's quadrants for all tasks
} dlc_strassen;

typedef enum : uint8_t {
    DLC_CONV_IGEMM = 0,        ///< product over (tap, channel) without a copy of the input's patches
    DLC_CONV_WINOGRAD_2 = 1,   ///< F(2×2, 3×3)
    DLC_CONV_WINOGRAD_4 = 2,   ///< F(4×4, 3×3)
    DLC_CONV_DEPTHWISE = 3,    ///< one input channel per group, or few: channels are the lanes
    DLC_CONV_DIRECT = 4,       ///< any shape, any of F32 and F64, weights as they are
    DLC_CONV_STRASSEN = 5,     ///< 1×1 without padding, as a product in seven parts
    DLC_CONV_WINOGRAD_STRIDED = 6, ///< 3×3 at stride 2, 25 products for the 36 of 2×2 outputs
    DLC_CONV_PAIRS = 7,        ///< as IGEMM, of numbers rounded to bfloat16, summed in f32
    DLC_CONV_SPLIT = 8,        ///< as IGEMM, of numbers as sums of two in bfloat16, without the product of both second ones
} dlc_conv_algorithm;

/// The points of a tile of Winograd's per side, by which its forms are named, 0 for other algorithms: 4 of F(2×2, 3×3), 6 of
/// F(4×4, 3×3), and 5 of 2×2 outputs at stride 2, whose even and odd input pixels are convolved apart with two taps and one:
/// F(2, 2) of three products and two plain ones.
static inline int dlc_winograd_side(dlc_conv_algorithm algorithm) {
    switch (algorithm) {
    case DLC_CONV_WINOGRAD_2: return 4;
    case DLC_CONV_WINOGRAD_4: return 6;
    case DLC_CONV_WINOGRAD_STRIDED: return 5;
    default: return 0;
    }
}
/// The outputs of such a tile per side.
static inline int dlc_winograd_outputs(int side) { return side == 6 ? 4 : 2; }

/// A convolution over channels-last tensors [n, d, h, w, channels]; 1-D and 2-D convolutions have
/// extents and kernels of 1 in front. Group g reads channels g·c/groups ... and writes channels
/// g·oc/groups ... . Taps outside of the input are zero; padding behind follows from the output extents.
/// Buffers: x, weights (packed for the algorithm), bias[oc], residual, slope[oc], y.
typedef struct {
    dlc_type type;             ///< F32; F64 with DIRECT
    dlc_conv_algorithm algorithm;
    int64_t n, d, h, w, c;
    int64_t od, oh, ow, oc;
    int64_t groups;
    int64_t kernel[3], stride[3], dilation[3], pad[3]; ///< depth, height, width; `pad` in front, may be negative
    int64_t x_ld, y_ld, residual_ld; ///< from pixel to pixel, at least the channels: operands may be slices of wider tensors
    dlc_epilogue epilogue;

    // Set by dlc_conv_prepare.
    dlc_isa isa;
    bool panels_outermost;     ///< a task's neighbours have other pixels, rather than other outputs
    int64_t merged_parts;      ///< neighbouring parts of the pixels that are one block, at most
    int64_t taps, row_block, row_blocks, panel_groups, depth_block, tasks;
    int64_t run;               ///< contiguous floats per tap
    int64_t padded_w;          ///< columns of a padded line, with few input channels
    int64_t tiles_h, tiles_w, tile_block;
    int64_t table_bytes;
    bool shared_input;         ///< phase 0 transforms the input for all tasks, or rounds it
    bool skips;                ///< tiles leave out taps in the padding
    dlc_strassen strassen;
} dlc_conv;

/// Whether `algorithm` can compute the convolution.
bool dlc_conv_supports(dlc_isa isa, const dlc_conv *conv, dlc_conv_algorithm algorithm);

/// The size of the weights as `conv->algorithm` wants them.
int64_t dlc_conv_packed_bytes(dlc_isa isa, const dlc_conv *conv);

/// How dense weights [oc, c/groups, kd, kh, kw] are packed for `conv->algorithm`, but for DLC_CONV_DIRECT, which reads them
/// as they are. It depends on algorithm, channels, groups and kernel alone.
dlc_pack dlc_conv_packing(const dlc_conv *conv);

/// Checks the struct and settles how the work is split; false where `dlc_conv_supports` is.
bool dlc_conv_prepare(dlc_isa isa, dlc_conv *conv, dlc_launch *out);

/// An estimate of the cycles on one core, to choose an algorithm by; infinite where unsupported.
double dlc_conv_cost(const dlc_processor *processor, dlc_isa isa, const dlc_conv *conv, dlc_conv_algorithm algorithm);

/// Seconds of a run of `conv->algorithm` on this thread, the least of several within `budget` seconds but at
/// least two. Weights come from wherever they are left after `other_bytes` of other memory were read.
/// Infinite where unsupported, where this processor lacks `isa`, or where memory is missing.
double dlc_conv_measure(dlc_isa isa, const dlc_conv *conv, bool residual, int64_t other_bytes, double budget);

/// The ONNX ConvTranspose over channels-last tensors: y[o] gathers the taps k and inputs i with
/// o + pad = i·stride + k·dilation. Weights come as [c, oc/groups, kd, kh, kw].
/// Buffers: x, weights (packed), bias[oc], residual, slope[oc], y.
typedef struct {
    dlc_type type;             ///< F32 or F64
    int64_t n, d, h, w, c;
    int64_t od, oh, ow, oc;
    int64_t groups;
    int64_t kernel[3], stride[3], dilation[3], pad[3];
    int64_t x_ld, y_ld, residual_ld;
    dlc_epilogue epilogue;
    bool depthwise;            ///< F32 with a group for each channel of x and of y: weights are packed by channel
    bool narrow;               ///< weights are DLC_PACK_TURNED, where `dlc_conv_transpose_is_narrow`

    // Set by dlc_conv_transpose_prepare.
    dlc_isa isa;
    int64_t pieces, line_blocks, panel_groups, most_taps, most_pixels, merged_floats, tasks;
} dlc_conv_transpose;

/// Whether there is a kernel for so few outputs of so many inputs in f32, which sums along the inputs.
bool dlc_conv_transpose_is_narrow(dlc_isa isa, int64_t groups, int64_t inputs, int64_t outputs);

/// The size of the packed weights.
int64_t dlc_conv_transpose_packed_bytes(dlc_isa isa, const dlc_conv_transpose *conv);

/// How dense weights in f32 are packed; those of F64 are read as they are. It depends on channels, groups, kernel, strides
/// and dilations alone.
dlc_pack dlc_conv_transpose_packing(const dlc_conv_transpose *conv);

/// Checks the struct and settles how the work is split; false for extents that are invalid or too large.
bool dlc_conv_transpose_prepare(dlc_isa isa, dlc_conv_transpose *conv, dlc_launch *out);

#endif
