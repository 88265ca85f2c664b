/// Source positions and weights of a resize (ONNX operator specification, Resize-19).
#include "resize.h"

#include "dlc_convert.h"

#include <math.h>
#include <string.h>

/// ONNX's `length_resized` by its reference implementation: the extent before rounding, as far as that differs from the
/// rounded one by more than the error of the product.
static float resize_length(float product, float extent) {
    return fabsf(product - extent) < 1e-3f ? extent : product;
}

/// The source coordinate of an output position, in f32 as ONNX Runtime computes it.
static float resize_coordinate(const dlc_resize *p, int32_t axis, int64_t out) {
    float scale = p->scale[axis], x = (float)out, in = (float)p->x_extent[axis], n = (float)p->y_extent[axis];
    switch (p->coordinates) {
    case DLC_RESIZE_HALF_PIXEL:
        return (x + 0.5f) / scale - 0.5f;
    case DLC_RESIZE_HALF_PIXEL_SYMMETRIC: {
        float adjustment = n / (scale * in); // the real scale over the one asked for
        return in / 2 * (1 - adjustment) + (x + 0.5f) / scale - 0.5f;
    }
    case DLC_RESIZE_PYTORCH_HALF_PIXEL:
        return n > 1 ? (x + 0.5f) / scale - 0.5f : 0;
    case DLC_RESIZE_ALIGN_CORNERS: {
        float length = resize_length(scale * in, n);
        return n == 1 || length == 1 ? 0 : x * (in - 1) / (length - 1);
    }
    case DLC_RESIZE_ASYMMETRIC:
        return x / scale;
    case DLC_RESIZE_TF_CROP_AND_RESIZE: {
        float begin = p->roi_begin[axis], end = p->roi_end[axis], length = resize_length(scale * in, n);
        if (n == 1 || length == 1) return 0.5f * (begin + end) * (in - 1);
        return begin * (in - 1) + x * (end - begin) * (in - 1) / (length - 1);
    }
    case DLC_RESIZE_TF_HALF_PIXEL_FOR_NN:
        return (x + 0.5f) / scale;
    }
    return 0;
}

static float resize_round(dlc_resize_rounding rounding, float x) {
    switch (rounding) {
    case DLC_RESIZE_ROUND_PREFER_FLOOR: return x == floorf(x) + 0.5f ? floorf(x) : roundf(x);
    case DLC_RESIZE_ROUND_PREFER_CEIL: return x == floorf(x) + 0.5f ? ceilf(x) : roundf(x);
    case DLC_RESIZE_FLOOR: return floorf(x);
    case DLC_RESIZE_CEIL: return ceilf(x);
    }
    return x;
}

