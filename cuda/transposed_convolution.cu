// Transposed convolutions forward with bias and activation, in the last layer also with the loss and its gradient, and
// the data gradient of convolutions with the gradient of the ReLU before them. Reference:
// daegpu.engine.reference.ConvolutionLoops and BatchLoss. See include/implicit_gemm.cuh.
#include "implicit_gemm.cuh"
#include "single_filter.cuh"

IMPLICIT_GEMM(transposed_convolution, true, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(transposed_convolution_vector, true, 0, 0, true, 64, 32, 4, 4)
// One filter: of 3x3 with stride 1 on a multiple of 8 channels, or any; and up to four.
PRODUCT(transposed_convolution_single_3x3, SingleFilter<true>)
IMPLICIT_GEMM(transposed_convolution_single, true, 0, 0, false, 128, 1, 1, 1)
IMPLICIT_GEMM(transposed_convolution_few, true, 0, 0, false, 128, 4, 4, 1)
