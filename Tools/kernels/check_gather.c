// Checks the kernels that access by index and those that generate, scan and select, against loops over
// elements. Compiled with the files of Sources/CKernels; exits with 1 on a failure.
#include "check_common.h"
#include "../../Sources/CKernels/include/dlc_element.h"

enum { region = 1 << 15 };
static uint64_t data[region], updates[region], result[2][region], spare[2][region];
static int64_t indices[region];
static int32_t short_indices[region];
static _Alignas(64) char scratch[1 << 20];

static void run_all(const dlc_launch *launch, const void *params, void **buffers) {
    if (launch->scratch_bytes > (int64_t)sizeof scratch) { FAIL("scratch of %ld bytes", (long)launch->scratch_bytes); return; }
    for (int phase = 0; phase < launch->phases; ++phase)
        for (int64_t task = 0; task < launch->tasks;) {
            int64_t end = task + 1 + below(3);
            if (end > launch->tasks) end = launch->tasks;
            launch->run(&(dlc_call){ .params = params, .buffers = buffers, .scratch = scratch, .begin = task, .end = end, .phase = phase });
            task = end;
        }
}

/// Indices into `extent`, some from the end and, where `astray`, a few outside. Returns whether one is.
static bool random_indices(int64_t n, int64_t extent, bool astray) {
    bool outside = false;
    for (int64_t i = 0; i < n; ++i) {
        indices[i] = extent > 0 ? below(extent) - (below(3) == 0 ? extent : 0) : 0;
        if (astray && below(50) == 0) indices[i] = below(2) ? extent + below(3) : -extent - 1 - below(3);
        outside = outside || indices[i] < -extent || indices[i] >= extent;
        short_indices[i] = (int32_t)indices[i];
    }
    return outside;
}

static void compare(const char *name, int round) {
    if (memcmp(result[0], result[1], sizeof result[0]) != 0) FAIL("%s %d differs", name, round);
}

static void check_gathers(int round) {
    int64_t outer = below(6), axis = below(21), count = below(40), bytes = below(2) ? 1 << below(4) : below(41);
    bool wide = below(2), outside = random_indices(count, axis, below(2));
    dlc_gather p = { .outer = outer, .axis = axis, .inner_bytes = bytes, .count = count, .index_bytes = wide ? 8 : 4 };
    dlc_launch launch;
    int32_t status = 0;
    if (!dlc_gather_prepare(dlc_host_isa(), &p, &launch)) FAIL("gather refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &p, (void *[]){ data, wide ? (void *)indices : (void *)short_indices, result[1], &status });
    for (int64_t o = 0; o < outer; ++o) for (int64_t i = 0; i < count; ++i) {
        int64_t at = indices[i] < 0 ? indices[i] + axis : indices[i];
        char *dst = (char *)result[0] + (o * count + i) * bytes;
        if (at < 0 || at >= axis) memset(dst, 0, (size_t)bytes);
        else memcpy(dst, (char *)data + (o * axis + at) * bytes, (size_t)bytes);
    }
    compare("gather", round);
    if (status != outside) FAIL("gather status");
}

static void place_of(int64_t flat, int rank, const int64_t *shape, int64_t *place) {
    for (int d = rank - 1; d >= 0; --d) place[d] = flat % shape[d], flat /= shape[d];
}
static int64_t flat_of(int rank, const int64_t *shape, const int64_t *place) {
    int64_t flat = 0;
    for (int d = 0; d < rank; ++d) flat = flat * shape[d] + place[d];
    return flat;
}

/// The reduction of one element, in double or, for integers, in 128 bits.
static void reduce_one(dlc_type type, dlc_reduction reduction, void *dst, const void *update) {
    if (reduction == DLC_SCATTER_NONE) { memcpy(dst, update, (size_t)dlc_type_bytes(type)); return; }
    if (is_float(type)) {
        double a, b, x;
        dlc_convert(type, DLC_F64, dst, &a, 1), dlc_convert(type, DLC_F64, update, &b, 1);
        x = reduction == DLC_SCATTER_ADD ? a + b : reduction == DLC_SCATTER_MUL ? a * b : reduction == DLC_SCATTER_MIN ? (b < a ? b : a) : b > a ? b : a;
        if (type != DLC_F64) { float single = (float)x; dlc_convert(DLC_F32, type, &single, dst, 1); }
        else memcpy(dst, &x, 8);
        return;
    }
    dlc_type wide = type == DLC_U64 ? DLC_U64 : DLC_I64;
    int64_t a, b;
    dlc_convert(type, wide, dst, &a, 1), dlc_convert(type, wide, update, &b, 1);
    bool less = wide == DLC_U64 ? (uint64_t)b < (uint64_t)a : b < a;
    int64_t x = reduction == DLC_SCATTER_ADD ? (int64_t)((uint64_t)a + (uint64_t)b) : reduction == DLC_SCATTER_MUL ? (int64_t)((uint64_t)a * (uint64_t)b)
        : (reduction == DLC_SCATTER_MIN) == less ? b : a;
    dlc_convert(wide, type, &x, dst, 1);
}

/// Fills `p` with numbers that reductions keep finite.
static void random_values(dlc_type type, void *p, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
        double x = (double)(below(2001) - 1000) / 64;
        int64_t whole = (int64_t)next_random();
        if (is_float(type)) dlc_convert(DLC_F64, type, &x, (char *)p + i * dlc_type_bytes(type), 1);
        else dlc_convert(DLC_I64, type, &whole, (char *)p + i * dlc_type_bytes(type), 1);
    }
}

