/// Packing weights in few bits.
#include "gemm_compact.h"
#include "float16.h"
#include <math.h>
#include <string.h>

dlc_compact_unpacking dlc_compact_unpacking_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return dlc_compact_unpack_avx512;
    case DLC_ISA_AVX2: return dlc_compact_unpack_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return dlc_compact_unpack_neon;
#endif
    default: return dlc_compact_unpack_portable;
    }
}

dlc_compact_product dlc_compact_few_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return dlc_compact_few_avx512;
    case DLC_ISA_AVX2: return dlc_compact_few_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return dlc_compact_few_neon;
#endif
    default: return dlc_compact_few_portable;
    }
}

/// One column of a block of `rows` rows: the scale whose integers up to `most` err least, of some that cut off the largest weights.
static float scale_of(const float *b, int64_t rows, int64_t row_step, float most) {
    float peak = 0;
    for (int64_t i = 0; i < rows; i++) peak = fmaxf(peak, fabsf(b[i * row_step]));
    // Weights that are infinite or no numbers make all of their block so.
    if (!isfinite(peak)) return peak;
    float best = peak / most;
    if (best < 0x1p-126f) return 1;
    if (most > 7) return best;
    double least = INFINITY;
    const float first = best;
    for (int step = 0; step < 8; step++) {
        const float scale = first * (1 - 0.05f * (float)step);
        double error = 0;
        for (int64_t i = 0; i < rows; i++) {
            const float x = b[i * row_step], q = fminf(fmaxf(rintf(x / scale), -most), most);
            error += (double)(x - q * scale) * (x - q * scale);
        }
        if (error < least) least = error, best = scale;
    }
    return best;
}

float dlc_compact_exact_scale(dlc_pack_form form, const float *b, int64_t rows, int64_t row_step) {
    const int most = form == DLC_PACK_INT8 ? 127 : 7, least = form == DLC_PACK_INT8 ? -127 : -8;
    float smallest = INFINITY;
    for (int64_t i = 0; i < rows; i++) {
        const float x = fabsf(b[i * row_step]);
        if (!isfinite(x)) return 0;
        if (x > 0 && x < smallest) smallest = x;
    }
    if (smallest == INFINITY) return 1;
    // The least weight is one of the first multiples. Weights are products that were rounded, and so is the scale.
    for (int times = 1; times <= -least; times++) {
        const float scale = smallest / (float)times;
        if (scale < 0x1p-100f) return 0;
        int64_t i = 0;
        for (; i < rows; i++) {
            const float quotient = b[i * row_step] / scale, q = rintf(quotient);
            if (q > (float)most || q < (float)least || fabsf(quotient - q) > 0x1p-21f * fmaxf(1, fabsf(q))) break;
        }
        if (i == rows) return scale;
    }
    return 0;
}

static int32_t rounded(float x, float scale, float least, float most) {
    const float q = rintf(x / scale);
    return q != q ? 0 : (int32_t)fminf(fmaxf(q, least), most);
}

static void pack_floats(dlc_pack_form form, int64_t first, int64_t last, int64_t columns, int64_t width, const float *b,
                        int64_t row_step, int64_t column_step, uint8_t *panel) {
    for (int64_t i = first; i < last; i++)
        for (int64_t j = 0; j < width; j++) {
            const float x = j < columns ? b[i * row_step + j * column_step] : 0;
            const uint16_t bits = form == DLC_PACK_HALF ? dlc_half_of_float(x) : dlc_bfloat_of_float(x);
            memcpy(panel + 2 * (i * width + j), &bits, sizeof bits);
        }
}

static void pack_block(dlc_pack_form form, int64_t rows, int64_t columns, int64_t width, const float *b, int64_t row_step,
                       int64_t column_step, uint8_t *out) {
    const float most = form == DLC_PACK_INT8 ? 127 : 7;
    uint8_t *bytes = out + 4 * width;
    memset(bytes, 0, (size_t)(width * (dlc_compact_bytes(form, rows) - 4)));
    for (int64_t j = 0; j < width; j++) {
        const float *column = b + j * column_step;
        const float exact = j < columns ? dlc_compact_exact_scale(form, column, rows, row_step) : 1;
        const float scale = exact > 0 ? exact : scale_of(column, rows, row_step, most), least = exact > 0 && most == 7 ? -8 : -most;
        memcpy(out + 4 * j, &scale, sizeof scale);
        for (int64_t i = 0; j < columns && i < rows; i++) {
            const int32_t q = rounded(column[i * row_step], scale, least, most);
            if (form == DLC_PACK_INT8) bytes[i * width + j] = (uint8_t)q;
            else bytes[i / 2 * width + j] |= (uint8_t)((q & 15) << (i % 2 * 4));
        }
    }
}

void dlc_compact_pack(dlc_pack_form form, int64_t first, int64_t last, int64_t columns, int64_t width, const float *b,
                      int64_t row_step, int64_t column_step, uint8_t *panel) {
    if (form == DLC_PACK_HALF || form == DLC_PACK_BFLOAT) return pack_floats(form, first, last, columns, width, b, row_step, column_step, panel);
    for (int64_t i = first; i < last; i += DLC_COMPACT_BLOCK) {
        const int64_t rows = last - i < DLC_COMPACT_BLOCK ? last - i : DLC_COMPACT_BLOCK;
        pack_block(form, rows, columns, width, b + i * row_step, row_step, column_step, panel + width * dlc_compact_bytes(form, i));
    }
}
