#pragma once

#include "implicit_gemm.cuh"
#include "tensor_core.cuh"

// What follows the products of tensor cores. A thread has pairs of neighbouring columns; one pair is eight columns
// after the other.

__device__ inline void add_two(float& x, float& y, const float* from) {
    float2 two = *reinterpret_cast<const float2*>(from);
    x += two.x;
    y += two.y;
}

// Loads the bias of N pairs of columns from n on; it is zero where there is none.
template <int N>
__device__ inline void load_bias(const GemmShape& shape, const GemmOperands& operands, int n, float2 (&bias)[N]) {
#pragma unroll
    for (int j = 0; j < N; j++) {
        bool has_bias = operands.bias != nullptr && n + 8 * j < shape.columns;
        bias[j] = has_bias ? *reinterpret_cast<const float2*>(operands.bias + n + 8 * j) : make_float2(0, 0);
    }
}

// Finishes and stores the pair at float `at`, to which the bias was added already: adds what else is to be added, and
// applies the activation or its gradient. Adds both results to the sums of their columns. One store of a warp writes 8
// rows of 32 bytes, which are whole sectors.
__device__ inline void finish_pair(const GemmShape& shape, const GemmOperands& operands, bool adds, bool has_sums,
                                   long long at, float x, float y, float (&of_columns)[2]) {
    if (adds) {
        if (shape.accumulates) {
            add_two(x, y, operands.output + at);
        }
        if (operands.added != nullptr) {
            add_two(x, y, operands.added + at);
        }
    }
    if (shape.epilogue == RELU) {
        x = fmaxf(x, 0.0f);
        y = fmaxf(y, 0.0f);
    } else if (shape.epilogue == RELU_GRADIENT) {
        float2 other = *reinterpret_cast<const float2*>(operands.other + at);
        x = other.x > 0 ? x : 0.0f;
        y = other.y > 0 ? y : 0.0f;
    }
    if (has_sums) {
        of_columns[0] += x;
        of_columns[1] += y;
    }
    *reinterpret_cast<float2*>(operands.output + at) = make_float2(x, y);
}

// Stores the column sums of a block. The rows of a warp are added in a fixed tree, then its WARPS_DOWN warps in their
// order, so that the bits are the same each time. `warp` is the place of this warp among those with the same columns,
// and `warp_column` the first column of this warp in the block.
template <int WARPS_DOWN, int BN, int N>
__device__ inline void leave_pair_sums(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                       int phase, int warp, int warp_column, float* scratch,
                                       float (&of_columns)[N][2]) {
#pragma unroll
    for (int j = 0; j < N; j++) {
#pragma unroll
        for (int e = 0; e < 2; e++) {
            float sum = of_columns[j][e];
            for (int distance = 16; distance >= 4; distance /= 2) {
                sum += __shfl_down_sync(0xffffffffu, sum, distance);
            }
            if (threadIdx.x % 32 < 4) {
                scratch[warp * BN + warp_column + 8 * j + 2 * lane_within() + e] = sum;
            }
        }
    }
    __syncthreads();
    int n = threadIdx.x;
    int column = block.y * BN;
    if (n < BN && column + n < shape.columns) {
        float sum = 0;
        for (int one = 0; one < WARPS_DOWN; one++) {
            sum += scratch[one * BN + n];
        }
        operands.sums[static_cast<long long>(phase * block.across + block.x) * shape.sums_pitch + column + n] = sum;
    }
}
