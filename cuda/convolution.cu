// Convolutions forward with bias and activation, and the data gradient of transposed convolutions with the gradient of
// the ReLU before them. Reference: daegpu.engine.reference.ConvolutionLoops. See include/implicit_gemm.cuh.
#include "implicit_gemm.cuh"

IMPLICIT_GEMM(convolution, false, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_vector, false, 0, 0, true, 64, 32, 4, 4)
