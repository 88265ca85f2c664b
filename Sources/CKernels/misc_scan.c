/// CumSum, ArgMax and ArgMin, TopK: walks along one axis.
#include "dlc_misc.h"

#include "dlc_convert.h"
#include "float16.h"
#include "gather_index.h"
#include "ranking.h"

#include <string.h>

enum { task_elements = 16 << 10, strip = 128, lanes = 16 };

#define SAME(x) (x)

/// Strips of the inner dimension that are walked side by side: strip `index` of `chunks` in outer block `index / chunks`.
static int64_t strips(int64_t inner) { return dlc_quotient_up(inner, strip); }

static void run_cumsum(const dlc_call *call) {
    const dlc_cumsum *p = call->params;
    for (int64_t task = call->begin; task < call->end; ++task) {
        int64_t first = task % p->chunks * strip, width = dlc_lesser(p->inner - first, strip);
        int64_t base = task / p->chunks * p->axis * p->inner + first;
#define CUMSUM(T) { \
            if (p->inner == 1) { \
                const T *s = (const T *)call->buffers[0] + base; \
                T *d = (T *)call->buffers[1] + base, all = 0; \
                for (int64_t k = 0; k < p->axis; ++k) { \
                    const int64_t at = p->reverse ? p->axis - 1 - k : k; \
                    const T before = all; \
                    all = (T)(all + s[at]); \
                    d[at] = p->exclusive ? before : all; \
                } \
                break; \
            } \
            T sum[strip] = {0}; \
            const T *before = sum; \
            for (int64_t k = 0; k < p->axis; ++k) { \
                int64_t offset = base + (p->reverse ? p->axis - 1 - k : k) * p->inner; \
                const T *s = (const T *)call->buffers[0] + offset; \
                T *d = (T *)call->buffers[1] + offset; \
                if (p->exclusive) \
                    for (int64_t i = 0; i < width; ++i) { T before = sum[i], x = s[i]; sum[i] = (T)(before + x), d[i] = before; } \
                else \
                    for (int64_t i = 0; i < width; ++i) d[i] = (T)(before[i] + s[i]); \
                before = d; \
            } \
            break; \
        }
        switch (p->type) {
        case DLC_F32: CUMSUM(float)
        case DLC_F64: CUMSUM(double)
        case DLC_I8: case DLC_U8: CUMSUM(uint8_t)
        case DLC_I16: case DLC_U16: CUMSUM(uint16_t)
        case DLC_I32: case DLC_U32: CUMSUM(uint32_t)
        default: CUMSUM(uint64_t)
        }
    }
}

bool dlc_cumsum_prepare(dlc_isa isa, dlc_cumsum *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements;
    if (p->type >= DLC_BOOL || p->type == DLC_F16 || p->type == DLC_BF16) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->axis, p->inner, 8 }, 4, &elements)) return false;
    p->chunks = strips(p->inner);
    *launch = (dlc_launch){ .run = run_cumsum, .tasks = elements == 0 ? 0 : p->outer * p->chunks, .phases = 1 };
    return true;
}

static void run_argminmax(const dlc_call *call) {
    const dlc_argminmax *p = call->params;
    for (int64_t task = call->begin; task < call->end; ++task) {
        int64_t first = task % p->chunks * strip, width = dlc_lesser(p->inner - first, strip);
        int64_t outer = task / p->chunks, base = outer * p->axis * p->inner + first;
        int64_t found[strip];
        for (int64_t i = 0; i < width; ++i) found[i] = 0;
        // Nothing is above NaN, and NaN above nothing: it is found where it comes first, as in ONNX Runtime.
#define WALK(T, K, READ, ABOVE) { \
            K best[strip]; \
            const T *s = (const T *)call->buffers[0] + base; \
            for (int64_t i = 0; i < width; ++i) best[i] = READ(s[i]); \
            for (int64_t k = 1; k < p->axis; ++k) { \
                s += p->inner; \
                for (int64_t i = 0; i < width; ++i) { \
                    K x = READ(s[i]), y = best[i]; \
                    bool better = (x ABOVE y) | (p->last & (x == y)); \
                    best[i] = better ? x : y; \
                    found[i] = better ? k : found[i]; \
                } \
            } \
            break; \
        }
        // Along a row of memory the extreme value first, in lanes, then where it is.
#define LINE(T, ABOVE) { \
            const T *s = (const T *)call->buffers[0] + base; \
            T best[lanes], most = s[0]; \
            int64_t k = 0; \
            if (p->axis >= lanes) { \
                for (int j = 0; j < lanes; ++j) best[j] = most; \
                for (; k + lanes <= p->axis; k += lanes) \
                    for (int j = 0; j < lanes; ++j) best[j] = s[k + j] ABOVE best[j] ? s[k + j] : best[j]; \
                for (int j = 0; j < lanes; ++j) most = best[j] ABOVE most ? best[j] : most; \
            } \
            for (; k < p->axis; ++k) most = s[k] ABOVE most ? s[k] : most; \
            if (most != most) break; \
            int64_t low = 0, high = p->axis; \
            for (bool seen = false; high - low > lanes && !seen;) { \
                const T *block = s + (p->last ? high - lanes : low); \
                for (int j = 0; j < lanes; ++j) seen |= block[j] == most; \
                if (!seen && p->last) high -= lanes; \
                if (!seen && !p->last) low += lanes; \
            } \
            if (p->last) { \
                while (s[high - 1] != most) --high; \
                found[0] = high - 1; \
            } else { \
                while (s[low] != most) ++low; \
                found[0] = low; \
            } \
            break; \
        }
