#include "machine.h"

DLC_TARGET_BEGIN
/// Multiply-adds that one round of the loop makes on each lane: independent chains hide the latency of four units of four
/// cycles where there are registers for them.
enum { PROBE_CHAINS = DLC_THIS_ISA == DLC_ISA_AVX512 || DLC_THIS_ISA == DLC_ISA_NEON ? 20 : 12 };

static vf DLC_NAME(probe_multiply_add)(int64_t rounds, vf factor) {
    vf chain[PROBE_CHAINS], sum = vf_zero();
#pragma clang loop unroll(full)
    for (int i = 0; i < PROBE_CHAINS; i++) chain[i] = vf_set1((float)i);
    for (int64_t round = 0; round < rounds; round++) {
#pragma clang loop unroll(full)
        for (int i = 0; i < PROBE_CHAINS; i++) chain[i] = vf_fma(chain[i], factor, factor);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < PROBE_CHAINS; i++) sum += chain[i];
    return sum;
}

static vf DLC_NAME(probe_read)(int64_t floats, const float *source) {
    enum { SUMS = 8 };
    vf sums[SUMS], sum = vf_zero();
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) sums[i] = vf_zero();
    for (int64_t at = 0; at < floats; at += SUMS * VL) {
#pragma clang loop unroll(full)
        for (int i = 0; i < SUMS; i++) sums[i] += vf_load(source + at + i * VL);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < SUMS; i++) sum += sums[i];
    return sum;
}

static void DLC_NAME(probe_copy)(int64_t floats, const float *source, float *target) {
    enum { STORES = 8 };
    for (int64_t at = 0; at < floats; at += STORES * VL) {
#pragma clang loop unroll(full)
        for (int i = 0; i < STORES; i++) vf_store(target + at + i * VL, vf_load(source + at + i * VL));
    }
}

void DLC_NAME(dlc_probe)(const dlc_call *call) {
    const dlc_probe *probe = call->params;
    for (int64_t task = call->begin; task < call->end; task++) {
        float *source = probe->memory + task * probe->floats, *target = source + probe->tasks * probe->floats, *sink = probe->sinks + 16 * task;
        vf sum = vf_zero();
        if (probe->kind == DLC_PROBE_MULTIPLY_ADD) {
            sum = DLC_NAME(probe_multiply_add)(probe->repeats, vf_set1(0.5f));
        } else {
            for (int64_t repeat = 0; repeat < probe->repeats; repeat++) {
                if (probe->kind == DLC_PROBE_READ) sum += DLC_NAME(probe_read)(probe->floats, source);
                else DLC_NAME(probe_copy)(probe->floats, source, target);
            }
        }
        *sink += vf_sum(sum);
    }
}

/// Operations that one repeat of the multiply-adds makes.
const int64_t DLC_NAME(dlc_probe_operations) = 2 * PROBE_CHAINS * VL;
DLC_TARGET_END
