/// Gradients of 3 × 3 weights in Winograd's domain (Lavin and Gray, arXiv:1509.09308): F(3 × 3, 4 × 4), whose filters are tiles of
/// 4 × 4 pixels of dy and whose outputs are the taps. Points are independent products, summed over tiles: 36 multiplications in
/// place of 144, and one transformation back for each pair of channels.
///
/// Where the sums of all points are small, tiles come in chunks that fit the third-level cache, and tasks share out the points.
/// Otherwise there is one chunk, and a task has rows of weights for itself, whose sums it transforms back while they are in L2.
#include "conv_weights.h"
#include "winograd.h"

#include <string.h>

enum { POINTS = 36, TILE = 4, POINT_TASKS = 12, CHUNK_BYTES = 8 << 20, SUMS_BYTES = 5 << 20, BLOCK_BYTES = 1536 << 10, X = 0, DY = 1, DW = 2 };

/// Floats from tile to tile: whole vectors, and no multiple of a kilobyte, at which lines fall into the same sets.
static int64_t row_of(int64_t channels) {
    const int64_t floats = dlc_ceil_div(channels, 16) * 16;
    return floats % 64 == 0 ? floats + 16 : floats;
}

static int64_t tiles_of(const dlc_conv_weights *p) { return p->n * p->od * p->tiles_h * p->tiles_w; }

bool dlc_conv_weights_winograd_pays(const dlc_conv_weights *p) {
    if (p->type != DLC_F32 || p->groups != 1 || p->kernel[0] != 1 || p->kernel[1] != 3 || p->kernel[2] != 3 || p->pad[0] != 0 || p->d != p->od) return false;
    for (int i = 0; i < 3; i++)
        if (p->stride[i] != 1 || (p->dilation[i] != 1 && p->kernel[i] > 1)) return false;
    const double tiles = (double)p->n * (double)p->od * (double)dlc_ceil_div(p->oh, TILE) * (double)dlc_ceil_div(p->ow, TILE);
    const double c = (double)p->c, oc = (double)p->oc;
    if (tiles < 1 || c < 16 || oc < 16) return false;
    // In multiplications: those of either way, what moving a transformed value costs, and a sum's way back.
    const double direct = 9 * (double)p->n * (double)p->od * (double)p->oh * (double)p->ow * c * oc;
    const double cost = POINTS * (1.15 * tiles * c * oc + 33 * tiles * (c + oc) + 12 * c * oc);
    // One chunk of all tiles, where sums are too many to be kept, must not be much memory.
    const bool fits = 4 * POINTS * c * oc <= SUMS_BYTES || 4 * POINTS * tiles * (c + oc) <= 4 * (double)CHUNK_BYTES;
    return fits && cost < 0.9 * direct;
}

static float *transformed_dy(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    return (float *)call->shared + POINTS * p->x_step;
}

/// Tiles `first ..< last`, the first of which is the chunk's `place`-th, of x and dy.
static void transform(const dlc_call *call, const dlc_weights_functions *f, int64_t first, int64_t last, int64_t place) {
    const dlc_conv_weights *p = call->params;
    const dlc_winograd_set *set = dlc_winograd_set_of(p->isa);
    const int64_t x_row = row_of(p->c), dy_row = row_of(p->oc);
    float *zeros = call->scratch, *x_out = (float *)call->shared + place * x_row, *dy_out = transformed_dy(call) + place * dy_row;
    memset(zeros, 0, (size_t)dlc_max(p->c, p->oc) * sizeof(float));
    const float *pixels[POINTS];
    for (int64_t t = first; t < last; t++, x_out += x_row, dy_out += dy_row) {
        const int64_t ow = t % p->tiles_w * TILE, oh = t / p->tiles_w % p->tiles_h * TILE, image = t / p->tiles_w / p->tiles_h;
        const float *x = (const float *)call->buffers[X] + image * p->h * p->w * p->c;
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++) {
                const int64_t ih = oh + i - p->pad[1], iw = ow + j - p->pad[2];
                const bool inside = (uint64_t)ih < (uint64_t)p->h && (uint64_t)iw < (uint64_t)p->w;
                pixels[i * 6 + j] = inside ? x + (ih * p->w + iw) * p->c : zeros;
            }
        set->input[2](pixels, p->c, x_out, p->x_step, DLC_WINOGRAD_AHEAD * TILE * p->c);
        const float *dy = (const float *)call->buffers[DY] + image * p->oh * p->ow * p->oc;
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < TILE; j++)
                pixels[i * TILE + j] = oh + i < p->oh && ow + j < p->ow ? dy + ((oh + i) * p->ow + ow + j) * p->oc : zeros;
        f->results(pixels, p->oc, dy_out, p->dy_step);
    }
}

