/// dlc_gemm against naive products in double: every instruction set of the host, every tail, layout,
/// batch, epilogue and type; and the same bits however tasks are split.
#include "harness.h"
#include "../../Sources/CKernels/float16.h"
#include "../../Sources/CKernels/gemm_compact.h"
#include "../../Sources/CKernels/gemm_amx.h"
#include "../../Sources/CKernels/gemm_tile.h"
#include "../../Sources/CKernels/gemm_typed.h"

static int failures, cases;

static double element(dlc_type type, const void *p, int64_t i) {
    switch (type) {
    case DLC_F32: return ((const float *)p)[i];
    case DLC_F64: return ((const double *)p)[i];
    default: return 0;
    }
}

typedef struct { int layout_a, layout_b; bool packed, bias, residual; int64_t slack; } shape;

static void check_float(dlc_isa isa, dlc_type type, int64_t m, int64_t n, int64_t k, shape s, dlc_epilogue e, float alpha, const int64_t batch[4], int repeats) {
    const int64_t size = type == DLC_F32 ? 4 : 8;
    dlc_gemm g = {.type = type, .m = m, .n = n, .k = k, .alpha = alpha, .epilogue = e};
    memcpy(g.batch, batch, sizeof g.batch);
    g.a_row = s.layout_a ? 1 : k + s.slack, g.a_column = s.layout_a ? m + s.slack : 1;
    g.b_row = s.layout_b ? 1 : n + s.slack, g.b_column = s.layout_b ? k + s.slack : 1;
    g.c_row = n + s.slack, g.residual_row = n + 2 * s.slack;
    int64_t sa = (m + s.slack) * (k + s.slack), sb = (k + s.slack) * (n + s.slack), sc = m * g.c_row, sr = m * g.residual_row;
    int64_t packed = dlc_gemm_packed_bytes(isa, k, n) / 4, ta = sa, tb = sb, tp = packed, tc = sc, tr = sr;
    for (int i = 3; i >= 0; i--) {
        bool ra = repeats >> i & 1, rb = repeats >> (i + 4) & 1;
        g.a_batch[i] = ra ? 0 : ta, g.b_batch[i] = rb ? 0 : s.packed ? tp : tb, g.c_batch[i] = tc, g.residual_batch[i] = rb ? 0 : tr;
        if (!ra) ta *= batch[i];
        if (!rb) tb *= batch[i], tp *= batch[i], tr *= batch[i];
        tc *= batch[i];
    }
    // Every operand ends with its last element, so that reading on is an error that the sanitizer sees.
    const int64_t rows_a = s.layout_a ? k : m, columns_a = s.layout_a ? m : k, rows_b = s.layout_b ? n : k, columns_b = s.layout_b ? k : n;
    const int64_t ends[] = {
        rows_a * columns_a ? ta - sa + (rows_a - 1) * (columns_a + s.slack) + columns_a : 0,
        rows_b * columns_b ? tb - sb + (rows_b - 1) * (columns_b + s.slack) + columns_b : 0, n,
        m * n ? tr - 2 * s.slack : 0, n,
    };
    void *operand[5];
    for (int i = 0; i < 5; i++) {
        operand[i] = aligned(ends[i] * size);
        for (int64_t j = 0; j < ends[i]; j++)
            if (type == DLC_F32) ((float *)operand[i])[j] = random_float();
            else ((double *)operand[i])[j] = random_float();
    }
    tc -= m * n ? s.slack : 0;
    void *c = aligned(tc * size), *again = aligned(tc * size);
    memset(c, 0x77, (size_t)(tc * size)), memset(again, 0x77, (size_t)(tc * size));
    void *buffers[] = {operand[0], operand[1], s.bias ? operand[2] : NULL, s.residual ? operand[3] : NULL, operand[4], c};
    float *pack = NULL;
    if (s.packed) {
        pack = aligned(tp * 4);
        for (int64_t i = 0; i < (packed ? tp / packed : 0); i++)
            pack_matrix(isa, DLC_PACK_PANELS, (float *)operand[1] + i * sb, g.b_row, g.b_column, k, n, pack + i * packed);
        g.b_packed = true;
        buffers[1] = pack;
    }
    dlc_launch launch;
    bool fine = dlc_gemm_prepare(isa, &g, &launch) && launch_run(&launch, &g, buffers, 1 + launch.tasks / 2);
    buffers[5] = again;
    fine = fine && launch_run(&launch, &g, buffers, 1) && memcmp(c, again, (size_t)(tc * size)) == 0;
    double worst = 0;
    for (int64_t b = 0; fine && b < batch[0] * batch[1] * batch[2] * batch[3]; b++) {
        int64_t rest = b, oa = 0, ob = 0, oc = 0, or = 0;
        for (int i = 3; i >= 0; i--) {
            int64_t at = rest % batch[i];
            rest /= batch[i];
            oa += at * g.a_batch[i], ob += at * (s.packed && packed ? g.b_batch[i] / packed * sb : g.b_batch[i]), oc += at * g.c_batch[i], or += at * g.residual_batch[i];
        }
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0, scale = 1;
                for (int64_t p = 0; p < k; p++) {
                    double product = element(type, operand[0], oa + i * g.a_row + p * g.a_column) * element(type, operand[1], ob + p * g.b_row + j * g.b_column);
                    sum += product, scale += fabs(product);
                }
                sum = alpha * sum + (s.bias ? element(type, operand[2], j) : 0);
                double r = s.residual ? element(type, operand[3], or + i * g.residual_row + j) : 0;
                if (!e.residual_after_activation) sum += r;
                sum = dlc_activate_f64(&e, sum, element(type, operand[4], j));
                if (e.residual_after_activation) sum += r;
                double error = fabs(element(type, c, oc + i * g.c_row + j) - sum) / scale / (type == DLC_F32 ? 1 : 1e-8);
                if (!(error <= worst)) worst = error;
            }
        for (int64_t i = 0; i + 1 < m; i++)
            for (int64_t j = n; j < g.c_row; j++) {
                uint32_t bits;
                memcpy(&bits, (char *)c + (oc + i * g.c_row + j) * size, 4);
                if (bits != 0x77777777) fine = false;
            }
    }
    cases++;
    if (!fine || !(worst < 2e-6)) {
        failures++;
        printf("FAILED %s type %d m %lld n %lld k %lld a%d b%d packed %d act %d error %g ran %d\n", isa_names[isa], type, (long long)m, (long long)n, (long long)k, s.layout_a, s.layout_b, s.packed, e.activation, worst, fine);
    }
    for (int i = 0; i < 5; i++) free(operand[i]);
    free(c), free(again), free(pack);
}

