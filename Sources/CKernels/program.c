/// Preparation of elementwise programs: checks, dimensions, tiles.
#include "program.h"

#include "dlc_convert.h"
#include "gather_index.h"

#include <stddef.h>
#include <string.h>

enum { least_tile = 256, most_tile = DLC_TILE_ELEMENTS, cache_budget = 24 << 10, task_elements = 16 << 10, unwritten = 255 };
enum { ahead_bytes = 16 << 20, least_ahead_steps = 4 };
enum { table_entries = DLC_TABLE_ENTRIES, least_table_points = 4096, least_table_steps = 4 };

bool dlc_program_without_tables = false;

const dlc_tile_functions *dlc_tile_functions_of(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_PORTABLE: return &dlc_tile_functions_portable;
#if defined(__x86_64__)
    case DLC_ISA_AVX2: return &dlc_tile_functions_avx2;
    case DLC_ISA_AVX512: return &dlc_tile_functions_avx512;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_tile_functions_neon;
#endif
    default: return NULL;
    }
}

int dlc_program_sources(dlc_op op, dlc_compute type) {
    bool integer = type >= DLC_COMPUTE_I64;
    if (type > (dlc_compute)DLC_COMPUTE_U8 || op >= DLC_OP_COUNT) return -1;
    if (op >= DLC_OP_GATE) return integer ? -1 : 2;
    if (op >= DLC_OP_BIT_AND) return !integer ? -1 : op == DLC_OP_BIT_NOT ? 1 : 2;
    if (op >= DLC_OP_CEIL) return integer ? -1 : 1;
    switch (op) {
    case DLC_OP_SUM: return integer ? -1 : 1;
    case DLC_OP_LOAD: case DLC_OP_CONST: return 0;
    case DLC_OP_WHERE: return 3;
    case DLC_OP_ADD: case DLC_OP_SUB: case DLC_OP_MUL: case DLC_OP_DIV: case DLC_OP_MOD: case DLC_OP_POW:
    case DLC_OP_MIN: case DLC_OP_MAX: case DLC_OP_EQ: case DLC_OP_NE: case DLC_OP_LT: case DLC_OP_LE:
    case DLC_OP_GT: case DLC_OP_GE: case DLC_OP_AND: case DLC_OP_OR: case DLC_OP_XOR: return 2;
    default: return 1;
    }
}

/// Whether the program makes sense; counts the points of its space.
static bool check(dlc_program *p, int64_t *points) {
    if (p->rank < 0 || p->rank > DLC_MAX_RANK || p->operand_count < 0 || p->operand_count > DLC_PROGRAM_OPERANDS ||
        p->result_count < 0 || p->result_count > DLC_PROGRAM_RESULTS || p->instruction_count < 0 ||
        p->instruction_count > DLC_PROGRAM_INSTRUCTIONS) return false;
    *points = 1;
    for (int d = 0; d < p->rank; ++d)
        if (p->shape[d] < 0 || __builtin_mul_overflow(*points, p->shape[d], points)) return false;
    for (int t = 0; t < p->operand_count; ++t) if (p->operands[t].type > DLC_BOOL) return false;
    for (int t = 0; t < p->result_count; ++t) if (p->results[t].type > DLC_BOOL) return false;

    uint8_t types[DLC_PROGRAM_REGISTERS];
    for (int r = 0; r < DLC_PROGRAM_REGISTERS; ++r) types[r] = unwritten;
    for (int k = 0; k < p->instruction_count; ++k) {
        dlc_instruction *in = &p->instructions[k];
        int count = dlc_program_sources(in->op, in->type);
        if (count < 0 || in->type > DLC_COMPUTE_U64) return false;
        dlc_compute read = in->op == DLC_OP_CONVERT ? in->from : in->type;
        uint8_t registers[] = { in->a, in->b, in->c };
        for (int s = 0; s < 3; ++s)
            if (registers[s] >= DLC_PROGRAM_REGISTERS || (s < count && types[registers[s]] != read)) return false;
        if (in->op == DLC_OP_LOAD && in->tensor >= p->operand_count) return false;
        if (in->op == DLC_OP_WRAP && in->narrow > DLC_BOOL) return false;
        if (dlc_writes_result(in->op)) {
            if (in->tensor >= p->result_count) return false;
            if (dlc_op_sums(in->op) && p->results[in->tensor].type != dlc_compute_type(in->type)) return false;
        } else {
            if (in->dst >= DLC_PROGRAM_REGISTERS) return false;
            types[in->dst] = in->type;
        }
    }
    return true;
}

