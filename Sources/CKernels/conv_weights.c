/// Gradients of weights: a product over pixels, without copies of patches.
///
/// Each tap's weights are the product of dy, turned, with x where the tap reads it. A tile of it, rows of the one and vectors
/// of the other, stays in registers while a block of pixels that fits the cache goes by; x is copied into a padded place first
/// where windows reach beyond it, so that no pixel is at an edge.
#include "conv_weights.h"

#include "gather_index.h"

#include <string.h>

const dlc_weights_functions *dlc_weights_functions_of(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_PORTABLE: return &dlc_weights_functions_portable;
#if defined(__x86_64__)
    case DLC_ISA_AVX2: return &dlc_weights_functions_avx2;
    case DLC_ISA_AVX512: return &dlc_weights_functions_avx512;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_weights_functions_neon;
#endif
    default: return NULL;
    }
}

enum { block_bytes = 256 << 10, segment_most = 256, segments_most = 512, block_pixels = 512, tasks_most = 8 };

/// The input as tiles read it: x itself, or the padded copy.
static const float *input_of(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    return p->copied ? call->shared : call->buffers[0];
}

/// One task's rows of the padded copy.
static void copy_rows(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    int64_t rows = p->n * p->pd * p->ph, first = call->begin * rows / p->tasks, end = call->end * rows / p->tasks;
    for (int64_t row = first; row < end; ++row) {
        int64_t y = row % p->ph - p->pad[1], z = row / p->ph % p->pd - p->pad[0], image = row / p->ph / p->pd;
        float *target = (float *)call->shared + row * p->pw * p->c;
        if (y < 0 || y >= p->h || z < 0 || z >= p->d) {
            memset(target, 0, (size_t)(p->pw * p->c) * sizeof(float));
            continue;
        }
        // Negative padding cuts the input's edge off.
        int64_t cut = p->pad[2] < 0 ? dlc_lesser(-p->pad[2], p->w) : 0, before = p->pad[2] < 0 ? 0 : dlc_lesser(p->pad[2], p->pw);
        int64_t whole = dlc_lesser(p->w - cut, p->pw - before);
        const float *source = (const float *)call->buffers[0] + (((image * p->d + z) * p->h + y) * p->w + cut) * p->c;
        memset(target, 0, (size_t)(before * p->c) * sizeof(float));
        memcpy(target + before * p->c, source, (size_t)(whole * p->c) * sizeof(float));
        memset(target + (before + whole) * p->c, 0, (size_t)((p->pw - before - whole) * p->c) * sizeof(float));
    }
}

static int64_t tap_offset(const dlc_conv_weights *p, int64_t tap) {
    int64_t x = tap % p->kernel[2], y = tap / p->kernel[2] % p->kernel[1], z = tap / p->kernel[2] / p->kernel[1];
    return ((z * p->dilation[0] * p->ph + y * p->dilation[1]) * p->pw + x * p->dilation[2]) * p->c;
}

/// Segments `first ..< first + count` of the rows of output pixels: where they begin in x and in dy, and how long they are.
static void locate(const dlc_conv_weights *p, int64_t first, int64_t count, int64_t *x, int64_t *dy, int64_t *lengths) {
    for (int64_t i = 0; i < count; ++i) {
        int64_t row = (first + i) / p->segments, at = (first + i) % p->segments * segment_most;
        int64_t oy = row % p->oh, oz = row / p->oh % p->od, image = row / p->oh / p->od;
        x[i] = (((image * p->pd + oz * p->stride[0]) * p->ph + oy * p->stride[1]) * p->pw + at * p->stride[2]) * p->c;
        dy[i] = (row * p->ow + at) * p->oc;
        lengths[i] = dlc_lesser(segment_most, p->ow - at);
    }
}

static float *sums_of(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    return p->direct ? call->buffers[2] : (float *)call->shared + p->sums_offset;
}