/// A packed matrix in few bits: what it unpacks to is near the weights, and products are those of what it unpacks to.
static void check_compact(dlc_isa isa, dlc_pack_form form, int64_t m, int64_t n, int64_t k, bool transposed, bool scaled, dlc_epilogue e) {
    float *a = aligned(4 * m * k), *b = aligned(4 * k * n), *bias = aligned(4 * n), *c = aligned(4 * m * n), *again = aligned(4 * m * n);
    float *scale = aligned(4 * k);
    for (int64_t i = 0; i < m * k; i++) a[i] = random_float();
    for (int64_t i = 0; i < k * n; i++) b[i] = random_float() * (i % 7 == 0 ? 0 : 1);
    for (int64_t i = 0; i < n; i++) bias[i] = random_float();
    for (int64_t i = 0; i < k; i++) scale[i] = random_float();
    const int64_t row = transposed ? 1 : n, column = transposed ? k : 1;
    dlc_pack pack = dlc_matrix_packing(form, k, n, row, column);
    const int64_t bytes = dlc_pack_bytes(isa, &pack);
    uint8_t *packed = aligned(bytes);
    double signal = 0, noise = 0;
    bool fine = bytes >= 0 && dlc_pack_run(isa, pack, b, (float *)packed) && dlc_pack_noise(isa, pack, b, packed, &signal, &noise);
    const double most[] = {2e-7, 2e-5, 5e-5, 2e-2};
    fine = fine && noise <= most[form - DLC_PACK_HALF] * signal;
    // What it unpacks to, on this instruction set and in portable code.
    const dlc_panels panels = dlc_panels_of(dlc_tiles(isa), k, n);
    double *meant = aligned(8 * k * n);
    for (int64_t panel = 0; panel < panels.panels; panel++) {
        const int64_t first = dlc_panel_column(&panels, panel), width = dlc_panel_vectors(&panels, panel) * panels.lanes;
        float *rows = aligned(4 * k * width), *plain = aligned(4 * k * width);
        const uint8_t *from = packed + first * dlc_compact_bytes(form, k);
        dlc_compact_unpacking_of(isa)(form, k, width, from, rows);
        dlc_compact_unpack_portable(form, k, width, from, plain);
        fine = fine && memcmp(rows, plain, (size_t)(4 * k * width)) == 0;
        for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j < width && first + j < n; j++) meant[i * n + first + j] = rows[i * width + j];
        free(rows), free(plain);
    }
    dlc_gemm g = {.type = DLC_F32, .b_packed = true, .b_form = form, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .alpha = 1,
                  .a_row = k, .a_column = 1, .c_row = n, .epilogue = e, .scales_a = scaled};
    void *buffers[] = {a, packed, bias, NULL, bias, c, scale, NULL};
    dlc_launch launch;
    fine = fine && dlc_gemm_prepare(isa, &g, &launch) && launch_run(&launch, &g, buffers, 1 + launch.tasks / 2);
    buffers[5] = again;
    fine = fine && launch_run(&launch, &g, buffers, 1) && memcmp(c, again, (size_t)(4 * m * n)) == 0;
    double worst = 0;
    for (int64_t i = 0; fine && i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = bias[j], size = 1;
            for (int64_t p = 0; p < k; p++) {
                const double product = (double)a[i * k + p] * (scaled ? scale[p] : 1) * meant[p * n + j];
                sum += product, size += fabs(product);
            }
            const double error = fabs(c[i * n + j] - dlc_activate_f64(&e, sum, bias[j])) / size;
            if (!(error <= worst)) worst = error;
        }
    cases++;
    if (!fine || !(worst < 2e-6)) {
        failures++;
        printf("FAILED %s in few bits, form %d m %lld n %lld k %lld noise %g of %g error %g\n", isa_names[isa], form, (long long)m, (long long)n,
               (long long)k, noise, signal, worst);
    }
    free(a), free(b), free(bias), free(c), free(again), free(scale), free(packed), free(meant);
}

