/// dlc_integer_product: how the work is split, rows of A brought into whole quads where they are not, and tasks.
#include "gemm_amx.h"
#include "gemm_integer_place.h"
#include "gemm_tile.h"
#include <math.h>
#include <string.h>

bool dlc_integer_without_dot = false;

static bool has_dot(dlc_isa isa) { return !dlc_integer_without_dot && dlc_host_has_dot(isa); }

/// The dot product's instructions are no part of the instruction sets that plans name, so they are looked for here.
static const dlc_integer_set *set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return has_dot(isa) ? &dlc_integer_set_avx512_dot : &dlc_integer_set_avx512;
    case DLC_ISA_AVX2: return has_dot(isa) ? &dlc_integer_set_avx2_dot : &dlc_integer_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return has_dot(isa) ? &dlc_integer_set_neon_dot : &dlc_integer_set_neon;
#endif
    default: return &dlc_integer_set_portable;
    }
}

bool dlc_integer_has_blocks(dlc_isa isa) { return isa == DLC_ISA_AVX512 && has_dot(isa); }

int64_t dlc_integer_width(dlc_isa isa) { return isa == DLC_ISA_AVX512 ? 32 : 16; }

static int64_t offset_of(const dlc_integer_product *g, const int64_t stride[4], int64_t index) {
    int64_t offset = 0;
    for (int i = 3; i >= 0; i--) {
        offset += index % g->batch[i] * stride[i];
        index /= g->batch[i];
    }
    return offset;
}

/// The offset of A's `index`-th distinct matrix.
static int64_t offset_of_distinct(const dlc_integer_product *g, int64_t index) {
    int64_t offset = 0;
    for (int i = 3; i >= 0; i--) {
        if (g->a_batch[i] == 0) continue;
        offset += index % g->batch[i] * g->a_batch[i];
        index /= g->batch[i];
    }
    return offset;
}

static int64_t distinct_index(const dlc_integer_product *g, int64_t index) {
    int64_t position = 0, step = 1;
    for (int i = 3; i >= 0; i--) {
        if (g->a_batch[i] != 0) {
            position += index % g->batch[i] * step;
            step *= g->batch[i];
        }
        index /= g->batch[i];
    }
    return position;
}

static int32_t read_zero(const void *zeros, bool is_signed, int64_t index) {
    if (!zeros) return 0;
    return is_signed ? ((const int8_t *)zeros)[index] : ((const uint8_t *)zeros)[index];
}

/// The sum of a row of A as the tiles read it.
static int32_t sum_of_row(const uint8_t *row, int64_t count, bool reads_signed) {
    uint32_t total = 0;
    if (reads_signed)
        for (int64_t p = 0; p < count; p++) total += (uint32_t)(int32_t)(int8_t)row[p];
    else
        for (int64_t p = 0; p < count; p++) total += row[p];
    return (int32_t)total;
}

/// Goes on to the next row, without a division.
static void next_place(const dlc_integer_patches *p, dlc_patch_place *at) {
    if (++at->ow < p->ow) return;
    at->ow = 0;
    if (++at->oh < p->oh) return;
    at->oh = 0;
    if (++at->od < p->od) return;
    at->od = 0, at->n++;
}

/// The patch of a row in runs of whole quads; `outside` is what stands for the zero point, its highest bit turned like the others'.
static void gather_patch(const dlc_integer_patches *p, const uint8_t *x, dlc_patch_place place, uint8_t flip, uint8_t outside, uint8_t *out) {
    const int64_t at[3] = {place.od * p->stride[0] - p->pad[0], place.oh * p->stride[1] - p->pad[1], place.ow * p->stride[2] - p->pad[2]};
    const int64_t run = p->run_taps * p->channels, gap = dlc_ceil_div(run, 4) * 4 - run;
    x += place.n * p->d * p->h * p->w * p->pixel;
    for (int64_t kd = 0; kd < p->kernel[0]; kd++)
        for (int64_t kh = 0; kh < p->kernel[1]; kh++) {
            const int64_t d = at[0] + kd * p->dilation[0], h = at[1] + kh * p->dilation[1];
            const bool inside = d >= 0 && d < p->d && h >= 0 && h < p->h;
            const uint8_t *line = x + (inside ? (d * p->h + h) * p->w * p->pixel : 0);
            for (int64_t kw = 0; kw < p->kernel[2]; kw += p->run_taps) {
                const bool is_run = p->dilation[2] == 1 && p->pixel == p->channels && at[2] + kw >= 0 && at[2] + kw + p->run_taps <= p->w;
                if (inside && is_run) {
                    dlc_copy_bytes(out, line + (at[2] + kw) * p->pixel, 1, run, flip);
                    out += run;
                } else {
                    for (int64_t i = 0; i < p->run_taps; i++, out += p->channels) {
                        const int64_t w = at[2] + (kw + i) * p->dilation[2];
                        if (inside && w >= 0 && w < p->w) dlc_copy_bytes(out, line + w * p->pixel, 1, p->channels, flip);
                        else memset(out, outside, (size_t)p->channels);
                    }
                }
                for (int64_t i = 0; i < gap; i++) *out++ = 0;
            }
        }
}

