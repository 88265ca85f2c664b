#include "gemm_amx.h"
#include <string.h>

bool dlc_integer_without_amx = false, dlc_pairs_without_amx = false;

dlc_amx_size dlc_amx_size_of_bytes(dlc_isa isa, int64_t rows, int64_t quads) {
    // Few rows and short steps take as long as more would; the sums are stored once besides.
    const bool pays = rows >= 4 && quads >= 4 && rows * quads >= 64;
    if (!pays || dlc_integer_without_amx || dlc_integer_without_dot || !dlc_host_has_amx(isa)) return (dlc_amx_size){0, 0};
    return (dlc_amx_size){
        .rows = (int32_t)dlc_ceil_div(rows, dlc_ceil_div(rows, 16)),
        .step = (int32_t)(quads / dlc_ceil_div(quads, 16)),
    };
}

bool dlc_amx_multiplies_pairs(dlc_isa isa) { return !dlc_pairs_without_amx && !dlc_pairs_without_dot && dlc_host_has_amx(isa); }

#if defined(__x86_64__)
#include <immintrin.h>
#define AMX_INLINE static inline __attribute__((always_inline))
enum { AMX_COLUMNS = 32 };
#pragma clang attribute push(__attribute__((target("amx-tile,amx-int8,amx-bf16,avx512f"))), apply_to = function)

// Sums in registers 0 to 3, rows in 4 and 5, columns in 6 and 7.
void dlc_amx_begin(dlc_amx_size size) {
    struct { uint8_t palette, start, unused[14]; uint16_t bytes[16]; uint8_t rows[16]; } layout = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        layout.bytes[i] = (uint16_t)(i == 4 || i == 5 ? 4 * size.step : 64);
        layout.rows[i] = (uint8_t)(i < 6 ? size.rows : size.step);
    }
    _tile_loadconfig(&layout);
}

void dlc_amx_end(void) { _tile_release(); }

AMX_INLINE void add_bytes(dlc_amx_size size, const dlc_integer_tile *t, const bool whole, const uint8_t *const *a, const bool both,
                          int32_t *sums) {
    _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
    const int64_t column = whole ? 128 : 64, a_row = t->a_row, step = 4 * size.step, ahead = size.step * t->next_step;
    const int8_t *b = t->b, *next = t->next;
    for (int64_t run = 0; run < t->runs; run++) {
        const uint8_t *upper = a[0] + t->offsets[run], *lower = both ? a[1] + t->offsets[run] : 0;
        for (const uint8_t *end = upper + 4 * t->done; upper < end; upper += step) {
            _tile_loadd(4, upper, a_row);
            _tile_loadd(6, b, column);
            _tile_dpbusd(0, 4, 6);
            if (whole) {
                _tile_loadd(7, b + 64, column);
                _tile_dpbusd(1, 4, 7);
            }
            if (both) {
                _tile_loadd(5, lower, a_row);
                _tile_dpbusd(2, 5, 6);
                if (whole) _tile_dpbusd(3, 5, 7);
                lower += step;
            }
            for (int64_t i = 0; i < ahead; i += 64) __builtin_prefetch(next + i, 0, 2);
            next += ahead;
            b += size.step * column;
        }
        b += (t->quads - t->done) * column;
    }
    _tile_stored(0, sums, 4 * DLC_INTEGER_WIDTH);
    if (whole) _tile_stored(1, sums + 16, 4 * DLC_INTEGER_WIDTH);
    if (!both) return;
    sums += size.rows * DLC_INTEGER_WIDTH;
    _tile_stored(2, sums, 4 * DLC_INTEGER_WIDTH);
    if (whole) _tile_stored(3, sums + 16, 4 * DLC_INTEGER_WIDTH);
}

void dlc_amx_add_bytes(dlc_amx_size size, const dlc_integer_tile *tile, bool whole, const uint8_t *const *a, int groups, int32_t *sums) {
    if (whole && groups == 2) add_bytes(size, tile, true, a, true, sums);
    else if (whole) add_bytes(size, tile, true, a, false, sums);
    else if (groups == 2) add_bytes(size, tile, false, a, true, sums);
    else add_bytes(size, tile, false, a, false, sums);
}

