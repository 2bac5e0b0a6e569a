// Weight gradients as cuda/weight_gradient.cu has them, of channels and columns that are multiples of 8, with operands
// rounded to bf16. Reference: daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_weight_gradient.cuh and
// include/tensor_core_stride_1_gradient.cuh.
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

WEIGHT_GRADIENT(weight_gradient_bf16, TensorCoreWeightGradient<BF16>)
WEIGHT_GRADIENT(weight_gradient_bf16_stride_1, TensorCoreStride1Gradient<BF16>)
