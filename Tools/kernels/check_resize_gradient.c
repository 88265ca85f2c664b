/// The gradient of Resize is its adjoint: ⟨resize(x), dy⟩ = ⟨x, gradient(dy)⟩ for random x and dy in f64, f32 beside f64, and the
/// same bits however tasks are split; every mode and coordinates, crops too.
#include "harness.h"
#include "dlc_resize_gradient.h"

static int failures, cases;

static dlc_resize random_case(void) {
    static const float scales[] = {1, 2, 3, 0.5f, 1.5f, 0.25f, 2.5f, 1};
    dlc_resize p = {.mode = (dlc_resize_mode)random_below(3), .coordinates = (dlc_resize_coordinates)random_below(7), .rounding = (dlc_resize_rounding)random_below(4),
                    .cubic_a = -0.75f, .rank = (int32_t)random_below(5), .antialias = random_below(3) == 0};
    p.exclude_outside = p.mode == DLC_RESIZE_CUBIC && random_below(2);
    const int64_t wide = random_below(p.rank + 1);
    for (int i = 0; i < p.rank; i++) {
        p.x_extent[i] = random_below(30) ? 1 + random_below(i == wide ? 70 : 9) : 0;
        p.scale[i] = scales[random_below(8)];
        if ((double)p.x_extent[i] * p.scale[i] < 1) p.scale[i] = 1;
        p.y_extent[i] = (int64_t)((double)p.x_extent[i] * p.scale[i]);
        p.roi_end[i] = 1;
        if (p.coordinates == DLC_RESIZE_TF_CROP_AND_RESIZE && random_below(2)) p.roi_begin[i] = -0.1f, p.roi_end[i] = 0.9f;
    }
    return p;
}

/// Results of both directions for one type.
static bool both(dlc_isa isa, dlc_resize p, dlc_type type, const double *x, const double *dy, int64_t from, int64_t to, double *y, double *dx) {
    const int64_t size = type == DLC_F32 ? 4 : 8;
    void *own_x = aligned(8 * from + 8), *own_dy = aligned(8 * to + 8), *own_y = aligned(8 * to + 8), *own_dx = aligned(8 * from + 8), *again = aligned(8 * from + 8);
    for (int64_t i = 0; i < from; i++) if (type == DLC_F32) ((float *)own_x)[i] = (float)x[i]; else ((double *)own_x)[i] = x[i];
    for (int64_t i = 0; i < to; i++) if (type == DLC_F32) ((float *)own_dy)[i] = (float)dy[i]; else ((double *)own_dy)[i] = dy[i];
    p.type = type;
    dlc_launch launch;
    bool fine = dlc_resize_prepare(isa, &p, &launch);
    void *tables = aligned(dlc_resize_table_bytes(&p) + 8);
    if (fine) {
        dlc_resize_tables(&p, tables);
        fine = launch_run(&launch, &p, (void *[]){own_x, own_y, tables}, 1);
    }
    dlc_resize_gradient g = {.resize = p};
    if (fine && (fine = dlc_resize_gradient_prepare(isa, &g, &launch))) {
        void *back = aligned(dlc_resize_gradient_table_bytes(&g) + 8);
        dlc_resize_gradient_tables(&g, tables, back);
        fine = launch_run(&launch, &g, (void *[]){own_dy, own_dx, back}, 1) && launch_run(&launch, &g, (void *[]){own_dy, again, back}, 1 + random_below(9));
        fine &= memcmp(own_dx, again, (size_t)(from * size)) == 0;
        free(back);
    }
    for (int64_t i = 0; i < to; i++) y[i] = type == DLC_F32 ? (double)((float *)own_y)[i] : ((double *)own_y)[i];
    for (int64_t i = 0; i < from; i++) dx[i] = type == DLC_F32 ? (double)((float *)own_dx)[i] : ((double *)own_dx)[i];
    free(own_x), free(own_dy), free(own_y), free(own_dx), free(again), free(tables);
    return fine;
}

static void check(dlc_isa isa) {
    dlc_resize p = random_case();
    int64_t from = 1, to = 1;
    for (int i = 0; i < p.rank; i++) from *= p.x_extent[i], to *= p.y_extent[i];
    double *x = aligned(8 * from + 8), *dy = aligned(8 * to + 8), *y = aligned(8 * to + 8), *dx = aligned(8 * from + 8), *narrow = aligned(8 * from + 8);
    for (int64_t i = 0; i < from; i++) x[i] = (double)random_float();
    for (int64_t i = 0; i < to; i++) dy[i] = (double)random_float();
    cases++;
    bool fine = both(isa, p, DLC_F64, x, dy, from, to, y, dx);
    double there = 0, back = 0, scale = 1;
    for (int64_t i = 0; i < to; i++) there += y[i] * dy[i], scale += fabs(y[i] * dy[i]);
    for (int64_t i = 0; i < from; i++) back += x[i] * dx[i];
    fine = fine && fabs(there - back) < 1e-12 * scale && both(isa, p, DLC_F32, x, dy, from, to, y, narrow);
    for (int64_t i = 0; fine && i < from; i++) fine = fabs(narrow[i] - dx[i]) < 1e-4;
    if (!fine && failures++ < 10) {
        printf("isa %d: mode %d, coordinates %d, rank %d, antialias %d: %.17g, %.17g\n", isa, p.mode, p.coordinates, p.rank, p.antialias, there, back);
        for (int i = 0; i < p.rank; i++) printf("  %ld -> %ld\n", (long)p.x_extent[i], (long)p.y_extent[i]);
    }
    free(x), free(dy), free(y), free(dx), free(narrow);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        for (int i = 0; i < 300 / CHECK_SHARE; i++) check((dlc_isa)isa);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
