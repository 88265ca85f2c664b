/// What the processor that runs this program can do.
#include "dlc_common.h"
#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#elif defined(__APPLE__)
#include <stddef.h>
#include <sys/sysctl.h>
#endif

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

#if defined(__x86_64__)
/// Leaf 7, subleaf 1; AVX2 says that the registers are saved. Asked once: virtual machines take microseconds to answer.
static bool has_avx_vnni(void) {
    static _Atomic int known; // 0 unknown, 1 no, 2 yes
    int answer = known;
    if (answer == 0) {
        unsigned a, b, c, d;
        answer = 1 + (__get_cpuid_count(7, 1, &a, &b, &c, &d) && (a >> 4 & 1));
        known = answer;
    }
    return answer == 2;
}
#endif

bool dlc_host_has_dot(dlc_isa isa) {
    if (!dlc_host_has(isa)) return false;
#if defined(__x86_64__)
    if (isa == DLC_ISA_AVX512) return __builtin_cpu_supports("avx512vnni");
    return isa == DLC_ISA_AVX2 && has_avx_vnni();
#elif defined(__aarch64__) && defined(__ARM_FEATURE_DOTPROD)
    return isa == DLC_ISA_NEON;
#elif defined(__aarch64__) && defined(__linux__)
    return isa == DLC_ISA_NEON && (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
    return false;
#endif
}

bool dlc_host_has_pairs(dlc_isa isa) {
#if defined(__x86_64__)
    return isa == DLC_ISA_AVX512 && dlc_host_has(isa) && __builtin_cpu_supports("avx512bf16");
#elif defined(__aarch64__) && defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
    return isa == DLC_ISA_NEON;
#elif defined(__aarch64__) && defined(__linux__)
    return isa == DLC_ISA_NEON && (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#elif defined(__aarch64__) && defined(__APPLE__)
    int has = 0;
    size_t size = sizeof has;
    return isa == DLC_ISA_NEON && sysctlbyname("hw.optional.arm.FEAT_BF16", &has, &size, NULL, 0) == 0 && has != 0;
#else
    (void)isa;
    return false;
#endif
}

#if defined(__x86_64__) && defined(__linux__)
/// Leaf 7 names the instructions, and the system gives their registers, 8 KiB of a thread's state, to processes that ask.
static bool may_use_amx(void) {
    enum { request_permission = 0x1023, tile_data = 18 }; // of arch_prctl(2)
    unsigned a, b, c, d;
    const unsigned bf16 = 1u << 22, tile = 1u << 24, int8 = 1u << 25;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || ~d & (bf16 | tile | int8)) return false;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}
#endif

bool dlc_host_has_amx(dlc_isa isa) {
#if defined(__x86_64__) && defined(__linux__)
    static _Atomic int known; // 0 unknown, 1 no, 2 yes
    if (isa != DLC_ISA_AVX512 || !dlc_host_has_dot(isa)) return false;
    int answer = known;
    if (answer == 0) known = answer = 1 + may_use_amx();
    return answer == 2;
#else
    (void)isa;
    return false;
#endif
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
