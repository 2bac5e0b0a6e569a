// Convolutions, transposed convolutions and their data gradients, as in cuda/convolution.cu and
// cuda/transposed_convolution.cu, with operands rounded to TF32. Channels and columns are multiples of 8. Reference:
// daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_gemm.cuh and include/tensor_core_stride_1.cuh.
#include "tensor_core_gemm.cuh"
#include "tensor_core_stride_1.cuh"

PRODUCT(convolution_tf32, TensorCoreGemm<false, TF32, false, 64, 64>)
PRODUCT(transposed_convolution_tf32, TensorCoreGemm<true, TF32, false, 64, 64>)
// For 3x3 kernels and channels in multiples of 32; "narrow" is for up to 32 columns, the others for more.
PRODUCT(convolution_tf32_32, TensorCoreGemm<false, TF32, true, 64, 64>)
PRODUCT(convolution_tf32_32_narrow, TensorCoreGemm<false, TF32, true, 128, 32>)
PRODUCT(transposed_convolution_tf32_32, TensorCoreGemm<true, TF32, true, 64, 64>)
PRODUCT(transposed_convolution_tf32_32_narrow, TensorCoreGemm<true, TF32, true, 128, 32>)
// The same for stride 1.
PRODUCT(convolution_tf32_stride_1, TensorCoreStride1<false, TF32, 64>)
PRODUCT(convolution_tf32_stride_1_narrow, TensorCoreStride1<false, TF32, 32>)
PRODUCT(transposed_convolution_tf32_stride_1, TensorCoreStride1<true, TF32, 64>)
PRODUCT(transposed_convolution_tf32_stride_1_narrow, TensorCoreStride1<true, TF32, 32>)
