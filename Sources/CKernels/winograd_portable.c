#include "isa/isa_portable.h"
#include "winograd.inc.h"