/// Adds a chunk of `tiles` to the sums of one point, rows `first ..< last` of the weights.
static void accumulate(const dlc_call *call, const dlc_weights_functions *f, int64_t tiles, int64_t point, int64_t first, int64_t last, float *sums, bool begins) {
    const dlc_conv_weights *p = call->params;
    const int64_t start = 0;
    dlc_weights_tile tile = {
        .b = (const float *)call->shared + point * p->x_step, .segments = 1, .a_start = &start, .b_start = &start, .counts = &tiles,
        .a_step = row_of(p->oc), .b_step = row_of(p->c), .sums_row = p->c, .first = begins,
    };
    for (int64_t row = first; row < last; row += p->tile_rows)
        for (int64_t at = 0; at < p->vectors; at += p->tile_vectors) {
            const int64_t vectors = dlc_min(p->tile_vectors, p->vectors - at), rows = f->tile_rows[vectors - 1];
            bool whole = true;
            tile.rows = dlc_min(p->tile_rows, last - row);
            for (int64_t j = 0; j < vectors; j++) {
                tile.column[j] = tile.place[j] = (at + j) * p->lanes;
                tile.width[j] = dlc_min(p->lanes, p->c - tile.column[j]);
                whole = whole && tile.width[j] == p->lanes;
            }
            // Tiles of fewer vectors have kernels of more rows; those beyond the tile's read what its first row does.
            for (int64_t i = 0; i < rows; i++) tile.offset[i] = i < tile.rows ? i : 0;
            tile.a = transformed_dy(call) + point * p->dy_step + row;
            tile.sums = sums + (row - first) * p->c;
            const bool dense = tile.rows == rows;
            (dense && whole ? f->whole_near : whole ? f->any_near : dense ? f->dense : f->any)[vectors - 1](&tile);
        }
}

/// Rows `first ..< last` of the weights from the sums of their points, in the order of the weights: [outputs, inputs, taps].
static void transform_back(const dlc_call *call, const dlc_weights_functions *f, const float *sums, int64_t first, int64_t last) {
    const dlc_conv_weights *p = call->params;
    float *taps = call->scratch;
    for (int64_t o = first; o < last; o++, sums += p->c) {
        f->filter(sums, p->sums_step, p->c, taps, row_of(p->c));
        dlc_transpose_rows(taps, row_of(p->c), 9, p->c, (float *)call->buffers[DW] + o * p->c * 9, 9);
    }
}

static void run(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    const dlc_weights_functions *f = dlc_weights_functions_of(p->isa);
    const int64_t chunk = call->phase / 2, begin = chunk * p->chunk, tiles = dlc_min(p->chunk, tiles_of(p) - begin);
    float *shared_sums = (float *)call->shared + p->sums_offset;
    if (call->phase == 2 * p->chunks) {
        const int64_t first = call->begin * p->oc / p->tasks, last = call->end * p->oc / p->tasks;
        transform_back(call, f, shared_sums + first * p->c, first, last);
    } else if (call->phase % 2 == 0) {
        const int64_t first = call->begin * tiles / p->tasks, last = call->end * tiles / p->tasks;
        transform(call, f, begin + first, begin + last, first);
    } else if (p->by_points) {
        const int64_t first = call->begin * POINTS / p->tasks, last = call->end * POINTS / p->tasks;
        for (int64_t point = first; point < last; point++)
            accumulate(call, f, tiles, point, 0, p->oc, shared_sums + point * p->sums_step, chunk == 0);
    } else {
        float *sums = (float *)call->scratch + 9 * row_of(dlc_max(p->c, p->oc));
        for (int64_t task = call->begin; task < call->end; task++) {
            const int64_t first = task * p->block, last = dlc_min(p->oc, first + p->block);
            for (int64_t point = 0; point < POINTS; point++) accumulate(call, f, tiles, point, first, last, sums + point * p->sums_step, true);
            transform_back(call, f, sums, first, last);
        }
    }
}

void dlc_conv_weights_winograd_prepare(dlc_conv_weights *p, dlc_launch *launch) {
    p->winograd = true;
    p->tiles_h = dlc_ceil_div(p->oh, TILE), p->tiles_w = dlc_ceil_div(p->ow, TILE);
    const int64_t tiles = tiles_of(p), each = 4 * POINTS * (row_of(p->c) + row_of(p->oc));
    p->by_points = 4 * POINTS * p->c * p->oc <= SUMS_BYTES;
    p->chunks = p->by_points ? dlc_ceil_div(tiles * each, CHUNK_BYTES) : 1;
    p->chunk = dlc_ceil_div(tiles, p->chunks);
    p->chunks = dlc_ceil_div(tiles, p->chunk);
    p->x_step = dlc_spread(p->chunk * row_of(p->c)), p->dy_step = dlc_spread(p->chunk * row_of(p->oc));
    p->sums_offset = POINTS * (p->x_step + p->dy_step);
    const int64_t taps = 9 * row_of(dlc_max(p->c, p->oc));
    // Whole tiles of rows whose sums stay in L2.
    p->block = p->by_points ? p->oc : dlc_max(1, BLOCK_BYTES / (4 * POINTS * p->c) / p->tile_rows) * p->tile_rows;
    p->sums_step = dlc_spread(dlc_min(p->block, p->oc) * p->c);
    p->tasks = p->by_points ? POINT_TASKS : dlc_ceil_div(p->oc, p->block);
    *launch = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = (int32_t)(2 * p->chunks + (p->by_points ? 1 : 0)),
        .shared_bytes = 4 * (p->sums_offset + (p->by_points ? POINTS * p->sums_step : 0)),
        .scratch_bytes = 4 * (taps + (p->by_points ? 0 : POINTS * p->sums_step)),
    };
}
