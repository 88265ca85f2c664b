/// Nearest resize of elements as large as `T`. Included with T and RESIZE_NEAREST (the name) defined;
/// undefines them.
static void RESIZE_NEAREST(const dlc_call *call) {
    const dlc_resize *p = call->params;
    const void *tables = call->buffers[2];
    int64_t n = p->inner;
    if (p->last < 0) {
        memcpy(call->buffers[1], call->buffers[0], (size_t)n * sizeof(T));
        return;
    }
    int64_t in = p->x_extent[p->last] * n, out = p->y_extent[p->last];
    uint64_t outside_bits = 0;
    resize_outside(p, &outside_bits);
    T outside = (T)outside_bits;
    const int32_t *positions = resize_positions(p, tables, p->last, 0);
    for (int64_t task = call->begin; task < call->end; task++) {
        resize_row row = resize_row_of(p, tables, task);
        T *y = (T *)call->buffers[1] + task * out * n;
        double weight;
        const T *x = row.outside ? NULL : (const T *)call->buffers[0] + resize_source(p, tables, &row, &weight) * in;
        for (int64_t i = 0; i < out; i++, y += n) {
            if (!x || positions[i] < 0) for (int64_t c = 0; c < n; c++) y[c] = outside;
            else if (n == 1) *y = x[positions[i]];
            else memcpy(y, x + positions[i] * n, (size_t)n * sizeof(T));
        }
    }
}
#undef T
#undef RESIZE_NEAREST
