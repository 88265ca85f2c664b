#if defined(__x86_64__)
#include "isa/isa_avx512.h"
#include "kernels.inc.h"
#endif
