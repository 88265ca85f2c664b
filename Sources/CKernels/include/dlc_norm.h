/// Normalisation by statistics of the data: LayerNormalization, RMSNormalization, InstanceNormalization,
/// GroupNormalization, LpNormalization. (BatchNormalization is elementwise.)
#ifndef DLC_NORM_H
#define DLC_NORM_H

#include "dlc_common.h"

typedef enum : uint8_t { DLC_NORM_LAYER = 0, DLC_NORM_RMS = 1 } dlc_norm_kind;

/// Normalises each of `rows` rows of `n` elements to mean 0 and variance 1 (RMS: to mean square 1), then
/// y = normalised · scale + bias. Types: f32, f64.
///
/// Buffers: x [rows, n], scale [n], bias [n], y [rows, n], mean [rows] and inv_std [rows] in f32; all but x and y may be null.
/// y may be x.
typedef struct {
    dlc_type type;
    dlc_norm_kind kind;
    int64_t rows, n;
    double epsilon;
} dlc_norm;

/// Normalises groups of channels over channels and space: `groups` divides `channels` for
/// GroupNormalization and equals it for InstanceNormalization. x and y are dense [batch, channels, spatial],
/// or [batch, spatial, channels] with `channels_last`; groups are runs of adjacent channels.
/// Buffers: x, scale [channels], bias [channels], y; scale and bias may be null. Types: f32, f64.
typedef struct {
    dlc_type type;
    bool channels_last;
    int64_t batch, channels, groups, spatial;
    double epsilon;
    int64_t groups_per_task; ///< set by dlc_group_norm_prepare
} dlc_group_norm;

/// Divides dense x [outer, axis, inner] by its L1 or L2 norm over the middle axis; a norm of 0 gives 0.
/// Buffers: x, y; y may be x. Types: f32, f64.
typedef struct {
    dlc_type type;
    int32_t p;               ///< 1 or 2
    int64_t outer, axis, inner;
} dlc_lp_norm;

/// Make a step ready; false where a field has no meaning or the type is not supported.
bool dlc_norm_prepare(dlc_isa isa, dlc_norm *norm, dlc_launch *launch);
bool dlc_group_norm_prepare(dlc_isa isa, dlc_group_norm *norm, dlc_launch *launch);
bool dlc_lp_norm_prepare(dlc_isa isa, dlc_lp_norm *norm, dlc_launch *launch);

#endif
