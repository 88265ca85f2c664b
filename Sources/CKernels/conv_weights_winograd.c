/// Gradients of 3 × 3 weights in Winograd's domain (Lavin and Gray, arXiv:1509.09308): F(3 × 3, 4 × 4), whose filters are tiles of
/// 4 × 4 pixels of dy and whose outputs are the taps. Points are independent products, summed over tiles: 36 multiplications in
/// place of 144, and one transformation back for each pair of channels. 4 × 4 windows at stride 2 are four gradients of 2 × 2
/// weights, one for each of the even and odd lines and columns of x: F(2 × 2, 4 × 4), 100 multiplications in place of 256, with
/// dy transformed once.
///
/// Where the sums of all points are small, tiles come in chunks that fit the third-level cache, and tasks share out the points.
/// Otherwise there is one chunk, and a task has rows of weights for itself, whose sums it transforms back while they are in L2.
#include "conv_weights.h"
#include "winograd.h"

#include <string.h>

enum { MOST_PIXELS = 36, TILE = 4, CHUNK_BYTES = 8 << 20, SUMS_BYTES = 5 << 20, BLOCK_BYTES = 1536 << 10, X = 0, DY = 1, DW = 2 };

/// The form of the algorithm: points per side and in all, the parts of x that are gradients by themselves, and the products of all.
typedef struct {
    int64_t side, points, parts, products;
} form;

static form form_of(const dlc_conv_weights *p) {
    return p->stride[1] == 2 ? (form){ 5, 25, 4, 100 } : (form){ 6, 36, 1, 36 };
}

/// Floats from tile to tile: whole vectors, and no multiple of a kilobyte, at which lines fall into the same sets.
static int64_t row_of(int64_t channels) {
    const int64_t floats = dlc_ceil_div(channels, 16) * 16;
    return floats % 64 == 0 ? floats + 16 : floats;
}

static int64_t tiles_of(const dlc_conv_weights *p) { return p->n * p->od * p->tiles_h * p->tiles_w; }

bool dlc_conv_weights_winograd_pays(const dlc_conv_weights *p) {
    if (p->type != DLC_F32 || p->groups != 1 || p->kernel[0] != 1 || p->stride[0] != 1 || p->pad[0] != 0 || p->d != p->od) return false;
    if (p->kernel[1] != p->kernel[2] || p->stride[1] != p->stride[2] || p->dilation[1] != 1 || p->dilation[2] != 1) return false;
    if (!(p->kernel[1] == 3 && p->stride[1] == 1) && !(p->kernel[1] == 4 && p->stride[1] == 2)) return false;
    const double tiles = (double)p->n * (double)p->od * (double)dlc_ceil_div(p->oh, TILE) * (double)dlc_ceil_div(p->ow, TILE);
    const double c = (double)p->c, oc = (double)p->oc;
    if (tiles < 1 || c < 16 || oc < 16) return false;
    const form f = form_of(p);
    // In multiplications: those of either way, what moving a transformed value costs, and a sum's way back.
    const double direct = (double)(p->kernel[1] * p->kernel[2]) * (double)p->n * (double)p->od * (double)p->oh * (double)p->ow * c * oc;
    const double moved = tiles * ((double)f.products * c + (double)f.points * oc), sums = (double)f.products * c * oc;
    const double cost = 1.15 * tiles * sums + 33 * moved + 12 * sums;
    // One chunk of all tiles, where sums are too many to be kept, must not be much memory.
    const bool fits = 4 * sums <= SUMS_BYTES || 4 * moved <= 4 * (double)CHUNK_BYTES;
    return fits && cost < 0.9 * direct;
}

static float *transformed_dy(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    return (float *)call->shared + form_of(p).products * p->x_step;
}

/// Tiles `first ..< last`, the first of which is the chunk's `place`-th, of x and dy.
static void transform(const dlc_call *call, const dlc_weights_functions *f, int64_t first, int64_t last, int64_t place) {
    const dlc_conv_weights *p = call->params;
    const form m = form_of(p);
    const int64_t x_row = row_of(p->c), dy_row = row_of(p->oc), stride = p->stride[1];
    float *zeros = call->scratch, *x_out = (float *)call->shared + place * x_row, *dy_out = transformed_dy(call) + place * dy_row;
    memset(zeros, 0, (size_t)dlc_max(p->c, p->oc) * sizeof(float));
    const float *pixels[MOST_PIXELS];
    for (int64_t t = first; t < last; t++, x_out += x_row, dy_out += dy_row) {
        const int64_t ow = t % p->tiles_w * TILE, oh = t / p->tiles_w % p->tiles_h * TILE, image = t / p->tiles_w / p->tiles_h;
        const float *x = (const float *)call->buffers[X] + image * p->h * p->w * p->c;
        for (int64_t part = 0; part < m.parts; part++) {
            for (int64_t i = 0; i < m.side; i++)
                for (int64_t j = 0; j < m.side; j++) {
                    const int64_t ih = (oh + i) * stride + part / 2 - p->pad[1], iw = (ow + j) * stride + part % 2 - p->pad[2];
                    const bool inside = (uint64_t)ih < (uint64_t)p->h && (uint64_t)iw < (uint64_t)p->w;
                    pixels[i * m.side + j] = inside ? x + (ih * p->w + iw) * p->c : zeros;
                }
            if (m.parts > 1) f->inputs(pixels, p->c, x_out + part * m.points * p->x_step, p->x_step);
            else dlc_winograd_set_of(p->isa)->input[2](pixels, p->c, x_out, p->x_step, DLC_WINOGRAD_AHEAD * TILE * p->c);
        }
        const float *dy = (const float *)call->buffers[DY] + image * p->oh * p->ow * p->oc;
        for (int i = 0; i < TILE; i++)
            for (int j = 0; j < TILE; j++)
                pixels[i * TILE + j] = oh + i < p->oh && ow + j < p->ow ? dy + ((oh + i) * p->ow + ow + j) * p->oc : zeros;
        f->results[m.parts > 1](pixels, p->oc, dy_out, p->dy_step);
    }
}

