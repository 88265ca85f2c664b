/// Execution of elementwise programs: one tile at a time, each instruction over the whole tile.
#include "program.h"

#include "copy.h"
#include "dlc_convert.h"

#include <stddef.h>
#include <string.h>

enum { most_columns = DLC_TILE_ELEMENTS };

/// A tile: rows `row ..< row + rows` of the flattened outer dimensions, columns of the innermost one.
typedef struct {
    int64_t row, rows, column, columns;
    int64_t place[DLC_MAX_RANK]; ///< outer coordinates of the first row
} dlc_tile;

static dlc_tile tile_at(const dlc_program *p, int64_t index) {
    int inner = p->rank - 1;
    int64_t pieces = (p->shape[inner] + p->tile_columns - 1) / p->tile_columns, rows = 1;
    dlc_tile tile = { .row = index / pieces * p->tile_rows, .column = index % pieces * p->tile_columns };
    int64_t rest = tile.row;
    for (int d = inner - 1; d >= 0; --d) {
        tile.place[d] = rest % p->shape[d];
        rest /= p->shape[d];
        rows *= p->shape[d];
    }
    tile.rows = rows - tile.row < p->tile_rows ? rows - tile.row : p->tile_rows;
    tile.columns = p->shape[inner] - tile.column < p->tile_columns ? p->shape[inner] - tile.column : p->tile_columns;
    return tile;
}

static int64_t tile_offset(const dlc_program *p, const dlc_program_tensor *t, const dlc_tile *tile) {
    int64_t offset = t->offset + tile->column * t->strides[p->rank - 1];
    for (int d = 0; d < p->rank - 1; ++d) offset += tile->place[d] * t->strides[d];
    return offset;
}

static void *place_of(const dlc_program *p, const dlc_program_tensor *t, const dlc_tile *tile, void *buffer) {
    return (char *)buffer + tile_offset(p, t, tile) * dlc_type_bytes(t->type);
}

/// Whether the rows of a tile follow each other without gaps.
static bool rows_dense(const dlc_program *p, const int64_t *strides) {
    for (int d = p->rank - 2; d >= 0; --d)
        if (strides[d] != strides[d + 1] * p->shape[d + 1]) return false;
    return true;
}

/// The offset of the next row, with `place` moved on to it.
static int64_t next_row(const dlc_program *p, const int64_t *strides, int64_t *place, int64_t offset) {
    for (int d = p->rank - 2; d >= 0; --d) {
        offset += strides[d];
        if (++place[d] < p->shape[d]) return offset;
        offset -= strides[d] * p->shape[d];
        place[d] = 0;
    }
    return offset;
}

#define STRIDED(T, target, source) \
    case sizeof(T): { T *d = dst; const T *s = src; for (int64_t i = 0; i < n; ++i) d[target] = s[source]; break; }

static void gather(int32_t bytes, int64_t n, const void *src, int64_t stride, void *dst) {
    switch (bytes) {
    STRIDED(uint8_t, i, i * stride)
    STRIDED(uint16_t, i, i * stride)
    STRIDED(uint32_t, i, i * stride)
    STRIDED(uint64_t, i, i * stride)
    }
}

static void scatter(int32_t bytes, int64_t n, const void *src, void *dst, int64_t stride) {
    switch (bytes) {
    STRIDED(uint8_t, i * stride, i)
    STRIDED(uint16_t, i * stride, i)
    STRIDED(uint32_t, i * stride, i)
    STRIDED(uint64_t, i * stride, i)
    }
}

/// Repeats the first `bytes` of `block` until `total` are filled.
static void repeat(char *block, int64_t bytes, int64_t total) {
    while (bytes < total) {
        int64_t more = bytes < total - bytes ? bytes : total - bytes;
        memcpy(block + bytes, block, (size_t)more);
        bytes += more;
    }
}

/// `n` copies of a register element.
static void splat(int64_t width, int64_t n, const void *element, void *dst) {
    if (width == 4) {
        uint32_t bits, *d = dst;
        memcpy(&bits, element, sizeof bits);
        for (int64_t i = 0; i < n; ++i) d[i] = bits;
    } else if (width == 1) {
        memset(dst, *(const uint8_t *)element, (size_t)n);
    } else {
        uint64_t bits, *d = dst;
        memcpy(&bits, element, sizeof bits);
        for (int64_t i = 0; i < n; ++i) d[i] = bits;
    }
}

