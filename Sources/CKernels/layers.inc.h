/// The layer kernels of one instruction set and their table. Included once per instruction set, after
/// its isa_*.h.
#include "isa/vmath.inc.h"
#include "layers.h"
#include "columns.inc.h"
#include "lrn.inc.h"
#include "pool.inc.h"
#include "pool_gradient.inc.h"
#include "random.inc.h"
#include "reduce.inc.h"
#include "resize.inc.h"
#include "roi.inc.h"
#include "roi_gradient.inc.h"
#include "softmax.inc.h"
// Attention uses the rows of softmax.inc.h, normalisation the sums of reduce.inc.h.
#include "attention.inc.h"
#include "attention_gradient.inc.h"
#include "norm.inc.h"
#include "norm_f64.inc.h"
#include "rnn.inc.h"
#include "rnn_gradient.inc.h"

#define LAYER(name) .name = DLC_NAME(name)

const dlc_layer_kernels DLC_NAME(dlc_layer_kernels) = {
    LAYER(pool_max_f32), LAYER(pool_average_f32),
    LAYER(pool_any_f32), LAYER(pool_any_f64), LAYER(pool_any_i8), LAYER(pool_any_u8),
    LAYER(pool_gradient_f32), LAYER(pool_gradient_f64), LAYER(pool_select_f32), LAYER(pool_select_f64),
    LAYER(reduce_rows_f32), LAYER(reduce_columns_f32),
    .reduce_any = {
        [DLC_F32] = DLC_NAME(reduce_any_f32), [DLC_F64] = DLC_NAME(reduce_any_f64),
        [DLC_I8] = DLC_NAME(reduce_any_i8), [DLC_U8] = DLC_NAME(reduce_any_u8),
        [DLC_I16] = DLC_NAME(reduce_any_i16), [DLC_U16] = DLC_NAME(reduce_any_u16),
        [DLC_I32] = DLC_NAME(reduce_any_i32), [DLC_U32] = DLC_NAME(reduce_any_u32),
        [DLC_I64] = DLC_NAME(reduce_any_i64), [DLC_U64] = DLC_NAME(reduce_any_u64),
        [DLC_BOOL] = DLC_NAME(reduce_any_bool),
    },
    LAYER(softmax_rows_f32), LAYER(softmax_columns_f32), LAYER(softmax_any_f32), LAYER(softmax_any_f64),
    LAYER(norm_f32), LAYER(norm_f64),
    LAYER(group_norm_first_f32), LAYER(group_norm_last_f32), LAYER(group_norm_f64),
    LAYER(lp_norm_f32), LAYER(lp_norm_f64),
    LAYER(lrn_first_f32), LAYER(lrn_last_f32), LAYER(lrn_f64),
    LAYER(rnn_f32), LAYER(rnn_gradient_f32), LAYER(random_any), LAYER(attention_f32), LAYER(attention_gradient_f32),
    LAYER(roi_f32), LAYER(roi_gradient_f32),
    LAYER(columns_f32), LAYER(columns_f64),
    LAYER(resize_f32), LAYER(resize_f64), LAYER(resize_i8), LAYER(resize_u8),
    .resize_nearest = {
        DLC_NAME(resize_nearest_1), DLC_NAME(resize_nearest_2), DLC_NAME(resize_nearest_4), DLC_NAME(resize_nearest_8),
    },
};
