/// A depthwise convolution together with the 1×1 convolutions before and after it.
#ifndef DLC_SEPARABLE_H
#define DLC_SEPARABLE_H

#include "dlc_compute.h"

/// project(depthwise(expand(x))) over channels-last images [n, h, w, channels], row by row: what lies between
/// stays in cache. Expand and project are 1×1 at stride 1 and either may be missing, not both; the depthwise
/// kernel is square, 3 or 5, at stride 1 or 2, undilated. Each stage rounds as it does on its own.
/// Buffers: x, weights of expand (packed for DLC_CONV_IGEMM), its bias, weights of depthwise (packed for
/// DLC_CONV_DEPTHWISE), its bias, weights of project (packed for DLC_CONV_IGEMM), its bias, residual, y.
/// The residual is added by the last stage and must not overlap y; nor must x.
typedef struct {
    int64_t n, h, w, c;
    int64_t middle;            ///< channels of the depthwise convolution
    int64_t oh, ow, oc;
    int64_t kernel, stride[2], pad[2]; ///< height, width
    bool expands, projects;
    int64_t x_ld, y_ld, residual_ld;
    dlc_epilogue expand, depthwise, project; ///< none with a slope

    // Set by dlc_separable_prepare.
    dlc_isa isa;
    dlc_conv inner;            ///< the depthwise convolution
    int64_t bands, groups;     ///< of output rows, and of expanded channels
    int64_t rows;              ///< output rows computed at once
    int64_t lines;             ///< of expanded input that are kept
    int64_t tasks;
} dlc_separable;

/// Whether computing the stages together beats computing them one by one, as far as known when a plan is made.
bool dlc_separable_pays(dlc_isa isa, const dlc_separable *separable);

/// The sizes of the packed weights of expand and project; 0 without the stage.
int64_t dlc_separable_expand_bytes(dlc_isa isa, const dlc_separable *separable);
int64_t dlc_separable_project_bytes(dlc_isa isa, const dlc_separable *separable);

/// Checks the struct and settles how the work is split; false for what the kernel cannot do.
bool dlc_separable_prepare(dlc_isa isa, dlc_separable *separable, dlc_launch *out);

#endif
