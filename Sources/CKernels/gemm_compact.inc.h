/// Weights in few bits, back to floats. Include after isa_*.h and program_convert.inc.h, whose halves it reads.
#include "gemm_compact.h"
#include "gemm_tile.h"

DLC_TARGET_BEGIN
typedef int8_t DLC_NAME(v8) __attribute__((vector_size(VL), aligned(1), may_alias));
typedef uint8_t DLC_NAME(u8) __attribute__((vector_size(VL), aligned(1), may_alias));

DLC_INLINE vf signed_bytes(const uint8_t *p) { return __builtin_convertvector(*(const DLC_NAME(v8) *)p, vf); }

/// A vector of columns of a block: `rows` rows of bytes.
DLC_INLINE void unpack_bytes(int64_t rows, int64_t width, const uint8_t *packed, vf scale, float *out) {
    for (int64_t i = 0; i < rows; i++) vf_store(out + i * width, signed_bytes(packed + i * width) * scale);
}

/// The signed number in the lower four bits of each lane, whose others may be anything.
DLC_INLINE vf signed_halves(vi x) {
#if VL == 16
    return (vf)_mm512_permutexvar_ps((__m512i)x, _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, -8, -7, -6, -5, -4, -3, -2, -1));
#else
    return __builtin_convertvector((x << 28) >> 28, vf);
#endif
}

/// A vector of columns of a block: rows by twos in halves of bytes.
DLC_INLINE void unpack_halves(int64_t rows, int64_t width, const uint8_t *packed, vf scale, float *out) {
    for (int64_t i = 0; i < rows; i += 2, packed += width, out += 2 * width) {
        const vi both = __builtin_convertvector(*(const DLC_NAME(u8) *)packed, vi);
        vf_store(out, signed_halves(both) * scale);
        if (i + 1 < rows) vf_store(out + width, signed_halves(both >> 4) * scale);
    }
}

static void DLC_NAME(unpack_floats)(dlc_pack_form form, int64_t n, const uint8_t *packed, float *d) {
    if (form == DLC_PACK_HALF) {
        const DLC_HALF *s = (const DLC_HALF *)packed;
        DLC_LOOP d[i] = DLC_READ_HALF(s[i]);
    } else {
        const uint16_t *s = (const uint16_t *)packed;
        DLC_LOOP d[i] = dlc_float_of_bfloat(s[i]);
    }
}

void DLC_NAME(dlc_compact_unpack)(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out) {
    if (form == DLC_PACK_HALF || form == DLC_PACK_BFLOAT) return DLC_NAME(unpack_floats)(form, rows * width, packed, out);
    for (; rows > 0; rows -= DLC_COMPACT_BLOCK, out += DLC_COMPACT_BLOCK * width) {
        const int64_t some = rows < DLC_COMPACT_BLOCK ? rows : DLC_COMPACT_BLOCK;
        const float *scales = (const float *)packed;
        const uint8_t *bytes = packed + 4 * width;
        for (int64_t j = 0; j < width; j += VL) {
            if (form == DLC_PACK_INT8) unpack_bytes(some, width, bytes + j, vf_load(scales + j), out + j);
            else unpack_halves(some, width, bytes + j, vf_load(scales + j), out + j);
        }
        packed += width * dlc_compact_bytes(form, some);
    }
}

#if DLC_HAS_HALF
typedef _Float16 DLC_NAME(halves) __attribute__((vector_size(2 * VL), aligned(2), may_alias));
#endif
typedef uint16_t DLC_NAME(u16) __attribute__((vector_size(2 * VL), aligned(2), may_alias));
typedef uint32_t DLC_NAME(u32) __attribute__((vector_size(4 * VL)));

DLC_INLINE vf wide_float(const dlc_pack_form form, const uint8_t *p) {
    if (form == DLC_PACK_BFLOAT) return (vf)(__builtin_convertvector(*(const DLC_NAME(u16) *)p, DLC_NAME(u32)) << 16);
#if DLC_HAS_HALF
    return __builtin_convertvector(*(const DLC_NAME(halves) *)p, vf);
#else
    vf x;
    for (int i = 0; i < VL; i++) x[i] = dlc_float_of_half(((const uint16_t *)p)[i]);
    return x;
#endif
}

/// Asks for the weights that are read some rows after these.
DLC_INLINE void compact_fetch(const uint8_t *packed, int64_t bytes) {
    vf_fetch_pages((const float *)packed, bytes);
    for (int64_t i = 0; i < bytes; i += 64) __builtin_prefetch(packed + 2048 + i);
}

/// sum[r][v] += a[r][k] · b[v].
#define COMPACT_ADD(k, column) \
    for (int r = 0; r < rows; r++) { \
        const vf scalar = vf_set1(a[r][k]); \
        _Pragma("clang loop unroll(full)") \
        for (int v = 0; v < vectors; v++) sum[r][v] = vf_fma(scalar, (column), sum[r][v]); \
    }