/// The strides of tensor `t`, operands first.
static int64_t *strides(dlc_program *p, int t) {
    return t < p->operand_count ? p->operands[t].strides : p->results[t - p->operand_count].strides;
}

/// Orders dimensions by the strides of the first result (or operand), drops those of extent 1, and
/// merges neighbours that every tensor walks as one. Leaves at least one dimension.
static void merge(dlc_program *p) {
    int tensors = p->operand_count + p->result_count, rank = 0;
    for (int d = 0; d < p->rank; ++d) {
        if (p->shape[d] == 1) continue;
        p->shape[rank] = p->shape[d];
        for (int t = 0; t < tensors; ++t) strides(p, t)[rank] = strides(p, t)[d];
        rank += 1;
    }
    const int64_t *order = tensors == 0 ? NULL : strides(p, p->result_count > 0 ? p->operand_count : 0);
    for (int end = rank - 1; order && end > 0; --end) {
        for (int d = 0; d < end; ++d) {
            if (order[d] >= order[d + 1]) continue;
            int64_t extent = p->shape[d];
            p->shape[d] = p->shape[d + 1], p->shape[d + 1] = extent;
            for (int t = 0; t < tensors; ++t) {
                int64_t *s = strides(p, t), stride = s[d];
                s[d] = s[d + 1], s[d + 1] = stride;
            }
        }
    }
    int last = 0; // the dimension that d may merge into
    for (int d = 1; d < rank; ++d) {
        bool dense = true;
        for (int t = 0; t < tensors && dense; ++t) dense = strides(p, t)[last] == strides(p, t)[d] * p->shape[d];
        last += !dense;
        p->shape[last] = dense ? p->shape[last] * p->shape[d] : p->shape[d];
        for (int t = 0; t < tensors; ++t) strides(p, t)[last] = strides(p, t)[d];
    }
    if (rank == 0) {
        p->shape[0] = 1;
        for (int t = 0; t < tensors; ++t) strides(p, t)[0] = 1;
    }
    p->rank = last + 1;
}

/// Drops dimensions of extent 1 and merges neighbours that every operand walks as one, all but the last, which sums keep. Leaves
/// the last and at most one before it of extent 0.
static void merge_rows(dlc_program *p) {
    int tensors = p->operand_count + p->result_count, rank = 0, inner = p->rank - 1;
    for (int d = 0; d < inner; ++d) {
        if (p->shape[d] == 1) continue;
        bool joins = rank > 0;
        for (int t = 0; t < tensors && joins; ++t) joins = strides(p, t)[rank - 1] == strides(p, t)[d] * p->shape[d];
        int to = joins ? rank - 1 : rank++;
        p->shape[to] = joins ? p->shape[to] * p->shape[d] : p->shape[d];
        for (int t = 0; t < tensors; ++t) strides(p, t)[to] = strides(p, t)[d];
    }
    p->shape[rank] = p->shape[inner];
    for (int t = 0; t < tensors; ++t) strides(p, t)[rank] = strides(p, t)[inner];
    p->rank = rank + 1;
}

bool dlc_tiles_are_dense(const dlc_program *p, const int64_t *strides) {
    if (strides[p->rank - 1] != 1 && p->shape[p->rank - 1] != 1) return false;
    if (p->tile_rows == 1) return true;
    for (int d = p->rank - 2; d >= 0; --d)
        if (strides[d] != strides[d + 1] * p->shape[d + 1]) return false;
    return true;
}

/// Whether every tile of an operand reads the same elements.
static bool same_tiles(const dlc_program *p, const int64_t *strides) {
    int inner = p->rank - 1;
    for (int d = 0; d < inner; ++d) if (strides[d] != 0) return false;
    return strides[inner] == 0 || p->tile_columns == p->shape[inner];
}

