// Loads and stores of tile registers: every element type to and from every compute type. The loops are
// plain C that the compiler vectorises for the instruction set of the including file.
#include "float16.h"
#include "program.h"

// A compiler that leaves one of the loops scalar (a sanitizer's build does) needs no warning.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wpass-failed"

DLC_TARGET_BEGIN

#define DLC_LOOP _Pragma("clang loop vectorize(assume_safety) interleave(enable)") for (int64_t i = 0; i < n; ++i)

// With conversion instructions for halves (all targets but the portable one) the compiler's own type is used.
#if DLC_HAS_HALF
typedef _Float16 DLC_NAME(half);
#define DLC_HALF DLC_NAME(half)
#define DLC_READ_HALF(x) ((float)(x))
#define DLC_WRITE_HALF(x) ((DLC_HALF)(x))
#else
#define DLC_HALF uint16_t
#define DLC_READ_HALF(x) dlc_float_of_half(x)
#define DLC_WRITE_HALF(x) dlc_half_of_float(x)
#endif

// Float to integer as C compilers for x86 do it, and so ONNX Runtime: truncated to 32 bits, of 32-bit unsigned and wider
// types to 64, then wrapped; what does not fit, and NaN, is the most negative number before wrapping. The bounds are floats, so
// that floats are compared as such.
#define DLC_TO_I64(x) ((x) > -0x1p63f && (x) < 0x1p63f ? (int64_t)(x) : INT64_MIN)
#define DLC_TO_I32(x) ((x) > -0x1p31f && (x) < 0x1p31f ? (int32_t)(x) : INT32_MIN)
#define DLC_TO_U64(x) ((x) >= 0x1p63f ? (x) < 0x1p64f ? (uint64_t)(x) : 0 : (uint64_t)DLC_TO_I64(x))

#define DLC_LOAD_CASE(TYPE, S, expression) \
    case TYPE: { const S *s = src; DLC_LOOP { S x = s[i]; d[i] = (expression); } break; }

DLC_APART void DLC_NAME(load_f32)(dlc_type from, int64_t n, const void *src, float *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, x)
    DLC_LOAD_CASE(DLC_F64, double, (float)x)
    DLC_LOAD_CASE(DLC_F16, DLC_HALF, DLC_READ_HALF(x))
    DLC_LOAD_CASE(DLC_BF16, uint16_t, dlc_float_of_bfloat(x))
    DLC_LOAD_CASE(DLC_I8, int8_t, (float)x)
    DLC_LOAD_CASE(DLC_I16, int16_t, (float)x)
    DLC_LOAD_CASE(DLC_I32, int32_t, (float)x)
    DLC_LOAD_CASE(DLC_I64, int64_t, (float)x)
    DLC_LOAD_CASE(DLC_U8, uint8_t, (float)x)
    DLC_LOAD_CASE(DLC_U16, uint16_t, (float)x)
    DLC_LOAD_CASE(DLC_U32, uint32_t, (float)x)
    DLC_LOAD_CASE(DLC_U64, uint64_t, (float)x)
    DLC_LOAD_CASE(DLC_BOOL, uint8_t, x != 0 ? 1.0f : 0.0f)
    default: break;  // Narrow types have a kernel of their own.
    }
}

DLC_APART void DLC_NAME(load_f64)(dlc_type from, int64_t n, const void *src, double *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, x)
    DLC_LOAD_CASE(DLC_F64, double, x)
    DLC_LOAD_CASE(DLC_F16, DLC_HALF, DLC_READ_HALF(x))
    DLC_LOAD_CASE(DLC_BF16, uint16_t, dlc_float_of_bfloat(x))
    DLC_LOAD_CASE(DLC_I8, int8_t, x)
    DLC_LOAD_CASE(DLC_I16, int16_t, x)
    DLC_LOAD_CASE(DLC_I32, int32_t, x)
    DLC_LOAD_CASE(DLC_I64, int64_t, (double)x)
    DLC_LOAD_CASE(DLC_U8, uint8_t, x)
    DLC_LOAD_CASE(DLC_U16, uint16_t, x)
    DLC_LOAD_CASE(DLC_U32, uint32_t, x)
    DLC_LOAD_CASE(DLC_U64, uint64_t, (double)x)
    DLC_LOAD_CASE(DLC_BOOL, uint8_t, x != 0 ? 1.0 : 0.0)
    default: break;  // Narrow types have a kernel of their own.
    }
}

