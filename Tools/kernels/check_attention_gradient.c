/// The gradient of attention against plain loops in f64, for every instruction set of the host.
#include "harness.h"
#include "dlc_layers.h"

static int failures, cases;
static double worst;

typedef struct { double *dq, *dk, *dv; } gradients;

/// Row `i` of head `h`.
static int64_t at(dlc_attention_strides s, int64_t b, int64_t h, int64_t i) { return b * s.batch + h * s.head + i * s.row; }

static double dot(const float *a, const float *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

static void plain(const dlc_attention_gradient *g, void *const *buffers, gradients out) {
    const dlc_attention *p = &g->layer;
    const float *q = buffers[0], *k = buffers[1], *v = buffers[2], *y = buffers[4], *dy = buffers[5];
    double *weights = aligned(8 * p->keys);
    for (int64_t b = 0; b < p->batch; b++) for (int64_t h = 0; h < p->heads; h++) for (int64_t i = 0; i < p->queries; i++) {
        int64_t kv = h / (p->heads / p->kv_heads), seen = p->causal ? i + p->causal_offset + 1 : p->keys;
        if (seen > p->keys) seen = p->keys;
        double max = -INFINITY, sum = 0;
        for (int64_t j = 0; j < seen; j++) {
            int64_t m = at(p->mask, b, h, i) + j * p->mask_column;
            double s = (double)p->scale * dot(q + at(p->q, b, h, i), k + at(p->k, b, kv, j), p->depth);
            if (p->mask_kind == DLC_MASK_F32) s += (double)((const float *)buffers[3])[m];
            if (p->mask_kind == DLC_MASK_BOOL && !((const uint8_t *)buffers[3])[m]) s = -INFINITY;
            weights[j] = s;
            max = fmax(max, s);
        }
        for (int64_t j = 0; j < seen; j++) sum += weights[j] = max == -INFINITY ? 0 : exp(weights[j] - max);
        double delta = dot(y + at(p->y, b, h, i), dy + at(g->dy, b, h, i), p->value_depth);
        for (int64_t j = 0; j < seen; j++) {
            double w = max == -INFINITY ? (p->empty_rows_are_nan ? NAN : 0) : weights[j] / sum;
            double ds = w * (dot(dy + at(g->dy, b, h, i), v + at(p->v, b, kv, j), p->value_depth) - delta) * (double)p->scale;
            for (int64_t d = 0; d < p->depth; d++) {
                out.dq[at(g->dq, b, h, i) + d] += ds * (double)k[at(p->k, b, kv, j) + d];
                out.dk[at(g->dk, b, kv, j) + d] += ds * (double)q[at(p->q, b, h, i) + d];
            }
            for (int64_t d = 0; d < p->value_depth; d++) out.dv[at(g->dv, b, kv, j) + d] += w * (double)dy[at(g->dy, b, h, i) + d];
        }
    }
    free(weights);
}

static void compare(const char *name, dlc_isa isa, const dlc_attention_gradient *g, const float *got, const double *want, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        double error = isnan(want[i]) && isnan(got[i]) ? 0 : fabs((double)got[i] - want[i]) / fmax(1, fabs(want[i]));
        if (error > worst) worst = error;
        if (!(error < 2e-5)) {
            if (failures++ < 10)
                printf("FAIL isa %d %s mask %d causal %d statistics %d [%lld]: %g, expected %g\n", isa, name, g->layer.mask_kind, g->layer.causal,
                       g->has_statistics, (long long)i, (double)got[i], want[i]);
            return;
        }
    }
}

