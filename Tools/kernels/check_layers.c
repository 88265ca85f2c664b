/// Pooling, reductions, softmax, normalisation and LRN against naive loops in f64: every instruction set
/// of the host, random shapes with every tail, and the same bits however tasks are split.
#include "harness.h"
#include "dlc_convert.h"
#include "dlc_layers.h"

static int failures, cases;
static double worst;

static double get(dlc_type t, const void *p, int64_t i) {
    switch (t) {
    case DLC_F32: return ((const float *)p)[i];
    case DLC_F64: return ((const double *)p)[i];
    case DLC_I8: return ((const int8_t *)p)[i];
    case DLC_U8: case DLC_BOOL: return ((const uint8_t *)p)[i];
    case DLC_I16: return ((const int16_t *)p)[i];
    case DLC_U16: return ((const uint16_t *)p)[i];
    case DLC_I32: return ((const int32_t *)p)[i];
    case DLC_U32: return ((const uint32_t *)p)[i];
    case DLC_I64: return (double)((const int64_t *)p)[i];
    case DLC_U64: return (double)((const uint64_t *)p)[i];
    default: return 0;
    }
}
static void set(dlc_type t, void *p, int64_t i, double v) {
    switch (t) {
    case DLC_F32: ((float *)p)[i] = (float)v; break;
    case DLC_F64: ((double *)p)[i] = v; break;
    case DLC_I8: ((int8_t *)p)[i] = (int8_t)v; break;
    case DLC_U8: case DLC_BOOL: ((uint8_t *)p)[i] = (uint8_t)v; break;
    case DLC_I32: ((int32_t *)p)[i] = (int32_t)v; break;
    case DLC_U32: ((uint32_t *)p)[i] = (uint32_t)v; break;
    case DLC_I16: ((int16_t *)p)[i] = (int16_t)v; break;
    case DLC_U16: ((uint16_t *)p)[i] = (uint16_t)v; break;
    case DLC_I64: ((int64_t *)p)[i] = (int64_t)v; break;
    case DLC_U64: ((uint64_t *)p)[i] = (uint64_t)v; break;
    default: break;
    }
}

/// A tensor of `n` elements with values in [-1, 1], or small integers of its type.
static void *tensor(dlc_type t, int64_t n) {
    void *p = aligned(8 * n);
    for (int64_t i = 0; i < n; i++) {
        double v = (double)random_float();
        if (t > DLC_BF16) v = floor(v * 5);
        if (t >= DLC_U8) v = fabs(v);
        if (t == DLC_BOOL) v = v > 2;
        set(t, p, i, v);
    }
    return p;
}

/// Runs a launch twice with tasks split differently and compares result `slot`, `n` elements from `first`
/// in steps, with `want`.
static void expect(const char *what, const dlc_launch *launch, const void *params, void **buffers, int slot,
                   dlc_type type, int64_t n, const double *want, double tolerance) {
    int64_t bytes = n * 8;
    memset(buffers[slot], 0x55, (size_t)bytes);
    bool fine = launch_run(launch, params, buffers, 1);
    void *first = aligned(bytes);
    memcpy(first, buffers[slot], (size_t)bytes);
    memset(buffers[slot], 0x55, (size_t)bytes);
    fine &= launch_run(launch, params, buffers, 1 + random_below(7));
    cases++;
    if (!fine || memcmp(first, buffers[slot], (size_t)bytes)) {
        if (failures++ < 10) printf("FAIL %s: %s\n", what, fine ? "bits depend on the split" : "workspace overrun");
    }
    free(first);
    for (int64_t i = 0; i < n; i++) {
        double got = get(type, buffers[slot], i), error = fabs(got - want[i]) / fmax(1, fabs(want[i]));
        if (isnan(got) && isnan(want[i])) continue;
        if (got == want[i]) continue;
        if (error > worst && type == DLC_F32) worst = error;
        if (!(error <= (type == DLC_F32 ? tolerance : type == DLC_F64 ? 1e-12 : 0))) {
            if (failures++ < 10) printf("FAIL %s: element %lld of %lld: %.9g, expected %.9g\n", what, (long long)i, (long long)n, got, want[i]);
            return;
        }
    }
}

