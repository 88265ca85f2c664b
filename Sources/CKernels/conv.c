/// dlc_conv: which algorithm can do what, and the way to each.
#include "conv.h"
#include "dlc_strassen.h"
#include "winograd.h"

/// Extents that no arithmetic on offsets overflows with, and channels that the groups divide.
static bool is_valid(const dlc_conv *p) {
    const int64_t most = (int64_t)1 << 31;
    const int64_t extents[] = {p->n, p->d, p->h, p->w, p->od, p->oh, p->ow, p->c, p->oc};
    for (int i = 0; i < 9; i++)
        if (extents[i] < 0 || extents[i] > most) return false;
    for (int i = 0; i < 3; i++)
        if (p->kernel[i] < 1 || p->kernel[i] > 65536 || p->stride[i] < 1 || p->stride[i] > most || p->dilation[i] < 1 ||
            p->dilation[i] > most || p->pad[i] < -most || p->pad[i] > most) return false;
    if (p->groups < 1 || p->c % p->groups != 0 || p->oc % p->groups != 0) return false;
    if (p->x_ld < p->c || p->x_ld > most || p->y_ld < p->oc || p->y_ld > most || p->residual_ld < 0 || p->residual_ld > most) return false;
    const double limit = 0x1p46;
    const double taps = (double)p->kernel[0] * (double)p->kernel[1] * (double)p->kernel[2];
    return (double)p->n * (double)p->d * (double)p->h * (double)p->w * (double)p->x_ld < limit &&
           (double)p->n * (double)p->od * (double)p->oh * (double)p->ow * (double)(p->y_ld > p->residual_ld ? p->y_ld : p->residual_ld) < limit &&
           taps < 0x1p24 && taps * (double)p->c * (double)p->oc < limit;
}

/// Whether the convolution is the product of a pixels × channels matrix with the weights: lines of pixels equally far apart.
static bool is_product(const dlc_conv *p) {
    for (int i = 0; i < 3; i++)
        if (p->kernel[i] != 1 || p->pad[i] != 0) return false;
    const bool single = p->n == 1 && p->od == 1, whole = p->stride[1] == 1 && p->oh == p->h && p->stride[0] == 1 && p->od == p->d;
    return p->groups == 1 && (single || whole) && (p->ow - 1) * p->stride[2] < p->w && (p->oh - 1) * p->stride[1] < p->h;
}

bool dlc_conv_supports(dlc_isa isa, const dlc_conv *p, dlc_conv_algorithm algorithm) {
    if (!is_valid(p)) return false;
    if (p->type == DLC_F64) return algorithm == DLC_CONV_DIRECT;
    if (p->type != DLC_F32) return false;
    switch (algorithm) {
    case DLC_CONV_IGEMM: case DLC_CONV_DIRECT: return true;
    case DLC_CONV_PAIRS: case DLC_CONV_SPLIT: return p->c / p->groups >= 8;
    case DLC_CONV_WINOGRAD_2: case DLC_CONV_WINOGRAD_4: case DLC_CONV_WINOGRAD_STRIDED:
        return dlc_winograd_supports(p, dlc_winograd_side(algorithm));
    case DLC_CONV_DEPTHWISE: return dlc_depthwise_supports(isa, p);
    case DLC_CONV_STRASSEN: return is_product(p) && dlc_strassen_supports(isa, dlc_conv_pixels(p), p->oc, p->c);
    }
    return false;
}

dlc_pack dlc_conv_packing(const dlc_conv *p) {
    static const dlc_pack_form forms[] = {
        [DLC_CONV_IGEMM] = DLC_PACK_PANELS, [DLC_CONV_DIRECT] = DLC_PACK_PANELS, [DLC_CONV_WINOGRAD_2] = DLC_PACK_WINOGRAD_2,
        [DLC_CONV_WINOGRAD_4] = DLC_PACK_WINOGRAD_4, [DLC_CONV_WINOGRAD_STRIDED] = DLC_PACK_WINOGRAD_STRIDED,
        [DLC_CONV_DEPTHWISE] = DLC_PACK_CHANNELS, [DLC_CONV_STRASSEN] = DLC_PACK_STRASSEN, [DLC_CONV_PAIRS] = DLC_PACK_PAIRS,
        [DLC_CONV_SPLIT] = DLC_PACK_SPLIT,
    };
    const int64_t taps = dlc_conv_taps(p), inputs = p->c / p->groups, outputs = p->oc / p->groups;
    return (dlc_pack){
        .form = forms[p->algorithm], .groups = p->groups, .outputs = outputs, .inputs = inputs,
        .kernel = {p->kernel[0], p->kernel[1], p->kernel[2]}, .group_step = outputs * inputs * taps, .output_step = inputs * taps,
        .input_step = taps, .tap_step = 1,
    };
}

int64_t dlc_conv_packed_bytes(dlc_isa isa, const dlc_conv *p) {
    if (p->algorithm == DLC_CONV_DIRECT) return p->oc * (p->c / p->groups) * dlc_conv_taps(p) * (p->type == DLC_F64 ? 8 : 4);
    const dlc_pack pack = dlc_conv_packing(p);
    return dlc_pack_bytes(isa, &pack);
}

/// The buffers of a convolution are in the order of those of a product.
static void run_strassen(const dlc_call *call) {
    dlc_call product = *call;
    product.params = &((const dlc_conv *)call->params)->strassen;
    dlc_strassen_run(&product);
}

static bool prepare_strassen(dlc_conv *p, dlc_launch *out) {
    p->strassen = (dlc_strassen){.m = dlc_conv_pixels(p), .n = p->oc, .k = p->c, .a_row = p->stride[2] * p->x_ld,
                                 .line = p->ow, .line_step = p->stride[1] * p->w * p->x_ld, .c_row = p->y_ld,
                                 .residual_row = p->residual_ld, .alpha = 1, .epilogue = p->epilogue};
    if (!dlc_strassen_prepare(p->isa, &p->strassen, out)) return false;
    p->tasks = p->strassen.tasks;
    out->run = run_strassen;
    return true;
}

bool dlc_conv_prepare(dlc_isa isa, dlc_conv *p, dlc_launch *out) {
    if (!dlc_conv_supports(isa, p, p->algorithm)) return false;
    p->isa = isa;
    if (dlc_conv_pixels(p) == 0 || p->oc == 0) {
        // Nothing to compute: no tasks, but a kernel that may be called.
        dlc_conv_direct_prepare(p, out);
        out->tasks = p->tasks = 0;
        return true;
    }
    switch (p->algorithm) {
    case DLC_CONV_IGEMM: case DLC_CONV_PAIRS: case DLC_CONV_SPLIT: dlc_conv_igemm_prepare(p, out); break;
    case DLC_CONV_WINOGRAD_2: case DLC_CONV_WINOGRAD_4: case DLC_CONV_WINOGRAD_STRIDED: dlc_winograd_prepare(p, out); break;
    case DLC_CONV_DEPTHWISE: dlc_depthwise_prepare(p, out); break;
    case DLC_CONV_DIRECT: dlc_conv_direct_prepare(p, out); break;
    case DLC_CONV_STRASSEN: return prepare_strassen(p, out);
    }
    return true;
}