#define WALK_OR_LINE(T, K, READ, ABOVE) if (sizeof(T) == sizeof(K) && p->inner == 1) LINE(K, ABOVE) else WALK(T, K, READ, ABOVE)
#define ARG(T, K, READ) if (p->largest) WALK_OR_LINE(T, K, READ, >) else WALK_OR_LINE(T, K, READ, <)
        switch (p->type) {
        case DLC_F32: ARG(float, float, SAME)
        case DLC_F64: ARG(double, double, SAME)
        case DLC_F16: ARG(uint16_t, float, dlc_float_of_half)
        case DLC_BF16: ARG(uint16_t, float, dlc_float_of_bfloat)
        case DLC_I8: ARG(int8_t, int8_t, SAME)
        case DLC_I16: ARG(int16_t, int16_t, SAME)
        case DLC_I32: ARG(int32_t, int32_t, SAME)
        case DLC_I64: ARG(int64_t, int64_t, SAME)
        case DLC_U8: case DLC_BOOL: ARG(uint8_t, uint8_t, SAME)
        case DLC_U16: ARG(uint16_t, uint16_t, SAME)
        case DLC_U32: ARG(uint32_t, uint32_t, SAME)
        case DLC_U64: ARG(uint64_t, uint64_t, SAME)
        default: break;
        }
        memcpy((int64_t *)call->buffers[1] + outer * p->inner + first, found, (size_t)width * sizeof(int64_t));
    }
}

bool dlc_argminmax_prepare(dlc_isa isa, dlc_argminmax *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements, results;
    if (p->type > DLC_BOOL || !dlc_product((int64_t[]){ p->outer, p->axis, p->inner, 8 }, 4, &elements)) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->inner, 8 }, 3, &results) || (p->axis == 0 && results > 0)) return false;
    p->chunks = strips(p->inner);
    *launch = (dlc_launch){ .run = run_argminmax, .tasks = results == 0 ? 0 : p->outer * p->chunks, .phases = 1 };
    return true;
}

static uint64_t signed_key(int64_t x) { return (uint64_t)x ^ UINT64_C(1) << 63; }

/// A number that orders elements of `type` as they are ordered.
static uint64_t key_of(dlc_type type, const void *data, int64_t i) {
    switch (type) {
    case DLC_F32: return dlc_float_key(((const float *)data)[i]);
    case DLC_F64: return dlc_float_key(((const double *)data)[i]);
    case DLC_F16: return dlc_float_key(dlc_float_of_half(((const uint16_t *)data)[i]));
    case DLC_BF16: return dlc_float_key(dlc_float_of_bfloat(((const uint16_t *)data)[i]));
    case DLC_I8: return signed_key(((const int8_t *)data)[i]);
    case DLC_I16: return signed_key(((const int16_t *)data)[i]);
    case DLC_I32: return signed_key(((const int32_t *)data)[i]);
    case DLC_I64: return signed_key(((const int64_t *)data)[i]);
    case DLC_U16: return ((const uint16_t *)data)[i];
    case DLC_U32: return ((const uint32_t *)data)[i];
    case DLC_U64: return ((const uint64_t *)data)[i];
    default: return ((const uint8_t *)data)[i];
    }
}