static void check_pool(dlc_isa isa) {
    static const dlc_type types[] = { DLC_F32, DLC_F32, DLC_F64, DLC_I8, DLC_U8 };
    dlc_pool p = { .type = types[random_below(5)], .batch = 1 + random_below(2), .channels = 1 + random_below(80),
                   .count_include_pad = random_below(2), .column_major = random_below(2), .p = 1 + (int32_t)random_below(3) };
    p.kind = p.type > DLC_F64 ? DLC_POOL_MAX : (dlc_pool_kind)random_below(3);
    p.indices = p.kind == DLC_POOL_MAX && random_below(2);
    p.x_ld = p.channels + random_below(3), p.y_ld = p.channels;
    int64_t x_pixels = p.batch, y_pixels = p.batch;
    for (int a = 0; a < 3; a++) {
        bool flat = a == 0 && random_below(2);
        p.kernel[a] = flat ? 1 : 1 + random_below(4);
        p.stride[a] = 1 + random_below(3), p.dilation[a] = 1 + random_below(2);
        p.pad_begin[a] = random_below(p.kernel[a]), p.pad_end[a] = random_below(p.kernel[a]);
        int64_t span = (p.kernel[a] - 1) * p.dilation[a] + 1;
        p.x_extent[a] = flat ? 1 : span + random_below(a == 2 ? 20 : 7);
        p.y_extent[a] = (p.x_extent[a] + p.pad_begin[a] + p.pad_end[a] - span + (random_below(2) ? p.stride[a] - 1 : 0)) / p.stride[a] + 1;
        x_pixels *= p.x_extent[a], y_pixels *= p.y_extent[a];
    }
    int64_t n = y_pixels * p.channels, at = 0;
    void *x = tensor(p.type, x_pixels * p.x_ld);
    double *want = aligned(n * 8), *want_index = aligned(n * 8);
    int64_t image = p.x_extent[0] * p.x_extent[1] * p.x_extent[2];
    for (int64_t b = 0; b < p.batch; b++) for (int64_t od = 0; od < p.y_extent[0]; od++)
    for (int64_t oh = 0; oh < p.y_extent[1]; oh++) for (int64_t ow = 0; ow < p.y_extent[2]; ow++)
    for (int64_t c = 0; c < p.channels; c++, at++) {
        double best = 0, sum = 0, index = (double)((b * p.channels + c) * image);
        int64_t inside = 0, padded = 0, o[3] = { od, oh, ow }, i[3], k[3];
        for (k[0] = 0; k[0] < p.kernel[0]; k[0]++) for (k[1] = 0; k[1] < p.kernel[1]; k[1]++) for (k[2] = 0; k[2] < p.kernel[2]; k[2]++) {
            bool in = true, in_padded = true;
            for (int a = 0; a < 3; a++) {
                i[a] = o[a] * p.stride[a] + k[a] * p.dilation[a] - p.pad_begin[a];
                in &= i[a] >= 0 && i[a] < p.x_extent[a];
                in_padded &= i[a] < p.x_extent[a] + p.pad_end[a];
            }
            padded += in_padded;
            if (!in) continue;
            double v = get(p.type, x, (((b * p.x_extent[0] + i[0]) * p.x_extent[1] + i[1]) * p.x_extent[2] + i[2]) * p.x_ld + c);
            if (inside++ == 0 || v > best) {
                best = v;
                index = (double)((b * p.channels + c) * image + (p.column_major
                    ? i[0] + p.x_extent[0] * (i[1] + p.x_extent[1] * i[2]) : i[2] + p.x_extent[2] * (i[1] + p.x_extent[1] * i[0])));
            }
            sum += p.kind == DLC_POOL_AVERAGE ? v : pow(fabs(v), p.p);
        }
        double lowest = p.type == DLC_F32 ? -(double)__FLT_MAX__ : p.type == DLC_F64 ? -__DBL_MAX__ : p.type == DLC_I8 ? -128 : 0;
        want[at] = p.kind == DLC_POOL_MAX ? (inside ? best : lowest)
            : p.kind == DLC_POOL_LP ? pow(sum, 1.0 / p.p) : inside ? sum / (double)(p.count_include_pad ? padded : inside) : 0;
        want_index[at] = index;
    }
    void *buffers[] = { x, aligned(n * 8), p.indices ? aligned(n * 8) : NULL };
    dlc_launch launch;
    if (!dlc_pool_prepare(isa, &p, &launch)) { failures++; printf("FAIL pool prepare\n"); return; }
    expect("pool", &launch, &p, buffers, 1, p.type, n, want, 1e-6);
    if (p.indices) expect("pool indices", &launch, &p, buffers, 2, DLC_I64, n, want_index, 0);
    for (int i = 0; i < 3; i++) free(buffers[i]);
    free(want), free(want_index);
}