/// Products of numbers rounded to bfloat16, or of sums of two such.
static void check_pairs(dlc_isa isa, dlc_pack_form form, int64_t m, int64_t n, int64_t k, bool transposed, bool scaled, bool residual, dlc_epilogue e) {
    const int64_t a_row = k + random_below(3), c_row = n + random_below(3);
    float *a = aligned(4 * (m * a_row + 1)), *b = aligned(4 * k * n), *bias = aligned(4 * n), *scale = aligned(4 * k), *rest = aligned(4 * m * n);
    float *c = aligned(4 * m * c_row), *again = aligned(4 * m * c_row);
    for (int64_t i = 0; i < m * a_row; i++) a[i] = random_float();
    for (int64_t i = 0; i < k * n; i++) b[i] = random_float();
    for (int64_t i = 0; i < n; i++) bias[i] = random_float();
    for (int64_t i = 0; i < k; i++) scale[i] = random_float();
    for (int64_t i = 0; i < m * n; i++) rest[i] = random_float();
    // In a row an element that is not finite, or nearly so: nothing but the sums of its own row may be.
    const float special[] = {INFINITY, -INFINITY, NAN, 0x1.fffffep127f};
    if (form == DLC_PACK_SPLIT && m * k > 0 && random_below(3) == 0) {
        a[random_below(m) * a_row + random_below(k)] = special[random_below(4)];
        for (int64_t i = 0; i < k * n; i++) b[i] *= 0.5f; // so that no sum overflows on its way
    }
    memset(c, 0x77, (size_t)(4 * m * c_row)), memset(again, 0x77, (size_t)(4 * m * c_row));
    const int64_t row = transposed ? 1 : n, column = transposed ? k : 1;
    dlc_pack pack = dlc_matrix_packing(form, k, n, row, column);
    const int64_t bytes = dlc_pack_bytes(isa, &pack);
    float *packed = aligned(bytes);
    bool fine = bytes >= 0 && dlc_pack_run(isa, pack, b, packed);
    dlc_gemm g = {.type = DLC_F32, .b_packed = true, .b_form = form, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .alpha = 0.5f,
                  .a_row = a_row, .a_column = 1, .c_row = c_row, .residual_row = n, .epilogue = e, .scales_a = scaled};
    void *buffers[] = {a, packed, bias, residual ? rest : NULL, bias, c, scale, NULL};
    dlc_launch launch;
    fine = fine && dlc_gemm_prepare(isa, &g, &launch) && launch_run(&launch, &g, buffers, 1 + launch.tasks / 2);
    buffers[5] = again;
    fine = fine && launch_run(&launch, &g, buffers, 1) && memcmp(c, again, (size_t)(4 * m * c_row)) == 0;
    double worst = 0;
    for (int64_t i = 0; fine && i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0, size = 1;
            for (int64_t p = 0; p < k; p++) {
                const float x = scaled ? fmaf(a[i * a_row + p], scale[p], 0) : a[i * a_row + p], y = b[p * row + j * column];
                const double product = 0.5 * product_of_parts(dlc_pack_parts(form), dlc_amx_multiplies_pairs(isa), x, y);
                sum += product, size += fabs(product);
            }
            sum += bias[j];
            if (residual && !e.residual_after_activation) sum += rest[i * n + j];
            sum = dlc_activate_f64(&e, sum, bias[j]);
            if (residual && e.residual_after_activation) sum += rest[i * n + j];
            const double got = c[i * c_row + j], error = got == (float)sum || (isnan(got) && isnan(sum)) ? 0 : fabs(got - sum) / size;
            if (!(error <= worst)) worst = error;
        }
    cases++;
    if (!fine || !(worst < 2e-6)) {
        failures++;
        printf("FAILED %s in pairs, form %d m %lld n %lld k %lld scaled %d dot %d amx %d error %g\n", isa_names[isa], form, (long long)m, (long long)n,
               (long long)k, scaled, !dlc_pairs_without_dot, !dlc_pairs_without_amx, worst);
    }
    free(a), free(b), free(bias), free(c), free(again), free(scale), free(packed), free(rest);
}

