/// The gradient of attention for one instruction set. Include after attention.inc.h, whose tiles it multiplies with.
#include "attention_gradient.h"

DLC_TARGET_BEGIN

/// Where the operands of one head of queries begin, and of its share of D and statistics.
typedef struct {
    const float *q, *y, *dy;
    float *dq;
    int64_t dq_row, mask_at;
    float *deltas;
    const attention_statistics *statistics;
} attention_gradient_head;

static attention_gradient_head attention_gradient_head_of(const dlc_call *call, int64_t batch, int64_t head, int64_t chunk) {
    const dlc_attention_gradient *p = call->params;
    const attention_gradient_shared s = attention_gradient_shared_of(p);
    const int64_t rows = (batch * p->layer.heads + head) * p->layer.queries;
    float *shared = call->shared;
    attention_gradient_head h = {
        .q = (const float *)call->buffers[0] + batch * p->layer.q.batch + head * p->layer.q.head,
        .y = (const float *)call->buffers[4] + batch * p->layer.y.batch + head * p->layer.y.head,
        .dy = (const float *)call->buffers[5] + batch * p->dy.batch + head * p->dy.head,
        .dq = (float *)call->buffers[7] + batch * p->dq.batch + head * p->dq.head,
        .dq_row = p->dq.row,
        .mask_at = batch * p->layer.mask.batch + head * p->layer.mask.head,
        .deltas = shared + rows,
        .statistics = (const attention_statistics *)(p->has_statistics ? call->buffers[6] : shared + s.statistics) + rows,
    };
    if (p->chunks > 1) {
        h.dq = shared + s.chunks + (chunk * s.rows + rows) * p->layer.depth;
        h.dq_row = p->layer.depth;
    }
    return h;
}

/// D of the queries `begin ..< end` of all heads, and their statistics where the layer does not say them.
static void attention_gradient_rows(const dlc_call *call, int64_t begin, int64_t end) {
    const dlc_attention_gradient *p = call->params;
    const dlc_attention *layer = &p->layer;
    for (int64_t i = begin; i < end; i++) {
        int64_t query = i % layer->queries, head = i / layer->queries % layer->heads, batch = i / layer->queries / layer->heads;
        attention_gradient_head h = attention_gradient_head_of(call, batch, head, 0);
        const float *y = h.y + query * layer->y.row, *dy = h.dy + query * p->dy.row;
        vf sum = vf_zero();
        for (int64_t d = 0; d < layer->value_depth; d += VL) {
            int64_t n = layer->value_depth - d < VL ? layer->value_depth - d : VL;
            sum = vf_fma(vf_load_n(y + d, n), vf_load_n(dy + d, n), sum);
        }
        h.deltas[query] = vf_sum(sum);
        if (p->has_statistics) continue;
        int64_t kv = head / (layer->heads / layer->kv_heads), seen;
        const float *k = (const float *)call->buffers[1] + batch * layer->k.batch + kv * layer->k.head;
        ((attention_statistics *)h.statistics)[query] = attention_row_weights(
            layer, h.q + query * layer->q.row, k, call->buffers[3], h.mask_at + query * layer->mask.row, query, true, call->scratch, &seen);
    }
}

/// Turns the masked scores of a query into its weights P, and dP into dS, over the `n` keys of a tile that it sees; the others are 0.
DLC_INLINE void attention_gradient_row(float scale, float *weights, float *scores, int64_t n, attention_statistics own, float delta) {
    const vf max = vf_set1(own.maximum), factor = vf_set1(own.factor), d = vf_set1(delta), s = vf_set1(scale);
    int64_t i = 0;
    for (; i < n; i += VL) {
        vf p = softmax_exp(vf_load(weights + i) - max) * factor, ds = p * (vf_load(scores + i) - d) * s;
        if (n - i < VL) {
            p = softmax_first(p, n - i, 0);
            ds = softmax_first(ds, n - i, 0);
        }
        vf_store(weights + i, p);
        vf_store(scores + i, ds);
    }
    for (; i < attention_gradient_keys; i += VL) {
        vf_store(weights + i, vf_zero());
        vf_store(scores + i, vf_zero());
    }
}

/// One product of a block's rows with a tile's panels, `columns` of each row of c that its last query sees.
static void attention_gradient_scores(const attention_gradient_layout *l, int64_t depth, const float *a, int64_t a_ld, const float *panels,
                                      float *c, int64_t rows, int64_t columns) {
    for (int64_t at = 0; at < columns; at += l->wide)
        attention_tile(rows, depth, a, a_ld, panels + at * depth, NULL, c + at, l->row, columns - at < l->wide ? columns - at : l->wide);
}