static void load_row(const dlc_tile_functions *f, dlc_type type, const dlc_instruction *in, int64_t n, const char *src, int64_t stride, void *dst) {
    const dlc_compute to = in->type;
    int32_t bytes = dlc_type_bytes(type);
    int64_t width = dlc_compute_bytes(to);
    if (in->mode & DLC_MODE_GRAIN && stride != 1) {
        uint8_t dense[most_columns];
        gather(1, n, src, stride, dense);
        f->load_grain(in, type == DLC_I8, n, dense, dst);
    } else if (in->mode & DLC_MODE_GRAIN) {
        f->load_grain(in, type == DLC_I8, n, (const uint8_t *)src, dst);
    } else if (stride == 0) {
        uint64_t element;
        if (type != dlc_compute_type(to)) f->load(type, to, 1, src, &element), src = (const char *)&element;
        splat(width, n, src, dst);
    } else if (stride == 1 || n == 1) {
        if (type == dlc_compute_type(to)) memcpy(dst, src, (size_t)(n * width));
        else f->load(type, to, n, src, dst);
    } else if (type == dlc_compute_type(to)) {
        gather(bytes, n, src, stride, dst);
    } else {
        uint64_t dense[most_columns];
        gather(bytes, n, src, stride, dense);
        f->load(type, to, n, dense, dst);
    }
}

static void store_row(const dlc_tile_functions *f, const dlc_instruction *in, dlc_type type, int64_t n, const void *src, char *dst, int64_t stride) {
    const dlc_compute from = in->type;
    int32_t bytes = dlc_type_bytes(type);
    if (in->mode & DLC_MODE_GRAIN && stride != 1) {
        uint8_t dense[most_columns];
        f->store_grain(in, n, src, dense);
        scatter(1, n, dense, dst, stride);
    } else if (in->mode & DLC_MODE_GRAIN) {
        f->store_grain(in, n, src, (uint8_t *)dst);
    } else if (stride == 1 || n == 1) {
        if (type == dlc_compute_type(from)) memcpy(dst, src, (size_t)(n * bytes));
        else f->store(from, type, n, src, dst);
    } else {
        uint64_t dense[most_columns];
        f->store(from, type, n, src, dense);
        scatter(bytes, n, dense, dst, stride);
    }
}

/// Rows of one element of 4 bytes each, from `offset` on. All but the last ones are written in whole pieces, over what follows.
static void splat_rows(const dlc_program *p, const dlc_program_tensor *t, const dlc_tile *tile, const uint32_t *src, int64_t offset, uint32_t *dst) {
    enum { piece = 8 };
    int64_t place[DLC_MAX_RANK];
    memcpy(place, tile->place, sizeof place);
    for (int64_t r = 0; r < tile->rows; ++r, dst += tile->columns) {
        const uint32_t element = src[offset];
        if ((tile->rows - r) * tile->columns < tile->columns + piece) {
            for (int64_t i = 0; i < tile->columns; ++i) dst[i] = element;
        } else {
            for (int64_t i = 0; i < tile->columns; i += piece)
                for (int j = 0; j < piece; ++j) dst[i + j] = element;
        }
        offset = next_row(p, t->strides, place, offset);
    }
}

