/// The register tiles of one way to multiply, included once per way by gemm_tile.inc.h, which says of its way
/// - TILE_NAME(x), its names, and TILE_SET, that of its set;
/// and where it is not that of floats with what all of an instruction set's functions may use:
/// - TILE_PAIRS, that elements are pairs of bfloat16, or TILE_SPLIT, that they are floats in A and sums of two bfloat16 in B;
/// - TILE_ADD(scalar, column, sum), the sum with a product more, and TILE_ROWS, what brings rows of A into runs;
/// - TILE_TARGET_BEGIN and END, what its functions may use.
#ifndef TILE_PAIRS
#define TILE_PAIRS 0
#endif
#ifndef TILE_SPLIT
#define TILE_SPLIT 0
#endif
#ifndef TILE_ADD
#define TILE_ADD(scalar, column, sum) vf_fma(scalar, column, sum)
#endif
#ifndef TILE_ROWS
#define TILE_ROWS paired_rows
#endif
#ifndef TILE_TARGET_BEGIN
#define TILE_TARGET_BEGIN DLC_TARGET_BEGIN
#define TILE_TARGET_END DLC_TARGET_END
#endif
#if TILE_PAIRS
#define TILE_SCALAR(a) pair_set1(a)
#else
#define TILE_SCALAR(a) vf_set1(*(a))
#endif

TILE_TARGET_BEGIN
#if TILE_SPLIT
/// The sums over floats of A and what B's pairs of first and second parts add up to.
DLC_INLINE void TILE_NAME(tile_products)(const dlc_tile *t, const int rows, const int vectors, const int64_t b_stride, vf sum[][DLC_TILE_MOST_VECTORS]) {
    const float *b = t->b;
    const float *next = t->next;
    const int64_t run = t->run, next_step = t->next_step, rest = t->step * b_stride; // from a pair's first parts to its second
    for (int64_t tap = 0; tap < t->taps; tap++) {
        if (t->b_taps) b = t->b + t->b_taps[tap];
        const float *a[DLC_TILE_MOST_ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) a[r] = t->a[tap * t->a_step + r];
        for (int64_t k = 0; k < run; b += rest)
            for (const int64_t end = k + 2 * t->step; k < end; k += 2, b += b_stride) {
                vf even[DLC_TILE_MOST_VECTORS], odd[DLC_TILE_MOST_VECTORS];
                __builtin_prefetch(next, 0, 2);
                __builtin_prefetch(next + next_step, 0, 2);
                next += 2 * next_step;
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) {
                    const vi first = (vi)vf_load(b + v * VL), second = (vi)vf_load(b + rest + v * VL);
                    even[v] = (vf)(first << 16) + (vf)(second << 16);
                    odd[v] = (vf)(first & (int32_t)0xffff0000) + (vf)(second & (int32_t)0xffff0000);
                }
#pragma clang loop unroll(full)
                for (int r = 0; r < rows; r++) {
                    const vf left = vf_set1(a[r][k]), right = vf_set1(a[r][k + 1]);
#pragma clang loop unroll(full)
                    for (int v = 0; v < vectors; v++) sum[r][v] = vf_fma(right, odd[v], vf_fma(left, even[v], sum[r][v]));
                }
            }
    }
}
#else
/// The sums, with B's rows `b_stride` apart. A constant there leaves address registers for six rows even where a frame pointer takes
/// one: 235 instead of 166 GFLOP/s.
DLC_INLINE void TILE_NAME(tile_products)(const dlc_tile *t, const int rows, const int vectors, const int64_t b_stride, vf sum[][DLC_TILE_MOST_VECTORS]) {
    const float *b = t->b, *next = t->next;
    const int64_t run = t->run, next_step = t->next_step, second = next_step > DLC_LINE_FLOATS ? DLC_LINE_FLOATS : 0;
    for (int64_t tap = 0; tap < t->taps; tap++) {
        if (t->b_taps) b = t->b + t->b_taps[tap];
        const float *a[DLC_TILE_MOST_ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) a[r] = t->a[tap * t->a_step + r];
#if defined(__aarch64__) && !TILE_PAIRS
        int64_t k = 0;
        // Multiplied by lane, four products of a row cost one load of A; broadcasts made sums spill.
#pragma clang loop unroll(disable)
        for (; k + VL <= run; k += VL) {
            vf scalars[DLC_TILE_MOST_ROWS];
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) scalars[r] = vf_load(a[r] + k);
#pragma clang loop unroll(full)
            for (int lane = 0; lane < VL; lane++) {
                if (rows <= 3) fetch_row(b, vectors, b_stride);
                if (rows > 3 && vectors > 1) __builtin_prefetch(next, 0, 2), next += next_step;
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) {
                    const vf column = vf_load(b + v * VL);
#pragma clang loop unroll(full)
                    for (int r = 0; r < rows; r++) sum[r][v] = vf_fma(vf_set1(scalars[r][lane]), column, sum[r][v]);
                }
                b += b_stride;
            }
        }
