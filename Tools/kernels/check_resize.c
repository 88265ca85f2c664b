/// Resize against its definition in double, axis by axis: every instruction set of the host, every mode, the
/// common coordinates, ranks 1 to 4, channels first and last. (check_resize.py compares the rest with ONNX Runtime.)
#include "harness.h"
#include "dlc_resize.h"

static int failures, cases;
static double worst;

static double get(dlc_type t, const void *p, int64_t i) {
    switch (t) {
    case DLC_F32: return ((const float *)p)[i];
    case DLC_F64: return ((const double *)p)[i];
    case DLC_I8: return ((const int8_t *)p)[i];
    case DLC_U16: return ((const uint16_t *)p)[i];
    default: return ((const uint8_t *)p)[i];
    }
}
static int64_t bytes_of(dlc_type t) { return t == DLC_F32 ? 4 : t == DLC_F64 ? 8 : t == DLC_U16 ? 2 : 1; }

/// The source coordinate of output position `o` of an axis.
static float coordinate(const dlc_resize *p, int axis, int64_t o) {
    const float scale = p->scale[axis], n = (float)p->y_extent[axis], in = (float)p->x_extent[axis];
    switch (p->coordinates) {
    case DLC_RESIZE_ASYMMETRIC: return (float)o / scale;
    case DLC_RESIZE_ALIGN_CORNERS: return n == 1 ? 0 : (float)o * (in - 1) / (n - 1);
    case DLC_RESIZE_PYTORCH_HALF_PIXEL: return n > 1 ? ((float)o + 0.5f) / scale - 0.5f : 0;
    default: return ((float)o + 0.5f) / scale - 0.5f;
    }
}

