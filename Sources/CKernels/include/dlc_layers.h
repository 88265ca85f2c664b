/// The kernels of network layers other than products, convolutions and elementwise programs.
#ifndef DLC_LAYERS_H
#define DLC_LAYERS_H

#include "dlc_attention.h"
#include "dlc_attention_gradient.h"
#include "dlc_columns.h"
#include "dlc_lrn.h"
#include "dlc_norm.h"
#include "dlc_pool.h"
#include "dlc_reduce.h"
#include "dlc_resize.h"
#include "dlc_rnn.h"
#include "dlc_softmax.h"

#endif
