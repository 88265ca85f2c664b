/// Reading of indices and checked extents, shared by the kernels that access by index.
#ifndef DLC_GATHER_INDEX_H
#define DLC_GATHER_INDEX_H

#include "dlc_common.h"

/// Index `i` of `indices` as a place in 0 ..< extent, or -1 where it lies outside.
static inline int64_t dlc_place(const void *indices, int32_t index_bytes, int64_t i, int64_t extent) {
    int64_t index = index_bytes == 4 ? ((const int32_t *)indices)[i] : ((const int64_t *)indices)[i];
    if (index < 0) index += extent;
    return index >= 0 && index < extent ? index : -1;
}

/// Tells the executor that an index lies outside its tensor.
static inline void dlc_report(void *status) {
    if (status) __atomic_store_n((int32_t *)status, 1, __ATOMIC_RELAXED);
}

/// The product of `rank` extents; false where one is negative or the product overflows.
static inline bool dlc_product(const int64_t *shape, int32_t rank, int64_t *product) {
    *product = 1;
    for (int d = 0; d < rank; ++d)
        if (shape[d] < 0 || __builtin_mul_overflow(*product, shape[d], product)) return false;
    return true;
}

/// Elements of a task of `all`: `most`, or fewer of them where those would be less than sixteen tasks, that threads share out small steps as
/// they do the steps around these, whose data they hold.
static inline int64_t dlc_task_elements(int64_t all, int64_t most) { return all / 16 >= most ? most : all / 16 < 1024 ? 1024 : all / 16; }

/// Items of a task so that it has `elements` of `size` each, at least one.
static inline int64_t dlc_per_task(int64_t elements, int64_t size) {
    return size >= elements ? 1 : size < 1 ? elements : elements / size;
}

static inline int64_t dlc_quotient_up(int64_t a, int64_t b) { return a / b + (a % b != 0); }
static inline int64_t dlc_lesser(int64_t a, int64_t b) { return a < b ? a : b; }

#endif
