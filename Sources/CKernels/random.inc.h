/// Philox4x32 with ten rounds (Salmon et al., 2011), sixteen blocks at a time, and normal numbers from pairs of words.
/// Nothing is contracted, and nothing comes from the library, so every processor gives the same bits.
#include "dlc_random.h"
#include "gather_index.h"

#include <string.h>

DLC_TARGET_BEGIN

#define RANDOM_BLOCKS 16

/// Words of the blocks `first ..< first + RANDOM_BLOCKS`, in order.
static void DLC_NAME(random_words)(const dlc_random *p, const int64_t *key, uint64_t first, uint32_t *words) {
    uint32_t x0[RANDOM_BLOCKS], x1[RANDOM_BLOCKS], x2[RANDOM_BLOCKS], x3[RANDOM_BLOCKS];
    for (int i = 0; i < RANDOM_BLOCKS; ++i) {
        uint64_t block = first + (uint64_t)i;
        x0[i] = (uint32_t)block, x1[i] = (uint32_t)(block >> 32), x2[i] = (uint32_t)key[1], x3[i] = p->stream;
    }
    uint32_t k0 = (uint32_t)key[0], k1 = (uint32_t)((uint64_t)key[0] >> 32);
    for (int round = 0; round < 10; ++round) {
        for (int i = 0; i < RANDOM_BLOCKS; ++i) {
            uint64_t a = (uint64_t)x0[i] * 0xD2511F53u, b = (uint64_t)x2[i] * 0xCD9E8D57u;
            x0[i] = (uint32_t)(b >> 32) ^ x1[i] ^ k0, x2[i] = (uint32_t)(a >> 32) ^ x3[i] ^ k1;
            x1[i] = (uint32_t)b, x3[i] = (uint32_t)a;
        }
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    for (int i = 0; i < RANDOM_BLOCKS; ++i) words[4 * i] = x0[i], words[4 * i + 1] = x1[i], words[4 * i + 2] = x2[i], words[4 * i + 3] = x3[i];
}

/// Two normal numbers from two words: the operator's definition, step by step.
DLC_INLINE void DLC_NAME(random_pair)(uint32_t a, uint32_t b, float *even, float *odd) {
#pragma clang fp contract(off)
    double x = (double)(int32_t)((a >> 8) + 1) * 0x1p-24;
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    double exponent = (double)((int32_t)(bits >> 52) - 1023), mantissa;
    bits = (bits & 0xFFFFFFFFFFFFFull) | 0x3FF0000000000000ull;
    memcpy(&mantissa, &bits, sizeof mantissa);
    bool high = mantissa > 1.4142135623730951;
    mantissa = high ? mantissa * 0.5 : mantissa;
    exponent = high ? exponent + 1 : exponent;
    double s = (mantissa - 1) / (mantissa + 1), q = s * s, sum = 1 / 21.0;
    sum = sum * q + 1 / 19.0, sum = sum * q + 1 / 17.0, sum = sum * q + 1 / 15.0, sum = sum * q + 1 / 13.0;
    sum = sum * q + 1 / 11.0, sum = sum * q + 1 / 9.0, sum = sum * q + 1 / 7.0, sum = sum * q + 1 / 5.0;
    sum = sum * q + 1 / 3.0, sum = sum * q + 1;
    double logarithm = exponent * 0.6931471805599453 + 2 * s * sum;
    double radius = __builtin_sqrt(-2 * logarithm);
    double turn = (double)(int32_t)(b >> 8) * 0x1p-24;
    int32_t quarter = (int32_t)(4 * turn + 0.5);
    double angle = (turn - 0.25 * (double)quarter) * 6.283185307179586, square = angle * angle;
    double sine = 1 / 6227020800.0;
    sine = sine * square + -1 / 39916800.0, sine = sine * square + 1 / 362880.0, sine = sine * square + -1 / 5040.0;
    sine = sine * square + 1 / 120.0, sine = sine * square + -1 / 6.0, sine = angle * (sine * square + 1);
    double cosine = -1 / 87178291200.0;
    cosine = cosine * square + 1 / 479001600.0, cosine = cosine * square + -1 / 3628800.0, cosine = cosine * square + 1 / 40320.0;
    cosine = cosine * square + -1 / 720.0, cosine = cosine * square + 1 / 24.0, cosine = cosine * square + -1 / 2.0;
    cosine = cosine * square + 1;
    bool swapped = quarter & 1;
    double c = swapped ? sine : cosine, d = swapped ? cosine : sine;
    c = (quarter & 3) == 1 || (quarter & 3) == 2 ? -c : c;
    d = (quarter & 3) >= 2 ? -d : d;
    *even = (float)(radius * c), *odd = (float)(radius * d);
}

static void DLC_NAME(random_any)(const dlc_call *call) {
    const dlc_random *p = call->params;
    const int64_t *key = call->buffers[0];
    uint32_t *result = call->buffers[1];
    enum { words_each = 4 * RANDOM_BLOCKS };
    int64_t begin = call->begin * DLC_RANDOM_TASK, end = dlc_lesser(call->end * DLC_RANDOM_TASK, p->count);
    for (int64_t i = begin; i < end; i += words_each) {
        uint32_t words[words_each];
        float numbers[words_each];
        DLC_NAME(random_words)(p, key, (uint64_t)i / 4, words);
        int64_t n = dlc_lesser(words_each, end - i);
        const void *source = words;
        if (p->distribution == DLC_RANDOM_UNIFORM) {
            for (int j = 0; j < words_each; ++j) numbers[j] = (float)(int32_t)(words[j] >> 8) * 0x1p-24f;
            source = numbers;
        } else if (p->distribution == DLC_RANDOM_NORMAL) {
            for (int j = 0; j < words_each / 2; ++j) DLC_NAME(random_pair)(words[2 * j], words[2 * j + 1], &numbers[2 * j], &numbers[2 * j + 1]);
            source = numbers;
        }
        memcpy(result + i, source, (size_t)n * 4);
    }
}

DLC_TARGET_END