static int64_t copied_bytes(const dlc_integer_product *g) { return g->a_copied ? dlc_ceil_div(g->a_matrices * g->m * g->a_copy_row, 64) * 64 : 0; }

/// Phase 0: rows of A, and their sums behind all of them.
static void copy_rows(const dlc_integer_product *g, const dlc_call *call) {
    const dlc_integer_set *set = set_of(g->isa);
    int32_t *sums = (int32_t *)((uint8_t *)call->shared + copied_bytes(g));
    const int64_t rows = g->a_matrices * g->m, last = call->end * rows / g->tasks;
    for (int64_t row = call->begin * rows / g->tasks; row < last; row++) {
        const uint8_t *a = (const uint8_t *)call->buffers[DLC_INTEGER_A] + offset_of_distinct(g, row / g->m) + row % g->m * g->a_row;
        uint8_t *out = (uint8_t *)call->shared + row * g->a_copy_row;
        dlc_copy_bytes(out, a, g->a_column, g->k, g->flip);
        for (int64_t p = g->k; p < 4 * g->quads; p++) out[p] = 0;
        if (g->sums_a) sums[row] = sum_of_row(out, g->k, set->flips != 0);
    }
}

/// A task's scratch: the zero points of its rows, their sums, where runs of a row in place lie, and patches.
typedef struct { int32_t *zeros, *sums; int64_t *offsets; uint8_t *patches; } task_memory;

static task_memory memory_of(const dlc_integer_product *g, void *scratch) {
    const int64_t step = dlc_ceil_div(g->row_block, 16) * 16;
    int32_t *zeros = scratch;
    int64_t *offsets = (int64_t *)(zeros + 2 * step);
    return (task_memory){zeros, zeros + step, offsets, (uint8_t *)(offsets + g->runs)};
}

/// What the epilogue takes of a panel's columns, of which `count` are there.
typedef struct {
    int32_t zero[DLC_INTEGER_WIDTH], centred[DLC_INTEGER_WIDTH], start[DLC_INTEGER_WIDTH];
    float scale[DLC_INTEGER_WIDTH], bias[DLC_INTEGER_WIDTH], second[DLC_INTEGER_WIDTH];
} panel_columns;

