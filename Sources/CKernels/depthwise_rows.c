/// Rows of a depthwise convolution: strips of a few output columns go down the rows, so that the input lines
/// two outputs share are still in L1. The columns of a strip are as far apart as taps are, so that dilated ones share
/// what they load, too.
#include "depthwise.h"
#include <string.h>

const dlc_depthwise_set *dlc_depthwise_set_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX512: return &dlc_depthwise_set_avx512;
    case DLC_ISA_AVX2: return &dlc_depthwise_set_avx2;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_depthwise_set_neon;
#endif
    default: return &dlc_depthwise_set_portable;
    }
}

int64_t dlc_depthwise_outputs(int64_t ow) {
    return dlc_ceil_div(ow, 7) * 7 <= dlc_ceil_div(ow, 4) * 4 ? 7 : 4;
}

int64_t dlc_depthwise_rows_scratch_bytes(const dlc_conv *p, int64_t channels) {
    const int64_t pointers = dlc_depthwise_is_unrolled(p) ? p->kernel[1] * dlc_depthwise_columns(p) : dlc_conv_taps(p);
    return 2 * dlc_ceil_div(channels, 16) * 64 + 8 * pointers;
}

bool dlc_depthwise_finishes(const dlc_epilogue *e, bool residual) {
    return (e->activation == DLC_ACT_NONE || e->activation == DLC_ACT_RELU || e->activation == DLC_ACT_CLIP) &&
           !(residual && e->residual_after_activation);
}

/// Which of `dlc_depthwise_set.grouped`; negative for channels by themselves.
static int group_of(const dlc_conv *p) { return __builtin_ctzll((uint64_t)(p->c / p->groups)) - 1; }

static dlc_depthwise_kernel kernel_of(const dlc_conv *p) {
    const dlc_depthwise_set *set = dlc_depthwise_set_of(p->isa);
    const int group = group_of(p), stride = (int)p->stride[2] - 1, wide = p->tile_block == 7;
    return group < 0 ? set->tile[(p->kernel[1] - 3) / 2][stride][wide] : set->grouped[group][stride][wide];
}

static dlc_depthwise_tile tile_of(const dlc_depthwise_rows *b, const float *const *x, float *const *y) {
    const dlc_conv *p = b->conv;
    const dlc_activation kind = p->epilogue.activation;
    return (dlc_depthwise_tile){
        .x = x, .weights = b->weights, .weights_row = p->oc, .taps = dlc_conv_taps(p), .channels = b->channels, .y = y,
        .bias = b->bias, .residual_row = p->residual_ld,
        .lo = kind == DLC_ACT_CLIP ? p->epilogue.a : 0,
        .hi = kind == DLC_ACT_CLIP ? p->epilogue.b : __builtin_inff(),
    };
}

/// A tile's outputs, `step` pixels apart, with what registers did not do to them.
static void run_tile(const dlc_depthwise_rows *b, dlc_depthwise_kernel kernel, dlc_depthwise_tile *t, int64_t step, const float *residual) {
    const dlc_epilogue e = b->conv->epilogue;
    const bool simple = dlc_depthwise_finishes(&e, residual);
    t->residual = simple ? residual : 0;
    t->clamp = simple && e.activation != DLC_ACT_NONE;
    kernel(t);
    if (!simple)
        dlc_tiles(b->conv->isa)->epilogue(e, t->outputs, t->channels, t->y[0], step * b->y_ld, residual, t->residual_row, b->slope);
}

void dlc_depthwise_pixel(const dlc_depthwise_rows *b, const float *const *x, int64_t pixel) {
    float *y = b->y + pixel * b->y_ld;
    dlc_depthwise_tile t = tile_of(b, x, &y);
    t.outputs = 1;
    const dlc_depthwise_set *set = dlc_depthwise_set_of(b->conv->isa);
    const int group = group_of(b->conv);
    run_tile(b, group < 0 ? set->any : set->grouped_any[group], &t, 1, b->residual ? b->residual + pixel * b->conv->residual_ld : 0);
}

/// Asks for `count` pixels, `step` floats apart, that lie `offset` floats behind one.
static void ask(const float *pixel, int64_t offset, int64_t count, int64_t step, int64_t channels) {
    const uintptr_t first = (uintptr_t)pixel + (uintptr_t)offset * sizeof(float);
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < channels; c += 16) __builtin_prefetch((const void *)(first + (uintptr_t)(i * step + c) * sizeof(float)), 0, 2);
}

