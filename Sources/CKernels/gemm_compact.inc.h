/// Weights in few bits, back to floats. Include after isa_*.h and program_convert.inc.h, whose halves it reads.
#include "gemm_compact.h"

DLC_TARGET_BEGIN
typedef int8_t DLC_NAME(v8) __attribute__((vector_size(VL), aligned(1), may_alias));
typedef uint8_t DLC_NAME(u8) __attribute__((vector_size(VL), aligned(1), may_alias));

DLC_INLINE vf signed_bytes(const uint8_t *p) { return __builtin_convertvector(*(const DLC_NAME(v8) *)p, vf); }

/// A vector of columns of a block: `rows` rows of bytes.
DLC_INLINE void unpack_bytes(int64_t rows, int64_t width, const uint8_t *packed, vf scale, float *out) {
    for (int64_t i = 0; i < rows; i++) vf_store(out + i * width, signed_bytes(packed + i * width) * scale);
}

/// A vector of columns of a block: rows by twos in halves of bytes.
DLC_INLINE void unpack_halves(int64_t rows, int64_t width, const uint8_t *packed, vf scale, float *out) {
    for (int64_t i = 0; i < rows; i += 2, packed += width, out += 2 * width) {
        const vi both = __builtin_convertvector(*(const DLC_NAME(u8) *)packed, vi);
        vf_store(out, __builtin_convertvector((both << 28) >> 28, vf) * scale);
        if (i + 1 < rows) vf_store(out + width, __builtin_convertvector((both << 24) >> 28, vf) * scale);
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
DLC_TARGET_END