/// Reads them into `columns`, whose rest is zeros, and what a tile has of them; says whether a column has a zero point.
static bool read_columns(const dlc_integer_product *g, const void *zeros, const int32_t *sums, const float *scales, const float *biases,
                         const float *seconds, int32_t a_zero, int64_t column, int64_t count, bool adds, panel_columns *columns,
                         dlc_integer_tile *tile) {
    const int32_t unsigned_zero = g->b_signed ? 0 : 128;
    for (int64_t j = 0; j < count; j++) columns->zero[j] = -unsigned_zero;
    for (int64_t j = 0; zeros && j < count; j++) columns->zero[j] += read_zero(zeros, g->b_signed, (column + j) * g->b_zero_column);
    bool has_zeros = false;
    for (int64_t j = 0; j < count; j++) has_zeros |= columns->zero[j] != 0;
    const uint32_t k = (uint32_t)g->k;
    for (int64_t j = 0; j < count; j++) columns->centred[j] = (int32_t)((uint32_t)sums[column + j] - k * (uint32_t)columns->zero[j]);
    // One zero point for all rows of A is subtracted with the columns' sums at once.
    for (int64_t j = 0; j < count; j++) columns->start[j] = (int32_t)(0u - (uint32_t)a_zero * (uint32_t)columns->centred[j]);
    for (int64_t j = 0; j < DLC_INTEGER_WIDTH; j++) columns->bias[j] = DLC_INTEGER_NO_BIAS;
    if (scales) {
        if (g->finish.scale_columns) memcpy(columns->scale, scales + column, (size_t)count * sizeof(float));
        else for (int64_t j = 0; j < count; j++) columns->scale[j] = *scales;
    }
    if (biases) {
        if (g->finish.bias_columns) memcpy(columns->bias, biases + column, (size_t)count * sizeof(float));
        else for (int64_t j = 0; j < count; j++) columns->bias[j] = *biases;
    }
    if (seconds) memcpy(columns->second, seconds + column, (size_t)count * sizeof(float));
    tile->columns = count;
    tile->second = seconds ? columns->second : 0;
    tile->b_zero = columns->zero, tile->b_centred = columns->centred, tile->scale = columns->scale, tile->bias = columns->bias;
    tile->fits = adds ? dlc_integer_addition_fits(&g->finish, tile->second, count)
                      : dlc_integer_fits(columns->scale, columns->bias, DLC_INTEGER_WIDTH);
    return has_zeros;
}

/// The rows of a task and one panel's columns.
typedef struct {
    const dlc_integer_product *g;
    const dlc_integer_set *set;
    dlc_amx_size amx;
    int64_t first, rows, ranges; ///< ranges of rows that lie at one distance
    const uint8_t *a, *addend; ///< of the first row, and of column 0
    uint8_t *c;
    const int32_t *zeros, *sums;
    int64_t column;
    bool whole, has_zeros;
} rows_of_task;

static dlc_row_range range_of(const rows_of_task *x, int64_t index) {
    return x->g->in_place ? dlc_integer_line_of(x->g, x->first, index) : (dlc_row_range){0, x->rows, 0};
}

/// Stores `rows` rows from `row` on, which tiles have: those of A from `a` on.
static void run_tile(const rows_of_task *x, dlc_integer_tile *tile, const uint8_t *a, int64_t row, int64_t rows) {
    const dlc_integer_product *g = x->g;
    tile->a = a;
    tile->addend = x->addend ? x->addend + row * g->addend_row + x->column : 0;
    tile->c = x->c + dlc_integer_size(&g->finish) * (row * g->c_row + x->column);
    tile->a_zero = x->zeros + row;
    tile->a_sum = x->has_zeros ? x->sums + row : 0;
    x->set->run[x->whole][rows - 1](tile);
}

static void multiply_by_tiles(const rows_of_task *x, dlc_integer_tile tile) {
    for (int64_t i = 0; i < x->ranges; i++) {
        const dlc_row_range range = range_of(x, i);
        const int64_t tiles = dlc_ceil_div(range.rows, x->set->rows);
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t at = t * range.rows / tiles;
            run_tile(x, &tile, x->a + range.a + at * tile.a_row, range.row + at, (t + 1) * range.rows / tiles - at);
            tile.next += tile.next_step * x->g->quads;
        }
    }
}

/// Rows that are multiplied at once; of them those from `skipped` on are new.
typedef struct { const uint8_t *a; int64_t row, skipped; } row_group;

static void multiply_groups(const rows_of_task *x, dlc_integer_tile *tile, const row_group *group, int groups) {
    _Alignas(64) int32_t sums[2 * 16 * DLC_INTEGER_WIDTH];
    const uint8_t *const a[2] = {group[0].a, groups > 1 ? group[1].a : 0};
    dlc_amx_add_bytes(x->amx, tile, x->whole, a, groups, sums);
    tile->next += tile->next_step * x->g->quads;
    for (int i = 0; i < groups; i++) {
        const int64_t rows = x->amx.rows - group[i].skipped, tiles = dlc_ceil_div(rows, x->set->rows);
        for (int64_t t = 0; t < tiles; t++) {
            const int64_t from = t * rows / tiles, at = group[i].skipped + from;
            tile->sums = sums + (i * x->amx.rows + at) * DLC_INTEGER_WIDTH;
            run_tile(x, tile, group[i].a + at * tile->a_row, group[i].row + at, (t + 1) * rows / tiles - from);
        }
    }
}