/// Whether one of `lanes` elements from `at` on may come before the one at `least`. Of NaN any may.
static bool may_rise(const dlc_topk *p, const void *data, int64_t at, int64_t least) {
    bool any = false;
#define MAY_RISE(T) { \
        const T *x = (const T *)data + at, t = ((const T *)data)[least]; \
        if (p->largest) for (int j = 0; j < lanes; ++j) any |= !(x[j] <= t); \
        else for (int j = 0; j < lanes; ++j) any |= !(x[j] >= t); \
        return any; \
    }
    switch (p->type) {
    case DLC_F32: MAY_RISE(float)
    case DLC_F64: MAY_RISE(double)
    case DLC_I8: MAY_RISE(int8_t)
    case DLC_I16: MAY_RISE(int16_t)
    case DLC_I32: MAY_RISE(int32_t)
    case DLC_I64: MAY_RISE(int64_t)
    case DLC_U8: case DLC_BOOL: MAY_RISE(uint8_t)
    case DLC_U16: MAY_RISE(uint16_t)
    case DLC_U32: MAY_RISE(uint32_t)
    case DLC_U64: MAY_RISE(uint64_t)
    default: return true;
    }
#undef MAY_RISE
}

static void run_topk(const dlc_call *call) {
    const dlc_topk *p = call->params;
    dlc_ranked *heap = call->scratch;
    int64_t bytes = dlc_type_bytes(p->type), k = p->k;
    int64_t end = dlc_lesser(call->end * p->lines_per_task, p->outer * p->inner);
    for (int64_t line = call->begin * p->lines_per_task; line < end; ++line) {
        int64_t outer = line / p->inner, column = line % p->inner, base = outer * p->axis * p->inner + column;
        // Most of a long row comes after what the heap holds.
        const int64_t skips = p->inner == 1 && k > 0 && p->axis / lanes > k ? lanes * k : p->axis;
        for (int64_t i = 0; i < skips; ++i) {
            uint64_t key = key_of(p->type, call->buffers[0], base + i * p->inner);
            dlc_ranked candidate = { p->largest ? key : ~key, i };
            if (i < k) heap[i] = candidate;
            if (i == k - 1) for (int64_t at = k / 2 - 1; at >= 0; --at) dlc_sift(heap, k, at);
            if (i >= k && dlc_comes_after(heap[0], candidate)) heap[0] = candidate, dlc_sift(heap, k, 0);
        }
        for (int64_t i = skips; i < p->axis;) {
            while (i + lanes <= p->axis && !may_rise(p, call->buffers[0], base + i, base + heap[0].index)) i += lanes;
            for (const int64_t stop = dlc_lesser(i + lanes, p->axis); i < stop; ++i) {
                uint64_t key = key_of(p->type, call->buffers[0], base + i);
                dlc_ranked candidate = { p->largest ? key : ~key, i };
                if (dlc_comes_after(heap[0], candidate)) heap[0] = candidate, dlc_sift(heap, k, 0);
            }
        }
        for (int64_t rank = k - 1; rank >= 0; --rank) {
            int64_t index = heap[0].index, place = (outer * k + rank) * p->inner + column;
            memcpy((char *)call->buffers[1] + place * bytes, (const char *)call->buffers[0] + (base + index * p->inner) * bytes, (size_t)bytes);
            ((int64_t *)call->buffers[2])[place] = index;
            heap[0] = heap[rank];
            dlc_sift(heap, rank, 0);
        }
    }
}

bool dlc_topk_prepare(dlc_isa isa, dlc_topk *p, dlc_launch *launch) {
    (void)isa;
    int64_t elements, results;
    if (p->type > DLC_BOOL || p->k < 0 || p->k > p->axis) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->axis, p->inner, 16 }, 4, &elements)) return false;
    if (!dlc_product((int64_t[]){ p->outer, p->k, p->inner }, 3, &results)) return false;
    p->lines_per_task = dlc_per_task(task_elements, p->axis);
    *launch = (dlc_launch){
        .run = run_topk, .phases = 1,
        .tasks = results == 0 ? 0 : dlc_quotient_up(p->outer * p->inner, p->lines_per_task),
        .scratch_bytes = p->k * (int64_t)sizeof(dlc_ranked),
    };
    return true;
}
