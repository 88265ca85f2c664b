/// Gradients of features of regions for one instruction set. A task has some channels of an image, in all levels.
#include <string.h>

DLC_TARGET_BEGIN

/// What a task adds to: channels `first ..< last` of one image of a level.
typedef struct {
    const dlc_roi *p;
    const dlc_roi_level *level;
    const float *box, *image, *dy;
    int64_t row_stride, column_stride, channel_stride; // of dy
    int64_t first, last;
    float *dx;
} roi_back;

static float *roi_back_pixel(const roi_back *t, int64_t row, int64_t column) { return t->dx + (row * t->level->width + column) * t->p->channels; }

/// Adds an element of dy, times a weight, to one pixel.
static void roi_back_add(const roi_back *t, const float *dy, int64_t row, int64_t column, float weight) {
    float *restrict dx = roi_back_pixel(t, row, column);
    if (t->channel_stride == 1) for (int64_t c = t->first; c < t->last; ++c) dx[c] += weight * dy[c];
    else for (int64_t c = t->first; c < t->last; ++c) dx[c] += weight * dy[c * t->channel_stride];
}

static void roi_back_mean(const roi_back *t, const roi_grid *grid, const float *dy, int64_t h, int64_t w) {
    const float share = 1 / (float)(grid->rows * grid->columns);
    for (int64_t i = 0; i < grid->rows; ++i) {
        const roi_sample v = roi_down(grid, t->level, h, i);
        for (int64_t j = 0; !v.outside && j < grid->columns; ++j) {
            const roi_sample u = roi_across(grid, t->level, w, j);
            if (u.outside) continue;
            roi_back_add(t, dy, v.low, u.low, (1 - v.weight) * (1 - u.weight) * share);
            roi_back_add(t, dy, v.low, u.high, (1 - v.weight) * u.weight * share);
            roi_back_add(t, dy, v.high, u.low, v.weight * (1 - u.weight) * share);
            roi_back_add(t, dy, v.high, u.high, v.weight * u.weight * share);
        }
    }
}

/// To the neighbour whose product was the greatest, the first of equal ones; a sample outside the image counts as 0.
static void roi_back_max(const roi_back *t, const roi_grid *grid, const float *dy, int64_t h, int64_t w) {
    for (int64_t c = t->first; c < t->last; ++c) {
        float largest = -INFINITY, best_weight = 0;
        int64_t best_row = -1, best_column = -1;
        for (int64_t i = 0; i < grid->rows; ++i)
            for (int64_t j = 0; j < grid->columns; ++j) {
                const roi_sample v = roi_down(grid, t->level, h, i), u = roi_across(grid, t->level, w, j);
                if (v.outside || u.outside) {
                    if (largest < 0) largest = 0, best_row = -1;
                    continue;
                }
                for (int side = 0; side < 4; ++side) {
                    const int64_t row = side & 2 ? v.high : v.low, column = side & 1 ? u.high : u.low;
                    const float weight = (side & 2 ? v.weight : 1 - v.weight) * (side & 1 ? u.weight : 1 - u.weight);
                    const float product = weight * t->image[row * t->level->row_stride + column * t->level->column_stride + c * t->level->channel_stride];
                    if (product > largest) largest = product, best_weight = weight, best_row = row, best_column = column;
                }
            }
        if (best_row >= 0) roi_back_pixel(t, best_row, best_column)[c] += best_weight * dy[c * t->channel_stride];
    }
}

/// To the greatest element of the bin, the first of equal ones.
static void roi_back_pool(const roi_back *t, const float *dy, int64_t h, int64_t w) {
    const roi_bin bin = roi_bin_of(t->p, t->level, t->box, h, w);
    if (bin.row >= bin.end_row || bin.column >= bin.end_column) return;
    for (int64_t c = t->first; c < t->last; ++c) {
        const float *x = t->image + c * t->level->channel_stride;
        int64_t best_row = bin.row, best_column = bin.column;
        float best = x[best_row * t->level->row_stride + best_column * t->level->column_stride];
        for (int64_t row = bin.row; row < bin.end_row; ++row)
            for (int64_t column = bin.column; column < bin.end_column; ++column) {
                const float value = x[row * t->level->row_stride + column * t->level->column_stride];
                if (value > best) best = value, best_row = row, best_column = column;
            }
        roi_back_pixel(t, best_row, best_column)[c] += dy[c * t->channel_stride];
    }
}

static void roi_back_region(const roi_back *t) {
    const dlc_roi *p = t->p;
    const roi_grid grid = roi_grid_of(p, t->level, t->box);
    for (int64_t h = 0; h < p->height; ++h)
        for (int64_t w = 0; w < p->width; ++w) {
            const float *dy = t->dy + h * t->row_stride + w * t->column_stride;
            if (p->kind == DLC_ROI_POOL) roi_back_pool(t, dy, h, w);
            else if (p->kind == DLC_ROI_ALIGN_MEAN) roi_back_mean(t, &grid, dy, h, w);
            else roi_back_max(t, &grid, dy, h, w);
        }
}

static void DLC_NAME(roi_gradient_f32)(const dlc_call *call) {
    const dlc_roi_gradient *g = call->params;
    const dlc_roi *p = &g->roi;
    const int64_t *images = call->buffers[1];
    void *status = call->buffers[3 + 2 * p->levels];
    for (int64_t region = 0; images && call->begin == 0 && region < p->regions; ++region)
        if (images[region] < 0 || images[region] >= p->batch) dlc_report(status);
    for (int64_t task = call->begin; task < call->end; ++task) {
        const int64_t image = task / g->blocks, width = dlc_quotient_up(p->channels, g->blocks), first = task % g->blocks * width;
        roi_back t = { .p = p, .row_stride = g->row_stride, .column_stride = g->column_stride, .channel_stride = g->channel_stride, .first = first };
        t.last = dlc_lesser(first + width, p->channels);
        for (int32_t i = 0; first < t.last && i < p->levels; ++i) {
            const int64_t pixels = p->level[i].height * p->level[i].width;
            float *dx = (float *)call->buffers[3 + p->levels + i] + image * pixels * p->channels;
            for (int64_t pixel = 0; dx && pixel < pixels; ++pixel) memset(dx + pixel * p->channels + first, 0, (size_t)(t.last - first) * sizeof(float));
        }
        for (int64_t region = 0; region < p->regions; ++region) {
            if ((images ? images[region] : region / (p->regions / p->batch)) != image) continue;
            t.box = (const float *)call->buffers[0] + region * 4;
            const int32_t index = roi_level_of(p, t.box);
            t.level = &p->level[index];
            t.image = (const float *)call->buffers[3 + index] + image * t.level->image_stride;
            t.dy = (const float *)call->buffers[2] + region * g->region_stride;
            t.dx = (float *)call->buffers[3 + p->levels + index] + image * t.level->height * t.level->width * p->channels;
            if (call->buffers[3 + p->levels + index]) roi_back_region(&t);
        }
    }
}

DLC_TARGET_END