#define CHECK_INTEGER(T, TYPE)                                                                              \
    static void check_##T(int64_t m, int64_t n, int64_t k) {                                                \
        T *a = aligned(m * k * sizeof(T)), *b = aligned(k * n * sizeof(T)), *c = aligned(m * n * sizeof(T));  \
        for (int64_t i = 0; i < m * k; i++) a[i] = (T)random_bits();                                        \
        for (int64_t i = 0; i < k * n; i++) b[i] = (T)random_bits();                                        \
        dlc_gemm g = {.type = TYPE, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .alpha = 1,              \
                      .a_row = k, .a_column = 1, .b_row = n, .b_column = 1, .c_row = n};                    \
        void *buffers[] = {a, b, NULL, NULL, NULL, c};                                                      \
        dlc_launch launch;                                                                                  \
        bool fine = dlc_gemm_prepare(DLC_ISA_PORTABLE, &g, &launch) && launch_run(&launch, &g, buffers, 1); \
        for (int64_t i = 0; i < m; i++)                                                                     \
            for (int64_t j = 0; j < n; j++) {                                                               \
                uint64_t sum = 0;                                                                           \
                for (int64_t p = 0; p < k; p++) sum += (uint64_t)a[i * k + p] * (uint64_t)b[p * n + j];     \
                if (c[i * n + j] != (T)sum) fine = false;                                                   \
            }                                                                                               \
        cases++;                                                                                            \
        if (!fine) failures++, printf("FAILED " #T "\n");                                                   \
        free(a), free(b), free(c);                                                                          \
    }
CHECK_INTEGER(int32_t, DLC_I32)
CHECK_INTEGER(int64_t, DLC_I64)
CHECK_INTEGER(uint32_t, DLC_U32)
CHECK_INTEGER(uint64_t, DLC_U64)

/// A row of as many columns and products is cut into so many tasks: a row reads the matrix and does little else, so that a large
/// one is worth an even number of threads.
static void check_tasks(dlc_isa isa, int64_t n, int64_t k, int64_t least, int64_t most) {
    dlc_gemm row = {.type = DLC_F32, .m = 1, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = k, .a_column = 1, .b_packed = true, .c_row = n};
    dlc_launch launch;
    cases++;
    if (!dlc_gemm_prepare(isa, &row, &launch) || launch.tasks < least || launch.tasks > most || (launch.tasks > 1 && launch.tasks % 2))
        failures++, printf("FAILED: a row of %ld columns and %ld products is %ld tasks\n", (long)n, (long)k, (long)launch.tasks);
}

