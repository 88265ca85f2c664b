#if defined(__aarch64__)
#define DLC_HAS_HALF 1
#include "isa/isa_neon.h"
#include "program_convert.inc.h"
#include "program_f32.inc.h"
#include "program_wide.inc.h"
#endif