static void check(dlc_isa isa) {
    dlc_attention p = {.batch = 1 + random_below(3), .kv_heads = 1 + random_below(3), .queries = random_below(random_below(3) ? 120 : 4),
                       .keys = random_below(random_below(2) ? 40 : 200), .depth = random_below(90), .value_depth = random_below(90),
                       .causal = random_below(3) == 0, .causal_offset = random_below(40) - 20, .empty_rows_are_nan = random_below(8) == 0,
                       .mask_kind = (dlc_mask_kind)random_below(3), .mask_column = random_below(2), .scale = 0.4f};
    p.heads = p.kv_heads * (1 + random_below(3));
    bool head_inside = random_below(2); // [batch, length, heads, depth] or [batch, heads, length, depth]
    const int64_t gap = random_below(2) * 3;
#define STRIDES(n, h, d) (head_inside ? (dlc_attention_strides){(n) * (h) * ((d) + gap), (d) + gap, (h) * ((d) + gap)} : (dlc_attention_strides){(n) * (h) * ((d) + gap), (n) * ((d) + gap), (d) + gap})
    p.q = STRIDES(p.queries, p.heads, p.depth), p.k = STRIDES(p.keys, p.kv_heads, p.depth), p.v = STRIDES(p.keys, p.kv_heads, p.value_depth);
    p.y = STRIDES(p.queries, p.heads, p.value_depth);
    p.mask = (dlc_attention_strides){random_below(2) ? p.heads * p.queries * p.keys : 0, random_below(2) ? p.queries * p.keys : 0, random_below(2) ? p.keys : 0};
    dlc_attention_gradient g = {.layer = p, .dy = p.y, .dq = p.q, .dk = p.k, .dv = p.v, .has_statistics = random_below(2)};
    const int64_t rows = p.batch * p.heads * p.queries, masks = rows * p.keys;
    const int64_t nq = p.batch * p.q.batch, nk = p.batch * p.k.batch, nv = p.batch * p.v.batch, ny = p.batch * p.y.batch;
    float *mask = random_floats(masks);
    uint8_t *flags = aligned(masks);
    for (int64_t i = 0; i < masks; i++) flags[i] = random_below(4) > 0;
    for (int64_t i = 0; i < masks; i++) if (random_below(10) == 0) mask[i] = -INFINITY;
    // A query that sees nothing.
    for (int64_t j = 0; j < p.keys && p.queries > 0; j++) mask[j] = -INFINITY, flags[j] = 0;
    void *masked = p.mask_kind == DLC_MASK_F32 ? (void *)mask : p.mask_kind == DLC_MASK_BOOL ? (void *)flags : NULL;
    float *statistics = aligned(8 * rows);
    void *buffers[] = {random_floats(nq), random_floats(nk), random_floats(nv), masked, random_floats(ny), random_floats(ny),
                       g.has_statistics ? statistics : NULL, random_floats(nq), random_floats(nk), random_floats(nv)};
    dlc_launch launch;
    if (g.has_statistics) {
        void *y = aligned(4 * ny), *forward[] = {buffers[0], buffers[1], buffers[2], masked, y, statistics};
        if (!dlc_attention_prepare(isa, &p, &launch) || !launch_run(&launch, &p, forward, 1)) failures++, printf("FAIL forward\n");
        free(y);
    }
    // What lies between rows is nobody's and must stay.
    gradients want = {aligned(8 * nq), aligned(8 * nk), aligned(8 * nv)};
    float *got[3] = {buffers[7], buffers[8], buffers[9]}, *first[3];
    double *wanted[3] = {want.dq, want.dk, want.dv};
    const int64_t counts[3] = {nq, nk, nv}, widths[3] = {p.depth, p.depth, p.value_depth};
    for (int i = 0; i < 3; i++)
        for (int64_t j = 0; j < counts[i]; j++) wanted[i][j] = j % (widths[i] + gap) < widths[i] ? 0 : (double)got[i][j];
    plain(&g, buffers, want);
    if (!dlc_attention_gradient_prepare(isa, &g, &launch) || !launch_run(&launch, &g, buffers, 1)) failures++, printf("FAIL prepare or workspace\n");
    for (int i = 0; i < 3; i++) {
        compare((const char *[]){"dq", "dk", "dv"}[i], isa, &g, got[i], wanted[i], counts[i]);
        memcpy(first[i] = aligned(4 * counts[i]), got[i], (size_t)(4 * counts[i]));
    }
    launch_run(&launch, &g, buffers, 1 + random_below(9));
    for (int i = 0; i < 3; i++)
        if (memcmp(first[i], got[i], (size_t)(4 * counts[i])) && failures++ < 10) printf("FAIL bits depend on the split\n");
    // Statistics that it takes itself are those of the layer, and of the scores that it computes again.
    if (g.has_statistics) {
        g.has_statistics = false, buffers[6] = NULL;
        if (!dlc_attention_gradient_prepare(isa, &g, &launch) || !launch_run(&launch, &g, buffers, 1)) failures++, printf("FAIL prepare or workspace\n");
        for (int i = 0; i < 3; i++)
            if (memcmp(first[i], got[i], (size_t)(4 * counts[i])) && failures++ < 10) printf("FAIL bits depend on who takes the statistics\n");
    }
    cases++;
    for (int i = 0; i < 10; i++) if (i != 3 && i != 6) free(buffers[i]);
    for (int i = 0; i < 3; i++) free(first[i]), free(wanted[i]);
    free(mask), free(flags), free(statistics);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 200 / CHECK_SHARE; i++) check((dlc_isa)isa);
        printf("%s: worst error %.2g\n", isa_names[isa], worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