DLC_INLINE void few_floats(const dlc_pack_form form, const int rows, const int vectors, int64_t k, const float *const *a, const uint8_t *packed,
                           vf sum[][DLC_TILE_MOST_VECTORS]) {
#pragma clang loop unroll_count(2)
    for (int64_t i = 0; i < k; i++, packed += 2 * vectors * VL) {
        compact_fetch(packed, 2 * vectors * VL);
        vf column[DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) column[v] = wide_float(form, packed + 2 * v * VL);
#pragma clang loop unroll(full)
        COMPACT_ADD(i, column[v])
    }
}

DLC_INLINE void few_bytes(const int rows, const int vectors, int64_t k, const float *const *a, const uint8_t *packed,
                          vf total[][DLC_TILE_MOST_VECTORS]) {
    const int64_t width = vectors * VL;
    for (int64_t first = 0; first < k; first += DLC_COMPACT_BLOCK) {
        const int64_t last = k - first < DLC_COMPACT_BLOCK ? k : first + DLC_COMPACT_BLOCK;
        const float *scales = (const float *)packed;
        vf sum[DLC_COMPACT_FEW][DLC_TILE_MOST_VECTORS] = {0};
        packed += 4 * width;
#pragma clang loop unroll_count(2)
        for (int64_t i = first; i < last; i++, packed += width) {
            compact_fetch(packed, width);
            vf column[DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) column[v] = signed_bytes(packed + v * VL);
#pragma clang loop unroll(full)
            COMPACT_ADD(i, column[v])
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) total[r][v] = vf_fma(sum[r][v], vf_load(scales + v * VL), total[r][v]);
    }
}

DLC_INLINE void few_halves(const int rows, const int vectors, int64_t k, const float *const *a, const uint8_t *packed,
                           vf total[][DLC_TILE_MOST_VECTORS]) {
    const int64_t width = vectors * VL;
    for (int64_t first = 0; first < k; first += DLC_COMPACT_BLOCK) {
        const int64_t last = k - first < DLC_COMPACT_BLOCK ? k : first + DLC_COMPACT_BLOCK;
        const float *scales = (const float *)packed;
        vf sum[DLC_COMPACT_FEW][DLC_TILE_MOST_VECTORS] = {0};
        packed += 4 * width;
        for (int64_t i = first; i < last; i += 2, packed += width) {
            compact_fetch(packed, width);
            vf low[DLC_TILE_MOST_VECTORS], high[DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) {
                const vi both = __builtin_convertvector(*(const DLC_NAME(u8) *)(packed + v * VL), vi);
                low[v] = signed_halves(both);
                high[v] = signed_halves(both >> 4);
            }
#pragma clang loop unroll(full)
            COMPACT_ADD(i, low[v])
            if (i + 1 < last) {
#pragma clang loop unroll(full)
                COMPACT_ADD(i + 1, high[v])
            }
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) total[r][v] = vf_fma(sum[r][v], vf_load(scales + v * VL), total[r][v]);
    }
}

DLC_INLINE void few_rows(const dlc_pack_form form, const int rows, const int vectors, int64_t k, const float *const *a, const uint8_t *packed,
                         float *out) {
    vf total[DLC_COMPACT_FEW][DLC_TILE_MOST_VECTORS] = {0};
    switch (form) {
    case DLC_PACK_INT8: few_bytes(rows, vectors, k, a, packed, total); break;
    case DLC_PACK_INT4: few_halves(rows, vectors, k, a, packed, total); break;
    case DLC_PACK_HALF: few_floats(DLC_PACK_HALF, rows, vectors, k, a, packed, total); break;
    default: few_floats(DLC_PACK_BFLOAT, rows, vectors, k, a, packed, total);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) vf_store(out + (r * vectors + v) * VL, total[r][v]);
}
#undef COMPACT_ADD

#define FEW(rows, vectors) DLC_APART void DLC_NAME(few_##rows##_##vectors)(dlc_pack_form form, int64_t k, const float *const *a, const uint8_t *packed, float *out) { \
        few_rows(form, rows, vectors, k, a, packed, out); \
    }
#define FEW_ROWS(vectors) FEW(1, vectors) FEW(2, vectors) FEW(3, vectors) FEW(4, vectors)
#define FEW_CASE(vectors) case vectors: \
    switch (rows) { \
    case 1: DLC_NAME(few_1_##vectors)(form, k, a, packed, out); return; \
    case 2: DLC_NAME(few_2_##vectors)(form, k, a, packed, out); return; \
    case 3: DLC_NAME(few_3_##vectors)(form, k, a, packed, out); return; \
    default: DLC_NAME(few_4_##vectors)(form, k, a, packed, out); return; \
    }
FEW_ROWS(1) FEW_ROWS(2)
#if DLC_REGISTERS == 32
FEW_ROWS(3) FEW_ROWS(4)
#endif

void DLC_NAME(dlc_compact_few)(dlc_pack_form form, int64_t rows, int64_t k, int64_t width, const float *const *a, const uint8_t *packed, float *out) {
    switch (width / VL) {
    FEW_CASE(1)
    FEW_CASE(2)
#if DLC_REGISTERS == 32
    FEW_CASE(3)
    FEW_CASE(4)
#endif
    default: break;
    }
}
#undef FEW
#undef FEW_ROWS
#undef FEW_CASE
DLC_TARGET_END
