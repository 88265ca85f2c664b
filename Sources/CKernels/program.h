/// What the instruction sets provide to the executor of elementwise programs: work on one dense run.
#ifndef DLC_PROGRAM_INTERNAL_H
#define DLC_PROGRAM_INTERNAL_H

#include "dlc_program.h"

enum {
    DLC_TILE_ELEMENTS = 1024, ///< the most elements of a tile
    DLC_TABLE_ENTRIES = 256, ///< the values of 8 bits
    // Further values of dlc_compute, in prepared programs: 32 bits, and bytes without a sign.
    DLC_COMPUTE_I32 = 4, DLC_COMPUTE_U8 = 5,
    // Bits of dlc_instruction.mode.
    DLC_MODE_ONCE = 1,   ///< the same for every tile: computed by the first of a call
    DLC_MODE_ALIAS = 2,  ///< a load whose register is the operand's own memory
    DLC_MODE_DIRECT = 4, ///< writes the result of the store that follows, which is skipped
    DLC_MODE_SINGLE = 8, ///< its register holds one element, which stands for all: f32, read by arithmetic alone
    DLC_MODE_SINGLE_A = 16, DLC_MODE_SINGLE_B = 32, ///< reads such a register
    /// By a scale f0 and a zero point f1, in f32: a load of 8 bits gives (x - f1) * f0, a store writes round(a / f0) + f1 in 8 bits, at
    /// least i0 and at most i1, and DLC_OP_ROUND does both.
    DLC_MODE_GRAIN = 64,
};

/// Source registers that `op` reads; -1 where the operation does not exist in `type`.
int dlc_program_sources(dlc_op op, dlc_compute type);

/// Replaces what 8 and 16 bits go through by fewer instructions that give the same numbers. Modes are 0 before.
void dlc_program_narrow(dlc_program *p);

/// Puts integers into registers of fewer bits where all of them give the same there.
void dlc_program_narrow_registers(dlc_program *p);

/// Whether every tile of a tensor with these strides is one dense run.
bool dlc_tiles_are_dense(const dlc_program *p, const int64_t *strides);

/// For checks: programs from 8 bits to 8 bits are computed point by point.
extern bool dlc_program_without_tables;

/// The kernel of a prepared program.
void dlc_program_run(const dlc_call *call);

typedef struct {
    /// Widens `n` dense elements of `from` to registers of `to`.
    void (*load)(dlc_type from, dlc_compute to, int64_t n, const void *src, void *dst);
    /// Narrows `n` register elements of `from` to dense elements of `to`.
    void (*store)(dlc_compute from, dlc_type to, int64_t n, const void *src, void *dst);
    /// Applies an arithmetic instruction to `n` register elements. `d` may be `a`, `b` or `c`.
    void (*apply)(const dlc_instruction *instruction, int64_t n, void *d, const void *a, const void *b, const void *c);
    /// Adds `rows` dense rows of `n` f32 or f64 elements to `sums`, each element times that of `b` where `b` is not null.
    void (*add_rows)(dlc_compute type, int64_t rows, int64_t n, const void *a, const void *b, void *sums);
    /// `n` dense elements by a scale and a zero point (DLC_MODE_GRAIN). `d` may be `a`.
    void (*load_grain)(const dlc_instruction *instruction, bool is_signed, int64_t n, const uint8_t *src, float *d);
    void (*store_grain)(const dlc_instruction *instruction, int64_t n, const float *a, uint8_t *d);
    void (*round_grain)(const dlc_instruction *instruction, int64_t n, const float *a, float *d);
    /// y[i] = table[x[i]], in a table of all bytes. `y` may be `x`.
    void (*look_up)(const uint8_t *table, int64_t n, const uint8_t *x, uint8_t *y);
} dlc_tile_functions;

extern const dlc_tile_functions dlc_tile_functions_portable;
extern const dlc_tile_functions dlc_tile_functions_avx2;
extern const dlc_tile_functions dlc_tile_functions_avx512;
extern const dlc_tile_functions dlc_tile_functions_neon;

/// The functions of `isa`, or null where this program was built without it.
const dlc_tile_functions *dlc_tile_functions_of(dlc_isa isa);

/// Whether an instruction adds up its operands into a result.
static inline bool dlc_op_sums(dlc_op op) { return op == DLC_OP_SUM || op == DLC_OP_SUM_PRODUCT; }

/// Whether an instruction writes a result and no register.
static inline bool dlc_writes_result(dlc_op op) { return op == DLC_OP_STORE || dlc_op_sums(op); }

/// The element type that a register of type `compute` holds.
static inline dlc_type dlc_compute_type(dlc_compute compute) {
    static const dlc_type types[] = { DLC_F32, DLC_F64, DLC_I64, DLC_U64, DLC_I32, DLC_U8 };
    return types[compute];
}

/// Bytes of one register element.
static inline int64_t dlc_compute_bytes(dlc_compute compute) {
    static const int8_t bytes[] = { 4, 8, 8, 8, 4, 1 };
    return bytes[compute];
}

#endif
