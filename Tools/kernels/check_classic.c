/// Forests, distances, searches and narrow types against plain loops: rows and trees with every tail, NaN and infinities among
/// the elements, uneven trees, all aggregates, the same bits however tasks are split.
#include "dlc_classic.h"
#include "dlc_narrow.h"
#include "dlc_trees.h"
#include "harness.h"

static int failures, cases;

#define FAIL(...) do { if (failures++ < 10) { printf("FAIL: " __VA_ARGS__); printf("\n"); } } while (0)

static float some_element(void) {
    switch (random_below(12)) {
    case 0: return NAN;
    case 1: return random_below(2) ? INFINITY : -INFINITY;
    case 2: return (float)random_below(3) - 1;
    default: return random_float();
    }
}

/// Trees side by side in one array, each grown leaf by leaf; returns the number of nodes.
static int64_t grow(dlc_tree_node_f32 *nodes, dlc_tree_root *roots, const dlc_trees *p, int64_t most) {
    int64_t count = 0;
    for (int64_t tree = 0; tree < p->trees; tree++) {
        int64_t root = count++, splits = random_below(most);
        int32_t depth[256] = {0};
        nodes[root] = (dlc_tree_node_f32){NAN, 0, (int32_t)root - 1, (int32_t)random_below(p->leaves)};
        roots[tree] = (dlc_tree_root){(int32_t)root, 0};
        for (int64_t s = 0; s < splits; s++) {
            int64_t at = root + random_below(count - root);
            if (nodes[at].left != at - 1) continue;
            int32_t feature = (int32_t)random_below(p->features);
            nodes[at] = (dlc_tree_node_f32){random_below(8) ? random_float() : 0, p->nan_left && random_below(2) ? ~feature : feature, (int32_t)count, -1};
            for (int k = 0; k < 2; k++, count++) {
                nodes[count] = (dlc_tree_node_f32){NAN, 0, (int32_t)count - 1, (int32_t)random_below(p->leaves)};
                depth[count - root] = depth[at - root] + 1;
                if (depth[count - root] > roots[tree].depth) roots[tree].depth = depth[count - root];
            }
        }
    }
    return count;
}

static void check_trees(dlc_isa isa) {
    dlc_trees p = {.type = DLC_F32, .aggregate = (dlc_tree_aggregate)random_below(4), .nan_left = random_below(2)};
    p.rows = random_below(70), p.features = 1 + random_below(9), p.trees = random_below(40), p.leaves = 1 + random_below(30);
    p.targets = 1 + random_below(4), p.columns = p.targets > 1 && random_below(2) ? p.targets : 1;
    bool spoken = p.columns < p.targets;
    dlc_tree_node_f32 *nodes = aligned(sizeof(dlc_tree_node_f32) * (size_t)(p.trees * 120 + 1));
    dlc_tree_root *roots = aligned(sizeof(dlc_tree_root) * (size_t)(p.trees + 1));
    p.nodes = grow(nodes, roots, &p, 50);
    float *x = aligned(4 * p.rows * p.features + 1), *weights = random_floats(p.leaves * p.columns);
    float *result[2] = {aligned(4 * p.rows * p.targets + 1), aligned(4 * p.rows * p.targets + 1)};
    int32_t *targets = aligned(4 * p.leaves);
    for (int64_t i = 0; i < p.rows * p.features; i++) x[i] = some_element();
    for (int64_t i = 0; i < p.leaves; i++) targets[i] = (int32_t)random_below(p.targets);
    for (int64_t i = 0; i < p.leaves * p.columns; i++) if (p.aggregate >= DLC_TREES_MIN && !random_below(5)) weights[i] = NAN;
    cases++;
    if (!dlc_trees_valid(&p, nodes, roots)) FAIL("%ld trees of %ld nodes are valid", (long)p.trees, (long)p.nodes);
    for (int run = 0; run < 2; run++) {
        dlc_launch launch;
        void *buffers[] = {x, nodes, roots, weights, spoken ? targets : NULL, result[run]};
        if (!dlc_trees_prepare(isa, &p, &launch) || !launch_run(&launch, &p, buffers, run ? 1 : 3)) FAIL("trees do not run");
    }
    if (memcmp(result[0], result[1], (size_t)(4 * p.rows * p.targets)) != 0) FAIL("trees in other tasks");
    for (int64_t row = 0; row < p.rows; row++) {
        double sums[4];
        for (int t = 0; t < 4; t++) sums[t] = p.aggregate <= DLC_TREES_AVERAGE ? 0 : NAN;
        for (int64_t tree = 0; tree < p.trees; tree++) {
            int64_t at = roots[tree].node;
            while (nodes[at].left != at - 1) {
                int32_t f = nodes[at].feature;
                float v = x[row * p.features + (f < 0 ? ~f : f)];
                at = nodes[at].left + (v != v ? f >= 0 : !(v <= nodes[at].threshold));
            }
            for (int64_t c = 0; c < p.columns; c++) {
                double w = weights[nodes[at].leaf * p.columns + c], *sum = sums + (spoken ? targets[nodes[at].leaf] : c);
                *sum = p.aggregate == DLC_TREES_MIN ? fmin(*sum, w) : p.aggregate == DLC_TREES_MAX ? fmax(*sum, w) : *sum + w;
            }
        }
        for (int64_t t = 0; t < p.targets; t++) {
            double want = sums[t] != sums[t] ? 0 : p.aggregate == DLC_TREES_AVERAGE ? sums[t] / (double)p.trees : sums[t];
            float got = result[0][row * p.targets + t];
            bool nothing = p.trees == 0 && got != got;
            if (!nothing && fabs(got - want) > 1e-6 * (1 + fabs(want))) FAIL("row %ld of %ld is %g instead of %g", (long)row, (long)p.rows, got, want);
        }
    }
    if (p.nodes > 0) {
        dlc_tree_node_f32 kept = nodes[0];
        nodes[0].left = (int32_t)p.nodes;
        if (dlc_trees_valid(&p, nodes, roots)) FAIL("a walk leads outside of the nodes");
        nodes[0] = kept, nodes[0].feature = (int32_t)p.features;
        if (dlc_trees_valid(&p, nodes, roots)) FAIL("a walk leads outside of the features");
    }
    free(nodes), free(roots), free(x), free(weights), free(targets), free(result[0]), free(result[1]);
}

