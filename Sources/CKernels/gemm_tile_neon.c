#if defined(__aarch64__)
#include "isa/isa_neon.h"
#include "gemm_epilogue.inc.h"
#include "gemm_tile.inc.h"
#endif
