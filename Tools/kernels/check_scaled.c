/// Products that scale their left operand, against the same product of an operand scaled beforehand: the same bits,
/// however tasks are split.
#include "harness.h"

typedef struct { int64_t m, n, k, images, slack; bool relu, shift, packed; } scaled_case;

static bool check(dlc_isa isa, scaled_case s) {
    const int64_t row = s.k + s.slack, elements = s.images * s.m * row, results = s.images * s.m * s.n;
    float *a = aligned(4 * elements), *scaled = aligned(4 * elements), *b = aligned(4 * s.k * s.n), *c = aligned(4 * results);
    float *expected = aligned(4 * results), *scale = aligned(4 * s.images * s.k), *shift = aligned(4 * s.k);
    for (int64_t i = 0; i < elements; i++) a[i] = random_float();
    for (int64_t i = 0; i < s.k * s.n; i++) b[i] = random_float();
    for (int64_t i = 0; i < s.images * s.k; i++) scale[i] = random_float();
    for (int64_t i = 0; i < s.k; i++) shift[i] = random_float();
    for (int64_t i = 0; i < s.images * s.m; i++)
        for (int64_t j = 0; j < s.k; j++) {
            float x = a[i * row + j], f = scale[i / (s.m ? s.m : 1) * s.k + j], t = s.shift ? shift[j] : 0;
            x = isa == DLC_ISA_PORTABLE ? x * f + t : fmaf(x, f, t);
            scaled[i * row + j] = s.relu ? fmaxf(0, x) : x;
        }
    dlc_gemm g = {.type = DLC_F32, .m = s.m, .n = s.n, .k = s.k, .alpha = 1, .batch = {1, 1, 1, s.images}, .a_batch = {0, 0, 0, s.m * row},
                  .c_batch = {0, 0, 0, s.m * s.n}, .a_row = row, .a_column = 1, .b_row = s.n, .b_column = 1, .c_row = s.n,
                  .epilogue = {.activation = DLC_ACT_RELU}};
    float *pack = aligned(dlc_gemm_packed_bytes(isa, s.k, s.n) + 4);
    pack_matrix(isa, DLC_PACK_PANELS, b, s.n, 1, s.k, s.n, pack);
    g.b_packed = s.packed;
    dlc_gemm plain = g;
    g.scales_a = true, g.relu_a = s.relu, g.scale_batch[3] = s.k;
    void *buffers[] = {a, s.packed ? pack : b, 0, 0, 0, c, scale, s.shift ? shift : 0};
    void *before[] = {scaled, buffers[1], 0, 0, 0, expected};
    dlc_launch launch, plain_launch;
    bool fine = dlc_gemm_prepare(isa, &g, &launch) && dlc_gemm_prepare(isa, &plain, &plain_launch);
    fine = fine && launch_run(&plain_launch, &plain, before, 1);
    for (int64_t splits = 1; fine && splits <= 3; splits++)
        fine = launch_run(&launch, &g, buffers, splits) && memcmp(c, expected, (size_t)(4 * results)) == 0;
    free(a), free(scaled), free(b), free(c), free(expected), free(scale), free(shift), free(pack);
    if (!fine)
        printf("FAIL: isa %d m %lld n %lld k %lld images %lld relu %d shift %d packed %d\n", isa, (long long)s.m, (long long)s.n,
               (long long)s.k, (long long)s.images, s.relu, s.shift, s.packed);
    return fine;
}

int main(void) {
    const int64_t m[] = {0, 1, 5, 49, 200}, n[] = {1, 17, 128, 320}, k[] = {0, 1, 15, 64, 100, 1152};
    int cases = 0, failures = 0;
    for (dlc_isa isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        for (int i = 0; i < 5 * 4 * 6; i++) {
            scaled_case s = {m[i % 5], n[i / 5 % 4], k[i / 20], 1 + i % 2, i % 3, i % 7 < 4, i % 5 < 3, i % 4 != 0};
            failures += !check(isa, s);
            cases++;
        }
    }
    printf("scaled: %d cases, %d failures\n", cases, failures);
    return failures != 0;
}
