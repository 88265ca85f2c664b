/// Linear and cubic resize of one element type `T`, computed in RESIZE_WORK and stored through
/// RESIZE_STORE. Included with these and RESIZE_ANY (the name) defined; undefines them.
static void RESIZE_ANY(const dlc_call *call) {
    const dlc_resize *p = call->params;
    const void *tables = call->buffers[2];
    int64_t n = p->inner, in = p->x_extent[p->last] * n, out = p->y_extent[p->last];
    int32_t taps = p->taps[p->last];
    for (int64_t task = call->begin; task < call->end; task++) {
        resize_row row = resize_row_of(p, tables, task);
        T *y = (T *)call->buffers[1] + task * out * n;
        RESIZE_WORK *combined = call->scratch;
        for (int64_t i = 0; i < in; i++) combined[i] = 0;
        if (!row.outside) {
            do {
                double weight;
                const T *x = (const T *)call->buffers[0] + resize_source(p, tables, &row, &weight) * in;
                if (weight == 0) continue;
                for (int64_t i = 0; i < in; i++) combined[i] += (RESIZE_WORK)x[i] * (RESIZE_WORK)weight;
            } while (resize_next(p, &row));
        }
        for (int64_t i = 0; i < out; i++) {
            const int32_t *positions = resize_positions(p, tables, p->last, i);
            const void *weights = resize_weights(p, tables, p->last, i);
            for (int64_t c = 0; c < n; c++) {
                RESIZE_WORK sum = 0;
                if (row.outside || positions[0] < 0) sum = (RESIZE_WORK)p->extrapolation;
                else for (int32_t k = 0; k < taps; k++) sum += combined[positions[k] * n + c] * (RESIZE_WORK)resize_weight(p, weights, k);
                y[i * n + c] = RESIZE_STORE(sum);
            }
        }
    }
}
#undef T
#undef RESIZE_WORK
#undef RESIZE_ANY
#undef RESIZE_STORE
