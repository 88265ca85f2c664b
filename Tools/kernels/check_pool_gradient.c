/// Gradients of pooling against naive loops in f64: every instruction set of the host, random windows with every tail, equal
/// elements and NaN, pixels apart, and the same bits however tasks are split.
#include "harness.h"
#include "dlc_pool_gradient.h"

static int failures, cases;

static double get(dlc_type t, const void *p, int64_t i) { return t == DLC_F32 ? ((const float *)p)[i] : ((const double *)p)[i]; }
static void set(dlc_type t, void *p, int64_t i, double v) {
    if (t == DLC_F32) ((float *)p)[i] = (float)v;
    else ((double *)p)[i] = v;
}

static void *tensor(dlc_type type, int64_t count, bool coarse) {
    void *p = aligned(8 * count);
    for (int64_t i = 0; i < count; i++) {
        double value = (double)random_float();
        set(type, p, i, coarse ? random_below(20) == 0 ? NAN : floor(3 * value) : value);
    }
    return p;
}

static int64_t pixels(const int64_t *extent) { return extent[0] * extent[1] * extent[2]; }

/// The pixel of a tap of an output pixel's window, or -1 where it lies in the padding.
static int64_t tap_pixel(const dlc_pool *p, const int64_t at[3], int64_t tap, bool *counted) {
    int64_t k[3] = { tap / p->kernel[2] / p->kernel[1], tap / p->kernel[2] % p->kernel[1], tap % p->kernel[2] }, place[3];
    bool inside = true, padded = true;
    for (int i = 0; i < 3; i++) {
        place[i] = at[i] * p->stride[i] + k[i] * p->dilation[i] - p->pad_begin[i];
        inside &= place[i] >= 0 && place[i] < p->x_extent[i];
        padded &= place[i] < p->x_extent[i] + p->pad_end[i];
    }
    *counted = p->count_include_pad ? padded : inside;
    return inside ? (place[0] * p->x_extent[1] + place[1]) * p->x_extent[2] + place[2] : -1;
}

