/// Ensembles of decision trees.
#ifndef DLC_TREES_H
#define DLC_TREES_H

#include "dlc_common.h"

/// A node of a tree over F32. An inner node goes to `left` where x[feature] <= threshold, else to `left + 1`; NaN goes
/// left where the feature is written as its complement. A leaf has the threshold NaN and `left + 1` for itself.
typedef struct {
    float threshold;
    int32_t feature, left;
    int32_t leaf; ///< the row of the leaf's weights; of no meaning in inner nodes
} dlc_tree_node_f32;

/// The same over F64.
typedef struct {
    double threshold;
    int32_t feature, left, leaf, unused;
} dlc_tree_node_f64;

/// Where a tree begins, and a bound of the steps to its leaves.
typedef struct {
    int32_t node, depth;
} dlc_tree_root;

typedef enum : uint8_t { DLC_TREES_SUM, DLC_TREES_AVERAGE, DLC_TREES_MIN, DLC_TREES_MAX } dlc_tree_aggregate;

/// What the leaves that a row of [rows, features] reaches add up to, over all trees: [rows, targets].
/// Weights are [leaves, targets] without target numbers, or [leaves, 1] with each leaf's target; NaN is no weight, and what
/// has none is 0. Sums are of f64, in the order of the trees. Nodes and roots must have passed dlc_trees_valid.
/// Buffers: rows, nodes, roots, weights, targets of leaves (int32, may be null), result.
typedef struct {
    dlc_type type; ///< F32 or F64
    dlc_tree_aggregate aggregate;
    bool nan_left; ///< whether some feature is written as its complement
    int64_t rows, features, nodes, trees, leaves, columns, targets;
    int64_t rows_per_task; ///< set by prepare
} dlc_trees;

bool dlc_trees_prepare(dlc_isa isa, dlc_trees *trees, dlc_launch *launch);

/// Whether no walk from the roots through the nodes leads outside of nodes or features.
bool dlc_trees_valid(const dlc_trees *trees, const void *nodes, const dlc_tree_root *roots);

#endif
