/// Random numbers as a function of a key and an element's index.
#ifndef DLC_RANDOM_H
#define DLC_RANDOM_H

#include "dlc_common.h"

typedef enum : uint8_t {
    DLC_RANDOM_BITS = 0,    ///< u32
    DLC_RANDOM_UNIFORM = 1, ///< f32 in [0, 1), multiples of 2^-24
    DLC_RANDOM_NORMAL = 2,  ///< f32 with mean 0 and variance 1
} dlc_random_distribution;

/// Elements of one task, a whole number of the blocks that are computed together.
enum { DLC_RANDOM_TASK = 16 << 10 };

/// `count` numbers of Philox4x32-10. Buffers: key (i64[2], seed and step), result.
typedef struct {
    dlc_random_distribution distribution;
    uint32_t stream;
    int64_t count;
} dlc_random;

bool dlc_random_prepare(dlc_isa isa, dlc_random *random, dlc_launch *launch);

#endif
