/// The gradient of Gather, without atomic operations and without a pass that only clears: indices are sorted by counting
/// (Knuth, The Art of Computer Programming, volume 3, 5.2), then every row of the result is written once, with zeros or with
/// the sum of its slices.
#include "dlc_gather.h"

#include "gather_index.h"

#include <string.h>

enum { task_bytes = 128 << 10, few_rows = 64, columns_least = 64, streamed_bytes = 16 << 20 };

/// Where the slices of each row begin in `order_of`, and where those of the last end.
static int64_t *starts_of(const dlc_call *call) { return call->shared; }
static int64_t *order_of(const dlc_call *call) {
    const dlc_gather_gradient *p = call->params;
    return starts_of(call) + p->axis + 1;
}

static void sort(const dlc_call *call) {
    const dlc_gather_gradient *p = call->params;
    const void *indices = call->buffers[0];
    int64_t *starts = starts_of(call), *order = order_of(call);
    memset(starts, 0, (size_t)(p->axis + 1) * sizeof(int64_t));
    for (int64_t i = 0; i < p->count; ++i) {
        int64_t place = dlc_place(indices, p->index_bytes, i, p->axis);
        if (place < 0) dlc_report(call->buffers[3]);
        else ++starts[place];
    }
    // From the ends of the rows, backwards, so that equal indices keep their order and starts are left behind.
    int64_t sum = 0;
    for (int64_t row = 0; row <= p->axis; ++row) starts[row] = sum += starts[row];
    for (int64_t i = p->count; i-- > 0;) {
        int64_t place = dlc_place(indices, p->index_bytes, i, p->axis);
        if (place >= 0) order[--starts[place]] = i;
    }
}

/// Zeros that are not read again before the cache has been through other memory, without reading what they replace.
static void stream_zeros(void *target, int64_t bytes) {
    typedef float v4 __attribute__((vector_size(16)));
    char *to = target, *const end = to + bytes;
    for (; to < end && (uintptr_t)to % 16 != 0; to += 4) memset(to, 0, 4);
    for (; end - to >= 16; to += 16) __builtin_nontemporal_store((v4){ 0 }, (v4 *)to);
    for (; to < end; to += 4) memset(to, 0, 4);
}

#define ADD_ROWS(T, NAME)                                                                                              \
    static void NAME(const dlc_call *call, int64_t outer, int64_t first, int64_t last, int64_t column, int64_t width) { \
        const dlc_gather_gradient *p = call->params;                                                                   \
        const int64_t *starts = starts_of(call), *order = order_of(call);                                              \
        const T *dy = (const T *)call->buffers[1] + outer * p->count * p->inner + column;                              \
        T *restrict target = (T *)call->buffers[2] + (outer * p->axis + first) * p->inner + column;                    \
        for (int64_t row = first; row < last; ++row, target += p->inner) {                                             \
            int64_t i = starts[row], end = starts[row + 1];                                                            \
            if (i == end) {                                                                                            \
                if (p->streams) stream_zeros(target, width * (int64_t)sizeof(T));                                      \
                else memset(target, 0, (size_t)width * sizeof(T));                                                     \
                continue;                                                                                              \
            }                                                                                                          \
            memcpy(target, dy + order[i] * p->inner, (size_t)width * sizeof(T));                                       \
            while (++i < end) {                                                                                        \
                const T *restrict source = dy + order[i] * p->inner;                                                   \
                for (int64_t c = 0; c < width; ++c) target[c] += source[c];                                            \
            }                                                                                                          \
        }                                                                                                              \
    }
ADD_ROWS(float, add_rows_f32)
ADD_ROWS(double, add_rows_f64)
#undef ADD_ROWS

static void run(const dlc_call *call) {
    const dlc_gather_gradient *p = call->params;
    if (call->phase == 0) {
        if (call->begin == 0) sort(call);
        return;
    }
    for (int64_t task = call->begin; task < call->end; ++task) {
        int64_t block = task % p->column_blocks, rows = task / p->column_blocks % p->row_blocks, outer = task / p->column_blocks / p->row_blocks;
        int64_t first = rows * p->rows_per_task, last = dlc_lesser(first + p->rows_per_task, p->axis);
        int64_t column = block * p->columns_per_task, width = dlc_lesser(p->columns_per_task, p->inner - column);
        (p->type == DLC_F32 ? add_rows_f32 : add_rows_f64)(call, outer, first, last, column, width);
    }
    // What went past the cache is there before the phase ends.
    if (p->streams) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

bool dlc_gather_gradient_prepare(dlc_isa isa, dlc_gather_gradient *p, dlc_launch *launch) {
    (void)isa;
    if ((p->index_bytes != 4 && p->index_bytes != 8) || (p->type != DLC_F32 && p->type != DLC_F64)) return false;
    int64_t size = p->type == DLC_F32 ? 4 : 8, bytes, read;
    if (!dlc_product((int64_t[]){ p->outer, p->axis, p->inner, size }, 4, &bytes)) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->count, p->inner, size }, 4, &read)) return false;
    p->streams = bytes >= streamed_bytes;
    // Few rows are many slices each: they are split by columns.
    p->columns_per_task = p->axis < few_rows && p->inner > columns_least ? columns_least : p->inner > 0 ? p->inner : 1;
    p->column_blocks = dlc_quotient_up(p->inner, p->columns_per_task);
    p->rows_per_task = dlc_per_task(task_bytes, p->inner * size);
    p->row_blocks = dlc_quotient_up(p->axis, p->rows_per_task);
    *launch = (dlc_launch){ .run = run, .phases = 2, .tasks = bytes == 0 ? 0 : p->outer * p->row_blocks * p->column_blocks };
    int64_t places;
    if (__builtin_add_overflow(p->axis + 1, p->count, &places) || __builtin_mul_overflow(places, (int64_t)sizeof(int64_t), &launch->shared_bytes)) return false;
    // Indices into nothing are checked, too.
    if (launch->tasks == 0 && p->count > 0) launch->tasks = 1, launch->phases = 1;
    return true;
}