/// The keys of the tile that begins at `key` which a query sees, `keys` at most.
DLC_INLINE int64_t attention_gradient_seen(const dlc_attention *layer, int64_t query, int64_t key, int64_t keys) {
    int64_t seen = attention_seen(layer, query) - key;
    return seen < 0 ? 0 : seen < keys ? seen : keys;
}

/// c += aᵀ · panels for a tile's keys: a row of c for each of `keys` columns of a, `columns` wide. Queries that do not see a key
/// are left out as far as they come before all that see it.
static void attention_gradient_add(const dlc_attention *layer, const attention_gradient_layout *l, const float *a, const float *panels,
                                   float *c, int64_t c_ld, int64_t columns, int64_t first, int64_t count, int64_t key, int64_t keys) {
    for (int64_t r = 0; r < keys; r += ATTENTION_ROWS) {
        int64_t rows = keys - r < ATTENTION_ROWS ? keys - r : ATTENTION_ROWS, skip = layer->causal ? key + r - layer->causal_offset - first : 0;
        if (skip < 0) skip = 0;
        if (skip >= count) return;
        for (int64_t at = 0; at < columns; at += l->wide) {
            // Sums are filled up to whole panels.
            int64_t left = (columns - at + VL - 1) / VL * VL;
            attention_tile_add(rows, count - skip, a + r + skip * l->row, 1, l->row, panels + at * attention_gradient_queries + skip * l->wide,
                               c + r * c_ld + at, c_ld, left < l->wide ? left : l->wide);
        }
    }
}

/// The queries `first ..< first + count` of one head and the tile of keys that scratch holds.
static void attention_gradient_block(const dlc_attention_gradient *p, const attention_gradient_layout *l, const attention_gradient_head *h,
                                     const void *mask, int64_t first, int64_t count, int64_t key, int64_t keys, float *scratch) {
    const dlc_attention *layer = &p->layer;
    float *weights = scratch + l->weights, *scores = scratch + l->scores;
    for (int64_t r = 0; r < count; r += ATTENTION_ROWS) {
        int64_t rows = count - r < ATTENTION_ROWS ? count - r : ATTENTION_ROWS;
        // Whole vectors, of packed zeros beyond the last key.
        int64_t columns = (attention_gradient_seen(layer, first + r + rows - 1, key, keys) + VL - 1) / VL * VL;
        attention_gradient_scores(l, layer->depth, h->q + (first + r) * layer->q.row, layer->q.row, scratch + l->keys_turned,
                                  weights + r * l->row, rows, columns);
        attention_gradient_scores(l, layer->value_depth, h->dy + (first + r) * p->dy.row, p->dy.row, scratch + l->values_turned,
                                  scores + r * l->row, rows, columns);
    }
    for (int64_t r = 0; r < count; r++) {
        int64_t seen = attention_gradient_seen(layer, first + r, key, keys);
        float *row = weights + r * l->row;
        attention_mask_row(layer, row, mask, h->mask_at + (first + r) * layer->mask.row + key * layer->mask_column, seen);
        attention_gradient_row(layer->scale, row, scores + r * l->row, seen, h->statistics[first + r], h->deltas[first + r]);
    }
    attention_pack_rows(h->q + first * layer->q.row, layer->q.row, count, layer->depth, l->wide, scratch + l->queries,
                        attention_gradient_queries * l->wide);
    attention_pack_rows(h->dy + first * p->dy.row, p->dy.row, count, layer->value_depth, l->wide, scratch + l->dy,
                        attention_gradient_queries * l->wide);
    attention_gradient_add(layer, l, weights, scratch + l->dy, scratch + l->dv, l->value_depth, layer->value_depth, first, count, key, keys);
    attention_gradient_add(layer, l, scores, scratch + l->queries, scratch + l->dk, l->depth, layer->depth, first, count, key, keys);
    for (int64_t at = 0; at < layer->depth; at += l->wide)
        for (int64_t r = 0; r < count; r += ATTENTION_ROWS) {
            int64_t rows = count - r < ATTENTION_ROWS ? count - r : ATTENTION_ROWS;
            attention_tile_add(rows, attention_gradient_seen(layer, first + r + rows - 1, key, keys), scores + r * l->row, l->row, 1,
                               scratch + l->keys + at * attention_gradient_keys, h->dq + (first + r) * h->dq_row + at, h->dq_row,
                               layer->depth - at < l->wide ? layer->depth - at : l->wide);
        }
}

/// `rows` rows of `columns` elements.
static void attention_gradient_store(const float *from, int64_t from_ld, float *to, int64_t to_ld, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < columns; i += VL) vf_store_n(to + r * to_ld + i, vf_load(from + r * from_ld + i), columns - i < VL ? columns - i : VL);
}

