/// Panels: how packed matrices are laid out, and packing itself.
#include "copy.h"
#include "gemm_amx.h"
#include "gemm_tile.h"
#include <string.h>

typedef float v4 __attribute__((vector_size(16)));
typedef float v4_unaligned __attribute__((vector_size(16), aligned(4), may_alias));

const dlc_tile_set *dlc_tiles(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_tile_set_avx512;
    case DLC_ISA_AVX2: return &dlc_tile_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_tile_set_neon;
#endif
    default: return &dlc_tile_set_portable;
    }
}

bool dlc_pairs_without_dot = false;

/// Without AMX three products of pairs take longer than one of floats, which B's numbers become in registers.
static const dlc_tile_set *split_tiles(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_split_set_avx512;
    case DLC_ISA_AVX2: return &dlc_split_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_split_set_neon;
#endif
    default: return &dlc_split_set_portable;
    }
}

const dlc_tile_set *dlc_part_tiles(dlc_isa isa, int parts) {
    if (parts == 2 && !dlc_amx_multiplies_pairs(isa)) return split_tiles(isa);
    const bool has_dot = !dlc_pairs_without_dot && dlc_host_has_pairs(isa);
    (void)has_dot;
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return has_dot ? &dlc_pair_set_avx512_dot : &dlc_pair_set_avx512;
    case DLC_ISA_AVX2: return &dlc_pair_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return has_dot ? &dlc_pair_set_neon_dot : &dlc_pair_set_neon;
#endif
    default: return &dlc_pair_set_portable;
    }
}

bool dlc_is_by_amx(const dlc_tile_set *set) {
#if defined(__x86_64__)
    return set == &dlc_pair_set_avx512_dot && dlc_amx_multiplies_pairs(DLC_ISA_AVX512);
#else
    (void)set;
    return false;
#endif
}

dlc_panels dlc_panels_of(const dlc_tile_set *set, int64_t k, int64_t n) {
    dlc_panels p = {.n = n, .k = k, .lanes = set->lanes};
    int64_t vectors = dlc_ceil_div(n, set->lanes);
    if (vectors == 0) return p;
    p.panels = dlc_ceil_div(vectors, set->vectors);
    p.narrow = vectors / p.panels;
    p.wider = vectors % p.panels;
    return p;
}

void dlc_transpose(const float *b, int64_t column_stride, int64_t columns, int64_t rows, float *out, const int64_t *at) {
    int64_t j = 0;
    for (; j + 4 <= columns; j += 4) {
        const float *p = b + j * column_stride;
        int64_t i = 0;
        for (; i + 4 <= rows; i += 4) {
            v4 r0 = *(const v4_unaligned *)(p + i), r1 = *(const v4_unaligned *)(p + column_stride + i);
            v4 r2 = *(const v4_unaligned *)(p + 2 * column_stride + i), r3 = *(const v4_unaligned *)(p + 3 * column_stride + i);
            v4 a = __builtin_shufflevector(r0, r1, 0, 4, 1, 5), c = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
            v4 d = __builtin_shufflevector(r0, r1, 2, 6, 3, 7), e = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
            float *o = out + j;
            *(v4_unaligned *)(o + at[i]) = __builtin_shufflevector(a, c, 0, 1, 4, 5);
            *(v4_unaligned *)(o + at[i + 1]) = __builtin_shufflevector(a, c, 2, 3, 6, 7);
            *(v4_unaligned *)(o + at[i + 2]) = __builtin_shufflevector(d, e, 0, 1, 4, 5);
            *(v4_unaligned *)(o + at[i + 3]) = __builtin_shufflevector(d, e, 2, 3, 6, 7);
        }
        for (; i < rows; i++)
            for (int64_t s = 0; s < 4; s++) out[at[i] + j + s] = p[s * column_stride + i];
    }
    for (; j < columns; j++)
        for (int64_t i = 0; i < rows; i++) out[at[i] + j] = b[j * column_stride + i];
}

// With the vectors of this processor, whatever the one that the panels are for.
void dlc_transpose_rows(const float *b, int64_t column_stride, int64_t columns, int64_t rows, float *out, int64_t row_step) {
    dlc_copy_functions_of(dlc_host_isa())->transpose[2](rows, columns, b, column_stride, out, row_step);
}

void dlc_pack_panel(const dlc_panels *p, int64_t panel, const float *b, int64_t row_stride, int64_t column_stride, float *out) {
    const int64_t first = dlc_panel_column(p, panel), width = dlc_panel_vectors(p, panel) * p->lanes;
    const int64_t columns = dlc_min(width, p->n - first);
    b += first * column_stride;
    if (column_stride == 1) {
        for (int64_t i = 0; i < p->k; i++) memcpy(out + i * width, b + i * row_stride, (size_t)columns * sizeof(float));
    } else if (row_stride == 1) {
        dlc_transpose_rows(b, column_stride, columns, p->k, out, width);
    } else {
        for (int64_t i = 0; i < p->k; i++)
            for (int64_t j = 0; j < columns; j++) out[i * width + j] = b[i * row_stride + j * column_stride];
    }
    if (columns < width)
        for (int64_t i = 0; i < p->k; i++)
            memset(out + i * width + columns, 0, (size_t)(width - columns) * sizeof(float));
}

int64_t dlc_gemm_packed_bytes(dlc_isa isa, int64_t k, int64_t n) {
    dlc_panels p = dlc_panels_of(dlc_tiles(isa), k, n);
    return dlc_packed_floats(&p) * (int64_t)sizeof(float);
}

dlc_pack dlc_matrix_packing(dlc_pack_form form, int64_t k, int64_t n, int64_t row_stride, int64_t column_stride) {
    return (dlc_pack){.form = form, .groups = 1, .outputs = n, .inputs = k, .kernel = {1, 1, 1}, .output_step = column_stride, .input_step = row_stride};
}