/// Finds the loads that need no copy, the results that need none, and the work that is the same for all tiles.
static void choose_modes(dlc_program *p) {
    int writes[DLC_PROGRAM_REGISTERS] = {0};
    bool fixed[DLC_PROGRAM_REGISTERS] = {false};
    for (int k = 0; k < p->instruction_count; ++k)
        if (!dlc_writes_result(p->instructions[k].op)) writes[p->instructions[k].dst] += 1;
    for (int k = 0; k < p->instruction_count; ++k) {
        dlc_instruction *in = &p->instructions[k];
        int count = dlc_program_sources(in->op, in->type);
        uint8_t registers[] = { in->a, in->b, in->c };
        if (dlc_writes_result(in->op)) continue;
        bool same = writes[in->dst] == 1;
        for (int s = 0; s < count; ++s) same = same && fixed[registers[s]];
        if (in->op == DLC_OP_LOAD) {
            const dlc_program_tensor *operand = &p->operands[in->tensor];
            same = same && same_tiles(p, operand->strides);
            bool alias = !same && !(in->mode & DLC_MODE_SINGLE) && operand->type == dlc_compute_type(in->type) && dlc_tiles_are_dense(p, operand->strides);
            // After a store to a buffer that is also this operand, the register would no longer hold it.
            bool stored = false;
            for (int later = k + 1; later < p->instruction_count && alias; ++later) {
                const dlc_instruction *use = &p->instructions[later];
                int uses = dlc_program_sources(use->op, use->type);
                bool reads = (uses > 0 && use->a == in->dst) || (uses > 1 && use->b == in->dst) || (uses > 2 && use->c == in->dst);
                if (reads && stored) alias = false;
                if (use->op == DLC_OP_STORE) stored = true;
                else if (!dlc_op_sums(use->op) && use->dst == in->dst) break;
            }
            if (alias) in->mode |= DLC_MODE_ALIAS;
        }
        if (same) {
            in->mode |= DLC_MODE_ONCE;
            fixed[in->dst] = true;
        }
        // A value whose next instruction stores it as it is goes straight to the result.
        if (same || in->mode & (DLC_MODE_ALIAS | DLC_MODE_SINGLE) || k + 1 == p->instruction_count) continue;
        const dlc_instruction *next = &p->instructions[k + 1];
        if (next->op != DLC_OP_STORE || next->a != in->dst || !dlc_tiles_are_dense(p, p->results[next->tensor].strides)) continue;
        const dlc_type type = p->results[next->tensor].type;
        const bool truth = in->type == (dlc_compute)DLC_COMPUTE_U8 && in->op >= DLC_OP_EQ && in->op <= DLC_OP_NOT;
        if (type == dlc_compute_type(in->type) || (truth && type == DLC_BOOL)) in->mode |= DLC_MODE_DIRECT;
    }
}

/// Between how many instructions of a tile the memory of the next one is asked for: where there is more of it than caches hold, and
/// enough to compute that processors do not see it coming.
static int ahead_steps(const dlc_program *p, int64_t points) {
    int64_t bytes = 0;
    int steps = 0;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        const bool alias = in->op == DLC_OP_LOAD && in->mode & DLC_MODE_ALIAS;
        if (alias) bytes += dlc_type_bytes(p->operands[in->tensor].type);
        if (in->op == DLC_OP_STORE && dlc_tiles_are_dense(p, p->results[in->tensor].strides)) bytes += dlc_type_bytes(p->results[in->tensor].type);
        const bool direct = k > 0 && p->instructions[k - 1].mode & DLC_MODE_DIRECT;
        steps += !alias && !(in->mode & DLC_MODE_ONCE) && !direct;
    }
    return steps >= least_ahead_steps && points >= ahead_bytes / (bytes > 0 ? bytes : 1) && bytes > 0 ? steps : 0;
}

/// Whether an operand is one element for all of the space.
static bool is_single(const dlc_program *p, const int64_t *strides) {
    for (int d = 0; d < p->rank; ++d) if (strides[d] != 0) return false;
    return true;
}

