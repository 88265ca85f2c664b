/// dlc_gemm in f32: how the work is split, operands copied where their layout asks for it, and tasks.
#include "gemm_compact.h"
#include "gemm_typed.h"
#include "gemm_tile.h"
#include <string.h>

enum { A, B, BIAS, RESIDUAL, SLOPE, C, SCALE, SHIFT };

static int64_t batches(const dlc_gemm *g) { return g->batch[0] * g->batch[1] * g->batch[2] * g->batch[3]; }

/// How many different matrices an operand with these batch strides has.
static int64_t distinct(const dlc_gemm *g, const int64_t stride[4]) {
    int64_t count = 1;
    for (int i = 0; i < 4; i++) count *= stride[i] == 0 ? 1 : g->batch[i];
    return count;
}

/// The offset of matrix `index`, counted over all batches, or over the distinct ones.
static int64_t offset_of(const dlc_gemm *g, const int64_t stride[4], int64_t index, bool among_distinct) {
    int64_t offset = 0;
    for (int i = 3; i >= 0; i--) {
        if (among_distinct && stride[i] == 0) continue;
        offset += index % g->batch[i] * stride[i];
        index /= g->batch[i];
    }
    return offset;
}

/// The position among the distinct matrices of the one that batch `index` uses.
static int64_t distinct_index(const dlc_gemm *g, const int64_t stride[4], int64_t index) {
    int64_t position = 0, step = 1;
    for (int i = 3; i >= 0; i--) {
        if (stride[i] != 0) {
            position += index % g->batch[i] * step;
            step *= g->batch[i];
        }
        index /= g->batch[i];
    }
    return position;
}

static bool is_paired(const dlc_gemm *g) { return dlc_pack_parts(g->b_form) > 0; }
static dlc_pair_run run_of(const dlc_gemm *g) { return dlc_pair_run_of(dlc_pack_parts(g->b_form), g->k); }
/// Rows of a panel of B, and floats of a row of A that meets them: an element each, or a pair.
static int64_t depth_of(const dlc_gemm *g) { return is_paired(g) ? dlc_pair_floats(run_of(g)) : g->k; }
static const dlc_tile_set *tiles_of(const dlc_gemm *g) { return is_paired(g) ? dlc_part_tiles(g->isa, dlc_pack_parts(g->b_form)) : dlc_tiles(g->isa); }
/// Whether rows of A are made anew: scaled, or pairs.
static bool makes_rows(const dlc_gemm *g) { return g->scales_a || is_paired(g); }

/// Floats of a row of A that was copied for all tasks; rows are scaled where they then become pairs.
static int64_t copied_row(const dlc_gemm *g) {
    if (!is_paired(g)) return g->k;
    // Off distances at which rows share lines of the cache.
    const int64_t row = g->scales_a ? dlc_max(g->k, depth_of(g)) : depth_of(g);
    return row % 128 == 0 ? row + 16 : row;
}
static int64_t copied_matrices(const dlc_gemm *g) { return g->scales_a ? g->matrices : g->a_matrices; }
static int64_t copied_a_floats(const dlc_gemm *g) {
    return g->a_copied ? dlc_ceil_div(copied_matrices(g) * g->m * copied_row(g), 16) * 16 : 0;
}

/// A task's scratch: pointers to its rows of A, then the rows where it makes them itself.
static int64_t pointer_floats(const dlc_gemm *g) { return dlc_ceil_div(2 * g->row_block, 16) * 16; }
/// Aligned, and off powers of two, at which rows would share lines of the cache.
static int64_t made_row(const dlc_gemm *g) { return dlc_ceil_div(copied_row(g), 16) * 16 + 16; }

