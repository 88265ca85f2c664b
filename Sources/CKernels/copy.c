/// Strided copies: dimensions are ordered by the result and merged, then the innermost ones decide.
#include "copy.h"
#include "gather_index.h"

#include <string.h>

enum { block_elements = 16 << 10 };

const dlc_copy_functions *dlc_copy_functions_of(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_PORTABLE: return &dlc_copy_functions_portable;
#if defined(__x86_64__)
    case DLC_ISA_AVX2: return &dlc_copy_functions_avx2;
    case DLC_ISA_AVX512: return &dlc_copy_functions_avx512;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_copy_functions_neon;
#endif
    default: return NULL;
    }
}

/// One row of `n` elements with a stride on either side.
static void copy_strided(int32_t bytes, int64_t n, const char *src, int64_t s_stride, char *dst, int64_t d_stride) {
#define CASE(T) case sizeof(T): { \
        const T *s = (const T *)src; \
        T *d = (T *)dst; \
        if (s_stride == 0 && d_stride == 1) { T x = n > 0 ? *s : 0; for (int64_t i = 0; i < n; ++i) d[i] = x; } \
        else if (d_stride == 1) for (int64_t i = 0; i < n; ++i) d[i] = s[i * s_stride]; \
        else for (int64_t i = 0; i < n; ++i) d[i * d_stride] = s[i * s_stride]; \
        break; \
    }
    switch (bytes) { CASE(uint8_t) CASE(uint16_t) CASE(uint32_t) CASE(uint64_t) }
#undef CASE
}

/// More than 16 bytes, for which calling `memcpy` would take as long as copying.
static inline void copy_short(int64_t bytes, const char *src, char *dst) {
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t i = 0; i + 16 < bytes; i += 16) memcpy(dst + i, src + i, 16);
    memcpy(dst + bytes - 16, src + bytes - 16, 16);
}

/// Rows that are dense on both sides.
static void copy_runs(int64_t rows, int64_t bytes, const char *src, int64_t s_stride, char *dst, int64_t d_stride) {
#define RUNS(n) case n: for (int64_t r = 0; r < rows; ++r) memcpy(dst + r * d_stride, src + r * s_stride, n); break;
    switch (bytes) {
    RUNS(2) RUNS(3) RUNS(4) RUNS(6) RUNS(8) RUNS(12) RUNS(16) RUNS(32) RUNS(64)
    default:
        for (int64_t r = 0; r < rows; ++r) {
            if (bytes > 16 && bytes < 256) copy_short(bytes, src + r * s_stride, dst + r * d_stride);
            else memcpy(dst + r * d_stride, src + r * s_stride, (size_t)bytes);
        }
    }
#undef RUNS
}

static void run(const dlc_call *call) {
    const dlc_copy *p = call->params;
    // Blocks of the two innermost dimensions; one of the two where there is only one.
    int inner = p->rank - 1, outer = inner - 1;
    int64_t bytes = p->element_bytes, columns = p->shape[inner], rows = outer >= 0 ? p->shape[outer] : 1;
    int64_t s_row = outer >= 0 ? p->source_strides[outer] : 0, d_row = outer >= 0 ? p->result_strides[outer] : 0;
    int64_t s_column = p->source_strides[inner], d_column = p->result_strides[inner];
    int64_t column_blocks = (columns + p->column_block - 1) / p->column_block;
    int64_t row_blocks = (rows + p->row_block - 1) / p->row_block;
    int64_t end = dlc_lesser(call->end * p->pieces_per_task, p->outer * row_blocks * column_blocks);
    for (int64_t piece = call->begin * p->pieces_per_task; piece < end; ++piece) {
        int64_t column = piece % column_blocks * p->column_block, rest = piece / column_blocks;
        int64_t row = rest % row_blocks * p->row_block;
        rest /= row_blocks;
        int64_t from = p->source_offset + column * s_column + row * s_row;
        int64_t to = p->result_offset + column * d_column + row * d_row;
        for (int d = outer - 1; d >= 0; --d) {
            int64_t place = rest % p->shape[d];
            rest /= p->shape[d];
            from += place * p->source_strides[d], to += place * p->result_strides[d];
        }
        const char *src = (const char *)call->buffers[0] + from * bytes;
        char *dst = (char *)call->buffers[1] + to * bytes;
        int64_t width = dlc_lesser(columns - column, p->column_block), height = dlc_lesser(rows - row, p->row_block);
        switch (p->mode) {
        case DLC_COPY_RUNS:
            copy_runs(height, width * bytes, src, s_row * bytes, dst, d_row * bytes);
            break;
        case DLC_COPY_STRIDED:
            for (int64_t r = 0; r < height; ++r)
                copy_strided(p->element_bytes, width, src + r * s_row * bytes, s_column, dst + r * d_row * bytes, d_column);
            break;
        case DLC_COPY_TRANSPOSE:
            dlc_copy_functions_of(p->isa)->transpose[__builtin_ctz((unsigned)bytes)](height, width, src, s_column, dst, d_row);
        }
    }
}

