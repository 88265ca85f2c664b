/// A pixel of a depthwise convolution of 8-bit integers: taps that lie inside of the image, vectors of channels; or, with the
/// instruction that adds four products to a lane, lines of blocks of channels.
#include "gemm_integer.h"
#include <string.h>

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

static __attribute__((noinline)) void integer_finish_words(const dlc_integer_line *p, const __m512i sum[4], uint8_t *y, int64_t lanes) {
    if (p->finish->type == DLC_I32) {
        integer_store_words(y, sum, lanes);
        return;
    }
    __m512i out[4];
    for (int i = 0; i < 4; i++) {
        const vf y = vf_fma(__builtin_convertvector((vi)sum[i], vf), vf_load(p->scale + 16 * i), vf_load(p->bias + 16 * i));
        out[i] = (__m512i)vf_min(vf_set1(p->finish->high), vf_max(vf_set1(p->finish->low), y));
    }
    integer_store_words(y, out, lanes);
}

/// What sums become as bytes: `fits` where nothing is too large for 32 bits.
typedef struct { DLC_NAME(integer_limits) limits; vf high; bool fits, plain; } integer_bytes_of_block;

/// The sums of `count` blocks of outputs of `height` lines, constants where this is taken in, the first of each line the
/// `block`-th. Everything is read before a byte is stored, which may be anything's.
DLC_INLINE void integer_finish_blocks(const dlc_integer_line *p, const integer_bytes_of_block *f, __m512i sum[4][4], int64_t block,
                                      const int count, const int height) {
    const int64_t size = dlc_integer_size(p->finish), lanes = p->pixels * p->channels;
    const int64_t step = size * p->pixels * p->y_ld, line = size * p->y_line;
    const int64_t left = p->outputs - (block + count - 1) * p->pixels, last = left >= p->pixels ? lanes : left * p->channels;
    uint8_t *y = p->y + step * block;
    if (size != 1) {
#pragma clang loop unroll(full)
        for (int o = 0; o < count * height; o++) {
            const __m512i held[4] = {sum[o][0], sum[o][1], sum[o][2], sum[o][3]};
            integer_finish_words(p, held, y + o / count * line + o % count * step, o % count == count - 1 ? last : lanes);
        }
        return;
    }
    const bool fits = f->fits;
    const vf high = f->high;
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
        const vf scale = vf_load(p->scale + 16 * i), bias = vf_load(p->bias + 16 * i);
#pragma clang loop unroll(full)
        for (int o = 0; o < count * height; o++) {
            const vf scaled = vf_fma(__builtin_convertvector((vi)sum[o][i], vf), scale, bias);
            sum[o][i] = (__m512i)DLC_NAME(integer_rounded)(fits ? scaled : vf_min(high, scaled));
        }
    }
    // Packing goes by the same parts of vectors as interleaving did.
    const DLC_NAME(integer_limits) limits = f->limits;
    __m512i bytes[4];
    if (f->plain) {
#pragma clang loop unroll(full)
        for (int o = 0; o < count * height; o++) bytes[o] = (__m512i)DLC_NAME(integer_saturate)((const vi *)sum[o], &limits, true);
    } else {
#pragma clang loop unroll(full)
        for (int o = 0; o < count * height; o++) bytes[o] = (__m512i)DLC_NAME(integer_saturate)((const vi *)sum[o], &limits, false);
    }
#pragma clang loop unroll(full)
    for (int o = 0; o < count * height; o++) {
        const int64_t n = o % count == count - 1 ? last : lanes;
        uint8_t *to = y + o / count * line + o % count * step;
        if (n >= 64) _mm512_storeu_si512(to, bytes[o]);
        else _mm512_mask_storeu_epi8(to, ((__mmask64)1 << n) - 1, bytes[o]);
    }
}

/// Bytes of a block that lie inside of the line where its first pixel is `w`.
DLC_INLINE __mmask64 integer_inside(const dlc_integer_line *p, int64_t w) {
    if (w <= -p->pixels || w >= p->width) return 0;
    const int64_t begin = w < 0 ? -w * p->channels : 0, end = (w + p->pixels > p->width ? p->width - w : p->pixels) * p->channels;
    return (end >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << end) - 1) & ~(((__mmask64)1 << begin) - 1);
}

