// Checks strided copies, padding and fills on every instruction set of the host against loops over
// elements. Compiled with the files of Sources/CKernels; exits with 1 on a failure.
#include "check_common.h"
#include "../../Sources/CKernels/include/dlc_copy.h"

enum { region = 1 << 17 };
static uint64_t source[region], result[2][region];

static void run_all(const dlc_launch *launch, const void *params, void **buffers) {
    for (int64_t task = 0; task < launch->tasks;) {
        int64_t end = task + 1 + below(3);
        if (end > launch->tasks) end = launch->tasks;
        launch->run(&(dlc_call){ .params = params, .buffers = buffers, .begin = task, .end = end });
        task = end;
    }
}

static void check_copies(dlc_isa isa, int rounds) {
    int modes[3] = {0}, transposed[9] = {0};
    for (int round = 0; round < rounds; ++round) {
        // Planes, in one batch or a few, else anything.
        const bool plane = below(3) == 0;
        dlc_copy p = { .rank = plane ? 2 + (int32_t)below(2) : (int32_t)below(6), .element_bytes = 1 << below(4) };
        int order[2][DLC_MAX_RANK];
        int64_t elements = 1;
        for (int d = 0; d < p.rank; ++d) {
            p.shape[d] = below(40) == 0 ? 0 : 1 + below((int64_t[]){ 4, 20, 70, 3000 }[below(4)]);
            if (plane) p.shape[d] = d == 2 ? 1 + below(3) : (int64_t[]){ 2, 8, 16, 64, 65 }[below(5)] + below(40);
            if (elements * p.shape[d] > 40000) p.shape[d] = 1 + below(2);
            elements *= p.shape[d];
            for (int side = 0; side < 2; ++side) {
                int at = (int)below(d + 1);
                order[side][d] = order[side][at], order[side][at] = d;
            }
        }
        int64_t s = 1, t = 1;
        for (int k = p.rank - 1; k >= 0; --k) {
            int d = order[0][k], e = order[1][k];
            p.source_strides[d] = below(8) == 0 ? 0 : s;
            s *= p.source_strides[d] == 0 ? 1 : p.shape[d] + (below(6) == 0);
            p.result_strides[e] = t;
            t *= p.shape[e] + (below(6) == 0);
        }
        p.result_offset = below(9);
        p.source_offset = below(9);
        for (int d = 0; d < p.rank; ++d) if (below(8) == 0 && p.shape[d] > 0) {
            p.source_offset += p.source_strides[d] * (p.shape[d] - 1);
            p.source_strides[d] *= -1;
        }
        if (s >= region / 2 || t >= region / 2) continue;
        dlc_copy original = p;
        memset(result, 0x11, sizeof result);
        dlc_launch launch;
        if (!dlc_copy_prepare(isa, &p, &launch)) { FAIL("prepare refuses a copy"); continue; }
        modes[p.mode] += 1;
        transposed[p.element_bytes] += p.mode == DLC_COPY_TRANSPOSE;
        run_all(&launch, &p, (void *[]){ source, result[1] });
        for (int64_t e = 0; e < elements; ++e) {
            int64_t rest = e, from = original.source_offset, to = original.result_offset;
            for (int d = original.rank - 1; d >= 0; --d) {
                from += rest % original.shape[d] * original.source_strides[d], to += rest % original.shape[d] * original.result_strides[d];
                rest /= original.shape[d];
            }
            memcpy((char *)result[0] + to * p.element_bytes, (char *)source + from * p.element_bytes, (size_t)p.element_bytes);
        }
        if (memcmp(result[0], result[1], sizeof result[0]) != 0) FAIL("%s copy %d differs (mode %d, %d bytes)", isa_names[isa], round, p.mode, p.element_bytes);
    }
    printf("  copies: %d of runs, %d strided, %d transposed (%d, %d, %d and %d of 1, 2, 4 and 8 bytes)\n", modes[0], modes[1], modes[2],
           transposed[1], transposed[2], transposed[4], transposed[8]);
}

