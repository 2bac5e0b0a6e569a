#pragma once

// cuRAND's Philox4x32-10. Its header also defines the tables of other generators, 1 MB of them, which cuda/build-ptx
// takes out of the PTX again.
#include <curand_kernel.h>

// Subsequences of images as a whole lie 2^41 after those of their pixels (daegpu.noise.Philox).
constexpr unsigned long long PURPOSE_IMAGE = 1ull << 41;

// The generator where `groups` groups of four values of a subsequence were drawn.
__device__ inline curandStatePhilox4_32_10_t philox(unsigned long long seed, unsigned long long subsequence,
                                                    unsigned long long groups) {
    curandStatePhilox4_32_10_t state;
    curand_init(seed, subsequence, 4 * groups, &state);
    return state;
}
