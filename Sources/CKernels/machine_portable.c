#include "isa/isa_portable.h"
#include "machine.inc.h"