static void exchange(dlc_copy *p, int a, int b) {
    int64_t *fields[] = { p->shape, p->source_strides, p->result_strides };
    for (int f = 0; f < 3; ++f) {
        int64_t value = fields[f][a];
        fields[f][a] = fields[f][b], fields[f][b] = value;
    }
}

/// Drops extents of 1, orders by result strides and merges; leaves at least one dimension.
static void merge(dlc_copy *p) {
    int rank = 0;
    for (int d = 0; d < p->rank; ++d) if (p->shape[d] != 1) exchange(p, d, rank++);
    if (rank == 0) {
        p->rank = 1, p->shape[0] = 1, p->source_strides[0] = p->result_strides[0] = 1;
        return;
    }
    for (int end = rank - 1; end > 0; --end)
        for (int d = 0; d < end; ++d)
            if (p->result_strides[d] < p->result_strides[d + 1]) exchange(p, d, d + 1);
    int last = 0;
    for (int d = 1; d < rank; ++d) {
        bool dense = p->source_strides[last] == p->source_strides[d] * p->shape[d] && p->result_strides[last] == p->result_strides[d] * p->shape[d];
        last += !dense;
        p->shape[last] = dense ? p->shape[last] * p->shape[d] : p->shape[d];
        p->source_strides[last] = p->source_strides[d], p->result_strides[last] = p->result_strides[d];
    }
    p->rank = last + 1;
}

/// The greatest of parts of `extent` that are about as large as each other, whole vectors, and none above `most`; at least 1.
static int64_t part(int64_t extent, int64_t most) {
    if (extent <= most || most < 16) return extent < 1 || most < 1 ? 1 : dlc_lesser(extent, most);
    const int64_t parts = (extent - 1) / (most / 16 * 16) + 1;
    return ((extent - 1) / parts / 16 + 1) * 16;
}

bool dlc_copy_prepare(dlc_isa isa, dlc_copy *p, dlc_launch *launch) {
    int32_t bytes = p->element_bytes;
    if (dlc_copy_functions_of(isa) == NULL || p->rank < 0 || p->rank > DLC_MAX_RANK) return false;
    if (bytes != 1 && bytes != 2 && bytes != 4 && bytes != 8) return false;
    int64_t elements = 1;
    for (int d = 0; d < p->rank; ++d) {
        if (p->shape[d] < 0 || __builtin_mul_overflow(elements, p->shape[d], &elements)) return false;
    }
    for (int d = 0; d < p->rank; ++d) if (elements > 0 && p->shape[d] > 1 && p->result_strides[d] <= 0) return false;
    if (elements == 0) p->rank = 1, p->shape[0] = 0;
    else merge(p);
    p->isa = isa;
    int inner = p->rank - 1;
    int64_t columns = p->shape[inner], rows = 1;
    if (columns == 1) p->source_strides[inner] = p->result_strides[inner] = 1;
    p->mode = p->source_strides[inner] == 1 && p->result_strides[inner] == 1 ? DLC_COPY_RUNS : DLC_COPY_STRIDED;
    if (p->mode == DLC_COPY_STRIDED && p->result_strides[inner] == 1 && p->source_strides[inner] != 0) {
        for (int d = inner - 1; d >= 0; --d) {
            if (p->source_strides[d] != 1) continue;
            // The order of the other dimensions does not matter to the result.
            exchange(p, d, inner - 1);
            p->mode = DLC_COPY_TRANSPOSE;
            break;
        }
    }
    // A block of a few rows takes as long to find as to copy, so the rows are those of a longer dimension.
    for (int d = inner - 2; d >= 0 && p->mode != DLC_COPY_TRANSPOSE && p->shape[inner - 1] < 8; --d)
        if (p->shape[d] > p->shape[inner - 1]) exchange(p, d, inner - 1);
    if (inner > 0) rows = p->shape[inner - 1];
    // In a transposition tall enough for whole cache lines of the source, then as wide as a block allows.
    int64_t tall = p->mode == DLC_COPY_TRANSPOSE ? dlc_lesser(rows, 64) : 1;
    const int64_t block = dlc_task_elements(elements, block_elements);
    p->column_block = part(columns, block / (tall > 0 ? tall : 1));
    p->row_block = part(rows, block / p->column_block);
    p->outer = 1;
    for (int d = 0; d < inner - 1; ++d) p->outer *= p->shape[d];
    int64_t pieces = p->outer * ((rows + p->row_block - 1) / p->row_block) * ((columns + p->column_block - 1) / p->column_block);
    int64_t piece = p->row_block * p->column_block;
    p->pieces_per_task = (block + piece - 1) / piece;
    *launch = (dlc_launch){ .run = run, .tasks = (pieces + p->pieces_per_task - 1) / p->pieces_per_task, .phases = 1 };
    return true;
}
