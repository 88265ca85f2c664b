/// Bytes looked up in a table of 256.
#include "program.h"

#if defined(__aarch64__)
#include <arm_neon.h>
#endif

DLC_TARGET_BEGIN
#if VL == 16
/// A vector at a time, by permutations of bytes from two registers each: what AVX-512 VBMI has, which plans do not name.
__attribute__((target("avx512vbmi"))) static void look_up_permuted(const uint8_t *table, int64_t n, const uint8_t *x, uint8_t *y) {
    __m512i t[4];
    for (int i = 0; i < 4; ++i) t[i] = _mm512_loadu_si512(table + 64 * i);
    for (int64_t i = 0; i < n; i += 64) {
        const __mmask64 mask = ~(__mmask64)0 >> (n - i >= 64 ? 0 : 64 - (n - i));
        const __m512i at = _mm512_maskz_loadu_epi8(mask, x + i);
        const __m512i low = _mm512_permutex2var_epi8(t[0], at, t[1]), high = _mm512_permutex2var_epi8(t[2], at, t[3]);
        _mm512_mask_storeu_epi8(y + i, mask, _mm512_mask_blend_epi8(_mm512_movepi8_mask(at), low, high));
    }
}
#elif defined(__aarch64__)
/// 16 bytes from a quarter of the table at a time; what lies outside of it keeps what it had.
static int64_t look_up_quarters(const uint8_t *table, int64_t n, const uint8_t *x, uint8_t *y) {
    uint8x16x4_t t[4];
    for (int i = 0; i < 4; ++i) t[i] = vld1q_u8_x4(table + 64 * i);
    int64_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const uint8x16_t at = vld1q_u8(x + i);
        uint8x16_t found = vqtbl4q_u8(t[0], at);
        for (int k = 1; k < 4; ++k) found = vqtbx4q_u8(found, t[k], vsubq_u8(at, vdupq_n_u8((uint8_t)(64 * k))));
        vst1q_u8(y + i, found);
    }
    return i;
}
#endif

/// y[i] = table[x[i]]; y may be x.
static void DLC_NAME(look_up)(const uint8_t *table, int64_t n, const uint8_t *x, uint8_t *y) {
    int64_t i = 0;
#if VL == 16
    if (__builtin_cpu_supports("avx512vbmi")) return look_up_permuted(table, n, x, y);
#elif defined(__aarch64__)
    i = look_up_quarters(table, n, x, y);
#endif
    for (; i < n; ++i) y[i] = table[x[i]];
}
DLC_TARGET_END