static double reduce_naive(const dlc_reduce *r, const void *x, int64_t base, int32_t d, int64_t offset, double acc, double shift, dlc_reduce_kind kind) {
    if (d == r->rank) {
        double v = get(r->type, x, base + offset);
        switch (kind) {
        case DLC_REDUCE_MAX: return fmax(acc, v);
        case DLC_REDUCE_MIN: return fmin(acc, v);
        case DLC_REDUCE_PROD: return acc * v;
        case DLC_REDUCE_L1: return acc + fabs(v);
        case DLC_REDUCE_L2: case DLC_REDUCE_SUM_SQUARE: return acc + v * v;
        case DLC_REDUCE_LOG_SUM_EXP: return acc + exp(v - shift);
        default: return acc + v;
        }
    }
    for (int64_t i = 0; i < (r->reduced[d] ? r->extent[d] : 1); i++)
        acc = reduce_naive(r, x, base, d + 1, offset + i * r->stride[d], acc, shift, kind);
    return acc;
}

static void check_reduce(dlc_isa isa, int64_t most) {
    static const dlc_type types[] = { DLC_F32, DLC_F32, DLC_F32, DLC_F64, DLC_I8, DLC_U8, DLC_I16, DLC_U16, DLC_I32, DLC_U32, DLC_I64, DLC_U64, DLC_BOOL };
    dlc_reduce r = { .type = types[random_below(13)], .kind = (dlc_reduce_kind)random_below(10), .rank = (int32_t)random_below(5) };
    if (r.type == DLC_BOOL) r.kind = random_below(2) ? DLC_REDUCE_MAX : DLC_REDUCE_MIN;
    int64_t total = 1, results = 1, count = 1;
    for (int32_t d = r.rank - 1; d >= 0; d--) {
        r.extent[d] = random_below(12) ? 1 + random_below(total > most ? 4 : most) : 0;
        r.reduced[d] = random_below(2);
        r.stride[d] = total + (d == r.rank - 1 && random_below(4) == 0);
        total = (r.extent[d] ? r.extent[d] : 1) * r.stride[d];
        if (r.reduced[d]) count *= r.extent[d];
        else results *= r.extent[d];
    }
    if (random_below(3) == 0 && r.rank > 1) { // a transposed view
        int a = 0, b = r.rank - 1;
        int64_t s = r.stride[a], e = r.extent[a];
        r.stride[a] = r.stride[b], r.extent[a] = r.extent[b], r.stride[b] = s, r.extent[b] = e;
        bool f = r.reduced[a];
        r.reduced[a] = r.reduced[b], r.reduced[b] = f;
    }
    const dlc_reduce raw = r;
    void *x = tensor(r.type, total);
    if (r.kind == DLC_REDUCE_LOG_SUM && r.type <= DLC_F64) { // of one sign: the logarithm of what is left of a sum that cancels says little
        const bool negative = random_below(8) == 0;
        for (int64_t i = 0; i < total; i++) set(r.type, x, i, negative ? -fabs(get(r.type, x, i)) : fabs(get(r.type, x, i)));
    }
    double *want = aligned(results * 8);
    for (int64_t o = 0; o < results; o++) {
        int64_t base = 0, rest = o;
        for (int32_t d = r.rank - 1; d >= 0; d--) {
            if (r.reduced[d]) continue;
            base += rest % r.extent[d] * r.stride[d];
            rest /= r.extent[d];
        }
        double low = r.type <= DLC_F64 ? -INFINITY : r.type == DLC_I8 ? INT8_MIN : r.type == DLC_I16 ? INT16_MIN : r.type == DLC_I32 ? INT32_MIN : r.type == DLC_I64 ? (double)INT64_MIN : 0;
        double high = r.type <= DLC_F64 ? INFINITY : r.type == DLC_I8 ? INT8_MAX : r.type == DLC_U8 ? UINT8_MAX : r.type == DLC_I16 ? INT16_MAX
            : r.type == DLC_U16 ? UINT16_MAX : r.type == DLC_I32 ? INT32_MAX
            : r.type == DLC_U32 ? UINT32_MAX : r.type == DLC_I64 ? (double)INT64_MAX : r.type == DLC_U64 ? (double)UINT64_MAX : 1;
        double max = reduce_naive(&r, x, base, 0, 0, low, 0, DLC_REDUCE_MAX), shift = isinf(max) || count == 0 ? 0 : max;
        double start = r.kind == DLC_REDUCE_MAX ? low : r.kind == DLC_REDUCE_MIN ? high : r.kind == DLC_REDUCE_PROD;
        double v = reduce_naive(&r, x, base, 0, 0, start, shift, r.kind);
        if (r.kind == DLC_REDUCE_MEAN) v = r.type > DLC_F64 && count == 0 ? 0 : v / (double)count;
        if (r.kind == DLC_REDUCE_L2) v = sqrt(v);
        if (r.kind == DLC_REDUCE_LOG_SUM) v = log(v);
        if (r.kind == DLC_REDUCE_LOG_SUM_EXP) v = log(v) + shift;
        if (r.type > DLC_BF16 && r.kind != DLC_REDUCE_MAX && r.kind != DLC_REDUCE_MIN) { // as a cast of what is no integer; sums wrap
            if (r.kind == DLC_REDUCE_L2 || r.kind == DLC_REDUCE_LOG_SUM || r.kind == DLC_REDUCE_LOG_SUM_EXP) {
                uint64_t bits = 0;
                dlc_convert(DLC_F64, r.type, &v, &bits, 1);
                v = get(r.type, &bits, 0);
            } else {
                v = trunc(v);
                if (r.type == DLC_I8) v = (double)(int8_t)(int64_t)v;
                if (r.type == DLC_U8) v = (double)(uint8_t)(int64_t)fmin(v, 9e18);
                if (r.type == DLC_I16) v = (double)(int16_t)(int64_t)v;
                if (r.type == DLC_U16) v = (double)(uint16_t)(int64_t)fmin(v, 9e18);
            }
        }
        want[o] = v;
    }
    void *buffers[] = { x, aligned(results * 8) };
    dlc_launch launch;
    // Large integer products are compared only where f64 holds them.
    bool exact = r.type <= DLC_F64 || r.kind != DLC_REDUCE_PROD || count < 20;
    if (r.type > DLC_F64 && r.kind == DLC_REDUCE_PROD && (r.type == DLC_I8 || r.type == DLC_U8 || r.type == DLC_I16 || r.type == DLC_U16 || r.type == DLC_I32 || r.type == DLC_U32) && count > 8) exact = false;
    if (!dlc_reduce_prepare(isa, &r, &launch)) { failures++; printf("FAIL reduce prepare\n"); return; }
    char what[160];
    snprintf(what, sizeof what, "reduce kind %d type %d isa %d [%lld %lld %lld %lld] count %lld", r.kind, r.type, isa, (long long)raw.extent[0], (long long)raw.extent[1], (long long)raw.extent[2], (long long)raw.extent[3], (long long)count);
    if (exact) expect(what, &launch, &r, buffers, 1, r.type, results, want, 3e-6 + 1e-8 * (double)count);
    free(buffers[0]), free(buffers[1]), free(want);
}

