// 3x3 convolutions and transposed convolutions forward, and the data gradients of both, for the channels and sizes that
// the default network and U-Nets have. Each value is gathered once for all taps. convolution.cu and
// transposed_convolution.cu do the same for any channels and sizes. Reference:
// daegpu.engine.reference.ConvolutionLoops. See include/strips.cuh.
#include "strips.cuh"

PRODUCT(convolution_strips, StripConvolution<2, 8>)
PRODUCT(convolution_strips_stride_1, StripConvolution<1, 8>)
PRODUCT(convolution_strips_1, StripConvolution<2, 1>)
PRODUCT(convolution_strips_1_stride_1, StripConvolution<1, 1>)
PRODUCT(transposed_convolution_strips_32, StripTransposed<32>)
PRODUCT(transposed_convolution_strips_64, StripTransposed<64>)
PRODUCT(transposed_convolution_strips_stride_1, StripConvolution<1, 8, true>)