/// `rows` rows of A from `row` on, scaled, as pairs, or both. Matrices are counted over all batches, or, of `distinct` ones, over those.
static void make_rows(const dlc_gemm *g, const dlc_call *call, int64_t matrix, bool distinct, int64_t row, int64_t rows, float *out, int64_t out_row) {
    const dlc_tile_set *set = tiles_of(g);
    const float *a = (const float *)call->buffers[A] + offset_of(g, g->a_batch, matrix, distinct) + row * g->a_row;
    int64_t a_row = g->a_row;
    if (g->scales_a) {
        const float *scale = (const float *)call->buffers[SCALE] + offset_of(g, g->scale_batch, matrix, false);
        set->scaled(rows, g->k, a, a_row, scale, call->buffers[SHIFT], g->relu_a, out, out_row);
        a = out, a_row = out_row;
    }
    if (is_paired(g)) set->paired(run_of(g), rows, g->k, a, a_row, out, out_row);
}

/// Whether few products of rows of A and columns of B are summed along both, where they lie: B stands transposed, or is one column.
static bool is_dots(const dlc_gemm *g) {
    return !g->b_packed && g->b_row == 1 && g->a_column == 1 && !is_paired(g) && (g->m <= 4 || g->n == 1) && g->k >= dlc_lanes(g->isa);
}

/// The first panel of B that is packed: all, none, or the last one where rows of B are read where they lie but end within a vector.
static int64_t first_copied(const dlc_gemm *g, const dlc_panels *panels) {
    if (g->b_packed || is_dots(g)) return panels->panels;
    if (g->b_copied) return 0;
    return panels->panels - (g->n % panels->lanes == 0 ? 0 : 1);
}

/// Floats of what is packed of a matrix.
static int64_t copied_b_floats(const dlc_gemm *g, const dlc_panels *panels) {
    return dlc_packed_floats(panels) - dlc_panel_column(panels, first_copied(g, panels)) * panels->k;
}

/// Phase 0: packs panels of B, turns A with contiguous columns into one with contiguous rows, and makes A's rows where
/// that is not left to the tasks.
static void copy_operands(const dlc_gemm *g, const dlc_call *call) {
    const dlc_panels panels = dlc_panels_of(tiles_of(g), depth_of(g), g->n);
    const int64_t first = first_copied(g, &panels), copied = panels.panels - first;
    if (copied > 0) {
        float *out = (float *)call->shared + copied_a_floats(g);
        const int64_t last = call->end * g->b_matrices * copied / g->tasks;
        for (int64_t u = call->begin * g->b_matrices * copied / g->tasks; u < last; u++) {
            const int64_t matrix = u / copied, panel = first + u % copied;
            const int64_t column = dlc_panel_column(&panels, panel) - dlc_panel_column(&panels, first);
            dlc_pack_panel(&panels, panel, (const float *)call->buffers[B] + offset_of(g, g->b_batch, matrix, true),
                           g->b_row, g->b_column, out + matrix * copied_b_floats(g, &panels) + column * panels.k);
        }
    }
    if (g->a_copied && makes_rows(g)) {
        const int64_t chunks = dlc_ceil_div(g->m, 16), units = copied_matrices(g) * chunks, step = copied_row(g);
        const int64_t last = call->end * units / g->tasks;
        for (int64_t u = call->begin * units / g->tasks; u < last; u++) {
            const int64_t matrix = u / chunks, row = u % chunks * 16;
            make_rows(g, call, matrix, !g->scales_a, row, dlc_min(16, g->m - row), (float *)call->shared + (matrix * g->m + row) * step, step);
        }
    } else if (g->a_copied) {
        // As one panel of 16 rows of A at a time: Aᵀ has row stride a_column and columns a_row = 1 apart.
        const int64_t chunks = dlc_ceil_div(g->m, 16), units = g->a_matrices * chunks;
        const int64_t last = call->end * units / g->tasks;
        for (int64_t u = call->begin * units / g->tasks; u < last; u++) {
            const int64_t matrix = u / chunks, row = u % chunks * 16, rows = dlc_min(16, g->m - row);
            const float *a = (const float *)call->buffers[A] + offset_of(g, g->a_batch, matrix, true) + row * g->a_row;
            float *out = (float *)call->shared + (matrix * g->m + row) * g->k;
            const dlc_panels block = {.n = g->k, .k = rows, .panels = 1, .narrow = g->k, .lanes = 1};
            dlc_pack_panel(&block, 0, a, g->a_row, g->a_column, out);
        }
    }
}

