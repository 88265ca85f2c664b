/// Packing of weights: tasks are panels, or blocks of inputs of one.
#include "dlc_pack.h"
#include "dlc_memory.h"
#include "convtranspose.h"
#include "float16.h"
#include "gemm_compact.h"
#include "gemm_tile.h"
#include "strassen.h"
#include "winograd.h"
#include <string.h>

enum { WEIGHTS, PACKED };
enum { MOST_WIDTH = 16 * DLC_TILE_MOST_VECTORS, WINOGRAD_INPUTS = 8, WINOGRAD_POINTS = 36, MOST_ROWS = 256, CHANNELS_BLOCK = 512 };

static int64_t taps_of(const dlc_pack *p) { return p->kernel[0] * p->kernel[1] * p->kernel[2]; }

int64_t dlc_pack_rows(dlc_pack_form form, int64_t inputs) {
    const int parts = dlc_pack_parts(form);
    return parts > 0 ? dlc_pair_floats(dlc_pair_run_of(parts, inputs)) : inputs;
}

static dlc_panels panels_of(dlc_isa isa, const dlc_pack *p) {
    const dlc_tile_set *set = dlc_pack_parts(p->form) > 0 ? dlc_part_tiles(isa, dlc_pack_parts(p->form)) : dlc_tiles(isa);
    if (p->form == DLC_PACK_STRASSEN) return dlc_strassen_panels(isa, p->outputs, p->inputs);
    return dlc_panels_of(set, dlc_pack_side(p->form) ? p->kernel[0] * p->inputs : taps_of(p) * dlc_pack_rows(p->form, p->inputs), p->outputs);
}

static bool is_valid(dlc_isa isa, const dlc_pack *p) {
    const int64_t most = (int64_t)1 << 31;
    if (p->groups < 1 || p->groups > most || p->outputs < 0 || p->outputs > most || p->inputs < 0 || p->inputs > most) return false;
    for (int i = 0; i < 3; i++)
        if (p->kernel[i] < 1 || p->kernel[i] > 65536) return false;
    const double taps = (double)p->kernel[0] * (double)p->kernel[1] * (double)p->kernel[2];
    // With the widest panel beyond the outputs, and the most points.
    if (taps * (double)p->groups * ((double)p->outputs + MOST_WIDTH) * ((double)p->inputs + 64) > 0x1p46) return false;
    switch (p->form) {
    case DLC_PACK_PANELS: case DLC_PACK_PAIRS: case DLC_PACK_SPLIT: return true;
    case DLC_PACK_STRASSEN: return p->groups == 1 && taps == 1 && dlc_strassen_supports(isa, 2, p->outputs, p->inputs);
    case DLC_PACK_WINOGRAD_2: case DLC_PACK_WINOGRAD_4: case DLC_PACK_WINOGRAD_STRIDED:
        return p->kernel[1] == 3 && p->kernel[2] == 3;
    case DLC_PACK_CHANNELS: return true;
    case DLC_PACK_HALF: case DLC_PACK_BFLOAT: case DLC_PACK_INT8: case DLC_PACK_INT4: return p->groups == 1 && taps == 1;
    case DLC_PACK_TURNED: return p->groups == 1;
    case DLC_PACK_PHASES:
        for (int i = 0; i < 3; i++)
            if (p->kernel[i] > 4096 || p->stride[i] < 1 || p->stride[i] > 4096 || p->dilation[i] < 1 || p->dilation[i] > most) return false;
        return p->stride[0] * p->stride[1] * p->stride[2] <= 1 << 16;
    }
    return false;
}

