#pragma once

// Philox4x32-10 (Salmon et al., 2011) as cuRAND computes it. The header also defines the tables of other generators, 1
// MB of them; cuda/build-ptx takes these out of the PTX again.
#include <curand_kernel.h>

// The subsequences of an image as a whole, and of its blind spots, are this much later than that of its values
// (daegpu.noise.Philox).
constexpr unsigned long long PURPOSE_IMAGE = 1ull << 41;
constexpr unsigned long long PURPOSE_BLIND_SPOTS = 5ull << 41;

// The generator after `groups` groups of four values of a subsequence were drawn.
__device__ inline curandStatePhilox4_32_10_t philox(unsigned long long seed, unsigned long long subsequence,
                                                    unsigned long long groups) {
    curandStatePhilox4_32_10_t state;
    curand_init(seed, subsequence, 4 * groups, &state);
    return state;
}

// One of `possibilities` numbers from 0 on, for a random integer.
__device__ inline int one_of(int possibilities, unsigned int draw) {
    return static_cast<int>(__umulhi(draw, static_cast<unsigned int>(possibilities)));
}
