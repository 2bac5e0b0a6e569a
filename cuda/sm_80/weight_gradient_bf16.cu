// Weight gradients as in cuda/weight_gradient.cu, with operands rounded to bf16. Channels and columns are multiples of
// 8. Reference: daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_weight_gradient.cuh and
// include/tensor_core_stride_1_gradient.cuh.
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

WEIGHT_GRADIENT(weight_gradient_bf16, TensorCoreWeightGradient<BF16>)
WEIGHT_GRADIENT(weight_gradient_bf16_stride_1, TensorCoreStride1Gradient<BF16>)
