/// Integers of two and four bits and floats of four and eight: one byte each in memory.
#include "dlc_narrow.h"

#include "float16.h"
#include "gather_index.h"

#include <math.h>
#include <string.h>

enum { task_elements = 16 << 10, tile = 256 };

/// A float of a sign, an exponent and `mantissa` bits, whose least normal number is 2^least.
typedef struct {
    int8_t mantissa, least, sign_bit;
    uint8_t most, infinity, nan; ///< codes without sign; infinity is that of NaN where there is none
    bool one_zero; ///< whether there is neither −0 nor a sign of NaN
} narrow_float;

static const narrow_float *float_of(dlc_type type) {
    static const narrow_float kinds[] = {
        { 3, -6, 7, 0x7e, 0x7f, 0x7f, false }, { 3, -7, 7, 0x7f, 0x80, 0x80, true }, { 2, -14, 7, 0x7b, 0x7c, 0x7e, false },
        { 2, -15, 7, 0x7f, 0x80, 0x80, true }, { 1, 0, 3, 0x7, 0x7, 0, false },
    };
    switch (type) {
    case DLC_F8E4M3FN: return kinds;
    case DLC_F8E4M3FNUZ: return kinds + 1;
    case DLC_F8E5M2: return kinds + 2;
    case DLC_F8E5M2FNUZ: return kinds + 3;
    case DLC_F4E2M1: return kinds + 4;
    default: return 0;
    }
}

static double decode(const narrow_float *f, uint8_t code) {
    int sign = code >> f->sign_bit & 1, magnitude = code & ((1 << f->sign_bit) - 1);
    if (f->one_zero ? code == f->nan : f->sign_bit == 7 && magnitude > f->most)
        return f->one_zero || magnitude != f->infinity || f->infinity == f->nan ? NAN : sign ? -INFINITY : INFINITY;
    int exponent = magnitude >> f->mantissa, rest = magnitude & ((1 << f->mantissa) - 1);
    double value = exponent == 0 ? ldexp(rest, f->least - f->mantissa) : ldexp((1 << f->mantissa) + rest, f->least + exponent - 1 - f->mantissa);
    return sign ? -value : value;
}

/// Rounds to nearest even. Where the type has no NaN, it becomes −0.
static uint8_t encode(const narrow_float *f, double x, bool saturate) {
    uint8_t sign = (uint8_t)((signbit(x) != 0) << f->sign_bit);
    if (x != x) return f->one_zero ? f->nan : f->nan == 0 ? (uint8_t)(1 << f->sign_bit) : (uint8_t)(sign | f->nan);
    double size = fabs(x);
    int64_t code = INT64_MAX;
    if (size < 0x1p20) {
        int exponent = size == 0 ? f->least : ilogb(size);
        if (exponent < f->least) exponent = f->least;
        int64_t units = (int64_t)rint(ldexp(size, f->mantissa - exponent)), one = (int64_t)1 << f->mantissa;
        if (units == 2 * one) exponent += 1, units = one;
        code = units < one ? units : ((int64_t)(exponent - f->least + 1) << f->mantissa) + units - one;
    }
    if (code == 0 && f->one_zero) return 0;
    if (code > f->most) {
        if (saturate) return sign | f->most;
        return f->one_zero ? f->nan : (uint8_t)(sign | f->infinity);
    }
    return (uint8_t)(sign | code);
}

/// A power of two by its exponent; the sign is dropped.
static uint8_t encode_exponent(float x, bool saturate, dlc_narrow_rounding rounding) {
    uint32_t bits = dlc_bits_of_float(x), exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff;
    if (exponent == 0xff) return 0xff;
    bool up = rounding == DLC_NARROW_UP ? fraction != 0
        : rounding == DLC_NARROW_NEAREST ? fraction > 0x400000 || (fraction == 0x400000 && exponent > 0) : false;
    if (saturate && exponent == 0xfe) up = false;
    return (uint8_t)(exponent + up);
}

static int bits_of(dlc_type type) {
    switch (type) {
    case DLC_I4: case DLC_U4: case DLC_F4E2M1: return 4;
    case DLC_I2: case DLC_U2: return 2;
    default: return 8;
    }
}

static bool is_narrow(dlc_type type) { return type > DLC_BOOL && type <= DLC_F4E2M1; }

