/// Attention for one instruction set.
#include "attention.h"
#include <math.h>

DLC_TARGET_BEGIN

/// Rows of the register tile; with 4 vectors of columns it fills the registers.
#define ATTENTION_ROWS (DLC_REGISTERS == 32 ? 6 : 3)

/// c[row] [vectors·VL] = Σₖ a[row][k] · panel[k], each row times its factor where there are factors, or added to what is there;
/// only the first `columns` are stored. Neighbours in a row of a are `a_step` apart.
DLC_INLINE void attention_tile_of(int rows, int vectors, int64_t k, const float *a, int64_t a_ld, int64_t a_step, const float *panel,
                                  const float *factors, bool adds, float *c, int64_t c_ld, int64_t columns) {
    vf acc[ATTENTION_ROWS * 4];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows * vectors; i++) acc[i] = vf_zero();
    for (int64_t i = 0; i < k; i++, panel += 4 * VL) {
        // The factors of the rows stay in registers while vectors of B pass: 3 x 4 sums fit into 16 registers.
        vf x[ATTENTION_ROWS];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) x[r] = vf_set1(a[r * a_ld + i * a_step]);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            const vf b = vf_load(panel + v * VL);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) acc[r * vectors + v] = vf_fma(x[r], b, acc[r * vectors + v]);
        }
    }
    int64_t last = columns - (vectors - 1) * VL; // columns of the last vector
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        vf factor = vf_set1(factors ? factors[r] : 1.0f);
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) {
            float *to = c + r * c_ld + v * VL;
            const bool whole = v < vectors - 1 || last >= VL;
            vf sum = acc[r * vectors + v] * factor;
            if (adds) sum += whole ? vf_load(to) : vf_load_n(to, last);
            if (whole) vf_store(to, sum);
            else vf_store_n(to, sum, last);
        }
    }
}

#define ATTENTION_CASE(n, v, a_step, factors, adds) \
    case (n) * 8 + (v): attention_tile_of(n, v, k, a, a_ld, a_step, panel, factors, adds, c, c_ld, columns); break;
#define ATTENTION_CASES_OF(n, ...) \
    ATTENTION_CASE(n, 1, __VA_ARGS__) ATTENTION_CASE(n, 2, __VA_ARGS__) ATTENTION_CASE(n, 3, __VA_ARGS__) ATTENTION_CASE(n, 4, __VA_ARGS__)
#if DLC_REGISTERS == 32
#define ATTENTION_CASES(...) \
    ATTENTION_CASES_OF(1, __VA_ARGS__) ATTENTION_CASES_OF(2, __VA_ARGS__) ATTENTION_CASES_OF(3, __VA_ARGS__) \
    ATTENTION_CASES_OF(4, __VA_ARGS__) ATTENTION_CASES_OF(5, __VA_ARGS__) ATTENTION_CASES_OF(6, __VA_ARGS__)
#else
#define ATTENTION_CASES(...) ATTENTION_CASES_OF(1, __VA_ARGS__) ATTENTION_CASES_OF(2, __VA_ARGS__) ATTENTION_CASES_OF(3, __VA_ARGS__)
#endif

/// As attention_tile_of, for as many vectors as `columns` need, four at most.
static void attention_tile(int64_t rows, int64_t k, const float *a, int64_t a_ld, const float *panel, const float *factors,
                           float *c, int64_t c_ld, int64_t columns) {
    int64_t vectors = columns > 3 * VL ? 4 : (columns + VL - 1) / VL;
    switch (rows * 8 + vectors) {
    ATTENTION_CASES(1, factors, false)
    default: break;
    }
}

