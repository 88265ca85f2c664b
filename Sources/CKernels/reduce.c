/// Merges the dimensions of a reduction and chooses its kernel.
#include "include/dlc_reduce.h"
#include "layers.h"

enum { most_row_elements = 64 << 10 }; ///< elements of a task of as many rows as a vector has lanes

/// Appends a dimension, or makes the innermost one longer where the new one continues it.
static int32_t reduce_append(int32_t rank, int64_t *extents, int64_t *strides, int64_t extent, int64_t stride) {
    if (extent == 1) return rank;
    if (rank > 0 && strides[rank - 1] == extent * stride) {
        extents[rank - 1] *= extent;
        strides[rank - 1] = stride;
        return rank;
    }
    extents[rank] = extent;
    strides[rank] = stride;
    return rank + 1;
}

static dlc_kernel reduce_kernel(const dlc_layer_kernels *kernels, const dlc_reduce *r) {
    bool inner_kept = r->kept_rank > 0 && r->kept_stride[r->kept_rank - 1] == 1;
    bool inner_reduced = r->reduced_rank > 0 && r->reduced_stride[r->reduced_rank - 1] == 1;
    bool order = r->kind == DLC_REDUCE_MAX || r->kind == DLC_REDUCE_MIN;
    switch (r->type) {
    case DLC_F32:
        return inner_kept ? kernels->reduce_columns_f32
            : inner_reduced ? kernels->reduce_rows_f32 : kernels->reduce_any[DLC_F32];
    case DLC_F64: case DLC_I8: case DLC_U8: case DLC_I16: case DLC_U16: case DLC_I32: case DLC_U32: case DLC_I64: case DLC_U64:
        return kernels->reduce_any[r->type];
    case DLC_BOOL:
        return order ? kernels->reduce_any[DLC_BOOL] : NULL;
    default:
        return NULL;
    }
}

bool dlc_reduce_prepare(dlc_isa isa, dlc_reduce *r, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || r->kind > DLC_REDUCE_LOG_SUM_EXP || r->rank < 0 || r->rank > DLC_MAX_RANK) return false;
    int64_t results = 1;
    r->reduced_count = 1;
    r->kept_rank = r->reduced_rank = 0;
    for (int32_t d = 0; d < r->rank; d++) {
        if (r->extent[d] < 0) return false;
        if (r->reduced[d]) {
            r->reduced_count *= r->extent[d];
            r->reduced_rank = reduce_append(r->reduced_rank, r->reduced_extent, r->reduced_stride, r->extent[d], r->stride[d]);
        } else {
            results *= r->extent[d];
            r->kept_rank = reduce_append(r->kept_rank, r->kept_extent, r->kept_stride, r->extent[d], r->stride[d]);
        }
    }
    dlc_kernel run = reduce_kernel(kernels, r);
    if (!run) return false;
    int64_t inner = r->kept_rank > 0 ? r->kept_extent[r->kept_rank - 1] : 1;
    int64_t wide = 4 * dlc_lanes(isa);
    // A task of columns is four vectors wide; of anything else as many results as make it worth a call.
    r->block = run == kernels->reduce_columns_f32 ? wide : 1 + 4096 / (r->reduced_count + 1);
    // Rows are folded a vector of results at a time.
    const int64_t lanes = dlc_lanes(isa);
    if (run == kernels->reduce_rows_f32 && r->reduced_count <= most_row_elements / lanes) r->block = (r->block + lanes - 1) / lanes * lanes;
    if (r->block > inner) r->block = inner;
    int64_t tasks = results == 0 ? 0 : results / inner * ((inner + r->block - 1) / r->block);
    *launch = (dlc_launch){ .run = run, .tasks = tasks, .phases = 1 };
    return true;
}
