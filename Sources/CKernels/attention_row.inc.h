/// Attention of few queries, as when a text is continued by a token: packing K and V would take longer than
/// reading them once for each query. Include after the functions of attention.inc.h that it shares.

DLC_TARGET_BEGIN

/// Asks for a row of `n` floats; rows of a head that lie apart, as where heads are parts of them, are no stream that processors foresee.
DLC_INLINE void attention_fetch(const float *row, int64_t n) {
    for (int64_t i = 0; i < n; i += 16) __builtin_prefetch(row + i);
}

/// Rows that are on their way while one is read.
#define ATTENTION_AHEAD 16

/// scores[key] = q · k[key], four keys side by side; anything for those whose flag is not set, where there are flags.
DLC_INLINE void attention_row_scores(const dlc_attention *p, const float *q, const float *k, const uint8_t *flags, int64_t keys,
                                     float *scores) {
    enum { together = 4 };
    int64_t whole = p->depth / VL * VL, tail = p->depth - whole;
    for (int64_t key = 0; key < keys; key += together) {
        int64_t last = keys - 1;
        if (flags) {
            const int64_t end = key + together < keys ? key + together : keys;
            bool is_seen = false;
            for (int64_t i = key; i < end; i++) is_seen |= flags[i] != 0;
            if (!is_seen) {
                for (int64_t i = key; i < end; i++) scores[i] = 0;
                continue;
            }
        }
        const float *rows[together];
        vf sum[together];
#pragma clang loop unroll(full)
        for (int i = 0; i < together; i++) {
            rows[i] = k + (key + i < last ? key + i : last) * p->k.row;
            attention_fetch(rows[i] + ATTENTION_AHEAD * p->k.row, p->depth);
            sum[i] = vf_zero();
        }
        for (int64_t d = 0; d < whole; d += VL) {
            vf query = vf_load(q + d);
#pragma clang loop unroll(full)
            for (int i = 0; i < together; i++) sum[i] = vf_fma(query, vf_load(rows[i] + d), sum[i]);
        }
        if (tail > 0) {
            vf query = vf_load_n(q + whole, tail);
#pragma clang loop unroll(full)
            for (int i = 0; i < together; i++) sum[i] = vf_fma(query, vf_load_n(rows[i] + whole, tail), sum[i]);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < together; i++)
            if (key + i < keys) scores[key + i] = vf_sum(sum[i]);
    }
}

/// scores[key] = q · k[key], each sum along the depth by itself, as attention_tile has it: a gradient, whose tiles compute the scores
/// again, wants just those whose maximum was taken, since what a large score loses in another order is more than exponents bear.
static void attention_row_scores_in_order(const dlc_attention *p, const float *q, const float *k, int64_t keys, float *scores) {
    enum { wide = 4 * VL, deep = 16 };
    float turned[wide * deep];
    for (int64_t key = 0; key < keys; key += wide) {
        const int64_t rows = keys - key < wide ? keys - key : wide;
        vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
        for (int64_t d = 0; d < p->depth; d += deep) {
            const int64_t n = p->depth - d < deep ? p->depth - d : deep;
            attention_pack_turned(k + key * p->k.row + d, p->k.row, rows, n, wide, turned);
            for (int64_t i = 0; i < n; i++)
                for (int v = 0; v < 4; v++) sum[v] = vf_fma(vf_set1(q[d + i]), vf_load(turned + i * wide + v * VL), sum[v]);
        }
        for (int v = 0; v * VL < rows; v++) vf_store_n(scores + key + v * VL, sum[v], rows - v * VL < VL ? rows - v * VL : VL);
    }
}

/// y = factor · Σ scores[key] · v[key] over `columns` columns, which fill `vectors` vectors.
DLC_INLINE void attention_row_values(const dlc_attention *p, int vectors, int64_t columns, const float *scores, const float *v,
                                     int64_t keys, float factor, float *y) {
    enum { chains = 2 };
    int64_t tail = columns - (vectors - 1) * VL, key = 0;
    vf sum[chains * 4];
#pragma clang loop unroll(full)
    for (int i = 0; i < chains * vectors; i++) sum[i] = vf_zero();
    for (; key + chains <= keys; key += chains)
#pragma clang loop unroll(full)
        for (int i = 0; i < chains; i++) {
            const float *row = v + (key + i) * p->v.row;
            attention_fetch(row + ATTENTION_AHEAD * p->v.row, columns);
            vf score = vf_set1(scores[key + i]);
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) {
                vf value = j < vectors - 1 || tail == VL ? vf_load(row + j * VL) : vf_load_n(row + j * VL, tail);
                sum[i * vectors + j] = vf_fma(score, value, sum[i * vectors + j]);
            }
        }
    for (; key < keys; key++)
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++)
            sum[j] = vf_fma(vf_set1(scores[key]), vf_load_n(v + key * p->v.row + j * VL, j < vectors - 1 ? VL : tail), sum[j]);
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++)
        vf_store_n(y + j * VL, (sum[j] + sum[vectors + j]) * factor, j < vectors - 1 ? VL : tail);
}

/// The weights of one query, still to be divided by their sum, in `scores`, and how many keys it sees, none where all are masked.
static attention_statistics attention_row_weights(const dlc_attention *p, const float *q, const float *k, const void *mask, int64_t mask_at,
                                                  int64_t query, bool in_order, float *scores, int64_t *seen) {
    *seen = attention_seen(p, query);
    if (in_order) attention_row_scores_in_order(p, q, k, *seen, scores);
    else {
        const bool has_flags = p->mask_kind == DLC_MASK_BOOL && p->mask_column;
        attention_row_scores(p, q, k, has_flags ? (const uint8_t *)mask + mask_at : NULL, *seen, scores);
    }
    for (int64_t i = *seen; i % VL != 0; i++) scores[i] = 0; // masking takes whole vectors
    return attention_weights(p, scores, mask, mask_at, seen);
}

/// One query of one head, with its scores in scratch.
static void attention_row(const dlc_attention *p, const float *q, const float *k, const float *v, const void *mask, int64_t mask_at,
                          float *y, attention_statistics *statistics, int64_t query, float *scores) {
    int64_t seen;
    attention_statistics own = attention_row_weights(p, q, k, mask, mask_at, query, statistics != NULL, scores, &seen);
    float factor = own.factor;
    if (statistics) statistics[query] = own;
    // Keys that are not seen have the weight 0, with which infinite values make NaN.
    for (; factor != 0 && seen < p->keys; seen++) scores[seen] = 0;
    for (int64_t first = 0; first < p->value_depth; first += 4 * VL) {
        int64_t left = p->value_depth - first, columns = left < 4 * VL ? left : 4 * VL;
        switch ((columns + VL - 1) / VL) {
        case 1: attention_row_values(p, 1, columns, scores, v + first, seen, factor, y + first); break;
        case 2: attention_row_values(p, 2, columns, scores, v + first, seen, factor, y + first); break;
        case 3: attention_row_values(p, 3, columns, scores, v + first, seen, factor, y + first); break;
        default: attention_row_values(p, 4, columns, scores, v + first, seen, factor, y + first); break;
        }
    }
}

DLC_TARGET_END
