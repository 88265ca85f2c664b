/// Probabilities of classes from those of pairs.
#include "dlc_classic.h"

#include "gather_index.h"

#include <math.h>

enum { most_classes = 1 << 12, task_rows = 64 };

/// `q` [k, k] and `qp` [k] are workspace; `p` [k] is the result; `r` [k, k] has at (i, j) the probability of i against j.
static void couple(int64_t k, const double *r, double *q, double *qp, double *p) {
    double limit = 0.005 / (double)k;
    for (int64_t t = 0; t < k; ++t) {
        p[t] = 1 / (double)k;
        q[t * k + t] = 0;
        for (int64_t j = 0; j < k; ++j) {
            if (j == t) continue;
            q[t * k + t] += r[j * k + t] * r[j * k + t];
            q[t * k + j] = -r[j * k + t] * r[t * k + j];
        }
    }
    int64_t rounds = k > 100 ? k : 100;
    for (int64_t round = 0; round < rounds; ++round) {
        double pqp = 0, error = 0;
        for (int64_t t = 0; t < k; ++t) {
            qp[t] = 0;
            for (int64_t j = 0; j < k; ++j) qp[t] += q[t * k + j] * p[j];
            pqp += p[t] * qp[t];
        }
        for (int64_t t = 0; t < k; ++t) error = fmax(error, fabs(qp[t] - pqp));
        if (error < limit) return;
        for (int64_t t = 0; t < k; ++t) {
            double step = (-qp[t] + pqp) / q[t * k + t];
            p[t] += step;
            pqp = (pqp + step * (step * q[t * k + t] + 2 * qp[t])) / (1 + step) / (1 + step);
            for (int64_t j = 0; j < k; ++j) {
                qp[j] = (qp[j] + step * q[t * k + j]) / (1 + step);
                p[j] /= 1 + step;
            }
        }
    }
}

static void run_coupling(const dlc_call *call) {
    const dlc_coupling *c = call->params;
    int64_t k = c->classes, pairs = k * (k - 1) / 2;
    double *r = call->scratch, *q = r + k * k, *qp = q + k * k, *p = qp + k;
    int64_t end = dlc_lesser(call->end * task_rows, c->rows);
    for (int64_t row = call->begin * task_rows; row < end; ++row) {
        int64_t at = row * pairs;
        for (int64_t i = 0; i < k; ++i) {
            for (int64_t j = i + 1; j < k; ++j, ++at) {
                double pair = c->type == DLC_F32 ? ((const float *)call->buffers[0])[at] : ((const double *)call->buffers[0])[at];
                r[i * k + j] = pair;
                r[j * k + i] = 1 - pair;
            }
        }
        couple(k, r, q, qp, p);
        for (int64_t i = 0; i < k; ++i) {
            if (c->type == DLC_F32) ((float *)call->buffers[1])[row * k + i] = (float)p[i];
            else ((double *)call->buffers[1])[row * k + i] = p[i];
        }
    }
}

bool dlc_coupling_prepare(dlc_isa isa, dlc_coupling *c, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if ((c->type != DLC_F32 && c->type != DLC_F64) || c->classes < 1 || c->classes > most_classes) return false;
    if (!dlc_product((int64_t[]){ c->rows, c->classes, c->classes, 8 }, 4, &bytes)) return false;
    *launch = (dlc_launch){
        .run = run_coupling, .phases = 1, .tasks = dlc_quotient_up(c->rows, task_rows),
        .scratch_bytes = (2 * c->classes * c->classes + 2 * c->classes) * (int64_t)sizeof(double),
    };
    return true;
}
