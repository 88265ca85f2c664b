// Checks the executor of elementwise programs on every instruction set of the host: random programs over
// random spaces (broadcast, permuted and stretched strides, all types, results in place, tasks in random
// ranges) must give the bits that one element at a time gives. Compiled with the files of
// Sources/CKernels; exits with 1 on a failure.
#include "check_common.h"

enum { region = 1 << 16 };

/// Strides of a tensor over `shape` inside `region` elements: dense in a random order of dimensions,
/// with some of them broadcast (operands) or stretched.
static void random_strides(int rank, const int64_t *shape, bool operand, const int *order, dlc_program_tensor *t) {
    int64_t stride = below(4) == 0 ? 1 + below(3) : 1;
    for (int k = rank - 1; k >= 0; --k) {
        int d = order[k];
        if (operand && below(3) == 0) { t->strides[d] = 0; continue; }
        t->strides[d] = stride;
        stride *= shape[d];
        if (below(5) == 0) stride += below(5);
    }
    t->offset = below(9);
}

static bool fits(int rank, const int64_t *shape, const dlc_program_tensor *t) {
    int64_t last = t->offset;
    for (int d = 0; d < rank; ++d) last += t->strides[d] * (shape[d] - 1);
    return last < region;
}

static int64_t offset_at(int rank, const int64_t *place, const dlc_program_tensor *t) {
    int64_t offset = t->offset;
    for (int d = 0; d < rank; ++d) offset += t->strides[d] * place[d];
    return offset;
}

static void random_program(dlc_program *p) {
    static const dlc_op any[] = { DLC_OP_ADD, DLC_OP_SUB, DLC_OP_MUL, DLC_OP_DIV, DLC_OP_MIN, DLC_OP_MAX, DLC_OP_LT, DLC_OP_WHERE, DLC_OP_RELU, DLC_OP_NEG, DLC_OP_XOR };
    static const dlc_op floats[] = { DLC_OP_EXP, DLC_OP_TANH, DLC_OP_GELU, DLC_OP_SILU, DLC_OP_FLOOR, DLC_OP_SQRT, DLC_OP_SIN, DLC_OP_HARD_SWISH };
    uint8_t types[DLC_PROGRAM_REGISTERS];
    memset(types, 255, sizeof types);
    int registers = 2 + (int)below(8), k = 0;
    for (int t = 0; t < p->operand_count; ++t) {
        dlc_compute type = below(4) ? DLC_COMPUTE_F32 : (dlc_compute)below(4);
        int dst = (int)below(registers);
        p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = type, .dst = (uint8_t)dst, .tensor = (uint8_t)t };
        types[dst] = type;
    }
    int stored = 0;
    for (int64_t steps = 1 + below(20); steps > 0 || stored < p->result_count; --steps) {
        int a, b, c, dst = (int)below(registers);
        do a = (int)below(registers); while (types[a] == 255);
        for (b = (int)below(registers); types[b] != types[a];) b = (int)below(registers);
        for (c = (int)below(registers); types[c] != types[a];) c = (int)below(registers);
        dlc_instruction in = { .type = (dlc_compute)types[a], .dst = (uint8_t)dst, .a = (uint8_t)a, .b = (uint8_t)b, .c = (uint8_t)c, .f0 = 1.5, .i0 = 3 };
        int64_t kind = below(10);
        if (kind == 0) in.op = DLC_OP_CONST;
        else if (kind == 1) in.op = DLC_OP_CONVERT, in.from = in.type, in.type = (dlc_compute)below(4);
        else if (kind == 2) in.op = DLC_OP_WRAP, in.narrow = (dlc_type)below(13);
        else if (kind == 3) in.op = DLC_OP_WRAP, in.narrow = (dlc_type)(DLC_I8 + below(8));
        else if (kind < 6 && in.type <= DLC_COMPUTE_F64) in.op = floats[below(8)];
        else in.op = any[below(11)];
        types[dst] = in.type;
        p->instructions[k++] = in;
        if (stored < p->result_count && (steps <= 1 || below(5) == 0))
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = in.type, .a = (uint8_t)dst, .tensor = (uint8_t)stored++ };
    }
    p->instruction_count = k;
}

