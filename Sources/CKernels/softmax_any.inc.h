/// Every kind of softmax of one element type `T`, one column after another. Included with T and
/// SOFTMAX_ANY (the name) defined; undefines them.
static void SOFTMAX_ANY(const dlc_call *call) {
    const dlc_softmax *s = call->params;
    int64_t axis = s->axis, inner = s->inner, blocks = (inner + 2 * VL - 1) / (2 * VL);
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * 2 * VL;
        for (int64_t i = first; i < first + 2 * VL && i < inner; i++) {
            int64_t at = task / blocks * axis * inner + i, top = 0;
            const T *x = (const T *)call->buffers[0] + at;
            T *y = (T *)call->buffers[1] + at;
            if (axis == 0) continue;
            for (int64_t k = 1; k < axis; k++) // the first of the largest, or the first NaN
                if (x[k * inner] > x[top * inner] || (x[k * inner] != x[k * inner] && x[top * inner] == x[top * inner])) top = k;
            double max = (double)x[top * inner], sum = 0;
            if (s->kind != DLC_HARDMAX)
                for (int64_t k = 0; k < axis; k++) sum += exp((double)x[k * inner] - max);
            double log_sum = log(sum);
            for (int64_t k = 0; k < axis; k++) {
                double value = (double)x[k * inner] - max;
                y[k * inner] = (T)(s->kind == DLC_HARDMAX ? k == top
                    : s->kind == DLC_LOG_SOFTMAX ? value - log_sum : exp(value) / sum);
            }
        }
    }
}
#undef T
#undef SOFTMAX_ANY