int64_t dlc_pack_bytes(dlc_isa isa, const dlc_pack *p) {
    if (!is_valid(isa, p)) return -1;
    if (p->form == DLC_PACK_CHANNELS) return 4 * taps_of(p) * p->inputs * p->groups * p->outputs;
    if (p->form == DLC_PACK_TURNED) return 4 * taps_of(p) * p->outputs * p->inputs;
    const dlc_panels panels = panels_of(isa, p);
    if (dlc_is_compact(p->form)) return panels.panels == 0 ? 0 : dlc_panel_column(&panels, panels.panels) * dlc_compact_bytes(p->form, p->inputs);
    const int64_t side = dlc_pack_side(p->form), points = p->form == DLC_PACK_STRASSEN ? DLC_STRASSEN_PRODUCTS : side ? side * side : 1;
    return 4 * p->groups * points * dlc_packed_floats(&panels);
}

/// What is packed for one panel: `columns` outputs from `weights` on, in rows of `width` floats. The row of a tap and input
/// is tap · tap_row + input · input_row.
typedef struct {
    const float *weights;
    int64_t columns, width;
    dlc_axis_taps taps[3];
    int64_t tap_row, input_row;
    float *out;
} panel_part;

/// Inputs `first ..< last`. Those that lie tap by tap next to each other are transposed in registers.
static void pack_inputs(const dlc_pack *p, const panel_part *x, int64_t first, int64_t last) {
    const int64_t taps = x->taps[0].count * x->taps[1].count * x->taps[2].count, width = x->width, rest = width - x->columns;
    const int64_t plane = p->kernel[1] * p->kernel[2];
    const bool whole = x->taps[1].count * x->taps[2].count == plane && x->taps[0].step == 1;
    const bool near = whole && taps <= MOST_ROWS && (taps == 1 ? p->input_step == 1 : p->tap_step == 1);
    if (near) {
        int64_t at[MOST_ROWS];
        // Inputs whose taps are all packed continue each other.
        const int64_t inputs = p->input_step == taps ? dlc_max(1, DLC_TRANSPOSE_ROWS / taps) : 1;
        const float *weights = x->weights + x->taps[0].first * plane * p->tap_step;
        for (; first < last; first += inputs) {
            const int64_t some = dlc_min(inputs, last - first);
            int64_t *row = at;
            for (int64_t i = 0; i < some; i++)
                for (int64_t t = 0; t < taps; t++) *row++ = (t * x->tap_row + (first + i) * x->input_row) * width;
            dlc_transpose(weights + first * p->input_step, p->output_step, x->columns, some * taps, x->out, at);
            for (int64_t i = 0; rest > 0 && i < some * taps; i++) memset(x->out + at[i] + x->columns, 0, (size_t)rest * sizeof(float));
        }
        return;
    }
    for (int64_t i = first; i < last; i++) {
        int64_t tap = 0;
        for (int64_t d = 0; d < x->taps[0].count; d++)
            for (int64_t h = 0; h < x->taps[1].count; h++)
                for (int64_t w = 0; w < x->taps[2].count; w++, tap++) {
                    const int64_t kd = x->taps[0].first + d * x->taps[0].step, kh = x->taps[1].first + h * x->taps[1].step;
                    const int64_t place = (kd * p->kernel[1] + kh) * p->kernel[2] + x->taps[2].first + w * x->taps[2].step;
                    const float *from = x->weights + i * p->input_step + place * p->tap_step;
                    float *to = x->out + (tap * x->tap_row + i * x->input_row) * width;
                    if (p->output_step == 1) memcpy(to, from, (size_t)x->columns * sizeof(float));
                    else for (int64_t j = 0; j < x->columns; j++) to[j] = from[j * p->output_step];
                    if (rest > 0) memset(to + x->columns, 0, (size_t)rest * sizeof(float));
                }
    }
}

