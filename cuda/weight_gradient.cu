// The weight gradients of convolutions, transposed convolutions and dense layers: each block stores its share. The bias
// gradient of convolutions and dense layers comes with them. Reference: daegpu.engine.reference.ConvolutionLoops. See
// include/weight_gradient.cuh, include/strip_gradient.cuh and include/thin_strip_gradient.cuh.
#include "strip_gradient.cuh"
#include "thin_strip_gradient.cuh"
#include "weight_gradient.cuh"

WEIGHT_GRADIENT(weight_gradient, WeightGradient<false, false, 64, 32, 4, 4>)
WEIGHT_GRADIENT(weight_gradient_vector, WeightGradient<true, true, 64, 32, 4, 4>)
// For 3x3 kernels with stride 2, and with stride 1.
WEIGHT_GRADIENT(weight_gradient_strips, StripGradient<2>)
WEIGHT_GRADIENT(weight_gradient_strips_stride_1, StripGradient<1>)
// For 3x3 kernels if the large images have one channel.
WEIGHT_GRADIENT(weight_gradient_strips_1, ThinStripGradient<2>)
WEIGHT_GRADIENT(weight_gradient_strips_1_stride_1, ThinStripGradient<1>)
// For 3x3 kernels if the small images have one channel.
WEIGHT_GRADIENT(weight_gradient_strips_single_stride_1, ThinStripGradient<1, true>)
// For up to 16 rows, such as those of a small dense layer.
WEIGHT_GRADIENT(weight_gradient_thin, WeightGradient<false, false, 16, 32, 1, 4>)
WEIGHT_GRADIENT(weight_gradient_thin_vector, WeightGradient<false, true, 16, 32, 1, 4>)
