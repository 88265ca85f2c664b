/// The tiles of one way to multiply quads of bytes, included once per way by gemm_integer.inc.h. Expects `INTEGER_NAME(x)`,
/// `INTEGER_ROWS`, `INTEGER_FLIPS`, `INTEGER_HALF` (vectors of half a panel) and, of its own way,
/// - `integer_a` and `integer_b`, a quad of A in all lanes and a vector of quads of B, made ready for
/// - `vi integer_dot(vi sum, integer_a, integer_b)`: in each lane the four products of its quads are added to `sum`.

#if VL >= 8
/// Stores a tile as bytes, four vectors at a time; the last four may stand for some that are not there. Nothing is too large
/// for 32 bits. `adds` where there are addends, `plain` where they are whole vectors of unsigned bytes after rounding and
/// saturating is all that limits.
DLC_INLINE void INTEGER_NAME(integer_store_tile)(const dlc_integer_tile *t, const vi sum[][2 * INTEGER_HALF], const int rows,
                                                 const int vectors, const bool adds, const bool plain) {
    const dlc_integer_finish finish = *t->finish;
    const DLC_NAME(integer_limits) limits = DLC_NAME(integer_limits_of)(&finish);
    const DLC_NAME(integer_addition) addition = DLC_NAME(integer_addition_of)(&finish);
    const int64_t columns = t->columns, c_row = t->c_row, addend_row = t->addend_row;
    const uint8_t *const addends = t->addend;
    const float *const seconds = plain ? 0 : t->second;
    uint8_t *c = t->c;
    vf scale[2 * INTEGER_HALF], bias[2 * INTEGER_HALF];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) scale[v] = vf_load(t->scale + VL * v), bias[v] = vf_load(t->bias + VL * v);
#pragma clang loop unroll(full)
    for (int first = 0; first < rows * vectors; first += 4) {
        vi ys[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < 4; i++) {
            const int at = first + i < rows * vectors ? first + i : first, r = at / vectors, v = at % vectors;
            vf y = vf_fma(__builtin_convertvector(sum[r][v], vf), scale[v], bias[v]);
            if (adds) {
                // No load where nothing is: one whose elements are all masked takes 150 cycles at an address that is none.
                DLC_NAME(integer_bytes) addend = {0};
                if (!seconds) addend = DLC_NAME(integer_load_bytes)(addends + r * addend_row + VL * v, plain ? VL : columns - VL * v);
                y = DLC_NAME(integer_add)(y, addend, seconds ? seconds + VL * v : 0, &addition, plain);
            }
            ys[i] = DLC_NAME(integer_rounded)(y);
        }
        const vi packed = DLC_NAME(integer_pack)(ys, &limits, plain);
#pragma clang loop unroll(full)
        for (int i = 0; i < 4 && first + i < rows * vectors; i += vectors)
            DLC_NAME(integer_store_part)(c + (first + i) / vectors * c_row, packed, i, vectors, columns);
    }
}
#endif

/// `rows` rows and `halves` half panels; every `chains`-th quad is added to sums of its own, so that few rows do not wait for
/// their sums. All three are constants where this is taken in.
DLC_INLINE void INTEGER_NAME(integer_tile)(const dlc_integer_tile *t, const int rows, const int vectors, const int chains) {
    vi sum[4][DLC_INTEGER_ROWS][2 * INTEGER_HALF];
    const bool starts = t->b_start != 0;
#pragma clang loop unroll(full)
    for (int u = 0; u < chains; u++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const vi start = u == 0 && starts ? (vi)vf_load((const float *)(t->b_start + VL * v)) : (vi){0};
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) sum[u][r][v] = start;
        }
    if (t->sums)
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[0][r][v] = integer_add(sum[0][r][v], (vi)vf_load((const float *)(t->sums + r * DLC_INTEGER_WIDTH + VL * v)));
    const int8_t *b = t->b, *next = t->next;
    const int64_t next_step = t->next_step;
    const int64_t step = 4 * VL * vectors, a_row = t->a_row, quads = t->quads;
    for (int64_t run = 0; run < t->runs; run++) {
        const uint8_t *a = t->a + t->offsets[run] + 4 * t->done;
        b += t->done * step;
        int64_t p = t->done;
        for (; p + chains <= quads; p += chains) {
#pragma clang loop unroll(full)
            for (int u = 0; u < chains; u++) {
                if (chains > 1) vf_fetch_pages((const float *)b, step);
                else __builtin_prefetch(next, 0, 2), next += next_step;
                INTEGER_NAME(integer_b) bs[2 * INTEGER_HALF];
#pragma clang loop unroll(full)
                for (int v = 0; v < vectors; v++) bs[v] = INTEGER_NAME(integer_ready_b)(b + 4 * VL * v);
#pragma clang loop unroll(full)
                for (int r = 0; r < rows; r++) {
                    const INTEGER_NAME(integer_a) quad = INTEGER_NAME(integer_ready_a)(a + r * a_row);
#pragma clang loop unroll(full)
                    for (int v = 0; v < vectors; v++) sum[u][r][v] = INTEGER_NAME(integer_dot)(sum[u][r][v], quad, bs[v]);
                }
                a += 4, b += step;
            }
        }
        for (; p < quads; p++, a += 4, b += step)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) {
                const INTEGER_NAME(integer_b) one = INTEGER_NAME(integer_ready_b)(b + 4 * VL * v);
#pragma clang loop unroll(full)
                for (int r = 0; r < rows; r++) sum[0][r][v] = INTEGER_NAME(integer_dot)(sum[0][r][v], INTEGER_NAME(integer_ready_a)(a + r * a_row), one);
            }
    }
