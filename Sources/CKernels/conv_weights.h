/// What each instruction set provides to the gradients of weights.
#ifndef DLC_CONV_WEIGHTS_INTERNAL_H
#define DLC_CONV_WEIGHTS_INTERNAL_H

#include "dlc_conv_weights.h"

enum { DLC_WEIGHTS_MOST_ROWS = 14 };

/// sums[i, vector j] += the sum over segments and their steps of a[offset[i]] · b[column[j]...], where a step moves a and b on.
typedef struct {
    const float *a, *b;
    int64_t segments;
    const int64_t *a_start, *b_start, *counts; ///< of each segment
    int64_t a_step, b_step;
    int64_t offset[DLC_WEIGHTS_MOST_ROWS];     ///< of rows in a
    int64_t column[4], place[4], width[4];     ///< of vectors in b and in a row of the sums; their elements, at most a vector's
    int64_t rows;                              ///< that are stored
    float *sums;
    int64_t sums_row;
    bool first;                                ///< the sums begin here: what was there does not count
} dlc_weights_tile;

enum { DLC_WEIGHTS_CHANNEL_TAPS = 9 };

/// Neighbouring pixels of dy, and the pixels of x that each tap reads for the first of them.
typedef struct {
    const float *x[DLC_WEIGHTS_CHANNEL_TAPS], *dy;
    int64_t count;
} dlc_weights_segment;

/// sums[tap, channel] += the sum over segments and their pixels of x[tap][channel] · dy[channel], for `columns` channels (at most
/// a vector) from `channel` on.
typedef struct {
    const dlc_weights_segment *segments;
    int64_t count, x_step, dy_step;            ///< segments; floats from pixel to pixel
    int64_t x_ahead, dy_ahead;                 ///< floats to what will be read next, fetched meanwhile
    int64_t channel, columns, taps;
    float *sums;
    int64_t sums_row;
    bool first;                                ///< the sums begin here: what was there does not count
} dlc_weights_channels;

typedef struct {
    /// Rows of a tile by its number of vectors, less one.
    int32_t tile_rows[4];
    int32_t most_vectors;
    /// By the number of vectors, less one: for any rows and vectors; for rows that are neighbours; for those and whole vectors;
    /// for those that are neighbours too; and for any rows with whole vectors that are neighbours.
    void (*any[4])(const dlc_weights_tile *tile);
    void (*dense[4])(const dlc_weights_tile *tile);
    void (*whole[4])(const dlc_weights_tile *tile);
    void (*whole_near[4])(const dlc_weights_tile *tile);
    void (*any_near[4])(const dlc_weights_tile *tile);
    void (*depthwise)(const dlc_weights_channels *channels);
    /// Winograd's transforms of pixels given by pointers, over `channels`, to points `step` floats apart; and of the sums of points
    /// to taps, `out_line` and `out_step` floats apart. First of 6 × 6 points for 3 × 3 taps, whose inputs are transformed as a
    /// convolution's are, then of 5 × 5 points for 2 × 2 taps.
    void (*inputs)(const float *const *pixels, int64_t channels, float *out, int64_t step);
    void (*results[2])(const float *const *pixels, int64_t channels, float *out, int64_t step);
    void (*filter[2])(const float *sums, int64_t step, int64_t channels, float *out, int64_t out_line, int64_t out_step);
} dlc_weights_functions;

extern const dlc_weights_functions dlc_weights_functions_portable;
extern const dlc_weights_functions dlc_weights_functions_avx2;
extern const dlc_weights_functions dlc_weights_functions_avx512;
extern const dlc_weights_functions dlc_weights_functions_neon;

/// The phase that sums where every channel is a group: a task has vectors of channels for itself.
void dlc_conv_weights_depthwise(const dlc_call *call, float *sums);

/// Whether gradients are cheaper in Winograd's domain: windows of 3 × 3 at stride 1 or 4 × 4 at stride 2, and enough channels for what
/// is transformed.
bool dlc_conv_weights_winograd_pays(const dlc_conv_weights *conv);
/// Settles the rest of a struct whose `tile_rows`, `tile_vectors`, `rows` and `vectors` are those of one tap's.
void dlc_conv_weights_winograd_prepare(dlc_conv_weights *conv, dlc_launch *launch);

/// The functions of `isa`, or null where this program was built without it.
const dlc_weights_functions *dlc_weights_functions_of(dlc_isa isa);

#endif
