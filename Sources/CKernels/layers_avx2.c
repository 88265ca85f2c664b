/// Layer kernels for AVX2.
#if defined(__x86_64__)
#include "isa/isa_avx2.h"
#include "layers.inc.h"
#endif
