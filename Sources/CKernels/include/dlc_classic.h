/// Kernels of classic machine learning beside trees. Tensors are dense.
#ifndef DLC_CLASSIC_H
#define DLC_CLASSIC_H

#include "dlc_common.h"

/// The probabilities of `classes` classes from those of each against each other, by the second method of Wu, Lin and Weng
/// (JMLR 5, 2004), iterated as libsvm does: pairs [rows, classes * (classes - 1) / 2] in the order (0, 1), (0, 2), … to
/// [rows, classes]. F32 or F64. Buffers: pairs, result.
typedef struct {
    dlc_type type;
    int64_t rows, classes;
} dlc_coupling;

bool dlc_coupling_prepare(dlc_isa isa, dlc_coupling *coupling, dlc_launch *launch);

/// Squares of the Euclidean distances of the rows of [rows, features] and [others, features]: [rows, others]. F32 or F64;
/// differences are taken in the type and summed in eight parts. Buffers: rows, others, result.
typedef struct {
    dlc_type type;
    int64_t rows, others, features;
} dlc_distances;

bool dlc_distances_prepare(dlc_isa isa, dlc_distances *distances, dlc_launch *launch);

/// Where elements stand among `keys` in ascending order, NaN last: int64 positions, the first of equal keys; `keys` where
/// there is none. NaN is equal to NaN, -0 to 0. Any type. Buffers: elements, keys, result.
typedef struct {
    dlc_type type;
    int64_t elements, keys;
} dlc_find;

bool dlc_find_prepare(dlc_isa isa, dlc_find *find, dlc_launch *launch);

#endif
