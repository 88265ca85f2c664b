/// Features of regions for one instruction set. A task is a region; channels are the lanes where they are neighbours.
#include "include/dlc_region.h"
#include "gather_index.h"
#include <math.h>

DLC_TARGET_BEGIN

/// The neighbours of a sample along one axis and the weight of the second; a sample outside the image has none.
typedef struct {
    int64_t low, high;
    float weight;
    bool outside;
} roi_sample;

static roi_sample roi_sample_at(float position, int64_t extent) {
    if (!(position >= -1 && position <= (float)extent)) return (roi_sample){ .outside = true };
    if (position <= 0) position = 0;
    int64_t low = (int64_t)position;
    if (low >= extent - 1) return (roi_sample){ .low = extent - 1, .high = extent - 1 };
    return (roi_sample){ .low = low, .high = low + 1, .weight = position - (float)low };
}

/// The level that a box is read from (Lin et al., 2017, equation 1); the small number is torchvision's.
static int32_t roi_level_of(const dlc_roi *p, const float *box) {
    if (p->levels == 1) return 0;
    float level = floorf(4 + log2f(sqrtf((box[2] - box[0]) * (box[3] - box[1])) / 224) + 1e-6f) - (float)p->first;
    return level > 0 ? level < (float)p->levels ? (int32_t)level : p->levels - 1 : 0;
}

/// `y += sum of weight * x` over the four neighbours, or the greatest of the products and `y`.
static void roi_add(const dlc_roi *p, const float *const x[4], const float weight[4], int64_t stride, float *y) {
    int64_t channels = p->channels;
    if (stride == 1) {
        vf w0 = vf_set1(weight[0]), w1 = vf_set1(weight[1]), w2 = vf_set1(weight[2]), w3 = vf_set1(weight[3]);
        for (int64_t c = 0; c < channels; c += VL) {
            int64_t n = dlc_lesser(channels - c, VL);
            vf sum = vf_load_n(y + c, n), a = vf_load_n(x[0] + c, n), b = vf_load_n(x[1] + c, n);
            vf d = vf_load_n(x[2] + c, n), e = vf_load_n(x[3] + c, n);
            if (p->kind == DLC_ROI_ALIGN_MEAN) sum = vf_fma(w0, a, vf_fma(w1, b, vf_fma(w2, d, vf_fma(w3, e, sum))));
            else sum = vf_max(w3 * e, vf_max(w2 * d, vf_max(w1 * b, vf_max(w0 * a, sum)))); // NaN is passed over
            vf_store_n(y + c, sum, n);
        }
        return;
    }
    for (int64_t c = 0; c < channels; ++c)
        for (int i = 0; i < 4; ++i) {
            float product = weight[i] * x[i][c * stride];
            if (p->kind == DLC_ROI_ALIGN_MEAN) y[c] += product;
            else if (product > y[c]) y[c] = product;
        }
}

/// A box on a level: where it begins, how large its bins are, and the samples of each.
typedef struct {
    float left, top, bin_width, bin_height;
    int64_t columns, rows;
} roi_grid;

static roi_grid roi_grid_of(const dlc_roi *p, const dlc_roi_level *level, const float *box) {
    float shift = p->half_pixel ? 0.5f : 0, left = box[0] * level->scale - shift, top = box[1] * level->scale - shift;
    float width = box[2] * level->scale - shift - left, height = box[3] * level->scale - shift - top;
    if (!p->half_pixel) width = width < 1 ? 1 : width, height = height < 1 ? 1 : height;
    roi_grid grid = { left, top, width / (float)p->width, height / (float)p->height, p->samples, p->samples };
    // Extents of boxes that are no numbers, or beyond any image, take one sample.
    float most = 1 << 20;
    if (p->samples > 0) return grid;
    grid.columns = grid.bin_width < most ? (int64_t)ceilf(grid.bin_width) : 1;
    grid.rows = grid.bin_height < most ? (int64_t)ceilf(grid.bin_height) : 1;
    return grid;
}

/// Sample `j` of bin `w`, and sample `i` of bin `h`.
static roi_sample roi_across(const roi_grid *g, const dlc_roi_level *level, int64_t w, int64_t j) {
    return roi_sample_at(g->left + (float)w * g->bin_width + ((float)j + 0.5f) * g->bin_width / (float)g->columns, level->width);
}
static roi_sample roi_down(const roi_grid *g, const dlc_roi_level *level, int64_t h, int64_t i) {
    return roi_sample_at(g->top + (float)h * g->bin_height + ((float)i + 0.5f) * g->bin_height / (float)g->rows, level->height);
}

