#include "isa/isa_portable.h"
#include "strassen.inc.h"
