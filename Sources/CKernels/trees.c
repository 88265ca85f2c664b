/// Ensembles of decision trees. One walker waits for memory at every node, so several go side by side: through as many
/// rows as there are lanes, or for the rows that are left over through as many trees.
#include "dlc_trees.h"

#include "gather_index.h"

#include <math.h>

/// Walkers that go side by side.
enum { lanes = 16 };

/// Steps after which walkers are asked whether they have arrived.
enum { unchecked = 6 };

/// Bytes of rows and sums that a task keeps at hand while all trees pass by.
enum { task_bytes = 128 << 10, most_rows = 512 };

#define T float
#define NODE dlc_tree_node_f32
#define NAME(x) x##_f32
#include "trees_type.inc.h"
#undef T
#undef NODE
#undef NAME
#define T double
#define NODE dlc_tree_node_f64
#define NAME(x) x##_f64
#include "trees_type.inc.h"

bool dlc_trees_valid(const dlc_trees *p, const void *nodes, const dlc_tree_root *roots) {
    if (p->features < 1 && p->nodes > 0) return false;
    for (int64_t tree = 0; tree < p->trees; ++tree)
        if (roots[tree].node < 0 || roots[tree].node >= p->nodes) return false;
    return p->type == DLC_F32 ? valid_f32(p, nodes) : valid_f64(p, nodes);
}

bool dlc_trees_prepare(dlc_isa isa, dlc_trees *p, dlc_launch *launch) {
    (void)isa;
    int64_t rows, results, weights, row_bytes, bytes;
    int64_t size = p->type == DLC_F32 ? 4 : 8;
    if (p->type != DLC_F32 && p->type != DLC_F64) return false;
    if (p->trees < 0 || p->nodes < 0 || p->nodes > INT32_MAX || p->leaves < 0 || p->columns < 1 || p->targets < 1) return false;
    if (!dlc_product((int64_t[]){ p->rows, p->features, size }, 3, &rows)) return false;
    if (!dlc_product((int64_t[]){ p->rows, p->targets, size }, 3, &results)) return false;
    if (!dlc_product((int64_t[]){ p->leaves, p->columns, size }, 3, &weights)) return false;
    if (__builtin_mul_overflow(p->features, size, &row_bytes)) return false;
    if (__builtin_add_overflow(row_bytes, p->targets * 8, &row_bytes)) return false;
    int64_t fit = task_bytes / row_bytes;
    p->rows_per_task = fit < lanes ? lanes : fit > most_rows ? most_rows : fit / lanes * lanes;
    if (__builtin_mul_overflow(p->rows_per_task, row_bytes, &bytes)) return false;
    *launch = (dlc_launch){
        .run = p->type == DLC_F32 ? run_f32 : run_f64, .phases = 1, .scratch_bytes = bytes,
        .tasks = results == 0 ? 0 : dlc_quotient_up(p->rows, p->rows_per_task),
    };
    return true;
}
