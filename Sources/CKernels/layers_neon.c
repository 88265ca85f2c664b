/// Layer kernels for arm64.
#if defined(__aarch64__)
#include "isa/isa_neon.h"
#include "layers.inc.h"
#endif
