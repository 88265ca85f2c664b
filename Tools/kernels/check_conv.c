/// dlc_conv and dlc_conv_transpose against their definitions in double: every algorithm on every
/// instruction set of the host, over random shapes; and the same bits however tasks are split.
#include "harness.h"
#include "../../Sources/CKernels/float16.h"
#include "../../Sources/CKernels/gemm_amx.h"
#include "../../Sources/CKernels/gemm_tile.h"
#include "../../Sources/CKernels/gemm_typed.h"

static int failures, cases;
enum { TRANSPOSED = DLC_CONV_SPLIT + 1 };
static double worst_of[TRANSPOSED + 1];

static double at(dlc_type type, const void *p, int64_t i) { return type == DLC_F32 ? ((const float *)p)[i] : ((const double *)p)[i]; }

/// The product of two numbers as `algorithm` reads them.
static double product_of(dlc_isa isa, dlc_conv_algorithm algorithm, double x, double w) {
    const int parts = algorithm == DLC_CONV_PAIRS ? 1 : algorithm == DLC_CONV_SPLIT ? 2 : 0;
    return parts > 0 ? product_of_parts(parts, dlc_amx_multiplies_pairs(isa), (float)x, (float)w) : x * w;
}

/// What both kinds of convolution have in common, filled at random.
typedef struct {
    dlc_type type;
    void *x, *weights, *bias, *residual, *slope, *y, *again, *packed;
    int64_t y_floats;
} data;

static void *fill(dlc_type type, int64_t n) {
    void *p = aligned(n * (type == DLC_F32 ? 4 : 8));
    for (int64_t i = 0; i < n; i++)
        if (type == DLC_F32) ((float *)p)[i] = random_float();
        else ((double *)p)[i] = random_float();
    return p;
}

/// Elements of `pixels` pixels `ld` apart, up to the last channel of the last: the sanitizer sees reads beyond.
static int64_t extent(int64_t pixels, int64_t ld, int64_t channels) { return pixels ? (pixels - 1) * ld + channels : 0; }

static data make(dlc_type type, int64_t x, int64_t weights, int64_t oc, int64_t residual, int64_t y, int64_t packed_bytes) {
    data d = {type, fill(type, x), fill(type, weights), fill(type, oc), fill(type, residual), fill(type, oc), fill(type, y), fill(type, y), aligned(packed_bytes), y};
    memset(d.y, 0x77, (size_t)y * (type == DLC_F32 ? 4 : 8)), memset(d.again, 0x77, (size_t)y * (type == DLC_F32 ? 4 : 8));
    return d;
}

static void release(data *d) {
    free(d->x), free(d->weights), free(d->bias), free(d->residual), free(d->slope), free(d->y), free(d->again), free(d->packed);
}

static bool run_twice(const dlc_launch *launch, const void *params, data *d, bool bias, bool residual) {
    void *buffers[] = {d->x, d->packed, bias ? d->bias : NULL, residual ? d->residual : NULL, d->slope, d->y};
    bool fine = launch_run(launch, params, buffers, 1 + launch->tasks / 2);
    buffers[5] = d->again;
    return launch_run(launch, params, buffers, 1) && fine && memcmp(d->y, d->again, (size_t)d->y_floats * (d->type == DLC_F32 ? 4 : 8)) == 0;
}

static double finish(const dlc_epilogue *e, double sum, double bias, double residual, double slope) {
    sum += bias;
    if (!e->residual_after_activation) sum += residual;
    sum = dlc_activate_f64(e, sum, slope);
    return e->residual_after_activation ? sum + residual : sum;
}

static void report(const char *what, dlc_isa isa, int algorithm, bool fine, double worst, double bound, const int64_t *shape) {
    cases++;
    if (worst > worst_of[algorithm]) worst_of[algorithm] = worst;
    if (fine && worst < bound) return;
    if (failures++ > 20) return;
    printf("FAILED %s %s algorithm %d error %g ran %d:", what, isa_names[isa], algorithm, worst, fine);
    for (int i = 0; i < 26; i++) printf(" %lld", (long long)shape[i]);
    printf("\n");
}

