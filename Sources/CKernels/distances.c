/// Distances between the rows of two matrices.
#include "dlc_classic.h"

#include "gather_index.h"

/// Partial sums, so that a vector of them is added at a time.
enum { parts = 8, block = 32 };

#define DISTANCES(T, NAME) \
    static T NAME(const T *a, const T *b, int64_t n) { \
        T sums[parts] = { 0 }, rest = 0; \
        int64_t i = 0; \
        for (; i + parts <= n; i += parts) \
            for (int k = 0; k < parts; ++k) { \
                T difference = a[i + k] - b[i + k]; \
                sums[k] += difference * difference; \
            } \
        for (; i < n; ++i) rest += (a[i] - b[i]) * (a[i] - b[i]); \
        return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7])) + rest; \
    } \
    static void run_##NAME(const dlc_call *call) { \
        const dlc_distances *p = call->params; \
        const T *a = call->buffers[0], *b = call->buffers[1]; \
        T *result = call->buffers[2]; \
        /* A block of rows meets every row of the other matrix while that is in the cache. */ \
        for (int64_t task = call->begin; task < call->end; ++task) { \
            int64_t first = task * block, end = dlc_lesser(first + block, p->rows); \
            for (int64_t j = 0; j < p->others; ++j) \
                for (int64_t i = first; i < end; ++i) \
                    result[i * p->others + j] = NAME(a + i * p->features, b + j * p->features, p->features); \
        } \
    }

DISTANCES(float, squared_f32)
DISTANCES(double, squared_f64)

bool dlc_distances_prepare(dlc_isa isa, dlc_distances *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (p->type != DLC_F32 && p->type != DLC_F64) return false;
    if (!dlc_product((int64_t[]){ p->rows, p->features, 8 }, 3, &bytes) || !dlc_product((int64_t[]){ p->others, p->features, 8 }, 3, &bytes)) return false;
    if (!dlc_product((int64_t[]){ p->rows, p->others, 8 }, 3, &bytes)) return false;
    *launch = (dlc_launch){
        .run = p->type == DLC_F32 ? run_squared_f32 : run_squared_f64, .phases = 1, .tasks = bytes == 0 ? 0 : dlc_quotient_up(p->rows, block),
    };
    return true;
}