/// Asks for what the tile computed after that at column `ow` of a row writes and for what it is the first to read: the same row of
/// the tile at column `next`, or of the first tile of the rows that come after these where `next` is no column. Tiles read short
/// runs of many lines, which the processor's own prefetching does not follow.
static void ask_ahead(const dlc_depthwise_rows *b, int64_t row, int64_t ow, int64_t next) {
    const dlc_conv *p = b->conv;
    const int64_t apart = p->dilation[2], outputs = p->tile_block, span = outputs * apart, to = next < p->ow ? next : 0;
    const int64_t x = next < p->ow ? 0 : b->next_x, y = next < p->ow ? 0 : b->next_y;
    const int64_t shared = next == ow + span ? p->kernel[2] - p->stride[2] : 0; // columns
    const int64_t column = dlc_max(0, to * p->stride[2] - p->pad[2] + shared * apart);
    const int64_t columns = dlc_min(dlc_depthwise_columns(p) - shared, dlc_ceil_div(p->w - column, apart));
    // Lines that rows above have in common with this one.
    const int64_t above = row < p->dilation[1] ? 0 : p->kernel[1] - (p->dilation[1] > 1 ? 1 : p->stride[1]);
    for (int64_t kh = above; kh < p->kernel[1]; kh++) {
        const float *line = b->lines[row * p->stride[1] + kh * p->dilation[1]];
        if (line) ask(line, x + column * b->line_ld, columns, apart * b->line_ld, b->channels);
    }
    ask(b->y + row * b->y_line, y + to * b->y_ld, dlc_min(outputs, dlc_ceil_div(p->ow - to, apart)), apart * b->y_ld, b->channels);
}

/// Copies what a tile reads of a line to its place in the window, and points there; but for pixels outside, which are zeros.
static void copy_line(const dlc_depthwise_rows *b, const float *zeros, int64_t place, const float **pixels) {
    const int64_t columns = dlc_depthwise_columns(b->conv), apart = dlc_ceil_div(b->channels, 16) * 16;
    float *to = b->window + place * columns * apart;
    for (int64_t i = 0; i < columns; i++, to += apart) {
        if (pixels[i] == zeros) continue;
        memcpy(to, pixels[i], (size_t)b->channels * sizeof(float));
        pixels[i] = to;
    }
}

void dlc_depthwise_rows_run(const dlc_depthwise_rows *b) {
    const dlc_conv *p = b->conv;
    const int64_t outputs = p->tile_block, columns = dlc_depthwise_columns(p), ld = b->line_ld, apart = p->dilation[2];
    float *zeros = b->scratch, *discarded = zeros + dlc_ceil_div(b->channels, 16) * 16;
    const float **pointers = (const float **)(discarded + dlc_ceil_div(b->channels, 16) * 16);
    memset(zeros, 0, (size_t)b->channels * sizeof(float));
    float *y[DLC_DEPTHWISE_MOST_OUTPUTS];
    dlc_depthwise_tile t = tile_of(b, pointers, y);
    t.residual_row = apart * p->residual_ld;
    const dlc_depthwise_kernel kernel = kernel_of(p);
    // Every `apart`-th column from `first` on; tile by tile.
    for (int64_t first = 0; first < dlc_min(apart, p->ow); first++)
        for (int64_t ow = first; ow < p->ow; ow += outputs * apart) {
            const int64_t iw0 = ow * p->stride[2] - p->pad[2];
            const bool interior = iw0 >= 0 && iw0 + (columns - 1) * apart < p->w;
            const int64_t next = ow + outputs * apart < p->ow ? ow + outputs * apart : first + 1 < apart ? first + 1 : p->ow;
            t.outputs = dlc_min(outputs, dlc_ceil_div(p->ow - ow, apart));
            for (int64_t row = 0; row < b->rows; row++) {
                // Lines that the row before has read, too, keep their pointers.
                const int64_t kept = row == 0 || p->dilation[1] > 1 ? 0 : p->kernel[1] - p->stride[1];
                memmove(pointers, pointers + p->stride[1] * columns, (size_t)(kept * columns) * sizeof *pointers);
                for (int64_t kh = kept; kh < p->kernel[1]; kh++) {
                    const float *line = b->lines[row * p->stride[1] + kh * p->dilation[1]], **out = pointers + kh * columns;
                    for (int64_t i = 0; i < columns; i++)
                        out[i] = line && (interior || (uint64_t)(iw0 + i * apart) < (uint64_t)p->w) ? line + (iw0 + i * apart) * ld : zeros;
                    if (b->window) copy_line(b, zeros, (row * p->stride[1] + kh) % p->kernel[1], out);
                }
                float *result = b->y + row * b->y_line + ow * b->y_ld;
                for (int64_t i = 0; i < outputs; i++) y[i] = i < t.outputs ? result + i * apart * b->y_ld : discarded;
                if (b->ahead) ask_ahead(b, row, ow, next);
                run_tile(b, kernel, &t, apart, b->residual ? b->residual + (row * p->ow + ow) * p->residual_ld : 0);
            }
        }
}
