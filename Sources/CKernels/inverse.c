/// Inverses by elimination with row exchanges, in f64.
#include "dlc_misc.h"

#include <math.h>
#include <string.h>

static void swap_rows(double *a, int64_t n, int64_t first, int64_t second) {
    for (int64_t k = 0; k < n; ++k) {
        double x = a[first * n + k];
        a[first * n + k] = a[second * n + k];
        a[second * n + k] = x;
    }
}

/// Rows of b become those of the inverse of a, and a the unit matrix.
static void invert(double *a, double *b, int64_t n) {
    memset(b, 0, (size_t)(n * n) * sizeof(double));
    for (int64_t row = 0; row < n; ++row) b[row * n + row] = 1;
    for (int64_t column = 0; column < n; ++column) {
        int64_t pivot = column;
        for (int64_t row = column; row < n; ++row)
            if (fabs(a[row * n + column]) > fabs(a[pivot * n + column])) pivot = row;
        if (pivot != column) {
            swap_rows(a, n, column, pivot);
            swap_rows(b, n, column, pivot);
        }
        double top = a[column * n + column];
        for (int64_t k = 0; k < n; ++k) {
            a[column * n + k] /= top;
            b[column * n + k] /= top;
        }
        for (int64_t row = 0; row < n; ++row) {
            if (row == column) continue;
            double factor = a[row * n + column];
            for (int64_t k = 0; k < n; ++k) {
                a[row * n + k] -= factor * a[column * n + k];
                b[row * n + k] -= factor * b[column * n + k];
            }
        }
    }
}

static void run_inverse(const dlc_call *call) {
    const dlc_inverse *p = call->params;
    int64_t elements = p->n * p->n;
    double *a = call->scratch, *b = a + elements;
    for (int64_t matrix = call->begin; matrix < call->end; ++matrix) {
        for (int64_t i = 0; i < elements; ++i)
            a[i] = p->type == DLC_F64 ? ((const double *)call->buffers[0])[matrix * elements + i]
                                      : (double)((const float *)call->buffers[0])[matrix * elements + i];
        invert(a, b, p->n);
        for (int64_t i = 0; i < elements; ++i) {
            if (p->type == DLC_F64) ((double *)call->buffers[1])[matrix * elements + i] = b[i];
            else ((float *)call->buffers[1])[matrix * elements + i] = (float)b[i];
        }
    }
}

bool dlc_inverse_prepare(dlc_isa isa, dlc_inverse *p, dlc_launch *launch) {
    (void)isa;
    if ((p->type != DLC_F32 && p->type != DLC_F64) || p->batch < 0 || p->n < 0 || p->n > 1 << 13) return false;
    int64_t scratch = (2 * p->n * p->n + 1) * (int64_t)sizeof(double);
    *launch = (dlc_launch){ .run = run_inverse, .tasks = p->batch, .phases = 1, .scratch_bytes = scratch };
    return true;
}