static void check_distances(dlc_isa isa) {
    dlc_distances p = {DLC_F32, random_below(70), random_below(20), random_below(40)};
    float *a = random_floats(p.rows * p.features + 1), *b = random_floats(p.others * p.features + 1), *result = aligned(4 * p.rows * p.others + 1);
    dlc_launch launch;
    cases++;
    if (!dlc_distances_prepare(isa, &p, &launch) || !launch_run(&launch, &p, (void *[]){a, b, result}, 1 + random_below(2))) FAIL("distances do not run");
    for (int64_t i = 0; i < p.rows; i++) for (int64_t j = 0; j < p.others; j++) {
        double sum = 0;
        for (int64_t k = 0; k < p.features; k++) sum += pow((double)a[i * p.features + k] - (double)b[j * p.features + k], 2);
        if (fabs(result[i * p.others + j] - sum) > 1e-5 * (1 + sum)) FAIL("a distance over %ld features", (long)p.features);
    }
    free(a), free(b), free(result);
}

static void check_find(dlc_isa isa) {
    dlc_find p = {DLC_F32, random_below(9000), random_below(40)};
    float *x = aligned(4 * p.elements + 1), *keys = aligned(4 * p.keys + 1);
    int64_t *result = aligned(8 * p.elements + 1);
    bool has_nan = random_below(2);
    for (int64_t i = 0; i < p.keys; i++) keys[i] = has_nan && i == p.keys - 1 ? NAN : (float)(i / 2) - 5;
    for (int64_t i = 0; i < p.elements; i++) x[i] = random_below(9) ? (float)random_below(30) - 8 + (random_below(5) ? 0 : 0.5f) : NAN;
    dlc_launch launch;
    cases++;
    if (!dlc_find_prepare(isa, &p, &launch) || !launch_run(&launch, &p, (void *[]){x, keys, result}, 1 + random_below(2))) FAIL("a search does not run");
    for (int64_t i = 0; i < p.elements; i++) {
        int64_t want = p.keys;
        for (int64_t k = p.keys - 1; k >= 0; k--) if (keys[k] == x[i] || (keys[k] != keys[k] && x[i] != x[i])) want = k;
        if (result[i] != want) FAIL("%g stands at %ld of %ld, not at %ld", x[i], (long)want, (long)p.keys, (long)result[i]);
    }
    free(x), free(keys), free(result);
}

/// Every code is what it becomes again, packed and unpacked; a number between two codes becomes one of them.
static void check_narrow(dlc_type type) {
    uint8_t codes[256], back[256], packed[256], unpacked[256];
    double values[256];
    int bits = dlc_type_bits(type), count = 1 << bits;
    for (int i = 0; i < count; i++) packed[i / (8 / bits)] = 0;
    for (int i = 0; i < count; i++) packed[i / (8 / bits)] |= (uint8_t)(i << (i % (8 / bits) * bits));
    dlc_unpack_narrow(type, packed, codes, count);
    dlc_pack_narrow(type, codes, unpacked, count);
    cases++;
    if (memcmp(packed, unpacked, (size_t)(count * bits / 8)) != 0) FAIL("type %d packs in another way than it unpacks", type);
    dlc_convert_narrow(type, DLC_F64, codes, values, count, true, DLC_NARROW_UP);
    dlc_convert_narrow(DLC_F64, type, values, back, count, false, DLC_NARROW_UP);
    // The least power of two is no normal f32, and rounded up by ONNX's rule.
    for (int i = type == DLC_F8E8M0; i < count; i++)
        if (back[i] != codes[i] && values[i] == values[i]) FAIL("code %d of type %d is %g and becomes %d", codes[i], type, values[i], back[i]);
    if (type <= DLC_U2 || type == DLC_F8E8M0) return;
    for (int i = 0; i + 1 < count; i++) {
        if (!isfinite(values[i]) || !isfinite(values[i + 1]) || values[i + 1] <= values[i]) continue;
        double near[3] = {values[i] * 0.51 + values[i + 1] * 0.49, values[i] * 0.49 + values[i + 1] * 0.51, (values[i] + values[i + 1]) / 2};
        dlc_convert_narrow(DLC_F64, type, near, back, 3, true, DLC_NARROW_UP);
        if (back[0] != i || back[1] != i + 1 || back[2] != i + (i & 1)) FAIL("type %d between %g and %g", type, values[i], values[i + 1]);
    }
}

int main(void) {
    static const dlc_isa isas[] = {DLC_ISA_PORTABLE, DLC_ISA_AVX2, DLC_ISA_AVX512, DLC_ISA_NEON};
    for (int i = 0; i < 4; i++) {
        if (!dlc_host_has(isas[i])) continue;
        for (int k = 0; k < 1200 / CHECK_SHARE; k++) check_trees(isas[i]);
        for (int k = 0; k < 200 / CHECK_SHARE; k++) check_distances(isas[i]), check_find(isas[i]);
    }
    for (int type = DLC_I4; type <= DLC_F4E2M1; type++) check_narrow((dlc_type)type);
    printf("%d cases, %d failures\n", cases, failures);
    return failures > 0;
}