/// As attention_tile, added to c; neighbours in a row of a are `a_step` apart.
static void attention_tile_add(int64_t rows, int64_t k, const float *a, int64_t a_ld, int64_t a_step, const float *panel, float *c,
                               int64_t c_ld, int64_t columns) {
    int64_t vectors = columns > 3 * VL ? 4 : (columns + VL - 1) / VL;
    switch (rows * 8 + vectors) {
    ATTENTION_CASES(a_step, NULL, true)
    default: break;
    }
}
#undef ATTENTION_CASE
#undef ATTENTION_CASES_OF
#undef ATTENTION_CASES

typedef float attention_4 __attribute__((vector_size(16), aligned(4), may_alias));

/// Stores the transpose of 4 × 4 elements.
DLC_INLINE void attention_transpose(const float *from, int64_t from_ld, float *to, int64_t to_ld) {
    attention_4 a = *(const attention_4 *)from, b = *(const attention_4 *)(from + from_ld);
    attention_4 c = *(const attention_4 *)(from + 2 * from_ld), d = *(const attention_4 *)(from + 3 * from_ld);
    attention_4 ac0 = __builtin_shufflevector(a, c, 0, 4, 1, 5), ac1 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
    attention_4 bd0 = __builtin_shufflevector(b, d, 0, 4, 1, 5), bd1 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
    *(attention_4 *)to = __builtin_shufflevector(ac0, bd0, 0, 4, 1, 5);
    *(attention_4 *)(to + to_ld) = __builtin_shufflevector(ac0, bd0, 2, 6, 3, 7);
    *(attention_4 *)(to + 2 * to_ld) = __builtin_shufflevector(ac1, bd1, 0, 4, 1, 5);
    *(attention_4 *)(to + 3 * to_ld) = __builtin_shufflevector(ac1, bd1, 2, 6, 3, 7);
}

/// Packs rows turned, as panels [panel][depth][wide] of which a row is a column. Columns beyond the last row are zero.
static void attention_pack_turned(const float *from, int64_t ld, int64_t rows, int64_t depth, int64_t wide, float *to) {
    int64_t columns = (rows + wide - 1) / wide * wide, squares = rows / 4 * 4, depths = depth / 4 * 4;
    for (int64_t row = 0; row < squares; row += 4) {
        float *at = to + row / wide * wide * depth + row % wide;
        for (int64_t d = 0; d < depths; d += 4) attention_transpose(from + row * ld + d, ld, at + d * wide, wide);
    }
    for (int64_t row = 0; row < columns; row++) {
        float *at = to + row / wide * wide * depth + row % wide;
        for (int64_t d = row < squares ? depths : 0; d < depth; d++) at[d * wide] = row < rows ? from[row * ld + d] : 0;
    }
}

/// Packs rows as panels of `wide` columns, `panel_step` apart, zero beyond the last column; gives 0 where all is finite.
static float attention_pack_rows(const float *from, int64_t ld, int64_t rows, int64_t columns, int64_t wide, float *to, int64_t panel_step) {
    vf check = vf_zero();
    for (int64_t first = 0; first < columns; first += wide, to += panel_step) {
        int64_t left = columns - first, whole = left < wide ? left / VL * VL : wide;
        for (int64_t row = 0; row < rows; row++)
            for (int64_t i = 0; i < wide; i += VL) {
                const float *at = from + row * ld + first + i;
                vf x = i < whole ? vf_load(at) : vf_load_n(at, left > i ? left - i : 0);
                check = vf_fma(x, vf_zero(), check);
                vf_store(to + row * wide + i, x);
            }
    }
    return vf_sum(check);
}

/// Packs K and V of one head. Columns beyond the last key or value are zero.
static void attention_pack(const dlc_attention *p, const attention_layout *l, const float *k, const float *v, float *to) {
    attention_pack_turned(k, p->k.row, p->keys, p->depth, l->wide, to);
    to[l->check] = attention_pack_rows(v, p->v.row, p->keys, p->value_depth, l->wide, to + l->values, l->wide * p->keys);
}

typedef uint8_t DLC_NAME(attention_flags) __attribute__((vector_size(VL)));