/// Elements as doubles, which hold all that the types can be.
static void widen(dlc_type type, const uint8_t *source, double *result, int64_t n) {
    const narrow_float *f = float_of(type);
    for (int64_t i = 0; i < n; ++i) {
        uint8_t code = source[i];
        if (f) result[i] = decode(f, code);
        else if (type == DLC_F8E8M0) result[i] = code == 0xff ? NAN : ldexp(1, code - 127);
        else if (type == DLC_I4 || type == DLC_I2) result[i] = (int8_t)code;
        else result[i] = code;
    }
}

static uint8_t narrowed(dlc_type type, double x, bool saturate, dlc_narrow_rounding rounding) {
    const narrow_float *f = float_of(type);
    if (f) return encode(f, x, saturate || type == DLC_F4E2M1);
    if (type == DLC_F8E8M0) return encode_exponent((float)x, saturate, rounding);
    // Truncated, and of that the lowest bits.
    int64_t whole = x > -0x1p63 && x < 0x1p63 ? (int64_t)x : 0;
    int unused = 64 - bits_of(type);
    if (type == DLC_I4 || type == DLC_I2) return (uint8_t)((int64_t)((uint64_t)whole << unused) >> unused);
    return (uint8_t)((uint64_t)whole << unused >> unused);
}

void dlc_convert_narrow(
    dlc_type from, dlc_type to, const void *src, void *dst, int64_t n, bool saturate, dlc_narrow_rounding rounding
) {
    double values[tile];
    int64_t from_bytes = dlc_type_bytes(from), to_bytes = dlc_type_bytes(to);
    for (int64_t i = 0; i < n; i += tile) {
        int64_t part = dlc_lesser(tile, n - i);
        const char *source = (const char *)src + i * from_bytes;
        char *target = (char *)dst + i * to_bytes;
        if (is_narrow(from)) widen(from, (const uint8_t *)source, values, part);
        else dlc_convert(from, DLC_F64, source, values, part);
        if (!is_narrow(to)) dlc_convert(DLC_F64, to, values, target, part);
        else for (int64_t k = 0; k < part; ++k) target[k] = (char)narrowed(to, values[k], saturate, rounding);
    }
}

void dlc_pack_narrow(dlc_type type, const void *elements, void *packed, int64_t n) {
    int bits = bits_of(type), each = 8 / bits;
    const uint8_t *source = elements;
    uint8_t *target = packed;
    for (int64_t i = 0; i < n; i += each) {
        uint32_t byte = 0;
        for (int k = 0; k < each && i + k < n; ++k) byte |= (uint32_t)(source[i + k] & ((1 << bits) - 1)) << (k * bits);
        target[i / each] = (uint8_t)byte;
    }
}

void dlc_unpack_narrow(dlc_type type, const void *packed, void *elements, int64_t n) {
    int bits = bits_of(type), each = 8 / bits;
    const uint8_t *source = packed;
    uint8_t *target = elements;
    bool is_signed = type == DLC_I4 || type == DLC_I2;
    for (int64_t i = 0; i < n; ++i) {
        uint8_t code = (uint8_t)(source[i / each] >> (i % each * bits) & ((1 << bits) - 1));
        target[i] = is_signed ? (uint8_t)((int8_t)(code << (8 - bits)) >> (8 - bits)) : code;
    }
}

int32_t dlc_type_bits(dlc_type type) { return is_narrow(type) ? bits_of(type) : 8 * dlc_type_bytes(type); }

static void run_narrow(const dlc_call *call) {
    const dlc_narrow *p = call->params;
    int64_t first = call->begin * task_elements, end = dlc_lesser(call->end * task_elements, p->elements);
    const char *source = (const char *)call->buffers[0] + first * dlc_type_bytes(p->from);
    dlc_convert_narrow(
        p->from, p->to, source, (char *)call->buffers[1] + first * dlc_type_bytes(p->to), end - first, p->saturate, p->rounding);
}

bool dlc_narrow_prepare(dlc_isa isa, dlc_narrow *p, dlc_launch *launch) {
    (void)isa;
    if (dlc_type_bytes(p->from) == 0 || dlc_type_bytes(p->to) == 0 || p->elements < 0 || p->rounding > DLC_NARROW_DOWN) return false;
    *launch = (dlc_launch){ .run = run_narrow, .phases = 1, .tasks = dlc_quotient_up(p->elements, task_elements) };
    return true;
}