/// 16 rows of A for one tap: where they lie at one distance, or copies of a unit of each.
typedef struct { const float *const *rows; const float *at; int64_t step, count; float *copy; } row_group;

static row_group group_of(const float *const *rows, int64_t count, int64_t unit, float *copy) {
    const int64_t step = count > 1 ? rows[1] - rows[0] : 0;
    bool is_even = count == 16;
    for (int64_t r = 2; r < count; r++) is_even &= rows[r] - rows[r - 1] == step;
    return is_even ? (row_group){rows, rows[0], step, count, 0} : (row_group){rows, copy, unit, count, copy};
}

/// Where a unit's rows are, `from` floats into the run. Rows that are not there are the last one again.
AMX_INLINE const float *unit_of(const row_group *g, int64_t from, int64_t unit) {
    if (!g->copy) return g->at + from;
    for (int64_t r = 0; r < 16; r++) {
        const float *row = g->rows[r < g->count ? r : g->count - 1] + from;
        float *copy = g->copy + r * unit;
        if (unit % 16 == 0)
            for (int64_t i = 0; i < unit; i += 16) _mm512_storeu_ps(copy + i, _mm512_loadu_ps(row + i));
        else memcpy(copy, row, 4 * (size_t)unit);
    }
    return g->copy;
}

/// Part of a product: units `from ..< end`, counted through all taps, of up to 32 rows and a panel.
typedef struct {
    const dlc_block *block;
    const float *const *a;     ///< of the first row, [taps][block rows]
    int64_t rows, from, end;
    const float *b;            ///< of unit 0
    int64_t b_stride;          ///< the columns of the panel, 16 or 32
    const float *next;         ///< asked for meanwhile, as many lines of the cache with each unit
    int64_t lines;
    float *sums;               ///< [row][32]
} amx_piece;

AMX_INLINE bool is_dead(const dlc_block *b, const float *const *rows, int64_t count) {
    for (int64_t r = 0; r < count; r++)
        if (rows[r] != b->zeros) return false;
    return true;
}

AMX_INLINE void add_piece(const amx_piece *p, const bool both_rows, const bool both_columns) {
    enum { most_unit = 32, sums_bytes = 4 * AMX_COLUMNS };
    _Alignas(64) float copies[2][16 * most_unit];
    const dlc_block *block = p->block;
    const dlc_pair_run run = block->pairs;
    const int64_t unit = run.parts * run.step, b_bytes = 4 * p->b_stride, part = run.step * p->b_stride, units = run.units;
    float *const lower_sums = p->sums + 16 * AMX_COLUMNS;
    if (p->from == 0) _tile_zero(0), _tile_zero(1), _tile_zero(2), _tile_zero(3);
    else {
        _tile_loadd(0, p->sums, sums_bytes);
        if (both_columns) _tile_loadd(1, p->sums + 16, sums_bytes);
        if (both_rows) _tile_loadd(2, lower_sums, sums_bytes);
        if (both_rows && both_columns) _tile_loadd(3, lower_sums + 16, sums_bytes);
    }
    const float *b = p->b + p->from * unit * p->b_stride, *next = p->next;
    for (int64_t at = p->from; at < p->end;) {
        const int64_t tap = at / units, first_unit = at % units, last_unit = dlc_min(units, first_unit + p->end - at);
        at += last_unit - first_unit;
        const float *const *a = p->a + tap * block->rows;
        if (block->zeros && is_dead(block, a, p->rows)) {
            b += (last_unit - first_unit) * unit * p->b_stride;
            continue;
        }
        const row_group upper = group_of(a, both_rows ? 16 : p->rows, unit, copies[0]);
        const row_group lower = both_rows ? group_of(a + 16, p->rows - 16, unit, copies[1]) : upper;
        for (int64_t u = first_unit; u < last_unit; u++, b += unit * p->b_stride) {
            const float *first = unit_of(&upper, u * unit, unit), *second = both_rows ? unit_of(&lower, u * unit, unit) : 0;
            for (int64_t i = 0; i < p->lines; i++, next += 16) __builtin_prefetch(next, 0, 2);
#define LOAD_ROWS(from)                                                      \
    _tile_loadd(4, first + (from), 4 * upper.step);                          \
    if (both_rows) _tile_loadd(5, second + (from), 4 * lower.step)
#define LOAD_COLUMNS(from)                                                   \
    _tile_loadd(6, (from), b_bytes);                                         \
    if (both_columns) _tile_loadd(7, (from) + 16, b_bytes)
#define MULTIPLY                                                             \
    _tile_dpbf16ps(0, 4, 6);                                                 \
    if (both_columns) _tile_dpbf16ps(1, 4, 7);                               \
    if (both_rows) _tile_dpbf16ps(2, 5, 6);                                  \
    if (both_rows && both_columns) _tile_dpbf16ps(3, 5, 7)
            LOAD_ROWS(0);
            LOAD_COLUMNS(b);
            MULTIPLY;
            if (run.parts == 1) continue;
            LOAD_COLUMNS(b + part);
            MULTIPLY;
            LOAD_ROWS(run.step);
            LOAD_COLUMNS(b);
            MULTIPLY;
#undef LOAD_ROWS
#undef LOAD_COLUMNS
#undef MULTIPLY
        }
    }
    _tile_stored(0, p->sums, sums_bytes);
    if (both_columns) _tile_stored(1, p->sums + 16, sums_bytes);
    if (both_rows) _tile_stored(2, lower_sums, sums_bytes);
    if (both_rows && both_columns) _tile_stored(3, lower_sums + 16, sums_bytes);
}

