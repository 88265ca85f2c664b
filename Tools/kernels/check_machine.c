/// The measurement of the machine: every instruction set of the host gives rates, on one thread and on two.
#include "dlc_machine.h"
#include "harness.h"

static int failures, cases;

static void expect(bool holds, const char *what, dlc_isa isa, int32_t threads) {
    cases++;
    if (!holds) failures++, printf("FAIL %s: %s on %d threads\n", isa_names[isa], what, threads);
}

int main(void) {
    for (int isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        for (int32_t threads = 1; threads <= 2; threads++) {
            dlc_threads *pool = dlc_threads_create(threads);
            dlc_machine m;
            const bool fine = dlc_machine_measure((dlc_isa)isa, pool, threads, &m);
            dlc_threads_destroy(pool);
            expect(fine && m.flops > 1e6 && isfinite(m.flops), "multiply-adds", (dlc_isa)isa, threads);
            for (int level = 0; fine && level < DLC_MACHINE_LEVELS; level++)
                expect(m.read[level] > 1e6 && isfinite(m.read[level]) && m.copy[level] > 1e6 && isfinite(m.copy[level]), "memory", (dlc_isa)isa, threads);
            if (!fine) continue;
            // Nothing takes no time; reads go at their own rate, pairs of a read and a write at that of a copy.
            expect(dlc_machine_seconds(&m, 0, 0, 0) == 0, "nothing", (dlc_isa)isa, threads);
            expect(dlc_machine_seconds(&m, 2e6, 0, 1e6) > dlc_machine_seconds(&m, 1e6, 0, 1e6), "reading", (dlc_isa)isa, threads);
            expect(dlc_machine_seconds(&m, 1e6, 1e6, 1e6) == 2e6 / m.copy[1], "copying", (dlc_isa)isa, threads);
            expect(dlc_machine_seconds(&m, 0, 1e9, 1e9) == 1e9 / m.copy[DLC_MACHINE_LEVELS - 1], "writing", (dlc_isa)isa, threads);
        }
    }
    dlc_machine m;
    expect(!dlc_machine_measure(DLC_ISA_PORTABLE, NULL, 0, &m), "no thread", DLC_ISA_PORTABLE, 0);
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