static void check_conv(dlc_isa isa, dlc_conv p, bool bias, bool residual) {
    if (!dlc_conv_supports(isa, &p, p.algorithm)) return;
    const int64_t cg = p.c / p.groups, og = p.oc / p.groups, taps = p.kernel[0] * p.kernel[1] * p.kernel[2];
    const int64_t pixels = p.n * p.od * p.oh * p.ow;
    data d = make(p.type, extent(p.n * p.d * p.h * p.w, p.x_ld, p.c), p.oc * cg * taps, p.oc, extent(pixels, p.residual_ld, p.oc), extent(pixels, p.y_ld, p.oc), dlc_conv_packed_bytes(isa, &p));
    pack_conv(isa, &p, d.weights, d.packed);
    dlc_launch launch;
    bool fine = dlc_conv_prepare(isa, &p, &launch) && run_twice(&launch, &p, &d, bias, residual);
    // Winograd's errors are relative to the largest sums of a tile, the others' to each sum of its own.
    const bool winograd = p.algorithm == DLC_CONV_WINOGRAD_2 || p.algorithm == DLC_CONV_WINOGRAD_4 || p.algorithm == DLC_CONV_WINOGRAD_STRIDED;
    double worst = 0, largest = winograd ? 0.25 * (double)(cg * taps) : 0;
    for (int64_t pixel = 0; fine && pixel < pixels; pixel++)
        for (int64_t o = 0; o < p.oc; o++) {
            double sum = 0, scale = 1;
            const int64_t o2 = pixel % p.ow, o1 = pixel / p.ow % p.oh, o0 = pixel / p.ow / p.oh % p.od, n = pixel / p.ow / p.oh / p.od;
            for (int64_t tap = 0; tap < taps; tap++) {
                const int64_t i0 = o0 * p.stride[0] - p.pad[0] + tap / p.kernel[2] / p.kernel[1] * p.dilation[0];
                const int64_t i1 = o1 * p.stride[1] - p.pad[1] + tap / p.kernel[2] % p.kernel[1] * p.dilation[1];
                const int64_t i2 = o2 * p.stride[2] - p.pad[2] + tap % p.kernel[2] * p.dilation[2];
                if (i0 < 0 || i0 >= p.d || i1 < 0 || i1 >= p.h || i2 < 0 || i2 >= p.w) continue;
                for (int64_t i = 0; i < cg; i++) {
                    const double x = at(p.type, d.x, (((n * p.d + i0) * p.h + i1) * p.w + i2) * p.x_ld + o / og * cg + i);
                    const double product = product_of(isa, p.algorithm, x, at(p.type, d.weights, (o * cg + i) * taps + tap));
                    sum += product, scale += fabs(product);
                }
            }
            sum = finish(&p.epilogue, sum, bias ? at(p.type, d.bias, o) : 0, residual ? at(p.type, d.residual, pixel * p.residual_ld + o) : 0, at(p.type, d.slope, o));
            double error = fabs(sum - at(p.type, d.y, pixel * p.y_ld + o)) / fmax(scale, largest);
            if (!(error <= worst)) worst = error;
        }
    for (int64_t pixel = 0; pixel + 1 < pixels; pixel++)
        for (int64_t o = p.oc; o < p.y_ld; o++)
            if (p.type == DLC_F32 && ((uint32_t *)d.y)[pixel * p.y_ld + o] != 0x77777777) fine = false;
    double bound = p.type == DLC_F64 ? 1e-12 : p.algorithm == DLC_CONV_WINOGRAD_4 ? 1e-5 : 2e-6;
    report("conv", isa, p.algorithm, fine, worst, bound, &p.n);
    release(&d);
}

