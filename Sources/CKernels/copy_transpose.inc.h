// Transposition of planes in vector registers: d[r * d_stride + c] = s[r + c * s_stride].
#include "copy.h"

DLC_TARGET_BEGIN

/// A perfect shuffle of two vectors; log2(VL) rounds of it over the rows rotate the bits of (row, column)
/// into (column, row).
#if VL == 16
#define DLC_LOW(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define DLC_HIGH(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif VL == 8
#define DLC_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define DLC_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define DLC_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define DLC_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

DLC_INLINE void DLC_NAME(turn)(vf *v) {
    _Pragma("clang loop unroll(full)") for (int bits = 1; bits < VL; bits *= 2) {
        vf t[VL];
        _Pragma("clang loop unroll(full)") for (int i = 0; i < VL / 2; ++i) {
            t[2 * i] = DLC_LOW(v[i], v[i + VL / 2]);
            t[2 * i + 1] = DLC_HIGH(v[i], v[i + VL / 2]);
        }
        _Pragma("clang loop unroll(full)") for (int i = 0; i < VL; ++i) v[i] = t[i];
    }
}

DLC_INLINE void DLC_NAME(block)(const float *s, int64_t s_stride, float *d, int64_t d_stride) {
    vf v[VL];
    _Pragma("clang loop unroll(full)") for (int c = 0; c < VL; ++c) v[c] = vf_load(s + c * s_stride);
    DLC_NAME(turn)(v);
    _Pragma("clang loop unroll(full)") for (int r = 0; r < VL; ++r) vf_store(d + r * d_stride, v[r]);
}

static void DLC_NAME(edge_block)(int64_t rows, int64_t columns, const float *s, int64_t s_stride, float *d, int64_t d_stride) {
    vf v[VL];
    _Pragma("clang loop unroll(full)") for (int c = 0; c < VL; ++c)
        v[c] = c < columns ? vf_load_n(s + c * s_stride, rows) : vf_zero();
    DLC_NAME(turn)(v);
    _Pragma("clang loop unroll(full)") for (int r = 0; r < VL; ++r)
        if (r < rows) vf_store_n(d + r * d_stride, v[r], columns);
}

// A few interleaved streams, as images of 2 to 4 channels have them: shuffles that the compiler finds.
#define DLC_STREAM(T, bytes, n, target, source) \
    static void DLC_NAME(target##_##bytes##_##n)(int64_t length, const T *restrict s, int64_t stride, T *restrict d) { \
        for (int64_t i = 0; i < length; ++i) \
            _Pragma("clang loop unroll(full)") for (int k = 0; k < n; ++k) source; \
    }
#define DLC_STREAMS(T, bytes) \
    DLC_STREAM(T, bytes, 2, interleave, d[i * 2 + k] = s[k * stride + i]) \
    DLC_STREAM(T, bytes, 3, interleave, d[i * 3 + k] = s[k * stride + i]) \
    DLC_STREAM(T, bytes, 4, interleave, d[i * 4 + k] = s[k * stride + i]) \
    DLC_STREAM(T, bytes, 2, separate, d[k * stride + i] = s[i * 2 + k]) \
    DLC_STREAM(T, bytes, 3, separate, d[k * stride + i] = s[i * 3 + k]) \
    DLC_STREAM(T, bytes, 4, separate, d[k * stride + i] = s[i * 4 + k]) \
    /* Whether the plane is such streams; then it is done. */ \
    static bool DLC_NAME(streams_##bytes)(int64_t rows, int64_t columns, const T *s, int64_t s_stride, T *d, int64_t d_stride) { \
        const int64_t into = columns == d_stride ? columns : 0, from = rows == s_stride ? rows : 0; \
        if (into == 2) DLC_NAME(interleave_##bytes##_2)(rows, s, s_stride, d); \
        else if (into == 3) DLC_NAME(interleave_##bytes##_3)(rows, s, s_stride, d); \
        else if (into == 4) DLC_NAME(interleave_##bytes##_4)(rows, s, s_stride, d); \
        else if (from == 2) DLC_NAME(separate_##bytes##_2)(columns, s, d_stride, d); \
        else if (from == 3) DLC_NAME(separate_##bytes##_3)(columns, s, d_stride, d); \
        else if (from == 4) DLC_NAME(separate_##bytes##_4)(columns, s, d_stride, d); \
        else return false; \
        return true; \
    }
DLC_STREAMS(uint8_t, 1)
DLC_STREAMS(uint16_t, 2)
DLC_STREAMS(float, 4)
DLC_STREAMS(double, 8)

static void DLC_NAME(transpose_4)(int64_t rows, int64_t columns, const void *source, int64_t s_stride, void *result, int64_t d_stride) {
    const float *s = source;
    float *d = result;
    if (DLC_NAME(streams_4)(rows, columns, s, s_stride, d, d_stride)) return;
    for (int64_t r = 0; r < rows; r += VL) {
        for (int64_t c = 0; c < columns; c += VL) {
            const float *from = s + c * s_stride + r;
            float *to = d + r * d_stride + c;
            if (rows - r >= VL && columns - c >= VL) DLC_NAME(block)(from, s_stride, to, d_stride);
            else DLC_NAME(edge_block)(rows - r < VL ? rows - r : VL, columns - c < VL ? columns - c : VL, from, s_stride, to, d_stride);
        }
    }
}

// In elements of other sizes every 16 bytes of a vector are a square's row, so that squares side by side are turned at once and
// stored as whole vectors.
typedef int32_t DLC_NAME(part) __attribute__((vector_size(16)));
typedef int32_t DLC_NAME(vi_unaligned) __attribute__((vector_size(4 * VL), aligned(1), may_alias));

/// 16 bytes for each part of a vector, `step` bytes apart.
DLC_INLINE vi DLC_NAME(load_parts)(const char *p, int64_t step) {
#define DLC_PART(i) ((DLC_NAME(part))v16_load(p + (i) * step))
#define DLC_PAIR(i) __builtin_shufflevector(DLC_PART(i), DLC_PART(i + 1), 0, 1, 2, 3, 4, 5, 6, 7)
#if VL == 16
    return __builtin_shufflevector(DLC_PAIR(0), DLC_PAIR(2), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#elif VL == 8
    return DLC_PAIR(0);
#else
    return DLC_PART(0);
#endif
#undef DLC_PAIR
#undef DLC_PART
}

// As many elements as the name says: those from `i` on of one vector of n, and of another, by turns.
#define DLC_ZIP2(n, i) i, n + i
#define DLC_ZIP4(n, i) DLC_ZIP2(n, i), DLC_ZIP2(n, i + 1)
#define DLC_ZIP8(n, i) DLC_ZIP4(n, i), DLC_ZIP4(n, i + 2)
#define DLC_ZIP16(n, i) DLC_ZIP8(n, i), DLC_ZIP8(n, i + 4)

#define T uint8_t
#define BYTES 1
#define ZIP DLC_ZIP16
#include "copy_plane.inc.h"
#define T uint16_t
#define BYTES 2
#define ZIP DLC_ZIP8
#include "copy_plane.inc.h"
#define T double
#define BYTES 8
#define ZIP DLC_ZIP2
#include "copy_plane.inc.h"

DLC_TARGET_END

const dlc_copy_functions DLC_NAME(dlc_copy_functions) = {
    .transpose = {DLC_NAME(transpose_1), DLC_NAME(transpose_2), DLC_NAME(transpose_4), DLC_NAME(transpose_8)},
};
