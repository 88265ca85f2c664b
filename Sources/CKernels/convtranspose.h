/// Internal to CKernels.
#ifndef DLC_CONVTRANSPOSE_H
#define DLC_CONVTRANSPOSE_H
#include "conv.h"

/// The taps k of an axis with k · dilation ≡ residue (mod stride), which repeat with a period, and how many have a smaller residue.
typedef struct { int64_t first, step, count, before; } dlc_axis_taps;
dlc_axis_taps dlc_axis_taps_of(int64_t kernel, int64_t stride, int64_t dilation, int64_t residue);
/// Taps of the classes in front, in the order of residues, the first axis outermost, in which weights are packed.
static inline int64_t dlc_taps_before(const int64_t kernel[3], const dlc_axis_taps taps[3]) {
    return taps[0].before * kernel[1] * kernel[2] + taps[0].count * (taps[1].before * kernel[2] + taps[1].count * taps[2].before);
}

/// The outputs of one axis with (o + pad) mod stride = residue, and the taps they use.
typedef struct {
    int64_t first, count;      ///< outputs first, first + stride, ...
    dlc_axis_taps taps;
} dlc_transposed_class;

dlc_transposed_class dlc_transposed_class_of(const dlc_conv_transpose *conv, int axis, int64_t residue);

/// The taps of line classes `a` that lie in the image for the outputs of class a[2] from `at` on, in one line: the pixel of `x`,
/// an image, that each reads for the first of them, and its number in the kernel.
/// Returns how far these outputs have the same taps.
int64_t dlc_transposed_taps(const dlc_conv_transpose *conv, const dlc_transposed_class a[3], const float *x, int64_t od, int64_t oh, int64_t at,
                            const float **pixels, int64_t *places, int64_t *count);

/// A line of outputs, and the classes of its first two places.
typedef struct {
    int64_t n, od, oh;
    dlc_transposed_class classes[3]; ///< the third is whoever walks along the line's
} dlc_transposed_line;

static inline dlc_transposed_line dlc_transposed_line_of(const dlc_conv_transpose *p, int64_t line) {
    dlc_transposed_line l = {.n = line / p->oh / p->od, .od = line / p->oh % p->od, .oh = line % p->oh};
    const int64_t place[2] = {l.od, l.oh};
    for (int axis = 0; axis < 2; axis++)
        l.classes[axis] = dlc_transposed_class_of(p, axis, ((place[axis] + p->pad[axis]) % p->stride[axis] + p->stride[axis]) % p->stride[axis]);
    return l;
}

/// Few outputs of many inputs: sums over the inputs in vectors of them, where a panel would be mostly empty.
void dlc_conv_transpose_narrow_prepare(dlc_conv_transpose *conv, dlc_launch *out);

enum { DLC_TRANSPOSED_NARROW = 4 }; ///< the most outputs

/// y[pixel, o] = bias[o] + the sum over taps and channels of x[tap][channel] · weights[tap][o][channel], for neighbouring
/// pixels that have the same taps.
typedef struct {
    const float *const *x, *const *weights;
    int64_t taps, pixels, channels, outputs;
    int64_t x_step, y_step;
    float *y;
    const float *bias;         ///< or null
} dlc_transposed_strip;

/// By instruction set.
extern void (*const dlc_transposed_strip_portable)(const dlc_transposed_strip *), (*const dlc_transposed_strip_avx2)(const dlc_transposed_strip *);
extern void (*const dlc_transposed_strip_avx512)(const dlc_transposed_strip *), (*const dlc_transposed_strip_neon)(const dlc_transposed_strip *);

/// One input and one output channel a group: channels are the lanes.
void dlc_conv_transpose_depthwise_prepare(dlc_conv_transpose *conv, dlc_launch *out);

/// The transposed convolution in double, as its definition reads; also stands in where there is nothing to compute.
void dlc_conv_transpose_direct_prepare(dlc_conv_transpose *conv, dlc_launch *out);

#endif
