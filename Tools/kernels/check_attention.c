/// Attention against a naive version in f64, for every instruction set of the host.
#include "harness.h"
#include "dlc_layers.h"

static int failures, cases;
static double worst;

static void check(dlc_isa isa) {
    dlc_attention p = { .batch = 1 + random_below(3), .kv_heads = 1 + random_below(3), .queries = 1 + random_below(random_below(3) ? 100 : 4), .keys = 1 + random_below(random_below(2) ? 40 : 300),
                        .depth = 1 + random_below(90), .value_depth = 1 + random_below(90), .causal = random_below(3) == 0, .causal_offset = random_below(20),
                        .mask_kind = (dlc_mask_kind)random_below(3), .mask_column = random_below(2), .scale = 0.4f,
                        .empty_rows_are_nan = random_below(4) == 0, .nan_weights_are_zero = random_below(4) == 0 };
    p.heads = p.kv_heads * (1 + random_below(3));
    bool head_inside = random_below(2); // [batch, length, heads, depth] or [batch, heads, length, depth]
#define STRIDES(s, n, h, d) p.s = head_inside ? (dlc_attention_strides){ (n) * (h) * (d), d, (h) * (d) } : (dlc_attention_strides){ (n) * (h) * (d), (n) * (d), d }
    STRIDES(q, p.queries, p.heads, p.depth);
    STRIDES(k, p.keys, p.kv_heads, p.depth);
    STRIDES(v, p.keys, p.kv_heads, p.value_depth);
    STRIDES(y, p.queries, p.heads, p.value_depth);
    p.mask = (dlc_attention_strides){ random_below(2) ? p.heads * p.queries * p.keys : 0, random_below(2) ? p.queries * p.keys : 0, random_below(2) ? p.keys : 0 };
    float *q = random_floats(p.batch * p.q.batch), *k = random_floats(p.batch * p.k.batch), *v = random_floats(p.batch * p.v.batch);
    int64_t rows = p.batch * p.heads * p.queries, masks = rows * p.keys, n = p.batch * p.y.batch;
    float *mask = random_floats(masks);
    // What is not finite makes NaN with the weight 0 of keys that are not seen.
    if (random_below(4) == 0) v[random_below(p.batch * p.v.batch)] = INFINITY;
    if (random_below(4) == 0) q[random_below(p.batch * p.q.batch)] = NAN;
    if (random_below(4) == 0) k[random_below(p.batch * p.k.batch)] = random_below(2) ? NAN : INFINITY;
    if (random_below(4) == 0) mask[random_below(masks)] = INFINITY;
    uint8_t *flags = aligned(masks);
    const int64_t live = random_below(2) ? p.keys : random_below(p.keys + 1); // the keys that a text has so far
    for (int64_t i = 0; i < masks; i++) flags[i] = i % p.keys < live && random_below(4) > 0;
    for (int64_t i = 0; i < masks; i++) if (random_below(10) == 0) mask[i] = -INFINITY;
    double *want = aligned(8 * n), *scores = aligned(8 * p.keys), *maxima = aligned(16 * rows);
    for (int64_t b = 0; b < p.batch; b++) for (int64_t h = 0; h < p.heads; h++) for (int64_t i = 0; i < p.queries; i++) {
        int64_t g = h / (p.heads / p.kv_heads);
        double max = -INFINITY, sum = 0;
        for (int64_t j = 0; j < p.keys; j++) {
            double s = 0;
            for (int64_t d = 0; d < p.depth; d++) s += (double)q[b * p.q.batch + h * p.q.head + i * p.q.row + d] * (double)k[b * p.k.batch + g * p.k.head + j * p.k.row + d];
            s *= (double)p.scale;
            int64_t at = b * p.mask.batch + h * p.mask.head + i * p.mask.row + j * p.mask_column;
            if (p.mask_kind == DLC_MASK_F32) s += (double)mask[at];
            if (p.mask_kind == DLC_MASK_BOOL && !flags[at]) s = -INFINITY;
            if (p.causal && j > i + p.causal_offset) s = -INFINITY;
            scores[j] = s;
            max = isnan(s) || isnan(max) ? NAN : fmax(max, s);
        }
        // A row in which nothing may be seen gives zeros or, as softmax, NaN, whatever becomes of that.
        const bool empty = max == -INFINITY && !p.empty_rows_are_nan;
        for (int64_t j = 0; j < p.keys; j++) sum += scores[j] = empty ? 0 : exp(scores[j] - max);
        const bool replaced = p.nan_weights_are_zero && isnan(sum);
        double *own = maxima + 2 * ((b * p.heads + h) * p.queries + i);
        own[0] = max == -INFINITY ? 0 : max, own[1] = empty ? 0 : replaced ? 1 : 1 / sum;
        for (int64_t d = 0; d < p.value_depth; d++) {
            double out = 0;
            for (int64_t j = 0; j < p.keys; j++) out += (replaced ? 0 : scores[j] / sum) * (double)v[b * p.v.batch + g * p.v.head + j * p.v.row + d];
            want[b * p.y.batch + h * p.y.head + i * p.y.row + d] = empty ? 0 : out;
        }
    }
    void *buffers[] = { q, k, v, p.mask_kind == DLC_MASK_F32 ? (void *)mask : p.mask_kind == DLC_MASK_BOOL ? (void *)flags : NULL, aligned(4 * n), aligned(8 * rows) };
    dlc_launch launch;
    float *y = buffers[4], *statistics = buffers[5], *first = aligned(4 * n);
    if (random_below(2)) buffers[5] = NULL;
    if (!dlc_attention_prepare(isa, &p, &launch) || !launch_run(&launch, &p, buffers, 1)) failures++, printf("FAIL prepare or workspace\n");
    memcpy(first, y, (size_t)(4 * n));
    launch_run(&launch, &p, buffers, 1 + random_below(9));
    if (memcmp(first, y, (size_t)(4 * n)) && failures++ < 10) printf("FAIL bits depend on the split\n");
    cases++;
    for (int64_t i = 0; buffers[5] && i < 2 * rows; i++)
        if (!((double)statistics[i] == maxima[i] || (isnan(statistics[i]) && isnan(maxima[i])) ||
              fabs((double)statistics[i] - maxima[i]) < 3e-6 * fmax(1, fabs(maxima[i]))) && failures++ < 10)
            printf("FAIL isa %d statistics [%lld]: %g, expected %g\n", isa, (long long)i, (double)statistics[i], maxima[i]);
    for (int64_t i = 0; i < n; i++) {
        bool same = isnan(want[i]) ? isnan(y[i]) : (double)y[i] == want[i];
        double error = same ? 0 : isfinite(y[i]) && isfinite(want[i]) ? fabs((double)y[i] - want[i]) : INFINITY;
        if (error > worst) worst = error;
        if (!(error < 3e-6)) {
            if (failures++ < 10) printf("FAIL isa %d mask %d causal %d [%lld]: %g, expected %g\n", isa, p.mask_kind, p.causal, (long long)i, (double)y[i], want[i]);
            break;
        }
    }
    free(q), free(k), free(v), free(mask), free(flags), free(want), free(scores), free(maxima), free(statistics), free(y), free(first);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 150 / CHECK_SHARE; i++) check((dlc_isa)isa);
        printf("%s: worst error %.2g\n", isa_names[isa], worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
