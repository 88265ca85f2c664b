/// A block of rows against a range of panels, tile by tile.
#include "gemm_amx.h"
#include <math.h>

/// Part of the sum: taps `tap ..< tap + taps`, products `from ..< from + run` of each.
typedef struct { int64_t tap, taps, from, run; } piece;

/// Floats of a run that are not taken apart.
static int64_t unit_of(const dlc_block *b) { return dlc_max(1, b->pairs.parts * b->pairs.step); }

static piece piece_at(const dlc_block *b, int64_t done) {
    const int64_t run = b->run;
    if (run == 0 || b->taps * run <= b->depth_block) return (piece){0, b->taps, 0, run};
    const int64_t tap = done / run, from = done % run;
    if (run >= b->depth_block) {
        // Even parts of one tap.
        int64_t parts = dlc_ceil_div(run, b->depth_block), unit = unit_of(b), part = dlc_ceil_div(dlc_ceil_div(run, parts), unit) * unit;
        return (piece){tap, 1, from, dlc_min(part, run - from)};
    }
    int64_t most = b->depth_block / run, parts = dlc_ceil_div(b->taps, most);
    return (piece){tap, dlc_min(dlc_ceil_div(b->taps, parts), b->taps - tap), 0, run};
}

enum { MOST_TAPS = 64 };

/// The taps of a tile that have data for one of its rows at least.
typedef struct {
    const float *a[MOST_TAPS * DLC_TILE_MOST_ROWS];
    int64_t places[MOST_TAPS];
} live_taps;

/// Leaves out a tile's other taps.
static void skip_taps(const dlc_block *b, dlc_tile *t, int64_t rows, live_taps *live) {
    int64_t count = 0;
    for (int64_t tap = 0; tap < t->taps; tap++) {
        const float *const *from = t->a + tap * t->a_step;
        const float **to = live->a + count * rows;
        bool found = false;
        for (int64_t r = 0; r < rows; r++) to[r] = from[r], found = found || from[r] != b->zeros;
        live->places[count] = tap * t->run * t->b_stride;
        count += found;
    }
    t->a = live->a, t->a_step = rows, t->taps = count, t->b_taps = live->places;
}

/// A packed panel from product `done` on.
static const float *panel_part(const dlc_block *b, int64_t panel, int64_t done) {
    return b->b + dlc_panel_column(&b->panels, panel) * b->taps * b->run + done * dlc_panel_vectors(&b->panels, panel) * b->panels.lanes;
}

dlc_tile dlc_tile_of(const dlc_block *b) {
    const dlc_activation kind = b->epilogue.activation;
    return (dlc_tile){
        .step = b->pairs.step, .c_row = b->c_row, .alpha = b->alpha, .residual_row = b->residual_row,
        .clamp = dlc_epilogue_is_simple(b->epilogue, b->residual) && kind != DLC_ACT_NONE,
        .lo = kind == DLC_ACT_CLIP ? b->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? b->epilogue.b : __builtin_inff(),
    };
}

void dlc_tile_to_panel(const dlc_block *b, dlc_tile *t, int64_t panel) {
    const int64_t column = dlc_panel_column(&b->panels, panel);
    t->columns = dlc_min(dlc_panel_vectors(&b->panels, panel) * b->panels.lanes, b->panels.n - column);
    t->bias = b->bias ? b->bias + column : 0;
}

/// Points a tile at C and at what is added in registers; the rest of the epilogue is for `finish_outside`.
static void place(const dlc_block *b, dlc_tile *t, int64_t row, int64_t column) {
    t->c = b->c + row * b->c_row + column;
    t->residual = b->residual && dlc_epilogue_is_simple(b->epilogue, true) ? b->residual + row * b->residual_row + column : 0;
}

static void finish_outside(const dlc_block *b, const dlc_tile *t, int64_t row, int64_t column, int64_t rows) {
    if (dlc_epilogue_is_simple(b->epilogue, b->residual)) return;
    const float *residual = b->residual ? b->residual + row * b->residual_row + column : 0;
    b->set->epilogue(b->epilogue, rows, t->columns, t->c, b->c_row, residual, b->residual_row, b->slope ? b->slope + column : 0);
}

void dlc_tile_run(const dlc_block *b, dlc_tile *t, int64_t panel, int64_t row, int64_t rows) {
    const int64_t column = dlc_panel_column(&b->panels, panel);
    place(b, t, row, column);
    b->set->tile[dlc_panel_vectors(&b->panels, panel) - 1][rows - 1](t);
    if (t->finish) finish_outside(b, t, row, column, rows);
}

void dlc_tile_finish(const dlc_block *b, dlc_tile *t, int64_t panel, int64_t row, int64_t rows, const float *sums, int64_t sums_row) {
    const int64_t column = dlc_panel_column(&b->panels, panel);
    place(b, t, row, column);
    t->finish = true, t->accumulate = false;
    b->set->finish(t, rows, dlc_panel_vectors(&b->panels, panel), sums, sums_row);
    finish_outside(b, t, row, column, rows);
}

