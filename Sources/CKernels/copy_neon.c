#if defined(__aarch64__)
#include "isa/isa_neon.h"
#include "copy_transpose.inc.h"
#endif
