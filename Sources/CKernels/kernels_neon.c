#if defined(__aarch64__)
#include "isa/isa_neon.h"
#include "kernels.inc.h"
#endif
