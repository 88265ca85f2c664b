/// Padding and constant fills.
#include "dlc_copy.h"

#include <string.h>

enum { task_bytes = 64 << 10 };
static const int64_t most_pad = INT64_C(1) << 40;

static int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t greater(int64_t a, int64_t b) { return a > b ? a : b; }

static void fill(void *dst, int64_t n, int32_t bytes, uint64_t bits) {
    // Bytes that are all the same, as zeros are.
    const uint64_t repeated = (bits & 0xff) * (UINT64_MAX / 0xff) ^ bits;
    if (n > 32 && repeated << (64 - 8 * bytes) == 0) n *= bytes, bytes = 1;
    switch (bytes) {
    case 1: memset(dst, (int)(bits & 0xff), (size_t)n); break;
    case 2: for (int64_t i = 0; i < n; ++i) ((uint16_t *)dst)[i] = (uint16_t)bits; break;
    case 4: for (int64_t i = 0; i < n; ++i) ((uint32_t *)dst)[i] = (uint32_t)bits; break;
    default: for (int64_t i = 0; i < n; ++i) ((uint64_t *)dst)[i] = bits;
    }
}

/// The coordinate in the source that coordinate `i` of the result shows, -1 for the constant. `low` to
/// `low + extent` is the part of the source that negative pads leave.
static int64_t source_place(dlc_pad_mode mode, int64_t i, int64_t low, int64_t extent) {
    if (i >= 0 && i < extent) return low + i;
    switch (mode) {
    case DLC_PAD_CONSTANT: return -1;
    case DLC_PAD_EDGE: return low + (i < 0 ? 0 : extent - 1);
    case DLC_PAD_REFLECT: {
        if (extent == 1) return low;
        int64_t period = 2 * (extent - 1), place = i % period;
        if (place < 0) place += period;
        return low + (place < extent ? place : period - place);
    }
    default: {
        int64_t place = i % extent;
        return low + (place < 0 ? place + extent : place);
    }
    }
}

static int64_t cropped(const dlc_pad *p, int d) { return p->shape[d] + lesser(p->before[d], 0) + lesser(p->after[d], 0); }

/// The `head` elements before and the `tail` elements behind a row of `extent` elements of which they are copies.
static void pad_sides(dlc_pad_mode mode, int32_t bytes, int64_t head, int64_t extent, int64_t tail, const char *source, char *result) {
    // Pads that are longer than the row show it several times.
    const bool is_short = greater(head, tail) < extent;
#define SIDES(T) case sizeof(T): { \
        const T *s = (const T *)source, first = s[0], last = s[extent - 1]; \
        T *d = (T *)result, *behind = d + head + extent; \
        if (mode == DLC_PAD_EDGE) { \
            for (int64_t i = 0; i < head; ++i) d[i] = first; \
            for (int64_t i = 0; i < tail; ++i) behind[i] = last; \
        } else if (mode == DLC_PAD_REFLECT && is_short) { \
            for (int64_t i = 0; i < head; ++i) d[i] = s[head - i]; \
            for (int64_t i = 0; i < tail; ++i) behind[i] = s[extent - 2 - i]; \
        } else { \
            for (int64_t i = 0; i < head; ++i) d[i] = s[source_place(mode, i - head, 0, extent)]; \
            for (int64_t i = 0; i < tail; ++i) behind[i] = s[source_place(mode, extent + i, 0, extent)]; \
        } \
        break; \
    }
    if (mode == DLC_PAD_WRAP && is_short) {
        memcpy(result, source + (extent - head) * bytes, (size_t)(head * bytes));
        memcpy(result + (head + extent) * bytes, source, (size_t)(tail * bytes));
        return;
    }
    switch (bytes) { SIDES(uint8_t) SIDES(uint16_t) SIDES(uint32_t) SIDES(uint64_t) }
#undef SIDES
}

/// The coordinate in the source of dimension `d` that coordinate `i` of the result shows, -1 for the constant.
static int64_t shown(const dlc_pad *p, int d, int64_t i) {
    return source_place(p->mode, i - greater(p->before[d], 0), greater(-p->before[d], 0), cropped(p, d));
}