/// Adds a block of pixels to one tile.
static void add_to_tile(const dlc_call *call, const dlc_weights_functions *f, dlc_weights_tile *tile, int64_t index) {
    const dlc_conv_weights *p = call->params;
    const float *x = input_of(call), *dy = call->buffers[1];
    int64_t row = index % p->row_tiles * p->tile_rows, first = index / p->row_tiles % p->vector_tiles * p->tile_vectors;
    int64_t group = index / p->row_tiles / p->vector_tiles;
    int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups, vectors = dlc_lesser(p->tile_vectors, p->vectors - first);
    tile->rows = dlc_lesser(p->tile_rows, p->rows - row);
    tile->sums = sums_of(call) + (group * p->rows + row) * p->columns;
    tile->sums_row = p->columns;
    bool whole = true, near = true;
    for (int64_t j = 0; j < vectors; ++j) {
        // Vectors of one tap after those of another.
        int64_t tap = (first + j) / p->vectors_each, at = (first + j) % p->vectors_each * p->lanes;
        int64_t each = p->along_outputs ? outputs : inputs;
        tile->column[j] = at + (p->along_outputs ? 0 : tap_offset(p, tap));
        tile->place[j] = tap * each + at;
        tile->width[j] = dlc_lesser(p->lanes, each - at);
        whole = whole && tile->width[j] == p->lanes;
        near = near && tile->column[j] == tile->column[0] + j * p->lanes;
    }
    // Tiles of fewer vectors have kernels of more rows; those beyond the tile's read what its first row does.
    int64_t rows = f->tile_rows[vectors - 1];
    bool dense = tile->rows == rows;
    for (int64_t i = 0; i < rows; ++i) {
        int64_t r = row + (i < tile->rows ? i : 0);
        tile->offset[i] = p->along_outputs ? tap_offset(p, r / inputs) + r % inputs : r;
        dense = dense && tile->offset[i] == tile->offset[0] + i;
    }
    tile->a = p->along_outputs ? x + group * inputs : dy + group * outputs;
    tile->b = p->along_outputs ? dy + group * outputs : x + group * inputs;
    near = near && whole;
    (dense && near ? f->whole_near : near ? f->any_near : dense && whole ? f->whole : dense ? f->dense : f->any)[vectors - 1](tile);
}

static void accumulate(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    const dlc_weights_functions *f = dlc_weights_functions_of(p->isa);
    int64_t first = call->begin * p->tiles_per_task, end = dlc_lesser(call->end * p->tiles_per_task, p->tiles);
    int64_t x[segments_most], dy[segments_most], lengths[segments_most];
    int64_t total = p->n * p->od * p->oh * p->segments;
    dlc_weights_tile tile = { .counts = lengths };
    bool swapped = !p->along_outputs;
    tile.a_start = swapped ? dy : x, tile.b_start = swapped ? x : dy;
    tile.a_step = swapped ? p->oc : p->stride[2] * p->c, tile.b_step = swapped ? p->stride[2] * p->c : p->oc;
    // Where there is no pixel, the sums are still to become zeros.
    for (int64_t at = 0; at == 0 || at < total; at += p->block) {
        tile.first = at == 0;
        tile.segments = dlc_lesser(p->block, total - at);
        locate(p, at, tile.segments, x, dy, lengths);
        for (int64_t index = first; index < end; ++index) add_to_tile(call, f, &tile, index);
    }
}

/// The sums in the order of the weights: [outputs, inputs, taps].
static void reorder(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    const float *sums = sums_of(call);
    int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups;
    int64_t first = call->begin * p->oc / p->tasks, end = call->end * p->oc / p->tasks;
    for (int64_t o = first; o < end; ++o) {
        float *target = (float *)call->buffers[2] + o * inputs * p->taps;
        int64_t group = o / outputs, own = o % outputs;
        // The strides of taps and inputs in the sums.
        int64_t tap_stride = p->depthwise ? p->c : p->along_outputs ? inputs * outputs : inputs;
        int64_t input_stride = p->along_outputs ? outputs : 1;
        const float *source = p->depthwise ? sums + o : sums + group * p->taps * inputs * outputs + (p->along_outputs ? own : own * inputs * p->taps);
        for (int64_t c = 0; c < inputs; ++c)
            for (int64_t tap = 0; tap < p->taps; ++tap) target[c * p->taps + tap] = source[tap * tap_stride + c * input_stride];
    }
}

