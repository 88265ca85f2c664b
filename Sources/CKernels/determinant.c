/// Determinants by elimination with row exchanges, in f64.
#include "dlc_misc.h"

#include <math.h>

static double element_of(const dlc_determinant *p, const void *x, int64_t at) {
    return p->type == DLC_F64 ? ((const double *)x)[at] : (double)((const float *)x)[at];
}

static double determinant_of(double *a, int64_t n) {
    double result = 1;
    for (int64_t column = 0; column < n; ++column) {
        int64_t pivot = column;
        for (int64_t row = column; row < n; ++row)
            if (fabs(a[row * n + column]) > fabs(a[pivot * n + column])) pivot = row;
        if (pivot != column) {
            for (int64_t k = 0; k < n; ++k) {
                double x = a[column * n + k];
                a[column * n + k] = a[pivot * n + k];
                a[pivot * n + k] = x;
            }
            result = -result;
        }
        double top = a[column * n + column];
        result *= top;
        if (top == 0) continue;
        for (int64_t row = column + 1; row < n; ++row) {
            double factor = a[row * n + column] / top;
            for (int64_t k = column; k < n; ++k) a[row * n + k] -= factor * a[column * n + k];
        }
    }
    return result;
}

static void run_determinant(const dlc_call *call) {
    const dlc_determinant *p = call->params;
    int64_t elements = p->n * p->n;
    double *a = call->scratch;
    for (int64_t matrix = call->begin; matrix < call->end; ++matrix) {
        for (int64_t i = 0; i < elements; ++i) a[i] = element_of(p, call->buffers[0], matrix * elements + i);
        double result = determinant_of(a, p->n);
        if (p->type == DLC_F64) ((double *)call->buffers[1])[matrix] = result;
        else ((float *)call->buffers[1])[matrix] = (float)result;
    }
}

bool dlc_determinant_prepare(dlc_isa isa, dlc_determinant *p, dlc_launch *launch) {
    (void)isa;
    if ((p->type != DLC_F32 && p->type != DLC_F64) || p->batch < 0 || p->n < 0 || p->n > 1 << 14) return false;
    *launch = (dlc_launch){ .run = run_determinant, .tasks = p->batch, .phases = 1, .scratch_bytes = (p->n * p->n + 1) * (int64_t)sizeof(double) };
    return true;
}
