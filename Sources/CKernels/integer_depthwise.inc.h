/// A pixel of a depthwise convolution of 8-bit integers: taps that lie inside of the image, vectors of channels.
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
