#if defined(__x86_64__)
#include "isa/isa_avx2.h"
#include "machine.inc.h"
#endif
