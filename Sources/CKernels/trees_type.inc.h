/// The walk through trees for one type: `T`, its node `NODE` and `NAME` for functions.

/// The node after `at`, for an element of the row that `x` has at `stride` apart.
static inline uint32_t NAME(next)(const NODE *nodes, uint32_t at, const T *x, uint32_t stride, bool nan_left) {
    const NODE *node = nodes + at;
    int32_t sign = nan_left ? node->feature >> 31 : 0;
    T value = x[(uint32_t)(node->feature ^ sign) * (uint64_t)stride];
    uint32_t right = sign ? value > node->threshold : !(value <= node->threshold);
    return (uint32_t)node->left + right;
}

/// Moves `lanes` walkers on until all have reached leaves. Walkers read rows beside each other, or all one row.
static inline __attribute__((always_inline)) void NAME(walk)(
    const NODE *nodes, int64_t depth, uint32_t at[lanes], const T *x, bool beside, bool nan_left
) {
    uint32_t stride = beside ? lanes : 1;
    for (int64_t step = 0; step < depth;) {
        int64_t end = dlc_lesser(step + unchecked, depth);
        for (; step < end; ++step) {
#pragma clang loop unroll(full)
            for (int lane = 0; lane < lanes; ++lane) at[lane] = NAME(next)(nodes, at[lane], beside ? x + lane : x, stride, nan_left);
        }
        if (step == depth) return;
        // Where trees are uneven most rows are through long before the deepest leaf.
        uint32_t inner = 0;
        for (int lane = 0; lane < lanes; ++lane) inner |= (uint32_t)nodes[at[lane]].left + 1 ^ at[lane];
        if (!inner) return;
    }
}

static void NAME(walk_beside)(const dlc_trees *p, const NODE *nodes, int64_t depth, uint32_t at[lanes], const T *x) {
    if (p->nan_left) NAME(walk)(nodes, depth, at, x, true, true);
    else NAME(walk)(nodes, depth, at, x, true, false);
}

static void NAME(walk_one)(const dlc_trees *p, const NODE *nodes, int64_t depth, uint32_t at[lanes], const T *x) {
    if (p->nan_left) NAME(walk)(nodes, depth, at, x, false, true);
    else NAME(walk)(nodes, depth, at, x, false, false);
}

static inline double NAME(combined)(dlc_tree_aggregate aggregate, double sum, double weight) {
    switch (aggregate) {
    case DLC_TREES_MIN: return sum < weight || weight != weight ? sum : weight;
    case DLC_TREES_MAX: return sum > weight || weight != weight ? sum : weight;
    default: return sum + weight;
    }
}

/// Adds a leaf's weights to a row's sums.
static inline void NAME(add)(const dlc_call *call, const NODE *node, double *sums) {
    const dlc_trees *p = call->params;
    int64_t leaf = (uint32_t)node->leaf < (uint64_t)p->leaves ? node->leaf : 0;
    const T *weights = (const T *)call->buffers[3] + leaf * p->columns;
    if (p->targets == 1 || call->buffers[4]) {
        uint32_t target = call->buffers[4] ? ((const uint32_t *)call->buffers[4])[leaf] : 0;
        if (target < (uint64_t)p->targets) sums[target] = NAME(combined)(p->aggregate, sums[target], weights[0]);
    } else if (p->aggregate <= DLC_TREES_AVERAGE) {
        for (int64_t t = 0; t < p->targets; ++t) sums[t] += weights[t];
    } else {
        for (int64_t t = 0; t < p->targets; ++t) sums[t] = NAME(combined)(p->aggregate, sums[t], weights[t]);
    }
}