static void load(const dlc_program *p, const dlc_tile_functions *f, const dlc_instruction *in, const dlc_tile *tile, const char *buffer, char *dst) {
    const dlc_program_tensor *t = &p->operands[in->tensor];
    int64_t bytes = dlc_type_bytes(t->type), inner = t->strides[p->rank - 1];
    int64_t offset = tile_offset(p, t, tile), row_bytes = tile->columns * dlc_compute_bytes(in->type);
    bool repeated = true;
    for (int d = 0; d < p->rank - 1; ++d) repeated = repeated && t->strides[d] == 0;
    if (tile->rows == 1 || repeated) {
        load_row(f, t->type, in, tile->columns, buffer + offset * bytes, inner, dst);
        repeat(dst, row_bytes, tile->rows * row_bytes);
    } else if (rows_dense(p, t->strides)) {
        load_row(f, t->type, in, tile->rows * tile->columns, buffer + offset * bytes, inner, dst);
    } else if (inner == 0 && bytes == 4 && t->type == dlc_compute_type(in->type)) {
        splat_rows(p, t, tile, (const uint32_t *)buffer, offset, (uint32_t *)dst);
    } else {
        int64_t place[DLC_MAX_RANK], step = 1;
        int next = p->rank - 2;
        memcpy(place, tile->place, sizeof place);
        bool columns_dense = t->type == DLC_F32 && in->type == DLC_COMPUTE_F32 && t->strides[next] == 1 && tile->columns > 1;
        for (int64_t r = 0; r < tile->rows && columns_dense; r += step) {
            // Rows side by side in memory: a transposition instead of a row at a time.
            step = tile->rows - r < p->shape[next] - place[next] ? tile->rows - r : p->shape[next] - place[next];
            dlc_copy_functions_of(p->isa)->transpose[2](step, tile->columns, (const float *)buffer + offset, inner, dst + r * row_bytes, tile->columns);
            place[next] += step - 1;
            offset = next_row(p, t->strides, place, offset + (step - 1) * t->strides[next]);
        }
        for (int64_t r = 0; r < tile->rows && !columns_dense; ++r) {
            load_row(f, t->type, in, tile->columns, buffer + offset * bytes, inner, dst + r * row_bytes);
            offset = next_row(p, t->strides, place, offset);
        }
    }
}

static void store(const dlc_program *p, const dlc_tile_functions *f, const dlc_instruction *in, const dlc_tile *tile, const char *src, char *buffer) {
    const dlc_program_tensor *t = &p->results[in->tensor];
    int64_t bytes = dlc_type_bytes(t->type), inner = t->strides[p->rank - 1];
    int64_t offset = tile_offset(p, t, tile), row_bytes = tile->columns * dlc_compute_bytes(in->type);
    if (tile->rows == 1 || rows_dense(p, t->strides)) {
        store_row(f, in, t->type, tile->rows * tile->columns, src, buffer + offset * bytes, inner);
        return;
    }
    int64_t place[DLC_MAX_RANK];
    memcpy(place, tile->place, sizeof place);
    for (int64_t r = 0; r < tile->rows; ++r) {
        store_row(f, in, t->type, tile->columns, src + r * row_bytes, buffer + offset * bytes, inner);
        offset = next_row(p, t->strides, place, offset);
    }
}

/// Conversions between registers: to another compute type, or to a narrower element type and back.
static void convert(const dlc_tile_functions *f, const dlc_instruction *in, int64_t n, const void *a, void *dst) {
    uint64_t copy[most_columns];
    if (in->op == DLC_OP_WRAP) {
        f->store(in->type, in->narrow, n, a, copy);
        f->load(in->narrow, in->type, n, copy, dst);
    } else {
        // Through a copy, since `dst` may be the register `a` at another width.
        f->load(dlc_compute_type(in->from), in->type, n, a, copy);
        memcpy(dst, copy, (size_t)(n * dlc_compute_bytes(in->type)));
    }
}

/// Where a task's part of a sum is: a row of the last dimension's extent, with room for 8 bytes an element.
static char *part_of_sum(const dlc_program *p, const dlc_call *call, int64_t task, int sum) {
    return (char *)call->shared + (task * p->sum_count + sum) * p->shape[p->rank - 1] * 8;
}

/// Lines of memory that the next tile reads and writes, asked for some at a time while this one is computed: several instructions
/// to a tile leave memory idle, and a tile's end is often that of a page, where the processor's own prefetching stops.
typedef struct {
    int runs, run;           ///< how many, and the one that is asked for
    int64_t done, share;     ///< lines of that run asked for already; how many at a time
    const char *start[DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS];
    int64_t lines[DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS];
} dlc_ahead;

static void add_run(dlc_ahead *ahead, const dlc_program *p, const dlc_program_tensor *t, const dlc_tile *tile, void *buffer) {
    ahead->start[ahead->runs] = place_of(p, t, tile, buffer);
    ahead->lines[ahead->runs] = (tile->rows * tile->columns * dlc_type_bytes(t->type) + 63) / 64;
    ahead->share += ahead->lines[ahead->runs++];
}