#pragma clang loop unroll(disable)
        for (; k < run; k++) {
#else
#if DLC_REGISTERS == 32
#pragma clang loop unroll_count(4)
#else
        // Beyond two, compilers carry the sums of sixteen registers from one to the next: 113 or 106 GFLOP/s.
#pragma clang loop unroll_count(2)
#endif
        for (int64_t k = 0; k < run; k++) {
#endif
            vf column[DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) column[v] = vf_load(b + v * VL);
            if (rows <= 3) fetch_row(b, vectors, b_stride);
            // Of what comes next a line for each row of B, and where few tiles share it, two.
            if (rows > 3 && vectors * VL > DLC_LINE_FLOATS) __builtin_prefetch(next + second, 0, 2);
            if (rows > 3 && vectors > 1) __builtin_prefetch(next, 0, 2), next += next_step;
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                vf scalar = TILE_SCALAR(a[r] + k);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) sum[r][v] = TILE_ADD(scalar, column[v], sum[r][v]);
            }
            b += b_stride;
        }
    }
}

/// As tile_products, of one row: its few sums would wait for each other, so several products of each run side by side.
DLC_INLINE void TILE_NAME(row_products)(const dlc_tile *t, const int vectors, const int64_t b_stride, vf sum[DLC_TILE_MOST_VECTORS]) {
    enum { chains = 4 };
    const float *b = t->b;
    for (int64_t tap = 0; tap < t->taps; tap++) {
        if (t->b_taps) b = t->b + t->b_taps[tap];
        const float *a = t->a[tap * t->a_step];
        vf part[chains][DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
        for (int i = 0; i < chains; i++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) part[i][v] = vf_zero();
        int64_t k = 0;
        for (; k + chains <= t->run; k += chains, b += chains * b_stride) {
#pragma clang loop unroll(full)
            for (int i = 0; i < chains; i++) {
                fetch_row(b + i * b_stride, vectors, b_stride);
                const vf scalar = TILE_SCALAR(a + k + i);
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) part[i][v] = TILE_ADD(scalar, vf_load(b + i * b_stride + v * VL), part[i][v]);
            }
        }
        for (; k < t->run; k++, b += b_stride)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) part[0][v] = TILE_ADD(TILE_SCALAR(a + k), vf_load(b + v * VL), part[0][v]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[v] += (part[0][v] + part[1][v]) + (part[2][v] + part[3][v]);
    }
}

#endif

DLC_INLINE void TILE_NAME(tile_body)(const dlc_tile *t, const int rows, const int vectors) {
    vf sum[DLC_TILE_MOST_ROWS][DLC_TILE_MOST_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) sum[r][v] = vf_zero();

    if (rows > 3) {
        // The lines of C arrive while the sums are computed.
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v += 16 / VL) __builtin_prefetch(t->c + r * t->c_row + v * VL, 1);
    }
