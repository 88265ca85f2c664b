/// Layer kernels for any processor.
#include "isa/isa_portable.h"
#include "layers.inc.h"