static double keys(double a, double x) {
    x = fabs(x);
    return x <= 1 ? (a + 2) * x * x * x - (a + 3) * x * x + 1 : x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

/// The value at output position `at`, with the axes before `axis` settled at element `offset` of x.
static double value(const dlc_resize *p, const void *x, int axis, int64_t offset, const int64_t *at) {
    if (axis == p->rank) return get(p->type, x, offset);
    const int64_t extent = p->x_extent[axis];
    if (extent == p->y_extent[axis] && p->scale[axis] == 1) return value(p, x, axis + 1, offset * extent + at[axis], at);
    const float c = coordinate(p, axis, at[axis]);
    if (p->mode == DLC_RESIZE_NEAREST) {
        const bool tie = c - floorf(c) == 0.5f;
        const double nearest = p->rounding == DLC_RESIZE_FLOOR ? floor(c) : p->rounding == DLC_RESIZE_CEIL ? ceil(c)
            : !tie ? round(c) : p->rounding == DLC_RESIZE_ROUND_PREFER_CEIL ? ceil(c) : floor(c);
        return value(p, x, axis + 1, offset * extent + (int64_t)fmax(0, fmin((double)(extent - 1), nearest)), at);
    }
    const int reach = p->mode == DLC_RESIZE_LINEAR ? 1 : 2;
    double sum = 0, weights = 0;
    for (int64_t i = (int64_t)floor(c) - reach + 1; i <= (int64_t)floor(c) + reach; i++) {
        const double distance = fabs((double)i - c), w = p->mode == DLC_RESIZE_LINEAR ? fmax(0, 1 - distance) : keys(p->cubic_a, distance);
        if (p->exclude_outside && (i < 0 || i >= extent)) continue;
        weights += w;
        sum += w * value(p, x, axis + 1, offset * extent + (i < 0 ? 0 : i >= extent ? extent - 1 : i), at);
    }
    return p->exclude_outside ? sum / weights : sum;
}

static void check(dlc_isa isa) {
    static const dlc_type types[] = {DLC_F32, DLC_F32, DLC_F32, DLC_F64, DLC_I8, DLC_U8};
    static const dlc_resize_coordinates coordinates[] = {DLC_RESIZE_HALF_PIXEL, DLC_RESIZE_PYTORCH_HALF_PIXEL, DLC_RESIZE_ALIGN_CORNERS, DLC_RESIZE_ASYMMETRIC};
    static const float scales[] = {1, 2, 3, 0.5f, 1.5f, 0.25f, 2.5f, 1};
    dlc_resize p = {.type = types[random_below(6)], .mode = (dlc_resize_mode)random_below(3), .coordinates = coordinates[random_below(4)],
                    .rounding = (dlc_resize_rounding)random_below(4), .cubic_a = -0.75f, .rank = 1 + (int32_t)random_below(4)};
    if (p.mode == DLC_RESIZE_NEAREST && random_below(4) == 0) p.type = DLC_U16;
    p.exclude_outside = p.mode == DLC_RESIZE_CUBIC && random_below(2);
    int64_t from = 1, to = 1;
    const int64_t wide = random_below(p.rank); // channels, wherever they stand
    for (int i = 0; i < p.rank; i++) {
        p.x_extent[i] = 1 + random_below(i == wide ? 70 : 9);
        p.scale[i] = random_below(4) ? scales[random_below(8)] : 0.2f + 2 * fabsf(random_float());
        if ((double)p.x_extent[i] * p.scale[i] < 1) p.scale[i] = 1;
        p.y_extent[i] = (int64_t)((double)p.x_extent[i] * p.scale[i]);
        // Aligned corners count with the extent before rounding.
        if (p.coordinates == DLC_RESIZE_ALIGN_CORNERS) p.scale[i] = (float)p.y_extent[i] / (float)p.x_extent[i];
        from *= p.x_extent[i], to *= p.y_extent[i];
    }
    const int64_t size = bytes_of(p.type);
    void *x = aligned(from * size), *y = aligned(to * size), *again = aligned(to * size);
    for (int64_t i = 0; i < from; i++) {
        const double v = (double)random_float();
        if (p.type == DLC_F32) ((float *)x)[i] = (float)v;
        else if (p.type == DLC_F64) ((double *)x)[i] = v;
        else for (int64_t byte = 0; byte < size; byte++) ((uint8_t *)x)[i * size + byte] = (uint8_t)random_bits();
    }
    dlc_launch launch;
    cases++;
    if (!dlc_resize_prepare(isa, &p, &launch)) {
        failures++, printf("FAIL prepare\n");
        return;
    }
    void *tables = aligned(dlc_resize_table_bytes(&p));
    dlc_resize_tables(&p, tables);
    void *buffers[] = {x, y, tables};
    bool fine = launch_run(&launch, &p, buffers, 1);
    buffers[1] = again;
    fine = launch_run(&launch, &p, buffers, 1 + random_below(7)) && fine && memcmp(y, again, (size_t)(to * size)) == 0;
    if (!fine && failures++ < 10) printf("FAIL %s: workspace, or bits that depend on the split\n", isa_names[isa]);
    for (int64_t o = 0; o < to; o++) {
        int64_t at[4], rest = o;
        for (int i = p.rank - 1; i >= 0; i--) at[i] = rest % p.y_extent[i], rest /= p.y_extent[i];
        double want = value(&p, x, 0, 0, at);
        if (p.type == DLC_I8) want = fmax(-128, fmin(127, want));
        if (p.type == DLC_U8) want = fmax(0, fmin(255, want));
        const double error = fabs(get(p.type, y, o) - want);
        if (p.type == DLC_F32 && error > worst) worst = error;
        // Weights are f32 in every type; bytes are rounded.
        if (error <= (p.mode == DLC_RESIZE_NEAREST ? 0 : size == 1 ? 0.5005 : 4e-6)) continue;
        if (failures++ < 10) printf("FAIL %s type %d mode %d coordinates %d rounding %d rank %d [%lld]: %g, expected %g\n", isa_names[isa], p.type, p.mode, p.coordinates, p.rounding, p.rank, (long long)o, get(p.type, y, o), want);
        break;
    }
    free(x), free(y), free(again), free(tables);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 1500 / CHECK_SHARE; i++) check((dlc_isa)isa);
        printf("%s: worst error in f32 %.2g\n", isa_names[isa], worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
