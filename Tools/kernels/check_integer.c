/// Products of 8-bit integers against plain loops that wrap, for every sign and grain of zero points, with every tail, with
/// and without AMX and the instruction that adds four products: the same numbers, however tasks are split.
#include "../../Sources/CKernels/gemm_integer.h"
#include "dlc_compute.h"
#include "harness.h"

typedef struct { int64_t m, n, k, matrices; bool a_signed, b_signed, turned_a, turned_b, shared_b; int a_zero, b_zero; } integer_case;

static uint8_t *random_bytes(int64_t n) {
    uint8_t *p = aligned(n + 1);
    // Extremes are frequent: pairs of them are what saturating instructions get wrong.
    for (int64_t i = 0; i < n; i++) {
        const uint64_t r = random_bits() >> 20;
        p[i] = r % 4 == 0 ? 255 : r % 4 == 1 ? (r & 16 ? 128 : 127) : (uint8_t)(r >> 8);
    }
    return p;
}

static int32_t read(const uint8_t *p, bool is_signed, int64_t i) { return is_signed ? (int8_t)p[i] : p[i]; }

/// What is stored of sums, as their definition says: scales are powers of two, so that nothing but the last step rounds.
static bool finishes(dlc_isa isa, dlc_integer_product g, void *const *buffers, const int32_t *sums, int64_t columns) {
    const int64_t count = g.m * g.c_row * g.batch[3];
    float *scale = aligned(4 * g.n), *bias = aligned(4 * g.n), *second = aligned(4 * g.n);
    uint8_t *addend = random_bytes(count);
    for (int64_t j = 0; j < g.n; j++) scale[j] = ldexpf(1, -(int)random_below(16)), bias[j] = ldexpf((float)random_below(4000) - 2000, -4);
    for (int64_t j = 0; j < g.n; j++) second[j] = ldexpf((float)random_below(4000) - 2000, -4);
    bool fine = true;
    const dlc_type types[] = {DLC_F32, DLC_U8, DLC_I8};
    // Each with an addend, with one of columns and without.
    for (int pass = 0; fine && pass < 7; pass++) {
        const bool of_columns = pass >= 5, adds = pass >= 3;
        const int t = of_columns ? pass - 4 : adds ? pass - 2 : pass;
        g.finish = (dlc_integer_finish){.type = types[t], .scale_columns = random_below(2), .bias_columns = random_below(2), .low = -1e9f, .high = 6};
        if (t > 0) g.finish.zero = t == 1 ? 100 : -3, g.finish.low = (t == 1 ? 0 : -128) - (float)g.finish.zero, g.finish.high = (t == 1 ? 255 : 127) - (float)g.finish.zero;
        // Or where saturating is all that limits.
        if (t == 1 && random_below(2)) g.finish.zero = 0, g.finish.low = 0, g.finish.high = 255;
        dlc_integer_finish *f = &g.finish;
        if (adds) {
            f->sum_rounds = random_below(2), f->addend_signed = random_below(2), f->addend_zero = f->addend_signed ? -7 : 200;
            f->sum_low = -90, f->sum_high = 100, f->sum_scale = 0.5f, f->addend_scale = random_below(4) ? 0.25f : 0x1p26f; // or beyond 32 bits
            f->addend_columns = of_columns;
            if (of_columns && g.n > 0 && random_below(4) == 0) second[0] = 0x1p31f;
            g.addend_row = g.c_row;
            for (int b = 0; b < 4; b++) g.addend_batch[b] = g.c_batch[b];
        }
        uint8_t *c = aligned(4 * count + 1);
        memset(c, 0x5a, (size_t)(4 * count));
        void *all[] = {buffers[0], buffers[1], buffers[2], buffers[3], scale, bias, of_columns ? (void *)second : adds ? addend : 0, c};
        dlc_launch launch;
        fine = dlc_integer_product_prepare(isa, &g, &launch) && launch_run(&launch, &g, all, 2);
        for (int64_t i = 0; fine && i < count; i++) {
            const int64_t j = i % g.c_row;
            if (j >= columns) continue;
            double y = (double)(float)sums[i] * scale[g.finish.scale_columns ? j : 0] + bias[g.finish.bias_columns ? j : 0];
            if (isa == DLC_ISA_PORTABLE) y = (float)((float)sums[i] * scale[g.finish.scale_columns ? j : 0]) + bias[g.finish.bias_columns ? j : 0];
            if (adds) {
                y = fmin(fmax((float)y, f->sum_low), f->sum_high);
                const float last = of_columns ? second[j] : (float)(read(addend, f->addend_signed, i) - f->addend_zero) * f->addend_scale;
                y = (f->sum_rounds ? nearbyint(y) : y) * f->sum_scale + last;
            }
            y = fmin(fmax((float)y, g.finish.low), g.finish.high);
            if (t == 0) fine = ((float *)c)[i] == (float)y;
            else fine = (t == 1 ? c[i] : (int8_t)c[i]) == (int)nearbyint(y) + g.finish.zero;
        }
        free(c);
    }
    free(scale), free(bias), free(second), free(addend);
    return fine;
}

