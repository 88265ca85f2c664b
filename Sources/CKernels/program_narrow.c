/// Integers in programs, those of 8 bits as quantized tensors come and go: fewer instructions for the same numbers.
#include "program.h"

#include "dlc_convert.h"

#include <math.h>
#include <string.h>

static bool reads(const dlc_instruction *in, int r) {
    const int count = dlc_program_sources(in->op, in->type);
    return (count > 0 && in->a == r) || (count > 1 && in->b == r) || (count > 2 && in->c == r);
}

static bool writes(const dlc_instruction *in, int r) { return !dlc_writes_result(in->op) && in->dst == r; }

/// The one instruction that reads what instruction `k` leaves in register `r`; -1 where none does, or several do.
static int sole_reader(const dlc_program *p, int k, int r) {
    int found = -1;
    for (int later = k + 1; later < p->instruction_count; ++later) {
        const dlc_instruction *use = &p->instructions[later];
        if (reads(use, r)) {
            if (found >= 0) return -1;
            found = later;
        }
        if (writes(use, r)) break;
    }
    return found;
}

static void remove_instruction(dlc_program *p, int k) {
    p->instruction_count -= 1;
    memmove(&p->instructions[k], &p->instructions[k + 1], (size_t)(p->instruction_count - k) * sizeof *p->instructions);
}

static bool is_byte(dlc_type type) { return type == DLC_I8 || type == DLC_U8; }

static bool is_integer(dlc_type type) { return type >= DLC_I8 && type <= DLC_BOOL; }
static bool is_truth(dlc_op op) { return (op >= DLC_OP_EQ && op <= DLC_OP_NOT) || op == DLC_OP_IS_NAN || op == DLC_OP_IS_INF; }

/// Whether nothing writes register `r` from instruction `from` on and before `to`, but for one that goes.
static bool lasts(const dlc_program *p, int r, int from, int to, int goes) {
    for (int k = from; k < to; ++k) if (k != goes && writes(&p->instructions[k], r)) return false;
    return true;
}

/// Integers become floats as they are loaded, where programs go by way of 64 bits.
static void load_at_once(dlc_program *p) {
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (in->op != DLC_OP_LOAD || in->type < DLC_COMPUTE_I64) continue;
        const dlc_type type = p->operands[in->tensor].type;
        if (!is_integer(type) || (type == DLC_U64) != (in->type == DLC_COMPUTE_U64)) continue;
        const int reader = sole_reader(p, k, in->dst);
        if (reader < 0) continue;
        dlc_instruction *convert = &p->instructions[reader];
        bool stores = false; // to memory that may be the operand's
        for (int i = k + 1; i < reader; ++i) stores = stores || dlc_writes_result(p->instructions[i].op);
        if (stores || convert->op != DLC_OP_CONVERT || convert->type > DLC_COMPUTE_F64) continue;
        *convert = (dlc_instruction){.op = DLC_OP_LOAD, .type = convert->type, .dst = convert->dst, .tensor = in->tensor};
        remove_instruction(p, k--);
    }
}

/// What is wrapped, or rounded, and stored in the type that it was wrapped to is stored as it was, and so are truth values of floats as bools.
static void store_at_once(dlc_program *p) {
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction first = p->instructions[k];
        // Numbers of f32 that are wrapped to more than 16 bits are rounded after it.
        const int most = first.type == DLC_COMPUTE_F32 ? 2 : 4;
        const bool rounds = first.op == DLC_OP_WRAP && (first.narrow == DLC_F16 || first.narrow == DLC_BF16) && first.type <= DLC_COMPUTE_F64;
        const bool wraps = rounds || (first.op == DLC_OP_WRAP && is_integer(first.narrow) && dlc_type_bytes(first.narrow) <= most);
        const bool converts = first.op == DLC_OP_CONVERT && first.type >= DLC_COMPUTE_I64 && first.from <= DLC_COMPUTE_F64;
        if (!wraps && !converts) continue;
        int end = sole_reader(p, k, first.dst), middle = -1;
        if (end >= 0 && wraps && !rounds && first.type <= DLC_COMPUTE_F64) { // by way of 64 bits
            const dlc_instruction *convert = &p->instructions[middle = end];
            if (convert->op != DLC_OP_CONVERT || convert->type < DLC_COMPUTE_I64) continue;
            end = sole_reader(p, middle, convert->dst);
        }
        if (end < 0 || p->instructions[end].op != DLC_OP_STORE) continue;
        const dlc_type type = p->results[p->instructions[end].tensor].type;
        if (type != (wraps ? first.narrow : DLC_BOOL) || !lasts(p, first.a, k + 1, end, middle)) continue;
        if (converts) {
            int writer = k - 1;
            while (writer >= 0 && !writes(&p->instructions[writer], first.a)) --writer;
            if (writer < 0 || !is_truth(p->instructions[writer].op)) continue;
        }
        p->instructions[end].type = converts ? first.from : first.type, p->instructions[end].a = first.a;
        if (middle >= 0) remove_instruction(p, middle);
        remove_instruction(p, k--);
    }
}

