/// The register tiles of one instruction set, over floats and over pairs of bfloat16 that lie where floats would: elements
/// 2·i and 2·i + 1 of a row, the first in the lower half. Include after isa_*.h and gemm_epilogue.inc.h.
#include "gemm_tile.h"

DLC_TARGET_BEGIN
/// Few rows take B once, at the speed of memory: fetches what comes after the row of B at `b`.
DLC_INLINE void fetch_row(const float *b, const int vectors, const int64_t b_stride) {
    if (b_stride == vectors * VL) vf_fetch_pages(b, 4 * vectors * VL);
}

/// A pair in all lanes.
typedef int32_t DLC_NAME(pair) __attribute__((may_alias));
DLC_INLINE vf pair_set1(const float *p) { return (vf)vi_set1(*(const DLC_NAME(pair) *)p); }

/// Both products of the pairs in each lane added to `sum`, that of the second elements first.
DLC_INLINE vf pair_add(vf a, vf b, vf sum) {
    const vf second = vf_fma((vf)((vi)a & (int32_t)0xffff0000), (vf)((vi)b & (int32_t)0xffff0000), sum);
    return vf_fma((vf)((vi)a << 16), (vf)((vi)b << 16), second);
}

/// Adds to C what it holds, applies the epilogue and stores, as the tile says.
DLC_INLINE void tile_store(const dlc_tile *t, const int rows, const int vectors, vf sum[][DLC_TILE_MOST_VECTORS]) {
    const int64_t tail = t->columns - (vectors - 1) * VL; // columns of the last vector
    if (t->accumulate) {
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) {
                const float *c = t->c + r * t->c_row + v * VL;
                sum[r][v] += v == vectors - 1 ? vf_load_n(c, tail) : vf_load(c);
            }
    }
    if (t->finish) {
        vf bias[DLC_TILE_MOST_VECTORS], alpha = vf_set1(t->alpha);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            bias[v] = !t->bias             ? vf_zero()
                      : v == vectors - 1 ? vf_load_n(t->bias + v * VL, tail)
                                         : vf_load(t->bias + v * VL);
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[r][v] = vf_fma(alpha, sum[r][v], bias[v]);
        if (t->residual) {
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) {
                    const float *p = t->residual + r * t->residual_row + v * VL;
                    sum[r][v] += v == vectors - 1 ? vf_load_n(p, tail) : vf_load(p);
                }
        }
        if (t->clamp) {
            vf lo = vf_set1(t->lo), hi = vf_set1(t->hi);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sum[r][v] = vf_min(hi, vf_max(lo, sum[r][v]));
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *c = t->c + r * t->c_row + v * VL;
            if (v == vectors - 1 && tail < VL) vf_store_n(c, sum[r][v], tail);
            else vf_store(c, sum[r][v]);
        }
}

/// The same of sums in memory, a few rows at a time.
DLC_INLINE void finish_rows(const dlc_tile *tile, int64_t rows, const int vectors, const float *sums, int64_t sums_row) {
    enum { some = 4 };
    dlc_tile t = *tile;
    for (int64_t r = 0; r < rows; r += some, sums += some * sums_row, t.c += some * t.c_row) {
        vf sum[some][DLC_TILE_MOST_VECTORS];
        const int64_t count = rows - r;
#pragma clang loop unroll(full)
        for (int i = 0; i < some; i++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[i][v] = vf_load(sums + (i < count ? i : 0) * sums_row + v * VL);
        if (count >= some) tile_store(&t, some, vectors, sum);
        else if (count == 3) tile_store(&t, 3, vectors, sum);
        else if (count == 2) tile_store(&t, 2, vectors, sum);
        else tile_store(&t, 1, vectors, sum);
        if (t.residual) t.residual += some * t.residual_row;
    }
}

static void finish_sums(const dlc_tile *t, int64_t rows, int64_t vectors, const float *sums, int64_t sums_row) {
    switch (vectors) {
    case 1: finish_rows(t, rows, 1, sums, sums_row); break;
    case 2: finish_rows(t, rows, 2, sums, sums_row); break;
    case 3: finish_rows(t, rows, 3, sums, sums_row); break;
    default: finish_rows(t, rows, 4, sums, sums_row);
    }
}
DLC_TARGET_END

#define TILE_NAME(x) x
#define TILE_SET DLC_NAME(dlc_tile_set)
#include "gemm_tile_way.inc.h"

#define TILE_NAME(x) DLC_PASTE(x, _split)
#define TILE_SET DLC_NAME(dlc_split_set)
#define TILE_SPLIT 1
#define TILE_ROWS filled_rows
#include "gemm_tile_way.inc.h"

#define TILE_NAME(x) DLC_PASTE(x, _pairs)
#define TILE_SET DLC_NAME(dlc_pair_set)
#define TILE_PAIRS 1
#define TILE_ADD(scalar, column, sum) pair_add(scalar, column, sum)
#include "gemm_tile_way.inc.h"

#if defined(__x86_64__) && VL == 16
#define TILE_NAME(x) DLC_PASTE(x, _dot)
#define TILE_SET dlc_pair_set_avx512_dot
#define TILE_PAIRS 1
#define TILE_ADD(scalar, column, sum) (vf)_mm512_dpbf16_ps(sum, (__m512bh)(column), (__m512bh)(scalar))
#define TILE_TARGET_BEGIN \
    _Pragma("clang attribute push(__attribute__((target(\"avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16,avx2,fma,f16c,bmi2\"))), apply_to = function)")
#define TILE_TARGET_END DLC_TARGET_END
#include "gemm_tile_way.inc.h"

#elif defined(__aarch64__) && DLC_HAS_HALF
#include <arm_neon.h>
#define TILE_NAME(x) DLC_PASTE(x, _dot)
#define TILE_SET dlc_pair_set_neon_dot
#define TILE_PAIRS 1
#define TILE_ADD(scalar, column, sum) (vf)vbfdotq_f32((float32x4_t)(sum), (bfloat16x8_t)(column), (bfloat16x8_t)(scalar))
#define TILE_TARGET_BEGIN _Pragma("clang attribute push(__attribute__((target(\"bf16\"))), apply_to = function)")
#define TILE_TARGET_END _Pragma("clang attribute pop")
#include "gemm_tile_way.inc.h"
#endif
