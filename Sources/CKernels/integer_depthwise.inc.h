/// A pixel of a depthwise convolution of 8-bit integers: taps that lie inside of the image, vectors of channels; or, with the
/// instruction that adds four products to a lane, blocks of channels and all taps.
#include "gemm_integer.h"

DLC_TARGET_BEGIN
typedef uint8_t DLC_NAME(integer_u8) __attribute__((vector_size(VL), aligned(1), may_alias));
typedef int8_t DLC_NAME(integer_s8) __attribute__((vector_size(VL), aligned(1), may_alias));
typedef int16_t DLC_NAME(integer_s16) __attribute__((vector_size(2 * VL), aligned(2), may_alias));

DLC_INLINE vi DLC_NAME(integer_channels)(const dlc_integer_pixel *p, int64_t c, bool is_signed) {
    vi sum = {0};
    const vi zero = vi_set1(p->x_zero);
    for (int64_t t = 0; t < p->taps; t++) {
        const uint8_t *x = p->x[t] + c;
        const vi value = is_signed ? __builtin_convertvector(*(const DLC_NAME(integer_s8) *)x, vi) : __builtin_convertvector(*(const DLC_NAME(integer_u8) *)x, vi);
        sum = integer_add(sum, (value - zero) * __builtin_convertvector(*(const DLC_NAME(integer_s16) *)(p->w[t] + c), vi));
    }
    return sum;
}

void DLC_NAME(dlc_integer_pixel)(const dlc_integer_pixel *p) {
    const int64_t size = dlc_integer_size(p->finish);
    int64_t c = 0;
    if (p->multiplier == 1 && p->channels >= VL)
        while (c < p->channels) {
            if (c + VL > p->channels) c = p->channels - VL; // some once more, the same
            const vi sum = p->x_signed ? DLC_NAME(integer_channels)(p, c, true) : DLC_NAME(integer_channels)(p, c, false);
            DLC_NAME(integer_store)(p->y + size * c, sum, VL, p->finish, p->scale + c, p->bias + c);
            c += VL;
        }
    for (; c < p->channels; c++)
        for (int64_t j = c * p->multiplier; j < (c + 1) * p->multiplier; j++) {
            uint32_t sum = 0;
            for (int64_t t = 0; t < p->taps; t++) {
                const int32_t x = p->x_signed ? (int8_t)p->x[t][c] : p->x[t][c];
                sum += (uint32_t)((x - p->x_zero) * p->w[t][j]);
            }
            float scale[VL] = {p->scale[j]}, bias[VL] = {p->bias[j]};
            DLC_NAME(integer_store)(p->y + size * j, (vi){(int32_t)sum}, 1, p->finish, scale, bias);
        }
}
DLC_TARGET_END

#if VL == 16
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512vnni,avx2,fma,f16c,bmi2"))), apply_to = function)
typedef struct { __m512i v[4]; } integer_quads;

/// Four rows of 64 bytes as quads, in the order of blocks.
DLC_INLINE integer_quads interleave_rows(__m512i a, __m512i b, __m512i c, __m512i d) {
    const __m512i ab = _mm512_unpacklo_epi8(a, b), cd = _mm512_unpacklo_epi8(c, d);
    const __m512i ab_high = _mm512_unpackhi_epi8(a, b), cd_high = _mm512_unpackhi_epi8(c, d);
    return (integer_quads){{_mm512_unpacklo_epi16(ab, cd), _mm512_unpackhi_epi16(ab, cd),
                            _mm512_unpacklo_epi16(ab_high, cd_high), _mm512_unpackhi_epi16(ab_high, cd_high)}};
}

/// Vectors in the order of blocks as four vectors of neighbours: 4 × 4 parts of four lanes, transposed.
DLC_INLINE integer_quads integer_neighbours(const __m512i v[4]) {
    const __m512i a = _mm512_shuffle_i32x4(v[0], v[1], 0x44), b = _mm512_shuffle_i32x4(v[2], v[3], 0x44);
    const __m512i c = _mm512_shuffle_i32x4(v[0], v[1], 0xee), d = _mm512_shuffle_i32x4(v[2], v[3], 0xee);
    return (integer_quads){{_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd),
                            _mm512_shuffle_i32x4(c, d, 0x88), _mm512_shuffle_i32x4(c, d, 0xdd)}};
}