/// Scores where the first n flags are set, else −∞.
DLC_INLINE vf attention_seen_only(vf s, const uint8_t *flags, int64_t n) {
    DLC_NAME(attention_flags) own = {0};
    if (n >= VL) memcpy(&own, flags, VL);
    else memcpy(&own, flags, (size_t)n);
    const vi seen = __builtin_convertvector(own, vi) != 0;
    return (vf)(((vi)s & seen) | ((vi)vf_set1(-INFINITY) & ~seen));
}

/// Scales a row of `keys` scores and adds its mask, in place; gives the maximum.
static float attention_mask_row(const dlc_attention *p, float *scores, const void *mask, int64_t at, int64_t keys) {
    vf max = vf_set1(-INFINITY), scale = vf_set1(p->scale);
    for (int64_t i = 0; i < keys; i += VL) {
        int64_t n = keys - i < VL ? keys - i : VL;
        vf s = vf_load(scores + i) * scale;
        if (p->mask_kind == DLC_MASK_F32) {
            const float *m = (const float *)mask + at;
            s += p->mask_column ? vf_load_n(m + i, n) : vf_set1(*m);
        } else if (p->mask_kind == DLC_MASK_BOOL) {
            const uint8_t *m = (const uint8_t *)mask + at;
            if (p->mask_column) s = attention_seen_only(s, m + i, n);
            else if (!*m) s = vf_set1(-INFINITY);
        }
        vf_store(scores + i, s);
        // Lanes beyond the last key must not count.
        max = softmax_max(max, n < VL ? softmax_first(s, n, -INFINITY) : s);
    }
    return softmax_lanes_max(max);
}

/// The keys that query `last` and those before it see.
DLC_INLINE int64_t attention_seen(const dlc_attention *p, int64_t last) {
    if (!p->causal) return p->keys;
    int64_t seen = last + 1 + p->causal_offset;
    return seen < 0 ? 0 : seen < p->keys ? seen : p->keys;
}

/// Turns the `*seen` masked scores of a query, whose maximum is given, into weights that are still to be divided by their sum.
/// A row in which nothing may be seen gives zeros, where softmax would give NaN, and sees nothing.
DLC_INLINE attention_statistics attention_weigh(const dlc_attention *p, float *scores, int64_t *seen, float max) {
    if (max == -INFINITY && !p->empty_rows_are_nan) *seen = 0;
    // What multiplies the sum of nothing, of a query that sees no key.
    float unseen = p->empty_rows_are_nan && p->keys > 0 ? NAN : 0;
    return (attention_statistics){
        .maximum = max == -INFINITY ? 0 : max, .factor = *seen > 0 ? 1.0f / softmax_row_exp(scores, scores, *seen, max) : unseen,
    };
}

/// What attention_mask_row and attention_weigh make of a row of `vectors` vectors, the last of `tail` scores, without a way through
/// memory: rows of windows would wait for it. The mask, of floats or of bools, may be null.
DLC_INLINE attention_statistics attention_short(const dlc_attention *p, float *scores, const float *mask, const uint8_t *flags, int64_t tail,
                                                int64_t *seen, const int vectors) {
    const vf scale = vf_set1(p->scale);
    vf s[SOFTMAX_SHORT];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        s[v] = vf_load(scores + v * VL) * scale;
        if (mask) s[v] += v == vectors - 1 ? vf_load_n(mask + v * VL, tail) : vf_load(mask + v * VL);
        if (flags) s[v] = attention_seen_only(s[v], flags + v * VL, v == vectors - 1 ? tail : VL);
    }
    s[vectors - 1] = softmax_first(s[vectors - 1], tail, -INFINITY);
    vf most = s[0], sum = vf_zero();
