#if defined(__x86_64__)
#include "isa/isa_avx2.h"
#include "strassen.inc.h"
#endif
