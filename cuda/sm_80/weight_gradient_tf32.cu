// Weight gradients as cuda/weight_gradient.cu has them, of channels and columns that are multiples of 8, with operands
// rounded to TF32. Reference: daegpu.engine.reference.ConvolutionLoops. See include/tensor_core_weight_gradient.cuh and
// include/tensor_core_stride_1_gradient.cuh.
#include "tensor_core_stride_1_gradient.cuh"
#include "tensor_core_weight_gradient.cuh"

WEIGHT_GRADIENT(weight_gradient_tf32, TensorCoreWeightGradient<TF32>)
WEIGHT_GRADIENT(weight_gradient_tf32_stride_1, TensorCoreStride1Gradient<TF32>)