void dlc_block_run(const dlc_block *b, int64_t first_panel, int64_t last_panel) {
    if (b->rows == 0) return;
    if (b->pairs.units > 0 && dlc_is_by_amx(b->set)) {
        dlc_amx_block_run(b, first_panel, last_panel);
        return;
    }
    const int64_t depth = b->taps * b->run;
    dlc_tile t = dlc_tile_of(b);
    live_taps live;
    // Parts of the sum outermost: the part of A that all panels read stays in L2.
    for (int64_t done = 0;;) {
        const piece p = piece_at(b, done);
        t.accumulate = done > 0;
        t.run = p.run;
        t.finish = done + p.taps * p.run >= depth;
        for (int64_t panel = first_panel; panel < last_panel; panel++) {
            const int64_t vectors = dlc_panel_vectors(&b->panels, panel), tiles = dlc_ceil_div(b->rows, b->set->rows[vectors - 1]);
            dlc_tile_to_panel(b, &t, panel);
            t.b_stride = b->b_row ? b->b_row : vectors * b->panels.lanes;
            t.b = b->b_row ? b->b + dlc_panel_column(&b->panels, panel) + done * b->b_row : panel_part(b, panel, done);
            const float *next = b->b_row                        ? 0
                                : panel + 1 < last_panel        ? panel_part(b, panel + 1, done)
                                : !t.finish                     ? panel_part(b, first_panel, done + p.taps * p.run)
                                : b->next                       ? b->next
                                : last_panel < b->panels.panels ? panel_part(b, last_panel, 0)
                                                                : 0;
            // The panel's tiles share out what comes next: asked for by a few of them, it would keep what these read waiting.
            t.next_step = next ? dlc_ceil_div(t.b_stride, tiles) : 0;
            for (int64_t i = 0; i < tiles; i++) {
                const int64_t row = i * b->rows / tiles, rows = (i + 1) * b->rows / tiles - row;
                const float *shifted[DLC_TILE_MOST_ROWS];
                t.a = b->a + p.tap * b->rows + row;
                t.taps = p.taps, t.a_step = b->rows, t.b_taps = 0;
                t.next = next ? next + i * p.taps * p.run * t.next_step : t.b;
                if (b->zeros && p.taps <= MOST_TAPS) {
                    skip_taps(b, &t, rows, &live);
                    if (t.taps == 0 && t.accumulate && !t.finish) continue;
                }
                if (p.from > 0 && t.taps > 0) {
                    for (int64_t r = 0; r < rows; r++) shifted[r] = t.a[r] + p.from;
                    t.a = shifted;
                }
                dlc_tile_run(b, &t, panel, row, rows);
            }
        }
        if (t.finish) break;
        done += p.taps * p.run;
    }
}

int64_t dlc_most_rows(const dlc_tile_set *set, int64_t depth, int64_t block) {
    if (dlc_is_by_amx(set)) return dlc_max(64, dlc_min(384, 384 * 1024 / dlc_max(1, depth) / 32 * 32));
    return dlc_max(120, dlc_min(384, 128 * 1024 / dlc_max(1, dlc_min(depth, block))));
}

dlc_cut dlc_split(const dlc_tile_set *set, int64_t matrices, int64_t m, int64_t n, int64_t k, int64_t most_rows) {
    const bool more_weights = (double)n * (double)k > (double)m * ((double)n + (double)k);
    if (dlc_is_by_amx(set)) k /= 4; // so that tasks have more to do
    // Few rows wait for the panels, which come from beyond L1, some 25 bytes a cycle, and a second thread brings a second cache, so that it
    // is worth it sooner (256 × 1024 for one row: 10 µs on one thread, 6 on two). Their tasks are groups of panels alone, as many for each
    // of two threads.
    const double products = (double)matrices * (double)n * (double)(k + 16), bytes_per_cycle = 16;
    const double cycles = m == 0 ? 0 : fmax((double)m * products / (2.0 * set->lanes), 4 * products / bytes_per_cycle);
    int64_t wanted = cycles < 6e3 ? 1 : (int64_t)fmax(2, fmin(32, ceil(cycles / 20e3)));
    if (m < 8 && wanted > 1) wanted += wanted % 2;
    const int64_t panels = dlc_max(1, dlc_panels_of(set, k, n).panels);
    dlc_cut cut = {.row_blocks = dlc_max(1, dlc_ceil_div(m, most_rows)), .panel_groups = 1, .panels_outermost = more_weights};
    // Tiles of one row, and of few where weights are compact, add in another order, so that tasks with fewer than five rows would
    // give other bits than their neighbours that run with them as one block.
    const int64_t most_blocks = m / 12;
    if (!more_weights) {
        const int64_t of_each = dlc_ceil_div(wanted, dlc_max(1, matrices));
        cut.row_blocks = dlc_max(cut.row_blocks, dlc_min(of_each, dlc_max(dlc_min(2, most_blocks), m / 48)));
    }
    const int64_t missing = dlc_ceil_div(wanted, dlc_max(1, matrices * cut.row_blocks));
    if (missing > 1) {
        cut.panel_groups = dlc_min(panels, missing);
        const int64_t rest = dlc_ceil_div(missing, cut.panel_groups);
        if (rest > 1) cut.row_blocks = dlc_max(cut.row_blocks, dlc_min(cut.row_blocks * rest, most_blocks));
    }
    // Threads take equal numbers of tasks: an odd one would leave one of two threads waiting.
    const int64_t parts = matrices * cut.row_blocks * (more_weights ? cut.panel_groups : 1);
    if (wanted > 1 && parts % 2 != 0 && m / (cut.row_blocks + 1) >= 6) cut.row_blocks += 1;
    cut.row_blocks = dlc_max(1, dlc_min(cut.row_blocks, dlc_ceil_div(m, dlc_row_unit(set))));
    const int64_t fitting = dlc_max(1, most_rows / dlc_max(1, dlc_rows_of_block(m, dlc_row_unit(set), cut.row_blocks)));
    cut.merged_parts = m <= most_rows ? cut.row_blocks : dlc_min(fitting, cut.row_blocks);
    return cut;
}
