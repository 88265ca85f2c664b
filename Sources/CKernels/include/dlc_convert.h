#ifndef DLC_CONVERT_H
#define DLC_CONVERT_H
#include "dlc_common.h"
void dlc_convert(dlc_type from, dlc_type to, const void *src, void *dst, int64_t n);
#endif
