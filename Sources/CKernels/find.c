/// Positions of elements among sorted keys.
#include "dlc_classic.h"

#include "float16.h"
#include "gather_index.h"

enum { task_elements = 4 << 10 };

/// The first of the keys that is not before x; keys that are NaN come last.
#define FIND(T, NAME, LOAD) \
    static void find_##NAME(const dlc_call *call) { \
        const dlc_find *p = call->params; \
        const T *elements = call->buffers[0], *keys = call->buffers[1]; \
        int64_t *result = call->buffers[2]; \
        int64_t end = dlc_lesser(call->end * task_elements, p->elements); \
        for (int64_t i = call->begin * task_elements; i < end; ++i) { \
            int64_t low = 0; \
            for (int64_t count = p->keys; count > 0;) { \
                int64_t half = count / 2; \
                bool isBefore = before_##NAME(LOAD(keys[low + half]), LOAD(elements[i])); \
                low += isBefore ? half + 1 : 0; \
                count = isBefore ? count - half - 1 : half; \
            } \
            bool isFound = low < p->keys && !before_##NAME(LOAD(elements[i]), LOAD(keys[low])); \
            result[i] = isFound ? low : p->keys; \
        } \
    }
#define INTEGER_BEFORE(T, NAME) static inline bool before_##NAME(T a, T b) { return a < b; }
#define FLOAT_BEFORE(T, NAME) static inline bool before_##NAME(T a, T b) { return a < b || (a == a && b != b); }
#define SAME(x) (x)

FLOAT_BEFORE(float, f32)
FLOAT_BEFORE(double, f64)
FLOAT_BEFORE(float, f16)
FLOAT_BEFORE(float, bf16)
INTEGER_BEFORE(int8_t, i8)
INTEGER_BEFORE(int16_t, i16)
INTEGER_BEFORE(int32_t, i32)
INTEGER_BEFORE(int64_t, i64)
INTEGER_BEFORE(uint8_t, u8)
INTEGER_BEFORE(uint16_t, u16)
INTEGER_BEFORE(uint32_t, u32)
INTEGER_BEFORE(uint64_t, u64)
FIND(float, f32, SAME)
FIND(double, f64, SAME)
FIND(uint16_t, f16, dlc_float_of_half)
FIND(uint16_t, bf16, dlc_float_of_bfloat)
FIND(int8_t, i8, SAME)
FIND(int16_t, i16, SAME)
FIND(int32_t, i32, SAME)
FIND(int64_t, i64, SAME)
FIND(uint8_t, u8, SAME)
FIND(uint16_t, u16, SAME)
FIND(uint32_t, u32, SAME)
FIND(uint64_t, u64, SAME)

static const dlc_kernel finders[] = {
    [DLC_F32] = find_f32, [DLC_F64] = find_f64, [DLC_F16] = find_f16, [DLC_BF16] = find_bf16,
    [DLC_I8] = find_i8, [DLC_I16] = find_i16, [DLC_I32] = find_i32, [DLC_I64] = find_i64,
    [DLC_U8] = find_u8, [DLC_U16] = find_u16, [DLC_U32] = find_u32, [DLC_U64] = find_u64, [DLC_BOOL] = find_u8,
};

bool dlc_find_prepare(dlc_isa isa, dlc_find *p, dlc_launch *launch) {
    (void)isa;
    int64_t bytes;
    if (p->type > DLC_BOOL || p->keys < 0 || !dlc_product((int64_t[]){ p->elements, 8 }, 2, &bytes)) return false;
    *launch = (dlc_launch){ .run = finders[p->type], .phases = 1, .tasks = dlc_quotient_up(p->elements, task_elements) };
    return true;
}
