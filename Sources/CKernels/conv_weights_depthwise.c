/// Gradients of the weights of channels by themselves: a row of dy at a time, so that what its channels share in memory is in
/// cache for all of their vectors, with the sums of up to nine taps in registers. x is read where it lies: pixels whose windows
/// reach beyond it are segments of their own, whose taps there are zeros.
#include "conv_weights.h"
#include "gather_index.h"

#include <string.h>

enum { SEGMENTS = 32 };

/// The place in x of what tap `tap` reads for an output pixel, or null.
static const float *tap_of(const dlc_conv_weights *p, const float *image, int64_t tap, int64_t oz, int64_t oy, int64_t ox) {
    const int64_t kx = tap % p->kernel[2], ky = tap / p->kernel[2] % p->kernel[1], kz = tap / p->kernel[2] / p->kernel[1];
    const int64_t x = ox * p->stride[2] + kx * p->dilation[2] - p->pad[2], y = oy * p->stride[1] + ky * p->dilation[1] - p->pad[1];
    const int64_t z = oz * p->stride[0] + kz * p->dilation[0] - p->pad[0];
    const bool inside = (uint64_t)x < (uint64_t)p->w && (uint64_t)y < (uint64_t)p->h && (uint64_t)z < (uint64_t)p->d;
    return inside ? image + ((z * p->h + y) * p->w + x) * p->c : NULL;
}

/// The segment of a row of outputs that begins at column `ox`, for taps from `tap` on.
static dlc_weights_segment segment_at(const dlc_conv_weights *p, const dlc_call *call, int64_t row, int64_t ox, int64_t tap, int64_t taps) {
    const int64_t oy = row % p->oh, oz = row / p->oh % p->od, image = row / p->oh / p->od;
    const float *x = (const float *)call->buffers[0] + image * p->d * p->h * p->w * p->c;
    dlc_weights_segment s = { .dy = (const float *)call->buffers[1] + (row * p->ow + ox) * p->c, .count = 1 };
    bool inside = true;
    for (int64_t i = 0; i < DLC_WEIGHTS_CHANNEL_TAPS; i++) {
        const float *at = tap_of(p, x, tap + (i < taps ? i : 0), oz, oy, ox);
        inside = inside && at != NULL;
        s.x[i] = at ? at : call->scratch;
    }
    // The outputs whose last column is inside: all of the window is, as it is for the first of them.
    const int64_t reach = (p->kernel[2] - 1) * p->dilation[2] - p->pad[2], last = p->w - 1 - reach;
    if (inside && last >= 0) s.count = dlc_lesser(p->ow, last / p->stride[2] + 1) - ox;
    if (s.count < 1) s.count = 1;
    return s;
}

void dlc_conv_weights_depthwise(const dlc_call *call, float *sums) {
    const dlc_conv_weights *p = call->params;
    const dlc_weights_functions *f = dlc_weights_functions_of(p->isa);
    const int64_t chunks = dlc_quotient_up(p->taps, DLC_WEIGHTS_CHANNEL_TAPS), vectors = dlc_quotient_up(p->c, p->lanes);
    const int64_t rows = p->n * p->od * p->oh;
    memset(call->scratch, 0, (size_t)p->c * sizeof(float));
    dlc_weights_segment segments[SEGMENTS];
    dlc_weights_channels t = {
        .segments = segments, .x_step = p->stride[2] * p->c, .dy_step = p->c, .sums_row = p->c,
        .x_ahead = (p->kernel[1] - 1) * p->dilation[1] * p->w * p->c + p->stride[1] * p->w * p->c, .dy_ahead = p->ow * p->c,
    };
    for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const int64_t tap = chunk * DLC_WEIGHTS_CHANNEL_TAPS;
        // Tiles are numbered vector by vector, with the chunks of taps of each next to each other.
        const int64_t begin = call->begin * p->tiles_per_task, end = dlc_lesser(call->end * p->tiles_per_task, p->tiles);
        const int64_t first = (begin + chunks - 1 - chunk) / chunks, last = dlc_lesser(vectors, (end + chunks - 1 - chunk) / chunks);
        t.taps = dlc_lesser(DLC_WEIGHTS_CHANNEL_TAPS, p->taps - tap);
        t.sums = sums + tap * p->c;
        t.first = true;
        int64_t ox = 0, row = 0;
        // Where there is no pixel, the sums are still to become zeros.
        do {
            for (t.count = 0; row < rows && p->ow > 0 && t.count < SEGMENTS; t.count++) {
                segments[t.count] = segment_at(p, call, row, ox, tap, t.taps);
                ox += segments[t.count].count;
                if (ox < p->ow) continue;
                ox = 0, row += 1;
                if (t.count > 0) { t.count++; break; }
            }
            for (int64_t v = first; v < last; v++) {
                t.channel = v * p->lanes;
                t.columns = dlc_lesser(p->lanes, p->c - t.channel);
                f->depthwise(&t);
            }
            t.first = false;
        } while (row < rows && p->ow > 0);
    }
}
