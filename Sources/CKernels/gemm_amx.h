/// Products in the tile registers of AMX: up to 16 rows by 16 columns over 16 quads of bytes or pairs of bfloat16 an instruction, the
/// columns' quads or pairs as panels have them. Two groups of rows by two of columns take all eight registers. Internal to CKernels.
#ifndef DLC_GEMM_AMX_H
#define DLC_GEMM_AMX_H
#include "gemm_integer.h"
#include "gemm_tile.h"

/// Rows of a group, and quads or pairs of a step, both at most 16. Between begin and end a thread multiplies by one size.
typedef struct { int32_t rows, step; } dlc_amx_size;
void dlc_amx_begin(dlc_amx_size size), dlc_amx_end(void);

/// The size for bytes, of rows at one distance whose runs have so many quads; of 0 rows where it does not pay. Steps are a run's first
/// quads; those that are left are multiplied by tiles, which store what became of the sums.
dlc_amx_size dlc_amx_size_of_bytes(dlc_isa isa, int64_t rows, int64_t quads);

/// The tile's sums of `done` quads of each run, whole steps, for `groups` groups of rows from `a` on, 1 or 2, to
/// [group · rows + row][DLC_INTEGER_WIDTH].
void dlc_amx_add_bytes(dlc_amx_size size, const dlc_integer_tile *tile, bool whole, const uint8_t *const *a, int groups, int32_t *sums);

/// Whether pairs of bfloat16 are multiplied by AMX.
bool dlc_amx_multiplies_pairs(dlc_isa isa);
/// As dlc_block_run over pairs and packed panels.
void dlc_amx_block_run(const dlc_block *block, int64_t first_panel, int64_t last_panel);

#endif