/// Instructions that each have one reader, the next: those of a quantization or a dequantization, or of both.
typedef struct {
    int at[12], count;
    float scale, zero;
    int64_t low, high;
} grain_chain;

/// The number that instruction `k` has in register `r`.
static bool constant(const dlc_program *p, int k, int r, float *number) {
    while (--k >= 0 && !writes(&p->instructions[k], r)) {}
    if (k < 0 || p->instructions[k].op != DLC_OP_CONST) return false;
    *number = (float)p->instructions[k].f0;
    return true;
}

/// Goes on to the reader of the last instruction where it is an `op` in f32 with a number behind it, or on either side of it.
static bool follow(const dlc_program *p, grain_chain *chain, dlc_op op, float *number) {
    const int last = chain->at[chain->count - 1], value = p->instructions[last].dst, next = sole_reader(p, last, value);
    if (next < 0) return false;
    const dlc_instruction *in = &p->instructions[next];
    if (in->op != op || in->type != DLC_COMPUTE_F32) return false;
    const bool turns = in->a != value && op != DLC_OP_SUB;
    if (number && (in->a == in->b || (in->a != value && !turns) || !constant(p, next, turns ? in->a : in->b, number))) return false;
    chain->at[chain->count++] = next;
    return true;
}

/// [x - zero]; x · scale
static bool follow_dequantization(const dlc_program *p, grain_chain *chain) {
    chain->zero = 0;
    follow(p, chain, DLC_OP_SUB, &chain->zero);
    return follow(p, chain, DLC_OP_MUL, &chain->scale);
}

/// x / scale; round; [+ zero]; clip, from `k` on.
static bool find_quantization(const dlc_program *p, int k, grain_chain *chain) {
    const dlc_instruction *in = &p->instructions[k];
    *chain = (grain_chain){.at = {k}, .count = 1};
    if (in->op != DLC_OP_DIV || in->type != DLC_COMPUTE_F32 || !constant(p, k, in->b, &chain->scale)) return false;
    // So that quotients and products overflow alike.
    if (!(fabsf(chain->scale) >= 0x1p-100f && fabsf(chain->scale) <= 0x1p100f) || !follow(p, chain, DLC_OP_ROUND, NULL)) return false;
    follow(p, chain, DLC_OP_ADD, &chain->zero);
    if (!(fabsf(chain->zero) <= 255) || !follow(p, chain, DLC_OP_CLIP, NULL)) return false;
    const dlc_instruction *clip = &p->instructions[chain->at[chain->count - 1]];
    if (!(clip->f0 >= -128 && clip->f1 <= 255 && clip->f0 <= clip->f1) || clip->f0 != rint(clip->f0) || clip->f1 != rint(clip->f1)) return false;
    chain->low = (int64_t)clip->f0, chain->high = (int64_t)clip->f1;
    return true;
}

static bool holds(dlc_type type, const grain_chain *chain) {
    return type == DLC_U8 ? chain->low >= 0 : type == DLC_I8 && chain->high <= 127;
}