/// How columns are filled: at the edge of the line; with lanes or slots that are not there; with all, or all but the last slot.
enum { INTEGER_EDGE, INTEGER_PARTS, INTEGER_FOUR, INTEGER_THREE };

/// `count` columns of a quad, moving `at`; at the edge of the line from pixel `w` on.
DLC_INLINE uint8_t *integer_fill(const dlc_integer_line *p, const uint8_t *at[4], const __mmask64 exists[4], const int64_t *shifts, int64_t w, int64_t count,
                                 uint8_t *out, const int kind) {
    const __m512i flip = _mm512_set1_epi8((char)p->flip), outside = _mm512_set1_epi8((char)p->outside);
    const int64_t x_ld = p->x_ld, step = 256 * p->quads;
    const uint8_t *from[4] = {at[0], at[1], at[2], at[3]};
    for (int64_t i = 0; i < count; i++, out += step) {
        __m512i x[4];
#pragma clang loop unroll(full)
        for (int s = 0; s < 4; s++) {
            if (kind >= INTEGER_FOUR) {
                x[s] = kind == INTEGER_THREE && s == 3 ? outside : _mm512_loadu_si512(from[s]);
            } else {
                const __mmask64 mask = kind == INTEGER_EDGE ? integer_inside(p, w + i + shifts[s]) & exists[s] : exists[s];
                x[s] = _mm512_mask_loadu_epi8(outside, mask, from[s]);
            }
            x[s] = _mm512_xor_si512(x[s], flip);
            from[s] += x_ld;
        }
        const integer_quads all = interleave_rows(x[0], x[1], x[2], x[3]);
#pragma clang loop unroll(full)
        for (int v = 0; v < 4; v++) _mm512_store_si512(out + 64 * v, all.v[v]);
    }
    for (int s = 0; s < 4; s++) at[s] = from[s];
    return out;
}

/// Columns from pixel `first` on.
DLC_INLINE void integer_fill_columns(const dlc_integer_line *p, int64_t first, int64_t count) {
    const int64_t lanes = p->pixels * p->channels;
    const __mmask64 whole = lanes >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << lanes) - 1;
    for (int64_t quad = 0; quad < p->quads; quad++) {
        const int64_t *shifts = p->shifts + 4 * quad;
        const uint8_t *at[4];
        __mmask64 exists[4];
        for (int s = 0; s < 4; s++) {
            const uint8_t *line = p->lines[4 * quad + s];
            exists[s] = line ? whole : 0;
            at[s] = (line ? line : p->y) + (first + shifts[s]) * p->x_ld;
        }
        // Columns from `begin` on and before `end` are inside of the line with all slots.
        int64_t begin = -shifts[0] - first, end = p->width - p->pixels - shifts[3] - first + 1;
        begin = begin < 0 ? 0 : begin > count ? count : begin;
        end = end < begin ? begin : end > count ? count : end;
        uint8_t *out = integer_fill(p, at, exists, shifts, first, begin, p->columns + 256 * quad, INTEGER_EDGE);
        const bool three = (exists[0] & exists[1] & exists[2]) == ~(__mmask64)0;
        const int64_t inside = end - begin, w = first + begin;
        if (three && exists[3] == 0) out = integer_fill(p, at, exists, shifts, w, inside, out, INTEGER_THREE);
        else if (three && exists[3] == ~(__mmask64)0) out = integer_fill(p, at, exists, shifts, w, inside, out, INTEGER_FOUR);
        else out = integer_fill(p, at, exists, shifts, w, inside, out, INTEGER_PARTS);
        integer_fill(p, at, exists, shifts, first + end, count - end, out, INTEGER_EDGE);
    }
}

/// `count` blocks of outputs of `height` lines, constants where this is taken in; the first reads columns from `x` on.
DLC_INLINE void integer_multiply_columns(const dlc_integer_line *p, const integer_bytes_of_block *f, const uint8_t *x, int64_t block,
                                         const int count, const int height) {
    const int64_t quads = p->quads, step = 256 * quads * p->stride * p->pixels, line = 256 * quads * p->taps;
    __m512i sum[4][4];
#pragma clang loop unroll(full)
    for (int o = 0; o < count * height; o++)
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) sum[o][i] = _mm512_loadu_si512(p->sums + 16 * i);
    const int8_t *w = p->weights;
    for (int64_t tap = 0; tap < p->taps; tap++, x += 256 * quads * (p->dilation - 1))
        for (int64_t quad = 0; quad < quads; quad++, w += 256, x += 256)