static bool check(dlc_isa isa, integer_case s) {
    const int64_t slack = s.k % 3, a_row = s.turned_a ? 1 : s.k + slack, a_column = s.turned_a ? s.m + slack : 1;
    const int64_t a_size = s.m * s.k + slack * (s.turned_a ? s.k : s.m), b_size = s.k * s.n, c_row = s.n + s.m % 2;
    const int64_t b_row = s.turned_b ? 1 : s.n, b_column = s.turned_b ? s.k : 1, b_count = s.shared_b ? 1 : s.matrices;
    uint8_t *a = random_bytes(s.matrices * a_size), *b = random_bytes(b_count * b_size);
    uint8_t *a_zero = random_bytes(s.m), *b_zero = random_bytes(s.n);
    const int64_t packed = dlc_integer_packed_bytes(isa, s.k, s.n);
    uint8_t *pack = aligned(b_count * packed + 64);
    int32_t *c = aligned(4 * s.matrices * s.m * c_row), *expected = aligned(4 * s.matrices * s.m * c_row);
    memset(expected, 0x5a, (size_t)(4 * s.matrices * s.m * c_row));
    for (int64_t x = 0; x < s.matrices; x++)
        for (int64_t i = 0; i < s.m; i++)
            for (int64_t j = 0; j < s.n; j++) {
                uint32_t sum = 0;
                const int32_t za = s.a_zero ? read(a_zero, s.a_signed, s.a_zero > 1 ? i : 0) : 0;
                const int32_t zb = s.b_zero ? read(b_zero, s.b_signed, s.b_zero > 1 ? j : 0) : 0;
                for (int64_t p = 0; p < s.k; p++)
                    sum += (uint32_t)((read(a, s.a_signed, x * a_size + i * a_row + p * a_column) - za) *
                                      (read(b, s.b_signed, (s.shared_b ? 0 : x) * b_size + p * b_row + j * b_column) - zb));
                expected[(x * s.m + i) * c_row + j] = (int32_t)sum;
            }
    dlc_integer_pack layout = {.is_signed = s.b_signed, .matrices = b_count, .taps = 1, .inputs = s.k, .n = s.n, .run_taps = 1, .matrix_step = b_size, .row_step = b_row, .column_step = b_column};
    dlc_integer_product g = {
        .a_signed = s.a_signed, .b_signed = s.b_signed, .has_b_zero = s.b_zero > 0, .m = s.m, .n = s.n, .k = s.k, .batch = {1, 1, 1, s.matrices},
        .a_batch = {0, 0, 0, a_size}, .b_batch = {0, 0, 0, s.shared_b ? 0 : packed}, .c_batch = {0, 0, 0, s.m * c_row},
        .a_row = a_row, .a_column = a_column, .c_row = c_row, .finish = {.type = DLC_I32}, .a_zero_row = s.a_zero > 1, .b_zero_column = s.b_zero > 1,
    };
    void *weights[] = {b, pack}, *buffers[] = {a, pack, s.a_zero ? a_zero : 0, s.b_zero ? b_zero : 0, 0, 0, 0, c};
    dlc_launch packing, launch;
    bool fine = dlc_integer_pack_prepare(isa, &layout, &packing) && dlc_integer_product_prepare(isa, &g, &launch);
    for (int64_t splits = 1; fine && splits <= 3; splits++) {
        memset(c, 0x5a, (size_t)(4 * s.matrices * s.m * c_row));
        memset(pack, 0xee, (size_t)(b_count * packed + 64));
        fine = launch_run(&packing, &layout, weights, splits) && launch_run(&launch, &g, buffers, splits) &&
               memcmp(c, expected, (size_t)(4 * s.matrices * s.m * c_row)) == 0 && pack[b_count * packed] == 0xee;
    }
    fine = fine && finishes(isa, g, buffers, expected, s.n);
    free(a), free(b), free(a_zero), free(b_zero), free(pack), free(c), free(expected);
    if (!fine)
        printf("FAIL: isa %d m %lld n %lld k %lld matrices %lld signs %d %d turned %d %d shared %d zeros %d %d\n", isa, (long long)s.m, (long long)s.n,
               (long long)s.k, (long long)s.matrices, s.a_signed, s.b_signed, s.turned_a, s.turned_b, s.shared_b, s.a_zero, s.b_zero);
    return fine;
}

int main(void) {
    const int64_t m[] = {0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 49, 200}, n[] = {0, 1, 8, 15, 16, 17, 31, 32, 33, 48, 65, 320};
    const int64_t k[] = {0, 1, 2, 3, 4, 5, 15, 16, 17, 64, 100, 1024, 1152};
    int cases = 0, failures = 0;
    for (dlc_isa isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        // With all that the processor has, without AMX, and without the instruction too.
        for (int without = dlc_host_has_amx(isa) ? 0 : 1; without <= 1 + dlc_host_has_dot(isa); without++) {
            dlc_integer_without_amx = without > 0, dlc_integer_without_dot = without > 1;
            for (int i = 0; i < 12 * 12 * 13; i++) {
                const int64_t r = random_below(1 << 20);
                const integer_case s = {m[i % 12], n[i / 12 % 12], k[i / 144], 1 + r % 3, r >> 2 & 1, r >> 3 & 1, r >> 4 & 1, r >> 5 & 1, r >> 6 & 1,
                                        (int)(r >> 7) % 3, (int)(r >> 10) % 3};
                if (i % CHECK_SHARE != 0) continue;
                failures += !check(isa, s);
                cases++;
            }
        }
    }
    printf("integer products: %d cases, %d failures\n", cases, failures);
    return failures != 0;
}