static void check_softmax(dlc_isa isa) {
    dlc_softmax s = { .type = random_below(3) ? DLC_F32 : DLC_F64, .kind = (dlc_softmax_kind)random_below(3),
                      .outer = 1 + random_below(4), .axis = 1 + random_below(random_below(2) ? 20 : 300), .inner = random_below(2) ? 1 : 1 + random_below(50) };
    int64_t n = s.outer * s.axis * s.inner;
    void *x = tensor(s.type, n);
    for (int64_t i = 0; i < n; i++) set(s.type, x, i, 20 * get(s.type, x, i));
    if (random_below(3) == 0) set(s.type, x, random_below(n), (double)-INFINITY);
    double *want = aligned(n * 8);
    for (int64_t o = 0; o < s.outer; o++) for (int64_t i = 0; i < s.inner; i++) {
        int64_t at = o * s.axis * s.inner + i, top = 0;
        double sum = 0;
        for (int64_t k = 0; k < s.axis; k++) if (get(s.type, x, at + k * s.inner) > get(s.type, x, at + top * s.inner)) top = k;
        double max = get(s.type, x, at + top * s.inner);
        for (int64_t k = 0; k < s.axis; k++) sum += exp(get(s.type, x, at + k * s.inner) - max);
        for (int64_t k = 0; k < s.axis; k++) {
            double v = get(s.type, x, at + k * s.inner) - max;
            want[at + k * s.inner] = s.kind == DLC_HARDMAX ? k == top : s.kind == DLC_LOG_SOFTMAX ? v - log(sum) : exp(v) / sum;
        }
    }
    void *buffers[] = { x, aligned(n * 8) };
    dlc_launch launch;
    if (!dlc_softmax_prepare(isa, &s, &launch)) { failures++; printf("FAIL softmax prepare\n"); return; }
    expect("softmax", &launch, &s, buffers, 1, s.type, n, want, 1e-6);
    free(x), free(buffers[1]), free(want);
}

