/// Rows of 8-bit convolutions that tiles read where they lie: line by line of the result, in the image or a copy without padding.
#include "gemm_integer_place.h"
#include "gemm_tile.h"

void dlc_integer_settle_place(dlc_integer_product *g) {
    const dlc_integer_patches *p = &g->patches;
    const int64_t groups = g->batch[3];
    g->in_place = g->image_copied = false;
    g->place_taps = p->run_taps;
    // Lines of a few pixels make small tiles; sums of rows are those of patches.
    if (!g->has_patches || g->sums_a || p->ow < 4 || g->matrices != groups || g->m == 0) return;
    bool is_inside = true;
    double bytes = (double)g->m / ((double)p->od * (double)p->oh * (double)p->ow), given = bytes;
    const int64_t out[3] = {p->od, p->oh, p->ow}, in[3] = {p->d, p->h, p->w};
    for (int i = 0; i < 3; i++) {
        if (p->pad[i] < 0 || p->stride[i] < 1 || p->dilation[i] < 1) return;
        g->extent[i] = (out[i] - 1) * p->stride[i] + (p->kernel[i] - 1) * p->dilation[i] + 1;
        is_inside &= p->pad[i] == 0 && g->extent[i] <= in[i];
        bytes *= (double)g->extent[i], given *= (double)in[i];
    }
    const bool in_quads = p->channels % 4 == 0, collides = p->stride[2] * p->pixel % 1024 == 0;
    if (is_inside && in_quads && g->flip == 0 && !collides) {
        for (int i = 0; i < 3; i++) g->extent[i] = in[i];
        g->pixel = p->pixel, g->group = p->channels;
        if (g->pixel != p->channels) g->place_taps = 1;
        g->in_place = true;
        return;
    }
    g->group = p->run_taps == 1 ? dlc_ceil_div(p->channels, 4) * 4 : p->channels;
    g->pixel = groups * g->group;
    if (in_quads && p->stride[2] * g->pixel % 1024 == 0) g->pixel += 64, g->place_taps = 1;
    // A copy with far more padding than image is not worth it.
    bytes *= (double)g->pixel, given *= (double)g->pixel;
    if (bytes > 0x1p31 || bytes > 4 * given + 0x1p16) return;
    g->in_place = g->image_copied = true;
}

void dlc_integer_copy_image(const dlc_integer_product *g, const dlc_call *call) {
    const dlc_integer_patches *p = &g->patches;
    const uint8_t flip = g->flip, *zero = call->buffers[DLC_INTEGER_A_ZERO], outside = (zero ? *zero : 0) ^ flip;
    const int64_t groups = g->batch[3], line_bytes = g->extent[2] * g->pixel, planes = g->extent[0] * g->extent[1];
    const int64_t lines = g->m / p->ow / p->oh / p->od * planes, last = call->end * lines / g->tasks;
    const int64_t left = dlc_min(p->pad[2], g->extent[2]), held = dlc_max(0, dlc_min(p->w, g->extent[2] - left));
    for (int64_t line = call->begin * lines / g->tasks; line < last; line++) {
        const int64_t h = line % g->extent[1] - p->pad[1], d = line / g->extent[1] % g->extent[0] - p->pad[0];
        uint8_t *out = (uint8_t *)call->shared + line * line_bytes;
        if (d < 0 || d >= p->d || h < 0 || h >= p->h) {
            memset(out, outside, (size_t)line_bytes);
            continue;
        }
        const uint8_t *x = (const uint8_t *)call->buffers[DLC_INTEGER_A] + ((line / planes * p->d + d) * p->h + h) * p->w * p->pixel;
        memset(out, outside, (size_t)(left * g->pixel));
        uint8_t *to = out + left * g->pixel;
        if (p->pixel == p->channels && g->pixel == p->pixel) dlc_copy_bytes(to, x, 1, held * g->pixel, flip);
        else
            for (int64_t w = 0; w < held; w++)
                for (int64_t i = 0; i < groups; i++)
                    dlc_copy_bytes(to + w * g->pixel + i * g->group, x + w * p->pixel + i * g->a_batch[3], 1, p->channels, flip);
        memset(to + held * g->pixel, outside, (size_t)((g->extent[2] - left - held) * g->pixel));
    }
}

void dlc_integer_find_runs(const dlc_integer_product *g, int64_t *offsets) {
    const dlc_integer_patches *p = &g->patches;
    for (int64_t kd = 0; kd < p->kernel[0]; kd++)
        for (int64_t kh = 0; kh < p->kernel[1]; kh++)
            for (int64_t kw = 0; kw < p->kernel[2]; kw += g->place_taps)
                *offsets++ = ((kd * p->dilation[0] * g->extent[1] + kh * p->dilation[1]) * g->extent[2] + kw * p->dilation[2]) * g->pixel;
}

dlc_row_range dlc_integer_line_of(const dlc_integer_product *g, int64_t first, int64_t index) {
    const dlc_integer_patches *p = &g->patches;
    const dlc_patch_place at = dlc_place_of(p, first + index * p->ow);
    const int64_t plane = (at.n * g->extent[0] + at.od * p->stride[0]) * g->extent[1] + at.oh * p->stride[1];
    return (dlc_row_range){index * p->ow, p->ow, plane * g->extent[2] * g->pixel};
}