/// Inputs of one panel of one group, and of one class of PHASES.
static void pack_panel(const dlc_pack *p, const float *weights, float *out, int64_t unit, int64_t first, int64_t last) {
    const dlc_panels all = panels_of(p->isa, p);
    const int64_t classes = p->form == DLC_PACK_PHASES ? p->stride[0] * p->stride[1] * p->stride[2] : 1;
    const int64_t panel = unit % all.panels, in_group = unit / all.panels % classes, group = unit / all.panels / classes;
    const int64_t column = dlc_panel_column(&all, panel);
    panel_part x = {.width = dlc_panel_vectors(&all, panel) * all.lanes, .tap_row = p->inputs, .input_row = 1};
    x.columns = dlc_min(x.width, p->outputs - column);
    x.weights = weights + group * p->group_step + column * p->output_step;
    x.out = out + group * dlc_packed_floats(&all);
    int64_t depth = taps_of(p);
    if (p->form == DLC_PACK_PHASES) {
        const int64_t line = in_group / p->stride[2], residues[3] = {line / p->stride[1], line % p->stride[1], in_group % p->stride[2]};
        for (int i = 0; i < 3; i++) x.taps[i] = dlc_axis_taps_of(p->kernel[i], p->stride[i], p->dilation[i], residues[i]);
        depth = x.taps[0].count * x.taps[1].count * x.taps[2].count;
        x.out += dlc_taps_before(p->kernel, x.taps) * p->inputs * dlc_panel_column(&all, all.panels);
    } else {
        for (int i = 0; i < 3; i++) x.taps[i] = (dlc_axis_taps){.step = 1, .count = p->kernel[i]};
    }
    x.out += column * depth * p->inputs;
    pack_inputs(p, &x, first, last);
}

/// Filters of a block of inputs brought tap by tap into rows, then transformed: the points lie a packed matrix apart.
static void pack_winograd(const dlc_pack *p, const float *weights, float *out, float *rows, int64_t unit, int64_t first, int64_t last) {
    const dlc_panels panels = panels_of(p->isa, p);
    const int64_t side = dlc_pack_side(p->form), group = unit / panels.panels, panel = unit % panels.panels;
    weights += group * p->group_step, out += group * side * side * dlc_packed_floats(&panels);
    const int64_t column = dlc_panel_column(&panels, panel), width = dlc_panel_vectors(&panels, panel) * panels.lanes;
    panel_part x = {
        .weights = weights + column * p->output_step + first * p->input_step, .width = width, .columns = dlc_min(width, p->outputs - column),
        .taps = {{.step = 1, .count = 1}, {.step = 1, .count = 3}, {.step = 1, .count = 3}}, .tap_row = 1, .input_row = 9, .out = rows,
    };
    // Points lie powers of two apart where channels are, in lines of the same few sets of the caches: they are first written to
    // where they do not, then copied run by run.
    const int64_t run = (last - first) * width, step = run + 16;
    float *points = rows + WINOGRAD_INPUTS * 9 * MOST_WIDTH;
    const dlc_winograd_set *set = dlc_winograd_set_of(dlc_host_has(p->isa) ? p->isa : DLC_ISA_PORTABLE);
    out += column * p->kernel[0] * p->inputs + first * width;
    // Taps along the depth one after another, as those of panels are.
    for (; x.taps[0].first < p->kernel[0]; x.taps[0].first++, out += p->inputs * width) {
        pack_inputs(p, &x, 0, last - first);
        for (int64_t i = 0; i < last - first; i++) set->filters[side - 4](rows + i * 9 * width, width, points + i * width, step);
        const int64_t apart = dlc_packed_floats(&panels);
        for (int64_t i = 0; i < side * side; i++) memcpy(out + i * apart, points + i * step, (size_t)run * sizeof(float));
    }
}

