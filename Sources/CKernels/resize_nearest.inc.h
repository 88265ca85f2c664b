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
    const bool inside = p->coordinates != DLC_RESIZE_TF_CROP_AND_RESIZE;
    const T *before = NULL;
    for (int64_t task = call->begin; task < call->end; task++) {
        resize_row row = resize_row_of(p, tables, task);
        T *y = (T *)call->buffers[1] + task * out * n;
        double weight;
        const T *x = row.outside ? NULL : (const T *)call->buffers[0] + resize_source(p, tables, &row, &weight) * in;
        // Rows that are enlarged are the row above once more.
        const bool is_again = x && x == before;
        before = x;
        if (is_again) {
            memcpy(y, y - out * n, (size_t)(out * n) * sizeof(T));
        } else if (x && inside && n == 1) {
            for (int64_t i = 0; i < out; i++) y[i] = x[positions[i]];
        } else {
            for (int64_t i = 0; i < out; i++, y += n) {
                if (!x || positions[i] < 0) for (int64_t c = 0; c < n; c++) y[c] = outside;
                else memcpy(y, x + positions[i] * n, (size_t)n * sizeof(T));
            }
        }
    }
}
#undef T
#undef RESIZE_NEAREST
