/// ONNX Resize (opset 19) and Upsample.
#ifndef DLC_RESIZE_H
#define DLC_RESIZE_H

#include "dlc_common.h"

typedef enum : uint8_t { DLC_RESIZE_NEAREST = 0, DLC_RESIZE_LINEAR = 1, DLC_RESIZE_CUBIC = 2 } dlc_resize_mode;

/// ONNX `coordinate_transformation_mode`.
typedef enum : uint8_t {
    DLC_RESIZE_HALF_PIXEL = 0, DLC_RESIZE_HALF_PIXEL_SYMMETRIC = 1, DLC_RESIZE_PYTORCH_HALF_PIXEL = 2,
    DLC_RESIZE_ALIGN_CORNERS = 3, DLC_RESIZE_ASYMMETRIC = 4, DLC_RESIZE_TF_CROP_AND_RESIZE = 5,
    DLC_RESIZE_TF_HALF_PIXEL_FOR_NN = 6,
} dlc_resize_coordinates;

/// ONNX `nearest_mode`.
typedef enum : uint8_t {
    DLC_RESIZE_ROUND_PREFER_FLOOR = 0, DLC_RESIZE_ROUND_PREFER_CEIL = 1, DLC_RESIZE_FLOOR = 2, DLC_RESIZE_CEIL = 3,
} dlc_resize_rounding;

/// Resizes dense x to dense y of the same rank. An axis of equal extents and scale 1 is copied (unless
/// cropped); the others are interpolated one after another, which is what ONNX defines. The fast case is
/// resized outer axes before a contiguous rest, as in channels-last images.
///
/// Buffers: x, y, tables. The tables of source positions and weights, `dlc_resize_table_bytes` large and
/// written by `dlc_resize_tables`, depend on the struct alone. Types: nearest any; linear and cubic f32,
/// f64, i8, u8, the last two rounded to nearest even and saturated. Coordinates are computed in f32.
typedef struct {
    dlc_type type;
    dlc_resize_mode mode;
    dlc_resize_coordinates coordinates;
    dlc_resize_rounding rounding;
    bool exclude_outside;           ///< weights of positions outside the input are 0, and the others add up to 1
    bool antialias;                 ///< filters widen when an axis shrinks
    float cubic_a;
    double extrapolation;           ///< value of positions outside the input of a crop
    int32_t rank;                   ///< 0 ... DLC_MAX_RANK
    int64_t x_extent[DLC_MAX_RANK], y_extent[DLC_MAX_RANK];
    float scale[DLC_MAX_RANK];      ///< output over input
    float roi_begin[DLC_MAX_RANK], roi_end[DLC_MAX_RANK]; ///< normalised; crop only

    // Set by dlc_resize_prepare.
    int32_t taps[DLC_MAX_RANK];     ///< source positions of an output position; 0 for a copied axis
    int64_t table[DLC_MAX_RANK];    ///< offset of an axis's table, in 4-byte words
    int64_t table_words;
    int32_t last;                   ///< the innermost resized axis; -1 without any
    int64_t inner;                  ///< elements behind that axis
} dlc_resize;

/// Makes a resize ready; false where a field has no meaning or the type is not supported.
bool dlc_resize_prepare(dlc_isa isa, dlc_resize *resize, dlc_launch *launch);

/// Bytes of the tables of a prepared resize.
int64_t dlc_resize_table_bytes(const dlc_resize *resize);

/// Writes the tables of a prepared resize.
void dlc_resize_tables(const dlc_resize *resize, void *tables);

#endif