/// The sums of a matrix's quadrants, for rows `first ..< last` of the upper half.
static void pack_strassen(const dlc_pack *p, const float *b, float *out, int64_t panel, int64_t first, int64_t last) {
    const dlc_panels panels = panels_of(p->isa, p);
    const int64_t half = p->inputs / 2, left = panels.n, column = dlc_panel_column(&panels, panel);
    const int64_t width = dlc_panel_vectors(&panels, panel) * panels.lanes, size = half * width;
    out += DLC_STRASSEN_PRODUCTS * half * column;
    for (int64_t i = first; i < last; i++)
        for (int64_t j = 0; j < width; j++) {
            const bool right = left + column + j < p->outputs;
            const float *upper = b + i * p->input_step + (column + j) * p->output_step, *lower = upper + half * p->input_step;
            const float b11 = *upper, b21 = *lower;
            const float b12 = right ? upper[left * p->output_step] : 0, b22 = right ? lower[left * p->output_step] : 0;
            float *o = out + i * width + j;
            o[0 * size] = b11 + b22;
            o[1 * size] = b11;
            o[2 * size] = b12 - b22;
            o[3 * size] = b21 - b11;
            o[4 * size] = b22;
            o[5 * size] = b11 + b12;
            o[6 * size] = b21 + b22;
        }
}

static void pack_compact(const dlc_pack *p, const float *weights, uint8_t *out, int64_t panel, int64_t first, int64_t last) {
    const dlc_panels panels = panels_of(p->isa, p);
    const int64_t column = dlc_panel_column(&panels, panel), width = dlc_panel_vectors(&panels, panel) * panels.lanes;
    dlc_compact_pack(p->form, first, last, dlc_min(width, p->outputs - column), width, weights + column * p->output_step, p->input_step,
                     p->output_step, out + column * dlc_compact_bytes(p->form, p->inputs));
}

/// Inputs of one panel of one group, by units of pairs.
static void pack_pairs(const dlc_pack *p, const float *weights, float *out, int64_t unit, int64_t first, int64_t last) {
    const dlc_panels all = panels_of(p->isa, p);
    const int64_t group = unit / all.panels, panel = unit % all.panels, column = dlc_panel_column(&all, panel);
    const int64_t width = dlc_panel_vectors(&all, panel) * all.lanes, columns = dlc_min(width, p->outputs - column), rows = dlc_pack_rows(p->form, p->inputs);
    weights += group * p->group_step + column * p->output_step;
    out += group * dlc_packed_floats(&all) + column * taps_of(p) * rows;
    const dlc_pair_run run = dlc_pair_run_of(dlc_pack_parts(p->form), p->inputs);
    // Rows of pairs that a task has; the last has those that are zeros.
    const int64_t end = last == p->inputs ? run.step * run.units : last / 2;
    for (int64_t tap = 0, taps = taps_of(p); tap < taps; tap++)
        for (int64_t pair = first / 2; pair < end; pair++) {
            const int64_t row = pair / run.step * run.parts * run.step + pair % run.step;
            uint16_t *nearest = (uint16_t *)(out + (tap * rows + row) * width), *rest = nearest + 2 * run.step * width;
            for (int odd = 0; odd < 2; odd++) {
                const int64_t i = 2 * pair + odd;
                const float *from = weights + tap * p->tap_step + i * p->input_step;
                for (int64_t j = 0; j < width; j++) {
                    const float weight = j < columns && i < p->inputs ? from[j * p->output_step] : 0;
                    uint16_t split[2];
                    if (run.parts == 1) nearest[2 * j + odd] = dlc_bfloat_of_float(weight);
                    else dlc_split_float(weight, split), nearest[2 * j + odd] = split[0], rest[2 * j + odd] = split[1];
                }
            }
        }
}

static void pack_channels(const dlc_pack *p, const float *weights, float *out, int64_t first, int64_t last) {
    const int64_t taps = taps_of(p), all = p->groups * p->outputs, step = p->outputs == 1 ? p->group_step : p->output_step;
    if (p->inputs == 1 && p->tap_step == 1 && (p->outputs == 1 || p->group_step == p->outputs * step)) {
        dlc_transpose_rows(weights + first * step, step, last - first, taps, out + first, all);
        return;
    }
    for (int64_t tap = 0; tap < taps; tap++)
        for (int64_t i = 0; i < p->inputs; i++, out += all)
            for (int64_t o = first; o < last; o++)
                out[o] = weights[o / p->outputs * p->group_step + o % p->outputs * p->output_step + i * p->input_step + tap * p->tap_step];
}

