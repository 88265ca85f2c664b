#include "isa/isa_portable.h"
#include "gemm_epilogue.inc.h"
#include "gemm_tile.inc.h"
