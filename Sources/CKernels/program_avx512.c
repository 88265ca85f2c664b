#if defined(__x86_64__)
#define DLC_HAS_HALF 1
#include "isa/isa_avx512.h"
#include "program_convert.inc.h"
#include "program_f32.inc.h"
#include "program_wide.inc.h"
#endif
