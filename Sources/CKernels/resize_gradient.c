/// Tables of a resize's gradient, its checks and its phases.
#include "include/dlc_resize_gradient.h"

#include "gather_index.h"
#include "layers.h"
#include "resize.h"

#include <string.h>

enum { tasks_wanted = 32, columns_most = 2048 };

/// A table of an axis: where the entries of each element of dx begin, and where the last's end; then at most as many
/// entries as the forward table has, those that weigh something: positions in dy (int32), then weights (f64, from an even word on).
static int64_t weights_at(const dlc_resize *p, int32_t axis) {
    return (p->x_extent[axis] + 1 + p->y_extent[axis] * p->taps[axis] + 1) / 2 * 2;
}
static int64_t words_of(const dlc_resize *p, int32_t axis) { return weights_at(p, axis) + 2 * p->y_extent[axis] * p->taps[axis]; }

int64_t dlc_resize_gradient_table_bytes(const dlc_resize_gradient *g) { return g->table_words * 4; }

void dlc_resize_gradient_tables(const dlc_resize_gradient *g, const void *forward, void *tables) {
    const dlc_resize *p = &g->resize;
    for (int32_t k = 0; k < g->count; k++) {
        const int32_t axis = g->axes[k], taps = p->taps[axis];
        // Of a result without elements there are no positions.
        const int64_t extent = p->x_extent[axis], outs = taps > 0 ? p->y_extent[axis] : 0;
        int32_t *starts = (int32_t *)tables + g->table[k], *positions = starts + extent + 1;
        double *weights = (double *)(starts + weights_at(p, axis));
        memset(starts, 0, (size_t)(extent + 1) * sizeof(int32_t));
        for (int64_t out = 0; out < outs; out++) {
            const int32_t *from = resize_positions(p, forward, axis, out);
            const void *weight = resize_weights(p, forward, axis, out);
            for (int32_t t = 0; from[0] >= 0 && t < taps; t++) starts[from[t]] += resize_weight(p, weight, t) != 0;
        }
        int32_t sum = 0;
        for (int64_t i = 0; i <= extent; i++) starts[i] = sum += starts[i];
        // From the ends backwards, which leaves the starts behind and the positions in order.
        for (int64_t out = outs; out-- > 0;) {
            const int32_t *from = resize_positions(p, forward, axis, out);
            const void *weight = resize_weights(p, forward, axis, out);
            for (int32_t t = taps; from[0] >= 0 && t-- > 0;) {
                // What weighs nothing may be infinite.
                if (resize_weight(p, weight, t) == 0) continue;
                const int32_t place = --starts[from[t]];
                positions[place] = (int32_t)out, weights[place] = resize_weight(p, weight, t);
            }
        }
    }
}

#define RESIZE_BACK(T, NAME)                                                                                              \
    static void NAME(const dlc_call *call, const T *from, T *to, int32_t k, int64_t outer, int64_t inner) {               \
        const dlc_resize_gradient *g = call->params;                                                                      \
        const dlc_resize *p = &g->resize;                                                                                 \
        const int32_t axis = g->axes[k];                                                                                  \
        const int64_t extent = p->x_extent[axis], blocks = dlc_quotient_up(inner, columns_most), items = outer * extent * blocks; \
        const int32_t *starts = (const int32_t *)call->buffers[2] + g->table[k], *positions = starts + extent + 1;        \
        const double *weights = (const double *)(starts + weights_at(p, axis));                                           \
        const int64_t last = call->end * items / g->tasks;                                                                \
        for (int64_t item = call->begin * items / g->tasks; item < last; item++) {                                        \
            const int64_t column = item % blocks * columns_most, i = item / blocks % extent, o = item / blocks / extent;  \
            const int64_t width = dlc_lesser(columns_most, inner - column);                                               \
            T *restrict target = to + (o * extent + i) * inner + column;                                                  \
            memset(target, 0, (size_t)width * sizeof(T));                                                                 \
            for (int32_t e = starts[i]; e < starts[i + 1]; e++) {                                                         \
                const T *restrict source = from + (o * p->y_extent[axis] + positions[e]) * inner + column;                \
                const T weight = (T)weights[e];                                                                           \
                for (int64_t c = 0; c < width; c++) target[c] += weight * source[c];                                      \
            }                                                                                                             \
        }                                                                                                                 \
    }
RESIZE_BACK(float, back_f32)
RESIZE_BACK(double, back_f64)
#undef RESIZE_BACK

static void run(const dlc_call *call) {
    const dlc_resize_gradient *g = call->params;
    const dlc_resize *p = &g->resize;
    const size_t size = p->type == DLC_F32 ? 4 : 8;
    if (g->count == 0) {
        int64_t bytes = (int64_t)size;
        for (int32_t d = 0; d < p->rank; d++) bytes *= p->x_extent[d];
        const int64_t first = call->begin * bytes / g->tasks, last = call->end * bytes / g->tasks;
        memcpy((char *)call->buffers[1] + first, (const char *)call->buffers[0] + first, (size_t)(last - first));
        return;
    }
    const int32_t k = call->phase, axis = g->axes[k];
    int64_t outer = 1, inner = 1;
    for (int32_t d = 0; d < axis; d++) outer *= p->x_extent[d];
    for (int32_t d = axis + 1; d < p->rank; d++) inner *= p->y_extent[d];
    char *places = call->shared;
    const void *from = k == 0 ? call->buffers[0] : places + (size_t)((k - 1) & 1) * (size_t)g->half * size;
    void *to = k + 1 == g->count ? call->buffers[1] : places + (size_t)(k & 1) * (size_t)g->half * size;
    if (p->type == DLC_F32) back_f32(call, from, to, k, outer, inner);
    else back_f64(call, from, to, k, outer, inner);
}

bool dlc_resize_gradient_prepare(dlc_isa isa, dlc_resize_gradient *g, dlc_launch *launch) {
    dlc_resize *p = &g->resize;
    int64_t elements;
    if ((p->type != DLC_F32 && p->type != DLC_F64) || !dlc_resize_prepare(isa, p, launch)) return false;
    if (!dlc_product(p->x_extent, p->rank, &elements) || !dlc_product(p->y_extent, p->rank, &elements)) return false;
    g->count = 0, g->table_words = 0, g->half = 0, g->tasks = tasks_wanted;
    for (int32_t axis = 0; axis < p->rank; axis++) {
        if (p->taps[axis] == 0 && p->x_extent[axis] == p->y_extent[axis]) continue;
        if (p->y_extent[axis] * p->taps[axis] > INT32_MAX) return false;
        g->axes[g->count] = axis;
        g->table[g->count++] = g->table_words;
        g->table_words += words_of(p, axis);
    }
    for (int32_t k = 0; k + 1 < g->count; k++) {
        int64_t extents[DLC_MAX_RANK], between;
        for (int32_t d = 0; d < p->rank; d++) extents[d] = d <= g->axes[k] ? p->x_extent[d] : p->y_extent[d];
        if (!dlc_product(extents, p->rank, &between) || between >= (int64_t)1 << 44) return false;
        if (between > g->half) g->half = between;
    }
    int64_t size = p->type == DLC_F32 ? 4 : 8;
    *launch = (dlc_launch){ .run = run, .tasks = g->tasks, .phases = g->count > 0 ? g->count : 1, .shared_bytes = (g->count > 2 ? 2 : 1) * g->half * size };
    return true;
}