/// One chunk of the keys of a head of keys, and all queries that read it.
static void attention_gradient_task(const dlc_call *call, int64_t task) {
    const dlc_attention_gradient *p = call->params;
    const dlc_attention *layer = &p->layer;
    const attention_gradient_layout l = attention_gradient_layout_of(p, VL);
    const int64_t chunk = task % p->chunks, kv = task / p->chunks % layer->kv_heads, batch = task / p->chunks / layer->kv_heads;
    const int64_t tiles = (layer->keys + attention_gradient_keys - 1) / attention_gradient_keys, group = layer->heads / layer->kv_heads;
    const float *k = (const float *)call->buffers[1] + batch * layer->k.batch + kv * layer->k.head;
    const float *v = (const float *)call->buffers[2] + batch * layer->v.batch + kv * layer->v.head;
    float *dk = (float *)call->buffers[8] + batch * p->dk.batch + kv * p->dk.head;
    float *dv = (float *)call->buffers[9] + batch * p->dv.batch + kv * p->dv.head, *scratch = call->scratch;
    for (int64_t head = kv * group; head < (kv + 1) * group; head++) {
        attention_gradient_head h = attention_gradient_head_of(call, batch, head, chunk);
        for (int64_t i = 0; i < layer->queries; i++)
            for (int64_t d = 0; d < layer->depth; d++) h.dq[i * h.dq_row + d] = 0;
    }
    for (int64_t tile = chunk * tiles / p->chunks; tile < (chunk + 1) * tiles / p->chunks; tile++) {
        const int64_t key = tile * attention_gradient_keys, left = layer->keys - key;
        const int64_t keys = left < attention_gradient_keys ? left : attention_gradient_keys;
        attention_pack_turned(k + key * layer->k.row, layer->k.row, keys, layer->depth, l.wide, scratch + l.keys_turned);
        attention_pack_turned(v + key * layer->v.row, layer->v.row, keys, layer->value_depth, l.wide, scratch + l.values_turned);
        attention_pack_rows(k + key * layer->k.row, layer->k.row, keys, layer->depth, l.wide, scratch + l.keys, attention_gradient_keys * l.wide);
        for (int64_t i = 0; i < keys * l.depth; i += VL) vf_store(scratch + l.dk + i, vf_zero());
        for (int64_t i = 0; i < keys * l.value_depth; i += VL) vf_store(scratch + l.dv + i, vf_zero());
        for (int64_t head = kv * group; head < (kv + 1) * group; head++) {
            attention_gradient_head h = attention_gradient_head_of(call, batch, head, chunk);
            for (int64_t first = 0; first < layer->queries; first += attention_gradient_queries) {
                int64_t count = layer->queries - first < attention_gradient_queries ? layer->queries - first : attention_gradient_queries;
                if (attention_gradient_seen(layer, first + count - 1, key, keys) == 0) continue;
                attention_gradient_block(p, &l, &h, call->buffers[3], first, count, key, keys, scratch);
            }
        }
        attention_gradient_store(scratch + l.dk, l.depth, dk + key * p->dk.row, p->dk.row, keys, layer->depth);
        attention_gradient_store(scratch + l.dv, l.value_depth, dv + key * p->dv.row, p->dv.row, keys, layer->value_depth);
    }
}

/// Adds up what the chunks give to the queries `begin ..< end` of all heads, in their order.
static void attention_gradient_sum(const dlc_call *call, int64_t begin, int64_t end) {
    const dlc_attention_gradient *p = call->params;
    const attention_gradient_shared s = attention_gradient_shared_of(p);
    const int64_t queries = p->layer.queries, heads = p->layer.heads, depth = p->layer.depth;
    for (int64_t i = begin; i < end; i++) {
        const float *from = (const float *)call->shared + s.chunks + i * depth;
        float *to = (float *)call->buffers[7] + i / queries / heads * p->dq.batch + i / queries % heads * p->dq.head + i % queries * p->dq.row;
        for (int64_t d = 0; d < depth; d += VL) {
            const int64_t n = depth - d < VL ? depth - d : VL;
            vf sum = vf_load_n(from + d, n);
            for (int64_t chunk = 1; chunk < p->chunks; chunk++) sum += vf_load_n(from + chunk * s.rows * depth + d, n);
            vf_store_n(to + d, sum, n);
        }
    }
}

static void DLC_NAME(attention_gradient_f32)(const dlc_call *call) {
    const dlc_attention_gradient *p = call->params;
    const int64_t tasks = p->layer.batch * p->layer.kv_heads * p->chunks, rows = attention_gradient_shared_of(p).rows;
    if (call->phase == 1) {
        for (int64_t task = call->begin; task < call->end; task++) attention_gradient_task(call, task);
        return;
    }
    const int64_t begin = call->begin * rows / tasks, end = call->end * rows / tasks;
    if (call->phase == 0) attention_gradient_rows(call, begin, end);
    else attention_gradient_sum(call, begin, end);
}

DLC_TARGET_END
