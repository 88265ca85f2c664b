#include "isa/isa_portable.h"
#include "depthwise.inc.h"