/// The place that padding shows, by walking outwards one step at a time; -1 for the constant.
static int64_t walk(dlc_pad_mode mode, int64_t i, int64_t extent) {
    if (i >= 0 && i < extent) return i;
    if (mode == DLC_PAD_CONSTANT) return -1;
    if (mode == DLC_PAD_EDGE) return i < 0 ? 0 : extent - 1;
    if (mode == DLC_PAD_WRAP) { while (i < 0) i += extent; return i % extent; }
    if (extent == 1) return 0;
    while (i < 0 || i >= extent) i = i < 0 ? -i : 2 * (extent - 1) - i;
    return i;
}

static void check_pads(dlc_isa isa, int rounds) {
    int done = 0;
    for (int round = 0; round < rounds; ++round) {
        const bool is_wide = below(4) == 0; // pads beyond the extent several times over, or rows of some vectors
        dlc_pad p = { .rank = (int32_t)below(is_wide ? 3 : 5), .element_bytes = 1 << below(4), .mode = (dlc_pad_mode)below(4) };
        int64_t shape[DLC_MAX_RANK], elements = 1, source_elements = 1;
        for (int d = 0; d < p.rank; ++d) {
            p.shape[d] = 1 + below(is_wide ? 70 : 12);
            if (below(2)) p.before[d] = below(is_wide ? 90 : 9) - 3, p.after[d] = below(is_wide ? 90 : 9) - 3;
            if (p.shape[d] + (p.before[d] < 0 ? p.before[d] : 0) + (p.after[d] < 0 ? p.after[d] : 0) < (p.mode != DLC_PAD_CONSTANT)) p.before[d] = p.after[d] = 0;
            shape[d] = p.shape[d] + p.before[d] + p.after[d];
            elements *= shape[d], source_elements *= p.shape[d];
        }
        if (elements >= region || source_elements >= region) continue;
        dlc_pad original = p;
        uint64_t value = next_random();
        bool null = below(4) == 0;
        dlc_launch launch;
        memset(result, 0x11, sizeof result);
        if (!dlc_pad_prepare(isa, &p, &launch)) { FAIL("prepare refuses a pad"); continue; }
        done += 1;
        run_all(&launch, &p, (void *[]){ source, null ? NULL : &value, result[1] });
        for (int64_t e = 0; e < elements; ++e) {
            int64_t rest = e, from = 0, stride = 1;
            bool constant = false;
            for (int d = original.rank - 1; d >= 0; --d) {
                int64_t low = original.before[d] < 0 ? -original.before[d] : 0, high = original.after[d] < 0 ? -original.after[d] : 0;
                int64_t place = walk(original.mode, rest % shape[d] - (original.before[d] > 0 ? original.before[d] : 0), original.shape[d] - low - high);
                constant |= place < 0;
                from += (low + place) * stride, stride *= original.shape[d], rest /= shape[d];
            }
            uint64_t zero = 0;
            memcpy((char *)result[0] + e * p.element_bytes, constant ? (char *)(null ? &zero : &value) : (char *)source + from * p.element_bytes, (size_t)p.element_bytes);
        }
        if (memcmp(result[0], result[1], sizeof result[0]) != 0) FAIL("pad %d differs (mode %d)", round, p.mode);
    }
    for (int round = 0; round < 40; ++round) {
        dlc_fill p = { .count = below(60000), .element_bytes = 1 << below(4), .bits = next_random() };
        if (below(2)) p.bits = (p.bits & 0xff) * (UINT64_MAX / 0xff);
        dlc_launch launch;
        memset(result[1], 0x11, sizeof result[1]);
        if (!dlc_fill_prepare(isa, &p, &launch)) FAIL("prepare refuses a fill");
        run_all(&launch, &p, (void *[]){ result[1] });
        char *bytes = (char *)result[1];
        for (int64_t i = 0; i < p.count; ++i) if (memcmp(bytes + i * p.element_bytes, &p.bits, (size_t)p.element_bytes) != 0) { FAIL("fill"); break; }
        if (bytes[p.count * p.element_bytes] != 0x11) FAIL("fill writes past its end");
    }
    printf("  %d pads\n", done);
}

int main(void) {
    for (int i = 0; i < region; ++i) source[i] = next_random();
    for (int isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; ++isa) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        printf("%s\n", isa_names[isa]);
        check_copies((dlc_isa)isa, 3000 / CHECK_SHARE);
        check_pads((dlc_isa)isa, 1000 / CHECK_SHARE);
    }
    printf(failures ? "%d failures\n" : "all good\n", failures);
    return failures != 0;
}
