/// The products of recurrent layers: a few rows times a packed block of weights, whose vectors are each
/// loaded once. At batch 1 this streams the weights, so several k run in parallel chains. Include after gemm_compact.inc.h,
/// which reads elements of 16 bits.

DLC_TARGET_BEGIN

/// Rows that share the loads of one vector: with four gates these fill the registers.
#define RNN_ROWS (DLC_REGISTERS == 32 ? 6 : 3)

/// A vector of weights, from element `at` on.
DLC_INLINE vf rnn_weight(const dlc_pack_form form, const void *w, int64_t at) {
    return form == DLC_PACK_PANELS ? vf_load((const float *)w + at) : wide_float(form, (const uint8_t *)w + 2 * at);
}

/// out[row] [gates][VL] = start + Σₖ a[row][k] · w[k] [gates][VL], with `start` null for zero; or, with `adds`, added to out.
DLC_INLINE void rnn_product_of(const dlc_pack_form form, int gates, int rows, int64_t k, const float *const *a, const void *w,
                               const float *start, bool adds, float *out, int64_t out_ld) {
    const int chains = gates * rows >= 8 ? 1 : 8 / (gates * rows);
    vf acc[8 + 4 * RNN_ROWS];
#pragma clang loop unroll(full)
    for (int i = 0; i < chains * rows * gates; i++) acc[i] = vf_zero();
    int64_t i = 0;
    for (; i + chains <= k; i += chains) {
        vf_fetch_pages((const float *)rnn_element(form, w, i * gates * VL), (form == DLC_PACK_PANELS ? 4 : 2) * chains * gates * VL);
#pragma clang loop unroll(full)
        for (int u = 0; u < chains; u++) {
#pragma clang loop unroll(full)
            for (int g = 0; g < gates; g++) {
                vf weight = rnn_weight(form, w, ((i + u) * gates + g) * VL);
#pragma clang loop unroll(full)
                for (int r = 0; r < rows; r++) {
                    vf *sum = &acc[(u * rows + r) * gates + g];
                    *sum = vf_fma(vf_set1(a[r][i + u]), weight, *sum);
                }
            }
        }
    }
    for (; i < k; i++) {
#pragma clang loop unroll(full)
        for (int g = 0; g < gates; g++) {
            vf weight = rnn_weight(form, w, (i * gates + g) * VL);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) acc[r * gates + g] = vf_fma(vf_set1(a[r][i]), weight, acc[r * gates + g]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
#pragma clang loop unroll(full)
        for (int g = 0; g < gates; g++) {
            vf sum = acc[r * gates + g];
#pragma clang loop unroll(full)
            for (int u = 1; u < chains; u++) sum += acc[(u * rows + r) * gates + g];
            if (start) sum += vf_load(start + g * VL);
            if (adds) sum += vf_load(out + r * out_ld + g * VL);
            vf_store(out + r * out_ld + g * VL, sum);
        }
    }
}

#define RNN_CASE(form, g, r) case (g) * 8 + (r): rnn_product_of(form, g, r, k, a, w, start, adds, out, out_ld); break;
#if DLC_REGISTERS == 32
#define RNN_CASES(form, g) \
    RNN_CASE(form, g, 1) RNN_CASE(form, g, 2) RNN_CASE(form, g, 3) RNN_CASE(form, g, 4) RNN_CASE(form, g, 5) RNN_CASE(form, g, 6)
#else
#define RNN_CASES(form, g) RNN_CASE(form, g, 1) RNN_CASE(form, g, 2) RNN_CASE(form, g, 3)
#endif

/// `rows` at most RNN_ROWS, `gates` at most 4; a function for each form, since compilers are slower than linear in their size.
#define RNN_PART(name, form) \
    DLC_APART void name(int64_t gates, int64_t rows, int64_t k, const float *const *a, const void *w, const float *start, bool adds, float *out, \
                        int64_t out_ld) { \
        switch (gates * 8 + rows) { \
        RNN_CASES(form, 1) RNN_CASES(form, 2) RNN_CASES(form, 3) RNN_CASES(form, 4) \
        default: break; \
        } \
    }
RNN_PART(rnn_product_part, DLC_PACK_PANELS)
RNN_PART(rnn_product_part_half, DLC_PACK_HALF)
RNN_PART(rnn_product_part_bfloat, DLC_PACK_BFLOAT)
#undef RNN_PART

/// Floats of weights that stay in the nearest cache while all rows go by, and the most rows.
enum { RNN_CACHED = 6 << 10, RNN_MOST_ROWS = 8 * RNN_ROWS };

/// The same for up to RNN_MOST_ROWS rows, in parts of about equal size.
static void rnn_product(int64_t gates, int64_t rows, int64_t k, const float *const *a, const void *w, dlc_pack_form form,
                        const float *start, float *out, int64_t out_ld) {
    const int64_t parts = (rows + RNN_ROWS - 1) / RNN_ROWS, depth = parts == 1 ? k : RNN_CACHED / (gates * VL);
    int64_t i = 0;
    do {
        const int64_t some = k - i < depth ? k - i : depth;
        for (int64_t part = 0; part < parts; part++) {
            const int64_t first = part * rows / parts, count = (part + 1) * rows / parts - first;
            const float *from[RNN_ROWS];
            for (int64_t r = 0; r < count; r++) from[r] = a[first + r] + i;
            const void *weights = rnn_element(form, w, i * gates * VL);
            const float *begin = i == 0 ? start : NULL;
            float *to = out + first * out_ld;
            switch (form) {
            case DLC_PACK_HALF: rnn_product_part_half(gates, count, some, from, weights, begin, i > 0, to, out_ld); break;
            case DLC_PACK_BFLOAT: rnn_product_part_bfloat(gates, count, some, from, weights, begin, i > 0, to, out_ld); break;
            default: rnn_product_part(gates, count, some, from, weights, begin, i > 0, to, out_ld);
            }
        }
        i += some;
    } while (i < k);
}

DLC_TARGET_END
