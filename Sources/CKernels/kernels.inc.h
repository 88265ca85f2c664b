/// Every source that is compiled once per instruction set: kernels_*.c include them after their isa_*.h, so that
/// intrinsics and shared functions are read once. A new kernel is a line here; its functions have names of their own,
/// and what others call has DLC_NAME's.
#include "conv_narrow.inc.h"
#include "conv_weights.inc.h"
#include "convtranspose.inc.h"
#include "copy_transpose.inc.h"
#include "depthwise.inc.h"
#include "gemm_epilogue.inc.h"
#include "gemm_integer.inc.h"
#include "integer_depthwise.inc.h"
#include "gemm_tile.inc.h"
// Reductions convert as programs do.
#include "program_convert.inc.h"
#include "gemm_compact.inc.h"
#include "layers.inc.h"
#include "machine.inc.h"
#include "program_f32.inc.h"
#include "program_grain.inc.h"
#include "program_table.inc.h"
#include "program_wide.inc.h"
#include "strassen.inc.h"
#include "winograd.inc.h"
