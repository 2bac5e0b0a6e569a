#pragma once

// Threads of a block in every kernel that uses block_sum.
constexpr int SUM_THREADS = 128;

// The sum of a value over a warp; only lane 0 has it. The additions form a fixed tree, so that the bits are the same
// each time.
__device__ inline float warp_sum(float value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += __shfl_down_sync(0xffffffffu, value, distance);
    }
    return value;
}

// The sum of a value over a block of SUM_THREADS threads; only thread 0 has it. Each warp adds in a fixed tree, then
// thread 0 adds the sums of the warps in their order, so that the bits are the same each time. `scratch` is shared
// memory with one float for each warp. No barrier follows the reading of scratch, so a block that computes two sums
// gives each its own.
__device__ inline float block_sum(float value, float* scratch) {
    float sum = warp_sum(value);
    if (threadIdx.x % 32 == 0) {
        scratch[threadIdx.x / 32] = sum;
    }
    __syncthreads();
    float total = 0;
    if (threadIdx.x == 0) {
        for (int warp = 0; warp < SUM_THREADS / 32; warp++) {
            total += scratch[warp];
        }
    }
    return total;
}
