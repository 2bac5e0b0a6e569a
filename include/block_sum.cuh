#pragma once

// Threads of a block that uses block_sum.
constexpr int SUM_THREADS = 128;

// The sum over a warp, in lane 0, always added in the same order.
__device__ inline float warp_sum(float value) {
    for (int distance = 16; distance > 0; distance /= 2) {
        value += __shfl_down_sync(0xffffffffu, value, distance);
    }
    return value;
}

// The sum over a block of SUM_THREADS threads, in thread 0, always added in the same order. `scratch` has a float for
// each warp; a block that sums twice gives each sum its own.
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