/// Integers and bools, with what is compared in floats among them: what fits goes through registers of fewer bits.
static void random_integers(dlc_program *p) {
    static const dlc_op any[] = { DLC_OP_ADD, DLC_OP_SUB, DLC_OP_MUL, DLC_OP_DIV, DLC_OP_MOD, DLC_OP_NEG, DLC_OP_ABS, DLC_OP_SIGN, DLC_OP_RELU, DLC_OP_MIN, DLC_OP_MAX,
        DLC_OP_CLIP, DLC_OP_EQ, DLC_OP_NE, DLC_OP_LT, DLC_OP_LE, DLC_OP_GT, DLC_OP_GE, DLC_OP_AND, DLC_OP_OR, DLC_OP_XOR, DLC_OP_NOT, DLC_OP_WHERE,
        DLC_OP_BIT_AND, DLC_OP_BIT_OR, DLC_OP_BIT_XOR, DLC_OP_BIT_NOT };
    static const dlc_op truths[] = { DLC_OP_EQ, DLC_OP_NE, DLC_OP_LT, DLC_OP_GE, DLC_OP_AND, DLC_OP_OR, DLC_OP_XOR, DLC_OP_NOT, DLC_OP_WHERE };
    static const dlc_type types[] = { DLC_I32, DLC_I32, DLC_I16, DLC_U16, DLC_I8, DLC_U32, DLC_I64, DLC_U8, DLC_BOOL };
    // Of bytes mostly, of 32 bits, or of anything.
    const int64_t kind = below(3), first_type = kind == 0 ? 7 : 0, type_count = kind == 0 ? 2 : kind == 1 ? 5 : 9;
    uint8_t next = 0;
    int k = 0;
    for (int t = 0; t < p->operand_count; ++t, ++next) {
        const bool is_float = below(6) == 0;
        p->operands[t].type = is_float ? (below(2) ? DLC_F32 : DLC_F64) : types[first_type + below(type_count)];
        const dlc_compute type = is_float ? (p->operands[t].type == DLC_F32 ? DLC_COMPUTE_F32 : DLC_COMPUTE_F64) : DLC_COMPUTE_I64;
        p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = type, .dst = next, .tensor = (uint8_t)t };
        if (!is_float) continue;
        const dlc_op op = truths[below(4)];
        p->instructions[k++] = (dlc_instruction){ .op = op, .type = type, .dst = next, .a = next, .b = next };
        p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_CONVERT, .type = DLC_COMPUTE_I64, .from = type, .dst = next, .a = next };
    }
    for (int64_t steps = 1 + below(6); steps > 0; --steps) {
        dlc_instruction in = { .type = DLC_COMPUTE_I64, .dst = next, .a = (uint8_t)below(next), .b = (uint8_t)below(next), .c = (uint8_t)below(next),
            .op = kind == 0 && below(2) ? truths[below(9)] : any[below(sizeof any / sizeof *any)], .i0 = below(2) ? -(int64_t)below(300) : 0, .i1 = below(300) };
        if (below(8) == 0) in.op = DLC_OP_CONST, in.i0 = below(20) ? in.i1 : in.i1 << 33;
        p->instructions[k++] = in;
        if (below(3)) p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_WRAP, .type = DLC_COMPUTE_I64, .dst = next, .a = next, .narrow = types[first_type + below(type_count)] };
        next += 1;
    }
    for (int t = 0; t < p->result_count; ++t) {
        const uint8_t a = next - 1 - (uint8_t)(below(2) ? below(next) : 0);
        const int64_t source = below(p->operand_count);
        const dlc_type source_type = p->operands[source].type;
        if (source_type <= DLC_F64 && t == 0) { // a cast to what floats wrap to, in registers of its own or in one
            const dlc_compute type = source_type == DLC_F32 ? DLC_COMPUTE_F32 : DLC_COMPUTE_F64;
            const uint8_t more = (uint8_t)below(2);
            p->results[t].type = types[first_type + below(type_count)];
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_LOAD, .type = type, .dst = next, .tensor = (uint8_t)source };
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_WRAP, .type = type, .dst = next + more, .a = next, .narrow = p->results[t].type };
            if (below(3) == 0) { // or round to
                p->results[t].type = p->instructions[k - 1].narrow = below(2) ? DLC_F16 : DLC_BF16;
                p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = type, .a = next + more, .tensor = (uint8_t)t };
                continue;
            }
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_CONVERT, .type = DLC_COMPUTE_I64, .from = type, .dst = next + 2 * more, .a = next + more };
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = DLC_COMPUTE_I64, .a = next + 2 * more, .tensor = (uint8_t)t };
        } else if (below(5) == 0) { // by way of floats
            p->results[t].type = below(2) ? DLC_F32 : DLC_U8;
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_CONVERT, .type = DLC_COMPUTE_F32, .from = DLC_COMPUTE_I64, .dst = next, .a = a };
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = DLC_COMPUTE_F32, .a = next, .tensor = (uint8_t)t };
        } else {
            p->results[t].type = types[first_type + below(type_count)];
            p->instructions[k++] = (dlc_instruction){ .op = DLC_OP_STORE, .type = DLC_COMPUTE_I64, .a = a, .tensor = (uint8_t)t };
        }
    }
    p->instruction_count = k;
}