#pragma clang loop unroll(full)
    for (int v = 1; v < vectors; v++) most = softmax_max(most, s[v]);
    const float max = softmax_lanes_max(most);
    if (max == -INFINITY && !p->empty_rows_are_nan) {
        *seen = 0;
        return (attention_statistics){0};
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        const vf e = softmax_exp(s[v] - vf_set1(max)), kept = v == vectors - 1 ? softmax_first(e, tail, 0) : e;
        vf_store(scores + v * VL, kept);
        sum += kept;
    }
    return (attention_statistics){.maximum = max == -INFINITY ? 0 : max, .factor = 1.0f / vf_sum(sum)};
}

/// Weights of a query from its scores, in place, and how many keys it sees.
static attention_statistics attention_softmax(const dlc_attention *p, float *scores, const void *mask, int64_t at, int64_t *seen) {
    const bool is_short = *seen > 0 && *seen <= SOFTMAX_SHORT * VL;
    if (!is_short || (p->mask_kind != DLC_MASK_NONE && !p->mask_column))
        return attention_weigh(p, scores, seen, attention_mask_row(p, scores, mask, at, *seen));
    const float *row = p->mask_kind == DLC_MASK_F32 ? (const float *)mask + at : 0;
    const uint8_t *flags = p->mask_kind == DLC_MASK_BOOL ? (const uint8_t *)mask + at : 0;
    const int64_t vectors = (*seen + VL - 1) / VL, tail = *seen - (vectors - 1) * VL;
    switch (vectors) {
    case 1: return attention_short(p, scores, row, flags, tail, seen, 1);
    case 2: return attention_short(p, scores, row, flags, tail, seen, 2);
    case 3: return attention_short(p, scores, row, flags, tail, seen, 3);
    case 4: return attention_short(p, scores, row, flags, tail, seen, 4);
    case 5: return attention_short(p, scores, row, flags, tail, seen, 5);
    default: return attention_short(p, scores, row, flags, tail, seen, 6);
    }
}

/// The same with what becomes of weights that are NaN.
static attention_statistics attention_weights(const dlc_attention *p, float *scores, const void *mask, int64_t at, int64_t *seen) {
    attention_statistics own = attention_softmax(p, scores, mask, at, seen);
    if (p->nan_weights_are_zero && own.factor != own.factor) {
        memset(scores, 0, (size_t)*seen * sizeof(float));
        own.factor = 1;
    }
    return own;
}

/// The results of `count` queries where some value is not finite: one by one and over all keys, since it makes NaN with the
/// weight 0 of a key that a query does not see, but none of a query that sees nothing.
static void attention_apart(const dlc_attention *p, const attention_layout *l, const float *packed, const float *scores,
                            const float *factors, float *y, int64_t count) {
    for (int64_t r = 0; r < count; r++, y += p->y.row) {
        if (factors[r] == 0) {
            for (int64_t i = 0; i < p->value_depth; i++) y[i] = 0;
            continue;
        }
        for (int64_t panel = 0; panel < l->value_panels; panel++)
            attention_tile(1, p->keys, scores + r * l->scores, l->scores, packed + l->values + panel * l->wide * p->keys, factors + r,
                           y + panel * l->wide, p->y.row, p->value_depth - panel * l->wide);
    }
}