#pragma clang loop unroll(full)
            for (int i = 0; i < 4; i++) {
                __m512i weights[2];
#pragma clang loop unroll(full)
                for (int l = 0; l < height; l++) weights[l] = _mm512_loadu_si512(w + l * line + 64 * i);
#pragma clang loop unroll(full)
                for (int o = 0; o < count; o++) {
                    const __m512i column = _mm512_load_si512(x + o * step + 64 * i);
#pragma clang loop unroll(full)
                    for (int l = 0; l < height; l++) sum[l * count + o][i] = _mm512_dpbusd_epi32(sum[l * count + o][i], column, weights[l]);
                }
            }
    integer_finish_blocks(p, f, sum, block, count, height);
}

void dlc_integer_line_avx512_dot(const dlc_integer_line *p) {
    const int64_t blocks = (p->outputs + p->pixels - 1) / p->pixels, at_once = p->height == 2 ? 2 : 4;
    const integer_bytes_of_block f = {
        .limits = DLC_NAME(integer_limits_of)(p->finish), .high = vf_set1(p->finish->high), .fits = dlc_integer_fits(p->scale, p->bias, 64),
        .plain = dlc_integer_is_plain(p->finish),
    };
    for (int64_t first = 0; first < blocks; first += DLC_INTEGER_BLOCKS) {
        const int64_t count = blocks - first < DLC_INTEGER_BLOCKS ? blocks - first : DLC_INTEGER_BLOCKS, apart = p->pixels * p->stride;
        integer_fill_columns(p, p->first + first * apart, (count - 1) * apart + (p->taps - 1) * p->dilation + 1);
        const uint8_t *x = p->columns;
        for (int64_t i = 0; i < count; i += at_once, x += at_once * 256 * p->quads * apart) {
            const int64_t left = count - i;
            if (p->height == 2) {
                if (left >= 2) integer_multiply_columns(p, &f, x, first + i, 2, 2);
                else integer_multiply_columns(p, &f, x, first + i, 1, 2);
            } else if (left >= 4) integer_multiply_columns(p, &f, x, first + i, 4, 1);
            else if (left == 3) integer_multiply_columns(p, &f, x, first + i, 3, 1);
            else if (left == 2) integer_multiply_columns(p, &f, x, first + i, 2, 1);
            else integer_multiply_columns(p, &f, x, first + i, 1, 1);
        }
    }
}

void dlc_integer_line_pack_avx512_dot(const int8_t *w, int64_t row, const int32_t *tap_of, int64_t slots, int64_t channels, int64_t pixels, int32_t zero,
                                      int8_t *weights, int32_t *sums) {
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i sum[4];
    for (int i = 0; i < 4; i++) sum[i] = _mm512_setzero_si512();
    for (int64_t slot = 0; slot < slots; slot += 4, weights += 256) {
        int8_t bytes[4][64] = {{0}};
        for (int i = 0; i < 4; i++)
            for (int64_t pixel = 0; pixel < pixels && tap_of[slot + i] >= 0; pixel++)
                memcpy(bytes[i] + pixel * channels, w + tap_of[slot + i] * row, (size_t)channels);
        const integer_quads all = interleave_rows(_mm512_loadu_si512(bytes[0]), _mm512_loadu_si512(bytes[1]), _mm512_loadu_si512(bytes[2]), _mm512_loadu_si512(bytes[3]));
        for (int i = 0; i < 4; i++) {
            sum[i] = _mm512_dpbusd_epi32(sum[i], ones, all.v[i]);
            _mm512_storeu_si512(weights + 64 * i, all.v[i]);
        }
    }
    for (int i = 0; i < 4; i++) _mm512_storeu_si512(sums + 16 * i, _mm512_mullo_epi32(sum[i], _mm512_set1_epi32(-zero)));
}
DLC_TARGET_END
#endif
