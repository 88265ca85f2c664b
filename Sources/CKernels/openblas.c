/// OpenBLAS's double-precision product, loaded at run time where it is installed.
#include "gemm_typed.h"
#include "gemm_tile.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

typedef void (*cblas_dgemm_function)(int order, int a_transposed, int b_transposed, int m, int n, int k, double alpha,
                                     const double *a, int lda, const double *b, int ldb, double beta, double *c, int ldc);
enum { ROW_MAJOR = 101, AS_IT_IS = 111, TRANSPOSED = 112 };

static cblas_dgemm_function cblas_dgemm;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    // Releases before Zen 4 take an unknown AVX-512 processor for one without; the caller's choice stands.
    if (dlc_host_has(DLC_ISA_AVX512)) setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    if (set_threads) set_threads(1);
    cblas_dgemm = (cblas_dgemm_function)dlsym(library, "cblas_dgemm");
}

static void dgemm(int64_t m, int64_t n, int64_t k, const double *a, int64_t a_row, bool a_transposed,
                  const double *b, int64_t b_row, bool b_transposed, double *c, int64_t c_row) {
    cblas_dgemm(ROW_MAJOR, a_transposed ? TRANSPOSED : AS_IT_IS, b_transposed ? TRANSPOSED : AS_IT_IS, (int)m, (int)n,
                (int)k, 1, a, (int)a_row, b, (int)b_row, 0, c, (int)c_row);
}

dlc_dgemm dlc_openblas_dgemm(void) {
    pthread_once(&once, load);
    return cblas_dgemm ? dgemm : 0;
}
