/// ScatterElements and ScatterND. Phase 0 copies the data, phase 1 scatters; tasks of phase 1 own disjoint
/// parts of the result, so that updates of one place keep their order.
#include "dlc_gather.h"

#include "dlc_convert.h"
#include "float16.h"
#include "gather_index.h"

#include <string.h>

enum { copy_bytes = 256 << 10, most_copies = 16, task_elements = 16 << 10, most_places = 256 };

#define LESSER(a, b) ((b) < (a) || (b) != (b) ? (b) : (a))
#define GREATER(a, b) ((b) > (a) || (b) != (b) ? (b) : (a))

// Element i of the updates goes to element `at[i]` where `placed`, to none where that is below 0; else to element i.
#define REDUCE_LOOP(READ, WRITE, expression) \
    for (int64_t i = 0; i < n; ++i) { \
        if (placed && at[i] < 0) continue; \
        const int64_t to = placed ? at[i] : i; \
        __auto_type a = READ(d[to]); \
        __auto_type b = READ(u[i]); \
        d[to] = WRITE(expression); \
    } \
    break;
#define REDUCE(T, READ, WRITE) { \
        T *d = dst; const T *u = updates; \
        switch (reduction) { \
        case DLC_SCATTER_NONE: \
            if (!placed) memmove(d, u, (size_t)n * sizeof(T)); \
            else for (int64_t i = 0; i < n; ++i) if (at[i] >= 0) d[at[i]] = u[i]; \
            break; \
        case DLC_SCATTER_ADD: REDUCE_LOOP(READ, WRITE, a + b) \
        case DLC_SCATTER_MUL: REDUCE_LOOP(READ, WRITE, a * b) \
        case DLC_SCATTER_MIN: REDUCE_LOOP(READ, WRITE, LESSER(a, b)) \
        case DLC_SCATTER_MAX: REDUCE_LOOP(READ, WRITE, GREATER(a, b)) \
        } \
        break; \
    }
#define SAME(x) (x)
#define WIDE(x) ((uint64_t)(x))

/// dst = reduction(dst, updates), element by element, or at places.
static inline __attribute__((always_inline)) void reduce(dlc_type type, dlc_reduction reduction, int64_t n, void *dst, const void *updates,
                                                         const bool placed, const int64_t *at) {
    const bool ordered = reduction == DLC_SCATTER_MIN || reduction == DLC_SCATTER_MAX;
    // Truth values: a sum is an or, a product an and.
    if (type == DLC_BOOL && reduction == DLC_SCATTER_ADD) reduction = DLC_SCATTER_MAX;
    if (type == DLC_BOOL && reduction == DLC_SCATTER_MUL) reduction = DLC_SCATTER_MIN;
    // Signed integers wrap: sums and products of them are taken unsigned.
    if (!ordered && type >= DLC_I8 && type <= DLC_I64) type = (dlc_type)(type + (DLC_U8 - DLC_I8));
    switch (type) {
    case DLC_F32: REDUCE(float, SAME, SAME)
    case DLC_F64: REDUCE(double, SAME, SAME)
    case DLC_F16: REDUCE(uint16_t, dlc_float_of_half, dlc_half_of_float)
    case DLC_BF16: REDUCE(uint16_t, dlc_float_of_bfloat, dlc_bfloat_of_float)
    case DLC_U8: case DLC_BOOL: REDUCE(uint8_t, WIDE, (uint8_t))
    case DLC_U16: REDUCE(uint16_t, WIDE, (uint16_t))
    case DLC_U32: REDUCE(uint32_t, WIDE, (uint32_t))
    case DLC_U64: REDUCE(uint64_t, WIDE, (uint64_t))
    case DLC_I8: REDUCE(int8_t, SAME, (int8_t))
    case DLC_I16: REDUCE(int16_t, SAME, (int16_t))
    case DLC_I32: REDUCE(int32_t, SAME, (int32_t))
    case DLC_I64: REDUCE(int64_t, SAME, (int64_t))
    default: break;
    }
}

static void combine(dlc_type type, dlc_reduction reduction, int64_t n, void *dst, const void *updates) {
    reduce(type, reduction, n, dst, updates, false, NULL);
}