/// The linear or cubic (Keys 1981) kernel at a distance.
static double resize_kernel(const dlc_resize *p, double distance) {
    double x = fabs(distance), a = (double)p->cubic_a;
    if (p->mode == DLC_RESIZE_LINEAR) return x < 1 ? 1 - x : 0;
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

static int32_t resize_clamp(double position, int64_t extent) {
    return position > 0 ? (position < (double)(extent - 1) ? (int32_t)position : (int32_t)(extent - 1)) : 0;
}

/// How much the kernel is widened along an axis.
static double resize_widening(const dlc_resize *p, int32_t axis) {
    return p->antialias && p->scale[axis] < 1 ? 1 / (double)p->scale[axis] : 1;
}

int32_t dlc_resize_taps(const dlc_resize *p, int32_t axis) {
    if (p->mode == DLC_RESIZE_NEAREST) return 1;
    double radius = (p->mode == DLC_RESIZE_LINEAR ? 1 : 2) * resize_widening(p, axis);
    double taps = 2 * ceil(radius);
    return taps < 1e6 ? (int32_t)taps : 0;
}

int64_t dlc_resize_table_bytes(const dlc_resize *p) { return p->table_words * 4; }

static void resize_set_weight(const dlc_resize *p, void *weights, int32_t tap, double weight) {
    if (p->type == DLC_F64) ((double *)weights)[tap] = weight;
    else ((float *)weights)[tap] = (float)weight;
}

/// Taps without weight take half of another's, so that what is not finite beside a position does not touch it: halves add up
/// to the same bits. Rows that weigh nothing are passed over as they are.
static void resize_share(const dlc_resize *p, int32_t *positions, void *weights) {
    int32_t taps = p->taps[p->last], heavy = 0;
    while (heavy < taps && resize_weight(p, weights, heavy) == 0) heavy++;
    if (heavy == taps) return;
    for (int32_t k = 0; k < taps; k++) {
        if (resize_weight(p, weights, k) != 0) continue;
        double half = resize_weight(p, weights, heavy) / 2;
        resize_set_weight(p, weights, heavy, half);
        resize_set_weight(p, weights, k, half);
        positions[k] = positions[heavy];
    }
}

static void resize_table_row(const dlc_resize *p, int32_t axis, int64_t out, int32_t *positions, void *weights) {
    int32_t taps = p->taps[axis];
    int64_t extent = p->x_extent[axis];
    float x = resize_coordinate(p, axis, out);
    bool outside = p->coordinates == DLC_RESIZE_TF_CROP_AND_RESIZE && !(x >= 0 && x <= (float)(extent - 1));
    if (p->mode == DLC_RESIZE_NEAREST) {
        positions[0] = outside ? -1 : resize_clamp((double)resize_round(p->rounding, x), extent);
        resize_set_weight(p, weights, 0, 1);
        return;
    }
    double widening = resize_widening(p, axis), sum = 0;
    double first = floor((double)x) - taps / 2 + 1;
    for (int32_t k = 0; k < taps; k++) {
        double position = first + k, weight = resize_kernel(p, (position - (double)x) / widening);
        if (p->exclude_outside && (position < 0 || position > (double)(extent - 1))) weight = 0;
        positions[k] = resize_clamp(position, extent);
        resize_set_weight(p, weights, k, weight);
        sum += weight;
    }
    // Widened or truncated kernels do not add up to 1 on their own.
    if ((p->antialias || p->exclude_outside) && sum != 0)
        for (int32_t k = 0; k < taps; k++) resize_set_weight(p, weights, k, resize_weight(p, weights, k) / sum);
    if (axis == p->last) resize_share(p, positions, weights);
    if (outside) positions[0] = -1;
}

enum { pixel_bytes = 64 }; ///< of larger ones each is copied by itself

int64_t dlc_resize_shuffle_words(const dlc_resize *p) {
    const int64_t bytes = p->inner * dlc_type_bytes(p->type);
    if (p->mode != DLC_RESIZE_NEAREST || p->coordinates == DLC_RESIZE_TF_CROP_AND_RESIZE || p->last < 0 || bytes > pixel_bytes) return 0;
    const int64_t windows = (p->y_extent[p->last] * bytes + 15) / 16 * DLC_RESIZE_WINDOWS;
    return (int64_t)(sizeof(dlc_resize_shuffle) + (size_t)windows * sizeof(dlc_resize_window)) / 4;
}

/// The bytes of the source that bytes `begin` to `begin + 16` of the result are, pixels of `bytes`; the least and the greatest of them.
static void resize_sources(const int32_t *positions, int64_t bytes, int64_t begin, int64_t sources[16], int64_t *least, int64_t *most) {
    for (int64_t i = 0; i < 16; i++) {
        sources[i] = positions[(begin + i) / bytes] * bytes + (begin + i) % bytes;
        if (i == 0 || sources[i] < *least) *least = sources[i];
        if (i == 0 || sources[i] > *most) *most = sources[i];
    }
}

static void resize_set_shuffle(const dlc_resize *p, const int32_t *positions, dlc_resize_shuffle *shuffle) {
    const int64_t bytes = p->inner * dlc_type_bytes(p->type), in = p->x_extent[p->last] * bytes, out = p->y_extent[p->last] * bytes;
    int64_t sources[16], least, most, count = 1;
    shuffle->count = 0;
    if (in < 16 || out < 16) return;
    for (int64_t i = 0; i < out; i += 16) {
        resize_sources(positions, bytes, out - i < 16 ? out - 16 : i, sources, &least, &most);
        if (count < (most - least) / 16 + 1) count = (most - least) / 16 + 1;
    }
    if (count > DLC_RESIZE_WINDOWS) return;
    shuffle->count = count;
    dlc_resize_window *window = shuffle->windows;
    for (int64_t i = 0; i < out; i += 16, window += count) {
        resize_sources(positions, bytes, out - i < 16 ? out - 16 : i, sources, &least, &most);
        for (int64_t k = 0; k < count; k++) {
            window[k].from = least + k * 16 < in - 16 ? least + k * 16 : in - 16;
            memset(window[k].at, 128, 16);
        }
        for (int64_t j = 0; j < 16; j++) {
            const int64_t k = (sources[j] - least) / 16;
            window[k].at[j] = (uint8_t)(sources[j] - window[k].from);
        }
    }
}

void dlc_resize_tables(const dlc_resize *p, void *tables) {
    for (int32_t axis = 0; axis < p->rank; axis++) {
        if (p->taps[axis] == 0) continue;
        for (int64_t out = 0; out < p->y_extent[axis]; out++)
            resize_table_row(p, axis, out, (int32_t *)resize_positions(p, tables, axis, out),
                             (void *)resize_weights(p, tables, axis, out));
    }
    dlc_resize_shuffle *shuffle = (dlc_resize_shuffle *)resize_shuffle_of(p, tables);
    if (shuffle) resize_set_shuffle(p, resize_positions(p, tables, p->last, 0), shuffle);
}
