/// Conversion of arrays: through a compute type that holds every value of the source.
#include "float16.h"

#include "dlc_narrow.h"
#include "program.h"

#include <string.h>

int32_t dlc_type_bytes(dlc_type type) {
    static const int8_t bytes[] = { 4, 8, 2, 2, 1, 2, 4, 8, 1, 2, 4, 8, 1 };
    return type <= DLC_BOOL ? bytes[type] : type <= DLC_F4E2M1 ? 1 : 0;
}

/// The compute type that holds every value of `type`.
static dlc_compute compute_of(dlc_type type) {
    switch (type) {
    case DLC_F32: case DLC_F16: case DLC_BF16: return DLC_COMPUTE_F32;
    case DLC_F64: return DLC_COMPUTE_F64;
    case DLC_U64: return DLC_COMPUTE_U64;
    default: return DLC_COMPUTE_I64;
    }
}

void dlc_convert(dlc_type from, dlc_type to, const void *src, void *dst, int64_t n) {
    int64_t from_bytes = dlc_type_bytes(from), to_bytes = dlc_type_bytes(to);
    if (n <= 0 || from_bytes == 0 || to_bytes == 0) return;
    if (from == to && from != DLC_BOOL) {
        memcpy(dst, src, (size_t)(n * from_bytes));
        return;
    }
    if (from > DLC_BOOL || to > DLC_BOOL) {
        // To the nearest, so that a number that the type has stays itself: ONNX rounds 2^-127 up.
        dlc_convert_narrow(from, to, src, dst, n, true, DLC_NARROW_NEAREST);
        return;
    }
    const dlc_tile_functions *functions = dlc_tile_functions_of(dlc_host_isa());
    dlc_compute compute = compute_of(from);
    uint64_t tile[512];
    for (int64_t i = 0; i < n; i += 512) {
        int64_t part = n - i < 512 ? n - i : 512;
        functions->load(from, compute, part, (const char *)src + i * from_bytes, tile);
        functions->store(compute, to, part, tile, (char *)dst + i * to_bytes);
    }
}
