/// Processors: typical ones by instruction set, and the one that runs this program.
#include "dlc_processor.h"
#include <stdio.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

dlc_processor dlc_processor_typical(dlc_isa isa) {
    dlc_processor p = {.fma = 2, .l2 = 1 << 20, .l3 = 16 << 20, .pairs = isa == DLC_ISA_AVX512};
    if (isa == DLC_ISA_PORTABLE) p.fma = 1; // products and sums apart, as the baseline of a family has them
    return p;
}

#if defined(__x86_64__)
/// Family and model as the vendors number them.
static void x86_model(char vendor[13], unsigned *family, unsigned *model) {
    unsigned a, b, c, d;
    vendor[0] = 0, *family = 0, *model = 0;
    if (!__get_cpuid(0, &a, &b, &c, &d)) return;
    memcpy(vendor, &b, 4), memcpy(vendor + 4, &d, 4), memcpy(vendor + 8, &c, 4);
    vendor[12] = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return;
    *family = (a >> 8 & 15) + ((a >> 8 & 15) == 15 ? a >> 20 & 255 : 0);
    *model = (a >> 4 & 15) + (a >> 16 & 15) * 16;
}

/// Whether vectors of 512 bits take both units of 256 bits: Zen 4, and Intel's cores without a third unit.
static bool has_half_rate_512(void) {
    static const unsigned intel[] = {0x7d, 0x7e, 0x8c, 0x8d, 0xa7}; // Ice Lake, Tiger Lake and Rocket Lake of clients
    char vendor[13];
    unsigned family, model;
    x86_model(vendor, &family, &model);
    if (strcmp(vendor, "AuthenticAMD") == 0) return family == 0x19;
    for (size_t i = 0; i < sizeof intel / sizeof *intel; i++)
        if (family == 6 && model == intel[i]) return true;
    return false;
}
#endif

/// Takes over a cache's size where the system tells it.
static void read_cache(int level, double *size) {
#if defined(__APPLE__)
    uint64_t bytes = 0;
    size_t length = sizeof bytes;
    const bool known = sysctlbyname(level == 2 ? "hw.perflevel0.l2cachesize" : "hw.l3cachesize", &bytes, &length, NULL, 0) == 0;
    if (known && bytes > 0) *size = (double)bytes;
#elif defined(__linux__)
    // What the kernel says of the first processor; sysconf multiplies the last cache by its sharers on some.
    char path[80];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", level);
    FILE *file = fopen(path, "r");
    if (!file) return;
    long count = 0;
    char unit = 0;
    if (fscanf(file, "%ld%c", &count, &unit) == 2 && count > 0 && (unit == 'K' || unit == 'M')) *size = (double)count * (unit == 'K' ? 0x1p10 : 0x1p20);
    fclose(file);
#else
    (void)level, (void)size;
#endif
}

dlc_processor dlc_processor_host(dlc_isa isa) {
    dlc_processor p = dlc_processor_typical(isa);
#if defined(__x86_64__)
    if (isa == DLC_ISA_AVX512 && has_half_rate_512()) p.fma = 1;
#endif
    p.pairs = dlc_host_has_pairs(isa);
    p.amx = dlc_host_has_amx(isa);
    read_cache(2, &p.l2);
    read_cache(3, &p.l3);
    return p;
}

/// Copies printable ASCII, runs of spaces as one.
static void put_clean(char *name, int64_t capacity, const char *text) {
    int64_t length = 0;
    for (; *text && length + 1 < capacity; text++) {
        if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') continue;
        if (*text == ' ' && (length == 0 || name[length - 1] == ' ')) continue;
        name[length++] = *text;
    }
    while (length > 0 && name[length - 1] == ' ') length--;
    name[length] = 0;
}

void dlc_processor_name(char *name, int64_t capacity) {
    if (capacity < 1) return;
    char text[160] = "unknown processor";
#if defined(__x86_64__)
    // The marketing name may be cut by a hypervisor ("AMD EPYC"): family, model and stepping tell cores apart.
    unsigned words[12], a = 0, b, c, d;
    char brand[49] = "", vendor[13];
    if (__get_cpuid(0x80000000u, &a, &b, &c, &d) && a >= 0x80000004u) {
        for (unsigned i = 0; i < 3; i++) __get_cpuid(0x80000002u + i, words + 4 * i, words + 4 * i + 1, words + 4 * i + 2, words + 4 * i + 3);
        memcpy(brand, words, 48);
        brand[48] = 0;
    }
    unsigned family, model;
    x86_model(vendor, &family, &model);
    snprintf(text, sizeof text, "%s %s, family %u, model %u", vendor, brand, family, model);
#elif defined(__APPLE__)
    size_t length = sizeof text;
    if (sysctlbyname("machdep.cpu.brand_string", text, &length, NULL, 0) != 0) strcpy(text, "unknown processor");
#elif defined(__linux__)
    // Implementer and part number, as "CPU implementer : 0x41", "CPU part : 0xd0c".
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file) {
        char line[256], implementer[64] = "", part[64] = "";
        while (fgets(line, sizeof line, file)) {
            if (!implementer[0]) sscanf(line, "CPU implementer : %63s", implementer);
            if (!part[0]) sscanf(line, "CPU part : %63s", part);
        }
        fclose(file);
        if (part[0]) snprintf(text, sizeof text, "implementer %s, part %s", implementer, part);
    }
#endif
    put_clean(name, capacity, text);
}
