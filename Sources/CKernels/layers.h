/// What each instruction set provides for the layer kernels of include/dlc_layers.h.
#ifndef DLC_LAYERS_INTERNAL_H
#define DLC_LAYERS_INTERNAL_H

#include "include/dlc_common.h"
#include "include/dlc_pool.h"

typedef struct {
    dlc_kernel pool_max_f32, pool_average_f32;
    dlc_kernel pool_any_f32, pool_any_f64, pool_any_i8, pool_any_u8;
    dlc_kernel pool_gradient_f32, pool_gradient_f64, pool_select_f32, pool_select_f64;
    dlc_kernel reduce_rows_f32, reduce_columns_f32;
    dlc_kernel reduce_any[DLC_BOOL + 1];   ///< by element type
    dlc_kernel softmax_rows_f32, softmax_columns_f32, softmax_any_f32, softmax_any_f64;
    dlc_kernel norm_f32, norm_f64;
    dlc_kernel group_norm_first_f32, group_norm_last_f32, group_norm_f64;
    dlc_kernel lp_norm_f32, lp_norm_f64;
    dlc_kernel lrn_first_f32, lrn_last_f32, lrn_f64;
    dlc_kernel rnn_f32, rnn_gradient_f32;
    dlc_kernel random_any;
    dlc_kernel attention_f32, attention_gradient_f32;
    dlc_kernel roi_f32, roi_gradient_f32;
    dlc_kernel columns_f32, columns_f64;
    dlc_kernel resize_f32, resize_f64, resize_i8, resize_u8;
    dlc_kernel resize_nearest[4];          ///< by the logarithm of the element size
} dlc_layer_kernels;

extern const dlc_layer_kernels dlc_layer_kernels_portable;
extern const dlc_layer_kernels dlc_layer_kernels_avx2;
extern const dlc_layer_kernels dlc_layer_kernels_avx512;
extern const dlc_layer_kernels dlc_layer_kernels_neon;

/// The kernels of `isa`, or null where this program was built without it.
const dlc_layer_kernels *dlc_layer_kernels_of(dlc_isa isa);

/// Whether extents and windows of a pooling have a meaning.
bool dlc_pool_valid(const dlc_pool *pool);

#endif