static void check_norm(dlc_isa isa) {
    dlc_norm p = { .type = random_below(3) ? DLC_F32 : DLC_F64, .kind = (dlc_norm_kind)random_below(2),
                   .rows = 1 + random_below(5), .n = 1 + random_below(random_below(2) ? 40 : 900), .epsilon = 1e-5 };
    int64_t n = p.rows * p.n;
    void *b[6] = { tensor(p.type, n) };
    if (random_below(2)) b[1] = tensor(p.type, p.n);
    if (random_below(2)) b[2] = tensor(p.type, p.n);
    b[3] = aligned(n * 8);
    if (random_below(2)) b[4] = aligned(n * 8), b[5] = aligned(n * 8);
    double *want = aligned(n * 8), *means = aligned(n * 8);
    for (int64_t r = 0; r < p.rows; r++) {
        double mean = 0, square = 0;
        for (int64_t i = r * p.n; i < (r + 1) * p.n; i++) mean += get(p.type, b[0], i);
        means[r] = mean = p.kind == DLC_NORM_RMS ? 0 : mean / (double)p.n;
        for (int64_t i = r * p.n; i < (r + 1) * p.n; i++) square += pow(get(p.type, b[0], i) - mean, 2);
        for (int64_t i = 0; i < p.n; i++)
            want[r * p.n + i] = (get(p.type, b[0], r * p.n + i) - mean) / sqrt(square / (double)p.n + p.epsilon) * (b[1] ? get(p.type, b[1], i) : 1) + (b[2] ? get(p.type, b[2], i) : 0);
    }
    dlc_launch launch;
    if (!dlc_norm_prepare(isa, &p, &launch)) { failures++; printf("FAIL norm prepare\n"); return; }
    expect("norm", &launch, &p, b, 3, p.type, n, want, p.n < 3 ? 1e-4 : 3e-6);
    if (b[4]) expect("norm mean", &launch, &p, b, 4, DLC_F32, p.rows, means, 1e-6);
    for (int i = 0; i < 6; i++) free(b[i]);
    free(want), free(means);
}

static void check_group_norm(dlc_isa isa) {
    dlc_group_norm p = { .type = random_below(3) ? DLC_F32 : DLC_F64, .channels_last = random_below(2), .batch = 1 + random_below(2),
                         .groups = 1 + random_below(40), .spatial = 2 + random_below(600), .epsilon = 1e-5 };
    p.channels = p.groups * (random_below(3) ? 1 + random_below(90) : 1);
    int64_t n = p.batch * p.channels * p.spatial, size = p.channels / p.groups;
    void *b[4] = { tensor(p.type, n), random_below(2) ? tensor(p.type, p.channels) : NULL, random_below(2) ? tensor(p.type, p.channels) : NULL, aligned(n * 8) };
    double *want = aligned(n * 8);
    int64_t sc = p.channels_last ? 1 : p.spatial, ss = p.channels_last ? p.channels : 1;
    for (int64_t g = 0; g < p.batch * p.groups; g++) {
        int64_t first = g % p.groups * size, at = g / p.groups * p.channels * p.spatial + first * sc;
        double mean = 0, square = 0;
        for (int64_t c = 0; c < size; c++) for (int64_t s = 0; s < p.spatial; s++) mean += get(p.type, b[0], at + c * sc + s * ss);
        mean /= (double)(size * p.spatial);
        for (int64_t c = 0; c < size; c++) for (int64_t s = 0; s < p.spatial; s++) square += pow(get(p.type, b[0], at + c * sc + s * ss) - mean, 2);
        double inv = 1 / sqrt(square / (double)(size * p.spatial) + p.epsilon);
        for (int64_t c = 0; c < size; c++) for (int64_t s = 0; s < p.spatial; s++)
            want[at + c * sc + s * ss] = (get(p.type, b[0], at + c * sc + s * ss) - mean) * inv * (b[1] ? get(p.type, b[1], first + c) : 1) + (b[2] ? get(p.type, b[2], first + c) : 0);
    }
    dlc_launch launch;
    if (!dlc_group_norm_prepare(isa, &p, &launch)) { failures++; printf("FAIL group norm prepare\n"); return; }
    expect("group norm", &launch, &p, b, 3, p.type, n, want, size * p.spatial < 4 ? 1e-4 : 3e-6);
    for (int i = 0; i < 4; i++) free(b[i]);
    free(want);
}

