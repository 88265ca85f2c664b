#include "isa/isa_portable.h"
#include "kernels.inc.h"
