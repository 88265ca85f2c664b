/// Convolutions of 8-bit integers against plain loops that wrap: patches as rows of products, and channel by channel, with every
/// sign, stride, dilation, padding and gap between pixels. The same numbers, however tasks are split.
#include "../../Sources/CKernels/gemm_integer.h"
#include "dlc_compute.h"
#include "harness.h"

typedef struct {
    int64_t n, extent[3], groups, inputs, outputs, kernel[3], stride[3], dilation[3], pad[3], gap;
    bool x_signed, w_signed, zeros, w_zeros, per_channel, depthwise, run;
} conv_case;

static uint8_t *random_bytes(int64_t n) {
    uint8_t *p = aligned(n + 1);
    for (int64_t i = 0; i < n; i++) p[i] = (uint8_t)(random_bits() >> 30);
    return p;
}

static int32_t read(const uint8_t *p, bool is_signed, int64_t i) { return is_signed ? (int8_t)p[i] : p[i]; }

static bool check(dlc_isa isa, const conv_case *s) {
    int64_t out[3], taps = 1, pixels = s->n, in_pixels = s->n;
    for (int i = 0; i < 3; i++) {
        out[i] = (s->extent[i] + 2 * s->pad[i] - s->dilation[i] * (s->kernel[i] - 1) - 1) / s->stride[i] + 1;
        if (out[i] < 1) return true;
        taps *= s->kernel[i], pixels *= out[i], in_pixels *= s->extent[i];
    }
    const int64_t c = s->groups * s->inputs, oc = s->groups * s->outputs, x_ld = c + s->gap, y_ld = oc + s->gap, k = taps * s->inputs;
    uint8_t *x = random_bytes(in_pixels * x_ld), *w = random_bytes(oc * k), *zero_x = random_bytes(1), *zero_w = random_bytes(oc); // w: [g][tap][input][output]
    int32_t *y = aligned(4 * pixels * y_ld), *expected = aligned(4 * pixels * y_ld);
    memset(expected, 0x5a, (size_t)(4 * pixels * y_ld));
    const int32_t zx = s->zeros ? read(zero_x, s->x_signed, 0) : 0;
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t o = 0; o < oc; o++) {
            const int64_t at[3] = {p / out[2] / out[1] % out[0], p / out[2] % out[1], p % out[2]}, image = p / out[2] / out[1] / out[0], g = o / s->outputs;
            const int32_t zw = s->w_zeros ? read(zero_w, s->w_signed, s->per_channel ? o : 0) : 0;
            uint32_t sum = 0;
            for (int64_t t = 0; t < taps; t++) {
                const int64_t tap[3] = {t / s->kernel[2] / s->kernel[1], t / s->kernel[2] % s->kernel[1], t % s->kernel[2]};
                int64_t place = image;
                bool inside = true;
                for (int i = 0; i < 3; i++) {
                    const int64_t v = at[i] * s->stride[i] + tap[i] * s->dilation[i] - s->pad[i];
                    inside = inside && v >= 0 && v < s->extent[i];
                    place = place * s->extent[i] + v;
                }
                for (int64_t i = 0; inside && i < s->inputs; i++)
                    sum += (uint32_t)((read(x, s->x_signed, place * x_ld + g * s->inputs + i) - zx) *
                                      (read(w, s->w_signed, ((g * taps + t) * s->inputs + i) * s->outputs + o % s->outputs) - zw));
            }
            expected[p * y_ld + o] = (int32_t)sum;
        }
    const int64_t run_taps = s->groups == 1 && s->dilation[2] == 1 && s->run ? s->kernel[2] : 1;
    const int64_t rows = dlc_integer_packed_rows(taps, s->inputs, run_taps);
    const int64_t packed = dlc_integer_packed_bytes(isa, rows, s->outputs), held = s->depthwise ? oc * k : s->groups * packed;
    uint8_t *pack = aligned(held);
    dlc_integer_pack layout = {
        .is_signed = s->w_signed, .matrices = s->groups, .taps = taps, .inputs = s->inputs, .n = s->outputs, .run_taps = run_taps, .matrix_step = k * s->outputs,
        .tap_step = s->inputs * s->outputs, .row_step = s->outputs, .column_step = 1,
    };
    // Depthwise weights are one matrix of [tap][group and output].
    if (s->depthwise) {
        for (int64_t t = 0; t < taps; t++)
            for (int64_t o = 0; o < oc; o++) pack[t * oc + o] = w[(o / s->outputs * taps + t) * s->outputs + o % s->outputs];
    }
    dlc_integer_product product = {
        .a_signed = s->x_signed, .b_signed = s->w_signed, .has_b_zero = s->w_zeros, .m = pixels, .n = s->outputs, .k = k, .batch = {1, 1, 1, s->groups},
        .a_batch = {0, 0, 0, s->inputs}, .b_batch = {0, 0, 0, packed}, .c_batch = {0, 0, 0, s->outputs}, .b_zero_batch = {0, 0, 0, s->per_channel ? s->outputs : 0},
        .a_row = x_ld, .a_column = 1, .c_row = y_ld, .b_zero_column = s->per_channel, .has_patches = true, .finish = {.type = DLC_I32},
        .patches = {s->extent[0], s->extent[1], s->extent[2], out[0], out[1], out[2], s->inputs, run_taps, {0}, {0}, {0}, {0}, x_ld},
    };
    dlc_integer_depthwise depthwise = {
        .x_signed = s->x_signed, .w_signed = s->w_signed, .w_zero_per_channel = s->per_channel, .n = s->n, .d = s->extent[0], .h = s->extent[1], .w = s->extent[2],
        .channels = s->groups, .multiplier = s->outputs, .od = out[0], .oh = out[1], .ow = out[2], .x_ld = x_ld, .y_ld = y_ld, .finish = {.type = DLC_I32},
    };
    for (int i = 0; i < 3; i++) {
        product.patches.kernel[i] = depthwise.kernel[i] = s->kernel[i], product.patches.stride[i] = depthwise.stride[i] = s->stride[i];
        product.patches.dilation[i] = depthwise.dilation[i] = s->dilation[i], product.patches.pad[i] = depthwise.pad[i] = s->pad[i];
    }
    void *weights[] = {w, pack}, *buffers[] = {x, pack, s->zeros ? zero_x : 0, s->w_zeros ? zero_w : 0, 0, 0, s->depthwise ? (void *)y : 0, y};
    dlc_launch packing, launch;
    bool fine = dlc_integer_pack_prepare(isa, &layout, &packing) && (s->depthwise || launch_run(&packing, &layout, weights, 1));
    fine = fine && (s->depthwise ? dlc_integer_depthwise_prepare(isa, &depthwise, &launch) : dlc_integer_product_prepare(isa, &product, &launch));
    for (int64_t splits = 1; fine && splits <= 3; splits++) {
        memset(y, 0x5a, (size_t)(4 * pixels * y_ld));
        fine = launch_run(&launch, s->depthwise ? (void *)&depthwise : (void *)&product, buffers, splits) && memcmp(y, expected, (size_t)(4 * pixels * y_ld)) == 0;
    }
    // What is made of the sums, by either way to multiply: the same bits.
    static const dlc_type types[] = {DLC_F32, DLC_U8, DLC_I8};
    for (int t = 0; fine && s->depthwise && t < 3; t++) {
        float *scale = aligned(4 * oc), *bias = aligned(4 * oc);
        for (int64_t o = 0; o < oc; o++) scale[o] = 0.01f * random_float(), bias[o] = 20 * random_float();
        dlc_integer_depthwise finished = depthwise;
        finished.finish = (dlc_integer_finish){.type = types[t], .scale_columns = random_below(2), .bias_columns = random_below(2), .low = -100, .high = 100, .zero = types[t] == DLC_U8 ? 110 : 9};
        void *operands[] = {x, pack, s->zeros ? zero_x : 0, s->w_zeros ? zero_w : 0, scale, random_below(3) ? bias : 0, y};
        memset(y, 0x5a, (size_t)(4 * pixels * y_ld)), memset(expected, 0x5a, (size_t)(4 * pixels * y_ld));
        fine = dlc_integer_depthwise_prepare(isa, &finished, &launch) && launch_run(&launch, &finished, operands, 2);
        dlc_integer_without_dot = true, operands[6] = expected;
        fine = fine && dlc_integer_depthwise_prepare(isa, &finished, &launch) && launch_run(&launch, &finished, operands, 1);
        dlc_integer_without_dot = false;
        fine = fine && memcmp(y, expected, (size_t)(4 * pixels * y_ld)) == 0;
        free(scale), free(bias);
    }
    free(x), free(w), free(zero_x), free(zero_w), free(y), free(expected), free(pack);
    if (!fine)
        printf("FAIL: isa %d n %lld of %lld %lld %lld, %lld groups of %lld to %lld, kernel %lld %lld %lld stride %lld pad %lld gap %lld depthwise %d\n", isa,
               (long long)s->n, (long long)s->extent[0], (long long)s->extent[1], (long long)s->extent[2], (long long)s->groups, (long long)s->inputs,
               (long long)s->outputs, (long long)s->kernel[0], (long long)s->kernel[1], (long long)s->kernel[2], (long long)s->stride[2],
               (long long)s->pad[2], (long long)s->gap, s->depthwise);
    return fine;
}

