/// A block of rows against a range of panels, tile by tile.
#include "gemm_tile.h"

/// Part of the sum: taps `tap ..< tap + taps`, products `from ..< from + run` of each.
typedef struct { int64_t tap, taps, from, run; } piece;

static piece piece_at(const dlc_block *b, int64_t done) {
    const int64_t run = b->run;
    if (run == 0 || b->taps * run <= b->depth_block) return (piece){0, b->taps, 0, run};
    const int64_t tap = done / run, from = done % run;
    if (run >= b->depth_block) {
        // Even parts of one tap.
        int64_t parts = dlc_ceil_div(run, b->depth_block), part = dlc_ceil_div(run, parts);
        return (piece){tap, 1, from, dlc_min(part, run - from)};
    }
    int64_t most = b->depth_block / run, parts = dlc_ceil_div(b->taps, most);
    return (piece){tap, dlc_min(dlc_ceil_div(b->taps, parts), b->taps - tap), 0, run};
}

void dlc_block_run(const dlc_block *b, int64_t first_panel, int64_t last_panel) {
    const dlc_tile_set *set = b->set;
    const int64_t depth = b->taps * b->run;
    const dlc_activation kind = b->epilogue.activation;
    const bool simple = (kind == DLC_ACT_NONE || kind == DLC_ACT_RELU || kind == DLC_ACT_CLIP) &&
                        !(b->residual && b->epilogue.residual_after_activation);
    dlc_tile t = {
        .a_step = b->rows, .c_row = b->c_row, .alpha = b->alpha, .residual_row = b->residual_row,
        .clamp = simple && kind != DLC_ACT_NONE,
        .lo = kind == DLC_ACT_CLIP ? b->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? b->epilogue.b : __builtin_inff(),
    };
    for (int64_t panel = first_panel; panel < last_panel; panel++) {
        const int64_t vectors = dlc_panel_vectors(&b->panels, panel), column = dlc_panel_column(&b->panels, panel);
        const float *base = b->b_row ? b->b + column : b->b + column * depth;
        const int64_t most_rows = set->rows[vectors - 1], tiles = dlc_ceil_div(b->rows, most_rows);
        t.b_stride = b->b_row ? b->b_row : vectors * set->lanes;
        t.columns = dlc_min(vectors * set->lanes, b->panels.n - column);
        t.bias = b->bias ? b->bias + column : 0;
        for (int64_t done = 0;;) {
            const piece p = piece_at(b, done);
            t.accumulate = done > 0;
            t.b = base + done * t.b_stride;
            t.taps = p.taps;
            t.run = p.run;
            done += p.taps * p.run;
            t.finish = done >= depth;
            for (int64_t i = 0; i < tiles; i++) {
                const int64_t row = i * b->rows / tiles, rows = (i + 1) * b->rows / tiles - row;
                const float *shifted[DLC_TILE_MOST_ROWS];
                t.a = b->a + p.tap * b->rows + row;
                if (p.from > 0) {
                    for (int64_t r = 0; r < rows; r++) shifted[r] = t.a[r] + p.from;
                    t.a = shifted;
                }
                t.c = b->c + row * b->c_row + column;
                const float *residual = b->residual ? b->residual + row * b->residual_row + column : 0;
                t.residual = simple ? residual : 0;
                set->tile[vectors - 1][rows - 1](&t);
                if (t.finish && !simple)
                    set->epilogue(b->epilogue, rows, t.columns, t.c, b->c_row, residual, b->residual_row,
                                  b->slope ? b->slope + column : 0);
            }
            if (t.finish) break;
        }
    }
}
