/// The register tile that products, convolutions and Winograd products share, and the layout of packed
/// panels. Internal to CKernels.
#ifndef DLC_GEMM_TILE_H
#define DLC_GEMM_TILE_H

#include "dlc_compute.h"

static inline int64_t dlc_ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t dlc_min(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t dlc_max(int64_t a, int64_t b) { return a > b ? a : b; }
/// At least `floats`, and an odd number of cache lines: matrices that far apart do not fall into the same sets.
static inline int64_t dlc_spread(int64_t floats) { return dlc_ceil_div(floats, 32) * 32 + 16; }

enum { DLC_TILE_MOST_ROWS = 10, DLC_TILE_MOST_VECTORS = 4, DLC_LINE_FLOATS = 16 };

/// How a run of elements lies as bfloat16: in units of `step` pairs, and where each is a sum of two, behind each unit of first ones that of
/// the second. Zeros fill the last. AMX multiplies 16 pairs at a time, so units are as even as that allows.
typedef struct { int64_t parts, step, units; } dlc_pair_run;

static inline dlc_pair_run dlc_pair_run_of(int64_t parts, int64_t elements) {
    const int64_t pairs = (elements + 1) / 2, units = (pairs + 15) / 16;
    return (dlc_pair_run){parts, units == 0 ? 0 : (pairs + units - 1) / units, units};
}
/// Floats that take the same room.
static inline int64_t dlc_pair_floats(dlc_pair_run run) { return run.parts * run.step * run.units; }

/// One tile: rows × (vectors · lanes) sums over `taps` runs of `run` products each. Row r of tap t of A
/// begins at `a[t · a_step + r]`; the rows of B follow one another `b_stride` apart through all taps.
typedef struct {
    int64_t taps, run;
    const float *const *a;
    int64_t a_step;
    const float *b;
    int64_t b_stride;
    const int64_t *b_taps;     ///< where the rows of each tap begin from `b` on, in floats; null where taps follow one another
    int64_t step;              ///< pairs of a unit, where numbers of B are sums of two
    float *c;
    int64_t c_row;
    int64_t columns;           ///< columns to store
    bool accumulate;           ///< add to what C holds
    bool finish;               ///< the sums are complete: apply the epilogue
    bool clamp;                ///< limit to [lo, hi]
    float alpha, lo, hi;
    const float *bias;         ///< of this tile's first column, or null
    const float *residual;     ///< of this tile's first element, or null
    int64_t residual_row;
    const float *next;         ///< brought into the second cache meanwhile, from here on
    int64_t next_step;         ///< floats of it for each row of B
} dlc_tile;

typedef void (*dlc_tile_kernel)(const dlc_tile *tile);

/// The parts of an epilogue that do not happen in registers, over rows × columns of C that are in cache.
typedef void (*dlc_epilogue_kernel)(dlc_epilogue epilogue, int64_t rows, int64_t columns, float *c, int64_t c_row,
                                    const float *residual, int64_t residual_row, const float *slope);

/// rows × columns of x as x·scale + shift (where there is one), at least 0 with `relu`, into rows `y_row` apart.
typedef void (*dlc_scaling_kernel)(int64_t rows, int64_t columns, const float *x, int64_t x_row, const float *scale,
                                   const float *shift, bool relu, float *y, int64_t y_row);

/// rows × columns of x as a run each of what the tiles multiply, into rows `y_row` floats apart. y may be x, of the same rows.
typedef void (*dlc_pairing_kernel)(dlc_pair_run run, int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row);

/// What a tile of rows × vectors stores of its sums, which lie `sums_row` apart.
typedef void (*dlc_finish_kernel)(const dlc_tile *tile, int64_t rows, int64_t vectors, const float *sums, int64_t sums_row);

/// Sums of `k` products of rows of A and columns of B, whose elements are neighbours and which lie `b_column` floats apart.
typedef void (*dlc_dot_kernel)(int64_t rows, int64_t columns, int64_t k, const float *const *a, const float *b, int64_t b_column,
                               float *c, int64_t c_row);

/// The tiles of an instruction set.
typedef struct {
    int32_t lanes;
    int32_t vectors;                                ///< the widest panel, in vectors
    int32_t rows[DLC_TILE_MOST_VECTORS];            ///< the most rows of a tile of `index + 1` vectors
    dlc_tile_kernel tile[DLC_TILE_MOST_VECTORS][DLC_TILE_MOST_ROWS];
    dlc_epilogue_kernel epilogue;
    dlc_scaling_kernel scaled;
    dlc_pairing_kernel paired;
    dlc_dot_kernel dots;
    dlc_finish_kernel finish;
} dlc_tile_set;

extern const dlc_tile_set dlc_tile_set_portable, dlc_tile_set_avx2, dlc_tile_set_avx512, dlc_tile_set_neon;
/// Over pairs of bfloat16 in place of floats, in A and in panels of B; C holds floats.
extern const dlc_tile_set dlc_pair_set_portable, dlc_pair_set_avx2, dlc_pair_set_avx512, dlc_pair_set_neon;
/// With the instruction that adds both products of a pair.
extern const dlc_tile_set dlc_pair_set_avx512_dot, dlc_pair_set_neon_dot;
/// Over floats in A and sums of two bfloat16 in B.
extern const dlc_tile_set dlc_split_set_portable, dlc_split_set_avx2, dlc_split_set_avx512, dlc_split_set_neon;

/// The tiles for `isa`; those of the portable set where the processor family is another one.
const dlc_tile_set *dlc_tiles(dlc_isa isa);
/// The same over numbers of so many parts: pairs, or sums of two where AMX does not multiply them. No instruction that the processor has
/// changes a panel.
const dlc_tile_set *dlc_part_tiles(dlc_isa isa, int parts);
/// Whether blocks of these are multiplied by AMX, but for those of no products.
bool dlc_is_by_amx(const dlc_tile_set *set);

/// For checks: pairs are multiplied without that instruction, and without AMX.
extern bool dlc_pairs_without_dot, dlc_pairs_without_amx;

/// How n columns are cut into panels: as few as possible, their widths in vectors differing by at most 1.
typedef struct {
    int64_t n, k;
    int64_t panels, narrow, wider; ///< the first `wider` panels have `narrow + 1` vectors, the others `narrow`
    int64_t lanes;
} dlc_panels;

dlc_panels dlc_panels_of(const dlc_tile_set *set, int64_t k, int64_t n);

static inline int64_t dlc_panel_vectors(const dlc_panels *p, int64_t panel) {
    return p->narrow + (panel < p->wider ? 1 : 0);
}
/// The first column of a panel; in packed storage the panel begins at this column times k.
static inline int64_t dlc_panel_column(const dlc_panels *p, int64_t panel) {
    return (panel * p->narrow + (panel < p->wider ? panel : p->wider)) * p->lanes;
}
static inline int64_t dlc_packed_floats(const dlc_panels *p) {
    return p->panels == 0 ? 0 : dlc_panel_column(p, p->panels) * p->k;
}

/// Packs one panel of B into k rows of `vectors · lanes` floats.
void dlc_pack_panel(const dlc_panels *p, int64_t panel, const float *b, int64_t row_stride, int64_t column_stride, float *out);

/// Rows at a time whose lines of 64 columns stay in L1 while their columns come in fours.
enum { DLC_TRANSPOSE_ROWS = 64 };
/// Columns whose elements are neighbours, `column_stride` apart, into rows: element i of column j to out[at[i] + j].
void dlc_transpose(const float *b, int64_t column_stride, int64_t columns, int64_t rows, float *out, const int64_t *at);
/// The same where the rows lie `row_step` apart.
void dlc_transpose_rows(const float *b, int64_t column_stride, int64_t columns, int64_t rows, float *out, int64_t row_step);

/// A block of rows against a range of panels: what the drivers have in common.
typedef struct {
    const dlc_tile_set *set;
    dlc_panels panels;
    const float *const *a;     ///< [taps][rows] pointers
    int64_t rows, taps, run;
    dlc_pair_run pairs;        ///< of a tap, where A and B hold bfloat16; of 0 parts for floats
    const float *zeros;        ///< what `a` holds for taps without data, which tiles then leave out; null leaves out none
    int64_t depth_block;       ///< products between two visits of C
    const float *b;            ///< packed panels; or rows `b_row` apart where `b_row` is not 0
    int64_t b_row;
    const float *next;         ///< packed panel that the caller needs after the last one, or null
    float *c;
    int64_t c_row;
    float alpha;
    dlc_epilogue epilogue;
    const float *bias, *residual, *slope;
    int64_t residual_row;
} dlc_block;

/// Whether a tile applies the epilogue in registers: limits at most, and the residual before them.
static inline bool dlc_epilogue_is_simple(dlc_epilogue e, bool residual) {
    return (e.activation == DLC_ACT_NONE || e.activation == DLC_ACT_RELU || e.activation == DLC_ACT_CLIP) &&
           !(residual && e.residual_after_activation);
}

void dlc_block_run(const dlc_block *block, int64_t first_panel, int64_t last_panel);

/// A tile of the block's: what all of them have in common, and what those of a panel have. Its operands and whether the sums are complete
/// are left to say.
dlc_tile dlc_tile_of(const dlc_block *block);
void dlc_tile_to_panel(const dlc_block *block, dlc_tile *tile, int64_t panel);
/// Runs it for rows `row ..< row + rows` of that panel, with what follows complete sums.
void dlc_tile_run(const dlc_block *block, dlc_tile *tile, int64_t panel, int64_t row, int64_t rows);
/// The same with complete sums in memory, `sums_row` apart.
void dlc_tile_finish(const dlc_block *block, dlc_tile *tile, int64_t panel, int64_t row, int64_t rows, const float *sums, int64_t sums_row);

/// Rows that a block has whole groups of.
static inline int64_t dlc_row_unit(const dlc_tile_set *set) { return dlc_is_by_amx(set) ? 16 : 1; }
/// How m rows are cut into blocks: where one begins, and the most rows of any.
static inline int64_t dlc_first_row(int64_t m, int64_t unit, int64_t block, int64_t blocks) {
    return dlc_min(m, block * dlc_ceil_div(m, unit) / blocks * unit);
}
static inline int64_t dlc_rows_of_block(int64_t m, int64_t unit, int64_t blocks) { return dlc_ceil_div(dlc_ceil_div(m, unit), blocks) * unit; }

/// The most rows of a block whose part of A stays in the second cache, `block` products of `depth` at a time.
int64_t dlc_most_rows(const dlc_tile_set *set, int64_t depth, int64_t block);

/// How a product is cut into tasks: `row_blocks` parts of the rows by `panel_groups` groups of panels, the panels or the rows outermost.
/// As many neighbouring parts as `merged_parts` can be one block, whose part of A stays in the second cache.
typedef struct {
    int64_t row_blocks, panel_groups, merged_parts;
    bool panels_outermost;
} dlc_cut;

/// The cut of `matrices` products of m × n × k into tasks of even size, enough to share out, with blocks of `most_rows` at most. Threads
/// share out the rows, as the steps before and after do, whose data they hold; or, where they are more, the weights.
dlc_cut dlc_split(const dlc_tile_set *set, int64_t matrices, int64_t m, int64_t n, int64_t k, int64_t most_rows);

/// Parts of rows in place of groups of panels, of some `least` rows each, none merged: for tasks that make what they multiply.
static inline dlc_cut dlc_cut_into_rows(dlc_cut cut, int64_t m, int64_t least) {
    const int64_t parts = dlc_min(cut.row_blocks * cut.panel_groups, m / least);
    return (dlc_cut){.row_blocks = dlc_max(cut.row_blocks, parts), .panel_groups = 1, .merged_parts = 1};
}

/// Neighbouring tasks that are one block: parts `part ..< part + parts` of the rows by groups `group ..< group + groups` of the panels.
typedef struct { int64_t part, parts, group, groups; } dlc_stretch;

/// The tasks of a product from `task` on, of `end - task` at most. Where rows are outermost, products side by side, as many as `sides`,
/// have their tasks between the parts and the panels.
static inline dlc_stretch dlc_stretch_at(dlc_cut cut, int64_t sides, int64_t task, int64_t end) {
    const int64_t most = end - task;
    if (cut.panels_outermost) {
        const int64_t part = task % cut.row_blocks, group = task / cut.row_blocks % cut.panel_groups;
        if (part > 0 || dlc_min(most, cut.merged_parts) < cut.row_blocks)
            return (dlc_stretch){part, dlc_min(cut.merged_parts, dlc_min(most, cut.row_blocks - part)), group, 1};
        return (dlc_stretch){0, cut.row_blocks, group, dlc_min(most / cut.row_blocks, cut.panel_groups - group)};
    }
    const int64_t group = task % cut.panel_groups, part = task / cut.panel_groups / sides % cut.row_blocks;
    const int64_t parts = group == 0 && sides == 1 ? dlc_min(cut.merged_parts, dlc_min(most / cut.panel_groups, cut.row_blocks - part)) : 0;
    return (dlc_stretch){part, dlc_max(1, parts), group, dlc_min(most, cut.panel_groups - group)};
}

#endif
