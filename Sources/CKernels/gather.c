/// Gather, GatherElements, GatherND.
#include "dlc_gather.h"

#include "gather_index.h"

#include <string.h>

enum { task_bytes = 64 << 10 };

static bool valid_index(int32_t bytes) { return bytes == 4 || bytes == 8; }

/// Elements of T by `n` indices from `first` on: element i is that at `FROM`, an expression of i and of `place`, what the index
/// says; 0 where there is none.
#define GATHER_INDEXED(T, I, source, first, n, extent, FROM, result) { \
        const T *s = (const T *)(source); \
        T *restrict d = (T *)(result); \
        const I *index = (const I *)indices + (first); \
        const int64_t length = (extent), count = (n); \
        bool lost = false; \
        for (int64_t i = 0; i < count; ++i) { \
            const int64_t place = index[i] + (index[i] < 0 ? length : 0); \
            if ((uint64_t)place < (uint64_t)length) d[i] = s[FROM]; \
            else d[i] = 0, lost = true; \
        } \
        if (lost) dlc_report(call->buffers[3]); \
    }
#define GATHER_ROW(T, ...) \
    if (p->index_bytes == 4) GATHER_INDEXED(T, int32_t, __VA_ARGS__) else GATHER_INDEXED(T, int64_t, __VA_ARGS__)

/// Reports indices outside of `extent` where rows have no elements.
static void check_indices(const dlc_call *call, int64_t count, int32_t bytes, int64_t extent) {
    for (int64_t i = 0; i < count; ++i) if (dlc_place(call->buffers[1], bytes, i, extent) < 0) dlc_report(call->buffers[3]);
}

static bool has_elements(const dlc_gather *p) { return p->outer > 0 && p->inner_bytes > 0; }

static void run_gather(const dlc_call *call) {
    const dlc_gather *p = call->params;
    if (!has_elements(p)) {
        check_indices(call, p->count, p->index_bytes, p->axis);
        return;
    }
    const char *data = call->buffers[0];
    const void *indices = call->buffers[1];
    char *result = call->buffers[2];
    int64_t end = dlc_lesser(call->end * p->items_per_task, p->outer * p->count), bytes = p->inner_bytes;
    for (int64_t item = call->begin * p->items_per_task; item < end;) {
        // A stretch of indices within one outer block.
        int64_t first = item % p->count, last = dlc_lesser(p->count, first + end - item);
        const char *block = data + item / p->count * p->axis * bytes;
        char *dst = result + item * bytes;
#define GATHER(T) case sizeof(T): GATHER_ROW(T, block, first, last - first, p->axis, place, dst); break;
        switch (bytes) {
        GATHER(uint8_t) GATHER(uint16_t) GATHER(uint32_t) GATHER(uint64_t)
        default:
            for (int64_t i = first; i < last; ++i, dst += bytes) {
                int64_t place = dlc_place(indices, p->index_bytes, i, p->axis);
                if (place >= 0) memcpy(dst, block + place * bytes, (size_t)bytes);
                else memset(dst, 0, (size_t)bytes), dlc_report(call->buffers[3]);
            }
        }
#undef GATHER
        item += last - first;
    }
}

bool dlc_gather_prepare(dlc_isa isa, dlc_gather *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (!valid_index(p->index_bytes) || p->inner_bytes < 0) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->axis, p->inner_bytes }, 3, &bytes)) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->count, p->inner_bytes }, 3, &bytes)) return false;
    p->items_per_task = dlc_per_task(task_bytes, p->inner_bytes);
    const int64_t tasks = has_elements(p) ? dlc_quotient_up(p->outer * p->count, p->items_per_task) : p->count > 0;
    *launch = (dlc_launch){ .run = run_gather, .tasks = tasks, .phases = 1 };
    return true;
}

