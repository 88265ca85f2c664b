/// Depthwise tiles of one instruction set: every input vector is loaded once for a few taps and used by all outputs
/// whose window holds it. Include after isa_*.h.
#include "depthwise.h"

DLC_TARGET_BEGIN
DLC_INLINE void store_outputs(const dlc_depthwise_tile *t, vf *sum, const int outputs, int64_t at, int64_t n, const bool whole) {
    if (t->residual) {
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++)
            if (i < t->outputs) sum[i] += vf_load_n(t->residual + i * t->residual_row + at, n);
    }
    if (t->clamp) {
        const vf lo = vf_set1(t->lo), hi = vf_set1(t->hi);
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++) sum[i] = vf_min(hi, vf_max(lo, sum[i]));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++) {
        if (whole) vf_store(t->y[i] + at, sum[i]);
        else vf_store_n(t->y[i] + at, sum[i], n);
    }
}

/// The channels of a vector: `outputs` of them from `at` on, which read `inputs` from `from` on; `whole` vectors may be read.
typedef struct { int64_t at, outputs, from, inputs; } depthwise_lanes;

DLC_INLINE vf load_lanes(const float *p, int64_t n, const bool whole) { return whole ? vf_load(p) : vf_load_n(p, n); }

/// Multiplies an input column with the taps through which outputs read it.
DLC_INLINE void add_column(vf *sum, vf value, const vf *weight, const int column, const int taps, const int stride, const int outputs) {
#pragma clang loop unroll(full)
    for (int i = 0; i < taps; i++) {
        const int output = (column - i) / stride;
        if (column >= i && (column - i) % stride == 0 && output < outputs) sum[output] = vf_fma(value, weight[i], sum[output]);
    }
}

/// Taps of a row of the kernel, whose weights lie `tap` floats apart.
DLC_INLINE void add_taps(vf *sum, const float *const *x, const float *w, int64_t tap, const int taps, const int stride, const int outputs,
                         depthwise_lanes l, const bool whole) {
    const int columns = (outputs - 1) * stride + taps;
    vf weight[7];
#pragma clang loop unroll(full)
    for (int i = 0; i < taps; i++) weight[i] = load_lanes(w + i * tap + l.at, l.outputs, whole);
#pragma clang loop unroll(full)
    for (int column = 0; column < columns; column++)
        add_column(sum, load_lanes(x[column] + l.at, l.outputs, whole), weight, column, taps, stride, outputs);
}

/// Lane l of the result is lane l / group · group + c of `x`: input c of the group that lane l belongs to. `group` and `c` are
/// constants.
DLC_INLINE vf spread(vf x, const int group, const int c) {
    switch (group * 16 + c) {
#if VL == 16
#define LANES(g, c) \
    0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c, 4 / g * g + c, 5 / g * g + c, 6 / g * g + c, 7 / g * g + c, \
    8 / g * g + c, 9 / g * g + c, 10 / g * g + c, 11 / g * g + c, 12 / g * g + c, 13 / g * g + c, 14 / g * g + c, 15 / g * g + c
#elif VL == 8
#define LANES(g, c) 0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c, 4 / g * g + c, 5 / g * g + c, 6 / g * g + c, 7 / g * g + c
#else
#define LANES(g, c) 0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c
#endif
#define ONE(g, c) case g * 16 + c: return __builtin_shufflevector(x, x, LANES(g, c));
#define FOUR(g, c) ONE(g, c) ONE(g, c + 1) ONE(g, c + 2) ONE(g, c + 3)
    ONE(2, 0) ONE(2, 1) FOUR(4, 0)
#if VL >= 8
    FOUR(8, 0) FOUR(8, 4)
#endif
#if VL >= 16
    FOUR(16, 0) FOUR(16, 4) FOUR(16, 8) FOUR(16, 12)
#endif
    default: return x;
#undef FOUR
#undef ONE
#undef LANES
    }
}