/// Writes a program, to registers of their own or over its sources; numbers are in registers 0 to 2, and sometimes put there again.
typedef struct { dlc_program *p; uint8_t next; bool reuses; double numbers[3]; } grain_writer;

static void append(grain_writer *w, dlc_instruction in) { w->p->instructions[w->p->instruction_count++] = in; }

static void append_number(grain_writer *w, int r) { append(w, (dlc_instruction){.op = DLC_OP_CONST, .dst = (uint8_t)r, .f0 = w->numbers[r]}); }

static uint8_t append_to(grain_writer *w, uint8_t a, dlc_op op, uint8_t b) {
    const bool is_signed = w->p->results[0].type == DLC_I8;
    const uint8_t dst = w->reuses || w->next > 16 ? a : w->next++;
    if (b < 3 && below(2)) append_number(w, b);
    append(w, (dlc_instruction){.op = op, .dst = dst, .a = a, .b = b, .f0 = is_signed ? -128 : 0, .f1 = is_signed ? 127 : 255});
    return dst;
}

/// From 8 bits to 8 bits through scales and zero points, as quantized networks have it: of one operand or two, with what is
/// quantized and dequantized between.
static void random_grains(dlc_program *p) {
    const bool has_zero = below(4) > 0;
    const dlc_type types[] = {DLC_U8, DLC_I8};
    grain_writer w = {p, 4, below(2), {ldexp(1 + (double)below(1000) / 1000, -(int)below(12)), below(2) ? 3 : 120, below(8) ? 0.37 : NAN}};
    p->instruction_count = 0, p->result_count = 1, p->results[0].type = types[below(2)];
    for (int r = 0; r < 3; ++r) append_number(&w, r);
    uint8_t values[2] = {0};
    const int count = p->operand_count > 1 ? 2 : 1;
    for (int t = 0; t < count; ++t) {
        const uint8_t wide = w.next++, narrow = w.next++;
        values[t] = narrow;
        if (t == 1 && below(2)) {
            p->operands[t].type = DLC_F32;
            append(&w, (dlc_instruction){.op = DLC_OP_LOAD, .dst = narrow, .tensor = (uint8_t)t});
            continue;
        }
        p->operands[t].type = types[below(2)];
        append(&w, (dlc_instruction){.op = DLC_OP_LOAD, .type = DLC_COMPUTE_I64, .dst = wide, .tensor = (uint8_t)t});
        append(&w, (dlc_instruction){.op = DLC_OP_CONVERT, .type = DLC_COMPUTE_F32, .from = DLC_COMPUTE_I64, .dst = narrow, .a = wide});
        if (has_zero) values[t] = append_to(&w, values[t], DLC_OP_SUB, 1);
        values[t] = append_to(&w, values[t], DLC_OP_MUL, 0);
    }
    uint8_t x = values[0];
    for (int64_t rounds = 1 + below(2); rounds > 0; --rounds) {
        const bool adds = x == values[0] && count == 2;
        x = append_to(&w, x, adds ? DLC_OP_ADD : below(2) ? DLC_OP_MUL : DLC_OP_EXP, adds ? values[1] : 2);
        x = append_to(&w, x, DLC_OP_DIV, 0);
        x = append_to(&w, x, DLC_OP_ROUND, 3);
        if (has_zero) x = append_to(&w, x, DLC_OP_ADD, 1);
        x = append_to(&w, x, DLC_OP_CLIP, 3);
        const uint8_t narrow = w.next++, wide = w.next++;
        append(&w, (dlc_instruction){.op = DLC_OP_WRAP, .dst = narrow, .a = x, .narrow = p->results[0].type});
        append(&w, (dlc_instruction){.op = DLC_OP_CONVERT, .type = DLC_COMPUTE_I64, .from = DLC_COMPUTE_F32, .dst = wide, .a = narrow});
        if (rounds == 1) append(&w, (dlc_instruction){.op = DLC_OP_STORE, .type = DLC_COMPUTE_I64, .a = wide});
        else append(&w, (dlc_instruction){.op = DLC_OP_CONVERT, .type = DLC_COMPUTE_F32, .from = DLC_COMPUTE_I64, .dst = narrow, .a = wide});
        x = narrow;
        if (rounds > 1 && has_zero) x = append_to(&w, x, DLC_OP_SUB, 1);
        if (rounds > 1) x = append_to(&w, x, DLC_OP_MUL, 0);
    }
}