/// The queries `first ..< first + count` of one head. Rows go by tiles, each over the keys that its last row sees.
static void attention_block(const dlc_attention *p, const attention_layout *l, const float *packed, const float *q,
                            const void *mask, int64_t mask_at, float *y, attention_statistics *statistics, int64_t first, int64_t count,
                            float *scratch) {
    float *scores = scratch, *factors = scratch + p->query_block * l->scores;
    int64_t keys = attention_seen(p, first + count - 1);
    bool finite = packed[l->check] == 0;
    for (int64_t panel = 0; panel * l->wide < keys; panel++) {
        for (int64_t r = 0; r < count; r += ATTENTION_ROWS) {
            int64_t rows = count - r < ATTENTION_ROWS ? count - r : ATTENTION_ROWS;
            // Whole vectors, of packed zeros beyond the last key.
            int64_t columns = (attention_seen(p, first + r + rows - 1) - panel * l->wide + VL - 1) / VL * VL;
            if (columns <= 0) continue;
            attention_tile(rows, p->depth, q + (first + r) * p->q.row, p->q.row, packed + panel * l->wide * p->depth, NULL,
                           scores + r * l->scores + panel * l->wide, l->scores, columns);
        }
    }
    for (int64_t r = 0; r < count; r++) {
        float *row = scores + r * l->scores;
        int64_t end = r / ATTENTION_ROWS * ATTENTION_ROWS + ATTENTION_ROWS, seen = attention_seen(p, first + r);
        attention_statistics own = attention_weights(p, row, mask, mask_at + (first + r) * p->mask.row, &seen);
        factors[r] = own.factor;
        if (statistics) statistics[first + r] = own;
        keys = finite ? attention_seen(p, first + (end < count ? end : count) - 1) : p->keys;
        for (int64_t i = seen; i < keys; i++) row[i] = 0;
    }
    if (!finite) return attention_apart(p, l, packed, scores, factors, y + first * p->y.row, count);
    for (int64_t panel = 0; panel < l->value_panels; panel++) {
        int64_t columns = p->value_depth - panel * l->wide;
        for (int64_t r = 0; r < count; r += ATTENTION_ROWS) {
            int64_t rows = count - r < ATTENTION_ROWS ? count - r : ATTENTION_ROWS;
            attention_tile(rows, attention_seen(p, first + r + rows - 1), scores + r * l->scores, l->scores,
                           packed + l->values + panel * l->wide * p->keys, factors + r,
                           y + (first + r) * p->y.row + panel * l->wide, p->y.row, columns);
        }
    }
}

DLC_TARGET_END
#include "attention_row.inc.h"
DLC_TARGET_BEGIN

static void DLC_NAME(attention_f32)(const dlc_call *call) {
    const dlc_attention *p = call->params;
    attention_layout l = attention_layout_of(p, VL);
    const float *q = call->buffers[0], *k = call->buffers[1], *v = call->buffers[2];
    float *y = call->buffers[4], *packed = call->shared;
    int64_t blocks = (p->queries + p->query_block - 1) / p->query_block;
    if (call->phase == 0 && !p->unpacked) {
        // The heads of a thread's tasks, which it will find in its own cache.
        int64_t packs = p->batch * p->kv_heads, tasks = p->batch * p->heads * blocks, end = call->end * packs / tasks;
        for (int64_t i = call->begin * packs / tasks; i < end; i++) {
            int64_t batch = i / p->kv_heads, head = i % p->kv_heads;
            attention_pack(p, &l, k + batch * p->k.batch + head * p->k.head, v + batch * p->v.batch + head * p->v.head, packed + i * l.head);
        }
        return;
    }
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * p->query_block, head = task / blocks % p->heads, batch = task / blocks / p->heads;
        int64_t count = p->queries - first < p->query_block ? p->queries - first : p->query_block;
        int64_t kv = head / (p->heads / p->kv_heads), mask_at = batch * p->mask.batch + head * p->mask.head;
        const float *from = q + batch * p->q.batch + head * p->q.head;
        float *to = y + batch * p->y.batch + head * p->y.head;
        attention_statistics *statistics = call->buffers[5];
        if (statistics) statistics += (batch * p->heads + head) * p->queries;
        if (p->unpacked) {
            attention_row(p, from + first * p->q.row, k + batch * p->k.batch + kv * p->k.head, v + batch * p->v.batch + kv * p->v.head,
                          call->buffers[3], mask_at + first * p->mask.row, to + first * p->y.row, statistics, first, call->scratch);
            continue;
        }
        attention_block(p, &l, packed + (batch * p->kv_heads + kv) * l.head, from, call->buffers[3], mask_at, to, statistics, first, count,
                        call->scratch);
    }
}

DLC_TARGET_END