/// The same where an output reads the inputs of its group: each vector of a line is loaded once, and each of its inputs brought to
/// the lanes of its group once for all outputs and taps that read it. `group` inputs and as many outputs, a constant; or, of 0, any
/// numbers, where lane i reads its group's first input at lane `places[i]`.
DLC_INLINE void add_grouped_taps(const dlc_depthwise_tile *t, vf *sum, const float *const *x, const float *w, int64_t tap, const int taps,
                                 const int stride, const int outputs, const int group, depthwise_lanes l, vi places, const bool whole) {
    enum { most = (DLC_DEPTHWISE_MOST_OUTPUTS - 1) * 2 + 3 };
    const int columns = (outputs - 1) * stride + taps;
    vf values[most], weight[4];
#pragma clang loop unroll(full)
    for (int column = 0; column < columns; column++) values[column] = load_lanes(x[column] + l.from, l.inputs, whole);
    const int64_t inputs = group ? group : t->inputs, row = t->weights_row;
    w += l.at;
#define INPUT(from)                                                                                                               \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < taps; i++) weight[i] = load_lanes(w + i * tap, l.outputs, whole);      \
    _Pragma("clang loop unroll(full)") for (int column = 0; column < columns; column++)                                           \
        add_column(sum, from, weight, column, taps, stride, outputs)
    if (group) {
#pragma clang loop unroll(full)
        for (int c = 0; c < group; c++, w += row) { INPUT(spread(values[column], group, c)); }
    } else {
#pragma clang loop unroll(disable)
        for (int64_t c = 0; c < inputs; c++, w += row, places += 1) { INPUT(vf_permute(values[column], places)); }
    }
#undef INPUT
}

/// A kernel of a constant size, or, of 0, one of any height and width, whose taps are taken a few at a time. An output reads one
/// input, those of its group, or, of a group of 0, as many as the tile says.
DLC_INLINE void depthwise_body(const dlc_depthwise_tile *t, const int kernel, const int stride, const int outputs, const int group,
                               depthwise_lanes l, vi places, const bool whole) {
    const vf bias = !t->bias ? vf_zero() : load_lanes(t->bias + l.at, l.outputs, whole);
    vf sum[DLC_DEPTHWISE_MOST_OUTPUTS];
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++) sum[i] = bias;
#define TAPS(count)                                                                                              \
    if (group == 1) add_taps(sum, x, w, tap, count, stride, outputs, l, whole);                                  \
    else add_grouped_taps(t, sum, x, w, tap, count, stride, outputs, group, l, places, whole)
    if (kernel) {
        const int64_t tap = group * t->weights_row;
        const float *const *x = t->x, *w = t->weights;
        if (group == 1) {
#pragma clang loop unroll(full)
            for (int row = 0; row < kernel; row++, x += (outputs - 1) * stride + kernel, w += kernel * tap) { TAPS(kernel); }
        } else {
#pragma clang loop unroll(disable)
            for (int row = 0; row < kernel; row++, x += (outputs - 1) * stride + kernel, w += kernel * tap) { TAPS(kernel); }
        }
    } else {
        enum { some = 4 };
        const int64_t tap = t->phases * t->tap_step;
        const float *const *line = t->x, *weights = t->weights;
        for (int64_t row = 0; row < t->rows; row++, line += t->phases * t->columns, weights += t->row_step) {
            for (int64_t phase = 0; *line && phase < t->phases; phase++) {
                const dlc_depthwise_taps taps = t->taps[phase];
                const float *const *x = line + phase * t->columns + taps.first, *w = weights + phase * t->tap_step + taps.first * tap;
                int64_t rest = taps.count;
                for (; rest >= some; rest -= some, x += some, w += some * tap) { TAPS(some); }
                switch (rest) {
                case 3: TAPS(3); break;
                case 2: TAPS(2); break;
                case 1: TAPS(1); break;
                }
            }
        }
    }
#undef TAPS
    store_outputs(t, sum, outputs, l.at, l.outputs, whole && group);
}

DLC_INLINE void depthwise_channels(const dlc_depthwise_tile *t, const int kernel, const int stride, const int outputs, const int group) {
    int64_t at = 0;
    for (; at + VL <= t->channels; at += VL)
        depthwise_body(t, kernel, stride, outputs, group, (depthwise_lanes){at, VL, at, VL}, (vi){0}, true);
    if (at < t->channels) {
        const int64_t rest = t->channels - at;
        depthwise_body(t, kernel, stride, outputs, group, (depthwise_lanes){at, rest, at, rest}, (vi){0}, false);
    }
}