static int64_t made_floats(const dlc_gemm *g) { return makes_rows(g) && !g->a_copied ? g->row_block * made_row(g) : 0; }

/// Rows of a panel in few bits that are floats at a time: with the widest panel two thirds of L1.
enum { COMPACT_ROWS = 4 * DLC_COMPACT_BLOCK };

/// dlc_block_run over panels in few bits: a few of their rows become floats, which all rows of A meet.
static void run_compact(const dlc_gemm *g, const dlc_block *b, const uint8_t *packed, float *rows_of_b, int64_t first, int64_t last) {
    const dlc_compact_unpacking unpack = dlc_compact_unpacking_of(g->isa);
    const dlc_compact_product few = dlc_compact_few_of(g->isa);
    dlc_tile t = dlc_tile_of(b);
    t.taps = 1, t.a_step = b->rows, t.b = t.next = rows_of_b;
    for (int64_t panel = first; panel < last; panel++) {
        const int64_t vectors = dlc_panel_vectors(&b->panels, panel), width = vectors * b->set->lanes;
        const int64_t tiles = dlc_ceil_div(b->rows, b->set->rows[vectors - 1]);
        const uint8_t *rows = packed + dlc_panel_column(&b->panels, panel) * dlc_compact_bytes(g->b_form, g->k);
        dlc_tile_to_panel(b, &t, panel);
        t.b_stride = width;
        if (b->rows <= DLC_COMPACT_FEW) {
            few(g->b_form, b->rows, g->k, width, b->a, rows, rows_of_b);
            dlc_tile_finish(b, &t, panel, 0, b->rows, rows_of_b, width);
            continue;
        }
        for (int64_t done = 0; done == 0 || done < g->k; done += COMPACT_ROWS) {
            t.run = dlc_min(COMPACT_ROWS, g->k - done);
            t.accumulate = done > 0;
            t.finish = done + t.run == g->k;
            unpack(g->b_form, t.run, width, rows + width * dlc_compact_bytes(g->b_form, done), rows_of_b);
            for (int64_t i = 0; i < tiles; i++) {
                const int64_t row = i * b->rows / tiles, some = (i + 1) * b->rows / tiles - row;
                const float *shifted[DLC_TILE_MOST_ROWS];
                for (int64_t r = 0; r < some; r++) shifted[r] = b->a[row + r] + done;
                t.a = shifted;
                dlc_tile_run(b, &t, panel, row, some);
            }
        }
    }
}

/// Panels of sums along rows of A and columns of B, `column_step` floats apart.
static void run_dots(const dlc_gemm *g, const dlc_block *b, int64_t column_step, int64_t first, int64_t last) {
    // Sums go to C, from where tiles without products finish them.
    dlc_tile t = dlc_tile_of(b);
    t.taps = 1, t.a_step = b->rows, t.a = b->a, t.b = t.next = b->b, t.accumulate = t.finish = true;
    for (int64_t panel = first; panel < last; panel++) {
        const int64_t column = dlc_panel_column(&b->panels, panel);
        const int64_t tiles = dlc_ceil_div(b->rows, b->set->rows[dlc_panel_vectors(&b->panels, panel) - 1]);
        dlc_tile_to_panel(b, &t, panel);
        b->set->dots(b->rows, t.columns, g->k, b->a, b->b + column * column_step, column_step, b->c + column, b->c_row);
        for (int64_t i = 0; i < tiles; i++) {
            const int64_t row = i * b->rows / tiles;
            dlc_tile_run(b, &t, panel, row, (i + 1) * b->rows / tiles - row);
        }
    }
}

/// The block's columns from a panel on, of which B is packed.
static dlc_block block_from(dlc_block b, int64_t panel, const float *packed) {
    const int64_t column = dlc_panel_column(&b.panels, panel), wider = dlc_max(0, b.panels.wider - panel);
    b.panels.n -= column, b.panels.panels -= panel, b.panels.wider = wider;
    b.b = packed, b.b_row = 0, b.c += column;
    if (b.bias) b.bias += column;
    if (b.residual) b.residual += column;
    if (b.slope) b.slope += column;
    return b;
}