static void check_transpose(dlc_isa isa, dlc_conv_transpose p, bool bias, bool residual) {
    const int64_t cg = p.c / p.groups, og = p.oc / p.groups, taps = p.kernel[0] * p.kernel[1] * p.kernel[2];
    const int64_t pixels = p.n * p.od * p.oh * p.ow;
    data d = make(p.type, extent(p.n * p.d * p.h * p.w, p.x_ld, p.c), p.c * og * taps, p.oc, extent(pixels, p.residual_ld, p.oc), extent(pixels, p.y_ld, p.oc), dlc_conv_transpose_packed_bytes(isa, &p));
    if (p.type == DLC_F64) memcpy(d.packed, d.weights, (size_t)dlc_conv_transpose_packed_bytes(isa, &p));
    else dlc_pack_run(isa, dlc_conv_transpose_packing(&p), d.weights, d.packed);
    dlc_launch launch;
    bool fine = dlc_conv_transpose_prepare(isa, &p, &launch) && run_twice(&launch, &p, &d, bias, residual);
    double *sum = aligned(pixels * p.oc * 8), worst = 0;
    memset(sum, 0, (size_t)(pixels * p.oc) * 8);
    for (int64_t pixel = 0; pixel < p.n * p.d * p.h * p.w; pixel++)
        for (int64_t tap = 0; tap < taps; tap++) {
            const int64_t i2 = pixel % p.w, i1 = pixel / p.w % p.h, i0 = pixel / p.w / p.h % p.d, n = pixel / p.w / p.h / p.d;
            const int64_t o0 = i0 * p.stride[0] - p.pad[0] + tap / p.kernel[2] / p.kernel[1] * p.dilation[0];
            const int64_t o1 = i1 * p.stride[1] - p.pad[1] + tap / p.kernel[2] % p.kernel[1] * p.dilation[1];
            const int64_t o2 = i2 * p.stride[2] - p.pad[2] + tap % p.kernel[2] * p.dilation[2];
            if (o0 < 0 || o0 >= p.od || o1 < 0 || o1 >= p.oh || o2 < 0 || o2 >= p.ow) continue;
            for (int64_t i = 0; i < p.c; i++)
                for (int64_t o = 0; o < og; o++)
                    sum[(((n * p.od + o0) * p.oh + o1) * p.ow + o2) * p.oc + i / cg * og + o] += at(p.type, d.x, pixel * p.x_ld + i) * at(p.type, d.weights, (i * og + o) * taps + tap);
        }
    for (int64_t pixel = 0; fine && pixel < pixels; pixel++)
        for (int64_t o = 0; o < p.oc; o++) {
            double want = finish(&p.epilogue, sum[pixel * p.oc + o], bias ? at(p.type, d.bias, o) : 0, residual ? at(p.type, d.residual, pixel * p.residual_ld + o) : 0, at(p.type, d.slope, o));
            double error = fabs(want - at(p.type, d.y, pixel * p.y_ld + o)) / (1 + fabs(want) + 0.2 * (double)(cg * taps));
            if (!(error <= worst)) worst = error;
        }
    for (int64_t pixel = 0; pixel + 1 < pixels; pixel++)
        for (int64_t o = p.oc; o < p.y_ld; o++)
            if (p.type == DLC_F32 && ((uint32_t *)d.y)[pixel * p.y_ld + o] != 0x77777777) fine = false;
    report("conv_transpose", isa, TRANSPOSED, fine, worst, p.type == DLC_F64 ? 1e-12 : 2e-6, &p.n);
    free(sum);
    release(&d);
}

static dlc_conv random_conv(int64_t most_channels) {
    dlc_conv p = {.type = DLC_F32, .n = 1 + random_below(2)};
    p.groups = random_below(3) ? 1 : 1 + random_below(4);
    p.c = p.groups * (1 + random_below(most_channels)), p.oc = p.groups * (1 + random_below(most_channels));
    const int dims = (int)random_below(4);
    int64_t *in[] = {&p.d, &p.h, &p.w}, *out[] = {&p.od, &p.oh, &p.ow};
    for (int i = 0; i < 3; i++) {
        const bool used = i == 2 || (i == 1 && dims > 0) || dims == 3;
        p.kernel[i] = used ? 1 + random_below(5) : 1;
        p.stride[i] = used ? 1 + random_below(3) : 1;
        p.dilation[i] = used && !random_below(3) ? 1 + random_below(3) : 1;
        p.pad[i] = !used ? 0 : random_below(6) ? random_below(4) : random_below(12) - 4;
        *in[i] = used ? 1 + random_below(14) : 1;
        int64_t reach = *in[i] + p.pad[i] + random_below(3) - (p.kernel[i] - 1) * p.dilation[i] - 1;
        *out[i] = used ? (reach < 0 ? 1 : reach / p.stride[i] + 1) : 1;
    }
    p.x_ld = p.c + random_below(2) * 3, p.y_ld = p.oc + random_below(2) * 5, p.residual_ld = p.oc + random_below(2);
    p.epilogue = (dlc_epilogue){random_below(3) ? random_below(3) : random_below(DLC_ACT_ELU + 1), random_below(2), 0.25f, 0.75f};
    return p;
}

static void all(dlc_isa isa, dlc_conv p) {
    for (int a = 0; a < TRANSPOSED; a++) {
        p.algorithm = a;
        dlc_pairs_without_dot = random_below(2), dlc_pairs_without_amx = random_below(2);
        check_conv(isa, p, random_below(2), random_below(2));
    }
}

