// Rank-1 updates of a tile that stays in registers while pixels go by.
#include "conv_weights.h"

DLC_TARGET_BEGIN

DLC_INLINE void DLC_NAME(weights_body)(const dlc_weights_tile *t, const int rows, const int vectors, const bool dense) {
    vf sum[DLC_WEIGHTS_MOST_ROWS][4];
    const int64_t last = t->columns - (vectors - 1) * VL;
    const float *at[DLC_WEIGHTS_MOST_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sum[i][j] = vf_zero();
    }
    for (int64_t s = 0; s < t->segments; s++) {
        const float *a = t->a + t->a_start[s], *b = t->b + t->b_start[s];
        if (!dense) {
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++) at[i] = a + t->offset[i];
        } else {
            a += t->offset[0];
        }
        const int64_t count = t->counts[s], a_step = t->a_step, b_step = t->b_step;
        if (last == VL) {
            int64_t place = 0;
            for (int64_t k = 0; k < count; k++) {
                vf value[4];
#pragma clang loop unroll(full)
                for (int j = 0; j < vectors; j++) value[j] = vf_load(b + j * VL);
#pragma clang loop unroll(full)
                for (int i = 0; i < rows; i++) {
                    const vf x = vf_set1(dense ? a[i] : at[i][place]);
#pragma clang loop unroll(full)
                    for (int j = 0; j < vectors; j++) sum[i][j] = vf_fma(x, value[j], sum[i][j]);
                }
                b += b_step;
                if (dense) a += a_step;
                else place += a_step;
            }
        } else {
            int64_t place = 0;
            for (int64_t k = 0; k < count; k++) {
                vf value[4];
#pragma clang loop unroll(full)
                for (int j = 0; j < vectors; j++) value[j] = j + 1 == vectors ? vf_load_n(b + j * VL, last) : vf_load(b + j * VL);
#pragma clang loop unroll(full)
                for (int i = 0; i < rows; i++) {
                    const vf x = vf_set1(dense ? a[i] : at[i][place]);
#pragma clang loop unroll(full)
                    for (int j = 0; j < vectors; j++) sum[i][j] = vf_fma(x, value[j], sum[i][j]);
                }
                b += b_step;
                if (dense) a += a_step;
                else place += a_step;
            }
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        if (i >= t->rows) continue;
        float *target = t->sums + i * t->sums_row;
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) {
            if (j + 1 < vectors) vf_store(target + j * VL, vf_load(target + j * VL) + sum[i][j]);
            else vf_store_n(target + j * VL, vf_load_n(target + j * VL, last) + sum[i][j], last);
        }
    }
}

#define WEIGHTS_TILE(rows, vectors)                                                                                    \
    static void DLC_NAME(weights_any_##vectors)(const dlc_weights_tile *t) { DLC_NAME(weights_body)(t, rows, vectors, false); } \
    static void DLC_NAME(weights_dense_##vectors)(const dlc_weights_tile *t) { DLC_NAME(weights_body)(t, rows, vectors, true); }

#if DLC_REGISTERS == 32
WEIGHTS_TILE(14, 1) WEIGHTS_TILE(12, 2) WEIGHTS_TILE(8, 3) WEIGHTS_TILE(6, 4)
#else
WEIGHTS_TILE(8, 1) WEIGHTS_TILE(6, 2)
#endif

static void DLC_NAME(weights_depthwise)(const dlc_weights_tile *t) {
    vf sum[9];
    for (int i = 0; i < 9; i++) sum[i] = vf_zero();
    const int64_t n = t->columns;
    for (int64_t s = 0; s < t->segments; s++) {
        const float *a = t->a + t->a_start[s], *b = t->b + t->b_start[s];
        for (int64_t k = 0; k < t->counts[s]; k++) {
            const vf value = vf_load_n(b, n);
#pragma clang loop unroll(full)
            for (int i = 0; i < 9; i++) sum[i] = vf_fma(vf_load_n(a + t->offset[i], n), value, sum[i]);
            a += t->a_step, b += t->b_step;
        }
    }
    for (int64_t i = 0; i < t->rows; i++) {
        float *target = t->sums + i * t->sums_row;
        vf_store_n(target, vf_load_n(target, n) + sum[i], n);
    }
}

DLC_TARGET_END

const dlc_weights_functions DLC_NAME(dlc_weights_functions) = {
#if DLC_REGISTERS == 32
    .tile_rows = { 14, 12, 8, 6 },
    .most_vectors = 4,
    .any = { DLC_NAME(weights_any_1), DLC_NAME(weights_any_2), DLC_NAME(weights_any_3), DLC_NAME(weights_any_4) },
    .dense = { DLC_NAME(weights_dense_1), DLC_NAME(weights_dense_2), DLC_NAME(weights_dense_3), DLC_NAME(weights_dense_4) },
#else
    .tile_rows = { 8, 6 },
    .most_vectors = 2,
    .any = { DLC_NAME(weights_any_1), DLC_NAME(weights_any_2) },
    .dense = { DLC_NAME(weights_dense_1), DLC_NAME(weights_dense_2) },
#endif
    .depthwise = DLC_NAME(weights_depthwise),
};
#undef WEIGHTS_TILE