/// Adds a chunk of `tiles` to the sums of one product, rows `first ..< last` of the weights.
static void accumulate(const dlc_call *call, const dlc_weights_functions *f, int64_t tiles, int64_t product, int64_t first, int64_t last, float *sums, bool begins) {
    const dlc_conv_weights *p = call->params;
    const int64_t start = 0;
    dlc_weights_tile tile = {
        .b = (const float *)call->shared + product * p->x_step, .segments = 1, .a_start = &start, .b_start = &start, .counts = &tiles,
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
            tile.a = transformed_dy(call) + product % form_of(p).points * p->dy_step + row;
            tile.sums = sums + (row - first) * p->c;
            const bool dense = tile.rows == rows;
            (dense && whole ? f->whole_near : whole ? f->any_near : dense ? f->dense : f->any)[vectors - 1](&tile);
        }
}

/// Rows `first ..< last` of the weights from the sums of their products, in the order of the weights: [outputs, inputs, taps].
static void transform_back(const dlc_call *call, const dlc_weights_functions *f, const float *sums, int64_t first, int64_t last) {
    const dlc_conv_weights *p = call->params;
    const form m = form_of(p);
    const int64_t row = row_of(p->c), stride = p->stride[1];
    float *taps = call->scratch;
    for (int64_t o = first; o < last; o++, sums += p->c) {
        // Taps of a part are `stride` apart in the kernel.
        for (int64_t part = 0; part < m.parts; part++)
            f->filter[m.parts > 1](sums + part * m.points * p->sums_step, p->sums_step, p->c, taps + (part / 2 * p->kernel[2] + part % 2) * row,
                                   stride * p->kernel[2] * row, stride * row);
        dlc_transpose_rows(taps, row, p->taps, p->c, (float *)call->buffers[DW] + o * p->c * p->taps, p->taps);
    }
}

static void run(const dlc_call *call) {
    const dlc_conv_weights *p = call->params;
    const dlc_weights_functions *f = dlc_weights_functions_of(p->isa);
    const int64_t chunk = call->phase / 2, begin = chunk * p->chunk, tiles = dlc_min(p->chunk, tiles_of(p) - begin), products = form_of(p).products;
    float *shared_sums = (float *)call->shared + p->sums_offset;
    if (call->phase == 2 * p->chunks) {
        const int64_t first = call->begin * p->oc / p->tasks, last = call->end * p->oc / p->tasks;
        transform_back(call, f, shared_sums + first * p->c, first, last);
    } else if (call->phase % 2 == 0) {
        const int64_t first = call->begin * tiles / p->tasks, last = call->end * tiles / p->tasks;
        transform(call, f, begin + first, begin + last, first);
    } else if (p->by_points) {
        const int64_t first = call->begin * products / p->tasks, last = call->end * products / p->tasks;
        for (int64_t product = first; product < last; product++)
            accumulate(call, f, tiles, product, 0, p->oc, shared_sums + product * p->sums_step, chunk == 0);
    } else {
        float *sums = (float *)call->scratch + p->taps * row_of(dlc_max(p->c, p->oc));
        for (int64_t task = call->begin; task < call->end; task++) {
            const int64_t first = task * p->block, last = dlc_min(p->oc, first + p->block);
            for (int64_t product = 0; product < products; product++) accumulate(call, f, tiles, product, first, last, sums + product * p->sums_step, true);
            transform_back(call, f, sums, first, last);
        }
    }
}

void dlc_conv_weights_winograd_prepare(dlc_conv_weights *p, dlc_launch *launch) {
    const form m = form_of(p);
    p->winograd = true;
    p->tiles_h = dlc_ceil_div(p->oh, TILE), p->tiles_w = dlc_ceil_div(p->ow, TILE);
    const int64_t tiles = tiles_of(p), each = 4 * (m.products * row_of(p->c) + m.points * row_of(p->oc));
    p->by_points = 4 * m.products * p->c * p->oc <= SUMS_BYTES;
    p->chunks = p->by_points ? dlc_ceil_div(tiles * each, CHUNK_BYTES) : 1;
    p->chunk = dlc_ceil_div(tiles, p->chunks);
    p->chunks = dlc_ceil_div(tiles, p->chunk);
    p->x_step = dlc_spread(p->chunk * row_of(p->c)), p->dy_step = dlc_spread(p->chunk * row_of(p->oc));
    p->sums_offset = m.products * p->x_step + m.points * p->dy_step;
    const int64_t taps = p->taps * row_of(dlc_max(p->c, p->oc));
    // Whole tiles of rows whose sums stay in L2.
    p->block = p->by_points ? p->oc : dlc_max(1, BLOCK_BYTES / (4 * m.products * p->c) / p->tile_rows) * p->tile_rows;
    p->sums_step = dlc_spread(dlc_min(p->block, p->oc) * p->c);
    p->tasks = p->by_points ? m.products / (m.parts > 1 ? 5 : 3) : dlc_ceil_div(p->oc, p->block);
    *launch = (dlc_launch){
        .run = run, .tasks = p->tasks, .phases = (int32_t)(2 * p->chunks + (p->by_points ? 1 : 0)),
        .shared_bytes = 4 * (p->sums_offset + (p->by_points ? m.products * p->sums_step : 0)),
        .scratch_bytes = 4 * (taps + (p->by_points ? 0 : m.products * p->sums_step)),
    };
}
