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
    const bool single = n == 1 && p->coordinates != DLC_RESIZE_TF_CROP_AND_RESIZE;
    const dlc_resize_shuffle *shuffle = resize_shuffle_of(p, tables);
    // Rows of one plane after the other.
    const int32_t above = p->last - 1;
    const int64_t height = above < 0 ? 1 : p->y_extent[above], x_height = above < 0 ? 1 : p->x_extent[above];
    const int32_t *rows = above >= 0 && p->taps[above] > 0 ? resize_positions(p, tables, above, 0) : NULL;
    for (int64_t task = call->begin; task < call->end;) {
        const int64_t plane = resize_plane(p, tables, task / height);
        for (int64_t row = task % height, again; row < height && task < call->end; row += again, task += again) {
            T *y = (T *)call->buffers[1] + task * out * n;
            const int64_t place = rows ? rows[row] : row;
            const T *x = plane < 0 || place < 0 ? NULL : (const T *)call->buffers[0] + (plane * x_height + place) * in;
            // Rows that are enlarged are the row above once more.
            again = 1;
            while (rows && row + again < height && task + again < call->end && rows[row + again] == place) again++;
            const bool is_made = x && shuffle && resize_shuffled(shuffle, (const char *)x, (char *)y, out * n * (int64_t)sizeof(T));
            if (!is_made && x && single) {
                for (int64_t i = 0; i < out; i++) y[i] = x[positions[i]];
            } else if (!is_made) {
                for (int64_t i = 0; i < out; i++) {
                    if (!x || positions[i] < 0) for (int64_t c = 0; c < n; c++) y[i * n + c] = outside;
                    else memcpy(y + i * n, x + positions[i] * n, (size_t)n * sizeof(T));
                }
            }
            for (int64_t k = 1; k < again; k++) resize_again((const char *)y, (char *)(y + k * out * n), out * n * (int64_t)sizeof(T));
        }
    }
}
#undef T
#undef RESIZE_NEAREST
