// Convolutions, transposed convolutions and their data gradients, as in cuda/convolution.cu and
// cuda/transposed_convolution.cu, with operands rounded to bf16. Channels and columns are multiples of 8. Reference:
// daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_gemm.cuh and include/tensor_core_stride_1.cuh.
#include "tensor_core_gemm.cuh"
#include "tensor_core_stride_1.cuh"

PRODUCT(convolution_bf16, TensorCoreGemm<false, BF16, false, 64, 64>)
PRODUCT(transposed_convolution_bf16, TensorCoreGemm<true, BF16, false, 64, 64>)
// For 3x3 kernels and channels in multiples of 32; "narrow" is for up to 32 columns, the others for more.
PRODUCT(convolution_bf16_32, TensorCoreGemm<false, BF16, true, 64, 64>)
PRODUCT(convolution_bf16_32_narrow, TensorCoreGemm<false, BF16, true, 128, 32>)
PRODUCT(transposed_convolution_bf16_32, TensorCoreGemm<true, BF16, true, 64, 64>)
PRODUCT(transposed_convolution_bf16_32_narrow, TensorCoreGemm<true, BF16, true, 128, 32>)
// The same for stride 1.
PRODUCT(convolution_bf16_stride_1, TensorCoreStride1<false, BF16, 64>)
PRODUCT(convolution_bf16_stride_1_narrow, TensorCoreStride1<false, BF16, 32>)
PRODUCT(transposed_convolution_bf16_stride_1, TensorCoreStride1<true, BF16, 64>)
PRODUCT(transposed_convolution_bf16_stride_1_narrow, TensorCoreStride1<true, BF16, 32>)
