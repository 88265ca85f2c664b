/// The element kernels: elementwise programs, conversion, copies, and indexed access.
#ifndef DLC_ELEMENT_H
#define DLC_ELEMENT_H

#include "dlc_convert.h"
#include "dlc_copy.h"
#include "dlc_gather.h"
#include "dlc_misc.h"
#include "dlc_program.h"

#endif
