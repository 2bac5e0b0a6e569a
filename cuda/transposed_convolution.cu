// Transposed convolutions forward with bias and activation, and in the last layer with the loss and its gradient; and
// the data gradient of convolutions, through the activation before them. For any sizes. Reference:
// daegpu.engine.reference.ConvolutionLoops and BatchLoss. See include/implicit_gemm.cuh and include/single_filter.cuh.
#include "implicit_gemm.cuh"
#include "single_filter.cuh"

IMPLICIT_GEMM(transposed_convolution, true, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(transposed_convolution_vector, true, 0, 0, true, 64, 32, 4, 4)
// For a single filter: of 3x3 with stride 1 and channels in multiples of 8, and of any other size; and for up to four
// filters.
PRODUCT(transposed_convolution_single_3x3, SingleFilter<true>)
IMPLICIT_GEMM(transposed_convolution_single, true, 0, 0, false, 128, 1, 1, 1)
IMPLICIT_GEMM(transposed_convolution_few, true, 0, 0, false, 128, 4, 4, 1)
