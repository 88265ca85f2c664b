#if defined(__aarch64__)
#include "isa/isa_neon.h"
#include "conv_narrow.inc.h"
#endif
