#pragma once

#include "implicit_gemm.cuh"
#include "weight_gradient.cuh"

// The data gradient and the weight gradient of a layer in one launch: neither needs anything from the other, so the
// first blocks do the one and the rest the other.

// Blocks of both, in rows of their grids.
struct JointGrid {
    int data_blocks;  // of all dimensions
    int data_across;
    int data_down;
    int weights_across;
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

#define LAYER_GRADIENTS(NAME, DATA, WEIGHTS)                                                                  \
    extern "C" __global__ void __launch_bounds__(SUM_THREADS, 2)                                              \
        NAME(GemmShape shape, GEMM_PARAMETERS, GradientShape gradient_shape, const float* __restrict__ large, \
             const float* __restrict__ small, float* __restrict__ shares, JointGrid grid) {                   \
        GemmOperands operands = GEMM_OPERANDS;                                                                \
        layer_gradients<DATA, WEIGHTS>(shape, operands, gradient_shape, large, small, shares, grid);          \
    }
