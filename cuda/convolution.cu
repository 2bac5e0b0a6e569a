// Convolutions forward with bias and activation, in the last layer also with the loss and its gradient, and the data
// gradient of transposed convolutions with the gradient of the ReLU before them. Reference:
// daegpu.engine.reference.ConvolutionLoops. See include/implicit_gemm.cuh.
#include "implicit_gemm.cuh"
#include "single_filter.cuh"

IMPLICIT_GEMM(convolution, false, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_vector, false, 0, 0, true, 64, 32, 4, 4)
// One filter of 3x3 with stride 1 on a multiple of 8 channels.
PRODUCT(convolution_single_3x3, SingleFilter<false>)
