// Transposition of a plane of 4-byte elements in vector registers.
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
#define DLC_STREAMS(n, target, source) \
    static void DLC_NAME(target##_##n)(int64_t length, const float *restrict s, int64_t stride, float *restrict d) { \
        for (int64_t i = 0; i < length; ++i) \
            _Pragma("clang loop unroll(full)") for (int k = 0; k < n; ++k) source; \
    }
DLC_STREAMS(2, interleave, d[i * 2 + k] = s[k * stride + i])
DLC_STREAMS(3, interleave, d[i * 3 + k] = s[k * stride + i])
DLC_STREAMS(4, interleave, d[i * 4 + k] = s[k * stride + i])
DLC_STREAMS(2, separate, d[k * stride + i] = s[i * 2 + k])
DLC_STREAMS(3, separate, d[k * stride + i] = s[i * 3 + k])
DLC_STREAMS(4, separate, d[k * stride + i] = s[i * 4 + k])

#define DLC_BYTES(n) \
    static void DLC_NAME(interleave_bytes_##n)(int64_t length, const uint8_t *restrict s, int64_t stride, uint8_t *restrict d) { \
        for (int64_t i = 0; i < length; ++i) \
            _Pragma("clang loop unroll(full)") for (int k = 0; k < n; ++k) d[i * n + k] = s[k * stride + i]; \
    }
DLC_BYTES(2) DLC_BYTES(3) DLC_BYTES(4)

static void DLC_NAME(interleave_bytes)(int64_t rows, int64_t columns, const uint8_t *s, int64_t s_stride, uint8_t *d) {
    if (columns == 2) DLC_NAME(interleave_bytes_2)(rows, s, s_stride, d);
    else if (columns == 3) DLC_NAME(interleave_bytes_3)(rows, s, s_stride, d);
    else DLC_NAME(interleave_bytes_4)(rows, s, s_stride, d);
}

static void DLC_NAME(transpose)(int64_t rows, int64_t columns, const float *s, int64_t s_stride, float *d, int64_t d_stride) {
    if (columns == d_stride && columns >= 2 && columns <= 4) {
        if (columns == 2) DLC_NAME(interleave_2)(rows, s, s_stride, d);
        else if (columns == 3) DLC_NAME(interleave_3)(rows, s, s_stride, d);
        else DLC_NAME(interleave_4)(rows, s, s_stride, d);
        return;
    }
    if (rows == s_stride && rows >= 2 && rows <= 4) {
        if (rows == 2) DLC_NAME(separate_2)(columns, s, d_stride, d);
        else if (rows == 3) DLC_NAME(separate_3)(columns, s, d_stride, d);
        else DLC_NAME(separate_4)(columns, s, d_stride, d);
        return;
    }
    for (int64_t r = 0; r < rows; r += VL) {
        for (int64_t c = 0; c < columns; c += VL) {
            const float *from = s + c * s_stride + r;
            float *to = d + r * d_stride + c;
            if (rows - r >= VL && columns - c >= VL) DLC_NAME(block)(from, s_stride, to, d_stride);
            else DLC_NAME(edge_block)(rows - r < VL ? rows - r : VL, columns - c < VL ? columns - c : VL, from, s_stride, to, d_stride);
        }
    }
}

DLC_TARGET_END

const dlc_copy_functions DLC_NAME(dlc_copy_functions) = {
    .transpose = DLC_NAME(transpose), .interleave_bytes = DLC_NAME(interleave_bytes),
};
