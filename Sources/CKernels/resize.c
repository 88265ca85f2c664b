/// Checks of a resize step, its table layout and the choice of its kernel.
#include "resize.h"
#include "layers.h"

/// The logarithm of the element size, to base 2.
static int32_t resize_element_shift(dlc_type type) {
    switch (type) {
    case DLC_I8: case DLC_U8: case DLC_BOOL: return 0;
    case DLC_F16: case DLC_BF16: case DLC_I16: case DLC_U16: return 1;
    case DLC_F32: case DLC_I32: case DLC_U32: return 2;
    case DLC_F64: case DLC_I64: case DLC_U64: return 3;
    default: return 0;
    }
}

/// - Parameter empty: whether the result has no element, for which nothing is read whatever the scale.
static bool resize_axis_prepare(dlc_resize *p, int32_t axis, bool empty) {
    int64_t in = p->x_extent[axis], out = p->y_extent[axis];
    bool cropped = p->coordinates == DLC_RESIZE_TF_CROP_AND_RESIZE && (p->roi_begin[axis] != 0 || p->roi_end[axis] != 1);
    p->taps[axis] = 0;
    p->table[axis] = p->table_words;
    if (in < 0 || out < 0 || in > INT32_MAX || out > INT32_MAX) return false;
    if (empty) return true;
    if (!(p->scale[axis] > 0)) return false;
    if (in == out && p->scale[axis] == 1 && !cropped) return true;
    if (in == 0) return false;
    p->taps[axis] = dlc_resize_taps(p, axis);
    if (p->taps[axis] == 0) return false;
    // Positions, then weights at an even word; an even number in all.
    int64_t words = out * p->taps[axis];
    p->table_words += (words + 1) / 2 * 2 + (words * resize_weight_words(p) + 1) / 2 * 2;
    p->last = axis;
    return true;
}

bool dlc_resize_prepare(dlc_isa isa, dlc_resize *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || p->rank < 0 || p->rank > DLC_MAX_RANK || p->type > DLC_BOOL) return false;
    if (p->mode > DLC_RESIZE_CUBIC || p->coordinates > DLC_RESIZE_TF_HALF_PIXEL_FOR_NN || p->rounding > DLC_RESIZE_CEIL) return false;
    p->table_words = 0;
    p->last = -1;
    p->inner = 1;
    int64_t rows = 1;
    bool empty = false;
    for (int32_t axis = 0; axis < p->rank; axis++) empty |= p->y_extent[axis] == 0;
    for (int32_t axis = 0; axis < p->rank; axis++)
        if (!resize_axis_prepare(p, axis, empty)) return false;
    for (int32_t axis = 0; axis < p->rank; axis++) {
        if (axis < p->last) rows *= p->y_extent[axis];
        if (axis > p->last) p->inner *= p->y_extent[axis];
    }
    p->table_words += dlc_resize_shuffle_words(p);
    int64_t in = p->last < 0 ? 1 : p->x_extent[p->last], out = p->last < 0 ? 1 : p->y_extent[p->last];
    dlc_kernel run = NULL;
    int64_t element = 4; // of the combined row
    if (p->mode == DLC_RESIZE_NEAREST || p->last < 0) {
        run = kernels->resize_nearest[resize_element_shift(p->type)];
        element = 0;
    } else if (p->type == DLC_F32) {
        run = kernels->resize_f32;
    } else if (p->type == DLC_F64) {
        run = kernels->resize_f64;
        element = 8;
    } else if (p->type == DLC_I8 || p->type == DLC_U8) {
        run = p->type == DLC_I8 ? kernels->resize_i8 : kernels->resize_u8;
    }
    if (!run) return false;
    *launch = (dlc_launch){
        .run = run, .tasks = out * p->inner == 0 ? 0 : rows, .phases = 1,
        .scratch_bytes = in * p->inner * element,
    };
    return true;
}