static void run_pad(const dlc_call *call) {
    const dlc_pad *p = call->params;
    const int32_t bytes = p->element_bytes;
    const int inner = p->rank - 1, outer = inner - 1;
    uint64_t value = 0;
    if (p->mode == DLC_PAD_CONSTANT && call->buffers[1] != NULL) memcpy(&value, call->buffers[1], (size_t)bytes);
    const int64_t width = p->result_shape[inner], lines = outer < 0 ? 1 : p->result_shape[outer];
    const int64_t end = lesser(call->end * p->rows_per_task, p->rows);
    // Pads that took off more than there is leave nothing but padding.
    const int64_t extent = greater(cropped(p, inner), 0), low = greater(-p->before[inner], 0), head = greater(p->before[inner], 0);
    for (int64_t row = call->begin * p->rows_per_task; row < end;) {
        // Lines of one plane after the other.
        int64_t rest = row / lines, offset = 0, stride = outer < 0 ? 0 : p->shape[inner] * p->shape[outer];
        bool constant = extent == 0;
        for (int d = outer - 1; d >= 0; --d) {
            const int64_t place = shown(p, d, rest % p->result_shape[d]);
            rest /= p->result_shape[d];
            constant = constant || place < 0;
            offset += place * stride;
            stride *= p->shape[d];
        }
        for (int64_t line = row % lines; line < lines && row < end; ++line, ++row) {
            char *dst = (char *)call->buffers[2] + row * width * bytes;
            const int64_t place = outer < 0 ? 0 : shown(p, outer, line);
            if (constant || place < 0) {
                fill(dst, width, bytes, value);
                continue;
            }
            const char *src = (const char *)call->buffers[0] + (offset + place * p->shape[inner] + low) * bytes;
            memcpy(dst + head * bytes, src, (size_t)(extent * bytes));
            if (p->mode != DLC_PAD_CONSTANT) {
                pad_sides(p->mode, bytes, head, extent, width - head - extent, src, dst);
            } else {
                fill(dst, head, bytes, value);
                fill(dst + (head + extent) * bytes, width - head - extent, bytes, value);
            }
        }
    }
}

/// Constant padding of a dimension whose inner neighbours have no padding is padding of the merged dimension.
static void merge(dlc_pad *p) {
    if (p->rank == 0) {
        p->rank = 1, p->shape[0] = 1, p->before[0] = p->after[0] = 0;
    }
    while (p->mode == DLC_PAD_CONSTANT && p->rank > 1 && p->before[p->rank - 1] == 0 && p->after[p->rank - 1] == 0) {
        int64_t extent = p->shape[p->rank - 1];
        p->rank -= 1;
        p->shape[p->rank - 1] *= extent, p->before[p->rank - 1] *= extent, p->after[p->rank - 1] *= extent;
    }
}

bool dlc_pad_prepare(dlc_isa isa, dlc_pad *p, dlc_launch *launch) {
    (void)isa;
    int32_t bytes = p->element_bytes;
    if (p->rank < 0 || p->rank > DLC_MAX_RANK || p->mode > DLC_PAD_WRAP) return false;
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return false;
    int64_t source_elements = 1, result_elements = 1;
    for (int d = 0; d < p->rank; ++d) {
        int64_t extent;
        if (p->shape[d] < 0 || __builtin_mul_overflow(source_elements, p->shape[d], &source_elements)) return false;
        if (__builtin_add_overflow(p->shape[d], p->before[d], &extent) || __builtin_add_overflow(extent, p->after[d], &extent)) return false;
        // Of what negative pads leave less than nothing, only the padding shows.
        const int64_t most = p->mode == DLC_PAD_CONSTANT ? most_pad : p->shape[d];
        if (p->before[d] < -most || p->after[d] < -most || (p->mode != DLC_PAD_CONSTANT && cropped(p, d) < 0)) return false;
        if (extent < 0 || __builtin_mul_overflow(result_elements, extent, &result_elements)) return false;
        if (p->mode != DLC_PAD_CONSTANT && cropped(p, d) == 0 && extent > 0) return false;
    }
    if (result_elements == 0) {
        *launch = (dlc_launch){ .run = run_pad, .tasks = 0, .phases = 1 };
        return true;
    }
    merge(p);
    p->rows = 1;
    for (int d = 0; d < p->rank; ++d) {
        p->result_shape[d] = p->shape[d] + p->before[d] + p->after[d];
        if (d < p->rank - 1) p->rows *= p->result_shape[d];
    }
    int64_t row_bytes = p->result_shape[p->rank - 1] * bytes;
    p->rows_per_task = row_bytes > task_bytes ? 1 : task_bytes / greater(row_bytes, 1);
    *launch = (dlc_launch){ .run = run_pad, .tasks = (p->rows + p->rows_per_task - 1) / p->rows_per_task, .phases = 1 };
    return true;
}

static void run_fill(const dlc_call *call) {
    const dlc_fill *p = call->params;
    int64_t step = task_bytes / p->element_bytes, begin = call->begin * step, end = lesser(call->end * step, p->count);
    fill((char *)call->buffers[0] + begin * p->element_bytes, end - begin, p->element_bytes, p->bits);
}

bool dlc_fill_prepare(dlc_isa isa, dlc_fill *p, dlc_launch *launch) {
    (void)isa;
    int32_t bytes = p->element_bytes;
    if (p->count < 0 || (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8)) return false;
    int64_t step = task_bytes / bytes;
    *launch = (dlc_launch){ .run = run_fill, .tasks = p->count / step + (p->count % step != 0), .phases = 1 };
    return true;
}
