// Convolutions forward with bias and activation, and the data gradient of transposed convolutions with the gradient of the
// ReLU before them. Reference: daegpu.engine.reference.Convolution. See include/implicit_gemm.cuh.
#include "implicit_gemm.cuh"

IMPLICIT_GEMM(convolution, false, 0, 0, false, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_vector, false, 0, 0, true, 64, 32, 4, 4)
// 3x3 kernels on 1, 32 and 64 channels, and a multiple of 4 filters.
IMPLICIT_GEMM(convolution_1, false, 1, 3, false, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_32, false, 32, 3, true, 64, 32, 4, 4)
IMPLICIT_GEMM(convolution_64, false, 64, 3, true, 64, 32, 4, 4)
