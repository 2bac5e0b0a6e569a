// The data gradient and the weight gradient of a layer in one launch, as in cuda/layer_gradients.cu, with operands
// rounded to bf16. These are for the convolutions of the default network and for most of those of a U-Net; other layers
// take a launch for each gradient. Reference: that of the kernels in convolution_bf16.cu and weight_gradient_bf16.cu,
// which compute the same.
#include "layer_gradients.cuh"
#include "tensor_core_gemm.cuh"
#include "tensor_core_stride_1.cuh"
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

using Convolution = TensorCoreGemm<false, BF16, true, 64, 64>;
using TransposedConvolutionNarrow = TensorCoreGemm<true, BF16, true, 128, 32>;
using TransposedConvolution1 = TensorCoreStride1<true, BF16, 64>;
using TransposedConvolution1Narrow = TensorCoreStride1<true, BF16, 32>;

LAYER_GRADIENTS(convolution_bf16_32_gradients, Convolution, TensorCoreWeightGradient<BF16>)
LAYER_GRADIENTS(transposed_convolution_bf16_32_narrow_gradients, TransposedConvolutionNarrow,
                TensorCoreWeightGradient<BF16>)
LAYER_GRADIENTS(transposed_convolution_bf16_stride_1_gradients, TransposedConvolution1, TensorCoreStride1Gradient<BF16>)
LAYER_GRADIENTS(transposed_convolution_bf16_stride_1_narrow_gradients, TransposedConvolution1Narrow,
                TensorCoreStride1Gradient<BF16>)