int main(void) {
    int cases = 0, failures = 0;
    for (dlc_isa isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        for (int i = 0; i < 1200; i++) {
            conv_case s = {.n = 1 + random_below(2), .groups = 1 + random_below(3), .inputs = 1 + random_below(9), .outputs = 1 + random_below(40), .gap = random_below(2) * random_below(5)};
            s.depthwise = i % 3 == 0, s.run = random_below(4) > 0;
            if (i % 3 == 1 && random_below(2)) s.groups = 1;
            if (random_below(3) == 0) s.inputs = 4 * (1 + random_below(3));
            if (s.depthwise) s.groups = 1 + random_below(i % 2 ? 70 : 200), s.inputs = 1, s.outputs = i % 9 == 0 ? 1 + random_below(3) : 1;
            for (int a = 0; a < 3; a++) {
                const bool used = a > 0 || i % 5 == 0;
                s.extent[a] = used ? 1 + random_below(11) : 1;
                s.kernel[a] = used ? 1 + random_below(4) : 1;
                s.stride[a] = 1 + random_below(2), s.dilation[a] = 1 + (random_below(4) == 0), s.pad[a] = used ? random_below(3) : 0;
            }
            // Runs and lines that take several of AMX's registers, and end in the middle of one.
            if (!s.depthwise && random_below(8) == 0) s.inputs = 16 + random_below(80), s.extent[2] = 8 + random_below(40);
            if (s.depthwise && i % 4 == 0) s.groups = 16 << random_below(2), s.outputs = 1;
            if (s.depthwise && random_below(4) == 0) s.extent[2] = 1 + random_below(80);
            s.x_signed = random_below(2), s.w_signed = random_below(3) > 0, s.zeros = random_below(3) > 0, s.per_channel = random_below(2);
            s.w_zeros = s.zeros && random_below(2);
            if (i % CHECK_SHARE != 0) continue;
            failures += !check(isa, &s);
            cases++;
        }
    }
    printf("integer convolutions: %d cases, %d failures\n", cases, failures);
    return failures != 0;
}