/// Finds the operand that alone varies, where it and the only result have 8 bits and enough happens between them, as in what
/// quantized networks have between their layers: the results of its 256 values then stand for all.
static void find_table(dlc_program *p, int64_t points) {
    p->table_operand = p->table_result = -1;
    if (dlc_program_without_tables || p->sum_count > 0 || points < least_table_points || p->tile_rows * p->tile_columns < table_entries) return;
    int32_t operand = -1, result = -1;
    int steps = 0;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (in->mode & DLC_MODE_GRAIN) steps += 2;
        if (in->op != DLC_OP_LOAD && in->op != DLC_OP_STORE) {
            steps += in->op != DLC_OP_CONST;
            continue;
        }
        const dlc_program_tensor *t = in->op == DLC_OP_LOAD ? &p->operands[in->tensor] : &p->results[in->tensor];
        if (in->op == DLC_OP_LOAD && is_single(p, t->strides)) continue;
        // The table is one tile, read and written from where tensors begin.
        if (dlc_type_bytes(t->type) != 1 || t->offset != 0 || !dlc_tiles_are_dense(p, t->strides) || in->mode & DLC_MODE_ONCE) return;
        int32_t *found = in->op == DLC_OP_LOAD ? &operand : &result;
        if (*found >= 0 && (in->op == DLC_OP_STORE || *found != in->tensor)) return;
        *found = in->tensor;
    }
    if (result >= 0 && steps >= least_table_steps) p->table_operand = operand, p->table_result = operand < 0 ? -1 : result;
}

/// Whether a tile is of one row: where an operand has one element for each, which then need not be spread.
static bool takes_rows_apart(const dlc_program *p) {
    const int inner = p->rank - 1;
    bool apart = false;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (in->op != DLC_OP_LOAD) continue;
        const int64_t *strides = p->operands[in->tensor].strides;
        apart = apart || (strides[inner] == 0 && !is_single(p, strides));
    }
    return apart && p->shape[inner] >= least_tile;
}

/// Gives elements that stand for all of a tile registers of their own where others come into theirs, as long as there are any left.
static void separate_singles(dlc_program *p, bool rows_apart) {
    int writes[DLC_PROGRAM_REGISTERS] = {0}, free_register = 0;
    for (int k = 0; k < p->instruction_count; ++k)
        if (!dlc_writes_result(p->instructions[k].op)) writes[p->instructions[k].dst] += 1;
    for (int k = 0; k < p->instruction_count; ++k) {
        dlc_instruction *in = &p->instructions[k];
        if (in->op != DLC_OP_LOAD || in->type != DLC_COMPUTE_F32 || writes[in->dst] == 1) continue;
        const int64_t *strides = p->operands[in->tensor].strides;
        if (!is_single(p, strides) && !(rows_apart && strides[p->rank - 1] == 0)) continue;
        while (free_register < DLC_PROGRAM_REGISTERS && writes[free_register] > 0) ++free_register;
        if (free_register == DLC_PROGRAM_REGISTERS) return;
        const uint8_t old = in->dst;
        writes[old] -= 1, writes[free_register] = 1, in->dst = (uint8_t)free_register;
        for (int later = k + 1; later < p->instruction_count; ++later) {
            dlc_instruction *use = &p->instructions[later];
            const int count = dlc_program_sources(use->op, use->type);
            if (count > 0 && use->a == old) use->a = in->dst;
            if (count > 1 && use->b == old) use->b = in->dst;
            if (count > 2 && use->c == old) use->c = in->dst;
            if (!dlc_writes_result(use->op) && use->dst == old) break;
        }
    }
}

/// Finds the registers that need hold one element only, for all of the space or for each row: numbers that arithmetic in f32 has on one
/// of its sides.
static void choose_singles(dlc_program *p, bool rows_apart) {
    int writes[DLC_PROGRAM_REGISTERS] = {0};
    bool single[DLC_PROGRAM_REGISTERS] = {false};
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (dlc_writes_result(in->op)) continue;
        writes[in->dst] += 1;
        single[in->dst] = in->type == DLC_COMPUTE_F32 &&
                          (in->op == DLC_OP_CONST || (in->op == DLC_OP_LOAD && is_single(p, p->operands[in->tensor].strides)) ||
                           (in->op == DLC_OP_LOAD && rows_apart && p->operands[in->tensor].strides[p->rank - 1] == 0));
    }
    for (int r = 0; r < DLC_PROGRAM_REGISTERS; ++r) single[r] = single[r] && writes[r] == 1;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        const uint8_t registers[] = { in->a, in->b, in->c };
        const bool arithmetic = in->type == DLC_COMPUTE_F32 && in->op >= DLC_OP_ADD && in->op <= DLC_OP_DIV;
        const int count = dlc_program_sources(in->op, in->type);
        // Of two numbers the second is spread.
        if (arithmetic && single[in->a]) single[in->b] = false;
        for (int s = 0; s < count && !arithmetic; ++s) single[registers[s]] = false;
    }
    for (int k = 0; k < p->instruction_count; ++k) {
        dlc_instruction *in = &p->instructions[k];
        const int count = dlc_program_sources(in->op, in->type);
        if (!dlc_writes_result(in->op) && single[in->dst]) in->mode |= DLC_MODE_SINGLE;
        if (count > 0 && single[in->a]) in->mode |= DLC_MODE_SINGLE_A;
        if (count > 1 && single[in->b]) in->mode |= DLC_MODE_SINGLE_B;
    }
}