static void check_lp_norm_and_lrn(dlc_isa isa) {
    dlc_type type = random_below(3) ? DLC_F32 : DLC_F64;
    int64_t outer = 1 + random_below(3), axis = 1 + random_below(90), inner = random_below(2) ? 1 : 1 + random_below(70);
    int64_t n = outer * axis * inner;
    void *b[2] = { tensor(type, n), aligned(n * 8) };
    double *want = aligned(n * 8);
    dlc_lp_norm p = { type, 1 + (int32_t)random_below(2), outer, axis, inner };
    for (int64_t o = 0; o < outer; o++) for (int64_t i = 0; i < inner; i++) {
        double norm = 0;
        for (int64_t k = 0; k < axis; k++) norm += pow(fabs(get(type, b[0], (o * axis + k) * inner + i)), p.p);
        for (int64_t k = 0; k < axis; k++) want[(o * axis + k) * inner + i] = get(type, b[0], (o * axis + k) * inner + i) / pow(norm, 1.0 / p.p);
    }
    dlc_launch launch;
    if (!dlc_lp_norm_prepare(isa, &p, &launch)) failures++, printf("FAIL lp norm prepare\n");
    expect("lp norm", &launch, &p, b, 1, type, n, want, 1e-6);

    static const double betas[] = { 0.75, 0.5, 1, 0.6 };
    dlc_lrn l = { .type = type, .channels_last = random_below(2), .batch = outer, .channels = axis, .spatial = inner,
                  .size = 1 + random_below(8), .alpha = 0.3, .beta = betas[random_below(4)], .bias = 1.5 };
    int64_t sc = l.channels_last ? 1 : inner, ss = l.channels_last ? axis : 1;
    for (int64_t o = 0; o < outer; o++) for (int64_t s = 0; s < inner; s++) for (int64_t c = 0; c < axis; c++) {
        double sum = 0;
        int64_t at = o * axis * inner + s * ss, low = c - (l.size - 1) / 2, high = c + l.size / 2;
        for (int64_t k = low < 0 ? 0 : low; k <= high && k < axis; k++) sum += pow(get(type, b[0], at + k * sc), 2);
        want[at + c * sc] = get(type, b[0], at + c * sc) / pow(l.bias + l.alpha / (double)l.size * sum, l.beta);
    }
    if (!dlc_lrn_prepare(isa, &l, &launch)) failures++, printf("FAIL lrn prepare\n");
    expect("lrn", &launch, &l, b, 1, type, n, want, 1e-6);
    free(b[0]), free(b[1]), free(want);
}

int main(void) {
    for (int isa = 0; isa <= DLC_ISA_NEON; isa++) {
        if (!dlc_host_has((dlc_isa)isa)) continue;
        worst = 0;
        for (int i = 0; i < 400 / CHECK_SHARE; i++) {
            check_pool((dlc_isa)isa);
            check_reduce((dlc_isa)isa, 20);
            check_reduce((dlc_isa)isa, 20);
            check_softmax((dlc_isa)isa);
            check_norm((dlc_isa)isa);
            check_lp_norm_and_lrn((dlc_isa)isa);
        }
        for (int i = 0; i < 60 / CHECK_SHARE; i++) {
            check_reduce((dlc_isa)isa, 3000);
            check_group_norm((dlc_isa)isa);
        }
        printf("instruction set %d: worst relative error in f32 %.2g\n", isa, worst);
    }
    printf("%d cases, %d failures\n", cases, failures);
    return failures != 0;
}
