/// The gradient of Gather against plain loops in f64: few rows and many, indices of both sizes, negative ones and such as lie
/// outside, and the same bits however tasks are split.
#include "harness.h"
#include "dlc_gather.h"

static int failures, cases;

static void check(dlc_type type, int64_t outer, int64_t axis, int64_t inner, int64_t count, int index_bytes, bool outside) {
    int64_t size = type == DLC_F32 ? 4 : 8, bytes = outer * axis * inner * size;
    char *indices = aligned(8 * count + 8), *dy = aligned(8 * outer * count * inner + 8), *result = aligned(bytes + 8), *again = aligned(bytes + 8);
    double *want = calloc((size_t)(outer * axis * inner + 1), sizeof(double));
    int32_t expected = 0, status = 0;
    for (int64_t i = 0; i < outer * count * inner; i++) {
        if (type == DLC_F32) ((float *)dy)[i] = random_float();
        else ((double *)dy)[i] = (double)random_float();
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t index = axis > 0 ? random_below(2 * axis) - axis : 0;
        if (axis == 0 || (outside && random_below(4) == 0)) index = random_below(2) ? axis + random_below(5) : -axis - 1 - random_below(5);
        if (index_bytes == 4) ((int32_t *)indices)[i] = (int32_t)index;
        else ((int64_t *)indices)[i] = index;
        if (index < 0) index += axis;
        if (index < 0 || index >= axis) { expected = 1; continue; }
        for (int64_t o = 0; o < outer; o++) for (int64_t c = 0; c < inner; c++) {
            int64_t at = (o * count + i) * inner + c;
            want[(o * axis + index) * inner + c] += type == DLC_F32 ? (double)((float *)dy)[at] : ((double *)dy)[at];
        }
    }
    dlc_gather_gradient p = { .type = type, .index_bytes = index_bytes, .outer = outer, .axis = axis, .inner = inner, .count = count };
    dlc_launch launch;
    void *buffers[] = { indices, dy, result, &status };
    cases++;
    bool fine = dlc_gather_gradient_prepare(dlc_host_isa(), &p, &launch);
    if (fine) {
        memset(result, 0x55, (size_t)bytes), memset(again, 0x55, (size_t)bytes);
        fine = launch_run(&launch, &p, buffers, 1) && status == expected;
        buffers[2] = again, buffers[3] = NULL;
        fine &= launch_run(&launch, &p, buffers, 1 + random_below(7)) && memcmp(result, again, (size_t)bytes) == 0;
    }
    for (int64_t i = 0; fine && i < outer * axis * inner; i++) {
        double value = type == DLC_F32 ? (double)((float *)result)[i] : ((double *)result)[i];
        fine = fabs(value - want[i]) <= (type == DLC_F32 ? 1e-6 : 1e-15) * (double)(1 + count);
    }
    if (!fine) {
        failures++;
        printf("type %d, [%ld, %ld, %ld], %ld indices of %d bytes, outside %d\n", type, (long)outer, (long)axis, (long)inner, (long)count, index_bytes, outside);
    }
    free(indices), free(dy), free(result), free(again), free(want);
}

int main(void) {
    for (int i = 0; i < 1500 / CHECK_SHARE; i++) {
        int64_t outer = random_below(2) ? 1 : random_below(5), axis = random_below(random_below(2) ? 6 : 300);
        int64_t inner = random_below(random_below(2) ? 4 : 200), count = random_below(random_below(2) ? 5 : 200);
        check(random_below(4) ? DLC_F32 : DLC_F64, outer, axis, inner, count, random_below(2) ? 4 : 8, random_below(4) == 0);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
