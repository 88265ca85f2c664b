#if defined(__x86_64__)
#include "isa/isa_avx512.h"
#include "gemm_epilogue.inc.h"
#include "gemm_tile.inc.h"
#endif
