/// The taps of added windows along one row of an image.
#ifndef DLC_COLUMNS_INTERNAL_H
#define DLC_COLUMNS_INTERNAL_H

#include "dlc_columns.h"

/// Elements `begin` to `begin + count` of the source go to places `at`, `at + stride`, ... of the row.
typedef struct {
    int64_t begin, at, count;
} dlc_columns_tap;

#endif
