#include "isa/isa_portable.h"
#include "conv_narrow.inc.h"
