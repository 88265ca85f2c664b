/// What the processor that runs this program can do.
#include "dlc_common.h"

bool dlc_host_has(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_PORTABLE:
        return true;
#if defined(__x86_64__)
    // The builtins read cpuid, and xgetbv for whether the operating system saves the registers.
    case DLC_ISA_AVX2:
        __builtin_cpu_init();
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
    case DLC_ISA_AVX512:
        return dlc_host_has(DLC_ISA_AVX2) && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#elif defined(__aarch64__)
    case DLC_ISA_NEON:
        return true;
#endif
    default:
        return false;
    }
}

dlc_isa dlc_host_isa(void) {
    if (dlc_host_has(DLC_ISA_AVX512)) return DLC_ISA_AVX512;
    if (dlc_host_has(DLC_ISA_AVX2)) return DLC_ISA_AVX2;
    if (dlc_host_has(DLC_ISA_NEON)) return DLC_ISA_NEON;
    return DLC_ISA_PORTABLE;
}

int32_t dlc_lanes(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_AVX512: return 16;
    case DLC_ISA_AVX2: return 8;
    case DLC_ISA_PORTABLE:
    case DLC_ISA_NEON: return 4;
    }
    return 4;
}