/// Groups of rows begin where the one before ends, or earlier, so that the last does not reach beyond the range.
static void multiply_by_amx(const rows_of_task *x, dlc_integer_tile tile) {
    const int64_t rows = x->amx.rows;
    row_group group[2];
    int groups = 0;
    tile.done = tile.quads / x->amx.step * x->amx.step;
    for (int64_t i = 0; i < x->ranges; i++) {
        const dlc_row_range range = range_of(x, i);
        for (int64_t from = 0; from < range.rows; from += rows) {
            const int64_t at = dlc_min(from, range.rows - rows);
            group[groups++] = (row_group){x->a + range.a + at * tile.a_row, range.row + at, from - at};
            if (groups < 2) continue;
            multiply_groups(x, &tile, group, groups);
            groups = 0;
        }
    }
    if (groups > 0) multiply_groups(x, &tile, group, groups);
}

static void multiply(const dlc_integer_product *g, const dlc_call *call) {
    const dlc_integer_set *set = set_of(g->isa);
    dlc_amx_size begun = {0, 0};
    const int64_t width = dlc_integer_width(g->isa), panels = dlc_ceil_div(g->n, width), quads = g->quads;
    const int64_t padded = dlc_ceil_div(g->n, width / 2) * (width / 2);
    const int32_t shift = g->a_signed ? (set->flips ? 0 : 128) : (set->flips ? -128 : 0);
    const task_memory memory = memory_of(g, call->scratch);
    if (g->in_place) dlc_integer_find_runs(g, memory.offsets);
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t split = g->row_blocks * g->panel_groups, matrix = task / split;
        const int64_t group = task % split / g->row_blocks, part = task % g->row_blocks;
        // Blocks of rows in place are whole lines.
        const int64_t unit = g->in_place ? g->patches.ow : 1, units = g->m / unit;
        const int64_t first = part * units / g->row_blocks * unit, rows = (part + 1) * units / g->row_blocks * unit - first;
        const uint8_t *x = (const uint8_t *)call->buffers[DLC_INTEGER_A] + offset_of(g, g->a_batch, matrix);
        const uint8_t *a_zeros = call->buffers[DLC_INTEGER_A_ZERO], *b_zeros = call->buffers[DLC_INTEGER_B_ZERO];
        if (a_zeros) a_zeros += offset_of(g, g->a_zero_batch, matrix);
        if (b_zeros) b_zeros += offset_of(g, g->b_zero_batch, matrix);
        const float *scales = call->buffers[DLC_INTEGER_SCALE], *biases = call->buffers[DLC_INTEGER_BIAS];
        if (scales && g->finish.scale_columns) scales += offset_of(g, g->finish_batch, matrix);
        if (biases && g->finish.bias_columns) biases += offset_of(g, g->finish_batch, matrix);
        const int64_t size = dlc_integer_size(&g->finish);
        const int64_t whole_row = 0;
        dlc_integer_tile tile = {.runs = 1, .quads = g->quads, .offsets = &whole_row, .c_row = size * g->c_row, .finish = &g->finish};
        const int32_t *sums = memory.sums;
        for (int64_t r = 0; r < rows; r++) memory.zeros[r] = read_zero(a_zeros, g->a_signed, (first + r) * g->a_zero_row) + shift;
        const uint8_t *a = x + first * g->a_row;
        tile.a_row = g->a_row;
        if (g->in_place) {
            tile.offsets = memory.offsets, tile.runs = g->runs, tile.quads = g->quads / g->runs;
            tile.a_row = g->patches.stride[2] * g->pixel;
            a = g->image_copied ? (const uint8_t *)call->shared + matrix % g->batch[3] * g->group : x;
        } else if (g->has_patches) {
            a = memory.patches, tile.a_row = g->a_copy_row;
            dlc_patch_place place = dlc_place_of(&g->patches, first);
            for (int64_t r = 0; r < rows; r++, next_place(&g->patches, &place)) {
                uint8_t *patch = memory.patches + r * g->a_copy_row;
                gather_patch(&g->patches, x, place, g->flip, (uint8_t)memory.zeros[r], patch);
                if (g->sums_a) memory.sums[r] = sum_of_row(patch, 4 * g->quads, set->flips != 0);
            }
        } else if (g->a_copied) {
            const int64_t row = distinct_index(g, matrix) * g->m + first;
            a = (const uint8_t *)call->shared + row * g->a_copy_row, tile.a_row = g->a_copy_row;
            sums = (const int32_t *)((const uint8_t *)call->shared + copied_bytes(g)) + row;
        }
        const int8_t *b = (const int8_t *)call->buffers[DLC_INTEGER_B] + offset_of(g, g->b_batch, matrix);
        const int32_t *column_sums = (const int32_t *)(b + padded * 4 * quads);
        uint8_t *c = (uint8_t *)call->buffers[DLC_INTEGER_C] + size * (offset_of(g, g->c_batch, matrix) + first * g->c_row);
        const bool adds = call->buffers[DLC_INTEGER_ADDEND] != 0;
        const float *seconds = g->finish.addend_columns ? call->buffers[DLC_INTEGER_ADDEND] : 0;
        if (seconds) seconds += offset_of(g, g->finish_batch, matrix);
        const uint8_t *addend = seconds ? 0 : call->buffers[DLC_INTEGER_ADDEND];
        if (addend) addend += offset_of(g, g->addend_batch, matrix) + first * g->addend_row;
        tile.addend_row = g->addend_row;
        rows_of_task work = {
            .g = g, .set = set, .first = first, .ranges = g->in_place ? rows / unit : 1, .rows = rows, .a = a, .c = c, .addend = addend,
            .zeros = memory.zeros, .sums = sums,
        };
        work.amx = dlc_amx_size_of_bytes(g->isa, g->in_place ? unit : rows, tile.quads);
        const bool by_amx = work.amx.rows > 0;
        if (by_amx && (work.amx.rows != begun.rows || work.amx.step != begun.step)) {
            begun = work.amx;
            dlc_amx_begin(begun);
        }
        const int64_t rows_at_once = by_amx ? 2 * work.amx.rows : set->rows;
        for (int64_t panel = group * panels / g->panel_groups; panel < (group + 1) * panels / g->panel_groups; panel++) {
            panel_columns held = {0};
            work.column = panel * width;
            const int64_t count = dlc_min(width, g->n - work.column);
            work.has_zeros = read_columns(g, b_zeros, column_sums, scales, biases, seconds, memory.zeros[0], work.column, count, adds, &held, &tile);
            tile.b = b + work.column * 4 * quads;
            tile.b_start = g->a_zero_row == 0 || !a_zeros ? held.start : 0;
            work.whole = padded - work.column >= width;
            // The next panel is asked for while this one is multiplied.
            tile.next = tile.b, tile.next_step = 0;
            if (panel + 1 < panels) {
                tile.next += 4 * quads * width;
                tile.next_step = dlc_max(4, 4 * width * rows_at_once / dlc_max(rows_at_once, rows));
            }
            if (by_amx) multiply_by_amx(&work, tile);
            else multiply_by_tiles(&work, tile);
        }
    }
    if (begun.rows > 0) dlc_amx_end();
}

