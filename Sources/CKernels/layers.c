/// The choice of instruction set for the layer kernels.
#include "layers.h"

const dlc_layer_kernels *dlc_layer_kernels_of(dlc_isa isa) {
    switch (isa) {
    case DLC_ISA_PORTABLE: return &dlc_layer_kernels_portable;
#if defined(__x86_64__)
    case DLC_ISA_AVX2: return &dlc_layer_kernels_avx2;
    case DLC_ISA_AVX512: return &dlc_layer_kernels_avx512;
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return &dlc_layer_kernels_neon;
#endif
    default: return NULL;
    }
}