bool dlc_program_prepare(dlc_isa isa, dlc_program *p, dlc_launch *launch) {
    int64_t points;
    if (dlc_tile_functions_of(isa) == NULL || !check(p, &points)) return false;
    for (int k = 0; k < p->instruction_count; ++k) p->instructions[k].mode = 0;
    dlc_program_narrow(p);
    dlc_program_narrow_registers(p);
    p->sum_count = 0;
    for (int k = 0; k < p->instruction_count; ++k) p->sum_count += dlc_op_sums(p->instructions[k].op);
    if (p->sum_count > 0 && p->rank == 0) return false;
    if (p->sum_count > 0) merge_rows(p);
    else if (points == 0) p->rank = 1, p->shape[0] = 0;
    else merge(p);
    const bool rows_apart = takes_rows_apart(p);
    separate_singles(p, rows_apart);
    choose_singles(p, rows_apart);
    int registers = 0, singles = 0;
    int64_t width = 1;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (!dlc_writes_result(in->op) && in->dst >= registers) registers = in->dst + 1;
        singles += (in->mode & DLC_MODE_SINGLE) != 0;
        if (dlc_compute_bytes(in->type) > width) width = dlc_compute_bytes(in->type);
    }
    int64_t tile = most_tile;
    while (tile > least_tile && tile * width * (registers - singles) > cache_budget) tile /= 2;

    int64_t inner = p->shape[p->rank - 1], rows = 1;
    for (int d = 0; d < p->rank - 1; ++d) rows *= p->shape[d];
    if (inner > tile) {
        // Even pieces of whole vectors.
        int64_t pieces = (inner + tile - 1) / tile;
        p->tile_columns = ((inner + pieces - 1) / pieces + 15) / 16 * 16;
        p->tile_rows = 1;
    } else {
        p->tile_columns = inner > 0 ? inner : 1;
        p->tile_rows = rows_apart ? 1 : tile / p->tile_columns;
        if (p->tile_rows > rows) p->tile_rows = rows > 0 ? rows : 1;
    }
    int64_t pieces = (inner + p->tile_columns - 1) / p->tile_columns;
    p->tile_count = (rows + p->tile_rows - 1) / p->tile_rows * pieces;
    int64_t elements = p->tile_rows * p->tile_columns;
    // What regions sum up has its order by tasks.
    const int64_t task = p->sum_count > 0 ? task_elements : dlc_task_elements(rows * inner, task_elements);
    p->tiles_per_task = (task + elements - 1) / elements;
    p->slot_bytes = (elements * width + 63) / 64 * 64;
    p->isa = isa;
    choose_modes(p);
    p->ahead_steps = ahead_steps(p, points);
    find_table(p, points);
    p->tasks = (p->tile_count + p->tiles_per_task - 1) / p->tiles_per_task;
    int64_t sum_bytes = 0;
    if (p->sum_count > 0) {
        // Sums of no rows are zeros, which somebody has to write.
        if (p->tasks == 0) p->tasks = 1;
        if (__builtin_mul_overflow(p->tasks * p->sum_count * 8, inner, &sum_bytes)) return false;
    }
    *launch = (dlc_launch){
        .run = dlc_program_run,
        .tasks = p->tasks,
        .phases = p->sum_count > 0 || p->table_operand >= 0 ? 2 : 1,
        .shared_bytes = p->table_operand >= 0 ? table_entries : sum_bytes,
        .scratch_bytes = registers * p->slot_bytes,
    };
    return true;
}