static uint64_t memory[2][DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS][region];

static void check_executor(dlc_isa isa, int rounds) {
    const dlc_tile_functions *f = dlc_tile_functions_of(isa);
    int direct = 0, alias = 0, once = 0, in_place = 0, tables = 0, grains = 0, narrowed = 0;
    for (int round = 0; round < rounds; ++round) {
        static dlc_program p;
        memset(&p, 0, sizeof p);
        p.rank = (int32_t)below(5);
        int order[DLC_MAX_RANK] = {0};
        int64_t elements = 1;
        for (int d = 0; d < p.rank; ++d) {
            p.shape[d] = below(30) == 0 ? 0 : 1 + below((int64_t[]){ 3, 12, 40, 3000 }[below(4)]);
            if (elements * p.shape[d] > 12000) p.shape[d] = 1 + below(2);
            elements *= p.shape[d];
            int at = (int)below(d + 1);
            order[d] = order[at], order[at] = d;
        }
        p.operand_count = 1 + (int32_t)below(4), p.result_count = 1 + (int32_t)below(2);
        bool usable = true;
        for (int t = 0; t < p.operand_count; ++t) {
            p.operands[t].type = below(2) ? DLC_F32 : (dlc_type)below(13);
            int other[DLC_MAX_RANK];
            memcpy(other, order, sizeof other);
            for (int d = 1; d < p.rank && below(2); ++d) { int at = (int)below(d + 1), k = other[d]; other[d] = other[at], other[at] = k; }
            random_strides(p.rank, p.shape, true, other, &p.operands[t]);
            usable = usable && fits(p.rank, p.shape, &p.operands[t]);
        }
        for (int t = 0; t < p.result_count; ++t) {
            p.results[t].type = below(2) ? DLC_F32 : (dlc_type)below(13);
            random_strides(p.rank, p.shape, false, order, &p.results[t]);
            usable = usable && fits(p.rank, p.shape, &p.results[t]);
        }
        if (below(8) == 0) { // from 8 bits to 8 bits, with numbers beside
            const dlc_type narrow[] = {DLC_U8, DLC_I8, DLC_BOOL};
            usable = true, elements = 4000 + below(8000), p.rank = 1, p.shape[0] = elements, p.result_count = 1;
            for (int t = 0; t < p.operand_count; ++t) p.operands[t].strides[0] = t == 0, p.operands[t].offset = below(2) * below(3);
            p.results[0].strides[0] = 1, p.results[0].offset = below(2) * below(3);
            p.operands[0].type = narrow[below(3)], p.results[0].type = narrow[below(3)];
        }
        if (!usable) continue;
        const bool integers = below(4) == 0;
        if (integers) random_integers(&p);
        else if (below(6) == 0 && p.result_count == 1) random_grains(&p);
        else random_program(&p);
        // Sometimes the first result is written over the first operand.
        bool over = below(3) == 0;
        for (int d = 0; d < p.rank; ++d) over = over && (p.operands[0].strides[d] != 0 || p.shape[d] == 1);
        if (over) p.results[0] = p.operands[0], in_place += 1;

        int tensors = p.operand_count + p.result_count;
        void *buffers[2][DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS];
        for (int t = 0; t < tensors; ++t) {
            for (int i = 0; i < region; ++i) memory[0][t][i] = next_random();
            if (t < p.operand_count && is_float(p.operands[t].type)) {
                static double values[region];
                for (int i = 0; i < region; ++i) values[i] = (double)(int64_t)next_random() * 0x1p-62;
                dlc_convert(DLC_F64, p.operands[t].type, values, memory[0][t], region);
            }
            memcpy(memory[1][t], memory[0][t], sizeof memory[0][t]);
            for (int m = 0; m < 2; ++m) buffers[m][t] = memory[m][over && t == p.operand_count ? 0 : t];
        }

        static dlc_program prepared;
        prepared = p;
        dlc_launch launch;
        if (!dlc_program_prepare(isa, &prepared, &launch)) { FAIL("prepare refuses a program"); continue; }
        tables += prepared.table_operand >= 0;
        int joined = 0, fewer = 0;
        for (int k = 0; k < prepared.instruction_count; ++k) {
            direct += (prepared.instructions[k].mode & DLC_MODE_DIRECT) != 0;
            alias += (prepared.instructions[k].mode & DLC_MODE_ALIAS) != 0;
            once += (prepared.instructions[k].mode & DLC_MODE_ONCE) != 0;
            joined += (prepared.instructions[k].mode & DLC_MODE_GRAIN) != 0;
            fewer += prepared.instructions[k].type > DLC_COMPUTE_U64;
        }
        grains += joined;
        narrowed += fewer > 0;
        // Which of two numbers that are none survives depends on the way to add them, so that is the prepared program's where it can be.
        const dlc_program *given = joined > 0 || integers ? &p : &prepared;
        static uint64_t reference_registers[DLC_PROGRAM_REGISTERS];
        int64_t place[DLC_MAX_RANK] = {0};
        for (int64_t e = 0; e < elements; ++e) {
            int64_t rest = e;
            for (int d = p.rank - 1; d >= 0; --d) place[d] = rest % p.shape[d], rest /= p.shape[d];
            for (int k = 0; k < given->instruction_count; ++k) {
                const dlc_instruction *in = &given->instructions[k];
                uint64_t *r = reference_registers, value = 0;
                if (in->op == DLC_OP_STORE) {
                    const dlc_program_tensor *t = &p.results[in->tensor];
                    f->store(in->type, t->type, 1, &r[in->a], (char *)buffers[0][p.operand_count + in->tensor] + offset_at(p.rank, place, t) * dlc_type_bytes(t->type));
                } else if (in->op == DLC_OP_LOAD) {
                    const dlc_program_tensor *t = &p.operands[in->tensor];
                    f->load(t->type, in->type, 1, (char *)buffers[0][in->tensor] + offset_at(p.rank, place, t) * dlc_type_bytes(t->type), &r[in->dst]);
                } else if (in->op == DLC_OP_CONVERT) {
                    f->load(dlc_compute_type(in->from), in->type, 1, &r[in->a], &value), r[in->dst] = value;
                } else if (in->op == DLC_OP_WRAP) {
                    f->store(in->type, in->narrow, 1, &r[in->a], &value), f->load(in->narrow, in->type, 1, &value, &r[in->dst]);
                } else {
                    f->apply(in, 1, &value, &r[in->a], &r[in->b], &r[in->c]), r[in->dst] = value;
                }
            }
        }
        static _Alignas(64) char scratch[1 << 20], shared[4096];
        if (launch.scratch_bytes > (int64_t)sizeof scratch) FAIL("scratch of %ld bytes", (long)launch.scratch_bytes);
        if (launch.shared_bytes > (int64_t)sizeof shared) FAIL("%ld bytes shared", (long)launch.shared_bytes);
        for (int32_t phase = 0; phase < launch.phases; ++phase) {
            for (int64_t task = 0; task < launch.tasks;) {
                int64_t end = task + 1 + below(3);
                if (end > launch.tasks) end = launch.tasks;
                memset(scratch, 0x5a, sizeof scratch);
                launch.run(&(dlc_call){
                    .params = &prepared, .buffers = buffers[1], .shared = shared, .scratch = scratch, .begin = task, .end = end, .phase = phase});
                task = end;
            }
        }
        for (int t = 0; t < tensors; ++t) if (memcmp(memory[0][t], memory[1][t], sizeof memory[0][t]) != 0) {
            FAIL("%s program %d: tensor %d of %d + %d differs (rank %d, %ld elements)", isa_names[isa], round, t, p.operand_count, p.result_count, p.rank, (long)elements);
            break;
        }
    }
    printf("  %d programs: %d operands in place of registers, %d results written directly, %d instructions hoisted, %d in place, %d by tables, %d by scales, %d in fewer bits\n",
           rounds, alias, direct, once, in_place, tables, grains, narrowed);
}