static void run(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    switch (call->phase) {
    case 0:
        if (p->copied) copy_rows(call);
        break;
    case 1:
        if (p->depthwise) dlc_conv_weights_depthwise(call, sums_of(call));
        else accumulate(call);
        break;
    default: reorder(call);
    }
}

/// In f64: plain loops over each weight's pixels.
static void run_f64(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    const double *x = call->buffers[0], *dy = call->buffers[1];
    int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups;
    double *target = (double *)call->buffers[2] + call->begin * inputs * p->taps;
    for (int64_t o = call->begin; o < call->end; ++o) for (int64_t c = 0; c < inputs; ++c) for (int64_t tap = 0; tap < p->taps; ++tap) {
        int64_t kx = tap % p->kernel[2] * p->dilation[2] - p->pad[2], ky = tap / p->kernel[2] % p->kernel[1] * p->dilation[1] - p->pad[1];
        int64_t kz = tap / p->kernel[2] / p->kernel[1] * p->dilation[0] - p->pad[0];
        double sum = 0;
        for (int64_t row = 0; row < p->n * p->od * p->oh; ++row) {
            int64_t y = row % p->oh * p->stride[1] + ky, z = row / p->oh % p->od * p->stride[0] + kz, image = row / p->oh / p->od;
            if (y < 0 || y >= p->h || z < 0 || z >= p->d) continue;
            const double *source = x + ((image * p->d + z) * p->h + y) * p->w * p->c + o / outputs * inputs + c;
            for (int64_t i = 0; i < p->ow; ++i) {
                int64_t at = i * p->stride[2] + kx;
                if (at >= 0 && at < p->w) sum += source[at * p->c] * dy[(row * p->ow + i) * p->oc + o];
            }
        }
        *target++ = sum;
    }
}

