// The data gradient and the weight gradient of a layer in one launch, as in cuda/layer_gradients.cu, with operands
// rounded to TF32. These are for the convolutions of the default network and for most of those of a U-Net; other layers
// take a launch for each gradient. Reference: that of the kernels in convolution_tf32.cu and weight_gradient_tf32.cu,
// which compute the same.
#include "layer_gradients.cuh"
#include "tensor_core_gemm.cuh"
#include "tensor_core_stride_1.cuh"
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

using Convolution = TensorCoreGemm<false, TF32, true, 64, 64>;
using TransposedConvolutionNarrow = TensorCoreGemm<true, TF32, true, 128, 32>;
using TransposedConvolution1 = TensorCoreStride1<true, TF32, 64>;
using TransposedConvolution1Narrow = TensorCoreStride1<true, TF32, 32>;

LAYER_GRADIENTS(convolution_tf32_32_gradients, Convolution, TensorCoreWeightGradient<TF32>)
LAYER_GRADIENTS(transposed_convolution_tf32_32_narrow_gradients, TransposedConvolutionNarrow,
                TensorCoreWeightGradient<TF32>)
LAYER_GRADIENTS(transposed_convolution_tf32_stride_1_gradients, TransposedConvolution1, TensorCoreStride1Gradient<TF32>)
LAYER_GRADIENTS(transposed_convolution_tf32_stride_1_narrow_gradients, TransposedConvolution1Narrow,
                TensorCoreStride1Gradient<TF32>)