static void run(const dlc_call *call) {
    const dlc_integer_product *g = call->params;
    if (g->a_copied && call->phase == 0) copy_rows(g, call);
    else if (g->image_copied && call->phase == 0) dlc_integer_copy_image(g, call);
    else multiply(g, call);
}

bool dlc_integer_product_prepare(dlc_isa isa, dlc_integer_product *g, dlc_launch *out) {
    const int64_t extents[] = {g->m, g->n, g->k, g->batch[0], g->batch[1], g->batch[2], g->batch[3]};
    for (int i = 0; i < 7; i++)
        if (extents[i] < 0 || extents[i] > (int64_t)1 << 31) return false;
    g->isa = isa;
    g->matrices = g->batch[0] * g->batch[1] * g->batch[2] * g->batch[3];
    if ((double)g->batch[0] * (double)g->batch[1] * (double)g->batch[2] * (double)g->batch[3] * (double)g->m * (double)g->n > 0x1p46) return false;
    g->runs = 1, g->quads = dlc_ceil_div(g->k, 4);
    if (g->has_patches) {
        const dlc_integer_patches *p = &g->patches;
        if (p->run_taps < 1 || p->channels < 0 || (p->run_taps != 1 && p->run_taps != p->kernel[2]) || p->kernel[2] % p->run_taps != 0) return false;
        if (p->run_taps > 1 && (p->dilation[2] != 1 || g->batch[3] != 1)) return false;
        g->runs = p->kernel[0] * p->kernel[1] * (p->kernel[2] / p->run_taps);
        g->quads = g->runs * dlc_ceil_div(p->run_taps * p->channels, 4);
    }
    if (dlc_integer_packed_bytes(isa, 4 * g->quads, g->n) < 0 || (double)g->quads * 4 * (double)g->m > 0x1p46) return false;
    if (g->matrices == 0 || g->m == 0 || g->n == 0) g->matrices = g->m = 0;
    g->a_matrices = 1;
    for (int i = 0; i < 4; i++) g->a_matrices *= g->a_batch[i] == 0 ? 1 : g->batch[i];
    const dlc_integer_set *set = set_of(isa);
    g->sums_a = g->has_b_zero || !g->b_signed;
    // Rows that lie a multiple of a page's half apart fall into few sets of the first cache.
    const bool collide = g->m > 4 && g->a_row % 1024 == 0;
    g->flip = (uint8_t)(set->flips ^ (g->a_signed ? 0x80 : 0));
    dlc_integer_settle_place(g);
    if (g->in_place) g->runs = g->runs * (g->patches.run_taps / g->place_taps);
    g->a_copied = !g->has_patches && (g->sums_a || g->flip || g->a_column != 1 || g->k % 4 != 0 || collide);
    g->a_copy_row = dlc_ceil_div(4 * g->quads, 64) * 64;
    if (g->a_copy_row % 512 == 0) g->a_copy_row += 64;

    // Rows of A of a task stay in half of a second-level cache, and tasks have some ten microseconds of work: quads of products, or
    // where rows are few the panels that they wait for, as `dlc_split` has it.
    const int64_t panels = dlc_max(1, dlc_ceil_div(g->n, dlc_integer_width(isa)));
    const double bytes = (double)g->matrices * (double)g->n * (double)(g->k + 16);
    const double cycles = g->m == 0 ? 0 : fmax((double)g->m * bytes / (8.0 * dlc_lanes(isa)), bytes / 16);
    int64_t wanted = cycles < 36e3 ? 1 : (int64_t)fmin(32, ceil(cycles / 32e3));
    if (g->m < 8 && wanted > 1) wanted += wanted % 2;
    const int64_t bytes_of_row = g->in_place ? g->patches.stride[1] * g->patches.stride[2] * g->pixel : g->k;
    const int64_t most = dlc_max(2 * set->rows, dlc_min(g->in_place ? 4096 : 384, 256 * 1024 / dlc_max(1, bytes_of_row)));
    const int64_t units = g->in_place ? g->m / g->patches.ow : g->m;
    g->row_blocks = dlc_max(1, dlc_min(dlc_max(1, units), dlc_ceil_div(g->m, most)));
    g->panel_groups = dlc_min(panels, dlc_max(1, dlc_ceil_div(wanted, dlc_max(1, g->matrices * g->row_blocks))));
    const int64_t missing = dlc_ceil_div(wanted, dlc_max(1, g->matrices * g->row_blocks * g->panel_groups));
    if (missing > 1) g->row_blocks = dlc_max(g->row_blocks, dlc_min(g->row_blocks * missing, g->in_place ? units : g->m / set->rows));
    g->row_block = g->in_place ? dlc_ceil_div(units, g->row_blocks) * g->patches.ow : dlc_ceil_div(g->m, g->row_blocks);
    g->tasks = g->m == 0 ? 0 : g->matrices * g->row_blocks * g->panel_groups;
    const int64_t rows = dlc_ceil_div(g->row_block, 16) * 16;
    const int64_t images = g->in_place ? g->m / (g->patches.od * g->patches.oh * g->patches.ow) : 0;
    *out = (dlc_launch){
        .run = run, .tasks = g->tasks, .phases = g->a_copied || g->image_copied ? 2 : 1,
        .shared_bytes = g->a_copied       ? copied_bytes(g) + 4 * g->a_matrices * g->m
                        : g->image_copied ? images * g->extent[0] * g->extent[1] * g->extent[2] * g->pixel + 64 // the last quad may reach beyond
                                          : 0,
        .scratch_bytes = 8 * rows + 8 * g->runs + (g->has_patches && !g->in_place ? g->row_block * g->a_copy_row : 0),
    };
    return true;
}
