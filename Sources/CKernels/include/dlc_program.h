/// Elementwise chains: a short program over registers that hold one tile each, run tile by tile in cache.
#ifndef DLC_PROGRAM_H
#define DLC_PROGRAM_H

#include "dlc_common.h"

enum {
    DLC_PROGRAM_OPERANDS = 16,
    DLC_PROGRAM_RESULTS = 4,
    DLC_PROGRAM_INSTRUCTIONS = 128,
    DLC_PROGRAM_REGISTERS = 24,
};

/// What a tile register holds.
typedef enum : uint8_t {
    DLC_COMPUTE_F32 = 0, DLC_COMPUTE_F64 = 1, DLC_COMPUTE_I64 = 2, DLC_COMPUTE_U64 = 3,
} dlc_compute;

/// Operations of an instruction, with operator semantics of ONNX where the name is one of its operators.
/// `a`, `b`, `c` are the source registers, `f0 f1 i0 i1` the immediates; in integer types `i0 i1` take
/// the place of `f0 f1` for constants and bounds.
typedef enum : uint8_t {
    // Every compute type.
    DLC_OP_LOAD = 0,       ///< dst = operand `tensor`, converted
    DLC_OP_STORE,          ///< result `tensor` = a, converted as dlc_convert does
    DLC_OP_SUM,            ///< result `tensor` = the sums of a over all dimensions but the last; F32 and F64, of the result's type
    DLC_OP_CONST,          ///< f0, or i0
    DLC_OP_CONVERT,        ///< a, a register of type `from`
    DLC_OP_WRAP,           ///< a converted to `narrow` as dlc_convert does, and back
    DLC_OP_ADD, DLC_OP_SUB, DLC_OP_MUL,
    DLC_OP_DIV,            ///< integers truncate; a zero divisor gives 0
    DLC_OP_MOD,            ///< sign of the divisor, or of the dividend where i0 != 0 (fmod); integer zero divisor: 0
    DLC_OP_POW,
    DLC_OP_NEG, DLC_OP_ABS, DLC_OP_SIGN, DLC_OP_RELU,
    DLC_OP_MIN, DLC_OP_MAX, ///< NaN propagates
    DLC_OP_CLIP,           ///< bounds f0, f1 (i0, i1); NaN propagates
    DLC_OP_EQ, DLC_OP_NE, DLC_OP_LT, DLC_OP_LE, DLC_OP_GT, DLC_OP_GE, ///< 0 or 1
    DLC_OP_AND, DLC_OP_OR, DLC_OP_XOR, DLC_OP_NOT,                    ///< of truth values, 0 or 1
    DLC_OP_WHERE,          ///< a != 0 ? b : c
    // F32 and F64.
    DLC_OP_CEIL, DLC_OP_FLOOR, DLC_OP_ROUND, DLC_OP_TRUNC, ///< ROUND takes halves to even
    DLC_OP_SQRT, DLC_OP_RSQRT, DLC_OP_RECIPROCAL,
    DLC_OP_EXP, DLC_OP_LOG, DLC_OP_SIN, DLC_OP_COS, DLC_OP_TAN, DLC_OP_ASIN, DLC_OP_ACOS, DLC_OP_ATAN,
    DLC_OP_SINH, DLC_OP_COSH, DLC_OP_TANH, DLC_OP_ASINH, DLC_OP_ACOSH, DLC_OP_ATANH, DLC_OP_ERF,
    DLC_OP_SIGMOID,
    DLC_OP_HARD_SIGMOID,   ///< max(0, min(1, f0 * a + f1))
    DLC_OP_LEAKY_RELU,     ///< slope f0
    DLC_OP_ELU,            ///< scale f0
    DLC_OP_SELU,           ///< alpha f0, gamma f1
    DLC_OP_CELU,           ///< alpha f0
    DLC_OP_SOFTPLUS, DLC_OP_SOFTSIGN,
    DLC_OP_THRESHOLDED_RELU, ///< a > f0 ? a : 0
    DLC_OP_GELU, DLC_OP_GELU_TANH, DLC_OP_HARD_SWISH, DLC_OP_MISH, DLC_OP_SILU,
    DLC_OP_IS_NAN,
    DLC_OP_IS_INF,         ///< bit 0 of i0: +inf counts; bit 1: -inf counts
    // I64 and U64.
    DLC_OP_BIT_AND, DLC_OP_BIT_OR, DLC_OP_BIT_XOR, DLC_OP_BIT_NOT,
    DLC_OP_SHL, DLC_OP_SHR, ///< shifts of 64 and more give 0 (-1 for a negative I64 shifted right)
    // F32 and F64: what several of the above make together, in one walk over the tile.
    DLC_OP_GATE,           ///< b where a > f0 and a < f1, else 0; bit 0 of i0: f0 counts; bit 1: f1 counts
    DLC_OP_SUM_PRODUCT,    ///< DLC_OP_SUM of a * b
    DLC_OP_COUNT,
} dlc_op;

/// One instruction over whole tiles. Sources and destination are of type `type`, but for DLC_OP_CONVERT.
typedef struct {
    dlc_op op;
    dlc_compute type;
    uint8_t dst, a, b, c;
    uint8_t tensor;        ///< operand of a load, result of a store
    dlc_compute from;      ///< type of `a` in DLC_OP_CONVERT
    dlc_type narrow;       ///< of DLC_OP_WRAP
    uint8_t mode;          ///< set by prepare
    double f0, f1;
    int64_t i0, i1;
} dlc_instruction;

/// A tensor of the common iteration space. Strides are in elements; 0 broadcasts (operands only).
typedef struct {
    dlc_type type;
    int64_t strides[DLC_MAX_RANK];
    int64_t offset;        ///< of the first element, in elements
} dlc_program_tensor;

/// `instructions` over every point of `shape`. Buffers: the operands, then the results. A result may be
/// the buffer of an operand where both have the same type, offset and strides; loads then come before
/// the store of that result. What DLC_OP_SUM writes is dense, has the extent of the last dimension and is added up task by task,
/// so that the order depends on the shape alone; DLC_OP_SUM_PRODUCT does the same.
typedef struct {
    int32_t rank;
    int32_t operand_count, result_count, instruction_count;
    int64_t shape[DLC_MAX_RANK];
    dlc_program_tensor operands[DLC_PROGRAM_OPERANDS];
    dlc_program_tensor results[DLC_PROGRAM_RESULTS];
    // Set by prepare.
    dlc_isa isa;
    int64_t tile_rows, tile_columns, tile_count, tiles_per_task, slot_bytes, tasks;
    int32_t sum_count;
    int32_t table_operand; ///< the operand of 8 bits whose bytes alone decide each byte of the only result; -1 where there is none
    int32_t table_result;  ///< that result
    int32_t ahead_steps; ///< instructions of a tile between which the next one's memory is asked for; 0 where it is not
    // Last: a prepared program is run from memory that ends behind `instruction_count` of them.
    dlc_instruction instructions[DLC_PROGRAM_INSTRUCTIONS];
} dlc_program;

/// Checks `program`, orders and merges its dimensions, and splits it into tasks of about 16K elements, or
/// fewer of a small one.
/// False where an index, a type or a shape makes no sense, a register is read before it is written or
/// as another type, or an operation does not exist in its type.
bool dlc_program_prepare(dlc_isa isa, dlc_program *program, dlc_launch *launch);

#endif