static void combine_at(dlc_type type, dlc_reduction reduction, int64_t n, void *dst, const void *updates, const int64_t *at) {
    reduce(type, reduction, n, dst, updates, true, at);
}

/// The share of task `index` of `tasks` in `total`.
static int64_t share(int64_t total, int64_t index, int64_t tasks) {
    return total / tasks * index + total % tasks * index / tasks;
}

static void copy_data(const dlc_call *call, int64_t bytes, int64_t tasks) {
    const char *data = call->buffers[0];
    char *result = call->buffers[3];
    int64_t begin = share(bytes, call->begin, tasks), end = share(bytes, call->end, tasks);
    if (data != result) memcpy(result + begin, data + begin, (size_t)(end - begin));
}

/// `n` updates from `first` on: update i of them goes to element `to + place · apart + i · along`, where `place` is what its index says.
static void scatter_row(const dlc_call *call, int64_t first, int64_t n, int64_t to, int64_t apart, int64_t along) {
    const dlc_scatter_elements *p = call->params;
    const int64_t extent = p->data_shape[p->axis], bytes = dlc_type_bytes(p->type);
    const char *updates = (const char *)call->buffers[2] + first * bytes;
    bool lost = false;
    // Most scatters do no more than replace.
#define SCATTER(T, I) { \
        const I *index = (const I *)call->buffers[1] + first; \
        T *d = (T *)call->buffers[3] + to; \
        const T *u = (const T *)updates; \
        for (int64_t i = 0; i < n; ++i) { \
            const int64_t place = index[i] + (index[i] < 0 ? extent : 0); \
            if ((uint64_t)place < (uint64_t)extent) d[place * apart + i * along] = u[i]; \
            else lost = true; \
        } \
    }
#define REPLACE(T) case sizeof(T): if (p->index_bytes == 4) SCATTER(T, int32_t) else SCATTER(T, int64_t) break;
    if (p->reduction == DLC_SCATTER_NONE) {
        switch (bytes) { REPLACE(uint8_t) REPLACE(uint16_t) REPLACE(uint32_t) REPLACE(uint64_t) }
    } else {
        int64_t at[most_places];
        for (int64_t begin = 0; begin < n; begin += most_places) {
            const int64_t some = dlc_lesser(n - begin, most_places);
            for (int64_t i = 0; i < some; ++i) {
                const int64_t place = dlc_place(call->buffers[1], p->index_bytes, first + begin + i, extent);
                at[i] = place < 0 ? -1 : to + place * apart + (begin + i) * along;
                lost |= place < 0;
            }
            combine_at(p->type, p->reduction, some, call->buffers[3], updates + begin * bytes, at);
        }
    }
#undef REPLACE
#undef SCATTER
    if (lost) dlc_report(call->buffers[4]);
}

static void run_elements(const dlc_call *call) {
    const dlc_scatter_elements *p = call->params;
    if (call->phase == 0) {
        copy_data(call, p->data_bytes, p->tasks);
        return;
    }
    const int inner = p->rank - 1;
    const int64_t length = p->index_shape[p->axis], width = p->axis == inner ? 1 : p->index_shape[inner];
    const int64_t end = share(p->lines, call->end, p->tasks);
    for (int64_t line = share(p->lines, call->begin, p->tasks), beside; line < end; line += beside) {
        // Lines side by side along the innermost dimension.
        beside = dlc_lesser(width - line % width, end - line);
        int64_t rest = line, from = 0, to = 0, index_stride = 1, data_stride = 1, from_step = 1, to_step = 1;
        for (int d = inner; d >= 0; --d) {
            if (d == p->axis) {
                from_step = index_stride, to_step = data_stride;
            } else {
                int64_t at = rest % p->index_shape[d];
                rest /= p->index_shape[d];
                from += at * index_stride, to += at * data_stride;
            }
            index_stride *= p->index_shape[d], data_stride *= p->data_shape[d];
        }
        if (p->axis == inner) scatter_row(call, from, length, to, 1, 0);
        else for (int64_t i = 0; i < length; ++i) scatter_row(call, from + i * from_step, beside, to, to_step, 1);
    }
}

