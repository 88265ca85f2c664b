/// Integers in registers of 32 bits, or of bytes, where 64 would give the same: a pass over a tile then takes half of the time, or an
/// eighth, and what is stored as it is computed needs none of its own.
#include "program.h"

#include "dlc_convert.h"

/// What registers of a type hold. A register is exact where it has the number that one of 64 bits would have; else the two agree in the
/// bits that it has.
typedef struct {
    dlc_compute type;
    int64_t low, high;
} integer_range;

static bool is_truth(dlc_op op) { return (op >= DLC_OP_EQ && op <= DLC_OP_NOT) || op == DLC_OP_IS_NAN || op == DLC_OP_IS_INF; }
static bool is_integer(dlc_type type) { return type >= DLC_I8 && type <= DLC_BOOL; }

/// Whether every number of an integer type is in the range.
static bool holds_all(const integer_range *range, dlc_type type) {
    const bool narrow = type == DLC_U8 || type == DLC_BOOL;
    return narrow || (range->type == (dlc_compute)DLC_COMPUTE_I32 && type != DLC_U32 && type != DLC_I64 && type != DLC_U64);
}

/// Whether an integer type has no more bits than such a register.
static bool has_its_bits(const integer_range *range, dlc_type type) {
    return dlc_type_bytes(type) <= dlc_compute_bytes(range->type) && type != DLC_BOOL;
}

/// Whether instruction `in` gives the same in such registers, and whether its own is exact, given which registers are.
static bool fits(const dlc_program *p, const dlc_instruction *in, const integer_range *range, const bool *exact, const bool *truths,
                 bool *result) {
    const int count = dlc_program_sources(in->op, in->type);
    const bool a = count < 1 || exact[in->a], b = count < 2 || exact[in->b], c = count < 3 || exact[in->c], all = a && b && c;
    const bool bytes = range->type == (dlc_compute)DLC_COMPUTE_U8;
    *result = true;
    switch (in->op) {
    case DLC_OP_LOAD: {
        const dlc_type type = p->operands[in->tensor].type;
        *result = holds_all(range, type);
        return is_integer(type) && (*result || has_its_bits(range, type));
    }
    case DLC_OP_STORE: {
        const dlc_type type = p->results[in->tensor].type;
        return a || (is_integer(type) && has_its_bits(range, type));
    }
    case DLC_OP_CONST:
        *result = in->i0 >= range->low && in->i0 <= range->high;
        return true;
    case DLC_OP_CONVERT: return in->from <= DLC_COMPUTE_F64 && truths[in->a];
    case DLC_OP_WRAP:
        *result = holds_all(range, in->narrow);
        return is_integer(in->narrow) && (in->narrow == DLC_BOOL ? a : has_its_bits(range, in->narrow));
    case DLC_OP_ADD: case DLC_OP_SUB: case DLC_OP_MUL: case DLC_OP_NEG:
        *result = false;
        return true;
    case DLC_OP_BIT_NOT:
        *result = a && !bytes;
        return true;
    case DLC_OP_BIT_AND: case DLC_OP_BIT_OR: case DLC_OP_BIT_XOR:
        *result = all;
        return true;
    case DLC_OP_WHERE:
        *result = b && c;
        return a;
    case DLC_OP_ABS: case DLC_OP_DIV:
        *result = bytes; // else of the least number it is one more than the greatest
        return all;
    case DLC_OP_CLIP: return all && in->i0 <= range->high && in->i1 >= range->low;
    case DLC_OP_MOD: case DLC_OP_SIGN: case DLC_OP_RELU: case DLC_OP_MIN: case DLC_OP_MAX: return all;
    default: return all && is_truth(in->op);
    }
}

static bool all_fit(const dlc_program *p, const integer_range *range) {
    bool exact[DLC_PROGRAM_REGISTERS] = {false}, truths[DLC_PROGRAM_REGISTERS] = {false};
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        bool result = false;
        if (in->type == DLC_COMPUTE_U64) return false;
        if (in->type == DLC_COMPUTE_I64 && !fits(p, in, range, exact, truths, &result)) return false;
        if (in->op == DLC_OP_CONVERT && in->type <= DLC_COMPUTE_F64 && in->from == DLC_COMPUTE_I64 && !exact[in->a]) return false;
        if (dlc_writes_result(in->op)) continue;
        exact[in->dst] = result, truths[in->dst] = is_truth(in->op);
    }
    return true;
}

/// Bools that nothing asks more of than whether they are 0 are bytes as they lie.
static void take_bools(dlc_program *p) {
    for (int t = 0; t < p->operand_count; ++t) {
        bool as_bytes = p->operands[t].type == DLC_BOOL, holds[DLC_PROGRAM_REGISTERS] = {false};
        for (int k = 0; k < p->instruction_count && as_bytes; ++k) {
            const dlc_instruction *in = &p->instructions[k];
            const int count = dlc_program_sources(in->op, in->type);
            const bool asks = (in->op >= DLC_OP_AND && in->op <= DLC_OP_NOT) ||
                              (in->op == DLC_OP_STORE && p->results[in->tensor].type == DLC_BOOL);
            if (count > 0 && holds[in->a] && !asks && in->op != DLC_OP_WHERE) as_bytes = false;
            if ((count > 1 && holds[in->b] && !asks) || (count > 2 && holds[in->c])) as_bytes = false;
            const bool loads = in->op == DLC_OP_LOAD && in->tensor == t;
            if (loads && in->type != (dlc_compute)DLC_COMPUTE_U8) as_bytes = false;
            if (!dlc_writes_result(in->op)) holds[in->dst] = loads;
        }
        if (as_bytes) p->operands[t].type = DLC_U8;
    }
}

void dlc_program_narrow_registers(dlc_program *p) {
    static const integer_range ranges[] = {{(dlc_compute)DLC_COMPUTE_U8, 0, UINT8_MAX}, {(dlc_compute)DLC_COMPUTE_I32, INT32_MIN, INT32_MAX}};
    for (int i = 0; i < 2; ++i) {
        if (!all_fit(p, &ranges[i])) continue;
        for (int k = 0; k < p->instruction_count; ++k) {
            dlc_instruction *in = &p->instructions[k];
            if (in->op == DLC_OP_CONVERT && in->from == DLC_COMPUTE_I64) in->from = ranges[i].type;
            if (in->type == DLC_COMPUTE_I64) in->type = ranges[i].type;
        }
        if (i == 0) take_bools(p);
        return;
    }
}
