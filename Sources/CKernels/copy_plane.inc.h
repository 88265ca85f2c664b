/// Transposition of a plane of elements T of BYTES bytes, in squares of as many as 16 bytes hold, which ZIP interleaves. Included
/// with these defined; undefines them.
#define LANE (16 / BYTES)
#define WIDTH (4 * VL / BYTES)
#define SIZED(name) DLC_NAME(DLC_PASTE(name, DLC_PASTE(_, BYTES)))
#if VL == 16
#define ZIPS(i) ZIP(WIDTH, i), ZIP(WIDTH, LANE + i), ZIP(WIDTH, 2 * LANE + i), ZIP(WIDTH, 3 * LANE + i)
#elif VL == 8
#define ZIPS(i) ZIP(WIDTH, i), ZIP(WIDTH, LANE + i)
#else
#define ZIPS(i) ZIP(WIDTH, i)
#endif
#define SQUARE_ZIPS(i) ZIP(LANE, i)

/// Rounds of perfect shuffles, as for elements of 4 bytes, of LANE vectors of `size` bytes.
#define TURN(name, size, LOAD, STORE, ZIPPED) \
    DLC_INLINE void SIZED(name)(const T *s, int64_t s_stride, T *d, int64_t d_stride) { \
        typedef T vector __attribute__((vector_size(size))); \
        vector v[LANE], t[LANE]; \
        _Pragma("clang loop unroll(full)") for (int c = 0; c < LANE; ++c) v[c] = (vector)LOAD(s + c * s_stride); \
        _Pragma("clang loop unroll(full)") for (int bits = 1; bits < LANE; bits *= 2) { \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < LANE / 2; ++i) { \
                t[2 * i] = __builtin_shufflevector(v[i], v[i + LANE / 2], ZIPPED(0)); \
                t[2 * i + 1] = __builtin_shufflevector(v[i], v[i + LANE / 2], ZIPPED(LANE / 2)); \
            } \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < LANE; ++i) v[i] = t[i]; \
        } \
        _Pragma("clang loop unroll(full)") for (int r = 0; r < LANE; ++r) STORE(d + r * d_stride, v[r]); \
    }
#define LOAD_PARTS(p) DLC_NAME(load_parts)((const char *)(p), 16 * s_stride)
#define STORE_PARTS(p, v) (*(DLC_NAME(vi_unaligned) *)(p) = (DLC_NAME(vi_unaligned))(v))
#define STORE_PART(p, v) v16_store(p, (v16)(v))
TURN(strip, 4 * VL, LOAD_PARTS, STORE_PARTS, ZIPS)
TURN(square, 16, v16_load, STORE_PART, SQUARE_ZIPS)

static void SIZED(transpose)(int64_t rows, int64_t columns, const void *source, int64_t s_stride, void *result, int64_t d_stride) {
    const T *s = source;
    T *d = result;
    if (SIZED(streams)(rows, columns, s, s_stride, d, d_stride)) return;
    // Of the last squares some rows and columns are those of the ones before.
    const int64_t width = columns < LANE || rows < LANE ? 32 : columns < WIDTH ? LANE : WIDTH;
    for (int64_t c = 0; c < columns; c += width) {
        if (columns < LANE || rows < LANE) {
            const int64_t end = columns - c < width ? columns : c + width;
            for (int64_t r = 0; r < rows; ++r) for (int64_t i = c; i < end; ++i) d[r * d_stride + i] = s[r + i * s_stride];
            continue;
        }
        const int64_t column = columns - c < width ? columns - width : c;
        for (int64_t r = 0; r < rows; r += LANE) {
            const int64_t row = rows - r < LANE ? rows - LANE : r;
            const T *from = s + column * s_stride + row;
            T *to = d + row * d_stride + column;
            if (width == WIDTH) SIZED(strip)(from, s_stride, to, d_stride);
            else SIZED(square)(from, s_stride, to, d_stride);
        }
    }
}
#undef TURN
#undef LOAD_PARTS
#undef STORE_PARTS
#undef STORE_PART
#undef SQUARE_ZIPS
#undef ZIPS
#undef SIZED
#undef WIDTH
#undef LANE
#undef ZIP
#undef BYTES
#undef T
