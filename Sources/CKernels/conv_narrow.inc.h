/// Tiles of convolutions with few input channels. The distance between windows is a constant for images
/// of three channels: one address register serves all pixels of a tile. Include after isa_*.h.
#include "conv_narrow.h"

DLC_TARGET_BEGIN
DLC_INLINE void narrow_body(const dlc_narrow_tile *t, const int pixels, const int vectors, const int64_t step) {
    vf sum[DLC_TILE_MOST_ROWS][DLC_TILE_MOST_VECTORS];
    const int64_t tail = t->columns - (vectors - 1) * VL; // channels of the last vector
    for (int v = 0; v < vectors; v++) {
        const vf bias = !t->bias ? vf_zero() : v == vectors - 1 ? vf_load_n(t->bias + v * VL, tail) : vf_load(t->bias + v * VL);
#pragma clang loop unroll(full)
        for (int r = 0; r < pixels; r++) sum[r][v] = bias;
    }
    const float *weights = t->weights;
    const int64_t run = t->run;
    for (int64_t line = 0; line < t->lines; line++) {
        const float *x = t->x[line];
#if VL == 4
#pragma clang loop unroll_count(2) // with three, sums spill on NEON
#else
#pragma clang loop unroll_count(3)
#endif
        for (int64_t k = 0; k < run; k++) {
            vf column[DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) column[v] = vf_load(weights + v * VL);
#pragma clang loop unroll(full)
            for (int r = 0; r < pixels; r++) {
                const vf scalar = vf_set1(x[k + r * step]);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sum[r][v] = vf_fma(scalar, column[v], sum[r][v]);
            }
            weights += vectors * VL;
        }
    }
    const vf lo = vf_set1(t->lo), hi = vf_set1(t->hi);
#pragma clang loop unroll(full)
    for (int r = 0; r < pixels; r++) {
        if (r >= t->pixels) break;
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *y = t->y + r * t->y_pixel + v * VL;
            const bool part = v == vectors - 1 && tail < VL;
            vf value = sum[r][v];
            if (t->residual) {
                const float *other = t->residual + r * t->residual_pixel + v * VL;
                value += part ? vf_load_n(other, tail) : vf_load(other);
            }
            value = vf_min(hi, vf_max(lo, value));
            if (part) vf_store_n(y, value, tail);
            else vf_store(y, value);
        }
    }
}

#define TILE(pixels, vectors)                                                                                   \
    static void narrow_##vectors##_any(const dlc_narrow_tile *t) { narrow_body(t, pixels, vectors, t->step); } \
    static void narrow_##vectors##_3(const dlc_narrow_tile *t) { narrow_body(t, pixels, vectors, 3); }         \
    static void narrow_##vectors##_6(const dlc_narrow_tile *t) { narrow_body(t, pixels, vectors, 6); }
#define NAMES(vectors) {narrow_##vectors##_any, narrow_##vectors##_3, narrow_##vectors##_6}

#if DLC_REGISTERS == 32
TILE(8, 1) TILE(8, 2) TILE(8, 3) TILE(6, 4)
DLC_TARGET_END
const dlc_narrow_set DLC_NAME(dlc_narrow_set) = {.pixels = {8, 8, 8, 6}, .tile = {NAMES(1), NAMES(2), NAMES(3), NAMES(4)}};
#else
TILE(8, 1) TILE(6, 2)
DLC_TARGET_END
const dlc_narrow_set DLC_NAME(dlc_narrow_set) = {.pixels = {8, 6}, .tile = {NAMES(1), NAMES(2)}};
#endif
#undef TILE
#undef NAMES
