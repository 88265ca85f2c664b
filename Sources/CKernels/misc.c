/// OneHot, Range, NonZero, Trilu, EyeLike.
#include "dlc_misc.h"

#include "dlc_convert.h"
#include "float16.h"
#include "gather_index.h"

#include <string.h>

enum { task_elements = 16 << 10 };

static bool valid_element(int32_t bytes) { return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8; }

static void run_one_hot(const dlc_call *call) {
    const dlc_one_hot *p = call->params;
    int64_t end = dlc_lesser(call->end * p->rows_per_task, p->outer), row = p->depth * p->inner;
    for (int64_t o = call->begin * p->rows_per_task; o < end; ++o) {
#define ONE_HOT(T) case sizeof(T): { \
            const T *values = call->buffers[1]; \
            T *d = (T *)call->buffers[2] + o * row; \
            for (int64_t i = 0; i < row; ++i) d[i] = values[0]; \
            for (int64_t i = 0; i < p->inner; ++i) { \
                int64_t place = dlc_place(call->buffers[0], p->index_bytes, o * p->inner + i, p->depth); \
                if (place >= 0) d[place * p->inner + i] = values[1]; \
            } \
            break; \
        }
        switch (p->element_bytes) { ONE_HOT(uint8_t) ONE_HOT(uint16_t) ONE_HOT(uint32_t) ONE_HOT(uint64_t) }
#undef ONE_HOT
    }
}

bool dlc_one_hot_prepare(dlc_isa isa, dlc_one_hot *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements;
    if (!valid_element(p->element_bytes) || (p->index_bytes != 4 && p->index_bytes != 8)) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->depth, p->inner, p->element_bytes }, 4, &elements)) return false;
    p->rows_per_task = dlc_per_task(task_elements, elements == 0 ? 0 : p->depth * p->inner);
    *launch = (dlc_launch){ .run = run_one_hot, .tasks = elements == 0 ? 0 : dlc_quotient_up(p->outer, p->rows_per_task), .phases = 1 };
    return true;
}

static void run_range(const dlc_call *call) {
    const dlc_range *p = call->params;
    const void *start = call->buffers[0], *delta = call->buffers[1];
    int64_t begin = call->begin * task_elements, end = dlc_lesser(call->end * task_elements, p->count);
#define RANGE(T, W, READ, WRITE) { \
        W first = (W)READ(*(const T *)start), step = (W)READ(*(const T *)delta); \
        T *d = call->buffers[2]; \
        for (int64_t i = begin; i < end; ++i) d[i] = (T)WRITE(first + (W)i * step); \
        break; \
    }
#define SAME(x) (x)
    switch (p->type) {
    case DLC_F32: RANGE(float, float, SAME, SAME)
    case DLC_F64: RANGE(double, double, SAME, SAME)
    case DLC_F16: RANGE(uint16_t, float, dlc_float_of_half, dlc_half_of_float)
    case DLC_BF16: RANGE(uint16_t, float, dlc_float_of_bfloat, dlc_bfloat_of_float)
    case DLC_I8: case DLC_U8: RANGE(uint8_t, uint64_t, SAME, SAME)
    case DLC_I16: case DLC_U16: RANGE(uint16_t, uint64_t, SAME, SAME)
    case DLC_I32: case DLC_U32: RANGE(uint32_t, uint64_t, SAME, SAME)
    default: RANGE(uint64_t, uint64_t, SAME, SAME)
    }
}

bool dlc_range_prepare(dlc_isa isa, dlc_range *p, dlc_launch *launch) {
    (void)isa;
    if (p->type >= DLC_BOOL || p->count < 0) return false;
    *launch = (dlc_launch){ .run = run_range, .tasks = dlc_quotient_up(p->count, task_elements), .phases = 1 };
    return true;
}

/// Whether element `i` is not zero. The sign bit of a float zero does not count.
static bool nonzero(dlc_type type, const void *data, int64_t i) {
    switch (dlc_type_bytes(type)) {
    case 1: return ((const uint8_t *)data)[i] != 0;
    case 2: return (((const uint16_t *)data)[i] & (type <= DLC_BF16 ? 0x7fff : 0xffff)) != 0;
    case 4: return (((const uint32_t *)data)[i] & (type == DLC_F32 ? 0x7fffffff : 0xffffffff)) != 0;
    default: return (((const uint64_t *)data)[i] & (type == DLC_F64 ? INT64_MAX : UINT64_MAX)) != 0;
    }
}

int64_t dlc_nonzero_count(dlc_type type, const void *data, int64_t n) {
    int64_t count = 0;
    if (dlc_type_bytes(type) != 0) for (int64_t i = 0; i < n; ++i) count += nonzero(type, data, i);
    return count;
}

