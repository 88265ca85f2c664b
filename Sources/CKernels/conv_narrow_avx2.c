#if defined(__x86_64__)
#include "isa/isa_avx2.h"
#include "conv_narrow.inc.h"
#endif
