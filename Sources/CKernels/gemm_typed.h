/// Products of other types than f32. Internal to CKernels.
#ifndef DLC_GEMM_TYPED_H
#define DLC_GEMM_TYPED_H
#include "dlc_compute.h"

/// `dlc_gemm_prepare` for F64 and integers, after the extents were checked.
bool dlc_gemm_typed_prepare(dlc_gemm *gemm, dlc_launch *out);

/// The activation of an epilogue, in double.
double dlc_activate_f64(const dlc_epilogue *epilogue, double x, double slope);

/// OpenBLAS's cblas_dgemm: C = A·B with row strides, or null where the library is not installed.
typedef void (*dlc_dgemm)(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_row, bool a_transposed,
                          const double *b, int64_t b_row, bool b_transposed, double *c, int64_t c_row);
dlc_dgemm dlc_openblas_dgemm(void);

#endif
