// Weight gradients as in cuda/weight_gradient.cu, with operands rounded to TF32. Channels and columns are multiples of
// 8. Reference: daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_weight_gradient.cuh and
// include/tensor_core_stride_1_gradient.cuh.
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

WEIGHT_GRADIENT(weight_gradient_tf32, TensorCoreWeightGradient<TF32>)
WEIGHT_GRADIENT(weight_gradient_tf32_stride_1, TensorCoreStride1Gradient<TF32>)
