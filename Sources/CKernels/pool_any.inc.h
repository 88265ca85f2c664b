/// Any pooling of one element type `T`, every channel of a pixel at once, accumulated in the result.
/// Included with T, POOL_ANY (the name), POOL_LOWEST and POOL_FLOATING defined; undefines them.
// NaN is above all, and the first one stays.
#define POOL_ABOVE(x, y) ((x) > (y) || ((x) != (x) && (y) == (y)))
static void POOL_ANY(const dlc_call *call) {
    const dlc_pool *p = call->params;
    int64_t channels = p->channels, image = p->x_extent[0] * p->x_extent[1] * p->x_extent[2];
    for (int64_t task = call->begin; task < call->end; task++) {
        pool_row row = pool_row_of(p, task);
        for (int64_t out = 0; out < p->y_extent[2]; out++) {
            int64_t y_pixel = row.y_pixel + out;
            T *restrict y = (T *)call->buffers[1] + y_pixel * p->y_ld;
            int64_t *restrict index = call->buffers[2] ? (int64_t *)call->buffers[2] + y_pixel * channels : NULL;
            pool_window w = pool_clip(p, 2, out);
            int64_t first = pool_pixel(p, &row, &w);
#if !POOL_FLOATING
            if (!index) {
                // In registers, where there are as many channels.
                typedef T bytes __attribute__((vector_size(4 * VL), aligned(1), may_alias));
                const T *x = (const T *)call->buffers[0] + first * p->x_ld;
                const int64_t step_w = p->dilation[2] * p->x_ld, step_h = p->dilation[1] * p->x_extent[2] * p->x_ld;
                const int64_t step_d = p->dilation[0] * p->x_extent[1] * p->x_extent[2] * p->x_ld;
                int64_t c = 0;
                for (; c + 4 * VL <= channels; c += 4 * VL) {
                    bytes most = POOL_LOWEST - (bytes){0};
                    for (int64_t d = 0; d < row.d.taps; d++)
                    for (int64_t h = 0; h < row.h.taps; h++)
                    for (int64_t k = 0; k < w.taps; k++)
                        most = __builtin_elementwise_max(most, *(const bytes *)(x + c + d * step_d + h * step_h + k * step_w));
                    *(bytes *)(y + c) = most;
                }
                for (int64_t i = c; i < channels; i++) y[i] = POOL_LOWEST;
                for (int64_t d = 0; d < row.d.taps; d++)
                for (int64_t h = 0; h < row.h.taps; h++)
                for (int64_t k = 0; k < w.taps; k++) {
                    const T *tap = x + d * step_d + h * step_h + k * step_w;
                    for (int64_t i = c; i < channels; i++) y[i] = tap[i] > y[i] ? tap[i] : y[i];
                }
                continue;
            }
#endif
            for (int64_t c = 0; c < channels; c++) y[c] = p->kind == DLC_POOL_MAX ? POOL_LOWEST : 0;
            // Of a window in the padding, the first of its image.
            if (index) for (int64_t c = 0; c < channels; c++) index[c] = (row.batch * channels + c) * image;
            bool seen = false;
            for (int64_t d = 0; d < row.d.taps; d++)
            for (int64_t h = 0; h < row.h.taps; h++)
            for (int64_t k = 0; k < w.taps; k++) {
                int64_t dd = d * p->dilation[0], dh = h * p->dilation[1], dw = k * p->dilation[2];
                const T *restrict x = (const T *)call->buffers[0] +
                    (first + (dd * p->x_extent[1] + dh) * p->x_extent[2] + dw) * p->x_ld;
                if (index) {
                    int64_t at = pool_index(p, row.d.first + dd, row.h.first + dh, w.first + dw);
                    for (int64_t c = 0; c < channels; c++) {
                        if (seen && !POOL_ABOVE(x[c], y[c])) continue;
                        y[c] = x[c];
                        index[c] = (row.batch * channels + c) * image + at;
                    }
                } else if (p->kind == DLC_POOL_MAX) {
                    for (int64_t c = 0; c < channels; c++) y[c] = !seen || POOL_ABOVE(x[c], y[c]) ? x[c] : y[c];
                }
#if POOL_FLOATING
                else if (p->kind == DLC_POOL_AVERAGE) {
                    for (int64_t c = 0; c < channels; c++) y[c] += x[c];
                } else if (p->p == 1) {
                    for (int64_t c = 0; c < channels; c++) y[c] += (T)fabs((double)x[c]);
                } else if (p->p == 2) {
                    for (int64_t c = 0; c < channels; c++) y[c] += x[c] * x[c];
                } else {
                    for (int64_t c = 0; c < channels; c++) y[c] += (T)pow(fabs((double)x[c]), p->p);
                }
#endif
                seen = true;
            }
#if POOL_FLOATING
            if (p->kind == DLC_POOL_AVERAGE && seen) {
                T count = (T)(row.d.counted * row.h.counted * w.counted);
                for (int64_t c = 0; c < channels; c++) y[c] /= count;
            } else if (p->kind == DLC_POOL_LP && p->p == 2) {
                for (int64_t c = 0; c < channels; c++) y[c] = (T)sqrt((double)y[c]);
            } else if (p->kind == DLC_POOL_LP && p->p > 2) {
                for (int64_t c = 0; c < channels; c++) y[c] = (T)pow((double)y[c], 1.0 / p->p);
            }
#endif
        }
    }
}
#undef T
#undef POOL_ABOVE
#undef POOL_ANY
#undef POOL_LOWEST
#undef POOL_FLOATING
