/// A reduction of one element type `T` at any strides: floating types accumulate in f64, integers in 64 bits that wrap; a
/// mean of integers is truncated, and a root or logarithm converted as a cast does. Included with T and REDUCE_ANY (the
/// name), for integers also REDUCE_LOWEST and REDUCE_HIGHEST, defined; undefines them.
#ifdef REDUCE_LOWEST
static void REDUCE_ANY(const dlc_call *call) {
    const dlc_reduce *r = call->params;
    reduce_fold fold = reduce_fold_of(r->kind);
    bool floating = r->kind == DLC_REDUCE_L2 || r->kind == DLC_REDUCE_LOG_SUM || fold == FOLD_EXP;
    for (int64_t task = call->begin; task < call->end; task++) {
        reduce_block block = reduce_block_of(r, task);
        for (int64_t i = 0; i < block.count; i++) {
            const T *x = (const T *)call->buffers[0] + block.x + i * block.step;
            int64_t index[DLC_MAX_RANK] = {0}, offset = 0;
            T low = REDUCE_HIGHEST, high = REDUCE_LOWEST;
            uint64_t acc = fold == FOLD_PROD;
            double real = 0, shift = 0;
            for (int64_t k = 0; k < r->reduced_count; k++, reduce_next(r, r->reduced_rank, index, &offset)) {
                T value = x[offset];
                uint64_t bits = (uint64_t)value;
                if (value < low) low = value;
                if (value > high) high = value;
                acc = fold == FOLD_PROD ? acc * bits : acc + (fold == FOLD_ABS && value < 0 ? -bits : fold == FOLD_SQUARE ? bits * bits : bits);
                if (floating) real += fold == FOLD_SQUARE ? (double)value * (double)value : (double)value;
            }
            if (fold == FOLD_EXP) {
                shift = r->reduced_count ? (double)high : 0;
                real = 0;
                for (int64_t k = 0; k < r->reduced_count; k++, reduce_next(r, r->reduced_rank, index, &offset))
                    real += exp((double)x[offset] - shift);
            }
            T result = (T)acc;
            if (floating) {
                real = reduce_finish(r, real, shift);
                DLC_NAME(store_f64)(r->type, 1, &real, &result); // as a cast does
            } else if (fold == FOLD_MAX || fold == FOLD_MIN) {
                result = fold == FOLD_MAX ? high : low;
            } else if (r->kind == DLC_REDUCE_MEAN) {
                uint64_t count = (uint64_t)r->reduced_count; // the sum is signed where T is
                if (count == 0) result = 0;
                else if (REDUCE_LOWEST < 0) result = (T)((int64_t)acc / (int64_t)count);
                else result = (T)(acc / count);
            }
            ((T *)call->buffers[1])[block.y + i] = result;
        }
    }
}
#undef REDUCE_LOWEST
#undef REDUCE_HIGHEST
#else
static void REDUCE_ANY(const dlc_call *call) {
    const dlc_reduce *r = call->params;
    reduce_fold fold = reduce_fold_of(r->kind);
    for (int64_t task = call->begin; task < call->end; task++) {
        reduce_block block = reduce_block_of(r, task);
        for (int64_t i = 0; i < block.count; i++) {
            const T *x = (const T *)call->buffers[0] + block.x + i * block.step;
            int64_t index[DLC_MAX_RANK] = {0}, offset = 0;
            double acc = reduce_identity(fold), shift = -INFINITY;
            const int32_t outer = r->reduced_rank - 1;
            if (sizeof(T) == sizeof(double) && outer >= 0 && r->reduced_stride[outer] == 1 && r->reduced_count > 0) {
                const int64_t n = r->reduced_extent[outer];
                const double *wide = (const double *)(const void *)x;
                if (fold == FOLD_EXP)
                    do shift = DLC_NAME(reduce_run_f64)(FOLD_MAX, wide + offset, n, shift, 0);
                    while (reduce_next(r, outer, index, &offset));
                if (isinf(shift)) shift = 0;
                do acc = DLC_NAME(reduce_run_f64)(fold, wide + offset, n, acc, shift);
                while (reduce_next(r, outer, index, &offset));
                ((T *)call->buffers[1])[block.y + i] = (T)reduce_finish(r, acc, shift);
                continue;
            }
            if (fold == FOLD_EXP) {
                for (int64_t k = 0; k < r->reduced_count; k++, reduce_next(r, r->reduced_rank, index, &offset))
                    shift = reduce_combine(FOLD_MAX, shift, (double)x[offset]);
            }
            if (isinf(shift)) shift = 0;
            for (int64_t k = 0; k < r->reduced_count; k++, reduce_next(r, r->reduced_rank, index, &offset))
                acc = reduce_step(fold, acc, (double)x[offset], shift);
            ((T *)call->buffers[1])[block.y + i] = (T)reduce_finish(r, acc, shift);
        }
    }
}
#endif
#undef T
#undef REDUCE_ANY
