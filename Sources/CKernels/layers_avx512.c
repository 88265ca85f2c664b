/// Layer kernels for AVX-512.
#if defined(__x86_64__)
#include "isa/isa_avx512.h"
#include "layers.inc.h"
#endif
