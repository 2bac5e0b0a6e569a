// Convolutions forward with bias and activation, and in the last layer with the loss and its gradient; and the data
// gradient of transposed convolutions, through the activation before them. For any sizes. Reference:
// daegpu.engine.reference.ConvolutionLoops. See include/implicit_gemm.cuh and include/single_filter.cuh.
#include "implicit_gemm.cuh"
#include "single_filter.cuh"

IMPLICIT_GEMM(convolution, false, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_vector, false, 0, 0, true, 64, 32, 4, 4)
// For a single 3x3 filter with stride 1, and channels in multiples of 8.
PRODUCT(convolution_single_3x3, SingleFilter<false>)
