/// Tiles of products of 8-bit integers. Internal to CKernels.
#ifndef DLC_GEMM_INTEGER_H
#define DLC_GEMM_INTEGER_H
#include "dlc_integer.h"
#include <math.h>

/// The most columns of a panel and rows of a tile of any instruction set.
enum { DLC_INTEGER_WIDTH = 32, DLC_INTEGER_ROWS = 12 };

/// What is added where there is no bias: a zero that leaves the sign of another.
#define DLC_INTEGER_NO_BIAS (-0.0f)

/// The buffers of a product.
enum { DLC_INTEGER_A, DLC_INTEGER_B, DLC_INTEGER_A_ZERO, DLC_INTEGER_B_ZERO, DLC_INTEGER_SCALE, DLC_INTEGER_BIAS, DLC_INTEGER_ADDEND, DLC_INTEGER_C };

/// A few rows of A times one panel.
typedef struct {
    const uint8_t *a;          ///< whole quads of bytes, u8 (s8 where the set wants that)
    int64_t a_row;             ///< bytes
    int64_t runs, quads;       ///< rows are runs of as many quads, the same for all rows; a row that lies in one piece is one run
    int64_t done;              ///< quads at the beginning of each run that `sums` hold
    const int32_t *sums;       ///< [row][DLC_INTEGER_WIDTH]; null where nothing is done
    const int64_t *offsets;    ///< bytes from `a` to each run
    const int8_t *b;
    const int8_t *next;        ///< what is asked for meanwhile, a step further with every quad
    int64_t next_step;
    uint8_t *c;
    int64_t c_row, columns;    ///< bytes, and columns of the panel that C has
    const dlc_integer_finish *finish;
    const float *scale, *bias; ///< of each column of the panel
    bool fits;                 ///< no number to be rounded is too large for 32 bits
    const uint8_t *addend;     ///< of the first element of C; null where there is none
    int64_t addend_row;
    const float *second;       ///< or an addend of each column of the panel; null where there is none
    const int32_t *a_zero, *a_sum;       ///< of each row; the sums are null where no column has a zero point
    const int32_t *b_zero, *b_centred;   ///< of each column of the panel: its zero point, and Σ b − k·zb
    const int32_t *b_start;    ///< −za·(Σ b − k·zb) where all rows have one za; null where they differ
} dlc_integer_tile;

typedef void (*dlc_integer_tile_run)(const dlc_integer_tile *tile);

/// The tiles of one way to multiply.
typedef struct {
    int32_t rows;              ///< the most rows of a tile
    int32_t flips;             ///< turned in bytes of A that are unsigned, and (0x80 more) in those that are signed: 0 or 0x80
    dlc_integer_tile_run run[2][DLC_INTEGER_ROWS];  ///< by half and whole panels, and rows − 1
} dlc_integer_set;

extern const dlc_integer_set dlc_integer_set_portable, dlc_integer_set_avx2, dlc_integer_set_avx512, dlc_integer_set_neon;
/// With the instruction that adds four products to a lane.
extern const dlc_integer_set dlc_integer_set_avx2_dot, dlc_integer_set_avx512_dot, dlc_integer_set_neon_dot;

/// Whether all sums that there are, scaled and with biases, are within 32 bits.
static inline bool dlc_integer_fits(const float *scale, const float *bias, int64_t count) {
    bool fits = true;
    for (int64_t j = 0; j < count; j++) fits &= fabsf(scale[j]) * 0x1p31f + fabsf(bias[j]) <= 0x1p30f;
    return fits;
}

/// Whether all that addends leave is: those of 8 bits, or the `count` of columns.
static inline bool dlc_integer_addition_fits(const dlc_integer_finish *f, const float *second, int64_t count) {
    float largest = second ? 0 : 512 * fabsf(f->addend_scale);
    for (int64_t j = 0; second && j < count; j++) largest = fmaxf(largest, fabsf(second[j]));
    return fmaxf(fabsf(f->sum_low), fabsf(f->sum_high)) * fabsf(f->sum_scale) + largest <= 0x1p30f;
}