/// As many groups at a time as have their inputs and their outputs in a vector.
DLC_INLINE void grouped_channels(const dlc_depthwise_tile *t, const int outputs) {
    const int64_t some = VL / (t->inputs > t->group ? t->inputs : t->group), groups = t->channels / t->group;
    vi places;
    for (int i = 0; i < VL; i++) places[i] = (int32_t)(i / t->group * t->inputs);
    depthwise_lanes l = {.outputs = some * t->group, .inputs = some * t->inputs};
    int64_t g = 0;
    for (; l.at + VL <= t->channels && l.from + VL <= groups * t->inputs; g += some, l.at += l.outputs, l.from += l.inputs)
        depthwise_body(t, 0, 1, outputs, 0, l, places, true);
    for (; g < groups; g += some, l.at += l.outputs, l.from += l.inputs) {
        if (groups - g < some) l.outputs = (groups - g) * t->group, l.inputs = (groups - g) * t->inputs;
        depthwise_body(t, 0, 1, outputs, 0, l, places, false);
    }
}

DLC_INLINE void strip_channels(const dlc_depthwise_strip *s, int64_t pixel, int64_t at, int64_t n, const bool whole) {
    vf sum = !s->bias ? vf_zero() : whole ? vf_load(s->bias + at) : vf_load_n(s->bias + at, n);
    for (int64_t tap = 0; tap < s->taps; tap++) {
        const float *x = s->x[tap] + pixel * s->x_step + at, *w = s->weights[tap] + at;
        sum = whole ? vf_fma(vf_load(x), vf_load(w), sum) : vf_fma(vf_load_n(x, n), vf_load_n(w, n), sum);
    }
    if (s->residual) sum += vf_load_n(s->residual + pixel * s->residual_step + at, n);
    if (s->clamp) sum = vf_min(vf_set1(s->hi), vf_max(vf_set1(s->lo), sum));
    if (whole) vf_store(s->y + pixel * s->y_step + at, sum);
    else vf_store_n(s->y + pixel * s->y_step + at, sum, n);
}

static void depthwise_strip(const dlc_depthwise_strip *s) {
    for (int64_t pixel = 0; pixel < s->pixels; pixel++) {
        int64_t at = 0;
        for (; at + VL <= s->channels; at += VL) strip_channels(s, pixel, at, VL, true);
        if (at < s->channels) strip_channels(s, pixel, at, s->channels - at, false);
    }
}

#define TILE(kernel, stride, outputs, group)                                                        \
    static void depthwise_##kernel##_##stride##_##outputs##_##group(const dlc_depthwise_tile *t) {  \
        depthwise_channels(t, kernel, stride, outputs, group);                                      \
    }
#define TILES(kernel, group) TILE(kernel, 1, 4, group) TILE(kernel, 1, 7, group) TILE(kernel, 2, 4, group) TILE(kernel, 2, 7, group)
#define NAMES_OF(k, g) {{depthwise_##k##_1_4_##g, depthwise_##k##_1_7_##g}, {depthwise_##k##_2_4_##g, depthwise_##k##_2_7_##g}}
TILES(3, 1) TILES(5, 1) TILES(7, 1) TILES(3, 2) TILES(3, 4)
#if VL >= 8
TILES(3, 8)
#endif
#if VL >= 16
TILES(3, 16)
#endif
TILE(0, 1, 4, 1) TILE(0, 1, 7, 1)
static void grouped_4(const dlc_depthwise_tile *t) { grouped_channels(t, 4); }
static void grouped_7(const dlc_depthwise_tile *t) { grouped_channels(t, 7); }
DLC_TARGET_END

const dlc_depthwise_set DLC_NAME(dlc_depthwise_set) = {
    .square = {NAMES_OF(3, 1), NAMES_OF(5, 1), NAMES_OF(7, 1)},
#if VL >= 16
    .grouped_square = {NAMES_OF(3, 2), NAMES_OF(3, 4), NAMES_OF(3, 8), NAMES_OF(3, 16)},
#elif VL >= 8
    .grouped_square = {NAMES_OF(3, 2), NAMES_OF(3, 4), NAMES_OF(3, 8)},
#else
    .grouped_square = {NAMES_OF(3, 2), NAMES_OF(3, 4)},
#endif
    .any = {depthwise_0_1_4_1, depthwise_0_1_7_1}, .grouped = {grouped_4, grouped_7}, .strip = depthwise_strip,
};
#undef TILE
#undef TILES
#undef NAMES_OF