static void check_refusals(void) {
    dlc_launch launch;
    static dlc_program p, good = { .rank = 1, .operand_count = 1, .result_count = 1, .instruction_count = 3, .shape = { 5 },
        .operands = {{ .strides = { 1 } }}, .results = {{ .strides = { 1 } }},
        .instructions = {{ .op = DLC_OP_LOAD }, { .op = DLC_OP_EXP, .dst = 1 }, { .op = DLC_OP_STORE, .a = 1 }} };
    p = good; if (!dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("refuses a good program");
    p = good; p.instructions[1].a = 2; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts an unwritten register");
    p = good; p.instructions[1].c = 24; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts an unused source of register 24");
    p = good; p.instructions[1].dst = 24; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts register 24");
    p = good; p.instructions[1].type = DLC_COMPUTE_I64; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts a type error");
    p = good; p.instructions[0].tensor = 1; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts an unknown operand");
    p = good; p.instructions[1].op = (dlc_op)250; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts an unknown operation");
    p = good; p.operands[0].type = (dlc_type)13; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts an unknown type");
    p = good; p.shape[0] = -1; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts a negative extent");
    p = good; p.rank = DLC_MAX_RANK + 1; if (dlc_program_prepare(DLC_ISA_PORTABLE, &p, &launch)) FAIL("accepts too many dimensions");
    if (dlc_program_prepare((dlc_isa)9, &good, &launch)) FAIL("accepts an unknown instruction set");
}

int main(void) {
    check_refusals();
    for (int isa = DLC_ISA_PORTABLE; isa <= DLC_ISA_NEON; ++isa) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        printf("%s\n", isa_names[isa]);
        check_executor((dlc_isa)isa, 2600 / CHECK_SHARE);
    }
    printf(failures ? "%d failures\n" : "all good\n", failures);
    return failures != 0;
}
