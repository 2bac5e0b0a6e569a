// The data gradient and the weight gradient of a layer in one launch: neither needs anything from the other, so the first
// blocks do the one and the rest the other. For the layers of the default network; others take a launch for each. Reference:
// those of strips.cu, dense.cu and weight_gradient.cu, whose work this is.
#include "implicit_gemm.cuh"
#include "strips.cuh"
#include "weight_gradient.cuh"

// Blocks of both, in rows of their grids.
struct JointGrid {
    int data_blocks;     // of all dimensions
    int data_across;
    int data_down;
    int weights_across;
    int weights_down;
};

template <typename Data, typename Weights>
__device__ __forceinline__ void layer_gradients(const GemmShape& shape, const GemmOperands& operands,
                                                const GradientShape& gradient_shape, const float* large,
                                                const float* small, float* shares, const JointGrid& grid) {
    __shared__ __align__(16) float shared[Data::SHARED > Weights::SHARED ? Data::SHARED : Weights::SHARED];
    int block = static_cast<int>(blockIdx.x);
    if (block < grid.data_blocks) {
        Data::run(shape, operands, Place::numbered(block, grid.data_across, grid.data_down), shared);
    } else {
        Weights::run(gradient_shape, large, small, shares,
                     Place::numbered(block - grid.data_blocks, grid.weights_across, grid.weights_down), shared);
    }
}

#define LAYER_GRADIENTS(NAME, DATA, WEIGHTS)                                                                              \
    extern "C" __global__ void __launch_bounds__(SUM_THREADS)                                                             \
    NAME(GemmShape shape, const float* __restrict__ input, const float* __restrict__ weights,                             \
         const float* __restrict__ bias, const float* __restrict__ other, float* __restrict__ output,                     \
         float* __restrict__ gradient, float* __restrict__ sums, float* __restrict__ squares,                             \
         float* __restrict__ partials, unsigned* __restrict__ tickets, StepState* state, float beta1, float beta2,        \
         GradientShape gradient_shape, const float* __restrict__ large, const float* __restrict__ small,                  \
         float* __restrict__ shares, JointGrid grid) {                                                                    \
        GemmOperands operands = {input, weights, bias, other, output, gradient, sums, squares, partials, tickets, state,  \
                                 beta1, beta2};                                                                           \
        layer_gradients<DATA, WEIGHTS>(shape, operands, gradient_shape, large, small, shares, grid);                      \
    }

using WeightGradientVector = WeightGradient<true, true, 64, 32, 4, 4>;
using WeightGradientThinVector = WeightGradient<false, true, 16, 32, 1, 4>;
using StripConvolution2Of8 = StripConvolution<2, 8>;
using StripConvolution1Of1 = StripConvolution<1, 1>;
using DenseDataGradientVector = ImplicitGemm<true, 0, 1, true, 32, 64, 4, 4>;
using DenseDataGradientNarrowVector = ImplicitGemm<true, 0, 1, true, 32, 16, 4, 1>;

LAYER_GRADIENTS(convolution_strips_gradients, StripConvolution2Of8, WeightGradientVector)
LAYER_GRADIENTS(convolution_strips_1_gradients, StripConvolution1Of1, WeightGradientThinVector)
LAYER_GRADIENTS(transposed_convolution_strips_64_gradients, StripTransposed<64>, WeightGradientVector)
LAYER_GRADIENTS(dense_gradients, DenseDataGradientVector, WeightGradientVector)
LAYER_GRADIENTS(dense_narrow_gradients, DenseDataGradientNarrowVector, WeightGradientThinVector)