static void run_elements(const dlc_call *call) {
    const dlc_gather_elements *p = call->params;
    const void *indices = call->buffers[1];
    const int inner = p->rank - 1;
    const int64_t width = p->index_shape[inner], extent = p->data_shape[p->axis], end = dlc_lesser(call->end * p->rows_per_task, p->rows);
    // Where the row's line along the axis begins, and what a step along each dimension adds.
    int64_t base = 0, apart = 1, steps[DLC_MAX_RANK], at[DLC_MAX_RANK];
    int64_t rest = call->begin * p->rows_per_task, stride = p->data_shape[inner];
    for (int d = inner - 1; d >= 0; --d) {
        steps[d] = d == p->axis ? 0 : stride;
        if (d == p->axis) apart = stride;
        at[d] = rest % p->index_shape[d];
        base += at[d] * steps[d];
        rest /= p->index_shape[d];
        stride *= p->data_shape[d];
    }
    for (int64_t row = call->begin * p->rows_per_task; row < end; ++row) {
        const char *source = (const char *)call->buffers[0] + base * p->element_bytes;
        char *result = (char *)call->buffers[2] + row * width * p->element_bytes;
#define GATHER(T) case sizeof(T): \
            if (p->axis == inner) { GATHER_ROW(T, source, row * width, width, extent, place, result) } \
            else { GATHER_ROW(T, source, row * width, width, extent, place * apart + i, result) } \
            break;
        switch (p->element_bytes) { GATHER(uint8_t) GATHER(uint16_t) GATHER(uint32_t) GATHER(uint64_t) }
#undef GATHER
        for (int d = inner - 1; d >= 0; --d) {
            base += steps[d];
            if (++at[d] < p->index_shape[d]) break;
            base -= steps[d] * at[d];
            at[d] = 0;
        }
    }
}

bool dlc_gather_elements_prepare(dlc_isa isa, dlc_gather_elements *p, dlc_launch *launch) {
    (void)isa;
    int32_t bytes = p->element_bytes;
    int64_t elements;
    if (p->rank < 1 || p->rank > DLC_MAX_RANK || p->axis < 0 || p->axis >= p->rank || !valid_index(p->index_bytes)) return false;
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return false;
    if (!dlc_product(p->data_shape, p->rank, &elements) || !dlc_product(p->index_shape, p->rank, &elements)) return false;
    for (int d = 0; d < p->rank; ++d) if (d != p->axis && p->index_shape[d] > p->data_shape[d]) return false;
    int64_t width = p->index_shape[p->rank - 1];
    p->rows = elements == 0 ? 0 : elements / width;
    p->rows_per_task = dlc_per_task(task_bytes / 4, width);
    *launch = (dlc_launch){ .run = run_elements, .tasks = dlc_quotient_up(p->rows, p->rows_per_task), .phases = 1 };
    return true;
}

static void run_nd(const dlc_call *call) {
    const dlc_gather_nd *p = call->params;
    int64_t end = dlc_lesser(call->end * p->items_per_task, p->batch * p->count);
    for (int64_t item = call->begin * p->items_per_task; item < end; ++item) {
        int64_t place = 0;
        bool inside = true;
        for (int d = 0; d < p->depth; ++d) {
            int64_t at = dlc_place(call->buffers[1], p->index_bytes, item * p->depth + d, p->data_shape[d]);
            inside = inside && at >= 0;
            place = place * p->data_shape[d] + at;
        }
        if (!inside) dlc_report(call->buffers[3]);
        if (p->slice_bytes == 0) continue;
        char *dst = (char *)call->buffers[2] + item * p->slice_bytes;
        const char *src = (const char *)call->buffers[0] + (item / p->count * p->slices + place) * p->slice_bytes;
        if (inside) memcpy(dst, src, (size_t)p->slice_bytes);
        else memset(dst, 0, (size_t)p->slice_bytes);
    }
}

bool dlc_gather_nd_prepare(dlc_isa isa, dlc_gather_nd *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (p->depth < 0 || p->depth > DLC_MAX_RANK || !valid_index(p->index_bytes)) return false;
    if (!dlc_product(p->data_shape, p->depth, &p->slices)) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->slices, p->slice_bytes }, 3, &bytes)) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->count, p->depth }, 3, &bytes)) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->count, p->slice_bytes }, 3, &bytes)) return false;
    p->items_per_task = dlc_per_task(task_bytes, p->slice_bytes);
    // Slices without elements have indices to check.
    const int64_t items = p->slice_bytes == 0 && p->depth == 0 ? 0 : p->batch * p->count;
    *launch = (dlc_launch){ .run = run_nd, .tasks = dlc_quotient_up(items, p->items_per_task), .phases = 1 };
    return true;
}