/// Tasks for the copy of `bytes` and the scattering of `parts` parts.
static int64_t split(int64_t bytes, int64_t parts) {
    int64_t copies = bytes / copy_bytes;
    if (copies > most_copies) copies = most_copies;
    int64_t tasks = copies > parts ? copies : parts;
    return tasks > 1 ? tasks : 1;
}

bool dlc_scatter_elements_prepare(dlc_isa isa, dlc_scatter_elements *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements, indices;
    if (p->rank < 1 || p->rank > DLC_MAX_RANK || p->axis < 0 || p->axis >= p->rank || p->reduction > DLC_SCATTER_MAX) return false;
    if (dlc_type_bytes(p->type) == 0 || (p->index_bytes != 4 && p->index_bytes != 8)) return false;
    if (!dlc_product(p->data_shape, p->rank, &elements) || !dlc_product(p->index_shape, p->rank, &indices)) return false;
    if (__builtin_mul_overflow(elements, dlc_type_bytes(p->type), &p->data_bytes)) return false;
    for (int d = 0; d < p->rank; ++d) if (d != p->axis && p->index_shape[d] > p->data_shape[d]) return false;
    int64_t length = p->index_shape[p->axis];
    p->lines = indices == 0 ? 0 : indices / length;
    p->tasks = split(p->data_bytes, dlc_lesser(p->lines, indices / task_elements));
    *launch = (dlc_launch){ .run = run_elements, .tasks = p->tasks, .phases = 2 };
    return true;
}

static void run_nd(const dlc_call *call) {
    const dlc_scatter_nd *p = call->params;
    if (call->phase == 0) {
        copy_data(call, p->data_bytes, p->tasks);
        return;
    }
    const int64_t begin = share(p->slice, call->begin, p->tasks), end = share(p->slice, call->end, p->tasks);
    if (begin == end && (p->slice > 0 || p->depth == 0)) return; // slices without elements have indices to check
    const int64_t bytes = dlc_type_bytes(p->type), slice = p->slice * bytes;
    char *result = (char *)call->buffers[3] + begin * bytes;
    const char *updates = (const char *)call->buffers[2] + begin * bytes;
    int64_t at[most_places];
    for (int64_t first = 0, some; first < p->count; first += some) {
        some = dlc_lesser(p->count - first, most_places);
        for (int64_t i = 0; i < some; ++i) {
            at[i] = 0;
            for (int d = 0; d < p->depth && at[i] >= 0; ++d) {
                const int64_t place = dlc_place(call->buffers[1], p->index_bytes, (first + i) * p->depth + d, p->data_shape[d]);
                at[i] = place < 0 ? -1 : at[i] * p->data_shape[d] + place;
            }
            if (at[i] < 0) dlc_report(call->buffers[4]);
        }
        // Single elements together, longer slices one after the other.
        if (p->slice == 1) combine_at(p->type, p->reduction, some, result, updates + first * slice, at);
        for (int64_t i = 0; i < some && p->slice > 1; ++i)
            if (at[i] >= 0) combine(p->type, p->reduction, end - begin, result + at[i] * slice, updates + (first + i) * slice);
    }
}

bool dlc_scatter_nd_prepare(dlc_isa isa, dlc_scatter_nd *p, dlc_launch *launch) {
    (void)isa;
    int64_t slices, elements, indices, updates;
    if (p->depth < 0 || p->depth > DLC_MAX_RANK || p->reduction > DLC_SCATTER_MAX) return false;
    if (dlc_type_bytes(p->type) == 0 || (p->index_bytes != 4 && p->index_bytes != 8)) return false;
    if (!dlc_product(p->data_shape, p->depth, &slices) || !dlc_product((int64_t[]){ slices, p->slice }, 2, &elements)) return false;
    if (!dlc_product((int64_t[]){ p->count, p->depth }, 2, &indices) || !dlc_product((int64_t[]){ p->count, p->slice }, 2, &updates)) return false;
    if (__builtin_mul_overflow(elements, dlc_type_bytes(p->type), &p->data_bytes)) return false;
    // Every task walks all indices, so that narrow slices are not split.
    p->tasks = split(p->data_bytes, dlc_lesser(p->slice / 256, updates / task_elements));
    *launch = (dlc_launch){ .run = run_nd, .tasks = p->tasks, .phases = 2 };
    return true;
}
