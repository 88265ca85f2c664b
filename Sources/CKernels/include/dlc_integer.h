/// Products and convolutions of 8-bit integers, exact modulo 2³² (ONNX MatMulInteger, ConvInteger).
///
/// Signed and unsigned operands meet as u8 times s8: where one has the other sign its highest bit is turned, which moves
/// elements and zero point alike by 128. Σ (a − za)·(b − zb) is Σ a·b − za·(Σ b − k·zb) − zb·Σ a, so that the inner loop knows
/// no zero points.
#ifndef DLC_INTEGER_H
#define DLC_INTEGER_H

#include "dlc_common.h"

/// B of k × n, in I8 or U8 at any distances, as `dlc_integer_product` reads it. Row p is input p % inputs of tap p / inputs,
/// with k = taps · inputs; a plain matrix has one tap. `run_taps` taps at a time are a run, which is zero up to whole quads of
/// rows. Panels of whole vectors of columns, in a panel `[quad][column][4]` in s8, zero beyond k and n; behind all panels the
/// sum of each column in i32. Buffers: B, the packed result. The layout depends on the runs, n and the instruction set alone.
typedef struct {
    bool is_signed;
    bool is_plain;             ///< no panels, the bytes as they are, [k][n], for dlc_integer_depthwise
    int64_t matrices, taps, inputs, n;
    int64_t run_taps;          ///< divides `taps`; 1 for a plain matrix
    int64_t matrix_step, tap_step, row_step, column_step; ///< elements between neighbours of B

    // Set by dlc_integer_pack_prepare.
    dlc_isa isa;
    int64_t panels;
} dlc_integer_pack;

/// The columns of a panel; the last may have half of them.
int64_t dlc_integer_width(dlc_isa isa);

/// The rows of a packed matrix: those of all runs, each rounded up to whole quads. `run_taps` divides `taps` and is not 0.
int64_t dlc_integer_packed_rows(int64_t taps, int64_t inputs, int64_t run_taps);

/// The size of one packed matrix of so many rows, a multiple of 64; negative where it would be too large.
int64_t dlc_integer_packed_bytes(dlc_isa isa, int64_t k, int64_t n);

/// Checks the struct and settles how the work is split; false where an extent is out of range.
bool dlc_integer_pack_prepare(dlc_isa isa, dlc_integer_pack *pack, dlc_launch *out);

/// What is stored of a sum: the sum itself (I32); y = sum·scale + bias in f32, at least `low`, at most `high`; or such a y
/// rounded to the nearest, halves to even, plus `zero` (U8, I8: `low` and `high` keep it in range). Scale and bias have one
/// number for all columns or one for each.
///
/// Where 8 bits are stored, there may be an addend of 8 bits for each element. y is then at least `sum_low` and at most
/// `sum_high`, rounded where `sum_rounds`, and becomes y·`sum_scale` + (addend − `addend_zero`)·`addend_scale` before all that;
/// or y·`sum_scale` + addend where addends are of columns, in f32.
typedef struct {
    dlc_type type;
    bool scale_columns, bias_columns, addend_columns;
    float low, high;
    int32_t zero;
    bool sum_rounds, addend_signed;
    float sum_low, sum_high, sum_scale, addend_scale;
    int32_t addend_zero;
} dlc_integer_finish;

/// How the rows of A are found where they are patches of channels-last images `[n, d, h, w, c]`: row (n, od, oh, ow) holds
/// `[tap][channel]`, channels of one group, in runs as B is packed; taps outside of the image are the zero point of A.
typedef struct {
    int64_t d, h, w, od, oh, ow;
    int64_t channels;          ///< of the group
    int64_t run_taps;          ///< 1, or where there is one group and no dilation along the line, all taps of a line
    int64_t kernel[3], stride[3], dilation[3], pad[3];
    int64_t pixel;             ///< bytes from pixel to pixel
} dlc_integer_patches;

/// C[b] = finish(Σ (A[b] − za)·(B[b] − zb)) with sums in i32 that wraps, A of m × k, B of k × n packed, C of m × n, over up to
/// four batch dimensions. Buffers: A, B, the zero points of A and of B, scale, bias, addend, C. A zero point has the type of its
/// operand; absent ones are 0, as are an absent bias and addend. m, n or k may be zero.
typedef struct {
    bool a_signed, b_signed, has_b_zero;
    int64_t m, n, k;
    int64_t batch[4];          ///< extents, outermost first; 1 where unused
    int64_t a_batch[4], b_batch[4], c_batch[4], addend_batch[4]; ///< elements, of B bytes; 0 repeats
    int64_t a_zero_batch[4], b_zero_batch[4];
    int64_t finish_batch[4];   ///< of scale, bias and addends where they are of columns
    int64_t a_row, a_column;   ///< strides of A
    int64_t c_row, addend_row; ///< columns of C, and of an addend, are neighbours
    int64_t a_zero_row;        ///< from the zero point of a row to the next's; 0 where all have one
    int64_t b_zero_column;     ///< likewise of a column
    bool has_patches;          ///< rows of A are patches; its strides then say nothing
    dlc_integer_patches patches;
    dlc_integer_finish finish;

    // Set by dlc_integer_product_prepare.
    dlc_isa isa;
    uint8_t flip;              ///< turned in bytes of A that are copied
    bool a_copied;             ///< phase 0 brings A into whole quads of the sign that the tiles read
    bool sums_a;
    bool in_place;             ///< patches are read where they lie, line by line of the result, in an image without padding
    bool image_copied;         ///< phase 0 makes that image
    int64_t matrices, a_matrices, a_copy_row, row_blocks, panel_groups, row_block, tasks;
    int64_t runs, quads;       ///< of a row of A as B is packed: runs of as many quads
    int64_t place_taps;        ///< taps of a run of a row that is read in place
    int64_t pixel, group, extent[3]; ///< bytes from pixel to pixel and group to group of the image in place, and its extents
} dlc_integer_product;

/// Checks the struct and settles how the work is split; false where an extent is out of range.
bool dlc_integer_product_prepare(dlc_isa isa, dlc_integer_product *product, dlc_launch *out);

/// Convolutions of 8-bit integers whose groups have one input channel and `multiplier` outputs, over channels-last tensors.
/// Buffers: x, the weights as bytes `[tap][output]`, the zero points of x and of w, scale, bias, y.
typedef struct {
    bool x_signed, w_signed, w_zero_per_channel;
    int64_t n, d, h, w, channels, multiplier;
    int64_t od, oh, ow;
    int64_t kernel[3], stride[3], dilation[3], pad[3];
    int64_t x_ld, y_ld;        ///< from pixel to pixel
    dlc_integer_finish finish;

    // Set by dlc_integer_depthwise_prepare.
    dlc_isa isa;
    bool in_blocks;            ///< weights without zero points are multiplied four taps at a time
    int64_t tasks;
} dlc_integer_depthwise;

/// Checks the struct and settles how the work is split; false where an extent is out of range.
bool dlc_integer_depthwise_prepare(dlc_isa isa, dlc_integer_depthwise *conv, dlc_launch *out);

#endif