/// Inputs of one output.
static void pack_turned(const dlc_pack *p, const float *weights, float *out, int64_t output, int64_t first, int64_t last) {
    weights += output * p->output_step;
    for (int64_t tap = 0, taps = taps_of(p); tap < taps; tap++)
        for (int64_t i = first; i < last; i++)
            out[(tap * p->outputs + output) * p->inputs + i] = weights[i * p->input_step + tap * p->tap_step];
}

static void run(const dlc_call *call) {
    const dlc_pack *p = call->params;
    const float *weights = call->buffers[WEIGHTS];
    float *out = call->buffers[PACKED];
    const int64_t inputs = p->form == DLC_PACK_STRASSEN ? p->inputs / 2 : p->form == DLC_PACK_CHANNELS ? p->groups * p->outputs : p->inputs;
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t unit = task / p->input_blocks, first = task % p->input_blocks * p->input_block;
        const int64_t last = dlc_min(inputs, first + p->input_block);
        switch (p->form) {
        case DLC_PACK_PANELS: case DLC_PACK_PHASES: pack_panel(p, weights, out, unit, first, last); break;
        case DLC_PACK_STRASSEN: pack_strassen(p, weights, out, unit, first, last); break;
        case DLC_PACK_WINOGRAD_2: case DLC_PACK_WINOGRAD_4: case DLC_PACK_WINOGRAD_STRIDED:
            pack_winograd(p, weights, out, call->scratch, unit, first, last);
            break;
        case DLC_PACK_CHANNELS: pack_channels(p, weights, out, first, last); break;
        case DLC_PACK_HALF: case DLC_PACK_BFLOAT: case DLC_PACK_INT8: case DLC_PACK_INT4:
            pack_compact(p, weights, call->buffers[PACKED], unit, first, last);
            break;
        case DLC_PACK_PAIRS: case DLC_PACK_SPLIT: pack_pairs(p, weights, out, unit, first, last); break;
        case DLC_PACK_TURNED: pack_turned(p, weights, out, unit, first, last); break;
        }
    }
}

bool dlc_pack_prepare(dlc_isa isa, dlc_pack *p, dlc_launch *out) {
    const int64_t bytes = dlc_pack_bytes(isa, p);
    if (bytes < 0) return false;
    p->isa = isa;
    const int64_t panels = p->form == DLC_PACK_CHANNELS || p->form == DLC_PACK_TURNED ? 1 : panels_of(isa, p).panels;
    int64_t inputs = p->inputs, units = panels;
    switch (p->form) {
    case DLC_PACK_PANELS: case DLC_PACK_PHASES:
        // About 64 KB of packed weights.
        p->input_block = dlc_max(1, 16 * 1024 / (MOST_WIDTH * dlc_min(taps_of(p), 16 * 1024)));
        units *= p->groups * (p->form == DLC_PACK_PHASES ? p->stride[0] * p->stride[1] * p->stride[2] : 1);
        break;
    case DLC_PACK_PAIRS: case DLC_PACK_SPLIT:
        p->input_block = 2 * dlc_max(1, 16 * 1024 / (MOST_WIDTH * dlc_min(taps_of(p), 16 * 1024)));
        units *= p->groups;
        break;
    case DLC_PACK_STRASSEN: inputs /= 2, p->input_block = 64; break;
    case DLC_PACK_WINOGRAD_2: case DLC_PACK_WINOGRAD_4: case DLC_PACK_WINOGRAD_STRIDED:
        p->input_block = WINOGRAD_INPUTS;
        units *= p->groups;
        break;
    case DLC_PACK_CHANNELS: inputs = p->groups * p->outputs, p->input_block = CHANNELS_BLOCK; break;
    case DLC_PACK_HALF: case DLC_PACK_BFLOAT: case DLC_PACK_INT8: case DLC_PACK_INT4: p->input_block = 8 * DLC_COMPACT_BLOCK; break;
    case DLC_PACK_TURNED: units = p->outputs, p->input_block = CHANNELS_BLOCK; break;
    }
    p->input_blocks = dlc_ceil_div(inputs, p->input_block);
    *out = (dlc_launch){
        .run = run, .tasks = bytes == 0 ? 0 : units * p->input_blocks, .phases = 1,
        .scratch_bytes =
            dlc_pack_side(p->form) ? 4 * (WINOGRAD_INPUTS * 9 * MOST_WIDTH + WINOGRAD_POINTS * (WINOGRAD_INPUTS * MOST_WIDTH + 16)) : 0,
    };
    return true;
}

