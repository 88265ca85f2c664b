#include "isa/isa_portable.h"
#include "copy_transpose.inc.h"