static dlc_ahead ahead_of(const dlc_call *call, const dlc_tile *tile) {
    const dlc_program *p = call->params;
    dlc_ahead ahead;
    ahead.runs = ahead.run = 0, ahead.done = ahead.share = 0;
    const int most = DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS;
    for (int k = 0; k < p->instruction_count && ahead.runs < most; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (in->op == DLC_OP_LOAD && in->mode & DLC_MODE_ALIAS) add_run(&ahead, p, &p->operands[in->tensor], tile, call->buffers[in->tensor]);
        if (in->op == DLC_OP_STORE && dlc_tiles_are_dense(p, p->results[in->tensor].strides))
            add_run(&ahead, p, &p->results[in->tensor], tile, call->buffers[p->operand_count + in->tensor]);
    }
    ahead.share = (ahead.share + p->ahead_steps - 1) / p->ahead_steps;
    return ahead;
}

static void ask(dlc_ahead *ahead) {
    for (int64_t left = ahead->share; left > 0 && ahead->run < ahead->runs;) {
        const char *start = ahead->start[ahead->run];
        const int64_t end = ahead->lines[ahead->run] - ahead->done < left ? ahead->lines[ahead->run] : ahead->done + left;
        left -= end - ahead->done;
        for (; ahead->done < end; ++ahead->done) __builtin_prefetch(start + 64 * ahead->done);
        if (end == ahead->lines[ahead->run]) ahead->run++, ahead->done = 0;
    }
}

/// `ahead` is null where nothing is asked for.
static void run_tile(const dlc_call *call, const dlc_tile_functions *f, const dlc_tile *tile, int64_t task, bool first, dlc_ahead *ahead) {
    int sum = 0;
    const dlc_program *p = call->params;
    void *const *results = call->buffers + p->operand_count;
    // Where the value of each register is: its slot, an operand or a result.
    const char *registers[DLC_PROGRAM_REGISTERS];
    for (int r = 0; r < DLC_PROGRAM_REGISTERS; ++r) registers[r] = (char *)call->scratch + r * p->slot_bytes;
    // What all tiles share is computed for a full tile, whatever the size of the first one.
    dlc_tile full = *tile;
    full.rows = p->tile_rows, full.columns = p->tile_columns;

    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        bool once = in->mode & DLC_MODE_ONCE;
        if (once && !first) continue;
        const dlc_tile *part = once ? &full : tile;
        int64_t n = part->rows * part->columns;
        if (ahead && !(in->mode & (DLC_MODE_ALIAS | DLC_MODE_ONCE))) ask(ahead);
        if (in->op == DLC_OP_STORE) {
            store(p, f, in, tile, registers[in->a], results[in->tensor]);
            continue;
        }
        if (dlc_op_sums(in->op)) {
            const char *factor = in->op == DLC_OP_SUM_PRODUCT ? registers[in->b] : NULL;
            char *part = part_of_sum(p, call, task, sum++);
            f->add_rows(in->type, tile->rows, tile->columns, registers[in->a], factor, part + tile->column * dlc_compute_bytes(in->type));
            continue;
        }
        if (in->op == DLC_OP_LOAD && in->mode & DLC_MODE_ALIAS) {
            registers[in->dst] = place_of(p, &p->operands[in->tensor], tile, call->buffers[in->tensor]);
            continue;
        }
        char *dst = (char *)call->scratch + in->dst * p->slot_bytes;
        if (in->mode & DLC_MODE_DIRECT) {
            int result = p->instructions[++k].tensor; // of the store that this makes needless
            dst = place_of(p, &p->results[result], tile, results[result]);
        }
        if (in->mode & DLC_MODE_SINGLE) {
            // One element; `same` for all tiles, so it is computed once.
            if (in->op == DLC_OP_CONST) *(float *)dst = (float)in->f0;
            else load_row(f, p->operands[in->tensor].type, in, 1,
                          place_of(p, &p->operands[in->tensor], part, call->buffers[in->tensor]), 0, dst);
            registers[in->dst] = dst;
            continue;
        }
        switch (in->op) {
        case DLC_OP_LOAD: load(p, f, in, part, call->buffers[in->tensor], dst); break;
        case DLC_OP_CONST: f->apply(in, n, dst, NULL, NULL, NULL); break;
        case DLC_OP_ROUND:
            if (in->mode & DLC_MODE_GRAIN) f->round_grain(in, n, (const float *)registers[in->a], (float *)dst);
            else f->apply(in, n, dst, registers[in->a], NULL, NULL);
            break;
        case DLC_OP_CONVERT: case DLC_OP_WRAP: convert(f, in, n, registers[in->a], dst); break;
        default: {
            // What an operation does not read names no value.
            const int sources = dlc_program_sources(in->op, in->type);
            f->apply(in, n, dst, registers[in->a], sources > 1 ? registers[in->b] : NULL, sources > 2 ? registers[in->c] : NULL);
        }
        }
        registers[in->dst] = dst;
    }
}