static void run_nonzero(const dlc_call *call) {
    const dlc_nonzero *p = call->params;
    int64_t *result = call->buffers[1];
    int64_t elements = 1, found = 0;
    for (int d = 0; d < p->rank; ++d) elements *= p->shape[d];
    int64_t place[DLC_MAX_RANK] = {0};
    for (int64_t i = 0; i < elements; ++i) {
        if (nonzero(p->type, call->buffers[0], i)) {
            if (found < p->count) for (int d = 0; d < p->rank; ++d) result[d * p->count + found] = place[d];
            found += 1;
        }
        for (int d = p->rank - 1; d >= 0 && ++place[d] == p->shape[d]; --d) place[d] = 0;
    }
    if (found != p->count) dlc_report(call->buffers[2]);
    for (int64_t i = found; i < p->count; ++i) for (int d = 0; d < p->rank; ++d) result[d * p->count + i] = 0;
}

bool dlc_nonzero_prepare(dlc_isa isa, dlc_nonzero *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements;
    if (p->rank < 0 || p->rank > DLC_MAX_RANK || p->count < 0 || dlc_type_bytes(p->type) == 0) return false;
    if (!dlc_product(p->shape, p->rank, &elements)) return false;
    *launch = (dlc_launch){ .run = run_nonzero, .tasks = 1, .phases = 1 };
    return true;
}

static void run_trilu(const dlc_call *call) {
    const dlc_trilu *p = call->params;
    int64_t bytes = p->element_bytes, k = call->buffers[1] ? *(const int64_t *)call->buffers[1] : p->k;
    // Diagonals further out than the matrix keep all or nothing.
    if (k > p->columns) k = p->columns;
    if (k < -p->rows) k = -p->rows;
    int64_t end = dlc_lesser(call->end * p->rows_per_task, p->batch * p->rows);
    for (int64_t row = call->begin * p->rows_per_task; row < end; ++row) {
        const char *src = (const char *)call->buffers[0] + row * p->columns * bytes;
        char *dst = (char *)call->buffers[2] + row * p->columns * bytes;
        // The first column of the upper part, or the first after the lower one.
        int64_t edge = row % p->rows + k + !p->upper;
        edge = edge < 0 ? 0 : edge > p->columns ? p->columns : edge;
        int64_t from = p->upper ? edge : 0, to = p->upper ? p->columns : edge;
        memset(dst, 0, (size_t)(from * bytes));
        memmove(dst + from * bytes, src + from * bytes, (size_t)((to - from) * bytes));
        memset(dst + to * bytes, 0, (size_t)((p->columns - to) * bytes));
    }
}

bool dlc_trilu_prepare(dlc_isa isa, dlc_trilu *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (!valid_element(p->element_bytes)) return false;
    if (!dlc_product((int64_t[]){ p->batch, p->rows, p->columns, p->element_bytes }, 4, &bytes)) return false;
    p->rows_per_task = dlc_per_task(task_elements, p->columns);
    *launch = (dlc_launch){ .run = run_trilu, .tasks = bytes == 0 ? 0 : dlc_quotient_up(p->batch * p->rows, p->rows_per_task), .phases = 1 };
    return true;
}

static void run_eye(const dlc_call *call) {
    const dlc_eye *p = call->params;
    char *result = call->buffers[0];
    memset(result, 0, (size_t)(p->rows * p->columns * p->element_bytes));
    int64_t first = p->k < 0 ? -p->k : 0;
    for (int64_t row = first; row < p->rows && row + p->k < p->columns; ++row) {
        char *dst = result + (row * p->columns + row + p->k) * p->element_bytes;
        uint8_t one8 = (uint8_t)p->one;
        uint16_t one16 = (uint16_t)p->one;
        uint32_t one32 = (uint32_t)p->one;
        const void *one = p->element_bytes == 1 ? (void *)&one8 : p->element_bytes == 2 ? (void *)&one16 : p->element_bytes == 4 ? (void *)&one32 : (void *)&p->one;
        memcpy(dst, one, (size_t)p->element_bytes);
    }
}

bool dlc_eye_prepare(dlc_isa isa, dlc_eye *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (!valid_element(p->element_bytes) || p->k == INT64_MIN) return false;
    if (!dlc_product((int64_t[]){ p->rows, p->columns, p->element_bytes }, 3, &bytes)) return false;
    if (p->k > p->columns) p->k = p->columns;
    *launch = (dlc_launch){ .run = run_eye, .tasks = bytes == 0 ? 0 : 1, .phases = 1 };
    return true;
}