#if !TILE_SPLIT
    if (rows == 1 && t->b_stride == vectors * VL) TILE_NAME(row_products)(t, vectors, vectors * VL, sum[0]);
    else if (rows == 1) TILE_NAME(row_products)(t, vectors, t->b_stride, sum[0]);
    else
#endif
        if (t->b_stride == vectors * VL) TILE_NAME(tile_products)(t, rows, vectors, vectors * VL, sum);
    else TILE_NAME(tile_products)(t, rows, vectors, t->b_stride, sum);

    tile_store(t, rows, vectors, sum);
}

#define TILE(rows, vectors) static void TILE_NAME(tile_##vectors##_##rows)(const dlc_tile *t) { TILE_NAME(tile_body)(t, rows, vectors); }
#define TILES_TO_6(v) TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v)
#define TILES_TO_8(v) TILES_TO_6(v) TILE(7, v) TILE(8, v)
#define TILES_TO_10(v) TILES_TO_8(v) TILE(9, v) TILE(10, v)
#define NAME(v, rows) TILE_NAME(tile_##v##_##rows)
#define NAMES_TO_6(v) NAME(v, 1), NAME(v, 2), NAME(v, 3), NAME(v, 4), NAME(v, 5), NAME(v, 6)
#define NAMES_TO_8(v) NAMES_TO_6(v), NAME(v, 7), NAME(v, 8)
#define NAMES_TO_10(v) NAMES_TO_8(v), NAME(v, 9), NAME(v, 10)

// As many sums as registers allow, and no more rows than there are registers for addresses.
#if (TILE_PAIRS || TILE_SPLIT) && VL == 16
// As wide as AMX multiplies, whose pieces of a panel lie in one piece.
TILES_TO_10(1) TILES_TO_8(2)
TILE_TARGET_END
const dlc_tile_set TILE_SET = {
    .lanes = VL, .vectors = 2, .rows = {10, 8}, .tile = {{NAMES_TO_10(1)}, {NAMES_TO_8(2)}},
    .epilogue = epilogue_rows, .scaled = scaled_rows, .paired = TILE_ROWS, .dots = dot_rows, .finish = finish_sums,
};
#elif DLC_REGISTERS == 32
TILES_TO_10(1) TILES_TO_8(2) TILES_TO_6(3) TILES_TO_6(4)
TILE_TARGET_END
const dlc_tile_set TILE_SET = {
    .lanes = VL, .vectors = 4, .rows = {10, 8, 6, 6},
    .tile = {{NAMES_TO_10(1)}, {NAMES_TO_8(2)}, {NAMES_TO_6(3)}, {NAMES_TO_6(4)}},
    .epilogue = epilogue_rows, .scaled = scaled_rows, .paired = TILE_ROWS, .dots = dot_rows, .finish = finish_sums,
};
#else
TILES_TO_8(1) TILES_TO_6(2)
TILE_TARGET_END
const dlc_tile_set TILE_SET = {
    .lanes = VL, .vectors = 2, .rows = {8, 6},
    .tile = {{NAMES_TO_8(1)}, {NAMES_TO_6(2)}},
    .epilogue = epilogue_rows, .scaled = scaled_rows, .paired = TILE_ROWS, .dots = dot_rows, .finish = finish_sums,
};
#endif
#undef TILE
#undef TILES_TO_6
#undef TILES_TO_8
#undef TILES_TO_10
#undef NAME
#undef NAMES_TO_6
#undef NAMES_TO_8
#undef NAMES_TO_10
#undef TILE_NAME
#undef TILE_SET
#undef TILE_PAIRS
#undef TILE_SPLIT
#undef TILE_ROWS
#undef TILE_SCALAR
#undef TILE_ADD
#undef TILE_TARGET_BEGIN
#undef TILE_TARGET_END
