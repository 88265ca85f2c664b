#if defined(__x86_64__)
#include "isa/isa_avx2.h"
#include "kernels.inc.h"
#endif
