/// Matrices of 8-bit integers packed for dlc_integer_product.
#include "gemm_integer.h"
#include "gemm_tile.h"
#include <string.h>

enum { B, PACKED };

int64_t dlc_integer_packed_bytes(dlc_isa isa, int64_t k, int64_t n) {
    if (k < 0 || n < 0 || (double)k * (double)n > 0x1p46) return -1;
    const int64_t half = dlc_integer_width(isa) / 2, columns = dlc_ceil_div(n, half) * half;
    return dlc_ceil_div(columns * (4 * dlc_ceil_div(k, 4) + 4), 64) * 64;
}

/// Rows of all runs, each in whole quads.
int64_t dlc_integer_packed_rows(int64_t taps, int64_t inputs, int64_t run_taps) { return taps / run_taps * dlc_ceil_div(run_taps * inputs, 4) * 4; }
static int64_t packed_rows(const dlc_integer_pack *p) { return dlc_integer_packed_rows(p->taps, p->inputs, p->run_taps); }

/// Where row `row` of a matrix begins.
static int64_t row_offset(const dlc_integer_pack *p, int64_t row) { return row / p->inputs * p->tap_step + row % p->inputs * p->row_step; }

/// Four rows whose columns are neighbours.
static void pack_rows(const uint8_t *const rows[4], int64_t columns, uint8_t flip, uint8_t *to, int32_t *sums) {
    const uint8_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3];
    uint32_t quads[DLC_INTEGER_WIDTH];
    for (int64_t j = 0; j < columns; j++) {
        const uint8_t x0 = r0[j] ^ flip, x1 = r1[j] ^ flip, x2 = r2[j] ^ flip, x3 = r3[j] ^ flip;
        quads[j] = x0 | (uint32_t)x1 << 8 | (uint32_t)x2 << 16 | (uint32_t)x3 << 24;
        sums[j] += (int8_t)x0 + (int8_t)x1 + (int8_t)x2 + (int8_t)x3;
    }
    memcpy(to, quads, (size_t)(4 * columns));
}

/// Columns whose rows are neighbours: their quads lie ready.
static void pack_quads(const uint8_t *b, int64_t column_step, int64_t columns, uint8_t flip, uint8_t *to, int32_t *sums) {
    const uint32_t turned = flip * 0x01010101u;
    for (int64_t j = 0; j < columns; j++) {
        uint32_t quad;
        memcpy(&quad, b + j * column_step, 4);
        quad ^= turned;
        memcpy(to + 4 * j, &quad, 4);
        sums[j] += (int8_t)quad + (int8_t)(quad >> 8) + (int8_t)(quad >> 16) + (int8_t)(quad >> 24);
    }
}

static void pack_panel(const dlc_integer_pack *p, const uint8_t *b, uint8_t *out, int64_t panel) {
    const int64_t width = dlc_integer_width(p->isa), half = width / 2, first = panel * width, rows_of_run = p->run_taps * p->inputs;
    const int64_t quads_of_run = dlc_ceil_div(rows_of_run, 4), quads = p->taps / p->run_taps * quads_of_run;
    const int64_t padded = dlc_ceil_div(p->n, half) * half, held = dlc_min(width, padded - first), columns = dlc_min(width, p->n - first);
    const uint8_t flip = p->is_signed ? 0 : 0x80;
    int32_t sums[DLC_INTEGER_WIDTH] = {0};
    uint8_t *to = out + first * 4 * quads;
    b += first * p->column_step;
    for (int64_t q = 0; q < quads; q++, to += 4 * held) {
        const int64_t row = q / quads_of_run * rows_of_run + q % quads_of_run * 4, count = dlc_min(4, rows_of_run - q % quads_of_run * 4);
        if (count < 4 || columns < held)
            for (int64_t i = 0; i < 4 * held; i++) to[i] = 0;
        const uint8_t *rows[4];
        for (int64_t i = 0; i < count; i++) rows[i] = b + row_offset(p, row + i);
        if (count == 4 && p->column_step == 1) pack_rows(rows, columns, flip, to, sums);
        else if (count == 4 && p->row_step == 1 && rows[3] == rows[0] + 3) pack_quads(rows[0], p->column_step, columns, flip, to, sums);
        else
            for (int64_t i = 0; i < count; i++)
                for (int64_t j = 0; j < columns; j++) {
                    const uint8_t x = rows[i][j * p->column_step] ^ flip;
                    to[4 * j + i] = x;
                    sums[j] += (int8_t)x;
                }
    }
    int32_t *sums_out = (int32_t *)(out + padded * 4 * quads) + first;
    for (int64_t j = 0; j < held; j++) sums_out[j] = sums[j];
    if (panel != p->panels - 1) return;
    uint8_t *end = out + dlc_integer_packed_bytes(p->isa, 4 * quads, p->n);
    for (uint8_t *rest = (uint8_t *)(sums_out + held); rest < end; rest++) *rest = 0;
}

static void copy_plain(const dlc_integer_pack *p, const uint8_t *b, uint8_t *out) {
    for (int64_t row = 0; row < p->taps * p->inputs; row++)
        for (int64_t j = 0; j < p->n; j++) out[row * p->n + j] = b[row_offset(p, row) + j * p->column_step];
}

static void run(const dlc_call *call) {
    const dlc_integer_pack *p = call->params;
    const int64_t bytes = p->is_plain ? p->taps * p->inputs * p->n : dlc_integer_packed_bytes(p->isa, packed_rows(p), p->n);
    for (int64_t task = call->begin; task < call->end; task++) {
        const int64_t matrix = task / p->panels;
        const uint8_t *b = (const uint8_t *)call->buffers[B] + matrix * p->matrix_step;
        uint8_t *out = (uint8_t *)call->buffers[PACKED] + matrix * bytes;
        if (p->is_plain) copy_plain(p, b, out);
        else pack_panel(p, b, out, task % p->panels);
    }
}

bool dlc_integer_pack_prepare(dlc_isa isa, dlc_integer_pack *p, dlc_launch *out) {
    if (p->taps < 0 || p->inputs < 0 || p->matrices < 0 || (double)p->taps * (double)p->inputs > 0x1p24) return false; // sums of bytes stay in 32 bits
    if (p->run_taps < 1 || p->taps % p->run_taps != 0) return false;
    const int64_t bytes = dlc_integer_packed_bytes(isa, packed_rows(p), p->n);
    if (bytes < 0 || (double)p->matrices * (double)bytes > 0x1p46) return false;
    p->isa = isa;
    p->panels = p->is_plain ? 1 : dlc_ceil_div(p->n, dlc_integer_width(isa));
    *out = (dlc_launch){.run = run, .tasks = p->matrices * p->panels, .phases = 1};
    return true;
}