/// Goes on from a quantization to the store of its bytes, or through them to the dequantization by the same numbers.
static bool follow_bytes(const dlc_program *p, grain_chain *chain) {
    const int last = chain->at[chain->count - 1];
    int next = sole_reader(p, last, p->instructions[last].dst);
    if (next < 0) return false;
    const dlc_instruction *in = &p->instructions[next];
    chain->at[chain->count++] = next;
    if (in->op == DLC_OP_STORE) return in->type == DLC_COMPUTE_F32 && holds(p->results[in->tensor].type, chain);
    if (in->op != DLC_OP_WRAP || in->type != DLC_COMPUTE_F32 || !holds(in->narrow, chain)) return false;
    for (int i = 0; i < 2; ++i) {
        next = sole_reader(p, next, p->instructions[next].dst);
        if (next < 0 || p->instructions[next].op != DLC_OP_CONVERT || p->instructions[next].type != (i == 0 ? DLC_COMPUTE_I64 : DLC_COMPUTE_F32)) return false;
        chain->at[chain->count++] = next;
    }
    const float scale = chain->scale, zero = chain->zero;
    return follow_dequantization(p, chain) && chain->scale == scale && chain->zero == zero;
}

/// Puts one instruction in place of a chain: where it ends, or where its source does not last so long, where it begins. False where
/// it can be at neither.
static bool replace(dlc_program *p, const grain_chain *chain, dlc_instruction in) {
    const int first = chain->at[0], last = chain->at[chain->count - 1];
    const bool has_source = in.op != DLC_OP_LOAD;
    bool lasts = true, begins = true;
    for (int k = first, link = 0; k < last; ++k) {
        const dlc_instruction *other = &p->instructions[k];
        if (k == chain->at[link]) {
            ++link;
            continue;
        }
        if (has_source && writes(other, in.a)) lasts = false;
        if (in.op == DLC_OP_LOAD && dlc_writes_result(other->op)) lasts = false; // to memory that may be the operand's
        if (in.op == DLC_OP_STORE ? other->op == DLC_OP_LOAD : writes(other, in.dst) || reads(other, in.dst)) begins = false;
    }
    if (!lasts && (!begins || !has_source)) return false;
    p->instructions[lasts ? last : first] = in;
    for (int link = chain->count - 1; link >= 0; --link)
        if (chain->at[link] != (lasts ? last : first)) remove_instruction(p, chain->at[link]);
    return true;
}

static dlc_instruction grain(const dlc_program *p, const grain_chain *chain, dlc_op op) {
    const dlc_instruction *last = &p->instructions[chain->at[chain->count - 1]];
    return (dlc_instruction){.op = op, .type = DLC_COMPUTE_F32, .dst = last->dst, .a = p->instructions[chain->at[0]].a, .tensor = last->tensor,
                             .mode = DLC_MODE_GRAIN, .f0 = chain->scale, .f1 = chain->zero, .i0 = chain->low, .i1 = chain->high};
}

/// Quantizations and dequantizations become the loads and stores of their bytes, or one instruction where they meet.
static void join_grains(dlc_program *p) {
    grain_chain chain;
    for (int k = 0; k < p->instruction_count; ++k) {
        if (!find_quantization(p, k, &chain) || !follow_bytes(p, &chain)) continue;
        const dlc_op op = p->instructions[chain.at[chain.count - 1]].op == DLC_OP_STORE ? DLC_OP_STORE : DLC_OP_ROUND;
        // What stands here then may be another's first.
        k -= replace(p, &chain, grain(p, &chain, op));
    }
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *load = &p->instructions[k];
        chain = (grain_chain){.at = {k}, .count = 1};
        if (load->op != DLC_OP_LOAD || load->mode & DLC_MODE_GRAIN || load->type != DLC_COMPUTE_F32) continue;
        if (!is_byte(p->operands[load->tensor].type) || !follow_dequantization(p, &chain)) continue;
        dlc_instruction in = grain(p, &chain, DLC_OP_LOAD);
        in.tensor = load->tensor;
        k -= replace(p, &chain, in);
    }
    // Numbers that nobody reads any more.
    for (int k = p->instruction_count - 1; k >= 0; --k) {
        const dlc_instruction *in = &p->instructions[k];
        if (in->op != DLC_OP_CONST) continue;
        bool is_read = false;
        for (int later = k + 1; later < p->instruction_count && !is_read; ++later) {
            is_read = reads(&p->instructions[later], in->dst);
            if (writes(&p->instructions[later], in->dst)) break;
        }
        if (!is_read) remove_instruction(p, k);
    }
}

void dlc_program_narrow(dlc_program *p) {
    load_at_once(p);
    store_at_once(p);
    join_grains(p);
}