/// Rows `first ..< end`, as many trees at a time as there are lanes.
static void NAME(each_row)(const dlc_call *call, int64_t first, int64_t end, double *sums) {
    const dlc_trees *p = call->params;
    const NODE *nodes = call->buffers[1];
    const dlc_tree_root *roots = call->buffers[2];
    for (int64_t row = first; row < end; ++row, sums += p->targets) {
        const T *x = (const T *)call->buffers[0] + row * p->features;
        for (int64_t tree = 0; tree < p->trees; tree += lanes) {
            uint32_t at[lanes];
            int64_t count = dlc_lesser(lanes, p->trees - tree), depth = 0;
            for (int lane = 0; lane < lanes; ++lane) {
                const dlc_tree_root *root = roots + tree + (lane < count ? lane : 0);
                at[lane] = (uint32_t)root->node;
                depth = root->depth > depth ? root->depth : depth;
            }
            NAME(walk_one)(p, nodes, dlc_lesser(depth, p->nodes), at, x);
            for (int lane = 0; lane < count; ++lane) NAME(add)(call, nodes + at[lane], sums);
        }
    }
}

/// Rows `first ..< first + groups * lanes`, as many rows at a time as there are lanes, turned so that they lie beside
/// each other.
static void NAME(each_tree)(const dlc_call *call, int64_t first, int64_t groups, double *sums, T *turned) {
    const dlc_trees *p = call->params;
    const NODE *nodes = call->buffers[1];
    const dlc_tree_root *roots = call->buffers[2];
    const T *x = (const T *)call->buffers[0] + first * p->features;
    for (int64_t group = 0; group < groups; ++group)
        for (int64_t f = 0; f < p->features; ++f)
            for (int lane = 0; lane < lanes; ++lane)
                turned[(group * p->features + f) * lanes + lane] = x[(group * lanes + lane) * p->features + f];
    for (int64_t tree = 0; tree < p->trees; ++tree) {
        int64_t depth = dlc_lesser(roots[tree].depth, p->nodes);
        for (int64_t group = 0; group < groups; ++group) {
            uint32_t at[lanes];
            for (int lane = 0; lane < lanes; ++lane) at[lane] = (uint32_t)roots[tree].node;
            NAME(walk_beside)(p, nodes, depth, at, turned + group * p->features * lanes);
            for (int lane = 0; lane < lanes; ++lane) NAME(add)(call, nodes + at[lane], sums + (group * lanes + lane) * p->targets);
        }
    }
}

/// Whether no walk can lead outside.
static bool NAME(valid)(const dlc_trees *p, const NODE *nodes) {
    for (int64_t i = 0; i < p->nodes; ++i) {
        int64_t feature = nodes[i].feature < 0 ? ~nodes[i].feature : nodes[i].feature, left = nodes[i].left;
        bool only_right = nodes[i].threshold != nodes[i].threshold && nodes[i].feature >= 0;
        if (feature >= p->features || left < (only_right ? -1 : 0) || left + 1 >= p->nodes) return false;
        if (nodes[i].feature < 0 && !p->nan_left) return false;
    }
    return true;
}

static void NAME(run)(const dlc_call *call) {
    const dlc_trees *p = call->params;
    double *sums = call->scratch;
    T *turned = (T *)(sums + p->rows_per_task * p->targets);
    bool adds = p->aggregate <= DLC_TREES_AVERAGE;
    for (int64_t task = call->begin; task < call->end; ++task) {
        int64_t first = task * p->rows_per_task, rows = dlc_lesser(p->rows_per_task, p->rows - first), groups = rows / lanes;
        for (int64_t i = 0; i < rows * p->targets; ++i) sums[i] = adds ? 0 : NAN;
        if (p->features > 0 && p->nodes > 0 && p->leaves > 0) {
            NAME(each_tree)(call, first, groups, sums, turned);
            NAME(each_row)(call, first + groups * lanes, first + rows, sums + groups * lanes * p->targets);
        }
        T *result = (T *)call->buffers[5] + first * p->targets;
        for (int64_t i = 0; i < rows * p->targets; ++i) {
            double sum = !adds && sums[i] != sums[i] ? 0 : p->aggregate == DLC_TREES_AVERAGE ? sums[i] / (double)p->trees : sums[i];
            result[i] = (T)sum;
        }
    }
}
