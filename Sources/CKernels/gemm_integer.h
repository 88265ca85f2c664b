/// Tiles of products of 8-bit integers. Internal to CKernels.
#ifndef DLC_GEMM_INTEGER_H
#define DLC_GEMM_INTEGER_H
#include "dlc_integer.h"

/// The most columns of a panel and rows of a tile of any instruction set.
enum { DLC_INTEGER_WIDTH = 32, DLC_INTEGER_ROWS = 12 };

/// A few rows of A times one panel.
typedef struct {
    const uint8_t *a;          ///< whole quads of bytes, u8 (s8 where the set wants that)
    int64_t a_row;             ///< bytes
    const int8_t *b;
    int64_t quads;             ///< k / 4, rounded up
    uint8_t *c;
    int64_t c_row, columns;    ///< bytes, and columns of the panel that C has
    const dlc_integer_finish *finish;
    const float *scale, *bias; ///< of each column of the panel
    const int32_t *a_zero, *a_sum;       ///< of each row; the sums are null where no column has a zero point
    const int32_t *b_zero, *b_centred;   ///< of each column of the panel: its zero point, and Σ b − k·zb
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

/// For checks: multiplies without that instruction.
extern bool dlc_integer_without_dot;

#endif