static void multiply(const dlc_gemm *g, const dlc_call *call) {
    const dlc_panels panels = dlc_panels_of(tiles_of(g), depth_of(g), g->n);
    const float **rows = call->scratch;
    dlc_block block = {
        .set = tiles_of(g), .panels = panels, .a = rows, .taps = 1, .run = depth_of(g), .depth_block = g->depth_block,
        .pairs = run_of(g), .b_row = g->b_packed ? 0 : g->b_row,
        .c_row = g->c_row, .alpha = g->alpha, .epilogue = g->epilogue, .bias = call->buffers[BIAS],
        .slope = call->buffers[SLOPE], .residual_row = g->residual_row,
    };
    const float *packed = (const float *)call->shared + copied_a_floats(g);
    const int64_t copied = first_copied(g, &panels), unit = dlc_row_unit(block.set);
    const dlc_cut cut = {
        .row_blocks = g->row_blocks, .panel_groups = g->panel_groups, .merged_parts = g->merged_parts,
        .panels_outermost = g->panels_outermost,
    };
    for (int64_t task = call->begin, count; task < call->end; task += count) {
        const int64_t matrix = task / (g->row_blocks * g->panel_groups);
        // Tasks at once: a panel meets all of their rows, and a part of the sum runs through their panels.
        const dlc_stretch stretch = dlc_stretch_at(cut, 1, task, call->end);
        count = stretch.parts * stretch.groups;
        const int64_t row = dlc_first_row(g->m, unit, stretch.part, g->row_blocks);
        block.rows = dlc_first_row(g->m, unit, stretch.part + stretch.parts, g->row_blocks) - row;
        const float *a = (const float *)call->buffers[A] + offset_of(g, g->a_batch, matrix, false) + row * g->a_row;
        int64_t a_row = g->a_row;
        if (g->a_copied) {
            a_row = copied_row(g);
            a = (const float *)call->shared + ((g->scales_a ? matrix : distinct_index(g, g->a_batch, matrix)) * g->m + row) * a_row;
        } else if (makes_rows(g)) {
            a_row = made_row(g);
            float *made = (float *)call->scratch + pointer_floats(g);
            make_rows(g, call, matrix, false, row, block.rows, made, a_row);
            a = made;
        }
        for (int64_t r = 0; r < block.rows; r++) rows[r] = a + r * a_row;
        block.b = (const float *)call->buffers[B] + offset_of(g, g->b_batch, matrix, false);
        block.c = (float *)call->buffers[C] + offset_of(g, g->c_batch, matrix, false) + row * g->c_row;
        block.residual = call->buffers[RESIDUAL]
            ? (const float *)call->buffers[RESIDUAL] + offset_of(g, g->residual_batch, matrix, false) + row * g->residual_row
            : 0;
        const int64_t first = stretch.group * panels.panels / g->panel_groups;
        const int64_t last = (stretch.group + stretch.groups) * panels.panels / g->panel_groups;
        if (dlc_is_compact(g->b_form))
            run_compact(g, &block, call->buffers[B], (float *)call->scratch + pointer_floats(g) + made_floats(g), first, last);
        else if (is_dots(g)) run_dots(g, &block, g->b_column, first, last);
        else if (first < copied) dlc_block_run(&block, first, dlc_min(last, copied));
        if (last > copied) {
            const dlc_block rest = block_from(block, copied, packed + distinct_index(g, g->b_batch, matrix) * copied_b_floats(g, &panels));
            dlc_block_run(&rest, dlc_max(first, copied) - copied, last - copied);
        }
    }
}

/// Whether a phase copies operands before the products.
static bool copies(const dlc_gemm *g) {
    const dlc_panels panels = dlc_panels_of(tiles_of(g), depth_of(g), g->n);
    return g->a_copied || first_copied(g, &panels) < panels.panels;
}