/// Adds the tasks' parts of the sums, in their order; each call has a share of the columns.
static void finish_sums(const dlc_call *call) {
    const dlc_program *p = call->params;
    int64_t inner = p->shape[p->rank - 1], first = call->begin * inner / p->tasks, end = call->end * inner / p->tasks;
    int sum = 0;
    for (int k = 0; k < p->instruction_count; ++k) {
        const dlc_instruction *in = &p->instructions[k];
        if (!dlc_op_sums(in->op)) continue;
        void *result = call->buffers[p->operand_count + in->tensor];
        if (in->type == DLC_COMPUTE_F32) memset((float *)result + first, 0, (size_t)(end - first) * sizeof(float));
        else memset((double *)result + first, 0, (size_t)(end - first) * sizeof(double));
        int64_t bytes = dlc_compute_bytes(in->type);
        for (int64_t task = 0; task < p->tasks; ++task)
            dlc_tile_functions_of(p->isa)->add_rows(
                in->type, 1, end - first, part_of_sum(p, call, task, sum) + first * bytes, NULL, (char *)result + first * bytes);
        sum += 1;
    }
}

/// Phase 0 of a program whose results are those of 256 values of one operand: it runs over those.
static void fill_table(const dlc_call *call, const dlc_tile_functions *f) {
    const dlc_program *p = call->params;
    uint8_t values[DLC_TABLE_ENTRIES];
    for (int i = 0; i < DLC_TABLE_ENTRIES; ++i) values[i] = (uint8_t)i;
    void *buffers[DLC_PROGRAM_OPERANDS + DLC_PROGRAM_RESULTS];
    memcpy(buffers, call->buffers, (size_t)(p->operand_count + p->result_count) * sizeof *buffers);
    buffers[p->table_operand] = values, buffers[p->operand_count + p->table_result] = call->shared;
    dlc_call once = *call;
    once.buffers = buffers;
    const dlc_tile all = {.rows = 1, .columns = DLC_TABLE_ENTRIES};
    run_tile(&once, f, &all, 0, true, NULL);
}

/// Phase 1: the rest is looked up.
static void look_up(const dlc_call *call, const dlc_tile_functions *f, int64_t last) {
    const dlc_program *p = call->params;
    for (int64_t index = call->begin * p->tiles_per_task; index < last; ++index) {
        const dlc_tile tile = tile_at(p, index);
        const uint8_t *x = place_of(p, &p->operands[p->table_operand], &tile, call->buffers[p->table_operand]);
        uint8_t *y = place_of(p, &p->results[p->table_result], &tile, call->buffers[p->operand_count + p->table_result]);
        f->look_up(call->shared, tile.rows * tile.columns, x, y);
    }
}

void dlc_program_run(const dlc_call *call) {
    const dlc_program *p = call->params;
    const dlc_tile_functions *f = dlc_tile_functions_of(p->isa);
    const int64_t last = call->end * p->tiles_per_task < p->tile_count ? call->end * p->tiles_per_task : p->tile_count;
    if (p->table_operand >= 0) {
        if (call->phase == 1) look_up(call, f, last);
        else if (call->begin == 0) fill_table(call, f);
        return;
    }
    if (call->phase == 1) {
        finish_sums(call);
        return;
    }
    bool first = true;
    for (int64_t task = call->begin; task < call->end; ++task) {
        int64_t end = (task + 1) * p->tiles_per_task;
        if (end > p->tile_count) end = p->tile_count;
        if (p->sum_count > 0) memset(part_of_sum(p, call, task, 0), 0, (size_t)(p->sum_count * p->shape[p->rank - 1]) * 8);
        for (int64_t index = task * p->tiles_per_task; index < end; ++index) {
            dlc_tile tile = tile_at(p, index);
            dlc_ahead ahead;
            if (p->ahead_steps > 0 && index + 1 < last) {
                dlc_tile next = tile_at(p, index + 1);
                ahead = ahead_of(call, &next);
                run_tile(call, f, &tile, task, first, &ahead);
            } else {
                run_tile(call, f, &tile, task, first, NULL);
            }
            first = false;
        }
    }
}