/// The sums of `rows` rows and one panel. Pieces of it of 16 KB stay in the first cache for all rows, and bring the next.
static void add_panel(const dlc_block *block, const float *const *a, int64_t rows, const float *b, bool both_columns, float *sums) {
    const int64_t all = block->taps * block->pairs.units, most = block->pairs.parts == 2 ? 4 : 8, columns = both_columns ? 32 : 16;
    const int64_t unit = block->pairs.parts * block->pairs.step * columns, lines = dlc_ceil_div(unit, 16 * dlc_ceil_div(rows, 32));
    amx_piece p = {.block = block, .b = b, .b_stride = columns, .lines = lines};
    for (p.from = 0; p.from < all; p.from = p.end) {
        p.end = dlc_min(all, p.from + most);
        p.next = b + p.end * unit;
        for (int64_t row = 0; row < rows; row += 32, p.next += 16 * lines * (p.end - p.from)) {
            p.a = a + row, p.rows = dlc_min(32, rows - row), p.sums = sums + row * AMX_COLUMNS;
            if (p.rows > 16 && both_columns) add_piece(&p, true, true);
            else if (p.rows > 16) add_piece(&p, true, false);
            else if (both_columns) add_piece(&p, false, true);
            else add_piece(&p, false, false);
        }
    }
}

void dlc_amx_block_run(const dlc_block *b, int64_t first_panel, int64_t last_panel) {
    enum { most = 384 };
    _Alignas(64) float sums[most * AMX_COLUMNS];
    dlc_tile t = dlc_tile_of(b);
    dlc_amx_begin((dlc_amx_size){.rows = 16, .step = (int32_t)b->pairs.step});
    for (int64_t row = 0; row < b->rows; row += most)
        for (int64_t panel = first_panel; panel < last_panel; panel++) {
            const int64_t rows = dlc_min(most, b->rows - row), column = dlc_panel_column(&b->panels, panel);
            add_panel(b, b->a + row, rows, b->b + column * b->taps * b->run, dlc_panel_vectors(&b->panels, panel) == 2, sums);
            dlc_tile_to_panel(b, &t, panel);
            dlc_tile_finish(b, &t, panel, row, rows, sums, AMX_COLUMNS);
        }
    dlc_amx_end();
}
#pragma clang attribute pop
#else
void dlc_amx_begin(dlc_amx_size size) { (void)size; }
void dlc_amx_end(void) {}
void dlc_amx_add_bytes(dlc_amx_size size, const dlc_integer_tile *tile, bool whole, const uint8_t *const *a, int groups, int32_t *sums) {
    (void)size, (void)tile, (void)whole, (void)a, (void)groups, (void)sums;
}
void dlc_amx_block_run(const dlc_block *block, int64_t first_panel, int64_t last_panel) {
    (void)block, (void)first_panel, (void)last_panel;
}
#endif