bool dlc_pack_run(dlc_isa isa, dlc_pack pack, const float *weights, float *out) {
    dlc_launch launch;
    if (!dlc_pack_prepare(isa, &pack, &launch)) return false;
    void *scratch = dlc_allocate_arena(launch.scratch_bytes), *buffers[] = {(void *)weights, out};
    if (!scratch) return false;
    const dlc_call call = {.params = &pack, .buffers = buffers, .scratch = scratch, .end = launch.tasks};
    launch.run(&call);
    dlc_free(scratch);
    return true;
}

bool dlc_pack_noise(dlc_isa isa, dlc_pack pack, const float *weights, const void *packed, double *signal, double *noise) {
    pack.isa = isa;
    *signal = *noise = 0;
    if (!dlc_is_compact(pack.form) || dlc_pack_bytes(isa, &pack) < 0) return false;
    const dlc_panels panels = panels_of(isa, &pack);
    float *rows = dlc_allocate_arena(4 * DLC_COMPACT_BLOCK * MOST_WIDTH);
    if (!rows) return false;
    for (int64_t panel = 0; panel < panels.panels; panel++) {
        const int64_t column = dlc_panel_column(&panels, panel), width = dlc_panel_vectors(&panels, panel) * panels.lanes;
        const uint8_t *from = (const uint8_t *)packed + column * dlc_compact_bytes(pack.form, pack.inputs);
        for (int64_t first = 0; first < pack.inputs; first += DLC_COMPACT_BLOCK) {
            const int64_t some = dlc_min(DLC_COMPACT_BLOCK, pack.inputs - first);
            dlc_compact_unpack_portable(pack.form, some, width, from + width * dlc_compact_bytes(pack.form, first), rows);
            for (int64_t i = 0; i < some; i++)
                for (int64_t j = 0; j < dlc_min(width, pack.outputs - column); j++) {
                    const double w = weights[(first + i) * pack.input_step + (column + j) * pack.output_step], d = w - rows[i * width + j];
                    *signal += w * w;
                    *noise += d * d;
                }
        }
    }
    dlc_free(rows);
    return true;
}

bool dlc_pack_is_exact(const dlc_pack *p, const float *weights) {
    if ((p->form != DLC_PACK_INT8 && p->form != DLC_PACK_INT4) || !is_valid(DLC_ISA_PORTABLE, p)) return false;
    for (int64_t first = 0; first < p->inputs; first += DLC_COMPACT_BLOCK)
        for (int64_t o = 0; o < p->outputs; o++) {
            const float *column = weights + first * p->input_step + o * p->output_step;
            if (dlc_compact_exact_scale(p->form, column, dlc_min(DLC_COMPACT_BLOCK, p->inputs - first), p->input_step) == 0) return false;
        }
    return true;
}

double dlc_pack_cost(dlc_isa isa, const dlc_pack *p) {
    const int64_t bytes = dlc_pack_bytes(isa, p);
    // Cycles per packed float, as `Tools/kernels/run bench pack` finds them on a Zen 5: what does not stay in L2 takes twice as long.
    return bytes < 0 ? __builtin_inf() : 1000 + (bytes < 1 << 20 ? 0.8 : 1.6) * (double)bytes / 4;
}
