/// The vector types and the operations that read the same for every instruction set. Included by
/// isa_*.h after `VL`, `DLC_REGISTERS` (vectors the processor names), the target macros and `vf_fma` ... are
/// settled; never included directly.
///
/// `vf` and `vi` are vectors of `VL` f32 and int32 lanes. Their values stay inside functions that carry
/// the target attribute: functions on vectors are always inlined.
#include <stdbool.h>
#include <stdint.h>

#if defined(__OPTIMIZE__)
// What is taken in reads as the line that takes it in: lines of unrolled tiles cost a fifth of the compiler's time.
#define DLC_INLINE static inline __attribute__((always_inline, unused, nodebug))
#else
#define DLC_INLINE static inline __attribute__((always_inline, unused))
#endif
/// A large function that its only caller must not take in: compilers are slower than linear in a function's size.
#define DLC_APART static __attribute__((noinline))
#define DLC_PASTE_(a, b) a##b
#define DLC_PASTE(a, b) DLC_PASTE_(a, b)
/// The name of a kernel for this instruction set: `DLC_NAME(gemm)` is `gemm_avx512`.
#define DLC_NAME(x) DLC_PASTE(x, DLC_SUFFIX)

typedef float vf __attribute__((vector_size(4 * VL)));
typedef int32_t vi __attribute__((vector_size(4 * VL)));
typedef float vf_unaligned __attribute__((vector_size(4 * VL), aligned(4), may_alias));
/// 16 bytes, whatever they are.
typedef uint8_t v16 __attribute__((vector_size(16)));
typedef uint8_t v16_unaligned __attribute__((vector_size(16), aligned(1), may_alias));

DLC_TARGET_BEGIN
DLC_INLINE v16 v16_load(const void *p) { return *(const v16_unaligned *)p; }
DLC_INLINE void v16_store(void *p, v16 v) { *(v16_unaligned *)p = v; }
DLC_INLINE vf vf_load(const float *p) { return *(const vf_unaligned *)p; }
DLC_INLINE void vf_store(float *p, vf v) { *(vf_unaligned *)p = v; }
DLC_INLINE vf vf_set1(float x) { return x - (vf){0}; }
DLC_INLINE vi vi_set1(int32_t x) { return x - (vi){0}; }
DLC_INLINE vf vf_zero(void) { return (vf){0}; }

/// For a loop that reads memory in order, `bytes` at a time from `p` on: where a page begins, fetches the first
/// quarter of the one two pages on. Hardware fetches ahead within pages only, and where it does, fetching every
/// line as well takes a fifth of the last-level cache's speed.
DLC_INLINE void vf_fetch_pages(const float *p, int64_t bytes) {
    if ((int64_t)((uintptr_t)p & 4095) >= bytes) return;
    const char *page = (const char *)((uintptr_t)p & ~(uintptr_t)4095) + 2 * 4096;
#pragma clang loop unroll(full)
    for (int line = 0; line < 16; line++) __builtin_prefetch(page + line * 64);
}

/// Lane by lane `mask ? a : b`; `mask` is all ones or zero per lane, as comparisons give it.
DLC_INLINE vf vf_select(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }
DLC_INLINE vf vf_abs(vf a) { return (vf)((vi)a & 0x7fffffff); }
/// The magnitude of `a` with the sign of `sign`.
DLC_INLINE vf vf_copysign(vf a, vf sign) {
    return (vf)(((vi)a & 0x7fffffff) | ((vi)sign & (int32_t)0x80000000));
}
DLC_TARGET_END
