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
DLC_TARGET_END

#define TILE_NAME(x) x
#define TILE_SET DLC_NAME(dlc_tile_set)
#define TILE_PAIRS 0
#define TILE_SCALAR(a) vf_set1(*(a))
#define TILE_ADD(scalar, column, sum) vf_fma(scalar, column, sum)
#define TILE_TARGET_BEGIN DLC_TARGET_BEGIN
#define TILE_TARGET_END DLC_TARGET_END
#include "gemm_tile_way.inc.h"

#define TILE_NAME(x) DLC_PASTE(x, _pairs)
#define TILE_SET DLC_NAME(dlc_pair_set)
#define TILE_PAIRS 1
#define TILE_SCALAR(a) pair_set1(a)
#define TILE_ADD(scalar, column, sum) pair_add(scalar, column, sum)
#define TILE_TARGET_BEGIN DLC_TARGET_BEGIN
#define TILE_TARGET_END DLC_TARGET_END
#include "gemm_tile_way.inc.h"

#if defined(__x86_64__) && VL == 16
#define TILE_NAME(x) DLC_PASTE(x, _dot)
#define TILE_SET dlc_pair_set_avx512_dot
#define TILE_PAIRS 1
#define TILE_SCALAR(a) pair_set1(a)
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
#define TILE_SCALAR(a) pair_set1(a)
#define TILE_ADD(scalar, column, sum) (vf)vbfdotq_f32((float32x4_t)(sum), (bfloat16x8_t)(column), (bfloat16x8_t)(scalar))
#define TILE_TARGET_BEGIN _Pragma("clang attribute push(__attribute__((target(\"bf16\"))), apply_to = function)")
#define TILE_TARGET_END _Pragma("clang attribute pop")
#include "gemm_tile_way.inc.h"
#endif