static void check_elements(int round) {
    int rank = 1 + (int)below(round % 8 ? 4 : 2), axis = (int)below(rank);
    int64_t shape[4], index_shape[4], place[4], elements = 1, count = 1;
    for (int d = 0; d < rank; ++d) {
        const int64_t most = round % 8 ? 9 : d == rank - 1 ? 700 : 30;
        shape[d] = 1 + below(most);
        index_shape[d] = d == axis ? below(most + 3) : 1 + below(shape[d]);
        elements *= shape[d], count *= index_shape[d];
    }
    dlc_type type = (dlc_type)below(13);
    int64_t bytes = dlc_type_bytes(type);
    bool outside = random_indices(count, shape[axis], below(3) == 0), wide = below(2);
    void *index = wide ? (void *)indices : (void *)short_indices;
    dlc_launch launch;
    int32_t status = 0;
    random_values(type, data, elements), random_values(type, updates, count);

    dlc_gather_elements g = { .rank = rank, .axis = axis, .element_bytes = (int32_t)bytes, .index_bytes = wide ? 8 : 4 };
    memcpy(g.data_shape, shape, sizeof shape), memcpy(g.index_shape, index_shape, sizeof shape);
    if (!dlc_gather_elements_prepare(dlc_host_isa(), &g, &launch)) FAIL("gather_elements refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &g, (void *[]){ data, index, result[1], &status });
    for (int64_t i = 0; i < count; ++i) {
        place_of(i, rank, index_shape, place);
        place[axis] = indices[i] < 0 ? indices[i] + shape[axis] : indices[i];
        char *dst = (char *)result[0] + i * bytes;
        if (place[axis] < 0 || place[axis] >= shape[axis]) memset(dst, 0, (size_t)bytes);
        else memcpy(dst, (char *)data + flat_of(rank, shape, place) * bytes, (size_t)bytes);
    }
    compare("gather_elements", round);
    if (status != outside) FAIL("gather_elements status");

    dlc_scatter_elements s = { .type = type, .reduction = (dlc_reduction)below(5), .rank = rank, .axis = axis, .index_bytes = wide ? 8 : 4 };
    memcpy(s.data_shape, shape, sizeof shape), memcpy(s.index_shape, index_shape, sizeof shape);
    if (!dlc_scatter_elements_prepare(dlc_host_isa(), &s, &launch)) FAIL("scatter_elements refused");
    memset(result, 7, sizeof result);
    memcpy(result[0], data, (size_t)(elements * bytes));
    bool in_place = below(2);
    if (in_place) memcpy(result[1], data, (size_t)(elements * bytes));
    status = 0;
    run_all(&launch, &s, (void *[]){ in_place ? result[1] : data, index, updates, result[1], &status });
    for (int64_t i = 0; i < count; ++i) {
        place_of(i, rank, index_shape, place);
        place[axis] = indices[i] < 0 ? indices[i] + shape[axis] : indices[i];
        if (place[axis] < 0 || place[axis] >= shape[axis]) continue;
        reduce_one(type, s.reduction, (char *)result[0] + flat_of(rank, shape, place) * bytes, (char *)updates + i * bytes);
    }
    compare("scatter_elements", round);
    if (status != outside) FAIL("scatter_elements status");
}

static void check_nd(int round) {
    int depth = (int)below(4);
    int64_t batch = 1 + below(3), count = below(round % 8 == 1 ? 600 : 30);
    int64_t slice = round % 16 == 2 ? 0 : 1 + below(round % 8 == 0 ? 700 : round % 8 == 1 ? 2 : 9), shape[4] = {0}, slices = 1;
    for (int d = 0; d < depth; ++d) shape[d] = 1 + below(4), slices *= shape[d];
    dlc_type type = (dlc_type)below(13);
    int64_t bytes = dlc_type_bytes(type);
    if (batch * slices * slice * bytes > (int64_t)sizeof data || batch * count * slice * bytes > (int64_t)sizeof data) return;
    bool wide = below(2);
    random_indices(batch * count * depth, 1, false);
    for (int64_t i = 0; i < batch * count; ++i) for (int d = 0; d < depth; ++d) {
        int64_t at = below(2 * shape[d] + (round % 3 == 0)) - shape[d];
        indices[i * depth + d] = at, short_indices[i * depth + d] = (int32_t)at;
    }
    void *index = wide ? (void *)indices : (void *)short_indices;
    random_values(type, data, batch * slices * slice), random_values(type, updates, count * slice);
    dlc_launch launch;
    int32_t status = 0, expected = 0, scattered = 0;
    dlc_gather_nd g = { .batch = batch, .count = count, .slice_bytes = slice * bytes, .depth = depth, .index_bytes = wide ? 8 : 4 };
    memcpy(g.data_shape, shape, sizeof shape);
    if (!dlc_gather_nd_prepare(dlc_host_isa(), &g, &launch)) FAIL("gather_nd refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &g, (void *[]){ data, index, result[1], &status });
    dlc_scatter_nd s = { .type = type, .reduction = (dlc_reduction)below(5), .depth = depth, .index_bytes = wide ? 8 : 4, .count = count, .slice = slice };
    memcpy(s.data_shape, shape, sizeof shape);
    memset(spare, 7, sizeof spare);
    memcpy(spare[0], data, (size_t)(slices * slice * bytes));
    for (int64_t i = 0; i < batch * count; ++i) {
        int64_t flat = 0;
        bool inside = true;
        for (int d = 0; d < depth; ++d) {
            int64_t at = indices[i * depth + d] < 0 ? indices[i * depth + d] + shape[d] : indices[i * depth + d];
            inside = inside && at >= 0 && at < shape[d];
            flat = flat * shape[d] + at;
        }
        char *dst = (char *)result[0] + i * slice * bytes;
        if (inside) memcpy(dst, (char *)data + (i / count * slices + flat) * slice * bytes, (size_t)(slice * bytes));
        else memset(dst, 0, (size_t)(slice * bytes)), expected = 1, scattered |= i < count;
        if (i < count && inside) for (int64_t k = 0; k < slice; ++k)
            reduce_one(type, s.reduction, (char *)spare[0] + (flat * slice + k) * bytes, (char *)updates + (i * slice + k) * bytes);
    }
    compare("gather_nd", round);
    if (status != expected) FAIL("gather_nd status");
    if (!dlc_scatter_nd_prepare(dlc_host_isa(), &s, &launch)) FAIL("scatter_nd refused");
    status = 0;
    run_all(&launch, &s, (void *[]){ data, index, updates, spare[1], &status });
    if (status != scattered) FAIL("scatter_nd status");
    if (memcmp(spare[0], spare[1], sizeof spare[0]) != 0) FAIL("scatter_nd %d differs (type %d, reduction %d)", round, type, s.reduction);
}

/// Whether what is no number comes before all numbers in `before`, or is neither before nor after any.
static bool ranks_nan;

/// Whether element `a` comes before `b` in a selection.
static bool before(dlc_type type, bool largest, int64_t a, int64_t b) {
    if (type == DLC_U64) return largest ? data[a] > data[b] : data[a] < data[b];
    long double x, y;
    double fx, fy;
    if (is_float(type)) {
        dlc_convert(type, DLC_F64, (char *)data + a * dlc_type_bytes(type), &fx, 1), dlc_convert(type, DLC_F64, (char *)data + b * dlc_type_bytes(type), &fy, 1);
        x = fx, y = fy;
        if (fx != fx || fy != fy) return ranks_nan && (largest ? fx != fx && fy == fy : fx == fx && fy != fy);
    } else {
        int64_t ix, iy;
        dlc_convert(type, DLC_I64, (char *)data + a * dlc_type_bytes(type), &ix, 1), dlc_convert(type, DLC_I64, (char *)data + b * dlc_type_bytes(type), &iy, 1);
        x = ix, y = iy;
    }
    return largest ? x > y : x < y;
}

static bool same_or_before(dlc_type type, bool largest, int64_t a, int64_t b) {
    double x = 0, y = 0;
    if (is_float(type)) dlc_convert(type, DLC_F64, (char *)data + a * dlc_type_bytes(type), &x, 1), dlc_convert(type, DLC_F64, (char *)data + b * dlc_type_bytes(type), &y, 1);
    return x == x && y == y && !before(type, largest, b, a);
}

static void check_selections(int round) {
    dlc_type type = (dlc_type)below(13);
    int64_t outer = 1 + below(3), axis = 1 + below(30), inner = round % 5 == 0 ? 1 + below(300) : 1 + below(4), k = below(axis + 1), bytes = dlc_type_bytes(type);
    if (round % 5 == 1) inner = 1, axis = 1 + below(200), k = below(1 + (below(2) ? axis : axis < 4 ? axis : 4));
    if (outer * axis * inner > region) return;
    random_values(type, data, outer * axis * inner);
    if (below(2)) for (int64_t i = 0; i < outer * axis * inner; ++i) { int64_t few = below(4); dlc_convert(DLC_I64, type, &few, (char *)data + i * bytes, 1); }
    if (type <= DLC_BF16 && below(3) == 0) {
        const double nan = NAN;
        for (int64_t left = 1 + below(3); left > 0; --left) dlc_convert(DLC_F64, type, &nan, (char *)data + below(2) * below(outer * axis * inner) * bytes, 1);
    }
    bool largest = below(2);
    dlc_launch launch;
    dlc_topk t = { .type = type, .largest = largest, .outer = outer, .axis = axis, .inner = inner, .k = k };
    if (!dlc_topk_prepare(dlc_host_isa(), &t, &launch)) FAIL("topk refused");
    run_all(&launch, &t, (void *[]){ data, result[1], spare[1] });
    ranks_nan = false;
    for (int last = 0; last < 2; ++last) {
        dlc_argminmax a = { .type = type, .largest = largest, .last = last, .outer = outer, .axis = axis, .inner = inner };
        if (!dlc_argminmax_prepare(dlc_host_isa(), &a, &launch)) FAIL("argminmax refused");
        run_all(&launch, &a, (void *[]){ data, spare[0] });
        for (int64_t o = 0; o < outer; ++o) for (int64_t i = 0; i < inner; ++i) {
            int64_t best = 0, base = o * axis * inner + i;
            for (int64_t n = 1; n < axis; ++n)
                if (last ? same_or_before(type, largest, base + n * inner, base + best * inner) : before(type, largest, base + n * inner, base + best * inner)) best = n;
            if ((int64_t)spare[0][o * inner + i] != best) FAIL("argminmax %d: %ld, not %ld", round, (long)spare[0][o * inner + i], (long)best);
        }
    }
    for (int64_t o = 0; o < outer; ++o) for (int64_t i = 0; i < inner; ++i) for (int64_t n = 0; n < axis; ++n) {
        // The rank of an element is how many come before it.
        ranks_nan = true;
        int64_t base = o * axis * inner + i, rank = 0;
        for (int64_t m = 0; m < axis; ++m) rank += before(type, largest, base + m * inner, base + n * inner) || (m < n && !before(type, largest, base + n * inner, base + m * inner));
        if (rank >= k) continue;
        int64_t at = (o * k + rank) * inner + i;
        if ((int64_t)spare[1][at] != n || memcmp((char *)result[1] + at * bytes, (char *)data + (base + n * inner) * bytes, (size_t)bytes) != 0) FAIL("topk %d", round);
    }
    if (type < DLC_BOOL && type != DLC_F16 && type != DLC_BF16) {
        for (int64_t i = 0; i < outer * axis * inner; ++i) if (!same_or_before(type, largest, i, i)) memset((char *)data + i * bytes, 0, (size_t)bytes);
        dlc_cumsum c = { .type = type, .exclusive = below(2), .reverse = below(2), .outer = outer, .axis = axis, .inner = inner };
        if (!dlc_cumsum_prepare(dlc_host_isa(), &c, &launch)) FAIL("cumsum refused");
        memset(result, 7, sizeof result);
        run_all(&launch, &c, (void *[]){ data, result[1] });
        for (int64_t o = 0; o < outer; ++o) for (int64_t i = 0; i < inner; ++i) {
            uint64_t sum = 0;
            for (int64_t n = 0; n < axis; ++n) {
                int64_t at = (o * axis + (c.reverse ? axis - 1 - n : n)) * inner + i;
                if (c.exclusive) memcpy((char *)result[0] + at * bytes, &sum, (size_t)bytes);
                reduce_one(type, DLC_SCATTER_ADD, &sum, (char *)data + at * bytes);
                if (!c.exclusive) memcpy((char *)result[0] + at * bytes, &sum, (size_t)bytes);
            }
        }
        compare("cumsum", round);
    }
}

static void check_generators(int round) {
    dlc_launch launch;
    int32_t bytes = 1 << below(4);
    int64_t outer = 1 + below(20), depth = 1 + below(20), inner = 1 + below(6);
    random_indices(outer * inner, depth, true);
    dlc_one_hot h = { .outer = outer, .depth = depth, .inner = inner, .element_bytes = bytes, .index_bytes = 8 };
    if (!dlc_one_hot_prepare(dlc_host_isa(), &h, &launch)) FAIL("one_hot refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &h, (void *[]){ indices, data, result[1] });
    for (int64_t o = 0; o < outer; ++o) for (int64_t k = 0; k < depth; ++k) for (int64_t i = 0; i < inner; ++i) {
        int64_t at = indices[o * inner + i];
        memcpy((char *)result[0] + ((o * depth + k) * inner + i) * bytes, (char *)data + (at == k || at + depth == k ? bytes : 0), (size_t)bytes);
    }
    compare("one_hot", round);

    dlc_trilu t = { .element_bytes = bytes, .upper = below(2), .batch = outer, .rows = depth, .columns = inner, .k = below(40) - 20 };
    dlc_eye e = { .element_bytes = bytes, .rows = depth, .columns = inner, .k = below(40) - 20, .one = next_random() };
    if (!dlc_trilu_prepare(dlc_host_isa(), &t, &launch)) FAIL("trilu refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &t, (void *[]){ data, NULL, result[1] });
    for (int64_t i = 0; i < outer * depth * inner; ++i) {
        int64_t diagonal = i % inner - i / inner % depth, keep = t.upper ? diagonal >= t.k : diagonal <= t.k;
        if (keep) memcpy((char *)result[0] + i * bytes, (char *)data + i * bytes, (size_t)bytes);
        else memset((char *)result[0] + i * bytes, 0, (size_t)bytes);
    }
    compare("trilu", round);
    if (!dlc_eye_prepare(dlc_host_isa(), &e, &launch)) FAIL("eye refused");
    memset(result, 7, sizeof result);
    run_all(&launch, &e, (void *[]){ result[1] });
    for (int64_t i = 0; i < depth * inner; ++i) {
        uint64_t one = i % inner - i / inner == e.k ? e.one : 0;
        memcpy((char *)result[0] + i * bytes, &one, (size_t)bytes);
    }
    compare("eye", round);

    dlc_range r = { .type = (dlc_type)below(12), .count = below(100) };
    double first = (double)below(20) - 10, step = (double)below(7) / 2;
    uint64_t start, delta;
    dlc_convert(DLC_F64, r.type, &first, &start, 1), dlc_convert(DLC_F64, r.type, &step, &delta, 1);
    if (!dlc_range_prepare(dlc_host_isa(), &r, &launch)) FAIL("range refused");
    run_all(&launch, &r, (void *[]){ &start, &delta, result[1] });
    for (int64_t i = 0; i < r.count; ++i) {
        if (!is_float(r.type)) step = floor(step);
        double x = first + (double)i * step, got;
        dlc_convert(r.type, DLC_F64, (char *)result[1] + i * dlc_type_bytes(r.type), &got, 1);
        if (is_float(r.type) ? got != x : first >= 0 && x < 128 && got != x) { if (r.type != DLC_BF16 || fabs(got - x) > fabs(x) / 128) FAIL("range %d: %g, not %g", r.type, got, x); }
    }

    dlc_nonzero z = { .type = (dlc_type)below(13), .rank = 3, .shape = { 1 + below(5), 1 + below(5), 1 + below(9) } };
    int64_t n = z.shape[0] * z.shape[1] * z.shape[2], found = 0;
    for (int64_t i = 0; i < n; ++i) { double x = below(2) ? (below(2) ? -0.0 : 0) : 1; dlc_convert(DLC_F64, z.type, &x, (char *)data + i * dlc_type_bytes(z.type), 1); }
    z.count = dlc_nonzero_count(z.type, data, n);
    int32_t status = 0;
    if (!dlc_nonzero_prepare(dlc_host_isa(), &z, &launch)) FAIL("nonzero refused");
    run_all(&launch, &z, (void *[]){ data, result[1], &status });
    for (int64_t i = 0; i < n; ++i) {
        double x;
        dlc_convert(z.type, DLC_F64, (char *)data + i * dlc_type_bytes(z.type), &x, 1);
        if (x == 0) continue;
        for (int64_t d = 0, rest[3] = { i / z.shape[2] / z.shape[1], i / z.shape[2] % z.shape[1], i % z.shape[2] }; d < 3; ++d)
            if ((int64_t)result[1][d * z.count + found] != rest[d]) FAIL("nonzero place");
        found += 1;
    }
    if (found != z.count || status != 0) FAIL("nonzero count");
}

int main(void) {
    for (int i = 0; i < region; ++i) data[i] = next_random(), updates[i] = next_random();
    for (int round = 0; round < 3000 / CHECK_SHARE; ++round) {
        check_gathers(round);
        check_elements(round);
        check_nd(round);
        check_selections(round);
        check_generators(round);
    }
    printf(failures ? "%d failures\n" : "all good\n", failures);
    return failures != 0;
}