static void roi_align(const dlc_roi *p, const dlc_roi_level *level, const float *box, const float *image, float *y) {
    const roi_grid grid = roi_grid_of(p, level, box);
    const int64_t rows = grid.rows, columns = grid.columns;
    bool sampled = rows > 0 && columns > 0, mean = p->kind == DLC_ROI_ALIGN_MEAN;
    float share = mean && sampled ? 1 / (float)(rows * columns) : 1;
    for (int64_t h = 0; h < p->height; ++h)
        for (int64_t w = 0; w < p->width; ++w, y += p->channels) {
            for (int64_t c = 0; c < p->channels; ++c) y[c] = mean || !sampled ? 0 : -INFINITY;
            for (int64_t i = 0; i < rows; ++i) {
                roi_sample v = roi_down(&grid, level, h, i);
                for (int64_t j = 0; j < columns; ++j) {
                    roi_sample u = roi_across(&grid, level, w, j);
                    bool outside = v.outside | u.outside;
                    if (outside) {
                        // A sample of 0, whatever the image holds.
                        for (int64_t c = 0; !mean && c < p->channels; ++c) y[c] = y[c] < 0 ? 0 : y[c];
                        continue;
                    }
                    const float *low = image + v.low * level->row_stride, *high = image + v.high * level->row_stride;
                    const float *x[4] = {
                        low + u.low * level->column_stride, low + u.high * level->column_stride,
                        high + u.low * level->column_stride, high + u.high * level->column_stride,
                    };
                    float weight[4] = {
                        (1 - v.weight) * (1 - u.weight) * share, (1 - v.weight) * u.weight * share,
                        v.weight * (1 - u.weight) * share, v.weight * u.weight * share,
                    };
                    roi_add(p, x, weight, level->channel_stride, y);
                }
            }
        }
}

static int64_t roi_clamp(float edge, int64_t shift, int64_t extent) {
    float place = edge + (float)shift;
    return place > 0 ? place < (float)extent ? (int64_t)place : extent : 0;
}

/// A coordinate in elements, rounded; what no image reaches stays within the integers.
static int64_t roi_round(float x) { return x == x ? (int64_t)fminf(fmaxf(roundf(x), -0x1p30f), 0x1p30f) : 0; }

/// The elements of a bin: rows and columns from a first to an end.
typedef struct { int64_t row, end_row, column, end_column; } roi_bin;

static roi_bin roi_bin_of(const dlc_roi *p, const dlc_roi_level *level, const float *box, int64_t h, int64_t w) {
    int64_t left = roi_round(box[0] * level->scale), top = roi_round(box[1] * level->scale);
    int64_t width = roi_round(box[2] * level->scale) - left + 1, height = roi_round(box[3] * level->scale) - top + 1;
    float bin_width = (float)(width > 1 ? width : 1) / (float)p->width, bin_height = (float)(height > 1 ? height : 1) / (float)p->height;
    return (roi_bin){
        roi_clamp(floorf((float)h * bin_height), top, level->height), roi_clamp(ceilf((float)(h + 1) * bin_height), top, level->height),
        roi_clamp(floorf((float)w * bin_width), left, level->width), roi_clamp(ceilf((float)(w + 1) * bin_width), left, level->width),
    };
}

static void roi_pool(const dlc_roi *p, const dlc_roi_level *level, const float *box, const float *image, float *y) {
    for (int64_t h = 0; h < p->height; ++h)
        for (int64_t w = 0; w < p->width; ++w, y += p->channels) {
            roi_bin bin = roi_bin_of(p, level, box, h, w);
            bool empty = bin.row >= bin.end_row || bin.column >= bin.end_column;
            for (int64_t c = 0; c < p->channels; ++c) y[c] = empty ? 0 : -INFINITY;
            for (int64_t row = bin.row; row < bin.end_row; ++row)
                for (int64_t column = bin.column; column < bin.end_column; ++column) {
                    const float *x = image + row * level->row_stride + column * level->column_stride;
                    for (int64_t c = 0; c < p->channels; ++c) y[c] = x[c * level->channel_stride] > y[c] ? x[c * level->channel_stride] : y[c];
                }
        }
}

static void DLC_NAME(roi_f32)(const dlc_call *call) {
    const dlc_roi *p = call->params;
    int64_t elements = p->height * p->width * p->channels;
    for (int64_t region = call->begin; region < call->end; ++region) {
        const float *box = (const float *)call->buffers[0] + region * 4;
        const int64_t *images = call->buffers[1];
        int64_t image = images ? images[region] : region / (p->regions / p->batch);
        float *y = (float *)call->buffers[2 + p->levels] + region * elements;
        if (image < 0 || image >= p->batch) {
            for (int64_t i = 0; i < elements; ++i) y[i] = 0;
            dlc_report(call->buffers[3 + p->levels]);
            continue;
        }
        int32_t index = roi_level_of(p, box);
        const dlc_roi_level *level = &p->level[index];
        const float *x = (const float *)call->buffers[2 + index] + image * level->image_stride;
        if (p->kind == DLC_ROI_POOL) roi_pool(p, level, box, x, y);
        else roi_align(p, level, box, x, y);
    }
}

DLC_TARGET_END