DLC_APART void DLC_NAME(load_i64)(dlc_type from, int64_t n, const void *src, int64_t *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, DLC_TO_I64(x))
    DLC_LOAD_CASE(DLC_F64, double, DLC_TO_I64(x))
    DLC_LOAD_CASE(DLC_F16, DLC_HALF, DLC_TO_I64(DLC_READ_HALF(x)))
    DLC_LOAD_CASE(DLC_BF16, uint16_t, DLC_TO_I64(dlc_float_of_bfloat(x)))
    DLC_LOAD_CASE(DLC_I8, int8_t, x)
    DLC_LOAD_CASE(DLC_I16, int16_t, x)
    DLC_LOAD_CASE(DLC_I32, int32_t, x)
    DLC_LOAD_CASE(DLC_I64, int64_t, x)
    DLC_LOAD_CASE(DLC_U8, uint8_t, x)
    DLC_LOAD_CASE(DLC_U16, uint16_t, x)
    DLC_LOAD_CASE(DLC_U32, uint32_t, x)
    DLC_LOAD_CASE(DLC_U64, uint64_t, (int64_t)x)
    DLC_LOAD_CASE(DLC_BOOL, uint8_t, x != 0)
    default: break;  // Narrow types have a kernel of their own.
    }
}

DLC_APART void DLC_NAME(load_u64)(dlc_type from, int64_t n, const void *src, uint64_t *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, DLC_TO_U64(x))
    DLC_LOAD_CASE(DLC_F64, double, DLC_TO_U64(x))
    DLC_LOAD_CASE(DLC_F16, DLC_HALF, DLC_TO_U64(DLC_READ_HALF(x)))
    DLC_LOAD_CASE(DLC_BF16, uint16_t, DLC_TO_U64(dlc_float_of_bfloat(x)))
    default: DLC_NAME(load_i64)(from, n, src, (int64_t *)d);
    }
}

/// Of floats truth values alone.
DLC_APART void DLC_NAME(load_i32)(dlc_type from, int64_t n, const void *src, int32_t *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, x != 0)
    DLC_LOAD_CASE(DLC_F64, double, x != 0)
    DLC_LOAD_CASE(DLC_I8, int8_t, x)
    DLC_LOAD_CASE(DLC_I16, int16_t, x)
    case DLC_U32: DLC_LOAD_CASE(DLC_I32, int32_t, x)
    DLC_LOAD_CASE(DLC_U8, uint8_t, x)
    DLC_LOAD_CASE(DLC_U16, uint16_t, x)
    DLC_LOAD_CASE(DLC_BOOL, uint8_t, x != 0)
    default: break;
    }
}

DLC_APART void DLC_NAME(load_u8)(dlc_type from, int64_t n, const void *src, uint8_t *d) {
    switch (from) {
    DLC_LOAD_CASE(DLC_F32, float, x != 0)
    DLC_LOAD_CASE(DLC_F64, double, x != 0)
    case DLC_I8: DLC_LOAD_CASE(DLC_U8, uint8_t, x)
    DLC_LOAD_CASE(DLC_BOOL, uint8_t, x != 0)
    default: break;
    }
}

static void DLC_NAME(load)(dlc_type from, dlc_compute to, int64_t n, const void *src, void *dst) {
    switch ((int)to) {
    case DLC_COMPUTE_F32: DLC_NAME(load_f32)(from, n, src, dst); break;
    case DLC_COMPUTE_F64: DLC_NAME(load_f64)(from, n, src, dst); break;
    case DLC_COMPUTE_I64: DLC_NAME(load_i64)(from, n, src, dst); break;
    case DLC_COMPUTE_U64: DLC_NAME(load_u64)(from, n, src, dst); break;
    case DLC_COMPUTE_I32: DLC_NAME(load_i32)(from, n, src, dst); break;
    case DLC_COMPUTE_U8: DLC_NAME(load_u8)(from, n, src, dst); break;
    }
}

#define DLC_STORE_CASE(TYPE, D, expression) \
    case TYPE: { D *d = dst; DLC_LOOP { __auto_type x = s[i]; d[i] = (D)(expression); } break; }

