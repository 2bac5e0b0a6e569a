#pragma once

// cuRAND's Philox4x32-10 without the tables of its XORWOW generator: curand_kernel.h would put 1 MB of them into every module.
// The guard of the header that defines them is set, and what unused functions say about them is given a meaning that compiles.
#define CURAND_XORWOW_PRECALCULATED_H_
#define PRECALC_NUM_MATRICES (32)
#define PRECALC_BLOCK_SIZE (2)
#define PRECALC_BLOCK_MASK ((1 << PRECALC_BLOCK_SIZE) - 1)
#define XORWOW_SEQUENCE_SPACING (67)
#define precalc_xorwow_matrix (static_cast<unsigned int (*)[800]>(nullptr))
#define precalc_xorwow_matrix_host (static_cast<unsigned int (*)[800]>(nullptr))
#define precalc_xorwow_offset_matrix (static_cast<unsigned int (*)[800]>(nullptr))
#define precalc_xorwow_offset_matrix_host (static_cast<unsigned int (*)[800]>(nullptr))
#include <curand_kernel.h>

// Subsequences of images as a whole lie 2^41 behind those of their pixels (daegpu.noise.Philox).
constexpr unsigned long long PURPOSE_IMAGE = 1ull << 41;

// The generator where `groups` groups of four values of a subsequence were drawn.
__device__ inline curandStatePhilox4_32_10_t philox(unsigned long long seed, unsigned long long subsequence, unsigned long long groups) {
    curandStatePhilox4_32_10_t state;
    curand_init(seed, subsequence, 4 * groups, &state);
    return state;
}
