#pragma once

#include "implicit_gemm.cuh"
#include "weight_gradient.cuh"

// The data gradient and the weight gradient of a layer in one launch. Neither needs a result of the other, so the first
// blocks of the grid compute the data gradient, and the rest the weight gradient. Shared memory is as large as the
// larger of the two needs.

// How the blocks of a one-dimensional launch are divided: each gradient numbers its own row by row in a grid of three
// dimensions, which Place::numbered restores.
struct JointGrid {
    int data_blocks;  // all blocks of the data gradient; the weight gradient has the rest
    int data_across;  // x and y of its grid
    int data_down;
    int weights_across;  // x and y of the grid of the weight gradient
    int weights_down;
};

template <typename Data, typename Weights>
__device__ __forceinline__ void layer_gradients(const GemmShape& shape, const GemmOperands& operands,
                                                const GradientShape& gradient_shape, const float* large,
                                                const float* small, float* shares, const JointGrid& grid) {
    __shared__ __align__(128) float shared[Data::SHARED > Weights::SHARED ? Data::SHARED : Weights::SHARED];
    int block = static_cast<int>(blockIdx.x);
    if (block < grid.data_blocks) {
        Data::run(shape, operands, Place::numbered(block, grid.data_across, grid.data_down), shared);
    } else {
        Weights::run(gradient_shape, large, small, shares,
                     Place::numbered(block - grid.data_blocks, grid.weights_across, grid.weights_down), shared);
    }
}

// Defines the kernel NAME for a product type of the data gradient and one of the weight gradient.
#define LAYER_GRADIENTS(NAME, DATA, WEIGHTS)                                                                  \
    extern "C" __global__ void __launch_bounds__(SUM_THREADS, 2)                                              \
        NAME(GemmShape shape, GEMM_PARAMETERS, GradientShape gradient_shape, const float* __restrict__ large, \
             const float* __restrict__ small, float* __restrict__ shares, JointGrid grid) {                   \
        GemmOperands operands = GEMM_OPERANDS;                                                                \
        layer_gradients<DATA, WEIGHTS>(shape, operands, gradient_shape, large, small, shares, grid);          \
    }