/// Whether saturating to u8 is all that limits results.
static inline bool dlc_integer_is_plain(const dlc_integer_finish *f) {
    return f->type == DLC_U8 && f->zero == 0 && f->low == 0 && f->high == 255;
}

static inline int64_t dlc_integer_size(const dlc_integer_finish *f) { return f->type == DLC_U8 || f->type == DLC_I8 ? 1 : 4; }

/// One pixel of a depthwise convolution: y[j] = Σ (x[tap][j / multiplier] − x_zero) · w[tap][j].
typedef struct {
    const uint8_t *const *x;
    const int16_t *const *w;
    int64_t taps, channels, multiplier;
    bool x_signed;
    int32_t x_zero;
    uint8_t *y;
    const dlc_integer_finish *finish;
    const float *scale, *bias; ///< of each output
} dlc_integer_pixel;
void dlc_integer_pixel_portable(const dlc_integer_pixel *pixel), dlc_integer_pixel_avx2(const dlc_integer_pixel *pixel);
void dlc_integer_pixel_avx512(const dlc_integer_pixel *pixel), dlc_integer_pixel_neon(const dlc_integer_pixel *pixel);

/// A line of such a convolution, or two that read no more quads than one does, for a block of up to 64 channels, or of a few
/// pixels with all their channels, with weights in s8 and one output a channel. Bytes of four taps are interleaved in registers,
/// once for all outputs that read them: a column is what lies at one place of the lines of x that the taps of all lines read, in
/// quads of `slots`, and outputs read `taps` columns. Interleaving leaves bytes in an order of its own: vector i of a block, i < 4,
/// holds bytes 16·l + 4·i ... + 3 in its lanes 4·l ... + 3, and so do weights, sums, scales and biases in memory.
typedef struct {
    const uint8_t *const *lines; ///< [4 quads], the block's bytes of pixel 0 of a slot's line; null stands for zero points
    const int64_t *shifts;     ///< [4 quads], pixels that a slot lies behind its column
    int64_t quads, taps, stride, dilation;
    int64_t height, y_line;    ///< lines of the result, and elements from the first to the second
    const int8_t *weights;     ///< [height][taps][quads][4 vectors][64]
    const int32_t *sums;       ///< [64], to begin with
    int64_t first, width;      ///< the pixel that the first tap of the first output reads, and pixels of a line
    int64_t x_ld, y_ld, outputs; ///< bytes from pixel to pixel, elements from output to output, and outputs of the line
    int64_t pixels, channels;  ///< of a block; several pixels where all lie one behind another and the stride is 1
    uint8_t flip, outside;     ///< 0x80 turns s8 into u8; the zero point as it lies in memory
    uint8_t *y, *columns;      ///< the first output; room for `dlc_integer_columns` of 256 bytes a quad
    const dlc_integer_finish *finish;
    const float *scale, *bias; ///< [64]
} dlc_integer_line;
void dlc_integer_line_avx512_dot(const dlc_integer_line *line);
/// Outputs of a block that a line computes at once, and the columns that they read.
enum { DLC_INTEGER_BLOCKS = 32 };
static inline int64_t dlc_integer_columns(int64_t pixels, int64_t taps, int64_t stride, int64_t dilation) {
    return (DLC_INTEGER_BLOCKS - 1) * pixels * stride + (taps - 1) * dilation + 1;
}
/// Weights of a block as lines read them, of taps at `w` + tap · `row` (a slot's tap from `tap_of`, negative for none), and
/// −zero · Σ w to begin with. Channels repeat for each pixel of the block.
void dlc_integer_line_pack_avx512_dot(const int8_t *w, int64_t row, const int32_t *tap_of, int64_t slots, int64_t channels, int64_t pixels, int32_t zero,
                                      int8_t *weights, int32_t *sums);

/// Whether this processor has that instruction and there are blocks for it.
bool dlc_integer_has_blocks(dlc_isa isa);

/// For checks: multiplies without that instruction, and without AMX.
extern bool dlc_integer_without_dot, dlc_integer_without_amx;

#endif