#define DLC_STORE_FLOAT(to_f32, to_half) \
    switch (to) { \
    DLC_STORE_CASE(DLC_F32, float, x) \
    DLC_STORE_CASE(DLC_F64, double, x) \
    DLC_STORE_CASE(DLC_F16, DLC_HALF, to_half) \
    DLC_STORE_CASE(DLC_BF16, uint16_t, dlc_bfloat_of_float(to_f32)) \
    DLC_STORE_CASE(DLC_I8, int8_t, DLC_TO_I32(x)) \
    DLC_STORE_CASE(DLC_I16, int16_t, DLC_TO_I32(x)) \
    DLC_STORE_CASE(DLC_I32, int32_t, DLC_TO_I32(x)) \
    DLC_STORE_CASE(DLC_I64, int64_t, DLC_TO_I64(x)) \
    DLC_STORE_CASE(DLC_U8, uint8_t, DLC_TO_I32(x)) \
    DLC_STORE_CASE(DLC_U16, uint16_t, DLC_TO_I32(x)) \
    DLC_STORE_CASE(DLC_U32, uint32_t, DLC_TO_I64(x)) \
    DLC_STORE_CASE(DLC_U64, uint64_t, DLC_TO_U64(x)) \
    DLC_STORE_CASE(DLC_BOOL, uint8_t, x != 0) \
    default: break; \
    }

#define DLC_STORE_INTEGER \
    switch (to) { \
    DLC_STORE_CASE(DLC_F32, float, x) \
    DLC_STORE_CASE(DLC_F64, double, x) \
    DLC_STORE_CASE(DLC_F16, DLC_HALF, DLC_WRITE_HALF((float)x)) \
    DLC_STORE_CASE(DLC_BF16, uint16_t, dlc_bfloat_of_float(dlc_odd_float_of_double((double)x))) \
    case DLC_I8: DLC_STORE_CASE(DLC_U8, uint8_t, x) \
    case DLC_I16: DLC_STORE_CASE(DLC_U16, uint16_t, x) \
    case DLC_I32: DLC_STORE_CASE(DLC_U32, uint32_t, x) \
    case DLC_I64: DLC_STORE_CASE(DLC_U64, uint64_t, x) \
    DLC_STORE_CASE(DLC_BOOL, uint8_t, x != 0) \
    default: break; \
    }

DLC_APART void DLC_NAME(store_f32)(dlc_type to, int64_t n, const float *s, void *dst) {
    DLC_STORE_FLOAT(x, DLC_WRITE_HALF(x))
}

DLC_APART void DLC_NAME(store_f64)(dlc_type to, int64_t n, const double *s, void *dst) {
    DLC_STORE_FLOAT(dlc_odd_float_of_double(x), DLC_WRITE_HALF(dlc_odd_float_of_double(x)))
}

DLC_APART void DLC_NAME(store_i64)(dlc_type to, int64_t n, const int64_t *s, void *dst) { DLC_STORE_INTEGER }

DLC_APART void DLC_NAME(store_u64)(dlc_type to, int64_t n, const uint64_t *s, void *dst) { DLC_STORE_INTEGER }

DLC_APART void DLC_NAME(store_i32)(dlc_type to, int64_t n, const int32_t *s, void *dst) { DLC_STORE_INTEGER }

DLC_APART void DLC_NAME(store_u8)(dlc_type to, int64_t n, const uint8_t *s, void *dst) { DLC_STORE_INTEGER }

static void DLC_NAME(store)(dlc_compute from, dlc_type to, int64_t n, const void *src, void *dst) {
    switch ((int)from) {
    case DLC_COMPUTE_F32: DLC_NAME(store_f32)(to, n, src, dst); break;
    case DLC_COMPUTE_F64: DLC_NAME(store_f64)(to, n, src, dst); break;
    case DLC_COMPUTE_I64: DLC_NAME(store_i64)(to, n, src, dst); break;
    case DLC_COMPUTE_U64: DLC_NAME(store_u64)(to, n, src, dst); break;
    case DLC_COMPUTE_I32: DLC_NAME(store_i32)(to, n, src, dst); break;
    case DLC_COMPUTE_U8: DLC_NAME(store_u8)(to, n, src, dst); break;
    }
}

DLC_TARGET_END
#pragma clang diagnostic pop
