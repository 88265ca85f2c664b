/// 16-bit floats in integer arithmetic: branch-free, so that loops over them vectorise on any processor.
#ifndef DLC_FLOAT16_H
#define DLC_FLOAT16_H

#include <stdint.h>
#include <string.h>

static inline float dlc_float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint32_t dlc_bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float dlc_float_of_half(uint16_t half) {
    uint32_t magnitude = half & 0x7fff, sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t normal = (magnitude << 13) + ((127 - 15) << 23);
    uint32_t special = (magnitude << 13) | 0x7f800000;
    // A subnormal half is an integer times 2^-24.
    uint32_t subnormal = dlc_bits_of_float((float)(int32_t)magnitude * 0x1p-24f);
    uint32_t bits = magnitude >= 0x7c00 ? special : magnitude < 0x0400 ? subnormal : normal;
    return dlc_float_of_bits(sign | bits);
}

/// Rounds to nearest even; NaN becomes the quiet NaN of the same sign.
static inline uint16_t dlc_half_of_float(float value) {
    uint32_t bits = dlc_bits_of_float(value), magnitude = bits & 0x7fffffff;
    uint32_t normal = (magnitude - ((127 - 15) << 23) + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    // Below 2^-14 the addition of 0.5 aligns the last place of a half with that of the sum, and rounds.
    uint32_t subnormal = dlc_bits_of_float(dlc_float_of_bits(magnitude) + 0.5f) - 0x3f000000;
    uint32_t special = magnitude > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t half = magnitude >= 0x47800000 ? special : magnitude < 0x38800000 ? subnormal : normal;
    return (uint16_t)((bits >> 16 & 0x8000) | half);
}

static inline float dlc_float_of_bfloat(uint16_t bfloat) { return dlc_float_of_bits((uint32_t)bfloat << 16); }

/// Rounds to nearest even; NaN becomes quiet.
static inline uint16_t dlc_bfloat_of_float(float value) {
    uint32_t bits = dlc_bits_of_float(value);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16) | 0x40 : rounded);
}

/// A number as the sum of two: the nearest that is finite, and what is nearest to the rest. They differ from it by at most 2⁻¹⁷ of its
/// power of two. What is not finite is all in the second, which meets nothing but others' first part: an infinity that met both parts
/// of a number would meet both signs.
static inline void dlc_split_float(float value, uint16_t parts[2]) {
    const uint32_t bits = dlc_bits_of_float(value), magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x7f800000) parts[0] = 0;
    else parts[0] = magnitude >= 0x7f7f8000 ? (uint16_t)(bits >> 16) : dlc_bfloat_of_float(value);
    parts[1] = dlc_bfloat_of_float(value - dlc_float_of_bfloat(parts[0]));
}

/// Rounds to odd, so that a second rounding to 16 bits gives what one rounding would
/// (S. Boldo and G. Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
static inline float dlc_odd_float_of_double(double value) {
    float nearest = (float)value;
    uint32_t bits = dlc_bits_of_float(nearest);
    double back = (double)nearest;
    double magnitude = value < 0 ? -value : value, back_magnitude = back < 0 ? -back : back;
    uint32_t odd = (bits - (back_magnitude > magnitude)) | 1;
    return dlc_float_of_bits(back == value || value != value ? bits : odd);
}

#endif
