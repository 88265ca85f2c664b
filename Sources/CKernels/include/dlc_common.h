/// What every kernel shares: element types, instruction sets, and the one calling convention.
///
/// A kernel is a C function that computes a range of independent tasks of one prepared step.
/// `dlc_X_prepare` turns a parameter struct into a `dlc_launch` once per shape; the executor then
/// calls `launch.run` for every phase, each phase split over threads into ranges of tasks. Tasks of a
/// phase write disjoint outputs and never split a reduction, so results have the same bits for any
/// number of threads. A phase starts when every task of the one before has ended.
#ifndef DLC_COMMON_H
#define DLC_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Element types, in the numbering of the plan file.
typedef enum : uint8_t {
    DLC_F32 = 0, DLC_F64 = 1, DLC_F16 = 2, DLC_BF16 = 3,
    DLC_I8 = 4, DLC_I16 = 5, DLC_I32 = 6, DLC_I64 = 7,
    DLC_U8 = 8, DLC_U16 = 9, DLC_U32 = 10, DLC_U64 = 11,
    DLC_BOOL = 12,
    // Narrow types: a byte each in memory, see dlc_narrow.h. Only conversions and what moves elements know them.
    DLC_I4 = 13, DLC_U4 = 14, DLC_I2 = 15, DLC_U2 = 16,
    DLC_F8E4M3FN = 17, DLC_F8E4M3FNUZ = 18, DLC_F8E5M2 = 19, DLC_F8E5M2FNUZ = 20, DLC_F8E8M0 = 21, DLC_F4E2M1 = 22,
} dlc_type;

/// Instruction sets that kernels are compiled for, weakest first within a processor family.
typedef enum : uint8_t {
    DLC_ISA_PORTABLE = 0, ///< plain C, 4 lanes, whatever the compiler's baseline has
    DLC_ISA_AVX2 = 1,     ///< x86-64-v3: AVX2, FMA, F16C; 8 lanes
    DLC_ISA_AVX512 = 2,   ///< x86-64-v4: AVX-512 F, BW, CD, DQ, VL; 16 lanes
    DLC_ISA_NEON = 3,     ///< arm64 Advanced SIMD; 4 lanes
} dlc_isa;

/// The most dimensions of a tensor that a strided kernel takes (after dimensions are merged).
#define DLC_MAX_RANK 16

/// One call of a kernel: tasks `begin ..< end` of one phase, on one thread.
typedef struct {
    const void *params;      ///< the prepared parameter struct
    void *const *buffers;    ///< operands then results, in the order the parameter struct documents; absent ones are null
    void *shared;            ///< `launch.shared_bytes` of workspace that all threads see, 64-byte aligned
    void *scratch;           ///< `launch.scratch_bytes` of workspace of this thread alone, 64-byte aligned
    int64_t begin, end;      ///< the range of tasks
    int32_t phase;           ///< 0 ..< launch.phases
} dlc_call;

typedef void (*dlc_kernel)(const dlc_call *call);

/// A step made ready to run.
typedef struct {
    dlc_kernel run;
    int64_t tasks;           ///< tasks of every phase; a range of them is what a thread is given
    int32_t phases;          ///< 1 for most kernels
    int64_t shared_bytes;    ///< workspace shared by all threads
    int64_t scratch_bytes;   ///< workspace of each thread
} dlc_launch;

/// The strongest instruction set of this processor that kernels exist for.
dlc_isa dlc_host_isa(void);

/// Whether this processor can run kernels of `isa`.
bool dlc_host_has(dlc_isa isa);

/// Whether it adds products of four bytes to 32 bits in one instruction of the width of `isa`, which no instruction set
/// implies: AVX512-VNNI, AVX-VNNI, FEAT_DotProd.
bool dlc_host_has_dot(dlc_isa isa);
/// Whether this processor has an instruction that multiplies pairs of bfloat16 for kernels of `isa`.
bool dlc_host_has_pairs(dlc_isa isa);
/// Whether it multiplies matrices of bytes and of bfloat16 in registers of their own (AMX), and the system lets this process.
bool dlc_host_has_amx(dlc_isa isa);

/// f32 lanes of a vector of `isa`: 4, 8 or 16.
int32_t dlc_lanes(dlc_isa isa);

#endif