static void check(dlc_isa isa, dlc_pool_gradient g) {
    const dlc_pool *p = &g.pool;
    bool select = g.kind == DLC_POOL_GRADIENT_SELECT;
    int64_t xs = p->batch * pixels(p->x_extent), ys = p->batch * pixels(p->y_extent), results = select ? ys : xs;
    void *x = tensor(p->type, xs * p->x_ld, g.kind != DLC_POOL_GRADIENT_AVERAGE && random_below(2));
    void *dy = tensor(p->type, (select ? xs : ys) * g.dy_ld, false);
    int64_t bytes = 8 * results * g.result_ld;
    void *result = aligned(bytes), *again = aligned(bytes);
    double *want = calloc((size_t)(results * p->channels + 1), sizeof(double));
    int64_t taps = p->kernel[0] * p->kernel[1] * p->kernel[2];
    for (int64_t y = 0; y < ys; y++) for (int64_t c = 0; c < p->channels; c++) {
        int64_t image = y / pixels(p->y_extent), rest = y % pixels(p->y_extent), best = -1, count = 0;
        int64_t at[3] = { rest / p->y_extent[2] / p->y_extent[1], rest / p->y_extent[2] % p->y_extent[1], rest % p->y_extent[2] };
        double most = 0;
        for (int64_t tap = 0; tap < taps; tap++) {
            bool counted;
            int64_t pixel = tap_pixel(p, at, tap, &counted);
            count += counted;
            if (pixel < 0) continue;
            pixel += image * pixels(p->x_extent);
            double value = get(p->type, x, pixel * p->x_ld + c);
            if (best < 0 || value > most || (isnan(value) && !isnan(most))) best = pixel, most = value;
        }
        if (select) {
            want[y * p->channels + c] = best < 0 ? 0 : get(p->type, dy, best * g.dy_ld + c);
        } else if (g.kind == DLC_POOL_GRADIENT_MAX) {
            if (best >= 0) want[best * p->channels + c] += get(p->type, dy, y * g.dy_ld + c);
        } else {
            for (int64_t tap = 0; tap < taps; tap++) {
                bool counted;
                int64_t pixel = tap_pixel(p, at, tap, &counted);
                if (pixel >= 0) want[(image * pixels(p->x_extent) + pixel) * p->channels + c] += get(p->type, dy, y * g.dy_ld + c) / (double)count;
            }
        }
    }
    dlc_pool_gradient prepared = g;
    dlc_launch launch;
    cases++;
    void *buffers[] = { g.kind == DLC_POOL_GRADIENT_AVERAGE ? NULL : x, dy, result };
    bool fine = dlc_pool_gradient_prepare(isa, &prepared, &launch);
    if (fine) {
        memset(result, 0x55, (size_t)bytes), memset(again, 0x55, (size_t)bytes);
        fine = launch_run(&launch, &prepared, buffers, 1);
        buffers[2] = again;
        fine &= launch_run(&launch, &prepared, buffers, 1 + random_below(7));
        fine &= memcmp(result, again, (size_t)bytes) == 0;
    }
    for (int64_t i = 0; fine && i < results; i++) for (int64_t c = 0; fine && c < g.result_ld; c++) {
        if (c >= p->channels) {
            fine = memcmp((char *)result + (i * g.result_ld + c) * (p->type == DLC_F32 ? 4 : 8), "UUUU", 4) == 0;
            continue;
        }
        double error = fabs(get(p->type, result, i * g.result_ld + c) - want[i * p->channels + c]);
        fine = error < (p->type == DLC_F32 ? 1e-5 : 1e-13);
    }
    if (!fine) {
        failures++;
        printf("isa %d: kind %d, type %d, n %ld, %ldx%ldx%ld -> %ldx%ldx%ld, %ld channels, kernel %ldx%ldx%ld, stride %ld %ld %ld, pad %ld %ld %ld\n", isa,
               g.kind, p->type, (long)p->batch, (long)p->x_extent[0], (long)p->x_extent[1], (long)p->x_extent[2], (long)p->y_extent[0],
               (long)p->y_extent[1], (long)p->y_extent[2], (long)p->channels, (long)p->kernel[0], (long)p->kernel[1], (long)p->kernel[2],
               (long)p->stride[0], (long)p->stride[1], (long)p->stride[2], (long)p->pad_begin[0], (long)p->pad_begin[1], (long)p->pad_begin[2]);
    }
    free(x), free(dy), free(result), free(again), free(want);
}

static dlc_pool_gradient random_case(dlc_pool_gradient_kind kind) {
    dlc_pool_gradient g = { .kind = kind, .pool = { .type = random_below(5) ? DLC_F32 : DLC_F64, .count_include_pad = random_below(2) } };
    dlc_pool *p = &g.pool;
    p->batch = random_below(12) ? 1 + random_below(3) : 0;
    p->channels = 1 + random_below(random_below(2) ? 5 : 50);
    int rank = 1 + (int)random_below(3);
    for (int i = 0; i < 3; i++) {
        p->x_extent[i] = p->y_extent[i] = p->kernel[i] = p->stride[i] = p->dilation[i] = 1;
        if (i < 3 - rank) continue;
        p->kernel[i] = 1 + random_below(4), p->stride[i] = 1 + random_below(3), p->dilation[i] = 1 + random_below(2);
        p->x_extent[i] = 1 + random_below(rank == 3 ? 7 : 24);
        p->pad_begin[i] = random_below(p->kernel[i] + 1), p->pad_end[i] = random_below(p->kernel[i] + 1);
        int64_t room = p->x_extent[i] + p->pad_begin[i] + p->pad_end[i] - (p->kernel[i] - 1) * p->dilation[i] - 1 + random_below(p->stride[i]);
        p->y_extent[i] = room < 0 ? 0 : room / p->stride[i] + 1;
    }
    p->x_ld = p->channels + random_below(2) * random_below(9);
    g.dy_ld = p->channels + random_below(2) * random_below(9);
    g.result_ld = p->channels + random_below(2) * random_below(9);
    return g;
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        for (int i = 0; i < 1200 / CHECK_SHARE; i++) check((dlc_isa)isa, random_case((dlc_pool_gradient_kind)(i % 3)));
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