static void run(const dlc_call *call) {
    const dlc_gemm *g = call->params;
    if (call->phase == 0 && copies(g)) copy_operands(g, call);
    else multiply(g, call);
}

bool dlc_gemm_prepare(dlc_isa isa, dlc_gemm *g, dlc_launch *out) {
    const int64_t most = (int64_t)1 << 31;
    int64_t extents[] = {g->m, g->n, g->k, g->batch[0], g->batch[1], g->batch[2], g->batch[3]};
    for (int i = 0; i < 7; i++)
        if (extents[i] < 0 || extents[i] > most) return false;
    if ((double)batches(g) * (double)g->m * (double)g->n > 0x1p46 || (double)g->k * (double)g->n > 0x1p46) return false;
    g->isa = isa;
    g->matrices = batches(g);
    const bool is_compact = dlc_is_compact(g->b_form);
    const bool is_known = g->b_form == DLC_PACK_PANELS || ((is_compact || is_paired(g)) && g->b_packed && g->type == DLC_F32);
    if (!is_known) return false;
    if (g->type != DLC_F32) return !g->scales_a && dlc_gemm_typed_prepare(g, out);
    if (g->a_row != 1 && g->a_column != 1) return false;
    if (makes_rows(g) && g->a_column != 1) return false;
    if (!g->b_packed && g->b_row != 1 && g->b_column != 1) return false;
    if (g->matrices == 0 || g->m == 0 || g->n == 0) g->matrices = g->m = 0;

    const int64_t depth = depth_of(g);
    const dlc_panels panels = dlc_panels_of(tiles_of(g), depth, g->n);
    g->a_copied = g->a_column != 1 && g->k > 1;
    // Rows of B are read where they lie if few rows of A make packing dear; but for a last panel that ends within a vector.
    const bool whole = g->n % dlc_lanes(isa) == 0 || panels.panels > 1;
    g->b_copied = !g->b_packed && !is_dots(g) && !(g->b_column == 1 && whole && g->m <= 16 && g->b_row > 0);
    g->a_matrices = distinct(g, g->a_batch);
    g->b_matrices = distinct(g, g->b_batch);
    if (g->b_form != DLC_PACK_PANELS && g->b_matrices > 1) return false;
    // Rows of B that lie pages apart are read a few at a time from end to end, as so many streams.
    const bool apart = !g->b_packed && !g->b_copied && g->b_row >= 1024;
    g->depth_block = !apart ? 1024 : g->m == 1 ? 16 : 32;
    const dlc_tile_set *set = tiles_of(g);
    const int64_t most_rows = dlc_most_rows(set, depth, g->depth_block);
    dlc_cut cut = dlc_split(set, g->matrices, g->m, g->n, depth, most_rows);
    if (makes_rows(g)) {
        // Tasks make their own rows, each row in one task, where that does not make them take B from beyond L2 again
        // and again; else all rows are made beforehand.
        if (depth * g->n <= 128 * 1024 || cut.panel_groups == 1) cut = dlc_cut_into_rows(cut, g->m, dlc_max(12, dlc_row_unit(set)));
        else g->a_copied = true;
    }
    g->row_blocks = cut.row_blocks, g->panel_groups = cut.panel_groups, g->merged_parts = cut.merged_parts;
    g->panels_outermost = cut.panels_outermost;
    g->row_block = dlc_min(g->m, cut.merged_parts * dlc_rows_of_block(g->m, dlc_row_unit(set), cut.row_blocks));
    g->tasks = g->matrices * g->row_blocks * g->panel_groups;
    if (g->m == 0) g->tasks = 0;
    *out = (dlc_launch){
        .run = run, .tasks = g->tasks, .phases = copies(g) ? 2 : 1,
        .shared_bytes = 4 * (copied_a_floats(g) + g->b_matrices * copied_b_floats(g, &panels)),
        .scratch_bytes = 4 * (pointer_floats(g) + made_floats(g) + (is_compact ? COMPACT_ROWS * DLC_TILE_MOST_VECTORS * dlc_lanes(isa) : 0)),
    };
    return true;
}