int main(int count, char **arguments) {
    const int rounds = (count > 1 ? atoi(arguments[1]) : 300) / CHECK_SHARE;
    for (dlc_isa isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has(isa)) continue;
        for (int i = 0; i < rounds; i++) {
            all(isa, random_conv(i % 3 ? 24 : 90));
            dlc_conv p = random_conv(80); // 3 × 3 for Winograd
            if (random_below(3)) p.groups = 1;
            p.d = p.od = 1, p.kernel[0] = 1, p.pad[0] = 0;
            for (int k = 0; k < 3; k++) p.dilation[k] = 1;
            p.stride[0] = 1, p.stride[1] = p.stride[2] = 1 + (random_below(3) == 0);
            p.kernel[1] = p.kernel[2] = 3, p.oh = 1 + random_below(20), p.ow = 1 + random_below(20);
            all(isa, p);
            // The same over a depth, now and then of more planes than a block has.
            p.d = random_below(8) ? 1 + random_below(9) : 30 + random_below(50), p.od = random_below(8) ? p.d : 1 + random_below(70);
            if (p.d + p.od > 30) p.groups = 1, p.c = p.oc = 1 + random_below(20), p.x_ld = p.c, p.y_ld = p.residual_ld = p.oc;
            p.kernel[0] = 1 + random_below(4), p.stride[0] = 1 + random_below(2);
            p.dilation[0] = 1 + random_below(2), p.pad[0] = random_below(6) - 2;
            all(isa, p);
            p = random_conv(100); // depthwise, unrolled and not, with and without a multiplier
            p.groups = p.c, p.oc = p.c * (1 + (random_below(3) == 0)), p.x_ld = p.c + random_below(3), p.y_ld = p.residual_ld = p.oc;
            if (random_below(3)) p.d = p.od = p.kernel[0] = 1, p.kernel[1] = p.kernel[2] = 3 + 2 * random_below(3), p.stride[1] = p.stride[2] = 1 + random_below(2), p.dilation[1] = p.dilation[2] = random_below(2) ? 1 : 1 + random_below(20), p.ow = 1 + random_below(16);
            else if (random_below(3) == 0) p.kernel[1] = 1 + random_below(14), p.kernel[2] = 1 + random_below(14), p.pad[1] = random_below(p.kernel[1]), p.pad[2] = random_below(p.kernel[2]);
            all(isa, p);
            // Pixels that lie a multiple of 4 KiB apart.
            if (random_below(20) == 0 && p.n * p.d * p.h * p.w < 150) p.c = p.groups = p.oc = p.x_ld = p.y_ld = p.residual_ld = 1024, all(isa, p);
            if (random_below(20) == 0 && p.n * p.d * p.h * p.w < 150) p.groups = 128, p.c = p.x_ld = 1024, p.oc = p.y_ld = p.residual_ld = 512, all(isa, p);
            p = random_conv(8); // few channels a group, unrolled and not, as many in as out and not
            const int64_t channels = 2 << random_below(4);
            p.groups = 1 + random_below(12), p.c = p.oc = p.groups * channels, p.x_ld = p.c + random_below(3), p.y_ld = p.residual_ld = p.oc + random_below(3);
            if (random_below(3)) p.d = p.od = p.kernel[0] = 1, p.kernel[1] = p.kernel[2] = 3, p.stride[1] = p.stride[2] = 1 + random_below(2), p.dilation[1] = p.dilation[2] = random_below(2) ? 1 : 1 + random_below(3);
            else p.c = p.groups * (1 + random_below(17)), p.oc = p.groups * (1 + random_below(17)), p.x_ld = p.c + random_below(3), p.y_ld = p.residual_ld = p.oc + random_below(3);
            all(isa, p);
            p = random_conv(6); // most taps in the padding, for runs that are long enough to look
            p.c = p.groups * (16 + random_below(40)), p.x_ld = p.c;
            for (int k = 0; k < 3; k++) {
                int64_t *in = k == 0 ? &p.d : k == 1 ? &p.h : &p.w, *out = k == 0 ? &p.od : k == 1 ? &p.oh : &p.ow;
                p.kernel[k] = 1 + random_below(4), p.dilation[k] = 1 + random_below(12), p.pad[k] = random_below(3 * p.dilation[k]), *in = 1 + random_below(9), *out = 1 + random_below(12);
            }
            p.algorithm = (dlc_conv_algorithm[]){DLC_CONV_IGEMM, DLC_CONV_PAIRS, DLC_CONV_SPLIT}[random_below(3)];
            check_conv(isa, p, random_below(2), random_below(2));
            if (i % 4 == 0) { // so much to sum for few outputs that threads share the pixels of a block
                p = random_conv(6);
                p.n = p.groups = p.d = p.od = p.kernel[0] = 1, p.pad[0] = 0, p.h = p.w = p.oh = p.ow = 7 + random_below(5);
                p.kernel[1] = p.kernel[2] = random_below(2) ? 1 : 3, p.stride[1] = p.stride[2] = p.dilation[1] = p.dilation[2] = 1, p.pad[1] = p.pad[2] = p.kernel[1] / 2;
                p.c = p.x_ld = 256 + random_below(200), p.oc = 1 + random_below(70), p.y_ld = p.residual_ld = p.oc + random_below(3);
                all(isa, p);
            }
            p = random_conv(24); // no input channels: sums of nothing
            p.groups = 1, p.c = 0;
            all(isa, p);
            dlc_conv q = random_conv(i % 3 ? 24 : 90);
            dlc_conv_transpose t = {.type = DLC_F32, .n = q.n, .d = q.d, .h = q.h, .w = q.w, .c = q.c, .od = q.od, .oh = q.oh, .ow = q.ow, .oc = q.oc, .groups = q.groups, .x_ld = q.x_ld, .y_ld = q.y_ld, .residual_ld = q.residual_ld, .epilogue = q.epilogue};
            int64_t in[] = {q.d, q.h, q.w}, *out[] = {&t.od, &t.oh, &t.ow};
            for (int k = 0; k < 3; k++) {
                t.kernel[k] = q.kernel[k], t.stride[k] = in[k] > 1 ? q.stride[k] : 1, t.dilation[k] = q.dilation[k], t.pad[k] = q.pad[k];
                int64_t extent = (in[k] - 1) * t.stride[k] + (t.kernel[k] - 1) * t.dilation[k] + 1 - 2 * t.pad[k] + random_below(2);
                *out[k] = extent < 1 ? 1 : extent;
            }
            check_transpose(isa, t, random_below(2), random_below(2));
            if (t.groups == 1) { // few outputs of at least 16 inputs, in any extents
                dlc_conv_transpose few = t;
                few.c += 16, few.oc = 1 + random_below(4), few.x_ld = few.c + random_below(3), few.y_ld = few.residual_ld = few.oc + random_below(3);
                check_transpose(isa, few, random_below(2), random_below(2));
                few.narrow = dlc_conv_transpose_is_narrow(isa, 1, few.c, few.oc);
                if (few.narrow) check_transpose(isa, few, random_below(2), random_below(2));
            }
            t.groups = t.oc = t.c, t.depthwise = true; // a channel by itself, in any extents
            t.y_ld = t.residual_ld = t.oc + random_below(3), t.x_ld = t.c + random_below(3);
            check_transpose(isa, t, random_below(2), random_below(2));
            t.depthwise = false;
            if (i % 8 == 0) {
                t.type = q.type = DLC_F64;
                q.algorithm = DLC_CONV_DIRECT;
                check_transpose(isa, t, true, true);
                check_conv(isa, q, true, true);
            }
        }
        const int64_t side = CHECK_SHARE == 1 ? 28 : 9;
        dlc_conv big = {.type = DLC_F32, .n = 1, .d = 1, .h = side + 2, .w = side + 2, .c = 300, .od = 1, .oh = side, .ow = side, .oc = 70, .groups = 1, .kernel = {1, 3, 3}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}, .x_ld = 300, .y_ld = 70, .residual_ld = 70};
        all(isa, big);
        big.h = 114, big.w = 114, big.oh = big.ow = 112, big.c = big.x_ld = 20;
        if (CHECK_SHARE == 1) all(isa, big);
        big.h = 1, big.w = 40, big.oh = 1, big.ow = 40, big.kernel[1] = big.kernel[2] = 1, big.c = big.x_ld = 2500;
        all(isa, big);
    }
    dlc_conv bad = random_conv(8);
    bad.groups = 3, bad.c = 7;
    if (dlc_conv_supports(DLC_ISA_PORTABLE, &bad, DLC_CONV_IGEMM)) failures++, printf("FAILED: groups that do not divide\n");
    printf("conv: %d cases, %d failures; worst error igemm %.1e, F(2,3) %.1e, F(4,3) %.1e, depthwise %.1e, direct %.1e, Strassen %.1e, F(2,3) strided %.1e, pairs %.1e, split %.1e, transposed %.1e\n",
           cases, failures, worst_of[0], worst_of[1], worst_of[2], worst_of[3], worst_of[4], worst_of[5], worst_of[6], worst_of[7], worst_of[8], worst_of[TRANSPOSED]);
    return failures != 0;
}
