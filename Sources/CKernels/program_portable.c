#define DLC_HAS_HALF 0
#include "isa/isa_portable.h"
#include "program_convert.inc.h"
#include "program_f32.inc.h"
#include "program_wide.inc.h"