DLC_INLINE void integer_store_words(uint8_t *y, const __m512i v[4], int64_t channels) {
    const integer_quads all = integer_neighbours(v);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++)
        if (channels > 16 * i) vf_store_n((float *)y + 16 * i, (vf)all.v[i], channels - 16 * i < 16 ? channels - 16 * i : 16);
}

DLC_INLINE void integer_finish_block(const dlc_integer_block *p, const __m512i sum[4], __mmask64 mask) {
    const dlc_integer_finish *f = p->finish;
    if (f->type == DLC_I32) {
        integer_store_words(p->y, sum, p->channels);
        return;
    }
    __m512i out[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        vf y = vf_fma(__builtin_convertvector((vi)sum[i], vf), vf_load(p->scale + 16 * i), vf_load(p->bias + 16 * i));
        if (f->type == DLC_F32) {
            out[i] = (__m512i)vf_min(vf_set1(f->high), vf_max(vf_set1(f->low), y));
            continue;
        }
        // As `integer_store` does it.
        y = vf_min(vf_max(y, vf_set1(f->low)), vf_set1(f->high));
        out[i] = (__m512i)((vi)(y + vf_set1(12582912.0f)) - vi_set1(0x4b400000 - f->zero));
    }
    if (f->type == DLC_F32) {
        integer_store_words(p->y, out, p->channels);
        return;
    }
    // Packing goes by the same parts of vectors as interleaving did.
    const __m512i low = _mm512_packs_epi32(out[0], out[1]), high = _mm512_packs_epi32(out[2], out[3]);
    _mm512_mask_storeu_epi8(p->y, mask, f->type == DLC_U8 ? _mm512_packus_epi16(low, high) : _mm512_packs_epi16(low, high));
}

void dlc_integer_block_avx512_dot(const dlc_integer_block *p) {
    const __mmask64 mask = p->channels >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << p->channels) - 1;
    const __m512i flip = _mm512_set1_epi8((char)p->flip);
    __m512i sum[4];
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) sum[i] = _mm512_loadu_si512(p->sums + 16 * i);
    const int8_t *w = p->weights;
    for (int64_t quad = 0; quad < p->quads; quad++, w += 256) {
        __m512i x[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) x[i] = _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, p->x[4 * quad + i] + p->first), flip);
        const integer_quads all = interleave_rows(x[0], x[1], x[2], x[3]);
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], all.v[i], _mm512_loadu_si512(w + 64 * i));
    }
    integer_finish_block(p, sum, mask);
}

void dlc_integer_block_pack_avx512_dot(const int8_t *w, int64_t row, int64_t taps, int64_t channels, int32_t zero, int8_t *weights, int32_t *sums) {
    const __mmask64 mask = channels >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << channels) - 1;
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm512_setzero_si512();
    for (int64_t tap = 0; tap < taps; tap += 4, weights += 256) {
        __m512i x[4];
        for (int i = 0; i < 4; i++) x[i] = tap + i < taps ? _mm512_maskz_loadu_epi8(mask, w + (tap + i) * row) : _mm512_setzero_si512();
        const integer_quads all = interleave_rows(x[0], x[1], x[2], x[3]);
        for (int i = 0; i < 4; i++) {
            sum[i] = _mm512_dpbusd_epi32(sum[i], ones, all.v[i]);
            _mm512_storeu_si512(weights + 64 * i, all.v[i]);
        }
    }
    for (int i = 0; i < 4; i++) _mm512_storeu_si512(sums + 16 * i, _mm512_mullo_epi32(sum[i], _mm512_set1_epi32(-zero)));
}
DLC_TARGET_END
#endif