#pragma clang loop unroll(full)
    for (int u = 1; u < chains; u++)
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) sum[0][r][v] = integer_add(sum[0][r][v], sum[u][r][v]);
    if (!starts || t->a_sum)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const vi centred = (vi)vf_load((const float *)(t->b_centred + VL * v)), b_zero = (vi)vf_load((const float *)(t->b_zero + VL * v));
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                if (!starts) sum[0][r][v] = integer_subtract_product(sum[0][r][v], vi_set1(t->a_zero[r]), centred);
                if (t->a_sum) sum[0][r][v] = integer_subtract_product(sum[0][r][v], vi_set1(t->a_sum[r]), b_zero);
            }
        }
#if VL >= 8
    if (dlc_integer_size(t->finish) == 1 && t->fits && (VL == 16 || !t->addend || t->columns >= VL * vectors)) {
        const bool adds = t->addend || t->second, plain = dlc_integer_is_plain(t->finish);
        const bool adds_plainly = t->addend && t->finish->sum_rounds && !t->finish->addend_signed && t->columns >= VL * vectors;
        if (!adds && plain) INTEGER_NAME(integer_store_tile)(t, sum[0], rows, vectors, false, true);
        else if (!adds) INTEGER_NAME(integer_store_tile)(t, sum[0], rows, vectors, false, false);
        else if (adds_plainly && plain) INTEGER_NAME(integer_store_tile)(t, sum[0], rows, vectors, true, true);
        else INTEGER_NAME(integer_store_tile)(t, sum[0], rows, vectors, true, false);
        return;
    }
#endif
    vi held[2 * DLC_INTEGER_ROWS * INTEGER_HALF];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) held[r * vectors + v] = sum[0][r][v];
    DLC_NAME(integer_store_held)(t, held, rows, vectors);
}

#define INTEGER_TILE(r)                                                                                                            \
    static void DLC_PASTE(INTEGER_NAME(integer_half_), r)(const dlc_integer_tile *t) {                                             \
        INTEGER_NAME(integer_tile)(t, r, INTEGER_HALF, r * INTEGER_HALF <= 4 ? 4 : r * INTEGER_HALF <= 6 ? 2 : 1);                 \
    }                                                                                                                              \
    static void DLC_PASTE(INTEGER_NAME(integer_whole_), r)(const dlc_integer_tile *t) {                                            \
        INTEGER_NAME(integer_tile)(t, r, 2 * INTEGER_HALF, 2 * r * INTEGER_HALF <= 4 ? 4 : 2 * r * INTEGER_HALF <= 6 ? 2 : 1);     \
    }
INTEGER_TILE(1) INTEGER_TILE(2) INTEGER_TILE(3) INTEGER_TILE(4)
#if INTEGER_ROWS > 4
INTEGER_TILE(5) INTEGER_TILE(6)
#endif
#if INTEGER_ROWS > 6
INTEGER_TILE(7) INTEGER_TILE(8) INTEGER_TILE(9) INTEGER_TILE(10) INTEGER_TILE(11) INTEGER_TILE(12)
#endif

#define INTEGER_RUN(r) [0][r - 1] = DLC_PASTE(INTEGER_NAME(integer_half_), r), [1][r - 1] = DLC_PASTE(INTEGER_NAME(integer_whole_), r)
const dlc_integer_set INTEGER_NAME(dlc_integer_set) = {
    .rows = INTEGER_ROWS, .flips = INTEGER_FLIPS,
    .run = {
        INTEGER_RUN(1), INTEGER_RUN(2), INTEGER_RUN(3), INTEGER_RUN(4),
#if INTEGER_ROWS > 4
        INTEGER_RUN(5), INTEGER_RUN(6),
#endif
#if INTEGER_ROWS > 6
        INTEGER_RUN(7), INTEGER_RUN(8), INTEGER_RUN(9), INTEGER_RUN(10), INTEGER_RUN(11), INTEGER_RUN(12),
#endif
    },
};
#undef INTEGER_RUN
#undef INTEGER_TILE
#undef INTEGER_NAME
#undef INTEGER_ROWS
#undef INTEGER_FLIPS