bool dlc_conv_weights_prepare(dlc_isa isa, dlc_conv_weights *p, dlc_launch *launch) {
    const dlc_weights_functions *f = dlc_weights_functions_of(isa);
    int64_t extents[] = { p->n, p->d, p->h, p->w, p->c }, results[] = { p->n, p->od, p->oh, p->ow, p->oc }, count;
    if (!f || (p->type != DLC_F32 && p->type != DLC_F64) || !dlc_product(extents, 5, &count) || !dlc_product(results, 5, &count)) return false;
    if (p->groups < 1 || p->c % p->groups != 0 || p->oc % p->groups != 0) return false;
    if (!dlc_product(p->kernel, 3, &p->taps)) return false;
    int64_t inner[3], outer[] = { p->od, p->oh, p->ow }, own[] = { p->d, p->h, p->w };
    p->copied = false;
    for (int i = 0; i < 3; ++i) {
        int64_t reach, moved;
        if (p->stride[i] < 1 || p->dilation[i] < 1 || p->kernel[i] < 1 || p->pad[i] < -((int64_t)1 << 40) || p->pad[i] > (int64_t)1 << 40) return false;
        if (__builtin_mul_overflow(p->kernel[i] - 1, p->dilation[i], &reach) || __builtin_mul_overflow(dlc_lesser(outer[i], outer[i] - 1), p->stride[i], &moved)) return false;
        if (__builtin_add_overflow(reach, moved, &inner[i]) || inner[i] >= (int64_t)1 << 40) return false;
        inner[i] = outer[i] == 0 ? 0 : inner[i] + 1;
        p->copied = p->copied || p->pad[i] != 0 || inner[i] > own[i];
    }
    if (!p->copied) memcpy(inner, own, sizeof inner);
    p->pd = inner[0], p->ph = inner[1], p->pw = inner[2];
    int64_t padded[] = { p->n, p->pd, p->ph, p->pw, p->c, sizeof(float) }, bytes, weights[] = { p->taps, p->c / p->groups, p->oc, sizeof(float) }, weight_bytes;
    if (!dlc_product(padded, 6, &bytes) || !dlc_product(weights, 4, &weight_bytes)) return false;
    if (bytes >= (int64_t)1 << 46 || weight_bytes >= (int64_t)1 << 46) return false;

    if (p->type == DLC_F64) {
        *launch = (dlc_launch){ .run = run_f64, .tasks = p->oc, .phases = 1 };
        return true;
    }

    int64_t inputs = p->c / p->groups, outputs = p->oc / p->groups;
    p->isa = isa;
    p->lanes = dlc_lanes(isa);
    p->depthwise = inputs == 1 && outputs == 1;
    p->along_outputs = !p->depthwise && inputs < p->lanes && outputs > inputs;
    p->rows = p->along_outputs ? p->taps * inputs : outputs;
    p->columns = p->along_outputs ? outputs : inputs * p->taps;
    p->direct = p->taps == 1 && !p->along_outputs && !p->depthwise;
    p->vectors_each = dlc_quotient_up(p->along_outputs ? outputs : inputs, p->lanes);
    // Channels by themselves are read where they lie.
    if (p->depthwise) p->copied = false, p->pd = p->d, p->ph = p->h, p->pw = p->w;
    p->winograd = dlc_conv_weights_winograd_pays(p);
    p->vectors = p->along_outputs || p->winograd ? p->vectors_each : p->vectors_each * p->taps;
    // The tile that wastes the fewest of its places; vectors of several taps and narrow tiles cost a little more.
    int64_t least = INT64_MAX;
    for (int64_t v = f->most_vectors; v >= 1; --v) {
        int64_t places = dlc_quotient_up(p->vectors, v) * v * dlc_quotient_up(p->rows, f->tile_rows[v - 1]) * f->tile_rows[v - 1];
        if (p->vectors_each % v != 0 && p->vectors_each < p->vectors) places += places / 16;
        // One vector a tile reads as much as it computes.
        if (v == 1) places += places / 4;
        if (places < least) least = places, p->tile_vectors = v, p->tile_rows = f->tile_rows[v - 1];
    }
    if (p->winograd) {
        dlc_conv_weights_winograd_prepare(p, launch);
        return true;
    }
    p->row_tiles = dlc_quotient_up(p->rows, p->tile_rows);
    p->vector_tiles = dlc_quotient_up(p->vectors, p->tile_vectors);
    p->tiles = p->depthwise ? dlc_quotient_up(p->c, p->lanes) * dlc_quotient_up(p->taps, DLC_WEIGHTS_CHANNEL_TAPS)
                            : p->groups * p->row_tiles * p->vector_tiles;
    if (p->oc == 0 || p->c == 0) p->tiles = 0;
    // Each task reads all of x and dy.
    p->tiles_per_task = dlc_quotient_up(p->tiles, tasks_most);
    if (p->tiles_per_task < 1) p->tiles_per_task = 1;
    p->tasks = dlc_quotient_up(p->tiles, p->tiles_per_task);
    p->segments = dlc_quotient_up(p->ow, segment_most);
    int64_t each = dlc_lesser(p->ow, segment_most) * (p->stride[2] * p->c + p->oc) * (int64_t)sizeof(float);
    p->block = block_bytes / (each > 0 ? each : 1);
    // Fewer pixels than these would not pay for the sums that are read and written with each block.
    int64_t least_block = block_pixels / (p->ow > 0 ? dlc_lesser(p->ow, segment_most) : 1) + 1;
    p->block = dlc_lesser(p->block < least_block ? least_block : p->block, segments_most);
    p->sums_offset = p->copied ? (bytes + 63) / 64 * 16 : 0;
    *launch = (dlc_launch){
        .run = run,
        .tasks = p->tasks,
        .phases = p->direct ? 2 : 3,
        .shared_bytes = p->sums_offset * (int64_t)sizeof(float) + (p->direct ? 0 : weight_bytes),
        .scratch_bytes = p->depthwise ? p->c * (int64_t)sizeof(float) : 0,
    };
    return true;
}
