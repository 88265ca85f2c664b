/// Windows added into images, row by row. Include after isa_*.h.
#include "columns.h"

DLC_TARGET_BEGIN

/// For every tap along a row of the image the first window whose tap lies in the row, its place, and how many there are.
static void columns_across(const dlc_columns *p, dlc_columns_tap *across) {
    const int64_t stride = p->stride[2], windows = p->windows[0] * p->windows[1] * p->windows[2];
    for (int64_t k = 0; k < p->kernel[2]; k++) {
        const int64_t offset = k * p->dilation[2] - p->pad[2], room = p->extent[2] - offset;
        const int64_t first = offset < 0 ? (-offset + stride - 1) / stride : 0;
        const int64_t last = room <= 0 ? 0 : (room - 1) / stride < p->windows[2] ? (room - 1) / stride + 1 : p->windows[2];
        across[k] = (dlc_columns_tap){.begin = k * windows + first, .at = first * stride + offset, .count = last - first};
    }
}

/// The window, along an axis, whose tap lies at `place` of the padded image; -1 where there is none.
DLC_INLINE int64_t columns_window(const dlc_columns *p, int axis, int64_t place) {
    if (place < 0) return -1;
    if (p->stride[axis] == 1) return place < p->windows[axis] ? place : -1;
    return place % p->stride[axis] == 0 && place / p->stride[axis] < p->windows[axis] ? place / p->stride[axis] : -1;
}

/// The taps that reach a row of an image.
static int64_t columns_taps(const dlc_columns *p, int64_t image, int64_t depth, int64_t height, const dlc_columns_tap *across,
                            dlc_columns_tap *taps) {
    const int64_t line = p->kernel[2] * p->windows[0] * p->windows[1] * p->windows[2];
    int64_t count = 0, begin = image * p->kernel[0] * p->kernel[1] * line;
    for (int64_t kd = 0; kd < p->kernel[0]; kd++) {
        const int64_t d = columns_window(p, 0, depth + p->pad[0] - kd * p->dilation[0]);
        for (int64_t kh = 0; kh < p->kernel[1]; kh++, begin += line) {
            const int64_t h = columns_window(p, 1, height + p->pad[1] - kh * p->dilation[1]);
            if (d < 0 || h < 0) continue;
            for (int64_t k = 0; k < p->kernel[2]; k++) {
                if (across[k].count <= 0) continue;
                taps[count] = across[k];
                taps[count++].begin += begin + (d * p->windows[1] + h) * p->windows[2];
            }
        }
    }
    return count;
}

/// A row of the image for windows that are `stride` apart.
#define COLUMNS_SPREAD(T) { \
        const T *x = source; \
        T *y = result; \
        for (int64_t i = 0; i < p->extent[2]; i++) y[i] = 0; \
        for (int64_t k = 0; k < count; k++) \
            for (int64_t i = 0; i < taps[k].count; i++) y[taps[k].at + i * p->stride[2]] += x[taps[k].begin + i]; \
    }

static void columns_row_f64(const dlc_columns *p, const dlc_columns_tap *taps, int64_t count, const void *source, void *result) {
    COLUMNS_SPREAD(double)
}

/// Windows side by side are read as vectors of them, whose sums stay in registers.
static void columns_row_f32(const dlc_columns *p, const dlc_columns_tap *taps, int64_t count, const void *source, void *result) {
    if (p->stride[2] != 1) {
        COLUMNS_SPREAD(float)
        return;
    }
    vi lanes;
#pragma clang loop unroll(full)
    for (int i = 0; i < VL; i++) lanes[i] = i;
    for (int64_t i = 0; i < p->extent[2]; i += VL) {
        vf sum = vf_zero();
        for (int64_t k = 0; k < count; k++) {
            // Where the tap's windows begin and end in the vector.
            const int64_t at = taps[k].at - i, end = at + taps[k].count;
            const float *x = (const float *)source + taps[k].begin;
            if (at <= 0 && end >= VL) sum += vf_load(x - at);
            else if (at <= 0 && end > 0) sum += vf_load_n(x - at, end);
            else if (at > 0 && at < VL) sum += vf_permute(vf_load_n(x, (end < VL ? end : VL) - at), lanes - (int32_t)at);
        }
        vf_store_n((float *)result + i, sum, p->extent[2] - i < VL ? p->extent[2] - i : VL);
    }
}

DLC_INLINE void columns_rows(const dlc_call *call, int64_t size,
                             void (*row_of)(const dlc_columns *, const dlc_columns_tap *, int64_t, const void *, void *)) {
    const dlc_columns *p = call->params;
    dlc_columns_tap *across = call->scratch, *taps = across + p->kernel[2];
    columns_across(p, across);
    const int64_t rows = p->images * p->extent[0] * p->extent[1], first = call->begin * p->rows_per_task;
    const int64_t end = call->end * p->rows_per_task < rows ? call->end * p->rows_per_task : rows;
    int64_t height = first % p->extent[1], depth = first / p->extent[1] % p->extent[0], image = first / p->extent[1] / p->extent[0];
    for (int64_t row = first; row < end; row++) {
        const int64_t count = columns_taps(p, image, depth, height, across, taps);
        row_of(p, taps, count, call->buffers[0], (char *)call->buffers[1] + row * p->extent[2] * size);
        if (++height < p->extent[1]) continue;
        height = 0;
        if (++depth == p->extent[0]) depth = 0, image++;
    }
}

static void DLC_NAME(columns_f32)(const dlc_call *call) { columns_rows(call, sizeof(float), columns_row_f32); }
static void DLC_NAME(columns_f64)(const dlc_call *call) { columns_rows(call, sizeof(double), columns_row_f64); }

DLC_TARGET_END