int main(void) {
    const int64_t one[4] = {1, 1, 1, 1}, many[4] = {2, 1, 3, 2};
    const dlc_epilogue none = {0};
    for (dlc_isa isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        for (int64_t m = 0; m <= 27; m++)
            for (int64_t n = 0; n <= 140; n += 1 + (n > 3) * (n < 60 ? 3 : 7)) {
                if (random_below(CHECK_SHARE)) continue;
                shape s = {random_below(2), random_below(2), random_below(2), random_below(2), random_below(2), random_below(4)};
                check_float(isa, DLC_F32, m, n, random_below(40), s, none, 1, one, 0);
            }
        for (dlc_pack_form form = DLC_PACK_HALF; form <= DLC_PACK_INT4; form++) {
            const int64_t depths[] = {0, 1, 31, 32, 33, 127, 128, 129, 300};
            for (int i = 0; i < 9; i++)
                for (int64_t n = 0; n <= 150; n += n < 20 ? 5 : 37)
                    check_compact(isa, form, random_below(4) == 0 ? 40 : random_below(9), n, depths[i], random_below(2), random_below(2),
                                  (dlc_epilogue){.activation = random_below(3) ? DLC_ACT_NONE : DLC_ACT_GELU});
        }
        for (int way = 0; way < 2 * (dlc_host_has_amx(isa) ? 3 : 2); way++) {
            dlc_pairs_without_dot = way / 2 == 0, dlc_pairs_without_amx = way / 2 < 2;
            const dlc_pack_form form = way % 2 ? DLC_PACK_SPLIT : DLC_PACK_PAIRS;
            const int64_t depths[] = {0, 1, 2, 7, 33, 300, 2500};
            for (int i = 0; i < 7; i++)
                for (int64_t n = 0; n <= 150; n += n < 20 ? 5 : 37)
                    check_pairs(isa, form, random_below(4) == 0 ? 40 : random_below(13), n, depths[i], random_below(2), random_below(3) == 0, random_below(2),
                                (dlc_epilogue){.activation = random_below(3) ? DLC_ACT_NONE : DLC_ACT_GELU, .residual_after_activation = random_below(2)});
            check_pairs(isa, form, 401, 70, 33, false, false, true, none);
            check_pairs(isa, form, 130, 600, 300, true, true, false, none); // rows made for all tasks
            check_pairs(isa, form, 130, 600, 300, true, false, false, none);
        }
        for (int act = 0; act <= DLC_ACT_ELU; act++)
            for (int after = 0; after < 4; after++) {
                dlc_epilogue e = {act, after & 1, 0.3f, 0.7f};
                check_float(isa, DLC_F32, 19, 83, 9, (shape){0, 0, true, true, after >> 1, 3}, e, 2, one, 0);
                check_float(isa, DLC_F64, 19, 83, 9, (shape){0, 0, false, true, after >> 1, 3}, e, 2, one, 0);
            }
        for (int packed = 0; packed < 2; packed++)
            for (int layout = 0; layout < 4; layout++) {
                shape s = {layout & 1, layout >> 1, packed, true, true, 5};
                check_float(isa, DLC_F32, 37, 130, 3000, s, none, 0.5f, one, 0);
                check_float(isa, DLC_F32, 401, 70, 33, s, none, 1, one, 0);
                check_float(isa, DLC_F32, 60 + random_below(60), 1 + random_below(200), 900, s, none, 1, one, 0); // rows of one block in several tasks
                check_float(isa, DLC_F32, 3, 64, 1029, s, none, 1, one, 0);
                for (int repeats = 0; repeats < 256; repeats += 5 * CHECK_SHARE)
                    check_float(isa, DLC_F32, 5, 17, 11, s, none, 1, many, repeats);
            }
        check_float(isa, DLC_F32, 130, 600, 200, (shape){0, 0, true, true, true, 0}, (dlc_epilogue){DLC_ACT_GELU}, 1, one, 0);
        check_tasks(isa, 1024, 256, 2, 32);
        check_tasks(isa, 1000, 256, 2, 32);
        check_tasks(isa, 64, 64, 1, 1);
        printf("%-8s gemm: %d cases, %d failures\n", isa_names[isa], cases, failures);
    }
    for (int layout = 0; layout < 4; layout++)
        for (int repeats = 0; repeats < 256; repeats += 37) {
            shape s = {layout & 1, layout >> 1, false, true, true, 1};
            check_float(DLC_ISA_PORTABLE, DLC_F64, 5, 7, 11, s, none, 1, many, repeats);
            check_float(DLC_ISA_PORTABLE, DLC_F64, 40, 33, 61, s, none, 1, one, 0);
        }
    check_int32_t(9, 7, 13), check_int64_t(33, 5, 8), check_uint32_t(1, 40, 3), check_uint64_t(17, 17, 17);
    dlc_launch launch;
    dlc_gemm bad = {.type = DLC_F32, .m = -1, .n = 1, .k = 1, .batch = {1, 1, 1, 1}};
    if (dlc_gemm_prepare(DLC_ISA_PORTABLE, &bad, &launch)) failures++, printf("FAILED: negative extent accepted\n");
    printf("gemm: %d cases, %d failures\n", cases, failures);
    return failures != 0;
}
